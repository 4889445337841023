"""``provlabel rules``."""

from __future__ import annotations

import sys

import click

from provlabel.cli._shared import deliver, format_option


@click.command("rules")
@format_option
def command(format_: str) -> None:
    """List every rule that a finding can name.

    \b
    Example:
      provlabel rules --format json
    """
    from provlabel.law import law_rules
    from provlabel.report.rules import RULES

    rows = [*RULES.values(), *law_rules().values()]
    if format_ == "json":
        from provlabel.report.renderers.json import to_json

        deliver(to_json([row._asdict() for row in rows]), None)
        return
    for row in rows:
        sys.stdout.write(f"{row.code:<26} {row.level:<8} {row.meaning}\n")
        if row.hint:
            sys.stdout.write(f"{'':<35} hint: {row.hint}\n")
