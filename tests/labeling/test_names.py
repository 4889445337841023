"""What comes from memory or scratch is called by its name, never by a path that nobody knows; and it is not synced."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from project import MEDIA, needs
from provlabel import (
    InputError,
    Label,
    Labeler,
    LabelError,
    OutputError,
    TrustStore,
    label_bytes,
    label_file,
    verify_bytes,
)
from provlabel.errors import ProvlabelError
from provlabel.sandbox import Sandbox
from provlabel.sandbox.pool import shared_sandbox
from provlabel.signers import Signer

COVER = (MEDIA / "cover.jpg").read_bytes()
AGAIN = Label(kind="ai_modified")


def titles(content: bytes, trust: TrustStore, sandbox: Sandbox) -> list[str]:
    return [part.title for part in verify_bytes(content, trust=trust, sandbox=sandbox).files[0].history]


@pytest.mark.parametrize(("name", "title"), [(None, ""), ("cover of the single.jpg", "cover of the single.jpg")])
def test_the_parent_of_bytes_has_the_name_that_was_given(
    name: str | None, title: str, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    first, _ = label_bytes(COVER, label, signer, sandbox=sandbox)
    again, receipt = label_bytes(first, AGAIN, signer, name=name, sandbox=sandbox)
    assert titles(again, trust, sandbox) == [title]
    assert receipt.output == (name or "bytes")
    assert b"/provlabel-" not in again


def test_a_scratch_file_has_the_name_that_was_given(
    label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "tmp8f3.jpg").write_bytes(label_bytes(COVER, label, signer, sandbox=sandbox)[0])
    label_file(tmp_path / "tmp8f3.jpg", tmp_path / "out.jpg", AGAIN, signer, name="cover.jpg", sandbox=sandbox)
    assert titles((tmp_path / "out.jpg").read_bytes(), trust, sandbox) == ["cover.jpg"]


@pytest.mark.parametrize(
    ("content", "how", "error"),
    [
        (b"no media", {}, InputError),
        (COVER[:2000], {}, InputError),
        ((MEDIA / "take.wav").read_bytes(), {"carriers": ("xmp",)}, LabelError),
        (COVER, {"detached": True}, InputError),
    ],
    ids=["no media", "cut off", "no such carrier", "detached"],
)
def test_no_message_tells_a_path_of_the_server(
    content: bytes, how: dict[str, object], error: type[ProvlabelError], label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    with pytest.raises(error) as caught:
        label_bytes(content, label, signer, name="cover.jpg", sandbox=sandbox, **how)  # type: ignore[arg-type]
    assert "cover.jpg" in str(caught.value) or "detached" in str(caught.value)
    assert "/" not in str(caught.value).replace("C2PA/", "")


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse larger files, as it does where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def by_stream(content: bytes, label: Label, signer: Signer, **options: object) -> object:
    return Labeler(signer, sandbox=shared_sandbox()).stream(io.BytesIO(content), label, io.BytesIO(), **options)  # type: ignore[call-overload]


IN_SCRATCH = pytest.mark.parametrize("call", [label_bytes, by_stream], ids=["bytes", "stream"])


@IN_SCRATCH
@pytest.mark.parametrize(
    ("room", "text"),
    [
        (len(COVER) - 1, "no room for temporary files: file too large"),
        (len(COVER) + 1, "cover.jpg: cannot write: file too large"),
    ],
    ids=["for the source", "for the result"],
)
def test_no_message_tells_a_path_where_there_is_no_room(
    call: Callable[..., object], room: int, text: str, label: Label, signer: Signer, sandbox: Sandbox, scratch: Path
) -> None:
    with files_of_at_most(room), pytest.raises(OutputError) as caught:
        call(COVER, label, signer, name="cover.jpg", sandbox=sandbox)
    assert str(caught.value) == text
    assert list(scratch.iterdir()) == []


@IN_SCRATCH
@pytest.mark.parametrize(("place", "why"), [("/proc", "no such file or directory"), ("/dev/null", "not a directory")])
def test_no_message_tells_where_temporary_files_cannot_be(
    call: Callable[..., object],
    place: str,
    why: str,
    label: Label,
    signer: Signer,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", place)
    with pytest.raises(OutputError) as caught:
        call(COVER, label, signer, name="cover.jpg", sandbox=sandbox)
    assert str(caught.value) == f"no room for temporary files: {why}"
    assert "TMPDIR" in caught.value.hint


class Sweeping(Sandbox):
    """Deletes what it has read, or is about to read, as whoever cleans up temporary files may."""

    def __init__(self, which: int) -> None:
        super().__init__()
        self._left = which

    def read(self, path: Path, *args: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            path.unlink()
        read = super().read(path, *args, **options)
        if self._left == -1:
            path.unlink()
        return read


@IN_SCRATCH
@pytest.mark.parametrize("which", [1, 0], ids=["before it is read", "before it is signed"])
def test_no_message_tells_a_path_of_what_was_cleaned_up_meanwhile(
    call: Callable[..., object], which: int, label: Label, signer: Signer, scratch: Path
) -> None:
    with Sweeping(which) as sandbox, pytest.raises(InputError) as caught:
        call(COVER, label, signer, name="cover.jpg", sandbox=sandbox)
    assert str(caught.value) == "cover.jpg: no such file or directory"
    assert list(scratch.iterdir()) == []


@needs("ffmpeg")
def test_no_message_tells_a_path_of_what_does_not_decode(label: Label, signer: Signer, sandbox: Sandbox) -> None:
    content = bytearray((MEDIA / "take.flac").read_bytes())
    content[-3000:-2000] = bytes(1000)
    with pytest.raises(InputError, match=r"^take\.flac: does not decode") as caught:
        label_bytes(bytes(content), label, signer, name="take.flac", check_decode=True, sandbox=sandbox)
    assert "/" not in str(caught.value)


def test_only_what_stays_waits_for_the_disk(
    label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    label_bytes(COVER, label, signer, sandbox=sandbox)
    assert synced == []
    label_file(MEDIA / "cover.jpg", tmp_path / "out.jpg", label, signer, sandbox=sandbox)
    assert len(synced) == 2  # the file and its folder
