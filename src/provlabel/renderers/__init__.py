"""Outputs of a report: one file and one row in :data:`RENDERERS` each."""

from __future__ import annotations

from collections.abc import Callable

from provlabel.renderers import json, text
from provlabel.renderers.style import Style
from provlabel.report import Report

RENDERERS: dict[str, Callable[[Report, Style], str]] = {
    "text": text.render,
    "json": json.render,
}

__all__ = ["RENDERERS", "Style"]
