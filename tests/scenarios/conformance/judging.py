"""One vector, judged by provlabel in this process: what its command line says, without the price of a process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provlabel import Revocation, TrustStore, verify_paths
from provlabel._support.times import read as read_time
from provlabel.cli.verify import exit_code
from provlabel.policy import Gate, Policy, load_policy
from provlabel.sandbox import Sandbox

_PURPOSES = {"tsa_trust": "timestamp", "identity_trust": "identity"}


def judge(folder: Path, sandbox: Sandbox) -> dict[str, Any]:
    """Return exit code, state, axes and codes of findings, as ``provlabel verify`` comes to them."""
    given = json.loads((folder / "expected.json").read_text())["given"]
    trust = TrustStore.load(folder / given["trust"]) if given["trust"] else TrustStore()
    if "trust_leaf" in given:
        trust += TrustStore.load(folder / given["trust_leaf"], leaves=True)
    for name, purpose in _PURPOSES.items():
        if name in given:
            trust += TrustStore.load(folder / given[name], purpose=purpose)
    trust = trust.accepting(*given.get("ekus", ()))
    if "identity_issuer" in given:
        trust += TrustStore(issuers=(given["identity_issuer"],))
    at = given.get("at")
    report = verify_paths(
        [folder / given["file"]],
        trust=trust,
        policy=gate_of(folder, given),
        at=read_time(at) if at else None,
        revocation=Revocation(),
        laws=given.get("law", ()),
        sandbox=sandbox,
    )
    [found] = report.files
    axes = {name: getattr(found.axes, name) for name in found.axes.__struct_fields__}
    return {
        "exit": exit_code(report),
        "state": found.state,
        "engine": found.engine_state,
        "axes": {**axes, "label": list(found.axes.label)},
        "rules": sorted({item.rule for item in found.findings}),
    }


def gate_of(folder: Path, given: dict[str, Any]) -> Gate:
    """Return what the file must be to pass: a policy of its own, or the default."""
    if "policy" in given:
        return Gate(first=load_policy(folder / given["policy"]).enforced)
    return Gate.of(Policy(revocation=bool(given.get("require_revocation"))))
