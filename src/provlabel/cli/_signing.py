"""What the commands that sign share: the worker that starts first, and the signer that a user means."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from provlabel._text import printable
from provlabel.cli._shared import test_folder, user_folder
from provlabel.errors import ConfigError, ProvlabelError

if TYPE_CHECKING:
    from provlabel.cage import Cage
    from provlabel.signers import Signer

_MAX_SETTINGS = 1 << 20

signer_option = click.option(
    "--signer", "signer_uri", metavar="URI", help="file:key.pem?chain=chain.pem, or test. Else PROVLABEL_SIGNER."
)


def early_cage() -> Cage:
    """Load the engine, then start the worker as a copy of this process, which holds no key yet."""
    from provlabel import engine
    from provlabel.cage import Cage, fork, spawn

    engine.binding()
    cage = Cage(fork, relaunch=spawn)
    cage.start()
    return cage


def open_named_signer(given: str | None) -> Signer:
    from provlabel.signers import open_signer

    uri = given or os.environ.get("PROVLABEL_SIGNER") or _configured_signer()
    if not uri:
        raise ConfigError(
            "no signer",
            mend="to try: --signer test; for real: --signer 'file:key.pem?chain=chain.pem' or PROVLABEL_SIGNER",
        )
    # The check costs as much as labelling a picture; without it the first signature finds the same faults.
    return open_signer(f"test:{test_folder()}" if uri == "test" else uri, _ask, check=False)


def _configured_signer() -> str | None:
    path = user_folder() / "config.toml"
    if not os.path.lexists(path):
        return None
    import msgspec

    from provlabel._files import open_regular

    try:
        with open_regular(path) as stream:
            signer = msgspec.toml.decode(stream.read(_MAX_SETTINGS)).get("signer")
    except (ProvlabelError, OSError, ValueError) as exc:
        raise ConfigError(f"{printable(str(path))}: {exc}", mend='it holds lines such as signer = "test"') from exc
    return str(signer) if signer else None


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise ConfigError("the key is encrypted, and there is no terminal to ask at", mend="run it at a terminal")
    return str(click.prompt(question, hide_input=True, err=True))
