"""Films in pieces, as streams have them, and what others read manifests in: told as what they are, never as damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from boxes import box
from movies import fragmented
from project import MEDIA, corpus_of_others
from provlabel import InputError, Label, TrustStore, label_file, verify_file, verify_paths
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

WHOLE = fragmented([[300, 200], [250, 100]])
FIRST = WHOLE.index(b"moof") - 4
BEGINNING, SEGMENT = WHOLE[:FIRST], WHOLE[FIRST:]
STYP = box(b"styp", b"msdh\0\0\0\0msdhmsix")
AVI = b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(28)
PDF = b"%PDF-1.4\n%%EOF\n"
Verify = Callable[[str, bytes], FileReport]


@pytest.fixture
def verify(trust: TrustStore, sandbox: Sandbox, tmp_path: Path) -> Verify:
    def verified(name: str, content: bytes) -> FileReport:
        path = tmp_path / name
        path.write_bytes(content)
        return verify_file(path, trust=trust, sandbox=sandbox).files[0]

    return verified


def test_the_pieces_are_such() -> None:
    assert b"mvex" in BEGINNING
    assert b"mdat" not in BEGINNING
    assert b"moov" not in SEGMENT


@pytest.mark.parametrize("name", ["init.mp4", "init.m4s", "init.m4v"])
def test_the_beginning_of_a_stream_is_unsigned(name: str, verify: Verify) -> None:
    judged = verify(name, BEGINNING)
    assert (judged.state, judged.axes.content) == ("unsigned", "not-applicable")


def test_a_film_that_is_cut_off_stays_damage(verify: Verify) -> None:
    """One that announces no fragments has its sound and picture in itself, or has lost them."""
    judged = verify("cut.mp4", BEGINNING.replace(b"mvex", b"free"))
    assert judged.findings[0].rule == "content.malformed"


@pytest.mark.parametrize("detached", [False, True])
def test_the_beginning_of_a_stream_is_not_labeled(
    detached: bool, label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A label of it would cover nothing that is seen or heard."""
    path = tmp_path / "init.mp4"
    path.write_bytes(BEGINNING)
    dest = path if detached else tmp_path / "out.mp4"
    with pytest.raises(InputError, match="whose sound and picture lie in other files"):
        label_file(path, dest, label, signer, detached=detached, sandbox=sandbox)
    assert sorted(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == BEGINNING


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.m4s", SEGMENT, "a segment of a stream"),
        ("b.m4s", STYP + SEGMENT, "a segment of a stream"),
        ("c.mp4", SEGMENT, "a segment of a stream"),
        ("a.avi", AVI, "an AVI film"),
        ("b.mp4", AVI, "an AVI film"),
        ("a.pdf", PDF, "a PDF document"),
        ("b.jpg", PDF, "a PDF document"),
        ("d.avi", b"some text", "no format that provlabel knows"),
    ],
)
def test_what_is_not_read_is_called_by_name(name: str, content: bytes, said: str, verify: Verify) -> None:
    judged = verify(name, content)
    assert (judged.state, judged.findings[0].rule) == ("unreadable", "content.unsupported")
    assert said in judged.findings[0].message
    assert "damaged" not in judged.findings[0].message


def test_a_name_says_nothing_about_the_content(verify: Verify) -> None:
    for name in ("a.pdf", "a.avi", "a.m4s"):
        judged = verify(name, (MEDIA / "cover.jpg").read_bytes())
        assert (judged.state, judged.format) == ("unsigned", "JPEG")


def test_segments_below_a_folder_are_media(trust: TrustStore, sandbox: Sandbox, tmp_path: Path) -> None:
    """Whoever delivers a film in pieces does not take it out of the gate by that."""
    for name, content in (("init.mp4", BEGINNING), ("1.m4s", STYP + SEGMENT), ("2.m4s", b"odd"), ("a.pdf", PDF)):
        (tmp_path / name).write_bytes(content)
    report = verify_paths([tmp_path], trust=trust, sandbox=sandbox)
    assert {Path(item.path).name: item.state for item in report.files} == {
        "init.mp4": "unsigned",
        "1.m4s": "unreadable",
        "2.m4s": "unreadable",
    }
    assert report.summary.other_types == {".pdf": 1}


def test_of_others(trust: TrustStore, sandbox: Sandbox) -> None:
    judged = verify_file(corpus_of_others("producers") / "dash-init.mp4", trust=trust, sandbox=sandbox).files[0]
    assert judged.state == "unsigned"
