"""Tags of sounds: what we write, independent programs read; what others wrote, we leave as it is."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from mutagen import mp4

import audio_files as files
from project import needs
from provlabel import Label, label_file, verify_file
from provlabel.carriers.tags import TAGGERS, TagError
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_CARRIERS, MAX_FIELDS, MAX_VALUE, MAX_VALUES
from provlabel.carriers.tags.id3 import merged_tag, read_tag
from provlabel.carriers.tags.vorbis import merged_comments, read_comments
from provlabel.carriers.tags.xmp import merged
from provlabel.evidence import Carrier
from provlabel.media.containers import CONTAINERS, ContainerError, Part
from provlabel.media.containers.edits import rewrite
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

pytestmark = [needs("exiftool"), needs("ffmpeg"), needs("ffprobe")]

Fields = dict[str, tuple[str, ...]]

AIGC = json.dumps({"Label": "1", "ContentProducer": "00119111", "ProduceID": 'a"b'}, separators=(",", ":"))
ID3: Fields = {
    "TSRC": ("GBABC2600001",),
    "TCOM": ("Zoë", "日本"),
    "TIPL": ("producer", "Xÿ", "mixer", "Y"),
    "TXXX:PROVLABEL_KIND": ("ai_generated",),
    "TXXX:AIGC": (AIGC,),
}
VORBIS: Fields = {
    "ISRC": ("GBABC2600001",),
    "COMPOSER": ("Zoë", "日本"),
    "PROVLABEL_KIND": ("ai_generated",),
    "AIGC": (AIGC,),
}
RIFF: Fields = {"INFO:ICOP": ("© Zoë 日本",), "INFO:ISRC": ("a source",), "AIGC": (AIGC,)}
ITUNES: Fields = {
    "©wrt": ("Zoë 日本",),
    "cprt": ("© 2026",),
    "----:com.apple.iTunes:ISRC": ("GBABC2600001",),
    "----:com.apple.iTunes:PROVLABEL_KIND": ("ai_generated",),
}
MP4: Fields = {**ITUNES, "keys:AIGC": (AIGC,)}
OURS: dict[str, dict[str, Fields]] = {
    "MP3": {"id3": ID3},
    "FLAC": {"vorbis": VORBIS},
    "WAV": {"riff": RIFF, "id3": ID3},
    "M4A": {"mp4": MP4},
    "MP4": {"mp4": MP4},
    "MOV": {"mp4": MP4},
}
# What the judges call our fields; all else they see has to stay.
EXIFTOOL_OURS = (
    {f"ID3v2:{name}" for name in ("ISRC", "Composer", "InvolvedPeople", "UserDefinedText")}
    | {f"Vorbis:{name}" for name in ("ISRCNumber", "Composer", "ProvlabelKind", "Aigc")}
    | {f"RIFF:{name}" for name in ("Copyright", "Source", "Unknown_AIGC")}
    | {"ItemList:Composer", "ItemList:Copyright", "iTunes:ISRC", "iTunes:PROVLABEL_KIND", "Keys:AIGC"}
)
# Where things lie, how much padding there is, and what we begin when it is not there.
EXIFTOOL_PLACES = {
    "File:ID3Size", "FLAC:Padding", "Meta:Free", "QuickTime:MediaDataOffset", "Composite:AvgBitrate",
    "Composite:Duration", "Composite:DateTimeOriginal", "QuickTime:HandlerType", "QuickTime:HandlerVendorID",
    "QuickTime:HandlerDescription", "QuickTime:HandlerClass",
}  # fmt: skip
MUTAGEN_OURS = {
    "TSRC", "TCOM", "TIPL", "TXXX:PROVLABEL_KIND", "TXXX:AIGC", *VORBIS, *ITUNES, "AIGC", "vendor", "pictures",
}  # fmt: skip


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return each kind of file, made once."""
    folder = tmp_path_factory.mktemp("audio")

    def get(name: str) -> Path:
        path = folder / name
        if not path.exists():
            files.KINDS[name](path)
        return path

    return get


