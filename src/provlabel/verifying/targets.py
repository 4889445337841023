"""What a list of paths means: every file named, and every file below a folder named.

Folders are walked in name order, so that two runs say the same; what becomes of links, ``.git`` folders and scratch
files is for :mod:`provlabel.verifying.walking` to say, and nothing is left out in silence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from provlabel._support.files import SCRATCH, head_reader, reason, regular_fd
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import ConfigError, InputError
from provlabel.media.formats import MEDIA_SUFFIXES
from provlabel.media.kinds import kinds_in
from provlabel.media.others import HEAD, Kinds


class Target(NamedTuple):
    """One path, and why it is here."""

    path: Path
    why: Literal["named", "found", "link", "scratch", "repository", "closed"]
    error: str = ""  #: for ``closed``, what cannot be listed or followed; for ``link``, why it is not followed
    top: Path | None = None  #: the folder that was named, for what lies below it


def targets(paths: Iterable[Path | str]) -> Iterator[Target]:
    """Yield every file that ``paths`` means.

    Raises:
        InputError: an empty path, which would mean the working directory.
    """
    for given in paths:
        if not str(given):
            raise InputError("an empty path names nothing", hint="name a file or a folder; . is this folder")
        path = path_of(given)
        if os.path.isdir(path):  # noqa: PTH112 - unlike Path.is_dir it never raises
            yield from below(path, path)
        else:
            yield Target(path, "named")


def below(folder: Path, top: Path) -> Iterator[Target]:
    """Yield what lies below ``folder``, which is ``top`` itself or lies below it.

    It is a walk without recursion: a tree may be deeper than Python's stack.
    """
    waiting: list[os.DirEntry[str] | Path] = [folder]
    while waiting:
        entry = waiting.pop()
        path = Path(entry)
        if entry is not folder and entry.is_symlink():
            yield Target(path, "link", top=top)
        elif entry.is_dir():
            if entry is not folder and path.name == ".git":
                yield Target(path, "repository", top=top)
                continue
            try:
                with os.scandir(path) as found:
                    waiting += sorted(found, key=lambda item: item.name, reverse=True)
            except OSError as exc:
                yield Target(path, "closed", f"{printable(str(path))}: {reason(exc)}", top)
        else:
            yield Target(path, "scratch" if SCRATCH.fullmatch(path.name) else "found", top=top)


def is_media(path: Path) -> bool:
    """Is this a media file, by content, or by a name that promises one?

    Raises:
        InputError: it cannot be read.
    """
    return promises_media(path) or bool(kinds_of(path))


def promises_media(path: Path) -> bool:
    """Does the name end as that of a media file?"""
    return path.suffix.lower() in MEDIA_SUFFIXES


def kinds_of(path: Path) -> Kinds:
    """Return what the content may play as; nothing when it is no media that we know.

    Raises:
        InputError: it cannot be read.
    """
    try:
        fd = regular_fd(path)
    except InputError:
        if os.path.lexists(path) and not os.path.isfile(path):  # noqa: PTH113
            return frozenset()  # a pipe or a device below a folder is no media
        raise
    try:
        head = os.pread(fd, HEAD, 0)
        return kinds_in(head_reader(fd, head), os.fstat(fd).st_size)
    except OSError as exc:
        raise InputError(f"{printable(str(path))}: {reason(exc)}") from exc
    finally:
        os.close(fd)


def repository_of(folder: Path) -> Path | None:
    """Return the top of the git repository that ``folder`` lies in, or ``None``.

    Above ``folder`` itself it has to be our own or root's, as for git: in a place where all can write, such as
    ``/tmp``, anybody could make one, and so move the root from which patterns count.
    """
    for top in (folder, *folder.parents):
        try:
            owner = os.lstat(top / ".git").st_uid
        except OSError:
            continue
        if top == folder or owner in (os.getuid(), 0):
            return top
    return None


def tracked_below(top: Path) -> frozenset[str]:
    """Return the paths that git tracks in the repository at ``top``, relative to it.

    Submodules are looked into; one that git does not know is there itself.  The repository's own settings, and those
    of its submodules, are not obeyed where they name programs to run: no monitor, no hook, and no transport, by which
    git would fetch a folder of a sparse index that is missing.

    Raises:
        ConfigError: git is missing, or this is no repository.
    """
    import subprocess

    quiet = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    alone = {**os.environ, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    try:
        done = subprocess.run(
            ["git", "-C", top, *quiet, "ls-files", "-z", "--recurse-submodules"],
            capture_output=True,
            check=False,
            env=alone,
        )
    except OSError as exc:
        raise ConfigError(f"git cannot be asked which files it tracks: {reason(exc)}", hint="install git") from exc
    if done.returncode:
        raise ConfigError(
            f"git does not say which files it tracks: {printable(os.fsdecode(done.stderr).strip(), 500)}",
            hint="verify inside of a repository, or drop tracked = true",
        )
    return frozenset(os.fsdecode(name) for name in done.stdout.split(b"\0") if name)
