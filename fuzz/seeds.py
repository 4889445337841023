"""What harnesses begin with: small honest files of every format, signed ones, and statements about them.

All of it is made here, by script: from the samples, by Pillow, by ``ffmpeg`` where it is there, and by the
helpers of the tests.  ``corpora.py`` writes it to ``fuzz/corpora/`` once; without that folder each seed is made
when it is asked for.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CORPORA = ROOT / "fuzz" / "corpora"
#: A folder in memory where there is one: harnesses write small files by the thousand.
SHM = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
_PLACES = (ROOT / "tests" / "helpers", ROOT / "fuzz")
sys.path[:0] = [entry for entry in map(str, _PLACES) if entry not in sys.path]

_KEPT_BYTES = 3_000  # of a sample's sound


# --- media -----------------------------------------------------------------------------------------


def _pillow(kind: str, **options: Any) -> bytes:
    from PIL import Image

    made = io.BytesIO()
    picture = Image.radial_gradient("L").resize((24, 16)).convert("RGB")
    picture.save(made, kind, **options)
    return made.getvalue()


def _wav() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((1, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(range(256)) * 4)
    return made.getvalue()


def _beginning(name: str) -> bytes:
    return (ROOT / "samples" / "media" / name).read_bytes()[:_KEPT_BYTES]


def _mp3() -> bytes:
    """The sample without its tag, which holds a cover."""
    content = (ROOT / "samples" / "media" / "take.mp3").read_bytes()
    start = 10 + (content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9])
    return content[start : start + _KEPT_BYTES]


def _exif() -> Any:
    from PIL import Image

    made = Image.Exif()
    made[0x010E], made[0x8298] = "Lighthouse at dawn", "The provlabel founders, CC0"
    return made


_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
    b'"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"><dc:title><rdf:Alt>'
    b'<rdf:li xml:lang="x-default">Lighthouse</rdf:li></rdf:Alt></dc:title><dc:rights>CC0</dc:rights>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
_SVG = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg [<!ENTITY a "b">]>\n<svg xmlns="http://www.w3.org/2000/svg" '
    'width="8" height="8"><title>Dawn</title><metadata><x xmlns="urn:x">kept</x></metadata><rect width="4"/></svg>\n'
)

#: Name of the file -> how it is made without any program.
PLAIN = {
    "a.jpg": lambda: _pillow("JPEG", exif=_exif(), xmp=_XMP),
    "a.png": lambda: _pillow("PNG", exif=_exif()),
    "a.webp": lambda: _pillow("WEBP", exif=_exif(), xmp=_XMP),
    "a.gif": lambda: _pillow("GIF", comment=b"Lighthouse"),
    "a.tif": lambda: _pillow("TIFF", description="Lighthouse", compression="tiff_lzw"),
    "a.dng": lambda: _pillow("TIFF", tiffinfo={50706: b"\x01\x04\x00\x00", 271: "Acme", 272: "Model 1"}),
    "a.avif": lambda: _pillow("AVIF", exif=_exif()),
    "a.svg": lambda: _SVG.encode(),
    "a.wav": _wav,
    "streamed.wav": lambda: _wav().replace(_wav()[4:8], b"\xff" * 4, 1)[:40] + b"\xff" * 4 + _wav()[44:],
    "a.mp3": _mp3,
    "a.flac": lambda: _beginning("take.flac"),
    "a.bmp": lambda: _pillow("BMP"),
    "big.tif": lambda: _pillow("TIFF", big_tiff=True),
}
_TAGS = ("-metadata", "title=Dawn", "-metadata", "artist=Founders", "-metadata", "isrc=GBABC2600001")
_SOUND = ("-f", "lavfi", "-i", "sine=d=0.1:r=8000")
_FILM = ("-f", "lavfi", "-i", "testsrc=s=16x16:d=0.2:r=5", *_SOUND, "-shortest")
#: And with ffmpeg.
MADE = {
    "a.m4a": (*_SOUND, "-c:a", "aac"),
    "a.mp4": (*_FILM, "-c:a", "aac"),
    "fast.mp4": (*_FILM, "-c:a", "aac", "-movflags", "+faststart"),
    "fragments.mp4": (*_FILM, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
    "a.mov": (*_FILM, "-c:a", "aac"),
    "tagged.mp3": (*_SOUND, "-c:a", "libmp3lame"),
    "tagged.flac": (*_SOUND, "-c:a", "flac"),
    "tagged.wav": (*_SOUND, "-write_bext", "1", "-metadata", "description=a take"),
    "a.ogg": (*_SOUND, "-c:a", "libvorbis"),
    "a.opus": (*_SOUND, "-c:a", "libopus"),
    "a.aac": (*_SOUND, "-c:a", "aac"),
    "a.aiff": (*_SOUND, "-write_id3v2", "1"),
    "rf64.wav": (*_SOUND, "-rf64", "always"),
    "a.webm": (*_FILM, "-c:v", "libvpx", "-c:a", "libvorbis"),
}
#: And by programs of their own, as :mod:`sample_files` makes them.
OF_TESTS = ("still.heic", "boxed.jxl")


def _by_ffmpeg(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        subprocess.run(["ffmpeg", "-v", "error", "-y", *MADE[name], *_TAGS, path], check=True, capture_output=True)
        return path.read_bytes()


def _by_tests(name: str) -> bytes:
    import sample_files

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        sample_files.MAKERS[name](path)
        return path.read_bytes()


@functools.cache
def media(name: str) -> bytes:
    """Return the file of this name: from ``corpora/``, or made now."""
    kept = CORPORA / "media" / name
    if kept.is_file():
        return kept.read_bytes()
    if name in PLAIN:
        return bytes(PLAIN[name]())
    return _by_ffmpeg(name) if name in MADE else _by_tests(name)


def names(*, whole: bool = False) -> tuple[str, ...]:
    """Return the names of the files that can be had: at once, or ``whole`` with all that programs make."""
    others = [name for name in (*MADE, *OF_TESTS) if (CORPORA / "media" / name).is_file() or (whole and _can(name))]
    return (*PLAIN, *others)


def _can(name: str) -> bool:
    return bool(shutil.which("ffmpeg" if name in MADE else {"still.heic": "heif-enc", "boxed.jxl": "cjxl"}[name]))


# --- signed media ----------------------------------------------------------------------------------


@functools.cache
def folder() -> Path:
    """Return a folder for keys and scratch files: of this process, and gone with it."""
    import atexit

    made = Path(tempfile.mkdtemp(prefix="provlabel-fuzz-", dir=SHM))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.cache
def issued() -> tuple[Any, Any]:
    """Return a root and a signer below it, of this process alone."""
    import pki

    top = pki.root("Fuzz Root")
    return top, pki.leaf(top, common="Fuzz Signer")


@functools.cache
def signer() -> Any:
    """Return the signer of all signed seeds."""
    import pki
    from provlabel import open_signer

    return open_signer(pki.write(folder() / "key", issued()[1]))


@functools.cache
def trust() -> Any:
    """Return the anchors of that signer."""
    from provlabel import TrustStore

    path = folder() / "root.pem"
    path.write_text(issued()[0].pem)
    return TrustStore.load(path)


LABEL = {
    "kind": "ai_generated",
    "title": "Dawn",
    "systems": [{"name": "AcmeSynth", "version": "2.1.0"}],
    "event_time": "2026-11-22T10:00:00Z",
    "china": {"producer": "00119111", "produce_id": "a1"},
}


@functools.cache
def signed(name: str) -> bytes:
    """Return the file of this name with a label in it, signed by :func:`signer`; raises where none can be embedded."""
    from provlabel import label_file
    from provlabel.label import label_from_dict

    source, dest = folder() / name, folder() / f"signed-{name}"
    source.write_bytes(media(name))
    label_file(source, dest, label_from_dict(LABEL), signer(), sandbox=sandbox())
    return dest.read_bytes()


@functools.cache
def sandbox() -> Any:
    """Return the sandbox in which seeds are read."""
    from provlabel.sandbox.pool import shared_sandbox

    return shared_sandbox()


@functools.cache
def signed_all(*, whole: bool = False) -> dict[str, bytes]:
    """Return every file that a label can be embedded into, signed."""
    from provlabel.errors import ProvlabelError

    found = {}
    for name in names(whole=whole):
        with contextlib.suppress(ProvlabelError):
            found[name] = signed(name)
    return {name: content for name, content in found.items() if content != media(name)}


@functools.cache
def store() -> bytes:
    """Return one manifest store."""
    from provlabel.media.containers import stores_of

    png = signed("a.png")
    return stores_of("png", io.BytesIO(png), len(png))[0]


@functools.cache
def evidence() -> Any:
    """Return what the sandbox saw of a signed picture."""
    return sandbox().read_bytes(signed("a.jpg"), trust())


@functools.cache
def crjson() -> bytes:
    """Return what the engine says of a signed picture."""
    import msgspec

    from provlabel import engine

    png = signed("a.png")
    reading = engine.read(io.BytesIO(png), "image/png", trust())
    assert reading is not None
    return msgspec.json.encode(reading.crjson)


# --- statements ------------------------------------------------------------------------------------


def carriers() -> Iterator[bytes]:
    """Yield an XMP packet as it is written into files."""
    yield _XMP


@functools.cache
def chain() -> tuple[bytes, ...]:
    """Return a chain, leaf first, with places to ask about it, then its root; DER."""
    from pki_answers import the_scene

    scene = the_scene()
    return (*scene.chain, _der(scene.root))


def _der(one: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(one.certificate.public_bytes(Encoding.DER))


@functools.cache
def answers() -> tuple[bytes, bytes]:
    """Return an OCSP response and a CRL about that chain; DER."""
    from pki_answers import response, revoked_list, the_scene

    scene = the_scene()
    return response(scene.leaf, scene.middle), revoked_list(scene.middle)


#: What the stamped message of :func:`reply` was, and the nonce.
MESSAGE, NONCE = b"fuzz", 1 << 63 | 7


@functools.cache
def reply() -> bytes:
    """Return the answer of a time authority to a question of ours; of ``openssl``, or none without it."""
    if not shutil.which("openssl"):
        return b"0\x03\x02\x01\x00"
    import tsa
    from provlabel.trust import timestamps

    return tsa.Authority(folder() / "clock", _clock_root()).answer(timestamps.request(MESSAGE, NONCE))


def clock_root() -> str:
    """Return the root of that authority, PEM."""
    return str(_clock_root().pem)


@functools.cache
def _clock_root() -> Any:
    import pki

    return pki.root("Clock")


def pem(der: bytes) -> bytes:
    """Return a certificate as text."""
    body = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def name_of(content: bytes) -> str:
    """Return the name under which an input is kept."""
    return hashlib.sha256(content).hexdigest()[:16]
