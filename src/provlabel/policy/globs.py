"""Patterns of paths as people know them from ``.gitignore``, without its ``!``."""

from __future__ import annotations

import functools
import re

_TOKEN = re.compile(r"(\*\*/|/\*\*$|\*+|\?|\[!?[^]/]+\])")
_MEANING = {"**/": "(?:.*/)?", "/**": "/.*", "?": "[^/]"}


def matches(pattern: str, path: str) -> bool:
    """Does ``pattern`` mean ``path``, which is relative to the root and has ``/`` between its parts?

    A pattern with a slash that is not its last sign counts from the root, any other at every depth; one that
    names a folder means all below it.

    >>> matches("release/*.wav", "release/take.wav"), matches("*.wav", "a/b/take.wav"), matches("old/", "old/x/y.png")
    (True, True, True)
    """
    return _compiled(pattern).fullmatch(path) is not None


@functools.lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern.rstrip("/")
    body = "".join(_translated(part) for part in _TOKEN.split(pattern.strip("/")))
    return re.compile(f"(?s:{'' if anchored else '(?:.*/)?'}{body}(?:/.*)?)")


def _translated(part: str) -> str:
    if part in _MEANING:
        return _MEANING[part]
    if part.startswith("*"):
        return "[^/]*" if part == "*" else ".*"
    if part.startswith("[") and part.endswith("]"):
        return (
            f"[{'^/' if part[1] == '!' else ''}{re.escape(part[1:-1].removeprefix('!')).replace(re.escape('-'), '-')}]"
        )
    return re.escape(part)
