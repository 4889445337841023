"""One pass over a file of any size: read once, hashed by as many threads as there are digests, memory fixed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, BinaryIO, NamedTuple, TypeVar

from provlabel._support.files import LARGE, sha256_of
from provlabel.media.containers import Hole, pieces
from provlabel.media.containers._base import PIECE
from provlabel.media.containers.edits import Edited

_T = TypeVar("_T")

_SHORT = 1 << 16  # bytes behind a hole that are not worth a thread
_AHEAD = 4  # pieces of 1 MiB that wait for a digest


class Copied(NamedTuple):
    """Digests of one pass."""

    content: bytes  #: SHA-256 of the result without the hole; empty where it was not asked for
    source: str  #: SHA-256 of the source, hex; empty where it was not asked for


def copy_around(
    content: Edited, hole: Hole, dest: BinaryIO, *, hash_source: bool = True, hash_result: bool = True
) -> Copied:
    """Write ``content`` with the edits of ``hole`` to ``dest``, and hash the result, and the source, on the way.

    Raises:
        OSError: reading or writing failed.
        ContainerError: the source ends before its size.
    """
    made, source, at, written = content.edited(hole.edits), content.source, 0, 0
    with _lanes(hash_result + hash_source, threads=made.size >= LARGE) as lanes:
        results, originals = lanes[:hash_result], lanes[hash_result:]
        for piece in made.pieces:
            if isinstance(piece, bytes):
                dest.write(piece)
                for lane in results if written != hole.start else ():
                    lane.update(piece)
                written += len(piece)
                continue
            _feed(originals, source, at, piece.start)
            for data in pieces(source, piece.start, piece.end):
                for lane in lanes:
                    lane.update(data)
                dest.write(data)
            written, at = written + piece.end - piece.start, piece.end
        _feed(originals, source, at, content.source_size)
    return Copied(b"".join(lane.digest() for lane in results), "".join(lane.digest().hex() for lane in originals))


def _feed(lanes: list[Any], source: BinaryIO, start: int, end: int) -> None:
    """Hash what lies from ``start`` up to ``end``."""
    for data in pieces(source, start, end) if lanes else ():
        for lane in lanes:
            lane.update(data)


def digest_around(stream: BinaryIO, size: int, start: int, length: int) -> tuple[str, bytes]:
    """Return the SHA-256 of a whole file as hex, and that of all but ``length`` bytes from ``start``.

    Raises:
        OSError: reading failed.
        ContainerError: the file ends before its size.
    """
    if size - start - length < _SHORT:
        return _digest_before(stream, size, start, length)
    with _lanes(2, threads=size >= LARGE) as (whole, around):
        _feed([whole, around], stream, 0, start)
        _feed([whole], stream, start, start + length)
        _feed([whole, around], stream, start + length, size)
    return whole.digest().hex(), around.digest()


def _digest_before(stream: BinaryIO, size: int, start: int, length: int) -> tuple[str, bytes]:
    """Hash what comes before the hole once for both: a hole at the end costs next to nothing."""
    whole = hashlib.sha256()
    for data in pieces(stream, 0, start):
        whole.update(data)
    around = whole.copy()
    for data in pieces(stream, start, size):
        whole.update(data)
    for data in pieces(stream, start + length, size):
        around.update(data)
    return whole.hexdigest(), around.digest()


@contextlib.contextmanager
def digesting(stream: BinaryIO, size: int) -> Iterator[Callable[[], str]]:
    """Yield what returns the SHA-256 of a whole file as hex, once it is known.

    A large file is hashed meanwhile, by a thread that leaves the position of ``stream`` alone.
    """
    beside = None if size < LARGE or isinstance(stream, io.BytesIO) else _started(_Beside, stream.fileno())
    if beside is None:
        digest = sha256_of(stream)
        yield lambda: digest
        return
    try:
        yield beside.result
    finally:
        beside.end()


class _Beside(threading.Thread):
    """Hashes a file by its descriptor until it ends, or until it has to stop."""

    def __init__(self, fd: int) -> None:
        super().__init__(daemon=True)
        self._fd = fd
        self._sum = hashlib.sha256()
        self._stopped = False
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        offset = 0
        try:
            while not self._stopped and (piece := os.pread(self._fd, PIECE, offset)):
                self._sum.update(piece)
                offset += len(piece)
        except BaseException as exc:  # or the digest of a part would pass for that of the whole
            self._error = exc

    def result(self) -> str:
        """Wait for the digest."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._sum.hexdigest()

    def end(self) -> None:
        """Stop before the descriptor is closed."""
        self._stopped = True
        self.join()


@contextlib.contextmanager
def _lanes(number: int, *, threads: bool) -> Iterator[list[Any]]:
    """Yield as many SHA-256, each in a thread of its own if that pays."""
    with contextlib.ExitStack() as stack:
        lanes: list[Any] = []
        for _ in range(number):
            lane = _started(_Lane) if threads else None
            if lane is not None:
                stack.callback(lane.end)
            lanes.append(lane or hashlib.sha256())
        yield lanes


def _started(make: Callable[..., _T], *args: Any) -> _T | None:
    """Make something with a thread of its own; nothing where the system gives none, so that it goes slower."""
    try:
        return make(*args)
    except RuntimeError:
        return None


class _Lane:
    """A SHA-256 that is computed beside whoever feeds it; hashing holds no lock of Python's."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._pieces: SimpleQueue[bytes | None] = SimpleQueue()
        self._slots = threading.Semaphore(_AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            try:
                if self._error is None:
                    self._sum.update(piece)
            except BaseException as exc:  # whoever feeds must not wait for ever
                self._error = exc
            self._slots.release()

    def update(self, piece: bytes) -> None:
        """Hash ``piece`` soon; waits while too much waits."""
        self._slots.acquire()
        self._pieces.put(piece)

    def end(self) -> None:
        """Hash what still waits."""
        self._pieces.put(None)
        self._thread.join()

    def digest(self) -> bytes:
        """Return the digest, after the end."""
        if self._error is not None:
            raise self._error
        return self._sum.digest()
