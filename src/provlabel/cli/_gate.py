"""Which policies are in force: the one that was given, one that is found, and a baseline."""

from __future__ import annotations

import os
from pathlib import Path

from provlabel._support.files import reason
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import InputError, UsageError
from provlabel.policy import BUILTIN, Enforced, Gate, LoadedPolicy, Policy, load_baseline, load_policy
from provlabel.policy.loading import NAME
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.targets import repository_of


def gate_from(
    given: str | None, pin: str | None, baseline: Path | None, root: Path | None, revocation: bool, accept: bool
) -> tuple[Gate, TrustStore]:
    """Load what is in force, and the anchors that a given policy names.

    Patterns count from ``root``; by default from the top of the repository, or the working directory.
    A ``provlabel.toml`` that is found can only tighten: it may come from whoever is to be judged.  All that
    are found count, so that none hides one above it.  One of our own policies, asked for by name, stands alone.
    """
    here = _here()
    top = _root(root) if root is not None else repository_of(here) or here
    first, trust = _given(given, pin)
    found = [] if given in BUILTIN else _found(here, top)
    others = [load_policy(path, found=True).enforced for path in found if not _same(path, given)]
    if revocation:
        wanted = Policy(
            name="--require-revocation", states=("trusted", "valid", "unsigned", "remote"), label=False, revocation=True
        )
        others.append(Enforced.of(wanted, "option"))
    if accept and baseline is None:
        raise UsageError("--accept is about what a baseline knows, and there is none", hint="add --baseline JSON")
    known = load_baseline(baseline, accept=accept) if baseline is not None else None
    return Gate(first=first, others=tuple(others), baseline=known, root=top), trust


def _given(given: str | None, pin: str | None) -> LoadedPolicy:
    if given is None or given in BUILTIN:
        if pin is not None:
            raise UsageError("--policy-sha256 pins the file of a policy", hint="add --policy FILE")
        name = given or "default"
        return LoadedPolicy(Enforced.of(BUILTIN[name], "given" if given else "default"), TrustStore())
    return load_policy(path_of(given), pin=pin)


def _root(given: Path) -> Path:
    if not given.is_dir():
        raise UsageError(f"--root {printable(str(given))}: is no folder", hint="name where the patterns begin")
    return Path(os.path.abspath(given))  # noqa: PTH100 - resolve would follow links


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as exc:
        raise InputError(f"the working directory: {reason(exc)}", hint="change to a folder that is there") from exc


def _found(here: Path, top: Path) -> list[Path]:
    """Look for policies upward from the working directory to the top of the repository."""
    folders = [folder for folder in (here, *here.parents) if folder == top or top in folder.parents]
    return [folder / NAME for folder in folders if os.path.lexists(folder / NAME)]


def _same(found: Path, given: str | None) -> bool:
    try:
        return given is not None and os.path.samefile(found, given)  # noqa: PTH121
    except OSError:
        return False  # a link to nowhere; reading it says so
