"""What the code does not say in words: meaning of terms, forms of identifiers, rules of the fields of carriers.

Each table is looked up by a name of the code. A name that is missing here ends ``make docs`` and its test, with what to add.
"""

from __future__ import annotations

from collections.abc import Mapping


def looked_up(table: Mapping[str, str], name: str, where: str) -> str:
    """Return the words for ``name``.

    Raises:
        LookupError: there are none; says which row to add.
    """
    if name not in table:
        raise LookupError(f"spec/spec_words.py says nothing about {name!r}: add a row to {where}")
    return table[name]


_AS_AVS = "as in DDEX AVS 9"
_AS_C2PA = "as the C2PA action `c2pa.{}`"

#: Field that first has the vocabulary -> what it is about, and the meaning of each term ("" as the standard says).
VOCABULARIES: dict[str, tuple[str, str]] = {
    "Label.schema": ("schema", "The version of the schema."),
    "Label.kind": ("kind", "How far AI made the content. The table of kinds below has the meaning of each."),
    "Label.origin": ("origin", "Whether the systems created the content or altered it."),
    "Label.oversight": ("oversight", "How far people guided or checked the systems (C2PA `humanOversightLevel`)."),
    "Identifier.type": ("identifier type", "Scheme of an identifier of the content; section 6."),
    "PersonIdentifier.type": ("identifier type of people", "Scheme of an identifier of a person; section 6."),
    "Prompt.mode": ("prompt mode", "How the signed label treats the prompt; section 8."),
    "Contribution.part": ("part", "The part of the work. Some parts belong to some media alone (L-PART-7)."),
    "Contribution.extent": ("extent", "How far AI made the part (DDEX `AiContribution`)."),
    "Contribution.by": ("agent", "Who made it."),
    "Contribution.role": (
        "role",
        "Roles of contributors, with the spelling and meaning of the DDEX allowed value set AVS 9.",
    ),
    "Operation.operation": (
        "operation",
        "Changes to the content, with the name and meaning of the C2PA action without its prefix `c2pa.` (C2PA 2.4 "
        "§18.15).",
    ),
    "Permissions.mining": ("use", "What a permission says (CAWG training and data mining 1.1)."),
    "Region.shape": ("shape", "The shape of a region."),
    "Region.unit": ("unit", "What the numbers of a region count."),
    "Reference.type": ("reference type", "What an input of the systems was, besides the prompt."),
    "Likeness.depicts": ("depiction", "What of a person is seen or heard."),
    "Disclosure.kind": ("disclosure kind", "How people notice the mark."),
    "Mark.type": ("mark type", "What the mark is."),
}

#: Meaning of terms; those of roles and operations stand in their standards.
TERMS: dict[str, dict[str, str]] = {
    "schema": {"label-v1": "this specification"},
    "origin": {
        "created": "the systems made new content",
        "altered": "the systems changed content that was there before",
    },
    "oversight": {
        "fully_autonomous": "no person guided the system for this content",
        "prompt_guided": "a person guided the system by prompts or settings",
        "human_validated": "a person checked or worked over what the system made",
    },
    "identifier type": {
        "c2pa": "name of a C2PA manifest",
        "grid": "GRid of a release",
        "guid": "a GUID (UUID) of the content",
        "isrc": "ISRC of a recording",
        "iswc": "ISWC of a musical work",
        "upc": "UPC or EAN (GTIN-12, GTIN-13) of a release",
        "url": "address of a page about the content",
    },
    "identifier type of people": {
        "isni": "ISNI",
        "ipi": "IPI name number",
        "ipn": "IPN (International Performer Number)",
        "url": "address of a page about the person",
    },
    "prompt mode": {
        "omit": "the label says only that there was a prompt",
        "hash": "the label holds a salted digest of the prompt",
        "clear": "the label holds the text of the prompt, as a personal field",
    },
    "part": {
        "whole": "the work as a whole",
        "vocals": "singing, rap, spoken vocals",
        "lyrics": "the words of a song",
        "composition": "melody and harmony",
        "arrangement": "how the composition is set for voices and instruments",
        "instrumental": "what is played: drums, guitars, synthesizers, loops",
        "production": "the work of the producer on the recording",
        "mixing": "the mix",
        "mastering": "the master",
        "sound_design": "effects, ambience, invented sounds",
        "narration": "a voice that reads or tells",
        "translation": "a translation of words or speech",
        "text": "written words that are no lyrics",
        "artwork": "a still picture, such as a cover",
        "motion_artwork": "a moving picture in place of a cover",
        "video": "moving pictures",
        "image_region": "a part of a picture; `region` says which",
    },
    "extent": {
        "All": "AI made all of the part",
        "Partly": "AI made some of the part",
        "None": "AI made nothing of the part",
    },
    "agent": {"ai": "an AI system", "human": "a person"},
    "use": {
        "allowed": "allowed",
        "notAllowed": "not allowed",
        "constrained": "allowed under the condition in `constraint` and `constraint_url`; not allowed without one",
    },
    "shape": {
        "rectangle": "upper left corner `x`, `y`; `width`, `height`",
        "circle": "center `x`, `y`; diameter `width`",
        "polygon": "corners `points`",
    },
    "unit": {"percent": "percent of the width or height of the picture", "pixel": "pixels"},
    "reference type": {
        "reference": "a sound, picture or text that the system was given",
        "seed": "the seed of the random numbers",
        "model": "a model, or an addition to one",
        "dataset": "a set of data",
    },
    "depiction": {"voice": "the voice", "image": "the looks", "voice_and_image": "both"},
    "disclosure kind": {
        "icon": "a sign to be seen",
        "text": "words to be read",
        "audio": "words or a sound to be heard",
    },
    "mark type": {
        "watermark": "a mark in the content that programs find again",
        "fingerprint": "a value computed from the content",
    },
}
#: Vocabularies whose terms a standard defines, and its words for one.
OF_STANDARDS: dict[str, str] = {"role": _AS_AVS, "operation": _AS_C2PA}

