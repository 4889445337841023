"""Labels as fragments of a DDEX message (ERN 4.3.2), and labels out of one.  Pure, and with every loss named.

A fragment stands where it stands in a ``NewReleaseMessage``, so that it can be merged into one; it is no message
itself: sender, titles, artists and deals are the label manager's, and nothing is made up here.  Sources: XSD of ERN
4.3.2 (v0.9.11 of 18 June 2025) for names, order and the defaults of ``AiContribution``; AVS version 9 for values.
:data:`ELEMENTS` says of each element how sure it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from msgspec import UNSET, structs

from provlabel._support.xml import Element, to_bytes, unwritable
from provlabel.exchange.ern import NAMESPACE, USE_TYPES, Resource
from provlabel.label import Label
from provlabel.label.identifiers import CANONICAL
from provlabel.label.records import Contribution, Person
from provlabel.label.vocabularies import KINDS

AVS_VERSION = "9"
Media = Literal["image", "audio", "video"]


class WrittenElement(NamedTuple):
    """One element that is written, what it says, and where that stands."""

    element: str
    field: str
    source: str
    certainty: str  #: as in the map of standards: P primary text read, S secondary; ``unverified`` nobody confirmed it


_XSD = "ERN 4.3.2 XSD v0.9.11"
#: What is written, by its place below the resource unless it begins with another list.
ELEMENTS: tuple[WrittenElement, ...] = (
    WrittenElement("ContainsAI", "kind", f"{_XSD}; AVS 9", "P"),
    WrittenElement("Contributor/SpecialContributor = GenerativeAI", "contributions.by", f"{_XSD}; AVS 9", "P"),
    WrittenElement("Contributor/Role/Value", "contributions.role, people.roles", f"{_XSD}; AVS 9", "P"),
    WrittenElement("Contributor/AiContribution", "contributions.extent", f"{_XSD}; AVS 9", "P"),
    WrittenElement(
        "Contributor/AiContribution = Partly with GenerativeAI", "contributions.extent",
        "the XSD gives a default only, and no sample was seen", "unverified",
    ),
    WrittenElement("PartyList/Party/PartyName/FullName", "people.name", _XSD, "P"),
    WrittenElement("PartyList/Party/PartyId/ISNI, IpiNameNumber, IPN", "people.identifiers", _XSD, "P"),
    WrittenElement("SoundRecordingEdition/ResourceId/ISRC", "identifiers.isrc", _XSD, "P"),
    WrittenElement("WorkId/ISWC", "identifiers.iswc", _XSD, "P"),
    WrittenElement("ReleaseList/TrackRelease/ReleaseId/GRid", "identifiers.grid", _XSD, "P"),
    WrittenElement("ReleaseList/Release/ReleaseId/ICPN", "identifiers.upc", _XSD, "P"),
    WrittenElement("DisplayTitleText", "title", _XSD, "P"),
    WrittenElement("CreationDate", "event_time (its date)", _XSD, "P"),
    WrittenElement("PLine/PLineText, CLine/CLineText", "rights.notice", _XSD, "P"),
    WrittenElement("PLine/PLineCompany, CLine/CLineCompany", "rights.holder", _XSD, "P"),
    WrittenElement("TechnicalDetails/DeliveryFile/File/URI", "the file's name", _XSD, "P"),
    WrittenElement("TechnicalDetails/DeliveryFile/File/HashSum", "the file's SHA-256", f"{_XSD}; AVS", "P"),
    WrittenElement(
        "VideoEdition and its DeliveryFile", "as for sounds",
        "the value of DeliveryFile/Type for videos was not seen, and is left out", "unverified",
    ),
    WrittenElement("DealList/ReleaseDeal/Deal/DealTerms/UseType", "permissions", f"{_XSD}; AVS 9", "P"),
    WrittenElement(
        "a UseType without terms is read as allowed, one with terms as constrained", "permissions",
        "our reading; no guidance of DDEX's was seen", "unverified",
    ),
)  # fmt: skip

#: The children that are written, in the order of the XSD.  What is not here cannot be written.
_ORDER: dict[str, tuple[str, ...]] = {
    "NewReleaseMessage": ("PartyList", "ResourceList", "ReleaseList", "DealList"),
    "PartyList": ("Party",),
    "Party": ("PartyReference", "PartyId", "PartyName"),
    "PartyName": ("FullName",),
    "PartyId": ("ISNI", "IpiNameNumber", "IPN"),
    "ResourceList": ("SoundRecording", "Video", "Image"),
    "SoundRecording": (
        "ResourceReference", "SoundRecordingEdition", "WorkId", "DisplayTitleText", "Contributor", "CreationDate",
        "ContainsAI",
    ),
    "Video": (
        "ResourceReference", "VideoEdition", "WorkId", "DisplayTitleText", "Contributor", "CreationDate",
        "ContainsAI",
    ),
    "Image": (
        "ResourceReference", "DisplayTitleText", "Contributor", "CLine", "CreationDate", "ContainsAI",
        "TechnicalDetails",
    ),
    "SoundRecordingEdition": ("ResourceId", "PLine", "TechnicalDetails"),
    "VideoEdition": ("ResourceId", "PLine", "CLine", "TechnicalDetails"),
    "ResourceId": ("ISRC",),
    "WorkId": ("ISWC",),
    "Contributor": ("ContributorPartyReference", "SpecialContributor", "Role", "AiContribution"),
    "Role": ("Value",),
    "PLine": ("PLineCompany", "PLineText"),
    "CLine": ("CLineCompany", "CLineText"),
    "TechnicalDetails": ("TechnicalResourceDetailsReference", "DeliveryFile", "File"),
    "DeliveryFile": ("Type", "File"),
    "File": ("URI", "HashSum"),
    "HashSum": ("Algorithm", "DataType", "HashSumValue"),
    "ReleaseList": ("Release", "TrackRelease"),
    "Release": ("ReleaseReference", "ReleaseId", "ResourceGroup"),
    "ResourceGroup": ("ResourceGroupContentItem", "LinkedReleaseResourceReference"),
    "ResourceGroupContentItem": ("SequenceNumber", "ReleaseResourceReference"),
    "TrackRelease": ("ReleaseReference", "ReleaseId", "ReleaseResourceReference"),
    "ReleaseId": ("GRid", "ICPN"),
    "DealList": ("ReleaseDeal",),
    "ReleaseDeal": ("DealReleaseReference", "Deal"),
    "Deal": ("DealTerms",),
    "DealTerms": ("UseType",),
}  # fmt: skip

_COMMENT = (
    "Fragments of a DDEX ERN 4.3.2 NewReleaseMessage, each at its place, written by provlabel. No message to be sent:"
    " MessageHeader and whatever a label does not know are yours to add."
)


class FileFacts(NamedTuple):
    """The technical file that a label is about; nothing but its kind is known where only a label is at hand."""

    media: Media
    name: str = ""
    sha256: str = ""  #: hex


class Loss(NamedTuple):
    """Something that the other side has no place for."""

    field: str
    why: str


class Dumped(NamedTuple):
    """Fragments, and for each label what is lost in them."""

    content: bytes
    losses: tuple[tuple[Loss, ...], ...]
    unverified: tuple[str, ...] = ()  #: elements that were written, and that nobody confirmed


class LoadedResource(NamedTuple):
    """One resource of a message as a plain label, and what of it a label has no place for."""

    resource: Resource
    label: dict[str, Any]
    losses: tuple[Loss, ...]


# --- to DDEX ---------------------------------------------------------------------------------------

#: The part that a role says, and the role that a part without one is written as.  labels.md §3.2.
_PARTS: dict[str, tuple[str, ...]] = {
    "vocals": ("Vocalist", "LeadVocalist", "BackgroundVocalist"),
    "narration": ("Narrator", "VoiceActor"),
    "instrumental": ("Musician", "StudioMusician", "Programmer"),
    "sound_design": ("SoundDesigner",),
    "lyrics": ("Lyricist", "Adapter"),
    "translation": ("Translator",),
    "composition": ("Composer", "ComposerLyricist"),
    "arrangement": ("Arranger",),
    "production": ("StudioProducer",),
    "mixing": ("MixingEngineer", "Mixer", "RemixingEngineer"),
    "mastering": ("MasteringEngineer",),
    "artwork": ("CoverDesigner", "GraphicDesigner", "Designer", "Photographer"),
    "video": ("VideoProducer",),
}
PART_OF: dict[str, str] = {role: part for part, roles in _PARTS.items() for role in roles}
_TWO_PARTS = {"ComposerLyricist": ("composition", "lyrics")}
_ROLE_OF = {part: roles[0] for part, roles in _PARTS.items()}

#: ``ContainsAI`` -> the kind that is meant most often.
KIND_OF: dict[str, str] = {"All": "ai_generated", "Partly": "ai_partly_created", "None": "human_made"}
_PERSON_IDS = {"isni": "ISNI", "ipi": "IpiNameNumber", "ipn": "IPN"}
_SIGNS = {"℗": "℗", "(P)": "℗", "©": "©", "(C)": "©"}
_SIGN = re.compile(r"\s*(℗|©|\([PC]\))", re.IGNORECASE)
_ELEMENT = {"image": "Image", "audio": "SoundRecording", "video": "Video"}
_NO_ELEMENT = (
    "origin", "provider", "event_end", "oversight", "prompt", "references", "operations", "likeness", "judgements",
    "correction", "disclosure", "marks", "detector_url", "china", "carriers", "extra",
)  # fmt: skip


def dump(entries: Sequence[tuple[Label, FileFacts]]) -> Dumped:
    """Return labels, each of its file, as fragments of one message.

    Names of people are written as far as the labels have them.
    """
    writer = _Writer()
    losses = tuple(tuple(dict.fromkeys(writer.add(label, file))) for label, file in entries)
    return Dumped(to_bytes(writer.message(), prefix="ern", comment=_COMMENT), losses, tuple(writer.unverified))


def _element(name: str, *children: Element | None) -> Element:
    """Put children into the order of the XSD; one that it does not have is a mistake of ours."""
    order = _ORDER[name]
    return Element(
        name, sorted((item for item in children if item is not None), key=lambda item: order.index(item.name))
    )


def _text(name: str, text: str) -> Element:
    return Element(name, text=text)


class _Writer:
    """The lists of one message, while labels are added."""

    def __init__(self) -> None:
        self._parties: dict[str, Element] = {}
        self._resources: list[Element] = []
        self._releases: list[Element] = []
        self._deals: list[Element] = []
        self._media: list[tuple[str, Media]] = []
        self._icpn = ""
        self.unverified: dict[str, None] = {}

    def add(self, label: Label, file: FileFacts) -> Iterator[Loss]:
        """Add one resource and yield what is lost."""
        number = len(self._resources) + 1
        reference = f"A{number}"
        self._media.append((reference, file.media))
        yield from _lost_fields(label)
        contributors: list[Element] = []
        yield from self._contributors(label, contributors)
        rights = yield from _rights(label, file.media)
        technical = self._technical(number, file)
        edition = _edition(label, file.media, rights, technical)
        if file.media == "video":
            self.unverified["VideoEdition and its DeliveryFile"] = None
        plain = (*rights, technical) if file.media == "image" else (edition, *_works(label))
        self._resources.append(
            _element(
                _ELEMENT[file.media],
                _text("ResourceReference", reference),
                _text("DisplayTitleText", label.title) if label.title is not UNSET else None,
                _text("CreationDate", label.event_time[:10]) if label.event_time is not UNSET else None,
                *contributors,
                *_contains_ai(label),
                *plain,
            )
        )
        yield from _lost_identifiers(label, file.media)
        yield from self._release(label, file.media, number)
        yield from _unwritable_texts(label)

    def message(self) -> Element:
        """Return what was added, in one tree."""
        if self._icpn:
            group = _element(
                "ResourceGroup",
                *(
                    _element(
                        "ResourceGroupContentItem",
                        _text("SequenceNumber", str(place)),
                        _text("ReleaseResourceReference", reference),
                    )
                    for place, reference in enumerate((name for name, media in self._media if media != "image"), 1)
                ),
                *(_text("LinkedReleaseResourceReference", name) for name, media in self._media if media == "image"),
            )
            identified = _element("ReleaseId", _text("ICPN", self._icpn))
            self._releases.append(_element("Release", _text("ReleaseReference", "R0"), identified, group))
        lists = (
            ("PartyList", [*self._parties.values()]),
            ("ResourceList", self._resources),
            ("ReleaseList", self._releases),
            ("DealList", self._deals),
        )
        root = _element("NewReleaseMessage", *(_element(name, *items) for name, items in lists if items))
        root.namespace = NAMESPACE
        root.attributes = {"AvsVersionId": AVS_VERSION, "LanguageAndScriptCode": "en"}
        return root

    def _contributors(self, label: Label, found: list[Element]) -> Iterator[Loss]:
        people = {item.id: item for item in label.people}
        references: dict[str, str] = {}
        covered: set[tuple[str, str]] = set()
        contains = KINDS[label.kind].contains_ai
        for index, item in enumerate(label.contributions):
            field = f"contributions.{index}"
            yield from _lost_in(item, field)
            if not consistent(item, contains):
                yield Loss(field, f"ContainsAI = {contains} leaves no such contributor")
            elif item.by == "ai":
                found.extend(self._generative(item))
            else:
                person = people.get(item.person) if item.person is not UNSET else None
                key = person.id if person else f"contributor{index + 1}"
                if key not in references:
                    references[key] = yield from self._party(person or Person(id=key), "people" if person else field)
                who = _text("ContributorPartyReference", references[key])
                found.append(_contributor(who, role_of(item), item.extent))
                covered.add((key, role_of(item)))
        for person in label.people:
            left = [role for role in person.roles if (person.id, role) not in covered]
            if left and contains == "All":
                yield Loss(f"people.{person.id}", "ContainsAI = All leaves no contributor but GenerativeAI")
            elif left:
                if person.id not in references:
                    references[person.id] = yield from self._party(person, "people")
                who = _text("ContributorPartyReference", references[person.id])
                found.append(_element("Contributor", who, *map(_role_element, left)))
            elif person.id not in references:
                yield Loss(f"people.{person.id}", "has no role, and so is no contributor")

    def _generative(self, item: Contribution) -> Iterator[Element]:
        if item.extent == "None":
            return
        if item.extent == "Partly":
            self.unverified["Contributor/AiContribution = Partly with GenerativeAI"] = None
        yield _contributor(_text("SpecialContributor", "GenerativeAI"), role_of(item), item.extent)

    def _party(self, person: Person, field: str) -> Any:
        """Add a party, or find the same one, and return its reference; yields what is lost."""
        wanted = "P" + re.sub(r"[^_0-9a-zA-Z-]", "_", person.id)
        if wanted[1:] != person.id:
            yield Loss(f"{field}.id", f"a reference of DDEX has no dots: {person.id} is {wanted}")
        if person.name is UNSET and not person.identifiers:
            yield Loss(
                f"{field}.name",
                f"this label names nobody as {person.id}: add PartyName to Party {wanted}, or export with --personal "
                "where the names are signed",
            )
        yield from (
            Loss(f"{field}.identifiers", f"{item.type} of a person has no element")
            for item in person.identifiers
            if item.type not in _PERSON_IDS
        )
        identified = [
            _element("PartyId", _text(_PERSON_IDS[item.type], CANONICAL[item.type](item.value) or item.value))
            for item in person.identifiers
            if item.type in _PERSON_IDS
        ]
        named = _element("PartyName", _text("FullName", person.name)) if person.name is not UNSET else None
        reference, count = wanted, 1
        while True:
            party = _element("Party", _text("PartyReference", reference), *identified, named)
            known = self._parties.setdefault(reference, party)
            # Without a name or number, equal ids of two labels need not be one person.
            if known is party or (to_bytes(known) == to_bytes(party) and (identified or named)):
                return reference
            count += 1
            reference = f"{wanted}-{count}"

    @staticmethod
    def _technical(number: int, file: FileFacts) -> Element | None:
        if not file.name:
            return None
        hashed = _element(
            "HashSum", _text("Algorithm", "SHA-256"), _text("DataType", "HexBinary"), _text("HashSumValue", file.sha256)
        )
        named = _element("File", _text("URI", quote(file.name)), hashed if file.sha256 else None)
        if file.media != "image":
            kind = _text("Type", "AudioFile") if file.media == "audio" else None
            named = _element("DeliveryFile", kind, named)
        return _element("TechnicalDetails", _text("TechnicalResourceDetailsReference", f"T{number}"), named)

    def _release(self, label: Label, media: Media, number: int) -> Iterator[Loss]:
        """Add the release that a track is by itself, for what no resource can state."""
        icpns, grids = (_identified(label, scheme) for scheme in ("upc", "grid"))
        for icpn in icpns:
            self._icpn = self._icpn or icpn
            if icpn != self._icpn:
                yield Loss("identifiers.upc", f"a message has one Release, and it is {self._icpn}: export {icpn} apart")
        uses = yield from _uses(label, media)
        if media == "image":
            yield from (Loss("identifiers.grid", "an image is no release of its own") for _ in grids)
            return
        yield from (Loss("identifiers.grid", f"a release has one GRid: {item} is left out") for item in grids[1:])
        if not uses and not grids:
            return
        release = f"R{number}"
        self._releases.append(
            _element(
                "TrackRelease",
                _text("ReleaseReference", release),
                _element("ReleaseId", _text("GRid", grids[0])) if grids else None,
                _text("ReleaseResourceReference", f"A{number}"),
            )
        )
        if uses:
            deal = _element("Deal", _element("DealTerms", *(_text("UseType", USE_TYPES[name]) for name in uses)))
            self._deals.append(_element("ReleaseDeal", _text("DealReleaseReference", release), deal))


def consistent(item: Contribution, contains: str | None) -> bool:
    """Return whether this contributor can stand beside that ``ContainsAI``, by the consistency rules of ERN 4.3.2."""
    if contains == "All":
        return item.by == "ai"
    return contains != "None" or item.extent == "None"


def _contains_ai(label: Label) -> Iterator[Element]:
    contains = KINDS[label.kind].contains_ai
    if contains is not None:
        yield _text("ContainsAI", contains)


def _edition(label: Label, media: Media, rights: list[Element], technical: Element | None) -> Element:
    isrcs = (_element("ResourceId", _text("ISRC", item)) for item in _identified(label, "isrc"))
    return _element(
        "VideoEdition" if media == "video" else "SoundRecordingEdition",
        *(isrcs if media != "image" else ()),
        *(rights if media != "image" else ()),
        technical if media != "image" else None,
    )


def _works(label: Label) -> Iterator[Element]:
    return (_element("WorkId", _text("ISWC", item)) for item in _identified(label, "iswc"))


def _identified(label: Label, scheme: str) -> list[str]:
    found = (item.value for item in label.identifiers if item.type == scheme)
    return list(dict.fromkeys(CANONICAL[scheme](value) or value for value in found))


def parts_of(role: str) -> tuple[str, ...]:
    """Return the parts of a work that a role is about: itself where it names none known, the whole without one."""
    return _TWO_PARTS.get(role) or (PART_OF.get(role, role) or "whole",)


def role_of(item: Contribution) -> str:
    """Return the role that ``item`` is written as, empty where no role says its part."""
    return item.role if item.role is not UNSET else _ROLE_OF.get(item.part, "")


def _role_element(role: str) -> Element:
    return _element("Role", _text("Value", role))


def _contributor(who: Element, role: str, extent: str) -> Element:
    """With ``GenerativeAI`` the default is All; of anybody else it can be None or Partly (XSD)."""
    allowed = who.name == "SpecialContributor" or extent != "All"
    contribution = _text("AiContribution", extent) if allowed else None
    return _element("Contributor", who, _role_element(role) if role else None, contribution)


def _rights(label: Label, media: Media) -> Any:
    """Return the lines that say whose it is; yields what is lost."""
    rights = label.rights
    if rights is UNSET:
        return []
    if rights.licence_url is not UNSET:
        yield Loss("rights.licence_url", "no element")
    if rights.notice is UNSET:
        if rights.holder is not UNSET:
            yield Loss("rights.holder", "PLine and CLine want a text beside the company")
        return []
    signs = {"image": ("©",), "audio": ("℗",), "video": ("℗", "©")}[media]
    marked = _SIGN.match(rights.notice)
    stated = _SIGNS[marked[1].upper()] if marked else signs[0]
    if not marked:
        yield Loss("rights.notice", f"says neither ℗ nor ©: {stated} is taken")
    if stated not in signs:
        yield Loss("rights.notice", f"{_ELEMENT[media]} has no line for {stated}")
        if rights.holder is not UNSET:
            yield Loss("rights.holder", "goes with the notice")
        return []
    name = "PLine" if stated == "℗" else "CLine"
    company = _text(f"{name}Company", rights.holder) if rights.holder is not UNSET else None
    return [_element(name, company, _text(f"{name}Text", rights.notice))]


def _uses(label: Label, media: Media) -> Any:
    """Return the permissions that can be granted; yields what is lost."""
    if label.permissions is UNSET:
        return []
    granted = []
    for name, use in structs.asdict(label.permissions).items():
        if use is UNSET:
            continue
        field = f"permissions.{name}"
        if name not in USE_TYPES:
            yield Loss(field, "no UseType")
        elif use == "notAllowed":
            yield Loss(field, "a deal grants uses and forbids none: write no deal with " + USE_TYPES[name])
        elif use == "constrained":
            yield Loss(field, f"{USE_TYPES[name]} wants the terms of a deal, which are yours to write")
        elif media == "image":
            yield Loss(field, "a deal is about a release, and an image is none of its own")
        else:
            granted.append(name)
            if name == "ai_training":
                yield Loss(field, "is about any training; the UseType is about that of AI that does not generate")
    return granted


# --- what is lost ----------------------------------------------------------------------------------


def _lost_fields(label: Label) -> Iterator[Loss]:
    contains = KINDS[label.kind].contains_ai
    same = [name for name, facts in KINDS.items() if facts.contains_ai == contains]
    if contains is None:
        yield Loss("kind", f"{label.kind} cannot be said: ContainsAI is left out")
    elif KIND_OF[contains] != label.kind:
        yield Loss("kind", f"ContainsAI = {contains} says {', '.join(same[:-1])} and {same[-1]} alike")
    if label.systems:
        yield Loss("systems", "a contributor that is GenerativeAI has no name and no version")
    for name in _NO_ELEMENT:
        if getattr(label, name) not in (UNSET, ()):
            yield Loss(name, "no element")
    if label.event_time is not UNSET:
        yield Loss("event_time", "CreationDate is a date: the time of day is left out")


def _lost_in(item: Contribution, field: str) -> Iterator[Loss]:
    for name in ("system", "region", "span", "stem", "description"):
        if getattr(item, name) is not UNSET:
            yield Loss(f"{field}.{name}", "no element")
    role = role_of(item)
    if PART_OF.get(role, "whole") != item.part:
        yield Loss(f"{field}.part", f"{item.part} is no role; {role or 'no role'} is what is left of it")
    if item.by == "ai" and item.person is not UNSET:
        yield Loss(f"{field}.person", "GenerativeAI stands in the place of a party")
    if item.by == "human" and item.extent == "All":
        yield Loss(field, "All is for GenerativeAI alone; of a party it can be None or Partly")
    if item.by == "ai" and item.extent == "None":
        yield Loss(field, "a generative AI that contributed nothing is no contributor")


def _lost_identifiers(label: Label, media: Media) -> Iterator[Loss]:
    possible = {
        "audio": ("isrc", "iswc", "grid", "upc"),
        "video": ("isrc", "iswc", "grid", "upc"),
        "image": ("grid", "upc"),
    }
    for item in label.identifiers:
        if item.type not in possible[media]:
            yield Loss(f"identifiers.{item.type}", f"{_ELEMENT[media]} has no element for it")


def _unwritable_texts(label: Label) -> Iterator[Loss]:
    texts = [("title", label.title), *((f"people.{item.id}.name", item.name) for item in label.people)]
    if label.rights is not UNSET:
        texts += [("rights.notice", label.rights.notice), ("rights.holder", label.rights.holder)]
    for field, text in texts:
        if text is not UNSET and unwritable(text):
            yield Loss(field, "a character that XML cannot hold is written as U+FFFD")


# --- from DDEX -------------------------------------------------------------------------------------
