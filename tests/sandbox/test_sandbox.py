"""The sandbox and the pre-scan: what kills, swells or stalls the engine harms one verdict and nothing else."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from aborting import ASCII, aborting, costly, in_png, store_of
from boxes import assertion, box, cbor, manifest, store, superbox
from project import MEDIA, SAMPLES, Cli
from provlabel import InputError, Label, TrustStore, engine, label_file, verify_bytes, verify_file, verify_paths
from provlabel._support.processes import Child
from provlabel.evidence import Evidence
from provlabel.manifest.cbor import MAX_DEPTH, Refused
from provlabel.manifest.limits import (
    MAX_ASSERTIONS,
    MAX_BOX_DEPTH,
    MAX_BOXES,
    MAX_CBOR_ITEMS,
    MAX_MANIFESTS,
    MAX_STORE,
    scan_file,
    scan_store,
)
from provlabel.media.containers import CONTAINERS, ContainerError
from provlabel.media.formats import FORMATS, sniff
from provlabel.media.previews import Preview
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox, worker as inside
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.process import Launch, fork, spawn
from provlabel.sandbox.protocol import Answer, Request
from provlabel.signers import Signer

pytestmark = pytest.mark.fresh

# What pytest would print about the death of a forked worker is no news here.
os.register_at_fork(after_in_child=faulthandler.disable)

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
# Python 3.12 and later warn of any fork beside a thread; the engine may have threads of its own.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
BOTH = pytest.mark.parametrize("launch", [spawn, pytest.param(fork, marks=forks)])


def recorded(launch: Launch, workers: list[Child]) -> Launch:
    """Launch as ``launch`` does, and keep each worker in ``workers``."""

    def start() -> Child:
        workers.append(launch())
        return workers[-1]

    return start


def end(worker: Child) -> None:
    """Kill a worker and wait until it is dead; who launched it still has to bury it."""
    os.kill(worker.pid, signal.SIGKILL)
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)


def shown(worker: Child) -> None:
    """Wait until a worker has said what it is."""
    select.select([worker.answers], [], [])


def rules(judged: FileReport) -> list[str]:
    return [item.rule for item in judged.findings]


# --- JUMBF by hand ---------------------------------------------------------------------------------


def with_content(boxes: bytes, name: bytes, content: bytes) -> bytes:
    """The same boxes, with ``content`` in the assertion called ``name``, and every length right."""
    made, offset = b"", 0
    while offset < len(boxes):
        length = int.from_bytes(boxes[offset : offset + 4], "big")
        kind, body = boxes[offset + 4 : offset + 8], boxes[offset + 8 : offset + length]
        offset += length
        if kind == b"jumb":
            head = int.from_bytes(body[:4], "big")
            found = body[25:head].startswith(name + b"\x00")
            body = body[:head] + (cbor(content) if found else with_content(body[head:], name, content))
        made += box(kind, body)
    return made


# --- the file that aborts the engine ---------------------------------------------------------------


@pytest.fixture(scope="module")
def labeled(tmp_path_factory: pytest.TempPathFactory, signer: Signer, sandbox: Sandbox) -> dict[str, Path]:
    """Every sample, labeled, by its name; shared, so no test writes to them."""
    folder = tmp_path_factory.mktemp("labeled")
    for name in SAMPLES:
        label_file(MEDIA / name, folder / name, Label(kind="ai_generated"), signer, sandbox=sandbox)
    return {name: folder / name for name in SAMPLES}


@pytest.fixture(scope="module")
def seen(labeled: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the pre-scan refuses."""
    path = tmp_path_factory.mktemp("hostile") / "seen.png"
    path.write_bytes(aborting(labeled["still.png"].read_bytes()))
    return path


@pytest.fixture(scope="module")
def unseen(labeled: dict[str, Path], seen: Path) -> Path:
    """The file that only the sandbox stands against."""
    path = seen.with_name("unseen.png")
    path.write_bytes(costly(labeled["still.png"].read_bytes()))
    return path


BARE = """
import sys
from provlabel import engine
from provlabel.trust.anchors import TrustStore
with open(sys.argv[1], "rb") as stream:
    print(engine.read(stream, sys.argv[2], TrustStore()).state)
"""


