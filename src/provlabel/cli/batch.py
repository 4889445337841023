"""``provlabel batch``."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from provlabel._support.text import printable
from provlabel.cli import say, say_error
from provlabel.cli._labeling import asked, in_place_option, labeling_options, stated, stated_options
from provlabel.cli._ledgers import ledger_and_receipts
from provlabel.cli._shared import PATH, deliver, format_option, proofs_folder, quiet_option, workers_option
from provlabel.cli._signing import answers_from, identity_of, identity_options, signer_option, tsa_options, uri_of
from provlabel.errors import UsageError

if TYPE_CHECKING:
    from provlabel.batch import BatchResult, Planned, Progress
    from provlabel.batch.jobs import ListFormat

#: Options that have the names of arguments of :func:`run_batch`.
_GIVEN = ("out_dir", "in_place", "label", "retries", "workers", "chunk", "dry_run")
#: Seconds between two lines of progress where there is no terminal.
_LINE = 2.0
#: Seconds between two looks on a terminal.
_LOOK = 0.2
#: Kinds of failures that the table shows; all are in the ledger.
_SHOWN = 10


@click.command("batch")
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--out-dir", type=PATH, help="Folder for the outputs.")
@click.option("--jobs", "list_path", type=PATH, metavar="FILE|-", help="List of files: CSV, JSON Lines, or - (stdin).")
@click.option("--jobs-format", type=click.Choice(["csv", "jsonl"]), help="What the list is, if its name does not tell.")
@in_place_option
@click.option("--label", type=PATH, help="Label as a JSON or TOML file, for files without one.")
@stated_options
@labeling_options
@signer_option
@identity_options
@tsa_options
@workers_option("processors + 1")
@click.option(
    "--chunk", type=click.IntRange(1, 500), default=25, show_default=True, help="Files for a worker at once, at most."
)
@click.option("--retries", type=click.IntRange(0, 100), default=3, show_default=True, help="Of what can pass.")
@click.option("--shard", metavar="I/N", default="0/1", help="Do part I of N, counted from 0; the same everywhere.")
@click.option("--ledger", type=PATH, help="What is done. [default: in your folder of state, by the folder for outputs]")
@click.option("--receipts", type=PATH, help="JSON Lines, mode 0600. [default: receipts.jsonl beside the ledger]")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@format_option
@quiet_option
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Label many files by several processes: folders, or a list.

    Outputs lie below --out-dir as the files lie below their folder. The same command, given again, goes on where a run
    stopped, however it was stopped, and does nothing twice. Everything that stands in the way is told before
    anything is done. Ends with 3 if a file could not be labeled.

    \b
    Examples:
      provlabel batch renders/ --out-dir labeled/ --label cover.toml --signer test
      provlabel batch renders/ --out-dir labeled/ --kind ai_generated --system AcmeSynth@2.1 --signer test
      provlabel batch renders/ --in-place --label cover.toml --signer test
      provlabel batch --jobs catalogue.csv --out-dir labeled/ --signer 'file:key.pem?chain=chain.pem'
      find . -name '*.wav' | provlabel batch --jobs - --out-dir labeled/ --label take.toml --signer test
      provlabel batch renders/ --out-dir labeled/ --label cover.toml --signer test --shard 0/4
    """
    if bool(paths) == (options["list_path"] is not None):
        raise UsageError("what should be labeled?", hint="give files and folders, or --jobs LIST")
    if options["out_dir"] is None and paths and not options["in_place"]:
        raise UsageError("where should the outputs go?", hint="--out-dir FOLDER, or --in-place")
    if options["event_time"] == "now":
        raise UsageError("now is another time when the batch goes on", hint="--event-time with the time itself")
    if str(options["prompt_file"]) == "-" == str(options["list_path"]):
        raise UsageError("the list and the prompt cannot both come by standard input", hint="name a file for one")
    from provlabel.batch import RefusedBatch, run_batch, shard_from
    from provlabel.labeling.options import LabelOptions

    how, shard = asked(LabelOptions, options), shard_from(options["shard"])
    ledger, receipts = ledger_and_receipts(paths, options, shard.suffix)
    show = _Show(options)
    passed_over: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        try:
            result = run_batch(
                stack.enter_context(_listed(options)) if options["list_path"] is not None else paths,
                uri_of(options["signer_uri"]),
                secrets=answers_from(options["pass_file"]),
                ledger=ledger,
                receipts=receipts,
                shard=shard,
                fields=stated(options),
                identity=identity_of(options),
                identity_roles=options["identity_roles"],
                proofs=proofs_folder(),
                passed_over=passed_over,
                planned=_say_planned if options["dry_run"] and options["format_"] == "text" else None,
                told=show,
                **{name: options[name] for name in _GIVEN},
                **how,
            )
        except RefusedBatch as exc:
            if options["format_"] == "json":
                raise
            for finding in exc.findings:
                say_error(f"{finding.at}: {finding.message}", finding.hint)
            found = "1 finding" if len(exc.findings) == 1 else f"{len(exc.findings)} findings"
            say_error(f"{found}; nothing was done")
            return exc.exit_code
        finally:
            show.end()
    _print(result, options)
    return 3 if result.failed else 0


