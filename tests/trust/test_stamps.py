"""Timestamps over a claim alone, judged by us: by a real authority, and by hands that leave one thing out."""

from __future__ import annotations

import datetime as dt
import functools
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

import pki
import tokens
import tsa as authorities
from pki_matrix import der, rsa_key
from project import needs
from provlabel.trust import timestamps
from provlabel.trust.chains import examine_stamp
from provlabel.trust.chains.records import MAX_STAMP, ClaimStamp

MESSAGE = b"a claim, and the header that is signed with it"
AGO = dt.datetime.now(dt.timezone.utc) - 100 * pki.DAY
STAMPING = authorities.TIME_STAMPING
LONG: dict[str, Any] = {"begins": -390 * pki.DAY, "lasts": 3650 * pki.DAY}


@functools.cache
def root() -> pki.Issued:
    return pki.root("Clock Root")


@functools.cache
def clock(key: Any = None, **how: Any) -> pki.Issued:
    return pki.leaf(root(), key, **{"eku": STAMPING, "common": "Clock", **LONG, **how})


def judged(made: bytes, *, anchors: tuple[pki.Issued, ...] | None = None, message: bytes = MESSAGE) -> ClaimStamp:
    known = (root(),) if anchors is None else anchors
    return examine_stamp(made, message, tuple(one.pem for one in known))


def good(**how: Any) -> bytes:
    return tokens.token(MESSAGE, how.pop("by", None) or clock(), how.pop("at", AGO), **how)


# --- what holds ------------------------------------------------------------------------------------


@needs("openssl")
@needs("faketime")
def test_a_token_of_a_real_authority_holds_bare_or_in_its_response(tmp_path: Path) -> None:
    authority = authorities.Authority(tmp_path, root(), clock())
    reply = authority.answer(timestamps.request(MESSAGE, 5), AGO)
    for made in (reply, tokens.opened(reply)):
        found = judged(made)
        assert (found.state, found.why) == ("good", "")
        assert abs(dt.datetime.fromisoformat(found.time.replace("Z", "+00:00")) - AGO) < dt.timedelta(minutes=1)
    assert judged(reply, message=MESSAGE + b"x") == ClaimStamp("bad", why="it is over something else than this claim")
    assert judged(reply, anchors=(pki.root("Clock Root"),)).state == "unknown"


ISSUING = pki.intermediate(root(), "Clock CA", begins=-390 * pki.DAY, lasts=3650 * pki.DAY)
BELOW = pki.leaf(ISSUING, eku=STAMPING, common="Clock", **LONG)
HOLDS: dict[str, Callable[[], bytes]] = {
    "as it is": good,
    "SHA-384 everywhere": lambda: good(imprint="sha384", digest="sha384", bound=("sha384",)),
    "SHA-512 everywhere": lambda: good(imprint="sha512", digest="sha512", bound=("sha512",)),
    "names its certificate by SHA-1, as RFC 3161 did": lambda: good(bound=("sha1",)),
    "names its certificate twice, as DigiCert does": lambda: good(bound=("sha1", "sha256")),
    "RSA": lambda: good(by=clock(rsa_key())),
    "RSA-PSS": lambda: good(by=clock(rsa_key()), pss=True),
    "P-384": lambda: good(by=clock(ec.generate_private_key(ec.SECP384R1()))),
    "Ed25519": lambda: good(by=clock(pki.ed25519_key()), digest="sha512"),
    "an intermediate": lambda: good(by=BELOW, above=(ISSUING,)),
    "the root comes along, and comes first": lambda: good(by=BELOW, above=(root(), ISSUING)),
    "a stranger's certificate comes along": lambda: good(above=(pki.root("Stranger"),)),
    "may sign contents": lambda: good(by=clock(key_usage=("content_commitment",))),
    "says nothing of key usage": lambda: good(by=clock(key_usage=None)),
    "its response with changes": lambda: tokens.response(good(), "granted_with_mods"),
    "a remark that nobody has to understand": lambda: good(info=_with_extension(False)),
}


def _with_extension(critical: bool) -> Callable[[dict[str, Any]], Any]:
    one = {"extn_id": "1.2.3.4.5", "critical": critical, "extn_value": b"\x05\x00"}
    return lambda info: info.update(extensions=[one])


@pytest.mark.parametrize("name", HOLDS)
def test_it_holds(name: str) -> None:
    found = judged(HOLDS[name]())
    assert (found.state, found.why) == ("good", "")


# --- what does not ---------------------------------------------------------------------------------


def _flipped(made: bytes) -> bytes:
    """Break the signature, which stands at the end."""
    return made[:-3] + bytes([made[-3] ^ 1]) + made[-2:]


