"""Colour for a terminal, or none: state is always in words too."""

from __future__ import annotations

from typing import NamedTuple

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}


class Style(NamedTuple):
    """Paints words when ``colour`` is on; the words themselves are escaped by whoever prints them."""

    colour: bool = False

    def paint(self, text: str, *looks: str) -> str:
        """Return ``text`` in the given looks."""
        if not self.colour or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"
