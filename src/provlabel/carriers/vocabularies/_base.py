"""What a mapping is: a pure function from a label to the flat fields of one carrier, and its inverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import UNSET

from provlabel.label import Label

#: The id of a carrier, where in a file flat fields can stand: xmp, exif, text, id3, vorbis, mp4, riff.
CarrierId = str
#: Name of a field, as its carrier has it, and its values in order.
Fields = Mapping[str, tuple[str, ...]]

#: What a field is about.  A ``statement`` speaks about AI or permission: it is ours to write, and has to
#: agree with the label.  An ``identifier`` says which work it is: one that differs is somebody
#: else's work.  A ``credit`` (people, rights, title) is often written differently on purpose.
FieldRole = Literal["statement", "identifier", "credit"]


class Field(NamedTuple):
    """One field of a carrier that a mapping knows."""

    name: str
    role: FieldRole
    personal: bool = False  #: holds the name of a person, or their words
    source: str = ""  #: where the rule stands
    certainty: str = "P"  #: P primary text read, S secondary source, W weak, N none found
    shared: bool = False  #: words of others stay in the same text beside ours


class Projection(NamedTuple):
    """One vocabulary in one carrier."""

    name: str  #: of the vocabulary: iptc, music, aigc
    carrier: CarrierId
    fields: Mapping[str, Field]
    dump: Callable[[Label], dict[str, tuple[str, ...]]]  #: values of a label, only fields that have some
    load: Callable[[Fields], dict[str, Any]]  #: what the fields say, as (part of) a plain label


def gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Gather pairs of field and value; what is unset is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if value is not UNSET:
            found[name] = (*found.get(name, ()), value)
    return found


def first(fields: Fields, name: str) -> str:
    """Return the first value of a field, or nothing."""
    return next(iter(fields.get(name, ())), "")
