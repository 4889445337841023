"""The carriers of images: what we write is what others read, and nothing else of the file changes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import re
import struct
import subprocess
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace
from PIL import Image, ImageCms, PngImagePlugin

from boxes import box
from format_files import Make, decoded
from project import MEDIA, needs
from provlabel import Label, TrustStore, label_bytes, verify_bytes
from provlabel.carriers.tags import TAGGERS, TagError
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_CARRIERS, MAX_VALUE
from provlabel.carriers.tags.xmp import ARRAYS, NAMESPACES, merged, read_packet
from provlabel.evidence import Carrier
from provlabel.media.containers import CONTAINERS, ContainerError
from provlabel.media.containers.edits import rewrite
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import FORMAT_OF, PREFIXED, SVG, exif, frames, known, picture

Fields = Mapping[str, tuple[str, ...]]
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
AIGC = '{"Label":"1","ContentProducer":"001191110102MACQD9K64010000","ProduceID":"a\\"<&>b"}'
OURS: dict[str, tuple[str, ...]] = {
    "Iptc4xmpExt:DigitalSourceType": (TRAINED,),
    "Iptc4xmpExt:AISystemUsed": ('Acme <Synth> & "Söhne" \' ]]>',),
    "Iptc4xmpExt:AISystemVersionUsed": ("2.1.0",),
    "plus:DataMining": ("http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-GENAIMLTRAINING",),
    "plus:OtherConstraints": ("By licence only",),
    "dc:creator": ("A. Person", "灯台"),
    "dc:title": ("Lighthouse 東京\nat dawn",),
    "dc:rights": ("CC0",),
    "xmpRights:Owner": ("One", "Two"),
    "xmpRights:WebStatement": ("https://example.org/?a=1&b=2",),
    "xmpRights:UsageTerms": ("Free",),
    "TC260:AIGC": (AIGC,),
}
#: How exiftool calls them.
NAMES = {
    "Iptc4xmpExt:DigitalSourceType": "XMP-iptcExt:DigitalSourceType",
    "Iptc4xmpExt:AISystemUsed": "XMP-iptcExt:AISystemUsed",
    "Iptc4xmpExt:AISystemVersionUsed": "XMP-iptcExt:AISystemVersionUsed",
    "plus:DataMining": "XMP-plus:DataMining",
    "plus:OtherConstraints": "XMP-plus:OtherConstraints",
    "dc:creator": "XMP-dc:Creator",
    "dc:title": "XMP-dc:Title",
    "dc:rights": "XMP-dc:Rights",
    "xmpRights:Owner": "XMP-xmpRights:Owner",
    "xmpRights:WebStatement": "XMP-xmpRights:WebStatement",
    "xmpRights:UsageTerms": "XMP-xmpRights:UsageTerms",
    "TC260:AIGC": "XMP-TC260:Aigc",
}

# --- the edge: a file in memory ---------------------------------------------------------------------


def read(content: bytes, fmt: str | None = None) -> list[Carrier]:
    found = known(content)
    assert found is not None
    stream = io.BytesIO(content)
    parts = list(CONTAINERS[found.container].walk(stream, len(content)))
    return list(TAGGERS[fmt or found.name].read(stream, parts))


def written(content: bytes, fields: Fields) -> bytes:
    found = known(content)
    assert found is not None
    stream, dest = io.BytesIO(content), io.BytesIO()
    parts = list(CONTAINERS[found.container].walk(stream, len(content)))
    rewrite(stream, len(content), TAGGERS[found.name].edits(stream, parts, {"xmp": fields}), dest)
    return dest.getvalue()


def xmp_of(content: bytes) -> dict[str, tuple[str, ...]]:
    """What the one packet of a file says, which has no fault; one that says nothing is not told of."""
    found = [item for item in read(content) if item.id == "xmp"]
    assert [item.faults for item in found] in ([()], [])
    return found[0].fields if found else {}


def only(carriers: list[Carrier], kind: str) -> Carrier:
    [found] = [item for item in carriers if item.id == kind]
    return found


def exiftool(path: Path, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        ["exiftool", "-j", "-G1", "-a", "-struct", *options, str(path)], capture_output=True, text=True, check=False
    )
    return dict(json.loads(done.stdout)[0])


# --- the files: as they come, and full of what others wrote ------------------------------------------


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


RICH = (
    "-XMP-dc:Subject=one", "-XMP-dc:Subject=two", "-XMP-dc:Title=Old", "-XMP-dc:Title-de=Alt",
    "-XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    "-XMP-dc:Creator=Somebody", "-XMP-xmp:Rating=3", "-XMP-photoshop:City=Oslo",
    "-XMP-xmpMM:History=[{Action=saved,When=2020:01:01}]",
    "-XMP-iptcExt:LocationShown=[{City=Oslo,CountryName=Norway},{City=Bergen}]", "-XMP-exif:Flash={Fired=true}",
    "-XMP-crs:Exposure2012=+0.5", "-EXIF:Artist=Somebody", "-EXIF:UserComment=plain words", "-IPTC:Keywords=key",
    "-IPTC:City=Oslo", "-Comment=a comment", "-GPSLatitude=59.9", "-GPSLatitudeRef=N",
)  # fmt: skip
_OTHERS: dict[str, Callable[[Path], None]] = {
    "cover.jpg": lambda path: path.write_bytes((MEDIA / "cover.jpg").read_bytes()) and None,
    "bare.jpg": lambda path: picture().save(path),
    "still.png": lambda path: path.write_bytes((MEDIA / "still.png").read_bytes()) and None,
    "profile.jpg": lambda path: picture().save(path, icc_profile=srgb(), exif=exif(), comment=b"a comment"),
    "profile.webp": lambda path: picture().convert("RGBA").save(path, icc_profile=srgb(), lossless=True),
    "profile.png": lambda path: picture().save(path, icc_profile=srgb(), pnginfo=info()),
    "gray.webp": lambda path: picture().convert("L").save(path, quality=40),
    "big.tif": lambda path: big_endian(path),
    "pages.tif": frames(),
}
WRITABLE = (
    *_OTHERS,
    *(name for name, fmt in FORMAT_OF.items() if fmt in TAGGERS and "xmp" in TAGGERS[fmt].carriers),
)
EMBEDDABLE = [name for name in WRITABLE if name != "pages.tif"]  # the engine refuses several pages
READ_ONLY = [name for name, fmt in FORMAT_OF.items() if fmt in ("AVIF", "HEIC", "HEIF")]


def info() -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Comment", "plain words")
    made.add_itxt("Description", "灯台", "ja", "説明")
    made.add_text("parameters", "Steps: 20", zip=True)
    return made


def big_endian(path: Path) -> None:
    """A TIFF of the other byte order, of an odd length: 2 × 1 pixels of grey."""
    tags = [
        (256, 3, 2),
        (257, 3, 1),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 3, 1),
        (279, 4, 2),
    ]
    table = b"".join(
        struct.pack(">HHI", tag, kind, 1) + (struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value))
        for tag, kind, value in tags
    )
    head = b"MM\x00*" + struct.pack(">I", 10) + b"\x10\xf0"
    path.write_bytes(head + struct.pack(">H", len(tags)) + table + bytes(4) + b"!")


@pytest.fixture
def source(make: Make, workshop: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a fresh copy of a file, with much of others' metadata when ``rich``."""

    def one(name: str, rich: bool = False) -> Path:
        kept = workshop / f"{'rich' if rich else 'plain'}-{name}"
        if not kept.exists():
            path = tmp_path / name
            _OTHERS[name](path) if name in _OTHERS else make(name)
            if rich:
                subprocess.run(["exiftool", "-q", "-q", "-m", "-overwrite_original", *RICH, path], check=True)
            kept.write_bytes(path.read_bytes())
        copy = tmp_path / name
        copy.write_bytes(kept.read_bytes())
        return copy

    return one


