"""From a chain to an anchor: which paths there are, and whether RFC 5280 §6.1 allows them."""

from __future__ import annotations

import itertools
from collections.abc import Coroutine, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from asn1crypto import x509 as asn1
from cryptography import x509
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers, derive_quals_from_cert
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, CertRevTrustPolicy, PKIXValidationParams
from pyhanko_certvalidator.validate import async_validate_path

from provlabel._support.text import printable
from provlabel.trust.chains._certificates import (
    claims_ca,
    der,
    extension,
    is_ca,
    issued,
    out_of_time,
    shown,
    usages,
    weakness,
)
from provlabel.trust.chains.records import PathState
from provlabel.trust.purposes import ANY_USAGE, OCSP_SIGNING, TIME_STAMPING

# Dates are ours to judge, so that a broken rule is reported before an expired certificate: a tolerance that
# spans all years an X.509 date can have leaves the library none to object to.
_SOME_MOMENT = datetime(5000, 1, 1, tzinfo=timezone.utc)
_ANY_DATE = timedelta(days=365 * 4990)


class Route(NamedTuple):
    """Certificates from the leaf up, each issued by the next, and the anchor that issued the last."""

    certs: tuple[x509.Certificate, ...]
    anchor: x509.Certificate

    def pairs(self) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
        """Yield each certificate with its issuer, the leaf first."""
        yield from zip(self.certs, (*self.certs[1:], self.anchor), strict=True)

    def above(self, cert: x509.Certificate) -> Route:
        """Return the route of another certificate that the issuer of our leaf issued."""
        return Route((cert, *self.certs[1:]), self.anchor)


def routes(chain: tuple[x509.Certificate, ...], anchors: tuple[x509.Certificate, ...]) -> Iterator[Route]:
    """Yield every path from the leaf to an anchor, as far up as the signatures hold."""
    for length, cert in enumerate(chain, 1):
        yield from (Route(chain[:length], anchor) for anchor in anchors if issued(cert, anchor))
        if length == len(chain) or not issued(cert, chain[length]):
            return


def forged_link(chain: tuple[x509.Certificate, ...]) -> str:
    """Return which certificate names the next one as its issuer without being signed by it, if one does."""
    for place, (cert, issuer) in enumerate(itertools.pairwise(chain), 1):
        if cert.issuer != issuer.subject:
            return ""
        if not issued(cert, issuer):
            return f"certificate {place} names certificate {place + 1} as its issuer but is not signed by it"
    return ""


def broken_profile(leaf: x509.Certificate) -> str:
    """Return what forbids ``leaf`` to sign a claim (C2PA 2.4 §14.5.1), whichever purposes are accepted, or nothing."""
    purposes = usages(leaf)
    if claims_ca(leaf):
        return "a CA certificate signed the file"
    if not _may_sign(leaf):
        return "its key usage does not allow it to sign a file"
    if not purposes:
        return "it has no extended key usage"
    if ANY_USAGE in purposes:
        return "its extended key usage allows anything"
    if len(purposes) > 1 and purposes & {TIME_STAMPING, OCSP_SIGNING}:
        return "its extended key usage is for timestamps or OCSP, and for something else"
    return weakness(leaf)


def _may_sign(leaf: x509.Certificate) -> bool:
    usage = extension(leaf, x509.KeyUsage)
    return usage is not None and not usage.key_cert_sign and (usage.digital_signature or usage.content_commitment)


def validated(route: Route, at: datetime) -> tuple[PathState, str]:
    """Judge a path: its rules first, then its dates."""
    if reason := _broken_rule(route):
        return "invalid", reason
    return dated((*route.certs, route.anchor), at) or ("trusted", f"vouched for by {shown(route.anchor)}")


def dated(certs: tuple[x509.Certificate, ...], at: datetime) -> tuple[PathState, str] | None:
    """Return what the dates of ``certs`` say against them at ``at``, if anything."""
    late = out_of_time(certs, at)
    if late is None:
        return None
    cert, expired = late
    if expired:
        return "expired", f"{shown(cert)} expired on {cert.not_valid_after_utc:%Y-%m-%d}"
    return "not-yet-valid", f"{shown(cert)} is valid from {cert.not_valid_before_utc:%Y-%m-%d}"


def _broken_rule(route: Route) -> str:
    if not is_ca(route.anchor):
        return f"the anchor {shown(route.anchor)} is no CA"
    for cert in route.certs:
        if reason := weakness(cert):
            return f"{shown(cert)}: {reason}"
    return _against_rfc5280(route)


def _against_rfc5280(route: Route) -> str:
    """Return which rule of RFC 5280 §6.1 the path breaks, or nothing."""
    leaf, *intermediates = (asn1.Certificate.load(der(cert), strict=True) for cert in route.certs)
    anchor = _anchor(route.anchor)
    context = ValidationContext(
        trust_roots=[anchor],
        moment=_SOME_MOMENT,
        time_tolerance=_ANY_DATE,
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
    )
    try:
        _run(async_validate_path(context, ValidationPath(anchor, intermediates[::-1], leaf)))
    except ValidationError as exc:
        return printable(str(exc).removeprefix("The path could not be validated because "))
    return ""


def _anchor(cert: x509.Certificate) -> CertTrustAnchor:
    """Return an anchor bound by its own path length and name constraints, but not by its policies.

    An intermediate that serves as anchor lists policies for others to choose from; the library would
    demand them.
    """
    loaded = asn1.Certificate.load(der(cert), strict=True)
    found = derive_quals_from_cert(loaded)
    names = found.standard_parameters or PKIXValidationParams()
    return CertTrustAnchor(
        loaded,
        TrustQualifiers(
            standard_parameters=PKIXValidationParams(
                initial_permitted_subtrees=names.initial_permitted_subtrees,
                initial_excluded_subtrees=names.initial_excluded_subtrees,
            ),
            max_path_length=found.max_path_length,
            # Without it the library subtracts one from None as soon as there is an intermediate.
            max_aa_path_length=found.max_path_length,
        ),
    )


def _run(steps: Coroutine[Any, Any, object]) -> None:
    """Drive a coroutine that never waits, since nothing is fetched; works within a running loop too."""
    try:
        steps.send(None)
    except StopIteration:
        return
    steps.close()
    raise RuntimeError("the path validation wants to wait for something")
