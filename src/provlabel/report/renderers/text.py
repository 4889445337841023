"""The report as text: a line for a file that passed, a block for one that did not, or everything about all.

What is the same for several files is said once: their block, their warnings, how rules of laws came out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from provlabel._support.text import printable
from provlabel.report import FileReport, Finding, LawResult, Outcome, Report
from provlabel.report.renderers import words
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers.style import Style

#: With more files than these of one outcome, they are only counted; those that failed are always named.
_NAMED = 20
#: Messages of one rule that are told one by one.
_ALIKE = 3
_INDENT = "  "


def render(report: Report, extras: Extras) -> str:
    """Return the report as text, every string of a file escaped, as much of it as is asked for."""
    style = extras.style
    lines = _in_full(report, style) if extras.detail == "all" else _in_short(report, style, extras.detail == "failures")
    return "".join(f"{part}\n" for line in lines for part in style.wrapped(line))


def _in_full(report: Report, style: Style) -> Iterator[str]:
    """Yield everything about every file."""
    for item in report.files:
        yield from (*words.file_lines(item, style), "")
    for block in words.not_judged(report, style):
        yield from block
    yield from words.footer(report, style)


def _in_short(report: Report, style: Style, failures_only: bool) -> Iterator[str]:
    """Yield what there is to know; with ``failures_only`` nothing where nothing failed."""
    if not failures_only:
        for outcome in ("passed", "excepted", "known"):
            yield from _passing([item for item in report.files if item.outcome == outcome], outcome, style)
    blocks = [*_failed(report.files, style), *words.not_judged(report, style)]
    yield from (line for block in blocks for line in (*block, ""))
    if not failures_only:
        yield from _warnings(report.files, style)
        yield from _laws(report, style)
        yield from words.footer(report, style, brief=True)


def _passing(files: Sequence[FileReport], outcome: Outcome, style: Style) -> Iterator[str]:
    word, look = words.OUTCOMES[outcome]
    mark = style.paint(word, look, "bold")
    if len(files) > _NAMED:
        yield f"{mark}  {len(files):,} files (-v names them)"
        return
    for item in files:
        yield f"{mark}  {style.paint(printable(item.path), 'bold')}  {_one_line(item, style)}"
        for found in item.findings:
            if found.excuse is not None and found.level == "error":
                yield from words.finding_lines(found, style)


def _one_line(item: FileReport, style: Style) -> str:
    """Say state, label and signer of a file in one line; who is named on the way is only claimed, where that is so."""
    colour, meaning = words.STATES[item.state]
    said = [meaning] if item.manifest is None else []
    said += [f"{_SHORT[name]}{value}" for name, value in words.facts(item) if name in _SHORT]
    return f"{style.paint(item.state.upper(), colour)}: {'; '.join(said) or meaning}"


#: Facts that stand in one line, each with the words before it.
_SHORT = {
    "label": "",
    "history": "",
    "signer": "signed by ",
    "identity": "identity ",
    "manifest": "manifest ",
    "claims": "claims ",
}


def _failed(files: Iterable[FileReport], style: Style) -> Iterator[list[str]]:
    """Yield one block for all files about which the same is to be said."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for item in files:
        if item.outcome == "failed":
            alike.setdefault(tuple(_block(item, style)), []).append(item.path)
    mark = style.paint(words.OUTCOMES["failed"][0], "red", "bold")
    for block, paths in alike.items():
        yield [*(f"{mark}  {style.paint(printable(path), 'bold')}" for path in paths), *block]


def _block(item: FileReport, style: Style) -> Iterator[str]:
    if not any(found.rule == "delivery.missing" for found in item.findings):
        yield from words.verdict_lines(item, style, axes=False)
    errors = [found for found in words.told(item) if found.level == "error"]
    for found in errors:
        if not found.rule.startswith("law."):
            yield from words.finding_lines(found, style)
    broken = {found.rule for found in errors}
    of_laws = {result.law for result in item.law if result.rule in broken}
    yield from words.law_lines([result for result in item.law if result.law in of_laws], errors, style)


# --- what several files have in common -------------------------------------------------------------


def _warnings(files: Iterable[FileReport], style: Style) -> Iterator[str]:
    """Yield each warning once, with the files that it is about."""
    alike: dict[str, dict[Finding, list[str]]] = {}
    for item in files:
        for found in dict.fromkeys(item.findings):
            if found.level == "warning" and found.excuse is None and not found.rule.startswith("law."):
                alike.setdefault(found.rule, {}).setdefault(found, []).append(item.path)
    mark = style.paint("warning", "yellow")
    for rule, by_message in alike.items():
        for found, paths in list(by_message.items())[:_ALIKE]:
            hint = f" — hint: {printable(found.hint)}" if found.hint else ""
            yield f"{mark} {printable(rule)}, {_of(paths)}: {printable(found.message, 500)}{hint}"
        rest = list(by_message.values())[_ALIKE:]
        if rest:
            yield f"{mark} {printable(rule)}: {len({path for paths in rest for path in paths}):,} more files (-v)"


def _of(paths: Sequence[str]) -> str:
    return printable(paths[0]) if len(paths) == 1 else f"{len(paths):,} files"


def _laws(report: Report, style: Style) -> Iterator[str]:
    """Yield one line for each law: how often each outcome was reached, and by which rules those to look at."""
    for named in report.laws:
        results = [one for item in report.files for one in item.law if one.law == named.name and one.counts]
        told = [_counted(outcome, results) for outcome in words.LAW_LOOKS]
        name = f"{style.paint(f'law {printable(named.name)}', 'bold')} (no legal advice; read {named.date})"
        yield f"{name}: {', '.join(filter(None, told))} (-v tells why)"


def _counted(outcome: str, results: Sequence[LawResult]) -> str:
    found = [one for one in results if one.outcome == outcome]
    if not found:
        return ""
    counted = outcome.replace("needs ", "need ") if len(found) > 1 else outcome
    numbers = " ".join(sorted({one.number for one in found}, key=_in_order))
    return f"{len(found):,} {counted}{f' ({numbers})' if outcome in _LOOKED_AT else ''}"


def _in_order(number: str) -> tuple[str | int, ...]:
    """Sort EU-9 before EU-10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split("([0-9]+)", number))


_LOOKED_AT = ("not held", "needs a human judgement")
