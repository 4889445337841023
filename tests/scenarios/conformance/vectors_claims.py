"""Vectors about claim, signature and the boxes around them: what a forger with or without a key writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import pki
from pki_matrix import der, issue
from stores import Box, Hand, Store, load, raw_signature, superbox
from vectors import STILL, Bench, Expected, Vector, fails, passes, refused, unreadable

LABEL, ACTIONS = "org.provlabel.label", "c2pa.actions.v2"
#: The signature does not hold: what else can be believed is nobody's concern.
_BAD = refused(
    signer=("bad-signature", "not-applicable"), content=("intact", "altered", "not-fully-bound", "unreadable")
)
#: The manifest is no good, however a reader comes to that.
_REJECTED = refused(
    content=("intact", "altered", "not-fully-bound", "unreadable"),
    signer=("trusted", "bad-signature", "unknown", "not-applicable"),
    label=("present", "none", "contradictory", "present contradictory", "unknown-value", "present unknown-value"),
    history=("none", "broken"),
)._replace(state=("invalid", "unreadable", "valid", "trusted"))


def signatures(bench: Bench) -> Iterator[Vector]:
    """The claim signature (C2PA 2.4 §13.2, §15.7; RFC 9052)."""
    hand, key = bench.hand, bench.hand.key

    def vector(
        case: str, title: str, store: Store | bytes, expected: Expected, source: str = "C2PA 2.4 §15.7"
    ) -> Vector:
        raw = store if isinstance(store, bytes) else store.dump()
        return Vector(f"signatures/{case}", title, source, "signer", bench.detached(raw), expected)

    def again() -> Store:
        return bench.store().rehash()

    yield vector("good", "signed anew by hand", again().sign(hand), passes())
    for case, value in (
        ("zeros", bytes(64)),
        ("ones", b"\xff" * 64),
        ("empty", b""),
        ("short", bytes(63)),
        ("long", bytes(65)),
        ("r-1-s-1", (1).to_bytes(32, "big") * 2),
    ):
        yield vector(f"value-{case}", f"the value of the signature is {case}", again().sign(hand, value=value), _BAD)
    der_value = key.sign(b"x", ec.ECDSA(pki.hashes.SHA256()))
    yield vector("value-der", "the value is of other bytes, and in DER", again().sign(hand, value=der_value), _BAD)
    other = raw_signature(key, b"something else")
    yield vector("other-bytes", "a good signature over other bytes", again().sign(hand, value=other), _BAD)
    yield vector("stolen", "the signature of another claim by the same key", _with_signature_of(bench), _BAD, "abuse 4")
    yield vector("changed-claim", "the claim changed after it was signed", _changed_claim(bench), _BAD)
    mute = bench.store().rehash().sign(hand)
    mute.manifest.inside.remove(mute.manifest.child("c2pa.signature"))
    yield vector("missing", "no signature at all", mute, _REJECTED)
    twice = bench.store().rehash().sign(hand)
    twice.manifest.inside.append(twice.manifest.child("c2pa.signature"))
    yield vector("two-boxes", "two boxes with the signature", twice, _REJECTED)
    empty = bench.store().rehash().sign(hand)
    empty.manifest.child("c2pa.signature").content.body = b"\xa0"
    yield vector("no-cose", "the signature is no COSE structure", empty, _BAD)
    yield from _algorithms(bench, vector)
    yield from _chains(bench, vector)


Put = Callable[..., Vector]


def _with_signature_of(bench: Bench) -> Store:
    other = bench.store().change(LABEL, lambda data: {**data, "kind": "human_made"}).rehash().sign(bench.hand)
    made = bench.store().rehash().sign(bench.hand)
    made.manifest.child("c2pa.signature").content.body = other.manifest.child("c2pa.signature").content.body
    return made


def _changed_claim(bench: Bench) -> Store:
    made = bench.store().rehash().sign(bench.hand)
    made.claim["claim_generator_info"]["name"] = "somebody else"
    return made.seal()


def _algorithms(bench: Bench, vector: Put) -> Iterator[Vector]:
    """What the header says does not fit the key, or is not allowed (C2PA 2.4 §13.2)."""
    hand = bench.hand
    chain = hand.chain[0]

    def headed(number: Any, by: Hand = hand, **how: Any) -> Store:
        return bench.store().rehash().sign(by, protected={1: number, 33: by.chain[0]}, **how)

    for case, number in (
        ("es384", -35),
        ("es512", -36),
        ("ps256", -37),
        ("ed25519", -8),
        ("es256k", -47),
        ("rs256", -257),
        ("rs1", -65535),
        ("hmac", 5),
        ("none", 0),
        ("text", "ES256"),
    ):
        yield vector(f"alg-{case}", f"an ES256 signature whose header says {case}", headed(number), _BAD)
    no_alg = bench.store().rehash().sign(hand, protected={33: chain})
    yield vector("alg-missing", "no algorithm in the protected header", no_alg, _BAD)
    unprotected = bench.store().rehash().sign(hand, protected={33: chain}, unprotected={1: -7})
    yield vector("alg-unprotected", "the algorithm stands in the header that nobody signs", unprotected, _BAD)
    rsa_key = rsa.generate_private_key(65537, 2048)
    strong = Hand.of(pki.leaf(bench.root, rsa_key))
    yield vector("ps256", "signed with PS256", bench.store().rehash().sign(strong), passes())
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    from provlabel.manifest import cose

    made = bench.store().rehash()
    claim = made.manifest.child("c2pa.claim.v2").content.body
    for case, number in (("rs256", -257), ("rs256-as-ps256", -37)):
        header = cbor2.dumps({1: number, 33: strong.chain[0]})
        value = rsa_key.sign(cose.to_be_signed(header, claim), padding.PKCS1v15(), hashes.SHA256())
        yield vector(
            f"alg-real-{case}",
            f"a real PKCS #1 v1.5 signature, called {case}",
            bench.store().rehash().sign(strong, protected={1: number, 33: strong.chain[0]}, value=value),
            _BAD,
        )
    for name, curve in (("es384", ec.SECP384R1()), ("es512", ec.SECP521R1())):
        good = Hand.of(pki.leaf(bench.root, ec.generate_private_key(curve)))
        yield vector(name, f"signed with {name.upper()}", bench.store().rehash().sign(good), passes())
    edwards = Hand.of(pki.leaf(bench.root, pki.ed25519_key()))
    yield vector("ed25519", "signed with Ed25519", bench.store().rehash().sign(edwards), passes())
    tail = headed(-7)
    box = tail.manifest.child("c2pa.signature").content
    box.body += b"\x00"
    yield vector("trailing", "a byte behind the COSE structure", tail, _BAD)


def _chains(bench: Bench, vector: Put) -> Iterator[Vector]:
    """Two certificates for two readers: whose signature is it?"""
    evil, good = bench.stranger.chain[0], bench.hand.chain[0]
    stranger = fails("valid", "signer.unknown", signer="unknown")
    two = {
        "protected-name-unprotected-number": ({1: -7, "x5chain": evil}, {33: good}),
        "protected-number-unprotected-number": ({1: -7, 33: evil}, {33: good}),
        "protected-number-unprotected-name": ({1: -7, 33: evil}, {"x5chain": good}),
        "unprotected-both": ({1: -7}, {"x5chain": evil, 33: good}),
        "unprotected-both-turned": ({1: -7}, {33: good, "x5chain": evil}),
        "protected-both": ({1: -7, "x5chain": evil, 33: good}, {}),
        "protected-both-turned": ({1: -7, 33: good, "x5chain": evil}, {}),
        "the-others-alone": ({1: -7, 33: good}, {}),
        "leaf-of-another": ({1: -7, 33: [evil, good]}, {}),
        "others-first": ({1: -7, 33: [good, evil]}, {}),
        "no-chain": ({1: -7}, {}),
        "empty-chain": ({1: -7, 33: []}, {}),
        "chain-of-texts": ({1: -7, 33: ["a", "b"]}, {}),
    }
    either = Expected(
        1, ("valid", "invalid", "unreadable"), {**_BAD.axes, "signer": ("bad-signature", "unknown", "not-applicable")}
    )
    for case, (protected, unprotected) in two.items():
        made = bench.store().rehash().sign(bench.stranger, protected=protected, unprotected=unprotected)
        yield vector(
            f"two-{case}",
            f"a stranger's signature, with the certificate of another: {case}",
            made,
            either,
            "sigstore 2022-36056, 2026-39984; RFC 9360 §2",
        )
    same = bench.store().signed(bench.stranger)
    yield vector(
        "same-name", "signed by a stranger whose names are all those of the trusted signer", same, stranger, "abuse 3"
    )
    mislaid = issue("Other Leaf", bench.root, key=ec.generate_private_key(ec.SECP256R1()))
    cross = bench.store().rehash().sign(Hand(bench.hand.key, der(mislaid)))
    yield vector("other-key", "the certificate is trusted, and its key another", cross, _BAD, "abuse 16")


def boxes(bench: Bench) -> Iterator[Vector]:
    """Boxes of the store, and what the claim says of them (C2PA 2.4 §8.4, §11.1, §15.6, §15.10)."""
    hand = bench.hand

    def vector(
        case: str, title: str, raw: bytes, expected: Expected = _REJECTED, source: str = "C2PA 2.4 §15.10"
    ) -> Vector:
        return Vector(f"store/{case}", title, source, "content", bench.detached(raw), expected)

    changed = bench.store().rehash().sign(hand)
    changed.put(LABEL, {**changed.get(LABEL), "kind": "human_made"})
    altered = fails(
        "invalid", "content.altered", content="altered", label=("present", "present contradictory", "contradictory")
    )
    yield vector("assertion-changed", "the label changed after it was signed", changed.dump(), altered, "abuse 1")
    yield vector("assertion-undeclared", "an assertion that the claim does not list", _undeclared(bench))
    yield vector("assertion-missing", "the claim lists an assertion that is not there", _missing(bench))
    yield vector("assertion-twice", "two boxes of one name, the second one changed", _twice(bench))
    yield vector("reference-twice", "the claim lists an assertion twice, once with a wrong hash", _listed_twice(bench))
    yield vector("reference-without-hash", "the claim lists an assertion without its hash", _unhashed(bench))
    yield vector("outside", "the claim lists an assertion of another manifest", _outside(bench))
    yield vector("two-claims", "two claims in one manifest", _two_claims(bench))
    yield vector(
        "two-labels",
        "two label assertions, both signed",
        _two_labels(bench),
        fails("trusted", "label.contradictory", label="present contradictory"),
        "abuse 12",
    )
    for alg in ("md5", "sha1"):
        made = bench.store()
        made.claim["alg"] = alg
        yield vector(f"claim-{alg}", f"assertions hashed by {alg}", made.signed(hand), source="C2PA 2.4 §13.1")
    yield from _decoys(bench, vector)
    yield from _encodings(bench, vector)
    yield from _sizes(bench, vector)


def _undeclared(bench: Bench) -> bytes:
    made = bench.store().rehash().sign(bench.hand)
    made.assertions.inside.append(superbox(b"cbor", "org.example.slipped-in", Box(b"cbor", cbor2.dumps({"a": 1}))))
    return made.dump()


def _missing(bench: Bench) -> bytes:
    made = bench.store().rehash().sign(bench.hand)
    made.assertions.inside.remove(made.assertions.child("c2pa.ai-disclosure"))
    return made.dump()


def _twice(bench: Bench) -> bytes:
    made = bench.store().rehash().sign(bench.hand)
    second = {**made.get(LABEL), "kind": "human_made"}
    made.assertions.inside.append(superbox(b"cbor", LABEL, Box(b"cbor", cbor2.dumps(second))))
    return made.dump()


def _listed_twice(bench: Bench) -> bytes:
    made = bench.store().rehash()
    entry = next(one for one in made.claim["created_assertions"] if one["url"].endswith(LABEL))
    made.claim["created_assertions"].append({**entry, "hash": bytes(32)})
    return made.seal().sign(bench.hand).dump()


def _unhashed(bench: Bench) -> bytes:
    made = bench.store().rehash()
    for entry in made.claim["created_assertions"]:
        if entry["url"].endswith(LABEL):
            del entry["hash"]
    return made.seal().sign(bench.hand).dump()


def _outside(bench: Bench) -> bytes:
    made = bench.store().rehash()
    for entry in made.claim["created_assertions"]:
        if entry["url"].endswith(LABEL):
            entry["url"] = f"self#jumbf=/c2pa/urn:c2pa:00000000-0000-4000-8000-000000000000/c2pa.assertions/{LABEL}"
    return made.seal().sign(bench.hand).dump()


def _two_claims(bench: Bench) -> bytes:
    made = bench.store().rehash().sign(bench.hand)
    made.manifest.inside.append(made.manifest.child("c2pa.claim.v2"))
    return made.dump()


def _two_labels(bench: Bench) -> bytes:
    made = bench.store()
    return made.put(f"{LABEL}__1", {**made.get(LABEL), "title": "another"}).signed(bench.hand)


def _decoys(bench: Bench, vector: Put) -> Iterator[Vector]:
    """Another reader's active manifest: what lies beside the manifests must not be taken for one."""
    good = bench.store().rehash().sign(bench.hand)
    either = Expected(
        1, ("valid", "invalid", "unreadable"), {**_BAD.axes, "signer": ("bad-signature", "unknown", "not-applicable")}
    )
    for kind in (b"c2cm", b"c2ma", b"zzzz"):
        made = bench.store().change(LABEL, lambda data: {**data, "title": "evil"}).rehash().sign(bench.stranger)
        [decoy] = load(good.manifest.dump())
        decoy.inside[0].body = (
            kind + (b"\x01" * 12 if kind == b"c2ma" else decoy.inside[0].body[4:16]) + decoy.inside[0].body[16:]
        )
        made.root.inside.append(decoy)
        yield vector(
            f"decoy-{kind.decode()}",
            "a stranger's manifest, and a trusted one behind it that is none",
            made.dump(),
            either,
            "C2PA 2.4 §11.1.4",
        )
    stranger = bench.store().change(LABEL, lambda data: {**data, "title": "evil"})
    stranger.rehash().sign(bench.stranger)
    behind = Store(good.dump())
    behind.root.inside.insert(1, _renamed(stranger).manifest)
    yield vector(
        "stranger-first",
        "a stranger's manifest that nothing refers to, in front of the good one",
        # A note in the specification: nothing is believed of a manifest that nothing refers to.
        behind.dump(),
        passes(),
        "C2PA 2.4 §15.10.3: manifest.unreferenced",
    )
    behind = Store(good.dump())
    behind.root.inside.append(_renamed(stranger).manifest)
    yield vector(
        "stranger-last",
        "the good manifest, and a stranger's behind it",
        behind.dump(),
        Expected(
            1,
            ("valid", "invalid", "unreadable"),
            {**_REJECTED.axes, "signer": ("unknown", "bad-signature", "not-applicable")},
        ),
        "abuse 4",
    )


