"""Issuers of identity claims (CAWG identity 1.2 §8.1): what they sign, and the documents that tell their keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import cbor2
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ed25519

from provlabel.evidence import AGGREGATED
from provlabel.manifest import cose
from stores import Store

HARD = ("c2pa.hash.data",)
WITH_LABEL = ("c2pa.hash.data", "org.provlabel.label")
_Change = Callable[[dict[str, Any]], Any]


def _as_it_is(_: dict[str, Any]) -> None:
    pass


class Issuer:
    """Somebody who says by what others know people; without ``host``, known by their key alone (did:jwk)."""

    def __init__(self, host: str = "") -> None:
        self.key = ed25519.Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(ser.Encoding.Raw, ser.PublicFormat.Raw)
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
        told = json.dumps({"alg": "EdDSA", **self.jwk})
        # The engine wants the padding that a DID cannot have, so there is to be none.
        known = base64.urlsafe_b64encode((told + " " * (-len(told) % 3)).encode()).decode()
        self.did = f"did:web:{host}" if host else f"did:jwk:{known}"

    def document(self, change: _Change = _as_it_is) -> bytes:
        """Return the document that tells the key, with it written out where it is used."""
        method = {"id": f"{self.did}#key-0", "type": "JsonWebKey", "controller": self.did, "publicKeyJwk": self.jwk}
        made = {"@context": "https://www.w3.org/ns/did/v1", "id": self.did, "assertionMethod": [method]}
        change(made)
        return json.dumps(made).encode()

    def credential(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return what is said of Jane: two accounts, and of which file."""
        references = [
            {"url": one["url"], "hash": base64.b64encode(one["hash"]).decode()}
            for one in payload["referenced_assertions"]
        ]
        provider = {"id": "https://pictures.example", "name": "pictures"}
        jane = {"type": "cawg.social_media", "verifiedAt": "2026-01-01T00:00:00Z", "provider": provider}
        return {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://cawg.io/identity/1.1/ica/context/"],
            "type": ["VerifiableCredential", "IdentityClaimsAggregationCredential"],
            "issuer": self.did,
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {
                "verifiedIdentities": [
                    {**jane, "name": "Jane Doe", "username": "jane", "uri": "https://pictures.example/jane"},
                    {**jane, "username": "jd", "provider": {"id": "https://sounds.example", "name": "sounds"}},
                ],
                "c2paAsset": {**payload, "referenced_assertions": references},
            },
        }

    def identify(
        self,
        store: Store,
        about: Sequence[str] = HARD,
        *,
        change: _Change = _as_it_is,
        assertion: _Change = _as_it_is,
        protected: dict[Any, Any] | None = None,
        payload: bytes | None = None,
        by: Issuer | None = None,
    ) -> Store:
        """Put an identity into ``store``: of these assertions as they are, with what is to be changed in it."""
        entries = {one["url"].rpartition("/")[2]: one for one in store.rehash().claim["created_assertions"]}
        references = [{"url": entries[name]["url"], "hash": entries[name]["hash"]} for name in about]
        signed = {"referenced_assertions": references, "sig_type": AGGREGATED}
        said = self.credential(signed)
        change(said)
        header = cbor2.dumps({1: cose.ALGORITHMS["ed25519"], 3: "application/vc"} if protected is None else protected)
        content = json.dumps(said).encode() if payload is None else payload
        value = (by or self).key.sign(cose.to_be_signed(header, content))
        sign1 = cbor2.dumps(cbor2.CBORTag(18, [header, {}, content, value]))
        data = {"signer_payload": signed, "signature": sign1, "pad1": b""}
        assertion(data)
        return store.put("cawg.identity", data)
