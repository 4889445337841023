"""The procedure: profile, paths, dates, revocation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from msgspec.structs import replace

from provlabel.trust.chains._certificates import der, extension, names, read_list, sha256, spki_sha256, usages
from provlabel.trust.chains._path import Route, broken_profile, dated, forged_link, routes, validated
from provlabel.trust.chains._revocation import RevocationAnswers, combined, gathered, requests
from provlabel.trust.chains.records import MAX_PURPOSES, Answers, Credential, Examined, Holder, PathState
from provlabel.trust.purposes import MAX_LENGTH


def judge(
    credential: Credential,
    anchors: tuple[bytes | str, ...],
    ekus: tuple[str, ...],
    at: datetime,
    answers: Answers,
    allowed: tuple[bytes | str, ...],
    now: datetime,
    nonce: bytes,
    signed_then: bool,
) -> Examined:
    """Do what :func:`provlabel.trust.chains.examine` promises, within its limits.

    Raises:
        Exception: whatever the parsers raise on DER that is none.
    """
    # 1. Read the chain; one certificate that cannot be read spoils it.
    chain = tuple(map(x509.load_der_x509_certificate, credential.chain))

    # 2. The signer's own certificate keeps its profile.
    if reason := broken_profile(chain[0]):
        return Examined("invalid", reason)
    if not (purposes := usages(chain[0])) & set(ekus):
        return _for_something_else(chain[0], purposes)

    # Of whom the rest speaks, by our own reading of the names.
    holder = Holder(names(chain[0].subject), names(chain[0].issuer), spki_sha256(chain[0]))

    # 3. The path: the best that leads to an anchor, unless the very certificate was named.
    known = read_list(anchors)
    route, state, why = _best(chain, known, at)
    if der(chain[0]) in map(der, (*known, *read_list(allowed))):
        state, why = dated(chain[:1], at) or ("trusted", "this very certificate is trusted")
    if route is None or state == "invalid":
        return Examined(state, why, revocation_why="no path to an anchor, so nobody's answer counts", holder=holder)

    # 4. Revocation, by those who issued the certificates of that path.
    found = RevocationAnswers(gathered(credential.ocsp, answers, nonce), at if signed_then else now, now)
    statuses = [found.status_of(route, place) for place in range(len(route.certs))]
    overall = combined(statuses)
    return Examined(
        state,
        why,
        overall.state,
        overall.why,
        overall.source,
        *overall.times(),
        requests=requests(route, statuses, nonce),
        holder=replace(holder, issuers=_issuers(route, chain, known, at)),
    )


def _for_something_else(leaf: x509.Certificate, purposes: frozenset[str]) -> Examined:
    """Say that nobody accepts what ``leaf`` is for, if that is all that is wrong with it.

    The engine looks no further than that purpose, so the rest of its rules for the certificate is looked at here.
    """
    if extension(leaf, x509.AuthorityKeyIdentifier) is None:
        return Examined("invalid", "it does not say by which key it was issued")
    if any(one.critical and isinstance(one.value, x509.UnrecognizedExtension) for one in leaf.extensions):
        return Examined("invalid", "it has a critical extension that nobody knows")
    few = tuple(sorted(oid for oid in purposes if len(oid) <= MAX_LENGTH)[:MAX_PURPOSES])
    return Examined(
        "wrong-purpose",
        "its extended key usage is none that is accepted",
        revocation_why="its certificate is for a purpose that is not accepted, so nobody's answer counts",
        holder=Holder(names(leaf.subject), names(leaf.issuer), spki_sha256(leaf)),
        purposes=few,
    )


def _issuers(
    best: Route, chain: tuple[x509.Certificate, ...], anchors: tuple[x509.Certificate, ...], at: datetime
) -> tuple[str, ...]:
    """Return the digests of those who issued the leaf on a trusted path: a CA may have several certificates."""
    good = (one for one in routes(chain, anchors) if one == best or validated(one, at)[0] == "trusted")
    return tuple(dict.fromkeys(sha256(der(next(one.pairs())[1])) for one in good))


def _best(
    chain: tuple[x509.Certificate, ...], anchors: Iterable[x509.Certificate], at: datetime
) -> tuple[Route | None, PathState, str]:
    """Return the first trusted path; else the first that fails; else why there is none."""
    failed: tuple[Route | None, PathState, str] | None = None
    for route in routes(chain, tuple(anchors)):
        state, why = validated(route, at)
        if state == "trusted":
            return route, state, why
        failed = failed or (route, state, why)
    if failed:
        return failed
    if forged := forged_link(chain):
        return None, "invalid", forged
    return None, *(dated(chain[:1], at) or ("unknown", "no anchor stands behind it"))
