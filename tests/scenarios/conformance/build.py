"""Build the vectors: ``make vectors``, or ``python tests/scenarios/conformance/build.py OUT [--seed N]``.

``OUT`` is made anew: one folder for each vector with its media and whom to trust, the index ``vectors.json``, which
says all else (docs/vectors.md), and a page.  Keys are made for each build and thrown away, so bytes differ between
builds; which vectors there are, and where in a file something is changed, follows from the seed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

import standards
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
from pki_matrix import NOW
from provlabel._support.times import zulu
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
SCHEMA = "verifier-vectors-v1"
INDEX = "vectors.json"
#: Inputs that are files, by their name in the index.
FILES = {
    "trust": "anchors.pem",
    "trust_leaf": "leaves.pem",
    "tsa_trust": "clocks.pem",
    "identity_trust": "people.pem",
    "policy": "policy.toml",
}
#: Inputs that only provlabel has.
_OURS = ("policy", "require_revocation")


def made(seed: int = SEED) -> Iterator[tuple[Vector, Bench]]:
    """Yield every vector, and the bench that it was made on."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        bench = Bench(Path(folder), seed, sandbox)
        for group in GROUPS:
            yield from ((vector, bench) for vector in group(bench))


def build(out: Path, seed: int = SEED, groups: Collection[str] = ()) -> list[dict[str, Any]]:
    """Write every vector below ``out``, or those of some groups, and return what the index says of each.

    Raises:
        FileExistsError: two vectors have the same name, or ``out`` holds something else than vectors.
        LookupError: nothing says which sentence of a standard a vector rests on.
    """
    _empty(out)
    wanted = ((vector, bench) for vector, bench in made(seed) if not groups or vector.name.split("/")[0] in groups)
    entries = [write(out, vector, bench) for vector, bench in wanted]
    finish(out, entries, seed)
    return entries


def write(out: Path, vector: Vector, bench: Bench) -> dict[str, Any]:
    """Write the files of one vector, and return what the index says of it."""
    folder = out / vector.name
    folder.mkdir(parents=True)
    given = {"trust": bench.root.pem.encode(), **vector.given}
    inputs = {name: value for name, value in given.items() if isinstance(value, bytes)}
    for name, content in {**vector.files, **{FILES[name]: value for name, value in inputs.items()}}.items():
        (folder / name).write_bytes(content)
    return _entry(vector, {**given, **{name: f"{vector.name}/{FILES[name]}" for name in inputs}})


def _entry(vector: Vector, given: Mapping[str, Any]) -> dict[str, Any]:
    media, *beside = vector.files
    ours = {"given": {name: given[name] for name in _OURS if name in given}, **vector.expected._asdict()}
    return {
        "id": vector.name,
        "title": vector.title,
        "about": vector.axis,
        "file": f"{vector.name}/{media}",
        **({"sidecar": f"{vector.name}/{beside[0]}"} if beside else {}),
        **{name: value for name, value in given.items() if name not in _OURS},
        "at": given.get("at", zulu(NOW.isoformat())),
        "clock": "at" not in given,
        **standards.told(vector.name, vector.expected),
        "source": vector.source,
        "provlabel": ours,
    }


def finish(out: Path, entries: list[dict[str, Any]], seed: int = SEED) -> None:
    """Write the index and the page about it."""
    used = {name for entry in entries for name in entry["because"]}
    index = {
        "schema": SCHEMA,
        "built": zulu(NOW.isoformat()),
        "seed": seed,
        "made_with": {name: version(name) for name in ("provlabel", "c2pa-python")},
        "sentences": {name: one._asdict() for name, one in standards.sentences().items() if name in used},
        "vectors": entries,
    }
    (out / INDEX).write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = (standards.HERE / "page.md").read_text(encoding="utf-8")
    (out / "README.md").write_text(page.replace("{count}", f"{len(entries):,}").replace("{built}", index["built"]))


def _empty(out: Path) -> None:
    """Take away vectors of an earlier build, and nothing else."""
    if (out / INDEX).is_file() and json.loads((out / INDEX).read_bytes()).get("schema") == SCHEMA:
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out}: is not empty, and what it holds are no vectors")


def main() -> None:
    """Build, and say how many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    try:
        entries = build(args.out, args.seed)
    except FileExistsError as exc:
        parser.error(str(exc))
    print(f"{len(entries):,} vectors in {args.out}")


if __name__ == "__main__":
    main()
