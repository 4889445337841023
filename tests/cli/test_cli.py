"""The command line: what each command prints, where results go, and how it ends."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import jsonschema_rs
import pytest

from project import MEDIA, Cli, needs
from provlabel.media.formats import FORMATS
from provlabel.report.renderers.json import to_json
from provlabel.report.rules import RULES
from provlabel.schemas import SCHEMAS

AI = ("--kind", "ai_generated", "--signer", "test")


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".provlabel-*")]


# --- label -----------------------------------------------------------------------------------------


def test_the_output_stands_beside_the_source(media: Path, cli: Cli) -> None:
    done = cli("label", media / "cover.jpg", media / "take.mp3", *AI)
    assert done.returncode == 0
    assert (media / "cover.labeled.jpg").exists()
    assert (media / "take.labeled.mp3").exists()
    assert leftovers(media) == []


def test_output_folder_and_file(media: Path, cli: Cli) -> None:
    assert cli("label", media / "cover.jpg", *AI, "--out-dir", media / "new").returncode == 0
    assert (media / "new" / "cover.jpg").exists()
    assert cli("label", media / "cover.jpg", *AI, "-o", media / "x.jpg").returncode == 0
    assert (media / "x.jpg").exists()
    assert cli("label", media / "still.png", *AI, "-o", media / "new").returncode == 0
    assert (media / "new" / "still.png").exists()


def test_detached_with_an_output_copies_the_file_there(media: Path, cli: Cli) -> None:
    source, copy = media / "take.wav", media / "copy.wav"
    before = source.read_bytes()
    said = ("--kind", "ai_generated", "--signer", "test", "--detached")
    done = cli("label", source, *said, "-o", copy)
    assert done.returncode == 0, done.stderr
    assert source.read_bytes() == copy.read_bytes() == before
    assert not (media / "take.wav.c2pa").exists()
    shown = cli("verify", copy, "--trust", "test")
    assert shown.returncode == 0
    assert "detached, beside the file" in shown.stdout
    cli("label", media / "take.mp3", *said, "--out-dir", media / "d")
    assert sorted(path.name for path in (media / "d").iterdir()) == ["take.mp3", "take.mp3.c2pa"]


def test_in_place_replaces_and_keeps_the_mode(media: Path, cli: Cli) -> None:
    source = media / "cover.jpg"
    source.chmod(0o640)
    before = source.read_bytes()
    assert cli("label", source, *AI, "--in-place").returncode == 0
    assert source.read_bytes() != before
    assert stat.S_IMODE(source.stat().st_mode) == 0o640
    assert cli("verify", source, "--trust", "test").returncode == 0


def test_label_file_and_options_together(media: Path, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "label.json").write_text(
        json.dumps({"kind": "ai_generated", "title": "From the file", "systems": [{"name": "FileSynth"}]})
    )
    done = cli(
        "label",
        media / "cover.jpg",
        *("--label", tmp_path / "label.json", "--title", "From the option", "--signer", "test"),
        *("--identifier", "isrc:GBAYE2600001", "--oversight", "prompt_guided", "--origin", "altered"),
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(cli("show", media / "cover.labeled.jpg", "--format", "json").stdout)
    value = shown["files"][0]["label"]["value"]
    assert [item["id"] for item in value.pop("carriers")] == ["xmp"]
    assert value == {
        "schema": "label-v1",
        "kind": "ai_generated",
        "origin": "altered",
        "title": "From the option",
        "systems": [{"name": "FileSynth"}],
        "identifiers": [{"type": "isrc", "value": "GBAYE2600001"}],
        "oversight": "prompt_guided",
    }


def test_systems_and_models(media: Path, cli: Cli) -> None:
    options = ("--system", "pkg@name@2.1", "--system", "Plain", "--model-type", "c2pa.types.model.onnx")
    assert cli("label", media / "cover.jpg", *AI, *options, "--model-id", "urn:model:1").returncode == 0
    shown = json.loads(cli("show", media / "cover.labeled.jpg", "--format", "json").stdout)
    assert shown["files"][0]["label"]["value"]["systems"] == [
        {"name": "pkg@name", "version": "2.1", "model_type": "c2pa.types.model.onnx", "identifier": "urn:model:1"},
        {"name": "Plain"},
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "a label needs a kind"),
        (("--kind", "ai_genrated"), "did you mean ai_generated?"),
        (("--kind", "ai_generated", "--event-time", "yesterday"), "RFC 3339"),
        (("--kind", "ai_generated", "--identifier", "GBAYE2600001"), "TYPE:VALUE"),
        (("--kind", "ai_generated", "--model-type", "x"), "describe a system"),
        (("--kind", "ai_generated", "--prompt-mode", "hash"), "--receipt"),
        (("--kind", "ai_generated", "-o", "x.jpg", "--in-place"), "exclude each other"),
        (("--kind", "ai_generated", "--in-place", "--detached"), "exclude each other"),
        (("--kind", "ai_generated", "--no-such-option"), "no such option"),
    ],
)
def test_wrong_requests_end_with_2(options: tuple[str, ...], words: str, media: Path, cli: Cli) -> None:
    before = sorted(media.iterdir())
    done = cli("label", media / "cover.jpg", "--signer", "test", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert sorted(media.iterdir()) == before


def test_one_bad_file_does_not_stop_the_others(media: Path, cli: Cli) -> None:
    (media / "empty.jpg").touch()
    done = cli("label", media / "empty.jpg", media / "cover.jpg", media / "gone.jpg", *AI)
    assert done.returncode == 3
    assert (media / "cover.labeled.jpg").exists()
    assert not (media / "empty.labeled.jpg").exists()
    assert "empty.jpg" in done.stderr
    assert "gone.jpg: no such file" in done.stderr


def test_receipts_as_json_fit_their_schema(media: Path, cli: Cli) -> None:
    done = cli("label", media / "cover.jpg", media / "gone.jpg", *AI, "--format", "json")
    assert done.returncode == 3
    whole = json.loads(done.stdout)
    jsonschema_rs.Draft202012Validator(SCHEMAS["receipt"]()).validate(whole)
    assert len(whole["receipts"]) == len(whole["errors"]) == 1


def test_salt_is_kept_in_a_private_receipt(media: Path, tmp_path: Path, cli: Cli) -> None:
    import hashlib

    kept = tmp_path / "receipts.json"
    options = ("--prompt-file", "-", "--prompt-mode", "hash", "--receipt", kept)
    done = cli("label", media / "cover.jpg", *AI, *options, stdin="a lighthouse\n")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    receipt = json.loads(kept.read_text())["receipts"][0]
    expected = hashlib.sha256(bytes.fromhex(receipt["prompt_salt"]) + b"a lighthouse").hexdigest()
    assert receipt["prompt_sha256"] == expected
    shown = cli("show", media / "cover.labeled.jpg", "--format", "json", "--personal").stdout
    assert expected in shown
    assert "lighthouse" not in shown
    assert receipt["prompt_salt"] not in shown
    assert cli("label", media / "still.png", *AI, *options, stdin="x").returncode == 3
    assert json.loads(kept.read_text())["receipts"][0] == receipt


def test_the_signer_may_come_from_variable_or_settings(media: Path, tmp_path: Path, credential: Path, cli: Cli) -> None:
    args = ("label", media / "cover.jpg", "--kind", "ai_generated", "--force")
    assert cli(*args).returncode == 2
    assert cli(*args, PROVLABEL_SIGNER="test").returncode == 0
    settings = tmp_path / "cfg" / "provlabel"
    settings.mkdir(parents=True)
    uri = f"file:{credential / 'key.pem'}?chain={credential / 'chain.pem'}"
    (settings / "config.toml").write_text(f'signer = "{uri}"\n')
    assert cli(*args, XDG_CONFIG_HOME=str(tmp_path / "cfg")).returncode == 0
    (settings / "config.toml").write_text("signer = ")
    done = cli(*args, XDG_CONFIG_HOME=str(tmp_path / "cfg"))
    assert (done.returncode, "config.toml" in done.stderr) == (2, True)


def test_no_signer_says_how_to_try_and_how_to_do_it_for_real(media: Path, cli: Cli) -> None:
    done = cli("label", media / "cover.jpg", "--kind", "ai_generated")
    assert done.returncode == 2
    assert "--signer test" in done.stderr
    assert "file:key.pem?chain=chain.pem" in done.stderr
    assert not (media / "cover.labeled.jpg").exists()


@needs("ffmpeg")
def test_check_decode_finds_what_the_structure_does_not_show(media: Path, cli: Cli) -> None:
    for name in ("take.flac", "take.mp3", "take.wav", "cover.jpg", "still.png"):
        done = cli("label", media / name, *AI, "--check-decode", "--out-dir", media / "out")
        assert done.returncode == 0, done.stderr
    for name in ("take.flac", "take.mp3"):
        whole = (media / name).read_bytes()
        (media / name).write_bytes(whole[: len(whole) // 2])
        done = cli("label", media / name, *AI, "--check-decode")
        assert done.returncode == 3
        assert "cut off" in done.stderr or "does not decode" in done.stderr
        assert not (media / f"take.labeled{Path(name).suffix}").exists()
    svg = media / "a.svg"
    svg.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>')
    assert cli("label", svg, *AI, "--check-decode").returncode == 2
    done = cli("label", media / "take.wav", *AI, "--check-decode", PATH="/nowhere")
    assert (done.returncode, "apt install ffmpeg" in done.stderr) == (2, True)


# --- verify and show -------------------------------------------------------------------------------


def test_verify_json_and_output_file(media: Path, tmp_path: Path, cli: Cli) -> None:
    cli("label", media / "cover.jpg", *AI)
    done = cli("verify", media / "cover.labeled.jpg", "--trust", "test", "--format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["files"][0]["state"]) == (0, "trusted")
    assert done.stdout.isascii()
    out = tmp_path / "report.json"
    quiet = cli("verify", media / "cover.labeled.jpg", "--trust", "test", "--format", "json", "-o", out, "-q")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert json.loads(out.read_text())["files"] == report["files"]


def test_verify_walks_folders_in_order_and_skips_what_is_not_media(media: Path, cli: Cli) -> None:
    (media / "sub").mkdir()
    (media / "sub" / "a.jpg").write_bytes((media / "cover.jpg").read_bytes())
    (media / "disguised").write_bytes((media / "cover.jpg").read_bytes())
    (media / "song.ogg").write_bytes(b"OggS" + bytes(100))
    (media / "notes.md").write_text("no media")
    (media / "loop").symlink_to(media)
    (media / "link.jpg").symlink_to(media / "cover.jpg")
    report = json.loads(cli("verify", media, "--format", "json").stdout)
    names = [os.path.relpath(item["path"], media) for item in report["files"]]
    assert names == [
        "cover.jpg",
        "disguised",
        "link.jpg",
        "song.ogg",
        "still.png",
        "sub/a.jpg",
        "take.flac",
        "take.mp3",
        "take.wav",
    ]
    assert report["summary"]["not_media"] == 1
    assert {item["path"]: item["state"] for item in report["files"]}[str(media / "song.ogg")] == "unreadable"


def test_nothing_hides_from_a_gate(media: Path, cli: Cli) -> None:
    hidden = media / ".provlabel-x"
    hidden.mkdir()
    for name in (".provlabel-evil.jpg", ".provlabel-0123456789abcdef", "a.avi"):
        (hidden / name).write_bytes((media / "cover.jpg").read_bytes())
    (hidden / "link.jpg").symlink_to(media / "cover.jpg")
    report = json.loads(cli("verify", hidden, "--format", "json").stdout)
    assert [Path(item["path"]).name for item in report["files"]] == [
        ".provlabel-0123456789abcdef",
        ".provlabel-evil.jpg",
        "a.avi",
        "link.jpg",
    ]
    assert (report["summary"]["scratch"], report["summary"]["links"]) == (0, 0)
    assert cli("verify", "").returncode == 2


def test_nothing_to_judge_does_not_pass(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("verify", tmp_path / "empty")
    assert done.returncode == 1
    assert "nothing to judge" in done.stdout


def test_trust_test_without_a_test_root(tmp_path: Path, media: Path, cli: Cli) -> None:
    done = cli("verify", media / "cover.jpg", "--trust", "test", XDG_CONFIG_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "--signer test" in done.stderr


def test_show_ends_with_0_whatever_the_verdict(media: Path, cli: Cli) -> None:
    assert cli("show", media / "cover.jpg").returncode == 0
    (media / "empty.jpg").touch()
    assert cli("show", media / "empty.jpg").returncode == 3
    assert cli("show", media / "gone.jpg").returncode == 3


# --- the small ones --------------------------------------------------------------------------------


def test_rules_and_formats(cli: Cli) -> None:
    codes = [row["code"] for row in json.loads(cli("rules", "--format", "json").stdout)]
    assert codes[: len(RULES)] == list(RULES)
    assert all(code.startswith("law.") for code in codes[len(RULES) :])
    text = cli("rules").stdout
    assert all(code in text for code in RULES)
    assert [row["name"] for row in json.loads(cli("formats", "--format", "json").stdout)] == [
        row.name for row in FORMATS
    ]
    assert "WAV" in cli("formats").stdout


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema(name: str, cli: Cli) -> None:
    assert cli("schema", name).stdout == to_json(SCHEMAS[name]())
    assert cli("schema").stdout == to_json(SCHEMAS["label"]())


def test_samples(tmp_path: Path, cli: Cli) -> None:
    done = cli("samples", "demo")
    assert done.returncode == 0
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == sorted(os.listdir(MEDIA))
    assert cli("samples", "demo").returncode == 3
    (tmp_path / "file").touch()
    assert cli("samples", "file").returncode == 3


def test_key_init(media: Path, tmp_path: Path, cli: Cli) -> None:
    assert cli("key", "init", "ci").returncode == 0
    assert stat.S_IMODE((tmp_path / "ci" / "key.pem").stat().st_mode) == 0o600
    uri = "file:ci/key.pem?chain=ci/chain.pem"
    assert cli("label", media / "cover.jpg", "--kind", "ai_generated", "--signer", uri).returncode == 0
    assert cli("verify", media / "cover.labeled.jpg", "--trust", "ci/root.pem").returncode == 0
    assert cli("verify", media / "cover.labeled.jpg", "--trust", "test").returncode == 1
    before = (tmp_path / "ci" / "key.pem").read_bytes()
    again = cli("key", "init", "ci")
    assert (again.returncode, "exists already" in again.stderr) == (3, True)
    assert (tmp_path / "ci" / "key.pem").read_bytes() == before
    made = cli("key", "init", XDG_CONFIG_HOME=str(tmp_path / "cfg"))
    assert made.returncode == 0
    assert (tmp_path / "cfg" / "provlabel" / "test" / "root.pem").exists()


def test_colour_only_for_a_terminal(media: Path, cli: Cli) -> None:
    assert "\x1b" not in cli("verify", media / "cover.jpg").stdout


@pytest.mark.parametrize("name", ["--policy=mine.jpg", "-q.jpg", "--trust=test", "--help"])
def test_no_file_takes_the_place_of_an_option(cli: Cli, media: Path, name: str) -> None:
    """Hooks and ``*`` hand over names that somebody else chose."""
    (media / name).write_bytes((media / "cover.jpg").read_bytes())
    done = cli("verify", "take.wav", name, cwd=media)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {name}: is a file here, and reads as an option" in done.stderr
    named = cli("verify", "--", name, cwd=media)
    assert (named.returncode, named.stderr) == (1, "")
    assert f"FAIL  {name}" in named.stdout
