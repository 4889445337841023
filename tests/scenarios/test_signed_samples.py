"""What every version has signed is verified for ever: same verdict, same label (``samples/signed/README.md``)."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import encypher_c2pa
import pytest
from cryptography import x509

from project import ROOT, needs
from provlabel._version import __version__
from provlabel.label.vocabularies import KINDS
from provlabel.media.formats import BY_NAME, FORMATS
from provlabel.sandbox import Sandbox

SIGNED = ROOT / "samples" / "signed"
sys.path.insert(0, str(ROOT / "samples"))

from sign_samples import Expected, beside, expected_in, judged, lists_of, parts_of  # noqa: E402 - it lies there

BESIDES = ("expected.json", "anchors.pem", "clock-anchors.pem", "identity-anchors.pem")
VERSIONS = sorted(path.name for path in SIGNED.iterdir() if path.is_dir())
EXPECTED: dict[str, dict[str, Expected]] = {version: expected_in(SIGNED / version) for version in VERSIONS}
FILES = [(version, name) for version in VERSIONS for name in EXPECTED[version]]


@pytest.mark.parametrize(("version", "name"), FILES)
def test_what_was_signed_is_judged_and_read_as_ever(version: str, name: str, sandbox: Sandbox) -> None:
    expected = EXPECTED[version][name]
    assert judged(SIGNED / version / name, expected.at, sandbox) == expected.file


@pytest.mark.parametrize(("version", "name"), FILES)
def test_another_verifier_agrees(version: str, name: str) -> None:
    path, expected = SIGNED / version / name, EXPECTED[version][name].file
    if expected["source"] != "embedded":
        pytest.skip("it reads no manifest beside a file")
    lists = lists_of(path.parent).items()
    root = "".join((path.parent / anchors).read_text() for anchors, purpose in lists if purpose == "manifest")
    mime = BY_NAME[expected["format"]].mime
    said = encypher_c2pa.verify(path.read_bytes(), mime, trust_pem=root, no_default_trust=True, telemetry=False)
    intact = expected["axes"]["content"] == "intact"
    assert (said["hard_binding"], said["signature"]) == ("match" if intact else "mismatch", "valid")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_folder_is_whole(version: str) -> None:
    folder = SIGNED / version
    lists, expected = lists_of(folder), {beside("expected.json", part) for part in parts_of(folder)}
    there = {path.name for path in folder.iterdir()} - {*lists, *expected}
    assert {name.removesuffix(".c2pa") for name in there} == set(EXPECTED[version])
    for path in folder.iterdir():
        assert b"PRIVATE" not in path.read_bytes(), path.name
        assert path.stat().st_size < 64_000
    for name in lists:
        for certificate in x509.load_pem_x509_certificates((folder / name).read_bytes()):
            assert certificate.not_valid_after_utc - dt.datetime.now(dt.timezone.utc) > dt.timedelta(days=30 * 365)


def test_this_version_has_a_folder_with_every_format() -> None:
    assert __version__ in VERSIONS, "make signed"
    files = {name: expected.file for name, expected in EXPECTED[__version__].items()}
    assert {row["format"] for row in files.values()} == {row.name for row in FORMATS}
    states = {name: row["state"] for name, row in files.items()}
    assert states.pop("altered.wav") == "invalid"
    assert set(states.values()) == {"trusted"}
    axes = {(axis, value) for row in files.values() for axis, value in row["axes"].items() if isinstance(value, str)}
    assert {("time", "proven"), ("identity", "ok"), ("history", "clean"), ("content", "altered")} <= axes
    assert {row["kind"] for row in files.values()} >= {"ai_generated", "ai_modified", "ai_partly_created", "human_made"}
    assert {row["kind"] for row in files.values()} <= set(KINDS)


def make_signed(folder: Path) -> str:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, ROOT / "samples" / "sign_samples.py", folder]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_that_is_whole_is_left_alone() -> None:
    before = contents(SIGNED / __version__)
    assert "nothing is missing" in make_signed(SIGNED / __version__)
    assert contents(SIGNED / __version__) == before


@needs("openssl")
def test_what_is_missing_is_added_and_all_else_stays(tmp_path: Path, sandbox: Sandbox) -> None:
    """A format that came within a version, a history over a file that lies there, a manifest beside, a change."""
    folder, gone = tmp_path / "signed", ("still.bmp", "edited.jpg", "altered.wav")
    shutil.copytree(SIGNED / __version__, folder)
    told = json.loads((folder / "expected.json").read_text())
    for name in gone:
        del told["files"][name]
        (folder / name).unlink()
        (folder / f"{name}.c2pa").unlink(missing_ok=True)
    (folder / "expected.json").write_text(json.dumps(told))
    before = contents(folder)
    assert make_signed(folder).endswith("signed altered.wav, edited.jpg, still.bmp\n")
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    next_one = f"-{1 + len(list((SIGNED / __version__).glob('expected*.json')))}"
    added = {*gone, "still.bmp.c2pa", *(beside(name, next_one) for name in BESIDES)}
    assert set(after) - set(before) == added
    for name, expected in expected_in(folder).items():
        assert judged(folder / name, expected.at, sandbox) == expected.file, name
        assert expected.file == EXPECTED[__version__][name].file, name
    assert "nothing is missing" in make_signed(folder)
    assert contents(folder) == after


@needs("faketime")
def test_a_clock_far_ahead_changes_nothing() -> None:
    script = """
import sys
from pathlib import Path
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork
from sign_samples import expected_in, judged
folder = Path(sys.argv[1])
expected = expected_in(folder)
with Sandbox(fork) as sandbox:  # a worker of its own would not have our clock
    for name in ("cover.jpg", "stamped.jpg", "vouched.png", "mixed.wav", "clip.mp4", "altered.wav"):
        assert judged(folder / name, expected[name].at, sandbox) == expected[name].file, name
print("same")
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        ["faketime", "2060-01-01 00:00:00", sys.executable, "-c", script, SIGNED / VERSIONS[-1]],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "same\n", done.stderr
