"""A run that is stopped while its signer hangs: it ends at once, with the code of the signal, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import pki
import tsa as authorities
from project import needs
from provlabel.signers.https import TIMEOUT
from signer_matrix import TOKEN as BEARER, Backends
from signing_service import HANGS, Canned, SigningService

SECONDS = 2.0
assert TIMEOUT > 2 * SECONDS  # else a run could end by itself

SIGNALS = [signal.SIGINT, signal.SIGTERM]
each_signal = pytest.mark.parametrize("number", SIGNALS, ids=["SIGINT", "SIGTERM"])


class Started(NamedTuple):
    """A run of its own session, so that everything that it started can be found."""

    process: subprocess.Popen[str]
    folder: Path

    def processes(self) -> list[str]:
        """What is still there of the session: command lines; zombies too, but for those that are init's to reap."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                state, parent, session = fields[0], fields[1], int(fields[3])
                if session == self.process.pid and (state, parent) != ("Z", "1"):
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
        return found

    def require_stopped(self, number: signal.Signals) -> str:
        """Send the signal, to this process alone, and return what it said."""
        began = time.monotonic()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        assert time.monotonic() - began < SECONDS
        assert self.process.returncode == 128 + number, err
        assert "Traceback" not in err
        while self.processes() and time.monotonic() - began < SECONDS:
            time.sleep(0.01)  # whoever takes in orphans may need a moment
        assert self.processes() == []
        assert [path.name for path in self.folder.rglob("*") if path.name.startswith(".provlabel-")] == []
        return out + err


Start = Callable[..., Started]


@pytest.fixture
def start(home: Path, credential: Path, media: Path, tmp_path: Path) -> Iterator[Start]:
    """Start ``provlabel`` and go on."""
    started: list[subprocess.Popen[str]] = []

    def run(*args: str | Path, before: Callable[[], object] | None = None) -> Started:
        around = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "provlabel", *map(str, args)],
            cwd=tmp_path,
            env={**around, "PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before,
        )
        started.append(process)
        return Started(process, tmp_path)

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(happened: Callable[[], Any], run: Started) -> None:
    """Wait for what shows that the run hangs now."""
    ends = time.monotonic() + 20
    while not happened():
        assert run.process.poll() is None, run.process.communicate()
        assert time.monotonic() < ends
        time.sleep(0.01)
    assert run.process.poll() is None


def label(source: Path, signer: str) -> tuple[str | Path, ...]:
    return ("label", source, "--kind", "ai_generated", "--out-dir", "out", "--signer", signer)


def scratch_in(folder: Path) -> bool:
    return any(folder.rglob(".provlabel-*"))


@pytest.fixture
def program(backends: Backends, tmp_path: Path) -> Path:
    """A signer that says who it is, and then hangs."""
    path = tmp_path / "sign.sh"
    pem = backends.issued["es256"].pem.replace("\n", "\\n")
    (tmp_path / "info").write_text(f'{{"alg": "es256", "sign_cert": "{pem}"}}')
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --signer-info ] && exec cat {tmp_path}/info\ntouch {tmp_path}/hangs\nexec sleep 60\n'
    )
    path.chmod(0o700)
    return path


@each_signal
def test_program_that_hangs(number: signal.Signals, program: Path, media: Path, start: Start) -> None:
    run = start(*label(media / "cover.jpg", f"cmd:{program}"))
    until((run.folder / "hangs").exists, run)
    assert scratch_in(run.folder)  # what must be gone afterwards
    assert len(run.processes()) == 3  # we, the sandbox, and the signer
    said = run.require_stopped(number)
    assert list((run.folder / "out").iterdir()) == []
    assert ("stopped" in said) == (number == signal.SIGINT)


def test_terminal_that_is_closed(program: Path, media: Path, start: Start) -> None:
    run = start(*label(media / "cover.jpg", f"cmd:{program}"))
    until((run.folder / "hangs").exists, run)
    run.require_stopped(signal.SIGHUP)
    assert list((run.folder / "out").iterdir()) == []


