"""``docs/abuse.md`` and ``docs/security.md`` name tests that exist, and no row of the abuse list is missing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from project import ROOT

PAGE = ROOT / "docs" / "abuse.md"
ROWS = 73
#: Folders that are named as a whole.
WHOLE = ("tests/scenarios/conformance", "tests/scenarios/faults")
#: What is there, with the tests in it, by path from the root.
_NAMED = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")


def rows() -> dict[int, str]:
    found = re.findall(r"^\| (\d+) \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    return {int(number): text for number, text in found}


def functions_in(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_no_row_is_missing() -> None:
    assert list(rows()) == list(range(1, ROWS + 1))


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_each_row_is_held_or_says_why_not(number: int) -> None:
    text = rows()[number]
    named = _NAMED.findall(text)
    for path, name in named:
        assert (ROOT / path).exists(), path
        assert not name or name in functions_in(ROOT / path), f"{path}::{name}"
        assert name or path in WHOLE or "Gap:" in text or path.endswith(".py")
    assert named or "Gap:" in text
    assert not any(not cell.strip() for cell in text.split("|"))


def test_each_promise_of_the_security_page_names_its_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    promises = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| who ")]
    assert len(promises) >= 11
    every = {name for path in (ROOT / "tests").rglob("test_*.py") for name in functions_in(path)}
    for line in promises:
        names = re.findall(r"`(test_\w+)`", line)
        assert names, line
        assert set(names) <= every, line