Source = Callable[..., Path]
CASES = [
    pytest.param(name, rich, id=f"{name}-{'rich' if rich else 'plain'}")
    for name in WRITABLE
    for rich in (False, True)
    if not (rich and name.endswith(".svg"))  # exiftool writes no SVG
]
FILES = pytest.mark.parametrize(("name", "rich"), CASES)


# --- (a) to (d): what is written, and what stays ------------------------------------------------------


@needs("exiftool")
@FILES
def test_exiftool_reads_what_was_written_and_finds_all_else_again(name: str, rich: bool, source: Source) -> None:
    path = source(name, rich)
    before = exiftool(path)
    content = written(path.read_bytes(), OURS)
    path.write_bytes(content)
    after = exiftool(path)
    if name == "prefixed.svg":  # exiftool takes it for plain text
        assert xmp_of(content) == OURS
        return
    assert {ours: after.get(shown) for ours, shown in NAMES.items()} == {
        ours: list(values) if ARRAYS.get(ours) in ("Seq", "Bag") else values[0] for ours, values in OURS.items()
    }
    about_the_file = ("System:", "ExifTool:", "SourceFile", "XMP-x:", "File:ExifByteOrder", "XMP-dc:Title-")
    # GIF87a becomes GIF89a and a simple WebP an extended one; a picture in an SVG or behind it moves.
    moved = {"GIFVersion", "FileType", "WebP_Flags"}
    ours = set(NAMES.values())

    def foreign(tags: dict[str, Any]) -> dict[str, Any]:
        return {
            key: value
            for key, value in tags.items()
            if key not in ours and not key.startswith(about_the_file) and key.rpartition(":")[2] not in moved
        }

    assert rich <= ("XMP-xmpMM:History" in before or name.endswith(".svg"))
    kept = foreign(before)
    assert {key: foreign(after).get(key) for key in kept} == kept
    # A simple WebP tells its size once more in the chunk that announces XMP.
    assert {key.partition(":")[0] for key in set(foreign(after)) - set(kept)} <= {"RIFF"}
    assert xmp_of(content).items() >= OURS.items()


@FILES
def test_the_picture_is_the_same(name: str, rich: bool, source: Source) -> None:
    path = source(name, rich)
    before = decoded(path)
    content = path.read_bytes()
    path.write_bytes(written(content, OURS))
    if not name.endswith(".svg"):
        assert decoded(path) == before
        return
    without = b"".join(without_metadata(path.read_bytes()).split(b"<s:metadata></s:metadata>"))
    assert without.replace(b"<metadata></metadata>", b"") == without_metadata(content).replace(
        b"<metadata></metadata>", b""
    )


def without_metadata(content: bytes) -> bytes:
    """An SVG with its metadata elements, if any, emptied."""
    for name in (b"metadata", b"s:metadata"):
        front, found, rest = content.partition(b"<" + name + b">")
        if found:
            content = front + found + b"</" + name + b">" + rest.partition(b"</" + name + b">")[2]
    return content


@FILES
def test_twice_is_once_and_out_is_out(name: str, rich: bool, source: Source) -> None:
    content = source(name, rich).read_bytes()
    once = written(content, OURS)
    assert written(once, OURS) == once
    assert xmp_of(written(once, {**OURS, "dc:title": ("Other",)}))["dc:title"] == ("Other",)
    bare = xmp_of(written(once, dict.fromkeys(OURS, ())))
    assert not set(bare) & set(OURS)
    before = [item.fields for item in read(content) if item.id == "xmp"]
    assert bare == {key: value for key, value in (before or [{}])[0].items() if key not in OURS}


@FILES
def test_nothing_to_say_changes_nothing(name: str, rich: bool, source: Source) -> None:
    content = source(name, rich).read_bytes()
    assert written(content, {}) == content
    assert written(content, {"TC260:AIGC": ()}) == content


