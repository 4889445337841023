"""Fields of a plain label by their dotted names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def has_field(value: Any, names: list[str]) -> bool:
    """Is there a value under the dotted name; where a list is on the way, in each of its elements?"""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(has_field(item, names) for item in value)
    if not names:
        return value not in (None, "")
    return isinstance(value, Mapping) and names[0] in value and has_field(value[names[0]], names[1:])
