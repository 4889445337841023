"""Pictures that say where others lie behind them: MPF and EXIF by hand, in both byte orders."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

END = b"\xff\xd9"


def jpeg(shade: int, size: int = 48) -> bytes:
    """A small JPEG with nothing but JFIF in front."""
    made = io.BytesIO()
    Image.effect_noise((size, size), shade).save(made, "JPEG")
    return made.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def behind_app0(content: bytes, *segments: bytes) -> bytes:
    """Put segments behind the first one, which is JFIF's."""
    at = 4 + int.from_bytes(content[4:6], "big")
    return content[:at] + b"".join(segments) + content[at:]


def xmp(more: str = "") -> bytes:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {more}/></rdf:RDF></x:xmpmeta>'
    )
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


# --- MPF (CIPA DC-007) -----------------------------------------------------------------------------


class MpfPicture(NamedTuple):
    """Where one picture lies in the file."""

    start: int
    length: int


def _mpf(order: str, pictures: Sequence[MpfPicture], base: int) -> bytes:
    """Return the segment; ``base`` is where its TIFF header lies in the file."""
    count = len(pictures)
    entries = struct.pack(f"{order}HHI4s", 0xB000, 7, 4, b"0100")
    entries += struct.pack(f"{order}HHII", 0xB001, 4, 1, count)
    entries += struct.pack(f"{order}HHII", 0xB002, 7, 16 * count, 8 + 2 + 3 * 12 + 4)
    table = b"".join(
        struct.pack(f"{order}IIIHH", 0x30000 if not index else 0, one.length, one.start - base if index else 0, 0, 0)
        for index, one in enumerate(pictures)
    )
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}IH", 8, 3)
    return segment(0xE2, b"MPF\0" + head + entries + bytes(4) + table)


def with_mpf(
    first: bytes, others: Sequence[bytes], order: str = ">", *, front: bytes = b"", behind: bytes = b"", gap: int = 0
) -> bytes:
    """Return ``first`` with an index of itself and of ``others``, which follow it, ``gap`` bytes apart.

    ``front`` and ``behind`` are segments around the index.
    """
    length = len(behind_app0(first, front, _mpf(order, [MpfPicture(0, 0)] * (1 + len(others)), 0), behind))
    pictures, at = [MpfPicture(0, length)], length
    for other in others:
        pictures.append(MpfPicture(at + gap, len(other)))
        at += gap + len(other)
    base = 4 + int.from_bytes(first[4:6], "big") + len(front) + 8
    whole = behind_app0(first, front, _mpf(order, pictures, base), behind)
    return whole + b"".join(bytes(gap) + other for other in others)


def mpf_pictures(content: bytes) -> list[bytes]:
    """Return the pictures that the index of a file lists, as long as it says."""
    at = content.index(b"MPF\0") + 4
    order = ">" if content[at : at + 2] == b"MM" else "<"
    table = at + 8 + 2 + 3 * 12 + 4
    (count,) = struct.unpack(f"{order}I", content[at + 10 + 12 + 8 : at + 10 + 12 + 12])
    found = []
    for index in range(count):
        _, length, offset, _, _ = struct.unpack(f"{order}IIIHH", content[table + 16 * index : table + 16 * index + 16])
        start = at + offset if offset else 0
        found.append(content[start : start + length])
    return found


# --- EXIF ------------------------------------------------------------------------------------------


class Tag(NamedTuple):
    """One entry of a directory."""

    number: int
    kind: int  #: 2 text, 3 short, 4 long, 7 bytes
    value: bytes | int | list[int]


def exif(order: str, *directories: Sequence[Tag], sub: int = 0) -> bytes:
    """Return the segment: directories in a chain, each followed by its values.

    With ``sub`` the second one is no part of the chain, and the first has this tag, which points to it.
    """
    blocks: list[bytes] = []
    at = 8
    for index, tags in enumerate(directories):
        last = index == len(directories) - 1 or (sub and index == 0)
        entries = [*tags, Tag(sub, 4, 0)] if sub and index == 0 else list(tags)
        block = _directory(order, at, sorted(entries), bool(last), sub)
        blocks.append(block)
        at += len(block)
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", 8)
    return segment(0xE1, b"Exif\0\0" + head + b"".join(blocks))


def _directory(order: str, at: int, tags: Sequence[Tag], last: bool, sub: int) -> bytes:
    values, front = b"", at + 2 + 12 * len(tags) + 4
    lengths = [len(_raw(order, tag)) for tag in tags]
    end = front + sum(length + length % 2 for length in lengths if length > 4)
    entries = b""
    for tag in tags:
        raw = struct.pack(f"{order}I", end) if sub and tag.number == sub else _raw(order, tag)
        count = len(raw) // {2: 1, 3: 2, 4: 4, 7: 1}[tag.kind]
        if len(raw) > 4:
            entries += struct.pack(f"{order}HHII", tag.number, tag.kind, count, front + len(values))
            values += raw + bytes(len(raw) % 2)
        else:
            entries += struct.pack(f"{order}HHI", tag.number, tag.kind, count) + raw.ljust(4, b"\0")
    return struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", 0 if last else end) + values


def _raw(order: str, tag: Tag) -> bytes:
    if isinstance(tag.value, bytes):
        return tag.value
    numbers = tag.value if isinstance(tag.value, list) else [tag.value]
    return b"".join(struct.pack(f"{order}{'H' if tag.kind == 3 else 'I'}", number) for number in numbers)
