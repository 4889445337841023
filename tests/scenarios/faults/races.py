"""Runs :mod:`racing`, and judges each round: the file is valid, and holds every label that was told to be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from provlabel import TrustStore, open_signer, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers.test import ROOT


class Round(NamedTuple):
    """What came of one round."""

    told: dict[str, int]
    problems: tuple[str, ...]


def race(folder: Path, source: Path, processes: int, rounds: int) -> Iterator[Round]:
    """Race in ``folder``, and yield each round."""
    open_signer(f"test:{folder}/credential")
    trust = TrustStore.load(folder / "credential" / ROOT, test=True)
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("racing.py"), folder, source, str(processes), str(rounds)],
        env={**os.environ, "HOME": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with Sandbox() as sandbox:
        for line in done.stdout.splitlines():
            told = json.loads(line)
            yield Round(told["told"], tuple(_problems(Path(told["folder"]), told, source, trust, sandbox)))


def _problems(
    folder: Path, told: dict[str, dict[str, int]], source: Path, trust: TrustStore, sandbox: Sandbox
) -> Iterator[str]:
    in_place, won = bool(told["in_place"]), told["told"].get("won", 0)
    output = folder / ("a.jpg" if in_place else "b.jpg")
    [file] = verify_file(output, trust=trust, sandbox=sandbox).files
    if file.state != "trusted":
        yield f"it is {file.state}"
    # In place a later one may label what an earlier one has finished; then both are in the history.
    if len(sandbox.read(output).manifests) != won or (won != 1 and not in_place) or not won:
        yield f"{won} won, and the file has {len(sandbox.read(output).manifests)} manifests"
    if any(text.startswith("code") for text in told["told"]):
        yield f"somebody was told something else: {told['told']}"
    if not in_place and (folder / "a.jpg").read_bytes() != source.read_bytes():
        yield "the source was changed"
    if left := {path.name for path in folder.iterdir()} - {"a.jpg", output.name}:
        yield f"left behind: {sorted(left)}"
