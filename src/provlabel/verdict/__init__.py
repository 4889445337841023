"""From evidence to axes, findings and state: one pure function, every branch tested.

The rules are those of ``docs/verdict.md``: the engine's one word decides nothing, a success code
alone decides nothing, an unknown code is an error, and a check that was not made is reported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from msgspec import Struct

from provlabel.carriers.compare import claims_of, disagreements, values_of
from provlabel.evidence import Evidence, Manifest
from provlabel.manifest.codes import EFFECTS, Effect, effect_of, effects_of, in_words
from provlabel.report import PROVEN, AiStatement, Axes, CarrierValue, Content, Finding, LabelState, State, finding
from provlabel.trust.anchors import TrustStore
from provlabel.verdict.ai import ai_history, said_before, statements
from provlabel.verdict.content import content_axis
from provlabel.verdict.history import history_of
from provlabel.verdict.identity import identity_axis
from provlabel.verdict.label import label_axis
from provlabel.verdict.signer import rests_on_claim_stamp, revocation_axis, signer_axis
from provlabel.verdict.time import time_axis, time_findings


class Verdict(Struct, frozen=True):
    """What the evidence amounts to."""

    state: State
    axes: Axes
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    carriers: tuple[CarrierValue, ...] | None = None  #: as compared with the label; None where they are not read
    ai_history: tuple[AiStatement, ...] = ()  #: what earlier versions and parts say about AI
    rests_on_claim_stamp: bool = False  #: without a timestamp over the claim alone, a certificate would be out of date

    @property
    def holds(self) -> bool:
        """Was nothing changed since it was signed, whoever signed?  For verdicts without anchors."""
        return self.axes.content == "intact" and self.axes.signer == "no-anchors" and not self.unknown_failure

    @property
    def unknown_failure(self) -> bool:
        """Did the engine report a failure that this version does not know, and that need not be on any axis?"""
        return any(item.rule == "engine.unknown-code" for item in self.findings)

    @property
    def why(self) -> str:
        """What is wrong, in the words of the first error; the state when there is none."""
        return next((item.message for item in self.findings if item.level == "error"), self.state)


def judge(evidence: Evidence, *, at: dt.datetime, trust: TrustStore = TrustStore()) -> Verdict:  # noqa: B008 - frozen
    """Judge ``evidence`` as of ``at``; ``trust`` holds the lists of anchors that were given.

    The steps, in order: 1 could it be read, 2 is there a manifest, 3 each axis by itself,
    4 the state: the first row that fits.
    """
    if evidence.trouble is not None:
        return _unread(evidence)
    if not evidence.manifests:
        return _unlabeled(evidence)
    active = evidence.manifests[0]
    effects = effects_of(active.codes)
    time = time_axis(active, effects, trust, at)
    content, content_findings = content_axis(evidence)
    signer, signer_findings = signer_axis(evidence, effects, time, trust, at)
    before = tuple(said_before(active, evidence.manifests))
    said = statements(active, before, evidence.carriers or ())
    label, label_findings = label_axis(active, said, {one.relation for one in before}, at)
    history, history_findings = history_of(evidence, trust)
    identity, identity_findings = identity_axis(active, effects, trust)
    revocation = revocation_axis(effects, evidence.examined)
    axes = Axes(
        content=content,
        label=label,
        signer=signer,
        time=time,
        revocation=revocation,
        history=history,
        identity=identity,
    )
    state = state_of(axes, unknown_failure="unknown-failure" in effects)
    told = ai_history(before, trust, trusted=state == "trusted")
    values = values_of(evidence)
    findings = (
        *_unknown_failures(active),
        *dict.fromkeys(_unknown_remarks(evidence.manifests)),
        *content_findings,
        *_damaged(evidence),
        *signer_findings,
        *time_findings(active, time, trust, at),
        *label_findings,
        *(finding(f"label.{one.relation}", one.sentence, at=one.manifest) for one in told),
        *dict.fromkeys(history_findings),
        *identity_findings,
        *disagreements(values or (), evidence.carriers or ()),
        *([finding("carrier.sidecar-differs")] if evidence.sidecar_differs else []),
    )
    return Verdict(
        state, axes, findings, _not_checked(axes, evidence), values, told, rests_on_claim_stamp(evidence, time, at)
    )


def state_of(axes: Axes, *, unknown_failure: bool = False) -> State:
    """Return the one word for a file with a manifest: the first row that fits (``docs/verdict.md``).

    With ``unknown_failure`` the engine says that the manifest fails by something that no axis is about.
    """
    if axes.content == "unreadable":
        return "unreadable"
    broken = (
        unknown_failure
        or axes.content != "intact"
        or axes.signer in ("bad-signature", "revoked", "not-applicable")
        or (axes.signer in ("expired", "not-yet-valid") and axes.time != "proven")
        or axes.history == "broken"
    )
    if broken:
        return "invalid"
    return "trusted" if axes.signer == "trusted" else "valid"


# --- 1 and 2: nothing to judge ---------------------------------------------------------------------

_TROUBLE_RULES = {
    "malformed": "content.malformed",
    "refused": "content.refused",
    "unsupported": "content.unsupported",
    "died": "content.worker-died",
    "too-costly": "content.too-costly",
    "io": "content.unread",
}


def _unread(evidence: Evidence) -> Verdict:
    assert evidence.trouble is not None  # noqa: S101 - narrows the type, decided by the only caller
    axes = _empty_axes("unreadable", ("none",))
    why = finding(_TROUBLE_RULES[evidence.trouble.kind], evidence.trouble.text)
    return Verdict("unreadable", axes, (why,), ("everything: the file could not be read",))


def _unlabeled(evidence: Evidence) -> Verdict:
    if evidence.source == "remote":
        why = finding("label.remote", evidence.remote_url)
        return Verdict("remote", _empty_axes("not-applicable", ("remote-only",)), (why,), ("the remote manifest",))
    claims = (*_damaged(evidence), *claims_of(evidence.carriers or ()))
    axes = _empty_axes("not-applicable", ("none",))
    return Verdict("unsigned", axes, claims, tuple(_not_read(evidence)), values_of(evidence))


def _damaged(evidence: Evidence) -> Iterator[Finding]:
    if evidence.damage:
        yield finding("content.damaged", evidence.damage)


def _empty_axes(content: Content, label: tuple[LabelState, ...]) -> Axes:
    return Axes(
        content=content,
        label=label,
        signer="not-applicable",
        time="none",
        revocation="not-checked",
        history="none",
        identity="none",
    )


# --- 3: the axes -----------------------------------------------------------------------------------


#: Effects whose codes are judged by an axis when they come as failures; any other failure is an error by itself.
_JUDGED: frozenset[Effect] = frozenset(
    {
        "altered",
        "unbound",
        "rule-broken",
        "bad-signature",
        "wrong-purpose",
        "out-of-validity",
        "untrusted",
        "revoked",
        "identity-bad",
        "identity-unknown",
        "identity-unresolved",
    }
)


def _unknown_failures(active: Manifest) -> Iterator[Finding]:
    """No failure of the engine goes unsaid, not even one that is no failure in the specification."""
    for code in active.codes:
        effect = effect_of(code)
        known = effect in _JUDGED and (code.code in EFFECTS or effect == "identity-bad")
        if code.kind == "failure" and not known:
            yield finding("engine.unknown-code", f"failure {in_words(code)}", at=code.url or None)


def _unknown_remarks(manifests: Collection[Manifest]) -> Iterator[Finding]:
    """Tell of other codes that nobody here knows; failures of earlier manifests are for the axis history."""
    for manifest in manifests:
        remarks = (code for code in manifest.codes if code.kind != "failure")
        recorded = (code for part in manifest.ingredients for code in part.recorded)
        for code in (*remarks, *recorded):
            if code.code not in EFFECTS:
                yield finding("engine.unknown-remark", f"{code.kind} {code.code}")


def _not_checked_as_of(axes: Axes, others: list[str]) -> Iterator[str]:
    """Say what another time of judgement does not reach: the engine knows the clock of this machine alone."""
    late = [*(["history"] if axes.history != "none" else []), *others]
    if late:
        yield f"the certificates of {', '.join(late)}, as of that time: they are judged by the clock of this machine"
    if axes.time != "proven":
        yield "whether it was signed by that time: nothing proves it"


def _not_checked(axes: Axes, evidence: Evidence) -> tuple[str, ...]:
    skipped = []
    if axes.revocation == "not-checked":
        why = evidence.examined.revocation_why if evidence.examined else ""
        skipped.append(f"revocation: {why or 'offline, and no stapled or cached answer'}")
    others = [name for name, on in (("time authority", axes.time in PROVEN), ("identity", axes.identity == "ok")) if on]
    if others:
        skipped.append(f"revocation of the certificates of others: {' and '.join(others)}")
    if evidence.as_of:
        by_engine = [name for name in others if name == "identity" or axes.time == "proven"]
        skipped += _not_checked_as_of(axes, by_engine)
    if axes.identity == "not-checked":
        skipped.append("identity: nobody you trust vouches for who it names, or no anchors for identities were given")
    return (*skipped, *_not_read(evidence))


def _not_read(evidence: Evidence) -> Iterator[str]:
    if evidence.carriers is None:
        yield f"tags: those of {evidence.format or 'this format'} are not read"
