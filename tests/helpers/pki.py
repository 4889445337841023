"""Certificates for tests: a root, leaves with any fault, and files as a signer wants them."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"
ANY, SERVER, TIME_STAMPING = "2.5.29.37.0", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.8"
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


def root(
    common: str = "Acme Root",
    key: Any = None,
    *,
    begins: dt.timedelta = -400 * DAY,
    lasts: dt.timedelta = 4050 * DAY,
    subject: x509.Name | None = None,
) -> Issued:
    subject = subject or name(common)
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + begins + lasts)
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
    eku: str | tuple[str, ...] | None = CLAIM_SIGNING,
    organization: str | None = "Acme Test",
    ca: bool = False,
    aki: bool = True,
    key_usage: tuple[str, ...] | None = ("digital_signature",),
    common: str = "Acme Signer",
    ocsp: str | None = None,
    path_length: int | None = None,
    extra: x509.ExtensionType | None = None,
    subject: x509.Name | None = None,
) -> Issued:
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or name(common, organization))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + begins + lasts)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if key_usage is not None:
        builder = builder.add_extension(usage(*key_usage), critical=True)
    if eku is not None:
        ekus = [x509.ObjectIdentifier(one) for one in ((eku,) if isinstance(eku, str) else eku)]
        builder = builder.add_extension(x509.ExtendedKeyUsage(ekus), critical=eku == TIME_STAMPING)
    if extra is not None:
        builder = builder.add_extension(extra, critical=True)
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


# --- chains with exactly one fault -----------------------------------------------------------------


def intermediate(issuer: Issued, common: str = "Acme Intermediate", **options: Any) -> Issued:
    """A CA below ``issuer``."""
    options = {"ca": True, "eku": None, "key_usage": ("key_cert_sign", "crl_sign"), **options}
    return leaf(issuer, options.pop("key", None), common=common, **options)


class Fault(NamedTuple):
    """A credential that breaks the profile."""

    chain_pem: str
    key_pem: bytes
    rule: str  #: the one that is broken
    root_pem: str  #: what the verifier trusts

    def write(self, folder: Path) -> str:
        """Write key, chain and root, and return the URI of the signer."""
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, content in (("key.pem", self.key_pem), ("chain.pem", self.chain_pem.encode())):
            (folder / file_name).write_bytes(content)
            (folder / file_name).chmod(0o600)
        (folder / "root.pem").write_text(self.root_pem)
        return f"file:{folder / 'key.pem'}?chain={folder / 'chain.pem'}"


@functools.cache
def fault(name: str) -> Fault:
    """Make the fault of this name; each is made once."""
    rule, make = FAULTS[name]
    top = _rsa_root() if name.startswith(("sha1", "md5")) else _ec_root()
    signer, chain = make(top)
    return Fault("".join(item.pem for item in chain), signer.key_pem(), rule, top.pem)


def faults() -> dict[str, Fault]:
    """Every fault, by name."""
    return {name: fault(name) for name in FAULTS}


@functools.cache
def _ec_root() -> Issued:
    return root()


@functools.cache
def _rsa_root() -> Issued:
    return root(key=rsa.generate_private_key(65537, 2048))


_Made = tuple[Issued, tuple[Issued, ...]]


def _leaf(**options: Any) -> Callable[[Issued], _Made]:
    """A leaf with this fault, below a good root."""

    def make(top: Issued) -> _Made:
        key = options.get("key")
        made = leaf(top, key() if key else None, **{name: value for name, value in options.items() if name != "key"})
        return made, (made,)

    return make


def _below(*order: int, middle: Callable[[Issued], Issued] = intermediate) -> Callable[[Issued], _Made]:
    """A leaf below an intermediate; ``order`` says which of leaf, intermediate and root the chain holds."""

    def make(top: Issued) -> _Made:
        between = middle(top)
        made = leaf(between)
        return made, tuple((made, between, top)[place] for place in order)

    return make


def _patched(patch: Callable[[Issued, Issued], Issued]) -> Callable[[Issued], _Made]:
    """A leaf that no library would make."""

    def make(top: Issued) -> _Made:
        made = patch(leaf(top), top)
        return made, (made,)

    return make


def _self_signed(_top: Issued) -> _Made:
    key = ec.generate_private_key(ec.SECP256R1())
    made = leaf(Issued(key, root("Acme Signer").certificate), key)
    return made, (made,)


def _mismatch(top: Issued) -> _Made:
    return leaf(top), (leaf(top),)


def _deep(top: Issued) -> _Made:
    upper = intermediate(top, path_length=0)
    lower = intermediate(upper, "Acme Lower")
    made = leaf(lower)
    return made, (made, lower, upper)


def _old_digest(digest: hashes.HashAlgorithm, last: int) -> Callable[[Issued, Issued], Issued]:
    """Sign again with RSA and an old digest, whose object identifiers differ in the last byte alone."""

    def patch(made: Issued, top: Issued) -> Issued:
        new = bytes.fromhex("06092a864886f70d0101") + bytes([last])
        old = bytes.fromhex("06092a864886f70d01010b")
        body = made.certificate.tbs_certificate_bytes.replace(old, new)
        whole = made.certificate.public_bytes(ser.Encoding.DER)
        whole = whole.replace(made.certificate.tbs_certificate_bytes, body).replace(old, new)
        signature = top.key.sign(body, padding.PKCS1v15(), digest)
        return Issued(made.key, x509.load_der_x509_certificate(whole[: -len(signature)] + signature))

    return patch


def _elements(sequence: bytes) -> list[bytes]:
    """The elements of a DER SEQUENCE, each whole."""
    found, position = [], 0
    while position < len(sequence):
        length, start = sequence[position + 1], position + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(sequence[position + 2 : start], "big")
        found.append(sequence[position : start + length])
        position = start + length
    return found


def _sequence(*elements: bytes) -> bytes:
    content = b"".join(elements)
    width = 1 if len(content) < 256 else 2  # never below 128 here
    return bytes([0x30, 0x80 | width]) + len(content).to_bytes(width, "big") + content


def _rebuilt(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Issued, Issued], Issued]:
    """Change the elements of what is signed, and sign again with ECDSA and SHA-256."""

    def patch(made: Issued, top: Issued) -> Issued:
        body = _sequence(*change(_elements(made.certificate.tbs_certificate_bytes[4:])))
        signature = top.key.sign(body, ec.ECDSA(hashes.SHA256()))
        algorithm = bytes.fromhex("300a06082a8648ce3d040302")
        bits = b"\x03" + bytes([len(signature) + 1, 0]) + signature
        return Issued(made.key, x509.load_der_x509_certificate(_sequence(body, algorithm, bits)))

    return patch


def _ec_key(curve: ec.EllipticCurve) -> Callable[[], Any]:
    return lambda: ec.generate_private_key(curve)


def _rsa_key(bits: int) -> Callable[[], Any]:
    return lambda: rsa.generate_private_key(65537, bits)


_UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
_sha1 = _old_digest(hashes.SHA1(), 5)  # noqa: S303 - to be refused
_md5 = _old_digest(hashes.MD5(), 4)  # noqa: S303 - to be refused

#: Name -> the rule that it breaks, and how to make it below a root.
FAULTS: dict[str, tuple[str, Callable[[Issued], _Made]]] = {
    "v1": ("x509-v3", _patched(_rebuilt(lambda parts: [part for part in parts if part[0] not in (0xA0, 0xA3)]))),
    "unique-id": ("no-unique-ids", _patched(_rebuilt(lambda parts: [*parts[:-1], b"\x82\x02\x00\xaa", parts[-1]]))),
    "no-eku": ("extended-key-usage", _leaf(eku=None)),
    "any-eku": ("no-any-usage", _leaf(eku=(CLAIM_SIGNING, ANY))),
    "server-eku": ("claim-signing-usage", _leaf(eku=SERVER)),
    "mixed-eku": ("no-mixed-usage", _leaf(eku=(CLAIM_SIGNING, TIME_STAMPING))),
    "timestamp-eku": ("claim-signing-usage", _leaf(eku=TIME_STAMPING)),
    "no-ku": ("key-usage", _leaf(key_usage=None)),
    "encipher-ku": ("key-usage", _leaf(key_usage=("key_encipherment",))),
    "certify-ku": ("key-usage-no-ca", _leaf(key_usage=("digital_signature", "key_cert_sign"))),
    "ca": ("no-ca", _leaf(ca=True)),
    "self-signed": ("not-self-signed", _self_signed),
    "no-aki": ("authority-key-identifier", _leaf(aki=False)),
    "secp256k1": ("key-kind", _leaf(key=_ec_key(ec.SECP256K1()))),
    "brainpool": ("key-kind", _leaf(key=_ec_key(ec.BrainpoolP256R1()))),
    "rsa-1024": ("key-size", _leaf(key=_rsa_key(1024))),
    "rsa-4160": ("key-size-limit", _leaf(key=_rsa_key(4160))),
    "sha1": ("signature-algorithm", _patched(_sha1)),
    "md5": ("signature-algorithm", _patched(_md5)),
    "sha1-intermediate": (
        "signature-algorithm",
        _below(0, 1, middle=lambda top: _sha1(intermediate(top), top)),
    ),
    "expired": ("not-expired", _leaf(begins=-3 * DAY, lasts=2 * DAY)),
    "not-yet-valid": ("already-valid", _leaf(begins=DAY)),
    "critical": ("critical-extensions", _leaf(extra=_UNKNOWN)),
    "no-organization": ("organization", _leaf(organization=None)),
    "mismatch": ("key-match", _mismatch),
    "reversed": ("chain-order", _below(1, 0)),
    "root-between": ("chain-order", _below(0, 2, 1)),
    "missing-intermediate": ("chain-anchored", _below(0)),
    "gap": ("chain-gap", _below(0, 2)),
    "expired-intermediate": (
        "intermediates-valid",
        _below(0, 1, middle=lambda top: intermediate(top, begins=-9 * DAY, lasts=DAY)),
    ),
    "intermediate-no-ca": ("intermediates-are-cas", _below(0, 1, middle=lambda top: intermediate(top, ca=False))),
    "intermediate-no-ku": (
        "intermediates-are-cas",
        _below(0, 1, middle=lambda top: intermediate(top, key_usage=("crl_sign",))),
    ),
    "intermediate-rsa-1024": (
        "key-size",
        _below(0, 1, middle=lambda top: intermediate(top, key=rsa.generate_private_key(65537, 1024))),  # noqa: S505
    ),
    "too-deep": ("intermediates-are-cas", _deep),
}
