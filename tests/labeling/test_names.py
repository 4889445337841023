"""What comes from memory or scratch is called by its name, never by a path that nobody knows; and it is not synced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from project import MEDIA
from provlabel import InputError, Label, LabelError, OutputError, TrustStore, label_bytes, label_file, verify_bytes
from provlabel.errors import ProvlabelError
from provlabel.sandbox import Sandbox
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


def test_no_message_tells_a_path_where_the_disk_is_full(
    label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("provlabel._support.files._publish", full)
    with pytest.raises(OutputError) as caught:
        label_bytes(COVER, label, signer, name="cover.jpg", sandbox=sandbox)
    assert str(caught.value) == "cover.jpg: cannot write: no space left on device"


def test_only_what_stays_waits_for_the_disk(
    label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    label_bytes(COVER, label, signer, sandbox=sandbox)
    assert synced == []
    label_file(MEDIA / "cover.jpg", tmp_path / "out.jpg", label, signer, sandbox=sandbox)
    assert len(synced) == 2  # the file and its folder