@pytest.mark.parametrize("name", EMBEDDABLE)
def test_the_engine_keeps_what_was_written(
    name: str, source: Source, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    edited = written(source(name).read_bytes(), OURS)
    signed, _ = label_bytes(edited, replace(label, systems=()), signer, carriers=(), sandbox=sandbox)
    assert verify_bytes(signed, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    assert xmp_of(signed) == xmp_of(edited)
    changed = written(signed, {"dc:title": ("Other",)})
    again, _ = label_bytes(
        changed, replace(label, systems=()), signer, carriers=(), sandbox=sandbox, accept_broken_parent=True
    )
    assert xmp_of(again) == {**xmp_of(edited), "dc:title": ("Other",)}


@needs("exiftool")
@pytest.mark.parametrize("name", READ_ONLY)
def test_items_are_read_and_not_written(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    path = make(name)
    with pytest.raises(TagError, match="cannot be written into this format"):
        written(path.read_bytes(), OURS)
    assert written(path.read_bytes(), {"dc:title": ()}) == path.read_bytes()
    if name == "animated.avif":
        pytest.skip("exiftool writes no XMP into a sequence of pictures")
    tags = ("-XMP-dc:Title=A <b>", "-XMP-dc:Creator=one", "-XMP-dc:Creator=two", "-EXIF:UserComment=words")
    subprocess.run(["exiftool", "-q", "-q", "-overwrite_original", *tags, path], check=True)
    content = path.read_bytes()
    assert xmp_of(content).items() >= {"dc:title": ("A <b>",), "dc:creator": ("one", "two")}.items()
    assert only(read(content), "exif").fields["UserComment"] == ("words",)


@needs("heif-enc")
@pytest.mark.parametrize("ending", [".heic", ".avif"])
def test_the_engine_keeps_items(
    ending: str, tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    path, made = tmp_path / "a.jpg", (tmp_path / "a").with_suffix(ending)
    path.write_bytes(written((MEDIA / "cover.jpg").read_bytes(), OURS))
    if ending == ".avif":
        with Image.open(path) as image:
            image.save(made, xmp=image.info["xmp"], exif=exif())
    else:
        subprocess.run(["heif-enc", path, "-o", made], check=True, capture_output=True)
    content = made.read_bytes()
    assert xmp_of(content) == OURS
    signed, _ = label_bytes(content, replace(label, systems=()), signer, sandbox=sandbox)
    assert verify_bytes(signed, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    assert read(signed) == read(content)


# --- (f) the packet, pure -----------------------------------------------------------------------------

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&\"']"),
    max_size=40,
)
SINGLE = [
    "Iptc4xmpExt:DigitalSourceType", "Iptc4xmpExt:AISystemUsed", "Iptc4xmpExt:AIPromptInformation", "plus:DataMining",
    "xmpRights:WebStatement", "TC260:AIGC", "Iptc4xmpExt:DigImageGUID",
    *(name for name, kind in ARRAYS.items() if kind == "Alt"),
]  # fmt: skip
FIELDS = st.dictionaries(st.sampled_from(SINGLE), st.tuples(TEXT)).flatmap(
    lambda single: st.dictionaries(
        st.sampled_from(["dc:creator", "xmpRights:Owner"]), st.lists(TEXT, min_size=1, max_size=5).map(tuple)
    ).map(lambda lists: {**single, **lists})
)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC, EXT = NAMESPACES["dc"], NAMESPACES["Iptc4xmpExt"]


def rdf(inside: str, attributes: str = "") -> str:
    return f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:dc="{DC}" xmlns:f="urn:f"{attributes}>{inside}</rdf:RDF>'


#: Packets as programs write them: prefixes, attributes, structures, comments, padding.
FOREIGN = {
    "bare": rdf('<rdf:Description rdf:about=""><dc:format>image/jpeg</dc:format></rdf:Description>'),
    "other prefixes": (
        f'<r:RDF xmlns:r="{RDF}"><r:Description r:about="uuid:1&amp;2" '
        f'xmlns:d="{DC}" xmlns:e="{EXT}" d:format="a\'&gt;b"\n'
        "   e:DigitalSourceType = 'urn:old' d:source=\"kept\"><d:title><r:Alt><r:li xml:lang='de'>Alt</r:li>"
        "<r:li xml:lang='x-default'>Old</r:li></r:Alt></d:title><d:creator><r:Seq><r:li>X</r:li></r:Seq></d:creator>"
        "</r:Description></r:RDF>"
    ),
    "default namespace": (
        f'<RDF xmlns="{RDF}" xmlns:r="{RDF}"><Description r:about="" xmlns:f="urn:f" f:a="1"/>'
        f'<Description r:about=""><title xmlns="{DC}">Old</title></Description></RDF>'
    ),
    "structures": rdf(
        '<rdf:Description rdf:about=""><f:s rdf:parseType="Resource"><dc:title>inner</dc:title></f:s>'
        '<f:h><rdf:Seq><rdf:li f:action="saved" dc:title="inner too"/></rdf:Seq></f:h><!-- > kept -->'
        "<f:c><![CDATA[<dc:title>no</dc:title>]]></f:c></rdf:Description>"
    ),
    "self-closing": (
        '<?xml version="1.0" encoding="UTF-8"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}" /></x:xmpmeta>'
    ),
    "qualified": rdf(
        '<rdf:Description rdf:about=""><dc:title rdf:parseType="Resource"><rdf:value>Old</rdf:value><f:q/></dc:title>'
        '<dc:source><rdf:Description rdf:value="S" f:q="1"/></dc:source><dc:relation rdf:resource="urn:r"/>'
        "</rdf:Description>"
    ),
    "padded": (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        + rdf('<rdf:Description rdf:about=""><f:a>1</f:a></rdf:Description>')
        + "</x:xmpmeta>"
        + (" " * 99 + "\n") * 20
        + '<?xpacket end="w"?>'
    ),
    "several": rdf(
        '<rdf:Description rdf:about="" dc:title="Old"/>\n '
        '<rdf:Description rdf:about=""><dc:title>Older</dc:title><f:a/>'
        '</rdf:Description><rdf:Description rdf:about="" f:b="2"/>'
    ),
}


def foreign(packet: bytes, names: set[str]) -> Counter[str]:
    """All properties but the named ones, as another XML library sees them, each with all that is in it."""
    uris = {f"{{{NAMESPACES[prefix]}}}{local}" for prefix, _, local in (name.partition(":") for name in names)}
    root = ElementTree.fromstring(packet)  # noqa: S314 - made here
    found: Counter[str] = Counter()
    for node in root.iter(f"{{{RDF}}}Description"):
        found.update(f"{key}={value}" for key, value in node.attrib.items() if key not in uris and RDF not in key)
        for child in node:
            if child.tag not in uris:
                child.tail = None
                found[ElementTree.canonicalize(ElementTree.tostring(child, encoding="unicode"))] += 1
    return found


@given(FIELDS)
def test_a_fresh_packet_says_what_it_was_told(fields: dict[str, tuple[str, ...]]) -> None:
    packet = merged(None, fields)
    assert read_packet(packet) == (fields, ())
    assert merged(packet, fields) == packet
    ElementTree.fromstring(packet)  # noqa: S314 - made here


@pytest.mark.parametrize("kind", FOREIGN)
@given(fields=FIELDS, gone=st.sets(st.sampled_from(SINGLE), max_size=3))
@settings(max_examples=40)
def test_foreign_properties_stay(kind: str, fields: dict[str, tuple[str, ...]], gone: set[str]) -> None:
    packet = FOREIGN[kind].encode()
    wanted = {**fields, **{name: () for name in gone if name not in fields}}
    made = merged(packet, wanted)
    assert foreign(made, set(wanted)) == foreign(packet, set(wanted))
    found, faults = read_packet(made)
    assert {name: found.get(name, ()) for name in wanted} == wanted
    before, _ = read_packet(packet)
    assert {key: value for key, value in found.items() if key not in wanted} == {
        key: value for key, value in before.items() if key not in wanted
    }
    assert merged(made, wanted) == made
    assert not faults or "dc:title" not in wanted


def test_what_is_read_of_foreign_packets() -> None:
    said = {kind: read_packet(packet.encode()) for kind, packet in FOREIGN.items()}
    assert said["other prefixes"] == (
        {
            "dc:format": ("a'>b",),
            "Iptc4xmpExt:DigitalSourceType": ("urn:old",),
            "dc:source": ("kept",),
            "dc:title": ("Old", "Alt"),
            "dc:creator": ("X",),
        },
        (),
    )
    assert said["default namespace"] == ({"dc:title": ("Old",)}, ())
    assert said["structures"] == ({}, ())
    assert said["qualified"] == ({"dc:title": ("Old",), "dc:source": ("S",), "dc:relation": ("urn:r",)}, ())
    assert said["several"] == ({"dc:title": ("Old", "Older")}, ("dc:title stands twice, with different values",))


@needs("exiftool")
@pytest.mark.parametrize(
    "bound",
    [
        NAMESPACES["Iptc4xmpExt"].rstrip("/"),
        None,
    ],
)
def test_a_namespace_that_others_forgive_is_read_and_fixed(bound: str | None, tmp_path: Path) -> None:
    name = "Iptc4xmpExt:DigitalSourceType"
    packet = merged(None, {name: (TRAINED,)}).decode()
    right = f' xmlns:Iptc4xmpExt="{NAMESPACES["Iptc4xmpExt"]}"'
    assert right in packet
    packet = packet.replace(right, f' xmlns:Iptc4xmpExt="{bound}"' if bound else "")
    path = tmp_path / "packet.xmp"
    path.write_text(packet)
    assert exiftool(path)["XMP-iptcExt:DigitalSourceType"] == TRAINED
    assert read_packet(packet.encode()) == ({name: (TRAINED,)}, ())
    assert read_packet(merged(packet.encode(), {name: ("x",)}))[0] == {name: ("x",)}
    assert TRAINED.encode() not in merged(packet.encode(), {name: ()})


def test_free_space_is_used_before_a_packet_grows() -> None:
    packet = FOREIGN["padded"].encode()
    small = merged(packet, {"dc:title": ("A",)})
    assert len(small) == len(packet)
    assert len(merged(small, {"dc:title": ()})) == len(packet)
    assert len(merged(packet, {"dc:title": ("A" * 3_000,)})) > len(packet)


def test_twice_the_same_is_no_fault() -> None:
    packet = rdf('<rdf:Description dc:title="A"/><rdf:Description><dc:title>A</dc:title></rdf:Description>').encode()
    assert read_packet(packet) == ({"dc:title": ("A",)}, ())
    assert merged(packet, {"dc:title": ("A",)}).count(b">A<") == 1


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_wide_text_is_read_and_not_rewritten(codec: str) -> None:
    packet = FOREIGN["several"].encode(codec)
    assert read_packet(packet)[0] == {"dc:title": ("Old", "Older")}
    with pytest.raises(TagError, match="not UTF-8"):
        merged(packet, {"dc:title": ("A",)})


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"dc:title": ("a\x00b",)}, r"U\+0000"),
        ({"dc:title": ("\ud800",)}, r"U\+D800"),
        ({"dc:title": ("\uffff",)}, r"U\+FFFF"),
        ({"dc:title": ("a", "b")}, "cannot have 2 values"),
        ({"dc:title": ("a" * (MAX_VALUE + 1),)}, "characters"),
        ({"foo:title": ("a",)}, "no property"),
    ],
)
def test_what_cannot_be_written_is_refused(fields: Fields, why: str) -> None:
    with pytest.raises(TagError, match=why):
        merged(None, fields)


