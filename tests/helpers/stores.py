"""Manifest stores taken apart, changed at will, hashed and signed anew: what a forger with a key can write."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import brotli
import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

import pki
from pki_matrix import der
from provlabel.manifest import cose

_TAIL = bytes.fromhex("00110010800000aa00389b71")
_REQUESTABLE = b"\x03"
#: Bytes that every forged signature is padded to, so that its length never moves anything.
SIGNATURE = 24_000


@dataclass
class Box:
    """One JUMBF box: a superbox has boxes inside, any other has bytes."""

    kind: bytes
    body: bytes = b""
    inside: list[Box] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.inside[0].body[17:].split(b"\x00", 1)[0].decode()

    @property
    def content(self) -> Box:
        """The first box behind the description."""
        return self.inside[1]

    def child(self, label: str) -> Box:
        """Return the superbox inside that is called ``label``."""
        return next(box for box in self.inside[1:] if box.kind == b"jumb" and box.label == label)

    def hashed(self) -> bytes:
        """What a hashed URI to this box is about: everything but its head (C2PA 2.4 §8.4.2.3)."""
        return b"".join(box.dump() for box in self.inside) if self.kind == b"jumb" else self.body

    def dump(self) -> bytes:
        raw = self.hashed()
        return (len(raw) + 8).to_bytes(4, "big") + self.kind + raw


def load(raw: bytes) -> list[Box]:
    """Take boxes apart that stand one after another."""
    found = []
    while raw:
        length, kind = int.from_bytes(raw[:4], "big"), raw[4:8]
        body, raw = raw[8:length], raw[length:]
        found.append(Box(kind, b"", load(body)) if kind == b"jumb" else Box(kind, body))
    return found


def superbox(kind: bytes, label: str, *inside: Box) -> Box:
    """Return a superbox of the C2PA kind ``kind`` with a description."""
    return Box(b"jumb", b"", [Box(b"jumd", kind + _TAIL + _REQUESTABLE + label.encode("latin-1") + b"\x00"), *inside])


class Hand(NamedTuple):
    """Whoever signs: a key, and the certificates they show."""

    key: Any
    chain: tuple[bytes, ...]

    @classmethod
    def of(cls, *issued: pki.Issued) -> Hand:
        return cls(issued[0].key, der(*issued))


def algorithm_of(key: Any) -> str:
    """Return the name that C2PA has for the algorithm of ``key``."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    return {384: "es384", 521: "es512"}.get(key.curve.key_size, "es256")


def raw_signature(key: Any, message: bytes, algorithm: str = "") -> bytes:
    """Sign as COSE wants it; ``algorithm`` chooses another digest than that of the key."""
    algorithm = algorithm or algorithm_of(key)
    digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}.get(algorithm[2:], hashes.SHA256)()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    value = key.sign(message, ec.ECDSA(digest))
    return cose.raw_ecdsa(algorithm_of(key), value) if algorithm_of(key) in cose.ALGORITHMS else value


class Store:
    """A manifest store to be changed; ``claim`` and assertions are those of the active manifest."""

    def __init__(self, raw: bytes) -> None:
        [self.root] = load(raw)
        self.claim: dict[str, Any] = cbor2.loads(self._claim.content.body)

    @property
    def manifest(self) -> Box:
        return self.root.inside[-1]

    @property
    def urn(self) -> str:
        return self.manifest.label

    @property
    def _claim(self) -> Box:
        return next(box for box in self.manifest.inside[1:] if box.label.startswith("c2pa.claim"))

    @property
    def assertions(self) -> Box:
        return self.manifest.child("c2pa.assertions")

    def get(self, label: str) -> Any:
        """Return the data of an assertion."""
        return cbor2.loads(self.assertions.child(label).content.body)

    def put(self, label: str, data: Any) -> Store:
        """Replace the data of an assertion, or add one that the signer vouches for."""
        raw = data if isinstance(data, bytes) else cbor2.dumps(data)
        if not any(box.label == label for box in self.assertions.inside[1:]):
            self.assertions.inside.append(superbox(b"cbor", label, Box(b"cbor")))
            self.claim["created_assertions"].append({"url": f"self#jumbf=c2pa.assertions/{label}", "hash": b""})
        self.assertions.child(label).content.body = raw
        return self

    def change(self, label: str, change: Callable[[Any], Any]) -> Store:
        """Replace the data of an assertion by what ``change`` makes of it, or leaves of it."""
        data = self.get(label)
        made = change(data)
        return self.put(label, data if made is None else made)

    def drop(self, label: str) -> Store:
        """Take an assertion out, and out of the claim."""
        self.assertions.inside.remove(self.assertions.child(label))
        for entries in self._references():
            entries[:] = [entry for entry in entries if not entry["url"].endswith(f"/{label}")]
        return self

    def gather(self, label: str) -> Store:
        """Let the claim list an assertion as gathered, for which its signer does not stand."""
        created = self.claim["created_assertions"]
        moved = [entry for entry in created if entry["url"].endswith(f"/{label}")]
        self.claim["created_assertions"] = [entry for entry in created if entry not in moved]
        self.claim.setdefault("gathered_assertions", []).extend(moved)
        return self

    def _references(self) -> Iterator[list[Any]]:
        yield from (
            self.claim[name]
            for name in ("created_assertions", "gathered_assertions", "assertions")
            if name in self.claim
        )

    def rehash(self) -> Store:
        """Let every reference of the claim fit the assertions as they are now."""
        boxes = {f"self#jumbf=c2pa.assertions/{box.label}": box for box in self.assertions.inside[1:]}
        for entries in self._references():
            for entry in entries:
                if entry["url"] in boxes:
                    name = entry.get("alg") or self.claim.get("alg", "sha256")
                    entry["hash"] = hashlib.new(name, boxes[entry["url"]].hashed()).digest()
        return self.seal()

    def seal(self) -> Store:
        """Write the claim as it is now, so that the next signature is over it."""
        self._claim.content.body = cbor2.dumps(self.claim)
        return self

    def sign(
        self,
        by: Hand,
        *,
        protected: dict[Any, Any] | None = None,
        unprotected: dict[Any, Any] | None = None,
        value: bytes | None = None,
        algorithm: str = "",
        stamps: Callable[[bytes, bytes], Sequence[bytes]] = lambda protected, value: (),
        staples: Sequence[bytes] = (),
    ) -> Store:
        """Sign the claim; headers and value can be dictated, and ``stamps`` is asked for time tokens."""
        number = cose.ALGORITHMS.get(algorithm or algorithm_of(by.key), -7)
        chain = by.chain[0] if len(by.chain) == 1 else list(by.chain)
        header = cbor2.dumps({1: number, 33: chain} if protected is None else protected)
        message = cose.to_be_signed(header, self._claim.content.body)
        value = raw_signature(by.key, message, algorithm) if value is None else value
        free: dict[Any, Any] = dict(unprotected or {})
        if tokens := stamps(header, value):
            free["sigTst2"] = {"tstTokens": [{"val": token} for token in tokens]}
        if staples:
            free["rVals"] = {"ocspVals": list(staples)}
        self.manifest.child("c2pa.signature").content.body = _padded(header, free, value)
        return self

    def signed(self, by: Hand, **how: Any) -> bytes:
        """Hash, sign, and return the store."""
        return self.rehash().sign(by, **how).dump()

    def dump(self) -> bytes:
        return self.root.dump()


