"""``provlabel lint``: what it prints, how it ends, what it fixes, and how long a sound is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from project import EXAMPLE_LABELS, Cli, needs
from provlabel.label import load_label
from provlabel.label.lint import lint
from provlabel.sandbox import Sandbox

EXAMPLES = sorted(EXAMPLE_LABELS.glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_clean(path: Path, cli: Cli) -> None:
    done = cli("lint", path)
    assert (done.returncode, "0 errors, 0 warnings" in done.stdout) == (0, True)


def test_faults_have_place_and_hint(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"kind": "ai_genrated", "systmes": []}')
    done = cli("lint", path)
    assert done.returncode == 1
    assert "error /kind: unknown value 'ai_genrated'\n  hint: did you mean ai_generated?" in done.stdout
    assert "error /systmes: unknown field\n  hint: did you mean systems?" in done.stdout
    whole = json.loads(cli("lint", path, "--format", "json").stdout)
    assert [fault["at"] for fault in whole["faults"]] == ["/kind", "/systmes"]


def test_warnings_do_not_fail(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "label.json"
    path.write_text('{"kind": "ai_generated"}')
    done = cli("lint", path)
    assert (done.returncode, "0 errors, 1 warnings" in done.stdout) == (0, True)


def test_fix_corrects_what_has_one_right_answer(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "label.json"
    label = {
        "kind": "AI_generated",
        "systems": [{"name": "A"}],
        "identifiers": [{"type": "isrc", "value": "gb-aye-26-00001"}],
    }
    path.write_text(json.dumps(label))
    assert cli("lint", path, "--fix").returncode == 0
    assert json.loads(path.read_text())["kind"] == "ai_generated"
    assert cli("lint", path, "--fix").returncode == 0
    assert json.loads(path.read_text())["identifiers"][0]["value"] == "GBAYE2600001"


def test_fix_does_not_touch_toml(tmp_path: Path, cli: Cli) -> None:
    path, out = tmp_path / "label.toml", tmp_path / "fixed.json"
    path.write_text('# mine\nkind = "AI_generated"\n[[systems]]\nname = "A"\n')
    done = cli("lint", path, "--fix")
    assert (done.returncode, "-o fixed.json" in done.stderr) == (2, True)
    assert cli("lint", path, "--fix", "-o", out).returncode == 0
    assert path.read_text().startswith("# mine")
    assert json.loads(out.read_text())["kind"] == "ai_generated"


def test_no_label_at_all(tmp_path: Path, cli: Cli) -> None:
    assert cli("lint", tmp_path / "none.json").returncode == 3
    (tmp_path / "bad.json").write_text("{")
    assert cli("lint", tmp_path / "bad.json").returncode == 2


def test_spans_lie_within_the_sound(media: Path, cli: Cli) -> None:
    """The example's drums end at 0:58, the sample after five seconds."""
    example = next(path for path in EXAMPLES if path.stem == "ai-assisted-track")
    done = cli("lint", example, "--media", media / "take.wav")
    assert done.returncode == 1
    assert "/contributions/2/span/end: lies after the end of the sound, which is 5.1 s long" in done.stdout
    assert "spans" not in cli("lint", example, "--media", media / "cover.jpg").stdout


OF_SOUND = ("vocals", "arrangement", "instrumental", "mixing", "mastering", "sound_design", "narration")
OF_PICTURES = ("artwork", "motion_artwork", "image_region", "video")


@pytest.mark.parametrize(
    ("name", "no_part", "what"), [("take.wav", OF_PICTURES, "a sound"), ("cover.jpg", OF_SOUND, "a picture")]
)
def test_parts_are_those_of_the_medium(
    name: str, no_part: tuple[str, ...], what: str, media: Path, tmp_path: Path, cli: Cli
) -> None:
    """Found by lint where the file is named, and refused when it is labeled; nothing is written."""
    parts = [*no_part, "whole", "lyrics", "composition", "production", "text", "translation"]
    label = tmp_path / "label.json"
    data = {"kind": "ai_partly_created", "systems": [{"name": "A"}]}
    data["contributions"] = [{"part": part, "extent": "Partly", "by": "ai"} for part in parts]  # type: ignore[assignment]
    label.write_text(json.dumps(data))
    assert cli("lint", label).returncode == 0
    done = cli("lint", label, "--media", media / name)
    assert done.returncode == 1
    found = [line for line in done.stdout.splitlines() if line.startswith("error")]
    assert found == [f"error /contributions/{at}/part: {part} is no part of {what}" for at, part in enumerate(no_part)]
    out = tmp_path / f"out{media.joinpath(name).suffix}"
    done = cli("label", media / name, "--label", label, "--signer", "test", "-o", out)
    assert done.returncode == 2
    assert f"/contributions/0/part: {no_part[0]} is no part of {what}" in done.stderr
    assert not out.exists()