# --- (g) bad packets ----------------------------------------------------------------------------------

LAUGHS = (
    "<!DOCTYPE a [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10 if n else '&a;'}'>" for n in range(9))
    + "]>"
)
TITLE = '<rdf:Description rdf:about=""><dc:title>{}</dc:title></rdf:Description>'
BAD = {
    "broken": (rdf(TITLE.format("A"))[:-9].encode(), "no well-formed XML"),
    "no text": (b"\x00\x01\x02", "no well-formed XML"),
    "doctype": (b"<!DOCTYPE a>" + rdf(TITLE.format("A")).encode(), "document type"),
    "external": (
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + rdf(TITLE.format("&x;")).encode(),
        "document type",
    ),
    "laughs": ((LAUGHS + rdf(TITLE.format("&a8;"))).encode(), "document type"),
    "50 MB": (rdf(TITLE.format("x" * 50_000_000)).encode(), "are not read"),
    "deep": ((rdf("{}").partition("{}")[0] + "<a>" * 100_000).encode(), "nested more than 100 deep"),
    "wide": (rdf("<f:a/>" * 100_000).encode(), "elements"),
    "attributes": (rdf("<f:a " + " ".join(f'a{n}=""' for n in range(5_000)) + "/>").encode(), "attributes"),
    "no UTF-8": (rdf(TITLE.format("A\udcff")).encode("utf-8", "surrogateescape"), "no well-formed XML"),
    "half of UTF-16": (b"\xff\xfe<\x00r", "utf-16"),
    "no RDF": (b"<a:b/>", "no rdf:RDF"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_packet_is_a_fault_and_costs_little(kind: str) -> None:
    packet, why = BAD[kind]
    begun = time.process_time()
    _, faults = read_packet(packet)
    assert time.process_time() - begun < 2  # one, on an idle machine
    assert len(faults) == 1
    assert why in faults[0]
    tracemalloc.start()
    read_packet(packet)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 << 20
    with pytest.raises(TagError):
        merged(packet, {"dc:title": ("A",)})


def test_long_lists_are_cut() -> None:
    items = "".join(f"<rdf:li>{n}</rdf:li>" for n in range(5_000))
    found, faults = read_packet(rdf(TITLE.format(f"<rdf:Seq>{items}</rdf:Seq>")).encode())
    assert found["dc:title"][:2] == ("0", "1")
    assert (len(found["dc:title"]), len(faults)) == (200, 1)
    found, faults = read_packet(rdf(TITLE.format("x" * 100_000)).encode())
    assert found == {"dc:title": ("x" * MAX_VALUE,)}
    assert "was cut" in faults[0]
    many = "".join(f"<dc:a{n}>1</dc:a{n}>" for n in range(600))
    assert len(read_packet(rdf(f"<rdf:Description>{many}</rdf:Description>").encode())[0]) == 500


# --- JPEG: the extended part --------------------------------------------------------------------------

XAP, XAP_EXTENDED = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"


def app1(content: bytes) -> bytes:
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content


def extended(main: str, more: str, *, guid: str = "", pieces: int = 3) -> bytes:
    """A JPEG whose packet is ``main``, and whose extended part is ``more``, in pieces, the last one first."""
    data = rdf(f'<rdf:Description rdf:about="">{more}</rdf:Description>').encode()
    name = guid or hashlib.md5(data).hexdigest().upper()  # noqa: S324
    note = f'<rdf:Description rdf:about="" xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="{name}"'
    packet = rdf(f"{note}>{main}</rdf:Description>").encode()
    step = -(-len(data) // pieces)
    segments = [
        app1(XAP_EXTENDED + name.encode() + len(data).to_bytes(4, "big") + at.to_bytes(4, "big") + data[at : at + step])
        for at in range(0, len(data), step)
    ]
    content = (MEDIA / "cover.jpg").read_bytes()
    return content[:2] + app1(XAP + packet) + b"".join(reversed(segments)) + content[2:]


@needs("exiftool")
def test_the_extended_part_is_read_and_the_packet_wins(tmp_path: Path) -> None:
    content = extended("<dc:title>Main</dc:title>", "<dc:title>More</dc:title><dc:source>Far</dc:source>")
    assert xmp_of(content).items() >= {"dc:title": ("Main",), "dc:source": ("Far",)}.items()
    path = tmp_path / "extended.jpg"
    path.write_bytes(content)
    assert exiftool(path)["XMP-dc:Source"] == "Far"
    path.write_bytes(written(content, {"dc:rights": ("CC0",)}))
    assert {exiftool(path)[name] for name in ("XMP-dc:Source", "XMP-dc:Rights")} == {"Far", "CC0"}


def test_what_stands_in_the_extended_part_is_not_rewritten() -> None:
    content = extended("<dc:title>Main</dc:title>", "<dc:title>More</dc:title><dc:source>Far</dc:source>")
    for fields in ({"dc:source": ("Near",)}, {"dc:source": ()}, {"dc:title": ("More",)}):
        with pytest.raises(TagError, match="extended part"):
            written(content, fields)
    assert written(content, {"dc:source": ("Far",)}) == content


def test_a_bad_extended_part_is_a_fault() -> None:
    good = extended("<dc:title>Main</dc:title>", "<dc:source>Far</dc:source>")
    first = good.index(XAP_EXTENDED)
    cases = {
        "not whole": good[:first] + b"x" + good[first + 1 :],
        "not the one": good.replace(b">Far<", b">Fur<"),
        "does not name": good.replace(b"HasExtendedXMP", b"HasExtendedXYZ"),
        "that is not there": good.replace(XAP, b"http://ns.adobe.com/xap/2.0/\0"),
        "gap": good.replace(b"\0\0\0\0<rdf:RDF", b"\0\0\0\1<rdf:RDF"),
        "too large": extended("", "<dc:source>" + "x" * (MAX_CARRIER + 9) + "</dc:source>", pieces=70),
    }
    for why, content in cases.items():
        found = only(read(content), "xmp")
        assert why in " ".join(found.faults), why
        assert "dc:source" not in found.fields
        assert why in ("that is not there", "too large") or found.fields["dc:title"] == ("Main",)


def test_a_packet_too_long_for_a_segment_is_refused() -> None:
    content = (MEDIA / "cover.jpg").read_bytes()
    with pytest.raises(TagError, match="65,502"):
        written(content, {"Iptc4xmpExt:AIPromptInformation": ("x" * 65_400,)})
    assert written(content, {"Iptc4xmpExt:AIPromptInformation": ("x" * 65_000,)}) != content


def test_the_new_segment_stands_behind_jfif_and_exif(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    picture().save(path, exif=exif(), comment=b"words", icc_profile=srgb())
    with Image.open(io.BytesIO(written(path.read_bytes(), OURS))) as image:
        applist = [name for name, _ in image.applist]  # type: ignore[attr-defined]
    assert applist[:3] == ["APP0", "APP1", "APP1"]
    assert "ICC_PROFILE" in str(applist) or "APP2" in applist


# --- WebP, GIF, TIFF, SVG: what changes around the packet ---------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}], ids=str)
@pytest.mark.parametrize("size", [(1, 1), (33, 57)])
def test_a_simple_webp_is_announced_as_pillow_would(mode: str, options: dict[str, Any], size: tuple[int, int]) -> None:
    plain, told = io.BytesIO(), io.BytesIO()
    image = picture().convert(mode).resize(size)
    if mode == "RGBA":
        image.putalpha(120)
    image.save(plain, "WEBP", **options)
    image.save(told, "WEBP", xmp=b"<x/>", **options)
    mine = written(plain.getvalue(), OURS)
    assert mine[12:30] == told.getvalue()[12:30]  # the whole VP8X chunk
    assert len(mine) == 8 + int.from_bytes(mine[4:8], "little")
    assert len(mine) % 2 == 0


def test_a_webp_without_the_padding_of_its_last_chunk() -> None:
    plain = io.BytesIO()
    picture().save(plain, "WEBP")
    content = bytearray(plain.getvalue())
    assert content[-1] == 0  # the encoder counts its padding as data
    length = int.from_bytes(content[16:20], "little") - 1
    content[16:20], content[4:8] = length.to_bytes(4, "little"), (length + 12).to_bytes(4, "little")
    for whole in (bytes(content), bytes(content[:-1])):
        made = written(whole, OURS)
        assert xmp_of(made) == OURS
        assert len(made) == 8 + int.from_bytes(made[4:8], "little")
        with Image.open(io.BytesIO(made)) as image:
            assert image.info["xmp"].startswith(b"<?xpacket")


def test_an_old_gif_becomes_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "old.gif"
    picture().save(path)
    content = path.read_bytes()
    assert content.startswith(b"GIF87a")
    made = written(content, OURS)
    assert made.startswith(b"GIF89a")
    with Image.open(io.BytesIO(made)) as image:
        assert image.info["extension"][0] == b"XMP DataXMP"


def test_a_gif_whose_packet_has_no_ramp(tmp_path: Path) -> None:
    packet = b"<x/>"
    block = b"\x21\xff\x0bXMP DataXMP" + bytes([len(packet)]) + packet + b"\0"
    path = tmp_path / "a.gif"
    picture().save(path)
    content = path.read_bytes()
    at = content.index(b"\x2c", 13 + 768)
    bad = content[:at] + block + content[at:]
    assert "end as it must" in only(read(bad), "xmp").faults[0]
    with pytest.raises(TagError):
        written(bad, OURS)


@pytest.mark.parametrize("name", ["big.tif", "plain.tif", "raw.dng"])
def test_a_tiff_keeps_to_even_places_and_leaves_nothing_behind(name: str, source: Source) -> None:
    once = written(source(name).read_bytes(), {"dc:title": ("Secret words",)})
    twice = written(once, OURS)
    assert b"Secret" not in twice
    for content in (once, twice):
        order = "little" if content.startswith(b"II") else "big"
        first = int.from_bytes(content[4:8], order)  # type: ignore[arg-type]
        count = int.from_bytes(content[first : first + 2], order)  # type: ignore[arg-type]
        rows = [content[first + 2 + 12 * row :][:12] for row in range(count)]
        tags = [int.from_bytes(row[:2], order) for row in rows]  # type: ignore[arg-type]
        assert tags == sorted(tags)
        assert tags.count(700) == 1
        assert first % 2 == 0
        assert int.from_bytes(rows[tags.index(700)][8:], order) % 2 == 0  # type: ignore[arg-type]
    shorter = written(twice, {"dc:title": ()})
    assert len(shorter) == len(twice)


@pytest.mark.parametrize(
    ("svg", "why"),
    [
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "self-closing"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><svg></svg>', "UTF-8"),
        ('<?xml version="1.0" encoding="us-ascii"?><svg></svg>', "UTF-8"),
        (f"<svg><metadata>{rdf('')}{rdf('')}</metadata></svg>", "2 XMP packets"),
    ],
)
def test_an_svg_without_a_safe_place_is_refused(svg: str, why: str) -> None:
    with pytest.raises(TagError, match=why):
        written(svg.encode(), OURS)


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><metadata/><g/></svg>",
        "<svg ><metadata id='a' /></svg >",
        "<svg><g><metadata>x</metadata></g></svg>",
        "<svg a='>'><metadata><c2pa:manifest xmlns:c2pa='http://c2pa.org/manifest'>AAAA</c2pa:manifest></metadata></svg>",
        PREFIXED,
        SVG,
        # As Inkscape writes it, with the namespaces on the root.
        f"<svg xmlns:r='{RDF}' xmlns:d='{DC}' xmlns:c='urn:cc'><metadata><r:RDF><c:Work r:about=''>"
        "<d:format>image/svg+xml</d:format></c:Work></r:RDF></metadata></svg>",
        # As Illustrator does.
        "<svg><metadata><?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        f"{FOREIGN['bare']}</x:xmpmeta></metadata></svg>",
    ],
)
def test_places_of_a_packet_in_svg(svg: str) -> None:
    made = written(svg.encode(), OURS)
    assert xmp_of(made).items() >= OURS.items()
    assert written(made, OURS) == made
    before, after = (ElementTree.fromstring(text) for text in (svg.encode(), made))  # noqa: S314
    counts = [Counter(node.tag for node in root.iter()) for root in (before, after)]
    assert not counts[0] - counts[1]
    assert xmp_of(written(made, dict.fromkeys(OURS, ()))).keys().isdisjoint(OURS)


def test_several_packets_are_refused_and_each_is_read() -> None:
    content = (MEDIA / "cover.jpg").read_bytes()
    segment = app1(XAP + rdf(TITLE.format("A")).encode())
    twice = content[:2] + segment * 2 + content[2:]
    assert [item.fields for item in read(twice) if item.id == "xmp"] == [{"dc:title": ("A",)}] * 2
    with pytest.raises(TagError, match="2 XMP packets"):
        written(twice, OURS)
    many = read(content[:2] + segment * 50 + content[2:])
    assert len(many) == MAX_CARRIERS + 1
    assert "more than" in many[-1].faults[0]


# --- EXIF and text ------------------------------------------------------------------------------------

WORDS = {"ImageDescription": "Lighthouse é", "Artist": "Somebody", "Software": "Acme Synth 2"}


@needs("exiftool")
@pytest.mark.parametrize(
    "name", ["cover.jpg", "still.png", "lossy.webp", "plain.tif", "big.tif", "raw.dng", "boxed.jxl"]
)
@pytest.mark.parametrize("comment", [AIGC, "灯台 " + AIGC], ids=["ascii", "wide"])
@pytest.mark.parametrize("order", ["II", "MM"])
def test_exif_is_read_as_exiftool_writes_it(name: str, comment: str, order: str, source: Source) -> None:
    path = source(name)
    tags = [f"-EXIF:{key}={value}" for key, value in WORDS.items()]
    run = [
        "exiftool",
        "-q",
        "-q",
        "-m",
        "-overwrite_original",
        f"-ExifByteOrder={order}",
        *tags,
        f"-EXIF:UserComment={comment}",
    ]
    subprocess.run([*run, path], check=True)
    fields = only(read(path.read_bytes()), "exif").fields
    assert {key: values for key, values in fields.items() if key not in ("Make", "Model")} == {
        **{key: (value,) for key, value in WORDS.items()},
        "UserComment": (comment,),
    }


def tiff(*entries: tuple[int, int, int, bytes], tail: bytes = b"") -> bytes:
    """A TIFF header and one directory."""
    rows = b"".join(
        struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0") for tag, kind, count, value in entries
    )
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + rows + bytes(4) + tail


def with_exif(raw: bytes) -> bytes:
    content = (MEDIA / "still.png").read_bytes()
    chunk = b"eXIf" + raw
    return content[:33] + len(raw).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + content[33:]


@pytest.mark.parametrize(
    ("raw", "fields", "faulty"),
    [
        (b"", {}, True),
        (b"nonsense", {}, True),
        (b"II*\0\xff\xff\xff\xff", {}, False),
        (b"II*\0\x08\0\0\0\xff\xff", {}, False),
        (tiff((0x131, 2, 100, b"\xff\xff\xff\x7f")), {}, True),
        (tiff((0x131, 2, 0xFFFFFFFF, b"\x08\0\0\0")), {}, True),
        (tiff((0x131, 2, 4, b"Ab\0d")), {"Software": ("Ab",)}, False),
        (tiff((0x131, 5, 1, b"\x08\0\0\0")), {}, True),
        (tiff((0x8769, 4, 1, b"\x08\0\0\0")), {}, False),  # EXIF is the directory itself
        (tiff((0x8769, 4, 1, b"\xff\xff\xff\xff"), (0x131, 2, 3, b"Abc")), {"Software": ("Abc",)}, False),
        (b"Exif\0\0" + tiff((0x131, 2, 3, b"Abc")), {"Software": ("Abc",)}, False),
    ],
)
def test_exif_of_no_sense_is_borne(raw: bytes, fields: Fields, faulty: bool) -> None:
    found = [item for item in read(with_exif(raw)) if item.id == "exif"]
    assert [item.fields for item in found] == [fields] * bool(fields or faulty)
    assert any(item.faults for item in found) == faulty


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\0\0\0words\0\0", "words"),
        (bytes(8) + b"words", "words"),
        (b'{"AIGC":{"Label":"1"}}', '{"AIGC":{"Label":"1"}}'),
        (b"UNICODE\0" + "wörds".encode("utf-16-be"), "wörds"),
        (b"UNICODE\0" + "wörds".encode("utf-16-le"), "wörds"),
        (b"UNICODE\0" + "wörds".encode("utf-16"), "wörds"),
        (b"UNICODE\0\xff", "\ufffd"),
        (b"JIS\0\0\0\0\0" + "灯台".encode("iso2022_jp"), "灯台"),
        (b"ASCII\0\0\0w\xf6rds", "wörds"),
    ],
)
def test_comments_by_their_code(raw: bytes, text: str) -> None:
    directory = tiff((0x9286, 7, len(raw), (8 + 18 + 18).to_bytes(4, "little")))[8:]
    content = tiff((0x8769, 4, 1, (8 + 18).to_bytes(4, "little")), tail=directory + raw)
    assert only(read(with_exif(content)), "exif").fields == {"UserComment": (text,)}


