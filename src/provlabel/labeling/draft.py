"""A draft of a label, from what a file says of itself.  Pure.

Nothing signs what tags say, and nobody verified the manifest here, so a person reads the draft and finishes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from provlabel._support.faults import Fault
from provlabel._support.toml import in_toml
from provlabel._support.types import ready
from provlabel.carriers.prompts import clear_prompts
from provlabel.carriers.vocabularies import PROJECTIONS
from provlabel.carriers.vocabularies.marks import claims_in, generators_in
from provlabel.carriers.vocabularies.works import DATES, NAMES
from provlabel.evidence import Carrier, Evidence, Manifest, mapping
from provlabel.label import Label
from provlabel.label.identifiers import CANONICAL
from provlabel.label.lint import lint
from provlabel.label.loading import moment
from provlabel.label.records import RFC_3339
from provlabel.manifest.read import label_info

#: Fields that belong to the file that was signed, and to no new label.
_NOT_TAKEN = frozenset({"carriers", "correction"})
_MOST_HINTS = 40
_MOST = 300  # characters of a value that a hint repeats


class Draft(NamedTuple):
    """A plain label without what a person has to decide, and for people where each part of it came from."""

    label: dict[str, Any]
    sources: dict[str, str]  #: by field: where it stands in the file
    hints: tuple[str, ...]  #: what the file tells, and what no field of the label says


def drafted(evidence: Evidence, *, prompt: bool = False) -> Draft:
    """Return what a file says as a label; where two places say something, the manifest counts, then the first tag.

    A kind is only drafted where the file states one; marks of generators name a system.

    Args:
        evidence: what the sandbox found in the file.
        prompt: take its prompt too, which may be personal or a secret.
    """
    got = _Gather()
    for place, said in _statements(evidence):
        got.take(place, said if prompt else {key: item for key, item in said.items() if key != "prompt"})
    got.hints += [
        f"the {place} was written by {manifest.generator}, and names no AI system"
        for place, manifest in _versions(evidence.manifests)
        if manifest.generator and not _in_manifest(manifest).get("systems")
    ]
    for item in evidence.carriers or ():
        got.mark(item)
    got.hints += [
        f"a prompt stands in {place}: it was not taken; provlabel label --strip-prompt takes it out of the copy"
        for place in ({} if prompt else dict.fromkeys(clear_prompts(evidence)))
    ]
    return Draft(got.label, got.sources, tuple(dict.fromkeys(got.hints))[:_MOST_HINTS])


class _Gather:
    """What was said so far."""

    def __init__(self) -> None:
        self.label: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.hints: list[str] = []

    def take(self, place: str, said: Mapping[str, Any]) -> None:
        """Take fields that nothing said before, as far as a label can hold them."""
        for field, loaded in said.items():
            if field not in Label.__struct_fields__ or field in _NOT_TAKEN or field == "schema":
                continue
            value = self._sound(field, _fitting(field, loaded), place)
            if value in (None, "", [], {}):
                if loaded:
                    self._leave(field, loaded, place, "not all of it can stand in a label")
            elif field not in self.label:
                self.label[field], self.sources[field] = value, place
                if value != loaded and field != "identifiers":
                    self._leave(field, loaded, place, "not all of it can stand in a label")
            elif field == "identifiers":
                known = {item["type"] for item in self.label[field]}
                self.label[field] = [*self.label[field], *(item for item in value if item["type"] not in known)]
            elif self.label[field] != value:
                self._leave(field, value, place, "something else was found before")

    def _sound(self, field: str, value: Any, place: str) -> Any:
        """Return what of a value is right, as far as a program can tell."""
        if field == "identifiers" and isinstance(value, list):
            return list(self._identifiers(value, place))
        if value in (None, [], {}) or field == "kind":
            return value
        if fault := _fault_in(field, value):
            self._leave(field, value, place, fault.message)
            return None
        return value

    def _identifiers(self, found: list[dict[str, Any]], place: str) -> Iterator[dict[str, Any]]:
        for item in found:
            right = CANONICAL[item["type"]](item["value"])
            if right:
                yield {"type": item["type"], "value": right}
            else:
                self._leave("identifiers", item["value"], place, f"no {item['type'].upper()}")

    def _leave(self, field: str, value: Any, place: str, why: str) -> None:
        """Tell what does not go into the label; a prompt is not repeated."""
        shown = "…" if field == "prompt" else _cut(_plain_toml(value))
        self.hints.append(f"{field}: {shown} in the {place}; left out: {why}")

    def mark(self, item: Carrier) -> None:
        """Take what generators leave, and tell what else is claimed."""
        self.hints += [f"the {item.place} claims: {words}" for words in claims_in(item.id, item.fields)]
        self.hints += [f"the {item.place} cannot be read: {fault}" for fault in item.faults]
        for one in generators_in(item.id, item.fields):
            known = {system["name"]: system for system in self.label.get("systems", ())}
            system = {"name": one.name} | ({"version": one.version} if one.version else {})
            if one.name not in known and _fits("systems", [system]):
                self.label["systems"] = [*self.label.get("systems", ()), system]
                self.sources.setdefault("systems", f"mark in the {item.place}")
            elif "version" in system and "version" not in known.get(one.name, system):
                known[one.name]["version"] = one.version
            if one.model:
                self.hints.append(f"the {item.place} names the model {one.model}")
            if one.time and "event_time" not in self.label and _is_time(one.time):
                self.label["event_time"], self.sources["event_time"] = one.time, f"mark in the {item.place}"
        for field in DATES.get(item.id, ()):
            for date in item.fields.get(field, ()):
                if date.strip():
                    self.hints.append(f"{date.strip()} in the {item.place} ({field}): event_time needs time and zone")


# --- who says what ---------------------------------------------------------------------------------


def _statements(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is said, the surest first: a place, and part of a plain label."""
    for place, manifest in _versions(evidence.manifests):
        if said := _in_manifest(manifest):
            yield place, said
            break
    carriers = evidence.carriers or ()
    for projection in PROJECTIONS:
        yield from ((item.place, projection.load(item.fields)) for item in carriers if item.id == projection.carrier)
    for item in carriers:
        for field, what in NAMES.get(item.id, {}).items():
            if text := next((text.strip() for text in item.fields.get(field, ()) if text.strip()), ""):
                is_title = what == "title"
                yield item.place, {"title": text} if is_title else {"identifiers": [{"type": what, "value": text}]}
        if prompt := _prompt_in(item):
            yield item.place, {"prompt": {"text": prompt}}


