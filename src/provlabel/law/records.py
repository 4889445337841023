"""The law as records: what stands in ``law/*.toml``, and what is known of the content that is judged by it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from provlabel.evidence import Action, Carrier
from provlabel.label.vocabularies import DisclosureKind, Medium
from provlabel.report import LawOutcome, Named, State

#: The laws that ship with provlabel, by the name of their file; the order of tables and reports.
LAWS = ("eu", "us-ca", "cn", "us-wa", "us-ut", "us-ct", "us-ny", "in", "kr", "vn", "platforms")

Words = Annotated[str, Meta(min_length=1, max_length=600)]
#: Marks of the map of standards: P primary text read, S secondary source, W weak; then how sure the reading is.
Certainty = Annotated[str, Meta(pattern=r"^[PSW](\+S)?(, .+)?$", max_length=100)]


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of the conditions and the check of one rule."""

    minor: Literal["routine", "case-by-case", "closed-list", "creation"] = (
        "routine"  #: how minor alterations are recognized
    )
    media: tuple[Medium, ...] = ()
    fields: tuple[Words, ...] = ()  #: dotted names in the label
    kinds: dict[Medium, tuple[DisclosureKind, ...]] = {}  #: of a disclosure, by medium; any where none is named
    #: Of a disclosure: one of each group has to stand in its text. A word in small letters may stand in any case.
    words: tuple[tuple[Words, ...], ...] = ()
    words_in: tuple[str, ...] = ()  #: languages in which those are the words; all where none is named
    worded: tuple[DisclosureKind, ...] = ("text",)  #: kinds of a disclosure that have to have those words
    place: bool = False  #: a disclosure has to say where it stands
    first: bool = False  #: a spoken disclosure has to come at the start
    language: str = ""  #: of a spoken disclosure, where another one needs a person to judge
    xmp: tuple[Words, ...] = ()  #: digital source types that are read from XMP, without their prefix
    xmp_beta: tuple[Words, ...] = ()  #: those that are read in a beta alone
    c2pa: Literal["any", "some", "generated"] = "any"  #: what is read of a manifest
    why: str = ""  #: of a rule that no file shows


class LawRule(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"start": "from", "end": "to", "given": "with"},
):
    """One rule in one wording; a rule that changed has a row for each wording, under the same id."""

    id: Annotated[str, Meta(pattern=r"^law\.[a-z-]+\.[a-z0-9-]+$")]
    number: Annotated[str, Meta(pattern=r"^[A-Z]+-?[0-9]+[a-z]?$")]  #: in the map of standards, or ours for platforms
    title: Words
    start: dt.date | None = None  #: first day, UTC
    end: dt.date | None = None  #: the first day after the last, UTC
    applies: tuple[str, ...] = ()  #: conditions, all of which have to be so
    holds: str  #: the check
    given: Given = Given()
    by_link: bool = False  #: what is missing may also stand on a page that the file links to
    encouraged: bool = False  #: the source recommends it and asks for no more: what is missing is never an error
    carrier: Words
    source: Words
    certainty: Certainty
    hint: str = ""

    def in_force(self, day: dt.date) -> bool:
        """Is this wording the law on ``day`` (UTC)?"""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    @property
    def era(self) -> str:
        """The days on which it is, both included, in words; empty where it has no dates."""
        last = (self.end - dt.timedelta(days=1)).isoformat() if self.end else None
        if self.start is None:
            return f"until {last}" if last else ""
        return f"{self.start.isoformat()} to {last}" if last else f"since {self.start.isoformat()}"


class LawScope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the law that says whom or what the rules are about; conditions of the rules refer to it."""

    number: Words
    title: Words
    source: Words
    certainty: Certainty


class LawOnRemoval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a law says of whoever takes a mark of AI out of content, or hides it."""

    words: Words
    source: Words
    certainty: Certainty


class Law(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of rules."""

    law: str
    title: Words
    as_of: dt.date  #: the day of the map that it was written from
    scope: tuple[LawScope, ...] = ()
    left_out: tuple[Words, ...] = ()  #: what the map is not sure enough of
    removal: LawOnRemoval | None = None  #: where it says something of that
    rule: tuple[LawRule, ...]
    sha256: str = ""  #: of the file, set when it is read

    @property
    def named(self) -> Named:
        """What a report says of a law that took part."""
        return Named(name=self.law, sha256=self.sha256, date=self.as_of.isoformat())


class Input(Struct, frozen=True):
    """Something that the content was made from."""

    name: str
    marked: bool | None  #: did it carry an AI mark; ``None`` when nothing shows it
    kept: bool  #: its manifest is still here, and holds


class Subject(Struct, frozen=True, kw_only=True):
    """What is known of one file, or of a label that is not signed yet."""

    label: dict[str, Any] | None = None  #: as it was signed, or as it stands in a label file
    state: State | None = None  #: ``None`` for a label file
    media: Medium | None = None  #: ``None`` when it is not known
    source: str = "none"  #: of the manifest: none, embedded, sidecar, remote
    manifest: str = ""  #: its identifier
    stamped: bool = False  #: it has a timestamp, proven or not
    actions: tuple[Action, ...] = ()
    bindings: tuple[str, ...] = ()  #: algorithms of soft-binding assertions
    prompt_in_core: bool = False  #: an assertion that is not for personal data holds the words of a prompt
    carriers: tuple[Carrier, ...] = ()
    tags_read: bool = True  #: False for a format of which nobody here reads the tags
    contradicted: bool = False  #: the rest of the file says otherwise about AI than the label
    claims_ai: bool = False  #: tags that nothing signs speak of AI
    elsewhere: str = ""  #: where, if not in a label of its signer, the manifest says that AI took part; in words
    inputs: tuple[Input, ...] = ()
    not_later: dt.datetime | None = None  #: proven by a trusted timestamp


class Applies(NamedTuple):
    """Whether a rule is about the content; ``None`` when no file shows it."""

    so: bool | None
    why: str
    hint: str = ""  #: what answers the question, where no file does


class Outcome(NamedTuple):
    """What a check found."""

    outcome: LawOutcome
    why: str
    hint: str = ""  #: instead of that of the rule
