"""The axes time and signing time: what is known of when it was signed."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from provlabel._support import times
from provlabel._support.times import zulu
from provlabel.evidence import Code, Evidence, Manifest
from provlabel.manifest.codes import Effect, effects_of, vouched_for
from provlabel.report import PROVEN, Finding, TimeState, finding
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import ClaimStamp


class ProvenTime(NamedTuple):
    """A proven time, and whether the signature existed then, or the claim alone."""

    moment: dt.datetime
    signed: bool


def proven_time(evidence: Evidence, trust: TrustStore, at: dt.datetime) -> ProvenTime | None:
    """Return the time of signing, or of the claim alone, if one is proven as of ``at``."""
    active = evidence.manifests[0]
    if active.signing is None:
        return None
    time = time_axis(active, effects_of(active.codes), trust, at)
    return ProvenTime(times.read(active.signing.stamped), time == "proven") if time in PROVEN else None


def time_axis(active: Manifest, effects: dict[Effect, list[Code]], trust: TrustStore, at: dt.datetime) -> TimeState:
    """Say what is known of the time of signing.

    The engine's word counts for claims of version 2 alone: of older ones it says trusted without checking the issuer.
    A token over the claim alone, which the engine takes in v2 claims too, never proves when it was signed: the claim
    could have been stamped long before.  Of a v1 claim, it proves that the claim existed, if by our own look it holds.
    A token from after ``at`` did not exist then.
    """
    stamped = active.signing.stamped if active.signing else ""
    if active.signing is not None and "bad-signature" not in effects and _is_by(stamped, at):
        vouched = vouched_for(effects.get("time-proven", ()), trust, "timestamp")
        if vouched and active.signing.sealed and active.claim_version >= 2:
            return "proven"
        if not _against_claim_stamp(active, trust, at):
            return "claim-proven"
    return "claimed" if stamped or _event_time(active) else "none"


_STRANGER = "nobody you trust vouches for its authority"


def _against_claim_stamp(active: Manifest, trust: TrustStore, at: dt.datetime) -> str:
    """Return why a token over the claim alone does not count; nothing where it does.

    Whoever makes labels with provlabel has the newer kind, so that a label with the older one is by somebody else.
    """
    stamp = active.signing.claim_stamp if active.signing else None
    if stamp is None:
        return "there is none"
    if stamp.state == "bad":
        return stamp.why
    if active.claim_version != 1 or active.labels or active.label is not None:
        return "it is over the claim alone, and labels of provlabel never have that kind"
    if stamp.state == "unknown" or not trust.has("timestamp"):
        return _STRANGER
    return "" if _is_by(stamp.time, at) else "it is from after the time of judgement"


def _is_by(stamped: str, at: dt.datetime) -> bool:
    try:
        return times.read(stamped) - at <= _SKEW
    except (ValueError, TypeError):
        return False


_SKEW = dt.timedelta(minutes=5)  # by which the clock of a time authority may be ahead of ours


def _event_time(active: Manifest) -> str:
    label = active.label if isinstance(active.label, dict) else {}
    return str(label.get("event_time") or "") or next((item.when for item in active.actions if item.when), "")


def time_findings(active: Manifest, time: TimeState, trust: TrustStore, at: dt.datetime) -> list[Finding]:
    """Say what a time that is not that of the signature means for how long the label holds."""
    if time == "proven":
        return []
    if active.signing and active.signing.claim_stamp is not None:
        return [_claim_stamp_finding(active, active.signing.claim_stamp, trust, at)]
    if active.signing and active.signing.stamped:
        return [finding("time.untrusted-stamp", zulu(active.signing.stamped))]
    ends = zulu(active.signing.not_after) if active.signing else ""
    return [finding("time.unproven", f"it ends {ends}" if ends else "")]


def _claim_stamp_finding(active: Manifest, stamp: ClaimStamp, trust: TrustStore, at: dt.datetime) -> Finding:
    why = _against_claim_stamp(active, trust, at)
    if not why:
        return finding("time.v1-stamp", stamp.time)
    if why == _STRANGER:
        return finding("time.untrusted-stamp", stamp.time)
    return finding("time.unfit-stamp", why)
