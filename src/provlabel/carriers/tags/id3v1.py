"""ID3v1, the last 128 bytes of a file: what it says, as a tag of ID3v2.4 (id3.org, "ID3v1")."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from provlabel.carriers.tags.id3_older import made_frame, made_size
from provlabel.media.containers import read_exactly

_SIZE = 128
_LATIN1 = b"\x00"
_NO_GENRE = 255


def as_v24(stream: BinaryIO) -> bytes | None:
    """Return a tag of ID3v2.4 that says what the ID3v1 tag of a file says; ``None`` where there is none.

    Bytes of texts are kept as Latin-1, which the old tag takes for granted, so that a program which guesses
    otherwise can go on to.  A genre is a number in both.
    """
    size = stream.seek(0, os.SEEK_END)
    tag = read_exactly(stream, size - _SIZE, _SIZE) if size >= _SIZE else b""
    body = b"".join(_frames(tag)) if tag.startswith(b"TAG") else b""
    return b"ID3\x04\x00\x00" + made_size(len(body)) + body if body else None


def _frames(tag: bytes) -> Iterator[bytes]:
    for kind, start, end in (("TIT2", 3, 33), ("TPE1", 33, 63), ("TALB", 63, 93)):
        if text := _text(tag[start:end]):
            yield made_frame(kind, _LATIN1 + text)
    if re.fullmatch(rb"[0-9]{4}", tag[93:97]):
        yield made_frame("TDRC", _LATIN1 + tag[93:97])
    track = tag[126] if not tag[125] else 0  # of ID3v1.1: a zero and a number at the end of the comment
    if comment := _text(tag[97 : 125 if track else 127]):
        yield made_frame("COMM", _LATIN1 + b"eng\x00" + comment)
    if track:
        yield made_frame("TRCK", _LATIN1 + str(track).encode())
    if tag[127] != _NO_GENRE:
        yield made_frame("TCON", _LATIN1 + str(tag[127]).encode())


def _text(field: bytes) -> bytes:
    return field.partition(b"\x00")[0].rstrip(b" ")
