"""What provlabel costs, as ratios to what a user would run instead and to the floor, all in one run.

Each case is one file; the commands take turns, because machines are noisy, and medians count.  CPU and time are
of whole processes with everything that they start.  Memory is the sum over all processes of a command (PSS, so
that shared pages count once), looked at while it runs: in a turn of its own for small files.  What was promised of a
picture is a ratio of CPU, which other programs disturb less; of a large file one by the clock, since it is streamed by
several threads.  The other stands beside it.

``run.py`` takes five minutes and 5 GB of disk.  ``run.py large`` is that of 3 GB alone (``make bench BENCH=large``).
Figures are kept in ``bench/results/``, and what became worse by a fifth since the last run is said.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from keeping import keep, kept
from making import flac, photo_jpeg, small_jpeg, wav
from measuring import CLI, ROUNDS, Cost, measure, middle, run
from plotting import Panel, Style, chart

CREATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PICTURE = Path(__file__).parents[1] / "docs" / "performance.svg"
PYTHON = sys.executable

BARE_READ = """
import c2pa, json, sys
context = c2pa.Context.from_json(json.dumps({"verify": {"remote_manifest_fetch": False}}))
reader = c2pa.Reader(sys.argv[1], context=context)
state, report = reader.get_validation_state(), json.loads(reader.crjson())
"""

BARE_SIGN = f"""
import c2pa, json, os, pathlib, sys
folder, thumbnail, *sources = sys.argv[1:]
settings = {{"builder": {{"thumbnail": {{"enabled": thumbnail == "yes"}}}},
            "trust": {{"trust_config": "1.3.6.1.4.1.62558.2.1\\n"}}}}
context = c2pa.Context.from_json(json.dumps(settings))
chain, key = open(folder + "/chain.pem", "rb").read(), open(folder + "/key.pem", "rb").read()
action = {{"action": "c2pa.created", "digitalSourceType": "{CREATED}"}}
manifest = {{"claim_generator_info": [{{"name": "bare", "version": "1"}}],
            "assertions": [{{"label": "c2pa.actions.v2", "data": {{"actions": [action]}}}}]}}
for source in map(pathlib.Path, sources):
    dest = source.with_name("engine-" + source.name)
    dest.unlink(missing_ok=True)
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
    c2pa.Builder(manifest, context).sign_file(source, dest, signer)
"""

SECOND_READ = """
import encypher_c2pa, sys
encypher_c2pa.verify(open(sys.argv[1], "rb").read(), sys.argv[2], no_default_trust=True, telemetry=False)
"""

_HASH = """
with open(source, "rb") as file:
    digest, piece = hashlib.sha256(), memoryview(bytearray(1 << 20))
    while size := file.readinto(piece):
        digest.update(piece[:size])
