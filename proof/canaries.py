"""Secrets in outputs: failures of ``tests/scenarios/test_canaries.py``, every command over files that hold secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from proving import ROOT, Figure

FAILURES = 40
#: Tests that each run one command, and look for a canary in all that it says, leaves behind and hands to its children.
TESTS = ("tests/scenarios/test_canaries.py", "tests/scenarios/abuse/test_abuse_canaries.py")


def prove(scale: float, seed: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.xml")
        only = () if scale >= 1 else ("-k", "phrase or leak or command")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={log}", *only, *TESTS],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )
        cases = re.findall(r'<testcase [^>]*name="([^"]+)"[^>]*?(/>|>.*?</testcase>)', log.read_text(), re.DOTALL)
    failed = [name for name, rest in cases if "<failure" in rest or "<error" in rest]
    skipped = [name for name, rest in cases if "<skipped" in rest]
    forced = [name for name, _ in cases if name.startswith("test_no_failure") and name not in skipped]
    others = [name for name, _ in cases if name not in forced and name not in skipped]
    most = FAILURES if scale >= 1 else 1
    yield Figure("forced failures with secrets at hand", f"≥ {most}", str(len(forced)), len(forced) >= most)
    yield Figure("commands and processes looked at otherwise", "each command", f"{len(others)} cases", bool(others))
    leaks = "; ".join(failed) or ("" if done.returncode == 0 else done.stdout[-300:])
    yield Figure("canaries in any output, file or process", "0", str(len(failed)), done.returncode == 0, leaks)
