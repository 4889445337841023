"""What distinguishes one format from another: small questions about the first bytes of a file.

Each is asked by a row of :mod:`provlabel.media.formats`.  Reads are bounded, nothing is decoded, and the
traps are those measured in Nov 2026: brands that lie, tags at the end of a file, SVG behind comments.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

#: Returns up to ``length`` bytes at ``offset``; fewer at the end of the file.
ReadAt = Callable[[int, int], bytes]

MAX_FTYP = 4 << 10  # brands; the longest seen had 40 bytes
MAX_PROLOG = 64 << 10  # before the root of an SVG: declaration, comments, DOCTYPE
_MAX_BOXES = 64  # at each level; the walk is made outside of the sandbox, too
_MAX_READS = 2_000  # of all boxes in boxes; a film with a hundred tracks takes half as many
_MAX_TAGS = 4_096  # of the first directory, by which a DNG is known


def is_mp3(head: bytes) -> bool:
    """MPEG audio frame sync with layer III; ADTS has layer bits 00 and MP2 has 10."""
    return len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and (head[1] >> 1) & 3 == 1


def is_mp3_behind_zeros(head: bytes, read_at: ReadAt) -> bool:
    """An MP3 whose first frame comes after zero bytes: it plays, and the engine refuses it."""
    if not head.startswith(b"\x00\x00\x00\x00"):
        return False
    whole = read_at(0, MAX_PROLOG)
    first = len(whole) - len(whole.lstrip(b"\x00"))
    second = first + _mp3_frame(whole[first : first + 4])
    return second > first and is_mp3(whole[first:]) and is_mp3(whole[second:])


_KBPS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = (44_100, 48_000, 32_000)


class Mp3Rates(NamedTuple):
    """What the header of an MPEG audio frame of layer III says (ISO 11172-3 §2.4.2.3)."""

    mpeg1: bool  #: else MPEG 2 or 2.5, whose frames hold half as many samples
    hertz: int
    kbps: int


def mp3_rates(header: bytes) -> Mp3Rates | None:
    """Read the four bytes of ``header``; ``None`` for reserved values and for a free bit rate."""
    if len(header) < 4:
        return None
    version, rate = header[1] >> 3 & 3, header[2] >> 2 & 3
    if version == 1 or rate == 3:
        return None
    kbps = _KBPS[version == 3][header[2] >> 4]
    return Mp3Rates(version == 3, _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version], kbps) if kbps else None


def _mp3_frame(header: bytes) -> int:
    """Return the length of the layer III frame with this header, 0 when it is none (ISO 11172-3 §2.4.1.3)."""
    rates = mp3_rates(header) if is_mp3(header) else None
    if rates is None:
        return 0
    return (144_000 if rates.mpeg1 else 72_000) * rates.kbps // rates.hertz + (header[2] >> 1 & 1)


def is_adts(head: bytes, read_at: ReadAt) -> bool:
    """Two ADTS frames in a row (ISO 13818-7 §6.2); the sync word alone is too weak."""
    if len(head) < 7 or not _adts_sync(head):
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    following = read_at(length, 2)
    return length > 7 and (not following or _adts_sync(following))


def _adts_sync(head: bytes) -> bool:
    return len(head) >= 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def ogg_codec(head: bytes, read_at: ReadAt) -> bytes:
    """Return the first bytes of the first packet of an Ogg stream (RFC 3533 §6)."""
    if not head.startswith(b"OggS") or len(head) < 27:
        return b""
    return read_at(27 + head[26], 8)


def ebml_doctype(head: bytes) -> bytes:
    """Return the document type of a Matroska file (RFC 8794 §11.2.4): ``webm`` or ``matroska``."""
    at = head.find(b"\x42\x82")
    if not head.startswith(b"\x1a\x45\xdf\xa3") or at < 0 or at + 3 > len(head):
        return b""
    return head[at + 3 : at + 3 + (head[at + 2] & 0x7F)]


def is_bmp(head: bytes) -> bool:
    """``BM`` alone begins many texts; the size of the second header is one of a few."""
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)


# --- RIFF ------------------------------------------------------------------------------------------

_MAX_CHUNKS = 32  # in front of the sound
_MS_ADPCM, _EXTENSIBLE = 0x0002, 0xFFFE
_FULL_ADPCM, _FULL_EXTENSIBLE = 50, 40  # bytes of the description of such a sound (mmreg.h)
#: What the Wwise encoder writes for its own loader, as vgmstream reads it: codecs, and chunks.
_WWISE_TAGS = frozenset({0x3039, 0x3040, 0x3041, 0x8311, 0xAAC0, 0xFFF0, 0xFFFB, 0xFFFC, 0xFFFF})
_WWISE_CHUNKS = frozenset({b"akd ", b"vorb", b"WiiH"})
#: ADPCM of the Xbox, two XMA, and ATRAC3, which consoles play.
_CONSOLE_TAGS = frozenset({0x0069, 0x0165, 0x0166, 0x0270})
_ATRAC9 = bytes.fromhex("d242e147ba368d4d88fc61654f8c836c")
#: How kinds of sound end that have a tag of two bytes, and those of ambisonics.
_KNOWN_KINDS = (bytes.fromhex("000000001000800000aa00389b71"), bytes.fromhex("00002107d3118644c8c1ca000000"))
_SOUND_FORMS = frozenset({b"XWMA", b"QLCM", b"RMID"})

RiffKind = Literal["wav", "atrac9", "wwise", "sound", ""]


def riff_kind(head: bytes, read_at: ReadAt) -> RiffKind:
    """Say what a RIFF file plays: a WAV, or what only looks like one, by the description of its sound."""
    form = head[8:12]
    if head[:4] not in (b"RIFF", b"RIFX"):
        return ""
    if form != b"WAVE":
        return "sound" if form in _SOUND_FORMS else ""
    order: Literal["little", "big"] = "big" if head[:4] == b"RIFX" else "little"
    chunks = dict(_riff_chunks(read_at, order))
    if _WWISE_CHUNKS & set(chunks):
        return "wwise"
    kind = _sound_kind(chunks.get(b"fmt ", b""), order)
    return "sound" if order == "big" and kind == "wav" else kind


def _riff_chunks(read_at: ReadAt, order: Literal["little", "big"]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name of each chunk up to the sound, and how the description of the sound begins."""
    at = 12
    for _ in range(_MAX_CHUNKS):
        head = read_at(at, 8)
        length = int.from_bytes(head[4:], order)
        if len(head) < 8:
            return
        yield head[:4], read_at(at + 8, min(length, _FULL_ADPCM)) if head[:4] == b"fmt " else b""
        if head[:4] == b"data":
            return
        at += 8 + length + length % 2


