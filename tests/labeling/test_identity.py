"""Identity (CAWG): a second credential beside the signer's, with roles and anchors of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pki
from project import SAMPLES, Cli
from provlabel import Actor, ConfigError, Label, SignerError, TrustStore, label_file, open_signer, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from remote_signers import Broken, Remote


@pytest.fixture
def jane(tmp_path: Path) -> str:
    """A credential of somebody else than the signer, by another CA."""
    ca = pki.root("Identity Root")
    issued = pki.leaf(ca, common="Jane Label", organization="Label Records", eku="1.3.6.1.5.5.7.3.4")
    return pki.write(tmp_path / "jane", issued, ca)


@pytest.fixture
def people(jane: str, tmp_path: Path) -> TrustStore:
    return TrustStore.load(tmp_path / "jane" / "root.pem", purpose="identity")


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_identity_is_judged_by_its_own_anchors(
    sample: str,
    media: Path,
    label: Label,
    signer: Signer,
    trust: TrustStore,
    jane: str,
    people: TrustStore,
    sandbox: Sandbox,
) -> None:
    out = media / f"out-{sample}"
    label_file(media / sample, out, label, signer, identity=Actor(open_signer(jane), ["creator"]), sandbox=sandbox)
    found = verify_file(out, trust=trust + people, sandbox=sandbox).files[0]
    assert (found.state, found.axes.signer, found.axes.identity) == ("trusted", "trusted", "ok")
    [identity] = found.identity
    assert (identity.name, identity.organization, identity.roles) == ("Jane Label", "Label Records", ("cawg.creator",))
    bare = verify_file(out, trust=trust, sandbox=sandbox).files[0]
    assert (bare.state, bare.axes.identity) == ("trusted", "not-checked")
    crossed = verify_file(out, trust=people, sandbox=sandbox).files[0]
    assert (crossed.state, crossed.axes.signer) == ("valid", "no-anchors")


def test_anchors_for_signers_do_not_count_for_identities_nor_the_other_way_round(
    media: Path, label: Label, signer: Signer, credential: Path, jane: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    out = media / "out.jpg"
    label_file(media / "cover.jpg", out, label, signer, identity=Actor(open_signer(jane)), sandbox=sandbox)
    swapped = TrustStore.load(tmp_path / "jane" / "root.pem") + TrustStore.load(
        credential / "root.pem", purpose="identity"
    )
    found = verify_file(out, trust=swapped, sandbox=sandbox).files[0]
    assert (found.state, found.axes.signer, found.axes.identity) == ("valid", "unknown", "not-checked")
    assert "identity.unknown" in [item.rule for item in found.findings]


def test_a_remote_key_can_vouch_too(
    media: Path,
    label: Label,
    signer: Signer,
    trust: TrustStore,
    remote: Remote,
    root: pki.Issued,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    (tmp_path / "root.pem").write_text(root.pem)
    everyone = trust + TrustStore.load(tmp_path / "root.pem", purpose="identity")
    out = media / "out.wav"
    label_file(media / "take.wav", out, label, remote, identity=Actor(remote, ["publisher"]), sandbox=sandbox)
    assert verify_file(out, trust=everyone, sandbox=sandbox).files[0].axes.identity == "ok"


def test_its_failure_has_its_own_cause(
    media: Path, label: Label, signer: Signer, remote: Remote, sandbox: Sandbox
) -> None:
    def refuse(_: bytes) -> bytes:
        raise ConnectionError("the vault is sealed")

    with pytest.raises(SignerError, match="the identity's signer failed: the vault is sealed"):
        label_file(
            media / "take.wav",
            media / "out.wav",
            label,
            signer,
            identity=Actor(Broken(remote, refuse)),
            sandbox=sandbox,
        )
    assert not (media / "out.wav").exists()


def test_an_altered_identity_is_bad(
    media: Path, label: Label, signer: Signer, trust: TrustStore, jane: str, people: TrustStore, sandbox: Sandbox
) -> None:
    out = media / "out.jpg"
    label_file(media / "cover.jpg", out, label, signer, identity=Actor(open_signer(jane), ["creator"]), sandbox=sandbox)
    content = out.read_bytes()
    out.write_bytes(content.replace(b"cawg.creator", b"cawg.sponsor", 1))
    found = verify_file(out, trust=trust + people, sandbox=sandbox).files[0]
    assert (found.state, found.axes.identity) == ("invalid", "bad")


@pytest.mark.parametrize("role", ["painter", "cawg.painter", "", "com.", "com.example.\u00fc"])
def test_unknown_roles_are_refused(role: str, remote: Remote) -> None:
    with pytest.raises(ConfigError, match="no role"):
        Actor(remote, [role])
    assert Actor(remote, ["cawg.editor", "com.example.mixer"]).roles == ("cawg.editor", "com.example.mixer")


def test_on_the_command_line(media: Path, cli: Cli, jane: str, tmp_path: Path) -> None:
    signs = ("--kind", "ai_generated", "--signer", "test", "--identity", jane, "--identity-role", "creator")
    done = cli("label", media / "cover.jpg", *signs)
    assert done.returncode == 0, done.stderr
    anchors = ("--trust", "test", "--identity-trust", tmp_path / "jane" / "root.pem")
    shown = cli("verify", media / "cover.labeled.jpg", *anchors, "-v")
    assert 'identity "Jane Label" ("Label Records") as creator, issued by "Identity Root"\n' in shown.stdout
    unsure = cli("verify", media / "cover.labeled.jpg", "--trust", "test", "-v")
    assert '"Identity Root" — as the file claims' in unsure.stdout
    told = json.loads(cli("verify", media / "cover.labeled.jpg", *anchors, "--format", "json").stdout)
    assert told["files"][0]["identity"] == [
        {
            "name": "Jane Label",
            "organization": "Label Records",
            "roles": ["cawg.creator"],
            "issuer": "Identity Root",
            "accounts": [],
        }
    ]
    wrong = cli("label", media / "take.wav", "--kind", "ai_generated", "--signer", "test", "--identity-role", "creator")
    assert wrong.returncode == 2
