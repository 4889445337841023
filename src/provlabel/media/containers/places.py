"""Where the samples of tracks and the bytes of items lie in an ISO base media file (ISO 14496-12 §8.7, §8.8, §8.11).

Hashes of C2PA 1 leave the tables out that say so.  Whoever changes these plays other bytes of the file, under a hash
that fits.  So every place must lie in what is hashed, in order, and none twice.
"""

from __future__ import annotations

import array
import heapq
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.media.containers import items
from provlabel.media.containers._base import ContainerError, Part, read_exactly
from provlabel.media.containers.boxes import Box, box_at, entered, inside

#: Bytes of all tables in one file that are read: a film of ten hours has some 20 MB.
MAX_TABLES = 64 << 20
_TABLE = 8  # version, flags and count
_MEDIA = frozenset({"mdat", "imda"})


class TooManyPlaces(ContainerError):
    """The tables are larger than those of any honest file, and were not read."""


class Misplaced(ContainerError):
    """Something that is played or shown does not lie where it may; the message says what."""


class Placed(NamedTuple):
    """What a file whose places are all right leaves open."""

    unused: int  #: bytes among the media that nothing refers to
    owners: int  #: tracks and items that share the media: which bytes are whose, the tables alone say


def check(stream: BinaryIO, parts: Sequence[Part]) -> Placed:
    """Hold all places against the media of the file.

    Raises:
        Misplaced: one lies elsewhere, out of order, or over another; or a table is not understood.
        TooManyPlaces: there are more than are read.
    """
    tables = _Tables(stream)
    media = [(items.body(stream, part)[0], part.end) for part in parts if part.name in _MEDIA]
    try:
        tracks, shown = list(_tracks(tables, parts)), list(_shown(tables, parts))
    except (TooManyPlaces, Misplaced):
        raise
    except ContainerError as exc:
        raise Misplaced(str(exc)) from exc
    owned = [place for one in shown for place in one.places]
    media = sorted([*media, *(stretch for one in shown for stretch in one.media)])
    # The still picture of a sequence may be its first frame: a track and an item may share bytes, two of a kind not.
    for owners in (tracks, owned):
        _require_within(owners, media)
    unused = sum(end - start for start, end in media) - _covered([*tracks, *owned])
    return Placed(unused, sum(map(bool, tracks)) + sum(map(bool, owned)))


def of(stream: BinaryIO, parts: Sequence[Part], most: int) -> list[tuple[int, int]]:
    """Return where all samples and items lie, each from its first byte up to its end.

    Raises:
        ContainerError: the tables are larger than ``most`` bytes, or not understood.
    """
    tables = _Tables(stream, most)
    shown = [place for one in _shown(tables, parts) for place in one.places]
    return [place for owner in (*_tracks(tables, parts), *shown) for place in owner]


def _require_within(owners: Sequence[Sequence[tuple[int, int]]], media: Sequence[tuple[int, int]]) -> None:
    whole, done = iter(media), 0
    start, end = next(whole, (0, 0))
    for first, last in heapq.merge(*owners):
        if first < done:
            raise Misplaced(f"two parts of the media overlap at byte {first}")
        while last > end and (after := next(whole, None)) is not None:
            start, end = after
        if first < start or last > end:
            raise Misplaced(f"what is played or shown lies at byte {first}, outside of the media")
        done = last


def _covered(owners: Sequence[Sequence[tuple[int, int]]]) -> int:
    """Return how many bytes all places take together."""
    done = taken = 0
    for first, last in heapq.merge(*owners):
        taken += max(0, last - max(first, done))
        done = max(done, last)
    return taken


class _Tables:
    """Reads tables, and counts their bytes."""

    def __init__(self, stream: BinaryIO, most: int = 0) -> None:
        self.stream = stream
        self._most = self._left = most or MAX_TABLES

    def raw(self, box: Box) -> bytes:
        self._left -= box.end - box.body
        if self._left < 0:
            raise TooManyPlaces(f"more than {self._most:,} bytes of tables that say where its media lie")
        return read_exactly(self.stream, box.body, box.end - box.body)

    def one(self, outer: Box, *kinds: bytes) -> Box:
        """Return the one box of these kinds; readers differ in which of two they take."""
        found = inside(self.stream, outer, *kinds)
        if len(found) != 1:
            raise Misplaced(f"a box holds {len(found)} of {b' or '.join(kinds).decode()}, where there must be one")
        return found[0]


