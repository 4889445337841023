"""MP4, M4A and MOV: text items of the iTunes list and of lists by keys (carrier ``mp4``).

The iTunes list lies in ``moov/udta/meta`` with the handler ``mdir``.  A list by keys (handler ``mdta``) lies in
``moov/meta`` (QuickTime File Format) or in ``moov/udta/meta``, where TC260-PG-20257A wants the key ``AIGC``.
A new list by keys is put there, behind the iTunes list, which programs expect first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags import ilst, xmp
from provlabel.carriers.tags._base import MAX_CARRIER, TagError
from provlabel.carriers.tags._fields import Gather, gathered
from provlabel.carriers.tags.isobmff import uuid_packets
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, chunks, read_exactly
from provlabel.media.containers.boxes import Box, content, entered, handler, inside, made
from provlabel.media.containers.edits import Edit

_ITUNES, _BY_KEY = b"mdir", b"mdta"
_MAX_LISTS = 16


class _List(NamedTuple):
    """One ``meta`` box with what it holds."""

    above: tuple[Box, ...]  #: what holds it, outermost first; itself last
    kind: bytes
    items: Box | None
    keys: Box | None
    padding: Box | None  #: that changes of size can use up

    @property
    def meta(self) -> Box:
        """The box itself."""
        return self.above[-1]


class _Change(NamedTuple):
    """One edit, and the boxes whose size changes with it."""

    edit: Edit
    above: tuple[Box, ...]

    @property
    def growth(self) -> int:
        """Bytes more than before."""
        return len(self.edit.content) - (self.edit.end - self.edit.start)


# --- reading ---------------------------------------------------------------------------------------


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield what all lists say together, and XMP, which is not written here."""

    def fill(got: Gather) -> None:
        seen: set[str] = set()
        lists = (found for moov in chunks.movies(stream, parts) for found in _lists(stream, moov))
        for found in itertools.islice(lists, _MAX_LISTS):
            for item in _items(got, stream, found):
                if not any(item.values):
                    continue
                if item.name in seen:
                    got.fault(f"{printable(item.name, 40)}: stands in the file more than once")
                if item.name != ilst.NAMELESS:
                    seen.add(item.name)
                got.add(item.name, filter(None, item.values))
        for moov in chunks.movies(stream, parts):
            _own_boxes(got, stream, moov)

    yield from gathered("mp4", "metadata of the movie", fill)
    yield from uuid_packets(stream, parts, xmp.PacketBudget())


def _own_boxes(got: Gather, stream: BinaryIO, moov: Box) -> None:
    """Read boxes of user data that have the name of China's object."""
    for udta in inside(stream, moov, b"udta"):
        for box in itertools.islice(inside(stream, udta, b"AIGC", b"aigc"), _MAX_LISTS):
            if box.end - box.body <= MAX_CARRIER:
                got.add("udta:AIGC", (got.text(content(stream, box).strip(b"\0"), "utf-8", "udta:AIGC"),))


def _lists(stream: BinaryIO, moov: Box) -> Iterator[_List]:
    """Yield the lists of metadata, those in user data first."""
    for udta in inside(stream, moov, b"udta"):
        yield from (_list(stream, (moov, udta, entered(stream, meta))) for meta in inside(stream, udta, b"meta"))
    yield from (_list(stream, (moov, entered(stream, meta))) for meta in inside(stream, moov, b"meta"))


def _list(stream: BinaryIO, above: tuple[Box, ...]) -> _List:
    found: dict[bytes, Box] = {}
    for box in inside(stream, above[-1], b"ilst", b"keys", b"free"):
        found.setdefault(box.kind, box)
    kind = handler(stream, above[-1])
    return _List(above, kind, found.get(b"ilst"), found.get(b"keys"), found.get(b"free"))


def _items(got: Gather, stream: BinaryIO, found: _List) -> Iterator[ilst.MetadataItem]:
    if found.items is None:
        return iter(())
    if found.kind == _ITUNES:
        return ilst.itunes_items(got, stream, found.items)
    if found.kind == _BY_KEY and found.keys is not None:
        return ilst.key_items(got, stream, found.items, ilst.key_names(got, stream, found.keys))
    return iter(())


