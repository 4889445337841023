"""ID3v2 tags and flat fields: bytes in, bytes out (id3.org: v2.2, v2.3, "ID3 tag version 2.4.0 - Main Structure").

Fields are named by the frame ids of ID3v2.4: ``TSRC``, ``TPE1``, …; ``TXXX:`` and its description;
``COMM`` and ``WXXX``, with ``:`` and the description when they have one; ``WCOP`` and other addresses.
What older versions call otherwise is read under its new name: ``IPLS`` as ``TIPL``, the parts of a date
(``TYER``, ``TDAT``, ``TIME``) as ``TDRC``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_VALUES, TagError
from provlabel.carriers.tags._fields import Gather
from provlabel.carriers.tags.id3_older import DATES, NEWER, OF_2_2, OldFrame, date_of, made_frame, made_size, upgraded
from provlabel.media.containers import ContainerError
from provlabel.media.containers.id3 import Id3Frame, frames_at, frames_of, number

_HEAD = 10
_MAX_FRAMES = 10_000  # of one tag that are read
_PADDING = 1024  # added to a tag that outgrew the padding it had
_UNSYNC, _EXTENDED, _EXPERIMENTAL, _FOOTER = 0x80, 0x40, 0x20, 0x10  # flags of a tag (§3.1)
_UTF8 = b"\x03"
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_TEXT, _ADDRESS = re.compile(r"T[A-Z0-9]{3}"), re.compile(r"W[A-Z0-9]{3}")
_NO_LANGUAGE = b"XXX"


class _Id3Tag(NamedTuple):
    version: int
    flags: int
    data: bytes  #: header, frames and padding; of v2.2 and v2.3 without unsynchronisation
    frames: tuple[Id3Frame, ...]  #: those of v2.2 with the names that v2.3 has for them
    end: int  #: of the frames
    broken: str  #: why the frames end before the tag does, if that is not padding
    plain: bool = False  #: v2.4 with sizes that are not syncsafe, as iTunes wrote them

    @property
    def is_plain_v24(self) -> bool:
        """Can frames be added and taken out, and all others stay as they are?"""
        return self.version == 4 and not self.plain and not self.flags & (_UNSYNC | _EXTENDED | _FOOTER)


class _FrameText(NamedTuple):
    """What one frame says."""

    name: str
    values: tuple[str, ...]
    language: bytes = b""


class _Broken(ContainerError):
    """A tag or frame that cannot be read; the message says why."""


# --- reading ---------------------------------------------------------------------------------------


def read_tag(tag: bytes) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the fields of one whole tag, header included, and what could not be read of it.

    Encrypted frames and frames of other kinds are passed over.  A field that two frames claim has the
    values of both, and is a fault.
    """
    got = Gather()
    try:
        read_into(got, tag)
    except _Broken as exc:
        got.fault(str(exc))
    return got.fields, got.faults


def read_into(got: Gather, tag: bytes) -> None:
    """Gather the fields of one whole tag."""
    parsed = _parsed(tag)
    if parsed.broken:
        got.fault(parsed.broken)
    reader, seen, dates = _FrameReader(parsed, got), set(), {}
    for frame in parsed.frames:
        read = reader.text_of(frame)
        if read is None or not any(read.values):
            continue
        if (frame.kind, read.name, read.language) in seen:
            got.fault(f"{printable(read.name, 40)}: stands in the tag more than once")
        seen.add((frame.kind, read.name, read.language))
        if frame.kind in DATES:
            dates[frame.kind] = read.values[0]
        else:
            got.add(read.name, read.values)
    if "TDRC" not in got.fields and dates:
        got.add("TDRC", (date_of(dates).text or dates.get("TYER", ""),))


