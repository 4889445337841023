"""What every version has signed is verified for ever: same verdict, same label (``samples/signed/README.md``)."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from typing import Any

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

from sign_samples import judged  # noqa: E402 - it lies there

VERSIONS = sorted(path.name for path in SIGNED.iterdir() if path.is_dir())
EXPECTED: dict[str, dict[str, Any]] = {
    version: json.loads((SIGNED / version / "expected.json").read_text()) for version in VERSIONS
}
FILES = [(version, name) for version in VERSIONS for name in EXPECTED[version]["files"]]
BESIDES = {"expected.json", "anchors.pem", "clock-anchors.pem", "identity-anchors.pem"}


@pytest.mark.parametrize(("version", "name"), FILES)
def test_what_was_signed_is_judged_and_read_as_ever(version: str, name: str, sandbox: Sandbox) -> None:
    expected = EXPECTED[version]
    assert judged(SIGNED / version / name, expected["at"], sandbox) == expected["files"][name]


@pytest.mark.parametrize(("version", "name"), FILES)
def test_another_verifier_agrees(version: str, name: str) -> None:
    path, expected = SIGNED / version / name, EXPECTED[version]["files"][name]
    if expected["source"] != "embedded":
        pytest.skip("it reads no manifest beside a file")
    root = (SIGNED / version / "anchors.pem").read_text()
    mime = BY_NAME[expected["format"]].mime
    said = encypher_c2pa.verify(path.read_bytes(), mime, trust_pem=root, no_default_trust=True, telemetry=False)
    intact = expected["axes"]["content"] == "intact"
    assert (said["hard_binding"], said["signature"]) == ("match" if intact else "mismatch", "valid")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_folder_is_whole(version: str) -> None:
    folder = SIGNED / version
    there = {path.name for path in folder.iterdir()} - BESIDES
    assert {name.removesuffix(".c2pa") for name in there} == set(EXPECTED[version]["files"])
    for path in folder.iterdir():
        assert b"PRIVATE" not in path.read_bytes(), path.name
        assert path.stat().st_size < 64_000
    for name in BESIDES - {"expected.json"}:
        for certificate in x509.load_pem_x509_certificates((folder / name).read_bytes()):
            assert certificate.not_valid_after_utc - dt.datetime.now(dt.timezone.utc) > dt.timedelta(days=30 * 365)


def test_this_version_has_a_folder_with_every_format() -> None:
    assert __version__ in VERSIONS, "make signed"
    files = EXPECTED[__version__]["files"]
    assert {row["format"] for row in files.values()} == {row.name for row in FORMATS}
    states = {name: row["state"] for name, row in files.items()}
    assert states.pop("altered.wav") == "invalid"
    assert set(states.values()) == {"trusted"}
    axes = {(axis, value) for row in files.values() for axis, value in row["axes"].items() if isinstance(value, str)}
    assert {("time", "proven"), ("identity", "ok"), ("history", "clean"), ("content", "altered")} <= axes
    assert {row["kind"] for row in files.values()} >= {"ai_generated", "ai_modified", "ai_partly_created", "human_made"}
    assert {row["kind"] for row in files.values()} <= set(KINDS)


def test_a_folder_is_never_written_again() -> None:
    before = {path.name: path.read_bytes() for path in (SIGNED / __version__).iterdir()}
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, ROOT / "samples" / "sign_samples.py"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "never signed again" in done.stderr
    assert {path.name: path.read_bytes() for path in (SIGNED / __version__).iterdir()} == before


@needs("faketime")
def test_a_clock_far_ahead_changes_nothing() -> None:
    script = """
import json, sys
from pathlib import Path
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork
from sign_samples import judged
folder = Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())
with Sandbox(fork) as sandbox:  # a worker of its own would not have our clock
    for name in ("cover.jpg", "stamped.jpg", "vouched.png", "mixed.wav", "clip.mp4", "altered.wav"):
        assert judged(folder / name, expected["at"], sandbox) == expected["files"][name], name
print("same")
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        ["faketime", "2060-01-01 00:00:00", sys.executable, "-c", script, SIGNED / VERSIONS[-1]],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "same\n", done.stderr
