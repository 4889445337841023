"""One vector, judged in this process; and what differs between an answer and what must come out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provlabel import Revocation, TrustStore, verify_paths
from provlabel._times import read as read_time
from provlabel.cage import Cage
from provlabel.cli.verify import exit_code
from provlabel.policy import Gate, Policy, load_policy

_PURPOSES = {"tsa_trust": "timestamp", "identity_trust": "identity"}


def judge(folder: Path, cage: Cage) -> dict[str, Any]:
    """Return exit code, state, axes and codes of findings, as ``provlabel verify`` comes to them."""
    given = json.loads((folder / "expected.json").read_text())["given"]
    trust = TrustStore.load(folder / given["trust"]) if given["trust"] else TrustStore()
    if "trust_leaf" in given:
        trust += TrustStore.load(folder / given["trust_leaf"], leaves=True)
    for name, purpose in _PURPOSES.items():
        if name in given:
            trust += TrustStore.load(folder / given[name], purpose=purpose)
    at = given.get("at")
    report = verify_paths(
        [folder / given["file"]],
        trust=trust,
        policy=gate_of(folder, given),
        at=read_time(at) if at else None,
        revocation=Revocation(),
        laws=given.get("law", ()),
        cage=cage,
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


def differences(expected: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """Return what of ``answer`` is not as expected; what is not answered is not compared."""
    wrong = []
    if answer["exit"] != expected["exit"]:
        wrong.append(f"exit {answer['exit']}, not {expected['exit']}")
    if "state" in answer and not fits(answer["state"], expected["state"]):
        wrong.append(f"state {answer['state']}, not {expected['state']}")
    for axis, value in answer.get("axes", {}).items():
        if not fits(value, expected["axes"][axis]):
            wrong.append(f"{axis} {value}, not {expected['axes'][axis]}")
    if "rules" in answer:
        wrong += [f"without {code}" for code in expected["must"] if code not in answer["rules"]]
        wrong += [f"with {code}" for code in expected["never"] if code in answer["rules"]]
    return wrong


def fits(value: Any, wanted: Any) -> bool:
    """Is ``value`` what is wanted?  A set, as of ``label``, is written with spaces; a list is a choice."""
    said = " ".join(value) if isinstance(value, list) else value
    return said in ([wanted] if isinstance(wanted, str) else wanted)
