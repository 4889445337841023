"""Hold content against laws: pure.  Rules have dates, and content is judged by the day of its event.

That day is what the signer claims.  A trusted timestamp proves only that it was not later.  So between the
claimed day and the last one possible (the timestamp, else the day of judgement) every wording counts, and
of several the worst: nobody chooses a law by choosing a date.  Whoever judges can ask what the law of one day
says, such as one that is to come.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from provlabel.evidence import Evidence, mapping
from provlabel.label.loading import moment
from provlabel.law.checks import CHECKS
from provlabel.law.conditions import CONDITIONS
from provlabel.law.loading import load_laws
from provlabel.law.records import Applies, Law, LawRule, Outcome, Subject
from provlabel.law.subjects import links, subject_of
from provlabel.report import FileReport, Finding, LawOutcome, LawResult
from provlabel.report.rules import Level

Basis = Literal["claimed", "possible", "proven", "judgement", "asked"]

#: From the best to the worst; of several eras the worst counts.
_RANK: dict[LawOutcome, int] = {
    "not applicable": 0,
    "held": 1,
    "outside the file": 2,
    "needs a human judgement": 3,
    "not held": 4,
}
_LEVELS: dict[LawOutcome, Level] = {
    "not held": "error",
    "needs a human judgement": "warning",
    "outside the file": "note",
}


class LawJudge:
    """Holds files against laws; what does not hold is a finding like any other.

    Args:
        names: returns the names of the laws for the file of a path.
        at: the day of judgement.
        as_of: judge by the law of this day alone.
    """

    def __init__(self, names: Callable[[str], Sequence[str]], at: dt.datetime, as_of: dt.date | None = None) -> None:
        self._names, self._at, self._as_of = names, at, as_of

    def findings(self, file: FileReport, evidence: Evidence, _verdict: object) -> Iterator[LawResult | Finding]:
        """Yield what each rule comes to, and the findings of those that count."""
        names = self._names(file.path)
        if names:
            results = judge_law(subject_of(file, evidence), load_laws(names), self._at, self._as_of)
            yield from results
            yield from law_findings(results)


def judge_law(
    subject: Subject, laws: Iterable[Law], at: dt.datetime, as_of: dt.date | None = None
) -> tuple[LawResult, ...]:
    """Return what every rule of ``laws`` comes to for ``subject``, judged at ``at``, which has a zone.

    A rule has one result, or one for each era whose outcome differs; the worst of them counts.  With ``as_of`` the law
    of that day alone counts, whatever the day of the content.
    """
    when = _Days(as_of, as_of, "asked", None) if as_of else _days(subject, at)
    return tuple(result for law in laws for rows in _by_code(law) for result in _results(law, rows, subject, when))


def law_findings(results: Iterable[LawResult]) -> tuple[Finding, ...]:
    """Return the findings of what counts: not held is an error, a human judgement a warning, outside a note."""
    return tuple(
        Finding(item.rule, _LEVELS[item.outcome], _message(item), item.hint)
        for item in results
        if item.counts and item.outcome in _LEVELS
    )


def _message(item: LawResult) -> str:
    era = f" (wording {item.era})" if item.basis == "possible" else ""
    return f"{item.number} {item.outcome} ({item.title}): {item.reason}{era}"


# --- days and eras ---------------------------------------------------------------------------------


class _Days(NamedTuple):
    """The first and the last day that the event can have had, in UTC, and what the first one is."""

    first: dt.date
    last: dt.date
    basis: Basis
    claimed: dt.date | None


def _days(subject: Subject, at: dt.datetime) -> _Days:
    bound = (subject.not_later or at).astimezone(dt.timezone.utc).date()
    claimed = _claimed(subject)
    if claimed is None:
        return _Days(bound, bound, "proven" if subject.not_later else "judgement", None)
    return _Days(min(claimed, bound), max(claimed, bound), "claimed", claimed)


def _claimed(subject: Subject) -> dt.date | None:
    """Return the day on which the event ended, as the label says."""
    label = mapping(subject.label)
    for name in ("event_end", "event_time"):
        text = label.get(name)
        try:
            found = moment(text) if isinstance(text, str) else None
            if found is not None and found.tzinfo is not None:
                return found.astimezone(dt.timezone.utc).date()
        except OverflowError:
            continue  # the first or last day of all calendars, in another zone
    return None


def _by_code(law: Law) -> Iterable[list[LawRule]]:
    """Group the wordings of each rule, oldest first."""
    groups: dict[str, list[LawRule]] = {}
    for row in law.rule:
        groups.setdefault(row.id, []).append(row)
    return groups.values()


def _results(law: Law, rows: Sequence[LawRule], subject: Subject, when: _Days) -> Iterator[LawResult]:
    """Yield a result for each stretch of days with the same outcome, the claimed day first."""
    changes = sorted({day for row in rows for day in (row.start, row.end) if day and when.first < day <= when.last})
    made: list[LawResult] = []
    for day in (when.first, *changes):
        result = _judged(law, rows, subject, day, when)
        if not made or made[-1].outcome != result.outcome:
            made.append(result)
    if len(made) == 1:  # no day makes a difference, so that the one that is claimed stands for all
        made = [_judged(law, rows, subject, when.claimed or when.first, when)]
    worst = max(made, key=lambda item: _RANK[item.outcome])
    yield from (item if item is worst else msgspec.structs.replace(item, counts=False) for item in made)


def _judged(law: Law, rows: Sequence[LawRule], subject: Subject, day: dt.date, when: _Days) -> LawResult:
    row = next((row for row in rows if row.in_force(day)), None)
    answer = _answer(row, subject) if row else Outcome("not applicable", "not in force on that day")
    shown = row or rows[0]
    return LawResult(
        law=law.law,
        rule=shown.id,
        number=shown.number,
        title=shown.title,
        outcome=answer.outcome,
        reason=answer.why,
        era=row.era if row else _gap(rows, day),
        date=day.isoformat(),
        basis=when.basis if when.claimed in (None, day) else "possible",
        source=shown.source,
        certainty=shown.certainty,
        hint=answer.hint or shown.hint,
    )


def _gap(rows: Sequence[LawRule], day: dt.date) -> str:
    """Name the time around ``day`` in which no wording is in force."""
    coming = [row.start for row in rows if row.start and row.start > day]
    if coming:
        return f"before {min(coming).isoformat()}"
    return f"from {max(row.end for row in rows if row.end).isoformat()} on"


# --- one rule --------------------------------------------------------------------------------------


def _answer(row: LawRule, subject: Subject) -> Outcome:
    """Ask the conditions, then the check; where no file shows whether a rule applies, what is missing is a question."""
    open_questions: list[Applies] = []
    for name in row.applies:
        applies = CONDITIONS[name](subject, row.given)
        if applies.so is False and (subject.state == "invalid" or subject.contradicted):  # that frees of nothing
            applies = CONDITIONS[name](msgspec.structs.replace(subject, label=None), row.given)
        if applies.so is False:
            return Outcome("not applicable", applies.why)
        if applies.so is None:
            open_questions.append(applies)
    answer = CHECKS[row.holds](subject, row.given)
    if answer.outcome == "not held" and row.by_link and links(subject):
        answer = Outcome("needs a human judgement", f"{answer.why}; it may stand on {links(subject)[0]}, not looked at")
    if answer.outcome in ("not held", "needs a human judgement") and open_questions:
        hint = next((question.hint for question in open_questions if question.hint), answer.hint)
        return Outcome("needs a human judgement", f"{_reasons(open_questions)}; if it applies: {answer.why}", hint)
    if answer.outcome == "held" and open_questions:
        return Outcome("held", f"{answer.why}; whether it is asked for is open: {_reasons(open_questions)}")
    return answer


def _reasons(questions: Sequence[Applies]) -> str:
    return "; ".join(question.why for question in questions)
