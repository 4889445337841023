"""What can be said of one file can be said of each file of a batch: the options of label, and other files by column."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import click
import pytest
from PIL import Image

from project import MEDIA, Cli
from provlabel.cli import batch, label

pytestmark = pytest.mark.fresh

LEDGER = ("--ledger", "kept/ledger.sqlite")
SYSTEM = ("--kind", "ai_generated", "--system", "AcmeSynth@2.1")
RUN = ("batch", "in", "--signer", "test", "--workers", "2", *LEDGER)
#: Options of ``label`` that a batch has under another name, or that make no sense for many files; and why.
ELSEWHERE = {
    "files": "paths",
    "label_path": "label",
    "output": "one file alone has it",
    "parents": "column parent",
    "ingredients": "column ingredient",
    "input_files": "column input",
    "receipt": "receipts",
    "keep_label": "labels of a batch are checked before anything is read",
    "trust": "of keep_label",
    "trust_leaf": "of keep_label",
}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Two pictures in ``in``, each another."""
    (tmp_path / "in").mkdir()
    for index in range(2):
        Image.new("RGB", (24, 16), (index, 50, 90)).save(tmp_path / "in" / f"{index}.jpg")
    return tmp_path


def reports(cli: Cli, *paths: str | Path) -> list[dict[str, Any]]:
    done = cli("verify", *paths, "--trust", "test", "--format", "json", "--no-cache")
    assert done.returncode == 0, done.stdout
    files: list[dict[str, Any]] = json.loads(done.stdout)["files"]
    return files


