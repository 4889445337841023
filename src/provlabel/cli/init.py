"""``provlabel init``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._support.text import printable
from provlabel.cli import say
from provlabel.cli._shared import KIND, PATH, deliver, proofs_folder, quiet_option, require_not_among
from provlabel.cli._standard import INPUT, STANDARD
from provlabel.errors import InputError, LabelError, ProvlabelError, UsageError

if TYPE_CHECKING:
    from provlabel.exchange.table import Row
    from provlabel.labeling.draft import Draft
    from provlabel.media.formats import Format
    from provlabel.sandbox.requests import AnySandbox

_NAME = "label"  # of what is written where no name is given
#: Columns of a list for a spreadsheet that are there though no file says anything of them.
COLUMNS = (
    *("kind", "title", "provider.name", "systems.0.name", "systems.0.version", "identifiers.isrc", "people.0.name"),
    "note",
)


@click.command("init")
@click.argument("files", nargs=-1, type=PATH)
@click.option("--kind", type=KIND, help="How far AI made it (provlabel kinds).")
@click.option("--system", "systems", multiple=True, metavar="NAME[@VERSION]", help="An AI system. Repeatable.")
@click.option("--provider", help="Legal name of who provides the systems.")
@click.option("--part", "parts", multiple=True, metavar="PART=EXTENT", help="vocals=all, drums=partly, lyrics=none, …")
@click.option("--person", "people", multiple=True, metavar="NAME[=ROLE]", help="Who made it. Repeatable.")
@click.option("--title", help="Title of the work; public.")
@click.option("--identifier", "identifiers", multiple=True, metavar="TYPE:VALUE", help="Such as isrc:GBAYE2600001.")
@click.option("--event-time", metavar="TIME|now", help="When it was made: RFC 3339 with a zone.")
@click.option("--take-prompt", is_flag=True, help="Take the prompt that stands in the file too.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: options and files say all.")
@click.option("--format", "format_", type=click.Choice(["toml", "json", "csv"]), help="[default: by the name of -o]")
@click.option("-o", "--output", type=PATH, help="[default: label.toml; labels.csv for several files]")
@click.option("--force", "replace", is_flag=True, help="Replace an output that exists.")
@quiet_option
def command(files: tuple[Path, ...], **options: Any) -> int:
    """Start a label: ask what AI did, and write a label file that is right.

    A file tells its title, artist, ISRC, and which program made it, as far as it does; what is only
    a hint stands in the label as a comment. Nothing is signed. Without a terminal, options answer.
    Several files, or a folder, become a list for a spreadsheet, which provlabel batch takes.

    \b
    Examples:
      provlabel init
      provlabel init take.wav -o take.toml
      provlabel init --kind ai_generated --system Suno@v5 --title 'Night Ferry' -o night.toml
      provlabel init take.wav --kind ai_partly_created --system AcmeDrums@2 --part drums=all --person 'Ada=singer'
      provlabel init songs/ --format csv -o songs.csv
    """
    from provlabel._support.files import require_writable

    if STANDARD in files:
        raise UsageError(f"a label needs a file with a name, and {INPUT} has none", hint="give the file by its name")
    form = _form(files, options["format_"], options["output"])
    output: Path = options["output"] or Path(f"{_NAME}s.csv" if form == "csv" else f"{_NAME}.{form}")
    require_not_among(output, files, "-o")
    to_file = str(output) != "-"
    if to_file:
        require_writable(output, replace=options["replace"])
    if form == "csv":
        text, done = _list(files, options, output)
    else:
        text, done = _one(files[0] if files else None, form, options, output)
    if not to_file:
        deliver(text, None)
        return 0
    from provlabel._support.files import atomic_output

    with atomic_output(output, replace=options["replace"]) as scratch:
        scratch.stream.write(text.encode())
    for line in () if options["quiet"] else done:
        say(line)
    return 0


def _form(files: tuple[Path, ...], given: str | None, output: Path | None) -> str:
    """Return what is written: as was asked, as the name of the output says, or as many files need."""
    many = len(files) > 1 or any(os.path.isdir(path) for path in files)  # noqa: PTH112 - it never raises
    by_name = output.suffix.lower().removeprefix(".") if output is not None else ""
    form = given or (by_name if by_name in ("toml", "json", "csv") else "csv" if many else "toml")
    if many and form != "csv":
        raise UsageError(f"{form} holds one label; there are more files", hint="--format csv writes a row for each")
    if form == "csv" and not files:
        raise UsageError("a list of which files?", hint="name files or folders")
    return form


# --- one label -------------------------------------------------------------------------------------


def _one(path: Path | None, form: str, options: dict[str, Any], output: Path) -> tuple[str, list[str]]:
    """Return one label as text, and what to say about it."""
    from provlabel.cli._asking import Known, answers
    from provlabel.label.lint import lint
    from provlabel.label.writing import written
    from provlabel.labeling.draft import Draft
    from provlabel.report.renderers.json import to_json

    draft, fmt, seconds = (Draft({}, {}, ()), None, None) if path is None else _read(path, options)
    stated = _stated(options)
    if _may_ask(options):
        shown = printable(path.name) if path is not None else ""
        known = Known({**draft.label, **stated}, shown, fmt.media if fmt else None, frozenset(stated), draft.hints)
        stated |= answers(known)
    label, hints = _merged(draft, stated)
    _require_answers(label)
    faults = lint(label, media=fmt.media if fmt else None)
    if errors := [fault for fault in faults if fault.level == "error"]:
        told = tuple((fault.at, f"{fault.message}; {fault.hint}") for fault in errors)
        lines = "; ".join(f"{at or '/'}: {what}" for at, what in told)
        raise LabelError(f"label: {lines}", hint="provlabel kinds explains the kinds", faults=told)
    if form == "json":
        for hint in hints:
            sys.stderr.write(f"{printable(hint, 500)}\n")
        return to_json({"schema": "label-v1", **label}), _next(path, output)
    sources = {field: place for field, place in draft.sources.items() if field not in stated}
    head = _head(path, fmt, seconds, output)
    return written(label, head=head, sources=sources, hints=hints), _next(path, output)


def _may_ask(options: dict[str, Any]) -> bool:
    return not options["yes"] and sys.stdin.isatty() and sys.stderr.isatty()


def _head(path: Path | None, fmt: Format | None, seconds: float | None, output: Path) -> list[str]:
    media = printable(str(path)) if path is not None else "FILE"
    shown = f"{_NAME}.toml" if str(output) == "-" else printable(str(output))
    lines = []
    if path is not None:
        long = f", {int(seconds // 60)}:{seconds % 60:04.1f} long" if seconds else ""
        lines = [f"A label for {media}{f' ({fmt.name}{long})' if fmt else ''}.", ""]
    return [
        *lines,
        "Lines that begin with # are for you: nothing in them is signed. Read all of it before you sign.",
        f"Check it: provlabel lint {shown}",
        f"Sign it: provlabel label {media} --label {shown} --signer …",
    ]


def _next(path: Path | None, output: Path) -> list[str]:
    shown = printable(str(output))
    media = printable(str(path)) if path is not None else "FILE"
    return [f"{shown}: read it, then: provlabel label {media} --label {shown} --signer test"]


def _merged(draft: Draft, stated: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the label of what the file says and what somebody states, which wins, and what is left as a hint."""
    label = {key: value for key, value in {**draft.label, **stated}.items() if value}
    hints = draft.hints
    if label.get("kind") != draft.label.get("kind"):
        label.pop("origin", None)  # follows from the kind
        label.pop("oversight", None)
    if label.get("kind") == "human_made" and "systems" not in stated and label.pop("systems", None):
        names = ", ".join(item["name"] for item in draft.label["systems"])
        hints = (*hints, f"the file has the mark of {names}, and the label says that people made all of it")
    return label, hints


