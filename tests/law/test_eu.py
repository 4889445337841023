"""The European Union: what the Act asks for, what its Code asks of whoever signed it, and what only people can say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from laws import LawFiles, signed
from provlabel.label.lint import lint
from provlabel.law import judge_law, load_laws, subject_of_label
from provlabel.law.records import LawRule

HELD, NOT_HELD, JUDGE, ASIDE = "held", "not held", "needs a human judgement", "not applicable"
#: When all rules are in force.
LATER = dt.datetime(2027, 3, 1, tzinfo=dt.timezone.utc)
ROWS = {row.id: row for law in load_laws(["eu", "us-ca", "us-wa", "cn"]) for row in law.rule if row.end is None}


def row(code: str) -> LawRule:
    return ROWS[code]


# --- kind and operations ---------------------------------------------------------------------------

DUBBED = {"operations": [{"operation": "dubbed", "by": "ai"}]}
NO_AI: dict[str, dict[str, Any]] = {
    "human_made": {"systems": None},
    "algorithmic_not_trained": {},
    "ai_assisted_technical": {},
}


@pytest.mark.parametrize("code", ["law.eu.1", "law.eu.3", "law.us-ca.1", "law.us-wa.1", "law.cn.1"])
@pytest.mark.parametrize("kind", NO_AI)
def test_a_label_of_no_ai_that_tells_of_ai_frees_of_nothing(kind: str, code: str, law_files: LawFiles) -> None:
    """Also in a file that was signed before lint knew of it."""
    plain = signed(kind=kind, **NO_AI[kind])
    for made in (plain._replace(told=DUBBED), plain._replace(told={"operations": [*DUBBED["operations"], 7]})):
        assert law_files.outcome(row(code), made) in ((HELD,) if code == "law.us-ca.1" else (NOT_HELD, JUDGE))
    data = {"kind": kind, **DUBBED}
    assert [fault.at for fault in lint(data)] == ["/operations/0"]
    results = judge_law(subject_of_label(data), load_laws([code.split(".")[1]]), LATER)
    assert [item.outcome for item in results if item.rule == code and item.counts] != [ASIDE]


def test_work_of_people_stays_free(law_files: LawFiles) -> None:
    cut = signed(kind="human_made", systems=None, operations=[{"operation": "trimmed", "by": "human"}])
    assert law_files.outcome(row("law.eu.1"), cut) == ASIDE
    louder = signed(kind="ai_assisted_technical", operations=[{"operation": "enhanced", "by": "ai"}])
    assert law_files.outcome(row("law.cn.1"), louder) == ASIDE
