"""A warm process hands work to others of ``multiprocessing``, by the method that is named."""

import multiprocessing
import sys

from hosts import Host


def call(number: int) -> None:
    with Host(sys.argv[1]) as host:
        host.one(number)


if __name__ == "__main__":
    with Host(sys.argv[1]) as host:
        host.one(0)
    with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
        pool.map(call, range(1, 7), chunksize=1)
        pool.close()
        pool.join()
    call(7)
