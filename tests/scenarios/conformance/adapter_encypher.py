"""Adapter: encypher-c2pa, an independent verifier; it passes what it calls valid, bound and trusted."""

from __future__ import annotations

import json
import mimetypes
import sys
from pathlib import Path
from typing import Any

import encypher_c2pa

_NOT_ITS = ("policy", "require_revocation", "ekus")
_OPTIONS = {
    "trust": "trust_pem",
    "trust_leaf": "allowed_list_pem",
    "tsa_trust": "tsa_trust_pem",
    "identity_trust": "cawg_trust_pem",
}


def answer(folder: Path) -> dict[str, Any]:
    given = json.loads((folder / "expected.json").read_text())["given"]
    if missing := [name for name in _NOT_ITS if name in given]:
        return {"skipped": f"it has no {', '.join(missing)}"}
    media, beside = folder / given["file"], folder / f"{given['file']}.c2pa"
    options: dict[str, Any] = {new: (folder / given[old]).read_text() for old, new in _OPTIONS.items() if old in given}
    if beside.exists() and b"c2pa" not in media.read_bytes():  # what is embedded comes first
        options["manifest_store"] = beside.read_bytes()
    mime = mimetypes.guess_type(media.name)[0] or "application/octet-stream"
    try:
        said = encypher_c2pa.verify(
            media.read_bytes(),
            mime,
            no_default_trust=True,
            telemetry=False,
            online=False,
            validation_time=given.get("at"),
            **options,
        )
    except Exception as exc:  # whatever it raises, it did not pass the file
        return {"exit": 1, "said": f"{type(exc).__name__}: {exc}"[:200]}
    good = (
        (said["integrity"], said["signature"], said["hard_binding"]) == ("valid", "valid", "match")
        and said["trust"]["status"] == "valid_for_supplied_material"
        and not said["validation_results"]["failure"]
    )
    failures = [item["code"] for item in said["validation_results"]["failure"]]
    return {"exit": 0 if good else 1, "said": f"{said['integrity']}, {said['trust']['status']}, {failures}"[:200]}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(json.dumps(answer(Path(name))), flush=True)
