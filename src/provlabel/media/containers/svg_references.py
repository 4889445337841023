"""What a drawing shows that does not stand in it: other files by their address, and what scripts make of it.

A hash covers the text of the drawing alone (SVG 2 §16, CSS Images 3, HTML).  An address within the drawing (``#a``) and
content in the address itself (``data:``) are part of it.  So is a link that somebody has to follow (``a``).
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from provlabel._support.text import printable
from provlabel.media.containers._base import ContainerError, Part, pieces
from provlabel.media.containers.svg import IGNORE_REST

_MAX_DEPTH = 4  # drawings within drawings
_MAX_FOUND = 20
_MAX_TEXT = 16 << 20  # bytes of styles
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_XHTML, _XINCLUDE = "http://www.w3.org/1999/xhtml", "http://www.w3.org/2001/XInclude"
#: Elements of other vocabularies are drawn by nobody.
_DRAWN = frozenset({"", _SVG, _XHTML, _XINCLUDE})
#: Attributes whose value is an address, by what follows their prefix.
_ADDRESSES = frozenset({"href", "src", "srcset", "data", "poster", "background"})
_SCRIPTS = frozenset({"script", "handler"})
_FRAMES = frozenset({"iframe", "object", "embed", "frame"})
_ANIMATIONS = frozenset({"set", "animate", "animateColor", "animateMotion", "animateTransform"})
_ANIMATED = frozenset({"to", "from", "by", "values"})
#: What no style can do without that shows something else.
_SUSPECT = re.compile(r"url|src|image|import|\\", re.IGNORECASE)
#: Kinds of content in an address that can show something of other files.
_NESTED = ("image/svg", "text/html", "application/xhtml", "text/xml", "application/xml", "text/css", "text/xsl")
#: Names and marks without which :class:`_Drawing` finds nothing, in small letters; zeros stand in text of UTF-16.
_MARKS = (
    *(b"href", b"url(", b"src(", b"image(", b"image-set", b"@import", b"xml-stylesheet", b"xml:base", b"<!doctype"),
    *(b"frame", b"object", b"embed", b"poster", b"background", b"<script", b":script", b"<handler", b":handler"),
    *(space + name for space in (b" ", b"\t", b"\n", b"\r") for name in (b"on", b"src")),
    *(b"\\", b"&#", b"\0"),
)
_LONGEST = 16  # bytes of these
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|(.))", re.DOTALL)
_NAMESPACE = re.compile(r"@namespace[^;]*;", re.IGNORECASE)
_IMPORT = re.compile(r"@import\s*(?:url\()?\s*[\"']?([^\"');\s]*)", re.IGNORECASE)
_URL = re.compile(r"\b(?:url|src)\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^)]*))", re.IGNORECASE)
_IMAGE_SET = re.compile(r"\bimage(?:-set)?\(([^;}]*)", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_W3C = re.compile(r"-//W3C//(?:DTD|ENTITIES) SVG")
_W3C_HOST = re.compile(r"https?://www\.w3\.org/")
_DATA = re.compile(r"data:([^,]*),(.*)", re.IGNORECASE | re.DOTALL)
_PSEUDO = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def elsewhere(stream: BinaryIO, parts: Sequence[Part]) -> list[str]:
    """Return what of the drawing lies elsewhere, or is made by a script; of many the first ones.

    Raises:
        ContainerError: its styles are larger than any honest ones.
    """
    size = max(part.end for part in parts)
    return _Drawing(0).read(stream, size) if _may_refer(stream, size) else []


def _may_refer(stream: BinaryIO, size: int) -> bool:
    """Is there anything in the text without which no drawing shows more than its shapes?  Most icons have nothing."""
    tail = b""
    for piece in pieces(stream, 0, size):
        text = (tail + piece).lower()
        if any(mark in text for mark in _MARKS):
            return True
        tail = piece[-_LONGEST:]
    return False


class _Drawing:
    """Reads one drawing; each finding is kept once."""

    def __init__(self, depth: int) -> None:
        from xml.parsers import expat

        self._depth = depth
        self._found: dict[str, None] = {}
        self._spaces: list[dict[str, str]] = [{"": ""}]
        self._style: list[str] = []
        self._in_style = 0  #: how many elements were open when the style began
        self._text = 0
        self._error = expat.ExpatError
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.DefaultHandler = IGNORE_REST

    def read(self, stream: BinaryIO, size: int) -> list[str]:
        try:
            for piece in pieces(stream, 0, size):
                self._parser.Parse(piece, False)
            self._parser.Parse(b"", True)
        except (self._error, LookupError, ValueError) as exc:
            raise ContainerError(f"is no well-formed XML: {exc}") from exc
        return list(self._found)

    def _add(self, what: str, address: str = "") -> None:
        if len(self._found) < _MAX_FOUND:
            self._found[f"{what} {printable(address.strip(), 80)}".strip()] = None

    # --- elements ---

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        scope = self._spaces[-1]
        if any(key.startswith("xmlns") for key in attributes):
            scope = scope | {key[6:]: value for key, value in attributes.items() if key.partition(":")[0] == "xmlns"}
        self._spaces.append(scope)
        prefix, _, element = name.rpartition(":")
        if scope.get(prefix, "") in _DRAWN:
            self._element(element, attributes)
            for key, value in attributes.items():
                prefix, _, local = key.rpartition(":")
                if key == "xml:base" and value.strip():
                    self._add("addresses that begin elsewhere (xml:base)", value)
                elif not prefix or scope.get(prefix, _XLINK) == _XLINK:
                    self._attribute(element, local, value, attributes)

    def _element(self, element: str, attributes: Mapping[str, str]) -> None:
        if element in _SCRIPTS:
            self._add("a script")
        elif element in _FRAMES:
            self._add(f"a frame ({element})", attributes.get("src") or attributes.get("data") or "")
        elif element == "style" and not self._in_style:
            self._in_style = len(self._spaces)
            self._parser.CharacterDataHandler, self._parser.DefaultHandler = self._data, self._rest

    def _attribute(self, element: str, name: str, value: str, others: Mapping[str, str]) -> None:
        if name in _ADDRESSES:
            if element != "a" and (name != "data" or element == "object"):
                self._address(element, value)
        elif name.startswith("on") and name.isalpha():
            self._add(f"a script ({name})")
        elif element in _ANIMATIONS and name in _ANIMATED and "href" in others.get("attributeName", ""):
            for one in value.split(";"):
                self._address(element, one)
        elif _SUSPECT.search(value):
            self._css(value)

    def _end(self, _: str) -> None:
        if len(self._spaces) == self._in_style:
            self._parser.CharacterDataHandler, self._parser.DefaultHandler = None, IGNORE_REST
            self._css("".join(self._style))
            self._style, self._in_style = [], 0
        self._spaces.pop()

    def _data(self, text: str) -> None:
        self._text += len(text)
        if self._text > _MAX_TEXT:
            raise ContainerError("its styles are too large and were not read")
        self._style.append(text)

    def _rest(self, text: str) -> None:
        if text.startswith("&"):
            self._add("a style in an entity", text)

    # --- what stands in front ---

    def _instruction(self, target: str, data: str) -> None:
        if target == "xml-stylesheet":
            given = {name: double or single for name, double, single in _PSEUDO.findall(data)}
            if "xsl" in given.get("type", "").lower() or "xml" in given.get("type", "").lower():
                self._add("a style sheet that makes another drawing of it", given.get("href", ""))
            else:
                self._address("xml-stylesheet", given.get("href", data))

    def _doctype(self, _: str, system: str | None, public: str | None, __: bool) -> None:
        if system and not (_W3C.match(public or "") and _W3C_HOST.match(system)):
            self._add("a document type in another file", system)

    def _entity(self, name: str, _: bool, value: str | None, __: str | None, system: str | None, *___: object) -> None:
        if system is not None:
            self._add(f"an entity ({name}) in another file", system)
        elif value is not None:
            self._css(value)
            if "<" in value:
                self._inside(f'<svg xmlns="{_SVG}" xmlns:xlink="x">{value}</svg>'.encode())

    # --- addresses ---

    def _address(self, what: str, address: str) -> None:
        address = address.strip()
        if not address or address.startswith("#"):
            return
        data = _DATA.match(address)
        if data is None:
            self._add(what, address)
        elif data[1].strip().lower().startswith(_NESTED):
            self._nested(data[1].lower(), data[2])

    def _nested(self, kind: str, content: str) -> None:
        raw = unquote_to_bytes(content)
        if kind.rstrip().endswith("base64"):
            try:
                raw = base64.b64decode(b"".join(raw.split()) + b"==")
            except binascii.Error:
                return
        if kind.strip().startswith("text/css"):
            self._css(raw.decode("utf-8", "replace"))
        else:
            self._inside(raw)

    def _inside(self, raw: bytes) -> None:
        """Look at a drawing within this one; what is no XML cannot be looked at, and counts as being elsewhere."""
        if self._depth == _MAX_DEPTH:
            self._add("drawings within drawings, too deep to be looked at")
            return
        try:
            for found in _Drawing(self._depth + 1).read(io.BytesIO(raw), len(raw)):
                self._add(found)
        except ContainerError:
            self._add("content in an address or entity that is no XML")

    def _css(self, text: str) -> None:
        if "\\" in text:
            text = _ESCAPE.sub(lambda one: chr(min(int(one[1], 16), 0x10FFFF)) if one[1] else one[2], text)
        text = _NAMESPACE.sub("", _COMMENT.sub("", text))
        for found in _IMPORT.findall(text):
            self._address("@import", found or "?")
        for double, single, bare in _URL.findall(text):
            self._address("url()", double or single or bare)
        for inner in _IMAGE_SET.findall(text):
            for double, single in _QUOTED.findall(inner):
                self._address("image-set()", double or single)
