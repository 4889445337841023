"""An XMP packet as bytes (ISO 16684-1:2019): its simple properties are read, ours are put in, all others are kept.

Read by expat, which ships with Python.  Document types and entities are refused: no packet has any.
A packet is changed by splicing its text, so that every byte of a foreign property stays what it was.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from provlabel._support.text import printable
from provlabel._support.xml import UNWRITABLE
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_FIELDS, MAX_VALUE, MAX_VALUES, TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import read_exactly
from provlabel.media.containers.edits import Edit, rewrite

#: Our prefix of each namespace whose properties are read; the prefix in a file may be any other.
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",  # names the extended part of a packet in JPEG
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "AIGC": "http://ns.adobe.com/AIGC/1.0/",  # Adobe has none; a generator put its object there
}
#: Properties that are written as arrays; every other one is plain text.
ARRAYS = {
    "dc:creator": "Seq",
    "dc:title": "Alt",
    "dc:rights": "Alt",
    "xmpRights:Owner": "Bag",
    "xmpRights:UsageTerms": "Alt",
    "plus:OtherConstraints": "Alt",
}
MAX_DEPTH = 100
MAX_ELEMENTS = 60_000  # of all packets of a file; lists of ancestors by Photoshop have tens of thousands
MAX_ATTRIBUTES = 1_000  # of one element
MAX_ALL_ATTRIBUTES = 100_000  # of all packets of a file; histories by Photoshop have five at each step
_MAX_NAME = 200  # characters

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()} | {_RDF: "rdf", _XML: "xml"}
# As some write them: without the slash at the end, or in other case.
_ALIKE = {uri.rstrip("/").lower(): prefix for prefix, uri in NAMESPACES.items()}
_LONGEST = max(map(len, NAMESPACES.values()))
_AIGC = "AIGC"  # a property that counts in whatever namespace it stands (GB 45438-2025 Annex E a)
_LISTS = frozenset({"rdf:Seq", "rdf:Bag", "rdf:Alt"})
_BLANK = b" \t\r\n"
_ENCODINGS = frozenset({"", "utf-8", "us-ascii", "ascii"})
# How a packet begins that is not UTF-8; the longer marks first.
_WIDE = (
    (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"),
)  # fmt: skip

_EMPTY = f'<rdf:RDF xmlns:rdf="{_RDF}">\n</rdf:RDF>\n'
_PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}<?xpacket end="w"?>'
_FRESH = _PACKET.format(f'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n{_EMPTY}</x:xmpmeta>\n').encode()
#: A packet that says nothing yet, without the outer element, which may be left out.
BARE = _PACKET.format(_EMPTY).encode()
_TAG = re.compile(rb"<([^\s/>]+)")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_TAG_END = re.compile(rb"\s*(/?)>")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_QUOTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
_NOT_A_PROPERTY = frozenset({"rdf:about", "about", "rdf:ID", "rdf:nodeID", "xml:lang"})


class _Fault(ValueError):
    """The packet cannot be read further; the message says why."""


class PacketBudget:
    """What all packets of one file together may still hold: several may share their bytes, or unfold from few."""

    def __init__(self) -> None:
        self.elements, self.attributes = MAX_ELEMENTS, MAX_ALL_ATTRIBUTES

    def take(self, attributes: int) -> None:
        """Take one element.

        Raises:
            _Fault: there are too many.
        """
        self.elements -= 1
        self.attributes -= attributes
        if self.elements < 0:
            raise _Fault(f"the XMP of the file has more than {MAX_ELEMENTS:,} elements")
        if self.attributes < 0:
            raise _Fault(f"the XMP of the file has more than {MAX_ALL_ATTRIBUTES:,} attributes")


class Namespaces:
    """Which namespace each prefix means; expat itself would copy a long one for every attribute."""

    def __init__(self) -> None:
        self.uris = {"xml": _XML}
        self._before: list[list[tuple[str, str | None]]] = []

    def enter(self, attributes: Mapping[str, str]) -> None:
        """Bind what the start tag of an element binds."""
        bound = [(name[6:], uri) for name, uri in attributes.items() if is_binding(name)]
        self._before.append([(prefix, self.uris.get(prefix)) for prefix, _ in bound])
        self.uris.update(bound)

    def leave(self) -> None:
        """Bind again what was bound before the element that was entered last."""
        for prefix, uri in self._before.pop():
            if uri is None:
                del self.uris[prefix]
            else:
                self.uris[prefix] = uri

    def element(self, name: str) -> tuple[str, str]:
        """Return the namespace of an element, empty when it has none, and its name there."""
        prefix, _, local = name.rpartition(":")
        return self.uris.get(prefix, ""), local


def is_binding(name: str) -> bool:
    """Does an attribute of this name bind a prefix?"""
    return name == "xmlns" or name.startswith("xmlns:")


class _Node:
    """An element within RDF.  ``name`` has our prefix and is empty when its namespace is not known."""

    __slots__ = ("attributes", "children", "close", "name", "names", "start", "text")

    def __init__(self, name: str, start: int, attributes: Mapping[str, str], names: Mapping[str, str]) -> None:
        self.name, self.start, self.close = name, start, start
        self.names = names  #: of attributes: as they are written, and with our prefix
        self.attributes = {ours: attributes[written] for written, ours in names.items()}
        self.children: list[_Node] = []
        self.text: list[str] = []


_OUTSIDE = _Node("", 0, {}, {})


def _misspelt(uri: str, written: str) -> str:
    """Return our prefix for a namespace that other programs take for it; a prefix that nothing binds means itself."""
    if not uri:
        prefix = written.partition(":")[0]
        return prefix if prefix in NAMESPACES else ""
    return _ALIKE.get(uri.rstrip("/").lower(), "") if len(uri) <= _LONGEST else ""


class _PacketReader:
    """The RDF elements of a packet; of foreign properties only that they are there."""

    def __init__(self, budget: PacketBudget) -> None:
        from xml.parsers import expat

        self.roots: list[_Node] = []
        self.encoding = ""
        self._budget = budget
        self._path: list[_Node | None] = []  # None for what is passed over
        self._scope = Namespaces()
        self._error = expat.ExpatError
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartDoctypeDeclHandler = self._refused

    def feed(self, packet: bytes) -> None:
        """Read all of ``packet``, once.

        Raises:
            _Fault: it breaks a rule of XML or a limit of ours; what was read before stays.
        """
        try:
            self._parser.Parse(packet, True)
        except self._error as exc:
            raise _Fault(f"the XMP packet is no well-formed XML: {exc}") from exc
        finally:
            del self._parser  # it refers to us: a packet would stay in memory until the next collection

    def _start(self, raw: str, attributes: Mapping[str, str]) -> None:
        self._budget.take(len(attributes))
        if len(attributes) > MAX_ATTRIBUTES:
            raise _Fault(f"an element of the XMP packet has more than {MAX_ATTRIBUTES:,} attributes")
        if len(self._path) >= MAX_DEPTH:
            raise _Fault(f"the elements of the XMP packet are nested more than {MAX_DEPTH} deep")
        above = self._path[-1] if self._path else _OUTSIDE
        self._path.append(None if above is None else self._entered(above, raw, attributes))

    def _entered(self, above: _Node, raw: str, attributes: Mapping[str, str]) -> _Node | None:
        self._scope.enter(attributes)
        name = self._ours(raw)
        if above is _OUTSIDE and name != "rdf:RDF":
            return _OUTSIDE
        names = {written: self._ours(written, ":" in written) for written in attributes if not is_binding(written)}
        node = _Node(name, self._parser.CurrentByteIndex, attributes, names)
        (self.roots if above is _OUTSIDE else above.children).append(node)
        known = name == "rdf:Description" if above.name == "rdf:RDF" else bool(name)
        return node if known else None

    def _ours(self, written: str, in_namespace: bool = True) -> str:
        """Return a name with our prefix, empty in a namespace that is not known; as it is when it stands in none."""
        if not in_namespace:
            return written
        uri, local = self._scope.element(written)
        prefix = _PREFIXES.get(uri)
        if prefix is None:
            prefix = _misspelt(uri, written) or (_AIGC if local == _AIGC else "")
        return f"{prefix}:{local}" if prefix and len(local) <= _MAX_NAME else ""

    def _end(self, _: str) -> None:
        node = self._path.pop()
        above = self._path[-1] if self._path else _OUTSIDE
        if above is None:
            return
        self._scope.leave()
        if node is not _OUTSIDE:
            (node or above.children[-1]).close = self._parser.CurrentByteIndex

    def _text(self, text: str) -> None:
        node = self._path[-1] if self._path else None
        if node is not None and node is not _OUTSIDE:
            node.text.append(text)

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        self.encoding = (encoding or "").lower()

    def _refused(self, *_: Any) -> None:
        raise _Fault("the XMP packet declares a document type, which may hide entities")

    def descriptions(self) -> Iterator[_Node]:
        for root in self.roots:
            yield from (node for node in root.children if node.name == "rdf:Description")


def _is_property(name: str) -> bool:
    prefix, found, _ = name.partition(":")
    return bool(found) and prefix in NAMESPACES


def _properties(described: _Node) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """Yield the known properties of a description with their values; ``None`` for those that are no plain text."""
    for name, value in described.attributes.items():
        if _is_property(name):
            yield name, (value,)
    for node in described.children:
        if _is_property(node.name):
            yield node.name, _values(node)


def _values(node: _Node) -> tuple[str, ...] | None:
    if len(node.children) == 1 and node.children[0].name in _LISTS:
        items = [item for item in node.children[0].children if item.name == "rdf:li"]
        if node.children[0].name == "rdf:Alt":
            items.sort(key=lambda item: item.attributes.get("xml:lang", "").lower() != "x-default")
        found = [_simple(item) for item in itertools.islice(items, MAX_VALUES + 1)]
        return None if None in found else tuple(value for value in found if value is not None)
    value = _simple(node)
    return None if value is None else (value,)


def _simple(node: _Node) -> str | None:
    """Return the text of a property or an item, with qualifiers or without; ``None`` when it is a structure."""
    for inner in (node, node.children[0] if _only_describes(node) else None):
        if inner is None:
            continue
        for name in ("rdf:value", "rdf:resource"):
            if name in inner.attributes:
                return inner.attributes[name]
        if stated := next((child for child in inner.children if child.name == "rdf:value"), None):
            return None if stated.children else "".join(stated.text)
    if node.children or not {name.partition(":")[0] for name in node.attributes} <= {"xml", "rdf"}:
        return None
    return None if node.attributes.get("rdf:parseType") == "Resource" else "".join(node.text)


def _only_describes(node: _Node) -> bool:
    return len(node.children) == 1 and node.children[0].name == "rdf:Description"


def _collected(found: Iterable[tuple[str, tuple[str, ...] | None]]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Put the values of each property together, within the limits, and say what was left out."""
    fields: dict[str, tuple[str, ...]] = {}
    faults: dict[str, None] = {}
    for name, values in found:
        if not values or fields.get(name) == values:
            continue
        if name in fields:
            faults[f"{printable(name)} stands twice, with different values"] = None
        elif len(fields) >= MAX_FIELDS:
            faults[f"more than {MAX_FIELDS} properties; the rest was not read"] = None
            continue
        both = fields.get(name, ()) + values
        if len(both) > MAX_VALUES or any(len(value) > MAX_VALUE for value in both):
            faults[f"{printable(name)} is too long and was cut"] = None
        fields[name] = tuple(value[:MAX_VALUE] for value in both[:MAX_VALUES])
    return fields, list(faults)


