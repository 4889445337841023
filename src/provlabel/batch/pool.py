"""Workers that may die, and a supervisor that knows which job killed them.

Each worker has pipes of its own, so it is known what it held when it died.  The chunk that it worked on is done again
job by job, and a job that kills once more has a last attempt with nothing beside it: a neighbour, or the system when
memory is short, may have been the cause (``docs/adr/0017-batch.md``).
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from provlabel._support.files import reason
from provlabel._support.processes import Child, greet, reap, start_clean
from provlabel.batch.worker import GRACE, Raised, Start, packed, unpacked
from provlabel.errors import ProvlabelError

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")
Setting = TypeVar("Setting")

#: Chunks that each worker has: the one it works on, and the next.
_IN_FLIGHT = 2
#: Workers that a job kills before it is given up: with others in its chunk, alone in it, and alone in the machine.
_KILLS = 3
#: Seconds after which whoever waits for outcomes learns that there are none yet.
_TICK = 0.25
_PIECE = 1 << 20


def supervise(
    function: Callable[[Setting, Sequence[Job]], Sequence[Outcome]],
    setting: Setting,
    chunks: Iterator[Sequence[Job] | None],
    workers: int,
    *,
    lost: Callable[[Job], Outcome],
    prepare: Callable[[Setting], object] | None = None,
    python: str | os.PathLike[str] | None = None,
) -> Iterator[list[Outcome]]:
    """Let ``workers`` processes do all jobs, and yield outcomes as they come.

    Args:
        function: does a chunk of jobs, and returns an outcome for each; found by its module and name, so it must
            not stand in a script.  Jobs of a chunk that is not finished when a worker dies are done again.
        setting: its first argument, handed over once to each worker and never written anywhere.
        chunks: what is to be done; ``None`` where nothing is to be done yet, and may be later.
        workers: how many processes, at most.
        lost: makes the outcome of a job that killed its worker twice while it was alone.
        prepare: called with the setting in each worker before it has any thread; what it raises is passed over.
        python: the interpreter of the workers, as for :func:`~provlabel._support.processes.start_clean`.

    Yields:
        Outcomes, in the order in which they came; an empty list from time to time while there are none.

    Raises:
        ConfigError: the interpreter is no Python of our version.
        ProvlabelError: workers do not even start.
    """
    try:
        folder = os.getcwd()  # noqa: PTH109 - text; a worker may start while we stand elsewhere
    except FileNotFoundError:
        folder = ""
    start = packed(Start(function, setting, prepare, dict(os.environ), folder))
    with _Pool(start, workers, python) as pool:
        yield from _Supervisor(pool, chunks, lost).run()


class _Chunk(Generic[Job]):
    """Jobs for one worker, and how many workers they have killed."""

    def __init__(self, jobs: Sequence[Job], kills: int = 0) -> None:
        self.jobs = jobs
        self.kills = kills


class _Supervisor(Generic[Job, Outcome]):
    """What is to be done again, and who is suspected."""

    def __init__(self, pool: _Pool, chunks: Iterator[Sequence[Job] | None], lost: Callable[[Job], Outcome]) -> None:
        self._pool = pool
        self._chunks = chunks
        self._lost = lost
        self._over = False
        self._again: deque[_Chunk[Job]] = deque()
        self._last: deque[_Chunk[Job]] = deque()  #: each with one job, that has one more attempt

    def run(self) -> Iterator[list[Outcome]]:
        while True:
            self._fill()
            if self._over and not self._again and not self._last and not self._pool.held():
                return
            yield self._collected()

    def _fill(self) -> None:
        while self._pool.has_room() and (chunk := self._next()) is not None:
            self._pool.hand(chunk)

    def _next(self) -> _Chunk[Job] | None:
        held = self._pool.held()
        if any(chunk.kills == _KILLS - 1 for chunk in held):
            return None
        if self._again:
            return self._again.popleft()
        if self._last:
            return None if held else self._last.popleft()
        try:
            jobs = None if self._over else next(self._chunks)
        except StopIteration:
            self._over, jobs = True, None
        return _Chunk(jobs) if jobs else None

    def _collected(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for worker in self._pool.told(_TICK):
            for answer in worker.receive():
                if isinstance(answer, Raised):
                    raise answer.exception
                outcomes += answer
            if worker.is_dead:
                outcomes += self._after_the_death_of(worker)
        return outcomes

    def _after_the_death_of(self, worker: _Worker) -> list[Outcome]:
        """Suspect what it worked on; what it had not begun is as before."""
        self._pool.bury(worker)
        held = worker.held
        outcomes = self._accused(held.popleft()) if worker.is_ready and held else []
        self._again.extendleft(reversed(held))
        return outcomes

    def _accused(self, chunk: _Chunk[Job]) -> list[Outcome]:
        kills = chunk.kills + 1
        if kills == _KILLS:
            return [self._lost(job) for job in chunk.jobs]
        after = self._last if kills == _KILLS - 1 else self._again
        after.extend(_Chunk((job,), kills) for job in chunk.jobs)
        return []


# --- processes -------------------------------------------------------------------------------------


class _Worker:
    """A process, what it holds, and what is on its way to it and from it."""

    def __init__(self, child: Child, start: bytes) -> None:
        self.child = child
        self.held: deque[_Chunk[Any]] = deque()  #: the first is what it works on
        self.is_ready = False
        self.is_dead = False
        self._unsent = bytearray(start)
        self._got = bytearray()
        self.is_greeted = False
        os.set_blocking(child.requests, False)

    def hand(self, chunk: _Chunk[Any]) -> None:
        self.held.append(chunk)
        self._unsent += packed(chunk.jobs)

    def send(self) -> bool:
        """Send what can be sent now; is there more?"""
        try:
            while self._unsent:
                del self._unsent[: os.write(self.child.requests, self._unsent[:_PIECE])]
        except BlockingIOError:
            return True
        except BrokenPipeError:  # its end is told by the other pipe
            self._unsent.clear()
        return False

    def receive(self) -> list[Any]:
        """Return the answers that have come; the first of all says that it is ready."""
        piece = os.read(self.child.answers, _PIECE)
        self.is_dead = not piece
        self._got += piece
        answers = unpacked(self._got)
        for _ in answers:
            if self.is_ready:
                self.held.popleft()
            self.is_ready = True
        if answers:
            self.child.printed.truncate(0)  # only the last words of the dead are asked for
        return answers


class _Pool:
    """Workers, started as they are needed, that end with us, however we end."""

    def __init__(self, start: bytes, most: int, python: str | os.PathLike[str] | None) -> None:
        self._start = start
        self._most = most
        self._python = python
        self._workers: list[_Worker] = []

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        """End all: those that work see that we are gone, and unwind."""
        for worker in self._workers:
            worker.child.close()
        ends = time.monotonic() + 2 * GRACE
        for worker in self._workers:
            reap(worker.child.pid, max(0.0, ends - time.monotonic()))

    def held(self) -> list[_Chunk[Any]]:
        """Return all chunks that workers have."""
        return [chunk for worker in self._workers for chunk in worker.held]

    def has_room(self) -> bool:
        """Can a worker take one more chunk?"""
        return len(self._workers) < self._most or any(len(worker.held) < _IN_FLIGHT for worker in self._workers)

    def hand(self, chunk: _Chunk[Any]) -> None:
        """Hand a chunk to the worker that has least, or to a new one.

        Raises:
            ConfigError, ProvlabelError: none can be started.
        """
        least = min(self._workers, key=lambda worker: len(worker.held), default=None)
        if least is None or (least.held and len(self._workers) < self._most):
            least = self._started()
        least.hand(chunk)

    def _started(self) -> _Worker:
        spoken = {name: os.environ[name] for name in ("LANG", "LC_ALL", "LC_CTYPE") if name in os.environ}
        try:
            child = start_clean("provlabel.batch.worker:main", python=self._python, environ=spoken)
        except OSError as exc:
            raise ProvlabelError(
                f"no worker can be started: {reason(exc)}", hint="see the limits of this user: ulimit -a"
            ) from exc
        self._workers.append(_Worker(child, self._start))
        return self._workers[-1]

    def _greet(self) -> None:
        """Hear of new workers what they are, before they are sent anything; all of them start meanwhile."""
        for worker in [worker for worker in self._workers if not worker.is_greeted]:
            try:
                greet(worker.child)
            except BaseException:  # it was ended
                self._workers.remove(worker)
                raise
            worker.is_greeted = True

    def told(self, seconds: float) -> list[_Worker]:
        """Send what is to be sent, and return the workers that have said something within ``seconds``, or died.

        Raises:
            ConfigError, ProvlabelError: as :func:`~provlabel._support.processes.greet`.
        """
        self._greet()
        ends = time.monotonic() + seconds
        while True:
            with selectors.DefaultSelector() as selector:
                for worker in self._workers:
                    selector.register(worker.child.answers, selectors.EVENT_READ, worker)
                    if worker.send():
                        selector.register(worker.child.requests, selectors.EVENT_WRITE)
                ready = selector.select(max(0.0, ends - time.monotonic()))
            if not ready or (found := [key.data for key, _ in ready if key.data is not None]):
                return found if ready else []

    def bury(self, worker: _Worker) -> None:
        """Let go of a dead worker.  One that never was ready takes its place with it: the machine has room for fewer.

        Raises:
            ProvlabelError: there is no place left.
        """
        words = worker.child.last_words()
        self._workers.remove(worker)
        worker.child.close()
        reap(worker.child.pid)
        self._most -= not worker.is_ready
        if not self._most:
            raise ProvlabelError(
                f"workers die before they have anything to do{': ' if words else ''}{words}",
                hint="see the system's log: is there memory for them?",
            )
