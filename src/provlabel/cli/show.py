"""``provlabel show``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import click

from provlabel.cli._shared import PATH, deliver, format_option, proofs_folder, style_for, trust_from, trust_options
from provlabel.cli._standard import INPUT, comes_in, kept


@click.command("show")
@click.argument("file", type=PATH)
@trust_options
@format_option
@click.option("--personal", is_flag=True, help="Show fields marked personal, such as a prompt in clear.")
def command(file: Path, format_: str, personal: bool, **lists: Any) -> int:
    """Show the label of a file, or - for standard input, and its history, as a tree.

    Ends with 0 whatever the verdict is, as long as the file could be read: use verify to judge.

    \b
    Examples:
      provlabel show take.labeled.mp3 --trust test
      provlabel show cover.labeled.jpg --format json
    """
    from provlabel.report.renderers import RENDERERS, Extras, tree
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn
    from provlabel.verifying.verify import verify_file

    store = trust_from(**lists)
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(fork_or_spawn, proofs=proofs_folder()))
        name = INPUT if comes_in([file]) else None
        path = stack.enter_context(kept()) if name else file
        report = verify_file(path, name=name, trust=store, personal=personal, sandbox=sandbox)
    style = style_for(sys.stdout)
    deliver(
        RENDERERS["json"].render(report, Extras()) if format_ == "json" else tree.render(report.files[0], style), None
    )
    return 3 if report.files[0].state == "unreadable" else 0
