"""``provlabel law``: the rules of laws, as people read them and as programs do."""

from __future__ import annotations

import json

import pytest

from project import Cli
from provlabel.law import LAWS, load_laws


def test_all_rules_are_listed_and_those_of_a_day(cli: Cli) -> None:
    done = cli("law", "list")
    assert done.returncode == 0
    for law in load_laws(LAWS):
        assert f"{law.law}: {law.title} (read {law.as_of})" in done.stdout
        assert all(row.number in done.stdout for row in law.rule)
    early = cli("law", "list", "us-ca", "--as-of", "2026-09-15").stdout
    assert "2026-08-02 to 2026-09-29" in early
    assert "since 2026-09-30" not in early
    assert "us-ny" not in early
    told = json.loads(cli("law", "list", "us-ca", "--as-of", "2026-09-15", "--format", "json").stdout)
    assert [law["law"] for law in told] == ["us-ca"]
    assert {row["from"] for row in told[0]["rules"]} >= {"2026-08-02"}
    assert "2026-09-30" not in {row["from"] for row in told[0]["rules"]}


def test_lines_fit_the_terminal(cli: Cli) -> None:
    for columns in (60, 80, 120):
        lines = cli("law", "list", COLUMNS=str(columns)).stdout.splitlines()
        assert max(len(line) for line in lines if line.startswith("  ")) <= columns


@pytest.mark.parametrize("name", ["EU-3", "eu-3", "law.eu.3"])
def test_a_rule_is_shown_in_full(name: str, cli: Cli) -> None:
    rows = [row for row in load_laws(["eu"])[0].rule if row.id == "law.eu.3"]
    words = " ".join(cli("law", "show", name).stdout.split())
    for row in rows:
        for text in (row.title, row.era, row.source, row.certainty, row.hint):
            assert text in words
    told = json.loads(cli("law", "show", name, "--format", "json").stdout)
    assert [row["certainty"] for row in told[0]["rules"]] == [row.certainty for row in rows]
    assert told[0]["as_of"]


def test_a_rule_is_shown_with_what_it_exempts_and_looks_for(cli: Cli) -> None:
    words = " ".join(cli("law", "show", "CA-1").stdout.split())
    assert "exempt closed-list: All but the eight minor modifications" in words
    assert "Here: provider.name." in words
    words = " ".join(cli("law", "show", "CN-1").stdout.split())
    assert "P+S, high (the primary text was read in part, the rest in sources that quote it)" in words


def test_laws_are_named_with_commas_as_everywhere(cli: Cli) -> None:
    assert cli("law", "list", "in,us-ny").stdout == cli("law", "list", "in", "us-ny").stdout


def test_a_law_is_shown_with_its_scope_and_what_is_left_out(cli: Cli) -> None:
    [law] = load_laws(["eu"])
    words = " ".join(cli("law", "show", "eu").stdout.split())
    for text in (*(part.title for part in law.scope), *law.left_out, *(row.id for row in law.rule)):
        assert text in words


def test_what_a_reason_names_can_be_shown(cli: Cli) -> None:
    """Reasons name scopes too, as of EU-8."""
    [law] = load_laws(["eu"])
    for part in law.scope:
        words = " ".join(cli("law", "show", part.number).stdout.split())
        assert part.title in words
        assert "law.eu.1" not in words


def test_each_rule_of_every_law_can_be_shown(cli: Cli) -> None:
    codes = [row.id for law in load_laws(LAWS) for row in law.rule]
    assert cli("law", "show", *codes).returncode == 0


@pytest.mark.parametrize(("name", "meant"), [("EU-77", "EU-7"), ("us_ny", "us-ny"), ("law.cn.11", "law.cn.1")])
def test_what_is_no_rule_gets_the_nearest(name: str, meant: str, cli: Cli) -> None:
    done = cli("law", "show", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"did you mean {meant}?" in done.stderr
    assert cli("law", "show").returncode == 2
