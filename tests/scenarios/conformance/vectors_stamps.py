"""Vectors about timestamps over the claim alone, which claims of version 1 have (C2PA 2.4 §10.3.2.5, ``sigTst``)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import cbor2
from cryptography import x509

import pki
import tokens
import tsa as authorities
from pki_answers import response, scene
from pki_matrix import NOW, rsa_key
from provlabel._support.times import zulu
from provlabel.trust import timestamps
from stores import Hand, Store, embedded, in_png, store_of
from vectors import STILL, Bench, Expected, Vector, fails, passes

LABEL = "org.provlabel.label"
_AGO = NOW - 100 * pki.DAY
_LONG: dict[str, Any] = {"begins": -390 * pki.DAY, "lasts": 3650 * pki.DAY}
Stamps = Callable[[bytes], Sequence[bytes]]

_HOLDS = passes("time.v1-stamp", time="claim-proven")
_UNFIT = fails("invalid", "signer.expired", "time.unfit-stamp", signer="expired")
_STRANGE = fails("invalid", "signer.expired", "time.untrusted-stamp", signer="expired")


class Scene:
    """A signer whose certificate ended ten days ago, a clock, and manifests of version 1 that somebody else made."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.root = pki.root("Clock Root")
        self.clock = pki.leaf(self.root, eku=authorities.TIME_STAMPING, common="Clock", **_LONG)
        self.authority = authorities.Authority(bench.folder / "old-clock", self.root, self.clock)
        self.ended = Hand.of(pki.leaf(bench.root, begins=-300 * pki.DAY, lasts=290 * pki.DAY))

    @cached_property
    def bare(self) -> bytes:
        return self._claimed(1, labeled=False)

    def _claimed(self, version: int, *, labeled: bool) -> bytes:
        made = {**self.bench.definition(), "claim_version": version}
        if not labeled:
            made["assertions"] = [one for one in made["assertions"] if one["label"] != LABEL]
        return store_of(self.bench.by_engine(self.bench.png, made))

    def signed(
        self,
        stamps: Stamps,
        by: Hand | None = None,
        *,
        version: int = 1,
        labeled: bool = False,
        new: Callable[[bytes, bytes], Sequence[bytes]] = lambda protected, value: (),
        staples: Sequence[bytes] = (),
    ) -> bytes:
        """Return a PNG whose claim was stamped first, and signed after that."""
        by = by or self.ended
        raw = self.bare if (version, labeled) == (1, False) else self._claimed(version, labeled=labeled)
        made = Store(store_of(embedded(Store(raw), self.bench.png, by)))
        header = cbor2.dumps({1: -7, 33: by.chain[0] if len(by.chain) == 1 else list(by.chain)})
        name = "c2pa.claim" if version == 1 else "c2pa.claim.v2"
        claim = made.manifest.child(name).content.body
        found = stamps(cbor2.dumps(["CounterSignature", header, b"", claim]))
        old = {"sigTst": {"tstTokens": [{"val": one} for one in found]}}
        made.sign(by, protected=cbor2.loads(header), unprotected=old, stamps=new, staples=staples)
        return in_png(self.bench.png, made.dump())

    def good(self, message: bytes) -> Sequence[bytes]:
        """A token as old signers kept it: the whole answer of `openssl ts`."""
        return (self.authority.answer(timestamps.request(message, 5), _AGO),)

    def by(self, issued: pki.Issued, **how: Any) -> Stamps:
        return lambda message: (tokens.token(message, issued, how.pop("at", _AGO), **how),)


def stamps(bench: Bench) -> Iterator[Vector]:
    """What such tokens are worth for a signer whose certificate ended since."""
    if not (shutil.which("openssl") and shutil.which("faketime")):
        return
    here = Scene(bench)
    clocks = here.root.pem.encode()

    def vector(case: str, title: str, content: bytes, expected: Expected, **given: Any) -> Vector:
        source = "C2PA 2.4 §10.3.2.5.2, RFC 3161, abuse 7"
        given = {"tsa_trust": clocks, **given}
        return Vector(f"stamps/{case}", title, source, "time", {STILL: content}, expected, given)

    good = here.signed(here.good)
    yield vector("good", "a good token over the claim", good, _HOLDS)
    yield vector(
        "stolen-after",
        "a claim that was stamped first, and signed with a key that was stolen when its certificate had ended",
        here.signed(lambda message: [tokens.opened(one) for one in here.good(message)]),
        _HOLDS,
    )
    yield vector("later", "the same, judged in three years", good, _HOLDS, at=_zulu(NOW + 900 * pki.DAY))
    yield vector(
        "before-the-token",
        "judged as of a time before the token, when the certificate held",
        good,
        passes("time.unfit-stamp"),
        at=_zulu(_AGO - 50 * pki.DAY),
    )
    yield vector("no-clocks", "no authority is trusted", good, _STRANGE, tsa_trust=pki.root().pem.encode())
    yield vector(
        "clock-among-signers",
        "the clock's root is given for signers, and not for clocks",
        good,
        _STRANGE,
        trust=(bench.root.pem + here.root.pem).encode(),
        tsa_trust=pki.root().pem.encode(),
    )
    refuse = b'schema = "policy-v1"\n[time]\nv1 = "refuse"\n'
    yield vector("refused", "a policy that refuses the old kind", good, _refused("policy.v1-stamp"), policy=refuse)
    held = Hand.of(pki.leaf(bench.root, begins=-300 * pki.DAY, lasts=3650 * pki.DAY))
    yield vector(
        "refused-but-not-needed",
        "a policy that refuses the old kind, and a certificate that still holds",
        here.signed(here.good, held),
        _HOLDS,
        policy=refuse,
    )
    yield from _unfit(here, vector)
    yield from _elsewhere(here, vector)
    yield from _revoked(here, vector)


