"""The report: what every output format and every API caller gets.

Published as ``schemas/report-v1.json``.  Fields of features that do not exist yet are there and
null, so that consumers need not change when they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct, field

from provlabel._support.text import quoted
from provlabel.errors import ProvlabelError
from provlabel.label.vocabularies import KINDS
from provlabel.report.rules import RULES, Level

REPORT_SCHEMA = "report-v1"

State = Literal["trusted", "valid", "invalid", "unsigned", "remote", "unreadable"]
Content = Literal["intact", "altered", "not-fully-bound", "unreadable", "not-applicable"]
LabelState = Literal[
    "present", "none", "inherited", "contains", "unknown-value", "contradictory", "unvouched", "remote-only"
]
#: How a file came from what says that AI took part: it is a later version of it, or has it in itself as a part.
Relation = Literal["inherited", "contains"]
SignerState = Literal[
    "trusted", "unknown", "no-anchors", "bad-signature", "expired", "not-yet-valid", "revoked", "not-applicable"
]
#: ``claim-proven``: by an old kind of timestamp, over the claim alone, so that it could have been signed later.
TimeState = Literal["proven", "claim-proven", "claimed", "none"]
#: Those with which a certificate that ended later does no harm.
PROVEN: tuple[TimeState, ...] = ("proven", "claim-proven")
RevocationState = Literal["good", "revoked", "not-checked"]
HistoryState = Literal["clean", "broken", "unknown-signer", "none"]
IdentityState = Literal["ok", "bad", "not-checked", "none"]


class Axes(Struct, frozen=True, kw_only=True):
    """The separate answers about one file; none is folded into another."""

    content: Content
    label: tuple[LabelState, ...]
    signer: SignerState
    time: TimeState
    revocation: RevocationState
    history: HistoryState
    identity: IdentityState


class Excuse(Struct, frozen=True, kw_only=True):
    """Why a finding does not count against its file.

    An exception of the policy stands for it, the baseline has it, or the label corrects what was said before and the
    policy lets its signer do that.
    """

    by: Literal["exception", "baseline", "correction"]
    reason: str = ""
    owner: str = ""
    expires: str | None = None  #: the last day of the exception, ``YYYY-MM-DD``


class Finding(Struct, frozen=True):
    """One thing to know about a file; ``at`` says where, when there is a where."""

    rule: str
    level: Level
    message: str
    hint: str = ""
    at: str | None = None
    excuse: Excuse | None = None

    @property
    def counts(self) -> bool:
        """Does the file fail by it?"""
        return self.level == "error" and self.excuse is None


def finding(rule: str, detail: str = "", *, at: str | None = None) -> Finding:
    """Make the finding of ``rule``: its meaning, with ``detail`` after a colon."""
    row = RULES[rule]
    message = f"{row.meaning}: {detail}" if detail else row.meaning
    return Finding(rule, row.level, message, row.hint, at)


class SignerInfo(Struct, frozen=True, kw_only=True):
    """What the certificate says; a claim unless the axis ``signer`` is ``trusted``."""

    name: str
    organization: str
    issuer: str  #: common name, or organization where there is none
    serial: str
    algorithm: str
    not_before: str
    not_after: str
    spki_sha256: str | None = None  #: of the signer's public key; where the certificate was examined, as the next
    issuer_sha256: tuple[str, ...] = ()  #: of the certificates that issued it, on a path that is trusted


class TimeInfo(Struct, frozen=True, kw_only=True):
    """The times that are stated; ``stamped`` is proven only when the axis ``time`` says so, and of what."""

    event: str | None = None
    stamped: str | None = None


class AccountInfo(Struct, frozen=True, kw_only=True):
    """By what somebody is known to one provider, as the issuer of an identity says."""

    type: str  #: how it was verified: ``cawg.social_media`` and the like
    provider: str
    name: str
    username: str
    uri: str
    verified_at: str  #: as the issuer has it


class IdentityInfo(Struct, frozen=True, kw_only=True):
    """Who stands for the file beside its signer (CAWG); a claim unless the axis ``identity`` is ``ok``."""

    name: str
    organization: str
    roles: tuple[str, ...]
    issuer: str  #: name of a CA; or a DID, of who says by what somebody is known to others
    accounts: tuple[AccountInfo, ...] = ()


class RevocationInfo(Struct, frozen=True, kw_only=True):
    """What is known of whether the signer's certificate was revoked, and from where."""

    state: RevocationState
    source: Literal["stapled", "cached", "online"] | None = None
    why: str = ""
    updated: str | None = None  #: when the answer was given, RFC 3339


