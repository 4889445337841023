"""What is said of one file: its verdict, its policy's, and what its manifest tells, in one record.  Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from provlabel._times import zulu
from provlabel.evidence import Evidence, Manifest, Signing
from provlabel.manifest import label_info
from provlabel.policy import Policy
from provlabel.report import (
    FileReport,
    Finding,
    HistoryNode,
    IdentityInfo,
    RevocationInfo,
    SignerInfo,
    TimeInfo,
    finding,
    outcome_of,
)
from provlabel.trust import TrustStore
from provlabel.verdict import Verdict, judge, judge_ingredient


def file_report(
    path: str,
    evidence: Evidence,
    *,
    trust: TrustStore,
    policy: Policy,
    at: dt.datetime,
    personal: bool = False,
) -> FileReport:
    """Judge ``evidence`` and put everything that is to be said about the file into one record."""
    verdict = judge(evidence, trust=trust, at=at)
    findings = (*verdict.findings, *_test_trust(verdict, evidence, trust), *policy.findings(verdict))
    active = evidence.manifests[0] if evidence.manifests else None
    outcome = outcome_of(findings)
    return FileReport(
        path=path,
        passed=outcome != "failed",
        outcome=outcome,
        state=verdict.state,
        engine_state=evidence.engine_state,
        axes=verdict.axes,
        sha256=evidence.sha256 or None,
        size=evidence.size,
        format=evidence.format,
        source=evidence.source,
        findings=findings,
        not_checked=verdict.not_checked,
        revocation=_revocation_info(verdict, evidence),
        **(_told_by(active, evidence, personal) if active else {}),
    )


def _revocation_info(verdict: Verdict, evidence: Evidence) -> RevocationInfo:
    seen = evidence.examined
    if seen is None:
        why = "" if verdict.axes.revocation != "not-checked" else "offline, and no stapled or cached answer"
        return RevocationInfo(state=verdict.axes.revocation, why=why)
    return RevocationInfo(
        state=verdict.axes.revocation,
        source=seen.revocation_source or None,
        why=seen.revocation_why,
        updated=seen.this_update or None,
    )


def _test_trust(verdict: Verdict, evidence: Evidence, trust: TrustStore) -> tuple[Finding, ...]:
    """Warn when it was the throw-away test root that made the signer trusted."""
    if verdict.axes.signer != "trusted":
        return ()
    codes = [code for code in evidence.manifests[0].codes if code.code == "signingCredential.trusted"]
    used = [item for code in codes for item in trust.vouching(code.text, "manifest")]
    return (finding("signer.test-credential"),) if any(item.test for item in used) else ()


def _told_by(active: Manifest, evidence: Evidence, personal: bool) -> dict[str, Any]:
    """What the active manifest tells: label, signer, times, actions, history."""
    by_urn = {manifest.urn: manifest for manifest in evidence.manifests}
    label = label_info(active, personal=personal)
    event = label.value.get("event_time") if label else None
    stamped = zulu(active.signing.stamped) if active.signing else ""
    return {
        "manifest": active.urn,
        "generator": active.generator or None,
        "label": label,
        "signer": _signer_info(active.signing),
        "time": TimeInfo(event=event if isinstance(event, str) else None, stamped=stamped or None),
        "identity": tuple(
            IdentityInfo(name=one.name, organization=one.organization, roles=one.roles, issuer=one.issuer)
            for one in active.identities
        ),
        "actions": tuple(_action(item) for item in active.actions),
        "history": _history(active, by_urn, {active.urn}),
    }


def _action(item: Any) -> dict[str, str]:
    pairs = (
        ("action", item.action),
        ("source_type", item.source_type),
        ("when", item.when),
        ("agent", f"{item.agent} {item.agent_version}".strip()),
    )
    return {key: value for key, value in pairs if value}


def _signer_info(signing: Signing | None) -> SignerInfo | None:
    if signing is None:
        return None
    return SignerInfo(
        name=signing.subject.get("CN", ""),
        organization=signing.subject.get("O", ""),
        issuer=signing.issuer.get("CN", "") or signing.issuer.get("O", ""),
        serial=signing.serial,
        algorithm=signing.algorithm,
        not_before=zulu(signing.not_before),
        not_after=zulu(signing.not_after),
    )


def _history(manifest: Manifest, by_urn: dict[str, Manifest], unfolded: set[str]) -> tuple[HistoryNode, ...]:
    """Return the ingredients of ``manifest`` as a tree.

    A manifest that several others refer to is unfolded once: a store of 360 kB can hold a graph whose
    tree has millions of nodes.
    """
    nodes = []
    for part in manifest.ingredients:
        target = by_urn.get(part.manifest)
        state = judge_ingredient(part, target)[0]
        info = label_info(target) if target else None
        first = target is not None and target.urn not in unfolded
        unfolded.add(part.manifest)
        nodes.append(
            HistoryNode(
                relationship=part.relationship,
                title=part.title,
                format=part.format,
                manifest=part.manifest or None,
                signer=target.signing.subject.get("CN") if target and target.signing else None,
                kind=info.kind if info else None,
                state="no-provenance" if state == "clean" and target is None else state,  # type: ignore[arg-type]
                history=_history(target, by_urn, unfolded) if target and first else (),
            )
        )
    return tuple(nodes)
