"""The report as JSON, by ``schemas/report-v1.json``; control characters are escaped."""

from __future__ import annotations

import msgspec

from provlabel.report import Report
from provlabel.report.renderers._base import Extras


def render(report: Report, _extras: Extras) -> str:
    """Return the whole report, indented, in ASCII: no string of a file can act on a terminal."""
    return to_json(report)


def to_json(value: object) -> str:
    """Return ``value`` as indented JSON in ASCII, with a line break at the end.

    ``##[`` and the like are commands to the logs of some CI systems, wherever they stand in a line.
    """
    import json

    return json.dumps(msgspec.to_builtins(value), indent=2).replace("##", "#\\u0023") + "\n"
