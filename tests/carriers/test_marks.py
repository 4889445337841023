"""Marks of generators in real files: each says which program left it, and nothing of what only looks like one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.flac
import mutagen.id3
import pytest
from PIL import Image, PngImagePlugin

from project import MEDIA, Cli
from provlabel.carriers.vocabularies.marks import Generator, claims_in, generators_in
from provlabel.labeling.sources import read_tags
from provlabel.sandbox import Sandbox

#: As it stands in files of Suno (seen in files and their listings in public repositories, 2025 and 2026).
SUNO = "made with suno; created=2026-02-25T03:57:12Z; id=6ec687e6-b51d-4a4b-9472-27bd8be77ffa"
#: The text that the web UI of AUTOMATIC1111 writes (its wiki, "Features", and files of its users).
A1111 = (
    "a lighthouse at dawn\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, "
    "Size: 512x512, Model hash: 31e35c80fc, Model: sd_xl_base_1.0, Version: v1.10.1"
)


def png(path: Path, **texts: str) -> Path:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_itxt(key.replace("_", "-") if key == "sd_metadata" else key, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def jpeg(path: Path, tag: int, text: str) -> Path:
    exif = Image.Exif()
    if tag == 0x9286:
        exif.get_ifd(0x8769)[tag] = b"UNICODE\0" + text.encode("utf-16-be")
    else:
        exif[tag] = text
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


def mp3(path: Path, *frames: mutagen.id3.Frame) -> Path:
    path.write_bytes((MEDIA / "take.mp3").read_bytes())
    tags = mutagen.id3.ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path)
    return path


def flac(path: Path, **tags: str) -> Path:
    path.write_bytes((MEDIA / "take.flac").read_bytes())
    audio = mutagen.flac.FLAC(path)
    audio.update({key: [text] for key, text in tags.items()})
    audio.save()
    return path


def by_ffmpeg(path: Path, comment: str) -> Path:
    """What a copy to another format leaves of a comment."""
    ffmpeg = ("ffmpeg", "-v", "error", "-i", MEDIA / "take.wav", "-metadata", f"comment={comment}", path)
    subprocess.run(ffmpeg, check=True)
    return path


Make = Callable[[Path], Path]
FILES: dict[str, tuple[str, Make, Generator]] = {
    "Suno, MP3": (
        "a.mp3",
        lambda path: mp3(path, mutagen.id3.COMM(encoding=3, lang="eng", desc="", text=SUNO)),
        Generator("Suno", time="2026-02-25T03:57:12Z"),
    ),
    "Suno, its studio, copied by ffmpeg": (
        "a.flac",
        lambda path: flac(path, DESCRIPTION=SUNO.replace("suno;", "suno studio;")),
        Generator("Suno", time="2026-02-25T03:57:12Z"),
    ),
    **{
        f"Suno, written by ffmpeg as {suffix}": (
            f"a.{suffix}",
            lambda path: by_ffmpeg(path, SUNO),
            Generator("Suno", time="2026-02-25T03:57:12Z"),
        )
        for suffix in ("m4a", "wav", "mp3", "ogg")
    },
    "Suno, the address": (
        "a.mp3",
        lambda path: mp3(path, mutagen.id3.WOAS(url="https://suno.com/song/5cb1b5fe-e47f-42a4-83f6-7625fa7ffa54")),
        Generator("Suno"),
    ),
    "Stable Diffusion, PNG": (
        "a.png",
        lambda path: png(path, parameters=A1111),
        Generator("Stable Diffusion", "v1.10.1", "sd_xl_base_1.0"),
    ),
    "Stable Diffusion, JPEG": (
        "a.jpg",
        lambda path: jpeg(path, 0x9286, A1111),
        Generator("Stable Diffusion", "v1.10.1", "sd_xl_base_1.0"),
    ),
    # modules/private_logger.py and modules/meta_parser.py of lllyasviel/Fooocus: both schemes, and the EXIF of JPEG.
    "Fooocus in the scheme of A1111": (
        "a.png",
        lambda path: png(path, parameters=A1111.replace("v1.10.1", "Fooocus v2.5.5"), fooocus_scheme="a1111"),
        Generator("Fooocus", "2.5.5", "sd_xl_base_1.0"),
    ),
    "Fooocus, its own scheme": (
        "a.png",
        lambda path: png(path, parameters='{"base_model": "juggernautXL"}', fooocus_scheme="fooocus"),
        Generator("Fooocus"),
    ),
    "Fooocus, JPEG": ("a.jpg", lambda path: jpeg(path, 0x0131, "Fooocus v2.5.5"), Generator("Fooocus", "2.5.5")),
    # GenFullMetadataObject in src/Text2Image/T2IParamInput.cs of mcmonkeyprojects/SwarmUI.
    "SwarmUI": (
        "a.png",
        lambda path: png(
            path,
            parameters=json.dumps(
                {"sui_image_params": {"prompt": "a cat", "model": "sd_xl_base_1.0", "swarm_version": "0.9.5.0"}},
                indent=2,
            ),
        ),
        Generator("SwarmUI", "0.9.5.0", "sd_xl_base_1.0"),
    ),
    "ComfyUI": (
        "a.png",
        lambda path: png(path, prompt='{"3": {"class_type": "KSampler"}}', workflow='{"nodes": []}'),
        Generator("ComfyUI"),
    ),
    "InvokeAI": (
        "a.png",
        lambda path: png(
            path,
            invokeai_metadata='{"app_version": "5.4.0", "model": {"name": "Juggernaut XL"}}',
        ),
        Generator("InvokeAI", "5.4.0", "Juggernaut XL"),
    ),
    "NovelAI": (
        "a.png",
        lambda path: png(path, Software="NovelAI", Source="NovelAI Diffusion V4.5 4BDE2A90", Comment='{"uc": "x"}'),
        Generator("NovelAI", "V4.5", "NovelAI Diffusion V4.5 4BDE2A90"),
    ),
    "Midjourney": (
        "a.png",
        lambda path: png(
            path, Description="a red sofa --ar 3:2 --v 6.1 Job ID: 0f8fad5b-d9cb-469f-a165-70867728950e", Author="ada"
        ),
        Generator("Midjourney", "6.1"),
    ),
    "Midjourney, JPEG": (
        "a.jpg",
        lambda path: jpeg(path, 0x010E, "a sofa --v 7 Job ID: 0f8fad5b-d9cb-469f-a165-70867728950e"),
        Generator("Midjourney", "7"),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_mark_says_which_program_left_it(name: str, tmp_path: Path, sandbox: Sandbox) -> None:
    file, make, expected = FILES[name]
    carriers = read_tags(make(tmp_path / file), sandbox)
    found = [one for item in carriers for one in generators_in(item.id, item.fields)]
    assert {one.name for one in found} == {expected.name}
    assert expected == Generator(
        expected.name, *(next((one[at] for one in found if one[at]), "") for at in range(1, 4))
    )
    assert any(claims for item in carriers for claims in claims_in(item.id, item.fields))


#: What is written about a generator is no mark of it.
INNOCENT: dict[str, tuple[str, Make]] = {
    "a review": (
        "a.mp3",
        lambda path: mp3(path, mutagen.id3.COMM(encoding=3, lang="eng", desc="", text="not made with suno, I swear")),
    ),
    "another address": ("a.mp3", lambda path: mp3(path, mutagen.id3.WOAS(url="https://example.com/suno.com/song/1"))),
    "a photograph": ("a.jpg", lambda path: jpeg(path, 0x0131, "GIMP 2.10")),
    "a walk": ("a.png", lambda path: png(path, parameters="Steps: many", Software="Krita")),
}


@pytest.mark.parametrize("name", INNOCENT)
def test_what_only_speaks_of_a_generator_is_no_mark(name: str, tmp_path: Path, sandbox: Sandbox) -> None:
    file, make = INNOCENT[name]
    carriers = read_tags(make(tmp_path / file), sandbox)
    assert [one for item in carriers for one in generators_in(item.id, item.fields)] == []
    assert [claim for item in carriers for claim in claims_in(item.id, item.fields)] == []


def test_a_label_of_people_over_a_song_of_suno_is_refused(tmp_path: Path, cli: Cli) -> None:
    """As it is over every mark: whoever says otherwise gives a reason."""
    path = FILES["Suno, MP3"][1](tmp_path / "song.mp3")
    done = cli("label", path, "--kind", "human_made", "--signer", "test")
    assert done.returncode != 0
    assert "the comment of Suno" in done.stderr
