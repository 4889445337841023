"""Files as we touch them: opened only when regular, written beside the target, renamed when whole.

The engine truncates its output before it signs and leaves half files behind (``sign_file(p, p)``
makes the source 0 bytes).  So no path of a user's ever reaches the engine for writing: it gets a
scratch file from :func:`atomic_output`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from provlabel._support.paths import missing_hint, require_no_scheme
from provlabel._support.text import printable
from provlabel.errors import InputError, OutputError

#: Bytes that are read at once.
PIECE = 1 << 20
#: A file of so many bytes or more is worth threads, and is read back by us instead of the engine.
LARGE = 16 << 20
#: What helps where nothing can be written.
WRITABLE = "name a place that is there, and that this user can write to"
SCRATCH_PREFIX = ".provlabel-"
_NO_FILE = 1 << 62  # bytes; what a file says about itself may lead there
#: The whole name of a scratch file.
SCRATCH = re.compile(re.escape(SCRATCH_PREFIX) + r"[0-9a-f]{16}")


def size_of(path: Path) -> int:
    """Return the size of a file in bytes; 0 where it cannot be told, as whoever reads it says what is wrong."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def open_regular(path: Path, name: str | None = None) -> BinaryIO:
    """Open ``path`` for reading if it is a regular file; as :func:`regular_fd`."""
    fd = regular_fd(path, name)
    os.set_blocking(fd, True)
    return os.fdopen(fd, "rb")


