"""What certificates are for: which purposes count, by options, policies and Python, and what nobody can."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import pki
from project import MEDIA, Cli, corpus_of_others
from provlabel import ConfigError, Label, TrustStore, label_file, open_signer, verify_file, verify_paths
from provlabel.policy import load_policy
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.trust.purposes import EKUS, MICROSOFT_SIGNING, NEVER, OFFICIAL_EKUS, SERVER
from stores import Hand, Store, embedded

PRIVATE = "1.3.6.1.4.1.99999.1"
Signed = Callable[..., Path]


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return pki.root("Purpose Root")


@pytest.fixture
def anchors(root: pki.Issued, tmp_path: Path) -> Path:
    path = tmp_path / "root.pem"
    path.write_text(root.pem)
    return path


@pytest.fixture
def signed(root: pki.Issued, label: Label, tmp_path: Path, sandbox: Sandbox) -> Signed:
    """A picture and its detached manifest, signed by a certificate for these purposes."""

    def make(*ekus: str, name: str = "a.png", **how: object) -> Path:
        path = tmp_path / name
        shutil.copy(MEDIA / "still.png", path)
        good = open_signer(pki.write(tmp_path / "good", pki.leaf(root)))
        label_file(path, None, label, good, detached=True, sandbox=sandbox)
        beside = path.with_name(f"{name}.c2pa")
        beside.write_bytes(Store(beside.read_bytes()).signed(Hand.of(pki.leaf(root, eku=ekus, **how))))  # type: ignore[arg-type]
        return path

    return make


def one(path: Path, trust: TrustStore, sandbox: Sandbox, at: dt.datetime | None = None) -> FileReport:
    return verify_file(path, trust=trust, at=at, sandbox=sandbox).files[0]


# --- what is accepted ------------------------------------------------------------------------------


def test_a_purpose_that_is_not_accepted_is_said_as_that(signed: Signed, anchors: Path, sandbox: Sandbox) -> None:
    found = one(signed(MICROSOFT_SIGNING), TrustStore.load(anchors), sandbox)
    assert (found.state, found.axes.signer, found.axes.content) == ("valid", "unknown", "intact")
    [said] = [item for item in found.findings if item.rule.startswith("signer.")]
    assert (said.rule, said.level) == ("signer.wrong-purpose", "warning")
    assert f"{MICROSOFT_SIGNING} (Microsoft C2PA signing)" in said.message
    assert f"--eku {MICROSOFT_SIGNING}" in said.hint
    assert found.signer is not None
    assert found.signer.spki_sha256, "whose key it was is known: we read the certificate ourselves"


@pytest.mark.parametrize("day", [None, dt.datetime.now(dt.timezone.utc) + pki.DAY])
def test_what_is_accepted_is_trusted_now_and_as_of_another_time(
    signed: Signed, anchors: Path, day: dt.datetime | None, sandbox: Sandbox
) -> None:
    path, trust = signed(PRIVATE), TrustStore.load(anchors)
    assert one(path, trust.accepting(PRIVATE), sandbox, day).state == "trusted"
    refused = one(path, trust, sandbox, day)
    assert (refused.state, refused.axes.signer) == ("valid", "unknown")
    assert "signer.wrong-purpose" in [item.rule for item in refused.findings]


def test_a_purpose_is_no_trust(signed: Signed, tmp_path: Path, sandbox: Sandbox) -> None:
    """Whoever accepts a purpose still trusts nobody but their own anchors."""
    (tmp_path / "other.pem").write_text(pki.root("Other").pem)
    path = signed(PRIVATE)
    found = one(path, TrustStore.load(tmp_path / "other.pem").accepting(PRIVATE), sandbox)
    assert (found.state, found.axes.signer) == ("valid", "unknown")
    assert "signer.unknown" in [item.rule for item in found.findings]
    nobody = one(path, TrustStore().accepting(PRIVATE), sandbox)
    assert nobody.axes.signer == "no-anchors"


def test_an_expired_certificate_stays_expired(signed: Signed, anchors: Path, sandbox: Sandbox) -> None:
    path = signed(PRIVATE, begins=-30 * pki.DAY, lasts=10 * pki.DAY)
    for trust in (TrustStore.load(anchors), TrustStore.load(anchors).accepting(PRIVATE)):
        found = one(path, trust, sandbox)
        assert (found.state, found.axes.signer) == ("invalid", "expired")


def test_a_certificate_for_something_else_makes_no_signature_of_c2pa(
    signed: Signed, anchors: Path, sandbox: Sandbox
) -> None:
    """The words are about the certificate: its signature is as good as any."""
    found = one(signed(SERVER), TrustStore.load(anchors), sandbox)
    assert (found.state, found.axes.signer) == ("invalid", "bad-signature")
    rules = [item.rule for item in found.findings if item.rule.startswith("signer.")]
    assert rules == ["signer.bad-certificate", "signer.wrong-purpose"]
    assert not any("does not fit" in item.message or "--eku" in item.hint for item in found.findings)


def test_a_parent_whose_purpose_is_not_accepted_is_a_strangers(
    root: pki.Issued, signed: Signed, label: Label, anchors: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Nothing was altered there, and nothing says so, neither when it is labeled again nor when that is verified."""
    signer = open_signer(pki.write(tmp_path / "again", pki.leaf(root)))
    store = Store(signed(PRIVATE).with_name("a.png.c2pa").read_bytes())
    parent, out = tmp_path / "parent.png", tmp_path / "child.png"
    parent.write_bytes(embedded(store, (MEDIA / "still.png").read_bytes(), Hand.of(pki.leaf(root, eku=PRIVATE))))
    label_file(parent, out, label, signer, sandbox=sandbox)
    found = one(out, TrustStore.load(anchors), sandbox)
    assert (found.state, found.axes.history) == ("trusted", "unknown-signer")
    assert "history.broken" not in [item.rule for item in found.findings]


