"""Whole trees: everything is counted, in one order, by many workers, from the cache as from the files."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import pki
from aborting import costly
from project import MEDIA, SAMPLES, Cli, Under, needs
from provlabel import ConfigError, Label, Policy, Report, TrustStore, label_file, open_signer, verify_paths
from provlabel._support.processes import Child
from provlabel._support.times import now, read
from provlabel.evidence import Evidence, Trouble
from provlabel.media.sidecar import beside
from provlabel.sandbox import Sandbox
from provlabel.sandbox.cache import LIFE, MAX_VALUE, EvidenceCache
from provlabel.sandbox.pool import SandboxPool
from provlabel.sandbox.process import fork, spawn
from provlabel.sandbox.protocol import Check
from provlabel.signers import Signer


@pytest.fixture(scope="module")
def labeled(tmp_path_factory: pytest.TempPathFactory, signer: Signer, sandbox: Sandbox) -> Path:
    """Each sample, labeled."""
    folder = tmp_path_factory.mktemp("labeled")
    label = Label(kind="ai_generated", event_time="2026-11-22T10:00:00Z")
    for name in SAMPLES:
        label_file(MEDIA / name, folder / name, label, signer, sandbox=sandbox)
    return folder


POLICY = """schema = "policy-v1"
[[exceptions]]
path = "legacy/"
rule = "policy.*"
reason = "scans from before 2000"
owner = "archive@acme.example"
expires = 2099-12-31
[[exceptions]]
path = "old/"
rule = "policy.*"
reason = "until the shoot is repeated"
owner = "bo@acme.example"
expires = 2026-01-31
[[exceptions]]
path = "art/*.psd"
rule = "content.unsupported"
reason = "working files"
owner = "bo@acme.example"
expires = 2099-12-31
[[exceptions]]
path = "art/*.psd"
rule = "policy.*"
reason = "working files"
owner = "bo@acme.example"
expires = 2099-12-31
"""
#: Folder -> how many files are put there.
SIZES = {
    "good": 1500,
    "tampered": 100,
    "plain": 150,
    "legacy": 120,
    "old": 60,
    "empty": 40,
    "hostile": 6,
    "art": 4,
    "notes": 20,
}


@pytest.fixture
def mixed(tmp_path: Path, labeled: Path, media: Path) -> Iterator[Path]:
    """2,000 files of every sort."""
    top = tmp_path / "tree"
    good = [(labeled / name).read_bytes() for name in SAMPLES]
    hostile = costly(good[1])
    plain = (media / "still.png").read_bytes()
    contents: dict[str, Callable[[int], tuple[str, bytes]]] = {
        "good": lambda i: (f"{i:04}{Path(SAMPLES[i % 5]).suffix}", good[i % 5]),
        "tampered": lambda i: (f"{i:03}.jpg", good[0][: -40 - i] + bytes([i]) + good[0][-39 - i :]),
        "plain": lambda i: (f"{i:03}.png", plain + bytes([i])),
        "legacy": lambda i: (f"{i:03}.png", plain),
        "old": lambda i: (f"{i:03}.png", plain),
        "empty": lambda i: (f"{i:02}.jpg", b""),
        "hostile": lambda i: (f"{i}.png", hostile),
        "art": lambda i: (f"{i}.psd", b"8BPS" + bytes(100)),
        "notes": lambda i: (f"{i}.{'txt' if i % 2 else 'md'}", b"for people"),
    }
    for folder, count in SIZES.items():
        (top / folder).mkdir(parents=True)
        for i in range(count):
            name, content = contents[folder](i)
            (top / folder / name).write_bytes(content)
    (top / "loop").symlink_to(top)
    (top / "good" / "up").symlink_to("..")
    (top / "self.jpg").symlink_to("self.jpg")
    (top / ".git").mkdir()
    (top / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (top / "closed").mkdir()
    shutil.copy(media / "cover.jpg", top / "closed")
    (top / "closed").chmod(0)
    (tmp_path / "policy.toml").write_text(POLICY)
    yield top
    (top / "closed").chmod(0o700)


def test_a_tree_of_2000_mixed_files_gives_the_expected_summary_twice(
    mixed: Path, tmp_path: Path, under: Under, bound: tuple[str, ...]
) -> None:
    assert sum(SIZES.values()) == 2000
    cache = tmp_path / "cache"
    args = ("verify", ".", "--trust", "test", "--policy", tmp_path / "policy.toml", "--format", "json")
    reports = []
    for _ in range(2):
        done = under(bound, *args, cwd=mixed, XDG_CACHE_HOME=str(cache))
        assert (done.returncode, done.stderr) == (3, "")
        reports.append(msgspec.json.decode(done.stdout, type=Report))
    first, second = reports
    summary = msgspec.to_builtins(first.summary)
    assert summary == {
        "files": 1980,
        "passed": 1500,
        "excepted": 120 + 4,
        "known": 0,
        "failed": 100 + 150 + 60 + 40 + 6,
        "errors": 2,
        "folders": 1,
        "not_media": 20,
        "links": 2,
        "scratch": 0,
        "repositories": 1,
        "outside": 0,
        "untracked": 0,
        "empty": 0,
        "refused": 0,
        "not_reached": 0,
        "states": {"invalid": 100, "trusted": 1500, "unreadable": 40 + 6 + 4, "unsigned": 150 + 120 + 60},
        "other_types": {".md": 10, ".txt": 10},
    }
    assert [item.path for item in first.files] == sorted(item.path for item in first.files)
    assert second == msgspec.structs.replace(first, at=second.at, anchors=second.anchors)
    assert [(use.path, use.expired, use.files) for use in first.exceptions] == [
        ("legacy/", False, 120), ("old/", True, 60), ("art/*.psd", False, 4), ("art/*.psd", False, 4),
    ]  # fmt: skip
    assert "closed: permission denied" in first.errors[0].message
    assert "self.jpg: too many levels" in first.errors[1].message
    assert [item.path for item in first.skipped] == [".git", "good/up", "loop"]


# --- order, and the end of a run -------------------------------------------------------------------


def lines(report: Report) -> list[tuple[str, str]]:
    return [(item.path, item.outcome) for item in report.files]


@pytest.fixture
def small(tmp_path: Path, labeled: Path, media: Path) -> Path:
    """A few of each."""
    top = tmp_path / "small"
    shutil.copytree(labeled, top / "a")
    shutil.copytree(media, top / "b")
    shutil.copytree(labeled, top / "c")
    (top / "c" / "notes.txt").write_text("for people")
    return top


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file here that fails when it is read")
def test_a_file_that_fails_when_it_is_read_ends_no_run(small: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    report = verify_paths(["/proc/self/attr", "/proc/self/task", small], trust=trust, sandbox=sandbox, fail_fast=False)
    assert report.errors
    assert report.files


def test_each_folder_that_is_named_has_something_to_judge(small: Path, labeled: Path, trust: TrustStore) -> None:
    """One that is moved away or emptied does not pass because another one does."""
    empty = small / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("for people")
    with SandboxPool(2) as pool:
        report = verify_paths([labeled, empty], trust=trust, sandbox=pool)
        assert verify_paths([labeled], trust=trust, sandbox=pool).passed
    assert (report.summary.failed, report.summary.empty, report.passed) == (0, 1, False)
    assert [(item.path, item.why) for item in report.skipped] == [(str(empty), "empty")]


@pytest.mark.parametrize("launch", [spawn, fork], ids=["spawn", "fork"])
def test_many_workers_say_what_one_says(
    launch: Callable[[], Child], small: Path, trust: TrustStore, sandbox: Sandbox
) -> None:
    alone = verify_paths([small], trust=trust, sandbox=sandbox)
    with SandboxPool(3, launch) as pool:
        together = verify_paths([small], trust=trust, sandbox=pool)
    assert together == msgspec.structs.replace(alone, at=together.at, anchors=together.anchors)


def test_the_first_failure_ends_the_run_and_the_rest_is_counted(
    small: Path, trust: TrustStore, sandbox: Sandbox
) -> None:
    wanted = [(str(small / "a" / name), "passed") for name in sorted(SAMPLES)]
    wanted.append((str(small / "b" / "cover.jpg"), "failed"))
    alone = verify_paths([small], trust=trust, sandbox=sandbox, fail_fast=True)
    assert lines(alone) == wanted
    assert alone.summary.not_reached == 4 + 6
    assert not alone.passed
    with SandboxPool(3) as pool:
        for _ in range(3):
            again = verify_paths([small], trust=trust, sandbox=pool, fail_fast=True)
            assert (lines(again), again.skipped) == (wanted, alone.skipped)


def test_a_path_that_cannot_be_judged_ends_a_run_too(small: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    report = verify_paths([small / "missing.jpg", small / "a"], trust=trust, sandbox=sandbox, fail_fast=True)
    assert (len(report.files), len(report.errors), report.summary.not_reached) == (0, 1, 5)


def test_a_worker_that_dies_takes_no_other_file_with_it(small: Path, labeled: Path, trust: TrustStore) -> None:
    (small / "b" / "hostile.png").write_bytes(costly((labeled / "still.png").read_bytes()))
    with SandboxPool(2) as pool:
        report = verify_paths([small], trust=trust, sandbox=pool)
    states = {Path(item.path).name: item.state for item in report.files if "/b/" in item.path}
    assert states.pop("hostile.png") == "unreadable"
    assert set(states.values()) == {"unsigned"}


def test_a_run_that_is_stopped_waits_for_nobody(small: Path, trust: TrustStore) -> None:
    """An interrupt ends workers at once, also one that hangs."""
    import signal

    workers: list[Child] = []

    def stopped() -> Child:
        workers.append(spawn())
        os.kill(workers[-1].pid, signal.SIGSTOP)
        return workers[-1]

    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), SandboxPool(2, stopped) as pool:
        verify_paths([small], trust=trust, sandbox=pool)
    assert time.monotonic() - begun < 10
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker.pid, 0)


# --- the cache -------------------------------------------------------------------------------------


class Counting(Sandbox):
    """Counts the files that a worker had to read."""

    reads = 0

    def read(self, *args: object, **kwargs: object) -> Evidence:  # type: ignore[override]
        self.reads += 1
        return super().read(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def counting() -> Iterator[Counting]:
    with Counting() as sandbox:
        yield sandbox


Run = Callable[..., Report]


@pytest.fixture
def run(small: Path, trust: TrustStore, counting: Counting, tmp_path: Path) -> Run:
    """Verify the small tree with a cache, and say how many files were read."""

    def verify(*, policy: Policy | None = None, trust: TrustStore = trust, at: dt.datetime | None = None) -> Report:
        counting.reads = 0
        with EvidenceCache(tmp_path / "cache", trust, at or now()) as cache:
            return verify_paths([small], trust=trust, policy=policy or Policy(), sandbox=counting, cache=cache)

    return verify


def test_the_second_run_reads_nothing_and_says_the_same(run: Run, counting: Counting) -> None:
    first = run()
    assert counting.reads == 15
    second = run()
    assert counting.reads == 0
    assert second == msgspec.structs.replace(first, at=second.at, anchors=second.anchors)


def test_evidence_is_kept_and_no_verdict(run: Run, counting: Counting) -> None:
    run()
    report = run(policy=Policy(states=("trusted", "unsigned"), label=False, fields=("systems",)))
    assert counting.reads == 0
    assert {item.outcome for item in report.files if "/b/" in item.path} == {"passed"}
    assert {item.outcome for item in report.files if "/a/" in item.path} == {"failed"}


def test_other_anchors_are_another_question(run: Run, counting: Counting, trust: TrustStore) -> None:
    run()
    report = run(trust=TrustStore())
    assert counting.reads == 15
    assert report.summary.states == {"unsigned": 5, "valid": 10}
    run()
    assert counting.reads == 0


def test_a_file_that_changed_is_read_again(run: Run, counting: Counting, small: Path) -> None:
    run()
    path = small / "a" / "cover.jpg"
    path.write_bytes(path.read_bytes()[:-10] + bytes(10))
    report = run()
    # Its twin in c/ has the old content still.
    assert (counting.reads, report.summary.states["invalid"]) == (1, 1)


def test_a_manifest_beside_a_file_is_part_of_what_is_seen(run: Run, counting: Counting, small: Path) -> None:
    run()
    path = small / "b" / "cover.jpg"
    shutil.copy(small / "b" / "still.png", beside(path))
    assert next(item for item in run().files if item.path == str(path)).state == "unreadable"
    assert counting.reads == 1
    beside(path).unlink()
    assert next(item for item in run().files if item.path == str(path)).state == "unsigned"
    assert counting.reads == 0


def test_evidence_grows_old(run: Run, counting: Counting) -> None:
    run()
    run(at=now() + LIFE / 2)
    assert counting.reads == 0
    run(at=now() + LIFE * 1.01)
    assert counting.reads == 15


def test_a_certificate_that_has_ended_meanwhile_is_seen(
    run: Run, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict compares with the time of judgement itself, whenever the evidence was gathered."""
    report = run()
    ends = read(report.files[0].signer.not_after)  # type: ignore[union-attr]
    monkeypatch.setattr("provlabel.verifying.verify.now", lambda: ends + dt.timedelta(hours=1))
    later = run()
    assert counting.reads == 0
    assert {item.axes.signer for item in later.files if "/a/" in item.path} == {"expired"}


