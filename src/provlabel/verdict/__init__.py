"""From evidence to axes, findings and state: one pure function, every branch tested.

The rules are those of ``docs/verdict.md``: the engine's one word decides nothing, a success code
alone decides nothing, an unknown code is an error, and a check that was not made is said.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterable, Iterator

import msgspec
from msgspec import Struct

from provlabel._support import times as _times
from provlabel._support.times import zulu
from provlabel._support.types import ready
from provlabel.carriers.compare import claims_of, disagreements, values_of
from provlabel.evidence import Code, Evidence, Exclusion, Identity, Ingredient, Manifest, Signing, bound
from provlabel.label.records import SCHEMA, Label
from provlabel.label.vocabularies import AI_KINDS, KINDS, SOURCE_TYPES
from provlabel.manifest.codes import EFFECTS, Effect
from provlabel.report import (
    Axes,
    CarrierValue,
    Content,
    Finding,
    HistoryState,
    IdentityState,
    LabelState,
    RevocationState,
    SignerState,
    State,
    TimeState,
    finding,
)
from provlabel.trust.anchors import Purpose, TrustStore
from provlabel.trust.chains import Examined

_INCEPTION = frozenset({"c2pa.created", "c2pa.opened"})
# The engine's words for a hash that fits, over a range that does not (Truepic samples of 2023).
_WRONG_RANGE = "does not match the manifest location"


class Verdict(Struct, frozen=True):
    """What the evidence amounts to."""

    state: State
    axes: Axes
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    carriers: tuple[CarrierValue, ...] | None = None  #: as compared with the label; None where they are not read

    @property
    def holds(self) -> bool:
        """Was nothing changed since it was signed, whoever signed?  For verdicts without anchors."""
        return self.axes.content == "intact" and self.axes.signer == "no-anchors"

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
        return _unlabelled(evidence)
    active = evidence.manifests[0]
    effects = _effects(active.codes)
    time = _time(active, effects, trust, at)
    content, content_findings = _content(bound(evidence.manifests))
    signer, signer_findings = _signer(evidence, effects, time, trust, at)
    label, label_findings = _label(active)
    history, history_findings = history_of(evidence.manifests, trust)
    identity, identity_findings = _identity(active, effects, trust)
    revocation = _revocation(effects, evidence.examined)
    axes = Axes(
        content=content,
        label=label,
        signer=signer,
        time=time,
        revocation=revocation,
        history=history,
        identity=identity,
    )
    values = values_of(evidence)
    findings = (
        *_unknown_codes(evidence.manifests),
        *_odd_failures(active),
        *content_findings,
        *signer_findings,
        *_time_findings(active, time),
        *label_findings,
        *dict.fromkeys(history_findings),
        *identity_findings,
        *disagreements(values or (), evidence.carriers or ()),
        *([finding("carrier.sidecar-differs")] if evidence.sidecar_differs else []),
    )
    return Verdict(state_of(axes), axes, findings, _not_checked(axes, evidence), values)


def state_of(axes: Axes) -> State:
    """Return the one word for a file with a manifest: the first row that fits (``docs/verdict.md``)."""
    if axes.content == "unreadable":
        return "unreadable"
    broken = (
        axes.content != "intact"
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


def _unlabelled(evidence: Evidence) -> Verdict:
    if evidence.source == "remote":
        why = finding("label.remote", evidence.remote_url)
        return Verdict("remote", _empty_axes("not-applicable", ("remote-only",)), (why,), ("the remote manifest",))
    claims = tuple(claims_of(evidence.carriers or ()))
    axes = _empty_axes("not-applicable", ("none",))
    return Verdict("unsigned", axes, claims, tuple(_not_read(evidence)), values_of(evidence))


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


def _effects(codes: Collection[Code]) -> dict[Effect, list[Code]]:
    found: dict[Effect, list[Code]] = {}
    for code in codes:
        if code.code in EFFECTS:
            found.setdefault(EFFECTS[code.code], []).append(code)
    return found


def _unknown_codes(manifests: Collection[Manifest]) -> Iterator[Finding]:
    for manifest in manifests:
        recorded = (code for part in manifest.ingredients for code in part.recorded)
        for code in (*manifest.codes, *recorded):
            if code.code not in EFFECTS:
                yield finding("engine.unknown-code", f"{code.kind} {code.code}", at=code.url or None)


#: Effects whose codes are judged below when they come as failures; any other failure is an error by itself.
_JUDGED: frozenset[Effect] = frozenset(
    {
        "altered",
        "unbound",
        "rule-broken",
        "bad-signature",
        "out-of-validity",
        "untrusted",
        "revoked",
        "identity-bad",
        "identity-unknown",
    }
)


def _odd_failures(active: Manifest) -> Iterator[Finding]:
    """No failure of the engine goes unsaid, not even one that is no failure in the specification."""
    for code in active.codes:
        if code.kind == "failure" and code.code in EFFECTS and EFFECTS[code.code] not in _JUDGED:
            yield finding("engine.unknown-code", f"failure {code.code}", at=code.url or None)


def _content(bound: tuple[Manifest, ...]) -> tuple[Content, list[Finding]]:
    codes = [code for manifest in bound for code in manifest.codes]
    effects = _effects(codes)
    altered = [code for code in effects.get("altered", ()) if _WRONG_RANGE not in code.text]
    wrong_range = [code for code in effects.get("altered", ()) if _WRONG_RANGE in code.text]
    unknown = [code for code in codes if code.kind == "failure" and code.code not in EFFECTS]
    findings = [
        *(finding("content.altered", _said(code), at=code.url) for code in altered),
        *(
            finding("content.not-fully-bound", f"{code.code}, {code.text}", at=code.url)
            for code in (*wrong_range, *effects.get("unbound", ()))
        ),
        *(finding("content.rule-broken", _said(code), at=code.url) for code in effects.get("rule-broken", ())),
    ]
    uncovered, metadata = _exclusions(bound[-1], effects)
    findings += uncovered
    if altered:
        return "altered", findings
    if findings or unknown or "bound" not in effects:
        return "not-fully-bound", findings or [finding("content.not-fully-bound", "no content hash was confirmed")]
    return "intact", metadata


def _said(code: Code) -> str:
    """The code, and the engine's own words where they say more than it."""
    plain = not code.text or (EFFECTS.get(code.code) == "altered" and code.code.endswith(".mismatch"))
    return code.code if plain else f"{code.code}, {code.text}"


