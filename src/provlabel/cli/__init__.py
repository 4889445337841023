"""The command line: parse, call one library function, print.  One small file per command.

Exit codes, everywhere: 0 every file passed · 1 some file did not pass its policy · 2 the request
was wrong · 3 the work could not be done.  3 beats 1.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from provlabel._text import printable
from provlabel._version import __version__
from provlabel.errors import ProvlabelError

_COMMANDS = ("label", "verify", "show", "schema", "rules", "formats", "samples", "key")


class _Lazy(click.Group):
    """Imports a command when it is asked for; starting up is paid for each file in CI."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"provlabel.cli.{cmd_name}").command
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="provlabel")
def cli() -> None:
    """Say truthfully, and provably, which images and sounds AI made, and how.

    \b
    First steps, with a throw-away credential:
      provlabel samples demo
      provlabel label demo/cover.jpg --kind ai_generated --system AcmeSynth@2.1 --signer test
      provlabel verify demo/cover.labeled.jpg --trust test
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    try:
        code: Any = cli.main(args, prog_name="provlabel", standalone_mode=False)
    except ProvlabelError as exc:
        say_error(str(exc), exc.mend)
        code = exc.exit_code
    except click.ClickException as exc:
        exc.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit fails again
        code = 0
    sys.exit(code or 0)


def say_error(message: str, mend: str = "") -> None:
    """Print one error and its mend to standard error, escaped."""
    click.echo(f"error: {printable(message, 1000)}", err=True)
    if mend:
        click.echo(f"  mend: {printable(mend, 1000)}", err=True)
