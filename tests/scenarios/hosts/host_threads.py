"""Eight threads call at once: first by a pool of their own, then by the worker that all calls share."""

import sys
from concurrent.futures import ThreadPoolExecutor

from hosts import Host

THREADS, CALLS = 8, 16


def main() -> None:
    from provlabel import SandboxPool

    with Host(sys.argv[1]) as host, ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(host.one, range(CALLS)))
    with Host(sys.argv[1]) as host:
        with SandboxPool(2) as pool, ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda number: host.one(number, sandbox=pool), range(CALLS)))
        host.nothing_is_left()


main()
