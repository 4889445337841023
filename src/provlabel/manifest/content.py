"""What the engine says of a manifest without its content, completed by our own reading of the content. Pure.

Only for files that we wrote a moment ago: whoever verifies gets the engine's full reading.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from provlabel.evidence import mapping

_HASH = "c2pa.hash.data"
_MISMATCH, _MATCH = "assertion.dataHash.mismatch", "assertion.dataHash.match"


def with_content(crjson: Mapping[str, Any], hole: tuple[int, int], sha256: bytes) -> dict[str, Any]:
    """Return ``crjson`` as it would be had the engine read the file with its active manifest.

    Args:
        crjson: of the manifest store alone, over no content.
        hole: where the store was put, and how many bytes of the file that took.
        sha256: of the file as it lies on the disk, without the hole.
    """
    active, *others = crjson["manifests"]
    hashes = [name for name in active["assertions"] if name.startswith("c2pa.hash.")]
    if hashes != [_HASH] or not _agrees(mapping(active["assertions"][_HASH]), hole, sha256):
        return dict(crjson)
    results = active["validationResults"]
    wrong = [item for item in results["failure"] if item["code"] == _MISMATCH]
    if not wrong:
        return dict(crjson)
    judged = {
        **results,
        "failure": [item for item in results["failure"] if item not in wrong],
        "success": [*results["success"], {**wrong[0], "code": _MATCH, "explanation": "data hash valid"}],
    }
    return {**crjson, "manifests": [{**active, "validationResults": judged}, *others]}


def _agrees(assertion: Mapping[str, Any], hole: tuple[int, int], sha256: bytes) -> bool:
    start, length = hole
    return (
        assertion.get("exclusions") == [{"start": start, "length": length}]
        and assertion.get("alg") == "sha256"
        and assertion.get("hash") == f"b64'{base64.b64encode(sha256).decode()}'"
    )
