"""Vectors about what the signer's certificate is for: which purposes count is the validator's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pki
from provlabel.trust.purposes import (
    CLAIM_SIGNING,
    CODE_SIGNING,
    DOCUMENT_SIGNING,
    EMAIL_PROTECTION,
    MICROSOFT_SIGNING,
    OCSP_SIGNING,
)
from stores import Hand
from vectors import Bench, Expected, Vector, Wanted, fails, passes

_PRIVATE, _ANOTHER = "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"  # of nobody

#: The signature holds, and so does the content; nobody accepts what the certificate is for.
_STRANGE = fails("valid", "signer.wrong-purpose", signer="unknown")._replace(
    never=("signer.bad-signature", "signer.bad-certificate")
)
#: The certificate is nobody's for claims, or breaks its profile; the words are never about the signature.
_BAD: Wanted = "bad-signature"
_NEVER = fails("invalid", "signer.bad-certificate", "signer.wrong-purpose", signer=_BAD)
_BROKEN = fails("invalid", "signer.bad-certificate", signer=_BAD)


def ekus(bench: Bench) -> Iterator[Vector]:
    """Certificates for one purpose or several, under an anchor that vouches, with and without more that is accepted."""

    def vector(case: str, title: str, eku: Any, expected: Expected, *accepted: str, **how: Any) -> Vector:
        leaf = pki.leaf(bench.root, eku=eku, **how)
        given: dict[str, Any] = {"ekus": list(accepted)} if accepted else {}
        content = bench.detached(bench.store().signed(Hand.of(leaf)))
        never = (*expected.never, "signer.bad-signature")
        return Vector(
            f"ekus/{case}", title, "C2PA 2.4 §14.4.1, §14.5.1", "signer", content, expected._replace(never=never), given
        )

    for case, eku in (("own", CLAIM_SIGNING), ("e-mail", EMAIL_PROTECTION), ("documents", DOCUMENT_SIGNING)):
        yield vector(f"by-default-{case}", f"for {case}, which counts by default", eku, passes())
    yield vector("microsoft", "for Microsoft's own purpose, which is not accepted", MICROSOFT_SIGNING, _STRANGE)
    yield vector("microsoft-accepted", "the same, accepted", MICROSOFT_SIGNING, passes(), MICROSOFT_SIGNING)
    yield vector("another-accepted", "the same, where another is accepted", MICROSOFT_SIGNING, _STRANGE, _PRIVATE)
    yield vector("two", "for two purposes, none of them accepted", (_PRIVATE, _ANOTHER), _STRANGE)
    yield vector("two-accepted", "for two purposes, the second accepted", (_PRIVATE, _ANOTHER), passes(), _ANOTHER)
    yield vector("beside-own", "for claims and for something private", (CLAIM_SIGNING, _PRIVATE), passes())
    yield vector("server-beside-own", "for claims and for TLS servers", (CLAIM_SIGNING, pki.SERVER), passes())
    for case, eku in (("server", pki.SERVER), ("code", CODE_SIGNING), ("code-and-private", (CODE_SIGNING, _PRIVATE))):
        yield vector(case, f"for something else than claims: {case}", eku, _NEVER)
    yield vector(
        "code-and-accepted", "for programs, and an accepted purpose", (CODE_SIGNING, _PRIVATE), passes(), _PRIVATE
    )
    yield vector("any", "for any purpose", pki.ANY, _BROKEN)
    yield vector("any-and-accepted", "for any purpose and an accepted one", (pki.ANY, _PRIVATE), _BROKEN, _PRIVATE)
    yield vector("clock-and-own", "for claims and for timestamps", (CLAIM_SIGNING, pki.TIME_STAMPING), _BROKEN)
    yield vector("ocsp-and-private", "for OCSP and a private purpose", (OCSP_SIGNING, _PRIVATE), _BROKEN)
    yield vector("none", "for nothing: no extended key usage", None, _BROKEN)
    # The engine looks no further than the purpose; what else is wrong must not get lost behind it.
    yield vector("private-ca", "a CA's, for a private purpose", _PRIVATE, _BROKEN, ca=True)
    yield vector(
        "private-no-key-id", "for a private purpose, and names no key of its issuer", _PRIVATE, _BROKEN, aki=False
    )
    yield vector(
        "private-encrypts", "for a private purpose, and its key may only encrypt", _PRIVATE, _BROKEN,
        key_usage=("key_encipherment",),
    )  # fmt: skip


GROUPS = (ekus,)
