"""China's AIGC object as generators write it, and at every place where it is found in real files.

Facts about files alone: keys, their order and spacing, forms of codes.  Numbers of content are made up.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from PIL import Image
from PIL.PngImagePlugin import PngInfo

import mp3_tags
import riff_files
from boxes import box
from movies import full, movie, number
from project import MEDIA

HELD, JUDGE, NOT_HELD, ASIDE = "held", "needs a human judgement", "not held", "not applicable"


class Written(NamedTuple):
    """An object in the form of one generator."""

    by: str
    text: str
    form: str  #: what CN-1 comes to
    producer: str = HELD  #: CN-2
    code: str = HELD  #: CN-3
    distributor: str = HELD  #: CN-5


def _compact(*pairs: tuple[str, object]) -> str:
    return json.dumps(dict(pairs), separators=(",", ":"), ensure_ascii=False)


def _usual(code: str, produced: str, code_2: str = "", produced_2: str = "", reserved: str = "") -> str:
    return _compact(
        ("Label", "1"), ("ContentProducer", code), ("ProduceID", produced), ("ReservedCode1", reserved),
        ("ContentPropagator", code_2), ("PropagateID", produced_2), ("ReservedCode2", reserved),
    )  # fmt: skip


ZAI = "001191110108MA01KP2T5U00000"
DOUBAO = "001191110102MACQD9K64010000"
KLING = "001191110108335469089C10100"
BAIDU = "001191110000802100433B10005"
TENCENT = "001191440300708461136T1XGW3"
VCUT = "001191330401MA28AA78XT1VCUT"
ZAI_OBJECT = _usual(ZAI, "2e1b44", ZAI, "2e1b44")

#: Seen in public repositories, in files that the services made or in what reads and writes them; November 2026.
REAL: tuple[Written, ...] = (
    Written("z.ai (Zhipu)", ZAI_OBJECT, HELD),
    Written("Doubao (ByteDance), pictures: no distributor", _usual(DOUBAO, "f123"), HELD, distributor=JUDGE),
    Written("Doubao: the name for the code", _usual("doubao", "f123"), HELD, code=ASIDE, distributor=JUDGE),
    Written(
        "Coze (ByteDance): a number in Chinese letters, and its own distributor",
        _usual("001191110102MACQD9K64018705", "4016/所有对话/03.md", "001191110102MACQD9K64028705", "4016#1780"),
        JUDGE,
    ),
    Written("Tencent: reserved codes in Base64", _usual(TENCENT, "5931_3e", TENCENT, "5931_3e", "xPp/dz+4w=="), HELD),
    Written(
        "Tencent, EXIF: wrapped, and a reserved code that is JSON",
        '{"AIGC": ' + _usual("001191440300708461136T1WFUO", "v1", "001191440300708461136T1WFUO", "v1",
                             '{"Type":" TC260PG","AlgID":"sm3"}') + "}",
        JUDGE,
    ),
    Written(
        "Kling (Kuaishou): another order, and null",
        _compact(("Label", "1"), ("ContentProducer", KLING), ("ProduceID", "KLingMuse_3d"),
                 ("ContentPropagator", KLING), ("PropagateID", "KLingMuse_3d"), ("ReservedCode1", None),
                 ("ReservedCode2", None)),
        NOT_HELD,
    ),
    Written(
        "Kling, in the order of Annex E, and null",
        _compact(("Label", "1"), ("ContentProducer", KLING), ("ProduceID", "KLingMuse_3d"), ("ReservedCode1", None),
                 ("ContentPropagator", KLING), ("PropagateID", "KLingMuse_3d"), ("ReservedCode2", None)),
        NOT_HELD,
    ),
    Written(
        "Kling, September 2026: names, and no reserved codes",
        _compact(("Label", "1"), ("ContentProducer", "kling"), ("ProduceID", "SGP_PROD_ai_web_1"),
                 ("ContentPropagator", "kling"), ("PropagateID", "SGP_PROD_ai_web_1")),
        JUDGE,
        code=ASIDE,
    ),
    Written(
        "Baidu: possibly, with spaces behind colons",
        json.dumps(json.loads(_usual(BAIDU, "1246", BAIDU, "1246").replace('"1",', '"2",', 1))),
        HELD,
        producer=JUDGE,
    ),
    Written(
        "Baidu: another order",
        _compact(("ContentPropagator", "001191110000802100433B12000"), ("Label", "1"), ("ReservedCode1", "T6KJ"),
                 ("ProduceID", "3a83"), ("ReservedCode2", "T6KJ"), ("PropagateID", "3a83"),
                 ("ContentProducer", "001191110000802100433B12000")),
        JUDGE,
    ),
    Written("VCUT", _usual(VCUT, "VCUT-0123", VCUT, "VCUT-0123"), HELD),
    Written(
        "iFlow (Alibaba): keys of its own, and a code of 26 characters",
        json.dumps({"Label": "1", "ContentProducer": "001191330101MA27WPYJ18xliu", "ProduceID": "5abf",
                    "ReserveCode1": "iflow", "ContentPropagator": "iflow", "PropagateID": "iflow",
                    "ReserveCode2": "iflow"}),
        JUDGE,
        code=JUDGE,
    ),
    Written(
        "Vidu (ShengShu): another order",
        _compact(("Label", "1"), ("ContentProducer", "001191110108MACJ0ABCXY1VIDU"),
                 ("ContentPropagator", "001191110108MACJ0ABCXY1VIDU"), ("ProduceID", "77"), ("PropagateID", "77"),
                 ("ReservedCode1", "0f"), ("ReservedCode2", "0f")),
        JUDGE,
    ),
    Written("PicWish: the name alone", _usual("picwish", "9", "picwish", "9"), HELD, code=ASIDE),
    Written(
        "a writer of five keys, wrapped",
        json.dumps({"AIGC": {"Label": "1", "ContentProducer": "xunlong", "ProduceID": "p",
                             "ContentPropagator": "xunlong", "PropagateID": "p"}}),
        JUDGE,
        code=ASIDE,
    ),
    Written(
        "a writer of two keys",
        '{"Label":"1","ContentProducer":"BYTEDANCE001"}',
        NOT_HELD,
        producer=NOT_HELD,
        code=ASIDE,
        distributor=JUDGE,
    ),
    Written(
        "MiniMax: a reserved code that is an object",
        _compact(("Label", "1"), ("ContentProducer", "MiniMax"), ("ProduceID", "m1"),
                 ("ReservedCode1", {"SecurityData": {"Type": "LabelMataData"}}), ("ContentPropagator", "MiniMax"),
                 ("PropagateID", "m1"), ("ReservedCode2", "")),
        NOT_HELD,
        code=ASIDE,
    ),
    Written(
        "a writer of numbers, and of words for the mark",
        _compact(("Label", 1), ("ContentProducer", "p"), ("ProduceID", "q"), ("ReservedCode1", ""),
                 ("ContentPropagator", "p"), ("PropagateID", "q"), ("ReservedCode2", "")),
        NOT_HELD,
        code=ASIDE,
    ),
    Written(
        "a skill that writes AIGC as Label",
        json.dumps({"Label": "AIGC", "ContentProducer": "AI Assistant", "ProduceID": "u", "ReservedCode1": "h",
                    "ContentPropagator": "", "PropagateID": "", "Timestamp": "2026-01-01T00:00:00"}),
        JUDGE,
        producer=NOT_HELD,
        code=ASIDE,
        distributor=JUDGE,
    ),
    Written("a text that is no object", "by AIGC", NOT_HELD, producer=JUDGE, code=ASIDE, distributor=JUDGE),
)  # fmt: skip


# --- where it stands -------------------------------------------------------------------------------


def png(text: str, chunk: str = "tEXt", name: str = "AIGC") -> bytes:
    """A picture with the object in a text chunk, under the keyword ``name``."""
    info = PngInfo()
    if chunk == "iTXt":
        info.add_itxt(name, text)
    else:
        info.add_text(name, text, zip=chunk == "zTXt")
    return _saved("PNG", pnginfo=info)


_TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"


def xmp(text: str, *, prefix: str = "TC260", uri: str = _TC260, attribute: bool = False) -> str:
    """A packet with the object as an element, or as an attribute."""
    name = f"{prefix}:AIGC"
    said = f" {name}={quoteattr(text)}/>" if attribute else f"><{name}>{escape(text)}</{name}></rdf:Description>"
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:{prefix}="{uri}"{said}</rdf:RDF></x:xmpmeta>'
    )


def png_xmp(packet: str) -> bytes:
    """A picture with a packet."""
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    return _saved("PNG", pnginfo=info)


def jpeg_xmp(packet: str) -> bytes:
    """A photograph with a packet."""
    return _saved("JPEG", xmp=packet.encode())


def exif(raw: bytes, kind: str = "JPEG") -> bytes:
    """A photograph with a comment of EXIF; ``raw`` is its character code and what follows."""
    data = Image.Exif()
    data.get_ifd(0x8769)[0x9286] = raw
    return _saved(kind, exif=data.tobytes())


def described(text: str) -> bytes:
    """A photograph with the object as its description."""
    data = Image.Exif()
    data[0x010E] = text
    return _saved("JPEG", exif=data.tobytes())


def segment(content: bytes, marker: int = 0xE4) -> bytes:
    """A photograph with a segment of its own for the object."""
    made = _saved("JPEG")
    return made[:2] + bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content + made[2:]


def wav(*chunks: bytes) -> bytes:
    """A sound with further chunks."""
    return riff_files.riff(b"WAVE", riff_files.described(), riff_files.chunk(b"data", riff_files.samples()), *chunks)


def mp3(text: str, name: str = "AIGC") -> bytes:
    """A sound with the object in an ID3v2 tag, under the description ``name``."""
    frame = mp3_tags.frame(b"TXXX", b"\x03" + name.encode() + b"\x00" + text.encode())
    return mp3_tags.with_frames((MEDIA / "take.mp3").read_bytes(), frame)


def flac(text: str) -> bytes:
    """A sound with the object among Vorbis comments."""
    from mutagen.flac import FLAC

    stream = io.BytesIO((MEDIA / "take.flac").read_bytes())
    file = FLAC(stream)
    file["AIGC"] = text
    stream.seek(0)
    file.save(stream)
    return stream.getvalue()


def mp4(more: bytes) -> bytes:
    """A film with further boxes in its movie."""
    return movie([[[64]]], more=more).replace(b"soun", b"vide")


def keyed(text: str, key: bytes = b"AIGC", kind: int = 1) -> bytes:
    """A list by keys."""
    keys = full(b"keys", number(1) + box(b"mdta", key))
    return _meta(b"mdta", keys, box(number(1), _data(text, kind)))


def itunes(text: str) -> bytes:
    """An iTunes list with the object under a name of its own."""
    free = full(b"mean", b"com.apple.iTunes") + full(b"name", b"AIGC") + _data(text)
    return _meta(b"mdir", box(b"----", free))


def nameless(text: str) -> bytes:
    """An iTunes list whose item has a number and no name."""
    return _meta(b"mdir", box(number(1), _data(text)))


def _meta(handler: bytes, *parts: bytes) -> bytes:
    *front, item = parts
    head = full(b"hdlr", bytes(4) + handler + bytes(12) + b"\0")
    return full(b"meta", head + b"".join(front) + box(b"ilst", item))


def _data(text: str, kind: int = 1) -> bytes:
    return box(b"data", number(kind) + bytes(4) + text.encode())


def _saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    with Image.open(MEDIA / "still.png") as image:
        image.convert("RGB").save(out, kind, **options)
    return out.getvalue()


def _info(text: str) -> bytes:
    return riff_files.chunk(b"LIST", b"INFO" + riff_files.chunk(b"AIGC", text.encode() + b"\0"))


#: Name of a place -> makes a file that has the object there.
PLACES: dict[str, Callable[[str], bytes]] = {
    "PNG tEXt": png,
    "PNG zTXt": lambda text: png(text, "zTXt"),
    "PNG iTXt": lambda text: png(text, "iTXt"),
    "XMP element": lambda text: png_xmp(xmp(text)),
    "XMP attribute": lambda text: png_xmp(xmp(text, attribute=True)),
    "XMP with another prefix": lambda text: jpeg_xmp(xmp(text, prefix="ai")),
    "XMP attribute in a namespace of its own": lambda text: jpeg_xmp(
        xmp(text, prefix="AIGC", uri="http://ns.adobe.com/AIGC/1.0/", attribute=True)
    ),
    "XMP in an unknown namespace": lambda text: jpeg_xmp(xmp(text, prefix="aigc", uri="http://example.com/aigc#")),
    "EXIF ASCII": lambda text: exif(b"ASCII\0\0\0" + text.encode()),
    "EXIF UNICODE, little": lambda text: exif(b"UNICODE\0" + text.encode("utf-16-le")),
    "EXIF UNICODE, big": lambda text: exif(b"UNICODE\0" + text.encode("utf-16-be")),
    "EXIF JIS": lambda text: exif(b"JIS\0\0\0\0\0" + text.encode("iso2022_jp")),
    "EXIF undefined": lambda text: exif(bytes(8) + text.encode()),
    "EXIF without a code": lambda text: exif(text.encode()),
    "EXIF of WebP": lambda text: exif(b"ASCII\0\0\0" + text.encode(), "WEBP"),
    "JPEG segment": lambda text: segment(b"AIGC" + text.encode()),
    "JPEG comment": lambda text: segment(f'{{"AIGC":{text}}}'.encode(), 0xFE),
    "WAV chunk": lambda text: wav(riff_files.chunk(b"AIGC", text.encode() + b"\0")),
    "WAV LIST INFO": lambda text: wav(_info(text)),
    "MP3 TXXX": mp3,
    "FLAC comment": flac,
    "MP4 keys in udta": lambda text: mp4(box(b"udta", keyed(text))),
    "MP4 keys, as iOS has them": lambda text: mp4(keyed(text)),
    "MP4 keys, type 0": lambda text: mp4(box(b"udta", keyed(text, kind=0))),
    "MP4 iTunes item": lambda text: mp4(box(b"udta", itunes(text))),
    "MP4 item without a name": lambda text: mp4(box(b"udta", nameless(text))),
    "MP4 box in udta": lambda text: mp4(box(b"udta", box(b"AIGC", text.encode()))),
}
