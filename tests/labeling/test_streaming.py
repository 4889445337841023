"""Files that are written around a hole: the engine's own way, other verifiers and decoders agree with ours."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import encypher_c2pa
import msgspec
import pytest
from hypothesis import given, strategies as st

import audio_files
from bare_engine import Callback
from mp3_tags import UNPARSEABLE, with_frames
from project import SAMPLES, engine_credential, needs
from provlabel import EngineError, InputError, Label, Prompt, TrustStore, label_file
from provlabel._support.times import now
from provlabel.engine import signing as engine_signing
from provlabel.evidence import Evidence
from provlabel.label import signed_label
from provlabel.labeling import publish as publishing, signature as signing
from provlabel.manifest.write import definition
from provlabel.media import copy as streaming
from provlabel.media.containers import CONTAINERS, ContainerError, NoHole, TooLarge, hole_for, jpeg, stores_of
from provlabel.media.containers.edits import Edit, Edited, rewrite
from provlabel.media.formats import BY_NAME
from provlabel.sandbox import Sandbox, reading
from provlabel.sandbox.pool import SandboxPool
from provlabel.sandbox.protocol import Request
from provlabel.signers import Signer
from provlabel.verdict import judge
from sample_files import MAKERS, bare_mp3
from streamed import by_engine, by_us, said

PICTURES = ("animated.png", "lossy.webp", "lossless.webp", "animated.webp", "broadcast.wav")
SOUNDS = tuple(name for name in audio_files.KINDS if name.endswith((".mp3", ".flac", ".wav")))
WAYS = [*SAMPLES, *PICTURES, *SOUNDS]


def _sound(start: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        audio_files.KINDS[start](path)
        path.write_bytes(change(path.read_bytes()))

    return make


def _endless(content: bytes) -> bytes:
    """The media, which comes last, does not say where it ends."""
    at = content.index(b"mdat") - 4
    assert at + int.from_bytes(content[at : at + 4], "big") == len(content)
    return content[:at] + bytes(4) + content[at + 4 :]


def _with_long_media(content: bytes) -> bytes:
    """The media says its size in 64 bits, in the place of the padding in front of it."""
    at = content.index(b"mdat") - 4
    assert content[at - 8 : at] == struct.pack(">I4s", 8, b"free")
    size = int.from_bytes(content[at : at + 4], "big") + 8
    return content[: at - 8] + struct.pack(">I4sQ", 1, b"mdat", size) + content[at + 8 :]


def _on_both_sides(content: bytes) -> bytes:
    """The movie box, which came last, has media in front of it and behind it."""
    end, made = content.rindex(b"moov") - 4, bytearray(content)
    tables = [found.end() + 4 for found in re.compile(b"stco").finditer(content, end)]
    starts = sorted(offset for at in tables for offset in offsets(content[at - 12 :]))
    first = starts[len(starts) // 2]
    assert starts[0] < first
    for at in tables:
        old = offsets(content[at - 12 :])
        new = [offset - first + len(content) + 8 if offset >= first else offset for offset in old]
        struct.pack_into(f">{len(new)}I", made, at + 4, *new)
    return bytes(made) + struct.pack(">I4s", 8 + end - first, b"mdat") + content[first:end]


BUILT = {
    "endless.m4a": _sound("early.m4a", _endless),
    "longest.m4a": _sound("late.m4a", _with_long_media),
    "both.mov": _sound("keys.mov", _on_both_sides),
    "wide.m4a": _sound("early.m4a", audio_files.wide),
}
#: Files of boxes, which the engine hashes after we have written them.
MOVIES = (
    *BUILT,
    *(name for name in audio_files.KINDS if name.endswith((".m4a", ".mp4", ".mov"))),
    *("aac.m4a", "fast.m4a", "alac.m4a", "sound-only.mp4", "clip.mp4", "clip.mov"),
)
#: Files of fragments and of items, whose places we move as well.
ITEMS = ("fragments.mp4", "still.avif", "animated.avif", *(["still.heic"] if shutil.which("heif-enc") else []))
#: What the engine would lose: bytes behind the end that a RIFF file declares.
LOST = "more.wav"

Make = Callable[[str], Path]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sounds")


@pytest.fixture
def make(kept: Path, tmp_path: Path) -> Make:
    """Return a fresh copy of a sample, a picture or a sound, made once."""

    def make_one(name: str) -> Path:
        whole = kept / name
        if not whole.exists():
            if name in SAMPLES:
                whole.write_bytes((audio_files.MEDIA / name).read_bytes())
            else:
                (BUILT.get(name) or audio_files.KINDS.get(name) or MAKERS[name])(whole)
        copy = tmp_path / name
        copy.write_bytes(whole.read_bytes())
        return copy

    return make_one


def as_written(name: str, make: Make, label: Label, signer: Signer, sandbox: Sandbox, again: bool) -> Path:
    path = make(name)
    out = path.with_name(f"out-{name}")
    label_file(path, out, label, signer, replace=True, sandbox=sandbox)
    if again:
        first = out.rename(path.with_name(f"first-{name}"))
        label_file(first, out, msgspec.structs.replace(label, title="again"), signer, sandbox=sandbox)
    return out


@needs("ffmpeg")
@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("name", [*(name for name in WAYS if name != LOST), *MOVIES, *ITEMS])
def test_both_ways_read_alike(
    name: str, again: bool, make: Make, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        by_us(patch)
        ours = as_written(name, make, label, signer, sandbox, again)
    seen, content = sandbox.read(ours), ours.read_bytes()
    by_engine(monkeypatch)
    theirs = sandbox.read(as_written(name, make, label, signer, sandbox, again))
    verdict = judge(seen, at=now())
    assert verdict.holds
    assert verdict.axes.content == "intact"
    assert len(seen.manifests) == 1 + again
    assert said(seen) == said(theirs)
    mime = BY_NAME[str(seen.format)].mime
    second = json.dumps(encypher_c2pa.verify(content, mime, telemetry=False))
    assert f"assertion.{'bmff' if name in (*MOVIES, *ITEMS) else 'data'}Hash.match" in second, second
    assert "mismatch" not in second, second


@needs("ffmpeg")
@pytest.mark.parametrize("name", WAYS)
def test_every_part_stays_but_for_the_manifest(
    name: str, make: Make, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = receipted(make(name), label, signer, sandbox, monkeypatch)
    assert parts(out) == parts(source)


def receipted(
    source: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """Label a file in our way, hold its receipt against both files, and return them."""
    by_us(monkeypatch)
    out = source.with_name(f"out-{source.name}")
    receipt = label_file(source, out, label, signer, carriers=(), sandbox=sandbox)
    assert receipt.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert receipt.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    return source, out


def parts(path: Path) -> list[tuple[str, bytes]]:
    """What a file is made of, but for its manifest, the sizes in its head, and those of ID3 that ffmpeg gets wrong."""
    content, fmt = path.read_bytes(), audio_files.format_of(path)
    found = CONTAINERS[fmt.container].walk(io.BytesIO(content), len(content))
    sized = 8 if fmt.name == "MP3" else 0
    return [
        (part.name, content[part.start + (sized if part.role == "metadata" else 0) : part.end])
        for part in found
        if part.role != "manifest" and part.name not in ("header", "padding")
    ]


@needs("ffmpeg")
@pytest.mark.parametrize(
    "name", ["cover.jpg", "still.png", "lossy.webp", "odd.wav", "v23.mp3", "id3.flac", "bare.flac"]
)
@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_reading_back_once_agrees_with_the_full_reading(
    name: str, again: bool, make: Make, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    holes: list[Any] = []
    reread = publishing.reread
    monkeypatch.setattr(publishing, "reread", lambda *a: holes.append(a[2]) or reread(*a))
    out = as_written(name, make, label, signer, sandbox, again)
    monkeypatch.setattr(reading, "LARGE", 0)
    full, once = answered(out, None), answered(out, holes[-1])
    assert once.engine_state == "Invalid"  # its word about a manifest without content
    comparable = {"engine_state": full.engine_state, "seconds": full.seconds}
    assert sorted_codes(msgspec.structs.replace(once, **comparable)) == sorted_codes(full)
    monkeypatch.undo()
    assert reading.reread(out, TrustStore(), holes[-1]) == full == sandbox.read(out)
    monkeypatch.setattr(reading, "LARGE", 0)

    start, length = holes[-1]
    content = bytearray(out.read_bytes())
    for wrong in ((start + 1, length - 1), (start, length - 1), (start, length + 1), (0, length)):
        assert not judge(answered(out, wrong), at=now()).holds
    for place in (0, start - 1, start + length + 4, len(content) - 1):
        if place >= len(content):
            continue
        changed = content.copy()
        changed[place] ^= 1
        out.write_bytes(changed)
        assert not judge(answered(out, holes[-1]), at=now()).holds, place


def answered(path: Path, hole: tuple[int, int] | None) -> Evidence:
    """Read a file here, under no limits."""
    request = Request(path=os.fsencode(path), hole=hole)
    with path.open("rb") as stream:
        return reading.read_guarded(stream, path.stat().st_size, request)


def sorted_codes(evidence: Evidence) -> Evidence:
    replace = msgspec.structs.replace
    manifests = [
        replace(item, codes=tuple(sorted(item.codes, key=lambda code: (code.code, code.url))))
        for item in evidence.manifests
    ]
    return replace(evidence, manifests=tuple(manifests))


# --- large files -----------------------------------------------------------------------------------


def large(name: str, folder: Path) -> Path:
    """A file of some 17 MB of noise."""
    path, noise = folder / name, os.urandom(1 << 20) * 17
    if name.endswith(".wav"):
        head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16)
        body = head + b"data" + struct.pack("<I", len(noise)) + noise
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    elif name.endswith(".m4a"):
        path.write_bytes(movie(b"one", b"two") + box(b"mdat", noise))
    else:
        path.write_bytes((audio_files.MEDIA / f"take{path.suffix}").read_bytes() + noise)
    return path


@pytest.mark.parametrize("name", ["large.wav", "large.mp3", "large.flac", "large.m4a"])
def test_a_large_file_is_labeled_and_receipted(
    name: str, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_us(monkeypatch)
    source, out = large(name, tmp_path), tmp_path / f"out-{name}"
    receipt = label_file(source, out, label, signer, sandbox=sandbox)
    assert receipt.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert receipt.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    seen = sandbox.read(out)
    assert seen.sha256 == receipt.sha256
    assert judge(seen, at=now()).holds


def test_a_large_file_has_its_digest_whichever_way_it_goes(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = large("large.wav", tmp_path)
    wanted = hashlib.sha256(source.read_bytes()).hexdigest()
    assert label_file(source, None, label, signer, detached=True, sandbox=sandbox).source_sha256 == wanted
    (tmp_path / "large.wav.c2pa").unlink()
    by_engine(monkeypatch)
    assert label_file(source, None, label, signer, sandbox=sandbox).source_sha256 == wanted


def test_a_wav_that_would_pass_4_gib_is_refused_before_anything_is_written(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source = tmp_path / "huge.wav"
    sound = (1 << 32) - 1000
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16) + b"data" + struct.pack("<I", sound)
    with source.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(head) + sound) + head)
        file.truncate(8 + len(head) + sound)
    with pytest.raises(EngineError, match=r"huge\.wav: the manifest cannot be embedded: .* 4 GiB") as caught:
        label_file(source, None, label, signer, carriers=(), sandbox=sandbox)
    assert "--detached" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["huge.wav"]


def test_a_source_that_shrinks_while_it_is_copied_leaves_nothing(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = large("large.wav", tmp_path)
    copy = signing.copy_around

    def shrinking(*args: Any, **options: Any) -> Any:
        os.truncate(source, 8 << 20)
        return copy(*args, **options)

    monkeypatch.setattr(signing, "copy_around", shrinking)
    with pytest.raises(InputError, match="changed while it was read"):
        label_file(source, None, label, signer, sandbox=sandbox)
    assert [path.name for path in tmp_path.iterdir()] == ["large.wav"]


def test_a_disk_that_fails_at_the_end_is_told(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provlabel import OutputError

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    source = large("large.wav", tmp_path)
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OutputError, match="input/output error"):
        label_file(source, None, label, signer, sandbox=sandbox)
    assert [path.name for path in tmp_path.iterdir()] == ["large.wav"]


def test_hashing_beside_stops_when_the_reader_fails(tmp_path: Path) -> None:
    path = large("large.wav", tmp_path)
    with path.open("rb") as stream:
        reading, before = streaming.digesting(stream, path.stat().st_size), threading.active_count()
        with pytest.raises(ValueError, match="no more"), reading:
            raise ValueError("no more")
        assert threading.active_count() == before


# --- files of boxes --------------------------------------------------------------------------------

HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def leaves(content: bytes, at: int = 0, end: int | None = None, above: str = "") -> list[tuple[str, bytes]]:
    """Every box, those that hold chunk offsets entered; heads of what is entered are boxes too."""
    end, found = len(content) if end is None else end, []
    while at < end:
        size, kind = struct.unpack_from(">I4s", content, at)
        head = 16 if size == 1 else 8
        size = {0: end - at, 1: int.from_bytes(content[at + 8 : at + 16], "big")}.get(size, size)
        path = f"{above}/{kind.decode('latin-1')}"
        if kind in HOLDERS:
            found += [(path, content[at : at + head]), *leaves(content, at + head, at + size, path)]
        else:
            found.append((path, content[at : at + size]))
        at += size
    return found


def offsets(table: bytes) -> tuple[int, ...]:
    count = int.from_bytes(table[12:16], "big")
    return struct.unpack_from(f">{count}{'Q' if table[4:8] == b'co64' else 'I'}", table, 16)


@needs("ffmpeg")
@needs("exiftool")
@pytest.mark.parametrize("name", MOVIES)
def test_only_offsets_of_chunks_change_in_a_movie(
    name: str, make: Make, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = receipted(make(name), label, signer, sandbox, monkeypatch)
    old, (first, second, *rest) = leaves(source.read_bytes()), leaves(out.read_bytes())
    assert second[1][8:24] == C2PA
    new, growth, tables = [first, *rest], len(second[1]), 0
    assert [path for path, _ in new] == [path for path, _ in old]
    for (path, before), (_, after) in zip(old, new, strict=True):
        if path.endswith(("/stco", "/co64")):
            assert offsets(after) == tuple(offset + growth for offset in offsets(before))
            tables += 1
        else:
            assert after == before, path
    assert tables
    assert audio_files.sound(out) == audio_files.sound(source)
    assert audio_files.ffprobe(out) == audio_files.ffprobe(source)
    assert described(out) == described(source)


def described(path: Path) -> dict[str, list[Any]]:
    """What exiftool reads of a movie, durations of all tracks included, but for where its media lies."""
    found = audio_files.exiftool(path)
    groups = {name.partition(":")[0] for name in found}
    assert {"QuickTime", "Track1"} <= groups
    strange = ("ExifTool", "System", "JUMBF", "CBOR", "JSON", "C2PA", "XML")
    return {
        name: values
        for name, values in found.items()
        if not name.startswith(strange) and name not in ("QuickTime:MediaDataOffset", "QuickTime:UUID-Unknown")
    }


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["early.m4a", "late.m4a", "clip.mov"])
def test_a_movie_signed_elsewhere_and_with_room_for_a_timestamp(
    name: str, make: Make, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_us(monkeypatch)
    source = make(name)
    out = source.with_name(f"out-{name}")
    label_file(source, out, label, Callback(signer), stamp_room=6000, sandbox=sandbox)
    seen = sandbox.read(out)
    assert judge(seen, at=now()).axes.content == "intact"
    assert judge(seen, at=now()).holds
    second = encypher_c2pa.verify(out.read_bytes(), BY_NAME[str(seen.format)].mime, telemetry=False)
    assert (second["integrity"], second["hard_binding"]) == ("valid", "match")
    assert audio_files.sound(out) == audio_files.sound(source)


def test_what_the_engine_hashed_is_read_back_by_the_engine(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    holes: list[Any] = []
    reread = publishing.reread
    monkeypatch.setattr(publishing, "reread", lambda *a: holes.append(a[2]) or reread(*a))
    by_us(monkeypatch)
    source = large("large.m4a", tmp_path)
    out = tmp_path / "out.m4a"
    label_file(source, out, label, signer, sandbox=sandbox)
    assert not any(holes)
    content = out.read_bytes()
    for place in (len(content) - 1, content.index(b"onetwo")):
        changed = bytearray(content)
        changed[place] ^= 1
        out.write_bytes(changed)
        assert judge(sandbox.read(out), at=now()).axes.content == "altered"


def test_a_disk_that_fills_up_while_a_movie_is_written_is_told(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provlabel import OutputError

    def broken(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    source = large("large.m4a", tmp_path)
    monkeypatch.setattr(signing, "copy_around", broken)
    with pytest.raises(OutputError, match="no space left"):
        label_file(source, None, label, signer, carriers=(), sandbox=sandbox)
    assert [path.name for path in tmp_path.iterdir()] == ["large.m4a"]


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


FTYP = box(b"ftyp", b"M4A \0\0\0\0M4A mp42isom")
HERE = box(b"dref", struct.pack(">II", 0, 1), box(b"url ", b"\0\0\0\1"))
ELSEWHERE = box(b"dref", struct.pack(">II", 0, 1), box(b"url ", b"\0\0\0\0x.mp4\0"))


def table(*places: int, form: str = "I") -> bytes:
    kind = b"stco" if form == "I" else b"co64"
    return box(kind, struct.pack(f">II{len(places)}{form}", 0, len(places), *places))


def moov(*samples: bytes, refs: bytes = HERE, more: bytes = b"", of_track: bytes = b"") -> bytes:
    """A movie of one track, as far as places go."""
    sound = box(b"hdlr", bytes(8), b"soun", bytes(13))
    media = box(b"mdia", sound, box(b"minf", box(b"dinf", refs), box(b"stbl", *samples)))
    return box(b"moov", box(b"mvhd", bytes(100)), box(b"trak", media, of_track), more)


def c2pa(length: int) -> bytes:
    return box(b"uuid", C2PA, bytes(4), b"manifest\0", bytes(8), box(b"jumb", bytes(length)))


def movie(*chunks: bytes, form: str = "I", old: bytes = b"", late: bool = False) -> bytes:
    """A file whose table says where each of the chunks lies."""
    size = len(moov(table(*map(len, chunks), form=form)))
    at = len(FTYP + old) + 8 + (0 if late else size)
    starts = [at + sum(map(len, chunks[:index])) for index in range(len(chunks))]
    first, second = moov(table(*starts, form=form)), box(b"mdat", *chunks)
    return FTYP + old + (second + first if late else first + second)


@given(
    st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=5),
    st.sampled_from("IQ"),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 400)),
    st.integers(9, 400),
)
def test_chunks_are_found_where_the_table_says(
    chunks: list[bytes], form: str, late: bool, old: int | None, length: int
) -> None:
    content = movie(*chunks, form=form, late=late, old=b"" if old is None else c2pa(old))
    store = length.to_bytes(4, "big") + b"jumb" + bytes(length - 8)
    room = hole_for("isobmff", io.BytesIO(content), len(content), length)
    dest = io.BytesIO()
    streaming.copy_around(Edited(io.BytesIO(content), len(content)), room, dest, hash_result=False)
    dest.seek(room.start)
    assert dest.write(room.fill(store)) == room.length
    made = dest.getvalue()
    assert stores_of("isobmff", dest, len(made)) == (store,)
    found = [(path, body) for path, body in leaves(made) if path.endswith(("stco", "co64"))]
    starts = offsets(found[0][1])
    assert [made[at : at + len(chunk)] for at, chunk in zip(starts, chunks, strict=True)] == chunks
    assert len(made) == len(movie(*chunks, form=form)) + room.length


MEDIA = box(b"mdat", b"sound")
PLAIN = moov(table(900))


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("not one ftyp", box(b"wide") + PLAIN + MEDIA),
        ("not one ftyp", FTYP + PLAIN + FTYP + MEDIA),
        ("not have one movie", FTYP + PLAIN + MEDIA + PLAIN),
        ("index in front", box(b"sidx") + FTYP + PLAIN + MEDIA),
        ("has items", FTYP + PLAIN + box(b"moof", box(b"traf", box(b"meta", bytes(4)))) + MEDIA),
        ("after its box", FTYP + PLAIN + MEDIA + box(b"mfra", box(b"tfra", bytes(15) + b"\1"))),
        ("compressed", FTYP + moov(table(900), more=box(b"cmov")) + MEDIA),
        ("items", FTYP + PLAIN + MEDIA + box(b"meta", bytes(4), box(b"iloc", bytes(4)))),
        ("items", FTYP + moov(table(900), more=box(b"meta", bytes(4), box(b"iloc"))) + MEDIA),
        ("items", FTYP + moov(table(900), more=box(b"udta", box(b"meta", bytes(4), box(b"iloc")))) + MEDIA),
        ("items", FTYP + moov(table(900), of_track=box(b"meta", bytes(4), box(b"iloc"))) + MEDIA),
        ("another file", FTYP + moov(table(900), refs=ELSEWHERE) + MEDIA),
        ("something else than boxes", FTYP + moov(bytes(8), table(900)) + MEDIA),
        ("something else than boxes", FTYP + moov(table(900), struct.pack(">I4s", 99, b"stsc")) + MEDIA),
        ("after its box", FTYP + moov(box(b"stco", struct.pack(">II", 0, 9))) + MEDIA),
        ("larger than its field can say", FTYP + moov(table((1 << 32) - 3000)) + MEDIA),
        ("does not lie behind ftyp", FTYP + PLAIN + MEDIA + c2pa(90)),
        ("does not lie behind ftyp", FTYP + c2pa(90) + PLAIN + c2pa(90) + MEDIA),
    ],
)
def test_places_that_are_not_followed_leave_no_room(reason: str, content: bytes) -> None:
    with pytest.raises(NoHole, match=reason):
        hole_for("isobmff", io.BytesIO(content), len(content), 3000)


def test_there_is_room_in_the_movie_that_those_were_made_of() -> None:
    content = FTYP + PLAIN + MEDIA
    assert hole_for("isobmff", io.BytesIO(content), len(content), 3000).start == len(FTYP)


@pytest.mark.parametrize("size", [(1 << 31) + 5, (1 << 32) - 2000, (1 << 32) + 5, 5 << 32])
def test_a_movie_of_several_gib_has_room_where_its_table_has(size: int, tmp_path: Path) -> None:
    for form in "IQ" if size < 1 << 32 else "Q":
        path = tmp_path / "huge.mp4"
        last = len(FTYP + moov(table(0, 0, form=form))) + size
        head = FTYP + moov(table(len(FTYP) + 900, last, form=form)) + struct.pack(">I4sQ", 1, b"mdat", size + 16)
        with path.open("w+b") as stream:
            stream.write(head)
            stream.truncate(len(head) + size)
            if form == "I" and last + 3045 >= 1 << 32:
                with pytest.raises(NoHole, match="larger than its field"):
                    hole_for("isobmff", stream, len(head) + size, 3000)
                continue
            room = hole_for("isobmff", stream, len(head) + size, 3000)
        moved = struct.pack(f">2{form}", len(FTYP) + 900 + room.length, last + room.length)
        assert moved in [edit.content for edit in room.edits]


# --- holes and edits -------------------------------------------------------------------------------

CONTENT = bytes(range(256)) * 3


@st.composite
def edits(draw: st.DrawFn, size: int = len(CONTENT)) -> list[Edit]:
    places = sorted(draw(st.lists(st.integers(0, size), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return [Edit(start, end, draw(st.binary(max_size=40))) for start, end in pairs]


def plainly(content: bytes, changes: list[Edit]) -> bytes:
    for edit in reversed(sorted(changes, key=lambda item: (item.start, item.end))):
        content = content[: edit.start] + edit.content + content[edit.end :]
    return content


@given(edits(), st.data())
def test_an_edited_file_reads_as_if_it_were_written(first: list[Edit], data: st.DataObject) -> None:
    source = io.BytesIO(CONTENT)
    once = Edited(source, len(CONTENT), first)
    wanted = plainly(CONTENT, first)
    assert once.readall() == wanted
    assert once.size == len(wanted)
    second = data.draw(edits(once.size))
    twice = once.edited(second)
    wanted = plainly(wanted, second)
    assert twice.size == len(wanted)
    stream = io.BufferedReader(twice, 16)
    start, length = data.draw(st.integers(0, 900)), data.draw(st.integers(0, 900))
    stream.seek(start)
    assert stream.read(length) == wanted[start : start + length]
    written = io.BytesIO()
    rewrite(source, len(CONTENT), first, written)
    assert written.getvalue() == plainly(CONTENT, first)


@pytest.mark.parametrize(
    "changes", [[Edit(0, 9, b""), Edit(8, 10, b"")], [Edit(700, 769, b"")], [Edit(769, 769, b"x")], [Edit(5, 4, b"")]]
)
def test_edits_that_do_not_fit_are_refused(changes: list[Edit]) -> None:
    with pytest.raises(ContainerError):
        Edited(io.BytesIO(CONTENT), len(CONTENT), changes)


@pytest.mark.parametrize("length", [40, 63_999, 64_000, 64_001, 128_000, 200_001])
@pytest.mark.parametrize("name", ["cover.jpg", "still.png", "take.wav", "take.mp3", "take.flac"])
def test_a_store_of_any_length_comes_back_from_its_hole(name: str, length: int) -> None:
    content = (audio_files.MEDIA / name).read_bytes()
    container = audio_files.format_of(audio_files.MEDIA / name).container
    store = length.to_bytes(4, "big") + b"jumb\x00\x00\x00\x1ejumdc2pa" + os.urandom(length - 20)
    room = hole_for(container, io.BytesIO(content), len(content), length)
    dest = io.BytesIO()
    streaming.copy_around(Edited(io.BytesIO(content), len(content)), room, dest)
    dest.seek(room.start)
    assert dest.write(room.fill(store)) == room.length
    assert stores_of(container, dest, len(dest.getvalue())) == (store,)
    digest, around = streaming.digest_around(dest, len(dest.getvalue()), room.start, room.length)
    made = dest.getvalue()
    assert digest == hashlib.sha256(made).hexdigest()
    assert around == hashlib.sha256(made[: room.start] + made[room.start + room.length :]).digest()


TAG = b"ID3\x04\x00"


@pytest.mark.parametrize(
    ("container", "content"),
    [
        ("jpeg", b"\xff\xd8\xff\xeb\x00\x12JP\x02\x11\x00\x00\x00\x01abcdefgh\xff\xd9"),  # a box with our number
        ("png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0) + b"gAMA" + bytes(4) + bytes(4) + b"IEND" + bytes(4)),
        ("riff", b"RIFF" + struct.pack("<I", 13) + b"WAVEdata" + struct.pack("<I", 1) + b"x"),  # no padding byte
        ("riff", b"RIFF" + struct.pack("<I", 16) + b"WAVEdata" + struct.pack("<I", 0) + bytes(4)),
        ("id3", TAG + b"\x80\x00\x00\x00\x0a" + bytes(10)),  # unsynchronised
        ("id3", TAG + b"\x10\x00\x00\x00\x0a" + bytes(20)),  # with a footer
        ("id3", TAG + b"\x00\x00\x00\x00\x0a" + b"\x00" * 9 + b"x"),  # something behind the frames
        ("id3", b"ID3\x02\x00\x00\x00\x00\x00\x0a" + bytes(10)),
    ],
)
def test_where_we_know_no_room_we_say_so(container: str, content: bytes) -> None:
    with pytest.raises(NoHole):
        hole_for(container, io.BytesIO(content), len(content), 3000)


def test_a_tag_that_would_be_too_large_is_refused() -> None:
    tag = TAG + b"\x00\x00\x00\x00\x14" + b"TIT2\x00\x00\x00\x0a\x00\x00" + bytes(10)
    with pytest.raises(TooLarge):
        hole_for("id3", io.BytesIO(tag), len(tag), 1 << 28)


def test_segments_are_those_that_the_engine_writes(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    """The number of the box and the order of segments are the engine's, so that its splice finds them too."""
    content = io.BytesIO()
    made = Label(kind="ai_generated", prompt=Prompt(text="é" * 40_000))
    definitions = definition(made, signed_label(made, "clear", personal=True), has_parent=False)
    with (media / "cover.jpg").open("rb") as source:
        store = engine_signing.sign(definitions, source, content, "image/jpeg", engine_credential(signer))
    assert jpeg._segments(store) in content.getvalue()


