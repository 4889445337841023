"""Certificates for tests: a root, leaves with any fault, and files as a signer wants them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"
DAY = dt.timedelta(days=1)


class Issued(NamedTuple):
    """A key and its certificate."""

    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(ser.Encoding.PEM).decode()

    def key_pem(self, form: ser.PrivateFormat = ser.PrivateFormat.PKCS8, phrase: bytes | None = None) -> bytes:
        lock = ser.BestAvailableEncryption(phrase) if phrase else ser.NoEncryption()
        return bytes(self.key.private_bytes(ser.Encoding.PEM, form, lock))


def name(common: str, organization: str | None = "Acme Test") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization is not None:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def usage(*held: str) -> x509.KeyUsage:
    every = [
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ]
    return x509.KeyUsage(**{one: one in held for one in every})


def root(common: str = "Acme Root") -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 400 * DAY)
        .not_valid_after(now + 3650 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Issued(key, builder.sign(key, hashes.SHA256()))


def leaf(
    issuer: Issued,
    key: Any = None,
    *,
    begins: dt.timedelta = -DAY,
    lasts: dt.timedelta = 365 * DAY,
    eku: str | None = CLAIM_SIGNING,
    organization: str | None = "Acme Test",
    ca: bool = False,
    aki: bool = True,
    key_usage: tuple[str, ...] = ("digital_signature",),
    common: str = "Acme Signer",
    ocsp: str | None = None,
) -> Issued:
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common, organization))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + begins + lasts)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage(*key_usage), critical=True)
    )
    if eku is not None:
        critical = eku == x509.ExtendedKeyUsageOID.TIME_STAMPING.dotted_string
        builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(eku)]), critical=critical)
    if aki:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(authority, critical=False)
    if ocsp is not None:
        access = x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return Issued(key, builder.sign(issuer.key, hashes.SHA256()))


def write(folder: Path, issued: Issued, issuer: Issued | None = None) -> str:
    """Write key and chain, and return the URI of the signer."""
    folder.mkdir(parents=True, exist_ok=True)
    key, chain = folder / "key.pem", folder / "chain.pem"
    key.write_bytes(issued.key_pem())
    key.chmod(0o600)
    chain.write_text(issued.pem)
    if issuer is not None:
        (folder / "root.pem").write_text(issuer.pem)
    return f"file:{key}?chain={chain}"


def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()
