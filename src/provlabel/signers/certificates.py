"""Certificates as facts: read them from PEM, say who issued whom, and put into words what one says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from provlabel._support.files import open_regular
from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers.material import MAX_FILE
from provlabel.trust.purposes import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography import x509

_KEY_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
#: Sizes of RSA keys in bits: C2PA asks for 2048, and the engine cannot verify signatures of more than 4096.
RSA_BITS = (2048, 4096)
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}

_PSS = "1.2.840.113549.1.1.10"
# What a CA may have signed a certificate with: RSA and ECDSA with SHA-256, 384 or 512, and Ed25519.
_SIGNED_WITH = (
    *(f"1.2.840.113549.1.1.{last}" for last in (11, 12, 13)),
    *(f"1.2.840.10045.4.3.{last}" for last in (2, 3, 4)),
    "1.3.101.112",
)
_OLD = {
    "1.2.840.113549.1.1.4": "MD5 with RSA",
    "1.2.840.113549.1.1.5": "SHA-1 with RSA",
    "1.2.840.10045.4.1": "SHA-1 with ECDSA",
}


class Facts(Struct, frozen=True):
    """What one certificate says; strings are as they stand in it, so escape them before a terminal sees them."""

    subject: str
    issuer: str
    serial: str  #: hex
    not_before: str  #: RFC 3339, UTC
    not_after: str
    days_left: int  #: whole days until ``not_after``; negative when it has expired
    key: str  #: such as ``EC P-256`` or ``RSA 2048``
    key_usages: tuple[str, ...]
    extended_key_usages: tuple[str, ...]  #: by name, or the object identifier of an unknown one
    ca: bool
    sha256: str  #: fingerprint: of the whole certificate, hex


def read(path: Path) -> str:
    """Return the text of a PEM file; nothing is done with what is no certificate in it.

    Raises:
        InputError: missing or unreadable.
        ConfigError: larger than any chain.
    """
    with open_regular(path) as stream:
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{printable(str(path))}: larger than {MAX_FILE:,} bytes; that is no chain")
    return raw.decode("latin-1")


def unreadable() -> tuple[type[Exception], ...]:
    """Return what ``cryptography`` raises on a certificate that it cannot read."""
    from cryptography import x509

    return ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType


def parse(pem: str, shown: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates in ``pem``, each of which can be read to its end.

    Raises:
        SignerError: there is none, or one is damaged.
    """
    from cryptography import x509

    if "-----BEGIN CERTIFICATE-----" not in pem:
        raise SignerError(
            f"{shown}: no certificate in PEM form",
            hint="put BEGIN CERTIFICATE blocks into it, or name the file that has them with ?chain=chain.pem",
        )
    try:
        chain = tuple(x509.load_pem_x509_certificates(pem.encode("latin-1")))
        for certificate in chain:
            read_whole(certificate)
    except unreadable() as exc:
        raise SignerError(
            f"{shown}: a certificate in it is damaged: {printable(str(exc))}", hint="get the chain from the CA again"
        ) from exc
    return chain


def read_whole(certificate: x509.Certificate) -> None:
    """Read what else is only read when it is asked for; raises what :func:`unreadable` names."""
    _ = certificate.extensions, certificate.subject, certificate.issuer


def extension(certificate: x509.Certificate, name: str) -> Any:
    """Return the extension of the class ``name`` in ``cryptography.x509``, or ``None``."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(getattr(x509, name)).value
    except x509.ExtensionNotFound:
        return None


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether the certificate says that it is that of a CA."""
    constraints = extension(certificate, "BasicConstraints")
    return constraints is not None and bool(constraints.ca)


