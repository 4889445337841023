"""``provlabel lint``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from provlabel._support.text import printable
from provlabel.cli._shared import PATH, as_of_option, deliver, format_option, law_option, proofs_folder, style_for
from provlabel.errors import InputError, UsageError

if TYPE_CHECKING:
    from provlabel._support.faults import Fault
    from provlabel.label.vocabularies import Medium
    from provlabel.law import Law
    from provlabel.report import Finding, LawResult
    from provlabel.report.renderers.style import Style


@click.command("lint")
@click.argument("label", type=PATH)
@click.option("--fix", "fix", is_flag=True, help="Fix what has one right answer, in a JSON label.")
@click.option("-o", "--output", type=PATH, help="With --fix: write the result here, as JSON.")
@click.option(
    "--media", type=PATH, help="The file that it is for: parts must be of its medium, time spans lie within it."
)
@law_option
@as_of_option
@format_option
def command(
    label: Path,
    fix: bool,
    output: Path | None,
    media: Path | None,
    laws: tuple[str, ...],
    as_of: dt.date | None,
    format_: str,
) -> int:
    """Check a label file: all faults at once, each with its place.

    Ends with 1 if there is an error, or if a rule of a law is not held; warnings do not count.

    \b
    Examples:
      provlabel lint take.toml
      provlabel lint take.json --fix
      provlabel lint take.toml --media take.wav
      provlabel lint take.toml --law eu,us-ca
    """
    from provlabel.label.lint import fixed, lint
    from provlabel.label.loading import read_plain
    from provlabel.report.renderers.json import to_json

    if fix and output is None and label.suffix.lower() == ".toml":
        raise UsageError("--fix writes JSON, and would lose the comments of a TOML file", hint="add -o fixed.json")
    if as_of and not laws:
        raise UsageError("--as-of names the day of a law, and no law is asked for", hint="add --law NAME")
    held = _laws(laws)
    data = read_plain(label)
    medium = _medium(media)
    faults = lint(data, **medium)
    if fix and any(fault.fix is not None for fault in faults):
        data = fixed(data, faults)
        deliver(to_json(data), output or label)
        faults = lint(data, **medium)
    results = _under_laws(data, held, medium["media"], as_of)
    if format_ == "json":
        under_laws = {"law": results} if held else {}
        deliver(to_json({"label": str(label), "faults": faults, **under_laws}), None)
    else:
        _print(label, faults, results)
    broken = any(fault.level == "error" for fault in faults)
    return 1 if broken or any(item.counts and item.outcome == "not held" for item in results) else 0


def _laws(names: tuple[str, ...]) -> tuple[Law, ...]:
    if not names:
        return ()
    from provlabel.law import load_laws

    return load_laws(names)


def _under_laws(data: Any, laws: tuple[Law, ...], media: Medium | None, as_of: dt.date | None) -> tuple[LawResult, ...]:
    """Hold a label against laws, as far as it can show anything before it is signed."""
    if not laws:
        return ()
    from provlabel.law import judge_law, subject_of_label

    subject = subject_of_label(data, media)
    return judge_law(subject, laws, dt.datetime.now(dt.timezone.utc), as_of)


def _law_findings(results: tuple[LawResult, ...], style: Style) -> tuple[Finding, ...]:
    """Print what the rules of laws came to, and return what was found."""
    from provlabel.law import law_findings
    from provlabel.report.renderers.words import law_lines

    found = tuple(item for item in law_findings(results) if item.level != "note")
    for line in law_lines(results, found, style):
        sys.stdout.write(f"{line}\n")
    return found


class _Medium(TypedDict):
    media: Medium | None
    seconds: float | None


def _medium(path: Path | None) -> _Medium:
    """Return what the file is and how long it plays, read in the sandbox."""
    if path is None:
        return {"media": None, "seconds": None}
    from provlabel.media.formats import BY_NAME
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn

    with Sandbox(fork_or_spawn, proofs=proofs_folder()) as sandbox:
        evidence = sandbox.read(path)
    shown = printable(str(path))
    if evidence.format is None:
        raise InputError(f"{shown}: is no format that provlabel knows", hint="leave --media away")
    media = BY_NAME[evidence.format].media
    if media == "audio" and evidence.seconds is None:
        raise InputError(f"{shown}: does not tell how long it plays", hint="leave --media away")
    return {"media": media, "seconds": evidence.seconds}


def _print(label: Path, faults: tuple[Fault, ...], results: tuple[LawResult, ...]) -> None:
    style = style_for(sys.stdout)
    looks: dict[str, Any] = {"error": "red", "warning": "yellow"}
    for fault in faults:
        level = style.paint(fault.level, looks[fault.level])
        sys.stdout.write(f"{level} {printable(fault.at) or '/'}: {printable(fault.message, 300)}\n")
        if fault.hint:
            sys.stdout.write(f"  hint: {printable(fault.hint, 300)}\n")
    found: list[Fault | Finding] = [*faults, *(_law_findings(results, style) if results else ())]
    errors = sum(item.level == "error" for item in found)
    sys.stdout.write(f"{printable(str(label))}: {errors} errors, {len(found) - errors} warnings\n")
