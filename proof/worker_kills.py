"""A thousand calls by 16 threads while workers are killed and stopped at random: each has its own answer or error.

All pictures differ, and so do their labels: an answer that went to another call is seen.  A call may fail where its own
worker was killed, by an error that names its picture, and by nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from calling import Answer, Calls
from hosts import descriptors
from making import numbered_jpegs
from proving import Figure, rng
from provlabel.sandbox.limits import Limits

CALLS, THREADS, WORKERS = 1_000, 16, 2
#: A worker that is stopped is given up after twice this time; an honest picture of 60 kB takes milliseconds.
LIMITS = Limits(cpu_seconds=1)
#: Of the signals, the part that only stops a worker; each costs two seconds.
_STOPS = 0.1
#: Answers between two signals: by answers and not by time, so that a slow machine kills no more than it starts.
_ANSWERS = 5, 15


class _Task(NamedTuple):
    """A call, and what it has to answer."""

    name: str
    content: bytes
    wanted: Answer

    def run(self, calls: Calls) -> Answer:
        return (calls.label if self.wanted.state == "labeled" else calls.verify)(self.content, self.name)


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Call, kill, and compare."""
    wanted = max(100, round(CALLS * scale))
    with tempfile.TemporaryDirectory(prefix="provlabel-calls-") as name:
        folder = Path(name)
        with Calls(folder / "credential", WORKERS) as calls:
            tasks = list(_tasks(calls, wanted, rng(seed, "tasks")))
        before = set(descriptors())
        with contextlib.ExitStack() as stack:
            calls = stack.enter_context(Calls(folder / "credential", WORKERS, LIMITS))
            answered = threading.Semaphore(0)
            sent = stack.enter_context(_killing(calls, answered, rng(seed, "kills")))
            threads = stack.enter_context(ThreadPoolExecutor(THREADS))

            def run(task: _Task) -> Answer:
                try:
                    return task.run(calls)
                finally:
                    answered.release()

            answers = list(threads.map(run, tasks))
        left = (len(calls.workers()), len(set(descriptors()) - before))
        with Calls(folder / "credential", WORKERS) as calls:
            found = Counter(_judged(calls, *pair) for pair in zip(tasks, answers, strict=True))
    wrong = wanted - found["right"] - found["its own error"]
    told = ", ".join(f"{word} {count}" for word, count in found.most_common())
    yield Figure("calls that got their own right answer, or an error about their own picture", f"{wanted:,}",
                 f"{wanted - wrong:,}", not wrong, told)  # fmt: skip
    yield Figure("calls that got the right answer", f"more than half of {wanted:,}", f"{found['right']:,}",
                 found["right"] * 2 > wanted)  # fmt: skip
    least = wanted // 50
    yield Figure("workers killed, and stopped, while calls ran", f"at least {least} and 1",
                 f"{sent['SIGKILL']} and {sent['SIGSTOP']}",
                 sent["SIGKILL"] >= least and sent["SIGSTOP"] >= 1)  # fmt: skip
    yield Figure("processes, and descriptors, left afterwards", "0 and 0", "{} and {}".format(*left), left == (0, 0))


def _tasks(calls: Calls, count: int, chance: random.Random) -> Iterator[_Task]:
    """Half of the pictures are labeled, half are verified; of these some are changed."""
    for number, picture in numbered_jpegs(count):
        name = f"picture {number}"
        if number % 2:
            yield _Task(name, picture, Answer("labeled", name, _sha256(picture)))
            continue
        signed = bytearray(calls.label(picture, name).content)
        if changed := number % 10 == 0:
            signed[-chance.randrange(1_000, 20_000)] ^= 1  # in what is seen
        content = bytes(signed)
        yield _Task(name, content, Answer("invalid" if changed else "trusted", name, _sha256(content)))


def _judged(calls: Calls, task: _Task, answer: Answer) -> str:
    if answer.state == "error":
        return "its own error" if answer.message.startswith(f"{task.name}: ") else f"error: {answer.message[:80]}"
    if answer._replace(content=b"") != task.wanted:
        return f"wrong: {answer._replace(content=b'')}, not {task.wanted}"
    if answer.state == "labeled":
        again = calls.verify(answer.content, task.name)
        return "right" if (again.state, again.title) == ("trusted", task.name) else f"labeled, but {again}"
    return "right"


@contextlib.contextmanager
def _killing(calls: Calls, answered: threading.Semaphore, chance: random.Random) -> Iterator[Counter[str]]:
    """Send a signal to a worker, by chance, after some answers each time, until what is inside ends."""
    sent: Counter[str] = Counter()
    over = threading.Event()

    def kill() -> None:
        while True:
            for _ in range(chance.randint(*_ANSWERS)):
                while not answered.acquire(timeout=0.1):
                    if over.is_set():
                        return
            number = signal.SIGSTOP if chance.random() < _STOPS or not sent["SIGSTOP"] else signal.SIGKILL
            if workers := sorted(calls.workers()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(workers), number)
                    sent[number.name] += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
