"""Signers, authorities, workers and clocks that fail while a file is replaced in place: it stays as it is."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import pki
import tsa as authorities
from faultpoints import KEPT, LABEL, LEDGER, seen_in, untrue
from project import MEDIA, Cli, Under, needs
from provlabel import Label, ProvlabelError, label_file, open_signer
from provlabel._support.processes import Child
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import spawn
from provlabel.signers import Signer
from provlabel.trust.timestamps import Timestamper
from signer_matrix import Backends
from signing_service import Canned

pytestmark = pytest.mark.fresh


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Alone in its folder."""
    folder = tmp_path / "alone"
    folder.mkdir()
    return Path(shutil.copy(MEDIA / "cover.jpg", folder))


def everything(folder: Path) -> object:
    return seen_in(folder), sorted(path.name for path in folder.iterdir())


def signature(value: bytes) -> Canned:
    return Canned(200, json.dumps({"signature": base64.b64encode(value).decode()}).encode())


FOREIGN = ec.generate_private_key(ec.SECP256R1()).sign(b"another message", ec.ECDSA(hashes.SHA256()))
#: What a signing service gives in place of a signature, and what its user is told.
SIGNATURES = {
    "too short": (signature(b"1234567"), "no es256 signature"),
    "too long": (signature(FOREIGN * 50), "no es256 signature"),
    "of another key": (signature(FOREIGN), "no signature by its certificate"),
    "all zeros": (signature(bytes(64)), "no es256 signature|no signature by its certificate"),
    "refused": (Canned(403, b'{"error": "locked"}'), "answered 403: locked"),
    "broken": (Canned(500, b"oops"), "answered 500"),
}


@pytest.mark.parametrize("detached", [False, True], ids=["in place", "beside"])
@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_that_is_none(
    name: str, detached: bool, source: Path, label: Label, backends: Backends, sandbox: Sandbox
) -> None:
    canned, words = SIGNATURES[name]
    service, backend = backends.server("https"), backends.get("https", "es256")
    service.canned = []
    signer = open_signer(backend.uri, backend.secrets)
    before = everything(source.parent)
    service.canned = [canned] * 9
    try:
        with pytest.raises(ProvlabelError, match=words):
            label_file(source, source, label, signer, detached=detached, replace=True, sandbox=sandbox)
    finally:
        service.canned = []
    assert everything(source.parent) == before


@needs("openssl")
@pytest.mark.parametrize("behaviour", ["wrong nonce", "garbage", "error 500", "bad signature", "down", "back-dated"])
def test_stamp_that_is_none(
    behaviour: str, source: Path, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = everything(source.parent)
    with contextlib.ExitStack() as stack:
        if behaviour == "down":
            with socket.create_server(("127.0.0.1", 0)) as taken:  # and given back: nobody listens there
                url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        else:
            authority = authorities.Authority(tmp_path / "tsa", pki.root("Clock Root"))
            url, _ = stack.enter_context(authorities.serving(authority, behaviour))
        stamper = Timestamper(urls=(url,), deadline=5)
        with pytest.raises(ProvlabelError, match="no timestamp"):
            label_file(source, source, label, signer, replace=True, timestamper=stamper, sandbox=sandbox)
    assert everything(source.parent) == before


def killed() -> Child:
    """A worker that dies as soon as it is asked."""
    worker = spawn()
    os.kill(worker.pid, signal.SIGKILL)
    return worker


def stopped() -> Child:
    worker = spawn()
    select.select([worker.answers], [], [])  # it has said what it is
    os.kill(worker.pid, signal.SIGSTOP)
    return worker


def without_handles() -> Child:
    raise OSError(24, "Too many open files")


@pytest.mark.parametrize(
    ("launch", "words"),
    [(killed, "was killed twice"), (stopped, "too long"), (without_handles, "too many open files")],
    ids=["killed", "stopped", "no handles"],
)
def test_worker_that_fails_each_time(
    launch: Callable[[], Child], words: str, source: Path, label: Label, signer: Signer
) -> None:
    from provlabel.sandbox.limits import Limits

    before = everything(source.parent)
    with Sandbox(launch, limits=Limits(cpu_seconds=1)) as sandbox:
        for _ in range(2):
            with pytest.raises(ProvlabelError, match=words):
                label_file(source, source, label, signer, replace=True, sandbox=sandbox)
    assert everything(source.parent) == before


def test_start_that_fails_leaves_no_handles(source: Path, label: Label, signer: Signer) -> None:
    """Each of what a worker talks through can be one too many."""
    import resource

    held = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else pytest.skip("there is no /proc here")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    try:
        for more in range(5):
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + more, hard))
            with Sandbox() as sandbox, contextlib.suppress(ProvlabelError, OSError):
                sandbox.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(os.listdir("/proc/self/fd")) == held


