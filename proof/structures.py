"""Hostile manifests and changed files through sandbox, verdict and report: the main process lives on, undeceived."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from proving import ROOT, Figure

#: ``mutations`` takes 200,000 changed files the same way, without the rendering.
TOTAL, STRUCTURES, LEAST = 50_000, 40_000, 30_000
_JOBS = 2


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Let two processes take their shares, each with a sandbox of its own."""
    subprocess.run([sys.executable, ROOT / "fuzz" / "corpora.py"], check=True)
    structures = max(_JOBS, int(STRUCTURES * scale))
    mutations = max(_JOBS, int(TOTAL * scale)) - structures
    with ThreadPoolExecutor(_JOBS) as pool:
        done = list(pool.map(lambda share: _share(structures, mutations, seed, share), range(_JOBS)))
    counts = [json.loads(one.stdout) for one in done if one.stdout.strip()]
    states = sum((Counter(one["states"]) for one in counts), Counter[str]())
    wrong = [line for one in counts for line in one["wrong"]]
    read, lost = states.total() + len(wrong), _JOBS - len(counts)
    yield Figure(
        "hostile files judged and rendered in the main process",
        f"at least {TOTAL * scale:,.0f}, {LEAST * scale:,.0f} of them structure-aware",
        f"{read:,}, {structures:,} of them structure-aware",
        read >= TOTAL * scale and structures >= LEAST * scale,
        ", ".join(f"{state} {count:,}" for state, count in states.most_common()),
    )
    said = "".join(one.stderr[-300:] for one in done if one.returncode not in (0, 1))
    yield Figure("deaths, hangs and exceptions of the main process", "0", str(lost + _raised(wrong)),
                 lost + _raised(wrong) == 0, said)  # fmt: skip
    false = len(wrong) - _raised(wrong)
    yield Figure("trusted or valid, and not what was signed", "0", str(false), false == 0, "; ".join(wrong[:5]))
    yield from _costs(counts)


def _share(structures: int, mutations: int, seed: int, share: int) -> subprocess.CompletedProcess[str]:
    command: list[Any] = [sys.executable, ROOT / "fuzz" / "structures.py", "--structures", structures]
    command += ["--mutations", mutations, "--seed", seed, "--share", f"{share}/{_JOBS}"]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def _raised(wrong: list[str]) -> int:
    return sum(": AssertionError: " not in line for line in wrong)


def _costs(counts: list[dict[str, Any]]) -> Iterator[Figure]:
    """Say what the dearest files cost, a new worker for the one before included."""
    slowest = sorted((row for one in counts for row in one["slowest"]), reverse=True)
    fattest = sorted((row for one in counts for row in one["fattest"]), reverse=True)
    if not slowest or not fattest:
        return
    workers = sum(one["workers"] for one in counts)
    seconds, memory = slowest[0][0], fattest[0][0]
    yield Figure("time of the slowest of them", "at most 2 s", f"{seconds:.2f} s", seconds <= 2,
                 ", ".join(f"{name} {took:.2f} s" for took, name in slowest[:5]))  # fmt: skip
    yield Figure("memory of a worker (VmHWM)", "at most 300 MB", f"{memory} MB", memory <= 300,
                 f"{workers:,} workers were started, a new one after each that died or refused")  # fmt: skip
