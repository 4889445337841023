"""Container knowledge: one file per family, one row each in :data:`CONTAINERS`.

A walker reads only heads and lengths, never trusts either, and names each stretch of the file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from provlabel.media.containers import (
    chunks,
    gif,
    id3,
    isobmff,
    jpeg,
    jpeg_pointers,
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
from provlabel.media.containers.edits import Edit, Edited, Hole, NoHole, TooLarge, without_manifest
from provlabel.media.containers.pointers import Pointers, grows, moved, seen


class Container(NamedTuple):
    """What is known of one family of containers; whatever is not given is as in most of them."""

    walk: Walker
    words: str = "parts"  #: what its parts are called, for people
    stores: Joiner = payloads  #: where a store is more than one stretch of bytes
    splice: Splicer = write_payload  #: where other bytes than those of the store change with it
    obstacle: Obstacle | None = None
    sizes: Callable[[BinaryIO, int], list[Edit]] | None = None  #: puts right sizes where a stream has placeholders
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
    judged_whole: bool = False  #: with a manifest beside it, where its parts cannot be followed: it lies in one file
    #: numbers that say where something lies, in what others than C2PA write; most have none that an insertion changes
    pointers: Callable[[BinaryIO, Sequence[Part]], Iterable[Pointers]] | None = None
    facts_beside_places: bool = False  #: places stand among the facts of each picture, so that they cannot be separated


#: By the name that :attr:`provlabel.media.formats.Format.container` has; a test holds the two against each other.
CONTAINERS: dict[str, Container] = {
    "gif": Container(gif.walk, stores=gif.stores, splice=gif.splice),
    "id3": Container(
        id3.walk,
        "ID3 frames",
        obstacle=id3.obstacle,
        hole=id3.hole,
        hole_in=id3.hole_in,
        seconds=id3.seconds,
        judged_whole=True,
        pointers=id3.pointers,
        take_out=id3.take_out,
    ),
    "isobmff": Container(
        isobmff.walk,
        "boxes",
        obstacle=isobmff.obstacle,
        hole=isobmff.hole,
        take_out=isobmff.take_out,
        hashed_by_boxes=True,
        seconds=isobmff.seconds,
        elsewhere=references.elsewhere,
        pointers=chunks.pointers,
    ),
    "jpeg": Container(
        jpeg.walk,
        stores=jpeg.stores,
        splice=jpeg.splice,
        hole=jpeg.hole,
        require_whole=jpeg.require_whole,
        pointers=jpeg_pointers.pointers,
    ),
    "opaque": Container(opaque.walk),
    "png": Container(png.walk, "chunks", splice=png.splice, hole=png.hole),
    "riff": Container(
        riff.walk,
        "chunks",
        obstacle=riff.obstacle,
        sizes=riff.sizes,
        hole=riff.hole,
        hole_in=riff.hole_in,
        take_out=riff.take_out,
        seconds=riff.seconds,
        judged_whole=True,
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
        pointers=tiff.pointers,
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


def sized(container: str, stream: BinaryIO, size: int) -> Edited:
    """Return a file that was found sound before as it is with right sizes in its header."""
    family = CONTAINERS[container]
    return Edited(stream, size, family.sizes(stream, size) if family.sizes is not None else ())


def elsewhere(container: str, stream: BinaryIO, parts: Sequence[Part]) -> tuple[str, ...]:
    """Say what a file shows or plays that does not lie in it, in words for people; nothing in most."""
    of_container = CONTAINERS[container].elsewhere
    return tuple(of_container(stream, parts)) if of_container is not None else ()


def inventory(container: str, stream: BinaryIO, size: int) -> Counter[str]:
    """Count the parts of a file by name; the manifest, padding, and what nothing refers to are left out."""
    parts = CONTAINERS[container].walk(stream, size)
    return Counter(part.name for part in parts if part.role in ("metadata", "media") and part.name != UNKNOWN)


def pointed_to(container: str, stream: BinaryIO, size: int) -> dict[str, str]:
    """Return a digest of what lies where each pointer leads that others than C2PA keep in a file.

    Raises:
        ContainerError: they are not followed in just this file.
    """
    family = CONTAINERS[container]
    if family.pointers is None:
        return {}
    return seen(stream, family.pointers(stream, tuple(family.walk(stream, size))))


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


def put_right(container: str, stream: BinaryIO, size: int, length: int) -> list[Edit]:
    """Return the edits that a file needs before the engine embeds a store of ``length`` bytes, which moves pointers.

    Boxes have none, as the engine moves theirs by itself.

    Raises:
        ContainerError: a pointer cannot be moved.
    """
    family = CONTAINERS[container]
    if family.pointers is None or family.hole is None or family.hashed_by_boxes:
        return []
    parts = tuple(family.walk(stream, size))
    try:
        insertion = [edit for edit in family.hole(stream, parts, length).edits if grows(edit)]
    except NoHole:
        return []  # what comes of it is compared when it is read back
    edits = moved(family.pointers(stream, parts), insertion)
    return [edit for edit in edits if read_exactly(stream, edit.start, len(edit.content)) != edit.content]


def taken_out(container: str, stream: BinaryIO, size: int) -> list[Edit]:
    """Return the edits after which a file that was found sound before holds no manifest.

    Raises:
        ContainerError: that cannot be done in just this file.
    """
    family = CONTAINERS[container]
    parts = tuple(family.walk(stream, size))
    edits = family.take_out(stream, parts)
    if family.pointers is None or family.hole is None or family.hashed_by_boxes:
        return edits  # boxes and directories see to theirs by themselves
    return [*edits, *moved(family.pointers(stream, parts), edits)]


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
    "pointed_to", "put_right", "read_exactly", "sized", "splice", "stores_in", "stores_left", "stores_of",
    "taken_out",
]  # fmt: skip