def read_packet(raw: bytes, budget: PacketBudget | None = None) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the properties of a packet that are plain text or arrays of it, and what is wrong with the packet.

    Names have the prefixes of :data:`NAMESPACES`, whatever the packet uses.  Of alternatives by language the
    default comes first.  Structures and unknown namespaces are passed over.  What stands before a
    fault is returned all the same, since other programs may read it too.  ``budget`` is that of its file.
    """
    if len(raw) > MAX_CARRIER:
        return {}, (_too_large(len(raw)),)
    reading, faults = _PacketReader(budget or PacketBudget()), []
    try:
        reading.feed(_as_utf8(raw))
        if not reading.roots:
            faults.append("the XMP packet holds no rdf:RDF element")
    except _Fault as exc:
        faults.append(str(exc))
    fields, more = _collected(itertools.chain.from_iterable(map(_properties, reading.descriptions())))
    return fields, (*faults, *more)


def _as_utf8(packet: bytes) -> bytes:
    for mark, codec in _WIDE:
        if packet.startswith(mark):
            try:
                return packet.decode(codec).encode()
            except UnicodeError as exc:
                raise _Fault(f"the XMP packet is no {codec} text") from exc
    return packet.rstrip(b"\0")


def _too_large(size: int) -> str:
    return f"the XMP packet takes {size:,} bytes; more than {MAX_CARRIER:,} are not read"


def packet_at(stream: BinaryIO, place: str, at: int, length: int, budget: PacketBudget) -> Carrier:
    """Return what the packet of ``length`` bytes at byte ``at`` says."""
    if length > MAX_CARRIER:
        return Carrier("xmp", place, faults=(_too_large(length),))
    return Carrier("xmp", place, *read_packet(read_exactly(stream, at, length), budget))


def require_one(packets: Sequence[object]) -> None:
    """Refuse a file with several packets: nobody knows which one other programs read.

    Raises:
        TagError: there is more than one.
    """
    if len(packets) > 1:
        raise TagError(f"the file has {len(packets)} XMP packets")


def whole_packet(stream: BinaryIO, at: int, length: int) -> bytes:
    """Return the packet of ``length`` bytes at byte ``at``, to change it.

    Raises:
        TagError: it is too large.
    """
    if length > MAX_CARRIER:
        raise TagError(_too_large(length))
    return read_exactly(stream, at, length)


# --- writing ---------------------------------------------------------------------------------------


def changed(packet: bytes | None, fields: Fields) -> bytes | None:
    """Return the packet with ``fields`` in it; ``None`` when there is nothing to change.

    Raises:
        TagError: as :func:`merged`.
    """
    if not fields or (_is_blank(packet) and not any(fields.values())):
        return None
    made = merged(packet, fields)
    return None if made == packet else made


def _is_blank(packet: bytes | None) -> bool:
    return not packet or not packet.strip(_BLANK + b"\0")


def merged(packet: bytes | None, fields: Fields) -> bytes:
    """Return ``packet`` with each of ``fields`` stated once, as given; an empty tuple takes a property out.

    Every other property keeps its bytes.  Space that the packet keeps free at its end is used up before the
    packet grows (ISO 16684-1 §7.3.2).  A packet that says all of it already is returned as it is.
    ``None`` stands for no packet yet.

    Raises:
        TagError: the packet is broken, not UTF-8 or too large; or a value cannot be written.
    """
    _require_writable(fields)
    if packet is None or _is_blank(packet):
        packet = _FRESH
    reading = _editable(packet)
    found = [item for node in reading.descriptions() for item in _properties(node)]
    if all([got for has, got in found if has == name] == [values] * bool(values) for name, values in fields.items()):
        return packet
    plain = packet.rstrip(b"\0")
    cuts = [edit for node in reading.descriptions() for edit in _cuts(plain, node, fields)]
    block = _block(reading, plain, {name: values for name, values in fields.items() if values})
    dest = io.BytesIO()
    rewrite(io.BytesIO(plain), len(plain), [*cuts, *_insertion(plain, reading.roots[0], block)], dest)
    made = _repadded(dest.getvalue(), len(plain))
    if len(made) > MAX_CARRIER:
        raise TagError(_too_large(len(made)))
    return made


def _require_writable(fields: Fields) -> None:
    for name, values in fields.items():
        if not _is_property(name):
            raise TagError(f"{name} is no property that can be written")
        if len(values) > (MAX_VALUES if ARRAYS.get(name) in ("Seq", "Bag") else 1):
            raise TagError(f"{name} cannot have {len(values)} values")
        for value in values:
            if len(value) > MAX_VALUE:
                raise TagError(f"a value of {name} has {len(value):,} characters; {MAX_VALUE:,} can be read back")
            if found := UNWRITABLE.search(value):
                raise TagError(f"a value of {name} holds U+{ord(found[0]):04X}, which XML cannot hold")


def _editable(packet: bytes) -> _PacketReader:
    if len(packet) > MAX_CARRIER:
        raise TagError(_too_large(len(packet)))
    if any(packet.startswith(mark) for mark, _ in _WIDE):
        raise TagError("the XMP packet is not UTF-8, and no other is rewritten")
    reading = _PacketReader(PacketBudget())
    try:
        reading.feed(packet.rstrip(b"\0"))
    except _Fault as exc:
        raise TagError(str(exc)) from exc
    if reading.encoding not in _ENCODINGS:
        raise TagError("the XMP packet is not UTF-8, and no other is rewritten")
    if len(reading.roots) != 1:
        raise TagError(f"the XMP packet has {len(reading.roots)} rdf:RDF elements instead of one")
    return reading


class _StartTag(NamedTuple):
    name: bytes
    attributes: list[tuple[bytes, int, int]]  #: name, start of the blanks before it, end
    end: int
    is_empty: bool  #: it closes itself


def _start_tag(packet: bytes, start: int) -> _StartTag:
    """Take apart the start tag at ``start``, which expat found sound."""
    name = _TAG.match(packet, start)
    assert name is not None  # noqa: S101 - expat says that an element begins here
    at, attributes = name.end(), []
    while found := _ATTRIBUTE.match(packet, at):
        attributes.append((found[1], at, found.end()))
        at = found.end()
    end = _TAG_END.match(packet, at)
    assert end is not None  # noqa: S101 - nor does a sound tag end otherwise
    return _StartTag(name[1], attributes, end.end(), bool(end[1]))


def tag_name(raw: bytes) -> bytes:
    """Return the name of the tag with which ``raw`` begins, which is sound."""
    found = _TAG.match(raw)
    assert found is not None  # noqa: S101 - asked only where expat says that an element begins
    return found[1]


def tag_extent(raw: bytes) -> tuple[bytes, int]:
    """Return the name of the start tag with which ``raw`` begins, and its length."""
    tag = _start_tag(raw, 0)
    return tag.name, tag.end


def _span(packet: bytes, node: _Node) -> tuple[int, int]:
    """Return where an element begins, the blanks before it included, and ends."""
    tag, start = _start_tag(packet, node.start), node.start
    while packet[start - 1] in _BLANK:
        start -= 1
    return start, tag.end if tag.is_empty else packet.index(b">", node.close) + 1


def _cuts(packet: bytes, described: _Node, names: Fields) -> Iterator[Edit]:
    """Yield what takes the named properties out of a description, or all of it when nothing else is left."""
    attributes = _start_tag(packet, described.start).attributes
    owned = [(described.names.get(name.decode(), ""), start, end) for name, start, end in attributes]
    cut = [
        *((start, end) for name, start, end in owned if name in names),
        *(_span(packet, node) for node in described.children if node.name in names),
    ]
    others = sum(
        name not in _NOT_A_PROPERTY and not is_binding(written.decode())
        for (written, _, _), (name, _, _) in zip(attributes, owned, strict=True)
    )
    if cut and len(cut) == others + len(described.children):
        cut = [_span(packet, described)]
    yield from (Edit(start, end, b"") for start, end in cut)


def _block(reading: _PacketReader, packet: bytes, fields: Fields) -> bytes:
    """Return a description of ``fields``; empty when there are none."""
    if not fields:
        return b""
    used = {prefix: NAMESPACES[prefix] for prefix in dict.fromkeys(name.partition(":")[0] for name in fields)}
    if not _start_tag(packet, reading.roots[0].start).name.startswith(b"rdf:"):
        used["rdf"] = _RDF
    bound = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in used.items())
    first = next(reading.descriptions(), _OUTSIDE).attributes
    about = first.get("rdf:about", first.get("about", "")).translate(_ESCAPES).translate(_IN_QUOTES)
    lines = "".join(f"<{name}>{_content(name, values)}</{name}>\n" for name, values in fields.items())
    return f'\n<rdf:Description rdf:about="{about}"{bound}>\n{lines}</rdf:Description>'.encode()


def _content(name: str, values: Iterable[str]) -> str:
    escaped = [value.translate(_ESCAPES) for value in values]
    kind = ARRAYS.get(name)
    if kind is None:
        return escaped[0]
    language = ' xml:lang="x-default"' if kind == "Alt" else ""
    return f"<rdf:{kind}>{''.join(f'<rdf:li{language}>{value}</rdf:li>' for value in escaped)}</rdf:{kind}>"


def _insertion(packet: bytes, root: _Node, block: bytes) -> Iterator[Edit]:
    """Yield what puts ``block`` at the end of the RDF element."""
    if not block:
        return
    tag = _start_tag(packet, root.start)
    if tag.is_empty:
        yield Edit(packet.rindex(b"/", 0, tag.end), tag.end, b">" + block + b"\n</" + tag.name + b">")
        return
    at = root.close
    while packet[at - 1] in _BLANK:
        at -= 1
    yield Edit(at, at, block)


def _repadded(packet: bytes, size: int) -> bytes:
    """Take from the blanks before the end mark, or add some there, to come near the ``size`` before."""
    end = packet.rfind(b"<?xpacket end")
    start = len(packet[: max(end, 0)].rstrip(_BLANK))
    blanks = end - start
    if blanks < 2:
        return packet
    room = max(1, blanks + size - len(packet))
    return packet[: start + min(room, blanks)] + b" " * (room - blanks) + packet[end:]
