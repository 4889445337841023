"""The sandbox: every untrusted byte is read in another process, which may die without harm.

One worker reads many files and is rebuilt when it dies.  It holds no key, is
limited in memory, CPU and time per file, and what it prints is not passed on.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import selectors
import signal
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import msgspec

from provlabel._support.files import reason, size_of
from provlabel._support.processes import Child, greet, has_ended, reap
from provlabel._support.types import ready
from provlabel.engine import selftest
from provlabel.errors import InputError, ProvlabelError, UnfitEngineError
from provlabel.evidence import Evidence, Opinion, Trouble
from provlabel.media.formats import BY_NAME
from provlabel.media.previews import Preview, PreviewPurpose, nothing
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.process import Died, Launch, spawn
from provlabel.sandbox.protocol import HEADER, Answer, Check, Request, Second, frame, frame_length
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Credential, Examined
from provlabel.verdict.opinions import not_given

#: Bytes of one answer; a store of 8 MB yields less.
MAX_ANSWER = 64 << 20
_STDERR_KEPT = 2_000  # bytes in which the cause of a death is looked for
_NO_PICTURE = {"too-costly": "it takes too long, or too much memory, to be shown"}
_NO_TRUST = TrustStore()
_LIMITS = Limits()


def _absolute(path: Path) -> bytes:
    """Absolute, because the worker may stand elsewhere; not resolved, which would follow symlinks."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100


