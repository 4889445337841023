"""What a command asks of the network, as the kernel sees it: ``strace`` over all of its processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: Calls by which anything leaves a machine; a name is looked up by one of them too.
_CALLS = "connect,sendto,sendmsg,sendmmsg,bind"
_INET = re.compile(r"AF_INET6?\b")


class Traced(NamedTuple):
    """How a command ended, what it said, and the lines about sockets of the internet."""

    code: int
    said: str
    calls: list[str]
    processes: int


def traced(command: Sequence[object], *, cwd: Path, env: Mapping[str, str]) -> Traced:
    """Run ``provlabel`` with these arguments, and note each call that could reach another machine."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "calls")
        tracer = ("strace", "-f", "-qq", "-e", f"trace={_CALLS},exit_group", "-e", "signal=none", "-o", str(log))
        done = subprocess.run(
            [*tracer, sys.executable, "-m", "provlabel", *map(str, command)],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        lines = log.read_text(errors="replace").splitlines()
    calls = [line for line in lines if _INET.search(line)]
    return Traced(done.returncode, done.stdout + done.stderr, calls, len({line.split()[0] for line in lines}))
