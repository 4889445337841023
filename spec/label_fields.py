"""The records and fields of a label, as its JSON Schema has them, and values for each: right ones and wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from provlabel._support.json_schema import END
from provlabel.label import records
from provlabel.label.loading import label_schema

RECORDS: dict[str, dict[str, Any]] = label_schema()["$defs"]


def _schema_of(kind: Any) -> dict[str, Any]:
    made = msgspec.json.schema(kind)
    return made | {"pattern": made["pattern"].replace(END, "$")} if "pattern" in made else made


def _signature(node: dict[str, Any]) -> tuple[Any, ...]:
    return node.get("pattern"), node.get("minLength"), node.get("maxLength")


class TextType(NamedTuple):
    """One type of texts."""

    name: str
    words: str
    wrong: str  #: of an allowed length, and not of this form


#: The types of texts by their bounds, each with its name in the specification.
_TYPES: tuple[tuple[Any, TextType], ...] = (
    (records.Line, TextType("line", "text on one line: a name, a title", "two\nlines")),
    (records.Text, TextType("sentence", "text on one line: a sentence or two", "two\tcolumns")),
    (records.Ascii, TextType("ascii", "printable ASCII without a space", "with space")),
    (records.Code, TextType("code", "a name or number as somebody else has it, on one line", "two\nlines")),
    (records.Id, TextType("id", "a name within this label", "a/b")),
    (records.Url, TextType("url", "a web address", "ftp://acme.example/")),
    (records.Language, TextType("language", "a language tag (BCP 47)", "en_US")),
    (records.Time, TextType("time", "a time with a zone (RFC 3339)", "2026-11-22")),
    (records.Sha256, TextType("sha256", "SHA-256 in small hexadecimal digits", "9F" * 32)),
    (str, TextType("any text", "any text", "")),
)
TEXT_TYPES: tuple[tuple[TextType, dict[str, Any]], ...] = tuple((named, _schema_of(kind)) for kind, named in _TYPES)
_BY_SIGNATURE = {_signature(node): named for named, node in TEXT_TYPES}


def text_type(node: dict[str, Any]) -> TextType:
    """Return the type of a text.

    Raises:
        LookupError: it has bounds that no type has; says what to add.
    """
    found = _BY_SIGNATURE.get(_signature(node))
    if found is None:
        raise LookupError(
            f"a text with the bounds {_signature(node)} has no name: add a row to _TYPES in spec/label_fields.py"
        )
    return found


def target_of(node: dict[str, Any]) -> str:
    """Return the record that a field holds, or a list of which it holds; nothing where it holds none."""
    return str(node.get("items", node).get("$ref", "")).rpartition("/")[2]


def _paths() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {"Label": ()}
    todo = list(found)
    while todo:
        name = todo.pop(0)
        for field, node in RECORDS[name]["properties"].items():
            target = target_of(node)
            if target and target not in found:
                found[target] = (*found[name], field, *(("0",) if "items" in node else ()))
                todo.append(target)
    return found


#: Record -> where a label has it first.
PATHS = _paths()


def pointer(*parts: str) -> str:
    """Return a JSON pointer."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def required(name: str) -> dict[str, Any]:
    """Return the smallest record: its required fields, with the examples of the schema."""
    fields = RECORDS[name]["properties"]
    return {field: fields[field]["examples"][0] for field in RECORDS[name].get("required", ())}


def full(name: str) -> dict[str, Any]:
    """Return a record with every field, each with the example of the schema."""
    return {field: node["examples"][0] for field, node in RECORDS[name]["properties"].items()}


def holding(name: str, record: Any, label: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a label with ``record`` at the place of ``name``, and what is on the way to it."""
    if name == "Label":
        return dict(record)
    whole: dict[str, Any] = {**required("Label"), "kind": "human_made"} if label is None else dict(label)
    path = [part for part in PATHS[name] if part != "0"]
    here, inside = whole, "Label"
    for field in path:
        node = RECORDS[inside]["properties"][field]
        inside = target_of(node)
        below = record if inside == name else required(inside)
        here[field] = [below] if "items" in node else below
        here = below
    return whole


# --- wrong values ----------------------------------------------------------------------------------


def wrong_type(node: dict[str, Any]) -> Any:
    """Return a value of another JSON type; of a vocabulary, which L-FORM-4 judges alone, nothing."""
    if "enum" in node:
        return None
    return 7 if node.get("type") == "string" else "a text"


def wrong_form(node: dict[str, Any]) -> str | None:
    """Return a text of a right length and a wrong form."""
    return text_type(node).wrong or None if node.get("type") == "string" else None


def too_long(node: dict[str, Any]) -> str | None:
    """Return a text of a right form that is one sign too long, or where one sign cannot be added, more."""
    if node.get("type") != "string" or "maxLength" not in node:
        return None
    filled = {"url": "https://acme.example/", "language": "en"}.get(text_type(node).name, "")
    filler = "-abcdefg" if text_type(node).name == "language" else "x"
    while len(filled) <= node["maxLength"]:
        filled += filler
    return filled


def out_of_bounds(node: dict[str, Any]) -> tuple[float, ...]:
    """Return numbers below and above the bounds of a number."""
    below = (node["minimum"] - 1,) if "minimum" in node else ()
    return (*below, node["maximum"] + 1) if "maximum" in node else below


def too_many(node: dict[str, Any]) -> list[Any] | None:
    """Return a list with one element too many, each as the example has it."""
    if "maxItems" not in node:
        return None
    example: list[Any] = node["examples"][0]
    return (example * (node["maxItems"] + 1))[: node["maxItems"] + 1]


def vocabularies() -> Iterator[tuple[str, list[str]]]:
    """Yield each vocabulary by the first field that has it, ``Label.kind``, and its terms."""
    seen: list[list[str]] = []
    for name in PATHS:
        for field, node in RECORDS[name]["properties"].items():
            terms = node.get("items", node).get("enum")
            if terms and terms not in seen:
                seen.append(terms)
                yield f"{name}.{field}", terms