def test_terminal_that_is_closed_under_nohup(program: Path, media: Path, start: Start) -> None:
    """Whoever starts us with SIGHUP ignored wants us to outlive the terminal."""
    run = start(
        *label(media / "cover.jpg", f"cmd:{program}"), before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    until((run.folder / "hangs").exists, run)
    run.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(0.5)
    run.require_stopped(signal.SIGTERM)


@each_signal
def test_program_that_hangs_at_the_second_file(
    number: signal.Signals, program: Path, backends: Backends, media: Path, start: Start
) -> None:
    """What was signed before stays, whole."""
    pki.write(program.parent, backends.issued["es256"])
    text = program.read_text().replace("touch", f"[ -f {program.parent}/once ] || {{ touch {program.parent}/once; "
        f"exec openssl dgst -sha256 -sign {program.parent}/key.pem; }}\ntouch")  # fmt: skip
    program.write_text(text)
    files = (media / "take.wav", media / "cover.jpg", media / "still.png")
    run = start("label", *files, *label(Path(), f"cmd:{program}")[2:])
    until((run.folder / "hangs").exists, run)
    run.require_stopped(number)
    assert [path.name for path in (run.folder / "out").iterdir()] == ["take.wav"]


@each_signal
def test_service_that_does_not_answer(
    number: signal.Signals, backends: Backends, media: Path, tmp_path: Path, start: Start
) -> None:
    service: SigningService = backends.server("https")
    service.canned, service.requests = [None, Canned(HANGS)], []
    (tmp_path / "token").write_text(BEARER)
    (tmp_path / "token").chmod(0o600)
    run = start(*label(media / "cover.jpg", backends.get("https", "es256").uri), "--pass-file", "token")
    until(lambda: "POST" in service.requests, run)
    assert scratch_in(run.folder)
    run.require_stopped(number)
    assert list((run.folder / "out").iterdir()) == []


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A place that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


@each_signal
@pytest.mark.parametrize("name", ["https", "awskms"])
def test_backend_that_is_silent_when_it_is_opened(
    name: str, number: signal.Signals, backends: Backends, silent: socket.socket, media: Path, start: Start
) -> None:
    place = f"127.0.0.1:{silent.getsockname()[1]}"
    chain = backends.root.parent / "chain.pem"
    backends.server("awskms")
    uris = {
        "https": f"https://{place}/key",
        "awskms": f"awskms:es256?chain={chain}&region=eu-west-1&endpoint=http://{place}",
    }
    run = start(*label(media / "cover.jpg", uris[name]))
    with silent.accept()[0] as line:
        assert line.recv(1)
        run.require_stopped(number)
    assert not (run.folder / "out").exists()


@needs("openssl")
@each_signal
@pytest.mark.parametrize("command", ["label", "stamp"])
def test_authority_that_is_slow(
    command: str, number: signal.Signals, backends: Backends, cli: Any, media: Path, tmp_path: Path, start: Start
) -> None:
    authority = authorities.Authority(tmp_path / "tsa", pki.root("Clock Root"))
    uri = backends.get("file", "es256").uri
    picture = media / "cover.jpg"
    if command == "stamp":
        assert cli(*label(picture, uri), "--stamp-room").returncode == 0
    with authorities.serving(authority, "dripping") as (url, asked):
        if command == "label":
            run = start(*label(picture, uri), "--tsa", url)
        else:
            run = start("stamp", "out/cover.jpg", "-o", "stamped.jpg", "--tsa", url)
        until(lambda: asked, run)
        run.require_stopped(number)
    assert not (tmp_path / "stamped.jpg").exists()
    assert len(list((tmp_path / "out").iterdir())) == (command == "stamp")


@each_signal
def test_decoder_that_hangs(
    number: signal.Signals, backends: Backends, media: Path, tmp_path: Path, start: Start, monkeypatch: Any
) -> None:
    """A film takes long to decode; whoever stops the run does not want to wait for that."""
    shutil.copy("/bin/sleep", tmp_path / "slow")
    shim = tmp_path / "ffmpeg"
    shim.write_text(f"#!/bin/sh\n: > {tmp_path}/hangs\nexec {tmp_path}/slow 60\n")
    shim.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    run = start(*label(media / "cover.jpg", backends.get("file", "es256").uri), "--check-decode")
    until((tmp_path / "hangs").exists, run)
    run.require_stopped(number)
