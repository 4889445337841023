"""Sniffing and walking: content decides, damage is named, and nothing of a tag is lost unnoticed."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mp3_tags import UNPARSEABLE, frame, tag, with_frames
from project import SAMPLES, needs
from provlabel import EngineError, InputError, Label, label_file, verify_file
from provlabel.manifest.limits import scan_file
from provlabel.media.containers import CONTAINERS, ContainerError, inventory
from provlabel.media.formats import FORMATS, id3v2_size, sniff
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer


def reader(content: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: content[offset : offset + length]


def name_of(content: bytes) -> str | None:
    found = sniff(reader(content))
    return found.name if found else None


@pytest.mark.parametrize(
    ("sample", "name"),
    [("cover.jpg", "JPEG"), ("still.png", "PNG"), ("take.wav", "WAV"), ("take.mp3", "MP3"), ("take.flac", "FLAC")],
)
def test_samples_are_known_by_content(media: Path, sample: str, name: str) -> None:
    assert name_of((media / sample).read_bytes()) == name


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", None),
        (b"\xff", None),
        (b"text", None),
        (b"\xff\xf1" + bytes(60), None),  # ADTS: layer bits 00
        (b"\xff\xfd" + bytes(60), None),  # MPEG layer II
        (b"\xff\xfb" + bytes(60), "MP3"),
        (tag(20) + b"\xff\xfb" + bytes(60), "MP3"),
        (tag(20) + tag(7) + b"fLaC" + bytes(60), "FLAC"),
        (tag(20) + b"\xff\xf1" + bytes(60), None),  # the engine would sign it as MP3
        (tag(20) + b"RIFF0000WAVE" + bytes(60), None),
        (tag(20) + b"\xff\xd8\xff" + bytes(60), None),
        (tag(0) * 9 + b"fLaC", None),
        (b"RIFF0000WEBP" + bytes(60), "WebP"),
        (b"RF64" + bytes(60), None),
    ],
)
def test_look_alikes(content: bytes, name: str | None) -> None:
    assert name_of(content) == name


@given(st.binary(max_size=40))
def test_size_of_a_tag_is_never_negative(head: bytes) -> None:
    assert id3v2_size(head) >= 0


@pytest.mark.parametrize("sample", SAMPLES)
def test_parts_cover_the_file_without_overlap(media: Path, sample: str) -> None:
    content = (media / sample).read_bytes()
    fmt = sniff(reader(content))
    assert fmt is not None
    parts = sorted(CONTAINERS[fmt.container].walk(io.BytesIO(content), len(content)), key=lambda part: part.start)
    for before, after in itertools.pairwise(parts):
        assert before.end <= after.start
    assert parts[-1].end == len(content)
    assert any(part.role == "media" for part in parts)


@pytest.mark.parametrize("sample", SAMPLES)
def test_damage_is_named(media: Path, sample: str) -> None:
    content = (media / sample).read_bytes()
    fmt = sniff(reader(content))
    assert fmt is not None
    if sample == "take.flac":
        pytest.skip("a FLAC without ID3 tag is one part for us; the engine looks at the rest")
    with pytest.raises(ContainerError):
        list(CONTAINERS[fmt.container].walk(io.BytesIO(content[:60]), 60))


BEGINNINGS = {
    "gif": b"GIF89a\x01\x00\x01\x00\x00\x00\x00",
    "id3": b"ID3\x04\x00\x00",
    "isobmff": b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom",
    "jpeg": b"\xff\xd8\xff",
    "opaque": b"",
    "png": b"\x89PNG\r\n\x1a\n",
    "riff": b"RIFF",
    "svg": b"<svg><metadata><c2pa:manifest>",
    "tiff": b"II*\x00\x08\x00\x00\x00",
}


@pytest.mark.parametrize("container", sorted(CONTAINERS))
@given(content=st.binary(max_size=300))
def test_walkers_never_crash(container: str, content: bytes) -> None:
    whole = BEGINNINGS[container] + content
    try:
        parts = list(CONTAINERS[container].walk(io.BytesIO(whole), len(whole)))
    except ContainerError:
        return
    assert all(0 <= part.start <= part.end <= len(whole) for part in parts)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_scan_finds_the_very_store_that_was_embedded(
    sample: str, media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source, dest = media / sample, media / f"out-{sample}"
    label_file(source, dest, label, signer, sandbox=sandbox)
    label_file(source, source, label, signer, detached=True, sandbox=sandbox)
    content = dest.read_bytes()
    fmt = sniff(reader(content))
    assert fmt is not None
    [store] = scan_file(io.BytesIO(content), len(content), fmt).stores
    (media / f"out-{sample}.c2pa").write_bytes(store)
    rules = [found.rule for found in verify_file(dest, sandbox=sandbox).files[0].findings]
    assert "carrier.sidecar-differs" not in rules
    shutil.copy(media / f"{sample}.c2pa", media / f"out-{sample}.c2pa")
    rules = [found.rule for found in verify_file(dest, sandbox=sandbox).files[0].findings]
    assert "carrier.sidecar-differs" in rules


def test_what_a_range_covers(media: Path) -> None:
    content = (media / "cover.jpg").read_bytes()
    fmt = next(row for row in FORMATS if row.name == "JPEG")
    scan = scan_file(io.BytesIO(content), len(content), fmt)
    exif = next(part for part in scan.parts if part.name == "APP1")
    assert scan.role_at(exif.start, exif.length) == "metadata"
    assert scan.role_at(exif.start - 1, exif.length) == "media"
    assert scan.role_at(len(content) - 10, 5) == "media"
    assert scan.role_at(len(content) + 10, 5) == "media"


# --- MP3: tags the engine cannot parse -------------------------------------------------------------


TITLE, ISRC = frame(b"TIT2", b"\x03Lighthouse"), frame(b"TSRC", b"\x03GBAYE2600001")


@pytest.mark.parametrize("bad", UNPARSEABLE.values(), ids=UNPARSEABLE.keys())
def test_a_tag_that_hides_the_manifest_is_refused(
    bad: bytes, media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source, dest = media / "take.mp3", media / "out.mp3"
    source.write_bytes(with_frames(source.read_bytes(), TITLE, ISRC, bad))
    with pytest.raises(EngineError, match="would not find the manifest: it cannot read the tags") as caught:
        label_file(source, dest, label, signer, sandbox=sandbox)
    assert "--detached" in caught.value.hint
    assert not dest.exists()
    before = source.read_bytes()
    label_file(source, source, label, signer, detached=True, sandbox=sandbox)
    assert source.read_bytes() == before
    assert verify_file(source, sandbox=sandbox).files[0].state == "valid"


def test_tags_that_can_be_kept_are_kept(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source, dest = media / "take.mp3", media / "out.mp3"
    label_file(source, dest, label, signer, sandbox=sandbox)
    with source.open("rb") as before, dest.open("rb") as after:
        kept = inventory("id3", before, source.stat().st_size)
        assert kept.pop("TYER") == 1  # of v2.3: it is TDRC now
        assert kept <= inventory("id3", after, dest.stat().st_size)
    assert {"TIT2", "TPE1", "APIC"} <= set(kept)


@needs("flac")
def test_flac_passes_its_own_test(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    dest = media / "out.flac"
    label_file(media / "take.flac", dest, label, signer, sandbox=sandbox)
    subprocess.run(["flac", "--silent", "--test", str(dest)], check=True)


def test_a_damaged_source_is_not_signed(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source = media / "take.wav"
    shutil.copy(source, media / "whole.wav")
    source.write_bytes(source.read_bytes()[:1000])
    with pytest.raises(InputError):
        label_file(source, media / "out.wav", label, signer, sandbox=sandbox)
    assert not (media / "out.wav").exists()


@pytest.mark.parametrize("length", [10, 12, 64, 255])
def test_a_c2pa_block_of_gif_with_an_odd_identifier_is_damage(length: int, sandbox: Sandbox) -> None:
    """Its data would be cut at the wrong places, and the worker end with a fault of ours."""
    block = b"\x21\xff" + bytes([length]) + b"C2PA_GIF".ljust(length, b"\x40") + b"\x03abc\x00"
    trouble = sandbox.read_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + block + b";").trouble
    assert trouble is not None
    assert trouble.kind == "malformed"
    assert "C2PA block" in trouble.text


def test_a_tag_of_thousands_of_frames_is_refused_before_the_engine_needs_minutes(media: Path, sandbox: Sandbox) -> None:
    path = media / "take.mp3"
    path.write_bytes(with_frames(path.read_bytes(), *[frame(b"TXXX", b"\x03a\x00b")] * 9_999))
    item = verify_file(path, sandbox=sandbox).files[0]
    assert item.state == "unreadable"
    assert "too many ID3v2 frames" in item.findings[0].message


def test_a_manifest_of_png_with_a_wrong_crc_is_damage(
    media: Path, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """No hash covers the CRC, and decoders refuse the picture over it: whoever changes it must not stay unnoticed."""
    out = tmp_path / "out.png"
    label_file(media / "still.png", out, label, signer, sandbox=sandbox)
    content = bytearray(out.read_bytes())
    (place,) = (part for part in CONTAINERS["png"].walk(io.BytesIO(content), len(content)) if part.name == "caBX")
    content[place.end - 1] ^= 1
    out.write_bytes(content)
    judged = verify_file(out, sandbox=sandbox).files[0]
    assert judged.state == "unreadable"
    assert f"the CRC of the chunk at byte {place.start} is wrong" in judged.findings[0].message
