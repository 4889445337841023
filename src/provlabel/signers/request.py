"""New keys of the kinds that C2PA allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

#: What a new key can be for; an RSA key signs as PS256.
KeyKind = Literal["es256", "es384", "es512", "ps256", "ed25519"]
_NEW_RSA_BITS = 3072  # NIST SP 800-57: as strong as P-256


def generate(kind: KeyKind = "es256") -> Any:
    """Return a new private key of the cryptography package."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    kinds: dict[KeyKind, Callable[[], Any]] = {
        "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
        "ps256": lambda: rsa.generate_private_key(65537, _NEW_RSA_BITS),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    return kinds[kind]()


def pkcs8(key: Any) -> bytes:
    """Return a private key as unencrypted PKCS#8 PEM."""
    from cryptography.hazmat.primitives import serialization as ser

    return bytes(key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
