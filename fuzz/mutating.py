"""Changes to bytes and to trees of plain values, by chance from a seed: what runs without atheris."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

_INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 63) - 1)


def _flip(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _byte(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def _number(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    width = chance.choice((1, 2, 3, 4, 8))
    at = chance.randrange(len(data))
    value = chance.choice(_INTERESTING) if chance.random() < 0.7 else len(data) + chance.randrange(-9, 10)
    data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, chance.choice(("big", "little")))


def _cut(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 2, 4, 8, 64, len(data)))]


def _double(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 4, 16, 200, 2_000))]
    at = chance.randrange(len(data) + 1)
    data[at:at] = piece * chance.choice((1, 1, 1, 2, 20))


def _splice(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    other = chance.choice(others)
    if other:
        start = chance.randrange(len(other))
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.choice((0, 8, 100))] = other[start : start + chance.choice((4, 32, 500))]


_CHANGES = (_flip, _flip, _byte, _byte, _number, _number, _cut, _double, _splice)


def mutated(chance: random.Random, content: bytes, others: Sequence[bytes] = (), most: int = 1 << 20) -> bytes:
    """Return ``content`` with a few changes; ``others`` are words and files that pieces are taken from."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if not data:
            data += b"\0"
        change = chance.choice(_CHANGES)
        if change is not _splice or others:
            change(chance, data, others)
    return bytes(data[:most])


# --- trees -----------------------------------------------------------------------------------------

#: Plain values of types that nobody expects, all of which JSON can hold.
ODD: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: True,
    lambda: 0,
    lambda: -1,
    lambda: 1 << 62,
    lambda: 1e308,
    lambda: "",
    lambda: "\x1b[31m\u202e<script>\x00]]>|`\n",
    lambda: "x" * 3_000,
    list,
    dict,
    lambda: [[[["deep"]]]],
    lambda: {"name": {"name": ["x", 1, None]}},
    lambda: ["a", 1, None, {}, True],
    lambda: "2026-13-45T99:00:00Z",
    lambda: "self#jumbf=/c2pa/urn:x/c2pa.assertions/c2pa.actions",
)


def changed_tree(chance: random.Random, value: Any, changes: int, odd: Sequence[Callable[[], Any]] = ODD) -> Any:
    """Return a deep copy of a tree of dicts and lists with ``changes`` changes in it."""
    import copy

    root = [copy.deepcopy(value)]
    for _ in range(changes):
        holder, key = chance.choice(places(root))
        kind = chance.randrange(5)
        if kind < 2:
            holder[key] = chance.choice(odd)()
        elif kind == 2 and holder is not root:
            del holder[key]
        elif kind == 3:
            other, there = chance.choice(places(root))
            holder[key] = copy.deepcopy(other[there])
        elif isinstance(holder, list) and holder is not root:
            holder.insert(key, copy.deepcopy(holder[key]))
        elif isinstance(holder, dict):
            holder[chance.choice(("", "x", str(key) + "__1", "c2pa.hash.data", "\u202e"))] = holder[key]
    return root[0]


def places(root: list[Any]) -> list[tuple[Any, Any]]:
    """Return every place in a tree where a value stands: the dict or list that holds it, and where in there."""
    found: list[tuple[Any, Any]] = []
    open_: list[Any] = [root]
    while open_:
        holder = open_.pop()
        for key, item in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            found.append((holder, key))
            if isinstance(item, (dict, list)):
                open_.append(item)
    return found
