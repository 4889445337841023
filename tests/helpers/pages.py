"""Pages of the documentation whose commands are run."""

from __future__ import annotations

import re
from typing import NamedTuple


class Block(NamedTuple):
    """What is done with one fenced block."""

    verb: str
    about: str  #: the programs that it needs, or the name of the file that it is
    text: str

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command, lines that go on after a backslash included, with the lines that are shown of its output."""
        joined = self.text.replace("\\\n", " ")
        parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]
        return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def blocks_in(page: str, *verbs: str) -> list[Block]:
    """Return the fenced blocks of a page before which a comment says what is done with them."""
    marked = rf"^<!-- ({'|'.join(verbs)})(?:: ([^>]+?))? -->\n+```\w*\n(.*?)^```$"
    return [Block(*found) for found in re.findall(marked, page, re.DOTALL | re.MULTILINE)]
