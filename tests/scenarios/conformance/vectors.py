"""What a vector is, what its verdict must be, and the bench that all vectors are made on."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pki
from project import MEDIA
from provlabel import Label, Provider, System, engine, label_bytes, label_file, open_signer
from provlabel.label import signed_label
from provlabel.manifest.write import definition
from provlabel.sandbox import Sandbox
from provlabel.signers import LocalKey, Signer
from stores import Hand, Store

#: What an axis must be; several where the specification leaves the choice.
Wanted = str | tuple[str, ...]
#: The axes of a good file that AI made, signed by somebody trusted, without a timestamp.
SOUND: dict[str, Wanted] = {
    "content": "intact",
    "label": "present",
    "signer": "trusted",
    "time": "claimed",
    "revocation": "not-checked",
    "history": "none",
    "identity": "none",
}
#: Those of a file that says nothing, because it has no manifest or cannot be read.
SILENT: dict[str, Wanted] = {
    **SOUND,
    "content": "not-applicable",
    "label": "none",
    "signer": "not-applicable",
    "time": "none",
}


class Expected(NamedTuple):
    """The verdict that the specification and our rules ask for."""

    exit: int
    state: Wanted
    axes: Mapping[str, Wanted]
    must: tuple[str, ...] = ()  #: codes of findings
    never: tuple[str, ...] = ()


class Vector(NamedTuple):
    """One case: files, how they are judged, and what must come out."""

    name: str  #: GROUP/CASE, also the folder
    title: str
    source: str  #: of the attack or the rule: a row of our abuse list, a CVE or PR, a section of C2PA
    axis: str  #: what it is about
    files: Mapping[str, bytes]  #: the first is judged
    expected: Expected
    given: Mapping[str, Any] = {}  #: inputs besides ``anchors.pem``: names of files, ``at``, flags


def passes(*must: str, never: tuple[str, ...] = (), **axes: Wanted) -> Expected:
    """It is trusted and passes the default policy."""
    return Expected(0, "trusted", {**SOUND, **axes}, must, never)


def fails(state: Wanted, *must: str, **axes: Wanted) -> Expected:
    """It must not pass; axes that are not named must be as in a good file."""
    return Expected(1, state, {**SOUND, **axes}, must)


def unsigned(*must: str) -> Expected:
    return Expected(1, "unsigned", SILENT, must)


def unreadable(*must: str) -> Expected:
    return Expected(1, "unreadable", {**SILENT, "content": "unreadable"}, must)


def refused(*must: str, **axes: Wanted) -> Expected:
    """It must not pass; whether it is unreadable or read and found altered, the specification leaves open."""
    both = {axis: tuple(dict.fromkeys(_all(SOUND[axis]) + _all(SILENT[axis]))) for axis in SOUND}
    broken = ("altered", "not-fully-bound", "unreadable")
    return Expected(1, ("invalid", "unreadable"), {**both, "content": broken, **axes}, must)


def _all(wanted: Wanted) -> tuple[str, ...]:
    return (wanted,) if isinstance(wanted, str) else wanted


Group = Callable[["Bench"], Iterator[Vector]]
STILL = "still.png"


class Bench:
    """Keys, media and signed files that vectors are made of; everything is thrown away with its folder."""

    def __init__(self, folder: Path, seed: int, sandbox: Sandbox) -> None:
        self.folder, self.seed, self.sandbox = folder, seed, sandbox
        self.root = pki.root("Conformance Root")
        self.leaf = pki.leaf(self.root, common="Conformance Signer")
        self.hand = Hand.of(self.leaf)
        self.signer = self.opened("signer", self.leaf)
        self.label = Label(
            kind="ai_generated",
            systems=(System(name="AcmeSynth", version="2.1.0"),),
            provider=Provider(name="Acme Audio Ltd"),
            event_time="2026-11-22T10:00:00Z",
        )

    def chance(self, *names: object) -> random.Random:
        """Return chance of its own for each name, so that no vector moves another."""
        return random.Random(":".join(map(str, (self.seed, *names))))

    def opened(self, name: str, *issued: pki.Issued) -> Signer:
        """Return a signer with these certificates, without asking whether they are any good."""
        uri = pki.write(self.folder / name, issued[0])
        (self.folder / name / "chain.pem").write_text("".join(one.pem for one in issued))
        return open_signer(uri, check=False)

    @cached_property
    def stranger(self) -> Hand:
        """Somebody whose certificate says what the good signer's says, by a CA of the same name."""
        return Hand.of(pki.leaf(pki.root("Conformance Root"), common="Conformance Signer"))

    @cached_property
    def png(self) -> bytes:
        return (MEDIA / STILL).read_bytes()

    @cached_property
    def jpeg(self) -> bytes:
        return (MEDIA / "cover.jpg").read_bytes()

    def sign(self, content: bytes, label: Label | None = None, signer: Signer | None = None, **how: Any) -> bytes:
        """Label as provlabel does."""
        return label_bytes(content, label or self.label, signer or self.signer, sandbox=self.sandbox, **how)[0]

    @cached_property
    def signed_png(self) -> bytes:
        return self.sign(self.png)

    @cached_property
    def _template(self) -> bytes:
        return self.beside(STILL, self.png)[f"{STILL}.c2pa"]

    def store(self) -> Store:
        """Return a store of its own for the bare PNG, beside which it lies, to be changed."""
        return Store(self._template)

    def detached(self, store: bytes, content: bytes | None = None) -> dict[str, bytes]:
        """Return the PNG, and ``store`` beside it."""
        return {STILL: self.png if content is None else content, f"{STILL}.c2pa": store}

    def beside(self, name: str, content: bytes, **how: Any) -> dict[str, bytes]:
        """Return the file as it is, and its manifest beside it."""
        path = self.folder / name
        path.write_bytes(content)
        label_file(path, path, self.label, self.signer, detached=True, sandbox=self.sandbox, **how)
        return {name: content, f"{name}.c2pa": path.with_name(f"{name}.c2pa").read_bytes()}

    def definition(self, label: Label | None = None, **how: Any) -> dict[str, Any]:
        """Return the definition of a manifest that provlabel would sign, to be spoilt."""
        label = label or self.label
        how.setdefault("has_parent", False)
        return definition(label, signed_label(label), **how).manifest

    def by_engine(
        self,
        content: bytes,
        made: dict[str, Any] | None = None,
        mime: str = "image/png",
        *,
        parts: Mapping[str, bytes] = {},
        signer: Signer | None = None,
        settings: Callable[[dict[str, Any]], Any] = lambda settings: None,
        prepare: Callable[[Any], Any] = lambda builder: None,
    ) -> bytes:
        """Sign with the bare engine, which signs what provlabel never would.

        ``parts`` are ingredients, by label: the first one the parent when its label is ``parent``.
        """
        c2pa = engine.binding()
        wanted = engine.settings()
        wanted["verify"]["verify_after_sign"] = False
        settings(wanted)
        builder = c2pa.Builder(json.dumps(made or self.definition()), c2pa.Context.from_json(json.dumps(wanted)))
        for label, part in parts.items():
            relationship = "parentOf" if label.startswith("parent") else "componentOf"
            said = {"relationship": relationship, "label": label, "title": label}
            builder.add_ingredient(json.dumps(said), _mime(part), io.BytesIO(part))
        prepare(builder)
        held = signer or self.signer
        assert isinstance(held, LocalKey)
        info = c2pa.C2paSignerInfo(held.algorithm.encode(), held.chain_pem.encode(), held.private_key_pem(), None)
        dest = io.BytesIO()
        builder.sign(c2pa.Signer.from_info(info), mime, io.BytesIO(content), dest)
        return dest.getvalue()


def _mime(content: bytes) -> str:
    return "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"


def assertion(made: dict[str, Any], name: str) -> Any:
    """Return the data of an assertion of a definition."""
    return next(item for item in made["assertions"] if item["label"] == name)["data"]
