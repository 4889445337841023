"""A web application that is warm before gunicorn makes workers of it: ``gunicorn --preload host_gunicorn:app``."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from hosts import Host
from provlabel import SandboxPool

FOLDER = Path(os.environ["HOST_FOLDER"])
POOL = SandboxPool(1)

with Host(FOLDER) as host:
    host.one(0)
    host.one(1, sandbox=POOL)


def app(environ: dict[str, str], start: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Label and verify by the way that is asked for; the answer is the process that did."""
    number = int(environ["PATH_INFO"].strip("/"))
    with Host(FOLDER) as host:
        host.one(number, **({"sandbox": POOL} if number % 2 else {}))
    start("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
