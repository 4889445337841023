"""The label as records: what it states about one image or sound, in the field's own terms.

Every field is marked ``system`` (a fact about systems and content, always signed) or ``personal``
(about people or their words; signed only when asked, in an assertion of its own).  The schema only
grows: later versions add fields and never change the meaning of one.  Whole numbers and times are
texts where carriers disagree about their size; seconds and percentages are numbers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from provlabel._support.json_schema import END
from provlabel.label.vocabularies import (
    KINDS,
    Agent,
    Depicts,
    DisclosureKind,
    Extent,
    IdentifierType,
    Kind,
    MarkType,
    OperationName,
    Origin,
    Oversight,
    PartName,
    PersonIdentifierType,
    PromptMode,
    ReferenceType,
    Role,
    Shape,
    Unit,
    Use,
)

SCHEMA = "label-v1"

#: Where personal fields lie in a label; ``*`` stands for each element. A test compares with the marks below.
PERSONAL: tuple[tuple[str, ...], ...] = (
    ("people", "*", "identifiers"),
    ("people", "*", "name"),
    ("prompt", "text"),
    ("carriers", "*", "personal_values"),
)

# The forms that texts may have.
ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
ASCII = r"^[\x21-\x7e]+$"
ID = r"^[A-Za-z0-9_.-]{1,40}$"
URL = r"^https?://[\x21-\x7e]+$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
RFC_3339 = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
HEX_64 = r"^[0-9a-f]{64}$"


def _whole(form: str) -> str:
    """Return a form of a whole text: for Python, ``$`` is also the place before a line break at the end."""
    return form.removesuffix("$") + END


#: Printable text on one line: control characters have no place in a name.
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=_whole(ONE_LINE))]
#: A sentence or two.
Text = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=_whole(ONE_LINE))]
#: An identifier; several carriers hold nothing but ASCII.
Ascii = Annotated[str, Meta(min_length=1, max_length=500, pattern=_whole(ASCII))]
#: A name or number as the register of somebody else has it.
Code = Annotated[str, Meta(min_length=1, max_length=500, pattern=_whole(ONE_LINE))]
#: The name by which another field of the same label refers to this one.
Id = Annotated[str, Meta(pattern=_whole(ID))]
Url = Annotated[str, Meta(max_length=500, pattern=_whole(URL))]
#: BCP 47, as far as labels need it.
Language = Annotated[str, Meta(pattern=_whole(LANGUAGE), max_length=35)]
#: RFC 3339 with a zone; a leap second is allowed.
Time = Annotated[str, Meta(pattern=_whole(RFC_3339))]
Sha256 = Annotated[str, Meta(pattern=_whole(HEX_64))]
Seconds = Annotated[float, Meta(ge=0, le=1e6, extra_json_schema={"x-unit": "s"})]
Length = Annotated[float, Meta(ge=0, le=1e6)]


def _system(title: str, description: str, example: Any) -> Meta:
    return _field(title, description, example, "system")


def _personal(title: str, description: str, example: Any) -> Meta:
    return _field(title, description, example, "personal")


def _field(title: str, description: str, example: Any, privacy: str) -> Meta:
    extra = {"x-privacy": privacy}
    return Meta(title=title, description=description, examples=[example], extra_json_schema=extra)


class _Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all parts of a label have in common."""


