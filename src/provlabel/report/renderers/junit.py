"""The report as JUnit XML, as Jenkins describes it (``junit-10.xsd`` of its xUnit plugin) and GitLab reads it.

One test case for each file.  A file that fails only by what is excused is *skipped*, and so is what was not judged:
both list those by themselves and show the message, while the output of a test that passed is shown by neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from provlabel._support.text import printable
from provlabel.report import Failure, FileReport, Finding, Report, Skipped
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers.style import Style
from provlabel.report.renderers.words import (
    count_words,
    excuse_words,
    finding_lines,
    footer,
    headline,
    left_out,
    left_out_words,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAME = "provlabel"
_PLAIN = Style()


class _Case(NamedTuple):
    """One test case: ``kind`` is the element in it that says how it ended, none where it passed."""

    name: str
    group: str
    kind: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def render(report: Report, _extras: Extras) -> str:
    """Return one suite in ASCII; ``printable`` leaves nothing that XML 1.0 forbids (§2.2)."""
    from xml.etree import ElementTree as ET

    cases = tuple(_cases(report))
    counts = _counts(cases)
    total = {name: counts[name] for name in ("tests", "failures", "errors")}
    root = ET.Element("testsuites", {"name": _NAME, **total})
    suite = ET.SubElement(root, "testsuite", {"name": _NAME, **counts})
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", name=name, value=value)
    for case in cases:
        _add(suite, case)
    ET.SubElement(suite, "system-out").text = "\n".join(footer(report))
    ET.indent(root)
    content: bytes = ET.tostring(root, "us-ascii", xml_declaration=True)
    return content.decode("ascii") + "\n"


def _counts(cases: tuple[_Case, ...]) -> dict[str, str]:
    kinds = [case.kind for case in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
    }


def _add(suite: Element, case: _Case) -> None:
    from xml.etree import ElementTree as ET

    element = ET.SubElement(suite, "testcase", classname=case.group, name=case.name)
    if case.kind:
        ET.SubElement(element, case.kind, type=case.type, message=case.message).text = case.text
    elif case.text:
        ET.SubElement(element, "system-out").text = case.text


def _cases(report: Report) -> Iterator[_Case]:
    """Yield every file, what could not be judged, and a failure where there was nothing: silence is no pass."""
    yield from map(_judged, report.files)
    yield from map(_unjudged, report.errors)
    yield from (_left_out(one) for fails in (True, False) for one in left_out(report, fails=fails))
    if not (report.passed or report.summary.failed or report.errors or left_out(report, fails=True)):
        message = headline(report)
        yield _Case(_NAME, _NAME, "failure", "nothing", message, ", ".join(count_words(report.summary)))


def _judged(item: FileReport) -> _Case:
    kind = {"failed": "failure", "excepted": "skipped", "known": "skipped"}.get(item.outcome, "")
    text = "\n".join([f"state: {item.state}", *_lines(item.findings)])
    first = next((one for one in item.findings if one.level == "error" and one.counts == (kind == "failure")), None)
    if not kind or first is None:
        return _Case(*_name(item.path), text=text)
    why = printable(first.message, 500) if first.excuse is None else excuse_words(first.excuse)
    return _Case(*_name(item.path), kind, printable(first.rule), why, text)


def _unjudged(failure: Failure) -> _Case:
    hint = f"hint: {printable(failure.hint)}" if failure.hint else ""
    return _Case(*_name(failure.path), "error", "not-judged", printable(failure.message, 500), hint)


def _left_out(one: Skipped) -> _Case:
    kind = "failure" if one.fails or one.why == "empty" else "skipped"
    return _Case(*_name(one.path), kind, "not-judged", f"not judged: {left_out_words(one)}")


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for found in findings:
        if found.level != "note":
            yield from finding_lines(found, _PLAIN)


def _name(path: str) -> tuple[str, str]:
    """Return the name of a test case, and the group that it is listed in: the file's folder."""
    folder = PurePath(path).parent.as_posix()
    return printable(path, 1000), _NAME if folder == "." else printable(folder, 1000)


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the facts behind the judgement."""
    yield "version", printable(report.tool.version)
    yield "at", printable(report.at)
    for policy in report.policy:
        yield "policy", f"{printable(policy.name)} sha256:{printable(policy.sha256)}"
    for anchors in report.anchors:
        yield "anchors", f"{printable(anchors.name)} sha256:{printable(anchors.sha256)}"
    if report.message is not None:
        yield "message", f"{printable(report.message.name)} sha256:{printable(report.message.sha256)}"
    if report.baseline is not None:
        yield "baseline", f"{printable(report.baseline.name)} sha256:{printable(report.baseline.sha256)}"
    for weak in report.insecure:
        yield "insecure", printable(weak)
