"""Read ``provlabel.toml``, strictly: a policy that is misspelt asks for less than its author thinks."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from provlabel._support.files import open_regular
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import ConfigError, InputError
from provlabel.policy.faults import require_no_faults
from provlabel.policy.gate import Enforced
from provlabel.policy.records import FileRef, Policy
from provlabel.report import PolicyInfo
from provlabel.trust.anchors import TrustStore

#: The name under which a policy is found.
NAME = "provlabel.toml"
MAX_FILE = 1 << 20  # bytes; a large policy has a few thousand lines
MAX_EXTENDS = 8  # policies above each other
MAX_POLICIES = 64  # and in all, one that several extend counted each time
MAX_DEPTH = 32  # tables and lists in each other; a policy has four


class LoadedPolicy(NamedTuple):
    """A policy in force, and the anchors that it names."""

    enforced: Enforced
    trust: TrustStore


class _Document(NamedTuple):
    path: Path
    data: dict[str, Any]
    info: PolicyInfo
    refs: tuple[tuple[str, FileRef], ...]  #: the files that it names, and where


def load_policy(path: Path | str, *, pin: str | None = None, found: bool = False) -> LoadedPolicy:
    """Read a policy and what it extends, to be put in force and to be trusted.

    ::

        loaded = load_policy("provlabel.toml")
        verify_paths(["release"], policy=loaded.enforced, trust=loaded.trust)

    Args:
        path: the file.
        pin: SHA-256 that it has to have; each file that it names then needs one too.
        found: nobody gave it, so it may only tighten: anchors, exceptions and lower levels do not count.

    Raises:
        ConfigError: it cannot be read, does not follow its schema, asks for nothing or for what cannot be,
            or does not have the SHA-256 that was asked for.
    """
    documents = tuple(itertools.islice(_chain(path_of(path), pin, pin is not None, 0), MAX_POLICIES + 1))
    if len(documents) > MAX_POLICIES:
        raise ConfigError(f"{printable(str(path))}: extends more than {MAX_POLICIES} policies")
    data: dict[str, Any] = {}
    for document in reversed(documents):
        data = _merged(data, document.data)
    policy = msgspec.convert({**data, "extends": ()}, Policy)
    infos = [
        msgspec.structs.replace(document.info, source="extended" if index else "given")
        for index, document in enumerate(documents)
    ]
    if found:
        policy, ignored = _tightening(policy)
        infos = [msgspec.structs.replace(info, source="found", ignored=ignored) for info in infos]
        return LoadedPolicy(Enforced(policy, tuple(infos)), TrustStore())
    also = TrustStore(issuers=policy.trust.issuers).accepting(*policy.trust.ekus)
    trust = _trust(documents) + also
    return LoadedPolicy(Enforced(policy, tuple(infos)), trust)


# --- reading ---------------------------------------------------------------------------------------


def _chain(path: Path, pin: str | None, pinned: bool, depth: int) -> Iterator[_Document]:
    """Yield the policy and, after it, those that it extends."""
    if depth > MAX_EXTENDS:
        raise ConfigError(f"{printable(str(path))}: policies extend each other without end")
    document = _read(path, pin)
    for place, ref in document.refs:
        if pinned and ref.sha256 is UNSET:
            raise ConfigError(
                f"{printable(str(path))}: {place}: {printable(ref.path)} has no sha256, though the policy is pinned",
                hint='name it as { path = "…", sha256 = "…" }, or whoever can change it can change what passes',
            )
    yield document
    for place, ref in reversed(document.refs):
        if place == "extends":
            yield from _chain(path_of(ref.path), ref.sha256 or None, pinned, depth + 1)


def _read(path: Path, pin: str | None) -> _Document:
    shown = printable(str(path))
    try:
        with open_regular(path) as stream:
            raw = stream.read(MAX_FILE + 1)
    except InputError as exc:
        raise ConfigError(str(exc), hint="write a first one with: provlabel verify PATH --init-policy") from exc
    digest = hashlib.sha256(raw).hexdigest()
    if pin is not None and digest != pin:  # what it has is not shown: a policy that is found can name any file
        raise ConfigError(f"{shown}: has not the SHA-256 {printable(pin)}", hint="see what changed: sha256sum FILE")
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{shown}: larger than {MAX_FILE:,} bytes")
    try:
        text = raw.decode("utf-8")
        if _DEEP.search(text):
            raise ValueError(f"a name of more than {MAX_DEPTH} parts")
        data = _plain(msgspec.toml.decode(text))
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{shown}: is no text in UTF-8, so no policy", hint=_SHAPE) from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{shown}: is no TOML: {_lower(printable(str(exc), 500))}", hint=_SHAPE) from exc
    require_no_faults(data, shown, text)
    resolved = _resolved(data, path.parent)
    info = PolicyInfo(name=shown, sha256=digest, source="given")
    return _Document(path, resolved, info, tuple(_refs(resolved)))


_SHAPE = "a policy is a TOML file; write a first one with: provlabel verify PATH --init-policy"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


#: A dotted name that takes the reader of TOML longer than any policy is worth.
_PART = r"""[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'"""
_DEEP = re.compile(rf"(?:\.[ \t]*(?:{_PART})[ \t]*){{{MAX_DEPTH}}}")


def _plain(value: Any, depth: int = 0) -> Any:
    """TOML has dates of its own; the schema knows them as text."""
    if depth > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} tables and lists in each other")
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value


