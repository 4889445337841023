"""Make ``spec/vectors/``: labels, right and wrong, with what a validator says of each. ``make docs`` runs it.

What is expected of a label is written here by hand, or follows from what was done to it; it is not what provlabel says.
A test compares both. Expected mappings are those of provlabel: ``label_mappings.py``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import label_fields as fields
from label_requirements import REQUIREMENTS
from provlabel.label.loading import MAX_DEPTH, MAX_FILE
from provlabel.label.vocabularies import KINDS, NOT_IN

HERE = Path(__file__).parent / "vectors"
JSON = dict[str, Any]


class Vector(NamedTuple):
    """One label file, and what a validator says of it."""

    file: str
    content: bytes
    findings: tuple[tuple[str, str], ...]  #: requirement and pointer
    why: str
    shows: tuple[str, ...] = ()  #: requirements that a label without findings keeps narrowly
    options: Mapping[str, Any] = MappingProxyType({})  #: ``media``, ``seconds``, ``pad_to``

    def entry(self) -> JSON:
        """Return the vector as the index has it."""
        found = [
            {"level": REQUIREMENTS[name].level, "pointer": at, "requirement": name}
            for name, at in sorted(set(self.findings))
        ]
        levels = {item["level"] for item in found}
        return {
            "file": self.file,
            "expect": next((level for level in ("error", "warning") if level in levels), "valid"),
            "requirements": sorted({item["requirement"] for item in found} | set(self.shows)),
            "findings": found,
            "why": self.why,
            **self.options,
        }


def _content(data: JSON | str | bytes) -> bytes:
    if isinstance(data, bytes):
        return data
    text = data if isinstance(data, str) else json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return text.encode()


def ok(name: str, data: JSON | str, shows: str, why: str, **options: Any) -> Vector:
    """Return a label without findings; ``shows`` are the ids of the requirements that it is about."""
    return Vector(f"labels/valid/{_named(name)}", _content(data), (), why, tuple(shows.split()), options)


def warned(name: str, data: JSON, findings: Sequence[str], why: str, **options: Any) -> Vector:
    """Return a label with warnings alone, each ``ID /pointer``."""
    return Vector(f"labels/valid/{_named(name)}", _content(data), _found(findings), why, (), options)


def bad(name: str, data: JSON | str | bytes, findings: Sequence[str], why: str, **options: Any) -> Vector:
    """Return a label with an error or more, each ``ID /pointer``."""
    return Vector(f"labels/invalid/{_named(name)}", _content(data), _found(findings), why, (), options)


def _named(name: str) -> str:
    return name if "." in name else f"{name}.json"


def _found(findings: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = (text.partition(" ") for text in findings)
    return tuple((name, at) for name, _, at in pairs)


# --- small labels to begin with --------------------------------------------------------------------

HUMAN: JSON = {"kind": "human_made"}
TECHNICAL: JSON = {"kind": "ai_assisted_technical"}
ALGORITHM: JSON = {"kind": "algorithmic_not_trained"}
AI: JSON = {"kind": "ai_generated", "systems": [{"name": "AcmeSynth"}]}
PARTLY: JSON = {"kind": "ai_partly_created", "systems": [{"name": "AcmeSynth"}]}
DRUMS: JSON = {"part": "instrumental", "extent": "All", "by": "ai", "system": "AcmeSynth"}
VOCALS: JSON = {"part": "vocals", "extent": "None", "by": "human"}
#: A label to which records with references can be added.
CREDITED: JSON = {
    **PARTLY,
    "systems": [{"name": "AcmeSynth", "version": "2.1.0"}],
    "people": [{"id": "singer", "roles": ["LeadVocalist"]}, {"id": "writer"}],
}


def with_parts(base: JSON, *parts: JSON) -> JSON:
    """Return a label with these contributions."""
    return {**base, "contributions": list(parts)}


def identified(scheme: str, value: str) -> JSON:
    """Return a label with one identifier."""
    return {**HUMAN, "identifiers": [{"type": scheme, "value": value}]}


def person_identified(scheme: str, value: str) -> JSON:
    """Return a label with one identifier of a person."""
    return {**HUMAN, "people": [{"id": "singer", "identifiers": [{"type": scheme, "value": value}]}]}


# --- made from the schema: every constraint of every field -----------------------------------------


def of_the_schema() -> Iterator[Vector]:
    """Yield labels that break every constraint of every field: new fields are covered without a line here."""
    for name in fields.PATHS:
        yield from _broken_forms(name)
        yield _unknown(name)
        if name != "Label" and fields.RECORDS[name].get("required"):
            missing = [f"L-FORM-2 {_at(name)}"]
            yield bad(
                f"{name.lower()}-required", fields.holding(name, {}), missing, f"{name} without its required fields."
            )
        if name not in ("Label", "CarrierValues"):
            yield _complete(name)


def _at(name: str, *parts: str) -> str:
    return fields.pointer(*fields.PATHS[name], *parts)


def _broken_forms(name: str) -> Iterator[Vector]:
    makers = (
        ("type", "L-FORM-1", fields.wrong_type, "has another JSON type than its field"),
        ("term", "L-FORM-4", _no_term, "is no term of its vocabulary"),
        ("pattern", "L-FORM-5", fields.wrong_form, "has a right length and a wrong form"),
        ("length", "L-FORM-6", fields.too_long, "is longer than its type allows"),
        ("list", "L-FORM-8", fields.too_many, "has one element too many"),
    )
    for what, requirement, maker, words in makers:
        yield from _broken(name, what, requirement, maker, words)
    for place, side in enumerate(("low", "high")):
        limits = {
            field: values[place]
            for field, node in fields.RECORDS[name]["properties"].items()
            if len(values := fields.out_of_bounds(node)) == 2
        }
        if limits:
            yield _record(
                f"{name.lower()}-{side}", name, limits, "L-FORM-7", f"Each number of {name} is out of bounds."
            )


def _broken(name: str, what: str, requirement: str, maker: Any, words: str) -> Iterator[Vector]:
    made = {field: maker(node) for field, node in fields.RECORDS[name]["properties"].items()}
    wrong = {field: value for field, value in made.items() if value is not None}
    if wrong:
        listed = ", ".join(wrong) if len(wrong) < 5 else "each field of this kind"
        yield _record(f"{name.lower()}-{what}", name, wrong, requirement, f"In {name}, {listed} {words}.")


def _record(file: str, name: str, wrong: JSON, requirement: str, why: str) -> Vector:
    needed = {field: value for field, value in fields.required(name).items() if field not in wrong}
    found = [f"{requirement} {at}" for field in wrong for at in [_at(name, field) + _inside(name, field, wrong[field])]]
    return bad(file, fields.holding(name, {**needed, **wrong}), found, why)


def _inside(name: str, field: str, value: Any) -> str:
    """Return where in a list the wrong term stands."""
    node = fields.RECORDS[name]["properties"][field]
    return "/0" if value == [_NO_TERM] and "enum" in node.get("items", {}) else ""


_NO_TERM = "no_such_term"


def _no_term(node: JSON) -> Any:
    if "enum" in node:
        return _NO_TERM
    return [_NO_TERM] if "enum" in node.get("items", {}) else None


def _unknown(name: str) -> Vector:
    record = {**fields.required(name), "no_such_field": 1}
    found = [f"L-FORM-3 {_at(name, 'no_such_field')}"]
    return bad(
        f"{name.lower()}-unknown-field", fields.holding(name, record), found, f"{name} with a field of no version."
    )


def _complete(name: str) -> Vector:
    """A record with every field; what it refers to is there."""
    record = fields.full(name)
    inside = fields.PATHS[name][0]
    data = fields.holding(name, record, with_parts(CREDITED, DRUMS) if inside != "contributions" else CREDITED)
    if name == "Point":
        data["contributions"][0]["region"] |= {"shape": "polygon", "points": [record] * 3}
    if inside == "people":
        data["people"].append({"id": "writer"})
    if inside == "systems":
        data["systems"].append({"name": "AcmeMaster"})
    return ok(f"{name.lower()}-all-fields", data, "L-FORM-1", f"{name} with every field that it can have.")


# --- by hand: files and data -----------------------------------------------------------------------


_NO_TOML_TIMES = (
    ("no-such-day", "2026-02-30T00:00:00Z", "A date-time of TOML has a day of the calendar."),
    ("year-0", "0000-01-01T00:00:00Z", "Nor is there a year 0."),
    ("second-60", "2016-12-31T23:59:60Z", "Second 60 may stand in a text alone."),
)


def files() -> Iterator[Vector]:
    """Yield what is no document, and what just is one."""
    minimal = json.dumps(HUMAN)
    yield ok("file-largest", minimal, "L-FILE-1", f"Exactly {MAX_FILE} bytes, with the blanks added.", pad_to=MAX_FILE)
    yield bad(
        "file-too-large", minimal, ["L-FILE-1 "], "One byte more than a label file may have.", pad_to=MAX_FILE + 1
    )
    yield bad("file-latin-1", b'{"kind": "human_made", "title": "Caf\xe9"}', ["L-FILE-2 "], "Latin-1 is no UTF-8.")
    yield bad(
        "file-overlong", b'{"kind": "human_made", "title": "\xc0\xaf"}', ["L-FILE-2 "], "An overlong form is no UTF-8."
    )
    yield bad("file-utf-16", minimal.encode("utf-16"), ["L-FILE-2 "], "UTF-16 has bytes 0, and its mark is no UTF-8.")
    yield bad("file-zero-byte", b'{"kind": "human_made"}\0', ["L-FILE-2 "], "A byte 0 is no text.")
    yield bad("file-surrogate-bytes", b'{"title": "\xed\xa0\x80"}', ["L-FILE-2 "], "Surrogates have no form in UTF-8.")
    yield bad("file-bom", b"\xef\xbb\xbf" + minimal.encode(), ["L-FILE-3 "], "A byte order mark begins no label file.")
    yield bad("file-bom.toml", b'\xef\xbb\xbfkind = "human_made"\n', ["L-FILE-3 "], "Nor one in TOML.")
    yield bad("file-empty", b"", ["L-FILE-3 "], "Nothing is no JSON value.")
    yield bad("file-cut", '{"kind": "human_made"', ["L-FILE-3 "], "The file ends within the object.")
    yield bad("file-two-values", minimal + minimal, ["L-FILE-3 "], "A file holds one document.")
    yield bad("file-comment", "// mine\n" + minimal, ["L-FILE-3 "], "JSON has no comments.")
    yield bad("file-trailing-comma", '{"kind": "human_made",}', ["L-FILE-3 "], "JSON has no comma at the end.")
    yield bad("file-single-quotes", "{'kind': 'human_made'}", ["L-FILE-3 "], "JSON texts stand in double quotes.")
    yield bad("file-nan", '{"kind": "human_made", "extra": {"a": NaN}}', ["L-FILE-3 "], "NaN is no JSON value.")
    yield bad("file-infinity", '{"kind": "human_made", "extra": {"a": -Infinity}}', ["L-FILE-3 "], "Nor is -Infinity.")
    yield bad(
        "file-leading-zero",
        '{"kind": "human_made", "extra": {"a": 007}}',
        ["L-FILE-3 "],
        "JSON numbers begin with no 0.",
    )
    yield bad(
        "file-raw-control", '{"kind": "human_made", "extra": {"a": "b\tc"}}', ["L-FILE-3 "],
        "A control character within a JSON text has to be escaped.",
    )  # fmt: skip
    yield bad(
        "file-toml-as-json", 'kind = "human_made"\n', ["L-FILE-3 "], "TOML in a file whose name does not end in .toml."
    )
    yield bad("file-json-as-toml.toml", minimal, ["L-FILE-3 "], "JSON in a file whose name ends in .toml.")
    yield bad(
        "file-toml-twice.toml", 'kind = "human_made"\nkind = "ai_generated"\n', ["L-FILE-3 "], "A key stands twice."
    )
    yield bad("file-toml-cut.toml", 'kind = "human_made\n', ["L-FILE-3 "], "A text without an end.")
    twice = '{"kind": "human_made", "kind": "ai_generated"}'
    yield bad("file-name-twice", twice, ["L-FILE-4 "], "Readers could each take another of the two kinds.")
    yield bad(
        "file-name-twice-inside", '{"kind": "human_made", "extra": {"a": [{"b": 1, "b": 1}]}}', ["L-FILE-4 "],
        "Not even with the same value, at any depth.",
    )  # fmt: skip
    yield bad(
        "file-name-twice-escaped", '{"kind": "human_made", "k\\u0069nd": "human_made"}', ["L-FILE-4 "],
        "Names are compared when their escapes are undone.",
    )  # fmt: skip
    for name, value, words in _NO_TOML_TIMES:
        content = f'kind = "human_made"\nevent_time = {value}\n'
        yield bad(f"file-toml-{name}.toml", content, ["L-FILE-3 "], words)
    yield ok("file-capital-ending.TOML", 'kind = "human_made"\n', "L-FILE-3", "The ending is compared without case.")
    yield ok("file-white-space", '\n\t { "kind" :\r\n"human_made" } \n', "L-FILE-3", "White space of JSON is free.")
    yield ok(
        "file-escapes",
        '{"\\u006bind": "human\\u005fmade", "title": "\\u00e9 \\ud83d\\ude00"}',
        "L-FILE-3",
        "Escapes of JSON.",
    )


def data() -> Iterator[Vector]:
    """Yield what JSON and TOML can say and a label cannot."""
    deepest, deeper = _nested(MAX_DEPTH - 1), _nested(MAX_DEPTH)
    yield ok(
        "data-deepest", {**HUMAN, "extra": {"a": deepest}}, "L-DATA-1", f"The innermost pointer has {MAX_DEPTH} parts."
    )
    below = "/extra/a" + "/0" * (MAX_DEPTH - 1)
    yield bad("data-too-deep", {**HUMAN, "extra": {"a": deeper}}, [f"L-DATA-1 {below}"], "One level too many.")
    yield bad(
        "data-far-too-deep", {**HUMAN, "extra": {"a": _nested(MAX_DEPTH + 20)}}, [f"L-DATA-1 {below}"],
        "Reported once, where the limit is passed.",
    )  # fmt: skip
    yield bad(
        "data-number-too-large", '{"kind": "human_made", "extra": {"a": 1e400}}', ["L-DATA-2 /extra/a"], "No double."
    )
    yield bad(
        "data-inf.toml",
        'kind = "human_made"\nextra.a = [inf, nan]\n',
        ["L-DATA-2 /extra/a/0", "L-DATA-2 /extra/a/1"],
        "TOML has them.",
    )
    yield bad(
        "data-whole-number", {**HUMAN, "extra": {"a": 2**63, "b": -(2**63) - 1}},
        ["L-DATA-3 /extra/a", "L-DATA-3 /extra/b"], "One beyond either end of 64 bits.",
    )  # fmt: skip
    yield bad(
        "data-whole-number.toml",
        f'kind = "human_made"\nextra.a = {2**63}\n',
        ["L-DATA-3 /extra/a"],
        "The same in TOML.",
    )
    yield ok(
        "data-numbers", '{"kind": "human_made", "extra": {"a": 9223372036854775807, "b": -9223372036854775808, "c": 1e300}}',
        "L-DATA-2 L-DATA-3", "The ends of 64 bits; a large number with an exponent is a double.",
    )  # fmt: skip
    yield bad("data-lone-surrogate", '{"kind": "human_made", "title": "\\ud83d"}', ["L-DATA-4 /title"], "Half a pair.")
    yield bad(
        "data-lone-low-surrogate",
        '{"kind": "human_made", "title": "\\ude00 a"}',
        ["L-DATA-4 /title"],
        "The other half.",
    )
    yield bad(
        "data-lone-surrogate-name", '{"kind": "human_made", "extra": {"a": {"\\ud83d": 1}}}', ["L-DATA-4 /extra/a"],
        "In a name, reported at the object that has it.",
    )  # fmt: skip
    yield bad(
        "data-pointer-escapes", {**HUMAN, "extra": {"a/b": {"~": 2**64}}}, ["L-DATA-3 /extra/a~1b/~0"],
        "In a JSON pointer, / is ~1 and ~ is ~0.",
    )  # fmt: skip
    yield bad(
        "data-before-form", {"kind": "no_such_term", "extra": {"a": 2**64}}, ["L-DATA-3 /extra/a"],
        "The form is not looked at while the data are wrong.",
    )  # fmt: skip


def _nested(levels: int) -> Any:
    made: Any = 1
    for _ in range(levels - 1):
        made = [made]
    return made


# --- by hand: form ---------------------------------------------------------------------------------


def form() -> Iterator[Vector]:
    """Yield forms that the schema alone does not make, and the edges of what it allows."""
    yield bad("label-required", {"title": "Lighthouse"}, ["L-FORM-2 "], "kind is the one required field of a label.")
    yield bad("label-empty", {}, ["L-FORM-2 "], "An empty object has no kind.")
    yield bad("label-empty.toml", "# nothing\n", ["L-FORM-2 "], "An empty TOML document is an empty object.")
    for name, text in (("list", "[]"), ("text", '"human_made"'), ("number", "3"), ("null", "null"), ("true", "true")):
        yield bad(f"label-is-{name}", text, ["L-FORM-1 "], "A label is an object.")
    yield bad("null-is-no-text", {**HUMAN, "title": None}, ["L-FORM-1 /title"], "What is not known is left out.")
    yield bad(
        "null-is-no-list", {**HUMAN, "systems": None}, ["L-FORM-1 /systems"], "An absent list is left out, or empty."
    )
    yield bad("null-is-no-term", {"kind": None}, ["L-FORM-4 /kind"], "null is no term, and reported as no other type.")
    yield bad("number-is-no-term", {"kind": 1}, ["L-FORM-4 /kind"], "Nor is a number.")
    yield bad(
        "text-is-no-boolean",
        {**HUMAN, "judgements": {"artistic": "true"}},
        ["L-FORM-1 /judgements/artistic"],
        "A text.",
    )
    yield bad(
        "number-is-no-boolean", {**HUMAN, "judgements": {"artistic": 1}}, ["L-FORM-1 /judgements/artistic"], "A number."
    )
    span = {**VOCALS, "span": {"start": True, "end": 2}}
    yield bad("boolean-is-no-number", with_parts(HUMAN, span), ["L-FORM-1 /contributions/0/span/start"], "A boolean.")
    span = {**VOCALS, "span": {"start": "1", "end": 2}}
    yield bad("text-is-no-number", with_parts(HUMAN, span), ["L-FORM-1 /contributions/0/span/start"], "A text.")
    yield bad(
        "one-is-no-list", {**HUMAN, "systems": {"name": "A"}}, ["L-FORM-1 /systems"], "One record is no list of them."
    )
    yield bad(
        "role-is-no-list",
        {**HUMAN, "people": [{"id": "a", "roles": "Vocalist"}]},
        ["L-FORM-1 /people/0/roles"],
        "A term alone is no list of terms.",
    )
    yield bad(
        "role-is-number",
        {**HUMAN, "people": [{"id": "a", "roles": [7]}]},
        ["L-FORM-4 /people/0/roles/0"],
        "An element of a list of terms is judged as a term.",
    )
    yield bad("list-of-texts", {**AI, "systems": ["AcmeSynth"]}, ["L-FORM-1 /systems/0"], "Systems are records.")
    yield bad("term-in-capitals", {"kind": "AI_generated"}, ["L-FORM-4 /kind"], "Terms are spelled exactly.")
    yield bad("term-with-blank", {"kind": "human_made "}, ["L-FORM-4 /kind"], "Also without blanks around.")
    yield bad(
        "term-all", with_parts(AI, {**DRUMS, "extent": "all"}), ["L-FORM-4 /contributions/0/extent"], "DDEX writes All."
    )
    yield bad(
        "role-in-words",
        {**HUMAN, "people": [{"id": "a", "roles": ["Singer"]}]},
        ["L-FORM-4 /people/0/roles/0"],
        "No role of AVS.",
    )
    yield bad(
        "schema-of-later",
        {**HUMAN, "schema": "label-v2"},
        ["L-FORM-4 /schema"],
        "Another version is another specification.",
    )
    yield ok("schema-stated", {"schema": "label-v1", **HUMAN}, "L-FORM-4", "The version, stated.")
    yield bad("field-misspelt", {**HUMAN, "sytems": []}, ["L-FORM-3 /sytems"], "A typo is never signed.")
    yield bad(
        "field-in-capitals", {**HUMAN, "Title": "A"}, ["L-FORM-3 /Title"], "Names of fields are compared exactly."
    )
    yield ok("field-schema-url", {"$schema": "label-v1.json", **HUMAN}, "L-FORM-3", "Editors find the schema by it.")
    yield bad(
        "field-schema-url-inside",
        {**AI, "systems": [{"name": "A", "$schema": "x"}]},
        ["L-FORM-3 /systems/0/$schema"],
        "At the top alone.",
    )
    yield bad("field-pointer", {**HUMAN, "a/b~c": 1}, ["L-FORM-3 /a~1b~0c"], "Its pointer is escaped.")
    yield bad(
        "carriers-digest",
        {**HUMAN, "carriers": [{"id": "xmp", "values": {"A": "none"}}]},
        ["L-FORM-5 /carriers/0/values/A"],
        "No digest.",
    )
    yield bad(
        "carriers-digest-type",
        {**HUMAN, "carriers": [{"id": "xmp", "values": {"A": 1}}]},
        ["L-FORM-1 /carriers/0/values/A"],
        "No text.",
    )
    yield bad(
        "text-empty", {**HUMAN, "title": ""}, ["L-FORM-5 /title", "L-FORM-6 /title"], "An empty line breaks both."
    )
    yield bad(
        "id-empty", {**HUMAN, "people": [{"id": ""}]}, ["L-FORM-5 /people/0/id"], "An id has a pattern and no length."
    )
    yield bad(
        "id-long", {**HUMAN, "people": [{"id": "a" * 41}]}, ["L-FORM-5 /people/0/id"], "The pattern has its length."
    )
    yield bad(
        "text-line-break-at-end",
        {**HUMAN, "title": "Lighthouse\n"},
        ["L-FORM-5 /title"],
        "The pattern is for the whole text.",
    )
    for name, sign in (("nel", "\x85"), ("line-separator", "\u2028"), ("delete", "\x7f"), ("escape", "\x1b")):
        yield bad(
            f"text-{name}",
            {**HUMAN, "title": f"a{sign}b"},
            ["L-FORM-5 /title"],
            "Control characters are no text on one line.",
        )
    yield ok(
        "text-longest",
        {**HUMAN, "title": "\U0001f600" * 200},
        "L-FORM-6",
        "200 code points, which are 400 units of UTF-16.",
    )
    yield bad("text-too-long-astral", {**HUMAN, "title": "\U0001f600" * 201}, ["L-FORM-6 /title"], "201 code points.")
    yield ok(
        "text-not-normalised",
        {**HUMAN, "title": "e\u0301 \u00e9 \u202e"},
        "L-FORM-5",
        "Texts are not normalised; only control characters are refused.",
    )
    yield ok(
        "prompt-of-lines",
        {**AI, "prompt": {"text": "two\nlines\tand a zero \u0000"}},
        "L-FORM-5",
        "The prompt is any text.",
    )
    yield ok("prompt-empty", {**AI, "prompt": {"text": ""}}, "L-FORM-6", "Of any length, also none.")
    yield bad(
        "url-blank",
        {**HUMAN, "detector_url": "https://acme.example/a b"},
        ["L-FORM-5 /detector_url"],
        "No blank in a URL.",
    )
    yield bad(
        "url-unicode",
        {**HUMAN, "detector_url": "https://bücher.example/"},
        ["L-FORM-5 /detector_url"],
        "A URL is ASCII.",
    )
    yield bad(
        "url-capital-scheme",
        {**HUMAN, "detector_url": "HTTPS://acme.example/"},
        ["L-FORM-5 /detector_url"],
        "The scheme in small letters.",
    )
    yield ok(
        "language-tag",
        {**HUMAN, "disclosure": [{"kind": "text", "language": "zh-Hant-TW"}]},
        "L-FORM-5",
        "A longer tag.",
    )
    yield ok(
        "lists-empty",
        {**HUMAN, "systems": [], "people": [], "contributions": []},
        "L-FORM-8",
        "An empty list says the same as none.",
    )
    yield ok(
        "records-empty",
        {**HUMAN, "rights": {}, "permissions": {}, "judgements": {}, "prompt": {}},
        "L-FORM-2",
        "Records without required fields.",
    )
    yield ok(
        "extra-anything",
        {**HUMAN, "extra": {"": None, "a b": [1, "two", {"c": False}]}},
        "L-FORM-3",
        "Extra holds any JSON.",
    )
    yield bad(
        "several-faults",
        {"kind": "x", "title": 1, "systems": [{}], "foo": 1},
        ["L-FORM-4 /kind", "L-FORM-1 /title", "L-FORM-2 /systems/0", "L-FORM-3 /foo"],
        "All faults of a stage at once.",
    )
    yield bad(
        "form-before-consistency",
        {**HUMAN, "systems": [{"name": "A"}], "title": 1},
        ["L-FORM-1 /title"],
        "A system in human_made is not looked at while the form is wrong.",
    )


def times() -> Iterator[Vector]:
    """Yield times: their form, the calendar, their order."""
    good = {
        "utc": "2026-11-22T10:00:00Z",
        "offset": "2026-11-22T23:30:00+05:30",
        "negative-zero-offset": "2026-11-22T10:00:00-00:00",
        "fraction": "2026-11-22T10:00:00.123456789Z",
        "leap-second": "2016-12-31T23:59:60Z",
        "leap-day": "2024-02-29T00:00:00Z",
        "year-1": "0001-01-01T00:00:00Z",
    }
    for name, text in good.items():
        yield ok(f"time-{name}", {**HUMAN, "event_time": text}, "L-FORM-5 L-TIME-1", f"{text} is a time.")
    wrong = {
        "no-zone": "2026-11-22T10:00:00",
        "small-letters": "2026-11-22t10:00:00z",
        "blank": "2026-11-22 10:00:00Z",
        "hour-24": "2026-11-22T24:00:00Z",
        "second-61": "2026-11-22T10:00:61Z",
        "month-13": "2026-13-22T10:00:00Z",
        "no-seconds": "2026-11-22T10:00Z",
        "offset-without-colon": "2026-11-22T10:00:00+0100",
        "offset-24": "2026-11-22T10:00:00+24:00",
        "ten-digits": "2026-11-22T10:00:00.1234567890Z",
        "no-digits": "2026-11-22T10:00:00.Z",
        "year-of-five": "12026-11-22T10:00:00Z",
    }
    for name, text in wrong.items():
        yield bad(
            f"time-{name}",
            {**HUMAN, "event_time": text},
            ["L-FORM-5 /event_time"],
            f"{text} is no time of the profile.",
        )
    for name, day in (
        ("february-30", "2026-02-30"),
        ("no-leap-year", "2026-02-29"),
        ("century", "2100-02-29"),
        ("april-31", "2026-04-31"),
        ("year-0", "0000-01-01"),
    ):
        yield bad(
            f"time-{name}",
            {**HUMAN, "event_time": f"{day}T10:00:00Z"},
            ["L-TIME-1 /event_time"],
            f"No calendar has {day}.",
        )
    both = {**HUMAN, "event_time": "2026-02-30T10:00:00Z", "event_end": "2026-02-31T10:00:00Z"}
    yield bad("time-both-impossible", both, ["L-TIME-1 /event_time", "L-TIME-1 /event_end"], "Both are reported.")
    yield bad(
        "calendar-before-consistency", {**both, "event_time": "2026-02-01T10:00:00Z", "systems": [{"name": "A"}]}, ["L-TIME-1 /event_end"],
        "A system in human_made is not looked at while a day is impossible.",
    )  # fmt: skip
    yield bad(
        "time-end-alone",
        {**HUMAN, "event_end": "2026-11-22T10:00:00Z"},
        ["L-TIME-2 /event_end"],
        "An end has a beginning.",
    )
    yield bad(
        "time-end-first",
        {**HUMAN, "event_time": "2026-11-22T10:00:00Z", "event_end": "2026-11-22T09:59:59Z"},
        ["L-TIME-3 /event_end"],
        "It ends a second too early.",
    )
    yield bad(
        "time-end-first-in-utc",
        {**HUMAN, "event_time": "2026-11-22T10:00:00Z", "event_end": "2026-11-22T10:30:00+01:00"},
        ["L-TIME-3 /event_end"],
        "Moments are compared, not texts.",
    )
    yield ok(
        "time-end-same",
        {**HUMAN, "event_time": "2026-11-22T10:00:00.9Z", "event_end": "2026-11-22T10:00:00.1Z"},
        "L-TIME-3",
        "Fractions of seconds are not compared.",
    )
    yield ok(
        "time-end-leap",
        {**HUMAN, "event_time": "2016-12-31T23:59:60Z", "event_end": "2016-12-31T23:59:59Z"},
        "L-TIME-3",
        "Second 60 counts as 59.",
    )
    yield warned(
        "time-future",
        {**HUMAN, "event_time": "9998-01-01T00:00:00Z", "event_end": "9999-01-01T00:00:00Z"},
        ["L-TIME-4 /event_time", "L-TIME-4 /event_end"],
        "Neither has happened.",
    )
    yield bad(
        "time-end-alone-future",
        {**HUMAN, "event_end": "9999-01-01T00:00:00Z"},
        ["L-TIME-2 /event_end", "L-TIME-4 /event_end"],
        "An error and a warning at one place.",
    )
    yield ok(
        "time.toml",
        'kind = "human_made"\nevent_time = 2026-11-22T10:00:00Z\nevent_end = 2026-11-22T11:00:00.5+00:30\n',
        "L-FORM-5",
        "Offset date-times of TOML are texts of the same moment.",
    )
    yield bad(
        "time-local.toml",
        'kind = "human_made"\nevent_time = 2026-11-22T10:00:00\n',
        ["L-FORM-5 /event_time"],
        "A local date-time has no zone.",
    )
    yield bad(
        "time-day.toml",
        'kind = "human_made"\nevent_time = 2026-11-22\n',
        ["L-FORM-5 /event_time"],
        "A local date has no time.",
    )
    yield bad(
        "time-of-day.toml",
        'kind = "human_made"\nevent_time = 10:00:00\n',
        ["L-FORM-5 /event_time"],
        "A local time has no day.",
    )
    yield ok(
        "time-in-extra.toml",
        'kind = "human_made"\nextra.a = [2026-11-22, 10:00:00, 2026-11-22T10:00:00]\n',
        "L-FORM-5",
        "In extra, any of them is text.",
    )


# --- by hand: consistency --------------------------------------------------------------------------


def identifiers() -> Iterator[Vector]:
    """Yield identifiers of every scheme: plain, in other forms, and wrong."""
    content = {
        "c2pa": (
            ["urn:c2pa:3fad1ead-8ed5-44d0-873b-ea5f58adea82", "urn:uuid:3fad1ead"],
            {},
            ["urn:isrc:GBAYE2600001", "URN:C2PA:a"],
        ),
        "grid": (
            ["A12425GABC1234002M"],
            {"a1-2425g-abc1234002-m": "", "GRID:A12425GABC1234002M": ""},
            ["A22425GABC1234002M", "A12425GABC1234002"],
        ),
        "guid": (
            ["0f8fad5b-d9cb-469f-a165-70867728950e"],
            {"{0F8FAD5B-D9CB-469F-A165-70867728950E}": "", "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e": ""},
            ["0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950g"],
        ),
        "isrc": (
            ["GBAYE2600001", "QZ5AB2612345"],
            {"GB-AYE-26-00001": "", "ISRC:GBAYE2600001": "", "gbaye2600001": ""},
            ["GBAYE260000", "1BAYE2600001", "GBAYE26000O1"],
        ),
        "iswc": (
            ["T0345246801"],
            {"T-034.524.680-1": "", "ISWC:T0345246801": ""},
            ["T0345246802", "0345246801", "T034524680"],
        ),
        "upc": (
            ["036000291452", "4006381333931"],
            {"036000-291452": "", "4.006381.333931": ""},
            ["036000291453", "4006381333932", "03600029145"],
        ),
        "url": (["https://acme.example/works/17"], {}, ["acme.example/works/17", "ftp://acme.example/"]),
    }
    people = {
        "isni": (["0000000121032683", "000000012146438X"], {"0000-0001-2103-2683": "", "000000012146438x": ""}, ["0000000121032684", "000000012103268"]),
        "ipi": (["00012345678"], {"012345678": "", "123-456-789": ""}, ["12345678", "123456789012"]),
        "ipn": (["1234567", "1"], {"123-4567": ""}, ["12345678901", "12345X"]),
        "url": (["https://acme.example/ada"], {}, ["www.acme.example"]),
    }  # fmt: skip
    for table, make, where, at in (
        (content, identified, "", "/identifiers/0/value"),
        (people, person_identified, "person-", "/people/0/identifiers/0/value"),
    ):
        for scheme, (plain, other, wrong) in table.items():
            name = f"L-ID-{scheme.upper()}"
            for number, value in enumerate(plain, 1):
                yield ok(
                    f"id-{where}{scheme}-{number}",
                    make(scheme, value),
                    f"{name} L-ID-PLAIN",
                    f"{value} is one, in its plain form.",
                )
            for number, value in enumerate(other, 1):
                yield warned(
                    f"id-{where}{scheme}-not-plain-{number}",
                    make(scheme, value),
                    [f"L-ID-PLAIN {at}"],
                    f"{value} is one, and not in its plain form.",
                )
            for number, value in enumerate(wrong, 1):
                yield bad(
                    f"id-{where}{scheme}-wrong-{number}",
                    make(scheme, value),
                    [f"{name} {at}"],
                    f"{value} is none of the scheme {scheme}.",
                )
    several = {
        **identified("isrc", "GBAYE2600001"),
        "people": [{"id": "a", "identifiers": [{"type": "isni", "value": "1"}, {"type": "ipn", "value": "7"}]}],
    }
    several["identifiers"] += [{"type": "upc", "value": "1"}, {"type": "iswc", "value": "T-034.524.680-1"}]
    yield bad(
        "id-several",
        several,
        ["L-ID-UPC /identifiers/1/value", "L-ID-PLAIN /identifiers/2/value", "L-ID-ISNI /people/0/identifiers/0/value"],
        "Each identifier is judged by itself.",
    )


def references() -> Iterator[Vector]:
    """Yield references within a label."""
    label = with_parts(
        {**CREDITED, "operations": [{"operation": "mixed", "by": "ai", "system": "AcmeMix"}]},
        {**DRUMS, "system": "acmesynth"},
    )
    yield bad(
        "ref-system",
        label,
        ["L-REF-1 /contributions/0/system", "L-REF-1 /operations/0/system"],
        "Names are compared exactly, and have to be there.",
    )
    label = {
        **with_parts(CREDITED, {**DRUMS, "person": "drummer"}),
        "likeness": [{"depicts": "voice", "synthetic": False, "real_person": True, "person": "nobody"}],
        "prompt": {"writer": "ghost"},
    }
    yield bad(
        "ref-person",
        label,
        ["L-REF-2 /contributions/0/person", "L-REF-2 /likeness/0/person", "L-REF-2 /prompt/writer"],
        "A person who is not among the people.",
    )
    label = {
        **AI,
        "systems": [{"name": "A"}, {"name": "B"}, {"name": "A", "version": "2"}, {"name": "A"}],
        "people": [{"id": "a"}, {"id": "a"}],
    }
    yield bad(
        "ref-twice",
        label,
        ["L-REF-3 /systems/2", "L-REF-3 /systems/3", "L-REF-3 /people/1"],
        "A name that stands twice refers to nobody.",
    )
    yield ok(
        "ref-case",
        {**AI, "systems": [{"name": "A"}, {"name": "a"}], "people": [{"id": "a"}, {"id": "A"}]},
        "L-REF-3",
        "Names that differ in case are two.",
    )
    label = {
        **with_parts(CREDITED, {**DRUMS, "person": "singer"}),
        "likeness": [{"depicts": "voice", "synthetic": False, "real_person": True, "person": "singer"}],
        "prompt": {"writer": "writer"},
    }
    yield ok("ref-all", label, "L-REF-1 L-REF-2", "Everybody who is referred to is there.")


def places() -> Iterator[Vector]:
    """Yield spans, regions and media."""
    for name, end in (("empty", 12.0), ("backwards", 11.5)):
        yield bad(
            f"span-{name}",
            with_parts(PARTLY, {**DRUMS, "span": {"start": 12, "end": end}}),
            ["L-SPAN-1 /contributions/0/span"],
            "The end is not after the start.",
        )
    label = with_parts(PARTLY, {**DRUMS, "span": {"start": 12, "end": 58.5}})
    yield ok("span-within", label, "L-SPAN-2", "Half a second of room, as encoders pad.", media="audio", seconds=58.0)
    yield bad(
        "span-beyond",
        label,
        ["L-SPAN-2 /contributions/0/span/end"],
        "The sound ended before.",
        media="audio",
        seconds=57.9,
    )
    yield ok("span-of-unknown-length", label, "L-SPAN-2", "Not judged where nobody says how long the sound plays.")

    def region(**given: Any) -> JSON:
        return with_parts(PARTLY, {"part": "image_region", "extent": "All", "by": "ai", "region": given})

    at = "/contributions/0/region"
    corners = [{"x": 0, "y": 0}, {"x": 10, "y": 0}, {"x": 5, "y": 9}]
    yield bad("region-rectangle", region(shape="rectangle", x=0, y=0), [f"L-REGION-1 {at}"], "No width, no height.")
    yield bad("region-circle", region(shape="circle", x=1, y=1), [f"L-REGION-1 {at}"], "No diameter.")
    yield ok("region-circle", region(shape="circle", x=1, y=1, width=5), "L-REGION-1", "A circle has no height.")
    yield bad("region-polygon", region(shape="polygon", points=corners[:2]), [f"L-REGION-2 {at}"], "Two corners.")
    yield ok("region-polygon", region(shape="polygon", points=corners), "L-REGION-2", "Three corners.")
    yield bad(
        "region-percent",
        region(shape="rectangle", x=0, y=0, width=100.5, height=10),
        [f"L-REGION-3 {at}"],
        "percent is the unit by default.",
    )
    yield bad(
        "region-percent-corner",
        region(shape="polygon", unit="percent", points=[*corners, {"x": 101, "y": 1}]),
        [f"L-REGION-3 {at}"],
        "A corner outside.",
    )
    yield bad(
        "region-two-faults",
        region(shape="circle", x=200),
        [f"L-REGION-1 {at}", f"L-REGION-3 {at}"],
        "Each fault is reported.",
    )
    yield ok(
        "region-pixels",
        region(shape="rectangle", unit="pixel", x=0, y=0, width=4000, height=3000),
        "L-REGION-3",
        "Pixels have no such bound.",
    )
    for media, parts in NOT_IN.items():
        listed = sorted(parts)
        label = with_parts(PARTLY, *({"part": part, "extent": "Partly", "by": "ai"} for part in listed))
        found = [f"L-PART-7 /contributions/{number}/part" for number in range(len(listed))]
        yield bad(f"part-not-in-{media}", label, found, f"Parts that no {media} has.", media=media)
        yield ok(f"part-not-in-{media}-video", label, "L-PART-7", "A video has all parts.", media="video")
        yield ok(f"part-not-in-{media}-unknown", label, "L-PART-7", "Not judged where nobody says what the file is.")


def parts() -> Iterator[Vector]:
    """Yield contributions that fit their contributor and the kind, and such as do not."""
    human_all, ai_none = {**VOCALS, "extent": "All"}, {**DRUMS, "extent": "None"}
    yield bad(
        "part-human-all",
        with_parts(PARTLY, human_all),
        ["L-PART-1 /contributions/0/extent"],
        "Nobody is left who could have made it.",
    )
    yield bad(
        "part-ai-none",
        with_parts(PARTLY, DRUMS, ai_none),
        ["L-PART-2 /contributions/1/extent"],
        "An AI that made nothing.",
    )
    yield bad(
        "part-ai-none-alone",
        with_parts(PARTLY, ai_none),
        ["L-PART-2 /contributions/0/extent", "L-PART-5 /kind"],
        "And no part has AI in it.",
    )
    yield bad(
        "part-all-human",
        with_parts(AI, DRUMS, VOCALS),
        ["L-PART-3 /contributions/1/extent"],
        "ai_generated leaves no part to people.",
    )
    yield bad(
        "part-all-partly",
        with_parts(AI, {**DRUMS, "extent": "Partly"}),
        ["L-PART-3 /contributions/0/extent"],
        "Nor a share of a part.",
    )
    no_system = {key: value for key, value in DRUMS.items() if key != "system"}
    for base in (HUMAN, ALGORITHM, TECHNICAL):
        kind = base["kind"].replace("_", "-")
        yield bad(
            f"part-none-{kind}",
            with_parts(base, VOCALS, no_system),
            ["L-PART-4 /contributions/1/extent"],
            f"{base['kind']} leaves no part to AI.",
        )
    yield bad(
        "part-human-all-in-human",
        with_parts(HUMAN, human_all),
        ["L-PART-1 /contributions/0/extent", "L-PART-4 /contributions/0/extent"],
        "Two requirements at one place.",
    )
    mastering = {"part": "mastering", "extent": "All", "by": "ai"}
    yield ok(
        "part-technical",
        with_parts(TECHNICAL, VOCALS, mastering, {**mastering, "part": "mixing"}),
        "L-PART-4",
        "AI mixing and mastering alone generates nothing.",
    )
    yield bad(
        "part-technical-human-made",
        with_parts(HUMAN, mastering),
        ["L-PART-4 /contributions/0/extent"],
        "human_made has no such exception.",
    )
    for kind in [name for name, facts in KINDS.items() if facts.contains_ai == "Partly"]:
        base = {**PARTLY, "kind": kind}
        named = kind.replace("_", "-")
        yield bad(
            f"part-no-ai-{named}", with_parts(base, VOCALS), ["L-PART-5 /kind"], f"{kind}, and no part has AI in it."
        )
        yield bad(
            f"part-whole-{named}",
            with_parts(base, {**DRUMS, "part": "whole"}),
            ["L-PART-6 /kind"],
            f"{kind}, and the whole is by AI.",
        )
        yield ok(
            f"part-some-{named}",
            with_parts(base, VOCALS, DRUMS),
            "L-PART-5 L-PART-6",
            f"{kind}: vocals by people, drums by AI.",
        )
    yield ok(
        "part-whole-partly",
        with_parts(PARTLY, {**DRUMS, "part": "whole", "extent": "Partly"}),
        "L-PART-6",
        "The whole, partly.",
    )
    yield ok(
        "part-all-parts-no-whole",
        with_parts(PARTLY, DRUMS, {**DRUMS, "part": "vocals"}),
        "L-PART-6",
        "Every part that is named, and not the whole.",
    )
    yield ok(
        "part-may-contain",
        with_parts({**PARTLY, "kind": "may_contain_ai"}, VOCALS),
        "L-PART-5",
        "DDEX has no value for may_contain_ai, so nothing is held against it.",
    )


def kinds() -> Iterator[Vector]:
    """Yield kinds against operations, likenesses, systems, origins and oversight."""
    by_ai, by_human = {"operation": "mastered", "by": "ai"}, {"operation": "mastered", "by": "human"}
    synthetic = {"depicts": "voice_and_image", "synthetic": True, "real_person": False}
    for base in (HUMAN, ALGORITHM):
        kind = base["kind"].replace("_", "-")
        yield bad(
            f"kind-operation-{kind}",
            {**base, "operations": [by_human, by_ai]},
            ["L-KIND-1 /operations/1"],
            f"{base['kind']}, and AI mastered it.",
        )
    yield ok("kind-operation-technical", {**TECHNICAL, "operations": [by_ai]}, "L-KIND-1", "AI that generates nothing.")
    for base in (HUMAN, ALGORITHM, TECHNICAL):
        kind = base["kind"].replace("_", "-")
        yield bad(
            f"kind-likeness-{kind}",
            {**base, "likeness": [synthetic]},
            ["L-KIND-2 /likeness/0"],
            f"{base['kind']}, and a synthetic person.",
        )
    yield bad(
        "kind-systems", {**HUMAN, "systems": [{"name": "A"}]}, ["L-KIND-3 /systems"], "human_made names no AI system."
    )
    yield ok(
        "kind-systems-technical",
        {**TECHNICAL, "systems": [{"name": "AcmeDenoise"}]},
        "L-KIND-3",
        "A tool that enhances is a system too.",
    )
    for kind in [
        name
        for name, facts in KINDS.items()
        if name not in ("human_made", "ai_assisted_technical", "algorithmic_not_trained")
    ]:
        named = kind.replace("_", "-")
        yield warned(
            f"kind-no-system-{named}", {"kind": kind}, ["L-KIND-4 /systems"], "AI took part, and no system is named."
        )
    yield bad(
        "kind-modified-created",
        {**PARTLY, "kind": "ai_modified", "origin": "created"},
        ["L-KIND-5 /origin"],
        "A modified work was there before.",
    )
    yield ok("kind-modified", {**PARTLY, "kind": "ai_modified"}, "L-KIND-5", "The origin follows from the kind.")
    yield ok("kind-generated-altered", {**AI, "origin": "altered"}, "L-KIND-5", "Any other kind has either origin.")
    for name, facts in KINDS.items():
        base = (
            {**PARTLY, "kind": name}
            if facts.trained
            else {"kind": name}
            if name != "may_contain_ai"
            else {**PARTLY, "kind": name}
        )
        for level in ("fully_autonomous", "prompt_guided", "human_validated"):
            file, label = f"kind-oversight-{name}-{level}".replace("_", "-"), {**base, "oversight": level}
            if facts.oversight and level not in facts.oversight:
                yield warned(file, label, ["L-KIND-6 /oversight"], f"C2PA pairs {name} with other levels than {level}.")
            else:
                yield ok(file, label, "L-KIND-6", f"{level} fits {name}, or C2PA pairs it with none.")


def other_rules() -> Iterator[Vector]:
    """Yield operations, likenesses, carriers and privacy."""
    for name, languages in (("none", {}), ("one", {"target_language": "en"})):
        yield bad(
            f"op-translated-{name}",
            {**PARTLY, "operations": [{"operation": "translated", "by": "ai", **languages}]},
            ["L-OP-1 /operations/0"],
            "A translation has two languages.",
        )
    both = {"source_language": "de", "target_language": "en"}
    yield ok(
        "op-translated",
        {**PARTLY, "operations": [{"operation": "translated", "by": "ai", **both}]},
        "L-OP-1",
        "From German to English.",
    )
    clone = {"depicts": "voice", "synthetic": True, "real_person": True}
    yield bad(
        "like-no-consent",
        {**AI, "likeness": [clone]},
        ["L-LIKE-1 /likeness/0/consent"],
        "A real voice made by AI, and no consent.",
    )
    yield ok(
        "like-consent",
        {**AI, "likeness": [{**clone, "consent": "release 2026-17"}]},
        "L-LIKE-1",
        "The consent has a number.",
    )
    yield ok(
        "like-invented",
        {**AI, "likeness": [{**clone, "real_person": False}]},
        "L-LIKE-1",
        "An invented person gives none.",
    )
    yield bad(
        "like-no-consent-human",
        {**HUMAN, "likeness": [clone]},
        ["L-LIKE-1 /likeness/0/consent", "L-KIND-2 /likeness/0"],
        "Two rules about one person.",
    )
    digest = {"id": "xmp", "values": {"dc:rights": "9f" * 32}}
    yield warned("carr-unsigned", {**HUMAN, "carriers": [digest]}, ["L-CARR-1 /carriers"], "Whoever signs writes this.")
    yield bad(
        "priv-email",
        {**HUMAN, "title": "mail ada@acme.example now", "extra": {"a": ["b@c.example"]}},
        ["L-PRIV-1 /title", "L-PRIV-1 /extra/a/0"],
        "Signed fields are public; extra is one of them.",
    )
    yield ok(
        "priv-email-name",
        {**HUMAN, "extra": {"ada@acme.example": "@acme"}},
        "L-PRIV-1",
        "Names of members are not looked at, and @acme is no address.",
    )
    yield bad(
        "priv-telephone",
        {**HUMAN, "rights": {"notice": "call +44 20 7946 0958"}},
        ["L-PRIV-2 /rights/notice"],
        "A telephone number.",
    )
    yield ok("priv-no-telephone", {**HUMAN, "title": "Symphony 40 in 3 1998"}, "L-PRIV-2", "Numbers of other kinds.")
    named = {
        **HUMAN,
        "people": [{"id": "singer", "name": "Ada Example"}],
        "title": "Songs of Ada Example",
        "rights": {"holder": "ada example"},
    }
    yield warned(
        "priv-name",
        named,
        ["L-PRIV-3 /title"],
        "The name is withheld by default, and public in the title; compared with case.",
    )
    yield ok(
        "priv-personal",
        {
            **HUMAN,
            "people": [
                {
                    "id": "singer",
                    "name": "ada@acme.example",
                    "identifiers": [{"type": "url", "value": "https://acme.example/@ada"}],
                }
            ],
        },
        "L-PRIV-1",
        "Personal fields may hold what people are called.",
    )
    secrets = {
        "aws": "use AKIAIOSFODNN7EXAMPLE",
        "password": "Password: hunter2hunter2",
        "token": "api_key=abcdef123456",
        "pem": "-----BEGIN RSA PRIVATE KEY-----",
    }
    for name, text in secrets.items():
        yield bad(
            f"priv-secret-{name}",
            {**AI, "prompt": {"text": text}},
            ["L-PRIV-4 /prompt/text"],
            "It looks like a password or key.",
        )
    yield ok(
        "priv-prompt-email",
        {**AI, "prompt": {"text": "a letter to ada@acme.example"}},
        "L-PRIV-1 L-PRIV-4",
        "The prompt is personal, so an address is no fault.",
    )


def further_rules() -> Iterator[Vector]:
    """Yield operations that nobody did, what AI added or did not do, deep fakes, and China's codes."""
    modified = {**PARTLY, "kind": "ai_modified"}
    for name in ("cropped", "translated"):
        languages = {"source_language": "de", "target_language": "en"} if name == "translated" else {}
        operation = {"operation": name, **languages}
        yield warned(
            f"op-nobody-{name}", {**AI, "operations": [operation]}, ["L-OP-2 /operations/0/by"], "Nobody did it."
        )
        yield ok(
            f"op-nobody-{name}-human-made", {**HUMAN, "operations": [operation]}, "L-OP-2", "Without AI it was people."
        )
    technical = [{"operation": name} for name in ("converted", "enhanced", "transcoded")]
    yield ok(
        "op-nobody-technical", {**AI, "operations": technical}, "L-OP-2", "These change nothing that is seen or heard."
    )
    added = [
        {"operation": "dubbed", "by": "ai"},
        {"operation": "dubbed", "by": "human"},
        {"operation": "enhanced", "by": "ai"},
    ]
    yield warned(
        "op-added", {**TECHNICAL, "operations": added}, ["L-OP-3 /operations/0"], "A dubbing by AI was generated."
    )
    by_people = [{"operation": "cropped", "by": "human"}]
    yield warned(
        "kind-modified-by-people",
        {**modified, "operations": by_people},
        ["L-KIND-7 /operations"],
        "And what did AI do?",
    )
    label = {**with_parts(modified, DRUMS), "operations": by_people}
    yield ok("kind-modified-by-people-and-part", label, "L-KIND-7", "The part says what AI did.")
    invented = {"depicts": "voice", "synthetic": True, "real_person": False}
    denied = {**AI, "likeness": [invented], "judgements": {"deep_fake": False}}
    yield warned("judge-invented", denied, ["L-JUDGE-1 /judgements/deep_fake"], "An invented voice can be a deep fake.")
    real = {**invented, "real_person": True, "consent": "C-2026-7"}
    found = ["L-JUDGE-1 /judgements/deep_fake"]
    yield warned("judge-real", {**denied, "likeness": [real]}, found, "So can the voice of a real person who agreed.")
    recorded = {**denied, "likeness": [{**real, "synthetic": False}]}
    yield ok("judge-recorded", recorded, "L-JUDGE-1", "Nobody's voice is by AI.")
    faked: JSON = {"judgements": {"deep_fake": True}}
    found = ["L-JUDGE-2 /judgements/deep_fake"]
    yield warned("judge-human-made-fake", {**HUMAN, **faked}, found, "AI generates or manipulates deep fakes.")
    yield ok("judge-fake", {**AI, **faked}, "L-JUDGE-2", "A deep fake by AI.")
    yield ok("judge-human-made-no-fake", {**HUMAN, "judgements": {"deep_fake": False}}, "L-JUDGE-2", "None is denied.")
    yield ok("judge-invented-open", {**denied, "judgements": {}}, "L-JUDGE-1", "Nothing is denied.")
    codes = {"producer": "Acme Audio", "produce_id": "a\\b", "propagator": "声", "propagate_id": "P-77"}
    found = [f"L-CHINA-1 /china/{name}" for name in ("producer", "produce_id", "propagator")]
    yield warned(
        "china-characters", {**AI, "china": codes}, found, "A space, a backslash, a character that is not ASCII."
    )
    half = {"producer": "Acme", "produce_id": "1", "propagate_id": "P-77"}
    yield warned("china-half", {**AI, "china": half}, ["L-CHINA-2 /china"], "A number of nobody.")


