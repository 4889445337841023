"""Three first hours, each from nothing to what was wanted: commands as typed, counted, and none of them a dead end."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project import MEDIA, ROOT, Cli, needs

#: Whoever labels a release: 14 commands, a label file of 22 lines and 4 dead ends at commit d8c414e.
LABEL_MANAGER = """
provlabel init songs --format csv --provider 'Acme Records' -o songs.csv
provlabel batch --jobs songs.csv --out-dir delivery --signer test
provlabel verify delivery --trust test --format text --format html=report.html
provlabel export delivery --to ddex --trust test -o fragments.xml
provlabel export delivery --to dsp=apple --trust test -o sheet.txt
"""
#: Whoever keeps a tree clean: the policy of the first command failed good files, and then let a sound through.
GATE = """
provlabel verify pictures --trust test --init-policy
provlabel verify pictures --policy provlabel.toml --trust test
"""

#: What a person types into the spreadsheet, by file.
ROWS = {
    "01-lighthouse.wav": {"kind": "ai_partly_created", "title": "Lighthouse", "systems.0.name": "AcmeDrums",
                          "systems.0.version": "2.1"},
    "02-night-ferry.flac": {"kind": "ai_assisted_technical", "title": "Night Ferry", "systems.0.name": "AcmeMaster",
                            "systems.0.version": "1"},
    "03-harbour.mp3": {"kind": "human_made", "title": "Harbour"},
    "cover.jpg": {"kind": "human_made"},
    "teaser.mp4": {"kind": "human_made"},
}  # fmt: skip


def commands(script: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in script.strip().splitlines()]


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Three songs, a cover and a teaser, as they come from a studio."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for source, name in (
        ("take.wav", "01-lighthouse.wav"),
        ("take.flac", "02-night-ferry.flac"),
        ("take.mp3", "03-harbour.mp3"),
        ("cover.jpg", "cover.jpg"),
    ):
        shutil.copy(MEDIA / source, folder / name)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-loop", "1", "-i", folder / "cover.jpg", "-i", folder / "01-lighthouse.wav",
         "-shortest", "-pix_fmt", "yuv420p", "-c:a", "aac", folder / "teaser.mp4"],
        check=True, timeout=60,
    )  # fmt: skip
    return folder


def fill_in(path: Path) -> None:
    """Do what a person does in a spreadsheet."""
    text = path.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    names = [*rows[0], *(name for row in ROWS.values() for name in row if name not in rows[0])]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.DictWriter(stream, list(dict.fromkeys(names)), restval="")
        table.writeheader()
        table.writerows({**row, **ROWS[Path(row["path"]).name]} for row in rows)


@needs("ffmpeg")
def test_a_label_manager_delivers_a_release(songs: Path, cli: Cli, tmp_path: Path) -> None:
    typed = commands(LABEL_MANAGER)
    assert len(typed) <= 5
    said = []
    for command in typed:
        done = cli(*command, cwd=tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert "error:" not in done.stderr
        said.append(done.stdout)
        if command[0] == "init":
            fill_in(tmp_path / "songs.csv")
    assert "5 passed, 0 failed" in said[2]
    delivered = {path.name for path in (tmp_path / "delivery").rglob("*") if path.name in ROWS}
    assert delivered == set(ROWS)
    assert "<html" in (tmp_path / "report.html").read_text()[:200]
    message = (tmp_path / "fragments.xml").read_text()
    for title in ("Lighthouse", "Night Ferry", "Harbour"):
        assert f">{title}<" in message
    assert "TRACK 3 of 3" in (tmp_path / "sheet.txt").read_text()


def test_an_engineer_gets_a_gate_that_catches_a_sound(cli: Cli, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("cover.jpg", "still.png"):
        made = cli("label", MEDIA / name, "--kind", "human_made", "--signer", "test", "-o", pictures / name)
        assert made.returncode == 0, made.stderr
    typed = commands(GATE)
    assert len(typed) <= 3
    for command in typed:
        done = cli(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        if command is typed[0]:
            assert f"then: {shlex.join(['provlabel', *typed[1]])}\n" in done.stdout  # the next command is printed
    assert "2 passed, 0 failed" in done.stdout
    shutil.copy(MEDIA / "take.wav", pictures)
    red = cli(*typed[-1], cwd=tmp_path)
    assert red.returncode == 1
    assert "FAIL  pictures/take.wav" in red.stdout


def test_a_developer_labels_and_verifies_by_the_first_block_of_the_readme(credential: Path, tmp_path: Path) -> None:
    """Two calls do it: the block that the README shows first, as it stands there."""
    [block, *_] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert [call for call in ("label_file(", "verify_file(") if block.count(call) == 1] == [
        "label_file(",
        "verify_file(",
    ]
    for name in ("key.pem", "chain.pem", "root.pem"):
        (tmp_path / name).write_bytes((credential / name).read_bytes())
    (tmp_path / "key.pem").chmod(0o600)
    shutil.copy(MEDIA / "take.wav", tmp_path)
    shown = block + "\nprint(report.files[0].state)\n"
    done = subprocess.run(
        [sys.executable, "-c", shown], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "trusted\n"
