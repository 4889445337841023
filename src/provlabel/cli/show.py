"""``provlabel show``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provlabel.cli._shared import PATH, deliver, format_option, load_trust, style_for, trust_option


@click.command("show")
@click.argument("file", type=PATH)
@trust_option
@format_option
@click.option("--personal", is_flag=True, help="Show fields marked personal, such as a prompt in clear.")
def command(file: Path, trust: tuple[str, ...], format_: str, personal: bool) -> int:
    """Show the label of a file, and its history, as a tree.

    Ends with 0 whatever the verdict is, as long as the file could be read: use verify to judge.

    \b
    Examples:
      provlabel show take.labeled.mp3 --trust test
      provlabel show cover.jpg --format json
    """
    from provlabel.cage import Cage, fork
    from provlabel.renderers import RENDERERS, tree
    from provlabel.verifying import verify_file

    store = load_trust(trust)
    with Cage(fork) as cage:
        report = verify_file(file, trust=store, personal=personal, cage=cage)
    style = style_for(sys.stdout)
    deliver(RENDERERS["json"](report, style) if format_ == "json" else tree.render(report.files[0], style), None)
    return 3 if report.files[0].state == "unreadable" else 0
