"""What taggers share: fields gathered within the limits, and fields checked before they are written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from provlabel._text import printable
from provlabel.containers import ContainerError, Part
from provlabel.containers.edits import Edit
from provlabel.evidence import Carrier
from provlabel.mappings._base import CarrierId, Fields
from provlabel.tags._base import MAX_CARRIER, MAX_FIELDS, MAX_VALUE, MAX_VALUES, TagError

Edits = Callable[[BinaryIO, Sequence[Part], Mapping[str, Fields]], list[Edit]]

_MAX_FAULTS = 20
_MAX_NAME = 200


class Gather:
    """Fields of one carrier as they are read, and what was wrong; bounded whatever the file says."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}
        self._faults: dict[str, None] = {}
        self._room = MAX_CARRIER

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """What was gathered."""
        return {name: tuple(values) for name, values in self._fields.items()}

    @property
    def faults(self) -> tuple[str, ...]:
        """What could not be read, each said once."""
        return tuple(self._faults)

    def fault(self, text: str) -> None:
        """Remember what is wrong, unless very much is."""
        if len(self._faults) < _MAX_FAULTS:
            self._faults[text] = None

    def add(self, name: str, values: Iterable[str]) -> None:
        """Take the values of a field, as far as the limits allow."""
        for value in values:
            refused = self._refused(name, value)
            if refused:
                self.fault(refused)
                return
            self._room -= len(name) + len(value)
            self._fields.setdefault(name, []).append(value)

    def _refused(self, name: str, value: str) -> str:
        if len(name) > _MAX_NAME:
            return f"a name is longer than {_MAX_NAME} characters"
        if name not in self._fields and len(self._fields) >= MAX_FIELDS:
            return f"more than {MAX_FIELDS} fields"
        if len(self._fields.get(name, ())) >= MAX_VALUES:
            return f"{printable(name, 40)}: more than {MAX_VALUES} values"
        if len(value) > MAX_VALUE:
            return f"{printable(name, 40)}: longer than {MAX_VALUE:,} characters"
        return f"more than {MAX_CARRIER:,} characters in all" if len(name) + len(value) > self._room else ""

    def text(self, data: bytes, encoding: str, what: str) -> str:
        """Decode ``data``; what cannot be decoded is a fault, and shown as U+FFFD."""
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            self.fault(f"{printable(what, 40)}: no {encoding.upper()}")
            return data.decode(encoding, "replace")


def gathered(carrier: CarrierId, place: str, fill: Callable[[Gather], None]) -> Iterator[Carrier]:
    """Yield the carrier that ``fill`` gathers, if it says anything; broken bytes are a fault of it."""
    got = Gather()
    try:
        fill(got)
    except ContainerError as exc:
        got.fault(str(exc))
    if got.fields or got.faults:
        yield Carrier(id=carrier, place=place, fields=got.fields, faults=got.faults)


def asked_of(carriers: tuple[CarrierId, ...], asked: Mapping[str, Fields]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the fields asked of each carrier, without empty values at the end.

    Raises:
        TagError: another carrier is asked for, or a value cannot be written or would not be read again.
    """
    for carrier in asked.keys() - set(carriers):
        raise TagError(f"{carrier} is not written into this format")
    return {
        carrier: {name: _writable(name, values) for name, values in asked.get(carrier, {}).items()}
        for carrier in carriers
    }


def refusing(edits: Edits) -> Edits:
    """Return ``edits`` so that a file that cannot be read far enough is one that cannot be changed: a TagError."""

    @functools.wraps(edits)
    def refused(stream: BinaryIO, parts: Sequence[Part], asked: Mapping[str, Fields]) -> list[Edit]:
        try:
            return edits(stream, parts, asked)
        except TagError:
            raise
        except ContainerError as exc:
            raise TagError(f"the tags cannot be changed: {exc}") from exc

    return refused


def no_edits(_stream: BinaryIO, _parts: Sequence[Part], asked: Mapping[str, Fields]) -> list[Edit]:
    """Change nothing: for formats that are only read.

    Raises:
        TagError: something is asked for.
    """
    asked_of((), asked)
    return []


def _writable(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    while values and not values[-1]:
        values = values[:-1]
    shown = printable(name, 40)
    if len(name) > _MAX_NAME or len(values) > MAX_VALUES or any(len(value) > MAX_VALUE for value in values):
        raise TagError(f"{shown}: too long or too many values for a tag")
    try:
        raw = "".join((name, *values)).encode()
    except UnicodeEncodeError:
        raise TagError(f"{shown}: holds half a character (a lone surrogate)") from None
    if b"\x00" in raw:
        raise TagError(f"{shown}: holds a NUL character")
    return values