def _padded(header: bytes, free: dict[Any, Any], value: bytes) -> bytes:
    def made(pad: int) -> bytes:
        return cbor2.dumps(cbor2.CBORTag(18, [header, {**free, "pad": bytes(pad)}, None, value]))

    bare = len(made(0))
    sizes = (made(pad) for pad in range(max(0, SIGNATURE - bare), max(-1, SIGNATURE - bare - 8), -1))
    return next((one for one in sizes if len(one) == SIGNATURE), made(0))


def packed(store: Store, unpacked: bytes | None = None, *, label: str = "") -> Store:
    """Compress the active manifest, or ``unpacked`` in its place (C2PA 2.4 §11.2.4)."""
    content = brotli.compress(store.manifest.dump() if unpacked is None else unpacked)
    store.root.inside[-1] = superbox(b"c2cm", label or store.urn, Box(b"brob", content))
    return store


# --- embedded by hand ------------------------------------------------------------------------------

Range = dict[str, int]


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


IHDR_END = 33  # signature of 8 bytes, and the first chunk of 25


def in_png(content: bytes, store: bytes, at: int = IHDR_END) -> bytes:
    """Put a store into a PNG, right behind its header."""
    return content[:at] + chunk(b"caBX", store) + content[at:]


def store_of(png: bytes) -> bytes:
    """Return the store of a PNG that has one."""
    at = png.index(b"caBX")
    return png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at], "big")]


def embedded(
    store: Store,
    content: bytes,
    by: Hand,
    exclusions: Callable[[int, int, int], list[Range]] = lambda start, length, total: [
        {"start": start, "length": length}
    ],
    *,
    digest: Callable[[bytes, list[Range]], bytes] | None = None,
    alg: str = "sha256",
    **how: Any,
) -> bytes:
    """Bind ``store`` to the PNG ``content`` and put it in; ``exclusions`` says what the hash leaves out.

    It is asked with where the chunk of the manifest starts, how long it is, and how long the file.
    """
    for _ in range(4):
        total = len(in_png(content, store.signed(by, **how)))
        left_out = exclusions(IHDR_END, total - len(content), total)
        made = in_png(content, bytes(total - len(content) - 12))
        hashed = digest(made, left_out) if digest else hashlib.new(alg, without(made, left_out)).digest()
        data = {"exclusions": left_out, "name": "jumbf manifest", "alg": alg, "hash": hashed, "pad": b""}
        store.put("c2pa.hash.data", data)
        if len(in_png(content, store.signed(by, **how))) == total:
            break
    return in_png(content, store.signed(by, **how))


def without(content: bytes, ranges: list[Range]) -> bytes:
    """Return ``content`` without what ``ranges`` cover, however they lie."""
    kept = bytearray(b"\x01") * len(content)
    for one in ranges:
        start, end = max(one["start"], 0), min(one["start"] + one["length"], len(content))
        kept[start:end] = bytes(max(0, end - start))
    return bytes(byte for byte, keep in zip(content, kept, strict=True) if keep)
