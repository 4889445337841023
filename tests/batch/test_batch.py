"""Batches through the real command line: killed, resumed, sharded, refused, retried; and the supervisor by itself."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PIL import Image

import batch_functions
import pki
import tsa as authorities
from project import Cli, needs
from provlabel import TrustStore, run_batch, verify_file
from provlabel._support.files import SCRATCH_PREFIX, atomic_output, sweep
from provlabel.batch import pool
from provlabel.batch.jobs import Shard, folded, shard_from, wanted_in
from provlabel.batch.ledger import Ledger, LedgerEntry, Listed
from provlabel.batch.planning import decide
from provlabel.batch.running import FOLDER, pause
from provlabel.batch.work import Job, Setting, label_chunk, may_pass
from provlabel.errors import ConfigError, InputError, OutputError, SignerError, TimestampError, UsageError
from provlabel.sandbox import Sandbox

pytestmark = pytest.mark.fresh

LABEL = """kind = "ai_generated"
[[systems]]
name = "AcmeSynth"
version = "2.1"
"""


def pictures(folder: Path, count: int) -> list[Path]:
    """Small pictures, each another."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for index in range(count):
        path = folder / f"{index:03}.jpg"
        Image.new("RGB", (24, 16), (index % 256, 50, 90)).save(path)
        made.append(path)
    return made


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a label; pictures go to ``in``."""
    (tmp_path / "label.toml").write_text(LABEL)
    return tmp_path


def kept(folder: str) -> tuple[str, ...]:
    """Name ledger and receipts, so that each test knows where they are; test_ledger_place.py has the usual places."""
    return "--ledger", f"{folder}/{FOLDER}/ledger.sqlite", "--receipts", f"{folder}/receipts.jsonl"


KEPT = kept("out")
BATCH = ("batch", "in", *KEPT, "--out-dir", "out", "--label", "label.toml", "--signer", "test", "--workers", "2")


def rows(ledger: Path, columns: str = "*") -> list[Any]:
    with contextlib.closing(sqlite3.connect(ledger)) as database:
        return database.execute(f"SELECT {columns} FROM jobs ORDER BY number").fetchall()  # noqa: S608


def ledger_of(work: Path) -> Path:
    return work / "out" / FOLDER / "ledger.sqlite"


def require_each_labeled_once(work: Path, count: int, trust: TrustStore, sandbox: Sandbox) -> None:
    """Every output verifies, has one manifest in its history, and it is the one that the ledger names."""
    named = {os.fsdecode(output): (urn, manifest, sha256) for output, urn, manifest, sha256 in rows(
        ledger_of(work), "output, urn, manifest, sha256")}  # fmt: skip
    outputs = sorted((work / "out").glob("*.jpg"))
    assert len(outputs) == len(named) == count
    for output in outputs:
        report = verify_file(output, trust=trust, sandbox=sandbox)
        [file] = report.files
        assert file.state == "trusted", output
        [manifest] = sandbox.read(output).manifests
        urn, noted, sha256 = named[str(output.relative_to(work))]
        assert manifest.urn == urn == noted
        assert file.sha256 == sha256
    receipts = [json.loads(line) for line in (work / "out" / "receipts.jsonl").read_text().splitlines()]
    assert sorted(item["manifest"] for item in receipts) == sorted(urn for urn, *_ in named.values())
    assert [path.name for path in (work / "out").iterdir() if path.name.startswith(SCRATCH_PREFIX)
            and path.name != FOLDER] == []  # fmt: skip


# --- the whole -------------------------------------------------------------------------------------


def test_folder_is_labeled_and_mirrored(work: Path, cli: Cli, trust: TrustStore, sandbox: Sandbox) -> None:
    pictures(work / "in" / "a", 3)
    pictures(work / "in" / "b", 2)
    (work / "in" / "notes.txt").write_text("no media")
    (work / "in" / "link.jpg").symlink_to("a/000.jpg")
    done = cli(*BATCH)
    assert done.returncode == 0, done.stderr
    assert "done     5" in done.stdout
    assert "link 1, not media (.txt) 1" in done.stdout
    assert done.stderr.count("warning: no timestamp") == 1
    assert "add --tsa digicert (or: provlabel trust authorities) (5 files)" in done.stderr
    assert sorted(str(path.relative_to(work / "out")) for path in (work / "out").rglob("*.jpg")) == [
        "a/000.jpg", "a/001.jpg", "a/002.jpg", "b/000.jpg", "b/001.jpg",
    ]  # fmt: skip
    assert verify_file(work / "out" / "b" / "001.jpg", trust=trust, sandbox=sandbox).files[0].state == "trusted"
    for path in (ledger_of(work), work / "out" / "receipts.jsonl"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert not [path for path in (work / "out").iterdir() if path.name.endswith(("-wal", "-shm"))]


def test_json_says_what_came_of_it(work: Path, cli: Cli) -> None:
    pictures(work / "in", 2)
    (work / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    done = cli(*BATCH, "--format", "json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert (told["todo"], told["done"], told["failed"], told["skipped"]) == (3, 2, 1, 0)
    [group] = told["failures"]
    assert group["files"] == 1
    assert group["example"] == "in/broken.jpg"
    assert "in/broken.jpg" not in group["message"]
    [warned] = told["warnings"]
    assert (warned["files"], warned["message"].partition(":")[0]) == (2, "no timestamp")


def test_out_dir_below_the_folder_is_left_out(work: Path, cli: Cli) -> None:
    pictures(work / "in", 2)
    again = ("batch", "in", "--out-dir", "in/out", "--label", "label.toml", "--signer", "test")
    assert cli(*again).returncode == 0
    done = cli(*again)
    assert done.returncode == 0, done.stderr
    assert "skipped  2" in done.stdout
    assert re.search(r"^no jobs  output \d$", done.stdout, re.MULTILINE)
    assert sorted(path.name for path in (work / "in" / "out").glob("*.jpg")) == ["000.jpg", "001.jpg"]


# --- killed ----------------------------------------------------------------------------------------


Starter = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(home: Path, credential: Path, work: Path) -> Iterator[Starter]:
    """Start ``provlabel`` in a session of its own, and go on."""
    started: list[subprocess.Popen[str]] = []

    def run(*args: str, **env: str) -> subprocess.Popen[str]:
        kept = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            [sys.executable, "-m", "provlabel", *args],
            cwd=work,
            env={**kept, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def session(leader: int) -> dict[int, str]:
    """The processes of a session that still run: their numbers and command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def require_alone(leader: int, within: float = 5.0) -> None:
    """Nothing of a session is left after a moment."""
    ends = time.monotonic() + within
    while session(leader) and time.monotonic() < ends:
        time.sleep(0.02)
    assert session(leader) == {}


