"""Workers that may die, and a supervisor that knows which job killed them.

A plain ``ProcessPoolExecutor`` breaks as a whole when one of its processes is killed, by a file or by the system
when memory is short, and does not say whose job it was.  Here the pool is made anew, the jobs that were in flight run
again one at a time with nothing beside them, and one that kills twice so is given up (``docs/adr/0017-batch.md``).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from provlabel._support.files import reason
from provlabel.errors import ProvlabelError

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")
Setting = TypeVar("Setting")

#: Chunks that each worker has: the one it works on, and the next.
_IN_FLIGHT = 2
#: Deaths of a worker, with this job alone in it, after which the job is given up.
_DEATHS = 2
#: Seconds after which whoever waits for outcomes learns that there are none yet.
_TICK = 0.25
#: Seconds in which a worker that has to end can remove its scratch file.
_GRACE = 1.0


def supervise(
    function: Callable[[Setting, Sequence[Job]], Sequence[Outcome]],
    setting: Setting,
    chunks: Iterator[Sequence[Job] | None],
    workers: int,
    *,
    lost: Callable[[Job], Outcome],
    again: Callable[[Job], Job] | None = None,
    prepare: Callable[[Setting], object] | None = None,
    preload: Sequence[str] = (),
) -> Iterator[list[Outcome]]:
    """Let ``workers`` processes do all jobs, and yield outcomes as they come.

    Args:
        function: does a chunk of jobs, and returns an outcome for each; found by its module and name, so it must
            not stand in a script.  Jobs of a chunk that is not finished when a worker dies are done again.
        setting: its first argument, handed over once to each worker and never written anywhere.
        chunks: what is to be done; ``None`` where nothing is to be done yet, and may be later.
        workers: how many processes.
        lost: makes the outcome of a job that killed its worker twice while it was alone.
        again: changes a job that was handed out before, and may have been done.
        prepare: called with the setting in each worker before it has any thread; what it raises is passed over.
        preload: modules that the processes share.

    Yields:
        Outcomes, in the order in which they came; an empty list from time to time while there are none.

    Raises:
        ProvlabelError: workers do not even start.
    """
    with _Pool(_Start(function, setting, prepare), workers, preload) as pool:
        yield from _Supervisor(pool, chunks, workers, lost, again or (lambda job: job)).run()


class _Supervisor(Generic[Job, Outcome]):
    """What is in flight, and who is suspected."""

    def __init__(
        self,
        pool: _Pool,
        chunks: Iterator[Sequence[Job] | None],
        workers: int,
        lost: Callable[[Job], Outcome],
        again: Callable[[Job], Job],
    ) -> None:
        self._pool = pool
        self._chunks = chunks
        self._most = workers * _IN_FLIGHT
        self._lost = lost
        self._again = again
        self._over = False
        self._flying: dict[Future[Sequence[Outcome]], Sequence[Job]] = {}
        self._suspects: deque[tuple[Job, int]] = deque()  #: with how often each killed its worker while alone

    def run(self) -> Iterator[list[Outcome]]:
        while True:
            self._fill()
            if not self._flying and not self._suspects and self._over:
                return
            yield self._collected()

    def _fill(self) -> None:
        if self._suspects:
            if not self._flying:
                self._submit([self._suspects[0][0]])
            return
        while not self._over and len(self._flying) < self._most:
            try:
                chunk = next(self._chunks)
            except StopIteration:
                self._over = True
                return
            if chunk is None:
                return
            self._submit(chunk)

    def _submit(self, chunk: Sequence[Job]) -> None:
        try:
            future = self._pool.submit(chunk)
        except BrokenProcessPool as exc:  # it broke since the last look
            future = Future()
            future.set_exception(exc)
        self._flying[future] = chunk

    def _collected(self) -> list[Outcome]:
        if not self._flying:
            time.sleep(_TICK)
            return []
        done, _ = wait(self._flying, _TICK, FIRST_COMPLETED)
        if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
            return self._after_a_death()
        return self._results(done)

    def _results(self, done: set[Future[Sequence[Outcome]]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for future in done:
            chunk = self._flying.pop(future)
            outcomes += future.result()
            if self._suspects and chunk[0] is self._suspects[0][0]:
                self._suspects.popleft()
        return outcomes

    def _after_a_death(self) -> list[Outcome]:
        """Keep what was finished, suspect all the rest, and make a new pool."""
        wait(self._flying)
        whole = {future for future in self._flying if future.exception() is None}
        outcomes = self._results(whole)
        for chunk in self._flying.values():
            outcomes += self._accused(chunk)
        self._flying.clear()
        self._pool.rebuild()
        return outcomes

    def _accused(self, chunk: Sequence[Job]) -> list[Outcome]:
        alone = self._suspects and chunk[0] is self._suspects[0][0]
        if not alone:
            self._suspects += ((self._again(job), 0) for job in chunk)
            return []
        job, deaths = self._suspects.popleft()
        if deaths + 1 >= _DEATHS:
            return [self._lost(job)]
        self._suspects.appendleft((job, deaths + 1))
        return []


# --- processes -------------------------------------------------------------------------------------


class _Start(Generic[Setting, Job, Outcome]):
    """What a worker gets when it starts."""

    def __init__(
        self,
        function: Callable[[Setting, Sequence[Job]], Sequence[Outcome]],
        setting: Setting,
        prepare: Callable[[Setting], object] | None,
    ) -> None:
        self.function = function
        self.setting = setting
        self.prepare = prepare
        #: The server has another search path than we had, which programs that a worker starts must not see.
        self.environ = dict(os.environ)
        self.folder = os.getcwd()  # noqa: PTH109 - text; a worker may start while we stand elsewhere


class _Pool:
    """A pool of processes that can be made anew, and that ends with us, however we end."""

    def __init__(self, start: _Start[Any, Any, Any], workers: int, preload: Sequence[str]) -> None:
        self._start = start
        self._workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        self._make()

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._end(at_once=kind is not None)

    def submit(self, chunk: Sequence[Any]) -> Future[Any]:
        """Hand a chunk out; workers start here.

        Raises:
            ProvlabelError: none can be started, since their socket lies in the folder for temporary files.
        """
        try:
            with _our_path(), _no_script():
                return self._executor.submit(_run, chunk)
        except OSError as exc:
            raise ProvlabelError(
                f"no worker can be started: {reason(exc)}", hint="where the path of TMPDIR is long, set a shorter one"
            ) from exc

    def rebuild(self) -> None:
        """Make a new pool in place of a broken one.

        Raises:
            ProvlabelError: its workers die without any job.
        """
        self._end(at_once=True)
        self._make()
        try:
            self.submit(()).result()
        except BrokenProcessPool as exc:
            raise ProvlabelError(
                "workers die before they have anything to do", hint="see the system's log: is there memory for them?"
            ) from exc

    def _make(self) -> None:
        watched, self._lifeline = self._context.Pipe(duplex=False)
        self._watched = watched
        with _our_path():  # a helper of multiprocessing starts here
            self._executor = ProcessPoolExecutor(
                self._workers, self._context, initializer=_begin, initargs=(self._start, watched)
            )

    def _end(self, at_once: bool) -> None:
        """End all workers: those that have to end at once see that their lifeline is cut."""
        if at_once:
            self._lifeline.close()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._lifeline.close()
        self._watched.close()


@contextlib.contextmanager
def _our_path() -> Iterator[None]:
    """Let the fork server, and whatever else starts, find modules as we do.

    By itself it looks into the current folder first, where files of others may lie, and does not know what was
    added to our own path.
    """
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)  # noqa: PTH100 - text
    ours = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    before, folder = {name: os.environ.get(name) for name in ours}, os.getcwd()  # noqa: PTH109
    os.environ.update(ours)
    knows = sys.version_info >= (3, 11)
    try:
        if not knows:  # that variable
            os.chdir("/")
        yield
    finally:
        if not knows:
            os.chdir(folder)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _no_script() -> Iterator[None]:
    """Keep workers from running the caller's script again, which need not have a guard."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