def receipts(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def options_of(command: click.Command) -> dict[str, list[str]]:
    return {str(param.name): param.opts for param in command.params if not getattr(param, "hidden", False)}


def test_a_batch_has_every_option_of_label_that_makes_sense_for_each_file() -> None:
    one, many = options_of(label.command), options_of(batch.command)
    assert one.keys() - many.keys() - ELSEWHERE.keys() == set()
    assert {name for name in one.keys() & many.keys() if one[name] != many[name]} == set()


def test_a_label_from_options_alone(work: Path, cli: Cli) -> None:
    more = ("--provider", "Acme Ltd", "--event-time", "2026-03-01T12:00:00Z", "--oversight", "human_validated")
    done = cli(*RUN, "--out-dir", "out", *SYSTEM, *more)
    assert done.returncode == 0, done.stderr
    for file in reports(cli, "out"):
        said = file["label"]["value"]
        assert (said["kind"], said["provider"], said["oversight"]) == (
            "ai_generated", {"name": "Acme Ltd"}, "human_validated",
        )  # fmt: skip
        assert said["systems"] == [{"name": "AcmeSynth", "version": "2.1"}]


def test_what_says_more_about_one_file_wins(work: Path, cli: Cli) -> None:
    (work / "all.toml").write_text('kind = "ai_modified"\ntitle = "of all"\n[[systems]]\nname = "S"\n')
    (work / "own.toml").write_text('kind = "human_made"\n')
    (work / "list.csv").write_text("path,label,title\nin/0.jpg,,of the row\nin/1.jpg,own.toml,\n")
    done = cli(
        "batch", "--jobs", "list.csv", "--out-dir", "out", "--label", "all.toml", "--kind", "ai_generated",
        "--provider", "Acme Ltd", "--signer", "test", *LEDGER,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = (file["label"]["value"] for file in reports(cli, "out/in/0.jpg", "out/in/1.jpg"))
    assert (first["kind"], first["title"], first["provider"]["name"]) == ("ai_generated", "of the row", "Acme Ltd")
    assert (second["kind"], second["provider"]["name"], "title" in second) == ("human_made", "Acme Ltd", False)


@pytest.mark.parametrize(
    "more", [("--provider", "Acme"), ("--detached",), ("--identity", "test"), ("--system", "Other")], ids=str
)
def test_the_ledger_notices_another_option(more: tuple[str, ...], work: Path, cli: Cli) -> None:
    run = (*RUN, "--out-dir", "out", *SYSTEM)
    assert cli(*run).returncode == 0
    assert "skipped  2" in cli(*run).stdout
    done = cli(*run, *more)
    assert done.returncode == 2
    assert "the label, the signer or an option of labeling changed" in done.stderr
    done = cli(*run, *more, "--force")
    assert done.returncode == 0, done.stderr
    assert "skipped  2" in cli(*run, *more, "--force").stdout


def test_a_second_signer_vouches_for_each_file(work: Path, cli: Cli) -> None:
    done = cli(*RUN, "--out-dir", "out", *SYSTEM, "--identity", "test", "--identity-role", "publisher")
    assert done.returncode == 0, done.stderr
    for file in reports(cli, "out"):
        assert [item["roles"] for item in file["identity"]] == [["cawg.publisher"]]
    done = cli(*RUN, "--out-dir", "other", *SYSTEM, "--identity", "test", "--identity-role", "king")
    assert done.returncode == 2
    assert "king: no role" in done.stderr
    done = cli(*RUN, "--out-dir", "other", *SYSTEM, "--identity-role", "publisher")
    assert "add --identity URI" in done.stderr


def test_detached_manifests_lie_beside_copies(work: Path, cli: Cli) -> None:
    done = cli(*RUN, "--out-dir", "out", *SYSTEM, "--detached")
    assert done.returncode == 0, done.stderr
    for name in ("0.jpg", "1.jpg"):
        assert (work / "out" / name).read_bytes() == (work / "in" / name).read_bytes()
        assert (work / "out" / f"{name}.c2pa").exists()
    assert len(reports(cli, "out/0.jpg", "out/1.jpg")) == 2


# --- in place --------------------------------------------------------------------------------------


def test_in_place_each_file_is_labeled_once_whatever_stops_the_run(work: Path, cli: Cli) -> None:
    run = (*RUN, "--in-place", *SYSTEM)
    plain = {path.name: path.stat() for path in (work / "in").iterdir()}
    done = cli(*run)
    assert done.returncode == 0, done.stderr
    labeled = {path.name: path.read_bytes() for path in (work / "in").iterdir()}
    assert "skipped  2" in cli(*run).stdout
    # As if all had been killed after a file got its name, and before the ledger knew.
    with contextlib.closing(sqlite3.connect(work / "kept" / "ledger.sqlite")) as database, database:
        for name, status in plain.items():
            database.execute(
                "UPDATE jobs SET state = 'running', receipt = NULL, size = ?, mtime_ns = ? "
                "WHERE CAST(source AS TEXT) LIKE ?",
                (status.st_size, status.st_mtime_ns, f"%{name}"),
            )
    done = cli(*run, "--receipts", "again.jsonl")
    assert done.returncode == 0, done.stderr
    assert "2 adopted" in done.stdout
    assert {path.name: path.read_bytes() for path in (work / "in").iterdir()} == labeled
    assert [item["parent"] for item in receipts(work / "again.jsonl")] == [None, None]
    assert "skipped  2" in cli(*run).stdout
    for file in reports(cli, "in"):
        assert file["state"] == "trusted"


def test_in_place_a_file_that_was_begun_and_not_written_is_labeled(work: Path, cli: Cli) -> None:
    run = (*RUN, "--in-place", *SYSTEM)
    plain = (work / "in" / "0.jpg").read_bytes()
    assert cli(*run).returncode == 0
    (work / "in" / "0.jpg").write_bytes(plain)
    with contextlib.closing(sqlite3.connect(work / "kept" / "ledger.sqlite")) as database, database:
        database.execute("UPDATE jobs SET state = 'running', receipt = NULL WHERE CAST(source AS TEXT) LIKE '%0.jpg'")
    done = cli(*run)
    assert done.returncode == 0, done.stderr
    assert "adopted" not in done.stdout
    assert len(reports(cli, "in")) == 2


def test_in_place_a_file_that_changed_since_is_not_labeled_unasked(work: Path, cli: Cli) -> None:
    run = (*RUN, "--in-place", *SYSTEM)
    assert cli(*run).returncode == 0
    Image.new("RGB", (30, 30)).save(work / "in" / "0.jpg")
    changed = (work / "in" / "0.jpg").read_bytes()
    done = cli(*run)
    assert done.returncode == 2
    assert "changed" in done.stderr
    assert (work / "in" / "0.jpg").read_bytes() == changed
    assert cli(*run, "--force").returncode == 0
    assert len(reports(cli, "in")) == 2


def test_in_place_two_names_of_one_file_are_refused(work: Path, cli: Cli) -> None:
    os.link(work / "in" / "0.jpg", work / "in" / "again.jpg")
    done = cli(*RUN, "--in-place", *SYSTEM)
    assert done.returncode == 2
    assert "is a source" in done.stderr


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--in-place", "--out-dir", "out"), "in place, or into a folder"),
        (("--in-place", "--detached"), "exclude each other"),
        (("--in-place", "--prompt-mode", "hash"), "can be lost in place"),
        (("--out-dir", "out", "--event-time", "now"), "--event-time with the time itself"),
        (("--out-dir", "out", "--model-id", "x:y"), ""),
        (("--out-dir", "out", "--identifier", "GBAYE2600001"), "TYPE:VALUE"),
    ],
    ids=str,
)
def test_what_contradicts_itself_is_refused_before_anything(
    more: tuple[str, ...], why: str, work: Path, cli: Cli
) -> None:
    before = sorted(path for path in work.rglob("*"))
    done = cli(*RUN, *(SYSTEM if why else ()), *more)
    assert done.returncode == 2
    assert why in done.stderr
    assert sorted(path for path in work.rglob("*")) == before