def labeled(work: Path) -> int:
    return len(list((work / "out").glob("*.jpg"))) if (work / "out").exists() else 0


def until(happened: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 60
    while not happened() and process.poll() is None and time.monotonic() < ends:
        time.sleep(0.002)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_killed_at_random_moments_and_resumed(
    work: Path, start: Starter, cli: Cli, trust: TrustStore, sandbox: Sandbox
) -> None:
    count, chance = 60, random.Random(7)
    pictures(work / "in", count)
    kills = 0
    for target in (1, 9, 20, 33, 47):
        process = start(*BATCH, "--chunk", "5")
        until(lambda target=target: labeled(work) >= target, process)
        time.sleep(chance.random() * 0.02)
        kills += process.poll() is None
        process.kill()
        process.communicate()
        require_alone(process.pid)
    assert kills >= 3
    before = {path.name: path.stat().st_ino for path in (work / "out").glob("*.jpg")}
    done = cli(*BATCH)
    assert done.returncode == 0, done.stderr
    require_each_labeled_once(work, count, trust, sandbox)
    assert {name: (work / "out" / name).stat().st_ino for name in before} == before  # nothing done was done again


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_stopped_and_resumed(
    number: signal.Signals, work: Path, start: Starter, cli: Cli, trust: TrustStore, sandbox: Sandbox
) -> None:
    pictures(work / "in", 40)
    process = start(*BATCH, "--chunk", "5")
    until(lambda: labeled(work) >= 5, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    assert "leaked" not in said
    require_alone(process.pid)
    left = [path.name for path in (work / "out").iterdir() if path.name.startswith(SCRATCH_PREFIX)]
    assert left == [FOLDER]
    assert cli(*BATCH).returncode == 0
    require_each_labeled_once(work, 40, trust, sandbox)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_killed_worker_costs_nothing(work: Path, start: Starter, trust: TrustStore, sandbox: Sandbox) -> None:
    pictures(work / "in", 40)
    process = start(*BATCH, "--chunk", "5")
    until(lambda: labeled(work) >= 3, process)
    [killed, *_] = [pid for pid in session(process.pid) if parent_of(pid) == process.pid]
    os.kill(killed, signal.SIGKILL)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "done     40" in out
    require_each_labeled_once(work, 40, trust, sandbox)
    require_alone(process.pid)


def test_hash_of_a_prompt_is_made_anew(work: Path, cli: Cli, trust: TrustStore, sandbox: Sandbox) -> None:
    """Between publishing and noting: the salt was lost, so the file is made again, under the same name."""
    (work / "label.toml").write_text(LABEL + '[prompt]\ntext = "a red fox"\n')
    pictures(work / "in", 2)
    for mode in ("omit", "hash"):
        folder = f"out-{mode}"
        again = (
            "batch",
            "in",
            *kept(folder),
            "--out-dir",
            folder,
            "--label",
            "label.toml",
            "--signer",
            "test",
            "--prompt-mode",
            mode,
        )
        assert cli(*again).returncode == 0
        with contextlib.closing(sqlite3.connect(work / folder / FOLDER / "ledger.sqlite")) as database, database:
            database.execute("UPDATE jobs SET state = 'running', receipt = NULL, manifest = NULL WHERE number = 1")
        before = (work / folder / "000.jpg").read_bytes()
        done = cli(*again, "--format", "json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["done"], told["skipped"], told["adopted"]) == (1, 1, mode == "omit")
        assert ((work / folder / "000.jpg").read_bytes() == before) == (mode == "omit")
        first, second = [json.loads(line) for line in (work / folder / "receipts.jsonl").read_text().splitlines()]
        [manifest] = sandbox.read(work / folder / "000.jpg").manifests
        assert first["manifest"] == manifest.urn
        assert (first["prompt_salt"] is not None) == (mode == "hash")
        volatile = {"output", "manifest", "source_sha256", "sha256", "prompt_salt", "prompt_sha256", "warnings"}
        plain = [{key: value for key, value in item.items() if key not in volatile} for item in (first, second)]
        sizes = [item.pop("manifest_bytes") for item in plain]
        assert plain[0] == plain[1]
        assert abs(sizes[0] - sizes[1]) < 40


def test_detached_manifests_are_known_again(work: Path, cli: Cli, sandbox: Sandbox) -> None:
    """Of two files that are published one after the other, both or the first may be there."""
    (work / "in").mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (24, 16), (9, 50, 90)).save(work / "in" / f"{name}.bmp")
    assert cli(*BATCH).returncode == 0
    names = ["a.bmp", "a.bmp.c2pa", "b.bmp", "b.bmp.c2pa"]
    assert sorted(path.name for path in (work / "out").glob("*.bmp*")) == names
    with contextlib.closing(sqlite3.connect(ledger_of(work))) as database, database:
        database.execute("UPDATE jobs SET state = 'running', receipt = NULL")
    (work / "out" / "b.bmp").unlink()
    before = (work / "out" / "a.bmp.c2pa").read_bytes()
    receipts = (work / "out" / "receipts.jsonl").read_text()
    done = cli(*BATCH, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["adopted"] == 1
    assert sorted(path.name for path in (work / "out").glob("*.bmp*")) == names
    assert (work / "out" / "a.bmp.c2pa").read_bytes() == before
    for output, urn in rows(ledger_of(work), "output, urn"):
        path = work / os.fsdecode(output)
        [manifest] = sandbox.read(path, sidecar=Path(f"{path}.c2pa")).manifests
        assert manifest.urn == urn
    was, now = [json.loads(text.splitlines()[0]) for text in (receipts, (work / "out" / "receipts.jsonl").read_text())]
    assert {**was, "warnings": None} == {**now, "warnings": None}


def test_a_chunk_may_be_repeated(work: Path, credential: Path, sandbox: Sandbox) -> None:
    """By whoever distributes it and does not know what became of it."""
    setting = Setting(signer=f"test:{credential}")
    urn = "urn:c2pa:c5fd3bd1-9c1d-4d4f-8f8e-000000000001"
    [source] = pictures(work / "in", 1)
    output = work / "out.jpg"
    job = Job(number=1, source=str(source), output=str(output), label='{"kind": "human_made"}', urn=urn)
    [first] = label_chunk(setting, [job])
    before = output.read_bytes()
    [second] = label_chunk(setting, [job])
    assert [(item.state, item.adopted) for item in (first, second)] == [("done", False), ("done", True)]
    assert output.read_bytes() == before
    assert second.receipt is not None
    assert second.receipt.manifest == urn
    [other] = label_chunk(setting, [structs.replace(job, urn=f"{urn[:-1]}2")])
    assert (other.state, other.message) == ("failed", f"exists already, with the manifest {urn}")
    assert output.read_bytes() == before


def test_output_of_somebody_else_is_never_replaced(work: Path, cli: Cli) -> None:
    """It came between two runs, at the place of a job that was begun."""
    pictures(work / "in", 2)
    assert cli(*BATCH).returncode == 0
    with contextlib.closing(sqlite3.connect(ledger_of(work))) as database, database:
        database.execute("UPDATE jobs SET state = 'running', receipt = NULL")
    other = cli("label", "in/000.jpg", "--kind", "human_made", "--signer", "test", "-o", "out/001.jpg", "--force")
    assert other.returncode == 0, other.stderr
    theirs = (work / "out" / "001.jpg").read_bytes()
    done = cli(*BATCH)
    assert done.returncode == 3
    assert "exists already, with the manifest urn:c2pa:" in done.stderr
    assert (work / "out" / "001.jpg").read_bytes() == theirs


# --- the supervisor --------------------------------------------------------------------------------


def supervised(tmp_path: Path, chunks: list[list[str]], workers: int = 2) -> list[str]:
    found = pool.supervise(batch_functions.mark, str(tmp_path), iter(chunks), workers, lost=lambda job: f"{job} lost")
    return sorted(outcome for outcomes in found for outcome in outcomes)


def test_poison_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    chunks = [[f"{chunk}-{index}" for index in range(4)] for chunk in range(6)]
    chunks[2][1] = "poison"
    chunks[4][0] = "once"
    found = supervised(tmp_path, chunks)
    jobs = sorted(job for chunk in chunks for job in chunk)
    assert found == sorted(f"{job} {'lost' if job == 'poison' else 'done'}" for job in jobs)
    starts = {path.name: len(path.read_text()) for path in tmp_path.iterdir()}
    assert starts["poison"] <= 3  # with others, and twice alone
    assert starts["once"] <= 3
    assert max(starts.values()) <= 3


def test_several_poisons(tmp_path: Path) -> None:
    found = supervised(tmp_path, [["a", "poison1", "b"], ["poison2"], ["c"]])
    assert found == ["a done", "b done", "c done", "poison1 lost", "poison2 lost"]


def test_workers_that_never_start_are_no_fault_of_the_files(tmp_path: Path) -> None:
    from provlabel import ProvlabelError

    with pytest.raises(ProvlabelError, match="before they have anything to do: there is no room"):
        list(
            pool.supervise(
                batch_functions.die,
                None,
                iter([["a"]]),
                1,
                lost=lambda _: "lost",
                prepare=batch_functions.dies_at_start,
            )
        )


def results(function: Callable[..., Any], setting: object, chunks: list[list[Any]], workers: int = 2) -> list[Any]:
    found = pool.supervise(function, setting, iter(chunks), workers, lost=lambda job: (job, 0.0, 0.0))
    return [outcome for outcomes in found for outcome in outcomes]


def test_a_suspect_is_tried_beside_others_and_at_last_alone(tmp_path: Path) -> None:
    """Others go on while it runs by itself; what decides about it has nothing beside it, as memory may be short."""
    jobs = [f"job{number}" for number in range(40)]
    jobs[3] = "suspect"
    found = results(batch_functions.timed, str(tmp_path), [jobs[start : start + 2] for start in range(0, 40, 2)], 3)
    assert sorted(job for job, *_ in found) == sorted(jobs)
    [(_, began, ended)] = [item for item in found if item[0] == "suspect"]
    assert began > 0  # not lost
    assert [job for job, start, end in found if job != "suspect" and start < ended and end > began] == []
    assert (tmp_path / "suspect").stat().st_size == 3


def test_messages_larger_than_any_pipe_go_both_ways_at_once() -> None:
    jobs = [bytes([number]) * (3 << 20) for number in range(12)]
    found = results(batch_functions.doubled, None, [[job] for job in jobs])
    assert sorted(found) == [job + job for job in jobs]


def test_what_workers_print_is_not_kept_for_ever() -> None:
    """It is memory, and a module of a token may tell something about each file."""
    kept = results(batch_functions.chats, None, [[100_000]] * 40, 1)
    assert len(kept) == 40
    assert max(kept) <= 4 * 100_000


def test_what_a_function_raises_ends_the_batch(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(ConfigError, match="is refused") as caught:
        results(batch_functions.raises, None, [["a"], ["b"]])
    assert caught.value.hint == "ask for another"
    assert len(os.listdir("/dev/fd")) == before


DRIVER = """
import os, sys, time
import batch_functions
from provlabel.batch import pool

found = pool.supervise(batch_functions.mark, sys.argv[1], iter([["slow1"], ["slow2"]]), 2, lost=str)
for _ in found:
    if len(os.listdir(sys.argv[1])) == 2:
        break
if os.fork() == 0:
    time.sleep(60)  # it has copies of all pipes
    os._exit(0)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_workers_end_with_their_driver_though_another_holds_its_pipes(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, tmp_path], env=env, start_new_session=True)
    assert driver.wait() == -signal.SIGKILL
    ends = time.monotonic() + 20
    while len(session(driver.pid)) > 1 and time.monotonic() < ends:
        time.sleep(0.02)
    [copy] = session(driver.pid)
    os.kill(copy, signal.SIGKILL)


HOST = """
import locale, logging, os, signal, sys, threading
from pathlib import Path

main, handlers = sys.modules["__main__"], [signal.getsignal(number) for number in sorted(signal.valid_signals())]
spoken, loggers, environ = locale.setlocale(locale.LC_ALL), list(logging.root.handlers), dict(os.environ)
changed, over = [], threading.Event()

def heard(event, args):
    if event in ("os.putenv", "os.unsetenv", "os.chdir"):
        changed.append((event, args))

def watch():
    while not over.is_set():
        if sys.modules["__main__"] is not main:
            changed.append("__main__")
        now = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
        if (now, locale.setlocale(locale.LC_ALL), logging.root.handlers) != (handlers, spoken, loggers):
            changed.append("signals, locale or logging")

import batch_functions
from provlabel.batch import pool
sys.addaudithook(heard)
sys.setswitchinterval(1e-5)
watcher = threading.Thread(target=watch)
watcher.start()
chunks = iter([[f"once{number}", f"job{number}"] for number in range(8)])
found = pool.supervise(batch_functions.mark, sys.argv[1], chunks, 2, lost=str)
print(len([outcome for outcomes in found for outcome in outcomes]))
over.set()
watcher.join()
assert dict(os.environ) == environ
print(sorted(set(map(str, changed))))
"""


def test_nothing_of_a_host_is_changed_at_any_moment(tmp_path: Path) -> None:
    """Not even while a worker is started, or replaces one that died: a studio program has threads that look."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    order = [sys.executable, "-c", HOST, tmp_path]
    done = subprocess.run(order, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("16\n[]\n", "")


GONE = """
import os, sys, threading
from provlabel import run_batch
threading.Thread(target=threading.Event().wait, daemon=True).start()
os.mkdir({gone!r})
os.chdir({gone!r})
os.rmdir({gone!r})
result = run_batch([{source!r}], {signer!r}, out_dir={out!r}, label={label!r}, workers=2)
print(result.done, result.failures)
"""


def test_a_host_with_threads_whose_folder_is_gone(work: Path, credential: Path) -> None:
    pictures(work / "in", 3)
    where = {name: str(work / name) for name in ("gone", "out")}
    label = str(work / "label.toml")
    code = GONE.format(**where, source=str(work / "in"), label=label, signer=f"test:{credential}")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3 ()\n", "")


def test_workers_have_the_environment_and_folder_of_their_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signers are programs and services that are set up by it; it is handed over, and in no list of processes."""
    monkeypatch.setenv("PROVLABEL_CANARY", "sings")
    monkeypatch.chdir(tmp_path)
    wanted = dict(os.environ)
    assert results(batch_functions.surroundings, None, [["a"], ["b"]]) == [(wanted, str(tmp_path))] * 2


def test_nothing_to_do_yet(tmp_path: Path) -> None:
    """A feed that has to wait is asked again."""
    found = pool.supervise(
        batch_functions.mark, str(tmp_path), iter([None, ["a"], None, None, ["b"]]), 1, lost=lambda job: job
    )
    assert [outcomes for outcomes in found if outcomes] == [["a done"], ["b done"]]


def test_environment_and_folder_of_workers_are_ours(work: Path, cli: Cli) -> None:
    """Modules that lie in the current folder are not taken for those of Python."""
    pictures(work / "in", 2)
    for name in ("socket", "selectors", "sqlite3", "msgspec", "provlabel"):
        (work / f"{name}.py").write_text(f"open('{work}/taken', 'a').write('{name}')\nraise SystemExit(7)\n")
    script = work / "bin" / "run.py"
    script.parent.mkdir()
    script.write_text("from provlabel.cli import main\nif __name__ == '__main__':\n    main()\n")
    env = {**os.environ, "HOME": str(work), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, script, *BATCH], cwd=work, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (work / "taken").exists()


def test_unguarded_script(work: Path, credential: Path) -> None:
    """A script without a guard is not run once more in each worker."""
    pictures(work / "in", 6)
    script = work / "unguarded.py"
    script.write_text(
        "from provlabel import run_batch\n"
        "print('begins')\n"
        f"result = run_batch(['in'], 'test:{credential}', out_dir='out', label='label.toml', workers=2, chunk=1)\n"
        "print(result.done, result.failed)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, script], cwd=work, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "begins\n6 0\n"
    assert done.stderr == ""


def test_script_that_changes_its_folder(work: Path, credential: Path) -> None:
    """Workers stand where the caller stands, not where it was when it began."""
    pictures(work / "in", 2)
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    script = elsewhere / "script.py"
    script.write_text(
        "import os, multiprocessing\n"
        "from provlabel import run_batch\n"
        f"os.chdir({str(work)!r})\n"
        f"result = run_batch('in', 'test:{credential}', out_dir='out', label='label.toml', workers=1)\n"
        "print(result.done, result.failures)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, script], cwd=elsewhere, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("2 ()\n", "")
    assert len(list((work / "out").glob("*.jpg"))) == 2


# --- what stands in the way ------------------------------------------------------------------------


def test_everything_that_stands_in_the_way_is_told_at_once(work: Path, cli: Cli) -> None:
    pictures(work / "in", 4)
    (work / "out").mkdir()
    (work / "out" / "there.jpg").write_bytes(b"not ours")
    (work / "bad.toml").write_text('kind = "human_made"\n[[systems]]\nname = "X"\n')
    (work / "out" / "source.jpg").write_bytes((work / "in" / "000.jpg").read_bytes())
    lines = [
        {"path": "in/000.jpg", "output": "same.jpg"},
        {"path": "in/001.jpg", "output": "SAME.jpg"},
        {"path": "in/002.jpg", "output": "there.jpg"},
        {"path": "in/gone.jpg"},
        {"path": "in/003.jpg", "output": "../../outside.jpg"},
        {"path": "in/003.jpg", "output": "x1.jpg", "label": "bad.toml"},
        {"path": "in/003.jpg", "output": "x2.jpg", "label": "bad.toml"},
        {"path": "in/003.jpg", "output": "x3.jpg", "label": {"kind": "no such kind"}},
        {"path": "out/source.jpg", "output": "x4.jpg"},
        {"path": "in/003.jpg", "output": "source.jpg"},
        {"path": "in/003.jpg", "output": "receipts.jsonl"},
        {"nonsense": 1},
    ]
    (work / "jobs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = sorted((work / "out").iterdir())
    run = ("batch", "--jobs", "jobs.jsonl", *KEPT, "--out-dir", "out", "--label", "label.toml", "--signer", "test")
    for args in (run, (*run, "--dry-run")):
        done = cli(*args)
        assert done.returncode == 2
        for words in (
            "same.jpg: is the output of two jobs, in/000.jpg and in/001.jpg",
            "out/there.jpg: exists already",
            "in/gone.jpg: is not there",
            "would lie outside",
            "human_made, and an AI system took part",
            "unknown value 'no such kind'",
            "its output out/source.jpg is a source",
            "keeps its own records",
            "jobs.jsonl, line 12",
            "nothing was done",
        ):
            assert words.casefold() in done.stderr.casefold(), (words, done.stderr)
        assert done.stderr.count("an AI system took part") == 1  # each label once
    left = [path for path in sorted((work / "out").iterdir()) if not path.name.startswith(".provlabel-batch")]
    assert left == before


def test_output_that_is_a_link_to_a_source(work: Path, cli: Cli) -> None:
    [source] = pictures(work / "in", 1)
    (work / "out").mkdir()
    (work / "out" / "000.jpg").hardlink_to(source)
    done = cli(*BATCH, "--force")
    assert done.returncode == 2
    assert "is a source" in done.stderr


def test_dry_run_writes_nothing(work: Path, cli: Cli, home: Path) -> None:
    pictures(work / "in", 3)
    before = sorted(work.rglob("*"))
    done = cli(*BATCH, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "label  in/000.jpg -> out/000.jpg" in done.stdout
    assert "to do    3" in done.stdout
    assert sorted(work.rglob("*")) == before
    assert cli(*BATCH).returncode == 0
    (work / "out" / "001.jpg").unlink()
    kept = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in work.rglob("*")}
    done = cli(*BATCH, "--dry-run")
    assert "skip  in/000.jpg -> out/000.jpg  (it is done)" in done.stdout
    assert "again  in/001.jpg -> out/001.jpg  (it was done, and is gone)" in done.stdout
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in work.rglob("*")} == kept


@pytest.mark.parametrize(
    "args",
    [
        ("batch",),
        ("batch", "in"),
        ("batch", "in", "--jobs", "x.csv", "--out-dir", "out"),
        (*BATCH, "--shard", "4/4"),
        (*BATCH, "--shard", "x"),
        ("batch", "--jobs", "list.xyz", "--out-dir", "out", "--signer", "test"),
        (*BATCH[:-2], "--workers", "0"),
    ],
)
def test_wrong_requests(args: tuple[str, ...], work: Path, cli: Cli) -> None:
    pictures(work / "in", 1)
    (work / "list.xyz").touch()
    done = cli(*args)
    assert done.returncode == 2, done.stderr
    assert not (work / "out").exists()


# --- resume ----------------------------------------------------------------------------------------


def test_what_changed_is_named_and_never_labeled_in_silence(
    work: Path, cli: Cli, trust: TrustStore, sandbox: Sandbox
) -> None:
    one, two, three, *_ = pictures(work / "in", 4)
    assert cli(*BATCH).returncode == 0
    done = cli(*BATCH)
    assert (done.returncode, "skipped  4" in done.stdout) == (0, True)
    Image.new("RGB", (24, 16), (1, 2, 3)).save(one)
    (work / "out" / two.name).unlink()
    with (work / "out" / three.name).open("ab") as stream:
        stream.write(b"more")
    done = cli(*BATCH)
    assert done.returncode == 2
    assert "out/000.jpg: exists already, and since it was written its source in/000.jpg changed" in done.stderr
    assert "out/002.jpg: exists already, and since it was written it was changed itself" in done.stderr
    assert "--force" in done.stderr
    assert not (work / "out" / two.name).exists()
    done = cli(*BATCH, "--force")
    assert done.returncode == 0, done.stderr
    assert "done     3" in done.stdout
    assert "skipped  1" in done.stdout
    assert "out/001.jpg: made again: it was done, and is gone" in done.stderr
    require_each_labeled_once(work, 4, trust, sandbox)
    (work / "label.toml").write_text(LABEL.replace("2.1", "3.0"))
    done = cli(*BATCH)
    assert done.returncode == 2
    assert done.stderr.count("the label, the signer or an option of labeling changed") == 4
    assert cli(*BATCH, "--force").returncode == 0
    require_each_labeled_once(work, 4, trust, sandbox)


def test_failed_jobs_are_tried_again_by_the_next_run(work: Path, cli: Cli) -> None:
    pictures(work / "in", 2)
    (work / "in" / "later.jpg").write_bytes(b"\xff\xd8\xff\xe0 half a picture")
    assert cli(*BATCH).returncode == 3
    Image.new("RGB", (24, 16)).save(work / "in" / "later.jpg")
    done = cli(*BATCH)
    assert done.returncode == 0, done.stderr
    assert "done     1" in done.stdout


JOB = Listed(b"in", b"out", b"/out", b"/out", b"/in", b"l", b"d", 5, 6, "1:2", None, None, True)
DONE = LedgerEntry("done", 1, b"d", 5, 6, 9, "urn")


@pytest.mark.parametrize(
    ("job", "known", "replace", "what", "keeps"),
    [
        (JOB, None, False, "label", False),
        (JOB._replace(there=9), None, False, "refuse", False),
        (JOB._replace(there=9), None, True, "label", False),
        (JOB._replace(there=9), DONE, False, "skip", False),
        (JOB._replace(there=9), DONE, True, "skip", False),
        (JOB._replace(there=8), DONE, False, "refuse", False),
        (JOB._replace(there=9, mtime_ns=7), DONE, False, "refuse", False),
        (JOB._replace(there=9, digest=b"e"), DONE, False, "refuse", False),
        (JOB._replace(there=9, digest=b"e"), DONE, True, "again", False),
        (JOB, DONE, False, "again", False),
        (JOB, DONE._replace(state="running"), False, "again", True),
        (JOB._replace(there=9), DONE._replace(state="running"), False, "again", True),
        (JOB._replace(there=9), DONE._replace(state="waiting", attempts=0), False, "refuse", False),
        (JOB._replace(there=9, digest=b"e"), DONE._replace(state="running"), False, "refuse", False),
        (JOB._replace(digest=b"e"), DONE._replace(state="failed"), False, "again", False),
    ],
)
def test_decisions(job: Listed, known: LedgerEntry | None, replace: bool, what: str, keeps: bool) -> None:
    decision = decide(job, known, replace)
    assert (decision.what, decision.keeps_urn) == (what, keeps)


# --- the ledger ------------------------------------------------------------------------------------


def test_ledger_of_another_batch_is_refused(work: Path, cli: Cli) -> None:
    pictures(work / "in", 1)
    assert cli(*BATCH).returncode == 0
    with Ledger(ledger_of(work)):
        done = cli(*BATCH)
    assert done.returncode == 3
    assert "another batch has this ledger" in done.stderr


def test_ledgers_that_are_none_are_left_as_they_are(work: Path, cli: Cli) -> None:
    pictures(work / "in", 1)
    good = work / "good.sqlite"
    assert cli(*BATCH, "--ledger", str(good)).returncode == 0
    (work / "out" / "000.jpg").unlink()
    (work / "out" / "receipts.jsonl").unlink()
    with contextlib.closing(sqlite3.connect(work / "foreign.sqlite")) as database:
        database.execute("CREATE TABLE theirs (x)")
    with contextlib.closing(sqlite3.connect(work / "newer.sqlite")) as database:
        database.executescript("CREATE TABLE jobs (x); PRAGMA application_id = 1886544994; PRAGMA user_version = 99")
    (work / "text.sqlite").write_text("my notes, which are longer than a header of a database would be " * 10)
    torn = bytearray(good.read_bytes())
    torn[4096:12288] = bytes(8192)
    (work / "torn.sqlite").write_bytes(torn)
    (work / "short.sqlite").write_bytes(good.read_bytes()[:5000])
    for name in ("foreign", "newer", "text", "torn", "short"):
        path = work / f"{name}.sqlite"
        path.chmod(0o600)
        before = path.read_bytes()
        done = cli(*BATCH, "--ledger", str(path))
        assert done.returncode == 2, (name, done.stderr)
        assert "it is left as it is" in done.stderr
        assert path.read_bytes() == before, name
        assert not (work / "out" / "000.jpg").exists()
    path.chmod(0o622)
    assert "others can write there" in cli(*BATCH, "--ledger", str(path)).stderr


# --- lists -----------------------------------------------------------------------------------------


def test_list_from_standard_input(work: Path, cli: Cli) -> None:
    pictures(work / "in", 3)
    run = ("batch", "--jobs", "-", "--out-dir", "out", "--label", "label.toml", "--signer", "test")
    lines = "in/000.jpg\n" + json.dumps({"path": "in/001.jpg", "output": "b.jpg", "label": {"title": "Other"}}) + "\n"
    done = cli(*run, stdin=lines)
    assert done.returncode == 0, done.stderr
    assert (work / "out" / "in" / "000.jpg").exists()
    shown = cli("show", "out/b.jpg", "--format", "json", "--trust", "test").stdout
    label = json.loads(shown)["files"][0]["label"]["value"]
    assert label["title"] == "Other"  # the row's field
    assert label["systems"][0]["name"] == "AcmeSynth"  # the file's


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_export_writes_is_a_job_list(form: str, work: Path, cli: Cli) -> None:
    pictures(work / "in", 3)
    assert cli(*BATCH).returncode == 0
    listed = f"list.{form}"
    assert cli("export", "out", "--to", form, "--trust", "test", "-o", listed).returncode == 0
    done = cli("batch", "--jobs", listed, "--out-dir", "second", "--signer", "test")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (work / "second" / "out").glob("*.jpg")) == ["000.jpg", "001.jpg", "002.jpg"]


def test_csv_with_outputs_and_labels(work: Path, cli: Cli) -> None:
    pictures(work / "in", 2)
    elsewhere = work / "elsewhere" / "x.jpg"
    (work / "list.csv").write_text(
        f"path;output;label;title\nin/000.jpg;{elsewhere};label.toml;One\nin/001.jpg;sub/y.jpg;label.toml;\n"
    )
    run = ("batch", "--jobs", "list.csv", "--signer", "test")
    done = cli(*run, "--ledger", "mine.sqlite", "--out-dir", "out")
    assert done.returncode == 0, done.stderr
    assert elsewhere.exists()
    assert (work / "out" / "sub" / "y.jpg").exists()
    assert rows(work / "mine.sqlite", "state") == [("done",), ("done",)]


def test_import_takes_no_columns_of_a_job_list(work: Path, cli: Cli) -> None:
    (work / "list.csv").write_text("path,kind,output\na.wav,human_made,b.wav\n")
    done = cli("import", "list.csv", "--from", "csv")
    assert done.returncode == 1
    assert "unknown column output" in done.stderr


def test_lists_that_cannot_be_read() -> None:
    content = b'{"path": "a.wav", "label": 5}\n{"path": "b.wav", "label": {}, "outptu": "x"}\n\n\xff\n{"a": \xff}\n'
    found = list(wanted_in(io.BytesIO(content), "list", "jsonl", Path("out")))
    assert [getattr(item, "at", item) for item in found][:2] == ["list, line 1", "list, line 2"]
    assert found[2].source == "\udcff"  # type: ignore[union-attr]
    assert found[3].at == "list, line 5"  # type: ignore[union-attr]
    unnameable = (b'"\\ud800", "output": "b"', b'"a", "output": "\\udfff"', b'"a\\u0000", "output": "b"')
    for names in unnameable:
        [fault] = wanted_in(io.BytesIO(b'{"path": ' + names + b', "label": {}}'), "list", "jsonl", Path("out"))
        assert "in the name of a file" in fault.message  # type: ignore[union-attr]
    endless = io.BytesIO(b"x" * (5 << 20))
    assert [item.message for item in wanted_in(endless, "list", "jsonl", Path("out"))] == [  # type: ignore[union-attr]
        "longer than 4 MB"
    ]


# --- shards ----------------------------------------------------------------------------------------


def test_shards_together_do_each_job_once(work: Path, cli: Cli) -> None:
    pictures(work / "in", 12)
    (work / "in" / "A.jpg").write_bytes((work / "in" / "000.jpg").read_bytes())
    seen: Counter[str] = Counter()
    each = (BATCH[:2] + BATCH[2 + len(KEPT) :], {"XDG_STATE_HOME": str(work / "state")})
    for part in range(3):
        done = cli(*each[0], "--shard", f"{part}/3", **each[1])
        assert done.returncode == 0, done.stderr
        [ledger] = (work / "state").rglob(f"ledger-{part}of3.sqlite")
        seen.update(os.fsdecode(output) for (output,) in rows(ledger, "output"))
        assert ledger.with_name(f"receipts-{part}of3.jsonl").exists()
    assert len(seen) == 13
    assert set(seen.values()) == {1}
    assert len(list((work / "out").glob("*.jpg"))) == 13
    (work / "in" / "a.jpg").write_bytes((work / "in" / "000.jpg").read_bytes())
    for part in range(3):  # a collision is found by every shard
        done = cli(*each[0], "--shard", f"{part}/3", **each[1])
        assert done.returncode == 2
        assert "is the output of two jobs" in done.stderr


def test_every_place_is_in_one_shard() -> None:
    places = [f"/out/{index}".encode() for index in range(1_000)]
    for count in (1, 2, 7):
        parts = [[place for place in places if Shard(part, count).has(place)] for part in range(count)]
        assert sorted(place for part in parts for place in part) == sorted(places)
        assert min(map(len, parts)) > 1_000 / count / 2
    assert shard_from("2/3") == (2, 3)
    for text in ("3/3", "-1/3", "1", "a/b", "1/0", "²/3"):
        with pytest.raises(UsageError):
            shard_from(text)


def test_folding() -> None:
    assert folded(b"/a/B.JPG") == folded(b"/A/b.jpg")
    assert folded("/\u00e4".encode()) == folded("/a\u0308".encode())
    assert folded(b"/\xff") == b"/\xff"


# --- retries ---------------------------------------------------------------------------------------


@needs("openssl")
def test_authority_that_fails_once(work: Path, cli: Cli, trust: TrustStore) -> None:
    pictures(work / "in", 3)
    authority = authorities.Authority(work / "tsa", pki.root("Clock Root"))
    behaviours = authorities.BEHAVIOURS
    answers = iter(["error 500"])
    behaviours["once"] = lambda tsa, query: behaviours[next(answers, "good")](tsa, query)
    try:
        with authorities.serving(authority, "once") as (url, asked):
            done = cli(*BATCH, "--tsa", url, "--format", "json")
    finally:
        del behaviours["once"]
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["done"], told["failed"], told["retried"]) == (3, 0, 1)
    assert len(asked) == 4
    assert sorted(rows(ledger_of(work), "attempts")) == [(1,), (1,), (2,)]


@needs("openssl")
def test_authority_that_always_fails_is_given_up(work: Path, cli: Cli) -> None:
    pictures(work / "in", 2)
    authority = authorities.Authority(work / "tsa", pki.root("Clock Root"))
    with authorities.serving(authority, "error 500") as (url, asked):
        done = cli(*BATCH, "--tsa", url, "--retries", "1")
    assert done.returncode == 3
    assert len(asked) == 4
    assert "(and 1 others)" in done.stderr
    assert "failed   2" in done.stdout
    assert not list((work / "out").glob("*.jpg"))


@pytest.mark.parametrize(
    ("exc", "signer", "passes"),
    [
        (TimestampError("no"), "file:x", True),
        (SignerError("answered 503"), "https://x", True),
        (SignerError("answered 403", hint="ask whoever runs it"), "https://x", False),
        (SignerError("ThrottlingException: slow", hint="sign fewer"), "awskms:x", True),
        (SignerError("wrong"), "file:x", False),
        (InputError("changed while it was read", hint="try again when it is at rest"), "file:x", True),
        (InputError("damaged"), "file:x", False),
        (OSError(28, "full"), "file:x", True),
        (OSError(13, "forbidden"), "file:x", False),
        (ValueError("bug"), "file:x", False),
    ],
)
def test_what_may_pass(exc: Exception, signer: str, passes: bool) -> None:
    assert may_pass(exc, signer) is passes
    if isinstance(exc, OSError):
        wrapped = OutputError("cannot write")
        wrapped.__cause__ = exc
        assert may_pass(wrapped, signer) is passes


def test_pauses_grow() -> None:
    for tries, least, most in ((1, 0.5, 1.5), (2, 1, 3), (3, 2, 6)):
        assert all(least <= pause(tries) <= most for _ in range(20))


# --- scratch files ---------------------------------------------------------------------------------


def test_sweep_takes_what_nobody_writes(tmp_path: Path) -> None:
    left = tmp_path / f"{SCRATCH_PREFIX}0123456789abcdef"
    left.write_bytes(b"half")
    (tmp_path / f"{SCRATCH_PREFIX}key-x").mkdir()
    other = tmp_path / ".provlabel-batch.sqlite"
    other.touch()
    with atomic_output(tmp_path / "whole", replace=False) as scratch:
        scratch.stream.write(b"whole")
        assert sweep(tmp_path) == 1
        assert scratch.path.exists()
    assert (tmp_path / "whole").read_bytes() == b"whole"
    assert not left.exists()
    assert other.exists()
    assert sweep(tmp_path) == 0
    assert sweep(tmp_path / "missing") == 0


def test_sweep_leaves_what_is_no_scratch_file(tmp_path: Path) -> None:
    """A link of that name is somebody else's, and its file is not even locked."""
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"theirs")
    (tmp_path / f"{SCRATCH_PREFIX}0123456789abcdef").symlink_to(theirs)
    os.mkfifo(tmp_path / f"{SCRATCH_PREFIX}0123456789abcde0")
    before = sorted(tmp_path.iterdir())
    assert sweep(tmp_path) == 0
    assert sorted(tmp_path.iterdir()) == before


def test_sweep_of_a_large_folder_ends(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{SCRATCH_PREFIX}{number:016x}").touch()
    assert sweep(tmp_path, 20) == 20
    assert sweep(tmp_path) == 10


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_publishing_where_there_are_no_hard_links(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refused)
    with atomic_output(tmp_path / "whole", replace=False) as scratch:
        scratch.stream.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_publishing_on_a_disk_that_fails_is_not_tried_in_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename could overwrite what appeared meanwhile."""

    def failed(_: object, target: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", failed)
    with pytest.raises(OutputError, match="input/output error"), atomic_output(tmp_path / "x", replace=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_network_that_tells_of_a_link_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def twice(*names: Path) -> None:
        link(*names)
        link(*names)

    monkeypatch.setattr(os, "link", twice)
    with atomic_output(tmp_path / "whole", replace=False) as scratch:
        scratch.stream.write(b"whole")
    assert (tmp_path / "whole").read_bytes() == b"whole"


def test_attribute_that_may_not_be_set_takes_no_other_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x"
    target.touch()
    try:
        for name in ("user.a", "user.b", "user.c"):
            os.setxattr(target, name, b"1")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    put = os.setxattr

    def fussy(fd: int, name: str, value: bytes) -> None:
        if name == "user.a":
            raise PermissionError(errno.EPERM, "Operation not permitted")
        put(fd, name, value)

    monkeypatch.setattr(os, "setxattr", fussy)
    monkeypatch.setattr(os, "listxattr", lambda _: ["user.a", "user.b", "user.c"])
    with atomic_output(target, replace=True, like=target.stat()):
        pass
    monkeypatch.undo()
    assert sorted(os.listxattr(target)) == ["user.b", "user.c"]


def test_scratch_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from provlabel._support.files import atomic_output\n"
        f"with atomic_output(Path({str(tmp_path / 'x')!r}), replace=False): os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=env, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


# --- secrets ---------------------------------------------------------------------------------------


def test_pass_phrase_is_asked_once_and_kept_nowhere(work: Path, cli: Cli, credential: Path) -> None:
    from cryptography.hazmat.primitives import serialization as ser

    canary = "canary-phrase-8472"
    key = ser.load_pem_private_key((credential / "key.pem").read_bytes(), None)
    (work / "key.pem").write_bytes(
        key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.BestAvailableEncryption(canary.encode()))
    )
    (work / "phrase").write_text(canary + "\n")
    for name in ("key.pem", "phrase"):
        (work / name).chmod(0o600)
    pictures(work / "in", 6)
    (work / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    signer = f"file:key.pem?chain={credential / 'chain.pem'}"
    run = ("batch", "in", "--out-dir", "out", "--label", "label.toml", "--workers", "2", "--chunk", "1")
    done = cli(*run, "--signer", signer, "--pass-file", "phrase")
    assert "done     6" in done.stdout, done.stderr
    assert canary not in done.stdout + done.stderr
    for path in filter(Path.is_file, (work / "out").rglob("*")):
        assert canary.encode() not in path.read_bytes(), path
    assert canary not in repr(Setting(signer=signer, answers=(("key", canary),)))


def test_names_of_files_are_escaped(work: Path, cli: Cli) -> None:
    (work / "in").mkdir()
    (work / "in" / "a\x1b[31m.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    Image.new("RGB", (8, 8)).save(work / "in" / "plain.jpg")
    os.rename(work / "in" / "plain.jpg", os.fsencode(work / "in") + b"/\xff.jpg")
    for more in ((), ("--dry-run",), ("--format", "json")):
        done = cli(*BATCH, *more)
        assert "\x1b" not in done.stdout + done.stderr
    assert [os.fsencode(path.name) for path in (work / "out").glob("*.jpg")] == [b"\xff.jpg"]


def test_a_failure_names_a_file_whose_name_is_no_text(work: Path, cli: Cli) -> None:
    (work / "in").mkdir()
    Path(os.fsdecode(os.fsencode(work / "in") + b"/\xe2.jpg")).write_bytes(b"\xff\xd8\xff\xe0 no picture")
    done = cli(*BATCH, "--format", "json")
    assert json.loads(done.stdout)["failures"][0]["example"] == "in/\\u{dce2}.jpg"


# --- what a run tells ------------------------------------------------------------------------------


def test_progress_is_json_lines_without_a_terminal(work: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from provlabel.batch import Progress
    from provlabel.cli import batch

    monkeypatch.setattr(batch, "_LINE", 0.0)
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    show = batch._Show({"quiet": False})
    show(Progress(10, 4, 1, 2.0))
    assert json.loads(told.getvalue()) == {
        "total": 10, "done": 4, "failed": 1, "seconds": 2.0, "files_per_second": 2.5, "seconds_left": 2,
    }  # fmt: skip
    batch._Show({"quiet": True})(Progress(10, 4, 1, 2.0))
    assert told.getvalue().count("\n") == 1


def test_progress_is_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from provlabel.batch import Progress
    from provlabel.cli import batch

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    told = Terminal()
    monkeypatch.setattr(sys, "stderr", told)
    monkeypatch.setattr(batch, "_LOOK", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    show = batch._Show({"quiet": False})
    show(Progress(5_000, 1_200, 3, 4.0))
    show(Progress(500_000, 1_200, 0, 4.0))
    show.end()
    lines = told.getvalue().split("\r\x1b[K")
    assert lines == ["", "1,203 of 5,000 files, 301 a second, 0:13 left, 3 failed",
                     "1,200 of 500,000 files, 300 a second, 27:43 left", ""]  # fmt: skip


def test_a_full_disk_ends_the_run_and_it_goes_on(work: Path, cli: Cli, trust: TrustStore, sandbox: Sandbox) -> None:
    """The ledger cannot grow: the run ends with what is wrong, and the next one goes on."""
    pictures(work / "in", 8)
    (work / "out").mkdir()
    with Ledger(ledger_of(work)):
        pass
    script = (
        "import sqlite3, sys\n"
        "from provlabel.batch import ledger\n"
        "def full(self, outcomes):\n"
        "    with self._writing():\n"
        "        raise sqlite3.OperationalError('database or disk is full')\n"
        "ledger.Ledger.settle = full\n"
        "from provlabel.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    env = {**os.environ, "HOME": str(trust_home(trust)), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, *BATCH], cwd=work, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert cli(*BATCH).returncode == 0
    require_each_labeled_once(work, 8, trust, sandbox)


def trust_home(trust: TrustStore) -> Path:
    """The home that has the test credential."""
    return Path(trust.lists[0].name).parents[3]


def test_library_says_what_is_wrong(work: Path, credential: Path, tmp_path: Path) -> None:
    uri = f"test:{credential}"
    pictures(work / "in", 1)
    with pytest.raises(UsageError):
        run_batch([work / "in"], uri, out_dir=work / "out", label=work / "label.toml", shard=(3, 3))
    with pytest.raises(UsageError):
        run_batch([work / "in"], uri, out_dir=work / "out", label=work / "label.toml", chunk=501)
    with pytest.raises(UsageError, match="ledger"):
        run_batch([work / "in"], uri)
    with pytest.raises(ConfigError):
        run_batch([work / "in"], "nonsense:", out_dir=work / "out", label=work / "label.toml")
