"""A batch, and then processes of the host's own: they are what they would be without the batch."""

import multiprocessing
import os
import sys

from hosts import Host


def what_is_here(told: object) -> None:
    told.put((sorted(os.environ.items()), sorted(name for name in sys.modules if name.startswith("provlabel"))))


if __name__ == "__main__":
    with Host(sys.argv[1]) as host:
        host.many("first")
    context = multiprocessing.get_context("forkserver")
    told = context.Queue()
    process = context.Process(target=what_is_here, args=(told,))
    process.start()
    environment, modules = told.get(timeout=60)
    process.join()
    with Host(sys.argv[1]) as host, host.counted() as wrong:
        wrong += [f"not ours: {item}" for item in {*environment} ^ {*os.environ.items()}]
        wrong += [f"loaded: {name}" for name in modules]
