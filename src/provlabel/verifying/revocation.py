"""Answers about revoked certificates: kept from earlier, or asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from provlabel.evidence import Evidence
from provlabel.sandbox.protocol import Check
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Answers, Examined
from provlabel.verdict.time import proven_time


class Revocation(Struct, frozen=True, kw_only=True):
    """Where answers about revoked certificates may come from, besides those that are stapled to a file.

    Args:
        online: ask OCSP responders and fetch CRLs, where nothing at hand settles it; and fetch the key of who issued an
            identity, where that is published on the web.
        cache: a folder of answers that were fetched earlier; new ones are kept there.
        seconds: for all questions about one file together; one of them has ten at most.
        private_hosts: also ask hosts that are not on the public internet.
    """

    online: bool = False
    cache: Path | None = None
    seconds: float = 20.0
    private_hosts: bool = False


OFFLINE = Revocation()


def with_answers(
    evidence: Evidence,
    trust: TrustStore,
    check: Check,
    revocation: Revocation,
    sandbox: AnySandbox,
    silent: set[str],
) -> Evidence:
    """Settle what is open about revocation: by what was kept from earlier, then by asking.

    ``silent`` holds the hosts of this run that did not answer in time.
    """
    if evidence.examined is None or evidence.credential is None or not check.revocation:
        return evidence
    replace = msgspec.structs.replace
    check = check.as_of_proven(proven_time(evidence, trust, check.at))
    for answers, nonce, why in _sources(evidence.examined, revocation, check.nonce, silent):
        examined = sandbox.examine(evidence.credential, trust, replace(check, answers=answers, nonce=nonce))
        if examined is None:
            evidence = replace(
                evidence, examined=replace(evidence.examined, revocation_why="the answers are too costly")
            )
            continue
        if examined.revocation != "not-checked":
            return replace(evidence, examined=examined)
        if why:
            evidence = replace(evidence, examined=replace(examined, revocation_why=why))
    return evidence


def _sources(
    examined: Examined, revocation: Revocation, nonce: bytes, silent: set[str]
) -> Iterator[tuple[Answers, bytes, str]]:
    """Yield answers, the nonce that they have to carry, and why there are none."""
    if examined.revocation != "not-checked":
        return
    if not examined.requests and examined.path == "trusted":
        yield Answers(), b"", "the certificate names nobody who could be asked"
    if not examined.requests:
        return
    from provlabel.trust import online

    if revocation.cache is not None:
        yield online.cached(examined.requests, revocation.cache), b"", ""
    if revocation.online:
        fetched = online.fetch(
            examined.requests,
            cache=revocation.cache,
            seconds=revocation.seconds,
            allow_private=revocation.private_hosts,
            silent=silent,
        )
        yield fetched.answers, nonce, "; ".join(fetched.failures)
