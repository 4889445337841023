"""What the commands that sign share: the worker that starts first, and the signer that a user means."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provlabel._text import printable
from provlabel.cli._shared import PATH, test_folder, user_folder
from provlabel.errors import ConfigError, ProvlabelError

if TYPE_CHECKING:
    from provlabel.cage import Cage
    from provlabel.signers import Signer

_MAX_SETTINGS = 1 << 20

_Command = TypeVar("_Command", bound=Callable[..., Any])


def signer_option(command: _Command) -> _Command:
    """Take ``signer_uri`` and ``pass_file``."""
    secret = click.option(
        "--pass-file", type=PATH, help="Pass phrase, PIN or token: a line for each question. Mode 0600, or /dev/fd/N."
    )
    signer = click.option(
        "--signer",
        "signer_uri",
        metavar="URI",
        help="file:key.pem?chain=chain.pem, pkcs11:, awskms:, cmd:, https:, or test. Else PROVLABEL_SIGNER.",
    )
    return signer(secret(command))


def early_cage() -> Cage:
    """Load the engine, then start the worker as a copy of this process, which holds no key yet."""
    from provlabel import engine
    from provlabel.cage import Cage, fork, spawn

    engine.binding()
    cage = Cage(fork, relaunch=spawn)
    cage.start()
    return cage


def open_named_signer(given: str | None, pass_file: Path | None) -> Signer:
    """Open the signer that the user named; at a terminal ask for what it wants to know, else read ``pass_file``."""
    from provlabel.signers import open_signer

    uri = given or os.environ.get("PROVLABEL_SIGNER") or _configured_signer()
    if not uri:
        raise ConfigError(
            "no signer",
            mend="to try: --signer test; for real: --signer 'file:key.pem?chain=chain.pem' or PROVLABEL_SIGNER",
        )
    # The check costs as much as labelling a picture; without it the first signature finds the same faults.
    return open_signer(f"test:{test_folder()}" if uri == "test" else uri, _answers(pass_file), check=False)


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


def _answers(pass_file: Path | None) -> Callable[[str], str]:
    """Return what answers a signer's questions: the lines of ``pass_file`` in turn, or a person."""
    if pass_file is None:
        return _ask
    lines = _lines_of(pass_file)

    def answer(question: str) -> str:
        for line in lines:
            return line
        raise ConfigError(f"{question}: {printable(str(pass_file))} has no line left", mend="a line for each question")

    return answer


def _lines_of(path: Path) -> Iterator[str]:
    from provlabel.signers._material import read_secrets

    yield from read_secrets(path)


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{question}: there is no terminal to ask at", mend="add --pass-file FILE, which holds it in its first line"
        )
    return str(click.prompt(question, hide_input=True, err=True))