"""
HASH = f"import hashlib, sys\nsource = sys.argv[1]\n{_HASH}"
# Beside what is there, and then in its place, as labeling does: pages of a file that is written over are warm.
_COPY = "shutil.copyfile(source, source + '.new')\nos.replace(source + '.new', source + '.copy')\n"
COPY = f"import os, shutil, sys\nsource = sys.argv[1]\n{_COPY}"
HASH_AND_COPY = f"import hashlib, os, shutil, sys\nsource = sys.argv[1]\n{_HASH}\n{_COPY}"

# The rows of a table.
LABEL, DRAWN = "provlabel label", "provlabel label --thumbnail"
DEFAULTS, BARE = "engine signs, its defaults", "engine signs, no thumbnail"
VERIFY, READ, SECOND = "provlabel verify", "engine reads", "encypher-c2pa reads"
BOTH, SHA256, COPIED = "SHA-256 and copy", "SHA-256", "copy"
OURS = (LABEL, DRAWN, VERIFY)
#: What each row is a multiple of: the least that its work can take.
FLOORS = {
    **dict.fromkeys((LABEL, DRAWN, DEFAULTS, BARE, BOTH, COPIED), BOTH),
    **dict.fromkeys((VERIFY, READ, SECOND, SHA256), SHA256),
}

MB = 1_000_000
BIG = 100 * MB  # files from here on are measured less often, and watched all the time
SLOW = (DEFAULTS, BARE)  # of a big file, once is enough
WORSE = 1.2


class Case(NamedTuple):
    """One file, or several of the same, and how often each command takes its turn."""

    name: str
    mime: str
    make: Callable[[Path], None]
    size: int  #: about, in bytes
    turns: int
    picture: bool = False  #: with thumbnails too
    count: int = 1


CASES = (
    Case("60kB.jpg", "image/jpeg", small_jpeg, 60_000, 11),
    Case("6MB.jpg", "image/jpeg", photo_jpeg, 6 * MB, 11, picture=True),
    Case("ten-6MB.jpg", "image/jpeg", photo_jpeg, 6 * MB, 3, picture=True, count=10),
    Case("3MB.wav", "audio/wav", partial(wav, size=3 * MB), 3 * MB, 5),
    Case("30MB.wav", "audio/wav", partial(wav, size=30 * MB), 30 * MB, 5),
    Case("300MB.wav", "audio/wav", partial(wav, size=300 * MB), 300 * MB, 5),
    Case("300MB.flac", "audio/flac", partial(flac, size=300 * MB), 300 * MB, 5),
    Case("1GB.wav", "audio/wav", partial(wav, size=1000 * MB), 1000 * MB, 5),
)
LARGE = (Case("3GB.wav", "audio/wav", partial(wav, size=3000 * MB), 3000 * MB, 2),)


class Promise(NamedTuple):
    """A bound: on ours as a multiple of theirs, on how many times faster than theirs, or on memory in MB."""

    case: str
    ours: str
    theirs: str  #: nothing for memory
    bound: float
    faster: bool = False
    clock: bool = False  #: instead of CPU


def _streamed(case: str) -> tuple[Promise, ...]:
    return (
        Promise(case, LABEL, BOTH, 1.6, clock=True),
        Promise(case, LABEL, DEFAULTS, 5.0, faster=True, clock=True),
        Promise(case, LABEL, BARE, 5.0, faster=True, clock=True),
        Promise(case, LABEL, "", 150),
        Promise(case, VERIFY, SHA256, 1.5, clock=True),
        Promise(case, VERIFY, "", 700),
    )


PROMISES = (
    Promise("6MB.jpg", VERIFY, READ, 1.6),
    Promise("6MB.jpg", LABEL, BARE, 1.5),
    Promise("6MB.jpg", LABEL, DEFAULTS, 1.0),
    Promise("6MB.jpg", DRAWN, DEFAULTS, 4.0, faster=True),
    Promise("ten-6MB.jpg", LABEL, BARE, 1.5),
    Promise("ten-6MB.jpg", DRAWN, DEFAULTS, 4.0, faster=True),
    Promise("300MB.wav", VERIFY, SHA256, 1.5, clock=True),
    Promise("300MB.wav", VERIFY, "", 700),
    Promise("300MB.flac", LABEL, BOTH, 2.0, clock=True),
    Promise("300MB.flac", VERIFY, SHA256, 1.5, clock=True),
    Promise("300MB.flac", VERIFY, "", 700),
    *_streamed("1GB.wav"),
    *_streamed("3GB.wav"),
)
VERSION_MS = 70

Table = dict[str, Cost]


def main(chosen: str = "latest") -> None:
    """Measure, print, and keep the figures."""
    cases = LARGE if chosen == "large" else CASES
    with tempfile.TemporaryDirectory(prefix="provlabel-bench-") as name:
        home = Path(name)
        _require_room(cases, home)
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = str(home)
        _print_start(home)
        tables: dict[str, Table] = {}
        for case in cases:
            folder = home / case.name
            folder.mkdir()
            tables[case.name] = _measured(case, folder, home / "provlabel" / "test")
            shutil.rmtree(folder)
            print("\n".join(_lines(case, tables[case.name])), flush=True)
    print()
    reached = [_reached(promise, tables[promise.case]) for promise in PROMISES if promise.case in tables]
    print("\n".join(reached))
    before = kept(chosen).get("cases", {})
    figures = {case: _figures(table) for case, table in tables.items()}
    print("\n".join(_worse(figures, before)))
    keep(
        chosen,
        max(case.turns for case in cases),
        cases=figures,
        reach=reached,
        free_disk=shutil.disk_usage(tempfile.gettempdir()).free,
    )
    _plot({**kept("latest").get("cases", {}), **kept("large").get("cases", {})})


def _require_room(cases: tuple[Case, ...], folder: Path) -> None:
    """A file, ours, the engine's and a copy."""
    needed, free = 5.2 * max(case.size * case.count for case in cases), shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"{folder.parent}: {free / 1e9:.1f} GB are free, and {needed / 1e9:.1f} GB are needed; "
            "set TMPDIR to a folder with room"
        )


