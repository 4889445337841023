"""What a file says about AI beside its label: in other fields and assertions, in its history, in its tags.  Pure.

A label of ``human_made``, ``ai_assisted_technical`` or ``algorithmic_not_trained`` is contradicted by any of it; among
kinds of AI nothing contradicts; ``may_contain_ai`` says less than there is.

No evidence is ``inputTo``: what only went into a model, or served as a model for people, is not in the result
(C2PA 2.4 §18.16).  What is made of it is: ``parentOf``, and ``componentOf`` as long as no ``c2pa.removed`` names it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from provlabel._support.types import ready
from provlabel.carriers.vocabularies.marks import claims_in, marks_in
from provlabel.evidence import Carrier, Evidence, Ingredient, Manifest, mapping
from provlabel.label import Label
from provlabel.label.about_ai import ai_in
from provlabel.label.vocabularies import KINDS, SOURCE_TYPES, SURELY_AI
from provlabel.manifest.beside import beside_label
from provlabel.manifest.read import label_info
from provlabel.report import AiStatement, Relation
from provlabel.trust.anchors import TrustStore
from provlabel.verdict.history import judge_ingredient

#: Statements of one sort that are told; a store can hold hundreds of manifests that all say the same.
MOST = 10
_LABEL = "org.provlabel.label"


class Statement(NamedTuple):
    """One statement that AI took part, beside the kind of the label."""

    where: Literal["manifest", "history", "carrier"]
    words: str
    at: str


#: From the active manifest to one of the history: each ingredient, and its manifest.
Steps = tuple[tuple[Ingredient, Manifest], ...]


class Before(NamedTuple):
    """What one manifest of the history says about AI, and how the file came from it."""

    relation: Relation
    steps: Steps
    said: tuple[tuple[str, bool], ...]  #: the words, and whether its signer stands for them

    @property
    def part(self) -> Ingredient:
        """How it is called where it went in."""
        return self.steps[-1][0]

    @property
    def manifest(self) -> Manifest:
        """The one that says so."""
        return self.steps[-1][1]

    @property
    def words(self) -> str:
        """What is said, and of what."""
        return f"{_called(self.part)}: {', '.join(words for words, _ in self.said)}"


def statements(active: Manifest, before: Iterable[Before], carriers: tuple[Carrier, ...]) -> Iterator[Statement]:
    """Yield what a file says about AI, but for the kind of its label; of each sort some.

    What an update manifest updates is an earlier version: an update can bring a label of its own.
    """
    yield from _few(Statement("manifest", *said) for said in _own(active))
    yield from _few(Statement("history", one.words, one.manifest.urn) for one in before)
    yield from _few(Statement("carrier", *said) for said in marks_of(carriers))


def _few(found: Iterator[Statement]) -> Iterator[Statement]:
    told = dict.fromkeys(found)
    yield from list(told)[:MOST]


def marks_of(carriers: tuple[Carrier, ...]) -> Iterator[tuple[str, str]]:
    """Yield the marks that generators leave in tags, and where they stand."""
    yield from ((words, item.place) for item in carriers for words in marks_in(item.id, item.fields))


def ai_history(before: Iterable[Before], trust: TrustStore, *, trusted: bool) -> tuple[AiStatement, ...]:
    """Return for a report what was said before; ``trusted`` says whether the file itself is.

    A signer is taken at their word where everything on the way to what they signed is trusted.
    """
    return tuple(_reported(one, trust, trusted) for one in itertools.islice(before, MOST))


def _reported(before: Before, trust: TrustStore, trusted: bool) -> AiStatement:
    manifest, info = before.manifest, label_info(before.manifest)
    return AiStatement(
        relation=before.relation,
        kind=info.kind if info is not None and info.kind in SURELY_AI else None,
        said=tuple(words for words, _ in before.said),
        title=before.part.title,
        manifest=manifest.urn,
        signer=manifest.signing.name if manifest.signing is not None else "",
        vouched=trusted
        and any(stands for _, stands in before.said)
        and all(judge_ingredient(*step, trust)[0] == "clean" for step in before.steps),
    )


def said_in(evidence: Evidence) -> Iterator[str]:
    """Yield what a file that goes into another one says about AI: in its manifests, else in its tags."""
    signed: list[str] = []
    for active in evidence.manifests[:1]:
        signed = [words for words, _ in said_by(active)]
        signed += [one.words for one in said_before(active, evidence.manifests)]
    tags = (words for item in evidence.carriers or () for words in claims_in(item.id, item.fields))
    yield from dict.fromkeys(signed or tags)


# --- one manifest ----------------------------------------------------------------------------------


def _own(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what the manifest of a label says beside the kind of that label."""
    yield from ((f"{words} in the label itself", f"{_LABEL}{pointer}") for pointer, words in _in_label(manifest))
    yield from beside_label(manifest)


