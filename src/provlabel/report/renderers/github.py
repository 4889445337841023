"""The report as workflow commands of GitHub Actions, which show it beside the files of a pull request.

GitHub shows ten errors, ten warnings and ten notices of a step.  So there is one command for each file and
level, not for each finding, errors come first, and one notice at the end tells the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from provlabel._support.text import printable
from provlabel.report import Failure, FileReport, Finding, Report, Skipped
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers.words import excuse_words, footer, headline, left_out, left_out_words, told

#: Annotations of one level that GitHub shows of one step.
SHOWN = 10
_NAME = "provlabel"


def render(report: Report, _extras: Extras) -> str:
    """Return the commands, worst first, and then in plain lines what the run was about."""
    lines = [
        *map(_unjudged, report.errors),
        *map(_left_out, left_out(report, fails=True)),
        *_commands(report, "error"),
        *_commands(report, "warning"),
        *_commands(report, "notice"),
        _command("notice", _summary(report), title=_NAME),
        *footer(report),
    ]
    return "\n".join(lines) + "\n"


def _commands(report: Report, command: str) -> Iterator[str]:
    """Yield one command for each file with such findings."""
    for item in report.files:
        found = [one for one in told(item) if _kind(one) == command]
        if found:
            yield _about(command, item, found)


def _kind(found: Finding) -> str:
    """Return the command for a finding; notes have none, and excused errors are no errors."""
    if found.level == "note":
        return ""
    return "notice" if found.excuse is not None else found.level


def _about(command: str, item: FileReport, findings: list[Finding]) -> str:
    rules = dict.fromkeys(printable(found.rule) for found in findings)
    text = "\n".join(line for found in findings for line in _lines(found))
    return _command(command, text, file=printable(item.path, 4096), title=f"{item.state}: {', '.join(rules)}")


def _lines(found: Finding) -> Iterator[str]:
    yield printable(found.message, 500)
    if found.excuse is not None:
        yield excuse_words(found.excuse)
    elif found.hint:
        yield f"hint: {printable(found.hint)}"


def _unjudged(failure: Failure) -> str:
    hint = f"\nhint: {printable(failure.hint)}" if failure.hint else ""
    text = f"{printable(failure.message, 500)}{hint}"
    return _command("error", text, file=printable(failure.path, 4096), title="could not be judged")


def _left_out(one: Skipped) -> str:
    return _command("error", left_out_words(one), file=printable(one.path, 4096), title="not judged")


def _summary(report: Report) -> str:
    errors = report.summary.failed + len(report.errors) + len(left_out(report, fails=True))
    more = f"; GitHub shows {SHOWN} errors of a step, the log has all {errors:,}" if errors > SHOWN else ""
    return headline(report) + more


def _command(name: str, text: str, **properties: str) -> str:
    """Write one command, escaped as GitHub's runner reads it: ``::name key=value,key=value::text``."""
    pairs = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {pairs}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