class _FrameReader:
    """Reads frames of one tag; all that it inflates together is bounded."""

    def __init__(self, tag: _Id3Tag, got: Gather) -> None:
        self.tag, self.got, self.left = tag, got, MAX_CARRIER

    def text_of(self, frame: Id3Frame) -> _FrameText | None:
        """Return what a frame says; nothing when it is none of ours, encrypted, or broken."""
        if not _is_ours(frame.kind):
            return None
        try:
            content = self._content(frame)
            return self._text(frame.kind, content) if content else None
        except _Broken as exc:
            self.got.fault(f"{frame.kind}: {exc}")
            return None

    def _content(self, frame: Id3Frame) -> bytes:
        """Return a frame without what its flags put in front of it (v2.3 §3.3.1, v2.4 §4.1); empty if encrypted."""
        if frame.end - frame.body > MAX_CARRIER:
            raise _Broken(f"larger than {MAX_CARRIER:,} bytes")
        data, flags = self.tag.data[frame.body : frame.end], frame.flags
        if self.tag.version == 3:
            inflated, encrypted = flags & 0x80, flags & 0x40
            front = 4 * bool(inflated) + bool(encrypted) + bool(flags & 0x20)
        else:
            inflated, encrypted = flags & 0x08, flags & 0x04
            front = bool(flags & 0x40) + bool(encrypted) + 4 * bool(flags & 0x01)
        if encrypted:
            return b""
        data = data[front:]
        if self.tag.version == 4 and (flags & 0x02 or self.tag.flags & _UNSYNC):
            data = _synchronised(data)
        return self._inflated(data) if inflated else data

    def _inflated(self, data: bytes) -> bytes:
        import zlib

        if self.left >= 0:
            try:
                inflated = zlib.decompressobj().decompress(data, self.left + 1)
            except zlib.error:
                raise _Broken("cannot be inflated") from None
            self.left -= len(inflated)
            if self.left >= 0:
                return inflated
        raise _Broken(f"what is compressed inflates to more than {MAX_CARRIER:,} bytes")

    def _text(self, kind: str, content: bytes) -> _FrameText:
        if kind.startswith("W") and kind != "WXXX":
            return _FrameText(kind, (content.decode("latin-1").partition("\x00")[0],))
        encoding = _ENCODINGS.get(content[0])
        if encoding is None:
            raise _Broken(f"text encoding {content[0]} is not known")
        if kind == "WXXX":
            description, address = _cut(content[1:], 2 if "16" in encoding else 1)
            about = self._texts(description, encoding, kind)
            return _FrameText(_named(kind, about), (address.decode("latin-1").partition("\x00")[0],))
        if kind == "COMM":
            texts = self._texts(content[4:], encoding, kind)
            return _FrameText(_named(kind, texts), texts[1:2], content[1:4])
        texts = self._texts(content[1:], encoding, kind)
        if kind == "TXXX":
            return _FrameText(f"TXXX:{texts[0]}", _unended(texts[1:]))
        return _FrameText(NEWER.get(kind, kind), _unended(texts))

    def _texts(self, data: bytes, encoding: str, kind: str) -> tuple[str, ...]:
        """Return the strings between NUL characters; each of UTF-16 may have a byte order mark."""
        if "16" in encoding:
            if len(data) % 2 and data.endswith(b"\x00"):
                data = data[:-1]  # ended by one zero byte, as some programs do
            if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
                encoding = "utf-16-le"
        texts = self.got.text(data, encoding, kind).rstrip("\x00").split("\x00", MAX_VALUES + 2)
        return tuple(text.removeprefix("\ufeff") for text in texts) if "16" in encoding else tuple(texts)


def _is_ours(kind: str) -> bool:
    return kind in ("COMM", "IPLS") or bool(_TEXT.fullmatch(kind) or _ADDRESS.fullmatch(kind))


def _named(kind: str, about: tuple[str, ...]) -> str:
    return f"{kind}:{about[0]}" if about[0] else kind


