"""What people reported: each of their files has the result that is right for it, which a row here tells."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

import audio_files
from pointing import mpf_pictures
from project import besides_time, corpus_of_others, needs
from provlabel import InputError, Label, System, TrustStore, label_file, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from readback import differences, seen
from tag_judges import JUDGES

pytestmark = [needs(program) for program in ("exiftool", "ffmpeg", "ffprobe", "mediainfo")]

Check = Callable[[Path, Path], None]
PLACEHOLDERS = "the sizes in its header were placeholders, as of a stream; they were set"
#: No media: what was reported is told beside them, and some of it is run by other tests.
TOLD = {"README", "chk.py", "mfra.py", "yr.py", "readonly-shm.sh"}


class Row(NamedTuple):
    """What becomes of one file."""

    warning: str = ""  #: of the label that is embedded
    refused: str = ""  #: why none is embedded
    state: str = "unsigned"  #: of the file as it was handed in
    changed: frozenset[str] = frozenset()  #: values that differ on purpose, ``program: name``
    more: Check | None = None  #: what was wrong in it


def _pictures(before: Path, after: Path) -> None:
    first, *others = mpf_pictures(after.read_bytes())
    assert others == mpf_pictures(before.read_bytes())[1:]
    assert after.read_bytes().startswith(first)
    assert first.endswith(b"\xff\xd9")


def _preview(before: Path, after: Path) -> None:
    old, new = (_binary(path, "ThumbnailImage") for path in (before, after))
    assert old == new
    assert new.startswith(b"\xff\xd8")


def _binary(path: Path, tag: str) -> bytes:
    return subprocess.run(["exiftool", "-b", f"-{tag}", path], check=True, capture_output=True).stdout


def _sought(before: Path, after: Path) -> None:
    old, new = (_from_third_second(path) for path in (before, after))
    assert old == new
    assert len(new) > 3


def _from_third_second(path: Path) -> list[str]:
    args = ["ffmpeg", "-v", "error", "-use_mfra_for", "dts", "-ss", "3", "-i", path, "-f", "framemd5", "-"]
    told = subprocess.run(args, check=True, capture_output=True, text=True).stdout
    return [line.rpartition(",")[2] for line in told.splitlines() if not line.startswith("#")]


def _fields(before: Path, after: Path) -> None:
    for name, shown in JUDGES.items():
        assert shown(before).items() <= shown(after).items(), name


def _dated(before: Path, after: Path) -> None:
    dates = {name: shown(after)["date"] for name, shown in JUDGES.items()}
    assert {date[:10] for date in dates.values()} == {"2024-05-06"}, dates


def _claims(_: Path, after: Path) -> None:
    copy = after.with_name(f"copy-{after.name}")
    audio_files.ffmpeg("-i", after, "-c", "copy", copy)
    said = [item.message for item in verify_file(copy).files[0].findings if item.rule == "carrier.unsigned"]
    assert any("PROVLABEL_KIND ai_modified" in text for text in said), said


_DATES = frozenset({"exiftool: Composite:DateTimeOriginal", "exiftool: ID3v2:Date", "exiftool: ID3v2:RecordingTime"})
_NAMES = ("Album", "Artist", "Comment", "Genre", "RecordingTime", "Title", "Track")
#: Name of a file -> what becomes of it.
ROWS: Mapping[str, Row] = {
    "01-streamed-wav-refused/7fffffff.wav": Row(PLACEHOLDERS),
    "01-streamed-wav-refused/ffff.wav": Row(PLACEHOLDERS),
    "01-streamed-wav-refused/riff-size-is-file-size.wav": Row(PLACEHOLDERS),
    "02-wav-riff-size-0/riff0.wav": Row(PLACEHOLDERS),
    "03-mpf-gain-map-offset/uhdr-mpf-first.jpg": Row(more=_pictures),
    "04-exif-preview-behind-eoi/prev-app0.jpg": Row(more=_preview),
    "05-tfra-all-the-same/v-frag6.mp4": Row(more=_sought),
    "06-id3v1-hidden/m-v1only.mp3": Row(changed=frozenset(f"exiftool: ID3v2:{name}" for name in _NAMES), more=_fields),
    "08-heic-motion-appended/h-motion-raw.heic": Row(refused="a second file is appended to it"),
    "09-claims-lost-by-remux/w-odd-pad.wav": Row(state="valid", more=_claims),
    "10-wrong-mend/a-trailid3v1.m4a": Row(refused="a tag of MP3 .ID3v1. lies behind its last box"),
    # Frames behind the one whose size was wrong are read again.
    "10-wrong-mend/m-v24-itunesbug.mp3": Row(changed=frozenset({"exiftool: ID3v2:Comment", "exiftool: ID3v2:Title"})),
    "10-wrong-mend/truncated.wav": Row(
        refused="its header announces 96,000 bytes of sound, and 2,956 are there", state="unreadable"
    ),
    "10-wrong-mend/w-odd-nopad.wav": Row(refused="an odd length and no byte of padding", state="unreadable"),
    "11-id3v23-dates-in-v24/m-v23year.mp3": Row(changed=_DATES, more=_dated),
}


@pytest.fixture
def source(name: str, tmp_path: Path) -> Path:
    path = tmp_path / Path(name).name
    path.write_bytes((corpus_of_others("reports") / name).read_bytes())
    return path


@pytest.fixture
def stated(label: Label, name: str) -> Label:
    """What the label in one of them says too, which a label beside it must not contradict."""
    system = System(name="AcmeSynth", version="2.1")
    same = {"kind": "ai_modified", "systems": (system,), "oversight": "human_validated"}
    return msgspec.structs.replace(label, **same) if name.startswith("09") else label


def test_every_file_has_a_row() -> None:
    reports = corpus_of_others("reports")
    media = {path for path in reports.rglob("*") if path.is_file() and path.name not in TOLD}
    assert {str(path.relative_to(reports)) for path in media} == set(ROWS)
    without = {path.name for path in reports.iterdir()} - {name.partition("/")[0] for name in ROWS}
    assert without == {"07-batch-dev-shm"}


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not row.refused])
def test_what_is_embedded_into(
    name: str, source: Path, stated: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    row, dest, content = ROWS[name], source.with_name(f"out-{source.name}"), source.read_bytes()
    assert verify_file(source, sandbox=sandbox).files[0].state == row.state
    receipt = label_file(source, dest, stated, signer, sandbox=sandbox)
    assert all(row.warning and row.warning in text for text in besides_time(receipt.warnings)), receipt.warnings
    assert bool(row.warning) == bool(besides_time(receipt.warnings))
    assert verify_file(dest, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    found = seen([source, dest])
    told = [one for one in differences(found[source], found[dest]) if ": ".join(one.split(": ")[:2]) not in row.changed]
    assert told == []
    if row.more is not None:
        row.more(source, dest)
    assert source.read_bytes() == content


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.refused])
def test_what_is_not_embedded_into(
    name: str, source: Path, stated: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    row, content = ROWS[name], source.read_bytes()
    assert verify_file(source, sandbox=sandbox).files[0].state == row.state
    with pytest.raises(InputError, match=row.refused) as caught:
        label_file(source, None, stated, signer, sandbox=sandbox)
    assert "--detached" in caught.value.hint
    for word in ("damaged", "ask whoever"):
        assert word not in f"{caught.value} {caught.value.hint}"
    assert [path.name for path in source.parent.iterdir()] == [source.name]
    assert source.read_bytes() == content


@pytest.mark.parametrize("name", ROWS)
def test_what_is_signed_as_it_is(
    name: str, source: Path, stated: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = source.read_bytes()
    label_file(source, None, stated, signer, detached=True, sandbox=sandbox)
    assert source.read_bytes() == content
    judged = verify_file(source, trust=trust, sandbox=sandbox).files[0]
    if ROWS[name].state == "valid":  # the manifest in it counts, by a signer that nobody knows here
        assert "carrier.sidecar-differs" in {item.rule for item in judged.findings}
    else:
        assert judged.state == "trusted"


@pytest.mark.parametrize("name", ["10-wrong-mend/truncated.wav", "10-wrong-mend/a-trailid3v1.m4a"])
def test_the_hint_of_what_is_not_embedded_into_works(
    name: str, source: Path, stated: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """``ffmpeg -i OLD -c copy NEW``; nor does ffmpeg read a WAV without a byte of padding."""
    new, dest = (source.with_name(f"{what}{source.suffix}") for what in ("new", "out"))
    audio_files.ffmpeg("-i", source, "-c", "copy", new)
    label_file(new, dest, stated, signer, sandbox=sandbox)
    assert verify_file(dest, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    assert audio_files.sound(dest) == audio_files.sound(new)
