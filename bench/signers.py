"""Does a slow signer slow the rest?  200 labels, 4 workers, a signer that takes 20 ms.

What is promised: at most 1.3 times the larger of the latency bound (all signatures, spread evenly over
the workers) and the same labels with a key in a file.  Threads and processes are measured, each against
itself and in turns, because the machine is noisy; medians count.  Ends with 1 when the first way, which
is what a caller gets who does nothing about it, misses it.

A worker that waits for its signature does nothing else, so it takes the latency and its own work for
each label, however many cores there are; where own work is as long as here, only more workers help.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image

from keeping import keep
from provlabel import Label, label_file, open_signer
from provlabel.sandbox import Sandbox
from provlabel.sandbox.pool import shared_sandbox
from provlabel.signers.test import CHAIN, KEY

LABELS, WORKERS, LATENCY, BOUND = 200, 4, 0.020, 1.3
ROUNDS = int(os.environ.get("ROUNDS", "5"))
PLAIN = "threads, one sandbox"


class Remote:
    """A signer whose key is LATENCY away; what it does itself is done by the key in the file."""

    def __init__(self, local: Any) -> None:
        self.algorithm, self.chain_pem, self._local = local.algorithm, local.chain_pem, local

    def sign(self, data: bytes) -> bytes:
        time.sleep(LATENCY)
        return self._local.sign(data)


# --- one worker ------------------------------------------------------------------------------------

_mine = threading.local()
_sandboxes: list[Sandbox] = []


def one(job: tuple[str, int, bool, bool]) -> None:
    """Label the picture in the folder once; in a process of a pool everything is opened by the first one."""
    folder, index, remote, own = job
    if not hasattr(_mine, "signers"):
        local = open_signer(f"file:{folder}/{KEY}?chain={folder}/{CHAIN}")
        _mine.signers = {False: local, True: Remote(local)}
        _mine.sandbox = Sandbox()
        _sandboxes.append(_mine.sandbox)
    sandbox = _mine.sandbox if own else shared_sandbox()
    picture = Path(folder, "picture.jpg")
    label_file(picture, Path(folder, f"{index}.jpg"), Label(kind="ai_generated"), _mine.signers[remote],
               replace=True, sandbox=sandbox)  # fmt: skip


# --- the ways to have four workers -----------------------------------------------------------------

Work = Callable[[bool], float]


def _timed(pool: Executor, folder: str, remote: bool, own: bool, count: int = LABELS) -> float:
    jobs = [(folder, index, remote, own) for index in range(count)]
    began = time.perf_counter()
    list(pool.map(one, jobs))
    return time.perf_counter() - began


@contextmanager
def ways(folder: str) -> Iterator[dict[str, Work]]:
    """Yield what to measure, with every worker, sandbox and signer warm."""
    with (
        ThreadPoolExecutor(WORKERS) as threads,
        ThreadPoolExecutor(WORKERS) as sandboxed,
        ProcessPoolExecutor(WORKERS, mp_context=get_context("forkserver")) as processes,
    ):
        pools: dict[str, tuple[Executor, bool]] = {
            PLAIN: (threads, False),
            "threads, a sandbox each": (sandboxed, True),
            "processes": (processes, False),
        }
        for pool, own in pools.values():
            _timed(pool, folder, True, own, 10 * WORKERS)
        yield {
            name: (lambda remote, pool=pool, own=own: _timed(pool, folder, remote, own))
            for name, (pool, own) in pools.items()
        }
    for sandbox in _sandboxes:
        sandbox.close()


def alone(folder: str) -> float:
    """Seconds of one label by one worker, when nothing else runs."""
    took = []
    for index in range(50):
        began = time.perf_counter()
        one((folder, index, False, False))
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> int:
    """Measure, print, and keep the figures."""
    with tempfile.TemporaryDirectory() as folder:
        open_signer(f"test:{folder}")
        picture = Path(folder, "picture.jpg")
        Image.effect_noise((330, 250), 60).convert("RGB").save(picture, quality=90)
        size = picture.stat().st_size
        one((folder, 0, False, False))
        single = alone(folder)
        with ways(folder) as measured:
            times: dict[str, dict[bool, list[float]]] = {name: {False: [], True: []} for name in measured}
            for _ in range(ROUNDS):
                for name, work in measured.items():
                    for remote in (False, True):
                        times[name][remote].append(work(remote))
    return report(times, single, size)


def report(times: dict[str, dict[bool, list[float]]], single: float, size: int) -> int:
    """Print the table and what is promised, and write both down."""
    floor = LABELS * LATENCY / WORKERS
    print(f"{LABELS} labels of a {size / 1000:.0f} kB JPEG, {WORKERS} workers, {os.cpu_count()} cores, {ROUNDS} turns")
    print(f"latency bound {floor:.2f} s; one label alone {1000 * single:.1f} ms, so that each worker takes")
    print(f"{LABELS / WORKERS * (LATENCY + single):.2f} s if none waits for another\n")
    kept = []
    for name, taken in times.items():
        ours, local = statistics.median(taken[True]), statistics.median(taken[False])
        # Each remote run against the file run right before it: what else runs here slows both.
        turns = [remote / max(floor, file) for file, remote in zip(taken[False], taken[True], strict=True)]
        ratio = statistics.median(turns)
        print(
            f"{'held' if ratio <= BOUND else 'MISSED':<7}{name:<22} remote {ours:5.2f} s   file {local:5.2f} s   "
            f"remote / larger of file and bound: {ratio:.2f}, {min(turns):.2f} to {max(turns):.2f}  (at most {BOUND})"
        )
        kept.append(
            {
                "way": name,
                "remote_s": round(ours, 3),
                "file_s": round(local, 3),
                "ratio": round(ratio, 3),
                "least": round(min(turns), 3),
            }
        )
    keep("signers", ROUNDS, load=os.getloadavg(), latency_s=LATENCY, alone_s=round(single, 4), ways=kept)
    return 0 if next(item["ratio"] for item in kept if item["way"] == PLAIN) <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
