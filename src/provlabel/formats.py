"""The media formats provlabel knows: one table, recognised by content and never by name.

A new format is one row here and, when no row has its container yet, one file in ``containers/``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

#: Bytes that :func:`sniff` wants to see when the file starts with an ID3v2 tag: the tag's own length
#: is skipped by the caller (:func:`id3v2_size`), then this much again.
PREFIX = 64

_ID3_HEADER = 10


class Format(NamedTuple):
    """One row of the table."""

    name: str  #: short name, as people say it
    mime: str  #: the type the engine wants to hear
    media: Literal["image", "audio"]
    suffixes: tuple[str, ...]  #: usual endings, lower case; the first is the one we would write
    container: str  #: which walker of ``containers`` reads it
    where: str  #: where the manifest lies, for people
    accept: Callable[[bytes], bool]  #: does this prefix belong to the format?


def _is_mp3(head: bytes) -> bool:
    """MPEG audio frame sync with layer III; ADTS has layer bits 00 and MP2 has 10."""
    return len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and (head[1] >> 1) & 3 == 1


FORMATS: tuple[Format, ...] = (
    Format(
        "JPEG", "image/jpeg", "image", (".jpg", ".jpeg", ".jpe"), "jpeg", "APP11 segments",
        lambda head: head.startswith(b"\xff\xd8\xff"),
    ),
    Format(
        "PNG", "image/png", "image", (".png", ".apng"), "png", "caBX chunk",
        lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    ),
    Format(
        "WAV", "audio/wav", "audio", (".wav", ".wave"), "riff", "C2PA chunk",
        lambda head: head.startswith(b"RIFF") and head[8:12] == b"WAVE",
    ),
    Format(
        "FLAC", "audio/flac", "audio", (".flac",), "id3", "ID3v2 GEOB frame",
        lambda head: head.startswith(b"fLaC"),
    ),
    Format("MP3", "audio/mpeg", "audio", (".mp3",), "id3", "ID3v2 GEOB frame", _is_mp3),
)  # fmt: skip

#: Endings that name a media file although its content is none of the formats above: such a file is
#: judged (and does not pass) rather than passed over in silence.
MEDIA_SUFFIXES = frozenset(suffix for row in FORMATS for suffix in row.suffixes) | {
    ".aac", ".aif", ".aifc", ".aiff", ".avi", ".avif", ".bmp", ".bw64", ".caf", ".dng", ".flv", ".gif", ".heic",
    ".heif", ".jfif", ".jp2", ".jpx", ".jxl", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp4",
    ".mpeg", ".mpg", ".oga", ".ogg", ".opus", ".psd", ".rf64", ".svg", ".tif", ".tiff", ".w64", ".webm", ".webp",
    ".wma", ".wmv",
}  # fmt: skip


def id3v2_size(head: bytes) -> int:
    """Return the bytes an ID3v2 tag at the start of ``head`` takes in all, 0 when there is none.

    The size is syncsafe (ID3v2.4 §3.1): four bytes of seven bits, plus header and optional footer.
    """
    if len(head) < _ID3_HEADER or not head.startswith(b"ID3") or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = _ID3_HEADER if head[5] & 0x10 else 0
    return _ID3_HEADER + size + footer


def sniff(read_at: Callable[[int, int], bytes]) -> Format | None:
    """Return the format of the content behind ``read_at(offset, length)``, or ``None``.

    ID3v2 tags in front are skipped: they stand before MP3 and FLAC alike, and several may follow
    each other.
    """
    offset = 0
    head = read_at(0, PREFIX)
    tagged = False
    for _ in range(8):
        size = id3v2_size(head)
        if not size:
            break
        tagged = True
        offset += size
        head = read_at(offset, PREFIX)
    found = next((row for row in FORMATS if row.accept(head)), None)
    if tagged and found is not None and found.container != "id3":
        return None  # a tag in front of a JPEG or WAV is no format that anybody reads alike
    return found