@needs("ffmpeg")
def test_ffmpeg_plays_an_animated_png_that_has_a_packet(tmp_path: Path, label: Label, signer: Signer) -> None:
    """It refuses any chunk between the header of a frame and its data."""
    path = tmp_path / "animated.png"
    frames(duration=100)(path)
    path.write_bytes(label_bytes(path.read_bytes(), label, signer)[0])
    command = ["ffmpeg", "-v", "error", "-f", "apng", "-i", path, "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len([line for line in done.stdout.splitlines() if not line.startswith("#")]) == 2


def test_png_text_is_read_as_pillow_writes_it(tmp_path: Path) -> None:
    made = PngImagePlugin.PngInfo()
    made.add_text("AIGC", f'{{"AIGC":{AIGC}}}')
    made.add_text("parameters", "a lighthouse\nSteps: 20, Sampler: Euler", zip=True)
    made.add_itxt("prompt", "灯台", "ja", "x")
    made.add_itxt("workflow", "{}" * 9_000, zip=True)
    made.add_text("Comment", "one")
    made.add_text("Comment", "zwei ö")
    made.add_text("Software", "x" * 70_000, zip=True)
    path = tmp_path / "a.png"
    picture().save(path, pnginfo=made)
    found = only(read(path.read_bytes()), "text")
    assert found.fields == {
        "AIGC": (f'{{"AIGC":{AIGC}}}',),
        "parameters": ("a lighthouse\nSteps: 20, Sampler: Euler",),
        "prompt": ("灯台",),
        "workflow": ("{}" * 9_000,),
        "Comment": ("one", "zwei ö"),
        "Software": ("x" * MAX_VALUE,),
    }
    assert found.faults == ("Software is too long and was cut",)


def chunked(*chunks: tuple[bytes, bytes]) -> bytes:
    content = (MEDIA / "still.png").read_bytes()
    rows = (
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )
    return content[:33] + b"".join(rows) + content[33:]


def test_a_compressed_packet_is_read_and_written_plainly() -> None:
    packet = FOREIGN["several"].encode()
    content = chunked((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)))
    assert only(read(content), "xmp").fields == {"dc:title": ("Old", "Older")}
    made = written(content, OURS)
    assert xmp_of(made) == OURS
    assert b"<dc:creator>" in made