#: ``S`` is the value in capital letters (A to Z alone) without any ``.`` and ``-``.
SCHEMES: dict[str, str] = {
    "c2pa": "The value begins with `urn:c2pa:` or `urn:uuid:`. Plain form: the value as it is.",
    "grid": (
        "Take `S`; take a leading `GRID:` away. What is left is `A1` and 16 characters, each `A` to `Z` or `0` to `9`. The "
        "check character is not checked. Plain form: what is left. (IFPI GRid 2.1)"
    ),
    "guid": (
        "Take the value in small letters (a to z alone); take a leading `urn:uuid:` away, then all `{` and `}`, in any order, at "
        "the beginning and the end. What is left is 8, 4, 4, 4 and 12 hexadecimal digits with `-` between. Plain form: what "
        "is left. (RFC 9562)"
    ),
    "ipi": "Take `S`. It is 9 to 11 digits. Plain form: with zeros in front to 11 digits. (CISAC)",
    "ipn": "Take `S`. It is 1 to 10 digits. Plain form: `S`. (SCAPR)",
    "isni": (
        "Take `S`. It is 15 digits and one character, `0` to `9` or `X`. Check (ISO 7064 MOD 11-2): begin with t = 0; for "
        "each of the 15 digits d in order, t = (t + d) · 2; the last character is the one with index (12 − t mod 11) mod 11 "
        "of `0123456789X`. Plain form: `S`. (ISO 27729)"
    ),
    "isrc": (
        "Take `S`; take a leading `ISRC:` away, then a leading `ISRC`. What is left is two letters, three letters or digits, "
        "seven digits. There is no check digit. Plain form: what is left. (ISO 3901:2019)"
    ),
    "iswc": (
        "Take `S`; take a leading `ISWC:` away, then a leading `ISWC`. What is left is `T`, nine digits d1 to d9, and a check "
        "digit: (10 − (1 + 1·d1 + 2·d2 + … + 9·d9) mod 10) mod 10. Plain form: what is left. (ISO 15707)"
    ),
    "upc": (
        "Take `S`. It is 12 digits (UPC) or 13 (EAN). Check (GS1): count places from the right, beginning with 0; the sum "
        "of all digits, those at odd places times 3, is a multiple of 10. Plain form: `S`."
    ),
    "url": "The value is `http://` or `https://` and one printable ASCII character or more. Plain form: the value as it is.",
}

#: Field of XMP -> what a mapper writes.
XMP: dict[str, str] = {
    "Iptc4xmpExt:DigitalSourceType": "the source type of `kind` (section 5)",
    "Iptc4xmpExt:AISystemUsed": "`name` of the first system, for a kind by a trained model (section 5)",
    "Iptc4xmpExt:AISystemVersionUsed": "`version` of the same system, where it has one",
    "Iptc4xmpExt:AIPromptInformation": "`prompt.text`",
    "Iptc4xmpExt:AIPromptWriterName": "`name` of the person with the id `prompt.writer`, where `prompt.text` is written",
    "plus:DataMining": "one term of PLUS for all permissions; rule M-XMP-1",
    "plus:OtherConstraints": (
        "where `plus:DataMining` is `DMI-PROHIBITED-SEECONSTRAINT`: `permissions.constraint` and "
        "`permissions.constraint_url`, with a space between; left out where there is neither"
    ),
    "dc:creator": "names of contributors, rule M-NAMES-1, in the order of `people`",
    "dc:rights": "`rights.notice`",
    "xmpRights:Owner": "`rights.holder`",
    "xmpRights:WebStatement": "`rights.licence_url`",
    "Iptc4xmpExt:DigImageGUID": "each identifier of type `guid`",
}

#: Neutral name of a tag -> what a mapper writes.
TAGS: dict[str, str] = {
    "PROVLABEL_KIND": "`kind`",
    "PROVLABEL_SYSTEMS": "one value for each system; rule M-TAG-1",
    "PROVLABEL_CONTRIBUTIONS": "one value for each contribution; rule M-TAG-2",
    "KEYWORDS": "the three fields above in one text; rule M-TAG-3",
    "ARTIST": "names credited without a role (rule M-NAMES-2), then names with one of the roles {ARTIST}",
    "COMPOSER": "names with one of the roles {COMPOSER}",
    "LYRICIST": "names with one of the roles {LYRICIST}",
    "PERFORMERS": "role and name, in turn, of each credit with one of the roles {PERFORMERS}",
    "INVOLVED": "role and name, in turn, of each credit whose role is in none of the four rows above",
    "ISRC": "each identifier of type `isrc`",
    "BARCODE": "each identifier of type `upc`",
    "ISWC": "each identifier of type `iswc`",
    "COPYRIGHT": "`rights.notice`",
}
