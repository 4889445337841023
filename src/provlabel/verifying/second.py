"""The second verifier: workers of its own, and what it says of the same bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provlabel.evidence import Evidence
from provlabel.media.sidecar import beside
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.pool import SandboxPool, shared_sandbox
from provlabel.sandbox.protocol import Check
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore

# It holds a file two or three times, as a whole.
_SECOND = Limits(base_mib=512, memory_factor=4.0)


def _pool() -> SandboxPool:
    return SandboxPool(limits=_SECOND)


@contextlib.contextmanager
def second_verifier(width: int) -> Iterator[AnySandbox | None]:
    """Open workers of its own for the second verifier, as many as files are read at once; none for 0.

    Raises:
        ConfigError: it is not installed.
    """
    if not width:
        yield None
        return
    from provlabel.sandbox.second_opinion import require_second_verifier

    require_second_verifier()
    if width == 1:
        yield shared_sandbox(_pool)
        return
    with SandboxPool(width, limits=_SECOND) as several:
        yield several


def with_opinion(
    evidence: Evidence,
    second: AnySandbox | None,
    path: Path | None,
    trust: TrustStore,
    check: Check,
    content: bytes = b"",
) -> Evidence:
    """Add what the second verifier says of the same bytes: the file at ``path``, or ``content``."""
    if second is None:
        return evidence
    sidecar = beside(path) if path is not None else None
    said = second.second_opinion(path, evidence, trust, check.at, sidecar=sidecar, content=content)
    return msgspec.structs.replace(evidence, second=said)
