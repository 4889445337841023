"""Chains at any moment, revocation from answers, and answers from the network."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import hashlib
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

import pki
from pki_answers import (
    HOUR,
    RESPONDER,
    Flags,
    Scene,
    pointing,
    refusal,
    responder,
    response,
    revoked_list,
    the_scene,
    twin,
)
from pki_matrix import CHAINS, EKU, NOW, TIMES, Chain, authority, der, issue, pem, rsa_key
from provlabel.errors import UsageError
from provlabel.trust.chains import examine, turning_points
from provlabel.trust.chains.records import Answers, Credential, Examined, PathState

CELLS = [(name, place) for name in CHAINS for place in range(3)]


@functools.cache
def chain(name: str) -> Chain:
    return CHAINS[name]()


# --- the matrix ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "place"), CELLS)
def test_path(name: str, place: int) -> None:
    case = chain(name)
    seen = examine(Credential(case.certs), case.anchors, (EKU,), TIMES[place], allowed_leaves=case.allowed)
    assert seen.path == case.expected[place], seen.why
    assert seen.why


def test_size_of_the_matrix() -> None:
    assert len(CHAINS) >= 25


OK, WHO, OLD, BAD = "trusted", "unknown", "expired", "invalid"
ANY_PURPOSE = "asked for any purpose, it does not look at what a leaf may do; C2PA 2.4 §14.5.1 does"
STRANGER = "of a stranger's chain it does not say that the leaf expired besides"
ORDERED = "it sorts the certificates; RFC 9360 §2 gives them an order"
LIMIT = "a limit of ours"


def test_anchors_in_any_form() -> None:
    root, other = authority("Root"), authority("Other")
    certs = der(issue("Leaf", root))
    broken = other.pem.replace("\nMI", "\nAA", 1)
    for anchors in (der(root), (*pem(other), *der(root)), ("text\n" + other.pem + broken + root.pem,), (b"", root.pem)):
        assert examine(Credential(certs), anchors, (EKU,), NOW).path == OK
    assert examine(Credential(certs), (broken, b"garbage", ""), (EKU,), NOW).path == WHO


def test_an_anchor_of_an_unknown_version_vouches_for_nobody_and_harms_nobody() -> None:
    root = authority("Root")
    certs = der(issue("Leaf", root))
    [odd] = (raw.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020105"), 1) for raw in der(authority("Odd")))
    assert examine(Credential(certs), (*der(root), odd), (EKU,), NOW).path == OK
    assert examine(Credential((*certs, odd)), der(root), (EKU,), NOW).path == BAD
    assert len(turning_points(Credential((*certs, odd)), (*der(root), odd))) == 4


def test_moment_without_zone_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="no time zone"):
        judged(at=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(("year", "expected"), [(1, "not-yet-valid"), (9999, OLD)])
def test_ends_of_the_calendar(year: int, expected: str) -> None:
    assert judged(about_leaf(), at=dt.datetime(year, 6, 1, tzinfo=dt.timezone.utc)).path == expected


@pytest.mark.skipif(not shutil.which("faketime"), reason="needs faketime")
@pytest.mark.parametrize("shift", ["-400 days", "+400 days"])
def test_the_clock_is_not_read(shift: str, tmp_path: Path) -> None:
    """A wrong clock (abuse 45) changes nothing: the moment is an argument."""
    content = msgspec.json.encode([S.chain, [about_leaf()], ROOT.pem, NOW])
    script = (
        "import datetime, msgspec, sys; from provlabel.trust.chains import examine;"
        "from provlabel.trust.chains.records import Credential;"
        "chain, ocsp, root, at = msgspec.json.decode(sys.stdin.buffer.read(),"
        " type=tuple[list[bytes], list[bytes], str, datetime.datetime]);"
        f"seen = examine(Credential(tuple(chain), tuple(ocsp)), (root,), ({EKU!r},), at);"
        "print(abs((datetime.datetime.now(datetime.timezone.utc) - at).days) > 300, seen.path, seen.revocation)"
    )
    command = ["faketime", "-f", shift.replace(" days", "d"), sys.executable, "-W", "error", "-c", script]
    run = subprocess.run(command, input=content, capture_output=True, check=False)
    assert run.stdout.split() == [b"True", b"trusted", b"good"], run.stderr


def test_want_of_memory_is_for_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    from provlabel.trust.chains import _judging

    for kind in (MemoryError, RecursionError):
        monkeypatch.setattr(_judging, "judge", mock.Mock(side_effect=kind))
        with pytest.raises(kind):
            judged()


# Where `openssl verify -purpose any -partial_chain -policy_check` judges otherwise: its three words, and
# why we keep ours.
DIFFERENCES = {
    "CA as leaf": ((OK, OK, OK), ANY_PURPOSE),
    "intermediate first": ((OK, OK, OK), ANY_PURPOSE),
    "EKU of a TLS server": ((OK, OK, OLD), ANY_PURPOSE),
    "EKU of a clock beside the right one": ((OK, OK, OLD), ANY_PURPOSE),
    "any EKU beside the right one": ((OK, OK, OLD), ANY_PURPOSE),
    "no EKU": ((OK, OK, OLD), ANY_PURPOSE),
    "no key usage": ((OK, OK, OLD), ANY_PURPOSE),
    "key usage for encryption only": ((OK, OK, OLD), ANY_PURPOSE),
    "secp256k1 above": ((OK, OK, OLD), "likewise"),
    "secp256k1": ((OK, OK, OLD), "sound, but not among the curves of C2PA 2.4 §14.5.1"),
    "wrong order": ((OK, OK, OLD), ORDERED),
    "leaf doubled": ((OK, OK, OLD), ORDERED),
    "self-signed leaf, allowed": ((WHO, WHO, WHO), "it knows no list of allowed leaves"),
    "self-signed leaf, not allowed": ((WHO, WHO, WHO), STRANGER),
    "missing intermediate": ((WHO, WHO, WHO), STRANGER),
    "forged root": ((WHO, WHO, WHO), STRANGER),
    "same subject, other CA": ((WHO, WHO, WHO), STRANGER),
    "loop": ((WHO, WHO, WHO), STRANGER),
    "forged intermediate": ((WHO, WHO, WHO), "it takes a forged intermediate for a missing one"),
    "altered leaf": ((BAD, BAD, BAD), "a leaf that no anchor signed is a stranger's, whatever it says"),
    "SHA-1 above": ((BAD, BAD, BAD), "an intermediate that no anchor signed soundly is a stranger's"),
    "eleven certificates": ((OK, OK, OLD), LIMIT),
    "a certificate of 70 kB": ((OK, OK, OLD), LIMIT),
}
ERRORS = {"unable to get": WHO, "self-signed": WHO, "has expired": OLD, "not yet valid": "not-yet-valid"}


def openssl(case: Chain, place: int, folder: Path) -> str:
    """Return the word of the independent judge."""
    leaf, rest, anchors = folder / "leaf.pem", folder / "rest.pem", folder / "anchors.pem"
    loaded = [x509.load_der_x509_certificate(der).public_bytes(ser.Encoding.PEM) for der in case.certs]
    leaf.write_bytes(loaded[0])
    rest.write_bytes(b"".join(loaded[1:]) or loaded[0])
    anchors.write_text("".join(case.anchors))
    command = ["openssl", "verify", "-attime", str(int(TIMES[place].timestamp())), "-purpose", "any", "-partial_chain"]
    command += ["-auth_level", "2", "-policy_check", "-CAfile", str(anchors), "-untrusted", str(rest), str(leaf)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0:
        return "trusted"
    faults = re.findall(r"error \d+ at \d+ depth lookup: *(.*)", run.stderr)
    words = {next((word for said, word in ERRORS.items() if said in fault), "invalid") for fault in faults}
    return next(word for word in ("invalid", "unknown", "expired", "not-yet-valid") if word in words)


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
@pytest.mark.parametrize(("name", "place"), CELLS)
def test_path_as_openssl_sees_it(name: str, place: int, tmp_path: Path) -> None:
    case = chain(name)
    try:
        word = openssl(case, place, tmp_path)
    except (ValueError, IndexError):
        pytest.skip("openssl verify reads no such chain")
    words, reason = DIFFERENCES.get(name, (case.expected, ""))
    assert word == words[place]
    assert reason or word == case.expected[place]


# --- revocation ------------------------------------------------------------------------------------

S = the_scene()
LEAF, MIDDLE, ROOT = S.leaf, S.middle, S.root
OTHER = authority("Middle", ROOT)  # the name of the one, the key of another
GOOD, REVOKED, UNCHECKED = "good", "revoked", "not-checked"
YEAR = 365 * pki.DAY
about_leaf = functools.partial(response, LEAF, MIDDLE)

# Name: the answer, what it makes of the leaf, and a word of the reason.
STAPLES = {
    "good, by the CA itself": (lambda: about_leaf(), GOOD, ""),
    "good, by the CA itself, found by name": (lambda: about_leaf(named=ocsp.OCSPResponderEncoding.NAME), GOOD, ""),
    "good, by a delegate": (lambda: about_leaf(responder(MIDDLE)), GOOD, ""),
    "good, by a delegate with Ed25519": (lambda: about_leaf(responder(MIDDLE, key=pki.ed25519_key())), GOOD, ""),
    "good, by a delegate with RSA": (lambda: about_leaf(responder(MIDDLE, key=rsa_key())), GOOD, ""),
    "good, certificate named with SHA-1": (lambda: about_leaf(digest=hashes.SHA1()), GOOD, ""),  # noqa: S303
    "good, no end, produced today": (lambda: about_leaf(following=None), GOOD, ""),
    "revoked": (lambda: about_leaf(since=NOW - HOUR, reason=Flags.superseded), REVOKED, "superseded"),
    "revoked, no reason": (lambda: about_leaf(since=NOW - HOUR), REVOKED, "unspecified"),
    "revoked, out of date": (
        lambda: about_leaf(since=NOW - YEAR, this=NOW - YEAR, following=NOW - YEAR + HOUR),
        REVOKED,
        "revoked on",
    ),
    "on hold": (lambda: about_leaf(since=NOW - HOUR, reason=Flags.certificate_hold), REVOKED, "certificateHold"),
    "was on hold": (
        lambda: about_leaf(
            since=NOW - YEAR, this=NOW - YEAR, following=NOW - 300 * pki.DAY, reason=Flags.certificate_hold
        ),
        UNCHECKED,
        "ran out",
    ),
    "taken off the list": (lambda: about_leaf(since=NOW - HOUR, reason=Flags.remove_from_crl), GOOD, ""),
    "for another certificate": (lambda: response(issue("Other", MIDDLE), MIDDLE), UNCHECKED, "no answer about it"),
    "for our serial number of another CA": (
        lambda: response(
            issue("Leaf", other := authority("Middle", ROOT), serial=LEAF.certificate.serial_number), other
        ),
        UNCHECKED,
        "no answer about it",
    ),
    "by a stranger": (lambda: about_leaf(issue("Stranger", ekus=(RESPONDER,))), UNCHECKED, "did not appoint"),
    "by a stranger of the CA's name": (lambda: about_leaf(OTHER), UNCHECKED, "did not appoint"),
    "by the CA's certificate with another key": (
        lambda: about_leaf(twin(MIDDLE), named=ocsp.OCSPResponderEncoding.NAME),
        UNCHECKED,
        "did not appoint",
    ),
    "by the CA's key under another name": (
        lambda: about_leaf(issue("Other", key=MIDDLE.key), named=ocsp.OCSPResponderEncoding.NAME),
        UNCHECKED,
        "did not appoint",
    ),
    "by the leaf itself": (lambda: about_leaf(LEAF), UNCHECKED, "did not appoint"),
    "by a delegate without the EKU": (lambda: about_leaf(issue("Other", MIDDLE)), UNCHECKED, "did not appoint"),
    "by a delegate of the root": (lambda: about_leaf(responder(ROOT)), UNCHECKED, "did not appoint"),
    "by an expired delegate": (lambda: about_leaf(responder(MIDDLE, days=(-300, -1))), UNCHECKED, "did not appoint"),
    "by a delegate with RSA of 1,024 bits": (
        lambda: about_leaf(responder(MIDDLE, key=rsa_key(1024))),
        UNCHECKED,
        "not signed by its responder",
    ),
    "out of date": (lambda: about_leaf(this=NOW - 48 * HOUR, following=NOW - HOUR), UNCHECKED, "ran out"),
    "out of date, no end": (lambda: about_leaf(this=NOW - 48 * HOUR, following=NOW - 24 * HOUR), UNCHECKED, "ran out"),
    "from the future": (lambda: about_leaf(this=NOW + HOUR), UNCHECKED, "from the future"),
    "unknown": (lambda: about_leaf(status=ocsp.OCSPCertStatus.UNKNOWN), UNCHECKED, "does not know it"),
    "critical extension": (lambda: about_leaf(critical=True), UNCHECKED, "not understood"),
    "tryLater": (lambda: refusal(ocsp.OCSPResponseStatus.TRY_LATER), UNCHECKED, "try later"),
    "unauthorized": (lambda: refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED), UNCHECKED, "unauthorized"),
    "garbage": (lambda: b"garbage", UNCHECKED, "cannot be read"),
    "nothing": (lambda: b"", UNCHECKED, "cannot be read"),
    "too large": (lambda: about_leaf() + bytes(1 << 20), UNCHECKED, "no answer about it"),
}


def judged(*staples: bytes, scene: Scene = S, at: dt.datetime = NOW, **how: Any) -> Examined:
    return examine(Credential(scene.chain, staples), pem(scene.root), (EKU,), at, **how)


@pytest.mark.parametrize("name", STAPLES)
def test_staple(name: str) -> None:
    make, expected, why = STAPLES[name]
    seen = judged(make())
    assert seen.path == OK
    assert seen.revocation == expected
    assert why in seen.revocation_why
    assert seen.revocation_source == ("" if expected == UNCHECKED else "stapled")


# Name: the list, what it makes of the leaf, and a word of the reason.
LISTS = {
    "not listed": (lambda: revoked_list(MIDDLE, issue("Other", MIDDLE)), GOOD, ""),
    "listed": (lambda: revoked_list(MIDDLE, LEAF), REVOKED, "keyCompromise"),
    "listed, no reason": (lambda: revoked_list(MIDDLE, LEAF, reason=None), REVOKED, "unspecified"),
    "listed, out of date": (lambda: revoked_list(MIDDLE, LEAF, this=NOW - YEAR, following=NOW - HOUR), REVOKED, ""),
    "out of date": (lambda: revoked_list(MIDDLE, this=NOW - YEAR, following=NOW - HOUR), UNCHECKED, "ran out"),
    "from the future": (lambda: revoked_list(MIDDLE, this=NOW + HOUR), UNCHECKED, "from the future"),
    "by a stranger": (
        lambda: revoked_list(MIDDLE, by=OTHER),
        UNCHECKED,
        "not signed by the issuer",
    ),
    "by the root": (lambda: revoked_list(ROOT), UNCHECKED, "no answer about it"),
    "a delta": (
        lambda: revoked_list(MIDDLE, extra=((x509.DeltaCRLIndicator(6), True),)),
        UNCHECKED,
        "not understood",
    ),
    "of its own point": (lambda: revoked_list(MIDDLE, extra=point("http://127.0.0.1:9/list.crl")), GOOD, ""),
    "of another point": (lambda: revoked_list(MIDDLE, extra=point("http://other/")), UNCHECKED, "does not cover"),
    "of CAs only": (
        lambda: revoked_list(MIDDLE, extra=point(only_contains_ca_certs=True)),
        UNCHECKED,
        "does not cover",
    ),
    "an entry for another issuer": (
        lambda: revoked_list(MIDDLE, LEAF, entry=x509.CertificateIssuer([x509.DNSName("other")])),
        UNCHECKED,
        "not understood",
    ),
    "of leaves only": (lambda: revoked_list(MIDDLE, extra=point(only_contains_user_certs=True)), GOOD, ""),
    "of some reasons": (
        lambda: revoked_list(MIDDLE, extra=point(only_some_reasons=frozenset({Flags.superseded}))),
        UNCHECKED,
        "does not cover",
    ),
    "garbage": (lambda: b"0garbage", UNCHECKED, "cannot be read"),
}


def point(url: str = "", **how: Any) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return the extension that says what a list covers."""
    usual = {
        "full_name": [x509.UniformResourceIdentifier(url)] if url else None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return ((x509.IssuingDistributionPoint(**{**usual, **how}), True),)


@pytest.mark.parametrize("name", LISTS)
def test_list(name: str) -> None:
    make, expected, why = LISTS[name]
    seen = judged(answers=Answers(crls=(make(),)))
    assert seen.path == OK
    assert seen.revocation == expected
    assert why in seen.revocation_why
    assert seen.revocation_source == ("" if expected == UNCHECKED else "cached")


def test_list_signed_with_pss() -> None:
    middle = authority("Middle", ROOT, key=rsa_key(), digest=hashes.SHA256())
    scene = Scene(ROOT, middle, issue("Leaf", middle))
    assert judged(scene=scene, answers=Answers(crls=(revoked_list(middle, pss=True),))).revocation == GOOD


def test_list_of_an_issuer_that_may_not_sign_lists() -> None:
    middle = authority("Middle", ROOT, usage=("key_cert_sign",))
    scene = Scene(ROOT, middle, issue("Leaf", middle))
    seen = judged(scene=scene, answers=Answers(crls=(revoked_list(middle),)))
    assert (seen.revocation, seen.path) == (UNCHECKED, OK)
    assert "may not sign lists" in seen.revocation_why


def test_times_of_the_answer_are_told() -> None:
    seen = judged(about_leaf(this=dt.datetime(2020, 1, 1), following=NOW + HOUR))
    assert (seen.this_update, seen.next_update) == ("2020-01-01T00:00:00Z", f"{NOW + HOUR:%Y-%m-%dT%H:%M:%SZ}")
    assert seen.produced


def test_revoked_outweighs_good_in_any_order() -> None:
    good, bad = about_leaf(), about_leaf(since=NOW - HOUR)
    assert judged(good, bad).revocation == judged(bad, good).revocation == REVOKED
    assert judged(good, answers=Answers(crls=(revoked_list(MIDDLE, LEAF),))).revocation == REVOKED


def test_staples_do_not_crowd_out_what_was_fetched() -> None:
    answers = Answers((about_leaf(since=NOW - HOUR),), source="online")
    seen = judged(*[b"garbage"] * 100, answers=answers)
    assert (seen.revocation, seen.revocation_source) == (REVOKED, "online")


def test_delegate_on_the_list_counts_no_more() -> None:
    delegate = responder(MIDDLE)
    staple = about_leaf(delegate, since=NOW - HOUR)
    assert judged(staple).revocation == REVOKED
    assert judged(staple, answers=Answers(crls=(revoked_list(MIDDLE, delegate),))).revocation == GOOD


def test_intermediate_is_revoked() -> None:
    staple = response(MIDDLE, ROOT, since=NOW - HOUR, reason=Flags.ca_compromise)
    seen = judged(about_leaf(), staple)
    assert seen.revocation == REVOKED
    assert "Middle" in seen.revocation_why


def test_intermediate_not_checked_is_said() -> None:
    assert judged(about_leaf()).revocation_why == "1 intermediate not checked"
    assert judged(about_leaf(), response(MIDDLE, ROOT)).revocation_why == ""


def test_intermediate_alone_is_not_enough() -> None:
    assert judged(response(MIDDLE, ROOT)).revocation == UNCHECKED


def test_stranger_has_no_revocation() -> None:
    seen = examine(Credential(S.chain, (about_leaf(),)), pem(authority("Root")), (EKU,), NOW)
    assert (seen.path, seen.revocation, seen.requests) == (WHO, UNCHECKED, ())


def test_invalid_path_asks_nobody() -> None:
    middle = authority("Middle", ROOT, ca=False, extra=pointing())
    seen = judged(scene=Scene(ROOT, middle, issue("Leaf", middle, extra=pointing())))
    assert (seen.path, seen.revocation, seen.requests) == (BAD, UNCHECKED, ())


# Signed a year ago, proven; the answer is of today.  C2PA 2.4 §15.9, and stricter for compromise.
THEN = NOW - 100 * pki.DAY
LATER = {
    "good": (about_leaf, GOOD),
    "revoked before": (lambda: about_leaf(since=THEN - HOUR, reason=Flags.superseded), REVOKED),
    "superseded after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.superseded), GOOD),
    "ceased after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.cessation_of_operation), GOOD),
    "withdrawn after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.privilege_withdrawn), GOOD),
    "on hold after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.certificate_hold), GOOD),
    "key compromised after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.key_compromise), REVOKED),
    "CA compromised after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.ca_compromise), REVOKED),
    "AA compromised after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.aa_compromise), REVOKED),
    "unspecified after": (lambda: about_leaf(since=THEN + HOUR, reason=Flags.unspecified), REVOKED),
    "no reason after": (lambda: about_leaf(since=THEN + HOUR), REVOKED),
    "by a delegate of today": (lambda: about_leaf(responder(MIDDLE, days=(-1, 5))), GOOD),
    "ran out before": (lambda: about_leaf(this=THEN - 9 * HOUR, following=THEN - HOUR), UNCHECKED),
}


@pytest.mark.parametrize("name", LATER)
def test_answer_after_a_proven_time(name: str) -> None:
    make, expected = LATER[name]
    seen = judged(make(), at=THEN, now=NOW)
    assert (seen.path, seen.revocation) == (OK, expected), seen.revocation_why


@pytest.mark.parametrize("name", LATER)
def test_answer_where_only_the_claim_is_proven(name: str) -> None:
    """Whoever stole the key since could have signed the claim: no date of a revocation excuses it."""
    make, _ = LATER[name]
    seen = judged(make(), at=THEN, now=NOW, signed_then=False)
    words = {"good": GOOD, "by a delegate of today": GOOD, "ran out before": UNCHECKED}
    expected = words.get(name, REVOKED)
    assert (seen.path, seen.revocation) == (OK, expected), seen.revocation_why


def test_where_only_the_claim_is_proven_a_staple_of_that_time_is_too_old() -> None:
    staple = about_leaf(this=THEN - HOUR, following=THEN + HOUR)
    assert judged(staple, at=THEN, now=NOW).revocation == GOOD
    assert judged(staple, at=THEN, now=NOW, signed_then=False).revocation == UNCHECKED


def test_good_after_expiry_says_nothing() -> None:
    """A CA may drop a revoked certificate from its list once it has expired (RFC 5280 §3.3)."""
    leaf = issue("Leaf", MIDDLE, (-300, -50))
    late = functools.partial(judged, scene=Scene(ROOT, MIDDLE, leaf), at=THEN, now=NOW)
    assert late(response(leaf, MIDDLE)).revocation == UNCHECKED
    assert "expired" in late(answers=Answers(crls=(revoked_list(MIDDLE),))).revocation_why
    assert late(response(leaf, MIDDLE, this=NOW - 60 * pki.DAY)).revocation == GOOD
    assert late(response(leaf, MIDDLE, since=THEN - HOUR)).revocation == REVOKED


def test_later_answer_counts_only_after_a_proven_time() -> None:
    assert judged(about_leaf(), at=THEN).revocation == UNCHECKED


def test_date_of_invalidity_counts() -> None:
    listed = functools.partial(revoked_list, MIDDLE, LEAF, since=THEN + HOUR, reason=Flags.superseded)
    for content, expected in ((listed(), GOOD), (listed(invalid_since=THEN - HOUR), REVOKED)):
        assert judged(at=THEN, now=NOW, answers=Answers(crls=(content,))).revocation == expected


def test_requests_name_what_is_open() -> None:
    asked = judged(nonce=b"n" * 16).requests
    assert [(one.kind, one.url) for one in asked] == 2 * [
        ("ocsp", "http://127.0.0.1:9/ocsp"),
        ("crl", "http://127.0.0.1:9/list.crl"),
    ]
    assert [one.certificate for one in asked[::2]] == [hashlib.sha256(raw).hexdigest() for raw in S.chain]
    read = ocsp.load_der_ocsp_request(asked[0].body)
    assert read.serial_number == LEAF.certificate.serial_number
    assert read.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
    assert {one.certificate for one in judged(about_leaf()).requests} == {hashlib.sha256(S.chain[1]).hexdigest()}


def test_nonce_of_another_request_is_refused() -> None:
    for held, expected in ((b"n" * 16, GOOD), (b"m" * 16, UNCHECKED), (b"", GOOD)):
        seen = judged(answers=Answers((about_leaf(nonce=held),), source="online"), nonce=b"n" * 16)
        assert seen.revocation == expected
    assert "nonce differs" in judged(answers=Answers((about_leaf(nonce=b"m" * 16),)), nonce=b"n" * 16).revocation_why
    assert judged(about_leaf(nonce=b"m" * 16), nonce=b"n" * 16).revocation == GOOD  # a staple answered somebody else


def test_large_list_and_many_staples_take_little_time() -> None:
    entries = [
        x509.RevokedCertificateBuilder().serial_number(n).revocation_date(NOW).build() for n in range(1, 100_000)
    ]
    builder = x509.CertificateRevocationListBuilder(MIDDLE.certificate.subject, NOW - HOUR, NOW + HOUR, (), entries)
    crl = builder.sign(MIDDLE.key, hashes.SHA256()).public_bytes(ser.Encoding.DER)
    begun = time.process_time()
    assert judged(*[about_leaf(OTHER)] * 16, answers=Answers(crls=(crl,) * 2)).revocation == GOOD
    assert time.process_time() - begun < 2
    assert len(crl) > 2_000_000


def test_within_a_running_loop() -> None:
    async def inside() -> Examined:
        return judged(about_leaf())

    assert asyncio.run(inside()).path == OK


# --- damage ----------------------------------------------------------------------------------------


def damaged(raw: bytes, dice: random.Random) -> bytes:
    """Change one thing: a bit, a byte, a length, a piece."""
    place, size = dice.randrange(len(raw)), dice.choice((1, 1, 2, 16))
    inserted = dice.choice((b"", dice.randbytes(size), raw[:size], b"\x30\x80", b"\xff" * size))
    how = dice.randrange(4)
    if how == 0:
        return raw[:place] + bytes([raw[place] ^ 1 << dice.randrange(8)]) + raw[place + 1 :]
    if how == 1:
        return raw[:place] + dice.randbytes(1) + raw[place + 1 :]
    if how == 2:
        return raw[:place] + inserted + raw[place + size :]
    return raw[:place] + inserted + raw[place:]


def tbs(raw: bytes) -> bytes:
    return x509.load_der_x509_certificate(raw).tbs_certificate_bytes


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["root, intermediate, leaf", "Ed25519", "RSA-PSS"])
def test_damaged_chain_is_never_trusted_for_other_content(name: str) -> None:
    dice, case = random.Random(name), chain(name)
    for _ in range(450):
        which = dice.randrange(len(case.certs))
        certs = (*case.certs[:which], damaged(case.certs[which], dice), *case.certs[which + 1 :])
        seen = examine(Credential(certs), case.anchors, (EKU,), NOW)
        if seen.path == "trusted":
            assert [tbs(raw) for raw in certs] == [tbs(raw) for raw in case.certs]


