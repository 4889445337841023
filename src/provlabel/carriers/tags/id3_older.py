"""Older versions of ID3 as ID3v2.4: what each frame becomes; bytes in, bytes out.

Nothing is lost.  A frame that v2.4 has under another name gets that name, and dates in parts become one date.  A
text that v2.4 has no frame for becomes ``TXXX`` with its old name as the description.  Any other frame that v2.4 does
not have, and one whose old name nobody defined, is kept whole, head included, in a ``PRIV`` frame of the owner
``ID3v2.3 RVAD`` or as it was called.  That holds for ``RVA`` and ``RVAD`` too: what they count in nobody defined, so
that no ``RVA2``, which counts decibels, follows from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from provlabel.carriers.tags._base import TagError
from provlabel.media.containers.id3 import frames_of, syncsafe

#: Names of v2.2, of three letters, and what v2.3 calls the same (id3.org, and iTunes).
OF_2_2 = {
    "BUF": "RBUF", "CNT": "PCNT", "COM": "COMM", "CRA": "AENC", "EQU": "EQUA", "ETC": "ETCO", "GEO": "GEOB",
    "GP1": "GRP1", "IPL": "IPLS", "LNK": "LINK", "MCI": "MCDI", "MLL": "MLLT", "MVI": "MVIN", "MVN": "MVNM",
    "PCS": "PCST", "PIC": "APIC", "POP": "POPM", "REV": "RVRB", "RVA": "RVAD", "SLT": "SYLT", "STC": "SYTC",
    "TAL": "TALB", "TBP": "TBPM", "TCM": "TCOM", "TCO": "TCON", "TCP": "TCMP", "TCR": "TCOP", "TCT": "TCAT",
    "TDA": "TDAT", "TDR": "TDRL", "TDS": "TDES", "TDY": "TDLY", "TEN": "TENC", "TFT": "TFLT", "TID": "TGID",
    "TIM": "TIME", "TKE": "TKEY", "TKW": "TKWD", "TLA": "TLAN", "TLE": "TLEN", "TMT": "TMED", "TOA": "TOPE",
    "TOF": "TOFN", "TOL": "TOLY", "TOR": "TORY", "TOT": "TOAL", "TP1": "TPE1", "TP2": "TPE2", "TP3": "TPE3",
    "TP4": "TPE4", "TPA": "TPOS", "TPB": "TPUB", "TRC": "TSRC", "TRD": "TRDA", "TRK": "TRCK", "TS2": "TSO2",
    "TSA": "TSOA", "TSC": "TSOC", "TSI": "TSIZ", "TSP": "TSOP", "TSS": "TSSE", "TST": "TSOT", "TT1": "TIT1",
    "TT2": "TIT2", "TT3": "TIT3", "TXT": "TEXT", "TXX": "TXXX", "TYE": "TYER", "UFI": "UFID", "ULT": "USLT",
    "WAF": "WOAF", "WAR": "WOAR", "WAS": "WOAS", "WCM": "WCOM", "WCP": "WCOP", "WFD": "WFED", "WPB": "WPUB",
    "WXX": "WXXX",
}  # fmt: skip
#: Names of v2.3, and what v2.4 calls the same.
NEWER = {"IPLS": "TIPL", "TORY": "TDOR", "TYER": "TDRC", "TDAT": "TDRC", "TIME": "TDRC"}
#: The parts of a date: a year, ``DDMM`` and ``HHMM``.
DATES = ("TYER", "TDAT", "TIME")
_TEXTS_GONE = frozenset({"TRDA", "TSIZ", "TORY", *DATES})
_BODIES_GONE = frozenset({"RVAD", "EQUA"})
_CHAPTERS = ("CHAP", "CTOC")
_MOST = 10_000  # frames in a chapter
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_DAY_AND_MONTH = re.compile(r"(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])")
_HOUR_AND_MINUTE = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]")
# Flags of a frame of v2.3 (§3.3.1) that put something in front of its body.
_COMPRESSED, _ENCRYPTED, _GROUPED = 0x80, 0x40, 0x20
_PICTURES = {b"JPG": b"image/jpeg", b"PNG": b"image/png", b"-->": b"-->"}
_LATIN1, _UTF8 = b"\x00", b"\x03"


class OldFrame(NamedTuple):
    """A frame of v2.2 or v2.3."""

    kind: str  #: what v2.3 calls it, as far as it has a name for it
    body: bytes
    flags: int = 0
    values: tuple[str, ...] = ()  #: what it says, if that is text that could be read
    whole: bytes = b""  #: with its head


class Date(NamedTuple):
    """Parts of a date, put together."""

    text: str  #: as a timestamp of v2.4
    parts: frozenset[str]  #: the frames that it says all of


def date_of(said: Mapping[str, str]) -> Date:
    """Put year, ``DDMM`` and ``HHMM`` together, as far as they can be understood."""
    year, day, time = (said.get(kind, "").strip() for kind in DATES)
    if not _FOUR_DIGITS.fullmatch(year):
        return Date("", frozenset())
    if not _DAY_AND_MONTH.fullmatch(day):
        return Date(year, frozenset({"TYER"}))
    date = f"{year}-{day[2:]}-{day[:2]}"
    if not _HOUR_AND_MINUTE.fullmatch(time):
        return Date(date, frozenset({"TYER", "TDAT"}))
    return Date(f"{date}T{time[:2]}:{time[2:]}", frozenset(DATES))


def made_frame(kind: str, body: bytes, flags: int = 0) -> bytes:
    """Return one frame of v2.4.

    Raises:
        TagError: it is larger than its size can say.
    """
    return kind.encode() + made_size(len(body)) + flags.to_bytes(2, "big") + body


def made_size(size: int) -> bytes:
    """Return a size of a tag or frame.

    Raises:
        TagError: it is too large.
    """
    if size >= 1 << 28:
        raise TagError("the ID3v2 tag would be larger than its size can say")
    return syncsafe(size)


def upgraded(frames: Sequence[OldFrame], version: int) -> Iterator[bytes]:
    """Yield these frames of a tag of v2.2 or v2.3 as frames of v2.4.

    Raises:
        TagError: one of them cannot be carried over.
    """
    said = {frame.kind: frame.values[0] for frame in frames if frame.kind in DATES and frame.values}
    date, newer = date_of(said), {frame.kind: frame.values[:1] for frame in frames if frame.kind in ("TDRC", "TDOR")}
    stated = "".join(newer.get("TDRC", ()))
    taken = date.parts if "TDRC" not in newer or stated.startswith(date.text) else frozenset[str]()
    due = bool(taken) and "TDRC" not in newer
    for frame in frames:
        if frame.kind in taken and frame.values[:1] == (said[frame.kind],):
            if due:
                yield made_frame("TDRC", _LATIN1 + date.text.encode())
                due = False
        elif frame.kind == "TORY" and _is_year(frame) and newer.get("TDOR", frame.values) == frame.values:
            if "TDOR" not in newer:
                yield _reheaded("TDOR", frame)
                newer["TDOR"] = frame.values
        else:
            yield _carried(frame, version)


def _is_year(frame: OldFrame) -> bool:
    return len(frame.values) == 1 and bool(_FOUR_DIGITS.fullmatch(frame.values[0]))


def _carried(frame: OldFrame, version: int) -> bytes:
    kind, plain = frame.kind, not frame.flags & (_COMPRESSED | _ENCRYPTED | _GROUPED)
    if kind in _TEXTS_GONE and frame.values:
        return made_frame("TXXX", _UTF8 + "\x00".join((kind, *frame.values)).encode())
    if kind in _TEXTS_GONE or kind in _BODIES_GONE or len(kind) != 4:
        return _kept_whole(frame, version)
    if version == 2 and kind in ("APIC", "LINK"):
        body = _picture(frame.body) if kind == "APIC" else _link(frame.body)
        return made_frame(kind, body) if body else _kept_whole(frame, version)
    if kind in _CHAPTERS and version == 3:
        if not plain:
            raise TagError(f"{kind} of the ID3v2.3 tag is compressed, encrypted or grouped: save it as ID3v2.4 first")
        return _reheaded(kind, frame._replace(body=_chapter(kind, frame.body)))
    return _reheaded("TIPL" if kind == "IPLS" else kind, frame)


def _kept_whole(frame: OldFrame, version: int) -> bytes:
    """Return a frame that v2.4 does not have in one that holds anything."""
    name = frame.whole[: 3 if version == 2 else 4].decode("latin-1")
    return made_frame("PRIV", f"ID3v2.{version} {name}".encode() + b"\x00" + frame.whole)


def _reheaded(kind: str, frame: OldFrame) -> bytes:
    """Return a frame with the head of v2.4, and with what flags put in front of its body as v2.4 has it (§4.1)."""
    at, size, method, group = 0, b"", b"", b""
    flags = frame.flags >> 1 & 0x7000
    if frame.flags & _COMPRESSED:
        size, at, flags = made_size(int.from_bytes(frame.body[:4], "big")), 4, flags | 0x0009
    if frame.flags & _ENCRYPTED:
        method, at, flags = frame.body[at : at + 1], at + 1, flags | 0x0004
    if frame.flags & _GROUPED:
        group, at, flags = frame.body[at : at + 1], at + 1, flags | 0x0040
    return made_frame(kind, group + method + size + frame.body[at:], flags)


def _picture(body: bytes) -> bytes:
    """Return a picture of v2.2, which names its format in three letters, with a media type; empty when it is none."""
    if len(body) < 6:
        return b""
    short = body[1:4]
    mime = _PICTURES.get(short.upper(), b"image/" + short.lower().strip(b"\x00 "))
    return body[:1] + mime + b"\x00" + body[4:]


def _link(body: bytes) -> bytes:
    """Return a link of v2.2 to a frame elsewhere with the new name of that frame; empty where it has none."""
    name = OF_2_2.get(body[:3].decode("latin-1"), "")
    return name.encode() + body[3:] if name else b""


def _chapter(kind: str, body: bytes) -> bytes:
    """Return a chapter of v2.3 with the frames inside as those of v2.4."""
    at = _inner(kind, body)
    inside = frames_of(body, at, 3, _MOST)
    if inside.broken or inside.end != len(body) or any(frame.kind in _CHAPTERS for frame in inside.found):
        raise TagError(f"{kind} of the ID3v2.3 tag holds what cannot be carried over: save it as ID3v2.4 first")
    frames = [OldFrame(item.kind, body[item.body : item.end], item.flags) for item in inside.found]
    return body[:at] + b"".join(_reheaded(NEWER.get(frame.kind, frame.kind), frame) for frame in frames)


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
