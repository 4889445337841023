"""Container knowledge: one file per family, one row each in :data:`WALKERS`.

A walker reads only heads and lengths, never trusts either, and names each stretch of the file.
"""

from __future__ import annotations

from provlabel.containers import id3, jpeg, png, riff
from provlabel.containers._base import ContainerError, Part, Role, Walker, read_exactly

WALKERS: dict[str, Walker] = {
    "id3": id3.walk,
    "jpeg": jpeg.walk,
    "png": png.walk,
    "riff": riff.walk,
}

__all__ = ["WALKERS", "ContainerError", "Part", "Role", "Walker", "read_exactly"]
