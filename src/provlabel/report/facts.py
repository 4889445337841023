"""What a report says as flat facts, and how two sets of facts differ: pure.

A fact is one thing that people care about, under a key that stays the same when something else
comes or goes: ``label.systems[AcmeSynth].version``.  Paths, the time of judgement, serial numbers and
the names of manifests are no facts: two signatures over one label tell the same story.  No two facts
share a key, whatever a file says, so nothing can hide behind another.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from provlabel.label.records import Label
from provlabel.report import CarrierValue, FileReport, Finding, LabelInfo, SignerInfo, State

Fact = str | int | float | bool | None
Facts = Mapping[str, Fact]

#: By what the elements of a list find each other: fields that name them. Others go by their place.
_NAMED_BY: dict[str, tuple[str, ...]] = {
    "accounts": ("provider", "username"),
    "actions": ("action",),
    "contributions": ("part", "stem", "system", "person"),
    "disclosure": ("kind", "language"),
    "history": ("relationship", "title"),
    "identifiers": ("type",),
    "identity": ("name",),
    "likeness": ("depicts", "person"),
    "marks": ("type", "algorithm"),
    "operations": ("operation", "technique"),
    "people": ("id",),
    "references": ("type", "title"),
    "systems": ("name",),
}
#: Lists whose order says something; it gets a fact of its own.
_ORDERED = frozenset({"actions", "operations", "systems"})
#: Lists of plain values whose order says nothing.
_UNORDERED = frozenset({"roles"})
_PLAIN_KEY = re.compile(r"[\w-]+", re.ASCII)
_DIGITS = re.compile(r"(\d+)", re.ASCII)
_RANK = {name: place for place, name in enumerate(Label.__struct_encode_fields__)}


class Change(Struct, frozen=True, kw_only=True):
    """One fact that differs; ``old`` is null when it was added, ``new`` when it was removed."""

    kind: Literal["added", "removed", "changed"]
    key: str
    old: Fact = None
    new: Fact = None


class Side(Struct, frozen=True, kw_only=True):
    """One of two files."""

    path: str
    state: State
    format: str | None
    size: int
    sha256: str | None


class Comparison(Struct, frozen=True, kw_only=True):
    """What differs between two files."""

    old: Side
    new: Side
    same_label: bool  #: both tell the same story
    same_file: bool  #: byte for byte
    same_media: bool | None  #: byte for byte apart from the manifest; null when that cannot be told
    same_content: bool | None  #: byte for byte apart from the manifest and tags; null when that cannot be told
    changes: tuple[Change, ...]
    schema: Literal["diff-v1"] = "diff-v1"


# --- from a report to facts ------------------------------------------------------------------------


def facts(item: FileReport) -> dict[str, Fact]:
    """Return the facts of one file, in a stable order."""
    return dict(_flat(_selected(item), ""))


def _selected(item: FileReport) -> dict[str, Any]:
    """Choose what people care about."""
    manifest = {"source": item.source, "generator": item.generator, "label": item.label.source if item.label else None}
    selected = {
        "state": item.state,
        "axes": {**msgspec.to_builtins(item.axes), "label": "+".join(item.axes.label)},
        "format": item.format,
        "manifest": {key: value for key, value in manifest.items() if value is not None},
        **_label(item.label),
        "signer": _signer(item.signer),
        "identity": msgspec.to_builtins(item.identity),
        "time": {"stamped": item.time.stamped} if item.time and item.time.stamped else None,
        "actions": item.actions,
        "history": _without_nulls(msgspec.to_builtins(item.history)),
        "tags": _tags(item.carriers or ()),
        "findings": _findings(item.findings),
    }
    return {key: value for key, value in selected.items() if value}


def _label(label: LabelInfo | None) -> dict[str, Any]:
    if label is None:
        return {}
    # What it lists of its carriers is in the tags themselves.
    value = {field: entry for field, entry in label.value.items() if field != "carriers"}
    ordered = sorted(value.items(), key=lambda field: (_RANK.get(field[0], len(_RANK)), field[0]))
    personal: Any = {field: entry for field, entry in (label.personal or {}).items() if field != "carriers"}
    if label.personal is None and label.has_personal:
        personal = "there are fields marked personal"
    return {"label": dict(ordered), "personal": personal}


def _tags(values: Iterable[CarrierValue]) -> dict[str, dict[str, Any]]:
    by_carrier: dict[str, dict[str, Any]] = defaultdict(dict)
    for value in values:
        if value.values:
            by_carrier[value.carrier][value.field] = list(value.values)
    return by_carrier


def _signer(signer: SignerInfo | None) -> dict[str, str]:
    if signer is None:
        return {}
    return {"name": signer.name, "organization": signer.organization, "issuer": signer.issuer}


def _findings(findings: Iterable[Finding]) -> dict[str, Any]:
    """Gather by rule; what a policy misses says more about the policy than about the file."""
    by_rule: dict[str, list[str]] = defaultdict(list)
    for found in findings:
        if not found.rule.startswith("policy."):
            by_rule[found.rule].append(f"{found.level}: {found.message}" + (f" ({found.at})" if found.at else ""))
    return {rule: messages[0] if len(messages) == 1 else messages for rule, messages in sorted(by_rule.items())}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part not in (None, [])}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


# --- from a tree to lines --------------------------------------------------------------------------


def _flat(value: Any, path: str) -> Iterator[tuple[str, Fact]]:
    """Yield every leaf of ``value`` under a key that no other leaf has."""
    if isinstance(value, dict):
        if not value:
            yield f"{path}{{}}", ""
        for key, part in value.items():
            yield from _flat(part, _below(path, str(key)))
    elif isinstance(value, (list, tuple)):
        yield from _flat_list(list(value), path)
    else:
        yield path, _leaf(value)


def _below(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        # Rules have dots and are ours; whatever else has other signs is quoted.
        return f"{path}[{key}]" if path == "findings" else f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _flat_list(items: list[Any], path: str) -> Iterator[tuple[str, Fact]]:
    name = path.rpartition(".")[2]
    if all(not isinstance(part, (dict, list, tuple)) for part in items):
        leaves = [_leaf(part) for part in items]
        yield f"{path}[]", _joined(sorted(leaves, key=_text) if name in _UNORDERED else leaves)
    elif name in _NAMED_BY and all(isinstance(part, dict) for part in items):
        yield from _flat_named(items, path, name)
    else:
        for place, part in enumerate(items, 1):
            yield from _flat(part, f"{path}[{place}]")


def _flat_named(items: list[dict[str, Any]], path: str, name: str) -> Iterator[tuple[str, Fact]]:
    """Key each element by its name; those of one name are numbered by what they say, not by where they stand."""
    base = [_selector(part, _NAMED_BY[name]) for part in items]
    same = Counter(base)
    taken: Counter[str] = Counter()
    selectors = list(base)
    for place in sorted(range(len(items)), key=lambda place: _natural(_text(items[place]))):
        taken[base[place]] += 1
        if same[base[place]] > 1 and taken[base[place]] > 1:
            selectors[place] += f"#{taken[base[place]]}"
    if name in _ORDERED and len(items) > 1:
        yield f"{path}.order", " ".join(selectors)
    pairs = list(zip(selectors, items, strict=True))
    for selector, part in pairs if name in _ORDERED else sorted(pairs, key=lambda pair: _natural(pair[0])):
        yield from _flat(part, f"{path}{selector}")


def _selector(part: dict[str, Any], fields: tuple[str, ...]) -> str:
    name = " ".join(part[field] for field in fields if isinstance(part.get(field), str))
    return "[" + re.sub(r"([\[\]\\])", r"\\\1", name) + "]"


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort 9 before 10, without making a number of digits that have no end."""
    return [(len(piece.lstrip("0")) if piece.isdecimal() else 0, piece) for piece in _DIGITS.split(text)]


