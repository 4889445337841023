"""The only import of encypher-c2pa, the second verifier; only ever called in a worker that gives no evidence.

It is written independently of c2pa-rs, in Rust as well.  It is the extra ``second-opinion``.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
from importlib.metadata import version

from provlabel._support.times import rfc3339
from provlabel.errors import ConfigError
from provlabel.evidence import Opinion
from provlabel.trust.anchors import Purpose, TrustStore
from provlabel.verdict.opinions import not_given, opinion_of, unreadable

#: Bytes of a file; the bound of its own reader of files.  It holds all of a file in memory.
MOST_BYTES = 128 << 20

# It sends its failures home where a person agreed to that once; and keeps that word in a file of its own.
_SILENT = {"ENCYPHER_C2PA_TELEMETRY": "off", "ENCYPHER_C2PA_ONLINE": "off", "ENCYPHER_C2PA_CONFIG_DIR": os.devnull}


def require_second_verifier() -> None:
    """Find it without loading it.

    Raises:
        ConfigError: it is not installed.
    """
    if importlib.util.find_spec("encypher_c2pa") is None:
        raise ConfigError("a second opinion needs encypher-c2pa", hint="pip install 'provlabel[second-opinion]'")


def opinion(content: bytes, store: bytes | None, mime: str, trust: TrustStore, at: dt.datetime) -> Opinion:
    """Ask it about ``content``, by our anchors alone, as of ``at``; without the network and without telemetry.

    Args:
        content: the bytes of one media file.
        store: the manifest that lies beside it; without, it looks for one in the content.
        mime: the media type of the content.
        trust: the anchors.
        at: the time of judgement.
    """
    os.environ.update(_SILENT)
    import encypher_c2pa

    named = version("encypher-c2pa")
    try:
        answer = encypher_c2pa.verify(
            content,
            mime,
            manifest_store=store,
            trust_pem=_anchors(trust, "manifest"),
            tsa_trust_pem=_anchors(trust, "timestamp"),
            cawg_trust_pem=_anchors(trust, "identity"),
            allowed_list_pem=_anchors(trust, "manifest", leaves=True),
            no_default_trust=True,
            validation_time=rfc3339(at),
            telemetry=False,
            online=False,
        )
        return opinion_of(answer, named)
    except ValueError as exc:
        kind, _, why = str(exc).partition(": ")
        if kind == "verification_error":
            return unreadable(why, named)
        return not_given(str(exc), named)


def _anchors(trust: TrustStore, purpose: Purpose, leaves: bool = False) -> str | None:
    return "".join(item.pem for item in trust.lists if (item.purpose, item.leaves) == (purpose, leaves)) or None
