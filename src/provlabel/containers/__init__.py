"""Container knowledge: one file per family, one row each in :data:`WALKERS`.

A walker reads only heads and lengths, never trusts either, and names each stretch of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from provlabel.containers import id3, jpeg, png, riff
from provlabel.containers._base import ContainerError, Part, Role, Walker, read_exactly

WALKERS: dict[str, Walker] = {
    "id3": id3.walk,
    "jpeg": jpeg.walk,
    "png": png.walk,
    "riff": riff.walk,
}

#: What can be told of a container that can be walked and is cut off all the same.
WHOLE: dict[str, Callable[[BinaryIO, Sequence[Part]], None]] = {"jpeg": jpeg.require_whole}

__all__ = ["WALKERS", "WHOLE", "ContainerError", "Part", "Role", "Walker", "read_exactly"]
