"""The axis history: every ingredient of every manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provlabel.evidence import Code, Evidence, Ingredient, Manifest
from provlabel.manifest.codes import EFFECTS, Effect, effect_of, in_words, vouched_for
from provlabel.media.formats import BY_NAME
from provlabel.report import Finding, HistoryState, finding
from provlabel.trust.anchors import TrustStore

_BREAKS: frozenset[Effect] = frozenset(
    {"altered", "unbound", "rule-broken", "bad-signature", "revoked", "unknown-failure"}
)


_STRANGER: frozenset[Effect] = frozenset({"untrusted", "out-of-validity", "wrong-purpose"})


def history_of(evidence: Evidence, trust: TrustStore) -> tuple[HistoryState, list[Finding]]:
    """Judge every ingredient of every manifest, at any depth.

    The engine stores what it found about an ingredient when it was added and later reports only
    changes, so that a laundered parent reads as trusted.  Recorded and present codes both count.
    """
    manifests = evidence.manifests
    by_urn = {manifest.urn: manifest for manifest in manifests}
    states: list[HistoryState] = []
    findings = list(_odd_parents(evidence))
    for manifest in manifests:
        for part in manifest.ingredients:
            state, why = judge_ingredient(part, by_urn.get(part.manifest), trust)
            states.append(state)
            findings += why
    worst: tuple[HistoryState, ...] = ("broken", "unknown-signer", "clean")
    return next((state for state in worst if state in states), "none"), findings


#: Media that the media of an earlier version can have become: a frame or the sound of a video, a video of a picture.
_BECOMES: dict[str, frozenset[str]] = {
    "image": frozenset({"image", "video"}),
    "audio": frozenset({"audio", "video"}),
    "video": frozenset({"image", "audio", "video"}),
}


def may_become(earlier: str, later: str) -> bool:
    """Can a file of one medium (image, audio, video) have become one of the other?"""
    return later in _BECOMES.get(earlier, {later})


def _odd_parents(evidence: Evidence) -> Iterator[Finding]:
    """Say where the file cannot have been made from what it names as its earlier version; by their media types."""
    fmt = BY_NAME.get(evidence.format or "")
    if fmt is None:
        return
    for part in evidence.manifests[0].ingredients:
        medium = part.format.partition("/")[0]
        if part.relationship == "parentOf" and not may_become(medium, fmt.media):
            yield finding("history.odd-parent", f"{part.title or 'it'} is {part.format}, this file {fmt.name}")


def judge_ingredient(
    part: Ingredient, target: Manifest | None, trust: TrustStore
) -> tuple[HistoryState, list[Finding]]:
    """Judge one ingredient by what was recorded with it and by its manifest in the same store."""
    name = part.title or part.manifest or part.relationship
    if not part.manifest:
        broken = _recorded_breaks(part)
        if broken:
            return "broken", list(_broken(name, broken))
        return "clean", [finding("history.no-provenance", name)]
    if target is None:
        return "broken", [finding("history.broken", f"{name}: its manifest is missing")]
    broken = [*_recorded_breaks(part), *(code for code in target.codes if effect_of(code) in _BREAKS)]
    if broken:
        return "broken", list(_broken(name, broken, at=target.urn))
    trusting = [code for code in target.codes if effect_of(code) == "trusted"]
    now_trusted = vouched_for(trusting, trust, "manifest")
    then_stranger = any(effect_of(code) in _STRANGER for code in part.recorded)
    now_stranger = any(effect_of(code) in _STRANGER for code in target.codes) or (trusting and not now_trusted)
    if now_stranger or (then_stranger and not now_trusted):
        return "unknown-signer", [finding("history.unknown-signer", name, at=target.urn)]
    return "clean", []


def _recorded_breaks(part: Ingredient) -> list[Code]:
    """Return what was recorded as broken; codes of another validator that nobody here knows say nothing."""
    return [code for code in part.recorded if code.code in EFFECTS and effect_of(code) in _BREAKS]


def _broken(name: str, codes: Sequence[Code], at: str | None = None) -> Iterator[Finding]:
    """Say what is wrong with one part, each thing once; who breaks a rule has not changed anything by that."""
    for rule, text in dict.fromkeys((_rule_of(code), f"{name}: {in_words(code)}") for code in codes):
        yield finding(rule, text, at=at)


def _rule_of(code: Code) -> str:
    return "history.rule-broken" if effect_of(code) == "rule-broken" else "history.broken"
