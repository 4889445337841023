"""``provlabel kinds``."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator

import click

from provlabel.cli._shared import KIND, deliver, format_option, style_for, width

_MARGIN = " " * 12


@click.command("kinds")
@click.argument("name", type=KIND, required=False)
@format_option
def command(name: str | None, format_: str) -> None:
    """List the kinds of labels, and which to choose; NAME explains one.

    \b
    Examples:
      provlabel kinds
      provlabel kinds ai_assisted_technical
    """
    from provlabel.label.guide import GUIDE

    if format_ == "json":
        from provlabel.report.renderers.json import to_json

        deliver(to_json([_as_data(kind) for kind in ((name,) if name else GUIDE)]), None)
        return
    for line in _one(name) if name else _all():
        indent = _MARGIN if line.startswith(" ") else ""
        deliver(textwrap.fill(line, width(100, 80), subsequent_indent=indent, break_on_hyphens=False) + "\n", None)


def _as_data(kind: str) -> dict[str, object]:
    from provlabel.label.guide import GUIDE
    from provlabel.label.vocabularies import KINDS

    facts, guide = KINDS[kind], GUIDE[kind]
    return {
        "kind": kind,
        "meaning": facts.words,
        **guide._asdict(),
        "origin": facts.origin,
        "digital_source_type": facts.digital_source_type,
        "contains_ai": facts.contains_ai,
    }


def _all() -> Iterator[str]:
    from provlabel.label.guide import CASES, GUIDE
    from provlabel.label.vocabularies import KINDS

    bold = style_for(sys.stdout).paint
    yield "What did AI do?"
    for kind, guide in GUIDE.items():
        yield ""
        yield f"{bold(kind, 'bold')}: {KINDS[kind].words}"
        yield f"  AI:       {guide.answer}"
        yield f"  music:    {guide.music}"
        yield f"  picture:  {guide.picture}"
    yield ""
    yield "Which one?"
    for case in CASES:
        yield f"  {case.made}: {bold(case.kind, 'bold')}"
    yield ""
    yield "provlabel kinds NAME tells more about one; provlabel init asks, and writes a label."


def _one(kind: str) -> Iterator[str]:
    from provlabel.label.guide import CASES, GUIDE
    from provlabel.label.vocabularies import KINDS

    facts, guide = KINDS[kind], GUIDE[kind]
    yield f"{style_for(sys.stdout).paint(kind, 'bold')}: {facts.words}"
    yield f"  AI:       {guide.answer}"
    yield f"  music:    {guide.music}"
    yield f"  picture:  {guide.picture}"
    yield f"  not when: {guide.otherwise}"
    yield from (f"  so too:   {case.made}" for case in CASES if case.kind == kind)
    yield f"  IPTC:     {facts.digital_source_type.rpartition('/')[2]}, {facts.origin}"
    yield f"  DDEX:     ContainsAI {facts.contains_ai}" if facts.contains_ai else "  DDEX:     has no value for it"
