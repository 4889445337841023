"""Single certificates: reading them, who issued them, and whether their algorithms are sound."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provlabel._support.text import printable
from provlabel.trust.chains.records import Names

# C2PA 2.4 §14.5.1: RSA of 2,048 bits or more, three curves, Ed25519, and SHA-2 from 256 bits on.
_MIN_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

E = TypeVar("E", bound=x509.ExtensionType)


@functools.lru_cache(maxsize=8)
def read_list(sources: tuple[bytes | str, ...]) -> tuple[x509.Certificate, ...]:
    """Return the certificates in ``sources``, each DER or PEM; a worker judges many files by the same lists.

    One that cannot be read vouches for nobody: trust lists hold old roots that break the rules of DER.
    """
    blocks = (block for source in sources for block in (_PEM.findall(source) if isinstance(source, str) else [source]))
    return tuple(cert for block in blocks if (cert := read(block)) is not None)


def read(block: bytes | str) -> x509.Certificate | None:
    """Return the certificate in DER or one block of PEM, or nothing when it cannot be read."""
    try:
        if isinstance(block, str):
            return x509.load_pem_x509_certificate(block.encode())
        return x509.load_der_x509_certificate(block)
    except (ValueError, x509.InvalidVersion):
        return None


def der(cert: x509.Certificate) -> bytes:
    """Return the DER."""
    return cert.public_bytes(Encoding.DER)


def names(name: x509.Name) -> Names:
    """Return what ``name`` says, in its order."""

    def said(oid: x509.ObjectIdentifier) -> tuple[str, ...]:
        return tuple(
            item.value if isinstance(item.value, str) else item.value.hex() for item in name.get_attributes_for_oid(oid)
        )

    return Names(said(x509.NameOID.COMMON_NAME), said(x509.NameOID.ORGANIZATION_NAME))


def sha256(content: bytes) -> str:
    """Return the digest, hex."""
    return hashlib.sha256(content).hexdigest()


def spki_sha256(cert: x509.Certificate) -> str:
    """Return the SHA-256 of the public key of ``cert``, as SubjectPublicKeyInfo in DER."""
    return sha256(cert.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def shown(cert: x509.Certificate) -> str:
    """Return the subject fit for one line; it is a claim, not a fact."""
    return printable(cert.subject.rfc4514_string() or f"serial {cert.serial_number:x}")


def issued(cert: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Is ``issuer`` the one that ``cert`` names, and does its key verify the signature?"""
    try:
        cert.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def weakness(cert: x509.Certificate) -> str:
    """Return what is unsound about the key or the signature of ``cert``, or nothing."""
    return weak_key(cert.public_key()) or weak_hash(cert.signature_hash_algorithm, cert.signature_algorithm_oid)


def weak_hash(digest: hashes.HashAlgorithm | None, oid: x509.ObjectIdentifier) -> str:
    """Return what is unsound about a signature's algorithm, or nothing."""
    if isinstance(digest, _HASHES) or oid == x509.SignatureAlgorithmOID.ED25519:
        return ""
    return f"signed with {digest.name if digest else printable(oid.dotted_string)}"


def weak_key(key: PublicKeyTypes) -> str:
    """Return what is unsound about ``key``, or nothing."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ""
    if isinstance(key, rsa.RSAPublicKey):
        return "" if key.key_size >= _MIN_RSA else f"an RSA key of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if isinstance(key.curve, _CURVES) else f"a key on {key.curve.name}"
    return "a key of a kind that C2PA does not know"


def require_signature(
    key: object,
    signature: bytes,
    content: bytes,
    digest: hashes.HashAlgorithm | None,
    scheme: padding.AsymmetricPadding,
) -> None:
    """Do nothing if ``key`` made ``signature`` over ``content``; ``scheme`` is the padding where the key is one of RSA.

    Raises:
        InvalidSignature: it did not, or not with an algorithm that is known.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, content)
    elif digest is not None and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, content, ec.ECDSA(digest))
    elif digest is not None and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, content, scheme, digest)
    else:
        raise InvalidSignature


def extension(cert: x509.Certificate, kind: type[E]) -> E | None:
    """Return the value of an extension, if the certificate has it."""
    try:
        return cert.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def claims_ca(cert: x509.Certificate) -> bool:
    """Does ``cert`` say that it is a CA's?"""
    basic = extension(cert, x509.BasicConstraints)
    return basic is not None and basic.ca


def is_ca(cert: x509.Certificate) -> bool:
    """May ``cert`` sign certificates (RFC 5280 §6.1.4 k and n)?"""
    usage = extension(cert, x509.KeyUsage)
    return claims_ca(cert) and (usage is None or usage.key_cert_sign)


def usages(cert: x509.Certificate) -> frozenset[str]:
    """Return the extended key usages, dotted."""
    found = extension(cert, x509.ExtendedKeyUsage)
    return frozenset(oid.dotted_string for oid in found or ())


def out_of_time(certs: Iterable[x509.Certificate], at: datetime) -> tuple[x509.Certificate, bool] | None:
    """Return the first certificate that is not valid at ``at``, and whether it was before."""
    for cert in certs:
        if at > cert.not_valid_after_utc:
            return cert, True
        if at < cert.not_valid_before_utc:
            return cert, False
    return None
