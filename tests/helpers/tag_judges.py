"""What six independent programs show of the tags of an MP3: the fields that every player has."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import eyed3
import mutagen
import taglib

import audio_files as files

Shown = dict[str, str]
FIELDS = ("title", "artist", "album", "date", "track", "genre")
logging.getLogger("eyed3").setLevel(logging.CRITICAL)


def _shown(found: Mapping[str, Any]) -> Shown:
    """The fields that have a value; a date as ISO 8601 has it."""
    said = {name: str(found.get(name) or "") for name in FIELDS}
    return {name: re.sub(r"^(\d{4}):(\d\d):(\d\d)", r"\1-\2-\3", value) for name, value in said.items() if value}


def by_mutagen(path: Path) -> Shown:
    tags = mutagen.File(path, easy=True).tags or {}
    names = {"track": "tracknumber"}
    return _shown({name: ", ".join(tags.get(names.get(name, name), [])) for name in FIELDS})


def by_ffprobe(path: Path) -> Shown:
    return _shown(files.ffprobe(path))


def by_exiftool(path: Path) -> Shown:
    names = {"date": ("RecordingTime", "Year")}
    found = files.exiftool(path)

    def first(name: str) -> str:
        keys = [f"{group}:{key}" for group in ("ID3v2", "ID3v1") for key in names.get(name, (name.capitalize(),))]
        return next((str(found[key][0]) for key in keys if key in found), "")

    return _shown({name: first(name) for name in FIELDS})


def by_taglib(path: Path) -> Shown:
    names = {"track": "TRACKNUMBER"}
    with taglib.File(path) as file:
        tags = {name: ", ".join(values) for name, values in file.tags.items()}
    return _shown({name: tags.get(names.get(name, name.upper()), "") for name in FIELDS})


def by_eyed3(path: Path) -> Shown:
    tag = eyed3.load(path).tag
    if tag is None:
        return {}
    found = {"title": tag.title, "artist": tag.artist, "album": tag.album, "date": tag.getBestDate()}
    return _shown(found | {"track": tag.track_num[0], "genre": tag.genre and tag.genre.name})


def by_mediainfo(path: Path) -> Shown:
    names = {"title": "Track", "artist": "Performer", "album": "Album", "date": "Recorded_Date",
             "track": "Track/Position", "genre": "Genre"}  # fmt: skip
    asked = "General;" + "".join(f"{name}=%{key}%\\n" for name, key in names.items())
    done = subprocess.run(["mediainfo", f"--Inform={asked}", path], capture_output=True, text=True, check=True)
    return _shown(dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line))


JUDGES: dict[str, Callable[[Path], Shown]] = {
    "mutagen": by_mutagen, "ffprobe": by_ffprobe, "exiftool": by_exiftool, "TagLib": by_taglib, "eyeD3": by_eyed3,
    "mediainfo": by_mediainfo,
}  # fmt: skip
