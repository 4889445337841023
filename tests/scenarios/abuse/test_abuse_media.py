"""Content that was changed, and labels that were taken away: what is said then, in every format and every output."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from project import MEDIA, SAMPLES, needs
from provlabel import Label, TrustStore, label_file, verify_bytes, verify_file
from provlabel.manifest.limits import scan_file
from provlabel.report import Report
from provlabel.report.renderers import RENDERERS, Extras
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import EMBEDDED, MAKERS, known

#: Flipped bits in each file; 0 flips one in every 97th byte of all of them, which takes minutes.
FLIPS = int(os.environ.get("PROVLABEL_FLIPS", "15"))
EVERY = 97


def made(name: str, folder: Path) -> Path:
    """One of the samples, or of the files of every format."""
    path = folder / name
    if name in SAMPLES:
        path.write_bytes((MEDIA / name).read_bytes())
    else:
        MAKERS[name](path)
    return path


@pytest.mark.parametrize("name", [*SAMPLES, *EMBEDDED])
def test_a_flipped_bit_in_every_97th_byte_is_refused(
    name: str, tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """What is still believed was flipped in the manifest's own padding, or in marks that say nothing."""
    out = tmp_path / f"labeled-{name}"
    label_file(made(name, tmp_path), out, label, signer, sandbox=sandbox)
    content = out.read_bytes()
    fmt = known(content)
    assert fmt is not None
    with out.open("rb") as stream:
        scan = scan_file(stream, len(content), fmt)
    places = range(EVERY // 2, len(content), EVERY)
    step = max(1, len(places) // FLIPS) if FLIPS else 1
    believed, tried = [], 0
    for at in places[::step]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << at % 8
        tried += 1
        state = verify_bytes(bytes(flipped), trust=trust, sandbox=sandbox).files[0].state
        if state in ("trusted", "valid") and scan.role_at(at, 1) not in ("manifest", "structure"):
            believed.append((at, state))
    assert believed == []
    assert tried >= min(FLIPS or 1, len(places)) > 0


# --- stripped --------------------------------------------------------------------------------------

NOT_SAID = "that does not mean “not AI”"
#: Words by which no label would become a statement about the content, or a good signature one about truth.
CLAIMS = re.compile(
    r"authentic|genuine|\bno AI\b(?! label)|without AI|made by (?:a )?(?:human|person)s?\b|human[- ]made(?!-by)|"
    r"not made by|is (?:real|true)\b|unaltered photo|original photo",
    re.IGNORECASE,
)
EXIFTOOL = ("cover.jpg", "still.png", "lossy.webp", "plain.tif", "still.gif", "still.avif", "boxed.jxl", "clip.mp4",
            "clip.mov", "aac.m4a")  # fmt: skip
FFMPEG = ("cover.jpg", "still.png", "take.wav", "take.mp3", "take.flac", "aac.m4a", "clip.mp4", "clip.mov", "still.gif")


def stripped_of_its_label(path: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    report = verify_file(path, trust=trust, sandbox=sandbox)
    text = RENDERERS["text"].render(report, Extras())
    assert (report.passed, report.files[0].state in ("unsigned", "invalid")) == (False, True), text
    if report.files[0].state == "unsigned":
        assert NOT_SAID in text
    assert not CLAIMS.search(text.replace(NOT_SAID, ""))


@pytest.fixture
def labeled(tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        out = tmp_path / f"labeled-{name}"
        label_file(made(name, tmp_path), out, label, signer, carriers=(), sandbox=sandbox)
        assert verify_file(out, trust=trust, sandbox=sandbox).passed
        return out

    return make


@needs("exiftool")
@needs("ffmpeg")
@needs("cjxl")
@pytest.mark.parametrize("name", EXIFTOOL)
def test_what_exiftool_leaves_says_nothing(
    name: str, labeled: Callable[[str], Path], trust: TrustStore, sandbox: Sandbox
) -> None:
    path = labeled(name)
    before = path.read_bytes()
    subprocess.run(["exiftool", "-q", "-m", "-all=", "-overwrite_original", path], check=False, capture_output=True)
    if path.read_bytes() == before:
        pytest.skip("exiftool does not change such a file")
    stripped_of_its_label(path, trust, sandbox)


@needs("ffmpeg")
@pytest.mark.parametrize("name", FFMPEG)
def test_what_ffmpeg_leaves_says_nothing(
    name: str, labeled: Callable[[str], Path], tmp_path: Path, trust: TrustStore, sandbox: Sandbox
) -> None:
    path = labeled(name)
    out = tmp_path / f"copied-{name}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", path, "-map_metadata", "-1", out], check=True, capture_output=True
    )
    stripped_of_its_label(out, trust, sandbox)


@pytest.fixture(scope="module")
def judged(
    tmp_path_factory: pytest.TempPathFactory, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> dict[str, Report]:
    """A report about a file without a label, of one that is trusted, and of one that is altered."""
    folder = tmp_path_factory.mktemp("judged")
    label_file(MEDIA / "still.png", folder / "a.png", Label(kind="human_made"), signer, sandbox=sandbox)
    good = (folder / "a.png").read_bytes()
    at = good.index(b"IDAT") + 20
    altered = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    return {
        name: verify_bytes(content, trust=trust, sandbox=sandbox)
        for name, content in (
            ("unsigned", (MEDIA / "still.png").read_bytes()),
            ("trusted", good),
            ("altered", altered),
        )
    }


@pytest.mark.parametrize("what", ["unsigned", "trusted", "altered"])
@pytest.mark.parametrize("output", sorted(RENDERERS))
def test_no_output_calls_anything_true_or_free_of_ai(output: str, what: str, judged: dict[str, Report]) -> None:
    text = re.sub(r"<style>.*?</style>", "", RENDERERS[output].render(judged[what], Extras()), flags=re.DOTALL)
    for allowed in (
        NOT_SAID,
        "That does not mean that no AI was used",
        "whether that is true, no program can see",
        "trust-mark",
    ):
        text = text.replace(allowed, "")
    assert text
    found = CLAIMS.findall(text)
    assert found == []


def test_the_words_are_looked_for() -> None:
    for text in ("This is authentic.", "It holds no AI.", "made by humans", "a genuine picture", "it is true"):
        assert CLAIMS.search(text), text
