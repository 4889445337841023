"""A HEIC as phones write it: a grid of tiles, whose description lies in ``idat`` (ISO 23008-12 §6.6.2.3)."""

from __future__ import annotations

import io
from collections.abc import Sequence

from boxes import box
from movies import full, number
from provlabel.media.containers.boxes import Box, boxes, content, entered, inside


def grid(still: bytes, width: int, height: int) -> bytes:
    """Return a HEIC of two tiles beside each other, each of which is the one picture of ``still``.

    The table of places has bases, of 0 for the description and where the media begin for the tiles.

    Args:
        still: a HEIC of one picture without metadata, by ``heif-enc``.
        width: of that picture, in pixels.
        height: of that picture, in pixels.
    """
    stream = io.BytesIO(still)
    (meta,) = (entered(stream, one) for one in boxes(stream, 0, len(still)) if one.kind == b"meta")
    properties = _below(stream, meta, b"iprp", b"ipco")
    kept = [still[one.start : one.end] for one in properties if one.kind in (b"hvcC", b"pixi")]
    (mdat,) = (one for one in boxes(stream, 0, len(still)) if one.kind == b"mdat")
    tile = content(stream, mdat)
    ipco = box(b"ipco", b"".join(kept) + _ispe(width, height) + _ispe(2 * width, height))
    own, whole = bytes([0x81, 0x02, len(kept) + 1]), bytes([len(kept) + 2])
    rows = [(1, whole), *((item, own) for item in (2, 3))]
    entries = b"".join(number(item, 2) + bytes([len(said)]) + said for item, said in rows)
    iprp = box(b"iprp", ipco + full(b"ipma", number(3) + entries))
    described = bytes([0, 0, 0, 1]) + number(2 * width, 2) + number(height, 2)

    def headed(start: int) -> bytes:
        kinds = ((1, b"grid"), (2, b"hvc1"), (3, b"hvc1"))
        infes = [full(b"infe", number(item, 2) + bytes(2) + kind + b"\0", 2) for item, kind in kinds]
        tiles = b"".join(_place(item, 0, start, len(tile)) for item in (2, 3))
        inner = (
            full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + full(b"pitm", number(1, 2))
            + full(b"iloc", b"\x44\x40" + number(3, 2) + _place(1, 1, 0, len(described)) + tiles, 1)
            + full(b"iinf", number(3, 2) + b"".join(infes))
            + full(b"iref", box(b"dimg", number(1, 2) + number(2, 2) + number(2, 2) + number(3, 2)))
            + iprp
            + box(b"idat", described)
        )
        return box(b"ftyp", b"heic\0\0\0\0mif1heic") + full(b"meta", inner)

    return headed(len(headed(0)) + 8) + box(b"mdat", tile)


def _below(stream: io.BytesIO, outer: Box, *kinds: bytes) -> Sequence[Box]:
    for kind in kinds:
        (outer,) = inside(stream, outer, kind)
    return inside(stream, outer)


def _ispe(width: int, height: int) -> bytes:
    return full(b"ispe", number(width) + number(height))


def _place(item: int, method: int, base: int, length: int) -> bytes:
    return number(item, 2) + number(method, 2) + bytes(2) + number(base) + number(1, 2) + number(0) + number(length)
