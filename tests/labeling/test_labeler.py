"""A session: one signer, workers of its own, files and bytes and streams from many threads, and nothing left behind."""

from __future__ import annotations

import gc
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from hosts import children
from mp3_tags import UNPARSEABLE, with_frames
from project import MEDIA, needs
from provlabel import (
    EngineError,
    InputError,
    Label,
    Labeler,
    LabelError,
    OutputError,
    ProvlabelError,
    Receipt,
    SignerError,
    System,
    TrustStore,
    UsageError,
    verify_bytes,
    verify_file,
)
from provlabel.labeling.labeler import Readable
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from remote_signers import Broken, Remote
from sample_files import bare_mp3

NAMES = ("cover.jpg", "still.png", "take.flac", "take.mp3", "take.wav")
CONTENT = {name: (MEDIA / name).read_bytes() for name in NAMES}
COVER = CONTENT["cover.jpg"]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
# Python 3.12 and later warn of any fork beside a thread; the engine may have threads of its own.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def judged(content: bytes, trust: TrustStore, sandbox: Sandbox) -> FileReport:
    return verify_bytes(content, trust=trust, sandbox=sandbox).files[0]


def made_by(number: int) -> Label:
    return Label(kind="ai_generated", systems=(System(name=f"Synth {number}"),))


def system_of(report: FileReport) -> str:
    assert report.label is not None
    return cast("str", report.label.value["systems"][0]["name"])


@pytest.fixture
def labeler(signer: Signer, sandbox: Sandbox) -> Labeler:
    return Labeler(signer, sandbox=sandbox)


# --- one session, many calls -----------------------------------------------------------------------


def test_eight_threads_get_each_their_own(tmp_path: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    """Files, bytes and streams of all formats at once, each with a label that no other has."""

    def by_file(labeler: Labeler, number: int, name: str) -> tuple[bytes, Receipt]:
        dest = tmp_path / f"{number}-{name}"
        receipt = labeler.file(MEDIA / name, dest, made_by(number))
        return dest.read_bytes(), receipt

    def by_bytes(labeler: Labeler, number: int, name: str) -> tuple[bytes, Receipt]:
        return labeler.bytes(CONTENT[name], made_by(number))

    def by_stream(labeler: Labeler, number: int, name: str) -> tuple[bytes, Receipt]:
        dest = io.BytesIO()
        receipt = labeler.stream(io.BytesIO(CONTENT[name]), made_by(number), dest)
        return dest.getvalue(), receipt

    ways = (by_file, by_bytes, by_stream)
    jobs = [(number, NAMES[number % len(NAMES)], ways[number % len(ways)]) for number in range(45)]
    with Labeler(signer, workers=2) as labeler, ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda job: job[2](labeler, job[0], job[1]), jobs))
    assert len({receipt.manifest for _, receipt in made}) == len(jobs)
    for (number, name, _), (content, receipt) in zip(jobs, made, strict=True):
        report = judged(content, trust, sandbox)
        assert (report.state, system_of(report)) == ("trusted", f"Synth {number}")
        assert report.history == ()
        assert report.sha256 == receipt.sha256
        assert report.format == receipt.format == judged(CONTENT[name], trust, sandbox).format


def test_what_a_call_says_wins_over_the_session(label: Label, signer: Signer, sandbox: Sandbox) -> None:
    labeler = Labeler(signer, sandbox=sandbox, carriers=(), name="session.jpg")
    _, plain = labeler.bytes(COVER, label)
    assert (plain.carriers, plain.output) == ({}, "session.jpg")
    _, tagged = labeler.bytes(COVER, label, carriers=("xmp",), name="call.jpg")
    assert (list(tagged.carriers), tagged.output) == (["xmp"], "call.jpg")
    assert labeler.bytes(COVER, label)[1].carriers == {}, "it was for that call alone"


def test_an_option_that_nobody_knows_is_refused(label: Label, signer: Signer, labeler: Labeler) -> None:
    with pytest.raises(TypeError, match="lable"):
        Labeler(signer, lable=True)  # type: ignore[call-arg]
    for call in (labeler.bytes, labeler.stream):
        with pytest.raises(TypeError, match="lable"):
            call(COVER, label, lable=True)  # type: ignore[operator]


