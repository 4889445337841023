"""Receipts: what was done, for the owner of a file."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from provlabel._support import times
from provlabel._support.times import now, zulu
from provlabel.evidence import Evidence
from provlabel.labeling.publish import Published, Seal
from provlabel.report import Failure
from provlabel.trust.authorities import PROPOSED


class Receipt(Struct, frozen=True, kw_only=True):
    """What was done, for the owner of the file; holds the salt of the prompt, so keep it private."""

    output: str
    format: str
    manifest: str  #: URN of the new manifest
    manifest_bytes: int
    source_sha256: str
    sha256: str  #: of the output
    parent: str | None = None  #: URN of the parent's manifest, when it had one
    detached: bool = False
    prompt_sha256: str | None = None
    prompt_salt: str | None = None
    time: str | None = None  #: of signing, RFC 3339, by a time authority
    authority: str | None = None  #: its address
    withheld: tuple[str, ...] = ()  #: personal fields of the label that were not signed: ``people.name``
    carriers: dict[str, list[str]] = {}  #: what else in the file repeats the label: carrier -> its fields
    warnings: tuple[str, ...] = ()


class Receipts(Struct, frozen=True, kw_only=True):
    """What one run of ``provlabel label`` did; published as ``schemas/receipt-v1.json``."""

    receipts: tuple[Receipt, ...]
    errors: tuple[Failure, ...] = ()
    insecure: tuple[str, ...] = ()
    schema: Literal["receipt-v1"] = "receipt-v1"


def facts(source: Evidence, output: str, written: Published, *, detached: bool) -> dict[str, Any]:
    """Return what every receipt says: of the source as it was read, and of what was written to ``output``."""
    return {
        "output": output,
        "format": source.format,
        "manifest": written.evidence.manifests[0].urn,
        "manifest_bytes": len(written.store),
        "source_sha256": written.source_sha256,
        "sha256": hashlib.sha256(written.store).hexdigest() if detached else written.evidence.sha256,
        "detached": detached,
        "time": written.stamp.time if written.stamp else None,
        "authority": written.stamp.url if written.stamp else None,
    }


def about_time(written: Published, seal: Seal) -> Iterator[str]:
    """Say what becomes of the label when the certificate ends, and when that is soon."""
    signing = written.evidence.manifests[0].signing
    ends = zulu(signing.not_after) if signing else ""
    if written.stamp is None:
        later = seal.room or seal.timestamper
        add = (
            f"{'stamp it: provlabel stamp FILE' if later else 'add'} --tsa {PROPOSED} (or: provlabel trust authorities)"
        )
        why = written.warning or "no timestamp"
        yield f"{why}: this label is trusted until its certificate ends, {ends}, and no longer; {add}"
    elif seal.timestamper is not None and not seal.timestamper.trust.has("timestamp"):
        yield f"nobody judged the time authority {written.stamp.url}; pass its CA with --tsa-trust"
    with contextlib.suppress(ValueError):
        left = (times.read(ends) - now()).days
        if left < EXPIRY_WARNING_DAYS:
            yield f"the certificate ends in {left} days, {ends}; ask the CA for the next one"


#: A certificate that ends sooner than this is warned of.
EXPIRY_WARNING_DAYS = 30
