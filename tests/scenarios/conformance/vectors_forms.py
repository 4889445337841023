"""Vectors of odd forms: compressed manifests, right and wrong, and the segments of a JPEG that hold a manifest."""

from __future__ import annotations

from collections.abc import Iterator

import brotli

from stores import Box, in_png, load, packed, store_of, superbox
from vectors import STILL, Bench, Expected, Vector, fails, passes, unreadable

_C2PA = "C2PA 2.4 §11.2.4, §15.6: manifest.compressed.invalid"
_JPEG = "C2PA 2.4 §A.3.1, ISO 19566-5 §D"
_LIMIT = 8 << 20


def _packed(bench: Bench) -> bytes:
    """A picture whose manifest the engine compressed."""

    def small(settings: dict[str, dict[str, bool]]) -> None:
        settings["core"]["prefer_compress_manifests"] = True

    return bench.by_engine(bench.png, settings=small)


def _zeros(megabytes: int) -> bytes:
    """Brotli of so many megabytes of zeros, which is a few hundred bytes a megabyte at most."""
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(bytes(1 << 20)) for _ in range(megabytes)) + packer.finish()


def compressed(bench: Bench) -> Iterator[Vector]:
    """Manifests in Brotli (C2PA 1.4 and later)."""
    good = _packed(bench)
    [root] = load(store_of(good))
    name, held = root.inside[-1].label, brotli.decompress(root.inside[-1].content.body)

    def vector(case: str, title: str, content: bytes, expected: Expected, source: str = _C2PA) -> Vector:
        return Vector(f"compressed/{case}", title, source, "content", {STILL: content}, expected)

    def stored(*inside: Box) -> bytes:
        return in_png(bench.png, Box(b"jumb", b"", [root.inside[0], *inside]).dump())

    def around(stream: bytes, *, label: str = name, kind: bytes = b"c2cm") -> bytes:
        return stored(superbox(kind, label, Box(b"brob", stream)))

    yield vector("good", "a compressed manifest", around(brotli.compress(held)), passes())
    yield vector("fast", "the same, packed in another way", around(brotli.compress(held, quality=1)), passes())
    child = bench.sign(good)
    yield vector("parent", "a compressed earlier version", child, passes(history="clean"))
    yield vector("grandparent", "two compressed before it", bench.sign(child), passes(history="clean"))
    twice = brotli.compress(superbox(b"c2cm", name, Box(b"brob", brotli.compress(held))).dump())
    wrong = {
        "other-label": ("its box has another name", around(brotli.compress(held), label="urn:c2pa:other")),
        "two-manifests": ("two manifests in one", around(brotli.compress(held * 2))),
        "twice": ("a compressed one in a compressed one", around(twice)),
        "cut": ("Brotli that is cut off", around(brotli.compress(held)[:-7])),
        "trailing-stream": ("bytes behind the Brotli", around(brotli.compress(held) + b"\0")),
        "trailing-inside": ("bytes behind the manifest", around(brotli.compress(held + bytes(9)))),
        "empty": ("nothing in it", around(brotli.compress(b""))),
        "other-kind": ("an assertion store in it", around(brotli.compress(superbox(b"c2as", name).dump()))),
        "as-plain": ("Brotli in the box of a plain manifest", around(brotli.compress(held), kind=b"c2ma")),
        "two-streams": (
            "two pieces of Brotli in one box",
            stored(superbox(b"c2cm", name, *[Box(b"brob", brotli.compress(held))] * 2)),
        ),
    }
    for case, (title, content) in wrong.items():
        yield vector(case, title, content, unreadable("content.malformed"))
    for case, megabytes in (("bomb", 9), ("large-bomb", 1024)):
        yield vector(
            case, f"a few bytes that unfold to {megabytes} MB", around(_zeros(megabytes)), unreadable("content.refused")
        )
    padded = load(held)[0]
    padded.inside.append(Box(b"free", bytes(_LIMIT)))
    yield vector(
        "beyond-the-limit",
        "a good manifest beside more zeros than are read",
        around(brotli.compress(padded.dump(), quality=1)),
        unreadable("content.refused"),
    )
    yield Vector(
        "compressed/data-hash",
        "a compressed manifest with c2pa.hash.data",
        "C2PA 2.2 §18.5.1",
        "content",
        bench.detached(packed(bench.store()).dump()),
        fails("invalid", "content.rule-broken", content="not-fully-bound"),
    )


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each segment of a JPEG starts and ends, and its marker; up to the first scan."""
    at = 2
    while content[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        yield at, end, content[at + 1]
        at = end


def segments(bench: Bench) -> Iterator[Vector]:
    """APP11 as others write it, and bytes between segments."""

    def vector(case: str, title: str, content: bytes, expected: Expected) -> Vector:
        return Vector(f"segments/{case}", title, _JPEG, "content", {"cover.jpg": content}, expected)

    good = bench.sign(bench.jpeg)
    start, end, _ = next(found for found in _segments(good) if found[2] == 0xEB)

    def with_head(name: bytes = b"JP", number: int = 1) -> bytes:
        head = good[start : start + 4] + name + good[start + 6 : start + 8] + number.to_bytes(4, "big")
        return good[:start] + head + good[start + 12 :]

    yield vector("number-1", "the first segment has number 1", with_head(), passes())
    yield vector("number-0", "the first segment has number 0, as Microsoft writes it", with_head(number=0), passes())
    for number in (2, 7, 1 << 31):
        yield vector(
            f"number-{number}",
            f"the first segment has number {number}, so that only some readers find it",
            with_head(number=number),
            unreadable("content.malformed"),
        )
    for name in (b"XX", b"\0\0", b"pj"):
        yield vector(
            f"identifier-{name.hex()}", "another identifier than JP", with_head(name), unreadable("content.malformed")
        )
    body, half = good[start + 12 : end], (end - start) // 2
    for case, numbers, expected in (
        ("gap", (1, 3), unreadable("content.malformed")),
        ("gap-from-0", (0, 3), unreadable("content.malformed")),
        ("backwards", (1, 1), Expected(1, ("invalid", "unreadable"), {})),
    ):
        pieces = (body[:half], body[:8] + body[half:])
        made = b"".join(
            b"\xff\xeb"
            + (len(piece) + 10).to_bytes(2, "big")
            + good[start + 4 : start + 8]
            + n.to_bytes(4, "big")
            + piece
            for n, piece in zip(numbers, pieces, strict=True)
        )
        yield vector(case, f"two segments with the numbers {numbers}", good[:start] + made + good[end:], expected)
    first = next(_segments(bench.jpeg))[1]
    for case, stray in (("zeros", b"\0\0"), ("letters", b"stray"), ("stuffed", b"\xff\0")):
        odd = bench.jpeg[:first] + stray + bench.jpeg[first:]
        yield vector(f"stray-{case}", "stray bytes between two segments, then signed", bench.sign(odd), passes())
    after = good[:end] + b"\0\0" + good[end:]
    yield vector("stray-later", "stray bytes that came after the signature", after, fails("invalid", content="altered"))


GROUPS = (compressed, segments)
