"""What ``ffmpeg -c copy`` leaves of a labeled sound: no manifest, and claims that its tags make."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from msgspec.structs import replace
from mutagen import id3, mp4

import audio_files as files
from project import needs
from provlabel import Label, label_file, verify_file
from provlabel.carriers.tags import TAGGERS
from provlabel.label.records import System
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

pytestmark = [needs("ffmpeg"), needs("ffprobe"), needs("exiftool")]

STATED = "PROVLABEL_KIND=ai_generated; PROVLABEL_SYSTEMS=Acme%3B 50%25@2.1"
CLAIMS = ["PROVLABEL_KIND ai_generated", "AI system Acme; 50% 2.1"]
KEYWORDS = {".wav": ("riff", "INFO:IKEY"), ".m4a": ("mp4", "keyw")}


@pytest.fixture
def stated(label: Label) -> Label:
    return replace(label, systems=(System(name="Acme; 50%", version="2.1"),), contributions=())


def made(name: str, folder: Path) -> Path:
    path = folder / name
    files.KINDS[name](path)
    return path


def remuxed(path: Path) -> Path:
    copy = path.with_name(f"copy-{path.name}")
    files.ffmpeg("-i", path, "-c", "copy", copy)
    return copy


def claims(path: Path, sandbox: Sandbox) -> list[str]:
    found = verify_file(path, sandbox=sandbox).files[0]
    assert found.state == "unsigned"
    said = [item.message for item in found.findings if item.rule == "carrier.unsigned"]
    return list(dict.fromkeys(text.partition("not signed: ")[2] for text in said))


@pytest.mark.parametrize(
    "name", ["bare.mp3", "v23.mp3", "bare.flac", "padded.flac", "bare.wav", "info.wav", "bare.m4a", "mutagen.m4a"]
)
def test_claims_survive_a_copy(name: str, tmp_path: Path, stated: Label, signer: Signer, sandbox: Sandbox) -> None:
    signed = tmp_path / f"signed-{name}"
    label_file(made(name, tmp_path), signed, stated, signer, sandbox=sandbox)
    assert claims(remuxed(signed), sandbox) == CLAIMS


@pytest.mark.parametrize("name", ["bare.wav", "bare.m4a"])
def test_keywords_are_listed_signed_and_compared(
    name: str, tmp_path: Path, stated: Label, signer: Signer, sandbox: Sandbox
) -> None:
    signed = tmp_path / f"signed-{name}"
    receipt = label_file(made(name, tmp_path), signed, stated, signer, sandbox=sandbox)
    carrier, field = KEYWORDS[signed.suffix]
    assert field in (receipt.carriers or {})[carrier]
    report = verify_file(signed, sandbox=sandbox).files[0]
    value = next(item for item in report.carriers or () if item.field == field)
    assert (value.agreement, value.values, value.carrier) == ("signed", (STATED,), carrier)
    found = files.exiftool(signed)
    assert found["RIFF:Keywords" if carrier == "riff" else "ItemList:Keyword"] == [STATED]


@pytest.mark.parametrize("name", ["info.wav", "late.m4a"])
def test_keywords_of_others_stay_in_front_of_ours(
    name: str, tmp_path: Path, stated: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source, signed, again = made(name, tmp_path), tmp_path / f"signed-{name}", tmp_path / f"again-{name}"
    carrier, field = KEYWORDS[source.suffix]
    tagged = files.write(source, {carrier: {field: ("piano, calm; live",)}}, tmp_path / f"tagged-{name}")
    receipt = label_file(tagged, signed, stated, signer, sandbox=sandbox)
    assert files.fields(signed, carrier)[field] == (f"piano, calm; live; {STATED}",)
    assert not any("keyw" in text.lower() or "IKEY" in text for text in receipt.warnings)
    label_file(signed, again, replace(stated, systems=(System(name="Other"),)), signer, sandbox=sandbox)
    other = "piano, calm; live; PROVLABEL_KIND=ai_generated; PROVLABEL_SYSTEMS=Other"
    assert files.fields(again, carrier)[field] == (other,)
    assert verify_file(again, sandbox=sandbox).files[0].state == "valid"
    assert claims(remuxed(signed), sandbox) == CLAIMS
    comment = {name.casefold(): value for name, value in files.ffprobe(remuxed(signed)).items()}["comment"]
    assert comment == "kept 日本", "the comment is the artist's"


def test_a_list_of_texts_is_not_begun_where_it_would_hide_a_tag_of_others(
    tmp_path: Path, stated: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """ffmpeg reads the ID3v2 tag of a WAV only where there is no LIST INFO."""
    source, signed, ours = made("bare.wav", tmp_path), tmp_path / "signed.wav", tmp_path / "ours.wav"
    label_file(source, ours, stated, signer, carriers=(), sandbox=sandbox)
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=["in the chunk"]))
    front = tmp_path / "tag"
    front.write_bytes(b"")
    tag.save(front)
    content = source.read_bytes()
    chunk = b"id3 " + front.stat().st_size.to_bytes(4, "little") + front.read_bytes()
    source.write_bytes(content[:4] + (len(content) + len(chunk) - 8).to_bytes(4, "little") + content[8:] + chunk)
    assert files.ffprobe(source)["title"] == "in the chunk"
    receipt = label_file(source, signed, stated, signer, sandbox=sandbox)
    assert set(receipt.carriers or {}) == {"id3"}
    assert files.ffprobe(signed)["title"] == "in the chunk"
    assert files.ffprobe(remuxed(signed))["title"] == "in the chunk"
    # A tag that we began hides nothing of others.
    plain = files.write(made("bare.wav", tmp_path), {"id3": {"TXXX:PROVLABEL_KIND": ("x",)}}, tmp_path / "begun.wav")
    with plain.open("rb") as stream:
        assert TAGGERS["WAV"].withheld(stream, files.parts_of(plain)) == ()
    with signed.open("rb") as stream:
        assert TAGGERS["WAV"].withheld(stream, files.parts_of(signed)) == ("INFO:",)
    assert TAGGERS["WAV"].withheld(io.BytesIO(b""), ()) == ()


def test_keywords_that_say_otherwise_contradict_the_label(
    tmp_path: Path, stated: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """The words of ours in a file that somebody edits after it was labeled beside it."""
    source = made("late.m4a", tmp_path)
    song = mp4.MP4(source)
    assert song.tags is not None
    song.tags["keyw"] = ["piano; PROVLABEL_KIND=human_made"]
    song.save()
    signed = tmp_path / "signed.m4a"
    receipt = label_file(source, signed, stated, signer, sandbox=sandbox)
    assert any("keyw said piano; PROVLABEL_KIND=human_made" in text for text in receipt.warnings)
    assert files.fields(signed, "mp4")["keyw"] == (f"piano; {STATED}",)
    draft = tmp_path / "draft.m4a"
    files.KINDS["late.m4a"](draft)
    files.write(draft, {"mp4": {"keyw": (STATED,)}}, tmp_path / "claimed.m4a")
    assert claims(tmp_path / "claimed.m4a", sandbox) == CLAIMS
