"""What rules are applied to: a file that was verified, or a label that is not signed yet; and how it is read.

A label is plain data that anybody may have signed, so that every reader here takes any shape.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from provlabel._support.times import read
from provlabel._support.types import ready
from provlabel.carriers.vocabularies.iptc import SOURCE_TYPE
from provlabel.carriers.vocabularies.marks import claims_in
from provlabel.evidence import Action, Evidence, Manifest, mapping
from provlabel.label.about_ai import added_in, ai_in
from provlabel.label.records import Label
from provlabel.label.vocabularies import IPTC, KINDS, SOURCE_TYPES, SURELY_AI, Medium, plain_uri
from provlabel.law.records import Input, Outcome, Subject
from provlabel.media.formats import BY_NAME
from provlabel.report import PROVEN, WITH_AI, FileReport

_BINDING = "c2pa.soft-binding"


def subject_of(file: FileReport, evidence: Evidence) -> Subject:
    """Return what is known of a file that was judged."""
    active = evidence.manifests[0] if evidence.manifests else None
    stamp = file.time.stamped if file.time else None
    # A claim holds the hash of the content: where only the claim is proven, the content existed then as well.
    proven = stamp is not None and file.axes.time in PROVEN
    return Subject(
        label=file.label.value if file.label and "present" in file.axes.label else None,
        state=file.state,
        media=BY_NAME[file.format].media if file.format in BY_NAME else None,
        source=file.source,
        manifest=file.manifest or "",
        stamped=bool(stamp),
        actions=active.actions if active else (),
        bindings=tuple(_bindings(active)) if active else (),
        prompt_in_core=_has_prompt(active) if active else False,
        carriers=evidence.carriers or (),
        tags_read=evidence.carriers is not None,
        contradicted="contradictory" in file.axes.label,
        claims_ai=any(any(claims_in(item.id, item.fields)) for item in evidence.carriers or ()),
        elsewhere=_said_elsewhere(file),
        inputs=tuple(_inputs(file)),
        not_later=_moment(stamp) if proven else None,
    )


def _said_elsewhere(file: FileReport) -> str:
    """Say where the manifests speak of AI, beside what the signer says of the file as it is now and how."""
    if file.label is not None and file.label.words == WITH_AI and "unvouched" not in file.axes.label:
        return "what is signed beside label and actions says that AI took part"
    if file.ai_history:
        return file.ai_history[0].sentence
    if "contradictory" in file.axes.label:
        return "what the file says about AI contradicts itself"
    if "unvouched" in file.axes.label and file.label is not None and file.label.words:
        return f"the manifest says “{file.label.words}”, which is not attributed to its signer"
    return ""


def subject_of_label(data: Any, media: Medium | None = None) -> Subject:
    """Return what is known of the content of a label file; ``media`` where somebody says what it is for."""
    return Subject(label=dict(mapping(data)), media=media)


def _bindings(manifest: Manifest) -> Iterator[str]:
    for name, data in manifest.assertions.items():
        if name.split("__", 1)[0] == _BINDING:
            yield str(mapping(data).get("alg", ""))


def _has_prompt(manifest: Manifest) -> bool:
    """Do assertions that are not for personal data hold the words of a prompt?"""
    named = (str(key) for data in manifest.assertions.values() for key in mapping(data))
    return any(name.endswith(":AIPromptInformation") for name in named)


def _inputs(file: FileReport) -> Iterator[Input]:
    """Yield what the file was made from; anything that an input says of AI is a mark of it, not its label alone."""
    telling = {item.manifest for item in file.ai_history}
    for node in file.history:
        if node.relationship == "parentOf":
            signed = node.manifest is not None
            marked = node.kind in SURELY_AI or node.manifest in telling if signed else None
            yield Input(node.title, marked, signed and node.state in ("clean", "unknown-signer"))


def _moment(text: str | None) -> dt.datetime | None:
    try:
        return read(text or "")
    except (ValueError, OverflowError):
        return None


# --- reading ---------------------------------------------------------------------------------------


def standing(subject: Subject) -> Outcome | None:
    """Say why nothing that the file states counts, or ``None`` when it does; a label file is taken at its word."""
    if subject.state == "unreadable":
        return Outcome("needs a human judgement", "the file could not be read, so that nothing is known")
    if subject.state == "remote":
        reason = "the file has only the address of its manifest on the network; it was not fetched"
        return Outcome("needs a human judgement", reason)
    if subject.state == "unsigned":
        return Outcome("not held", "nothing in the file is signed")
    if subject.state == "invalid":
        return Outcome("not held", "the file is invalid, so that what it states counts for nothing")
    return None


def unsigned_yet(subject: Subject, what: str) -> Outcome | None:
    """Say that a label file cannot show ``what``; ``None`` for a file that was verified."""
    return (
        Outcome("outside the file", f"{what} comes with signing; verify the file itself")
        if _is_label(subject)
        else None
    )


def _is_label(subject: Subject) -> bool:
    return subject.state is None


def kind_of(subject: Subject) -> str | None:
    """Return the kind that the label states, if it is one of the vocabulary."""
    kind = mapping(subject.label).get("kind")
    return kind if isinstance(kind, str) and kind in KINDS else None


def told_of_ai(subject: Subject) -> str | None:
    """Say what a label of no AI tells of AI in its other fields; ``None`` where it does not follow its schema."""
    try:
        label = msgspec.convert(subject.label, ready(Label))
    except msgspec.ValidationError:
        return None
    told = [words for _, words in (*ai_in(label), *added_in(label))]
    if label.judgements is not UNSET and label.judgements.deep_fake is True:  # of AI, by EU AI Act Art. 3(60)
        told.append("a deep fake")
    return ", ".join(dict.fromkeys(told))


def altered(subject: Subject) -> bool:
    """Does the label say that systems altered something that was there?"""
    kind = kind_of(subject)
    stated = mapping(subject.label).get("origin")
    return stated == "altered" or (stated != "created" and kind is not None and KINDS[kind].origin == "altered")


def entries(subject: Subject, name: str) -> list[Mapping[str, Any]]:
    """Return the records of a list in the label; what is no record is passed over."""
    found = mapping(subject.label).get(name)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, (list, tuple)) else []


def words_of(value: Any) -> str:
    """Return a text, empty for anything else."""
    return value if isinstance(value, str) else ""


def stated(subject: Subject, name: str) -> bool | None:
    """Return a judgement that the signer states, ``None`` when there is none."""
    found = mapping(mapping(subject.label).get("judgements")).get(name)
    return found if isinstance(found, bool) else None


def generating(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return the actions that the signer stands for and by which AI surely made or changed something."""
    return tuple(item for item in actions if item.vouched and SOURCE_TYPES.get(item.source_type) in SURELY_AI)


