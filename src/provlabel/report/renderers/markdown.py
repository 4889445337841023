"""The report as GitHub-flavoured Markdown: the summary of a CI job, or a comment on a pull request.

Every string of a file stands in a code span.  In one, nothing is HTML, a link, a mention or the number of
an issue, neither for Markdown nor for what GitHub and GitLab do to the text afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provlabel._support.text import LIMIT, printable
from provlabel.report import ExceptionUse, FileReport, Finding, Named, Report
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers.words import (
    LEFT_OUT,
    STATES,
    baseline_words,
    count_words,
    headline,
    left_out,
    not_checked,
    second_counts,
    told,
)
from provlabel.report.rules import RULES

#: Bytes of each part, 900 kB together.  GitHub takes 1 MiB (1,048,576) from one step, and shows nothing if it is more.
_BYTES = {
    "insecure": 20_000,
    "failed": 400_000,
    "excused": 150_000,
    "exceptions": 50_000,
    "left out": 130_000,
    "passed": 100_000,
    "facts": 50_000,
}
#: Words of our own, which need no code span.
_OURS = frozenset(text for row in RULES.values() for text in (row.meaning, row.hint))
# What ends a code span, and what ends a cell of a table even inside of one (GFM §4.10), shown as ``printable`` shows.
_ESCAPES = str.maketrans({"`": "\\u{60}", "|": "\\u{7c}"})


def render(report: Report, _extras: Extras) -> str:
    """Return the summary, as long as GitHub takes it."""
    parts = (
        [f"## provlabel: {headline(report)}", "", ", ".join(count_words(report.summary, endings=False)), ""],
        _insecure(report),
        _failed(report),
        _excused(report),
        _exceptions(report),
        _left_out(report),
        _passed(report),
        _facts(report),
    )
    return "\n".join(line for part in parts for line in part)


def _insecure(report: Report) -> Iterator[str]:
    if report.insecure:
        yield from ("> [!WARNING]", *_cut((f"> insecure: {_code(weak)}" for weak in report.insecure), "insecure"), "")


def _failed(report: Report) -> Iterator[str]:
    """What failed, with what to do; then what could not be judged at all."""
    rows = [_row(_code(item.path, 1000), item.state, *_why(item)) for item in report.files if item.outcome == "failed"]
    rows += [
        _row(_code(one.path, 1000), "not judged", _code(one.message, 500), _own(one.hint)) for one in report.errors
    ]
    yield from _table("Failed", ("file", "state", "why", "what to do"), rows, "failed")


def _why(item: FileReport) -> tuple[str, str]:
    counting = [found for found in told(item) if found.counts]
    hints = dict.fromkeys(_own(found.hint) for found in counting if found.hint)
    return "<br>".join(map(_finding, counting)), "<br>".join(hints)


def _excused(report: Report) -> Iterator[str]:
    """What fails only by what an exception or the baseline stands for; each shown, so that none is forgotten."""
    rows = [
        _row(_code(item.path, 1000), item.outcome, _finding(found), *_excuse(found))
        for item in report.files
        for found in item.findings
        if found.excuse is not None
    ]
    yield from _table("Does not count", ("file", "outcome", "what", "reason", "owner", "until"), rows, "excused")


def _excuse(found: Finding) -> tuple[str, str, str]:
    excuse = found.excuse
    if excuse is None or excuse.by == "baseline":
        return "the baseline has it already", "", ""
    return _code(excuse.reason, 500), _code(excuse.owner), _code(excuse.expires or "")


def _exceptions(report: Report) -> Iterator[str]:
    """Exceptions that did nothing: their last day is over, or there is no such finding any more."""
    rows = [
        _row(_exception(one), _code(one.owner), _idle(one)) for one in report.exceptions if one.expired or not one.files
    ]
    yield from _table("Exceptions to look at", ("exception", "owner", "why"), rows, "exceptions")


def _exception(one: ExceptionUse) -> str:
    return f"{_code(one.rule)} on {_code(one.path or one.sha256 or 'any file')}"


def _idle(one: ExceptionUse) -> str:
    return f"ended with {_code(one.expires)}; {one.files:,} files" if one.expired else "stands for no file"


def _left_out(report: Report) -> Iterator[str]:
    """What was seen and not judged: first what the run fails by."""
    lines = [
        f"- {'**fails** ' if fails else ''}{_code(one.path, 1000)}: {LEFT_OUT[one.why]} {_code(one.detail)}".rstrip()
        for fails in (True, False)
        for one in left_out(report, fails=fails)
    ]
    lines += [
        f"- {count:,} not media with {f'the ending {_code(name)}' if name else 'no ending'}"
        for name, count in report.summary.other_types.items()
    ]
    if lines:
        yield from _folded("Seen and not judged", _cut(lines, "left out"))


def _passed(report: Report) -> Iterator[str]:
    passed = [item for item in report.files if item.outcome == "passed"]
    if passed:
        lines = (f"- {_code(item.path, 1000)}: {item.state}{_warnings(item)}" for item in passed)
        yield from _folded(f"Passed ({len(passed):,})", _cut(lines, "passed"))


def _warnings(item: FileReport) -> str:
    rules = dict.fromkeys(_code(found.rule) for found in item.findings if found.level == "warning")
    return f", {', '.join(rules)}" if rules else ""


def _facts(report: Report) -> Iterator[str]:
    """What stands behind the judgement, and what was not looked at."""
    lines = [
        *(f"- not checked: {_code(check)}" for check in not_checked(report)),
        *(f"- policy {_code(one.name)}, {one.source}, SHA-256 {_code(one.sha256)}" for one in report.policy),
        *(f"- ignored of policy {_code(one.name)}: {_code(part)}" for one in report.policy for part in one.ignored),
        *(f"- anchors {_named(one)}" for one in report.anchors),
        *([] if report.anchors else ["- no anchors"]),
        *(f"- rules of law, no legal advice: {_named(one)}" for one in report.laws),
        *([f"- held against the message {_named(report.message)}"] if report.message is not None else []),
        *([f"- baseline {_named(report.baseline)}"] if report.baseline is not None else []),
        *([f"- {baseline_words(report)}"] if report.baseline_refused else []),
        f"- judged as of {_code(report.at)} by provlabel {_code(report.tool.version)}"
        f" with {_code(report.engine.name)} {_code(report.engine.version)}",
        *(f"- second opinion: {_code(words)}: {count:,} files" for words, count in second_counts(report).items()),
        *(f"- {state}: {words}" for state, (_, words) in STATES.items() if report.summary.states.get(state)),
    ]
    yield from _folded("How it was judged, and what was not checked", _cut(lines, "facts"))


def _named(one: Named) -> str:
    purpose = f" for {one.purpose}" if one.purpose else ""
    test = ", a throw-away test root" if one.test else ""
    return f"{_code(one.name)}{purpose}{test}, SHA-256 {_code(one.sha256)}"


def _finding(found: Finding) -> str:
    """Return the rule and what it found: the rule's meaning as text, what the file adds as code."""
    meaning = RULES[found.rule].meaning if found.rule in RULES else ""
    detail = found.message.removeprefix(meaning).removeprefix(": ") if meaning else found.message
    if meaning and not found.message.startswith(meaning):
        meaning = ""
    described = ": ".join(part for part in (meaning, _code(detail, 500) if detail else "") if part)
    return f"{_code(found.rule)} {described}"


def _own(text: str) -> str:
    return text if text in _OURS else _code(text)


def _code(text: str, limit: int = LIMIT) -> str:
    """Return a code span: one backtick on both sides, and none inside."""
    shown = printable(text, limit).translate(_ESCAPES)
    return f"`{shown}`" if shown.strip() else ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(title: str, heads: tuple[str, ...], rows: list[str], part: str) -> Iterator[str]:
    if rows:
        yield from (f"### {title}", "", _row(*heads), _row(*("---" for _ in heads)), *_cut(rows, part), "")


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{title}</summary>", "", *lines, "", "</details>", "")


def _cut(lines: Iterable[str], part: str) -> Iterator[str]:
    """Yield lines as long as there is room in this part, and then how many there are more."""
    left, more = _BYTES[part], 0
    for line in lines:
        left -= len(line.encode()) + 1
        if left >= 0:
            yield line
        else:
            more += 1
    if more:
        yield from ("", f"… and {more:,} more: the JSON report has them all.")
