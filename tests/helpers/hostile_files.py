"""Files that are made to cost: bombs, endless lists, lies about lengths, in every format, each by script.

``HOSTILE`` has a maker for each; ``make(size)`` returns at most about ``size`` bytes.  What hurts the engine in ways
that its vendor has not published stays within 16 MB and 1,000 assertions.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from boxes import assertion, box as jumbf_box, store, superbox
from project import MEDIA
from stores import Store, chunk, in_png as embedded_in_png, store_of

Order = Literal["little", "big"]


class Hostile(NamedTuple):
    """One kind of file."""

    suffix: str
    make: Callable[[int], bytes]


def sample(name: str) -> bytes:
    return (MEDIA / name).read_bytes()


def filled(unit: bytes, size: int) -> bytes:
    """As many whole ``unit`` as fit into ``size`` bytes."""
    return unit * max(1, size // len(unit))


def be(number: int, width: int = 4) -> bytes:
    return number.to_bytes(width, "big")


def le(number: int, width: int = 4) -> bytes:
    return number.to_bytes(width, "little")


@functools.cache
def zeros(megabytes: int) -> bytes:
    """A zlib stream of so many megabytes of zeros."""
    return zlib.compress(bytes(megabytes << 20), 9)


# --- manifest stores (ISO 19566-5), unsigned ---------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    return jumbf_box(kind, b"".join(parts))


def manifest(*assertions: bytes, name: bytes = b"urn:c2pa:x", claim: bytes = b"\xa0") -> bytes:
    return superbox(
        b"c2ma",
        name,
        superbox(b"c2as", b"c2pa.assertions", *assertions),
        superbox(b"c2cl", b"c2pa.claim.v2", box(b"cbor", claim)),
        superbox(b"c2cs", b"c2pa.signature", box(b"cbor", b"\xd2\x84\x40\xa0\xf6\x40")),
    )


def png_with(*chunks: bytes) -> bytes:
    """The sample picture with more behind its header."""
    png = sample("still.png")
    return png[:33] + b"".join(chunks) + png[33:]


def in_png(content: bytes) -> bytes:
    return embedded_in_png(sample("still.png"), content)


def one(content: bytes) -> bytes:
    return in_png(store(manifest(assertion(content))))


def text(length: int) -> bytes:
    """The head of a text of CBOR."""
    return b"\x7a" + be(length)


def _chain(size: int) -> bytes:
    """Manifests that name each other as parents, the last the first again."""
    count = min(100, size // 600)
    names = [b"urn:c2pa:%036d" % number for number in range(count)]

    def ingredient(parent: bytes) -> bytes:
        url = b"self#jumbf=/c2pa/" + parent
        said = {b"relationship": b"parentOf", b"dc:title": b"x", b"dc:format": b"image/png", b"instanceID": b"x"}
        pairs = b"".join(_t(key) + _t(value) for key, value in said.items())
        place = b"\xa2" + _t(b"url") + _t(url) + _t(b"hash") + b"\x58\x20" + bytes(32)
        return b"\xa5" + pairs + _t(b"activeManifest") + place

    return in_png(
        store(
            *(
                manifest(assertion(ingredient(names[number - 1]), b"c2pa.ingredient.v3"), name=name)
                for number, name in enumerate(names)
            )
        )
    )


def _t(value: bytes) -> bytes:
    return (b"\x78" + be(len(value), 1) if len(value) > 23 else be(0x60 + len(value), 1)) + value


def _nested_boxes(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = superbox(b"c2as", b"x", inner)
    return inner


def _signed_bomb(size: int) -> bytes:
    """A claim that refers to one assertion very often."""
    reference = b"\xa2" + _t(b"url") + _t(b"self#jumbf=c2pa.assertions/org.example.x") + _t(b"hash") + b"\x58\x20"
    reference += bytes(32)
    count = min(10_000, size // len(reference))
    claim = b"\xa2" + _t(b"created_assertions") + b"\x99" + be(count, 2) + reference * count
    claim += _t(b"signature") + _t(b"self#jumbf=c2pa.signature")
    return in_png(store(manifest(assertion(b"\xa0"), claim=claim)))


def compressed(content: bytes) -> bytes:
    """A store in one stored Brotli stream (RFC 7932 §9.2) of several meta-blocks."""
    made = bytearray()
    for at in range(0, len(content), 60_000):
        piece = content[at : at + 60_000]
        # One bit ISLAST=0, two of MNIBBLES (4), 16 of the length, one ISUNCOMPRESSED, padding; WBITS first.
        head = (len(piece) - 1) << 3 | 1 << 19 if at else (len(piece) - 1) << 4 | 1 << 20
        made += head.to_bytes(3, "little") + piece
    return bytes(made) + b"\x03"


def _brob_store(size: int) -> bytes:
    inner = manifest(*[assertion(text(2000) + b"a" * 2000)] * min(1000, size // 2200))
    named = superbox(b"c2cm", b"urn:c2pa:x", box(b"brob", compressed(inner)))
    return in_png(store(named))


# --- PNG -------------------------------------------------------------------------------------------


def _pixel_bomb(size: int) -> bytes:
    """16,000 x 16,000 pixels; rows of zeros."""
    side = 16_000
    head = be(side) + be(side) + b"\x08\x02\x00\x00\x00"
    data = zlib.compress(bytes(side * 3 + 1) * 200, 9)
    made = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    return made + filled(chunk(b"IDAT", data), size) + chunk(b"IEND", b"")


XMP_KEY = b"XML:com.adobe.xmp\0"
_NS = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)


def packet(inner: bytes, front: bytes = b"") -> bytes:
    rdf = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {_NS}><rdf:Description rdf:about="">'.encode()
    return front + rdf + inner + b"</rdf:Description></rdf:RDF></x:xmpmeta>"


MOST = 4 << 20  # bytes of a packet that is still read


def worst_packet(size: int = MOST) -> bytes:
    """Properties of names that are known, as many as a packet may have."""
    unit = b'<dc:title xml:lang="x-default" dc:a="b" e:c="d">some text &amp; more</dc:title>\n'
    return packet(filled(unit, min(size, 59_000 * len(unit), MOST - 1_000)))


def _nested(size: int, what: bytes = b"e:a") -> bytes:
    depth = min(size // (2 * len(what) + 5), 400_000)
    return packet((b"<" + what + b">") * depth + (b"</" + what + b">") * depth)


ENTITIES = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
)


def itxt(data: bytes, *, deflated: bool = False) -> bytes:
    body = zlib.compress(data, 9) if deflated else data
    return chunk(b"iTXt", XMP_KEY + bytes([deflated, 0, 0, 0]) + body)


# --- RIFF, ID3, FLAC, Ogg --------------------------------------------------------------------------


def riff(form: bytes, *chunks: bytes) -> bytes:
    body = form + b"".join(chunks)
    return b"RIFF" + le(len(body)) + body


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + le(len(data)) + data + bytes(len(data) & 1)


FMT = riff_chunk(b"fmt ", bytes.fromhex("0100010044ac000088580100020010 00".replace(" ", "")))
SOUND = riff_chunk(b"data", bytes(2_000))


def wav(*chunks: bytes) -> bytes:
    return riff(b"WAVE", FMT, *chunks, SOUND)


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(kind: bytes, body: bytes, flags: int = 0) -> bytes:
    return kind + syncsafe(len(body)) + be(flags, 2) + body


def id3(*frames: bytes, version: int = 4, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + syncsafe(len(body)) + body


MP3 = b"\xff\xfb\x90\x00" + bytes(413)


def mp3(*frames: bytes, **options: int) -> bytes:
    return id3(*frames, **options) + MP3 * 20


def flac(*blocks: bytes, front: bytes = b"") -> bytes:
    made = b"".join(b"\x04" + be(len(block), 3) + block for block in blocks)
    return front + b"fLaC\x00\x00\x00\x22" + bytes(34) + made + b"\x81\x00\x00\x00" + b"\xff\xf8" + bytes(500)


def comments(size: int, unit: bytes) -> bytes:
    one_of = le(len(unit)) + unit
    count = max(1, size // len(one_of))
    return bytes(4) + le(count) + one_of * count


def ogg_page(number: int, lacing: bytes, data: bytes) -> bytes:
    return b"OggS\0" + bytes([0 if number else 2]) + bytes(8) + b"abcd" + le(number) + bytes(4) + bytes(
        [len(lacing)]
    ) + lacing + data  # fmt: skip


def _ogg(size: int, lacing: bytes, data: bytes) -> bytes:
    first = ogg_page(0, b"\x1e", b"\x01vorbis" + bytes(23))
    unit = ogg_page(1, lacing, data)
    return first + filled(unit, size)


# --- ISO base media --------------------------------------------------------------------------------


def ftyp(brand: bytes) -> bytes:
    return box(b"ftyp", brand, bytes(4), brand)


def full(kind: bytes, *parts: bytes) -> bytes:
    return box(kind, bytes(4), *parts)


SOUND_TRACK = box(b"trak", box(b"mdia", full(b"hdlr", bytes(4), b"soun", bytes(12), b"\0")))
MDAT = box(b"mdat", bytes(64))


def movie(*parts: bytes) -> bytes:
    return ftyp(b"M4A ") + box(b"moov", SOUND_TRACK, *parts) + MDAT


def _deep(kind: bytes, depth: int) -> bytes:
    """Boxes in boxes, the sizes written at once: the innermost is empty."""
    return b"".join(be(8 * (depth - level)) + kind for level in range(depth))


def picture(*inside_meta: bytes, more: bytes = b"") -> bytes:
    handler = full(b"hdlr", bytes(4), b"pict", bytes(13))
    return ftyp(b"avif") + full(b"meta", handler, *inside_meta) + more + MDAT


def items(count: int, kind: bytes = b"mime", body: bytes = b"") -> bytes:
    """So many items of XMP that all lie in the same bytes."""
    extra = b"\0application/rdf+xml\0" if kind == b"mime" else b"\0"
    infos = b"".join(box(b"infe", b"\x02\0\0\0", be(number + 1, 2), bytes(2), kind, extra) for number in range(count))
    places = b"".join(
        be(number + 1, 2) + be(1, 2) + bytes(2) + be(1, 2) + be(0) + be(len(body)) for number in range(count)
    )
    return b"".join(
        (
            full(b"iinf", be(count, 2), infos),
            box(b"iloc", b"\x01\0\0\0", b"\x44\x00", be(count, 2), places),
            box(b"idat", body),
        )
    )


def jxl(*boxes: bytes) -> bytes:
    return b"\0\0\0\x0cJXL \r\n\x87\n" + ftyp(b"jxl ") + b"".join(boxes) + box(b"jxlc", b"\xff\x0a" + bytes(60))


# --- TIFF ------------------------------------------------------------------------------------------


def entry(tag: int, kind: int, count: int, value: int, order: Order = "little") -> bytes:
    return b"".join(number.to_bytes(width, order) for number, width in ((tag, 2), (kind, 2), (count, 4), (value, 4)))


def directory(*entries: bytes, after: int = 0) -> bytes:
    return le(len(entries), 2) + b"".join(entries) + le(after)


def tiff(*entries: bytes, data: bytes = b"") -> bytes:
    """One directory at byte 8 and ``data`` right behind it."""
    return b"II*\0" + le(8) + directory(*entries) + data


def behind(count: int) -> int:
    """Where ``data`` of :func:`tiff` begins."""
    return 8 + 2 + 12 * count + 4


def _tiff_loop(_: int) -> bytes:
    return b"II*\0" + le(8) + directory(entry(256, 3, 1, 1), after=8)


def _tiff_pages(size: int) -> bytes:
    """Directories of 60,000 entries that lie two bytes apart, each pointing to the next."""
    count = min(60_000, (size - 8) // 12)
    made = bytearray(b"II*\0" + le(8) + le(count, 2) + filled(entry(256, 3, 1, 1), count * 12) + le(20))
    made += bytes(max(0, size - len(made)))
    for at in range(20, min(len(made) - 16, 20_000), 12):
        made[at : at + 2] = le(count, 2)
    return bytes(made)


def _tiff_subs(size: int) -> bytes:
    """A list of directories below that all are the same one."""
    count = min(size // 4, 200_000)
    at = behind(1)
    return tiff(entry(330, 4, count, at), data=filled(le(8), count * 4))


def _tiff_subs_of_subs(size: int) -> bytes:
    """Many entries that each list the same directories."""
    count = min(size // 8, 200_000)
    tags = 500
    at = behind(tags)
    return tiff(*[entry(330, 4, count, at)] * tags, data=filled(le(8), count * 4))


def _tiff_strips(size: int) -> bytes:
    count = min(size // 2, 400_000)
    at = behind(4)
    return tiff(
        *(entry(tag, 3, count, at) for tag in (273, 279, 324, 325)),
        data=bytes(count * 2),
    )


def _tiff_packets(size: int) -> bytes:
    """Six tags that all hold one packet."""
    data = worst_packet(size)
    return tiff(*[entry(700, 1, len(data), behind(6))] * 6, data=data)


def _bigtiff(size: int) -> bytes:
    count = min(99_000, size // 20)
    return b"II+\0\x08\0\0\0" + le(16, 8) + le(count, 8) + bytes(20 * count) + bytes(8)


# --- GIF, JPEG, SVG --------------------------------------------------------------------------------

GIF_HEAD = b"GIF89a\x01\x00\x01\x00\x00\x00\x00"
GIF_IMAGE = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02"
JPEG_TAIL = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(50) + b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + be(len(body) + 2, 2) + body


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + JPEG_TAIL


XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
MORE_MARK = b"http://ns.adobe.com/xmp/extension/\0"


def _extended(size: int) -> bytes:
    """Six packets that all name one extended part of the largest size."""
    part = worst_packet(min(size, MOST))
    guid = hashlib.md5(part, usedforsecurity=False).hexdigest().upper().encode()
    main = packet(b'<n:HasExtendedXMP xmlns:n="http://ns.adobe.com/xmp/note/">' + guid + b"</n:HasExtendedXMP>")
    cuts = [part[at : at + 65_000] for at in range(0, len(part), 65_000)]
    pieces = [
        segment(0xE1, MORE_MARK + guid + be(len(part)) + be(65_000 * number) + cut) for number, cut in enumerate(cuts)
    ]
    return jpeg(*[segment(0xE1, XMP_MARK + main)] * 6, *pieces)


def app11(content: bytes, number: int = 1, box_number: int = 0x0211) -> bytes:
    return segment(0xEB, b"JP" + be(box_number, 2) + be(number) + content)


def _app11_flood(size: int) -> bytes:
    """A store in very many segments of one byte each."""
    first = store(manifest(assertion(b"\xa0")))
    count = min(size // 25, 90_000)
    return jpeg(app11(first), *(app11(first[:8] + b"x", number) for number in range(2, count)))


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:c2pa="http://c2pa.org/manifest" width="9" height="9">'


def svg(inner: bytes, front: bytes = b"") -> bytes:
    return front + SVG.encode() + inner + b"</svg>"


def _svg_packet(size: int) -> bytes:
    return svg(b"<metadata>" + worst_packet(size) + b"</metadata>")


def _zip(size: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("../../etc/a.png", bytes(min(size * 20, 200 << 20)))
    return made.getvalue()


def _brotli_zeros() -> bytes:
    """16 MiB of zeros in a few bytes, as Brotli: an empty meta-block, and what follows is damage."""
    return b"\x0b\xff\xff\x07" + bytes(64)


# --- the table -------------------------------------------------------------------------------------

HOSTILE: dict[str, Hostile] = {
    # manifests
    "png: a text of CBOR that fills the store": Hostile(".png", lambda n: one(text(n - 900) + b"a" * (n - 900))),
    "png: bytes of CBOR that fill the store": Hostile(
        ".png", lambda n: one(b"\x5a" + be(min(n, 8 << 20) - 900) + bytes(min(n, 8 << 20) - 900))
    ),
    "png: CBOR that declares 4 GB": Hostile(".png", lambda _: one(b"\x5b" + b"\0\0\0\1" + b"\xff" * 4)),
    "png: 200,000 items of CBOR": Hostile(
        ".png", lambda n: one(b"\x9a" + be(min(n - 999, 199_000)) + b"\1" * min(n - 999, 199_000))
    ),
    "png: maps of CBOR, 60 deep": Hostile(".png", lambda n: one(b"\xa1\x61a" * 60 + b"\1")),
    "png: maps of CBOR, 100,000 deep": Hostile(".png", lambda n: one(b"\x81" * min(n, 100_000) + b"\1")),
    "png: a map of 90,000 keys": Hostile(
        ".png",
        lambda n: one(
            b"\xba"
            + be(min(n // 9, 90_000))
            + b"".join(b"\x67%07d\1" % number for number in range(min(n // 9, 90_000)))
        ),
    ),
    "png: 490 assertions": Hostile(
        ".png", lambda n: in_png(store(manifest(*[assertion(b"\xa0", b"org.example.%d" % k) for k in range(490)])))
    ),
    "png: 490 large assertions": Hostile(
        ".png",
        lambda n: in_png(
            store(
                manifest(
                    *[assertion(long_text(min(n, 8 << 20) // 490 - 200), b"org.example.%d" % k) for k in range(490)]
                )
            )
        ),
    ),
    "png: 1,000 assertions": Hostile(
        ".png", lambda n: in_png(store(manifest(*[assertion(b"\xa0", b"org.example.%d" % k) for k in range(1000)])))
    ),
    "png: a claim of 10,000 references": Hostile(".png", _signed_bomb),
    "png: 100 manifests in a circle": Hostile(".png", _chain),
    "png: 99 manifests of 40 boxes": Hostile(
        ".png", lambda n: in_png(store(*[manifest(*[assertion(b"\xa0")] * 4, name=b"urn:%d" % k) for k in range(99)]))
    ),
    "png: boxes in boxes": Hostile(".png", lambda n: in_png(store(_nested_boxes(min(n // 50, 20_000))))),
    "png: very many boxes": Hostile(".png", lambda n: in_png(store(filled(box(b"free"), n)))),
    "png: a store in Brotli": Hostile(".png", _brob_store),
    "png: Brotli that unfolds": Hostile(
        ".png", lambda n: in_png(store(superbox(b"c2cm", b"urn:c2pa:x", box(b"brob", _brotli_zeros()))))
    ),
    "png: a store beyond 8 MB": Hostile(
        ".png", lambda n: in_png(store(manifest(assertion(b"\x5a" + be(n) + bytes(n)))))
    ),
    "png: very many stores": Hostile(".png", lambda n: png_with(filled(chunk(b"caBX", store()), n))),
    "jpeg: a store in very many segments": Hostile(".jpg", _app11_flood),
    "jpeg: very many stores": Hostile(
        ".jpg", lambda n: jpeg(*(app11(store(), 1, number & 0xFFFF) for number in range(min(n // 60, 65_000))))
    ),
    # PNG
    "png: 256 million pixels": Hostile(".png", _pixel_bomb),
    "png: chunks without content": Hostile(".png", lambda n: png_with(filled(chunk(b"abCd", b""), n))),
    "png: texts without content": Hostile(".png", lambda n: png_with(filled(chunk(b"tEXt", b""), n))),
    "png: texts that unfold": Hostile(".png", lambda n: png_with(filled(chunk(b"zTXt", b"a\0\0" + zeros(64)), n))),
    "png: a profile that unfolds": Hostile(".png", lambda n: png_with(chunk(b"iCCP", b"a\0\0" + zeros(128)))),
    "png: packets that unfold": Hostile(".png", lambda n: png_with(filled(itxt(worst_packet(), deflated=True), n))),
    "png: packets of zeros that unfold": Hostile(
        ".png", lambda n: png_with(filled(chunk(b"iTXt", XMP_KEY + b"\1\0\0\0" + zeros(128)), n))
    ),
    "png: a packet that lists": Hostile(".png", lambda n: png_with(itxt(worst_packet(n)))),
    "png: a packet of deep elements": Hostile(".png", lambda n: png_with(itxt(_nested(min(n, MOST) - 999)))),
    "png: a packet with entities": Hostile(
        ".png", lambda n: png_with(itxt(packet(b"<dc:title>&j;</dc:title>", ENTITIES + b"]>")))
    ),
    "png: a packet of attributes": Hostile(
        ".png",
        lambda n: png_with(
            itxt(packet(b"<e:a " + b" ".join(b'e:a%d=""' % k for k in range(min(n, MOST) // 14)) + b"/>"))
        ),
    ),
    "png: a packet of namespaces": Hostile(
        ".png",
        lambda n: png_with(
            itxt(packet(b"<e:a " + b" ".join(b'xmlns:a%d="u"' % k for k in range(min(n, MOST) // 18)) + b"/>"))
        ),
    ),
    "png: a length of 4 GB": Hostile(".png", lambda n: sample("still.png")[:33] + b"\xff\xff\xff\xffabCd"),
    # JPEG
    "jpeg: segments without content": Hostile(".jpg", lambda n: jpeg(filled(segment(0xE1, b"\0\0"), n))),
    "jpeg: fill bytes": Hostile(".jpg", lambda n: b"\xff\xd8" + b"\xff" * n + JPEG_TAIL[1:]),
    "jpeg: markers without end": Hostile(".jpg", lambda n: b"\xff\xd8" + filled(b"\xff\xd0", n)),
    "jpeg: six packets and their extended part": Hostile(".jpg", _extended),
    "jpeg: no end": Hostile(".jpg", lambda n: jpeg()[:-2] + bytes(n)),
    "jpeg: EXIF without end": Hostile(
        ".jpg",
        lambda n: jpeg(*[segment(0xE1, b"Exif\0\0" + tiff(*[entry(0x010E, 2, 65_000, 8)] * 999))] * (n // 13_000)),
    ),
    # GIF
    "gif: sub-blocks of one byte": Hostile(
        ".gif", lambda n: GIF_HEAD + GIF_IMAGE + filled(b"\1\0", 2).replace(b"\0", b"a") + filled(b"\1a", n) + b"\0;"
    ),
    "gif: pictures": Hostile(".gif", lambda n: GIF_HEAD + filled(GIF_IMAGE + b"\0", n) + b";"),
    "gif: comments of one byte": Hostile(".gif", lambda n: GIF_HEAD + filled(b"\x21\xfe\1a\0", n) + b";"),
    "gif: a manifest of one byte each": Hostile(
        ".gif", lambda n: GIF_HEAD + b"\x21\xff\x0bC2PA_GIF\1\0\0" + filled(b"\1a", n) + b"\0" + GIF_IMAGE + b"\0;"
    ),
    # TIFF
    "tiff: a loop": Hostile(".tif", _tiff_loop),
    "tiff: pages over each other": Hostile(".tif", _tiff_pages),
    "tiff: one directory below, very often": Hostile(".tif", _tiff_subs),
    "tiff: lists of one directory": Hostile(".tif", _tiff_subs_of_subs),
    "tiff: strips": Hostile(".tif", _tiff_strips),
    "tiff: a packet six times": Hostile(".tif", _tiff_packets),
    "tiff: 60,000 tags": Hostile(".tif", lambda n: tiff(*[entry(300, 3, 1, 1)] * min(60_000, n // 12))),
    "tiff: a manifest that 50,000 tags hold": Hostile(
        ".tif", lambda n: tiff(*[entry(52545, 7, 100, 8)] * min(50_000, n // 12), data=bytes(99))
    ),
    "bigtiff: 99,000 tags": Hostile(".tif", _bigtiff),
    # SVG
    "svg: elements": Hostile(".svg", lambda n: svg(filled(b"<a/>", n))),
    "svg: titles": Hostile(".svg", lambda n: svg(filled(b"<title/>", n))),
    "svg: deep elements": Hostile(".svg", lambda n: svg(b"<a>" * (n // 7) + b"</a>" * (n // 7))),
    "svg: attributes": Hostile(
        ".svg", lambda n: svg(b"<a " + b" ".join(b'a%d=""' % k for k in range(n // 12)) + b"/>")
    ),
    "svg: entities that unfold": Hostile(
        ".svg", lambda n: svg(b"&j;", b"<?xml version='1.0'?>" + ENTITIES.replace(b"DOCTYPE x", b"DOCTYPE svg") + b"]>")
    ),
    "svg: entities of one letter": Hostile(
        ".svg", lambda n: svg(filled(b"&a;", n), b"<!DOCTYPE svg [<!ENTITY a 'b'>]>")
    ),
    "svg: a packet": Hostile(".svg", _svg_packet),
    "svg: prefixes": Hostile(
        ".svg",
        lambda n: svg(
            b"<metadata " + b" ".join(b'xmlns:a%d="u"' % k for k in range(n // 20)) + b"><rdf:RDF "
            b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></metadata>"
        ),
    ),
    "svg: a comment in front": Hostile(".svg", lambda n: svg(b"", b"<!--" + b"-a" * (n // 2) + b"-->")),
    "svg: a manifest in base64": Hostile(
        ".svg",
        lambda n: svg(
            b"<metadata><c2pa:manifest>"
            + base64.b64encode(store(manifest(assertion(b"\x5a" + be(n // 2) + bytes(n // 2)))))
            + b"</c2pa:manifest></metadata>"
        ),
    ),
    "svgz: an SVG that unfolds": Hostile(".svg", lambda n: gzip.compress(svg(filled(b"<a/>", 50 << 20)))),
    # RIFF
    "wav: chunks without content": Hostile(".wav", lambda n: wav(filled(riff_chunk(b"abcd", b""), n))),
    "wav: lists of texts": Hostile(
        ".wav", lambda n: wav(filled(riff_chunk(b"LIST", b"INFO" + filled(b"IART\2\0\0\0ab", 99_000)), n))
    ),
    "wav: lists of texts without content": Hostile(
        ".wav", lambda n: wav(filled(riff_chunk(b"LIST", b"INFO" + filled(b"IART\0\0\0\0", 79_000)), n))
    ),
    "wav: lists without content": Hostile(".wav", lambda n: wav(filled(riff_chunk(b"LIST", b"INFO"), n))),
    "wav: tags in chunks": Hostile(".wav", lambda n: wav(filled(riff_chunk(b"id3 ", id3(frame(b"TIT2", b"\3a"))), n))),
    "wav: packets": Hostile(".wav", lambda n: wav(filled(riff_chunk(b"_PMX", worst_packet(n // 3)), n))),
    "wav: a chunk of 4 GB": Hostile(".wav", lambda n: wav(b"abcd\xff\xff\xff\xff")),
    "webp: chunks without content": Hostile(".webp", lambda n: riff(b"WEBP", filled(riff_chunk(b"abcd", b""), n))),
    "webp: packets": Hostile(".webp", lambda n: riff(b"WEBP", filled(riff_chunk(b"XMP ", worst_packet(n // 3)), n))),
    "rf64: 16 exabytes": Hostile(
        ".wav", lambda n: b"RF64\xff\xff\xff\xffWAVEds64" + le(28) + b"\xff" * 28 + FMT + SOUND
    ),
    # ID3, FLAC, Ogg
    "mp3: frames that unfold": Hostile(
        ".mp3", lambda n: mp3(*[frame(b"TXXX", syncsafe(1 << 27) + zeros(64), 0x0009)] * min(1_900, n // 66_000))
    ),
    "mp3: frames": Hostile(".mp3", lambda n: mp3(*[frame(b"TIT2", b"\3a")] * min(n // 12, 1_990))),
    "mp3: frames without number": Hostile(".mp3", lambda n: mp3(*[frame(b"TIT2", b"\3a")] * (n // 12))),
    "mp3: a wide text without end": Hostile(
        ".mp3", lambda n: mp3(*[frame(b"GEOB", b"\1application/c2pa\0" + b"a" * (n - 2_000))])
    ),
    "mp3: unsynchronised": Hostile(".mp3", lambda n: mp3(frame(b"TIT2", b"\3" + b"\xff\0" * (n // 2)), flags=0x80)),
    "mp3: a tag of 256 MB": Hostile(".mp3", lambda n: b"ID3\4\0\0\x7f\x7f\x7f\x7f" + MP3 * 20),
    "mp3: a frame of 256 MB": Hostile(".mp3", lambda n: mp3(b"TIT2\x7f\x7f\x7f\x7f\0\0\3a")),
    "mp3: chapters in chapters": Hostile(".mp3", lambda n: mp3(_chapters(min(n // 40, 3_000)))),
    "mp3: eight tags in a row": Hostile(
        ".mp3", lambda n: filled(id3(filled(frame(b"TXXX", b"\3a\0b"), n // 9)), n) + MP3 * 9
    ),
    "mp3: values": Hostile(".mp3", lambda n: mp3(frame(b"TXXX", b"\3a" + b"\0b" * (n // 2 - 99)))),
    "flac: a million comments": Hostile(".flac", lambda n: flac(comments(min(n, 16_000_000), b""))),
    "flac: comments": Hostile(".flac", lambda n: flac(comments(min(n, MOST - 99), b"A=b"))),
    "flac: blocks": Hostile(".flac", lambda n: flac(*[b""] * (n // 4))),
    "flac: pictures of 16 MB": Hostile(".flac", lambda n: flac(bytes(min(n, (1 << 24) - 1)))),
    "flac: behind a tag of 2,000 frames": Hostile(
        ".flac", lambda n: flac(front=id3(*[frame(b"APIC", b"\0image/png\0\3\0" + bytes(n // 2_100))] * 1_990))
    ),
    "ogg: segments of no byte": Hostile(".ogg", lambda n: _ogg(n, b"\xff" + b"\0" * 254, bytes(255))),
    "ogg: a packet without end": Hostile(".ogg", lambda n: _ogg(n, b"\xff" * 255, bytes(255 * 255))),
    "ogg: pages without segments": Hostile(".ogg", lambda n: _ogg(n, b"", b"")),
    "aiff: chunks": Hostile(".aiff", lambda n: b"FORM" + be(n) + b"AIFF" + filled(b"abcd" + be(0), n)),
    # ISO base media
    "m4a: boxes without content": Hostile(".m4a", lambda n: movie() + filled(box(b"abcd"), n)),
    "m4a: padding without content": Hostile(".m4a", lambda n: movie() + filled(box(b"free"), n)),
    "m4a: boxes in boxes": Hostile(".m4a", lambda n: movie(_deep(b"udta", n // 8))),
    "m4a: movies in movies": Hostile(".m4a", lambda n: ftyp(b"M4A ") + _deep(b"moov", n // 8) + MDAT),
    "m4a: lists in lists": Hostile(
        ".m4a", lambda n: movie(box(b"udta", full(b"meta", HDLR, box(b"ilst", _deep(b"ilst", n // 8)))))
    ),
    "m4a: items": Hostile(".m4a", lambda n: movie(box(b"udta", full(b"meta", HDLR, box(b"ilst", filled(ITEM, n)))))),
    "m4a: movies": Hostile(".m4a", lambda n: movie() + filled(box(b"moov", box(b"udta")), n)),
    "m4a: lists": Hostile(".m4a", lambda n: movie(box(b"udta", filled(full(b"meta", HDLR, box(b"ilst", ITEM)), n)))),
    "m4a: packets": Hostile(".m4a", lambda n: movie() + filled(box(b"uuid", XMP_UUID, worst_packet(n // 3)), n)),
    "m4a: tracks": Hostile(".m4a", lambda n: movie(filled(SOUND_TRACK, n))),
    "m4a: a box of 16 exabytes": Hostile(".m4a", lambda n: movie() + be(1) + b"abcd" + b"\xff" * 8),
    "m4a: a table of chunks": Hostile(
        ".m4a",
        lambda n: movie(
            box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", full(b"stco", be(n // 4), bytes(n // 4 * 4))))))
        ),
    ),
    "m4a: fragments": Hostile(".m4a", lambda n: movie() + filled(box(b"moof", box(b"traf")) + MDAT, n)),
    "avif: items of one packet": Hostile(".avif", lambda n: picture(items(6, body=worst_packet(n)))),
    "avif: boxes in meta": Hostile(
        ".avif", lambda n: ftyp(b"avif") + filled(full(b"meta", filled(box(b"abcd"), 79_000)), n)
    ),
    "avif: tables of items": Hostile(
        ".avif", lambda n: ftyp(b"avif") + filled(full(b"meta", items(9_000, b"abcd")), n)
    ),
    "avif: extents of no width": Hostile(
        ".avif",
        lambda n: picture(
            box(b"iloc", b"\1\0\0\0\0\0", be(9_999, 2), filled(be(1, 2) + bytes(4) + be(0xFFFF, 2), min(n, 900_000)))
        ),
    ),
    "jxl: boxes of Brotli": Hostile(".jxl", lambda n: jxl(*[box(b"brob", b"xml ", _brotli_zeros())] * (n // 80))),
    "jxl: packets": Hostile(".jxl", lambda n: jxl(*[box(b"xml ", worst_packet(n // 3))] * 3)),
    "jxl: stores": Hostile(".jxl", lambda n: jxl(filled(store(), n))),
    "mp4: manifests": Hostile(
        ".mp4", lambda n: movie() + filled(box(b"uuid", C2PA, bytes(4), b"manifest\0", bytes(8), store()), n)
    ),
    # whatever else
    "zip: a file that unfolds": Hostile(".png", _zip),
    "bmp: four billion pixels": Hostile(".bmp", lambda n: b"BM" + le(n) + bytes(8) + le(40) + b"\xff" * 8 + bytes(n)),
    "mkv: sizes of nothing": Hostile(
        ".mkv", lambda n: b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska" + bytes(8) + b"\xff" * n
    ),
    "zeros": Hostile(".jpg", bytes),
    "text of an SVG that is none": Hostile(".svg", lambda n: b"<!DOCTYPE svg [" + b"<!--" * (n // 4)),
    "text of quotes": Hostile(".svg", lambda n: b"<!DOCTYPE svg " + b"\"'" * (n // 2)),
}

HDLR = full(b"hdlr", bytes(4), b"mdir", bytes(13))
ITEM = box(b"\xa9ART", box(b"data", b"\0\0\0\1", bytes(4), b"x"))
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def _chapters(depth: int) -> bytes:
    inner = b""
    for number in range(depth):
        inner = frame(b"CHAP", b"c%d\0" % number + bytes(16) + inner)
    return inner


# --- signed manifests, whose claim the engine can read, with hostile content -------------------------


ABORTS = "org.example.xya"  # of the length that the name outside of ASCII has


@functools.cache
def labeled(name: str = "still.png") -> bytes:
    """The sample, labeled by a key that exists for this process."""
    from provlabel import Label, label_file, open_signer

    with tempfile.TemporaryDirectory() as folder:
        signer = open_signer(f"test:{folder}/key")
        label_file(MEDIA / name, f"{folder}/{name}", Label(kind="ai_generated"), signer)
        return Path(folder, name).read_bytes()


def store_with(label: bytes | None = None, more: Mapping[str, bytes] | None = None) -> bytes:
    """The store of the label, with another content of it, and ``more`` assertions that its claim names."""
    held = Store(store_of(labeled()))
    for name, content in {**({"org.provlabel.label": label} if label is not None else {}), **(more or {})}.items():
        held.put(name, content)
    return held.seal().dump()


def signed(label: bytes | None = None, more: Mapping[str, bytes] | None = None) -> bytes:
    return in_png(store_with(label, more))


def packed(label: bytes | None = None, more: Mapping[str, bytes] | None = None) -> bytes:
    """The same, in Brotli; an assertion called ``ABORTS`` aborts the engine."""
    whole = store_with(label, more).replace(ABORTS.encode(), "org.example.\u00e9a".encode())
    head = 8 + int.from_bytes(whole[8:12], "big")
    inner = whole[head:]
    name = inner[8 + 25 :].split(b"\x00", 1)[0]
    return in_png(box(b"jumb", whole[8:head] + superbox(b"c2cm", name, box(b"brob", compressed(inner)))))


def assertions(count: int, content: bytes = b"\xa0") -> dict[str, bytes]:
    return {f"org.example.a{number}": content for number in range(count)}


def long_text(length: int) -> bytes:
    length = max(0, length)
    return text(length) + b"a" * length


def long_bytes(length: int) -> bytes:
    return b"\x5a" + be(length) + bytes(length)


def many_keys(count: int) -> bytes:
    return b"\xba" + be(count) + b"".join(b"\x67%07d\1" % number for number in range(count))


def many_numbers(count: int) -> bytes:
    return b"\x9a" + be(count) + b"\1" * count


HOSTILE |= {
    "signed: a long text": Hostile(".png", lambda n: signed(long_text(min(n, 8_000_000)))),
    "signed: long bytes": Hostile(".png", lambda n: signed(long_bytes(min(n, 8_000_000)))),
    "signed: 199,000 numbers": Hostile(".png", lambda n: signed(many_numbers(min(n, 199_000)))),
    "signed: 90,000 keys": Hostile(".png", lambda n: signed(many_keys(min(n // 9, 90_000)))),
    "signed: 480 assertions more": Hostile(".png", lambda n: signed(more=assertions(480))),
    "signed: 480 large assertions more": Hostile(
        ".png", lambda n: signed(more=assertions(480, long_text(min(n, 8_000_000) // 480 - 300)))
    ),
    "signed: 480 assertions of numbers more": Hostile(
        ".png", lambda n: signed(more=assertions(480, many_numbers(min(n, 190_000) // 480)))
    ),
    "signed, in Brotli: nothing else": Hostile(".png", lambda n: packed()),
    "signed, in Brotli: a long text": Hostile(".png", lambda n: packed(long_text(min(n, 7_900_000)))),
    "signed, in Brotli: long bytes": Hostile(".png", lambda n: packed(long_bytes(min(n, 7_900_000)))),
    "signed, in Brotli: a million numbers": Hostile(".png", lambda n: packed(many_numbers(min(n, 1_000_000)))),
    "signed, in Brotli: 100,000 keys": Hostile(".png", lambda n: packed(many_keys(min(n // 9, 100_000)))),
    "signed, in Brotli: lists 5,000 deep": Hostile(".png", lambda n: packed(b"\x81" * min(n, 5_000) + b"\1")),
    "signed, in Brotli: 900 assertions": Hostile(".png", lambda n: packed(more=assertions(900))),
    "signed, in Brotli: 900 large assertions": Hostile(
        ".png", lambda n: packed(more=assertions(900, long_text(min(n, 7_000_000) // 900 - 300)))
    ),
    "signed, in Brotli: a name outside of ASCII": Hostile(".png", lambda n: packed(more={ABORTS: b"\xa0"})),
}