# --- what a hostile reviewer found -----------------------------------------------------------------

MPEG = bare_mp3()


@pytest.mark.parametrize("bad", UNPARSEABLE.values(), ids=UNPARSEABLE)
def test_a_tag_that_hides_the_manifest_from_the_engine_is_refused_at_any_size(
    bad: bytes, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """We find the manifest behind any frame; the engine gives up the whole tag for one that it cannot read."""
    source, out = tmp_path / "odd.mp3", tmp_path / "out.mp3"
    source.write_bytes(with_frames(MPEG, bad) + os.urandom(17 << 20))
    with pytest.raises(EngineError, match=r"odd\.mp3: the engine would not find the manifest") as caught:
        label_file(source, out, label, signer, carriers=(), sandbox=sandbox)
    assert "--detached" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["odd.mp3"]


def test_boxes_of_others_stay_in_a_jpeg(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    content = (media / "cover.jpg").read_bytes()
    kind = b"json" + bytes.fromhex("00110010800000aa00389b71")
    described = b"jumd" + kind + b"\x03acme.json\x00"
    inner = (len(described) + 4).to_bytes(4, "big") + described
    box = (len(inner) + 8).to_bytes(4, "big") + b"jumb" + inner
    segment = b"JP\x00\x01\x00\x00\x00\x01" + box
    foreign = b"\xff\xeb" + (len(segment) + 2).to_bytes(2, "big") + segment
    (media / "cover.jpg").write_bytes(content[:20] + foreign + content[20:])
    for source, out in (("cover.jpg", "first.jpg"), ("first.jpg", "second.jpg")):
        label_file(media / source, media / out, label, signer, sandbox=sandbox)
        assert foreign in (media / out).read_bytes()
        assert judge(sandbox.read(media / out), at=now()).holds


def test_a_recording_whose_sizes_were_never_written_is_not_cut_in_two(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """Its samples lie behind the size that it declares, and programs play them all the same."""
    source = tmp_path / "piped.wav"
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16) + b"data" + struct.pack("<I", 0)
    source.write_bytes(b"RIFF" + struct.pack("<I", len(head)) + head + os.urandom(40_000))
    with pytest.raises(InputError, match="announces no sound"):
        label_file(source, None, label, signer, carriers=(), sandbox=sandbox)
    assert [path.name for path in tmp_path.iterdir()] == ["piped.wav"]


def test_jfif_and_its_extension_stay_together(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    content = (media / "cover.jpg").read_bytes()
    both = content[2:20] + b"\xff\xe0\x00\x08JFXX\x00\x10"
    (media / "cover.jpg").write_bytes(content[:2] + both + content[20:])
    label_file(media / "cover.jpg", media / "out.jpg", label, signer, sandbox=sandbox)
    assert (media / "out.jpg").read_bytes()[2:].startswith(both + b"\xff\xeb")


def test_manifests_under_older_names_are_known_and_go(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """Otherwise names that were redacted would stay in a frame that nobody looks at."""
    label_file(media / "take.mp3", media / "first.mp3", label, signer, carriers=(), sandbox=sandbox)
    content = (media / "first.mp3").read_bytes()
    at = content.index(b"GEOB")
    size = int.from_bytes(content[at + 4 : at + 8], "big")
    plain = (size & 0x7F) | (size >> 1 & 0x3F80) | (size >> 2 & 0x1FC000)
    store = content[at + 10 : at + 10 + plain].partition(b"manifest store\x00")[2]
    wide = "c2pa".encode("utf-16-le") + bytes(2) + "store".encode("utf-16-le") + bytes(2)
    for body in (
        b"\x00application/x-c2pa-manifest-store\x00c2pa\x00c2pa manifest store\x00" + store,
        b"\x01application/c2pa\x00" + wide + store,
    ):
        length = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
        frames = b"GEOB" + length + b"\x00\x00" + body
        tag = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
        made = b"ID3\x04\x00\x00" + tag + frames + MPEG
        assert stores_of("id3", io.BytesIO(made), len(made)) == (store,)


class _Broken:
    """A digest that cannot go on."""

    def update(self, _: bytes) -> None:
        raise MemoryError

    def hexdigest(self) -> str:
        return "of a part"

    digest = hexdigest


def test_a_digest_that_fails_hangs_nobody_and_passes_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, threads = large("large.wav", tmp_path), threading.active_count()
    monkeypatch.setattr(streaming.hashlib, "sha256", _Broken)
    with path.open("rb") as stream:
        size = path.stat().st_size
        with pytest.raises(MemoryError):
            streaming.digest_around(stream, size, 44, 100)
        with pytest.raises(MemoryError), streaming.digesting(stream, size) as digest:
            digest()
    assert threading.active_count() == threads


def test_without_threads_it_goes_slower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    path = large("large.wav", tmp_path)
    content = path.read_bytes()
    monkeypatch.setattr(threading.Thread, "start", none)
    with path.open("rb") as stream:
        whole, around = streaming.digest_around(stream, len(content), 44, 100)
        with streaming.digesting(stream, len(content)) as digest:
            assert digest() == whole == hashlib.sha256(content).hexdigest()
    assert around == hashlib.sha256(content[:44] + content[144:]).digest()


def test_several_sandboxes_serve_as_one(media: Path, label: Label, signer: Signer) -> None:
    with SandboxPool(2) as pool:
        receipt = label_file(media / "cover.jpg", None, label, signer, sandbox=pool)
    assert receipt.sha256 == hashlib.sha256((media / "cover.labeled.jpg").read_bytes()).hexdigest()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")
def test_large_files_leave_the_address_space_to_the_next_small_one(
    tmp_path: Path, label: Label, signer: Signer
) -> None:
    """Threads that hash took 64 MiB each, for ever, and the fourth small file later was refused as too costly."""
    sounds = [large(f"{number}.{kind}", tmp_path) for kind in ("wav", "flac") for number in range(3)]
    with Sandbox() as sandbox:
        signed = [Path(label_file(path, None, label, signer, sandbox=sandbox).output) for path in sounds]
        for path in signed * 2:
            assert sandbox.read(path).trouble is None
        assert sandbox._worker is not None
        status = Path(f"/proc/{sandbox._worker.pid}/status").read_text()
    size = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize"))
    assert size < 120 << 10  # kB; a worker begins with half of that