def test_what_is_kept_of_a_file_is_kept_for_the_purposes_that_were_accepted(
    signed: Signed, anchors: Path, cli: Cli
) -> None:
    """The second run over a folder reads no file again; with another purpose it does."""
    folder = signed(PRIVATE).parent / "tree"
    folder.mkdir()
    for name in ("a.png", "a.png.c2pa"):
        shutil.copy(folder.parent / name, folder / name)
    states = []
    for ekus in ((), ("--eku", PRIVATE), ()):
        done = cli("verify", folder, "--trust", anchors, *ekus, "--format", "json")
        states += [item["state"] for item in json.loads(done.stdout)["files"]]
    assert states == ["valid", "trusted", "valid"]


# --- how it is said --------------------------------------------------------------------------------


def test_the_option_accepts_more_and_is_repeatable(signed: Signed, anchors: Path, cli: Cli) -> None:
    path = signed(PRIVATE)
    refused = cli("verify", path, "--trust", anchors, "-v")
    assert refused.returncode == 1
    assert "signer.wrong-purpose: the signature holds" in " ".join(refused.stdout.split())
    assert f"add --eku {PRIVATE}" in " ".join(refused.stdout.split())
    assert cli("verify", path, "--trust", anchors, "--eku", MICROSOFT_SIGNING, "--eku", PRIVATE).returncode == 0
    assert "TRUSTED" in cli("show", path, "--trust", anchors, "--eku", PRIVATE).stdout


@pytest.mark.parametrize(
    "oid", ["", "1", "1.", "1..2", "3.1.2", "1.02.3", "emailProtection", "1.2\n1.3", "1.٣", "1." + "9" * 200]
)
def test_what_is_no_object_identifier_is_refused(oid: str, anchors: Path, cli: Cli) -> None:
    with pytest.raises(ConfigError, match="no object identifier"):
        TrustStore().accepting(oid)
    if "\n" not in oid:
        done = cli("verify", anchors, "--eku", oid)
        assert done.returncode == 2
        assert "no object identifier" in done.stderr


