"""The opinion of a second verifier about a file, compared with our own verdict: pure, and without that verifier.

:func:`opinion_of` makes a small record of its answer, :func:`compare_opinions` finds what differs.  Where it refuses
what we accept and nobody knows why, the file fails; what is known to differ is a row of :data:`KNOWN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from provlabel._support.text import printable
from provlabel.evidence import Code, Evidence, Opinion
from provlabel.manifest.codes import Effect, effect_of
from provlabel.media.formats import FORMATS
from provlabel.report import Axes, Finding, SecondOpinion, finding

#: Reasons that are kept of one answer, and letters of each.
MOST_REASONS = 40
_LETTERS = 300

Question = Literal["manifest", "content", "signature", "history", "trust"]
Side = Literal["ours", "theirs"]


# --- its answer ------------------------------------------------------------------------------------

_TRUST = {
    "valid_for_supplied_material": "trusted",
    "not_valid_for_supplied_material": "untrusted",
    "not_evaluated": "not-judged",
}
_SIGNATURES = {"valid": "good", "invalid": "bad", "unknown": "not-applicable"}
_SIGNATURE: frozenset[Effect] = frozenset({"bad-signature"})
#: What does not say that content or signature are bad; who signed, and when, are questions of their own.
_ASIDE: frozenset[Effect] = frozenset(
    {
        *("untrusted", "out-of-validity", "revoked", "time-unproven", "note"),
        *("identity-bad", "identity-unknown", "identity-held", "identity-unresolved"),
    }
)


def opinion_of(answer: Any, version: str) -> Opinion:
    """Return what encypher-c2pa says, its report as ``verify`` returns it, in our words.

    ``integrity`` alone decides nothing: a failure that we do not know counts against the content, and so does
    an ``integrity`` that is not valid without any reason.

    Raises:
        ValueError: the answer does not have the shape of such a report.
    """
    try:
        present, integrity, trust = answer["present"], answer["integrity"], _TRUST[answer["trust"]["status"]]
        results = {kind: tuple(_codes(kind, answer["validation_results"][kind])) for kind in ("success", "failure")}
        failures, found = results["failure"], (answer["hard_binding"], answer["signature"])
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"unexpected shape: {exc!r}") from exc
    opinion = Opinion(version=version, present=present is True, reasons=failures[:MOST_REASONS])
    if present is not True:
        return opinion
    against = [code for code in failures if effect_of(code) not in _ASIDE | _SIGNATURE]
    signature = "bad" if any(effect_of(code) in _SIGNATURE for code in failures) else _SIGNATURES.get(found[1], "bad")
    unjudged = signature == "bad" and found[0] == "unknown" and not against
    content = "not-applicable" if unjudged else _content(against, found[0])
    if content == "intact" and signature == "good" and integrity != "valid" and not failures:
        content = "not-fully-bound"
    return Opinion(
        version=version,
        present=True,
        content=content,
        signature=signature,  # type: ignore[arg-type]
        trust=trust,  # type: ignore[arg-type]
        reasons=opinion.reasons,
    )


def unreadable(why: str, version: str) -> Opinion:
    """Return the opinion of a verifier that cannot read the file, or what is in it, at all."""
    return Opinion(version=version, content="unreadable", reasons=(Code("unreadable", "failure", text=why[:_LETTERS]),))


def not_given(why: str, version: str = "") -> Opinion:
    """Return what stands for an opinion that there is none of."""
    return Opinion(version=version, why=why[:_LETTERS])


def _codes(kind: Any, entries: Iterable[Mapping[str, Any]]) -> Iterator[Code]:
    for entry in entries:
        yield Code(
            str(entry["code"]), kind, str(entry.get("url") or ""), str(entry.get("explanation") or "")[:_LETTERS]
        )


def _content(against: Sequence[Code], binding: Any) -> Literal["intact", "altered", "not-fully-bound"]:
    if binding == "mismatch" or any(effect_of(code) == "altered" for code in against):
        return "altered"
    return "intact" if binding == "match" and not against else "not-fully-bound"


# --- what differs ----------------------------------------------------------------------------------


class View(NamedTuple):
    """One side's answers to the questions that both answer, and its reasons for each that is bad."""

    present: bool | None  #: is there a manifest?  ``None`` where the file cannot be read
    content: str
    signature: Literal["good", "bad", "not-applicable"]
    history: str
    trust: Literal["trusted", "untrusted", "not-judged"]
    reasons: Mapping[Question, tuple[str, ...]]

    @property
    def accepts(self) -> bool:
        """Does this side say that nothing was changed since it was signed?"""
        return self.present is True and self.content == "intact" and self.signature == "good" and not self.broken

    @property
    def broken(self) -> bool:
        """Was an earlier version or a part altered?"""
        return self.history == "broken"

    def refused(self) -> Iterator[Question]:
        """Yield the questions that it answers badly; for whoever does not accept, at least one."""
        bad: dict[Question, bool] = {
            "content": self.content in ("altered", "not-fully-bound", "unreadable"),
            "signature": self.signature == "bad",
            "history": self.broken,
        }
        yield from (question for question, is_bad in bad.items() if is_bad)
        if not any(bad.values()):
            yield "signature" if self.content == "intact" else "content"


