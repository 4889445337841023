"""Threads of one process label and verify pictures in memory, 20,000 times: its memory and its workers' stay flat."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from calling import Answer, Calls
from making import numbered_jpegs
from proving import Figure
from soak import State, state

CALLS, THREADS, WORKERS, PICTURES = 20_000, 4, 2, 40
#: Looks at memory, all calls waiting meanwhile.
LOOKS = 20
#: What memory may grow by in the second half of a run: a part of what it was, and MB, as the kernel makes one huge page
#: of small ones where it likes, with what lay idle between them.
GROWTH, HUGE = 0.05, 2.2


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Call, and look."""
    pairs, right = max(2, round(CALLS * scale / 2 / LOOKS)), 0
    seen: list[State] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="provlabel-calls-")))
        calls = stack.enter_context(Calls(folder / "credential", WORKERS))
        threads = stack.enter_context(ThreadPoolExecutor(THREADS))
        pictures = [(f"picture {number}", content) for number, content in numbered_jpegs(PICTURES)]

        def pair(number: int) -> bool:
            title, content = pictures[number % PICTURES]
            labeled = calls.label(content, title)
            return _of(calls.verify(labeled.content, title)) == ("trusted", title)

        list(threads.map(pair, range(PICTURES)))  # all threads and workers are there, and warm
        for _ in range(LOOKS):
            right += 2 * sum(threads.map(pair, range(pairs)))
            seen.append(state())
    wanted = 2 * pairs * LOOKS
    yield Figure("labels and verdicts in memory, in turns, by one process", f"{wanted:,}, all right", f"{right:,}",
                 right == wanted, f"{THREADS} threads, {WORKERS} workers, pictures of 60 kB")  # fmt: skip
    print(table(seen))
    for who, series in (("the process", [one.memory for one in seen]), ("its workers", [one.worker for one in seen])):
        half, end = series[LOOKS // 2 - 1], series[-1]
        yield Figure(f"memory of {who}, at half of the run and at its end", f"<= +{GROWTH:.0%} and a huge page",
                     f"{half:.1f} and {end:.1f} MB", end <= half * (1 + GROWTH) + HUGE,
                     f"at the first of {LOOKS} looks {series[0]:.1f}, at most {max(series):.1f} MB; pages of its own"
                     )  # fmt: skip
    held = {(one.handles, one.threads, one.processes) for one in seen}
    yield Figure(f"open handles, threads and processes below, at each of {LOOKS} looks", "the same",
                 ", ".join("{} / {} / {}".format(*one) for one in sorted(held)), len(held) == 1)  # fmt: skip


def table(seen: list[State]) -> str:
    """Return what was seen, a line for each look."""
    rows = [f"{'look':>6} {'process, MB':>12} {'workers, MB':>12} {'handles':>8} {'threads':>8} {'processes':>10}"]
    rows += (
        f"{number:>6} {one.memory:>12.1f} {one.worker:>12.1f} {one.handles:>8} {one.threads:>8} {one.processes:>10}"
        for number, one in enumerate(seen, 1)
    )
    return "\n".join(rows)


def _of(answer: Answer) -> tuple[str, str]:
    return answer.state, answer.title
