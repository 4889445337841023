"""Make text from files fit for a terminal, a log or a report line.

Everything that comes out of a media file, a certificate or a file name is untrusted: it may hold
escape sequences, line breaks, or characters that reverse or hide what stands beside them
(``CVE-2021-42574``).  One function makes such text visible instead of effective.
"""

from __future__ import annotations

import re

#: Characters of one value shown on one line; titles and names are far shorter.
LIMIT = 200
# What logs of CI systems take for a command: GitHub ``::name::`` at the start of a line and ``##[name]`` anywhere,
# Azure ``##vso[``, TeamCity ``##teamcity[``.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#)")
# To the end of the text: where the key was cut, its last line is missing.
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", re.DOTALL)


def printable(text: str, limit: int = LIMIT) -> str:
    r"""Return ``text`` with every invisible or effective character written as ``\u{hex}``.

    So is the first sign of what the log of a CI system takes for a command to it.  At most ``limit``
    characters of the source are kept; a cut is shown by ``…``.  A private key in PEM form, which
    somebody gave in place of its path, is not shown at all.

    >>> printable("a\x1b[31mb")
    'a\\u{1b}[31mb'
    """
    if "PRIVATE KEY-----" in text:
        text = _KEY.sub("(a private key)", text)
    cut = text[:limit]
    shown = cut if cut.isprintable() else "".join(map(_visible, cut))
    if "::" in shown or "##" in shown:
        shown = _COMMAND.sub(_broken, shown)
    return shown + ("…" if len(text) > limit else "")


def _broken(found: re.Match[str]) -> str:
    return (found[1] or "") + f"\\u{{{ord(found[0][-1]):x}}}"


def _visible(ch: str) -> str:
    return ch if ch.isprintable() else f"\\u{{{ord(ch):x}}}"
