"""What the expectation of a vector rests on: sentences of standards, and what a verifier of C2PA says then."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from vectors import Expected

HERE = Path(__file__).parent
#: The states of an asset with its manifest, as C2PA 2.4 §14.3 has them, from the worst to the best.
#: ``none``: no manifest is found; ``invalid``: there is one, and it or the asset is not valid.
STATES = {"none": 0, "invalid": 0, "valid": 1, "trusted": 2}
#: The states of provlabel, in those of C2PA.
_OURS: dict[str, tuple[str, ...]] = {
    "trusted": ("trusted",),
    "valid": ("valid",),
    "invalid": ("invalid",),
    "unreadable": ("invalid", "none"),
    "unsigned": ("none",),
    "remote": ("none", "invalid"),
}


class Sentence(NamedTuple):
    """A sentence of a standard."""

    of: str  #: the standard, with its version
    section: str
    text: str  #: quoted, but for dots where words are left out
    paraphrase: bool = False  #: told in our words
    codes: tuple[str, ...] = ()  #: status codes that a verifier reports then


class Rule(NamedTuple):
    """Which vectors rest on which sentences."""

    vectors: tuple[str, ...]  #: patterns of ids
    because: tuple[str, ...]  #: names of sentences
    when: str = ""  #: provlabel's own state, where it counts only then
    reading: str = ""  #: why, where the standard does not say it so
    state: tuple[str, ...] = ()  #: in place of those that follow from provlabel's own
    codes: tuple[str, ...] = ()  #: in place of those of the sentences

    def fits(self, name: str, expected: Expected) -> bool:
        return self.when in ("", expected.state) and any(fnmatchcase(name, one) for one in self.vectors)


@cache
def sentences() -> dict[str, Sentence]:
    """Return every sentence by its name."""
    return {name: Sentence(**_frozen(one)) for name, one in read("sentences.toml")["sentence"].items()}


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules, in their order."""
    return tuple(Rule(**_frozen(one)) for one in read("rules.toml")["rule"])


def rule_of(name: str, expected: Expected) -> Rule:
    """Return the rule of a vector.

    Raises:
        LookupError: nothing is said of this vector.
    """
    for rule in rules():
        if rule.fits(name, expected):
            return rule
    raise LookupError(f"{name}: no rule in rules.toml says which sentence it rests on")


def told(name: str, expected: Expected) -> dict[str, Any]:
    """Return what the index says of a vector: ``expected`` in C2PA's words, ``because``, and ``reading``."""
    rule = rule_of(name, expected)
    codes = rule.codes or tuple(dict.fromkeys(code for one in rule.because for code in sentences()[one].codes))
    said = {"expected": {"state": list(rule.state or states(expected)), "codes": list(codes)}}
    return {**said, "because": list(rule.because), **({"reading": rule.reading} if rule.reading else {})}


def states(expected: Expected) -> tuple[str, ...]:
    """Return the states of C2PA that a verdict of provlabel's leaves open.

    Where its state does not matter because other things refuse the file, ``trusted`` is no state of C2PA to come to.
    """
    ours = (expected.state,) if isinstance(expected.state, str) else expected.state
    kept = [one for one in ours if not (expected.exit and one == "trusted" and len(ours) > 1)]
    return tuple(dict.fromkeys(state for one in kept for state in _OURS[one]))


def read(name: str) -> dict[str, Any]:
    """Return a table that lies beside this file."""
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
            for name, value in fields.items()}  # fmt: skip