class Difference(NamedTuple):
    """One question that the two answer differently, which side accepts, and what both have against it."""

    question: Question
    accepts: Side
    reasons: tuple[str, ...]  #: of the side that refuses, or sees nothing
    others: tuple[str, ...] = ()  #: of the side that accepts
    known: KnownDifference | None = None


class KnownDifference(NamedTuple):
    """A difference whose reason is known.  *All* reasons of the side that refuses have to fit ``why``.

    Where the side that accepts has something to say as well, all of that has to fit ``others``.
    """

    name: str
    question: Question
    accepts: Side
    why: str  #: regular expression, matched from the beginning of a reason: ``code: text`` or ``rule: message``
    reason: str  #: why the two differ, and which of them is right
    shown: str  #: the file of others, or the test, that shows it
    formats: tuple[str, ...] = ()  #: only in these
    others: str = r"\Z"


_BOXED = tuple(row.name for row in FORMATS if row.container == "isobmff")
#: ``docs/differences.md`` has them for people; a test of ``tests/verifying/test_second_opinion.py`` makes each of them.
KNOWN: tuple[KnownDifference, ...] = (
    KnownDifference(
        "ingredients", "history", "theirs", r"history\.broken: ",
        "it looks at the newest manifest only, and provlabel at every earlier one and at what was recorded of it",
        "CACAE-uri-CA.jpg, CIE-sig-CA.jpg of the c2pa-python fixtures",
    ),
    KnownDifference(
        "remote", "manifest", "theirs", r"label\.remote: ",
        "the file only names a place on the network, which neither fetches; provlabel does not call that a manifest",
        "cloud.jpg of the c2pa-python fixtures",
        others=r"manifest\.inaccessible: ",
    ),
    KnownDifference(
        "left-out", "content", "theirs", r"content\.not-fully-bound: [^:]*: the hash leaves out ",
        "provlabel looks at what a hash leaves out, and takes nothing there but the manifest, metadata and padding",
        "a second ftyp box, a text in a free box, a BigTIFF",
    ),
    KnownDifference(
        "cut-box", "content", "theirs", r"content\.malformed: [^:]*: ends at byte \d+, in the middle of a part\Z",
        "the last bytes are no whole box, so that the file is damaged and no hash covers them",
        "a few bytes appended to an AVIF, M4A or MP4",
        formats=_BOXED,
    ),
    KnownDifference(
        "purpose", "content", "theirs", r"content\.malformed: .*: C2PA box present without a readable manifest\Z",
        "it does not ask what the box of C2PA says it is for, which no hash covers",
        "an M4A whose uuid box has another word in the place of manifest",
        formats=_BOXED,
    ),
    KnownDifference(
        "crc", "content", "theirs", r"content\.malformed: [^:]*: the CRC of the chunk at byte \d+ is wrong\Z",
        "it asks not for the CRC of the manifest's chunk, which no hash covers; decoders refuse the picture over it",
        "a PNG with one bit flipped in the CRC of its manifest",
        formats=("PNG",),
    ),
    KnownDifference(
        "description", "content", "theirs",
        r"content\.malformed: .*: (unexpected end of file|a manifest box is described .* not known)\Z",
        "it passes over how the boxes of a manifest describe themselves, where no hash covers that",
        "a manifest whose first box has a toggle more",
    ),
    KnownDifference(
        "signature-header", "content", "theirs",
        r"content\.malformed: .*: could not generate a trusted time stamp\Z",
        "it passes over a header of the signature that the engine takes for a damaged timestamp",
        "a JPEG with one bit flipped in the unsigned header of its signature",
    ),
    KnownDifference(
        "doubled-key", "content", "theirs", r"content\.malformed: .*: a map of manifest data has a key twice\b.*\Z",
        "it takes CBOR that has a key twice, of which readers could each take another value",
        "a hash assertion with two names",
    ),
    KnownDifference(
        "spelling", "content", "ours", r"assertion\.action\.malformed: digitalSourceType is not a registered ",
        "the source type is written otherwise than its vocabulary has it; provlabel refuses those that it cannot read",
        "a source type with https",
    ),
)  # fmt: skip