# --- clocks ----------------------------------------------------------------------------------------


@needs("faketime")
def test_clock_that_is_wrong_by_400_days(media: Path, under: Under, cli: Cli, credential: Path) -> None:
    """Too early, the certificate is not valid yet: that is said, and nothing is written.  Later is within its time."""
    before = everything(media)
    args = ("label", media / "cover.jpg", "--kind", "ai_generated", "--signer", "test")
    early = under(("faketime", "-f", "-400d"), *args, "-o", media / "early.jpg", TZ="UTC")
    assert early.returncode == 3
    assert "not valid yet" in early.stderr
    assert "check the clock of this machine" in early.stderr
    assert everything(media) == before
    late = under(("faketime", "-f", "+400d"), *args, "-o", media / "late.jpg", TZ="UTC")
    assert late.returncode == 0, late.stderr
    assert cli("verify", media / "late.jpg", "--trust", "test").returncode == 0
    judged = under(("faketime", "-f", "-400d"), "verify", media / "late.jpg", "--trust", "test", TZ="UTC")
    assert judged.returncode == 1
    assert "signer.not-yet-valid" in judged.stdout


@needs("faketime")
def test_clock_that_jumps_back_between_two_runs_of_a_batch(
    tmp_path: Path, under: Under, cli: Cli, sandbox: Sandbox
) -> None:
    for number in range(4):
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copy(MEDIA / "cover.jpg", tmp_path / "in" / f"{number}.jpg")
    (tmp_path / "label.toml").write_text(LABEL)
    args = ("batch", "in", *KEPT, "--out-dir", "out", "--label", "label.toml", "--signer", "test", "--workers", "1")
    (tmp_path / "in" / "3.jpg").rename(tmp_path / "3.jpg")
    first = under(("faketime", "-f", "+400d"), *args, TZ="UTC")
    assert first.returncode == 0, first.stderr
    inodes = {path.name: path.stat().st_ino for path in (tmp_path / "out").glob("*.jpg")}
    (tmp_path / "3.jpg").rename(tmp_path / "in" / "3.jpg")
    second = cli(*args)
    assert second.returncode == 0, second.stderr
    assert "done     1" in second.stdout
    assert "skipped  3" in second.stdout
    assert {name: (tmp_path / "out" / name).stat().st_ino for name in inodes} == inodes
    assert [*untrue(tmp_path / LEDGER, sandbox)] == []


# --- who reads what we say -------------------------------------------------------------------------


@pytest.mark.parametrize("in_place", [False, True], ids=["new file", "in place"])
def test_reader_that_is_gone(in_place: bool, source: Path, under: Under, cli: Cli) -> None:
    """Whoever closed the pipe has seen enough: the work is done all the same."""
    dest = source if in_place else source.with_name("out.jpg")
    how = ("--in-place",) if in_place else ("-o", dest)
    script = 'exec "$0" "$@" > /dev/null 2>&1 > >(exec true)'
    done = under(("bash", "-c", script), "label", source, "--kind", "ai_generated", "--signer", "test", *how)
    assert done.returncode == 0, done.stderr
    assert cli("verify", dest, "--trust", "test").returncode == 0
    assert len(list(source.parent.iterdir())) == (1 if in_place else 2)
