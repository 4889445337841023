"""``provlabel samples``."""

from __future__ import annotations

from pathlib import Path

import click

from provlabel._support.text import printable
from provlabel.cli import say
from provlabel.cli._shared import PATH
from provlabel.errors import ProvlabelError


@click.command("samples")
@click.argument("folder", type=PATH)
def command(folder: Path) -> None:
    """Write small unlabeled sample files into FOLDER.

    A picture and a tune, in every format; nothing that exists is overwritten.

    \b
    Example:
      provlabel samples demo
    """
    from provlabel._support.files import atomic_output, make_folder

    make_folder(folder)
    for source in sorted(_home().iterdir()):
        if source.name.startswith("."):
            continue
        with atomic_output(folder / source.name, replace=False) as scratch:
            scratch.stream.write(source.read_bytes())
        say(printable(str(folder / source.name)))


def _home() -> Path:
    """The samples of the installed package, or of the checkout it runs from."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "samples", package.parents[1] / "samples" / "media"):
        if place.is_dir():
            return place
    raise ProvlabelError("the samples are not installed", hint="reinstall provlabel")
