"""``provlabel formats``."""

from __future__ import annotations

import sys

import click

from provlabel.cli._shared import deliver, format_option


@click.command("formats")
@format_option
def command(format_: str) -> None:
    """List the formats that can be labeled and verified.

    The content of a file decides its format, never its name. Where the manifest cannot be embedded,
    it lies beside the file as NAME.EXT.c2pa, and verify and show find it there.

    \b
    Example:
      provlabel formats
    """
    from provlabel.media.formats import FORMATS

    if format_ == "json":
        from provlabel.report.renderers.json import to_json

        fields = ("name", "mime", "media", "suffixes", "where", "embed", "why_detached")
        deliver(to_json([{key: getattr(row, key) for key in fields} for row in FORMATS]), None)
        return
    for row in FORMATS:
        endings = " ".join(row.suffixes)
        place = f"embedded: {row.where}" if row.embed else f"detached: {row.why_detached}"
        sys.stdout.write(f"{row.name:<18} {row.media:<6} {row.mime:<16} {endings:<18} {place}\n")
