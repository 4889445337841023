"""What taggers share: fields gathered within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from provlabel._support.text import printable
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_FIELDS, MAX_NAME, MAX_VALUE, MAX_VALUES
from provlabel.carriers.vocabularies._base import CarrierId
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError

_MAX_FAULTS = 20  # of one carrier that are kept


class Gather:
    """Fields of one carrier as they are read, and what was wrong; bounded whatever the file says."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}
        self._faults: dict[str, None] = {}
        self._left = MAX_CARRIER

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """What was gathered."""
        return {name: tuple(values) for name, values in self._fields.items()}

    @property
    def faults(self) -> tuple[str, ...]:
        """What could not be read, each once."""
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
            self._left -= len(name) + len(value)
            self._fields.setdefault(name, []).append(value)

    def _refused(self, name: str, value: str) -> str:
        if len(name) > MAX_NAME:
            return f"a name is longer than {MAX_NAME} characters"
        if name not in self._fields and len(self._fields) >= MAX_FIELDS:
            return f"more than {MAX_FIELDS} fields"
        if len(self._fields.get(name, ())) >= MAX_VALUES:
            return f"{printable(name, 40)}: more than {MAX_VALUES} values"
        if len(value) > MAX_VALUE:
            return f"{printable(name, 40)}: longer than {MAX_VALUE:,} characters"
        return f"more than {MAX_CARRIER:,} characters in all" if len(name) + len(value) > self._left else ""

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
