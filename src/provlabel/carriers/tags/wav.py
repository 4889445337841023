"""WAV: the texts of ``LIST INFO`` and the chunk ``AIGC`` (carrier ``riff``), and an ID3v2 tag in a chunk.

Fields are ``INFO:`` and the id of the text (RIFF MCI 1.0 §3: ``INFO:IART``), and ``AIGC`` (TC260-PG-202510A).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags import xmp
from provlabel.carriers.tags._base import MAX_CARRIER, TagError
from provlabel.carriers.tags._fields import Gather, gathered
from provlabel.carriers.tags.mp3 import Stretch, merged_first, read_tags
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part, read_exactly
from provlabel.media.containers.edits import Edit

_HEAD = 8  # name and length of a chunk
_LIST = 12  # head of a list and its kind
_MAX_TEXTS = 10_000  # of one list
_MAX_LISTS = 16  # honest files have one
_TOO_MANY = f"more than {_MAX_LISTS} INFO lists"
_MAX_SIZE = (1 << 32) - 1  # what the length of 32 bits can say
_ID3 = ("id3 ", "ID3 ")
_NAME = re.compile(r"[A-Z][A-Z0-9]{3}")
_AIGC = "AIGC"
_OURS = "TXXX:PROVLABEL_"  # what a label writes into an ID3v2 tag that it begins
_XMP = "_PMX"  # XMP specification part 3 §1.1.9


class _InfoText(NamedTuple):
    """One text in an INFO list, where it lies, its padding byte included."""

    name: str
    start: int
    end: int
    data: bytes


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield what lists and chunks say, then each ID3v2 tag, and XMP, which is not written here."""

    def fill(got: Gather) -> None:
        for count, part in enumerate(_lists(stream, parts)):
            if count == _MAX_LISTS:
                got.fault(_TOO_MANY)
                break
            _read_list(got, stream, part)
        labels = [part for part in parts if part.name == _AIGC]
        if len(labels) > 1:
            got.fault("more than one AIGC chunk")
        for part in labels:
            got.add(_AIGC, (got.text(_chunk(stream, part).rstrip(b"\x00"), "utf-8", _AIGC),))

    yield from gathered("riff", "LIST INFO and AIGC chunks", fill)
    yield from read_tags(stream, [_inside(stream, part) for part in parts if part.name in _ID3], "id3 chunk")
    budget = xmp.PacketBudget()
    for part in parts:
        if part.name == _XMP:
            at = part.start + _HEAD
            yield xmp.packet_at(stream, "_PMX chunk", at, _chunk_end(stream, part) - at, budget)


def _read_list(got: Gather, stream: BinaryIO, part: Part) -> None:
    try:
        for text in _texts(stream, part):
            got.add(f"INFO:{text.name}", filter(None, (_decoded(text.data),)))
    except ContainerError as exc:
        got.fault(str(exc))


def withheld(stream: BinaryIO, parts: Sequence[Part]) -> tuple[str, ...]:
    """Return ``INFO:`` where a first list of texts would hide an ID3v2 tag of others: ffmpeg reads one or the other."""
    tags = [_inside(stream, part) for part in parts if part.name in _ID3]
    if not tags or next(_lists(stream, parts), None) is not None:
        return ()
    said = [name for item in read_tags(stream, tags[:1], "") for name in item.fields]
    return () if said and all(name.startswith(_OURS) for name in said) else ("INFO:",)


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Change texts and chunks where they stand; new chunks come last, and the size of the file's form is put right."""
    new, changes = [], []
    info = {_info_name(name): values for name, values in wanted["riff"].items() if name != _AIGC}
    for made, found in (
        _info(stream, parts, info),
        _aigc(stream, parts, wanted["riff"].get(_AIGC)),
        _id3(stream, parts, wanted["id3"]),
    ):
        new += made
        changes += found
    if not new and not changes:
        return []
    end = max(part.end for part in parts if part.name != "after RIFF" and part.role != "manifest")
    if new:
        changes.append(Edit(end, end, b"\x00" * (end % 2) + b"".join(new)))
    declared = _HEAD + int.from_bytes(read_exactly(stream, 4, 4), "little")
    chunks = max(part.end for part in parts if part.name != "after RIFF")
    size = max(declared, chunks) - _HEAD + _growth(changes)
    return [Edit(4, 8, _number(size)), *changes]


# What changes is two lists each: chunks to append, and edits of the chunks that are there.
_Changes = tuple[list[bytes], list[Edit]]


def _info(stream: BinaryIO, parts: Sequence[Part], fields: Mapping[str, tuple[str, ...]]) -> _Changes:
    known = list(_lists(stream, parts)) if fields else []
    if len(known) > _MAX_LISTS:
        raise TagError(_TOO_MANY)
    lists = {part: list(_texts(stream, part, strict=True)) for part in known}
    texts = [text for found in lists.values() for text in found]
    new = {}
    for name, values in fields.items():
        if list(values) != [_decoded(text.data) for text in texts if text.name == name]:
            new[name] = b"".join(_made(name.encode(), value.encode() + b"\x00") for value in values)
    changed, changes, last = set(new), list[Edit](), next(reversed(lists), None)
    for part, found in lists.items():
        edits = [Edit(text.start, text.end, new.pop(text.name, b"")) for text in found if text.name in changed]
        if part is last:
            changes += _relisted(stream, part, len(found), edits, b"".join(new.values()))
            new = {}
        else:
            changes += _relisted(stream, part, len(found), edits, b"")
    made = b"".join(new.values())
    return ([_made(b"LIST", b"INFO" + made)] if made else []), changes


