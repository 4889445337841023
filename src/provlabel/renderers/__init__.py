"""Outputs of a report: one file and one row in :data:`RENDERERS` each."""

from __future__ import annotations

from provlabel.renderers import github, html, json, junit, markdown, sarif, text
from provlabel.renderers._base import Extras, Renderer
from provlabel.renderers.style import Style

RENDERERS: dict[str, Renderer] = {
    "text": Renderer(text.render),
    "json": Renderer(json.render),
    "html": Renderer(html.render, previews=True),
    "sarif": Renderer(sarif.render),
    "junit": Renderer(junit.render),
    "github": Renderer(github.render),
    "markdown": Renderer(markdown.render),
}

__all__ = ["RENDERERS", "Extras", "Renderer", "Style"]