@contextlib.contextmanager
def _listed(options: dict[str, Any]) -> Iterator[Iterable[Any]]:
    """Yield the jobs of the list."""
    from provlabel._support.files import open_regular
    from provlabel.batch import wanted_in

    path: Path = options["list_path"]
    form = _form(path, options["jobs_format"])
    with contextlib.ExitStack() as stack:
        stream: BinaryIO = sys.stdin.buffer if str(path) == "-" else stack.enter_context(open_regular(path))
        name = "standard input" if str(path) == "-" else str(path)
        yield wanted_in(stream, name, form, options["out_dir"], in_place=options["in_place"])


def _form(path: Path, given: ListFormat | None) -> ListFormat:
    if given is not None:
        return given
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "csv"
    if suffix in (".jsonl", ".ndjson", ".txt") or str(path) == "-":
        return "jsonl"
    number = f"--workers {path}, if that is how many processes should work; else " if str(path).isdigit() else ""
    hint = f"{number}--jobs-format csv or jsonl"
    raise UsageError(f"{printable(str(path))}: is it CSV or JSON Lines?", hint=hint)


def _say_planned(job: Planned) -> None:
    why = f"  ({job.why})" if job.why else ""
    say(f"{job.what}  {printable(job.source)} -> {printable(job.output)}{why}")


# --- while it runs ---------------------------------------------------------------------------------


class _Show:
    """How far it is: one line that changes on a terminal, a line of JSON every two seconds elsewhere."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._quiet = options["quiet"]
        self._terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + (_LOOK if self._terminal else _LINE)
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + (_LOOK if self._terminal else _LINE)
        (self._line if self._terminal else self._json)(progress)

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("\r\x1b[K")

    def _line(self, at: Progress) -> None:
        self._shown = True
        rate, left = _rate(at)
        failed = f", {at.failed:,} failed" if at.failed else ""
        until = f", {_clock(left)} left" if left is not None else ""
        self._write(f"\r\x1b[K{at.done + at.failed:,} of {at.total:,} files, {rate:,.0f} a second{until}{failed}")

    def _json(self, at: Progress) -> None:
        import json

        rate, left = _rate(at)
        fields = {
            "total": at.total,
            "done": at.done,
            "failed": at.failed,
            "seconds": round(at.seconds, 1),
            "files_per_second": round(rate, 1),
            "seconds_left": None if left is None else round(left),
        }
        self._write(json.dumps(fields) + "\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _rate(at: Progress) -> tuple[float, float | None]:
    """Return files a second, and the seconds that are left."""
    settled = at.done + at.failed
    rate = settled / at.seconds if at.seconds else 0.0
    return rate, (at.total - settled) / rate if rate else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


# --- afterwards ------------------------------------------------------------------------------------


def _print(result: BatchResult, options: dict[str, Any]) -> None:
    if options["format_"] == "json":
        from provlabel.report.renderers.json import to_json

        deliver(to_json(result), None)
        return
    if not options["quiet"]:
        _print_notes(result.notes)
        _print_notes(tuple(f"warning: {printable(item.message, 500)}{_files(item.files)}" for item in result.warnings))
    for group in result.failures[:_SHOWN]:
        say_error(f"{group.example}{_others(group.files)}: {group.message}", group.hint)
    if len(result.failures) > _SHOWN:
        sys.stderr.write(f"… and {len(result.failures) - _SHOWN:,} other kinds of failures; all are in the ledger\n")
    if not options["quiet"]:
        for line in _table(result, options["dry_run"]):
            say(line)


def _others(files: int) -> str:
    """Say of how many files more than one something is true."""
    return f" (and {files - 1:,} others)" if files > 1 else ""


def _files(count: int) -> str:
    return f" ({count:,} files)" if count > 1 else ""


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes[:_SHOWN]:
        sys.stderr.write(f"{note}\n")
    if len(notes) > _SHOWN:
        sys.stderr.write(f"… and {len(notes) - _SHOWN:,} more\n")


def _table(result: BatchResult, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield f"to do    {result.todo:,}"
    else:
        yield f"done     {result.done:,}{_among(result)}"
        yield f"failed   {result.failed:,}"
    yield f"skipped  {result.skipped:,}{'  (done before)' if result.skipped else ''}"
    if result.passed_over:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(result.passed_over.items()))
        yield f"no jobs  {kinds}"
    if not dry_run:
        yield f"time     {result.seconds:,.1f} s, {result.files_per_second:,.0f} files a second"
        yield f"receipts {printable(result.receipts)}"


def _among(result: BatchResult) -> str:
    parts = [
        f"{count:,} {what}"
        for count, what in ((result.adopted, "adopted"), (result.retried, "tried more than once"))
        if count
    ]
    return f"  (of those {', '.join(parts)})" if parts else ""
