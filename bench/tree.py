"""A gate over a tree: 2,000 labeled JPEGs of 60 kB, read for the first time and once more from the cache.

Promised: at least 400 files a second on two cores, at least five times as fast the second time, and memory
that grows by the report alone.  Beside it, in the same run, stand the bare engine in one
process, which judges nothing, the second verifier, and SHA-256.  Ends with 1 when a promise is missed.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keeping import keep
from making import numbered_jpegs
from measuring import CLI, run
from provlabel import Label, Provider, System, label_bytes, open_signer

FILES, FEW = 2_000, 500
ROUNDS = int(os.environ.get("ROUNDS", "5"))
RATE, FASTER, KILOBYTES = 400, 5.0, 8.0

BARE = """
import c2pa, json, pathlib, sys
context = c2pa.Context.from_json(json.dumps({"verify": {"remote_manifest_fetch": False}}))
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jpg")):
    reader = c2pa.Reader(str(path), context=context)
    state, report = reader.get_validation_state(), json.loads(reader.crjson())
"""
SECOND = """
import encypher_c2pa, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jpg")):
    encypher_c2pa.verify(path.read_bytes(), "image/jpeg", no_default_trust=True, telemetry=False)
"""
HASH = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jpg")):
    hashlib.sha256(path.read_bytes()).digest()
"""


def make(folder: Path, home: Path) -> None:
    """Write labeled pictures, each another."""
    signer = open_signer(f"test:{home / '.config' / 'provlabel' / 'test'}")
    label = Label(
        kind="ai_generated",
        systems=(System(name="AcmeSynth", version="2.1"),),
        provider=Provider(name="Acme Audio Ltd"),
    )
    for number, content in numbered_jpegs(FILES):
        place = folder / f"{number // 100:02}"
        place.mkdir(exist_ok=True, parents=True)
        (place / f"{number:04}.jpg").write_bytes(label_bytes(content, label, signer)[0])


def wall(command: list[str], env: dict[str, str]) -> float:
    """Return the seconds that a command takes."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> int:
    """Measure in turns, print, and keep the figures."""
    with tempfile.TemporaryDirectory() as name:
        home, tree = Path(name) / "home", Path(name) / "tree"
        make(tree, home)
        env = {**os.environ, "HOME": str(home)}
        env.pop("XDG_CACHE_HOME", None)
        env.pop("XDG_CONFIG_HOME", None)
        verify = [CLI, "verify", str(tree), "--trust", "test", "-q"]
        others = {
            "bare engine, one process": [sys.executable, "-c", BARE, str(tree)],
            "encypher-c2pa, one process": [sys.executable, "-c", SECOND, str(tree)],
            "SHA-256": [sys.executable, "-c", HASH, str(tree)],
        }
        times: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            shutil.rmtree(home / ".cache", ignore_errors=True)
            times.setdefault("provlabel verify", []).append(wall(verify, env))
            times.setdefault("provlabel verify, again", []).append(wall(verify, env))
            for title, command in others.items():
                times.setdefault(title, []).append(wall(command, env))
        few = Path(name) / "few"
        for place in sorted(tree.iterdir())[: FEW // 100]:
            shutil.copytree(place, few / place.name)
        memory = {
            count: run([CLI, "verify", folder, "--trust", "test", "-q", "--no-cache"], env, every=0.02).together
            for count, folder in ((FEW, few), (FILES, tree))
        }
    return report(times, memory)


def report(times: dict[str, list[float]], memory: dict[int, float]) -> int:
    """Print the table and the promises, and write both down."""
    medians = {title: statistics.median(values) for title, values in times.items()}
    print(f"{FILES:,} labeled JPEGs of 60 kB, {os.cpu_count()} cores, {ROUNDS} turns, seconds by the clock\n")
    for title, values in times.items():
        rate = FILES / medians[title]
        print(f"{title:<28} median {medians[title]:6.2f} s   least {min(values):6.2f} s   {rate:7.0f} files/s")
    rate = FILES / medians["provlabel verify"]
    again = statistics.median(
        first / second
        for first, second in zip(times["provlabel verify"], times["provlabel verify, again"], strict=True)
    )
    growth = 1000 * (memory[FILES] - memory[FEW]) / (FILES - FEW)
    promises = (
        (f"files a second: {rate:.0f}  (at least {RATE})", rate >= RATE),
        (f"times as fast the second time: {again:.1f}  (at least {FASTER})", again >= FASTER),
        (
            f"kB of memory for each further file, which is its report: {growth:.1f}  (at most {KILOBYTES:.0f}; all"
            f" processes together {memory[FEW]:.0f} MB for {FEW}, {memory[FILES]:.0f} MB for {FILES:,})",
            growth <= KILOBYTES,
        ),
    )
    print()
    for words, held in promises:
        print(f"{'held' if held else 'MISSED':<7}{words}")
    keep(
        "tree",
        ROUNDS,
        medians_s={title: round(value, 3) for title, value in medians.items()},
        files_per_second=round(rate),
        again=round(again, 2),
        memory_mb={str(count): round(value, 1) for count, value in memory.items()},
    )
    return 0 if all(held for _, held in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
