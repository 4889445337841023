"""What provlabel finds in a label file, in the words of the specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from label_requirements import requirement_of
from provlabel import LabelError
from provlabel.label.lint import lint
from provlabel.label.loading import read_plain


def findings_of(path: Path, *, seconds: float | None = None, media: Any = None) -> list[dict[str, str]]:
    """Return level, pointer and requirement of each finding, each once."""
    try:
        data = read_plain(path)
    except LabelError as exc:
        message = str(exc).partition(": ")[2]
        return [{"level": "error", "pointer": "", "requirement": requirement_of("error", message, of_file=True)}]
    found = {
        (fault.level, fault.at, requirement_of(fault.level, fault.message))
        for fault in lint(data, seconds=seconds, media=media)
    }
    return [{"level": level, "pointer": at, "requirement": name} for level, at, name in sorted(found)]
