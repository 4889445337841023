"""Vectors about the content: every format, what lies around the manifest, and what the hash leaves out."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator

from PIL import Image

from project import MEDIA, SAMPLES
from provlabel.media.containers.isobmff import C2PA
from sample_files import (
    DECODED,
    DETACHED_ROWS,
    EMBEDDED_ROWS,
    ROWS,
    known,
    parts_of,
    picture,
    stripped,
)
from stores import IHDR_END, Range, chunk, embedded, without
from vectors import STILL, Bench, Expected, Vector, fails, passes, refused, unreadable, unsigned

#: Kinds of ISO base media, whose damage a reader may notice before it comes to any hash.
_BOXED = ("isobmff",)
_NEEDS = {"heif-enc": (".heic", ".heif"), "cjxl": (".jxl",), "ffmpeg": (".m4a", ".mp4", ".mov", ".wav")}


def available(name: str) -> bool:
    """Is the program there that makes this file?"""
    return all(shutil.which(program) for program, endings in _NEEDS.items() if name.endswith(endings))


def _sources(bench: Bench) -> Iterator[tuple[str, bytes]]:
    yield from ((name, (MEDIA / name).read_bytes()) for name in SAMPLES)
    for name, _, maker, needed in EMBEDDED_ROWS:
        if not needed or available(name):
            path = bench.folder / name
            maker(path)
            yield name, path.read_bytes()


def of_formats(bench: Bench) -> Iterator[Vector]:
    """Every format that holds a manifest: genuine, and attacked in the five plain ways."""
    for name, source in _sources(bench):
        row = known(source)
        assert row is not None
        whole = bench.sign(source)
        yield Vector(
            f"formats/{name}-genuine", f"a genuine {row.name}", "C2PA 2.4 Annex A", "content", {name: whole}, passes()
        )
        yield from _attacked(bench, name, source, whole)


def _attacked(bench: Bench, name: str, source: bytes, whole: bytes) -> Iterator[Vector]:
    row = ROWS[getattr(known(source), "name", "")]
    boxed = row.container in _BOXED
    places = [at for part in parts_of(row, whole) if part.name in DECODED for at in range(part.start, part.end)]
    chance = bench.chance("bit", name)
    if row.name == "SVG":  # digits alone, which leave it well-formed
        places = [at for at in places if whole[at - 1 : at + 2].isdigit()]
    at = chance.choice(places[len(places) // 4 : -len(places) // 4])
    changed = bytearray(whole)
    changed[at] ^= 1 << (0 if row.name == "SVG" else chance.randrange(8))
    altered = fails("invalid", "content.altered", content="altered")

    def vector(case: str, title: str, content: bytes, expected: Expected, source: str) -> Vector:
        return Vector(f"formats/{name}-{case}", f"{row.name}: {title}", source, "content", {name: content}, expected)

    yield vector("bit", f"one bit of the media changed, in byte {at}", bytes(changed), altered, "abuse 1")
    yield vector(
        "appended",
        "bytes appended",
        whole + b"appended",
        refused() if boxed or row.name == "SVG" else altered,
        "abuse 4",
    )
    yield vector("cut", "cut off at nine tenths", whole[: len(whole) * 9 // 10], refused(), "abuse 26")
    yield vector("stripped", "the manifest taken out", stripped(row, whole), unsigned(), "abuse 2")
    middle = places[len(places) // 2]
    more = 1 if row.name == "SVG" else 16
    other = whole[:middle] + bytes(byte ^ 1 for byte in whole[middle : middle + more]) + whole[middle + more :]
    yield vector("swapped", "other media under the good manifest", other, altered, "abuse 1")


def beside(bench: Bench) -> Iterator[Vector]:
    """Formats that hold no manifest, and files with one beside them."""
    for name, _, maker, needed in DETACHED_ROWS:
        if needed and not shutil.which("ffmpeg"):
            continue
        if name.endswith(".jxl") and not shutil.which("cjxl"):
            continue
        path = bench.folder / name
        maker(path)
        files = bench.beside(name, path.read_bytes())
        yield Vector(
            f"beside/{name}-genuine",
            "a genuine file with its manifest beside it",
            "C2PA 2.4 §11.4",
            "content",
            files,
            passes(),
        )
        changed = bytearray(files[name])
        changed[len(changed) // 2] ^= 1
        yield Vector(
            f"beside/{name}-bit",
            "one bit changed under a manifest beside the file",
            "abuse 1",
            "content",
            {**files, name: bytes(changed)},
            fails("invalid", "content.altered", content="altered"),
        )
    yield from _beside_png(bench)


def _beside_png(bench: Bench) -> Iterator[Vector]:
    store = bench.store().signed(bench.hand)
    other = bench.beside("other.png", bench.sign(bench.png[:-12] + chunk(b"tEXt", b"a\0b") + bench.png[-12:]))

    def vector(case: str, title: str, source: str, files: dict[str, bytes], expected: Expected) -> Vector:
        return Vector(f"beside/{case}", title, source, "content", files, expected)

    yield vector(
        "png-genuine", "a genuine PNG with its manifest beside it", "C2PA 2.4 §11.4", bench.detached(store), passes()
    )
    yield vector(
        "foreign-bytes",
        "a good manifest beside other media",
        "abuse 9",
        bench.detached(store, other["other.png"].replace(b"\0b", b"\0c")),
        # what is embedded is judged, and it is of other bytes
        fails("invalid", "content.altered", content="altered"),
    )
    jpeg = {"cover.jpg": bench.jpeg, "cover.jpg.c2pa": store}
    yield vector(
        "other-format",
        "a good manifest of a PNG beside a JPEG",
        "abuse 9",
        jpeg,
        fails("invalid", "content.altered", content="altered"),
    )
    yield vector("garbage", "garbage beside a bare file", "abuse 22", bench.detached(b"garbage" * 40), unreadable())
    yield vector(
        "embedded-wins",
        "a good embedded manifest, and another one beside it",
        "design: embedded is judged",
        bench.detached(store, bench.signed_png),
        passes("carrier.sidecar-differs"),
    )
    changed = bytearray(bench.signed_png)
    changed[-30] ^= 1
    yield vector(
        "sidecar-does-not-heal",
        "an altered file with a good manifest of the original beside it",
        "abuse 9",
        bench.detached(bench.beside("again.png", bench.png)["again.png.c2pa"], bytes(changed)),
        fails("invalid", "content.altered", content="altered"),
    )
    for start, length in ((0, len(bench.png)), (100, 900)):
        left_out = [{"start": start, "length": length}]
        made = bench.store()
        kept = without(bench.png, left_out)
        made.put("c2pa.hash.data", _bound(left_out, kept))
        over = bytearray(bench.png)
        over[start + 40 : start + length] = bytes(byte ^ 0x5A for byte in over[start + 40 : start + length])
        yield vector(
            f"overwritten-{start}",
            "a detached manifest whose excluded range was overwritten",
            "c2pa-rs PR 2643, abuse 9",
            bench.detached(made.signed(bench.hand), bytes(over)),
            refused(),
        )
        yield vector(
            f"excluded-{start}",
            "a detached manifest that leaves media out of its hash, not changed yet",
            "C2PA 2.4 §15.12.1, abuse 8",
            bench.detached(made.signed(bench.hand)),
            refused(),
        )


def _bound(left_out: list[Range], kept: bytes, alg: str = "sha256") -> dict[str, object]:
    digest = hashlib.new(alg, kept).digest()
    return {"exclusions": left_out, "name": "jumbf manifest", "alg": alg, "hash": digest, "pad": b""}


# --- around the manifest ---------------------------------------------------------------------------


def places(bench: Bench) -> Iterator[Vector]:
    """The manifest moved, doubled, or among others; bytes before and behind; names and polyglots."""
    png, whole = bench.png, bench.signed_png
    stores = _chunk_of(whole)
    other = bench.sign(_with_text(png, b"Title\0another work"))
    altered = fails("invalid", "content.altered", content="altered")
    # The picture is the same; where the manifest lies and what texts say is all that differs.
    retitled = fails("invalid", "content.tags-edited", content="altered")
    # By C2PA 2.4 §A.3.3 a PNG has one caBX at most: a file with two is no file of C2PA.
    two = refused()
    cases: dict[str, tuple[str, str, bytes, Expected]] = {
        "doubled": ("the same manifest twice", "abuse 4", whole[:IHDR_END] + stores + whole[IHDR_END:], two),
        "two": ("two manifests", "abuse 4", whole[:IHDR_END] + _chunk_of(other) + whole[IHDR_END:], two),
        "two-turned": (
            "two manifests, the foreign one last",
            "abuse 4",
            whole[:IHDR_END] + stores + _chunk_of(other) + png[IHDR_END:],
            two,
        ),
        "transplanted": (
            "the manifest of another picture",
            "abuse 4",
            png[:IHDR_END] + _chunk_of(other) + png[IHDR_END:],
            retitled,
        ),
        "at-the-end": (
            "the manifest moved to the end of the file",
            "abuse 4",
            png[:-12] + stores + png[-12:],
            retitled,
        ),
        "before": (
            "garbage in front of the file",
            "abuse 4",
            b"garbage!" + whole,
            refused(content=("unreadable", "altered")),
        ),
        "chunk-behind": ("a chunk of text added", "abuse 13", _with_text(whole, b"Title\0stolen"), retitled),
        "zip-behind": ("a ZIP archive behind the picture", "abuse 22", whole + _zip(), altered),
    }
    for case, (title, source, content, expected) in cases.items():
        yield Vector(f"places/{case}", title, source, "content", {STILL: content}, expected)
    yield from _jpeg_places(bench)
    yield from _odd_files(bench)


def _jpeg_places(bench: Bench) -> Iterator[Vector]:
    whole = bench.sign(bench.jpeg)
    row = ROWS["JPEG"]
    [(start, end)] = [(part.start, part.end) for part in parts_of(row, whole) if part.role == "manifest"]
    store = whole[start:end]
    other = bench.sign(_comment(bench.jpeg, b"another work"))
    [(from_, to)] = [(part.start, part.end) for part in parts_of(row, other) if part.role == "manifest"]
    cases = {
        "doubled": ("the same segments twice", whole[:end] + store + whole[end:]),
        "two": ("the segments of two manifests", whole[:end] + other[from_:to] + whole[end:]),
        "transplanted": ("the segments of another picture", whole[:start] + other[from_:to] + whole[end:]),
        "comment": ("a comment added", _comment(whole, b"stolen")),
        "behind": ("a second picture behind the first", whole + bench.jpeg),
    }
    for case, (title, content) in cases.items():
        expected = refused(content=("altered", "not-fully-bound", "unreadable"))
        yield Vector(f"places/jpeg-{case}", f"JPEG: {title}", "abuse 4", "content", {"cover.jpg": content}, expected)


def _odd_files(bench: Bench) -> Iterator[Vector]:
    """Names that lie, polyglots, and what is no media: content decides (abuse 22)."""

    def vector(case: str, title: str, name: str, content: bytes, expected: Expected) -> Vector:
        return Vector(f"places/{case}", title, "abuse 22", "content", {name: content}, expected)

    yield vector("png-named-jpg", "a genuine PNG named .jpg", "still.jpg", bench.signed_png, passes())
    wav = bench.sign((MEDIA / "take.wav").read_bytes())
    yield vector("wav-named-mp3", "a genuine WAV named .mp3", "take.mp3", wav, passes())
    yield vector(
        "png-without-ending", "a genuine PNG with a name that tells nothing", "still", bench.signed_png, passes()
    )
    yield vector("empty", "no byte at all", "empty.png", b"", unreadable())
    yield vector("one-byte", "one byte", "one.jpg", b"\xff", unreadable())
    yield vector("text", "a text named .jpg", "text.jpg", b"For people to read.\n" * 20, unreadable())
    pdf = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    yield vector(
        "pdf-in-front",
        "a PDF in front of a signed picture",
        "still.png",
        pdf + bench.signed_png,
        refused(content=("unreadable", "altered")),
    )
    html = _with_text(bench.png, b"Comment\0<script>alert(1)</script>")
    yield vector(
        "script-inside", "a genuine picture with a script in its text", "still.png", bench.sign(html), passes()
    )


def _with_text(content: bytes, text: bytes) -> bytes:
    return content[:-12] + chunk(b"tEXt", text) + content[-12:]


def _comment(content: bytes, text: bytes) -> bytes:
    return content[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + content[2:]


def _chunk_of(content: bytes) -> bytes:
    at = content.index(b"caBX") - 4
    return content[at : at + 12 + int.from_bytes(content[at : at + 4], "big")]


def _zip() -> bytes:
    import io
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt", (2026, 1, 1, 0, 0, 0)), "a")
    return made.getvalue()


# --- what the hash leaves out ----------------------------------------------------------------------

Ranges = Callable[[int, int, int], list[Range]]


def _span(start: int, length: int) -> Range:
    return {"start": start, "length": length}


#: Case -> title, and what is left out, by where the manifest starts, its length and that of the file; none may pass.
_EXCLUSIONS: dict[str, tuple[str, Ranges]] = {
    "wider": ("the range reaches a byte beyond the manifest", lambda at, size, all_: [_span(at, size + 1)]),
    "wider-before": ("the range begins a byte before the manifest", lambda at, size, all_: [_span(at - 1, size + 1)]),
    "narrower": ("the range ends a byte before the manifest does", lambda at, size, all_: [_span(at, size - 1)]),
    "whole-file": ("the range is the whole file", lambda at, size, all_: [_span(0, all_)]),
    "beyond": ("the range ends beyond the file", lambda at, size, all_: [_span(at, all_)]),
    "far-beyond": (
        "a second range begins beyond the file",
        lambda at, size, all_: [_span(at, size), _span(all_ + 9, 9)],
    ),
    "huge": ("a range of 2^63 bytes", lambda at, size, all_: [_span(at, size), _span(at + size, (1 << 63) - 1)]),
    "negative": ("a range that begins before the file", lambda at, size, all_: [_span(-9, 9), _span(at, size)]),
    "negative-length": ("a range of negative length", lambda at, size, all_: [_span(at, size), _span(at + size, -40)]),
    "pixels": ("the pixels are left out", lambda at, size, all_: [_span(at, size), _span(all_ - 4000, 3900)]),
    "one-pixel": ("one byte of the pixels is left out", lambda at, size, all_: [_span(at, size), _span(all_ - 900, 1)]),
    "overlapping": (
        "two ranges overlap, and reach the pixels",
        lambda at, size, all_: [_span(at, size), _span(at + size - 20, 900)],
    ),
    "nested": ("one range within another", lambda at, size, all_: [_span(at, size), _span(at + 8, 20)]),
    "turned": (
        "ranges in the wrong order, one of pixels",
        lambda at, size, all_: [_span(all_ - 900, 800), _span(at, size)],
    ),
    "metadata-first": (
        "a range of padding stands in front of that of the manifest, though it lies behind",
        lambda at, size, all_: [_span(all_ - 12, 4), _span(at, size)],
    ),
    "doubled": ("the range of the manifest twice", lambda at, size, all_: [_span(at, size)] * 2),
    "hundreds": (
        "900 ranges of one byte each in the pixels",
        lambda at, size, all_: [_span(at, size), *(_span(at + size + 2000 + 3 * n, 1) for n in range(900))],
    ),
    "no-range": ("nothing is left out, though the manifest lies inside", lambda at, size, all_: []),
}


def exclusions(bench: Bench) -> Iterator[Vector]:
    """Ranges in the hash of the content, written by hand and signed by the good signer (abuse 8)."""
    base = bench.png

    def made(ranges: Ranges, content: bytes = base, **how: str) -> bytes:
        return embedded(bench.store(), content, bench.hand, ranges, **how)

    exact: Ranges = lambda at, size, all_: [_span(at, size)]  # noqa: E731 - a row of the table
    yield Vector(
        "exclusions/exact",
        "written by hand, with the manifest alone left out",
        "C2PA 2.4 §15.12.1",
        "content",
        {STILL: made(exact)},
        passes(),
    )
    for case, (title, ranges) in _EXCLUSIONS.items():
        expected = refused()
        yield Vector(
            f"exclusions/{case}", title, "C2PA 2.4 §15.12.1, abuse 8", "content", {STILL: made(ranges)}, expected
        )
    replaced = bytearray(made(_EXCLUSIONS["pixels"][1]))
    replaced[-3900:-200] = bytes(byte ^ 0xA5 for byte in replaced[-3900:-200])
    yield Vector(
        "exclusions/pixels-replaced",
        "the pixels are left out, and were replaced",
        "abuse 8",
        "content",
        {STILL: bytes(replaced)},
        refused(),
    )
    zero: Ranges = lambda at, size, all_: [_span(at, size), _span(all_ - 900, 0)]  # noqa: E731
    yield Vector(
        "exclusions/zero-length",
        "a second range of no bytes",
        "C2PA 2.4 §15.12.1, abuse 8",
        "content",
        {STILL: made(zero)},
        refused(),
    )
    yield from _left_out_metadata(bench)
    yield from _hashes(bench)


def _orientation(number: int) -> bytes:
    """Return EXIF that says how a picture is turned, and nothing else."""
    made = Image.Exif()
    made[0x0112] = number
    return made.tobytes().removeprefix(b"Exif\0\0")


def _left_out_metadata(bench: Bench) -> Iterator[Vector]:
    text = _with_text(bench.png, b"Comment\0written by a phone")
    whole = len(chunk(b"tEXt", b"Comment\0written by a phone"))
    ranges: Ranges = lambda at, size, all_: [_span(at, size), _span(all_ - 12 - whole, whole)]  # noqa: E731
    content = embedded(bench.store(), text, bench.hand, ranges)
    yield Vector(
        "exclusions/metadata",
        "a chunk of text is left out, as phones do with EXIF",
        "C2PA 2.4 §15.12.1",
        "content",
        {STILL: content},
        passes("content.metadata-excluded"),
    )
    later = content.replace(b"written by a phone", b"written by a thief")
    yield Vector(
        "exclusions/metadata-changed",
        "text that was left out of the hash has changed; checksums fit no more",
        "C2PA 2.4 §15.12.1",
        "content",
        {STILL: later},
        passes("content.metadata-excluded"),
    )
    upright, turned = (chunk(b"eXIf", _orientation(number)) for number in (1, 3))
    long = len(upright)
    beside: Ranges = lambda at, size, all_: [_span(at, size), _span(all_ - 12 - long, long)]  # noqa: E731
    stood = embedded(bench.store(), bench.png[:-12] + upright + bench.png[-12:], bench.hand, beside)
    yield Vector(
        "exclusions/turned-by-exif",
        "EXIF that was left out of the hash turns the picture now: C2PA allows it, and a warning says so",
        "abuse 61",
        "content",
        {STILL: stood.replace(upright, turned)},
        passes("content.metadata-excluded"),
    )
    more: Ranges = lambda at, size, all_: [_span(at, size), _span(all_ - 12 - whole - 40, whole + 40)]  # noqa: E731
    yield Vector(
        "exclusions/metadata-and-pixels",
        "a range of metadata reaches 40 bytes into the pixels",
        "abuse 8",
        "content",
        {STILL: embedded(bench.store(), text, bench.hand, more)},
        refused(),
    )


def _hashes(bench: Bench) -> Iterator[Vector]:
    """Algorithms of the binding (C2PA 2.4 §13.1): SHA-2 of 256 bits or more, and no other."""
    exact: Ranges = lambda at, size, all_: [_span(at, size)]  # noqa: E731
    for alg in ("sha384", "sha512"):
        yield Vector(
            f"hashes/{alg}",
            f"content bound by {alg}",
            "C2PA 2.4 §13.1",
            "content",
            {STILL: embedded(bench.store(), bench.png, bench.hand, exact, alg=alg)},
            passes(),
        )
    for alg in ("md5", "sha1", "sha224"):
        yield Vector(
            f"hashes/{alg}",
            f"content bound by {alg}",
            "C2PA 2.4 §13.1",
            "content",
            {STILL: embedded(bench.store(), bench.png, bench.hand, exact, alg=alg)},
            refused(),
        )
    for case, alg, digest in (
        ("named-otherwise", "sha512", "sha256"),
        ("no-such", "sha257", "sha256"),
        ("empty-name", "", "sha256"),
    ):
        made = bench.store()
        bound = {**_bound([], bench.png, digest), "alg": alg}
        bound.pop("exclusions")
        yield Vector(
            f"hashes/{case}",
            f"content bound by {digest} that is called {alg or 'nothing'}",
            "C2PA 2.4 §13.1",
            "content",
            bench.detached(made.put("c2pa.hash.data", bound).signed(bench.hand)),
            refused(),
        )
    for case, value in (("short", b"\x00"), ("none", b""), ("zeros", bytes(32)), ("text", "0" * 64)):
        made = bench.store().change("c2pa.hash.data", lambda data, value=value: {**data, "hash": value})
        yield Vector(
            f"hashes/value-{case}",
            f"the digest of the content is {case}",
            "C2PA 2.4 §15.12.1",
            "content",
            bench.detached(made.signed(bench.hand)),
            refused(),
        )
    yield from _bindings(bench)


def _bindings(bench: Bench) -> Iterator[Vector]:
    def vector(case: str, title: str, store: bytes) -> Vector:
        return Vector(f"hashes/{case}", title, "C2PA 2.4 §15.12", "content", bench.detached(store), refused())

    yield vector("no-binding", "no hash of the content at all", bench.store().drop("c2pa.hash.data").signed(bench.hand))
    two = bench.store()
    two.put("c2pa.hash.data__1", two.get("c2pa.hash.data"))
    yield vector("two-bindings", "two hashes of the content, both right", two.signed(bench.hand))
    other = bench.store()
    other.put("c2pa.hash.data__1", {**other.get("c2pa.hash.data"), "hash": bytes(32)})
    yield vector("two-bindings-one-wrong", "two hashes of the content, one of them wrong", other.signed(bench.hand))
    yield vector(
        "gathered-binding",
        "the hash of the content is only gathered",
        bench.store().gather("c2pa.hash.data").signed(bench.hand),
    )


# --- ISO base media --------------------------------------------------------------------------------


def _box(kind: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


_APPENDED = {
    "free": _box(b"free", b"a hidden text"),
    "empty-free": _box(b"free"),
    "skip": _box(b"skip", b"a hidden text"),
    "second-ftyp": _box(b"ftyp", b"isom" * 9),
    "mfra": _box(b"mfra", _box(b"free", b"a hidden text")),
    "uuid": _box(b"uuid", bytes(16) + b"a hidden text"),
    "c2pa-uuid": _box(b"uuid", C2PA + bytes(4) + b"manifest\x00" + bytes(8) + b"a hidden text"),
}


def boxes(bench: Bench) -> Iterator[Vector]:
    """Boxes that hashes of ISO base media leave out (abuse 8)."""
    path = bench.folder / "tiny.avif"
    picture().resize((64, 48)).save(path)
    ours = bench.sign(path.read_bytes())

    def vector(case: str, title: str, content: bytes, expected: Expected, source: str = "abuse 8") -> Vector:
        return Vector(f"boxes/{case}", f"AVIF: {title}", source, "content", {"tiny.avif": content}, expected)

    for case, more in _APPENDED.items():
        yield vector(f"appended-{case}", f"appended: {case}", ours + more, refused())

    def lax(settings: dict[str, dict[str, object]]) -> None:
        del settings["builder"]["bmff_hash_exclude_free_and_skip_boxes"]

    theirs = bench.by_engine(path.read_bytes(), mime="image/avif", settings=lax)
    yield vector(
        "of-others",
        "signed by others, with free and skip boxes left out of the hash",
        theirs,
        passes(),
        "C2PA 2.4 §A.5",
    )
    yield vector(
        "padding",
        "the same with 3,000 zeros in a free box behind",
        theirs + _box(b"free", bytes(3000)),
        passes(),
        "C2PA 2.4 §A.5",
    )
    hidden = fails("invalid", "content.not-fully-bound", content="not-fully-bound")
    for case, more in (
        ("free", _APPENDED["free"]),
        ("skip", _APPENDED["skip"]),
        ("late", _box(b"free", bytes(3000) + b"x")),
    ):
        yield vector(f"hidden-{case}", "a text in a box that the hash leaves out", theirs + more, hidden)


GROUPS = (of_formats, beside, places, exclusions, boxes)
