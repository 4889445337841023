"""The whole error tree, with the exit code each class means on the command line.

::

    ProvlabelError            3  the work could not be done
    ├─ UsageError             2  the request was wrong
    │  ├─ LabelError          2  the label breaks its schema
    │  └─ ConfigError         2  a key URI, trust file, policy or option is wrong
    ├─ InputError             3  a file cannot be read, or is not what can be labeled
    ├─ OutputError            3  the result cannot be written where it was asked for
    ├─ SignerError            3  the key or certificate cannot sign; says why
    ├─ TimestampError         3  no time authority gave a good timestamp; says why, for each
    ├─ EngineError            3  the C2PA engine failed; in our words, its own behind them
    ├─ UnfitEngineError       3  the engine that is installed cannot be relied on; nothing was judged or labeled
    └─ VerificationError      1  of :mod:`provlabel.report`: ``Report.require()`` raises it, with the report

Bad *content* is never one of these: it is a finding in a report.  A message says what failed, on
which file, and in ``hint`` what to do about it.
"""

from __future__ import annotations


class ProvlabelError(Exception):
    """Base of every error that provlabel raises on purpose.

    Attributes:
        hint: what the user can do about it; empty when nothing sensible is known.
        exit_code: what the command line ends with (``docs/exit-codes.md``).
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ProvlabelError):
    """The request itself was wrong; trying again unchanged cannot help."""

    exit_code = 2


class LabelError(UsageError):
    """A label breaks its schema; ``faults`` lists every fault as ``(JSON pointer, what)``."""

    def __init__(self, message: str, *, hint: str = "", faults: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


class ConfigError(UsageError):
    """A key URI, a trust file, a policy or an option cannot be used as given."""


class InputError(ProvlabelError):
    """A file cannot be read, is no media file that can be labeled, or was refused by the sandbox."""


class OutputError(ProvlabelError):
    """The result cannot be written where it was asked for; nothing was left behind."""


class SignerError(ProvlabelError):
    """The key or its certificate cannot sign.  The backend's own exception is the ``__cause__``."""


class TimestampError(ProvlabelError):
    """No time authority gave a timestamp that holds."""


class EngineError(ProvlabelError):
    """The C2PA engine refused or failed; ``kind`` is its own word for the class of failure."""

    def __init__(self, message: str, *, hint: str = "", kind: str = "Other") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class UnfitEngineError(ProvlabelError):
    """The C2PA engine is missing, of another version than was measured, or does not heed our settings.

    It says nothing about any file, so it ends a run; hence it is no :class:`EngineError`, which may be a file's fault.
    """
