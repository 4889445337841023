"""Ask OCSP responders, fetch CRLs and keys of issuers, for ``--online`` alone; keep what is said of revocation.

The addresses come out of certificates and identities, that is, from whoever had them issued.  So they are asked for
what they name and for nothing else: only HTTP and HTTPS, only public addresses, the address that was
checked is the one connected to, no redirects, no proxies, no cookies, little time, little content.
Nothing is parsed here: whether an answer is worth anything is for the sandbox to say.

Import this module where it is used: it loads TLS.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from provlabel._support.files import atomic_output, open_regular, reason
from provlabel._support.http import Failed, exchange, parsed
from provlabel._support.private import is_private, make_private
from provlabel._support.text import printable
from provlabel.errors import ProvlabelError
from provlabel.trust.chains.records import MAX_ANSWERS, MAX_CRL, MAX_OCSP, Answers, RevocationRequest
from provlabel.trust.issuers import MAX_DOCUMENT

#: Seconds for one question, name resolution to last byte.
EACH = 10.0
_LIMITS = {"ocsp": MAX_OCSP, "crl": MAX_CRL}
_MOST = 2 * MAX_CRL  # bytes of all lists together; the sandbox has room for no more
_SUCCESSFUL = b"\x0a\x01\x00"  # responseStatus, RFC 6960 §4.2.1


class Fetched(Struct, frozen=True):
    """The answers that came, and one line for each question that failed."""

    answers: Answers
    failures: tuple[str, ...] = ()


def fetch(
    requests: Sequence[RevocationRequest],
    *,
    cache: Path | None = None,
    seconds: float,
    allow_private: bool = False,
    silent: set[str] | None = None,
) -> Fetched:
    """Ask until each certificate has one answer, in the order given; never raises for what others do.

    Args:
        requests: from :class:`provlabel.trust.chains.Examined`.
        cache: a folder to keep answers in, made if missing; files are for the owner only.
        seconds: for everything together.
        silent: hosts that did not answer in time; they are not asked again, and new ones are added.
        allow_private: also connect to loopback, private and link-local addresses
            (``--insecure-private-hosts``, for CAs in-house).
    """
    ends = time.monotonic() + seconds
    found: list[tuple[RevocationRequest, bytes]] = []
    failures: list[str] = []
    for _, asked in itertools.groupby(requests[: 2 * MAX_ANSWERS], lambda one: one.certificate):
        for request in asked:
            seconds = min(EACH, ends - time.monotonic())
            ask = functools.partial(_ask, request, seconds, allow_private)
            try:
                found.append((request, _unless_silent(request.url, seconds, silent, ask)))
            except Failed as exc:
                failures.append(f"{printable(request.url)}: {exc}")
                continue
            break
    if cache is not None:
        failures += _keep(cache, found)
    return Fetched(_answers(found, "online"), tuple(failures))


def cached(requests: Sequence[RevocationRequest], cache: Path) -> Answers:
    """Return what an earlier :func:`fetch` kept about ``requests``; what cannot be read is left out."""
    if not _is_ours(cache):
        return Answers(source="cached")
    found = ((request, _kept(cache, request)) for request in requests[: 2 * MAX_ANSWERS])
    return _answers([(request, content) for request, content in found if content], "cached")


def _answers(found: Sequence[tuple[RevocationRequest, bytes]], source: Any) -> Answers:
    ocsp = tuple(content for request, content in found if request.kind == "ocsp")
    crls = [content for request, content in found if request.kind == "crl"]
    sizes = itertools.accumulate(map(len, crls))
    return Answers(ocsp, tuple(crl for crl, size in zip(crls, sizes, strict=True) if size <= _MOST), source)


# --- the cache -------------------------------------------------------------------------------------


def _is_ours(cache: Path) -> bool:
    """Can nobody else write there?  An answer that was true once, put back, would hide what was revoked since."""
    try:
        return is_private(cache.stat())
    except OSError:
        return False


def _place(cache: Path, request: RevocationRequest) -> Path:
    """Where an answer is kept; a list serves all certificates that name it."""
    about = request.certificate if request.kind == "ocsp" else ""
    return cache / f"{hashlib.sha256(f'{about} {request.url}'.encode()).hexdigest()}.{request.kind}"


def _kept(cache: Path, request: RevocationRequest) -> bytes:
    try:
        with open_regular(_place(cache, request)) as stream:
            ours = is_private(os.fstat(stream.fileno()))
            content = stream.read(_LIMITS[request.kind] + 1)
    except (ProvlabelError, OSError):
        return b""
    return content if ours and len(content) <= _LIMITS[request.kind] else b""


def _keep(cache: Path, found: Sequence[tuple[RevocationRequest, bytes]]) -> Iterator[str]:
    for request, content in found:
        try:
            make_private(cache)
            with atomic_output(_place(cache, request), replace=True, mode=0o600) as scratch:
                scratch.stream.write(content)
        except ProvlabelError as exc:
            yield str(exc)
        except OSError as exc:
            yield f"{printable(str(cache))}: {reason(exc)}"


# --- one question ----------------------------------------------------------------------------------


def fetch_document(url: str, *, seconds: float, allow_private: bool = False, silent: set[str] | None = None) -> bytes:
    """Fetch the document in which an issuer of identities publishes its keys; the arguments are those of :func:`fetch`.

    It is not kept: a key that was withdrawn has to stop to count.

    Raises:
        Failed: there is none.
    """
    seconds = min(EACH, seconds)

    def ask() -> bytes:
        headers = {"Accept": "application/did+json, application/json"}
        ends = time.monotonic() + seconds
        return exchange("GET", url, None, headers, ends=ends, most=MAX_DOCUMENT, private=allow_private)

    return _unless_silent(url, seconds, silent, ask)


def _unless_silent(url: str, seconds: float, silent: set[str] | None, ask: Callable[[], bytes]) -> bytes:
    """Ask, unless the host has kept somebody waiting already: a run of many files would wait at each.

    Raises:
        Failed: there is no answer.
    """
    silent = set() if silent is None else silent
    host = parsed(url).host
    if host in silent:
        raise Failed("did not answer in time before")
    began = time.monotonic()
    try:
        return ask()
    except Failed:
        if 0 < seconds <= time.monotonic() - began:
            silent.add(host)
        raise


def _ask(request: RevocationRequest, seconds: float, allow_private: bool) -> bytes:
    """Return the answer to one request.

    Raises:
        Failed: there is none.
    """
    ocsp = request.kind == "ocsp"
    content = exchange(
        "POST" if ocsp else "GET",
        request.url,
        request.body or None,
        {"Content-Type": "application/ocsp-request"} if ocsp else {},
        ends=time.monotonic() + seconds,
        most=_LIMITS[request.kind],
        private=allow_private,
    )
    if ocsp and _SUCCESSFUL not in content[:10]:
        raise Failed("the responder did not answer the question")
    return content
