"""A script without ``if __name__ == "__main__"``: a batch must not run it once more in its workers."""

import sys

from hosts import Host

with open(f"{sys.argv[1]}/runs", "a") as runs:
    runs.write("once\n")

with Host(sys.argv[1]) as host:
    host.one(0)
    host.many("first")
    host.many("second")
    host.one(1)
