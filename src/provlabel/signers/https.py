"""A signing service: any HTTPS server that answers two small JSON requests at one address.

URI: ``https://sign.example/v1/keys/a?tenant=7#ca=ca.pem&auth=bearer``.  Everything up to ``#`` is the
address of the service, query and all; what follows is for provlabel:

* ``ca=PATH`` trusts these CA certificates in place of the system's.  TLS is always verified.
* ``client-cert=PATH`` and ``client-key=PATH`` identify this side; the key may be encrypted.
* ``auth=bearer`` asks for a token and sends it as ``Authorization: Bearer …``.
* ``timeout=30`` seconds for each step of a request.

The protocol::

    GET  address   → 200 {"algorithm": "es256", "chain": "-----BEGIN CERTIFICATE-----…"}
    POST address   {"algorithm": "es256", "tbs": "<base64 of the bytes to sign>"}
                   → 200 {"signature": "<base64>"}
    a refusal      → 4xx or 5xx {"error": "what is wrong, for people"}

``tbs`` is the whole of what is signed, not a digest.  An EC signature is ``r‖s`` or DER.  The request
may come twice, after a lost connection, 429 or 503 (``Retry-After`` is honoured), so a service does
nothing but sign.  Redirects are not followed, proxies not used, and an answer has at most 64 kB.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import _algorithms as algorithms, material
from provlabel.signers._base import Algorithm, Described, Secrets

if TYPE_CHECKING:
    import http.client
    import ssl
    from email.message import Message

TIMEOUT = 30.0  # seconds for one attempt
#: Bytes of an answer; a chain is some kilobytes.
MAX_ANSWER = 1 << 16
_BUSY = (429, 503)  # worth another attempt
#: Seconds before the second and the third attempt, if the service names none; after that it has failed.
_WAITS = (0.5, 1.0, None)
_LONGEST_WAIT = 30.0  # seconds; whatever Retry-After says
_HINTS = {
    401: "check the token: auth=bearer, or client-cert=",
    403: "ask whoever runs the service to let you sign",
    404: "check the address",
}


class HttpsSigner(Described):
    """A key that a service keeps."""

    def __init__(self, service: _Service, algorithm: Algorithm, chain_pem: str) -> None:
        super().__init__(algorithm, chain_pem)
        self._service = service

    def sign(self, data: bytes) -> bytes:
        """Let the service sign ``data``.

        Raises:
            SignerError: it cannot be reached or refuses; says why.
        """
        answer = self._service.ask({"algorithm": self.algorithm, "tbs": base64.b64encode(data).decode()})
        try:
            signature = base64.b64decode(answer["signature"], validate=True)
        except (KeyError, TypeError, ValueError) as exc:
            raise SignerError(f"{self._service.shown}: answered without a signature in base64") from exc
        if not signature:
            raise SignerError(f"{self._service.shown}: answered with an empty signature")
        return signature


def open_signer(rest: str, secrets: Secrets | None) -> HttpsSigner:
    """Ask the service at ``https:`` and ``rest`` for algorithm and chain; see the module for the options.

    Raises:
        ConfigError: the address or an option is wrong.
        InputError: a file that is named cannot be read.
        SignerError: the service cannot be reached, refuses, or answers something else.
    """
    url, _, query = rest.partition("#")
    options = material.options(query, "https", ("ca", "client-cert", "client-key", "auth", "timeout"))
    service = _Service(*_address(url), options, secrets)
    info = service.ask(None)
    chain = info.get("chain")
    pem = material.certificates(chain) if isinstance(chain, str) else ""
    if not pem:
        raise SignerError(f"{service.shown}: answered without a chain", hint="is this the address of a signing key?")
    return HttpsSigner(service, algorithms.named(info.get("algorithm"), service.shown), pem)


def _address(url: str) -> tuple[str, int, str]:
    """Return host, port and what is asked for there."""
    try:
        parts = urlsplit(f"https:{url}")
        host, port = parts.hostname, parts.port or 443
    except ValueError:
        host, port = None, 0
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError("https: names no service", hint="https://host/path, with other characters as %xx")
    if "@" in parts.netloc:
        raise ConfigError(
            "https: a password in an address is seen in the list of processes", hint="https://host/path#auth=bearer"
        )
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Reply(NamedTuple):
    status: int
    headers: Message
    body: bytes


class _Kept:
    """A connection that waits for the next request; it ends with its thread or its signer."""

    def __init__(self, connection: http.client.HTTPSConnection) -> None:
        self.connection = connection
        self.pid = os.getpid()
        weakref.finalize(self, connection.close)  # not __del__: the socket could be collected first, and complain


class _Service:
    """The far side: one connection for each thread, kept open between requests."""

    def __init__(self, host: str, port: int, target: str, options: Mapping[str, str], secrets: Secrets | None) -> None:
        self._place = host, port
        self._target = target
        self.shown = f"https://{printable(host)}:{port}"
        self._timeout = material.seconds(options.get("timeout"), TIMEOUT)
        self._context = _tls(options, secrets)
        self._token = self._bearer(options.get("auth"), secrets)
        self._local = threading.local()

    def _bearer(self, kind: str | None, secrets: Secrets | None) -> str:
        if kind is None:
            return ""
        if kind != "bearer":
            raise ConfigError(f"auth={printable(kind)}: is not known", hint="auth=bearer")
        token = material.ask(secrets, f"bearer token for {self.shown}")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            # Looked at here: http.client would refuse it with an error that holds it.
            raise SignerError(f"{self.shown}: what was given is no bearer token")
        return token

    def ask(self, question: Mapping[str, str] | None) -> dict[str, Any]:
        """Return the answer to a POST of ``question``, or to a GET.

        Raises:
            SignerError: there is none, even after waiting; says why.
        """
        body = None if question is None else json.dumps(question).encode()
        for wait in _WAITS:
            try:
                reply = self._exchange(body)
            except OSError as exc:
                if wait is None or _is_final(exc):
                    raise self._unreachable(exc) from exc
            else:
                if wait is None or reply.status not in _BUSY:
                    return self._judge(reply)
                wait = _wait_wanted(reply, wait)
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _exchange(self, body: bytes | None) -> _Reply:
        """Send one request; a kept connection may have been closed meanwhile, which is no failure."""
        kept = self._kept()
        if kept is not None:
            try:
                return self._send(kept, body)
            except OSError:
                pass
        return self._send(self._connect(), body)

    def _kept(self) -> http.client.HTTPSConnection | None:
        """Return this thread's connection; one that was made before a fork belongs to the parent."""
        kept: _Kept | None = getattr(self._local, "kept", None)
        return kept.connection if kept and kept.pid == os.getpid() else None

    def _connect(self) -> http.client.HTTPSConnection:
        from http.client import HTTPSConnection

        from provlabel._support.http import Reply

        connection = HTTPSConnection(*self._place, timeout=self._timeout, context=self._context)
        connection.response_class = Reply
        connection.connect()
        self._local.kept = _Kept(connection)
        return connection

    def _send(self, connection: http.client.HTTPSConnection, body: bytes | None) -> _Reply:
        """Raise ``OSError`` for whatever breaks, with the connection forgotten."""
        from http.client import HTTPException

        headers = {"Accept": "application/json", "User-Agent": "provlabel"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request("GET" if body is None else "POST", self._target, body, headers)
            response = connection.getresponse()
            read = response.read(MAX_ANSWER + 1)
        except OSError:
            self._forget(connection)
            raise
        except HTTPException as exc:
            self._forget(connection)
            raise ConnectionError(f"{type(exc).__name__}: {exc}") from exc
        if response.will_close or len(read) > MAX_ANSWER:
            self._forget(connection)
        return _Reply(response.status, response.headers, read)

    def _forget(self, connection: http.client.HTTPSConnection) -> None:
        self._local.kept = None
        connection.close()

    def _judge(self, reply: _Reply) -> dict[str, Any]:
        if len(reply.body) > MAX_ANSWER:
            raise SignerError(f"{self.shown}: answered with more than {MAX_ANSWER:,} bytes")
        try:
            answer = json.loads(reply.body)
        except (ValueError, RecursionError):
            answer = None
        if 300 <= reply.status < 400:
            raise SignerError(f"{self.shown}: redirects ({reply.status}), which is not followed", hint="name its goal")
        if reply.status != 200:
            raise SignerError(f"{self.shown}: {self._refusal(reply.status, answer)}", hint=_HINTS.get(reply.status, ""))
        if not isinstance(answer, dict):
            raise SignerError(f"{self.shown}: answered something else than a JSON object", hint="check the address")
        return answer

    def _refusal(self, status: int, answer: object) -> str:
        """Return what the service says; should it repeat the token, that is taken out."""
        error = answer.get("error") if isinstance(answer, dict) else None
        text = f"answered {status}" + (f": {error}" if isinstance(error, str) else "")
        return printable(text.replace(self._token, "***") if self._token else text)

    def _unreachable(self, exc: OSError) -> SignerError:
        import ssl

        if isinstance(exc, ssl.SSLCertVerificationError):
            return SignerError(
                f"{self.shown}: its certificate is not accepted: {printable(exc.verify_message)}",
                hint="ca=PATH names the CA of a private service",
            )
        tls = isinstance(exc, ssl.SSLError)
        hint = "it may want client-cert= and client-key=" if tls else "check the address, and the network"
        return SignerError(f"{self.shown}: cannot be reached: {printable(str(exc) or type(exc).__name__)}", hint=hint)


def _is_final(exc: OSError) -> bool:
    """Tell what TLS says for good from a connection that was lost."""
    import ssl

    return isinstance(exc, ssl.SSLError) and not isinstance(exc, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _wait_wanted(reply: _Reply, otherwise: float) -> float:
    asked = reply.headers.get("Retry-After", "")
    seconds = float(asked) if asked.isascii() and asked.isdigit() else otherwise
    return min(seconds, _LONGEST_WAIT)


def _tls(options: Mapping[str, str], secrets: Secrets | None) -> ssl.SSLContext:
    import ssl

    ca, certificate, key = (options.get(name) for name in ("ca", "client-cert", "client-key"))
    if (certificate is None) != (key is None):
        raise ConfigError("https: client-cert= and client-key= belong together", hint="give both")
    # Read first: the ssl module names no file when one is missing.
    context = ssl.create_default_context(cadata=material.read_chain(ca) if ca else None)
    if certificate and key:
        material.read_chain(certificate)
        material.read(Path(key), private=True)
        phrase = f"pass phrase for {printable(key)}"
        try:
            context.load_cert_chain(certificate, key, lambda: material.ask(secrets, phrase))
        except ssl.SSLError as exc:
            # Not chained, and not repeated: this is about a secret.
            words = "wrong pass phrase, or not the key of this certificate"
            raise SignerError(f"{printable(key)}: {words} ({exc.reason or 'no key'})") from None
    return context
