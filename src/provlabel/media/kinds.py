"""What content plays as: picture, sound or video, by the tracks that it has and never by brand or ending.

A brand is covered by no hash, and whoever is to be judged writes it.  Where the tracks cannot be read to the end, all
kinds that it may be are told, so that a policy about any of them is about the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from provlabel.media.formats import PREFIX, id3v2_size, sniff
from provlabel.media.others import HEAD, IMAGE, PLAYS, Kinds, MediaKind, has_frames, other_kinds
from provlabel.media.sniffing import ReadAt

_NONE: Kinds = frozenset()
_MOST = 256  # boxes, elements or pages at one level
_READS = 4_000  # in one file; boxes in boxes in boxes could be without number


class _Unclear(Exception):
    """The tracks cannot be read to their end."""


def kinds_in(read_at: ReadAt, size: int) -> Kinds:
    """Return the kinds of media that the content of ``size`` bytes may be; none when it is no media that we know."""
    head = read_at(0, HEAD)
    fmt = sniff(read_at)
    if fmt is not None and fmt.name == "MP3" and not id3v2_size(head[:PREFIX]) and not has_frames(head, read_at, size):
        fmt = None  # two bytes say so little that any file may begin with them
    if fmt is not None and fmt.name in ("AVIF", "HEIC", "HEIF"):
        return IMAGE | (_NONE if _bare(read_at) else _tracks(_bmff, read_at))
    for begins, tracks in ((b"OggS\x00", _ogg), (b"\x1a\x45\xdf\xa3", _ebml)):
        if head.startswith(begins):
            return _tracks(tracks, read_at)
    if fmt is None or (fmt.container == "isobmff" and fmt.media != "image"):
        return _tracks(_bmff, read_at) if _is_bmff(head, read_at) else other_kinds(head, read_at, size)
    return frozenset({fmt.media})


def _tracks(read: Callable[[ReadAt], Iterator[MediaKind]], read_at: ReadAt) -> Kinds:
    """Return what the tracks come to: a sound with pictures is both, or one more would take it out of a policy."""
    reads = itertools.count()

    def bounded(offset: int, length: int) -> bytes:
        if next(reads) >= _READS:
            raise _Unclear
        return read_at(offset, length)

    try:
        found = frozenset(read(bounded))
    except _Unclear:
        return PLAYS
    return PLAYS if "image" in found else found or PLAYS  # "image" is a kind of track that we do not know


# --- ISO base media --------------------------------------------------------------------------------

_HANDLERS: dict[bytes, MediaKind | None] = {
    b"soun": "audio", b"vide": "video", b"pict": "video", b"auxv": "video",
    **dict.fromkeys((b"text", b"sbtl", b"subt", b"clcp", b"tmcd", b"meta", b"hint", b"odsm", b"sdsm", b"subp")),
}  # fmt: skip
_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"sidx", b"wide", b"free", b"skip", b"pnot", b"uuid"})
_MOVIE = frozenset({b"ftyp", b"moov", b"moof"})


def _is_bmff(head: bytes, read_at: ReadAt) -> bool:
    """Does it begin with boxes of ISO base media or QuickTime, whatever the brand, or without any?

    Four letters alone are weak: behind data or filling, its description has to come.
    """
    if head[4:8] not in _FIRST or head[4:8] == b"ftyp":
        return head[4:8] == b"ftyp"
    seen = 0
    try:
        for kind, _, _ in _boxes(read_at, 0, None):
            if kind in _MOVIE:
                return True
            seen += 1
    except _Unclear:
        return seen == _MOST
    return False


def _bare(read_at: ReadAt) -> bool:
    """Has it no tracks at all, as pictures have none?"""
    try:
        return not any(kind in (b"moov", b"moof") for kind, _, _ in _boxes(read_at, 0, None))
    except _Unclear:
        return True  # a picture that is cut off stays a picture


def _bmff(read_at: ReadAt) -> Iterator[MediaKind]:
    """Yield the kind of each track (ISO 14496-12 §8.4.3)."""
    for kind, moov, end in _boxes(read_at, 0, None):
        if kind != b"moov":
            continue
        for trak, trak_end in _within(read_at, moov, end, b"trak"):
            handlers = [
                read_at(hdlr + 8, 4)
                for mdia, mdia_end in _within(read_at, trak, trak_end, b"mdia")
                for hdlr, _ in _within(read_at, mdia, mdia_end, b"hdlr")
            ]
            for handler in handlers or [b""]:
                known = _HANDLERS.get(handler, "image")
                if known is not None:
                    yield known
        return
    raise _Unclear


def _within(read_at: ReadAt, start: int, end: int | None, wanted: bytes) -> Iterator[tuple[int, int]]:
    return ((body, stop) for kind, body, stop in _boxes(read_at, start, end) if kind == wanted)


def _boxes(read_at: ReadAt, start: int, end: int | None) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, first byte of the body and end of each box.

    Raises:
        _Unclear: one ends outside of what holds it, or there are too many.
    """
    for _ in range(_MOST):
        head = read_at(start, 16)
        if (end is not None and start >= end) or (end is None and len(head) < 8):
            return
        length, body = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, body = int.from_bytes(head[8:16], "big"), 16
        if length == 0 and end is None:
            yield head[4:8], start + 8, 1 << 62  # to the end of the file
            return
        if length < body or (end is not None and start + length > end):
            if end is not None and head[:4] == bytes(4):
                return  # QuickTime ends lists of atoms so
            raise _Unclear
        yield head[4:8], start + body, start + length
        start += length
    raise _Unclear


