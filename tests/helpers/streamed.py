"""Both ways of writing, each by itself, and all that is seen of what they wrote."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from provlabel.evidence import Evidence
from provlabel.labeling import signature as signing
from provlabel.media.containers import NoHole


def by_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take our knowledge of holes away, so that the engine writes."""

    def none(*_: Any) -> None:
        raise NoHole("for this test")

    monkeypatch.setattr(signing, "hole_for", none)


def by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody fall back to the engine unseen."""
    monkeypatch.setattr("provlabel.engine.signing.sign", lambda *_, **__: pytest.fail("the engine wrote this file"))


def said(evidence: Evidence) -> dict[str, Any]:
    """Everything that is seen of a labeled file, but for what differs from one signing to the next."""
    text = json.dumps(msgspec.to_builtins(evidence))
    for index, manifest in enumerate(evidence.manifests):
        text = text.replace(manifest.urn, f"urn:{index}")
    text = re.sub(r"\"b64'[^']*'", '"b64', text)  # hashes of what has random salts
    data: dict[str, Any] = json.loads(text)
    for key in ("sha256", "size", "fingerprint"):
        del data[key]
    for manifest in data["manifests"]:
        del manifest["exclusions"], manifest["media_digest"]  # the engine writes frames anew, which count
        for code in manifest["codes"]:
            code["text"] = code["text"].partition(", ")[0]
        for part in manifest["ingredients"]:
            part.pop("recorded", None)
    return data
