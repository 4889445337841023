"""Small movies and pictures in boxes (ISO 14496-12) made by hand, whose tables may lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from boxes import box

Offsets = list[list[int]]
FILE = b"\x00\x00\x00\x01"  # version and flags of a data reference: this very file
SELF = box(b"url ", FILE)
MOVIE, QUICKTIME, PICTURE = (
    b"isom\x00\x00\x02\x00isommp41",
    b"qt  \x00\x00\x02\x00qt  ",
    b"heic\x00\x00\x00\x00mif1heic",
)


def number(value: int, width: int = 4) -> bytes:
    return value.to_bytes(width, "big")


def full(kind: bytes, body: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, bytes([version]) + number(flags, 3) + body)


class Tables(NamedTuple):
    """What may be said of a track in other ways than the usual."""

    wide: bool = False  #: offsets of 64 bits
    same: int = 0  #: one size for all samples
    compact: bool = False
    sound: bytes = b"mp4a"
    references: bytes = SELF
    reference: int = 1  #: which of them the samples have
    more: bytes = b""  #: another box among the tables


def track(chunks: Sequence[Sequence[int]], offsets: Sequence[int], id_: int, tables: Tables) -> bytes:
    """Return a track of chunks, each a list of sizes of samples."""
    sizes = [size for chunk in chunks for size in chunk]
    width = 8 if tables.wide else 4
    if tables.same:
        stsz = full(b"stsz", number(tables.same) + number(sum(sizes) // max(1, sizes[0]) if sizes else 0))
    elif tables.compact:
        stsz = full(b"stz2", bytes(3) + b"\x08" + number(len(sizes)) + bytes(sizes))
    else:
        stsz = full(b"stsz", bytes(4) + number(len(sizes)) + b"".join(map(number, sizes)))
    runs = [number(place) + number(len(chunk)) + number(1) for place, chunk in enumerate(chunks, 1)]
    entry = box(
        tables.sound, bytes(6) + number(tables.reference, 2) + bytes(8) + number(2, 2) + number(16, 2) + bytes(8)
    )
    stbl = box(
        b"stbl",
        full(b"stsd", number(1) + entry)
        + full(b"stts", number(1) + number(len(sizes)) + number(1))
        + full(b"stsc", number(len(runs)) + b"".join(runs))
        + stsz
        + full(
            b"co64" if tables.wide else b"stco", number(len(offsets)) + b"".join(number(at, width) for at in offsets)
        )
        + tables.more,
    )
    count = sum(1 for entry in _entries(tables.references))
    dinf = box(b"dinf", full(b"dref", number(count) + tables.references))
    minf = box(b"minf", full(b"smhd", bytes(4)) + dinf + stbl)
    mdia = box(b"mdia", full(b"mdhd", bytes(20)) + full(b"hdlr", bytes(4) + b"soun" + bytes(13)) + minf)
    return box(b"trak", full(b"tkhd", bytes(8) + number(id_) + bytes(68), flags=7) + mdia)


def _entries(raw: bytes) -> list[bytes]:
    found = []
    while raw:
        length = int.from_bytes(raw[:4], "big")
        found.append(raw[:length])
        raw = raw[length:]
    return found


def media(chunk: Sequence[int], seed: int) -> bytes:
    return bytes((seed * 37 + at * 11) % 251 for at in range(sum(chunk)))


def movie(
    tracks: Sequence[Sequence[Sequence[int]]],
    *,
    say: Callable[[Offsets], Offsets] = lambda offsets: offsets,
    tables: Tables = Tables(),  # noqa: B008 - frozen
    brand: bytes = MOVIE,
    between: bytes = b"",
    behind: bytes = b"",
    free: bytes = b"",
    more: bytes = b"",
) -> bytes:
    """Return a movie whose chunks lie in turns, one of each track.

    Args:
        tracks: chunks, each a list of sizes of samples.
        say: makes of the true offsets those that the tables hold.
        tables: how.
        brand: what the type of the file says.
        between: bytes of ``mdat`` behind each chunk that belong to none.
        behind: boxes at the end.
        free: boxes between movie and media.
        more: boxes in the movie.
    """
    front = box(b"ftyp", brand)
    turns = sorted((place, index) for index, chunks in enumerate(tracks) for place in range(len(chunks)))

    def headed(offsets: Offsets) -> bytes:
        traks = [
            track(chunks, at, index + 1, tables) for index, (chunks, at) in enumerate(zip(tracks, offsets, strict=True))
        ]
        return front + box(b"moov", full(b"mvhd", bytes(96)) + b"".join(traks) + more) + free

    body, true = b"", [[0] * len(chunks) for chunks in tracks]
    start = len(headed(true)) + 8
    for place, index in turns:
        true[index][place] = start + len(body)
        body += media(tracks[index][place], 10 * index + place) + between
    return headed(say(true)) + box(b"mdat", body) + behind


# --- fragments -------------------------------------------------------------------------------------


class Run(NamedTuple):
    """How a fragment says where its samples lie."""

    base: bool = False  #: from the beginning of the file
    from_moof: bool = True
    offset: bool = True  #: the run says where it begins
    default: bool = False  #: all samples have one size
    shift: int = 0  #: bytes by which that is wrong


USUAL = Run()


def fragmented(
    runs: Sequence[Sequence[int]], how: Run = USUAL, *, index: Callable[[list[int]], list[int]] | None = None
) -> bytes:
    """Return a movie in fragments of one track; ``index`` makes the places in ``mfra`` of the true ones."""
    trex = box(b"mvex", full(b"trex", number(1) + number(1) + number(1) + number(runs[0][0]) + bytes(4)))
    whole = movie([[]], more=trex)[:-8]
    moofs = []
    for place, sizes in enumerate(runs):
        moofs.append(len(whole))
        length = len(_moof(sizes, how, 0, 0))
        whole += _moof(sizes, how, len(whole), length + 8) + box(b"mdat", media(sizes, place))
    if index is not None:
        entries = b"".join(number(place) + number(at) + b"\x01\x01\x01" for place, at in enumerate(index(moofs)))
        tfra = full(b"tfra", number(1) + number(0) + number(len(moofs)) + entries)
        whole += box(b"mfra", tfra + full(b"mfro", number(len(tfra) + 24)))
    return whole


def _moof(sizes: Sequence[int], how: Run, at: int, offset: int) -> bytes:
    base = number(at, 8) if how.base else b""
    tfhd = full(b"tfhd", number(1) + base, flags=(1 if how.base else 0) | (0x20000 if how.from_moof else 0))
    flags = (1 if how.offset else 0) | (0 if how.default else 0x200)
    said = (offset + how.shift).to_bytes(4, "big", signed=True) if how.offset else b""
    trun = full(
        b"trun", number(len(sizes)) + said + (b"" if how.default else b"".join(map(number, sizes))), flags=flags
    )
    return box(b"moof", full(b"mfhd", number(1)) + box(b"traf", tfhd + trun))


# --- items -----------------------------------------------------------------------------------------


class Item(NamedTuple):
    """Where an item lies: method, and extents from the beginning of the media or of ``idat``."""

    id: int
    extents: Sequence[tuple[int, int]]
    method: int = 0
    reference: int = 0
    kind: bytes = b"hvc1"


def picture(
    items: Sequence[Item], size: int, *, tiles: Sequence[int] = (), idat: bytes = b"", behind: bytes = b""
) -> bytes:
    """Return a picture of items; item 1 is shown, and made of ``tiles`` where there are some."""

    def headed(start: int) -> bytes:
        known = {item.id: item for item in items}.values()
        infes = [full(b"infe", number(item.id, 2) + bytes(2) + item.kind + b"\0", 2) for item in known]
        entries = b"".join(
            number(item.id, 2) + number(item.method, 2) + number(item.reference, 2) + number(len(item.extents), 2)
            + b"".join(number(at + (0 if item.method else start)) + number(length) for at, length in item.extents)
            for item in items
        )  # fmt: skip
        dimg = box(b"dimg", number(1, 2) + number(len(tiles), 2) + b"".join(number(tile, 2) for tile in tiles))
        inner = (
            full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + full(b"pitm", number(1, 2))
            + full(b"iinf", number(len(infes), 2) + b"".join(infes))
            + full(b"iloc", b"\x44\x00" + number(len(items), 2) + entries, 1)
            + (full(b"iref", dimg) if tiles else b"")
            + (box(b"idat", idat) if idat else b"")
        )
        return box(b"ftyp", PICTURE) + full(b"meta", inner)

    return headed(len(headed(0)) + 8) + box(b"mdat", media([size], 3)) + behind
