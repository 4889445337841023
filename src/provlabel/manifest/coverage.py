"""What of a file lies in its content hash, by our own look at the container.

The engine says whether a hash fits what it is over.  Whether that is all that is seen and heard, it does not ask: a
hash over boxes may leave some away, and hashes of C2PA 1 leave out the tables that say where in the file the media lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from provlabel.evidence import Coverage, mapping, plain_path
from provlabel.manifest.cbor import Refused
from provlabel.media.containers import Part, hash_boxes, items, read_exactly
from provlabel.media.containers.boxes import Box, box_at, inside

_TABLES = "/moov/trak/mdia/minf/stbl/"
_INDEX_TABLE = "/mfra/tfra"
#: Tables of offsets, which C2PA 1 left out of every hash because a manifest in front of the media moves it.
OFFSETS = frozenset(
    {"/meta/iloc", _INDEX_TABLE, f"{_TABLES}stco", f"{_TABLES}co64", "/moof/traf/tfhd", "/moof/traf/trun"}
)
#: Of these more than offsets would be left out; where the offset lies, and how long it is.
_FIELDS = {"/moof/traf/tfhd": (16, 8), "/moof/traf/trun": (16, 4)}
_HAS_OFFSET = 1  # the flag of both that says that there is one


def coverage_of(stream: BinaryIO, container: str, parts: Sequence[Part], hashes: Mapping[str, Any]) -> Coverage:
    """Look at what the content hashes of a manifest are over.

    Args:
        stream: the file.
        container: which walker named its parts.
        parts: all of them.
        hashes: the assertions of the manifest.

    Raises:
        Refused: there is more to look at than any honest file has.
    """
    found = Coverage()
    for name, stated in hashes.items():
        data = mapping(stated)
        if name.startswith("c2pa.hash.boxes"):
            found = _of_boxes(stream, container, parts, data)
        elif name.startswith("c2pa.hash.bmff") and container != "isobmff":
            found = Coverage(missing=("a hash over boxes, of a file whose boxes nobody can follow",))
        elif name.startswith("c2pa.hash.bmff"):
            found = _of_bmff(stream, parts, data)
    return found


def _entries(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of mappings; statements of others have any shape."""
    stated = data.get(name)
    return [mapping(one) for one in stated] if isinstance(stated, list) else []


def _of_boxes(stream: BinaryIO, container: str, parts: Sequence[Part], data: Mapping[str, Any]) -> Coverage:
    walker = hash_boxes.WALKERS.get(container)
    if walker is None:
        return Coverage(missing=("a hash over boxes, of a format whose boxes nobody knows",))
    size = max(part.end for part in parts)
    why = hash_boxes.uncovered(list(walker(stream, size, parts)), _listed(data), size)
    return Coverage(missing=(why,) if why else ())


def _listed(data: Mapping[str, Any]) -> Iterator[hash_boxes.BoxGroup]:
    for one in _entries(data, "boxes"):
        names = one.get("names")
        names = names if isinstance(names, list) else []
        yield hash_boxes.BoxGroup(tuple(map(str, names)), not one.get("excluded"))


# --- ISO base media --------------------------------------------------------------------------------


def _of_bmff(stream: BinaryIO, parts: Sequence[Part], data: Mapping[str, Any]) -> Coverage:
    exclusions = _entries(data, "exclusions")
    missing = [*_unhashed(data), *_whole_fields(stream, parts, exclusions), *_index(stream, parts)]
    checked = sorted({plain_path(str(one.get("xpath"))) for one in exclusions} & OFFSETS)
    found = Coverage(
        tuple(missing),
        checked=(*checked, *(["/mdat"] if _by_blocks(parts, data) else [])),
        notes=tuple(_brands(parts)),
    )
    return found if missing or not set(checked) - {_INDEX_TABLE} else _placed(stream, parts, found)


def _placed(stream: BinaryIO, parts: Sequence[Part], found: Coverage) -> Coverage:
    """Look at where the media lie, by the tables that the hash leaves out."""
    from provlabel.media.containers import places

    replace = msgspec.structs.replace
    try:
        placed = places.check(stream, parts)
    except places.TooManyPlaces as exc:
        raise Refused(str(exc)) from exc
    except places.Misplaced as exc:
        return replace(found, missing=(f"the hash leaves out the tables of offsets, and {exc}",))
    return replace(found, gaps=placed.unused, loose=placed.owners > 1)


