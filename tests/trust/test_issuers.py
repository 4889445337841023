"""What issuers of claims about identities signed, held against the keys that they publish."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from issuers import Issuer
from project import corpus_of_others
from provlabel import verify_file
from provlabel.sandbox import Sandbox
from provlabel.sandbox.protocol import Check
from provlabel.trust.issuers import Sealed, document_url, held_by

#: The key that the issuer of the file below published when it was made (c2pa-rs, tests of claim aggregation).
STAGE = "did:web:connected-identities.identity-stage.adobe.com"
STAGE_KEY = "gPfQ48DeVQtfDMh9in27XZfCBlblW7FdgcyqsHPBmis"


def sealed_by(issuer: Issuer) -> Sealed:
    return Sealed(issuer.did, b"what was signed", issuer.key.sign(b"what was signed"))


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("did:web:example.com", "https://example.com/.well-known/did.json"),
        ("did:web:example.com:u:bob", "https://example.com/u/bob/did.json"),
        ("did:web:example.com%3A8443", "https://example.com:8443/.well-known/did.json"),
        ("did:web:example.com%3a8443:u", "https://example.com:8443/u/did.json"),
        ("did:web:localhost", "https://localhost/.well-known/did.json"),
    ],
)
def test_where_an_issuer_publishes_its_keys(issuer: str, url: str) -> None:
    assert document_url(issuer) == url


@pytest.mark.parametrize(
    "issuer",
    [
        *("", "did:web:", "did:jwk:eyJ", "did:WEB:example.com", "https://example.com", "did:web:example.com:"),
        *("did:web:127.0.0.1", "did:web:169.254.169.254%3A80", "did:web:[::1]", "did:web:2130706433"),
        *("did:web:example.com:..:x", "did:web:example.com:.hidden", "did:web:example.com/x", "did:web:a@example.com"),
        *("did:web:example.com%2Fx", "did:web:example.com%3A80%3A90", "did:web:example.com?x", "did:web:example.com#k"),
        *("did:web:exa mple.com", "did:web:example.com\n", "did:web:-example.com", "did:web:\u0435xample.com"),
    ],
)
def test_what_is_no_name_of_a_place_on_the_web_is_not_asked(issuer: str) -> None:
    assert document_url(issuer) == ""


def test_a_key_that_the_issuer_publishes_holds() -> None:
    issuer = Issuer("example.com")
    assert held_by(issuer.document(), sealed_by(issuer)).state == "held"


def _by_reference(made: dict[str, Any]) -> None:
    made["verificationMethod"] = made["assertionMethod"]
    made["assertionMethod"] = ["#key-0"]


def _second_of_two(made: dict[str, Any]) -> None:
    other = json.loads(Issuer("example.com").document())
    made["assertionMethod"] = [*other["assertionMethod"], *made["assertionMethod"]]


@pytest.mark.parametrize("change", [_by_reference, _second_of_two])
def test_other_ways_to_publish_a_key(change: Any) -> None:
    issuer = Issuer("example.com")
    assert held_by(issuer.document(change), sealed_by(issuer)).state == "held"


def _without_methods(made: dict[str, Any]) -> None:
    del made["assertionMethod"]


def _for_something_else(made: dict[str, Any]) -> None:
    made["authentication"] = made.pop("assertionMethod")


def _of_somebody_else(made: dict[str, Any]) -> None:
    made["id"] = "did:web:example.org"


def _controlled_by_somebody_else(made: dict[str, Any]) -> None:
    made["assertionMethod"][0]["controller"] = "did:web:example.org"


def _of_another_kind(made: dict[str, Any]) -> None:
    made["assertionMethod"][0]["publicKeyJwk"]["crv"] = "X25519"


@pytest.mark.parametrize(
    "change",
    [_without_methods, _for_something_else, _of_somebody_else, _controlled_by_somebody_else, _of_another_kind],
)
def test_a_document_that_tells_no_key_is_invalid(change: Any) -> None:
    issuer = Issuer("example.com")
    assert held_by(issuer.document(change), sealed_by(issuer)).state == "no-key"


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"id": "a", "id": "did:web:example.com"}', b"9" * 5000],
)
def test_a_document_may_be_anything(document: bytes) -> None:
    assert held_by(document, sealed_by(Issuer("example.com"))).state == "no-key"


@pytest.mark.parametrize("value", [1, None, "x", [1], {"id": 1}, ["#key-0", 1, None, {}], [{"publicKeyJwk": "x"}]])
@pytest.mark.parametrize("key", ["assertionMethod", "verificationMethod"])
def test_a_document_may_hold_anything(key: str, value: Any) -> None:
    issuer = Issuer("example.com")
    document = issuer.document(lambda made: made.update({"assertionMethod": ["#x"], key: value}))
    assert held_by(document, sealed_by(issuer)).state in ("no-key", "mismatch")


@pytest.mark.parametrize("x", ["", "AA", "!", "A" * 43, "A" * 44, 1])
def test_a_key_may_be_anything(x: Any) -> None:
    issuer = Issuer("example.com")
    document = issuer.document(lambda made: made["assertionMethod"][0]["publicKeyJwk"].update(x=x))
    assert held_by(document, sealed_by(issuer)).state in ("no-key", "mismatch")


def test_any_other_signature_is_a_mismatch() -> None:
    issuer = Issuer("example.com")
    sealed = sealed_by(issuer)
    for other in (
        replace(sealed, message=b"something else"),
        replace(sealed, signature=bytes(64)),
        replace(sealed, signature=b""),
        replace(sealed, signature=Issuer().key.sign(sealed.message)),
    ):
        assert held_by(issuer.document(), other).state == "mismatch"


def test_a_picture_of_adobe_and_the_key_of_its_day(sandbox: Sandbox) -> None:
    """The engine cannot fetch that document here: with it, our own check comes to what its tests expect."""
    from provlabel._support.times import now

    path = corpus_of_others("producers") / "adobe-connected-identities.jpg"
    [identity] = sandbox.read(path, check=Check(at=now(), revocation=True)).manifests[0].identities
    assert identity.sealed is not None
    issuer = Issuer()
    issuer.did, issuer.jwk["x"] = STAGE, STAGE_KEY
    assert held_by(issuer.document(), identity.sealed).state == "held"
    issuer.jwk["x"] = Issuer().jwk["x"]
    assert held_by(issuer.document(), identity.sealed).state == "mismatch"
    [shown] = verify_file(path, sandbox=sandbox).files[0].identity
    assert (shown.issuer, json.dumps([one.username for one in shown.accounts])) == (STAGE, '["testuser23"]')
