"""The certificate profile of C2PA 2.4 §14.5.1: each rule by name, with the mend.

The engine says "the certificate is invalid" for almost every violation; this says which.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from provlabel.errors import SignerError
from provlabel.trust import EKUS

if TYPE_CHECKING:
    from cryptography import x509

_ASK_CA = "ask the CA for a certificate for C2PA claim signing"


class ProfileRule(NamedTuple):
    """One rule: ``holds`` looks at the leaf and at now."""

    name: str
    broken: str  #: completes "the certificate …"
    mend: str
    holds: Callable[[x509.Certificate, dt.datetime], bool]


def _extension(leaf: x509.Certificate, name: str) -> Any:
    from cryptography import x509

    try:
        return leaf.extensions.get_extension_for_class(getattr(x509, name)).value
    except x509.ExtensionNotFound:
        return None


def _is_no_ca(leaf: x509.Certificate, _now: dt.datetime) -> bool:
    constraints = _extension(leaf, "BasicConstraints")
    return constraints is None or not constraints.ca


def _may_sign(leaf: x509.Certificate, _now: dt.datetime) -> bool:
    usage = _extension(leaf, "KeyUsage")
    return usage is not None and (usage.digital_signature or usage.content_commitment) and not usage.key_cert_sign


def _has_eku(leaf: x509.Certificate, _now: dt.datetime) -> bool:
    usages = _extension(leaf, "ExtendedKeyUsage")
    return usages is not None and any(usage.dotted_string in EKUS for usage in usages)


def _has_organization(leaf: x509.Certificate, _now: dt.datetime) -> bool:
    from cryptography.x509.oid import NameOID

    return bool(leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))


def _is_strong(leaf: x509.Certificate, _now: dt.datetime) -> bool:
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = leaf.public_key()
    return not isinstance(key, rsa.RSAPublicKey) or key.key_size >= 2048


RULES: tuple[ProfileRule, ...] = (
    ProfileRule(
        "not-expired", "has expired", "get a new one from the CA, or for tests: provlabel key init",
        lambda leaf, now: now <= leaf.not_valid_after_utc,
    ),
    ProfileRule(
        "already-valid", "is not valid yet", "check the clock of this machine",
        lambda leaf, now: now >= leaf.not_valid_before_utc,
    ),
    ProfileRule("no-ca", "is that of a CA, not of a signer", "put the signer's own certificate first", _is_no_ca),
    ProfileRule("key-size", "is for an RSA key of less than 2048 bits", "make a new key and certificate", _is_strong),
    ProfileRule("key-usage", "lacks the key usage digitalSignature", _ASK_CA, _may_sign),
    ProfileRule("extended-key-usage", "lacks an extended key usage for claim signing", _ASK_CA, _has_eku),
    ProfileRule(
        "authority-key-identifier", "lacks the authority key identifier", _ASK_CA,
        lambda leaf, now: _extension(leaf, "AuthorityKeyIdentifier") is not None,
    ),
    ProfileRule(
        "organization", "names no organization (O); older verifiers then report a broken signature", _ASK_CA,
        _has_organization,
    ),
)  # fmt: skip


def broken_rules(leaf: x509.Certificate, now: dt.datetime) -> Iterator[ProfileRule]:
    """Yield the rules that ``leaf`` breaks as of ``now``."""
    return (rule for rule in RULES if not rule.holds(leaf, now))


def require(chain_pem: str, key: Any, shown: str) -> None:
    """Check the first certificate of ``chain_pem`` against the profile and against ``key``.

    Raises:
        SignerError: no certificate, another key's certificate, or a broken rule; says which.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        chain = x509.load_pem_x509_certificates(chain_pem.encode("latin-1"))
    except ValueError as exc:
        raise SignerError(f"{shown}: no certificate in PEM form", mend="add ?chain=chain.pem to the key URI") from exc
    leaf = chain[0]
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise SignerError(
            f"{shown}: the first certificate does not belong to this key",
            mend="the chain starts with the signer's own certificate; check that both files belong together",
        )
    for rule in broken_rules(leaf, dt.datetime.now(dt.timezone.utc)):
        raise SignerError(f"{shown}: the certificate {rule.broken}", mend=rule.mend)
