"""Vectors about whom to believe: certificates at three times, revocation, time authorities, identities."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cbor2
from cryptography.x509 import ocsp

import pki
import tsa as authorities
from pki_answers import HOUR, responder, response, scene
from pki_matrix import CHAINS, NOW, TIMES, der, issue
from provlabel import Actor
from provlabel._support.times import zulu
from provlabel.manifest import cose
from provlabel.trust import timestamps
from stores import Hand, Store, chunk, embedded, in_png, store_of
from vectors import STILL, Bench, Expected, Vector, Wanted, fails, passes, refused

_WHEN = ("then", "now", "later")


def _no_chain(*signer: str) -> Expected:
    content = ("intact", "unreadable", "not-applicable", "altered")
    return Expected(1, ("valid", "invalid", "unreadable"), {**refused().axes, "signer": signer, "content": content})


#: What a chain is worth, as the matrix has it -> state and axis of the file.
_WORTH: dict[str, Expected] = {
    "trusted": passes(),
    "unknown": fails("valid", signer="unknown"),
    "expired": fails("invalid", "signer.expired", signer="expired"),
    "not-yet-valid": fails("invalid", "signer.not-yet-valid", signer="not-yet-valid"),
    # RFC 5280 §6 calls the path invalid, C2PA 2.4 §14.5 the credential: nobody vouches, or the signature is none.
    "invalid": _no_chain("unknown", "bad-signature", "not-applicable", "expired"),
    "wrong-purpose": _no_chain("unknown", "bad-signature", "not-applicable", "expired"),
    # By the clock a signer who is not trusted may be called by any reason that is true of the chain.
    "bad": _no_chain("unknown", "bad-signature", "not-applicable", "expired", "not-yet-valid"),
}
#: Not the certificate that was issued: its signature is bad, and so nobody vouches for the key in it.
_EITHER = ("altered leaf",)
#: RFC 9360 wants each certificate once, in order; whoever takes the doubled ones, and who does not, is right.
_NOT_BY_THE_CLOCK = ("intermediate and root doubled",)


def _slug(text: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in text.lower()).replace("--", "-").strip("-")


def chains(bench: Bench) -> Iterator[Vector]:
    """Every chain of the matrix, as of three times; the certificates are real, and the key of the leaf signs."""
    for name, make in CHAINS.items():
        with _issued() as seen:
            chain = make()
        key = next((one.key for one in seen if chain.certs and der(one)[0] == chain.certs[0]), bench.leaf.key)
        store = bench.store().signed(Hand(key, chain.certs))
        anchors = "".join(chain.anchors).encode()
        given: dict[str, Any] = {"trust": anchors}
        if chain.allowed:
            given["trust_leaf"] = "".join(chain.allowed).encode()
        if name in _EITHER:
            chain = chain._replace(
                expected=tuple("bad" if worth in ("unknown", "expired") else worth for worth in chain.expected)
            )
        for when, at, worth in zip(_WHEN, TIMES, chain.expected, strict=True):
            yield Vector(
                f"chains/{_slug(name)}-{when}",
                f"{name}, judged as of {when}",
                "RFC 5280 §6, C2PA 2.4 §14.5, abuse 5",
                "signer",
                bench.detached(store),
                _WORTH[worth],
                {**given, "at": zulu(at.isoformat())},
            )
        if name not in _NOT_BY_THE_CLOCK:
            now = chain.expected[1]
            yield Vector(
                f"chains/{_slug(name)}-by-the-clock",
                f"{name}, judged by the clock",
                "RFC 5280 §6, C2PA 2.4 §14.5, abuse 5",
                "signer",
                bench.detached(store),
                _WORTH["trusted"] if now == "trusted" else _WORTH["bad"],
                given,
            )


class _issued:
    """Notes every certificate that is issued with its key, which a chain does not tell."""

    def __enter__(self) -> list[pki.Issued]:
        self.seen: list[pki.Issued] = []
        self.kept = pki.Issued.__new__
        seen, kept = self.seen, self.kept

        def noting(cls: Any, *args: Any, **how: Any) -> Any:
            made = kept(cls, *args, **how)
            seen.append(made)
            return made

        pki.Issued.__new__ = noting  # type: ignore[method-assign]
        return self.seen

    def __exit__(self, *_: object) -> None:
        pki.Issued.__new__ = self.kept  # type: ignore[method-assign]


def purposes(bench: Bench) -> Iterator[Vector]:
    """Anchors count for their purpose alone, and a certificate for what it was issued for."""
    store = bench.store().signed(bench.hand)
    root = bench.root.pem.encode()
    other = pki.root("Other Root").pem.encode()

    def vector(case: str, title: str, raw: bytes, expected: Expected, **given: Any) -> Vector:
        return Vector(
            f"purposes/{case}", title, "c2pa-rs 1555, abuse 5", "signer", bench.detached(raw), expected, given
        )

    stranger = fails("valid", "signer.unknown", signer="unknown")
    yield vector(
        "as-clock", "the root is given for time authorities alone", store, stranger, trust=other, tsa_trust=root
    )
    yield vector(
        "as-identity", "the root is given for identities alone", store, stranger, trust=other, identity_trust=root
    )
    yield vector("other-root", "another root of another name", store, stranger, trust=other)
    same = pki.root("Conformance Root").pem.encode()
    yield vector("same-name", "another root of the same name", store, stranger, trust=same)
    yield vector(
        "leaf-allowed",
        "the signer's certificate itself is trusted",
        store,
        passes(),
        trust=other,
        trust_leaf=bench.leaf.pem.encode(),
    )
    yield vector(
        "leaf-of-another",
        "another certificate is trusted",
        store,
        stranger,
        trust=other,
        trust_leaf=pki.leaf(bench.root).pem.encode(),
    )
    wrong = _WORTH["invalid"]
    for case, eku in (
        ("clock", authorities.TIME_STAMPING),
        ("responder", "1.3.6.1.5.5.7.3.9"),
        ("server", pki.SERVER),
        ("client", "1.3.6.1.5.5.7.3.2"),
        ("code", "1.3.6.1.5.5.7.3.3"),
    ):
        hand = Hand.of(pki.leaf(bench.root, eku=eku))
        yield vector(f"eku-{case}", f"a certificate for another purpose: {case}", bench.store().signed(hand), wrong)
    for case, eku in (("e-mail", "1.3.6.1.5.5.7.3.4"), ("documents", "1.3.6.1.5.5.7.3.36")):
        hand = Hand.of(pki.leaf(bench.root, eku=eku))
        yield vector(f"eku-{case}", f"a certificate for {case}, which C2PA takes", bench.store().signed(hand), passes())


# --- revocation ------------------------------------------------------------------------------------


def revocation(bench: Bench) -> Iterator[Vector]:
    """Answers that are stapled to the signature, with and without a demand for one (abuse 6)."""
    here = scene()
    hand, anchors = Hand(here.leaf.key, here.chain), here.root.pem.encode()
    revoked = fails("invalid", "signer.revoked", signer="revoked", revocation="revoked")
    open_ = passes(revocation="not-checked")
    good = passes(revocation="good")
    delegate = responder(here.middle)
    whole = (response(here.leaf, here.middle), response(here.middle, here.root))
    past = {"this": NOW - 72 * HOUR, "following": NOW - 24 * HOUR}
    cases: dict[str, tuple[str, tuple[bytes, ...], Expected]] = {
        "none": ("no answer", (), open_),
        "good": ("a good answer of the CA's", whole[:1], good),
        "good-of-both": ("good answers about leaf and intermediate", whole, good),
        "by-delegate": (
            "a good answer by a responder of the CA's",
            (response(here.leaf, here.middle, delegate),),
            good,
        ),
        "revoked": ("revoked for compromise", (response(here.leaf, here.middle, since=NOW - HOUR),), revoked),
        "revoked-by-delegate": (
            "revoked, says a responder of the CA's",
            (response(here.leaf, here.middle, delegate, since=NOW - HOUR),),
            revoked,
        ),
        "good-and-revoked": (
            "a good answer and one that says revoked",
            (*whole[:1], response(here.leaf, here.middle, since=NOW - HOUR)),
            revoked,
        ),
        "of-another": ("a good answer about another certificate", whole[1:], open_),
        "by-a-stranger": (
            "a good answer by a stranger of the same name",
            (response(here.leaf, here.middle, scene().middle),),
            open_,
        ),
        "revoked-by-a-stranger": (
            "revoked, says a stranger",
            (response(here.leaf, here.middle, scene().middle, since=NOW - HOUR),),
            open_,
        ),
        "by-the-leaf": (
            "a good answer that the certificate gives of itself",
            (response(here.leaf, here.middle, here.leaf),),
            open_,
        ),
        "by-no-responder": (
            "a good answer by a certificate that is for no such thing",
            (response(here.leaf, here.middle, issue("Clerk", here.middle)),),
            open_,
        ),
        "out-of-date": ("a good answer that ended yesterday", (response(here.leaf, here.middle, **past),), open_),
        "from-the-future": (
            "a good answer from tomorrow",
            (response(here.leaf, here.middle, this=NOW + 24 * HOUR, following=NOW + 48 * HOUR),),
            open_,
        ),
        "unknown": (
            "the responder does not know the certificate",
            (response(here.leaf, here.middle, status=ocsp.OCSPCertStatus.UNKNOWN),),
            open_,
        ),
        "garbage": ("an answer that is none", (b"garbage",), open_),
        "bit": ("a good answer with a bit changed", (_bit(whole[0]),), open_),
    }
    for case, (title, answers, expected) in cases.items():
        files = bench.detached(bench.store().signed(hand, staples=answers))

        def vector(
            name: str, wanted: Expected, given: dict[str, Any], title: str = title, files: dict[str, bytes] = files
        ) -> Vector:
            return Vector(
                f"revocation/{name}",
                title,
                "RFC 6960, C2PA 2.4 §15.9, abuse 6",
                "revocation",
                files,
                wanted,
                {"trust": anchors, **given},
            )

        yield vector(case, expected, {})
        strict = expected
        if expected is open_ or case == "by-the-delegate":
            strict = fails("trusted", "policy.revocation")
        yield vector(f"{case}-required", strict, {"require_revocation": True})


def _bit(raw: bytes) -> bytes:
    """Change a bit of the responder's signature."""
    value = ocsp.load_der_ocsp_response(raw).signature
    return raw.replace(value, value[:-1] + bytes([value[-1] ^ 1]))


