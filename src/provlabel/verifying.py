"""Verify files: evidence from the cage, a verdict, a policy, a report.  One readable procedure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from provlabel import cage as cages
from provlabel._text import printable
from provlabel._version import __version__
from provlabel.errors import InputError
from provlabel.evidence import Evidence, Manifest, Signing
from provlabel.manifest import label_info
from provlabel.policy import Policy
from provlabel.report import (
    Engine,
    Failure,
    FileReport,
    Finding,
    HistoryNode,
    IdentityInfo,
    Report,
    RevocationInfo,
    SignerInfo,
    Summary,
    TimeInfo,
    Tool,
    finding,
)
from provlabel.targets import Target, is_media, targets
from provlabel.trust import TrustStore
from provlabel.verdict import Verdict, judge, judge_ingredient

#: Detached manifest of ``song.ogg``: ``song.ogg.c2pa``.
SIDECAR = ".c2pa"
_NO_TRUST = TrustStore()
_DEFAULT = Policy()


def verify_file(
    path: Path | str,
    *,
    trust: TrustStore = _NO_TRUST,
    policy: Policy = _DEFAULT,
    personal: bool = False,
    cage: cages.Cage | None = None,
) -> Report:
    """Verify one image or sound, and the detached manifest beside it if there is one.

    Args:
        path: the file; content decides the format, not the name.
        trust: whose signatures count; without anchors nobody is trusted.
        policy: what the file must be to pass.
        personal: show the fields marked personal, if the label holds any.
        cage: where untrusted bytes are read; by default one worker shared by this process.

    Raises:
        InputError: the file is missing, forbidden, or not a regular file.  Bad *content* never
            raises: it is a finding in the report.
    """
    report = verify_paths([path], trust=trust, policy=policy, personal=personal, cage=cage)
    if report.errors:
        failure = report.errors[0]
        raise InputError(failure.message, mend=failure.mend)
    return report


def verify_bytes(
    content: bytes,
    *,
    name: str = "bytes",
    trust: TrustStore = _NO_TRUST,
    policy: Policy = _DEFAULT,
    personal: bool = False,
    cage: cages.Cage | None = None,
) -> Report:
    """Verify an image or sound held in memory; ``name`` stands for it in the report."""
    at = now()
    evidence = (cage or cages.shared()).read_bytes(content, trust)
    judged = file_report(name, evidence, trust=trust, policy=policy, at=at, personal=personal)
    return _report([judged], evidence, trust, policy, at)


def verify_paths(
    paths: Iterable[Path | str],
    *,
    trust: TrustStore = _NO_TRUST,
    policy: Policy = _DEFAULT,
    personal: bool = False,
    cage: cages.Cage | None = None,
) -> Report:
    """Verify files and folders.  Every file named is judged, and every media file below a folder.

    A path that cannot be judged at all is an entry of ``Report.errors``; the rest goes on.
    """
    at, cage = now(), cage or cages.shared()
    files: list[FileReport] = []
    failures: list[Failure] = []
    seen = Evidence()
    skipped: Counter[str] = Counter()
    for target in targets(paths):
        path = target.path
        try:
            if not _to_be_judged(target):
                skipped["link" if target.why == "link" else "not media"] += 1
                continue
            evidence = cage.read(path, trust, beside(path))
        except InputError as exc:
            failures.append(Failure(str(path), str(exc), exc.mend))
            continue
        seen = evidence if evidence.engine else seen
        files.append(file_report(str(path), evidence, trust=trust, policy=policy, at=at, personal=personal))
    return _report(files, seen, trust, policy, at, failures, skipped)


def _to_be_judged(target: Target) -> bool:
    if target.why == "closed":
        raise InputError(target.error)
    return target.why == "named" or (target.why == "found" and is_media(target.path))


def beside(path: Path) -> Path:
    """Return where the detached manifest of ``path`` would lie."""
    return path.parent / f"{path.name}{SIDECAR}"


def now() -> dt.datetime:
    """Return the time of judgement, in UTC."""
    return dt.datetime.now(dt.timezone.utc)


# --- one file --------------------------------------------------------------------------------------


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
    return FileReport(
        path=path,
        passed=not any(item.level == "error" for item in findings),
        state=verdict.state,
        engine_state=evidence.engine_state,
        axes=verdict.axes,
        sha256=evidence.sha256 or None,
        size=evidence.size,
        format=evidence.format,
        source=evidence.source,
        findings=findings,
        not_checked=verdict.not_checked,
        revocation=RevocationInfo(state=verdict.axes.revocation),
        **(_told_by(active, evidence, personal) if active else {}),
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
    stamped = active.signing.stamped if active.signing else ""
    return {
        "manifest": active.urn,
        "generator": active.generator or None,
        "label": label,
        "signer": _signer_info(active.signing),
        "time": TimeInfo(event=event if isinstance(event, str) else None, stamped=stamped or None),
        "identities": tuple(
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
        not_before=signing.not_before,
        not_after=signing.not_after,
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


# --- the whole -------------------------------------------------------------------------------------


def _report(
    files: list[FileReport],
    seen: Evidence,
    trust: TrustStore,
    policy: Policy,
    at: dt.datetime,
    failures: Iterable[Failure] = (),
    skipped: Mapping[str, int] = MappingProxyType({}),
) -> Report:
    failures = tuple(failures)
    passed = sum(item.passed for item in files)
    return Report(
        tool=Tool("provlabel", __version__),
        engine=Engine("c2pa-rs", printable(seen.engine), seen.spec_version),
        at=at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        policy=(policy.named(),),
        anchors=trust.named(at),
        files=tuple(files),
        errors=failures,
        summary=Summary(
            files=len(files),
            passed=passed,
            failed=len(files) - passed,
            errors=len(failures),
            not_media=skipped.get("not media", 0),
            links=skipped.get("link", 0),
            states=dict(sorted(Counter(item.state for item in files).items())),
        ),
    )