@pytest.fixture(params=files.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(path: Path) -> dict[str, Fields]:
    return OURS[files.format_of(path).name]


def gone(wanted: Mapping[str, Fields]) -> dict[str, Fields]:
    """The request to take all of these fields out."""
    return {carrier: dict.fromkeys(fields, ()) for carrier, fields in wanted.items()}


def without_foreign(path: Path) -> dict[str, Fields]:
    """Our fields but for those that the file has from others."""
    there = {item.id: item.fields for item in files.carriers(path)}
    return {
        carrier: {name: values for name, values in fields.items() if name not in there.get(carrier, {})}
        for carrier, fields in asked(path).items()
    }


def foreign(found: Mapping[str, Any]) -> dict[str, Any]:
    """What others wrote; a date in parts, as v2.3 has it, is one date."""
    found = dict(found)
    year, day = (found.pop(f"ID3v2:{name}", [""])[0] for name in ("Year", "Date"))
    if year:
        found["ID3v2:RecordingTime"] = [f"{year}:{day[2:]}:{day[:2]}" if day else year]
    return {
        name: value
        for name, value in found.items()
        if value != ["provlabel"]  # the vendor of comments that we begin
        and name not in EXIFTOOL_OURS | EXIFTOOL_PLACES
        and not name.startswith(("System:", "ExifTool:"))
    }


# --- (a) other programs read it --------------------------------------------------------------------


def test_ffprobe_reads_what_we_write(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(kind)
    found = files.ffprobe(files.write(path, asked(path), tmp_path / kind))
    found = {name.casefold(): value for name, value in found.items()}
    if kind.endswith(".wav"):
        assert found["copyright"] == "© Zoë 日本"
    else:
        assert found["aigc"] == AIGC
        assert found["provlabel_kind"] == "ai_generated"
        assert found["tsrc" if kind.endswith(".mp3") else "isrc"] == "GBABC2600001"
        assert found["composer"].startswith("Zoë")


def test_ffprobe_reads_id3_in_a_wav_without_other_texts(made: Callable[[str], Path], tmp_path: Path) -> None:
    found = files.ffprobe(files.write(made("bare.wav"), {"id3": ID3}, tmp_path / "x.wav"))
    assert found["AIGC"] == AIGC
    assert found["TSRC"] == "GBABC2600001"


def test_exiftool_reads_what_we_write(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(kind)
    found = files.exiftool(files.write(path, asked(path), tmp_path / kind))
    expected = {
        "id3": {
            "ID3v2:ISRC": "GBABC2600001",
            "ID3v2:Composer": "Zoë/日本",
            "ID3v2:InvolvedPeople": "producer/Xÿ/mixer/Y",
            "ID3v2:UserDefinedText": f"(AIGC) {AIGC}",
        },
        "vorbis": {
            "Vorbis:ISRCNumber": "GBABC2600001",
            "Vorbis:Composer": "日本",
            "Vorbis:ProvlabelKind": "ai_generated",
            "Vorbis:Aigc": AIGC,
        },
        "riff": {"RIFF:Copyright": "© Zoë 日本", "RIFF:Source": "a source"},
        "mp4": {
            "iTunes:ISRC": "GBABC2600001",
            "iTunes:PROVLABEL_KIND": "ai_generated",
            "ItemList:Composer": "Zoë 日本",
            "ItemList:Copyright": "© 2026",
            "Keys:AIGC": AIGC,
        },
    }
    for carrier in asked(path):
        for name, value in expected[carrier].items():
            assert value in found.get(name, ()), (name, found)


def test_exiftool_reads_the_label_in_a_chunk_of_wav(made: Callable[[str], Path], tmp_path: Path) -> None:
    written = files.write(made("odd.wav"), {"riff": RIFF}, tmp_path / "x.wav")
    done = subprocess.run(
        ["exiftool", "-u", "-b", "-Unknown_AIGC", written], capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip("\x00") == AIGC  # exiftool shows the padding byte


def test_mutagen_reads_what_we_write(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    from mutagen import File, mp3, mp4, wave

    path = made(kind)
    file = File(files.write(path, asked(path), tmp_path / kind))
    if isinstance(file, (mp3.MP3, wave.WAVE)):
        assert file["TSRC"].text == ["GBABC2600001"]
        assert file["TCOM"].text == ["Zoë", "日本"]
        assert file["TIPL"].people == [["producer", "Xÿ"], ["mixer", "Y"]]
        assert file["TXXX:AIGC"].text == [AIGC]
    elif isinstance(file, mp4.MP4):
        assert file["©wrt"] == ["Zoë 日本"]
        assert file["----:com.apple.iTunes:ISRC"] == [b"GBABC2600001"]
    else:
        assert {name: tuple(file[name]) for name in VORBIS} == VORBIS


# --- (b), (c) nothing else changes -----------------------------------------------------------------


def test_what_is_heard_and_seen_stays(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(kind)
    assert files.sound(files.write(path, asked(path), tmp_path / kind)) == files.sound(path)


def test_tags_of_others_stay(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(kind)
    wanted = without_foreign(path)
    written = files.write(path, wanted, tmp_path / kind)
    ours = MUTAGEN_OURS - (ID3.keys() - wanted.get("id3", ID3).keys())
    before, after = files.mutagen_tags(path), files.mutagen_tags(written)
    if kind.startswith("keys"):
        before = {}  # mutagen takes the items by key for those of iTunes, as long as there are none
    assert {name: after.get(name) for name in before if name not in ours} == {
        name: value for name, value in before.items() if name not in ours
    }
    assert set(after) - set(before) <= ours
    if "pictures" in before:
        assert after["pictures"] == before["pictures"]
        assert kind == "bare.flac" or after["vendor"] == before["vendor"]
    assert foreign(files.exiftool(written)) == foreign(files.exiftool(path))


def test_writing_twice_is_writing_once(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(kind)
    written = files.write(path, asked(path), tmp_path / kind)
    assert files.edits_of(written, asked(path)) == []
    for carrier, fields in asked(path).items():
        assert fields.items() <= files.fields(written, carrier).items()


def test_taking_out_takes_only_ours(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(kind)
    wanted = without_foreign(path)
    written = files.write(path, wanted, tmp_path / kind)
    (tmp_path / "again").mkdir()
    back = files.write(written, gone(wanted), tmp_path / "again" / kind)
    assert files.carriers(back) == files.carriers(path)
    assert files.sound(back) == files.sound(path)
    assert foreign(files.exiftool(back)) == foreign(files.exiftool(path))


@pytest.mark.parametrize("name", ["bare.mp3", "mutagen24.mp3", "padded.flac", "bare.wav", "info.wav"])
def test_taking_out_brings_the_very_file_back(name: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path = made(name)
    wanted = without_foreign(path)
    written = files.write(path, wanted, tmp_path / name)
    (tmp_path / "again").mkdir()
    assert files.write(written, gone(wanted), tmp_path / "again" / name).read_bytes() == path.read_bytes()


def test_one_byte_more_or_less_keeps_all_places(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    """Padding that just fits, just does not, or is used up."""
    path = made(kind)
    carrier, fields = next(iter(asked(path).items()))
    name = next(iter(fields))
    heard = files.sound(path)
    for length in (1, 2, 600, 655, 656, 657, 658, 659, 660, 661, 662, 663, 664, 665, 666, 4000, 9000):
        value = ("x" * length,)
        written = files.write(path, {carrier: {name: value}}, tmp_path / kind)
        assert files.fields(written, carrier)[name] == value
        if length in (1, 2, 4000, 9000):
            assert files.sound(written) == heard


# --- (e) after signing -----------------------------------------------------------------------------


def test_what_we_wrote_survives_the_manifest(
    kind: str, made: Callable[[str], Path], tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    path = made(kind)
    tagged = files.write(path, asked(path), tmp_path / kind)
    signed = tmp_path / f"signed-{kind}"
    label_file(tagged, signed, label, signer, carriers=(), sandbox=sandbox)
    assert verify_file(signed, sandbox=sandbox).files[0].state == "valid"
    before = {item.id: item.fields for item in files.carriers(tagged)}
    after = {item.id: item.fields for item in files.carriers(signed) if item.fields}
    assert after == before
    assert not any(item.faults for item in files.carriers(signed))
    assert files.sound(signed) == files.sound(path)


# --- (f) any value ---------------------------------------------------------------------------------

VALUE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
VALUES = st.lists(VALUE, min_size=1, max_size=3).map(tuple)


@given(st.dictionaries(st.sampled_from(["TSRC", "TIPL", "TXXX:a", "TXXX:A", "TXXX:", "TXXX:ü"]), VALUES))
def test_id3_reads_back_what_it_wrote(fields: Fields) -> None:
    assert read_tag(merged_tag(None, fields) or merged_tag(None, {"TPE1": ("x",)}))[0].items() >= fields.items()


@given(VALUE, VALUE)
def test_comments_in_id3_are_told_apart_by_description(one: str, two: str) -> None:
    tag = merged_tag(merged_tag(None, {"COMM": (one,)}), {"COMM:about": (two,)})
    assert read_tag(tag) == ({"COMM": (one,), "COMM:about": (two,)}, ())
    assert read_tag(merged_tag(tag, {"COMM": ()})) == ({"COMM:about": (two,)}, ())


@given(st.dictionaries(st.sampled_from(["A", "PROVLABEL_KIND", "A B", "}"]), VALUES))
def test_vorbis_reads_back_what_it_wrote(fields: Fields) -> None:
    assert read_comments(merged_comments(None, fields)) == (fields, ())


@pytest.mark.parametrize("name", ["info.wav", "mutagen.m4a", "keys.mp4"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUE, values=VALUES)
def test_files_read_back_what_was_written(
    name: str, made: Callable[[str], Path], tmp_path: Path, value: str, values: tuple[str, ...]
) -> None:
    wav = name.endswith(".wav")
    carrier = "riff" if wav else "mp4"
    fields: Fields = {"INFO:IART": values} if wav else {"©ART": values, "keys:AIGC": (value,), "----:a:b": values}
    written = files.write(made(name), {carrier: fields}, tmp_path / name)
    assert fields.items() <= files.fields(written, carrier).items()


# --- versions and shapes of ID3 --------------------------------------------------------------------


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(kind: str, body: bytes, flags: int = 0, version: int = 4, plain: bool = False) -> bytes:
    if version == 2:
        return kind.encode() + len(body).to_bytes(3, "big") + body
    size = syncsafe(len(body)) if version == 4 and not plain else len(body).to_bytes(4, "big")
    return kind.encode() + size + flags.to_bytes(2, "big") + body


def tag(*frames: bytes, version: int = 4, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + syncsafe(len(body)) + body


ARTIST = {"TPE1": ("Änn",)}


@pytest.mark.parametrize(
    "whole",
    [
        tag(frame("TPE1", b"\x00" + "Änn".encode("latin-1"))),
        tag(frame("TPE1", b"\x01" + "Änn".encode("utf-16"))),
        tag(frame("TPE1", b"\x01\xfe\xff" + "Änn\x00".encode("utf-16-be"))),
        tag(frame("TPE1", b"\x01" + "Änn".encode("utf-16") + b"\x00")),
        tag(frame("TPE1", b"\x02" + "Änn".encode("utf-16-be"))),
        tag(frame("TPE1", b"\x03" + "Änn\x00\x00".encode())),
        tag(frame("TPE1", b"\x03" + "Änn".encode(), version=3), version=3),
        tag(frame("TP1", b"\x00" + "Änn".encode("latin-1"), version=2), version=2),
        tag(frame("TPE1", b"\x01\xff\x00\xfe" + "Änn".encode("utf-16-le"), 0x0002)),
        tag(frame("TPE1", b"\x01\xff\x00\xfe" + "Änn".encode("utf-16-le")), flags=0x80),
        tag(frame("TPE1", b"\x01\xff\xfe" + "Änn".encode("utf-16-le"), version=3).replace(b"\xff", b"\xff\x00"),
            version=3, flags=0x80),
        tag(frame("TPE1", syncsafe(5) + zlib.compress(b"\x03" + "Änn".encode()), 0x0009)),
        tag(frame("TPE1", bytes(4) + zlib.compress(b"\x03" + "Änn".encode()), 0x0080, version=3), version=3),
        tag(frame("TPE1", b"\xff\x03" + "Änn".encode(), 0x0040)),
        tag(frame("TPE1", b"\xff\x03" + "Änn".encode(), 0x0020, version=3), version=3),
        tag(syncsafe(6) + b"\x01\x00", frame("TPE1", b"\x03" + "Änn".encode()), flags=0x40),
        tag(b"\x00\x00\x00\x06" + bytes(6), frame("TPE1", b"\x03" + "Änn".encode(), version=3), version=3, flags=0x40),
        tag(frame("PRIV", bytes(200), plain=True), frame("TPE1", b"\x03" + "Änn".encode())),
        tag(frame("TCOM", b"anything", 0x0004), frame("TPE1", b"\x03" + "Änn".encode())),
        tag(frame("TPE1", b"\x03" + "Änn".encode()), bytes(50)),
    ],
)  # fmt: skip
def test_every_shape_of_id3_is_read(whole: bytes) -> None:
    assert read_tag(whole) == (ARTIST, ())


def test_mutagen_reads_plain_sizes_alike(tmp_path: Path) -> None:
    from mutagen.id3 import ID3 as Mutagen

    path = tmp_path / "x.mp3"
    whole = tag(frame("PRIV", b"o\x00" + bytes(200), plain=True), frame("TPE1", b"\x03x", plain=True))
    path.write_bytes(whole + b"\xff\xfb\x90\x00" * 200)
    assert read_tag(whole)[0] == {"TPE1": tuple(Mutagen(path)["TPE1"].text)}
    path.write_bytes(merged_tag(whole, {"TSRC": ("y",)}) + b"\xff\xfb\x90\x00" * 200)
    assert set(Mutagen(path)) == {"PRIV:o:" + "\x00" * 200, "TPE1", "TSRC"}


def test_dates_and_people_of_v23_have_their_new_names() -> None:
    said = {"TYER": b"2026", "TDAT": b"2211", "TIME": b"1030", "IPLS": b"mixer\x00Y", "TORY": b"1999"}
    old = tag(*(frame(kind, b"\x00" + text, version=3) for kind, text in said.items()), version=3)
    fields = {"TDRC": ("2026-11-22T10:30",), "TIPL": ("mixer", "Y"), "TDOR": ("1999",)}
    assert read_tag(old) == (fields, ())
    new = merged_tag(old, {"TDRC": ("2027",), "TIPL": ("producer", "X")})
    assert read_tag(new) == ({"TDRC": ("2027",), "TIPL": ("producer", "X"), "TDOR": ("1999",)}, ())
    assert b"TYER" not in new
    assert b"TDAT" not in new
    assert b"IPLS" not in new


def test_frames_of_v24_keep_their_bytes() -> None:
    others = (
        frame("TIT2", syncsafe(4) + zlib.compress(b"\x00abc"), 0x0009), frame("PRIV", b"\xff\xe0" * 100, 0x6000),
        frame("TCOM", b"\x01anything", 0x0004), frame("XYZ1", b"?"),
    )  # fmt: skip
    new = merged_tag(tag(others[0], frame("TSRC", b"\x00old"), *others[1:], bytes(300)), {"TSRC": ("new",)})
    assert new == tag(others[0], frame("TSRC", b"\x03new"), *others[1:], bytes(300))


def test_padding_is_used_and_then_renewed() -> None:
    old = tag(frame("TPE1", b"\x03x"), bytes(50))
    assert len(merged_tag(old, {"TSRC": ("y" * 20,)})) == len(old)
    grown = merged_tag(old, {"TSRC": ("y" * 100,)})
    assert grown.endswith(bytes(1024))
    assert not merged_tag(tag(frame("TPE1", b"\x03x")), {"TSRC": ("y" * 100,)}).endswith(b"\x00")


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (tag(frame("CHAP", b"\x05c\x00" + bytes(16), 0x0020, version=3), version=3), "grouped"),
        (tag(frame("CHAP", b"c\x00" + bytes(16) + b"broken", version=3), version=3), "CHAP"),
        (tag(b"TPE1\x00\x00\x7f\x7f\x00\x00\x03x"), "after its tag"),
        (tag(frame("TPE1", b"\x03x"), b"\x00junk in the padding"), "padding"),
        (tag(version=7), "nobody defined"),
    ],
)
def test_a_tag_that_cannot_be_carried_over_is_left_alone(whole: bytes, why: str) -> None:
    with pytest.raises(TagError, match=why):
        merged_tag(whole, {"TSRC": ("x",)})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("APIC", ("x",)),
        ("TPE1:a", ("x",)),
        ("WCOP", ("x", "y")),
        ("WCOP", ("日",)),
        ("COMM", ("x", "y")),
        ("T", ("x",)),
    ],
)
def test_fields_that_id3_does_not_have_are_refused(name: str, values: tuple[str, ...]) -> None:
    with pytest.raises(TagError):
        merged_tag(None, {name: values})


def test_several_tags_in_a_row(made: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "two.mp3"
    second = tag(frame("TXXX", b"\x03AIGC\x00second"))
    path.write_bytes(tag(frame("TPE1", b"\x03first")) + second + made("bare.mp3").read_bytes())
    assert [item.fields for item in files.carriers(path)] == [{"TPE1": ("first",)}, {"TXXX:AIGC": ("second",)}]
    with pytest.raises(TagError, match="several"):
        files.edits_of(path, {"id3": {"TXXX:AIGC": ("x",)}})
    written = files.write(path, {"id3": {"TSRC": ("x",)}}, tmp_path / "out.mp3")
    assert second in written.read_bytes()
    assert files.sound(written) == files.sound(made("bare.mp3"))


def test_two_frames_that_claim_one_field_are_both_read() -> None:
    whole = tag(
        *(frame("TXXX", b"\x03AIGC\x00" + value) for value in (b"one", b"two")), frame("TXXX", b"\x03aigc\x003")
    )
    assert read_tag(whole) == (
        {"TXXX:AIGC": ("one", "two"), "TXXX:aigc": ("3",)},
        ("TXXX:AIGC: stands in the tag more than once",),
    )
    assert read_tag(merged_tag(whole, {"TXXX:AIGC": ("one",)})) == ({"TXXX:AIGC": ("one",), "TXXX:aigc": ("3",)}, ())


# --- places of MP4 ---------------------------------------------------------------------------------


def test_keys_lie_where_the_guide_wants_them_and_behind_the_list_of_itunes(
    made: Callable[[str], Path], tmp_path: Path
) -> None:
    for name in ("bare.m4a", "late.m4a", "keys.mp4", "early.mov"):
        path = made(name)
        written = files.write(path, asked(path), tmp_path / name)
        kinds = [part.name for part in files.parts_of(written)]
        assert kinds.count("moov/udta/meta") == 2
        with written.open("rb") as stream:
            content = stream.read()
        assert content.index(b"mdirappl") < content.index(b"mdta", content.index(b"mdirappl"))


def test_offsets_of_64_bits_are_moved(made: Callable[[str], Path], tmp_path: Path) -> None:
    """A table of chunk offsets is made one of 64 bits, in a file whose media comes last."""
    path = tmp_path / "wide.m4a"
    path.write_bytes(files.wide(made("early.m4a").read_bytes()))
    heard = files.sound(made("early.m4a"))
    assert files.sound(path) == heard
    assert files.sound(files.write(path, {"mp4": MP4}, tmp_path / "out.m4a")) == heard


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe+default_base_moof"])
def test_fragments_are_left_alone(flags: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    files.ffmpeg("-i", files.MEDIA / "take.wav", "-t", "0.5", "-c:a", "aac", "-movflags", flags, path)
    with pytest.raises(TagError, match="fragments"):
        files.edits_of(path, {"mp4": MP4})


# --- what is asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("v24.mp3", {"vorbis": VORBIS}),
        ("id3.flac", {"id3": ID3}),
        ("v24.mp3", {"id3": {"TPE1": ("a\x00b",)}}),
        ("v24.mp3", {"id3": {"TPE1": ("\ud800",)}}),
        ("v24.mp3", {"id3": {"TPE1": ("x" * (MAX_VALUE + 1),)}}),
        ("padded.flac", {"vorbis": {"A=B": ("x",)}}),
        ("padded.flac", {"vorbis": {"lower": ("x",)}}),
        ("padded.flac", {"vorbis": {"A": ("x",) * (MAX_VALUES + 1)}}),
        ("info.wav", {"riff": {"IART": ("x",)}}),
        ("info.wav", {"riff": {"INFO:TOOLONG": ("x",)}}),
        ("info.wav", {"riff": {"AIGC": ("x", "y")}}),
        ("late.m4a", {"mp4": {"©AR": ("x",)}}),
        ("late.m4a", {"mp4": {"----:nameless": ("x",)}}),
        ("late.m4a", {"mp4": {"日本日本": ("x",)}}),
    ],
)
def test_what_cannot_be_written_is_refused(name: str, wanted: dict[str, Fields], made: Callable[[str], Path]) -> None:
    with pytest.raises(TagError):
        files.edits_of(made(name), wanted)


# --- read only -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("x.ogg", ["-c:a", "libvorbis"]), ("x.opus", ["-c:a", "libopus"]), ("x.oga", ["-c:a", "flac"])],
)
def test_comments_in_ogg_are_read(name: str, arguments: list[str], tmp_path: Path) -> None:
    import mutagen

    path = tmp_path / name
    files.ffmpeg("-i", files.MEDIA / "take.wav", "-t", "0.5", *arguments, *files.META, path)
    file = mutagen.File(path)
    file["AIGC"] = [AIGC]
    file["LYRICS"] = ["la " * 20_000]  # over several pages
    file.save()
    assert files.fields(path, "vorbis") == {name.upper(): tuple(values) for name, values in file.tags.as_dict().items()}
    assert files.edits_of(path, {}) == []
    with pytest.raises(TagError, match="cannot be written into this format"):
        files.edits_of(path, {"vorbis": VORBIS})


@pytest.mark.parametrize("name", ["x.aac", "x.aiff"])
def test_id3_in_aac_and_aiff_is_read(name: str, tmp_path: Path) -> None:
    from mutagen import aiff, id3

    path = tmp_path / name
    files.ffmpeg("-i", files.MEDIA / "take.wav", "-t", "0.5", *files.META, path)
    if name == "x.aac":
        content = path.read_bytes()
        front = merged_tag(None, ID3)
        path.write_bytes(front + content)
    else:
        file = aiff.AIFF(path)
        file.add_tags()
        file["TSRC"] = id3.TSRC(encoding=1, text=["GBABC2600001"])
        file.save()
    assert files.fields(path, "id3")["TSRC"] == ("GBABC2600001",)
    with pytest.raises(TagError, match="cannot be written into this format"):
        files.edits_of(path, {"id3": ID3})


# --- (g) hostile files -----------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


HANDLERS = {kind: box(b"hdlr", bytes(8), kind, bytes(13)) for kind in (b"mdir", b"mdta")}


def movie(*parts: bytes, kind: bytes = b"mdir") -> bytes:
    held = box(b"udta", box(b"meta", bytes(4), HANDLERS[kind], *parts))
    sound = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"soun", bytes(12))))
    return box(b"ftyp", b"M4A ", bytes(4)) + box(b"moov", sound, held) + box(b"mdat", bytes(8))


def comments(count: int, *items: bytes) -> bytes:
    sized = b"".join(len(item).to_bytes(4, "little") + item for item in items)
    return bytes(4) + count.to_bytes(4, "little") + sized


def flac_with(*blocks: bytes) -> bytes:
    made = [b"\x04" + len(block).to_bytes(3, "big") + block for block in blocks]
    return b"fLaC" + bytes([0, 0, 0, 34]) + bytes(34) + b"".join(made) + b"\x81\x00\x00\x00"


def wav_with(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + len(data).to_bytes(4, "little") + data + b"\x00" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WAVE" + body


def text(kind: bytes, length: int, data: bytes) -> bytes:
    return kind + length.to_bytes(4, "little") + data


def item(*values: bytes, kind: bytes = b"\xa9ART") -> bytes:
    return box(kind, *(box(b"data", b"\x00\x00\x00\x01", bytes(4), value) for value in values))


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"ilst", inner)
    return inner


BOMB = zlib.compress(b"\x03" + bytes(1 << 30))
MP3 = b"\xff\xfb\x90\x00" * 200
HOSTILE: dict[str, tuple[str, bytes]] = {
    "a frame beyond its tag": ("MP3", tag(b"TPE1\x0f\x7f\x7f\x7f\x00\x00\x03x") + MP3),
    "a tag of another version": ("MP3", tag(frame("TPE1", b"\x03x"), version=9) + MP3),
    "an extended header beyond its tag": ("MP3", tag(b"\x0f\x7f\x7f\x7f", bytes(9), flags=0x40) + MP3),
    "no UTF-8 in ID3": ("MP3", tag(frame("TPE1", b"\x03\xff\xfe\xfd")) + MP3),
    "half a character of UTF-16": ("MP3", tag(frame("TPE1", b"\x01\xff\xfe\x00\xd8")) + MP3),
    "an unknown encoding": ("MP3", tag(frame("TPE1", b"\x09x")) + MP3),
    "a gigabyte in a megabyte": ("MP3", tag(frame("TXXX", syncsafe(1 << 20) + BOMB, 0x0009)) + MP3),
    "many bombs": ("MP3", tag(*[frame("TXXX", bytes(4) + zlib.compress(bytes(4_000_000)), 0x0009)] * 1_900) + MP3),
    "what does not inflate": ("MP3", tag(frame("TXXX", bytes(4) + b"no zlib", 0x0009)) + MP3),
    "very many frames": ("MP3", tag(frame("TPE1", b"\x03x") * 1_900) + MP3),
    "very many values": ("MP3", tag(frame("TXXX", b"\x03a" + b"\x00b" * 500_000)) + MP3),
    "very long values": ("MP3", tag(frame("TXXX", b"\x03a\x00" + b"b" * 3_000_000)) + MP3),
    "very many fields": ("MP3", tag(*(frame("TXXX", b"\x03%d\x00x" % number) for number in range(9_000))) + MP3),
    "four billion comments": ("FLAC", flac_with(comments(2**32 - 1, b"A=b"))),
    "a million comments": ("FLAC", flac_with(comments(1_000_000, *[b""] * 1_000_000))),
    "a comment beyond its block": ("FLAC", flac_with(bytes(4) + b"\x01\x00\x00\x00" + b"\xff" * 4 + b"A=b")),
    "a vendor beyond its block": ("FLAC", flac_with(b"\xff\xff\xff\xff" + bytes(20))),
    "no UTF-8 in comments": ("FLAC", flac_with(comments(1, b"A=\xff\xfe"))),
    "a comment without a name": ("FLAC", flac_with(comments(1, b"\xff=x"))),
    "two blocks of comments": ("FLAC", flac_with(comments(0), comments(0))),
    "a block of 16 MB": ("FLAC", flac_with(bytes(16_000_000))),
    "a text beyond its list": ("WAV", wav_with((b"LIST", b"INFO" + text(b"IART", 0xFFFFFFF0, b"x")))),
    "a list of 5 MB": ("WAV", wav_with((b"LIST", b"INFO" + text(b"IART", 5_000_000, bytes(5_000_000))))),
    "a million texts": ("WAV", wav_with((b"LIST", b"INFO" + text(b"IART", 0, b"") * 500_000))),
    "two labels": ("WAV", wav_with((b"AIGC", b"a"), (b"AIGC", b"b"))),
    "a label of 5 MB": ("WAV", wav_with((b"AIGC", bytes(5_000_000)))),
    "no UTF-8 in a label": ("WAV", wav_with((b"AIGC", b"\xff\xfe"))),
    "a chunk that is no ID3": ("WAV", wav_with((b"id3 ", b"nothing of the kind"))),
    "lists in lists": (
        "M4A",
        movie(nested(3_000), box(b"ilst", box(b"\xa9ART", nested(3_000)), box(b"\xa9nam", b"x")), box(b"ilst")),
    ),
    "an item beyond its list": ("M4A", movie(box(b"ilst", b"\x7f\xff\xff\xff\xa9ART", item()))),
    "very many items": ("M4A", movie(box(b"ilst", item(b"x") * 3_000))),
    "very many values in an item": ("M4A", movie(box(b"ilst", item(*[b"x"] * 90_000)))),
    "no UTF-8 in an item": ("M4A", movie(box(b"ilst", item(b"\xff")))),
    "an item twice": ("M4A", movie(box(b"ilst", item(b"x") * 2))),
    "a value of 5 MB": ("M4A", movie(box(b"ilst", item(bytes(5_000_000))))),
    "four billion keys": ("M4A", movie(box(b"keys", bytes(4), b"\xff" * 4), box(b"ilst"), kind=b"mdta")),
    "an item without a key": ("M4A", movie(box(b"keys", bytes(8)), box(b"ilst", item(b"x", kind=b"\0\0\0\x07")),
                                           kind=b"mdta")),
    "a page beyond the file": ("Ogg Vorbis", b"OggS" + bytes(22) + b"\xff" + b"\xff" * 255),
    "pages without end": ("Ogg Vorbis", (b"OggS" + bytes(22) + b"\x00") * 20_000),
    "a packet without end": (
        "Ogg Vorbis",
        b"OggS" + bytes(22) + b"\x01\x00" + (b"OggS" + bytes(22) + b"\xff" * 256 + bytes(255 * 255)) * 80,
    ),
}  # fmt: skip
# Nothing that a reader has to complain about: it is only no field.
SILENT = {"lists in lists", "an item beyond its list"}
_KINDS = {"MP3": "id3", "FLAC": "id3", "WAV": "riff", "M4A": "isobmff", "Ogg Vorbis": "opaque"}


def read(name: str, content: bytes) -> list[Carrier]:
    stream = io.BytesIO(content)
    return list(TAGGERS[name].read(stream, list(CONTAINERS[_KINDS[name]].walk(stream, len(content)))))


@pytest.fixture(scope="module")
def warm() -> None:
    """What is imported on the way is not measured."""
    read("MP3", tag(frame("TXXX", bytes(4) + zlib.compress(b"\x03x"), 0x0009)) + MP3)


def parts_in(kind: str, content: bytes) -> list[Part]:
    """The parts of a hostile file, where its walker does not refuse it first; taggers do not rely on that."""
    try:
        return list(CONTAINERS[_KINDS[kind]].walk(io.BytesIO(content), len(content)))
    except ContainerError:
        return []


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("warm")
def test_hostile_carriers_are_faults(name: str) -> None:
    kind, content = HOSTILE[name]
    stream, parts = io.BytesIO(content), parts_in(kind, content)
    started = time.process_time()
    found = list(TAGGERS[kind].read(stream, parts))
    assert time.process_time() - started < 1
    assert any(item.faults for item in found) == (name not in SILENT)
    for item in found:
        assert len(item.fields) <= MAX_FIELDS
        assert all(len(values) <= MAX_VALUES for values in item.fields.values())
    tracemalloc.start()
    list(TAGGERS[kind].read(stream, parts))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(content) + 5 * MAX_CARRIER


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("warm")
def test_hostile_carriers_are_written_whole_or_not_at_all(name: str) -> None:
    kind, content = HOSTILE[name]
    stream, parts = io.BytesIO(content), parts_in(kind, content)
    for carrier, fields in OURS.get(kind, {}).items():
        started = time.process_time()
        try:
            edits = TAGGERS[kind].edits(stream, parts, {carrier: fields})
        except TagError:
            continue
        finally:
            assert time.process_time() - started < 2
        out = io.BytesIO()
        rewrite(stream, len(content), edits, out)
        said = [item for item in read(kind, out.getvalue()) if item.id == carrier]
        assert fields.items() <= said[0].fields.items()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change, cut and double bytes near the heads, where tags lie."""
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        near = chance.choice([64, 256, 4096, len(data)])
        at = chance.randrange(min(near, len(data)))
        what = chance.randrange(4)
        if what == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            data[at] = chance.choice([0, 0xFF, 0x7F, 0x80])
        elif what == 2:
            del data[at : at + chance.choice([1, 4, 40])]
        else:
            data[at:at] = data[at : at + chance.choice([1, 4, 40])]
    return bytes(data)


SEEDS = ("mutagen23.mp3", "mutagen24.mp3", "padded.flac", "id3.wav", "odd.wav", "mutagen.m4a", "keys.mp4")


@pytest.mark.parametrize("name", SEEDS)
def test_no_mutation_makes_an_exception_escape(name: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    seed = tmp_path / name
    files.write(made(name), asked(made(name)), seed)
    fmt, content = files.format_of(seed), seed.read_bytes()
    chance = random.Random(name)
    read_some = 0
    for _ in range(600):
        data = mutated(content, chance)
        stream = io.BytesIO(data)
        try:
            parts = list(CONTAINERS[fmt.container].walk(stream, len(data)))
        except ContainerError:
            continue
        read_some += bool(list(TAGGERS[fmt.name].read(stream, parts)))
        for carrier, fields in OURS[fmt.name].items():
            try:
                edits = TAGGERS[fmt.name].edits(stream, parts, {carrier: dict.fromkeys(fields, ("new",))})
            except TagError:
                continue
            rewrite(stream, len(data), edits, io.BytesIO())
    assert read_some > 100


# --- (h) only heads are read -----------------------------------------------------------------------


class Counting(io.FileIO):
    """A file that counts what is read of it."""

    read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


@pytest.fixture
def large(request: pytest.FixtureRequest, made: Callable[[str], Path], tmp_path: Path) -> Iterator[Path]:
    """A FLAC of 50 MB, a WAV and an M4A of 200 MB, sparse, with tags on both sides of their sound."""
    name = str(request.param)
    path = tmp_path / name
    shutil.copy(made(name), path)
    with path.open("r+b") as stream:
        if name.endswith(".flac"):
            stream.truncate(50 << 20)
        elif name.endswith(".wav"):
            content = stream.read()
            at = content.index(b"data") + 4
            stream.seek(at)
            stream.write((200 << 20).to_bytes(4, "little"))
            stream.truncate(at + 4 + (200 << 20))
            stream.seek(4)
            stream.write((at + 4 + (200 << 20) - 8).to_bytes(4, "little"))
        else:
            end = stream.seek(0, 2)
            stream.write((200 << 20).to_bytes(4, "big") + b"mdat")
            stream.truncate(end + (200 << 20))
    yield path
    path.unlink()


@pytest.mark.parametrize("large", ["padded.flac", "info.wav", "late.m4a"], indirect=True)
def test_only_heads_are_read(large: Path) -> None:
    fmt = files.format_of(large)
    parts = files.parts_of(large)
    with Counting(large) as stream:
        list(TAGGERS[fmt.name].read(stream, parts))
        assert stream.read_bytes < 20_000
        edits = TAGGERS[fmt.name].edits(stream, parts, OURS[fmt.name])
        assert stream.read_bytes < 50_000
    assert sum(len(edit.content) for edit in edits) < 20_000


def test_edits_of_a_wav_stop_at_four_gibibytes(made: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    content = made("bare.wav").read_bytes()
    at = content.index(b"data") + 4
    size = (1 << 32) - 1 - (at + 4 - 8)
    head = content[:4] + ((1 << 32) - 1).to_bytes(4, "little") + content[8:at] + size.to_bytes(4, "little")
    path.write_bytes(head)
    with path.open("r+b") as stream:
        stream.truncate(at + 4 + size)
    with pytest.raises(TagError, match="4 GiB"):
        files.edits_of(path, {"riff": RIFF})


def test_a_wav_of_many_tags_says_little(tmp_path: Path) -> None:
    path = tmp_path / "many.wav"
    whole = (files.MEDIA / "take.wav").read_bytes()
    tag = merged_tag(None, {"TSRC": ("GBABC2600001",)})
    chunk = b"id3 " + len(tag).to_bytes(4, "little") + tag + bytes(len(tag) & 1)
    whole += chunk * 5_000
    path.write_bytes(whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:])
    found = files.carriers(path)
    assert len(found) == MAX_CARRIERS + 1
    assert found[-1].faults == (f"more than {MAX_CARRIERS} carriers; not read",)


def test_tags_in_front_of_a_flac_do_not_hide_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "many.flac"
    whole = files.write(
        files.MEDIA / "take.flac", {"vorbis": {"PROVLABEL_KIND": ("ai_generated",)}}, tmp_path / "one.flac"
    ).read_bytes()
    path.write_bytes(merged_tag(None, {"TIT2": ("x",)}) * 8 + whole)
    assert next(item for item in files.carriers(path) if item.id == "vorbis").fields["PROVLABEL_KIND"]


def test_xmp_of_others_in_a_film_or_a_wav_is_read(tmp_path: Path) -> None:
    uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    song, take = tmp_path / "song.m4a", tmp_path / "take.wav"
    files.KINDS["late.m4a"](song)
    subprocess.run(["exiftool", "-q", "-overwrite_original", f"-XMP-iptcExt:DigitalSourceType={uri}", song], check=True)
    packet = merged(None, {"Iptc4xmpExt:DigitalSourceType": (uri,)})
    whole = (files.MEDIA / "take.wav").read_bytes()
    whole += b"_PMX" + len(packet).to_bytes(4, "little") + packet + bytes(len(packet) & 1)
    take.write_bytes(whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:])
    for path in (song, take):
        assert files.exiftool(path)["XMP-iptcExt:DigitalSourceType"] == [uri]
        assert files.fields(path, "xmp")["Iptc4xmpExt:DigitalSourceType"] == (uri,)


def test_an_item_without_a_type_is_text_where_others_read_it_as_text(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    files.KINDS["late.m4a"](path)
    file = mp4.MP4(path)
    assert file.tags is not None
    for name, value in (("ISRC", b"GBABC2600001"), ("BINARY", b"\xff\x00\x01")):
        file.tags[f"----:com.apple.iTunes:{name}"] = [mp4.MP4FreeForm(value, dataformat=mp4.AtomDataType.IMPLICIT)]
    file.save()
    assert files.exiftool(path)["iTunes:ISRC"] == ["GBABC2600001"]
    seen = files.fields(path, "mp4")
    assert seen["----:com.apple.iTunes:ISRC"] == ("GBABC2600001",)
    assert "----:com.apple.iTunes:BINARY" not in seen