# --- time ------------------------------------------------------------------------------------------

Stamps = Callable[[bytes, bytes], Sequence[bytes]]


def times(bench: Bench) -> Iterator[Vector]:
    """Tokens of time authorities, on good and on expired signers (RFC 3161, C2PA 2.4 §15.8, abuse 7)."""
    if not (shutil.which("openssl") and shutil.which("faketime")):
        return
    root = pki.root("Clock Root")
    long_ago = {"begins": -390 * pki.DAY, "lasts": 3650 * pki.DAY}
    clock = authorities.Authority(
        bench.folder / "clock", root, pki.leaf(root, eku=authorities.TIME_STAMPING, **long_ago)
    )
    thief_root = pki.root("Clock Root")
    thief = authorities.Authority(
        bench.folder / "thief", thief_root, pki.leaf(thief_root, eku=authorities.TIME_STAMPING, **long_ago)
    )
    server = authorities.Authority(
        bench.folder / "server",
        root,
        pki.leaf(root, eku=authorities.TIME_STAMPING, **{**long_ago, "lasts": 300 * pki.DAY}, common="Old Clock"),
    )
    clocks = root.pem.encode()
    ago = NOW - 100 * pki.DAY
    old = Hand.of(pki.leaf(bench.root, begins=-300 * pki.DAY, lasts=290 * pki.DAY))

    def token(by: authorities.Authority, at: dt.datetime | None, change: Callable[[bytes], bytes] = bytes) -> Stamps:
        def ask(protected: bytes, value: bytes) -> Sequence[bytes]:
            message = change(cose.to_be_stamped(protected, value))
            return (_opened(by.answer(timestamps.request(message, 1 << 63 | 5), at)),)

        return ask

    def vector(case: str, title: str, hand: Hand, stamps: Stamps, expected: Expected, **given: Any) -> Vector:
        raw = bench.store().signed(hand, stamps=stamps)
        return Vector(
            f"times/{case}",
            title,
            "RFC 3161, C2PA 2.4 §15.8, abuse 7",
            "time",
            bench.detached(raw),
            expected,
            {"tsa_trust": clocks, **given},
        )

    proven, claimed = passes(time="proven"), passes()
    expired = fails("invalid", "signer.expired", signer="expired")
    none: Stamps = lambda protected, value: ()  # noqa: E731 - one of a row of such
    broken: Stamps = lambda protected, value: [_broken(one) for one in token(clock, ago)(protected, value)]  # noqa: E731
    garbage: Stamps = lambda protected, value: (b"garbage",)  # noqa: E731
    cases: dict[str, tuple[str, Stamps, Wanted]] = {
        # what it is worth for a signer whose certificate ended since: trusted, expired, or a bad signature
        "good": ("a token of a trusted authority, from when the certificate held", token(clock, ago), "trusted"),
        "none": ("no token", none, "expired"),
        "unanchored": ("a token of an authority that nobody knows, of the same name", token(thief, ago), "expired"),
        "other-bytes": ("a good token over other bytes", token(clock, ago, lambda message: b"x" + message), "expired"),
        "broken": ("a token whose signature was changed", broken, "expired"),
        "garbage": ("a token that is none", garbage, "expired"),
        "late": ("a good token from after the certificate ended", token(clock, None), ("bad-signature", "expired")),
        "too-early": (
            "a good token from before the certificate began",
            token(clock, NOW - 350 * pki.DAY),
            ("bad-signature", "expired"),
        ),
        "from-the-future": (
            "a token from a year ahead",
            token(clock, NOW + 300 * pki.DAY),
            ("expired", "bad-signature"),
        ),
        "clock-over": (
            "a token from after the authority's own certificate ended",
            token(server, NOW - 20 * pki.DAY),
            "expired",
        ),
    }
    for case, (title, stamps, worth) in cases.items():
        if worth == "trusted":
            wanted = proven
        else:
            wanted = fails("invalid", signer=worth, time=("claimed", "proven") if worth != "expired" else "claimed")
        yield vector(f"ended-{case}", f"the certificate has ended; {title}", old, stamps, wanted)
    for case in ("unanchored", "other-bytes", "broken", "garbage", "from-the-future", "clock-over"):
        title, stamps, _ = cases[case]
        yield vector(
            f"holds-{case}",
            f"the certificate holds; {title}",
            Hand.of(pki.leaf(bench.root, begins=-300 * pki.DAY, lasts=3650 * pki.DAY)),
            stamps,
            claimed,
        )
    good = cases["good"][1]
    yield vector(
        "holds-good",
        "the certificate holds; a good token",
        Hand.of(pki.leaf(bench.root, begins=-300 * pki.DAY, lasts=3650 * pki.DAY)),
        good,
        proven,
    )
    yield vector(
        "no-clocks", "a good token, and no anchors for clocks", old, good, expired, tsa_trust=pki.root().pem.encode()
    )
    yield vector(
        "clock-among-signers",
        "the clock's root is given for signers, and not for clocks",
        old,
        good,
        expired,
        trust=(bench.root.pem + root.pem).encode(),
        tsa_trust=pki.root().pem.encode(),
    )
    over = pki.root("Old Clock Root", begins=-390 * pki.DAY, lasts=100 * pki.DAY)
    retired = authorities.Authority(
        bench.folder / "retired", over, pki.leaf(over, eku=authorities.TIME_STAMPING, **long_ago)
    )
    for case, lists in (("alone", over.pem), ("beside-another", over.pem + root.pem)):
        title = f"a token from after the clock's root ended, that root {case.replace('-', ' ')}"
        yield vector(f"retired-root-{case}", title, old, token(retired, ago), expired, tsa_trust=lists.encode())
    yield vector(
        "good-beside-retired",
        "a good token, and the root of a clock that was retired before it",
        old,
        good,
        proven,
        tsa_trust=(over.pem + root.pem).encode(),
    )
    yield vector(
        "before-the-token",
        "judged as of a time before the token",
        old,
        good,
        fails(("trusted", "invalid"), time="claimed")._replace(exit=0, state="trusted"),
        at=zulu((ago - 50 * pki.DAY).isoformat()),
    )
    yield vector(
        "after-all",
        "judged in three years; a good token",
        old,
        good,
        proven,
        at=zulu((NOW + 900 * pki.DAY).isoformat()),
    )
    yield vector(
        "signers-own-clock",
        "a clock below the signer's root, which is for signers",
        old,
        token(
            authorities.Authority(
                bench.folder / "own", bench.root, pki.leaf(bench.root, eku=authorities.TIME_STAMPING, **long_ago)
            ),
            ago,
        ),
        expired,
    )
    yield from _old_tokens(bench, clock, old, clocks)


