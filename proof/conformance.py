"""Vectors for verifiers of labels, through the real command lines: 0 wrong passes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from proving import ROOT, Figure

sys.path[:0] = [str(ROOT / name) for name in ("tests/helpers", "tests/scenarios/conformance")]

WANTED = 150
#: Adapter -> what it is, for people.
OTHERS = {"engine": "the engine's one word, Trusted", "encypher": "the second verifier, encypher-c2pa"}


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Build the vectors, and have each judged by provlabel's command line, the bare engine and the second verifier.

    ``scale`` below 1 takes as large a part of them, evenly.
    """
    import build
    import run

    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        vectors = Path(folder)
        built = build.build(vectors, seed)
        yield _how_many(vectors, built)
        for place in _left_out(built, scale):
            (place / "expected.json").unlink()
        ours = list(run.run("provlabel", vectors))
        wrong = [one.name for one in ours if one.wrong_pass]
        refused = sum(one.told["expected"]["exit"] != 0 for one in ours)
        yield Figure(
            "vectors that must be refused and are passed",
            "0",
            f"{len(wrong)} of {refused}",
            not wrong,
            ", ".join(wrong),
        )
        differing = [one.name for one in ours if one.differences and not one.wrong_pass]
        yield Figure(
            "vectors that come out otherwise than expected, none of them passed wrongly",
            "0 but for those that have a reason",
            f"{len(differing)} of {len(ours)}",
            bool(ours) and set(differing) <= set(run.REFUSED),
            "; ".join(f"{name}: {run.REFUSED.get(name, 'NO REASON')}" for name in differing),
        )
        for name, words in OTHERS.items():
            yield _other(words, list(run.run(name, vectors)))


def _how_many(vectors: Path, built: list[Path]) -> Figure:
    groups = Counter(place.relative_to(vectors).parts[0] for place in built)
    note = ", ".join(f"{group} {count}" for group, count in sorted(groups.items()))
    return Figure("vectors", f"at least {WANTED}", str(len(built)), len(built) >= WANTED, note)


def _left_out(built: list[Path], scale: float) -> list[Path]:
    step = max(1, round(1 / scale)) if scale < 1 else 1
    kept = set(built[::step])
    return [place for place in built if place not in kept]


def _other(words: str, results: list) -> Figure:
    asked = [one for one in results if "skipped" not in one.answer]
    wrong = Counter(one.told["axis"] for one in asked if one.wrong_pass)
    note = f"for comparison; by axis: {', '.join(f'{axis} {count}' for axis, count in sorted(wrong.items()))}"
    note += f"; {len(results) - len(asked)} that ask for what it has not were left out"
    return Figure(f"the same by {words}", "a note", f"{wrong.total()} passed wrongly of {len(asked)}", True, note)
