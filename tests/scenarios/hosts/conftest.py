"""Where hosts run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosting import Place


@pytest.fixture
def place(credential: Path) -> Iterator[Place]:
    """Where anybody comes to, and of a short name, as there are sockets below."""
    with tempfile.TemporaryDirectory(prefix="host-") as folder:
        yield Place(Path(folder), credential)
