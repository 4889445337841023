"""Labels in the carriers of real files: written, signed, read by others, compared."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import aigc_files
from project import SAMPLES, Cli, needs
from provlabel import Identifier, InputError, Label, LabelError, System, label_file, redact_file, verify_file
from provlabel.engine import signing
from provlabel.errors import UsageError
from provlabel.label.records import China, Contribution, Permissions, Person, Prompt, Rights
from provlabel.label.vocabularies import IPTC
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.trust.anchors import TrustStore

AI = IPTC + "trainedAlgorithmicMedia"
FULL = Label(
    kind="ai_generated",
    systems=(System(name="AcmeSynth", version="2.1"),),
    identifiers=(Identifier(type="isrc", value="GBAYE2600001"),),
    people=(Person(id="ada", name="Ada Example", roles=("Composer", "LeadVocalist", "StudioProducer")),),
    contributions=(Contribution(part="production", extent="All", by="ai", system="AcmeSynth"),),
    permissions=Permissions(mining="notAllowed"),
    rights=Rights(notice="© 2026 Acme"),
    prompt=Prompt(text="a secret meadow", writer="ada"),
    china=China(producer="001191110102MACQD9K64010000", produce_id="20261122-0001"),
)


def exiftool(path: Path) -> dict[str, Any]:
    out = subprocess.run(
        ["exiftool", "-j", "-G1", "-a", "-charset", "RIFF=UTF8", path], capture_output=True, text=True, check=False
    ).stdout
    return dict(json.loads(out)[0])


def judged(path: Path, trust: TrustStore, sandbox: Sandbox, **how: Any) -> FileReport:
    return verify_file(path, trust=trust, sandbox=sandbox, **how).files[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_default_carriers_are_written_signed_and_agree(
    name: str, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / name
    receipt = label_file(media / name, out, FULL, signer, sandbox=sandbox)
    assert receipt.carriers
    item = judged(out, trust, sandbox)
    assert (item.state, item.passed) == ("trusted", True)
    assert not [found for found in item.findings if found.rule.startswith("carrier")]
    assert item.carriers
    assert {value.agreement for value in item.carriers} <= {"signed", "unlisted"}
    assert sorted((value.carrier, value.field) for value in item.carriers if value.agreement == "signed") == sorted(
        (carrier, field) for carrier, fields in receipt.carriers.items() for field in fields
    )
    assert "Ada" not in out.read_bytes().decode("latin-1")
    assert "meadow" not in out.read_bytes().decode("latin-1")


# --- what others read ------------------------------------------------------------------------------

XMP_VALUES = {
    "XMP-iptcExt:DigitalSourceType": "trainedAlgorithmicMedia",
    "XMP-iptcExt:AISystemUsed": "AcmeSynth",
    "XMP-iptcExt:AISystemVersionUsed": 2.1,
    "XMP-iptcExt:AIPromptInformation": "a secret meadow",
    "XMP-iptcExt:AIPromptWriterName": "Ada Example",
    "XMP-dc:Creator": "Ada Example",
    "XMP-dc:Rights": "© 2026 Acme",
}
ID3_VALUES = {"ID3v2_4:ISRC": "GBAYE2600001", "ID3v2_4:Composer": "Ada Example", "ID3v2_4:Copyright": "© 2026 Acme"}
VORBIS_VALUES = {
    "Vorbis:ISRCNumber": "GBAYE2600001",
    "Vorbis:Composer": "Ada Example",
    "Vorbis:Copyright": "© 2026 Acme",
}


@needs("exiftool")
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("cover.jpg", XMP_VALUES),
        ("still.png", XMP_VALUES),
        ("take.mp3", ID3_VALUES),
        ("take.wav", {**ID3_VALUES, "RIFF:Copyright": "© 2026 Acme"}),
        ("take.flac", VORBIS_VALUES),
    ],
)
def test_exiftool_reads_the_label(
    name: str, wanted: dict[str, Any], media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = exiftool(media / name)
    out = tmp_path / f"out{Path(name).suffix}"
    label_file(media / name, out, FULL, signer, personal=True, prompt_mode="clear", sandbox=sandbox)
    seen = exiftool(out)
    assert {key: end_of(seen.get(key)) for key in wanted} == wanted
    # All that was there is there still, unless it is of the file system, of sizes and places, or the encoder's own.
    passing = ("System:", "ExifTool:", "File:", "SourceFile", "Composite:", "JUMBF:")
    kept = {key: value for key, value in before.items() if not key.startswith(passing)}
    renamed = {key.replace("ID3v2_3", "ID3v2_4"): value for key, value in kept.items()}
    lost = {key: value for key, value in renamed.items() if seen.get(key) != value}
    assert set(lost) <= {"ID3v2_4:Year"}  # exiftool names it otherwise in a tag of version 2.4


def end_of(value: Any) -> Any:
    return value.rpartition("/")[2] if isinstance(value, str) and value.startswith("http") else value


@needs("ffprobe")
@pytest.mark.parametrize("name", ["take.mp3", "take.flac"])
def test_ffprobe_reads_the_label(name: str, media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / name
    label_file(media / name, out, FULL, signer, personal=True, sandbox=sandbox)
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "json", str(out)]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    tags = {key.upper(): value for key, value in said["format"]["tags"].items()}
    assert tags["PROVLABEL_KIND"] == "ai_generated"
    assert tags["PROVLABEL_SYSTEMS"] == "AcmeSynth@2.1"
    assert tags["COMPOSER"] == "Ada Example"
    assert json.loads(tags["PROVLABEL_CONTRIBUTIONS"])["part"] == "production"


AIGC = (
    '{"Label":"1","ContentProducer":"001191110102MACQD9K64010000","ProduceID":"20261122-0001","ReservedCode1":"",'
    '"ContentPropagator":"001191110102MACQD9K64010000","PropagateID":"20261122-0001","ReservedCode2":""}'
)


@needs("exiftool")
@pytest.mark.parametrize(
    ("name", "key"),
    [("cover.jpg", "AIGC"), ("still.png", "AIGC"), ("take.mp3", "UserDefinedText"), ("take.flac", "AIGC")],
)
def test_the_aigc_object_lies_where_the_guides_want_it(
    name: str, key: str, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / name
    label_file(media / name, out, FULL, signer, carriers=("aigc",), sandbox=sandbox)
    values = [str(value) for name, value in exiftool(out).items() if name.rpartition(":")[2].upper() == key.upper()]
    assert [value.removeprefix("(AIGC) ") for value in values] == [AIGC]
    item = judged(out, trust, sandbox)
    assert [(value.agreement, value.values) for value in item.carriers or () if "AIGC" in value.field] == [
        ("signed", (AIGC,))
    ]


def test_a_wav_has_its_aigc_object_in_a_chunk_of_that_name(
    media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out.wav"
    label_file(media / "take.wav", out, FULL, signer, carriers=("tags", "aigc"), sandbox=sandbox)
    whole = out.read_bytes()
    at = whole.index(b"AIGC")
    assert b"AIGC" not in whole[at + 4 : whole.index(b"C2PA")]
    assert whole[at + 8 : at + 8 + int.from_bytes(whole[at + 4 : at + 8], "little")].decode() == AIGC


def test_aigc_is_refused_where_it_cannot_be_right(
    media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out.jpg"
    for label, words in (
        (Label(kind="ai_generated"), "codes"),
        (replace(FULL, kind="human_made", systems=(), contributions=()), "human_made"),
    ):
        with pytest.raises(LabelError, match=words):
            label_file(media / "cover.jpg", out, label, signer, carriers=("aigc",), sandbox=sandbox)
    assert list(tmp_path.glob("*.jpg")) == []


# --- agreement on real files -----------------------------------------------------------------------


@needs("exiftool")
def test_a_tag_that_was_changed_or_taken_out_is_told_with_both_values(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out.jpg"
    label_file(media / "cover.jpg", out, FULL, signer, sandbox=sandbox)
    changed = shutil.copy(out, tmp_path / "changed.jpg")
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", f"-XMP-iptcExt:DigitalSourceType={IPTC}digitalCapture", changed],
        check=True,
    )
    item = judged(changed, trust, sandbox)
    found = {one.rule: one.message for one in item.findings}
    assert item.state == "invalid"
    assert "digitalCapture" in found["carrier.changed"]
    assert AI in found["carrier.changed"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP:all=", changed], check=True)
    found = {one.rule: one.message for one in judged(changed, trust, sandbox).findings}
    assert "carrier.missing" in found


def xmp_with(path: Path, source_type: str) -> None:
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", f"-XMP-iptcExt:DigitalSourceType={IPTC}{source_type}", path],
        check=True,
    )


@needs("exiftool")
def test_a_contradiction_by_others_is_an_error_though_the_content_is_intact(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Others sign a picture as AI, whose XMP says that a camera took it; every other validator passes that."""
    from project import engine_credential
    from provlabel.label import signed_label
    from provlabel.manifest.write import definition

    source, out = media / "cover.jpg", tmp_path / "out.jpg"
    xmp_with(source, "digitalCapture")
    label = Label(kind="ai_generated", systems=(System(name="A"),))
    made = definition(label, signed_label(label), has_parent=False)
    with source.open("rb") as stream, out.open("w+b") as dest:
        signing.sign(made, stream, dest, "image/jpeg", engine_credential(signer))
    item = judged(out, trust, sandbox)
    assert (item.state, item.passed, item.axes.content) == ("trusted", False, "intact")
    (found,) = [one for one in item.findings if one.rule == "carrier.contradicts"]
    assert "digitalCapture" in found.message
    assert AI in found.message


