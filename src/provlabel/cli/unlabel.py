"""``provlabel unlabel``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provlabel._support.text import printable
from provlabel.cli import say
from provlabel.cli._shared import PATH, format_option, quiet_option, sweep_beside
from provlabel.cli._signing import early_sandbox
from provlabel.errors import UsageError

if TYPE_CHECKING:
    from provlabel.labeling.unlabel import Unlabeled


@click.command("unlabel")
@click.argument("file", type=PATH)
@click.option("-o", "--output", type=PATH, help="Output; NAME.unlabeled.EXT beside the file when not given.")
@click.option("--in-place", is_flag=True, help="Replace the file.")
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@click.option(
    "--names", is_flag=True, help="Take out names, rights and identifiers too that the label repeats in tags."
)
@click.option(
    "--remove-ai-statement",
    is_flag=True,
    help="Take out what another signer says about AI, too. Laws are against hiding that: cn, eu, in, us-ca, us-ut.",
)
@format_option
@quiet_option
def command(
    file: Path,
    output: Path | None,
    in_place: bool,
    force: bool,
    names: bool,
    remove_ai_statement: bool,
    format_: str,
    quiet: bool,
) -> int:
    """Take the label out of a copy: our manifest, and the tags that repeat it.

    It says what was taken out, and what stays: tags of others, and what may be older than the label.
    Copies that others have are not changed.

    \b
    Examples:
      provlabel unlabel take.labeled.wav -o take.wav
      provlabel unlabel take.labeled.wav --in-place
    """
    if output is not None and in_place:
        raise UsageError("--output and --in-place exclude each other", hint="give one of them")
    from provlabel.labeling.unlabel import unlabel_file
    from provlabel.report.renderers.json import to_json

    with early_sandbox() as sandbox:
        dest = file if in_place else output
        sweep_beside(dest or file)
        done = unlabel_file(
            file, dest, replace=force or in_place, names=names, remove_ai_statement=remove_ai_statement, sandbox=sandbox
        )
    if format_ == "json":
        say(to_json(done).rstrip())
    elif not quiet:
        _print(file, done)
    return 0


def _print(file: Path, done: Unlabeled) -> None:
    say(f"{printable(str(file))} -> {printable(done.output)}")
    for line in done.removed:
        say(f"  taken out: {line}")
    for line in done.stays:
        say(f"  stays: {line}")
    for warning in done.warnings:
        sys.stderr.write(f"warning: {printable(warning, 1000)}\n")
