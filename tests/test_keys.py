"""Keys and certificates: every rule of the profile, and the commands that make, show and check them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import pki
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import Algorithm, certificates, profile
from provlabel.signers.profile import Result

NOW = dt.datetime.now(dt.timezone.utc)
#: What follows from the fault itself: a certificate of version 1 has no extensions.
AND_THEN = {"v1": ["key-usage", "extended-key-usage", "authority-key-identifier"]}


def states(results: tuple[Result, ...], state: str) -> list[str]:
    return [result.rule for result in results if result.state == state]


def public_key(pem: bytes) -> Any:
    return ser.load_pem_private_key(pem, None).public_key()


# --- the rules -------------------------------------------------------------------------------------


def test_every_rule_has_words_and_a_mend() -> None:
    assert len({rule.name for rule in profile.RULES}) == len(profile.RULES)
    assert all(rule.held and rule.broken and rule.mend and rule.held != rule.broken for rule in profile.RULES)


def test_every_rule_but_those_of_signers_and_time_has_a_fault() -> None:
    assert {rule for rule, _ in pki.FAULTS.values()} == {rule.name for rule in profile.RULES} - {
        "algorithm",
        "expires-soon",
    }


@pytest.mark.parametrize("name", pki.FAULTS)
def test_a_fault_breaks_its_rule_and_no_other(name: str) -> None:
    made = pki.fault(name)
    results = profile.examine(made.chain_pem, public_key(made.key_pem), anchors_pem=made.root_pem, now=NOW)
    assert states(results, "broken") == [made.rule, *AND_THEN.get(name, ())]
    assert all(result.mend for result in results if result.state == "broken")
    assert not profile.passed(results)


@pytest.mark.parametrize("name", sorted(pki.FAULTS.keys() - {"missing-intermediate"}))
def test_require_says_the_first_reason(name: str) -> None:
    made = pki.fault(name)
    broken = next(rule for rule in profile.RULES if rule.name == made.rule)
    with pytest.raises(SignerError) as caught:
        profile.require(made.chain_pem, ser.load_pem_private_key(made.key_pem, None), "chain.pem")
    assert str(caught.value).startswith(f"chain.pem: {broken.broken}")
    assert caught.value.mend == broken.mend


@pytest.mark.parametrize("whole", [True, False], ids=["with-root", "without-root"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_good_chains_hold(depth: int, whole: bool) -> None:
    issuers = [pki.root()]
    for number in range(depth):
        issuers.append(pki.intermediate(issuers[-1], f"Acme {number}"))
    signer = pki.leaf(issuers[-1])
    above = issuers[::-1] if whole else issuers[:0:-1]
    pem = "".join(item.pem for item in (signer, *above))
    results = profile.examine(pem, signer.key.public_key(), anchors_pem=issuers[0].pem, now=NOW, algorithm="es256")
    assert states(results, "held") == [rule.name for rule in profile.RULES]


def test_what_cannot_be_known_is_not_checked() -> None:
    results = profile.examine(pki.leaf(pki.root()).pem, now=NOW)
    assert states(results, "not-checked") == ["key-match", "algorithm", "chain-anchored"]
    assert "--trust" in next(result.why for result in results if result.rule == "chain-anchored")
    assert profile.passed(results)


def test_an_intermediate_may_be_the_anchor() -> None:
    between = pki.intermediate(pki.root())
    for chain in ((pki.leaf(between),), (pki.leaf(between), between)):
        pem = "".join(item.pem for item in chain)
        assert "chain-anchored" in states(profile.examine(pem, anchors_pem=between.pem, now=NOW), "held")


def test_a_root_of_the_same_name_is_no_anchor() -> None:
    results = profile.examine(pki.leaf(pki.root()).pem, anchors_pem=pki.root().pem, now=NOW)
    assert states(results, "broken") == ["chain-anchored"]


def test_expiry_warns_from_thirty_days_and_names_which() -> None:
    root = pki.root()
    between = pki.intermediate(root, lasts=11 * pki.DAY)
    pem = pki.leaf(between, lasts=30 * pki.DAY).pem + between.pem
    later = NOW + dt.timedelta(hours=1)
    result = next(item for item in profile.examine(pem, now=later) if item.rule == "expires-soon")
    assert (result.state, result.level) == ("broken", "warning")
    assert "certificate 1 (CN=Acme Signer,O=Acme Test): it ends" in result.why
    assert "28 days left; certificate 2 (CN=Acme Intermediate" in result.why
    assert result.why.endswith("9 days left")
    assert "expires-soon" in states(profile.examine(pki.leaf(root, lasts=40 * pki.DAY).pem, now=NOW), "held")


def test_a_warning_does_not_keep_from_signing() -> None:
    signer = pki.leaf(pki.root(), lasts=5 * pki.DAY)
    profile.require(signer.pem, signer.key, "chain.pem")


def test_rsa_pss_certificates_are_judged_by_their_digest() -> None:
    key = rsa.generate_private_key(65537, 2048)
    root = pki.root(key=key)
    template = pki.leaf(root).certificate
    builder = x509.CertificateBuilder(
        template.issuer,
        template.subject,
        template.public_key(),
        template.serial_number,
        template.not_valid_before_utc,
        template.not_valid_after_utc,
        list(template.extensions),
    )
    for digest, good in ((hashes.SHA256(), True), (hashes.SHA512(), True), (hashes.SHA224(), False)):
        how = padding.PSS(padding.MGF1(digest), digest.digest_size)
        pem = builder.sign(key, digest, rsa_padding=how).public_bytes(ser.Encoding.PEM).decode()
        broken = states(profile.examine(pem, anchors_pem=root.pem, now=NOW), "broken")
        assert broken == ([] if good else ["signature-algorithm"])


@pytest.mark.parametrize("key_usage", ["digital_signature", "content_commitment"])
@pytest.mark.parametrize("eku", certificates.EKUS)
def test_every_accepted_usage_holds(key_usage: str, eku: str) -> None:
    results = profile.examine(pki.leaf(pki.root(), eku=eku, key_usage=(key_usage,)).pem, now=NOW)
    assert profile.passed(results)


# --- what is no certificate ------------------------------------------------------------------------


def _broken_pem() -> str:
    lines = pki.leaf(pki.root()).pem.splitlines()
    return "\n".join([lines[0], lines[2], lines[1], *lines[3:]])


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "no certificate in PEM form"),
        ("-----BEGIN PRIVATE KEY-----\n", "no certificate in PEM form"),
        ("-----BEGIN CERTIFICATE-----\nnonsense", "a certificate in it is damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a certificate in it is damaged"),
        (_broken_pem(), "a certificate in it is damaged"),
    ],
)
def test_what_is_no_certificate_is_said_exactly(pem: str, words: str) -> None:
    with pytest.raises(SignerError, match=rf"chain\.pem: {words}") as caught:
        profile.examine(pem, now=NOW, shown="chain.pem")
    assert caught.value.mend
    if pem:
        with pytest.raises(ConfigError, match="--trust"):
            profile.examine(pki.leaf(pki.root()).pem, anchors_pem=pem, now=NOW)


def test_no_changed_byte_ends_in_a_fault_of_ours() -> None:
    """Any certificate can be examined or is refused, whatever stands in it."""
    import base64
    import random
    import warnings

    pick = random.Random(1)
    der = pki.leaf(pki.root()).certificate.public_bytes(ser.Encoding.DER)
    for _ in range(400):
        changed = bytearray(der)
        changed[pick.randrange(len(der))] = pick.randrange(256)
        body = base64.b64encode(changed).decode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the cryptography package, on odd serial numbers
            try:
                profile.examine(
                    f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n", anchors_pem=None, now=NOW
                )
            except SignerError:
                continue


# --- keys that lie elsewhere -----------------------------------------------------------------------


class Remote:
    """A signer whose key nobody else can see."""

    def __init__(self, issued: pki.Issued, algorithm: Algorithm, key: Any = None, raw: bool = False) -> None:
        self.algorithm, self.chain_pem = algorithm, issued.pem
        self._key, self._raw = key or issued.key, raw
        self.asked: list[bytes] = []

    def sign(self, data: bytes) -> bytes:
        self.asked.append(data)
        digest = {"384": hashes.SHA384(), "512": hashes.SHA512()}.get(self.algorithm[2:], hashes.SHA256())
        if self.algorithm == "ed25519":
            return bytes(self._key.sign(data))
        if self.algorithm.startswith("ps"):
            return bytes(self._key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest))
        signature = self._key.sign(data, ec.ECDSA(digest))
        if not self._raw:
            return bytes(signature)
        width = (self._key.curve.key_size + 7) // 8
        return b"".join(number.to_bytes(width, "big") for number in decode_dss_signature(signature))


CURVES = {"es256": ec.SECP256R1(), "es384": ec.SECP384R1(), "es512": ec.SECP521R1()}


def key_for(algorithm: str) -> Any:
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    return pki.ed25519_key() if algorithm == "ed25519" else rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("raw", [False, True], ids=["der", "raw"])
@pytest.mark.parametrize("algorithm", ["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"])
def test_a_test_signature_tells_whose_key_it_is(algorithm: Algorithm, raw: bool) -> None:
    issued, stranger = pki.leaf(pki.root(), key_for(algorithm)), key_for(algorithm)
    good = Remote(issued, algorithm, raw=raw)
    assert states(profile.examine_signer(good), "broken") == []
    assert len(good.asked) == 1
    assert states(profile.examine_signer(Remote(issued, algorithm, stranger, raw)), "broken") == ["key-match"]


def test_nothing_is_signed_to_check_before_signing() -> None:
    signer = Remote(pki.leaf(pki.root()), "es256")
    profile.require_signer(signer, "kms:key")
    assert signer.asked == []
    with pytest.raises(SignerError, match="kms:key: the certificate names no organization"):
        profile.require_signer(Remote(pki.leaf(pki.root(), organization=None), "es256"), "kms:key")


@pytest.mark.parametrize("algorithm", ["es384", "ps256", "ed25519", "rs256"])
def test_an_algorithm_that_does_not_fit_is_named(algorithm: Any) -> None:
    signer = Remote(pki.leaf(pki.root()), algorithm)
    with pytest.raises(SignerError, match=f"algorithm of the signer does not fit the key: {algorithm} with EC P-256"):
        profile.require_signer(signer, "kms:key")


def test_what_a_signer_raises_is_said() -> None:
    class Down(Remote):
        def sign(self, data: bytes) -> bytes:
            raise self.why

        why: Exception = TimeoutError("no answer from the HSM")

    signer = Down(pki.leaf(pki.root()), "es256")
    with pytest.raises(SignerError, match="the signer failed: no answer from the HSM"):
        profile.examine_signer(signer)
    signer.why = SignerError("wrong PIN", mend="try again")
    with pytest.raises(SignerError, match=r"^wrong PIN$"):
        profile.examine_signer(signer)


@pytest.mark.parametrize("answer", [b"", b"\x00" * 64, b"nonsense", b"\xff" * 64])
def test_a_signature_that_is_nonsense_is_a_mismatch(answer: bytes) -> None:
    class Odd(Remote):
        def sign(self, data: bytes) -> bytes:
            return answer

    assert states(profile.examine_signer(Odd(pki.leaf(pki.root()), "es256")), "broken") == ["key-match"]
