"""What a check can answer, and the checks that answer one thing whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterable

from provlabel.law.records import Given, Outcome, Subject


def held(why: str) -> Outcome:
    """Answer that what the rule asks for is there."""
    return Outcome("held", why)


def lacking(why: str) -> Outcome:
    """Answer that it is not."""
    return Outcome("not held", why)


def judge(why: str) -> Outcome:
    """Answer that a person has to decide."""
    return Outcome("needs a human judgement", why)


_BEST_FIRST = ("held", "needs a human judgement", "not held")


def best(answers: Iterable[Outcome]) -> Outcome:
    """Return the best of several answers, where one of them is enough; there is at least one."""
    return min(answers, key=lambda answer: _BEST_FIRST.index(answer.outcome))


def worst(answers: Iterable[Outcome]) -> Outcome:
    """Return the worst of several answers, where all of them count; there is at least one."""
    return max(answers, key=lambda answer: _BEST_FIRST.index(answer.outcome))


def outside_the_file(_subject: Subject, given: Given) -> Outcome:
    """A duty that no file can show."""
    return Outcome("outside the file", given.why)


def human_judgement(_subject: Subject, given: Given) -> Outcome:
    """Something that only a person can decide, or on which the map of standards is uncertain."""
    return judge(given.why)