def key_usages(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the key usages by name; none also when the extension is missing."""
    usage = extension(certificate, "KeyUsage")
    return () if usage is None else tuple(name for key, name in _KEY_USAGES.items() if getattr(usage, key))


def key_usage(*names: str) -> x509.KeyUsage:
    """Return the extension that holds these key usages and no others."""
    from cryptography import x509

    usages = {key: name in names for key, name in _KEY_USAGES.items()}
    return x509.KeyUsage(**usages, encipher_only=False, decipher_only=False)


def extended_key_usages(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the object identifiers of the extended key usages; none also when the extension is missing."""
    return tuple(usage.dotted_string for usage in extension(certificate, "ExtendedKeyUsage") or ())


def usage_words(usages: Iterable[str]) -> tuple[str, ...]:
    """Return names for the object identifiers that have one."""
    return tuple(NAMES.get(usage, usage) for usage in usages)


def public_key(certificate: x509.Certificate) -> Any:
    """Return the public key, or ``None`` when it is of no kind that can be loaded."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def same_key(one: Any, other: Any) -> bool:
    """Whether two public keys are the same; one that cannot be loaded is like no other."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return None not in (one, other) and one.public_bytes(*form) == other.public_bytes(*form)


def key_words(key: Any) -> str:
    """Return the kind of a public key, with the curve or the size in bits: ``EC P-256``, ``RSA 2048``."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return "unknown" if key is None else type(key).__name__.strip("_").removesuffix("PublicKey")


def well_signed(certificate: x509.Certificate) -> bool:
    """Whether it was signed with an algorithm that C2PA 2.4 §14.5.1 allows for certificates."""
    from cryptography.exceptions import UnsupportedAlgorithm

    oid = certificate.signature_algorithm_oid.dotted_string
    if oid != _PSS:
        return oid in _SIGNED_WITH
    try:
        digest = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return False
    return digest is not None and digest.name in ("sha256", "sha384", "sha512")


def signed(chain: tuple[bytes, ...], serial: int, algorithm: str, data: bytes, value: bytes) -> bool:
    """Was ``value`` made over ``data`` by the first certificate of ``chain``, DER, which has this serial number?"""
    from cryptography import x509

    from provlabel.signers import _algorithms as algorithms

    try:
        leaf = x509.load_der_x509_certificate(chain[0])
        return leaf.serial_number == serial and algorithms.fits(public_key(leaf), algorithm, value, data)  # type: ignore[arg-type]
    except (SignerError, ValueError, IndexError, x509.InvalidVersion):
        return False


def signature_words(certificate: x509.Certificate) -> str:
    """Return the name of a bad signature algorithm, or its object identifier."""
    oid = certificate.signature_algorithm_oid.dotted_string
    return _OLD.get(oid, "RSA-PSS with another digest than SHA-2" if oid == _PSS else oid)


def issued(child: x509.Certificate, parent: x509.Certificate) -> bool:
    """Whether ``parent`` issued ``child``: its name stands there, and its key made the signature.

    Of a signature too old to be computed, which :func:`well_signed` refuses, the name alone counts.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if child.issuer != parent.subject:
        return False
    try:
        child.verify_directly_issued_by(parent)
    except (TypeError, InvalidSignature):
        return False
    except (ValueError, UnsupportedAlgorithm):
        return child.issuer != child.subject and not well_signed(child)
    return True


def facts(pem: str, shown: str, now: dt.datetime | None = None) -> tuple[Facts, ...]:
    """Return the facts of every certificate in ``pem``, in this order, as of ``now``.

    Raises:
        SignerError: there is none, or one is damaged.
    """
    at = now or dt.datetime.now(dt.timezone.utc)
    return tuple(_describe(certificate, at) for certificate in parse(pem, shown))


def _describe(certificate: x509.Certificate, now: dt.datetime) -> Facts:
    from cryptography.hazmat.primitives import hashes

    return Facts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        not_before=f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        not_after=f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        days_left=(certificate.not_valid_after_utc - now).days,
        key=key_words(public_key(certificate)),
        key_usages=key_usages(certificate),
        extended_key_usages=usage_words(extended_key_usages(certificate)),
        ca=is_ca(certificate),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )
