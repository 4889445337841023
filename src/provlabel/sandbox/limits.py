"""What one request may cost, in memory and time: the figures, and how they are set on the process that serves it."""

from __future__ import annotations

import contextlib
import resource

import msgspec

from provlabel._support.files import LARGE

_MIB = 1 << 20
_PIECE = 256 << 20  # bytes that the engine hashes at once, while it reads the next


class Limits(msgspec.Struct, frozen=True):
    """What one request may cost.  The figures come from measuring honest files of every format."""

    base_mib: int = 288  #: of which 32 are for what judges certificates
    memory_factor: float = 2.0  #: times the size of the file, on top of the base
    cpu_seconds: int = 10  #: plus one for each 50 MB

    def memory(self, size: int) -> int:
        """Return the address space for a file of ``size`` bytes, in bytes."""
        pieces = 2 * min(size, _PIECE) if size >= LARGE else 0
        return self.base_mib * _MIB + int(self.memory_factor * size) + pieces

    def cpu(self, size: int) -> int:
        """Return the seconds of CPU for a file of ``size`` bytes; wall time is twice that."""
        return self.cpu_seconds + size // (50 * _MIB)


def set_limits(limits: Limits, size: int) -> None:
    """Set the soft limits for a file of ``size`` bytes, counted from what was used before."""
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory(size), hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    spent = round(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + limits.cpu(size), hard))
