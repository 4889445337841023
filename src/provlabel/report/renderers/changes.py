"""What differs between two files, and the facts of one, as lines: ``provlabel diff``."""

from __future__ import annotations

from collections.abc import Iterator

from provlabel._support.text import printable
from provlabel.report.facts import Comparison, Fact, Facts, Side
from provlabel.report.renderers.style import Style

_NULL = "null"


def render(found: Comparison, style: Style) -> str:
    """Return the changes like ``git diff``: what is gone in red behind a minus, what came in green behind a plus."""
    lines = [
        style.paint(f"--- {_side(found.old)}", "bold"),
        style.paint(f"+++ {_side(found.new)}", "bold"),
        *_changes(found, style),
        "the label tells the same story" if found.same_label else f"{len(found.changes):,} facts differ",
        bytes_words(found),
    ]
    return "\n".join(lines) + "\n"


def render_facts(facts: Facts) -> str:
    """Return one line for each fact; the same facts are the same bytes."""
    return "".join(f"{line(key, value)}\n" for key, value in facts.items())


def bytes_words(found: Comparison) -> str:
    """Say what is the same of the files themselves."""
    if found.same_file:
        return f"the same file, byte for byte: sha256 {found.old.sha256}"
    if found.same_media is None:
        return "the files are not the same bytes; what else than the manifest differs was not compared"
    if found.same_media:
        return "apart from the manifest the files are the same, byte for byte"
    if found.same_content:
        return "apart from the manifest and tags the files are the same, byte for byte"
    return "the files differ, and not only in the manifest and tags"


def line(key: str, value: Fact) -> str:
    """Return one fact, whatever it holds, on one line that acts on no terminal."""
    text = f"{key}: {_words(value)}"
    return printable(text, len(text))


def _words(value: Fact) -> str:
    if value is None:
        return _NULL
    return str(value).lower() if isinstance(value, bool) else str(value)


def _side(side: Side) -> str:
    return f"{printable(side.path)}  {side.state}"


def _changes(found: Comparison, style: Style) -> Iterator[str]:
    for change in found.changes:
        if change.kind != "added":
            yield style.paint(f"- {line(change.key, change.old)}", "red")
        if change.kind != "removed":
            yield style.paint(f"+ {line(change.key, change.new)}", "green")
