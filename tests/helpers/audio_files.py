"""Sounds with tags of many kinds, made by ffmpeg and mutagen, and what independent programs read in them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mutagen
from mutagen import apev2, flac, id3, mp3, mp4, wave

from project import MEDIA
from provlabel.carriers.tags import TAGGERS
from provlabel.evidence import Carrier
from provlabel.media.containers import CONTAINERS, Part
from provlabel.media.containers.edits import Edit, rewrite
from provlabel.media.formats import Format, sniff

META = ("-metadata", "title=Foreign title", "-metadata", "artist=Ännä/Bob", "-metadata", "comment=kept 日本")
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=400
title=A first chapter whose title has more than one hundred and twenty-seven bytes, so that the size of its frame is \
written in another way
[CHAPTER]
TIMEBASE=1/1000
START=400
END=900
title=Two
"""


def ffmpeg(*args: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, args)], check=True, stdin=subprocess.DEVNULL)


def _sound(*args: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        ffmpeg("-t", "0.9", "-i", MEDIA / "take.wav", *args, path)

    return make


def _with_cover(*args: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        ffmpeg(
            "-t", "0.9", "-i", MEDIA / "take.wav", "-i", MEDIA / "cover.jpg", "-map", "0:a", "-map", "1:v",
            "-c:v", "copy", "-disposition:v", "attached_pic", *META, *args, path,
        )  # fmt: skip

    return make


def _with_chapters(*args: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        chapters = path.with_suffix(".txt")
        chapters.write_text(CHAPTERS)
        ffmpeg("-t", "0.9", "-i", MEDIA / "take.wav", "-i", chapters, "-map_metadata", "0", "-map_chapters", "1",
               *META, *args, path)  # fmt: skip

    return make


def _film(*args: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        ffmpeg("-f", "lavfi", "-i", "testsrc=d=0.9:s=64x64", "-t", "0.9", "-i", MEDIA / "take.wav",
               "-c:v", "mpeg4", "-c:a", "aac", *META, *args, path)  # fmt: skip

    return make


def _tagged_by_mutagen(version: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _sound("-id3v2_version", "0")(path)
        tag = id3.ID3()
        tag.add(id3.TIT2(encoding=1, text=["日本"]))
        tag.add(id3.TPE1(encoding=0, text=["AC/DC"]))
        tag.add(id3.TIPL(encoding=1, people=[["producer", "Ännä"], ["mixer", "Bob"]]))
        tag.add(id3.TDRC(encoding=0, text=["2026-11-22"]))
        tag.add(id3.COMM(encoding=3 if version == 4 else 1, lang="eng", desc="iTunNORM", text=["00000318"]))
        tag.add(id3.COMM(encoding=0, lang="eng", desc="", text=["a comment"]))
        tag.add(id3.TXXX(encoding=1, desc="Ünïcode", text=["kept"]))
        tag.add(id3.PRIV(owner="o", data=b"\xff\xe0\x00" * 200))
        tag.add(id3.UFID(owner="http://example.org", data=b"1"))
        tag.add(id3.USLT(encoding=1, lang="eng", desc="", text="la la"))
        tag.add(id3.POPM(email="a@b", rating=3, count=5))
        tag.add(id3.WCOP(url="http://example.org/"))
        tag.add(id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="c", data=(MEDIA / "cover.jpg").read_bytes()))
        if version == 3:
            tag.update_to_v23()
        tag.save(path, v2_version=version, v23_sep=None)

    return make


def _with_ape(path: Path) -> None:
    _sound("-id3v2_version", "4", "-write_id3v1", "1", *META)(path)
    tag = apev2.APEv2()
    tag["Artist"] = "of APE"
    tag.save(path)


def _flac(padding: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _with_cover("-c:a", "flac")(path)
        file = flac.FLAC(path)
        file.add_vorbiscomment() if file.tags is None else None
        file["mixed Case"] = ["one", "two"]
        file.save(padding=lambda _: padding)

    return make


def _flac_bare(path: Path) -> None:
    """A FLAC with a STREAMINFO block and nothing else."""
    _sound("-c:a", "flac")(path)
    content = path.read_bytes()
    at = 4
    while not content[at] & 0x80:
        at += 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    end = at + 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    path.write_bytes(content[:4] + bytes([0x80]) + content[5:42] + content[end:])


def _flac_behind_id3(path: Path) -> None:
    _flac(300)(path)
    tag = id3.ID3()
    tag.add(id3.TPE1(encoding=3, text=["in front"]))
    front = path.with_suffix(".tag")
    front.write_bytes(b"")
    tag.save(front, v2_version=4, padding=lambda _: 0)
    path.write_bytes(front.read_bytes() + path.read_bytes())


def _wav_with_id3(path: Path) -> None:
    _sound(*META, "-write_bext", "1", "-metadata", "description=in bext")(path)
    file = wave.WAVE(path)
    file.add_tags()
    file.tags.add(id3.TIT2(encoding=3, text=["in the chunk"]))  # type: ignore[union-attr]
    file.save()


def _wav_odd(path: Path) -> None:
    """An odd number of samples of one byte, and texts whose list ends without its padding byte."""
    ffmpeg("-t", "0.9", "-i", MEDIA / "take.wav", "-ac", "1", "-ar", "11025", "-c:a", "pcm_u8", "-fflags", "+bitexact",
           "-af", "atrim=end_sample=4001", path)  # fmt: skip
    content = path.read_bytes()
    odd = b"LIST" + (4 + 8 + 3).to_bytes(4, "little") + b"INFO" + b"IGNR" + (3).to_bytes(4, "little") + b"odd" + b"\x00"
    content = content[:36] + odd + content[36:]
    path.write_bytes(content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:])


def _wav_with_more(path: Path) -> None:
    _sound()(path)
    path.write_bytes(path.read_bytes() + b"trailing bytes of another program")


def _m4a_by_mutagen(path: Path) -> None:
    _with_cover("-c:a", "aac", "-movflags", "+faststart")(path)
    file = mp4.MP4(path)
    assert file.tags is not None
    file.tags["----:com.apple.iTunes:KEPT"] = [mp4.MP4FreeForm(b"one"), mp4.MP4FreeForm(b"two")]
    file.tags["trkn"] = [(1, 9)]
    file.tags["tmpo"] = [120]
    file.save(padding=lambda _: 700)


def _m4a_long(path: Path) -> None:
    """The movie box, which comes last, says its size in 64 bits."""
    _sound("-c:a", "aac", *META)(path)
    content = path.read_bytes()
    at = content.rindex(b"moov") - 4
    size = int.from_bytes(content[at : at + 4], "big")
    path.write_bytes(content[:at] + b"\x00\x00\x00\x01moov" + (size + 8).to_bytes(8, "big") + content[at + 8 :])


def wide(content: bytes) -> bytes:
    """Make the table of chunk offsets of a sound whose media comes last one of 64 bits."""
    at = content.index(b"stco") - 4
    size, count = int.from_bytes(content[at : at + 4], "big"), int.from_bytes(content[at + 12 : at + 16], "big")
    growth = 4 * count
    old = [int.from_bytes(content[at + 16 + 4 * i : at + 20 + 4 * i], "big") for i in range(count)]
    table = (size + growth).to_bytes(4, "big") + b"co64" + content[at + 8 : at + 16]
    table += b"".join((offset + growth).to_bytes(8, "big") for offset in old)
    made = bytearray(content[:at] + table + content[at + size :])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        head = made.index(kind) - 4
        made[head : head + 4] = (int.from_bytes(made[head : head + 4], "big") + growth).to_bytes(4, "big")
    return bytes(made)


#: Name of a file -> how it is made.
KINDS: dict[str, Callable[[Path], None]] = {
    "bare.mp3": _sound("-id3v2_version", "0"),
    "v23.mp3": _sound("-id3v2_version", "3", "-write_id3v1", "1", *META),
    "v24.mp3": _sound("-id3v2_version", "4", "-write_id3v1", "1", *META),
    "cover23.mp3": _with_cover("-id3v2_version", "3"),
    "cover24.mp3": _with_cover("-id3v2_version", "4"),
    "chapters23.mp3": _with_chapters("-id3v2_version", "3"),
    "chapters24.mp3": _with_chapters("-id3v2_version", "4"),
    "mutagen23.mp3": _tagged_by_mutagen(3),
    "mutagen24.mp3": _tagged_by_mutagen(4),
    "ape.mp3": _with_ape,
    "ffmpeg.flac": _sound("-c:a", "flac", *META),
    "bare.flac": _flac_bare,
    "padded.flac": _flac(4000),
    "tight.flac": _flac(0),
    "id3.flac": _flac_behind_id3,
    "bare.wav": _sound("-bitexact", "-map_metadata", "-1"),
    "info.wav": _sound(*META),
    "id3.wav": _wav_with_id3,
    "odd.wav": _wav_odd,
    "more.wav": _wav_with_more,
    "bare.m4a": _sound("-c:a", "aac", "-map_metadata", "-1", "-fflags", "+bitexact"),
    "late.m4a": _sound("-c:a", "aac", *META),
    "early.m4a": _sound("-c:a", "aac", "-movflags", "+faststart", *META),
    "long.m4a": _m4a_long,
    "cover.m4a": _with_cover("-c:a", "aac", "-movflags", "+faststart"),
    "chapters.m4a": _with_chapters("-c:a", "aac", "-movflags", "+faststart"),
    "mutagen.m4a": _m4a_by_mutagen,
    "keys.mp4": _film("-movflags", "+use_metadata_tags+faststart", "-metadata", "mine=kept"),
    "early.mp4": _film("-movflags", "+faststart"),
    "early.mov": _film("-movflags", "+faststart"),
    "keys.mov": _film("-movflags", "+use_metadata_tags", "-metadata", "mine=kept"),
}


# --- ours ------------------------------------------------------------------------------------------


def format_of(path: Path) -> Format:
    with path.open("rb") as stream:

        def read_at(offset: int, length: int) -> bytes:
            stream.seek(offset)
            return stream.read(length)

        found = sniff(read_at)
    assert found is not None
    return found


def parts_of(path: Path) -> list[Part]:
    with path.open("rb") as stream:
        return list(CONTAINERS[format_of(path).container].walk(stream, path.stat().st_size))


def edits_of(path: Path, asked: Mapping[str, Mapping[str, tuple[str, ...]]]) -> list[Edit]:
    with path.open("rb") as stream:
        return TAGGERS[format_of(path).name].edits(stream, parts_of(path), asked)


def write(path: Path, asked: Mapping[str, Mapping[str, tuple[str, ...]]], dest: Path) -> Path:
    edits = edits_of(path, asked)
    with path.open("rb") as stream, dest.open("wb") as out:
        rewrite(stream, path.stat().st_size, edits, out)
    return dest


def carriers(path: Path) -> list[Carrier]:
    with path.open("rb") as stream:
        return list(TAGGERS[format_of(path).name].read(stream, parts_of(path)))


def fields(path: Path, carrier: str) -> dict[str, tuple[str, ...]]:
    """What our reader says of one carrier; only for files in which nothing is wrong."""
    found = [item for item in carriers(path) if item.id == carrier]
    assert not any(item.faults for item in found), found
    return found[0].fields if found else {}


# --- the judges ------------------------------------------------------------------------------------


def ffprobe(path: Path) -> dict[str, str]:
    """Tags as ffprobe reads them, of the file."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout)["format"].get("tags", {}))


def exiftool(path: Path) -> dict[str, list[Any]]:
    """Tags as exiftool reads them: name without the version of ID3 -> values."""
    command = ["exiftool", "-G1", "-a", "-u", "-s", "-charset", "riff=UTF8", "-m", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=True)
    found: dict[str, list[Any]] = {}
    for line in done.stdout.splitlines():
        group, _, rest = line.partition("]")
        name, _, value = rest.partition(":")
        # Frames of v2.3 in a tag of v2.4 have no group, and a warning.
        group = {"ID3v2_2": "ID3v2", "ID3v2_3": "ID3v2", "ID3v2_4": "ID3v2", "": "ID3v2"}.get(
            group.lstrip("["), group.lstrip("[")
        )
        name = f"{group}:{name.strip()}"
        found.setdefault(name, []).append(value.strip())
    return found


def sound(path: Path) -> bytes:
    """A digest of all that is heard and seen, decoded; covers too."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-map", "0:v?", "-f", "streamhash", "-"]
    done = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    assert not done.stderr, done.stderr
    return done.stdout


def mutagen_tags(path: Path) -> dict[str, Any]:
    """Tags as mutagen reads them, comparable; comments of FLAC in upper case."""
    file = mutagen.File(path)
    found: dict[str, Any] = {}
    if isinstance(file, flac.FLAC):
        for name, value in file.tags or []:
            found.setdefault(name.upper(), []).append(value)
        found["pictures"] = [(picture.mime, picture.data) for picture in file.pictures]
        found["vendor"] = file.tags.vendor if file.tags else ""
    elif isinstance(file, (mp3.MP3, wave.WAVE)):
        found = {key: repr(frame).replace("Encoding.UTF8", "") for key, frame in (file.tags or {}).items()}
    elif isinstance(file, mp4.MP4):
        found = {key: list(value) if isinstance(value, list) else value for key, value in (file.tags or {}).items()}
    return found