def _in_label(manifest: Manifest) -> Iterator[tuple[str, str]]:
    try:
        label = msgspec.convert(manifest.label, ready(Label))
    except msgspec.ValidationError:
        return  # a finding of its own
    yield from ai_in(label)


# --- history ---------------------------------------------------------------------------------------


def said_before(active: Manifest, manifests: tuple[Manifest, ...]) -> Iterator[Before]:
    """Yield what earlier versions and placed parts say, at any depth: each manifest once.

    A manifest takes parts out of itself and of its earlier versions, and none out of what is placed in it.
    What is both an earlier version and a part counts as the former.
    """
    found: dict[str, Before] = {}
    for relation, steps in _behind(active, {manifest.urn: manifest for manifest in manifests}):
        target = steps[-1][1]
        if (said := tuple(said_by(target))) and (target.urn not in found or relation == "inherited"):
            found[target.urn] = Before(relation, steps, said)
    yield from found.values()


def _behind(active: Manifest, by_urn: Mapping[str, Manifest]) -> Iterator[tuple[Relation, Steps]]:
    """Yield each way from the active manifest to one that went into it, up to its end."""
    waiting: list[tuple[str, Manifest, frozenset[tuple[str, str]], Steps]]
    waiting = [(active.urn, active, frozenset(_removed(active)), ())]
    seen = {(active.urn, active.urn)}
    while waiting:
        latest, manifest, removed, steps = waiting.pop(0)
        for part in manifest.ingredients:
            target = by_urn.get(part.manifest)
            if target is None or part.relationship == "inputTo":
                continue
            if part.relationship == "componentOf" and (manifest.urn, part.assertion) in removed:
                continue
            earlier = part.relationship == "parentOf"
            line = latest if earlier else target.urn
            if (line, target.urn) in seen:
                continue
            seen.add((line, target.urn))
            behind = (*steps, (part, target))
            yield ("inherited" if line == active.urn else "contains"), behind
            gone = removed.union(_removed(target)) if earlier else frozenset(_removed(target))
            waiting.append((line, target, gone, behind))


def _called(part: Ingredient) -> str:
    kinds = {"parentOf": "earlier version", "componentOf": "part"}
    return f"{kinds.get(part.relationship, part.relationship)} {part.title}".rstrip()


def said_by(manifest: Manifest) -> Iterator[tuple[str, bool]]:
    """Yield what a manifest of the history says about AI, and whether its signer stands for that.

    Its label says enough where it says so.
    """
    kind = mapping(manifest.label).get("kind")
    if isinstance(kind, str) and kind in SURELY_AI:
        yield f"its label says {KINDS[kind].words}", manifest.label_vouched
        return
    for item in manifest.actions:
        if SOURCE_TYPES.get(item.source_type) in SURELY_AI:
            yield f"its action {item.action} says {item.source_type.rpartition('/')[2]}", item.vouched
    yield from ((words, _stands_for(manifest, name)) for words, name in _own(manifest))


def _stands_for(manifest: Manifest, name: str) -> bool:
    """Does the signer stand for an assertion, or only pass it on?"""
    return manifest.label_vouched if name.startswith(_LABEL) else name not in manifest.gathered


def _removed(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield which ingredients ``c2pa.removed`` names and no later action places again: by manifest and assertion.

    What the signer does not stand for takes nothing out.
    """
    gone: dict[tuple[str, str], bool] = {}
    for item in manifest.actions:
        if item.action == "c2pa.placed" or (item.action == "c2pa.removed" and item.vouched):
            for url in _urls(item.parameters):
                named = url.partition("/c2pa/")[2].partition("/")[0]
                gone[named or manifest.urn, url.rpartition("/")[2]] = item.action == "c2pa.removed"
    yield from (part for part, removed in gone.items() if removed)


def _urls(parameters: Mapping[str, Any]) -> Iterator[str]:
    listed = parameters.get("ingredients")
    for item in (*(listed if isinstance(listed, (list, tuple)) else ()), parameters.get("ingredient")):
        url = mapping(item).get("url")
        if isinstance(url, str):
            yield url