def _profile(packet: bytes) -> bytes:
    return b"\nxmp\n%8d\n" % len(packet) + b"\n".join(re.findall(b".{1,72}", packet.hex().encode())) + b"\n"


@needs("exiftool")
@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "profile"])
def test_a_packet_in_another_text_chunk_is_read_and_moved(kind: str, tmp_path: Path) -> None:
    packet = merged(None, {"Iptc4xmpExt:DigitalSourceType": (TRAINED,)})
    data = {
        "tEXt": b"XML:com.adobe.xmp\0" + packet,
        "zTXt": b"XML:com.adobe.xmp\0\0" + zlib.compress(packet),
        "profile": b"Raw profile type xmp\0\0" + zlib.compress(_profile(packet)),
    }[kind]
    name = b"tEXt" if kind == "tEXt" else b"zTXt"
    chunk = len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
    whole = (MEDIA / "still.png").read_bytes()
    at = whole.index(b"IDAT") - 4
    whole = whole[:at] + chunk + whole[at:]
    path = tmp_path / "still.png"
    path.write_bytes(whole)
    assert exiftool(path)["XMP-iptcExt:DigitalSourceType"] == TRAINED
    assert xmp_of(whole) == {"Iptc4xmpExt:DigitalSourceType": (TRAINED,)}
    after = written(whole, {"dc:title": ("x",)})
    assert xmp_of(after) == {"Iptc4xmpExt:DigitalSourceType": (TRAINED,), "dc:title": ("x",)}
    assert chunk not in after


