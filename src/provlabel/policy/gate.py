"""The gate: every policy that is in force, applied to one judged file after another.

The first policy says which files it is about, and its exceptions count.  A policy that was merely
found can only tighten: its findings come on top.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec
from msgspec import UNSET, Struct

from provlabel._support.text import printable, quoted
from provlabel.carriers.prompts import clear_prompts
from provlabel.evidence import Evidence
from provlabel.label.fields import has_field
from provlabel.label.vocabularies import AI_KINDS, C2PA_EMPTY, KINDS, SOURCE_TYPES
from provlabel.media.others import Kinds
from provlabel.policy.baseline import Baseline
from provlabel.policy.globs import folded, matches, means, reached
from provlabel.policy.records import Acceptable, AcceptedSigner, Exemption, Policy
from provlabel.report import ExceptionUse, Excuse, FileReport, Finding, LabelState, PolicyInfo, finding
from provlabel.report.rules import RULES, Level
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains import is_public
from provlabel.trust.chains.records import Holder, Names
from provlabel.verdict import Verdict

#: Policies that ship with provlabel, by the name under which ``--policy`` takes them.
BUILTIN: dict[str, Policy] = {
    "default": Policy(),
    "intact": Policy(name="intact", states=("trusted", "valid", "unsigned"), label=False),
}

_RANK: dict[Level, int] = {"note": 0, "warning": 1, "error": 2}


class Enforced(Struct, frozen=True):
    """A policy, and where it came from: itself first, then what it extends."""

    policy: Policy
    infos: tuple[PolicyInfo, ...]

    @classmethod
    def of(cls, policy: Policy, source: Literal["default", "given", "option"]) -> Enforced:
        """Put a policy in force that comes from no file; its digest is that of its canonical JSON."""
        digest = hashlib.sha256(msgspec.json.encode(policy, order="sorted")).hexdigest()
        return cls(policy, (PolicyInfo(name=policy.name, sha256=digest, source=source),))


class Judged(NamedTuple):
    """All findings about one file as they count, and which exceptions of the policy it needed."""

    findings: tuple[Finding, ...]
    exceptions: tuple[int, ...]


class Gate(Struct, frozen=True, kw_only=True):
    """What is in force in one run.

    Args:
        first: the policy that was given, or the default.
        others: policies that only tighten.
        baseline: findings that are known.
        root: where the patterns of paths begin; the working directory when not given.
        tracked: paths below the root that git tracks, where the first policy asks for it (:meth:`tracking`).
        public: the anchors are of several organizations, or others chose them, so that names alone are no proof.
    """

    first: Enforced
    others: tuple[Enforced, ...] = ()
    baseline: Baseline | None = None
    root: Path | None = None
    tracked: frozenset[str] | None = None
    public: bool = False

    @classmethod
    def of(cls, policy: Policy | Enforced | Gate) -> Gate:
        """Return a gate with ``policy`` alone."""
        if isinstance(policy, Gate):
            return policy
        if isinstance(policy, Enforced):
            return cls(first=policy)
        return cls(first=Enforced.of(policy, "default" if policy == Policy() else "given"))

    def under(self, trust: TrustStore) -> Gate:
        """Return the gate for a run in which ``trust`` says whose certificates count."""
        signers = [item for enforced in (self.first, *self.others) for item in enforced.policy.signers]
        asks = any(not item.is_pinned for item in signers)  # else nobody has to know, and no list is read for it
        return msgspec.structs.replace(self, public=asks and is_public(trust))

    def relative(self, path: str) -> str | None:
        """Return ``path`` as the patterns see it, or ``None`` for what lies outside of the root."""
        try:
            return _relative(os.path.abspath(path), os.path.abspath(self.root or "."))  # noqa: PTH100 - follows no link
        except FileNotFoundError:  # we stand in a folder that was deleted, and nothing lies below it
            return None

    def scope(self, path: str, kinds: Callable[[], Kinds]) -> Literal["inside", "outside", "untracked"]:
        """Say whether the first policy is about ``path``; what lies outside of the root always is judged.

        ``kinds`` tells what the content may play as, or nothing where that is not known.  A path through a link also
        counts as what it leads to: no file leaves the policy by being replaced with a link.
        """
        files = self.first.policy.files
        why = self._left_out(path)
        if why is not None or len(files.media) == 3:
            return why or "inside"
        found = kinds()
        return "inside" if not found or found.intersection(files.media) else "outside"

    def _left_out(self, path: str) -> Literal["outside", "untracked"] | None:
        relative, policy = self.relative(path), self.first.policy
        if relative is None or (self._tracks(relative) and _is_about(policy, relative)):
            return None  # no link has to be followed
        names = self._names(path)
        if names is None:
            return None
        if not any(map(self._tracks, names)):
            return "untracked"
        return None if any(_is_about(policy, name) for name in names) else "outside"

    def _names(self, path: str) -> tuple[str, ...] | None:
        """Return every name that ``path`` has below the root; ``None`` where it leads out by itself or by a folder."""
        top = os.path.realpath(self.root or ".")
        relative, in_folder = self.relative(path), _below(_real(path), top)
        if relative is None or in_folder is None:
            return None
        whole = _below(os.path.realpath(path), top)
        return (relative, in_folder) if whole is None else (relative, in_folder, whole)

    def _tracks(self, relative: str) -> bool:
        """Does git track it, or a folder above it: a submodule of which git could not say more?"""
        if self.tracked is None:
            return True
        parts = folded(relative).split("/")
        return any("/".join(parts[:count]) in self.tracked for count in range(len(parts), 0, -1))

    def tracking(self, names: Iterable[str]) -> Gate:
        """Return this gate for the files of these names below the root alone; spelling is no way out of it."""
        return msgspec.structs.replace(self, tracked=frozenset(map(folded, names)))

    def is_untracked(self, link: str) -> bool:
        """Is a link none that git tracks, where that counts?"""
        relative = _below(_real(link), os.path.realpath(self.root or "."))
        return relative is not None and not self._tracks(relative)

    def reach(self, folder: str) -> frozenset[tuple[int, int, int]] | None:
        """Return what policies can mean below a folder by its name; ``None`` outside of the root: everything.

        A link to a folder is gone into where the folder's own name does not reach all that the link's does.
        """
        relative = "" if self._is_root(folder) else self.relative(folder)
        if relative is None:
            return None
        return frozenset(
            (number, index, place)
            for number, enforced in enumerate((self.first, *self.others))
            for index, pattern in enumerate(enforced.policy.files.include)
            for place in reached(pattern, relative)
        )

    def _is_root(self, folder: str) -> bool:
        root = os.path.abspath(self.root or ".")  # noqa: PTH100 - follows no link
        return os.path.abspath(folder) in (root, os.path.realpath(root))  # noqa: PTH100

    def forgives_outside(self) -> bool:
        """Does no policy fail a run by media that none is about?"""
        return all(enforced.policy.files.outside == "note" for enforced in (self.first, *self.others))

    def forgives_other(self, path: str) -> bool:
        """May the file at ``path``, which is no media that we know, lie where it lies by every policy?

        One that lets no media lie outside of it lets nothing lie there that may be some.
        """
        asking = [item.policy for item in (self.first, *self.others) if item.policy.files.others == "error"]
        if not asking:
            return True
        ending = os.path.splitext(path)[1].lower().removeprefix(".")  # noqa: PTH122
        if ending == "c2pa" and os.path.isfile(path[: -len(".c2pa")]):  # noqa: PTH113
            return True  # the detached manifest of the file beside it
        refusing = [item for item in asking if ending not in map(str.lower, item.files.allow)]
        names = self._names(path) if refusing else ()
        if names is None:
            return False
        return not any(map(self._tracks, names)) or not any(
            policy.files.outside == "error" or any(_is_about(policy, name) for name in names) for policy in refusing
        )

    @property
    def has_laws(self) -> bool:
        """Does any policy ask for a law, of whatever file?"""
        return any(enforced.policy.laws for enforced in (self.first, *self.others))

    def laws(self, path: str) -> tuple[str, ...]:
        """Return the names of the laws that policies ask for, for the file at ``path``."""
        others = self._others(self.relative(path))
        return tuple(name for policy in (self.first.policy, *others) for name in policy.laws)

    def findings(self, file: FileReport, evidence: Evidence, verdict: Verdict) -> Iterator[Finding]:
        """Yield what policies miss in ``file``."""
        for policy in (self.first.policy, *self._others(self.relative(file.path))):
            yield from missed(policy, file, evidence, self.public)
            if policy.time.v1 == "refuse" and verdict.rests_on_claim_stamp:
                yield finding("policy.v1-stamp")

    def _others(self, relative: str | None) -> tuple[Policy, ...]:
        return tuple(enforced.policy for enforced in self.others if _is_about(enforced.policy, relative))

    def settle(self, file: FileReport, evidence: Evidence | None, at: dt.datetime) -> Judged:
        """Return the findings of ``file`` as they count, when all judges were heard.

        Levels, corrections, exceptions and the baseline decide that.  Of a file that is missing there is no evidence.
        """
        relative = self.relative(file.path)
        others = self._others(relative)
        findings = [self._levelled(found, others) for found in dict.fromkeys(file.findings)]
        correction = self._correction(file, evidence) if evidence is not None else None
        findings = [_corrected(found, correction) for found in findings]
        used: dict[int, bool] = {}
        findings = [self._excused(found, file, relative, at, used) for found in findings]
        over = [self.first.policy.exceptions[index] for index, ended in used.items() if ended]
        findings += [self._levelled(finding("policy.exception-expired", _described(item)), others) for item in over]
        return Judged(tuple(findings), tuple(used))

    def _levelled(self, found: Finding, others: tuple[Policy, ...]) -> Finding:
        level = self.first.policy.levels.get(found.rule, found.level)
        stricter = [policy.levels.get(found.rule, level) for policy in others]
        level = max((level, *stricter), key=lambda item: _RANK[item])
        return found if level == found.level else msgspec.structs.replace(found, level=level)

    def _excused(
        self, found: Finding, file: FileReport, relative: str | None, at: dt.datetime, used: dict[int, bool]
    ) -> Finding:
        """Find the exception that stands for ``found``; one that has expired is only remembered."""
        if found.level == "note" or found.excuse is not None:
            return found
        excuse = None
        for index, item in enumerate(self.first.policy.exceptions):
            if not (_names(item.rule, found.rule) and _means(item, file, relative)):
                continue
            over = expired(item, at)
            used[index] = over
            if not over and excuse is None:
                excuse = Excuse(by="exception", reason=item.reason, owner=item.owner, expires=item.expires.isoformat())
        places = {relative or file.path, file.path.removeprefix("./")}
        if excuse is None and self.baseline is not None and any(self.baseline.has(at, file, found) for at in places):
            excuse = Excuse(by="baseline")
        return found if excuse is None else msgspec.structs.replace(found, excuse=excuse)

    def _correction(self, file: FileReport, evidence: Evidence) -> Excuse | None:
        """Return the signed reason of a label that says otherwise than the file did before, by whoever may say so."""
        reason = file.label.value.get("correction") if file.label is not None else None
        if not isinstance(reason, str) or not reason.strip() or file.signer is None or file.axes.signer != "trusted":
            return None
        if not any(_is_signer(item, evidence) for item in self.first.policy.about_label.corrections_by):
            return None
        return Excuse(by="correction", reason=reason, owner=file.signer.name or file.signer.organization)

    def infos(self) -> tuple[PolicyInfo, ...]:
        """Return every policy that is in force, for the report."""
        return tuple(info for enforced in (self.first, *self.others) for info in enforced.infos)

    def uses(self, counts: Mapping[int, int], at: dt.datetime) -> tuple[ExceptionUse, ...]:
        """Return every exception with the number of files that it stood for."""
        return tuple(
            ExceptionUse(
                rule=item.rule,
                path=item.path or None,
                sha256=item.sha256 or None,
                reason=item.reason,
                owner=item.owner,
                expires=item.expires.isoformat(),
                expired=expired(item, at),
                files=counts.get(index, 0),
            )
            for index, item in enumerate(self.first.policy.exceptions)
        )


#: Findings that a label and the rest of the file disagree about AI.
_CORRECTED = frozenset({"label.contradicts-history", "label.contradictory", "carrier.contradicts"})


def _corrected(found: Finding, correction: Excuse | None) -> Finding:
    if correction is None or found.level == "note" or found.rule not in _CORRECTED:
        return found
    return msgspec.structs.replace(found, excuse=correction)


@functools.lru_cache(maxsize=64)
def _relative(path: str, root: str) -> str | None:
    """Asked for the same file when its scope is decided and when it is judged, not long after."""
    return _below(path, root) or _below(_real(path), os.path.realpath(root))


def _below(path: str, top: str) -> str | None:
    top = top.rstrip("/") + "/"
    return path[len(top) :] if path.startswith(top) else None


def _real(path: str) -> str:
    """Return the path with the links of its folders followed, but not the last part itself."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder or "."), name)  # noqa: PTH118


