"""What every proof shares: figures, how they are printed, and where they are kept.

A proof is a module of this folder with one function::

    def prove(scale: float, seed: int) -> Iterator[Figure]

``scale`` 1 is the reach that is promised; less is for trying out, and is kept nowhere.  Every random
choice comes from ``seed``.  ``python proof/proofs.py NAME…`` runs proofs by name, ``make proof`` all of
them; figures of a full run are kept in ``docs/reliability.json``, each with its date, seed and command,
and from them ``docs/reliability.md`` is written.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "reliability.json"
#: Files that others made, where they lie beside the checkout; it has a README.
CORPUS = ROOT.parent / "shared" / "corpus"


class Figure(NamedTuple):
    """One promise, and what a run found."""

    claim: str  #: what is promised, as a person reads it
    wanted: str  #: at least, or at most, how much
    found: str  #: what was counted
    held: bool
    note: str = ""  #: exceptions by name, how it was counted


def rng(seed: int, *names: object) -> random.Random:
    """Return a source of chance of its own for each ``names``, so that order and number of workers change nothing."""
    return random.Random(":".join(map(str, (seed, *names))))


def kept() -> dict[str, dict[str, Any]]:
    """Return what earlier runs found: name of the proof to its date, seed, command, seconds and figures."""
    try:
        return dict(json.loads(KEPT.read_text()))
    except FileNotFoundError:
        return {}
