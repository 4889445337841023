"""Delivery sheets as text to print and copy from, as CSV and as JSON.  Every string of a file is made visible."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET

from provlabel._support.text import printable
from provlabel.exchange.sheets import Credit, Sheet, SheetAnswer, SheetItem, credits_of, upcs_of
from provlabel.exchange.table import csv_of
from provlabel.label.vocabularies import KINDS
from provlabel.report.renderers.json import to_json

_WIDTH = 100
_LONGEST = 4_000  # characters of one answer
_EXTENTS = {"All": "all of it", "Partly": "a part of it", "None": "nothing of it"}
_GROUPS = (("track", "TRACK"), ("artwork", "PICTURE"), ("video", "VIDEO"))
_CODES = ("isrc", "iswc", "upc", "grid")
_COLUMNS = (
    "shop", "about", "path", "title", "isrc", "question", "wording", "answer", "you_have_to_say", "why", "field",
    "typed", "certainty", "source",
)  # fmt: skip


def to_text(sheets: Sequence[Sheet]) -> str:
    """Return the sheets one after the other, each complete by itself."""
    return "\n\n".join("\n".join(_sheet(sheet)) for sheet in sheets) + "\n"


def to_csv(sheets: Sequence[Sheet]) -> bytes:
    """Return one row for each answer, for spreadsheets."""
    rows = (row for sheet in sheets for row in _rows(sheet))
    return csv_of([_COLUMNS, *([str(row[name]) for name in _COLUMNS] for row in rows)])


def json_of(sheets: Sequence[Sheet]) -> str:
    """Return the sheets as a list, with the credits of each file and every answer."""
    return to_json([_plain(sheet) for sheet in sheets])


# --- text ------------------------------------------------------------------------------------------


def _sheet(sheet: Sheet) -> Iterator[str]:
    shop = sheet.shop
    yield f"{shop.title.upper()}: WHAT IT ASKS ABOUT AI"
    yield "=" * _WIDTH
    yield from _wrapped(f"Where: {shop.where}.", "")
    yield f"As of {shop.as_of.isoformat()}. The answers follow from the labels; whoever delivers stands for them."
    yield _release(sheet.items)
    yield from _left(sheet)
    whole = [answer for answer in sheet.answers if not answer.about]
    if whole:
        yield from ("", "RELEASE", "-" * _WIDTH)
        yield from _answers(whole)
    for about, word in _GROUPS:
        those = [item for item in sheet.items if item.about == about]
        for number, item in enumerate(those, 1):
            mine = [answer for answer in sheet.answers if answer.about == item.path]
            if mine:
                yield from ("", f"{word} {number} of {len(those)}: {_heading(item)}", "-" * _WIDTH)
                yield from _said(item)
                yield from _answers(mine)
    yield from _foot(sheet)


def _release(items: Sequence[SheetItem]) -> str:
    counts = [(sum(item.about == about for item in items), word.lower()) for about, word in _GROUPS]
    what = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
    codes = [printable(code) for code in upcs_of(items)]
    several = ": these are several releases, and shops want a sheet for each" if len(codes) > 1 else ""
    return f"Release: {what}{'; UPC ' if codes else ''}{' and '.join(codes)}{several}."


def _left(sheet: Sheet) -> Iterator[str]:
    """What a person has to answer, first of all: the rest is to be copied."""
    names = {item.path: _name(item) for item in sheet.items}
    count = len(sheet.open)
    yield ""
    if not count:
        yield f"Nothing is left for you to answer{': copy what follows.' if sheet.answers else ', as it asks nothing.'}"
        return
    yield f"{count} {'answer is' if count == 1 else 'answers are'} yours to give:"
    for answer in sheet.open:
        about = names.get(answer.about, "release")
        yield from _wrapped(f"{about}: {answer.question.wording}", "  [ ] ")


def _name(item: SheetItem) -> str:
    return f"“{printable(item.label.title)}”" if item.label.title is not UNSET else printable(item.path)


def _heading(item: SheetItem) -> str:
    title = f"{_name(item)}, " if item.label.title is not UNSET else ""
    those = [entry for entry in item.label.identifiers if entry.type in _CODES]
    codes = "".join(f", {entry.type.upper()} {printable(entry.value)}" for entry in those)
    return f"{title}{printable(item.path)}{codes}"


def _said(item: SheetItem) -> Iterator[str]:
    kind = KINDS[item.label.kind]
    yield f"  AI in it: {kind.contains_ai or 'not said'} (label: {kind.words})"
    yield from (f"  - {_credit(credit)}" for credit in credits_of(item.label))


def _credit(credit: Credit) -> str:
    where = f" ({printable(credit.where)})" if credit.where else ""
    role = f", {credit.role}" if credit.role else ""
    who = ("AI" if credit.ai else "a person") + (f", {printable(credit.who)}" if credit.who else "")
    left = "" if credit.counted else "; not counted beside this kind"
    return f"{credit.part.replace('_', ' ')}{where}{role}: {who}. AI made {_EXTENTS[credit.extent]}{left}"


def _answers(answers: Sequence[SheetAnswer]) -> Iterator[str]:
    for answer in answers:
        question = answer.question
        marks = [] if question.typed else ["nothing to type"]
        marks += ["unverified"] if question.certainty == "unverified" else []
        yield ""
        yield from _wrapped(question.wording + (f" [{', '.join(marks)}]" if marks else ""), "  ")
        if answer.text is None:
            yield from _wrapped(f"YOU HAVE TO SAY: {printable(answer.why, _LONGEST)}", "  > ")
            if answer.field:
                yield from _wrapped(f"in the label: {printable(answer.field, _LONGEST)}", "    ")
        else:
            yield f"  > {printable(answer.text, _LONGEST)}"  # in one line, to be copied
            yield from _wrapped(f"from the label: {printable(answer.why, _LONGEST)}", "    ")


def _foot(sheet: Sheet) -> Iterator[str]:
    shop = sheet.shop
    yield from ("", "NOTES", "-" * _WIDTH)
    asked = {answer.about for answer in sheet.answers}
    silent = [printable(item.path) for item in sheet.items if item.path not in asked]
    if silent and "" not in asked:
        yield from _wrapped(f"no question was found about: {', '.join(silent)}", "  - ")
    for note in shop.note:
        yield from _wrapped(note.words + (" [unverified]" if note.certainty == "unverified" else ""), "  - ")
    if sheet.unverified or any(note.certainty == "unverified" for note in shop.note):
        yield "  [unverified]: no outside source was found that confirms it; look at the form itself."
    yield from _wrapped(f"Source: {shop.source}.", "  ")
    ids = {answer.question.id for answer in sheet.answers}
    for row in shop.question:
        if row.source and row.id in ids:
            yield from _wrapped(f"{row.wording}: {row.source}.", "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    after = " " * len(indent)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )


# --- tables ----------------------------------------------------------------------------------------


def _rows(sheet: Sheet) -> Iterator[dict[str, str]]:
    items = {item.path: item for item in sheet.items}
    for answer in sheet.answers:
        item, question = items.get(answer.about), answer.question
        codes = [entry.value for entry in item.label.identifiers if entry.type == "isrc"] if item else []
        yield {
            "shop": sheet.shop.name,
            "about": question.about,
            "path": answer.about,
            "title": item.label.title if item and item.label.title is not UNSET else "",
            "isrc": ";".join(codes),
            "question": question.id,
            "wording": question.wording,
            "answer": answer.text or "",
            "you_have_to_say": "yes" if answer.text is None else "",
            "why": answer.why,
            "field": answer.field,
            "typed": "yes" if question.typed else "no",
            "certainty": question.certainty,
            "source": question.source or sheet.shop.source,
        }


def _plain(sheet: Sheet) -> dict[str, Any]:
    shop = sheet.shop
    return {
        "shop": shop.name,
        "title": shop.title,
        "where": shop.where,
        "as_of": shop.as_of.isoformat(),
        "source": shop.source,
        "files": [
            {
                "path": item.path,
                "about": item.about,
                "title": item.label.title if item.label.title is not UNSET else None,
                "identifiers": [{"type": entry.type, "value": entry.value} for entry in item.label.identifiers],
                "contains_ai": KINDS[item.label.kind].contains_ai,
                "credits": [credit._asdict() for credit in credits_of(item.label)],
            }
            for item in sheet.items
        ],
        "answers": [
            {
                "question": answer.question.id,
                "wording": answer.question.wording,
                "path": answer.about or None,
                "answer": answer.text,
                "why": answer.why,
                "field": answer.field,
                "typed": answer.question.typed,
                "certainty": answer.question.certainty,
            }
            for answer in sheet.answers
        ],
        "notes": [{"words": note.words, "certainty": note.certainty} for note in shop.note],
    }
