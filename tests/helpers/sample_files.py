"""Files of every format, made here: small, tagged, by Pillow, ffmpeg and the tools of each format."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from project import MEDIA, needs
from provlabel.media.containers import CONTAINERS
from provlabel.media.formats import FORMATS, Format, sniff
from riff_files import NO_WAV

Maker = Callable[[Path], None]
TAGS = ("-metadata", "title=Lighthouse", "-metadata", "artist=The provlabel founders")


def picture() -> Image.Image:
    with Image.open(MEDIA / "cover.jpg") as image:
        return image.convert("RGB").resize((240, 160))


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010E], made[0x8298] = "Lighthouse at dawn", "The provlabel founders, CC0"
    return made


def pillow(**options: Any) -> Maker:
    return lambda path: picture().save(path, **options)


def frames(**options: Any) -> Maker:
    """Two pictures in one file."""
    return lambda path: picture().save(path, save_all=True, append_images=[picture().rotate(30)], **options)


def sound(*options: str) -> Maker:
    return lambda path: run("ffmpeg", "-v", "error", "-y", "-i", MEDIA / "take.wav", *options, *TAGS, path)


def video(*options: str) -> Maker:
    given = ("-f", "lavfi", "-i", "testsrc=s=160x120:d=1", "-i", MEDIA / "take.wav", "-shortest")
    return lambda path: run("ffmpeg", "-v", "error", "-y", *given, *options, *TAGS, path)


def from_png(program: str, *options: str, tagged: bool = True) -> Maker:
    """Let a program of its own make the file from a PNG with EXIF."""

    def make(path: Path) -> None:
        source = path.with_suffix(".source.png")
        picture().save(source, **({"exif": exif()} if tagged else {}))
        run(program, *options, source, *(("-o", path) if program == "heif-enc" else (path,)))

    return make


def generic_heif(path: Path) -> None:
    """A HEIC that does not name its codec among its brands, as the standard allows."""
    from_png("heif-enc", "-q", "60")(path)
    content = path.read_bytes()
    path.write_bytes(content[:64].replace(b"ftypheic", b"ftypmif1").replace(b"heic", b"miaf") + content[64:])


def text(content: str, encoding: str = "utf-8") -> Maker:
    return lambda path: path.write_bytes(content.encode(encoding)) and None


def _built(content: bytes) -> Maker:
    return lambda path: path.write_bytes(content) and None


def run(*args: str | Path) -> None:
    subprocess.run([str(arg) for arg in args], check=True, capture_output=True)


RECTANGLES = "".join(f'<rect x="{n}" y="{n}" width="9" height="9" fill="#{n * 37 % 4096:03x}"/>\n' for n in range(60))
SVG = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n<!DOCTYPE svg [<!ENTITY a "b">]>\n'
    f'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><title>Lighthouse</title>\n{RECTANGLES}</svg>\n'
)
PREFIXED = f'<s:svg xmlns:s="http://www.w3.org/2000/svg">{RECTANGLES.replace("<rect", "<s:rect")}</s:svg>'
WITH_METADATA = SVG.replace("<title>", '<metadata><x xmlns="urn:x">kept</x></metadata><title>')
BEXT = ("-write_bext", "1", "-metadata", "description=a take", "-metadata", "originator=studio")
DNG = {50706: b"\x01\x04\x00\x00", 271: "Acme", 272: "Model 1"}
FFMPEG, HEIF, JXL = needs("ffmpeg"), needs("heif-enc"), needs("cjxl")

# Name of the file, format, how it is made, and what that takes.
EMBEDDED_ROWS = (
    ("animated.png", "PNG", frames(duration=100), ()),
    ("lossy.webp", "WebP", pillow(quality=80, exif=exif()), ()),
    ("lossless.webp", "WebP", pillow(lossless=True), ()),
    ("animated.webp", "WebP", frames(duration=100), ()),
    ("still.gif", "GIF", pillow(comment=b"Lighthouse"), ()),
    ("animated.gif", "GIF", frames(duration=100, loop=0, comment=b"Lighthouse"), ()),
    ("plain.tif", "TIFF", pillow(description="Lighthouse", exif=exif()), ()),
    ("lzw.tif", "TIFF", pillow(compression="tiff_lzw", description="Lighthouse"), ()),
    ("raw.dng", "DNG", lambda path: picture().save(path, "TIFF", tiffinfo=DNG), ()),
    ("still.avif", "AVIF", pillow(exif=exif()), ()),
    ("animated.avif", "AVIF", frames(duration=100), ()),
    ("still.heic", "HEIC", from_png("heif-enc", "-q", "60"), (HEIF,)),
    ("generic.heif", "HEIF", lambda path: generic_heif(path), (HEIF,)),
    ("boxed.jxl", "JPEG XL", from_png("cjxl", "--container=1"), (JXL,)),
    ("drawing.svg", "SVG", text(SVG), ()),
    ("bom.svg", "SVG", text(SVG, "utf-8-sig"), ()),
    ("described.svg", "SVG", text(WITH_METADATA), ()),
    ("prefixed.svg", "SVG", text(PREFIXED), ()),
    ("broadcast.wav", "WAV", sound(*BEXT), (FFMPEG,)),
    ("aac.m4a", "M4A", sound("-c:a", "aac"), (FFMPEG,)),
    ("fast.m4a", "M4A", sound("-c:a", "aac", "-movflags", "+faststart"), (FFMPEG,)),
    ("alac.m4a", "M4A", sound("-c:a", "alac"), (FFMPEG,)),
    ("sound-only.mp4", "M4A", sound("-c:a", "aac"), (FFMPEG,)),
    ("clip.mp4", "MP4", video("-c:a", "aac"), (FFMPEG,)),
    ("fragments.mp4", "MP4", video("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"), (FFMPEG,)),
    ("clip.mov", "MOV", video("-c:a", "aac"), (FFMPEG,)),
)
DETACHED_ROWS = (
    ("vorbis.ogg", "Ogg Vorbis", sound("-c:a", "libvorbis"), (FFMPEG,)),
    ("take.opus", "Ogg Opus", sound("-c:a", "libopus"), (FFMPEG,)),
    ("flac.oga", "Ogg FLAC", sound("-c:a", "flac"), (FFMPEG,)),
    ("take.aac", "ADTS AAC", sound("-c:a", "aac"), (FFMPEG,)),
    ("take.aiff", "AIFF", sound(), (FFMPEG,)),
    ("take.aifc", "AIFF", sound("-c:a", "pcm_f32be"), (FFMPEG,)),
    ("long.wav", "RF64", sound("-rf64", "always"), (FFMPEG,)),
    *((name, NO_WAV[name][0], _built(NO_WAV[name][1]), ()) for name in ("a.at9", "vorbis.wem", "x.xwma")),
    ("big.tif", "BigTIFF", pillow(big_tiff=True, description="Lighthouse"), ()),
    ("still.bmp", "BMP", pillow(), ()),
    ("bare.jxl", "JPEG XL codestream", from_png("cjxl", tagged=False), (JXL,)),
    ("clip.webm", "WebM", video("-c:v", "libvpx", "-c:a", "libvorbis"), (FFMPEG,)),
    ("take.mka", "Matroska", sound("-c:a", "libopus"), (FFMPEG,)),
    ("late.mp3", "MP3 behind zeros", lambda path: path.write_bytes(bytes(500) + bare_mp3()) and None, ()),
)
MAKERS = {name: maker for name, _, maker, _ in (*EMBEDDED_ROWS, *DETACHED_ROWS)}
FORMAT_OF = {name: fmt for name, fmt, _, _ in (*EMBEDDED_ROWS, *DETACHED_ROWS)}
EMBEDDED = [pytest.param(name, marks=marks) for name, _, _, marks in EMBEDDED_ROWS]
DETACHED = [pytest.param(name, marks=marks) for name, _, _, marks in DETACHED_ROWS]
ROWS = {row.name: row for row in FORMATS}


def bare_mp3() -> bytes:
    content = (MEDIA / "take.mp3").read_bytes()
    return content[10 + (content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9]) :]


def known(content: bytes) -> Format | None:
    return sniff(lambda offset, length: content[offset : offset + length])


def parts_of(row: Format, content: bytes) -> list[Any]:
    return list(CONTAINERS[row.container].walk(io.BytesIO(content), len(content)))


#: Names of the parts that hold what is seen or heard.
DECODED = {
    "image data", "IDAT", "fdAT", "VP8 ", "VP8L", "ANMF", "image", "mdat", "jxlc", "jxlp", "data", "drawing", "audio",
}  # fmt: skip


def stripped(row: Format, content: bytes) -> bytes:
    """Take the manifest away, or out of sight where that would move the media."""
    whole = len(content)
    for part in sorted((part for part in parts_of(row, content) if part.role == "manifest"), key=lambda p: -p.start):
        inside = content[part.start : part.end]
        if row.container == "tiff":
            order = "little" if content.startswith(b"II") else "big"
            inside = inside.replace((52545).to_bytes(2, order), (65001).to_bytes(2, order))  # type: ignore[arg-type]
        elif part.name.startswith("uuid:"):
            inside = inside[:4] + b"free" + inside[8:]
        else:
            inside = b""
        content = content[: part.start] + inside + content[part.end :]
    if row.container == "riff":
        content = content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:]
    if row.container == "id3":  # the tag says its size
        size = sum((content[9 - place] & 0x7F) << 7 * place for place in range(4)) - (whole - len(content))
        content = content[:6] + bytes(size >> 7 * place & 0x7F for place in (3, 2, 1, 0)) + content[10:]
    return content.replace(b"<c2pa:manifest></c2pa:manifest>", b"") if row.container == "svg" else content
