"""ID3v2 tags and flat fields: bytes in, bytes out (id3.org: v2.2, v2.3, "ID3 tag version 2.4.0 - Main Structure").

Fields are named by the frame ids of ID3v2.4: ``TSRC``, ``TPE1``, …; ``TXXX:`` and its description;
``COMM`` and ``WXXX``, with ``:`` and the description when they have one; ``WCOP`` and other addresses.
What older versions call otherwise is read under its new name: ``IPLS`` as ``TIPL``, the parts of a date
(``TYER``, ``TDAT``, ``TIME``) as ``TDRC``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_VALUES, TagError
from provlabel.carriers.tags._fields import Gather
from provlabel.media.containers import ContainerError
from provlabel.media.containers.id3 import syncsafe

_HEAD = 10
_MAX_FRAMES = 10_000  # of one tag that are read
_PADDING = 1024  # added to a tag that outgrew the padding it had
_UNSYNC, _EXTENDED, _EXPERIMENTAL = 0x80, 0x40, 0x20  # flags of a tag (§3.1)
_UTF8 = b"\x03"
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_TEXT, _ADDRESS = re.compile(r"T[A-Z0-9]{3}"), re.compile(r"W[A-Z0-9]{3}")
_NO_LANGUAGE = b"XXX"
# Older names of the same thing.
_NEWER = {"IPLS": "TIPL", "TORY": "TDOR", "TYER": "TDRC", "TDAT": "TDRC", "TIME": "TDRC"}
_DATES = ("TYER", "TDAT", "TIME")
_OF_2_2 = {
    "TT1": "TIT1", "TT2": "TIT2", "TT3": "TIT3", "TP1": "TPE1", "TP2": "TPE2", "TP3": "TPE3", "TP4": "TPE4",
    "TAL": "TALB", "TCM": "TCOM", "TXT": "TEXT", "TCR": "TCOP", "TRC": "TSRC", "TPB": "TPUB", "TLA": "TLAN",
    "TYE": "TYER", "TDA": "TDAT", "TIM": "TIME", "TOR": "TORY", "IPL": "IPLS", "TXX": "TXXX", "TEN": "TENC",
    "TSS": "TSSE", "TRK": "TRCK", "TPA": "TPOS", "TCO": "TCON", "TBP": "TBPM", "TKE": "TKEY", "TLE": "TLEN",
    "COM": "COMM", "WXX": "WXXX", "WCP": "WCOP", "WAF": "WOAF", "WAR": "WOAR", "WAS": "WOAS", "WPB": "WPUB",
}  # fmt: skip


class _Frame(NamedTuple):
    """Where one frame lies in the bytes of its tag."""

    kind: str
    start: int
    body: int
    end: int
    flags: int


class _Id3Tag(NamedTuple):
    version: int
    flags: int
    data: bytes  #: header, frames and padding; of v2.2 and v2.3 without unsynchronisation
    frames: tuple[_Frame, ...]
    end: int  #: of the frames
    broken: str  #: why the frames end before the tag does, if that is not padding
    plain: bool = False  #: v2.4 with sizes that are not syncsafe, as iTunes wrote them


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
        if frame.kind in _DATES:
            dates[frame.kind] = read.values[0]
        else:
            got.add(read.name, read.values)
    if "TDRC" not in got.fields and dates:
        got.add("TDRC", (_date(dates),))


def _date(parts: Mapping[str, str]) -> str:
    """Return year, ``DDMM`` and ``HHMM`` of v2.3 as one timestamp of v2.4, as far as they can be understood."""
    year, day, time = (parts.get(kind, "") for kind in _DATES)
    if not re.fullmatch(r"[0-9]{4}", year) or not re.fullmatch(r"[0-9]{4}", day):
        return year
    date = f"{year}-{day[2:]}-{day[:2]}"
    return f"{date}T{time[:2]}:{time[2:]}" if re.fullmatch(r"[0-9]{4}", time) else date


class _FrameReader:
    """Reads frames of one tag; all that it inflates together is bounded."""

    def __init__(self, tag: _Id3Tag, got: Gather) -> None:
        self.tag, self.got, self.left = tag, got, MAX_CARRIER

    def text_of(self, frame: _Frame) -> _FrameText | None:
        """Return what a frame says; nothing when it is none of ours, encrypted, or broken."""
        if not _is_ours(frame.kind):
            return None
        try:
            content = self._content(frame)
            return self._text(frame.kind, content) if content else None
        except _Broken as exc:
            self.got.fault(f"{frame.kind}: {exc}")
            return None

    def _content(self, frame: _Frame) -> bytes:
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
        return _FrameText(_NEWER.get(kind, kind), _unended(texts))

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
    end = _HEAD + _number(tag[6:10], syncsafe=True)
    if end > len(tag):
        raise _Broken("the tag ends after what holds it")
    data = tag[:end]
    if version < 4 and flags & _UNSYNC:
        data = data[:_HEAD] + _synchronised(data[_HEAD:])
    start = _HEAD
    if version > 2 and flags & _EXTENDED:
        size = _number(data[_HEAD : _HEAD + 4], syncsafe=version == 4)
        start += size if version == 4 else 4 + size
        if start > len(data):
            raise _Broken("the extended header ends after its tag")
    found = _Id3Tag(version, flags, data, *_frames(data, start, version, syncsafe=version == 4))
    if version == 4 and found.broken:
        plain = _Id3Tag(version, flags, data, *_frames(data, start, version, syncsafe=False), plain=True)
        return found if plain.broken else plain
    return found


def _frames(data: bytes, at: int, version: int, *, syncsafe: bool) -> tuple[tuple[_Frame, ...], int, str]:
    """Return the frames, where they end, and why that is before the end of the tag if not by padding."""
    frames: list[_Frame] = []
    letters, head = (3, 6) if version == 2 else (4, _HEAD)
    while len(data) - at >= head and data[at]:
        kind = data[at : at + letters]
        if not (kind.isalnum() and kind.isupper()):
            return tuple(frames), at, f"byte {at} of the tag begins no frame"
        body = at + head
        end = body + _number(data[at + letters : at + letters + (3 if version == 2 else 4)], syncsafe=syncsafe)
        if end > len(data):
            return tuple(frames), at, f"{kind.decode()} at byte {at} ends after its tag"
        if len(frames) == _MAX_FRAMES:
            return tuple(frames), at, f"more than {_MAX_FRAMES:,} frames"
        name = kind.decode()
        flags = 0 if version == 2 else int.from_bytes(data[at + 8 : body], "big")
        frames.append(_Frame(_OF_2_2.get(name, name) if version == 2 else name, at, body, end, flags))
        at = end
    rest = data.count(0, at) == len(data) - at
    return tuple(frames), at, "" if rest else f"the padding from byte {at} of the tag holds something"


def _number(field: bytes, *, syncsafe: bool) -> int:
    """Return a size; syncsafe ones have seven bits in each byte (v2.4 §6.2)."""
    if not syncsafe:
        return int.from_bytes(field, "big")
    size = 0
    for byte in field:
        size = size << 7 | byte & 0x7F
    return size


def _size(number: int) -> bytes:
    if number >= 1 << 28:
        raise TagError("the ID3v2 tag would be larger than its size can say")
    return syncsafe(number)


# --- writing ---------------------------------------------------------------------------------------


def merged_tag(tag: bytes | None, fields: Mapping[str, tuple[str, ...]]) -> bytes:
    """Return ``tag`` with these fields as v2.4, empty when no frame is left; the very same when nothing changes.

    All other frames keep their bytes and their order.  Those of v2.3 get the head of v2.4, which is
    what the engine makes of them too; ``IPLS`` becomes ``TIPL``.  Padding is used, and kept.

    Raises:
        TagError: a field cannot be written, or a frame of others cannot be carried over as it is.
    """
    old = _writable(tag)
    reader = _FrameReader(old, Gather())
    texts = [(frame, reader.text_of(frame)) for frame in old.frames]
    changed = {name for name, values in fields.items() if not _stands(name, values, texts)}
    if not changed and tag is not None:
        return tag
    written = {name: fields[name] for name in fields if name in changed and fields[name]}
    new = {name: _made(name, values) for name, values in written.items()}
    kept: list[bytes] = []
    for frame, what in texts:
        name = what.name if what is not None else ""
        if name in changed:
            kept.append(new.pop(name, b""))
        else:
            kept.append(_carried(old, frame))
    body = b"".join((*kept, *new.values()))
    whole = _tag(old, body) if body else b""
    if body and not written.items() <= read_tag(whole)[0].items():
        raise TagError("the ID3v2 tag has so much in it that what is written would not be read again")
    return whole


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
    if old.version == 2:
        raise TagError("the tag is ID3v2.2, whose frames have other names: save it as ID3v2.4 first")
    return old


def _stands(name: str, values: tuple[str, ...], texts: list[tuple[_Frame, _FrameText | None]]) -> bool:
    """Does just one frame say this already, or none if there is nothing to say?"""
    frames = [(frame.kind, what.values) for frame, what in texts if what is not None and what.name == name]
    return frames == ([(name.partition(":")[0], values)] if values else [])


def _made(name: str, values: tuple[str, ...]) -> bytes:
    """Return one frame of v2.4."""
    kind, _, about = name.partition(":")
    if kind == "TXXX" or (_TEXT.fullmatch(kind) and not about):
        front = about.encode() + b"\x00" if kind == "TXXX" else b""
        return _frame(kind, _UTF8 + front + "\x00".join(values).encode())
    if len(values) > 1:
        raise TagError(f"{printable(name, 40)}: an ID3v2 tag has one value of it")
    if kind == "COMM":
        return _frame(kind, _UTF8 + _NO_LANGUAGE + about.encode() + b"\x00" + values[0].encode())
    if not _ADDRESS.fullmatch(kind) or (about and kind != "WXXX"):
        raise TagError(f"{printable(name, 40)}: ID3v2 has no such field")
    try:
        # The tag allows ISO 8859-1; the engine drops a whole tag in which an address is not ASCII.
        address = values[0].encode("ascii")
    except UnicodeEncodeError:
        raise TagError(f"{printable(name, 40)}: an address in an ID3v2 tag is written in ASCII") from None
    return _frame(kind, (_UTF8 + about.encode() + b"\x00" if kind == "WXXX" else b"") + address)


def _frame(kind: str, body: bytes, flags: int = 0) -> bytes:
    return kind.encode() + _size(len(body)) + flags.to_bytes(2, "big") + body


def _carried(old: _Id3Tag, frame: _Frame) -> bytes:
    """Return a frame of others as it is, with a head of v2.4 where it has none."""
    if old.version == 4 and not old.plain:
        return old.data[frame.start : frame.end]
    body = old.data[frame.body : frame.end]
    if old.version == 4:
        return _frame(frame.kind, body, frame.flags)
    return _upgraded(frame.kind, body, frame.flags)


def _upgraded(kind: str, body: bytes, flags: int) -> bytes:
    """Return a frame of v2.3 as one of v2.4: its size, its flags, and the frames inside of chapters."""
    if flags & 0x1FFF:
        raise TagError(f"{kind} of the ID3v2.3 tag is compressed, encrypted or grouped: save the tag as ID3v2.4 first")
    if kind in ("CHAP", "CTOC"):
        at = _inner(kind, body)
        frames, end, broken = _frames(body, at, 3, syncsafe=False)
        if broken or end != len(body) or any(frame.kind in ("CHAP", "CTOC") for frame in frames):
            raise TagError(f"{kind} of the ID3v2.3 tag holds what cannot be carried over: save it as ID3v2.4 first")
        body = body[:at] + b"".join(
            _upgraded(frame.kind, body[frame.body : frame.end], frame.flags) for frame in frames
        )
    return _frame("TIPL" if kind == "IPLS" else kind, body, flags >> 1)


def _inner(kind: str, body: bytes) -> int:
    """Return where the frames inside of a chapter begin (ID3v2 Chapter Frame Addendum §3)."""
    at = body.find(b"\x00") + 1
    if kind == "CHAP":
        return at + 16
    count = body[at + 1] if at + 1 < len(body) else 0
    at += 2
    for _ in range(count):
        at = body.find(b"\x00", at) + 1
    return at


def _tag(old: _Id3Tag, body: bytes) -> bytes:
    """Return the header and ``body``, padded as the old tag was.

    The extended header (checksum, restrictions) and the footer, which promise what may no longer hold, are left out.
    """
    padding, room = len(old.data) - old.end, len(old.data) - _HEAD
    size = len(body) if not padding else room if room >= len(body) else len(body) + _PADDING
    flags = old.flags & (_UNSYNC | _EXPERIMENTAL if old.version == 4 else _EXPERIMENTAL)
    return b"ID3\x04\x00" + bytes([flags]) + _size(size) + body + bytes(size - len(body))
