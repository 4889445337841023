"""Sounds as generators stream them, and what was cut off: every reader finds the same sound before and after."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxes import box
from format_files import signed_by_engine
from project import MEDIA, besides_time, corpus_of_others, engine_credential, needs
from provlabel import EngineError, InputError, Label, TrustStore, label_bytes, label_file, verify_bytes, verify_file
from provlabel.engine import signing
from provlabel.label import signed_label
from provlabel.labeling import publish as publishing
from provlabel.manifest.write import definition
from provlabel.media.containers import CONTAINERS, Hole, chunks, riff
from provlabel.media.containers.edits import Edit
from provlabel.media.sidecar import beside
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from riff_files import chunk, described, headed, samples
from streamed import by_us

ALL, HALF = 0xFFFFFFFF, 0x7FFFFFFF
SOUND = len(samples())
WHOLE = len(headed(0, 0))
FFMPEG = needs("ffmpeg")

#: What is written into RIFF and ``data`` by somebody who does not know the sizes yet.
STREAMED = {
    "ffmpeg": (ALL, ALL),
    "both half": (HALF, HALF),
    "half, without the head": (HALF, HALF - 36),
    "half, and the head": (HALF + 36, HALF),
    "all, without the head": (ALL, ALL - 36),
    "all, and the head, which wraps": (35, ALL),
    "two thousand million": (2_000_000_036, 2_000_000_000),
    "two thousand million, without the head": (2_000_000_000, 1_999_999_964),
    "two thousand million twice": (2_000_000_000, 2_000_000_000),
    "SoX": (0x7FFFF024, 0x7FFFF000),
    "arecord": (0x7FFFFF24, 0x7FFFFF00),
    "GStreamer": (0x7FFF0024, 0x7FFF0000),
    "never written": (0, 0),
    "never written but for the sound": (0, SOUND),
    "all and nothing": (ALL, 0),
    "all, and the sound is known": (ALL, SOUND),
    "half, and the sound is known": (HALF, SOUND),
    "the whole file": (WHOLE, SOUND),
    "the whole file, and the sound is not known": (WHOLE, ALL),
    "right, and the sound is not known": (WHOLE - 8, ALL),
    "nothing, and the sound is not known": (0, ALL),
}
#: Sizes beyond the end that are none of these.
CUT = {
    "what was to come": (WHOLE - 8 + 90_000, SOUND + 90_000),
    "one byte more": (WHOLE - 7, SOUND + 1),
    "nearly all": (ALL - 1, ALL - 1),
    "all in a file of another size": (5_000, ALL),
    "the whole alone": (WHOLE + 100, SOUND),
    "the sound alone": (WHOLE - 8, SOUND + 2),
    "nothing, and too much sound": (0, SOUND + 90_000),
}


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, name: str = "streamed.wav") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


Put = Callable[..., Path]


def judged(path: Path, trust: TrustStore, sandbox: Sandbox) -> FileReport:
    return verify_file(path, trust=trust, sandbox=sandbox).files[0]


def heard(path: Path) -> str:
    """What ffmpeg, which looks for the sound by itself, decodes."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "md5", "-"], capture_output=True, text=True, check=True
    )
    return done.stdout


def frames(content: bytes) -> bytes:
    """What Python's own reader, which believes the sizes, finds."""
    with wave.open(io.BytesIO(content)) as file:
        return file.readframes(file.getnframes())


