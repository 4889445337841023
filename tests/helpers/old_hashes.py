"""Hashes over boxes (C2PA 2.4 §18.6, §18.7), written by hand, and those of ISO base media as C2PA 1 had them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from provlabel.media.containers.isobmff import C2PA
from stores import Hand, Store, chunk

# --- ISO base media --------------------------------------------------------------------------------

_STBL = "/moov/trak/mdia/minf/stbl/"
_OURS = {"xpath": "/uuid", "data": [{"offset": 8, "value": C2PA}]}
#: What tools of C2PA 1 left out.
OLD: tuple[dict[str, Any], ...] = (
    _OURS,
    {"xpath": "/ftyp"},
    {"xpath": "/meta/iloc"},
    {"xpath": "/mfra/tfra"},
    {"xpath": f"{_STBL}stco", "subset": [{"offset": 16, "length": 0}]},
    {"xpath": f"{_STBL}co64", "subset": [{"offset": 16, "length": 0}]},
    {"xpath": "/moof/traf/tfhd", "subset": [{"offset": 16, "length": 8}], "flags": b"\x01\x00\x00"},
    {"xpath": "/moof/traf/trun", "subset": [{"offset": 16, "length": 4}], "flags": b"\x01\x00\x00"},
)
#: The same with whole tables.
WHOLE = (*OLD[:4], {"xpath": f"{_STBL}stco"}, {"xpath": f"{_STBL}co64"})
#: What those of C2PA 2 leave out.
NEW: tuple[dict[str, Any], ...] = (_OURS, {"xpath": "/ftyp"}, {"xpath": "/mfra"})
_HOLDERS = frozenset({"moov", "trak", "mdia", "minf", "stbl", "moof", "traf", "mfra", "meta"})


def boxes_in(content: bytes, start: int = 0, end: int = -1, path: str = "") -> Iterator[tuple[str, int, int]]:
    """Yield path, beginning and end of every box."""
    end = len(content) if end < 0 else end
    while start + 8 <= end:
        length, kind = (
            int.from_bytes(content[start : start + 4], "big"),
            content[start + 4 : start + 8].decode("latin-1"),
        )
        yield f"{path}/{kind}", start, start + length
        if kind in _HOLDERS:
            yield from boxes_in(content, start + (12 if kind == "meta" else 8), start + length, f"{path}/{kind}")
        start += max(length, 8)


def bmff_digest(content: bytes, exclusions: Sequence[dict[str, Any]], version: int) -> bytes:
    """Hash a file without what ``exclusions`` name; from version 2 on with the places of the boxes at the top."""
    kept, tops = bytearray(b"\x01") * len(content), set()
    for path, start, end in boxes_in(content):
        if path.count("/") == 1:
            tops.add(start)
        for one in exclusions:
            data = one.get("data") or []
            flags = one.get("flags")
            fits = all(content[start + item["offset"] :].startswith(item["value"]) for item in data)
            if one["xpath"] != path or not fits or (flags and content[start + 9 : start + 12] != flags[1:] + b"\0"):
                continue
            for part in one.get("subset") or [{"offset": 0, "length": 0}]:
                first = start + part["offset"]
                last = min(first + part["length"], end) if part["length"] else end
                kept[first:last] = bytes(max(0, last - first))
            if "subset" not in one:
                tops.discard(start)
    digest, done = hashlib.sha256(), 0
    for at in sorted(tops) if version > 1 else []:
        digest.update(bytes(byte for byte, keep in zip(content[done:at], kept[done:at], strict=True) if keep))
        digest.update(at.to_bytes(8, "big"))
        done = at
    digest.update(bytes(byte for byte, keep in zip(content[done:], kept[done:], strict=True) if keep))
    return digest.digest()


def bmff_store(
    store: Store, content: bytes, by: Hand, exclusions: Sequence[dict[str, Any]] = OLD, version: int = 2, **more: Any
) -> bytes:
    """Return a store that lies beside ``content``, with a hash of one version."""
    data = {
        "exclusions": list(exclusions),
        "alg": "sha256",
        "hash": bmff_digest(content, exclusions, version),
        "name": "x",
    }
    data |= more
    data = {key: value for key, value in data.items() if value is not None}
    return store.drop("c2pa.hash.data").put(f"c2pa.hash.bmff{f'.v{version}' if version > 1 else ''}", data).signed(by)


# --- boxes -----------------------------------------------------------------------------------------

Named = tuple[str, int, int]


def named(content: bytes) -> list[Named]:
    """Return name, beginning and end of the boxes of a small plain file."""
    if content.startswith(b"\x89PNG"):
        return [("PNGh", 0, 8), *_chunks(content)]
    if content.startswith(b"\xff\xd8"):
        return list(_segments(content))
    if content.startswith(b"GIF"):
        return list(_blocks(content))
    return [("C2PA" if path == "/jumb" else path[1:], start, end) for path, start, end in boxes_in(content)]


def _chunks(content: bytes) -> Iterator[Named]:
    at = 8
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8].decode().replace("caBX", "C2PA"), at, end
        at = end


_JPEG = {
    0xC0: "SOF0",
    0xC2: "SOF2",
    0xC4: "DHT",
    0xD8: "SOI",
    0xD9: "EOI",
    0xDA: "SOS",
    0xDB: "DQT",
    0xDD: "DRI",
    0xFE: "COM",
    0xF0: "JPG0",
}


def _segments(content: bytes) -> Iterator[Named]:
    at = 0
    while at < len(content):
        marker = content[at + 1]
        name = _JPEG.get(marker) or f"APP{marker - 0xE0}"
        end = at + 2 + (0 if marker in (0xD8, 0xD9) else int.from_bytes(content[at + 2 : at + 4], "big"))
        if name == "APP11" and content[at + 28 : at + 32] == b"c2pa":
            name = "C2PA"
        if name == "SOS":
            header = end
            while content[end] != 0xFF or content[end + 1] in (0, *range(0xD0, 0xD8)):
                end += 1
            yield name, at, end
            for place in range(header, end - 1):
                if content[place] == 0xFF and content[place + 1]:
                    yield f"RST{content[place + 1] - 0xD0}", place, place + 2
        else:
            yield name, at, end
        at = end


def _blocks(content: bytes) -> Iterator[Named]:
    at = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
    yield from (("GIF89a", 0, 6), ("LSD", 6, at))
    while content[at] != 0x3B:
        start = at
        if content[at] == 0x2C:
            at += 10 + (3 << (content[at + 9] & 7) + 1 if content[at + 9] & 0x80 else 0)
            yield "2C", start, at
            start, at, name = at, at + 1, "TBID"
        else:
            name = "C2PA" if content[at + 3 : at + 11] == b"C2PA_GIF" else f"21{content[at + 1]:02X}"
            at += 2
        while content[at]:
            at += 1 + content[at]
        at += 1
        yield name, start, at
    yield "3B", at, at + 1


def holding(content: bytes, store: bytes) -> bytes:
    """Put a store into a PNG, JPEG, GIF or JPEG XL, where it belongs."""
    if content.startswith(b"\x89PNG"):
        return content[:33] + chunk(b"caBX", store) + content[33:]
    if content.startswith(b"\xff\xd8"):
        head = b"\xff\xeb" + (len(store) + 10).to_bytes(2, "big") + b"JP\x02\x11" + (1).to_bytes(4, "big")
        return content[:2] + head + store + content[2:]
    if content.startswith(b"GIF"):
        at = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
        blocks = b"".join(bytes([len(one)]) + one for one in (store[n : n + 255] for n in range(0, len(store), 255)))
        return content[:at] + b"\x21\xff\x0bC2PA_GIF\x01\x00\x00" + blocks + b"\x00" + content[at:]
    at = 12 + int.from_bytes(content[12:16], "big")
    return content[:at] + store + content[at:]


Groups = Callable[[list[Named]], list[list[Named]]]


def each(found: list[Named]) -> list[list[Named]]:
    return [[one] for one in found]


def grouped(found: list[Named]) -> list[list[Named]]:
    """One hash for all in front of the manifest, and one for all behind it."""
    at = next(place for place, (name, _, _) in enumerate(found) if name == "C2PA")
    return [found[:at], [found[at]], found[at + 1 :]]


def box_hashed(
    store: Store, content: bytes, by: Hand, groups: Groups = each, names: Callable[[bytes], list[Named]] = named
) -> bytes:
    """Return ``content`` with a manifest whose hash is over its boxes."""
    whole = holding(content, store.drop("c2pa.hash.data").signed(by))
    for _ in range(2):  # where all lies is known only once the manifest has its length
        listed = [
            {
                "names": [name for name, _, _ in group],
                "hash": b"\x00"
                if group[0][0] == "C2PA"
                else hashlib.sha256(whole[group[0][1] : group[-1][2]]).digest(),
                "pad": b"",
            }
            for group in groups(names(whole))
        ]
        store.put("c2pa.hash.boxes", {"alg": "sha256", "boxes": listed})
        whole = holding(content, store.signed(by))
    return whole
