"""A label goes: nobody finds it any more, what is seen and heard stays, and what others said about AI too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import mutagen
import pytest

import bare_engine
import pki
from boxes import box
from format_files import Make, decoded
from project import SAMPLES, Cli, needs
from provlabel import (
    InputError,
    Label,
    OutputError,
    label_file,
    load_label,
    open_signer,
    unlabel_file,
    verify_file,
)
from provlabel.label.vocabularies import IPTC
from provlabel.law import laws_on_removal
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import FORMAT_OF, ROWS

EMBEDDING = [name for name, fmt in FORMAT_OF.items() if ROWS[fmt].embed]
#: What becomes of the file without its manifest, where that is not the source byte for byte.
WITHOUT_BOM, MOVED_DIRECTORY = {"bom.svg"}, {"plain.tif", "lzw.tif", "raw.dng"}
OTHERS_WORK = {
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": IPTC + "trainedAlgorithmicMedia"}]},
            "created": True,
        }
    ],
    "claim_generator_info": [{"name": "other"}],
}
PHOTO = json.loads(json.dumps(OTHERS_WORK).replace("trainedAlgorithmicMedia", "digitalCapture"))


def exiftool(path: Path) -> str:
    args = ["exiftool", "-a", "-u", "-G1", "-s", path]
    return subprocess.run(args, capture_output=True, check=True).stdout.decode("utf-8", "replace")


def traces(path: Path) -> list[str]:
    """What exiftool still sees of a manifest, or of what the label says."""
    words = ("C2PA", "JUMBF", "JUMD", "PROVLABEL_", "AcmeSynth", "DigitalSourceType", "trainedAlgorithmicMedia")
    seen = [line for line in exiftool(path).splitlines() if not line.startswith("[System]")]
    return [line for line in seen if any(word.lower() in line.lower() for word in words)]


def seen(path: Path) -> str:
    """What a file shows or plays; of a drawing without the metadata, in which an empty packet is left."""
    if path.suffix != ".svg":
        return decoded(path)
    root = ElementTree.parse(path).getroot()  # noqa: S314 - made here
    for holder in root.findall("{http://www.w3.org/2000/svg}metadata"):
        root.remove(holder)
    return ElementTree.canonicalize(ElementTree.tostring(root))


@pytest.fixture(params=[*SAMPLES, *EMBEDDING])
def source(request: pytest.FixtureRequest, make: Make, media: Path) -> Path:
    """A file of each format that holds a manifest, and each sample."""
    return media / request.param if request.param in SAMPLES else make(request.param)


@needs("exiftool")
def test_no_program_finds_it_any_more(source: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    labeled, dest = source.with_name(f"a-{source.name}"), source.with_name(f"b-{source.name}")
    label_file(source, labeled, label, signer, sandbox=sandbox)
    before, written = labeled.read_bytes(), exiftool(labeled)
    done = unlabel_file(labeled, dest, sandbox=sandbox)
    assert labeled.read_bytes() == before
    assert verify_file(dest, sandbox=sandbox).files[0].state == "unsigned"
    content = dest.read_bytes()
    assert not any(mark in content for mark in (b"urn:c2pa", b"PROVLABEL_", b"AcmeSynth", b"jumdc2pa"))
    assert traces(dest) == []
    assert traces(labeled) or "<c2pa:manifest>" in before.decode("latin-1") or "uuid" in written.lower()
    assert done.removed[0] == f"manifest: {done.manifest}, signed by TEST ONLY, proves nothing"
    if source.suffix not in (".flac", ".mp3"):  # whose tests are below
        assert seen(dest) == seen(source)


def test_what_is_left_is_the_source_to_the_byte(source: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    """Where the engine itself changed more, or places are not followed, that is known and no more."""
    labeled, dest = source.with_name(f"a-{source.name}"), source.with_name(f"b-{source.name}")
    label_file(source, labeled, label, signer, carriers=(), sandbox=sandbox)
    unlabel_file(labeled, dest, sandbox=sandbox)
    was, now = source.read_bytes(), dest.read_bytes()
    if source.name in MOVED_DIRECTORY:
        assert len(now) < len(was) + 200
    else:
        assert now == (was.removeprefix(b"\xef\xbb\xbf") if source.name in WITHOUT_BOM else was)


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["take.mp3", "take.flac", "take.wav"])
def test_sound_and_tags_of_others_stay(
    name: str, media: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    labeled, dest = tmp_path / f"a-{name}", tmp_path / f"b-{name}"
    label_file(media / name, labeled, label, signer, sandbox=sandbox)
    unlabel_file(labeled, dest, sandbox=sandbox)

    def heard(path: Path) -> bytes:
        args = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-f", "md5", "-"]
        return subprocess.run(args, capture_output=True, check=True).stdout

    def tags(path: Path) -> dict[str, str]:
        found = mutagen.File(path).tags  # type: ignore[attr-defined]
        return {key: str(value)[:200] for key, value in dict(found or {}).items()}

    assert heard(dest) == heard(media / name)
    assert tags(dest) == tags(media / name)
    assert tags(labeled) != tags(dest)


def test_a_tag_that_somebody_changed_since_stays_and_is_told(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    labeled = tmp_path / "a.flac"
    label_file(media / "take.flac", labeled, label, signer, sandbox=sandbox)
    content = labeled.read_bytes()
    labeled.write_bytes(content.replace(b"PROVLABEL_SYSTEMS=AcmeSynth", b"PROVLABEL_SYSTEMS=AcmeSound"))
    done = unlabel_file(labeled, None, sandbox=sandbox)
    assert done.output == str(tmp_path / "a.unlabeled.flac")
    assert "tag: vorbis PROVLABEL_KIND" in done.removed
    assert "tag: vorbis PROVLABEL_SYSTEMS (not of this label)" in done.stays
    assert b"PROVLABEL_SYSTEMS=AcmeSound" in Path(done.output).read_bytes()


def test_names_and_identifiers_go_only_when_asked_for(
    media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The label repeats them, and the file had one of them before: which, the label does not know."""
    labeled, dest = tmp_path / "a.flac", tmp_path / "b.flac"
    source = media / "take.flac"
    tagged = mutagen.File(source)  # type: ignore[attr-defined]
    tagged["ISRC"] = "GBAYE2600001"
    tagged.save()
    stated = {"schema": "org.provlabel.label/v1", "kind": "ai_generated", "rights": {"notice": "(C) Acme"}}
    stated["identifiers"] = [{"type": "isrc", "value": "GBAYE2600001"}]
    (tmp_path / "label.json").write_text(json.dumps({key: stated[key] for key in stated if key != "schema"}))
    label_file(source, labeled, load_label(tmp_path / "label.json"), signer, sandbox=sandbox)
    done = unlabel_file(labeled, dest, sandbox=sandbox)
    assert {"tag: vorbis ISRC (repeated by the label, and perhaps older)"} <= set(done.stays)
    assert mutagen.File(dest)["ISRC"] == ["GBAYE2600001"]  # type: ignore[attr-defined]
    asked = unlabel_file(labeled, dest, names=True, replace=True, sandbox=sandbox)
    assert {"tag: vorbis ISRC", "tag: vorbis COPYRIGHT"} <= set(asked.removed)
    assert "ISRC" not in mutagen.File(dest)  # type: ignore[attr-defined]