def _old_tokens(bench: Bench, clock: authorities.Authority, old: Hand, clocks: bytes) -> Iterator[Vector]:
    """Tokens over the claim alone, as claims of version 1 have them: it could be older than the signature."""
    made = bench.store().rehash()
    header = cbor2.dumps({1: -7, 33: old.chain[0]})
    claim = made.manifest.child("c2pa.claim.v2").content.body
    message = cbor2.dumps(["CounterSignature", header, b"", claim])
    at = NOW - 100 * pki.DAY
    token = _opened(clock.answer(timestamps.request(message, 5), at))
    raw = made.sign(old, protected={1: -7, 33: old.chain[0]}, unprotected={"sigTst": {"tstTokens": [{"val": token}]}})
    yield Vector(
        "times/over-the-claim",
        "a good token over the claim alone, and the key stolen since",
        "C2PA 2.4 §10.3.2.5",
        "time",
        bench.detached(raw.dump()),
        fails("invalid", "signer.expired", signer="expired"),
        {"tsa_trust": clocks},
    )
    thief_root = pki.root("Thief")
    thief = authorities.Authority(
        bench.folder / "v1", thief_root, pki.leaf(thief_root, eku=authorities.TIME_STAMPING, begins=-390 * pki.DAY)
    )
    v1 = Store(store_of(bench.by_engine(bench.png, {**bench.definition(), "claim_version": 1})))
    made = Store(store_of(embedded(v1, bench.png, old)))
    message = cbor2.dumps(["CounterSignature", header, b"", made.manifest.child("c2pa.claim").content.body])
    token = _opened(thief.answer(timestamps.request(message, 5), at))
    made.sign(old, protected={1: -7, 33: old.chain[0]}, unprotected={"sigTst": {"tstTokens": [{"val": token}]}})
    yield Vector(
        "times/v1-self-made",
        "a claim of version 1 by a stolen key that ended, with a clock of the thief's own",
        "c2pa-rs 2317, abuse 7",
        "time",
        {STILL: in_png(bench.png, made.dump())},
        fails("invalid", "signer.expired", signer="expired"),
        {"tsa_trust": clocks},
    )


