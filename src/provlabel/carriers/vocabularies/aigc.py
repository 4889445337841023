"""China's ``AIGC`` object (GB 45438-2025 §6.1 and Annex E).

Seven keys with texts as values, in one JSON object; one object for each file.  The producer fills ``Label``,
``ContentProducer`` and ``ProduceID``, and at the first writing repeats the last two as ``ContentPropagator`` and
``PropagateID`` (Annex E, note 1); whoever passes the file on puts their own there.  The reserved codes are for
uses of their own and stay empty.

Annex E wraps the object, ``{"AIGC": {…}}``; the TC260 guides for pictures, sound and video, and what generators
write, have it bare.  Both are read, and it is written bare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import UNSET

from provlabel._support.text import printable
from provlabel.carriers.vocabularies._base import CarrierId, Field, Fields
from provlabel.errors import LabelError
from provlabel.label import Label
from provlabel.label.vocabularies import AI_KINDS

KEYS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
#: Who passes the content on, and under which number (GB 45438-2025 §6.1 a, 4 and 5).
PROPAGATION = ("ContentPropagator", "PropagateID")
#: Where it stands, and under which name (TC260-PG-20257A for video, -20259A for pictures, -202510A for sound).
PLACES: dict[CarrierId, str] = {
    "xmp": "TC260:AIGC",
    "id3": "TXXX:AIGC",
    "vorbis": "AIGC",
    "riff": "AIGC",
    "mp4": "keys:AIGC",
    # Other places, which are read and never written (TC260-PG-20259A, Annex B).
    "exif": "UserComment",
    "text": "AIGC",
}
#: Where generators put it besides: Annex E a asks for no more than a field whose name has AIGC in it.
ELSEWHERE: dict[CarrierId, tuple[str, ...]] = {
    "xmp": ("AIGC:AIGC",),
    "riff": ("INFO:AIGC",),
    "mp4": ("----:com.apple.iTunes:AIGC", "udta:AIGC", "ilst:"),
}
_FREE = frozenset({"UserComment", "ilst:"})  # fields of any text, in which an object is one by its keys alone
_SOURCE = "GB 45438-2025 Annex E; TC260-PG-20257A, -20259A, -202510A"
_READ = "seen in files of generators; GB 45438-2025 Annex E a"
#: Annex E was read; the guides of TC260, which say where it stands, in quoted copies only.
FIELDS = {carrier: Field(name, "statement", source=_SOURCE, certainty="P+S") for carrier, name in PLACES.items()}
FIELDS_ELSEWHERE = {
    carrier: {name: Field(name, "statement", source=_READ, certainty="S") for name in names}
    for carrier, names in ELSEWHERE.items()
}


# --- writing ---------------------------------------------------------------------------------------


def text_of(label: Label) -> str:
    """Return the object of ``label``, as it stands in a file.

    Raises:
        LabelError: it cannot be right: the label has no codes for it, or says nothing of AI, or only
            that there may be some, which is for a platform to say; or it names a distributor by half.
    """
    china = label.china
    if china is UNSET:
        raise LabelError(
            "the AIGC object needs the codes of producer and content", hint="add china.producer and china.produce_id"
        )
    if label.kind not in AI_KINDS or (label.kind == "may_contain_ai" and china.propagator is UNSET):
        raise LabelError(
            f"the AIGC object says that AI made the content, and the label says {label.kind}",
            hint="leave aigc out of --carriers, or correct kind",
        )
    if (china.propagator is UNSET) != (china.propagate_id is UNSET):
        raise LabelError(
            "the AIGC object names a distributor and their number, and the label has one of the two",
            hint="state china.propagator and china.propagate_id, or neither",
        )
    values = (
        "2" if label.kind == "may_contain_ai" else "1",
        china.producer,
        china.produce_id,
        "",
        china.producer if china.propagator is UNSET else china.propagator,
        china.produce_id if china.propagate_id is UNSET else china.propagate_id,
        "",
    )
    return json.dumps(dict(zip(KEYS, values, strict=True)), separators=(",", ":"), ensure_ascii=False)


def dump(label: Label, carrier: CarrierId) -> dict[str, tuple[str, ...]]:
    """Return the one field; raises as :func:`text_of`."""
    return {PLACES[carrier]: (text_of(label),)}


def dump_elsewhere(label: Label, carrier: CarrierId) -> dict[str, tuple[str, ...]]:
    """Return what other fields would say if they were written; raises as :func:`text_of`."""
    return dict.fromkeys(ELSEWHERE[carrier], (text_of(label),))


# --- reading ---------------------------------------------------------------------------------------


class AigcObject(NamedTuple):
    """An object as a file has it.  Nothing in it is missing: what is not there, or no text, is empty."""

    values: Mapping[str, str]  #: by key of :data:`KEYS`
    wrong: tuple[str, ...] = ()  #: what the standard does not allow, in words
    doubts: tuple[str, ...] = ()  #: what it neither allows nor forbids


_NOTHING: Mapping[str, str] = dict.fromkeys(KEYS, "")
#: Characters of an object that are read; an honest one has a few hundred.
_MAX = 64 << 10
_SHOWN = 40  # characters of a foreign key in a message
# Annex E j): values "should mainly consist of" these characters of one byte, and of the quote.
_MAINLY = re.compile(r"[\x21-\x5b\x5d-\x7e]*")
# §6.1 a and Annex E c to e, g, h: elements that the object has to have.  What a reserved code holds may be stored.
_REQUIRED = frozenset(KEYS) - {"ReservedCode1", "ReservedCode2"}


class PlacedObject(NamedTuple):
    """A text that is, or means to be, an object, and where it stands."""

    text: str
    named: bool  #: a field whose name has AIGC in it (Annex E a), or one of those that the guides allow


def placed_in(carrier: CarrierId, fields: Fields) -> Iterator[PlacedObject]:
    """Yield the objects of a carrier: those at known places first, then those in any field that holds one."""
    known = (PLACES.get(carrier, ""), *ELSEWHERE.get(carrier, ()))
    for name in known:
        yield from (PlacedObject(text, named=True) for text in fields.get(name, ()) if is_object(name, text))
    for name, texts in fields.items():
        if name not in known:
            yield from (PlacedObject(text, "AIGC" in name.upper()) for text in texts if is_whole(text))


def objects_in(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    """Yield each text that is, or means to be, an object."""
    return (item.text for item in placed_in(carrier, fields))


def is_whole(text: str) -> bool:
    """Is ``text`` an object beyond doubt, so that it is one in whatever field it stands?"""
    return "ContentProducer" in text and bool(read(text).values["ContentProducer"])


def is_object(field: str, text: str) -> bool:
    """Means ``text`` to be an object?  A comment is free text otherwise."""
    return field not in _FREE or ("{" in text and ("AIGC" in text or "ContentProducer" in text))


def read(text: str) -> AigcObject:
    """Read an object in whatever form a file has it, and say what is wrong with the form."""
    if len(text) > _MAX:
        return AigcObject(_NOTHING, doubts=(f"it is longer than {_MAX:,} characters and was not read",))
    found, doubts = _unwrapped(text)
    if found is None:
        return AigcObject(_NOTHING, ("it is no JSON object",))
    first: dict[str, Any] = {}
    for key, value in found:
        first.setdefault(key, value)
    own, named = _by_key(first)
    wrong = [*_lacking(own), *_no_texts(own)]
    values = {key: _plain(own.get(key)) for key in KEYS}
    return AigcObject(values, tuple(wrong), (*doubts, *_odd_keys([key for key, _ in found], named), *_odd_values(own)))


def completes(ours: str, old: str) -> bool:
    """Says our object all that the old one says, which names nobody who passes the content on?"""
    found, mine = read(old), read(ours).values
    values = found.values
    same = all(values[key] in ("", mine[key]) for key in KEYS) and bool(values["ContentProducer"])
    return same and not found.wrong and not any(values[key] for key in PROPAGATION)


def _by_key(first: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values by key of the standard, and how each key is written."""
    folded = {key.lower(): key for key in reversed(first)}
    named = {key: key if key in first else folded.get(key.lower(), "") for key in KEYS}
    return {key: first[own] for key, own in named.items() if own}, named


