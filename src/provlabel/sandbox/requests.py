"""What every sandbox can be asked, be it one worker or a pool of them."""

from __future__ import annotations

import abc
import datetime as dt
import os
import weakref
from pathlib import Path
from typing import TypeVar

import msgspec

from provlabel._support.files import size_of
from provlabel.errors import InputError
from provlabel.evidence import Evidence, Opinion, Trouble
from provlabel.media.formats import BY_NAME
from provlabel.media.previews import Preview, PreviewPurpose, nothing
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.protocol import Answer, Check, Request, Second, frame
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Credential, Examined
from provlabel.verdict.opinions import not_given

_Self = TypeVar("_Self", bound="AnySandbox")
_NO_PICTURE = {"too-costly": "it takes too long, or too much memory, to be shown"}
_NO_TRUST = TrustStore()


def _absolute(path: Path) -> bytes:
    """Absolute, because the worker may stand elsewhere; not resolved, which would follow symlinks."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100


class AnySandbox(abc.ABC):
    """Where untrusted bytes are read: :class:`Sandbox`, by one worker, or :class:`SandboxPool`, by several.

    Safe to use from many threads.
    """

    #: How many files of each size are read at once.
    width: int
    _limits: Limits

    def _remember(self) -> None:
        """Have a copy of this process (``multiprocessing`` with fork) begin with workers of its own."""
        _sandboxes.add(self)

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.kill()
        self.close()

    @abc.abstractmethod
    def start(self) -> None:
        """Start the workers now: before a key is loaded, or a thread runs, that a forked copy would hold."""

    @abc.abstractmethod
    def prove(self) -> None:
        """Have the engine show that what protects us has its effect, unless this build of it has shown so before.

        Reading a file does this by itself; whoever does something before the first file asks for it.

        Raises:
            UnfitEngineError: it has not, or there is no engine.  Nothing may be judged or labeled.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """End the workers, as soon as each has answered what it was asked; asked again, it starts new ones."""

    @abc.abstractmethod
    def kill(self) -> None:
        """End the workers at once, whatever they do, for whoever cannot wait for :meth:`close`."""

    @abc.abstractmethod
    def _answer(self, message: bytes, size: int, *, proven: bool = False) -> Answer | Trouble:
        """Ask a worker about a file of ``size`` bytes, if ``proven`` only after the self-test."""

    @abc.abstractmethod
    def _after_fork(self) -> None:
        """Become usable in a copy of the process; the workers stay those of the one it was copied from."""

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
        """Return the evidence of the file at ``path``; ``sidecar`` may hold its manifest.

        Args:
            path: the file.
            trust: the anchors it is judged by.
            sidecar: where its manifest may lie.
            check: asks for more about its credential than the engine tells.
            digest: without, the evidence of a large file has no SHA-256: it is hashed elsewhere.
            hole: the caller wrote the file just now, with its manifest at this start and of this length, so that
                the content of a large one needs to be read only once.

        Raises:
            InputError: missing, forbidden, or not a regular file.
            UnfitEngineError: as :meth:`prove`.
        """
        request = Request(
            path=_absolute(path),
            sidecar=_absolute(sidecar) if sidecar else None,
            trust=trust,
            limits=self._limits,
            check=check,
            digest=digest,
            hole=hole,
        )
        return self._ask(request, b"", size_of(path))

    def read_bytes(self, content: bytes, trust: TrustStore = _NO_TRUST, check: Check | None = None) -> Evidence:
        """Return the evidence of ``content``, the bytes of one media file; ``check`` as for :meth:`read`."""
        request = Request(trust=trust, limits=self._limits, check=check)
        return self._ask(request, frame(content), len(content))

    def examine(self, credential: Credential, trust: TrustStore, check: Check) -> Examined | None:
        """Judge a credential that was read before, by other answers; ``None`` when they kill the worker."""
        request = Request(trust=trust, limits=self._limits, check=check, credential=credential)
        answer = self._answer(frame(msgspec.json.encode(request)), 0)
        return None if isinstance(answer, Trouble) else answer.examined

    def preview(self, path: Path, sha256: str, purpose: PreviewPurpose = "report") -> Preview:
        """Draw the file at ``path`` if it still has this digest, for a report or a manifest.

        Never ask this of a sandbox that reads evidence: decoders are large, and one that was taken over
        must have no verdict to give.
        """
        request = Request(path=_absolute(path), limits=self._limits, draw=sha256, purpose=purpose)
        answer = self._answer(frame(msgspec.json.encode(request)), size_of(path))
        if isinstance(answer, Trouble):
            return nothing(_NO_PICTURE.get(answer.kind, "the decoder died on it"))
        return answer.preview or nothing("it cannot be read any more")

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
        """Ask the second verifier about what ``judged`` was seen of: a file, or without a path ``content``.

        Never ask this of a sandbox that reads evidence: what kills or takes over that verifier must have no
        verdict to give.  Its death is an opinion that was not given, and why.
        """
        fmt = BY_NAME.get(judged.format or "")
        if fmt is None or not judged.sha256:
            return not_given("the file could not be read far enough to say which bytes are meant")
        beside = sidecar is not None and judged.source == "sidecar"
        second = Second(
            mime=fmt.mime, at=at, sha256=judged.sha256, store_sha256=judged.sidecar_sha256 if beside else ""
        )
        request = Request(
            path=_absolute(path) if path else None,
            sidecar=_absolute(sidecar) if sidecar and beside else None,
            trust=trust,
            limits=self._limits,
            second=second,
        )
        message = frame(msgspec.json.encode(request)) + (b"" if path else frame(content))
        answer = self._answer(message, judged.size)
        if isinstance(answer, Trouble):
            return not_given(f"the second verifier died: {answer.text}")
        return answer.opinion or not_given(answer.refused or "the file cannot be read any more")

    def _ask(self, request: Request, content: bytes, size: int) -> Evidence:
        answer = self._answer(frame(msgspec.json.encode(request)) + content, size, proven=True)
        if isinstance(answer, Trouble):
            return Evidence(size=size, trouble=answer)
        if answer.evidence is None:
            raise InputError(answer.refused)
        return answer.evidence


_sandboxes: weakref.WeakSet[AnySandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in tuple(_sandboxes):
        sandbox._after_fork()


os.register_at_fork(after_in_child=_after_fork)
