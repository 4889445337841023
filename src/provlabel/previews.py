"""Small pictures of files for people: a thumbnail, or the outline of a sound."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Preview(Struct, frozen=True, kw_only=True):
    """What a person sees of one file in a report."""

    kind: Literal["picture", "waveform", "none"]
    jpeg: bytes = b""  #: of a picture: a small JPEG, upright, without any metadata
    width: int = 0  #: pixels of the whole picture, upright
    height: int = 0
    peaks: tuple[int, ...] = ()  #: of a sound: the loudest sample of each slice, 0 to 255
    seconds: float = 0.0  #: how long it plays
    why: str = ""  #: why there is none
