"""RIFF sounds built byte by byte: headers of streams, kinds that only look like WAV, and what is broken."""

from __future__ import annotations

import math
import struct
from array import array

RATE = 48_000
PCM, ATRAC9, ATRAC3PLUS = (
    bytes.fromhex(text)
    for text in (
        "0100000000001000800000aa00389b71",
        "d242e147ba368d4d88fc61654f8c836c",
        "bfaa23e958cb7144a119fffa01e4ce62",
    )
)


def samples(count: int = 2048) -> bytes:
    """A tone of 16 bits, one channel."""
    return array("h", (round(12_000 * math.sin(at / 15)) for at in range(count))).tobytes()


def chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) % 2)


def riff(form: bytes, *chunks: bytes, order: str = "<") -> bytes:
    body = form + b"".join(chunks)
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}I", len(body)) + body


def described(tag: int = 1, more: bytes = b"", order: str = "<") -> bytes:
    """The chunk that says what kind of sound it is."""
    return chunk(b"fmt ", struct.pack(f"{order}HHIIHH", tag, 1, RATE, 2 * RATE, 2, 16) + more, order)


def extensible(kind: bytes, more: bytes = b"") -> bytes:
    return described(0xFFFE, struct.pack("<HHI", 22 + len(more), 16, 4) + kind + more)


def of_kind(form: bytes, *chunks: bytes, order: str = "<") -> bytes:
    """A whole file: the chunks given, and then the sound."""
    return riff(form, *chunks, chunk(b"data", samples(), order), order=order)


def headed(whole: int, sound: int, content: bytes | None = None, *between: bytes) -> bytes:
    """A WAV with these two sizes in its header, whatever it holds."""
    content = samples() if content is None else content
    head = b"RIFF" + struct.pack("<I", whole) + b"WAVE" + described() + b"".join(between)
    return head + b"data" + struct.pack("<I", sound) + content


#: Kinds that only look like WAV: the format that they are, and their content.
NO_WAV = {
    "a.at9": ("ATRAC9", of_kind(b"WAVE", extensible(ATRAC9, bytes(12)), chunk(b"fact", bytes(12)))),
    "vorbis.wem": ("Wwise", of_kind(b"WAVE", described(0xFFFF, struct.pack("<H", 48) + bytes(48)))),
    "opus.wem": (
        "Wwise",
        of_kind(b"WAVE", described(0x3041, struct.pack("<H", 18) + bytes(18)), chunk(b"seek", bytes(8))),
    ),
    "ptadpcm.wem": ("Wwise", of_kind(b"WAVE", described(0x8311))),
    "pcm.wem": ("Wwise", of_kind(b"WAVE", described(0xFFFE, struct.pack("<HHI", 6, 0, 3)), chunk(b"JUNK", bytes(4)))),
    "ima.wem": ("Wwise", of_kind(b"WAVE", described(0x0002, struct.pack("<HHI", 6, 0, 3)))),
    "analysed.wav": ("Wwise", of_kind(b"WAVE", described(), chunk(b"akd ", bytes(8)))),
    "big-endian.wem": ("Wwise", of_kind(b"WAVE", described(0xFFFF, order=">"), order=">")),
    "cut.wem": ("Wwise", of_kind(b"WAVE", described(0xFFFF))[:1000]),
    "x.xma": ("RIFF sound", of_kind(b"WAVE", described(0x0166))),
    "a.at3": ("RIFF sound", of_kind(b"WAVE", extensible(ATRAC3PLUS, bytes(12)))),
    "x.xwma": ("RIFF sound", of_kind(b"XWMA", described(0x0161), chunk(b"dpds", bytes(8)))),
    "big-endian.wav": ("RIFF sound", of_kind(b"WAVE", described(order=">"), order=">")),
}
#: WAV with other codecs than PCM.
WAV = {
    "mp3.wav": of_kind(b"WAVE", described(0x0055)),
    "alaw.wav": of_kind(b"WAVE", described(0x0006)),
    "ima.wav": of_kind(b"WAVE", described(0x0011, struct.pack("<HH", 2, 505))),
    "ms-adpcm.wav": of_kind(b"WAVE", described(0x0002, struct.pack("<H", 32) + bytes(32))),
    "float.wav": of_kind(b"WAVE", described(0x0003)),
    "extensible.wav": of_kind(b"WAVE", extensible(PCM)),
}
