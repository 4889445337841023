"""What is said: of one file its verdict, its policy's, and what its manifest tells; of a run the whole.  Pure."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from provlabel._support.text import printable
from provlabel._support.times import rfc3339, zulu
from provlabel._version import __version__
from provlabel.evidence import Evidence, Manifest, Signing
from provlabel.judges import Judge, OwnCheck, heard
from provlabel.manifest.read import label_info
from provlabel.policy import Gate
from provlabel.report import (
    AccountInfo,
    CarrierValue,
    Engine,
    Failure,
    FileReport,
    Finding,
    HistoryNode,
    IdentityInfo,
    Named,
    Report,
    RevocationInfo,
    SignerInfo,
    Skipped,
    Summary,
    TimeInfo,
    Tool,
    finding,
    outcome_of,
)
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Examined
from provlabel.verdict import Verdict, judge
from provlabel.verdict.history import judge_ingredient

if TYPE_CHECKING:
    from provlabel.exchange.delivery import Delivery
    from provlabel.verifying.options import VerifyOptions


def judges_of(
    how: VerifyOptions, gate: Gate, at: dt.datetime, second: Judge | None = None, against: Judge | None = None
) -> tuple[Judge, ...]:
    """Return who judges files besides the verdict, in this order; what the policies miss comes last."""
    laws: list[Judge] = []
    if how.laws or gate.has_laws:
        from provlabel.law import LawJudge

        laws.append(LawJudge(lambda path: (*how.laws, *gate.laws(path)), at, how.as_of))
    others = (second, *laws, against, *map(OwnCheck, how.judges))
    return (*(judge for judge in others if judge is not None), gate.under(how.trust))


def file_report(
    path: str, evidence: Evidence, how: VerifyOptions, judges: Iterable[Judge], at: dt.datetime
) -> FileReport:
    """Judge ``evidence`` and put everything that is to be said about the file into one record.

    What becomes of the file by all that was found is for the policies to say (:meth:`Gate.settle`).
    """
    verdict = judge(evidence, trust=how.trust, at=at)
    return heard(_as_reported(path, evidence, verdict, how.trust, how.personal), evidence, verdict, judges)


def _as_reported(path: str, evidence: Evidence, verdict: Verdict, trust: TrustStore, personal: bool) -> FileReport:
    """Return what is so, before any policy."""
    active = evidence.manifests[0] if evidence.manifests else None
    return FileReport(
        path=path,
        passed=False,
        outcome="failed",
        state=verdict.state,
        engine_state=evidence.engine_state,
        axes=verdict.axes,
        sha256=evidence.sha256 or None,
        sidecar_sha256=evidence.sidecar_sha256 or None,
        size=evidence.size,
        format=evidence.format,
        source=evidence.source,
        findings=(*verdict.findings, *_test_trust(verdict, evidence, trust)),
        not_checked=verdict.not_checked,
        revocation=_revocation_info(verdict, evidence),
        carriers=_shown(verdict.carriers, personal),
        ai_history=verdict.ai_history,
        **(_stated_by(active, evidence, trust, personal) if active else {}),
    )


def _shown(values: tuple[CarrierValue, ...] | None, personal: bool) -> tuple[CarrierValue, ...] | None:
    """Return what the carriers say; names and words of people only where they are asked for."""
    if values is None or personal or not any(value.personal for value in values):
        return values
    hidden = {"values": (), "expected": None}
    return tuple(msgspec.structs.replace(value, **hidden) if value.personal else value for value in values)


def _revocation_info(verdict: Verdict, evidence: Evidence) -> RevocationInfo:
    examined = evidence.examined
    if examined is None:
        why = "" if verdict.axes.revocation != "not-checked" else "offline, and no stapled or cached answer"
        return RevocationInfo(state=verdict.axes.revocation, why=why)
    return RevocationInfo(
        state=verdict.axes.revocation,
        source=examined.revocation_source or None,
        why=examined.revocation_why,
        updated=examined.this_update or None,
    )


def _test_trust(verdict: Verdict, evidence: Evidence, trust: TrustStore) -> tuple[Finding, ...]:
    """Warn when it was the throw-away test root that made the signer trusted."""
    if verdict.axes.signer != "trusted":
        return ()
    codes = [code for code in evidence.manifests[0].codes if code.code == "signingCredential.trusted"]
    used = [item for code in codes for item in trust.vouching(code.text, "manifest")]
    return (finding("signer.test-credential"),) if any(item.test for item in used) else ()


def _stated_by(active: Manifest, evidence: Evidence, trust: TrustStore, personal: bool) -> dict[str, Any]:
    """What the active manifest tells: label, signer, times, actions, history."""
    by_urn = {manifest.urn: manifest for manifest in evidence.manifests}
    label = label_info(active, personal=personal)
    event = label.value.get("event_time") if label else None
    stamped = zulu(active.signing.stamped) if active.signing else ""
    return {
        "manifest": active.urn,
        "generator": active.generator or None,
        "thumbnail": active.thumbnail or None,
        "label": label,
        "signer": _signer_info(active.signing, evidence.examined),
        "time": TimeInfo(event=event if isinstance(event, str) else None, stamped=stamped or None),
        "identity": tuple(
            IdentityInfo(
                name=one.name,
                organization=one.organization,
                roles=one.roles,
                issuer=one.issuer,
                accounts=msgspec.convert(one.accounts, tuple[AccountInfo, ...], from_attributes=True),
            )
            for one in active.identities
        ),
        "actions": tuple(_action(item) for item in active.actions),
        "history": _history(active, by_urn, {active.urn}, trust),
    }


def _action(item: Any) -> dict[str, str]:
    pairs = (
        ("action", item.action),
        ("source_type", item.source_type),
        ("when", item.when),
        ("agent", f"{item.agent} {item.agent_version}".strip()),
    )
    return {key: value for key, value in pairs if value}


def _signer_info(signing: Signing | None, examined: Examined | None) -> SignerInfo | None:
    if signing is None:
        return None
    holder = examined.holder if examined is not None else None
    return SignerInfo(
        name=signing.subject.get("CN", ""),
        organization=signing.subject.get("O", ""),
        issuer=signing.issuer.get("CN", "") or signing.issuer.get("O", ""),
        serial=signing.serial,
        algorithm=signing.algorithm,
        not_before=zulu(signing.not_before),
        not_after=zulu(signing.not_after),
        spki_sha256=holder.spki_sha256 if holder is not None else None,
        issuer_sha256=holder.issuers if holder is not None else (),
    )


def _history(
    manifest: Manifest, by_urn: dict[str, Manifest], unfolded: set[str], trust: TrustStore
) -> tuple[HistoryNode, ...]:
    """Return the ingredients of ``manifest`` as a tree.

    A manifest that several others refer to is unfolded once: a store of 360 kB can hold a graph whose
    tree has millions of nodes.
    """
    nodes = []
    for part in manifest.ingredients:
        target = by_urn.get(part.manifest)
        state = judge_ingredient(part, target, trust)[0]
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
                history=_history(target, by_urn, unfolded, trust) if target and first else (),
            )
        )
    return tuple(nodes)


# --- the whole -------------------------------------------------------------------------------------


#: What a path turned out to be: evidence, something that is not judged, or nothing that can be read.
PathResult = Evidence | Skipped | Failure | None


class Tally:
    """What was found so far, in order, and the report of it."""

    def __init__(
        self,
        gate: Gate,
        judges: Sequence[Judge],
        how: VerifyOptions,
        at: dt.datetime,
        against: Delivery | None = None,
    ) -> None:
        self._gate, self._judges, self._how, self._at, self._against = gate, judges, how, at, against
        self._files: list[FileReport] = []
        self._failures: list[Failure] = []
        self._skipped: list[Skipped] = []
        self._others: Counter[str] = Counter()
        self._exceptions: Counter[int] = Counter()
        self._engine = Engine("c2pa-rs", "", "")
        self._tops: set[Path] = set()  # folders in which something was judged

    @property
    def failed(self) -> bool:
        """Would the run fail by what is known already?"""
        return (
            bool(self._failures)
            or (bool(self._files) and not self._files[-1].passed)
            or (bool(self._skipped) and self._skipped[-1].fails)
        )

    def add(self, path: Path | str, result: PathResult, top: Path | None = None) -> None:
        """Take in what became of one path below ``top``; ``None`` when nobody looked."""
        if top is not None and isinstance(result, (Evidence, Failure)):
            self._tops.add(top)
        if isinstance(result, Evidence):
            self._judge(str(path), result)
        elif isinstance(result, Failure):
            self._failures.append(result)
        elif result is None:
            self._skipped.append(Skipped(str(path), "not reached"))
        else:
            self._leave_out(result)

    def _leave_out(self, item: Skipped) -> None:
        if item.why == "not media":
            self._others[os.path.splitext(item.path)[1].lower()] += 1  # noqa: PTH122 - there may be many
        if item.why != "not media" or item.fails:
            self._skipped.append(item)

    def _judge(self, path: str, evidence: Evidence) -> None:
        self._take(file_report(path, evidence, self._how, self._judges, self._at), evidence)
        if evidence.spec_version or not self._engine.version:
            self._engine = Engine("c2pa-rs", printable(evidence.engine), evidence.spec_version)

    def _take(self, file: FileReport, evidence: Evidence | None) -> None:
        """Say what becomes of a file by what is in force, and which exceptions it needed."""
        findings, exceptions = self._gate.settle(file, evidence, self._at)
        outcome = outcome_of(findings)
        passed = outcome != "failed"
        self._files.append(msgspec.structs.replace(file, findings=findings, outcome=outcome, passed=passed))
        self._exceptions.update(exceptions)

    def report(self, folders: Sequence[Path], insecure: tuple[str, ...]) -> Report:
        """Return the whole; ``folders`` were named, and a run that went on to its end judges something in each."""
        gate = self._gate
        if not any(item.why == "not reached" for item in self._skipped):
            self._skipped += [Skipped(str(top), "empty") for top in dict.fromkeys(folders) if top not in self._tops]
            for entry in self._against.missing() if self._against is not None else ():
                self._take(entry, None)
        return Report(
            tool=Tool("provlabel", __version__),
            engine=self._engine,
            at=rfc3339(self._at),
            policy=gate.infos(),
            anchors=self._how.trust.named(self._at),
            files=tuple(self._files),
            summary=self._summary(len(folders)),
            baseline=gate.baseline.named if gate.baseline else None,
            message=self._against.named if self._against is not None else None,
            laws=self._read(),
            exceptions=gate.uses(self._exceptions, self._at),
            errors=tuple(self._failures),
            skipped=tuple(self._skipped),
            insecure=insecure,
        )

    def _read(self) -> tuple[Named, ...]:
        """Name the laws that were asked for, by whoever runs this or by a policy."""
        names = dict.fromkeys([*self._how.laws, *(result.law for item in self._files for result in item.law)])
        if not names:
            return ()
        from provlabel.law import load_laws

        return tuple(law.named for law in load_laws(names))

    def _summary(self, folders: int) -> Summary:
        outcomes = Counter(item.outcome for item in self._files)
        why = Counter(item.why for item in self._skipped)
        return Summary(
            files=len(self._files),
            passed=outcomes["passed"],
            excepted=outcomes["excepted"],
            known=outcomes["known"],
            failed=outcomes["failed"],
            errors=len(self._failures),
            folders=folders,
            not_media=self._others.total(),
            links=why["link"],
            scratch=why["scratch"],
            repositories=why["repository"],
            outside=why["outside"],
            untracked=why["untracked"],
            not_reached=why["not reached"],
            empty=why["empty"],
            refused=sum(item.fails for item in self._skipped),
            states=dict(sorted(Counter(item.state for item in self._files).items())),
            other_types=dict(sorted(self._others.items())),
        )
