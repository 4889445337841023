"""One name for one thing: -o is the output, -j the workers, --jobs a list; old spellings still work and say so."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from project import MEDIA, Cli
from provlabel.cli import _COMMANDS, _MODULES

KIND = ("--kind", "ai_generated", "--system", "X", "--signer", "test")


def commands() -> Iterator[tuple[str, click.Command]]:
    for name in _COMMANDS:
        found: click.Command = importlib.import_module(f"provlabel.cli.{_MODULES.get(name, name)}").command
        yield name, found
        yield from ((f"{name} {inner}", each) for inner, each in getattr(found, "commands", {}).items())


@pytest.mark.parametrize(
    ("short", "long"),
    {"-o": "--output", "-j": "--workers", "-q": "--quiet", "-v": "--verbose"}.items(),
)
def test_a_letter_means_one_thing_in_every_command(short: str, long: str) -> None:
    named = {
        name: param.opts
        for name, command in commands()
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden and {short, long} & set(param.opts)
    }
    assert named
    assert {name for name, opts in named.items() if opts != [short, long]} == set()


def test_jobs_is_a_list_of_files_alone() -> None:
    shown = {
        name
        for name, command in commands()
        for param in command.params
        if isinstance(param, click.Option) and "--jobs" in param.opts and not param.hidden
    }
    assert shown == {"batch"}


def test_old_spellings_of_verify_work_and_say_the_new_ones(cli: Cli, media: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = cli("verify", media / "cover.jpg", "--format", "json", "-O", out, "--jobs", "1")
    assert done.returncode == 1
    assert json.loads(out.read_text())["summary"]["files"] == 1
    assert "warning: -O is now -o;" in done.stderr
    assert "warning: --jobs is now --workers;" in done.stderr
    new = cli("verify", media / "cover.jpg", "--format", "json", "-o", out, "-j", "1")
    assert new.returncode == 1
    assert new.stderr == ""
    assert "-O" not in cli("verify", "--help").stdout


def test_the_old_spelling_of_import_works_and_says_the_new_one(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,kind,systems.0.name\ntake.wav,ai_generated,X\n")
    done = cli("import", "list.csv", "--from", "csv", "-o", "drafts", cwd=tmp_path)
    assert done.returncode == 0
    assert "warning: -o is now --out-dir;" in done.stderr
    assert [path.name for path in (tmp_path / "drafts").iterdir()] == ["take.wav.label.json"]


def test_a_number_of_workers_in_place_of_a_list_is_told(cli: Cli, tmp_path: Path) -> None:
    done = cli("batch", "--jobs", "4", "--out-dir", "out", "--signer", "test", cwd=tmp_path)
    assert done.returncode == 2
    assert "--workers 4" in done.stderr
    assert not list(tmp_path.iterdir())


def test_quiet_prints_nothing_where_all_is_well(cli: Cli, media: Path, tmp_path: Path) -> None:
    labeled, out = tmp_path / "a.jpg", tmp_path / "b.jpg"
    (tmp_path / "list.csv").write_text("path,kind,systems.0.name\ntake.wav,ai_generated,X\n")
    (tmp_path / "prompt.txt").write_text("a castle\n")
    prompt = ("--prompt-file", tmp_path / "prompt.txt", "--prompt-mode", "clear")
    runs: list[tuple[str | Path, ...]] = [
        ("label", MEDIA / "cover.jpg", *KIND, *prompt, "-o", labeled, "-q"),
        ("redact", labeled, "--personal", "--signer", "test", "-o", out, "-q"),
        ("unlabel", labeled, "-o", tmp_path / "c.jpg", "-q"),
        ("import", tmp_path / "list.csv", "--from", "csv", "--out-dir", tmp_path / "drafts", "-q"),
    ]
    for run in runs:
        done = cli(*run)
        assert (done.stdout, done.stderr) == ("", ""), run
        assert done.returncode == 0
    broken = cli("redact", labeled, "--personal", "--signer", "test", "-o", out, "-q")
    assert (broken.returncode, broken.stdout) == (3, "")
    assert "exists already" in broken.stderr
