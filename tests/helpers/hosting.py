"""Starts host programs as their owners do, and holds what they told, and what they left, against what is promised."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hosts import children
from project import MEDIA, ROOT

PROGRAMS = ROOT / "tests" / "scenarios" / "hosts"
#: A user that no file of this machine knows.
STRANGER = 54321
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl.h
_LEDGERS = ".provlabel-batch"  # the folder of a ledger, which stays
_PATIENCE = 10  # seconds in which what was told to end has ended
#: Starts a program with a search path, where Python does not look into the environment.
_ISOLATED = """import json, runpy, sys
sys.path[:] = json.loads(sys.argv.pop(1))
runpy.run_path(sys.argv.pop(1), None, "__main__")
"""


class Place:
    """The folder of a host: a picture, a credential, and where each thing that is written has to be."""

    def __init__(self, folder: Path, credential: Path) -> None:
        self.folder = folder
        for name in ("told", "out", "tmp", "home", "stands"):
            (folder / name).mkdir()
        shutil.copy(MEDIA / "still.png", folder / "picture.png")
        shutil.copytree(credential, folder / "credential")
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": os.pathsep.join([*filter(None, sys.path), str(PROGRAMS)]),
        }

    def give_to(self, user: int) -> None:
        """Let it belong to somebody else."""
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, user, user)

    def program(self, name: str, *args: object, flags: Sequence[str] = (), at: Path | None = None) -> list[str]:
        """Return the command of a host program; ``at`` is how it sees the folder."""
        script, rest = str(PROGRAMS / f"{name}.py"), [str(at or self.folder), *map(str, args)]
        if "-I" in flags:
            path = json.dumps(self.env["PYTHONPATH"].split(os.pathsep))
            return [sys.executable, *flags, "-c", _ISOLATED, path, script, *rest]
        return [sys.executable, *flags, script, *rest]

    def start(self, command: Sequence[str], cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start a host."""
        return subprocess.Popen(
            command,
            cwd=cwd or self.folder / "stands",
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: Sequence[str], *, right: int) -> None:
        """Run a host to its end, and require so many right calls of it, and that it left nothing."""
        with adopted() as left:
            process = self.start(command)
            try:
                out, err = process.communicate(timeout=120)
            finally:
                process.kill()
            assert process.returncode == 0, out + err
            assert "Traceback" not in err
            self.require(right)
            assert (still := left()) == [], still

    def require(self, right: int) -> None:
        """Require that hosts told of so many right calls, of no wrong one, and that nothing changed or was left."""
        told = [json.loads(path.read_text()) for path in sorted((self.folder / "told").glob("*.json"))]
        wrong = [item for one in told for item in (*one["wrong"], *one["changed"])]
        wrong += [f"left: {path}" for name in ("tmp", "stands", "home") for path in (self.folder / name).rglob("*")]
        wrong += [f"left: {path}" for path in self.folder.rglob(".provlabel-*") if path.name != _LEDGERS]
        assert not wrong, "\n".join(wrong)
        assert (found := sum(one["right"] for one in told)) == right, f"{found} calls were right, not {right}"


@contextlib.contextmanager
def adopted() -> Iterator[Callable[[], list[str]]]:
    """Become the parent of whoever loses their own here; what is yielded tells of those that do not end."""
    libc, before = ctypes.CDLL(None), children()
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)

    def left() -> list[str]:
        until = time.monotonic() + _PATIENCE
        while (found := running()) and time.monotonic() < until:
            time.sleep(0.01)
        return found

    def running() -> list[str]:
        found = []
        for pid in children() - before:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    found.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
        return found

    try:
        yield left
    finally:
        for pid in children() - before:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        left()
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)


def as_stranger() -> list[str]:
    """Return a prefix that makes a program run as a user without a name, a group and a right of its own.

    The Python of this machine may lie in the home of root: then the right to read all is left, but none to write.
    """
    if os.geteuid():
        pytest.skip("only root can become a user that has no entry")
    plain = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
    reads = [*plain, "--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"]
    for prefix in ([*plain, "--inh-caps=-all", "--bounding-set=-all"], reads):
        works = subprocess.run([*prefix, "sh", "-c", '"$0" -c "import provlabel.cli"', sys.executable], check=False,
                               capture_output=True)  # fmt: skip
        if works.returncode == 0:
            return prefix
    pytest.skip("here no other user can read this Python")


def below_read_only(place: Place) -> tuple[list[str], Path]:
    """Return a prefix below which there is no shared memory, and one place to write: that folder, seen elsewhere."""
    used = [Path(name).resolve() for name in (sys.prefix, sys.base_prefix, ROOT)]
    inside = next(
        path for path in map(Path, ("/mnt", "/srv", "/opt")) if not any(path in each.parents for each in used)
    )
    mine = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
    script = (
        f'mount --bind "$0" {inside} && mount -t tmpfs -o ro,size=4k none /dev/shm && mount -o remount,bind,ro / '
        '&& cd / && exec "$@"'
    )
    prefix = [*mine, "sh", "-ec", script, str(place.folder)]
    if (done := subprocess.run([*prefix, "true"], check=False, capture_output=True, text=True)).returncode:
        pytest.skip(f"this machine lets nobody see other mounts: {done.stderr.strip()}")
    return prefix, inside


@contextlib.contextmanager
def kernel(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Callable[..., str]]]:
    """Start a kernel of Jupyter; what is yielded is its manager, and what runs a cell and returns how that ended."""
    from jupyter_client.manager import KernelManager

    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        place.env[name] = str(place.folder / name.lower())
        monkeypatch.setenv(name, place.env[name])
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=place.env, cwd=str(place.folder / "stands"))
    client = manager.blocking_client()
    client.start_channels()

    def run(cell: str, when_it_prints: Callable[[], object] = lambda: None) -> str:
        def output(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                when_it_prints()

        content = client.execute_interactive(cell, timeout=60, output_hook=output)["content"]
        return str(content.get("ename", content["status"]))

    try:
        client.wait_for_ready(timeout=60)
        assert run("import os, signal; from hosts import Host, children") == "ok"
        assert run(f"FOLDER = {str(place.folder)!r}") == "ok"
        yield manager, run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
