"""``provlabel lint``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._text import printable
from provlabel.cli._shared import PATH, deliver, format_option, style_for
from provlabel.errors import InputError, UsageError

if TYPE_CHECKING:
    from provlabel._faults import Fault


@click.command("lint")
@click.argument("label", type=PATH)
@click.option("--fix", "fix", is_flag=True, help="Mend what has one right answer, in a JSON label.")
@click.option("-o", "--output", type=PATH, help="With --fix: write the result here, as JSON.")
@click.option("--media", type=PATH, help="The sound: time spans must lie within it.")
@format_option
def command(label: Path, fix: bool, output: Path | None, media: Path | None, format_: str) -> int:
    """Check a label file: all faults at once, each with its place.

    Ends with 1 if there is an error; warnings do not count.

    \b
    Examples:
      provlabel lint take.toml
      provlabel lint take.json --fix
      provlabel lint take.toml --media take.wav
    """
    from provlabel.label.lint import fixed, lint
    from provlabel.label.loading import read_plain
    from provlabel.renderers.json import to_json

    if fix and output is None and label.suffix.lower() == ".toml":
        raise UsageError("--fix writes JSON, and would lose the comments of a TOML file", mend="add -o fixed.json")
    data = read_plain(label)
    seconds = _seconds(media)
    faults = lint(data, seconds=seconds)
    if fix and any(fault.fix is not None for fault in faults):
        data = fixed(data, faults)
        deliver(to_json(data), output or label)
        faults = lint(data, seconds=seconds)
    if format_ == "json":
        deliver(to_json({"label": str(label), "faults": faults}), None)
    else:
        _print(label, faults)
    return 1 if any(fault.level == "error" for fault in faults) else 0


def _seconds(media: Path | None) -> float | None:
    """Return how long the sound plays, read in the cage."""
    if media is None:
        return None
    from provlabel.cage import Cage, fork

    with Cage(fork) as cage:
        seconds = cage.read(media).seconds
    if seconds is None:
        raise InputError(f"{printable(str(media))}: does not tell how long it plays", mend="leave --media away")
    return seconds


def _print(label: Path, faults: tuple[Fault, ...]) -> None:
    style = style_for(sys.stdout)
    looks: dict[str, Any] = {"error": "red", "warning": "yellow"}
    for fault in faults:
        level = style.paint(fault.level, looks[fault.level])
        sys.stdout.write(f"{level} {printable(fault.at) or '/'}: {printable(fault.message, 300)}\n")
        if fault.mend:
            sys.stdout.write(f"  mend: {printable(fault.mend, 300)}\n")
    errors = sum(fault.level == "error" for fault in faults)
    sys.stdout.write(f"{printable(str(label))}: {errors} errors, {len(faults) - errors} warnings\n")
