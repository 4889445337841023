"""What one request may cost, set on the process that serves it."""

from __future__ import annotations

import contextlib
import resource

from provlabel.sandbox.protocol import Limits

_UNSEEN = Limits(cpu_seconds=1)  # an honest compressed manifest takes the engine some milliseconds


def set_limits(limits: Limits, size: int) -> None:
    """Set the soft limits for a file of ``size`` bytes, counted from what was used before."""
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory(size), hard))
    _limit_cpu(limits.cpu(size))


def _limit_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    spent = round(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, hard))


def shorten_time(size: int) -> None:
    """Leave the engine little time: what the scan before it could not look into may cost it minutes."""
    _limit_cpu(_UNSEEN.cpu(size))
