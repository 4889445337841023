"""TIFF 6.0, BigTIFF and DNG: directories of tags; C2PA lies in tag 52545 (C2PA 2.4 §A.3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Literal, NamedTuple

from provlabel.media.containers._base import (
    MAX_PARTS,
    PIECE,
    UNKNOWN,
    ContainerError,
    Part,
    PartRole,
    read_exactly,
    with_gaps,
)
from provlabel.media.containers.edits import Edit
from provlabel.media.containers.pointers import Pointers

MAX_DIRECTORIES = 1_000  # of one file
MAX_TAGS = 10_000  # of one directory; cameras write a hundred
_C2PA = 52545
# How the description of a manifest store begins, behind the two sizes and ``jumb``.
_STORE = b"jumd" + bytes.fromhex("6332706100110010800000aa00389b71")
_STORE_HEAD = 12 + len(_STORE)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
# Text, XMP, IPTC, Photoshop, EXIF, GPS: what may be left out of a hash.
_METADATA = frozenset({269, 270, 271, 272, 285, 305, 306, 315, 316, 700, 33432, 33723, 34377, 34665, 34853})
_SUB = {330: "SubIFD", 34665: "EXIF", 34853: "GPS", 40965: "Interoperability"}
_TOLERATED = ("EXIF", "GPS", "Interoperability")  # cameras write these with offsets that lead nowhere
_DATA_NAME = "image data"
_DATA = ((273, 279), (324, 325))  # offsets and lengths of strips, of tiles


class _Kind(NamedTuple):
    """What the header says: byte order, and whether offsets have 8 bytes."""

    order: Literal["little", "big"]
    wide: bool

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, self.order)

    @property
    def entry(self) -> int:
        return 20 if self.wide else 12

    @property
    def value(self) -> int:
        """Bytes of the field that holds a value or its offset; it is the last of an entry."""
        return 8 if self.wide else 4


class _Entry(NamedTuple):
    """One tag of a directory and where its value lies, in the entry itself or elsewhere."""

    tag: int
    start: int
    width: int  #: bytes of one item, 0 for an unknown type
    length: int  #: bytes of the value
    at: int

    @property
    def inline(self) -> bool:
        return self.at - self.start in (8, 12)  # behind tag, type and count, of TIFF and of BigTIFF


class _Directory(NamedTuple):
    name: str
    start: int
    end: int
    entries: tuple[_Entry, ...]
    next: int


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield header, directories, values and image data; what nothing refers to comes as unknown media."""
    kind, _ = _header(stream)
    parts = [Part("header", 0, 16 if kind.wide else 8, "media")]
    for directory in _directories(stream, size):
        parts += _parts(stream, size, kind, directory)
        if len(parts) > MAX_PARTS:
            raise ContainerError("too many tags")
    yield from with_gaps(parts, size)


def obstacle(stream: BinaryIO, size: int) -> str:
    """Say why the engine must not embed: it puts the manifest of a second page into a page of its own."""
    pages = sum(directory.name.startswith("IFD") for directory in _directories(stream, size))
    return f"it has {pages} pages, and embedding would add one that cannot be shown" if pages > 1 else ""


def pointers(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Pointers]:
    """Yield where the image data lies: all that is added comes behind, so that nothing has to be moved."""
    for count, part in enumerate(part for part in parts if part.name == _DATA_NAME):
        yield Pointers(f"image data {count}", 0, 0, (part.start,))