def _numbers(raw: bytes, code: str) -> array.array[int]:
    numbers = array.array(code)
    numbers.frombytes(raw[: len(raw) // numbers.itemsize * numbers.itemsize])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _entries(raw: bytes, code: str, each: int = 1) -> array.array[int]:
    """Return the numbers of a table behind its count, ``each`` of them an entry."""
    count = int.from_bytes(raw[4:_TABLE], "big") * each
    found = _numbers(raw[_TABLE : _TABLE + count * array.array(code).itemsize], code)
    if len(found) != count:
        raise Misplaced("a table ends before its last entry")
    return found


# --- tracks ----------------------------------------------------------------------------------------


class _Track(NamedTuple):
    """What fragments must know of a track."""

    number: int
    size: int  #: of a sample, by default
    places: list[tuple[int, int]]


def _tracks(tables: _Tables, parts: Sequence[Part]) -> Iterator[list[tuple[int, int]]]:
    """Yield the places of each track, in the order in which they are played."""
    tracks: dict[int, _Track] = {}
    for moov in (box_at(tables.stream, part.start) for part in parts if part.name == "moov"):
        if inside(tables.stream, moov, b"cmov"):
            raise Misplaced("its movie box is compressed, and the places in it are not followed")
        defaults = dict(_defaults(tables, moov))
        for trak in inside(tables.stream, moov, b"trak"):
            number = _number_of(tables, trak)
            if number in tracks:
                raise Misplaced(f"two tracks have the number {number}")
            places = _chunks(tables, trak)
            tracks[number] = _Track(number, defaults.get(number, 0), _in_order(places))
    for part in parts:
        if part.name == "moof":
            _fragment(tables, part, tracks)
    yield from (track.places for track in tracks.values())


def _in_order(places: Iterable[tuple[int, int]], done: int = 0) -> list[tuple[int, int]]:
    kept = []
    for start, end in places:
        if start < done:
            raise Misplaced(f"the media of a track are not in order at byte {start}")
        if end > start:
            kept.append((start, end))
            done = end
    return kept


def _number_of(tables: _Tables, trak: Box) -> int:
    raw = tables.raw(tables.one(trak, b"tkhd"))
    at = 20 if raw[:1] == b"\x01" else 12
    return int.from_bytes(raw[at : at + 4], "big")


def _chunks(tables: _Tables, trak: Box) -> Iterator[tuple[int, int]]:
    """Yield where the chunks of a track lie."""
    stbl = tables.one(tables.one(tables.one(trak, b"mdia"), b"minf"), b"stbl")
    sizes = _Sizes(tables, trak, stbl)
    offsets_at = tables.one(stbl, b"stco", b"co64")
    offsets = _entries(tables.raw(offsets_at), "Q" if offsets_at.kind == b"co64" else "I")
    runs = _entries(tables.raw(tables.one(stbl, b"stsc")), "I", 3)
    firsts, counts = runs[0::3], runs[1::3]
    if len(firsts) and (firsts[0] != 1 or any(one >= two for one, two in itertools.pairwise(firsts))):
        raise Misplaced("a table of chunks is not in order")
    sample = 0
    ends = [*firsts[1:], len(offsets) + 1][: len(firsts)]
    for first, count, end in zip(firsts, counts, ends, strict=True):
        for offset in offsets[first - 1 : end - 1]:
            if sample >= sizes.count:
                return
            number = min(count, sizes.count - sample)
            yield offset, offset + sizes.of(sample, number)
            sample += number
            if not number:
                raise Misplaced("a chunk of a track holds no sample")
    if sample < sizes.count:
        raise Misplaced("a track has more samples than its chunks hold")


class _Sizes:
    """How large the samples of a track are (``stsz``, ``stz2``)."""

    def __init__(self, tables: _Tables, trak: Box, stbl: Box) -> None:
        box = tables.one(stbl, b"stsz", b"stz2")
        raw = tables.raw(box)
        self.count = int.from_bytes(raw[8:12], "big")
        self._each = int.from_bytes(raw[4:8], "big") if box.kind == b"stsz" else 0
        self._frame = (1, self._each)
        if self._each:
            self._all: Sequence[int] = ()
            if self._each == 1:
                self._frame = _sound_frame(tables, trak, stbl)
            return
        self._all = (
            _compact(raw[12:], int.from_bytes(raw[7:8], "big"), self.count)
            if box.kind == b"stz2"
            else _numbers(raw[12:], "I")
        )
        if len(self._all) < self.count:
            raise Misplaced("a table of sample sizes ends before its last entry")

    def of(self, first: int, count: int) -> int:
        """Return the bytes of ``count`` samples."""
        if not self._each:
            return sum(self._all[first : first + count])
        samples, size = self._frame
        return -(-count // samples) * size


def _compact(raw: bytes, bits: int, count: int) -> Sequence[int]:
    if bits == 4:
        return [half for byte in raw[: (count + 1) // 2] for half in (byte >> 4, byte & 15)]
    if bits not in (8, 16):
        raise Misplaced("a table of sample sizes of an unknown kind")
    return raw if bits == 8 else _numbers(raw, "H")


#: Bytes of a sample of sound by its kind, where QuickTime writes a size of 1 (QuickTime file format, "Sound media").
_PCM = {b"sowt": 2, b"twos": 2, b"in24": 3, b"in32": 4, b"fl32": 4, b"fl64": 8, b"ulaw": 1, b"alaw": 1}
#: Samples in a packet, and bytes of it in each channel.
_PACKED = {b"ima4": (64, 34), b"MAC3": (6, 2), b"MAC6": (6, 1)}


def _sound_frame(tables: _Tables, trak: Box, stbl: Box) -> tuple[int, int]:
    """Return of how many samples, and how many bytes, a frame of sound is whose samples have the size 1."""
    is_sound = tables.raw(tables.one(tables.one(trak, b"mdia"), b"hdlr"))[8:12] == b"soun"
    entry = tables.raw(tables.one(stbl, b"stsd"))[_TABLE:]
    if not is_sound or len(entry) < 36:
        return 1, 1
    kind, version = entry[4:8], int.from_bytes(entry[16:18], "big")
    channels, bits = int.from_bytes(entry[24:26], "big"), int.from_bytes(entry[26:28], "big")
    if version == 1 and len(entry) >= 52 and (samples := int.from_bytes(entry[36:40], "big")):
        return samples, int.from_bytes(entry[44:48], "big")
    if version == 2 and len(entry) >= 72:
        return max(1, int.from_bytes(entry[68:72], "big")), int.from_bytes(entry[64:68], "big")
    if kind in _PACKED:
        return _PACKED[kind][0], _PACKED[kind][1] * channels
    wide = _PCM.get(kind, bits // 8)
    return 1, max(1, wide if bits > 8 or kind in (b"ulaw", b"alaw") else 1) * max(1, channels)


# --- fragments -------------------------------------------------------------------------------------

_BASE, _DESCRIPTION, _DURATION, _SIZE, _BASE_IS_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000
_DATA_OFFSET, _FIRST_FLAGS, _PER_SAMPLE, _SAMPLE_SIZE = 0x1, 0x4, (0x100, 0x200, 0x400, 0x800), 0x200


def _defaults(tables: _Tables, moov: Box) -> Iterator[tuple[int, int]]:
    """Yield track and size of a sample where a fragment does not say it (``trex``)."""
    for mvex in inside(tables.stream, moov, b"mvex"):
        for trex in inside(tables.stream, mvex, b"trex"):
            raw = tables.raw(trex)
            yield int.from_bytes(raw[4:8], "big"), int.from_bytes(raw[16:20], "big")


def _fragment(tables: _Tables, part: Part, tracks: dict[int, _Track]) -> None:
    """Add the runs of a fragment to the places of its tracks."""
    moof = box_at(tables.stream, part.start)
    done = moof.start  # where the data of the track before end
    for traf in inside(tables.stream, moof, b"traf"):
        raw = tables.raw(tables.one(traf, b"tfhd"))
        flags = int.from_bytes(raw[1:4], "big")
        track = tracks.get(int.from_bytes(raw[4:8], "big"))
        if track is None:
            raise Misplaced("a fragment is of a track that the file does not have")
        base = int.from_bytes(raw[8:16], "big") if flags & _BASE else moof.start if flags & _BASE_IS_MOOF else done
        at = 8 + sum(width for flag, width in ((_BASE, 8), (_DESCRIPTION, 4), (_DURATION, 4)) if flags & flag)
        size = int.from_bytes(raw[at : at + 4], "big") if flags & _SIZE else track.size
        done = base
        for trun in inside(tables.stream, traf, b"trun"):
            start, length = _run(tables.raw(trun), size, base, done)
            last = track.places[-1][1] if track.places else 0
            track.places.extend(_in_order([(start, start + length)], last))
            done = start + length


def _run(raw: bytes, default: int, base: int, done: int) -> tuple[int, int]:
    """Return where a run of samples begins, and its bytes."""
    flags, count = int.from_bytes(raw[1:4], "big"), int.from_bytes(raw[4:8], "big")
    at, start = 8, done
    if flags & _DATA_OFFSET:
        start = base + int.from_bytes(raw[8:12], "big", signed=True)
        at += 4
    at += 4 if flags & _FIRST_FLAGS else 0
    if start < 0:
        raise Misplaced("a run of samples begins before the file")
    if not flags & _SAMPLE_SIZE:
        return start, count * default
    width = sum(1 for flag in _PER_SAMPLE if flags & flag)
    found = _numbers(raw[at : at + 4 * width * count], "I")
    if len(found) != width * count:
        raise Misplaced("a run of samples ends before its last entry")
    return start, sum(found[1 if flags & _PER_SAMPLE[0] else 0 :: width])


# --- items -----------------------------------------------------------------------------------------

#: Items that are made of others, and need no bytes of their own.
_DERIVED = frozenset({b"iden", b"grid", b"iovl", b"tmap"})


def _shown(tables: _Tables, parts: Sequence[Part]) -> Iterator[_Items]:
    """Yield what lies where for each box of items."""
    for meta in items.metas(parts):
        outer = box_at(tables.stream, meta.start)
        inner = inside(tables.stream, entered(tables.stream, outer))
        found = {box.kind: items.MetaBox(box.kind, box.body, box.end - box.body) for box in inner}
        if b"iloc" in found:
            if len(found) != len(inner):
                raise Misplaced("a box of items holds two of a kind")
            yield _items(tables.stream, found)


class _Items(NamedTuple):
    """The items of one box, and the media that lie in the box itself."""

    places: list[list[tuple[int, int]]]
    media: list[tuple[int, int]]


def _items(stream: BinaryIO, found: dict[bytes, items.MetaBox]) -> _Items:
    idat = found.get(b"idat")
    media = [(idat.at, idat.at + idat.length)] if idat else []
    by_number: dict[int, list[tuple[int, int]]] = {}
    for number, item in items.entries(items.table(stream, found, b"iloc")):
        if number in by_number:
            raise Misplaced(f"item {number} lies in two places")
        by_number[number] = _in_order(_extents(item, idat))
    kinds = items.infos(items.table(stream, found, b"iinf")) if b"iinf" in found else ()
    for number, kind, _ in kinds:
        if kind not in _DERIVED and not by_number.get(number):
            raise Misplaced(f"item {number} lies nowhere")
    for tiles in items.derived_from(items.table(stream, found, b"iref")) if b"iref" in found else ():
        _in_order(by_number[tile][0] for tile in tiles if by_number.get(tile))
    return _Items(list(by_number.values()), media)


def _extents(item: items.ItemExtent, idat: items.MetaBox | None) -> Iterator[tuple[int, int]]:
    """Yield where an item lies in the file; a length of 0 goes on to the end."""
    if item.method not in (0, 1) or (item.method == 1 and idat is None):
        raise Misplaced("an item lies in another one, or is there by a reference, which is not followed")
    front, end = (idat.at, idat.at + idat.length) if item.method and idat else (0, sys.maxsize)
    for start, length in item.extents:
        last = front + start + length if length else end
        if last > end:
            raise Misplaced("an item lies outside of the box for items")
        yield front + start, last
