"""Types that msgspec reads into, made ready before threads meet at them."""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

_T = TypeVar("_T")
_lock = threading.Lock()
_known: set[type] = set()


def ready(kind: type[_T]) -> type[_T]:
    """Return ``kind`` once msgspec knows its fields.

    It finds them out at the first use, and crashes the process when two threads do that at once (seen with 0.22).
    """
    if kind not in _known:
        with _lock:
            msgspec.json.Decoder(kind)
            _known.add(kind)
    return kind
