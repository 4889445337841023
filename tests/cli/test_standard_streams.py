"""``-``: a file that comes by standard input is labeled and judged as one with a name, and only the file goes out."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest

from project import MEDIA, SAMPLES
from provlabel import Label, TrustStore, label_file, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

KIND = ("--kind", "ai_generated", "--system", "Acme@2", "--signer", "test")
NOW = "2026-12-01"
Piped = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def piped(home: Path, credential: Path, tmp_path: Path) -> Piped:
    """Run the command line with bytes as its input, and nothing of the developer's around it."""

    def run(*args: str | Path, given: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
        keep = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        around = {**keep, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path), **env}
        command = [sys.executable, "-m", "provlabel", *map(str, args)]
        return subprocess.run(command, input=given, capture_output=True, env=around, cwd=tmp_path, check=False)

    return run


@pytest.mark.fresh
@pytest.mark.parametrize("name", SAMPLES)
def test_the_labeled_file_alone_goes_out(
    name: str, piped: Piped, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = piped("label", "-", *KIND, given=(MEDIA / name).read_bytes())
    assert done.returncode == 0
    out = tmp_path / f"out{Path(name).suffix}"
    out.write_bytes(done.stdout)
    assert verify_file(out, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    assert done.stderr.decode().startswith("standard input -> standard output  (")
    out.unlink()
    assert os.listdir(tmp_path) == []


@pytest.mark.fresh
def test_a_pipe_is_judged_as_its_file_is(
    piped: Piped, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    label_file(MEDIA / "take.wav", tmp_path / "a.wav", label, signer, sandbox=sandbox)
    content = (tmp_path / "a.wav").read_bytes()
    told = [
        json.loads(piped("verify", path, "--trust", "test", "--format", "json", "--at", NOW, given=given).stdout)
        for path, given in (("-", content), ("a.wav", b""))
    ]
    assert [report["files"][0].pop("path") for report in told] == ["standard input", "a.wav"]
    assert told[0]["files"] == told[1]["files"]
    assert piped("verify", "-", "--trust", "test", given=content).returncode == 0
    assert piped("verify", "-", "--trust", "test", given=(MEDIA / "take.wav").read_bytes()).returncode == 1
    assert piped("verify", "-", given=b"").returncode == 1
    tree = piped("show", "-", "--trust", "test", given=content)
    assert tree.stdout.decode().startswith("standard input  WAV")
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.fresh
def test_a_named_result_and_its_receipt(piped: Piped, tmp_path: Path) -> None:
    given = (MEDIA / "take.flac").read_bytes()
    done = piped("label", "-", *KIND, "-o", "out.flac", "--format", "json", given=given)
    receipt = json.loads(done.stdout)["receipts"][0]
    assert (done.returncode, receipt["output"]) == (0, "out.flac")
    assert mutagen.File(tmp_path / "out.flac")["PROVLABEL_KIND"] == ["ai_generated"]  # type: ignore[attr-defined]
    again = piped("label", "-", *KIND, "-o", "out.flac", given=given)
    assert (again.returncode, again.stdout) == (3, b"")
    hashed = piped(
        "label", "-", *KIND, "--prompt-file", "p.txt", "--prompt-mode", "hash", "--receipt", "r.json", given=given
    )
    assert hashed.returncode == 3  # there is no such prompt
    (tmp_path / "p.txt").write_text("a lighthouse")
    hashed = piped(
        "label", "-", *KIND, "--prompt-file", "p.txt", "--prompt-mode", "hash", "--receipt", "r.json", given=given
    )
    assert hashed.returncode == 0
    assert len(json.loads((tmp_path / "r.json").read_text())["receipts"][0]["prompt_salt"]) == 32


REFUSED = {
    "two files": ("label", "-", "x.jpg", *KIND),
    "twice": ("verify", "-", "-"),
    "in place": ("label", "-", *KIND, "--in-place"),
    "a folder": ("label", "-", *KIND, "--out-dir", "out"),
    "detached": ("label", "-", *KIND, "--detached"),
    "the prompt too": ("label", "-", *KIND, "--prompt-file", "-"),
    "JSON into the file": ("label", "-", *KIND, "--format", "json"),
    "a draft": ("init", "-"),
    "out alone": ("label", "x.jpg", *KIND, "-o", "-"),
    "a delivery": ("verify", "-", "--against", "m.xml"),
    "a policy": ("verify", "-", "--init-policy"),
}


@pytest.mark.fresh
@pytest.mark.parametrize("run", REFUSED)
def test_what_has_no_name_and_no_place_cannot_have(run: str, piped: Piped, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes((MEDIA / "cover.jpg").read_bytes())
    done = piped(*REFUSED[run], given=(MEDIA / "cover.jpg").read_bytes())
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"hint: " in done.stderr
    assert os.listdir(tmp_path) == ["x.jpg"]


@pytest.mark.fresh
def test_what_cannot_be_labeled_is_called_standard_input(piped: Piped, tmp_path: Path) -> None:
    for given in (b"", b"text", (MEDIA / "cover.jpg").read_bytes()[:2000]):
        done = piped("label", "-", *KIND, given=given)
        assert (done.returncode, done.stdout) == (3, b"")
        assert done.stderr.startswith(b"error: standard input: ")
        assert str(tmp_path).encode() not in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.fresh
def test_nothing_is_written_to_a_terminal(home: Path, credential: Path, tmp_path: Path) -> None:
    parent, child = pty.openpty()
    env = {**os.environ, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "provlabel", "label", "-", *KIND]
    with (MEDIA / "cover.jpg").open("rb") as given:
        done = subprocess.run(command, stdin=given, stdout=child, stderr=subprocess.PIPE, env=env, cwd=tmp_path)
    assert done.returncode == 2
    assert b"standard output is a terminal" in done.stderr
    done = subprocess.run([*command[:3], "verify", "-"], stdin=child, capture_output=True, env=env, cwd=tmp_path)
    os.close(child)
    os.close(parent)
    assert done.returncode == 2
    assert b"standard input is a terminal" in done.stderr


@pytest.mark.fresh
def test_a_full_disk_is_told_and_a_closed_pipe_is_no_fault(piped: Piped, home: Path, tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "provlabel", "label", "-", *KIND]
    content = (MEDIA / "take.wav").read_bytes()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, input=content, stdout=full, stderr=subprocess.PIPE, env=env, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == b"error: standard output: no space left on device"
    ends = os.pipe()
    os.close(ends[0])
    done = subprocess.run(command, input=content, stdout=ends[1], stderr=subprocess.PIPE, env=env, cwd=tmp_path)
    os.close(ends[1])
    assert done.returncode == 0
    assert b"error" not in done.stderr


@pytest.mark.fresh
def test_a_file_of_that_name_is_named_with_its_folder(piped: Piped, tmp_path: Path) -> None:
    (tmp_path / "-").write_bytes((MEDIA / "cover.jpg").read_bytes())
    assert piped("verify", "./-").returncode == 1
    assert piped("label", "./-", *KIND, "-o", "out.jpg").returncode == 0
    refused = piped("verify", "-", given=b"x")
    assert refused.returncode == 2
    assert b"is a file here" in refused.stderr
