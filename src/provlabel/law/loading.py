"""Read the laws that ship with provlabel, when one is asked for and not before."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from provlabel._support.faults import nearest
from provlabel._support.text import printable
from provlabel.errors import UsageError
from provlabel.law.records import LAWS, Law
from provlabel.report import rules

_FOLDER = Path(__file__).parent


def load_laws(names: Iterable[str]) -> tuple[Law, ...]:
    """Return the laws of these names, each once, in their order.

    Raises:
        UsageError: there is no law of that name.
    """
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in LAWS:
            near = nearest(name.lower(), LAWS)
            known = f"one of {', '.join(LAWS)}"
            raise UsageError(
                f"no law is named {printable(name)!r}", hint=f"did you mean {near}? It is {known}" if near else known
            )
    return tuple(map(_load, wanted))


@functools.cache
def _load(name: str) -> Law:
    """Read one file of the package; one that breaks its record is a fault of ours and raises ``ValidationError``."""
    raw = (_FOLDER / f"{name}.toml").read_bytes()
    law = msgspec.toml.decode(raw, type=Law)
    return msgspec.structs.replace(law, sha256=hashlib.sha256(raw).hexdigest())


def laws_on_removal() -> tuple[Law, ...]:
    """Return the laws that say something of taking a mark of AI out of content."""
    return tuple(law for law in load_laws(LAWS) if law.removal is not None)


def law_rules() -> dict[str, rules.Rule]:
    """Return a row for each rule of every law, as ``provlabel rules`` lists them.

    Its level is that of a rule that is not held; what needs a human judgement is a warning, what no file
    shows a note, and what is held or not applicable no finding.
    """
    rows = (row for law in load_laws(LAWS) for row in law.rule)
    return {row.id: rules.Rule(row.id, "error", f"{row.number}: {row.title}", row.hint) for row in rows}


def law_part(name: str) -> Law:
    """Return the law that ``name`` means, or of a law no more than the rule or the scope that is meant.

    A rule is named by its code, ``law.eu.3``, or like a scope by its number, ``EU-3``; letters of either case will do.

    Raises:
        UsageError: nothing has that name.
    """
    wanted, known = name.lower(), dict[str, str]()
    for law in load_laws(LAWS):
        if wanted == law.law:
            return law
        rows = tuple(row for row in law.rule if wanted in (row.id, row.number.lower()))
        scope = tuple(part for part in law.scope if part.number.lower() == wanted)
        if rows or scope:
            return msgspec.structs.replace(law, rule=rows, scope=scope, left_out=(), removal=None)
        words = (
            law.law,
            *(part.number for part in law.scope),
            *(word for row in law.rule for word in (row.id, row.number)),
        )
        known |= {word.lower(): word for word in words}
    near = nearest(wanted, tuple(known))
    hint = f"did you mean {known[near]}? " if near else ""
    raise UsageError(f"{printable(name)}: no law, and no rule of one", hint=f"{hint}provlabel law list names all")
