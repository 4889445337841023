"""RIFF sounds that only look like WAV: a manifest lies beside them, and never in them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import encypher_c2pa
import pytest

from format_files import signed_by_engine
from project import MEDIA, Cli, engine_credential
from provlabel import EngineError, InputError, Label, TrustStore, label_bytes, label_file, verify_bytes, verify_file
from provlabel.engine import signing
from provlabel.label import signed_label
from provlabel.manifest.write import definition
from provlabel.media.formats import BY_NAME
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from riff_files import ATRAC9, NO_WAV, WAV, chunk, described, extensible, of_kind, samples
from sample_files import known


@pytest.mark.parametrize("name", NO_WAV)
def test_what_only_looks_like_wav_stays_as_it_is(
    name: str, tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    kind, content = NO_WAV[name]
    source = tmp_path / name
    source.write_bytes(content)
    assert known(content) == BY_NAME[kind]
    assert verify_file(source, trust=trust, sandbox=sandbox).files[0].state == "unsigned"
    receipt = label_file(source, None, label, signer, sandbox=sandbox)
    assert source.read_bytes() == content
    assert f"no manifest is put into {kind} (" in receipt.warnings[0]
    found = verify_file(source, trust=trust, sandbox=sandbox).files[0]
    assert found.state == "trusted"
    assert "content.damaged" not in [item.rule for item in found.findings]
    with pytest.raises(InputError, match=f"{kind} is only labeled with a manifest beside it"):
        label_bytes(content, label, signer, sandbox=sandbox)
    source.write_bytes(content[:-1] + b"\x7f")
    assert verify_file(source, trust=trust, sandbox=sandbox).files[0].state == "invalid"


@pytest.mark.parametrize("name", WAV)
def test_wav_with_other_codecs_is_wav(
    name: str, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    assert known(WAV[name]) == BY_NAME["WAV"]
    made, _ = label_bytes(WAV[name], label, signer, sandbox=sandbox)
    assert samples() in made
    assert verify_bytes(made, trust=trust, sandbox=sandbox).files[0].state == "trusted"


@pytest.mark.parametrize("name", ["take.wem", "TAKE.AT9", "take.xma", "take.at3"])
def test_a_wav_by_the_name_of_such_a_sound(
    name: str, tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """Wwise writes PCM that nothing in the file tells from WAV."""
    source = tmp_path / name
    source.write_bytes(WAV["float.wav"])
    label_file(source, None, label, signer, sandbox=sandbox)
    assert source.read_bytes() == WAV["float.wav"]
    assert verify_file(source, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    with pytest.raises(InputError, match="may choke on a new chunk"):
        label_bytes(WAV["float.wav"], label, signer, sandbox=sandbox, name=name)


def test_content_beats_the_name(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source = tmp_path / "cover.wem"
    source.write_bytes((MEDIA / "cover.jpg").read_bytes())
    label_file(source, tmp_path / "out.wem", label, signer, sandbox=sandbox)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".c2pa"] == []


def test_the_table_prints_why(cli: Cli) -> None:
    lines = {line.split("  ")[0]: line for line in cli("formats").stdout.splitlines()}
    assert "may choke on a new chunk" in lines["ATRAC9"]
    assert "may choke on a new chunk" in lines["Wwise"]
    assert "detached: it is no WAV" in lines["RIFF sound"]


@pytest.mark.parametrize("name", ["a.at9", "vorbis.wem", "x.xma", "x.xwma"])
def test_a_manifest_that_others_embedded_is_read(
    name: str, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """The engine takes all of them for WAV."""
    content, _ = signed_by_engine(NO_WAV[name][1], "audio/wav", signer)
    found = verify_bytes(content, trust=trust, sandbox=sandbox).files[0]
    assert found.format == NO_WAV[name][0]
    assert found.state == "trusted"
    at = content.index(b"data") + 100
    altered = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    assert verify_bytes(altered, trust=trust, sandbox=sandbox).files[0].state == "invalid"


def test_chunks_without_end_are_not_followed() -> None:
    many = b"".join(chunk(b"JUNK", b"") for _ in range(100))
    content = of_kind(b"WAVE", many, extensible(ATRAC9, bytes(12)))
    assert known(content) == BY_NAME["WAV"]
    assert known(b"RIFF\x04\x00\x00\x00WAVE") == BY_NAME["WAV"]
    assert known(b"RIFX\x00\x00\x00\x04AVI ") is None


# --- RF64 and BW64 ---------------------------------------------------------------------------------

ADM = (chunk(b"axml", b"<ebuCoreMain/>"), chunk(b"chna", struct.pack("<HH", 0, 0)))


def long(magic: bytes, *chunks: bytes) -> bytes:
    """A sound whose sizes stand in a chunk of 64 bits (EBU Tech 3306, ITU-R BS.2088)."""
    sound = b"data\xff\xff\xff\xff" + samples()
    rest = described() + b"".join(chunks) + sound
    size = 4 + 36 + len(rest)
    ds64 = chunk(b"ds64", struct.pack("<QQQI", size, len(samples()), len(samples()) // 2, 0))
    return magic + b"\xff\xff\xff\xffWAVE" + ds64 + rest


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
@pytest.mark.parametrize("adm", [(), ADM], ids=["bare", "ADM"])
def test_why_a_long_sound_is_labeled_beside_itself(
    magic: bytes, adm: tuple[bytes, ...], tmp_path: Path, label: Label, signer: Signer, trust: TrustStore,
    sandbox: Sandbox,
) -> None:  # fmt: skip
    """Neither the engine nor the second verifier knows such a header; when that changes, embed."""
    content = long(magic, *adm)
    assert known(content) == BY_NAME["RF64"]
    made = definition(label, signed_label(label), has_parent=False)
    with pytest.raises(EngineError, match="Invalid RIFF format"):
        signing.sign(made, io.BytesIO(content), io.BytesIO(), "audio/wav", engine_credential(signer))
    embedded, store = signed_by_engine(of_kind(b"WAVE", *adm), "audio/wav", signer)
    assert encypher_c2pa.verify(embedded, "audio/wav", telemetry=False)["present"] is True
    with_chunk = content + chunk(b"C2PA", store)
    with pytest.raises(ValueError, match="missing RIFF header"):
        encypher_c2pa.verify(with_chunk, "audio/wav", telemetry=False)
    source = tmp_path / "a.wav"
    source.write_bytes(content)
    label_file(source, None, label, signer, sandbox=sandbox)
    assert source.read_bytes() == content
    assert verify_file(source, trust=trust, sandbox=sandbox).files[0].state == "trusted"


def test_a_wav_with_adm_holds_its_manifest(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    made, _ = label_bytes(of_kind(b"WAVE", *ADM), label, signer, sandbox=sandbox)
    assert b"".join(ADM) in made
    assert verify_bytes(made, trust=trust, sandbox=sandbox).files[0].state == "trusted"
