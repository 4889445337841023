"""Run harnesses under atheris: ``python fuzz/run.py NAME --runs N --seed S``, or all of them for some seconds each.

This process is instrumented once; each harness runs in a copy of it, with limits on time and memory.  What it
stumbles over is made small and kept as ``fuzz/regressions/NAME/SHA``, which
``tests/scenarios/test_fuzz_regressions.py`` reads from then on.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import seeds
from _harness import Harness

REGRESSIONS = seeds.ROOT / "fuzz" / "regressions"
MEMORY_MB = 1_500  # of one process, corpus and instrumentation included
SECONDS = 10  # for one input


class Ran(NamedTuple):
    """What one run came to."""

    name: str
    runs: int
    seconds: float
    kept: Path | None = None  #: the regression file, when something was found
    said: str = ""


def run(names: Sequence[str], runs: int, seed: int, seconds: int = 0, jobs: int = 2, least: int = 1) -> Iterator[Ran]:
    """Run harnesses, ``jobs`` beside each other: ``runs`` inputs each, or as many as fit into ``seconds``.

    A slow one gets fewer than ``runs``, and not fewer than ``least``.

    This process is instrumented; each harness is run by a copy of it.
    """
    from harnesses import HARNESSES

    waiting, running = list(names), dict[int, tuple[str, Path, float]]()
    with tempfile.TemporaryDirectory(dir=seeds.SHM) as scratch:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop(0)
                harness, folder = HARNESSES[name], Path(scratch) / name
                (folder / "corpus").mkdir(parents=True)
                for content in harness.seeds():
                    (folder / "corpus" / seeds.name_of(content)).write_bytes(content)
                (folder / "words").write_text("".join(map(_word, filter(None, harness.words))))
                limit = f"-max_total_time={seconds}" if seconds else f"-runs={max(runs // harness.cost, least)}"
                running[_forked(harness, folder, limit, f"-seed={seed % 2**32 or 1}")] = name, folder, time.monotonic()
            pid, status = os.wait()
            if pid in running:
                name, folder, begun = running.pop(pid)
                yield _ran(name, folder, status, time.monotonic() - begun)


def _instrument() -> None:
    """Import all of provlabel so that atheris sees which way an input goes."""
    import importlib
    import pkgutil

    import atheris

    with atheris.instrument_imports(include=["provlabel"]):
        import provlabel

        for module in pkgutil.walk_packages(provlabel.__path__, "provlabel."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def _forked(harness: Harness, folder: Path, *options: str) -> int:
    """Start a copy of this process that runs ``harness`` and ends."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
        os.dup2(said, 1)
        os.dup2(said, 2)
        import atheris

        limits = [f"-max_len={harness.max_len}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
        limits += [f"-dict={folder}/words"] if harness.words else []
        limits += ["-reload=0", f"-artifact_prefix={folder}/found-"]
        atheris.Setup(
            [sys.argv[0], str(folder / "corpus"), *limits, *options], functools.partial(_kept, harness, folder)
        )
        atheris.Fuzz()
    finally:
        os._exit(1)


def _kept(harness: Harness, folder: Path, data: bytes) -> None:
    """Read an input, and write it down before it ends this process."""
    try:
        harness.check(data)
    except BaseException:
        (folder / "found-now").write_bytes(data)
        raise


def _ran(name: str, folder: Path, status: int, seconds: float) -> Ran:
    said = (folder / "said").read_text(errors="replace")
    counts = re.findall(r"^(?:Done |#)(\d+)(?: runs|\t)", said, re.MULTILINE)
    count = max(map(int, counts), default=0)
    found = sorted(folder.glob("found-*"))
    if status == 0 and not found:
        return Ran(name, count, seconds)
    raised = (folder / "found-now").exists()
    kept = keep(name, found[0].read_bytes(), small=raised) if found else None
    return Ran(name, count, seconds, kept, said[-3_000:] or "it died")


def keep(name: str, data: bytes, *, small: bool) -> Path:
    """Keep an input that a harness stumbles over, made ``small`` if that is by an exception.

    What takes too much time or memory would take it from this process too.
    """
    from harnesses import HARNESSES

    stumbles = _stumbling(HARNESSES[name].check)
    data = smallest(data, lambda part: stumbles(part) == stumbles(data)) if small and stumbles(data) else data
    folder = REGRESSIONS / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / seeds.name_of(data)
    path.write_bytes(data)
    return path


def _stumbling(check: Callable[[bytes], None]) -> Callable[[bytes], tuple[str, str, int] | None]:
    """Return what tells how ``check`` fails: by which exception, and where."""

    def stumbles(data: bytes) -> tuple[str, str, int] | None:
        try:
            check(data)
        except Exception as exc:
            last = exc.__traceback__
            while last is not None and last.tb_next is not None:
                last = last.tb_next
            assert last is not None
            return type(exc).__name__, last.tb_frame.f_code.co_filename, last.tb_lineno
        return None

    return stumbles


def smallest(data: bytes, same: Callable[[bytes], bool], tries: int = 3_000) -> bytes:
    """Cut pieces out of ``data``, ever smaller ones, as long as it stays the ``same``."""
    size = max(len(data) // 2, 1)
    while size and tries > 0:
        at = 0
        while at < len(data) and tries > 0:
            tries -= 1
            shorter = data[:at] + data[at + size :]
            if same(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def _word(word: bytes) -> str:
    """Return a line of a dictionary of libFuzzer's."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


def available() -> bool:
    """Tell whether atheris is here; it has wheels for few Pythons."""
    import importlib.util

    return importlib.util.find_spec("atheris") is not None


def main() -> None:
    """Parse what is asked for; leave with 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="harnesses; all when none is given")
    parser.add_argument("--runs", type=int, default=20_000, help="inputs for each")
    parser.add_argument("--least", type=int, default=1, help="inputs for each that is slow")
    parser.add_argument("--seconds", type=int, default=0, help="seconds for each, instead of a number of inputs")
    parser.add_argument("--total", type=int, default=0, help="seconds for all together, instead")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--jobs", type=int, default=2, help="harnesses that run beside each other")
    args = parser.parse_args()
    if not available():
        sys.exit("atheris is not here: pip install -r requirements-dev.txt, with Python 3.11")
    _instrument()
    from harnesses import HARNESSES

    if unknown := set(args.names) - set(HARNESSES):
        parser.error(f"no harness is called {', '.join(sorted(unknown))}; there are {', '.join(HARNESSES)}")
    names = args.names or list(HARNESSES)
    seconds = max(1, args.total * args.jobs // len(names)) if args.total else args.seconds
    found = 0
    for ran in run(names, args.runs, args.seed, seconds, args.jobs, args.least):
        print(f"{ran.name:20} {ran.runs:9,} inputs in {ran.seconds:4.0f} s", flush=True)
        if ran.said:
            found += 1
            print(f"{ran.said}\nfound: {ran.kept}", flush=True)
    print(f"seed {args.seed}: {found} of {len(names)} harnesses found something")
    sys.exit(bool(found))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