def unclear_once() -> Iterator[Vector]:
    """Yield what somebody who wrote a validator from the text alone could not know from it."""
    yield bad(
        "data-whole-400-digits",
        '{"kind": "human_made", "extra": {"a": 1' + "0" * 399 + "}}",
        ["L-DATA-3 /extra/a"],
        "A whole number is never L-DATA-2.",
    )
    yield ok(
        "schema-address-mail",
        {**HUMAN, "$schema": "https://ada@acme.example/label.json"},
        "L-PRIV-1",
        "The address of the schema is no text of a system field.",
    )
    yield bad("extra-list", {**HUMAN, "extra": []}, ["L-FORM-1 /extra"], "extra is an object.")
    yield bad(
        "url-with-person",
        {**AI, "detector_url": "https://ada@acme.example/"},
        ["L-PRIV-1 /detector_url"],
        "Addresses are texts too.",
    )
    yield bad(
        "list-too-long-and-wrong",
        {**AI, "disclosure": [{"kind": "icon"}] * 20 + [{"kind": "smell"}]},
        ["L-FORM-8 /disclosure", "L-FORM-4 /disclosure/20/kind"],
        "Elements beyond the bound are judged.",
    )
    yield ok(
        "secret-astral",
        {**AI, "prompt": {"text": "token: " + "\U0001f511" * 3}},
        "L-PRIV-4",
        "Three code points, which are six units of UTF-16.",
    )
    yield warned(
        "guid-many-braces",
        identified("guid", "{}{0f8fad5b-d9cb-469f-a165-70867728950e}{"),
        ["L-ID-PLAIN /identifiers/0/value"],
        "All braces at both ends go, in any order.",
    )
    yield bad(
        "c2pa-capitals",
        identified("c2pa", "URN:C2PA:0f8fad5b-d9cb-469f-a165-70867728950e"),
        ["L-ID-C2PA /identifiers/0/value"],
        "The prefix is compared with case.",
    )
    yield warned(
        "ai-modified-no-operations",
        {**PARTLY, "kind": "ai_modified", "operations": [{"operation": "cropped", "by": "human"}]},
        ["L-KIND-7 /operations"],
        "One operation by people.",
    )
    yield ok(
        "ai-modified-empty-operations",
        {**PARTLY, "kind": "ai_modified", "operations": []},
        "L-KIND-7",
        "An empty list has no operation by people.",
    )
    yield ok(
        "toml-fraction-cut.toml",
        'kind = "human_made"\nevent_time = 2026-11-20T18:00:00.0000009Z\n',
        "L-FORM-5",
        "The seventh digit is cut, and nothing is left.",
    )


