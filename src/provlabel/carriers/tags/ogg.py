"""Ogg with Vorbis, Opus or FLAC: the packet of comments, read only (RFC 3533 §6; RFC 7845 §5.2; RFC 9639 §10.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.carriers.tags import vorbis
from provlabel.carriers.tags._base import MAX_CARRIER
from provlabel.carriers.tags._fields import Gather, gathered
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part, read_exactly

_HEAD = 27  # of a page, then its table of segments
_MAX_PAGES = 10_000
_FULL = 255  # a segment of this length goes on in the next
# What the packet of comments begins with, and how many bytes that are; FLAC puts a head of a block there.
_VORBIS, _OPUS, _FLAC_COMMENT = b"\x03vorbis", b"OpusTags", 4


def read(stream: BinaryIO, _: Sequence[Part]) -> Iterator[Carrier]:
    """Yield what the second packet of the first stream says."""

    def fill(got: Gather) -> None:
        packet = _second_packet(stream)
        for mark in (_VORBIS, _OPUS):
            if packet.startswith(mark):
                vorbis.read_into(got, packet[len(mark) :])
        if packet[:1] and packet[0] & 0x7F == _FLAC_COMMENT:
            vorbis.read_into(got, packet[4:])

    yield from gathered("vorbis", "Vorbis comments", fill)


def _second_packet(stream: BinaryIO) -> bytes:
    """Put the second packet together from the pages of the stream that begins the file.

    Raises:
        ContainerError: it does not end, or is too large.
    """
    at, serial, packets, data = 0, b"", 0, bytearray()
    for _ in range(_MAX_PAGES):
        head = read_exactly(stream, at, _HEAD)
        if not head.startswith(b"OggS"):
            raise ContainerError(f"no page of Ogg at byte {at}")
        lacing = read_exactly(stream, at + _HEAD, head[26])
        at += _HEAD + len(lacing)
        serial = serial or head[14:18]
        for length in lacing:
            if head[14:18] == serial and packets == 1:
                data += read_exactly(stream, at, length)
                if len(data) > MAX_CARRIER:
                    raise ContainerError(f"the comments are larger than {MAX_CARRIER:,} bytes")
            at += length
            if head[14:18] == serial and length < _FULL:
                packets += 1
            if packets == 2:
                return bytes(data)
    raise ContainerError("the comments do not end")
