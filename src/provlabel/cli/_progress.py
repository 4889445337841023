"""How far a long run is, on a terminal alone: one line that is gone when the run is over."""

from __future__ import annotations

import contextlib
import os
import sys
import time

_FIRST = 1.0  # seconds in which nobody wonders
_PAUSE = 0.2  # seconds between two looks


class ProgressLine:
    """Counts files on standard error, unless that is no terminal or nobody wants to see it."""

    def __init__(self, quiet: bool) -> None:
        self._wanted = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._begun = time.monotonic()
        self._next = self._begun + _FIRST
        self._shown = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    def __call__(self, count: int) -> None:
        """Say that ``count`` files are done."""
        now = time.monotonic()
        if self._wanted and now >= self._next:
            self._next, self._shown = now + _PAUSE, True
            self._write(f"\r\x1b[K{count:,} files, {count / (now - self._begun):,.0f} a second")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()
