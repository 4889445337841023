"""A batch in a worker of a pool, which must not have children by multiprocessing: ``host_pooled.py FOLDER METHOD``."""

import multiprocessing
import sys

from hosts import Host


def call(name: str) -> None:
    with Host(sys.argv[1]) as host:
        host.many(name)


if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
        pool.map(call, ["first", "second"], chunksize=1)
        pool.close()
        pool.join()