def _critical(eku: tuple[str, ...], critical: bool) -> pki.Issued:
    """A clock whose extended key usage is as wanted."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.timezone.utc)
    usages = x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in eku])
    builder = (
        x509.CertificateBuilder()
        .subject_name(pki.name("Clock"))
        .issuer_name(root().certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 390 * pki.DAY)
        .not_valid_after(now + 390 * pki.DAY)
        .add_extension(usages, critical=critical)
    )
    return pki.Issued(key, builder.sign(root().key, pki.hashes.SHA256()))


def _without(kind: str) -> Callable[[tokens.Attributes], Any]:
    return lambda listed: listed.remove(next(one for one in listed if one["type"] == kind))


def _doubled(kind: str) -> Callable[[tokens.Attributes], Any]:
    return lambda listed: listed.append(next(one for one in listed if one["type"] == kind))


def _of_another(listed: tokens.Attributes) -> None:
    listed[1]["values"] = [bytes(32)]


def _in_bulk() -> bytes:
    return good(above=tuple(pki.root(f"Root {index}") for index in range(11)))


ENDED = {"begins": -390 * pki.DAY, "lasts": 200 * pki.DAY}
FAULTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "of another claim": (lambda: tokens.token(MESSAGE + b"!", clock(), AGO), "over something else"),
    "SHA-1 of the claim": (lambda: good(imprint="sha1"), "sha1, which is no sound digest"),
    "SHA-1 in the signature": (lambda: good(digest="sha1"), "sha1, which is no sound digest"),
    "SHA-1 under a better name": (lambda: good(algorithm="sha1_ecdsa"), "its signature uses sha1_ecdsa"),
    "an algorithm of another key": (lambda: good(algorithm="ed25519"), "does not hold"),
    "PSS without its parameters": (lambda: good(algorithm="rsassa_pss"), "cannot be read|two digests|does not hold"),
    "two digests": (lambda: good(algorithm="sha384_ecdsa"), "sha384_ecdsa, where sha256 is named"),
    "a signature that was changed": (lambda: _flipped(good()), "does not hold"),
    "a signature by another key": (lambda: good(by=pki.Issued(rsa_key(), clock().certificate)), "does not hold"),
    "no signed attributes": (lambda: good(attributes=list.clear), "not one signed content type"),
    "no content type": (lambda: good(attributes=_without("content_type")), "not one signed content type"),
    "no digest": (lambda: good(attributes=_without("message_digest")), "not one signed message digest"),
    "two digests of the content": (lambda: good(attributes=_doubled("message_digest")), "not one signed message"),
    "the digest of something else": (lambda: good(attributes=_of_another), "was changed"),
    "names no certificate": (lambda: good(bound=()), "does not say which certificate"),
    "names another certificate": (lambda: good(named=root()), "by another certificate"),
    "names two": (lambda: good(attributes=_doubled("signing_certificate_v2")), "not one signed signing certificate"),
    "two signers": (lambda: good(signers=2), "2 signers"),
    "no signer": (lambda: good(signers=0), "0 signers"),
    "no certificates": (lambda: good(with_certificates=False), "is not in it"),
    "eleven certificates too many": (_in_bulk, "12 certificates, more than 10"),
    "content that is no time": (lambda: good(content_type="data"), "states no time"),
    "a critical remark": (lambda: good(info=_with_extension(True)), "critical extension"),
    "a server's certificate": (lambda: good(by=clock(eku=pki.SERVER)), "not for timestamps alone"),
    "the certificate of a signer": (lambda: good(by=clock(eku=pki.CLAIM_SIGNING)), "not for timestamps alone"),
    "for anything": (lambda: good(by=clock(eku=pki.ANY)), "not for timestamps alone"),
    "for timestamps and more": (
        lambda: good(by=_critical((STAMPING, pki.SERVER), True)), "not for timestamps alone",
    ),
    "for timestamps, but not in a critical way": (
        lambda: good(by=_critical((STAMPING,), False)), "critical extension that it is for timestamps",
    ),
    "for nothing": (lambda: good(by=clock(eku=None)), "is not for timestamps"),
    "a CA": (lambda: good(by=clock(ca=True)), "may not sign timestamps"),
    "for encryption alone": (lambda: good(by=clock(key_usage=("key_encipherment",))), "may not sign timestamps"),
    "a weak key": (lambda: good(by=clock(rsa_key(1024))), "an RSA key of 1024 bits"),
    "a curve that C2PA does not know": (
        lambda: good(by=clock(ec.generate_private_key(ec.SECP256K1()))), "a key on secp256k1",
    ),
    "a certificate that ended before the token": (lambda: good(by=clock(**ENDED)), "does not hold at .* expired"),
    "a certificate that begins after it": (lambda: good(by=clock(begins=-pki.DAY)), "does not hold at .* valid from"),
    "an intermediate that ended before it": (
        lambda: good(by=pki.leaf(_ended_ca(), eku=STAMPING, **LONG), above=(_ended_ca(),)),
        "does not hold at .*CN=Old Clock CA.* expired",
    ),
    "refused by its authority": (lambda: tokens.response(good(), "rejection"), "its authority refused"),
    "nothing": (lambda: b"", "cannot be read"),
    "garbage": (lambda: b"garbage", "cannot be read"),
    "something behind it": (lambda: good() + b"\0", "cannot be read"),
    "cut off": (lambda: good()[:-1], "cannot be read"),
    "too large": (lambda: bytes(MAX_STAMP + 1), "larger than"),
    "nested without end": (lambda: b"\x30\x80" * 30_000, "cannot be read"),
}  # fmt: skip


@functools.cache
def _ended_ca() -> pki.Issued:
    return pki.intermediate(root(), "Old Clock CA", **ENDED)


@pytest.mark.parametrize("name", FAULTS)
def test_it_does_not_hold_and_why_is_said(name: str) -> None:
    make, why = FAULTS[name]
    found = judged(make())
    assert (found.state, found.time) == ("bad", "")
    assert re.search(why, found.why), found.why


def test_an_anchor_that_ended_before_the_token_vouches_for_nothing() -> None:
    """Whoever stole the key of a retired root chooses the time."""
    over = pki.root("Retired", **ENDED)
    thief = pki.leaf(over, eku=STAMPING, **LONG)
    found = judged(good(by=thief), anchors=(over,))
    assert found.state == "bad"
    assert "expired" in found.why
    assert judged(good(by=thief), anchors=(over, root())).state == "bad"
    assert judged(good(), anchors=(over, root())).state == "good"


def test_an_authority_that_is_in_no_list_is_unknown() -> None:
    for anchors in ((), (pki.root("Clock Root"),), (clock(),)):
        found = judged(good(), anchors=anchors)
        assert (found.state, bool(found.time)) == ("unknown", True)


def _misspelt(issuer: pki.Issued, signed_by: Any = None) -> pki.Issued:
    """A clock with an underscore in a PrintableString, as the authority of Adobe had from November 2024 on."""
    plain = clock(common="Clock_NOV_2024")
    loaded = asn1.Certificate.load(der(plain)[0])
    for part in (part for group in loaded["tbs_certificate"]["subject"].chosen for part in group):
        part["value"] = asn1.DirectoryString("printable_string", part["value"].native)
    signed = loaded["tbs_certificate"].dump(force=True)
    loaded["signature_value"] = (signed_by or issuer.key).sign(signed, ec.ECDSA(pki.hashes.SHA256()))
    raw = loaded.dump(force=True)
    return pki.Issued(plain.key, SimpleNamespace(public_bytes=lambda _encoding: raw))  # type: ignore[arg-type]


def test_a_certificate_with_a_letter_too_many_in_its_name_is_read_and_judged_as_any_other() -> None:
    with pytest.raises(ValueError, match="PrintableString"):
        x509.load_der_x509_certificate(der(_misspelt(root()))[0])
    assert judged(good(by=_misspelt(root()))).state == "good"
    assert judged(good(by=_misspelt(root())), anchors=(pki.root("Clock Root"),)).state == "unknown"
    assert judged(good(by=_misspelt(root(), signed_by=ec.generate_private_key(ec.SECP256R1())))).state == "unknown"
    made, at = good(by=_misspelt(root())), judged(good(by=_misspelt(root()))).time
    chance = random.Random(8)
    for _ in range(200):
        place = chance.randrange(len(made))
        found = judged(made[:place] + bytes([made[place] ^ 1 << chance.randrange(8)]) + made[place + 1 :])
        assert found.state != "good" or found.time == at


def test_certificates_that_sign_each_other_cost_little() -> None:
    """Ten certificates of one name and key are ten steps of 3.6 million paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    circle = tuple(pki.root("Circle", key) for _ in range(9))
    below = pki.leaf(circle[0], eku=STAMPING, **LONG)
    assert judged(good(by=below, above=circle)).state == "unknown"


def test_no_byte_of_a_token_can_be_changed_for_another_time() -> None:
    """Whatever is changed, the same time is proven or none; nothing is raised."""
    made, chance = good(by=BELOW, above=(ISSUING,)), random.Random(7)
    at = judged(made).time
    for _ in range(300):
        place = chance.randrange(len(made))
        found = judged(made[:place] + bytes([made[place] ^ 1 << chance.randrange(8)]) + made[place + 1 :])
        assert found.state != "good" or found.time == at


def test_what_reads_tokens_is_loaded_for_tokens_alone() -> None:
    """A file without an old timestamp pays for none."""
    script = (
        "import sys; import provlabel.sandbox.worker; from provlabel.trust import chains; chains.load();"
        "print('asn1crypto.tsp' in sys.modules, 'provlabel.trust.chains._stamp' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert run.stdout.split() == [b"False", b"False"]
