"""What a signer is: three members, so that anyone can write one.

A signer of your own is passed wherever one is taken; no base class, no registration::

    class VaultSigner:
        algorithm = "es256"

        def __init__(self, vault, chain_pem):
            self.vault, self.chain_pem = vault, chain_pem

        def sign(self, data):
            return self.vault.sign_digest(hashlib.sha256(data).digest())

    label_file("take.wav", "take.labeled.wav", label, VaultSigner(vault, chain_pem))

It may raise what it likes: the exception becomes the ``__cause__`` of a ``SignerError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

#: C2PA 2.4 §13.2: the algorithms a claim may be signed with.
Algorithm = Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"]

#: Asks a person or a vault for a secret; the argument says which, for people.
Secrets = Callable[[str], str]


class Signer(Protocol):
    """A key that can sign, wherever it lives."""

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm this key signs with."""
        ...

    @property
    def chain_pem(self) -> str:
        """The certificate of the key and its intermediates, in this order; no root needed."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data`` (not over a digest): ``r‖s`` or DER for EC, raw for others."""
        ...


@runtime_checkable
class LocalKey(Protocol):
    """A signer whose private key may be handed to the engine, in this process."""

    def private_key_pem(self) -> bytes:
        """Return the key as unencrypted PKCS#8 PEM, the one form the engine reads."""
        ...


class Described:
    """What the signers here share: algorithm, chain, and a ``repr`` that shows no more than the algorithm."""

    def __init__(self, algorithm: Algorithm, chain_pem: str, shown: str = "") -> None:
        self._algorithm = algorithm
        self._chain_pem = chain_pem
        self.shown = shown or repr(self)  #: what an error calls this signer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._algorithm}>"

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm this key signs with."""
        return self._algorithm

    @property
    def chain_pem(self) -> str:
        """Leaf first, then intermediates, PEM."""
        return self._chain_pem
