"""Several workers that look like one: each file has its own answer, whatever becomes of the worker of another."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from project import MEDIA, SAMPLES
from provlabel import Label, SandboxPool, TrustStore, label_bytes, verify_bytes, verify_file
from provlabel._support.processes import Child
from provlabel.evidence import Evidence
from provlabel.sandbox import Sandbox
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.process import spawn
from provlabel.signers import Signer

LARGE = 16 << 20


class Workers:
    """Starts workers, and knows them."""

    def __init__(self) -> None:
        self.all: list[Child] = []

    def __call__(self) -> Child:
        self.all.append(spawn())
        return self.all[-1]

    def signal(self, number: int) -> None:
        os.kill(self.all[-1].pid, number)


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A sound that is large."""
    path = tmp_path / "large.wav"
    head = (MEDIA / "take.wav").read_bytes()
    data = head.index(b"data")
    content = head[: data + 4] + LARGE.to_bytes(4, "little")
    path.write_bytes(b"RIFF" + (len(content) - 8 + LARGE).to_bytes(4, "little") + content[8:] + bytes(LARGE))
    return path


def contents() -> Iterator[tuple[str, bytes]]:
    return ((name, (MEDIA / name).read_bytes()) for name in sorted(SAMPLES))


def test_it_starts_no_more_workers_than_are_needed(workers: Workers, trust: TrustStore) -> None:
    with SandboxPool(4, workers) as pool:
        for _, content in contents():
            verify_bytes(content, trust=trust, sandbox=pool)
        assert len(workers.all) == 1


def test_small_files_do_not_wait_for_large_ones(workers: Workers, sound: Path) -> None:
    """The worker for large files stands still, and the only one for small files answers."""
    with SandboxPool(1, workers) as pool, ThreadPoolExecutor(1) as beside:
        assert verify_file(sound, sandbox=pool).files[0].state == "unsigned"
        workers.signal(signal.SIGSTOP)
        waiting = beside.submit(verify_file, sound, sandbox=pool)
        for _, content in contents():
            assert verify_bytes(content, sandbox=pool).files[0].state == "unsigned"
        assert not waiting.done()
        os.kill(workers.all[0].pid, signal.SIGCONT)
        assert waiting.result().files[0].state == "unsigned"
    assert len(workers.all) == 2


def test_a_worker_that_is_killed_says_nothing_about_its_file(workers: Workers) -> None:
    """It is stopped first, so that it has the file and cannot answer before."""
    content = (MEDIA / "cover.jpg").read_bytes()
    with Sandbox(workers) as sandbox, ThreadPoolExecutor(1) as beside:
        whole = sandbox.read_bytes(content)
        workers.signal(signal.SIGSTOP)
        asked = beside.submit(sandbox.read_bytes, content)
        time.sleep(0.3)
        workers.signal(signal.SIGKILL)
        assert asked.result() == whole
        assert len(workers.all) == 2


def test_a_worker_that_hangs_is_replaced_and_costs_one_file(workers: Workers) -> None:
    with SandboxPool(2, workers, limits=Limits(cpu_seconds=1)) as pool:
        whole = {name: pool.read_bytes(content) for name, content in contents()}
        workers.signal(signal.SIGSTOP)
        with ThreadPoolExecutor(4) as threads:
            answers = dict(zip(whole, threads.map(pool.read_bytes, dict(contents()).values()), strict=True))
        troubles = {name: answer.trouble for name, answer in answers.items() if answer != whole[name]}
        assert len(troubles) == 1
        [trouble] = troubles.values()
        assert trouble is not None
        assert (trouble.kind, trouble.text) == ("too-costly", "it took too long")
        assert {name: pool.read_bytes(content) for name, content in contents()} == whole


def test_killed_at_random_under_load_each_call_has_its_own_answer(
    label: Label, signer: Signer, trust: TrustStore
) -> None:
    over = threading.Event()
    rng = random.Random(17)
    killed = set()

    def kill() -> None:
        while not over.wait(rng.uniform(0.02, 0.1)):
            worker = rng.choice(pool._small)._worker
            if worker is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
                    killed.add(worker.pid)

    def call(turn: int) -> None:
        name, content = files[turn % len(files)]
        report = verify_bytes(content, name=f"{turn}-{name}", trust=trust, sandbox=pool)
        [file] = report.files
        assert file.path == f"{turn}-{name}"
        assert file.state == "trusted" or "was killed twice" in file.findings[0].message
        assert file.sha256 == digests[name] or file.state == "unreadable"

    with SandboxPool(2) as pool:
        files = [(name, label_bytes(content, label, signer, sandbox=pool)) for name, content in contents()]
        digests = {name: receipt.sha256 for name, (_, receipt) in files}
        files = [(name, content) for name, (content, _) in files]
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(call, range(120)))
        finally:
            over.set()
            killer.join()
    assert len(killed) > 2


def test_calls_of_a_process_share_a_pool_and_a_copy_of_it_has_one_of_its_own() -> None:
    content = (MEDIA / "still.png").read_bytes()
    pool = shared_sandbox()
    assert isinstance(pool, SandboxPool)
    whole = pool.read_bytes(content)
    held = [pool._free_small.get() for _ in range(pool.width)]  # as if threads of the parent were reading
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer: Evidence | None = None
        try:
            answer = shared_sandbox().read_bytes(content)
        finally:
            os.write(writing, b"same" if answer == whole else b"other")
            shared_sandbox().close()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        assert told.read() == b"same"
    os.waitpid(pid, 0)
    for sandbox in held:
        pool._free_small.put(sandbox)
    assert pool.read_bytes(content) == whole