def test_a_profile_of_no_sense_is_a_fault() -> None:
    data = b"Raw profile type xmp\0" + b"\nxmp\n 4\nzz"
    chunk = len(data).to_bytes(4, "big") + b"tEXt" + data + zlib.crc32(b"tEXt" + data).to_bytes(4, "big")
    whole = (MEDIA / "still.png").read_bytes()
    at = whole.index(b"IDAT") - 4
    assert only(read(whole[:at] + chunk + whole[at:]), "xmp").faults


def test_bombs_do_not_go_off() -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    content = chunked(
        *[(b"zTXt", b"prompt\0\0" + bomb)] * 40,
        *[(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb)] * 2,
        (b"zTXt", b"broken\0\0" + b"no zlib"),
        (b"iTXt", b"cut\0\1\0\0\0" + zlib.compress(b"words")[:-3]),
        (b"tEXt", b"no separator"),
        (b"iTXt", b""),
    )
    tracemalloc.start()
    begun = time.process_time()
    found = read(content)
    took, (_, most) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 3  # under tracemalloc
    assert most < 64 << 20
    assert all(item.faults for item in found)
    with pytest.raises(TagError):
        written(content, OURS)


def test_broken_text_is_named() -> None:
    content = chunked(
        (b"zTXt", b"broken\0\0no zlib"), (b"iTXt", b"cut\0\1\0\0\0" + zlib.compress(b"words")[:-3]), (b"tEXt", b"a\0b")
    )
    found = only(read(content), "text")
    assert found.fields.items() >= {"a": ("b",)}.items()
    assert found.faults == ("broken: its compression is broken", "cut: its compression is broken")


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    plain = io.BytesIO()
    picture().save(plain, "WEBP")
    rows = b"".join(name + len(data).to_bytes(4, "little") + data for name, data in chunks)
    content = plain.getvalue() + rows
    return content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:]


def gif(packet: bytes) -> bytes:
    screen = b"GIF89a\x01\0\x01\0\0\0\0"
    return screen + b"\x21\xff\x0bXMP DataXMP" + packet + b"\x01" + bytes(range(255, -1, -1)) + b"\0" + b";"


FTYP_JXL = b"\x00\x00\x00\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl " + bytes(4) + b"jxl ") + box(b"jxlc", bytes(30))
HUGE = rdf(" " * (MAX_CARRIER + 2)).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(riff((b"XMP ", HUGE + bytes(len(HUGE) % 2))), id="WebP"),
        pytest.param(chunked((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + HUGE)), id="PNG"),
        pytest.param(gif(HUGE), id="GIF"),
        pytest.param(tiff((700, 1, len(HUGE), (26).to_bytes(4, "little")), tail=HUGE), id="TIFF"),
        pytest.param(b"<svg><metadata>" + HUGE + b"</metadata></svg>", id="SVG"),
        pytest.param(FTYP_JXL + box(b"xml ", HUGE), id="JPEG XL"),
    ],
)
def test_a_packet_that_is_too_large_is_neither_read_nor_written(content: bytes) -> None:
    found = only(read(content), "xmp")
    assert not found.fields
    assert "not read" in found.faults[0]
    with pytest.raises(TagError, match="not read"):
        written(content, OURS)


