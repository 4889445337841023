"""Redaction: what is personal goes for good, and everything else stays valid."""

from __future__ import annotations

import json
from pathlib import Path

import encypher_c2pa
import msgspec
import pytest

from format_files import Make
from project import EXAMPLE_LABELS, MIMES, SAMPLES, Cli, besides_time
from provlabel import InputError, Label, TrustStore, label_file, load_label, redact_file, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import FORMAT_OF, ROWS

EXAMPLE = EXAMPLE_LABELS / "ai-assisted-track.toml"
#: Without the parts of a sound, which no picture has.
LABEL = msgspec.structs.replace(load_label(EXAMPLE), contributions=())
NAME = b"Ada Example"


@pytest.fixture
def personal(media: Path, signer: Signer, sandbox: Sandbox) -> dict[str, Path]:
    """Every sample with the names of people in it."""
    made = {}
    for name in SAMPLES:
        made[name] = media / f"personal-{name}"
        label_file(media / name, made[name], LABEL, signer, personal=True, sandbox=sandbox)
        assert NAME in made[name].read_bytes()
    return made


@pytest.mark.parametrize("name", SAMPLES)
def test_names_are_gone_and_the_rest_is_trusted(
    name: str, personal: dict[str, Path], signer: Signer, trust: TrustStore, credential: Path, sandbox: Sandbox
) -> None:
    source, dest = personal[name], personal[name].with_name(f"public-{name}")
    before = verify_file(source, trust=trust, sandbox=sandbox).files[0]
    redact_file(source, dest, signer, sandbox=sandbox)
    assert NAME not in dest.read_bytes()
    after = verify_file(dest, trust=trust, personal=True, sandbox=sandbox).files[0]
    assert (after.state, after.passed, after.axes.history) == ("trusted", True, "clean")
    assert before.label is not None
    assert after.label is not None
    assert after.label.value == before.label.value
    assert (after.label.has_personal, after.label.personal) == (False, None)
    assert [action["action"] for action in after.actions] == ["c2pa.opened", "c2pa.edited.metadata"]
    assert after.history[0].manifest == before.manifest
    said = encypher_c2pa.verify(
        dest.read_bytes(),
        MIMES[dest.suffix],
        trust_pem=(credential / "root.pem").read_text(),
        no_default_trust=True,
        telemetry=False,
    )
    assert (said["integrity"], said["signature"]) == ("valid", "valid")


@pytest.mark.parametrize("name", [name for name, fmt in FORMAT_OF.items() if ROWS[fmt].embed])
def test_nothing_is_left_behind_in_any_format(
    name: str, make: Make, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A second label, so that an older manifest lies in the file before the one that is redacted."""
    first, second, dest = (tmp_path / f"{place}-{name}" for place in ("first", "second", "public"))
    label = LABEL
    label_file(make(name), first, label, signer, personal=True, sandbox=sandbox)
    label_file(first, second, label, signer, personal=True, sandbox=sandbox)
    redact_file(second, dest, signer, sandbox=sandbox)
    assert NAME not in dest.read_bytes()
    assert verify_file(dest, trust=trust, sandbox=sandbox).files[0].passed


def test_names_deep_in_the_history_go_too(
    personal: dict[str, Path], media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    again, dest = media / "again.wav", media / "public.wav"
    label_file(personal["take.wav"], again, Label(kind="ai_modified"), signer, sandbox=sandbox)
    assert NAME in again.read_bytes()
    redact_file(again, dest, signer, sandbox=sandbox)
    assert NAME not in dest.read_bytes()
    judged = verify_file(dest, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.history) == ("trusted", "clean")


def test_nothing_personal_is_said_so(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    label_file(media / "cover.jpg", media / "plain.jpg", label, signer, sandbox=sandbox)
    for source in (media / "plain.jpg", media / "cover.jpg"):
        with pytest.raises(InputError, match="no personal fields"):
            redact_file(source, media / "out.jpg", signer, sandbox=sandbox)
    assert not (media / "out.jpg").exists()


def test_what_is_left_out_is_named(media: Path, cli: Cli) -> None:
    """A person sees that names were not signed, and that the span is none of this sound, which is 5 s long."""
    done = cli("label", media / "take.wav", "--label", EXAMPLE, "--signer", "test", "--format", "json")
    receipt = json.loads(done.stdout)["receipts"][0]
    assert receipt["withheld"] == ["people.identifiers", "people.name"]
    [warning] = besides_time(receipt["warnings"])
    assert "/contributions/2/span/end: lies after the end of the sound, which is 5.1 s long" in warning
    shown = cli("label", media / "take.mp3", "--label", EXAMPLE, "--signer", "test")
    assert ", not signed: people.identifiers, people.name)" in shown.stdout
    signed = cli("label", media / "take.flac", "--label", EXAMPLE, "--signer", "test", "--personal")
    assert "not signed" not in signed.stdout


def test_command(personal: dict[str, Path], media: Path, cli: Cli) -> None:
    source = personal["cover.jpg"]
    assert cli("redact", source, "--signer", "test").returncode == 2
    done = cli("redact", source, "--personal", "--signer", "test", "-o", media / "public.jpg")
    assert done.returncode == 0, done.stderr
    assert cli("verify", media / "public.jpg", "--trust", "test").returncode == 0
    assert NAME in source.read_bytes()
    assert cli("redact", source, "--personal", "--signer", "test", "--in-place").returncode == 0
    assert NAME not in source.read_bytes()
    assert "Ada Example" not in cli("show", source, "--personal").stdout
