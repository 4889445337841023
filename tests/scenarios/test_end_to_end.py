"""The main job, on real files of every format: label, verify, tamper, strip, convert."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import wave
from pathlib import Path

import encypher_c2pa
import pytest
from PIL import Image

from project import MIMES, SAMPLES, Cli, besides_time, needs
from provlabel import InputError, Label, OutputError, TrustStore, label_bytes, label_file, verify_bytes, verify_file
from provlabel._support.files import locked
from provlabel.media.containers import CONTAINERS
from provlabel.media.formats import FORMATS
from provlabel.report import HistoryNode
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

pytestmark = pytest.mark.fresh

CHANGES = 200
GOOD = ("trusted", "valid")


@pytest.fixture(params=SAMPLES)
def labeled(request: pytest.FixtureRequest, media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Path:
    """One labeled sample of each format."""
    dest = media / f"labeled-{request.param}"
    label_file(media / request.param, dest, label, signer, sandbox=sandbox)
    return dest


def state(content: bytes, trust: TrustStore, sandbox: Sandbox) -> str:
    return verify_bytes(content, trust=trust, sandbox=sandbox).files[0].state


def container(path: Path) -> str:
    return next(row.container for row in FORMATS if path.suffix in row.suffixes)


def media_bytes(path: Path) -> list[int]:
    """Offsets of what is seen or heard: image data, samples, frames."""
    with path.open("rb") as stream:
        parts = list(CONTAINERS[container(path)].walk(stream, path.stat().st_size))
    decoded = {"image data", "IDAT", "data", "audio"}
    offsets = [offset for part in parts if part.name in decoded for offset in range(part.start + 8, part.end - 4)]
    assert len(offsets) > CHANGES
    return offsets


def test_labeled_file_is_trusted(labeled: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    report = verify_file(labeled, trust=trust, sandbox=sandbox)
    report.require()
    judged = report.files[0]
    assert judged.state == "trusted"
    assert judged.axes.content == "intact"
    assert judged.axes.label == ("present",)
    assert judged.axes.signer == "trusted"
    assert judged.axes.time == "claimed"
    assert judged.axes.revocation == "not-checked"
    assert judged.label is not None
    assert judged.label.value["systems"] == [
        {"name": "AcmeSynth", "version": "2.1.0", "model_type": "c2pa.types.model.pytorch"}
    ]
    assert judged.label.value["provider"] == {"name": "Acme Audio Ltd"}
    assert "revocation" in " ".join(judged.not_checked)


def test_without_anchors_it_is_valid_and_does_not_pass(labeled: Path, sandbox: Sandbox) -> None:
    judged = verify_file(labeled, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.signer, judged.passed) == ("valid", "no-anchors", False)


def test_independent_verifier_agrees(labeled: Path, credential: Path) -> None:
    root = (credential / "root.pem").read_text()
    said = encypher_c2pa.verify(
        labeled.read_bytes(), MIMES[labeled.suffix], trust_pem=root, no_default_trust=True, telemetry=False
    )
    assert (said["integrity"], said["signature"], said["hard_binding"]) == ("valid", "valid", "match")
    assert said["trust"]["status"] == "valid_for_supplied_material"
    assert said["validation_results"]["failure"] == []


def test_every_changed_media_byte_is_refused(labeled: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    original = labeled.read_bytes()
    rng = random.Random(20261122)
    for offset in rng.sample(media_bytes(labeled), CHANGES):
        changed = bytearray(original)
        changed[offset] ^= 1 << rng.randrange(8)
        assert state(bytes(changed), trust, sandbox) not in GOOD, f"byte {offset}"


def test_independent_verifier_refuses_the_same(labeled: Path) -> None:
    original = labeled.read_bytes()
    rng = random.Random(20261122)
    for offset in rng.sample(media_bytes(labeled), 5):
        changed = bytearray(original)
        changed[offset] ^= 1 << rng.randrange(8)
        said = encypher_c2pa.verify(bytes(changed), MIMES[labeled.suffix], no_default_trust=True, telemetry=False)
        assert said["integrity"] == "invalid", f"byte {offset}"


def test_truncated_is_refused(labeled: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    original = labeled.read_bytes()
    for share in (0.02, 0.2, 0.5, 0.9, 0.999):
        assert state(original[: int(share * len(original))], trust, sandbox) not in GOOD
    assert state(original[:-1], trust, sandbox) not in GOOD


def test_spliced_media_is_refused(labeled: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    original = labeled.read_bytes()
    middle = media_bytes(labeled)[len(media_bytes(labeled)) // 2]
    assert state(original[:middle] + original[middle + 64 :], trust, sandbox) not in GOOD
    assert state(original[:middle] + bytes(64) + original[middle:], trust, sandbox) not in GOOD
    assert state(original + b"appended", trust, sandbox) not in GOOD


def manifest_parts(content: bytes, path: Path) -> list[tuple[int, int]]:
    from io import BytesIO

    parts = CONTAINERS[container(path)].walk(BytesIO(content), len(content))
    return [(part.start, part.end) for part in parts if part.role == "manifest"]


def test_swapped_manifest_is_refused(
    labeled: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """The manifest of another file of the same format and length, whole and well signed."""
    original = labeled.read_bytes()
    offset = media_bytes(labeled)[77]
    bare = bytearray(original)
    bare[offset] ^= 4
    [(start, end)] = manifest_parts(original, labeled)
    source = strip(bytes(bare), labeled)
    other, _ = label_bytes(source, label, signer, sandbox=sandbox)
    [(other_start, other_end)] = manifest_parts(other, labeled)
    assert state(other, trust, sandbox) == "trusted"
    if end - start != other_end - other_start:
        pytest.skip("the manifests differ in length")
    swapped = original[:start] + other[other_start:other_end] + original[end:]
    assert state(swapped, trust, sandbox) not in GOOD


def strip(content: bytes, path: Path) -> bytes:
    """Remove the manifest as a careless tool does."""
    for start, end in reversed(manifest_parts(content, path)):
        content = content[:start] + content[end:]
    if path.suffix == ".wav":
        content = content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:]
    if path.suffix in (".mp3", ".flac"):
        size = content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9]
        size -= len(path.read_bytes()) - len(content)
        content = content[:6] + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + content[10:]
    return content


def test_stripped_is_unsigned_and_exits_1(labeled: Path, trust: TrustStore, sandbox: Sandbox, cli: Cli) -> None:
    labeled.write_bytes(strip(labeled.read_bytes(), labeled))
    judged = verify_file(labeled, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.label, judged.passed) == ("unsigned", ("none",), False)
    done = cli("verify", labeled, "--trust", "test")
    assert done.returncode == 1
    assert "does not mean “not AI”" in done.stdout


@needs("ffmpeg")
def test_decoded_media_is_untouched(labeled: Path, media: Path) -> None:
    def decoded(path: Path) -> str:
        run = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-f", "md5", "-"]
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout

    assert decoded(labeled) == decoded(media / labeled.name.removeprefix("labeled-"))


@needs("exiftool")
def test_source_keeps_its_metadata(labeled: Path, media: Path) -> None:
    """exiftool is the judge: every tag of the source is there afterwards, with the same value."""

    def tags(path: Path) -> dict[str, str]:
        run = ["exiftool", "-j", "-G1", "-a", str(path)]
        found = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)[0]
        ours = ("System:", "JUMBF", "ExifTool:", "File:", "CBOR", "C2PA", "SourceFile", "Composite:")
        named = {key.partition(":")[2]: value for key, value in found.items() if not key.startswith(ours)}
        if "Year" in named:  # of ID3v2.3; v2.4 has one frame for the whole date
            named["RecordingTime"] = named.pop("Year")
        return named

    before = tags(media / labeled.name.removeprefix("labeled-"))
    after = tags(labeled)
    assert {key: after.get(key) for key in before} == before


@needs("ffmpeg")
def test_conversion_keeps_its_history_with_parent(media: Path, cli: Cli) -> None:
    """WAV to MP3 by ffmpeg drops the manifest; --parent brings the history back, and show shows both."""
    options = ("--kind", "ai_generated", "--system", "AcmeSynth@2.1", "--signer", "test")
    assert cli("label", media / "take.wav", *options).returncode == 0
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(media / "take.labeled.wav"), str(media / "conv.mp3")], check=True
    )
    assert cli("verify", media / "conv.mp3", "--trust", "test").returncode == 1
    done = cli("label", media / "conv.mp3", "--parent", media / "take.labeled.wav", *options)
    assert done.returncode == 0, done.stderr
    assert cli("verify", media / "conv.labeled.mp3", "--trust", "test").returncode == 0
    tree = cli("show", media / "conv.labeled.mp3", "--trust", "test").stdout
    assert "c2pa.transcoded" in tree
    assert 'made from: "take.labeled.wav"' in tree
    assert tree.count("made by AI") == 3, "label, what the history says, and the earlier version itself"


def test_stems_become_ingredients(
    media: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    stem = media / "stem.flac"
    label_file(media / "take.flac", stem, label, signer, sandbox=sandbox)
    mix = media / "mix.wav"
    label_file(media / "take.wav", mix, label, signer, ingredients=[stem, media / "take.mp3"], sandbox=sandbox)
    judged = verify_file(mix, trust=trust, sandbox=sandbox).files[0]
    assert [action["action"] for action in judged.actions] == ["c2pa.created", "c2pa.placed", "c2pa.placed"]
    assert [(node.relationship, node.title, node.state) for node in judged.history] == [
        ("componentOf", "stem.flac", "clean"),
        ("componentOf", "take.mp3", "no-provenance"),
    ]
    assert judged.axes.history == "clean"


def test_fact_5_labeling_again_keeps_the_first_label(
    labeled: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    again = labeled.with_name(f"again-{labeled.name}")
    receipt = label_file(labeled, again, Label(kind="ai_modified"), signer, sandbox=sandbox)
    judged = verify_file(again, trust=trust, sandbox=sandbox).files[0]
    assert judged.state == "trusted"
    assert judged.history[0].manifest == receipt.parent
    assert judged.history[0].kind == "ai_generated"
    assert judged.label is not None
    assert judged.label.kind == "ai_modified"


def test_detached_leaves_the_source_and_is_found(
    media: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    for name in SAMPLES:
        source = media / name
        before = source.read_bytes()
        receipt = label_file(source, source, label, signer, detached=True, sandbox=sandbox)
        assert source.read_bytes() == before
        assert receipt.output == f"{source}.c2pa"
        judged = verify_file(source, trust=trust, sandbox=sandbox).files[0]
        assert (judged.state, judged.source) == ("trusted", "sidecar")
        source.write_bytes(before[:-20] + bytes(20))
        assert verify_file(source, trust=trust, sandbox=sandbox).files[0].state not in GOOD


def test_embedded_wins_over_a_different_one_beside(
    media: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    source, dest = media / "cover.jpg", media / "out.jpg"
    label_file(source, source, label, signer, detached=True, sandbox=sandbox)
    sidecar = source.with_name("cover.jpg.c2pa")
    shutil.move(sidecar, media / "other.c2pa")
    label_file(source, dest, label, signer, sandbox=sandbox)
    shutil.move(media / "other.c2pa", media / "out.jpg.c2pa")
    judged = verify_file(dest, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.source) == ("trusted", "embedded")
    assert "carrier.sidecar-differs" in [item.rule for item in judged.findings]


def test_manifest_is_small(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    receipt = label_file(media / "cover.jpg", media / "out.jpg", label, signer, sandbox=sandbox)
    assert receipt.manifest_bytes <= 6 * 1024
    grown = (media / "out.jpg").stat().st_size - (media / "cover.jpg").stat().st_size
    assert grown <= 6 * 1024


def test_pixels_are_the_same(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    for name in ("cover.jpg", "still.png"):
        label_file(media / name, media / f"out-{name}", label, signer, sandbox=sandbox)
        with Image.open(media / name) as before, Image.open(media / f"out-{name}") as after:
            assert before.tobytes() == after.tobytes()
            assert dict(before.getexif()) == dict(after.getexif())


def test_an_expired_parent_is_no_broken_parent(
    media: Path, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    import datetime as dt
    import time

    import pki
    from provlabel import open_signer

    seconds = dt.timedelta(seconds=3)
    old = open_signer(pki.write(tmp_path, pki.leaf(pki.root(), begins=-pki.DAY, lasts=pki.DAY + seconds)))
    first, _ = label_bytes((media / "cover.jpg").read_bytes(), label, old, sandbox=sandbox)
    time.sleep(4)
    assert verify_bytes(first, sandbox=sandbox).files[0].axes.signer == "expired"
    again, receipt = label_bytes(first, label, signer, sandbox=sandbox)
    assert besides_time(receipt.warnings) == []
    assert verify_bytes(again, sandbox=sandbox).files[0].axes.history == "unknown-signer"


def test_a_broken_ingredient_is_refused_or_warned_of(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    first, _ = label_bytes((media / "cover.jpg").read_bytes(), label, signer, sandbox=sandbox)
    stem = media / "stem.jpg"
    stem.write_bytes(first[:-40] + bytes(38) + first[-2:])
    with pytest.raises(InputError, match="broken manifest"):
        label_file(media / "still.png", media / "a.png", label, signer, ingredients=[stem], sandbox=sandbox)
    receipt = label_file(
        media / "still.png",
        media / "a.png",
        label,
        signer,
        ingredients=[stem],
        accept_broken_parent=True,
        sandbox=sandbox,
    )
    assert "broken for ever" in receipt.warnings[0]
    assert verify_file(media / "a.png", sandbox=sandbox).files[0].axes.history == "broken"


def test_bytes_keep_their_history_too(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    label_file(media / "take.wav", media / "parent.wav", label, signer, sandbox=sandbox)
    made, receipt = label_bytes(
        (media / "take.mp3").read_bytes(), label, signer, parents=[media / "parent.wav"], sandbox=sandbox
    )
    assert receipt.parent is not None
    assert verify_bytes(made, sandbox=sandbox).files[0].history[0].title == "parent.wav"


def test_a_graph_of_ingredients_is_unfolded_once(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    """Six levels of four references each: as a tree it would have thousands of nodes."""
    path = media / "level0.png"
    label_file(media / "still.png", path, label, signer, sandbox=sandbox)
    for level in range(1, 7):
        below, path = path, media / f"level{level}.png"
        label_file(media / "still.png", path, label, signer, ingredients=[below] * 4, sandbox=sandbox)

    def count(nodes: tuple[HistoryNode, ...]) -> int:
        return sum(1 + count(node.history) for node in nodes)

    judged = verify_file(path, sandbox=sandbox).files[0]
    assert count(judged.history) == 6 * 4
    assert len(judged.findings) < 20


def test_in_place_keeps_mode_and_finds_a_second_labeler(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source = media / "cover.jpg"
    source.chmod(0o664)
    with locked(source), pytest.raises(OutputError, match="another process"):
        label_file(source, source, label, signer, replace=True, sandbox=sandbox)
    label_file(source, source, label, signer, replace=True, sandbox=sandbox)
    assert source.stat().st_mode & 0o7777 == 0o664


def test_an_interrupted_verification_leaves_no_answer_for_the_next(
    media: Path, label: Label, signer: Signer, trust: TrustStore
) -> None:
    import signal

    big = media / "big.wav"
    with wave.open(str(big), "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes(bytes(60_000_000))
    with Sandbox() as sandbox:
        label_file(big, media / "labeled.wav", label, signer, sandbox=sandbox)

        def stop(*_: object) -> None:
            raise TimeoutError

        before = signal.signal(signal.SIGALRM, stop)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.03)
            with pytest.raises(TimeoutError):
                verify_file(media / "labeled.wav", trust=trust, sandbox=sandbox)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert verify_file(media / "take.mp3", trust=trust, sandbox=sandbox).files[0].state == "unsigned"
