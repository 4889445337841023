"""Colour for a terminal, or none: state is always in words too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}


class Style(NamedTuple):
    """Paints words when ``colour`` is on; the words themselves are escaped by whoever prints them.

    ``width``: columns of the terminal, for lines to be wrapped at words; ``None`` for a file or a pipe, whose lines
    stay whole for whoever searches them.
    """

    colour: bool = False
    width: int | None = None

    def paint(self, text: str, *looks: str) -> str:
        """Return ``text`` in the given looks."""
        if not self.colour or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"

    def wrapped(self, line: str) -> Iterator[str]:
        """Yield a line in pieces of at most ``width`` columns, broken between words; later pieces are indented."""
        if self.width is None or _columns(line) <= self.width:
            yield line
            return
        indent = " " * (len(line) - len(line.lstrip(" ")) + 4)
        begun, *words = line.split(" ")
        for word in words:
            if _columns(begun) + 1 + _columns(word) > self.width and begun.strip():
                yield begun
                begun = indent + word
            else:
                begun += f" {word}"
        yield begun


def _columns(text: str) -> int:
    """Count characters, without what colours them; wide ones count as one, as few names have any."""
    return len(_PAINT.sub("", text))


_PAINT = re.compile("\x1b\\[[0-9;]*m")
