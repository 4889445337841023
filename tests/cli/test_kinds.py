"""``provlabel kinds``, and ``--kind``: which one to choose, completed by shells, and what a wrong one gets."""

from __future__ import annotations

import json

import pytest

from project import Cli
from provlabel.label.guide import CASES, GUIDE
from provlabel.label.lint import lint
from provlabel.label.vocabularies import KINDS


def test_every_kind_is_explained() -> None:
    assert set(GUIDE) == set(KINDS)
    assert {case.kind for case in CASES} <= set(KINDS)


def test_all_kinds_with_what_they_mean_and_one_alone(cli: Cli) -> None:
    done = cli("kinds", COLUMNS="80")
    assert done.returncode == 0
    for name, facts in KINDS.items():
        assert f"{name}: {facts.words}\n" in done.stdout
    assert "a human song, mastered or mixed by AI: ai_assisted_technical\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    one = cli("kinds", "ai_modified").stdout
    assert one.startswith("ai_modified: changed by AI\n")
    assert "human_made: " not in one
    data = json.loads(cli("kinds", "--format", "json").stdout)
    assert [row["kind"] for row in data] == list(GUIDE)
    assert data[0]["contains_ai"] == "None"


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("AI_GENERATED", "did you mean ai_generated?"),
        ("ai_genrated", "did you mean ai_generated?"),
        ("mastering", "did you mean ai_assisted_technical?"),
        ("human", "did you mean human_made?"),
        ("xyzzy", "one of: "),
    ],
)
def test_a_wrong_kind_gets_the_right_one(given: str, hint: str, cli: Cli) -> None:
    for args in (("label", "a.jpg", "--kind", given), ("kinds", given)):
        done = cli(*args)
        assert done.returncode == 2
        assert f"error: {given}: no such kind\n  hint: {hint}" in done.stderr
        assert done.stderr.endswith("provlabel kinds explains them\n")


@pytest.mark.fresh
def test_shells_complete_kinds(cli: Cli) -> None:
    done = cli(_PROVLABEL_COMPLETE="bash_complete", COMP_WORDS="provlabel label --kind ai_m", COMP_CWORD="3")
    assert done.stdout == "plain,ai_modified\n"


def test_a_human_song_mastered_by_ai_lints_as_the_guide_says() -> None:
    """The three kinds that all linted clean for it: now the words say which."""
    label = {
        "kind": "ai_assisted_technical",
        "systems": [{"name": "AcmeMaster"}],
        "contributions": [
            {"part": "vocals", "extent": "None", "by": "human"},
            {"part": "mastering", "extent": "All", "by": "ai"},
        ],
    }
    assert lint(label) == ()
    assert CASES[0].kind == label["kind"]