def _relisted(stream: BinaryIO, part: Part, texts: int, edits: Sequence[Edit], more: bytes) -> list[Edit]:
    """Return the edits of a list of so many texts, with ``more`` at its end; one that gets empty is taken out."""
    if not edits and not more:
        return []
    if not more and len(edits) == texts and not any(edit.content for edit in edits):
        return [Edit(part.start, part.end, b"")]
    end = _chunk_end(stream, part)
    length = end - part.start - _HEAD + _growth(edits)
    more = b"\x00" * (length % 2 if more else 0) + more  # the last text may lack its padding byte
    length += len(more)
    tail = Edit(end, part.end, more + b"\x00" * (length % 2))
    return [Edit(part.start + 4, part.start + _HEAD, _number(length)), *edits, tail]


def _aigc(stream: BinaryIO, parts: Sequence[Part], values: tuple[str, ...] | None) -> _Changes:
    """There is one label in a file (GB 45438-2025)."""
    if values is None:
        return [], []
    if len(values) > 1:
        raise TagError("AIGC: there is one such label in a file")
    content = "".join(values).encode()
    old = [part for part in parts if part.name == _AIGC]
    if len(old) == bool(values) and all(_chunk(stream, part).rstrip(b"\x00") == content for part in old):
        return [], []
    return ([_made(b"AIGC", content)] if values else []), [Edit(part.start, part.end, b"") for part in old]


def _id3(stream: BinaryIO, parts: Sequence[Part], fields: Mapping[str, tuple[str, ...]]) -> _Changes:
    if not fields:
        return [], []
    chunks = [part for part in parts if part.name in _ID3]
    new = merged_first(stream, [_inside(stream, part) for part in chunks], fields)
    if new is None:
        return [], []
    if not chunks:
        return [_made(b"id3 ", new)], []
    part = chunks[0]
    return [], [Edit(part.start, part.end, _made(part.name.encode(), new) if new else b"")]


def _growth(edits: Sequence[Edit]) -> int:
    return sum(len(edit.content) - (edit.end - edit.start) for edit in edits)


def _lists(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        if part.name == "LIST" and part.length >= _LIST and read_exactly(stream, part.start + _HEAD, 4) == b"INFO":
            yield part


def _texts(stream: BinaryIO, part: Part, *, strict: bool = False) -> Iterator[_InfoText]:
    """Yield the texts of an INFO list.

    Raises:
        ContainerError: the list is not made of texts; TagError where it is to be changed.
    """
    end = _chunk_end(stream, part)
    if end - part.start > MAX_CARRIER:
        raise ContainerError(f"the INFO list is larger than {MAX_CARRIER:,} bytes")
    data, at = read_exactly(stream, part.start, end - part.start), _LIST
    for _ in range(_MAX_TEXTS):
        if at + _HEAD > len(data):
            if strict and data[at:].strip(b"\x00"):
                raise TagError("the INFO list has bytes at its end that are no text")
            return
        length = int.from_bytes(data[at + 4 : at + _HEAD], "little")
        last = at + _HEAD + length
        if last > len(data):
            raise TagError("a text ends after its INFO list")
        padded = min(last + length % 2, len(data))
        name = data[at : at + 4].decode("latin-1")
        yield _InfoText(name, part.start + at, part.start + padded, data[at + _HEAD : last])
        at = padded
    raise TagError(f"more than {_MAX_TEXTS:,} texts in an INFO list")


def _decoded(data: bytes) -> str:
    """Return a text: UTF-8 as most programs write, else ISO 8859-1, which the specification does not rule out."""
    data = data.partition(b"\x00")[0]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _info_name(name: str) -> str:
    kind, _, short = name.partition(":")
    if kind != "INFO" or not _NAME.fullmatch(short):
        raise TagError(f"{printable(name, 40)}: WAV has no such field")
    return short


def _made(kind: bytes, content: bytes) -> bytes:
    return kind + _number(len(content)) + content + b"\x00" * (len(content) % 2)


def _number(size: int) -> bytes:
    if size > _MAX_SIZE:
        raise TagError("a WAV of more than 4 GiB would come of it")
    return size.to_bytes(4, "little")


def _chunk_end(stream: BinaryIO, part: Part) -> int:
    """Return where a chunk ends without its padding byte."""
    return part.start + _HEAD + int.from_bytes(read_exactly(stream, part.start + 4, 4), "little")


def _chunk(stream: BinaryIO, part: Part) -> bytes:
    if part.length > MAX_CARRIER:
        raise TagError(f"the {printable(part.name)} chunk is larger than {MAX_CARRIER:,} bytes")
    return read_exactly(stream, part.start + _HEAD, _chunk_end(stream, part) - part.start - _HEAD)


def _inside(stream: BinaryIO, part: Part) -> Stretch:
    return Stretch(part.start + _HEAD, _chunk_end(stream, part))
