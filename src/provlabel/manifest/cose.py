"""The claim signature (C2PA 2.4 §13.2, §10.3.2; RFC 9052): found in a store, read, and put together.

Pure: no key, no network, no file.  The engine reserves the place and makes the rest of the manifest;
what stands in that place is ours, so that any signer, any time authority and any revocation answer
fits, and so that no private key need ever enter the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from provlabel.manifest import cbor, compressed, jumbf
from provlabel.media.containers import ContainerError

# COSE header parameters (RFC 9052 §3.1, RFC 9360 §2) and those of C2PA 2.4 §10.3.2.5 and §14.6.
_ALG, _X5CHAIN = 1, 33
_STAMPS, _OLD_STAMPS, _STAPLES = "sigTst2", "sigTst", "rVals"
_COSE_SIGN1 = 18
_TAG, _SIGN1_HEAD = 6, 0xD2  # major type of a tag, and the head of that one (RFC 8949 §3.1)
#: COSE algorithm numbers (RFC 9053 §2, RFC 8230 §2) by the names of C2PA 2.4 §13.2.
ALGORITHMS = {"es256": -7, "es384": -35, "es512": -36, "ps256": -37, "ps384": -38, "ps512": -39, "ed25519": -8}
#: Bytes of one coordinate of an ECDSA signature.
_COORDINATE = {"es256": 32, "es384": 48, "es512": 66}

#: UUIDs of a standard, an update and a compressed manifest (C2PA 2.4 §11.1.4); the last shows no signature.
_MANIFESTS = frozenset(kind + bytes.fromhex("00110010800000aa00389b71") for kind in (b"c2ma", b"c2um", b"c2cm"))
#: CBOR items in an honest signature: a handful of headers, ten certificates, some tokens.
_MAX_ITEMS = 500
_CLAIMS, _SIGNATURE = (b"c2pa.claim.v2", b"c2pa.claim"), b"c2pa.signature"


class StampTooLarge(ValueError):
    """The signature needs ``missing`` bytes more than its place has."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} bytes more are needed")
        self.missing = missing


class SignaturePlace(NamedTuple):
    """Where the signature of the active manifest stands in a store, and the claim that it signs."""

    offset: int  #: bytes from the beginning of the store
    length: int
    claim: bytes
    old: bytes  #: what stands there

    def put(self, store: bytes, signature: bytes) -> bytes:
        """Return ``store`` with another signature, of the same length, in this place."""
        if len(signature) != self.length:
            raise ValueError("a signature has to fill its place")
        return store[: self.offset] + signature + store[self.offset + self.length :]


class Signature(NamedTuple):
    """One COSE_Sign1 structure of a claim, as it stands."""

    protected: bytes  #: the encoded protected header
    value: bytes  #: the bare signature; ``r‖s`` for ECDSA
    chain: tuple[bytes, ...]  #: certificates, DER, leaf first
    stamps: tuple[bytes, ...] = ()  #: RFC 3161 tokens over this signature, DER
    old_stamps: tuple[bytes, ...] | None = None  #: tokens over the claim alone, as v1 claims have; None: no such header
    staples: tuple[bytes, ...] = ()  #: OCSP responses, DER


def place(store: bytes, urn: str = "") -> SignaturePlace:
    """Find the signature of the active manifest, which is the last one in ``store``, and has to be ``urn``.

    Everything that the engine might read otherwise than we do is refused: a box of another kind
    beside the manifests, a name that is there twice, a box with several contents.  In a compressed manifest no
    signature has a place: see :func:`provlabel.manifest.compressed.unpacked`.

    Raises:
        ContainerError: there is no such store, or not one signature in it.
    """
    data = memoryview(store)
    root = next(jumbf.boxes(data), None)
    if root is None or root.kind != jumbf.SUPERBOX:
        raise ContainerError("no manifest store")
    manifests = _inside(data, root)
    if not manifests or any(description.uuid not in _MANIFESTS for _, description in manifests.values()):
        raise ContainerError("a manifest store with something else than manifests in it")
    name, (active, description) = list(manifests.items())[-1]
    if description.kind == compressed.KIND:
        raise ContainerError("the active manifest is compressed")
    if urn and name != urn.encode():
        raise ContainerError("the last manifest of the store is not the active one")
    inside = _inside(data, active)
    claims = [name for name in _CLAIMS if name in inside]
    if len(claims) != 1 or _SIGNATURE not in inside:
        raise ContainerError("the active manifest has not one claim and one signature")
    signature = _content(data, inside[_SIGNATURE][0])
    claim = _content(data, inside[claims[0]][0])
    return SignaturePlace(
        signature.body,
        signature.end - signature.body,
        bytes(data[claim.body : claim.end]),
        bytes(data[signature.body : signature.end]),
    )


