"""RIFF (WAV, WebP): chunks padded to even length; C2PA lies in a ``C2PA`` chunk.

A sound that was written to a pipe has placeholders for its sizes, as whoever wrote it could not go back to its head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.media.containers._base import MAX_PARTS, ContainerError, Part, PartRole, read_exactly, whole_parts
from provlabel.media.containers.edits import Edit, Hole, NoHole, TooLarge, hole_at, without_manifest

_METADATA = frozenset(
    {b"LIST", b"bext", b"iXML", b"axml", b"ID3 ", b"id3 ", b"cue ", b"_PMX", b"JUNK", b"PAD ", b"EXIF", b"XMP "}
)
_HEAD = 8  # name and length of a chunk
_FIRST = 12  # where the first chunk begins
_C2PA = b"C2PA"
_SOUND = b"data"
_MAX_SIZE = (1 << 32) - 1  # what the length of 32 bits can say

#: Sizes that programs write when they cannot know them, in ``data``, and, with or without the bytes in front of it, in
#: ``RIFF``; seen in Nov 2026.  No other size beyond the end of a file is taken for one.
PLACEHOLDERS = frozenset(
    {
        0xFFFFFFFF,  # ffmpeg, mpg123, OpenAI's speech
        0x7FFFFFFF,  # speech services: MiniMax, ElevenLabs and the servers that are made like theirs
        2_000_000_000,  # Python's wave, told of 1e9 frames of two bytes: pocket-tts, mlx-audio
        0x7FFFF000,  # SoX, MPlayer
        0x7FFFFF00,  # arecord
        0x7FFF0000,  # GStreamer
    }
)


class _Layout(NamedTuple):
    """What the head of a file says of its sizes, and what of that is so."""

    end: int  #: where the chunks end
    sound: int = 0  #: where the bytes of the sound begin; 0 where there is none
    length: int = 0  #: bytes of sound
    riff_open: bool = False  #: the size of the whole is a placeholder
    sound_open: bool = False  #: that of the sound is one, too, so that it reaches to the end


def _layout(stream: BinaryIO, size: int) -> _Layout:
    """Look for the sound as players do, whatever the size of the whole, and hold the sizes against the file.

    Raises:
        ContainerError: it is no RIFF.
    """
    head = read_exactly(stream, 0, _FIRST)
    if head[:4] != b"RIFF":
        raise ContainerError("no RIFF header")
    declared = int.from_bytes(head[4:8], "little")
    end = _HEAD + declared
    found = _sound_in(stream, size) if head[8:12] == b"WAVE" else None
    if found is None:
        return _Layout(end)
    sound, length = found
    beyond = length > size - sound or length == _MAX_SIZE  # which no sound of 32 bits has
    wrapped = beyond and length in PLACEHOLDERS and declared == (length + sound - _HEAD) & _MAX_SIZE
    riff_open = end != size and (
        declared in (0, size, _MAX_SIZE) or wrapped or (end > size and _is_placeholder(declared, sound - _HEAD))
    )
    if beyond:
        sound_open = (riff_open or end == size) and _is_placeholder(length, _HEAD - sound)
    else:
        nothing_said = length == 0 and declared in (0, _MAX_SIZE)
        sound_open = nothing_said and sound < size and not _are_chunks(stream, sound, size)
    return _Layout(size if riff_open else end, sound, size - sound if sound_open else length, riff_open, sound_open)


def _is_placeholder(value: int, in_front: int) -> bool:
    """Is it one of those sizes, or one with so many bytes added?"""
    return value in PLACEHOLDERS or value - in_front in PLACEHOLDERS


def _heads(stream: BinaryIO, offset: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and length of each chunk, up to one that ends outside of the file."""
    for _ in range(MAX_PARTS):
        if offset + _HEAD > size:
            return
        kind, length = _chunk(stream, offset)
        yield kind, offset, length
        offset += _HEAD + length + (length & 1)


def _sound_in(stream: BinaryIO, size: int) -> tuple[int, int] | None:
    """Return where the sound begins, and how long it is by its own head."""
    return next(((at + _HEAD, length) for kind, at, length in _heads(stream, _FIRST, size) if kind == _SOUND), None)


def _are_chunks(stream: BinaryIO, offset: int, size: int) -> bool:
    """Do chunks fill the rest of the file?"""
    for kind, at, length in _heads(stream, offset, size):
        offset = at + _HEAD + length
        if not _is_name(kind):
            return False
    return size - (offset & 1) <= offset <= size


