"""``--strip-prompt``: what a generator wrote is taken out before anything is signed, and nothing else changes."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from PIL import Image

import audio_files as files
import mp3_tags
from project import MEDIA, Cli, needs
from provlabel import InputError, Label, Prompt, System, TrustStore, UsageError, label_file, verify_file
from provlabel.carriers.tags import TagError, exif
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

SECRET = "a castle of sand at night"
LABEL = Label(kind="ai_generated", systems=(System(name="A"),))
STEPS = f"{SECRET}\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7"
COMFY = json.dumps({"3": {"class_type": "CLIPTextEncode", "inputs": {"text": SECRET}}})
GRAPH = json.dumps({"nodes": [{"widgets_values": [SECRET]}]})
MINE = "Lighthouse at dawn"
COMMENTS = {
    "ascii": b"ASCII\0\0\0" + STEPS.replace("\n", " ").encode(),
    "unicode": b"UNICODE\0" + STEPS.replace("\n", " ").encode("utf-16-be"),
    "json": b"ASCII\0\0\0" + json.dumps({"prompt": SECRET, "steps": 20}).encode(),
}


def secret_in(content: bytes) -> bool:
    """In clear, or as UTF-16 of either order."""
    forms = (SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be"))
    return any(form in content for form in forms)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def exif_data(comment: bytes, make: str = "Acme") -> Image.Exif:
    data = Image.Exif()
    data[0x010E], data[0x010F], data[0x8298] = MINE, make, "CC0"
    data.get_ifd(0x8769)[0x9286] = comment
    data.get_ifd(0x8769)[0x9003] = "2026:11:22 10:00:00"
    return data


def picture(path: Path, data: Image.Exif) -> Path:
    with Image.open(MEDIA / "cover.jpg") as image:
        image.resize((96, 64)).save(path, **({} if path.suffix == ".tif" else {"exif": data}))
    if path.suffix == ".tif":  # into which Pillow writes no directory of EXIF
        with_exif = picture(path.with_suffix(".exif.jpg"), data)
        copied = ["exiftool", "-q", "-overwrite_original", "-TagsFromFile", with_exif, "-EXIF:all", path]
        subprocess.run(copied, check=True)
    return path


def tags_of(path: Path) -> dict[str, str]:
    """All tags of EXIF that exiftool knows; it warns of what is wrong in them."""
    content = path.read_bytes()
    if path.suffix == ".png" and (at := content.find(b"caBX")) > 0:  # in front of EXIF exiftool takes it for that
        path = path.with_suffix(".bare.png")
        path.write_bytes(content[: at - 4] + content[at + 8 + int.from_bytes(content[at - 4 : at], "big") :])
    done = subprocess.run(
        ["exiftool", "-j", "-G1", "-EXIF:all", "-warning", path], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)[0]
    found.pop("SourceFile")
    return found


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize("form", COMMENTS)
def test_a_comment_of_exif_is_gone_and_other_tags_are_the_same(
    name: str, form: str, tmp_path: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    source, dest = picture(tmp_path / name, exif_data(COMMENTS[form])), tmp_path / f"out-{name}"
    assert secret_in(source.read_bytes())
    receipt = label_file(source, dest, LABEL, signer, strip_prompt=True, sandbox=sandbox)
    assert not any("prompt" in text for text in receipt.warnings)
    assert not secret_in(dest.read_bytes())
    [file] = verify_file(dest, trust=trust, sandbox=sandbox).files
    assert (file.state, file.passed) == ("trusted", True)
    before, after = tags_of(source), tags_of(dest)
    assert before.pop("ExifIFD:UserComment")
    assert not after.pop("ExifIFD:UserComment", "").strip("\0 ")
    for moves in ("IFD0:StripOffsets", "IFD0:JUMBF", "IFD0:ApplicationNotes"):
        before.pop(moves, None), after.pop(moves, None)
    assert {key: after.get(key) for key in before} == before
    with Image.open(source) as old, Image.open(dest) as new:
        assert old.tobytes() == new.tobytes()
        assert new.getexif()[0x010E] == MINE
        assert not bytes(new.getexif().get_ifd(0x8769).get(0x9286, b"")).strip(b"\0")


def test_a_workflow_in_make_is_gone(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    source = picture(tmp_path / "a.webp", exif_data(b"ASCII\0\0\0nice", make=f"workflow:{GRAPH}"))
    label_file(source, tmp_path / "o.webp", LABEL, signer, strip_prompt=True, sandbox=sandbox)
    assert not secret_in((tmp_path / "o.webp").read_bytes())
    after = tags_of(tmp_path / "o.webp")
    assert (after["IFD0:ImageDescription"], after["ExifIFD:UserComment"]) == (MINE, "nice")


@needs("heif-enc")
def test_heic_too(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    source, heic, dest = (
        picture(tmp_path / "a.png", exif_data(COMMENTS["ascii"])),
        tmp_path / "a.heic",
        tmp_path / "o.heic",
    )
    subprocess.run(["heif-enc", source, "-o", heic], check=True, capture_output=True)
    assert secret_in(heic.read_bytes())
    receipt = label_file(heic, dest, LABEL, signer, sandbox=sandbox)
    assert any("UserComment" in text for text in receipt.warnings)
    label_file(heic, dest, LABEL, signer, strip_prompt=True, replace=True, sandbox=sandbox)
    assert not secret_in(dest.read_bytes())
    assert tags_of(dest)["IFD0:ImageDescription"] == MINE


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "compressed iTXt"])
def test_texts_of_png_are_gone_and_others_stay(
    kind: str, tmp_path: Path, cli: Cli, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = (MEDIA / "still.png").read_bytes()

    def text(keyword: bytes, said: str) -> bytes:
        raw = said.encode()
        body = {
            "tEXt": b"\0" + raw,
            "zTXt": b"\0\0" + zlib.compress(raw),
            "iTXt": b"\0\0\0\0\0" + raw,
            "compressed iTXt": b"\0\1\0\0\0" + zlib.compress(raw),
        }[kind]
        return chunk(kind[-4:].encode(), keyword + body)

    texts = {b"parameters": STEPS, b"prompt": COMFY, b"workflow": GRAPH, b"Comment": "mine"}
    at = content.index(b"IDAT") - 4
    source, dest = tmp_path / "a.png", tmp_path / "o.png"
    source.write_bytes(content[:at] + b"".join(text(*item) for item in texts.items()) + content[at:])
    done = cli("label", source, "--kind", "ai_generated", "--system", "A", "--signer", "test", "-o", dest)
    for keyword in ("parameters", "prompt", "workflow"):
        assert f"a prompt can be read in {keyword} in the text chunks" in done.stderr
    assert "--strip-prompt" in done.stderr
    how = ("--kind", "ai_generated", "--system", "A", "--signer", "test", "-o", dest, "--force", "--strip-prompt")
    done = cli("label", source, *how)
    assert (done.returncode, "prompt can be read" in done.stderr) == (0, False)
    with Image.open(source) as old, Image.open(dest) as new:
        assert old.tobytes() == new.tobytes()
        assert set(texts) - {key.encode() for key in new.text} == {b"parameters", b"prompt", b"workflow"}  # type: ignore[attr-defined]
        assert new.text["Comment"] == "mine"  # type: ignore[attr-defined]
    assert source.read_bytes().startswith(content[:at]), "the source stays"


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.m4a"])
def test_tags_of_sounds_are_gone_and_others_stay(
    name: str, tmp_path: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """As ComfyUI writes them into sounds: the prompt, and the graph that has it too."""
    source, dest = tmp_path / name, tmp_path / f"o-{name}"
    made = ["ffmpeg", "-v", "error", "-i", MEDIA / "take.wav", "-movflags", "use_metadata_tags"]
    words = ("-metadata", f"prompt={COMFY}", "-metadata", "title=Mine", "-metadata", "artist=Me")
    graph = () if name == "a.m4a" else ("-metadata", f"workflow={GRAPH}")
    subprocess.run([*made, *words, *graph, source], check=True)
    assert secret_in(source.read_bytes())
    receipt = label_file(source, dest, LABEL, signer, sandbox=sandbox)
    assert len([text for text in receipt.warnings if "--strip-prompt" in text]) == (1 if name == "a.m4a" else 2)
    label_file(source, dest, LABEL, signer, strip_prompt=True, replace=True, sandbox=sandbox)
    assert not secret_in(dest.read_bytes())
    assert {key: files.ffprobe(dest)[key] for key in ("title", "artist")} == {"title": "Mine", "artist": "Me"}
    [file] = verify_file(dest, trust=trust, sandbox=sandbox).files
    assert file.passed
    label_file(source, dest, LABEL, signer, strip_prompt=True, carriers=(), replace=True, sandbox=sandbox)
    assert not secret_in(dest.read_bytes()), "without a carrier that is written"


def refused(source: Path, signer: Signer, sandbox: Sandbox, **how: object) -> str:
    dest = source.with_name(f"no-{source.name}")
    with pytest.raises((InputError, UsageError)) as caught:
        label_file(source, dest, LABEL, signer, strip_prompt=True, sandbox=sandbox, **how)  # type: ignore[arg-type]
    assert not dest.exists()
    return str(caught.value)


@needs("ffmpeg")
def test_what_cannot_be_taken_out_is_refused_with_its_place(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    ogg = tmp_path / "a.ogg"
    subprocess.run(["ffmpeg", "-v", "error", "-i", MEDIA / "take.wav", "-metadata", f"prompt={COMFY}", ogg], check=True)
    assert "detached" in refused(ogg, signer, sandbox)
    twice = tmp_path / "twice.mp3"
    secret = mp3_tags.frame(b"TXXX", b"\0prompt\0" + SECRET.encode())
    second = mp3_tags.with_frames((MEDIA / "take.mp3").read_bytes(), secret)
    twice.write_bytes(mp3_tags.with_frames(b"", mp3_tags.frame(b"TIT2", b"\0Mine")) + second)
    assert "TXXX:prompt" in refused(twice, signer, sandbox)


def test_requests_that_make_no_sense(tmp_path: Path, signer: Signer, sandbox: Sandbox, cli: Cli) -> None:
    source = picture(tmp_path / "a.jpg", exif_data(COMMENTS["ascii"]))
    assert "detached" in refused(source, signer, sandbox, detached=True)
    assert "in clear" in refused(source, signer, sandbox, prompt_mode="clear")
    how = ("--kind", "ai_generated", "--system", "A", "--signer", "test", "--strip-prompt", "--detached")
    assert cli("label", source, *how).returncode == 2


def test_a_file_without_a_prompt_is_labeled_as_ever(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    for name in ("cover.jpg", "still.png", "take.wav", "take.mp3"):
        label_file(MEDIA / name, tmp_path / name, LABEL, signer, strip_prompt=True, sandbox=sandbox)


def test_what_was_signed_before_is_named(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    told = Label(kind="ai_generated", systems=(System(name="A"),), prompt=Prompt(text=SECRET))
    first, second = tmp_path / "a.jpg", tmp_path / "b.jpg"
    label_file(MEDIA / "cover.jpg", first, told, signer, prompt_mode="clear", sandbox=sandbox)
    receipt = label_file(first, second, LABEL, signer, strip_prompt=True, sandbox=sandbox)
    assert any("org.provlabel.personal" in text and "history" in text for text in receipt.warnings)
    assert not any("AIPromptInformation" in text for text in receipt.warnings)
    with Image.open(second) as image:
        assert b"AIPromptInformation" not in image.info["xmp"]


@needs("ffmpeg")
def test_a_batch_strips_too(tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    picture(folder / "a.jpg", exif_data(COMMENTS["ascii"]))
    label = tmp_path / "l.json"
    label.write_text(json.dumps({"kind": "ai_generated", "systems": [{"name": "A"}]}))
    done = cli("batch", folder, "--label", label, "--out-dir", tmp_path / "out", "--signer", "test", "--strip-prompt")
    assert done.returncode == 0, done.stderr
    assert not secret_in((tmp_path / "out" / "a.jpg").read_bytes())


def tiff(*entries: bytes) -> bytes:
    """The header and one directory."""
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (tiff(*[struct.pack("<HHI4s", 0x010E, 2, 4, b"abcd")] * 30), "more than 20 texts"),
        (tiff(*(struct.pack("<HHII", 0x8769, 4, 1, at) for at in (8, 100))), "more than one directory"),
        (tiff(struct.pack("<HHII", 0x010E, 2, 900, 20)), "does not lie in it"),
        (tiff(struct.pack("<HHII", 0x010E, 2, 8, 4)), "shares its bytes"),
    ],
)
def test_hostile_exif_is_not_written(raw: bytes, why: str) -> None:
    with pytest.raises(TagError, match=why):
        exif.texts_at(lambda offset, length: raw[offset : offset + length], {"ImageDescription"})
    inline = tiff(struct.pack("<HHI4s", 0x010E, 2, 4, b"abc\0"))
    assert exif.texts_at(lambda offset, length: inline[offset : offset + length], {"ImageDescription"}) == [(18, 22)]
