"""Thumbnails in manifests: of the very picture, small, bare, and accepted by two verifiers."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
from PIL import Image, ImageCms

from format_files import Make
from project import MEDIA, Cli, besides_time, needs
from provlabel import ConfigError, Label, TrustStore, label_bytes, label_file, redact_file, verify_file
from provlabel.engine import binding
from provlabel.label import label_from_dict
from provlabel.media import previews
from provlabel.media.formats import BY_NAME
from provlabel.sandbox import Sandbox, drawing as picturing
from provlabel.sandbox.protocol import Answer
from provlabel.signers import Signer

#: Format -> how Pillow saves it.
PICTURES = {"cover.jpg": "JPEG", "a.png": "PNG", "a.webp": "WEBP", "a.gif": "GIF", "a.tiff": "TIFF", "a.avif": "AVIF"}
MOST = 10_000


@pytest.fixture(scope="module")
def drawing() -> Iterator[Sandbox]:
    with picturing.drawing_sandbox() as made:
        yield made


@pytest.fixture
def labeled(label: Label, signer: Signer, sandbox: Sandbox, drawing: Sandbox) -> Any:
    """Label a file with a thumbnail and return the result and what the receipt warns of."""

    def run(path: Path, **how: Any) -> tuple[Path, list[str]]:
        dest = path.with_name(f"out-{path.name}")
        receipt = label_file(path, dest, label, signer, thumbnail=True, sandbox=sandbox, drawing=drawing, **how)
        return dest, [text for text in besides_time(receipt.warnings) if "thumbnail" in text]

    return run


def manifests(path: Path) -> dict[str, Any]:
    """What the engine's own report says, read without any code of ours but for loading it."""
    with binding().Reader(str(path)) as reader:
        return dict(json.loads(reader.json()))


def thumbnail(path: Path) -> Image.Image:
    """The claim thumbnail of the active manifest, as the engine hands it out, decoded by Pillow."""
    with binding().Reader(str(path)) as reader:
        said = json.loads(reader.json())
        entry = said["manifests"][said["active_manifest"]]["thumbnail"]
        assert entry["format"] == "image/jpeg"
        out = io.BytesIO()
        reader.resource_to_stream(entry["identifier"], out)
    content = out.getvalue()
    assert len(content) <= MOST
    assert content in path.read_bytes() or path.suffix in (".jpg", ".gif")  # which have it in pieces
    image = Image.open(out)
    assert image.format == "JPEG"
    assert max(image.size) <= 256
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
    return image.convert("RGB")


def saved(path: Path, image: Image.Image, **how: Any) -> Path:
    image.save(path, **how)
    return path


