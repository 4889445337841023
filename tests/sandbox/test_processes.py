"""The starter of clean processes: what a host has open, ignores or takes for Python never reaches a worker."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import batch_functions
from project import MEDIA
from provlabel import ConfigError, ProvlabelError, SandboxPool, engine, run_batch
from provlabel._support import processes
from provlabel._support.processes import Child
from provlabel.batch import pool
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import Launch, fork, spawn

pytestmark = pytest.mark.fresh

PICTURE = MEDIA / "cover.jpg"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
BOTH = pytest.mark.parametrize("launch", [spawn, pytest.param(fork, marks=forks)])
VERSION = "{}.{}".format(*sys.version_info)


@pytest.fixture(autouse=True)
def loaded() -> None:
    """A copy of this large process would have no room to load the engine itself."""
    engine.binding()


def recorded(launch: Launch, workers: list[Child]) -> Launch:
    def start() -> Child:
        workers.append(launch())
        return workers[-1]

    return start


def require_ended(*pids: int) -> None:
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


# --- descriptors -----------------------------------------------------------------------------------


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[list[int]]:
    """What a host in C++ has opened without CLOEXEC: a file, and both ends of a connection."""
    libc = ctypes.CDLL(None)
    pair = (ctypes.c_int * 2)()
    assert libc.socketpair(socket.AF_UNIX, socket.SOCK_STREAM, 0, pair) == 0
    opened = [libc.open(os.fsencode(tmp_path / "secret"), os.O_RDWR | os.O_CREAT, 0o600), *pair]
    assert all(os.get_inheritable(fd) for fd in opened)
    yield opened
    for fd in opened:
        os.close(fd)  # so none was closed in the host


def require_only_its_own(links: list[str]) -> None:
    """Two pipes, what it prints, /dev/null, and what the engine waits by: no socket, no file, no pipe of another."""
    own = ("pipe:", "/memfd:provlabel-worker", "/dev/null", "anon_inode:[event")
    assert [link for link in links if not link.startswith(own)] == []
    assert len({link for link in links if link.startswith("pipe:")}) == 2


@LINUX
@BOTH
def test_nothing_that_a_host_has_open_is_open_in_a_sandbox(launch: Launch, careless: list[int]) -> None:
    first: list[Child] = []
    second: list[Child] = []
    with Sandbox(recorded(launch, first)) as sandbox, Sandbox(recorded(launch, second)) as later:
        for one in (sandbox, later):
            assert one.read(PICTURE).trouble is None
        for [worker] in (first, second):
            require_only_its_own([os.readlink(link) for link in Path(f"/proc/{worker.pid}/fd").iterdir()])


@LINUX
def test_nothing_that_a_host_has_open_is_open_in_a_batch(careless: list[int]) -> None:
    chunks = iter([["a"], ["b"], ["c"], ["d"]])
    found = list(pool.supervise(batch_functions.descriptors, None, chunks, 2, lost=lambda _: [""]))
    outcomes = [links for outcomes in found for links in outcomes]
    assert len(outcomes) == 4
    for links in outcomes:
        require_only_its_own(links)


CLOSED = """
import os, sys
from pathlib import Path
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork, spawn
for fd in (0, 1, 2):
    os.close(fd)
with Sandbox({launch}) as sandbox:
    said = str(sandbox.read(Path({picture!r})).format)