def short(source_type: str) -> str:
    """Return a digital source type without its prefix."""
    return source_type.rpartition("/")[2]


def xmp_types(subject: Subject) -> frozenset[str]:
    """Return the digital source types that XMP says, without their prefix."""
    values = (value for item in subject.carriers if item.id == "xmp" for value in item.fields.get(SOURCE_TYPE, ()))
    return frozenset(short(value) for value in map(plain_uri, values) if value.startswith(IPTC))


def links(subject: Subject) -> list[str]:
    """Return the web addresses among the identifiers of the label."""
    found = (item.get("value") for item in entries(subject, "identifiers") if item.get("type") == "url")
    return [value for value in found if isinstance(value, str)]


def watermarks(subject: Subject) -> list[str]:
    """Return the algorithms of watermarks that are stated, and the actions that say that there is one."""
    named = [words_of(item.get("algorithm")) for item in entries(subject, "marks") if item.get("type") == "watermark"]
    acts = [item.action for item in subject.actions if item.vouched and item.action.startswith("c2pa.watermarked")]
    return [name or "unnamed" for name in named] + acts


def fingerprints(subject: Subject) -> list[str]:
    """Return the algorithms of fingerprints that are stated; ISCC is one wherever it is named."""
    named = [words_of(item.get("algorithm")) for item in entries(subject, "marks") if item.get("type") == "fingerprint"]
    return [name or "unnamed" for name in named] + [name for name in subject.bindings if name.startswith("io.iscc.")]
