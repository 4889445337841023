"""SVG: XML text; C2PA lies as base64 in ``<c2pa:manifest>`` within ``<metadata>`` (C2PA 2.4 §A.3.5).

Read by expat, which ships with Python, reports places in bytes and, with a default handler, does
not expand entities; text that is not well-formed is damage.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import (
    MAX_PARTS,
    PIECE,
    ContainerError,
    Part,
    PartRole,
    pieces,
    read_exactly,
    write_payload,
)
from provlabel.media.containers.edits import Edit

_HEAD = 1 << 16  # bytes that are read at once to find the root
MAX_DEPTH = 1_000
MAX_ELEMENTS = 500_000  # of a drawing, and references; maps have a few hundred thousand
MAX_ATTRIBUTES = 10_000  # of one element
#: A handler whose presence keeps expat from expanding entities; it is called for each bit of text, so it is one in C.
IGNORE_REST = bool
_MANIFEST = "c2pa:manifest"
_NAMESPACE = "http://c2pa.org/manifest"
_METADATA = frozenset({"metadata", "title", "desc"})
_ENCODINGS = frozenset({"", "utf-8", "us-ascii"})


class _TextStarts:
    """The places at which a new kind of text begins."""

    def __init__(self) -> None:
        from xml.parsers import expat

        self.marks: list[tuple[int, str, PartRole]] = [(0, "drawing", "media")]
        self._depth = 0
        self._count = self._references = 0
        self._awaits = False  #: the next byte of text is the manifest's first
        self._names = {_MANIFEST}  #: of the element, as the prefixes of this drawing have it
        self._within = 0  #: the depth of the manifest that is open
        self._parser = expat.ParserCreate()
        self._error = expat.ExpatError
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.DefaultHandler = IGNORE_REST

    def feed(self, piece: bytes, last: bool) -> None:
        self._references += piece.count(b"&")
        if self._references > MAX_ELEMENTS:
            raise ContainerError("too many references to entities")
        try:
            self._parser.Parse(piece, last)
        except ContainerError:
            raise
        except (self._error, LookupError, ValueError) as exc:  # the last two: an encoding that expat does not know
            raise ContainerError(f"is no well-formed XML: {exc}") from exc

    def _mark(self, name: str, role: PartRole) -> None:
        if len(self.marks) > MAX_PARTS:
            raise ContainerError("too many elements")
        self.marks.append((self._parser.CurrentByteIndex, name, role))

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise ContainerError("elements are nested too deeply")
        if self._count > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise ContainerError("too many elements or attributes")
        if self._within:
            raise ContainerError("the manifest in it holds other elements")
        if _NAMESPACE in attributes.values():
            self._names |= {_manifest_as(key) for key, value in attributes.items() if value == _NAMESPACE}
        if name in self._names:
            self._within = self._depth
            self._await(True)
        if self._depth == 2 and _is_descriptive(name):
            self._mark(name, "metadata")

    def _end(self, name: str) -> None:
        self._depth -= 1
        ours, self._within = bool(self._within), 0
        if self._depth > 1 and not ours:
            return
        if ours and not self._awaits:
            self._mark("after the manifest", "metadata")
        elif self._depth == 1 and _is_descriptive(name):
            self._mark("drawing", "media")
        self._await(False)

    def _await(self, awaits: bool) -> None:
        """Have text handed over only where it is needed: a drawing may have millions of bits of it."""
        if awaits != self._awaits:
            self._awaits = awaits
            self._parser.CharacterDataHandler = self._text if awaits else None

    def _text(self, _: str) -> None:
        self._mark(_MANIFEST, "manifest")
        self._await(False)


def _manifest_as(key: str) -> str:
    """Return what a manifest is called where the attribute ``key`` declares its namespace."""
    prefix = key.removeprefix("xmlns").removeprefix(":")
    return f"{prefix}:manifest" if prefix else "manifest"


def _is_descriptive(name: str) -> bool:
    """Does a child of the root of this name describe the drawing, and is not drawn itself?"""
    return name.rpartition(":")[2] in _METADATA


def _read(stream: BinaryIO, size: int) -> _TextStarts:
    parsed = _TextStarts()
    for piece in pieces(stream, 0, size):
        parsed.feed(piece, False)
    parsed.feed(b"", True)
    return parsed


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield title, description and metadata, the manifest within, and the rest as drawing."""
    marks = [*_read(stream, size).marks, (size, "", "media")]
    for (start, name, role), (end, _, _) in itertools.pairwise(marks):
        if role == "manifest":
            yield Part(name, start, end - start, "manifest", start, end - start)
        elif end > start:
            yield Part(name, start, end - start, role)


