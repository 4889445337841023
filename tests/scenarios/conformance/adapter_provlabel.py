"""Adapter: provlabel's library in this process, which says what its command line says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from asking import at_of
from provlabel import Revocation, TrustStore, __version__, verify_paths
from provlabel.cli.verify import exit_code
from provlabel.policy import Gate, Policy, load_policy
from provlabel.sandbox import Sandbox

_PURPOSES = {"trust": "manifest", "tsa_trust": "timestamp", "identity_trust": "identity"}
#: States of provlabel's own, in C2PA's.
_STATES = {"unsigned": "none", "remote": "none", "unreadable": "invalid"}


def versions() -> str:
    return f"provlabel {__version__}"


def answer(vector: dict[str, Any], folder: Path, sandbox: Sandbox | None = None) -> dict[str, Any]:
    """Verify with the anchors of the vector alone; ``provlabel`` in the answer is what it says in its own words."""
    given = {**vector, **vector["provlabel"]["given"]}
    trust = TrustStore()
    for name, purpose in _PURPOSES.items():
        if name in given and (folder / given[name]).stat().st_size:
            trust += TrustStore.load(folder / given[name], purpose=purpose)
    if "trust_leaf" in given:
        trust += TrustStore.load(folder / given["trust_leaf"], leaves=True)
    trust = trust.accepting(*given.get("ekus", ()))
    if "identity_issuer" in given:
        trust += TrustStore(issuers=(given["identity_issuer"],))
    at = at_of(vector)
    report = verify_paths(
        [folder / given["file"]],
        trust=trust,
        policy=_gate_of(given, folder),
        at=dt.datetime.fromisoformat(at.replace("Z", "+00:00")) if at else None,
        revocation=Revocation(),
        **({"sandbox": sandbox} if sandbox else {}),
    )
    [found] = report.files
    axes = {name: getattr(found.axes, name) for name in found.axes.__struct_fields__}
    axes["label"] = list(found.axes.label)
    return said_of(exit_code(report), found.state, axes, sorted({item.rule for item in found.findings}))


def said_of(exit_: int, state: str, axes: dict[str, Any], rules: list[str]) -> dict[str, Any]:
    """Return an answer, in C2PA's words and in provlabel's own."""
    ours = {"exit": exit_, "state": state, "axes": axes, "rules": rules}
    return {"state": _STATES.get(state, state), "said": state, "provlabel": ours}


def _gate_of(given: dict[str, Any], folder: Path) -> Gate:
    """Return what the file must be to pass: a policy of its own, or the default."""
    if "policy" in given:
        return Gate(first=load_policy(folder / given["policy"]).enforced)
    return Gate.of(Policy(revocation=bool(given.get("require_revocation"))))
