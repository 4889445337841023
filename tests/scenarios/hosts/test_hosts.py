"""The library in the programs of others: every call is right there, and the host stays as its owner has it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hosting import STRANGER, Place, adopted, as_stranger, below_read_only, kernel
from hosts import children, kill
from project import needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


# --- threads ---------------------------------------------------------------------------------------


def test_eight_threads(place: Place) -> None:
    place.run(place.program("host_threads"), right=32)


def test_an_event_loop_and_calls_that_are_cancelled(place: Place) -> None:
    place.run(place.program("host_asyncio"), right=17)


@pytest.mark.parametrize("flags", ["-W error", "-O", "-I", "-OO", "-B", "-W error -X dev"])
def test_python_is_started_otherwise(flags: str, place: Place) -> None:
    place.run(place.program("host_plain", flags=flags.split()), right=4)


# --- processes of servers --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_gunicorn_with_an_application_that_was_warm_before_it_forked(kind: str, place: Place) -> None:
    place.env["HOST_FOLDER"] = str(place.folder)
    options = ("--preload", "--workers", "2", "--worker-class", kind, "--threads", "3", "--bind", "127.0.0.1:0")
    command = [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "host_gunicorn:app"]
    with adopted() as left, served(place, command) as (server, address), ThreadPoolExecutor(6) as clients:
        answered = set(clients.map(lambda number: asked(address, number), range(12)))
        for worker in answered:
            for sandbox in children(worker):
                kill(sandbox)
        answered |= set(clients.map(lambda number: asked(address, number), range(12, 24)))
        assert answered <= children(server.pid)
        server.terminate()
        said = server.communicate(timeout=30)[1]
        assert server.returncode == 0, said
        assert "Traceback" not in said
        place.require(26)
        assert left() == []


@contextlib.contextmanager
def served(place: Place, command: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = place.start(command)
    try:
        assert process.stderr is not None
        said = ""
        while not (found := re.search(r"Listening at: (http://127.0.0.1:\d+)", said)):
            line = process.stderr.readline()
            assert line, said
            said += line
        yield process, found[1]
    finally:
        process.kill()


def asked(address: str, number: int) -> int:
    with urllib.request.urlopen(f"{address}/{number}", timeout=60) as answer:
        return int(answer.read())


def test_celery_with_a_worker_that_was_warm_before_it_forked(place: Place) -> None:
    for name in ("broker", "control", "results"):
        (place.folder / name).mkdir()
    place.env |= {"HOST_FOLDER": str(place.folder), "HOST_ROLE": "worker"}
    options = ("--pool", "prefork", "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat")
    with adopted() as left:
        worker = place.start([sys.executable, "-m", "celery", "-A", "host_celery", "worker", *options])
        del place.env["HOST_ROLE"]
        try:
            asker = place.start(place.program("host_celery", 8))
            out, err = asker.communicate(timeout=90)
            assert (asker.returncode, out.strip()) == (0, "2"), err
            worker.terminate()
            said = "".join(worker.communicate(timeout=30))
        finally:
            worker.kill()
        assert worker.returncode == 0, said
        place.require(9)
        assert left() == []


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, place: Place) -> None:
    place.run(place.program("host_processes", method), right=8)


def test_a_kernel_of_jupyter_that_is_interrupted_in_a_call(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with adopted() as left, kernel(place, monkeypatch) as (manager, run):
        for number in range(3):
            assert run(f"with Host(FOLDER) as host: host.one({number})") == "ok"
        # All workers stand still, so that the next call waits until it is interrupted.
        assert run("for worker in children(): os.kill(worker, signal.SIGSTOP)") == "ok"
        began = time.monotonic()
        assert run("print('calls', flush=True); host.work.one(3)", manager.interrupt_kernel) == "KeyboardInterrupt"
        assert time.monotonic() - began < 10, "it ended by itself"
        assert run("for worker in children(): os.kill(worker, signal.SIGCONT)") == "ok"
        assert run("with Host(FOLDER) as host: host.one(4)") == "ok"
        manager.shutdown_kernel()
        place.require(4)
        assert (still := left()) == [], still


# --- surroundings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["many-files", "no-children", "reaper"])
def test_a_host_with_descriptors_and_children_of_its_own(what: str, place: Place) -> None:
    place.run(place.program("host_plain", what), right=4)


@needs("setpriv")
def test_a_user_without_a_name_and_a_home(place: Place) -> None:
    """As a container that is told to run as some number."""
    prefix = as_stranger()
    place.give_to(STRANGER)
    del place.env["HOME"]
    place.env["PYTHONDONTWRITEBYTECODE"] = "1"
    place.run([*prefix, *place.program("host_plain")], right=4)


@needs("unshare")
@pytest.mark.parametrize("kept", ["/", ""], ids=["the root is its home", "no home"])
def test_a_function_that_can_write_to_one_folder_and_has_no_shared_memory(kept: str, place: Place) -> None:
    """As AWS Lambda: ``/dev/shm`` is not there, all but one folder is read-only, and there is no home."""
    prefix, inside = below_read_only(place)
    place.env |= {"HOME": kept, "TMPDIR": str(inside / "tmp")}
    if not kept:
        del place.env["HOME"]
    written = str(inside / "tmp" / "x")
    tried = [sys.executable, "-c", f"import multiprocessing; open({written!r}, 'w'); multiprocessing.Lock()"]
    lacks = subprocess.run([*prefix, *tried], env=place.env, capture_output=True, text=True, check=False)
    assert "synchronize.py" in lacks.stderr, "locks can be made"
    (place.folder / "tmp" / "x").unlink()
    place.run([*prefix, *place.program("host_plain", at=inside)], right=4)


def test_a_folder_that_was_deleted(place: Place) -> None:
    place.run(place.program("host_plain", "deleted"), right=4)


_BY = ("--kind", "ai_generated", "--signer", "test:{folder}/credential")
#: Commands in a folder that is gone, with what they end, and what they say where that is no success.
COMMANDS = {
    "verify": (3, "the working directory: no such", ("verify", "{folder}/signed.png")),
    "verify a name": (3, "the working directory: no such", ("verify", "signed.png")),
    "show": (0, "", ("show", "{folder}/signed.png")),
    "diff": (0, "", ("diff", "{folder}/signed.png", "{folder}/signed.png")),
    "label": (0, "", ("label", "{folder}/picture.png", "-o", "{folder}/out/cli.png", *_BY)),
    "label to a name": (3, "the working directory: no such", ("label", "{folder}/picture.png", "-o", "cli.png", *_BY)),
    "lint": (0, "", ("lint", "{folder}/label.json")),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_in_a_folder_that_was_deleted(name: str, place: Place) -> None:
    """Where it needs no folder it works; where it does, it says so in one sentence.  ``verify`` looks for policies."""
    code, said, arguments = COMMANDS[name]
    (place.folder / "label.json").write_text('{"kind": "ai_generated"}')
    signed = ("label", "{folder}/picture.png", "-o", "{folder}/signed.png", *_BY)
    for folder, run in (("stands", signed), ("gone", arguments)):
        (place.folder / folder).mkdir(exist_ok=True)
        words = [word.format(folder=place.folder) for word in run]
        prefix = ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh"] if folder == "gone" else []
        process = place.start([*prefix, sys.executable, "-m", "provlabel", *words], cwd=place.folder / folder)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == code, err
    told = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(told) == (code > 0), err
    assert said in "".join(told)
    assert "Traceback" not in err
    assert not (place.folder / "gone").exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_daemon_that_has_closed_its_streams(closed: str, place: Place) -> None:
    place.run(["sh", "-c", f'exec "$@" {closed}', "sh", *place.program("host_plain")], right=4)
