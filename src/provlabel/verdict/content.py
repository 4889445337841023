"""The axis content: is it what was signed, all of it?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from provlabel.evidence import Code, Coverage, Evidence, Exclusion, bound
from provlabel.manifest.codes import MISMATCHES, Effect, effects_of, in_words
from provlabel.media.formats import BY_NAME
from provlabel.report import Content, Finding, finding

#: The engine's words where it calls a hash a mismatch, and found nothing that is changed: one that fits, over a range
#: that does not (Truepic samples of 2023); and one of a stream, whose other files it was not given.
_NOT_COMPARED = ("does not match the manifest location", "inithash must not be present for non-fragmented media")


def content_axis(evidence: Evidence) -> tuple[Content, list[Finding]]:
    """Judge the content of the active manifest, and of those that it updates, by their hashes."""
    manifests = bound(evidence.manifests)
    codes = [code for manifest in manifests for code in manifest.codes]
    effects = effects_of(codes)
    not_compared = [code for code in effects.get("altered", ()) if any(words in code.text for words in _NOT_COMPARED)]
    altered = [code for code in effects.get("altered", ()) if code not in not_compared]
    external = [finding("content.external", what) for what in evidence.elsewhere]
    if _are_tags_edited(evidence, effects, altered):
        told = finding("content.tags-edited", f"{_unchanged(evidence.format)}: {altered[0].code}", at=altered[0].url)
        return "altered", [told, *external]
    findings = [
        *(finding("content.altered", in_words(code), at=code.url) for code in altered),
        *(
            finding("content.not-fully-bound", f"{code.code}, {code.text}", at=code.url)
            for code in (*not_compared, *effects.get("unbound", ()))
        ),
        *(finding("content.rule-broken", in_words(code), at=code.url) for code in effects.get("rule-broken", ())),
        *(finding("content.not-fully-bound", why) for why in evidence.coverage.missing),
        *external,
    ]
    uncovered, notes = _exclusions(manifests[-1].exclusions, effects, evidence.coverage)
    findings += uncovered
    if altered:
        return "altered", findings
    if findings or "bound" not in effects:
        return "not-fully-bound", findings or [finding("content.not-fully-bound", "no content hash was confirmed")]
    return "intact", [*notes, *_open(evidence.coverage)]


def _are_tags_edited(evidence: Evidence, effects: dict[Effect, list[Code]], altered: Sequence[Code]) -> bool:
    """Were only texts in tags edited, as a digest that the signer stated shows?

    That statement must hold itself: that the content hash does not fit must be all that is wrong, and the signature
    good.  That the hash leaves out another place than that of the manifest comes of tags that have grown.
    """
    only_hash = bool(altered) and all(code.code in MISMATCHES for code in effects["altered"])
    return only_hash and evidence.media_as_signed and not (_DOUBTS & set(effects) or evidence.coverage.missing)


_DOUBTS: frozenset[Effect] = frozenset({"unbound", "rule-broken", "bad-signature", "unknown-failure"})
_UNCHANGED = {"audio": "the sound is", "image": "the picture is", "video": "picture and sound are"}


def _unchanged(name: str | None) -> str:
    """Say what of a file in this format is what was signed."""
    return f"{_UNCHANGED[BY_NAME[name].media] if name in BY_NAME else 'the rest is'} what was signed"


def _open(coverage: Coverage) -> Iterator[Finding]:
    """Say what the hash leaves open, though everything that is seen or heard is in it."""
    if coverage.loose:
        yield finding("content.offsets-excluded")
    if coverage.gaps:
        yield finding("content.gaps", f"{coverage.gaps:,} bytes")
    yield from (finding("content.type-excluded", note) for note in coverage.notes)


# C2PA 2.4 §15.12.1 calls such a hash malformed; the engine takes it.
_DISORDER = "the ranges that the hash leaves out overlap, or are in the wrong order"


_HARMLESS = frozenset({"manifest", "structure", "metadata"})


def _exclusions(
    exclusions: Sequence[Exclusion], effects: dict[Effect, list[Code]], coverage: Coverage
) -> tuple[list[Finding], list[Finding]]:
    """Judge what the content hash leaves out besides the manifest: only metadata and padding may be.

    We look at everything ourselves: the engine makes no remark about a second ``ftyp``.  Boxes, and
    all that it does remark on, must be known to us, or it is not known what is left out, which
    counts as not covered.  Tables of offsets may be, once they were held against the media.
    """
    ranges = [part for part in exclusions if not part.xpath]
    if any(after.start < before.start + before.length for before, after in itertools.pairwise(ranges)):
        return [finding("content.not-fully-bound", _DISORDER)], []
    remarked = "excluded" in effects
    judged = [part for part in exclusions if part.path not in coverage.checked]
    for part in judged:
        if part.role == "media" or (part.role not in _HARMLESS and (remarked or part.xpath)):
            return [finding("content.not-fully-bound", _left_out(part))], []
    if remarked and not exclusions:
        return [finding("content.not-fully-bound", in_words(effects["excluded"][0]))], []
    return [], [finding("content.metadata-excluded")] if any(part.role == "metadata" for part in judged) else []


def _left_out(part: Exclusion) -> str:
    place = f"boxes {part.xpath}" if part.xpath else f"{part.length} bytes at byte {part.start}"
    what = "which hold more than padding" if part.role == "media" else "and what lies there is not known"
    return f"the hash leaves out {place}, {what}"
