"""Labels as fragments of DDEX ERN 4.3.2 and back: nothing that ERN does not have, and no loss that is not told.

The XSD of ERN 4.3.2 is licensed by DDEX, is in no package registry, and is not in this repository.  Where somebody
has it, ``PROVLABEL_ERN_XSD`` names it, and what is written is validated by it.  Elsewhere the table below judges:
children and their order, copied by hand from the XSD (v0.9.11 of 18 June 2025), of every composite that is written.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given, settings, strategies as st
from msgspec import UNSET, structs, to_builtins

from labels import LABELS
from project import ROOT, Cli
from provlabel import Label, System, TrustStore, label_file, load_label
from provlabel._support.xml import XmlError, parse, unwritable
from provlabel.exchange.ddex import ELEMENTS, PART_OF, FileFacts, Loss, dump
from provlabel.exchange.ddex_import import load
from provlabel.exchange.ern import NAMESPACE, read_message
from provlabel.label.identifiers import CANONICAL
from provlabel.label.records import Contribution, Identifier, Permissions, Person, Rights
from provlabel.label.vocabularies import KINDS
from provlabel.signers import Signer

EXAMPLES = ROOT / "samples" / "labels"
SOUND = FileFacts("audio", "take one.wav", "ab" * 32)
ERN = f"{{{NAMESPACE}}}"

# Children in the order of the XSD; a star may come more than once. Only composites that are written.
XSD = {
    "NewReleaseMessage": "MessageHeader ReleaseAdmin* PartyList CueSheetList ResourceList ChapterList ReleaseList"
    " DealList",
    "PartyList": "Party* Brand*",
    "Party": "PartyReference PartyId* PartyName* Affiliation* RelatedParty* ArtistProfilePage*",
    "PartyId": "ISNI DPID IpiNameNumber IPN CisacSocietyId ProprietaryId*",
    "PartyName": "FullName FullNameAsciiTranscribed FullNameIndexed NamesBeforeKeyName KeyName NamesAfterKeyName",
    "ResourceList": "SoundRecording* Video* Image* Text* SheetMusic* Software*",
    "SoundRecording": "ResourceReference Type SoundRecordingEdition* RecordingFormat* WorkId* DisplayTitleText*"
    " DisplayTitle* FormalTitle* GroupingTitle* VersionType* DisplayArtistName* DisplayArtist* Contributor* Character*"
    " ResourceRightsController* WorkRightsController* CourtesyLine* Duration CreationDate MasteredDate RemasteredDate"
    " FirstPublicationDate* LocationAndDateOfSession* ParentalWarningType* RelatedRelease* RelatedResource*"
    " CompositeMusicalWorkType ContainsAI IsCover HasVocalPerformance HasForegroundVocalPerformance IsInstrumental",
    "Video": "ResourceReference Type VideoEdition* RecordingFormat* WorkId* DisplayTitleText* DisplayTitle*"
    " FormalTitle* GroupingTitle* VersionType* DisplayArtistName* DisplayArtist* Contributor* Character*"
    " ResourceRightsController* WorkRightsController* CourtesyLine* Duration CreationDate MasteredDate RemasteredDate*"
    " FirstPublicationDate* ParentalWarningType* AvRating* RelatedRelease* RelatedResource* CompositeMusicalWorkType"
    " VideoCueSheetReference* ReasonForCueSheetAbsence ContainsAI IsCover",
    "Image": "ResourceReference Type ResourceId* DisplayTitleText* DisplayTitle* FormalTitle* GroupingTitle*"
    " VersionType* DisplayArtistName* DisplayArtist* Contributor* ResourceRightsController* WorkRightsController*"
    " CLine*"
    " CourtesyLine* CreationDate FirstPublicationDate* ParentalWarningType* RelatedRelease* RelatedResource*"
    " ContainsAI ContainsHiddenContent Description* TechnicalDetails*",
    "SoundRecordingEdition": "Type ResourceId* EditionContributor* PLine* RecordingMode TechnicalDetails*",
    "VideoEdition": "Type ResourceId* EditionContributor* PLine* CLine* RecordingMode TechnicalDetails*",
    "ResourceId": "ISRC CatalogNumber ProprietaryId*",
    "WorkId": "ISWC OpusNumber ComposerCatalogNumber* ProprietaryId*",
    "Contributor": "ContributorPartyReference|SpecialContributor Role* InstrumentType* AiContribution"
    " HasMadeFeaturedContribution HasMadeContractedContribution IsCredited DisplayCredits*",
    "Role": "Value InstrumentType*",
    "PLine": "Year PLineCompany PLineText",
    "CLine": "Year CLineCompany CLineText",
    "TechnicalDetails": "TechnicalResourceDetailsReference DeliveryFile* File HasImmersiveAudioMetadata IsClip",
    "DeliveryFile": "Type ContainerFormat AudioCodecType BitRate File Fingerprint* IsProvidedInDelivery",
    "File": "URI HashSum FileSize",
    "HashSum": "Algorithm Version Parameter DataType HashSumValue",
    "ReleaseList": "Release TrackRelease* ClipRelease*",
    "Release": "ReleaseReference ReleaseType* ReleaseId DisplayTitleText* DisplayTitle* DisplayArtistName*"
    " DisplayArtist* ReleaseLabelReference* PLine* CLine* ResourceGroup ContainsAI",
    "TrackRelease": "ReleaseReference ReleaseId DisplayTitleText* ReleaseResourceReference",
    "ReleaseId": "GRid ICPN CatalogNumber ProprietaryId*",
    "ResourceGroup": "SequenceNumber ResourceGroup* ResourceGroupContentItem* LinkedReleaseResourceReference*",
    "ResourceGroupContentItem": "SequenceNumber ReleaseResourceReference",
    "DealList": "ReleaseDeal*",
    "ReleaseDeal": "DealReleaseReference* Deal*",
    "Deal": "DealReference* DealTerms",
    "DealTerms": "TerritoryCode* ValidityPeriod* CommercialModelType* UseType*",
}  # fmt: skip
VALUES = {
    "ContainsAI": {"All", "Partly", "None"},
    "AiContribution": {"All", "Partly", "None"},
    "SpecialContributor": {"GenerativeAI"},
    "UseType": {"UseForDataMining", "UseForTrainingGenerativeAI", "UseForTrainingNonGenerativeAI"},
    "Algorithm": {"SHA-256"},
    "DataType": {"HexBinary"},
}


def judged(content: bytes) -> ET.Element:
    """Hold a document against the table, read by another reader of XML than ours."""
    root = ET.fromstring(content)  # noqa: S314 - our own writing
    assert root.tag == ERN + "NewReleaseMessage"
    for element in root.iter():
        name = element.tag.removeprefix(ERN)
        children = [child.tag for child in element]
        if not children:
            assert name not in XSD or name in ("SoundRecordingEdition", "VideoEdition", "NewReleaseMessage"), name
            assert element.text is None or name not in VALUES or element.text in VALUES[name], element.text
            continue
        slots = XSD[name].split()
        place = 0
        for child, following in zip(children, [*children[1:], ""], strict=True):
            while child not in slots[place].rstrip("*").split("|"):
                place += 1
                assert place < len(slots), f"{child} has no place in {name} there"
            if child != following or not slots[place].endswith("*"):
                place += 1
    references = {item.text for item in root.iter("PartyReference")}
    assert {item.text for item in root.iter("ContributorPartyReference")} <= references
    named = [
        item.text for tag in ("PartyReference", "ResourceReference", "ReleaseReference") for item in root.iter(tag)
    ]
    assert len(set(named)) == len(named)
    return root


def both_ways(label: Label, file: FileFacts = SOUND) -> tuple[dict[str, Any], tuple[Loss, ...], ET.Element]:
    """Return the label that comes back, what was told to be lost, and the document between."""
    made = dump([(label, file)])
    (back,) = load(read_message(made.content, "it"))
    return back.label, made.losses[0], judged(made.content)


# --- load(dump(label)) -----------------------------------------------------------------------------


def facts(label: Label) -> Iterator[tuple[str, Any]]:
    """Yield every fact of a label under the name by which a loss speaks of it."""
    plain = to_builtins(label)
    for field, value in plain.items():
        if field == "identifiers":
            for item in value:
                yield f"identifiers.{item['type']}", CANONICAL[item["type"]](item["value"]) or item["value"]
        elif field == "contributions":
            yield from (
                (f"contributions.{at}.{key}", said) for at, item in enumerate(value) for key, said in item.items()
            )
        elif field == "people":
            for item in value:
                yield from ((f"people.{item['id']}.{key}", said) for key, said in item.items() if key != "id")
        elif field in ("permissions", "rights"):
            yield from ((f"{field}.{key}", said) for key, said in value.items())
        else:
            yield field, value


def is_told(field: str, losses: tuple[Loss, ...]) -> bool:
    def plain(name: str) -> str:
        head, _, rest = name.partition(".")
        return head + "." + rest.rpartition(".")[2] if head == "people" and rest.count(".") else name

    return any(
        field == loss.field or field.startswith(loss.field + ".") or plain(field) == loss.field for loss in losses
    )


SENSIBLE = LABELS.filter(
    lambda label: (
        len({item.id for item in label.people}) == len(label.people)
        and not any(unwritable(str(value)) for _, value in facts(label))
    )
)


@settings(max_examples=150, deadline=None)
@given(SENSIBLE, st.sampled_from(["audio", "video", "image"]))
def test_each_fact_comes_back_or_is_told_to_be_lost(label: Label, media: Any) -> None:
    back, losses, _ = both_ways(label, FileFacts(media, "a b.bin", "0" * 64))
    known = [(field, value) for field, value in facts(label) if not is_told(field, losses)]
    for field, value in known:
        head, *rest = field.split(".")
        if head == "identifiers":
            assert {"type": rest[0], "value": value} in back["identifiers"], field
        elif head == "people":
            held = [item for item in back.get("people", ()) if item.get(rest[-1])]
            assert any(_same(rest[-1], item[rest[-1]], value) for item in held), field
        elif head != "contributions":
            found = back[head][rest[0]] if rest else back[head]
            assert (found.strip(" \t\r\n") if isinstance(found, str) else found) == _bare(field, value, found), field
    told = [index for index in range(len(label.contributions)) if is_told(f"contributions.{index}", losses)]
    kept = [
        item | ({} if is_told(f"contributions.{index}.part", losses) else {"sure": item["part"]})
        for index, item in enumerate(to_builtins(label.contributions))
        if index not in told
    ]
    assert len(back.get("contributions", ())) == len(kept)
    for mine, theirs in zip(kept, back.get("contributions", ()), strict=True):
        assert (mine["extent"], mine["by"]) == (theirs["extent"], theirs["by"])
        assert mine.get("sure", theirs["part"]) == theirs["part"]
        assert mine.get("role", theirs.get("role")) == theirs.get("role")


def _bare(field: str, value: Any, found: Any) -> Any:
    """White space around a text, and the sign that a line says, are no part of it."""
    if field == "rights.notice":
        return found.strip() if found.strip().endswith(value.strip()) else value
    return value.strip(" \t\r\n") if isinstance(value, str) else value


def _same(key: str, found: Any, value: Any) -> bool:
    if key == "roles":
        return set(value) <= set(found)
    if key == "identifiers":
        wanted = [CANONICAL[item["type"]](item["value"]) or item["value"] for item in value]
        return set(wanted) <= {item["value"] for item in found}
    return bool(found == value.strip(" \t\r\n"))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(LABELS, st.sampled_from(["audio", "video", "image"])), max_size=3))
def test_what_comes_back_stays(items: list[tuple[Label, Any]]) -> None:
    """A second journey loses nothing that the first one left, and every document is one that others can read."""
    entries = [(label, FileFacts(media, f"{place}.bin", "0" * 64)) for place, (label, media) in enumerate(items)]
    made = dump(entries)
    judged(made.content)
    loaded = load(read_message(made.content, "it"))
    assert len(loaded) == len(entries)
    for item in loaded:
        if "kind" not in item.label or _unlabeled(item.label):
            continue
        (again,) = load(read_message(dump([(_label(item.label), FileFacts(_media(item.resource.type)))]).content, "it"))
        assert again.label.get("contributions") == item.label.get("contributions")
        assert again.label["kind"] == item.label["kind"]
        assert again.label.get("title") == item.label.get("title")
        assert again.label.get("rights") == item.label.get("rights")


def _unlabeled(data: dict[str, Any]) -> bool:
    from provlabel.errors import LabelError
    from provlabel.label import label_from_dict

    try:
        label_from_dict(data)
    except LabelError:
        return True
    return False


def _label(data: dict[str, Any]) -> Label:
    from provlabel.label import label_from_dict

    return label_from_dict(data)


def _media(name: str) -> Any:
    return {"SoundRecording": "audio", "Video": "video", "Image": "image"}[name]


# --- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_contains_ai_says_the_kind_as_far_as_ddex_can(kind: Any) -> None:
    back, losses, root = both_ways(Label(kind=kind))
    expected = KINDS[kind].contains_ai
    assert [item.text for item in root.iter("ContainsAI")] == ([expected] if expected else [])
    assert is_told("kind", losses) == (back.get("kind") != kind)


def test_the_example_track_is_written_as_a_label_manager_would() -> None:
    _, losses, root = both_ways(load_label(EXAMPLES / "ai-assisted-track.toml"))
    track = root.find("ResourceList/SoundRecording")
    assert track is not None
    assert track.findtext("SoundRecordingEdition/ResourceId/ISRC") == "GBAYE2600001"
    assert track.findtext("WorkId/ISWC") == "T0345246801"
    assert track.findtext("SoundRecordingEdition/PLine/PLineText") == "℗ 2026 Acme Records"
    assert track.findtext("SoundRecordingEdition/TechnicalDetails/DeliveryFile/File/URI") == "take%20one.wav"
    credits = [
        (item.findtext("SpecialContributor") or "person", item.findtext("Role/Value"), item.findtext("AiContribution"))
        for item in track.iter("Contributor")
    ]
    assert credits == [
        ("person", "LeadVocalist", "None"),
        ("person", "Composer", "None"),
        ("GenerativeAI", "StudioMusician", "All"),
        ("GenerativeAI", "MasteringEngineer", "All"),
        ("person", "Lyricist", None),
        ("person", "StudioProducer", None),
    ]
    assert root.findtext("PartyList/Party/PartyName/FullName") == "Ada Example"
    assert root.findtext("PartyList/Party/PartyId/ISNI") == "0000000121032683"
    assert [item.text for item in root.iter("UseType")] == ["UseForDataMining"]
    assert {"systems", "provider", "contributions.2.span", "permissions.generative_training"} <= {
        loss.field for loss in losses
    }


def test_ai_contribution_follows_the_defaults_of_the_schema() -> None:
    """All with GenerativeAI; of anybody else None or Partly. What ERN cannot say is left out and told."""
    label = Label(
        kind="ai_partly_created",
        contributions=(
            Contribution(part="vocals", extent="Partly", by="human"),
            Contribution(part="lyrics", extent="All", by="human"),
            Contribution(part="mixing", extent="None", by="ai"),
            Contribution(part="production", extent="Partly", by="ai"),
        ),
    )
    made = dump([(label, SOUND)])
    said = [
        (item.findtext("SpecialContributor"), item.findtext("Role/Value"), item.findtext("AiContribution"))
        for item in judged(made.content).iter("Contributor")
    ]
    assert said == [
        (None, "Vocalist", "Partly"),
        (None, "Lyricist", None),
        ("GenerativeAI", "StudioProducer", "Partly"),
    ]
    assert {"contributions.1", "contributions.2"} <= {loss.field for loss in made.losses[0]}
    assert any("Partly with GenerativeAI" in text for text in made.unverified)


def test_a_contributor_without_aicontribution_is_all_when_it_is_generative_ai() -> None:
    message = f"""<e:NewReleaseMessage xmlns:e="{NAMESPACE}"><ResourceList><SoundRecording>
    <ResourceReference>A1</ResourceReference><Contributor><SpecialContributor>GenerativeAI</SpecialContributor>
    <Role><Value>Lyricist</Value></Role></Contributor>
    <Contributor><ContributorPartyReference>PX</ContributorPartyReference><Role><Value>Composer</Value></Role></Contributor>
    <Contributor><ContributorPartyReference>PX</ContributorPartyReference><Role><Value>Conductor</Value></Role></Contributor>
    </SoundRecording></ResourceList></e:NewReleaseMessage>"""
    (back,) = load(read_message(message.encode(), "it"))
    assert back.label["contributions"] == [{"part": "lyrics", "extent": "All", "by": "ai", "role": "Lyricist"}]
    assert back.label["people"] == [{"id": "X", "roles": ["Composer"]}]
    assert "kind" not in back.label
    told = [loss.why for loss in back.losses]
    assert any("a label has no role Conductor" in why for why in told)
    assert any("PartyList has none" in why for why in told)


def test_people_without_a_name_are_told_and_named_ones_shared() -> None:
    """Equal ids of two labels are one party only where name or number say so."""
    named = Label(kind="human_made", people=(Person(id="a", name="Ada Example", roles=("Composer",)),))
    bare = Label(kind="human_made", people=(Person(id="a", roles=("Composer",)),))
    made = dump([(named, SOUND), (named, SOUND), (bare, SOUND), (bare, SOUND)])
    root = judged(made.content)
    assert [item.findtext("PartyReference") for item in root.iter("Party")] == ["Pa", "Pa-2", "Pa-3"]
    assert [any(loss.field == "people.name" for loss in losses) for losses in made.losses] == [False, False, True, True]


def test_releases_hold_what_is_said_of_no_resource() -> None:
    track = Label(
        kind="human_made",
        identifiers=(
            Identifier(type="upc", value="036000291452"),
            Identifier(type="grid", value="A12425GABC1234002M"),
        ),
        permissions=Permissions(mining="allowed", inference="allowed", ai_training="notAllowed"),
    )
    cover = Label(kind="human_made", identifiers=(Identifier(type="upc", value="036000291452"),))
    other = Label(kind="human_made", identifiers=(Identifier(type="upc", value="4006381333931"),))
    made = dump([(track, SOUND), (cover, FileFacts("image", "c.jpg", "0" * 64)), (other, SOUND)])
    root = judged(made.content)
    assert root.findtext("ReleaseList/Release/ReleaseId/ICPN") == "036000291452"
    assert root.findtext("ReleaseList/Release/ResourceGroup/LinkedReleaseResourceReference") == "A2"
    assert root.findtext("ReleaseList/TrackRelease/ReleaseId/GRid") == "A12425GABC1234002M"
    assert [item.text for item in root.iter("UseType")] == ["UseForDataMining"]
    assert [loss.field for loss in made.losses[2]] == ["identifiers.upc"]
    assert {"permissions.inference", "permissions.ai_training"} <= {loss.field for loss in made.losses[0]}
    first = load(read_message(made.content, "it"))[0]
    assert first.label["permissions"] == {"mining": "allowed"}
    assert {"type": "grid", "value": "A12425GABC1234002M"} in first.label["identifiers"]


def test_a_release_has_one_grid_and_another_is_told() -> None:
    grids = tuple(Identifier(type="grid", value=value) for value in ("A12425GABC1234002M", "A12425GABC1234003N"))
    made = dump([(Label(kind="human_made", identifiers=grids), SOUND)])
    assert [item.text for item in judged(made.content).iter("GRid")] == ["A12425GABC1234002M"]
    assert ["A12425GABC1234003N" in loss.why for loss in made.losses[0] if loss.field == "identifiers.grid"] == [True]


def test_a_deal_with_terms_is_a_permission_with_a_condition() -> None:
    made = dump([(Label(kind="human_made", permissions=Permissions(mining="allowed")), SOUND)]).content
    limited = made.replace(b"<UseType>", b"<TerritoryCode>DE</TerritoryCode><UseType>")
    (back,) = load(read_message(limited, "it"))
    assert back.label["permissions"] == {"mining": "constrained"}
    assert any(loss.field == "permissions.mining" for loss in back.losses)


@pytest.mark.parametrize(
    ("notice", "media", "line"),
    [
        ("℗ 2026 Acme", "audio", "PLine"),
        ("(P) 2026 Acme", "audio", "PLine"),
        ("2026 Acme", "audio", "PLine"),
        ("© 2026 Acme", "audio", None),
        ("© 2026 Acme", "image", "CLine"),
        ("℗ 2026 Acme", "image", None),
        ("© 2026 Acme", "video", "CLine"),
    ],
)
def test_the_sign_of_a_notice_says_its_line(notice: str, media: Any, line: str | None) -> None:
    label = Label(kind="human_made", rights=Rights(notice=notice, holder="Acme"))
    _, losses, root = both_ways(label, FileFacts(media))
    assert [item.tag for item in root.iter() if item.tag in ("PLine", "CLine")] == ([line] if line else [])
    assert is_told("rights.notice", losses) == (line is None or notice[:1] == "2")


def test_names_that_third_parties_invented_are_never_written() -> None:
    content = "".join(dump([(load_label(path), SOUND)]).content.decode() for path in EXAMPLES.glob("*.toml"))
    for name in ("IsFullyAIGenerated", "AIGenerationInfo", "AIInvolvement"):
        assert name not in content


def test_markup_in_a_label_stays_text() -> None:
    title = '</DisplayTitleText><ContainsAI>None</ContainsAI> & "x" <!-- ]]>'
    back, _, root = both_ways(Label(kind="ai_generated", title=title))
    assert back["title"] == title
    assert [item.text for item in root.iter("ContainsAI")] == ["All"]


def test_a_character_that_xml_cannot_hold_is_told() -> None:
    _, losses, root = both_ways(Label(kind="ai_generated", title="a\uffffb"))
    assert root.findtext("ResourceList/SoundRecording/DisplayTitleText") == "a\ufffdb"
    assert is_told("title", losses)


def test_every_role_of_a_label_says_one_part() -> None:
    from typing import get_args

    from provlabel.label.vocabularies import PartName, Role

    assert set(PART_OF) == set(get_args(Role))
    assert set(PART_OF.values()) < set(get_args(PartName))


# --- validated by the XSD --------------------------------------------------------------------------

_SCHEMA = os.environ.get("PROVLABEL_ERN_XSD", "")
_XS = "{http://www.w3.org/2001/XMLSchema}"


def schema_of_the_table() -> str:
    """The table above as an XSD, so that an independent program judges by it."""
    lines = [
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:e="{NAMESPACE}" targetNamespace="{NAMESPACE}">',
        '<xs:element name="NewReleaseMessage" type="e:NewReleaseMessage"/>',
    ]
    for name, row in XSD.items():
        lines.append(f'<xs:complexType name="{name}"><xs:sequence>')
        for slot in row.split():
            elements = "".join(_declared(item, slot.endswith("*")) for item in slot.rstrip("*").split("|"))
            lines.append(f"<xs:choice>{elements}</xs:choice>" if "|" in slot else elements)
        attributes = '<xs:anyAttribute processContents="skip"/>' if name == "NewReleaseMessage" else ""
        lines.append(f"</xs:sequence>{attributes}</xs:complexType>")
    return "".join([*lines, "</xs:schema>"])


def _declared(name: str, many: bool) -> str:
    times = ' maxOccurs="unbounded"' if many else ""
    if name in VALUES:
        values = "".join(f'<xs:enumeration value="{value}"/>' for value in sorted(VALUES[name]))
        kind = f'<xs:simpleType><xs:restriction base="xs:string">{values}</xs:restriction></xs:simpleType>'
        return f'<xs:element name="{name}"{times}>{kind}</xs:element>'
    return f'<xs:element name="{name}"{times} type="{f"e:{name}" if name in XSD else "xs:string"}"/>'


def for_fragments(path: Path) -> xmlschema.XMLSchema:
    """Return a schema in which nothing is required any more: what a label cannot know is missing in fragments."""
    prefixes = dict(item for _, item in ET.iterparse(path, ["start-ns"]))  # noqa: S314 - put there by whoever runs this
    ET.register_namespace("xs", _XS[1:-1])
    root = ET.parse(path).getroot()  # noqa: S314
    for parent in root.iter():
        for child in parent if parent is not root else ():
            if child.tag in (_XS + "element", _XS + "choice", _XS + "sequence"):
                child.set("minOccurs", "0")
    for prefix, uri in prefixes.items():  # those that only values use; the other program writes none of them
        if uri != _XS[1:-1]:
            root.set(f"xmlns:{prefix}", uri)
    return xmlschema.XMLSchema(ET.tostring(root, "unicode"), base_url=path.parent.as_uri() + "/", validation="lax")


@pytest.fixture(params=["table", "XSD of DDEX"])
def schema(request: pytest.FixtureRequest, tmp_path: Path) -> xmlschema.XMLSchema:
    if request.param == "table":
        (tmp_path / "table.xsd").write_text(schema_of_the_table())
        return for_fragments(tmp_path / "table.xsd")
    if not _SCHEMA:
        pytest.skip("the XSD of ERN 4.3.2 is DDEX's: set PROVLABEL_ERN_XSD to release-notification.xsd where it is")
    return for_fragments(Path(_SCHEMA))


@pytest.mark.parametrize("media", ["audio", "image", "video"])
def test_a_schema_finds_nothing_wrong_in_fragments(schema: xmlschema.XMLSchema, media: Any) -> None:
    for path in sorted(EXAMPLES.glob("*.toml")):
        content = dump([(load_label(path), FileFacts(media, "a.bin", "0" * 64))]).content.decode()
        assert [str(error.reason) for error in schema.iter_errors(content)] == []
        for wrong in (
            content.replace("ContainsAI>", "IsFullyAIGenerated>"),
            content.replace("<ResourceReference>A1</ResourceReference>", "").replace("<ContainsAI>", "<ContainsAI>x"),
        ):
            assert list(schema.iter_errors(wrong))


# --- what comes in ---------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_the_reader_fail_otherwise(content: bytes) -> None:
    for made in (content, b"<a>" + content + b"</a>", b'<a b="' + content + b'"/>'):
        try:
            root = parse(made)
        except XmlError:
            continue
        assert root.name


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_message_makes_the_reader_fail_otherwise(data: st.DataObject) -> None:
    """Names of ERN in any nesting, with any text, make labels."""
    names = sorted(
        {"ResourceList", *XSD, *(word.strip("*") for row in XSD.values() for word in row.replace("|", " ").split())}
    )
    tree = st.recursive(
        st.sampled_from(["", "All", "x\u202e", "A1", "P1", "R1"]),
        lambda inner: st.lists(st.tuples(st.sampled_from(names), inner), max_size=4).map(
            lambda items: "".join(f"<{name}>{text}</{name}>" for name, text in items)
        ),
        max_leaves=20,
    )
    body = data.draw(tree)
    resource = (
        f"<ResourceList><SoundRecording><ResourceReference>A1</ResourceReference>{body}</SoundRecording></ResourceList>"
    )
    message = f'<e:NewReleaseMessage xmlns:e="{NAMESPACE}">{body}{resource}</e:NewReleaseMessage>'
    for item in load(read_message(message.encode(), "it")):
        assert item.label["schema"] == "label-v1"


def test_an_import_that_meets_no_ai_field_leaves_the_kind_open(cli: Cli, tmp_path: Path) -> None:
    made = dump([(Label(kind="human_made", title="Lighthouse"), SOUND)]).content
    (tmp_path / "old.xml").write_bytes(made.replace(b"ern/432", b"ern/43"))
    done = cli("import", "old.xml", "--from", "ddex")
    assert done.returncode == 1
    assert "ERN 4.3 has no field about AI" in done.stdout
    assert "kind is missing" in done.stdout
    assert (tmp_path / "take one.wav.label.json").exists()


@pytest.mark.parametrize("content", [b"", b"<a/>", b"<!DOCTYPE a><a/>", b"\xff\xfe\x00", b"<a>" * 1000])
def test_an_import_of_something_else_writes_nothing(cli: Cli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.xml").write_bytes(content)
    done = cli("import", "m.xml", "--from", "ddex", "--out-dir", "out")
    assert done.returncode == 2
    assert "hint:" in done.stderr
    assert not (tmp_path / "out").exists()


# --- the command -----------------------------------------------------------------------------------


def test_a_delivery_agrees_with_the_fragments_made_from_it(
    cli: Cli, media: Path, signer: Signer, trust: TrustStore, tmp_path: Path
) -> None:
    folder = tmp_path / "delivery"
    folder.mkdir()
    for source, name in (("take.wav", "ai-assisted-track"), ("take.flac", "ai-track"), ("cover.jpg", "ai-artwork")):
        label = structs.replace(load_label(EXAMPLES / f"{name}.toml"), prompt=UNSET)
        label_file(media / source, folder / source, label, signer, personal=True)
    done = cli("export", folder, "--to", "ddex", "--trust", "test", "--personal", "-o", tmp_path / "f.xml")
    assert done.returncode == 0, done.stderr
    assert "take.wav: lost: systems" in done.stderr
    judged((tmp_path / "f.xml").read_bytes())
    done = cli("verify", folder, "--trust", "test", "--against", tmp_path / "f.xml")
    assert done.returncode == 0, done.stdout
    assert "delivery." not in done.stdout
    done = cli("import", tmp_path / "f.xml", "--from", "ddex", "--out-dir", tmp_path / "back")
    assert done.returncode == 0, done.stdout
    back = load_label(tmp_path / "back" / "take.wav.label.json")
    assert (back.kind, back.people[0].name) == ("ai_partly_created", "Ada Example")


def test_a_label_file_has_to_be_told_what_it_is_about(cli: Cli) -> None:
    path = EXAMPLES / "ai-track.toml"
    assert cli("export", path, "--to", "ddex").returncode == 2
    done = cli("export", path, "--to", "ddex", "--media", "audio")
    assert done.returncode == 0
    assert judged(done.stdout.encode()).findtext("ResourceList/SoundRecording/ContainsAI") == "All"


def test_unverified_elements_are_named_when_they_are_written(cli: Cli, tmp_path: Path) -> None:
    done = cli("export", EXAMPLES / "ai-track.toml", "--to", "ddex", "--media", "video")
    assert "unverified: VideoEdition" in done.stderr


def test_the_page_has_every_element_and_how_sure_it_is() -> None:
    page = (ROOT / "docs" / "ddex.md").read_text()
    for row in ELEMENTS:
        assert f"| {row.element} | {row.field} |" in page.replace("`", "")
        assert row.certainty in ("P", "unverified")


def test_the_systems_of_a_label_are_told_to_be_lost() -> None:
    _, losses, _ = both_ways(Label(kind="ai_generated", systems=(System(name="AcmeSynth"),)))
    assert is_told("systems", losses)


def test_no_fragment_contradicts_itself_about_ai() -> None:
    """ContainsAI All leaves no contributor but GenerativeAI, and None no contribution by AI; what goes is told."""
    from provlabel.label.records import Contribution, Person

    mixed = Contribution(part="mixing", extent="All", by="ai")
    helped = Contribution(part="mastering", extent="Partly", by="human")
    technical = Label(kind="ai_assisted_technical", contributions=(mixed, helped))
    generated = Label(kind="ai_generated", people=(Person(id="ada", name="Ada", roles=("StudioProducer",)),))
    for label, field in ((technical, "contributions.0"), (technical, "contributions.1"), (generated, "people.ada")):
        made = dump([(label, SOUND)])
        (resource,) = read_message(made.content, "it").resources
        assert (resource.faults, field in [loss.field for loss in made.losses[0]]) == ((), True)