def _unended(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``texts`` without the empty ones that NUL characters at the end leave."""
    end = len(texts)
    while end and not texts[end - 1]:
        end -= 1
    return texts[:end]


def _cut(data: bytes, width: int) -> tuple[bytes, bytes]:
    """Return what stands before and behind the first NUL character of ``width`` bytes."""
    at = data.find(bytes(width))
    while at >= 0 and at % width:
        at = data.find(bytes(width), at + 1)
    return (data, b"") if at < 0 else (data[:at], data[at + width :])


def _synchronised(data: bytes) -> bytes:
    """Take unsynchronisation back (v2.4 §6.1)."""
    return data.replace(b"\xff\x00", b"\xff")


# --- frames ----------------------------------------------------------------------------------------


def _parsed(tag: bytes) -> _Id3Tag:
    """Find the frames of a tag.

    Raises:
        _Broken: the tag is of no known version, or its head is wrong.
    """
    if len(tag) < _HEAD or not tag.startswith(b"ID3"):
        raise _Broken("no ID3v2 tag")
    version, flags = tag[3], tag[5]
    if version not in (2, 3, 4) or (version == 2 and flags & _EXTENDED):
        raise _Broken(f"ID3v2.{version} of a kind that nobody defined")
    end = _HEAD + number(tag[6:10])
    if end > len(tag):
        raise _Broken("the tag ends after what holds it")
    data = tag[:end]
    if version < 4 and flags & _UNSYNC:
        data = data[:_HEAD] + _synchronised(data[_HEAD:])
    try:
        start = frames_at(data)
    except ContainerError as exc:
        raise _Broken(str(exc)) from None
    found = frames_of(data, start, version, _MAX_FRAMES)
    frames = found.found
    if version == 2:
        frames = tuple(frame._replace(kind=OF_2_2.get(frame.kind, frame.kind)) for frame in frames)
    return _Id3Tag(version, flags, data, frames, found.end, found.broken, found.plain)


# --- writing ---------------------------------------------------------------------------------------


def merged_tag(tag: bytes | None, fields: Mapping[str, tuple[str, ...]]) -> bytes:
    """Return ``tag`` with these fields as v2.4, empty when no frame is left; the very same when nothing changes.

    All other frames keep their order, and their bytes where v2.4 has them.  Padding is used, and kept.

    Raises:
        TagError: a field cannot be written, or a frame of others cannot be carried over as it is.
    """
    old = _writable(tag)
    texts = _texts_of(old)
    changed = {name for name, values in fields.items() if not _stands(name, values, texts)}
    if not changed and tag is not None:
        return tag
    if not old.is_plain_v24:
        old = _parsed(_modern(old))
        texts = _texts_of(old)
    written = {name: fields[name] for name in fields if name in changed and fields[name]}
    new = {name: _made(name, values) for name, values in written.items()}
    kept: list[bytes] = []
    for frame, what in texts:
        if what is not None and what.name in changed:
            kept.append(new.pop(what.name, b""))
        else:
            kept.append(old.data[frame.start : frame.end])
    body = b"".join((*kept, *new.values()))
    whole = _tag(old, body) if body else b""
    if body and not written.items() <= read_tag(whole)[0].items():
        raise TagError("the ID3v2 tag has so much in it that what is written would not be read again")
    return whole


def ready_tag(tag: bytes) -> bytes:
    """Return ``tag`` so that a frame can be put behind the others: as it is, or as v2.4 without special features.

    Raises:
        TagError: a frame cannot be carried over as it is.
    """
    old = _writable(tag)
    special = old.plain or old.flags & (_UNSYNC | _EXTENDED | (_FOOTER if old.version == 4 else 0))
    return _modern(old) if special or old.version == 2 else tag


def joined(tag: bytes, more: bytes) -> bytes:
    """Return ``tag`` as plain v2.4 with the frames of ``more``, which is plain v2.4, behind its own.

    Raises:
        TagError: a frame cannot be carried over as it is.
    """
    old, new = _writable(tag), _parsed(more)
    plain = old if old.is_plain_v24 else _parsed(_modern(old))
    return _tag(plain, plain.data[_HEAD : plain.end] + new.data[_HEAD : new.end])


def _modern(old: _Id3Tag) -> bytes:
    """Return the whole tag as plain v2.4, padded as it was."""
    if old.version == 4:
        frames: Iterable[bytes] = (_plain(old, frame) for frame in old.frames)
    else:
        frames = upgraded([_old_frame(old, *read) for read in _texts_of(old)], old.version)
    return _tag(old, b"".join(frames))


def _old_frame(old: _Id3Tag, frame: Id3Frame, what: _FrameText | None) -> OldFrame:
    body, whole = old.data[frame.body : frame.end], old.data[frame.start : frame.end]
    return OldFrame(frame.kind, body, frame.flags, what.values if what is not None else (), whole)


def _plain(old: _Id3Tag, frame: Id3Frame) -> bytes:
    """Return a frame of v2.4 with a size as it should be; where the whole tag is unsynchronised, without that."""
    body, flags = old.data[frame.body : frame.end], frame.flags
    if old.flags & _UNSYNC:
        body, flags = _synchronised(body), flags & ~0x0002
    return made_frame(frame.kind, body, flags)


def _texts_of(old: _Id3Tag) -> list[tuple[Id3Frame, _FrameText | None]]:
    reader = _FrameReader(old, Gather())
    return [(frame, reader.text_of(frame)) for frame in old.frames]


def _writable(tag: bytes | None) -> _Id3Tag:
    """Return the parsed tag, or an empty one of v2.4.

    Raises:
        TagError: something in it would not survive.
    """
    try:
        old = _Id3Tag(4, 0, b"", (), 0, "") if tag is None else _parsed(tag)
    except _Broken as exc:
        raise TagError(f"the ID3v2 tag cannot be changed: {exc}") from None
    if old.broken:
        raise TagError(f"the ID3v2 tag cannot be changed: {old.broken}")
    return old


def _stands(name: str, values: tuple[str, ...], texts: list[tuple[Id3Frame, _FrameText | None]]) -> bool:
    """Does just one frame say this already, or none if there is nothing to say?"""
    frames = [(frame.kind, what.values) for frame, what in texts if what is not None and what.name == name]
    return frames == ([(name.partition(":")[0], values)] if values else [])


def _made(name: str, values: tuple[str, ...]) -> bytes:
    """Return one frame of v2.4."""
    kind, _, about = name.partition(":")
    if kind == "TXXX" or (_TEXT.fullmatch(kind) and not about):
        front = about.encode() + b"\x00" if kind == "TXXX" else b""
        return made_frame(kind, _UTF8 + front + "\x00".join(values).encode())
    if len(values) > 1:
        raise TagError(f"{printable(name, 40)}: an ID3v2 tag has one value of it")
    if kind == "COMM":
        return made_frame(kind, _UTF8 + _NO_LANGUAGE + about.encode() + b"\x00" + values[0].encode())
    if not _ADDRESS.fullmatch(kind) or (about and kind != "WXXX"):
        raise TagError(f"{printable(name, 40)}: ID3v2 has no such field")
    try:
        # The tag allows ISO 8859-1; the engine drops a whole tag in which an address is not ASCII.
        address = values[0].encode("ascii")
    except UnicodeEncodeError:
        raise TagError(f"{printable(name, 40)}: an address in an ID3v2 tag is written in ASCII") from None
    return made_frame(kind, (_UTF8 + about.encode() + b"\x00" if kind == "WXXX" else b"") + address)


def _tag(old: _Id3Tag, body: bytes) -> bytes:
    """Return the header and ``body``, padded as the old tag was.

    The extended header (checksum, restrictions) and the footer, which promise what may no longer hold, are left out.
    """
    padding, room = len(old.data) - old.end, len(old.data) - _HEAD
    size = len(body) if not padding else room if room >= len(body) else len(body) + _PADDING
    flags = old.flags & _EXPERIMENTAL if old.version > 2 else 0
    return b"ID3\x04\x00" + bytes([flags]) + made_size(size) + body + bytes(size - len(body))