@FFMPEG
@pytest.mark.parametrize("name", STREAMED)
def test_a_streamed_sound_is_labeled_with_right_sizes(
    name: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    by_us(monkeypatch)
    before = headed(*STREAMED[name])
    source = put(before)
    assert judged(source, trust, sandbox).state == "unsigned"
    receipt = label_file(source, source.with_name("out.wav"), label, signer, sandbox=sandbox)
    assert ["the sizes in its header were placeholders, as of a stream; they were set" in one
            for one in besides_time(receipt.warnings)] == [True]  # fmt: skip
    after = source.with_name("out.wav").read_bytes()
    assert judged(source.with_name("out.wav"), trust, sandbox).state == "trusted"
    assert struct.unpack("<I", after[4:8])[0] == len(after) - 8
    assert struct.unpack("<I", after[40:44])[0] == SOUND
    assert after[8:40] == before[8:40]
    assert after[44:].startswith(samples())
    assert frames(after) == samples()
    assert heard(source.with_name("out.wav")) == heard(source)
    assert receipt.source_sha256 == hashlib.sha256(before).hexdigest()
    assert source.read_bytes() == before


@pytest.mark.parametrize("name", STREAMED)
def test_a_streamed_sound_is_signed_as_it_is_beside_itself(
    name: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    source = put(headed(*STREAMED[name]))
    receipt = label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    assert not besides_time(receipt.warnings)
    assert source.read_bytes() == headed(*STREAMED[name])
    assert judged(source, trust, sandbox).state == "trusted"
    source.write_bytes(source.read_bytes()[:-2] + b"\x00\x01")
    assert judged(source, trust, sandbox).state == "invalid"


@FFMPEG
@pytest.mark.parametrize("sizes", [(ALL, ALL), (0, 0), (HALF, HALF)])
def test_an_odd_length_gets_its_byte_of_padding(
    sizes: tuple[int, int], put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    sound = samples() + b"\x01"
    source = put(headed(*sizes, sound))
    out = source.with_name("out.wav")
    label_file(source, out, label, signer, sandbox=sandbox)
    after = out.read_bytes()
    assert struct.unpack("<I", after[40:44])[0] == len(sound)
    assert after[44:].startswith(sound + b"\x00LIST")
    assert heard(out) == heard(source)
    assert judged(out, trust, sandbox).state == "trusted"


@FFMPEG
@pytest.mark.parametrize("options", [(), ("-c:a", "pcm_f32le"), ("-c:a", "adpcm_ima_wav"), ("-metadata", "title=x"),
                                     ("-write_bext", "1", "-metadata", "description=x")])  # fmt: skip
def test_what_ffmpeg_writes_to_a_pipe(
    options: tuple[str, ...], put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    args = ["ffmpeg", "-v", "error", "-t", "1.3", "-i", MEDIA / "take.wav", *options, "-f", "wav", "-"]
    source = put(subprocess.run(args, capture_output=True, check=True).stdout)
    out = source.with_name("out.wav")
    label_file(source, out, label, signer, sandbox=sandbox)
    again = source.with_name("again.wav")
    label_file(out, again, label, signer, sandbox=sandbox)
    for path in (out, again):
        assert heard(path) == heard(source)
        assert judged(path, trust, sandbox).state == "trusted"


def test_chunks_behind_a_sound_of_known_length_stay(
    put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """Only the size of the whole is a placeholder; an empty sound in front of other chunks is empty."""
    more = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"x\x00")) + chunk(b"smpl", bytes(36))
    out = put(headed(ALL, SOUND, samples() + more)).with_name("out.wav")
    label_file(out.with_name("streamed.wav"), out, label, signer, carriers=(), sandbox=sandbox)
    assert out.read_bytes()[44:].startswith(samples() + more)
    assert judged(out, trust, sandbox).state == "trusted"
    with pytest.raises(InputError, match="announces no sound"):
        label_file(put(headed(0, 0, more)), None, label, signer, sandbox=sandbox)


def test_bytes_of_a_stream_are_labeled(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    made, _ = label_bytes(headed(ALL, ALL), label, signer, sandbox=sandbox)
    assert frames(made) == samples()
    assert verify_bytes(made, trust=trust, sandbox=sandbox).files[0].state == "trusted"


@pytest.mark.parametrize("name", ["ffmpeg", "the whole file", "all and nothing"])
@pytest.mark.parametrize("use", ["parents", "ingredients", "input_files"])
def test_a_streamed_sound_is_used_for_another(
    name: str, use: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """The engine itself refuses some of these headers."""
    source = put(headed(*STREAMED[name]))
    given: dict[str, Any] = {use: (source,)}
    out = source.with_name("out.wav")
    label_file(MEDIA / "take.wav", out, label, signer, sandbox=sandbox, **given)
    assert judged(out, trust, sandbox).state == "trusted"


def signed_beside(content: bytes, signer: Signer) -> bytes:
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False)
    source = io.BytesIO(content)
    return signing.sign(made, source, io.BytesIO(), "", engine_credential(signer), detached=True)


def test_more_than_a_header_can_say_is_labeled_beside_itself() -> None:
    head = io.BytesIO(headed(ALL, ALL, b""))
    assert not riff.obstacle(head, 3 << 30)
    assert "more than 4 GiB" in riff.obstacle(head, 5 << 30)


# --- cut off, or in several ways -------------------------------------------------------------------


@pytest.mark.parametrize("name", CUT)
def test_what_was_cut_off_says_so_and_is_signed_beside_itself(
    name: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    source = put(headed(*CUT[name]))
    found = judged(source, trust, sandbox)
    assert found.state == "unreadable"
    assert "cut off, or its writer did not finish" in found.findings[0].message
    with pytest.raises(InputError, match="its header announces") as caught:
        label_file(source, None, label, signer, sandbox=sandbox)
    assert "damaged" not in str(caught.value)
    assert "--detached" in caught.value.hint
    assert "ffmpeg" in caught.value.hint
    receipt = label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    assert "signed as it is, with this fault: its header announces" in receipt.warnings[0]
    found = judged(source, trust, sandbox)
    assert found.state == "trusted"
    assert [item.level for item in found.findings if item.rule == "content.damaged"] == ["warning"]
    source.write_bytes(source.read_bytes()[:-2])
    assert judged(source, trust, sandbox).state == "invalid"


def test_what_was_cut_off_is_no_part_of_anything(put: Put, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source = put(headed(*CUT["one byte more"]))
    with pytest.raises(InputError, match="its header announces"):
        label_file(MEDIA / "take.wav", source.with_name("out.wav"), label, signer, parents=(source,), sandbox=sandbox)


def test_a_manifest_in_what_was_cut_off_is_not_passed_over(
    put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """It would be by one beside the file: its history counts, and where it lies nobody can say."""
    made, _ = label_bytes(headed(ALL, ALL), label, signer, sandbox=sandbox)
    broken = put(made[:40] + struct.pack("<I", len(made)) + made[44:])
    assert judged(broken, trust, sandbox).state == "unreadable"
    with pytest.raises(InputError):
        label_file(broken, None, label, signer, detached=True, sandbox=sandbox)
    beside(broken).write_bytes(signed_beside(broken.read_bytes(), signer))
    assert judged(broken, trust, sandbox).state == "unreadable"


@FFMPEG
@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ((36, SOUND), "leaves out the sound"),
        ((36 + SOUND // 2, SOUND), "leaves out the sound"),
        ((36, 0), "announces no sound"),
    ],
)
def test_where_readers_differ_nothing_is_embedded(
    sizes: tuple[int, int], why: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    source = put(headed(*sizes))
    assert judged(source, trust, sandbox).state == "unsigned"
    with pytest.raises(InputError, match=why) as caught:
        label_file(source, None, label, signer, sandbox=sandbox)
    assert "--detached" in caught.value.hint
    label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    assert judged(source, trust, sandbox).state == "trusted"


def test_a_sound_of_which_the_header_says_nothing(
    put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """0 is a placeholder beside another one alone."""
    source = put(headed(WHOLE - 8, 0))
    assert "announces no sound, and what follows is no chunk" in judged(source, trust, sandbox).findings[0].message
    with pytest.raises(InputError, match="announces no sound"):
        label_file(source, None, label, signer, sandbox=sandbox)
    label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    assert judged(source, trust, sandbox).state == "trusted"


# --- the fence -------------------------------------------------------------------------------------


def _moved(hole: Hole, edit: Callable[[Edit], Edit]) -> Hole:
    return hole._replace(edits=tuple(map(edit, hole.edits)))


def test_a_sound_outside_of_its_file_is_not_published(
    put: Put, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash fits all the same: the manifest is in the file, and the sound behind the size that it declares."""
    made = riff.hole

    def short(stream: Any, parts: Any, length: int) -> Hole:
        return _moved(made(stream, parts, length), lambda edit: edit._replace(
            content=struct.pack("<I", 40) if (edit.start, edit.end) == (4, 8) else edit.content))  # fmt: skip

    monkeypatch.setitem(CONTAINERS, "riff", CONTAINERS["riff"]._replace(hole=short))
    source = put(headed(WHOLE - 8, SOUND))
    with pytest.raises(EngineError):
        label_file(source, None, label, signer, sandbox=sandbox)
    assert [path.name for path in source.parent.iterdir()] == [source.name]


@FFMPEG
@pytest.mark.parametrize("by", [-1, 4, 4096])
def test_places_of_samples_that_are_moved_wrongly_are_not_published(
    by: int, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables of places are in the hash: only players, or we, see that they lead elsewhere."""
    source = tmp_path / "a.m4a"
    args = ["ffmpeg", "-v", "error", "-t", "0.5", "-i", MEDIA / "take.wav", "-c:a", "aac", "-movflags", "+faststart"]
    subprocess.run([*args, source], check=True)
    moved = chunks.moved
    monkeypatch.setattr(chunks, "moved", lambda *args: moved(*args[:-1], args[-1] + by))
    with pytest.raises(EngineError, match="would change what is seen or heard"):
        label_file(source, None, label, signer, sandbox=sandbox)


@pytest.mark.parametrize("name", ["take.wav", "take.mp3", "take.flac", "cover.jpg", "still.png"])
def test_media_that_are_not_those_of_the_source_are_not_published(
    name: str, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = publishing.played_in
    seen: list[Any] = []

    def other(*args: Any, **kwargs: Any) -> Any:
        seen.append(played(*args, **kwargs))
        (first, length), *rest = seen[-1].parts
        return seen[-1]._replace(parts=((first, length - len(seen) + 1), *rest))

    monkeypatch.setattr(publishing, "played_in", other)
    with pytest.raises(EngineError, match="would change what is seen or heard"):
        label_file(MEDIA / name, tmp_path / name, label, signer, sandbox=sandbox)
    assert seen[0] == seen[1]


# --- the same look at the others -------------------------------------------------------------------

SHORT = ("ffmpeg", "-v", "error", "-t", "0.7", "-i", MEDIA / "take.wav")


def piped(*options: str) -> bytes:
    return subprocess.run([*SHORT, *options, "-"], capture_output=True, check=True).stdout


def unknown_length() -> bytes:
    """A FLAC that says neither how long it is nor what it decodes to (RFC 9639 §8.2)."""
    content = bytearray(piped("-f", "flac"))
    content[21] &= 0xF0
    content[22:42] = bytes(20)
    return bytes(content)


def mdat_to_the_end() -> bytes:
    content = piped("-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    at = content.rindex(b"mdat") - 4
    length = int.from_bytes(content[at : at + 4], "big")
    return content[:at] + bytes(4) + content[at + 4 : at + length]  # without the index behind it


OTHERS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "unknown length": ("a.flac", unknown_length),
    "FLAC of a pipe": ("b.flac", lambda: piped("-f", "flac")),
    "no Xing": ("a.mp3", lambda: piped("-f", "mp3", "-write_xing", "0", "-id3v2_version", "0")),
    "no Xing, with a tag": ("b.mp3", lambda: piped("-f", "mp3", "-write_xing", "0", "-metadata", "title=x")),
    "Xing that was never written": ("c.mp3", lambda: piped("-f", "mp3")),
    "fragments": ("a.m4a", lambda: piped("-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov")),
    "fragments, from themselves": (
        "b.m4a", lambda: piped("-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    ),
    "mdat to the end": ("c.m4a", mdat_to_the_end),
}  # fmt: skip


@FFMPEG
@pytest.mark.parametrize("name", OTHERS)
def test_other_streams_decode_alike(
    name: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    file, make = OTHERS[name]
    source = put(make(), file)
    out = source.with_name(f"out-{file}")
    label_file(source, out, label, signer, sandbox=sandbox)
    assert heard(out) == heard(source)
    assert judged(out, trust, sandbox).state == "trusted"
    label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    assert judged(source, trust, sandbox).state == "trusted"


@FFMPEG
def test_an_aiff_with_placeholders_is_labeled_beside_itself(
    put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    path = put(b"", "a.aiff")
    subprocess.run([*SHORT, "-y", path], check=True)
    content = bytearray(path.read_bytes())
    at = content.index(b"SSND")
    content[4:8] = content[at + 4 : at + 8] = b"\x7f\xff\xff\xff"
    source = put(bytes(content), "a.aiff")
    before = heard(source)
    label_file(source, None, label, signer, sandbox=sandbox)
    assert judged(source, trust, sandbox).state == "trusted"
    assert heard(source) == before


# --- a manifest beside it, for what cannot be followed ---------------------------------------------


def test_a_hash_over_boxes_does_not_pass_for_what_is_no_boxes(
    put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """Left out of such a hash is what nobody of us can follow."""
    movie = put(b"", "a.m4a")
    subprocess.run([*SHORT, "-y", "-c:a", "aac", movie], check=True)
    _, store = signed_by_engine(movie.read_bytes(), "audio/mp4", signer)
    broken = put(headed(*CUT["one byte more"]) + box(b"mdat", samples()))
    beside(broken).write_bytes(store)
    assert judged(broken, trust, sandbox).state in ("invalid", "unreadable")


# --- what others reported --------------------------------------------------------------------------


@FFMPEG
@pytest.mark.parametrize(
    "name",
    [
        "01-streamed-wav-refused/7fffffff.wav",
        "01-streamed-wav-refused/ffff.wav",
        "01-streamed-wav-refused/riff-size-is-file-size.wav",
        "02-wav-riff-size-0/riff0.wav",
    ],
)
def test_streams_that_were_reported(
    name: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = (corpus_of_others("reports") / name).read_bytes()
    source = put(content)
    out = source.with_name("out.wav")
    label_file(source, out, label, signer, sandbox=sandbox)
    assert heard(out) == heard(source)
    assert frames(out.read_bytes()) == content[44:]
    label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    for path in (source, out):
        assert judged(path, trust, sandbox).state == "trusted"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("truncated.wav", "announces 96,000 bytes of sound, and 2,956 are there"),
        ("w-odd-nopad.wav", "the chunk that ends at byte 61 has an odd length and no byte of padding"),
        ("a-trailid3v1.m4a", "a tag of MP3 .ID3v1. lies behind its last box"),
    ],
)
def test_files_that_were_called_damaged(
    name: str, why: str, put: Put, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = (corpus_of_others("reports") / "10-wrong-mend" / name).read_bytes()
    source = put(content, name)
    with pytest.raises(InputError, match=why) as caught:
        label_file(source, None, label, signer, sandbox=sandbox)
    assert "damaged" not in str(caught.value)
    assert "ask whoever" not in caught.value.hint
    assert "--detached" in caught.value.hint
    label_file(source, None, label, signer, detached=True, sandbox=sandbox)
    assert source.read_bytes() == content
    assert judged(source, trust, sandbox).state == "trusted"


def test_headers_before_the_sound_are_kept(put: Put, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    """Of a stream that says more in front of its sound."""
    before = headed(ALL, ALL, None, chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"Lavf60\x00")), chunk(b"bext", bytes(602)))
    out = put(before).with_name("out.wav")
    label_file(out.with_name("streamed.wav"), out, label, signer, carriers=(), sandbox=sandbox)
    at = before.index(b"data") + 4
    assert out.read_bytes()[8:at] == before[8:at]
    assert before[12:36] == described()
