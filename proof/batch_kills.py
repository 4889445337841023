"""A batch of thousands is killed at moments of chance and resumed: each file is labeled once, and nothing is left.

In turns the whole process group, the driver alone and a worker alone get SIGKILL.  The first two are started again;
a batch that lost a worker goes on by itself.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from faultpoints import LABEL, LEDGER, seen_in, strangers, untrue
from making import numbered_jpegs
from proving import Figure, rng
from provlabel import TrustStore, open_signer, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers.test import ROOT as TEST_ROOT

FILES, KILLS = 5_000, 50
VICTIMS = ("the process group", "the driver", "a worker")
#: Files a second, at the least: so that kills are spread over the whole of the work.
_RATE = 150
_START = 1.5  # seconds until workers label


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Kill as often as promised, let the batch end, and count what there is."""
    with tempfile.TemporaryDirectory(prefix="provlabel-kills-") as name:
        batch = _Batch(Path(name), max(100, round(FILES * scale)))
        times = max(3, round(KILLS * scale))
        killed = batch.killed(times, rng(seed, "kills"))
        found = batch.found()
    told = ", ".join(f"{who} {killed[who]}" for who in VICTIMS)
    yield Figure(
        "times that it was killed",
        f"{times}, most of them before the last file was labeled",
        f"{killed.total()}, {batch.busy} of them before",
        killed.total() >= times and batch.busy * 2 > times,
        told,
    )
    yield Figure("files labeled once, as ledger and receipts say, and trusted", f"{batch.files:,}", f"{found.good:,}",
                 found.good == batch.files)  # fmt: skip
    for claim, count in (
        ("files whose ledger, receipt or manifest says otherwise", found.untrue),
        ("sources changed", found.changed),
        ("scratch files left, and others that nobody asked for", found.left),
    ):
        yield Figure(claim, "0", str(count), not count)


class _Found(NamedTuple):
    good: int
    untrue: int
    changed: int
    left: int


class _Batch:
    """The files, and the command that labels them."""

    def __init__(self, folder: Path, files: int) -> None:
        self._folder, self.files = folder, files
        self.busy = 0  #: kills before the last file was labeled
        (folder / "in").mkdir()
        for number, content in numbered_jpegs(files):
            (folder / "in" / f"{number:05}.jpg").write_bytes(content)
        (folder / "label.toml").write_text(LABEL)
        self._credential = folder / "credential"
        open_signer(f"test:{self._credential}")
        self._before = seen_in(folder)

    def _start(self) -> subprocess.Popen[bytes]:
        said = ("--label", "label.toml", "--signer", f"test:{self._credential}", "--workers", "2", "-q")
        return subprocess.Popen(
            [sys.executable, "-m", "provlabel", "batch", "in", "--out-dir", "out", *said],
            cwd=self._folder,
            env={**os.environ, "HOME": str(self._folder), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def killed(self, times: int, chance: random.Random) -> Counter[str]:
        """Kill it so often, and let it end.

        Raises:
            AssertionError: it failed when it was let alone.
        """
        done: Counter[str] = Counter()
        span = 2 * self.files / _RATE / times
        process = self._start()
        while done.total() < times:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_START * chance.random() + chance.uniform(0, span))
            if process.poll() is not None:  # all is done: what is left to be killed is looking
                _ended(process)
                process = self._start()
                continue
            who = VICTIMS[done.total() % len(VICTIMS)]
            left = self.files - sum(1 for _ in (self._folder / "out").glob("*.jpg"))
            if not _kill(process, who, chance):
                continue
            self.busy += left > 0
            done[who] += 1
            if who != "a worker":
                process.communicate()
                if who == "the driver":
                    _alone(process.pid)
                process = self._start()
        _ended(process)
        _ended(self._start())
        return done

    def found(self) -> _Found:
        """Count what there is."""
        outputs = {f"out/{path.name}" for path in (self._folder / "in").iterdir()}
        trust = TrustStore.load(self._credential / TEST_ROOT, test=True)
        after = seen_in(self._folder)
        with Sandbox() as sandbox:
            states = [verify_file(self._folder / name, trust=trust, sandbox=sandbox).files[0].state for name in outputs]
            wrong = sum(1 for _ in untrue(self._folder / LEDGER, sandbox))
        own = {*self._before, *outputs, LEDGER, "out/receipts.jsonl"}
        return _Found(
            good=states.count("trusted") - wrong,
            untrue=wrong,
            changed=sum(after.get(name) != was for name, was in self._before.items()),
            left=sum(not name.startswith(".cache/") for name in strangers(self._folder, own)),
        )


def _kill(process: subprocess.Popen[bytes], who: str, chance: random.Random) -> bool:
    """Kill; nothing where there is no worker yet."""
    if who == "the process group":
        os.killpg(process.pid, signal.SIGKILL)
    elif who == "the driver":
        process.kill()
    else:
        others = [pid for pid in _session(process.pid) if pid != process.pid]
        if len(others) < 2:  # a worker and its sandbox
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(sorted(others)), signal.SIGKILL)
    return True


def _ended(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()


def _alone(leader: int) -> None:
    """Wait until nobody of a session is left: workers of a killed driver end by themselves."""
    ends = time.monotonic() + 10
    while _session(leader) and time.monotonic() < ends:
        time.sleep(0.02)
    assert not _session(leader), "workers outlived their driver"


def _session(leader: int) -> list[int]:
    """Return the processes of a session that run."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return found
