"""``provlabel key``."""

from __future__ import annotations

from pathlib import Path

import click

from provlabel._text import printable
from provlabel.cli import say
from provlabel.cli._shared import PATH, test_folder
from provlabel.cli.key_sign import sign


@click.group("key")
def command() -> None:
    """Make and look after signing credentials."""


@command.command("init")
@click.argument("folder", type=PATH, required=False)
def init(folder: Path | None) -> None:
    """Make a throw-away test root and signing credential in FOLDER.

    Without FOLDER it is the one that --signer test and --trust test use. It proves nothing to
    anybody who was not told to trust its root.

    \b
    Examples:
      provlabel key init ci-key
      provlabel label cover.jpg --kind ai_generated --signer 'file:ci-key/key.pem?chain=ci-key/chain.pem'
      provlabel verify cover.labeled.jpg --trust ci-key/root.pem
    """
    from provlabel.signers.test import CHAIN, KEY, ROOT, make

    place = test_folder() if folder is None else folder
    make(place)
    for name, purpose in ((KEY, "private key, mode 0600"), (CHAIN, "its certificate"), (ROOT, "pass to --trust")):
        say(f"{printable(str(place / name))}  {purpose}")


command.add_command(sign)
