"""Several sandboxes that look like one."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Concatenate, ParamSpec, TypeVar

from provlabel.sandbox import _LIMITS, Sandbox
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.process import Launch, spawn

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _by_the_next_free(method: Callable[Concatenate[Sandbox, _P], _T]) -> Callable[Concatenate[SandboxPool, _P], _T]:
    """Have the next sandbox of a pool that is free do what ``method`` does, with the same arguments."""

    @functools.wraps(method)
    def delegated(self: SandboxPool, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with self._one() as sandbox:
            return method(sandbox, *args, **kwargs)

    return delegated


class SandboxPool:
    """Several sandboxes that look like one: each file is read by the next that is free.

    Args:
        width: how many files are read at once.
        launch: as for :class:`Sandbox`; those after a death are always spawned, as threads run by then.
        limits: what one file may cost.
        proofs: as for :class:`Sandbox`.
        python: as for :class:`Sandbox`.
    """

    def __init__(
        self,
        width: int,
        launch: Launch = spawn,
        *,
        limits: Limits = _LIMITS,
        proofs: Path | None = None,
        python: str | os.PathLike[str] | None = None,
    ) -> None:
        self.width = width
        self._all = tuple(
            Sandbox(launch, relaunch=spawn, limits=limits, proofs=proofs, python=python) for _ in range(width)
        )
        self._free: SimpleQueue[Sandbox] = SimpleQueue()
        for sandbox in self._all:
            self._free.put(sandbox)

    def __enter__(self) -> SandboxPool:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            for sandbox in self._all:
                sandbox.kill()
        self.close()

    def start(self) -> None:
        """Start all workers now: before there are threads, which a forked copy would not have."""
        for sandbox in self._all:
            sandbox.start()

    read = _by_the_next_free(Sandbox.read)
    read_bytes = _by_the_next_free(Sandbox.read_bytes)
    examine = _by_the_next_free(Sandbox.examine)
    preview = _by_the_next_free(Sandbox.preview)
    prove = _by_the_next_free(Sandbox.prove)
    second_opinion = _by_the_next_free(Sandbox.second_opinion)

    def close(self) -> None:
        """End all workers."""
        for sandbox in self._all:
            sandbox.close()

    @contextlib.contextmanager
    def _one(self) -> Iterator[Sandbox]:
        sandbox = self._free.get()
        try:
            yield sandbox
        finally:
            self._free.put(sandbox)
