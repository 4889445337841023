"""Proven time: RFC 3161 tokens from a time authority, asked for by us.

The engine can ask too, but waits 30 seconds whatever one says, sends no headers, tries one address
once, and looks at nothing in the answer (``docs/adr/0010-signature.md``).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from provlabel._support.text import printable
from provlabel._support.times import rfc3339
from provlabel.errors import ConfigError, TimestampError
from provlabel.trust.anchors import TrustStore

#: Bytes kept free in a signature for a token; those of public authorities take 3 to 7 kB.
ROOM = 8192
#: Bytes of an answer that are read.
MAX_REPLY = 64 << 10
#: Seconds by which the clock of an authority may differ from ours.
MAX_SKEW = 300
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class Stamp(NamedTuple):
    """One token, and what it says."""

    token: bytes  #: DER, RFC 3161 TimeStampToken
    time: str  #: RFC 3339
    url: str


class Timestamper(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """Time authorities, tried in order.

    Args:
        urls: their addresses, ``http:`` or ``https:``.
        optional: go on without a timestamp, and say so, when none of them answers well.
        deadline: seconds for all of them together.
        room: bytes kept free in the signature for the token.
        headers: sent with each request, for authorities that want to know who asks.
        trust: anchors of authorities; a token from anyone else is refused when there are some.
    """

    urls: tuple[str, ...]
    optional: bool = False
    deadline: float = 30.0
    headers: Mapping[str, str] = {}
    room: int = ROOM
    trust: TrustStore = TrustStore()

    def __post_init__(self) -> None:
        if not self.urls:
            raise ConfigError("no time authority was named", hint="--tsa https://…")
        if not 0 < self.deadline < float("inf"):
            raise ConfigError(f"a deadline of {self.deadline} seconds is none", hint="such as 30")
        for name in self.headers:
            if name.lower() in _OURS:
                raise ConfigError(f"{printable(name)}: this header is written by us", hint="leave it out")
        for url in self.urls:
            _require_url(url)

    def __repr__(self) -> str:  # headers may hold a password
        return f"Timestamper(urls={self.urls!r}, optional={self.optional}, deadline={self.deadline})"

    def turns(self) -> Iterator[tuple[str, float]]:
        """Yield each address and its own deadline, so that one that hangs leaves time for those after it."""
        ends = time.monotonic() + self.deadline
        for index, url in enumerate(self.urls):
            now = time.monotonic()
            yield url, now + max(0.0, ends - now) / (len(self.urls) - index)

    def ask(self, url: str, message: bytes, ends: float) -> Stamp:
        """Let the authority at ``url`` stamp ``message``; ``ends`` is a reading of ``time.monotonic``.

        What is checked here: status, form, the digest of the message, our nonce, and that its clock
        is near ours.  Signature and certificates are judged in the sandbox, when the file is read back.

        Raises:
            TimestampError: no answer in time, or not one to our question.
        """
        from provlabel._support.http import Failed, exchange

        nonce = int.from_bytes(os.urandom(8), "big") | 1 << 63
        now = dt.datetime.now(dt.timezone.utc)
        headers = {"Content-Type": _QUERY, "Accept": _REPLY, **self.headers}
        try:
            reply = exchange("POST", url, request(message, nonce), headers, ends=ends, most=MAX_REPLY, private=True)
            return checked(reply, message, nonce, now, url)
        except (Failed, TimestampError) as exc:
            reason = printable(self._without_secrets(str(exc)), 300)  # in this order: a cut hides half of a secret
            raise TimestampError(reason, hint=exc.hint if isinstance(exc, TimestampError) else "") from None

    def _without_secrets(self, text: str) -> str:
        """Take out what an authority repeats of our headers, whole values and their last words."""
        words = {word for value in self.headers.values() for word in (value, value.rpartition(" ")[2])}
        for word in sorted(words, key=len, reverse=True):
            if len(word) >= _SECRET:
                text = text.replace(word, "***")
        return text


#: Characters of a header value that may be a password; what is shorter is a number or a word.
_SECRET = 6


_OURS = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding", "accept"})


def _require_url(url: str) -> None:
    from provlabel._support.http import Failed, parsed

    if "@" in url:  # wherever it stands: a password may hold what ends an address
        raise ConfigError("a password in an address shows up in lists of processes", hint="send it in a header")
    try:
        parsed(url)
    except Failed as exc:
        raise ConfigError(
            f"{printable(url)}: no address of a time authority: {exc}", hint="such as http://tsa.example/tsr"
        ) from exc


# --- what is asked and answered --------------------------------------------------------------------


def request(message: bytes, nonce: int) -> bytes:
    """Return the DER of a TimeStampReq for the SHA-256 of ``message`` (RFC 3161 §2.4.1)."""
    from asn1crypto import tsp

    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(message).digest()}
    return bytes(tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": nonce, "cert_req": True}).dump())


def checked(reply: bytes, message: bytes, nonce: int, now: dt.datetime, url: str) -> Stamp:
    """Return the token of a TimeStampResp to our request (RFC 3161 §2.4.2).

    Raises:
        TimestampError: it was not granted, is no token, or answers another question.
    """
    try:
        return _checked(*_opened(reply), message, nonce, now, url)
    except TimestampError:
        raise
    except Exception as exc:  # whatever a hostile answer makes the parser stumble over
        raise TimestampError("its answer is no RFC 3161 response") from exc


def _checked(token: bytes, info: Any, message: bytes, nonce: int, now: dt.datetime, url: str) -> Stamp:
    imprint = info["message_imprint"]
    if (
        imprint["hash_algorithm"]["algorithm"].native != "sha256"
        or imprint["hashed_message"].native != hashlib.sha256(message).digest()
    ):
        raise TimestampError("its token is for something else")
    if info["nonce"].native != nonce:
        raise TimestampError("its token has another nonce than the request, so it may be an old one")
    stated: dt.datetime = info["gen_time"].native
    if abs((stated - now).total_seconds()) > MAX_SKEW:
        raise TimestampError(
            f"it says that it is {rfc3339(stated)}, and this machine says {rfc3339(now)}",
            hint="set the clock of this machine, or use another authority",
        )
    return Stamp(token, rfc3339(stated), url)


def _opened(reply: bytes) -> tuple[bytes, Any]:
    """Return the token as it stands and what it says."""
    from asn1crypto import cms, tsp

    answer = _response().load(reply, strict=True)
    status = answer["status"]
    if status["status"].native not in ("granted", "granted_with_mods"):
        raise TimestampError(f"it refused: {_refusal(status)}")
    token = answer["time_stamp_token"]
    signed = token["content"]
    if token["content_type"].native != "signed_data" or not isinstance(signed, cms.SignedData):
        raise TimestampError("its answer holds no token")
    info = signed["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TimestampError("its answer holds no token")
    info.native  # noqa: B018 - reads it to the end
    if not signed["certificates"]:
        raise TimestampError("its token comes without a certificate")
    return bytes(token.dump()), info


@functools.cache
def _response() -> Any:
    """Return the type of an answer; asn1crypto's own has no refusal, which comes without a token."""
    from asn1crypto import cms, core, tsp

    class Response(core.Sequence):  # type: ignore[misc]
        _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]  # noqa: RUF012

    return Response


def _refusal(status: Any) -> str:
    words = [str(word) for word in status["status_string"].native or ()]
    reasons = sorted(status["fail_info"].native or ())
    return ", ".join([str(status["status"].native), *words, *reasons])
