"""Adapter: the real command line of provlabel, one process for each vector."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from adapter_provlabel import said_of
from asking import at_of

_OPTIONS = {
    "trust": "--trust",
    "trust_leaf": "--trust-leaf",
    "tsa_trust": "--tsa-trust",
    "identity_trust": "--identity-trust",
    "policy": "--policy",
}


def answer(vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Verify as a user does, in an empty home."""
    given = {**vector, **vector["provlabel"]["given"]}
    args = ["verify", str(folder / given["file"]), "--format", "json"]
    for name, option in _OPTIONS.items():
        args += [option, str(folder / given[name])] if name in given else []
    args += [part for oid in given.get("ekus", ()) for part in ("--eku", oid)]
    at = at_of(vector)
    args += ["--at", at] if at else []
    args += ["--identity-issuer", given["identity_issuer"]] if "identity_issuer" in given else []
    args += ["--require-revocation"] if given.get("require_revocation") else []
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        done = subprocess.run(
            [sys.executable, "-m", "provlabel", *args], capture_output=True, text=True, cwd=home, env=env, check=False
        )
    if done.returncode not in (0, 1):
        return {"said": f"exit code {done.returncode}"}
    [found] = json.loads(done.stdout)["files"]
    rules = sorted({item["rule"] for item in found["findings"]})
    return said_of(done.returncode, found["state"], found["axes"], rules)
