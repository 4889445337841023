"""Patterns of paths as people know them from ``.gitignore``, without its ``!``.

Patterns may come from whoever is to be judged, so no regular expression is made of them: the work is
bounded by the product of the lengths.
"""

from __future__ import annotations

import functools
import re
import unicodedata
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


def means(pattern: str, path: str) -> bool:
    """Does ``pattern`` mean ``path`` as it stands, or without regard to case and to how letters are composed?

    For what a policy is about: whoever is judged writes the name, and some systems find a file by another spelling.

    >>> means("release/*.wav", "Release/Take.WAV")
    True
    """
    return matches(pattern, path) or matches(folded(pattern), folded(path))


def folded(text: str) -> str:
    """Return ``text`` without case, composed (NFC)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def reached(pattern: str, folder: str) -> frozenset[int]:
    """Return where in ``pattern`` a path stands that has the parts of ``folder`` behind it: what below can be meant.

    Two folders of which one reaches what the other does differ in nothing that ``pattern`` says of the files below.
    """
    if pattern == "**":
        return frozenset({0})
    shift = 2 * len(pattern) + 4  # of the spelling without case
    without = _steps(folded(pattern), folded(folder))
    return _steps(pattern, folder) | {at + shift for at in without}


def _steps(pattern: str, folder: str) -> frozenset[int]:
    parts = _parts(pattern)
    here = _beyond(parts, {0})
    for name in filter(None, folder.split("/")):
        stays = {at for at in here if at < len(parts) and parts[at] == "**"}
        goes = {at + 1 for at in here if at < len(parts) and parts[at] != "**" and _part(parts[at], name)}
        here = _beyond(parts, stays | goes)
    return here


def _beyond(parts: Sequence[str], places: set[int]) -> frozenset[int]:
    """Add the places behind a ``**``, which may stand for nothing."""
    found = set(places)
    for at in sorted(places):
        while at < len(parts) and parts[at] == "**":
            at += 1
            found.add(at)
    return frozenset(found)


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
