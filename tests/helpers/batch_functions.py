"""Functions for workers in tests of the supervisor: they have to stand in a module that workers can import."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path


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
    os.kill(os.getpid(), signal.SIGKILL)
