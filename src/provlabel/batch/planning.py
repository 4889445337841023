"""Before anything starts: what is asked for, compared with what lies there and what the ledger knows.

Everything that stands in the way is reported at once, and then nothing is done.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from provlabel._support.faults import Fault
from provlabel._support.text import printable
from provlabel.batch.jobs import USES, Labels, Shard, Wanted, folded, place_of
from provlabel.batch.ledger import Ledger, LedgerEntry, Listed, Use, new_urn
from provlabel.batch.work import Setting
from provlabel.errors import UsageError

#: Findings that are reported, and notes that are kept.
MAX_FINDINGS = 1_000
#: Jobs that are taken into the ledger at once.
_PAGE = 1_000


class RefusedBatch(UsageError):
    """Nothing was done, because of ``findings``."""

    def __init__(self, findings: tuple[Fault, ...]) -> None:
        first = findings[0]
        more = len(findings) - 1
        others = f", and {more} more finding{'s' if more > 1 else ''}" if more else ""
        super().__init__(f"{first.at}: {first.message}{others}; nothing was done", hint=first.hint)
        self.findings = findings


class Planned(NamedTuple):
    """One job, and what is done about it."""

    source: str
    output: str
    what: Literal["label", "again", "skip"]
    why: str = ""  #: for ``again`` and ``skip``


class Plan(NamedTuple):
    """What a run has to do."""

    todo: int
    skipped: int
    notes: tuple[str, ...]  #: what is done once more, and why
    folders: frozenset[str]  #: of all outputs


def plan(
    wanted: Iterable[Wanted | Fault],
    labels: Labels,
    setting: Setting,
    ledger: Ledger,
    shard: Shard,
    *,
    folder: str = "",
    ours: Iterable[Path] = (),
    planned: Callable[[Planned], None] | None = None,
    keep: bool = True,
) -> Plan:
    """Take the list into the ledger, and say what is to be done.

    Args:
        wanted: the list, and what is wrong with it.
        labels: says what each job's label is.
        setting: how everything is labeled.
        ledger: what is known from earlier runs; with ``keep`` it has the jobs afterwards.
        shard: which of them are to be done here; two jobs for one output are found across all shards.
        folder: for the outputs; what lies in it is in the same shard wherever the folder lies.
        ours: files that the run itself writes.
        planned: called for each job.
        keep: write the plan into the ledger.

    Raises:
        Refused: something stands in the way; the ledger is as it was.
    """
    findings = _Findings()
    folders = _listed(wanted, labels, setting, ledger, (shard, folder), findings)
    _hold_together(ledger, [place_of(str(path)) for path in ours], findings, in_place=setting.in_place)
    todo = _Todo(setting.how.replace, findings, planned)
    ledger.put_plan(todo.decided(ledger))
    if findings.found:
        raise RefusedBatch(findings.all())
    if keep:
        ledger.begin()
    return Plan(todo.todo, todo.skipped, tuple(todo.notes), folders)


class _Findings:
    """Everything that is wrong, up to a bound."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self._more = 0

    def add(self, at: str | bytes, message: str, hint: str) -> None:
        self.take(Fault(at=printable(os.fsdecode(at)), message=message, hint=hint))

    def take(self, fault: Fault) -> None:
        if len(self.found) < MAX_FINDINGS:
            self.found.append(fault)
        else:
            self._more += 1

    def all(self) -> tuple[Fault, ...]:
        more = (Fault(at="…", message=f"{self._more:,} more findings", hint="fix these first"),) if self._more else ()
        return (*self.found, *more)


# --- the list --------------------------------------------------------------------------------------


def _listed(
    wanted: Iterable[Wanted | Fault],
    labels: Labels,
    setting: Setting,
    ledger: Ledger,
    shard: tuple[Shard, str],
    findings: _Findings,
) -> frozenset[str]:
    """Put the list into the ledger's temporary tables, page by page, and return the folders of outputs."""
    how = _how(setting)
    folders: set[str] = set()
    mistaken: set[tuple[tuple[str, str], ...]] = set()

    def jobs() -> Iterator[tuple[Listed, tuple[bytes, str], tuple[Use, ...]]]:
        for item in wanted:
            if isinstance(item, Fault):
                findings.take(item)
                continue
            checked = labels.of(item)
            if checked.faults:
                faults = tuple((fault.at, fault.message) for fault in checked.faults)
                if faults not in mistaken and len(mistaken) < MAX_FINDINGS:  # each label once
                    mistaken.add(faults)
                    for fault in checked.faults:
                        findings.add(f"{item.source}: label: {fault.at}", fault.message, fault.hint)
            text = checked.text.encode()
            label = hashlib.sha256(text).digest()
            uses = tuple(_uses(item))
            job = _as_listed(item, label, hashlib.sha256(how + label + _used(uses, findings)).digest(), shard)
            if job.ours:
                folders.add(os.path.dirname(item.output) or ".")  # noqa: PTH120 - text
            yield job, (label, checked.text), uses

    found = jobs()
    while page := list(itertools.islice(found, _PAGE)):
        ledger.put_listed(
            (job for job, _, _ in page),
            dict.fromkeys(label for _, label, _ in page),
            (use for _, _, uses in page for use in uses),
        )
    return frozenset(folders)


def _uses(item: Wanted) -> Iterator[Use]:
    place = place_of(item.output)
    for name, role in USES.items():
        for path in item.uses.get(name, ()):
            yield Use(place, role, os.fsencode(path), folded(place_of(path)))