class Sandbox:
    """Reads files through one worker at a time.  Safe to use from many threads.

    Args:
        launch: how to start the first worker, :func:`spawn` or :func:`fork`.
        relaunch: how to start one after a death; :func:`spawn` where this process holds a key by then.
        limits: what one file may cost.
        proofs: a folder that remembers which engines have passed the self-test; without, each process runs it once.
        python: the interpreter of every worker, which is spawned then: for a host whose ``sys.executable`` is its own
            program.  Without, the variable ``PROVLABEL_PYTHON``, or else ``sys.executable``.
    """

    #: How many files are read at once.
    width = 1

    def __init__(
        self,
        launch: Launch = spawn,
        *,
        relaunch: Launch | None = None,
        limits: Limits = _LIMITS,
        proofs: Path | None = None,
        python: str | os.PathLike[str] | None = None,
    ) -> None:
        self._launch = launch if python is None else functools.partial(spawn, python)
        self._relaunch = self._launch if python is not None else relaunch or launch
        self._limits = limits
        self._proofs = proofs
        self._proven = False
        self._lock = threading.Lock()
        self._worker: Child | None = None
        self._greeted = False
        _sandboxes.add(self)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker now, without waiting for it: before a key is loaded that a forked copy would hold."""
        with self._lock:
            self._started()

    def prove(self) -> None:
        """Have the engine show that what protects us has its effect, unless this build of it has shown so before.

        Reading a file does this by itself; whoever does something before the first file asks for it.

        Raises:
            UnfitEngineError: it has not, or there is no engine.  Nothing may be judged or labeled.
        """
        with self._lock:
            if not self._proven:
                self._require_proof()

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
        answer = self._answer(frame(msgspec.json.encode(request)), self._limits.cpu(0))
        return None if isinstance(answer, Trouble) else answer.examined

    def preview(self, path: Path, sha256: str, purpose: PreviewPurpose = "report") -> Preview:
        """Draw the file at ``path`` if it still has this digest, for a report or a manifest.

        Never ask this of a sandbox that reads evidence: decoders are large, and one that was taken over
        must have no verdict to give.
        """
        request = Request(path=_absolute(path), limits=self._limits, draw=sha256, purpose=purpose)
        answer = self._answer(frame(msgspec.json.encode(request)), self._limits.cpu(size_of(path)))
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
        answer = self._answer(message, self._limits.cpu(judged.size))
        if isinstance(answer, Trouble):
            return not_given(f"the second verifier died: {answer.text}")
        return answer.opinion or not_given(answer.refused or "the file cannot be read any more")

    def close(self) -> None:
        """End the worker, if one runs."""
        with self._lock:
            self._end()

    def kill(self) -> None:
        """End the worker at once, whatever it does, for whoever cannot wait for :meth:`close`."""
        worker = self._worker
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)

    def _ask(self, request: Request, content: bytes, size: int) -> Evidence:
        answer = self._answer(frame(msgspec.json.encode(request)) + content, self._limits.cpu(size), proven=True)
        if isinstance(answer, Trouble):
            return Evidence(size=size, trouble=answer)
        if answer.evidence is None:
            raise InputError(answer.refused)
        return answer.evidence

    def _require_proof(self) -> None:
        """Ask the worker for the self-test, unless that is known; one that replaces it may find another engine."""
        what = selftest.subject()
        if what not in _proven and not (self._proofs is not None and selftest.remembered(self._proofs, what)):
            answer = self._asked(frame(msgspec.json.encode(Request(prove=True))), self._limits.cpu(0))
            if isinstance(answer, Trouble):
                raise UnfitEngineError(
                    f"the C2PA engine died in its self-test: {answer.text}", hint="reinstall c2pa-python"
                )
            if self._proofs is not None:
                selftest.remember(self._proofs, what)
        _proven.add(what)
        self._proven = True

    def _answer(self, message: bytes, seconds: int, *, proven: bool = False) -> Answer | Trouble:
        """Ask the worker, if ``proven`` only after the self-test; ``seconds`` of CPU are twice as many by the clock."""
        with self._lock:
            if proven and self._running() and not self._proven:
                self._require_proof()
            answer = self._asked(message, seconds)
            trouble = answer.evidence.trouble if isinstance(answer, Answer) and answer.evidence is not None else None
            if trouble is not None and trouble.kind in ("too-costly", "refused"):
                self._end()  # the file made it use up memory, so that the next one would start with less
        return answer

    def _asked(self, message: bytes, seconds: int) -> Answer | Trouble:
        try:
            answer = msgspec.json.decode(self._exchange(message, 2 * seconds), type=ready(Answer))
        except Died as death:
            return Trouble(death.kind, str(death))  # type: ignore[arg-type]
        except (ValueError, RecursionError) as exc:  # no JSON, no text, or too deep
            self._end()
            return Trouble("died", f"it answered nonsense: {exc}")
        except BaseException:
            # Interrupted half-way: an answer left in the pipe would be taken for the next file's.
            self._end()
            raise
        if answer.unfit:
            raise UnfitEngineError(answer.unfit, hint=answer.hint)
        return answer

    def _exchange(self, message: bytes, seconds: int) -> bytes:
        worker = self._running()
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(worker.requests, selectors.EVENT_WRITE)
            selector.register(worker.answers, selectors.EVENT_READ)
            rest, got, wanted = memoryview(message), bytearray(), HEADER
            while len(got) < wanted:
                for key, _ in self._ready(selector, deadline):
                    if key.fd == worker.requests:
                        rest = self._send(worker, rest)
                        if not rest:
                            selector.unregister(worker.requests)
                        continue
                    got += self._receive(worker)
                    if wanted == HEADER and len(got) >= HEADER:
                        wanted = HEADER + self._announced(got)
        return bytes(got[HEADER:])

    def _ready(self, selector: selectors.BaseSelector, deadline: float) -> list[tuple[selectors.SelectorKey, int]]:
        ready = selector.select(max(0.0, deadline - time.monotonic()))
        if not ready:
            self._end()
            raise Died("too-costly", "it took too long")
        return ready

    def _send(self, worker: Child, rest: memoryview) -> memoryview:
        try:
            return rest[os.write(worker.requests, rest) :]
        except BrokenPipeError:
            raise self._death() from None

    def _receive(self, worker: Child) -> bytes:
        piece = os.read(worker.answers, 1 << 16)
        if not piece:
            raise self._death()
        return piece

    def _announced(self, got: bytearray) -> int:
        length = frame_length(bytes(got[:HEADER]))
        if length > MAX_ANSWER:
            self._end()
            raise Died("refused", "its manifest unfolds to more than can be shown")
        return length

    def _running(self) -> Child:
        """Return our worker, a new one when there is none or when it died since the last file.

        Raises:
            ConfigError: what was started is no Python of our version.
            ProvlabelError: nothing can be started.
        """
        worker = self._started()
        if not self._greeted:
            try:
                greet(worker)
            except BaseException:  # it was ended
                self._worker = None
                raise
            self._greeted = True
        return worker

    def _started(self) -> Child:
        if self._worker is not None and has_ended(self._worker):
            self._end()
        if self._worker is None:
            try:
                self._worker = self._launch()
            except OSError as exc:
                raise ProvlabelError(
                    f"no worker to read files can be started: {reason(exc)}",
                    hint="see the limits of this user: ulimit -a",
                ) from exc
            self._launch = self._relaunch
            os.set_blocking(self._worker.requests, False)
        return self._worker

    def _death(self) -> Died:
        """Wait for the end of the worker and say what killed it."""
        worker = self._worker
        assert worker is not None  # noqa: S101 - only called while one is asked
        worker.printed.seek(0)
        printed = worker.printed.read(_STDERR_KEPT).decode("utf-8", "replace")
        status = self._end()
        number = -status
        if number in (signal.SIGXCPU, signal.SIGKILL):
            return Died("too-costly", "it used up its time")
        if "memory allocation" in printed or "failed to load" in printed or "MemoryError" in printed:
            return Died("too-costly", "it used up its memory")
        lines = printed.strip().splitlines()
        name = signal.Signals(number).name if status < 0 else f"status {status}"
        return Died("died", f"{name}{', ' + lines[-1] if lines else ''}")

    def _end(self) -> int:
        """Close the pipes, wait for the end, and return the status as ``subprocess`` does."""
        if self._worker is None:
            return 0
        worker = self._forget()
        return reap(worker.pid)

    def _forget(self) -> Child:
        """Close our ends of the pipes; the worker sees that and ends."""
        worker, self._worker, self._proven, self._greeted = self._worker, None, False, False
        assert worker is not None  # noqa: S101 - only called while there is one
        worker.close()
        return worker

    def _after_fork(self) -> None:
        """Leave the worker to the process that we are a copy of; the thread that has its lock may not exist here."""
        self._lock = threading.Lock()
        if self._worker is not None:
            self._forget()


#: Builds of the engine that passed the self-test in this process, or are remembered to have.
_proven: set[str] = set()
_shared: dict[Callable[[], Sandbox], Sandbox] = {}
_shared_lock = threading.Lock()
_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _after_fork() -> None:
    """Make every sandbox usable in a copy of this process (``multiprocessing`` with fork)."""
    global _shared_lock
    _shared_lock = threading.Lock()
    for sandbox in _sandboxes:
        sandbox._after_fork()


os.register_at_fork(after_in_child=_after_fork)


def shared_sandbox(make: Callable[[], Sandbox] = Sandbox) -> Sandbox:
    """Return the sandbox that library calls share in this process; its worker is kept between files.

    ``make`` makes it the first time; each has a sandbox of its own, so that what draws never reads evidence.
    """
    with _shared_lock:
        if make not in _shared:
            import atexit

            _shared[make] = made = make()
            atexit.register(made.close)
        return _shared[make]