def _lacking(own: Mapping[str, Any]) -> Iterator[str]:
    missing = [key for key in KEYS if key in _REQUIRED and key not in own]
    if missing:
        yield f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing (§6.1 a)"


def _no_texts(own: Mapping[str, Any]) -> Iterator[str]:
    """Annex E c to i: the type of each value is a string."""
    for key, value in own.items():
        if not isinstance(value, str):
            what = {type(None): "null", int: "a number", float: "a number"}.get(type(value), "no text")
            yield f"{key} is {what} and has to be a text (Annex E)"


def _odd_keys(keys: list[str], named: Mapping[str, str]) -> Iterator[str]:
    missing = [key for key in KEYS if key not in _REQUIRED and not named[key]]
    if missing:
        yield f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} not in it"
    respelt = [own for key, own in named.items() if own and own != key]
    if respelt:
        yield f"keys are spelt otherwise than in Annex E: {_listed(respelt)}"
    more = [key for key in dict.fromkeys(keys) if key not in named.values()]
    if more:
        yield f"it has keys beside the seven: {_listed(more)}"
    if len(set(keys)) < len(keys):
        yield "a key stands in it more than once"
    order = [key for key in keys if key in named.values()]
    if order != sorted(order, key=list(named.values()).index):
        yield "its keys stand in another order than in Annex E"


