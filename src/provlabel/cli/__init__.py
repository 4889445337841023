"""The command line: parse, call one library function, print.  One small file per command.

Exit codes, everywhere: 0 every file passed · 1 some file did not pass its policy · 2 the request
was wrong · 3 the work could not be done.  3 beats 1.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import os
import signal
import sys
from typing import NoReturn

import click

from provlabel._support.text import printable
from provlabel._version import __version__
from provlabel.errors import LabelError, ProvlabelError, UsageError

_COMMANDS = (
    "init",
    "kinds",
    "label",
    "batch",
    "verify",
    "show",
    "diff",
    "lint",
    "conform",
    "redact",
    "unlabel",
    "stamp",
    "schema",
    "rules",
    "law",
    "formats",
    "samples",
    "key",
    "trust",
    "export",
    "import",
)
#: Commands whose name no module can have.
_MODULES = {"import": "import_"}
#: What others have as commands, and click as options.
_OPTIONS = {"help": "--help", "version": "--version"}


class _Lazy(click.Group):
    """Imports a command when it is asked for; starting up is paid for each file in CI."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"provlabel.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the name of a command off the arguments; of one that there is not, the nearest is told."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from provlabel._support.faults import nearest

            near = _OPTIONS.get(args[0]) or nearest(args[0][:80], _COMMANDS)
            hint = f"did you mean provlabel {near}?" if near else "provlabel --help names all"
            raise UsageError(f"{printable(args[0])}: no such command", hint=hint)
        return super().resolve_command(ctx, args)


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
    the interpreter is a tenth of the time that labeling a picture takes.
    """
    _prepare_streams()
    gc.set_threshold(100_000, 50, 50)  # a command ends before it has made many cycles
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks us to outlive the terminal
            signal.signal(number, _stop)
    code = run(args)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _prepare_streams() -> None:
    """Give a closed stream ``/dev/null``, or the first file opened would take its place.

    What a terminal's encoding cannot show is escaped instead of ending the run.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - for as long as we run
        else:
            stream.reconfigure(errors="backslashreplace")


def _stop(number: int, _frame: object) -> None:
    """End as if by an exception, so that scratch files are removed."""
    raise SystemExit(128 + number)


def run(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code: one of the four, or 128 and a signal's number."""
    given = sys.argv[1:] if args is None else args
    try:
        _require_no_file_named_like_an_option(given)
        return int(cli.main(given, prog_name="provlabel", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as exc:
        exc.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        say_error("stopped")
        return 128 + signal.SIGINT
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else 3
    except Exception as exc:
        return _fail(exc, given)


def _fail(exc: Exception, args: list[str]) -> int:
    """Tell why nothing came of the run, as JSON too where that was asked for, and return the exit code."""
    from provlabel.cli._mistakes import as_json, called, in_words, wants_json

    name, code = type(exc).__name__, 3
    if isinstance(exc, ProvlabelError):
        message, hint, code = str(exc), exc.hint, exc.exit_code
    elif isinstance(exc, click.ClickException):
        (message, hint), name, code = in_words(exc, called(args, _COMMANDS)), "UsageError", 2
    else:
        message, hint = _unforeseen(exc)
    if not isinstance(exc, (ProvlabelError, click.ClickException)) and os.environ.get("PROVLABEL_DEBUG"):
        import traceback

        with contextlib.suppress(OSError):
            traceback.print_exc()
    elif isinstance(exc, LabelError):
        _say_faults(exc)
    else:
        say_error(message, hint)
    if wants_json(args):
        with contextlib.suppress(OSError):
            say(as_json(exc, name, message, hint, code))
    return code


def _say_faults(exc: LabelError) -> None:
    """Tell each fault of a label on a line of its own; one alone stands in the message."""
    if len(exc.faults) < 2:
        say_error(str(exc), exc.hint)
        return
    source = str(exc).partition(f": {exc.faults[0][0] or '/'}: ")[0]
    for at, what in exc.faults[:_FAULTS]:
        say_error(f"{source}: {at or '/'}: {what}")
    more = len(exc.faults) - _FAULTS
    say_error(f"{source}: {len(exc.faults)} faults" + (f", {more} of them not shown" if more > 0 else ""), exc.hint)


#: Faults of one label that are told.
_FAULTS = 20


def _unforeseen(exc: Exception) -> tuple[str, str]:
    """Return what the system refused at a place where we did not expect it, or what is our own fault."""
    if isinstance(exc, FileNotFoundError) and not exc.filename:  # a path was to be made absolute
        return "the working directory: no such file or directory", "change to a folder that is there"
    if isinstance(exc, OSError):
        where = f"{exc.filename}: " if exc.filename else ""
        return f"{where}the system refused: {exc.strerror or exc}", ""
    return f"internal fault: {type(exc).__name__}: {exc}", "set PROVLABEL_DEBUG=1 for the traceback, and report it"


def _require_no_file_named_like_an_option(args: list[str]) -> None:
    """Refuse a file that took the place of an option.

    Hooks and ``*`` hand over names that somebody else chose, and ``--policy=mine.jpg`` is one of them.
    """
    for arg in itertools.takewhile(lambda arg: arg != "--", args):
        if arg.startswith("-") and os.path.lexists(arg):
            raise UsageError(
                f"{arg}: is a file here, and reads as an option", hint=f"write ./{arg}, or put -- before the files"
            )


def say(text: str) -> None:
    """Print a line of result; whoever closed the pipe wants no more, and the work goes on."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def say_note(text: str) -> None:
    """Print a line to standard error that is neither a result nor an error, escaped."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{printable(text, 1000)}\n")
        sys.stderr.flush()


def say_error(message: str, hint: str = "") -> None:
    """Print one error and its hint to standard error, escaped."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"error: {printable(message, 1000)}\n")
        if hint:
            sys.stderr.write(f"  hint: {printable(hint, 1000)}\n")
        sys.stderr.flush()