# Tables of offsets, which C2PA 1 left out of every hash because a manifest in front of the media moves it.
_OFFSETS = frozenset(
    {
        "/meta/iloc",
        "/mfra/tfra",
        "/moov/trak/mdia/minf/stbl/stco",
        "/moov/trak/mdia/minf/stbl/co64",
        "/moof/traf/tfhd",
        "/moof/traf/trun",
    }
)
# C2PA 2.4 §15.12.1 calls such a hash malformed; the engine takes it.
_DISORDER = "the ranges that the hash leaves out overlap, or are in the wrong order"
_HARMLESS = frozenset({"manifest", "structure", "metadata"})


def _exclusions(hashed: Manifest, effects: dict[Effect, list[Code]]) -> tuple[list[Finding], list[Finding]]:
    """Judge what the content hash leaves out besides the manifest: only metadata and padding may be.

    We look at everything ourselves: the engine makes no remark about a second ``ftyp``.  Boxes, and
    all that it does remark on, must be known to us, or what is left out cannot be told, which
    counts as not covered.
    """
    ranges = [part for part in hashed.exclusions if not part.xpath]
    if any(after.start < before.start + before.length for before, after in itertools.pairwise(ranges)):
        return [finding("content.not-fully-bound", _DISORDER)], []
    remarked = "excluded" in effects
    judged = [part for part in hashed.exclusions if part.xpath not in _OFFSETS]
    for part in judged:
        if part.role == "media" or (part.role not in _HARMLESS and (remarked or part.xpath)):
            return [finding("content.not-fully-bound", _left_out(part))], []
    if remarked and not hashed.exclusions:
        return [finding("content.not-fully-bound", _said(effects["excluded"][0]))], []
    notes = ["content.metadata-excluded"] if any(part.role == "metadata" for part in judged) else []
    notes += ["content.offsets-excluded"] if len(judged) < len(hashed.exclusions) else []
    return [], [finding(rule) for rule in notes]


def _left_out(part: Exclusion) -> str:
    place = f"boxes {part.xpath}" if part.xpath else f"{part.length} bytes at byte {part.start}"
    what = "which hold more than padding" if part.role == "media" else "and what lies there is not known"
    return f"the hash leaves out {place}, {what}"


_SignerSeen = tuple[SignerState, list[Finding]]


