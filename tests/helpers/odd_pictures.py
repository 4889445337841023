"""Odd pictures: JPEG, PNG, WebP, GIF, TIFF and SVG; see :mod:`odd_files`."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image, ImageCms, ImageDraw

import pointing
from odd_files import Odd, orders
from pointing import Tag
from riff_files import chunk as riff_chunk, riff
from sample_files import PREFIXED, SVG, WITH_METADATA

_ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_SEGMENT = pointing.xmp('xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="x/y"')
PACKET = _SEGMENT[4 + len(b"http://ns.adobe.com/xap/1.0/\0") :]


def picture(size: tuple[int, int] = (48, 32), mode: str = "RGB", shade: int = 0) -> Image.Image:
    made = Image.linear_gradient("L").resize(size).convert("RGB")
    ImageDraw.Draw(made).ellipse((4, 4, 20 + shade, 24), fill=(200, shade * 9 % 255, 40))
    return made.convert(mode)


def saved(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """A picture as Pillow writes it."""
    made = io.BytesIO()
    (image or picture()).save(made, kind, **options)
    return made.getvalue()


def picture_bytes() -> bytes:
    """A small JPEG, as covers are."""
    return saved("JPEG")


def _other(shade: int) -> bytes:
    """A smaller one of several."""
    return saved("JPEG", picture((24, 24), shade=shade))


# --- JPEG ------------------------------------------------------------------------------------------


def _icc() -> bytes:
    return pointing.segment(0xE2, b"ICC_PROFILE\0\x01\x01" + _ICC)


def _iptc() -> bytes:
    record = b"\x1c\x02\x78\x00\x07caption"
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    return pointing.segment(0xED, b"Photoshop 3.0\0" + block)


def _exif(order: str = ">", thumbnail: bool = False) -> bytes:
    first = [Tag(0x010E, 2, b"Lighthouse\0"), Tag(0x0112, 3, 1), Tag(0x8298, 2, b"somebody\0")]
    second = [Tag(0x0103, 3, 6), Tag(0x0201, 4, 0), Tag(0x0202, 4, 0)]
    return pointing.exif(order, first, second) if thumbnail else pointing.exif(order, first)


#: Segments that stand between SOI and the tables of a picture, in any order.
SEGMENTS = {
    "exif": _exif(),
    "xmp": _SEGMENT,
    "icc": _icc(),
    "iptc": _iptc(),
    "com": pointing.segment(0xFE, b"a comment"),
    "com2": pointing.segment(0xFE, b"another"),
    "app5": pointing.segment(0xE5, b"Samsung\0" + bytes(9)),
    "app10": pointing.segment(0xEA, b"AROT\0\0" + bytes(20)),
    "app12": pointing.segment(0xEC, b"Ducky\0\x01\x00\x04\x00\x00\x00\x3c\x00\x00"),
    "app15": pointing.segment(0xEF, b"whatever"),
    "fill": b"\xff\xff\xff",
}


def _thumbnail_behind(base: bytes, order: str) -> bytes:
    """EXIF whose thumbnail lies behind the end of the picture."""
    thumbnail = _other(9)

    def whole(at: int) -> bytes:
        second = [Tag(0x0103, 3, 6), Tag(0x0201, 4, at), Tag(0x0202, 4, len(thumbnail))]
        return pointing.behind_app0(base, pointing.exif(order, [Tag(0x010F, 2, b"Acme\0")], second))

    front = 4 + int.from_bytes(base[4:6], "big") + 10
    return whole(len(whole(0)) - front) + thumbnail


def jpegs() -> Iterator[Odd]:
    base = saved("JPEG")
    for index, names in enumerate(orders("JPEG", sorted(SEGMENTS), 30)):
        yield Odd(f"order-{index}.jpg", pointing.behind_app0(base, *(SEGMENTS[name] for name in names)))
    at = 4 + int.from_bytes(base[4:6], "big")
    for index, names in enumerate(orders("JPEG without JFIF", sorted(SEGMENTS), 6, 4)):
        yield Odd(f"no-jfif-{index}.jpg", base[:2] + b"".join(SEGMENTS[name] for name in names) + base[at:])
    for order, side in ((">", "big"), ("<", "little")):
        yield Odd(f"exif-{side}.jpg", pointing.behind_app0(base, _exif(order)))
        yield Odd(f"behind-{side}.jpg", _thumbnail_behind(base, order))
        for count in (1, 2, 5):
            others = [_other(shade) for shade in range(10, 10 + count)]
            yield Odd(f"mpf-{count}-{side}.jpg", pointing.with_mpf(base, others, order))
            for index, names in enumerate(orders(f"MPF {count} {side}", ["exif", "xmp", "icc", "com", "iptc"], 2)):
                parts = [SEGMENTS[name] for name in names]
                half = len(parts) // 2
                front, behind = b"".join(parts[:half]), b"".join(parts[half:])
                made = pointing.with_mpf(base, others, order, front=front, behind=behind, gap=7 * index)
                yield Odd(f"mpf-{count}-{side}-{index}.jpg", made)
    yield Odd("comments.jpg", pointing.behind_app0(base, *(SEGMENTS["com"] for _ in range(40))))
    yield Odd("long-comment.jpg", pointing.behind_app0(base, pointing.segment(0xFE, bytes(65_533))))
    yield Odd("empty-comment.jpg", pointing.behind_app0(base, pointing.segment(0xFE, b"")))
    yield Odd("progressive.jpg", saved("JPEG", progressive=True))
    yield Odd("grey.jpg", saved("JPEG", picture(mode="L")))
    yield Odd("cmyk.jpg", saved("JPEG", picture(mode="CMYK")))
    yield Odd("restarts.jpg", saved("JPEG", restart_marker_blocks=2))
    yield Odd("trailing-text.jpg", base + b"what somebody appended")
    yield Odd("trailing-picture.jpg", base + _other(30))
    yield Odd("trailing-zeros.jpg", base + bytes(5000))
    yield Odd("fill-before-scan.jpg", base.replace(b"\xff\xda", b"\xff\xff\xff\xda", 1))


# --- PNG -------------------------------------------------------------------------------------------


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


_EXIF = b"MM\0*\0\0\0\x08\0\x01\x01\x0e\0\x02\0\0\0\x04abc\0\0\0\0\0"
PNG_CHUNKS = {
    "text": (b"tEXt", b"Title\0Lighthouse"),
    "text2": (b"tEXt", b"Title\0once more"),
    "ztxt": (b"zTXt", b"Comment\0\0" + zlib.compress(b"kept " * 40)),
    "itxt": (b"iTXt", b"Author\0\0\0en\0Verfasser\0" + "Ännä".encode()),
    "xmp": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET),
    "exif": (b"eXIf", _EXIF),
    "time": (b"tIME", struct.pack(">HBBBBB", 2026, 11, 30, 1, 2, 3)),
    "phys": (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
    "own": (b"prVt", b"a private chunk"),
    "empty": (b"emPt", b""),
}
_FRONT_ONLY = {"phys"}


def pngs() -> Iterator[Odd]:
    base = _chunks(saved("PNG"))
    head, data = base[0], b"".join(body for kind, body in base if kind == b"IDAT")
    for index, names in enumerate(orders("PNG", sorted(PNG_CHUNKS), 20)):
        split = index % (len(names) + 1)
        behind = [name for name in names[:split] if name not in _FRONT_ONLY]
        front = [name for name in names if name not in behind]
        made = [head, *(PNG_CHUNKS[name] for name in front), (b"IDAT", data)]
        yield Odd(f"order-{index}.png", _png([*made, *(PNG_CHUNKS[name] for name in behind), (b"IEND", b"")]))
    for size in (1, 7, 64):
        pieces = [(b"IDAT", data[at : at + size]) for at in range(0, len(data), size)]
        yield Odd(f"pieces-{size}.png", _png([head, *pieces, (b"IEND", b"")]))
    yield Odd("empty-piece.png", _png([head, (b"IDAT", b""), (b"IDAT", data), (b"IDAT", b""), (b"IEND", b"")]))
    yield Odd("profile.png", saved("PNG", icc_profile=_ICC))
    yield Odd("palette.png", saved("PNG", picture(mode="P"), transparency=3))
    yield Odd("grey16.png", saved("PNG", picture(mode="I;16")))
    yield Odd("alpha.png", saved("PNG", picture(mode="RGBA")))
    yield Odd("trailing.png", saved("PNG") + b"what somebody appended")
    for index, own in enumerate((False, True)):
        frames = [picture(shade=9), picture(shade=18)]
        options = {"save_all": True, "append_images": frames, "duration": 80, "default_image": own}
        yield Odd(f"animated-{index}.png", saved("PNG", **options))


# --- WebP ------------------------------------------------------------------------------------------

_VP8X = {"ICCP": 0x20, "ALPH": 0x10, "EXIF": 0x08, "XMP ": 0x04}
WEBP_CHUNKS = {"EXIF": _EXIF, "XMP ": PACKET, "ABCD": b"odd", "efgh": bytes(6)}


def _extended(image: bytes, names: list[str], front: int) -> bytes:
    flags = sum(_VP8X.get(name, 0) for name in names) | (0x10 if image.startswith(b"VP8L") else 0)
    head = riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + (47).to_bytes(3, "little") + (31).to_bytes(3, "little"))
    others = [riff_chunk(name.encode(), WEBP_CHUNKS[name]) for name in names]
    return riff(b"WEBP", head, *others[:front], image, *others[front:])


def webps() -> Iterator[Odd]:
    for kind, options in (("lossy", {"quality": 60}), ("lossless", {"lossless": True})):
        simple = saved("WEBP", **options)
        yield Odd(f"{kind}.webp", simple)
        for index, names in enumerate(orders(f"WebP {kind}", sorted(WEBP_CHUNKS), 6)):
            front = sum(name in ("ABCD", "efgh") for name in names[:1])
            yield Odd(f"{kind}-order-{index}.webp", _extended(simple[12:], names, front))
        yield Odd(f"{kind}-alpha.webp", saved("WEBP", picture(mode="RGBA"), **options))
        yield Odd(f"{kind}-all.webp", saved("WEBP", **options, icc_profile=_ICC, exif=_EXIF, xmp=PACKET))
        frames = [picture(shade=9), picture(shade=18)]
        yield Odd(f"{kind}-animated.webp", saved("WEBP", save_all=True, append_images=frames, **options, xmp=PACKET))
    yield Odd("trailing.webp", saved("WEBP") + b"what somebody appended")


# --- GIF -------------------------------------------------------------------------------------------


def _blocks(content: bytes) -> bytes:
    pieces = [content[at : at + 255] for at in range(0, len(content), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


GIF_BLOCKS = {
    "comment": b"!\xfe" + _blocks(b"kept " * 80),
    "comment2": b"!\xfe" + _blocks(b"another"),
    "loop": b"!\xff\x0bNETSCAPE2.0" + _blocks(b"\x01\0\0"),
    "own": b"!\xff\x0bMYPROGRAM1." + _blocks(b"anything"),
    "icc": b"!\xff\x0bICCRGBG1012" + _blocks(_ICC),
    "xmp": b"!\xff\x0bXMP DataXMP" + PACKET + b"\x01" + bytes(range(255, -1, -1)) + b"\0",
    "text": b"!\x01\x0c" + struct.pack("<HHHHBBBB", 0, 0, 40, 8, 8, 8, 1, 0) + _blocks(b"plain text"),
    "empty": b"!\xfe\0",
}


def gifs() -> Iterator[Odd]:
    base = saved("GIF", picture(mode="P"))
    start = 13 + 3 * 2 ** ((base[10] & 7) + 1)
    for index, names in enumerate(orders("GIF", sorted(GIF_BLOCKS), 14)):
        split = index % (len(names) + 1)
        front, behind = (b"".join(GIF_BLOCKS[name] for name in some) for some in (names[split:], names[:split]))
        yield Odd(f"order-{index}.gif", b"GIF89a" + base[6:start] + front + base[start:-1] + behind + b";")
    yield Odd("old.gif", b"GIF87a" + base[6:])
    yield Odd("interlaced.gif", saved("GIF", picture(mode="P"), interlace=1))
    yield Odd("trailing.gif", base + b"what somebody appended")
    for count in (2, 9):
        frames = [picture(shade=shade).quantize(16 + shade) for shade in range(1, count)]
        yield Odd(f"animated-{count}.gif", saved("GIF", save_all=True, append_images=frames, duration=40, loop=0))


# --- TIFF ------------------------------------------------------------------------------------------


def _strips(order: str, *, front: bool, odd: int = 0) -> bytes:
    """A grey picture whose directory stands in front of the pixels or behind them; ``odd`` bytes lie between."""
    pixels = picture(mode="L").tobytes()
    values = [
        (0x100, 3, 48), (0x101, 3, 32), (0x102, 3, 8), (0x103, 3, 1), (0x106, 3, 1), (0x10E, 2, b"abc\0"),
        (0x111, 4, 0), (0x115, 3, 1), (0x116, 3, 32), (0x117, 4, len(pixels)),
    ]  # fmt: skip
    length = 2 + 12 * len(values) + 4
    at, strip = (8, 8 + length + odd) if front else (8 + len(pixels) + odd + (len(pixels) + odd) % 2, 8)
    directory = struct.pack(f"{order}H", len(values))
    for tag, kind, value in values:
        said = strip if tag == 0x111 else value
        body = said if isinstance(said, bytes) else struct.pack(f"{order}{'H' if kind == 3 else 'I'}", said)
        directory += struct.pack(f"{order}HHI", tag, kind, 4 if kind == 2 else 1) + body.ljust(4, b"\0")
    directory += bytes(4)
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", at)
    return head + directory + bytes(odd) + pixels if front else (head + pixels).ljust(at, b"\0") + directory


def tiffs() -> Iterator[Odd]:
    for order, side in ((">", "big"), ("<", "little")):
        yield Odd(f"front-{side}.tif", _strips(order, front=True))
        yield Odd(f"behind-{side}.tif", _strips(order, front=False))
        yield Odd(f"gap-{side}.tif", _strips(order, front=True, odd=3))
        yield Odd(f"odd-{side}.tif", _strips(order, front=False, odd=1))
        yield Odd(f"trailing-{side}.tif", _strips(order, front=False) + b"appended")
    for name in ("raw", "tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        yield Odd(f"{name}.tif", saved("TIFF", compression=name, description="Lighthouse"))
    pages = [picture(shade=9), picture(mode="L"), picture(mode="1")]
    yield Odd("pages.tif", saved("TIFF", save_all=True, append_images=pages), "it has 4 pages")
    yield Odd("profile.tif", saved("TIFF", icc_profile=_ICC, tiffinfo={700: PACKET, 33432: "somebody"}))
    yield Odd("strips.tif", saved("TIFF", picture((300, 300)), tiffinfo={278: 8}))


# --- SVG -------------------------------------------------------------------------------------------


def svgs() -> Iterator[Odd]:
    plain = SVG[SVG.index("<svg") :]
    variants = {
        "bare": plain,
        "declared": f'<?xml version="1.0"?>\n{plain}',
        "standalone": f"<?xml version='1.0' encoding='utf-8' standalone='yes'?>{plain}",
        "comments": f"<!-- one --><!-- <svg> two -->\n{plain}<!-- behind -->\n",
        "instruction": f'<?xml version="1.0"?><?xml-stylesheet href="#s"?>{plain}<?end?>',
        "doctype": SVG,
        "prefixed": PREFIXED,
        "metadata": WITH_METADATA,
        "metadata-last": plain.replace("</svg>", "<metadata><x xmlns='urn:x'>kept</x></metadata></svg>"),
        "two-metadata": plain.replace("<title>", "<metadata/><metadata>x</metadata><title>"),
        "cdata": plain.replace("</title>", "</title><style><![CDATA[ rect > x { fill: red } ]]></style>"),
        "quotes": plain.replace('width="80"', "width='80'").replace("<svg ", "<svg\n\tdata-x='a > b'\r\n "),
        "namespaces": plain.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:a="urn:a" '),
        "inner": plain.replace("<title>", '<svg x="3"><rect width="4" height="4"/></svg><title>'),
        "text": plain.replace("Lighthouse", "Ünïcode &#8212; &amp; &lt;svg&gt; 日本"),
    }
    for name, content in variants.items():
        yield Odd(f"{name}.svg", content.encode(), "several metadata" if name == "two-metadata" else "")
    yield Odd("bom.svg", b"\xef\xbb\xbf" + SVG.encode())
    yield Odd("newlines.svg", SVG.replace("\n", "\r\n").encode())


PICTURES: dict[str, Callable[[], Iterator[Odd]]] = {
    "JPEG": jpegs,
    "PNG": pngs,
    "WebP": webps,
    "GIF": gifs,
    "TIFF": tiffs,
    "SVG": svgs,
}