# --- other files, by column ------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_parent_ingredients_and_inputs_by_column(form: str, work: Path, cli: Cli) -> None:
    done = cli("label", MEDIA / "take.wav", *SYSTEM, "--signer", "test", "-o", "wav.wav")
    assert done.returncode == 0, done.stderr
    for name in ("a;b.flac", "a.flac", "b.wav"):
        (work / name).write_bytes((MEDIA / f"take.{name[-4:].strip('.')}").read_bytes())
    (work / "mix.mp3").write_bytes((MEDIA / "take.mp3").read_bytes())
    if form == "csv":
        (work / "list.csv").write_text("path,parent,ingredient,input\nmix.mp3,wav.wav,a.flac; b.wav,a.flac\n")
    else:
        row = {"path": "mix.mp3", "parent": "wav.wav", "ingredient": ["a;b.flac", "b.wav"], "input": "a.flac"}
        (work / "list.jsonl").write_text(json.dumps(row) + "\n")
    run = ("batch", "--jobs", f"list.{form}", "--out-dir", "out", *SYSTEM, "--signer", "test", *LEDGER)
    done = cli(*run)
    assert done.returncode == 0, done.stderr
    [file] = reports(cli, "out/mix.mp3")
    found = sorted((item["relationship"], item["title"]) for item in file["history"])
    first = "a.flac" if form == "csv" else "a;b.flac"
    assert found == [
        ("componentOf", first), ("componentOf", "b.wav"), ("inputTo", "a.flac"), ("parentOf", "wav.wav"),
    ]  # fmt: skip
    assert "skipped  1" in cli(*run).stdout
    (work / "b.wav").write_bytes((MEDIA / "take.wav").read_bytes() + b"\0\0")
    assert "changed" in cli(*run).stderr


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"parent": "gone.wav"}, "gone.wav: is not there"),
        ({"ingredient": [""]}, "no list of texts: ingredient"),
        ({"ingredient": 5}, "no list of texts: ingredient"),
        ({"input": ["s3://bucket/x.wav"]}, "is an address, not a path"),
        ({"input": ["in/\x00.jpg"]}, "a zero byte"),
        ({"parent": ["in/0.jpg", "in/1.jpg"], "path": "in/1.jpg"}, "one parent"),
    ],
    ids=str,
)
def test_other_files_that_cannot_be_are_told(row: dict[str, Any], why: str, work: Path, cli: Cli) -> None:
    (work / "list.jsonl").write_text(json.dumps({"path": "in/0.jpg", **row}) + "\n")
    done = cli("batch", "--jobs", "list.jsonl", "--out-dir", "out", *SYSTEM, "--signer", "test", *LEDGER)
    assert done.returncode in (2, 3)
    assert why in done.stderr
    assert not list((work / "out").rglob("*.jpg"))


def test_an_output_never_takes_the_place_of_an_ingredient(work: Path, cli: Cli) -> None:
    part = (work / "in" / "1.jpg").read_bytes()
    row = {"path": "in/0.jpg", "ingredient": "in/1.jpg", "output": str(work / "in" / "1.jpg")}
    (work / "list.jsonl").write_text(json.dumps(row) + "\n")
    done = cli("batch", "--jobs", "list.jsonl", "--out-dir", "out", *SYSTEM, "--signer", "test", "--force", *LEDGER)
    assert done.returncode == 2
    assert "goes into another file" in done.stderr
    assert (work / "in" / "1.jpg").read_bytes() == part


def test_a_list_in_place_has_no_outputs(work: Path, cli: Cli) -> None:
    (work / "list.csv").write_text("path,output\nin/0.jpg,out.jpg\n")
    run = ("batch", "--jobs", "list.csv", "--in-place", *SYSTEM, "--signer", "test", *LEDGER)
    assert "has an output, and files are labeled in place" in cli(*run).stderr
    (work / "list.csv").write_text("path\nin/0.jpg\n")
    assert cli(*run).returncode == 0
    assert len(reports(cli, "in/0.jpg")) == 1