class Provider(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """Who provides an AI system."""

    name: Annotated[Line, _system("Name", "Legal name of the provider.", "Acme Audio Ltd")]
    url: Annotated[Url | UnsetType, _system("URL", "Page of the provider.", "https://acme.example/")] = UNSET


class System(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """One AI system or tool that took part."""

    name: Annotated[Line, _system("Name", "Name of the system.", "AcmeSynth")]
    version: Annotated[Line | UnsetType, _system("Version", "Version of the system.", "2.1.0")] = UNSET
    model_type: Annotated[
        Ascii | UnsetType, _system("Model type", "Term of the C2PA asset-type list.", "c2pa.types.model.pytorch")
    ] = UNSET
    identifier: Annotated[
        Ascii | UnsetType,
        _system("Model identifier", "URI or package URL of the model.", "pkg:huggingface/acme/synth@2.1.0"),
    ] = UNSET


class Identifier(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """One identifier of the content itself."""

    type: Annotated[IdentifierType, _system("Type", "The scheme of the identifier.", "isrc")]
    value: Annotated[Ascii, _system("Value", "The identifier, in printable ASCII.", "GBAYE2600001")]


class PersonIdentifier(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """One identifier of a person or band."""

    type: Annotated[PersonIdentifierType, _personal("Type", "The scheme of the identifier.", "isni")]
    value: Annotated[Ascii, _personal("Value", "The identifier, in printable ASCII.", "0000000121032683")]


class Person(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who contributed, or who is seen or heard. The name is signed only with `--personal`."""

    id: Annotated[Id, _system("Id", "How other fields of this label refer to the person.", "singer")]
    roles: Annotated[
        tuple[Role, ...], Meta(max_length=25), _system("Roles", "DDEX contributor roles.", ["LeadVocalist"])
    ] = ()
    name: Annotated[Line | UnsetType, _personal("Name", "Name as credited.", "Ada Example")] = UNSET
    identifiers: Annotated[
        tuple[PersonIdentifier, ...],
        Meta(max_length=10),
        _personal("Identifiers", "ISNI, IPI or IPN.", [{"type": "isni", "value": "0000000121032683"}]),
    ] = ()


class Prompt(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """The prompt. You write its text; the signed label has its salted digest, or states that it is withheld."""

    text: Annotated[
        str | UnsetType,
        _personal(
            "Text",
            "The prompt in clear. Signed only with prompt mode clear, in the personal assertion.",
            "a lighthouse at dawn, oil on canvas",
        ),
    ] = UNSET
    mode: Annotated[PromptMode | UnsetType, _system("Mode", "How the signed label treats the prompt.", "hash")] = UNSET
    writer: Annotated[Id | UnsetType, _system("Writer", "Id of the person of this label who wrote it.", "writer")] = (
        UNSET
    )
    sha256: Annotated[
        Sha256 | UnsetType,
        _system(
            "Salted digest",
            "SHA-256 over the 16 bytes of salt in the owner's receipt and the UTF-8 text; lower-case hex.",
            "9f2feb0f1ef425b292f2f94bc8482494df430413b0f7d3a1c4c6b5b0e6d5f7a1",
        ),
    ] = UNSET


class CarrierValues(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """One carrier in which the label is repeated, and a digest of each value in it."""

    id: Annotated[Id, _system("Id", "Which carrier: xmp, id3, vorbis, mp4 or riff.", "xmp")]
    values: Annotated[
        dict[str, Sha256],
        _system(
            "Values",
            "For each field of the carrier, the SHA-256 of its values as a JSON list in UTF-8 without spaces.",
            {"Iptc4xmpExt:AISystemUsed": "9f2feb0f1ef425b292f2f94bc8482494df430413b0f7d3a1c4c6b5b0e6d5f7a1"},
        ),
    ]
    personal_values: Annotated[
        dict[str, Sha256] | UnsetType,
        _personal(
            "Personal values",
            "The same for fields with names or prompts of people.",
            {"TPE1": "9f2feb0f1ef425b292f2f94bc8482494df430413b0f7d3a1c4c6b5b0e6d5f7a1"},
        ),
    ] = UNSET


class Point(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """One corner of a polygon."""

    x: Annotated[Length, _system("X", "From the left, in the unit of the region.", 10.0)]
    y: Annotated[Length, _system("Y", "From the top, in the unit of the region.", 20.0)]


class Region(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a picture, from its upper left corner."""

    shape: Annotated[Shape, _system("Shape", "Rectangle, circle or polygon.", "rectangle")]
    unit: Annotated[Unit, _system("Unit", "Percent of the picture, or pixels.", "percent")] = "percent"
    x: Annotated[Length | UnsetType, _system("X", "Left edge of a rectangle; center of a circle.", 0.0)] = UNSET
    y: Annotated[Length | UnsetType, _system("Y", "Top edge of a rectangle; center of a circle.", 0.0)] = UNSET
    width: Annotated[Length | UnsetType, _system("Width", "Width of a rectangle; diameter of a circle.", 100.0)] = UNSET
    height: Annotated[Length | UnsetType, _system("Height", "Height of a rectangle.", 40.0)] = UNSET
    points: Annotated[
        tuple[Point, ...],
        Meta(max_length=100),
        _system("Points", "Corners of a polygon.", [{"x": 0, "y": 0}, {"x": 10, "y": 0}, {"x": 5, "y": 9}]),
    ] = ()


class Span(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of time of a sound."""

    start: Annotated[Seconds, _system("Start", "Seconds from the beginning.", 12.0)]
    end: Annotated[Seconds, _system("End", "Seconds from the beginning; after the start.", 58.0)]


class Contribution(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """Who made one part of the work, and how far AI did."""

    part: Annotated[PartName, _system("Part", "Which part of the work.", "instrumental")]
    extent: Annotated[
        Extent, _system("Extent", "How far AI made this part: All, Partly or None (DDEX AiContribution).", "All")
    ]
    by: Annotated[Agent, _system("By", "Whether this contributor is an AI system or a human.", "ai")]
    system: Annotated[Line | UnsetType, _system("System", "Name of one of the systems of this label.", "AcmeSynth")] = (
        UNSET
    )
    person: Annotated[Id | UnsetType, _system("Person", "Id of one of the people of this label.", "singer")] = UNSET
    role: Annotated[Role | UnsetType, _system("Role", "DDEX contributor role.", "StudioMusician")] = UNSET
    region: Annotated[
        Region | UnsetType,
        _system(
            "Region", "Which region of the picture.", {"shape": "rectangle", "x": 0, "y": 0, "width": 100, "height": 40}
        ),
    ] = UNSET
    span: Annotated[Span | UnsetType, _system("Time span", "Which stretch of the sound.", {"start": 12, "end": 58})] = (
        UNSET
    )
    stem: Annotated[Line | UnsetType, _system("Stem", "Name or number of the track or stem.", "drums")] = UNSET
    description: Annotated[
        Text | UnsetType, _system("Description", "What it is, in words.", "drums of the second verse")
    ] = UNSET


class Operation(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """One operation on the content. Laws differ on which operations are minor."""

    operation: Annotated[OperationName, _system("Operation", "C2PA action without its prefix.", "enhanced")]
    technique: Annotated[
        Line | UnsetType, _system("Technique", "The technique, in the words of the trade.", "denoise")
    ] = UNSET
    source_language: Annotated[Language | UnsetType, _system("Source language", "Of a translation, BCP 47.", "de")] = (
        UNSET
    )
    target_language: Annotated[Language | UnsetType, _system("Target language", "Of a translation, BCP 47.", "en")] = (
        UNSET
    )
    by: Annotated[Agent | UnsetType, _system("By", "Whether an AI system or a human did it.", "ai")] = UNSET
    system: Annotated[Line | UnsetType, _system("System", "Name of one of the systems of this label.", "AcmeSynth")] = (
        UNSET
    )


class Permissions(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """What others may do with the work (CAWG training and data mining 1.1)."""

    mining: Annotated[Use | UnsetType, _system("Mining", "Text and data mining.", "notAllowed")] = UNSET
    ai_training: Annotated[Use | UnsetType, _system("AI training", "Training of any AI system.", "notAllowed")] = UNSET
    generative_training: Annotated[
        Use | UnsetType, _system("Generative training", "Training of generative AI.", "constrained")
    ] = UNSET
    inference: Annotated[Use | UnsetType, _system("Inference", "As input of an AI system.", "allowed")] = UNSET
    constraint: Annotated[
        Text | UnsetType, _system("Constraint", "Under which condition, where constrained.", "By licence only")
    ] = UNSET
    constraint_url: Annotated[
        Url | UnsetType, _system("Constraint URL", "Page with the condition.", "https://acme.example/licence")
    ] = UNSET


class Rights(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """Who owns the rights to the work. Public."""

    notice: Annotated[Text | UnsetType, _system("Notice", "Copyright notice.", "© 2026 Acme Records")] = UNSET
    holder: Annotated[Line | UnsetType, _system("Holder", "Who holds the rights.", "Acme Records")] = UNSET
    licence_url: Annotated[
        Url | UnsetType, _system("Licence URL", "Page with the licence.", "https://acme.example/licence")
    ] = UNSET


class Likeness(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """A real or invented person who is seen or heard, and the consent for it."""

    depicts: Annotated[Depicts, _system("Depicts", "Voice, image, or both.", "voice")]
    synthetic: Annotated[bool, _system("Synthetic", "Made or changed by AI.", True)]
    real_person: Annotated[bool, _system("Real person", "Resembles an existing person.", True)]
    person: Annotated[Id | UnsetType, _system("Person", "Id of one of the people of this label.", "singer")] = UNSET
    consent: Annotated[
        Line | UnsetType,
        _system("Consent", "Reference number of the consent, in the files of whoever keeps it.", "release 2026-17"),
    ] = UNSET


class Judgements(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """Judgements of the signer. provlabel reports them and never guesses them."""

    deep_fake: Annotated[
        bool | UnsetType,
        _system(
            "Deep fake",
            "Resembles persons, objects, places or events and falsely appears authentic (EU AI Act Art. 3(60)). It is "
            "enough that they could plausibly exist: an invented voice or person that sounds or looks real is one too "
            "(Commission Guidelines C(2026) 5054). What nobody would take for real is none.",
            False,
        ),
    ] = UNSET
    artistic: Annotated[
        bool | UnsetType, _system("Artistic", "Evidently artistic, creative, satirical or fictional.", True)
    ] = UNSET
    advertising: Annotated[bool | UnsetType, _system("Advertising", "Made for advertising.", False)] = UNSET
    promotes_expressive_work: Annotated[
        bool | UnsetType,
        _system(
            "Promotes an expressive work",
            "It advertises a film, game, song or other expressive work, and shows AI performers as that work does.",
            True,
        ),
    ] = UNSET
    substantial_change: Annotated[
        bool | UnsetType, _system("Substantial change", "Changes what the content says.", True)
    ] = UNSET
    code_signatory: Annotated[
        bool | UnsetType,
        _system(
            "Code signatory",
            "Whoever provides the AI system, and whoever publishes the content, has signed the section of the EU Code "
            "of Practice on transparency (10 June 2026) that is about them.",
            True,
        ),
    ] = UNSET


class Disclosure(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """A mark that people can see or hear."""

    kind: Annotated[DisclosureKind, _system("Kind", "Icon, text or audio.", "text")]
    text: Annotated[Text | UnsetType, _system("Text", "What it says.", "Made with AI")] = UNSET
    language: Annotated[Language | UnsetType, _system("Language", "BCP 47.", "en")] = UNSET
    place: Annotated[
        Line | UnsetType,
        _system(
            "Place", "Where it is: in the content, or beside it, as in credits or on a ticket.", "lower right corner"
        ),
    ] = UNSET
    alternative: Annotated[
        Text | UnsetType, _system("Alternative", "Accessible alternative.", "Image made with AI")
    ] = UNSET


class Mark(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """A watermark or fingerprint of the content (C2PA soft binding)."""

    type: Annotated[MarkType, _system("Type", "Watermark or fingerprint.", "watermark")]
    algorithm: Annotated[
        Ascii, _system("Algorithm", "Name in the C2PA list of soft-binding algorithms.", "com.adobe.trustmark.P")
    ]
    value: Annotated[
        Ascii | UnsetType, _system("Value", "The value in the watermark, or the fingerprint.", "a1b2c3")
    ] = UNSET


class China(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """Codes for the AIGC object of GB 45438-2025; where no distributor is named, the object repeats the producer."""

    producer: Annotated[
        Code, _system("Producer", "Name or code of the service provider.", "001191110102MACQD9K64010000")
    ]
    produce_id: Annotated[Code, _system("Produce id", "The provider's own number of the content.", "20261122-0001")]
    propagator: Annotated[
        Code | UnsetType, _system("Propagator", "Name or code of the distributor.", "001191110102MACQD9K64020000")
    ] = UNSET
    propagate_id: Annotated[Code | UnsetType, _system("Propagate id", "The distributor's own number.", "P-77")] = UNSET


class Reference(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """An input of the system, besides the prompt."""

    type: Annotated[ReferenceType, _system("Type", "Reference media, seed, model or data set.", "reference")]
    title: Annotated[Line | UnsetType, _system("Title", "What it is.", "melody sketch")] = UNSET
    value: Annotated[
        Line | UnsetType, _system("Value", "The seed as text: carriers disagree on large numbers.", "8675309")
    ] = UNSET
    url: Annotated[Url | UnsetType, _system("URL", "Where it is.", "https://acme.example/sketch.mid")] = UNSET
    sha256: Annotated[
        Sha256 | UnsetType,
        _system("SHA-256", "Digest of it.", "9f2feb0f1ef425b292f2f94bc8482494df430413b0f7d3a1c4c6b5b0e6d5f7a1"),
    ] = UNSET


class Label(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """The statement about one image or sound: how far AI made it, which system, how, when, and who provides it."""

    schema: Annotated[Literal["label-v1"], _system("Schema", "The version of this schema.", "label-v1")] = "label-v1"
    kind: Annotated[Kind, _system("Kind", "How far AI made the content.", "ai_generated")]
    origin: Annotated[
        Origin | UnsetType,
        _system(
            "Created or altered",
            "Whether the systems created the content or altered it. Follows from kind when absent.",
            "created",
        ),
    ] = UNSET
    title: Annotated[Line | UnsetType, _system("Title", "Title of the work; public.", "Lighthouse at dawn")] = UNSET
    provider: Annotated[
        Provider | UnsetType, _system("Provider", "Who provides the AI systems.", {"name": "Acme Audio Ltd"})
    ] = UNSET
    systems: Annotated[
        tuple[System, ...],
        Meta(max_length=50),
        _system(
            "Systems",
            "The AI systems and tools that took part, the main one first.",
            [{"name": "AcmeSynth", "version": "2.1.0"}],
        ),
    ] = ()
    event_time: Annotated[
        Time | UnsetType,
        _system(
            "Event time",
            "When the content was created or altered, or when that began, as claimed: RFC 3339 with a zone.",
            "2026-11-22T10:00:00Z",
        ),
    ] = UNSET
    event_end: Annotated[
        Time | UnsetType,
        _system(
            "Event end",
            "When the work on the content ended, for longer work: RFC 3339 with a zone.",
            "2026-11-22T11:30:00Z",
        ),
    ] = UNSET
    identifiers: Annotated[
        tuple[Identifier, ...],
        Meta(max_length=50),
        _system("Identifiers", "Identifiers of the content.", [{"type": "isrc", "value": "GBAYE2600001"}]),
    ] = ()
    oversight: Annotated[
        Oversight | UnsetType,
        _system(
            "Human oversight",
            "How far people guided or checked the systems (C2PA humanOversightLevel).",
            "prompt_guided",
        ),
    ] = UNSET
    prompt: Annotated[Prompt | UnsetType, _system("Prompt", "The prompt that the systems got.", {"mode": "omit"})] = (
        UNSET
    )
    references: Annotated[
        tuple[Reference, ...],
        Meta(max_length=50),
        _system(
            "References", "Other inputs of the systems: seeds, sketches, models.", [{"type": "seed", "value": "7"}]
        ),
    ] = ()
    contributions: Annotated[
        tuple[Contribution, ...],
        Meta(max_length=200),
        _system(
            "Contributions",
            "Who made which part, human parts included.",
            [{"part": "vocals", "extent": "None", "by": "human"}],
        ),
    ] = ()
    operations: Annotated[
        tuple[Operation, ...],
        Meta(max_length=200),
        _system("Operations", "What was done to the content, in order.", [{"operation": "mastered", "by": "ai"}]),
    ] = ()
    people: Annotated[
        tuple[Person, ...],
        Meta(max_length=100),
        _system("People", "Who contributed, or is seen or heard.", [{"id": "singer", "roles": ["LeadVocalist"]}]),
    ] = ()
    likeness: Annotated[
        tuple[Likeness, ...],
        Meta(max_length=50),
        _system(
            "Likeness",
            "People who are seen or heard, and their consent.",
            [{"depicts": "voice", "synthetic": True, "real_person": True, "consent": "release 2026-17"}],
        ),
    ] = ()
    permissions: Annotated[
        Permissions | UnsetType,
        _system("Permissions", "What others may do with the work.", {"generative_training": "notAllowed"}),
    ] = UNSET
    rights: Annotated[
        Rights | UnsetType, _system("Rights", "Who owns the rights to the work.", {"notice": "© 2026 Acme Records"})
    ] = UNSET
    correction: Annotated[
        Line | UnsetType,
        _system(
            "Correction",
            "Why the label says otherwise than an earlier label, or a mark, in this very file.",
            "the demo was by AI; all of it was played again by people",
        ),
    ] = UNSET
    judgements: Annotated[
        Judgements | UnsetType, _system("Judgements", "Judgements of the signer.", {"deep_fake": False})
    ] = UNSET
    disclosure: Annotated[
        tuple[Disclosure, ...],
        Meta(max_length=20),
        _system("Disclosure", "Marks that people can see or hear.", [{"kind": "icon", "place": "lower right corner"}]),
    ] = ()
    marks: Annotated[
        tuple[Mark, ...],
        Meta(max_length=20),
        _system("Marks", "Watermarks and fingerprints.", [{"type": "fingerprint", "algorithm": "io.iscc.v0"}]),
    ] = ()
    detector_url: Annotated[
        Url | UnsetType, _system("Detector", "Address of a free detector of the marks.", "https://acme.example/detect")
    ] = UNSET
    china: Annotated[
        China | UnsetType,
        _system("China", "Codes for the AIGC object.", {"producer": "Acme", "produce_id": "20261122-0001"}),
    ] = UNSET
    carriers: Annotated[
        tuple[CarrierValues, ...],
        Meta(max_length=10),
        _system(
            "Carriers",
            "Written by provlabel when it signs: the tags in the file that repeat the label.",
            [{"id": "xmp", "values": {}}],
        ),
    ] = ()
    extra: Annotated[
        dict[str, Any] | UnsetType,
        _system("Extra", "Any other data. It is kept as it is; other programs ignore it.", {"com.acme.job": "17"}),
    ] = UNSET


def origin_of(label: Label) -> Origin:
    """Return ``created`` or ``altered``: what the label says, else what its kind implies."""
    return KINDS[label.kind].origin if label.origin is UNSET else label.origin
