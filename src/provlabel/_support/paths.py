"""Paths as people give them: what is the address of something elsewhere is none, and never becomes a folder's name."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from provlabel._support.text import printable
from provlabel.errors import UsageError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: How the first part of a path ends that was an address, once ``//`` has become ``/``.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def path_of(given: Path | str) -> Path:
    """Return a path as it was given.

    Raises:
        UsageError: it is an address, of which nothing secret is shown.
    """
    if is_address(str(given)):
        raise UsageError(
            f"{without_secrets(str(given))}: is an address, not a path",
            hint="only files on this machine are read and written: fetch it first, or copy the result there",
        )
    return Path(given)


def is_address(text: str) -> bool:
    """Does a text begin as an address with a scheme does (RFC 3986 §3)?  A file of such a name is ``./…``."""
    return _ADDRESS.match(text) is not None


def without_secrets(address: str) -> str:
    """Return an address for people, without user, password and all that a query or fragment says."""
    plain = re.sub(r"://.*@", "://…@", address, flags=re.DOTALL)
    head, mark, _ = re.split(r"([?#])", plain, maxsplit=1) if re.search(r"[?#]", plain) else (plain, "", "")
    return printable(head + mark + ("…" if mark else ""))


def missing_hint(path: Path) -> str:
    """Return what helps whoever named a path at which nothing is, such as a name beside it that is like it."""
    text = str(path)
    if re.match(r"[A-Za-z]:\\|[^/]*\\[^/]*\.", text):
        return "that is a path of Windows; here, folders are parted by /"
    if re.search(r"[*?\\[]", text):
        return "no file matches this pattern, or it stands in quotes, which keep the shell from reading it"
    folder = path.parent
    if not os.path.isdir(folder):  # noqa: PTH112 - unlike Path.is_dir it never raises
        return f"there is no folder {printable(str(folder))}; relative paths begin in the current folder"
    near = _near(path)
    return f"did you mean {printable(str(folder / near))}?" if near else "check the name, and the current folder: pwd"


def _near(path: Path) -> str:
    """Return the name in the same folder that is most like that of ``path``; of a folder without end, none."""
    import difflib

    try:
        with os.scandir(path.parent) as found:
            names = [entry.name for entry in itertools.islice(found, _MOST_NAMES)]
    except OSError:
        return ""
    return next(iter(difflib.get_close_matches(path.name, names, 1, _LIKENESS)), "")


_MOST_NAMES = 300
_LIKENESS = 0.75  # more than an ending in common


def require_no_scheme(folder: Path) -> None:
    """Refuse to make a folder whose first part is the scheme of an address that was taken for a path.

    Raises:
        UsageError: it is one, such as ``s3:/bucket``; a folder of that name that is there already may be used.
    """
    first = folder.parts[0] if folder.parts else ""
    if _SCHEME.fullmatch(first) and not os.path.lexists(first):
        raise UsageError(
            f"{printable(first)}//…: is an address, not a path",
            hint="only files on this machine are written: copy the result there",
        )
