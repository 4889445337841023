"""``label --keep-label``: the label of a file over a conversion, and only from a file that verifies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from project import MEDIA, Cli, needs
from provlabel import (
    Identifier,
    InputError,
    Label,
    Provider,
    System,
    TrustStore,
    kept_label,
    label_file,
    verify_file,
)
from provlabel.label.records import Contribution, Person
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

LABEL = Label(
    kind="ai_partly_created",
    title="Harbour Lights",
    systems=(System(name="AcmeSynth", version="2.1"),),
    provider=Provider(name="Acme Audio Ltd"),
    identifiers=(Identifier(type="isrc", value="GBAYE2600001"),),
    people=(Person(id="ada", name="Ada", roles=("LeadVocalist",)),),
    contributions=(
        Contribution(part="vocals", extent="None", by="human", person="ada"),
        Contribution(part="instrumental", extent="All", by="ai"),
    ),
)


@pytest.fixture
def parent(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> Path:
    dest = tmp_path / "take.labeled.wav"
    label_file(MEDIA / "take.wav", dest, LABEL, signer, personal=True, sandbox=sandbox)
    return dest


@pytest.fixture
def converted(tmp_path: Path, parent: Path) -> Path:
    dest = tmp_path / "take.mp3"
    subprocess.run(["ffmpeg", "-v", "error", "-i", parent, dest], check=True)
    return dest


Run = Callable[..., str]


@pytest.fixture
def label_(cli: Cli, tmp_path: Path) -> Run:
    def run(*args: str | Path, code: int = 0) -> str:
        done = cli("label", *args, "--signer", "test", cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@needs("ffmpeg")
@pytest.mark.parametrize("personal", [False, True])
def test_a_conversion_keeps_the_label(
    personal: bool, parent: Path, converted: Path, label_: Run, trust: TrustStore, sandbox: Sandbox
) -> None:
    how = ["--personal"] if personal else []
    label_(converted, "--parent", parent, "--keep-label", "--trust", "test", *how)
    file = verify_file(converted.with_name("take.labeled.mp3"), trust=trust, personal=True, sandbox=sandbox).files[0]
    assert (file.state, file.passed) == ("trusted", True)
    before = verify_file(parent, trust=trust, personal=True, sandbox=sandbox).files[0]
    assert file.label is not None
    assert before.label is not None
    drop = {"carriers"}
    old, new = ({k: v for k, v in one.label.value.items() if k not in drop} for one in (before, file) if one.label)
    assert new == old
    assert file.label.has_personal is personal
    assert file.history[0].relationship == "parentOf"


@needs("ffmpeg")
def test_an_option_wins(parent: Path, converted: Path, label_: Run, trust: TrustStore, sandbox: Sandbox) -> None:
    label_(converted, "--parent", parent, "--keep-label", "--trust", "test", "--title", "Another", "-o", "o.mp3")
    kept = kept_label(converted.with_name("o.mp3"), trust, sandbox=sandbox)
    assert (kept.title, kept.systems) == ("Another", LABEL.systems)


@needs("ffmpeg")
def test_it_is_never_implicit_and_the_refusal_names_it(parent: Path, converted: Path, label_: Run) -> None:
    said = label_(converted, "--parent", parent, code=2)
    assert "a label needs a kind" in said
    assert f"to keep the label of {parent}: --keep-label --trust PEM" in said
    said = label_(parent, code=2)
    assert "--keep-label" in said, "its own earlier label"
    assert "--keep-label" not in label_(MEDIA / "take.wav", code=2)


@needs("ffmpeg")
def test_only_what_verifies_is_kept(parent: Path, converted: Path, label_: Run, tmp_path: Path) -> None:
    said = label_(converted, "--parent", parent, "--keep-label", code=3)
    assert "pass --trust PEM" in said
    altered = tmp_path / "altered.wav"
    content = bytearray(parent.read_bytes())
    content[3_000] ^= 1
    altered.write_bytes(content)
    assert "its label is not kept" in label_(converted, "--parent", altered, "--keep-label", "--trust", "test", code=3)
    assert (
        "no label of provlabel"
        in label_(converted, "--parent", MEDIA / "take.wav", "--keep-label", "--trust", "test", code=3)
        or not converted.with_name("take.labeled.mp3").exists()
    )
    assert not converted.with_name("take.labeled.mp3").exists()


def test_requests_that_make_no_sense(parent: Path, label_: Run, tmp_path: Path) -> None:
    label = tmp_path / "l.json"
    label.write_bytes(msgspec.json.encode({"kind": "ai_generated"}))
    assert "exclude each other" in label_(parent, "--keep-label", "--label", label, "--trust", "test", code=2)
    assert "add --keep-label" in label_(parent, "--kind", "ai_generated", "--trust", "test", code=2)


def test_a_file_keeps_its_own_label(parent: Path, label_: Run, trust: TrustStore, sandbox: Sandbox) -> None:
    label_(parent, "--keep-label", "--trust", "test", "-o", "again.wav")
    assert kept_label(parent.with_name("again.wav"), trust, sandbox=sandbox).title == "Harbour Lights"


def test_a_label_of_others_is_not_taken_for_ours(
    trust: TrustStore, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    from bare_engine import opened

    path = tmp_path / "other.jpg"
    path.write_bytes(opened((MEDIA / "cover.jpg").read_bytes(), signer, {}))
    with pytest.raises(InputError, match="no label of provlabel"):
        kept_label(path, trust, sandbox=sandbox)