@pytest.mark.filterwarnings("ignore")
def test_damage_that_a_ca_signed_is_no_exception() -> None:
    """The second parser sees only what a CA signed; a bad CA signs anything."""
    dice, (leaf, _) = random.Random(7), S.chain
    content = tbs(leaf)
    for _ in range(450):
        changed = damaged(content, dice)
        signature = MIDDLE.key.sign(changed, ec.ECDSA(hashes.SHA256()))
        raw = sequence(changed + ECDSA_WITH_SHA256 + b"\x03" + length(1 + len(signature)) + b"\x00" + signature)
        seen = examine(Credential((raw, S.chain[1])), pem(ROOT), (EKU,), NOW)
        assert seen.path in get_args(PathState)


ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def length(count: int) -> bytes:
    """Return the DER of a length."""
    if count < 0x80:
        return bytes([count])
    digits = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def sequence(content: bytes) -> bytes:
    return b"\x30" + length(len(content)) + content


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("by", ["CA", "delegate"])
def test_damaged_staple_is_never_good_for_other_content(by: str) -> None:
    dice, staple = random.Random(by), about_leaf(responder(MIDDLE) if by == "delegate" else None)
    content = ocsp.load_der_ocsp_response(staple).tbs_response_bytes
    for _ in range(300):
        changed = damaged(staple, dice)
        seen = judged(changed)
        assert (seen.path, seen.revocation != REVOKED) == (OK, True)
        if seen.revocation == GOOD:
            assert ocsp.load_der_ocsp_response(changed).tbs_response_bytes == content


@pytest.mark.filterwarnings("ignore")
def test_damaged_list_is_never_good_for_other_content() -> None:
    dice, content = random.Random(3), revoked_list(MIDDLE, LEAF)
    for _ in range(200):
        assert judged(answers=Answers(crls=(damaged(content, dice),))).revocation != GOOD