#: What is said of a file whose manifest names AI in another place than label and actions.
WITH_AI = "made with the help of AI"


class LabelInfo(Struct, frozen=True, kw_only=True):
    """The label that was found, and where.

    ``value`` is the signed data as it stands, unknown fields included, personal ones left out
    unless they were asked for.
    """

    source: Literal["org.provlabel.label", "c2pa.actions", "other assertions"]
    kind: str | None
    words: str | None  #: the kind in plain words; :data:`WITH_AI` where AI is named without saying what it did
    value: dict[str, Any]
    personal: dict[str, Any] | None = None
    has_personal: bool = False  #: a personal assertion is there, shown or not
    origins: dict[str, str] = {}  #: of others' labels: field -> the assertion it was read from


class AiStatement(Struct, frozen=True, kw_only=True):
    """What an earlier version of the file, or a part of it, says about AI.

    It is a statement about that, not about the file as it is now: of a crop, AI may have made none.
    """

    relation: Relation
    kind: str | None  #: as a label or actions say; None where other assertions name AI without saying what it did
    said: tuple[str, ...]  #: which assertions say so, in words
    title: str
    manifest: str  #: that says so
    signer: str  #: of that manifest; a claim unless ``vouched``
    vouched: bool  #: the file is trusted, and so is every signer on the way, who stands for what is said

    @property
    def sentence(self) -> str:
        """The statement in words."""
        who = f", {'says' if self.vouched else 'claims'} {quoted(self.signer) if self.signer else 'somebody'}"
        did = KINDS[self.kind].words if self.kind in KINDS else WITH_AI
        if self.relation == "inherited":
            return f"an earlier version was {did}{who}"
        return f"contains a part that {'AI made' if self.kind == 'ai_generated' else f'was {did}'}{who}"


#: ``signed``: as the signed label lists it. ``unlisted``: known, not listed, and in no contradiction.
Agreement = Literal["signed", "unlisted", "missing", "changed", "contradicts"]


