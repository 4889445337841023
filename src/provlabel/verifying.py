"""Verify files: evidence from the cage, a verdict, a policy, a report.  One readable procedure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from provlabel import cage as cages
from provlabel._files import SCRATCH_PREFIX, open_regular
from provlabel._text import printable
from provlabel._version import __version__
from provlabel.errors import InputError
from provlabel.evidence import Evidence, Manifest, Signing
from provlabel.formats import MEDIA_SUFFIXES, PREFIX, sniff
from provlabel.manifest import label_info
from provlabel.policy import Policy
from provlabel.report import (
    Engine,
    Failure,
    FileReport,
    Finding,
    HistoryNode,
    Report,
    SignerInfo,
    Summary,
    TimeInfo,
    Tool,
    finding,
)
from provlabel.trust import TrustStore
from provlabel.verdict import Verdict, judge, judge_ingredient

#: Detached manifest of ``song.ogg``: ``song.ogg.c2pa``.
SIDECAR = ".c2pa"
_NO_TRUST = TrustStore()
_DEFAULT = Policy()
_MAX_DEPTH = 100  # of the history shown; the pre-scan allows no more manifests


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
    at = _now()
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
    at, cage = _now(), cage or cages.shared()
    files: list[FileReport] = []
    failures: list[Failure] = []
    seen = Evidence()
    skipped = 0
    for path, named in _targets(paths):
        try:
            if not named and not _is_media(path):
                skipped += 1
                continue
            evidence = cage.read(path, trust, path.with_name(path.name + SIDECAR))
        except InputError as exc:
            failures.append(Failure(str(path), str(exc), exc.mend))
            continue
        seen = evidence if evidence.engine else seen
        files.append(file_report(str(path), evidence, trust=trust, policy=policy, at=at, personal=personal))
    return _report(files, seen, trust, policy, at, failures, skipped)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def _targets(paths: Iterable[Path | str]) -> Iterator[tuple[Path, bool]]:
    """Yield each file and whether it was named; folders are walked in name order, links not followed."""
    for given in paths:
        path = Path(given)
        if not path.is_dir():
            yield path, True
            continue
        yield from ((below, False) for below in _below(path))


def _below(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder  # not readable: opening it as a file says so
        return
    for entry in entries:
        if entry.is_symlink() or entry.name.startswith(SCRATCH_PREFIX):
            continue
        if entry.is_dir():
            yield from _below(entry)
        else:
            yield entry


def _is_media(path: Path) -> bool:
    """Is this a media file, by content, or by a name that promises one?"""
    if path.suffix.lower() in MEDIA_SUFFIXES:
        return True
    if not path.is_file() and not path.is_dir():
        return False
    with open_regular(path) as stream:

        def read_at(offset: int, length: int) -> bytes:
            stream.seek(offset)
            return stream.read(length)

        return stream.seek(0, 2) >= PREFIX and sniff(read_at) is not None


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
    verdict = judge(evidence, anchors=trust.uris, at=at)
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
        revocation={"state": verdict.axes.revocation, "source": None},
        **(_told_by(active, evidence, personal) if active else {}),
    )


def _test_trust(verdict: Verdict, evidence: Evidence, trust: TrustStore) -> tuple[Finding, ...]:
    """Warn when it was the throw-away test root that made the signer trusted."""
    tests = [item.uri for item in trust.lists if item.test]
    if verdict.axes.signer != "trusted" or not tests:
        return ()
    said = " ".join(code.text for code in evidence.manifests[0].codes if code.code == "signingCredential.trusted")
    return (finding("signer.test-credential"),) if any(f"[{uri}]" in said for uri in tests) else ()


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
        "actions": tuple(_action(item) for item in active.actions),
        "history": _history(active, by_urn, 0),
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


def _history(manifest: Manifest, by_urn: dict[str, Manifest], depth: int) -> tuple[HistoryNode, ...]:
    """Return the ingredients of ``manifest`` as a tree; a cycle cannot go deeper than there are manifests."""
    if depth > min(_MAX_DEPTH, len(by_urn)):
        return ()
    nodes = []
    for part in manifest.ingredients:
        target = by_urn.get(part.manifest)
        state = judge_ingredient(part, target)[0]
        info = label_info(target) if target else None
        nodes.append(
            HistoryNode(
                relationship=part.relationship,
                title=part.title,
                format=part.format,
                manifest=part.manifest or None,
                signer=target.signing.subject.get("CN") if target and target.signing else None,
                kind=info.kind if info else None,
                state="no-provenance" if state == "clean" and target is None else state,  # type: ignore[arg-type]
                history=_history(target, by_urn, depth + 1) if target else (),
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
    skipped: int = 0,
) -> Report:
    failures = tuple(failures)
    passed = sum(item.passed for item in files)
    return Report(
        tool=Tool("provlabel", __version__),
        engine=Engine("c2pa-rs", printable(seen.engine), seen.spec_version),
        at=at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        policy=(policy.named(),),
        anchors=trust.named(),
        files=tuple(files),
        errors=failures,
        summary=Summary(
            files=len(files),
            passed=passed,
            failed=len(files) - passed,
            errors=len(failures),
            not_media=skipped,
            states=dict(sorted(Counter(item.state for item in files).items())),
        ),
    )