def _print_start(home: Path) -> None:
    """What every run pays for."""
    times = measure(
        {"python -c pass": [PYTHON, "-c", "pass"], "provlabel --version": [CLI, "--version"]}, min(11, ROUNDS)
    )
    for name, values in times.items():
        print(f"{name:<28} {statistics.median(values):7.1f} ms of CPU")
    version = statistics.median(times["provlabel --version"])
    held = "held" if version <= VERSION_MS else "MISSED"
    print(f"{held:<7}provlabel --version: {version:.1f} ms  (at most {VERSION_MS})")


# --- measuring -------------------------------------------------------------------------------------


def _measured(case: Case, folder: Path, credential: Path) -> Table:
    path = folder / case.name
    with ProcessPoolExecutor(1) as maker:  # a process begins with the memory of the one that starts it
        maker.submit(case.make, path).result()
    paths = [path]
    for number in range(1, case.count):
        paths.append(path.with_stem(f"{path.stem}-{number}"))
        paths[-1].hardlink_to(path)
    commands = _commands(case, paths, credential)
    run(commands[LABEL])  # makes the credential and what is verified
    big = case.size >= BIG
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(min(case.turns, ROUNDS)):
        for name, command in commands.items():
            if not (turn and big and name in SLOW):
                costs[name] += _cost(command, 0.05 if big else 0.0, may_fail=name in SLOW)
    table = {name: middle(values) for name, values in costs.items() if values}
    if not big:
        for name, command in commands.items():
            watched = run(command, every=0.004)
            table[name] = table[name]._replace(together=watched.together)
    return table


def _cost(command: list[object], every: float, *, may_fail: bool) -> list[Cost]:
    """Return what a run cost; nothing when the engine by itself cannot do it, which is told."""
    try:
        return [run(command, every=every)]
    except SystemExit as exc:
        if not may_fail:
            raise
        print(f"the engine by itself fails: {str(exc).rpartition(': ')[2]}", flush=True)
        return []


def _commands(case: Case, paths: list[Path], credential: Path) -> dict[str, list[object]]:
    """Return what takes turns over a case; what is beside the point for several files is left away."""
    path = paths[0]
    label: list[object] = [CLI, "label", *paths, "--kind", "ai_generated", "--system", "AcmeSynth@2.1"]
    label += ["--signer", "test", "--force", "--quiet"]
    made: dict[str, list[object]] = {LABEL: label}
    if case.picture:
        made[DRAWN] = [*label, "--thumbnail"]
    made[DEFAULTS] = [PYTHON, "-c", BARE_SIGN, credential, "yes", *paths]
    made[BARE] = [PYTHON, "-c", BARE_SIGN, credential, "no", *paths]
    if case.count > 1:
        return made
    made[BOTH] = [PYTHON, "-c", HASH_AND_COPY, path]
    made[COPIED] = [PYTHON, "-c", COPY, path]
    signed = path.with_name(f"{path.stem}.labeled{path.suffix}")
    made[VERIFY] = [CLI, "verify", signed, "--trust", "test", "--format", "json"]
    made[READ] = [PYTHON, "-c", BARE_READ, signed]
    made[SECOND] = [PYTHON, "-c", SECOND_READ, signed, case.mime]
    made[SHA256] = [PYTHON, "-c", HASH, signed]
    return made


# --- what is said ----------------------------------------------------------------------------------


def _lines(case: Case, table: Table) -> Iterator[str]:
    yield ""
    title = f"{case.name}, {min(case.turns, ROUNDS)} turns"
    yield f"{title:<28} {'CPU ms':>9} {'× floor':>8} {'wall ms':>9} {'× floor':>8} {'MB in all':>10} {'largest':>8}"
    for name, cost in table.items():
        floor = table.get(FLOORS[name])
        cpu, wall = (f"{cost.cpu / floor.cpu:8.2f}", f"{cost.wall / floor.wall:8.2f}") if floor else (" " * 8, " " * 8)
        yield f"{name:<28} {cost.cpu:9.0f} {cpu} {cost.wall:9.0f} {wall} {cost.together:10.0f} {cost.largest:8.0f}"


