"""The report for people who are no engineers: one HTML file that needs nothing else and runs nothing.

Every string of a file is escaped by :mod:`._markup`; should that ever fail, the policy at the head of the
file lets no script run, nothing be fetched, and no style apply but ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provlabel.report import ExceptionUse, FileReport, Named, Report, Skipped, failing_first
from provlabel.report.renderers import _svg
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers._html_file import (
    badge,
    label_sentence,
    name_of,
    section,
    sentence,
    verdict_words,
)
from provlabel.report.renderers._html_style import STYLE, STYLE_HASH
from provlabel.report.renderers._html_words import OUTCOME_GROUPS, POLICY_SOURCES
from provlabel.report.renderers._markup import Child, Node, join, tag
from provlabel.report.renderers.words import attribution, count_words, history_words

#: Files that get a section: more make a page that nobody reads and few browsers like. JSON has all.
_SECTIONS = 500
#: Letters of all sections together, pictures included: what labels say has no end.
_LETTERS = 40_000_000
_OPEN = 50  # files of one group that are listed without unfolding it
_ROWS = 200  # of any other list
_POLICY = f"default-src 'none'; img-src data:; style-src '{STYLE_HASH}'; base-uri 'none'; form-action 'none'"

_Group = list[tuple[int, FileReport]]


def render(report: Report, extras: Extras) -> str:
    """Return the whole report as one HTML file."""
    verdict, look = headline(report)
    sections = list(_sections(report, extras))
    shown = list(enumerate(failing_first(report.files)[: len(sections)], 1))
    body = tag(
        "body",
        _header(report, verdict, look),
        tag(
            "main",
            _files(shown),
            _left_out(len(report.files) - len(shown)),
            *_failures(report),
            tag("h2", "File by file") if shown else None,
            *sections,
            *_exceptions(report.exceptions),
            *_not_judged(report),
            *_not_checked(report),
            *_basis(report),
        ),
        _footer(report),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Node(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{verdict} – provlabel report"),
        tag("link", rel="icon", href="data:,"),
        Node(f"<style>{STYLE}</style>"),
    )
    page = tag("html", head, body, lang="en").markup
    return "<!doctype html>\n" + page.replace("<article ", "\n<article ") + "\n"


def _sections(report: Report, extras: Extras) -> Iterator[Node]:
    """Yield a section for each of the first files, as long as there is room."""
    left = _LETTERS
    for place, item in enumerate(failing_first(report.files)[:_SECTIONS], 1):
        made = section(item, place, extras.previews.get(item.path))
        left -= len(made.markup)
        if left < 0:
            break
        yield made


def headline(report: Report) -> tuple[str, str]:
    """Return the verdict of the whole run in plain words, and the sign for it."""
    total = report.summary
    left_out = f"{_files_words(total.refused)} left out that may not be"
    if not total.files and not total.errors:
        if total.refused:
            return left_out, "bad"
        return "There was nothing to judge", "ok" if report.passed else "warn"
    failed = _of(total.failed, total.files) + " did not pass"
    if total.errors:
        unread = f"{total.errors:,} could not be judged"
        return (
            f"{failed}, and {unread}" if total.failed else f"{_files_words(total.errors)} could not be judged"
        ), "bad"
    if total.failed:
        return failed, "bad"
    if not report.passed:
        return left_out if total.refused else "The run did not pass", "bad"
    if excused := total.excepted + total.known:
        one = f"{_of(excused, total.files)} would not have passed without"
        return f"{one} an exception or the baseline", "warn"
    return "The file passed" if total.files == 1 else f"All {total.files:,} files passed", "ok"


def _of(some: int, files: int) -> str:
    return "The file" if files == 1 else f"{some:,} of {files:,} files"


def _files_words(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


# --- head ------------------------------------------------------------------------------------------


def _header(report: Report, verdict: str, look: str) -> Node:
    return tag(
        "header",
        tag("p", "provlabel · report on labels of AI images and sounds", class_="brand"),
        tag("div", _svg.sign(look), tag("h1", verdict), class_="headline"),
        tag("p", *_lead(report), class_="lead"),
        tag("ul", *(_count(words) for words in count_words(report.summary)), class_="counts"),
        *(_notice(words) for words in _warnings(report)),
    )


def _lead(report: Report) -> Iterator[Child]:
    if report.files:
        yield "To pass, a file has to be what the policy at the end of this report asks for. "
    yield "A label says what somebody stands for; whether that is true, no program can see. "
    yield f"Judged as of {report.at}."


def _count(words: str) -> Node:
    figure, _, noun = words.partition(" ")
    return tag("li", tag("strong", figure), f" {noun}")


def _warnings(report: Report) -> Iterator[str]:
    """Yield what makes the whole report worth less; it comes before anything else."""
    for weak in report.insecure:
        yield f"An insecure option was used: {weak}"
    if any(named.test for named in report.anchors):
        yield "The throw-away test root was accepted, which anybody can sign with. Never rely on this outside of tests."
    expired = sum(use.expired for use in report.exceptions)
    if expired:
        ended = (
            "1 exception of the policy has ended, and counts"
            if expired == 1
            else f"{expired:,} exceptions of the policy have ended, and count"
        )
        yield f"{ended} no more."


def _notice(words: str) -> Node:
    return tag("div", _svg.sign("warn"), tag("p", words), class_="notice warn")


# --- files -----------------------------------------------------------------------------------------


def _files(shown: _Group) -> Node | None:
    if not shown:
        return None
    groups = ((words, [row for row in shown if row[1].outcome == name]) for name, words in OUTCOME_GROUPS.items())
    listed = (_group(words, group) for words, group in groups if group)
    return tag("nav", tag("h2", "Files", id="files"), *listed, aria_labelledby="files")


def _group(words: str, group: _Group) -> Node:
    rows = tag("ol", *(_row(place, item) for place, item in group), class_="files")
    count = tag("span", f" ({len(group):,})", class_="soft")
    return tag("details", tag("summary", words, count), rows, class_="group", open=len(group) <= _OPEN)


def _row(place: int, item: FileReport) -> Node:
    counted = next((found.message for found in item.findings if found.counts), None)
    words = [
        counted or verdict_words(item).rstrip("."),
        *([label_sentence(item) + attribution(item)] if item.label else []),
        *history_words(item)[:1],
    ]
    sentence = "; ".join(words)
    link = tag("a", *name_of(item.path), href=f"#f{place}")
    return tag("li", badge(item), link, tag("p", f"{sentence[:1].upper()}{sentence[1:]}"))


def _left_out(count: int) -> Node | None:
    if not count:
        return None
    words = f"{_files_words(count)} more were judged and are counted above; the JSON report has every one of them."
    return tag("p", words, class_="soft")


def _failures(report: Report) -> Iterator[Node]:
    if report.errors:
        yield tag("h2", "Could not be judged")
        yield from _bounded([_failure(item.path, item.message, item.hint) for item in report.errors])


def _failure(path: str, message: str, hint: str) -> Node:
    words = message if path in message else f"{path}: {message}"
    return tag("li", words, tag("span", f" What to do: {sentence(hint)}", class_="soft") if hint else None)


def _bounded(entries: list[Node]) -> Iterator[Node]:
    yield tag("ul", *entries[:_ROWS], class_="plain")
    if len(entries) > _ROWS:
        yield tag("p", f"{len(entries) - _ROWS:,} more are in the JSON report.", class_="soft")


# --- what the verdict rests on, and what it does not cover -----------------------------------------


def _exceptions(uses: Sequence[ExceptionUse]) -> Iterator[Node]:
    if uses:
        yield tag("h2", "Exceptions of the policy", id="exceptions")
        heads = ("Rule", "For", "Reason", "Owner", "Until", "What it did")
        yield _table(heads, [_exception(use) for use in uses], "exceptions")


def _exception(use: ExceptionUse) -> tuple[Child, ...]:
    target = use.path or (tag("code", use.sha256) if use.sha256 else "every file")
    if use.expired:
        look, did = "bad", f"has ended; would have stood for {_files_words(use.files)}" if use.files else "has ended"
    elif use.files:
        look, did = "warn", f"stood for {_files_words(use.files)}"
    else:
        look, did = "info", "not used: it can be removed"
    return tag("code", use.rule), target, use.reason, use.owner, _date(use.expires), join(_svg.sign(look), f" {did}")


def _date(text: str) -> Node:
    return tag("span", text, class_="date")


def _table(heads: Sequence[str], rows: list[tuple[Child, ...]], name: str) -> Node:
    head = tag("thead", tag("tr", *(tag("th", words, scope="col") for words in heads)))
    body = tag(
        "tbody", *(tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows)
    )
    return tag(
        "div",
        tag("table", head, body, class_="wide"),
        class_="scroll",
        tabindex="0",
        role="group",
        aria_labelledby=name,
    )


_SKIPPED: dict[str, str] = {
    "not media": "No media that is known, with an ending that the policy does not allow",
    "link": "Links that are not followed",
    "scratch": "Scratch files of a labeling that is under way",
    "repository": "The repository's own folder of git, which is not looked into",
    "outside": "Media outside of what the policy is about",
    "untracked": "Media that git does not track",
    "not reached": "Not reached, because the first failure ended the run",
    "empty": "Folders that were named, and in which nothing was judged",
}


def _not_judged(report: Report) -> Iterator[Node]:
    by_why: dict[str, list[Skipped]] = {}
    for item in report.skipped:
        by_why.setdefault(item.why, []).append(item)
    if not by_why and not report.summary.not_media:
        return
    yield tag("h2", "Seen and not judged")
    if report.summary.not_media:
        kinds = sorted(report.summary.other_types.items(), key=lambda kind: (-kind[1], kind[0]))
        named = ", ".join(f"{name or 'no ending'} ({count:,})" for name, count in kinds)
        yield tag("p", f"Not media: {_files_words(report.summary.not_media)}, named {named}.")
    for why, items in by_why.items():
        failing = any(item.fails for item in items)
        words = tag("summary", _SKIPPED[why], tag("span", f" ({len(items):,})", class_="soft"))
        entries = tag("ul", *map(_skipped, sorted(items, key=lambda item: not item.fails)), class_="plain")
        yield tag("details", words, entries, open=failing or len(items) <= 10)


def _skipped(item: Skipped) -> Node:
    """Name what was not judged; none of them is left out of the list."""
    fails = tag("strong", " The run fails by it.") if item.fails else None
    return tag("li", item.path, tag("span", f" {item.detail}", class_="soft") if item.detail else None, fails)


def _not_checked(report: Report) -> Iterator[Node]:
    counted: dict[str, int] = {}
    for item in report.files:
        for check in item.not_checked:
            counted[check] = counted.get(check, 0) + 1
    if counted:
        yield tag("h2", "Not checked")
        entries = [
            tag("li", check, tag("span", f" ({_files_words(count)})", class_="soft"))
            for check, count in counted.items()
        ]
        yield from _bounded(entries)


def _basis(report: Report) -> Iterator[Node]:
    yield tag("h2", "What this report rests on")
    yield tag("h3", "Policy", id="policies")
    rows: list[tuple[Child, ...]] = []
    for policy in report.policy:
        ignored = (
            tag("span", f" Did not count: {', '.join(policy.ignored)}.", class_="soft") if policy.ignored else None
        )
        rows.append((policy.name, join(POLICY_SOURCES[policy.source], ignored), tag("code", policy.sha256)))
    yield _table(("Name", "Where from", "SHA-256"), rows, "policies")
    yield tag("h3", "Whom you trust", id="lists")
    if report.anchors:
        lists = [_anchors(named) for named in report.anchors]
        yield _table(("List", "Vouches for", "Last changed", "SHA-256"), lists, "lists")
    else:
        yield tag("p", "No list of anchors was given, so that no signer could be trusted.")
    if report.message is not None:
        yield tag("h3", "Message of the delivery")
        yield tag("p", f"{report.message.name}, SHA-256 ", tag("code", report.message.sha256))
    if report.baseline is not None:
        yield tag("h3", "Baseline")
        yield tag("p", f"{report.baseline.name}, SHA-256 ", tag("code", report.baseline.sha256))
    yield tag("h3", "Programs")
    engine = f"{report.engine.name} {report.engine.version}"
    spec = f", by C2PA {report.engine.spec}" if report.engine.spec else ""
    yield tag("p", f"{report.tool.name} {report.tool.version} with {engine}{spec}.")


_PURPOSES = {"manifest": "signers", "timestamp": "time authorities", "identity": "identities"}


def _anchors(named: Named) -> tuple[Child, ...]:
    name = f"{named.name} (throw-away test root)" if named.test else named.name
    age = f", {named.age_days:,} days ago" if named.age_days else ""
    return (
        name,
        _PURPOSES.get(named.purpose or "manifest"),
        join(_date(named.date or "not known"), age),
        tag("code", named.sha256),
    )


def _footer(report: Report) -> Node:
    words = f"Made by {report.tool.name} {report.tool.version}. This file loads nothing and runs nothing. "
    return tag(
        "footer", tag("p", words, "The verdict on a file is about the bytes with the SHA-256 in its fine print.")
    )