def _signer(
    evidence: Evidence, effects: dict[Effect, list[Code]], time: TimeState, trust: TrustStore, at: dt.datetime
) -> _SignerSeen:
    """Judge who signed: the first that fits of bad, revoked, out of validity, and who vouches."""
    active = evidence.manifests[0]
    return (
        _bad_signature(active, effects)
        or _revoked(effects, evidence.examined)
        or _out_of_validity(evidence, effects, time, at)
        or _vouched(evidence, effects, time, trust)
    )


def _bad_signature(active: Manifest, effects: dict[Effect, list[Code]]) -> _SignerSeen | None:
    if bad := effects.get("bad-signature"):
        return "bad-signature", [finding("signer.bad-signature", _said(code), at=code.url) for code in bad]
    validated = any(code.code == "claimSignature.validated" for code in active.codes)
    if active.signing is None or not validated:
        return "bad-signature", [finding("signer.bad-signature", "the engine did not confirm the signature")]
    return None


def _revoked(effects: dict[Effect, list[Code]], examined: Examined | None) -> _SignerSeen | None:
    if revoked := effects.get("revoked"):
        return "revoked", [finding("signer.revoked", at=revoked[0].url)]
    if examined is not None and examined.revocation == "revoked":
        return "revoked", [finding("signer.revoked", examined.revocation_why)]
    return None


def _out_of_validity(
    evidence: Evidence, effects: dict[Effect, list[Code]], time: TimeState, at: dt.datetime
) -> _SignerSeen | None:
    """Compare with ``at``; what the engine says is about the clock, so it counts only for the present."""
    active = evidence.manifests[0]
    assert active.signing is not None  # noqa: S101 - narrows the type, decided by the only caller
    outside = _outside_validity(active, at)
    said = [code for code in effects.get("out-of-validity", ()) if code.kind == "failure" and not evidence.as_of]
    if said and time == "proven":  # then the certificate was not valid at the very time that is proven
        return "bad-signature", [finding("signer.bad-signature", _said(said[0]), at=said[0].url)]
    if said:
        outside = outside or "expired"
    if outside is not None and time != "proven":
        return outside, [finding(f"signer.{outside}", _validity(active.signing))]
    return None


def _validity(signing: Signing) -> str:
    return f"valid {zulu(signing.not_before)} to {zulu(signing.not_after)}"


def _vouched(evidence: Evidence, effects: dict[Effect, list[Code]], time: TimeState, trust: TrustStore) -> _SignerSeen:
    if not trust.has("manifest"):
        return "no-anchors", [finding("signer.no-anchors")]
    if evidence.as_of:
        return _by_path(evidence.examined, time)
    if "untrusted" in effects or not _vouched_for(effects.get("trusted", ()), trust, "manifest"):
        return "unknown", [finding("signer.unknown")]
    return _by_path(evidence.examined, time) if evidence.examined is not None else ("trusted", [])


def _by_path(examined: Examined | None, time: TimeState) -> _SignerSeen:
    """Judge by our own look at the chain: the engine knows no other time than that of the clock."""
    if examined is None:
        return "unknown", [finding("signer.invalid-chain", "its certificates could not be read")]
    if examined.path == "trusted":
        return "trusted", []
    if examined.path == "unknown":
        return "unknown", [finding("signer.unknown")]
    if examined.path == "invalid":
        return "unknown", [finding("signer.invalid-chain", examined.why)]
    if time == "proven":  # then a certificate was not valid at the very time that is proven
        return "bad-signature", [finding("signer.bad-signature", examined.why)]
    return examined.path, [finding(f"signer.{examined.path}", examined.why)]


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


def _vouched_for(codes: Iterable[Code], trust: TrustStore, purpose: Purpose) -> bool:
    """Was it a list for this purpose that vouched?  The engine takes any, and names it only in its explanation."""
    return any(trust.vouching(code.text, purpose) for code in codes)


def proven_time(evidence: Evidence, trust: TrustStore, at: dt.datetime) -> dt.datetime | None:
    """Return the time of signing if it is proven as of ``at``."""
    active = evidence.manifests[0]
    if active.signing is None or _time(active, _effects(active.codes), trust, at) != "proven":
        return None
    return _times.read(active.signing.stamped)


