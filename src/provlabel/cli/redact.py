"""``provlabel redact``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from provlabel._support.text import printable
from provlabel.cli import say
from provlabel.cli._shared import PATH, format_option, quiet_option, sweep_beside
from provlabel.cli._signing import (
    answers_from,
    early_sandbox,
    open_named_signer,
    signer_option,
    timestamper_from,
    tsa_options,
)
from provlabel.errors import UsageError


@click.command("redact")
@click.argument("file", type=PATH)
@click.option("--personal", is_flag=True, help="Take out the fields marked personal: names, a prompt in clear.")
@click.option("--generator-metadata", is_flag=True, help="Take out tags in which a generator left a prompt, too.")
@signer_option
@tsa_options
@click.option("-o", "--output", type=PATH, help="Output; NAME.labeled.EXT beside the file when not given.")
@click.option("--in-place", is_flag=True, help="Replace the file.")
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@format_option
@quiet_option
def command(
    file: Path,
    personal: bool,
    generator_metadata: bool,
    signer_uri: str | None,
    pass_file: Path | None,
    output: Path | None,
    in_place: bool,
    force: bool,
    format_: str,
    quiet: bool,
    **options: Any,
) -> int:
    """Take personal fields out of a labeled file, for good.

    The rest of the label stays, signed by you, and the history stays valid. Copies that others have
    are not changed.

    \b
    Example:
      provlabel redact take.labeled.wav --personal --signer test -o take.public.wav
    """
    if not personal and not generator_metadata:
        raise UsageError("nothing to redact was named", hint="add --personal, or --generator-metadata")
    if output is not None and in_place:
        raise UsageError("--output and --in-place exclude each other", hint="give one of them")
    from provlabel.labeling.receipts import Receipts
    from provlabel.labeling.redact import redact_file
    from provlabel.report.renderers.json import to_json

    with early_sandbox() as sandbox:
        timestamper = timestamper_from(options)
        signer = open_named_signer(signer_uri, answers_from(pass_file))
        dest = file if in_place else output
        sweep_beside(dest or file)
        receipt = redact_file(
            file, dest, signer, replace=force or in_place, timestamper=timestamper, sandbox=sandbox,
            generator_metadata=generator_metadata,
        )  # fmt: skip
    if format_ == "json":
        say(to_json(Receipts(receipts=(receipt,))).rstrip())
    elif not quiet:
        say(f"{printable(str(file))} -> {printable(receipt.output)}  (personal fields taken out)")
        for warning in receipt.warnings:
            sys.stderr.write(f"warning: {printable(warning, 500)}\n")
    return 0
