"""One process labels and verifies 20,000 files: its memory, its handles and its processes stay as they are."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mutations import LABEL, PICTURES, SHORT, formats
from proving import Figure
from provlabel import Labeler, TrustStore, verify_file
from provlabel.sandbox import Sandbox

WANTED = 20_000
#: What memory may grow by in the second half of a run, of what it was, in the process and in its worker.
GROWTH = 0.05


class State(NamedTuple):
    """What this process holds at one moment."""

    memory: float  #: MB, of this process
    worker: float  #: MB, of the processes below it
    handles: int
    threads: int
    processes: int


def state() -> State:
    """Look."""
    below = _below(os.getpid())
    return State(
        _held(os.getpid()),
        sum(map(_held, below)),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        len(below),
    )


def _below(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _held(pid: int) -> float:
    """What is its own: of pages that are shared, others come and go."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1000


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Memory and handles flat."""
    wanted, trusted = int(WANTED * scale), 0
    seen: list[State] = []
    with tempfile.TemporaryDirectory(dir="/dev/shm") as made, Sandbox() as sandbox:
        folder = Path(made)
        labeler = Labeler(f"test:{folder / 'credential'}", sandbox=sandbox, replace=True)
        trust = TrustStore.load(folder / "credential" / "root.pem", test=True)
        sources = _sources(folder)
        for number in range(wanted):
            source = sources[number % len(sources)]
            dest = folder / f"labeled{source.suffix}"
            _label(labeler, source, dest, number)
            trusted += verify_file(dest, trust=trust, sandbox=sandbox).files[0].state == "trusted"
            if (number + 1) % max(1, wanted // 20) == 0:
                seen.append(state())
    yield Figure(
        "files labeled and verified by one process",
        f"{wanted:,}, all trusted",
        f"{trusted:,} of {wanted:,}",
        trusted == wanted,
    )
    for name, series in (("the process", [one.memory for one in seen]), ("its worker", [one.worker for one in seen])):
        half, end = series[len(series) // 2 - 1], series[-1]
        yield Figure(
            f"memory of {name}, at half of the run and at its end",
            f"<= +{GROWTH:.0%}",
            f"{half:.1f} and {end:.1f} MB",
            end <= half * (1 + GROWTH),
            f"at the first of 20 looks {series[0]:.1f}, at most {max(series):.1f} MB; pages of its own",
        )
    held = {(item.handles, item.threads, item.processes) for item in seen}
    yield Figure(
        "open handles, threads and processes below, at each of 20 looks",
        "the same",
        ", ".join(f"{handles} / {threads} / {processes}" for handles, threads, processes in sorted(held)),
        len(held) == 1,
    )


def _label(labeler: Labeler, source: Path, dest: Path, number: int) -> None:
    """Label as a file, from memory, or from stream to stream: each in turn."""
    way = number % 3
    if way == 0:
        labeler.file(source, dest, LABEL)
    elif way == 1:
        dest.write_bytes(labeler.bytes(source.read_bytes(), LABEL)[0])
    else:
        with source.open("rb") as stream, dest.open("wb") as result:
            labeler.stream(stream, LABEL, result)


def _sources(folder: Path) -> list[Path]:
    """Five short files."""
    made = []
    for name, options in SHORT.items():
        formats.run("ffmpeg", "-v", "error", "-y", "-i", formats.MEDIA / name, *options, folder / name)
        made.append(folder / name)
    for name in PICTURES:
        made.append(folder / name)
        made[-1].write_bytes((formats.MEDIA / name).read_bytes())
    return made
