"""Container knowledge: one file per family, one row each in :data:`CONTAINERS`.

A walker reads only heads and lengths, never trusts either, and names each stretch of the file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from provlabel.media.containers import (
    gif,
    id3,
    isobmff,
    items,
    jpeg,
    opaque,
    png,
    references,
    riff,
    svg,
    svg_references,
    tiff,
)
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
    whole_parts,
    write_payload,
)
from provlabel.media.containers.edits import Edit, Hole, NoHole, TooLarge, without_manifest


class Container(NamedTuple):
    """What is known of one family of containers; whatever is not given is as in most of them."""

    walk: Walker
    words: str = "parts"  #: what its parts are called, for people
    stores: Joiner = payloads  #: where a store is more than one stretch of bytes
    splice: Splicer = write_payload  #: where other bytes than those of the store change with it
    obstacle: Obstacle | None = None
    leftovers: Callable[[BinaryIO, int], Iterator[tuple[int, int]]] | None = None  #: old stores that the engine leaves
    hole: Callable[[BinaryIO, Sequence[Part], int], Hole] | None = (
        None  #: ``None`` where we cannot make room for a store
    )
    hole_in: Callable[[Sequence[Part]], tuple[int, int]] = whole_parts  #: what a content hash has to leave out
    take_out: Callable[[BinaryIO, Sequence[Part]], list[Edit]] = lambda _, parts: without_manifest(
        parts
    )  #: where more changes than the parts that hold a manifest
    hashed_by_boxes: bool = False  #: by ``c2pa.hash.bmff``, which we leave to the engine
    seconds: Callable[[BinaryIO, Sequence[Part]], float | None] | None = None  #: how long a sound plays, where it tells
    require_whole: Callable[[BinaryIO, Sequence[Part]], None] | None = (
        None  #: where a file can be walked and is cut off
    )
    elsewhere: Callable[[BinaryIO, Sequence[Part]], Iterable[str]] | None = None  #: what is shown and is not in it
    facts_beside_places: bool = False  #: places stand among the facts of each picture, so that they cannot be separated


#: By the name that :attr:`provlabel.media.formats.Format.container` has; a test holds the two against each other.
CONTAINERS: dict[str, Container] = {
    "gif": Container(gif.walk, stores=gif.stores, splice=gif.splice),
    "id3": Container(
        id3.walk, "ID3 frames", hole=id3.hole, hole_in=id3.hole_in, take_out=id3.take_out, seconds=id3.seconds
    ),
    "isobmff": Container(
        isobmff.walk,
        "boxes",
        obstacle=items.obstacle,
        hole=isobmff.hole,
        take_out=isobmff.take_out,
        hashed_by_boxes=True,
        seconds=isobmff.seconds,
        elsewhere=references.elsewhere,
    ),
    "jpeg": Container(
        jpeg.walk, stores=jpeg.stores, splice=jpeg.splice, hole=jpeg.hole, require_whole=jpeg.require_whole
    ),
    "opaque": Container(opaque.walk),
    "png": Container(png.walk, "chunks", splice=png.splice, hole=png.hole),
    "riff": Container(
        riff.walk, "chunks", hole=riff.hole, hole_in=riff.hole_in, take_out=riff.take_out, seconds=riff.seconds
    ),
    "svg": Container(
        svg.walk,
        stores=svg.stores,
        splice=svg.splice,
        obstacle=svg.obstacle,
        take_out=svg.take_out,
        elsewhere=svg_references.elsewhere,
    ),
    "tiff": Container(
        tiff.walk,
        "tags",
        obstacle=tiff.obstacle,
        leftovers=tiff.stores_left,
        take_out=tiff.take_out,
        facts_beside_places=True,
    ),
}


def stores_in(container: str, stream: BinaryIO, parts: list[Part]) -> tuple[bytes, ...]:
    """Return the manifest stores that the manifest ``parts`` hold."""
    return tuple(CONTAINERS[container].stores(stream, parts))


def _holders(container: str, stream: BinaryIO, size: int) -> list[Part]:
    return [
        part for part in CONTAINERS[container].walk(stream, size) if part.role == "manifest" and part.payload_length
    ]


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
    CONTAINERS[container].splice(stream, parts, store)


def stores_left(container: str, stream: BinaryIO, size: int) -> list[tuple[int, int]]:
    """Return where stores begin and end that the engine would leave in the file beside a new one."""
    leftovers = CONTAINERS[container].leftovers
    return sorted(set(leftovers(stream, size))) if leftovers is not None else []


def obstacle(container: str, stream: BinaryIO, size: int) -> str:
    """Say why the engine would break or refuse just this file if it embedded; empty when it would not."""
    why = CONTAINERS[container].obstacle
    return why(stream, size) if why is not None else ""


def elsewhere(container: str, stream: BinaryIO, parts: Sequence[Part]) -> tuple[str, ...]:
    """Say what a file shows or plays that does not lie in it, in words for people; nothing in most."""
    of_container = CONTAINERS[container].elsewhere
    return tuple(of_container(stream, parts)) if of_container is not None else ()


def inventory(container: str, stream: BinaryIO, size: int) -> Counter[str]:
    """Count the parts of a file by name; the manifest, padding, and what nothing refers to are left out."""
    parts = CONTAINERS[container].walk(stream, size)
    return Counter(part.name for part in parts if part.role in ("metadata", "media") and part.name != UNKNOWN)


def hole_for(container: str, stream: BinaryIO, size: int, length: int) -> Hole:
    """Make room for a manifest store of ``length`` bytes in a file that was found sound before.

    Raises:
        NoHole: we do not know how in this container, or in just this file.
        TooLarge: the file would be.
    """
    family = CONTAINERS[container]
    if family.hole is None:
        raise NoHole("no manifest is put into this container by us")
    return family.hole(stream, tuple(family.walk(stream, size)), length)


def taken_out(container: str, stream: BinaryIO, size: int) -> list[Edit]:
    """Return the edits after which a file that was found sound before holds no manifest.

    Raises:
        ContainerError: that cannot be done in just this file.
    """
    family = CONTAINERS[container]
    return family.take_out(stream, tuple(family.walk(stream, size)))


def hole_in(container: str, parts: Sequence[Part]) -> tuple[int, int]:
    """Return start and length of what a content hash has to leave out of a file with a manifest, exactly."""
    return CONTAINERS[container].hole_in([part for part in parts if part.role == "manifest"])


# Parts that say how long the file is, or where in it others lie: they change with the manifest.
_PLACES = frozenset({"header", "stco", "co64", "iloc", "saio", "sidx", "tfra"})


class Bare(NamedTuple):
    """Digests of a file without what labeling changes in it."""

    media: str  #: of all but the manifest, padding, and where parts lie
    content: str  #: of what is seen or heard: tags are left out too


def bare_sha256(container: str, stream: BinaryIO, size: int) -> Bare | None:
    """Return the digests of a file that was found sound before; ``None`` when its parts cannot be separated."""
    if CONTAINERS[container].facts_beside_places:
        return None
    digests: dict[PartRole, Any] = {"media": hashlib.sha256(), "metadata": hashlib.sha256()}
    for part in CONTAINERS[container].walk(stream, size):
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
    "CONTAINERS", "UNKNOWN", "Container", "ContainerError", "Hole", "NoHole", "Part", "PartRole", "TooLarge",
    "Walker", "bare_sha256", "elsewhere", "hole_for", "hole_in", "inventory", "lost", "obstacle", "pieces",
    "read_exactly", "splice", "stores_in", "stores_left", "stores_of", "taken_out",
]  # fmt: skip