def test_another_build_reads_again(run: Run, counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setattr("provlabel.sandbox.cache._build", lambda: b"another")
    run()
    assert counting.reads == 15


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\x00" + bytes(4096)])
def test_a_cache_that_is_damaged_is_begun_anew(damage: bytes, run: Run, counting: Counting, tmp_path: Path) -> None:
    run()
    (tmp_path / "cache" / "evidence.sqlite").write_bytes(damage)
    run()
    assert counting.reads == 15
    run()
    assert counting.reads == 0


def test_an_entry_that_is_damaged_is_read_again(run: Run, counting: Counting, tmp_path: Path) -> None:
    run()
    with sqlite3.connect(tmp_path / "cache" / "evidence.sqlite") as database:
        database.execute("UPDATE evidence SET value = ?", (b"\xc1\xff",))
    database.close()
    assert run().summary.passed == 10
    assert counting.reads == 15


def test_a_cache_that_cannot_be_written_is_done_without(run: Run, tmp_path: Path, counting: Counting) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert run().summary.passed == 10


def test_a_cache_in_use_by_another_run_is_done_without(run: Run, tmp_path: Path, counting: Counting) -> None:
    run()
    other = sqlite3.connect(tmp_path / "cache" / "evidence.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert run().summary.passed == 10
    finally:
        other.close()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_cache_that_others_can_write_is_refused(what: str, run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "cache" / ("evidence.sqlite" if what == "file" else "")).chmod(0o777)
    with pytest.raises(ConfigError, match="others can write there"):
        run()


def test_what_may_differ_next_time_is_not_kept(
    trust: TrustStore, small: Path, tmp_path: Path, counting: Counting
) -> None:
    path, check = small / "a" / "cover.jpg", Check(at=now())
    evidence = counting.read(path, trust)
    replace = msgspec.structs.replace
    with EvidenceCache(tmp_path / "cache", trust, now()) as cache:
        key = cache.key(path, beside(path))
        assert key is not None
        for kind in ("died", "too-costly", "io"):
            cache.keep(key, replace(evidence, trouble=Trouble(kind, "x")), check)  # type: ignore[arg-type]
        cache.keep(key._replace(sha256="0" * 64), evidence, check)
        cache.keep(key, evidence, replace(check, as_of=True))
        cache.keep(key, evidence, replace(check, revocation=True))
        cache.keep(key, replace(evidence, damage="x" * MAX_VALUE), check)  # would be held until the end of the run
    with EvidenceCache(tmp_path / "cache", trust, now()) as cache:
        assert cache.get(key) is None
        cache.keep(key, evidence, check)
    with EvidenceCache(tmp_path / "cache", trust, now()) as cache:
        assert cache.get(key) == evidence


@needs("faketime")
@pytest.mark.parametrize("ends", ["intermediate", "root", "leaf of the parent"])
def test_what_was_seen_does_not_outlive_a_certificate(
    ends: str, label: Label, media: Path, tmp_path: Path, under: Under, sandbox: Sandbox
) -> None:
    soon = pki.DAY + dt.timedelta(hours=1)
    root = pki.root(begins=-pki.DAY, **({"lasts": soon} if ends == "root" else {}))
    middle = pki.intermediate(root, lasts=soon if ends == "intermediate" else 300 * pki.DAY)
    uris = []
    for name, lasts in (("parent", soon if ends == "leaf of the parent" else 200 * pki.DAY), ("child", 200 * pki.DAY)):
        leaf = pki.leaf(middle, lasts=lasts)
        uris.append(pki.write(tmp_path / name, leaf, root))
        (tmp_path / name / "chain.pem").write_text(leaf.pem + middle.pem)
    (tmp_path / "tree").mkdir()
    label_file(media / "still.png", tmp_path / "one.png", label, open_signer(uris[0]), sandbox=sandbox)
    label_file(tmp_path / "one.png", tmp_path / "tree" / "two.png", label, open_signer(uris[1]), sandbox=sandbox)

    def seen(hours: int, *options: str) -> object:
        clock = f"{now() + dt.timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"
        args = ("verify", ".", "--trust", tmp_path / "child" / "root.pem", "--format", "json", *options)
        done = under(
            ("faketime", clock), *args, cwd=tmp_path / "tree", TZ="UTC", XDG_CACHE_HOME=str(tmp_path / "cache")
        )
        file = json.loads(done.stdout)["files"][0]
        return done.returncode, file["state"], file["axes"]["signer"], file["axes"]["history"]

    assert seen(0) == (0, "trusted", "trusted", "clean")
    assert seen(2) == seen(2, "--no-cache") != (0, "trusted", "trusted", "clean")


def test_the_cache_is_for_the_user_alone_and_never_below_what_is_judged(small: Path, cli: Cli, tmp_path: Path) -> None:
    cli("verify", small, "--trust", "test", XDG_CACHE_HOME=str(tmp_path / "elsewhere"), cwd=small)
    folder = tmp_path / "elsewhere" / "provlabel" / "evidence"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "evidence.sqlite").stat().st_mode & 0o777 == 0o600
    cli("verify", small, "--trust", "test", XDG_CACHE_HOME=str(small / "cache"), cwd=small)
    assert not (small / "cache").exists()
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    cli("verify", small, "--trust", "test", XDG_CACHE_HOME=str(small / "cache"), cwd=tmp_path / "elsewhere")
    assert not (small / "cache").exists(), "whoever is judged could bring it along"
    done = cli("verify", small, "--trust", "test", "--no-cache", XDG_CACHE_HOME=str(tmp_path / "no"), cwd=small)
    assert done.returncode == 1
    assert not (tmp_path / "no").exists()


# --- progress --------------------------------------------------------------------------------------

TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn([sys.executable, *sys.argv[1:]])))"
AT_ONCE = (
    "import provlabel.cli._progress as shown; shown._FIRST = shown._PAUSE = 0; from provlabel.cli import main; main()"
)