def _leaf(value: Any) -> Fact:
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if value.is_integer() else value
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _joined(leaves: list[Fact]) -> str:
    """Write plain words with commas between them, and anything else as JSON, so that no two lists look the same."""
    words = [leaf for leaf in leaves if isinstance(leaf, str) and leaf and "," not in leaf and leaf[0] != "["]
    return ", ".join(words) if len(words) == len(leaves) else _text(leaves)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


# --- two sets of facts -----------------------------------------------------------------------------


def compare_facts(old: Facts, new: Facts) -> tuple[Change, ...]:
    """Return every fact that differs, in the order of ``old``; what is new stands behind what it followed."""
    followers: dict[str | None, list[str]] = defaultdict(list)
    last: str | None = None
    for key in new:
        if key in old:
            last = key
        else:
            followers[last].append(key)
    keys = [*followers[None]]
    for key in old:
        keys += [key, *followers[key]]
    return tuple(change for key in keys if (change := _change(key, old, new)) is not None)


def _change(key: str, old: Facts, new: Facts) -> Change | None:
    if key not in old:
        return Change(kind="added", key=key, new=new[key])
    if key not in new:
        return Change(kind="removed", key=key, old=old[key])
    if _text(old[key]) == _text(new[key]):  # in Python True is 1, and no NaN is itself
        return None
    return Change(kind="changed", key=key, old=old[key], new=new[key])


def comparison(
    old: FileReport, new: FileReport, same_media: bool | None, same_content: bool | None = None
) -> Comparison:
    """Put two judged files side by side; the caller knows what of their bytes is the same."""
    changes = compare_facts(facts(old), facts(new))
    same_file = old.sha256 is not None and old.sha256 == new.sha256
    return Comparison(
        old=_side(old),
        new=_side(new),
        same_label=not changes,
        same_file=same_file,
        same_media=True if same_file else same_media,
        same_content=True if same_file else same_content,
        changes=changes,
    )


def _side(item: FileReport) -> Side:
    return Side(path=item.path, state=item.state, format=item.format, size=item.size, sha256=item.sha256)