def _inside(data: memoryview, parent: jumbf.JumbfBox) -> dict[bytes, tuple[jumbf.JumbfBox, jumbf.Description]]:
    """Return the superboxes in ``parent`` by their labels, in their order."""
    _, start = jumbf.described(data, parent)
    found: dict[bytes, tuple[jumbf.JumbfBox, jumbf.Description]] = {}
    for box in jumbf.boxes(data, start, parent.end):
        if box.kind == jumbf.SUPERBOX:
            description, _ = jumbf.described(data, box)
            if description.label in found:
                raise ContainerError("two manifest boxes have the same name")
            found[description.label] = (box, description)
    return found


def _content(data: memoryview, box: jumbf.JumbfBox) -> jumbf.JumbfBox:
    _, start = jumbf.described(data, box)
    contents = [inside for inside in jumbf.boxes(data, start, box.end) if inside.kind == jumbf.CBOR]
    if len(contents) != 1:
        raise ContainerError("a manifest box has not one content")
    return contents[0]


def content_of(store: bytes, *labels: str) -> bytes:
    """Return the CBOR that lies under these labels: of a manifest, of a box in it, of one in that.

    Raises:
        ContainerError: there is no such box, or more than one.
    """
    data = memoryview(store)
    found = next(jumbf.boxes(data), None)
    for label in labels:
        inside = _inside(data, found) if found is not None and found.kind == jumbf.SUPERBOX else {}
        found = inside[label.encode()][0] if label.encode() in inside else None
    if found is None:
        raise ContainerError("there is no such box in the manifest store")
    content = _content(data, found)
    return bytes(data[content.body : content.end])


class Enclosed(NamedTuple):
    """One COSE_Sign1 structure that has what it signs within itself."""

    protected: bytes  #: the encoded protected header
    payload: bytes
    value: bytes  #: the bare signature


def enclosed(assertion: bytes) -> Enclosed:
    """Read the COSE_Sign1 structure in the field ``signature`` of an assertion, which has within itself what it signs.

    Raises:
        ValueError: there is none.
    """
    import cbor2

    try:
        content = _loads(_octets(_loads(assertion)["signature"]))
        protected, _, payload, value = content.value if isinstance(content, cbor2.CBORTag) else content
        return Enclosed(*map(_octets, (protected, payload, value)))
    except (cbor2.CBORError, ValueError, TypeError, LookupError) as exc:
        raise ValueError(f"no COSE_Sign1 structure: {exc}") from exc


def parse(raw: bytes) -> Signature:
    """Read a COSE_Sign1 structure.

    Raises:
        ValueError: it is none.
    """
    import cbor2

    try:
        content = _loads(raw)
        protected, unprotected, _, value = content.value if isinstance(content, cbor2.CBORTag) else content
        headers = _loads(_octets(protected))
        # With two chains it is not known which of them another reader takes.
        [chain] = [header[key] for header in (headers, unprotected) for key in (_X5CHAIN, "x5chain") if key in header]
        return Signature(
            protected,
            _octets(value),
            (chain,) if isinstance(chain, bytes) else tuple(map(_octets, chain)),
            _values(unprotected, _STAMPS, "tstTokens", "val"),
            _values(unprotected, _OLD_STAMPS, "tstTokens", "val") if _OLD_STAMPS in unprotected else None,
            _values(unprotected, _STAPLES, "ocspVals"),
        )
    except (cbor2.CBORError, ValueError, TypeError, AttributeError, LookupError) as exc:
        raise ValueError(f"no COSE_Sign1 structure: {exc}") from exc


def algorithm(signature: Signature) -> str:
    """Return the name of the algorithm in the protected header; empty when C2PA does not know it."""
    number = _loads(signature.protected).get(_ALG)
    return next((name for name, known in ALGORITHMS.items() if known == number), "")


def _loads(raw: bytes) -> Any:
    """Unfold what has few enough items, and no tags but the one in front.

    A map of chosen keys takes quadratic time, and a tagged number or expression as long as it likes.
    """
    import cbor2

    heads: list[int] = []

    def take(head: int) -> None:
        heads.append(head)
        if len(heads) > _MAX_ITEMS:
            raise cbor.Refused("too many items in a signature")
        if head >> 5 == _TAG and (head != _SIGN1_HEAD or len(heads) > 1):
            raise cbor.Refused("a tag where a signature has none")

    cbor.walk(memoryview(raw), take)
    return cbor2.loads(raw)


