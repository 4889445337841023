"""One bounded exchange over HTTP: no redirects, no proxies, no byte after the deadline, no surprise address."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from provlabel._support.files import reason
from provlabel._support.text import printable
from provlabel._version import __version__

_MAX_URL = 2048  # characters
_MAX_ADDRESSES = 4  # of one host that are tried
_UNICAST = ipaddress.IPv6Network("2000::/3")  # outside lie addresses that wrap IPv4, also private ones


class Failed(Exception):
    """There is no answer; the message says why, for people."""


class Endpoint(NamedTuple):
    """Where to go, taken from a URL that may be anything."""

    secure: bool
    host: str
    port: int
    path: str


class Reply(http.client.HTTPResponse):
    """An answer whose chunks have no negative sizes: for the standard library these mean all that comes."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.HTTPException("a chunk of negative size")
        return size


def exchange(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    ends: float,
    most: int,
    private: bool = False,
    plain: bool = False,
) -> bytes:
    """Send one request and return the whole answer.

    Args:
        method: ``GET`` or ``POST``.
        url: ``http:`` or ``https:``; certificates are always checked.
        body: what is sent.
        headers: sent with it.
        ends: the deadline for all of it, as ``time.monotonic`` reads it.
        most: bytes of an answer that are read.
        private: also connect to loopback, private and link-local addresses.
        plain: the answer may be plain text; other text is a page for people.

    Raises:
        Failed: no plain URL, no such host, no answer in time, or not one of status 200.
    """
    if time.monotonic() >= ends:
        raise Failed("no time left to ask")
    target = parsed(url)
    try:
        sock = _connected(target, ends, private)
        with sock, _cut_after(sock, ends - time.monotonic()):
            content = _exchanged(method, target, sock, body, headers, most, plain)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise Failed(_why(exc, ends)) from exc
    if time.monotonic() >= ends:  # a connection that was cut looks like one that ended
        raise Failed("took too long")
    return content


def _why(exc: Exception, ends: float) -> str:
    if time.monotonic() >= ends or isinstance(exc, TimeoutError):
        return "took too long"
    return printable(reason(exc) if isinstance(exc, (OSError, ValueError)) else repr(exc))


def parsed(url: str) -> Endpoint:
    """Take a URL apart that may be anything.

    Raises:
        Failed: it is no plain ``http:`` or ``https:`` URL.
    """
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or set(url) & set(" \\"):
        raise Failed("not a plain URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise Failed("not a plain URL") from exc
    if parts.scheme not in ("http", "https"):
        raise Failed("neither HTTP nor HTTPS")
    if parts.username is not None or not parts.hostname:
        raise Failed("not a plain URL")
    secure = parts.scheme == "https"
    return Endpoint(secure, parts.hostname, (443 if secure else 80) if port is None else port, _path(parts))


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _connected(target: Endpoint, ends: float, private: bool) -> socket.socket:
    """Connect to the very address that was checked: the name may mean another one a moment later.

    Raises:
        OSError: nobody answers at any address.
    """
    places = _resolved(target, ends - time.monotonic())
    if not private and not all(_is_public(address[0]) for _, address in places):
        raise Failed("not a public address")
    for family, address in places:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(max(ends - time.monotonic(), 0.001))
        try:
            sock.connect(address)
        except OSError as exc:
            sock.close()
            refused = exc
        else:
            return sock
    raise refused


def _resolved(target: Endpoint, seconds: float) -> list[tuple[socket.AddressFamily, Any]]:
    """Return the first addresses of the host; a resolver that hangs is left behind, for it knows no deadline."""
    found: list[tuple[socket.AddressFamily, Any]] = []

    def resolve() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            every = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.extend((family, address) for family, *_, address in every[:_MAX_ADDRESSES])

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if not found:
        raise Failed("took too long" if thread.is_alive() else "no such host")
    return found


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in _UNICAST and ip.is_global and ip.sixtofour is None
    return ip.is_global and not ip.is_multicast


@contextlib.contextmanager
def _cut_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection when time is up: one byte now and then would hold off every other timeout."""
    twin = sock.dup()  # TLS takes the socket itself away
    timer = threading.Timer(max(seconds, 0), _cut, (twin,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _exchanged(
    method: str,
    target: Endpoint,
    sock: socket.socket,
    body: bytes | None,
    headers: Mapping[str, str],
    most: int,
    plain: bool,
) -> bytes:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.response_class = Reply
    connection.sock = (
        ssl.create_default_context().wrap_socket(sock, server_hostname=target.host) if target.secure else sock
    )
    sent_headers = {"User-Agent": f"provlabel/{__version__}", "Connection": "close", **headers}
    with contextlib.closing(connection):
        connection.request(method, target.path, body, sent_headers)
        with contextlib.closing(connection.getresponse()) as response:
            return _content(response, most, plain)


def _content(response: http.client.HTTPResponse, limit: int, plain: bool) -> bytes:
    if response.status != http.client.OK:
        raise Failed(f"answered {response.status}")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    page = kind.startswith("text/") and not (plain and kind == "text/plain")
    if page or response.headers.get("Content-Encoding"):
        raise Failed("answered with something else")
    content = response.read(limit + 1)
    if len(content) > limit:
        raise Failed(f"answered with more than {limit:,} bytes")
    if response.length:
        raise Failed("stopped in the middle of its answer")
    return content
