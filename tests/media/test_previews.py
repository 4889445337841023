"""Small pictures: of every sample, of nothing hostile, by a worker with no say in any verdict."""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import struct
import subprocess
import wave
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from project import MEDIA, needs
from provlabel import verify_paths
from provlabel.media import previews
from provlabel.media.previews import FRAMES, Preview, draw
from provlabel.sandbox import Sandbox, drawing as picturing
from provlabel.sandbox.drawing import _LIMITS, previews_of
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.process import Launch


@pytest.fixture(scope="module")
def drawing() -> Iterator[Sandbox]:
    with Sandbox(limits=_LIMITS) as made:
        yield made


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def drawn(path: Path, drawing: Sandbox) -> Preview:
    return drawing.preview(path, sha256(path))


def opened(preview: Preview) -> Image.Image:
    return Image.open(io.BytesIO(preview.jpeg))


@pytest.mark.parametrize("name", ["cover.jpg", "still.png"])
def test_a_picture_becomes_a_small_jpeg(name: str, drawing: Sandbox) -> None:
    preview = drawn(MEDIA / name, drawing)
    with Image.open(MEDIA / name) as whole:
        assert (preview.kind, preview.width, preview.height) == ("picture", *whole.size)
    small = opened(preview)
    assert (small.format, max(small.size)) == ("JPEG", 320)
    assert len(preview.jpeg) <= FRAMES["report"].most
    assert set(small.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


@pytest.mark.parametrize("name", ["take.wav", "take.flac", "take.mp3"])
def test_a_sound_becomes_its_outline(name: str, drawing: Sandbox) -> None:
    preview = drawn(MEDIA / name, drawing)
    assert preview.kind == "waveform"
    assert preview.seconds == pytest.approx(5.12, abs=0.01)
    assert 300 <= len(preview.peaks) < 600
    assert 100 < max(preview.peaks) <= 255


def test_the_outline_is_where_the_sound_is(tmp_path: Path, drawing: Sandbox) -> None:
    """Silence, then full scale on one of two channels, then silence: whatever the number of slices."""
    path = tmp_path / "pulse.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, 44100, 0, "NONE", ""))
        for loud in (False, False, True, False):
            frame = struct.pack("<hh", 32767 if loud else 0, 32767 if loud else 0)
            out.writeframes(frame * 22050)
    preview = drawn(path, drawing)
    assert preview.seconds == pytest.approx(2.0, abs=0.01)
    quarter = len(preview.peaks) // 4
    assert max(preview.peaks[: 2 * quarter - 2]) == 0
    assert min(preview.peaks[2 * quarter + 4 : 3 * quarter - 4]) >= 250
    assert max(preview.peaks[3 * quarter + 6 :]) == 0


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_picture_stands_upright_and_brings_no_metadata(orientation: int, tmp_path: Path, drawing: Sandbox) -> None:
    image = Image.new("RGB", (800, 400), "black")
    image.paste("white", (0, 0, 400, 400))
    exif = image.getexif()
    exif[0x0112], exif[0x010E] = orientation, "a secret place"
    path = tmp_path / "turned.jpg"
    image.save(path, exif=exif, comment=b"a secret word")
    preview = drawn(path, drawing)
    small = opened(preview).convert("L")
    white = {1: (10, 10), 3: (310, 10), 6: (10, 10), 8: (10, 310)}[orientation]
    assert (preview.width, preview.height) == ((800, 400) if orientation < 5 else (400, 800))
    assert small.size == ((320, 160) if orientation < 5 else (160, 320))
    assert small.getpixel(white) > 200
    assert small.getpixel((small.width - 1 - white[0], small.height - 1 - white[1])) < 50
    assert b"secret" not in preview.jpeg


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel(mode: str, tmp_path: Path, drawing: Sandbox) -> None:
    path = tmp_path / ("picture.tiff" if mode == "CMYK" else "picture.png")
    if mode == "I;16":
        row = struct.pack("<64H", *[500] * 32, *[60000] * 32)
        image = Image.frombytes("I;16", (64, 64), row * 64)
    else:
        image = Image.new("RGBA", (64, 64), (255, 255, 255, 255))
        image.paste((0, 0, 0, 255), (0, 0, 32, 64))
        image = image.convert(mode)
    image.save(path)
    small = opened(drawn(path, drawing)).convert("L")
    assert small.getpixel((5, 30)) < 40
    assert small.getpixel((58, 30)) > 215


def test_what_is_transparent_is_white(tmp_path: Path, drawing: Sandbox) -> None:
    Image.new("RGBA", (640, 640), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert opened(drawn(tmp_path / "clear.png", drawing)).getpixel((100, 100)) == (255, 255, 255)


def test_noise_fits_too(tmp_path: Path, drawing: Sandbox) -> None:
    """The picture that compresses worst."""
    Image.frombytes("RGB", (600, 600), os.urandom(600 * 600 * 3)).save(tmp_path / "noise.png")
    preview = drawn(tmp_path / "noise.png", drawing)
    assert preview.kind == "picture"
    assert len(preview.jpeg) <= FRAMES["report"].most


# --- what is not shown ----------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(%pipe%touch owned) (w) file\n"
HOSTILE = {
    "bomb.png": (png(100_000, 100_000), "more pixels"),
    "large.png": (png(10_000, 10_000), "more pixels"),
    "eps.jpg": (EPS, "its format is not known"),
    "eps-behind-jpeg.jpg": (b"\xff\xd8\xff\xe0" + EPS, "cannot be decoded"),
    "empty.jpg": (b"", "its format is not known"),
    "text.png": (b"hello", "its format is not known"),
    "cut.png": ((MEDIA / "still.png").read_bytes()[:600], "cannot be decoded"),
    "cut.jpg": ((MEDIA / "cover.jpg").read_bytes()[:400], "cannot be decoded"),
    "cut.wav": ((MEDIA / "take.wav").read_bytes()[:40], "cannot be decoded"),
    "cut.flac": ((MEDIA / "take.flac").read_bytes()[:60], "cannot be decoded"),
    "picture.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG is not a format"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_or_broken_is_not_shown(name: str, tmp_path: Path, drawing: Sandbox) -> None:
    content, why = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(content)
    preview = drawn(path, drawing)
    assert (preview.kind, preview.jpeg, preview.peaks) == ("none", b"", ())
    assert why in preview.why
    assert drawn(MEDIA / "still.png", drawing).kind == "picture"  # and the next one is


@pytest.mark.parametrize("mode", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP"])
def test_a_picture_meets_one_decoder_only(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would try all that it has, and some of them start programs."""
    path, asked = tmp_path / "picture.eps", []
    Image.new("RGB", (40, 40)).save(path, mode)
    opener = Image.open

    def spy(stream: Any, formats: Any = None) -> Image.Image:
        asked.append(formats)
        return opener(stream, formats=formats)

    monkeypatch.setattr(Image, "open", spy)
    with path.open("rb") as stream:
        assert draw(stream, sha256(path)).kind == "picture"
    path.write_bytes(EPS)
    with path.open("rb") as stream:
        assert draw(stream, sha256(path)).kind == "none"
    assert asked == [(mode,)]


@needs("ffmpeg")
@pytest.mark.parametrize(("name", "why"), [("take.m4a", "M4A is not"), ("clip.mp4", "video is not shown")])
def test_what_has_no_decoder_says_so(name: str, why: str, tmp_path: Path, drawing: Sandbox) -> None:
    path = tmp_path / name
    picture = ["-f", "lavfi", "-i", "color=s=64x64:d=1"] if name.endswith("mp4") else ["-i", str(MEDIA / "take.wav")]
    subprocess.run(["ffmpeg", "-v", "error", *picture, str(path)], check=True)
    assert why in drawn(path, drawing).why


def test_other_bytes_than_those_that_were_judged_are_not_shown(media: Path, sandbox: Sandbox) -> None:
    report = verify_paths([media / "cover.jpg", media / "still.png", media / "take.wav"], sandbox=sandbox)
    (media / "cover.jpg").write_bytes((media / "still.png").read_bytes())
    (media / "take.wav").unlink()
    made = previews_of(report)
    whys = {Path(path).name: (preview.kind, preview.why) for path, preview in made.items()}
    assert whys == {
        "cover.jpg": ("none", "the file changed after it was judged"),
        "still.png": ("picture", ""),
        "take.wav": ("none", "it cannot be read any more"),
    }


@pytest.mark.parametrize("library", ["PIL", "miniaudio"])
def test_without_the_libraries_there_is_a_hint(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    imports = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return imports(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    path = MEDIA / ("cover.jpg" if library == "PIL" else "take.wav")
    with path.open("rb") as stream:
        assert "pip install 'provlabel[html]'" in draw(stream, sha256(path)).why


# --- the worker -----------------------------------------------------------------------------------


def test_failing_files_come_first(media: Path, sandbox: Sandbox) -> None:
    report = verify_paths([media], sandbox=sandbox)
    files = tuple(replace(item, outcome="passed", passed=True) for item in report.files[:-1]) + report.files[-1:]
    previews = previews_of(replace(report, files=files), limit=2)
    shown = [Path(path).name for path, preview in previews.items() if preview.kind != "none"]
    assert shown == [Path(files[-1].path).name, Path(files[0].path).name]
    assert {preview.why for preview in previews.values()} == {"", "only 2 files are shown with one"}


def test_a_decoder_that_dies_or_hangs_or_lies_is_no_failure(
    media: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers as they would be after a hostile file took them over."""
    import sys

    from provlabel._support.processes import HELLO, Child

    report = verify_paths([media / "cover.jpg"], sandbox=sandbox)

    def played(script: str) -> Launch:
        def launch() -> Child:
            child_in, requests = os.pipe()
            answers, child_out = os.pipe()
            printed = (tmp_path / "printed").open("w+b")
            begin = f"sys.stdout.buffer.write({HELLO!r})\nsys.stdout.flush()\nsys.stdin.buffer.read(8)"
            code = f"import struct, sys, time\n{begin}\n{script}"
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-c", code],
                {},
                file_actions=[(os.POSIX_SPAWN_DUP2, child_in, 0), (os.POSIX_SPAWN_DUP2, child_out, 1)],
            )
            os.close(child_in)
            os.close(child_out)
            return Child(pid, requests, answers, printed)

        return launch

    say = "sys.stdout.buffer.write(struct.pack('>Q', len(said)) + said)"
    assert only(previews_of(report, launch=played("sys.exit(3)"))).why == "the decoder died on it"
    with monkeypatch.context() as quick:
        quick.setattr(picturing, "_LIMITS", Limits(cpu_seconds=1))
        assert "too long" in only(previews_of(report, launch=played("time.sleep(60)"))).why
    lie = 'said = b\'{"preview": {"kind": "picture", "jpeg": "PHNjcmlwdD4=", "width": 9, "height": 9}}\''
    assert only(previews_of(report, launch=played(f"{lie}; {say}"))).why == "the decoder answered nonsense"
    for more in ('"waveform", "peaks": [1], "seconds": 1e308', f'"none", "why": "{"x" * 999}"'):
        lie = f'said = b\'{{"preview": {{"kind": {more}}}}}\''
        assert only(previews_of(report, launch=played(f"{lie}; {say}"))).why == "the decoder answered nonsense"
    evidence = 'said = b\'{"evidence": {"sha256": ""}}\''
    assert only(previews_of(report, launch=played(f"{evidence}; {say}"))).kind == "none"


def test_no_file_holds_back_the_verdict_on_all_others(
    media: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = verify_paths([media / "cover.jpg"], sandbox=sandbox)
    monkeypatch.setattr(picturing, "_TIME", 0.0)
    assert only(previews_of(report)).why == "there was no time left to draw it"


def only(previews: dict[str, Preview]) -> Preview:
    (preview,) = previews.values()
    return preview


def test_a_sound_that_plays_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_HOURS", 1 / 3600)
    with (MEDIA / "take.wav").open("rb") as stream:
        assert draw(stream, sha256(MEDIA / "take.wav")).why == "it plays too long to be shown"


def test_a_long_sound_is_drawn_in_little_memory(tmp_path: Path) -> None:
    """Half an hour, 159 MB as samples, under a limit of address space that does not grow with it."""
    path = tmp_path / "long.wav"
    size = 44100 * 2 * 1800
    head = struct.pack(
        "<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, 44100, 88200, 2, 16, b"data", size
    )
    with path.open("wb") as out:
        out.write(head)
        out.truncate(44 + size)
    with Sandbox(limits=Limits(base_mib=256, memory_factor=0)) as drawing:
        assert drawn(path, drawing).seconds == pytest.approx(1800, abs=0.1)
