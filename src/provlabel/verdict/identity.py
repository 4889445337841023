"""The axis identity: who else vouches for the file (CAWG identity 1.2)."""

from __future__ import annotations

from provlabel.evidence import AGGREGATED, LABEL, Code, Identity, Manifest, base_name
from provlabel.manifest.codes import Effect, in_words
from provlabel.report import Finding, IdentityState, finding
from provlabel.trust.anchors import TrustStore


def identity_axis(
    active: Manifest, effects: dict[Effect, list[Code]], trust: TrustStore
) -> tuple[IdentityState, list[Finding]]:
    """Judge who else vouches for the file (CAWG identity 1.2 §7 and §8), by anchors and issuers of their own."""
    if bad := effects.get("identity-bad"):
        return "bad", [finding("identity.bad", in_words(code), at=code.url) for code in bad]
    if not active.identities:
        return "none", []
    if len(active.identities) > 1:
        if not trust.has("identity") and not trust.issuers:
            return "not-checked", []
        several = ", ".join(found.name or found.issuer for found in active.identities)
        return "not-checked", [finding("identity.unknown", f"{several}: the engine does not tell them apart")]
    [found] = active.identities
    doubt = _of_claims(found, effects, trust) if found.kind == AGGREGATED else _of_certificate(found, effects, trust)
    if doubt is not None:
        return "not-checked", doubt
    if active.label is not None and not any(base_name(name) == LABEL for name in found.about):
        return "ok", [finding("identity.not-of-label", found.name, at=found.assertion)]
    return "ok", []


def _of_certificate(found: Identity, effects: dict[Effect, list[Code]], trust: TrustStore) -> list[Finding] | None:
    """Say why it is not known who a certificate names; ``None`` where somebody trusted vouches."""
    if not trust.has("identity"):
        return []
    trusted = [code for code in effects.get("identity-ok", ()) if trust.vouching(code.text, "identity")]
    if _says(trusted, found) and not _says(effects.get("identity-unknown", []), found):
        return None
    return [finding("identity.unknown", found.name, at=found.assertion)]


def _of_claims(found: Identity, effects: dict[Effect, list[Code]], trust: TrustStore) -> list[Finding] | None:
    """Say why the claims of an issuer do not count; ``None`` where they hold, and the user named the issuer."""
    if unresolved := _says(effects.get("identity-unresolved", []), found):
        return [finding("identity.unresolved", f"{found.issuer}: {unresolved[0].text}", at=found.assertion)]
    if _says(effects.get("identity-held", []), found) and found.issuer in trust.issuers:
        return None
    return [finding("identity.unknown-issuer", found.issuer, at=found.assertion)]


def _says(codes: list[Code], found: Identity) -> list[Code]:
    """Return those of ``codes`` that are about an identity."""
    return [code for code in codes if code.url.rpartition("/")[2] == found.assertion]
