"""HTML, put together so that a string can only ever be text: what is no :class:`Node` is escaped."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from provlabel._support.text import printable

_LIMIT = 2_000  # characters of one text; a longer one ends in …
_VOID = frozenset({"img", "link", "meta"})
_FIGURES = re.compile(r"[A-Za-z0-9 +/=.,:;-]*")


class Node(NamedTuple):
    """Finished markup.  Only this module and the style sheet make it from text."""

    markup: str


Child = Node | str | None


def escape(text: str) -> str:
    """Return ``text`` as it may stand in an element or a quoted attribute.

    ``##`` is broken up once more, because a log may show the file as it is.
    """
    return html.escape(printable(text, _LIMIT), quote=True).replace("##", "&#35;#")


def figures(text: str) -> Node:
    """Return a long attribute that we have reckoned, a path or base64, which holds nothing to escape."""
    if not _FIGURES.fullmatch(text):
        raise ValueError("not only figures")
    return Node(text)


def tag(name: str, /, *children: Child, **attributes: Node | str | bool | None) -> Node:
    """Return one element.  ``class_`` stands for ``class``, and ``_`` in a name for ``-``.

    ``None`` and ``False`` leave a child or an attribute out; ``True`` is an attribute without a value.
    """
    words = [name]
    for key, value in attributes.items():
        if value is not None and value is not False:
            called = key.rstrip("_").replace("_", "-")
            text = value.markup if isinstance(value, Node) else escape(str(value))
            words.append(called if value is True else f'{called}="{text}"')
    start = f"<{' '.join(words)}>"
    return Node(start) if name in _VOID else Node(f"{start}{join(*children).markup}</{name}>")


def join(*children: Child) -> Node:
    """Return several children after each other."""
    parts = (child.markup if isinstance(child, Node) else escape(child) for child in children if child is not None)
    return Node("".join(parts))
