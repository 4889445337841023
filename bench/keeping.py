"""Where a bench writes its figures down, with the facts of the machine and the run."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def keep(name: str, rounds: int, **figures: Any) -> None:
    """Write ``results/NAME.json``."""
    FOLDER.mkdir(exist_ok=True)
    facts = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "rounds": rounds,
        **figures,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(facts, indent=2) + "\n")


def kept(name: str) -> dict[str, Any]:
    """Return what :func:`keep` wrote last under that name, or nothing."""
    try:
        return dict(json.loads((FOLDER / f"{name}.json").read_text()))
    except (OSError, ValueError):
        return {}
