"""Keys of those who issued an identity: asked for, where the identity names only where they are published."""

from __future__ import annotations

import msgspec

from provlabel.evidence import Evidence
from provlabel.manifest.codes import effect_of
from provlabel.manifest.ica import code_of
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.issuers import Sealed, document_url
from provlabel.verifying.revocation import Revocation

_MOST_KEPT = 100  # documents of one run, each of at most 64 kB


def with_issuer_keys(
    evidence: Evidence, online: Revocation, sandbox: AnySandbox, silent: set[str], documents: dict[str, bytes]
) -> Evidence:
    """Settle what the engine left open about an identity: it fetches no document of an issuer.

    All else about the identity the engine has judged.  Of several identities it does not say which of them is open.

    Args:
        evidence: of one file.
        online: whether the network may be used, and how.
        sandbox: reads what was fetched.
        silent: hosts of this run that did not answer in time.
        documents: of this run, by their addresses.
    """
    if not online.online or not evidence.manifests or len(evidence.manifests[0].identities) != 1:
        return evidence
    active = evidence.manifests[0]
    sealed = active.identities[0].sealed
    unresolved = [code for code in active.codes if effect_of(code) == "identity-unresolved"]
    if sealed is None or not unresolved:
        return evidence
    replace = msgspec.structs.replace
    try:
        document = _document(sealed, online, silent, documents)
        held = sandbox.held_by(document, sealed)
        settled = (
            code_of(held, unresolved[0].url) if held else replace(unresolved[0], text="its document is too costly")
        )
    except LookupError as exc:
        settled = replace(unresolved[0], text=str(exc))
    codes = (*(code for code in active.codes if code not in unresolved), settled)
    return replace(evidence, manifests=(replace(active, codes=codes), *evidence.manifests[1:]))


def _document(sealed: Sealed, online: Revocation, silent: set[str], documents: dict[str, bytes]) -> bytes:
    """Return the document of an issuer.

    Raises:
        LookupError: there is none; the message says why, for people.
    """
    from provlabel._support.http import Failed
    from provlabel.trust.online import fetch_document

    url = document_url(sealed.issuer)
    if not url:
        raise LookupError("that is no name of a place on the web")
    if url in documents:
        return documents[url]
    try:
        found = fetch_document(url, seconds=online.seconds, allow_private=online.private_hosts, silent=silent)
    except Failed as exc:
        raise LookupError(f"{url}: {exc}") from exc
    if len(documents) < _MOST_KEPT:
        documents[url] = found
    return found