def test_progress_is_seen_on_a_terminal_alone(small: Path, home: Path, credential: Path) -> None:
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}
    args = ("-c", AT_ONCE, "verify", small, "--trust", "test", "--no-cache")

    def said(*command: str | Path, **more: str) -> str:
        done = subprocess.run(command, env={**env, **more}, capture_output=True, timeout=60, check=False)
        assert done.returncode == 1, done.stderr
        return (done.stdout + done.stderr).decode()

    terminal = (sys.executable, "-c", TERMINAL)
    shown = said(*terminal, *args)
    assert re.search(r"\r\x1b\[K1 files, [\d,]+ a second", shown)
    assert "\r\x1b[K16 files, " in shown
    assert re.search(r"a second\r\x1b\[K[^\r]*(FAIL|PASS)", shown), "the line is not gone before the report"
    for none in (said(sys.executable, *args), said(*terminal, *args, "-q"), said(*terminal, *args, TERM="dumb")):
        assert "a second" not in none


RUSH = """
import sys, threading, msgspec
from provlabel._support.types import ready

sys.setswitchinterval(1e-6)
kinds = []
for n in range(300):
    inner = msgspec.defstruct(f"Inner{n}", [(f"f{i}", "int | None", None) for i in range(12)])
    kinds.append(msgspec.defstruct(f"Outer{n}", [(f"f{i}", inner | None, None) for i in range(12)]))
gates = [threading.Barrier(4) for _ in kinds]

def run():
    for gate, kind in zip(gates, kinds):
        gate.wait()
        msgspec.convert({"f1": {"f2": 3}}, ready(kind))

threads = [threading.Thread(target=run) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_threads_may_use_a_type_for_the_first_time_at_once() -> None:
    """msgspec by itself crashes there, as one in a hundred runs of the command line did."""
    done = subprocess.run([sys.executable, "-c", RUSH], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
