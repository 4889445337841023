"""What a file says about AI beside its label: in other fields and assertions, in its history, in its tags.  Pure.

A label of ``human_made``, ``ai_assisted_technical`` or ``algorithmic_not_trained`` is contradicted by any of it; among
kinds of AI nothing contradicts; ``may_contain_ai`` says less than there is.

No evidence is ``inputTo``: what only went into a model, or served as a model for people, is not in the result
(C2PA 2.4 §18.16).  What is made of it is: ``parentOf``, and ``componentOf`` as long as no ``c2pa.removed`` names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from provlabel._support.types import ready
from provlabel.carriers.vocabularies import iptc
from provlabel.carriers.vocabularies.marks import claims_in, marks_in
from provlabel.evidence import Carrier, Evidence, Ingredient, Manifest, base_name, is_metadata, mapping
from provlabel.label import Label
from provlabel.label.about_ai import ai_in
from provlabel.label.vocabularies import KINDS, SOURCE_TYPES, SURELY_AI, plain_uri

#: Statements of one sort that are told; a store can hold hundreds of manifests that all say the same.
MOST = 10
_LABEL, _DISCLOSURE = "org.provlabel.label", "c2pa.ai-disclosure"


class Statement(NamedTuple):
    """One statement that AI took part."""

    where: Literal["manifest", "history", "carrier"]
    words: str
    at: str


def statements(manifests: tuple[Manifest, ...], carriers: tuple[Carrier, ...]) -> Iterator[Statement]:
    """Yield what a file says about AI, but for the kind of its label; of each sort some.

    What an update manifest updates is an earlier version: an update can bring a label of its own.
    """
    active = manifests[0]
    yield from _few(Statement("manifest", *said) for said in _own(active))
    yield from _few(Statement("history", *said) for said in said_before(active, manifests))
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
    for name, data in manifest.assertions.items():
        if base_name(name) == _DISCLOSURE and data:
            yield f"{_DISCLOSURE} names {mapping(data).get('modelName') or 'a model'}", name
        elif is_metadata(name):
            yield from ((words, name) for words in _metadata(data))


def _metadata(data: Any) -> Iterator[str]:
    """Yield what signed metadata says, however JSON-LD writes its names: the IPTC fields about AI.

    A name can be a prefix and a term, a whole address, or one that the context makes up; an address stays one.
    """
    for key, value in _pairs(data):
        local = _NAME.split(key)[-1]
        named = local.lower() == "digitalsourcetype"
        for text in _texts(value):
            source_type = _NAME.split(text)[-1] if named else text
            if (named or "/" in text) and iptc.kind_of(source_type) in SURELY_AI:
                yield f"digital source type {plain_uri(source_type).rpartition('/')[2]}"
        if local in ("AISystemUsed", "aiSystemUsed"):
            yield f"AI system {next(_texts(value), '')}".rstrip()


_NAME = re.compile("[:/#]")


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
        for key in ("@id", "@value", "@list", "@set", "rdf:resource"):
            yield from _texts(value.get(key))


# --- history ---------------------------------------------------------------------------------------


def said_before(active: Manifest, manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, str]]:
    """Yield what earlier versions and placed parts say, at any depth: each manifest once.

    A manifest takes parts out of itself and of its earlier versions, and none out of what is placed in it.
    """
    by_urn = {manifest.urn: manifest for manifest in manifests}
    waiting = [(active.urn, active, frozenset(_removed(active)))]
    seen, told = {(active.urn, active.urn)}, {active.urn}
    while waiting:
        latest, manifest, removed = waiting.pop(0)
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
            if target.urn not in told and (said := list(_said(target))):
                yield f"{_called(part)}: {', '.join(said)}", target.urn
            told.add(target.urn)
            waiting.append((line, target, removed.union(_removed(target)) if earlier else frozenset(_removed(target))))


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
