"""Times as they are written and read here: RFC 3339, in UTC with ``Z``."""

from __future__ import annotations

import datetime as dt


def rfc3339(moment: dt.datetime) -> str:
    """Write a time in UTC, to the second."""
    return zulu(moment.astimezone(dt.timezone.utc).isoformat(timespec="seconds"))


def read(text: str) -> dt.datetime:
    """Read what :func:`rfc3339` writes, and any other offset (Python 3.10 knows no ``Z``).

    Raises:
        ValueError: it is no time.
    """
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def zulu(text: str) -> str:
    """Return a time in UTC with ``Z`` where it was written with an offset of zero; others as they are."""
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def now() -> dt.datetime:
    """Return the time of judgement, in UTC."""
    return dt.datetime.now(dt.timezone.utc)