def _used(uses: Sequence[Use], findings: _Findings) -> bytes:
    """Return what distinguishes the other files that go into a job, as they are now; nothing where there are none."""
    seen = hashlib.sha256()
    for use in uses:
        there = _stat(os.fsdecode(use.path))
        if there is None:
            findings.add(use.path, "is not there", "take it off the list")
            continue
        seen.update(b"\0".join((use.role.encode(), use.path, b"%d %d" % (there.st_size, there.st_mtime_ns))) + b"\n")
    return seen.digest() if uses else b""


def _how(setting: Setting) -> bytes:
    """Return what distinguishes two ways of writing one label, and who signs it."""
    how = setting.how
    stamped = how.timestamper is not None
    # What older ledgers know nothing of is left out where it is not asked for.
    more = [name for name in ("strip_prompt", "detached") if getattr(how, name)]
    more += [setting.identity, *setting.identity_roles] if setting.identity else []
    settings = (setting.signer, how.prompt_mode, how.personal, how.inputs, how.carriers, how.thumbnail, stamped, *more)
    return hashlib.sha256(msgspec.json.encode(settings)).digest()


def _as_listed(item: Wanted, label: bytes, digest: bytes, among: tuple[Shard, str]) -> Listed:
    place, (shard, folder) = place_of(item.output), among
    source, output = _stat(item.source), _stat(item.output, follow=False)
    aim = _stat(item.output) if output is not None else None
    return Listed(
        source=os.fsencode(item.source),
        output=os.fsencode(item.output),
        place=place,
        folded=folded(place),
        origin=folded(place_of(item.source)),
        label=label,
        digest=digest,
        size=source.st_size if source else None,
        mtime_ns=source.st_mtime_ns if source else None,
        file=f"{source.st_dev}:{source.st_ino}" if source else None,
        there=output.st_size if output else None,
        target=f"{aim.st_dev}:{aim.st_ino}" if aim else None,
        ours=shard.has(os.fsencode(item.output.removeprefix(folder))),
    )


def _stat(path: str, *, follow: bool = True) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - text
    except (OSError, ValueError):
        return None


def _hold_together(ledger: Ledger, ours: list[bytes], findings: _Findings, *, in_place: bool) -> None:
    """Find jobs that stand in each other's way."""
    for output, one, other in ledger.same_outputs():
        sources = " and ".join(printable(os.fsdecode(name)) for name in (one, other))
        findings.add(output, f"is the output of two jobs, {sources}", "give one of them another output")
    for source, output in ledger.outputs_over_sources(in_place=in_place):
        shown = printable(os.fsdecode(output))
        findings.add(source, f"its output {shown} is a source, or goes into another file", "name another --out-dir")
    for (source,) in ledger.missing():
        findings.add(source, "is not there", "check its name, or take it off the list")
    for output in ledger.outputs_among([folded(place) for place in ours]):
        findings.add(output, "is where the batch keeps its own records", "give this job another output")


# --- what the ledger knows -------------------------------------------------------------------------


class Decision(NamedTuple):
    """What is done about one job."""

    what: Literal["label", "again", "skip", "refuse"]
    keeps_urn: bool = False
    why: str = ""
    hint: str = ""


_FORCE = "choose another output, or replace it with --force"


def decide(job: Listed, known: LedgerEntry | None, replace: bool) -> Decision:
    """Say what is done about a job, by what lies there and what the ledger has of it."""
    in_place = job.output == job.source
    taken = job.there is not None and not replace
    if known is None or (known.state == "waiting" and not known.attempts):
        return Decision("refuse", why="exists already", hint=_FORCE) if taken and not in_place else Decision("label")
    changed = _changed(job, known)
    if known.state == "done" and job.there is None:
        return Decision("again", why="it was done, and is gone")
    if known.state == "done" and not changed:
        return Decision("skip", why="it is done")
    if not changed:  # begun, failed, or interrupted: what is there may be ours, which the name of its manifest shows
        return Decision("again", keeps_urn=True, why=f"it was {_WORDS[known.state]}")
    if taken and not (in_place and known.state != "done"):
        return Decision("refuse", why=f"exists already, and since it was written {changed}", hint=_FORCE)
    return Decision("again", why=changed)


_WORDS = {"waiting": "waiting", "running": "interrupted", "failed": "not done"}


def _changed(job: Listed, known: LedgerEntry) -> str:
    if job.digest != known.digest:
        return "the label, the signer or an option of labeling changed"
    begun_in_place = job.output == job.source and known.state != "done"  # then an attempt may have changed it
    if (job.size, job.mtime_ns) != (known.size, known.mtime_ns) and not begun_in_place:
        return f"its source {printable(os.fsdecode(job.source))} changed"
    if known.state == "done" and job.there is not None and job.there != known.written:
        return "it was changed itself"
    return ""


class _Todo:
    """Counts decisions while they are made."""

    def __init__(self, replace: bool, findings: _Findings, planned: Callable[[Planned], None] | None) -> None:
        self._replace = replace
        self._findings = findings
        self._planned = planned
        self.todo = self.skipped = 0
        self.notes: list[str] = []

    def decided(self, ledger: Ledger) -> Iterator[tuple[int, str]]:
        """Yield number and URN of each job that is to be done."""
        for number, job, known in ledger.listed_jobs():
            decision = decide(job, known, self._replace)
            if decision.what == "refuse":
                self._findings.add(job.output, decision.why, decision.hint)
                continue
            if self._planned is not None:
                self._planned(Planned(os.fsdecode(job.source), os.fsdecode(job.output), decision.what, decision.why))
            if decision.what == "skip":
                self.skipped += 1
                continue
            self.todo += 1
            if decision.why and not decision.keeps_urn and len(self.notes) < MAX_FINDINGS:
                self.notes.append(f"{printable(os.fsdecode(job.output))}: made again: {decision.why}")
            yield number, known.urn if known is not None and decision.keeps_urn else new_urn()