def _is_name(kind: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in kind)


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield every top-level chunk; bytes after the declared end come as one part of media."""
    layout = _layout(stream, size)
    if layout.end > size or layout.sound + layout.length > size:
        raise ContainerError(_cut_off(layout, size))
    yield Part("header", 0, _FIRST, "media")
    offset, padded_before = _FIRST, False
    for _ in range(MAX_PARTS):
        if offset + _HEAD > layout.end:
            if offset < size:
                yield Part("after RIFF", offset, size - offset, "media")
            return
        kind, length = _chunk(stream, offset)
        if padded_before and not _is_name(kind) and _is_name(read_exactly(stream, offset - 1, 4)):
            raise ContainerError(f"the chunk that ends at byte {offset - 1} has an odd length and no byte of padding")
        if offset + _HEAD == layout.sound:
            length = layout.length
        elif offset + _HEAD + length > layout.end:
            silent = layout.sound and not layout.length and offset >= layout.sound
            what = "its header announces no sound, and what follows is no chunk" if silent else ""
            raise ContainerError(what or f"the chunk at byte {offset} ends after its file")
        padded = min(_HEAD + length + (length & 1), size - offset)
        name = kind.decode("latin-1")
        if kind == _C2PA:
            yield Part(name, offset, padded, "manifest", offset + _HEAD, length)
        else:
            role: PartRole = "metadata" if kind in _METADATA else "media"
            yield Part(name, offset, padded, role)
        offset += padded
        padded_before = bool(length & 1)
    raise ContainerError("too many chunks")


def _cut_off(layout: _Layout, size: int) -> str:
    announced, there = (layout.length, size - layout.sound) if layout.sound else (layout.end, size)
    if announced <= there:  # of the sound; something else is missing
        announced, there = layout.end, size
    what = " of sound" if announced == layout.length else ""
    return (
        f"its header announces {announced:,} bytes{what}, and {there:,} are there: "
        "it was cut off, or its writer did not finish"
    )


def obstacle(stream: BinaryIO, size: int) -> str:
    """Say why readers would not find the same sound in a WAV with a manifest; empty when they would.

    Some go by the size of the whole file, and others by that of the sound alone.
    """
    layout = _layout(stream, size)
    if read_exactly(stream, 8, 4) != b"WAVE":
        return ""
    if not layout.sound or not layout.length:
        return "its header announces no sound, so that readers would take what follows for it"
    if layout.sound + layout.length > layout.end:
        return "the size in its header leaves out the sound, or a part of it, so that readers differ in what they play"
    if (layout.riff_open or layout.sound_open) and size + 1 > _MAX_SIZE:
        return "its header cannot say its size, which is more than 4 GiB"
    return ""


def sizes(stream: BinaryIO, size: int) -> list[Edit]:
    """Return the edits that put right sizes in the place of placeholders, and the byte that makes a length even."""
    layout = _layout(stream, size)
    if not layout.riff_open and not layout.sound_open:
        return []
    padding = bytes(size % 2)
    edits = [Edit(4, 8, _number(size + len(padding) - _HEAD)), Edit(size, size, padding)]
    if layout.sound_open:
        edits.append(Edit(layout.sound - 4, layout.sound, _number(layout.length)))
    return edits


def _number(value: int) -> bytes:
    return min(value, _MAX_SIZE).to_bytes(4, "little")


def seconds(stream: BinaryIO, parts: Sequence[Part]) -> float | None:
    """Return how long a WAV plays: bytes of samples by bytes per second (``fmt `` chunk)."""
    form = next((part for part in parts if part.name == "fmt "), None)
    rate = int.from_bytes(read_exactly(stream, form.start + _HEAD + 8, 4), "little") if form else 0
    samples = sum(part.length - _HEAD for part in parts if part.name == "data")
    return samples / rate if rate else None


def _chunk(stream: BinaryIO, offset: int) -> tuple[bytes, int]:
    head = read_exactly(stream, offset, _HEAD)
    return head[:4], int.from_bytes(head[4:], "little")


def hole(stream: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store in a chunk at the end, where the engine puts it; an old one goes.

    The byte that makes its length even is not left out of the hash.

    Raises:
        NoHole: the chunks do not fill the size that the file declares.
        TooLarge: the size would not fit into 32 bits.
    """
    end = _HEAD + int.from_bytes(read_exactly(stream, 4, 4), "little")
    if end % 2 or max(part.end for part in parts if part.name != "after RIFF") != end:
        raise NoHole("the chunks do not fill the declared size")
    old = without_manifest(parts)
    filled, padding = _HEAD + length, bytes(length % 2)
    size = end - _HEAD - sum(edit.end - edit.start for edit in old) + filled + len(padding)
    if size > _MAX_SIZE:
        raise TooLarge("with it the file would be larger than a RIFF header can say, 4 GiB")
    return hole_at(end, filled, _chunk_of, tail=padding, others=(Edit(4, 8, size.to_bytes(4, "little")), *old))


def _chunk_of(store: bytes) -> bytes:
    return _C2PA + len(store).to_bytes(4, "little") + store


def take_out(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Return the edits that take the manifest out; the size in the header gets smaller by it."""
    gone = without_manifest(parts)
    declared = int.from_bytes(read_exactly(stream, 4, 4), "little")
    size = declared - sum(min(edit.end, _HEAD + declared) - edit.start for edit in gone)
    return [Edit(4, 8, size.to_bytes(4, "little")), *gone]


def hole_in(manifest_parts: Sequence[Part]) -> tuple[int, int]:
    """Return where the chunk lies, with its head and without its padding byte, which is hashed."""
    padding = manifest_parts[0].length - manifest_parts[0].payload_length - _HEAD
    start, length = whole_parts(manifest_parts)
    return start, length - padding
