"""SVG: XMP as XML within the ``metadata`` of the root (XMP specification part 3 §1.1.8), where C2PA lies as well."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.carriers.tags import xmp
from provlabel.carriers.tags._base import MAX_CARRIERS, TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part, obstacle, pieces
from provlabel.media.containers.edits import Edit
from provlabel.media.containers.svg import IGNORE_REST

_NAME = 1 << 10  # bytes that surely hold the name of a tag, or an end tag
_ROOT = 256 << 10  # bytes that surely hold the start tag of the root
_XMPMETA, _RDF = ("adobe:ns:meta/", "xmpmeta"), ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "RDF")
_METADATA = (("", "metadata"), ("http://www.w3.org/2000/svg", "metadata"))
_MAX_BOUND = 1_000  # prefixes that hold in one place
_QUOTED = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


class _ElementPlace(NamedTuple):
    """Where an element stands: its start tag, and its end tag or, of one that closes itself, what follows."""

    name: tuple[str, str]  #: namespace and name
    start: int
    close: int
    bound: tuple[tuple[str, str], ...]  #: prefixes and namespaces that hold in it


class _PacketPlaces:
    """Where packets stand, and where one could."""

    def __init__(self) -> None:
        from xml.parsers import expat

        self.found: list[_ElementPlace] = []  #: packets and RDF that stand in no other, in the order of the file
        self.metadata: _ElementPlace | None = None
        self.root = 0
        self.namespace = ""  #: of the root
        self.encoding = ""
        self._depth = 0
        self._open: list[_ElementPlace] = []  # the metadata element, the packet within
        self._opened: list[int] = []  # at which depth
        self._scope = xmp.Namespaces()
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.XmlDeclHandler = self._declared
        self._parser.DefaultHandler = IGNORE_REST

    def feed(self, piece: bytes, last: bool) -> None:
        from xml.parsers.expat import ExpatError

        try:
            self._parser.Parse(piece, last)
        except (ExpatError, LookupError, ValueError) as exc:  # the last two: an encoding that expat does not know
            raise ContainerError(f"is no well-formed XML: {exc}") from exc

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.root = self._parser.CurrentByteIndex
            self._scope.enter(attributes)
            self.namespace = self._scope.element(name)[0]
        elif self._open or self._depth == 2:
            self._scope.enter(attributes)
            self._opens(self._scope.element(name))

    def _opens(self, name: tuple[str, str]) -> None:
        if self._depth == 2 and name in _METADATA:
            bound: tuple[tuple[str, str], ...] = ()
        elif len(self._open) == 1 and name in (_XMPMETA, _RDF):
            bound = tuple(itertools.islice(self._scope.uris.items(), _MAX_BOUND))
        else:
            return
        self._open.append(_ElementPlace(name, self._parser.CurrentByteIndex, 0, bound))
        self._opened.append(self._depth)

    def _end(self, _: str) -> None:
        if self._open or self._depth <= 2:
            self._scope.leave()
        if self._opened and self._opened[-1] == self._depth:
            self._opened.pop()
            place = self._open.pop()._replace(close=self._parser.CurrentByteIndex)
            if self._open and len(self.found) <= MAX_CARRIERS:
                self.found.append(place)
            elif not self._open:
                self.metadata = self.metadata or place
        self._depth -= 1

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        self.encoding = (encoding or "").lower()

    @property
    def packets(self) -> list[_ElementPlace]:
        """Those of XMP; RDF that stands alone only where there is none."""
        return [place for place in self.found if place.name == _XMPMETA] or self.found


def _size(parts: Sequence[Part]) -> int:
    return max(part.end for part in parts)


def _read(stream: BinaryIO, size: int) -> _PacketPlaces:
    places = _PacketPlaces()
    for piece in pieces(stream, 0, size):
        places.feed(piece, False)
    places.feed(b"", True)
    return places


def _upto(stream: BinaryIO, start: int, most: int) -> bytes:
    stream.seek(start)
    return stream.read(most)


def _end(stream: BinaryIO, place: _ElementPlace) -> tuple[bytes, int]:
    """Return the name of an element as it is written, and the first byte behind it."""
    name = xmp.tag_name(_upto(stream, place.start, _NAME))
    tail = _upto(stream, place.close, _NAME)
    return name, place.close + (tail.index(b">") + 1 if tail.startswith(b"</" + name) else 0)


def _framed(stream: BinaryIO, place: _ElementPlace) -> tuple[bytes, bytes, bytes]:
    """Return what makes a document of its own of a packet: a start tag with what is bound, the packet, an end tag.

    Raises:
        TagError: the packet is too large.
    """
    bound = "".join(
        f' xmlns{":" if prefix else ""}{prefix}="{uri.translate(_QUOTED)}"'
        for prefix, uri in place.bound
        if prefix != "xml" and (uri or not prefix)
    )
    length = _end(stream, place)[1] - place.start
    return f"<packet{bound}>".encode(), xmp.whole_packet(stream, place.start, length), b"</packet>"


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield each packet."""
    try:
        packets = _read(stream, _size(parts)).packets
    except ContainerError as exc:
        yield Carrier("xmp", "metadata element", faults=(f"the SVG {exc}",))
        return
    budget = xmp.PacketBudget()
    for place in packets:
        try:
            yield Carrier("xmp", "metadata element", *xmp.read_packet(b"".join(_framed(stream, place)), budget))
        except TagError as exc:
            yield Carrier("xmp", "metadata element", faults=(str(exc),))


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the packet, or a packet into the metadata of the root, which is made when missing.

    Raises:
        TagError: there are several packets, the one there cannot be read, the root is a tag that closes itself,
            or the text is not UTF-8.
    """
    fields = wanted.get("xmp", {})
    if why := obstacle("svg", stream, _size(parts)):
        raise TagError(why)
    try:
        places = _read(stream, _size(parts))
    except ContainerError as exc:
        raise TagError(f"the SVG {exc}") from exc
    xmp.require_one(places.packets)
    if places.encoding not in ("", "utf-8"):
        raise TagError("its text is not UTF-8")
    if places.packets:
        before, packet, after = _framed(stream, places.packets[0])
        made = xmp.changed(before + packet + after, fields)
        at = places.packets[0].start
        return [Edit(at, at + len(packet), made[len(before) : -len(after)])] if made else []
    # In an SVG with an XML declaration, exiftool takes the outer element of XMP for a file of XMP alone.
    made = xmp.changed(xmp.BARE, fields)
    return [_new(stream, places, made)] if made else []


def _new(stream: BinaryIO, places: _PacketPlaces, packet: bytes) -> Edit:
    """Return what puts a packet where there is none."""
    if places.metadata is None:
        if (places.namespace, "metadata") not in _METADATA:
            raise TagError("its root is in no namespace of SVG, where nobody looks for metadata")
        name, end = xmp.tag_extent(_upto(stream, places.root, _ROOT))
        name = name.removesuffix(b"svg") + b"metadata"
        at = places.root + end
        return Edit(at, at, b"<" + name + b">" + packet + b"</" + name + b">")
    name, end = _end(stream, places.metadata)
    if end == places.metadata.close:  # it closes itself
        return Edit(end - 2, end, b">" + packet + b"</" + name + b">")
    return Edit(places.metadata.close, places.metadata.close, packet)