def _values(headers: Any, name: str, within: str, field: str = "") -> tuple[bytes, ...]:
    """Return the byte strings of an unsigned header; anybody can write there, so nonsense is as good as nothing."""
    try:
        entries = headers[name][within]
        return tuple(_octets(entry[field] if field else entry) for entry in entries)
    except (KeyError, TypeError, IndexError):
        return ()


def _octets(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a byte string is wanted")
    return value


def protected_header(algorithm: str, chain: Sequence[bytes]) -> bytes:
    """Return the encoded protected header: the algorithm and the certificates, DER, leaf first."""
    return _dumps({_ALG: ALGORITHMS[algorithm], _X5CHAIN: chain[0] if len(chain) == 1 else list(chain)})


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return what is signed, of a manifest with its claim as ``payload`` (RFC 9052 §4.4)."""
    return _dumps(["Signature1", protected, b"", payload])


def to_be_stamped(protected: bytes, value: bytes) -> bytes:
    """Return what a time authority stamps: the signature itself (C2PA 2.4 §10.3.2.5.2)."""
    return _dumps(["CounterSignature", protected, b"", _dumps(value)])


def to_be_stamped_before(protected: bytes, claim: bytes) -> bytes:
    """Return what a time authority stamped of a claim of version 1: the claim, before it was signed (``sigTst``)."""
    return _dumps(["CounterSignature", protected, b"", claim])


def least(signature: Signature) -> int:
    """Return how many bytes the structure takes without any padding in it."""
    return len(_sign1(signature, {"pad": b""}))


def assemble(signature: Signature, length: int) -> bytes:
    """Return the COSE_Sign1 structure of exactly ``length`` bytes; padding fills the rest.

    Raises:
        NoRoom: it is longer.
    """
    missing = length - least(signature)
    if missing < 0:
        raise StampTooLarge(-missing)
    for pads in _paddings(missing):
        made = _sign1(signature, pads)
        if len(made) == length:
            return made
    raise StampTooLarge(len(_PAD2_HEAD))


_PAD2_HEAD = b"\x64pad2\x40"  # what an empty second pad takes


def _paddings(missing: int) -> Iterator[dict[str, bytes]]:
    """Yield pads to try for ``missing`` bytes more than an empty one takes.

    The head of a byte string takes 1 to 5 bytes, so a few sums are only reached with the second pad
    that C2PA 2.4 §13.2.6 provides for that.
    """
    yield from ({"pad": bytes(size)} for size in range(missing, max(-1, missing - 5), -1))
    rest = missing - len(_PAD2_HEAD)
    yield from ({"pad": bytes(size), "pad2": b""} for size in range(rest, max(-1, rest - 5), -1))


def _sign1(signature: Signature, pads: dict[str, bytes]) -> bytes:
    import cbor2

    unprotected: dict[str, Any] = {}
    if signature.stamps:
        unprotected[_STAMPS] = {"tstTokens": [{"val": token} for token in signature.stamps]}
    if signature.staples:
        unprotected[_STAPLES] = {"ocspVals": list(signature.staples)}
    unprotected |= pads
    return _dumps(cbor2.CBORTag(_COSE_SIGN1, [signature.protected, unprotected, None, signature.value]))


def raw_ecdsa(algorithm: str, value: bytes) -> bytes:
    """Return an ECDSA signature as ``r‖s``, which COSE wants; others as they are.

    Backends give either form: a DER sequence of two integers (RFC 3279 §2.2.3) or ``r‖s``.

    Raises:
        ValueError: it is neither.
    """
    width = _COORDINATE.get(algorithm)
    if width is None or len(value) == 2 * width:
        return value
    r, s = _der_integers(value)
    if max(r, s) >> 8 * width:
        raise ValueError(f"the signature is too long for {algorithm}")
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def _der_integers(value: bytes) -> tuple[int, int]:
    """Read ``SEQUENCE { INTEGER, INTEGER }``, no byte more or less."""
    head = 3 if value[1:2] == b"\x81" else 2
    if value[:1] != b"\x30" or head - 1 >= len(value) or value[head - 1] != len(value) - head:
        raise ValueError("the signature is neither r‖s nor DER")
    found, at = [], head
    for _ in range(2):
        length = value[at + 1] if value[at : at + 1] == b"\x02" and at + 1 < len(value) else 0
        body = value[at + 2 : at + 2 + length]
        if not length or len(body) != length:
            raise ValueError("the signature is neither r‖s nor DER")
        found.append(int.from_bytes(body, "big"))
        at += 2 + length
    if at != len(value):
        raise ValueError("the signature is neither r‖s nor DER")
    return found[0], found[1]


def _dumps(value: Any) -> bytes:
    import cbor2

    return bytes(cbor2.dumps(value))
