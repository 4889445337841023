"""Vorbis comments and flat fields: bytes in, bytes out (Vorbis I §5; RFC 9639 §8.6 for FLAC).

Names of fields are upper case: a comment is found whatever the case of its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags._base import TagError
from provlabel.carriers.tags._fields import Gather

_MAX_COMMENTS = 10_000
_VENDOR = b"provlabel"  # of a comment block that we begin
_NAME = re.compile(r"[ -<>-}]+")  # printable ASCII but for the equals sign and the tilde
# Pictures as text: not read, whatever their size.
_PICTURES = frozenset({"METADATA_BLOCK_PICTURE", "COVERART"})


class _Comments(NamedTuple):
    head: int  #: bytes of the vendor string with its length
    comments: tuple[bytes, ...]  #: without their lengths
    end: int
    broken: str  #: why there are fewer than announced


def read_comments(block: bytes) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the fields of a comment block, and what could not be read of it."""
    got = Gather()
    read_into(got, block)
    return got.fields, got.faults


def read_into(got: Gather, block: bytes) -> None:
    """Gather the fields of a comment block."""
    parsed = _parsed(block)
    if parsed.broken:
        got.fault(parsed.broken)
    for comment in parsed.comments:
        name, value = _name(comment), comment.partition(b"=")[2]
        if not name:
            got.fault("a comment has no name")
        elif name not in _PICTURES and value:
            got.add(name, (got.text(value, "utf-8", name),))


def comments_of(block: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Return the comments of a block as they stand, each with its name, and what lies behind them.

    Raises:
        TagError: the block is broken.
    """
    parsed = _parsed(block)
    if parsed.broken:
        raise TagError(parsed.broken)
    return [(_name(comment), comment) for comment in parsed.comments], block[parsed.end :]


def merged_comments(block: bytes | None, fields: Mapping[str, tuple[str, ...]]) -> bytes:
    """Return ``block`` with these fields, each value a comment of its own; the very same when nothing changes.

    The vendor string, all other comments, and what stands behind them keep their bytes and their order.

    Raises:
        TagError: the block is broken, or a name cannot be written.
    """
    if block is None:
        block = len(_VENDOR).to_bytes(4, "little") + _VENDOR + bytes(4)
    old = _parsed(block)
    if old.broken:
        raise TagError(f"the comments cannot be changed: {old.broken}")
    new = {name: [_made(name, value) for value in values] for name, values in fields.items()}
    mine = {name: [comment for comment in old.comments if _name(comment) == name] for name in fields}
    new = {name: comments for name, comments in new.items() if _values(comments) != _values(mine[name])}
    if not new:
        return block
    changed, kept = set(new), []
    for comment in old.comments:
        name = _name(comment)
        kept += new.pop(name, []) if name in changed else [comment]
    kept += (comment for comments in new.values() for comment in comments)
    sized = (_sized(len(item)) + item for item in kept)
    merged = b"".join((block[: old.head], _sized(len(kept)), *sized, block[old.end :]))
    if not {name: values for name, values in fields.items() if values}.items() <= read_comments(merged)[0].items():
        raise TagError("the comments have so much in them that what is written would not be read again")
    return merged


def _values(comments: list[bytes]) -> list[bytes]:
    return [comment.partition(b"=")[2] for comment in comments]


def _made(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name) or name != name.upper():
        raise TagError(f"{printable(name, 40)}: is no name of a Vorbis comment")
    return f"{name}={value}".encode()


def _name(comment: bytes) -> str:
    """Return the name of a comment in upper case, empty when it has none."""
    name, found, _ = comment.partition(b"=")
    return name.decode("latin-1").upper() if found and name.isascii() else ""


def _sized(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _parsed(block: bytes) -> _Comments:
    """Cut a block into its comments; lengths are little-endian, and none is believed."""
    head = 4 + int.from_bytes(block[:4], "little")
    if head + 4 > len(block):
        return _Comments(0, (), 0, "the comments end in the middle of the vendor string")
    count, at = int.from_bytes(block[head : head + 4], "little"), head + 4
    comments: list[bytes] = []
    for _ in range(min(count, _MAX_COMMENTS)):
        end = at + 4 + int.from_bytes(block[at : at + 4], "little")
        if len(block) - at < 4 or end > len(block):
            return _Comments(
                head, tuple(comments), at, f"{count:,} comments are announced, {len(comments):,} are there"
            )
        comments.append(block[at + 4 : end])
        at = end
    broken = f"more than {_MAX_COMMENTS:,} comments" if count > _MAX_COMMENTS else ""
    return _Comments(head, tuple(comments), at, broken)