def test_a_video_has_parts_of_both() -> None:
    parts = [{"part": part, "extent": "All", "by": "ai"} for part in (*OF_SOUND, *OF_PICTURES)]
    data = {"kind": "ai_generated", "systems": [{"name": "A"}], "contributions": parts}
    assert lint(data, media="video") == ()
    assert len(lint(data, media="image")) == len(OF_SOUND)


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["take.wav", "take.mp3", "take.flac", "a.m4a", "cbr.mp3", "low.mp3", "a.mp4"])
def test_length_is_what_ffprobe_says(name: str, media: Path, sandbox: Sandbox) -> None:
    quiet = ["ffmpeg", "-v", "error", "-i", str(media / "take.wav")]
    options = {"a.m4a": [], "a.mp4": ["-c:a", "aac"], "cbr.mp3": ["-write_xing", "0"], "low.mp3": ["-ar", "16000"]}
    if name in options:
        subprocess.run([*quiet, *options[name], str(media / name)], check=True)
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(media / name)]
    expected = float(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)
    assert sandbox.read(media / name).seconds == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("cut", range(4, 20))
def test_a_header_that_ends_early_is_read_as_far_as_it_goes(cut: int, sandbox: Sandbox) -> None:
    """The worker must not die of our own arithmetic, and say that the engine did."""
    content = (b"\xff\xfb\x90\x00" + b"Xing" + bytes((0, 0, 0, 1)) + bytes((0, 0, 1, 0)) + bytes(8))[:cut]
    trouble = sandbox.read_bytes(content).trouble
    assert trouble is None or trouble.kind != "died"


def test_a_picture_has_no_length(media: Path, sandbox: Sandbox) -> None:
    shutil.copy(media / "cover.jpg", media / "a.jpg")
    assert sandbox.read(media / "a.jpg").seconds is None


def test_what_provlabel_writes_itself_is_not_for_the_label_file(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "label.json"
    path.write_text('{"kind": "human_made", "carriers": [{"id": "xmp", "values": {}}]}')
    done = cli("lint", path)
    assert done.returncode == 0
    assert "warning /carriers: provlabel writes this itself" in done.stdout


@pytest.mark.parametrize(("kind", "operation", "warned"), [
    ("ai_modified", {"operation": "edited"}, True),
    ("ai_modified", {"operation": "edited", "by": "human"}, False),
    ("ai_modified", {"operation": "transcoded"}, False),
    ("human_made", {"operation": "edited"}, False),
])  # fmt: skip
def test_who_did_an_operation_is_asked_where_ai_may_have(kind: str, operation: dict[str, str], warned: bool) -> None:
    faults = lint({"kind": kind, "operations": [operation]})
    assert [fault.level for fault in faults if fault.at == "/operations/0/by"] == ["warning"] * warned


@pytest.mark.parametrize("field", ["event_time", "event_end"])
@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01"])
def test_a_day_that_no_calendar_has_is_a_fault_like_any_other(field: str, day: str) -> None:
    data = {"kind": "human_made", "event_time": "2026-01-01T00:00:00Z"} | {field: f"{day}T10:00:00Z"}
    assert [(fault.level, fault.at) for fault in lint(data)] == [("error", f"/{field}")]


def test_days_and_times_of_toml_are_texts(tmp_path: Path, cli: Cli) -> None:
    """A day alone is no event time, and lint says so instead of ending."""
    path = tmp_path / "label.toml"
    path.write_text('kind = "human_made"\nevent_time = 2026-11-22\n[extra]\nday = 2026-11-22\nat = 10:00:00\n')
    assert "error /event_time: not of the right form" in cli("lint", path).stdout
    path.write_text(path.read_text().replace("event_time = 2026-11-22\n", ""))
    assert cli("lint", path).returncode == 0
    assert load_label(path).extra == {"day": "2026-11-22", "at": "10:00:00"}


def test_a_pointer_into_extra_is_escaped() -> None:
    assert [fault.at for fault in lint({"kind": "human_made", "extra": {"a/b~": 2**70}})] == ["/extra/a~1b~0"]


def test_what_is_wrong_with_a_long_value_is_said() -> None:
    (fault,) = lint({"kind": "human_made", "title": "x" * 1000})
    assert fault.message.endswith("is longer than 200 characters")
    assert len(fault.message) <= 300
