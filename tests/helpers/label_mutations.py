"""Labels at random, for two validators that have to agree: those of the vectors, changed a little, from a seed."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from typing import Any

#: What is put in place of a value: of other types, at bounds, and texts that rules look for.
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, 99.9999, 100, 100.5, 101, 1_000_000, 1_000_001, 1e-9, 2**53 + 1, 2**63 - 1,
    2**63, -(2**63), [], {}, [[]], [{}], "", " ", "x", "x" * 40, "x" * 201, "\U0001f3b5" * 200, "e\u0301",
    "two\nlines", "a\x85b", "a\u2028b", "a\\b", "\u0130\u0131\u017f", "All", "None", "Partly", "ai", "human",
    "whole", "vocals", "mastering", "artwork", "created", "altered", "human_made", "ai_generated", "ai_modified",
    "ai_assisted_technical", "ai_partly_created", "composite_synthetic", "may_contain_ai", "translated", "dubbed",
    "converted", "isrc", "iswc", "isni", "ipi", "upc", "grid", "guid", "c2pa", "url", "label-v1", "urn:uuid:",
    "URN:UUID:x", "isrc:gb-aye-26-00001", "T-034.524.680-1", "t0345246801", "GRID:A1-2425G-ABC1234002-M",
    "{{0F8FAD5B-D9CB-469F-A165-70867728950E}}", "}0f8fad5b-d9cb-469f-a165-70867728950e{", "00036000291452",
    "036000291452", "0000000121032683", "0000 0001 2103 2683", "123456789", "2026-02-29T00:00:00Z",
    "2024-02-29T23:59:60Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00.123456789-00:00", "2026-11-22t10:00:00z", "Ada Example sings",
    "mail ada@acme.example now", "ada@acme", "+49 30 1234567", "1 2345 678",
    "token: \U0001f511\U0001f511\U0001f511", "token = abcdef", "PASSWORD:abcdef", "a\u017fk-0123456789abcdef",
    "to\u212aen: abcdef", "https://acme.example/", "http://", "https://\u00e9", "en", "en-US", "de_DE", "9f" * 32,
    "9F" * 32, "singer", "AcmeSynth", "drums",
)  # fmt: skip


def mutated_labels(labels: Sequence[Any], number: int, seed: int) -> Iterator[Any]:
    """Yield ``number`` labels, each one of ``labels`` with one to four changes."""
    chance = random.Random(seed)
    parts = [(place[-1], value) for label in labels for place, value in _places(label) if place]
    for _ in range(number):
        label = copy.deepcopy(chance.choice(labels))
        for _ in range(chance.choice((1, 1, 2, 2, 3, 4))):
            label = _changed(label, parts, chance)
        yield label


def mutated_texts(texts: Sequence[str], number: int, seed: int) -> Iterator[str]:
    """Yield ``number`` files, each one of ``texts`` with one to three changes of signs or lines."""
    chance = random.Random(seed)
    pool = [line for text in texts for line in text.splitlines(keepends=True)]
    for _ in range(number):
        text = chance.choice(texts)
        for _ in range(chance.choice((1, 1, 2, 3))):
            begin = chance.randrange(len(text) + 1)
            end = min(len(text), begin + chance.choice((0, 0, 1, 1, 2, 8)))
            lines = text.splitlines(keepends=True)
            piece = chance.choice(pool)
            if chance.random() < 0.5 and lines:
                lines.insert(chance.randrange(len(lines)), piece)
                text = "".join(lines)
            else:
                text = text[:begin] + chance.choice(_SIGNS) + text[end:]
        yield text


_SIGNS = (
    "", "", '"', "'", "{", "}", "[", "]", "[[", ",", ":", "=", ".", "-", "+", "_", "0", "1", "e", "\\", "\\u00e9",
    "\\ud83d", "\\U0001F3B5", "\\x41", "\n", "\r", "\r\n", "\t", " ", "#", "\x0b", "\x7f", "\u2028", "\ufeff",
    "null", "true", "NaN", "Infinity", "inf", "nan", "0x1F", "0o7", "1_000", "01", "1.", ".5", "1e5", "-0", "'''",
    '"""', "2026-11-22", "2026-11-22 10:00:00z", "10:00:60", "1979-05-27T07:32:00.1234567-00:00", "a.b = 1\n",
    "[extra]\n",
)  # fmt: skip


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield here, value
    for key, item in _members(value):
        yield from _places(item, (*here, key))


def _members(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _changed(label: Any, parts: Sequence[tuple[Any, Any]], chance: random.Random) -> Any:
    place, value = chance.choice(list(_places(label)))
    if isinstance(value, (dict, list)) and chance.random() < 0.5:
        _grown(value, parts, chance)
        return label
    if not place:
        return label
    holder = label
    for key in place[:-1]:
        holder = holder[key]
    action = chance.random()
    if action < 0.15:
        del holder[place[-1]]
    elif action < 0.5:
        same = [part for name, part in parts if name == place[-1]]
        holder[place[-1]] = copy.deepcopy(chance.choice(same or [value]))
    elif action < 0.65 and isinstance(value, str):
        at = chance.randrange(len(value) + 1)
        holder[place[-1]] = value[:at] + chance.choice((" ", "-", ".", "X", "0", "\u00df", "\t")) + value[at:]
    else:
        holder[place[-1]] = copy.deepcopy(chance.choice(_VALUES))
    return label


def _grown(value: Any, parts: Sequence[tuple[Any, Any]], chance: random.Random) -> None:
    """Give an object a member that another label has, or a list one of its elements again, or anything."""
    if isinstance(value, list):
        value.append(copy.deepcopy(chance.choice(value if value and chance.random() < 0.7 else _VALUES)))
        return
    name, part = chance.choice(parts)
    value[str(name)] = copy.deepcopy(part if chance.random() < 0.9 else chance.choice(_VALUES))
