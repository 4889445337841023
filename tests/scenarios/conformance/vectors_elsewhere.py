"""Vectors about files of which a part lies in other files, or is made by scripts."""

from __future__ import annotations

from collections.abc import Iterator

from boxes import box
from drawings import ELSEWHERE, WITHIN
from movies import MOVIE, QUICKTIME, SELF, Tables, full, movie, number
from vectors import Bench, Expected, Vector, fails, passes

WITHIN_IT = passes(never=("content.external",))
EXTERNAL = fails("invalid", "content.external", content="not-fully-bound")
_TRACK = [[100, 50], [70], [30, 30, 30]]


def elsewhere(bench: Bench) -> Iterator[Vector]:
    """Signed by tools that do not look for it."""

    def vector(name: str, case: str, content: bytes, mime: str, expected: Expected) -> Vector:
        signed = bench.by_engine(content, mime=mime)
        title = "something is shown that no hash covers" if expected is EXTERNAL else "all that is shown is in the file"
        return Vector(f"elsewhere/{name}-{case}", title, "abuse 52", "content", {name: signed}, expected)

    for case, content in ELSEWHERE.items():
        yield vector("a.svg", case, content, "image/svg+xml", EXTERNAL)
    for case, content in WITHIN.items():
        yield vector("a.svg", f"within-{case}", content, "image/svg+xml", WITHIN_IT)
    outside = full(b"url ", b"file:///a.mov\0")
    alias = full(b"alis", bytes(20))
    for case, tables in {
        "url": Tables(references=outside),
        "alias": Tables(references=alias),
        "second": Tables(references=SELF + outside, reference=2),
        "urn": Tables(references=full(b"urn ", b"a\0")),
    }.items():
        for name, brand, mime in (("a.mov", QUICKTIME, "video/quicktime"), ("a.mp4", MOVIE, "video/mp4")):
            yield vector(name, case, movie([_TRACK], tables=tables, brand=brand), mime, EXTERNAL)
    own = Tables(references=full(b"alis", b"", flags=1))
    yield vector(
        "a.mov",
        "within-alias",
        movie([_TRACK], tables=own, brand=QUICKTIME),
        "video/quicktime",
        passes(never=("content.external",)),
    )
    unused = Tables(references=SELF + outside)
    yield vector(
        "a.mov",
        "within-unused",
        movie([_TRACK], tables=unused, brand=QUICKTIME),
        "video/quicktime",
        passes(never=("content.external",)),
    )
    listed = movie(
        [_TRACK], brand=QUICKTIME, more=box(b"rmra", box(b"rmda", full(b"rdrf", b"url " + number(2) + b"a\0")))
    )
    yield vector("a.mov", "list", listed, "video/quicktime", EXTERNAL)


GROUPS = (elsewhere,)
