"""Signed files of every format, changed at random: whatever still passes must look, sound and tell the same.

The oracle is no verifier: a decoder that has nothing to do with the engine (Pillow, ffmpeg, miniaudio, libheif, libjxl,
an XML canonicaliser) says what is seen or heard.  What is told are the claim, the label and all other assertions.
"""

from __future__ import annotations

import hashlib
import io
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import msgspec
from PIL import Image, ImageSequence

from proving import ROOT, Figure, rng

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
import sample_files as formats
from project import MEDIA
from provlabel import Label, System, TrustStore, label_file, open_signer, verify_file
from provlabel.evidence import Evidence, Manifest
from provlabel.media.containers import CONTAINERS, ContainerError
from provlabel.media.sidecar import beside
from provlabel.sandbox import Sandbox

WANTED = 200_000
#: Changed copies that one task judges at most; part of what the seed decides.
CHUNK = 250
LABEL = Label(kind="ai_generated", systems=(System(name="AcmeSynth", version="2.1.0"),), title="Lighthouse at dawn")

# --- the signed files ------------------------------------------------------------------------------

#: Samples that are long enough to be slow; a moment of them does as well.
SHORT = {
    "take.wav": ("-t", "0.1", "-c:a", "pcm_s16le"),
    "take.flac": ("-t", "0.3", "-c:a", "flac"),
    "take.mp3": ("-t", "0.3", "-c:a", "libmp3lame"),
}
PICTURES = ("cover.jpg", "still.png")
#: Files with an older label under the newer one.
TWICE = ("cover.jpg", "take.wav", "take.mp3", "aac.m4a", "still.png")


class Seed(NamedTuple):
    """One signed file: where it lies, and as what it is known."""

    name: str
    format: str
    path: Path


def sign_all(folder: Path) -> list[Seed]:
    """Make and sign one file or more of every format; detached manifests lie beside theirs."""
    signer = open_signer(f"test:{folder / 'credential'}")
    seeds = []
    with Sandbox() as sandbox:
        for name, source in _sources(folder):
            dest = folder / f"signed-{name}"
            detached = name in {row[0] for row in formats.DETACHED_ROWS}
            label_file(source, dest, LABEL, signer, detached=detached, sandbox=sandbox)
            seeds.append(_seed(name, dest, sandbox))
            if name in TWICE:
                again = folder / f"again-{name}"
                label_file(dest, again, LABEL, signer, parents=(), sandbox=sandbox)
                seeds.append(_seed(f"again-{name}", again, sandbox))
    return seeds


def _seed(name: str, path: Path, sandbox: Sandbox) -> Seed:
    return Seed(name, str(sandbox.read(path).format), path)


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in PICTURES:
        yield name, MEDIA / name
    for name, options in SHORT.items():
        path = folder / name
        formats.run("ffmpeg", "-v", "error", "-y", "-i", MEDIA / name, *options, *formats.TAGS, path)
        yield name, path
    for name, _, make, _ in (*formats.EMBEDDED_ROWS, *formats.DETACHED_ROWS):
        path = folder / name
        make(path)
        yield name, path


# --- what is done to them --------------------------------------------------------------------------

Mutation = Callable[[random.Random, bytes, bytes], bytes]


def _place(chance: random.Random, content: bytes, most: int = 64) -> tuple[int, int]:
    start = chance.randrange(len(content))
    return start, min(len(content), start + 1 + int(most * chance.random() ** 3))


def _flip(chance: random.Random, content: bytes, _: bytes) -> bytes:
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _several(chance: random.Random, content: bytes, other: bytes) -> bytes:
    for _ in range(chance.randint(2, 8)):
        content = _flip(chance, content, other)
    return content


