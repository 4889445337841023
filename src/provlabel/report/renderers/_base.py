"""What every output gets besides the report, and what a row of the table of outputs holds."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from provlabel.media.previews import Preview
from provlabel.report import Report
from provlabel.report.renderers.style import Style

_NONE: Mapping[str, Preview] = MappingProxyType({})


class Extras(NamedTuple):
    """How to paint, how much to tell as text, and small pictures of the files, by path."""

    style: Style = Style()
    detail: Literal["failures", "usual", "all"] = "usual"
    previews: Mapping[str, Preview] = _NONE


class Renderer(NamedTuple):
    """One output: the module of this package that has its function, and whether it shows pictures of the files."""

    module: str
    previews: bool = False

    def render(self, report: Report, extras: Extras) -> str:
        """Return the whole output.  Its module is imported now: a run needs one of seven, and pays at each start."""
        render: Callable[[Report, Extras], str] = importlib.import_module(
            f"provlabel.report.renderers.{self.module}"
        ).render
        return render(report, extras)
