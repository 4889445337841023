"""What a tagger is: it reads the flat fields of one kind of file, and says which bytes change to write some."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Literal, NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.vocabularies._base import CarrierId, Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part
from provlabel.media.containers.edits import Edit

# Limits of what is read of one carrier; honest files are far below.
MAX_CARRIER = 4 << 20  # bytes of one packet, tag or comment block
MAX_FIELDS = 500
MAX_VALUES = 200  # of one field
MAX_VALUE = 64 << 10  # characters
MAX_CARRIERS = 6  # of one file; each may cost the time of a whole packet
MAX_NAME = 200  # characters of the name of a field

_Read = Callable[[BinaryIO, Sequence[Part]], Iterator[Carrier]]
_Ready = Callable[[BinaryIO, Sequence[Part]], list[Edit]]
_Withheld = Callable[[BinaryIO, Sequence[Part]], tuple[str, ...]]
_Cut = Callable[[BinaryIO, Sequence[Part], Collection[str]], list[Edit]]
_Edits = Callable[[BinaryIO, Sequence[Part], Mapping[str, Fields]], list[Edit]]


class TagError(ContainerError):
    """A carrier cannot be written without harm; the message says why, and the file stays as it is."""


class Tagger(NamedTuple):
    """How the carriers of one format are read and written: a module of this package with ``read`` and ``edits``.

    The module is imported when it is used: a run needs few of them, and pays at each start.
    """

    module: str
    carriers: tuple[CarrierId, ...] = ()  #: those that can be written; none, and it has no ``edits``

    @property
    def _loaded(self) -> Any:
        return importlib.import_module(f"provlabel.carriers.tags.{self.module}")

    def read(self, stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
        """Yield what each carrier says, if it says anything; ``parts`` are those of the whole file.

        What is broken or too large is a fault of its carrier, not an exception.
        """
        read: _Read = self._loaded.read
        for count, carrier in enumerate(read(stream, parts)):
            if count == MAX_CARRIERS:
                yield Carrier(carrier.id, carrier.place, faults=(f"more than {MAX_CARRIERS} carriers; not read",))
                return
            if carrier.fields or carrier.faults:
                yield carrier

    def edits(self, stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
        """Return what has to change so that each carrier has these fields; an empty tuple takes a field out.

        All other fields stay as they are.

        Raises:
            TagError: that cannot be done without harm, or a value cannot be written.
        """
        fields = wanted_of(self.carriers, wanted)
        if not fields:
            return []
        edits: _Edits = self._loaded.edits
        with _unharmed("the tags"):
            return edits(stream, parts, fields)

    def has(self, what: Literal["ready", "withheld"]) -> bool:
        """Does the format need the method of this name?  Only then the parts of a file have to be found for it."""
        return hasattr(self._loaded, what)

    def withheld(self, stream: BinaryIO, parts: Sequence[Part]) -> tuple[str, ...]:
        """Return how the names of fields begin that would hide what others wrote in another carrier of the file."""
        found: _Withheld = self._loaded.withheld
        try:
            return found(stream, parts)
        except ContainerError:
            return ()

    def ready(self, stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
        """Return what has to change before a manifest can enter the file, though no field is written.

        Raises:
            TagError: that cannot be done without harm.
        """
        found: _Ready = self._loaded.ready
        with _unharmed("the tags"):
            return found(stream, parts)

    def cut(self, stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
        """Return the edits that take out texts of these names, where the format has them in chunks of their own."""
        found: _Cut | None = getattr(self._loaded, "cut", None)
        return found(stream, parts, names) if found is not None else []

    def blanked(self, stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
        """Return the edits that empty texts of these names in EXIF, where the format has it in one piece.

        Raises:
            TagError: that cannot be done without harm.
        """
        found: _Cut | None = getattr(self._loaded, "blanked", None)
        if found is None or not names:
            return []
        with _unharmed("EXIF"):
            return found(stream, parts, names)


@contextlib.contextmanager
def _unharmed(what: str) -> Iterator[None]:
    """Let what the walk of a container stumbles over be told as tags that cannot be written.

    Raises:
        TagError: in place of any other :class:`ContainerError`.
    """
    try:
        yield
    except TagError:
        raise
    except ContainerError as exc:
        raise TagError(f"{what} cannot be changed: {exc}") from exc


def wanted_of(carriers: tuple[CarrierId, ...], wanted: Mapping[str, Fields]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the fields wanted of each carrier, without empty values at the end.

    Raises:
        TagError: another carrier is to be written, or a value cannot be written or would not be read again.
    """
    others = [carrier for carrier in wanted if carrier not in carriers and any(wanted[carrier].values())]
    if others:
        raise TagError(f"{' and '.join(others)} cannot be written into this format")
    return {
        carrier: {name: _writable(name, values) for name, values in wanted.get(carrier, {}).items()}
        for carrier in carriers
    }


def _writable(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    while values and not values[-1]:
        values = values[:-1]
    shown = printable(name, 40)
    if len(name) > MAX_NAME or len(values) > MAX_VALUES or any(len(value) > MAX_VALUE for value in values):
        raise TagError(f"{shown}: too long or too many values for a tag")
    try:
        raw = "".join((name, *values)).encode()
    except UnicodeEncodeError:
        raise TagError(f"{shown}: holds half a character (a lone surrogate)") from None
    if b"\x00" in raw:
        raise TagError(f"{shown}: holds a NUL character")
    return values
