"""Hostile bytes for each of our parsers, under atheris: nothing but what they are allowed to raise comes out."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

from proving import ROOT, Figure

TOTAL, EACH = 2_000_000, 20_000
#: Inputs for each of the fastest harnesses; with those of the others a little more than the total.
RUNS = 80_000
_LINE = re.compile(r"^(\S+) +([0-9,]+) inputs in", re.MULTILINE)


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Make the corpora, run every harness, and count what libFuzzer counted."""
    python = [sys.executable]
    subprocess.run([*python, ROOT / "fuzz" / "corpora.py"], check=True)
    runs, least = max(1, int(RUNS * scale)), max(1, int(EACH * scale))
    command = [*python, ROOT / "fuzz" / "run.py", "--seed", seed, "--runs", runs, "--least", least, "--jobs", 2]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    counts = {name: int(count.replace(",", "")) for name, count in _LINE.findall(done.stdout)}
    if not counts:
        raise SystemExit(done.stderr[-2_000:])
    found = re.findall(r"^found: (.*)", done.stdout, re.MULTILINE)
    total, fewest = sum(counts.values()), min(counts, key=lambda name: counts[name])
    yield Figure(
        "inputs that our parsers read under atheris",
        f"at least {int(TOTAL * scale):,}",
        f"{total:,}",
        total >= TOTAL * scale,
        f"{len(counts)} harnesses; the fewest for {fewest}: {counts[fewest]:,}, of at least {least:,}",
    )
    yield Figure("harnesses with too few inputs", "0", str(sum(n < least for n in counts.values())),
                 all(n >= least for n in counts.values()))  # fmt: skip
    yield Figure(
        "uncaught exceptions, inputs over 10 s or 1.5 GB, and broken promises of harnesses",
        "0",
        str(len(found)),
        done.returncode == 0 and not found,
        "; ".join(found)
        or "a harness also asserts what costs little: parts within their file, what is written is "
        "read again, an unknown failure never passes",
    )
