"""The proofs of ``make proof`` run, at a small scale; and the page for people says what was counted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from project import ROOT, needs

sys.path.insert(0, str(ROOT / "proof"))

import proofs
from proving import Figure, kept, rng

#: Small enough for every change; each takes seconds.
SCALES = {"mutations": 0.001, "soak": 0.002, "calls": 0.004, "worker_kills": 0.1, "opinions": 0.0005, "conform": 0.02}


@needs("ffmpeg")
@needs("heif-convert")
@needs("djxl")
@pytest.mark.parametrize("name", SCALES)
def test_a_proof_runs(name: str) -> None:
    before = (proofs.KEPT.read_bytes() if proofs.KEPT.exists() else b"", proofs.PAGE.read_bytes())
    command = [sys.executable, "proof/proofs.py", name, "--scale", str(SCALES[name]), "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("held") >= 2
    assert before == (proofs.KEPT.read_bytes() if proofs.KEPT.exists() else b"", proofs.PAGE.read_bytes())


def test_the_page_is_what_was_kept() -> None:
    assert proofs.page(kept()) == proofs.PAGE.read_text()


def test_a_promise_that_was_not_held_is_said() -> None:
    facts = {"figures": [Figure("a | claim", "0", "1", False, "why")._asdict()], "command": "make proof", "at": "today"}
    page = proofs.page({"soak": {**facts, "commit": "abc", "with": "it", "seconds": 1}})
    assert "| a \\| claim | 0 | 1. why | **not held** |" in page
    assert "Not run yet." in page


def test_chance_is_the_same_whoever_asks() -> None:
    assert rng(1, "a", 2).random() == rng(1, "a", 2).random() != rng(1, "a", 3).random()
