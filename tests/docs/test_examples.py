"""Every example in a help text, run as it stands there, each in a copy of a folder that has what the examples name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import pki
import tsa
from project import EXAMPLE_LABELS, MEDIA
from provlabel.cli import _COMMANDS, cli as program

pytestmark = pytest.mark.fresh


class Example(NamedTuple):
    """One example of a command."""

    command: str
    line: str


def leaves(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, and the groups above them, by the words that call it."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        called = f"{name} {word}".strip()
        if isinstance(command, click.Group):
            yield from leaves(command, called)
        else:
            yield called, command


def examples(command: click.Command) -> list[str]:
    """The lines below “Example:” or “Examples:”, those that go on after a backslash in one."""
    _, found, rest = re.sub(r"^ +", "", command.help or "", flags=re.MULTILINE).rpartition("Example")
    block = rest.partition("\n")[2].partition("\n\n")[0] if found else ""
    return [line for line in re.sub(r"\\\n", " ", block).splitlines() if line.strip("\b ")]


ALL = [Example(name, line) for name, command in leaves(program) for line in examples(command)]

_NETWORK = "uses the network; tests/trust/test_official.py fetches from loopback"
_TERMINAL = "asks at a terminal; tests/cli/test_init.py answers"
#: What cannot be run here, and why.
NOT_RUN = {
    "provlabel trust fetch c2pa": _NETWORK,
    "provlabel trust fetch c2pa --out trust --yes": _NETWORK,
    "provlabel init": _TERMINAL,
    "provlabel init take.wav -o take.toml": _TERMINAL,
}
#: What is typed before an example that begins so, where the folder has its result already.
BEFORE = {
    "provlabel key init ci-key": "rm -r ci-key",
    "provlabel key csr key.pem --new-key": "rm key.pem",
    "git config": "git init -q .",
    "provlabel label cover.jpg": "rm cover.labeled.jpg",
    "provlabel label take.mp3": "rm take.labeled.mp3",
    "provlabel samples demo": "rm -r demo",
    "provlabel verify release/ --trust anchors.pem --init-policy": "rm provlabel.toml",
}
#: Examples that end with another code than 0 by what they find here, and why.
ENDS = {
    "provlabel diff master.v1.wav master.v2.wav --trust anchors.pem": 1,  # they differ
    "provlabel diff old.jpg new.jpg --format json": 1,
    "provlabel verify cover.labeled.jpg --trust anchors.pem --at 2026-03-01": 1,  # the certificate is younger
    # The certificate names nobody who could be asked.
    "provlabel verify cover.labeled.jpg --trust anchors.pem --tsa-trust clocks.pem --online --require-revocation": 1,
}


def test_every_command_has_an_example_that_calls_it() -> None:
    commands = dict(leaves(program))
    assert {name.split()[0] for name in commands} == set(_COMMANDS)
    for name in commands:
        lines = [line for command, line in ALL if command == name]
        assert any(f"provlabel {name}" in line for line in lines), name


def test_what_is_said_of_examples_is_said_of_some() -> None:
    lines = {line for _, line in ALL}
    assert NOT_RUN.keys() | ENDS.keys() <= lines
    assert all(any(line.startswith(beginning) for line in lines) for beginning in BEFORE)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the examples name, below a home with trust lists, and a time authority on loopback."""
    top = tmp_path_factory.mktemp("examples")
    clock = tsa.Authority(top / "clock", pki.root("Clock Root"))
    with tsa.serving(clock) as (url, _):
        (top / "url").write_text(url)
        (top / "bin").mkdir()
        paths = os.pathsep.join(sys.path)
        for name, words in {
            "provlabel": f"#!/bin/sh\nPYTHONPATH='{paths}' exec {sys.executable} -m provlabel \"$@\"\n",
            "c2patool": "#!/bin/bash\nprintf claim | ${@: -1} | grep -q .\n",  # what it asks of the program
        }.items():
            (top / "bin" / name).write_text(words)
            (top / "bin" / name).chmod(0o755)
        work = top / "work"
        shutil.copytree(MEDIA, work)
        shutil.copy(clock.folder / "root.pem", work / "clocks.pem")
        shutil.copy(EXAMPLE_LABELS / "ai-track.toml", work / "take.toml")
        shutil.copy(EXAMPLE_LABELS / "ai-track.toml", work / "cover.toml")
        done = typed(top, work, PREPARE)
        assert done.returncode == 0, done.stdout + done.stderr
        yield top


PREPARE = """
set -e
provlabel key init ci-key
cp ci-key/key.pem ci-key/chain.pem ci-key/root.pem .
cp root.pem anchors.pem
mkdir -p ~/.config/provlabel/trust
cp root.pem ~/.config/provlabel/trust/C2PA-TRUST-LIST.pem
cp clocks.pem ~/.config/provlabel/trust/C2PA-TSA-TRUST-LIST.pem
provlabel samples demo
mkdir renders songs delivery release
cp cover.jpg still.png renders
cp take.wav take.mp3 songs
provlabel init take.wav --kind ai_partly_created --system A@1 --person 'Ada Example=singer' -o ada.toml
provlabel label take.wav --label ada.toml --personal --stamp-room
provlabel label take.mp3 --label take.toml
provlabel label cover.jpg --label cover.toml -o labeled.jpg
cp labeled.jpg cover.labeled.jpg
provlabel label take.wav --label take.toml -o delivery/take.wav
provlabel export delivery --to ddex --trust root.pem -o message.xml
cp message.xml delivery
cp delivery/take.wav release
provlabel export delivery --to jsonl --trust root.pem -o take.jsonl
provlabel import take.jsonl --from jsonl -o made
cp made/*.json take.json
provlabel init songs --kind human_made --format csv -o catalogue.csv
provlabel label take.wav --kind ai_generated --system A@1 -o master.v1.wav
provlabel label take.wav --kind ai_generated --system A@2 -o master.v2.wav
provlabel label cover.jpg --kind ai_generated --system A@1 -o old.jpg
provlabel label cover.jpg --kind ai_generated --system A@2 -o new.jpg
printf 'schema = "policy-v1"\\nstates = ["trusted"]\\n[trust]\\nanchors = ["root.pem"]\\n' > provlabel.toml
"""


def typed(top: Path, work: Path, line: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{top / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(top), "LANG": "C.UTF-8",
           "PROVLABEL_SIGNER": "file:ci-key/key.pem?chain=ci-key/chain.pem"}  # fmt: skip
    return subprocess.run(
        ["bash", "-c", line], cwd=work, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("example", ALL, ids=[line for _, line in ALL])
def test_the_example_does_what_it_says(example: Example, prepared: Path, tmp_path: Path) -> None:
    if example.line in NOT_RUN:
        pytest.skip(NOT_RUN[example.line])
    work = tmp_path / "work"
    shutil.copytree(prepared / "work", work)
    for output in re.findall(r"-o (\S*\.\w+)", example.line):
        (work / output).unlink(missing_ok=True)
    for beginning, command in BEFORE.items():
        assert not example.line.startswith(beginning) or typed(prepared, work, command).returncode == 0
    url = (prepared / "url").read_text()
    line = re.sub(r"--tsa \S+", f"--tsa {url}", example.line)  # no public authority is asked
    done = typed(prepared, work, line)
    said = done.stdout + done.stderr
    assert done.returncode == ENDS.get(example.line, 0), said
    assert "Traceback" not in said
