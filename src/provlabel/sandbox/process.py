"""A worker as a process: started, asked to end, reaped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from provlabel.sandbox.worker import serve


class Worker(NamedTuple):
    """A running worker: its process, the two pipes, and a file with what it printed."""

    pid: int
    requests: int
    answers: int
    printed: BinaryIO


Launch = Callable[[], Worker]


def spawn() -> Worker:
    """Start a worker as a program of its own: works from threads, pools and unguarded scripts.

    ``-I`` keeps the current directory and ``PYTHON*`` variables out of it; the search path is
    handed over, so that it finds the same packages as we do.
    """
    boot = "import json,sys; sys.path[:]=json.loads(sys.argv[1]); from provlabel.sandbox.worker import main; main()"
    path = json.dumps([entry for entry in sys.path if entry])
    with _wired() as (child_in, requests, answers, child_out, printed):
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-c", boot, path],
            {"LC_ALL": "C.UTF-8"},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, child_in, 0),
                (os.POSIX_SPAWN_DUP2, child_out, 1),
                (os.POSIX_SPAWN_DUP2, printed.fileno(), 2),
            ],
        )
    return Worker(pid, requests, answers, printed)


def fork() -> Worker:
    """Start a worker as a copy of this process; only while it is small, has one thread and no key.

    The command line uses it: a start of Python costs more than reading a picture.
    """
    with _wired() as (child_in, requests, answers, child_out, printed):
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            _be_worker(child_in, child_out, printed.fileno(), (requests, answers))
    return Worker(pid, requests, answers, printed)


@contextlib.contextmanager
def _wired() -> Iterator[tuple[int, int, int, int, BinaryIO]]:
    """Make what a worker talks through: two pipes, and a file for what it prints.

    Its own ends are closed afterwards, and ours too where it did not start.
    """
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        child_in, requests = os.pipe()
        theirs.callback(os.close, child_in)
        ours.callback(os.close, requests)
        answers, child_out = os.pipe()
        theirs.callback(os.close, child_out)
        ours.callback(os.close, answers)
        printed = ours.enter_context(_memory_file())
        yield child_in, requests, answers, child_out, printed
        ours.pop_all()


def _be_worker(child_in: int, child_out: int, printed: int, foreign: tuple[int, ...]) -> None:
    """Serve and leave, whatever happens: the copy must never run on as the caller."""
    status = 1
    try:
        for fd in foreign:
            os.close(fd)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        os.environ.clear()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with os.fdopen(child_in, "rb") as requests, os.fdopen(child_out, "wb") as answers:
            serve(requests, answers)
        status = 0
    finally:
        os._exit(status)


def _memory_file() -> BinaryIO:
    """A nameless file for what a worker prints."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("provlabel-worker"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


class Died(Exception):
    """The worker is gone; ``kind`` says how to name that, and ``from_outside`` that no file can have done it."""

    def __init__(self, kind: str, text: str, *, from_outside: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.from_outside = from_outside


def has_ended(pid: int) -> bool:
    """Has this child ended, without taking its status away?"""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def reap(pid: int) -> int | None:
    """Wait a moment for a process that is about to end, then make it; ``None`` if somebody else has reaped it."""
    try:
        for pause in (0, 0.001, 0.01, 0.05, 0.2):
            time.sleep(pause)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
        os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except (ChildProcessError, ProcessLookupError):
        return None
