"""Adapter: the bare engine, c2pa-python.

It knows no other time than the clock, and no stapled answers about revocation.  Unsandboxed: a file that makes the
engine abort ends this process, which the runner notes.
"""

from __future__ import annotations

import io
import json
import mimetypes
from importlib.metadata import version
from pathlib import Path
from typing import Any

from asking import at_of
from provlabel import TrustStore, engine

_PURPOSES = {"trust": "manifest", "tsa_trust": "timestamp", "identity_trust": "identity"}


def versions() -> str:
    return f"c2pa-python {version('c2pa-python')} with {engine.binding().sdk_version()}"


def answer(vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Read the embedded manifest, or that beside the file."""
    if at_of(vector):
        return {"skipped": "the engine judges by the clock alone"}
    media = folder / vector["file"]
    mime = mimetypes.guess_type(media.name)[0] or "application/octet-stream"
    c2pa = engine.binding()
    context = c2pa.Context.from_json(json.dumps(engine.settings(_trust(vector, folder), identities=True)))
    for store in (None, *([(folder / vector["sidecar"]).read_bytes()] if "sidecar" in vector else [])):
        try:
            with c2pa.Reader(mime, io.BytesIO(media.read_bytes()), manifest_data=store, context=context) as reader:
                return _said(reader)
        except c2pa.C2paError.ManifestNotFound:
            continue
        except c2pa.C2paError.NotSupported as exc:
            if store is not None:
                return {"skipped": f"the engine has no such format: {exc}"[:200]}
        except c2pa.C2paError as exc:
            return {"state": "invalid", "said": str(exc)[:200]}
    return {"state": "none", "said": "no manifest"}


def _trust(vector: dict[str, Any], folder: Path) -> TrustStore:
    trust = TrustStore()
    for name, purpose in _PURPOSES.items():
        if name in vector and (folder / vector[name]).stat().st_size:
            trust += TrustStore.load(folder / vector[name], purpose=purpose)
    if "trust_leaf" in vector:
        trust += TrustStore.load(folder / vector["trust_leaf"], leaves=True)
    return trust.accepting(*vector.get("ekus", ()))


def _said(reader: Any) -> dict[str, Any]:
    results = reader.get_validation_results() or {}
    active = results.get("activeManifest", {})
    parts = [active, *(one.get("validationDeltas", {}) for one in results.get("ingredientDeltas", ()))]
    codes = {item["code"] for part in parts for kind in part.values() for item in kind}
    state = reader.get_validation_state()
    return {"state": state.lower(), "codes": sorted(codes), "said": state}
