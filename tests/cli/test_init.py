"""``provlabel init``: a first label by questions on a terminal, by options, from a file, and for a folder."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import mutagen.id3
import pytest

from project import Cli, Under, corpus_of_others
from provlabel.label.lint import lint
from terminal import CONVERSATION, escaped

SUNO = "made with suno; created=2026-02-25T03:57:12Z; id=6ec687e6-b51d-4a4b-9472-27bd8be77ffa"


@pytest.fixture
def song(media: Path) -> Path:
    """An MP3 as Suno writes it, with the tags of a label."""
    path = media / "song.mp3"
    path.write_bytes((media / "take.mp3").read_bytes())
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text='Night "Ferry"\u202e'))
    tags.add(mutagen.id3.TPE1(encoding=3, text="Ada Example"))
    tags.add(mutagen.id3.TSRC(encoding=3, text="GB-AYE-26-00001"))
    tags.add(mutagen.id3.TDRC(encoding=3, text="2026"))
    tags.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="", text=SUNO))
    tags.add(mutagen.id3.TXXX(encoding=3, desc="prompt", text="a secret prompt"))
    tags.save(path)
    return path


def label_in(path: Path) -> Any:
    return msgspec.toml.decode(path.read_text())


FROM_SONG = {
    "schema": "label-v1",
    "kind": "ai_generated",
    "title": 'Night "Ferry"\u202e',
    "event_time": "2026-02-25T03:57:12Z",
    "identifiers": [{"type": "isrc", "value": "GBAYE2600001"}],
    "systems": [{"name": "Suno"}],
    "people": [{"id": "person1", "name": "Ada Example"}],
}


def test_a_file_tells_what_it_knows(song: Path, cli: Cli) -> None:
    done = cli("init", song.name, "--kind", "ai_generated", cwd=song.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "label.toml: read it, then: provlabel label song.mp3 --label label.toml --signer test\n"
    text = (song.parent / "label.toml").read_text()
    assert label_in(song.parent / "label.toml") == FROM_SONG
    assert "secret" not in text
    assert "\u202e" not in text
    assert "a prompt stands in TXXX:prompt" in text.replace("\n#  ", "")
    assert "2026 in the ID3v2 tag (TDRC)" in text
    checked = cli("lint", "label.toml", "--media", "song.mp3", cwd=song.parent)
    assert checked.stdout == "label.toml: 0 errors, 0 warnings\n"
    signed = cli("label", song.name, "--label", "label.toml", "--signer", "test", cwd=song.parent)
    assert signed.returncode == 0, signed.stderr
    again = cli("init", song.name, "--kind", "human_made", cwd=song.parent)
    assert (again.returncode, label_in(song.parent / "label.toml")) == (3, FROM_SONG)
    assert "label.toml" in again.stderr
    other = cli("init", song.name, "--kind", "human_made", "--force", cwd=song.parent)
    assert other.returncode == 0
    assert "systems" not in label_in(song.parent / "label.toml")
    assert "the file has the mark of Suno" in (song.parent / "label.toml").read_text()


def test_the_prompt_comes_when_it_is_asked_for(media: Path, cli: Cli) -> None:
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a secret castle\nNegative prompt: x\nSteps: 20, Sampler: Euler, Version: v1.10.1")
    Image.new("RGB", (8, 8)).save(media / "sd.png", pnginfo=info)
    for more, prompt in (((), None), (("--take-prompt",), {"text": "a secret castle"})):
        done = cli("init", media / "sd.png", "--kind", "ai_generated", "-o", "l.toml", "--force", *more)
        assert done.returncode == 0, done.stderr
        label = label_in(media.parent / "l.toml")
        assert label.get("prompt") == prompt
        assert label["systems"] == [{"name": "Stable Diffusion", "version": "v1.10.1"}]
    assert json.loads(cli("init", media / "sd.png", "--kind", "ai_generated", "--format", "json", "-o", "-").stdout)


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("openai-chatgpt.png", "GPT-4o"),
        ("openai-dalle.webp", "DALL·E"),
        ("adobe-firefly-2025.jpg", "Adobe Firefly"),
    ],
)
def test_files_of_other_programs_tell_kind_and_system(name: str, system: str, cli: Cli, tmp_path: Path) -> None:
    """By their manifests, also that of an earlier version; none is verified here, which the label says."""
    done = cli("init", corpus_of_others("producers") / name, "-o", "l.toml")
    assert done.returncode == 0, done.stderr
    label = label_in(tmp_path / "l.toml")
    assert label["kind"] == "ai_generated"
    assert "not verified here" in " ".join((tmp_path / "l.toml").read_text().split("\n#   "))
    assert [item["name"] for item in label["systems"]] == [system]
    assert lint(label) == ()


def test_the_program_that_wrote_a_manifest_is_no_ai_system(cli: Cli, tmp_path: Path) -> None:
    """Gemini's pictures are signed by a library of Google, and name no model: that is a hint, and asked for."""
    picture = corpus_of_others("producers") / "google-gemini.jpg"
    done = cli("init", picture, "-o", "l.toml")
    assert (done.returncode, done.stderr.split("\n")[0]) == (2, "error: a label needs an answer: --system NAME@VERSION")
    assert cli("init", picture, "--system", "Gemini", "-o", "l.toml").returncode == 0
    text = (tmp_path / "l.toml").read_text().replace("\n#   ", " ")
    assert "written by Google C2PA Core Generator Library" in text
    assert label_in(tmp_path / "l.toml")["kind"] == "ai_generated"


