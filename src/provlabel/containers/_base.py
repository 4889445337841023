"""What a walker of a container yields, and the bounded reading all walkers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal, NamedTuple

#: Parts of one file that a walker names before it gives up; real files have a few hundred.
MAX_PARTS = 100_000

Role = Literal["manifest", "metadata", "media"]


class ContainerError(ValueError):
    """The bytes do not follow the rules of their container; the message says where."""


class Part(NamedTuple):
    """One stretch of a file.

    ``role`` is ``manifest`` (holds C2PA bytes), ``metadata`` (tags and text that may be left out of
    a hash) or ``media`` (everything that is seen or heard, and all that is unknown).
    """

    name: str
    start: int  #: bytes from the beginning of the file
    length: int  #: bytes, header included
    role: Role
    payload_at: int = 0  #: for a manifest: where its own bytes begin
    payload_length: int = 0

    @property
    def end(self) -> int:
        """The first byte after this part."""
        return self.start + self.length


Walker = Callable[[BinaryIO, int], Iterator[Part]]


def read_exactly(stream: BinaryIO, offset: int, length: int) -> bytes:
    """Read ``length`` bytes at ``offset``.

    Raises:
        ContainerError: the file ends before.
    """
    stream.seek(offset)
    data = stream.read(length)
    if len(data) != length:
        raise ContainerError(f"ends at byte {offset + len(data)}, in the middle of a part")
    return data