def _resolved(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return ``data`` with every path of a file made one that counts from here."""

    def of(refs: list[Any]) -> list[dict[str, str]]:
        named = [ref if isinstance(ref, dict) else {"path": ref} for ref in refs]
        return [{**ref, "path": str(folder / ref["path"])} for ref in named]

    changed = {"extends": of(data["extends"])} if "extends" in data else {}
    if "trust" in data:
        changed["trust"] = {  # type: ignore[assignment]
            key: of(values) if key in _LISTS else values for key, values in data["trust"].items()
        }
    return {**data, **changed}


def _refs(data: dict[str, Any]) -> Iterator[tuple[str, FileRef]]:
    named = [("extends", ref) for ref in data.get("extends", ())]
    lists = {key: refs for key, refs in data.get("trust", {}).items() if key in _LISTS}
    named += [(f"trust.{key}", ref) for key, refs in lists.items() for ref in refs]
    yield from ((place, msgspec.convert(ref, FileRef)) for place, ref in named)


#: What ``[trust]`` names as files.
_LISTS = frozenset({"anchors", "leaves", "timestamp", "identity"})
#: Lists to which a policy adds what it extends; everything else it replaces.
_ADDED = frozenset(
    {
        *("fields", "forbid", "laws", "allow", "signers", "exceptions", "corrections_by"),
        *(*_LISTS, "ekus", "issuers"),
    }
)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = {**base, **over}
    for key in base.keys() & over.keys():
        if key in _ADDED:
            merged[key] = [*base[key], *over[key]]
        elif isinstance(base[key], dict) and isinstance(over[key], dict):
            merged[key] = _merged(base[key], over[key])
    return merged


def _trust(documents: tuple[_Document, ...]) -> TrustStore:
    store = TrustStore()
    for document in documents:
        for place, ref in document.refs:
            if place != "extends":
                store += _anchors(place.removeprefix("trust."), ref)
    return store


def _anchors(key: str, ref: FileRef) -> TrustStore:
    try:
        if key in ("anchors", "leaves"):
            store = TrustStore.load(ref.path, leaves=key == "leaves")
        else:
            store = TrustStore.load(ref.path, purpose=key)  # type: ignore[arg-type]
    except InputError as exc:
        raise ConfigError(str(exc), hint="the path counts from the policy that names it") from exc
    digest = store.lists[0].sha256
    if ref.sha256 is not UNSET and digest != ref.sha256:
        raise ConfigError(f"{printable(ref.path)}: has the SHA-256 {digest}, where the policy wants {ref.sha256}")
    return store


def _tightening(policy: Policy) -> tuple[Policy, tuple[str, ...]]:
    """Return what counts of a policy that was merely found, and what does not."""
    lowered = {rule: level for rule, level in policy.levels.items() if level != "error"}
    parts = (
        ("anchors", any(getattr(policy.trust, name) for name in _LISTS)),
        ("purposes", bool(policy.trust.ekus)),
        ("issuers", bool(policy.trust.issuers)),
        ("exceptions", bool(policy.exceptions)),
        ("corrections", bool(policy.about_label.corrections_by)),
        ("lowered levels", bool(lowered)),
    )
    replace = msgspec.structs.replace
    raised = {rule: level for rule, level in policy.levels.items() if rule not in lowered}
    label = replace(policy.about_label, corrections_by=())
    kept = replace(policy, levels=raised, exceptions=(), trust=type(policy.trust)(), label=label)
    return kept, tuple(name for name, there in parts if there)
