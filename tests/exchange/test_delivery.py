"""``verify --against``: deliveries of real, labeled files held against their DDEX message, on the command line."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from project import MEDIA, Cli
from provlabel import Label, System, TrustStore, label_file
from provlabel.exchange.delivery import Delivery
from provlabel.label.records import Contribution, Identifier, Permissions
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.verifying.verify import verify_paths

TRACK = Label(
    kind="ai_partly_created",
    systems=(System(name="AcmeDrums", version="2.1"),),
    identifiers=(Identifier(type="isrc", value="GBAYE2600001"),),
    contributions=(
        Contribution(part="vocals", extent="None", by="human"),
        Contribution(part="instrumental", extent="All", by="ai", system="AcmeDrums", role="StudioMusician"),
    ),
    permissions=Permissions(generative_training="notAllowed", mining="allowed"),
)
COVER = Label(kind="ai_generated", systems=(System(name="AcmePaint"),))

# Written by hand from the XSD, as a label would send it: nothing of it comes from our own writer.
MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/432" AvsVersionId="9" LanguageAndScriptCode="en">
  <MessageHeader><MessageId>1</MessageId></MessageHeader>
  <PartyList>
    <Party><PartyReference>PSinger</PartyReference><PartyName><FullName>Ada Example</FullName></PartyName></Party>
  </PartyList>
  <ResourceList>
    <SoundRecording>
      <ResourceReference>A1</ResourceReference>
      <SoundRecordingEdition>
        <ResourceId><ISRC>GB-AYE-26-00001</ISRC></ResourceId>
        <TechnicalDetails>
          <TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference>
          <DeliveryFile>
            <Type>AudioFile</Type>
            <File>
              <URI>resources/take.wav</URI>
              <HashSum><Algorithm>{algorithm}</Algorithm><HashSumValue>{take}</HashSumValue></HashSum>
            </File>
          </DeliveryFile>
        </TechnicalDetails>
      </SoundRecordingEdition>
      <DisplayTitleText>Lighthouse</DisplayTitleText>
      <Contributor>
        <ContributorPartyReference>PSinger</ContributorPartyReference>
        <Role><Value>LeadVocalist</Value></Role>
        <AiContribution>None</AiContribution>
      </Contributor>
      <Contributor>
        <SpecialContributor>GenerativeAI</SpecialContributor>
        <Role><Value>{role}</Value></Role>
      </Contributor>
      <ContainsAI>{contains}</ContainsAI>
    </SoundRecording>
    <Image>
      <ResourceReference>A2</ResourceReference>
      <ContainsAI>All</ContainsAI>
      <TechnicalDetails>
        <TechnicalResourceDetailsReference>T2</TechnicalResourceDetailsReference>
        <File><URI>resources/cover.jpg</URI></File>
      </TechnicalDetails>
    </Image>
    {more}
  </ResourceList>
  <ReleaseList>
    <TrackRelease>
      <ReleaseReference>R1</ReleaseReference>
      <ReleaseId><GRid>A10302B0000000001X</GRid></ReleaseId>
      <ReleaseResourceReference>A1</ReleaseResourceReference>
    </TrackRelease>
  </ReleaseList>
  <DealList>
    <ReleaseDeal>
      <DealReleaseReference>R1</DealReleaseReference>
      <Deal><DealTerms><TerritoryCode>Worldwide</TerritoryCode><UseType>{use}</UseType></DealTerms></Deal>
    </ReleaseDeal>
  </DealList>
</ern:NewReleaseMessage>
"""
PLAIN = {"algorithm": "MD5", "role": "Musician", "contains": "Partly", "use": "UseForDataMining", "more": ""}


