"""The label as records: what is said about one image or sound, in the field's own terms.

Every field is marked ``system`` (a fact about systems and content, always signed) or ``personal``
(about people or their words; signed only when asked, in an assertion of its own).  The schema only
grows: later versions add fields and never change the meaning of one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from provlabel.label.vocabularies import KINDS, IdentifierType, Kind, Origin, Oversight, PromptMode

SCHEMA = "label-v1"

#: Printable text on one line: control characters have no place in a name.
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$")]
#: An identifier; several carriers hold nothing but ASCII.
Ascii = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")]
#: RFC 3339 with a zone; a leap second is allowed.
Time = Annotated[
    str,
    Meta(
        pattern=(
            r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
            r"T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]{1,9})?"
            r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
        )
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


def _system(title: str, description: str, example: Any) -> Meta:
    return _field(title, description, example, "system")


def _field(title: str, description: str, example: Any, privacy: str) -> Meta:
    extra = {"x-privacy": privacy}
    return Meta(title=title, description=description, examples=[example], extra_json_schema=extra)


class Provider(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who provides an AI system."""

    name: Annotated[Line, _system("Name", "Legal name of the provider.", "Acme Audio Ltd")]


class System(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One AI system or tool that took part."""

    name: Annotated[Line, _system("Name", "Name of the system.", "AcmeSynth")]
    version: Annotated[Line | UnsetType, _system("Version", "Version of the system.", "2.1.0")] = UNSET
    model_type: Annotated[
        Ascii | UnsetType,
        _system("Model type", "Term of the C2PA asset-type list.", "c2pa.types.model.pytorch"),
    ] = UNSET
    identifier: Annotated[
        Ascii | UnsetType,
        _system("Model identifier", "URI or package URL of the model.", "pkg:huggingface/acme/synth@2.1.0"),
    ] = UNSET


class Identifier(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One identifier of the content itself."""

    type: Annotated[IdentifierType, _system("Type", "The scheme of the identifier.", "isrc")]
    value: Annotated[Ascii, _system("Value", "The identifier, in printable ASCII.", "GBAYE2600001")]


class Prompt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The prompt: its text in what you write; its digest, or that it is withheld, in what is signed."""

    text: Annotated[
        str | UnsetType,
        _field(
            "Text",
            "The prompt in clear. Signed only with prompt mode clear, in the personal assertion.",
            "a lighthouse at dawn, oil on canvas",
            "personal",
        ),
    ] = UNSET
    mode: Annotated[PromptMode | UnsetType, _system("Mode", "How the signed label treats the prompt.", "hash")] = UNSET
    sha256: Annotated[
        Sha256 | UnsetType,
        _system(
            "Salted digest",
            "SHA-256 over the 16 bytes of salt in the owner's receipt and the UTF-8 text; lower-case hex.",
            "9f2feb0f1ef425b292f2f94bc8482494df430413b0f7d3a1c4c6b5b0e6d5f7a1",
        ),
    ] = UNSET


class Label(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about one image or sound: was AI at work, which, how, when, and who provides it."""

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
        Provider | UnsetType,
        _system("Provider", "Who provides the AI systems.", {"name": "Acme Audio Ltd"}),
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
            "When the content was created or altered, as claimed: RFC 3339 with a zone.",
            "2026-11-22T10:00:00Z",
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
    prompt: Annotated[Prompt | UnsetType, _system("Prompt", "What the systems were asked for.", {"mode": "omit"})] = (
        UNSET
    )


def origin_of(label: Label) -> Origin:
    """Return ``created`` or ``altered``: what the label says, else what its kind implies."""
    return KINDS[label.kind].origin if label.origin is UNSET else label.origin