def compare_opinions(
    axes: Axes, findings: Iterable[Finding], evidence: Evidence
) -> tuple[SecondOpinion | None, list[Finding]]:
    """Compare the opinion in ``evidence`` with our verdict; ``(None, [])`` where none was asked for."""
    given = evidence.second
    if given is None:
        return None, []
    mine, theirs = our_view(axes, findings, evidence), their_view(given)
    why = given.why
    if not why and mine.present is False and theirs.present is None:
        why = f"it cannot read the file: {_in_words(theirs.reasons['content'])}"
    if why:
        return _info(given, "not given", why), [finding("second.not-given", printable(why, _LETTERS))]
    found = [_explained(item, evidence.format or "") for item in differences(mine, theirs)]
    unknown = any(item.known is None for item in found)
    stands = "differs" if unknown else "differs as known" if found else "agrees"
    return _info(given, stands, ""), [_finding(item, mine, given) for item in found]


def our_view(axes: Axes, findings: Iterable[Finding], evidence: Evidence) -> View:
    """Return our own answers."""
    findings = list(findings)
    reasons: dict[Question, tuple[str, ...]] = {
        question: tuple(
            f"{item.rule}: {item.message}"
            for item in findings
            if item.rule.startswith(rules) and (item.level == "error" or question in ("manifest", "trust"))
        )
        for question, rules in _OUR_RULES.items()
    }
    if evidence.trouble is not None:
        return View(None, axes.content, "not-applicable", "none", "not-judged", reasons)
    if not evidence.manifests:
        return View(False, axes.content, "not-applicable", "none", "not-judged", reasons)
    bad = axes.signer in ("bad-signature", "not-applicable")
    trust = _OUR_TRUST.get(axes.signer, "untrusted")
    return View(True, axes.content, "bad" if bad else "good", axes.history, trust, reasons)  # type: ignore[arg-type]


_OUR_RULES: dict[Question, tuple[str, ...]] = {
    "manifest": ("label.remote",),
    "content": ("content.", "engine."),
    "signature": ("signer.bad-signature", "signer.bad-certificate"),
    "history": ("history.broken", "history.rule-broken"),
    "trust": ("signer.",),
}
_OUR_TRUST = {"trusted": "trusted", "no-anchors": "not-judged", "bad-signature": "not-judged"}


