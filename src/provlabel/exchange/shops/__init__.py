"""What shops, distributors and platforms ask about AI when a release is delivered, one TOML file each.

A new shop is a new file; nothing else names it.  ``verified`` means that an outside source was read which confirms that
the shop asks this: a page of its own, or a report that quotes it.  ``unverified`` means that none was found.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from provlabel._support.faults import nearest
from provlabel._support.text import printable
from provlabel.errors import UsageError
from provlabel.label.vocabularies import PartName

_FOLDER = Path(__file__).parent

Words = Annotated[str, Meta(min_length=1, max_length=600)]
Certainty = Literal["verified", "unverified"]
#: What a question is asked about: each sound, picture or video, or all files together.
About = Literal["track", "artwork", "video", "release"]
#: How an answer follows from a label; one function each in ``sheets.py``.
Rule = Literal["any", "whole", "material", "extent", "realistic", "credit", "tools", "describe", "person"]


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question, or one field of a form."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$")]
    wording: Words  #: as the shop words it, as far as that is known
    about: About
    rule: Rule
    parts: tuple[PartName, ...] = ("whole",)  #: what it is about; of each, the label has to say something for a "no"
    also: tuple[PartName, ...] = ()  #: parts that count where the label names them
    answers: dict[Literal["yes", "no", "all", "partly", "none"], Words] = {}
    only: Literal["", "any", "whole"] = ""  #: asked only where AI made any of the parts, or all of them
    if_named: bool = False  #: asked only where the label names one of the parts
    perhaps: tuple[PartName, ...] = ()  #: parts of which a person has to say whether they count
    technical: bool = False  #: AI that generated nothing, and only enhanced, may count too
    typed: bool = True  #: there is something to type; else it is what the shop decides by itself
    hint: str = ""  #: what to look at, where a person has to answer
    certainty: Certainty = "verified"
    source: str = ""  #: where another one than that of the shop confirms it


class Note(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shop does with AI, without asking."""

    words: Words
    certainty: Certainty = "verified"


class Shop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shop, distributor or platform."""

    name: Annotated[str, Meta(pattern=r"^[a-z]+$")]
    title: Words
    where: Words  #: where one answers
    as_of: dt.date  #: the day on which the sources were read
    source: Words
    question: tuple[Question, ...] = ()
    note: tuple[Note, ...] = ()


def shop_names() -> tuple[str, ...]:
    """Return the names of all shops, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_shops(wanted: str) -> tuple[Shop, ...]:
    """Return the shops of names divided by commas, each once; ``all`` stands for all of them.

    Raises:
        UsageError: there is no shop of a name, or one is empty.
    """
    known = shop_names()
    names = [name.strip().lower() for name in wanted.split(",")]
    if "" in names:
        raise UsageError("dsp=: an empty name", hint="such as dsp=apple, dsp=apple,spotify, or dsp=all")
    for name in names:
        if name not in (*known, "all"):
            near = nearest(name, (*known, "all")) or _titled(name)
            listed = f"one of {', '.join(known)}, or all"
            raise UsageError(
                f"no shop is named {printable(name)!r}",
                hint=f"did you mean dsp={near}? It is {listed}" if near else listed,
            )
    return tuple(_load(name) for name in dict.fromkeys(known if "all" in names else names))


def _titled(word: str) -> str:
    """Return the shop that has ``word`` in its title, as Meta has Instagram."""
    return next((name for name in shop_names() if word in _load(name).title.lower()), "")


def _load(name: str) -> Shop:
    """Read one file of the package; one that breaks its record is a fault of ours and raises ``ValidationError``."""
    return msgspec.toml.decode((_FOLDER / f"{name}.toml").read_bytes(), type=Shop)
