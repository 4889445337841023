"""Keys and certificates: every rule of the profile, and the commands that make, show and check them."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import pki
from project import DOCS, MEDIA, Cli
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import Algorithm, _algorithms as algorithms, certificates, check, profile
from provlabel.signers.profile import Result
from provlabel.signers.request import KeyKind
from provlabel.trust import purposes
from provlabel.trust.anchors import pem as pem_of
from terminal import TYPING

NOW = dt.datetime.now(dt.timezone.utc)
#: What follows from the fault itself: a certificate of version 1 has no extensions.
AND_THEN = {"v1": ["key-usage", "extended-key-usage", "authority-key-identifier"]}


def states(results: tuple[Result, ...], state: str) -> list[str]:
    return [result.rule for result in results if result.state == state]


def public_key(pem: bytes) -> Any:
    return ser.load_pem_private_key(pem, None).public_key()


# --- the rules -------------------------------------------------------------------------------------


def test_every_rule_has_words_and_a_hint() -> None:
    assert len({rule.name for rule in profile.RULES}) == len(profile.RULES)
    assert all(rule.held and rule.broken and rule.hint and rule.held != rule.broken for rule in profile.RULES)


def test_every_rule_but_those_of_signers_and_time_has_a_fault() -> None:
    assert {rule for rule, _ in pki.FAULTS.values()} == {rule.name for rule in profile.RULES} - {
        "algorithm",
        "expires-soon",
    }


#: What only shows when anchors are known, which signing has none of.
NEEDS_ANCHORS = {"missing-intermediate"}
#: Keys that are refused as they are opened, before any certificate is looked at.
NO_KEY = {"secp256k1", "brainpool"}


class Held:
    """A key at hand, with whatever algorithm C2PA would have for it."""

    def __init__(self, chain_pem: str, key_pem: bytes) -> None:
        self.chain_pem, self._key_pem = chain_pem, key_pem
        try:
            [self.algorithm, *_] = algorithms.fitting(public_key(key_pem))
        except SignerError:
            self.algorithm = "es256"

    def private_key_pem(self) -> bytes:
        return self._key_pem

    def sign(self, data: bytes) -> bytes:
        raise NotImplementedError


@pytest.mark.parametrize("name", pki.FAULTS)
def test_a_fault_breaks_its_rule_and_no_other(name: str) -> None:
    made = pki.fault(name)
    results = check.examine(made.chain_pem, public_key(made.key_pem), anchors_pem=made.root_pem, now=NOW)
    assert states(results, "broken") == [made.rule, *AND_THEN.get(name, ())]
    assert all(result.hint for result in results if result.state == "broken")
    assert not check.passed(results)


@pytest.mark.parametrize("name", sorted(pki.FAULTS.keys() - {"missing-intermediate"} - NO_KEY))
def test_require_says_the_first_reason(name: str) -> None:
    made = pki.fault(name)
    broken = next(rule for rule in profile.RULES if rule.name == made.rule)
    with pytest.raises(SignerError) as caught:
        check.require_signer(Held(made.chain_pem, made.key_pem), "chain.pem")
    assert str(caught.value).startswith(f"chain.pem: {broken.broken}")
    assert caught.value.hint == broken.hint


@pytest.mark.parametrize("whole", [True, False], ids=["with-root", "without-root"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_good_chains_hold(depth: int, whole: bool) -> None:
    issuers = [pki.root()]
    for number in range(depth):
        issuers.append(pki.intermediate(issuers[-1], f"Acme {number}"))
    signer = pki.leaf(issuers[-1])
    above = issuers[::-1] if whole else issuers[:0:-1]
    pem = "".join(item.pem for item in (signer, *above))
    results = check.examine(pem, signer.key.public_key(), anchors_pem=issuers[0].pem, now=NOW, algorithm="es256")
    assert states(results, "held") == [rule.name for rule in profile.RULES]


def test_what_cannot_be_known_is_not_checked() -> None:
    results = check.examine(pki.leaf(pki.root()).pem, now=NOW)
    assert states(results, "not-checked") == ["key-match", "algorithm", "chain-anchored"]
    assert "--trust" in next(result.why for result in results if result.rule == "chain-anchored")
    assert check.passed(results)


def test_an_intermediate_may_be_the_anchor() -> None:
    between = pki.intermediate(pki.root())
    for chain in ((pki.leaf(between),), (pki.leaf(between), between)):
        pem = "".join(item.pem for item in chain)
        assert "chain-anchored" in states(check.examine(pem, anchors_pem=between.pem, now=NOW), "held")


def test_a_root_of_the_same_name_is_no_anchor() -> None:
    results = check.examine(pki.leaf(pki.root()).pem, anchors_pem=pki.root().pem, now=NOW)
    assert states(results, "broken") == ["chain-anchored"]


def test_expiry_warns_from_thirty_days_and_names_which() -> None:
    root = pki.root()
    between = pki.intermediate(root, lasts=11 * pki.DAY)
    pem = pki.leaf(between, lasts=30 * pki.DAY).pem + between.pem
    later = NOW + dt.timedelta(hours=1)
    result = next(item for item in check.examine(pem, now=later) if item.rule == "expires-soon")
    assert (result.state, result.level) == ("broken", "warning")
    assert "certificate 1 (CN=Acme Signer,O=Acme Test): it ends" in result.why
    assert "28 days left; certificate 2 (CN=Acme Intermediate" in result.why
    assert result.why.endswith("9 days left")
    assert "expires-soon" in states(check.examine(pki.leaf(root, lasts=40 * pki.DAY).pem, now=NOW), "held")


def test_a_warning_does_not_keep_from_signing() -> None:
    signer = pki.leaf(pki.root(), lasts=5 * pki.DAY)
    check.require_signer(Held(signer.pem, signer.key_pem()), "chain.pem")


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
        broken = states(check.examine(pem, anchors_pem=root.pem, now=NOW), "broken")
        assert broken == ([] if good else ["signature-algorithm"])


@pytest.mark.parametrize("key_usage", ["digital_signature", "content_commitment"])
@pytest.mark.parametrize("eku", purposes.EKUS)
def test_every_accepted_usage_holds(key_usage: str, eku: str) -> None:
    results = check.examine(pki.leaf(pki.root(), eku=eku, key_usage=(key_usage,)).pem, now=NOW)
    assert check.passed(results)


# --- what is no certificate ------------------------------------------------------------------------


def _broken_pem() -> str:
    lines = pki.leaf(pki.root()).pem.splitlines()
    return "\n".join([lines[0], lines[2], lines[1], *lines[3:]])


def _of_version(number: int) -> str:
    """A certificate of a version of X.509 that nobody knows."""
    der = pki.leaf(pki.root()).certificate.public_bytes(ser.Encoding.DER)
    return pem_of(der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a0030201") + bytes([number])))


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "no certificate in PEM form"),
        ("-----BEGIN PRIVATE KEY-----\n", "no certificate in PEM form"),
        ("-----BEGIN CERTIFICATE-----\nnonsense", "a certificate in it is damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a certificate in it is damaged"),
        (_broken_pem(), "a certificate in it is damaged"),
        (_of_version(9), "a certificate in it is damaged: 9 is not a valid X509 version"),
    ],
)
def test_what_is_no_certificate_is_said_exactly(pem: str, words: str) -> None:
    with pytest.raises(SignerError, match=rf"chain\.pem: {words}") as caught:
        check.examine(pem, now=NOW, shown="chain.pem")
    assert caught.value.hint
    if pem:
        with pytest.raises(ConfigError, match="--trust"):
            check.examine(pki.leaf(pki.root()).pem, anchors_pem=pem, now=NOW)


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
                check.examine(
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
    assert states(check.examine_signer(good), "broken") == []
    assert len(good.asked) == 1
    assert states(check.examine_signer(Remote(issued, algorithm, stranger, raw)), "broken") == ["key-match"]


def test_nothing_is_signed_to_check_before_signing() -> None:
    signer = Remote(pki.leaf(pki.root()), "es256")
    check.require_signer(signer, "kms:key")
    assert signer.asked == []
    with pytest.raises(SignerError, match="kms:key: the certificate names no organization"):
        check.require_signer(Remote(pki.leaf(pki.root(), organization=None), "es256"), "kms:key")


@pytest.mark.parametrize("algorithm", ["es384", "ps256", "ed25519", "rs256"])
def test_an_algorithm_that_does_not_fit_is_named(algorithm: Any) -> None:
    signer = Remote(pki.leaf(pki.root()), algorithm)
    with pytest.raises(SignerError, match=f"algorithm of the signer does not fit the key: {algorithm} with EC P-256"):
        check.require_signer(signer, "kms:key")


def test_what_a_signer_raises_is_said() -> None:
    class Down(Remote):
        def sign(self, data: bytes) -> bytes:
            raise self.why

        why: Exception = TimeoutError("no answer from the HSM")

    signer = Down(pki.leaf(pki.root()), "es256")
    with pytest.raises(SignerError, match="the signer failed: no answer from the HSM"):
        check.examine_signer(signer)
    signer.why = SignerError("wrong PIN", hint="try again")
    with pytest.raises(SignerError, match=r"^wrong PIN$"):
        check.examine_signer(signer)


@pytest.mark.parametrize("answer", [b"", b"\x00" * 64, b"nonsense", b"\xff" * 64])
def test_a_signature_that_is_nonsense_is_a_mismatch(answer: bytes) -> None:
    class Odd(Remote):
        def sign(self, data: bytes) -> bytes:
            return answer

    assert states(check.examine_signer(Odd(pki.leaf(pki.root()), "es256")), "broken") == ["key-match"]


# --- the commands ----------------------------------------------------------------------------------


def reason(name: str) -> str:
    """The first sentence about a fault, as every command says it."""
    made = pki.fault(name)
    results = check.examine(made.chain_pem, public_key(made.key_pem), anchors_pem=made.root_pem)
    return next(result.why for result in results if result.state == "broken")


def secrets(pem: bytes) -> list[str]:
    return [line for line in pem.decode().splitlines() if len(line) > 20 and not line.startswith("-----")]


def no_secret(done: subprocess.CompletedProcess[str], *keys: bytes) -> None:
    for line in (line for key in keys for line in secrets(key)):
        assert line not in done.stdout + done.stderr


@pytest.mark.parametrize("name", pki.FAULTS)
def test_key_check_names_the_rule(name: str, tmp_path: Path, cli: Cli) -> None:
    made = pki.fault(name)
    uri = made.write(tmp_path / "key")
    asked = tmp_path / "key" / "chain.pem" if name in NO_KEY else f"--signer={uri}"
    done = cli("key", "check", asked, "--trust", tmp_path / "key" / "root.pem")
    marked = [line for line in done.stdout.splitlines() if line.startswith("✗")]
    assert marked[0] == f"✗ {made.rule}: {reason(name)}"
    assert len(marked) == 1 + len(AND_THEN.get(name, ()))
    assert done.stdout.count("    hint: ") == len(marked)
    assert (done.returncode, done.stderr) == (1, "")
    no_secret(done, made.key_pem)


@pytest.mark.parametrize("name", sorted(pki.FAULTS.keys() - NEEDS_ANCHORS))
def test_label_gives_the_same_reason_and_leaves_nothing(name: str, tmp_path: Path, cli: Cli) -> None:
    uri = pki.fault(name).write(tmp_path / "key")
    shutil.copy(MEDIA / "cover.jpg", tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = cli("label", "cover.jpg", "--kind", "ai_generated", "--signer", uri)
    why = "the key is of a kind that C2PA does not allow" if name in NO_KEY else f"chain.pem: {reason(name)}"
    assert f"{why}\n" in done.stderr
    assert "  hint: " in done.stderr
    assert "the certificate is invalid" not in done.stderr
    assert (done.returncode, done.stdout) == (3, "")
    assert sorted(tmp_path.rglob("*")) == before


def test_key_check_of_a_good_signer(tmp_path: Path, cli: Cli) -> None:
    root = pki.root()
    signer = pki.leaf(root)
    uri = pki.write(tmp_path, signer, root)
    done = cli("key", "check", "--signer", uri, "--trust", tmp_path / "root.pem")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("✓") == len(profile.RULES)
    assert done.stdout.endswith("27 held, 0 broken, 0 to be warned of, 0 not checked\n")
    by_environment = cli("key", "check", PROVLABEL_SIGNER=uri)
    assert "- chain-anchored: not checked: no anchors were given" in by_environment.stdout
    assert by_environment.returncode == 0
    no_secret(done, signer.key_pem())


def test_key_check_warns_and_still_passes(tmp_path: Path, cli: Cli) -> None:
    pki.write(tmp_path, pki.leaf(pki.root(), lasts=5 * pki.DAY))
    done = cli("key", "check", "chain.pem")
    assert "! expires-soon: a certificate ends within 30 days: certificate 1 (CN=Acme Signer" in done.stdout
    assert "0 broken, 1 to be warned of" in done.stdout
    assert done.returncode == 0


def test_key_check_as_json(tmp_path: Path, cli: Cli) -> None:
    pki.fault("no-aki").write(tmp_path)
    done = cli("key", "check", "chain.pem", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["passed"]) == (1, False)
    assert [item["rule"] for item in told["rules"]] == [rule.name for rule in profile.RULES]
    by_name = {item["rule"]: item for item in told["rules"]}
    assert by_name["authority-key-identifier"]["state"] == "broken"
    assert by_name["key-match"]["state"] == "not-checked"
    assert all(bool(item["hint"]) == (item["state"] == "broken") for item in told["rules"])
    assert by_name["expires-soon"]["level"] == "warning"


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("missing.pem",), 3, "missing.pem: no such file"),
        (("folder",), 3, "folder: a folder, not a regular file"),
        (("key.pem",), 3, "key.pem: no certificate in PEM form"),
        (("--signer", "file:key.pem"), 3, "the signer: no certificate in PEM form"),
        (("--signer", "nothing:at-all"), 2, "names no signer"),
        (("chain.pem", "--signer", "test"), 2, "CHAIN and --signer"),
        ((), 2, "no signer"),
    ],
)
def test_wrong_requests(command: str, args: tuple[str, ...], code: int, words: str, tmp_path: Path, cli: Cli) -> None:
    pki.write(tmp_path, pki.leaf(pki.root()))
    (tmp_path / "folder").mkdir()
    done = cli("key", command, *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "hint: " in done.stderr or code == 3


def test_a_trust_file_that_is_none_is_2(tmp_path: Path, cli: Cli) -> None:
    pki.write(tmp_path, pki.leaf(pki.root()))
    (tmp_path / "odd.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIBAA==\n-----END CERTIFICATE-----\n")
    for name in ("key.pem", "odd.pem"):
        assert cli("key", "check", "chain.pem", "--trust", name).returncode == 2


def test_key_show_tells_every_fact(tmp_path: Path, cli: Cli) -> None:
    root = pki.root()
    between = pki.intermediate(root)
    signer = pki.leaf(between, eku=(pki.CLAIM_SIGNING, "1.2.3.4"))
    (tmp_path / "chain.pem").write_text(signer.pem + between.pem)
    first, second = json.loads(cli("key", "show", "chain.pem", "--format", "json").stdout)["certificates"]
    assert first["subject"] == "CN=Acme Signer,O=Acme Test"
    assert first["issuer"] == second["subject"] == "CN=Acme Intermediate,O=Acme Test"
    assert int(first["serial"], 16) == signer.certificate.serial_number
    assert first["sha256"] == signer.certificate.fingerprint(hashes.SHA256()).hex()
    assert (first["days_left"], first["key"], first["ca"]) == (363, "EC P-256", False)
    assert (first["key_usages"], second["key_usages"]) == (["digitalSignature"], ["keyCertSign", "cRLSign"])
    assert first["extended_key_usages"] == ["C2PA claim signing", "1.2.3.4"]
    text = cli("key", "show", "chain.pem").stdout
    assert "1. CN=Acme Signer,O=Acme Test\n" in text
    assert "for     C2PA claim signing, 1.2.3.4\n" in text
    assert "2. CN=Acme Intermediate,O=Acme Test\n" in text
    assert "363 days left" in text


def test_names_in_a_certificate_cannot_act_on_the_terminal(tmp_path: Path, cli: Cli) -> None:
    bad = "Acme\x1b[2J\u202e"
    signer = pki.leaf(pki.root(), common=bad, organization=bad, lasts=2 * pki.DAY)
    (tmp_path / "chain.pem").write_text(signer.pem)
    for command in ("show", "check"):
        text = cli("key", command, "chain.pem").stdout
        assert "Acme\\u{1b}[2J\\u{202e}" in text
        assert "\x1b" not in text


@pytest.mark.parametrize("form", [ser.PrivateFormat.PKCS8, ser.PrivateFormat.TraditionalOpenSSL])
def test_no_command_shows_a_private_key(form: ser.PrivateFormat, tmp_path: Path, cli: Cli) -> None:
    """The canary: a key in the very file that is shown."""
    signer = pki.leaf(pki.root())
    both = tmp_path / "both.pem"
    both.write_bytes(signer.key_pem(form) + signer.pem.encode())
    both.chmod(0o600)
    who = ("--organization", "Acme", "--name", "signer")
    for args in (
        ("show", "both.pem"),
        ("show", "both.pem", "--format", "json"),
        ("show", "--signer", "file:both.pem"),
        ("check", "both.pem"),
        ("check", "--signer", "file:both.pem", "--format", "json"),
        ("csr", "both.pem", "-o", "request.csr", *who),
        ("csr", "both.pem", "-o", "request.csr", *who),
        ("csr", "both.pem", "-o", "other.csr", "--organization", "x" * 65, "--name", "x"),
    ):
        done = cli("key", *args)
        assert done.returncode in (0, 2, 3)
        no_secret(done, signer.key_pem(), signer.key_pem(form))
    assert "Acme Signer" in cli("key", "show", "both.pem").stdout
    assert not any(line in (tmp_path / "request.csr").read_text() for line in secrets(signer.key_pem(form)))


@pytest.mark.parametrize("kind", get_args(KeyKind))
def test_from_nothing_to_a_label(kind: str, tmp_path: Path, cli: Cli) -> None:
    """A key, a request, a CA that grants what was asked, a check, a label that is trusted."""
    who = ("--organization", "Acme Audio Ltd", "--name", "Acme signer", "--country", "de")
    done = cli("key", "csr", "key.pem", "--new-key", kind, "-o", "request.csr", *who)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    no_secret(done, (tmp_path / "key.pem").read_bytes())
    asked = x509.load_pem_x509_csr((tmp_path / "request.csr").read_bytes())
    assert asked.is_signature_valid
    assert asked.subject.rfc4514_string() == "CN=Acme signer,O=Acme Audio Ltd,C=DE"
    root = pki.root()
    (tmp_path / "root.pem").write_text(root.pem)
    (tmp_path / "chain.pem").write_bytes(granted(asked, root).public_bytes(ser.Encoding.PEM))
    checked = cli("key", "check", "--signer", "file:key.pem?chain=chain.pem", "--trust", "root.pem")
    assert checked.returncode == 0, checked.stdout
    shutil.copy(MEDIA / "cover.jpg", tmp_path)
    signed = cli("label", "cover.jpg", "--kind", "ai_generated", "--signer", "file:key.pem?chain=chain.pem")
    assert signed.returncode == 0, signed.stderr
    assert cli("verify", "cover.labeled.jpg", "--trust", "root.pem").returncode == 0


def granted(asked: x509.CertificateSigningRequest, root: pki.Issued) -> x509.Certificate:
    now = dt.datetime.now(dt.timezone.utc)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    builder = x509.CertificateBuilder(
        root.certificate.subject,
        asked.subject,
        asked.public_key(),
        x509.random_serial_number(),
        now - pki.DAY,
        now + 90 * pki.DAY,
        [*asked.extensions, x509.Extension(x509.AuthorityKeyIdentifier.oid, False, authority)],
    )
    return builder.sign(root.key, hashes.SHA256())


WHO = ("--organization", "Acme", "--name", "signer")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("key.pem", "-o", "chain.pem", *WHO), 3, "chain.pem: exists already"),
        (("new.pem", "-o", "new.pem", "--new-key", "es256", *WHO), 3, "new.pem: exists already"),
        (("new.pem", "-o", "./new.pem", "--new-key", "es256", *WHO), 3, "new.pem: exists already"),
        (("key.pem", "-o", "r.csr", "--new-key", "es256", *WHO), 3, "key.pem: exists already"),
        (("missing.pem", "-o", "r.csr", *WHO), 3, "missing.pem: no such file"),
        (("chain.pem", "-o", "r.csr", *WHO), 3, "chain.pem: no private key in PEM form"),
        (("key.pem", "-o", "r.csr", *WHO, "--country", "Germany"), 2, "the country two letters"),
        (("key.pem", "-o", "r.csr", "--organization", "", "--name", "x"), 2, "1 to 64 characters"),
        (("new.pem", "-o", "r.csr", "--new-key", "es256", "--organization", "Acme", "--name", " "), 2, "is empty"),
        (("key.pem", "-o", "r.csr", *WHO, "--new-key", "rs256"), 2, "--new-key: there is no rs256"),
        (("small.pem", "-o", "r.csr", *WHO), 3, "the key is RSA of 1024 bits"),
        (("locked.pem", "-o", "r.csr", *WHO), 2, "there is no terminal to ask at"),
    ],
)
def test_csr_that_cannot_be_made(args: tuple[str, ...], code: int, words: str, tmp_path: Path, cli: Cli) -> None:
    signer = pki.leaf(pki.root())
    pki.write(tmp_path, signer)
    (tmp_path / "chain.pem").chmod(0o600)
    small = pki.Issued(rsa.generate_private_key(65537, 1024), signer.certificate)  # noqa: S505 - to be refused
    for name, content in (("small.pem", small.key_pem()), ("locked.pem", signer.key_pem(phrase=b"open sesame"))):
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = cli("key", "csr", *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_csr_asks_for_the_pass_phrase_at_the_terminal(tmp_path: Path, home: Path) -> None:
    signer = pki.leaf(pki.root())
    (tmp_path / "key.pem").write_bytes(signer.key_pem(phrase=b"open sesame"))
    (tmp_path / "key.pem").chmod(0o600)
    asking = ("key", "csr", "key.pem", "-o", "request.csr", *WHO)
    done = subprocess.run(
        [sys.executable, "-c", TYPING, "pass phrase", "open sesame", sys.executable, "-m", "provlabel", *asking],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass phrase for key.pem" in done.stdout
    assert "open sesame" not in done.stdout + done.stderr
    made = x509.load_pem_x509_csr((tmp_path / "request.csr").read_bytes())
    assert certificates.same_key(made.public_key(), signer.key.public_key())


@pytest.mark.parametrize("kind", get_args(KeyKind))
def test_key_init_makes_what_the_profile_wants(kind: str, tmp_path: Path, cli: Cli) -> None:
    done = cli("key", "init", "made", "--algorithm", kind)
    assert done.returncode == 0, done.stderr
    no_secret(done, (tmp_path / "made" / "key.pem").read_bytes())
    uri = "file:made/key.pem?chain=made/chain.pem"
    checked = cli("key", "check", "--signer", uri, "--trust", "made/root.pem")
    assert checked.stdout.count("✓") == len(profile.RULES), checked.stdout
    assert f"fits the key: {kind} with" in checked.stdout
    again = cli("key", "init", "made")
    assert (again.returncode, "exists already" in again.stderr) == (3, True)


# --- the page --------------------------------------------------------------------------------------

PAGE = DOCS / "keys.md"


def test_the_page_has_the_table_of_rules() -> None:
    rows = [f"| `{rule.name}` | {rule.broken} | {rule.hint} |" for rule in profile.RULES]
    assert "\n".join(rows) in PAGE.read_text()
    assert all(f"| {usage} |" in PAGE.read_text() for usage in purposes.EKUS)
