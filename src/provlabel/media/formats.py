"""The media formats provlabel knows: one table, recognised by content and never by name.

A new format is one row here and, when no row has its container yet, one file and row in ``containers/``.  What it can
do stands in its row alone; ``tests/media/test_formats.py`` checks every key in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from provlabel.media.others import OTHER_SUFFIXES
from provlabel.media.sniffing import (
    ReadAt,
    bmff_kind,
    ebml_doctype,
    is_adts,
    is_bmp,
    is_dng,
    is_mp3,
    is_mp3_behind_zeros,
    is_svg,
    ogg_codec,
    riff_kind,
)

#: Bytes of the beginning that every row gets to see; what needs more reads it itself.
PREFIX = 64

_ID3_HEADER = 10


class Format(NamedTuple):
    """One row of the table."""

    name: str  #: short name, as people say it
    mime: str  #: the type that the engine expects
    media: Literal["image", "audio", "video"]
    suffixes: tuple[str, ...]  #: usual endings, lower case; the first is the one we would write
    container: str  #: which walker of ``containers`` reads it
    where: str  #: where the manifest lies, for people
    accept: Callable[[bytes, ReadAt], bool]  #: do this prefix, and what can be read, belong to the format?
    why_detached: str = ""  #: why the manifest can only lie beside the file; empty when it can be embedded
    tagger: str = ""  #: which module of ``carriers.tags`` reads its tags; empty where none does
    tags: tuple[str, ...] = ()  #: which of them a label can be written into
    behind_id3: bool = False  #: may an ID3v2 tag stand in front?  Before anything else nobody would read the file alike
    picture: str = ""  #: the one decoder of Pillow that may see it; never another, as some of them start programs
    sound: str = ""  #: the one decoder of miniaudio that may see it
    ffmpeg: bool = True  #: does the ffmpeg of current distributions decode it?

    @property
    def embed(self) -> bool:
        """Can the manifest be embedded?"""
        return not self.why_detached

    def why_beside(self, name: str) -> str:
        """Say why a file of this name is labeled with a manifest beside it; empty when it can hold one."""
        loaded = self.name == "WAV" and name.lower().endswith(_GAME_SUFFIXES)
        return _LOADER if loaded else self.why_detached


_APP11 = "APP11 segments"
_UUID = "uuid box"
_GEOB = "ID3v2 GEOB frame"
_TAG = "tag 52545"
_BESIDE = "NAME.EXT.c2pa beside it"
_XMP = ("xmp",)
_NO_WRITER = "the engine cannot write a manifest into it"
_LOADER = "what loads it in a console or game may choke on a new chunk"
#: A WAV of such a name is for these loaders, too.
_GAME_SUFFIXES = (".at9", ".wem", ".xma", ".at3")

# The order matters where one format is a special case of another: DNG before TIFF, MOV before MP4.
FORMATS: tuple[Format, ...] = (
    Format(
        "JPEG", "image/jpeg", "image", (".jpg", ".jpeg", ".jpe", ".jfif"), "jpeg", _APP11,
        lambda head, _: head.startswith(b"\xff\xd8\xff"), tagger="jpeg", tags=_XMP, picture="JPEG",
    ),
    Format(
        "PNG", "image/png", "image", (".png", ".apng"), "png", "caBX chunk",
        lambda head, _: head.startswith(b"\x89PNG\r\n\x1a\n"), tagger="png", tags=_XMP, picture="PNG",
    ),
    Format(
        "WebP", "image/webp", "image", (".webp",), "riff", "C2PA chunk",
        lambda head, _: head.startswith(b"RIFF") and head[8:12] == b"WEBP", tagger="webp", tags=_XMP, picture="WEBP",
    ),
    Format(
        "GIF", "image/gif", "image", (".gif",), "gif", "application extension",
        lambda head, _: head[:6] in (b"GIF87a", b"GIF89a"), tagger="gif", tags=_XMP, picture="GIF",
    ),
    Format(
        "DNG", "image/dng", "image", (".dng",), "tiff", _TAG, is_dng, tagger="tiff", tags=_XMP, ffmpeg=False,
    ),
    Format(
        "TIFF", "image/tiff", "image", (".tif", ".tiff"), "tiff", _TAG,
        lambda head, _: head[:4] in (b"II*\x00", b"MM\x00*"), tagger="tiff", tags=_XMP, picture="TIFF",
    ),
    # To write XMP into the next three would move the picture, and all that points to it.
    Format(
        "AVIF", "image/avif", "image", (".avif",), "isobmff", _UUID,
        lambda head, read_at: bmff_kind(head, read_at) == "avif", tagger="isobmff", picture="AVIF", ffmpeg=False,
    ),
    Format(
        "HEIC", "image/heic", "image", (".heic",), "isobmff", _UUID,
        lambda head, read_at: bmff_kind(head, read_at) == "heic", tagger="isobmff", ffmpeg=False,
    ),
    Format(
        "HEIF", "image/heif", "image", (".heif", ".hif"), "isobmff", _UUID,
        lambda head, read_at: bmff_kind(head, read_at) == "heif", tagger="isobmff", ffmpeg=False,
    ),
    Format(
        "JPEG XL", "image/jxl", "image", (".jxl",), "isobmff", "jumb box",
        lambda head, _: head.startswith(b"\x00\x00\x00\x0cJXL \r\n\x87\n"), tagger="isobmff", tags=_XMP, ffmpeg=False,
    ),
    Format(
        "SVG", "image/svg+xml", "image", (".svg",), "svg", "metadata element", is_svg,
        tagger="svg", tags=_XMP, ffmpeg=False,
    ),
    Format(
        "WAV", "audio/wav", "audio", (".wav", ".wave", ".bwf"), "riff", "C2PA chunk",
        lambda head, read_at: riff_kind(head, read_at) == "wav",
        tagger="wav", tags=("riff", "id3"), sound="WAV",
    ),
    Format(
        "FLAC", "audio/flac", "audio", (".flac",), "id3", _GEOB,
        lambda head, _: head.startswith(b"fLaC"), tagger="flac", tags=("vorbis",), behind_id3=True, sound="FLAC",
    ),
    Format(
        "MP3", "audio/mpeg", "audio", (".mp3",), "id3", _GEOB, lambda head, _: is_mp3(head),
        tagger="mp3", tags=("id3",), behind_id3=True, sound="MP3",
    ),
    Format(
        "M4A", "audio/mp4", "audio", (".m4a", ".m4b"), "isobmff", _UUID,
        lambda head, read_at: bmff_kind(head, read_at) == "m4a", tagger="mp4", tags=("mp4",),
    ),
    Format(
        "MOV", "video/quicktime", "video", (".mov", ".qt"), "isobmff", _UUID,
        lambda head, read_at: bmff_kind(head, read_at) == "mov", tagger="mp4", tags=("mp4",),
    ),
    Format(
        "MP4", "video/mp4", "video", (".mp4", ".m4v"), "isobmff", _UUID,
        lambda head, read_at: bmff_kind(head, read_at) == "mp4", tagger="mp4", tags=("mp4",),
    ),
    # Known, and only ever labeled with a manifest beside them: the file stays as it is, its tags too.
    Format(
        "Ogg Vorbis", "audio/ogg", "audio", (".ogg", ".oga"), "opaque", _BESIDE,
        lambda head, read_at: ogg_codec(head, read_at).startswith(b"\x01vorbis"), _NO_WRITER,
        tagger="ogg", sound="VORBIS",
    ),
    Format(
        "Ogg Opus", "audio/ogg", "audio", (".opus", ".ogg"), "opaque", _BESIDE,
        lambda head, read_at: ogg_codec(head, read_at) == b"OpusHead", _NO_WRITER, tagger="ogg",
    ),
    Format(
        "Ogg FLAC", "audio/ogg", "audio", (".oga", ".ogg"), "opaque", _BESIDE,
        lambda head, read_at: ogg_codec(head, read_at).startswith(b"\x7fFLAC"), _NO_WRITER, tagger="ogg", sound="FLAC",
    ),
    Format(
        "ADTS AAC", "audio/aac", "audio", (".aac",), "opaque", _BESIDE, is_adts,
        "the engine would take it for MP3 and put a tag in front of it", tagger="mp3", behind_id3=True,
    ),
    Format(
        "AIFF", "audio/aiff", "audio", (".aiff", ".aif", ".aifc"), "opaque", _BESIDE,
        lambda head, _: head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"), _NO_WRITER,
        tagger="aiff", sound="WAV",
    ),
    Format(
        "RF64", "audio/wav", "audio", (".wav", ".rf64", ".bw64"), "opaque", _BESIDE,
        lambda head, _: head[:4] in (b"RF64", b"BW64") and head[8:12] == b"WAVE",
        "the engine refuses its header, with ADM or without", sound="WAV",
    ),
    # A manifest that others embedded into one of these is read all the same.
    Format(
        "ATRAC9", "audio/wav", "audio", (".at9",), "riff", _BESIDE,
        lambda head, read_at: riff_kind(head, read_at) == "atrac9", _LOADER, ffmpeg=False,
    ),
    Format(
        "Wwise", "audio/wav", "audio", (".wem",), "riff", _BESIDE,
        lambda head, read_at: riff_kind(head, read_at) == "wwise", _LOADER, ffmpeg=False,
    ),
    Format(
        "RIFF sound", "audio/wav", "audio", (".wav", ".xwma", ".xma", ".at3", ".qcp", ".rmi"), "riff", _BESIDE,
        lambda head, read_at: riff_kind(head, read_at) == "sound", "it is no WAV, though built like one", ffmpeg=False,
    ),
    Format(
        "BigTIFF", "image/tiff", "image", (".tif", ".btf"), "tiff", _BESIDE,
        lambda head, _: head[:4] in (b"II+\x00", b"MM\x00+"),
        "the engine would leave bytes of another tag out of the hash", picture="TIFF", ffmpeg=False,
    ),
    Format(
        "BMP", "image/bmp", "image", (".bmp", ".dib"), "opaque", _BESIDE, lambda head, _: is_bmp(head), _NO_WRITER,
        picture="BMP",
    ),
    Format(
        "JPEG XL codestream", "image/jxl", "image", (".jxl",), "opaque", _BESIDE,
        lambda head, _: head.startswith(b"\xff\x0a"), "without its container there is no place for a manifest in it",
        ffmpeg=False,
    ),
    Format(
        "WebM", "video/webm", "video", (".webm",), "opaque", _BESIDE,
        lambda head, _: ebml_doctype(head) == b"webm", _NO_WRITER,
    ),
    Format(
        "Matroska", "video/x-matroska", "video", (".mkv", ".mka"), "opaque", _BESIDE,
        lambda head, _: ebml_doctype(head) == b"matroska", _NO_WRITER,
    ),
    Format(
        "MP3 behind zeros", "audio/mpeg", "audio", (".mp3",), "opaque", _BESIDE, is_mp3_behind_zeros,
        "the engine does not find the sound behind the bytes in front of it",
    ),
)  # fmt: skip

BY_NAME = {row.name: row for row in FORMATS}

#: Endings that name a media file although its content is none of the formats above: such a file is
#: judged (and does not pass) rather than passed over in silence.
MEDIA_SUFFIXES = frozenset(suffix for row in FORMATS for suffix in row.suffixes) | OTHER_SUFFIXES


def id3v2_size(head: bytes) -> int:
    """Return the bytes an ID3v2 tag at the start of ``head`` takes in all, 0 when there is none.

    The size is syncsafe (ID3v2.4 §3.1): four bytes of seven bits, plus header and optional footer.
    """
    if len(head) < _ID3_HEADER or not head.startswith(b"ID3") or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = _ID3_HEADER if head[5] & 0x10 else 0
    return _ID3_HEADER + size + footer


#: The first bytes of all formats, and of what may stand in front of an SVG or an MP3.
_FIRST = frozenset(b"\xff\x89RGIMFBOf\x1a\x00<\xef\xfe \t\r\n")


def sniff(read_at: ReadAt) -> Format | None:
    """Return the format of the content behind ``read_at(offset, length)``, or ``None``.

    ID3v2 tags in front are skipped: they stand before MP3 and FLAC alike, and several may follow
    each other.
    """
    front = 0
    head = read_at(0, PREFIX)
    if not head or head[0] not in _FIRST:
        return None
    for _ in range(8):
        size = id3v2_size(head)
        if not size:
            break
        front += size
        head = read_at(front, PREFIX)

    def behind(offset: int, length: int) -> bytes:
        return read_at(front + offset, length)

    found = next((row for row in FORMATS if row.accept(head, behind)), None)
    return None if front and found is not None and not found.behind_id3 else found
