"""Adapter: encypher-c2pa, an independent verifier."""

from __future__ import annotations

import mimetypes
from importlib.metadata import version
from pathlib import Path
from typing import Any

import encypher_c2pa

from asking import at_of

_OPTIONS = {
    "trust": "trust_pem",
    "trust_leaf": "allowed_list_pem",
    "tsa_trust": "tsa_trust_pem",
    "identity_trust": "cawg_trust_pem",
}


def versions() -> str:
    return f"encypher-c2pa {version('encypher-c2pa')}"


def answer(vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Verify offline, with the anchors of the vector alone."""
    if "ekus" in vector:
        return {"skipped": "its list of purposes is fixed"}
    media = (folder / vector["file"]).read_bytes()
    options: dict[str, Any] = {
        new: (folder / vector[old]).read_text() for old, new in _OPTIONS.items() if old in vector
    }
    if "sidecar" in vector and b"c2pa" not in media:  # what is embedded comes first
        options["manifest_store"] = (folder / vector["sidecar"]).read_bytes()
    mime = mimetypes.guess_type(vector["file"])[0] or "application/octet-stream"
    try:
        said = encypher_c2pa.verify(
            media, mime, no_default_trust=True, telemetry=False, online=False, validation_time=at_of(vector), **options
        )
    except Exception as exc:
        reason = f"{type(exc).__name__}: {exc}"[:200]
        if "unsupported" in reason.lower():
            return {"skipped": reason}
        return {"state": "invalid", "said": reason}
    if not said["present"]:
        return {"state": "none", "said": "no manifest"}
    results = said["validation_results"]
    codes = sorted({item["code"] for kind in ("success", "informational", "failure") for item in results[kind]})
    failures = sorted({item["code"] for item in results["failure"]})
    return {"state": said["validation_state"].lower(), "codes": codes, "said": f"{said['validation_state']} {failures}"}
