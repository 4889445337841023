"""Whom a policy accepts: by names that nobody else can bend, by keys, and for which kinds of labels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

import pki
from project import MEDIA, Cli
from provlabel import ConfigError, Label, System, TrustStore, label_file, open_signer, verify_file
from provlabel.policy import Gate, load_policy
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox

CN, O = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME  # noqa: E741 - as X.509 writes it
WHO = 'issuer = "Acme Issuing CA"\norganization = "Acme Records"\nname = "mastering"\n'
LABEL = Label(kind="ai_generated", systems=(System(name="A"),))


def dn(*parts: tuple[Any, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


#: Names of a CA and of a leaf: the real ones, then what others got some CA to write.
CA, LEAF = dn((O, "Acme CA Ltd"), (CN, "Acme Issuing CA")), dn((O, "Acme Records"), (CN, "mastering"))
BENT: dict[str, tuple[x509.Name, x509.Name]] = {
    "issuer without CN": (dn((O, "Acme Issuing CA")), LEAF),
    "issuer with two CN": (dn((O, "x"), (CN, "Evil CA"), (CN, "Acme Issuing CA")), LEAF),
    "issuer with two CN, the other way": (dn((O, "x"), (CN, "Acme Issuing CA"), (CN, "Evil CA")), LEAF),
    "two CN": (CA, dn((O, "Acme Records"), (CN, "evil"), (CN, "mastering"))),
    "two CN, the other way": (CA, dn((O, "Acme Records"), (CN, "mastering"), (CN, "evil"))),
    "one CN twice": (CA, dn((O, "Acme Records"), (CN, "mastering"), (CN, "mastering"))),
    "two O": (CA, dn((O, "Nobody"), (O, "Acme Records"), (CN, "mastering"))),
}


class Signed:
    """A picture, signed by a leaf of this name below a CA of that name."""

    def __init__(self, folder: Path, ca: x509.Name, leaf: x509.Name, sandbox: Sandbox, label: Label = LABEL) -> None:
        self.folder, self._sandbox = folder, sandbox
        self.root = pki.root(subject=ca)
        self.leaf = pki.leaf(self.root, subject=leaf)
        uri = pki.write(folder, self.leaf, self.root)
        self.file = folder / "signed.jpg"
        label_file(MEDIA / "cover.jpg", self.file, label, open_signer(uri, check=False), sandbox=sandbox)
        self.trust = TrustStore.load(folder / "root.pem")

    @property
    def issuer_sha256(self) -> str:
        return hashlib.sha256(self.root.certificate.public_bytes(Encoding.DER)).hexdigest()

    @property
    def spki_sha256(self) -> str:
        key = self.leaf.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(key).hexdigest()

    def judged(self, signers: str, head: str = "", trust: TrustStore | None = None) -> FileReport:
        path = self.folder / "policy.toml"
        path.write_text(f'schema = "policy-v1"\n{head}[[signers]]\n{signers}')
        gate = Gate(first=load_policy(path).enforced)
        return verify_file(self.file, trust=trust or self.trust, policy=gate, sandbox=self._sandbox).files[0]


Make = Callable[..., Signed]


@pytest.fixture
def make(tmp_path: Path, sandbox: Sandbox) -> Make:
    count = iter(range(9))
    return lambda ca=CA, leaf=LEAF, label=LABEL: Signed(tmp_path / f"{next(count)}", ca, leaf, sandbox, label)


def rules(file: FileReport) -> set[str]:
    return {found.rule for found in file.findings if found.rule.startswith(("policy.", "signer."))}


def test_names_as_they_are_given_are_accepted(make: Make) -> None:
    assert rules(make().judged(WHO)) == set()


@pytest.mark.parametrize("how", BENT)
def test_a_name_that_is_bent_is_accepted_by_no_name(how: str, make: Make) -> None:
    signed = make(*BENT[how])
    file = signed.judged(WHO)
    assert "policy.signer" in rules(file)
    assert not file.passed
    assert ("signer.ambiguous-name" in rules(file)) == ("CN twice" in how or "two" in how)
    assert signed.judged(f'spki_sha256 = "{signed.spki_sha256}"').passed, "a key is a key, whatever its name"


def test_an_issuer_without_a_common_name_is_named_by_its_organization(make: Make) -> None:
    signed = make(dn((O, "Acme Issuing CA")))
    assert rules(signed.judged('issuer_organization = "Acme Issuing CA"\nname = "mastering"')) == set()
    assert rules(signed.judged('issuer_organization = "Acme"\nname = "mastering"')) == {"policy.signer"}


def test_a_ca_of_the_same_name_is_told_apart_by_a_pin(make: Make) -> None:
    ours, theirs = make(), make()
    both = ours.trust + theirs.trust
    pin = f'issuer_sha256 = "{ours.issuer_sha256}"\n' + WHO
    assert rules(ours.judged(pin, trust=both)) == set()
    assert rules(theirs.judged(pin, trust=both)) == {"policy.signer"}
    key = f'spki_sha256 = "{ours.spki_sha256}"\n'
    assert rules(ours.judged(key, trust=both)) == set()
    assert rules(theirs.judged(key, trust=both)) == {"policy.signer"}
    assert rules(ours.judged(key + 'name = "another"')) == {"policy.signer"}, "all that is said has to fit"


def test_the_report_tells_what_to_pin(make: Make) -> None:
    signed = make()
    file = signed.judged(WHO)
    assert file.signer is not None
    assert (file.signer.spki_sha256, file.signer.issuer_sha256) == (signed.spki_sha256, (signed.issuer_sha256,))


def test_a_certificate_that_is_trusted_by_itself_can_be_pinned(make: Make, tmp_path: Path) -> None:
    signed = make()
    (tmp_path / "leaf.pem").write_text(signed.leaf.pem)
    leaf = TrustStore.load(tmp_path / "leaf.pem", leaves=True)
    assert signed.judged(f'spki_sha256 = "{signed.spki_sha256}"', trust=leaf).passed
    assert not signed.judged(f'issuer_sha256 = "{signed.issuer_sha256}"\nname = "mastering"', trust=leaf).passed


@pytest.mark.parametrize("how", ["a public list", "several organizations", "one organization"])
def test_a_name_alone_is_warned_of_where_others_may_write_it(how: str, make: Make, tmp_path: Path) -> None:
    signed = make()
    trust = signed.trust
    if how == "a public list":
        trust = TrustStore.load(signed.folder / "root.pem", public=True)
    elif how == "several organizations":
        trust += make(dn((O, "Other CA Ltd"), (CN, "Other CA"))).trust
    else:
        trust += make(dn((O, "Acme CA Ltd"), (CN, "Acme CA 2"))).trust
    file = signed.judged(WHO, trust=trust)
    assert rules(file) == (set() if how == "one organization" else {"policy.unpinned-signer"})
    assert file.passed
    pinned = f'issuer_sha256 = "{signed.issuer_sha256}"\n' + WHO
    assert rules(signed.judged(pinned, trust=trust)) == set()


def test_the_official_list_is_a_public_one(make: Make, cli: Cli, home: Path, tmp_path: Path) -> None:
    signed = make()
    lists = tmp_path / "settings" / "provlabel" / "trust"
    lists.mkdir(parents=True)
    for name in ("C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem"):
        (lists / name).write_text(signed.root.pem)
    signed.judged(WHO)  # writes the policy
    run = ("verify", signed.file, "--trust", "c2pa", "--policy", signed.folder / "policy.toml")
    done = cli(*run, XDG_CONFIG_HOME=str(tmp_path / "settings"))
    assert done.returncode == 0, done.stdout
    assert "policy.unpinned-signer" in done.stdout


# --- kinds -----------------------------------------------------------------------------------------

GENERATOR = 'forbid = ["human-made-by-generator"]\n'


@pytest.mark.parametrize("kind", ["human_made", "ai_assisted_technical", "algorithmic_not_trained"])
def test_a_generator_states_no_kind_outside_of_ai(kind: str, make: Make) -> None:
    signed = make(label=Label(kind=kind))  # type: ignore[arg-type]
    assert rules(signed.judged(WHO + "generator = true", GENERATOR)) == {"policy.human-made-by-generator"}
    assert rules(signed.judged(WHO + 'kinds = ["ai_generated", "ai_modified"]')) == {"policy.signer-kind"}
    assert rules(signed.judged(f'{WHO}kinds = ["{kind}"]')) == set()


@pytest.mark.parametrize("kind", ["ai_generated", "ai_modified", "ai_partly_created", "composite_synthetic"])
def test_a_generator_states_all_kinds_of_ai(kind: str, make: Make) -> None:
    signed = make(label=Label(kind=kind, systems=(System(name="A"),)))  # type: ignore[arg-type]
    assert rules(signed.judged(WHO + "generator = true", GENERATOR)) == set()
    assert rules(signed.judged(f'{WHO}kinds = ["{kind}"]')) == set()
    other = "may_contain_ai"
    assert rules(signed.judged(f'{WHO}kinds = ["{other}"]')) == {"policy.signer-kind"}


def test_of_several_entries_for_one_signer_one_has_to_fit(make: Make) -> None:
    signed = make()
    two = f'{WHO}kinds = ["human_made"]\n[[signers]]\nname = "mastering"\nissuer_sha256 = "{signed.issuer_sha256}"\n'
    assert rules(signed.judged(two + 'kinds = ["ai_generated"]')) == set()
    assert rules(signed.judged(two + 'kinds = ["ai_modified"]')) == {"policy.signer-kind"}


# --- what is wrong with an entry -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('issuer_sha256 = "' + "a" * 64 + '"', "names no subject"),
        ('name = "x"', "names no issuer"),
        ('spki_sha256 = "AB"', "64 lower-case"),
        ('spki_sha256 = "' + "a" * 64 + '"\nkinds = []', "kinds"),
        ('spki_sha256 = "' + "a" * 64 + '"\nkinds = ["ai_generatd"]', "did you mean ai_generated"),
    ],
)
def test_an_entry_that_names_nobody_is_refused(entry: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f'schema = "policy-v1"\n[[signers]]\n{entry}\n')
    with pytest.raises(ConfigError, match=words):
        load_policy(path)