# --- writing ---------------------------------------------------------------------------------------


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Change items where they stand, add new ones behind, and put right the sizes around and the offsets of chunks."""
    fields = wanted["mp4"]
    by_key = {name: values for name, values in fields.items() if name.startswith(ilst.KEYS)}
    itunes = {name: values for name, values in fields.items() if name not in by_key}
    for name in itunes:
        ilst.itunes_kind(name)
    moov = chunks.movie(stream, parts)
    lists = list(_lists(stream, moov))
    changes = [*_changed(stream, moov, lists, _ITUNES, itunes), *_changed(stream, moov, lists, _BY_KEY, by_key)]
    if not changes:
        return []
    chunks.require_plain(stream, parts, moov)
    changes += _padded(changes, lists)
    growth = sum(change.growth for change in changes)
    moved = chunks.moved(stream, parts, moov.end, growth) if growth else ()
    return [*(change.edit for change in changes), *_sizes(stream, changes), *moved]


def _changed(
    stream: BinaryIO, moov: Box, lists: Sequence[_List], kind: bytes, fields: Mapping[str, tuple[str, ...]]
) -> Iterator[_Change]:
    """Yield what has to change in the lists of one kind; what is new goes into the first of them."""
    new = dict(fields)
    mine = [found for found in lists if found.kind == kind and (kind == _BY_KEY or len(found.above) == 3)]
    items = [(found, item) for found in mine for item in _items(Gather(), stream, found)]
    for name, values in fields.items():
        old = [item.values for _, item in items if item.name == name]
        if old == ([values] if values else []):
            del new[name]
    changed = set(new)
    for found, item in items:
        if item.name in changed:
            values = new.pop(item.name, ())
            content = ilst.made_item(item.box.kind, item.name, values) if values else b""
            yield _Change(Edit(item.box.start, item.box.end, content), (*found.above, _present(found.items)))
    new = {name: values for name, values in new.items() if values}
    if new and mine:
        yield from _added(stream, mine[0], new)
    elif new:
        yield _begun(stream, moov, kind, new)


def _present(box: Box | None) -> Box:
    if box is None:
        raise TagError("the metadata cannot be changed: a box is missing in it")
    return box


def _added(stream: BinaryIO, found: _List, new: Mapping[str, tuple[str, ...]]) -> Iterator[_Change]:
    """Yield the changes that put new items behind the others of a list, and new keys behind the other keys."""
    kinds, keys = {name: ilst.itunes_kind(name) for name in new} if found.kind == _ITUNES else {}, list[bytes]()
    if found.kind == _BY_KEY:
        got, table = Gather(), _present(found.keys)
        names = ilst.key_names(got, stream, table)
        if got.faults:
            raise TagError(f"the metadata cannot be changed: {got.faults[0]}")
        for name in new:
            key = name.removeprefix(ilst.KEYS)
            if key not in names:
                names.append(key)
                keys.append(ilst.made_key(name))
            kinds[name] = (names.index(key) + 1).to_bytes(4, "big")
        if keys:
            above = (*found.above, table)
            yield _Change(Edit(table.body + 4, table.body + 8, len(names).to_bytes(4, "big")), above)
            yield _Change(Edit(table.end, table.end, b"".join(keys)), above)
    items = b"".join(ilst.made_item(kinds[name], name, values) for name, values in new.items())
    if found.items is None:
        end = _last(stream, found.meta)
        yield _Change(Edit(end, end, made(b"ilst", items)), found.above)
    else:
        end = _last(stream, found.items)
        yield _Change(Edit(end, end, items), (*found.above, found.items))


def _begun(stream: BinaryIO, moov: Box, kind: bytes, new: Mapping[str, tuple[str, ...]]) -> _Change:
    """Return the change that begins a list in user data: of iTunes in front of all others, by keys behind them."""
    if kind == _ITUNES:
        keys = []
        items = [ilst.made_item(ilst.itunes_kind(name), name, values) for name, values in new.items()]
    else:
        keys = [ilst.made_key(name) for name in new]
        items = [ilst.made_item(at.to_bytes(4, "big"), name, new[name]) for at, name in enumerate(new, 1)]
    meta = ilst.made_meta(kind, keys, items)
    user_data = inside(stream, moov, b"udta")
    if not user_data:
        end = _last(stream, moov)
        return _Change(Edit(end, end, made(b"udta", meta)), (moov,))
    others = inside(stream, user_data[0], b"meta")
    at = others[0].start if others and kind == _ITUNES else _last(stream, user_data[0])
    return _Change(Edit(at, at, meta), (moov, user_data[0]))


def _last(stream: BinaryIO, outer: Box) -> int:
    """Return where the boxes in ``outer`` end."""
    return max((box.end for box in inside(stream, outer)), default=outer.body)


def _padded(changes: Sequence[_Change], lists: Sequence[_List]) -> Iterator[_Change]:
    """Yield the changes by which padding beside a list makes up for what it grows or shrinks, where it can."""
    for found in lists:
        growth = sum(change.growth for change in changes if found.meta in change.above)
        if found.padding is None or not growth:
            continue
        room = found.padding.end - found.padding.start - growth
        if room == 0 or 8 <= room < 1 << 24:
            content = made(b"free", bytes(room - 8)) if room else b""
            yield _Change(Edit(found.padding.start, found.padding.end, content), found.above)


def _sizes(stream: BinaryIO, changes: Sequence[_Change]) -> Iterator[Edit]:
    """Yield the new sizes of all boxes that grow or shrink."""
    growths: dict[Box, int] = {}
    for change in changes:
        for box in change.above:
            growths[box] = growths.get(box, 0) + change.growth
    for box, growth in growths.items():
        size, declared = box.end - box.start + growth, int.from_bytes(read_exactly(stream, box.start, 4), "big")
        if not growth:
            continue
        if declared == 1:
            yield Edit(box.start + 8, box.start + 16, size.to_bytes(8, "big"))
        elif size < 1 << 32:
            yield Edit(box.start, box.start + 4, size.to_bytes(4, "big"))
        else:
            raise TagError("a box would be larger than its size can say")