def bare_engine(path: Path, mime: str = "image/png") -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-c", BARE, str(path), mime]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RUST_BACKTRACE": "0"}
    return subprocess.run(run, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_engine_alone_dies_of_it(labeled: dict[str, Path], seen: Path) -> None:
    """If this fails the engine was fixed, and the tests below need another file."""
    assert bare_engine(labeled["still.png"]).stdout == "Valid\n"
    done = bare_engine(seen)
    assert done.returncode == -signal.SIGABRT, done.stderr
    assert "not a char boundary" in done.stderr


@pytest.mark.parametrize("name", SAMPLES)
def test_prescan_refuses_it(
    name: str, labeled: dict[str, Path], trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(aborting(labeled[name].read_bytes()))
    judged = verify_file(path, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.content, judged.passed) == ("unreadable", "unreadable", False)
    assert rules(judged) == ["content.refused", "policy.state"]
    assert "ASCII" in judged.findings[0].message
    assert judged.label is None


@forks
def test_sandbox_stands_when_the_prescan_sees_nothing(
    seen: Path, trust: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provlabel.manifest.limits._scan", lambda *_: None)
    with Sandbox(fork) as sandbox:
        judged = verify_file(seen, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.content, judged.passed) == ("unreadable", "unreadable", False)
    assert rules(judged) == ["content.worker-died", "policy.state"]
    assert "SIGABRT" in judged.findings[0].message


def test_what_the_prescan_lets_pass_can_still_be_too_costly(unseen: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    scan_store(store_of(unseen.read_bytes()))  # nothing to refuse
    judged = verify_file(unseen, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.content, judged.passed) == ("unreadable", "unreadable", False)
    assert rules(judged) == ["content.too-costly", "policy.state"]


def test_damaged_container_does_not_switch_the_prescan_off(
    labeled: dict[str, Path], trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "take.wav"
    wav = aborting(labeled["take.wav"].read_bytes())
    path.write_bytes(wav[:4] + (len(wav) + 100).to_bytes(4, "little") + wav[8:])  # declares more than there is
    judged = verify_file(path, trust=trust, sandbox=sandbox).files[0]
    assert judged.state == "unreadable"
    assert "content.worker-died" not in rules(judged)


@BOTH
def test_others_are_judged_all_the_same(
    launch: Launch, labeled: dict[str, Path], seen: Path, unseen: Path, trust: TrustStore
) -> None:
    good = list(labeled.values())
    with Sandbox(launch) as sandbox:
        report = verify_paths([*good[:2], seen, good[2], unseen, unseen, *good[3:]], trust=trust, sandbox=sandbox)
    states = [item.state for item in report.files]
    assert states == ["trusted"] * 2 + ["unreadable", "trusted"] + ["unreadable"] * 2 + ["trusted"] * 2
    assert (report.summary.passed, report.summary.failed, report.errors) == (5, 3, ())


@forks
def test_a_worker_that_was_taken_over_has_no_word_about_the_engine(
    labeled: dict[str, Path], trust: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs the file that it was reading, and not the run; a fresh worker says how the engine is."""
    honest, bad = inside.answer, labeled["take.wav"]

    def lying(request: Request, content: bytes | None) -> Answer:
        taken_over = request.path is not None and request.path.endswith(os.fsencode(bad.name))
        return Answer(unfit="do not go on") if taken_over else honest(request, content)

    monkeypatch.setattr(inside, "answer", lying)
    with Sandbox(fork, relaunch=spawn) as sandbox:
        report = verify_paths([labeled["cover.jpg"], bad, labeled["still.png"]], trust=trust, sandbox=sandbox)
        assert [item.state for item in report.files] == ["trusted", "unreadable", "trusted"]
    with Sandbox(fork) as sandbox:
        assert sandbox.preview(bad, "").why == "the decoder died on it"


@forks
@pytest.mark.parametrize(
    "lie",
    [
        Preview(kind="picture", jpeg=b"\xff\xd8\xff", width=0, height=9),
        Preview(kind="picture", jpeg=b"<svg", width=9, height=9),
        Preview(kind="waveform", peaks=(0, 256), seconds=1.0),
        Preview(kind="waveform", seconds=float("inf")),
        Preview(kind="none", why="x" * 201),
    ],
    ids=["no width", "no jpeg", "too loud", "endless", "a novel"],
)
def test_a_drawing_that_cannot_be_is_none(lie: Preview, seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "answer", lambda *_: Answer(preview=lie))
    with Sandbox(fork) as sandbox:
        assert sandbox.preview(seen, "").why in ("the decoder answered nonsense", "the decoder died on it")


def test_command_line_judges_the_others_and_prints_no_trace(
    labeled: dict[str, Path], seen: Path, unseen: Path, cli: Cli
) -> None:
    good = labeled["cover.jpg"]
    done = cli("verify", good, seen, unseen, labeled["take.wav"], "--trust", "test", "--format", "json")
    assert done.returncode == 1
    states = [item["state"] for item in json.loads(done.stdout)["files"]]
    assert states == ["trusted", "unreadable", "unreadable", "trusted"]
    assert done.stderr == ""
    assert cli("show", unseen).returncode == 3


@pytest.mark.parametrize("role", ["source", "parent", "ingredient"])
def test_it_is_never_signed(
    role: str, unseen: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The key lies in this process: what kills the engine is stopped before they meet."""
    source = unseen if role == "source" else MEDIA / "take.wav"
    more = {} if role == "source" else {f"{role}s": [unseen]}
    with pytest.raises(InputError, match="memory"):
        label_file(source, tmp_path / "out", label, signer, sandbox=sandbox, **more)  # type: ignore[arg-type]
    assert not list(tmp_path.glob("out*"))
    assert not list(tmp_path.glob(".provlabel-*"))


def test_what_a_worker_prints_stays_inside(unseen: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as sandbox:
        assert sandbox.read(unseen).trouble is not None
    assert tuple(capfd.readouterr()) == ("", "")


# --- death, time and memory ------------------------------------------------------------------------


def kind_of_trouble(evidence: Evidence) -> str | None:
    return evidence.trouble.kind if evidence.trouble else None


@BOTH
def test_worker_killed_between_two_files_harms_neither(launch: Launch, labeled: dict[str, Path]) -> None:
    workers: list[Child] = []
    with Sandbox(recorded(launch, workers)) as sandbox:
        assert sandbox.read(labeled["cover.jpg"]).trouble is None
        end(workers[0])
        assert kind_of_trouble(sandbox.read(labeled["still.png"])) is None
        assert len(workers) == 2


@BOTH
def test_worker_is_rebuilt_after_it_was_killed(launch: Launch, labeled: dict[str, Path]) -> None:
    workers: list[Child] = []
    with Sandbox(recorded(launch, workers)) as sandbox:
        sandbox.start()
        end(workers[0])
        sandbox.read(labeled["cover.jpg"])
        assert sandbox.read(labeled["still.png"]).trouble is None
        assert sandbox.read(labeled["take.wav"]).trouble is None
        assert len(workers) == 2


def test_relaunch_is_used_after_a_death(labeled: dict[str, Path], unseen: Path) -> None:
    first: list[Child] = []
    second: list[Child] = []
    with Sandbox(recorded(spawn, first), relaunch=recorded(spawn, second)) as sandbox:
        assert kind_of_trouble(sandbox.read(unseen)) == "too-costly"
        assert sandbox.read(labeled["still.png"]).trouble is None
        assert (len(first), len(second)) == (1, 1)


@pytest.mark.parametrize(("deaths", "whole"), [(1, True), (2, False)])
def test_worker_killed_at_its_work_harms_no_file_and_twice_that_file_alone(
    deaths: int, whole: bool, labeled: dict[str, Path]
) -> None:
    """No file can have sent SIGKILL, so that one death says nothing about it."""
    workers: list[Child] = []

    def doomed() -> Child:
        worker = spawn()
        workers.append(worker)
        if len(workers) <= deaths:
            os.kill(worker.pid, signal.SIGSTOP)  # it cannot answer before it dies
            threading.Timer(0.2, os.kill, (worker.pid, signal.SIGKILL)).start()
        return worker

    with Sandbox(doomed) as sandbox:
        trouble = sandbox.read(labeled["cover.jpg"]).trouble
        assert (trouble is None) == whole
        assert trouble is None or (trouble.kind, "killed twice" in trouble.text) == ("io", True)
        assert sandbox.read(labeled["cover.jpg"]).trouble is None


def test_worker_that_hangs_is_given_up(labeled: dict[str, Path]) -> None:
    workers: list[Child] = []
    with Sandbox(recorded(spawn, workers), limits=Limits(cpu_seconds=1)) as sandbox:
        sandbox.start()
        shown(workers[0])
        os.kill(workers[0].pid, signal.SIGSTOP)
        evidence = sandbox.read(labeled["cover.jpg"])
        assert evidence.trouble is not None
        assert (evidence.trouble.kind, evidence.trouble.text) == ("too-costly", "it took too long")
        with pytest.raises(ProcessLookupError):
            os.kill(workers[0].pid, 0)
        assert sandbox.read(labeled["cover.jpg"]).trouble is None


@pytest.fixture
def swelling(labeled: dict[str, Path], tmp_path: Path) -> Path:
    """A byte string of 3 MB in the label: it passes the pre-scan, and the engine takes 145 times as much."""
    png, size = labeled["still.png"].read_bytes(), 3_000_000
    content = b"\xa1\x61x\x5a" + size.to_bytes(4, "big") + bytes(size)
    path = tmp_path / "swelling.png"
    path.write_bytes(in_png(with_content(store_of(png), ASCII, content)))
    scan_store(store_of(path.read_bytes()))
    return path


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS knows no limit of address space")
@pytest.mark.parametrize("limits", [Limits(), Limits(base_mib=128, memory_factor=0)], ids=["ours", "small"])
def test_too_much_memory(limits: Limits, swelling: Path, labeled: dict[str, Path], trust: TrustStore) -> None:
    with Sandbox(limits=limits) as sandbox:
        report = verify_paths([swelling, labeled["still.png"], swelling], trust=trust, sandbox=sandbox)
    assert [item.state for item in report.files] == ["unreadable", "trusted", "unreadable"]
    assert rules(report.files[0]) == ["content.too-costly", "policy.state"]
    assert "memory" in report.files[0].findings[0].message


@pytest.fixture
def stalling(tmp_path: Path) -> Path:
    """39 stores side by side in one picture, each just within the limits: seconds of work."""
    jpeg, items = (MEDIA / "cover.jpg").read_bytes(), MAX_CBOR_ITEMS - 10
    whole = store(cbor(b"\x9a" + items.to_bytes(4, "big") + bytes(items)))
    segments = b""
    for instance in range(1, 40):
        for number, start in enumerate(range(0, len(whole), 60_000), 1):
            body = b"JP" + instance.to_bytes(2, "big") + number.to_bytes(4, "big")
            body += (whole[:8] if start else b"") + whole[start : start + 60_000]
            segments += b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body
    path = tmp_path / "stalling.jpg"
    path.write_bytes(jpeg[:2] + segments + jpeg[2:])
    return path


def test_limits_count_for_the_whole_file(stalling: Path, labeled: dict[str, Path], trust: TrustStore) -> None:
    with Sandbox() as sandbox:
        report = verify_paths([stalling, labeled["still.png"]], trust=trust, sandbox=sandbox)
    assert [item.state for item in report.files] == ["unreadable", "trusted"]
    assert rules(report.files[0]) == ["content.refused", "policy.state"]


@LINUX
def test_too_much_time(labeled: dict[str, Path], trust: TrustStore) -> None:
    """A worker that does not answer is given up, and the next file gets a new one."""
    workers: list[Child] = []
    with Sandbox(recorded(spawn, workers), limits=Limits(cpu_seconds=1)) as sandbox:
        sandbox.start()
        shown(workers[0])
        os.kill(workers[0].pid, signal.SIGSTOP)
        report = verify_paths([labeled["take.wav"], labeled["still.png"]], trust=trust, sandbox=sandbox)
    assert [item.state for item in report.files] == ["unreadable", "trusted"]
    assert rules(report.files[0]) == ["content.too-costly", "policy.state"]
    assert "it took too long" in report.files[0].findings[0].message


@LINUX
def test_limits_are_set_in_the_worker(labeled: dict[str, Path]) -> None:
    """The system holds them, and not only the clock of whoever waits."""
    workers: list[Child] = []
    path = labeled["take.wav"]
    with Sandbox(recorded(spawn, workers), limits=Limits(base_mib=300, memory_factor=3, cpu_seconds=7)) as sandbox:
        assert sandbox.read(path).trouble is None
        lines = Path(f"/proc/{workers[0].pid}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert soft["Max address space"] == str((300 << 20) + 3 * path.stat().st_size)
    assert soft["Max cpu time"] in ("7", "8")
    assert soft["Max core file size"] == "0"


@LINUX
def test_time_is_counted_for_each_file_anew(labeled: dict[str, Path]) -> None:
    """A worker that has done an hour of honest work is as good as a new one."""
    workers: list[Child] = []
    with Sandbox(recorded(spawn, workers), limits=Limits(cpu_seconds=2)) as sandbox:
        sandbox.start()
        while cpu_of(workers[0]) < 2.2:
            assert sandbox.read(labeled["take.wav"]).trouble is None
        assert len(workers) == 1


def cpu_of(worker: Child) -> float:
    """Seconds of CPU that a worker has used: fields 14 and 15 of ``/proc/PID/stat``."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- one sandbox, many users --------------------------------------------------------------------------


def test_threads_share_one_sandbox(labeled: dict[str, Path], seen: Path, trust: TrustStore) -> None:
    wanted = {str(path): "trusted" for path in labeled.values()}
    wanted |= {str(MEDIA / name): "unsigned" for name in SAMPLES}
    jobs = [*wanted] * 4 + [str(seen)] + [*wanted] * 4
    wanted[str(seen)] = "unreadable"
    with Sandbox() as sandbox, ThreadPoolExecutor(8) as pool:
        reports = pool.map(lambda path: verify_file(path, trust=trust, sandbox=sandbox), jobs)
        judged = [(report.files[0].path, report.files[0].state) for report in reports]
    assert judged == [(path, wanted[path]) for path in jobs]


@forks
@BOTH
def test_sandbox_works_in_a_forked_child(launch: Launch, labeled: dict[str, Path]) -> None:
    """A forked copy makes a worker of its own, and leaves that of its parent alone."""
    with Sandbox(launch) as sandbox:
        before = sandbox.read(labeled["cover.jpg"])
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                same = sandbox.read(labeled["cover.jpg"]).sha256 == before.sha256
                status = 0 if same and sandbox.read(labeled["still.png"]).format == "PNG" else 2
                sandbox.close()
            finally:
                os._exit(status)
        after = sandbox.read(labeled["take.wav"])
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert after.format == "WAV"
        assert sandbox.read(labeled["cover.jpg"]) == before


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@LINUX
@BOTH
def test_nothing_leaks_over_rebuilds(launch: Launch, labeled: dict[str, Path]) -> None:
    """50 workers: half of them are killed, half are closed; no file stays open, no process stays."""
    rounds = 50 if launch is fork else 6  # a worker of its own program takes longer to start
    workers: list[Child] = []
    with Sandbox(recorded(launch, workers)) as sandbox:
        sandbox.read(labeled["still.png"])
        sandbox.close()
        before = open_files()
        for number in range(rounds):
            sandbox.start()
            if number % 2:
                end(workers[-1])
                sandbox.read(labeled["still.png"])
            sandbox.close()
        assert open_files() == before
    assert len(workers) > rounds
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker.pid, 0)


@LINUX
def test_worker_has_none_of_our_environment_and_files(
    labeled: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVLABEL_CANARY", "sings-of-secrets")
    secret = tmp_path / "secret"
    secret.touch()
    workers: list[Child] = []
    with secret.open() as held, Sandbox(recorded(spawn, workers)) as sandbox:
        assert not os.get_inheritable(held.fileno())
        assert sandbox.read(labeled["still.png"]).trouble is None
        place = Path(f"/proc/{workers[0].pid}")
        environ, command = (place / "environ").read_bytes(), (place / "cmdline").read_bytes()
        files = [os.readlink(link) for link in (place / "fd").iterdir()]
    assert environ == b"LC_ALL=C.UTF-8\0PROVLABEL_WORKER=1\0"
    assert b"sings-of-secrets" not in command
    assert str(secret) not in files
    assert not [name for name in files if "socket" in name]


def test_worker_does_not_load_code_from_where_we_stand(
    labeled: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("provlabel.py", "msgspec.py", "json.py", "libc2pa_c.so"):
        (trap / name).write_text("raise SystemExit('taken from the current directory')")
    monkeypatch.chdir(trap)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with Sandbox() as sandbox:
        assert sandbox.read(labeled["still.png"]).trouble is None


# --- the pre-scan ----------------------------------------------------------------------------------


def arrays(depth: int) -> bytes:
    return b"\x81" * depth + b"\x00"


def nested(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = superbox(b"x\x00\x00\x00", b"x", made)
    return made


def items(count: int) -> bytes:
    """``count`` CBOR items in all: an array and what it holds."""
    return b"\x9a" + (count - 1).to_bytes(4, "big") + bytes(count - 1)


def padded(size: int) -> bytes:
    """A store of ``size`` bytes."""
    return store(box(b"bidb", bytes(size - len(store(box(b"bidb", b""))))))


def several(count: int, *assertions: bytes) -> list[bytes]:
    return [manifest(*assertions, name=b"urn:c2pa:%d" % number) for number in range(count)]


LIMITS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "bytes": (padded, MAX_STORE),
    "boxes": (lambda count: store(*[box(b"free", b"")] * (count - 1)), MAX_BOXES),
    "assertions": (lambda count: store(manifest(*[assertion(b"\xa0")] * count)), MAX_ASSERTIONS),
    "assertions of all": (lambda count: store(*several(50, assertion(b"\xa0")), rest(count - 50)), MAX_ASSERTIONS),
    "manifests": (lambda count: store(*several(count)), MAX_MANIFESTS),
    "box depth": (nested, MAX_BOX_DEPTH),
    "data depth": (lambda depth: store(cbor(arrays(depth))), MAX_DEPTH - 1),
    "data items": (lambda count: store(cbor(items(count))), MAX_CBOR_ITEMS),
    "data items of all": (lambda count: store(cbor(items(100)), cbor(items(count - 100))), MAX_CBOR_ITEMS),
}


def rest(count: int) -> bytes:
    return manifest(*[assertion(b"\xa0")] * count)


@pytest.mark.parametrize("what", LIMITS)
def test_limits_hold_to_the_number(what: str) -> None:
    make, limit = LIMITS[what]
    scan_store(make(limit))
    with pytest.raises(Refused):
        scan_store(make(limit + 1))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (store(manifest(*[assertion(b"\xa0")] * 600)), "too many assertions"),
        (store(*several(101)), "too many manifests"),
        (store(cbor(b"\x81" * 5000 + b"\x00")), "nested too deeply"),
        (nested(100), "nested too deeply"),
        (bytes(MAX_STORE + 1), "bytes of manifest"),
        (store(manifest(assertion(b"\xa0", "org.x.\u00e9".encode()))), "ASCII"),
        (store(manifest(assertion(b"\xa0", b"org.x.\xff"))), "ASCII"),
    ],
)
def test_refusal_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        scan_store(content)


HUGE = [b"\xff" * 8, (1 << 62).to_bytes(8, "big"), (1 << 33).to_bytes(8, "big"), (20_000_000).to_bytes(8, "big")]


@pytest.mark.parametrize("major", [2, 3, 4, 5], ids=["bytes", "text", "array", "map"])
@pytest.mark.parametrize("length", HUGE, ids=["all ones", "2^62", "2^33", "20 MB"])
def test_declared_lengths_are_not_believed(major: int, length: bytes) -> None:
    """The engine sets memory aside for what is declared: 4.1 GB for a file of 2.5 kB."""
    head = bytes([major << 5 | 27]) + length
    for content in (head, b"\xa1\x61x" + head, b"\x81" + head + b"\x00" * 20, b"\x9f" + head, b"\xc1" + head):
        with pytest.raises(Refused, match="declares more than its box holds"):
            scan_store(store(manifest(assertion(content))))


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x00\x00\x08jumb",
        b"\x00\x00\x00\x07jumb\x00",
        b"\x00\x00\x10\x00jumb" + bytes(20),
        b"\x00\x00\x00\x01jumb" + b"\xff" * 8,
        box(b"jumb", box(b"cbor", b"\xa0")),
        store(cbor(b"")),
        store(cbor(b"\x82\x00")),
        store(cbor(b"\x1c")),
        store(cbor(b"\x9f\x00")),
    ],
)
def test_boxes_that_do_not_fit_are_damage(content: bytes) -> None:
    with pytest.raises((ContainerError, Refused)):
        scan_store(content)


@pytest.mark.parametrize("label", [b"c2pa.claim.v2", b"c2pa.assertions", b"c2pa.signature"])
def test_what_the_claim_does_not_sign_has_its_name(
    label: bytes, labeled: dict[str, Path], trust: TrustStore, sandbox: Sandbox
) -> None:
    """A claim names its signature by its label (C2PA 2.4 §11.1.4); the engine takes any, and so takes changed ones."""
    content = labeled["take.wav"].read_bytes()
    place = content.index(label + b"\x00")
    for changed in (b"C", b"\x01"):
        renamed = content[:place] + changed + content[place + 1 :]
        read = engine.read(io.BytesIO(renamed), "audio/wav", trust)
        assert read is not None
        assert read.state == "Trusted", "the trap is gone"
        judged = verify_bytes(renamed, trust=trust, sandbox=sandbox).files[0]
        assert (judged.state, judged.findings[0].rule) == ("unreadable", "content.malformed")
        assert "label" in judged.findings[0].message


def test_a_description_has_no_toggles_that_nobody_knows(
    labeled: dict[str, Path], trust: TrustStore, sandbox: Sandbox
) -> None:
    """The engine hashes the box as it would write it, and so does not see that an assertion was changed."""
    content = bytearray(labeled["take.wav"].read_bytes())
    content[content.index(b"c2pa.actions.v2\x00") - 1] |= 0x40
    read = engine.read(io.BytesIO(content), "audio/wav", trust)
    assert read is not None
    assert read.state == "Trusted", "the trap is gone"
    judged = verify_bytes(bytes(content), trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.findings[0].rule) == ("unreadable", "content.malformed")


@pytest.mark.parametrize("more", [b"\x00", box(b"free", b"text"), None], ids=["a zero", "a box", "a second store"])
def test_a_detached_manifest_is_one_store_and_nothing_more(more: bytes | None, labeled: dict[str, Path]) -> None:
    """Readers could each take another; the engine takes the first, the second verifier none."""
    honest = store_of(labeled["still.png"].read_bytes())
    with pytest.raises(ContainerError, match="more behind"):
        scan_store(honest + (honest if more is None else more))


def test_honest_stores_pass(labeled: dict[str, Path]) -> None:
    """And the hand-made boxes of this file are such as the engine makes."""
    honest = store_of(labeled["still.png"].read_bytes())
    scan_store(honest)
    assert with_content(honest, b"no such name", b"") == honest
    assert honest.startswith(store()[4:8], 4)
    assert store()[8:] == honest[8 : len(store())]
    for name, path in labeled.items():
        row = next(row for row in FORMATS if path.suffix in row.suffixes)
        with path.open("rb") as stream:
            scan = scan_file(stream, path.stat().st_size, row)
        assert len(scan.stores) == 1, name


@pytest.mark.parametrize("what", ["assertions", "manifests", "box depth", "data items", "bytes"])
def test_refused_in_the_sandbox_too(
    what: str, labeled: dict[str, Path], trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    make, limit = LIMITS[what]
    path = tmp_path / "hostile.png"
    path.write_bytes(in_png(make(limit + 1)))
    report = verify_paths([path, labeled["still.png"]], trust=trust, sandbox=sandbox)
    assert [item.state for item in report.files] == ["unreadable", "trusted"]
    assert rules(report.files[0]) == ["content.refused", "policy.state"]


def test_hostile_manifest_beside_a_file_is_refused(trust: TrustStore, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    path.write_bytes((MEDIA / "still.png").read_bytes())
    (tmp_path / "still.png.c2pa").write_bytes(store(manifest(assertion(b"\xa0", "org.x.\u00e9".encode()))))
    judged = verify_file(path, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, rules(judged)[0]) == ("unreadable", "content.refused")


# --- anything at all -------------------------------------------------------------------------------

# The same examples in every run, and no folder for them.
anything = settings(max_examples=80, deadline=None, derandomize=True, database=None)
KINDS = st.sampled_from([b"jumb", b"jumd", b"cbor", b"json", b"brob", b"c2sh", b"free"])
LENGTHS = st.one_of(st.none(), st.integers(0, 40), st.sampled_from([0, 1, 7, 8, 0xFFFF, 0xFFFFFFFF]))


@st.composite
def boxes(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    """A box that may lie about its length."""
    body = draw(children)
    if draw(st.booleans()):
        uuid = draw(st.sampled_from([b"c2pa", b"c2ma", b"c2as", b"cbor"])) + bytes(12)
        body = box(b"jumd", uuid + b"\x03" + draw(st.binary(max_size=6)) + b"\x00") + body
    length = draw(LENGTHS)
    made = box(draw(KINDS), body)
    return made if length is None else length.to_bytes(4, "big") + made[4:]


STORES = st.recursive(
    st.binary(max_size=24), lambda inner: st.lists(boxes(inner), max_size=4).map(b"".join), max_leaves=12
)
HEADS = {
    "jpeg": [b"\xff\xd8\xff", b"\xff\xd8\xff\xeb\x00\x20JP\x00\x01\x00\x00\x00\x01"],
    "png": [b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x10caBX"],
    "riff": [b"RIFF\x20\x00\x00\x00WAVE", b"RIFF\x28\x00\x00\x00WAVEC2PA\x10\x00\x00\x00"],
    "id3": [
        b"ID3\x04\x00\x00\x00\x00\x00\x30",
        b"ID3\x03\x00\x40\x00\x00\x00\x30GEOB\x00\x00\x00\x20\x00\x00\x00",
        b"fLaC",
    ],
    "gif": [b"GIF89a\x01\x00\x01\x00\x00\x00\x00", b"GIF89a" + bytes(7) + b"!\xff\x0bC2PA_GIF\x01\x00\x00\x20"],
    "isobmff": [
        b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom",
        b"\x00\x00\x00\x00uuid" + bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(4) + b"manifest" + bytes(9),
        b"\x00\x00\x00\x00moov\x00\x00\x00\x20udta\x00\x00\x00\x18meta",
    ],
    "svg": [
        b"<svg>",
        b"<svg><metadata><c2pa:manifest>AAAA",
        b"<svg><metadata><c2pa:manifest>AAAA</c2pa:manifest></metadata></svg>",
    ],
    "tiff": [
        b"II*\x00\x08\x00\x00\x00\x01\x00\x41\xcd\x07\x00",
        b"MM\x00*\x00\x00\x00\x08\x00\x02\x01\x4a\x00\x04\x00\x00\x00\x01",
        b"II+\x00\x08\x00\x00\x00\x10" + bytes(7) + b"\x01" + bytes(7),
    ],
    "opaque": [],
}


@anything
@given(st.binary(max_size=200) | STORES)
def test_any_store_is_scanned_or_refused(content: bytes) -> None:
    scanned(scan_store, content)


@anything
@given(st.binary(max_size=60))
def test_any_data_is_scanned_or_refused(content: bytes) -> None:
    scanned(scan_store, store(manifest(assertion(content))))


@st.composite
def files(draw: st.DrawFn, kind: str) -> bytes:
    """What may begin like a file of that container."""
    return draw(st.sampled_from([b"", *HEADS.get(kind, [])])) + draw(st.binary(max_size=120) | STORES)


@pytest.mark.parametrize("kind", CONTAINERS)
@anything
@given(data=st.data())
def test_any_container_is_walked_or_damaged(kind: str, data: st.DataObject) -> None:
    content, row = data.draw(files(kind)), next(row for row in FORMATS if row.container == kind)
    scanned(lambda raw: list(CONTAINERS[kind].walk(io.BytesIO(raw), len(raw))), content)
    scanned(lambda raw: scan_file(io.BytesIO(raw), len(raw), row), content)


@pytest.mark.parametrize("kind", CONTAINERS)
@anything
@given(data=st.data())
def test_parts_lie_within_their_file(kind: str, data: st.DataObject) -> None:
    content = data.draw(files(kind))
    with contextlib.suppress(ContainerError):
        for part in CONTAINERS[kind].walk(io.BytesIO(content), len(content)):
            assert 0 <= part.start <= part.end <= len(content)
            if part.role == "manifest":
                assert part.start <= part.payload_at <= part.payload_at + part.payload_length <= part.end


@anything
@given(st.sampled_from([head for heads in HEADS.values() for head in heads] + [b""]), st.binary(max_size=120))
def test_any_content_is_sniffed(head: bytes, tail: bytes) -> None:
    content = head + tail
    found = sniff(lambda offset, length: content[offset : offset + length])
    assert found is None or found in FORMATS


def scanned(scan: Callable[[bytes], Iterator[object] | object], content: bytes) -> object:
    """What ``scan`` returns, or nothing where it raised as it may."""
    try:
        return scan(content)
    except (Refused, ContainerError):
        return None
