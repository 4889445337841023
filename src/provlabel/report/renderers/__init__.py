"""Outputs of a report: one file and one row in :data:`RENDERERS` each."""

from __future__ import annotations

from provlabel.report.renderers._base import Extras, Renderer
from provlabel.report.renderers.style import Style

RENDERERS: dict[str, Renderer] = {
    "text": Renderer("text"),
    "json": Renderer("json"),
    "sarif": Renderer("sarif"),
    "junit": Renderer("junit"),
    "github": Renderer("github"),
    "markdown": Renderer("markdown"),
    "html": Renderer("html", previews=True),
}

__all__ = ["RENDERERS", "Extras", "Renderer", "Style"]
