"""What a host program does and notes: it calls the library, watches itself meanwhile, and tells what it saw.

Programs of ``tests/scenarios/hosts`` import this; ``hosting.py`` starts them and reads what they told.
"""

from __future__ import annotations

import contextlib
import gc
import json
import locale
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

LIMITS = [name for name in dir(resource) if name.startswith("RLIMIT_")]


#: Signals 32 and 33, which the C library catches from the first thread on.
_OF_THREADS = 3 << 31


def host_state() -> dict[str, list[str]]:
    """Return everything of this process that is its owner's: nothing of ours may change it, not for a moment.

    Any thread may ask.  The mask of signals is each thread's own, hence not here: :func:`masked`.
    """
    root, status = logging.getLogger(), _status()
    state: dict[str, object] = {
        "environment": sorted(os.environ.copy().items()),
        "__main__": _who(sys.modules.get("__main__")),
        "folder": (_folder(), *_stat(".")),
        "umask": status["Umask"],
        "signals ignored": status["SigIgn"],
        "signals caught": f"{int(status['SigCgt'], 16) & ~_OF_THREADS:x}",
        "handlers": [(number.name, _who(signal.getsignal(number))) for number in signal.Signals],
        "timers": [signal.getitimer(timer) for timer in (signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)],
        "locale": locale.setlocale(locale.LC_ALL),
        "logging": (root.level, root.disabled, root.manager.disable, _who(logging.lastResort)),
        "logging, handlers": [(_who(handler), handler.level) for handler in root.handlers],
        "logging, filters": list(map(_who, root.filters)),
        "warnings": [_who(warnings.showwarning), *map(str, warnings.filters)],
        "hooks": [_who(hook) for hook in (sys.excepthook, threading.excepthook, sys.unraisablehook, sys.displayhook)],
        "streams": list(map(_who, (sys.stdin, sys.stdout, sys.stderr))),
        "search path": sys.path,
        "limits": [(name, resource.getrlimit(getattr(resource, name))) for name in LIMITS],
        "garbage": (gc.isenabled(), gc.get_threshold()),
        "interpreter": (sys.getswitchinterval(), sys.getrecursionlimit(), sys.gettrace(), sys.getprofile()),
        "socket": socket.getdefaulttimeout(),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "priority": os.getpriority(os.PRIO_PROCESS, os.getpid()),
    }
    return {name: list(map(str, value if isinstance(value, list) else [value])) for name, value in state.items()}


def masked() -> str:
    """Return the signals that this thread holds back."""
    return str(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))


def children(pid: int | None = None) -> set[int]:
    """Return the processes that a process has started and not reaped yet; zombies are among them."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            found.update(map(int, (task / "children").read_text().split()))
    return found


def kill(pid: int) -> None:
    """Kill a process, and wait until it has ended; it may have ended before."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(OSError):  # reaped
        while len(os.listdir(f"/proc/{pid}/task")) > 1 or _phase(pid) != "Z":
            time.sleep(0.001)


