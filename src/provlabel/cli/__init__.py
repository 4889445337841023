"""The command line: parse, call one library function, print.  One small file per command.

Exit codes, everywhere: 0 every file passed · 1 some file did not pass its policy · 2 the request
was wrong · 3 the work could not be done.  3 beats 1.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

from provlabel._text import printable
from provlabel._version import __version__
from provlabel.errors import ProvlabelError

_COMMANDS = ("label", "verify", "show", "lint", "schema", "rules", "formats", "samples", "key")


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


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    Everything is flushed and nothing is left to tear down, so the process ends at once: tidying up
    the interpreter is a tenth of the time that labelling a picture takes.
    """
    code = run(args)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass  # whoever read us has seen enough
    os._exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        return int(cli.main(args, prog_name="provlabel", standalone_mode=False) or 0)
    except ProvlabelError as exc:
        say_error(str(exc), exc.mend)
        return exc.exit_code
    except click.ClickException as exc:
        exc.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    except BrokenPipeError:
        return 0


def say_error(message: str, mend: str = "") -> None:
    """Print one error and its mend to standard error, escaped."""
    click.echo(f"error: {printable(message, 1000)}", err=True)
    if mend:
        click.echo(f"  mend: {printable(mend, 1000)}", err=True)
