"""Claims of issuers about identities, read out of a store."""

from __future__ import annotations

from provlabel.evidence import AGGREGATED, Identity
from provlabel.manifest import ica


def test_what_is_no_such_identity_stays_what_it_is() -> None:
    by_certificate = Identity("cawg.identity", "Jane", kind="cawg.x509.cose")
    damaged = Identity("cawg.identity", kind=AGGREGATED)
    for identity in (by_certificate, damaged):
        for store in (b"", b"\x00\x00\x00\x08jumb", bytes(100)):
            assert ica.with_claims(identity, store, "urn:1") == identity
