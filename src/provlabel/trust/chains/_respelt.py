"""Certificates whose subject uses letters that its kind of text does not have, such as ``_`` in a PrintableString.

X.680 §41.4 forbids that, and ``cryptography`` reads no such certificate.  But the time authority of Adobe had one from
November 2024 on, which all others read.
"""

from __future__ import annotations

from typing import Any, cast

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding

from provlabel.trust.chains._certificates import require_signature

_PRINTABLE, _UTF8 = 0x13, 0x0C  # tags of the two kinds of text


def read_respelt(raw: bytes) -> x509.Certificate | None:
    """Return the certificate in DER as if its subject were written in UTF-8, if it can be read then."""
    try:
        return cast("x509.Certificate", _Respelt(raw))
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


class _Respelt:
    """What another certificate says, which differs by tags in the subject alone; bytes and signature are the real ones.

    Raises:
        ValueError: it cannot be read either, or differs by more.
    """

    def __init__(self, raw: bytes) -> None:
        loaded = asn1.Certificate.load(raw, strict=True)
        self._raw, self._signed = raw, loaded["tbs_certificate"].dump()
        for part in (part for group in loaded["tbs_certificate"]["subject"].chosen for part in group):
            value = part["value"]
            if isinstance(value, asn1.DirectoryString) and value.name == "printable_string":
                part["value"] = asn1.DirectoryString("utf8_string", value.native)
        made = loaded.dump(force=True)
        if len(made) != len(raw) or {(a, b) for a, b in zip(raw, made, strict=True) if a != b} - {(_PRINTABLE, _UTF8)}:
            raise ValueError("more than the kind of text would change")
        self._readable = x509.load_der_x509_certificate(made)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._readable, name)

    def public_bytes(self, _encoding: object) -> bytes:
        return self._raw

    def verify_directly_issued_by(self, issuer: x509.Certificate) -> None:
        readable = self._readable
        if readable.issuer != issuer.subject:
            raise InvalidSignature
        scheme = readable.signature_algorithm_parameters
        scheme = scheme if isinstance(scheme, padding.PSS) else padding.PKCS1v15()
        digest = readable.signature_hash_algorithm
        require_signature(issuer.public_key(), readable.signature, self._signed, digest, scheme)