def _overwrite(chance: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _place(chance, content)
    return (
        content[:start]
        + chance.choice((bytes(end - start), b"\xff" * (end - start), chance.randbytes(end - start)))
        + content[end:]
    )


def _number(chance: random.Random, content: bytes, _: bytes) -> bytes:
    """A length or offset, of either byte order, becomes another one."""
    width = chance.choice((1, 2, 4, 8))
    start = chance.randrange(max(1, len(content) - width))
    order = chance.choice(("big", "little"))
    value = int.from_bytes(content[start : start + width], order)
    value = chance.choice(
        (value + 1, value - 1, value + 8, 0, (1 << 8 * width) - 1, 1 << (8 * width - 1), len(content))
    )
    return content[:start] + (value % (1 << 8 * width)).to_bytes(width, order) + content[start + width :]


def _insert(chance: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:start] + chance.choice((bytes(end - start), chance.randbytes(end - start))) + content[start:]


def _delete(chance: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:start] + content[end:]


def _repeat(chance: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _place(chance, content, 4096)
    return content[:end] + content[start:end] + content[end:]


def _swap(chance: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _place(chance, content, 512)
    to = chance.randrange(len(content) + 1)
    rest = content[:start] + content[end:]
    return rest[:to] + content[start:end] + rest[to:]


def _cut(chance: random.Random, content: bytes, _: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def _append(chance: random.Random, content: bytes, other: bytes) -> bytes:
    start, end = _place(chance, other, 8192)
    return content + chance.choice((other[start:end], b"\0", chance.randbytes(16)))


def _splice(chance: random.Random, content: bytes, other: bytes) -> bytes:
    """A range of another signed file of the format, or of any, at the same place."""
    start, end = _place(chance, content, 4096)
    return content[:start] + other[start:end] + content[end:]


def _parts(content: bytes, row: str) -> list[tuple[int, int]]:
    try:
        walked = list(CONTAINERS[formats.ROWS[row].container].walk(io.BytesIO(content), len(content)))
    except ContainerError:
        return []
    return sorted({(part.start, part.end) for part in walked if part.start < part.end <= len(content)})


MUTATIONS: dict[str, Mutation] = {
    "one bit": _flip, "several bits": _several, "a range overwritten": _overwrite, "a number": _number,
    "inserted": _insert, "deleted": _delete, "repeated": _repeat, "moved": _swap, "cut off": _cut,
    "appended": _append, "spliced": _splice,
}  # fmt: skip


def _on_parts(chance: random.Random, content: bytes, parts: list[tuple[int, int]]) -> bytes:
    """Drop, double, swap or empty whole parts of the container."""
    (a, b), (c, d) = sorted((chance.choice(parts), chance.choice(parts)))
    how = chance.randrange(5)
    if how == 0:
        return content[:a] + content[b:]
    if how == 1:
        return content[:b] + content[a:b] + content[b:]
    if how == 2 and b <= c:
        return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]
    if how == 3:
        return content[:a] + content[b:] + content[a:b]
    start = chance.randrange(a, b)
    return content[:start] + bytes(b - start) + content[b:]


def mutated(chance: random.Random, content: bytes, other: bytes, parts: list[tuple[int, int]]) -> tuple[str, bytes]:
    """Return what was done, and what came of it, which differs from ``content``."""
    while True:
        if parts and chance.random() < 0.12:
            kind, changed = "parts", _on_parts(chance, content, parts)
        elif parts and chance.random() < 0.4:
            # Inside one part, large or small: headers are met as often as samples.
            a, b = chance.choice(parts)
            kind = chance.choice(list(MUTATIONS))
            changed = content[:a] + MUTATIONS[kind](chance, content[a:b], other) + content[b:]
        else:
            kind = chance.choice(list(MUTATIONS))
            changed = MUTATIONS[kind](chance, content, other)
        if changed and changed != content:
            return kind, changed


# --- what is seen, heard and told ------------------------------------------------------------------


def _pictures(path: Path) -> bytes:
    digest = hashlib.sha256()
    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            digest.update(repr((frame.size, frame.mode)).encode())
            digest.update(frame.convert("RGBA").tobytes())
    return digest.digest()


def _converted(*command: str) -> Callable[[Path], bytes]:
    def decode(path: Path) -> bytes:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / "decoded.png"
            formats.run(*(str(path) if part == "IN" else str(made) if part == "OUT" else part for part in command))
            return _pictures(made)

    return decode


def _drawing(path: Path) -> bytes:
    root = ElementTree.fromstring(path.read_bytes())
    for metadata in [item for item in root.iter() if item.tag.endswith("}metadata") or item.tag == "metadata"]:
        for child in list(metadata):
            if child.tag == "{http://c2pa.org/manifest}manifest":
                metadata.remove(child)
    return ElementTree.canonicalize(ElementTree.tostring(root)).encode()


def _streams(path: Path) -> bytes:
    command = ("ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v?", "-map", "0:a?", "-f", "streamhash", "-")
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def _samples(path: Path) -> bytes:
    import miniaudio

    decoded = miniaudio.decode(path.read_bytes())
    return repr((decoded.nchannels, decoded.sample_rate)).encode() + hashlib.sha256(decoded.samples).digest()


DECODERS: dict[str, Callable[[Path], bytes]] = {
    # No program here decodes these: what is heard is their bytes.
    **dict.fromkeys(("ATRAC9", "RIFF sound", "Wwise"), Path.read_bytes),
    "HEIC": _converted("heif-convert", "IN", "OUT"),
    "HEIF": _converted("heif-convert", "IN", "OUT"),
    "JPEG XL": _converted("djxl", "IN", "OUT"),
    "JPEG XL codestream": _converted("djxl", "IN", "OUT"),
    "SVG": _drawing,
    "WAV": _samples, "FLAC": _samples, "MP3": _samples,
}  # fmt: skip


#: What stands for the content of a file that no decoder reads.
REFUSAL = b"not decoded: "


def seen_or_heard(format_name: str, path: Path) -> bytes:
    """Return a digest of what a decoder makes of the file, or of its refusal."""
    media = formats.ROWS[format_name].media
    decode = DECODERS.get(format_name, _pictures if media == "image" else _streams)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return decode(path)
    except Exception as exc:
        return REFUSAL + type(exc).__name__.encode()


def told(evidence: Evidence) -> list[Manifest]:
    """Return claims, labels and assertions of all manifests, but not what the unsigned header of a signature says."""
    replace = msgspec.structs.replace
    return [
        replace(item, codes=(), signing=item.signing and replace(item.signing, stamped="", sealed=False))
        for item in evidence.manifests
    ]


# --- the run ---------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What came of a chunk."""

    cases: Counter[str]
    passed: Counter[str]  #: by the mutation
    states: Counter[str]
    excepted: Counter[str]
    wrong: list[str]
    slowest: float  #: seconds for one file, a new worker for one that died included


@cache
def _sandbox() -> Sandbox:
    return Sandbox()


def run_chunk(seed: Seed, others: tuple[Path, ...], root: Path, chance_of: tuple[int, str, int], count: int) -> Outcome:
    """Judge so many changed copies of one file."""
    chance, trust = rng(*chance_of), TrustStore.load(root, test=True)
    content = seed.path.read_bytes()
    manifest = beside(seed.path)
    detached = manifest.read_bytes() if manifest.exists() else b""
    parts = _parts(content, seed.format)
    ftyp = next(((a, b) for a, b in parts if content[a + 4 : a + 8] == b"ftyp"), None)
    genuine = told(_sandbox().read(seed.path, trust, manifest))
    original = seen_or_heard(seed.format, seed.path)
    # Else every change would look the same: it is decoded as little.
    assert not original.startswith(REFUSAL), f"{seed.name}: {original.decode()}"
    out = Outcome(Counter(), Counter(), Counter(), Counter(), [], 0.0)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / seed.path.name
        for number in range(count):
            other = chance.choice(others).read_bytes()
            of_manifest = bool(detached) and chance.random() < 0.5
            kind, changed = (
                mutated(chance, detached, other, []) if of_manifest else mutated(chance, content, other, parts)
            )
            path.write_bytes(content if of_manifest else changed)
            if detached:
                beside(path).write_bytes(changed if of_manifest else detached)
            begun = time.monotonic()
            judged = verify_file(path, trust=trust, sandbox=_sandbox()).files[0]
            out = out._replace(slowest=max(out.slowest, time.monotonic() - begun))
            out.cases[seed.format] += 1
            out.states[judged.state] += 1
            if not judged.passed:
                continue
            out.passed[kind] += 1
            same = told(_sandbox().read(path, trust, beside(path))) == genuine
            if same and seen_or_heard(seed.format, path) == original:
                continue
            if same and ftyp and _only_in(ftyp, content, changed):
                out.excepted["brands of an ftyp box (no hash covers them; C2PA 2.4 §A.5.6)"] += 1
                continue
            kept = Path(tempfile.gettempdir()) / f"accepted-{seed.name}-{number}{seed.path.suffix}"
            kept.write_bytes(changed)
            out.wrong.append(f"{seed.name}: {kind}, {'' if same else 'another claim, '}kept as {kept}")
    return out


def _only_in(place: tuple[int, int], content: bytes, changed: bytes) -> bool:
    start, end = place
    return len(content) == len(changed) and content[:start] == changed[:start] and content[end:] == changed[end:]


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """0 accepted changes of decoded media, label or claim."""
    wanted = int(WANTED * scale)
    cases, passed, states, excepted = (Counter[str]() for _ in range(4))
    wrong: list[str] = []
    slowest, stopped = 0.0, []
    with tempfile.TemporaryDirectory() as made, ProcessPoolExecutor(2) as pool:
        folder = Path(made)
        seeds = sign_all(folder)
        root = folder / "credential" / "root.pem"
        each = -(-wanted // len(seeds))
        tasks = [
            pool.submit(run_chunk, one, _others(one, seeds), root, (seed, one.name, number), min(CHUNK, each - number))
            for one in seeds
            for number in range(0, each, CHUNK)
        ]
        for task in tasks:
            try:
                outcome = task.result()
            except Exception as exc:  # the main process of a chunk died, or something escaped from the library
                stopped.append(repr(exc)[:200])
                continue
            for total, part in zip((cases, passed, states, excepted), outcome[:4], strict=True):
                total.update(part)
            wrong += outcome.wrong
            slowest = max(slowest, outcome.slowest)
    missing = sorted({row.name for row in formats.FORMATS} - set(cases))
    yield Figure(
        "changed files, over all formats that can be signed",
        f">= {wanted:,}",
        f"{cases.total():,} of {len(cases)} formats",
        cases.total() >= wanted and not missing,
        f"not made: {', '.join(missing)}" if missing else "",
    )
    by_name = "; ".join(f"{name}: {count}" for name, count in sorted(excepted.items()))
    yield Figure(
        "of them accepted with other pixels, samples, label or claim",
        "0",
        str(len(wrong)),
        not wrong,
        "; ".join([*wrong[:9], f"excepted by name: {by_name or 'none'}"]),
    )
    yield Figure(
        "deaths and exceptions of the processes that judged them",
        "0",
        str(len(stopped)),
        not stopped,
        "; ".join(stopped[:5]),
    )
    yield Figure("time of the slowest of them", "<= 2 s", f"{slowest:.2f} s", slowest <= 2)
    same = ", ".join(f"{kind} {count}" for kind, count in passed.most_common(4))
    yield Figure(
        "accepted, and the same to a decoder and a reader",
        "shown",
        f"{passed.total() - len(wrong):,}",
        True,
        f"padding in the signature's header and in boxes, bytes that no decoder reads ({same})",
    )
    yield Figure("verdicts", "shown", ", ".join(f"{name} {count:,}" for name, count in states.most_common()), True)


def _others(one: Seed, seeds: list[Seed]) -> tuple[Path, ...]:
    same = tuple(item.path for item in seeds if item.format == one.format and item is not one)
    return same + tuple(item.path for item in seeds[:5])