def stores_left(stream: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Yield where manifest stores begin and end that stay in the file when a new one is embedded.

    The engine appends a new store and leaves the old one where it lies; so it did when that was new.
    """
    for part in walk(stream, size):
        if part.role == "manifest" and part.payload_length:
            yield part.payload_at, part.payload_at + part.payload_length
        elif part.name == UNKNOWN:
            yield from _stores_within(stream, part)


def _stores_within(stream: BinaryIO, part: Part) -> Iterator[tuple[int, int]]:
    """Find stores by the head that each has (C2PA 2.4 §11.1.4.1): size, ``jumb``, size, ``jumd``, UUID."""
    for start in range(part.start, part.end, PIECE):
        data = read_exactly(stream, start, min(PIECE + _STORE_HEAD, part.end - start))
        at = data.find(_STORE)
        while at >= 0:
            if at >= 12 and data[at - 8 : at - 4] == b"jumb":
                length = int.from_bytes(data[at - 12 : at - 8], "big")
                yield start + at - 12, min(start + at - 12 + length, part.end)
            at = data.find(_STORE, at + 1)


def take_out(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Return the edits that take the tag of a manifest out of its directory, which stays where it is, and all stores.

    Nothing moves: what is in the place of a store becomes zeros, and is cut off at the end of the file.
    """
    size, (kind, _) = max(part.end for part in parts), _header(stream)
    edits, stores = [], set(stores_left(stream, size))
    for directory in _directories(stream, size):
        kept = [entry for entry in directory.entries if entry.tag != _C2PA]
        if len(kept) < len(directory.entries):
            raw = [read_exactly(stream, entry.start, kind.entry) for entry in kept]
            front = len(kept).to_bytes(8 if kind.wide else 2, kind.order)
            whole = b"".join((front, *raw, directory.next.to_bytes(kind.value, kind.order)))
            edits.append(Edit(directory.start, directory.end, whole.ljust(directory.end - directory.start, b"\0")))
            others = (entry for entry in directory.entries if entry.tag == _C2PA and not entry.inline)
            stores.update((entry.at, entry.at + entry.length) for entry in others)
    return [*edits, *_erased(stores, size)]


def _erased(stretches: Iterable[tuple[int, int]], size: int) -> Iterator[Edit]:
    at = 0
    for start, stop in sorted(stretches):
        if stop > at:
            start, at = max(start, at), stop
            yield Edit(start, stop, b"" if stop == size else bytes(stop - start))


def _header(stream: BinaryIO) -> tuple[_Kind, int]:
    head = read_exactly(stream, 0, 8)
    kind = _Kind("little" if head.startswith(b"II") else "big", b"+" in head[:4])
    return kind, kind.number(read_exactly(stream, 8, 8) if kind.wide else head[4:])


def _directories(stream: BinaryIO, size: int) -> Iterator[_Directory]:
    """Yield the chain of directories and those below them; none is entered twice."""
    kind, first = _header(stream)
    queue, seen, pages = [("IFD0", first)], set[int](), 1
    while queue:
        name, offset = queue.pop(0)
        if offset in seen and not name.startswith("IFD"):
            continue
        if offset in seen:
            raise ContainerError(f"the directories of tags form a loop at byte {offset}")
        seen.add(offset)
        try:
            found = _directory(stream, size, kind, name, offset)
        except ContainerError:
            if name in _TOLERATED:
                continue
            raise
        yield found
        if name.startswith("IFD") and found.next:
            queue.append((f"IFD{pages}", found.next))
            pages += 1
        for entry in found.entries:
            if entry.tag in _SUB:
                queue += [(_SUB[entry.tag], at) for at in _numbers(stream, kind, entry)]
                if len(queue) + len(seen) > MAX_DIRECTORIES:
                    raise ContainerError("too many directories of tags")


def _directory(stream: BinaryIO, size: int, kind: _Kind, name: str, offset: int) -> _Directory:
    width = 8 if kind.wide else 2
    count = kind.number(read_exactly(stream, offset, width))
    if count > MAX_TAGS:
        raise ContainerError(f"{count} tags at byte {offset}")
    entries = offset + width
    end = entries + kind.entry * count
    raw = read_exactly(stream, entries, kind.entry * count + kind.value)
    found = tuple(
        _entry(raw[at : at + kind.entry], entries + at, kind, size, name)
        for at in range(0, kind.entry * count, kind.entry)
    )
    return _Directory(name, offset, end + kind.value, found, kind.number(raw[-kind.value :]))


def _entry(raw: bytes, start: int, kind: _Kind, size: int, name: str) -> _Entry:
    tag, width = kind.number(raw[:2]), _SIZES.get(kind.number(raw[2:4]), 0)
    length = width * kind.number(raw[4 : -kind.value])
    inline = start + kind.entry - kind.value
    at = inline if length <= kind.value else kind.number(raw[-kind.value :])
    if at + length > size:
        if name not in _TOLERATED:
            raise ContainerError(f"the value of tag {tag} at byte {start} lies outside the file")
        at, length = inline, 0
    return _Entry(tag, start, width, length, at)


def _numbers(stream: BinaryIO, kind: _Kind, entry: _Entry) -> list[int]:
    if not entry.width or entry.length > MAX_PARTS * entry.width:
        raise ContainerError(f"tag {entry.tag} at byte {entry.start} has no list of offsets")
    raw = read_exactly(stream, entry.at, entry.length)
    return [kind.number(raw[at : at + entry.width]) for at in range(0, len(raw), entry.width)]


def _parts(stream: BinaryIO, size: int, kind: _Kind, directory: _Directory) -> Iterator[Part]:
    first = directory.entries[0].start if directory.entries else directory.end - kind.value
    yield Part(directory.name, directory.start, first - directory.start, "media")
    yield Part(directory.name, directory.end - kind.value, kind.value, "media")
    for entry in directory.entries:
        name = f"{directory.name} tag {entry.tag}"
        role: PartRole = "metadata" if entry.tag in _METADATA or directory.name in _TOLERATED else "media"
        if entry.tag == _C2PA:
            role = "manifest"
            yield Part(name, entry.at, entry.length, role, entry.at, entry.length)
        elif not entry.inline:
            yield Part(f"value of {name}", entry.at, entry.length, role)
        yield Part(name, entry.start, kind.entry, role, entry.start if role == "manifest" else 0)
    by_tag = {entry.tag: entry for entry in directory.entries}
    for offsets, lengths in _DATA:
        if offsets in by_tag and lengths in by_tag:
            starts, sizes = (_numbers(stream, kind, by_tag[tag]) for tag in (offsets, lengths))
            yield from _image_data(starts, sizes, size)


def _image_data(starts: list[int], lengths: list[int], size: int) -> Iterator[Part]:
    for start, length in zip(starts, lengths, strict=False):
        if start + length > size:
            raise ContainerError(f"image data at byte {start} ends after the file")
        yield Part(_DATA_NAME, start, length, "media")
