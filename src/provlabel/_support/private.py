"""What is for this user alone: folders, files in them, databases and marks.

Whoever can write into a folder can put a file there under any name: beside a database the log that SQLite
applies to it without asking who wrote it, or an open file into which it will write what nobody else should read.  So
where others can write nothing of ours is kept, and nothing that lies there is believed.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from provlabel._support.text import printable
from provlabel.errors import ConfigError

#: What SQLite keeps beside a database.
_BESIDE = ("-wal", "-shm", "-journal")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_private(status: os.stat_result) -> bool:
    """Is this a folder or a regular file of ours that nobody else can write, under this one name?"""
    mode = status.st_mode
    kind = stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and status.st_nlink == 1)
    return kind and status.st_uid == os.geteuid() and not mode & _OTHERS_WRITE


def make_private(folder: Path, hint: str = "") -> None:
    """Make ``folder``, and those above it that are missing, so that nobody else can look into them.

    Raises:
        ConfigError: it was there before, and belongs to somebody else or others can write there.
        OSError: it cannot be made.
    """
    _make(folder)
    _require(folder, folder.stat(), hint)


def _make(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        try:
            folder.mkdir(mode=0o700)
        except FileNotFoundError:
            if folder.parent == folder:
                raise
            _make(folder.parent)
            folder.mkdir(mode=0o700)


def _require(path: Path, status: os.stat_result, hint: str) -> None:
    if not is_private(status):
        raise ConfigError(
            f"{printable(str(path))}: others can write there, and so could decide what is done and passes", hint=hint
        )


def require_private_database(path: Path, hint: str) -> None:
    """Refuse a database of SQLite if anybody else could have written it, or what lies beside it.

    Raises:
        ConfigError: others can write it or into its folder, it is no regular file, or has another name elsewhere.
        OSError: it cannot be looked at.
    """
    _require(path.parent, path.parent.stat(), hint)
    for name in ("", *_BESIDE):
        part = path.with_name(path.name + name)
        with contextlib.suppress(FileNotFoundError):
            status = part.lstat()
            if stat.S_ISDIR(status.st_mode):
                raise ConfigError(f"{printable(str(part))}: is a folder", hint=hint)
            _require(part, status, hint)


def make_private_database(path: Path, hint: str) -> None:
    """Make the folder of a database, and an empty file in it, where they are missing, for their owner alone.

    Raises:
        ConfigError: as :func:`require_private_database`.
        OSError: it cannot be made.
    """
    make_private(path.parent, hint)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    require_private_database(path, hint)
    path.chmod(0o600)  # whatever the umask left; what SQLite makes beside it takes after it


# --- marks -----------------------------------------------------------------------------------------


def marked(mark: Path) -> float | None:
    """Return when :func:`leave` left ``mark``, in seconds since 1970; what others could have left does not count."""
    try:
        folder, status = mark.parent.lstat(), mark.lstat()
    except OSError:
        return None
    ours = stat.S_ISREG(status.st_mode) and is_private(folder) and is_private(status)
    return status.st_mtime if ours else None


def leave(mark: Path) -> None:
    """Leave an empty file of this moment; a user without a folder of their own for it goes without."""
    with contextlib.suppress(OSError, ConfigError):
        make_private(mark.parent)
        fd = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.utime(fd)
        finally:
            os.close(fd)
