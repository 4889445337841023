"""What a tagger is: it reads the flat fields of one kind of file, and says which bytes change to write some."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.containers import ContainerError, Part
from provlabel.containers.edits import Edit
from provlabel.evidence import Carrier
from provlabel.mappings._base import CarrierId, Fields

# Limits of what is read of one carrier; honest files are far below.
MAX_CARRIER = 4 << 20  # bytes of one packet, tag or comment block
MAX_FIELDS = 500
MAX_VALUES = 200  # of one field
MAX_VALUE = 64 << 10  # characters
MAX_CARRIERS = 6  # of one file


class TagError(ContainerError):
    """A carrier cannot be written without harm; the message says why, and the file stays as it is."""


class Tagger(NamedTuple):
    """How the carriers of one format are read and written."""

    carriers: tuple[CarrierId, ...]  #: those that ``edits`` can write
    #: Yields what each carrier says.  What is broken or too large is a fault of that carrier, not an exception.
    read: Callable[[BinaryIO, Sequence[Part]], Iterator[Carrier]]
    #: Returns what has to change so that each carrier has these fields; an empty tuple takes a field out.
    #: All other fields stay as they are.  Raises TagError.
    edits: Callable[[BinaryIO, Sequence[Part], Mapping[str, Fields]], list[Edit]]


def few(read: Callable[[BinaryIO, Sequence[Part]], Iterator[Carrier]]) -> Callable[..., Iterator[Carrier]]:
    """Return ``read`` without carriers that say nothing, and stopped after :data:`MAX_CARRIERS`.

    Each may cost the time of a whole packet.
    """

    def read_few(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
        for count, carrier in enumerate(read(stream, parts)):
            if count == MAX_CARRIERS:
                yield Carrier(carrier.id, carrier.place, faults=(f"more than {MAX_CARRIERS} carriers; not read",))
                return
            if carrier.fields or carrier.faults:
                yield carrier

    return read_few
