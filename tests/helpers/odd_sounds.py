"""Odd sounds: WAV, MP3 and FLAC; see :mod:`odd_files`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import cache

from odd_files import Odd, orders
from odd_pictures import PACKET, picture_bytes
from project import MEDIA
from riff_files import PCM, chunk, described, extensible, headed, riff, samples
from sample_files import bare_mp3

# --- WAV -------------------------------------------------------------------------------------------


def _info(*texts: tuple[bytes, bytes]) -> bytes:
    return chunk(b"LIST", b"INFO" + b"".join(chunk(name, text) for name, text in texts))


def _bext() -> bytes:
    text = b"a take".ljust(256, b"\0") + b"studio".ljust(32, b"\0") + b"ref".ljust(32, b"\0") + b"2026-11-3001:02:03"
    return chunk(b"bext", text + bytes(8) + b"\x01\0" + bytes(254) + b"A=PCM,F=48000\r\n")


def _cues() -> bytes:
    points = [struct.pack("<II4sIII", index, at, b"data", 0, 0, at) for index, at in enumerate((10, 500, 900))]
    return chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points))


def _loops() -> bytes:
    return chunk(b"smpl", struct.pack("<9I", 0, 0, 20_833, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 10, 900, 0, 0))


def _notes() -> bytes:
    return chunk(b"LIST", b"adtl" + chunk(b"labl", b"\0\0\0\0one\0") + chunk(b"note", b"\x01\0\0\0odd\0\0"))


def _id3_chunk(version: int) -> bytes:
    return chunk(b"id3 ", tag(version, text_frame(version, "TIT2", "in the chunk")))


#: Chunks that stand in any order behind the description, in front of the sound or behind it.
WAV_CHUNKS = {
    "bext": _bext(),
    "info": _info((b"INAM", b"Lighthouse\0"), (b"IART", b"somebody\0"), (b"ICMT", b"odd")),
    "info2": _info((b"IGNR", b"Sea\0")),
    "cue": _cues(),
    "notes": _notes(),
    "smpl": _loops(),
    "inst": chunk(b"inst", bytes([60, 0, 0, 0, 127, 0, 127])),
    "fact": chunk(b"fact", struct.pack("<I", 2048)),
    "junk": chunk(b"JUNK", bytes(29)),
    "pad": chunk(b"PAD ", bytes(500)),
    "ixml": chunk(b"iXML", b"<BWFXML><PROJECT>x</PROJECT></BWFXML>"),
    "xmp": chunk(b"_PMX", PACKET),
    "disp": chunk(b"DISP", struct.pack("<I", 1) + b"Lighthouse\0"),
    "own": chunk(b"zzzz", b"odd"),
    "empty": chunk(b"zero", b""),
}


def wavs() -> Iterator[Odd]:
    sound = chunk(b"data", samples())
    for index, names in enumerate(orders("WAV", sorted(WAV_CHUNKS), 28)):
        parts = [WAV_CHUNKS[name] for name in names]
        split = index % (len(parts) + 1)
        yield Odd(f"order-{index}.wav", riff(b"WAVE", described(), *parts[:split], sound, *parts[split:]))
    for version in (3, 4):
        for place in (0, 1):
            tags = [_id3_chunk(version)]
            parts = [*tags, sound] if place == 0 else [sound, *tags]
            yield Odd(f"id3-{version}-{place}.wav", riff(b"WAVE", described(), *parts))
            both = [WAV_CHUNKS["info"], *parts]
            yield Odd(f"id3-info-{version}-{place}.wav", riff(b"WAVE", described(), *both))
    yield Odd("extensible.wav", riff(b"WAVE", extensible(PCM), sound))
    yield Odd("long-description.wav", riff(b"WAVE", described(1, b"\0\0"), sound))
    yield Odd("alaw.wav", riff(b"WAVE", _a_law(), chunk(b"fact", struct.pack("<I", 999)), chunk(b"data", bytes(999))))
    yield Odd("odd-sound.wav", riff(b"WAVE", _a_law(), chunk(b"data", bytes(range(251)) * 3), WAV_CHUNKS["info"]))
    yield Odd("empty-sound.wav", riff(b"WAVE", described(), chunk(b"data", b"")), "its header announces no sound")
    yield Odd("trailing.wav", riff(b"WAVE", described(), sound) + b"what somebody appended")
    for name, sizes in (("all", (0xFFFFFFFF,) * 2), ("half", (0x7FFFFFFF,) * 2), ("none", (0, 0))):
        yield Odd(f"streamed-{name}.wav", headed(*sizes, None, WAV_CHUNKS["info"]))
    yield Odd("cut.wav", riff(b"WAVE", described(), sound)[:1000], "announces 4,096 bytes of sound")
    yield Odd("no-padding.wav", riff(b"WAVE", described(), b"zzzz\x03\0\0\0odd", sound), "no byte of padding")
    unpadded = chunk(b"LIST", b"INFO" + chunk(b"ICMT", b"odd")[:-1])
    yield Odd("no-padding-inside.wav", riff(b"WAVE", described(), unpadded, sound))


def _a_law() -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHHH", 6, 1, 8000, 8000, 1, 8, 0))


# --- ID3 -------------------------------------------------------------------------------------------


def _size(number: int, version: int) -> bytes:
    if version == 2:
        return number.to_bytes(3, "big")
    return number.to_bytes(4, "big") if version == 3 else syncsafe(number)


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


_SHORT = {
    "TIT2": b"TT2", "TPE1": b"TP1", "TALB": b"TAL", "TCON": b"TCO", "TRCK": b"TRK", "TYER": b"TYE", "TXXX": b"TXX",
    "COMM": b"COM", "USLT": b"ULT", "UFID": b"UFI", "WCOP": b"WCP", "PCNT": b"CNT", "TSRC": b"TRC",
}  # fmt: skip


def frame(version: int, name: str, body: bytes, flags: bytes = b"\0\0") -> bytes:
    if version == 2:
        return _SHORT[name] + _size(len(body), 2) + body
    return name.encode() + _size(len(body), version) + flags + body


def text_frame(version: int, name: str, text: str, *, wide: bool = False) -> bytes:
    return frame(version, name, b"\x01" + text.encode("utf-16") if wide else b"\0" + text.encode("latin-1"))


def tag(version: int, *frames: bytes, padding: int = 0, flags: int = 0, front: bytes = b"") -> bytes:
    body = front + b"".join(frames) + bytes(padding)
    return b"ID3" + bytes([version, 0, flags]) + syncsafe(len(body)) + body


def _picture_frame(version: int) -> bytes:
    cover = picture_bytes()
    if version == 2:
        return b"PIC" + _size(len(cover) + 6, 2) + b"\0JPG\x03\0" + cover
    return frame(version, "APIC", b"\0image/jpeg\0\x03\0" + cover)


def frames_of(version: int) -> dict[str, bytes]:
    """Frames that may stand in a tag, in any order; names are those of version 2.3."""
    texts = {
        "TIT2": "Lighthouse",
        "TPE1": "somebody",
        "TALB": "Sea",
        "TCON": "Jazz",
        "TRCK": "3/9",
        "TSRC": "GBAYE0500001",
    }
    made = {name: text_frame(version, name, text, wide=name == "TALB") for name, text in texts.items()}
    made["date"] = text_frame(version, "TDRC", "2024-05-06") if version == 4 else text_frame(version, "TYER", "2024")
    made["TXXX"] = frame(version, "TXXX", b"\0key\0value")
    made["COMM"] = frame(version, "COMM", b"\0eng\0a comment")
    made["COMM2"] = frame(version, "COMM", b"\0engiTunNORM\0 0000031")
    made["USLT"] = frame(version, "USLT", b"\0eng\0la la")
    made["UFID"] = frame(version, "UFID", b"http://example.org\x001")
    made["WCOP"] = frame(version, "WCOP", b"http://example.org/")
    made["PCNT"] = frame(version, "PCNT", b"\0\0\0\x05")
    made["picture"] = _picture_frame(version)
    if version > 2:
        made["PRIV"] = frame(version, "PRIV", b"owner\0\xff\xe0\0data")
    return made


def id3v1(track: int = 7) -> bytes:
    fields = b"Lighthouse".ljust(30, b"\0") + b"somebody".ljust(30, b"\0") + b"Sea".ljust(30, b"\0") + b"2024"
    return b"TAG" + fields + b"a comment".ljust(28, b"\0") + bytes([0, track]) + b"\x08"


def apev2(**items: str) -> bytes:
    body = b"".join(
        struct.pack("<II", len(value.encode()), 0) + name.encode() + b"\0" + value.encode()
        for name, value in items.items()
    )

    def side(flags: int) -> bytes:
        return b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), flags) + bytes(8)

    return side(0xA0000000) + body + side(0x80000000)


def lyrics3() -> bytes:
    body = b"LYRICSBEGININD0000200" + b"ETT00010Lighthouse"
    return body + f"{len(body):06}".encode() + b"LYRICS200"


@cache
def _mp3() -> bytes:
    """A few frames of a sample."""
    return bare_mp3()[: 417 * 24]


#: What ID3v1 says is said in front, too, where no other tag says anything there.
_CARRIED = r"exiftool: ID3v2:(Album|Artist|Comment|Genre|RecordingTime|Title|Track)"
_MUTE = {"UFID", "USLT", "PCNT", "picture", "PRIV"}
#: ffmpeg does not read lyrics of v2.2.
_LYRICS = "ffprobe: format.tags.lyrics-eng"
#: Three frames of v2.3 become one; exiftool had taken the day for the month.
_DATES = r"exiftool: (Composite:DateTimeOriginal|ID3v2:(Date|Time|RecordingTime))|ffprobe: format.tags.date"


def mp3s() -> Iterator[Odd]:
    sound = _mp3()
    yield Odd("bare.mp3", sound)
    yield Odd("v1.mp3", sound + id3v1(), changed=_CARRIED)
    yield Odd("v1-0.mp3", sound + id3v1(0), changed=_CARRIED)
    for version in (2, 3, 4):
        frames = frames_of(version)
        for index, names in enumerate(orders(f"ID3 {version}", sorted(frames), 9)):
            made = tag(version, *(frames[name] for name in names), padding=(0, 10, 700)[index % 3])
            end = (b"", id3v1(), apev2(Artist="of APE"), apev2(Title="x") + id3v1(), lyrics3() + id3v1())[index % 5]
            carried = _CARRIED if b"TAGLighthouse" in end and _MUTE.issuperset(names) else ""
            changed = f"{_LYRICS}|{carried}" if version == 2 else carried
            yield Odd(f"v2{version}-{index}.mp3", made + sound + end, changed=changed)
        yield Odd(f"v2{version}-empty.mp3", tag(version, padding=20) + sound)
    yield Odd("ape.mp3", sound + apev2(Artist="of APE", Title="Lighthouse"))
    yield Odd("extended.mp3", tag(4, frames_of(4)["TIT2"], flags=0x40, front=b"\0\0\0\x06\x01\0") + sound)
    yield Odd(
        "extended23.mp3",
        tag(3, frames_of(3)["TIT2"], flags=0x40, front=b"\0\0\0\x06\0\0\0\0\0\0") + sound,
        changed="exiftool: ID3v2:Title",
    )  # which it does not find behind such a header
    whole = b"".join((frames_of(3)["TIT2"], frames_of(3)["PRIV"]))
    yield Odd(
        "unsynchronised.mp3",
        tag(3, whole.replace(b"\xff\xe0", b"\xff\0\xe0"), flags=0x80) + sound,
        changed=r"ffprobe: format.tags.id3v2_priv.owner",
    )  # of which it had cut the end
    yield Odd("two-tags.mp3", tag(4, frames_of(4)["TIT2"]) + tag(4, frames_of(4)["TPE1"]) + sound)
    parts = (("TYER", "2024"), ("TDAT", "0605"), ("TIME", "1230"))
    dated = tag(3, *(text_frame(3, name, text) for name, text in parts))
    yield Odd("dates.mp3", dated + sound, changed=_DATES)
    yield Odd("trailing.mp3", tag(4, frames_of(4)["TIT2"]) + sound + b"what somebody appended")


# --- FLAC ------------------------------------------------------------------------------------------


def _block(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + len(content).to_bytes(3, "big") + content


def _comments(*texts: str) -> bytes:
    said = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)
    return struct.pack("<I", 4) + b"odds" + struct.pack("<I", len(texts)) + said


def _cover(kind: int) -> bytes:
    cover = picture_bytes()
    head = struct.pack(">II10sII", kind, 10, b"image/jpeg", 0, 48) + struct.pack(">IIII", 32, 24, 0, len(cover))
    return head + cover


FLAC_BLOCKS = {
    "padding": _block(1, bytes(100)),
    "padding2": _block(1, b""),
    "application": _block(2, b"ABCDanything"),
    "seek": _block(3, struct.pack(">QQH", 0, 0, 4096) + b"\xff" * 8 + bytes(10)),
    "comments": _block(
        4, _comments("TITLE=Lighthouse", "artist=Ännä", "ARTIST=Bob", "COMMENT=kept", "ISRC=GBAYE0500001")
    ),
    "front": _block(6, _cover(3)),
    "back": _block(6, _cover(4)),
    "unknown": _block(20, b"of a later version"),
}


@cache
def _flac() -> tuple[bytes, bytes]:
    """The first block of a sample, and its frames."""
    content = (MEDIA / "take.flac").read_bytes()
    at, last = 4, False
    while not last:
        last, at = bool(content[at] & 0x80), at + 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    return content[4:42], content[at:]


def flacs() -> Iterator[Odd]:
    info, sound = _flac()

    def made(*blocks: bytes) -> bytes:
        whole = [bytes([info[0] & 0x7F]) + info[1:], *blocks]
        whole[-1] = bytes([whole[-1][0] | 0x80]) + whole[-1][1:]
        return b"fLaC" + b"".join(whole) + sound

    yield Odd("bare.flac", made())
    for index, names in enumerate(orders("FLAC", sorted(FLAC_BLOCKS), 14)):
        end = (b"", id3v1())[index % 5 == 4]
        yield Odd(f"order-{index}.flac", made(*(FLAC_BLOCKS[name] for name in names)) + end)
    for version in (2, 3, 4):
        frames = frames_of(version)
        front = tag(version, *(frames[name] for name in ("TIT2", "TPE1", "COMM")), padding=10 * (version % 2))
        yield Odd(f"behind-v2{version}.flac", front + made(FLAC_BLOCKS["comments"]))


SOUNDS: dict[str, Callable[[], Iterator[Odd]]] = {"WAV": wavs, "MP3": mp3s, "FLAC": flacs}
