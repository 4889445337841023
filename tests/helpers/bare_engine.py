"""The engine without provlabel around it, and a signer of ten lines."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from provlabel import Label, engine
from provlabel.label import signed_label
from provlabel.label.vocabularies import IPTC
from provlabel.manifest.write import definition
from provlabel.signers import Signer

JPEG = "image/jpeg"


def sign(
    content: bytes,
    signer: Signer,
    made: dict[str, Any] | None = None,
    tsa: bytes | None = None,
    parts: Mapping[str, bytes] = {},
    **settings: Any,
) -> bytes:
    """Sign with the bare engine, so that tests can make what provlabel never would.

    ``parts`` are JPEG ingredients, each by the name of its relationship.
    """
    c2pa = engine.binding()
    base = engine.settings()
    for group, values in settings.items():
        base[group] |= values
    label = Label(kind="ai_generated")
    made = made or definition(label, signed_label(label), has_parent=False).manifest
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(base)))
    for relationship, part in parts.items():
        named = {"relationship": relationship, "label": relationship, "title": relationship}
        builder.add_ingredient(json.dumps(named), JPEG, io.BytesIO(part))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), tsa)
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), JPEG, io.BytesIO(content), dest)
    return dest.getvalue()


def opened(content: bytes, signer: Signer, parts: Mapping[str, bytes]) -> bytes:
    """Sign as a tool that says nothing of AI, and that opened or placed what others had signed."""
    actions: list[dict[str, Any]] = [
        {"action": "c2pa.opened" if name == "parentOf" else "c2pa.placed", "parameters": {"ingredientIds": [name]}}
        for name in parts
        if name != "inputTo"
    ]
    if "parentOf" not in parts:
        actions.insert(0, {"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCapture"})
    stated = {"label": "c2pa.actions.v2", "data": {"actions": actions}, "created": True}
    made = {"assertions": [stated], "claim_generator_info": [{"name": "other"}]}
    return sign(content, signer, made, parts=parts)


def read_with(content: bytes, settings: dict[str, Any]) -> Any:
    c2pa = engine.binding()
    return c2pa.Reader(JPEG, io.BytesIO(content), context=c2pa.Context.from_json(json.dumps(settings)))


class Callback:
    """A signer of ten lines: our protocol is all that it knows."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.algorithm = inner.algorithm
        self.chain_pem = inner.chain_pem

    def sign(self, data: bytes) -> bytes:
        return bytes(self.inner.sign(data))
