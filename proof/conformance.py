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
OTHERS = {"engine": "the bare engine", "encypher": "the second verifier, encypher-c2pa"}


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Build the vectors, and have each judged by provlabel's command line, the bare engine and the second verifier.

    ``scale`` below 1 takes as large a part of them, evenly.
    """
    import build
    import run

    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        vectors = Path(folder)
        names = [entry["id"] for entry in build.build(vectors, seed)]
        yield _how_many(names)
        asked = names[:: max(1, round(1 / scale))] if scale < 1 else names
        ours = run.run("commandline", vectors, asked)
        wrong = [one.name for one in ours if one.wrong_pass]
        refused = sum(one.vector["provlabel"]["exit"] != 0 for one in ours)
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
            yield _other(words, run.run(name, vectors, asked))


def _how_many(names: list[str]) -> Figure:
    groups = Counter(name.split("/")[0] for name in names)
    note = ", ".join(f"{group} {count}" for group, count in sorted(groups.items()))
    return Figure("vectors", f"at least {WANTED}", str(len(names)), len(names) >= WANTED, note)


def _other(words: str, results: list) -> Figure:
    asked = [one for one in results if one.outcome != "skipped"]
    wrong = Counter(one.vector["about"] for one in asked if one.outcome == "wrong pass")
    axes = ", ".join(f"{axis} {count}" for axis, count in sorted(wrong.items()))
    note = f"for comparison, by what C2PA says (docs/vectors.md); {axes}"
    note += f"; {len(results) - len(asked)} that ask for what it has not were left out"
    return Figure(f"the same by {words}", "a note", f"{wrong.total()} passed wrongly of {len(asked)}", True, note)
