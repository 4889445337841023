"""A DDEX message as records: which resources it names, and what it says about each.  Pure.

What is read: ``NewReleaseMessage`` of ERN.  Only 4.3.2 has fields about AI; of older versions the rest is
read, as far as it stands at the places below.  Element names and their order are those of the XSD of ERN
4.3.2 (v0.9.11 of 18 June 2025) and of ERN 3.8.2 and 4.x; ``docs/ddex.md`` says which of it nobody confirmed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, get_args
from unicodedata import normalize
from urllib.parse import unquote

from provlabel._support.text import printable
from provlabel._support.xml import Element, XmlError, parse
from provlabel.errors import ConfigError
from provlabel.label.vocabularies import Extent

#: The namespace of ERN 4.3.2, which is written.
NAMESPACE = "http://ddex.net/xml/ern/432"
#: Versions by the last part of their namespace.
VERSIONS: dict[str, str] = {
    "432": "4.3.2",
    "431": "4.3.1",
    "43": "4.3",
    "42": "4.2",
    "411": "4.1.1",
    "41": "4.1",
    "383": "3.8.3",
    "382": "3.8.2",
    "381": "3.8.1",
    "38": "3.8",
    "371": "3.7.1",
    "37": "3.7",
}
_WITH_AI = frozenset({"4.3.2"})
_NAMESPACE = re.compile(r"https?://(?:service\.)?ddex\.net/xml/ern/([0-9]+)")

#: Resources that are media; texts, sheet music and software are no files that provlabel reads.
MEDIA: dict[str, str] = {"SoundRecording": "audio", "Video": "video", "Image": "image"}
#: ``HashSumAlgorithmType`` of the AVS without dashes, in small letters, which is its name in :mod:`hashlib`.
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
#: Permission of a label -> ``UseType`` (AVS 9; labels.md §3.3).
USE_TYPES: dict[str, str] = {
    "mining": "UseForDataMining",
    "ai_training": "UseForTrainingNonGenerativeAI",
    "generative_training": "UseForTrainingGenerativeAI",
}
_FIELD_OF = {use: field for field, use in USE_TYPES.items()}


def plain(text: str) -> str:
    """Return a name of a file in the one form that it is compared in: systems differ in how they compose letters."""
    return normalize("NFC", text)


class Hash(NamedTuple):
    """A hash sum of a file, as the message states it."""

    algorithm: str  #: as it stands there
    value: str  #: lower-case hex

    @property
    def computed(self) -> str:
        """The name under which it is computed, however it is spelled (SHA-256, SHA256); empty for any other."""
        name = re.sub(r"[\s_-]", "", self.algorithm).lower()
        return name if name in _HASHES else ""


class DeliveredFile(NamedTuple):
    """One file that a resource is delivered as."""

    uri: str
    hashes: tuple[Hash, ...] = ()
    provided: bool = True  #: False where the message says that it is not in the delivery

    @property
    def parts(self) -> list[str]:
        """The parts of the path from its end, escapes undone."""
        return [*reversed(re.split(r"[/\\]", plain(unquote(self.uri))))]

    @property
    def name(self) -> str:
        """The last part of the URI, its escapes undone."""
        return plain(unquote(self._last))

    @property
    def names(self) -> frozenset[str]:
        """The last part of the URI as it stands, and with its escapes undone."""
        return frozenset({plain(self._last), self.name} - {""})

    @property
    def _last(self) -> str:
        return re.split(r"[/\\]", self.uri)[-1]


class Party(NamedTuple):
    """Somebody whom the message names."""

    reference: str
    name: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()  #: scheme of a label's people, and value


class Contributor(NamedTuple):
    """One contributor of a resource."""

    ai: bool  #: ``SpecialContributor`` is ``GenerativeAI``
    party: Party | None = None
    roles: tuple[str, ...] = ()
    extent: Extent | None = None  #: ``AiContribution``, the default included; None where nothing is stated


class Line(NamedTuple):
    """A PLine or CLine."""

    sign: str  #: ℗ or ©
    text: str
    company: str = ""


class Resource(NamedTuple):
    """What a message says about one resource."""

    reference: str
    type: str  #: name of its element
    line: int  #: of the document
    title: str = ""
    isrcs: tuple[str, ...] = ()
    iswcs: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()  #: of releases that hold it alone
    icpns: tuple[str, ...] = ()  #: of releases that hold it
    files: tuple[DeliveredFile, ...] = ()
    provided: bool = True  #: False where the message says that no file of it is in the delivery
    contains_ai: Extent | None = None
    contributors: tuple[Contributor, ...] = ()
    rights: tuple[Line, ...] = ()
    created: str = ""  #: ``CreationDate``: a date, or a part of one
    #: Permission of a label -> whether its use is granted as such, or under terms of a deal.
    uses: Mapping[str, str] = {}
    faults: tuple[str, ...] = ()  #: values that no vocabulary has, references to nothing, and contradictions

    @property
    def shown(self) -> str:
        """Name it for people."""
        named = next((f"ISRC {item}" for item in self.isrcs), self.files[0].uri if self.files else "")
        return printable(f"{self.type} {self.reference}" + (f" ({named})" if named else ""))


class Message(NamedTuple):
    """A message, as far as it is about resources."""

    version: str
    resources: tuple[Resource, ...]
    sha256: str = ""  #: of the document

    @property
    def speaks_of_ai(self) -> bool:
        """Does this version have fields about AI?"""
        return self.version in _WITH_AI


def read_message(content: bytes, source: str) -> Message:
    """Read a ``NewReleaseMessage``; ``source`` names it in messages.

    Raises:
        ConfigError: no XML, XML that is refused, another kind of message, or an unknown version of ERN.
    """
    try:
        root = parse(content)
    except XmlError as exc:
        raise ConfigError(
            f"{source}: {printable(str(exc))}", hint="ask whoever sent it for the message itself"
        ) from exc
    found = _NAMESPACE.fullmatch(root.namespace)
    version = VERSIONS.get(found[1]) if found else None
    if version is None:
        raise ConfigError(
            f"{source}: is no message of a known version of ERN: namespace {printable(root.namespace) or 'none'}",
            hint=f"known are {', '.join(VERSIONS.values())}; only 4.3.2 has fields about AI",
        )
    if root.name != "NewReleaseMessage":
        raise ConfigError(f"{source}: is a {printable(root.name)}", hint="name a NewReleaseMessage")
    return Message(version, _resources(root, version in _WITH_AI), hashlib.sha256(content).hexdigest())


def _resources(root: Element, ai: bool) -> tuple[Resource, ...]:
    parties = {item.reference: item for item in _parties(root)}
    releases = tuple(_releases(root))
    uses = _uses(root, releases)
    holding: dict[str, list[_Release]] = {}
    for release in releases:
        for reference in release.resources:
            holding.setdefault(reference, []).append(release)
    return tuple(
        _resource(element, parties, holding, uses if ai else {}, ai)
        for listed in root.all("ResourceList")
        for element in listed.children
        if element.first("ResourceReference") is not None
    )


def _resource(
    element: Element,
    parties: Mapping[str, Party],
    releases: Mapping[str, Sequence[_Release]],
    uses: Mapping[str, Mapping[str, str]],
    ai: bool,
) -> Resource:
    faults: list[str] = []
    reference = next(element.texts("ResourceReference"), "")
    files = tuple(_files(element))
    contains_ai = _extent(_once(element, "ContainsAI", faults), "ContainsAI", faults) if ai else None
    contributors = tuple(_contributors(element, parties, ai, faults))
    faults += _inconsistent(contains_ai, contributors)
    holding = releases.get(reference, ())
    return Resource(
        reference=reference,
        type=element.name,
        line=element.line,
        title=_title(element),
        isrcs=_unique(text for path in _ISRC for text in element.texts(*path)),
        iswcs=_unique(element.texts("WorkId", "ISWC")),
        grids=_unique(item.grid for item in holding if len(item.resources) == 1 and item.grid),
        icpns=_unique(item.icpn for item in holding if item.icpn),
        files=files,
        provided=any(file.provided for file in files) if files else _provided(element),
        contains_ai=contains_ai,
        contributors=contributors,
        rights=tuple(_lines(element)),
        created=next(element.texts("CreationDate"), ""),
        uses=uses.get(reference, {}),
        faults=tuple(faults),
    )


#: Where an ISRC stands: ERN 4.3, 4.1, 3.8.
_ISRC = (
    ("SoundRecordingEdition", "ResourceId", "ISRC"),
    ("VideoEdition", "ResourceId", "ISRC"),
    ("ResourceId", "ISRC"),
    ("SoundRecordingId", "ISRC"),
    ("VideoId", "ISRC"),
)
_EXTENTS = get_args(Extent)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _extent(text: str, name: str, faults: list[str]) -> Extent | None:
    if text and text not in _EXTENTS:
        faults.append(f"{name} is {printable(text, 40)}, and none of {', '.join(_EXTENTS)}")
    return text if text in _EXTENTS else None  # type: ignore[return-value]


def _once(element: Element, name: str, faults: list[str]) -> str:
    texts = _unique(element.texts(name))
    if len(texts) > 1:
        faults.append(f"{name} stands twice: {printable(' and '.join(texts), 60)}")
    return next(iter(texts), "")


def _inconsistent(contains_ai: Extent | None, contributors: Sequence[Contributor]) -> Iterator[str]:
    """Yield where a resource contradicts itself: the consistency rules of ERN 4.3.2 for its fields about AI."""
    extents = {item.extent for item in contributors}
    if contains_ai == "None" and extents & {"All", "Partly"}:
        yield "ContainsAI is None, and AI has a part in a contribution"
    if contains_ai == "All" and not all(item.ai for item in contributors):
        yield "ContainsAI is All, and a contributor is not GenerativeAI"
    if any(item.extent == "None" if item.ai else item.extent == "All" for item in contributors):
        yield "AiContribution is All of a party, or None of GenerativeAI"


def _title(element: Element) -> str:
    titles = [item for item in element.all("DisplayTitleText") if item.text]
    chosen = next(
        (item for item in titles if item.attributes.get("IsDefault") == "true"), titles[0] if titles else None
    )
    return chosen.text if chosen else next(element.texts("ReferenceTitle", "TitleText"), "")


def _lines(element: Element) -> Iterator[Line]:
    for place in (element, *element.all("SoundRecordingEdition"), *element.all("VideoEdition")):
        for sign, name in (("℗", "PLine"), ("©", "CLine")):
            for item in place.all(name):
                text = next(item.texts(f"{name}Text"), "")
                yield Line(sign, text, next(item.texts(f"{name}Company"), ""))


# --- files -----------------------------------------------------------------------------------------


def _files(element: Element) -> Iterator[DeliveredFile]:
    """Yield every file at any depth but those of fingerprints."""
    provided = _provided(element)
    for child in element.children:
        if child.name == "File":
            folder, name = next(child.texts("FilePath"), ""), next(child.texts("FileName"), "")
            uri = next(child.texts("URI"), "") or f"{folder.rstrip('/')}/{name}".lstrip("/")
            yield DeliveredFile(uri, tuple(_hashes(child)), provided)
        elif child.name != "Fingerprint":
            yield from _files(child)


def _hashes(file: Element) -> Iterator[Hash]:
    """ERN 4 has ``Algorithm`` and ``HashSumValue``, ERN 3.8 ``HashSumAlgorithmType`` and ``HashSum``."""
    for item in file.all("HashSum"):
        algorithm = _either(item, "Algorithm", "HashSumAlgorithmType")
        value = _either(item, "HashSumValue", "HashSum")
        if value:
            binary = _either(item, "DataType", "HashSumDataType") == "Binary64"
            yield Hash(algorithm, _from_base64(value) if binary else value.lower())


def _either(element: Element, name: str, older: str) -> str:
    return next(element.texts(name), "") or next(element.texts(older), "")


def _from_base64(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).hex()
    except ValueError:
        return value


def _provided(element: Element) -> bool:
    stated = [item.text for item in element.below("IsProvidedInDelivery")]
    return not stated or any(text not in ("false", "0") for text in stated)


# --- people ----------------------------------------------------------------------------------------

_PARTY_IDS = {"ISNI": "isni", "IpiNameNumber": "ipi", "IPN": "ipn"}


def _parties(root: Element) -> Iterator[Party]:
    for item in root.all("PartyList", "Party"):
        identifiers = tuple(
            (_PARTY_IDS[child.name], child.text)
            for listed in item.all("PartyId")
            for child in listed.children
            if child.name in _PARTY_IDS and child.text
        )
        reference = next(item.texts("PartyReference"), "")
        yield Party(reference, next(item.texts("PartyName", "FullName"), ""), identifiers)


def _contributors(element: Element, parties: Mapping[str, Party], ai: bool, faults: list[str]) -> Iterator[Contributor]:
    editions = (item for name in ("SoundRecordingEdition", "VideoEdition") for item in element.all(name))
    listed = (*element.all("Contributor"), *(item for one in editions for item in one.all("EditionContributor")))
    for item in listed:
        roles = tuple(text for role in item.all("Role") if (text := next(role.texts("Value"), role.text)))
        generative = ai and "GenerativeAI" in item.texts("SpecialContributor")
        extent = _extent(next(item.texts("AiContribution"), ""), "AiContribution", faults) if ai else None
        reference = next(item.texts("ContributorPartyReference"), "")
        if reference and reference not in parties:
            faults.append(f"a contributor is {printable(reference, 40)}, and PartyList has none of that name")
        party = parties.get(reference, Party(reference)) if reference else None
        yield Contributor(generative, party, roles, extent or ("All" if generative else None))


# --- releases and deals ----------------------------------------------------------------------------


class _Release(NamedTuple):
    reference: str
    resources: frozenset[str]
    grid: str = ""
    icpn: str = ""


def _releases(root: Element) -> Iterator[_Release]:
    for listed in root.all("ReleaseList"):
        for item in listed.children:
            references = (
                child.text
                for name in ("ReleaseResourceReference", "LinkedReleaseResourceReference")
                for child in item.below(name)
            )
            yield _Release(
                next(item.texts("ReleaseReference"), ""),
                frozenset(references),
                next(item.texts("ReleaseId", "GRid"), ""),
                next(item.texts("ReleaseId", "ICPN"), ""),
            )


def _uses(root: Element, releases: tuple[_Release, ...]) -> dict[str, dict[str, str]]:
    """Return what deals grant for each resource; a grant without terms wins over one with terms."""
    granted: dict[str, dict[str, str]] = {}
    for deal in root.all("DealList", "ReleaseDeal"):
        uses: dict[str, str] = {}
        for terms in deal.all("Deal", "DealTerms"):
            how = "constrained" if _conditional(terms) else "allowed"
            _grant(uses, {_FIELD_OF[text]: how for text in terms.texts("UseType") if text in _FIELD_OF})
        for reference in deal.texts("DealReleaseReference"):
            _grant(granted.setdefault(reference, {}), uses)
    found: dict[str, dict[str, str]] = {}
    for release in releases:
        for name in release.resources:
            _grant(found.setdefault(name, {}), granted.get(release.reference, {}))
    return found


def _grant(uses: dict[str, str], more: Mapping[str, str]) -> None:
    for use, how in more.items():
        uses[use] = "allowed" if "allowed" in (how, uses.get(use)) else how


def _conditional(terms: Element) -> bool:
    """Does a deal grant less than everywhere, to anybody, without end?"""
    free = {"UseType", "CommercialModelType"}
    for item in terms.children:
        if item.name in free or (item.name == "TerritoryCode" and item.text == "Worldwide"):
            continue
        if item.name == "ValidityPeriod" and not any(child.name.startswith("End") for child in item.children):
            continue
        return True
    return False
