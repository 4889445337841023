"""Sign a small file of every format with this version of provlabel, to be verified for ever.

What for: ``samples/signed/README.md``.

Run: ``python samples/sign_samples.py``.  It adds what is missing in the folder of this version, signed by new keys, and
never touches what is there.  What was added later has anchors and an ``expected-2.json`` of its own.  The keys are
thrown away; the certificates hold from 2000 to 2099.  Needs Pillow, ffmpeg, heif-enc, cjxl and openssl.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from PIL import Image

from provlabel import (
    Timestamper,
    TrustStore,
    engine,
    label_file,
    load_label,
    open_signer,
    redact_file,
    verify_file,
)
from provlabel._version import __version__
from provlabel.report import FileReport

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
import pki
import tsa
from provlabel.engine.identity import Actor
from riff_files import NO_WAV

HERE = Path(__file__).parent
FOLDER = HERE / "signed"
NOW = dt.datetime.now(dt.timezone.utc)
BEGINS = dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc) - NOW
LASTS = dt.datetime(2099, 12, 31, tzinfo=dt.timezone.utc) - NOW - BEGINS
#: Lists of anchors beside the files, and what each counts for.
LISTS: dict[str, Any] = {
    "anchors.pem": "manifest",
    "clock-anchors.pem": "timestamp",
    "identity-anchors.pem": "identity",
}
DNG = {50706: b"\x01\x04\x00\x00", 271: "Acme", 272: "Model 1"}
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>x</title><rect width="9" height="9"/></svg>\n'
)

Maker = Callable[[Path], object]


class Sample(NamedTuple):
    """One file: its name, how its content is made, and how it is labeled."""

    name: str
    make: Maker
    label: str  #: of samples/labels
    how: Mapping[str, Any] = MappingProxyType({})
    key: str = "es256"


# --- content ---------------------------------------------------------------------------------------


def run(*args: str | Path) -> None:
    subprocess.run([str(arg) for arg in args], check=True, capture_output=True)


def picture() -> Image.Image:
    with Image.open(HERE / "media" / "cover.jpg") as image:
        return image.convert("RGB").resize((36, 24))


def pillow(form: str, **options: Any) -> Maker:
    return lambda path: picture().save(path, form, **options)


def sound(*options: str) -> Maker:
    short = ("-t", "0.3", "-i", HERE / "media" / "take.wav", "-ar", "8000", "-bitexact")
    return lambda path: run("ffmpeg", "-v", "error", "-y", *short, *options, path)


def video(*options: str) -> Maker:
    given = ("-f", "lavfi", "-i", "testsrc=s=32x32:d=0.2:r=5", "-t", "0.2", "-i", HERE / "media" / "take.wav")
    return lambda path: run("ffmpeg", "-v", "error", "-y", *given, "-shortest", "-bitexact", *options, path)


def from_png(program: str, *options: str) -> Maker:
    def make(path: Path) -> None:
        source = path.with_suffix(".source.png")
        picture().save(source)
        run(program, *options, source, *(("-o", path) if program == "heif-enc" else (path,)))

    return make


def generic_heif(path: Path) -> None:
    from_png("heif-enc", "-q", "50")(path)
    content = path.read_bytes()
    path.write_bytes(content[:64].replace(b"ftypheic", b"ftypmif1").replace(b"heic", b"miaf") + content[64:])


def late_mp3(path: Path) -> None:
    sound("-id3v2_version", "0", "-write_xing", "0")(path)
    path.write_bytes(bytes(500) + path.read_bytes())


# --- the files -------------------------------------------------------------------------------------

CLEAR = {"prompt_mode": "clear", "personal": True, "inputs": True}
SAMPLES = (
    Sample("cover.jpg", pillow("JPEG"), "ai-artwork", {"prompt_mode": "hash"}),
    Sample("still.png", pillow("PNG"), "ai-modified-photo", {"personal": True}, "es384"),
    Sample("still.webp", pillow("WEBP"), "ai-artwork", CLEAR, "ed25519"),
    Sample("still.gif", pillow("GIF"), "human-made"),
    Sample("still.tif", pillow("TIFF"), "ai-modified-photo", key="ps256"),
    Sample("raw.dng", lambda path: picture().save(path, "TIFF", tiffinfo=DNG), "ai-modified-photo"),
    Sample("still.avif", pillow("AVIF"), "ai-artwork", key="es512"),
    Sample("still.heic", from_png("heif-enc", "-q", "50"), "ai-artwork"),
    Sample("generic.heif", generic_heif, "human-made"),
    Sample("boxed.jxl", from_png("cjxl", "--container=1"), "ai-artwork"),
    Sample("drawing.svg", lambda path: path.write_bytes(SVG), "ai-artwork"),
    Sample("take.wav", sound(), "ai-track", CLEAR),
    Sample("take.flac", sound("-c:a", "flac"), "ai-assisted-track", key="ed25519"),
    Sample("take.mp3", sound("-c:a", "libmp3lame", "-metadata", "title=x"), "voice-clone", key="es384"),
    Sample("take.m4a", sound("-c:a", "aac"), "ai-assisted-track", {"personal": True}),
    Sample("clip.mov", video("-c:a", "aac"), "voice-clone"),
    Sample("clip.mp4", video("-c:a", "aac"), "ai-track", {"carriers": ("tags", "aigc")}),
    Sample("vorbis.ogg", sound("-c:a", "libvorbis"), "ai-track"),
    Sample("take.opus", sound("-c:a", "libopus"), "ai-assisted-track", {"personal": True}),
    Sample("flac.oga", sound("-c:a", "flac"), "human-made"),
    Sample("take.aac", sound("-c:a", "aac"), "voice-clone"),
    Sample("take.aiff", sound(), "ai-track", key="ps256"),
    Sample("long.wav", sound("-rf64", "always"), "human-made"),
    *(
        Sample(name, lambda path, content=NO_WAV[name][1]: path.write_bytes(content), "ai-track")  # type: ignore[misc]
        for name in ("a.at9", "vorbis.wem", "x.xwma")
    ),
    Sample("big.tif", pillow("TIFF", big_tiff=True), "ai-modified-photo"),
    Sample("still.bmp", pillow("BMP"), "ai-artwork"),
    Sample("bare.jxl", from_png("cjxl"), "human-made"),
    Sample("clip.webm", video("-c:v", "libvpx", "-c:a", "libvorbis"), "ai-track"),
    Sample("take.mka", sound("-c:a", "libopus"), "ai-track"),
    Sample("late.mp3", late_mp3, "ai-track"),
)


@contextmanager
def credentials(work: Path, part: str) -> Iterator[dict[str, Any]]:
    """Yield signers by algorithm, an identity and a time authority; write the anchors, and keep no key."""
    roots = {
        beside(name, part): pki.root(f"provlabel samples, {name[:-4]}{part}", begins=BEGINS, lasts=LASTS)
        for name in LISTS
    }
    root, clock_root, identity_root = roots.values()
    keys = {
        "es256": ec.generate_private_key(ec.SECP256R1()),
        "es384": ec.generate_private_key(ec.SECP384R1()),
        "es512": ec.generate_private_key(ec.SECP521R1()),
        "ps256": rsa.generate_private_key(65537, 2048),
        "ed25519": pki.ed25519_key(),
    }
    long = {"begins": BEGINS, "lasts": LASTS}
    signers: dict[str, Any] = {}
    for name, key in keys.items():
        middle = pki.intermediate(root, **long) if name == "es256" else root
        issued = pki.leaf(middle, key, common=f"provlabel samples {name}", **long)
        uri = pki.write(work / name, issued, root)
        if middle is not root:
            (work / name / "chain.pem").write_text(issued.pem + middle.pem)
        signers[name] = open_signer(uri)
    person = pki.leaf(identity_root, common="Ada Example", eku="1.3.6.1.5.5.7.3.4", **long)
    signers["identity"] = Actor(open_signer(pki.write(work / "identity", person, identity_root)), ["creator"])
    clock = pki.leaf(clock_root, eku=pki.TIME_STAMPING, common="provlabel samples clock", **long)
    with tsa.serving(tsa.Authority(work / "tsa", clock_root, clock)) as (url, _):
        signers["clock"] = Timestamper(urls=(url,), room=3000)
        yield signers
    for name, issued in roots.items():
        (work / "out" / name).write_text(issued.pem)


class Bench(NamedTuple):
    """Where samples are made and signed, and by whom."""

    work: Path
    given: Mapping[str, Any]

    def made(self, name: str) -> Path:
        """Return the content of a sample, without a label."""
        path = self.work / "made" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            next(sample for sample in SAMPLES if sample.name == name).make(path)
        return path

    def out(self, name: str) -> Path:
        """Return the place of what is signed, or was signed earlier."""
        return self.work / "out" / name

    def sign(self, source: Path, name: str, label: str, key: str = "es256", **how: Any) -> None:
        """Label ``source`` as ``name``."""
        label_file(source, self.out(name), load_label(HERE / "labels" / f"{label}.toml"), self.given[key], **how)


def altered(bench: Bench) -> None:
    changed = bytearray(bench.out("take.wav").read_bytes())
    changed[changed.index(b"data") + 100] ^= 1
    bench.out("altered.wav").write_bytes(changed)


PHOTO, TRACK = "ai-modified-photo", "ai-assisted-track"
#: What formats alone do not show: time, identity, history, parts, redaction, pictures, and a change afterwards.
MORE: dict[str, Callable[[Bench], object]] = {
    "stamped.jpg": lambda at: at.sign(at.made("cover.jpg"), "stamped.jpg", "ai-artwork", timestamper=at.given["clock"]),
    "stamped.flac": lambda at: at.sign(
        at.made("take.flac"), "stamped.flac", TRACK, "ed25519", timestamper=at.given["clock"]
    ),
    "vouched.png": lambda at: at.sign(at.made("still.png"), "vouched.png", PHOTO, identity=at.given["identity"]),
    "edited.jpg": lambda at: at.sign(at.out("cover.jpg"), "edited.jpg", PHOTO, "es384"),
    "converted.png": lambda at: at.sign(at.made("still.png"), "converted.png", PHOTO, parents=[at.out("cover.jpg")]),
    "mixed.wav": lambda at: at.sign(
        at.made("take.wav"), "mixed.wav", TRACK, ingredients=[at.out("take.flac"), at.out("take.mp3")]
    ),
    "beside.jpg": lambda at: at.sign(at.made("cover.jpg"), "beside.jpg", "human-made", detached=True),
    "small.jpg": lambda at: at.sign(at.made("cover.jpg"), "small.jpg", "ai-artwork", thumbnail=True),
    "redacted.wav": lambda at: redact_file(at.out("take.wav"), at.out("redacted.wav"), at.given["es256"]),
    "altered.wav": altered,
}


def sign(work: Path, part: str, missing: Sequence[str]) -> None:
    """Write what is missing below ``work/out``, where all else lies already."""
    with credentials(work, part) as given:
        bench = Bench(work, given)
        for sample in SAMPLES:
            if sample.name in missing:
                bench.sign(bench.made(sample.name), sample.name, sample.label, sample.key, **sample.how)
        for name, make in MORE.items():
            if name in missing:
                make(bench)


# --- what is expected of them ----------------------------------------------------------------------


def beside(name: str, part: str) -> str:
    """Return the name of what belongs to a part of a folder: nothing for the first, ``-2`` for what was added then."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{part}{dot}{ending}"


