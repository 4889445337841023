"""Build the vectors: ``python tests/scenarios/conformance/build.py OUT [--seed N]`` makes one folder for each.

Every folder holds the media first of all, ``anchors.pem`` with whom to trust, other inputs, and
``expected.json``, which says all: title, source, axis, ``given`` (how to judge), and ``expected``.
Keys are made for each build and thrown away, so bytes differ between builds; which vectors there are,
and where in a file something is changed, follows from the seed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

import vectors_claims
import vectors_contradictions
import vectors_coverage
import vectors_elsewhere
import vectors_forms
import vectors_history
import vectors_identity
import vectors_labels
import vectors_media
import vectors_policy
import vectors_purposes
import vectors_stamps
import vectors_trust
from provlabel.sandbox import Sandbox
from vectors import Bench, Group, Vector

GROUPS: tuple[Group, ...] = (
    *vectors_media.GROUPS,
    *vectors_coverage.GROUPS,
    *vectors_elsewhere.GROUPS,
    *vectors_forms.GROUPS,
    *vectors_claims.GROUPS,
    *vectors_labels.GROUPS,
    *vectors_contradictions.GROUPS,
    *vectors_history.GROUPS,
    *vectors_trust.GROUPS,
    *vectors_purposes.GROUPS,
    *vectors_stamps.GROUPS,
    *vectors_identity.GROUPS,
    *vectors_policy.GROUPS,
)
SEED = 20261122


def made(seed: int = SEED) -> Iterator[tuple[Vector, Bench]]:
    """Yield every vector, and the bench that it was made on."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        bench = Bench(Path(folder), seed, sandbox)
        for group in GROUPS:
            yield from ((vector, bench) for vector in group(bench))


def build(out: Path, seed: int = SEED) -> list[Path]:
    """Write every vector below ``out``, and return their folders.

    Raises:
        FileExistsError: two vectors have the same name, or something lies in the place of one.
    """
    return [write(out, vector, bench) for vector, bench in made(seed)]


def write(out: Path, vector: Vector, bench: Bench) -> Path:
    folder = out / vector.name
    folder.mkdir(parents=True)
    files = {"anchors.pem": bench.root.pem.encode(), **vector.files}
    given = {name: value for name, value in vector.given.items() if not isinstance(value, bytes)}
    for name, value in vector.given.items():
        if isinstance(value, bytes):
            files[FILES[name]], given[name] = value, FILES[name]
    for name, content in files.items():
        (folder / name).write_bytes(content)
    told = description(vector, given)
    (folder / "expected.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return folder


#: Inputs that are files, by their name in ``given``.
FILES = {
    "trust": "anchors.pem",
    "trust_leaf": "leaves.pem",
    "tsa_trust": "clocks.pem",
    "identity_trust": "people.pem",
    "policy": "policy.toml",
}


def description(vector: Vector, given: dict[str, Any]) -> dict[str, Any]:
    """Return what ``expected.json`` says."""
    wanted = vector.expected
    return {
        "title": vector.title,
        "source": vector.source,
        "axis": vector.axis,
        "given": {"file": next(iter(vector.files)), "trust": "anchors.pem", **given},
        "expected": {
            "exit": wanted.exit,
            "state": wanted.state,
            "axes": dict(wanted.axes),
            "must": list(wanted.must),
            "never": list(wanted.never),
        },
    }


def main() -> None:
    """Build, and say how many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    built = build(args.out, args.seed)
    print(f"{len(built)} vectors in {args.out}")


if __name__ == "__main__":
    main()
