"""``provlabel schema``."""

from __future__ import annotations

import click

from provlabel.cli._shared import deliver


@click.command("schema")
@click.argument(
    "name", type=click.Choice(["label", "report", "policy", "receipt", "unlabeled", "diff", "error"]), default="label"
)
def command(name: str) -> None:
    """Print the JSON Schema of label, report, policy, receipt, unlabeled, diff or error.

    \b
    Example:
      provlabel schema label > label-v1.json
    """
    from provlabel.report.renderers.json import to_json
    from provlabel.schemas import SCHEMAS

    deliver(to_json(SCHEMAS[name]()), None)
