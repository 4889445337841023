"""Where a prompt can be read: by the names that standards and generators give to it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# The last part of a name, with or without a namespace: ``Iptc4xmpExt:AIPromptInformation``, ``negative_prompt``,
# ``TXXX:PROMPT``, ``com.acme.promptText``; not ``AIPromptWriterName``, nor what only has to do with one.
_NAME = re.compile(
    r"(?:^|[^a-z])(?:ai|user|text|image|system|full|raw|original|positive|negative|revised)?[ _-]?"
    r"prompt(?:s|[ _-]?(?:information|text|string|template))?\Z",
    re.IGNORECASE,
)
# Names begun with a small letter and joined by large ones: ``revisedPrompt``.
_JOINED = re.compile(r"[a-z](?:Prompts?|Prompt(?:Information|Text|String|Template))\Z")
_MAX_NAME = 200


def is_prompt(name: str) -> bool:
    """Does a field of this name hold a prompt?"""
    name = name[-_MAX_NAME:]
    return bool(_NAME.search(name) or _JOINED.search(name))


def holds_prompt(data: Any) -> bool:
    """Does a field at any depth hold a prompt as text?  What an engine read is nested a hundred deep at most."""
    if isinstance(data, Mapping):
        return any((is_prompt(str(key)) and _is_text(value)) or holds_prompt(value) for key, value in data.items())
    return isinstance(data, (list, tuple)) and any(map(holds_prompt, data))


def _is_text(value: Any) -> bool:
    """Is it text, a list of texts (XMP has such), or a record with some in ``text``, as a label's prompt is?"""
    if isinstance(value, Mapping):
        return any(_is_text(item) for key, item in value.items() if key in ("text", "@value", "x-default", "value"))
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, (list, tuple)) and any(map(_is_text, value))
    )
