"""The second opinion: another verifier is asked about the same bytes, and what it says is held against the verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provlabel.evidence import Evidence, Opinion, Trouble
from provlabel.media.formats import BY_NAME
from provlabel.media.sidecar import beside
from provlabel.report import FileReport, Finding, SecondOpinion
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.pool import SandboxPool
from provlabel.sandbox.protocol import Second
from provlabel.sandbox.requests import AnySandbox
from provlabel.sandbox.second_opinion import require_second_verifier
from provlabel.trust.anchors import TrustStore
from provlabel.verdict import Verdict
from provlabel.verdict.opinions import compare_opinions, not_given

# It holds a file two or three times, as a whole.
_LIMITS = Limits(base_mib=512, memory_factor=4.0)


def second_sandbox(width: int | None = None) -> SandboxPool:
    """Return workers for it alone: what kills or takes over that verifier must have no verdict to give.

    Raises:
        ConfigError: it is not installed.
    """
    require_second_verifier()
    return SandboxPool(width, limits=_LIMITS)


class SecondVerifier:
    """Asks about each file while it is read, and judges by what was said.

    Args:
        sandbox: where it runs, of :func:`second_sandbox`.
        trust: the anchors by which it judges.
        at: the time of judgement.
    """

    def __init__(self, sandbox: AnySandbox, trust: TrustStore, at: dt.datetime) -> None:
        self._sandbox, self._trust, self._at = sandbox, trust, at

    def ask(self, evidence: Evidence, path: Path | None, content: bytes = b"") -> Evidence:
        """Add what it says of the bytes that ``evidence`` was seen of: a file, or without a path ``content``."""
        return msgspec.structs.replace(evidence, second=self._opinion(evidence, path, content))

    def findings(self, file: FileReport, evidence: Evidence, verdict: Verdict) -> Iterator[Finding | SecondOpinion]:
        """Yield how its opinion stands to the verdict, and each difference."""
        stands, differing = compare_opinions(verdict.axes, verdict.findings, evidence)
        if stands is not None:
            yield stands
        yield from differing

    def _opinion(self, judged: Evidence, path: Path | None, content: bytes) -> Opinion:
        """Its death is an opinion that was not given, and why."""
        fmt = BY_NAME.get(judged.format or "")
        if fmt is None or not judged.sha256:
            return not_given("the file could not be read far enough to say which bytes are meant")
        sidecar = beside(path) if path is not None and judged.source == "sidecar" else None
        store = judged.sidecar_sha256 if sidecar is not None else ""
        second = Second(mime=fmt.mime, at=self._at, sha256=judged.sha256, store_sha256=store)
        answer = self._sandbox.ask(path, content, judged.size, sidecar=sidecar, trust=self._trust, second=second)
        if isinstance(answer, Trouble):
            return not_given(f"the second verifier died: {answer.text}")
        return answer.opinion or not_given(answer.refused or "the file cannot be read any more")