def _reached(promise: Promise, table: Table) -> str:
    ours = table[promise.ours]
    if not promise.theirs:
        held = ours.together <= promise.bound
        words = f"{promise.ours}: {ours.together:.0f} MB in all processes  (at most {promise.bound:.0f})"
    else:
        if promise.theirs not in table:
            return f"       {promise.case}: {promise.ours} against {promise.theirs}: the engine by itself fails"
        theirs = table[promise.theirs]
        over, under = (theirs, ours) if promise.faster else (ours, theirs)
        cpu, wall = over.cpu / under.cpu, over.wall / under.wall
        ratio, beside = (wall, f"of CPU {cpu:.2f}") if promise.clock else (cpu, f"by the clock {wall:.2f}")
        held = ratio >= promise.bound if promise.faster else ratio <= promise.bound
        what, least = ("is so many times as fast as", "at least") if promise.faster else ("/", "at most")
        bound = f"{least} {promise.bound}; {beside}"
        words = f"{promise.ours} {what} {promise.theirs}: {ratio:.2f}  ({bound})"
    return f"{'held' if held else 'MISSED':<7}{promise.case}: {words}"


def _figures(table: Table) -> dict[str, Any]:
    """Return what is kept of a table, with what can be compared between machines: multiples of the floor."""
    made: dict[str, Any] = {}
    for name, cost in table.items():
        floor = table.get(FLOORS[name]) or table.get(BARE) or cost
        made[name] = {
            "cpu_ms": round(cost.cpu, 1),
            "wall_ms": round(cost.wall, 1),
            "memory_mb": round(cost.together, 1),
            "largest_mb": round(cost.largest, 1),
            "cpu_ratio": round(cost.cpu / floor.cpu, 3),
        }
    return made


def _worse(figures: dict[str, Any], before: dict[str, Any]) -> Iterator[str]:
    """Say what costs a fifth more than in the run before."""
    for case, table in figures.items():
        for name in OURS:
            old, new = before.get(case, {}).get(name), table.get(name)
            if old is None or new is None:
                continue
            for key, words in (("cpu_ratio", "times the floor"), ("memory_mb", "MB")):
                if new[key] > WORSE * old[key]:
                    yield f"WORSE  {case}: {name}: {old[key]} {words} in the last run, now {new[key]}"


# --- the picture -----------------------------------------------------------------------------------

_STYLES = {
    LABEL: Style("#0b63c5", 3.0),
    VERIFY: Style("#0b63c5", 3.0),
    DEFAULTS: Style("#c2410c"),
    READ: Style("#c2410c"),
    SECOND: Style("#7c3aed"),
    BOTH: Style("#6b7280", 2.0, "5 4"),
    SHA256: Style("#6b7280", 2.0, "5 4"),
}
_NAMES = {
    LABEL: "provlabel", VERIFY: "provlabel", DEFAULTS: "the engine alone", READ: "the engine alone",
    SECOND: "encypher-c2pa", BOTH: "SHA-256, and a copy when labeling", SHA256: "SHA-256, and a copy when labeling",
}  # fmt: skip


def _plot(cases: dict[str, Any]) -> None:
    """Draw size against time and memory, of the WAV files."""
    sizes = {case.name: case.size for case in (*CASES, *LARGE) if case.mime == "audio/wav" and case.name in cases}
    if len(sizes) < 2:
        return

    def panel(title: str, key: str, scale: float, words: Callable[[float], str], rows: tuple[str, ...]) -> Panel:
        lines = {
            _NAMES[row]: [(size, cases[name][row][key] / scale) for name, size in sizes.items() if row in cases[name]]
            for row in rows
        }
        return Panel(title, words, lines)

    sign, read = (DEFAULTS, BOTH, LABEL), (READ, SECOND, SHA256, VERIFY)
    panels = [
        panel("Label a WAV: seconds", "wall_ms", 1000, _plain, sign),
        panel("Label a WAV: memory of all processes", "memory_mb", 1, _megabytes, sign),
        panel("Verify a WAV: seconds", "wall_ms", 1000, _plain, read),
        panel("Verify a WAV: memory of all processes", "memory_mb", 1, _megabytes, read),
    ]
    styles = {_NAMES[row]: style for row, style in _STYLES.items()}
    PICTURE.write_text(chart("Time and memory by size of the file", panels, styles, lambda size: _megabytes(size / MB)))


def _plain(value: float) -> str:
    return f"{value:g} s"


def _megabytes(value: float) -> str:
    return f"{value / 1000:g} GB" if value >= 1000 else f"{value:g} MB"


if __name__ == "__main__":
    main(*sys.argv[1:2])
