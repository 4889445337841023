"""What standard assertions beside a label and beside actions say about AI: a disclosure, and signed IPTC metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provlabel.carriers.vocabularies import iptc
from provlabel.evidence import Manifest, base_name, is_metadata, mapping
from provlabel.label.vocabularies import SURELY_AI, plain_uri

_DISCLOSURE = "c2pa.ai-disclosure"


def beside_label(manifest: Manifest) -> Iterator[tuple[str, str]]:
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
