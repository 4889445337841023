"""The sandbox: every untrusted byte is read in another process, which may die without harm.

One worker reads many files and is rebuilt when it dies.  It holds no key, is
limited in memory, CPU and time per file, and what it prints is not passed on.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import signal
import threading
import time
from pathlib import Path

import msgspec

from provlabel._support.files import reason
from provlabel._support.processes import Child, Killed, greet, has_ended, reap
from provlabel._support.types import ready
from provlabel.engine import selftest
from provlabel.errors import ProvlabelError, UnfitEngineError
from provlabel.evidence import Trouble
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.process import Died, Launch, spawn
from provlabel.sandbox.protocol import HEADER, Answer, Request, frame, frame_length
from provlabel.sandbox.requests import AnySandbox

#: Bytes of one answer; a store of 8 MB yields less.
MAX_ANSWER = 64 << 20
_STDERR_KEPT = 2_000  # bytes in which the cause of a death is looked for
_LIMITS = Limits()


class Sandbox(AnySandbox):
    """Reads files through one worker, one after another.

    Args:
        launch: how to start the first worker, :func:`spawn` or :func:`fork`.
        relaunch: how to start one after a death; :func:`spawn` where this process holds a key by then.
        limits: what one file may cost.
        proofs: a folder that remembers which engines have passed the self-test; without, each process runs it once.
        python: the interpreter of every worker, which is spawned then: for a host whose ``sys.executable`` is its own
            program.  Without, the variable ``PROVLABEL_PYTHON``, or else ``sys.executable``.
    """

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
        self._killed = False
        self._lock = threading.Lock()
        self._worker: Child | None = None
        self._greeted = False
        self._remember()

    def start(self, workers: int | None = None) -> None:  # noqa: D102
        with self._lock:
            self._started()

    def prove(self) -> None:  # noqa: D102
        with self._lock:
            if not self._proven:
                self._require_proof()

    def close(self) -> None:  # noqa: D102
        with self._lock:
            self._end()
            self._killed = False

    def kill(self) -> None:  # noqa: D102
        self._killed = True
        worker = self._worker
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)

    def _require_proof(self, *, anew: bool = False) -> None:
        """Ask the worker for the self-test, unless that is known; one that replaces it may find another engine."""
        what = selftest.subject()
        known = what in _proven or (self._proofs is not None and selftest.remembered(self._proofs, what))
        if anew or not known:
            answer = self._asked(frame(msgspec.json.encode(Request(prove=True))), self._limits.cpu(0))
            if isinstance(answer, Trouble):
                raise UnfitEngineError(
                    f"the C2PA engine died in its self-test: {answer.text}", hint="reinstall c2pa-python"
                )
            if answer.unfit:
                raise UnfitEngineError(answer.unfit, hint=answer.hint)
            if self._proofs is not None:
                selftest.remember(self._proofs, what)
        _proven.add(what)
        self._proven = True

    def _answer(self, message: bytes, size: int, *, proven: bool = False) -> Answer | Trouble:
        with self._lock:
            answer = self._asked(message, self._limits.cpu(size), proven=proven)
            if isinstance(answer, Answer) and answer.unfit:
                answer = self._doubted(proven)
            trouble = answer.evidence.trouble if isinstance(answer, Answer) and answer.evidence is not None else None
            if trouble is not None and trouble.kind in ("too-costly", "refused"):
                self._end()  # the file made it use up memory, so that the next one would start with less
        return answer

    def _doubted(self, proven: bool) -> Trouble:
        """Do without a worker that calls the engine unfit after it has met a file, which may have made it say so.

        Whether it is right, a fresh one says that has met none.
        """
        self._end()
        if proven:
            self._require_proof(anew=True)
        return Trouble("died", "it answered nonsense: that the engine is unfit")

    def _asked(self, message: bytes, seconds: int, *, proven: bool = False) -> Answer | Trouble:
        """Ask our worker, if ``proven`` only after the self-test; ``seconds`` of CPU are twice as many by the clock.

        One that was killed from outside, which no file does, says nothing about the file: another one is asked.
        """
        for _ in range(2):
            try:
                if proven and self._running() and not self._proven:
                    self._require_proof()
                content = self._exchange(message, 2 * seconds)
                break
            except Died as death:
                if not death.from_outside or self._killed:
                    return Trouble(death.kind, str(death))  # type: ignore[arg-type]
            except BaseException:
                # Interrupted half-way: an answer left in the pipe would be taken for the next file's.
                self._end()
                raise
        else:
            return Trouble("io", "its worker was killed twice; was memory short?")
        try:
            return msgspec.json.decode(content, type=ready(Answer))
        except (ValueError, RecursionError) as exc:  # no JSON, no text, or too deep
            self._end()
            return Trouble("died", f"it answered nonsense: {exc}")

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
        worker.printed.truncate(0)  # only what is printed about the file that kills it is of use
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
            except BaseException as exc:  # it was ended
                self._worker = None
                if isinstance(exc, Killed):
                    raise Died("io", str(exc), from_outside=True) from None
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
        if status in (0, -signal.SIGKILL):  # 0 where somebody else has reaped it
            return Died("died", "its worker was killed", from_outside=True)
        if status == -signal.SIGXCPU:
            return Died("too-costly", "it used up its time")
        if "memory allocation" in printed or "failed to load" in printed or "MemoryError" in printed:
            return Died("too-costly", "it used up its memory")
        lines = printed.strip().splitlines()
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
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
