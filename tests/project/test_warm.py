"""A command in a copy of a warm process ends, prints and writes as in a process that starts from nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from project import Cli, Under

RUNS = {
    "no command": (),
    "version": ("--version",),
    "help": ("verify", "--help"),
    "no such option": ("verify", "cover.jpg", "--nope"),
    "no such file": ("verify", "missing.jpg", "--at", "2030-01-01"),
    "unsigned": ("verify", "cover.jpg", "still.png", "--at", "2030-01-01"),
    "an empty label": ("lint", "label.toml"),
    "no anchors": ("verify", "cover.jpg", "--trust", "anchors.pem"),
    "a table": ("formats",),
    "a name that is no text": ("verify", os.fsdecode(b"\xff.jpg"), "--at", "2030-01-01"),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_warm_process_says_what_a_fresh_one_says(run: str, cli: Cli, under: Under, media: Path) -> None:
    (media / "label.toml").touch()
    warm, fresh = cli(*RUNS[run], cwd=media), under((), *RUNS[run], cwd=media)
    assert (warm.returncode, warm.stdout, warm.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)


def test_environment_folder_and_rights_are_those_of_the_run(cli: Cli, media: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        home = tmp_path / "another home"
        done = cli(*("label", "cover.jpg", "--kind", "ai_generated", "--signer", "test"), cwd=media, HOME=str(home))
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert (home / ".config" / "provlabel" / "test").is_dir()
    assert stat.S_IMODE((media / "cover.labeled.jpg").stat().st_mode) & 0o027 == 0
    again = cli("verify", "cover.labeled.jpg", "--trust", "test", cwd=media)
    assert again.returncode == 1, "it trusts the credential of another home"


def test_what_is_read_when_python_starts_is_read_by_a_fresh_process(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit(7)")
    assert cli("--version", PYTHONPATH=str(tmp_path)).returncode != 0
