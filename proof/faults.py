"""The system fails at every step of ``label`` and ``batch``, in every way that it can there.

The table is made by tracing a run without fault (``tests/scenarios/faults/faultpoints.py``); then every point of it
is visited with the real command line, and sources, outputs, scratch files, the ledger and the words of the error
are looked at.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from faultpoints import BATCH, SCENES, Bench, Point, Scene, Visit, make_stock, points_of
from project import MEDIA
from proving import Figure, rng
from races import Round, race

#: Each runs a process at a time.
THREADS = 2
WANTED = 1_000
#: Processes that label one file at once, and how often.
RACERS, ROUNDS = 50, 20
#: What is looked at, and how it is told.
KINDS = {
    "source": "sources lost or changed",
    "output": "outputs that are neither whole nor absent (nor, where one was replaced, the old one)",
    "leftover": "scratch files left by a process that lived, or after the next start",
    "ledger": "batches whose ledger, files and receipts did not agree after they were resumed, each job done once",
    "words": "endings with another code than 3, without the cause, or with a breakdown",
}


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Visit the table; with a ``scale`` below 1 a part of it, by chance."""
    with tempfile.TemporaryDirectory(prefix="provlabel-faults-") as name, ExitStack() as stack:
        benches = _Benches(Path(name), stack)
        with ThreadPoolExecutor(THREADS) as pool:
            table = [point for points in pool.map(benches.table, (*SCENES, BATCH)) for point in points]
            chosen = table if scale >= 1 else rng(seed, "faults").sample(table, max(1, round(scale * len(table))))
            visits = list(pool.map(benches.visit, chosen))
        yield from _figures(table, visits)  # of a part, what was chosen counts
        (Path(name) / "race").mkdir()
        yield from _races(list(race(Path(name) / "race", MEDIA / "cover.jpg", RACERS, max(2, round(ROUNDS * scale)))))


class _Benches:
    """A bench for each thread."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self._root, self._stack = root, stack
        self._stock = make_stock(root / "stock")
        self._own = threading.local()

    def table(self, scene: Scene) -> list[Point]:
        return points_of(scene, self._bench().calls(scene))

    def visit(self, point: Point) -> Visit:
        visit = self._bench().visit(point)
        for problem in visit.problems:
            print(f"          {point}: {problem.kind}: {problem.text}", flush=True)
        if not visit.hit:
            print(f"          {point}: not hit", flush=True)
        return visit

    def _bench(self) -> Bench:
        if not hasattr(self._own, "bench"):
            root = self._root / str(threading.get_ident())
            root.mkdir()
            self._own.bench = self._stack.enter_context(Bench(root, self._stock))
        bench: Bench = self._own.bench
        return bench


def _figures(table: list[Point], visits: list[Visit]) -> Iterator[Figure]:
    hit = [visit for visit in visits if visit.hit]
    faults = Counter(visit.point.fault for visit in hit)
    yield Figure(
        "fault points of label and batch visited",
        f"at least {WANTED:,}, all of the table",
        f"{len(hit):,} of {len(table):,}, {len({visit.point.pair for visit in hit})} pairs of step and fault",
        len(hit) == len(visits) and len(table) >= WANTED,
        ", ".join(f"{name} {count:,}" for name, count in faults.most_common()),
    )
    problems = Counter(
        problem.kind for visit in visits for problem in {item.kind: item for item in visit.problems}.values()
    )
    torn = sum(visit.pair_torn for visit in visits)
    for kind, claim in KINDS.items():
        note = ""
        if kind == "output" and torn:
            note = (
                f"not counted: {torn} points at which label --detached -o was killed between the two renames of a copy "
                "and its manifest, and the manifest alone was there; two files cannot be renamed at once"
            )
        yield Figure(claim, "0", str(problems[kind]), not problems[kind], note)


def _races(rounds: list[Round]) -> Iterator[Figure]:
    told = sum((Counter(item.told) for item in rounds), Counter[str]())
    for item in rounds:
        for problem in item.problems:
            print(f"          race: {problem}", flush=True)
    yield Figure(
        f"rounds in which {RACERS} processes labeled one file at once, and it was not valid, or a label was lost, or "
        "somebody was not told",
        "0",
        f"{sum(bool(item.problems) for item in rounds)} of {len(rounds)}",
        not any(item.problems for item in rounds),
        ", ".join(f"{words} {count:,}" for words, count in told.most_common()),
    )
