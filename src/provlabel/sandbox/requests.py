"""What every sandbox can be asked, be it one worker or a pool of them."""

from __future__ import annotations

import abc
import os
import weakref
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from provlabel._support.files import size_of
from provlabel._support.paths import missing_hint
from provlabel._support.text import printable
from provlabel.errors import InputError
from provlabel.evidence import Evidence, Trouble
from provlabel.media.previews import NONSENSE, Preview, PreviewPurpose, is_sound, nothing
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.protocol import Answer, Check, Request, frame
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Credential, Examined
from provlabel.trust.issuers import Held, Sealed

_Self = TypeVar("_Self", bound="AnySandbox")
_NO_PICTURE = {"too-costly": "it takes too long, or too much memory, to be shown"}
_NO_TRUST = TrustStore()


def _absolute(path: Path) -> bytes:
    """Absolute, because the worker may stand elsewhere; not resolved, which would follow symlinks."""
    try:
        return os.path.abspath(os.fsencode(path))  # noqa: PTH100
    except FileNotFoundError:
        raise InputError(
            f"{printable(str(path))}: the working directory was deleted", hint="give a path that begins with /"
        ) from None


def _as_given(text: str, *paths: Path | None) -> str:
    """Let an answer call a file as whoever asked did: the worker knows its absolute path alone."""
    for path in filter(None, paths):
        absolute = printable(os.fsdecode(_absolute(path)))
        if text.startswith(f"{absolute}: "):
            return printable(str(path)) + text.removeprefix(absolute)
    return text


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
    def start(self, workers: int | None = None) -> None:
        """Start ``workers``, or all, now: before a key is loaded, or a thread runs, that a forked copy would hold."""

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

    def ask(
        self,
        path: Path | None,
        content: bytes,
        size: int,
        *,
        sidecar: Path | None = None,
        proven: bool = False,
        **asked: Any,
    ) -> Answer | Trouble:
        """Ask a worker about the file at ``path``, or without a path about ``content``.

        Args:
            path: the file.
            content: its bytes, where it has no path.
            size: of the file, by which its limits are.
            sidecar: where its manifest may lie.
            proven: only after the self-test of the engine.
            asked: more fields of :class:`~provlabel.sandbox.protocol.Request`.

        Returns:
            The answer, or how the worker died.

        Raises:
            UnfitEngineError: as :meth:`prove`.
        """
        request = Request(
            path=_absolute(path) if path else None,
            sidecar=_absolute(sidecar) if sidecar else None,
            limits=self._limits,
            **asked,
        )
        message = frame(msgspec.json.encode(request)) + (frame(content) if request.is_bare else b"")
        return self._answer(message, size, proven=proven)

    def read(
        self,
        path: Path,
        trust: TrustStore = _NO_TRUST,
        sidecar: Path | None = None,
        check: Check | None = None,
        *,
        digest: bool = True,
        crjson: bool = False,
        hole: tuple[int, int] | None = None,
    ) -> Evidence:
        """Return the evidence of the file at ``path``; ``sidecar`` may hold its manifest.

        Args:
            path: the file.
            trust: the anchors it is judged by.
            sidecar: where its manifest may lie.
            check: asks for more about its credential than the engine tells.
            digest: without, the evidence of a large file has no SHA-256: it is hashed elsewhere.
            crjson: tell the active manifest as it stands, too.
            hole: the caller wrote the file just now, with its manifest at this start and of this length, so that
                the content of a large one needs to be read only once.

        Raises:
            InputError: missing, forbidden, or not a regular file.
            UnfitEngineError: as :meth:`prove`.
        """
        asked = {"trust": trust, "check": check, "digest": digest, "crjson": crjson, "hole": hole}
        return self._read(path, b"", size_of(path), sidecar, **asked)

    def read_bytes(self, content: bytes, trust: TrustStore = _NO_TRUST, check: Check | None = None) -> Evidence:
        """Return the evidence of ``content``, the bytes of one media file; ``check`` as for :meth:`read`."""
        return self._read(None, content, len(content), trust=trust, check=check)

    def _read(
        self, path: Path | None, content: bytes, size: int, sidecar: Path | None = None, **asked: Any
    ) -> Evidence:
        answer = self.ask(path, content, size, sidecar=sidecar, proven=True, **asked)
        if isinstance(answer, Trouble):
            return Evidence(size=size, trouble=answer)
        if answer.evidence is None:
            hint = missing_hint(path) if path is not None and not os.path.lexists(path) else ""
            raise InputError(_as_given(answer.refused, path, sidecar), hint=hint)
        return answer.evidence

    def examine(self, credential: Credential, trust: TrustStore, check: Check) -> Examined | None:
        """Judge a credential that was read before, by other answers; ``None`` when they kill the worker."""
        answer = self.ask(None, b"", 0, trust=trust, check=check, credential=credential)
        return None if isinstance(answer, Trouble) else answer.examined

    def held_by(self, document: bytes, sealed: Sealed) -> Held | None:
        """Hold what an issuer signed against its DID document; ``None`` when that kills the worker."""
        answer = self.ask(None, b"", len(document), sealed=sealed, document=document)
        return None if isinstance(answer, Trouble) else answer.held

    def preview(self, path: Path, sha256: str, purpose: PreviewPurpose = "report") -> Preview:
        """Draw the file at ``path`` if it still has this digest, for a report or a manifest.

        Never ask this of a sandbox that reads evidence: decoders are large, and one that was taken over
        must have no verdict to give.
        """
        answer = self.ask(path, b"", size_of(path), draw=sha256, purpose=purpose)
        if isinstance(answer, Trouble):
            return nothing(_NO_PICTURE.get(answer.kind, "the decoder died on it"))
        if answer.preview is None:
            return nothing("it cannot be read any more")
        return answer.preview if is_sound(answer.preview, purpose) else nothing(NONSENSE)


_sandboxes: weakref.WeakSet[AnySandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in tuple(_sandboxes):
        sandbox._after_fork()


os.register_at_fork(after_in_child=_after_fork)
