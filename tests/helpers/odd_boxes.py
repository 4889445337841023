"""Odd files of boxes: M4A, MP4, MOV, HEIC, AVIF and JPEG XL; see :mod:`odd_files`.

An encoder makes one file of each kind; boxes are put in, made longer and told otherwise by hand.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import tiled
from boxes import box
from odd_files import Odd, orders
from odd_pictures import PACKET, picture_bytes, saved
from project import MEDIA
from sample_files import from_png

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@cache
def _made(suffix: str, *options: str) -> bytes:
    """What ffmpeg makes of a second of sound, and of a film where there is a codec for one; bare of tags of its own."""
    with tempfile.TemporaryDirectory(prefix="odd-") as folder:
        path = Path(folder) / f"made{suffix}"
        film = ("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.6:r=10") if "-c:v" in options else ()
        command = ["ffmpeg", "-v", "error", *film, "-t", "0.6", "-i", MEDIA / "take.wav", "-fflags", "+bitexact"]
        told = ("-metadata", "title=Lighthouse", "-metadata", "artist=Ännä", "-c:a", "aac", "-b:a", "48k")
        subprocess.run([*command, *told, *options, path], check=True, stdin=subprocess.DEVNULL)
        return path.read_bytes()


def boxes_of(content: bytes, start: int = 0, end: int = -1) -> list[tuple[bytes, int, int]]:
    """Kinds, starts and ends of the boxes beside each other; none says its size in 64 bits."""
    at, found = start, []
    end = len(content) if end < 0 else end
    while at + 8 <= end:
        size = int.from_bytes(content[at : at + 4], "big") or end - at
        found.append((content[at + 4 : at + 8], at, at + size))
        at += size
    return found


def _shifted(content: bytes, at: int, by: int) -> bytes:
    """Add ``by`` to the offsets of chunks that lie behind ``at``."""
    made = bytearray(content)
    where = made.find(b"stco")
    while where >= 0:
        for index in range(int.from_bytes(made[where + 8 : where + 12], "big")):
            place = where + 12 + 4 * index
            offset = int.from_bytes(made[place : place + 4], "big")
            made[place : place + 4] = (offset + (by if offset >= at else 0)).to_bytes(4, "big")
        where = made.find(b"stco", where + 4)
    return bytes(made)


def _put(content: bytes, before: bytes, *others: bytes) -> bytes:
    """Put boxes in front of the first one of a kind, or at the end."""
    at = next((start for kind, start, _ in boxes_of(content) if kind == before), len(content))
    new = b"".join(others)
    content = _shifted(content, at, len(new))
    return content[:at] + new + content[at:]


def _put_into_movie(content: bytes, new: bytes) -> bytes:
    """Put a box at the end of the movie."""
    ((start, end),) = [(start, end) for kind, start, end in boxes_of(content) if kind == b"moov"]
    content = _shifted(content, end, len(new))
    size = end - start + len(new)
    return content[:start] + size.to_bytes(4, "big") + content[start + 4 : end] + new + content[end:]


_UDTA = box(b"udta", box(b"name", b"of a camera") + box(b"\xa9xyz", b"\x00\x12\x15\xc7+48.8577+002.295/"))
TOP = {
    "free": box(b"free", bytes(21)),
    "skip": box(b"skip", b"what somebody left"),
    "wide": box(b"wide", b""),
    "uuid": box(b"uuid", bytes(range(16)) + b"of a program"),
    "xmp": box(b"uuid", _XMP_UUID + PACKET),
    "unknown": box(b"abcd", b"of a later version"),
    "empty": box(b"free", b""),
}


def _variants(of: str, suffix: str, late: bytes, early: bytes) -> Iterator[Odd]:
    """Boxes in every order around a movie that comes last, and one that comes first."""
    for index, names in enumerate(orders(of, sorted(TOP), 6, 4)):
        others = [TOP[name] for name in names]
        place = (b"moov", b"mdat", b"")[index % 3]
        yield Odd(f"late-{index}{suffix}", _put(late, place, *others))
        yield Odd(f"early-{index}{suffix}", _put(early, place, *others))
    for name, content in (("late", late), ("early", early)):
        yield Odd(f"{name}{suffix}", content)
        if b"udta" not in content:
            yield Odd(f"{name}-udta{suffix}", _put_into_movie(content, _UDTA))
        yield Odd(f"{name}-free-inside{suffix}", _put_into_movie(content, box(b"free", bytes(300))))
    kind, start, end = boxes_of(early)[-1]
    if kind == b"mdat":
        yield Odd(f"to-the-end{suffix}", early[:start] + bytes(4) + early[start + 4 :])
        wide = b"\0\0\0\x01mdat" + (end - start + 8).to_bytes(8, "big")
        yield Odd(f"wide{suffix}", _shifted(early, start, 8)[:start] + wide + early[start + 8 :])


_FILM = ("-c:v", "mpeg4")
_EARLY = ("-movflags", "+faststart")


def m4as() -> Iterator[Odd]:
    yield from _variants("M4A", ".m4a", _made(".m4a"), _made(".m4a", *_EARLY))
    fragments = ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "200000")
    yield Odd("fragments.m4a", _made(".m4a", *fragments))
    yield Odd("id3v1-behind.m4a", _made(".m4a") + b"TAG" + bytes(125), "ID3v1. lies behind its last box")


def mp4s() -> Iterator[Odd]:
    yield from _variants("MP4", ".mp4", _made(".mp4", *_FILM), _made(".mp4", *_FILM, *_EARLY))
    for name, flags in {
        "fragments": "frag_keyframe+empty_moov",
        "default-base": "frag_keyframe+empty_moov+default_base_moof",
        "separate": "frag_keyframe+empty_moov+separate_moof",
        "dash": "frag_keyframe+empty_moov+dash+global_sidx",
        "cmaf": "cmaf+frag_keyframe+empty_moov",
        "no-edit-lists": "frag_keyframe+delay_moov+negative_cts_offsets",
    }.items():
        yield Odd(f"{name}.mp4", _made(".mp4", *_FILM, "-g", "2", "-movflags", flags))


def movs() -> Iterator[Odd]:
    yield from _variants("MOV", ".mov", _made(".mov", *_FILM), _made(".mov", *_FILM, *_EARLY))
    yield Odd("keys.mov", _made(".mov", *_FILM, "-movflags", "use_metadata_tags", "-metadata", "mine=kept"))


# --- pictures --------------------------------------------------------------------------------------


@cache
def _encoded(program: str, suffix: str, *options: str, tagged: bool = True) -> bytes:
    with tempfile.TemporaryDirectory(prefix="odd-") as folder:
        path = Path(folder) / f"made{suffix}"
        from_png(program, *options, tagged=tagged)(path)
        return path.read_bytes()


def _appended(name: str, suffix: str, content: bytes) -> Iterator[Odd]:
    yield Odd(f"{name}{suffix}", content)
    for other in ("free", "uuid", "unknown"):
        yield Odd(f"{name}-{other}{suffix}", content + TOP[other])


def heics() -> Iterator[Odd]:
    yield from _appended("still", ".heic", _encoded("heif-enc", ".heic", "-q", "50"))
    yield Odd("grid.heic", tiled.grid(_encoded("heif-enc", ".heic", "-q", "50", tagged=False), 240, 160))
    still = _encoded("heif-enc", ".heic", "-q", "50")
    yield Odd("motion.heic", still + _made(".mp4", *_FILM), "a second file is appended")


def avifs() -> Iterator[Odd]:
    yield from _appended("still", ".avif", saved("AVIF", quality=50))
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x0e\0\x02\0\0\0\x04abc\0\0\0\0\0"
    yield Odd("exif.avif", saved("AVIF", quality=50, exif=exif, xmp=PACKET))
    yield Odd("animated.avif", saved("AVIF", save_all=True, append_images=_frames(), duration=80))


def _frames() -> Sequence[object]:
    from odd_pictures import picture

    return [picture(shade=9), picture(shade=18)]


def jxls() -> Iterator[Odd]:
    boxed = _encoded("cjxl", ".jxl", "--container=1")
    yield from _appended("boxed", ".jxl", boxed)
    front = {"exif": box(b"Exif", bytes(4) + b"MM\0*\0\0\0\x08\0\0\0\0\0\0"), "xmp": box(b"xml ", PACKET),
             "unknown": TOP["unknown"]}  # fmt: skip
    at = next(start for kind, start, _ in boxes_of(boxed) if kind in (b"jxlc", b"jxlp"))
    for index, names in enumerate(orders("JPEG XL", sorted(front), 4)):
        yield Odd(f"order-{index}.jxl", boxed[:at] + b"".join(front[name] for name in names) + boxed[at:])
    yield Odd("of-a-jpeg.jxl", _transcoded())


@cache
def _transcoded() -> bytes:
    """A JPEG that can be had back to the bit."""
    with tempfile.TemporaryDirectory(prefix="odd-") as folder:
        source, path = Path(folder) / "a.jpg", Path(folder) / "a.jxl"
        source.write_bytes(picture_bytes())
        subprocess.run(["cjxl", "--lossless_jpeg=1", source, path], check=True, capture_output=True)
        return path.read_bytes()


BOXES: dict[str, Callable[[], Iterator[Odd]]] = {
    "M4A": m4as, "MP4": mp4s, "MOV": movs, "HEIC": heics, "AVIF": avifs, "JPEG XL": jxls,
}  # fmt: skip
