"""What a command costs: CPU, time by the clock and memory, each of all its processes together."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROUNDS = int(os.environ.get("ROUNDS", "21"))
CLI = str(Path(sys.executable).parent / "provlabel")


class Cost(NamedTuple):
    """What one run took."""

    cpu: float  #: milliseconds of all its processes
    wall: float  #: milliseconds
    together: float  #: MB at the most, of all its processes together, shared pages counted once; 0 if not watched
    largest: float  #: MB at the most, of the largest of its processes, shared pages counted in each


def run(command: Sequence[object], env: Mapping[str, str] | None = None, every: float = 0.0) -> Cost:
    """Run a command to its end; its memory is looked at ``every`` so many seconds, or not at all.

    Whoever looks stops the process for that long, so figures of time are best taken without.
    """
    begun = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], env=env, stdout=subprocess.DEVNULL) as running:
        with _watched(running.pid, every) as seen:
            _, status, used = os.wait4(running.pid, 0)
            wall = time.perf_counter() - begun
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: ended with {running.returncode}")
    return Cost(1000 * (used.ru_utime + used.ru_stime), 1000 * wall, max(seen) / 1000, used.ru_maxrss / 1000)


@contextlib.contextmanager
def _watched(pid: int, every: float) -> Iterator[list[int]]:
    """Yield a list that fills with the memory of a process and its children, in kB."""
    seen, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(every):
            seen.append(sum(map(_pss, _family(pid))))

    watcher = threading.Thread(target=watch)
    if every:
        watcher.start()
    try:
        yield seen
    finally:
        done.set()
        if every:
            watcher.join()


def _family(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        below = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in below for one in _family(child))]


def _pss(pid: int) -> int:
    """The proportional share: of a page that several processes have, each counts its part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def measure(commands: Mapping[str, Sequence[object]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Run every command in turn, many times, and return CPU milliseconds of its whole process tree."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(run(command).cpu)
    return times


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the medians of time, and the most of memory."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        max(cost.together for cost in costs),
        max(cost.largest for cost in costs),
    )