def _sound_kind(described: bytes, order: Literal["little", "big"]) -> RiffKind:
    tag, length = int.from_bytes(described[:2], order), len(described)
    if tag == _EXTENSIBLE and length >= _FULL_EXTENSIBLE:
        kind = described[24:40]
        if kind == _ATRAC9:
            return "atrac9"
        if not kind.endswith(_KNOWN_KINDS):
            return "sound"
        tag = int.from_bytes(kind[:2], order)
    elif tag == _EXTENSIBLE or (tag == _MS_ADPCM and length < _FULL_ADPCM):
        return "wwise"  # it leaves out the half of such a description
    return "wwise" if tag in _WWISE_TAGS else "sound" if tag in _CONSOLE_TAGS else "wav"


# --- TIFF ------------------------------------------------------------------------------------------

_DNG_VERSION = 50706


def is_dng(head: bytes, read_at: ReadAt) -> bool:
    """A TIFF whose first directory, which may lie at the end of the file, has the tag DNGVersion."""
    if head[:4] not in (b"II*\x00", b"MM\x00*"):
        return False
    order: Literal["little", "big"] = "little" if head.startswith(b"II") else "big"
    at = int.from_bytes(head[4:8], order)
    count = min(int.from_bytes(read_at(at, 2), order), _MAX_TAGS)
    tags = read_at(at + 2, 12 * count)
    return any(int.from_bytes(tags[start : start + 2], order) == _DNG_VERSION for start in range(0, len(tags), 12))


# --- ISO base media --------------------------------------------------------------------------------

