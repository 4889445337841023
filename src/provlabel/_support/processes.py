"""Clean processes: a child that has nothing of its parent but what it is handed, and says what it is before it is.

The host may be anything that runs Python: a service with threads and open sockets, a studio program whose
``sys.executable`` is its own binary.  So nothing of ours changes it, and nobody is believed to be Python unseen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import os
import select
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, NamedTuple, NoReturn

from provlabel._support.text import printable
from provlabel._version import __version__
from provlabel.errors import ConfigError, ProvlabelError

#: Seconds in which a child has to say what it is; the machine may be loaded.
WAIT = 60.0
#: In the environment of a child until it has shown itself: whoever finds it there is a host that we took for Python.
STARTED = "PROVLABEL_WORKER"
_PYTHON = "PROVLABEL_PYTHON"
_VERSION = "{}.{}".format(*sys.version_info)
#: The first line that a child of ours says.
HELLO = f"provlabel-worker {sys.implementation.name} {_VERSION} {__version__}\n".encode()
_LONGEST = 200  # bytes of a line that may be a hello
_SIGNALS = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
#: Of the whole terminal; whoever asks a child decides what follows.
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGHUP)


class Child(NamedTuple):
    """A process that was started here: the two pipes to it, and a file with what it prints."""

    pid: int
    requests: int
    answers: int
    printed: BinaryIO
    python: str = ""  #: its interpreter; "" where it is a copy of this process

    def close(self) -> None:
        """Close our ends of the pipes; the child sees that and ends."""
        os.close(self.requests)
        os.close(self.answers)
        self.printed.close()

    def last_words(self) -> str:
        """Return the last line that the child printed, escaped; "" where there is none."""
        self.printed.seek(0)
        lines = self.printed.read(_LONGEST * 100).decode("utf-8", "replace").strip().splitlines()
        return printable(lines[-1], _LONGEST) if lines else ""


# --- starting --------------------------------------------------------------------------------------

# A child runs this before anything else: of what its host has open, nothing is open any more when a file is read.
_CLOSE = """\
import os
here = [place for place in ("/proc/self/fd", "/dev/fd") if os.path.isdir(place)]
if here:
    for name in os.listdir(here[0]):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                pass
else:
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
"""

# Any Python can run this, as the wrong one has to say that it is the wrong one.  Its own standard library comes first,
# as that of the host may be made for the host alone; what it knows beside comes last.
_BOOT = f"""\
{_CLOSE}
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
try:
    os.setpgid(0, os.getpgid(os.getppid()))
except OSError:
    pass
os.environ.pop("{STARTED}", None)
os.chdir("/")
library = os.path.dirname(os.__file__)
own = [entry for entry in sys.path if entry.startswith(library) and "-packages" not in entry]
sys.path[:] = dict.fromkeys(own + sys.argv[2:] + sys.path)
__version__ = "none"
if sys.version_info[:2] == {sys.version_info[:2]}:
    try:
        from provlabel._version import __version__
    except Exception:
        pass
