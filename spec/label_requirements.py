"""What a label must satisfy: one row for each requirement, with the findings of provlabel that say it is broken.

The rows make the tables of ``docs/spec/label-v1.md``. ``spec/vectors/`` shows each of them; a test holds that every
finding of ``provlabel lint`` belongs to exactly one row, and that every row has a vector. An id never changes its meaning
and is never used again: a requirement that goes leaves a gap.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from label_fields import RECORDS
from provlabel.label.about_ai import ADDING
from provlabel.label.identifiers import CANONICAL
from provlabel.label.loading import MAX_DEPTH, MAX_FILE
from provlabel.label.vocabularies import AI_KINDS, KINDS, NO_SOURCE_NEEDED, NOT_AI
from spec_words import SCHEMES

Level = Literal["error", "warning"]


class Requirement(NamedTuple):
    """One requirement that a label can break."""

    id: str
    level: Level
    pointer: str  #: where it is reported; ``N`` is a number, ``*`` any way
    text: str  #: the requirement, normative
    message: str  #: pattern of what provlabel says, to find the row of a finding


def _names(terms: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in KINDS if name in terms)


def _containing(extent: str) -> str:
    return _names(frozenset(name for name, facts in KINDS.items() if facts.contains_ai == extent))


def _of_identifiers(scheme: str) -> str:
    places = (("Identifier", "/identifiers/N/value"), ("PersonIdentifier", "/people/N/identifiers/N/value"))
    return ", ".join(at for record, at in places if scheme in RECORDS[record]["properties"]["type"]["enum"])


#: A file that is no document has one finding, with the empty pointer.
FILE = (
    Requirement(
        "L-FILE-1", "error", "", f"A label file MUST NOT be larger than {MAX_FILE} bytes.", "larger than [0-9,]+ bytes"
    ),
    Requirement(
        "L-FILE-2", "error", "", "A label file MUST be text in UTF-8 (RFC 3629). It MUST NOT contain a byte 0.",
        "is no text",
    ),
    Requirement(
        "L-FILE-3", "error", "",
        "A label file MUST be one document of its language: JSON (RFC 8259) or TOML 1.0. It MUST NOT begin with a byte "
        "order mark. `NaN` and `Infinity` are no JSON. In TOML, a key that stands twice is an error of TOML itself.",
        r"is no JSON: |is no JSON value|\(at |a whole number of thousands of digits",
    ),
    Requirement(
        "L-FILE-4", "error", "", "In JSON, an object MUST NOT have two members of the same name, at any depth.",
        "the key .* stands twice",
    ),
)  # fmt: skip

DATA = (
    Requirement(
        "L-DATA-1", "error", "*",
        f"A value MUST NOT be nested deeper than {MAX_DEPTH} levels: the pointer of a value has {MAX_DEPTH} parts or "
        "fewer. Reported at the value whose pointer has one part too many; what lies in it is not looked at.",
        "nested too deeply",
    ),
    Requirement(
        "L-DATA-2", "error", "*",
        "A number MUST be finite. A JSON number with a fraction or exponent and too large for a double (`1e400`), and `inf` "
        "and `nan` of TOML, are not. Of whole numbers L-DATA-3 alone is reported.",
        "no finite number",
    ),
    Requirement(
        "L-DATA-3", "error", "*",
        "A whole number MUST be from −2^63 to 2^63 − 1. In JSON, a whole number is one that is written without "
        "fraction and without exponent. Larger ones are written as text.",
        "a whole number of more than 64 bits",
    ),
    Requirement(
        "L-DATA-4", "error", "*",
        r"A text MUST NOT hold a lone surrogate (U+D800 to U+DFFF, as `\ud800` in JSON). A name of a member that holds "
        "one is reported at the object that has the member; its value MAY be left unjudged.",
        "half a character",
    ),
)  # fmt: skip

FORM = (
    Requirement(
        "L-FORM-1", "error", "*",
        "A value MUST be of the JSON type of its field: text, number, boolean, list, or object (record, map or `extra`). `null` is "
        "none of these. The label itself MUST be an object. A boolean is no number. What has to be a term of a "
        "vocabulary (a field, or an element of a list) is judged by L-FORM-4 alone; the list of terms itself, here.",
        "is not of type",
    ),
    Requirement(
        "L-FORM-2", "error", "*",
        "A record MUST have each of its required fields. Reported at the record, not at the missing field.",
        "is missing$",
    ),
    Requirement(
        "L-FORM-3", "error", "*", "A record MUST NOT have a field that this version does not define.", "unknown field"
    ),
    Requirement(
        "L-FORM-4", "error", "*",
        "A field with a vocabulary MUST have one of its terms, spelled exactly so, in the same case. A value that is no "
        "text is none of them.",
        "unknown value",
    ),
    Requirement(
        "L-FORM-5", "error", "*", "A text MUST match the pattern of its type as a whole.", "not of the right form"
    ),
    Requirement(
        "L-FORM-6", "error", "*",
        "A text MUST have a length within the bounds of its type, counted in Unicode code points.",
        "(shorter|longer) than [0-9]+ character",
    ),
    Requirement(
        "L-FORM-7", "error", "*", "A number MUST be within the bounds of its type.",
        "(less than the minimum|greater than the maximum) of",
    ),
    Requirement(
        "L-FORM-8", "error", "*", "A list MUST NOT have more elements than its field allows.", "has more than [0-9]+ item"
    ),
)  # fmt: skip

CALENDAR = (
    Requirement(
        "L-TIME-1", "error", "/event_time, /event_end",
        "`event_time` and `event_end` MUST name a day that the Gregorian calendar has, in a year from 0001 to 9999.",
        "no such day or time",
    ),
)  # fmt: skip

CONSISTENCY = (
    *(
        Requirement(
            f"L-ID-{scheme.upper()}", "error", _of_identifiers(scheme),
            f"The value of an identifier of type `{scheme}` MUST be one of that scheme, as section 6 says.",
            f"no {scheme.upper()}: ",
        )
        for scheme in CANONICAL
    ),
    Requirement(
        "L-ID-PLAIN", "warning", "/identifiers/N/value, /people/N/identifiers/N/value",
        "The value of an identifier SHOULD be in the plain form of its scheme, as section 6 says.",
        "not in its plain form",
    ),
    Requirement(
        "L-REF-1", "error", "/contributions/N/system, /operations/N/system",
        "A `system` MUST be the `name` of one of the `systems` of the label.", "no such system in this label",
    ),
    Requirement(
        "L-REF-2", "error", "/contributions/N/person, /likeness/N/person, /prompt/writer",
        "A `person`, and the `writer` of the prompt, MUST be the `id` of one of the `people` of the label.",
        "no such person in this label",
    ),
    Requirement(
        "L-REF-3", "error", "/systems/N, /people/N",
        "Two systems MUST NOT have the same `name`, and two people MUST NOT have the same `id`. Each one after the "
        "first is reported.",
        "stands twice",
    ),
    Requirement(
        "L-SPAN-1", "error", "/contributions/N/span", "The `end` of a span MUST be greater than its `start`.",
        "ends before it starts",
    ),
    Requirement(
        "L-SPAN-2", "error", "/contributions/N/span/end",
        "Only where the validator is told how many seconds the sound plays: the `end` of a span MUST NOT be greater "
        "than that by more than 0.5.",
        "lies after the end of the sound",
    ),
    Requirement(
        "L-REGION-1", "error", "/contributions/N/region",
        "A region of `shape` `rectangle` MUST have `x`, `y`, `width` and `height`; a `circle` MUST have `x`, `y` and "
        "`width`.",
        "^a (rectangle|circle) needs ",
    ),
    Requirement(
        "L-REGION-2", "error", "/contributions/N/region", "A region of `shape` `polygon` MUST have three `points` or more.",
        "a polygon needs three points",
    ),
    Requirement(
        "L-REGION-3", "error", "/contributions/N/region",
        "In a region whose `unit` is `percent` (also by default), the numbers of the region and of its points MUST NOT be "
        "greater than 100.",
        "more than 100 percent",
    ),
    Requirement(
        "L-TIME-2", "error", "/event_end", "A label with `event_end` MUST have `event_time`.", "an end without a beginning"
    ),
    Requirement(
        "L-TIME-3", "error", "/event_end",
        "`event_end` MUST NOT be before `event_time`. Both are compared as moments in UTC, without fractions of "
        "seconds; second 60 counts as 59.",
        "ends before it begins",
    ),
    Requirement(
        "L-TIME-4", "warning", "/event_time, /event_end",
        "`event_time` and `event_end` SHOULD NOT be more than 24 hours after the moment of the check, compared as in "
        "L-TIME-3.",
        "lies in the future",
    ),
    Requirement(
        "L-PART-1", "error", "/contributions/N/extent",
        "A contribution with `by` = `human` MUST NOT have the extent `All`: a part that AI made entirely has no human "
        "contributor.",
        "a part that AI made entirely has no human contributor",
    ),
    Requirement(
        "L-PART-2", "error", "/contributions/N/extent",
        "A contribution with `by` = `ai` MUST NOT have the extent `None`: an AI contributor made something.",
        "an AI contributor that made nothing",
    ),
    Requirement(
        "L-PART-3", "error", "/contributions/N/extent",
        f"In a label whose kind has DDEX `ContainsAI` = `All` ({_containing('All')}), each counted contribution MUST have "
        "the extent `All`.",
        "leaves no part to people",
    ),
    Requirement(
        "L-PART-4", "error", "/contributions/N/extent",
        f"In a label whose kind has DDEX `ContainsAI` = `None` ({_containing('None')}), each counted contribution MUST "
        "have the extent `None`.",
        "leaves no part to AI",
    ),
    Requirement(
        "L-PART-5", "error", "/kind",
        f"In a label whose kind has DDEX `ContainsAI` = `Partly` ({_containing('Partly')}) and that has counted "
        "contributions, one of them MUST have another extent than `None`.",
        "and no part has AI in it",
    ),
    Requirement(
        "L-PART-6", "error", "/kind",
        f"In a label of such a kind ({_containing('Partly')}) that has counted contributions, they MUST NOT all be of the "
        "part `whole` with the extent `All`.",
        "and the whole is by AI",
    ),
    Requirement(
        "L-PART-7", "error", "/contributions/N/part",
        "Only where the validator is told the medium: a contribution MUST NOT be to a part that this medium does not "
        "have (section 5).",
        "is no part of a (sound|picture)",
    ),
    Requirement(
        "L-KIND-1", "error", "/operations/N",
        f"A label of a kind of no AI ({_names(NOT_AI)}) MUST NOT have an operation with `by` = `ai`, unless its kind is "
        "`ai_assisted_technical`.",
        r"^\w+, and \w+ by AI$",
    ),
    Requirement(
        "L-KIND-2", "error", "/likeness/N",
        f"A label of a kind of no AI ({_names(NOT_AI)}) MUST NOT have a likeness with `synthetic` = true.",
        r"^\w+, and a synthetic ",
    ),
    Requirement(
        "L-KIND-3", "error", "/systems", "A label of the kind `human_made` MUST NOT have any `systems` (an empty list is none).",
        "human_made, and an AI system took part",
    ),
    Requirement(
        "L-KIND-4", "warning", "/systems",
        f"A label of a kind of AI ({_names(AI_KINDS)}) SHOULD have one of the `systems` or more.", "AI took part, and no system is named",
    ),
    Requirement(
        "L-KIND-5", "error", "/origin", "A label of the kind `ai_modified` MUST NOT have the origin `created`.",
        "ai_modified alters a work",
    ),
    Requirement(
        "L-KIND-6", "warning", "/oversight",
        "Where the label has `oversight`, it SHOULD be a level that C2PA pairs with the kind, where it pairs any (section 5).",
        "C2PA pairs",
    ),
    Requirement(
        "L-OP-1", "error", "/operations/N",
        "An operation `translated` MUST have both `source_language` and `target_language`.",
        "a translation without its two languages",
    ),
    Requirement(
        "L-OP-2", "warning", "/operations/N/by",
        f"In a label of a kind of AI ({_names(AI_KINDS)}), an operation SHOULD have `by`, unless it is one of "
        + ", ".join(f"`{name}`" for name in sorted(NO_SOURCE_NEEDED)) + ".",
        "who did it is not said",
    ),
    Requirement(
        "L-OP-3", "warning", "/operations/N",
        "A label of the kind `ai_assisted_technical` SHOULD NOT have an operation with `by` = `ai` that adds something: one of "
        + ", ".join(f"`{name}`" for name in sorted(ADDING)) + ".",
        "says that nothing was generated, and",
    ),
    Requirement(
        "L-KIND-7", "warning", "/operations",
        "A label of the kind `ai_modified` with one operation or more, all with `by` = `human`, SHOULD say elsewhere what AI did: in a "
        "contribution with another extent than `None`, or a likeness with `synthetic` = true.",
        "and every operation is by people",
    ),
    Requirement(
        "L-JUDGE-1", "warning", "/judgements/deep_fake",
        "A label with a likeness that has `synthetic` = true SHOULD NOT have `deep_fake` = false, unless nobody could take the "
        "person for a real one.",
        "is a deep fake too",
    ),
    Requirement(
        "L-JUDGE-2", "warning", "/judgements/deep_fake",
        f"A label of a kind of no AI ({_names(NOT_AI)}) SHOULD NOT have `deep_fake` = true.",
        "and a deep fake, which AI generates or manipulates",
    ),
    Requirement(
        "L-CHINA-1", "warning", "/china/FIELD",
        "The values of `china` SHOULD be of the characters U+0021 to U+007E without the backslash.",
        "has a space, a backslash or letters beside ASCII",
    ),
    Requirement(
        "L-CHINA-2", "warning", "/china", "In `china`, `propagator` and `propagate_id` SHOULD be both there or neither.",
        "a distributor and their number stand together",
    ),
    Requirement(
        "L-LIKE-1", "error", "/likeness/N/consent",
        "A likeness with `synthetic` = true and `real_person` = true MUST have `consent`.", "without a consent",
    ),
    Requirement(
        "L-CARR-1", "warning", "/carriers",
        "A label that is not signed yet SHOULD NOT have `carriers` (other than an empty list): the program that signs "
        "writes them.",
        "writes this itself when it signs",
    ),
    Requirement(
        "L-PRIV-1", "error", "*",
        "A text of a system field MUST NOT hold an e-mail address (pattern `email` below).",
        "an e-mail address in a field",
    ),
    Requirement(
        "L-PRIV-2", "error", "*",
        "A text of a system field MUST NOT hold a telephone number (pattern `telephone` below).",
        "a telephone number in a field",
    ),
    Requirement(
        "L-PRIV-3", "warning", "*",
        "A text of a system field SHOULD NOT hold the `name` of one of the `people` of the label, as it is written there.",
        "the name of a person in a field",
    ),
    Requirement(
        "L-PRIV-4", "error", "/prompt/text",
        "The text of the prompt MUST NOT hold what looks like a password or key (pattern `secret` below).",
        "a password or key",
    ),
)  # fmt: skip

#: The stages of a validator, in order: one is run only where none before it has a finding.
STAGES: dict[str, tuple[Requirement, ...]] = {
    "file": FILE,
    "data": DATA,
    "form": FORM,
    "calendar": CALENDAR,
    "consistency": CONSISTENCY,
}
REQUIREMENTS: dict[str, Requirement] = {row.id: row for rows in STAGES.values() for row in rows}


def requirement_of(level: str, message: str, *, of_file: bool = False) -> str:
    """Return the id of the requirement of which provlabel says in ``message`` that it is broken.

    ``of_file`` looks among the requirements of files alone, else among all others.

    Raises:
        LookupError: no row fits, or several do; says what to add.
    """
    rows = FILE if of_file else (*DATA, *FORM, *CALENDAR, *CONSISTENCY)
    found = [row.id for row in rows if row.level == level and re.search(row.message, message)]
    if len(found) != 1:
        several = f"fits {' and '.join(found)}" if found else "has no requirement"
        raise LookupError(
            f"the {level} {message!r} of provlabel lint {several}: give it one row in spec/label_requirements.py (id, level, "
            "pointer, text, a pattern that only this message matches), one vector or more in spec/label_vectors.py, and "
            "run: make docs"
        )
    return found[0]


_MISSING = set(CANONICAL) ^ set(SCHEMES)
if _MISSING:
    raise LookupError(f"identifier types without an algorithm, or none of the code: {_MISSING}: see spec/spec_words.py")
