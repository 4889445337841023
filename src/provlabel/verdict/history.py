"""The axis history: every ingredient of every manifest."""

from __future__ import annotations

from provlabel.evidence import Code, Ingredient, Manifest
from provlabel.manifest.codes import EFFECTS, Effect
from provlabel.report import Finding, HistoryState, finding
from provlabel.trust.anchors import TrustStore
from provlabel.verdict._codes import in_words, vouched_for

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
            return "broken", [finding("history.broken", f"{name}: {in_words(code)}") for code in broken]
        return "clean", [finding("history.no-provenance", name)]
    if target is None:
        return "broken", [finding("history.broken", f"{name}: its manifest is missing")]
    codes = (*part.recorded, *target.codes)
    broken = [code for code in codes if _breaks(code)]
    if broken:
        messages = dict.fromkeys(f"{name}: {in_words(code)}" for code in broken)
        return "broken", [finding("history.broken", text, at=target.urn) for text in messages]
    trusting = [code for code in target.codes if EFFECTS.get(code.code) == "trusted"]
    now_trusted = vouched_for(trusting, trust, "manifest")
    then_stranger = any(EFFECTS.get(code.code) in _STRANGER for code in part.recorded)
    now_stranger = any(EFFECTS.get(code.code) in _STRANGER for code in target.codes) or (trusting and not now_trusted)
    if now_stranger or (then_stranger and not now_trusted):
        return "unknown-signer", [finding("history.unknown-signer", name, at=target.urn)]
    return "clean", []


def _breaks(code: Code) -> bool:
    effect = EFFECTS.get(code.code)
    return effect in _BREAKS or (effect is None and code.kind == "failure")