def their_view(given: Opinion) -> View:
    """Return the answers of the second verifier."""
    failures = given.reasons

    def texts(wanted: Iterable[Code]) -> tuple[str, ...]:
        return tuple(f"{code.code}: {code.text}" for code in wanted)

    reasons: dict[Question, tuple[str, ...]] = {
        "manifest": texts(failures),
        "content": texts(code for code in failures if effect_of(code) not in _ASIDE | _SIGNATURE),
        "signature": texts(code for code in failures if effect_of(code) in _SIGNATURE),
        "history": (),
        "trust": texts(code for code in failures if effect_of(code) in _ASIDE),
    }
    return View(given.present, given.content, given.signature, "none", given.trust, reasons)


def differences(mine: View, theirs: View) -> Iterator[Difference]:
    """Yield every question on which one side refuses, or does not see, what the other accepts.

    Where both refuse it is no matter which of them finds more wrong, nor whether it sees what we refuse.
    """
    if mine.present is not None and theirs.present is not None and mine.present != theirs.present:
        if theirs.present:
            yield Difference("manifest", "theirs", mine.reasons["manifest"], theirs.reasons["manifest"])
        elif mine.accepts:
            yield Difference("manifest", "ours", ())
        return
    if mine.accepts != theirs.accepts:
        side: Side = "ours" if mine.accepts else "theirs"
        other = theirs if mine.accepts else mine
        for question in other.refused():
            yield Difference(question, side, other.reasons[question])
    elif mine.accepts and {mine.trust, theirs.trust} == {"trusted", "untrusted"}:
        trusting = mine.trust == "trusted"
        yield Difference("trust", "ours" if trusting else "theirs", (theirs if trusting else mine).reasons["trust"])


def _explained(item: Difference, fmt: str) -> Difference:
    return item._replace(known=next((row for row in KNOWN if _fits(row, item, fmt)), None))


def _fits(row: KnownDifference, item: Difference, fmt: str) -> bool:
    return (
        (row.question, row.accepts) == (item.question, item.accepts)
        and (not row.formats or fmt in row.formats)
        and all(re.match(row.why, reason, re.DOTALL) for reason in item.reasons or ("",))
        and all(re.match(row.others, reason, re.DOTALL) for reason in item.others or ("",))
    )


#: Which rule reports that the two differ, by question; another one where it is we who refuse.
_RULES: dict[Question, str] = {
    "manifest": "second.manifest",
    "content": "second.content",
    "signature": "second.signer",
    "trust": "second.trust",
}
_WORDS: dict[Question, str] = {
    "manifest": "whether there is a manifest",
    "content": "the content",
    "signature": "the signature",
    "history": "earlier versions and parts",
    "trust": "who signed",
}


def _finding(item: Difference, mine: View, given: Opinion) -> Finding:
    ours, theirs = (_accepting(item, mine), _in_words(item.reasons))
    if item.accepts == "theirs":
        ours, theirs = _in_words(item.reasons), _accepting(item, their_view(given))
    both = f"{_WORDS[item.question]}: provlabel: {ours}; {given.verifier} {given.version}: {theirs}"
    if item.known is not None:
        return finding("second.known", printable(f"{item.known.reason}; {both}", 3 * _LETTERS))
    refused_here = item.accepts == "theirs" and item.question not in ("manifest", "trust")
    return finding("second.accepts" if refused_here else _RULES[item.question], printable(both, 3 * _LETTERS))


def _accepting(item: Difference, view: View) -> str:
    return {
        "manifest": "there is one",
        "content": view.content,
        "signature": view.signature,
        "history": "nothing against them",
        "trust": view.trust,
    }[item.question]


def _in_words(reasons: Sequence[str]) -> str:
    shown = "; ".join(reasons[:3]) or "no, without a reason"
    return f"{shown}; and {len(reasons) - 3} more" if len(reasons) > 3 else shown


def _info(given: Opinion, stands: Any, why: str) -> SecondOpinion:
    return SecondOpinion(
        verifier=given.verifier,
        version=given.version,
        said=stands,
        manifest=given.present,
        content=given.content,
        signature=given.signature,
        trust=given.trust,
        reasons=tuple(f"{code.code}: {code.text}" for code in given.reasons),
        why=why,
    )