def _unhashed(data: Mapping[str, Any]) -> Iterator[str]:
    """A hash need not be there for the engine: then it has nothing to compare."""
    if not data.get("hash"):
        yield "the manifest has no hash of the whole file"


def _by_blocks(parts: Sequence[Part], data: Mapping[str, Any]) -> bool:
    """Is the one ``mdat`` hashed block by block, all of it, in the order of the file (C2PA 2.4 §18.6)?

    Only where all hashes stand in the manifest: of those in boxes of the file anybody can change the order.
    """
    trees = _entries(data, "merkle")
    media = [one for one in _entries(data, "exclusions") if plain_path(str(one.get("xpath"))) == "/mdat"]
    starts = [[part.get("offset") for part in _entries(one, "subset")] for one in media]
    names = [part.name for part in parts]
    return (
        starts == [[_MDAT_HEAD]]
        and len(trees) == 1
        and not trees[0].get("initHash")
        and bool(data.get("hash"))
        and names.count("mdat") == 1
        and "moof" not in names
    )


_MDAT_HEAD = 16  # bytes of an mdat that stay in the hash of the file


def _whole_fields(stream: BinaryIO, parts: Sequence[Part], exclusions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Durations and sizes of samples stand beside their offsets, and must not be left out with these."""
    for one in exclusions:
        path = plain_path(str(one.get("xpath")))
        if path in _FIELDS and not all(map(_is_offset(*_FIELDS[path]), _entries(one, "subset") or [{}])):
            yield f"the hash leaves out boxes {path}, which hold more than offsets"
        elif path in _FIELDS and any(
            not _flags(stream, box) & _HAS_OFFSET for box in _matching(stream, parts, path, one)
        ):
            yield f"the hash leaves out a part of boxes {path} that is no offset"


def _is_offset(start: int, length: int) -> Any:
    return lambda part: (mapping(part).get("offset"), mapping(part).get("length")) == (start, length)


def _flags(stream: BinaryIO, box: Box) -> int:
    return int.from_bytes(read_exactly(stream, box.body + 1, 3), "big")


def _matching(stream: BinaryIO, parts: Sequence[Part], path: str, exclusion: Mapping[str, Any]) -> Iterator[Box]:
    """Yield the boxes that an exclusion means, as the engine counts flags: four bytes of which the last is missing."""
    stated = exclusion.get("flags")
    wanted = [one for one in stated if isinstance(one, int) and 0 <= one < 256] if isinstance(stated, list) else []
    exact = bool(wanted) and exclusion.get("exact") is not False
    number = int.from_bytes(bytes([*wanted, 0][:4]), "big")
    for part in parts:
        if part.name == "moof":
            for traf in inside(stream, box_at(stream, part.start), b"traf"):
                found = inside(stream, traf, path.rpartition("/")[2].encode())
                yield from (box for box in found if not exact or _flags(stream, box) == number)


def _index(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[str]:
    """The index of fragments is in no hash: where it points to must not lie in what is in none either."""
    unhashed = [part for part in parts if part.role in ("manifest", "structure")]
    for table in (part for part in parts if part.name == "mfra/tfra"):
        for at in set(_pointed_to(stream, table)):
            if any(part.start <= at < part.end for part in unhashed):
                yield "the index of fragments (mfra), which no hash is over, points to what no hash is over"
                return


def _pointed_to(stream: BinaryIO, part: Part) -> Iterator[int]:
    """Yield where the fragments of a table begin (ISO 14496-12 §8.8.10)."""
    body, length = items.body(stream, part)
    raw = read_exactly(stream, body, length)
    wide = 8 if raw[:1] == b"\x01" else 4
    numbers = int.from_bytes(raw[8:12], "big")
    step = 2 * wide + sum((numbers >> shift & 3) + 1 for shift in (4, 2, 0))
    for at in range(16, min(len(raw), 16 + step * int.from_bytes(raw[12:16], "big")), step):
        yield int.from_bytes(raw[at + wide : at + 2 * wide], "big")


def _brands(parts: Sequence[Part]) -> Iterator[str]:
    """The type of the file is in no hash; where it holds a picture and a film, it decides which is shown."""
    names = {part.name for part in parts}
    if "meta" in names and "moov/trak" in names:
        yield "it holds a picture and a film: the type of the file (ftyp), which is in no hash, decides which is shown"