def _odd_values(own: Mapping[str, Any]) -> Iterator[str]:
    odd = {key: value for key, value in own.items() if isinstance(value, str) and not _MAINLY.fullmatch(value)}
    if odd:
        backslash = any("\\" in value for value in odd.values())
        what = "a backslash or other characters" if backslash else "characters"
        yield f"{_listed(list(odd))}: {what} beside those of which values mainly consist (Annex E j)"


def _listed(keys: list[str]) -> str:
    return ", ".join(printable(key, _SHOWN) for key in keys[:8])


def _plain(value: Any) -> str:
    """Return a value as text: a number says what its digits say, whatever its type should have been."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


_Pairs = list[tuple[str, Any]]


def _unwrapped(text: str) -> tuple[_Pairs | None, list[str]]:
    """Return the members of the object, ``None`` when there is none, and what stands around it."""
    doubts: list[str] = []
    for _ in range(2):  # some store an object as a JSON text in another JSON text
        value = _json(text, doubts)
        if isinstance(value, _Members) and [key for key, _ in value if key.upper() == "AIGC"]:
            if len(value) > 1:
                doubts.append("other keys stand beside AIGC")
            value = next(inner for key, inner in value if key.upper() == "AIGC")
        if not isinstance(value, str):
            break
        doubts.append("it stands in a JSON text")
        text = value
    return (list(value) if isinstance(value, _Members) else None), doubts


class _Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object, in order, doubled ones too."""

    __slots__ = ()


def _json(text: str, doubts: list[str]) -> Any:
    """Return JSON, as it stands or with what programs put around it; ``None`` where there is none."""
    from html import unescape  # few files have an object, and it takes 2 ms

    text = text.strip("\ufeff\0 \t\r\n")
    inner = text[text.find("{") : text.rfind("}") + 1]
    ways = (
        (text, ""),
        (inner, "other text stands around it"),
        (unescape(inner), "its quotes are written as in HTML"),
    )
    for way, doubt in ways:
        try:
            value = json.loads(way, object_pairs_hook=_Members, parse_constant=str)
        except (ValueError, RecursionError):
            continue
        if doubt:
            doubts.append(doubt)
        return value
    return None


def load(fields: Fields, carrier: CarrierId) -> dict[str, Any]:
    """Return the codes as part of a plain label; nothing when the object does not name producer and content."""
    values = read(next(objects_in(carrier, fields), "")).values
    codes = {"producer": values["ContentProducer"], "produce_id": values["ProduceID"]}
    if not all(codes.values()):
        return {}
    passed_on = {"propagator": values["ContentPropagator"], "propagate_id": values["PropagateID"]}
    if list(passed_on.values()) != list(codes.values()):  # else a first writing, which repeats the producer
        codes |= {name: value for name, value in passed_on.items() if value}
    return {"china": codes}