def _time(active: Manifest, effects: dict[Effect, list[Code]], trust: TrustStore, at: dt.datetime) -> TimeState:
    """Say what is known of the time of signing.

    A token of a v1 claim is never proof: the engine says trusted without checking its issuer.  Nor is
    one over the claim alone, which the engine takes in v2 claims too: the claim could have been
    stamped long before it was signed.
    A token from after ``at`` did not exist then.
    """
    proven = _vouched_for(effects.get("time-proven", ()), trust, "timestamp") and "bad-signature" not in effects
    stamped = active.signing.stamped if active.signing else ""
    proven = proven and active.signing is not None and active.signing.sealed
    if proven and active.claim_version >= 2 and _is_by(stamped, at):
        return "proven"
    return "claimed" if stamped or _event_time(active) else "none"


def _is_by(stamped: str, at: dt.datetime) -> bool:
    try:
        return _times.read(stamped) - at <= _SKEW
    except (ValueError, TypeError):
        return False


_SKEW = dt.timedelta(minutes=5)  # by which the clock of a time authority may be ahead of ours


def _event_time(active: Manifest) -> str:
    label = active.label if isinstance(active.label, dict) else {}
    return str(label.get("event_time") or "") or next((item.when for item in active.actions if item.when), "")


def _time_findings(active: Manifest, time: TimeState) -> list[Finding]:
    if time == "proven":
        return []
    if active.signing and active.signing.stamped:
        return [finding("time.untrusted-stamp", zulu(active.signing.stamped))]
    ends = zulu(active.signing.not_after) if active.signing else ""
    return [finding("time.unproven", f"it ends {ends}" if ends else "")]


def _revocation(effects: dict[Effect, list[Code]], examined: Examined | None) -> RevocationState:
    """Say what is known of a revocation; the engine's word counts only when it is bad news."""
    if "revoked" in effects:
        return "revoked"
    return "not-checked" if examined is None else examined.revocation


def _identity(
    active: Manifest, effects: dict[Effect, list[Code]], trust: TrustStore
) -> tuple[IdentityState, list[Finding]]:
    """Judge who else vouches for the file (CAWG identity 1.2 §7), by anchors of their own."""
    if bad := effects.get("identity-bad"):
        return "bad", [finding("identity.bad", _said(code), at=code.url) for code in bad]
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
    return "ok", []


def _is_about(code: Code, found: Identity) -> bool:
    return code.url.rpartition("/")[2] == found.assertion


# --- the label axis --------------------------------------------------------------------------------


def _label(active: Manifest) -> tuple[tuple[LabelState, ...], list[Finding]]:
    findings = [*_label_vocabulary(active), *_label_contradictions(active), *_label_vouching(active)]
    states: list[LabelState] = []
    if active.label is not None or any(is_ai(item.source_type) for item in active.actions):
        states.append("present")
    for rule, state in _LABEL_STATES:
        if any(item.rule == rule for item in findings):
            states.append(state)
    return tuple(states) or ("none",), findings


_LABEL_STATES: tuple[tuple[str, LabelState], ...] = (
    ("label.unknown-value", "unknown-value"),
    ("label.contradictory", "contradictory"),
    ("label.unvouched", "unvouched"),
)


def is_ai(source_type: str) -> bool:
    """Does this digital source type say that AI took part?"""
    return SOURCE_TYPES.get(source_type) in AI_KINDS


def _kind(active: Manifest) -> str | None:
    kind = active.label.get("kind") if isinstance(active.label, dict) else None
    return kind if isinstance(kind, str) else None


def _label_vocabulary(active: Manifest) -> Iterator[Finding]:
    for item in active.actions:
        if item.source_type and item.source_type not in SOURCE_TYPES:
            yield finding("label.unknown-value", f"digitalSourceType {item.source_type}", at=item.action)
    if active.label is None and not active.labels:
        return
    if _kind(active) not in KINDS:
        yield finding("label.unknown-value", f"kind {_kind(active)}", at="org.provlabel.label")
    schema = active.label.get("schema") if isinstance(active.label, dict) else None
    if schema != SCHEMA:
        yield finding("label.newer-schema", f"schema {schema}", at="org.provlabel.label")
        return
    try:
        msgspec.convert(active.label, ready(Label))
    except msgspec.ValidationError as exc:
        yield finding("label.malformed", str(exc), at="org.provlabel.label")


