"""The axes signer and revocation: who signed, and who vouches for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from provlabel._support import times
from provlabel._support.text import quoted
from provlabel._support.times import zulu
from provlabel.evidence import Code, Evidence, Manifest, Signing
from provlabel.manifest.codes import Effect, in_words, vouched_for
from provlabel.report import PROVEN, Finding, RevocationState, SignerState, TimeState, finding
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Examined
from provlabel.trust.purposes import NEVER, shown

_SignerAxis = tuple[SignerState, list[Finding]]


def signer_axis(
    evidence: Evidence, effects: dict[Effect, list[Code]], time: TimeState, trust: TrustStore, at: dt.datetime
) -> _SignerAxis:
    """Judge who signed: the first that fits of bad, revoked, out of validity, and who vouches."""
    active = evidence.manifests[0]
    state, findings = (
        _bad_signature(active, effects, evidence.examined)
        or _revoked(effects, evidence.examined)
        or _out_of_validity(evidence, effects, time, at)
        or _vouched(evidence, effects, time, trust)
    )
    return state, [*findings, *_ambiguous(evidence.examined)]


def _ambiguous(examined: Examined | None) -> Iterator[Finding]:
    """A name that says a thing twice is shown by its last word; any of them may be the one that its CA checked."""
    if examined is None or examined.holder is None:
        return
    for whose, names in (("signer", examined.holder.subject), ("issuer", examined.holder.issuer)):
        for word in names.repeated:
            said = ", ".join(map(quoted, names.common if word == "CN" else names.organization))
            yield finding("signer.ambiguous-name", f"{word} of the {whose}: {said}")


def _bad_signature(
    active: Manifest, effects: dict[Effect, list[Code]], examined: Examined | None
) -> _SignerAxis | None:
    """A certificate that breaks its profile makes no signature of C2PA.

    One whose purpose is merely not accepted here may be another validator's signer; one that says to be for programs,
    TLS, clocks or OCSP is nobody's.
    """
    purposes = examined.purposes if examined is not None else ()
    bad = [*effects.get("bad-signature", ()), *(() if purposes else effects.get("wrong-purpose", ()))]
    found = [finding(_rule_of(code), in_words(code), at=code.url) for code in bad]
    if others := [oid for oid in purposes if oid in NEVER]:
        found += [finding("signer.bad-certificate", f"it is for {shown(others)}"), _wrong_purpose(purposes)]
    if found:
        return "bad-signature", found
    validated = any(code.code == "claimSignature.validated" for code in active.codes)
    if active.signing is None or not validated:
        return "bad-signature", [finding("signer.bad-signature", "the engine did not confirm the signature")]
    return None


def _rule_of(code: Code) -> str:
    return "signer.bad-certificate" if code.code == "signingCredential.invalid" else "signer.bad-signature"


def _revoked(effects: dict[Effect, list[Code]], examined: Examined | None) -> _SignerAxis | None:
    if revoked := effects.get("revoked"):
        return "revoked", [finding("signer.revoked", at=revoked[0].url)]
    if examined is not None and examined.revocation == "revoked":
        return "revoked", [finding("signer.revoked", examined.revocation_why)]
    return None


def _out_of_validity(
    evidence: Evidence, effects: dict[Effect, list[Code]], time: TimeState, at: dt.datetime
) -> _SignerAxis | None:
    """Compare with ``at``; what the engine says is about the clock, so it counts only for the present."""
    active = evidence.manifests[0]
    assert active.signing is not None  # noqa: S101 - narrows the type, decided by the only caller
    outside = _outside_validity(active, at)
    failures = [code for code in effects.get("out-of-validity", ()) if code.kind == "failure" and not evidence.as_of]
    if time == "claim-proven" and _outside_validity(active, times.read(active.signing.stamped)):
        why = f"its certificate was not valid at the time that is proven: {_validity(active.signing)}"
        return "bad-signature", [finding("signer.bad-signature", why)]
    if failures and time == "claim-proven":
        return "expired", [finding("signer.expired", "the engine does not accept its timestamp of the old kind")]
    if failures and time == "proven":  # then the certificate was not valid at the very time that is proven
        return "bad-signature", [finding("signer.bad-signature", in_words(failures[0]), at=failures[0].url)]
    if failures:
        outside = outside or "expired"
    if outside is not None and time not in PROVEN:
        return outside, [finding(f"signer.{outside}", _validity(active.signing))]
    return None


def _validity(signing: Signing) -> str:
    return f"valid {zulu(signing.not_before)} to {zulu(signing.not_after)}"


def _vouched(evidence: Evidence, effects: dict[Effect, list[Code]], time: TimeState, trust: TrustStore) -> _SignerAxis:
    if evidence.examined is not None and evidence.examined.path == "wrong-purpose":
        return _by_path(evidence.examined, time)
    if not trust.has("manifest"):
        return "no-anchors", [finding("signer.no-anchors")]
    if evidence.as_of:
        return _by_path(evidence.examined, time)
    if "untrusted" in effects or not vouched_for(effects.get("trusted", ()), trust, "manifest"):
        return "unknown", [finding("signer.unknown")]
    return _by_path(evidence.examined, time) if evidence.examined is not None else ("trusted", [])


def _by_path(examined: Examined | None, time: TimeState) -> _SignerAxis:
    """Judge by our own look at the chain: the engine knows no other time than that of the clock."""
    if examined is None:
        return "unknown", [finding("signer.invalid-chain", "its certificates could not be read")]
    if examined.path == "trusted":
        return "trusted", []
    if examined.path == "unknown":
        return "unknown", [finding("signer.unknown")]
    if examined.path == "wrong-purpose":
        return "unknown", [_wrong_purpose(examined.purposes)]
    if examined.path == "invalid":
        return "unknown", [finding("signer.invalid-chain", examined.why)]
    if time in PROVEN:  # then a certificate was not valid at the very time that is proven
        return "bad-signature", [finding("signer.bad-signature", examined.why)]
    return examined.path, [finding(f"signer.{examined.path}", examined.why)]


def _wrong_purpose(purposes: tuple[str, ...]) -> Finding:
    """Name what the certificate is for, and how to accept that; some purposes nobody can accept."""
    found = finding("signer.wrong-purpose", shown(purposes))
    option = next((f"--eku {oid}" for oid in purposes if oid not in NEVER), "")
    hint = f"if you accept such certificates, add {option}; a policy: [trust] ekus" if option else found.hint
    return msgspec.structs.replace(found, hint=hint)


def _outside_validity(active: Manifest, at: dt.datetime) -> SignerState | None:
    """Compare the certificate's window with ``at`` ourselves; an unreadable window counts as over."""
    assert active.signing is not None  # noqa: S101 - narrows the type, decided by the only caller
    try:
        begins = dt.datetime.fromisoformat(active.signing.not_before)
        ends = dt.datetime.fromisoformat(active.signing.not_after)
        if at < begins:
            return "not-yet-valid"
        return "expired" if at > ends else None
    except (ValueError, TypeError):
        return "expired"


def rests_on_claim_stamp(evidence: Evidence, time: TimeState, at: dt.datetime) -> bool:
    """Would a certificate be out of date at ``at``, were it not for a timestamp over the claim alone?"""
    if time != "claim-proven":
        return False
    ended = _outside_validity(evidence.manifests[0], at) is not None
    return ended or evidence.unaided in ("expired", "not-yet-valid")


def revocation_axis(effects: dict[Effect, list[Code]], examined: Examined | None) -> RevocationState:
    """Say what is known of a revocation; the engine's word counts only when it is bad news."""
    if "revoked" in effects:
        return "revoked"
    return "not-checked" if examined is None else examined.revocation
