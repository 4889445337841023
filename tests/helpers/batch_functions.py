"""Functions for workers in tests of the supervisor: they have to stand in a module that workers can import."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from provlabel import ConfigError


def mark(folder: str, jobs: Sequence[str]) -> list[str]:
    """Note each start of a job in ``folder``; poison kills its process, and once does so once."""
    done = []
    for job in jobs:
        starts = Path(folder, job)
        with starts.open("a") as stream:
            stream.write("x")
        if "poison" in job or ("once" in job and starts.stat().st_size == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if "slow" in job:
            time.sleep(30)
        done.append(f"{job} done")
    return done


def die(_setting: object, _jobs: Sequence[str]) -> list[str]:
    raise AssertionError("never reached")


def dies_at_start(_setting: object) -> None:
    os.write(2, b"there is no room\n")
    os.kill(os.getpid(), signal.SIGKILL)


def descriptors(_setting: object, jobs: Sequence[str]) -> list[list[str]]:
    """What this process has open."""
    links = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the folder itself
            links.append(os.readlink(f"/proc/self/fd/{name}"))
    return [links for _ in jobs]


def status(_setting: object, jobs: Sequence[str]) -> list[str]:
    """What the system says of this process."""
    return [Path("/proc/self/status").read_text() for _ in jobs]


def surroundings(_setting: object, jobs: Sequence[str]) -> list[tuple[dict[str, str], str]]:
    """Environment and folder of this process."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        folder = "gone"
    return [(dict(os.environ), folder) for _ in jobs]


def doubled(_setting: object, jobs: Sequence[bytes]) -> list[bytes]:
    """As much again, so that both directions are full at once."""
    return [job + job for job in jobs]


def timed(folder: str, jobs: Sequence[str]) -> list[tuple[str, float, float]]:
    """When each job began and ended; a suspect kills its process twice, and then does not."""
    done = []
    for job in jobs:
        began = time.monotonic()
        if "suspect" in job:
            starts = Path(folder, job)
            with starts.open("a") as stream:
                stream.write("x")
            if starts.stat().st_size <= 2:
                os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)
        done.append((job, began, time.monotonic()))
    return done


def raises(_setting: object, jobs: Sequence[str]) -> list[str]:
    raise ConfigError(f"{jobs[0]} is refused", hint="ask for another")


def chats(_setting: object, jobs: Sequence[int]) -> list[int]:
    """Print as many bytes as each job says, and tell how many are kept before."""
    kept = []
    for job in jobs:
        kept.append(os.fstat(2).st_size)
        os.write(2, b"x" * job)
    return kept