def _renamed(store: Store) -> Store:
    """The same manifest under another name, with whatever that breaks."""
    raw = store.dump().replace(store.urn.encode(), b"urn:c2pa:11111111-1111-4111-8111-111111111111")
    return Store(raw)


def _encodings(bench: Bench, vector: Put) -> Iterator[Vector]:
    """CBOR that is none, or says two things (RFC 8949 §3.1, §5.6; C2PA 2.4 §15.10.3: assertion.cbor.invalid)."""
    kind = cbor2.dumps("kind")
    doubled = b"\xa3" + kind + cbor2.dumps("human_made") + kind + cbor2.dumps("ai_generated")
    doubled += cbor2.dumps("schema") + cbor2.dumps("label-v1")
    cases = {
        "garbage": b"\xff\xfe\xfd garbage",
        "empty": b"",
        "cut": cbor2.dumps({"kind": "ai_generated", "schema": "label-v1"})[:-3],
        "trailing": cbor2.dumps({"kind": "ai_generated", "schema": "label-v1"}) + b"\x00",
        "duplicate-keys": doubled,
        "reserved": b"\x1c",
        "bad-utf8": b"\xa1" + kind + b"\x64\xff\xfe\xfd\xfc",
        "deep": b"\x81" * 5_000 + b"\x00",
        "endless-text": b"\xa1" + kind + b"\x7f" + b"\x61a" * 10,
        "huge-map": b"\xbb\x00\x00\x00\x00\xff\xff\xff\xff",
        "huge-text": b"\x7b\x00\x00\x00\x00\x00\xff\xff\xff" + b"a" * 20,
    }
    for case, raw in cases.items():
        made = bench.store().put(LABEL, raw).signed(bench.hand)
        yield vector(f"cbor-{case}", f"the data of the label is CBOR that is wrong: {case}", made, source="RFC 8949")
    twice = bench.store().rehash()
    claim = cbor2.dumps(twice.claim)
    head = claim[0] + 1
    doubled_claim = bytes([head]) + claim[1:] + cbor2.dumps("alg") + cbor2.dumps("sha256")
    box = twice.manifest.child("c2pa.claim.v2").content
    box.body = doubled_claim
    yield vector("claim-duplicate-keys", "a key twice in the claim", twice.sign(bench.hand).dump(), source="RFC 8949")
    for case, value in (("claim-garbage", b"\xff"), ("claim-list", cbor2.dumps([1])), ("claim-empty", cbor2.dumps({}))):
        made = bench.store().rehash()
        made.manifest.child("c2pa.claim.v2").content.body = value
        yield vector(case, "the claim is no claim", made.sign(bench.hand).dump(), source="C2PA 2.4 §15.6")


