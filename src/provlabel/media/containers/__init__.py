"""Container knowledge: one file per family, one row each in :data:`WALKERS`.

A walker reads only heads and lengths, never trusts either, and names each stretch of the file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple

from provlabel.media.containers import gif, id3, isobmff, items, jpeg, opaque, png, riff, svg, tiff
from provlabel.media.containers._base import (
    UNKNOWN,
    ContainerError,
    Joiner,
    Obstacle,
    Part,
    PartRole,
    Splicer,
    Walker,
    payloads,
    pieces,
    read_exactly,
    write_payload,
)
from provlabel.media.containers.edits import Hole, NoHole, TooLarge

WALKERS: dict[str, Walker] = {
    "gif": gif.walk,
    "id3": id3.walk,
    "isobmff": isobmff.walk,
    "jpeg": jpeg.walk,
    "opaque": opaque.walk,
    "png": png.walk,
    "riff": riff.walk,
    "svg": svg.walk,
    "tiff": tiff.walk,
}
# Only where a store is more than one stretch of bytes.
_JOINERS: dict[str, Joiner] = {"gif": gif.stores, "jpeg": jpeg.stores, "svg": svg.stores}
# Only where other bytes than those of the store change with it.
_SPLICERS: dict[str, Splicer] = {"gif": gif.splice, "jpeg": jpeg.splice, "png": png.splice, "svg": svg.splice}
_OBSTACLES: dict[str, Obstacle] = {"isobmff": items.obstacle, "svg": svg.obstacle, "tiff": tiff.obstacle}

#: Makes room for a manifest store of a length, or raises :class:`NoHole`; only where we know how.
ROOMS: dict[str, Callable[[BinaryIO, Sequence[Part], int], Hole]] = {
    "id3": id3.room,
    "isobmff": isobmff.room,
    "jpeg": jpeg.room,
    "png": png.room,
    "riff": riff.room,
}

#: Containers whose content is hashed box by box (``c2pa.hash.bmff``), which we leave to the engine.
HASHED_BY_BOXES = frozenset({"isobmff"})

#: How long a sound plays, in seconds, where the container tells.
SECONDS: dict[str, Callable[[BinaryIO, Sequence[Part]], float | None]] = {
    "id3": id3.seconds,
    "isobmff": isobmff.seconds,
    "riff": riff.seconds,
}
#: What can be told of a container that can be walked and is cut off all the same.
WHOLE: dict[str, Callable[[BinaryIO, Sequence[Part]], None]] = {"jpeg": jpeg.require_whole}


def stores_in(container: str, stream: BinaryIO, parts: list[Part]) -> tuple[bytes, ...]:
    """Return the manifest stores that the manifest ``parts`` hold."""
    return tuple(_JOINERS.get(container, payloads)(stream, parts))


def _holders(container: str, stream: BinaryIO, size: int) -> list[Part]:
    return [part for part in WALKERS[container](stream, size) if part.role == "manifest" and part.payload_length]


def stores_of(container: str, stream: BinaryIO, size: int) -> tuple[bytes, ...]:
    """Return the manifest stores of a file that was found sound before."""
    return stores_in(container, stream, _holders(container, stream, size))


def splice(container: str, stream: BinaryIO, size: int, store: bytes) -> None:
    """Write ``store`` over the embedded manifest store of the same length; no other byte moves.

    Raises:
        ContainerError: there is no embedded store, more than one, or one of another length.
    """
    parts = _holders(container, stream, size)
    if [len(old) for old in stores_in(container, stream, parts)] != [len(store)]:
        raise ContainerError("there is not one manifest of this length to write over")
    _SPLICERS.get(container, write_payload)(stream, parts, store)


def stores_left(container: str, stream: BinaryIO, size: int) -> list[tuple[int, int]]:
    """Return where stores begin and end that the engine would leave in the file beside a new one."""
    return sorted(set(tiff.stores_left(stream, size))) if container == "tiff" else []


def obstacle(container: str, stream: BinaryIO, size: int) -> str:
    """Say why the engine would break or refuse just this file if it embedded; empty when it would not."""
    return _OBSTACLES[container](stream, size) if container in _OBSTACLES else ""


def inventory(container: str, stream: BinaryIO, size: int) -> Counter[str]:
    """Count the parts of a file by name; the manifest, padding, and what nothing refers to are left out."""
    parts = WALKERS[container](stream, size)
    return Counter(part.name for part in parts if part.role in ("metadata", "media") and part.name != UNKNOWN)


def room_for(container: str, stream: BinaryIO, size: int, length: int) -> Hole:
    """Make room for a manifest store of ``length`` bytes in a file that was found sound before.

    Raises:
        NoRoom: we do not know how in just this file.
        TooLarge: the file would be.
    """
    return ROOMS[container](stream, tuple(WALKERS[container](stream, size)), length)


def hole_in(container: str, parts: Sequence[Part]) -> tuple[int, int]:
    """Return start and length of what a content hash has to leave out of a file with a manifest, exactly."""
    held = [part for part in parts if part.role == "manifest"]
    if container == "id3":  # the frame around the store is hashed
        return held[0].payload_at, held[0].payload_length
    padding = held[0].length - held[0].payload_length - 8 if container == "riff" else 0
    return held[0].start, held[-1].end - held[0].start - padding


# Parts that say how long the file is, or where in it others lie: they change with the manifest.
_PLACES = frozenset({"header", "stco", "co64", "iloc", "saio", "sidx", "tfra"})


class Bare(NamedTuple):
    """Digests of a file without what labeling changes in it."""

    media: str  #: of all but the manifest, padding, and where parts lie
    content: str  #: of what is seen or heard: tags are left out too


def bare_sha256(container: str, stream: BinaryIO, size: int) -> Bare | None:
    """Return the digests of a file that was found sound before; ``None`` when its parts cannot be told apart."""
    if container == "tiff":  # places stand among the facts of each picture
        return None
    digests: dict[PartRole, Any] = {"media": hashlib.sha256(), "metadata": hashlib.sha256()}
    for part in WALKERS[container](stream, size):
        if part.role in digests and part.name.rpartition("/")[2] not in _PLACES:
            for piece in pieces(stream, part.start, part.end):
                digests[part.role].update(piece)
    content, tags = digests["media"].hexdigest(), digests["metadata"].hexdigest()
    return Bare(content + tags, content)


def lost(before: Counter[str], after: Counter[str]) -> list[str]:
    """Return the names of parts that are fewer than before.

    ID3v2.2 frames get other names when the tag is rewritten, so of them only the number counts.
    """
    gone = before - after
    renamed = gone.pop(id3.OLD_FRAME, 0)
    if renamed > (after - before).total():
        gone[id3.OLD_FRAME] = renamed
    return sorted(gone)


__all__ = [
    "HASHED_BY_BOXES",
    "ROOMS",
    "SECONDS",
    "UNKNOWN",
    "WALKERS",
    "WHOLE",
    "ContainerError",
    "Hole",
    "NoHole",
    "Part",
    "PartRole",
    "TooLarge",
    "Walker",
    "bare_sha256",
    "hole_in",
    "inventory",
    "lost",
    "obstacle",
    "pieces",
    "read_exactly",
    "room_for",
    "splice",
    "stores_in",
    "stores_left",
    "stores_of",
]