class Desk:
    """A delivery: a folder with two labeled files, and its message beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.take, self.cover, self.message = folder / "take.wav", folder / "cover.jpg", folder / "message.xml"

    def write(self, **changes: str) -> Path:
        digest = hashlib.md5(self.take.read_bytes(), usedforsecurity=False).hexdigest()
        self.message.write_text(MESSAGE.format(**{**PLAIN, "take": digest, **changes}))
        return self.message


@pytest.fixture(scope="module")
def labeled(signer: Signer, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labeled")
    label_file(MEDIA / "take.wav", folder / "take.wav", TRACK, signer, sandbox=sandbox)
    label_file(MEDIA / "cover.jpg", folder / "cover.jpg", COVER, signer, sandbox=sandbox)
    return folder


@pytest.fixture
def desk(labeled: Path, tmp_path: Path) -> Desk:
    folder = tmp_path / "delivery"
    shutil.copytree(labeled, folder)
    made = Desk(folder)
    made.write()
    return made


@pytest.fixture
def verify(cli: Cli, desk: Desk) -> Any:
    def run(*more: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
        done = cli("verify", desk.folder, "--trust", "test", "--against", desk.message, "--format", "json", *more)
        report = json.loads(done.stdout)
        paths = {item["path"].removeprefix(f"{desk.folder}/"): item["findings"] for item in report["files"]}
        return done.returncode, paths

    return run


def rules(findings: list[dict[str, Any]], level: str = "error") -> list[str]:
    return [item["rule"] for item in findings if item["level"] == level]


# --- the three deliveries --------------------------------------------------------------------------


def test_a_clean_delivery_passes(verify: Any) -> None:
    code, found = verify()
    assert code == 0
    assert set(found) == {"take.wav", "cover.jpg"}
    assert not [item["rule"] for one in found.values() for item in one if item["rule"].startswith("delivery.")]


def test_a_tampered_file_fails_by_its_signature_and_by_the_hash_of_the_message(verify: Any, desk: Desk) -> None:
    content = bytearray(desk.take.read_bytes())
    content[5000] ^= 0xFF
    desk.take.write_bytes(content)
    code, found = verify()
    assert code == 1
    assert {"content.altered", "delivery.hash"} <= set(rules(found["take.wav"]))
    assert not rules(found["cover.jpg"])


def test_a_message_that_contradicts_fails_with_each_contradiction(verify: Any, desk: Desk) -> None:
    desk.write(contains="None", role="LeadVocalist", use="UseForTrainingGenerativeAI")
    code, found = verify()
    assert code == 1
    told = {item["rule"]: item for item in found["take.wav"]}
    assert told["delivery.contains-ai"]["message"].endswith("Partly, and the message says None")
    assert "vocals: None in the label, and All and None in the message" in told["delivery.contribution"]["message"]
    contributions = [item["message"] for item in found["take.wav"] if item["rule"] == "delivery.contribution"]
    assert any("instrumental: All in the label, and nothing in the message" in text for text in contributions)
    assert "generative_training is notAllowed" in told["delivery.permission"]["message"]
    assert told["delivery.permission"]["at"].endswith("message.xml:8")
    assert not rules(found["cover.jpg"])


# --- which file is which resource ------------------------------------------------------------------

THIRD = """<SoundRecording><ResourceReference>A3</ResourceReference><SoundRecordingEdition>
<ResourceId><ISRC>GBAYE2600077</ISRC></ResourceId></SoundRecordingEdition></SoundRecording>"""


def test_a_resource_without_a_file_is_an_entry_that_fails(verify: Any, desk: Desk) -> None:
    desk.write(more=THIRD)
    code, found = verify()
    assert code == 1
    (missing,) = (findings for name, findings in found.items() if name.startswith("message.xml#"))
    assert [item["rule"] for item in missing] == ["delivery.missing"]
    assert "GBAYE2600077" in missing[0]["message"]


def test_a_resource_that_is_said_not_to_be_delivered_is_not_missed(verify: Any, desk: Desk) -> None:
    said = "<TechnicalDetails><DeliveryFile><IsProvidedInDelivery>false</IsProvidedInDelivery></DeliveryFile>"
    desk.write(more=THIRD.replace("</SoundRecordingEdition>", said + "</TechnicalDetails></SoundRecordingEdition>"))
    assert verify()[0] == 0


def test_a_file_that_no_resource_names_fails(verify: Any, desk: Desk, labeled: Path) -> None:
    shutil.copy(labeled / "cover.jpg", desk.folder / "booklet.jpg")
    code, found = verify()
    assert code == 1
    assert "delivery.unlisted" in rules(found["booklet.jpg"])


def test_the_hash_goes_before_the_name(verify: Any, desk: Desk) -> None:
    """A file that was renamed is still the resource that has its hash, and the name is told."""
    desk.take.rename(desk.folder / "renamed.wav")
    code, found = verify()
    assert code == 0
    assert "delivery.file-name" in rules(found["renamed.wav"], "warning")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_every_usual_hash_is_computed(verify: Any, desk: Desk, algorithm: str) -> None:
    names = {"sha1": "SHA1", "sha256": "SHA-256", "sha512": "SHA-512"}
    digest = hashlib.new(algorithm, desk.take.read_bytes()).hexdigest().upper()
    desk.write(algorithm=names[algorithm], take=digest)
    assert verify()[0] == 0
    desk.write(algorithm=names[algorithm], take="0" * len(digest))
    code, found = verify()
    assert (code, "delivery.hash" in rules(found["take.wav"])) == (1, True)


def test_every_hash_of_an_entry_counts_and_not_the_one_that_fits(verify: Any, desk: Desk) -> None:
    """MD5 can be made to fit another file; SHA-256 beside it says that it is another one."""
    text = desk.write().read_text()
    more = "<HashSum><Algorithm>SHA-256</Algorithm><HashSumValue>{}</HashSumValue></HashSum></File>"
    digest = hashlib.sha256(desk.take.read_bytes()).hexdigest()
    for value, code in ((digest, 0), ("0" * 64, 1)):
        desk.message.write_text(text.replace("</HashSum>\n            </File>", "</HashSum>" + more.format(value)))
        found = verify()
        assert (found[0], "delivery.hash" in rules(found[1]["take.wav"])) == (code, bool(code))


@pytest.mark.parametrize(("spelled", "name"), [("SHA256", "sha256"), ("sha-1", "sha1"), ("MD-5", "md5")])
def test_a_hash_is_known_however_its_algorithm_is_spelled(verify: Any, desk: Desk, spelled: str, name: str) -> None:
    digest = hashlib.new(name, desk.take.read_bytes()).hexdigest()
    desk.write(algorithm=spelled, take=digest)
    assert verify()[0] == 0
    desk.write(algorithm=spelled, take="0" * len(digest))
    code, found = verify()
    assert (code, "delivery.hash" in rules(found["take.wav"])) == (1, True)


def test_a_hash_that_is_not_computed_is_told(verify: Any, desk: Desk) -> None:
    desk.write(algorithm="CRC32", take="cbf43926")
    code, found = verify()
    assert code == 0
    assert "delivery.hash-not-checked" in rules(found["take.wav"], "warning")


def test_an_isrc_that_differs_is_told(verify: Any, desk: Desk) -> None:
    text = desk.write().read_text()
    desk.message.write_text(text.replace("GB-AYE-26-00001", "GBAYE2699999"))
    code, found = verify()
    assert code == 1
    assert "ISRC GBAYE2600001 in the label, and GBAYE2699999 in the message" in "".join(
        item["message"] for item in found["take.wav"]
    )


def test_the_isrc_goes_before_the_name(verify: Any, desk: Desk) -> None:
    """Two takes that were swapped: the name leads to one resource, the ISRC in the label to the other."""
    text = desk.write(more=THIRD.replace("GBAYE2600077", "GBAYE2600001"), take="0" * 32).read_text()
    desk.message.write_text(text.replace("GB-AYE-26-00001", "GBAYE2600077"))
    code, found = verify()
    assert code == 1
    assert "delivery.identifier" not in rules(found["take.wav"])
    assert [name for name in found if "#" in name] == ["message.xml#resources/take.wav"]
    assert "GBAYE2600077" in found["message.xml#resources/take.wav"][0]["message"]


def sound(reference: str, uri: str, digest: str = "", isrc: str = "GBAYE2600001", more: str = "") -> str:
    """A resource with one file, as text."""
    hashed = f"<HashSum><Algorithm>SHA-256</Algorithm><HashSumValue>{digest}</HashSumValue></HashSum>" if digest else ""
    return (
        f"<SoundRecording><ResourceReference>{reference}</ResourceReference><SoundRecordingEdition><ResourceId>"
        f"<ISRC>{isrc}</ISRC></ResourceId><TechnicalDetails><DeliveryFile><File><URI>{uri}</URI>{hashed}</File>"
        f"</DeliveryFile></TechnicalDetails></SoundRecordingEdition>{more}</SoundRecording>"
    )


def only(desk: Desk, *resources: str) -> None:
    """Write a message of just these resources; the cover is not in the delivery."""
    desk.cover.unlink(missing_ok=True)
    listed = "".join(resources)
    desk.message.write_text(
        '<NewReleaseMessage xmlns="http://ddex.net/xml/ern/432">'
        f"<ResourceList>{listed}</ResourceList></NewReleaseMessage>"
    )


def test_of_two_resources_with_one_isrc_a_file_is_the_one_that_has_its_name(verify: Any, desk: Desk) -> None:
    shutil.copy(desk.take, desk.folder / "atmos.wav")
    none = "<ContainsAI>None</ContainsAI>"
    only(desk, sound("A1", "take.wav"), sound("A2", "atmos.wav", more=none))
    code, found = verify()
    assert code == 1
    assert (rules(found["take.wav"]), rules(found["atmos.wav"])) == ([], ["delivery.contains-ai"])


def test_of_two_resources_with_one_name_a_file_is_the_one_that_has_its_folder(verify: Any, desk: Desk) -> None:
    for name in ("CD1", "CD2"):
        (desk.folder / name).mkdir()
        shutil.copy(desk.take, desk.folder / name / "take.wav")
    desk.take.unlink()
    none = "<ContainsAI>None</ContainsAI>"
    only(desk, sound("A1", "CD2/take.wav"), sound("A2", "CD1/take.wav", more=none))
    code, found = verify()
    assert (code, rules(found["CD1/take.wav"]), rules(found["CD2/take.wav"])) == (1, ["delivery.contains-ai"], [])


@pytest.mark.parametrize(
    ("scheme", "ours", "same", "other"),
    [
        ("iswc", "T0345246801", "T-034.524.680-1", "T-345246800-1"),
        ("upc", "036000291452", "0036000291452", "4006381333931"),
    ],
)
def test_identifiers_of_the_work_and_of_the_release_are_compared(
    verify: Any, desk: Desk, signer: Signer, sandbox: Sandbox, scheme: Any, ours: str, same: str, other: str
) -> None:
    desk.take.unlink()
    label = Label(kind="human_made", identifiers=(Identifier(type=scheme, value=ours),))
    label_file(MEDIA / "take.wav", desk.take, label, signer, sandbox=sandbox)
    for value, expected in ((same, []), (other, ["delivery.identifier"])):
        only(desk, sound("A1", "take.wav", more=f"<WorkId><ISWC>{value if scheme == 'iswc' else ''}</ISWC></WorkId>"))
        release = (
            f"<ReleaseList><Release><ReleaseId><ICPN>{value if scheme == 'upc' else ''}</ICPN></ReleaseId>"
            "<ReleaseResourceReference>A1</ReleaseResourceReference></Release></ReleaseList>"
        )
        text = desk.message.read_text()
        desk.message.write_text(text.replace("</ResourceList>", "</ResourceList>" + release))
        assert rules(verify()[1]["take.wav"]) == expected


SONG = Label(
    kind="ai_partly_created",
    systems=(System(name="AcmeSong"),),
    contributions=(
        Contribution(part="composition", extent="All", by="ai"),
        Contribution(part="lyrics", extent="All", by="ai"),
    ),
)
_SINGS = "<Role><Value>Vocalist</Value></Role>"
AI_SINGER = f"<Contributor><SpecialContributor>GenerativeAI</SpecialContributor>{_SINGS}</Contributor>"
SINGER = f"<Contributor><ContributorPartyReference>P</ContributorPartyReference>{_SINGS}</Contributor>"


@pytest.mark.parametrize(
    ("label", "more", "errors", "warnings"),
    [
        (Label(kind="human_made"), AI_SINGER, ["delivery.contribution"], []),
        (Label(kind="ai_generated"), AI_SINGER + "<ContainsAI>All</ContainsAI>", [], []),
        (Label(kind="may_contain_ai"), "<ContainsAI>None</ContainsAI>", [], ["delivery.undisclosed"]),
        (Label(kind="may_contain_ai"), "<ContainsAI>All</ContainsAI>", [], ["delivery.undisclosed"]),
        (Label(kind="may_contain_ai"), "", [], ["delivery.undisclosed"]),
        (Label(kind="may_contain_ai"), "<ContainsAI>Partly</ContainsAI>", [], []),
        (TRACK, SINGER + "<ContainsAI>Partly</ContainsAI>", [], ["delivery.undisclosed"]),
        (TRACK, "<ContainsAI>Partly</ContainsAI>", [], []),
        (SONG, AI_SINGER.replace("Vocalist", "ComposerLyricist"), [], ["delivery.undisclosed"]),
        (SONG, AI_SINGER.replace("Vocalist", "Composer"), ["delivery.contribution"], ["delivery.undisclosed"]),
    ],
    ids=["human", "same", "may-none", "may-all", "may", "may-partly", "unsaid", "no-credits", "both", "one"],
)
def test_what_one_side_says_by_other_means_counts_too(
    verify: Any,
    desk: Desk,
    signer: Signer,
    sandbox: Sandbox,
    label: Label,
    more: str,
    errors: list[str],
    warnings: list[str],
) -> None:
    desk.take.unlink()
    label_file(MEDIA / "take.wav", desk.take, label, signer, sandbox=sandbox)
    only(desk, sound("A1", "take.wav", more=more))
    text = desk.message.read_text()
    parties = "<PartyList><Party><PartyReference>P</PartyReference></Party></PartyList><ResourceList>"
    desk.message.write_text(text.replace("<ResourceList>", parties))
    _, found = verify()
    told = [item for item in found["take.wav"] if item["rule"].startswith("delivery.")]
    assert (rules(told), rules(told, "warning")) == (errors, warnings)


@pytest.mark.parametrize(
    "more",
    [
        AI_SINGER + "<ContainsAI>None</ContainsAI>",
        SINGER + "<ContainsAI>All</ContainsAI>",
        SINGER.replace("</C", "<AiContribution>All</AiContribution></C") + "<ContainsAI>Partly</ContainsAI>",
        AI_SINGER.replace("</C", "<AiContribution>None</AiContribution></C") + "<ContainsAI>Partly</ContainsAI>",
        "<ContainsAI>None</ContainsAI><ContainsAI>All</ContainsAI>",
    ],
    ids=["none-beside-ai", "all-beside-a-party", "party-all", "ai-none", "twice"],
)
def test_a_message_that_contradicts_itself_is_told(verify: Any, desk: Desk, more: str) -> None:
    only(desk, sound("A1", "take.wav", more=more))
    code, found = verify()
    assert (code, "delivery.unknown-value" in rules(found["take.wav"])) == (1, True)


def test_a_second_file_for_a_resource_of_one_file_is_in_no_message(verify: Any, desk: Desk) -> None:
    shutil.copy(desk.take, desk.folder / "zweite.wav")
    only(desk, sound("A1", "take.wav"))
    code, found = verify(str(desk.take))  # the same file named twice is one
    assert (code, rules(found["take.wav"]), rules(found["zweite.wav"])) == (1, [], ["delivery.unlisted"])
    assert "delivery.file-name" in rules(found["zweite.wav"], "warning")


def test_each_file_of_a_resource_is_missed(verify: Any, desk: Desk) -> None:
    only(desk, sound("A1", "take.wav").replace("</File>", "</File><File><URI>take.flac</URI></File>"))
    code, found = verify()
    assert (code, rules(found["take.wav"])) == (1, [])
    assert "take.flac" in found["message.xml#take.flac"][0]["message"]
    second = "<DeliveryFile><File><URI>take.flac</URI></File><IsProvidedInDelivery>false</IsProvidedInDelivery>"
    only(desk, sound("A1", "take.wav").replace("<DeliveryFile>", second + "</DeliveryFile><DeliveryFile>"))
    assert verify()[0] == 0
    desk.take.rename(desk.folder.parent / "take.wav")
    (desk.folder / "cover.jpg").write_bytes(b"")
    assert "message.xml#take.wav" in verify()[1]


def test_two_files_that_changed_their_names_are_not_what_the_message_says(verify: Any, desk: Desk) -> None:
    """Each hash is there, and whoever looks for a file by its name finds the other."""
    other = desk.folder / "other.wav"
    other.write_bytes(desk.take.read_bytes() + b"\0\0")
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (desk.take, other)}
    only(desk, sound("A1", "take.wav", sums["other.wav"]), sound("A2", "other.wav", sums["take.wav"]))
    code, found = verify()
    assert code == 1
    assert "delivery.hash" in rules(found["take.wav"])
    assert "delivery.hash" in rules(found["other.wav"])


def test_a_name_is_one_however_its_letters_are_composed(verify: Any, desk: Desk) -> None:
    desk.take.rename(desk.folder / "lie\u0301.wav")
    only(desk, sound("A1", "resources/li%C3%A9.wav", isrc="GBAYE2600001"))
    code, found = verify()
    assert (code, [item for one in found.values() for item in one if "file-name" in item["rule"]]) == (0, [])


def test_a_label_that_says_ai_and_a_message_that_does_not_is_a_warning(verify: Any, desk: Desk) -> None:
    text = desk.write().read_text()
    desk.message.write_text(text.replace("<ContainsAI>All</ContainsAI>", ""))
    code, found = verify()
    assert code == 0
    assert "delivery.undisclosed" in rules(found["cover.jpg"], "warning")


def test_a_message_that_says_ai_of_a_file_without_a_label_is_a_warning(cli: Cli, desk: Desk) -> None:
    shutil.copy(MEDIA / "cover.jpg", desk.cover)
    done = cli("verify", desk.folder, "--trust", "test", "--against", desk.message, "--policy", "intact")
    assert done.returncode == 0, done.stdout
    assert "delivery.undisclosed" in done.stdout
    assert "ContainsAI is All, and the label does not say" in done.stdout


@pytest.mark.parametrize("alone", [True, False])
def test_a_grid_names_a_file_where_the_release_holds_one_resource(
    verify: Any, desk: Desk, signer: Signer, sandbox: Sandbox, alone: bool
) -> None:
    desk.take.unlink()
    label = Label(kind="ai_partly_created", identifiers=(Identifier(type="grid", value="A10302B0000000001X"),))
    label_file(MEDIA / "take.flac", desk.folder / "x.flac", label, signer, sandbox=sandbox)
    text = MESSAGE.format(**PLAIN, take="0" * 32)
    held = "<ReleaseResourceReference>A1</ReleaseResourceReference>"
    desk.message.write_text(text if alone else text.replace(held, held + held.replace("A1", "A2")))
    code, found = verify()
    assert code == 1
    assert rules(found["x.flac"]) == (["delivery.hash"] if alone else ["delivery.unlisted"])


def test_a_value_that_ern_does_not_have_is_an_error(verify: Any, desk: Desk) -> None:
    desk.write(contains="Mostly")
    code, found = verify()
    assert code == 1
    assert "delivery.unknown-value" in rules(found["take.wav"])


def test_an_exception_of_a_policy_counts_for_a_delivery_too(cli: Cli, desk: Desk) -> None:
    desk.write(contains="None")
    policy = desk.folder.parent / "gate.toml"
    policy.write_text(
        'schema = "policy-v1"\nname = "gate"\n[[exceptions]]\nrule = "delivery.*"\npath = "**/take.wav"\n'
        'reason = "the message is being fixed"\nowner = "ops"\nexpires = 2099-01-01\n'
    )
    done = cli("verify", desk.folder, "--trust", "test", "--against", desk.message, "--policy", policy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the message is being fixed" in done.stdout


def test_a_baseline_of_one_message_does_not_stand_for_another(cli: Cli, desk: Desk) -> None:
    common = ("verify", desk.folder, "--trust", "test", "--against", desk.message)
    base = desk.folder.parent / "base.json"
    desk.write(contains="Partly", role="Vocalist")
    assert cli(*common, "--format", f"json={base}", "--root", desk.folder).returncode == 1
    assert cli(*common, "--baseline", base, "--root", desk.folder).returncode == 0
    desk.write(contains="Partly", role="Arranger")
    assert cli(*common, "--baseline", base, "--root", desk.folder).returncode == 1


def test_with_fail_fast_nothing_is_missed_that_was_not_reached(verify: Any, desk: Desk) -> None:
    desk.cover.write_bytes(desk.cover.read_bytes()[:-3000])
    code, found = verify("--fail-fast", "--workers", "1")
    assert code == 1
    assert not any("delivery.missing" in rules(one) for one in found.values())


# --- versions --------------------------------------------------------------------------------------


def test_an_older_version_is_compared_but_for_ai(verify: Any, desk: Desk) -> None:
    """ERN 3.8.2 has other places for the same things, and no field about AI."""
    digest = hashlib.md5(desk.take.read_bytes(), usedforsecurity=False).hexdigest()
    desk.message.write_text(
        f"""<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/382"><ResourceList>
        <SoundRecording><SoundRecordingId><ISRC>GBAYE2600001</ISRC></SoundRecordingId>
        <ResourceReference>A1</ResourceReference><SoundRecordingDetailsByTerritory><TechnicalSoundRecordingDetails>
        <File><FileName>take.wav</FileName><FilePath>resources/</FilePath><HashSum><HashSum>{digest}</HashSum>
        <HashSumAlgorithmType>MD5</HashSumAlgorithmType></HashSum></File>
        </TechnicalSoundRecordingDetails></SoundRecordingDetailsByTerritory><ContainsAI>None</ContainsAI></SoundRecording>
        <Image><ResourceReference>A2</ResourceReference><ImageDetailsByTerritory><TechnicalImageDetails>
        <File><FileName>cover.jpg</FileName></File></TechnicalImageDetails></ImageDetailsByTerritory></Image>
        </ResourceList></ern:NewReleaseMessage>"""
    )
    code, found = verify()
    assert code == 0
    assert "delivery.no-ai-fields" in rules(found["take.wav"], "note")
    desk.message.write_text(desk.message.read_text().replace(digest, "0" * 32))
    code, found = verify()
    assert (code, rules(found["take.wav"])) == (1, ["delivery.hash"])


LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(25))
    + "]><l>&z;</l>"
)
XXE = '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/432">&x;</ern:NewReleaseMessage>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (XXE, "document type declaration"),
        (LAUGHS, "document type declaration"),
        ("<a>" * 200 + "</a>" * 200, "nested deeper than 100"),
        (b"<a>\xff</a>", "not well-formed"),
        ("<a>&b;</a>", "undefined entity"),
        ("", "no element found"),
        ("<NewReleaseMessage/>", "namespace none"),
        ('<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/999"/>', "http://ddex.net/xml/ern/999"),
        ('<e:PurgeReleaseMessage xmlns:e="http://ddex.net/xml/ern/432"/>', "is a PurgeReleaseMessage"),
        ('<?xml version="1.0" encoding="utf-7"?><a/>', "encoding"),
    ],
    ids=["xxe", "laughs", "deep", "utf-8", "entity", "empty", "no-namespace", "unknown", "purge", "encoding"],
)
def test_a_message_that_is_none_ends_with_2_and_says_why(cli: Cli, desk: Desk, content: str | bytes, said: str) -> None:
    desk.message.write_bytes(content.encode() if isinstance(content, str) else content)
    done = cli("verify", desk.folder, "--trust", "test", "--against", desk.message)
    assert done.returncode == 2
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert "root:" not in done.stderr + done.stdout


def test_an_unknown_version_names_those_that_are_known(cli: Cli, desk: Desk) -> None:
    desk.message.write_text('<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/44"/>')
    assert "4.3.2" in cli("verify", desk.folder, "--against", desk.message).stderr


def test_a_message_of_50_mb_is_read_or_refused_with_bounded_memory(under: Any, desk: Desk) -> None:
    """One large text is read; millions of elements are refused; neither takes more than the bound."""
    head, tail = desk.message.read_text().split("</ResourceList>")
    desk.message.write_text(head + "<Text><Note>" + "a" * (50 << 20) + "</Note></Text></ResourceList>" + tail)
    limit = ("sh", "-c", 'ulimit -v 3000000; exec "$@"', "sh")
    done = under(limit, "verify", desk.folder, "--trust", "test", "--against", desk.message)
    assert done.returncode == 0, done.stderr
    desk.message.write_text(head + "<Text>x</Text>" * 4_000_000 + "</ResourceList>" + tail)
    done = under(limit, "verify", desk.folder, "--trust", "test", "--against", desk.message)
    assert done.returncode == 2
    assert "more than 500,000 elements" in done.stderr
    desk.message.write_bytes(b"<a>" + b" " * (65 << 20) + b"</a>")
    done = under(limit, "verify", desk.folder, "--trust", "test", "--against", desk.message)
    assert (done.returncode, "larger than 64 MB" in done.stderr) == (2, True)


def test_a_message_is_read_in_time_that_grows_with_its_size_alone() -> None:
    """Of 40,000 resources and 40,000 releases, and of 40,000 deals with one release, not every pair is looked at."""
    import time

    from provlabel.exchange.ern import read_message

    count = 40_000
    resources = "".join(f"<Image><ResourceReference>A{place}</ResourceReference></Image>" for place in range(count))
    held = "".join(f"<ReleaseResourceReference>A{place}</ReleaseResourceReference>" for place in range(count))
    body = (
        f"<ResourceList>{resources}</ResourceList><ReleaseList>{'<Release/>' * count}<Release><ReleaseReference>R"
        f"</ReleaseReference>{held}</Release></ReleaseList><DealList><ReleaseDeal>"
        f"{'<DealReleaseReference>R</DealReleaseReference>' * count}<Deal><DealTerms>"
        "<UseType>UseForDataMining</UseType></DealTerms></Deal></ReleaseDeal></DealList>"
    )
    content = f'<NewReleaseMessage xmlns="http://ddex.net/xml/ern/432">{body}</NewReleaseMessage>'.encode()
    begun = time.process_time()
    message = read_message(content, "message.xml")
    assert [item.uses for item in message.resources] == [{"mining": "allowed"}] * count
    assert time.process_time() - begun < 20


def test_a_message_that_is_not_there_ends_with_3(cli: Cli, desk: Desk) -> None:
    assert cli("verify", desk.folder, "--against", desk.folder / "none.xml").returncode == 3


def test_no_report_takes_the_place_of_the_message(cli: Cli, desk: Desk) -> None:
    done = cli("verify", desk.folder, "--against", desk.message, "-o", desk.message)
    assert done.returncode == 2
    assert desk.message.read_text().startswith("<?xml")


@pytest.mark.parametrize("name", ["text", "sarif", "junit", "markdown", "html", "github"])
def test_every_output_tells_what_is_missing(cli: Cli, desk: Desk, name: str) -> None:
    desk.write(more=THIRD)
    done = cli("verify", desk.folder, "--trust", "test", "--against", desk.message, "--format", name)
    assert done.returncode == 1, done.stderr
    assert "GBAYE2600077" in done.stdout
    digest = hashlib.sha256(desk.message.read_bytes()).hexdigest()
    if name in ("text", "markdown", "junit", "html"):
        assert digest[:12] in done.stdout
    if name == "text":
        assert "UNREADABLE" not in done.stdout


def test_hostile_text_of_a_message_is_shown_and_not_run(cli: Cli, desk: Desk) -> None:
    text = desk.write(contains="None").read_text().replace("A2<", "A2\u202e::warning::<")
    desk.message.write_text(text.replace("resources/cover.jpg", "gone\u202e.jpg"))
    out = cli("verify", desk.folder, "--trust", "test", "--against", desk.message).stdout
    assert "\u202e" not in out


# --- from Python -----------------------------------------------------------------------------------


def test_a_file_that_changes_after_it_was_judged_is_told(desk: Desk, trust: TrustStore, sandbox: Sandbox) -> None:
    from provlabel.exchange.delivery import message_at

    def changed(path: str, algorithms: frozenset[str]) -> dict[str, str]:
        return {name: "00" for name in algorithms}

    against = Delivery(message_at(desk.message), "message.xml", changed)
    report = verify_paths([desk.take], trust=trust, sandbox=sandbox, against=against)
    assert "delivery.unread" in [item.rule for item in report.files[0].findings]
    assert not report.passed


def test_sha256_is_not_computed_twice(desk: Desk, trust: TrustStore, sandbox: Sandbox) -> None:
    from provlabel.exchange.delivery import message_at

    def never(path: str, algorithms: frozenset[str]) -> dict[str, str]:
        raise AssertionError

    desk.write(algorithm="SHA-256", take=hashlib.sha256(desk.take.read_bytes()).hexdigest())
    against = Delivery(message_at(desk.message), "message.xml", never)
    assert verify_paths([desk.take, desk.cover], trust=trust, sandbox=sandbox, against=against).passed