def test_options_alone_are_enough(cli: Cli, tmp_path: Path) -> None:
    done = cli(
        *(
            "init",
            "--kind",
            "ai_partly_created",
            "--system",
            "AcmeDrums@2.1",
            "--provider",
            "Acme Ltd",
            "--title",
            "Ferry",
        ),
        *("--part", "Drums=all", "--part", "vocals=none", "--part", "lyrics=PARTLY", "--person", "Ada Example=singer"),
        *("--identifier", "isrc:GBAYE2600001", "--event-time", "now", "-o", "l.toml", "-q"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    label = label_in(tmp_path / "l.toml")
    assert label["contributions"] == [
        {"part": "instrumental", "stem": "drums", "extent": "All", "by": "ai", "system": "AcmeDrums"},
        {"part": "vocals", "extent": "None", "by": "human"},
        {"part": "lyrics", "extent": "Partly", "by": "ai", "system": "AcmeDrums"},
    ]
    assert label["people"] == [{"id": "person1", "roles": ["LeadVocalist"], "name": "Ada Example"}]
    assert lint(label) == ()


REFUSED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "nothing": ((), "a label needs an answer: --kind KIND", "provlabel kinds"),
    "no system": (("--kind", "ai_generated"), "a label needs an answer: --system NAME@VERSION", "provlabel kinds"),
    "no such kind": (("--kind", "mastering"), "mastering: no such kind", "did you mean ai_assisted_technical?"),
    "no such part": (("--kind", "human_made", "--part", "xyzzy=all"), "xyzzy=all: no such part", "one of: whole"),
    "no extent": (("--kind", "human_made", "--part", "vocals=x"), "vocals=x: how far?", "PART=partly"),
    "no such role": (("--kind", "human_made", "--person", "Ada=xyzzy"), "xyzzy: no such role", "one of: Adapter"),
    "a contradiction": (
        ("--kind", "ai_generated", "--system", "A", "--part", "vocals=none"),
        "ai_generated leaves no part to people",
        "provlabel kinds",
    ),
    "a list of nothing": (("--format", "csv"), "a list of which files?", "name files or folders"),
    "no file": (("gone.wav", "--kind", "human_made"), "gone.wav", ""),
    "no media": (("text.txt", "--kind", "human_made"), "text.txt", "provlabel formats"),
    "two labels": (("a.wav", "b.wav", "--format", "toml"), "toml holds one label", "--format csv"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_missing_or_wrong_is_told_and_nothing_is_left(case: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("text")
    args, message, hint = REFUSED[case]
    done = cli("init", *args)
    assert done.returncode in (2, 3)
    assert message in done.stderr
    assert hint in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["text.txt"]


# --- on a terminal ---------------------------------------------------------------------------------

TALK = [
    ["1 to 8", "?4"],
    ["not when", "no idea"],
    ["a number from 1 to 8", "4"],
    ["What is it called?", ""],
    ["Which AI tool? [Suno]", ""],
    ["Which version of Suno?", "v5"],
    ["Another AI tool?", ""],
    ["Which company", "Suno, Inc."],
    ["Which part did AI make?", "drums"],
    ["All of it, or partly?", "partly"],
    ["Which part did AI make?", "xyzzy"],
    ["no such part", ""],
    ["Which part did people make?", "vocals"],
    ["Which part did people make?", ""],
    ["Who made it?", "Ben Example"],
    ["As what?", "singer"],
    ["Which ISRC?", "nonsense"],
    ["no ISRC", ""],
    ["When was it made?", "yesterday"],
    ["day and time with a zone", ""],
]


def converse(under: Under, talk: list[list[str]], *args: str, at: Path, **env: str) -> Any:
    terminal = (sys.executable, "-c", CONVERSATION, json.dumps(talk))
    return under(terminal, *args, stdin="", cwd=at, **env)


@pytest.mark.fresh
def test_questions_on_a_terminal(song: Path, under: Under) -> None:
    done = converse(under, TALK, "init", "song.mp3", at=song.parent, TERM="xterm", COLUMNS="80")
    assert done.returncode == 0, done.stdout + done.stderr
    label = label_in(song.parent / "label.toml")
    assert label == {
        **FROM_SONG,
        "kind": "ai_partly_created",
        "systems": [{"name": "Suno", "version": "v5"}],
        "provider": {"name": "Suno, Inc."},
        "contributions": [
            {"part": "instrumental", "stem": "drums", "extent": "Partly", "by": "ai", "system": "Suno"},
            {"part": "vocals", "extent": "None", "by": "human"},
        ],
        "people": [{"id": "person1", "roles": ["LeadVocalist"], "name": "Ben Example"}],
    }
    assert lint(label) == ()
    done.stdout = done.stdout.replace("\r", "")
    escaped(done)  # the title would turn the line around


@pytest.mark.fresh
def test_options_are_not_asked_again_and_nothing_is_asked_with_yes(song: Path, under: Under) -> None:
    talk = [["Which ISRC?", ""], ["When was it made?", ""]]
    given = ("--kind", "human_made", "--title", "Ferry", "--person", "Ada")
    done = converse(under, talk, "init", "song.mp3", *given, at=song.parent)
    assert done.returncode == 0, done.stdout
    assert "What did AI do?" not in done.stdout
    assert label_in(song.parent / "label.toml")["title"] == "Ferry"
    done = converse(under, [], "init", "song.mp3", "--yes", "-o", "two.toml", at=song.parent)
    assert (done.returncode, (song.parent / "two.toml").exists()) == (2, False)


@pytest.mark.fresh
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "end of input"])
@pytest.mark.parametrize("at", [0, 4])
def test_whoever_stops_leaves_nothing_behind(key: str, at: int, song: Path, under: Under) -> None:
    before = sorted(os.listdir(song.parent))
    talk = [*TALK[:at], [TALK[at][0], key]]
    done = converse(under, talk, "init", "song.mp3", at=song.parent)
    assert done.returncode == 130, done.stdout
    assert "stopped" in done.stdout
    assert sorted(os.listdir(song.parent)) == before


# --- a folder --------------------------------------------------------------------------------------


def test_a_folder_becomes_a_spreadsheet_that_batch_takes_back(song: Path, cli: Cli) -> None:
    root = song.parent.parent
    (song.parent / "notes.txt").write_text("no media")
    (song.parent / "broken.wav").write_bytes(b"RIFF")
    os.remove(song.parent / "broken.wav")
    done = cli("init", "media", "--format", "csv", "-o", "songs.csv", cwd=root)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((root / "songs.csv").read_text("utf-8-sig"))))
    by_path = {row["path"]: row for row in rows}
    assert set(by_path) == {f"media/{name}" for name in os.listdir(song.parent)} - {"media/notes.txt"}
    found = by_path["media/song.mp3"]
    assert found["title"] == 'Night "Ferry"\u202e'
    assert (found["identifiers.isrc"], found["people.0.name"], found["systems.0.name"], found["kind"]) == (
        "GBAYE2600001",
        "Ada Example",
        "Suno",
        "",
    )
    assert "the comment of Suno" in found["note"]
    assert "secret" not in (root / "songs.csv").read_text()
    refused = cli("batch", "--jobs", "songs.csv", "--out-dir", "out", "--signer", "test", cwd=root)
    assert refused.returncode == 2
    assert "kind" in refused.stderr
    for row in rows:
        row["kind"] = "ai_generated" if row["systems.0.name"] else "human_made"
        row["people.0.name"] = row["people.0.name"] or "Ben Example"
    with (root / "songs.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    done = cli("batch", "--jobs", "songs.csv", "--out-dir", "out", "--signer", "test", "--personal", cwd=root)
    assert done.returncode == 0, done.stderr
    shown = json.loads(cli("show", "out/media/song.mp3", "--trust", "test", "--format", "json", cwd=root).stdout)
    value = shown["files"][0]["label"]["value"]
    assert (value["kind"], value["title"], value["systems"]) == (
        "ai_generated",
        'Night "Ferry"\u202e',
        [{"name": "Suno"}],
    )
    typed = ("show", "out/media/still.png", "--trust", "test", "--personal")
    assert "Ben Example" in cli(*typed, cwd=root).stdout
    assert cli("verify", "out/media", "--trust", "test", cwd=root).returncode == 0


def test_options_count_for_every_row(media: Path, cli: Cli) -> None:
    done = cli("init", media, "--kind", "ai_generated", "--system", "Suno@v5", "-o", "all.csv")
    assert done.returncode == 0, done.stderr
    assert "read it, then: provlabel batch --jobs all.csv" in done.stdout
    rows = list(csv.DictReader(io.StringIO((media.parent / "all.csv").read_text("utf-8-sig"))))
    assert {(row["kind"], row["systems.0.name"], row["systems.0.version"]) for row in rows} == {
        ("ai_generated", "Suno", "v5")
    }