BARE = FOREIGN["bare"].encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"RIFF\x12\0\0\0WEBPVP8 \x06\0\0\0nonsen", "in the middle|cannot be read"),
        (riff()[:12] + b"JUNK\0\0\0\0", "announces"),
        (b"RIFF\x0c\0\0\0WEBPJUNK\0\0\0\0", "no picture"),
        (b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0nonsense!!", "cannot be read"),
        (b"RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0nonsense!!", "cannot be read"),
        (tiff((700, 5, 1, bytes(4))), "holds no bytes"),
        (tiff((270, 2, 9, b"\x26\0\0\0"), (700, 1, len(BARE), b"\x26\0\0\0"), tail=BARE), "other parts"),
    ],
)
def test_what_cannot_be_written_to_is_refused(content: bytes, why: str) -> None:
    read_or_damage(content)
    with pytest.raises(ContainerError, match=why):
        written(content, OURS)


def read_or_damage(content: bytes) -> None:
    with contextlib.suppress(ContainerError):
        read(content)


# --- boxes --------------------------------------------------------------------------------------------

PACKET = rdf(TITLE.format("Boxed")).encode()
FTYP = box(b"ftyp", b"avif" + bytes(4) + b"avif")


def meta(*, method: int = 1, version: int = 1, data: bytes = PACKET, place: tuple[int, int] | None = None) -> bytes:
    """An AVIF of nothing but an XMP item."""
    wide = "I" if version == 2 else "H"
    infe = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"mime\0application/rdf+xml\0")
    iinf = box(b"iinf", bytes(4) + struct.pack(">H", 1) + infe)
    offset, length = place or (0, len(data))
    how = struct.pack(">H", method) if version else b""
    item = struct.pack(f">{wide}", 1) + how + struct.pack(">HHII", 0, 1, offset, length)
    iloc = box(b"iloc", bytes([version, 0, 0, 0]) + b"\x44\x00" + struct.pack(f">{wide}", 1) + item)
    return FTYP + box(b"meta", bytes(4) + iinf + iloc + box(b"idat", data))


@pytest.mark.parametrize("version", [1, 2])
def test_an_item_in_idat(version: int) -> None:
    assert xmp_of(meta(version=version)) == {"dc:title": ("Boxed",)}


def test_an_item_in_the_file() -> None:
    there = meta(method=0).index(PACKET)
    for version in (0, 1, 2):
        content = meta(method=0, version=version)
        at = content.index(PACKET)
        assert xmp_of(meta(method=0, version=version, place=(at, len(PACKET)))) == {"dc:title": ("Boxed",)}
    assert there


def test_a_packet_in_a_box_of_its_own() -> None:
    content = FTYP + box(b"meta", bytes(4)) + box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + PACKET)
    assert xmp_of(content) == {"dc:title": ("Boxed",)}


@pytest.mark.parametrize(
    "content",
    [
        meta(method=2),
        meta(place=(1 << 31, 10)),
        meta(place=(0, 1 << 31)),
        meta().replace(b"iloc", b"xloc"),
        meta().replace(b"\x44\x00" + struct.pack(">H", 1), b"\x00\x00" + struct.pack(">H", 0xFFFF)),
        meta().replace(b"iinf", b"\xff\xff\xff\xff"),
        FTYP + box(b"meta", bytes(4) + b"\0\0\0\1iinf"),
        FTYP + box(b"meta"),
    ],
)
def test_items_that_lie_nowhere(content: bytes) -> None:
    found = read(content)
    assert all(item.faults and not item.fields for item in found)
    assert found or b"iinf" not in content


def test_a_jpeg_xl_with_a_compressed_packet(source: Source) -> None:
    content = source("boxed.jxl").read_bytes() + box(b"brob", b"xml \x00\x01")
    assert "Brotli" in only(read(content), "xmp").faults[0]
    with pytest.raises(TagError, match="Brotli"):
        written(content, OURS)


def test_nothing_is_appended_behind_a_box_without_an_end() -> None:
    front = b"\x00\x00\x00\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl " + bytes(4) + b"jxl ")
    with pytest.raises(TagError, match="where it ends"):
        written(front + b"\0\0\0\0jxlc" + bytes(30), OURS)


# --- everything, spoilt -------------------------------------------------------------------------------


@needs("exiftool")
@pytest.mark.parametrize("name", [*WRITABLE, *READ_ONLY])
def test_no_spoilt_file_gets_an_exception_out(name: str, source: Source) -> None:
    rich = not name.endswith(".svg") and name != "animated.avif"
    chance, content = random.Random(name), source(name, rich).read_bytes()
    content = written(content, OURS) if name in WRITABLE else content
    likely = [at for at in (content.find(b"<?xpacket"), content.find(b"Exif"), content.find(b"iinf"), 0) if at >= 0]
    letters = b"<>/:= abc" * 9 + b"\0" if name.endswith(".svg") else bytes([0, 1, 0xFF, 0x3C, *range(0, 256, 5)])
    walked = 0
    for _ in range(150):
        spoilt = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            near = chance.choice(likely) + int(chance.expovariate(0.01))
            at = near if chance.random() < 0.7 else chance.randrange(len(spoilt))
            spoilt[at % len(spoilt)] = chance.choice(letters)
        if (found := known(bytes(spoilt))) is None or found.name not in TAGGERS:
            continue
        stream = io.BytesIO(spoilt)
        try:
            parts = list(CONTAINERS[found.container].walk(stream, len(spoilt)))
        except ContainerError:
            continue
        walked += 1
        list(TAGGERS[found.name].read(stream, parts))
        try:
            TAGGERS[found.name].edits(stream, parts, {"xmp": {"dc:title": ("Other",)}})
        except ContainerError:
            continue
    assert walked > 15


@pytest.mark.parametrize("encoding", ["UTH-8", "Shift_JIS", "utf-16", "latin-1"])
def test_encodings_that_expat_does_not_know(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><svg><metadata/></svg>'.encode()
    with pytest.raises(ContainerError):
        written(content, OURS)


def test_the_corpus_of_others(corpus: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    for path in sorted(corpus.glob("*.jpg")):
        content = path.read_bytes()
        made = written(content, OURS)
        assert xmp_of(made).items() >= OURS.items(), path.name
        before = [item for item in read(content) if item.id != "xmp"]
        assert [item for item in read(made) if item.id != "xmp"] == before
        with Image.open(io.BytesIO(content)) as one, Image.open(io.BytesIO(made)) as other:
            assert one.tobytes() == other.tobytes()
