"""A worker of the sandbox as a process: how it is started, and how its death is told."""

from __future__ import annotations

import os
from collections.abc import Callable

from provlabel._support.processes import Child, fork_clean, is_alone, start_clean
from provlabel.sandbox.worker import main

Launch = Callable[[], Child]


def spawn(python: str | os.PathLike[str] | None = None) -> Child:
    """Start a worker as a program of its own, by ``python`` or else as :func:`start_clean` says.

    Raises:
        ConfigError, OSError: as :func:`start_clean`.
    """
    return start_clean("provlabel.sandbox.worker:main", python=python, environ={"LC_ALL": "C.UTF-8"})


def fork() -> Child:
    """Start a worker as a copy of this process; only while it is small, has one thread and no key."""
    return fork_clean(main)


def fork_or_spawn() -> Child:
    """Start a worker as a copy where the system knows of one thread alone, else as a program of its own.

    The command line uses it: a start of Python costs more than reading a picture.
    """
    return fork() if is_alone() else spawn()


class Died(Exception):
    """The worker is gone; ``kind`` says how to name that, and ``from_outside`` that no file can have done it."""

    def __init__(self, kind: str, text: str, *, from_outside: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.from_outside = from_outside
