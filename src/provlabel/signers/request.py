"""New keys, and what to ask a CA for: a PKCS#10 request (RFC 2986) for a certificate that signs claims.

Asked for are the key usage digitalSignature and two extended key usages: C2PA claim signing, which
is made for this, and emailProtection, the one that c2pa-rs accepts without being configured.
The CA decides which of them the certificate gets; one is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from provlabel._support.files import atomic_output
from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import certificates as certs
from provlabel.trust.purposes import CLAIM_SIGNING, EMAIL_PROTECTION

if TYPE_CHECKING:
    from cryptography import x509

#: What a new key can be for; an RSA key signs as PS256.
KeyKind = Literal["es256", "es384", "es512", "ps256", "ed25519"]
_NEW_RSA_BITS = 3072  # NIST SP 800-57: as strong as P-256
_ASKED = (CLAIM_SIGNING, EMAIL_PROTECTION)


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


def make_key(path: Path, kind: KeyKind) -> None:
    """Write a new private key, mode 0600.

    Raises:
        OutputError: there is a file already, or it cannot be written.
    """
    with atomic_output(path, replace=False, mode=0o600) as scratch:
        scratch.stream.write(pkcs8(generate(kind)))


def subject(organization: str, name: str, country: str | None = None) -> x509.Name:
    """Return what a certificate is asked for in the name of.

    Args:
        organization: who signs, as the CA knows it; required, because older verifiers need it.
        name: what signs.
        country: two letters (ISO 3166).

    Raises:
        ConfigError: a name is empty or too long, or the country is none.
    """
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = (
        (NameOID.COUNTRY_NAME, country and country.upper()),
        (NameOID.ORGANIZATION_NAME, organization.strip()),
        (NameOID.COMMON_NAME, name.strip()),
    )
    try:
        if "" in dict(parts).values():
            raise ValueError("a part of it is empty")
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts if text is not None])
    except ValueError as exc:
        raise ConfigError(
            f"no subject of a certificate: {printable(str(exc))}",
            hint="organization and name take 1 to 64 characters, the country two letters",
        ) from exc


def request(key_pem: bytes, subject: x509.Name) -> str:
    """Return a signed request in PEM for the private key ``key_pem``, which is unencrypted.

    Raises:
        SignerError: no certificate for this key could sign claims.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key: Any = load_pem_private_key(key_pem, None)
    _require_usable(key)
    made = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(certs.key_usage("digitalSignature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage) for usage in _ASKED]), critical=False)
        .sign(key, _digest(key))
    )
    return made.public_bytes(Encoding.PEM).decode("ascii")


def _require_usable(key: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    least, most = certs.RSA_BITS
    if isinstance(key, rsa.RSAPrivateKey) and not least <= key.key_size <= most:
        raise SignerError(
            f"the key is RSA of {key.key_size} bits; it must be of {least} to {most}",
            hint="make a new key with --new-key es256",
        )


def _digest(key: Any) -> Any:
    """Return the digest that fits the key; none for Ed25519, which brings its own."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    size = key.curve.key_size if isinstance(key, ec.EllipticCurvePrivateKey) else 256
    return {384: hashes.SHA384(), 521: hashes.SHA512()}.get(size, hashes.SHA256())