# --- Matroska --------------------------------------------------------------------------------------

_SEGMENT, _TRACKS, _ENTRY, _TYPE = 0x18538067, 0x1654AE6B, 0xAE, 0x83
_CLUSTER = 0x1F43B675
_TYPES: dict[int, MediaKind | None] = {1: "video", 2: "audio", 0x11: None, 0x12: None}


def _ebml(read_at: ReadAt) -> Iterator[MediaKind]:
    """Yield the kind of each track (RFC 9559 §5.1.4.1.3)."""
    segment = next((item for item in _elements(read_at, 0, None) if item[0] == _SEGMENT), None)
    if segment is None:
        raise _Unclear
    for name, start, end in _elements(read_at, segment[1], segment[2]):
        if name == _CLUSTER:
            break
        if name != _TRACKS:
            continue
        if end is None:
            raise _Unclear
        for entry, first, last in _elements(read_at, start, end):
            if entry != _ENTRY or last is None:
                continue
            types = [
                read_at(at, stop - at) for kind, at, stop in _elements(read_at, first, last) if kind == _TYPE and stop
            ]
            for value in types or [b""]:
                known = _TYPES.get(int.from_bytes(value, "big"), "image")
                if known is not None:
                    yield known
        return
    raise _Unclear


def _elements(read_at: ReadAt, start: int, end: int | None) -> Iterator[tuple[int, int, int | None]]:
    """Yield name, first byte and end of each element; an end of ``None`` is not known (RFC 8794 §6.2)."""
    for _ in range(_MOST):
        head = read_at(start, 12)
        if not head or (end is not None and start >= end):
            return
        name, at = _number(head, 4, keep=True)
        length, more = _number(head[at:], 8, keep=False)
        body = start + at + more
        if length == (1 << 7 * more) - 1:
            yield name, body, None
            return
        if end is not None and body + length > end:
            raise _Unclear
        yield name, body, body + length
        start = body + length
    raise _Unclear


def _number(raw: bytes, most: int, *, keep: bool) -> tuple[int, int]:
    """Return a number of variable length, with or without the bit that tells its length, and that length."""
    length = 9 - raw[0].bit_length() if raw and raw[0] else 9
    if length > most or len(raw) < length:
        raise _Unclear
    value = int.from_bytes(raw[:length], "big")
    return (value if keep else value & ((1 << 7 * length) - 1)), length


# --- Ogg -------------------------------------------------------------------------------------------

_SOUNDS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ", b"PCM     ")
_FILMS = (b"\x80theora", b"BBCD\x00", b"OVP80\x01")
_WORDS = (b"fishead\x00", b"fisbone\x00", b"CMML\x00\x00\x00\x00", b"\x80kate\x00\x00\x00")


def _ogg(read_at: ReadAt) -> Iterator[MediaKind]:
    """Yield the kind of each stream: all first pages stand in front of the others (RFC 3533 §4)."""
    at = 0
    for _ in range(_MOST):
        head = read_at(at, 27)
        if len(head) < 27 or not head.startswith(b"OggS"):
            raise _Unclear
        if not head[5] & 2:
            return
        lengths = read_at(at + 27, head[26])
        packet = read_at(at + 27 + len(lengths), 8)
        if packet.startswith(_SOUNDS):
            yield "audio"
        elif not packet.startswith(_WORDS):
            yield "video" if packet.startswith(_FILMS) else "image"
        at += 27 + len(lengths) + sum(lengths)
    raise _Unclear
