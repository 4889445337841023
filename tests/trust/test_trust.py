"""Lists of anchors: each for its purpose, named with source, age and digest, and looked at by a command."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

import pki
from project import Cli
from provlabel import ConfigError, Label, TrustStore, label_file, open_signer, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer


@pytest.fixture
def root_pem(tmp_path: Path) -> Path:
    path = tmp_path / "anchors.pem"
    path.write_text(pki.root("Shown Root").pem)
    return path


def test_show_names_source_purpose_age_and_digest(root_pem: Path, cli: Cli) -> None:
    old = time.time() - 10 * 86400
    os.utime(root_pem, (old, old))
    told = json.loads(cli("trust", "show", "--tsa-trust", root_pem, "--format", "json").stdout)
    [shown] = told["lists"]
    assert (shown["purpose"], shown["age_days"], len(shown["sha256"])) == ("timestamp", 10, 64)
    assert "Shown Root" in shown["certificates"][0]["subject"]
    text = cli("trust", "show", "--trust", root_pem)
    assert text.returncode == 0
    assert "for manifest, 1 certificate\n" in text.stdout


def test_check_finds_what_cannot_vouch(tmp_path: Path, root_pem: Path, cli: Cli) -> None:
    assert cli("trust", "check", "--trust", root_pem).returncode == 0
    leaf = pki.leaf(pki.root(), begins=-10 * pki.DAY, lasts=5 * pki.DAY)
    root_pem.write_text(root_pem.read_text() + leaf.pem + leaf.pem)
    done = cli("trust", "check", "--trust", root_pem)
    assert done.returncode == 1
    for said in ("has ended", "is not that of a CA", "is in the list twice"):
        assert said in done.stdout
    old = time.time() - 100 * 86400
    os.utime(root_pem, (old, old))
    assert "is 100 days old" in cli("trust", "check", "--trust", root_pem).stdout


def test_nothing_named_is_a_wrong_request(cli: Cli) -> None:
    assert cli("trust", "show").returncode == 2


def test_official_lists_come_from_files_that_the_user_fetched(
    media: Path, tmp_path: Path, root_pem: Path, cli: Cli
) -> None:
    config = tmp_path / "config"
    missing = cli("verify", media / "cover.jpg", "--trust", "c2pa", XDG_CONFIG_HOME=str(config))
    assert missing.returncode == 2
    assert "C2PA-TRUST-LIST.pem" in missing.stderr
    assert "https://github.com/c2pa-org/conformance-public" in missing.stderr
    folder = config / "provlabel" / "trust"
    folder.mkdir(parents=True)
    for name in ("C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem"):
        (folder / name).write_text(root_pem.read_text())
    done = cli("verify", media / "cover.jpg", "--trust", "c2pa", "--format", "json", XDG_CONFIG_HOME=str(config))
    assert [item["purpose"] for item in json.loads(done.stdout)["anchors"]] == ["manifest", "timestamp"]


def test_a_leaf_can_be_trusted_by_itself(
    media: Path, label: Label, signer: Signer, credential: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    out = media / "out.jpg"
    label_file(media / "cover.jpg", out, label, signer, sandbox=sandbox)
    leaves = TrustStore.load(credential / "chain.pem", leaves=True)
    assert verify_file(out, trust=leaves, sandbox=sandbox).files[0].state == "trusted"
    other = open_signer(pki.write(tmp_path / "other", pki.leaf(pki.root())))
    label_file(media / "take.wav", media / "out.wav", label, other, sandbox=sandbox)
    assert verify_file(media / "out.wav", trust=leaves, sandbox=sandbox).files[0].state == "valid"
    with pytest.raises(ConfigError, match="leaves cannot be trusted"):
        TrustStore.load(credential / "chain.pem", leaves=True, purpose="timestamp")


def test_a_certificate_in_two_lists_counts_for_both(
    media: Path, label: Label, signer: Signer, credential: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    out = media / "out.jpg"
    label_file(media / "cover.jpg", out, label, signer, sandbox=sandbox)
    root = credential / "root.pem"
    both = tmp_path / "both.pem"
    both.write_text(root.read_text() + pki.root("Second").pem)
    for first, second in (("manifest", "timestamp"), ("timestamp", "manifest")):
        store = TrustStore.load(root, purpose=first) + TrustStore.load(both, purpose=second)  # type: ignore[arg-type]
        assert verify_file(out, trust=store, sandbox=sandbox).files[0].state == "trusted"
    clocks = TrustStore.load(root, purpose="timestamp") + TrustStore.load(both, purpose="identity")
    assert verify_file(out, trust=clocks, sandbox=sandbox).files[0].axes.signer == "no-anchors"
