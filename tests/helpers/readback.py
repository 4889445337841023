"""What independent programs find in a file, and what of it differs once the file is labeled.

Pillow and ffmpeg decode, exiftool and ffprobe read every tag, and our own walkers follow pointers, whose targets
exiftool shows too (``-b``).  Only what :data:`_OF_LABELS` and the lists below name may be new or other, each for its
reason.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from PIL import Image, ImageSequence

from audio_files import format_of
from provlabel.media.containers import ContainerError, pointed_to

Tags = Mapping[str, Any]

#: Groups of exiftool that only a manifest has.
_OF_LABELS = ("JUMBF", "CBOR", "JSON", "C2PA")
#: Those of EXIF, which it does not show of a PNG that has any manifest (its issue 452): there Pillow reads them.
_EXIF = ("IFD0", "IFD1", "ExifIFD", "GPS", "InteropIFD")
#: Tags that a label writes: the AI fields of IPTC, and what begins with our name.
_WRITTEN = re.compile(
    r"XMP-iptcExt:(DigitalSourceType|AISystem\w+|AIPrompt\w+)|XMP-x:XMPToolkit|\w+:(Provlabel|PROVLABEL)\w*"
    r"|(ID3v2|RIFF|ItemList|Keys|Vorbis)\w*:Keywords?|ID3v2:GeneralEncapsulatedObject.*|.*:C2PA\w*"
    r"|Jpeg2000:[\w-]+Salt|RIFF:Unknown_C2PA|IFD0:Exif_0xcd41|SVG-c2pa:Manifest"
)
#: Of the container, which has to be another kind of it where a label was put in.
_OF_KINDS = re.compile(r"GIF:GIFVersion|RIFF:WebP_Flags|File:FileType|Vorbis:Vendor|FLAC:Padding")
#: Values that are ours, under names that others have, too.
_OURS = re.compile(r"\(PROVLABEL_.*|base64:(A[G2]FwcGxpY2F0aW9uL2MycGE|2P7D1hsOSDySl1goh37EgQ).*", re.DOTALL)
#: Names of ID3v2.2 and v2.3 (the old ones) and v2.4.
_RENAMED = {
    "ID3v2:ID3_UFI": "ID3v2:ID3_UFID",
    "ID3v2:PictureFormat": "ID3v2:PictureMIMEType",
    "ID3v2:Year": "ID3v2:RecordingTime",
    "format.tags.TRC": "format.tags.TSRC",
}
#: Where something lies, which labels move: what lies there is compared, as ``-b`` shows it.
_PLACES = re.compile(r".*:(\w*(Start|Offset|Offsets|Position)|MPImageLength|MediaDataOffset|Unknown_(mfra|tfhd))")
#: What tells of the file as a whole, or of exiftool; an SVG with a prefix is text to it, whose lines it counts.
_OF_THE_WHOLE = re.compile(
    r"(System|ExifTool):.*|File:(FileSize|Directory|ID3Size)|SourceFile|Composite:(AvgBitrate|Duration)"
    r"|File:(ByteOrderMark|LineCount|WordCount|MIMEEncoding)"
)
_LEFT_OUT = (_WRITTEN, _PLACES, _OF_THE_WHOLE, _OF_KINDS)


class Seen(NamedTuple):
    """All that is compared of one file."""

    decoded: str
    tags: Tags  #: by exiftool
    probed: Tags  #: by ffprobe
    pointed: Mapping[str, str]

    @property
    def fields(self) -> int:
        """How many values are compared."""
        return 1 + len(self.tags) + len(self.probed) + len(self.pointed)


def seen(paths: Sequence[Path]) -> dict[Path, Seen]:
    """Return what is found in files, with one start of exiftool for all of them."""
    tags = exiftool(paths)
    with ThreadPoolExecutor(2) as pool:
        probed = dict(zip(paths, pool.map(ffprobe, paths), strict=True))
        digests = dict(zip(paths, pool.map(decoded, paths), strict=True))
    return {path: Seen(digests[path], tags[path], probed[path], _pointed(path)) for path in paths}


def differences(before: Seen, after: Seen) -> list[str]:
    """Say what of a file differs once it is labeled, but for what has to."""
    found = [] if before.decoded == after.decoded else ["decoded otherwise"]
    for what, old, new in (
        ("exiftool", before.tags, after.tags),
        ("ffprobe", before.probed, after.probed),
        ("pointers", before.pointed, after.pointed),
    ):
        found += [
            f"{what}: {name}: {str(old.get(name))[:90]} -> {str(new.get(name))[:90]}"
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]
    return found


# --- what is decoded -------------------------------------------------------------------------------


def decoded(path: Path) -> str:
    """A digest of all that is seen and heard, or what the decoder says where there is nothing that it can decode."""
    row = format_of(path)
    if row.name == "SVG":
        return _drawing(path)
    if row.picture:
        return _pictures(path) + (_exif(path) if row.name == "PNG" else "")
    if row.ffmpeg:
        return _streams(path)
    return _drawn(path)


_METADATA = "{http://www.w3.org/2000/svg}metadata"


def _drawing(path: Path) -> str:
    """All of an SVG but its metadata, which exiftool reads."""
    root = ElementTree.parse(path).getroot()  # noqa: S314 - made here
    for holder in root.findall(_METADATA):
        root.remove(holder)
    return ElementTree.canonicalize(ElementTree.tostring(root))


def _pictures(path: Path) -> str:
    with Image.open(path) as image:
        frames = [
            (frame.mode, frame.size, frame.info.get("duration"), frame.tobytes())
            for frame in ImageSequence.Iterator(image)
        ]
    return f"{len(frames)} {hashlib.sha256(repr(frames).encode()).hexdigest()}"


def _exif(path: Path) -> str:
    with Image.open(path) as image:
        return str(sorted(image.getexif().items()))


def _streams(path: Path) -> str:
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a?", "-map", "0:v?", "-f", "streamhash", "-"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.stdout + re.sub(r"@ 0x[0-9a-f]+", "", done.stderr.replace(str(path), "FILE"))


_DRAWING = {"JPEG XL": "djxl", "HEIC": "heif-convert", "HEIF": "heif-convert"}


def _drawn(path: Path) -> str:
    """By the decoder of a format that neither Pillow nor ffmpeg decodes; of a DNG nothing."""
    program = _DRAWING.get(format_of(path).name)
    if program is None:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        ending = ".jxl" if program == "djxl" else ".heic"
        source, drawn = Path(folder) / f"source{ending}", Path(folder) / "drawn.png"
        # heif-convert wants to see the brand that the standard does not ask for.
        source.write_bytes(path.read_bytes().replace(b"ftypmif1", b"ftypheic", 1))
        done = subprocess.run([program, source, drawn], check=False, capture_output=True, text=True)
        pictures = [_pictures(one) for one in sorted(Path(folder).glob("drawn*.png"))]
        return "".join(pictures) or done.stderr.replace(folder, "")


# --- tags ------------------------------------------------------------------------------------------


def exiftool(paths: Sequence[Path]) -> dict[Path, Tags]:
    """Every tag that exiftool finds, with its bytes where it is binary: ``Group:Copy:Name`` -> value."""
    command = ["exiftool", "-j", "-G1:4", "-a", "-u", "-ee", "-b", "-api", "LargeFileSupport=1", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, check=False)
    told = json.loads(done.stdout.decode("utf-8", "replace"))
    return {Path(one["SourceFile"]): _numbered(_stable(one)) for one in told}


def _stable(told: Tags) -> Iterable[tuple[str, Any]]:
    """Leave out what labels write, and what has to differ."""
    unshown = _EXIF if "PNG" in str(told.get("File:FileType")) else ()
    for name, value in told.items():
        group, _, rest = name.partition(":")
        group = re.sub(r"^ID3v2_[234]$", "ID3v2", group)
        key = f"{group}:{re.sub(r'^Copy[0-9]+:', '', rest)}" if rest else name
        if group in (*_OF_LABELS, *unshown) or any(
            rule.fullmatch(key) for rule in (_WRITTEN, _PLACES, _OF_THE_WHOLE, _OF_KINDS)
        ):
            continue
        if not _OURS.fullmatch(str(value)):
            yield _RENAMED.get(key, key), "image/jpeg" if value == "JPG" else value


def _numbered(found: Iterable[tuple[str, Any]]) -> Tags:
    """Gather the different values of tags that stand there several times."""
    gathered: dict[str, Any] = {}
    for name, value in found:
        if value not in (values := gathered.setdefault(name, [])):
            values.append(value)
    return gathered


def ffprobe(path: Path) -> Tags:
    """Everything that ffprobe tells of a file, its streams and chapters: ``place.name`` -> value."""
    row = format_of(path)
    if not row.ffmpeg:
        return {}
    unprobed = _UNPROBED_OF_PICTURES if row.media == "image" else _UNPROBED
    # It takes an animated PNG with 2 kB in front of the pictures for a still one, if it is not told.
    told = ("-f", "apng") if row.name == "PNG" and b"acTL" in path.read_bytes() else ()
    command = [
        "ffprobe",
        "-v",
        "error",
        *told,
        "-show_format",
        "-show_streams",
        "-show_chapters",
        "-of",
        "json",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    flat = dict(_flat("", json.loads(done.stdout or "{}")))
    return {_RENAMED.get(name, name): value for name, value in flat.items() if not unprobed.fullmatch(name)}


#: Of the whole file: its name and size, the rate that follows from that, and what labels write.
_UNPROBED = re.compile(
    r"format\.(filename|size|bit_rate|probe_score)|.*\.tags\.(keywords?|provlabel\w*|IKEY)", re.IGNORECASE
)
#: It takes a small picture for one of a pipe and a larger one for one of a sequence, which has times; to an
#: animated one all chunks in front of the first frame are extra data.
_UNPROBED_OF_PICTURES = re.compile(r"format\..*|.*\.(start|duration)_\w+|.*\.duration|.*\.extradata_size")


def _flat(place: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{place}.{name}" if place else name, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(f"{place}[{index}]", inner)
    else:
        yield place, value


def _pointed(path: Path) -> Mapping[str, str]:
    with path.open("rb") as stream:
        try:
            return pointed_to(format_of(path).container, stream, path.stat().st_size)
        except ContainerError as exc:
            return {"not followed": str(exc)}
