"""Small pictures of files for people: a thumbnail, or the outline of a sound.

Decoders of media are large and written in C, so :func:`draw` is only ever called in a worker that makes
nothing else (:mod:`provlabel.sandbox.drawing`): a preview is an illustration and never evidence.  Pillow is the
extra ``pictures``, with miniaudio ``html``, and both are imported nowhere but here.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from msgspec import Struct

from provlabel._support.files import fingerprint, reader, sha256_of
from provlabel.errors import ConfigError
from provlabel.media.formats import Format, sniff

if TYPE_CHECKING:
    from PIL import Image


class Frame(NamedTuple):
    """How large a picture may be."""

    side: int  #: pixels of the longer side
    most: int  #: bytes


PreviewPurpose = Literal["report", "manifest"]
#: 500 pictures of a report still make a file that can be mailed; one in a manifest is paid for in each copy of a file.
FRAMES: dict[PreviewPurpose, Frame] = {"report": Frame(320, 12_000), "manifest": Frame(256, 10_000)}
_QUALITIES = (80, 65, 50, 35)
_PIXELS = 64_000_000  # decoded in full, with alpha, these are 256 MB
_JPEG_PIXELS = 256_000_000  # libjpeg makes them smaller while it reads; the largest cameras have 200 million
_RATE = 8_000  # samples a second: enough for an outline
_SLICES = 600  # of one outline, at most
_FIRST_SLICE = 16  # samples; doubled whenever there are too many slices
_HOURS = 6  # of sound that are decoded
_PEAK = 255
_SILENCE = 128  # of samples of eight bits without a sign
_MISSING = "pictures of files need more libraries: pip install 'provlabel[html]'"


class Preview(Struct, frozen=True, kw_only=True):
    """What a person sees of one file in a report."""

    kind: Literal["picture", "waveform", "none"]
    jpeg: bytes = b""  #: of a picture: a small JPEG, upright, without any metadata
    width: int = 0  #: pixels of the whole picture, upright
    height: int = 0
    peaks: tuple[int, ...] = ()  #: of a sound: the loudest sample of each slice, 0 to 255
    seconds: float = 0.0  #: how long it plays
    why: str = ""  #: why there is none


class _Undrawable(Exception):
    """There is no preview, and why."""


def require_pillow() -> None:
    """Find Pillow without loading it: no decoder enters a process that holds a key.

    Raises:
        ConfigError: it is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("PIL") is None:
        raise ConfigError("a thumbnail needs Pillow", hint="pip install 'provlabel[pictures]'")


def nothing(why: str) -> Preview:
    """Return the preview of what cannot be shown."""
    return Preview(kind="none", why=why)


NONSENSE = "the decoder answered nonsense"
# Bounds of an honest answer; what is drawn here is far less.
_MAX_PEAKS = 1_000
_MAX_SIDE = 1 << 20  # pixels
_MAX_SECONDS = 1e6
_MAX_WHY = 200  # characters


def is_sound(drawn: Preview, purpose: PreviewPurpose) -> bool:
    """Is this what a decoder in its right mind answers?  Whoever reads the report decodes it once more."""
    if drawn.kind == "picture":
        begins = drawn.jpeg.startswith(b"\xff\xd8\xff") and len(drawn.jpeg) <= FRAMES[purpose].most
        return begins and 0 < drawn.width < _MAX_SIDE and 0 < drawn.height < _MAX_SIDE
    if drawn.kind == "waveform":
        outline = len(drawn.peaks) <= _MAX_PEAKS and all(0 <= peak <= _PEAK for peak in drawn.peaks)
        return outline and 0 < drawn.seconds <= _MAX_SECONDS
    return len(drawn.why) <= _MAX_WHY


def draw(stream: BinaryIO, sha256: str, frame: Frame = FRAMES["report"]) -> Preview:
    """Draw what ``stream`` holds, if those are still the bytes with this digest."""
    mark = fingerprint(stream)
    if sha256_of(stream) != sha256:
        return nothing("the file changed after it was judged")
    fmt = sniff(reader(stream))
    stream.seek(0)
    try:
        drawn = _drawn(stream, fmt, frame)
    except _Undrawable as exc:
        return nothing(str(exc))
    except ImportError:
        return nothing(_MISSING)
    except MemoryError:
        return nothing("it needs too much memory to be shown")
    except Exception:  # decoders fail with whatever comes to hand; the verdict says what is damaged, and how
        return nothing("its content cannot be decoded")
    return drawn if fingerprint(stream) == mark else nothing("the file changed while it was drawn")


def _drawn(stream: BinaryIO, fmt: Format | None, frame: Frame) -> Preview:
    if fmt is None:
        raise _Undrawable("its format is not known")
    if fmt.picture:
        return _picture(stream, fmt.picture, frame)
    if fmt.sound:
        return _sound(stream, fmt.sound)
    video = fmt.media == "video"
    raise _Undrawable("video is not shown" if video else f"{fmt.name} is not a format that can be shown here")


