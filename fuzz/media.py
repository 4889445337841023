"""Harnesses of what reads and writes media files: recognition, containers, tags, the pre-scan."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
from collections.abc import Callable, Iterator

import seeds
from _harness import Harness
from provlabel.carriers import tags
from provlabel.carriers.tagless import tagless_digest
from provlabel.carriers.tags import TAGGERS, TagError
from provlabel.errors import InputError
from provlabel.manifest import limits as prescan
from provlabel.media import containers
from provlabel.media.containers import ContainerError
from provlabel.media.containers.edits import Edited, rewrite
from provlabel.media.formats import BY_NAME, FORMATS, Format, sniff
from provlabel.media.kinds import kinds_in

#: What the worker makes a finding of; anything else that leaves a reader is a fault of it.
MALFORMED = (ValueError, InputError)

#: Which seeds are of which container.
_OF: dict[str, tuple[str, ...]] = {
    "gif": ("a.gif",),
    "id3": ("a.mp3", "a.flac", "tagged.mp3", "tagged.flac"),
    "isobmff": ("a.avif", "a.m4a", "a.mp4", "fast.mp4", "fragments.mp4", "a.mov", "still.heic", "boxed.jxl"),
    "jpeg": ("a.jpg",),
    "opaque": ("a.ogg", "a.aiff"),
    "png": ("a.png",),
    "riff": ("a.wav", "a.webp", "tagged.wav", "streamed.wav"),
    "svg": ("a.svg",),
    "tiff": ("a.tif", "a.dng", "big.tif"),
}
_OF_FORMAT: dict[str, tuple[str, ...]] = {
    "JPEG": ("a.jpg",),
    "PNG": ("a.png",),
    "WebP": ("a.webp",),
    "GIF": ("a.gif",),
    "TIFF": ("a.tif",),
    "DNG": ("a.dng",),
    "SVG": ("a.svg",),
    "JPEG XL": ("boxed.jxl",),
    "MP3": ("a.mp3", "tagged.mp3"),
    "FLAC": ("a.flac", "tagged.flac"),
    "WAV": ("a.wav", "tagged.wav"),
    "M4A": ("a.m4a",),
    "MP4": ("a.mp4", "fast.mp4"),
    "MOV": ("a.mov",),
    "AVIF": ("a.avif",),
    "HEIC": ("still.heic",),
    "ADTS AAC": ("a.aac",),
    "AIFF": ("a.aiff",),
    "Ogg Vorbis": ("a.ogg",),
    "Ogg Opus": ("a.opus",),
}
_WORDS = (b"jumb", b"jumd", b"c2pa", b"uuid", b"meta", b"iloc", b"moov", b"stco", b"ID3\x04\0\0", b"GEOB", b"C2PA")


def _seeds(*wanted: str, signed: bool = True) -> Callable[[], Iterator[bytes]]:
    def make() -> Iterator[bytes]:
        had = seeds.names()
        for name in wanted:
            if name in had:
                yield seeds.media(name)
        if signed:
            yield from (content for name, content in seeds.signed_all().items() if name in wanted)

    return make


def sniffed(data: bytes) -> None:
    """Any content is of one known format, or of none."""
    found = sniff(lambda offset, length: data[offset : offset + length])
    assert found is None or found in FORMATS
    kinds = kinds_in(lambda offset, length: data[offset : offset + length], len(data))
    assert kinds <= {"image", "audio", "video"}


def _walked(container: str, data: bytes) -> None:
    stream, size = io.BytesIO(data), len(data)
    parts = list(containers.CONTAINERS[container].walk(stream, size))
    for part in parts:
        assert 0 <= part.start <= part.end <= size, "a part outside of its file"
        assert part.payload_at + part.payload_length <= size, "a manifest outside of its file"
    if container != "tiff":  # whose walker names twice what is shared
        ordered = sorted(parts, key=lambda part: (part.start, part.end))
        assert all(one.end <= two.start for one, two in itertools.pairwise(ordered)), "a byte is named twice"
    held = [part for part in parts if part.role == "manifest" and part.payload_length]
    if sum(part.payload_length for part in held) > size:  # the same bytes, named by many; the pre-scan counts them
        assert container == "tiff", "more manifest than file"
        return
    stores = containers.stores_in(container, stream, held)
    containers.obstacle(container, stream, size)
    if (sizes := containers.CONTAINERS[container].sizes) is not None:
        settled = io.BufferedReader(containers.sized(container, stream, size)).read()
        assert not sizes(io.BytesIO(settled), len(settled)), "sizes are not set for good"
        assert list(containers.CONTAINERS[container].walk(io.BytesIO(settled), len(settled)))
    containers.inventory(container, stream, size)
    containers.bare_sha256(container, stream, size)
    containers.stores_left(container, stream, size)
    with contextlib.suppress(ContainerError):
        containers.pointed_to(container, stream, size)
    if (plays := containers.CONTAINERS[container].seconds) is not None:
        seconds = plays(stream, parts)
        assert seconds is None or 0 <= seconds < float("inf")
    if len(stores) == 1 and stores[0]:
        _spliced(container, data, stores[0])
    _roomed(container, data)


def _spliced(container: str, data: bytes, store: bytes) -> None:
    """What is written over a manifest is read again, and nothing else changes its length."""
    other = bytes(byte ^ 0xFF for byte in store) if container in ("riff", "png") else store
    stream = io.BytesIO(data)
    containers.splice(container, stream, len(data), other)
    assert len(stream.getvalue()) == len(data)
    assert containers.stores_of(container, stream, len(data)) == (other,), "written over, and not read again"


def _roomed(container: str, data: bytes) -> None:
    """A manifest that is put in is the one that is found."""
    if containers.CONTAINERS[container].hole is None:
        return
    stream, store = io.BytesIO(data), seeds.store()
    try:
        room = containers.hole_for(container, stream, len(data), len(store))
    except ContainerError:
        return
    edited = Edited(stream, len(data), room.edits)
    raw = bytearray(edited.read())
    assert len(raw) == edited.size
    content = room.fill(store)
    assert len(content) == room.length, "what goes into the hole does not fit"
    raw[room.start : room.start + room.length] = content
    found = containers.stores_of(container, io.BytesIO(raw), len(raw))
    assert found == (store,), "a manifest was put in, and is not found"


def scanned(data: bytes) -> None:
    """A file is scanned or refused, whatever format it seems to be."""
    fmt = sniff(lambda offset, length: data[offset : offset + length])
    if fmt is not None:
        scan = prescan.scan_file(io.BytesIO(data), len(data), fmt)
        scan.role_at(0, len(data))
        scan.role_of_boxes("/moov/trak", "")
        tags.carriers_in(fmt.name, io.BytesIO(data), scan.parts)


# --- tags ------------------------------------------------------------------------------------------

_ASKED: dict[str, dict[str, tuple[str, ...]]] = {
    "xmp": {"dc:rights": ("© fuzz <&>",), "TC260:AIGC": ('{"a":1}',)},
    "id3": {"TXXX:PROVLABEL_KIND": ("ai_generated",), "TSRC": ("GBABC2600001",)},
    "vorbis": {"PROVLABEL_KIND": ("ai_generated",), "ISRC": ("GBABC2600001",)},
    "riff": {"INFO:ICOP": ("© fuzz",)},
    "mp4": {"cprt": ("© fuzz",), "----:com.apple.iTunes:PROVLABEL_KIND": ("ai_generated",)},
}


def _tagged(fmt: Format, data: bytes) -> None:
    """What carriers say is bounded; what is written into them is read again, and the content stays as it is."""
    stream, size = io.BytesIO(data), len(data)
    parts = tuple(containers.CONTAINERS[fmt.container].walk(stream, size))
    before = tags.carriers_in(fmt.name, stream, parts) or ()
    for item in before:
        for name, values in item.fields.items():
            assert isinstance(name, str)
            assert all(isinstance(value, str) and len(value) <= 1 << 16 for value in values), "a value is too long"
    tagger = TAGGERS[fmt.name]
    asked = {carrier: _ASKED[carrier] for carrier in tagger.carriers}
    if not asked:
        return
    try:
        edits = tagger.edits(stream, parts, asked)
    except TagError:
        return
    dest = io.BytesIO()
    rewrite(stream, size, edits, dest)
    made = dest.getvalue()
    after = tags.carriers_in(fmt.name, dest, tuple(containers.CONTAINERS[fmt.container].walk(dest, len(made)))) or ()
    for carrier, fields in asked.items():
        said = [item.fields for item in after if item.id == carrier]
        for name, values in fields.items():
            if name in tags.KNOWN[carrier]:
                assert any(one.get(name) == values for one in said), f"{carrier} {name} was written, and is not read"
    again = tagger.edits(dest, tuple(containers.CONTAINERS[fmt.container].walk(dest, len(made))), asked)
    dest_again = io.BytesIO()
    rewrite(dest, len(made), again, dest_again)
    assert dest_again.getvalue() == made, "written twice is not written once"
    old, new = (containers.inventory(fmt.container, one, len(one.getvalue())) for one in (stream, dest))
    assert not data or not containers.lost(old, new), "a part is lost"
    if fmt.name in _EXACT:
        bare = [containers.bare_sha256(fmt.container, one, len(one.getvalue())) for one in (stream, dest)]
        assert bare[0] is not None
        assert bare[1] is not None
        assert bare[0].content == bare[1].content, "the content changed"


def _digested(container: str, data: bytes) -> None:
    """Nothing leaves the digest without texts in tags, and it is the same each time."""
    first, second = (tagless_digest(container, io.BytesIO(data), len(data)) for _ in range(2))
    assert first == second


#: Where no byte that is counted as content says how long the tags are, or that there are any.
_EXACT = frozenset({"JPEG", "PNG", "GIF", "MP3", "WAV"})


def harnesses() -> dict[str, Harness]:
    """Return them by name."""
    every = tuple(name for names in _OF.values() for name in names)
    found = {
        "sniff": Harness(sniffed, _seeds(*every, signed=False), _WORDS, max_len=2_048, cost=1),
        "prescan": Harness(scanned, _seeds(*every), _WORDS, MALFORMED, max_len=8_192),
    }
    for container, names in _OF.items():
        run = functools.partial(_walked, container)
        found[f"container-{container}"] = Harness(run, _seeds(*names), _WORDS, MALFORMED, max_len=8_192)
    for container in ("riff", "id3", "isobmff", "jpeg", "png"):
        run = functools.partial(_digested, container)
        found[f"tagless-{container}"] = Harness(run, _seeds(*_OF[container]), _WORDS, max_len=8_192)
    for name in TAGGERS:
        if name in _OF_FORMAT:
            run = functools.partial(_tagged, BY_NAME[name])
            key = "tags-" + name.lower().replace(" ", "-")
            found[key] = Harness(run, _seeds(*_OF_FORMAT[name], signed=False), _WORDS, MALFORMED, max_len=8_192)
    return found