class CarrierValue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of one carrier besides the manifest, and how it stands to the signed label."""

    carrier: str  #: xmp, exif, text, id3, vorbis, mp4, riff
    place: str  #: where in the file
    field: str  #: as the carrier names it
    agreement: Agreement
    values: tuple[str, ...] = ()  #: as the file has them now
    expected: tuple[str, ...] | None = None  #: by the signed label, where that says something else
    personal: bool = False  #: names or words of people: the values are shown on request alone


class SecondOpinion(Struct, frozen=True, kw_only=True):
    """What a second, independent verifier said of the same bytes, and how that stands to our verdict."""

    verifier: str
    version: str
    said: Literal["agrees", "differs", "differs as known", "not given"]
    manifest: bool | None  #: is there one?  None where it cannot read the file, or gave no opinion
    content: Content
    signature: Literal["good", "bad", "not-applicable"]
    trust: Literal["trusted", "untrusted", "not-judged"]
    reasons: tuple[str, ...] = ()  #: what it found wrong, in its words
    why: str = ""  #: why it was not given


class HistoryNode(Struct, frozen=True, kw_only=True):
    """One earlier version or part, and what came before it."""

    relationship: str
    title: str
    format: str
    manifest: str | None
    signer: str | None
    kind: str | None
    state: Literal["clean", "broken", "unknown-signer", "no-provenance"]
    history: tuple[HistoryNode, ...] = ()


#: What became of a file: ``known`` is one that fails only by what the baseline has already.
Outcome = Literal["passed", "excepted", "known", "failed"]


def outcome_of(findings: Iterable[Finding]) -> Outcome:
    """Return what becomes of a file with these findings."""
    errors = [item for item in findings if item.level == "error"]
    if any(item.counts for item in errors):
        return "failed"
    if any(item.excuse is not None and item.excuse.by == "baseline" for item in errors):
        return "known"
    return "excepted" if errors else "passed"


#: What a rule of a law comes to for one file; none of these is legal advice.
LawOutcome = Literal["held", "not held", "needs a human judgement", "not applicable", "outside the file"]


class LawResult(Struct, frozen=True, kw_only=True):
    """What one rule of a law comes to, and the fact that decided."""

    law: str
    rule: str  #: its code, ``law.eu.1``
    number: str  #: of the rule in the map of standards, ``EU-1``
    title: str
    outcome: LawOutcome
    reason: str
    era: str  #: when the wording that was judged by is in force, in words; empty when it has no dates
    date: str  #: the day that counted, ``YYYY-MM-DD``
    basis: Literal["claimed", "possible", "proven", "judgement", "asked"]  #: what that day is (``docs/law.md``)
    counts: bool = True  #: false for the milder of several eras
    source: str
    certainty: str
    hint: str = ""


class FileReport(Struct, frozen=True, kw_only=True):
    """Everything said about one file."""

    path: str
    passed: bool  #: it does not make the run fail, whatever the reason
    outcome: Outcome
    state: State
    engine_state: str | None
    axes: Axes
    sha256: str | None = None
    sidecar_sha256: str | None = None  #: of what lies beside the file as its detached manifest
    size: int = 0
    format: str | None = None
    manifest: str | None = None
    source: str = "none"
    generator: str | None = None
    label: LabelInfo | None = None
    ai_history: tuple[AiStatement, ...] = ()  #: what earlier versions and parts say about AI
    signer: SignerInfo | None = None
    time: TimeInfo | None = None
    revocation: RevocationInfo | None = None
    identity: tuple[IdentityInfo, ...] = ()
    history: tuple[HistoryNode, ...] = ()
    carriers: tuple[CarrierValue, ...] | None = None  #: None where they are not read in this format
    actions: tuple[dict[str, str], ...] = ()
    thumbnail: str | None = None  #: media type of the small picture in the manifest
    findings: tuple[Finding, ...] = ()
    second: SecondOpinion | None = None  #: where it was asked for
    law: tuple[LawResult, ...] = ()  #: of the laws that were asked for
    not_checked: tuple[str, ...] = ()


_OUTCOMES: tuple[Outcome, ...] = ("failed", "known", "excepted", "passed")


def failing_first(files: Iterable[FileReport]) -> list[FileReport]:
    """Return the files with those first that somebody has to look at."""
    return sorted(files, key=lambda item: _OUTCOMES.index(item.outcome))


class Failure(Struct, frozen=True):
    """A path that could not be judged at all: missing, forbidden, not a regular file."""

    path: str
    message: str
    hint: str = ""


class ErrorInfo(Struct, frozen=True, kw_only=True):
    """Why nothing came of a run."""

    name: str = field(name="class")  #: of the error, as in :mod:`provlabel.errors`; ``UsageError`` for a wrong option
    message: str
    hint: str = ""
    exit_code: int
    faults: tuple[Failure, ...] = ()  #: of a label by JSON pointer, of ``batch`` by row


class FailedRun(Struct, frozen=True, kw_only=True):
    """What ``--format json`` prints where there is no result; published as ``schemas/error-v1.json``."""

    error: ErrorInfo
    schema: Literal["error-v1"] = "error-v1"


class Named(Struct, frozen=True):
    """A list of certificates or a baseline that took part, with the digest of what was read."""

    name: str
    sha256: str
    test: bool = False
    purpose: Literal["manifest", "timestamp", "identity"] | None = None  #: of a list of certificates
    date: str | None = None  #: when the list was last changed, RFC 3339
    age_days: int | None = None  #: between that and the time of judgement


class PolicyInfo(Struct, frozen=True, kw_only=True):
    """One policy that took part, where it came from, and what of it did not count."""

    name: str
    sha256: str
    source: Literal["default", "given", "extended", "found", "option"]
    ignored: tuple[str, ...] = ()  #: parts of a found policy, which may only tighten


class Tool(Struct, frozen=True):
    """A program and its version."""

    name: str
    version: str


class Engine(Struct, frozen=True):
    """The engine, and the version of the specification it judged by."""

    name: str
    version: str
    spec: str


#: Why something was not judged.
SkippedWhy = Literal["link", "scratch", "repository", "outside", "untracked", "not media", "not reached", "empty"]


class Skipped(Struct, frozen=True):
    """Something that was not judged, and why; what is no media is counted, and here only where the run fails by it."""

    path: str
    why: SkippedWhy
    fails: bool = False  #: by the policy, or because somebody named it
    detail: str = ""  #: of a link, why it was not followed


class ExceptionUse(Struct, frozen=True, kw_only=True):
    """One exception of the policy, and what it did in this run."""

    rule: str
    path: str | None = None
    sha256: str | None = None
    reason: str
    owner: str
    expires: str  #: its last day, ``YYYY-MM-DD``
    expired: bool
    files: int  #: how many files it stood for; or would have, had it not expired


class Summary(Struct, frozen=True, kw_only=True):
    """Counts over the whole report: ``files = passed + excepted + known + failed``, and all that is no such file."""

    files: int
    passed: int  #: content with nothing excused
    excepted: int  #: only by exceptions of the policy
    known: int  #: only by the baseline
    failed: int
    errors: int  #: could not be judged at all
    folders: int  #: that were named
    not_media: int
    links: int  #: that were not followed, as they lead nowhere or to what is judged by its own name
    scratch: int  #: of a labeling that is under way
    repositories: int  #: the repository's own ``.git`` folder, which is not looked into
    outside: int  #: media outside of what the policy is about
    untracked: int  #: media that git does not track, where the policy is about tracked files
    not_reached: int  #: left when the first failure ended the run
    empty: int  #: folders that were named, and in which nothing was judged
    refused: int  #: of all these: not judged, and the run fails by it
    states: dict[str, int]
    other_types: dict[str, int]  #: endings of what is not media, and how many there are


class Report(Struct, frozen=True, kw_only=True):
    """The result of one verification, of one file or many."""

    tool: Tool
    engine: Engine
    at: str  #: the time that counted, RFC 3339
    policy: tuple[PolicyInfo, ...]
    anchors: tuple[Named, ...]
    files: tuple[FileReport, ...]
    summary: Summary
    baseline: Named | None = None
    baseline_refused: int = 0  #: failing files that the baseline has and that were not accepted: nobody trusts them
    message: Named | None = None  #: of DDEX, that the files were compared with
    laws: tuple[Named, ...] = ()  #: that were asked for, with the day of what they were written from
    exceptions: tuple[ExceptionUse, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    insecure: tuple[str, ...] = ()
    errors: tuple[Failure, ...] = ()
    as_found: bool = False  #: files were named only because they are there, as by a hook: none may be media
    schema: Literal["report-v1"] = "report-v1"

    @property
    def passed(self) -> bool:
        """True when there was something to judge, every part of it passed, and nothing was left out that may not be.

        A folder in which nothing was judged does not pass, nor files that were named and of which none was judged,
        unless they were named only because they are there.
        """
        total = self.summary
        seen = self.as_found and not total.folders and not total.not_reached and self._left_out
        looked_at = bool(self.files) or seen
        whole = looked_at and not total.empty and not total.refused
        return whole and not self.errors and all(item.passed for item in self.files)

    @property
    def _left_out(self) -> bool:
        """Was something seen that may be left out, as of a commit without media?"""
        total = self.summary
        return bool(total.not_media or total.outside or total.untracked or total.links or total.scratch)

    def require(self) -> None:
        """Do nothing if everything passed.

        Raises:
            VerificationError: something did not pass; carries this report.
        """
        if self.passed:
            return
        failed = [item for item in self.files if not item.passed]
        if not failed:
            raise VerificationError(self._why_not(), self)
        first = next(item for item in failed[0].findings if item.counts)
        more = f" (and {len(failed) - 1} more files)" if len(failed) > 1 else ""
        raise VerificationError(f"{failed[0].path}: {failed[0].state}: {first.message}{more}", self)

    def _why_not(self) -> str:
        """Say why it does not pass although no file failed."""
        if self.errors:
            return self.errors[0].message
        left_out = next((item for item in self.skipped if item.fails), None)
        return f"{left_out.path}: not judged: {left_out.why}" if left_out else "there was nothing to judge"


class VerificationError(ProvlabelError):
    """Some file did not pass its policy; ``report`` says which, and why."""

    exit_code = 1

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report
