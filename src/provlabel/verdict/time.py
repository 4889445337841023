"""The axes time and signing time: what is known of when it was signed."""

from __future__ import annotations

import datetime as dt

from provlabel._support import times
from provlabel._support.times import zulu
from provlabel.evidence import Code, Evidence, Manifest
from provlabel.manifest.codes import Effect, effects_of, vouched_for
from provlabel.report import Finding, TimeState, finding
from provlabel.trust.anchors import TrustStore


def proven_time(evidence: Evidence, trust: TrustStore, at: dt.datetime) -> dt.datetime | None:
    """Return the time of signing if it is proven as of ``at``."""
    active = evidence.manifests[0]
    if active.signing is None or time_axis(active, effects_of(active.codes), trust, at) != "proven":
        return None
    return times.read(active.signing.stamped)


def time_axis(active: Manifest, effects: dict[Effect, list[Code]], trust: TrustStore, at: dt.datetime) -> TimeState:
    """Say what is known of the time of signing.

    A token of a v1 claim is never proof: the engine says trusted without checking its issuer.  Nor is
    one over the claim alone, which the engine takes in v2 claims too: the claim could have been
    stamped long before it was signed.
    A token from after ``at`` did not exist then.
    """
    proven = vouched_for(effects.get("time-proven", ()), trust, "timestamp") and "bad-signature" not in effects
    stamped = active.signing.stamped if active.signing else ""
    proven = proven and active.signing is not None and active.signing.sealed
    if proven and active.claim_version >= 2 and _is_by(stamped, at):
        return "proven"
    return "claimed" if stamped or _event_time(active) else "none"


def _is_by(stamped: str, at: dt.datetime) -> bool:
    try:
        return times.read(stamped) - at <= _SKEW
    except (ValueError, TypeError):
        return False


_SKEW = dt.timedelta(minutes=5)  # by which the clock of a time authority may be ahead of ours


def _event_time(active: Manifest) -> str:
    label = active.label if isinstance(active.label, dict) else {}
    return str(label.get("event_time") or "") or next((item.when for item in active.actions if item.when), "")


def time_findings(active: Manifest, time: TimeState) -> list[Finding]:
    """Say what an unproven time means for how long the label holds."""
    if time == "proven":
        return []
    if active.signing and active.signing.stamped:
        return [finding("time.untrusted-stamp", zulu(active.signing.stamped))]
    ends = zulu(active.signing.not_after) if active.signing else ""
    return [finding("time.unproven", f"it ends {ends}" if ends else "")]