def _is_about(policy: Policy, relative: str | None) -> bool:
    return relative is None or any(means(pattern, relative) for pattern in policy.files.include)


# --- exceptions ------------------------------------------------------------------------------------


def expired(item: Exemption, at: dt.datetime) -> bool:
    """Is the last day of an exception over?"""
    return at.astimezone(dt.timezone.utc).date() > item.expires


def _names(pattern: str, rule: str) -> bool:
    return rule.startswith(pattern[:-1]) if pattern.endswith(".*") else rule == pattern


def _means(item: Exemption, file: FileReport, relative: str | None) -> bool:
    if item.sha256 is not UNSET and (item.sha256, item.sidecar_sha256 or None) != (file.sha256, file.sidecar_sha256):
        return False
    return item.path is UNSET or (relative is not None and matches(item.path, relative))


def _described(item: Exemption) -> str:
    return f"{item.rule}, {item.reason}; ended on {item.expires.isoformat()}, ask {item.owner}"


# --- what a policy misses --------------------------------------------------------------------------


def missed(policy: Policy, file: FileReport, evidence: Evidence, public: bool = False) -> Iterator[Finding]:
    """Yield what ``policy`` misses in ``file``; nothing means that it is content.

    ``public``: others chose whose certificates count, so that a name alone may be anybody's.
    """
    if file.state not in policy.states:
        yield _state(policy, file)
    yield from _label(policy, file)
    if policy.revocation and file.axes.revocation != "good":
        yield finding("policy.revocation", file.revocation.why if file.revocation else "")
    yield from _signer(policy, file, evidence, public)
    for name in policy.forbid:
        yield from FORBIDDEN[name](policy, file, evidence)


