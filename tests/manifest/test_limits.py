"""Limits against files that cost the engine or us far more than their size: what they refuse, and what still passes."""

from __future__ import annotations

import io
from collections.abc import Callable

import brotli
import pytest

import boxes
import hostile_files as hostile
from provlabel.carriers.tags import carriers_in
from provlabel.carriers.tags.xmp import MAX_ALL_ATTRIBUTES, MAX_ELEMENTS
from provlabel.manifest.limits import scan_store
from provlabel.media.containers import CONTAINERS, ContainerError, Part, gif, isobmff, obstacle, svg, tiff

XMP_TWICE = 3  # packets of half the allowance each


def walked(container: str, content: bytes) -> list[Part]:
    return list(CONTAINERS[container].walk(io.BytesIO(content), len(content)))


def blocks(count: int, length: int) -> bytes:
    unit = bytes([length]) + b"a" * length
    return hostile.GIF_HEAD + hostile.GIF_IMAGE + unit * count + b"\0;"


AT = {
    "sub-blocks of one byte": ("gif", lambda more: blocks(gif.MAX_SHORT * 64 // 63 - 100 + 200 * more, 1)),
    "boxes": ("isobmff", lambda more: hostile.movie() + hostile.box(b"free") * (isobmff.MAX_BOXES + 300 * more)),
    "boxes that we do not enter": (
        "isobmff",
        lambda more: hostile.movie(
            hostile.box(b"trak", hostile.box(b"mdia", hostile.box(b"free") * (isobmff.MAX_BOXES + 300 * more)))
        ),
    ),
    "boxes in one that goes on to the end": (
        "isobmff",
        lambda more: (
            hostile.movie() + hostile.be(0) + b"moof" + hostile.box(b"free") * (isobmff.MAX_BOXES + 300 * more)
        ),
    ),
    "fragments": (
        "isobmff",
        lambda more: hostile.movie() + hostile.box(b"moof") * (isobmff.MAX_FRAGMENTS + 10 * more),
    ),
    "tags": ("tiff", lambda more: hostile.tiff(*[hostile.entry(300, 3, 1, 1)] * (tiff.MAX_TAGS + more))),
    "elements": ("svg", lambda more: hostile.svg(b"<a/>" * (svg.MAX_ELEMENTS - 1 + more))),
    "references": ("svg", lambda more: hostile.svg(b"&lt;" * (svg.MAX_ELEMENTS + more))),
    "attributes": (
        "svg",
        lambda more: hostile.svg(b"<a " + b" ".join(b'a%d=""' % n for n in range(svg.MAX_ATTRIBUTES + more)) + b"/>"),
    ),
}


@pytest.mark.parametrize("what", AT)
def test_the_limit_is_where_it_is_said_to_be(what: str) -> None:
    container, make = AT[what]
    content = make(0)
    walked(container, content)
    with pytest.raises(ContainerError, match=r"too many|tags at byte"):
        walked(container, make(1))


def test_a_gif_of_full_blocks_may_be_of_any_length() -> None:
    assert len(walked("gif", blocks(200_000, 255))) == 3


def test_a_long_film_in_fragments_is_walked() -> None:
    """An hour of sound at 64 kbit/s in fragments of two seconds, each of ten boxes."""
    inner = hostile.box(b"traf", *[hostile.box(b"free", bytes(12))] * 6)
    fragment = hostile.box(b"moof", hostile.box(b"mfhd", bytes(8)), inner) + hostile.box(b"mdat", bytes(16_000))
    assert len(walked("isobmff", hostile.movie() + fragment * 1_800)) > 3_600


def test_entities_are_passed_over_and_text_is_found() -> None:
    store = b"AAAA"
    content = hostile.svg(
        b"&a;<metadata>&a;<c2pa:manifest>" + store + b"</c2pa:manifest></metadata>&a;<title>a</title>",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]>",
    )
    parts = walked("svg", content)
    held = [part for part in parts if part.role == "manifest"]
    assert [content[part.start : part.end] for part in held] == [store]
    assert "title" in [part.name for part in parts]


def packets(count: int, unit: bytes, each: int) -> bytes:
    return hostile.png_with(*[hostile.itxt(hostile.packet(unit * each), deflated=True)] * count)


@pytest.mark.parametrize(
    ("unit", "each"),
    [(b"<dc:a/>", MAX_ELEMENTS // 2), (b"<dc:a " + b" ".join(b'e:a%d=""' % n for n in range(500)) + b"/>", 99)],
    ids=["elements", "attributes"],
)
def test_all_packets_of_a_file_share_one_allowance(unit: bytes, each: int) -> None:
    """Many packets can share their bytes, or unfold from few: each by itself would cost the time of a whole one."""
    assert 99 * 500 < MAX_ALL_ATTRIBUTES < 3 * 99 * 500

    def faults(count: int) -> list[str]:
        content = packets(count, unit, each - 5)
        found = carriers_in("PNG", io.BytesIO(content), walked("png", content)) or ()
        return [fault for item in found for fault in item.faults]

    assert faults(1) == []
    assert any("the XMP of the file has more than" in fault for fault in faults(XMP_TWICE))


def test_lists_of_texts_in_a_wav_are_few() -> None:
    def said(count: int) -> tuple[int, str]:
        content = hostile.wav(
            *[hostile.riff_chunk(b"LIST", b"INFO" + b"IART\2\0\0\0ab")] * count, hostile.riff_chunk(b"AIGC", b"{}")
        )
        found = carriers_in("WAV", io.BytesIO(content), walked("riff", content)) or ()
        return len(found[0].fields["INFO:IART"]), "; ".join(found[0].faults) + str(found[0].fields.get("AIGC"))

    assert said(16) == (16, "('{}',)")
    assert said(17) == (16, "more than 16 INFO lists('{}',)")


def test_boxes_that_tell_of_items_are_few() -> None:
    """Nothing is embedded where there are more, since the engine may move what one of them points to."""
    make: Callable[[int], bytes] = lambda count: (  # noqa: E731
        hostile.ftyp(b"avif") + hostile.full(b"meta", hostile.items(2, b"abcd")) * count + hostile.MDAT
    )
    assert obstacle("isobmff", io.BytesIO(make(8)), len(make(8))) == ""
    assert "more than 8" in obstacle("isobmff", io.BytesIO(make(9)), len(make(9)))
    content = make(9)
    found = carriers_in("AVIF", io.BytesIO(content), walked("isobmff", content)) or ()
    assert "more than 8" in found[0].faults[0]


@pytest.mark.parametrize("packed", [False, True])
def test_two_manifests_of_one_name_are_refused(packed: bool) -> None:
    first, other = boxes.manifest(boxes.assertion(b"\xa0")), boxes.manifest(boxes.assertion(b"\xa1\x61a\x01"))
    scan_store(boxes.store(first))
    if packed:
        other = boxes.superbox(b"c2cm", b"urn:c2pa:x", boxes.box(b"brob", brotli.compress(other)))
        scan_store(boxes.store(other))
    for held in ((first, other), (other, first)):
        with pytest.raises(ContainerError, match="same name"):
            scan_store(boxes.store(*held))