version = (sys.implementation.name,) + sys.version_info[:2] + (__version__,)
os.write(1, ("provlabel-worker %s %d.%d %s\\n" % version).encode())
import importlib
module, _, function = sys.argv[1].partition(":")
getattr(importlib.import_module(module), function)()
"""


def start_clean(main: str, *, python: str | os.PathLike[str] | None = None, environ: Mapping[str, str]) -> Child:
    """Start another Python; works from threads, pools and unguarded scripts, and leaves this process as it is.

    It shows what it is by its first answer, so :func:`greet` it before anything is sent to it.  It stands in ``/``, so
    that it holds no folder of the host, and does not care when that is deleted.

    Args:
        main: ``module:function``, which gets its pipes from :func:`take_pipes`.
        python: its interpreter; without, the variable ``PROVLABEL_PYTHON``, or else the one that runs us.
        environ: the whole environment that it starts with.

    Raises:
        ConfigError: there is no interpreter, or we are in a process that was started as a child.
        OSError: the system refuses to start any.
    """
    named = interpreter(python)
    if STARTED in os.environ:
        raise ConfigError(
            f"this process was started as a worker of provlabel, and is none: {STARTED} is set", hint=_HINT
        )
    with _wired() as (child_in, requests, answers, child_out, printed):
        try:
            pid = os.posix_spawnp(
                named,
                [named, "-I", f"-Xutf8={sys.flags.utf8_mode}", "-c", _BOOT, main, *_search_path()],
                {**environ, STARTED: "1"},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, child_in, 0),
                    (os.POSIX_SPAWN_DUP2, child_out, 1),
                    (os.POSIX_SPAWN_DUP2, printed.fileno(), 2),
                ],
                setpgroup=0,  # what a wrong one starts is ended with it; a right one comes back to our group
                setsigmask=(),
                setsigdef=_SIGNALS,  # a host that ignores SIGXCPU would take the limit of time away
            )
        except OSError as exc:
            if exc.errno in _NO_PROGRAM:
                raise _refused(f"{named}: {(exc.strerror or '').lower()}") from None
            raise
    return Child(pid, requests, answers, printed, named)


_NO_PROGRAM = frozenset({errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC, errno.EISDIR})
_HINT = f"name a Python {_VERSION} that has provlabel: {_PYTHON}=/usr/bin/python{_VERSION}, or python="


def interpreter(python: str | os.PathLike[str] | None = None) -> str:
    """Return which interpreter a child gets: ``python``, or ``PROVLABEL_PYTHON``, or the one that runs us.

    Raises:
        ConfigError: a frozen or embedded host has none, as it would start itself once more.
    """
    named = os.fspath(python or "") or os.environ.get(_PYTHON, "")
    if named:
        return named
    if getattr(sys, "frozen", False):
        raise _refused("this program is frozen, and has no interpreter of its own")
    if not sys.executable:
        raise _refused("this program does not say where its interpreter is")
    return sys.executable


def _search_path() -> list[str]:
    """Return where we find modules, but for the current folder and the standard library, which a child has itself."""
    library = os.path.dirname(getattr(os, "__file__", "") or "?")  # noqa: PTH120 - text
    found = []
    for entry in sys.path:
        if isinstance(entry, str) and entry and entry not in (library, f"{library}/lib-dynload"):
            with contextlib.suppress(FileNotFoundError):  # it is told from where we stand, and that is gone
                found.append(os.path.abspath(entry))  # noqa: PTH100 - text
    return found


def _refused(why: str) -> ConfigError:
    return ConfigError(f"no worker can be started: {printable(why, 500)}", hint=_HINT)


class Killed(ProvlabelError):
    """A child was killed from outside before it could say what it is."""


def greet(child: Child, wait: float = WAIT) -> None:
    """Wait until a child has shown that it is Python of our version, with our version of provlabel; else end it.

    Raises:
        ConfigError: it is something else, or has said nothing for ``wait`` seconds.
        ProvlabelError: it died before it could say it; :class:`Killed` where that came from outside.
    """
    with contextlib.ExitStack() as refusal:
        refusal.callback(_discard, child)
        said = _first_line(child.answers, wait)
        if said == HELLO:
            refusal.pop_all()
            return
        status = None if said else _status(child.pid, _MOMENT)
    if status is not None and status < 0:
        kind = Killed if status == -signal.SIGKILL else ProvlabelError
        raise kind(
            f"no worker can be started: {printable(child.python)} died at its start of {signal.Signals(-status).name}",
            hint="see the system's log: is there memory for it?",
        )
    silent = f"it did not say so within {wait:g} s" if status is None else f"it ended with status {status}"
    raise _refused(f"{child.python} {_what_it_is(said) or f'is no Python {_VERSION}: {silent}'}")


_MOMENT = 0.2  # seconds from the end of its pipe to that of a process


def _first_line(fd: int, wait: float) -> bytes:
    """Return what comes until a line ends, the pipe is closed, or the time is over."""
    said, ends = b"", time.monotonic() + wait
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while not said.endswith(b"\n") and len(said) < _LONGEST:
            # Byte by byte: what follows the line is no part of it.
            piece = os.read(fd, 1) if selector.select(max(0.0, ends - time.monotonic())) else b""
            if not piece:
                break
            said += piece
    return said


def _what_it_is(said: bytes) -> str:
    words = said.decode("ascii", "replace").split()
    if not words:
        return ""
    if len(words) != len(HELLO.split()) or words[0] != "provlabel-worker":
        return f"is no Python {_VERSION}: it said something else"
    _, kind, version, ours = words
    if [kind, version] != [sys.implementation.name, _VERSION]:
        return f"is {kind} {version}, and this is {sys.implementation.name} {_VERSION}"
    return "has no provlabel" if ours == "none" else f"has provlabel {ours}, and this is {__version__}"


def _discard(child: Child) -> None:
    """End a child that was not accepted, and all that it started."""
    child.close()
    with contextlib.suppress(ProcessLookupError, PermissionError):  # a Python of another version is in our group again
        os.killpg(child.pid, signal.SIGKILL)
    reap(child.pid, patience=0)


# --- copying ---------------------------------------------------------------------------------------


def is_alone() -> bool:
    """Is this the only thread of the process, counted by the system?  A copy of more may hold a lock for ever.

    Libraries have threads that Python does not know of; where the system does not tell, there may be some.
    """
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - text
    except OSError:
        return False


def fork_clean(main: Callable[[], None]) -> Child:
    """Start a copy of this process, which keeps the code and nothing else; only where :func:`is_alone` holds.

    It costs a millisecond, where :func:`start_clean` costs the start of Python.

    Raises:
        OSError: the system refuses.
    """
    with _wired() as (child_in, requests, answers, child_out, printed):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):  # there is none, or it is closed
                stream.flush()
        pid = os.fork()
        if pid == 0:
            _be_child(main, (child_in, child_out, printed.fileno()))
    return Child(pid, requests, answers, printed)


def _be_child(main: Callable[[], None], ours: tuple[int, int, int]) -> NoReturn:
    """Do the work and leave, whatever happens: the copy must never run on as the caller."""
    status = 1
    try:
        gc.freeze()  # what the caller left to the collector would close numbers that are another's by then
        for number, fd in enumerate(ours):
            os.dup2(fd, number)
        exec(_CLOSE, {})  # noqa: S102 - our own text
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_IGN if one in _OF_THE_TERMINAL else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.environ.clear()
        os.chdir("/")
        os.write(1, HELLO)
        main()
        status = 0
    except BaseException as exc:
        os.write(2, f"{type(exc).__name__}: {exc}\n".encode("utf-8", "backslashreplace"))
    finally:
        os._exit(status)


# --- both ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _wired() -> Iterator[tuple[int, int, int, int, BinaryIO]]:
    """Make what a child talks through: two pipes, and a file for what it prints.

    Its own ends are closed afterwards, and ours too where it did not start.
    """
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        while (fd := os.open(os.devnull, os.O_RDONLY)) <= 2:  # a host may have closed what a child is given anew
            theirs.callback(os.close, fd)
        os.close(fd)
        child_in, requests = os.pipe()
        theirs.callback(os.close, child_in)
        ours.callback(os.close, requests)
        answers, child_out = os.pipe()
        theirs.callback(os.close, child_out)
        ours.callback(os.close, answers)
        printed = ours.enter_context(_memory_file())
        yield child_in, requests, answers, child_out, printed
        ours.pop_all()


def _memory_file() -> BinaryIO:
    """A nameless file for what a child prints; it is written at its end, wherever others read it and cut it."""
    if hasattr(os, "memfd_create"):
        made = os.fdopen(os.memfd_create("provlabel-worker"), "w+b")
    else:
        import tempfile

        made = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    fcntl.fcntl(made, fcntl.F_SETFL, os.O_RDWR | os.O_APPEND)
    return made


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return requests and answers, inside of a child; what libraries print goes to standard error from now on."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


# --- ending ----------------------------------------------------------------------------------------


def has_ended(child: Child) -> bool:
    """Has this child closed its end, as whoever ends does?"""
    poll = select.poll()
    poll.register(child.answers, select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def reap(pid: int, patience: float = 0.25) -> int:
    """Wait ``patience`` seconds for a child that is about to end, then make it; 0 if somebody else has reaped it."""
    status = _status(pid, patience)
    if status is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        status = _status(pid, _FOREVER)
    return status or 0


_FOREVER = float("inf")


def _status(pid: int, patience: float) -> int | None:
    """Return how a child ended, as ``subprocess`` tells it, if it does within ``patience`` seconds."""
    ends, pause = time.monotonic() + patience, 0.0
    try:
        while not (found := os.waitpid(pid, os.WNOHANG))[0]:
            if time.monotonic() >= ends:
                return None
            time.sleep(pause)
            pause = min(0.05, 2 * pause + 0.001)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(found[1])
