"""Pages of docs/ that are run from top to bottom: each in an empty folder, as its commands stand there.

A block is run when ``<!-- run -->`` stands before it.  What it shows of the output has to be in the output, where
``…`` stands for anything; ``# ends with N`` is the exit code.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT

_BLOCK = re.compile(r"^<!-- run -->\n+```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[tuple[str, list[str]]]:
    """Each command of the page with the lines that it shows."""
    parts = [part for block in _BLOCK.findall(page) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


@pytest.mark.parametrize("name", ["ddex", "tables", "sheets", "batch", "conversions", "start"])
def test_the_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "provlabel"
    paths = os.pathsep.join(sys.path)
    program.write_text(f"#!/bin/sh\nPYTHONPATH='{paths}' exec {sys.executable} -m provlabel \"$@\"\n")
    program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    (work / "samples").symlink_to(ROOT / "samples")
    env = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    found = commands(page)
    assert len(found) > 4
    for command, shown in found:
        expected = re.search(r"\s+# ends with (\d)$", command)
        done = subprocess.run(
            ["bash", "-c", command], cwd=work, env=env, capture_output=True, text=True, timeout=120, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == int(expected[1] if expected else 0), f"{command}\n{said}"
        for line in filter(None, map(str.strip, shown)):
            pattern = ".*".join(map(re.escape, line.split("…")))
            assert re.search(pattern, said), f"{command}\nshows: {line}\nsaid:\n{said}"
