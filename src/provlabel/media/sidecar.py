"""Where the detached manifest of a file lies."""

from __future__ import annotations

from pathlib import Path

#: Detached manifest of ``song.ogg``: ``song.ogg.c2pa``.
SIDECAR = ".c2pa"


def beside(path: Path) -> Path:
    """Return where the detached manifest of ``path`` would lie."""
    return path.parent / f"{path.name}{SIDECAR}"
