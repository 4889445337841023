"""``provlabel stamp``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from provlabel._support.text import printable
from provlabel.cli import say, say_error
from provlabel.cli._shared import PATH, file_arguments, format_option, quiet_option, sweep_beside
from provlabel.cli._signing import early_sandbox, stamp_options, timestamper_from
from provlabel.errors import ProvlabelError, UsageError


@click.command("stamp")
@file_arguments("files")
@stamp_options
@click.option("-o", "--output", type=PATH, help="Output, for a single file.")
@click.option("--in-place", is_flag=True, help="Put the timestamp into each file itself.")
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@format_option
@quiet_option
def command(files: tuple[Path, ...], **options: Any) -> int:
    """Add a timestamp to labels that have room for one.

    Nothing that is signed changes, and no key is needed. Room is kept by label --tsa-optional when no
    authority answered, and by label --stamp-room.

    \b
    Examples:
      provlabel stamp take.labeled.wav --tsa digicert --in-place
      provlabel stamp take.labeled.wav --tsa https://tsa.example/tsr --tsa sectigo -o take.stamped.wav
    """
    if (options["output"] is None) == (not options["in_place"]):
        raise UsageError("where should the result go?", hint="give one of -o FILE and --in-place")
    if options["output"] is not None and len(files) > 1:
        raise UsageError("-o takes one file; there are more", hint="use --in-place")
    if not options["tsa"]:
        raise UsageError("no time authority was named", hint="add --tsa digicert, or an address")
    from provlabel.labeling.receipts import Receipts
    from provlabel.labeling.stamp import stamp_file
    from provlabel.report import Failure
    from provlabel.report.renderers.json import to_json

    receipts, errors = [], []
    with early_sandbox() as sandbox:
        timestamper = timestamper_from(options)
        assert timestamper is not None  # noqa: S101 - an authority was named
        sweep_beside(*files, options["output"])
        for file in files:
            try:
                receipt = stamp_file(file, options["output"], timestamper, replace=options["force"], sandbox=sandbox)
            except ProvlabelError as exc:
                say_error(str(exc), exc.hint)
                errors.append(Failure(str(file), str(exc), exc.hint))
                continue
            receipts.append(receipt)
            if options["format_"] == "text" and not options["quiet"]:
                stamped = f"stamped {receipt.time} by {printable(receipt.authority or '')}"
                say(f"{printable(str(file))} -> {printable(receipt.output)}  ({stamped})")
    if options["format_"] == "json":
        say(to_json(Receipts(receipts=tuple(receipts), errors=tuple(errors))).rstrip())
    return 3 if errors else 0
