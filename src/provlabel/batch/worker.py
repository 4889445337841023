"""The inside of a worker of a batch: does chunks of jobs until its driver is gone.

It holds the key, and is a child of the driver that nothing else can talk to, so both sides speak pickle: frames of
eight bytes of length and then the content.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple

from provlabel._support.processes import take_pipes

#: Seconds in which a worker that has to end can remove its scratch file.
GRACE = 1.0
_LOOK = 500  # milliseconds between two looks for the driver, whose end of the pipe a fork of it may hold as well
_LENGTH = struct.Struct(">Q")


class Start(NamedTuple):
    """What a worker is handed first; it has secrets, and goes through the pipe alone."""

    function: Callable[[Any, Sequence[Any]], Sequence[Any]]
    setting: Any
    prepare: Callable[[Any], object] | None
    environ: dict[str, str]
    folder: str  #: where the driver stood; "" where that is gone


class Raised(NamedTuple):
    """The answer where there are no outcomes."""

    exception: Exception


def packed(content: object) -> bytes:
    """Return a frame with ``content``."""
    raw = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(raw)) + raw


def unpacked(got: bytearray) -> list[Any]:
    """Take all whole frames out of ``got``, and return what is in them."""
    found: list[Any] = []
    while len(got) >= _LENGTH.size and len(got) >= (end := _LENGTH.size + _LENGTH.unpack_from(got)[0]):
        found.append(pickle.loads(got[_LENGTH.size : end]))  # noqa: S301 - from a child of ours
        del got[:end]
    return found


_busy = threading.Event()


def main() -> None:
    """Get ready, say so, and do what comes."""
    requests, answers = take_pipes()
    signal.signal(signal.SIGTERM, _leave)
    start: Start | None = _received(requests)
    if start is None:
        return
    os.environ.clear()
    os.environ.update(start.environ)
    if start.folder:
        with contextlib.suppress(OSError):
            os.chdir(start.folder)
    if start.prepare is not None:
        with contextlib.suppress(Exception):
            start.prepare(start.setting)
    threading.Thread(target=_watch, args=(requests.fileno(),), daemon=True).start()
    _send(answers, packed(()))
    while (jobs := _received(requests)) is not None:
        _send(answers, _done(start, jobs))
    os._exit(0)


def _received(requests: BinaryIO) -> Any:
    header = requests.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    return pickle.loads(requests.read(_LENGTH.unpack(header)[0]))  # noqa: S301 - from our driver


def _send(answers: BinaryIO, frame: bytes) -> None:
    answers.write(frame)
    answers.flush()


def _done(start: Start, jobs: Sequence[Any]) -> bytes:
    _busy.set()
    try:
        return packed(start.function(start.setting, jobs))
    except SystemExit:
        os._exit(0)  # unwound, so that nothing of it is left
    except Exception as exc:
        return _failed(exc)
    finally:
        _busy.clear()


def _failed(exc: Exception) -> bytes:
    try:
        return packed(Raised(exc))
    except Exception:
        return packed(Raised(RuntimeError(f"{type(exc).__name__}: {exc}")))


def _leave(number: int, _frame: object) -> None:
    """End as if by an exception while there is work, so that scratch files are removed; else at once."""
    if _busy.is_set():
        raise SystemExit(128 + number)
    os._exit(128 + number)


def _watch(requests: int) -> None:
    """Wait for the end of the driver, killed or not, and then for that of the work."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    driver = os.getppid()
    gone = select.poll()
    gone.register(requests, 0)  # that all others have closed it is told without being asked for
    while not gone.poll(_LOOK) and os.getppid() == driver:
        pass
    main_thread = threading.main_thread().ident
    if main_thread is not None:
        # To that thread alone, which holds signals back while it is in the engine.
        signal.pthread_kill(main_thread, signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