def parts_of(folder: Path) -> list[str]:
    """Return the parts of a folder: each was signed at one time, by keys of its own."""
    found = {path.stem.removeprefix("expected") for path in folder.glob("expected*.json")}
    return sorted(found, key=lambda part: int(part[1:] or 1))


class Expected(NamedTuple):
    """What has to stay as it is of one file, and as of when."""

    at: str
    file: dict[str, Any]


def expected_in(folder: Path) -> dict[str, Expected]:
    """Return what is expected of each file of a folder."""
    expected = {}
    for part in parts_of(folder):
        told = json.loads((folder / beside("expected.json", part)).read_text())
        expected |= {name: Expected(told["at"], file) for name, file in told["files"].items()}
    return expected


def lists_of(folder: Path) -> dict[str, Any]:
    """Return the names of all lists of anchors in a folder, and what each counts for."""
    return {beside(name, part): purpose for part in parts_of(folder) for name, purpose in LISTS.items()}


def trust_of(folder: Path) -> TrustStore:
    """Return the anchors that lie beside the files."""
    store = TrustStore()
    for name, purpose in lists_of(folder).items():
        store += TrustStore.load(folder / name, purpose=purpose)
    return store


def judged(path: Path, at: str, sandbox: Any = None) -> dict[str, Any]:
    """Return what has to stay as it is: verdict, label and findings of one file, as of a fixed time."""
    moment = dt.datetime.fromisoformat(at)
    report = verify_file(path, trust=trust_of(path.parent), personal=True, at=moment, sandbox=sandbox)
    return expected_of(report.files[0])


