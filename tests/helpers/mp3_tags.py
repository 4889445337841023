"""Frames of ID3 by hand, also such as the engine cannot parse."""

from __future__ import annotations

from provlabel.media.formats import id3v2_size


def tag(size: int) -> bytes:
    return b"ID3\x04\x00\x00" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + bytes(size)


def frame(name: bytes, body: bytes, flags: bytes = b"\x00\x00") -> bytes:
    size = len(body)
    return name + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + flags + body


def with_frames(mp3: bytes, *frames: bytes) -> bytes:
    body = b"".join(frames)
    return tag(len(body))[:10] + body + mp3[id3v2_size(mp3) :]


# Frames the engine's ID3 reader cannot parse: it then passes over the whole tag, and the manifest in it.
UNPARSEABLE = {
    "grouping flag": frame(b"TPE1", b"\x01\x03The founders", b"\x00\x40"),
    "encrypted": frame(b"TPE1", b"\x03The founders", b"\x00\x04"),
    "empty": frame(b"TPE1", b""),
    "bad UTF-8": frame(b"TPE1", b"\x03\xff\xfe\xfa"),
    "cut lyrics": frame(b"SYLT", b"\x00eng\x02\x01\x00" + b"la\x00\x00\x00"),
}
