"""Ledger and receipts of a batch lie in the user's folder of state, and nothing but outputs lies among the outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from project import Cli
from provlabel.batch.running import FOLDER

pytestmark = pytest.mark.fresh

RUN = ("batch", "in", "--kind", "ai_generated", "--system", "X", "--signer", "test", "--workers", "2")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for index in range(2):
        Image.new("RGB", (24, 16), (index, 50, 90)).save(tmp_path / "in" / f"{index}.jpg")
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def state(work: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(work / "state")}


def test_only_outputs_lie_among_the_outputs(work: Path, cli: Cli) -> None:
    done = cli(*RUN, "--out-dir", "out", **state(work))
    assert done.returncode == 0, done.stderr
    assert names(work / "out") == ["0.jpg", "1.jpg"]
    [folder] = (work / "state" / "provlabel" / "batch").iterdir()
    assert folder.name.startswith("out-")
    assert names(folder) == ["1/ledger.sqlite", "1/receipts.jsonl"]
    assert f"receipts {folder / '1' / 'receipts.jsonl'}" in done.stdout
    for path in (work / "state").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    again = cli(*RUN, "--out-dir", f"{work}/in/../out", **state(work))
    assert "skipped  2" in again.stdout
    assert names(folder) == ["1/ledger.sqlite", "1/receipts.jsonl"]


def test_a_dry_run_makes_no_folder(work: Path, cli: Cli) -> None:
    done = cli(*RUN, "--out-dir", "out", "--dry-run", **state(work))
    assert done.returncode == 0, done.stderr
    assert "to do    2" in done.stdout
    assert not (work / "state").exists()


def test_outputs_that_were_moved_away_keep_their_receipts(work: Path, cli: Cli) -> None:
    assert cli(*RUN, "--out-dir", "out", **state(work)).returncode == 0
    [first] = (work / "state").rglob("receipts.jsonl")
    kept = first.read_bytes()
    (work / "out").rename(work / "delivered")
    (work / "out").mkdir()
    done = cli(*RUN, "--out-dir", "out", **state(work))
    assert done.returncode == 0, done.stderr
    assert "done     2" in done.stdout
    assert "made again" not in done.stderr
    assert first.read_bytes() == kept
    assert len(list((work / "state").rglob("receipts.jsonl"))) == 2
    assert "skipped  2" in cli(*RUN, "--out-dir", "out", **state(work)).stdout


def test_folders_of_one_name_have_ledgers_of_their_own(work: Path, cli: Cli) -> None:
    for place in ("a", "b"):
        assert cli(*RUN, "--out-dir", f"{place}/out", **state(work)).returncode == 0
    assert len(list((work / "state" / "provlabel" / "batch").iterdir())) == 2
    for place in ("a", "b"):
        assert "skipped  2" in cli(*RUN, "--out-dir", f"{place}/out", **state(work)).stdout


@pytest.mark.parametrize("listed", [False, True])
def test_in_place_and_lists_resume(listed: bool, work: Path, cli: Cli) -> None:
    (work / "list.csv").write_text(f"path,output\nin/0.jpg,{work}/x/0.jpg\nin/1.jpg,{work}/x/1.jpg\n")
    run = ("batch", "--jobs", "list.csv", *RUN[2:]) if listed else (*RUN, "--in-place")
    done = cli(*run, **state(work))
    assert done.returncode == 0, done.stderr
    assert "skipped  2" in cli(*run, **state(work)).stdout
    assert names(work / "in") == ["0.jpg", "1.jpg"]


def test_a_ledger_of_an_earlier_version_is_gone_on_with_and_said(work: Path, cli: Cli) -> None:
    older = ("--ledger", f"out/{FOLDER}/ledger.sqlite", "--receipts", "out/receipts.jsonl")
    assert cli(*RUN, "--out-dir", "out", *older).returncode == 0
    (work / "out" / "1.jpg").unlink()
    done = cli(*RUN, "--out-dir", "out", **state(work))
    assert done.returncode == 0, done.stderr
    assert "skipped  1" in done.stdout
    assert f"note: goes on with the ledger that an earlier version left in out/{FOLDER}" in done.stderr
    assert names(work / "out") == [f"{FOLDER}/ledger.sqlite", "0.jpg", "1.jpg", "receipts.jsonl"]
    assert len((work / "out" / "receipts.jsonl").read_text().splitlines()) == 2
    assert not (work / "state").exists()
    assert cli(*RUN, "--out-dir", "out", "-q", **state(work)).stderr == ""


def test_a_ledger_that_is_named_has_its_receipts_beside_it(work: Path, cli: Cli) -> None:
    done = cli(*RUN, "--out-dir", "out", "--ledger", "kept/mine.sqlite", "--format", "json", **state(work))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["receipts"] == "kept/receipts.jsonl"
    assert names(work / "kept") == ["mine.sqlite", "receipts.jsonl"]
    assert not (work / "state").exists()


def test_a_list_by_standard_input_in_place_names_its_ledger(work: Path, cli: Cli) -> None:
    done = cli("batch", "--jobs", "-", "--in-place", *RUN[2:], stdin="in/0.jpg\n", **state(work))
    assert done.returncode == 2
    assert "--ledger FILE --receipts FILE" in done.stderr
    assert not (work / "state").exists()


def test_a_relative_folder_of_state_is_ignored(work: Path, cli: Cli) -> None:
    assert cli(*RUN, "--out-dir", "out", XDG_STATE_HOME="relative").returncode == 0
    assert not (work / "relative").exists()


def test_a_folder_of_state_that_cannot_be_written_is_told_and_nothing_is_done(work: Path, cli: Cli) -> None:
    (work / "state").write_text("a file")
    done = cli(*RUN, "--out-dir", "out", **state(work))
    assert done.returncode == 3
    assert "no ledger can be kept there" in done.stderr
    assert names(work / "in") == ["0.jpg", "1.jpg"]
    assert not (work / "out").exists() or names(work / "out") == []
