"""What sessions have in common: sandboxes of their own, which end with the last call that needs them."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Iterator
from typing import TypeVar

from provlabel.errors import UsageError
from provlabel.sandbox.requests import AnySandbox

_Self = TypeVar("_Self", bound="Session")


class Session:
    """Calls from many threads at once, and sandboxes that are closed with the session.

    A worker starts when it is needed first.  :meth:`close`, or the end of a ``with`` block, ends all; whoever is still
    being served then is served to the end, and every later call is refused.

    Args:
        own: the sandboxes that are its own.
    """

    def __init__(self, *own: AnySandbox) -> None:
        self._own = own
        self._calls: set[object] = set()
        self._closed = False
        if own:
            weakref.finalize(self, _end, own)  # who is forgotten leaves no process behind either

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, _kind: object, value: BaseException | None, _trace: object) -> None:
        if value is not None and not isinstance(value, Exception):  # an interrupt waits for no file
            for sandbox in self._own:
                sandbox.kill()
        self.close()

    def close(self) -> None:
        """Refuse further calls, and end the workers: now, or with the last call that still needs them."""
        self._closed = True
        if not self._calls:
            _end(self._own)

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        """Run one call; the last of a session that was closed meanwhile ends its workers.

        Raises:
            UsageError: it was closed before.
        """
        call = object()
        self._calls.add(call)
        try:
            if self._closed:
                raise UsageError(f"this {type(self).__name__} was closed", hint="make a new one")
            yield
        finally:
            self._calls.discard(call)
            if self._closed and not self._calls:
                _end(self._own)


def _end(own: Iterable[AnySandbox]) -> None:
    for sandbox in own:
        sandbox.close()
