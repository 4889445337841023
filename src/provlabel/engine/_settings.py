"""Our settings of the engine, always all of them."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from provlabel.engine.loading import binding
from provlabel.trust.anchors import TrustStore

#: Largest manifest the engine may inflate a compressed one to (default 32 MB), in megabytes.
_MAX_INFLATED = 8


def settings(
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
    *,
    identities: bool = False,
    judged: bool = True,
) -> dict[str, Any]:
    """Return our settings, complete: nothing that matters is left to a default of the engine.

    With ``identities`` CAWG identity assertions are judged too; one that is damaged makes the engine
    say nothing about all the rest.  Without ``judged`` manifests are found, and neither they nor the content are
    looked into.
    """
    return {
        "version": 1,
        "core": {
            "allowed_network_hosts": [],
            "decode_identity_assertions": identities,
            "max_decompressed_manifest_size_in_mb": _MAX_INFLATED,
        },
        "verify": {
            "verify_after_reading": judged,
            # The written file is read back in full before it is published, which is stricter:
            # this check never looks at the file and skips the content hash.
            "verify_after_sign": False,
            "verify_trust": True,
            "verify_timestamp_trust": True,
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
        },
        "builder": {
            "thumbnail": {"enabled": False},
            # Or whatever is appended in such a box goes unnoticed.
            "bmff_hash_exclude_free_and_skip_boxes": False,
            # Without the version suffix, or it has no effect: ingredients would only be gathered.
            "created_assertion_labels": ["c2pa.ingredient", "c2pa.embedded-data", "c2pa.thumbnail.claim"],
        },
        "trust": {"trust_config": "\n".join(trust.ekus) + "\n", "anchors": trust.settings()},
    }


def context_for(trust: TrustStore, *, identities: bool = False, judged: bool = True) -> Any:
    """Return a context: the lists of anchors are parsed for the first of many files alone."""
    return _kept_context(trust, identities, judged, os.getpid())


@functools.lru_cache(maxsize=4)
def _kept_context(trust: TrustStore, identities: bool, judged: bool, _process: int) -> Any:
    """A copy of this process makes its own; the engine's locks do not survive a fork."""
    return binding().Context.from_json(json.dumps(settings(trust, identities=identities, judged=judged)))
