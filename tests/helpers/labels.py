"""Labels of every shape, for tests of maps that have to bring each of them back."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from provlabel._support.json_schema import END
from provlabel.label import Label, label_from_dict
from provlabel.label.records import ASCII, ID, ONE_LINE

#: One line of text, with what tables and XML stumble over.
_AWKWARD = st.sampled_from(
    [
        "=1+1",
        "+49",
        "-x",
        "@cmd",
        "'=x",
        "''",
        "'Round Midnight",
        'a "quoted" word',
        "a,b;c",
        "\u2028",
        "\ufffe",
        "\uff1dx",
    ]
)
LINE = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30) | _AWKWARD
).filter(lambda text: bool(text.strip()) and not set(text) & {"\u2028", "\u2029"})
_ASCII = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
_ID = st.text("abcXYZ019_.-", min_size=1, max_size=12)
_TIME = st.sampled_from(["2026-11-22T10:00:00Z", "2026-01-01T00:00:00.5+05:30"])
_FREE = st.text(st.characters(codec="utf-8"), max_size=40)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _FREE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_FREE, inner, max_size=3),
    max_leaves=6,
)
_BY_PATTERN = {ONE_LINE: LINE, ASCII: _ASCII, ID: _ID}
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "url": st.just("https://acme.example/a?b=c&d"),
    "sha256": st.just("9f" * 32),
    "language": st.sampled_from(["en", "zh-Hant"]),
    "time": _TIME,
}


def _plain(kind: Any) -> st.SearchStrategy[Any]:
    """Return plain values of what a field of the schema takes, by msgspec's own account of it."""
    info = msgspec.inspect
    if isinstance(kind, info.Metadata):
        return _plain(kind.type)
    if isinstance(kind, info.UnionType):
        return st.one_of([_plain(item) for item in kind.types if not isinstance(item, info.UnsetType)])
    if isinstance(kind, info.LiteralType):
        return st.sampled_from(sorted(kind.values))
    if isinstance(kind, info.StructType):
        return _record(kind)
    if isinstance(kind, info.VarTupleType):
        return st.lists(_plain(kind.item_type), min_size=1, max_size=3)
    if isinstance(kind, info.BoolType):
        return st.booleans()
    if isinstance(kind, info.FloatType):
        return st.floats(0, 1e6)
    if isinstance(kind, info.StrType):
        return _text(kind.pattern and kind.pattern.replace(END, "$"))
    return st.dictionaries(_FREE, _JSON, max_size=3)


def _text(pattern: str | None) -> st.SearchStrategy[Any]:
    if pattern is None:
        return _FREE
    if pattern in _BY_PATTERN:
        return _BY_PATTERN[pattern]
    made = {"^https": _FIELDS["url"], "^[0-9a-f]{64}": _FIELDS["sha256"], "^[A-Za-z]{2,3}": _FIELDS["language"]}
    return next((made[start] for start in made if pattern.startswith(start)), _TIME)


def _record(kind: Any) -> st.SearchStrategy[dict[str, Any]]:
    needed = {field.name: _plain(field.type) for field in kind.fields if field.required}
    others = {
        field.name: _plain(field.type) for field in kind.fields if not field.required and field.name != "carriers"
    }
    others.pop("schema", None)
    return st.fixed_dictionaries(needed, optional=others)


#: Plain labels that the schema accepts; whether they make sense is another matter.
PLAIN_LABELS = _record(msgspec.inspect.type_info(Label))
LABELS = PLAIN_LABELS.map(label_from_dict)
