"""Identity claims aggregation (CAWG identity 1.2 §8.1): an issuer says by what somebody is known to others.

The engine judges all of it but who the issuer is, and shows a certificate in place of the claims where one lies
beside them.  So the claims are read here, out of the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from provlabel.evidence import AGGREGATED, Account, Code, CodeKind, Identity, mapping
from provlabel.manifest import cose
from provlabel.trust.issuers import Held, Sealed, read_json, text_in

_MOST_ACCOUNTS = 32


def with_claims(identity: Identity, store: bytes, urn: str) -> Identity:
    """Add what an issuer claims to an identity of that kind, as the manifest ``urn`` has it; or leave it as it is."""
    if identity.kind != AGGREGATED:
        return identity
    try:
        enclosed = cose.enclosed(cose.content_of(store, urn, "c2pa.assertions", identity.assertion))
        credential = mapping(read_json(enclosed.payload))
    except ValueError:
        return identity
    issuer = text_in(credential, "issuer").partition("#")[0]
    message = cose.to_be_signed(enclosed.protected, enclosed.payload)
    return msgspec.structs.replace(
        identity,
        issuer=issuer,
        accounts=tuple(_accounts(mapping(credential.get("credentialSubject")))),
        sealed=Sealed(issuer, message, enclosed.value),
    )


def _accounts(subject: Mapping[str, Any]) -> Iterator[Account]:
    listed = subject.get("verifiedIdentities")
    for entry in listed[:_MOST_ACCOUNTS] if isinstance(listed, list) else ():
        said = mapping(entry)
        yield Account(
            type=text_in(said, "type"),
            provider=text_in(mapping(said.get("provider")), "name"),
            name=text_in(said, "name"),
            username=text_in(said, "username"),
            uri=text_in(said, "uri") or text_in(said, "address"),
            verified_at=text_in(said, "verifiedAt"),
        )


_CODES = {"held": "untrusted_issuer", "mismatch": "signature_mismatch", "no-key": "invalid_did_document"}


def code_of(held: Held, url: str) -> Code:
    """Say what the engine would have said of the identity at ``url``, had it had the document of the issuer."""
    kind: CodeKind = "informational" if held.state == "held" else "failure"
    return Code(f"cawg.ica.{_CODES[held.state]}", kind, url, held.why)
