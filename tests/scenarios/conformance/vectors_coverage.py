"""Vectors about what no hash covers: hashes over boxes, tables of offsets, and what is shown from elsewhere."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

from boxes import box
from movies import (
    MOVIE,
    QUICKTIME,
    Item,
    Offsets,
    Run,
    Tables,
    fragmented,
    movie,
    number,
    picture as in_boxes,
)
from old_hashes import NEW, OLD, WHOLE, Named, bmff_store, box_hashed, each, grouped, named
from provlabel import engine
from provlabel.media.containers.isobmff import C2PA
from sample_files import frames, picture
from stores import IHDR_END, Range, chunk, embedded
from vectors import Bench, Expected, Vector, fails, passes, refused

UNBOUND = fails("invalid", "content.not-fully-bound", content="not-fully-bound")
LOOSE, GAPS = passes("content.offsets-excluded"), passes("content.gaps")
PLAIN = passes(never=("content.offsets-excluded", "content.gaps", "content.type-excluded"))


# --- c2pa.hash.boxes -------------------------------------------------------------------------------


def jpeg(**how: Any) -> bytes:
    made = io.BytesIO()
    picture().save(made, "JPEG", **how)
    return made.getvalue()


def gif(folder: Any) -> bytes:
    frames(duration=100, loop=0, comment=b"Lighthouse")(folder / "boxes.gif")
    return (folder / "boxes.gif").read_bytes()


#: A JPEG XL by its boxes; the engine looks at no more.
JXL = (
    b"\x00\x00\x00\x0cJXL \r\n\x87\n"
    + box(b"ftyp", b"jxl \x00\x00\x00\x00jxl ")
    + box(b"jxlc", b"\xff\x0a" + bytes(40))
)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _before(content: bytes, mark: bytes, more: bytes) -> bytes:
    at = content.rindex(mark)
    return content[:at] + more + content[at:]


def hash_boxes(bench: Bench) -> Iterator[Vector]:
    """Hashes over boxes: every byte must lie in one that is listed, or in the manifest."""
    plain = {
        "a.png": bench.png,
        "a.jpg": jpeg(),
        "restarts.jpg": jpeg(restart_marker_blocks=4),
        "scans.jpg": jpeg(progressive=True),
        "a.gif": gif(bench.folder),
        "a.jxl": JXL,
    }

    def vector(name: str, case: str, title: str, content: bytes, expected: Expected = UNBOUND) -> Vector:
        return Vector(
            f"coverage/boxes-{name}-{case}", title, "C2PA 2.4 §15.12.3, abuse 49", "content", {name: content}, expected
        )

    for name, content in plain.items():
        signed = box_hashed(bench.store(), content, bench.hand)
        together = box_hashed(bench.store(), content, bench.hand, grouped)
        yield vector(name, "genuine", "a hash for each box", signed, PLAIN)
        yield vector(
            name, "grouped", "a hash for the boxes in front of the manifest, one for those behind", together, PLAIN
        )
        hidden = refused() if name.endswith(".jxl") else UNBOUND  # there it is no box, and so is damage
        yield vector(name, "behind", "a text behind the last box", signed + b"a hidden text", hidden)
        yield vector(
            name, "grouped-behind", "a text behind the last box of a group", together + b"a hidden text", hidden
        )
        yield vector(name, "zeros", "zeros behind the last box", signed + bytes(300))
        yield vector(name, "second", "a second file behind the first", signed + content)
    yield from _jpegs(bench, vector)
    png = box_hashed(bench.store(), bench.png, bench.hand)
    yield vector("a.png", "chunk", "a chunk of text behind the last", png + chunk(b"tEXt", b"Title\0stolen"))
    yield vector(
        "a.png",
        "chunk-within",
        "a chunk of text between two",
        png[:-12] + chunk(b"tEXt", b"Title\0stolen") + png[-12:],
        refused(),
    )
    unsigned = box_hashed(bench.store(), bench.png, bench.hand, lambda found: each(found)[1:])
    yield vector("a.png", "no-signature", "the signature of the file, which is fixed, is not listed", unsigned, PLAIN)
    short = box_hashed(bench.store(), bench.png, bench.hand, lambda found: each(found)[:-1])
    yield vector("a.png", "short-list", "the last chunk is not listed by its signer", short)
    animated = box_hashed(bench.store(), plain["a.gif"], bench.hand)
    yield vector("a.gif", "block", "a comment behind the last block", animated + b"\x21\xfe\x04text\x00")
    yield vector("a.gif", "film", "more pictures behind the last block", animated + plain["a.gif"][13:])
    boxed = box_hashed(bench.store(), JXL, bench.hand)
    foreign = box(b"jumb", box(b"jumd", bytes(16) + b"\x03json\x00") + box(b"json", b"{}"))
    yield vector("a.jxl", "box", "a box behind the last", boxed + box(b"Exif", bytes(20)))
    yield vector("a.jxl", "jumb", "another JUMBF box behind the last, which is in no hash", boxed + foreign)
    both = box_hashed(bench.store(), JXL + foreign, bench.hand)
    yield vector("a.jxl", "two-jumb", "its signer lists another JUMBF box as a manifest", both, refused())


def _marker_alone(content: bytes) -> list[Named]:
    return [(name, start, start + 2 if name == "JPG0" else end) for name, start, end in named(content)]


def _jpegs(bench: Bench, vector: Callable[..., Vector]) -> Iterator[Vector]:
    signed = box_hashed(bench.store(), jpeg(), bench.hand)
    together = box_hashed(bench.store(), jpeg(), bench.hand, grouped)
    cases = {
        "fill": ("bytes that fill space between two segments", b"\xff" * 40),
        "garbage": ("bytes between two segments that are none", b"a hidden text"),
        "short-app11": ("an APP11 of 16 bytes", segment(0xEB, b"JP\x00\x07" + bytes(12))),
        "tiny-app11": ("an APP11 of 2 bytes", segment(0xEB, b"no")),
        "own-number": (
            "an APP11 with the number of the manifest",
            segment(0xEB, b"JP\x02\x11" + bytes(3) + b"\x09" + bytes(40)),
        ),
    }
    for case, (title, more) in cases.items():
        expected = refused() if case in ("garbage", "own-number") else UNBOUND
        yield vector("a.jpg", case, title, _before(signed, b"\xff\xdb", more), expected)
        yield vector(
            "a.jpg", f"{case}-grouped", f"{title}, within one hash", _before(together, b"\xff\xdb", more), refused()
        )
    for case, (title, more) in {
        "foreign-number": (
            "a manifest with another number",
            segment(0xEB, b"JP\x00\x07" + number(1) + bytes(8) + bytes(8) + b"c2pa" + bytes(30)),
        ),
        "plain-app11": ("an APP11 of somebody else", segment(0xEB, b"JP\x00\x07" + number(1) + bytes(60))),
    }.items():
        yield vector("a.jpg", case, title, _before(signed, b"\xff\xdb", more), refused())
        yield vector("a.jpg", f"{case}-behind", f"{title}, behind the end", signed + more)
    yield vector("a.jpg", "comment", "a comment behind the end", signed + segment(0xFE, b"stolen"))
    yield vector(
        "a.jpg",
        "unknown",
        "a segment behind the end at which the engine stops reading",
        signed + segment(0xDC, b"\0\1"),
        refused(),
    )
    source = jpeg()
    tables = _before(source, b"\xff\xdb", segment(0xF0, b"in a segment of which the engine hashes the marker alone"))
    marker = box_hashed(bench.store(), tables, bench.hand, names=_marker_alone)
    yield vector("a.jpg", "extension", "a segment JPG0, of which the engine hashes two bytes", marker)
    pair = box_hashed(bench.store(), source + jpeg(quality=30), bench.hand)
    yield vector("a.jpg", "pair", "two pictures in one file, all listed", pair, PLAIN)
    scans = jpeg(restart_marker_blocks=4)
    cut = box_hashed(bench.store(), scans, bench.hand, _split_at_restart)
    yield vector("restarts.jpg", "cut", "a hash ends at a restart, and the next one begins behind", cut)
    within = box_hashed(bench.store(), _before(source, b"\xff\xdb", b"\xff" * 40), bench.hand, grouped, _without_fill)
    yield vector("a.jpg", "own-fill", "its signer's own bytes that fill space, within one hash", within, PLAIN)


def _split_at_restart(found: list[Named]) -> list[list[Named]]:
    at = next(place for place, (name, _, _) in enumerate(found) if name == "C2PA")
    cut = next(place for place, (name, _, _) in enumerate(found) if name.startswith("RST")) + 1
    return [found[:at], [found[at]], found[at + 1 : cut], found[cut:]]


def _without_fill(content: bytes) -> list[Named]:
    """The segments of a JPEG with 40 bytes that fill space."""
    at = content.index(b"\xff" * 40)
    return [
        (name, start + (40 if start >= at else 0), end + (40 if start >= at else 0))
        for name, start, end in named(content[:at] + content[at + 40 :])
    ]


# --- tables of offsets -----------------------------------------------------------------------------

_TRACK = [[100, 50], [70], [30, 30, 30]]
_OTHER = [[20], [25, 5], [40]]
Say = Callable[[Offsets], Offsets]


def _changed(change: Callable[[list[int]], list[int]]) -> Say:
    return lambda offsets: [change(offsets[0]), *offsets[1:]]


#: What is said of one track -> title, and how its offsets are changed.
_LIES: dict[str, tuple[str, Say]] = {
    "outside": ("a chunk lies in front of the media", _changed(lambda at: [40, *at[1:]])),
    "header": ("a chunk begins in the head of the media's box", _changed(lambda at: [at[0] - 8, *at[1:]])),
    "behind": ("a chunk ends behind the media", _changed(lambda at: [*at[:-1], at[-1] + 1])),
    "beyond": ("a chunk lies beyond the file", _changed(lambda at: [*at[:-1], 1 << 31])),
    "reversed": ("the chunks are in another order", _changed(lambda at: at[::-1])),
    "swapped": ("two chunks are swapped", _changed(lambda at: [at[1], at[0], *at[2:]])),
    "twice": ("one chunk is played twice", _changed(lambda at: [at[0], at[0], *at[2:]])),
    "overlap": ("a chunk begins a byte before the last one ends", _changed(lambda at: [at[0], at[1] - 1, *at[2:]])),
}


def offsets(bench: Bench) -> Iterator[Vector]:
    """Old hashes, under which the tables can be changed that say where the media lie."""

    def vector(
        case: str,
        title: str,
        content: bytes,
        expected: Expected,
        left_out: Any = OLD,
        version: int = 2,
        name: str = "a.mp4",
        **more: Any,
    ) -> Vector:
        store = bmff_store(bench.store(), content, bench.hand, left_out, version, **more)
        files = {name: content, f"{name}.c2pa": store}
        return Vector(f"coverage/offsets-{case}", title, "C2PA 1.4 §18.6, abuse 50", "content", files, expected)

    for version in (1, 2, 3):
        yield vector(
            f"v{version}", f"a genuine movie, hash of version {version}", movie([_TRACK]), PLAIN, version=version
        )
        for case, (title, say) in _LIES.items():
            yield vector(f"v{version}-{case}", title, movie([_TRACK], say=say), UNBOUND, version=version)
    yield vector("co64", "offsets of 64 bits", movie([_TRACK], tables=Tables(wide=True)), PLAIN)
    for case, (title, say) in _LIES.items():
        wide = movie([_TRACK], say=say, tables=Tables(wide=True))
        yield vector(f"co64-{case}", f"offsets of 64 bits: {title}", wide, UNBOUND)
    yield vector("compact", "sizes of 8 bits", movie([_TRACK], tables=Tables(compact=True)), PLAIN)
    even = [[4] * 50, [4] * 50]
    yield vector("one-size", "samples of one size", movie([even], tables=Tables(same=4)), PLAIN)
    pcm = movie([even], tables=Tables(same=1, sound=b"sowt"), brand=QUICKTIME)
    yield vector("pcm", "QuickTime's sound with samples of size 1", pcm, PLAIN, name="a.mov")
    yield vector("two-tracks", "two tracks in turns", movie([_TRACK, _OTHER]), LOOSE)
    for case, (title, say) in _LIES.items():
        yield vector(f"two-tracks-{case}", f"two tracks in turns: {title}", movie([_TRACK, _OTHER], say=say), UNBOUND)
    shared = movie([_TRACK, _TRACK], say=lambda at: [at[0], at[0]])
    yield vector("shared", "the second track plays the chunks of the first", shared, UNBOUND)
    yield vector(
        "gaps", "bytes among the media that no track uses, as recorders leave", movie([_TRACK], between=bytes(9)), GAPS
    )
    whole = movie([_TRACK])
    yield vector("whole", "whole tables are left out", whole, PLAIN, WHOLE)
    cut = whole.replace(b"stco" + bytes(4) + number(3), b"stco" + bytes(4) + number(2))
    yield vector("fewer", "whole tables are left out, and a chunk is missing", cut, UNBOUND, WHOLE)
    at = whole.index(b"stco") - 4
    yield vector(
        "split",
        "a second table stands in the first",
        whole[:at] + _split(whole[at : at + 28]) + whole[at + 28 :],
        UNBOUND,
        WHOLE,
    )
    loud = movie(
        [_TRACK], free=box(b"free", b"sound of somebody else" * 9), say=_changed(lambda at: [at[0] - 100, *at[1:]])
    )
    yield vector(
        "in-padding", "a chunk lies in a box that the hash leaves out", loud, UNBOUND, (*OLD, {"xpath": "/free"})
    )
    ours = box(b"uuid", C2PA + bytes(4) + b"manifest\x00" + bytes(8) + box(b"free", b"sound of somebody else" * 9))
    hidden = movie([_TRACK], free=ours, say=_changed(lambda at: [at[0] - 100, *at[1:]]))
    yield vector("in-manifest", "a chunk lies in the box of the manifest", hidden, refused())
    yield vector("no-hash", "the manifest has no hash of the file", whole, refused(), NEW, 3, hash=None)
    squeezed = movie([_TRACK], more=box(b"cmov", bytes(8)))
    yield vector("compressed", "a movie box that is compressed", squeezed, UNBOUND)
    twin = movie([_TRACK, _OTHER]).replace(number(2) + bytes(68), number(1) + bytes(68))
    yield vector("twins", "two tracks of one number", twin, UNBOUND)
    yield vector("new", "the same lie is seen by any newer hash", movie([_TRACK], say=_LIES["twice"][1]), PLAIN, NEW, 3)
    yield from _fragments(vector)
    yield from _items(vector)
    yield from _blocks(bench)


def _split(table: bytes) -> bytes:
    """Make two tables of offsets of one, within the same bytes."""
    return number(12) + table[4:12] + number(len(table) - 12) + b"co64" + bytes(len(table) - 20)


def _fragments(vector: Callable[..., Vector]) -> Iterator[Vector]:
    runs = [[100, 50], [70, 70], [30]]
    ways = {
        "moof": Run(),
        "file": Run(base=True, from_moof=False),
        "first": Run(from_moof=False),
        "default": Run(default=True),
    }
    even = [[50, 50], [50], [50, 50, 50]]
    for case, how in ways.items():
        sizes = even if how.default else runs
        yield vector(f"fragments-{case}", "a movie in fragments", fragmented(sizes, how), PLAIN)
        for lie, shift in (("before", -20), ("inside", 20), ("behind", 4000)):
            moved = fragmented(sizes, how._replace(shift=shift))
            yield vector(f"fragments-{case}-{lie}", "a run of samples begins elsewhere", moved, UNBOUND)
    whole = fragmented(runs)
    for name in ("tfhd", "trun"):
        left_out = (*OLD[:6], {"xpath": f"/moof/traf/{name}"})
        yield vector(
            f"fragments-whole-{name}",
            f"a hash that leaves out more than the offsets of {name}",
            whole,
            UNBOUND,
            left_out,
        )
    durations = ({"xpath": "/moof/traf/trun", "subset": [{"offset": 16, "length": 4}]},)
    unsaid = fragmented(runs, Run(offset=False))
    yield vector(
        "fragments-no-offset",
        "a hash that leaves out sizes where it means offsets",
        unsaid,
        UNBOUND,
        (*OLD[:6], *durations),
    )
    yield vector("index", "an index of fragments", fragmented(runs, index=lambda at: at), PLAIN, NEW, 3)
    for case, said in {
        "itself": lambda at: [at[-1] + 140, *at[1:]],
        "type": lambda at: [8, *at[1:]],
    }.items():
        lie = fragmented(runs, index=said)
        yield vector(f"index-{case}", "an index of fragments that points to what no hash is over", lie, UNBOUND, NEW, 3)


def _items(vector: Callable[..., Vector]) -> Iterator[Vector]:
    one = [Item(1, [(0, 200)])]
    three = [Item(1, [(0, 8)], 1, kind=b"grid"), Item(2, [(0, 100)]), Item(3, [(100, 100)])]

    def items(case: str, title: str, content: bytes, expected: Expected, left_out: Any = OLD) -> Vector:
        return vector(f"items-{case}", title, content, expected, left_out, name="a.heic")

    yield items("one", "a picture of one item", in_boxes(one, 200), PLAIN)
    yield items("parts", "an item in two parts", in_boxes([Item(1, [(0, 120), (120, 80)])], 200), PLAIN)
    yield items(
        "tiles",
        "a picture of tiles, its plan in the box of items",
        in_boxes(three, 200, tiles=(2, 3), idat=bytes(8)),
        LOOSE,
    )
    yield items("gaps", "bytes among the media that no item uses", in_boxes(one, 220), GAPS)
    lies = {
        "outside": ("an item lies in front of the media", [Item(1, [(-40, 30)])], 200),
        "behind": ("an item ends behind the media", [Item(1, [(0, 201)])], 200),
        "to-the-end": ("an item goes on to the end of the file", [Item(1, [(0, 0)])], 200),
        "turned": ("the parts of an item are in another order", [Item(1, [(120, 80), (0, 120)])], 200),
        "doubled": ("an item lies in two places", [Item(1, [(0, 100)]), Item(1, [(100, 100)])], 200),
        "overlap": ("two items share bytes", [Item(1, [(0, 100)]), Item(2, [(99, 101)])], 200),
        "nowhere": ("an item lies nowhere", [Item(1, [(0, 200)]), Item(2, [])], 200),
        "method-2": ("an item lies in another one", [Item(1, [(0, 200)]), Item(2, [(0, 20)], 2)], 200),
        "reference": ("an item is there by a reference", [Item(1, [(0, 200)], 0, 1)], 200),
        "no-idat": ("an item lies in a box that is not there", [Item(1, [(0, 8)], 1)], 200),
    }
    for case, (title, said, size) in lies.items():
        content = in_boxes([item for item in said], size) if case != "outside" else _moved_item(in_boxes(one, 200))
        yield items(case, title, content, UNBOUND)
    plan = [Item(1, [(0, 9)], 1, kind=b"grid"), *three[1:]]
    yield items(
        "idat-beyond", "an item ends behind the box of items", in_boxes(plan, 200, tiles=(2, 3), idat=bytes(8)), UNBOUND
    )
    turned = [three[0], Item(2, [(100, 100)]), Item(3, [(0, 100)])]
    yield items(
        "turned-tiles",
        "two tiles of a picture are swapped",
        in_boxes(turned, 200, tiles=(2, 3), idat=bytes(8)),
        UNBOUND,
    )
    film = in_boxes(one, 200, behind=movie([_TRACK])[len(box(b"ftyp", MOVIE)) :])
    yield items("film", "a picture and a film in one file", film, passes("content.type-excluded"), NEW)


def _moved_item(content: bytes) -> bytes:
    at = content.index(b"iloc") + 4 + 4 + 2 + 2 + 8
    return content[:at] + number(20) + content[at + 4 :]


def _blocks(bench: Bench) -> Iterator[Vector]:
    """Media hashed block by block (C2PA 2.4 §18.6)."""
    source = movie([[[5000]] * 30])

    def by(proofs: int) -> bytes:
        def settings(wanted: dict[str, dict[str, object]]) -> None:
            wanted["core"] |= {"merkle_tree_chunk_size_in_kb": 10, "merkle_tree_max_proofs": proofs}

        return bench.by_engine(source, mime="video/mp4", settings=settings)

    def vector(case: str, title: str, content: bytes, expected: Expected) -> Vector:
        return Vector(f"coverage/blocks-{case}", title, "C2PA 2.4 §18.6", "content", {"a.mp4": content}, expected)

    rows = by(0)
    yield vector("rows", "all hashes of blocks in the manifest", rows, PLAIN)
    changed = bytearray(rows)
    changed[-7000] ^= 1
    altered = fails("invalid", "content.altered", content="altered")
    yield vector("rows-bit", "one bit changed in a block", bytes(changed), altered)
    yield vector("rows-mdat", "a second box of media", rows + box(b"mdat", b"more"), refused())
    end = len(rows) - 150_000
    turned = (
        rows[: end + 8]
        + rows[end + 8 + 10240 : end + 8 + 20480]
        + rows[end + 8 : end + 8 + 10240]
        + rows[end + 8 + 20480 :]
    )
    yield vector("rows-turned", "two blocks are swapped", turned, altered)


# --- ranges of bytes -------------------------------------------------------------------------------


def updates(bench: Bench) -> Iterator[Vector]:
    """An update makes the store longer, and moves what else a hash leaves out (C2PA 2.4 §11.3, §15.12.1)."""
    note = chunk(b"tEXt", b"Title\0" + b"x" * 40)
    behind = bench.png[:-12] + note + bench.png[-12:]
    beside = bench.png[:IHDR_END] + note + bench.png[IHDR_END:]
    for case, source, place in (
        ("end", behind, lambda at, size, all_: all_ - 12 - len(note)),
        ("beside", beside, lambda at, size, all_: at + size),
    ):

        def ranges(at: int, size: int, all_: int, place: Callable[..., int] = place) -> list[Range]:
            return [{"start": at, "length": size}, {"start": place(at, size, all_), "length": len(note)}]

        whole = embedded(bench.store(), source, bench.hand, ranges)
        updated = bench.by_engine(whole, {"claim_generator_info": [{"name": "x"}], "assertions": []}, prepare=_update)
        changed = updated.replace(note, chunk(b"sPLT", b"Title\0" + b"y" * 40))
        intact = Expected(0, "trusted", {"content": "intact", "label": "inherited"}, ("content.metadata-excluded",))
        hidden = Expected(1, "invalid", {"content": "not-fully-bound"}, ("content.not-fully-bound",))
        title = "a text that its hash leaves out, and an update behind it"
        for name, content, expected in (("genuine", updated, intact), ("media", changed, hidden)):
            yield Vector(
                f"coverage/update-{case}-{name}", title, "C2PA 2.4 §15.12.1", "content", {"a.png": content}, expected
            )


def _update(builder: Any) -> None:
    builder.set_intent(engine.binding().C2paBuilderIntent.UPDATE)


def others(bench: Bench) -> Iterator[Vector]:
    """Hashes of kinds that the engine does not check."""

    def vector(case: str, title: str, store: bytes, expected: Expected) -> Vector:
        return Vector(f"coverage/{case}", title, "C2PA 2.4 §18.8", "content", bench.detached(store), expected)

    whole = {"uri": "still.png", "hash": hashlib.sha256(bench.png).digest()}
    collection = (
        bench.store().drop("c2pa.hash.data").put("c2pa.hash.collection.data", {"uris": [whole], "alg": "sha256"})
    )
    yield vector("collection", "a hash over a collection of files", collection.signed(bench.hand), refused())
    part = {
        "location": {"byteOffset": 0, "length": 9},
        "hashAssertion": {"url": "self#jumbf=c2pa.assertions/x", "hash": b""},
    }
    multi = bench.store().drop("c2pa.hash.data").put("c2pa.hash.multi-asset", {"parts": [part]})
    yield vector("multi-asset", "hashes of parts of the file alone", multi.signed(bench.hand), refused())


GROUPS = (hash_boxes, offsets, updates, others)
