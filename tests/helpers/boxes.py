"""Manifest stores by hand: boxes (ISO 19566-5), claims and signatures (C2PA 2.4 §8, §11), any of which may lie."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import cbor2

#: The last 12 bytes of the types of C2PA's boxes; the first four are letters.
_UUID_END = bytes.fromhex("00110010800000aa00389b71")


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def superbox(kind: bytes, name: bytes, *children: bytes) -> bytes:
    return box(b"jumb", box(b"jumd", kind + _UUID_END + b"\x03" + name + b"\x00") + b"".join(children))


def cbor(content: bytes) -> bytes:
    return box(b"cbor", content)


def store(*manifests: bytes) -> bytes:
    return superbox(b"c2pa", b"c2pa", *manifests)


def manifest(*assertions: bytes, name: bytes = b"urn:c2pa:x") -> bytes:
    return superbox(b"c2ma", name, superbox(b"c2as", b"c2pa.assertions", *assertions))


def assertion(content: bytes, name: bytes = b"org.example.x") -> bytes:
    return superbox(b"cbor", name, cbor(content))


# --- whole manifests -------------------------------------------------------------------------------


class Raw(NamedTuple):
    """CBOR that is put in as it stands."""

    encoded: bytes


def encoded(value: Any) -> bytes:
    """Return plain values as CBOR; a :class:`Raw` in them stands for itself."""
    return bytes(cbor2.dumps(_marked(value), default=lambda encoder, mark: encoder.write(mark.encoded)))


class _Mark:
    """A :class:`Raw` that the encoder does not take for a list."""

    def __init__(self, raw: bytes) -> None:
        self.encoded = raw


def _marked(value: Any) -> Any:
    if isinstance(value, Raw):
        return _Mark(value.encoded)
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, (list, tuple)) else value


def content_of(whole: bytes) -> bytes:
    """Return what a hashed URI is the hash of: a box without its length and type."""
    return whole[8:]


def hashed_uri(url: str, whole: bytes) -> dict[str, Any]:
    return {"url": url, "hash": hashlib.sha256(content_of(whole)).digest()}