def _versions(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    """Yield the manifest of the file and those of its earlier versions, the latest first, each with its place."""
    by_urn, earlier = {manifest.urn: manifest for manifest in manifests}, ""
    manifest = manifests[0] if manifests else None
    while manifest is not None:
        signer = manifest.signing.name if manifest.signing is not None else ""
        yield f"C2PA manifest {earlier}signed by {signer or 'nobody'} (not verified here)", manifest
        by_urn.pop(manifest.urn, None)
        parents = (by_urn.get(part.manifest) for part in manifest.ingredients if part.relationship == "parentOf")
        manifest, earlier = next((found for found in parents if found), None), "of an earlier version, "


def _in_manifest(manifest: Manifest) -> dict[str, Any]:
    info = label_info(manifest)
    said = dict(info.value) if info is not None and info.value.get("kind") else {}
    if said and info is not None and info.source != "org.provlabel.label":
        said.pop("title", None)  # of the claim: a file name, or "Generated image"
    if "text" not in mapping(said.get("prompt")):
        said.pop("prompt", None)  # a digest, or that it is withheld
    return said


_PROMPT = re.compile(r"\n(?:Negative prompt|Steps): ")


def _prompt_in(item: Carrier) -> str:
    """Return the prompt in the parameters of Stable Diffusion, which stands in front of all else."""
    for name in ("parameters", "UserComment"):
        for text in item.fields.get(name, ()):
            if item.id in ("text", "exif") and (found := _PROMPT.search(text)):
                return text[: found.start()].strip()
    return ""


# --- what fits -------------------------------------------------------------------------------------


def _fitting(field: str, value: Any) -> Any:
    """Return what of a value the schema of a label takes: items of a list and members of a record by themselves."""
    if _fits(field, value):
        return _plain(field, value)
    if isinstance(value, list):
        return [_plain(field, [item])[0] for item in value if _fits(field, [item])]
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if _fits(field, {key: item})}
        return _plain(field, kept) if _fits(field, kept) else None
    return None


def _fits(field: str, value: Any) -> bool:
    try:
        msgspec.convert({"kind": "human_made", field: value}, ready(Label))
    except msgspec.ValidationError:
        return False
    return not _halves(value)


def _halves(value: Any) -> bool:
    """Is there half a character (a lone surrogate) in it, which no file in UTF-8 can hold?"""
    if isinstance(value, Mapping):
        return any(_halves(key) or _halves(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return any(map(_halves, value))
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def _plain(field: str, value: Any) -> Any:
    """Return a value that fits without what no label of this version knows."""
    label = msgspec.convert({"kind": "human_made", field: value}, ready(Label))
    return msgspec.json.decode(msgspec.json.encode(label)).get(field)


#: A kind under which the field says nothing wrong by itself.
_KINDS = {"systems": "ai_generated", "operations": "ai_partly_created", "contributions": "ai_partly_created"}


def _fault_in(field: str, value: Any) -> Fault | None:
    """Return what is wrong with a field alone, whatever the kind."""
    label = {"kind": _KINDS.get(field, "may_contain_ai"), field: value}
    wrong = (fault for fault in lint(label) if fault.at.startswith(f"/{field}"))
    return next((fault for fault in wrong if not fault.message.startswith("no such ")), None)  # it refers to others


def _is_time(text: str) -> bool:
    return bool(re.match(RFC_3339, text)) and moment(text) is not None


def _plain_toml(value: Any) -> str:
    try:
        return in_toml(value)
    except RecursionError:
        return "…"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else text[:_MOST] + "…"
