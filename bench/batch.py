"""A catalogue: 5,000 JPEGs of 60 kB labeled by ``provlabel batch``, on all cores and on one, and killed ten times.

Promised on two cores: at least 300 files a second, at least 1.7 times as many as on one core, memory that does not grow
with the number of files, and after ten SIGKILLs each file labeled once.  Beside it stand loops over the bare engine
in one process, and SHA-256 with a copy.  Ends with 1 when a promise is missed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keeping import keep
from making import numbered_jpegs
from measuring import CLI, run
from run import BARE_SIGN

FILES, FEW = int(os.environ.get("FILES", "5000")), 500
ROUNDS = int(os.environ.get("ROUNDS", "3"))
KILLS = 10
RATE, CORES, GROWTH = 300, 1.7, 1.15

LABEL = (
    '{"kind": "ai_generated", "systems": [{"name": "AcmeSynth", "version": "2.1"}], "provider": {"name": "Acme Ltd"}}'
)
HASH_AND_COPY = """
import hashlib, pathlib, shutil, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jpg")):
    hashlib.sha256(path.read_bytes()).digest()
    shutil.copyfile(path, pathlib.Path(sys.argv[2]) / path.name)
"""


def main() -> int:
    """Measure in turns, print, and keep the figures."""
    seed = int(os.environ.get("SEED", str(random.randrange(10**6))))
    with tempfile.TemporaryDirectory(prefix="provlabel-bench-") as name:
        bench = Bench(Path(name))
        times = bench.times()
        memory = {count: bench.memory(count) for count in (FEW, FILES)}
        killed = bench.killed(random.Random(seed))
    return report(times, memory, killed, seed)


class Bench:
    """The files, and everything that is done with them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._out, self._home = folder, folder / "out", folder / "home"
        self._files, self._few, self._label = folder / "files", folder / "few", folder / "label.json"
        self._env = {**os.environ, "HOME": str(self._home)}
        for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            self._env.pop(variable, None)
        self._label.write_text(LABEL)
        make(self._files, FILES)
        shutil.copytree(self._files / "00", self._few)
        self._batch(self._few, "--quiet").check_returncode()  # makes the credential, and what is imported warm
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self._out, ignore_errors=True)
        subprocess.run(["sync"], check=True)

    def _command(self, files: Path) -> list[str]:
        ledger = str(self._out / ".provlabel-batch" / "ledger.sqlite")
        how = ["--label", str(self._label), "--signer", "test", "--ledger", ledger]
        return [CLI, "batch", str(files), "--out-dir", str(self._out), *how]

    def _batch(self, files: Path, *more: str, cores: set[int] | None = None) -> subprocess.CompletedProcess[str]:
        def pin() -> None:
            if cores:
                os.sched_setaffinity(0, cores)

        return subprocess.run(
            [*self._command(files), *more], env=self._env, capture_output=True, text=True, check=False, preexec_fn=pin
        )

    def times(self) -> dict[str, list[float]]:
        """Return files a second, of each way in turn; the slow ones look at a part of the files."""
        credential = self._home / ".config" / "provlabel" / "test"
        part = sorted(self._files.glob("00/*.jpg"))
        loops = {
            "engine, its defaults, one process": [sys.executable, "-c", BARE_SIGN, credential, "yes", *part],
            "engine, no thumbnail, one process": [sys.executable, "-c", BARE_SIGN, credential, "no", *part],
        }
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for title, cores in (("provlabel batch", None), ("provlabel batch, one core", {0})):
                begun = time.perf_counter()
                self._batch(self._files, "--quiet", cores=cores).check_returncode()
                rates.setdefault(title, []).append(FILES / (time.perf_counter() - begun))
                self._clear()
            for title, command in loops.items():
                rates.setdefault(title, []).append(1000 * len(part) / run(command, self._env).wall)
                for made in self._files.glob("00/engine-*.jpg"):
                    made.unlink()
            self._out.mkdir()
            cost = run([sys.executable, "-c", HASH_AND_COPY, self._files, self._out], self._env)
            rates.setdefault("SHA-256 and copy, one process", []).append(1000 * FILES / cost.wall)
            self._clear()
        return rates

    def memory(self, count: int) -> float:
        """Return the most that all processes had together, in MB."""
        self._clear()
        jobs = self._folder / "jobs.txt"
        jobs.write_text("".join(f"{path}\n" for path in sorted(self._files.rglob("*.jpg"))[:count]))
        command = [*self._command(jobs)[:2], "--jobs", str(jobs), *self._command(jobs)[3:], "--quiet"]
        return run(command, self._env, every=0.05).together

    def killed(self, chance: random.Random) -> dict[str, int]:
        """Kill it at random moments, let it end, and count what there is."""
        self._clear()
        stops, span = 0, 2 * FILES / RATE / KILLS
        while stops < KILLS:
            with subprocess.Popen(
                [*self._command(self._files), "--quiet"], env=self._env, start_new_session=True
            ) as driver:
                try:
                    driver.wait(timeout=chance.uniform(0.3, span))
                    break
                except subprocess.TimeoutExpired:
                    os.kill(driver.pid, signal.SIGKILL)
                    stops += 1
        self._batch(self._files, "--quiet").check_returncode()
        return {"killed": stops, **self._counted()}

    def _counted(self) -> dict[str, int]:
        ledger = sqlite3.connect(self._out / ".provlabel-batch" / "ledger.sqlite")
        rows = ledger.execute("SELECT output, urn, manifest, sha256 FROM jobs WHERE state = 'done'").fetchall()
        ledger.close()
        same = sum(
            urn == manifest and hashlib.sha256(Path(os.fsdecode(output)).read_bytes()).hexdigest() == sha256
            for output, urn, manifest, sha256 in rows
        )
        seen = subprocess.run(
            [CLI, "verify", str(self._out), "--trust", "test", "--no-cache", "--format", "json"],
            env=self._env,
            capture_output=True,
            check=False,
        )
        files = json.loads(seen.stdout)["files"]
        return {
            "done": len(rows),
            "as_in_the_ledger": same,
            "trusted": sum(item["state"] == "trusted" for item in files),
            "labeled_once": sum(not item["history"] for item in files),
            "left_over": sum(path.name.startswith(".provlabel-") for path in self._out.rglob("*.jpg")),
        }