# --- inside of a worker ----------------------------------------------------------------------------

_started: list[_Start[Any, Any, Any]] = []
_busy = threading.Event()


def _begin(start: _Start[Any, Any, Any], lifeline: Connection) -> None:
    """Get ready, and end when the driver is gone.  Whatever fails here would break the pool."""
    os.environ.clear()
    os.environ.update(start.environ)
    os.chdir(start.folder)
    for number in (signal.SIGINT, signal.SIGHUP):  # of the whole terminal; the driver decides what follows
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    _started.append(start)
    if start.prepare is not None:
        with contextlib.suppress(Exception):
            start.prepare(start.setting)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _run(jobs: Sequence[Any]) -> Sequence[Any]:
    [start] = _started
    if not jobs:
        return ()
    _busy.set()
    try:
        outcomes: Sequence[Any] = start.function(start.setting, jobs)
        return outcomes
    except SystemExit:
        os._exit(0)  # the executor would send it to the driver, and go on with the next chunk
    finally:
        _busy.clear()


def _leave(number: int, _frame: object) -> None:
    """End as if by an exception while there is work, so that scratch files are removed; else at once."""
    if _busy.is_set():
        raise SystemExit(128 + number)
    os._exit(128 + number)


def _watch(lifeline: Connection) -> None:
    """Wait for the end of the driver, killed or not: a worker's own pipes stay open, since it holds both ends."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    main = threading.main_thread().ident
    if main is not None:
        # To that thread alone, which holds signals back while it is in the engine.
        signal.pthread_kill(main, signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)
