"""Sessions that verify: what they are given once, the workers that they own, and the names of what has no path."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import pytest

import provlabel
from hosts import children
from project import MEDIA, SAMPLES
from provlabel import (
    ConfigError,
    Finding,
    InputError,
    Label,
    Policy,
    SandboxPool,
    TrustStore,
    Verifier,
    label_bytes,
    label_file,
    verify_bytes,
    verify_file,
    verify_paths,
)
from provlabel.report import Report
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

LARGE = 16 << 20
LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")
INTACT = Policy(name="intact", states=("trusted", "valid", "unsigned"), label=False)


@pytest.fixture
def labeled(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> dict[str, Path]:
    return {
        name: Path(label_file(media / name, None, label, signer, sandbox=sandbox).output) for name in sorted(SAMPLES)
    }


@pytest.fixture
def verifier(trust: TrustStore) -> Iterator[Verifier]:
    with Verifier(trust) as session:
        yield session


def timeless(report: Report) -> Report:
    import msgspec

    return msgspec.structs.replace(report, at="", anchors=())


def test_a_session_says_what_the_functions_say(
    labeled: dict[str, Path], verifier: Verifier, trust: TrustStore, sandbox: Sandbox
) -> None:
    for path in labeled.values():
        content = path.read_bytes()
        assert timeless(verifier.file(path)) == timeless(verify_file(path, trust=trust, sandbox=sandbox))
        expected = timeless(verify_bytes(content, name=path.name, trust=trust, sandbox=sandbox))
        assert timeless(verifier.bytes(content, name=path.name)) == expected
        assert timeless(verifier.stream(io.BytesIO(content), name=path.name)) == expected
    folder = next(iter(labeled.values())).parent
    assert timeless(verifier.paths([folder])) == timeless(verify_paths([folder], trust=trust, sandbox=sandbox))


def test_what_a_call_is_given_wins_over_the_session(labeled: dict[str, Path], verifier: Verifier) -> None:
    path = labeled["cover.jpg"]
    assert verifier.file(path).files[0].state == "trusted"
    assert verifier.file(path, trust=TrustStore()).files[0].state == "valid"
    assert not verifier.file(MEDIA / "cover.jpg").passed
    assert verifier.file(MEDIA / "cover.jpg", policy=INTACT).passed
    assert verifier.file(path, laws=["eu"]).files[0].law
    assert not verifier.file(path).files[0].law


def test_a_session_begins_with_trust_and_policy(labeled: dict[str, Path], trust: TrustStore) -> None:
    with Verifier(trust, INTACT, laws=["us-ca"], workers=1) as session:
        assert session.file(MEDIA / "cover.jpg").passed
        assert session.file(labeled["cover.jpg"]).files[0].law
    with pytest.raises(provlabel.UsageError):
        Verifier(laws=["atlantis"])
    with pytest.raises(TypeError, match="lwas"):
        Verifier(lwas=["eu"])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="fail_fast"):
        session.bytes(b"", fail_fast=True)  # type: ignore[call-arg]


@LINUX
def test_it_owns_its_workers_and_no_others(trust: TrustStore) -> None:
    content = (MEDIA / "cover.jpg").read_bytes()
    before = children()
    with Verifier(trust, workers=2) as session:
        assert children() == before, "they start when they are needed"
        session.bytes(content)
        assert len(children() - before) == 1
    assert children() == before
    with pytest.raises(provlabel.UsageError, match="Verifier was closed"):
        session.bytes(content)
    assert children() == before
    with SandboxPool(1) as pool:
        with Verifier(trust, sandbox=pool) as session:
            session.bytes(content)
        assert len(children() - before) == 1, "a sandbox that was given stays open"


@LINUX
def test_it_ends_its_workers_when_something_fails(trust: TrustStore) -> None:
    before = children()

    def fail() -> None:
        with Verifier(trust) as session:
            session.bytes(b"")
            assert children() != before
            session.file("missing.jpg")

    with pytest.raises(InputError):
        fail()
    assert children() == before


def test_many_threads_get_each_its_own_answer(labeled: dict[str, Path], verifier: Verifier) -> None:
    files = {**{f"signed {name}": path.read_bytes() for name, path in labeled.items()}}
    files |= {f"bare {name}": (MEDIA / name).read_bytes() for name in SAMPLES}
    turns = [(f"{turn} {name}", content) for turn in range(4) for name, content in files.items()]

    def call(turn: tuple[str, bytes]) -> tuple[str, str]:
        [file] = verifier.bytes(turn[1], name=turn[0]).files
        return file.path, file.state

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, turns))
    assert answers == [(name, "trusted" if "signed" in name else "unsigned") for name, _ in turns]


def wide(path: Path) -> Path:
    """A sound of 16 MiB."""
    content = bytearray((MEDIA / "take.wav").read_bytes())
    data = content.index(b"data")
    size = int.from_bytes(content[data + 4 : data + 8], "little") + LARGE
    content[data + 4 : data + 8] = size.to_bytes(4, "little")
    content[data + 8 : data + 8] = bytes(LARGE)
    content[4:8] = (len(content) - 8).to_bytes(4, "little")
    path.write_bytes(content)
    return path


class Plain:
    """A stream of somebody else's: no file below it, no more methods than are needed, and short reads."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)
        self.seek = self._inner.seek

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(100_000 if size < 0 else min(size, 100_000))


