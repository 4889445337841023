"""One label and several files: what their tags call themselves is compared with it before anything is signed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import mutagen
import pytest

import mp3_tags
from project import MEDIA, Cli, needs
from provlabel import Identifier, Label, Labeler, LabelError, System, TrustStore, label_file, verify_file
from provlabel.carriers.vocabularies.works import named_otherwise
from provlabel.evidence import Carrier
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

TITLE = "Harbour Lights"
LABEL = Label(kind="ai_generated", title=TITLE, systems=(System(name="A"),))
MEANT = "--same-label-for-all"


def titled(path: Path, title: str, **more: str) -> Path:
    """A sound that calls itself ``title``, as ffmpeg writes it into tags of its format."""
    tags = [item for name, value in {"title": title, **more}.items() for item in ("-metadata", f"{name}={value}")]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", MEDIA / "take.wav", "-map_metadata", "-1", *tags, path], check=True
    )
    return path


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    """A WAV of the title, and an MP3, a FLAC and an M4A of others."""
    return [
        titled(tmp_path / "1.wav", TITLE),
        titled(tmp_path / "2.mp3", "Night Ferry"),
        titled(tmp_path / "3.flac", "Low Tide", isrc="GBAYE2600003"),
        titled(tmp_path / "4.m4a", "Morning"),
    ]


Run = Callable[..., str]


@pytest.fixture
def provlabel(cli: Cli, tmp_path: Path) -> Run:
    def run(*args: str | Path, code: int = 0) -> str:
        done = cli(*args, "--signer", "test", cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def label_path(tmp_path: Path) -> Path:
    path = tmp_path / "track.json"
    isrc = Identifier(type="isrc", value="GBAYE2600001")
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(LABEL, identifiers=(isrc,))))
    return path


@needs("ffmpeg")
def test_songs_of_other_names_are_refused_with_all_that_differs(
    songs: list[Path], label_path: Path, provlabel: Run, tmp_path: Path
) -> None:
    said = provlabel("label", *songs, "--label", label_path, "--out-dir", "out", code=2)
    assert f"2.mp3: TIT2 in the ID3v2 tag says Night Ferry; the label says {TITLE}" in said
    assert f"TITLE in the Vorbis comments says Low Tide; the label says {TITLE}".lower() in said.lower()
    assert "says GBAYE2600003; the label says GBAYE2600001" in said
    assert "4.m4a: ©nam" in said
    assert "1.wav" not in said, "it agrees"
    assert MEANT in said
    assert not list(tmp_path.rglob("*labeled*"))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@needs("ffmpeg")
def test_a_title_as_an_option_is_compared_and_can_be_meant(
    songs: list[Path], provlabel: Run, trust: TrustStore, sandbox: Sandbox
) -> None:
    how = ("--kind", "ai_generated", "--system", "A", "--title", TITLE)
    assert "Night Ferry" in provlabel("label", *songs, *how, code=2)
    assert "Night Ferry" not in provlabel("label", *songs, *how, MEANT)
    for song in songs:
        [file] = verify_file(song.with_name(f"{song.stem}.labeled{song.suffix}"), trust=trust, sandbox=sandbox).files
        assert file.label is not None
        assert (file.state, file.label.value["title"]) == ("trusted", TITLE)
    assert mutagen.File(songs[1].with_name("2.labeled.mp3"))["TIT2"] == "Night Ferry", "tags of others stay"


@needs("ffmpeg")
def test_no_title_is_compared_where_the_label_has_none(songs: list[Path], provlabel: Run) -> None:
    provlabel("label", *songs, "--kind", "ai_generated", "--system", "A")


@needs("ffmpeg")
def test_a_single_file_is_warned_of(songs: list[Path], provlabel: Run) -> None:
    how = ("--kind", "ai_generated", "--system", "A", "--title", TITLE)
    assert "Night Ferry" in provlabel("label", songs[1], *how)
    assert "Night Ferry" not in provlabel("label", songs[1], *how, MEANT, "--force")
    assert TITLE not in provlabel("label", songs[0], *how).replace("says", "")


@needs("ffmpeg")
def test_a_batch_refuses_each_file_that_is_another_work(songs: list[Path], label_path: Path, provlabel: Run) -> None:
    folder = songs[0].with_name("songs")
    folder.mkdir()
    for song in songs:
        shutil.move(song, folder)
    out = folder.with_name("out")
    said = provlabel("batch", folder, "--label", label_path, "--out-dir", out, code=3)
    assert "Night Ferry" in said
    assert MEANT in said
    assert sorted(path.name for path in out.iterdir() if path.suffix in (".wav", ".mp3", ".flac", ".m4a")) == ["1.wav"]
    label_path.write_bytes(msgspec.json.encode(LABEL))
    meant = folder.with_name("meant")
    provlabel("batch", folder, "--label", label_path, "--out-dir", meant, MEANT)
    assert len([path for path in meant.iterdir() if path.suffix in (".wav", ".mp3", ".flac", ".m4a")]) == 4


@needs("ffmpeg")
def test_a_job_with_a_label_of_its_own_is_only_warned_of(songs: list[Path], provlabel: Run, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.jsonl"
    row = {"path": str(songs[1]), "label": msgspec.to_builtins(LABEL)}
    jobs.write_bytes(msgspec.json.encode(row))
    assert "Night Ferry" in provlabel("batch", "--jobs", jobs, "--out-dir", tmp_path / "out")


@needs("ffmpeg")
def test_paths_of_python_refuse_them_too(songs: list[Path], signer: Signer, sandbox: Sandbox, tmp_path: Path) -> None:
    with Labeler(signer, sandbox=sandbox) as labeler:
        found = dict(labeler.paths(songs, tmp_path / "out", LABEL))
        assert [isinstance(found[song], LabelError) for song in songs] == [False, True, True, True]
        found = dict(labeler.paths(songs[1:], tmp_path / "out", LABEL, same_label_for_all=True))
    assert not any(isinstance(result, Exception) for result in found.values())


@needs("ffmpeg")
def test_titles_are_no_finding_of_a_report(
    songs: list[Path], signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    receipt = label_file(songs[1], tmp_path / "o.mp3", LABEL, signer, sandbox=sandbox)
    assert any("Night Ferry" in text for text in receipt.warnings)
    [file] = verify_file(tmp_path / "o.mp3", trust=trust, sandbox=sandbox).files
    assert file.passed
    assert "TIT2" not in [item.field for item in file.carriers or ()]


def test_older_tags_are_read_under_the_same_name(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    bare = (MEDIA / "take.mp3").read_bytes()
    v2 = tmp_path / "v22.mp3"
    v2.write_bytes(mp3_tags.with_frames(bare, mp3_tags.frame(b"TIT2", b"\0Night Ferry")))
    v1 = tmp_path / "v1.mp3"
    v1.write_bytes(_without_id3(bare) + b"TAG" + b"Night Ferry".ljust(30, b"\0") + bytes(94) + b"\xff")
    for path in (v2, v1):
        receipt = label_file(path, path.with_suffix(".o.mp3"), LABEL, signer, sandbox=sandbox)
        assert any("Night Ferry" in text for text in receipt.warnings), path.name


def _without_id3(content: bytes) -> bytes:
    if not content.startswith(b"ID3"):
        return content
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte
    return content[10 + size :]


LONG = "A title that is longer than thirty bytes"
BOOK = Identifier(type="upc", value="0012345678905")


@pytest.mark.parametrize(
    ("carrier", "label", "differs"),
    [
        (Carrier("id3", "p", {"TIT2": ("harbour   LIGHTS ",)}), LABEL, False),
        (Carrier("id3", "p", {"TIT2": ("",)}), LABEL, False),
        (Carrier("xmp", "p", {"dc:title": ("Hafenlichter", TITLE)}), LABEL, False),
        (Carrier("xmp", "p", {"dc:title": ("Hafenlichter",)}), LABEL, True),
        (Carrier("riff", "p", {"INFO:ISRC": ("a studio",)}), LABEL, False),
        (Carrier("id3", "ID3v1 tag", {"TIT2": (LONG[:30],)}), msgspec.structs.replace(LABEL, title=LONG), False),
        (Carrier("id3", "ID3v2 tag", {"TIT2": (LONG[:30],)}), msgspec.structs.replace(LABEL, title=LONG), True),
        (Carrier("id3", "p", {"TSRC": ("GB-AYE-26-00001",)}),
         Label(kind="ai_generated", identifiers=(Identifier(type="isrc", value="GBAYE2600001"),)), False),
        (Carrier("vorbis", "p", {"ISRC": ("GBAYE2600002",)}),
         Label(kind="ai_generated", identifiers=(Identifier(type="isrc", value="GBAYE2600001"),)), True),
        (Carrier("vorbis", "p", {"BARCODE": ("012345678905",)}),
         Label(kind="ai_generated", identifiers=(BOOK,)), False),
        (Carrier("vorbis", "p", {"GRID": ("A12425GABC1234002M",)}),
         Label(kind="ai_generated", identifiers=(Identifier(type="grid", value="A12425GABC1234002N"),)), True),
    ],
)  # fmt: skip
def test_what_is_another_work(carrier: Carrier, label: Label, differs: bool) -> None:
    assert bool(list(named_otherwise(label, (carrier,)))) is differs
