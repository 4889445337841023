"""Adapter: the bare engine, by its one word: ``Trusted`` passes, everything else does not.

It knows no other time than the clock, and neither policies nor answers about revocation.  Unsandboxed: a file
that makes the engine abort ends this process, which the runner notes.
"""

from __future__ import annotations

import io
import json
import mimetypes
import sys
from pathlib import Path
from typing import Any

from provlabel import TrustStore, engine

_NOT_ITS = ("at", "policy", "require_revocation")
_PURPOSES = {"trust": "manifest", "tsa_trust": "timestamp", "identity_trust": "identity"}


def answer(folder: Path) -> dict[str, Any]:
    given = json.loads((folder / "expected.json").read_text())["given"]
    if missing := [name for name in _NOT_ITS if name in given]:
        return {"skipped": f"the engine has no {', '.join(missing)}"}
    trust = TrustStore()
    for name, purpose in _PURPOSES.items():
        trust += TrustStore.load(folder / given[name], purpose=purpose) if name in given else TrustStore()
    if "trust_leaf" in given:
        trust += TrustStore.load(folder / given["trust_leaf"], leaves=True)
    trust = trust.accepting(*given.get("ekus", ()))
    media, beside = folder / given["file"], folder / f"{given['file']}.c2pa"
    mime = mimetypes.guess_type(media.name)[0] or "application/octet-stream"
    c2pa = engine.binding()
    context = c2pa.Context.from_json(json.dumps(engine.settings(trust, identities=True)))
    for store in (None, *([beside.read_bytes()] if beside.exists() else [])):  # what is embedded comes first
        try:
            with c2pa.Reader(mime, io.BytesIO(media.read_bytes()), manifest_data=store, context=context) as reader:
                state = reader.get_validation_state()
        except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported):
            continue
        except c2pa.C2paError as exc:
            return {"exit": 1, "said": str(exc)[:200]}
        return {"exit": 0 if state == "Trusted" else 1, "said": state}
    return {"exit": 1, "said": "no manifest"}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(json.dumps(answer(Path(name))), flush=True)