def make(folder: Path, count: int) -> None:
    """Write the pictures, a hundred in a folder."""
    for number, content in numbered_jpegs(count):
        place = folder / f"{number // 100:02}"
        place.mkdir(exist_ok=True, parents=True)
        (place / f"{number:05}.jpg").write_bytes(content)


def report(rates: dict[str, list[float]], memory: dict[int, float], killed: dict[str, int], seed: int) -> int:
    """Print the table and the promises, and write both down."""
    medians = {title: statistics.median(values) for title, values in rates.items()}
    print(f"{FILES:,} JPEGs of 60 kB, {os.cpu_count()} cores, {ROUNDS} turns, files a second by the clock\n")
    for title, values in rates.items():
        print(f"{title:<36} median {medians[title]:7.0f}   best {max(values):7.0f}")
    rate, cores = medians["provlabel batch"], medians["provlabel batch"] / medians["provlabel batch, one core"]
    growth = memory[FILES] / memory[FEW]
    whole = all(killed[key] == FILES for key in ("done", "as_in_the_ledger", "trusted", "labeled_once"))
    promises = (
        (f"files a second: {rate:.0f}  (at least {RATE})", rate >= RATE),
        (f"times as many as on one core: {cores:.2f}  (at least {CORES})", cores >= CORES),
        (
            f"memory of {FILES:,} files / of {FEW}: {growth:.2f}  (at most {GROWTH}; {memory[FEW]:.0f} and "
            f"{memory[FILES]:.0f} MB in all processes)",
            growth <= GROWTH,
        ),
        (f"killed {killed['killed']} times (seed {seed}) and resumed: {killed}", whole and not killed["left_over"]),
    )
    print()
    for words, held in promises:
        print(f"{'held' if held else 'MISSED':<7}{words}")
    rounded = {title: round(value, 1) for title, value in medians.items()}
    megabytes = {str(count): round(value, 1) for count, value in memory.items()}
    keep("batch", ROUNDS, files_per_second=rounded, memory_mb=megabytes, killed=killed, seed=seed)
    return 0 if all(held for _, held in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
