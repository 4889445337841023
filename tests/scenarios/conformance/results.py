"""What verifiers say of the vectors: counted, kept in ``results.json``, and told in ``docs/vectors.md``."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from standards import read

HERE = Path(__file__).parent
KEPT = HERE / "results.json"
PAGE = HERE.parents[2] / "docs" / "vectors.md"
#: How an answer compares, and what it is called in a table.
OUTCOMES = {
    "agrees": "",
    "wrong pass": "wrong passes",
    "wrong refusal": "wrong refusals",
    "another state": "other states",
    "another code": "other codes",
    "reads otherwise": "read otherwise",
    "not answered": "not answered",
    "skipped": "skipped",
}
Told = Mapping[str, Mapping[str, str]]  #: tool -> id of a vector -> outcome
Counts = dict[str, dict[str, Counter[str]]]  #: group -> tool -> outcome -> how often


class Kind(NamedTuple):
    """A kind of difference, and a word on it."""

    tool: str
    vectors: tuple[str, ...]  #: patterns of ids
    words: str


def counted(told: Told) -> Counts:
    """Return how often each outcome is there: group -> tool -> outcome."""
    groups: Counts = {}
    for tool, outcomes in told.items():
        for name, outcome in outcomes.items():
            groups.setdefault(name.split("/")[0], {}).setdefault(tool, Counter())[outcome] += 1
    return dict(sorted(groups.items()))


def _cells(groups: Counts) -> Iterator[list[str]]:
    tools = list(dict.fromkeys(tool for by_tool in groups.values() for tool in by_tool))
    for group, by_tool in groups.items():
        yield [group, str(max(some.total() for some in by_tool.values())), *(_cell(by_tool[tool]) for tool in tools)]
    sums: list[Counter[str]] = [sum((by_tool[tool] for by_tool in groups.values()), Counter()) for tool in tools]
    yield ["all", str(max((one.total() for one in sums), default=0)), *(_cell(one) for one in sums)]


def _cell(counts: Counter[str]) -> str:
    others = [f"{counts[name]} {words}" for name, words in OUTCOMES.items() if words and counts[name]]
    return ", ".join([f"{counts['agrees']} agree", *others])


def table(told: Told) -> str:
    """Return counts by group, for a terminal."""
    rows = [["group", "vectors", *told], *_cells(counted(told))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def record(told: Told, versions: list[str]) -> None:
    """Keep what differs, and write the page."""
    kept = {
        "at": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "versions": versions,
        "groups": {group: max(some.total() for some in by.values()) for group, by in counted(told).items()},
        "differences": {
            tool: {name: outcome for name, outcome in some.items() if outcome != "agrees"}
            for tool, some in told.items()
        },
    }
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    head, rest = PAGE.read_text(encoding="utf-8").split(_MARKS[0])
    tail = rest.split(_MARKS[1])[1]
    PAGE.write_text(f"{head}{_MARKS[0]}\n\n{_section(kept)}\n\n{_MARKS[1]}{tail}", encoding="utf-8")


_MARKS = ("<!-- results: make vectors RECORD=1 -->", "<!-- end of results -->")


def rows(kept: Mapping[str, Any]) -> Iterator[list[str]]:
    """Return the rows of both tables of the page, without their heads."""
    groups: Counts = {
        group: {
            tool: Counter(what for name, what in found.items() if name.startswith(f"{group}/"))
            for tool, found in kept["differences"].items()
        }
        for group in kept["groups"]
    }
    for group, by_tool in groups.items():
        for counts in by_tool.values():
            counts["agrees"] = kept["groups"][group] - counts.total()
    yield from _cells(groups)
    for kind in kinds():
        names = [name for name in kept["differences"][kind.tool] if kind_of(kind.tool, name) == kind]
        found = Counter(kept["differences"][kind.tool][name] for name in names)
        found.pop("skipped", None)
        what = ", ".join(f"{count} {OUTCOMES[outcome]}" for outcome, count in sorted(found.items()))
        yield [kind.tool, ", ".join(f"`{one}`" for one in kind.vectors), what, kind.words]


def _section(kept: Mapping[str, Any]) -> str:
    found = list(rows(kept))
    at = len(kept["groups"]) + 1
    tools = list(kept["differences"])
    counts = [["group", "vectors", *tools], ["---"] * (2 + len(tools)), *found[:at]]
    others = [["tool", "vectors", "what", "why"], ["---"] * 4, *found[at:]]
    tables = ["\n".join(f"| {' | '.join(row)} |" for row in some) for some in (counts, others)]
    return "\n\n".join([f"{kept['at']}: {'; '.join(kept['versions'])}.", *tables])


def kinds() -> list[Kind]:
    """Return the kinds of differences, in their order."""
    return [Kind(one["tool"], tuple(one["vectors"]), one["words"]) for one in read("kinds.toml")["kind"]]


def kind_of(tool: str, name: str) -> Kind | None:
    """Return the kind that a difference is of."""
    return next((kind for kind in kinds() if kind.tool == tool and _fits(kind, name)), None)


def _fits(kind: Kind, name: str) -> bool:
    return any(fnmatchcase(name, one) for one in kind.vectors)