def examples() -> Iterator[Vector]:
    """Yield the example labels of the project as they are, and the duet of the specification."""
    duet = (Path(__file__).parent / "duet.toml").read_text()
    yield ok(
        "duet.toml",
        duet,
        "L-PART-1 L-PART-2 L-REF-1 L-REF-2",
        "Two voices of one part are two contributions, told apart by stem.",
    )
    for path in sorted((HERE.parents[1] / "samples" / "labels").glob("*.toml")):
        sentence = path.read_text().splitlines()[0].removeprefix("# ")
        yield ok(f"example-{path.name}", path.read_text(), "L-FORM-1", sentence)
    for kind in KINDS:
        if kind in ("human_made", "ai_assisted_technical", "algorithmic_not_trained"):
            yield ok(
                f"kind-{kind.replace('_', '-')}",
                {"kind": kind},
                "L-FORM-4 L-KIND-4",
                "The smallest label of this kind.",
            )
        else:
            yield ok(
                f"kind-{kind.replace('_', '-')}",
                {**PARTLY, "kind": kind},
                "L-FORM-4 L-KIND-4",
                "The smallest label of this kind that names its system.",
            )


MAKERS = (
    examples,
    files,
    data,
    form,
    of_the_schema,
    times,
    identifiers,
    references,
    places,
    parts,
    kinds,
    other_rules,
    further_rules,
    unclear_once,
)


def label_vectors() -> list[Vector]:
    """Return all vectors of labels.

    Raises:
        LookupError: two have one name, or a requirement has none.
    """
    found = [vector for make in MAKERS for vector in make()]
    names = [vector.file for vector in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise LookupError(f"two vectors of one name in spec/label_vectors.py: {sorted(twice)}")
    shown = {name for vector in found for name, _ in vector.findings}
    if missing := sorted(set(REQUIREMENTS) - shown):
        raise LookupError(f"no vector breaks {', '.join(missing)}: add one to spec/label_vectors.py")
    return found


def made() -> dict[Path, bytes]:
    """Return every file below ``spec/vectors/`` that is made, and its content."""
    from label_mappings import mapping_vectors

    found = {HERE / vector.file: vector.content for vector in label_vectors()}
    index = [vector.entry() for vector in label_vectors()]
    found[HERE / "vectors.json"] = _content({"specification": "label-v1", "licence": "Apache-2.0", "labels": index})
    return found | {HERE / name: _content(data) for name, data in mapping_vectors().items()}


def write() -> None:
    """Write all of it anew; what is no longer made goes."""
    for folder in ("labels", "mappings"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for path, content in made().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    write()
