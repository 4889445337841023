"""The European Union: what the Act asks for, what its Code asks of whoever signed it, and what only people can say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import laws
from laws import LawFiles, Made, eu, signed
from provlabel.label.lint import lint
from provlabel.law import judge_law, load_laws, subject_of_label
from provlabel.law.records import LawRule

HELD, NOT_HELD, JUDGE, ASIDE = "held", "not held", "needs a human judgement", "not applicable"
#: When all rules are in force.
LATER = dt.datetime(2027, 3, 1, tzinfo=dt.timezone.utc)
ROWS = {row.id: row for law in load_laws(["eu", "us-ca", "us-wa", "cn"]) for row in law.rule if row.end is None}


Outcome = Callable[[str, Made], str]


def row(code: str) -> LawRule:
    return ROWS[code]


@pytest.fixture
def outcome(law_files: LawFiles) -> Outcome:
    return lambda code, made: law_files.outcome(row(code), made)


# --- the Code, and who signed it ---------------------------------------------------------------------

OF_THE_CODE = ("law.eu.2", "law.eu.3", "law.eu.5", "law.eu.20a", "law.eu.20b", "law.eu.21")


@pytest.mark.parametrize("code", OF_THE_CODE)
@pytest.mark.parametrize("said", [True, False, None])
def test_only_who_signed_the_code_breaks_it(code: str, said: bool | None, law_files: LawFiles) -> None:
    broken = eu.CASES[code].broken
    told = dict((broken.label or {}).get("judgements", {}))
    told.pop("code_signatory")
    if said is not None:
        told["code_signatory"] = said
    found = law_files.result(row(code), broken._replace(label={**(broken.label or {}), "judgements": told}))
    assert found.outcome == (NOT_HELD if said else JUDGE)
    assert ("(EU-0)" in found.reason) is (said is not True)


def test_what_only_the_code_asks_for_says_so() -> None:
    """A rule whose source is the Code alone is a duty of signatories, encouraged, or outside of the file."""
    for rule in load_laws(["eu"])[0].rule:
        alone = rule.source.startswith("Code of Practice")
        free = rule.encouraged or rule.holds == "outside-the-file"
        assert ("code-signatory" in rule.applies) is (alone and not free), rule.id


@pytest.mark.parametrize("code", ["law.eu.6", "law.eu.14", "law.eu.14a"])
def test_what_is_encouraged_is_no_error_for_signatories_either(code: str, law_files: LawFiles) -> None:
    broken = eu.CASES[code].broken
    signatory = broken._replace(label={**(broken.label or {}), "judgements": eu.SIGNED_CODE})
    found = law_files.result(row(code), signatory)
    assert found.outcome == JUDGE
    assert law_files.outcome(row(code), laws.UNSIGNED) == ASIDE


def test_the_transition_ends_on_2_december_2026(law_files: LawFiles) -> None:
    """Until then nobody can see whether a system had time; the mark for people had none."""
    bare, silent = eu.by_signatory(), eu.CASES["law.eu.20"].broken
    for day, expected in (("2026-12-01", JUDGE), ("2026-12-02", NOT_HELD)):
        told = {
            item.rule: item
            for made in (bare, silent)
            for item in law_files.report(made, "eu", as_of=dt.date.fromisoformat(day)).law
        }
        found = {item.rule: item for item in law_files.report(bare, "eu", as_of=dt.date.fromisoformat(day)).law}
        assert found["law.eu.3"].outcome == expected
        assert told["law.eu.20"].outcome == NOT_HELD
    unsigned = law_files.report(laws.UNSIGNED, "eu", as_of=dt.date(2026, 12, 2)).law
    assert {item.outcome for item in unsigned if item.rule == "law.eu.1"} == {JUDGE}


def test_an_input_is_marked_wherever_its_manifest_tells_of_ai(law_files: LawFiles) -> None:
    """Not by the kind of its label alone; what is made from it and says less loses the mark."""
    beside = {"label": "c2pa.ai-disclosure", "data": {"modelType": "c2pa.types.model", "modelName": "AcmePaint"}}
    parent = signed(kind="may_contain_ai", systems=None)
    less = eu.by_signatory(kind="may_contain_ai", systems=None)
    assert law_files.outcome(row("law.eu.5"), less._replace(parents=(parent,))) == HELD
    found = law_files.result(row("law.eu.5"), less._replace(parents=(parent._replace(also=beside),)))
    assert found.outcome == JUDGE
    assert "an input was marked as made by AI, and the label of what was made from it does not say so" in found.reason


# --- marks for people ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "act", "code"),
    [
        ("AI", "en", HELD, HELD),
        ("Made with AI", "en", HELD, HELD),
        ("AI generated", None, HELD, HELD),
        ("made with ai", "en", HELD, NOT_HELD),
        ("This picture is artificial", "en", HELD, NOT_HELD),
        ("Synthetic", "en", HELD, NOT_HELD),
        ("Look at this", "en", NOT_HELD, NOT_HELD),
        ("Look at this", None, JUDGE, JUDGE),
        ("KI-generiert", "de", JUDGE, JUDGE),
        ("KI-generiert", None, JUDGE, JUDGE),
        ("AI – generiert", "de", HELD, HELD),
    ],
)
def test_words_of_a_mark(text: str, language: str | None, act: str, code: str, outcome: Outcome) -> None:
    """The Act asks that people are told; the Code, for the capital letters AI, unless a language has its own."""
    mark = {"kind": "text", "text": text, "place": "lower right corner", **({"language": language} if language else {})}
    made = eu.by_signatory(judgements=laws.FAKE, disclosure=[mark])
    assert (outcome("law.eu.20", made), outcome("law.eu.20a", made)) == (act, code)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [({"text": "AI GENERATED"}, HELD), ({}, JUDGE), ({"text": "star", "language": "en"}, NOT_HELD)],
)
def test_letters_of_an_icon(mark: dict[str, str], expected: str, outcome: Outcome) -> None:
    made = eu.by_signatory(judgements=laws.FAKE, disclosure=[{"kind": "icon", **mark}])
    assert outcome("law.eu.20", made) == HELD
    assert outcome("law.eu.20a", made) == expected


@pytest.mark.parametrize(
    ("of", "place", "expected"),
    [
        (laws.PICTURE, "upper right corner", HELD),
        (laws.PICTURE, "", JUDGE),
        (laws.PICTURE, "in the description", JUDGE),
        (eu.video, "lower right corner", JUDGE),
        (eu.video, "at the start", JUDGE),
        (eu.video, "at the start, every five minutes and after breaks", HELD),
        (eu.video, "upper right corner, throughout", HELD),
        (eu.video, "end credits", JUDGE),
    ],
)
def test_places_of_a_mark(of: Any, place: str, expected: str, outcome: Outcome) -> None:
    mark = {"kind": "text", "text": "AI", **({"place": place} if place else {})}
    assert outcome("law.eu.20b", eu.by_signatory(of, judgements=laws.FAKE, disclosure=[mark])) == expected


def test_a_second_mark_beside_the_content_takes_nothing_away(outcome: Outcome) -> None:
    marks = [{"kind": "icon", "place": "lower right corner"}, {"kind": "text", "text": "AI", "place": "description"}]
    assert outcome("law.eu.20b", eu.by_signatory(judgements=laws.FAKE, disclosure=marks)) == HELD


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"language": "en", "place": "at the start"}, HELD),
        ({"language": "en", "place": "at the end"}, JUDGE),
        ({"language": "de", "place": "at the start"}, JUDGE),
        ({"place": "at the start"}, JUDGE),  # an earcon: whether people know it, no file says
    ],
)
def test_a_sound_tells_at_its_start(mark: dict[str, str], expected: str, outcome: Outcome) -> None:
    made = eu.by_signatory(laws.SOUND, judgements=laws.FAKE, disclosure=[{"kind": "audio", **mark}])
    assert outcome("law.eu.21", made) == expected
    assert outcome("law.eu.21a", made) == JUDGE
    for code in ("law.eu.20", "law.eu.20a", "law.eu.20b"):
        assert outcome(code, made) == ASIDE


@pytest.mark.parametrize("place", ["credits", "liner notes", "page of the shop", "on the ticket", "packaging"])
@pytest.mark.parametrize("of", [laws.PICTURE, laws.SOUND, eu.video])
def test_a_work_of_art_may_tell_beside_it(of: Any, place: str, outcome: Outcome) -> None:
    mark = {"kind": "text", "text": "Contains AI voices", "language": "en", "place": place, "alternative": "read out"}
    made = eu.by_signatory(of, judgements=eu.ART, disclosure=[mark])
    for code in ("law.eu.22", "law.eu.24", "law.eu.25"):
        assert outcome(code, made) == HELD
    for code in ("law.eu.20", "law.eu.20b", "law.eu.21", "law.eu.21a"):
        assert outcome(code, made) == ASIDE


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


def test_a_label_of_no_ai_that_the_file_contradicts_says_so(law_files: LawFiles) -> None:
    beside = {"label": "c2pa.ai-disclosure", "data": {"modelType": "c2pa.types.model", "modelName": "AcmePaint"}}
    found = law_files.result(row("law.eu.1"), laws.HUMAN._replace(also=beside))
    assert found.outcome == JUDGE
    assert "what the file says about AI contradicts itself" in found.reason


def test_work_of_people_stays_free(law_files: LawFiles) -> None:
    cut = signed(kind="human_made", systems=None, operations=[{"operation": "trimmed", "by": "human"}])
    assert law_files.outcome(row("law.eu.1"), cut) == ASIDE
    louder = signed(kind="ai_assisted_technical", operations=[{"operation": "enhanced", "by": "ai"}])
    assert law_files.outcome(row("law.cn.1"), louder) == ASIDE
