"""``provlabel verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel.cli._shared import (
    PATH,
    deliver,
    file_arguments,
    format_option,
    quiet_option,
    require_not_among,
    style_for,
    trust_from,
    trust_options,
)

if TYPE_CHECKING:
    from provlabel.report import Report


@click.command("verify")
@file_arguments("paths")
@trust_options
@format_option
@click.option("-O", "--output", type=PATH, help="Write the report to this file.")
@quiet_option
def command(paths: tuple[Path, ...], format_: str, output: Path | None, quiet: bool, **lists: Any) -> int:
    """Verify files and folders; end with 1 if any does not pass.

    To pass, a file must be signed by someone you trust, carry a label, and have no error.

    \b
    Examples:
      provlabel verify cover.jpg take.wav --trust anchors.pem
      provlabel verify release/ --trust anchors.pem --format json -O report.json
    """
    from provlabel.cage import Cage, fork
    from provlabel.renderers import RENDERERS
    from provlabel.verifying import verify_paths

    require_not_among(output, paths, "-O")
    store = trust_from(**lists)
    with Cage(fork) as cage:
        report = verify_paths(paths, trust=store, cage=cage)
    if not quiet or output is not None:
        deliver(RENDERERS[format_](report, style_for(sys.stdout if output is None else None)), output)
    return exit_code(report)


def exit_code(report: Report) -> int:
    """Return 3 when something could not be judged, else 1 when something did not pass, else 0."""
    if report.errors:
        return 3
    return 0 if report.passed else 1
