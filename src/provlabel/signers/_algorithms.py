"""The seven algorithms a claim may be signed with (C2PA 2.4 §13.2): which fit a key, and how they sign.

Nothing here needs the cryptography package until a key or a signature is looked at: the digest that
a token or a service signs costs no import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, get_args

from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.manifest.cose import raw_ecdsa
from provlabel.signers._base import Algorithm

ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
#: What one RSA key can sign with; the first is taken unless ``alg=`` says otherwise.
RSA: tuple[Algorithm, ...] = ("ps256", "ps384", "ps512")
CURVES: dict[str, Algorithm] = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


def named(text: object, source: str) -> Algorithm:
    """Return the algorithm that ``source`` names, in any case of letters.

    Raises:
        SignerError: it is none of the seven.
    """
    for algorithm in ALGORITHMS:
        if isinstance(text, str) and text.lower() == algorithm:
            return algorithm
    raise SignerError(
        f"{source}: {printable(str(text))} is no algorithm of C2PA", hint=f"one of {', '.join(ALGORITHMS)}"
    )


def choose(fitting: Sequence[Algorithm], asked: str | None) -> Algorithm:
    """Return ``asked`` if the key can sign with it; the first of ``fitting`` when nothing was asked.

    Raises:
        ConfigError: the key cannot.
    """
    for algorithm in fitting:
        if asked in (None, algorithm):
            return algorithm
    raise ConfigError(
        f"alg={printable(str(asked))}: this key signs with {' or '.join(fitting)}",
        hint=f"alg={fitting[0]}, or leave it out",
    )


def fitting(public_key: Any) -> tuple[Algorithm, ...]:
    """Return the algorithms of a public key of the cryptography package.

    Raises:
        SignerError: C2PA allows none for such a key.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return ("ed25519",)
    if isinstance(public_key, rsa.RSAPublicKey):
        return RSA
    if isinstance(public_key, ec.EllipticCurvePublicKey) and public_key.curve.name in CURVES:
        return (CURVES[public_key.curve.name],)
    raise not_allowed()


def not_allowed() -> SignerError:
    """Return the error for a key that no claim may be signed with."""
    return SignerError(
        "the key is of a kind that C2PA does not allow",
        hint="use EC P-256, P-384 or P-521, RSA of at least 2048 bits, or Ed25519",
    )


def digest(algorithm: Algorithm, data: bytes) -> bytes:
    """Return the hash that an EC or RSA ``algorithm`` signs in place of ``data``."""
    return hashlib.new(f"sha{algorithm[2:]}", data).digest()


def in_process(algorithm: Algorithm) -> tuple[Any, ...]:
    """Return what ``sign`` and ``verify`` of the cryptography package want beside the data."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    if algorithm == "ed25519":
        return ()
    used = getattr(hashes, f"SHA{algorithm[2:]}")()
    if algorithm in RSA:
        return padding.PSS(padding.MGF1(used), used.digest_size), used
    return (ec.ECDSA(used),)


def fits(public_key: Any, algorithm: Algorithm, signature: bytes, data: bytes) -> bool:
    """Tell whether ``signature``, in either form, was made over ``data`` by the key of ``public_key``.

    Raises:
        SignerError: the key does not sign with ``algorithm`` at all.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if algorithm not in fitting(public_key):
        raise SignerError(f"the certificate is for another kind of key than {algorithm} signs with")
    try:
        if algorithm in CURVES.values():
            both = raw_ecdsa(algorithm, signature)
            size = len(both) // 2
            signature = encode_dss_signature(int.from_bytes(both[:size], "big"), int.from_bytes(both[size:], "big"))
        public_key.verify(signature, data, *in_process(algorithm))
    except (InvalidSignature, ValueError):
        return False
    return True
