"""What a file says about AI beside its label: in other fields and assertions, in its history, in its tags.  Pure.

A label of ``human_made``, ``ai_assisted_technical`` or ``algorithmic_not_trained`` is contradicted by any of it; among
kinds of AI nothing contradicts; ``may_contain_ai`` says less than there is.

No evidence is ``inputTo``: what only went into a model, or served as a model for people, is not in the result
(C2PA 2.4 §18.16).  What is made of it is: ``parentOf``, and ``componentOf`` as long as no ``c2pa.removed`` names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from provlabel._support.types import ready
from provlabel.carriers.vocabularies import iptc
from provlabel.carriers.vocabularies.marks import claims_in, marks_in
from provlabel.evidence import Carrier, Evidence, Ingredient, Manifest, bound, mapping
from provlabel.label import Label
from provlabel.label.about_ai import ai_in
from provlabel.label.vocabularies import KINDS, SOURCE_TYPES, SURELY_AI

#: Statements of one sort that are told; a store can hold hundreds of manifests that all say the same.
MOST = 10
_LABEL, _DISCLOSURE = "org.provlabel.label", "c2pa.ai-disclosure"
_METADATA = ("c2pa.metadata", "cawg.metadata", "stds.iptc", "stds.iptc.photo-metadata")


class Statement(NamedTuple):
    """One statement that AI took part."""

    where: Literal["manifest", "history", "carrier"]
    words: str
    at: str


def statements(manifests: tuple[Manifest, ...], carriers: tuple[Carrier, ...]) -> Iterator[Statement]:
    """Yield what a file says about AI, but for the kind of its label; of each sort some."""
    own = bound(manifests)
    yield from _few(Statement("manifest", *said) for manifest in own for said in _own(manifest))
    yield from _few(Statement("history", *said) for said in said_before(own[-1], manifests))
    yield from _few(Statement("carrier", *said) for said in marks_of(carriers))


def _few(found: Iterator[Statement]) -> Iterator[Statement]:
    told = dict.fromkeys(found)
    yield from list(told)[:MOST]


def marks_of(carriers: tuple[Carrier, ...]) -> Iterator[tuple[str, str]]:
    """Yield the marks that generators leave in tags, and where they stand."""
    yield from ((words, item.place) for item in carriers for words in marks_in(item.id, item.fields))


def said_in(evidence: Evidence) -> Iterator[str]:
    """Yield what a file that goes into another one says about AI: in its manifests, else in its tags."""
    signed: list[str] = []
    for active in evidence.manifests[:1]:
        signed = [*_said(active), *(words for words, _ in said_before(active, evidence.manifests))]
    tags = (words for item in evidence.carriers or () for words in claims_in(item.id, item.fields))
    yield from dict.fromkeys(signed or tags)


# --- one manifest ----------------------------------------------------------------------------------


def _own(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what the manifest of a label says beside the kind of that label."""
    yield from ((f"{words} in the label itself", f"{_LABEL}{pointer}") for pointer, words in _in_label(manifest))
    yield from _beside_label(manifest)


def _in_label(manifest: Manifest) -> Iterator[tuple[str, str]]:
    try:
        label = msgspec.convert(manifest.label, ready(Label))
    except msgspec.ValidationError:
        return  # a finding of its own
    yield from ai_in(label)


def _beside_label(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what standard assertions say; source types of actions are held against a label of ours elsewhere."""
    disclosure = mapping(manifest.assertions.get(_DISCLOSURE))
    if disclosure:
        yield f"{_DISCLOSURE} names {disclosure.get('modelName') or 'a model'}", _DISCLOSURE
    for name, data in manifest.assertions.items():
        if name.partition("__")[0] in _METADATA:
            yield from ((words, name) for words in _metadata(data))


def _metadata(data: Any) -> Iterator[str]:
    """Yield what signed metadata says, whatever prefix its namespaces have: the IPTC fields about AI."""
    for key, value in _pairs(data):
        local = key.rpartition(":")[2]
        if local.lower() == "digitalsourcetype":
            for text in _texts(value):
                if iptc.kind_of(text) in SURELY_AI:
                    yield f"digital source type {iptc.plain_uri(text).rpartition('/')[2]}"
        elif local in ("AISystemUsed", "aiSystemUsed"):
            yield f"AI system {next(_texts(value), '')}".rstrip()


def _pairs(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _pairs(value)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a value of JSON-LD: a text, a list of them, or a node with an identifier."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for key in ("@id", "@value", "rdf:resource"):
            yield from _texts(value.get(key))


# --- history ---------------------------------------------------------------------------------------


def said_before(active: Manifest, manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, str]]:
    """Yield what earlier versions and placed parts say, at any depth: each manifest once."""
    by_urn = {manifest.urn: manifest for manifest in manifests}
    removed = set(_removed(active))
    seen = {active.urn}
    waiting = [(active, part) for part in active.ingredients]
    while waiting:
        manifest, part = waiting.pop(0)
        target = by_urn.get(part.manifest)
        if target is None or target.urn in seen or part.relationship == "inputTo":
            continue
        if part.relationship == "componentOf" and (manifest.urn, part.assertion) in removed:
            continue
        seen.add(target.urn)
        if part.relationship == "parentOf":
            removed.update(_removed(target))
        if said := list(_said(target)):
            yield f"{_called(part)}: {', '.join(said)}", target.urn
        waiting += ((target, deeper) for deeper in target.ingredients)


def _called(part: Ingredient) -> str:
    kinds = {"parentOf": "earlier version", "componentOf": "part"}
    return f"{kinds.get(part.relationship, part.relationship)} {part.title}".rstrip()


def _said(manifest: Manifest) -> Iterator[str]:
    """Yield what a manifest of the history says about AI; its label says enough where it says so."""
    kind = mapping(manifest.label).get("kind")
    if isinstance(kind, str) and kind in SURELY_AI:
        yield f"its label says {KINDS[kind].words}"
        return
    for item in manifest.actions:
        if SOURCE_TYPES.get(item.source_type) in SURELY_AI:
            yield f"its action {item.action} says {item.source_type.rpartition('/')[2]}"
    yield from (words for words, _ in _own(manifest))


def _removed(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield which ingredients ``c2pa.removed`` names: by manifest, empty for its own, and assertion."""
    for item in manifest.actions:
        if item.action == "c2pa.removed":
            for url in _urls(item.parameters):
                named = url.partition("/c2pa/")[2].partition("/")[0]
                yield named or manifest.urn, url.rpartition("/")[2]


def _urls(parameters: Mapping[str, Any]) -> Iterator[str]:
    listed = parameters.get("ingredients")
    for item in (*(listed if isinstance(listed, (list, tuple)) else ()), parameters.get("ingredient")):
        url = mapping(item).get("url")
        if isinstance(url, str):
            yield url
