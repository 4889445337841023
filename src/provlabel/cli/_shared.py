"""What several commands share: options, the user's folder, and how results leave."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provlabel.errors import ConfigError

if TYPE_CHECKING:
    from provlabel.renderers.style import Style
    from provlabel.trust import TrustStore

_Command = TypeVar("_Command", bound=Callable[..., Any])

trust_option = click.option(
    "--trust",
    "trust",
    multiple=True,
    metavar="PEM|test",
    help="CA certificates whose signatures count; 'test' for the throw-away root. Repeatable.",
)
format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")


def file_arguments(name: str) -> Callable[[_Command], _Command]:
    """Take one or more paths; the library checks them, so that every exit code is ours."""
    return click.argument(name, nargs=-1, required=True, type=click.Path(path_type=Path))


def user_folder() -> Path:
    """Return the folder of the user's own settings: ``$XDG_CONFIG_HOME/provlabel``."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "provlabel"


def test_folder() -> Path:
    """Return the folder of the throw-away test credential."""
    return user_folder() / "test"


def load_trust(names: tuple[str, ...]) -> TrustStore:
    """Load the anchor lists named on the command line; ``test`` is the throw-away root."""
    from provlabel.trust import TrustStore

    store = TrustStore()
    for name in names:
        store += _test_root() if name == "test" else TrustStore.load(name)
    return store


def _test_root() -> TrustStore:
    from provlabel.signers.test import ROOT
    from provlabel.trust import TrustStore

    root = test_folder() / ROOT
    if not root.exists():
        raise ConfigError("there is no test root yet", mend="label something with --signer test first")
    return TrustStore.load(root, test=True)


def style_for(stream: Any) -> Style:
    """Colour only for a terminal, and never against ``NO_COLOR``."""
    from provlabel.renderers.style import Style

    return Style(colour=stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def deliver(text: str, output: Path | None) -> None:
    """Print ``text``, or write it whole to ``output``."""
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    from provlabel._files import atomic_output

    with atomic_output(output, replace=True) as scratch:
        scratch.stream.write(text.encode())
