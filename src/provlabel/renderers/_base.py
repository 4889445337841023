"""What every output gets besides the report, and what a row of the table of outputs holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from provlabel.previews import Preview
from provlabel.renderers.style import Style
from provlabel.report import Report

_NONE: Mapping[str, Preview] = MappingProxyType({})


class Extras(NamedTuple):
    """How to paint, and small pictures of the files, by path."""

    style: Style = Style()
    previews: Mapping[str, Preview] = _NONE


class Renderer(NamedTuple):
    """One output: a function of the report, and whether it shows pictures of the files."""

    render: Callable[[Report, Extras], str]
    previews: bool = False
