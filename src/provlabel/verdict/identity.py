"""The axis identity: who else vouches for the file (CAWG identity 1.2)."""

from __future__ import annotations

from provlabel.evidence import LABEL, Code, Identity, Manifest, base_name
from provlabel.manifest.codes import Effect, in_words
from provlabel.report import Finding, IdentityState, finding
from provlabel.trust.anchors import TrustStore


def identity_axis(
    active: Manifest, effects: dict[Effect, list[Code]], trust: TrustStore
) -> tuple[IdentityState, list[Finding]]:
    """Judge who else vouches for the file (CAWG identity 1.2 §7), by anchors of their own."""
    if bad := effects.get("identity-bad"):
        return "bad", [finding("identity.bad", in_words(code), at=code.url) for code in bad]
    if not active.identities:
        return "none", []
    if not trust.has("identity"):
        return "not-checked", []
    if len(active.identities) > 1:
        several = ", ".join(found.name for found in active.identities)
        return "not-checked", [finding("identity.unknown", f"{several}: the engine does not tell them apart")]
    trusted = [code for code in effects.get("identity-ok", ()) if trust.vouching(code.text, "identity")]
    unknown = effects.get("identity-unknown", ())
    [found] = active.identities
    about = [_is_about(code, found) for code in trusted]
    if not any(about) or any(_is_about(code, found) for code in unknown):
        return "not-checked", [finding("identity.unknown", found.name, at=found.assertion)]
    if active.label is not None and not any(base_name(name) == LABEL for name in found.about):
        return "ok", [finding("identity.not-of-label", found.name, at=found.assertion)]
    return "ok", []


def _is_about(code: Code, found: Identity) -> bool:
    return code.url.rpartition("/")[2] == found.assertion