def obstacle(stream: BinaryIO, size: int) -> str:
    """Say why the engine cannot embed: a root that is one tag, text that is not UTF-8, more than one place for it."""
    root = _Root()
    for start in range(0, size, _HEAD):
        root.feed(read_exactly(stream, start, min(_HEAD, size - start)))
        if root.done:
            break
    if root.encoding not in _ENCODINGS or read_exactly(stream, 0, 2) in (b"\xff\xfe", b"\xfe\xff"):
        return "its text is not UTF-8, and the engine reads no other"
    stream.seek(root.ends)
    if root.ends and stream.read(2) != b"</":
        return "its root is one self-closing tag, and the engine finds no place in it"
    if sum(part.name == root.holder for part in walk(stream, size)) > 1:
        return "it has several metadata elements, and the engine would write a manifest into each"
    return ""


class _Root:
    """Looks at the start tag of the root alone; whether the rest is sound the walker knows."""

    def __init__(self) -> None:
        from xml.parsers import expat

        self.encoding = ""
        self.done = False
        self.ends = 0  #: where the root ends, if nothing comes before
        self.holder = ""  #: what the element is called that the engine writes into
        self._open = False
        self._error = expat.ExpatError
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.XmlDeclHandler = self._declared
        self._parser.DefaultHandler = IGNORE_REST

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.Parse(piece, False)
        except (self._error, LookupError, ValueError) as exc:
            raise ContainerError(f"is no well-formed XML: {exc}") from exc

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        if self._open:
            self._stop()
        else:
            self.holder = f"{name.removesuffix('svg')}metadata"
        self._open = True

    def _end(self, _: str) -> None:
        self.ends = self._parser.CurrentByteIndex
        self._stop()

    def _stop(self) -> None:
        self.done = True
        self._parser.StartElementHandler = self._parser.EndElementHandler = None

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        self.encoding = (encoding or "").lower()


def stores(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[bytes]:
    """Decode the base64."""
    for part in parts:
        raw = b"".join(read_exactly(stream, part.payload_at, part.payload_length).split())
        try:
            yield base64.b64decode(raw, validate=True)
        except binascii.Error as exc:
            raise ContainerError(f"the manifest at byte {part.payload_at} is no base64: {exc}") from exc


def take_out(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Return the edits that take the element of the manifest out, and what the engine put around it.

    That is a ``metadata`` element of its own, where there was none, and the declaration of the prefix in the root.

    Raises:
        ContainerError: the manifest does not stand alone in its element.
    """
    size = max(part.end for part in parts)
    gone = [_element(stream, part, size) for part in parts if part.role == "manifest"]
    head = read_exactly(stream, 0, min(_HEAD, *(edit.start for edit in gone)))
    at = head.find(_DECLARED)
    used = _count(stream, _PREFIX, 0, size) - sum(_count(stream, _PREFIX, edit.start, edit.end) for edit in gone)
    return [Edit(at, at + len(_DECLARED), b""), *gone] if at >= 0 and not used else gone


def _element(stream: BinaryIO, part: Part, size: int) -> Edit:
    """Return the edit that takes the element around a manifest out, and an outer one that gets empty by it."""
    near = max(0, part.start - _NEAR)
    front = read_exactly(stream, near, part.start - near)
    behind = read_exactly(stream, part.end, min(_NEAR, size - part.end))
    opened, closed = _OPENED.search(front), _CLOSED.match(behind)
    if opened is None or closed is None:
        raise ContainerError(f"the manifest at byte {part.start} does not stand alone in its element")
    start, end = near + opened.start(), part.end + closed.end()
    outer = _OUTER.search(front, 0, opened.start())
    tail = b"</" + outer[1] + b">" if outer is not None else b""
    if outer is not None and behind.startswith(tail, closed.end()):
        start, end = near + outer.start(), end + len(tail)
    return Edit(start, end, b"")


def _count(stream: BinaryIO, text: bytes, start: int, end: int) -> int:
    """Count how often ``text`` stands between two places, in pieces that overlap by less than its length."""
    lap = len(text) - 1
    begins = ((max(start, at - lap), min(at + PIECE, end)) for at in range(start, end, PIECE))
    return sum(read_exactly(stream, first, last - first).count(text) for first, last in begins)


_PREFIX, _DECLARED = b"c2pa:", b' xmlns:c2pa="http://c2pa.org/manifest"'
_NEAR = 512  # bytes around a manifest in which its tags stand
_OPENED, _CLOSED = re.compile(rb"<c2pa:manifest(?:\s[^<>]*)?>\s*\Z"), re.compile(rb"\s*</c2pa:manifest\s*>")
_OUTER = re.compile(rb"<((?:[\w.-]+:)?metadata)>\Z")


def splice(stream: BinaryIO, parts: Sequence[Part], store: bytes) -> None:
    """Write ``store`` over the old one, as base64."""
    write_payload(stream, parts, base64.b64encode(store))
