"""docs/policy.md: its policy is loaded, its commands are run, and what it prints is what is printed."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from project import DOCS, Cli
from provlabel import Label, label_file
from provlabel.policy import load_policy
from provlabel.policy.gate import FORBIDDEN
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

TEXT = (DOCS / "policy.md").read_text()


@pytest.fixture
def tree(tmp_path: Path, media: Path, credential: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Path:
    """A repository with what the page speaks of."""
    top = tmp_path / "repository"
    for folder in ("anchors", "policies", "release", ".git"):
        (top / folder).mkdir(parents=True)
    for name in ("root.pem", "tsa.pem"):
        shutil.copy(credential / "root.pem", top / "anchors" / name)
    (top / "policies" / "company.toml").write_text('schema = "policy-v1"\nfields = ["systems"]\n')
    label_file(media / "cover.jpg", top / "release" / "cover.jpg", label, signer, sandbox=sandbox)
    return top


def test_the_policy_of_the_page_can_be_loaded(tree: Path) -> None:
    whole, corrections = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tree / "provlabel.toml").write_text(corrections)
    assert load_policy(tree / "provlabel.toml").enforced.policy.about_label.corrections_by
    (tree / "provlabel.toml").write_text(whole)
    loaded = load_policy(tree / "provlabel.toml")
    policy = loaded.enforced.policy
    # Whatever a policy can say is shown there.
    assert all(getattr(policy, name) != () for name in policy.__struct_fields__ if name != "extends")
    assert set(policy.forbid) == set(FORBIDDEN)
    assert [item.purpose for item in loaded.trust.lists] == ["manifest", "timestamp"]


def test_the_commands_of_the_page(tree: Path, cli: Cli) -> None:
    blocks = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        fault = "error:" in block
        if fault:
            (tree / "provlabel.toml").write_text('schema = "policy-v1"\n\nstates = ["trustd"]\nlable = true\n')
        shown: list[str] = []
        for line in block.splitlines():
            if not line.startswith("$ provlabel "):
                shown.append(line)
                continue
            digest = hashlib.sha256((tree / "provlabel.toml").read_bytes()).hexdigest() if "POLICY" in line else ""
            args = line.removeprefix("$ provlabel ").replace('"$POLICY_SHA256"', digest).split()
            done = cli(*args, *(["--trust", "anchors/root.pem"] if "--trust" not in args else []), cwd=tree)
            assert done.returncode == (2 if fault else 0), done
        printed = (done.stdout + done.stderr).strip()
        assert not shown or printed == "\n".join(shown).strip()
        if fault:
            (tree / "provlabel.toml").unlink()
            (tree / "provlabel.toml").write_text('schema = "policy-v1"\nlabel = true\n')