def regular_fd(path: Path, name: str | None = None) -> int:
    """Return a descriptor of ``path``, which the caller closes, if it is a regular file, following symlinks.

    A FIFO or a device would block or never end, so the open itself does not wait.  Errors call it ``name`` where its
    path means nothing.

    Raises:
        InputError: missing, forbidden, a folder, or not a regular file.
    """
    shown = printable(name or str(path))
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as exc:
        hint = missing_hint(path) if name in (None, str(path)) and isinstance(exc, FileNotFoundError) else ""
        raise InputError(f"{shown}: {reason(exc)}", hint=hint) from exc
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        hint = "name a file in it" if stat.S_ISDIR(mode) else "write what it gives to a file first, and name that"
        raise InputError(f"{shown}: {_kind(mode)}, not a regular file", hint=hint)
    return fd


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it, where they are missing.

    Raises:
        OutputError: it cannot be made.
        UsageError: it is an address.
    """
    require_no_scheme(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        why = f"{printable(str(folder))}: cannot make this folder: {reason(exc)}"
        raise OutputError(why, hint=WRITABLE) from exc


def reason(exc: OSError | ValueError) -> str:
    """Return why the system refused, as it says it, in lower case."""
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror.lower()
    return str(exc)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
    return next((word for test, word in kinds if test(mode)), "a device")


def head_reader(fd: int, head: bytes) -> Callable[[int, int], bytes]:
    """Return what :func:`reader` does, of an open file whose first bytes, ``head``, are not read again."""

    def read_at(offset: int, length: int) -> bytes:
        if offset + length <= len(head):
            return head[offset : offset + length]
        return os.pread(fd, length, offset) if offset < _NO_FILE else b""

    return read_at


def sha256_of(stream: BinaryIO) -> str:
    """Return the SHA-256 of all of ``stream`` as hex; the position is put back to 0."""
    return digests_of(stream, ("sha256",))["sha256"]


def digests_of(stream: BinaryIO, algorithms: Iterable[str]) -> dict[str, str]:
    """Return digests of all of ``stream`` as hex, by their names in :mod:`hashlib`; the position is put back to 0."""
    # Messages of others have MD5 too, which some machines give only to those who say that they rely on none.
    sums = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    stream.seek(0)
    while piece := stream.read(PIECE):
        for digest in sums.values():
            digest.update(piece)
    stream.seek(0)
    return {name: digest.hexdigest() for name, digest in sums.items()}


def copy_to(source: BinaryIO, dest: BinaryIO) -> None:
    """Copy all of ``source``; its position is put back to 0."""
    source.seek(0)
    while piece := source.read(PIECE):
        dest.write(piece)
    source.seek(0)


@contextlib.contextmanager
def spooled(stream: BinaryIO) -> Iterator[Path]:
    """Yield a private file with all that a seekable stream holds, for as long as the block runs.

    Raises:
        OutputError: there is no room for it.
    """
    import tempfile

    with contextlib.ExitStack() as stack:
        try:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="provlabel-")), "content")
            with path.open("xb") as scratch:
                copy_to(stream, scratch)
        except OSError as exc:
            why = f"no room for temporary files: {reason(exc)}"
            raise OutputError(why, hint="set TMPDIR to a folder with room") from exc
        yield path


def reader(stream: BinaryIO) -> Callable[[int, int], bytes]:
    """Return a function of offset and length that reads ``stream`` there; fewer bytes at its end."""

    def read_at(offset: int, length: int) -> bytes:
        stream.seek(offset)
        return stream.read(length)

    return read_at


def fingerprint(stream: BinaryIO) -> str:
    """Return what changes when the content behind ``stream`` is written or replaced.

    The change time is set by the kernel alone, so that a writer cannot hide.
    """
    status = os.fstat(stream.fileno())
    return f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


class Scratch(NamedTuple):
    """A file that is being written, and where it lies meanwhile."""

    stream: BinaryIO
    path: Path


@contextlib.contextmanager
def only_read(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Close ``stream`` afterwards; that this fails says nothing about what was written elsewhere meanwhile."""
    try:
        yield stream
    finally:
        with contextlib.suppress(OSError):
            stream.close()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes of ours from replacing ``path`` meanwhile.

    Raises:
        OutputError: one of them is at it.
    """
    import fcntl

    with only_read(open_regular(path)) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise OutputError(f"{printable(str(path))}: is being labeled by another process", hint="wait") from exc
        except OSError:
            pass  # a file system without locks; the fingerprint before publishing shows a change all the same
        yield


@contextlib.contextmanager
def atomic_output(
    target: Path,
    *,
    replace: bool,
    mode: int = 0o666,
    like: os.stat_result | None = None,
    scratch_name: str | None = None,
) -> Iterator[Scratch]:
    """Yield a scratch file beside ``target``; rename it into place when the block ends well.

    The scratch file is on the same file system, is flushed to disk before the rename, and is
    removed on any failure, so a reader sees the old file, the new file, or none.  ``mode`` holds
    the permission bits of the result before the umask; ``like`` instead gives it mode, owner and
    attributes of the file that it replaces, which must not have changed meanwhile.  Without
    ``replace`` an existing target is never overwritten, not even one that appeared meanwhile.  A target with a
    ``scratch_name`` is read and deleted at once: errors call it that, and nothing waits for the disk.

    Raises:
        OutputError: the folder is missing or read-only, the disk is full, the target exists, or is
            no regular file.
    """
    shown, durable = printable(str(target) if scratch_name is None else scratch_name), scratch_name is None
    _require_free(target, shown, replace)
    try:
        fd, scratch = _new_scratch(target.parent, mode)
    except OSError as exc:
        raise OutputError(f"{shown}: cannot write there: {reason(exc)}", hint=WRITABLE) from exc
    published = False
    try:
        with os.fdopen(fd, "w+b") as stream:
            yield Scratch(stream, scratch)
            stream.flush()
            if like is not None:
                _take_after(stream.fileno(), target, like)
            if durable:
                os.fsync(stream.fileno())
            _publish(scratch, target, replace)  # while it is locked
            published = True
    except FileExistsError as exc:
        raise _exists(shown, target) from exc
    except OSError as exc:
        if not published:  # else it is on the disk and in its place, whatever closing it says
            raise OutputError(f"{shown}: cannot write: {reason(exc)}") from exc
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()
    if durable:
        _sync_folder(target.parent)


def require_writable(target: Path, *, replace: bool) -> None:
    """Refuse now what :func:`atomic_output` would refuse to begin with.

    Raises:
        OutputError: as there.
    """
    with contextlib.suppress(_Dropped), atomic_output(target, replace=replace):
        raise _Dropped


class _Dropped(Exception):
    """Ends a block whose output nobody wants."""


@contextlib.contextmanager
def synced(stream: BinaryIO) -> Iterator[None]:
    """Bring what was written to the disk, beside what the block does.

    Raises:
        OSError: it could not be written; the block was left before.
    """
    stream.flush()
    if os.fstat(stream.fileno()).st_size < LARGE:
        yield
        return
    errors: list[OSError] = []

    def sync() -> None:
        try:
            os.fsync(stream.fileno())
        except OSError as exc:
            errors.append(exc)

    thread = threading.Thread(target=sync)
    try:
        thread.start()
    except RuntimeError:  # the system gives none: it is synced before it is renamed all the same
        yield
        return
    try:
        yield
    finally:
        thread.join()
    if errors:
        raise errors[0]


def _new_scratch(folder: Path, mode: int) -> tuple[int, Path]:
    """Open a scratch file that is locked for as long as it is open, so that :func:`sweep` leaves it alone."""
    import fcntl

    while True:
        scratch = folder / f"{SCRATCH_PREFIX}{os.urandom(8).hex()}"
        fd = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        try:
            with contextlib.suppress(OSError):  # a file system without locks, where nothing can be swept either
                fcntl.flock(fd, fcntl.LOCK_EX)
            if _leads_to(scratch, fd):
                return fd, scratch
        except BaseException:
            with contextlib.suppress(OSError):
                scratch.unlink()
            os.close(fd)
            raise
        os.close(fd)  # it was swept between opening and locking


def _leads_to(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(fd))
    except FileNotFoundError:
        return False


def sweep(folder: Path, most: int | None = None) -> int:
    """Remove the scratch files in ``folder`` that nobody writes any more, and return how many they were.

    A process that is killed leaves its scratch file behind; the lock on it ends with the process.  Folders below
    are not looked at, nor more than ``most`` names, in no order.
    """
    swept = 0
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in itertools.islice(found, most):
            if entry.name.startswith(SCRATCH_PREFIX) and SCRATCH.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    swept += _swept(entry)
    return swept


def _swept(entry: os.DirEntry[str]) -> bool:
    """Remove a scratch file unless it is locked; a link or a pipe of that name is none of ours."""
    import fcntl

    if not entry.is_file(follow_symlinks=False):
        return False
    how = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        fd = os.open(entry, os.O_RDWR | how)  # NFS locks only what is open for writing
    except PermissionError:
        fd = os.open(entry, os.O_RDONLY | how)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(entry)  # noqa: PTH108 - an entry is no Path
    finally:
        os.close(fd)
    return True


def is_being_written(path: Path) -> bool:
    """Does a living process hold the scratch file at ``path``, as :func:`atomic_output` does while it writes?"""
    import fcntl

    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass  # a file system without locks: nobody can show that it is being written
    finally:
        os.close(fd)
    return False


def _require_free(target: Path, shown: str, replace: bool) -> None:
    if not os.path.lexists(target):
        return
    if not replace:
        raise _exists(shown, target)
    mode = target.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise OutputError(f"{shown}: is {_kind(mode)} and is not replaced", hint="choose another output")


def _take_after(fd: int, target: Path, like: os.stat_result) -> None:
    """Give the new file mode, owner and extended attributes of the old one, as far as we may."""
    now = target.stat()
    same = ("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    if any(getattr(now, name) != getattr(like, name) for name in same):
        raise OutputError(f"{printable(str(target))}: changed meanwhile and was not replaced", hint="try again")
    with contextlib.suppress(OSError):
        os.fchown(fd, like.st_uid, like.st_gid)
    os.fchmod(fd, stat.S_IMODE(like.st_mode))
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(target):
                with contextlib.suppress(OSError):  # one that only the system may set takes no other with it
                    os.setxattr(fd, name, os.getxattr(target, name))


def _exists(shown: str, target: Path) -> OutputError:
    if os.path.isdir(target):  # noqa: PTH112 - unlike Path.is_dir it never raises
        return OutputError(f"{shown}: a folder, not a file", hint="name a file in it")
    return OutputError(f"{shown}: exists already", hint="choose another output, or add --force")


def _publish(scratch: Path, target: Path, replace: bool) -> None:
    if replace:
        scratch.replace(target)
        return
    try:
        os.link(scratch, target)  # unlike a rename it refuses to overwrite
    except FileExistsError:
        if not target.samefile(scratch):  # else NFS sent the request twice, and the second found what the first made
            raise
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError from None
        scratch.rename(target)


#: How FAT and some network shares say that they know no hard links, or a system that it allows none.
_NO_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK, errno.EINVAL}
)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; a file system that cannot is no failure of the label."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
