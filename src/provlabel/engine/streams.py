"""Streams that the engine reads, and its errors as ours."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from provlabel.engine import native
from provlabel.engine.loading import binding
from provlabel.engine.words import in_words
from provlabel.errors import EngineError


class RemoteManifest(EngineError):
    """The file holds no manifest, only the URL of one."""

    def __init__(self, url: str) -> None:
        super().__init__("the manifest is remote", kind="Remote")
        self.url = url


class Tap:
    """A stream for the engine that remembers what really went wrong.

    The engine swallows exceptions of a stream and reports ``Success (os error 0)`` or an altered
    content instead.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: BaseException | None = None
        # Made once: a small picture takes the engine some forty calls.
        for name in ("read", "readinto", "write", "seek", "tell", "flush"):
            if hasattr(stream, name):
                setattr(self, name, self._tapped(getattr(stream, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _tapped(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def tapped(*args: Any) -> Any:
            try:
                return method(*args)
            except BaseException as exc:
                self.error = self.error or exc
                raise

        return tapped


@contextlib.contextmanager
def translated(taps: Sequence[Tap] = ()) -> Iterator[None]:
    """Turn the binding's errors into ours; a failing stream's own error comes first."""
    try:
        yield
    except binding().C2paError as exc:
        for tap in taps:
            if tap.error is not None:
                raise tap.error from exc
        kind, _, text = str(exc).partition(": ")
        if failed := _OS_ERROR.search(text) if kind == "Io" else None:
            raise OSError(int(failed[1]), os.strerror(int(failed[1]))) from exc
        if kind == "Remote":
            raise RemoteManifest(text.rpartition("from url ")[2]) from exc
        known = type(exc).__name__.removeprefix("_C2pa")
        known = known if known != "C2paError" else kind
        raise EngineError(in_words(known, text), kind=known) from exc


_OS_ERROR = re.compile(r"\(os error ([1-9][0-9]*)\)$")


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back while the engine runs: raised inside one of its callbacks it would be lost."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def native_stream(stream: BinaryIO, taps: list[Tap]) -> Iterator[Any]:
    """Yield a stream for the engine: straight from the disk, or tapped when there is no file behind it."""
    try:
        fd = stream.fileno()
    except OSError:  # there is none
        taps.append(Tap(stream))
        with binding().Stream(taps[-1]) as wrapped:
            yield wrapped._stream
        return
    with native.file_stream(binding(), fd) as opened:
        yield opened
