"""Make the sample media: a rendered landscape and a short synthesised tune, in every format.

Deterministic but for the encoders; needs Pillow and ffmpeg. Run: python samples/make_samples.py
The samples carry ordinary metadata (EXIF, ID3, Vorbis comments), because real files do.
"""

from __future__ import annotations

import math
import struct
import subprocess
import tempfile
import wave
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

MEDIA = Path(__file__).parent / "media"
SIZE = (720, 480)
RATE = 22_050  # samples per second
BEAT = 0.32  # seconds


def picture() -> Image.Image:
    """A lighthouse at dawn: sky, sun, three ranges of hills, water with light on it."""
    width, height = SIZE
    sky = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(sky)
    for y in range(height):
        t = y / height
        draw.line([(0, y), (width, y)], fill=(int(40 + 210 * t), int(60 + 110 * t), int(120 + 40 * (1 - t))))
    sun = Image.new("RGB", SIZE)
    ImageDraw.Draw(sun).ellipse((430, 190, 550, 310), fill=(255, 214, 140))
    sky = Image.blend(sky, Image.composite(sun, sky, sun.convert("L").point(lambda v: min(255, v * 2))), 0.8)
    sky = sky.filter(ImageFilter.GaussianBlur(3))
    draw = ImageDraw.Draw(sky)
    for layer, (base, shade) in enumerate(((300, (96, 78, 116)), (330, (70, 56, 92)), (356, (46, 38, 66)))):
        ridge = [
            (x, base - 34 * math.sin(x / (83 - 17 * layer) + layer) - 11 * math.sin(x / 19 + 2 * layer))
            for x in range(0, width + 8, 8)
        ]
        draw.polygon([*ridge, (width, height), (0, height)], fill=shade)
    draw.rectangle((0, 380, width, height), fill=(38, 44, 78))
    for row in range(24):
        y = 384 + 4 * row
        half = 12 + 5 * row + 9 * math.sin(row * 1.7)
        draw.line([(490 - half, y), (490 + half, y)], fill=(226, 170, 120), width=1)
    draw.polygon([(150, 372), (160, 210), (184, 210), (194, 372)], fill=(236, 232, 224))
    for band in range(3):
        draw.polygon(
            [(152, 340 - 50 * band), (154, 318 - 50 * band), (190, 318 - 50 * band), (192, 340 - 50 * band)],
            fill=(178, 52, 52),
        )
    draw.rectangle((158, 190, 186, 210), fill=(252, 226, 150))
    draw.polygon([(154, 190), (172, 170), (190, 190)], fill=(60, 40, 52))
    return sky.filter(ImageFilter.SMOOTH)


def tune() -> bytes:
    """Eight bars of a plucked melody over a bass, 16-bit mono."""
    melody = (69, 72, 76, 72, 74, 77, 76, 72, 71, 74, 79, 74, 76, 72, 69, 69)
    bass = (45, 45, 50, 50, 43, 43, 45, 45)
    total = int(RATE * BEAT * len(melody))
    sound = [0.0] * total
    for index, note in enumerate(melody):
        pluck(sound, index * BEAT, note, 0.42, 3.2)
    for index, note in enumerate(bass):
        pluck(sound, 2 * index * BEAT, note, 0.34, 1.6)
    return b"".join(struct.pack("<h", int(20_000 * max(-1.0, min(1.0, value)))) for value in sound)


def pluck(sound: list[float], start: float, note: int, loudness: float, decay: float) -> None:
    """Add one decaying tone with four harmonics."""
    frequency = 440 * 2 ** ((note - 69) / 12)
    first = int(start * RATE)
    for position in range(first, min(len(sound), first + int(1.2 * RATE))):
        t = (position - first) / RATE
        shape = math.exp(-decay * t) * min(1.0, t * 200)
        wavelet = sum(math.sin(2 * math.pi * frequency * k * t) / k**1.5 for k in (1, 2, 3, 4))
        sound[position] += loudness * shape * wavelet


def main() -> None:
    """Write all samples."""
    MEDIA.mkdir(exist_ok=True)
    image = picture()
    exif = Image.Exif()
    exif[0x010E] = "Lighthouse at dawn"  # ImageDescription
    exif[0x8298] = "The provlabel founders, CC0"  # Copyright
    image.save(MEDIA / "cover.jpg", quality=86, exif=exif)
    image.quantize(128, dither=Image.Dither.FLOYDSTEINBERG).save(MEDIA / "still.png", optimize=True)
    with wave.open(str(MEDIA / "take.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(tune())
    tags = ["-metadata", "title=Lighthouse", "-metadata", "artist=The provlabel founders", "-metadata", "date=2026"]
    with tempfile.TemporaryDirectory() as folder:
        cover = Path(folder, "cover.jpg")
        image.resize((120, 80)).save(cover, quality=70)
        with_cover = ["-i", str(cover), "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic"]
        for name, options in (
            ("take.mp3", [*with_cover, "-c:a", "libmp3lame", "-b:a", "64k", "-id3v2_version", "3"]),
            ("take.flac", ["-c:a", "flac"]),
        ):
            quiet = ["ffmpeg", "-v", "error", "-y", "-bitexact", "-i", str(MEDIA / "take.wav")]
            subprocess.run([*quiet, *options, *tags, str(MEDIA / name)], check=True)


if __name__ == "__main__":
    main()
