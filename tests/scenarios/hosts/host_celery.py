"""A Celery worker that is warm before it forks, and whoever sends it tasks (``python host_celery.py FOLDER TASKS``)."""

import os
import sys
from pathlib import Path

from celery import Celery

from hosts import Host

FOLDER = Path(os.environ["HOST_FOLDER"])
BROKER = FOLDER / "broker"

app = Celery(broker="filesystem://", backend=f"file://{FOLDER / 'results'}")
app.conf.update(
    broker_transport_options={
        "data_folder_in": BROKER,
        "data_folder_out": BROKER,
        "control_folder": FOLDER / "control",
        "polling_interval": 0.02,
    },
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@app.task(name="hosts.one")
def one(number: int) -> int:
    with Host(FOLDER) as host:
        host.one(number)
    return os.getpid()


@app.task(name="hosts.many")
def many(name: str) -> int:
    with Host(FOLDER) as host:
        host.many(name)
    return os.getpid()


if __name__ == "__main__":
    sent = [one.delay(number) for number in range(int(sys.argv[2]))]
    print(len({result.get(timeout=60, interval=0.02) for result in sent}))
elif os.environ.get("HOST_ROLE") == "worker":
    with Host(FOLDER) as host:
        host.one(0)
