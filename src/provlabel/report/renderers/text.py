"""The report as text for people."""

from __future__ import annotations

from provlabel._support.text import printable
from provlabel.report import Report
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers.words import file_lines, footer, left_out, left_out_words

_INDENT = "  "
#: With more files than these, those that passed are only counted.
_MANY = 20


def render(report: Report, extras: Extras) -> str:
    """Return the report as text, every string of a file escaped."""
    style = extras.style
    lines: list[str] = []
    many = len(report.files) > _MANY
    for item in report.files:
        if not many or item.outcome != "passed":
            lines += [*file_lines(item, style), ""]
    for failure in report.errors:
        lines.append(f"{style.paint('ERROR', 'red', 'bold')}  {printable(failure.message, 1000)}")
        lines += [f"{_INDENT}hint: {printable(failure.hint)}"] if failure.hint else []
    for one in left_out(report, fails=True):
        lines.append(f"{style.paint('FAIL', 'red', 'bold')}  {printable(one.path, 4096)}")
        lines.append(f"{_INDENT}not judged: {left_out_words(one)}")
    lines += footer(report, style)
    return "\n".join(lines) + "\n"
