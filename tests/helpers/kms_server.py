"""A KMS for tests: speaks AWS JSON 1.1 on loopback and, unlike moto, signs a digest as a digest."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

import loopback
import pki

SPECS = {
    "es256": "ECC_NIST_P256",
    "es384": "ECC_NIST_P384",
    "es512": "ECC_NIST_P521",
    "ed25519": "ECC_NIST_EDWARDS25519",
}
HASHES: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


class Kms(ThreadingHTTPServer):
    """Keys by id; each error in ``errors`` is answered once, in place of what was asked for; ``None`` lets one pass."""

    def __init__(self, keys: dict[str, pki.Issued]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keys = keys
        self.specs: dict[str, str] = {}
        self.errors: list[tuple[int, str, str] | None] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def uri(self, key: str, *options: str) -> str:
        return "&".join((f"awskms:{key}?endpoint=http://127.0.0.1:{self.server_address[1]}", *options))


class _Handler(loopback.Handler):
    server: Kms

    def do_POST(self) -> None:
        asked = json.loads(self.body())
        operation = self.headers["X-Amz-Target"].removeprefix("TrentService.")
        self.server.requests.append((operation, asked))
        name = asked["KeyId"].rpartition("/")[2]
        error = self.server.errors.pop(0) if self.server.errors else None
        if error:
            self._refuse(*error)
        elif name not in self.server.keys:
            self._refuse(400, "NotFoundException", f"Invalid keyId '{name}'")
        elif operation == "GetPublicKey":
            self._public(name)
        else:
            self._sign(name, asked)

    def _public(self, name: str) -> None:
        key = self.server.keys[name].key.public_key()
        der = key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
        spec = self.server.specs.get(name) or SPECS.get(name, "RSA_2048")
        self._answer(200, {"KeyId": name, "PublicKey": base64.b64encode(der).decode(), "KeySpec": spec})

    def _sign(self, name: str, asked: dict[str, Any]) -> None:
        message = base64.b64decode(asked["Message"])
        kind, _, bits = asked["SigningAlgorithm"].rpartition("_SHA_")
        if asked["MessageType"] == "RAW" and len(message) > 4096:
            self._refuse(400, "ValidationException", "Member must have length less than or equal to 4096")
            return
        if asked["MessageType"] == "DIGEST" and len(message) * 8 != int(bits):
            self._refuse(400, "ValidationException", "Digest is invalid length for algorithm")
            return
        used = HASHES[bits]()
        how: Any = utils.Prehashed(used) if asked["MessageType"] == "DIGEST" else used
        key = self.server.keys[name].key
        signature = {
            "ED25519": lambda: key.sign(message),
            "ECDSA": lambda: key.sign(message, ec.ECDSA(how)),
            "RSASSA_PSS": lambda: key.sign(message, padding.PSS(padding.MGF1(used), used.digest_size), how),
        }[kind]()
        self._answer(200, {"KeyId": name, "Signature": base64.b64encode(signature).decode()})

    def _refuse(self, status: int, word: str, text: str) -> None:
        self._answer(status, {"__type": word, "message": text})

    def _answer(self, status: int, answer: dict[str, str]) -> None:
        self.send(status, json.dumps(answer).encode(), ("Content-Type", "application/x-amz-json-1.1"))


@contextlib.contextmanager
def serving(keys: dict[str, pki.Issued]) -> Iterator[Kms]:
    """Run a KMS with these keys."""
    server = Kms(keys)
    with loopback.running(server):
        yield server
