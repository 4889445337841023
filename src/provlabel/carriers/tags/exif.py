"""EXIF (CIPA DC-008) and the first directory of TIFF: the few tags in which programs write about AI.

They are read, and a text can be taken out: its bytes become zeros, and nothing else moves or changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO, Literal, NamedTuple

from provlabel.carriers.tags._base import MAX_CARRIER, MAX_VALUE, TagError
from provlabel.evidence import Carrier
from provlabel.media.containers import read_exactly
from provlabel.media.containers.edits import Edit
from provlabel.media.sniffing import ReadAt

_FIRST = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0x013B: "Artist"}
_POINTER, _COMMENT = 0x8769, 0x9286  # to the EXIF directory, and what stands there
_WIDTHS = {1: 1, 2: 1, 7: 1}  # BYTE, ASCII, UNDEFINED: types that can hold text
_MAX_ENTRIES = 1_000
_MAX_TEXTS = 20  # that are taken out; honest files have one of each name
_MARK = b"Exif\0\0"  # in front of the data in JPEG
_HEAD = 8  # bytes of the header of TIFF
_ENTRY = 12  # bytes of one entry of a directory
_CODE = 8  # bytes of the character code in front of a comment (CIPA DC-008 §4.6.5)


class _IfdEntry(NamedTuple):
    tag: int
    kind: int
    length: int  #: in bytes, where it is text
    value: bytes  #: as it stands in the entry: the value itself or its offset
    at: int = 0  #: where the entry stands


class _IfdReader(NamedTuple):
    read_at: ReadAt
    order: Literal["little", "big"]

    def number(self, raw: bytes) -> int:
        return int.from_bytes(raw, self.order)

    def entries(self, offset: int) -> Iterator[_IfdEntry]:
        """Yield the entries of the directory at ``offset``, as far as there are any."""
        count = self.number(self.read_at(offset, 2))
        raw = self.read_at(offset + 2, _ENTRY * min(count, _MAX_ENTRIES))
        for at in range(0, len(raw) - _ENTRY + 1, _ENTRY):
            entry = raw[at : at + _ENTRY]
            yield _IfdEntry(
                self.number(entry[:2]), self.number(entry[2:4]), self.number(entry[4:8]), entry[8:], offset + 2 + at
            )

    def text(self, entry: _IfdEntry) -> bytes | None:
        """Return the bytes of a value; ``None`` when it is no text or not there."""
        if entry.kind not in _WIDTHS:
            return None
        if entry.length <= 4:
            return entry.value[: entry.length]
        raw = self.read_at(self.number(entry.value), min(entry.length, 4 * MAX_VALUE))
        return raw if len(raw) == min(entry.length, 4 * MAX_VALUE) else None


def carrier(place: str, raw: bytes) -> Carrier:
    """Return what EXIF data says; ``raw`` begins with the header of TIFF."""
    return carrier_of(place, lambda offset, length: raw[offset : offset + length])


def carrier_at(stream: BinaryIO, place: str, at: int, length: int) -> Carrier:
    """Return what the EXIF data of ``length`` bytes at byte ``at`` says; some programs leave the mark of JPEG in."""
    if length > MAX_CARRIER:
        return Carrier("exif", place, faults=(f"EXIF takes {length:,} bytes and was not read",))
    return carrier(place, read_exactly(stream, at, length).removeprefix(_MARK))


def carrier_of(place: str, read_at: ReadAt) -> Carrier:
    """Return what the EXIF data behind ``read_at`` says; it returns fewer bytes at the end, and never raises."""
    head = read_at(0, 8)
    if head[:4] not in (b"II*\0", b"MM\0*") or len(head) < 8:
        return Carrier("exif", place, faults=("EXIF does not begin as it must",))
    reader = _IfdReader(read_at, "little" if head.startswith(b"II") else "big")
    fields: dict[str, tuple[str, ...]] = {}
    faults: list[str] = []
    for name, found in _values(reader, reader.number(head[4:])):
        if found is None:
            faults.append(f"the value of {name} cannot be read")
            continue
        if len(found) > MAX_VALUE:
            faults.append(f"{name} is too long and was cut")
        if found:
            fields[name] = (found[:MAX_VALUE],)
    return Carrier("exif", place, fields, tuple(faults))


def _values(reader: _IfdReader, offset: int) -> Iterator[tuple[str, str | None]]:
    """Yield each text with its name; of several tags of one number the first counts."""
    first = {entry.tag: entry for entry in reversed(list(reader.entries(offset)))}
    for tag, name in _FIRST.items():
        if tag in first:
            raw = reader.text(first[tag])
            yield name, None if raw is None else _decoded(raw.partition(b"\0")[0])
    if _POINTER in first:
        below = reader.entries(reader.number(first[_POINTER].value))
        if comment := next((entry for entry in below if entry.tag == _COMMENT), None):
            raw = reader.text(comment)
            yield "UserComment", None if raw is None else _comment(raw, reader.order)


# --- taking texts out ------------------------------------------------------------------------------

# Bytes of one value of each type (TIFF 6.0, "Types").
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


def emptied(stream: BinaryIO, at: int, length: int, names: Collection[str]) -> list[Edit]:
    """Return the edits that empty the texts of these names in the EXIF data of ``length`` bytes at byte ``at``.

    Raises:
        TagError: a text shares its bytes with something else, or does not lie in the data.
    """
    raw = read_exactly(stream, at, length)
    front = len(_MARK) if raw.startswith(_MARK) else 0
    raw = raw[front:]
    found = texts_at(lambda offset, size: raw[offset : offset + size], names)
    return [Edit(at + front + start, at + front + end, bytes(end - start)) for start, end in found]


def texts_at(read_at: ReadAt, names: Collection[str]) -> list[tuple[int, int]]:
    """Return where the texts of these names begin and end, in EXIF data as :func:`carrier_of` reads it.

    Raises:
        TagError: as :func:`emptied`.
    """
    reader = _IfdReader(read_at, "little" if read_at(0, 2) == b"II" else "big")
    texts, others = set[tuple[int, int]](), [(0, _HEAD)]
    for tags, offset in _directories(reader):
        entries = tuple(reader.entries(offset))
        others += [(offset, offset + 2), (offset + 2 + _ENTRY * len(entries),) * 2]
        for entry in entries:
            where = _extent(reader, entry)
            (texts.add if tags.get(entry.tag) in names else others.append)(where)
            others.append((entry.at, entry.at + _ENTRY - 4))
            if where[0] != entry.at + _ENTRY - 4:  # its offset stands there
                others.append((entry.at + _ENTRY - 4, entry.at + _ENTRY))
    if len(texts) > _MAX_TEXTS:
        raise TagError(f"more than {_MAX_TEXTS} texts in EXIF")
    for start, end in texts:
        if len(read_at(start, end - start)) != end - start:
            raise TagError("a text in EXIF does not lie in it")
        if any(start < high and low < end for low, high in (*others, *(texts - {(start, end)}))):
            raise TagError("a text in EXIF shares its bytes with something else")
    return sorted(texts)


def _directories(reader: _IfdReader) -> Iterator[tuple[dict[int, str], int]]:
    """Yield the directories in which texts stand, each with the names of its tags."""
    first = reader.number(reader.read_at(4, 4))
    yield _FIRST, first
    below = {reader.number(entry.value) for entry in reader.entries(first) if entry.tag == _POINTER}
    if len(below) > 1:
        raise TagError("more than one directory of EXIF")
    yield from (({_COMMENT: "UserComment"}, offset) for offset in below)


def _extent(reader: _IfdReader, entry: _IfdEntry) -> tuple[int, int]:
    size = entry.length * _SIZES.get(entry.kind, 1)
    start = entry.at + 8 if size <= 4 else reader.number(entry.value)
    return start, start + size


# --- what texts say --------------------------------------------------------------------------------


def _decoded(raw: bytes) -> str:
    """UTF-8 where it is; many programs write other bytes than the ASCII of the standard."""
    try:
        return raw.decode()
    except UnicodeError:
        return raw.decode("latin-1")


def _comment(raw: bytes, order: Literal["little", "big"]) -> str | None:
    """Decode a comment by the character code in front of it; without one that is known, all is text."""
    code, text = raw[:_CODE].rstrip(b"\0 "), raw[_CODE:]
    if code == b"UNICODE":
        return text.decode(_utf16(text, order), "replace").rstrip("\0")
    if code == b"JIS":
        return text.decode("iso2022_jp", "replace").rstrip("\0")
    return _decoded((text if code in (b"ASCII", b"") else raw).rstrip(b"\0"))


def _utf16(text: bytes, order: Literal["little", "big"]) -> str:
    """Guess the byte order by where the zeros of plain letters stand: programs do not agree on it."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    big, little = text[::2].count(0), text[1::2].count(0)
    if big != little:
        return "utf-16-be" if big > little else "utf-16-le"
    return "utf-16-le" if order == "little" else "utf-16-be"
