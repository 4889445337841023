"""A key and certificates for the engine itself to sign with."""

from __future__ import annotations

import json
import os
from typing import Any

from provlabel.engine import _settings
from provlabel.engine.loading import binding
from provlabel.trust.anchors import TrustStore, pem

# A PKCS#8 Ed25519 key (RFC 8410 §7) up to its 32 secret bytes.
_ED25519_HEAD = bytes.fromhex("302e020100300506032b657004220420")


class EngineCredential:
    """A key and certificates for the engine itself to sign with, made ready once in each process.

    Args:
        algorithm: its name in C2PA.
        chain_pem: the certificate of the key, and those above it.
        private_key_pem: PKCS#8, not encrypted.
    """

    def __init__(self, algorithm: str, chain_pem: str, private_key_pem: bytes) -> None:
        self._info = algorithm, chain_pem, private_key_pem
        self._ready: tuple[int, Any] = 0, None
        self.context_for: tuple[int, TrustStore | None, Any] = 0, None, None

    @classmethod
    def stand_in(cls, chain_pem: str) -> EngineCredential:
        """Make a key that belongs to nobody, beside certificates of somebody else: the signature does not hold."""
        return cls("ed25519", chain_pem, pem(_ED25519_HEAD + os.urandom(32), "PRIVATE KEY").encode())

    def signer(self) -> Any:
        """Return the engine's signer; a copy of this process makes its own."""
        if self._ready[0] != os.getpid():
            self._ready = os.getpid(), self.fresh()
        return self._ready[1]

    def context(self, trust: TrustStore) -> Any:
        """Return settings with a signer in them, for calls that take no other."""
        process, known, context = self.context_for
        if process != os.getpid() or known != trust:
            context = binding().Context.from_json(json.dumps(_settings.settings(trust)), self.fresh())
            self.context_for = os.getpid(), trust, context
        return context

    def fresh(self) -> Any:
        """Return another one, for whoever uses it up."""
        c2pa = binding()
        algorithm, chain, key = self._info
        return c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm.encode(), chain.encode(), key, None))
