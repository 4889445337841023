"""The bounded look at a file before the engine sees it.

The engine aborts the process on a 2 kB file, takes 4.1 GB for a 2.5 kB one, and needs quadratic
time in the number of assertions.  This scan walks container, JUMBF boxes (ISO 19566-5) and CBOR
heads (RFC 8949) with fixed limits and refuses what no honest file needs; compressed manifests are unpacked and
count as what they hold.  Of all else it judges only
what the engine does not look at: three labels, and bytes behind a store.  What passes is still read by the engine
inside the sandbox.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from provlabel.evidence import plain_path
from provlabel.manifest import cbor, compressed, jumbf
from provlabel.manifest.cbor import Refused
from provlabel.media.containers import (
    CONTAINERS,
    ContainerError,
    Part,
    PartRole,
    elsewhere,
    obstacle,
    pieces,
    stores_in,
)
from provlabel.media.formats import Format

# Limits with their source: reliability study of Nov 2026 (attack files and 450 honest fixtures).
MAX_SIZE = 64 << 30  # bytes of a file; a hole on the disk may be larger, and takes minutes to read
MAX_STORE = 8 << 20  # bytes of all manifests together, unpacked; the largest honest store seen had 1.1 MB
MAX_BOXES = 5_000
MAX_ASSERTIONS = 500
MAX_MANIFESTS = 100
MAX_BOX_DEPTH = 32
MAX_CBOR_ITEMS = 200_000

_ASSERTION_STORE = b"c2as"
#: What has one content and nothing else (C2PA 2.4 §11.1.4); the engine passes over more in a signature.
_SINGLE = frozenset({b"c2cl", b"c2cs"})
#: Labels of the boxes that a claim does not sign, by their type (C2PA 2.4 §11.1.4).  The engine finds them by type
#: and takes any label, though a claim names its signature by it.
_LABELS = {
    b"c2pa": (b"c2pa",),
    _ASSERTION_STORE: (b"c2pa.assertions",),
    b"c2cl": (b"c2pa.claim", b"c2pa.claim.v2"),
    b"c2cs": (b"c2pa.signature",),
}


class Scan(NamedTuple):
    """What the scan saw."""

    parts: tuple[Part, ...] = ()
    stores: tuple[bytes, ...] = ()  #: the embedded manifest stores; more than one is itself a fault
    damage: str = ""  #: what is missing from a content that can be walked, or why it cannot be
    followed: bool = True  #: could it be walked?  Else it is one part, judged by a manifest beside it
    streamed: bool = False  #: there are placeholders in the place of its sizes
    obstacle: str = ""  #: why the engine must not embed into just this file
    elsewhere: tuple[str, ...] = ()  #: what is seen or heard and does not lie in it
    seconds: float | None = None  #: how long it plays, where the container states it

    def role_at(self, start: int, length: int) -> PartRole:
        """Say what lies in ``length`` bytes from ``start``; the most telling part wins."""
        return _worst({part.role for part in self.parts if part.start < start + length and start < part.end}, "media")

    def role_of_boxes(self, xpath: str, usertype: str = "") -> PartRole:
        """Say what lies in the boxes of an ISO base media file that ``xpath`` names, if any.

        ``usertype`` narrows ``/uuid`` to boxes of that type.  Other conditions of an exclusion are
        not looked at, so that more counts as left out than is, never less.
        """
        path = plain_path(xpath).strip("/")
        path = f"uuid:{usertype}" if path == "uuid" and usertype else path
        return _worst({part.role for part in self.parts if _is_at(part.name, path)}, "structure")


_WORST_FIRST: tuple[PartRole, ...] = ("media", "metadata", "structure", "manifest")


def _worst(roles: set[PartRole], otherwise: PartRole) -> PartRole:
    return next((role for role in _WORST_FIRST if role in roles), otherwise)


def _is_at(name: str, path: str) -> bool:
    """Is the part the box at ``path``, inside of it, or so that the box lies inside of the part?"""
    return name == path or name.startswith((f"{path}/", f"{path}:")) or path.startswith(f"{name}/")


def scan_file(stream: BinaryIO, size: int, fmt: Format, *, ours: bool = False) -> Scan:
    """Walk ``stream`` of ``size`` bytes and check every manifest in it, unless they are ``ours``, written just now.

    Raises:
        ContainerError: the container is damaged, and a manifest beside it would not do.
        Refused: a limit is exceeded.
    """
    family = CONTAINERS[fmt.container]
    try:
        parts = tuple(family.walk(stream, size))
    except ContainerError as exc:
        if ours or not family.judged_whole or _holds_store(stream, size):
            raise
        damage = "" if fmt.why_detached else str(exc)  # else nothing is known of how its parts should lie
        return Scan(tuple(CONTAINERS["opaque"].walk(stream, size)), damage=damage, followed=False)
    manifests = [part for part in parts if part.role == "manifest" and part.payload_length]
    total = sum(part.payload_length for part in manifests)
    if total > MAX_STORE:
        raise Refused(f"{total:,} bytes of manifest; {MAX_STORE:,} are read")
    stores = stores_in(fmt.container, stream, manifests)
    budget = _Budget()
    for store in () if ours else stores:
        _scan(store, budget)
    return Scan(
        parts,
        stores,
        damage=_damage(stream, parts, fmt),
        obstacle=obstacle(fmt.container, stream, size),
        elsewhere=elsewhere(fmt.container, stream, parts),
        streamed=bool(family.sizes and family.sizes(stream, size)),
        seconds=_seconds(stream, parts, fmt),
    )


# How the description of a manifest store begins (ISO 19566-5 §A.3, C2PA 2.4 §11.1.4.1).
_STORE = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"


def _holds_store(stream: BinaryIO, size: int) -> bool:
    """Does a manifest lie somewhere in a file whose parts cannot be followed?"""
    rest = b""
    for piece in pieces(stream, 0, size):
        if _STORE in rest + piece:
            return True
        rest = piece[1 - len(_STORE) :]
    return False


def _seconds(stream: BinaryIO, parts: tuple[Part, ...], fmt: Format) -> float | None:
    seconds = CONTAINERS[fmt.container].seconds
    try:
        return seconds(stream, parts) if seconds is not None else None
    except ContainerError:
        return None


def _damage(stream: BinaryIO, parts: tuple[Part, ...], fmt: Format) -> str:
    require_whole = CONTAINERS[fmt.container].require_whole
    try:
        if require_whole is not None:
            require_whole(stream, parts)
    except ContainerError as exc:
        return str(exc)
    return ""


class _Budget:
    """What one store may still spend; shared by all levels of the walk and all stores of a file."""

    def __init__(self) -> None:
        self.boxes = MAX_BOXES
        self.assertions = MAX_ASSERTIONS
        self.manifests = MAX_MANIFESTS
        self.cbor = MAX_CBOR_ITEMS
        self.unpacked = MAX_STORE
        self.names: set[bytes] = set()  # of manifests

    def take_item(self, _head: int) -> None:
        """Take one item of CBOR, of which a plain file has a hundred."""
        self.cbor -= 1
        if self.cbor < 0:
            raise Refused("too many cbor")

    def take(self, what: str) -> None:
        left = getattr(self, what) - 1
        if left < 0:
            raise Refused(f"too many {what}")
        setattr(self, what, left)


def scan_store(store: bytes) -> None:
    """Check one detached manifest store.

    Raises:
        Refused: see the limits above.
        ContainerError: boxes that do not fit into each other, or without the label that they must have;
            or more than the one store, of which readers could each take another.
    """
    if len(store) <= MAX_STORE:
        first = next(jumbf.boxes(memoryview(store)), None)
        if first is not None and first.end != len(store):
            raise ContainerError("there is more behind the detached manifest than the one store")
    _scan(store, _Budget())


def _scan(store: bytes, budget: _Budget) -> None:
    if len(store) > MAX_STORE:
        raise Refused(f"{len(store):,} bytes of manifest; {MAX_STORE:,} are read")
    _boxes(memoryview(store), (0, len(store)), budget, 0, b"")


def _boxes(data: memoryview, span: tuple[int, int], budget: _Budget, depth: int, parent: bytes) -> None:
    if depth > MAX_BOX_DEPTH:
        raise Refused("manifest boxes are nested too deeply")
    end = span[0]
    for box in jumbf.boxes(data, *span):
        end = box.end
        budget.take("boxes")
        if box.kind == jumbf.SUPERBOX:
            _superbox(data, box, budget, depth, parent)
        elif box.kind == jumbf.CBOR:
            cbor.walk(data[box.body : box.end], budget.take_item)
        elif box.kind == jumbf.BROTLI:
            raise ContainerError("something is compressed in it that is no manifest")
    if depth and end != span[1]:
        raise ContainerError("a manifest box holds something else than boxes")


def _superbox(data: memoryview, box: jumbf.JumbfBox, budget: _Budget, depth: int, parent: bytes) -> None:
    description, children = jumbf.described(data, box)
    if not description.label.isascii():
        raise Refused("an assertion label holds characters outside ASCII, which aborts the engine")
    if description.label not in _LABELS.get(description.kind, (description.label,)):
        raise ContainerError("a part of the manifest does not have the label that C2PA gives it")
    if description.kind in _SINGLE and [inside.kind for inside in jumbf.boxes(data, children, box.end)] != [jumbf.CBOR]:
        raise ContainerError("a claim or a signature is not the one value that C2PA gives it")
    if parent == b"c2pa" and description.kind == compressed.KIND:
        held = compressed.manifest_in(data, box, budget.unpacked)
        budget.unpacked -= len(held)
        _boxes(memoryview(held), (0, len(held)), budget, depth, parent)
        return
    if parent == _ASSERTION_STORE:
        budget.take("assertions")
    elif parent == b"c2pa":
        budget.take("manifests")
        if description.label in budget.names:
            raise ContainerError("two manifests have the same name, so that readers could each take another")
        budget.names.add(description.label)
    _boxes(data, (children, box.end), budget, depth + 1, description.kind)
