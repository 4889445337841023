"""Ask OCSP responders and fetch CRLs, for ``--online`` alone; keep the answers for the next time.

The addresses come out of certificates, that is, from whoever had them issued.  So they are asked for
what they name and for nothing else: only HTTP and HTTPS, only public addresses, the address that was
checked is the one connected to, no redirects, no proxies, no cookies, little time, little content.
Nothing is parsed here: whether an answer is worth anything is for the cage to say.

Import this module where it is used: it loads TLS.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from provlabel._files import atomic_output, open_regular, reason
from provlabel._text import printable
from provlabel._version import __version__
from provlabel.credentials import MAX_ANSWERS, MAX_CRL, MAX_OCSP, Answers, RevocationRequest
from provlabel.errors import ProvlabelError

#: Seconds for one question, name resolution to last byte.
EACH = 10.0
#: Seconds for all questions about one file.
ALL = 20.0
_MAX_URL = 2048
_MAX_ADDRESSES = 4
_LIMITS = {"ocsp": MAX_OCSP, "crl": MAX_CRL}
_UNICAST = ipaddress.IPv6Network("2000::/3")  # outside lie addresses that wrap IPv4, also private ones
_SUCCESSFUL = b"\x0a\x01\x00"  # responseStatus, RFC 6960 §4.2.1


class Fetched(Struct, frozen=True):
    """The answers that came, and one line for each question that failed."""

    answers: Answers
    failures: tuple[str, ...] = ()


class _Failed(Exception):
    """A question has no answer; says why."""


def fetch(
    requests: Sequence[RevocationRequest],
    *,
    cache: Path | None = None,
    seconds: float = ALL,
    allow_private: bool = False,
) -> Fetched:
    """Ask until each certificate has one answer, in the order given; never raises for what others do.

    Args:
        requests: from :class:`provlabel.credentials.Examined`.
        cache: a folder to keep answers in, made if missing; files are for the owner only.
        seconds: for everything together.
        allow_private: also connect to loopback, private and link-local addresses
            (``--insecure-private-hosts``, for CAs in-house).
    """
    ends = time.monotonic() + seconds
    found: list[tuple[RevocationRequest, bytes]] = []
    failures: list[str] = []
    for _, asked in itertools.groupby(requests[: 2 * MAX_ANSWERS], lambda one: one.certificate):
        for request in asked:
            try:
                found.append((request, _ask(request, min(EACH, ends - time.monotonic()), allow_private)))
            except _Failed as exc:
                failures.append(f"{printable(request.url)}: {exc}")
                continue
            break
    if cache is not None:
        failures += _keep(cache, found)
    return Fetched(_answers(found, "online"), tuple(failures))


def cached(requests: Sequence[RevocationRequest], cache: Path) -> Answers:
    """Return what an earlier :func:`fetch` kept about ``requests``; what cannot be read is left out."""
    found = ((request, _kept(cache, request)) for request in requests[: 2 * MAX_ANSWERS])
    return _answers([(request, content) for request, content in found if content], "cached")


def _answers(found: Sequence[tuple[RevocationRequest, bytes]], source: Any) -> Answers:
    ocsp = tuple(content for request, content in found if request.kind == "ocsp")
    crls = tuple(content for request, content in found if request.kind == "crl")
    return Answers(ocsp, crls, source)


# --- the cache -------------------------------------------------------------------------------------


def _place(cache: Path, request: RevocationRequest) -> Path:
    """Where an answer is kept; a list serves all certificates that name it."""
    about = request.certificate if request.kind == "ocsp" else ""
    return cache / f"{hashlib.sha256(f'{about} {request.url}'.encode()).hexdigest()}.{request.kind}"


def _kept(cache: Path, request: RevocationRequest) -> bytes:
    try:
        with open_regular(_place(cache, request)) as stream:
            content = stream.read(_LIMITS[request.kind] + 1)
    except (ProvlabelError, OSError):
        return b""
    return content if len(content) <= _LIMITS[request.kind] else b""


def _keep(cache: Path, found: Sequence[tuple[RevocationRequest, bytes]]) -> Iterator[str]:
    for request, content in found:
        try:
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            with atomic_output(_place(cache, request), replace=True, mode=0o600) as scratch:
                scratch.stream.write(content)
        except ProvlabelError as exc:
            yield str(exc)
        except OSError as exc:
            yield f"{printable(str(cache))}: {reason(exc)}"


# --- one question ----------------------------------------------------------------------------------


class _Target(NamedTuple):
    """Where to go, taken from a URL that may be anything."""

    secure: bool
    host: str
    port: int
    path: str


def _ask(request: RevocationRequest, seconds: float, allow_private: bool) -> bytes:
    """Return the answer to one request.

    Raises:
        _Failed: there is none.
    """
    ends = time.monotonic() + seconds
    if seconds <= 0:
        raise _Failed("no time left to ask")
    target = _target(request.url)
    try:
        sock = _connected(target, ends, allow_private)
        with sock, _cut_after(sock, ends - time.monotonic()):
            content = _exchange(request, target, sock)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise _Failed(_why(exc, ends)) from exc
    if time.monotonic() >= ends:  # a connection that was cut looks like one that ended
        raise _Failed("took too long")
    if request.kind == "ocsp" and _SUCCESSFUL not in content[:10]:
        raise _Failed("the responder did not answer the question")
    return content


def _why(exc: Exception, ends: float) -> str:
    if time.monotonic() >= ends or isinstance(exc, TimeoutError):
        return "took too long"
    return printable(reason(exc) if isinstance(exc, (OSError, ValueError)) else repr(exc))


def _target(url: str) -> _Target:
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or set(url) & set(" \\"):
        raise _Failed("not a plain URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise _Failed("not a plain URL") from exc
    if parts.scheme not in ("http", "https"):
        raise _Failed("neither HTTP nor HTTPS")
    if parts.username is not None or not parts.hostname:
        raise _Failed("not a plain URL")
    secure = parts.scheme == "https"
    return _Target(secure, parts.hostname, (443 if secure else 80) if port is None else port, _path(parts))


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _connected(target: _Target, ends: float, allow_private: bool) -> socket.socket:
    """Connect to the very address that was checked: the name may mean another one a moment later.

    Raises:
        OSError: nobody answers at any address.
    """
    places = _resolved(target, ends - time.monotonic())
    if not allow_private and not all(_is_public(address[0]) for _, address in places):
        raise _Failed("not a public address")
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


def _resolved(target: _Target, seconds: float) -> list[tuple[socket.AddressFamily, Any]]:
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
        raise _Failed("took too long" if thread.is_alive() else "no such host")
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


def _exchange(request: RevocationRequest, target: _Target, sock: socket.socket) -> bytes:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = (
        ssl.create_default_context().wrap_socket(sock, server_hostname=target.host) if target.secure else sock
    )
    headers = {"User-Agent": f"provlabel/{__version__}", "Connection": "close"}
    if request.kind == "ocsp":
        headers["Content-Type"] = "application/ocsp-request"
    with contextlib.closing(connection):
        connection.request("POST" if request.kind == "ocsp" else "GET", target.path, request.body or None, headers)
        with contextlib.closing(connection.getresponse()) as response:
            return _content(response, _LIMITS[request.kind])


def _content(response: http.client.HTTPResponse, limit: int) -> bytes:
    if response.status != http.client.OK:
        raise _Failed(f"answered {response.status}")
    if response.headers.get("Content-Type", "").startswith("text/") or response.headers.get("Content-Encoding"):
        raise _Failed("answered with something else")
    content = response.read(limit + 1)
    if len(content) > limit:
        raise _Failed(f"answered with more than {limit:,} bytes")
    if response.length:
        raise _Failed("stopped in the middle of its answer")
    return content
