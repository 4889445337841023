"""``provlabel conform``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._support.text import printable
from provlabel.cli._shared import PATH, deliver, format_option, proofs_folder, style_for
from provlabel.cli._standard import INPUT, comes_in, kept
from provlabel.errors import InputError, UsageError

if TYPE_CHECKING:
    from provlabel.conformance import Conformance
    from provlabel.report.renderers.style import Style

_SHORT = {"pass": "pass", "warning": "WARN", "fail": "FAIL", "not applicable": "n/a"}
_LOOKS: dict[str, Any] = {"pass": "green", "warning": "yellow", "fail": "red", "not applicable": "dim"}


@click.command("conform")
@click.argument("files", nargs=-1, type=PATH)
@click.option("--dossier", is_flag=True, help="Print a draft of what an applicant tells C2PA, with provlabel's facts.")
@format_option
def command(files: tuple[Path, ...], dossier: bool, format_: str) -> int:
    """Hold the manifest of each file, or - for standard input, against the rubric of C2PA's Conformance Programme.

    This is a self-check and no certification. It is about how the active manifest is written; use verify for whether
    its signer is to be trusted. Ends with 1 if a trait fails, or if there is no manifest that can be read.

    \b
    Examples:
      provlabel conform take.labeled.wav
      provlabel conform cover.labeled.jpg --format json
      provlabel conform --dossier
    """
    if dossier == bool(files):
        raise UsageError("give either files or --dossier", hint="provlabel conform FILE")
    if dossier:
        from provlabel.conformance.dossier import dossier as filled_in

        deliver(filled_in(), None)
        return 0
    return _hold(files, format_)


def _hold(files: tuple[Path, ...], format_: str) -> int:
    from provlabel.conformance import SELF_CHECK
    from provlabel.conformance.traits import RUBRIC, RUBRIC_DATE, RUBRIC_VERSION
    from provlabel.report.renderers.json import to_json

    found, errors = _checked(files)
    rubric = {"name": RUBRIC, "version": RUBRIC_VERSION, "date": RUBRIC_DATE}
    if format_ == "json":
        told = [{"path": name, "passed": one.passed, **_plain(one)} for name, one in found.items()]
        deliver(to_json({"rubric": rubric, "note": SELF_CHECK, "files": told, "errors": errors}), None)
    elif found:
        style = style_for(sys.stdout)
        lines = [line for name, one in found.items() for line in _lines(name, one, style)]
        head = f"{RUBRIC}, version {RUBRIC_VERSION} of {RUBRIC_DATE}"
        deliver("\n".join([*lines, "", head, SELF_CHECK, ""]), None)
    return 3 if errors else 0 if all(one.passed for one in found.values()) else 1


def _checked(files: tuple[Path, ...]) -> tuple[dict[str, Conformance], list[dict[str, str]]]:
    """Hold each file against the rubric; what cannot be opened is an error of its own, and the rest goes on."""
    from provlabel.cli import say_error
    from provlabel.conformance import conform_file
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn

    found: dict[str, Conformance] = {}
    errors: list[dict[str, str]] = []
    with Sandbox(fork_or_spawn, proofs=proofs_folder()) as sandbox:
        if comes_in(files):
            with kept() as path:
                return {INPUT: conform_file(path, sandbox=sandbox)}, []
        for path in files:
            try:
                found[str(path)] = conform_file(path, sandbox=sandbox)
            except InputError as exc:
                say_error(str(exc), exc.hint)
                errors.append({"path": str(path), "message": str(exc), "hint": exc.hint})
    return found, errors


def _plain(one: Conformance) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(one)
    return plain


def _lines(name: str, one: Conformance, style: Style) -> Iterator[str]:
    """Yield what is said of one file: how many traits came to what, and each of them."""
    shown = printable(name)
    if one.problem:
        yield f"{style.paint('FAIL', 'red', 'bold')}  {shown}: {printable(one.problem, 300)}; nothing was checked"
        return
    counts = {outcome: sum(item.outcome == outcome for item in one.traits) for outcome in _SHORT}
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    head = style.paint("PASS", "green", "bold") if one.passed else style.paint("FAIL", "red", "bold")
    yield f"{head}  {shown}: {len(one.traits)} traits: {said}"
    for item in one.traits:
        mark = style.paint(f"{_SHORT[item.outcome]:4}", _LOOKS[item.outcome])
        yield f"  {mark}  {item.id}  ({item.section})"
        if item.outcome in ("warning", "fail"):
            yield f"        {item.says}"
            yield f"        found: {printable(item.reason, 500)}"
