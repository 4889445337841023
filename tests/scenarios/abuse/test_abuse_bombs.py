"""Files that are made to cost: each is judged in little time and memory, by a worker that lives on or is replaced."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hostile_files as hostile
from project import MEDIA, Cli
from provlabel import InputError, Label, TrustStore, label_file, verify_bytes
from provlabel._support.processes import Child
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import spawn
from provlabel.signers import Signer

pytestmark = pytest.mark.fresh

#: Bytes; ``make proof PROOF=hostile`` judges up to ten million.
SIZE = int(os.environ.get("PROVLABEL_HOSTILE", "300000"))
SECONDS, MEGABYTES = 2, 300


class Watched:
    """A sandbox, and the most memory that any of its workers had."""

    def __init__(self) -> None:
        self.workers: list[Child] = []
        self.sandbox = Sandbox(self._launch)

    def _launch(self) -> Child:
        self.workers.append(spawn())
        return self.workers[-1]

    def spent(self) -> float:
        """Return seconds of CPU of all workers, those that have ended included."""
        used = os.times()
        living = Path(f"/proc/{self.workers[-1].pid}/stat")
        fields = living.read_text().rpartition(")")[2].split() if living.exists() else ["0"] * 13
        return used.children_user + used.children_system + sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def most(self) -> int:
        """Return MB of the worker that lives; one that was killed had no more than its address space."""
        status = Path(f"/proc/{self.workers[-1].pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) // 1000 for line in lines if line.startswith("VmHWM")), 0)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    made = Watched()
    with made.sandbox:
        yield made


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("name", hostile.HOSTILE)
def test_it_is_judged_in_little_time_and_memory(name: str, watched: Watched) -> None:
    content = hostile.HOSTILE[name].make(SIZE)
    watched.sandbox.start()
    before = watched.spent()
    report = verify_bytes(content, sandbox=watched.sandbox)
    assert report.files[0].state in ("unreadable", "unsigned", "invalid")
    assert watched.spent() - before < SECONDS
    assert watched.most() < MEGABYTES


def test_hostile_files_are_many_and_of_every_format() -> None:
    assert len(hostile.HOSTILE) >= 60
    kinds = {name.partition(":")[0] for name in hostile.HOSTILE}
    assert kinds >= {"png", "jpeg", "gif", "tiff", "svg", "wav", "webp", "mp3", "flac", "ogg", "m4a", "avif", "jxl"}


def test_none_is_signed_half_or_with_its_source_lost(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    """A few that the engine or the sandbox die of; the rest is looked at by ``make proof PROOF=hostile``."""
    for name in (
        "signed: long bytes", "signed, in Brotli: a name outside of ASCII", "mp3: chapters in chapters",
        "gif: sub-blocks of one byte", "avif: boxes in meta",
    ):  # fmt: skip
        source = tmp_path / f"hostile{hostile.HOSTILE[name].suffix}"
        content = hostile.HOSTILE[name].make(1_000_000)
        source.write_bytes(content)
        with pytest.raises(InputError):
            label_file(source, tmp_path / "out", Label(kind="ai_generated"), signer, sandbox=sandbox)
        assert source.read_bytes() == content
        assert sorted(path.name for path in tmp_path.iterdir()) == [source.name]
        source.unlink()


# --- what XML may not do -----------------------------------------------------------------------------

CANARY = "a canary in a file of somebody else"
OUTSIDE = ('<!DOCTYPE {root} [<!ENTITY file SYSTEM "file://{path}"><!ENTITY % web SYSTEM "http://127.0.0.1:{port}/x">'
           '%web;]>')  # fmt: skip


@pytest.fixture
def outside(tmp_path: Path) -> tuple[Path, int]:
    """A file that must not be read, and a port that nobody may ask; see :mod:`test_abuse_network` for the trap."""
    path = tmp_path / "canary.txt"
    path.write_text(CANARY)
    return path, 9


@pytest.mark.parametrize("kind", ["svg", "xmp in png", "xmp in svg"])
def test_no_entity_brings_a_file_in(kind: str, outside: tuple[Path, int], tmp_path: Path, cli: Cli) -> None:
    path, port = outside
    doctype = OUTSIDE.format(root="svg", path=path, port=port).encode()
    packet = hostile.packet(b"<dc:title>&file;</dc:title>")
    content = {
        "svg": hostile.svg(b"<title>&file;</title>", doctype),
        "xmp in png": hostile.png_with(hostile.itxt(doctype + packet)),
        "xmp in svg": hostile.svg(b"<metadata>" + packet + b"</metadata>", doctype),
    }[kind]
    target = tmp_path / f"x.{kind[-3:]}"
    target.write_bytes(content)
    for args in (("verify", target, "--format", "json"), ("show", target)):
        done = cli(*args)
        assert done.returncode in (0, 1)
        assert CANARY not in done.stdout + done.stderr
    out = tmp_path / f"out.{kind[-3:]}"
    cli("label", target, "-o", out, "--kind", "ai_generated", "--signer", "test")
    cli("init", target, "--kind", "human_made", "-o", f"{out}.toml")
    for made in (out, Path(f"{out}.toml")):
        assert not made.exists() or CANARY.encode() not in made.read_bytes()


def test_no_entity_of_a_message_brings_a_file_in(outside: tuple[Path, int], tmp_path: Path, cli: Cli) -> None:
    path, port = outside
    doctype = OUTSIDE.format(root="x", path=path, port=port)
    message = tmp_path / "message.xml"
    message.write_text(f'<?xml version="1.0"?>{doctype}<x xmlns="http://ddex.net/xml/ern/43">&file;</x>')
    for args in (
        ("verify", MEDIA / "still.png", "--against", message),
        ("import", message, "--from", "ddex", "--out-dir", tmp_path / "labels"),
    ):
        done = cli(*args)
        assert done.returncode == 2, done.stderr
        assert "DOCTYPE" in done.stderr
        assert CANARY not in done.stdout + done.stderr
    assert not (tmp_path / "labels").exists() or not list((tmp_path / "labels").iterdir())


def test_a_whole_file_of_text_is_no_reason_to_read_on(trust: TrustStore, sandbox: Sandbox) -> None:
    """Zero bytes, one byte, text, and files that are two kinds at once are judged by what comes first."""
    gif_and_more = hostile.GIF_HEAD + hostile.GIF_IMAGE + b"\0;" + (MEDIA / "still.png").read_bytes()
    for content, state, fmt in (
        (b"", "unreadable", None),
        (b"\x89", "unreadable", None),
        (b"just a text\n" * 99, "unreadable", None),
        ((MEDIA / "still.png").read_bytes() + hostile.labeled(), "unsigned", "PNG"),
        (gif_and_more, "unsigned", "GIF"),
        (hostile.labeled() + (MEDIA / "take.mp3").read_bytes(), "invalid", "PNG"),
    ):
        found = verify_bytes(content, trust=trust, sandbox=sandbox).files[0]
        assert (found.state, found.format) == (state, fmt)
