"""Issuers of claims about identities (CAWG identity 1.2 §8.1): where their keys are published, and what these sign.

Pure, and light to import: no network, and the key is used where it is needed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

#: Bytes of a document that tells the keys of an issuer.
MAX_DOCUMENT = 64 << 10


class Sealed(Struct, frozen=True):
    """What an issuer signed, and the signature, to be held against the keys of the issuer."""

    issuer: str  #: DID
    message: bytes  #: with its header, as it was signed (RFC 9052 §4.4)
    signature: bytes


class Held(Struct, frozen=True):
    """How a signature stands to the document of the issuer, and why, for people."""

    state: Literal["held", "mismatch", "no-key"]
    why: str


_MAX_DID = 2048  # characters of a DID that is looked at
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_WEB = re.compile(rf"did:web:({_HOST})(?:%3[Aa]([0-9]{{1,5}}))?((?::[A-Za-z0-9_-][A-Za-z0-9._-]*)*)")


def document_url(issuer: str) -> str:
    """Return where an issuer publishes its keys (did:web); empty where that is not on the web, or no such name.

    >>> document_url("did:web:example.com")
    'https://example.com/.well-known/did.json'
    >>> document_url("did:web:example.com%3A8443:people:jane")
    'https://example.com:8443/people/jane/did.json'
    """
    match = _WEB.fullmatch(issuer) if len(issuer) <= _MAX_DID else None
    if match is None:
        return ""
    host, port, path = match[1], match[2], match[3].replace(":", "/")
    return f"https://{host}{f':{port}' if port else ''}{path or '/.well-known'}/did.json"


def load() -> None:
    """Load what checks signatures, which costs memory."""
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: F401


def held_by(document: bytes, sealed: Sealed) -> Held:
    """Hold what an issuer signed against the keys in its DID document, which may be anything."""
    try:
        keys = list(_keys(sealed.issuer, document))
    except ValueError as exc:
        return Held("no-key", f"the document of {sealed.issuer}: {exc}")
    if not keys:
        return Held("no-key", f"{sealed.issuer} publishes no Ed25519 key that may make statements")
    if any(_fits(key, sealed) for key in keys):
        return Held("held", f"signed by a key that {sealed.issuer} publishes")
    return Held("mismatch", f"no key that {sealed.issuer} publishes made the signature")


def _keys(issuer: str, document: bytes) -> Iterator[bytes]:
    """Yield the keys with which an issuer makes statements, named in ``assertionMethod`` or standing there."""
    said = _mapping(read_json(document))
    if said.get("id") != issuer:
        raise ValueError("the document is of somebody else")
    methods = [_mapping(one) for one in _list(said, "verificationMethod")]
    named = {_full(issuer, one.get("id")): one for one in methods}
    for entry in _list(said, "assertionMethod"):
        method = named.get(_full(issuer, entry), {}) if isinstance(entry, str) else _mapping(entry)
        key = _mapping(method.get("publicKeyJwk"))
        if method.get("controller", issuer) == issuer and (key.get("kty"), key.get("crv")) == ("OKP", "Ed25519"):
            yield base64.urlsafe_b64decode(text_in(key, "x") + "==")


def _full(issuer: str, name: Any) -> str:
    """Return the whole name of a key, of which documents may leave out the issuer (DID core §3.2.2)."""
    return f"{issuer}{name}" if str(name).startswith("#") else str(name)


def _list(said: Mapping[str, Any], key: str) -> list[Any]:
    value = said.get(key)
    return value if isinstance(value, list) else []


def _fits(key: bytes, sealed: Sealed) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(sealed.signature, sealed.message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- JSON by others --------------------------------------------------------------------------------


def read_json(raw: bytes) -> Any:
    """Read JSON in which nothing is said twice: which of two values counts, every reader decides for itself.

    Raises:
        ValueError: it is none, or nested too deeply.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands there twice")
        return dict(pairs)

    try:
        return json.loads(raw, object_pairs_hook=once)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def text_in(said: Mapping[str, Any], key: str) -> str:
    """Return the text under ``key``, or an empty one; JSON can name half a character, which nobody can show."""
    value = said.get(key)
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
