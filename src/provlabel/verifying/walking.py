"""Which files a verification is about: nothing leaves it by being a link, a ``.git`` folder or a scratch file.

Whoever is judged writes all of these, so each is looked at by what it is and not by its name alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from provlabel._support.files import is_being_written, reason
from provlabel._support.text import printable
from provlabel.errors import ConfigError
from provlabel.policy import Gate
from provlabel.verifying.targets import Target, below, promises_media, repository_of, targets, tracked_below


class Walk:
    """One walk over ``paths``, for what ``gate`` is about.

    A link to a file is judged as one.  A link to a folder below the root, or below a folder that was named, is gone
    into where the policies can mean a file by its name that they do not mean by the folder's own; each folder is so
    walked at most once for each thing that a pattern can mean, and no circle has no end.  A link to a folder elsewhere
    cannot be judged.
    """

    def __init__(self, paths: Sequence[Path | str], gate: Gate, *, as_found: bool = False) -> None:
        self._paths, self._gate, self._as_found = paths, gate, as_found
        self._root = gate.root or _here()
        self._tops = tuple(os.path.realpath(path) for path in paths if os.path.isdir(path))  # noqa: PTH112
        self._covered: dict[str, set[object]] = {}
        self._own: Path | None = None
        self._committed: frozenset[str] | None = None
        repository = repository_of(self._root)
        if repository is not None:
            self._own = repository / ".git"

    def __iter__(self) -> Iterator[Target]:
        for target in self._named() if self._as_found else targets(self._paths):
            if target.why in ("found", "named"):
                yield target
            else:
                yield from self._resolved(target)

    def _named(self) -> Iterator[Target]:
        """Take what is named as what is found below a folder."""
        for path in self._paths:
            if os.path.islink(path):  # noqa: PTH114
                yield Target(Path(path), "link")
            else:
                yield from (item._replace(why="found") if item.why == "named" else item for item in targets([path]))

    def _resolved(self, target: Target) -> Iterator[Target]:
        if target.why == "link":
            yield from self._link(target)
        elif target.why == "repository" and not self._is_own(target.path):
            yield from self._below(target)
        elif target.why == "scratch" and not self._is_held(target.path):
            yield target._replace(why="found")
        else:
            yield target

    def _below(self, target: Target) -> Iterator[Target]:
        for item in below(target.path, target.top or target.path):
            yield from self._resolved(item)

    def _is_own(self, folder: Path) -> bool:
        """Is it the ``.git`` of the repository from whose top patterns count?"""
        return self._own is not None and os.path.realpath(folder) == os.path.realpath(self._own)

    # --- links -------------------------------------------------------------------------------------

    def _link(self, target: Target) -> Iterator[Target]:
        path = target.path
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except OSError as exc:
            if promises_media(path):
                yield target._replace(why="found")  # and cannot be read, if it is to be judged
            else:
                yield target._replace(error=f"leads nowhere: {reason(exc)}")
            return
        if not stat.S_ISDIR(mode):
            yield target._replace(why="found")
        elif self._gate.is_untracked(str(path)):
            yield target._replace(error="git does not track it")
        else:
            yield from self._folder(target, os.path.realpath(path))

    def _folder(self, target: Target, real: str) -> Iterator[Target]:
        by_name, by_own = self._gate.reach(str(target.path)), self._gate.reach(real)
        if not self._is_inside(real):
            if by_name:
                yield self._leads_out(target, real)
            else:
                yield target._replace(error="no policy is about what it leads to")
            return
        covered = self._covered.setdefault(real, self._covered_by_own(real, by_own))
        new: set[object] = {None} if by_name is None or by_own is None else {*by_name, *by_own}
        if None in covered or new <= covered:
            why = "what it leads to is judged by another name" if new else "no policy is about what it leads to"
            yield target._replace(error=why)
            return
        covered |= new
        yield from self._below(target)

    def _covered_by_own(self, real: str, by_own: frozenset[tuple[int, int, int]] | None) -> set[object]:
        """Return what is walked by the folder's own name."""
        if not any(_lies_in(real, top) for top in self._tops) or "/.git/" in f"{real}/":
            return set()
        return {None} if by_own is None else set(by_own)

    def _is_inside(self, real: str) -> bool:
        return any(_lies_in(real, top) for top in (os.path.realpath(self._root), *self._tops))

    @staticmethod
    def _leads_out(target: Target, real: str) -> Target:
        shown = printable(str(target.path))
        return target._replace(
            why="closed", error=f"{shown}: leads to a folder outside of what is judged: {printable(real)}"
        )

    # --- scratch files -----------------------------------------------------------------------------

    def _is_held(self, path: Path) -> bool:
        """Is it being written by a living process, and none that git tracks?"""
        return is_being_written(path) and not self._is_committed(path)

    def _is_committed(self, path: Path) -> bool:
        if self._own is None:
            return False
        top = self._own.parent
        if self._committed is None:
            try:
                self._committed = tracked_below(top)
            except ConfigError:
                return True  # nobody can say, so it is judged
        real = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118
        return os.path.relpath(real, os.path.realpath(top)) in self._committed


def _here() -> Path:
    """Return where we stand; where that was deleted, a place that nothing lies below."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.devnull)


def _lies_in(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")