def _state(policy: Policy, file: FileReport) -> Finding:
    """Say which state is wanted, and whether a policy could accept the one that is there."""
    found = finding("policy.state", f"{file.state}, where {' or '.join(policy.states)} is wanted")
    if file.state not in get_args(Acceptable):
        return found
    stated = ", ".join(f'"{state}"' for state in (*policy.states, file.state))
    first = f"{_LABEL_IT}; or, " if file.state == "unsigned" else ""
    hint = f"{first}if {file.state} is good enough for you, in the policy: states = [{stated}]"
    return msgspec.structs.replace(found, hint=hint)


_LABEL_IT = RULES["policy.label"].hint


def _label(policy: Policy, file: FileReport) -> Iterator[Finding]:
    """There has to be a label, with its fields; an earlier version's counts unless the policy wants the file's own."""
    wanted = policy.about_label
    accepted = ("present", "inherited") if wanted.inherited else ("present",)
    if wanted.required and file.state != "unreadable" and not any(one in file.axes.label for one in accepted):
        yield finding("policy.label", next((words for one, words in _NO_LABEL if one in file.axes.label), ""))
    elif file.label is not None or (wanted.required and file.state != "unreadable"):
        value = file.label.value if file.label is not None else {}
        lacking = [name for name in policy.fields if not has_field(value, name.split("."))]
        yield from (finding("policy.field", name) for name in lacking)


