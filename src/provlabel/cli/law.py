"""``provlabel law``."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from provlabel.cli._shared import as_of_option, deliver, format_option, style_for, width

if TYPE_CHECKING:
    import datetime as dt

    from provlabel.law import Law
    from provlabel.law.records import LawRule
    from provlabel.report.renderers.style import Style


@click.group("law")
def command() -> None:
    """Read the rules of laws that files are held against. No legal advice."""


@command.command("list")
@click.argument("names", nargs=-1, metavar="[LAW]...")
@as_of_option
@format_option
def list_(names: tuple[str, ...], as_of: dt.date | None, format_: str) -> None:
    """List the rules of all laws, or of those named: since when, what they ask for, and how sure the reading is.

    With --as-of, only those in force on that day. Certainty: P, the primary text was read; S, a second source that
    quotes it; W, a weak one.

    \b
    As JSON: [{"law", "title", "as_of", "rules": [as provlabel law show], …}, …]

    \b
    Examples:
      provlabel law list
      provlabel law list eu,us-ca --as-of 2027-02-02
    """
    from provlabel.law import LAWS, load_laws

    wanted = [part for name in names for part in name.split(",")]
    shown = [
        (law, [row for row in law.rule if as_of is None or row.in_force(as_of)]) for law in load_laws(wanted or LAWS)
    ]
    if format_ == "json":
        _deliver_json([_plain(law, rows) for law, rows in shown])
        return
    style = style_for(sys.stdout)
    deliver("\n".join(line for law, rows in shown for line in _law_lines(law, rows, style)) + "\n", None)


@command.command("show")
@click.argument("names", nargs=-1, required=True, metavar="ROW...")
@format_option
def show(names: tuple[str, ...], format_: str) -> None:
    """Show rules in full, by number or code, or a whole law: dates, conditions, source, certainty, what to do.

    \b
    As JSON: [{"law", "title", "as_of" (the day of the reading), "scope", "left_out", "removal",
    "rules": [{"id", "number", "title", "from", "to", "applies", "holds", "with", "carrier", "source",
    "certainty", "hint"}, …]}, …]

    \b
    Examples:
      provlabel law show EU-3
      provlabel law show law.cn.1 us-ny --format json
    """
    from provlabel.law import law_part

    found = [law_part(name) for name in names]
    if format_ == "json":
        _deliver_json([_plain(law, law.rule) for law in found])
        return
    style = style_for(sys.stdout)
    deliver("\n\n".join("\n".join(_shown(law, style)) for law in found) + "\n", None)


def _deliver_json(value: Any) -> None:
    from provlabel.report.renderers.json import to_json

    deliver(to_json(value), None)


def _plain(law: Law, rows: Iterable[LawRule]) -> dict[str, Any]:
    from msgspec import to_builtins

    plain = to_builtins(law)
    return {key: value for key, value in plain.items() if key != "rule"} | {"rules": to_builtins(list(rows))}


def _law_lines(law: Law, rows: Iterable[LawRule], style: Style) -> Iterator[str]:
    yield style.paint(f"{law.law}: {law.title} (read {law.as_of})", "bold")
    for row in rows:
        head = f"  {row.number:<7} {row.era or 'always':<25} {row.certainty.partition(' (')[0]:<9} "
        yield from textwrap.wrap(row.title, width(), initial_indent=head, subsequent_indent=" " * len(head))


def _shown(law: Law, style: Style) -> Iterator[str]:
    yield style.paint(f"{law.law}: {law.title}", "bold")
    yield f"  read on {law.as_of}; no legal advice"
    for part in law.scope:
        yield from _told(part.number, f"{part.title} ({part.source}; {part.certainty})")
    if law.removal is not None:
        stated = law.removal
        yield from _told("removal", f"{stated.words} ({stated.source}; {stated.certainty})")
    for text in law.left_out:
        yield from _told("left out", text)
    for row in law.rule:
        yield ""
        yield from _rule_lines(row, style)


def _rule_lines(row: LawRule, style: Style) -> Iterator[str]:
    from provlabel.law.checks import CHECKS
    from provlabel.law.conditions import CONDITIONS, MINOR

    yield f"{style.paint(row.number, 'bold')}  {row.id}"
    yield from _told("asks for", row.title)
    yield from _told("in force", row.era or "always")
    for name in row.applies:
        yield from _told("applies if", f"{name}: {_first_line(CONDITIONS[name])}")
    if "ai-content" in row.applies:
        yield from _told("exempt", f"{row.given.minor}: {_first_line(MINOR[row.given.minor])}")
    if row.given.why:
        yield from _told("not shown", row.given.why)
    else:
        sought = [*row.given.fields, *("/".join(group) for group in row.given.words)]
        yield from _told(
            "is held if", _first_line(CHECKS[row.holds]) + (f" Here: {', '.join(sought)}." if sought else "")
        )
    yield from _told("where", row.carrier)
    yield from _told("source", row.source)
    yield from _told("certainty", f"{row.certainty} ({_WORDS[row.certainty.partition(',')[0]]})")
    if row.hint:
        yield from _told("hint", row.hint)


_WORDS = {
    "P": "the primary text was read",
    "P+S": "the primary text was read in part, the rest in sources that quote it",
    "S": "read in a source that quotes it",
    "W": "a weak source",
}


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").partition("\n")[0].replace("``", "")


def _told(name: str, text: str) -> list[str]:
    return textwrap.wrap(text, width(), initial_indent=f"  {name:<11} ", subsequent_indent=" " * 14)