# --- statements of others --------------------------------------------------------------------------


def test_an_ai_statement_of_another_signer_is_refused_with_the_laws(
    media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "theirs.jpg").write_bytes(bare_engine.sign((media / "cover.jpg").read_bytes(), signer, OTHERS_WORK))
    with pytest.raises(InputError, match="it would hide what another signer says about AI") as refused:
        unlabel_file(tmp_path / "theirs.jpg", tmp_path / "out.jpg", sandbox=sandbox)
    named = [law for law in laws_on_removal() if law.removal is not None and law.removal.words in str(refused.value)]
    assert [law.law for law in named] == ["eu", "us-ca", "cn", "us-ut", "in"]
    assert sorted(os.listdir(tmp_path)) == ["media", "theirs.jpg"]
    done = unlabel_file(tmp_path / "theirs.jpg", tmp_path / "out.jpg", remove_ai_statement=True, sandbox=sandbox)
    assert any("laws are against hiding that" in text for text in done.warnings)
    assert (tmp_path / "out.jpg").read_bytes() == (media / "cover.jpg").read_bytes()


def test_one_in_the_history_is_refused_too_and_ones_own_is_not(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    first, own, theirs = tmp_path / "first.jpg", tmp_path / "own.jpg", tmp_path / "theirs.jpg"
    label_file(media / "cover.jpg", first, label, signer, sandbox=sandbox)
    label_file(first, own, Label(kind="ai_modified"), signer, sandbox=sandbox)
    done = unlabel_file(own, None, sandbox=sandbox)
    assert [text.partition(":")[0] for text in done.removed[:2]] == ["manifest", "history in it"]
    other = open_signer(pki.write(tmp_path / "key", pki.leaf(pki.root())))
    label_file(first, theirs, Label(kind="ai_modified"), other, sandbox=sandbox)
    with pytest.raises(InputError, match="another signer says about AI: TEST ONLY, proves nothing: earlier version"):
        unlabel_file(theirs, None, sandbox=sandbox)


def test_a_manifest_of_others_that_says_nothing_of_ai_stays(
    media: Path, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(bare_engine.sign((media / "cover.jpg").read_bytes(), signer, PHOTO))
    for asked in (False, True):
        with pytest.raises(InputError, match="its manifest is not by provlabel"):
            unlabel_file(tmp_path / "photo.jpg", None, remove_ai_statement=asked, sandbox=sandbox)


# --- where it cannot be done -----------------------------------------------------------------------


def test_what_holds_no_manifest_is_told(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=r"cover\.jpg: holds no manifest$"):
        unlabel_file(media / "cover.jpg", None, sandbox=sandbox)
    label_file(media / "still.png", None, label, signer, detached=True, sandbox=sandbox)
    with pytest.raises(InputError, match=r"it lies beside the file, in .*still\.png\.c2pa"):
        unlabel_file(media / "still.png", None, sandbox=sandbox)
    (media / "text.jpg").write_text("no picture")
    with pytest.raises(InputError, match=r"text\.jpg: .*no format that provlabel knows"):
        unlabel_file(media / "text.jpg", None, sandbox=sandbox)
    with pytest.raises(InputError, match="no such file"):
        unlabel_file(media / "nothing.jpg", None, sandbox=sandbox)


def test_the_source_is_replaced_only_when_asked_to(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    labeled, link = tmp_path / "a.jpg", tmp_path / "link.jpg"
    label_file(media / "cover.jpg", labeled, label, signer, sandbox=sandbox)
    labeled.chmod(0o640)
    link.symlink_to(labeled)
    before = labeled.read_bytes()
    for dest, replace in ((labeled, False), (link, False), (link, True), (media / "still.png", False)):
        with pytest.raises(OutputError):
            unlabel_file(labeled, dest, replace=replace, sandbox=sandbox)
    assert labeled.read_bytes() == before
    unlabel_file(labeled, labeled, replace=True, sandbox=sandbox)
    assert verify_file(labeled, sandbox=sandbox).files[0].state == "unsigned"
    assert labeled.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", "link.jpg", "media"]


def test_a_label_whose_content_was_changed_goes_too(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    labeled = tmp_path / "a.wav"
    label_file(media / "take.wav", labeled, label, signer, sandbox=sandbox)
    content = bytearray(labeled.read_bytes())
    content[60_000] ^= 1
    labeled.write_bytes(content)
    unlabel_file(labeled, tmp_path / "b.wav", sandbox=sandbox)
    changed = bytearray((media / "take.wav").read_bytes())
    changed[60_000] ^= 1
    assert (tmp_path / "b.wav").read_bytes() == changed


@needs("ffmpeg")
def test_where_places_are_not_followed_padding_is_left(
    make: Make, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    """An index in front of the manifest counts from its own end."""
    labeled, dest = tmp_path / "a.mp4", tmp_path / "b.mp4"
    label_file(make("aac.m4a"), labeled, label, signer, sandbox=sandbox)
    content = labeled.read_bytes()
    at = int.from_bytes(content[:4], "big")
    labeled.write_bytes(content[:at] + box(b"sidx", bytes(24)) + content[at:])
    done = unlabel_file(labeled, dest, sandbox=sandbox)
    assert dest.stat().st_size == labeled.stat().st_size
    assert "of padding where the manifest was" in " ".join(done.stays)


def test_an_id3_tag_whose_features_go_around_its_frames_is_left_alone(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    """We never write a manifest into one; others may."""
    labeled = tmp_path / "a.mp3"
    label_file(media / "take.mp3", labeled, label, signer, carriers=(), sandbox=sandbox)
    content = bytearray(labeled.read_bytes())
    content[5] |= 0x80
    labeled.write_bytes(content)
    with pytest.raises(InputError, match="in a way that only some readers find"):
        unlabel_file(labeled, None, sandbox=sandbox)
    assert sorted(os.listdir(tmp_path)) == ["a.mp3", "media"]


# --- the command -----------------------------------------------------------------------------------


def test_on_the_command_line(cli: Cli, media: Path) -> None:
    made = cli("label", media / "cover.jpg", "--kind", "ai_generated", "--system", "Acme@2", "--signer", "test")
    assert made.returncode == 0
    done = cli("unlabel", media / "cover.labeled.jpg")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("  taken out: manifest: urn:c2pa:")
    assert "  stays: tag: exif ImageDescription (not of this label)" in done.stdout
    assert "warning: the copy says no more that AI took part; laws are against hiding that: eu:" in done.stderr
    again = cli("unlabel", media / "cover.labeled.jpg", "--format", "json", "--in-place")
    assert json.loads(again.stdout)["schema"] == "unlabeled-v1"
    assert json.loads(again.stdout)["output"] == str(media / "cover.labeled.jpg")
    refused = cli("unlabel", media / "cover.labeled.jpg")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert cli("unlabel", media / "cover.jpg", "--in-place", "-o", media / "x.jpg").returncode == 2


def test_the_help_names_each_law_that_is_against_it(cli: Cli) -> None:
    said = " ".join(cli("unlabel", "--help").stdout.split())
    assert f"Laws are against hiding that: {', '.join(sorted(law.law for law in laws_on_removal()))}." in said