def streams(path: Path) -> Iterator[BinaryIO | Any]:
    content = path.read_bytes()
    yield io.BytesIO(content)
    yield path.open("rb")
    spooled = tempfile.SpooledTemporaryFile(max_size=1000)  # noqa: SIM115
    spooled.write(content)
    yield spooled  # at its end, as whoever wrote it leaves it
    yield Plain(content)


def test_streams_of_every_kind(
    tmp_path: Path, media: Path, label: Label, signer: Signer, verifier: Verifier, sandbox: Sandbox
) -> None:
    small = Path(label_file(media / "cover.jpg", None, label, signer, sandbox=sandbox).output)
    large = Path(label_file(wide(tmp_path / "l.wav"), None, label, signer, sandbox=sandbox).output)
    for path in (small, large):
        for stream in streams(path):
            with stream:
                [file] = verifier.stream(stream, name="upload").files
            assert (file.path, file.state) == ("upload", "trusted")


def test_no_path_of_ours_is_told(tmp_path: Path, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch-1f2e"
    shutil.copy(MEDIA / "cover.jpg", scratch)
    report = verifier.file(scratch, name="cover.jpg")
    assert report.files[0].path == "cover.jpg"
    assert str(tmp_path) not in repr(report.files)
    with pytest.raises(InputError) as caught:
        verifier.file(tmp_path / "missing", name="cover.jpg")
    assert str(caught.value).startswith("cover.jpg: ")
    assert str(tmp_path) not in str(caught.value)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(provlabel.OutputError) as full:
        verifier.stream(io.BytesIO(bytes(LARGE)))
    assert str(tmp_path) not in str(full.value)


def test_nothing_of_a_stream_is_left(tmp_path: Path, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    verifier.stream(io.BytesIO(bytes(LARGE)))

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(provlabel.OutputError):
        verifier.stream(Failing(bytes(LARGE)))
    assert list(tmp_path.iterdir()) == []


def test_a_copy_of_the_process_has_workers_of_its_own(verifier: Verifier) -> None:
    """What gunicorn and celery do: the session was used before the fork, by a thread that the copy has not."""
    content = (MEDIA / "still.png").read_bytes()
    worker = threading.Thread(target=verifier.bytes, args=(content,))
    worker.start()
    worker.join()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        state = "failed"
        try:
            state = verifier.bytes(content).files[0].state
        finally:
            os.write(writing, state.encode())
            verifier.close()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        assert told.read() == b"unsigned"
    os.waitpid(pid, 0)
    assert verifier.bytes(content).files[0].state == "unsigned"


def test_a_second_opinion_is_one_of_the_session(
    label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content, _ = label_bytes((MEDIA / "still.png").read_bytes(), label, signer, sandbox=sandbox)
    with Verifier(trust, second_opinion=True, workers=1) as session:
        second = session.bytes(content).files[0].second
        assert second is not None
        assert second.said == "agrees"
        assert session.bytes(content, second_opinion=False).files[0].second is None


# --- checks of one's own ---------------------------------------------------------------------------


class Sounds:
    """Everything has to be a sound."""

    def findings(self, file: Any, evidence: Any, verdict: Any) -> Iterator[Finding]:
        if file.format != "WAV":
            yield Finding("own.no-sound", "error", f"is {file.format}", "deliver WAV")


def test_a_check_of_ones_own_is_heard(labeled: dict[str, Path], trust: TrustStore) -> None:
    with Verifier(trust, judges=[Sounds()]) as session:
        assert session.file(labeled["take.wav"]).passed
        report = session.file(labeled["cover.jpg"])
        assert [item.rule for item in report.files[0].findings if item.level == "error"] == ["own.no-sound"]
        assert report.files[0].state == "trusted", "it adds findings, and changes no verdict"
        assert not report.passed
        lowered = Policy(levels={"own.no-sound": "warning"})
        assert session.file(labeled["cover.jpg"], policy=lowered).passed
    with pytest.raises(ConfigError, match="acme"):
        provlabel.load_judges(["acme"])
