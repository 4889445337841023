"""What a harness is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Harness(NamedTuple):
    """One parser, what it is begun with, and what it may do with hostile bytes."""

    run: Callable[[bytes], None]  #: reads the bytes, and asserts what has to hold of what it read
    seeds: Callable[[], Iterable[bytes]]  #: honest inputs
    words: tuple[bytes, ...] = ()  #: what a mutation may put in
    allowed: tuple[type[Exception], ...] = ()  #: what its callers are told to expect
    max_len: int = 4_096  #: bytes of one input
    cost: int = 4  #: how much slower it is than the fastest, which run more often

    def check(self, data: bytes) -> None:
        """Read ``data``; only what is allowed is swallowed."""
        try:
            self.run(data)
        except AssertionError:
            raise
        except self.allowed:
            pass
