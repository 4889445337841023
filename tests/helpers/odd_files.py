"""Odd files of every format that can hold a manifest: what the standards allow and few programs write.

All are small and made of our samples byte by byte; what moves is drawn from a seed, so that each run has the same
files.
Where encoders are needed (ffmpeg, heif-enc, cjxl), each makes one file, of which the others are made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

SEED = 20_261_130
_Any = TypeVar("_Any")


class Odd(NamedTuple):
    """One file."""

    name: str
    content: bytes
    refused: str = ""  #: what the refusal to embed says, where it is refused
    changed: str = ""  #: a pattern of what differs on purpose: ``program: name``


def orders(of: str, parts: Sequence[_Any], count: int, most: int = 99) -> Iterator[list[_Any]]:
    """Yield ``count`` choices of ``parts``, each in another order, as the seed has it."""
    rng = random.Random(f"{SEED} {of}")
    for _ in range(count):
        yield rng.sample(list(parts), rng.randint(2, min(most, len(parts))))
