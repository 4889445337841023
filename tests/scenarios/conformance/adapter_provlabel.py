"""Adapter: the real command line of provlabel, one process for each vector."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_OPTIONS = {
    "trust": "--trust",
    "trust_leaf": "--trust-leaf",
    "tsa_trust": "--tsa-trust",
    "identity_trust": "--identity-trust",
    "policy": "--policy",
}


def answer(folder: Path, home: str) -> dict[str, Any]:
    given = json.loads((folder / "expected.json").read_text())["given"]
    args = ["verify", str(folder / given["file"]), "--format", "json"]
    for name, option in _OPTIONS.items():
        args += [option, str(folder / given[name])] if name in given else []
    args += ["--at", given["at"]] if "at" in given else []
    args += [part for oid in given.get("ekus", ()) for part in ("--eku", oid)]
    for name in ("at", "identity_issuer"):
        args += [f"--{name.replace('_', '-')}", given[name]] if name in given else []
    args += ["--require-revocation"] if given.get("require_revocation") else []
    env = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        [sys.executable, "-m", "provlabel", *args], capture_output=True, text=True, cwd=home, env=env, check=False
    )
    if done.returncode not in (0, 1):
        return {"exit": done.returncode}
    [found] = json.loads(done.stdout)["files"]
    rules = sorted({item["rule"] for item in found["findings"]})
    return {"exit": done.returncode, "state": found["state"], "axes": found["axes"], "rules": rules}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        for name in sys.argv[1:]:
            print(json.dumps(answer(Path(name).resolve(), home)), flush=True)