def halves(mode: str = "RGB", size: tuple[int, int] = (640, 320)) -> Image.Image:
    """Black on the left, white on the right."""
    image = Image.new("RGB", size, "white")
    image.paste("black", (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def require_halves(image: Image.Image) -> None:
    grey = image.convert("L")
    assert grey.getpixel((image.width // 4, image.height // 2)) < 40
    assert grey.getpixel((3 * image.width // 4, image.height // 2)) > 215


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_that_pillow_decodes_gets_one(
    name: str, labeled: Any, tmp_path: Path, credential: Path, trust: TrustStore, sandbox: Sandbox
) -> None:
    """And both verifiers hold the file for whole and trusted."""
    out, warned = labeled(saved(tmp_path / name, halves(), format=PICTURES[name]))
    assert warned == []
    small = thumbnail(out)
    assert small.size == (256, 128)
    require_halves(small)
    found = verify_file(out, trust=trust, sandbox=sandbox).files[0]
    assert (found.state, [item.rule for item in found.findings if item.level == "error"]) == ("trusted", [])
    assert found.thumbnail == "image/jpeg"
    assert found.format is not None
    root = (credential / "root.pem").read_text()
    said = encypher_c2pa.verify(
        out.read_bytes(), BY_NAME[found.format].mime, trust_pem=root, no_default_trust=True, telemetry=False
    )
    assert (said["integrity"], said["signature"], said["hard_binding"]) == ("valid", "valid", "match")
    assert said["validation_results"]["failure"] == []


def test_without_the_option_there_is_none(label: Label, signer: Signer, sandbox: Sandbox) -> None:
    content, receipt = label_bytes((MEDIA / "cover.jpg").read_bytes(), label, signer, sandbox=sandbox)
    assert b"c2pa.thumbnail" not in content
    assert receipt.manifest_bytes < 6_000


def test_the_signer_stands_for_it(labeled: Any, media: Path) -> None:
    """As for every other assertion of ours; the engine would only gather it."""
    out, _ = labeled(media / "cover.jpg")
    with binding().Reader(str(out)) as reader:
        claim = json.loads(reader.crjson())["manifests"][0]["claim.v2"]
    assert any(entry["url"].endswith("/c2pa.thumbnail.claim") for entry in claim["created_assertions"])
    assert claim["gathered_assertions"] == []


def test_in_memory_and_beside_the_file(
    label: Label, signer: Signer, labeled: Any, media: Path, sandbox: Sandbox, drawing: Sandbox, tmp_path: Path
) -> None:
    content, _ = label_bytes(
        (MEDIA / "still.png").read_bytes(), label, signer, thumbnail=True, sandbox=sandbox, drawing=drawing
    )
    (tmp_path / "memory.png").write_bytes(content)
    assert max(thumbnail(tmp_path / "memory.png").size) == 256
    out, warned = labeled(media / "still.png", detached=True)
    assert warned == []
    assert b"\xff\xd8\xff" in out.with_name(out.name + ".c2pa").read_bytes()


# --- every kind of picture -------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_stands_upright_and_tells_nothing(orientation: int, labeled: Any, tmp_path: Path) -> None:
    image = halves(size=(800, 400))
    exif = image.getexif()
    exif[0x0112], exif[0x010E] = orientation, "a secret place"
    out, _ = labeled(saved(tmp_path / "turned.jpg", image, exif=exif, comment=b"a secret word"))
    small = thumbnail(out).convert("L")
    assert small.size == ((256, 128) if orientation < 5 else (128, 256))
    dark = {1: (10, 10), 3: (245, 10), 6: (10, 10), 8: (10, 245)}[orientation]
    assert small.getpixel(dark) < 40
    assert small.getpixel((small.width - 1 - dark[0], small.height - 1 - dark[1])) > 215


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK", "CMYK-JPEG"])
def test_every_kind_of_pixel(mode: str, labeled: Any, tmp_path: Path) -> None:
    if mode == "I;16":
        row = struct.pack("<640H", *[500] * 320, *[60000] * 320)
        path = saved(tmp_path / "a.png", Image.frombytes("I;16", (640, 320), row * 320))
    else:
        ending = {"CMYK": "tiff", "CMYK-JPEG": "jpg"}.get(mode, "png")
        path = saved(tmp_path / f"a.{ending}", halves(mode.partition("-")[0]))
    require_halves(thumbnail(labeled(path)[0]))


def test_what_is_transparent_is_white(labeled: Any, tmp_path: Path) -> None:
    path = saved(tmp_path / "clear.webp", Image.new("RGBA", (640, 640), (0, 0, 0, 0)), lossless=True)
    assert thumbnail(labeled(path)[0]).getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png"])
def test_of_what_moves_the_first_picture_is_shown(name: str, labeled: Any, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "lime", "blue")]
    path = saved(tmp_path / name, frames[0], save_all=True, append_images=frames[1:], duration=100)
    red, green, blue = thumbnail(labeled(path)[0]).getpixel((100, 100))  # type: ignore[misc]
    assert (red > 200, green < 60, blue < 60) == (True, True, True)


def test_a_profile_is_converted_and_left_behind(labeled: Any, tmp_path: Path) -> None:
    """Linear light, as of renderers: half of it is a light grey on a screen, and without a conversion a dark one."""
    linear = _gray_profile(1.0)
    path = saved(tmp_path / "linear.png", Image.new("L", (300, 300), 55), icc_profile=linear)
    shown = thumbnail(labeled(path)[0]).getpixel((100, 100))
    assert all(abs(value - 128) < 8 for value in shown)  # type: ignore[union-attr]
    broken = saved(tmp_path / "broken.png", Image.new("L", (300, 300), 55), icc_profile=b"no profile at all")
    assert thumbnail(labeled(broken)[0]).getpixel((100, 100)) == (55, 55, 55)


def _gray_profile(gamma: float) -> bytes:
    """The least ICC.1:2010 profile of one channel: header, white point, curve."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78)
    tags, at = b"", 128 + 4 + 3 * 12
    for name, content in ((b"wtpt", white), (b"kTRC", curve), (b"desc", text)):
        tags += name + struct.pack(">II", at, len(content))
        at += len(content)
    body = struct.pack(">I", 3) + tags + white + curve + text
    head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"    ", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    made = head + bytes(128 - len(head)) + body
    ImageCms.ImageCmsProfile(io.BytesIO(made))  # or it proves nothing
    return made


def test_noise_of_24_million_pixels_fits(labeled: Any, tmp_path: Path) -> None:
    """What compresses worst, as a JPEG and, where nothing can be skipped, as a PNG."""
    noise = Image.frombytes("RGB", (6000, 4000), os.urandom(6000 * 4000 * 3))
    for path in (
        saved(tmp_path / "noise.jpg", noise, quality=60),
        saved(tmp_path / "noise.png", noise, compress_level=0),
    ):
        assert thumbnail(labeled(path)[0]).size == (256, 171)


def test_small_noise_fits_though_nothing_is_scaled(labeled: Any, tmp_path: Path) -> None:
    path = saved(tmp_path / "noise.png", Image.frombytes("RGB", (250, 250), os.urandom(250 * 250 * 3)))
    assert 100 <= max(thumbnail(labeled(path)[0]).size) <= 250


# --- history ---------------------------------------------------------------------------------------


def test_a_parent_keeps_its_thumbnail(
    label: Label, signer: Signer, trust: TrustStore, labeled: Any, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Two generations, each with a thumbnail of its own; a third without."""
    first, _ = labeled(saved(tmp_path / "a.jpg", halves()))
    earlier = manifests(first)["active_manifest"]
    second, _ = labeled(first)
    third = tmp_path / "third.jpg"
    label_file(second, third, label, signer, sandbox=sandbox)
    for path, own in ((second, True), (third, False)):
        said = manifests(path)
        assert ("thumbnail" in said["manifests"][said["active_manifest"]]) == own
        assert "thumbnail" in said["manifests"][earlier]
        found = verify_file(path, trust=trust, sandbox=sandbox).files[0]
        assert (found.state, found.axes.history, found.thumbnail) == ("trusted", "clean", "image/jpeg" if own else None)


def test_redaction_leaves_it_where_it_is(signer: Signer, trust: TrustStore, media: Path, sandbox: Sandbox) -> None:
    label = label_from_dict({"kind": "ai_generated", "people": [{"id": "jo", "name": "Jo Doe"}]})
    source, out = media / "named.jpg", media / "public.jpg"
    label_file(media / "cover.jpg", source, label, signer, personal=True, thumbnail=True, sandbox=sandbox)
    redact_file(source, out, signer, sandbox=sandbox)
    assert b"Jo Doe" not in out.read_bytes()
    found = verify_file(out, trust=trust, sandbox=sandbox).files[0]
    assert (found.state, found.axes.history) == ("trusted", "clean")
    said = manifests(out)
    assert [("thumbnail" in one) for one in said["manifests"].values()].count(True) == 1


# --- where there is none ---------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [10_000, 100_000])
def test_a_bomb_is_labeled_without_one(side: int, labeled: Any, tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png(side, side))
    out, warned = labeled(tmp_path / "bomb.png")
    assert warned == [f"{tmp_path}/bomb.png: no thumbnail: it has more pixels than are shown here"]
    assert "thumbnail" not in next(iter(manifests(out)["manifests"].values()))


def test_a_decoder_that_takes_too_much_is_stopped(
    label: Label, signer: Signer, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 MB of pixels, within what is allowed, where there are only 100 MB of address space more than at rest."""
    from provlabel.sandbox.limits import Limits

    raw = Image.new("RGBA", (7_900, 7_900))
    path = saved(tmp_path / "large.png", raw)
    monkeypatch.setattr(picturing, "_LIMITS", Limits(base_mib=150, memory_factor=0))
    with picturing.drawing_sandbox() as small:
        receipt = label_file(path, None, label, signer, thumbnail=True, sandbox=sandbox, drawing=small)
    assert any("no thumbnail: it needs too much memory" in text for text in receipt.warnings)


@needs("heif-enc")
def test_heic_gets_a_warning(labeled: Any, make: Make) -> None:
    out, warned = labeled(make("still.heic"))
    assert len(warned) == 1
    assert "no thumbnail: HEIC is not a format that can be shown here" in warned[0]
    assert "thumbnail" not in next(iter(manifests(out)["manifests"].values()))


def test_pictures_and_sounds_in_one_run(cli: Cli, media: Path) -> None:
    done = cli(
        "label", "cover.jpg", "take.wav", "still.png", "--thumbnail", "--kind", "ai_generated", "--signer", "test",
        cwd=media,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "take.wav: no thumbnail: WAV is no picture" in done.stderr
    assert done.stderr.count("no thumbnail: ") == 1
    for name in ("cover.labeled.jpg", "still.labeled.png"):
        assert max(thumbnail(media / name).size) == 256
    assert "thumbnail: image/jpeg" in cli("show", "cover.labeled.jpg", cwd=media).stdout
    assert "thumbnail" not in cli("show", "take.labeled.wav", cwd=media).stdout


# --- who draws -------------------------------------------------------------------------------------


def test_without_pillow_the_extra_is_named(
    label: Label, signer: Signer, media: Path, cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    """An interpreter that finds everything but Pillow: nothing is signed, by nobody."""
    hook = tmp_path / "sitecustomize.py"
    hook.write_text(
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'PIL': raise ImportError(name)\n"
        "import importlib.util as util\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name, package=None: None if name == 'PIL' else found(name, package)\n"
        "sys.meta_path.insert(0, Without())\n"
    )

    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = cli(
        "label", "cover.jpg", "--thumbnail", "--kind", "ai_generated", "--signer", "test", cwd=media, PYTHONPATH=path
    )
    assert (done.returncode, "pip install 'provlabel[pictures]'" in done.stderr) == (ConfigError.exit_code, True)
    assert not (media / "cover.labeled.jpg").exists()
    plain = cli("label", "cover.jpg", "--kind", "ai_generated", "--signer", "test", cwd=media, PYTHONPATH=path)
    assert plain.returncode == 0, plain.stderr


def test_no_decoder_enters_the_process_that_holds_the_key(media: Path, credential: Path) -> None:
    script = (
        "import sys\n"
        "from provlabel import Label, label_file, open_signer\n"
        "signer = open_signer(sys.argv[1])\n"
        "label_file(sys.argv[2], None, Label(kind='ai_generated'), signer, thumbnail=True)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('PIL')))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, f"test:{credential}", str(media / "cover.jpg")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "\n"
    assert max(thumbnail(media / "cover.labeled.jpg").size) == 256


class _Liar(Sandbox):
    """A drawing after a hostile picture took it over."""

    def __init__(self, jpeg: bytes) -> None:
        super().__init__()
        self._jpeg = jpeg

    def _answer(self, *_: Any, **__: Any) -> Answer:
        return Answer(preview=previews.Preview(kind="picture", jpeg=self._jpeg, width=9, height=9))


def _jpeg(**how: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "JPEG", **how)
    return out.getvalue()


@pytest.mark.parametrize(
    "lie",
    [
        b"<script>",
        b"\xff\xd8\xff",
        _jpeg(comment=b"signed by us"),
        _jpeg(exif=Image.Exif.tobytes(Image.Exif()) + b"secret"),
        _jpeg() + bytes(MOST),
    ],
    ids=["text", "stub", "comment", "exif", "long"],
)
def test_what_a_decoder_was_made_to_say_is_not_signed(
    lie: bytes, label: Label, signer: Signer, media: Path, sandbox: Sandbox
) -> None:
    with _Liar(lie) as liar:
        receipt = label_file(media / "cover.jpg", None, label, signer, thumbnail=True, sandbox=sandbox, drawing=liar)
    assert any("no thumbnail: the decoder answered nonsense" in text for text in receipt.warnings)
    with _Liar(_jpeg()) as honest:
        receipt = label_file(media / "still.png", None, label, signer, thumbnail=True, sandbox=sandbox, drawing=honest)
    assert besides_time(receipt.warnings) == []


def test_a_file_that_changes_before_it_is_drawn_is_not_labeled(
    label: Label, signer: Signer, media: Path, sandbox: Sandbox
) -> None:
    class Swapping(Sandbox):
        def preview(self, path: Path, *args: Any, **how: Any) -> previews.Preview:
            shutil.copy(media / "still.png", path)
            return super().preview(path, *args, **how)

    from provlabel import InputError

    with Swapping() as swapping, pytest.raises(InputError, match="changed while it was read"):
        label_file(media / "cover.jpg", None, label, signer, thumbnail=True, sandbox=sandbox, drawing=swapping)
    assert not (media / "cover.labeled.jpg").exists()


def test_reader_and_studio_hold_no_end_of_each_others_pipes() -> None:
    """As the command line starts them, as copies of itself: neither could answer for the other, once taken over."""
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from provlabel.cli._signing import early_drawing_sandbox, early_sandbox\n"
        "from provlabel.sandbox.drawing import thumbnail_of\n"
        "outer = {os.readlink(f'/proc/self/fd/{fd}') for fd in range(256) if os.path.exists(f'/proc/self/fd/{fd}')}\n"
        "def pipes(pid):\n"
        "    ends = [os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')]\n"
        "    return {end for end in ends if end.startswith('pipe:')} - outer\n"
        "path = Path(sys.argv[1])\n"
        "with early_drawing_sandbox() as drawing, early_sandbox() as sandbox:\n"
        "    assert thumbnail_of(path, sandbox.read(path).sha256, drawing).jpeg\n"
        "    drawing, reading = pipes(drawing._worker.pid), pipes(sandbox._worker.pid)\n"
        "print(len(drawing), len(reading), len(drawing & reading))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(MEDIA / "cover.jpg")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["2", "2", "0"], done.stderr
