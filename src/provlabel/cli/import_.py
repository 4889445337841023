"""``provlabel import``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from provlabel._support.text import printable
from provlabel.cli import say, say_error
from provlabel.cli._shared import PATH, quiet_option, renamed, renamed_option
from provlabel.errors import OutputError, UsageError

if TYPE_CHECKING:
    from provlabel.exchange.ddex import LoadedResource, Loss

_ENDING = ".label.json"
_LONGEST = 200  # characters of a file name that come from others; file systems end at 255 bytes


class _Draft(NamedTuple):
    """One label to be written, and what of its source it has no place for."""

    path: str  #: of the file that it is about, as the source names it
    label: dict[str, Any]
    losses: tuple[Loss, ...] = ()


@click.command("import")
@click.argument("file", type=PATH)
@click.option("--from", "source", type=click.Choice(["ddex", "csv", "jsonl"]), required=True, help="What FILE is.")
@click.option("--out-dir", type=PATH, help="Write the labels into this folder. [default: this one]")
@renamed_option("-o", "old_out_dir", "--out-dir", type=PATH)
@click.option("--force", is_flag=True, help="Replace labels that exist.")
@quiet_option
def command(file: Path, source: str, out_dir: Path | None, force: bool, quiet: bool, **old: Any) -> int:
    """Write a label file for each resource of a DDEX message, or each row of a table.

    A label is named after its file: take.wav.label.json. Each is checked as lint does; what a message says and a
    label has no place for is told. Ends with 1 if a label has an error. Where a row cannot be read, nothing is
    written, and every fault is told.

    \b
    Examples:
      provlabel import message.xml --from ddex --out-dir labels/
      provlabel import catalogue.csv --from csv --out-dir labels/
    """
    from provlabel._support.files import atomic_output, make_folder
    from provlabel.report.renderers.json import to_json

    out_dir = renamed(old, "old_out_dir", "-o", "--out-dir") or out_dir or Path()
    drafts = _from_message(file) if source == "ddex" else _from_table(file, source)
    if drafts is None:
        return 1
    if not drafts:
        what = "names no sound, picture or video" if source == "ddex" else "has no rows"
        raise UsageError(f"{printable(str(file))}: {what}", hint="see what the file holds")
    make_folder(out_dir)
    targets = [out_dir / name for name in _names([draft.path for draft in drafts])]
    there = [path for path in targets if os.path.lexists(path)]
    if folder := next((path for path in there if os.path.isdir(path)), None):  # noqa: PTH112
        raise OutputError(f"{printable(str(folder))}: is a folder and is not replaced", hint="choose another --out-dir")
    if there and not force:
        raise OutputError(
            f"{printable(str(there[0]))}: exists already, and {len(there) - 1} others",
            hint="add --force, or another --out-dir",
        )
    errors = 0
    for draft, target in zip(drafts, targets, strict=True):
        with atomic_output(target, replace=force) as scratch:
            scratch.stream.write(to_json(draft.label).encode())
        if not quiet:
            say(f"{printable(draft.path)} -> {printable(str(target))}")
        errors += _print_faults(draft, quiet)
    if not quiet:
        say(f"{len(drafts)} labels, {errors} errors")
    return 1 if errors else 0


def _from_message(file: Path) -> list[_Draft]:
    from provlabel.exchange.ddex_import import load
    from provlabel.exchange.delivery import message_at

    message = message_at(file)
    if not message.speaks_of_ai:
        say(f"ERN {message.version} has no field about AI: the drafts have no kind")
    return [_Draft(_place(item), item.label, item.losses) for item in load(message)]


def _place(item: LoadedResource) -> str:
    resource = item.resource
    named = (*(file.name for file in resource.files), *resource.isrcs, resource.reference)
    return next(name for name in (*named, "resource") if name)


def _from_table(file: Path, source: str) -> list[_Draft] | None:
    """Read a table, or report every fault of it."""
    from provlabel._support.files import open_regular
    from provlabel.exchange.table import MAX_BYTES, load_csv, load_jsonl

    with open_regular(file) as stream:
        content = stream.read(MAX_BYTES + 1)
    table = (load_csv if source == "csv" else load_jsonl)(content)
    for fault in table.faults:
        place = f", line {fault.line}" * bool(fault.line) + f", column {fault.column}" * bool(fault.column)
        say_error(f"{file}{place}: {fault.message}", fault.hint)
    return None if table.faults else [_Draft(row.path, row.label) for row in table.rows]


def _names(paths: Sequence[str]) -> list[str]:
    """Return a name for each label, made from what others wrote: no folders, nothing hidden, each once."""
    names: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for path in paths:
        parts = [part for part in re.split(r"[/\\]+", path) if part not in ("", ".", "..")]
        plain = re.sub(r"[^\w .()+@-]", "_", "_".join(parts)).lstrip(".- ") or "label"
        plain = name = plain[:_LONGEST]
        while len(name.encode()) > _LONGEST:
            plain = name = name[:-1]
        while name.casefold() in taken:
            counts[plain] = counts.get(plain, 1) + 1
            name = f"{plain}-{counts[plain]}"
        taken.add(name.casefold())
        names.append(name + _ENDING)
    return names


def _print_faults(draft: _Draft, quiet: bool) -> int:
    """Print what is lost and what is wrong, and return how many errors there are."""
    from provlabel.label.lint import lint

    for loss in () if quiet else draft.losses:
        say(f"  lost: {printable(loss.field)}: {printable(loss.why, 300)}")
    faults = lint(draft.label)
    for fault in faults:
        if quiet and fault.level != "error":
            continue
        say(f"  {fault.level} {printable(fault.at) or '/'}: {printable(fault.message, 300)}")
        if fault.hint:
            say(f"    hint: {printable(fault.hint, 300)}")
    return sum(fault.level == "error" for fault in faults)
