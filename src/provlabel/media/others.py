"""Media that provlabel does not label: how they begin, and which endings promise them.

They are judged like all media, and do not pass, so that no file leaves a gate by being of a kind that we do not know
more about.  A beginning stands here only where it is strong enough that no other file has it.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator
from typing import Literal

from provlabel.media.sniffing import MAX_PROLOG, ReadAt, is_mp3, is_svg, mp3_rates

MediaKind = Literal["image", "audio", "video"]
#: What some content may play as; several where that is open, none where it is no media.
Kinds = frozenset[MediaKind]

IMAGE, AUDIO, VIDEO = (frozenset[MediaKind]({kind}) for kind in ("image", "audio", "video"))
#: Of a container that holds sounds and videos alike.
PLAYS: Kinds = AUDIO | VIDEO

#: Bytes of the beginning that are looked at.
HEAD = 64 << 10

#: Endings of such media.  Those that name other things as often (``.ts``, ``.mod``, ``.dts``) are left to the content.
OTHER_SUFFIXES = frozenset(
    f".{name}"
    for name in (  # noqa: SIM905 - a list of 130 strings is longer
        "3g2 3gp 3gpp aax ac3 adts aifr amr amv ape arw asf au avi avifs awb bpg caf cr2 cr3 crw cur dds dff divx dpx "
        "dsf ec3 eac3 emf exr f4a f4p f4v fli flif flv gxf heics heifs hdp icns ico ivf j2c j2k jfi jfif jif jng jp2 "
        "jpc jpf jpm jpx jxr kar m1a m1v m2a m2ts m2v m4p m4r m4s mid midi mj2 mjp2 mk3d mka mks mlp mng mp1 mp2 mp2v "
        "mpa mpc mpe mpeg mpg mpga mpv mxf nef nsv nut ofr ofs ogm ogv ogx oma orf pam pbm pcx pef pgm pnm ppm psb psd "
        "qoi ra raf rf64 rm rmi rmvb rw2 shn snd spx srw svgz swf tak tga thd tta vob voc vqf w64 wav64 wdp weba webp "
        "wma wmf wmv wtv wv wvc xcf xm xwma y4m"
    ).split()
)

# Patterns, which are made ready when the first file is met that is none of our formats.
_IMAGES = rb"""(?xs)
    \x76\x2f\x31\x01 | qoif.{8}[\x03\x04][\x00\x01] | \#\?(?:RADIANCE|RGBE)\n
    | \x00\x00\x00\x0cjP\x20\x20\r\n\x87\n | \xff\x4f\xff\x51\x00 | II\xbc[\x00\x01] | 8BPS\x00[\x01\x02]
    | P[1-6][ \t\r\n]+(?:\#[^\n]{0,999}\n\s*)*\d{1,6}\s+\d{1,6}\s | P7\nWIDTH | P[FfHh]\n\d{1,6}\s\d{1,6}\n
    | DDS\x20\x7c\x00\x00\x00 | SIMPLE\x20\x20= | SDPX | XPDS | \x01\xda[\x00\x01][\x01\x02]\x00[\x01-\x03]
    | \x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08].{60}\x00[\x01-\x04] | \xd7\xcd\xc6\x9a\x00\x00
    | \x01\x00\x00\x00.{36}\x20EMF | BPG\xfb | FLIF[1345D] | gimp\x20xcf\x20 | AT&TFORM | farbfeld
    | \x8aMNG\r\n\x1a\n | \x8bJNG\r\n\x1a\n | \x59\xa6\x6a\x95\x00 | \x80\x2a\x5f\xd7 | \xabKTX\x20[12]
    | FUJIFILMCCD-RAW | IIU\x00 | IIR[OS] | MMOR | FOVb | \x00MRM | II\x1a\x00\x00\x00HEAP
    | FORM.{4}(?:ILBM|PBM\x20) | /\*\x20XPM\x20\*/ | RIFF.{4}ACON
    """
_SOUNDS = rb"""(?xs)
    wvpk.{4}[\x02-\x10]\x04 | TTA[12] | \.snd\x00\x00 | dns\.[\x18-\xff] | DSD\x20\x1c\x00\x00\x00\x00 | FRM8.{8}DSD\x20
    | MAC\x20.{2} | MPCK | MP\+[\x07\x17\x27] | caff\x00\x01\x00\x00 | \#!AMR(?:-WB)?(?:_MC1\.0)?\n
    | \x7f\xfe\x80\x01 | \xfe\x7f\x01\x80 | \x1f\xff\xe8\x00 | \xff\x1f\x00\xe8 | OFR\x20 | ajkg | tBaK | \.ra\xfd\x00
    | Creative\x20Voice\x20File\x1a | MThd\x00\x00\x00\x06 | Extended\x20Module:\x20 | IMPM.{26} | FORM.{4}8SV[X] | ADIF
    | (?:RIFX|FFIR).{4}WAVE | RIFF.{4}(?:RMID|XWMA|QLCM) | riff\x2e\x91\xcf\x11 | APETAGEX[\xd0\xe8]\x07
    | TWIN97012000 | PVF[12]\n | \x64\xa3[\x01-\x08]\x00
    | .{4}\xf8\x72\x6f[\xba\xbb] | \.SoX | XoS\. | LA0[234] | fLaC | ID3[\x02-\x04]
    """
_CONTAINERS = rb"""(?xs)
    \x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa | FLV\x01[\x00-\x05]\x00\x00\x00 | \.RMF\x00 | \x1a\x45\xdf\xa3
    | RIFF.{4}(?:AVI[\x20X\x19]|CDXA|AMV\x20|WAVE|WEBP) | RIFX.{4}AVI\x20 | OggS\x00
    | \x00\x00\x01\xba[\x21-\x3f\x44-\x7f] | \x00\x00\x01\xb3.{3}[\x10-\x9f]
    | \x00{2,3}\x01[\x27\x47\x67][\x42\x4d\x58\x64\x6e\x7a\xf4] | \x00{2,3}\x01\x40\x01\x0c | DKIF\x00\x00\x20\x00
    | YUV4MPEG2\x20 | \x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02 | \xb7\xd8\x00\x20\x37\x49\xda\x11
    | nut/multimedia\x20container | \x00\x00\x00\x00\x01\xbc | BIK[b-k] | KB2[a-n] | SMK[24] | NSV[fs]
    | \x84\x10\xff\xff\xff\xff
    | \x1f\x07\x00[\x3f\xbf] | [FC]WS[\x01-\x32].{4}[\x08-\x88]
    """


#: Bytes of the beginning by which content is called something.
NAMED = 16
# What is asked for by name, as others read manifests in it.
_CALLED = (
    (rb"%PDF-", "a PDF document"), (rb"(?s)RIFF.{4}AVI[\x20X\x19]", "an AVI film"),
    (rb"(?s).{4}(?:styp|sidx|moof|emsg|prft)", "a segment of a stream, without the beginning that says how to play it"),
)  # fmt: skip


def called(head: bytes) -> str:
    """Say what content that we do not read is, for people, by its first bytes."""
    return next((name for pattern, name in _CALLED if re.match(pattern, head)), "no format that provlabel knows")


def other_kinds(head: bytes, read_at: ReadAt, size: int) -> Kinds:
    """Return the kinds of media that content may be which none of our formats accepts; none when it is no media."""
    if re.match(_IMAGES, head) or _is_icon(head, read_at, size) or _is_tga(head, read_at, size) or _is_svgz(head):
        return IMAGE
    if re.match(_SOUNDS, head):
        return AUDIO
    if re.match(_CONTAINERS, head) or _is_stream(head) or _is_animation(head, size):
        return PLAYS
    return AUDIO if has_frames(head, read_at, size) else frozenset()


def _is_icon(head: bytes, read_at: ReadAt, size: int) -> bool:
    """An icon or cursor whose first picture lies inside of the file, and is a PNG or a bitmap."""
    if head[:4] not in (b"\x00\x00\x01\x00", b"\x00\x00\x02\x00") or len(head) < 22:
        return False
    count, length, start = (int.from_bytes(head[at:end], "little") for at, end in ((4, 6), (14, 18), (18, 22)))
    if not count or start < 6 + 16 * count or start + length > size:
        return False
    return read_at(start, 4) in (b"\x89PNG", b"\x28\x00\x00\x00", b"\x0c\x00\x00\x00")


def _is_tga(head: bytes, read_at: ReadAt, size: int) -> bool:
    """A Targa picture: nothing marks its beginning, so that its end, or its size, has to fit."""
    if len(head) < 18 or head[1] > 1 or head[2] not in (1, 2, 3, 9, 10, 11) or head[16] not in (8, 15, 16, 24, 32):
        return False
    width, height = int.from_bytes(head[12:14], "little"), int.from_bytes(head[14:16], "little")
    if not width or not height or head[17] & 0xC0:
        return False
    if read_at(max(size - 18, 0), 18) == b"TRUEVISION-XFILE.\x00":
        return True
    colours = int.from_bytes(head[5:7], "little") * (-(-head[7] // 8)) if head[1] else 0
    return head[2] < 4 and size == 18 + head[0] + colours + width * height * -(-head[16] // 8)


def _is_svgz(head: bytes) -> bool:
    """An SVG that is compressed; no more of it is unpacked than :func:`is_svg` looks at."""
    if not head.startswith(b"\x1f\x8b\x08"):
        return False
    try:
        first = zlib.decompressobj(31).decompress(head, 64)
        if b"<" not in first:
            return False
        text = zlib.decompressobj(31).decompress(head, MAX_PROLOG)
    except zlib.error:
        return False
    return is_svg(text, lambda offset, length: text[offset : offset + length])


def _is_animation(head: bytes, size: int) -> bool:
    """An animation of Autodesk, or an Apple icon, whose header says how long the file is."""
    if head[4:6] in (b"\x11\xaf", b"\x12\xaf", b"\x44\xaf"):
        return int.from_bytes(head[:4], "little") == size
    return head.startswith(b"icns") and int.from_bytes(head[4:8], "big") == size


# --- streams, which may be joined anywhere ----------------------------------------------------------

_PACKETS = (188, 192, 204)  # bytes of a packet of an MPEG transport stream, alone, on a disc, and with error correction
_RUN = 5


def _is_stream(head: bytes) -> bool:
    """An MPEG transport stream: packets that all begin with the same byte."""
    at = head.find(b"G", 0, _PACKETS[-1])
    while at >= 0:
        for packet in _PACKETS:
            if head[at : at + packet * _RUN : packet] == b"G" * _RUN and _differs(head, at, packet):
                return True
        at = head.find(b"G", at + 1, _PACKETS[-1])
    return False


def _differs(head: bytes, at: int, packet: int) -> bool:
    """A text can hold one letter at equal distances; the header of a packet goes on with a number that is no letter."""
    flags = head[at + 3 : at + packet * _RUN : packet]
    return all(flag & 0x30 and flag < 0x40 for flag in flags) and len({head[at + 1], *flags}) > 1


#: How a frame can begin behind other bytes: of MPEG audio and ADTS, without layer I, of which programs are full, …
_MPEG = re.compile(rb"\xff[\xe2\xe3\xf0-\xf5\xf8-\xfd][^\xf0-\xff]", re.DOTALL)
#: … and of AC-3, in either order of bytes.  A word has the letter of LATM too often.
_AC3 = (b"\x0b\x77", b"\x77\x0b")
_MOST_CANDIDATES = 4_000  # in one file; random bytes have 20 in 64 KiB
#: So many frames have to follow each other: of layer III, and of others, whose headers can be checked less.
_MP3_FRAMES, _FRAMES = 3, 6


def has_frames(head: bytes, read_at: ReadAt, size: int) -> bool:
    """Do frames of a sound follow each other, or fewer that are all of the file, with bytes in front?"""
    if head[:1] in (b"\xff", b"\x56", b"\x0b", b"\x77") and _chained(0, read_at, size):
        return True
    return any(_chained(at, read_at, size) for at in itertools.islice(_syncs(head), _MOST_CANDIDATES))


def _syncs(head: bytes) -> Iterator[int]:
    """Yield where a frame may begin; most files hold no such byte at all, which is seen at once."""
    if b"\xff" in head:
        yield from (found.start() for found in _MPEG.finditer(head))
    for sync in _AC3 if b"\x0b" in head else ():
        at = head.find(sync)
        while at >= 0:
            yield at
            at = head.find(sync, at + 1)


def _chained(start: int, read_at: ReadAt, size: int) -> bool:
    first, at = read_at(start, 8), start
    if len(first) < 8:
        return False
    wanted = _MP3_FRAMES if is_mp3(first) else _FRAMES
    for count in range(wanted):
        if start == 0 and count and at == size:
            return True  # all of the file
        header = read_at(at, 8)
        length = _frame(header)
        if not length or not _alike(first, header):
            return False
        at += length
    return at <= size


def _alike(first: bytes, header: bytes) -> bool:
    """Frames of one stream have one version, layer, sample rate and so on."""
    if first[0] != 0xFF:  # LATM says nothing more; AC-3 its rate, size and version
        return first[0] == header[0] and (first[0] == 0x56 or (first[4:6] == header[4:6]))
    if _is_adts(first):
        return first[1:3] == header[1:3] and first[3] & 0xFC == header[3] & 0xFC
    return first[1] == header[1] and first[2] & 0x0C == header[2] & 0x0C and first[3] & 0x0F == header[3] & 0x0F


def _is_adts(header: bytes) -> bool:
    return header[0] == 0xFF and header[1] & 0xF6 == 0xF0


def _frame(header: bytes) -> int:
    """Return the bytes of the frame with this header, 0 when it is none."""
    if len(header) < 8 or header[:4] == header[4:]:  # dots of a picture that all look alike
        return 0
    if _is_adts(header):
        return _adts(header)
    if header[0] == 0xFF:
        return _mpeg_audio(header)
    if header[0] == 0x56 and header[1] & 0xE0 == 0xE0:
        length = ((header[1] & 0x1F) << 8 | header[2]) + 3
        return length if length > 16 else 0
    if header.startswith(b"\x77\x0b"):  # with the bytes of each word the other way round
        header = header[1::-1] + header[3:1:-1] + header[5:3:-1] + header[6:]
    return _ac3(header) if header.startswith(b"\x0b\x77") else 0


def _adts(header: bytes) -> int:
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if header[2] >> 2 & 15 < 13 and length > 7 else 0


_RATES = (44_100, 48_000, 32_000)
_KBPS_1 = (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_KBPS_2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_KBPS_LOW_1 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBPS_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _mpeg_audio(header: bytes) -> int:
    """Layers I to III (ISO 11172-3 §2.4.1.3, 13818-3)."""
    version, layer, index, rate = header[1] >> 3 & 3, header[1] >> 1 & 3, header[2] >> 4, header[2] >> 2 & 3
    if header[1] & 0xE0 != 0xE0 or version == 1 or not layer or index in (0, 15) or rate == 3 or header[3] & 3 == 2:
        return 0
    hertz, padding = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version], header[2] >> 1 & 1
    if is_mp3(header):
        rates = mp3_rates(header)
        return (144_000 if version == 3 else 72_000) * rates.kbps // rates.hertz + padding if rates else 0
    if layer == 3:
        return (12_000 * (_KBPS_1 if version == 3 else _KBPS_LOW_1)[index] // hertz + padding) * 4
    return 144_000 * (_KBPS_2 if version == 3 else _KBPS_LOW)[index] // hertz + padding


_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def _ac3(header: bytes) -> int:
    """AC-3 and E-AC-3 (ATSC A/52 §5.4.1, annex E)."""
    if header[5] >> 3 > 10:
        length = 2 * ((header[2] & 7) << 8 | header[3]) + 2
        return length if header[5] >> 3 <= 16 and length > 32 else 0
    rate, code = header[4] >> 6, header[4] & 0x3F
    if rate == 3 or code > 37:
        return 0
    kbps = _AC3_KBPS[code >> 1]
    return 2 * (kbps * 96_000 // (48_000, 44_100, 32_000)[rate] + (rate == 1 and code & 1))