def _require_answers(label: dict[str, Any]) -> None:
    """Refuse a label without what it needs, with all the options that say it.

    Raises:
        UsageError: something is missing.
    """
    from provlabel.label.vocabularies import SURELY_AI

    missing = ["--kind KIND"] if "kind" not in label else []
    if label.get("kind") in SURELY_AI and not label.get("systems"):
        missing.append("--system NAME@VERSION")
    if missing:
        raise UsageError(
            f"a label needs an answer: {' and '.join(missing)}",
            hint="provlabel kinds explains the kinds; or ask me on a terminal",
        )


# --- what is stated --------------------------------------------------------------------------------


def _stated(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the options say as part of a plain label."""
    from provlabel.cli._asking import part_named, person_named
    from provlabel.cli._labeling import stated

    said = stated(options)
    said["contributions"] = [part_named(item, said.get("systems", [])) for item in options["parts"]]
    said["people"] = [person_named(item, number) for number, item in enumerate(options["people"], 1)]
    return {key: value for key, value in said.items() if value}


# --- files -----------------------------------------------------------------------------------------


def _read(
    path: Path, options: dict[str, Any], sandbox: AnySandbox | None = None
) -> tuple[Draft, Format | None, float | None]:
    """Return what a file says, what it is, and how many seconds it plays.

    Raises:
        InputError: it cannot be read.
    """
    from provlabel.labeling.draft import drafted
    from provlabel.media.formats import BY_NAME
    from provlabel.media.sidecar import beside
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn

    if sandbox is None:
        with Sandbox(fork_or_spawn, proofs=proofs_folder()) as made:
            return _read(path, options, made)
    evidence = sandbox.read(path, sidecar=beside(path))
    if evidence.format is None:
        why = evidence.trouble.text if evidence.trouble else "no format that provlabel knows"
        raise InputError(
            f"{printable(str(path))}: {printable(why)}", hint="provlabel formats lists what can be labeled"
        )
    return drafted(evidence, prompt=options["take_prompt"]), BY_NAME[evidence.format], evidence.seconds


def _list(files: tuple[Path, ...], options: dict[str, Any], output: Path) -> tuple[str, list[str]]:
    """Return a list with a row for each media file, and what to say about it."""
    from provlabel.cli._progress import ProgressLine
    from provlabel.exchange.table import dump_csv
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn

    stated = _stated(options)
    rows: list[Row] = []
    with ProgressLine(options["quiet"]) as progress, Sandbox(fork_or_spawn, proofs=proofs_folder()) as sandbox:
        for path in _media(files):
            rows.append(_row(path, stated, options, sandbox))
            progress(len(rows))
    if not rows:
        raise InputError("no media files there", hint="provlabel formats lists what can be labeled")
    shown = printable(str(output))
    empty = sum("kind" not in row.label for row in rows)
    fill = f"fill in kind in {empty:,} of them (provlabel kinds), then: " if empty else "read it, then: "
    done = [f"{shown}: {len(rows):,} files; {fill}provlabel batch --jobs {shown} --out-dir labeled --signer test"]
    return dump_csv(rows, COLUMNS).decode(), done


def _media(files: tuple[Path, ...]) -> Iterator[Path]:
    from provlabel.verifying.targets import is_media, targets

    for target in targets(files):
        if target.why == "closed":
            raise InputError(target.error)
        if target.why == "named" or (target.why == "found" and is_media(target.path)):
            yield target.path


def _row(path: Path, stated: dict[str, Any], options: dict[str, Any], sandbox: AnySandbox) -> Row:
    """Return the row of one file; why it cannot be read stands in its note."""
    from provlabel.exchange.table import Row
    from provlabel.labeling.draft import Draft

    try:
        draft, _, _ = _read(path, options, sandbox)
    except ProvlabelError as exc:
        draft = Draft({}, {}, (str(exc),))
    label, hints = _merged(draft, stated)
    from_file = [f"{field}: from the {place}" for field, place in draft.sources.items() if field == "kind"]
    note = "; ".join(printable(hint, 300) for hint in (*from_file, *hints))
    return Row(str(path), label, {"note": note})
