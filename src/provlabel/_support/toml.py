"""Values as TOML 1.0 writes them, on one line and with nothing in them that acts on a terminal or an editor."""

from __future__ import annotations

import re
from typing import Any

from provlabel._support.text import is_visible


def in_toml(value: Any) -> str:
    """Return plain data as a value of TOML on one line; what cannot be seen or acts on a terminal is escaped.

    TOML has no null: what is none is left out.
    """
    if isinstance(value, dict):
        inside = ", ".join(f"{in_key(str(key))} = {in_toml(item)}" for key, item in value.items() if item is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(in_toml(item) for item in value if item is not None)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return in_quotes(value) if isinstance(value, str) else str(value)


def in_key(name: str) -> str:
    """Return a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else in_quotes(name)


def in_quotes(text: str) -> str:
    r"""Return text as a string of TOML 1.0 (§ String) on one line, only with characters that are seen.

    Half of a surrogate pair, which no TOML can hold, becomes a question mark.

    >>> in_quotes('a "b"\n')
    '"a \\"b\\"\\u000a"'
    """
    return '"' + "".join(map(_escaped, text.encode("utf-8", "replace").decode())) + '"'


def _escaped(ch: str) -> str:
    if ch in '"\\':
        return "\\" + ch
    if is_visible(ch):
        return ch
    return f"\\u{ord(ch):04x}" if ord(ch) < 0x10000 else f"\\U{ord(ch):08x}"
