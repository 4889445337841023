"""Lists of anchors: each for its purpose, named with source, age and digest, and looked at by a command."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator

import pki
from project import ROOT, Cli
from provlabel import ConfigError, InputError, Label, TrustStore, label_file, open_signer, verify_file
from provlabel.report.renderers.json import to_json
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
    assert "run: provlabel trust fetch c2pa" in missing.stderr
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


def test_anchors_have_the_name_that_was_given(
    credential: Path, media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """A report and an error about what lay in scratch or in memory tell no path of the machine."""
    out = media / "out.jpg"
    label_file(media / "cover.jpg", out, label, signer, sandbox=sandbox)
    root = credential / "root.pem"
    stores = (
        TrustStore.load(root, name="our anchors"),
        TrustStore.of_pem(root.read_bytes(), name="our anchors"),
        TrustStore.of_pem(root.read_bytes()),
    )
    reports = [verify_file(out, trust=store, sandbox=sandbox) for store in stores]
    assert [report.files[0].state for report in reports] == ["trusted"] * 3
    [loaded], [given], [unnamed] = (report.anchors for report in reports)
    assert (loaded.name, given.name, unnamed.name) == ("our anchors", "our anchors", "bytes")
    assert loaded.sha256 == given.sha256
    assert loaded.date
    assert given.date is given.age_days is None, "nobody knows"
    assert str(credential) not in to_json(reports[0])
    Draft202012Validator(json.loads((ROOT / "schemas" / "report-v1.json").read_text())).validate(
        json.loads(to_json(reports[1]))
    )


def test_when_a_list_in_memory_was_changed_can_be_told(credential: Path) -> None:
    at = dt.datetime(2026, 11, 20, tzinfo=dt.timezone.utc)
    store = TrustStore.of_pem((credential / "root.pem").read_bytes(), changed=at)
    [named] = store.named(at + dt.timedelta(days=10))
    assert (named.date, named.age_days) == ("2026-11-20T00:00:00Z", 10)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"no list", "our anchors: holds no PEM certificate"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "our anchors: certificate 1 is damaged"),
        (b" " * (8 << 20) + b" ", "our anchors: larger than 8,388,608 bytes"),
    ],
)
def test_an_error_calls_anchors_by_the_name_that_was_given(content: bytes, text: str, tmp_path: Path) -> None:
    (tmp_path / "scratch").write_bytes(content)
    with pytest.raises(ConfigError) as loaded:
        TrustStore.load(tmp_path / "scratch", name="our anchors")
    with pytest.raises(ConfigError) as given:
        TrustStore.of_pem(content, name="our anchors")
    assert str(loaded.value) == str(given.value) == text
    with pytest.raises(InputError, match=r"^our anchors: no such file or directory$"):
        TrustStore.load(tmp_path / "missing", name="our anchors")