_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_SOUND = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A "})
_MOVIE = frozenset(
    b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 dash cmfc MSNV mmp4 f4v_ F4V_ M4V_ M4VH M4VP "
    b"3gp4 3gp5 3gp6 3gp7 3gp8 3gp9 3g2a 3g2b 3g2c".replace(b"_", b" ").split(b" ")
) - {b""}
# Raw photos of Canon and JPEG 2000 name MP4's brands beside their own.
_STRANGE = frozenset({b"crx ", b"jp2 ", b"jpx ", b"jpm ", b"mjp2"})


def bmff_kind(head: bytes, read_at: ReadAt) -> str:
    """Say what an ISO base media file is: ``avif``, ``heic``, ``heif``, ``mov``, ``m4a``, ``mp4`` or nothing.

    The major brand lies: a ``.heic`` may say ``mif1`` and name ``heic`` among the compatible ones
    only, and sound alone is often ``isom``, so its tracks are looked at (ISO 14496-12 §4.3, §8.4.3).
    """
    brands = _brands(head, read_at)
    if not brands or _STRANGE & set(brands):
        return ""
    for kind, known in (("heic", _HEIC), ("avif", _AVIF), ("heif", _HEIF)):
        if known & set(brands):
            return kind
    if brands[0] == b"qt  ":
        return "mov"
    if not (_SOUND | _MOVIE) & set(brands):
        return ""
    handlers = set(_handlers(read_at))
    sound = handlers == {b"soun"} if handlers else brands[0] in _SOUND
    return "m4a" if sound or brands[0] in _SOUND else "mp4"


def _brands(head: bytes, read_at: ReadAt) -> tuple[bytes, ...]:
    """Return the major brand and then the compatible ones."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or not 16 <= size <= MAX_FTYP:
        return ()
    body = read_at(8, size - 8)
    return (body[:4], *(body[at : at + 4] for at in range(8, len(body), 4)))


def _handlers(read_at: ReadAt) -> Iterator[bytes]:
    """Yield the kind of each track: ``soun``, ``vide``, ``text``, …"""
    left = iter(range(_MAX_READS))
    whole, read_at = read_at, lambda at, length: b"" if next(left, None) is None else whole(at, length)
    for _, moov, end in itertools.islice(_boxes(read_at, 0, None, b"moov"), 1):
        for _, trak, trak_end in _boxes(read_at, moov, end, b"trak"):
            for _, mdia, mdia_end in _boxes(read_at, trak, trak_end, b"mdia"):
                for _, hdlr, _ in _boxes(read_at, mdia, mdia_end, b"hdlr"):
                    yield read_at(hdlr + 8, 4)


def _boxes(read_at: ReadAt, start: int, end: int | None, wanted: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, first byte of the body and end of each box of the wanted kind."""
    for _ in range(_MAX_BOXES):
        head = read_at(start, 16)
        length, body = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, body = int.from_bytes(head[8:16], "big"), 16
        if length < body or (end is not None and start + length > end):
            return
        if head[4:8] == wanted:
            yield wanted, start + body, start + length
        start += length


# --- SVG -------------------------------------------------------------------------------------------

_SKIPPED = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
# Each alternative begins differently, so that what does not match is found out in one pass.
_DOCTYPE = re.compile(
    r"""<!DOCTYPE(?:[^\[\]<>"']|"[^"]*"|'[^']*')*"""
    r"""(?:\[(?:[^\]"'<]|"[^"]*"|'[^']*'|<!--(?:(?!-->).)*-->|<(?!!--))*\]\s*)?>""",
    re.DOTALL,
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?svg(?=[\s/>])")


def is_svg(head: bytes, read_at: ReadAt) -> bool:
    """Text whose first element is ``svg``, with or without a prefix; entities are never expanded."""
    if not head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        return False
    text = _text(read_at(0, MAX_PROLOG))
    at = 0
    while found := _SKIPPED.match(text, at) or _DOCTYPE.match(text, at):
        at = found.end()
    return _ROOT.match(text, at) is not None


def _text(raw: bytes) -> str:
    """Decode the beginning of an XML file as XML 1.0 appendix F guesses it."""
    for start, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(start):
            return raw.decode(encoding, "replace")
    if raw[:2] in (b"<\x00", b"\x00<"):
        return raw.decode("utf-16-le" if raw[0] else "utf-16-be", "replace")
    return raw.decode("utf-8", "replace")
