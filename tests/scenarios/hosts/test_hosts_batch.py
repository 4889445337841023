"""A batch in the programs of others: it starts processes, and leaves the host and the host's own processes alone."""

from __future__ import annotations

import sys

import pytest

from hosting import STRANGER, Place, adopted, as_stranger, below_read_only, kernel
from project import needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def test_a_script_without_a_guard(place: Place) -> None:
    place.run(place.program("host_unguarded"), right=4)
    assert (place.folder / "runs").read_text() == "once\n"


@pytest.mark.parametrize("flags", ["-W error", "-I", "-OO", "-B"])
def test_python_is_started_otherwise_and_runs_a_batch(flags: str, place: Place) -> None:
    place.run(place.program("host_plain", "batch", flags=flags.split()), right=5)


def test_processes_of_the_host_know_nothing_of_an_earlier_batch(place: Place) -> None:
    place.run(place.program("host_forkserver"), right=2)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_batch_in_a_worker_of_a_pool(method: str, place: Place) -> None:
    place.run(place.program("host_pooled", method), right=2)


@pytest.mark.parametrize("what", ["deleted", "many-files", "no-children", "reaper"])
def test_a_batch_in_odd_surroundings(what: str, place: Place) -> None:
    place.run(place.program("host_plain", what, "batch"), right=5)


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_a_batch_of_a_daemon_that_has_closed_its_streams(closed: str, place: Place) -> None:
    place.run(["sh", "-c", f'exec "$@" {closed}', "sh", *place.program("host_plain", "batch")], right=5)


@needs("setpriv")
def test_a_batch_of_a_user_without_a_name_and_a_home(place: Place) -> None:
    prefix = as_stranger()
    place.give_to(STRANGER)
    del place.env["HOME"]
    place.run([*prefix, *place.program("host_plain", "batch")], right=5)


@needs("unshare")
def test_a_batch_without_shared_memory(place: Place) -> None:
    prefix, inside = below_read_only(place)
    place.env |= {"HOME": "/", "TMPDIR": str(inside / "tmp")}
    place.run([*prefix, *place.program("host_plain", "batch", at=inside)], right=5)


def test_a_kernel_of_jupyter_that_is_interrupted_in_a_batch(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with adopted() as left, kernel(place, monkeypatch) as (manager, run):
        assert run("with Host(FOLDER) as host: host.many('first')") == "ok"
        endless = "print('calls', flush=True)\nfor number in range(1000): host.work.many(f'endless-{number}')"
        assert run(endless, manager.interrupt_kernel) == "KeyboardInterrupt"
        assert run("with Host(FOLDER) as host: host.many('last')") == "ok"
        manager.shutdown_kernel()
        place.require(2)
        assert (still := left()) == [], still


def test_a_path_below_a_folder_that_was_deleted_is_not_there(place: Place) -> None:
    place.run(place.program("host_plain", "deleted", "names"), right=6)
