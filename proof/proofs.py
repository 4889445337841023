"""Run proofs, print their figures, and keep those of a full run in ``docs/``."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from proving import KEPT, ROOT, Figure, kept

#: Name, and what it is about; each is a module of this folder.
PROOFS = {
    "mutations": "signed files, changed at random",
    "soak": "20,000 labels and verifications in one process",
    "calls": "20,000 labels and verdicts in memory, by threads of one process",
    "worker_kills": "1,000 calls at once, whose workers are killed",
    "fuzzing": "hostile bytes for each of our parsers",
    "structures": "hostile manifests through the whole reading path",
    "faults": "nothing is lost, whatever fails when",
    "batch_kills": "a batch that is killed and resumed",
    "conformance": "vectors for verifiers, through the real command lines",
    "conform": "C2PA's conformance rubric over every output of every option",
    "opinions": "a second verifier over the same files",
    "hostile": "hostile files: time and memory of a verdict",
    "connections": "the network: connections that nobody asked for",
    "canaries": "secrets: canaries in outputs",
}
PAGE = ROOT / "docs" / "reliability.md"
#: Where proofs take from what tests and benches have.
sys.path += [str(ROOT / name) for name in ("bench", "tests/helpers", "tests/scenarios/faults")]
SEED = 20261122


def main() -> None:
    """Run what is named, or everything; leave with 1 if a promise was not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROOFS)}; all when none is given")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scale", type=float, default=1.0, help="less than 1 tries it out, and keeps nothing")
    parser.add_argument("--page", action="store_true", help="only write docs/reliability.md again, from what is kept")
    args = parser.parse_args()
    if unknown := set(args.names) - set(PROOFS):
        parser.error(f"no proof is called {', '.join(sorted(unknown))}")
    held = True
    for name in () if args.page else args.names or PROOFS:
        print(f"== {name}: {PROOFS[name]}", flush=True)
        begun = time.monotonic()
        figures = list(_printed(importlib.import_module(name).prove(args.scale, args.seed)))
        held &= bool(figures) and all(figure.held for figure in figures)
        if args.scale >= 1:
            _keep(name, args.seed, time.monotonic() - begun, figures)
    if args.page or args.scale >= 1:
        PAGE.write_text(page(kept()))
    sys.exit(not held)


def _printed(figures: Iterable[Figure]) -> Iterator[Figure]:
    for figure in figures:
        print(f"{'held' if figure.held else 'NOT HELD':8}  {figure.claim}: {figure.found}  (wanted: {figure.wanted})")
        if figure.note:
            print(f"          {figure.note}")
        sys.stdout.flush()
        yield figure


def _keep(name: str, seed: int, seconds: float, figures: list[Figure]) -> None:
    facts = {
        "at": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command": f"make proof PROOF={name} SEED={seed}",
        "seed": seed,
        "seconds": round(seconds),
        "commit": _commit(),
        "with": f"c2pa-python {version('c2pa-python')}, Python {platform.python_version()}, {os.cpu_count()} cores",
        "figures": [figure._asdict() for figure in figures],
    }
    KEPT.write_text(json.dumps({**kept(), name: facts}, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


INTRO = """# Reliability: measured results

Written by `make proof` from `docs/reliability.json`; `make proof PROOF=NAME` runs one part. Each figure was measured in
one run, on the date and the commit given below its table. It is no promise for other engines or machines. What the
promises mean, and what they do not cover: [docs/security.md](security.md).
"""


def page(results: dict[str, dict[str, Any]]) -> str:
    """Return the page for people."""
    parts = [INTRO]
    for name, about in PROOFS.items():
        facts = results.get(name)
        parts.append(f"\n## {about[0].upper()}{about[1:]}\n")
        if facts is None:
            parts.append("Not run yet.\n")
            continue
        parts.append("| promise | wanted | found | |\n|---|---|---|---|")
        parts.extend(_row(Figure(**figure)) for figure in facts["figures"])
        parts.append(
            f"\n`{facts['command']}`, {facts['at']}, commit {facts['commit']}, {facts['with']}, {facts['seconds']} s.\n"
        )
    return "\n".join(parts)


def _row(figure: Figure) -> str:
    found = f"{figure.found}. {figure.note}" if figure.note else figure.found
    cells = (figure.claim, figure.wanted, found, "held" if figure.held else "**not held**")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()
