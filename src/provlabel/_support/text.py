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
# What Unicode calls letters, marks or symbols although nothing is seen: fillers of Hangul, joiners and selectors of
# variants (also behind an emoji: two names that differ in one alone must not look the same), an empty Braille cell.
_BLANK = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x2D7F, 0x3164, 0xFFA0),
            *(0x1107F, 0x11A47, 0x11A99, 0x16FE4, 0x1BC9D, 0x1D159),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
_SPACES = re.compile(" {2,}")
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
    shown = cut if cut.isascii() and cut.isprintable() else "".join(map(_visible, cut))
    if "::" in shown or "##" in shown:
        shown = _COMMAND.sub(_broken, shown)
    return shown + ("…" if len(text) > limit else "")


def _broken(found: re.Match[str]) -> str:
    return (found[1] or "") + f"\\u{{{ord(found[0][-1]):x}}}"


def quoted(text: str, limit: int = LIMIT) -> str:
    r"""Return a name in quotes, several spaces in it as one, so that no name can seem to end, and another to begin.

    >>> quoted('Acme), issued by   "Acme CA"')
    '"Acme), issued by \\u{22}Acme CA\\u{22}"'
    """
    shown = printable(_SPACES.sub(" ", text), limit)
    return '"' + shown.replace('"', "\\u{22}") + '"'


def is_visible(ch: str) -> bool:
    """Does a reader see this character?  Some that Python calls printable are blank, or join what is beside them."""
    return ch.isprintable() and ch not in _BLANK


def _visible(ch: str) -> str:
    return ch if is_visible(ch) else f"\\u{{{ord(ch):x}}}"