def _opened(reply: bytes) -> bytes:
    """Return the token of a response (RFC 3161 §2.4.2)."""
    from asn1crypto import tsp

    return bytes(tsp.TimeStampResp.load(reply)["time_stamp_token"].dump())


def _broken(token: bytes) -> bytes:
    return token[:-4] + bytes([token[-4] ^ 1]) + token[-3:]


# --- identities ------------------------------------------------------------------------------------


def identities(bench: Bench) -> Iterator[Vector]:
    """CAWG identities: who else vouches, judged by anchors of their own (CAWG identity 1.2 §7)."""
    people, evil = pki.root("Identity Root"), pki.root("Evil Identities")
    email = "1.3.6.1.5.5.7.3.4"
    jane = bench.opened("jane", pki.leaf(people, eku=email, common="Jane Label"))
    mallory = bench.opened("mallory", pki.leaf(evil, eku=email, common="Jane Label"))
    one = bench.sign(bench.png, identity=Actor(jane, ["creator"]))
    anchors = {"identity_trust": people.pem.encode()}

    def vector(case: str, title: str, content: bytes, expected: Expected, **given: Any) -> Vector:
        return Vector(
            f"identities/{case}", title, "CAWG identity 1.2 §7", "identity", {STILL: content}, expected, given
        )

    yield vector("good", "an identity that a list of people vouches for", one, passes(identity="ok"), **anchors)
    yield vector("no-list", "the same without such a list", one, passes(identity="not-checked"))
    yield vector(
        "stranger",
        "an identity of the same name by another CA",
        bench.sign(bench.png, identity=Actor(mallory, ["creator"])),
        passes("identity.unknown", identity="not-checked"),
        **anchors,
    )
    store = store_of(one)
    altered = one.replace(chunk(b"caBX", store), chunk(b"caBX", store.replace(b"cawg.creator", b"cawg.sponsor", 1)))
    yield vector(
        "role-changed", "the role was changed", altered, fails("invalid", identity="bad", content="altered"), **anchors
    )
    again = bench.sign(one)
    yield vector(
        "of-the-parent",
        "the identity stands for the parent alone",
        again,
        passes(identity="none", history="clean"),
        **anchors,
    )
    borrowed = bench.sign(one, identity=Actor(mallory, ["creator"]))
    yield vector(
        "borrowed",
        "a stranger's identity over a parent with a good one",
        borrowed,
        passes(identity="not-checked", history="clean"),
        **anchors,
    )
    yield vector(
        "signers-root",
        "the list of people is that of signers",
        one,
        passes("identity.unknown", identity="not-checked"),
        identity_trust=bench.root.pem.encode(),
    )
    signer = bench.opened("person", pki.leaf(people, eku=email, common="Jane Label"))
    yield vector(
        "person-signs",
        "a person's certificate signs the manifest itself",
        bench.sign(bench.png, signer=signer),
        fails("valid", "signer.unknown", signer="unknown"),
        **anchors,
    )
    for case, data in {"empty": {}, "garbage": {"signer_payload": {}, "signature": "x"}}.items():
        made = bench.definition()
        made["assertions"].append({"label": "cawg.identity", "data": data})
        yield vector(
            case,
            "an identity that does not hold",
            bench.by_engine(bench.png, made),
            fails(("trusted", "invalid"), "identity.bad", identity="bad"),
            **anchors,
        )
    other = Store(store_of(bench.sign(bench.png, bench.label, identity=Actor(jane, ["creator"]))))
    swapped = bench.store().rehash()
    for box in other.assertions.inside[1:]:
        if box.label == "cawg.identity":
            swapped.put("cawg.identity", box.content.body)
    yield Vector(
        "identities/of-another-file",
        "a good identity taken from another file",
        "CAWG identity 1.2 §7",
        "identity",
        bench.detached(swapped.signed(bench.hand)),
        fails(("trusted", "invalid"), identity="bad"),
        anchors,
    )


GROUPS = (chains, purposes, revocation, times, identities)
