"""Several sandboxes that look like one."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

from provlabel.evidence import Evidence, Opinion
from provlabel.sandbox import _LIMITS, _NO_TRUST, Sandbox
from provlabel.sandbox.process import Launch, spawn
from provlabel.sandbox.protocol import Check, Limits
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Credential, Examined


class SandboxPool:
    """Several sandboxes that look like one: each file is read by the next that is free.

    Args:
        width: how many files are read at once.
        launch: as for :class:`Sandbox`; those after a death are always spawned, as threads run by then.
        limits: what one file may cost.
        proofs: as for :class:`Sandbox`.
    """

    def __init__(
        self, width: int, launch: Launch = spawn, *, limits: Limits = _LIMITS, proofs: Path | None = None
    ) -> None:
        self.width = width
        self._all = tuple(Sandbox(launch, relaunch=spawn, limits=limits, proofs=proofs) for _ in range(width))
        self._free: SimpleQueue[Sandbox] = SimpleQueue()
        for sandbox in self._all:
            self._free.put(sandbox)

    def __enter__(self) -> SandboxPool:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            for sandbox in self._all:
                sandbox.kill()
        self.close()

    def start(self) -> None:
        """Start all workers now: before there are threads, which a forked copy would not have."""
        for sandbox in self._all:
            sandbox.start()

    def read(
        self,
        path: Path,
        trust: TrustStore = _NO_TRUST,
        sidecar: Path | None = None,
        check: Check | None = None,
        *,
        digest: bool = True,
        hole: tuple[int, int] | None = None,
    ) -> Evidence:
        """Return the evidence of the file at ``path``; see :meth:`Sandbox.read`."""
        with self._one() as sandbox:
            return sandbox.read(path, trust, sidecar, check, digest=digest, hole=hole)

    def examine(self, credential: Credential, trust: TrustStore, check: Check) -> Examined | None:
        """Judge a credential that was read before; see :meth:`Sandbox.examine`."""
        with self._one() as sandbox:
            return sandbox.examine(credential, trust, check)

    def second_opinion(
        self,
        path: Path | None,
        judged: Evidence,
        trust: TrustStore,
        at: dt.datetime,
        *,
        sidecar: Path | None = None,
        content: bytes = b"",
    ) -> Opinion:
        """Ask the second verifier; see :meth:`Sandbox.second_opinion`."""
        with self._one() as sandbox:
            return sandbox.second_opinion(path, judged, trust, at, sidecar=sidecar, content=content)

    def close(self) -> None:
        """End all workers."""
        for sandbox in self._all:
            sandbox.close()

    @contextlib.contextmanager
    def _one(self) -> Iterator[Sandbox]:
        sandbox = self._free.get()
        try:
            yield sandbox
        finally:
            self._free.put(sandbox)