#: What versions after 0.1.0 tell besides: what the history says about AI.  It makes nothing else of what was there.
_ALSO_TOLD = frozenset({"inherited", "contains", "label.inherited", "label.contains"})


def expected_of(file: FileReport) -> dict[str, Any]:
    label = file.label
    axes = {name: getattr(file.axes, name) for name in file.axes.__struct_fields__}
    axes["label"] = [state for state in file.axes.label if state not in _ALSO_TOLD]
    return {
        "format": file.format,
        "state": file.state,
        "axes": {name: list(value) if isinstance(value, tuple) else value for name, value in axes.items()},
        "kind": label.kind if label else None,
        "label_sha256": _digest([label.value, label.personal]) if label else None,
        "source": file.source,
        "findings": sorted({finding.rule for finding in file.findings} - _ALSO_TOLD),
    }


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> None:
    """Write the folder of this version, or add what is missing in it; what is there is never touched."""
    target = FOLDER / (sys.argv[1] if len(sys.argv) > 1 else __version__)
    target.mkdir(parents=True, exist_ok=True)
    known = expected_in(target)
    missing = [name for name in (*(sample.name for sample in SAMPLES), *MORE) if name not in known]
    if not missing:
        print(f"{target}: nothing is missing")
        return
    part = f"-{len(parts_of(target)) + 1}" if known else ""
    at = (NOW.replace(microsecond=0) + dt.timedelta(days=30)).isoformat()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        shutil.copytree(target, out)
        sign(Path(folder), part, missing)
        told = {"at": at, "signed_by": f"provlabel {__version__}, c2pa-rs {engine.version()}", "files": {}}
        expected = out / beside("expected.json", part)
        expected.write_text(json.dumps(told))  # so that its anchors count
        told["files"] = {name: judged(out / name, at) for name in sorted(missing)}
        expected.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        for path in sorted(out.iterdir()):
            if not (target / path.name).exists():
                (target / path.name).write_bytes(path.read_bytes())
    print(f"{target}: signed {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
