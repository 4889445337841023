"""Patterns of paths as people know them from ``.gitignore``, without its ``!``.

Patterns may come from whoever is to be judged, so no regular expression is made of them: the work is
bounded by the product of the lengths.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

_TOKEN = re.compile(r"\[[!^]?(?:\][^]/]*|[^]/]+)\]|\*+|.", re.DOTALL)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Does ``pattern`` mean ``path``, which is relative to the root and has ``/`` between its parts?

    A pattern with a slash that is not its last sign counts from the root, any other at every depth; one that
    names a folder means all below it.

    >>> matches("release/*.wav", "release/take.wav"), matches("*.wav", "a/b/take.wav"), matches("old/", "old/x/y.png")
    (True, True, True)
    """
    return pattern == "**" or _fits(_parts(pattern), path.split("/"), "**", _part)


@functools.lru_cache(maxsize=1_000)
def _parts(pattern: str) -> tuple[str, ...]:
    """Return the parts of a pattern as one that counts from the root and means all below."""
    parts = pattern.strip("/").split("/")
    if parts[-1] == "**":
        parts[-1:] = ["*"]  # below the folder, not the folder itself
    if pattern.endswith("/"):
        parts.append("*")  # a file of that name is no folder
    anchored = "/" in pattern.rstrip("/")
    return (*(() if anchored else ("**",)), *parts, "**")


def _part(pattern: str, name: str) -> bool:
    return _fits(_tokens(pattern), name, "*", _sign)


@functools.lru_cache(maxsize=1_000)
def _tokens(pattern: str) -> tuple[str, ...]:
    return tuple("*" if token.startswith("*") else token for token in _TOKEN.findall(pattern))


def _sign(token: str, ch: str) -> bool:
    if len(token) == 1:
        return token in ("?", ch)
    negated = token[1] in "!^"
    listed = token[2 if negated else 1 : -1]
    found = any((low <= ch <= high) if low else one == ch for low, high, one in _RANGE.findall(listed))
    return found is not negated


def _fits(pattern: Sequence[str], items: Sequence[str], star: str, one: Callable[[str, str], bool]) -> bool:
    """Match ``items`` against ``pattern``, in which ``star`` stands for any number of them.

    Only the last star met has to be tried again, so there is nothing exponential in it.
    """
    at = here = again = 0
    last = -1
    while here < len(items):
        if at < len(pattern) and pattern[at] == star:
            last, again, at = at, here, at + 1
        elif at < len(pattern) and one(pattern[at], items[here]):
            at, here = at + 1, here + 1
        elif last >= 0:
            again += 1
            at, here = last + 1, again
        else:
            return False
    return all(part == star for part in pattern[at:])
