"""A signing service over TLS for tests: the protocol of ``https:`` as its documentation states it."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import ipaddress
import json
import ssl
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import loopback
import pki
from provlabel.signers import _algorithms as algorithms


class Canned(NamedTuple):
    """An answer that is given once, in place of the true one.

    Without a status it is the bytes alone, and the end; with :data:`HANGS` there is none for a while.
    """

    status: int
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()


HANGS = -1


class SigningService(ThreadingHTTPServer):
    """Signs at ``/keys/ALGORITHM`` with the keys that it was given."""

    def __init__(self, keys: dict[str, pki.Issued], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.keys = keys
        self.token = ""
        self.connections = 0
        self.requests: list[str] = []
        self.canned: list[Canned | None] = []  #: None gives the true answer

    @property
    def uri(self) -> str:
        """What a signer of this service begins with; a key and ``#ca=`` follow."""
        return f"https://127.0.0.1:{self.server_address[1]}/keys/"

    def reset(self) -> None:
        self.token, self.connections, self.requests, self.canned = "", 0, [], []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that does not trust us hangs up."""


class _Handler(loopback.Handler):
    server: SigningService

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.body()))

    def _answer(self, asked: dict[str, str] | None) -> None:
        self.server.requests.append(self.command)
        canned = self.server.canned.pop(0) if self.server.canned else None
        if canned:
            self._tell(canned)
        elif self.server.token and self.headers["Authorization"] != f"Bearer {self.server.token}":
            self._error(401, f"not a token of mine: {self.headers['Authorization']}")
        elif self.path.split("?")[0].removeprefix("/keys/") not in self.server.keys:
            self._error(404, "no such key")
        else:
            self._serve(asked)

    def _serve(self, asked: dict[str, str] | None) -> None:
        algorithm: Any = self.path.split("?")[0].removeprefix("/keys/")
        issued = self.server.keys[algorithm]
        if asked is None:
            answer = {"algorithm": algorithm, "chain": issued.pem}
        else:
            assert asked["algorithm"] == algorithm
            data = base64.b64decode(asked["tbs"], validate=True)
            answer = {"signature": base64.b64encode(issued.key.sign(data, *algorithms.in_process(algorithm))).decode()}
        self.send(200, json.dumps(answer).encode())

    def _error(self, status: int, text: str) -> None:
        self.send(status, json.dumps({"error": text}).encode())

    def _tell(self, canned: Canned) -> None:
        if canned.status == HANGS:
            time.sleep(6)
        elif canned.status:
            self.send(canned.status, canned.body, *canned.headers)
        else:
            self.wfile.write(canned.body)
            self.close_connection = True


def certified(root: pki.Issued, host: str = "127.0.0.1") -> pki.Issued:
    """A key and certificate for a TLS server at ``host``, or for its client."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(pki.name(host))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - pki.DAY)
        .not_valid_after(now + pki.DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False)
    )
    return pki.Issued(key, builder.sign(root.key, hashes.SHA256()))


@contextlib.contextmanager
def serving(
    folder: Path, keys: dict[str, pki.Issued], *, host: str = "127.0.0.1", clients: bool = False
) -> Iterator[SigningService]:
    """Run a service whose CA is ``root.pem`` in ``folder``; with ``clients`` it wants a certificate below that CA."""
    root = pki.root("TLS Root")
    pki.write(folder, certified(root, host), root)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "root.pem")
        pki.write(folder / "client", certified(root))
    service = SigningService(keys, context)
    with loopback.running(service):
        yield service