Path({out!r}).write_text(said)
"""


@pytest.mark.parametrize("launch", ["spawn", "fork"])
def test_a_host_without_standard_streams(launch: str, tmp_path: Path) -> None:
    """A daemon may have closed them, so that pipes get the numbers that a worker is given anew."""
    out = tmp_path / "out"
    code = CLOSED.format(launch=launch, picture=str(PICTURE), out=str(out))
    subprocess.run([sys.executable, "-c", code], env=surroundings(), check=True)
    assert out.read_text() == "JPEG"


def surroundings(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}


# --- signals ---------------------------------------------------------------------------------------


@pytest.fixture
def deaf() -> Iterator[None]:
    """A host that ignores the limit of time, and holds back what would end it."""
    before = signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGXCPU})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    signal.signal(signal.SIGXCPU, before)


def signals(status: str) -> tuple[set[int], set[int]]:
    """The signals that are blocked and those that are ignored, by the text of /proc/PID/status."""
    masks = [int(match, 16) for match in re.findall(r"^Sig(?:Blk|Ign):\s*([0-9a-f]+)", status, re.MULTILINE)]
    blocked, ignored = ({number for number in range(1, 32) if mask >> (number - 1) & 1} for mask in masks)
    return blocked, ignored


OF_THE_TERMINAL = {signal.SIGINT, signal.SIGHUP}


@LINUX
@BOTH
@pytest.mark.usefixtures("deaf")
def test_a_host_that_ignores_signals_leaves_the_sandbox_its_limits(launch: Launch) -> None:
    workers: list[Child] = []
    with Sandbox(recorded(launch, workers)) as sandbox:
        assert sandbox.read(PICTURE).trouble is None
        blocked, ignored = signals(Path(f"/proc/{workers[0].pid}/status").read_text())
        assert os.getpgid(workers[0].pid) == os.getpgid(0)
    assert blocked == set()
    # Python itself ignores the other two in a program of its own.
    assert OF_THE_TERMINAL <= ignored <= OF_THE_TERMINAL | {signal.SIGPIPE, signal.SIGXFSZ}


@LINUX
@pytest.mark.usefixtures("deaf")
def test_a_host_that_ignores_signals_leaves_them_to_a_batch() -> None:
    [found] = [
        outcome
        for outcomes in pool.supervise(batch_functions.status, None, iter([["a"]]), 1, lost=lambda _: "")
        for outcome in outcomes
    ]
    blocked, ignored = signals(found)
    assert blocked == set()
    assert OF_THE_TERMINAL <= ignored <= OF_THE_TERMINAL | {signal.SIGPIPE, signal.SIGXFSZ}


# --- the interpreter -------------------------------------------------------------------------------


def other(version: str) -> Path:
    return Path.home() / ".pyenv" / "versions" / version / "bin" / "python"


OTHERS = [
    pytest.param(
        str(other(version)),
        rf"is cpython {version.rpartition('.')[0]}, and this is cpython {VERSION}$",
        id=version,
        marks=pytest.mark.skipif(not other(version).exists(), reason=f"there is no Python {version} here"),
    )
    for version in ("3.6.15", "3.10.13", "3.11.7", "3.12.1", "3.13.0")
    if not version.startswith(f"{VERSION}.")
]
NONE = [
    pytest.param("/bin/true", rf"/bin/true is no Python {VERSION}: it ended with status 0", id="true"),
    pytest.param("/bin/cat", rf"/bin/cat is no Python {VERSION}: it ended with status 1", id="cat"),
    pytest.param("/bin/echo", rf"/bin/echo is no Python {VERSION}: it said something else", id="echo"),
    pytest.param("/nowhere/python", "/nowhere/python: no such file or directory", id="missing"),
    pytest.param("/etc/passwd", "/etc/passwd: permission denied", id="no program"),
    pytest.param("", "does not say where its interpreter is", id="empty"),
    pytest.param(None, "does not say where its interpreter is", id="unknown"),
    *OTHERS,
]


def require_one_sentence(error: ConfigError, words: str) -> None:
    assert re.search(words, str(error)), str(error)
    assert str(error).startswith("no worker can be started: ")
    assert "\n" not in str(error)
    assert f"PROVLABEL_PYTHON=/usr/bin/python{VERSION}, or python=" in error.hint


@pytest.mark.parametrize(("program", "words"), NONE)
def test_what_is_no_python_of_ours_is_refused(
    program: str | None, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, credential: Path
) -> None:
    """Whatever a host says is its interpreter; nothing of it goes on, and the next one may be right."""
    python = sys.executable
    workers: list[Child] = []
    monkeypatch.setattr(sys, "executable", program)
    before = open_files()
    with Sandbox(recorded(spawn, workers)) as sandbox:
        for _ in range(2):
            with pytest.raises(ConfigError) as caught:
                sandbox.read(PICTURE)
            require_one_sentence(caught.value, words)
    require_ended(*(worker.pid for worker in workers))
    with pytest.raises(ConfigError) as caught:
        list(pool.supervise(batch_functions.mark, str(tmp_path), iter([["a"], ["b"]]), 2, lost=str))
    require_one_sentence(caught.value, words)
    assert open_files() == before
    with Sandbox(python=python) as sandbox, SandboxPool(1, python=python) as several:
        assert sandbox.read(PICTURE).format == several.read(PICTURE).format == "JPEG"
    monkeypatch.setenv("PROVLABEL_PYTHON", python)
    with Sandbox() as sandbox:
        assert sandbox.read(PICTURE).format == "JPEG"
    with pytest.raises(ConfigError, match="/bin/true is no Python"), Sandbox(python="/bin/true") as sandbox:
        sandbox.read(PICTURE)


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


def test_a_batch_by_the_interpreter_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, credential: Path
) -> None:
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/bin/true")
    (tmp_path / "label.toml").write_text('kind = "human_made"\n')

    def labeled(name: str, python: str | None) -> int:
        return run_batch(
            [PICTURE],
            f"test:{credential}",
            out_dir=tmp_path / name,
            label=tmp_path / "label.toml",
            workers=1,
            python=python,
        ).done

    with pytest.raises(ConfigError, match="/bin/true is no Python"):
        labeled("refused", None)
    assert labeled("named", python) == 1
    monkeypatch.setenv("PROVLABEL_PYTHON", python)
    assert labeled("by the environment", None) == 1


def test_a_frozen_program_is_not_even_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with Sandbox() as sandbox, pytest.raises(ConfigError) as caught:
        sandbox.read(PICTURE)
    require_one_sentence(caught.value, "this program is frozen")
    with Sandbox(python=sys.executable) as sandbox:
        assert sandbox.read(PICTURE).format == "JPEG"


@LINUX
def test_a_program_that_says_nothing_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """A studio program is started by a script: both may be there when we no longer wait."""
    script, told = tmp_path / "studio", tmp_path / "told"
    os.mkfifo(told)
    script.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {told}\nwait\n")
    script.chmod(0o700)
    child = spawn(script)
    started = int(told.read_text())
    with pytest.raises(ConfigError) as caught:
        processes.greet(child, wait=0.1)
    require_one_sentence(caught.value, rf"studio is no Python {VERSION}: it did not say so within 0.1 s")
    require_ended(child.pid)
    ends = time.monotonic() + 10
    while is_running(started) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not is_running(started)


def is_running(pid: int) -> bool:
    """Its parent is gone, and whoever has taken it over may take its time to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_is_killed_at_its_start_is_no_wrong_interpreter() -> None:
    child = spawn()
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProvlabelError, match="died at its start of SIGKILL") as caught:
        processes.greet(child)
    assert not isinstance(caught.value, ConfigError)