def _picture(stream: BinaryIO, decoder: str, frame: Frame) -> Preview:
    from PIL import Image, ImageOps, UnidentifiedImageError

    most = _JPEG_PIXELS if decoder == "JPEG" else _PIXELS
    Image.MAX_IMAGE_PIXELS = most
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(stream, formats=(decoder,))
        except UnidentifiedImageError:
            raise _Undrawable(_without_decoder(decoder)) from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _Undrawable("it has more pixels than are shown here") from None
        with image:
            if image.width * image.height > most:
                raise _Undrawable("it has more pixels than are shown here")
            width, height = image.size
            if decoder == "JPEG":
                image.draft("RGB", (frame.side, frame.side))
            small = _eight_bits(image)
            small.thumbnail((frame.side, frame.side), reducing_gap=2.0)
            if small.getexif().get(_ORIENTATION) in _SIDEWAYS:
                width, height = height, width
            upright = ImageOps.exif_transpose(small)
            jpeg = _jpeg(_flat(_in_srgb(upright)), frame.most)
            return Preview(kind="picture", jpeg=jpeg, width=width, height=height)


def _without_decoder(decoder: str) -> str:
    """AVIF is one that not every build of Pillow has."""
    from PIL import features

    if decoder == "AVIF" and not features.check("avif"):
        return "the library that shows pictures was built without AVIF"
    return "its content cannot be decoded"


_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture with eight bits a channel: whoever converts 16 bits to 8 would cut them off."""
    if image.mode.startswith("I") or image.mode == "F":
        lowest, highest = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
        scale = 255 / ((highest - lowest) or 1)
        kept = image.convert("F").point(lambda value: value * scale - lowest * scale).convert("L")
        kept.info = image.info
        return kept
    if image.mode in ("P", "PA"):
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in the colours that are meant where no profile stands; a bad profile is passed over."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    from PIL import ImageCms

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        own, plain = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, own, plain, outputMode=mode) or image
    except (ImageCms.PyCMSError, ImportError, OSError):
        return image


def _flat(image: Image.Image) -> Image.Image:
    """Return a new picture without alpha, on white, and without anything that came with the old one."""
    from PIL import Image as Images

    paper = Images.new("RGB", image.size, "white")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        paper.paste(rgba, mask=rgba.getchannel("A"))
    else:
        paper.paste(image.convert("RGB"))
    return paper


def _jpeg(image: Image.Image, most: int) -> bytes:
    """Encode, worse or smaller until it has at most ``most`` bytes."""
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
            if out.tell() <= most:
                return out.getvalue()
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))


# --- sounds ----------------------------------------------------------------------------------------


def _sound(stream: BinaryIO, decoder: str) -> Preview:
    slices, size, samples = bytearray(), _FIRST_SLICE, 0
    rest = bytearray()
    for piece in _samples(stream, decoder):
        samples += len(piece)
        if samples > _HOURS * 3600 * _RATE:
            raise _Undrawable("it plays too long to be shown")
        rest.extend(piece)
        whole = len(rest) - len(rest) % size
        slices.extend(_loudest(rest[at : at + size]) for at in range(0, whole, size))
        del rest[:whole]
        while len(slices) >= _SLICES:
            # What is left over stays shorter than one slice.
            if len(slices) % 2:
                slices.append(0)
            slices = bytearray(map(max, slices[::2], slices[1::2]))
            size *= 2
    if rest:
        slices.append(_loudest(rest))
    if not samples:
        raise _Undrawable("its content cannot be decoded")
    return Preview(kind="waveform", peaks=tuple(slices), seconds=samples / _RATE)


def _loudest(samples: bytearray) -> int:
    """Return how far the loudest of some samples of eight bits is from silence, as 0 to 255."""
    return min(_PEAK, 2 * max(0, max(samples) - _SILENCE, _SILENCE - 1 - min(samples)))


def _samples(stream: BinaryIO, decoder: str) -> Iterator[Sequence[int]]:
    """Decode piece by piece, mixed to one channel: a day of sound needs no more memory than a second."""
    import miniaudio

    source = _source(miniaudio, stream.read, stream.seek)
    coded, eight_bits = miniaudio.FileFormat[decoder], miniaudio.SampleFormat.UNSIGNED8
    try:
        yield from miniaudio.stream_any(source, coded, eight_bits, 1, _RATE, frames_to_read=16384)
    except miniaudio.DecodeError:
        raise _Undrawable("its content cannot be decoded") from None


def _source(library: Any, read: Callable[[int], bytes], seek: Callable[[int, int], int]) -> Any:
    """Wrap an open file: the library gets no path, and so opens nothing."""

    class Stream(library.StreamableSource):  # type: ignore[misc]
        def read(self, num_bytes: int) -> bytes:
            return read(num_bytes)

        def seek(self, offset: int, origin: Any) -> bool:
            seek(offset, {"START": os.SEEK_SET, "CURRENT": os.SEEK_CUR, "END": os.SEEK_END}[origin.name])
            return True

    return Stream()
