"""The engine without provlabel around it, and a signer of ten lines."""

from __future__ import annotations

import io
import json
from typing import Any

from provlabel import Label, engine
from provlabel.label import signed_label
from provlabel.manifest.write import definition
from provlabel.signers import Signer

JPEG = "image/jpeg"


def sign(
    content: bytes, signer: Signer, made: dict[str, Any] | None = None, tsa: bytes | None = None, **settings: Any
) -> bytes:
    """Sign with the bare engine, so that tests can make what provlabel never would."""
    c2pa = engine.binding()
    base = engine.settings()
    for group, values in settings.items():
        base[group] |= values
    label = Label(kind="ai_generated")
    made = made or definition(label, signed_label(label), has_parent=False).manifest
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(base)))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), tsa)
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), JPEG, io.BytesIO(content), dest)
    return dest.getvalue()


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
