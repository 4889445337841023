"""Calls one after another, and a batch: for surroundings that are odd by themselves.

``host_plain.py FOLDER [WHAT…]``, where WHAT is: ``batch``; ``deleted``, in a folder that is gone; ``names``, by paths
that count from there; ``many-files``, with all low descriptors taken; ``no-children``, where SIGCHLD is ignored;
``reaper``, where a thread reaps all processes.
"""

import contextlib
import os
import resource
import signal
import sys
import threading
import time

from hosts import Host, children, kill


def deleted() -> None:
    os.mkdir(f"{sys.argv[1]}/gone")
    os.chdir(f"{sys.argv[1]}/gone")
    os.rmdir(f"{sys.argv[1]}/gone")


def many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    while os.open(os.devnull, os.O_RDONLY) < 1100:
        pass


def no_children() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def reaper() -> None:
    def reap() -> None:
        while True:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)
            time.sleep(0.001)

    threading.Thread(target=reap, daemon=True).start()


def names(host: Host) -> None:
    """Ask for paths that count from the folder."""
    from provlabel import InputError, verify_file, verify_paths

    with host.counted() as wrong:
        report = verify_paths(["picture.png", f"{sys.argv[1]}/picture.png"])
        found = [file.state for file in report.files], [failure.path for failure in report.errors]
        wrong += [] if found == (["unsigned"], ["picture.png"]) else [f"found {found}"]
    with host.counted() as wrong, contextlib.suppress(InputError):
        wrong.append(str(verify_file("picture.png")))


AROUND = {"deleted": deleted, "many-files": many_files, "no-children": no_children, "reaper": reaper}


def main() -> None:
    what = sys.argv[2:]
    for name in what:
        if name in AROUND:
            AROUND[name]()
    from provlabel import SandboxPool

    with Host(sys.argv[1]) as host:
        with SandboxPool(1) as pool:
            for number in range(2):
                host.one(number, sandbox=pool)
            for worker in children():
                kill(worker)
            host.one(2, sandbox=pool)
        host.nothing_is_left()
        host.one(3)
        if "batch" in what:
            host.many("batch")
        if "names" in what:
            names(host)


main()