def _label_contradictions(active: Manifest) -> Iterator[Finding]:
    inceptions = [item for item in active.actions if item.action in _INCEPTION]
    if len(inceptions) > 1:
        stated = ", ".join(f"{item.action} {item.source_type}".strip() for item in inceptions)
        yield finding("label.contradictory", f"more than one beginning: {stated}")
    if active.labels > 1:
        yield finding("label.contradictory", f"{active.labels} labels in one manifest")
    facts = KINDS.get(_kind(active) or "")
    if facts is None:
        return
    stated_types = {item.source_type for item in active.actions if item.source_type in SOURCE_TYPES}
    says_ai = any(map(is_ai, stated_types))
    if stated_types and facts.digital_source_type not in stated_types:
        shown = ", ".join(sorted(stated_types))
        yield finding("label.contradictory", f"the label says {_kind(active)}, the actions say {shown}")
    elif says_ai and _kind(active) not in AI_KINDS:
        yield finding("label.contradictory", f"the label says {_kind(active)}, an action says AI took part")


def _label_vouching(active: Manifest) -> Iterator[Finding]:
    if active.label is not None and not active.label_vouched:
        yield finding("label.unvouched", at="org.provlabel.label")
    for item in active.actions:
        if item.source_type and not item.vouched:
            yield finding("label.unvouched", f"action {item.action}", at=item.action)


# --- the history axis ------------------------------------------------------------------------------

_BREAKS: frozenset[Effect] = frozenset({"altered", "unbound", "rule-broken", "bad-signature", "revoked"})
_STRANGER: frozenset[Effect] = frozenset({"untrusted", "out-of-validity"})


def history_of(manifests: tuple[Manifest, ...], trust: TrustStore) -> tuple[HistoryState, list[Finding]]:
    """Judge every ingredient of every manifest, at any depth.

    The engine stores what it found about an ingredient when it was added and later reports only
    changes, so that a laundered parent reads as trusted.  Recorded and present codes both count.
    """
    by_urn = {manifest.urn: manifest for manifest in manifests}
    states: list[HistoryState] = []
    findings: list[Finding] = []
    for manifest in manifests:
        for part in manifest.ingredients:
            state, why = judge_ingredient(part, by_urn.get(part.manifest), trust)
            states.append(state)
            findings += why
    worst: tuple[HistoryState, ...] = ("broken", "unknown-signer", "clean")
    return next((state for state in worst if state in states), "none"), findings


def judge_ingredient(
    part: Ingredient, target: Manifest | None, trust: TrustStore
) -> tuple[HistoryState, list[Finding]]:
    """Judge one ingredient by what was recorded with it and by its manifest in the same store."""
    name = part.title or part.manifest or part.relationship
    if not part.manifest:
        broken = [code for code in part.recorded if EFFECTS.get(code.code) in _BREAKS]
        if broken:
            return "broken", [finding("history.broken", f"{name}: {_said(code)}") for code in broken]
        return "clean", [finding("history.no-provenance", name)]
    if target is None:
        return "broken", [finding("history.broken", f"{name}: its manifest is missing")]
    codes = (*part.recorded, *target.codes)
    broken = [code for code in codes if _breaks(code)]
    if broken:
        said = dict.fromkeys(f"{name}: {_said(code)}" for code in broken)
        return "broken", [finding("history.broken", text, at=target.urn) for text in said]
    trusting = [code for code in target.codes if EFFECTS.get(code.code) == "trusted"]
    now_trusted = _vouched_for(trusting, trust, "manifest")
    then_stranger = any(EFFECTS.get(code.code) in _STRANGER for code in part.recorded)
    now_stranger = any(EFFECTS.get(code.code) in _STRANGER for code in target.codes) or (trusting and not now_trusted)
    if now_stranger or (then_stranger and not now_trusted):
        return "unknown-signer", [finding("history.unknown-signer", name, at=target.urn)]
    return "clean", []


def _breaks(code: Code) -> bool:
    effect = EFFECTS.get(code.code)
    return effect in _BREAKS or (effect is None and code.kind == "failure")


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
    others = [
        name for name, on in (("time authority", axes.time == "proven"), ("identity", axes.identity == "ok")) if on
    ]
    if others:
        skipped.append(f"revocation of the certificates of others: {' and '.join(others)}")
    if evidence.as_of:
        skipped += _not_checked_as_of(axes, others)
    if axes.identity == "not-checked":
        skipped.append("identity: nobody you trust vouches for who it names, or no anchors for identities were given")
    return (*skipped, *_not_read(evidence))


def _not_read(evidence: Evidence) -> Iterator[str]:
    if evidence.carriers is None:
        yield f"tags: those of {evidence.format or 'this format'} are not read"
