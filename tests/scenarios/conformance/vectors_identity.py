"""Identities as an issuer of claims writes them, and status codes that no reader knows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pki
from issuers import HARD, WITH_LABEL, Issuer
from provlabel.engine.identity import Actor
from stores import Store, embedded, store_of
from vectors import STILL, Bench, Expected, Vector, fails, passes
from vectors_history import ingredient_of, over_parent

_ICA, _CODES = "CAWG identity 1.2 §8.1", "C2PA 2.4 §15.2"


def claims(bench: Bench) -> Iterator[Vector]:
    """Claims of an issuer about who somebody is: good, not to be looked up here, and bad in each part."""
    issuer, web = Issuer(), Issuer("issuer.example")

    def vector(case: str, title: str, store: Store, expected: Expected, **given: Any) -> Vector:
        files = bench.detached(store.signed(bench.hand))
        return Vector(f"claims/{case}", title, _ICA, "identity", files, expected, given)

    def stated(about: Sequence[str] = WITH_LABEL, of: Issuer = issuer, **how: Any) -> Store:
        return of.identify(bench.store(), about, **how)

    mine = {"identity_issuer": issuer.did}
    doubt = passes("identity.unknown-issuer", never=("identity.bad",), identity="not-checked")
    yield vector("good", "claims by an issuer that the user names", stated(), passes(identity="ok"), **mine)
    yield vector("stranger", "the same by an issuer whom nobody named", stated(), doubt)
    yield vector("another", "the same, where another issuer is named", stated(), doubt, identity_issuer=Issuer().did)
    yield vector(
        "not-of-label",
        "the issuer saw the content and not the label",
        stated(HARD),
        passes("identity.not-of-label", identity="ok"),
        **mine,
    )
    yield vector(
        "on-the-web",
        "the key of the issuer is on the network, which is not used",
        stated(of=web),
        passes("identity.unresolved", never=("identity.bad", "engine.unknown-code"), identity="not-checked"),
        identity_issuer=web.did,
    )
    yield from (
        vector(case, title, store, fails("trusted", "identity.bad", identity="bad"), **mine)
        for case, title, store in _bad(stated)
    )
    ca = "did:web:issuer.example"
    person = bench.opened("person-of-ca", pki.leaf(pki.root(ca), eku="1.3.6.1.5.5.7.3.4", common="Jane Doe"))
    yield Vector(
        "claims/certificate",
        "a certificate by a CA that is called as the issuer whom the user names",
        _ICA,
        "identity",
        {STILL: bench.sign(bench.png, identity=Actor(person, ["creator"]))},
        passes(identity="not-checked"),
        {"identity_issuer": ca},
    )


def _bad(stated: Callable[..., Store]) -> Iterator[tuple[str, str, Store]]:
    def said(**fields: Any) -> Callable[[dict[str, Any]], Any]:
        return lambda credential: credential.update(fields)

    def other_file(credential: dict[str, Any]) -> None:
        credential["credentialSubject"]["c2paAsset"]["referenced_assertions"][0]["hash"] = "AAAA"

    def no_date(credential: dict[str, Any]) -> None:
        del credential["validFrom"]

    def nobody(credential: dict[str, Any]) -> None:
        credential["credentialSubject"]["verifiedIdentities"] = []

    yield "by-another-key", "somebody else's key made the signature", stated(by=Issuer())
    yield "of-another-file", "the claims are about another file", stated(change=other_file)
    yield "begins-later", "the claims are not valid yet", stated(change=said(validFrom="2090-01-01T00:00:00Z"))
    yield "ended", "the claims are not valid any more", stated(change=said(validUntil="2026-02-01T00:00:00Z"))
    yield "no-beginning", "the claims do not say from when on they are valid", stated(change=no_date)
    yield "nobody", "the claims name nobody", stated(change=nobody)
    yield "no-issuer", "the issuer is of a kind that nobody can look up", stated(change=said(issuer="did:example:1"))
    yield "no-key", "the name of the issuer holds no key", stated(change=said(issuer="did:jwk:e30="))
    yield "no-json", "the claims are no JSON", stated(payload=b"Jane Doe")
    yield "content-type", "the header says that something else was signed", stated(protected={1: -8, 3: "text/plain"})
    yield "algorithm", "the header names another algorithm", stated(protected={1: -7, 3: "application/vc"})
    yield "no-cose", "the signature is no COSE structure", stated(assertion=lambda data: data.update(signature=b"\x01"))


def codes(bench: Bench) -> Iterator[Vector]:
    """Codes that somebody else's validator recorded with an ingredient."""
    over = store_of(over_parent(bench, bench.signed_png))

    def vector(case: str, title: str, kind: str, code: str, expected: Expected) -> Vector:
        def recorded(data: dict[str, Any]) -> None:
            said = {"code": code, "url": "self#jumbf=c2pa.claim", "explanation": "as the vendor has it"}
            data["validationResults"]["activeManifest"][kind].append(said)

        store = Store(over)
        label = ingredient_of(store)
        store.change(label, recorded)
        store.change("c2pa.actions.v2", lambda data: _refer(data, label, store.assertions.child(label).hashed()))
        content = embedded(store, bench.png, bench.hand)
        return Vector(f"codes/{case}", title, _CODES, "history", {STILL: content}, expected)

    noted = passes("engine.unknown-remark", never=("engine.unknown-code", "history.broken"), history="clean")
    for kind in ("success", "informational", "failure"):
        yield vector(f"vendor-{kind}", "a vendor's own code was recorded with the parent", kind, "com.acme.seen", noted)
    identity = "cawg.identity.trusted"
    yield vector(
        "identity", "a code of CAWG that no reader has was recorded with the parent", "success", identity, noted
    )
    broken = fails("invalid", "history.broken", history="broken")
    yield vector("known", "a failure that every reader has was recorded with the parent", "failure", _MISMATCH, broken)


def _refer(data: dict[str, Any], label: str, content: bytes) -> None:
    """Let the actions refer to an ingredient as it is now."""
    for action in data["actions"]:
        for reference in action.get("parameters", {}).get("ingredients", ()):
            if reference["url"].endswith(f"/{label}"):
                reference["hash"] = hashlib.sha256(content).digest()


def references(bench: Bench) -> Iterator[Vector]:
    """Hashes by which actions refer to an ingredient; the assertions themselves are whole, and signed."""
    over = store_of(over_parent(bench, bench.signed_png))

    def vector(case: str, title: str, change: Callable[[dict[str, Any]], None], expected: Expected) -> Vector:
        def changed(data: dict[str, Any]) -> None:
            for reference in (
                one for step in data["actions"] for one in step.get("parameters", {}).get("ingredients", ())
            ):
                change(reference)

        content = embedded(Store(over).change("c2pa.actions.v2", changed), bench.png, bench.hand)
        return Vector(f"references/{case}", title, "C2PA 2.4 §15.10.3.3", "content", {STILL: content}, expected)

    yield vector(
        "sound", "an action refers to the parent by the hash that it has", lambda _: None, passes(history="clean")
    )
    altered = fails("invalid", content="altered", history="clean")
    for case, title, change in (
        ("zeros", "an action refers to the parent by a hash of zeros", lambda one: one.update(hash=bytes(32))),
        ("nowhere", "an action refers to an assertion that is not there", lambda one: one.update(url=one["url"] + "x")),
    ):
        yield vector(case, title, change, altered)


_MISMATCH = "assertion.dataHash.mismatch"
GROUPS = (claims, codes, references)
