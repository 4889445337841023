"""Numbers in a file that say where something lies in it, and what becomes of them when bytes are put in between.

``docs/pointers.md`` lists all that are known, and what is done about each.
"""

from __future__ import annotations

import array
import hashlib
import itertools
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, Literal, NamedTuple

from provlabel.media.containers._base import ContainerError
from provlabel.media.containers.edits import Edit

#: Says where the byte at a place of a file comes to lie.
Where = Callable[[int], int]

_SEEN = 32  # bytes of what is pointed to that are compared; places in a fragment stand behind these
_MOST = 256  # numbers of one table that are; the others are moved by as much
_CODES = {2: "H", 4: "I", 8: "Q"}


class Pointers(NamedTuple):
    """Some numbers of one kind: the place of each is ``base + number + inner``."""

    name: str  #: for people
    at: int  #: where the first number stands in the file
    width: int  #: bytes of a number
    numbers: Sequence[int]
    stride: int = 0  #: bytes from one number to the next, where others stand between them
    order: Literal["big", "little"] = "big"
    base: int = 0  #: where counting begins, which moves along with what stands there
    inner: int = 0  #: what is added to each
    ends: bool = False  #: something ends at the place, instead of beginning there

    def places(self) -> Iterator[int]:
        """Yield where all that is pointed to lies."""
        return (self.base + number + self.inner for number in self.numbers)

    def moved(self, where: Where) -> Iterator[Edit]:
        """Yield the edits after which the same bytes are pointed to.

        Raises:
            ContainerError: the numbers cannot say that.
        """
        base = where(self.base) if self.base else 0
        before = self.ends  # what ends here lies in front
        new = (where(place - before) + before - base - self.inner for place in self.places())
        try:
            if self.width in _CODES and not self.stride:
                yield Edit(self.at, self.at + self.width * len(self.numbers), self._packed(new))
                return
            for index, number in enumerate(new):
                at = self.at + index * self.stride
                yield Edit(at, at + self.width, number.to_bytes(self.width, self.order))
        except OverflowError:
            raise ContainerError(f"the place of {self.name} would be larger than its field can say") from None

    def _packed(self, numbers: Iterable[int]) -> bytes:
        """Return numbers beside each other; there may be millions."""
        packed = array.array(_CODES[self.width], numbers)
        if sys.byteorder != self.order:
            packed.byteswap()
        return packed.tobytes()


def moved(found: Iterable[Pointers], edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits that put right what ``found`` lists, in the file that ``edits`` change.

    Raises:
        ContainerError: something points to what is replaced, or a number cannot be as large.
    """
    where = places_after(edits)
    return [edit for one in found for edit in one.moved(where)]


def grows(edit: Edit) -> int:
    """Return by how many bytes an edit moves what lies behind it."""
    return len(edit.content) - (edit.end - edit.start)


def places_after(edits: Iterable[Edit]) -> Where:
    """Return where the bytes of a file lie once ``edits`` are made."""
    changed = sorted(filter(grows, edits))
    starts = [edit.start for edit in changed]
    growth = [0, *itertools.accumulate(map(grows, changed))]

    def where(place: int) -> int:
        index = bisect_right(starts, place)
        if index and place < changed[index - 1].end:
            raise ContainerError("something points to what is replaced")
        return place + growth[index]

    return where


def seen(stream: BinaryIO, found: Iterable[Pointers]) -> dict[str, str]:
    """Return a digest of what lies where each number points, of a large table of some of them.

    What leads nowhere is left out.
    """
    targets: dict[str, str] = {}
    size = stream.seek(0, 2)
    for one in found:
        for index in _some(len(one.numbers)):
            place = one.base + one.numbers[index] + one.inner
            start, end = (max(0, place - _SEEN), place) if one.ends else (place, min(place + _SEEN, size))
            if 0 <= start < end <= size:
                stream.seek(start)
                name = one.name if len(one.numbers) == 1 else f"{one.name}, entry {index + 1}"
                targets[name] = hashlib.sha256(stream.read(end - start)).hexdigest()
    return targets


def _some(count: int) -> list[int]:
    """Return all indices of a table, or some and the last of a large one."""
    return [*range(0, count - 1, -(-count // _MOST)), count - 1] if count else []