@needs("exiftool")
def test_a_contradiction_that_was_there_is_fixed_and_told(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = media / "cover.jpg"
    xmp_with(source, "digitalCapture")
    receipt = label_file(source, tmp_path / "out.jpg", FULL, signer, sandbox=sandbox)
    assert any("digitalCapture" in text and "now says" in text for text in receipt.warnings)
    assert judged(tmp_path / "out.jpg", trust, sandbox).passed
    for how in ({"carriers": ()}, {"detached": True}):
        with pytest.raises(InputError, match="digitalCapture"):
            label_file(source, tmp_path / "other.jpg", FULL, signer, sandbox=sandbox, **how)
    assert sorted(path.name for path in tmp_path.glob("*.jpg*")) == ["out.jpg"]


def test_a_file_of_another_work_is_refused(media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path) -> None:
    first, out = tmp_path / "first.flac", tmp_path / "out.flac"
    label_file(media / "take.flac", first, FULL, signer, sandbox=sandbox)
    other = replace(FULL, identifiers=(Identifier(type="isrc", value="GBAYE2600002"),))
    with pytest.raises(InputError, match="GBAYE2600001"):
        label_file(first, out, other, signer, sandbox=sandbox)
    assert not out.exists()


def test_labeling_again_leaves_one_story(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    first, out = tmp_path / "first.mp3", tmp_path / "out.mp3"
    label_file(media / "take.mp3", first, FULL, signer, sandbox=sandbox)
    again = (Contribution(part="vocals", extent="None", by="human"),)
    second = Label(kind="human_made", contributions=again, correction="played again by people")
    label_file(first, out, second, signer, sandbox=sandbox)
    item = judged(out, trust, sandbox)
    assert [found.rule for found in item.findings if found.level == "error"] == ["label.contradicts-history"]
    said = {value.field: value.values for value in item.carriers or ()}
    assert said["TXXX:PROVLABEL_KIND"] == ("human_made",)
    assert "TXXX:PROVLABEL_SYSTEMS" not in said


def test_without_carriers_nothing_is_written_and_nothing_listed(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out.jpg"
    receipt = label_file(media / "cover.jpg", out, FULL, signer, carriers=(), sandbox=sandbox)
    item = judged(out, trust, sandbox)
    assert receipt.carriers == {}
    assert item.label is not None
    assert "carriers" not in item.label.value
    assert b"x:xmpmeta" not in out.read_bytes()


def test_redacting_takes_names_out_of_tags_too(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    for name in ("take.mp3", "cover.jpg", "take.wav"):
        first, out = tmp_path / f"first-{name}", tmp_path / name
        label_file(media / name, first, FULL, signer, personal=True, prompt_mode="clear", sandbox=sandbox)
        assert b"Ada" in first.read_bytes()
        redact_file(first, out, signer, sandbox=sandbox)
        assert b"Ada" not in out.read_bytes()
        assert b"meadow" not in out.read_bytes()
        item = judged(out, trust, sandbox)
        assert (item.state, item.passed) == ("trusted", True)
        assert not [one for one in item.findings if one.rule.startswith("carrier")]


def test_names_in_tags_are_shown_on_request_alone(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out.flac"
    label_file(media / "take.flac", out, FULL, signer, personal=True, sandbox=sandbox)
    shown = {value.field: value.values for value in judged(out, trust, sandbox).carriers or ()}
    assert shown["COMPOSER"] == ()
    shown = {value.field: value.values for value in judged(out, trust, sandbox, personal=True).carriers or ()}
    assert shown["COMPOSER"] == ("Ada Example",)


# --- tags that cannot be written -------------------------------------------------------------------


def broken_xmp(path: Path) -> Path:
    whole = path.read_bytes()
    packet = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/'><broken"
    path.write_bytes(whole[:2] + b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet + whole[2:])
    return path


def test_a_broken_packet_is_left_as_it_is_and_told(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    source, out = broken_xmp(media / "cover.jpg"), tmp_path / "out.jpg"
    with pytest.raises(InputError, match="tags cannot be written"):
        label_file(source, out, FULL, signer, carriers=("xmp",), sandbox=sandbox)
    assert not list(tmp_path.glob("*.jpg"))
    receipt = label_file(source, out, FULL, signer, sandbox=sandbox)
    assert any("tags were not written" in text for text in receipt.warnings)
    assert b"<broken" in out.read_bytes()
    item = judged(out, trust, sandbox)
    assert (item.state, item.passed) == ("trusted", True)
    assert "carrier.unreadable" in [one.rule for one in item.findings]


def test_a_detached_label_writes_no_tags(media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    source = media / "take.mp3"
    before = source.read_bytes()
    with pytest.raises(UsageError, match="detached"):
        label_file(source, None, FULL, signer, detached=True, carriers=("tags",), sandbox=sandbox)
    receipt = label_file(source, None, FULL, signer, detached=True, sandbox=sandbox)
    assert receipt.carriers == {}
    assert source.read_bytes() == before
    assert judged(source, trust, sandbox).passed


# --- the command line ------------------------------------------------------------------------------


def test_the_command_line_chooses(cli: Cli, media: Path, tmp_path: Path) -> None:
    source, out = media / "cover.jpg", tmp_path / "out.jpg"
    common = ("--kind", "ai_generated", "--system", "AcmeSynth@2.1", "--signer", "test")
    made = cli("label", source, *common, "-o", out, "--carriers", "xmp,tags")
    assert made.returncode == 0, made.stderr
    assert "repeated in xmp" in made.stdout
    assert "none" in cli("label", source, *common, "--carriers", "smoke").stderr
    assert cli("label", source, *common, "--carriers", "tags", "-o", tmp_path / "no.jpg").returncode == 2
    verified = cli("verify", out, "--trust", "test", "-v")
    assert "tags     xmp 3 as signed" in verified.stdout


@needs("exiftool")
def test_what_unsigned_files_claim_is_shown_and_not_believed(cli: Cli, media: Path) -> None:
    source = media / "cover.jpg"
    xmp_with(source, "trainedAlgorithmicMedia")
    verified = cli("verify", source)
    assert verified.returncode == 1
    assert "claims   digital source type trainedAlgorithmicMedia — nothing signs that" in verified.stdout
    assert "UNSIGNED" in verified.stdout


@needs("ffmpeg")
@needs("exiftool")
@pytest.mark.parametrize("ending", ["mp4", "mov", "m4a"])
def test_the_aigc_object_of_films_and_m4a(
    ending: str, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    source, out = tmp_path / f"source.{ending}", tmp_path / f"out.{ending}"
    video = [] if ending == "m4a" else ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x48:rate=5"]
    sound = ["-f", "lavfi", "-i", "sine=duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", *video, *sound, "-c:a", "aac", "-shortest", source], check=True)
    label_file(source, out, FULL, signer, carriers=("aigc",), sandbox=sandbox)
    item = judged(out, trust, sandbox)
    assert item.passed
    (found,) = item.carriers or ()
    assert (found.field, found.values, found.agreement) == ("keys:AIGC", (AIGC,), "signed")
    assert AIGC in exiftool(out).values()


def test_names_that_an_earlier_label_wrote_are_told(
    media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    first, second, third = (tmp_path / f"{name}.mp3" for name in ("first", "second", "third"))
    label_file(media / "take.mp3", first, FULL, signer, personal=True, sandbox=sandbox)
    again = label_file(first, second, FULL, signer, sandbox=sandbox)
    (told,) = [text for text in again.warnings if "an earlier label wrote" in text]
    assert "id3 TCOM" in told
    assert "Ada" not in told
    redact_file(first, third, signer, sandbox=sandbox)
    clean = label_file(third, tmp_path / "clean.mp3", FULL, signer, sandbox=sandbox)
    assert not [text for text in clean.warnings if "an earlier label wrote" in text]


def test_an_aigc_object_of_others_at_another_place_is_left_and_stays_the_only_one(
    signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    source, out = tmp_path / "source.png", tmp_path / "out.png"
    source.write_bytes(aigc_files.png(aigc_files.ZAI_OBJECT))
    label = replace(FULL, china=China(producer=aigc_files.ZAI, produce_id="2e1b44"))
    receipt = label_file(source, out, label, signer, carriers=("aigc",), sandbox=sandbox)
    assert [text for text in receipt.warnings if "an AIGC object stands in text chunks, and was left so" in text]
    item = judged(out, trust, sandbox)
    assert item.passed
    assert [value.values for value in item.carriers or ()] == [(aigc_files.ZAI_OBJECT,)]


def test_an_aigc_object_that_left_the_distributor_open_is_completed(
    signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    """As earlier versions wrote it."""
    source, out = tmp_path / "source.png", tmp_path / "out.png"
    before = json.dumps(json.loads(AIGC) | {"ContentPropagator": "", "PropagateID": ""}, separators=(",", ":"))
    source.write_bytes(aigc_files.png_xmp(aigc_files.xmp(before)))
    receipt = label_file(source, out, FULL, signer, carriers=("aigc",), sandbox=sandbox)
    assert [text for text in receipt.warnings if before in text and AIGC in text]
    item = judged(out, trust, sandbox)
    assert item.passed
    assert [(value.values, value.agreement) for value in item.carriers or ()] == [((AIGC,), "signed")]
