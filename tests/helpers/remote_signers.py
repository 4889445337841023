"""Signers whose key never enters the engine: one that works, and one that fails as it is told."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


class Remote:
    """The whole of what a signer is: three members.  The key could be anywhere."""

    algorithm = "es256"

    def __init__(self, key: ec.EllipticCurvePrivateKey, chain_pem: str) -> None:
        self._key, self.chain_pem = key, chain_pem

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


class Broken(Remote):
    """A signer that fails in the way that it is told."""

    def __init__(self, remote: Remote, answer: Callable[[bytes], object]) -> None:
        super().__init__(remote._key, remote.chain_pem)
        self.sign = answer  # type: ignore[method-assign,assignment]
