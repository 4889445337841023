"""XML of others, read without entities and without network; and XML of ours, written.

The standard library's expat does the reading.  A document type declaration is refused before anything
in it counts, so that nothing can be included (XXE) and nothing unfolds (billion laughs).  Size, depth and
the number of elements are bounded: what is read is held in memory as one tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

MAX_BYTES = 64 << 20  # of one document
MAX_DEPTH = 100
MAX_ELEMENTS = 500_000
# Between the namespace and the local name, while expat hands them over; no name can hold it.
_BETWEEN = " "
#: What XML 1.0 §2.2 has no place for; no escape helps. The others, named instead, take 8 ms to compile.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_ESCAPED = re.compile('[&<>"\t\n\r]')


class XmlError(ValueError):
    """A document is no XML that is read here; the message says why, and where."""


class Element:
    """One element: its local name, its namespace, and what it holds.

    ``text`` is all character data directly in it, white space at both ends removed.
    """

    __slots__ = ("attributes", "children", "line", "name", "namespace", "text")

    def __init__(
        self,
        name: str,
        children: Sequence[Element] = (),
        *,
        text: str = "",
        namespace: str = "",
        attributes: Mapping[str, str] | None = None,
        line: int = 0,
    ) -> None:
        self.name, self.namespace, self.text, self.line = name, namespace, text, line
        self.attributes: dict[str, str] = dict(attributes or {})
        self.children: list[Element] = list(children)

    def all(self, *path: str) -> Iterator[Element]:
        """Yield the elements that lie below under these local names, in order."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Element | None:
        """Return the first of :meth:`all`, or ``None``."""
        return next(self.all(*path), None)

    def texts(self, *path: str) -> Iterator[str]:
        """Yield the text of each of :meth:`all` that has some."""
        return (element.text for element in self.all(*path) if element.text)

    def below(self, name: str) -> Iterator[Element]:
        """Yield every element of this name at any depth, in order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)


def parse(content: bytes) -> Element:
    """Return the root of a document.

    Raises:
        XmlError: not well-formed, larger, deeper or of more elements than is read, or with a document type.
    """
    from xml.parsers import expat

    if len(content) > MAX_BYTES:
        raise XmlError(f"larger than {MAX_BYTES >> 20} MB")
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    builder = _Builder(parser)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as exc:
        raise XmlError(f"line {exc.lineno}, column {exc.offset + 1}: {expat.ErrorString(exc.code)}") from exc
    except XmlError:
        raise
    except (LookupError, ValueError) as exc:
        raise XmlError(f"an encoding that is not read: {exc}") from exc
    assert builder.root is not None  # noqa: S101 - expat refuses a document without one
    return builder.root


class _Builder:
    """Makes the tree from what expat hands over."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0
        self.root: Element | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            self._refuse(f"more than {MAX_ELEMENTS:,} elements")
        if len(self._open) == MAX_DEPTH:
            self._refuse(f"nested deeper than {MAX_DEPTH} levels")
        namespace, _, local = name.rpartition(_BETWEEN)
        element = Element(local, namespace=namespace, attributes=attributes, line=self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip(" \t\r\n")

    def data(self, text: str) -> None:
        self._texts[-1].append(text)

    def doctype(self, *_declared: object) -> None:
        self._refuse("has a document type declaration (DOCTYPE), by which files are read and memory is filled")

    def _refuse(self, why: str) -> NoReturn:
        raise XmlError(f"line {self._parser.CurrentLineNumber}: {why}")


def unwritable(text: str) -> bool:
    """Does ``text`` hold a character that no XML document can hold?"""
    return UNWRITABLE.search(text) is not None


def to_bytes(root: Element, *, prefix: str = "", comment: str = "") -> bytes:
    """Return a document in UTF-8, two blanks for each level; only ``root`` is in a namespace, under ``prefix``.

    A character that XML cannot hold is written as U+FFFD.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines += [f"<!-- {comment.replace('--', '- -')} -->"] if comment else []
    name = f"{prefix}:{root.name}" if prefix else root.name
    declared = {f"xmlns:{prefix}" if prefix else "xmlns": root.namespace} if root.namespace else {}
    lines += _lines(root, name, {**declared, **root.attributes}, "")
    return ("\n".join(lines) + "\n").encode()


def _lines(element: Element, name: str, attributes: Mapping[str, str], indent: str) -> Iterator[str]:
    head = name + "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    if element.children:
        yield f"{indent}<{head}>"
        for child in element.children:
            yield from _lines(child, child.name, child.attributes, indent + "  ")
        yield f"{indent}</{name}>"
    elif element.text:
        yield f"{indent}<{head}>{_escaped(element.text)}</{name}>"
    else:
        yield f"{indent}<{head}/>"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], UNWRITABLE.sub("\ufffd", text))