def _sizes(bench: Bench, vector: Put) -> Iterator[Vector]:
    """Lengths and counts that no honest file has; all of these files are small."""
    hostile = unreadable()
    many = bench.store()
    for index in range(900):
        many.put(f"org.example.a{index}", {"a": index})
    yield vector("many-assertions", "900 assertions", many.signed(bench.hand), hostile, "CVE-2026-34665, abuse 33")
    some = bench.store()
    for index in range(60):
        some.put(f"org.example.a{index}", {"a": index})
    yield vector(
        "sixty-assertions", "60 assertions of others, which is odd and no attack", some.signed(bench.hand), passes()
    )
    declared = b"\x5a" + (12 << 20).to_bytes(4, "big") + bytes(40)
    yield vector(
        "declared-length",
        "an assertion that declares 12 MB and has 40 bytes",
        bench.store().put("org.example.big", declared).signed(bench.hand),
        refused(),
        "abuse 33",
    )
    abort = bench.store().signed(bench.hand).replace(LABEL.encode(), "org.provlabel.\u00e9abe".encode())
    yield vector("label-not-ascii", "the name of an assertion is not ASCII", abort, hostile, "abuse 34")
    store = bench.store().signed(bench.hand)
    for case, raw in (
        ("length-short", (40).to_bytes(4, "big") + store[4:]),
        ("length-long", (len(store) + 9).to_bytes(4, "big") + store[4:]),
        ("length-zero-inside", store[:38] + bytes(4) + store[42:]),
        ("cut", store[: len(store) // 2]),
        ("jumd-only", store[:38]),
    ):
        yield vector(f"box-{case}", f"a box whose length is wrong: {case}", raw, unreadable(), "ISO 19566-5")
    nested = superbox(b"c2as", "c2pa.assertions")
    for _ in range(200):
        nested = superbox(b"c2as", "c2pa.assertions", nested)
    deep = bench.store().rehash().sign(bench.hand)
    deep.manifest.inside.append(nested)
    yield vector("deep-boxes", "200 boxes within each other", deep.dump(), _REJECTED, "abuse 33")


def forms(bench: Bench) -> Iterator[Vector]:
    """Other forms of a manifest: compressed, of version 1, an update, redacted, or only an address."""

    def vector(case: str, title: str, content: bytes, expected: Expected, source: str, axis: str = "content") -> Vector:
        return Vector(f"forms/{case}", title, source, axis, {STILL: content}, expected)

    def small(settings: dict[str, Any]) -> None:
        settings["core"]["prefer_compress_manifests"] = True

    packed = bench.by_engine(bench.png, settings=small)
    yield vector("compressed", "a compressed manifest", packed, passes(), "C2PA 2.4 §11.1.4.4")
    changed = bytearray(packed)
    changed[-400] ^= 1
    yield vector(
        "compressed-bit",
        "a bit of the media changed under a compressed manifest",
        bytes(changed),
        fails("invalid", "content.altered", content="altered", signer=("trusted", "unknown")),
        "abuse 1",
    )
    at = packed.index(b"brob")
    garbled = packed[: at + 40] + bytes(60) + packed[at + 100 :]
    yield vector(
        "compressed-garbled",
        "a compressed manifest that cannot be unpacked",
        garbled,
        refused(signer=("not-applicable", "bad-signature")),
        "C2PA 2.4 §15.6: manifest.compressed.invalid",
    )
    old = {**bench.definition(), "claim_version": 1}
    yield vector(
        "v1",
        "a claim of version 1, in its certificate's time",
        bench.by_engine(bench.png, old),
        passes(),
        "C2PA 2.4 §10.2",
    )

    def elsewhere(builder: Any) -> None:
        builder.set_no_embed()
        builder.set_remote_url("https://evil.example/manifest.c2pa")

    remote = bench.by_engine(bench.png, prepare=elsewhere)
    yield vector(
        "remote",
        "only the address of a manifest",
        remote,
        Expected(
            1, "remote", {**unreadable().axes, "content": "not-applicable", "label": "remote-only"}, ("label.remote",)
        ),
        "abuse 30",
        "label",
    )

    def both(builder: Any) -> None:
        builder.set_remote_url("https://evil.example/manifest.c2pa")

    yield vector(
        "remote-and-embedded",
        "a good manifest, and the address of another",
        bench.by_engine(bench.png, prepare=both),
        passes(),
        "C2PA 2.4 §15.5",
    )
    from provlabel import redact_file

    for name, content in (("whole.png", bench.sign(bench.png, _personal(bench), personal=True, prompt_mode="clear")),):
        (bench.folder / name).write_bytes(content)
        yield vector(
            "personal", "a label with personal fields of its own", content, passes(), "design: personal", "label"
        )
        redact_file(bench.folder / name, bench.folder / "redacted.png", bench.signer, sandbox=bench.sandbox)
    redacted = (bench.folder / "redacted.png").read_bytes()
    yield vector(
        "redacted",
        "personal fields redacted, as the specification has it",
        redacted,
        passes(history="clean"),
        "C2PA 2.4 §6.8",
        "history",
    )


def _personal(bench: Bench) -> Any:
    from msgspec.structs import replace

    from provlabel import Prompt

    return replace(bench.label, prompt=Prompt(text="a secret meadow"))


GROUPS = (signatures, boxes, forms)
