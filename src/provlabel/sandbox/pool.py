"""Several sandboxes that look like one, and the one that all calls of a process share."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import LifoQueue

from provlabel._support.files import LARGE
from provlabel.errors import UsageError
from provlabel.evidence import Trouble
from provlabel.sandbox import _LIMITS, Sandbox
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.process import Launch, spawn
from provlabel.sandbox.protocol import Answer
from provlabel.sandbox.requests import AnySandbox

#: Workers beside one for each processor: each waits while its caller judges what it has answered.
_SPARE = 2


class SandboxPool(AnySandbox):
    """Several sandboxes that look like one: each file is read by the next that is free.

    Small files and large ones, from 16 MiB on, have workers of their own, so that no small one waits for a large one.
    A worker starts when it is needed; one that dies or hangs is replaced, and takes no other file with it.

    Args:
        width: how many files of each size are read at once; two more than processors without.
        launch: as for :class:`Sandbox`; those after a death are always spawned, as threads run by then.
        limits: what one file may cost.
        proofs: as for :class:`Sandbox`.
        python: as for :class:`Sandbox`.

    Raises:
        UsageError: ``width`` is less than 1.
    """

    def __init__(
        self,
        width: int | None = None,
        launch: Launch = spawn,
        *,
        limits: Limits = _LIMITS,
        proofs: Path | None = None,
        python: str | os.PathLike[str] | None = None,
    ) -> None:
        if width is not None and width < 1:
            raise UsageError(f"{width} workers read nothing", hint="1 or more")
        self.width = width or processors() + _SPARE
        self._limits = limits
        self._small, self._large = (
            tuple(
                Sandbox(launch, relaunch=spawn, limits=limits, proofs=proofs, python=python) for _ in range(self.width)
            )
            for _ in range(2)
        )
        self._after_fork()
        self._remember()

    @property
    def _all(self) -> tuple[Sandbox, ...]:
        return (*self._small, *self._large)

    def start(self, workers: int | None = None) -> None:
        """Start so many workers for small files, or all, now: before there are threads that a copy would not have."""
        for sandbox in self._small[-(workers or self.width) :]:  # the last are handed out first
            sandbox.start()

    def prove(self) -> None:  # noqa: D102
        with _one_of(self._free_small) as sandbox:
            sandbox.prove()

    def close(self) -> None:  # noqa: D102
        for sandbox in self._all:
            sandbox.close()

    def kill(self) -> None:  # noqa: D102
        for sandbox in self._all:
            sandbox.kill()

    def _answer(self, message: bytes, size: int, *, proven: bool = False) -> Answer | Trouble:
        with _one_of(self._free_large if size >= LARGE else self._free_small) as sandbox:
            return sandbox._answer(message, size, proven=proven)

    def _after_fork(self) -> None:
        self._free_small, self._free_large = _queue_of(self._small), _queue_of(self._large)


def _queue_of(sandboxes: tuple[Sandbox, ...]) -> LifoQueue[Sandbox]:
    """Make a queue that hands out last what came back last: it is warm, where others may never have started."""
    free: LifoQueue[Sandbox] = LifoQueue()
    for sandbox in sandboxes:
        free.put(sandbox)
    return free


@contextlib.contextmanager
def _one_of(free: LifoQueue[Sandbox]) -> Iterator[Sandbox]:
    sandbox = free.get()
    try:
        yield sandbox
    finally:
        free.put(sandbox)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# --- shared by this process ------------------------------------------------------------------------

_shared: dict[Callable[[], AnySandbox], AnySandbox] = {}
_shared_lock = threading.Lock()


def shared_sandbox(make: Callable[[], AnySandbox] = SandboxPool) -> AnySandbox:
    """Return the sandbox that library calls share in this process; its workers are kept between files.

    ``make`` makes it the first time; each has a sandbox of its own, so that what draws never reads evidence.
    """
    with _shared_lock:
        if make not in _shared:
            _shared[make] = made = make()
            atexit.register(made.close)
        return _shared[make]


def _unlock_after_fork() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()


os.register_at_fork(after_in_child=_unlock_after_fork)
