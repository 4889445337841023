"""The text report: short where all is well, whole where it is asked for, each thing said once."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from project import MEDIA, Cli
from provlabel import Label, label_file
from provlabel.report.renderers.style import Style
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer


@pytest.fixture
def delivery(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> Path:
    """One labeled picture, as often as a test wants."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    label_file(MEDIA / "cover.jpg", folder / "000.jpg", Label(kind="ai_generated"), signer, sandbox=sandbox)
    return folder


def filled(folder: Path, count: int) -> Path:
    for number in range(1, count):
        shutil.copy(folder / "000.jpg", folder / f"{number:03}.jpg")
    return folder


@pytest.mark.parametrize(("count", "named"), [(1, 1), (20, 20), (21, 0), (200, 0)])
def test_what_passed_takes_few_lines(count: int, named: int, delivery: Path, cli: Cli) -> None:
    done = cli("verify", filled(delivery, count), "--trust", "test")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) <= 25
    assert len([line for line in lines if ".jpg  TRUSTED: made by AI" in line]) == named
    assert f"{count} passed, 0 failed" in lines
    assert [line for line in lines if "signer.test-credential" in line] == [
        line for line in lines if line.startswith("warning signer.test-credential")
    ]
    if not named:
        assert f"PASS  {count} files (-v names them)" in lines
    full = cli("verify", delivery, "--trust", "test", "-v").stdout
    assert full.count("  axes     ") == count
    assert cli("verify", delivery, "--trust", "test", "-q").stdout == ""


def test_failures_are_named_and_told_once(delivery: Path, cli: Cli) -> None:
    filled(delivery, 3)
    for name in ("a.png", "b.png"):
        shutil.copy(MEDIA / "still.png", delivery / name)
    shutil.copy(MEDIA / "take.wav", delivery)
    (delivery / "torn.jpg").write_bytes((delivery / "000.jpg").read_bytes()[:-100] + bytes(100))
    done = cli("verify", delivery, "--trust", "test")
    assert done.returncode == 1
    assert done.stdout.count("UNSIGNED: has no signed manifest") == 1  # three files, one block
    assert [line.rsplit("/", 1)[-1] for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
        "a.png", "b.png", "take.wav", "torn.jpg",
    ]  # fmt: skip
    assert "policy.label" not in done.stdout  # that it is unsigned says it
    assert "hint: label it: provlabel label FILE --kind …; or, if unsigned is good enough for you" in done.stdout
    quiet = cli("verify", delivery, "--trust", "test", "-q")
    assert quiet.returncode == 1
    assert quiet.stdout.startswith("FAIL")
    assert "PASS" not in quiet.stdout
    assert "warning" not in quiet.stdout
    assert "passed" not in quiet.stdout
    missing = cli("verify", delivery / "none.jpg", "--trust", "test", "-q")
    assert missing.returncode == 3
    assert "none.jpg" in missing.stdout
    assert cli("verify", delivery, "-q", "-v").returncode == 2


def test_an_unsigned_file_is_told_once_in_what_people_read(delivery: Path, cli: Cli) -> None:
    """Programs get both findings: each can be excepted by itself."""
    shutil.copy(MEDIA / "still.png", delivery / "a.png")
    for name, times in (("text", 0), ("markdown", 0), ("github", 0), ("html", 0), ("json", 1), ("sarif", 1)):
        told = cli("verify", delivery / "a.png", "--format", name).stdout
        found = json.loads(told)["runs"][0]["results"] if name == "sarif" else told
        said = [item["ruleId"] for item in found] if name == "sarif" else re.findall(r"policy\.[a-z]+", told)
        assert said.count("policy.label") == times, name
        assert "policy.state" in said, name


def test_a_file_that_is_excepted_for_its_state_still_wants_a_label(delivery: Path, cli: Cli) -> None:
    """Only what fails by its state is not told again for its label."""
    shutil.copy(MEDIA / "still.png", delivery / "a.png")
    policy = delivery / "gate.toml"
    policy.write_text(
        'schema = "policy-v1"\n[[exceptions]]\nrule = "policy.state"\npath = "**"\nreason = "asked"\n'
        'owner = "ann"\nexpires = 2099-01-01\n'
    )
    done = cli("verify", delivery / "a.png", "--trust", "test", "--policy", policy, "--root", delivery)
    assert done.returncode == 1
    assert "error policy.label" in done.stdout


@given(
    st.lists(st.text("abcx“”", min_size=1, max_size=30), min_size=1, max_size=40), st.integers(20, 100), st.booleans()
)
def test_lines_are_broken_between_words_and_nothing_is_lost(words: list[str], width: int, painted: bool) -> None:
    style = Style(colour=painted, width=width)
    line = "  " + " ".join(style.paint(word, "red") for word in words)
    pieces = list(style.wrapped(line))
    assert " ".join(" ".join(pieces).split()) == " ".join(line.split())
    for piece in pieces:
        seen = re.sub("\x1b\\[[0-9;]*m", "", piece)
        assert len(seen) <= width or len(seen.split()) == 1


def test_a_pipe_gets_whole_lines() -> None:
    assert list(Style().wrapped("word " * 100)) == ["word " * 100]
