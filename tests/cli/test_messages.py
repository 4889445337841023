"""Mistakes that new users made, each with a message that says what is wrong and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from project import Cli

SIGNED = ("--kind", "ai_generated", "--signer", "test")
#: What was typed, the exit code, and what is told: message and hint.
MISTAKES: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    "a misspelt command": (("lable", "a.jpg"), 2, "lable: no such command", "did you mean provlabel label?"),
    "help as a command": (("help",), 2, "help: no such command", "did you mean provlabel --help?"),
    "version as a command": (("version",), 2, "version: no such command", "did you mean provlabel --version?"),
    "a command like none": (("qqqq",), 2, "qqqq: no such command", "provlabel --help names all"),
    "an option like none": (
        ("stamp", "a.jpg", "--kind", "ai_generated"), 2, "--kind: no such option", "provlabel stamp --help names all",
    ),
    "a folder": (
        ("label", "s", *SIGNED), 3, "s: a folder, not a regular file",
        "name the files in it, or: provlabel batch FOLDER --out-dir OUT --label LABEL",
    ),
    "no such file": (
        ("label", "nope.jpg", *SIGNED), 3, "nope.jpg: no such file or directory",
        "check the name, and the current folder: pwd",
    ),
    "an output that is there": (
        ("label", "a.jpg", *SIGNED, "--out-dir", "s"), 3, "s/a.jpg: exists already",
        "choose another output, or add --force",
    ),
    "two formats in one place": (
        ("verify", "a.jpg", "--format", "github", "--format", "markdown"), 2,
        "github and markdown cannot all be written to one place", "give one a file: --format markdown=FILE",
    ),
    "a sound as a label": (
        ("lint", "take.wav"), 2, "take.wav: is no text, so no label",
        "a label is a text file, TOML or JSON; what a media file says is shown by provlabel show",
    ),
    "text in another encoding": (
        ("lint", "latin.toml"), 2, "latin.toml: is no text in UTF-8, so no label",
        "a label is a text file, TOML or JSON; what a media file says is shown by provlabel show",
    ),
    "a picture as a label": (
        ("label", "a.jpg", "--label", "a.jpg", "--signer", "test"), 2, "a.jpg: is no text, so no label",
        "a label is a text file, TOML or JSON; what a media file says is shown by provlabel show",
    ),
    "YAML": (
        ("label", "a.jpg", "--label", "bad.yaml", "--signer", "test"), 2,
        "bad.yaml: is no JSON: line 1, column 1: expecting value",
        "YAML is not read: write the label as TOML (NAME.toml) or JSON",
    ),
    "an empty system": (
        ("label", "a.jpg", *SIGNED, "--system", ""), 2, "label: /systems/0/name: is empty",
        "provlabel kinds explains the kinds, provlabel init writes a first label",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_it_says_what_is_wrong_and_what_to_do(mistake: str, cli: Cli, media: Path) -> None:
    os.rename(media / "cover.jpg", media / "a.jpg")
    (media / "s").mkdir()
    (media / "s" / "a.jpg").write_bytes(b"x")
    (media / "bad.yaml").write_text("kind: ai_generated\n")
    (media / "latin.toml").write_bytes('title = "M\xfcnchen"\n'.encode("latin-1"))
    typed, code, message, hint = MISTAKES[mistake]
    done = cli(*typed, cwd=media)
    assert done.returncode == code
    assert done.stderr == f"error: {message}\n" + (f"  hint: {hint}\n" if hint else "")


def test_a_key_as_a_list_of_anchors(cli: Cli, media: Path, credential: Path) -> None:
    done = cli("verify", media / "cover.jpg", "--trust", credential / "key.pem")
    assert done.returncode == 2
    assert done.stderr.endswith(
        "hint: give the certificates of a CA, such as root.pem; a key stays with whoever signs\n"
    )


def test_show_judges_by_no_policy(cli: Cli, media: Path) -> None:
    assert "policy." not in cli("show", media / "cover.jpg").stdout
    assert "policy.state" in cli("verify", media / "cover.jpg").stdout


def test_a_path_is_called_as_it_was_given(cli: Cli, media: Path) -> None:
    done = cli("verify", "nope.jpg", "./a/../nope.png", cwd=media)
    assert str(media) not in done.stdout + done.stderr
    assert "nope.jpg: no such file or directory" in done.stdout


def test_the_column_of_paths_under_another_name(cli: Cli, media: Path) -> None:
    (media / "list.csv").write_text("file,kind\ncover.jpg,ai_generated\n")
    done = cli("batch", "--jobs", "list.csv", "--out-dir", "out", "--signer", "test", cwd=media)
    assert done.returncode == 2
    assert "unknown column file\n  hint: did you mean path?" in done.stderr