def _unfit(here: Scene, vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Tokens that do not hold."""
    thief = pki.root("Clock Root")
    server = pki.leaf(here.root, eku=pki.SERVER, **_LONG)
    signer = pki.leaf(here.root, eku=pki.CLAIM_SIGNING, **_LONG)
    over = pki.leaf(here.root, eku=authorities.TIME_STAMPING, begins=-390 * pki.DAY, lasts=200 * pki.DAY)
    broken = here.signed(lambda message: [one[:-3] + bytes([one[-3] ^ 1]) + one[-2:] for one in here.good(message)])
    cases: dict[str, tuple[str, bytes, Expected]] = {
        "other-claim": ("a token of another claim", here.signed(lambda message: here.good(b"x")), _UNFIT),
        "unlisted": (
            "a token of an authority that is in no list, of the same name",
            here.signed(here.by(pki.leaf(thief, eku=authorities.TIME_STAMPING, common="Clock", **_LONG))),
            _STRANGE,
        ),
        "server": ("a token by a certificate for servers", here.signed(here.by(server)), _UNFIT),
        "signer": ("a token by a certificate for claims", here.signed(here.by(signer)), _UNFIT),
        "clock-over": ("a token from after its authority ended", here.signed(here.by(over)), _UNFIT),
        "sha-1": ("a token over the SHA-1 of the claim", here.signed(here.by(here.clock, imprint="sha1")), _UNFIT),
        "unbound": ("a token that names no certificate", here.signed(here.by(here.clock, bound=())), _UNFIT),
        "broken": ("a token whose signature was changed", broken, _UNFIT),
        "from-the-future": (
            "a token from a year ahead",
            here.signed(here.by(here.clock, at=NOW + 300 * pki.DAY)),
            _UNFIT,
        ),
    }
    for case, (title, content, expected) in cases.items():
        yield vector(case, title, content, expected._replace(state=("invalid", "unreadable")))
    retired = pki.root("Retired Clock Root", begins=-390 * pki.DAY, lasts=200 * pki.DAY)
    yield vector(
        "root-over",
        "a token from after the root of its authority ended",
        here.signed(here.by(pki.leaf(retired, eku=authorities.TIME_STAMPING, **_LONG))),
        _UNFIT,
        tsa_trust=(retired.pem + here.root.pem).encode(),
    )


def _elsewhere(here: Scene, vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Good tokens where none of that kind may stand, or beside others."""
    yield vector(
        "our-label",
        "a good token, in a manifest with a label of provlabel, which never has that kind",
        here.signed(here.good, labeled=True),
        _UNFIT,
    )
    yield vector("new-claim", "a good token over a claim of version 2", here.signed(here.good, version=2), _UNFIT)
    begun = Hand.of(pki.leaf(here.bench.root, begins=-50 * pki.DAY, lasts=40 * pki.DAY))
    yield vector(
        "before-the-certificate",
        "a good token from before the certificate of the signer began",
        here.signed(here.good, begun),
        fails("invalid", signer=("bad-signature", "expired"), time=("claim-proven", "claimed")),
    )
    yield vector(
        "pss",
        "a good token with RSA-PSS, which the engine does not read",
        here.signed(here.by(_rsa_clock(here), pss=True)),
        fails(("invalid", "trusted"), signer=("expired", "trusted"), time=("claim-proven", "claimed")),
    )
    yield vector(
        "two-kinds",
        "a good token over the claim, and a good one over the signature",
        here.signed(here.good, new=lambda protected, value: [tokens.token(_over(protected, value), here.clock, _AGO)]),
        fails("invalid", "time.unfit-stamp", signer="expired"),
    )
    yield vector(
        "two",
        "two good tokens, where one is allowed",
        here.signed(lambda message: [*here.good(message), *here.good(message)]),
        _UNFIT,
    )


def _rsa_clock(here: Scene) -> pki.Issued:
    return pki.leaf(here.root, rsa_key(), eku=authorities.TIME_STAMPING, common="Clock", **_LONG)


def _over(protected: bytes, value: bytes) -> bytes:
    return cbor2.dumps(["CounterSignature", protected, b"", cbor2.dumps(value)])


def _revoked(here: Scene, vector: Callable[..., Vector]) -> Iterator[Vector]:
    """A revocation from after the token: whoever stole the key since could have signed what was stamped before."""
    people = scene()
    hand, anchors = Hand(people.leaf.key, people.chain), people.root.pem.encode()
    for case, reason in (
        ("superseded", x509.ReasonFlags.superseded),
        ("compromised", x509.ReasonFlags.key_compromise),
    ):
        answer = response(people.leaf, people.middle, since=NOW - 10 * pki.DAY, reason=reason)
        yield vector(
            f"revoked-{case}",
            f"a good token from before the certificate was revoked: {case}",
            here.signed(here.good, hand, staples=(answer,)),
            fails("invalid", "signer.revoked", signer="revoked", revocation="revoked", time="claim-proven"),
            trust=anchors,
        )


def _refused(rule: str) -> Expected:
    return fails("trusted", rule, "time.v1-stamp", time="claim-proven")


def _zulu(moment: Any) -> str:
    return zulu(moment.isoformat())


GROUPS = (stamps,)
