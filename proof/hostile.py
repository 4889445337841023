"""Hostile files of at most 10 MB: what the real command line needs for each, in time and in its largest process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from proving import ROOT, Figure

#: Most bytes of a file, and smaller sizes: just below a limit a file may cost more than far above it.
SIZES = (9_900_000, 4_000_000, 900_000, 250_000)
SECONDS, MEGABYTES = 2.0, 300.0
KINDS = 60

# Starts what it is told and says what that took.  A small process of its own, since the memory of whoever starts
# another counts as that one's, too.
LAUNCHER = """
import json, os, sys, time
for line in sys.stdin:
    command, to = json.loads(line)
    to = [(os.POSIX_SPAWN_OPEN, number, to, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for number in (1, 2)]
    begun = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=to)
    _, status, used = os.wait4(pid, 0)
    took = time.perf_counter() - begun
    print(json.dumps([os.waitstatus_to_exitcode(status), took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000]),
          flush=True)
"""


class Cost(NamedTuple):
    """What one run took: its exit code, seconds by the clock and of CPU, and MB of its largest process."""

    code: int
    wall: float
    cpu: float
    memory: float


class Launcher:
    """Runs ``provlabel`` and measures it with all its children."""

    def __init__(self, home: Path, env: Mapping[str, str] | None = None) -> None:
        kept = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT / "src"), **(env or {})}
        self.said = home / "said"
        self._running = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LAUNCHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=kept,
        )

    def run(self, *args: object) -> Cost:
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self.said.unlink(missing_ok=True)
        command = [sys.executable, "-m", "provlabel", *map(str, args)]
        self._running.stdin.write(json.dumps([command, str(self.said)]) + "\n")
        self._running.stdin.flush()
        return Cost(*json.loads(self._running.stdout.readline()))

    def close(self) -> None:
        self._running.communicate()


def files(scale: float) -> Iterator[tuple[str, str, bytes]]:
    """Yield kind, ending and content of each hostile file; sizes that come to the same content count once."""
    from hostile_files import HOSTILE

    for number, (name, kind) in enumerate(HOSTILE.items()):
        seen: set[str] = set()
        for size in SIZES if scale >= 1 else SIZES[number % len(SIZES) :][:1]:
            content = kind.make(size)
            assert len(content) <= 10_000_000, name
            digest = hashlib.sha256(content).hexdigest()
            if digest not in seen:
                yield name, kind.suffix, content
            seen.add(digest)


def prove(scale: float, seed: int) -> Iterator[Figure]:
    judged: list[tuple[Cost, str]] = []
    labeled: list[tuple[Cost, str]] = []
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Launcher(Path(folder))) as launcher:
        for name, suffix, content in files(scale):
            path, made = Path(folder, f"hostile{suffix}"), Path(folder, f"made{suffix}")
            path.write_bytes(content)
            what = f"{name} ({len(content) / 1e6:.1f} MB)"
            judged.append((_least(launcher, "verify", path), what))
            order = ("label", path, "-o", made, "--kind", "ai_generated", "--signer", "test", "--quiet")
            labeled.append((launcher.run(*order), what))
            made.unlink(missing_ok=True)
    yield from _figures(judged, labeled)


def _least(launcher: Launcher, *args: object) -> Cost:
    """Run once; where the clock says too much, twice more, since others use the machine as well."""
    costs = [launcher.run(*args)]
    while costs[-1].wall > SECONDS and len(costs) < 3:
        costs.append(launcher.run(*args))
    return min(costs, key=lambda cost: cost.wall)._replace(memory=max(cost.memory for cost in costs))


def _figures(judged: list[tuple[Cost, str]], labeled: list[tuple[Cost, str]]) -> Iterator[Figure]:
    kinds = len({what.rpartition(" (")[0] for _, what in judged})
    yield Figure(
        "hostile files that are judged, by kind",
        f"≥ {KINDS} kinds",
        f"{kinds} kinds, {len(judged)} files",
        kinds >= KINDS,
    )
    slow, fat = max(judged, key=lambda item: item[0].wall), max(judged, key=lambda item: item[0].memory)
    late = [what for cost, what in judged if cost.wall > SECONDS]
    yield Figure(
        "the longest that any of them takes `verify`, by the clock",
        f"≤ {SECONDS:g} s",
        f"{slow[0].wall:.2f} s ({slow[0].cpu:.2f} s of CPU), {slow[1]}",
        not late,
        f"longer: {'; '.join(late)}" if late else "",
    )
    large = [what for cost, what in judged if cost.memory > MEGABYTES]
    yield Figure(
        "the largest process of any of them, its worker included",
        f"≤ {MEGABYTES:g} MB",
        f"{fat[0].memory:.0f} MB, {fat[1]}",
        not large,
        f"larger: {'; '.join(large)}" if large else "",
    )
    other = [f"{what}: {cost.code}" for cost, what in judged if cost.code != 1]
    yield Figure(
        "they that pass, or end the command otherwise than by a verdict",
        "0",
        str(len(other)),
        not other,
        "; ".join(other),
    )
    last, bad = (
        max(labeled, key=lambda item: item[0].wall),
        [what for cost, what in labeled if cost.code not in (0, 2, 3)],
    )
    yield Figure(
        "the longest that any of them takes `label`, which signs or refuses it",
        "told, not promised",
        f"{last[0].wall:.2f} s ({last[0].cpu:.2f} s of CPU), {last[1]}",
        not bad,
        "; ".join(bad),
    )
