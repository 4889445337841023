"""The files that are measured: noise, so that nothing can be skipped or compressed away."""

from __future__ import annotations

import io
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

_BLOCK = 1 << 20


def small_jpeg(path: Path) -> None:
    """320 × 240 pixels, 60 kB."""
    Image.effect_noise((320, 240), 60).convert("RGB").save(path, quality=97)


def numbered_jpegs(count: int) -> Iterator[tuple[int, bytes]]:
    """Yield so many pictures of about 60 kB, each another, with their numbers."""
    picture = Image.effect_noise((320, 240), 60).convert("RGB")
    for number in range(count):
        picture.putpixel((number % 320, number // 320), (255, number % 256, 0))
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=92)
        yield number, content.getvalue()


def photo_jpeg(path: Path) -> None:
    """4000 × 4000 pixels, 6 MB: fine grain over coarse, as in photographs, and four times less of it in the colours."""
    light, *colours = (_octaves(4000) for _ in range(3))
    quiet = [colour.point([96 + value // 4 for value in range(256)]) for colour in colours]
    Image.merge("YCbCr", [light, *quiet]).convert("RGB").save(path, quality=91)


def _octaves(side: int) -> Image.Image:
    """Noise of every size, each half as large as the one below it."""
    made = Image.effect_noise((4, 4), 50).resize((side, side), Image.Resampling.BICUBIC)
    for cells in (2**power for power in range(3, 12)):
        finer = Image.effect_noise((cells, cells), 50).resize((side, side), Image.Resampling.BICUBIC)
        made = Image.blend(made, finer, 0.3)
    return made


def wav(path: Path, size: int) -> None:
    """16 bit, stereo, 44,100 Hz; ``size`` bytes of samples."""
    size -= size % 4
    noise = os.urandom(_BLOCK)
    with path.open("wb") as out:
        out.write(struct.pack("<4sI8sIHHIIHH", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 2, 44_100, 176_400, 4, 16))
        out.write(struct.pack("<4sI", b"data", size))
        for at in range(0, size, _BLOCK):
            out.write(noise[: min(_BLOCK, size - at)])


def flac(path: Path, size: int) -> None:
    """About ``size`` bytes, with a little padding as encoders leave it; samples of noise do not compress."""
    raw = path.with_suffix(".wav")
    wav(raw, size)
    subprocess.run(["ffmpeg", "-v", "error", "-i", raw, "-compression_level", "0", path], check=True)
    raw.unlink()
