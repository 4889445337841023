"""The command line in copies of a warm process: each is a process of its own, without the start of Python.

A server imports provlabel once and forks for every run: the copy gets the arguments, folder, environment and streams
of the run, calls ``provlabel.cli.main`` and ends as that does.  It differs from a fresh process in nothing but what
happens before ``main``: tests about starting up, planted modules, terminals or signals run fresh ones.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

#: What Python, the loader and libraries read when they start.
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "TZ", "MALLOC_", "RUST_", "SSL_", "OPENSSL_", "COVERAGE_")


def fits(env: Mapping[str, str]) -> bool:
    """Does a warm process take these changes of the environment as a fresh one does?"""
    return not any(name.startswith(_AT_START) for name in env)


class WarmCli:
    """Runs commands, one at a time; close it at the end."""

    def __init__(self, env: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=dict(env),
                stdin=subprocess.DEVNULL,
            )
        self._socket = ours
        self._answers = ours.makefile("r")
        self.lock = threading.Lock()  #: held by who runs one; others had better start a process

    def close(self) -> None:
        """End the server."""
        self._answers.close()
        self._socket.close()
        self._server.wait(10)

    def run(
        self, args: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: str | None, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run ``provlabel`` with ``args``, as ``subprocess.run`` does with pipes."""
        with contextlib.ExitStack() as stack:
            ends = [self._pipe(stack) for _ in range(3)]
            nothing = stack.enter_context(Path(os.devnull).open("rb"))
            theirs = [nothing if stdin is None else ends[0][0], ends[1][1], ends[2][1]]
            request = {"args": args, "env": dict(env), "cwd": str(cwd), "umask": _umask()}
            content = json.dumps(request).encode()
            socket.send_fds(self._socket, [len(content).to_bytes(4, "big")], [stream.fileno() for stream in theirs])
            self._socket.sendall(content)
            for stream in theirs:
                stream.close()
            pid = int(self._answers.readline())
            watch = threading.Timer(seconds, os.kill, (pid, 9))
            watch.start()
            heard: list[bytes] = [b"", b""]
            threads = [
                threading.Thread(target=_write, args=(ends[0][1], stdin)),
                *(threading.Thread(target=_read, args=(ends[index + 1][0], heard, index)) for index in range(2)),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            code = int(self._answers.readline())
            ended = watch.is_alive()
            watch.cancel()
            watch.join()
        if not ended:
            raise subprocess.TimeoutExpired(list(args), seconds, heard[0], heard[1])
        return subprocess.CompletedProcess(list(args), code, *map(_text, heard))

    @staticmethod
    def _pipe(stack: contextlib.ExitStack) -> tuple[BinaryIO, BinaryIO]:
        read, write = os.pipe()
        return stack.enter_context(os.fdopen(read, "rb")), stack.enter_context(os.fdopen(write, "wb", buffering=0))


def _umask() -> int:
    before = os.umask(0o77)
    os.umask(before)
    return before


def _write(stream: BinaryIO, text: str | None) -> None:
    with contextlib.suppress(BrokenPipeError), stream:
        stream.write((text or "").encode())


def _read(stream: BinaryIO, heard: list[bytes], index: int) -> None:
    heard[index] = stream.read()


def _text(content: bytes) -> str:
    return content.decode().replace("\r\n", "\n").replace("\r", "\n")


# --- the server ------------------------------------------------------------------------------------


def _preload() -> None:
    import importlib
    import pkgutil

    for name in ("cli", "label", "report", "sandbox", "signers", "trust", "verifying", "labeling", "policy", "law"):
        package = importlib.import_module(f"provlabel.{name}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith((".awskms", ".pkcs11", ".second_opinion")):
                importlib.import_module(found.name)
    from provlabel import engine

    engine.binding()


def _serve(connection: socket.socket) -> None:
    _preload()
    gc.collect()
    gc.freeze()
    while True:
        head, streams, _, _ = socket.recv_fds(connection, 4, 3)
        if not head:
            return
        length, content = int.from_bytes(head, "big"), b""
        while len(content) < length:
            content += connection.recv(length - len(content))
        pid = os.fork()
        if pid == 0:
            connection.close()
            _be_command(json.loads(content), streams)
        for fd in streams:
            os.close(fd)
        connection.sendall(b"%d\n" % pid)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        connection.sendall(b"%d\n" % code)


def _be_command(request: dict[str, Any], streams: list[int]) -> None:
    """Be what ``python -m provlabel`` would be, and never come back."""
    try:
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
            os.close(fd)
        os.chdir(request["cwd"])
        os.umask(request["umask"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.path[0] = request["cwd"]
        import provlabel.__main__

        sys.argv = [str(provlabel.__main__.__file__), *request["args"]]
        sys.stdin, sys.stdout, sys.stderr = _like(sys.stdin, 0), _like(sys.stdout, 1), _like(sys.stderr, 2)
        provlabel.cli.main()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(70)


def _like(stream: Any, fd: int) -> io.TextIOWrapper:
    """Open a stream as Python opened ``stream`` when it started."""
    opened = open(fd, "wb" if fd else "rb", closefd=False)  # noqa: SIM115 - for as long as we run
    return io.TextIOWrapper(opened, stream.encoding, stream.errors, line_buffering=fd == 2)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        _serve(connection)
