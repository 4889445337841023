"""IPTC Photo Metadata 2025.1, PLUS and Dublin Core in XMP: what picture tools and platforms read.

IPTC has one AI system, so the first one of a label stands there; PLUS has one permission, so the
strictest stands there, and it knows nothing of inference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from provlabel.carriers.vocabularies._base import Field, Fields, first, gathered
from provlabel.carriers.vocabularies._people import names_of, people_named
from provlabel.label import Label
from provlabel.label.records import Permissions
from provlabel.label.vocabularies import CAWG_USES, IPTC, KINDS, SOURCE_TYPES, plain_uri

SOURCE_TYPE = "Iptc4xmpExt:DigitalSourceType"
SYSTEM, VERSION = "Iptc4xmpExt:AISystemUsed", "Iptc4xmpExt:AISystemVersionUsed"
PROMPT, WRITER = "Iptc4xmpExt:AIPromptInformation", "Iptc4xmpExt:AIPromptWriterName"
MINING, _CONSTRAINT = "plus:DataMining", "plus:OtherConstraints"
_CREATOR, _GUID = "dc:creator", "Iptc4xmpExt:DigImageGUID"
_RIGHTS = {"dc:rights": "notice", "xmpRights:Owner": "holder", "xmpRights:WebStatement": "licence_url"}
_PHOTO = "IPTC Photo Metadata 2025.1"
_PLUS = "http://ns.useplus.org/ldf/vocab/"

FIELDS = {
    row.name: row
    for row in (
        Field(SOURCE_TYPE, "statement", source=_PHOTO),
        Field(SYSTEM, "statement", source=_PHOTO),
        Field(VERSION, "statement", source=_PHOTO),
        Field(PROMPT, "statement", personal=True, source=_PHOTO),
        Field(WRITER, "statement", personal=True, source=_PHOTO),
        Field(MINING, "statement", source="PLUS LDF, vocab/DMI-*", certainty="S"),
        Field(_CONSTRAINT, "statement", source="PLUS LDF", certainty="S"),
        Field(_CREATOR, "credit", personal=True, source=_PHOTO),
        Field("dc:rights", "credit", source=_PHOTO),
        Field("xmpRights:Owner", "credit", source="XMP specification part 2, §2.2"),
        Field("xmpRights:WebStatement", "credit", source="XMP specification part 2, §2.2"),
        Field(_GUID, "identifier", source=_PHOTO),
    )
}


def dump(label: Label) -> dict[str, tuple[str, ...]]:
    """Return the XMP fields that state what ``label`` states."""
    return gathered((*_about_ai(label), *_permissions(label), *_rights(label)))


def _about_ai(label: Label) -> Iterator[tuple[str, Any]]:
    facts = KINDS[label.kind]
    yield SOURCE_TYPE, facts.digital_source_type
    if facts.trained and label.systems:
        yield SYSTEM, label.systems[0].name
        yield VERSION, label.systems[0].version
    if label.prompt is not UNSET and label.prompt.text is not UNSET:
        yield PROMPT, label.prompt.text
        yield from ((WRITER, person.name) for person in label.people if person.id == label.prompt.writer)


def _rights(label: Label) -> Iterator[tuple[str, Any]]:
    yield from ((_GUID, item.value) for item in label.identifiers if item.type == "guid")
    yield from ((_CREATOR, name) for name in names_of(label))
    if label.rights is not UNSET:
        yield from ((field, getattr(label.rights, key)) for field, key in _RIGHTS.items())


# --- permissions -----------------------------------------------------------------------------------

#: Strictest first: a permission, and the term that forbids it.
_PROHIBITIONS = (
    ("mining", "DMI-PROHIBITED"),
    ("ai_training", "DMI-PROHIBITED-AIMLTRAINING"),
    ("generative_training", "DMI-PROHIBITED-GENAIMLTRAINING"),
)
_CONSTRAINED, _ALLOWED = "DMI-PROHIBITED-SEECONSTRAINT", "DMI-ALLOWED"
_USES = tuple(field for field in CAWG_USES if field != "inference")


def _permissions(label: Label) -> Iterator[tuple[str, Any]]:
    """Say the permissions in the one value that PLUS has (LDF vocabulary)."""
    if label.permissions is UNSET:
        return
    uses = {field: getattr(label.permissions, field) for field in _USES}
    if "constrained" in uses.values():
        yield MINING, _PLUS + _CONSTRAINED
        yield _CONSTRAINT, constraint_of(label.permissions) or UNSET
        return
    term = next((term for field, term in _PROHIBITIONS if uses[field] == "notAllowed"), "")
    if not term and set(uses.values()) == {"allowed"}:
        term = _ALLOWED
    if term:
        yield MINING, _PLUS + term


def constraint_of(permissions: Permissions) -> str:
    """Return the condition of a constrained use in one text: its words and where it stands."""
    return " ".join(part for part in (permissions.constraint, permissions.constraint_url) if part is not UNSET)


def permitted(fields: Fields) -> dict[str, str]:
    """Return the uses of which the one term of PLUS speaks, and what it says of each; a condition beside them."""
    term = first(fields, MINING).strip().replace("https://", "http://", 1).removeprefix(_PLUS)
    if term == _CONSTRAINED:
        condition = first(fields, _CONSTRAINT)
        return {"mining": "constrained"} | ({"constraint": condition} if condition else {})
    if term == _ALLOWED:
        return dict.fromkeys(_USES, "allowed")
    return {field: "notAllowed" for field, forbids in _PROHIBITIONS if term == forbids}


# --- and back --------------------------------------------------------------------------------------


def load(fields: Fields) -> dict[str, Any]:
    """Return what XMP fields say, as part of a plain label; a term that no vocabulary knows says nothing."""
    label: dict[str, Any] = {}
    if kind := kind_of(first(fields, SOURCE_TYPE)):
        label["kind"] = kind
    if name := first(fields, SYSTEM):
        version = first(fields, VERSION)
        label["systems"] = [{"name": name} | ({"version": version} if version else {})]
    if prompt := first(fields, PROMPT):
        label["prompt"] = {"text": prompt}
    if uses := permitted(fields):
        label["permissions"] = uses
    if rights := {key: first(fields, field) for field, key in _RIGHTS.items() if first(fields, field)}:
        label["rights"] = rights
    if fields.get(_GUID):
        label["identifiers"] = [{"type": "guid", "value": value} for value in fields[_GUID]]
    if people := people_named([(name, "") for name in fields.get(_CREATOR, ())]):
        label["people"] = people
    if (writer := first(fields, WRITER)) and prompt:
        _add_writer(label, writer)
    return label


def _add_writer(label: dict[str, Any], name: str) -> None:
    people = label.setdefault("people", [])
    known = next((person["id"] for person in people if person["name"] == name), None)
    if known is None:
        known = f"person{len(people) + 1}"
        people.append({"id": known, "name": name})
    label["prompt"]["writer"] = known


#: Source types of recordings by a camera or microphone: made by people, in more exact words.
_CAPTURES = frozenset(
    IPTC + term
    for term in ("digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print", "compositeCapture")
)


def kind_of(source_type: str) -> str | None:
    """Return the kind of which a digital source type speaks, in whatever form it is written."""
    uri = plain_uri(source_type)
    return "human_made" if uri in _CAPTURES else SOURCE_TYPES.get(uri)