def _phase(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def descriptors() -> list[str]:
    """Return what is open, by number and target."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one by which we look
            found.append(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return sorted(found)


def _status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _who(thing: object) -> str:
    """By identity: an equal one in its place is another."""
    return f"{type(thing).__name__} {getattr(thing, '__name__', '')} {id(thing):x}"


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "deleted"


def _stat(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


# --- watching --------------------------------------------------------------------------------------

#: What the interpreter tells of each change of the environment and of the folder, also of one that is taken back.
_EVENTS = ("os.putenv", "os.unsetenv", "os.chdir")
_seen_by_interpreter: list[str] = []


def _audit(event: str, args: tuple[object, ...]) -> None:
    if event in _EVENTS and (by := _ours(sys._getframe(1))):
        _seen_by_interpreter.append(f"{event} {str(args)[:80]} by {by}")


def _ours(frame: Any) -> str:
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.partition(".")[0] == "provlabel":
            return name
        frame = frame.f_back
    return ""


class Watch:
    """Compares :func:`host_state` with what it was, all the time and at the end; ``changed`` has the differences."""

    def __init__(self) -> None:
        if not getattr(sys, "_watched_by_tests", False):  # a hook cannot be taken away again
            sys._watched_by_tests = True  # type: ignore[attr-defined]
            sys.addaudithook(_audit)
        self.changed: list[str] = []
        self._before = host_state()
        self._masked = masked()
        self._told = len(_seen_by_interpreter)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")
        self._thread.start()

    def end(self) -> list[str]:
        """Stop, and return what was otherwise at any moment."""
        self._stop.set()
        self._thread.join()
        self._compare("afterwards")
        if masked() != self._masked:
            self.changed.append(f"mask of signals: was {self._masked}, is {masked()}")
        self.changed += _seen_by_interpreter[self._told :]
        return self.changed

    def _look(self) -> None:
        while not self._stop.wait(0.003):
            self._compare("meanwhile")

    def _compare(self, when: str) -> None:
        now = host_state()
        for name, was in self._before.items():
            if now[name] != was:
                gone, new = [one for one in was if one not in now[name]], [one for one in now[name] if one not in was]
                told = f"{name}, {when}: gone {gone or 'none, or in another order'}, new {new}"
                if told not in self.changed:
                    self.changed.append(told)


# --- working ---------------------------------------------------------------------------------------


class Work:
    """Labels and verifies what the test has put into ``folder``, in each way, and says what was not right."""

    def __init__(self, folder: Path) -> None:
        from provlabel import TrustStore, open_signer

        self.folder = folder
        self.picture = (folder / "picture.png").read_bytes()
        self.uri = f"test:{folder / 'credential'}"
        self.signer = open_signer(self.uri)
        self.trust = TrustStore.load(folder / "credential" / "root.pem", test=True)

    def one(self, number: int, **sandbox: Any) -> list[str]:
        """Label and verify one picture in memory and one in a file."""
        from provlabel import Label, System, label_bytes, label_file, verify_bytes, verify_file, verify_paths

        title, before = f"picture {number} of {os.getpid()}", masked()
        label = Label(kind="ai_generated", title=title, systems=(System(name="AcmeSynth"),))
        content, receipt = label_bytes(self.picture, label, self.signer, **sandbox)
        wrong = _wrong(verify_bytes(content, trust=self.trust, **sandbox), "trusted", title, receipt.manifest)
        changed = bytearray(content)
        changed[content.rindex(b"IDAT") + 20] ^= 1
        wrong += _wrong(verify_bytes(bytes(changed), trust=self.trust, **sandbox), "invalid")
        wrong += _wrong(verify_bytes(self.picture, trust=self.trust, **sandbox), "unsigned")
        out = self.folder / "out" / f"{uuid.uuid4()}.png"
        receipt = label_file(self.folder / "picture.png", out, label, self.signer, **sandbox)
        wrong += _wrong(verify_file(out, trust=self.trust, **sandbox), "trusted", title, receipt.manifest)
        both = [
            file.state for file in verify_paths([out, self.folder / "picture.png"], trust=self.trust, **sandbox).files
        ]
        wrong += [] if both == ["trusted", "unsigned"] else [f"of two paths: {both}"]
        out.unlink()
        return wrong if masked() == before else [*wrong, f"signals {masked()} are held back, not {before}"]

    def many(self, name: str, workers: int = 2) -> list[str]:
        """Label three pictures as a batch, and verify their folder."""
        from provlabel import run_batch, verify_paths

        source, out = self.folder / f"{name}-in", self.folder / f"{name}-out"
        source.mkdir()
        for number in range(3):
            (source / f"{number}.png").write_bytes(self.picture)
        (self.folder / "label.json").write_text('{"kind": "ai_generated", "title": "of a batch"}')
        result = run_batch([source], self.uri, out_dir=out, label=self.folder / "label.json", workers=workers)
        wrong = [] if (result.done, result.failed) == (3, 0) else [f"the batch: {result}"]
        report = verify_paths([out], trust=self.trust)
        states = [(file.state, file.label and file.label.value["title"]) for file in report.files]
        return wrong if states == [("trusted", "of a batch")] * 3 else [*wrong, f"of the batch: {states}"]


def _wrong(report: Any, state: str, title: str | None = None, manifest: str | None = None) -> list[str]:
    [file] = report.files
    found = (file.state, file.label.value["title"] if title else None, file.manifest if manifest else None)
    return [] if found == (state, title, manifest) else [f"wanted {(state, title, manifest)}, found {found}"]


class Host:
    """Calls that are counted and watched; at its end it tells, in a file, what they came to.

    Threads may call at once.  What goes wrong is told and not raised: the streams of a host may be closed.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.told: dict[str, Any] = {"right": 0, "wrong": [], "changed": []}
        self._lock = threading.Lock()
        self._before = (children(), descriptors())

    def __enter__(self) -> Host:
        self._watch = Watch()
        self.work = Work(self.folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None) -> bool:
        if exc is not None:
            self.told["wrong"].append("".join(traceback.format_exception(exc)))
        self.told["changed"] += self._watch.end()
        place = self.folder / "told" / str(uuid.uuid4())
        place.with_suffix(".part").write_text(json.dumps(self.told))
        place.with_suffix(".part").rename(place.with_suffix(".json"))
        return kind is None or issubclass(kind, Exception)

    def one(self, number: int, **sandbox: Any) -> None:
        """Do :meth:`Work.one`."""
        with self.counted() as wrong:
            wrong += self.work.one(number, **sandbox)

    def many(self, name: str, workers: int = 2) -> None:
        """Do :meth:`Work.many`."""
        with self.counted() as wrong:
            wrong += self.work.many(name, workers)

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Note what is put into the list, or is raised; count it as right where that is nothing."""
        wrong: list[str] = []
        try:
            yield wrong
        except Exception:
            wrong.append(traceback.format_exc())
        with self._lock:
            self.told["right"] += not wrong
            self.told["wrong"] += wrong

    def nothing_is_left(self) -> None:
        """Note processes and descriptors that were not there when this began; for whoever has closed its sandboxes."""
        self.told["changed"] += self._watch.end()
        processes, opened = self._before
        left = [str(pid) for pid in children() - processes]
        self.told["wrong"] += [f"left: {item}" for item in (*left, *(set(descriptors()) - set(opened)))]
        self._watch = Watch()
