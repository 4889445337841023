"""Tags of ID3 in older versions, or of special forms: other programs show what they showed, and nothing is lost."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from mutagen import id3

import audio_files as files
from project import MEDIA, needs
from provlabel import InputError, Label, label_file, verify_file
from provlabel.carriers.tags.id3 import merged_tag, read_tag, ready_tag
from provlabel.label.records import Person
from provlabel.media.containers import CONTAINERS
from provlabel.media.formats import id3v2_size
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import bare_mp3
from tag_judges import JUDGES, Shown

pytestmark = [needs("exiftool"), needs("ffmpeg"), needs("ffprobe"), needs("mediainfo")]

MPEG = bare_mp3()
OURS = {"TXXX:PROVLABEL_KIND": ("ai_generated",)}


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(kind: str, body: bytes, flags: int = 0, version: int = 3, plain: bool = False) -> bytes:
    if version == 2:
        return kind.encode() + len(body).to_bytes(3, "big") + body
    size = syncsafe(len(body)) if version == 4 and not plain else len(body).to_bytes(4, "big")
    return kind.encode() + size + flags.to_bytes(2, "big") + body


def tag(*frames: bytes, version: int = 3, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + syncsafe(len(body)) + body


def unsynchronised(whole: bytes) -> bytes:
    """The whole tag so that no byte 255 is followed by one that could begin a frame of sound (v2.3 §5)."""
    body = re.sub(rb"\xff(?=[\x00\xe0-\xff])", b"\xff\x00", whole[10:])
    return whole[:5] + bytes([whole[5] | 0x80]) + syncsafe(len(body)) + body


def old_tag(
    comment: bytes = b"a comment", track: int = 5, genre: int = 17, year: bytes = b"2026", artist: bytes = b"Artist"
) -> bytes:
    """A tag of ID3v1.1, or of ID3v1 without a track."""
    texts = b"".join(text.ljust(30, b" ") for text in (b"Title", artist, b"Album"))
    note = comment.ljust(28, b"\x00") + bytes([0, track]) if track else comment.ljust(30, b"\x00")
    return b"TAG" + texts + year + note + bytes([genre])


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def all_shown(path: Path) -> dict[str, Shown]:
    return {name: judge(path) for name, judge in JUDGES.items()}


def frames_of(path: Path) -> dict[str, str]:
    """All frames as mutagen reads them, but for the two of ours; how a text is encoded does not count."""
    found = {key: repr(value) for key, value in id3.ID3(path, load_v1=False).items()}
    for name in ("LATIN1: 0", "UTF16: 1", "UTF8: 3"):
        found = {key: text.replace(f"<Encoding.{name}>", "") for key, text in found.items()}
    found = {key: text.replace("10:30:00", "10:30") for key, text in found.items()}
    return {key: text for key, text in found.items() if not key.startswith(("TXXX:PROVLABEL", "GEOB:c2pa"))}


def _undated(path: Path) -> dict[str, Shown]:
    """What is shown, but for the date, of which some programs show the first part alone."""
    return {
        name: {key: value for key, value in shown.items() if key != "date"} for name, shown in all_shown(path).items()
    }


def warnings_of_exiftool(path: Path) -> list[str]:
    done = subprocess.run(["exiftool", "-s3", "-a", "-Warning", path], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


# --- ID3v1 alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("carriers", [None, ()], ids=["with tags", "without"])
def test_a_file_with_id3v1_alone_shows_the_same_in_every_program(
    carriers: tuple[()] | None, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source = written(tmp_path / "old.mp3", MPEG + old_tag())
    dest = tmp_path / "new.mp3"
    label_file(source, dest, label, signer, carriers=carriers, sandbox=sandbox)
    before = all_shown(source)
    assert before["ffprobe"] == {
        "title": "Title", "artist": "Artist", "album": "Album", "date": "2026", "track": "5", "genre": "Rock"
    }  # fmt: skip
    assert all_shown(dest) == before
    assert files.ffprobe(dest)["comment"] == "a comment"
    assert dest.read_bytes().endswith(old_tag())
    assert verify_file(dest, sandbox=sandbox).files[0].state == "valid"


@pytest.mark.parametrize(
    ("old", "fields"),
    [
        (
            old_tag(b"x" * 30, 0, artist=b"K\xfcnstler\x00junk"),
            {"TPE1": ("Künstler",), "COMM": ("x" * 30,), "TDRC": ("2026",), "TCON": ("17",)},
        ),
        (old_tag(b"", 0, 255, b"\0\0\0\0"), {}),
        (old_tag(b"", 7, 191, b"c.99"), {"TRCK": ("7",), "TCON": ("191",)}),
    ],
)
def test_what_id3v1_does_not_say_is_not_said(old: bytes, fields: dict[str, tuple[str, ...]], tmp_path: Path) -> None:
    path = written(tmp_path / "old.mp3", MPEG + old)
    names = {"TIT2": ("Title",), "TPE1": ("Artist",), "TALB": ("Album",)}
    assert files.fields(path, "id3") == names | fields
    new = files.write(path, {"id3": OURS}, tmp_path / "new.mp3")
    assert files.fields(new, "id3") == names | fields | OURS


def test_beside_an_id3v2_tag_an_old_one_says_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "both.mp3", tag(frame("TIT2", b"\x00New"), version=3) + MPEG + old_tag())
    assert files.fields(path, "id3") == {"TIT2": ("New",)}
    new = files.write(path, {"id3": OURS}, tmp_path / "new.mp3")
    assert files.fields(new, "id3") == {"TIT2": ("New",), **OURS}


@pytest.mark.parametrize("carriers", [None, ()], ids=["with tags", "without"])
@pytest.mark.parametrize(
    ("frames", "version", "padding"),
    [
        ([], 4, 20),
        ([frame("UFI", b"http://o.example\x00\x01", version=2)], 2, 0),
        ([frame("APIC", b"\x00image/jpeg\x00\x03\x00" + (MEDIA / "cover.jpg").read_bytes())], 3, 0),
    ],
    ids=["empty", "an identifier", "a cover"],
)
def test_beside_an_id3v2_tag_without_words_an_old_one_is_shown_as_before(
    frames: list[bytes], version: int, padding: int, carriers: tuple[()] | None, tmp_path: Path, label: Label,
    signer: Signer, sandbox: Sandbox,
) -> None:  # fmt: skip
    source = written(tmp_path / "old.mp3", tag(*frames, bytes(padding), version=version) + MPEG + old_tag())
    before = files.ffprobe(source)
    assert {"title", "artist", "album", "date", "track", "genre", "comment"} <= before.keys()
    dest = tmp_path / "new.mp3"
    label_file(source, dest, label, signer, carriers=carriers, sandbox=sandbox)
    assert before.items() <= files.ffprobe(dest).items()
    assert all_shown(source)["TagLib"].items() <= all_shown(dest)["TagLib"].items()
    assert verify_file(dest, sandbox=sandbox).files[0].state == "valid"


def test_an_artist_in_id3v1_is_never_replaced(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source, dest = written(tmp_path / "old.mp3", MPEG + old_tag(artist=b"K\xfcnstler")), tmp_path / "new.mp3"
    credited = replace(label, people=(Person(id="p1", name="Ada Example"),))
    receipt = label_file(source, dest, credited, signer, personal=True, sandbox=sandbox)
    assert files.ffprobe(dest)["artist"] == "Künstler"
    assert "id3 TPE1 says something personal, and was left so" in receipt.warnings


# --- ID3v2.2 and ID3v2.3 ---------------------------------------------------------------------------

PICTURE = (MEDIA / "cover.jpg").read_bytes()
VOLUME = b"\x03\x10" + bytes(range(8))
OF_2_2: Sequence[tuple[str, bytes]] = (
    ("TT2", b"\x01" + "日本".encode("utf-16")), ("TP1", b"\x00AC/DC"), ("TAL", b"\x00Album"), ("TRK", b"\x003/9"),
    ("TCO", b"\x00(17)"), ("TYE", b"\x002024"), ("TDA", b"\x000605"), ("TIM", b"\x001030"), ("TOR", b"\x001999"),
    ("TRD", b"\x004th of June"), ("TSI", b"\x00123456"), ("IPL", b"\x00producer\x00X\x00mixer\x00Y"),
    ("TXX", b"\x00mood\x00calm"), ("COM", b"\x00eng\x00a comment"), ("ULT", b"\x00eng\x00\x00la la"),
    ("WAR", b"http://a.example/"), ("WXX", b"\x00shop\x00http://b.example/"), ("UFI", b"http://o.example\x00\x01\xff"),
    ("PIC", b"\x00JPG\x03front\x00" + PICTURE), ("GEO", b"\x00text/plain\x00a.txt\x00what\x00object\xff\xe0"),
    ("POP", b"a@b\x00\x80\x00\x00\x00\x07"), ("CNT", b"\x00\x00\x00\x09"), ("TCP", b"\x001"),
    ("RVA", VOLUME), ("EQU", b"\x10\x80\x10\x01\x02"), ("LNK", b"TT2http://c.example/\x00"), ("XYZ", b"\xff\xfbodd"),
    ("CRM", b"o\x00what\x00\x01\x02"),
)  # fmt: skip


def test_frames_of_v22_are_those_of_v24_and_none_is_lost(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    frames = [frame(*item, version=2) for item in OF_2_2]
    source, dest = written(tmp_path / "old.mp3", tag(*frames, version=2) + MPEG), tmp_path / "new.mp3"
    label_file(source, dest, label, signer, sandbox=sandbox)
    before, after = frames_of(source), frames_of(dest)
    kept = {f"PRIV:ID3v2.2 {name}" for name in ("RVA", "EQU", "XYZ", "CRM")}
    texts = {"TXXX:TRDA", "TXXX:TSIZ"}
    assert {key for key in after if key not in before} == {
        next(key for key in after if key.startswith(name)) for name in (*kept, *texts)
    }
    assert {key: after.get(key) for key in before} == before
    content = dest.read_bytes()
    for name in ("RVA", "EQU", "XYZ", "CRM"):
        assert frame(name, dict(OF_2_2)[name], version=2) in content, f"{name} is there as it was"
    tags = id3.ID3(dest)
    assert tags["TDRC"].text[0].text == "2024-05-06 10:30"
    assert tags["TDOR"].text[0].text == "1999"
    assert tags["APIC:front"].mime == "image/jpeg"
    assert tags["APIC:front"].data == PICTURE
    assert "LINK" in content.decode("latin-1")
    assert b"LINK" + syncsafe(22) + b"\x00\x00TIT2http://c.example/\x00" in content
    assert files.fields(dest, "id3")["TXXX:PROVLABEL_KIND"] == (label.kind,)
    assert _undated(dest) == _undated(source)


VALID = (  # v2.3, and v2.4 as well
    ("TIT2", b"\x01" + "日本".encode("utf-16")), ("TPE1", b"\x00AC/DC"), ("TALB", b"\x00Album"), ("TRCK", b"\x003/9"),
    ("TCON", b"\x00(17)"), ("PRIV", b"o\x00\xff\xe0\xff\x00\xff"),
    ("SYLT", b"\x00eng\x02\x01\x00la\x00\x00\x00\x00\x07"),
    ("GEOB", b"\x00text/plain\x00a.txt\x00what\x00object\xff\xe0"), ("UFID", b"http://o.example\x00\x01\xff"),
    ("POPM", b"a@b\x00\x80\x00\x00\x00\x07"), ("MCDI", b"\x01\x02\xff\xe1"),
    ("APIC", b"\x00image/jpeg\x00\x03front\x00" + PICTURE), ("XYZ1", b"of nobody"),
)  # fmt: skip
CHAPTER = (
    ("CHAP", b"one\x00" + bytes(16) + frame("TIT2", b"\x00" + b"long" * 40)),
    ("CTOC", b"toc\x00\x03\x01one\x00" + frame("TIT2", b"\x00contents")),
)
DATED = (("TYER", b"\x002024"), ("TDAT", b"\x000605"), ("TIME", b"\x001030"), ("TORY", b"\x001999"))
GONE = (("TRDA", b"\x00in June"), ("TSIZ", b"\x00123456"), ("RVAD", VOLUME), ("EQUA", b"\x10\x80\x10\x01\x02"))


def test_frames_of_v23_are_those_of_v24_and_none_is_lost(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    frames = [frame(*item) for item in (*VALID, *CHAPTER, *DATED, *GONE)]
    source, dest = written(tmp_path / "old.mp3", tag(*frames) + MPEG), tmp_path / "new.mp3"
    label_file(source, dest, label, signer, sandbox=sandbox)
    before, after = frames_of(source), frames_of(dest)
    assert {key: after.get(key) for key in before} == before
    more = [key for key in after if key not in before]
    assert sorted(key.partition(":RV")[0].partition(":EQ")[0] for key in more) == [
        "PRIV:ID3v2.3 EQUA", "PRIV:ID3v2.3 RVAD", "TXXX:TRDA", "TXXX:TSIZ"
    ]  # fmt: skip
    content = dest.read_bytes()
    for item in VALID:
        assert item[0].encode() + syncsafe(len(item[1])) + b"\x00\x00" + item[1] in content, f"{item[0]} keeps its body"
    for item in GONE[2:]:
        assert frame(*item) in content, f"{item[0]} is there as it was"
    assert _undated(dest) == _undated(source)
    assert not warnings_of_exiftool(dest)


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ({"TYER": "2024"}, {"TDRC": "2024"}),
        ({"TYER": "2024", "TDAT": "0605"}, {"TDRC": "2024-05-06"}),
        ({"TYER": "2024", "TDAT": "0605", "TIME": "1030"}, {"TDRC": "2024-05-06T10:30"}),
        ({"TYER": "2024", "TDAT": "3113"}, {"TDRC": "2024", "TXXX:TDAT": "3113"}),
        ({"TYER": "2024", "TIME": "1030"}, {"TDRC": "2024", "TXXX:TIME": "1030"}),
        ({"TYER": "2024", "TDAT": "0605", "TIME": "9930"}, {"TDRC": "2024-05-06", "TXXX:TIME": "9930"}),
        ({"TYER": "c. 1999", "TDAT": "0605"}, {"TXXX:TYER": "c. 1999", "TXXX:TDAT": "0605"}),
        ({"TYER": "2024", "TDAT": "0605", "TDRC": "2024-05-06"}, {"TDRC": "2024-05-06"}),
        ({"TYER": "1999", "TDRC": "2024-05-06"}, {"TDRC": "2024-05-06", "TXXX:TYER": "1999"}),
        ({"TORY": "1999"}, {"TDOR": "1999"}),
        ({"TORY": "in 1999"}, {"TXXX:TORY": "in 1999"}),
        ({"TORY": "1999", "TDOR": "1998"}, {"TDOR": "1998", "TXXX:TORY": "1999"}),
    ],
)
def test_dates_of_v23_become_one(parts: dict[str, str], fields: dict[str, str]) -> None:
    old = tag(*(frame(kind, b"\x00" + text.encode()) for kind, text in parts.items()))
    expected = {name: (text,) for name, text in fields.items()}
    assert read_tag(merged_tag(old, OURS)) == (expected | OURS, ())


@pytest.mark.parametrize("version", [2, 3])
def test_a_date_is_shown_alike_before_and_after(
    version: int, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """The day too, where a program does not put parts of a date together."""
    old = DATED[:2] if version == 3 else (("TYE", DATED[0][1]), ("TDA", DATED[1][1]))
    source = written(
        tmp_path / "old.mp3", tag(*(frame(*item, version=version) for item in old), version=version) + MPEG
    )
    dest = tmp_path / "new.mp3"
    label_file(source, dest, label, signer, sandbox=sandbox)
    assert {name: shown["date"] for name, shown in all_shown(dest).items()} == dict.fromkeys(JUDGES, "2024-05-06")
    assert all(shown.get("date", "") in ("", "2024", "2024-05-06") for shown in all_shown(source).values())


@pytest.mark.parametrize(
    ("flags", "front"),
    [
        (0x0080, b"%s"),
        (0x0020, b"\x07"),
        (0x00A0, b"%s\x07"),
        (0x8000, b""),
        (0x4080, b"%s"),
    ],
)
def test_flags_of_v23_are_those_of_v24(flags: int, front: bytes, tmp_path: Path) -> None:
    body = b"\x00" + b"kept" * 50
    content = zlib.compress(body) if flags & 0x80 else body
    old = tag(frame("TIT2", front.replace(b"%s", len(body).to_bytes(4, "big")) + content, flags))
    new = merged_tag(old, OURS)
    title = {"TIT2": ("kept" * 50,)}
    assert read_tag(old) == (title, ())
    assert read_tag(new) == (title | OURS, ())
    assert content in new, "what is compressed is not made anew"
    path = written(tmp_path / "new.mp3", new + MPEG)
    if not flags & 0x20:  # mutagen passes over the byte of a group in v2.3 and not in v2.4
        assert id3.ID3(path)["TIT2"].text == ["kept" * 50]


def test_what_is_encrypted_is_carried_over_as_it_is() -> None:
    body = b"\x01\x02\xff\xe0secret"
    old = tag(frame("TIT2", b"\x05" + body, 0x0040), frame("TCOM", syncsafe(99) + b"\x05\x07" + body, 0x00E0),
              frame("TYER", b"\x05" + body, 0x0040))  # fmt: skip
    new = merged_tag(old, OURS)
    assert frame("TIT2", b"\x05" + body, 0x0004, 4) in new
    assert frame("TCOM", b"\x07\x05" + syncsafe(int.from_bytes(syncsafe(99), "big")) + body, 0x004D, 4) in new
    assert frame("TYER", b"\x05" + body, 0x0040) in new, "v2.4 has no such frame: it lies whole in another"


FORMS = {
    "v2.3, unsynchronised": unsynchronised(tag(*(frame(*item) for item in (*VALID, *CHAPTER)))),
    "v2.3, extended header": tag(syncsafe(6) + bytes(6), *(frame(*item) for item in VALID), flags=0x40),
    "v2.4, extended header": tag(
        syncsafe(6) + b"\x01\x00", *(frame(*item, 0, 4) for item in VALID), version=4, flags=0x40
    ),
    "v2.4, footer": tag(*(frame(*item, 0, 4) for item in VALID), version=4, flags=0x10),
    "v2.4, plain sizes": tag(*(frame(*item, 0, 4, plain=True) for item in VALID), version=4),
    "v2.4, unsynchronised": tag(
        *(frame(kind, body.replace(b"\xff", b"\xff\x00"), 2, 4) for kind, body in VALID), version=4, flags=0x80
    ),
    "v2.2, unsynchronised": unsynchronised(tag(*(frame(*item, version=2) for item in OF_2_2[:23]), version=2)),
}  # fmt: skip
FORMS["v2.4, footer"] += b"3DI" + FORMS["v2.4, footer"][3:10]


@pytest.mark.parametrize("carriers", [None, ()], ids=["with tags", "without"])
@pytest.mark.parametrize("name", FORMS)
def test_tags_of_special_forms_lose_nothing(
    name: str, carriers: tuple[()] | None, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source, dest = written(tmp_path / "old.mp3", FORMS[name] + MPEG), tmp_path / "new.mp3"
    label_file(source, dest, label, signer, carriers=carriers, sandbox=sandbox)
    assert not ready_tag(FORMS[name])[5], "of no special form any more"
    before, after = frames_of(source), frames_of(dest)
    assert {key: after.get(key) for key in before} == before
    assert dest.read_bytes().endswith(MPEG)
    assert files.sound(dest)
    assert not warnings_of_exiftool(dest)
    assert verify_file(dest, sandbox=sandbox).files[0].state == "valid"


# --- sizes that are no sizes of v2.4 ---------------------------------------------------------------


def test_sizes_of_old_versions_of_itunes_are_read_and_put_right(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """305 bytes written as plain 0x131, which is 177 where seven bits count."""
    comment = b"\x00eng\x00" + b"x" * 300
    old = tag(frame("COMM", comment, 0, 4, plain=True), frame("TIT2", b"\x00Title", 0, 4), version=4)
    source, dest = written(tmp_path / "itunes.mp3", old + MPEG), tmp_path / "new.mp3"
    assert id3.ID3(source)["TIT2"].text == ["Title"]
    label_file(source, dest, label, signer, sandbox=sandbox)
    assert frames_of(dest) == frames_of(source)
    assert frame("COMM", comment, 0, 4) in dest.read_bytes()
    label_file(source, source, label, signer, detached=True, sandbox=sandbox)
    assert verify_file(source, sandbox=sandbox).files[0].state == "valid"


def test_a_frame_without_end_is_the_reason_and_a_manifest_beside_the_file_can_be_made(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source = written(tmp_path / "cut.mp3", tag(b"TPE1\x00\x00\x7f\x7f\x00\x00\x03x", version=4) + MPEG)
    assert verify_file(source, sandbox=sandbox).files[0].state == "unsigned"
    with pytest.raises(InputError, match="ID3v2 frame TPE1 at byte 10 ends after its tag") as caught:
        label_file(source, tmp_path / "new.mp3", label, signer, sandbox=sandbox)
    assert "--detached" in caught.value.hint
    before = source.read_bytes()
    label_file(source, source, label, signer, detached=True, sandbox=sandbox)
    assert source.read_bytes() == before
    assert verify_file(source, sandbox=sandbox).files[0].state == "valid"


def test_a_manifest_behind_a_frame_without_end_is_not_passed_over(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    signed = tmp_path / "signed.mp3"
    label_file(written(tmp_path / "take.mp3", MPEG), signed, label, signer, sandbox=sandbox)
    content = bytearray(signed.read_bytes())
    content[14:18] = b"\x7f\x7f\x7f\x7f"  # the size of the first frame
    signed.write_bytes(content)
    assert verify_file(signed, sandbox=sandbox).files[0].state == "unreadable"


# --- padding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "front", [b"", tag(frame("TIT2", b"\x00x")), tag(frame("TIT2", b"\x00x", 0, 4), version=4), FORMS["v2.4, footer"]],
    ids=["none", "v2.3", "v2.4", "footer"],
)  # fmt: skip
@pytest.mark.parametrize("carriers", [None, ()], ids=["with tags", "without"])
def test_a_tag_ends_with_padding_as_exiftool_wants_it(
    front: bytes, carriers: tuple[()] | None, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source, dest, again = written(tmp_path / "x.mp3", front + MPEG), tmp_path / "y.mp3", tmp_path / "z.mp3"
    label_file(source, dest, label, signer, carriers=carriers, sandbox=sandbox)
    content = dest.read_bytes()
    assert content[: id3v2_size(content)].endswith(bytes(1024))
    assert not warnings_of_exiftool(dest)
    label_file(dest, again, label, signer, carriers=carriers, sandbox=sandbox)
    newer = again.read_bytes()
    assert newer[: id3v2_size(newer)].endswith(bytes(1024))
    assert not newer[: id3v2_size(newer)].endswith(bytes(2048)), "padding does not grow"
    assert not warnings_of_exiftool(again)


def test_padding_that_is_there_is_enough(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source, dest = written(tmp_path / "x.mp3", tag(frame("TIT2", b"\x00x"), bytes(50)) + MPEG), tmp_path / "y.mp3"
    label_file(source, dest, label, signer, carriers=(), sandbox=sandbox)
    content = dest.read_bytes()
    assert content[: id3v2_size(content)].endswith(bytes(50))
    with dest.open("rb") as stream:  # a signature may end with a zero, so that bytes alone do not tell
        [padding] = [part for part in CONTAINERS["id3"].walk(stream, len(content)) if part.name == "padding"]
    assert padding.length == 50
    assert not warnings_of_exiftool(dest)


def test_what_changes_in_the_padding_is_seen(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    dest = tmp_path / "y.mp3"
    label_file(written(tmp_path / "x.mp3", MPEG), dest, label, signer, sandbox=sandbox)
    content = bytearray(dest.read_bytes())
    content[id3v2_size(bytes(content)) - 1] = 1
    dest.write_bytes(content)
    assert verify_file(dest, sandbox=sandbox).files[0].state == "invalid"
