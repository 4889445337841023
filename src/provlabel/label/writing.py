"""A plain label as TOML for people: each field with a comment, and what else it could say as examples.  Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provlabel._support.text import printable
from provlabel._support.toml import in_key, in_toml
from provlabel.label.guide import GUIDE
from provlabel.label.loading import label_schema
from provlabel.label.records import SCHEMA, Label
from provlabel.label.vocabularies import KINDS

_WIDTH = 100
_LONGEST = 1_000  # characters of a comment
#: Fields that somebody who begins looks for; what the label does not say of them stands there as an example.
_OFFERED = (
    "title",
    "event_time",
    "identifiers",
    "provider",
    "systems",
    "contributions",
    "people",
    "permissions",
    "rights",
)
#: Fields that are written as values, whatever they hold: TOML has these before all tables.
_VALUES = frozenset({"identifiers", "references", "disclosure", "marks"})


def written(
    label: Mapping[str, Any],
    *,
    head: Sequence[str] = (),
    sources: Mapping[str, str] | None = None,
    hints: Sequence[str] = (),
) -> str:
    """Return a label as TOML.

    Args:
        label: the plain label.
        head: lines that stand above it as comments.
        sources: by field, where it came from.
        hints: what else is known, and left to whoever reads it.
    """
    data = {"schema": SCHEMA, **label}
    fields = [field for field in Label.__struct_fields__ if field in data or field in _OFFERED]
    values = [field for field in fields if not _is_table(field, data.get(field, _example(field)))]
    lines = [line for text in head for line in _comment(text)]
    if hints:
        lines += ["#", "# What else the file says; nothing of it is in the label:"]
        lines += [line for text in hints for line in _comment(f"- {text}")]
    for field in (*values, *(field for field in fields if field not in values)):
        lines += ["", *_field(field, data, (sources or {}).get(field, ""))]
    return "\n".join(lines) + "\n"


def _field(field: str, data: Mapping[str, Any], source: str) -> Iterator[str]:
    yield from _comment(_about(field, data) + (f" From the {source}." if source else ""))
    if field in data:
        yield from _lines(field, data[field])
    else:
        yield from (f"# {line}" if line else "#" for line in _lines(field, _example(field)))


def _about(field: str, data: Mapping[str, Any]) -> str:
    if field == "kind" and data.get("kind") in KINDS:
        kind = data["kind"]
        return f"How far AI made it; {KINDS[kind].words}. AI: {GUIDE[kind].answer}. All kinds: provlabel kinds."
    node = label_schema()["$defs"]["Label"]["properties"][field]
    personal = " Names are signed only with --personal." if field == "people" else ""
    return f"{node.get('description', '')}{personal}"


def _example(field: str) -> Any:
    return label_schema()["$defs"]["Label"]["properties"][field]["examples"][0]


def _is_table(field: str, value: Any) -> bool:
    listed = isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, Mapping) for item in value)
    return field not in _VALUES and (listed or isinstance(value, Mapping))


def _lines(field: str, value: Any) -> Iterator[str]:
    if not _is_table(field, value):
        yield f"{field} = {in_toml(value)}"
        return
    head = f"[{field}]" if isinstance(value, Mapping) else f"[[{field}]]"
    for index, table in enumerate([value] if isinstance(value, Mapping) else value):
        if index:
            yield ""
        yield head
        yield from (f"{in_key(str(key))} = {in_toml(item)}" for key, item in table.items())


def _comment(text: str) -> Iterator[str]:
    """Yield a text as comments, escaped: none of it ends its line, or acts on who reads it."""
    shown = printable(" ".join(text.split("\n")), _LONGEST)
    yield from textwrap.wrap(shown, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