def test_a_signer_is_named_by_its_uri(label: Label, credential: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    content, _ = Labeler(f"test:{credential}", sandbox=sandbox).bytes(COVER, label)
    assert judged(content, trust, sandbox).state == "trusted"
    with pytest.raises(UsageError, match="-1 workers"):
        Labeler(f"test:{credential}", workers=-1)
    with pytest.raises(ProvlabelError, match="nothing"):
        Labeler("file:nothing.pem?chain=nothing.pem")


# --- its workers -----------------------------------------------------------------------------------


@LINUX
def test_its_workers_end_with_it(label: Label, signer: Signer) -> None:
    before = children()
    with Labeler(signer, workers=2) as labeler:
        assert children() == before, "none starts before it is needed"
        labeler.bytes(COVER, label, thumbnail=True)
        assert len(children() - before) >= 2, "one that reads, and one that draws"
    assert children() == before
    with pytest.raises(UsageError, match="closed"):
        labeler.bytes(COVER, label)
    assert [str(error) for _, error in labeler.paths([MEDIA / "cover.jpg"], None, label)] == ["this Labeler was closed"]
    labeler.close()
    assert children() == before


@LINUX
def test_who_is_labeling_when_it_is_closed_is_served_to_the_end(label: Label, signer: Signer) -> None:
    before = children()
    labeler, signing, closed = Labeler(signer, workers=1), threading.Event(), threading.Event()

    def keep(_: Receipt) -> None:
        signing.set()
        assert closed.wait(60)

    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(labeler.bytes, CONTENT["take.wav"], label, keep=keep)
        assert signing.wait(60)
        labeler.close()
        with pytest.raises(UsageError, match="closed"):
            labeler.bytes(COVER, label)
        assert children() != before
        closed.set()
        assert call.result()[1].format == "WAV"
    assert children() == before


@LINUX
def test_one_that_is_forgotten_leaves_no_process(label: Label, signer: Signer) -> None:
    before = children()
    labeler = Labeler(signer, workers=1)
    labeler.bytes(COVER, label)
    assert children() != before
    del labeler
    gc.collect()
    assert children() == before


@LINUX
def test_a_worker_that_was_given_stays(label: Label, signer: Signer) -> None:
    with Sandbox() as sandbox:
        with Labeler(signer, sandbox=sandbox) as labeler:
            labeler.bytes(COVER, label)
            running = children()
        assert children() == running
        assert sandbox.read(MEDIA / "cover.jpg").format == "JPEG"
        assert children() == running


@LINUX
@forks
def test_a_forked_copy_labels(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    with Labeler(signer, workers=1) as labeler:
        labeler.bytes(COVER, label)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                content, _ = labeler.bytes(CONTENT["still.png"], label)
                status = 0 if judged(content, trust, sandbox).state == "trusted" else 2
                labeler.close()
                sandbox.close()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert judged(labeler.bytes(COVER, label)[0], trust, sandbox).state == "trusted"


# --- streams ---------------------------------------------------------------------------------------


class OnlyReadAndSeek:
    """As some storage libraries have it: nothing but what is needed, and less at once than was asked for."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def seek(self, offset: int) -> int:
        return self._stream.seek(offset)

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, 777))


class OnlyWrite:
    def __init__(self) -> None:
        self.written = b""

    def write(self, piece: bytes) -> int:
        self.written += piece
        return len(piece)


class Raw(io.FileIO):
    """Takes a little at once, as the system may."""

    def write(self, piece: Any) -> int:
        return super().write(piece[:777])


def spooled(content: bytes) -> Readable:
    stream = tempfile.SpooledTemporaryFile(max_size=1000)  # noqa: SIM115 - the test closes it
    stream.write(content)
    return stream


@pytest.mark.parametrize("name", ["cover.jpg", "take.wav"])
@pytest.mark.parametrize(
    "opened",
    [
        io.BytesIO,
        spooled,
        OnlyReadAndSeek,
        lambda content: next((MEDIA / name).open("rb") for name in NAMES if CONTENT[name] == content),
    ],
    ids=["memory", "spooled", "only read and seek", "open file"],
)
def test_any_stream_is_labeled_from_its_beginning(
    name: str, opened: Callable[[bytes], Readable], label: Label, labeler: Labeler, trust: TrustStore, sandbox: Sandbox
) -> None:
    stream = opened(CONTENT[name])
    try:
        stream.seek(5)  # whoever has just written or looked at it has left it anywhere
        content, receipt = labeler.stream(stream, label)
        report = judged(content, trust, sandbox)
        assert (report.state, report.sha256) == ("trusted", receipt.sha256)
        assert receipt.output == "stream"
        dest = OnlyWrite()
        assert labeler.stream(stream, label, dest).sha256 == judged(dest.written, trust, sandbox).sha256
        assert not getattr(stream, "closed", False)
    finally:
        getattr(stream, "close", bool)()


@pytest.mark.parametrize("opened", [lambda path: path.open("w+b"), lambda path: Raw(path, "w+b")], ids=["file", "raw"])
def test_the_result_is_written_where_dest_stands(
    opened: Callable[[Path], BinaryIO],
    label: Label,
    labeler: Labeler,
    trust: TrustStore,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    with opened(tmp_path / "out") as dest:
        dest.write(b"before")
        receipt = labeler.stream(io.BytesIO(COVER), label, dest)
        dest.write(b"after")
    content = (tmp_path / "out").read_bytes()
    assert (content[:6], content[-5:]) == (b"before", b"after")
    assert judged(content[6:-5], trust, sandbox).sha256 == receipt.sha256


@pytest.mark.parametrize(("name", "title"), [(None, ""), ("cover of the single.jpg", "cover of the single.jpg")])
def test_a_stream_has_the_name_that_was_given(
    name: str | None, title: str, label: Label, labeler: Labeler, trust: TrustStore, sandbox: Sandbox
) -> None:
    first, _ = labeler.bytes(COVER, label)
    again, receipt = labeler.stream(io.BytesIO(first), Label(kind="ai_modified"), name=name)
    assert [part.title for part in judged(again, trust, sandbox).history] == [title]
    assert receipt.output == (name or "stream")
    with pytest.raises(InputError, match=rf"^{name or 'stream'}: "):
        labeler.stream(io.BytesIO(b"no media"), label, name=name)


def refused(_: object) -> bytes:
    raise OSError("no connection")


def kept_nowhere(_: Receipt) -> None:
    raise OutputError("no place for receipts")


FAILURES: dict[str, tuple[bytes, dict[str, Any], type[ProvlabelError]]] = {
    "no media": (b"no media", {}, InputError),
    "cut off": (COVER[:2000], {}, InputError),
    "detached": (COVER, {"detached": True}, InputError),
    "no such carrier": (CONTENT["take.wav"], {"carriers": ("xmp",)}, LabelError),
    "not kept": (COVER, {"keep": kept_nowhere}, OutputError),
}


@pytest.mark.parametrize(("content", "how", "error"), FAILURES.values(), ids=FAILURES)
def test_dest_is_untouched_where_labeling_fails(
    content: bytes, how: dict[str, Any], error: type[ProvlabelError], label: Label, labeler: Labeler, scratch: Path
) -> None:
    dest = OnlyWrite()
    with pytest.raises(error) as caught:
        labeler.stream(io.BytesIO(content), label, dest, **how)
    assert dest.written == b""
    assert str(scratch) not in f"{caught.value} {caught.value.hint}"
    assert list(scratch.iterdir()) == []


@needs("ffmpeg")
def test_dest_is_untouched_where_the_result_does_not_hold(label: Label, labeler: Labeler, scratch: Path) -> None:
    """A frame that the engine cannot read hides the manifest from it, which shows when the result is read back."""
    dest, source = OnlyWrite(), with_frames(bare_mp3(), next(iter(UNPARSEABLE.values())))
    with pytest.raises(EngineError, match=r"^odd\.mp3: the engine would not find"):
        labeler.stream(io.BytesIO(source), label, dest, name="odd.mp3", carriers=())
    assert dest.written == b""
    assert list(scratch.iterdir()) == []


def test_dest_is_untouched_where_the_signer_fails(
    label: Label, remote: Remote, sandbox: Sandbox, scratch: Path
) -> None:
    dest = OnlyWrite()
    with pytest.raises(SignerError, match="no connection"):
        Labeler(Broken(remote, refused), sandbox=sandbox).stream(io.BytesIO(COVER), label, dest)
    assert dest.written == b""
    assert list(scratch.iterdir()) == []


def test_what_a_stream_itself_says_is_told(label: Label, labeler: Labeler, scratch: Path) -> None:
    class Unreadable(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    receiving, sending = os.pipe()
    with os.fdopen(receiving, "rb") as pipe, os.fdopen(sending, "wb"):
        with pytest.raises(InputError, match=r"^in\.jpg: cannot be read: .*seek") as caught:
            labeler.stream(pipe, label, name="in.jpg")
        assert "read and seek" in caught.value.hint
    with pytest.raises(InputError, match=r"^in\.jpg: cannot be read: input/output error$"):
        labeler.stream(Unreadable(COVER), label, name="in.jpg")
    with pytest.raises(OutputError, match=r"^in\.jpg: cannot write: no space left on device$"):
        labeler.stream(io.BytesIO(COVER), label, Full(), name="in.jpg")
    both = io.BytesIO(COVER)
    with pytest.raises(OutputError, match=r"^stream: is the source itself$"):
        labeler.stream(both, label, both)
    assert both.getvalue() == COVER
    assert list(scratch.iterdir()) == []


# --- many files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_many_files_are_labeled_in_their_order(
    workers: int, tmp_path: Path, signer: Signer, label: Label, trust: TrustStore, sandbox: Sandbox
) -> None:
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(COVER[:2000])
    sources = [MEDIA / "take.wav", damaged, *(MEDIA / name for name in NAMES), tmp_path / "missing.jpg"]
    with Labeler(signer, workers=workers, carriers=()) as labeler:
        found = list(labeler.paths(map(str, sources), tmp_path / "new" / "out", label))
    assert [source for source, _ in found] == sources
    results = [result if isinstance(result, Receipt) else str(result) for _, result in found]
    assert "damaged" in str(results[1])
    assert results[-2] == f"{MEDIA / 'take.wav'}: has the same output as {MEDIA / 'take.wav'}"
    assert results[-1] == f"{tmp_path / 'missing.jpg'}: no such file or directory"
    done = [result for result in results if isinstance(result, Receipt)]
    assert len(done) == len(NAMES)
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == set(NAMES)
    for receipt in done:
        report = verify_file(receipt.output, trust=trust, sandbox=sandbox).files[0]
        assert (report.state, report.sha256, receipt.carriers) == ("trusted", receipt.sha256, {})


def test_two_files_of_one_name_never_replace_each_other(tmp_path: Path, label: Label, labeler: Labeler) -> None:
    for folder, name in (("a", "take.wav"), ("b", "cover.jpg")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same").write_bytes(CONTENT[name])
    sources = [tmp_path / "a" / "same", tmp_path / "b" / "same"]
    (_, first), (_, second) = labeler.paths(sources, tmp_path / "out", label, replace=True)
    assert isinstance(first, Receipt)
    assert first.format == "WAV"
    assert isinstance(second, UsageError)
    assert (tmp_path / "out" / "same").read_bytes().startswith(b"RIFF")


def test_without_a_folder_each_result_lies_beside_its_source(media: Path, label: Label, labeler: Labeler) -> None:
    found = dict(labeler.paths([media / "cover.jpg", media / "take.wav"], None, label))
    outputs = {source.name: result.output for source, result in found.items() if isinstance(result, Receipt)}
    assert outputs == {
        "cover.jpg": str(media / "cover.labeled.jpg"),
        "take.wav": str(media / "take.labeled.wav"),
    }


def test_little_is_done_ahead_of_what_is_asked_for(tmp_path: Path, label: Label, labeler: Labeler) -> None:
    def endless() -> Iterator[Path]:
        while True:
            path = tmp_path / f"{len(taken)}.jpg"
            path.write_bytes(COVER)
            taken.append(path)
            yield path

    taken: list[Path] = []
    threads = threading.active_count()
    results = labeler.paths(endless(), tmp_path / "out", label)
    assert taken == []
    assert isinstance(next(results)[1], Receipt)
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == threads, "nothing goes on behind the caller's back"
    made = len(list((tmp_path / "out").iterdir()))
    assert 1 <= made <= len(taken) <= 8


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path, label: Label, labeler: Labeler) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make this folder"):
        next(labeler.paths([MEDIA / "cover.jpg"], tmp_path / "file" / "out", label))
