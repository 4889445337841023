"""One bounded exchange over HTTP: no redirects, no proxies, no byte after the deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from provlabel._files import reason

if TYPE_CHECKING:
    import http.client


class Failed(Exception):
    """There was no answer; the message says why, for people."""


class Reply(NamedTuple):
    """An answer, whatever its status."""

    status: int
    reason: str
    body: bytes


def exchange(method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, ends: float, most: int) -> Reply:
    """Send one request and read the whole answer.

    Args:
        method: ``GET`` or ``POST``.
        url: ``http:`` or ``https:``; certificates are always checked.
        body: what is sent.
        headers: sent with it.
        ends: the deadline for all of it, as ``time.monotonic`` reads it.
        most: bytes of an answer that are read.

    Raises:
        Failed: no connection, no answer in time, or one that is too long.
    """
    import http.client

    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=max(0.001, ends - time.monotonic()))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _cut_at(connection, ends):
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            got = answer.read(most + 1)
            if time.monotonic() >= ends:  # perhaps cut, and without a length nobody would notice
                raise TimeoutError
    except (OSError, http.client.HTTPException) as exc:
        if time.monotonic() >= ends or isinstance(exc, TimeoutError):
            raise Failed("it did not answer in time") from exc
        why = reason(exc) if isinstance(exc, OSError) else str(exc) or type(exc).__name__
        raise Failed(f"cannot be reached: {why}") from exc
    finally:
        connection.close()
    if len(got) > most:
        raise Failed(f"its answer is longer than {most:,} bytes")
    return Reply(answer.status, answer.reason, got)


@contextlib.contextmanager
def _cut_at(connection: http.client.HTTPConnection, ends: float) -> Iterator[None]:
    """Connect, and shut the connection at the deadline: one byte a second would else go on for ever."""
    connection.connect()
    line = connection.sock

    def cut() -> None:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, ends - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
