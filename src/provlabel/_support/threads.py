"""Work on several threads whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_Item = TypeVar("_Item")
#: Results that may wait for the slowest item, times the threads: enough to keep all busy, and few to hold in memory.
_AHEAD = 8


def in_order(
    items: Iterable[_Item], do: Callable[[_Item], Any], width: int, begin: Callable[[], object] = lambda: None
) -> Iterator[tuple[_Item, Any]]:
    """Yield every item with its result, in their order.

    Args:
        items: what is worked on.
        do: returns the result of an item, or where that takes long a function that does, which a thread then calls.
        width: how many threads there are; 1 or less for none.  They start with the first such function.
        begin: called before the first thread starts.
    """
    if width <= 1:
        for item in items:
            result = do(item)
            yield item, result() if callable(result) else result
        return
    threads: ThreadPoolExecutor | None = None
    waiting: deque[tuple[_Item, Callable[[], Any]]] = deque()
    try:
        for item in items:
            result = do(item)
            if callable(result):
                if threads is None:
                    from concurrent.futures import ThreadPoolExecutor  # with what it loads, a hundredth of a start

                    begin()
                    threads = ThreadPoolExecutor(width)
                waiting.append((item, threads.submit(result).result))
            else:
                waiting.append((item, lambda result=result: result))  # type: ignore[misc]
            if len(waiting) >= _AHEAD * width:
                earlier, wait = waiting.popleft()
                yield earlier, wait()
        for earlier, wait in waiting:
            yield earlier, wait()
    finally:
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