#: What is there in place of a label, and why it is none.
_NO_LABEL: tuple[tuple[LabelState, str], ...] = (
    ("inherited", "an earlier version has one, and the policy wants one of the file itself"),
    ("contains", "what a part says is not said of the file"),
    ("unvouched", "what the signer only passes on counts as none"),
)


def _signer(policy: Policy, file: FileReport, evidence: Evidence, public: bool) -> Iterator[Finding]:
    """Whoever signed has to be one of those named; a name that nobody vouches for is only a claim."""
    if not policy.signers or file.signer is None:
        return
    if file.axes.signer != "trusted":
        yield finding("policy.signer", "nobody you trust vouches for the name")
        return
    who = quoted(file.signer.name or file.signer.organization)
    named = [item for item in policy.signers if _is_signer(item, evidence)]
    accepting = [item for item in named if _may_state(item, file, evidence)]
    if not named:
        yield finding("policy.signer", f"{who}, issued by {quoted(file.signer.issuer)}")
    elif not accepting:
        kinds = dict.fromkeys(kind for item in named for kind in item.kinds or ())
        yield finding("policy.signer-kind", f"{who} may state {', '.join(kinds)}")
    elif public and not any(item.is_pinned for item in accepting):
        yield finding("policy.unpinned-signer", who)