def with_provlabel(folder: Path, version: str) -> str:
    """Another provlabel, which a worker would find instead of ours."""
    (folder / "provlabel").mkdir()
    (folder / "provlabel" / "__init__.py").touch()
    (folder / "provlabel" / "_version.py").write_text(f"__version__ = {version!r}\n")
    return str(folder)


def test_another_provlabel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As may happen where the interpreter is another than that of the host."""
    monkeypatch.setattr(sys, "path", [with_provlabel(tmp_path, "0.0.9"), *sys.path])
    with Sandbox() as sandbox, pytest.raises(ConfigError) as caught:
        sandbox.read(PICTURE)
    require_one_sentence(caught.value, r"has provlabel 0\.0\.9, and this is \d")


def test_an_interpreter_without_provlabel_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Path(sys._base_executable)  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "path", [])
    if subprocess.run([bare, "-I", "-c", "import provlabel"], capture_output=True, check=False).returncode == 0:
        pytest.skip("provlabel is installed beside the interpreter of this environment")
    with Sandbox(python=bare) as sandbox, pytest.raises(ConfigError) as caught:
        sandbox.read(PICTURE)
    require_one_sentence(caught.value, "has no provlabel$")


HOST = """#!{python}
import os, sys
sys.path[:] = {path!r}
with open({log!r}, "a") as log:
    log.write("started\\n")
from pathlib import Path
from provlabel import ConfigError
from provlabel.sandbox import Sandbox
sys.executable = __file__
with Sandbox() as sandbox:
    try:
        sandbox.read(Path({picture!r}))
    except ConfigError as exc:
        sys.stderr.write(f"{{exc}}\\n")
        raise SystemExit(9)
"""


def test_a_host_that_is_its_own_interpreter_starts_itself_once(tmp_path: Path) -> None:
    """It would start workers of its own, and those again: a machine full of studio programs."""
    host, log = tmp_path / "host", tmp_path / "log"
    host.write_text(HOST.format(python=sys.executable, path=sys.path, log=str(log), picture=str(PICTURE)))
    host.chmod(0o700)
    done = subprocess.run([host], capture_output=True, text=True, check=False)
    assert done.returncode == 9
    assert log.read_text() == "started\n" * 2
    assert done.stderr == f"no worker can be started: {host} is no Python {VERSION}: it ended with status 9\n"


def test_a_process_that_was_started_as_a_worker_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVLABEL_WORKER", "1")
    with Sandbox() as sandbox, pytest.raises(ConfigError, match="was started as a worker of provlabel, and is none"):
        sandbox.read(PICTURE)


# --- threads ---------------------------------------------------------------------------------------

THREADS = """
import ctypes, sys, threading
from provlabel.sandbox.process import fork_or_spawn
if {beside}:
    libc = ctypes.CDLL(None)
    thread = ctypes.c_ulong()
    assert libc.pthread_create(ctypes.byref(thread), None, libc.pause, None) == 0
assert threading.active_count() == 1
child = fork_or_spawn()
print("spawned" if child.python else "forked")
child.close()
"""


@LINUX
@pytest.mark.parametrize(("beside", "how"), [(False, "forked\n"), (True, "spawned\n")], ids=["alone", "a thread of C"])
def test_fork_is_chosen_by_the_threads_of_the_system(beside: bool, how: str) -> None:
    code = THREADS.format(beside=beside)
    done = subprocess.run([sys.executable, "-c", code], env=surroundings(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (how, "")
