"""A self-check of files against the rubric of C2PA's Conformance Programme.  It certifies nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from provlabel.conformance.traits import TRAITS, Trait, Written
from provlabel.evidence import Evidence
from provlabel.media.formats import BY_NAME
from provlabel.media.sidecar import beside
from provlabel.sandbox.requests import AnySandbox

__all__ = ("SELF_CHECK", "TRAITS", "Conformance", "Outcome", "TraitResult", "conform", "conform_file")

Outcome = Literal["pass", "warning", "fail", "not applicable"]
#: What every report of this says.
SELF_CHECK = (
    "This is a self-check of the active manifest against C2PA's rubric. It is no certification, and says nothing about "
    "the product that signed, its security, or whom to trust: only C2PA's Conformance Programme decides about products."
)
_MOST_REASONS = 5


class TraitResult(Struct, frozen=True):
    """What one trait of the rubric came to."""

    id: str  #: as the rubric has it
    outcome: Outcome
    says: str  #: what it checks, in the words of the rubric
    section: str  #: of the specification, or the programme that asks for it
    reason: str = ""  #: what breaks it, or why it does not apply


class Conformance(Struct, frozen=True):
    """What the rubric says of the active manifest of one file."""

    manifest: str = ""  #: its name; empty where there is none that can be read
    traits: tuple[TraitResult, ...] = ()
    problem: str = ""  #: why nothing could be checked

    @property
    def passed(self) -> bool:
        """Was there something to check, and did no trait fail?"""
        return not self.problem and all(item.outcome != "fail" for item in self.traits)


def conform_file(path: Path, *, sandbox: AnySandbox) -> Conformance:
    """Read a file, and the detached manifest beside it if there is one, and hold it against the rubric.

    Raises:
        InputError: the file is missing, forbidden, or not a regular file.
    """
    return conform(sandbox.read(path, sidecar=beside(path), crjson=True))


def conform(evidence: Evidence) -> Conformance:
    """Hold what was found in a file, with its crJSON, against the rubric."""
    if evidence.trouble is not None:
        return Conformance(problem=f"its manifest cannot be read: {evidence.trouble.text}")
    if not evidence.manifests or evidence.crjson is None:
        return Conformance(problem="it has no manifest")
    active, fmt = evidence.manifests[0], BY_NAME.get(evidence.format or "")
    failures = tuple(code.code for code in active.codes if code.kind == "failure")
    subject = Written(evidence.crjson, failures, tiff=fmt is not None and fmt.container == "tiff")
    return Conformance(active.urn, tuple(_result(trait, subject) for trait in TRAITS))


def _result(trait: Trait, subject: Written) -> TraitResult:
    looked_at = list(trait.over(subject))
    found = list(dict.fromkeys(filter(None, map(trait.broken, looked_at))))
    outcome: Outcome = "pass"
    reason = "; ".join(found[:_MOST_REASONS])
    if found:
        outcome = "warning" if trait.warns else "fail"
    elif not looked_at:
        outcome, reason = "not applicable", "the manifest has nothing of the kind"
    return TraitResult(trait.id, outcome, trait.says, trait.section or "Conformance Program 0.2", reason)