def _is_signer(item: AcceptedSigner, evidence: Evidence) -> bool:
    """Is it whom ``item`` names?  By our own reading of the names, each of which has to stand there just once."""
    who = _holder(evidence)
    if who is None:
        return False
    named = (
        (item.name, who.subject.common),
        (item.organization, who.subject.organization),
        (item.issuer, who.issuer.common),
        (item.issuer_organization, who.issuer.organization),
    )
    return (
        item.issuer_sha256 in (UNSET, *who.issuers)
        and item.spki_sha256 in (UNSET, who.spki_sha256)
        and all(wanted is UNSET or said == (wanted,) for wanted, said in named)
    )


def _holder(evidence: Evidence) -> Holder | None:
    """Return whose key signed; where nobody examined the certificate, by the names that the engine read in it."""
    if evidence.examined is not None:
        return evidence.examined.holder
    signing = evidence.manifests[0].signing if evidence.manifests else None
    return None if signing is None else Holder(_names_in(signing.subject), _names_in(signing.issuer), "")


def _names_in(name: Mapping[str, str]) -> Names:
    common, organization = ((name[key],) if key in name else () for key in ("CN", "O"))
    return Names(common, organization)


def _may_state(item: AcceptedSigner, file: FileReport, evidence: Evidence) -> bool:
    """Are all kinds that the file states among those of ``item``?"""
    return item.kinds is UNSET or _stated(file, evidence) <= frozenset(item.kinds)


def _stated(file: FileReport, evidence: Evidence) -> frozenset[str]:
    """Return the kinds that a file states: in its label, and by how its content is said to have begun."""
    kinds = {file.label.kind} if file.label is not None and file.label.kind else set()
    for action in evidence.manifests[0].actions if evidence.manifests else ():
        begun = action.source_type if action.action == "c2pa.created" else ""
        meant = KINDS[file.label.kind].digital_source_type if file.label and file.label.kind in KINDS else ""
        if begun not in ("", C2PA_EMPTY, meant):
            kinds.add(SOURCE_TYPES.get(begun) or "human_made")  # a camera, a brush, a screen: without a machine's hand
    return frozenset(kinds)


_Check = Callable[[Policy, FileReport, Evidence], Iterator[Finding]]


def _unsigned_carrier(_policy: Policy, file: FileReport, _evidence: Evidence) -> Iterator[Finding]:
    for found in file.findings:
        if found.rule == "carrier.unsigned":
            yield finding("policy.unsigned-carrier", found.message.partition(": ")[2], at=found.at)


def _human_made_by_generator(policy: Policy, file: FileReport, evidence: Evidence) -> Iterator[Finding]:
    """What a generator made is of one of the kinds of AI; any other says less than is so."""
    others = _stated(file, evidence) - AI_KINDS
    if others and any(item.generator and _is_signer(item, evidence) for item in policy.signers):
        who = quoted(file.signer.name) if file.signer else ""
        yield finding("policy.human-made-by-generator", f"{who} states {', '.join(map(printable, sorted(others)))}")


def _clear_prompt(_policy: Policy, _file: FileReport, evidence: Evidence) -> Iterator[Finding]:
    """A prompt is as readable in what a file was made from, in its tags, and where its generator left it."""
    yield from (finding("policy.clear-prompt", place) for place in clear_prompts(evidence))


#: What a policy can forbid, and what finds it.
FORBIDDEN: dict[str, _Check] = {
    "unsigned-carrier": _unsigned_carrier,
    "human-made-by-generator": _human_made_by_generator,
    "clear-prompt": _clear_prompt,
}
