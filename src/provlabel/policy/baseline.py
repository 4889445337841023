"""The baseline: an earlier report, whose findings do not count again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
from msgspec import Struct

from provlabel._support.files import open_regular
from provlabel._support.text import printable
from provlabel.errors import ConfigError
from provlabel.report import REPORT_SCHEMA, Excuse, FileReport, Finding, Named
from provlabel.report.rules import Level

#: Bytes of a baseline; a report on a hundred thousand files has about as many.
MAX_FILE = 512 << 20

_Place = tuple[str, str, str, str]
_Known = tuple[str, str, str]


class Baseline(Struct, frozen=True):
    """Which findings are known: by path, content (what lies beside it too) and state of the file, and what they say.

    ``refused`` counts the files that are not taken, as somebody signed them whom nobody trusts, or they are damaged.
    """

    named: Named
    known: dict[_Place, frozenset[_Known]]
    refused: int = 0

    def has(self, path: str, file: FileReport, found: Finding) -> bool:
        """Had the same file, unchanged and in the same state, this finding before?"""
        return _known_as(found) in self.known.get(_place(path, file), ())


def _place(path: str, file: FileReport | _EarlierFile) -> _Place:
    return path, file.sha256 or "", file.sidecar_sha256 or "", file.state


def _known_as(found: Finding | _EarlierFinding) -> _Known:
    """Return what a finding is known by: its rule, what it says, and where; another reason is a new finding."""
    return found.rule, found.message, found.at or ""


def _excepted(found: _EarlierFinding) -> bool:
    """Did an exception stand for it?  It has a last day, which a baseline does not put off."""
    return found.excuse is not None and found.excuse.by == "exception"


class _EarlierFinding(Struct, frozen=True):
    rule: str
    level: Level
    message: str = ""  # then it is known by nothing that a finding says
    at: str | None = None
    excuse: Excuse | None = None


class _EarlierFile(Struct, frozen=True):
    path: str
    state: str
    findings: tuple[_EarlierFinding, ...] = ()
    sha256: str | None = None
    sidecar_sha256: str | None = None


class _Earlier(Struct, frozen=True):
    """What of a report the baseline needs, and no more, so that one of another version is one too."""

    schema: str
    files: tuple[_EarlierFile, ...]


def _decoded(raw: bytes) -> _Earlier:
    """Decode a report, also one with names of files that are no text, which only Python's reader takes."""
    try:
        return msgspec.json.decode(raw, type=_Earlier)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(raw), _Earlier)


#: What is known of a file in another state, only people can accept: it was changed, cannot be read, or claims to be
#: signed by somebody; or the report was made without the anchors that its signer needs.
_TAKEN = frozenset({"trusted", "unsigned"})


def load_baseline(path: Path, *, accept: bool = False) -> Baseline:
    """Read a report that ``provlabel verify --format json`` wrote at the root of the same tree.

    Findings of files that are neither trusted nor unsigned are taken only where you ``accept`` them.

    Raises:
        ConfigError: it cannot be read, or is no such report.
    """
    shown = printable(str(path))
    with open_regular(path) as stream:
        raw = stream.read(MAX_FILE + 1)
    try:
        if len(raw) > MAX_FILE:
            raise ValueError("too large")
        earlier = _decoded(raw)
        if earlier.schema != REPORT_SCHEMA:
            raise ValueError(f"schema {earlier.schema}")
    except (ValueError, RecursionError) as exc:
        why = "no text in UTF-8" if isinstance(exc, UnicodeDecodeError) else printable(str(exc))
        raise ConfigError(
            f"{shown}: is no report of provlabel: {why}",
            hint="make one with: provlabel verify … --format json=baseline.json",
        ) from exc
    known = {
        _place(item.path.removeprefix("./"), item): frozenset(
            _known_as(found) for found in item.findings if found.level == "error" and not _excepted(found)
        )
        for item in earlier.files
        if item.sha256 and (accept or item.state in _TAKEN)
    }
    refused = 0 if accept else sum(item.state not in _TAKEN and _fails(item) for item in earlier.files)
    return Baseline(Named(shown, hashlib.sha256(raw).hexdigest()), known, refused)


def _fails(item: _EarlierFile) -> bool:
    return any(found.level == "error" for found in item.findings)