@pytest.mark.parametrize("oid", NEVER)
def test_what_nobody_may_accept_is_refused(oid: str, anchors: Path, cli: Cli) -> None:
    with pytest.raises(ConfigError, match="never for signers of claims"):
        TrustStore().accepting(oid)
    done = cli("verify", anchors, "--eku", oid)
    assert done.returncode == 2
    assert NEVER[oid] in done.stderr


def test_stores_accept_what_either_does(anchors: Path) -> None:
    both = TrustStore.load(anchors).accepting(PRIVATE) + TrustStore().accepting(MICROSOFT_SIGNING, PRIVATE)
    assert both.ekus == (*EKUS, PRIVATE, MICROSOFT_SIGNING)
    assert both.only("manifest", lambda der: False).ekus == both.ekus
    assert (*EKUS, MICROSOFT_SIGNING) == OFFICIAL_EKUS
    assert not set(OFFICIAL_EKUS) & NEVER.keys()


# --- a policy --------------------------------------------------------------------------------------


def test_a_policy_accepts_purposes_beside_its_anchors(signed: Signed, anchors: Path, tmp_path: Path, cli: Cli) -> None:
    path, policy = signed(PRIVATE), tmp_path / "policy.toml"
    text = 'schema = "policy-v1"\nname = "ours"\n[trust]\nanchors = ["root.pem"]\n'
    policy.write_text(text)
    assert cli("verify", path, "--policy", policy).returncode == 1
    policy.write_text(f'{text}ekus = ["{PRIVATE}"]\n')
    assert cli("verify", path, "--policy", policy).returncode == 0
    (tmp_path / "over.toml").write_text(
        f'schema = "policy-v1"\nextends = ["policy.toml"]\n[trust]\nekus = ["{MICROSOFT_SIGNING}"]\n'
    )
    assert set(load_policy(tmp_path / "over.toml").trust.ekus) == {*EKUS, MICROSOFT_SIGNING, PRIVATE}
    pin = hashlib.sha256(policy.read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match=r"trust\.anchors: .* has no sha256"):
        load_policy(policy, pin=pin)


def test_a_policy_that_is_found_accepts_no_purpose(signed: Signed, anchors: Path, tmp_path: Path) -> None:
    policy = tmp_path / "provlabel.toml"
    policy.write_text(f'schema = "policy-v1"\nfields = ["systems"]\n[trust]\nekus = ["{PRIVATE}"]\n')
    loaded = load_policy(policy, found=True)
    assert loaded.trust == TrustStore()
    assert loaded.enforced.infos[0].ignored == ("purposes",)


@pytest.mark.parametrize(
    ("oid", "said"),
    [(SERVER, "line 4: trust.ekus.0: 1.3.6.1.5.5.7.3.1 (serverAuth) is never for signers"), ("any", "dotted numbers")],
)
def test_a_policy_with_a_purpose_that_cannot_be_is_refused(oid: str, said: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f'schema = "policy-v1"\nname = "ours"\n[trust]\nekus = ["{oid}"]\n')
    with pytest.raises(ConfigError) as told:
        load_policy(policy)
    assert said in str(told.value)


# --- files of the world ----------------------------------------------------------------------------


def test_no_picture_of_the_world_is_said_to_have_another_signature(sandbox: Sandbox) -> None:
    """Bing signs for a purpose of Microsoft's own, Azure with a certificate for programs; both signatures hold."""
    folder = corpus_of_others("producers")
    trust = TrustStore.load(folder / "trust" / "interim-anchors.pem")
    names = ("microsoft-bing.jpg", "azure-trusted-signing.jpg")
    at = {names[0]: dt.datetime(2024, 3, 10, tzinfo=dt.timezone.utc)}
    for name in names:
        report = verify_paths([folder / name], trust=trust, at=at.get(name), sandbox=sandbox)
        rules = {item.rule for item in report.files[0].findings}
        assert "signer.bad-signature" not in rules
        assert rules & {"signer.wrong-purpose", "signer.bad-certificate", "signer.expired"}
