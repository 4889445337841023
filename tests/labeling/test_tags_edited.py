"""Tags that were edited after signing are told from another sound or picture, and nothing else passes for that.

``docs/tags-edited.md`` names tests of this module.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest
from mutagen import flac, id3, mp4, wave
from PIL import Image

from audio_files import ffmpeg
from project import DOCS, MEDIA, ROOT, needs
from provlabel import FileReport, Label, TrustStore, label_file, verify_file
from provlabel.carriers.tagless import tagless_digest, texts
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import MAKERS, exif, known, run

Edit = Callable[[Path], object]
Judged = Callable[[str, Edit], FileReport]


# --- files -----------------------------------------------------------------------------------------


def _mp3(path: Path) -> None:
    """Each kind of frame that counts, and some that do not."""
    path.write_bytes((MEDIA / "take.mp3").read_bytes())
    tag = id3.ID3(path)
    tag.add(id3.RVA2(desc="album", channel=1, gain=-3.0, peak=0.9))
    tag.add(id3.TXXX(encoding=3, desc="replaygain_track_gain", text=["-3.00 dB"]))
    tag.add(id3.COMM(encoding=0, lang="eng", desc="iTunSMPB", text=[" 00000000 00000210 000007C2"]))
    tag.add(id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=[" 00000318"]))
    tag.add(id3.COMM(encoding=3, lang="eng", desc="", text=["a comment"]))
    tag.add(id3.POPM(email="a@b", rating=3, count=5))
    tag.add(id3.TBPM(encoding=3, text=["120"]))
    tag.add(id3.CHAP(element_id="one", start_time=0, end_time=400, start_offset=0xFFFFFFFF, end_offset=0xFFFFFFFF))
    tag.save(path, v1=2)


def _flac(path: Path) -> None:
    ffmpeg("-i", MEDIA / "take.flac", "-i", MEDIA / "cover.jpg", "-map", "0:a", "-map", "1:v", "-c", "copy",
           "-disposition:v", "attached_pic", path)  # fmt: skip
    file = flac.FLAC(path)
    file["title"], file["replaygain_track_gain"], file["comment"] = "Lighthouse", "-3.00 dB", "kept"
    file.save()
    run("metaflac", "--import-cuesheet-from", _cue_of(path), path)


def _cue_of(path: Path) -> Path:
    cue = path.with_suffix(".cue")
    cue.write_text(
        'FILE "a.wav" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    INDEX 01 00:01:00\n'
    )
    return cue


def _m4a(path: Path) -> None:
    MAKERS["fast.m4a"](path)
    file = mp4.MP4(path)
    file["covr"] = [mp4.MP4Cover((MEDIA / "cover.jpg").read_bytes())]
    file["pgap"], file["tmpo"], file["\xa9cmt"] = True, [120], ["a comment"]
    file["----:com.apple.iTunes:iTunSMPB"] = [b" 00000000 00000840 000001CA"]
    file["----:com.apple.iTunes:iTunNORM"] = [b" 00000318"]
    file["----:com.apple.iTunes:replaygain_track_gain"] = [b"-3.00 dB"]
    file.save()


def _wav(path: Path) -> None:
    MAKERS["broadcast.wav"](path)
    file = wave.WAVE(path)
    file.add_tags() if file.tags is None else None
    assert file.tags is not None
    file.tags.add(id3.TIT2(encoding=3, text=["Lighthouse"]))
    file.tags.add(id3.RVA2(desc="album", channel=1, gain=-3.0, peak=0.9))
    file.save()
    content = path.read_bytes()
    cue = b"cue " + (28).to_bytes(4, "little") + b"\1\0\0\0" + b"\1\0\0\0" + bytes(4) + b"data" + bytes(12)
    whole = content[8:] + cue
    path.write_bytes(b"RIFF" + len(whole).to_bytes(4, "little") + whole)


def _picture(path: Path, **options: object) -> None:
    from PIL import ImageCms

    made = exif()
    made[0x0112] = 6  # turned
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(MEDIA / "cover.jpg") as image:
        image.save(path, exif=made, icc_profile=profile, dpi=(72, 72), **options)  # type: ignore[arg-type]
    if path.suffix == ".jpg":
        run("exiftool", "-q", "-overwrite_original", "-XMP-crs:Exposure2012=0.5", "-IPTC:Keywords=a", path)


_FILES: dict[str, Callable[[Path], None]] = {
    "a.mp3": _mp3,
    "a.flac": _flac,
    "a.m4a": _m4a,
    "late.m4a": MAKERS["aac.m4a"],
    "a.wav": _wav,
    "a.mp4": MAKERS["clip.mp4"],
    "a.jpg": _picture,
    "a.png": _picture,
    "plain.jpg": lambda path: path.write_bytes((MEDIA / "cover.jpg").read_bytes()) and None,
    "a.webp": _picture,
}


@pytest.fixture(scope="module")
def labeled(tmp_path_factory: pytest.TempPathFactory, signer: Signer, sandbox: Sandbox) -> Callable[[str], bytes]:
    """Make and label a file, once."""
    folder, made = tmp_path_factory.mktemp("labeled"), {}
    label = Label(kind="ai_generated", title="Lighthouse")

    def of(name: str) -> bytes:
        if name not in made:
            _FILES[name](folder / name)
            label_file(folder / name, folder / f"out-{name}", label, signer, sandbox=sandbox)
            made[name] = (folder / f"out-{name}").read_bytes()
        return made[name]

    return of


@pytest.fixture
def judged(tmp_path: Path, labeled: Callable[[str], bytes], trust: TrustStore, sandbox: Sandbox) -> Judged:
    """Edit a labeled file, and judge what comes of it."""

    def of(name: str, edit: Edit) -> FileReport:
        path = tmp_path / name
        path.write_bytes(labeled(name))
        before = verify_file(path, trust=trust, sandbox=sandbox).files[0]
        assert before.state == "trusted"
        edit(path)
        assert path.read_bytes() != labeled(name)
        return verify_file(path, trust=trust, sandbox=sandbox).files[0]

    return of


def content_rules(report: FileReport) -> list[str]:
    return [one.rule for one in report.findings if one.rule.startswith("content.")]


# --- editors of tags -------------------------------------------------------------------------------


def by_exiftool(*options: str) -> Edit:
    return lambda path: run("exiftool", "-q", "-m", "-overwrite_original", *options, path)


def by_kid3(*commands: str) -> Edit:
    given = [part for one in commands for part in ("-c", one)]
    return lambda path: subprocess.run(["kid3-cli", *given, "-c", "save", path], check=True, capture_output=True)


def by_mutagen(change: Callable[[mutagen.FileType], object]) -> Edit:
    def edit(path: Path) -> None:
        file = mutagen.File(path)
        change(file)
        file.save()

    return edit


def put(*frames: id3.Frame) -> Edit:
    return by_mutagen(lambda file: [file.tags.add(frame) for frame in frames])


def field(name: str, value: object) -> Edit:
    def change(file: mutagen.FileType) -> None:
        file[name] = value

    return by_mutagen(change)


_TITLE = id3.TIT2(encoding=3, text=["Another title that is longer than the one before " * 40])
_EXIFTOOL = [
    ("a.jpg", "-XMP-dc:Title=Another", "-XMP-xmp:Rating=5"),
    ("plain.jpg", "-XMP-dc:Title=Another"),
    ("plain.jpg", "-IPTC:Keywords=sea"),
    ("plain.jpg", "-Comment=hello"),
    ("plain.jpg", "-EXIF:ImageDescription=Another and a longer one"),
    ("a.jpg", "-IPTC:Keywords=sea", "-IPTC:Headline=Waves"),
    ("a.jpg", "-EXIF:Copyright="),
    ("a.png", "-PNG:Title=Another", "-XMP-dc:Description=more", "-EXIF:ImageDescription=Another"),
    ("a.webp", "-XMP-dc:Title=Another", "-EXIF:ImageDescription=Another"),
    ("a.m4a", "-ItemList:Title=Another title that is much longer than before"),
    ("late.m4a", "-ItemList:Artist=Somebody else", "-XMP-dc:Title=Another"),
    ("a.mp4", "-ItemList:Title=Another"),
]


@needs("exiftool")
@pytest.mark.parametrize("row", _EXIFTOOL, ids=" ".join)
def test_tags_edited_by_exiftool(judged: Judged, row: tuple[str, ...]) -> None:
    name, *options = row
    _require_told(name, judged(name, by_exiftool(*options)))


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("a.mp3", put(_TITLE)),
        ("a.mp3", put(id3.POPM(email="a@b", rating=255, count=6), id3.TPE1(encoding=1, text=["日本"]))),
        ("a.mp3", put(id3.COMM(encoding=3, lang="eng", desc="", text=["other"]), id3.USLT(encoding=3, text="la"))),
        ("a.mp3", by_mutagen(lambda file: file.tags.delall("TIT2"))),
        ("a.flac", field("title", "Another " * 3000)),
        ("a.flac", by_mutagen(lambda file: file.pop("comment"))),
        ("a.m4a", field("\xa9nam", ["Another title " * 400])),
        ("a.m4a", field("trkn", [(3, 9)])),
        ("late.m4a", field("\xa9ART", ["Somebody else"])),
        ("a.mp4", field("\xa9nam", ["Another"])),
        ("a.wav", put(_TITLE)),
    ],
)
def test_tags_edited_by_mutagen(judged: Judged, name: str, edit: Edit) -> None:
    _require_told(name, judged(name, edit))


@needs("kid3-cli")
@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.m4a", "a.wav"])
def test_tags_edited_by_kid3(judged: Judged, name: str) -> None:
    _require_told(name, judged(name, by_kid3("set title 'Another title'", "set artist 'Somebody else'")))


def _require_told(name: str, report: FileReport) -> None:
    assert content_rules(report) == ["content.tags-edited"]
    assert (report.state, report.axes.content) == ("invalid", "altered")
    found = next(one for one in report.findings if one.rule == "content.tags-edited")
    what = _WHAT.get(Path(name).suffix, "the sound is")
    assert found.level == "error"
    assert f": {what} what was signed: assertion." in found.message
    assert found.hint.startswith("put the tags back as they were")


_WHAT = {".mp4": "picture and sound are", **dict.fromkeys((".jpg", ".png", ".webp"), "the picture is")}


# --- what counts -----------------------------------------------------------------------------------


def swapped(old: bytes, new: bytes, last: bool = False) -> Edit:
    """Change bytes where they lie."""
    assert len(old) == len(new)

    def edit(path: Path) -> None:
        content = path.read_bytes()
        at = content.rfind(old) if last else content.find(old)
        assert at >= 0
        path.write_bytes(content[:at] + new + content[at + len(old) :])

    return edit


def flipped(mark: bytes, at: int) -> Edit:
    """Change one bit so many bytes behind the first mark."""

    def edit(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[content.index(mark) + at] ^= 1
        path.write_bytes(content)

    return edit


def _gapless(file: mutagen.FileType) -> None:
    file.tags.add(id3.COMM(encoding=0, lang="eng", desc="iTunSMPB", text=[" 00000000 00000000 00000000"]))


_COUNTED: dict[str, tuple[str, Edit]] = {
    "WAV: format": ("a.wav", flipped(b"fmt ", 8 + 2)),
    "WAV: rate": ("a.wav", flipped(b"fmt ", 8 + 4)),
    "WAV: samples": ("a.wav", flipped(b"data", 8 + 1000)),
    "WAV: gain": ("a.wav", put(id3.RVA2(desc="album", channel=1, gain=3.0, peak=0.9))),
    "WAV: cover": ("a.wav", put(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=b"png"))),
    "WAV: cue": ("a.wav", flipped(b"cue ", 8 + 8)),
    "WAV: broadcast description": ("a.wav", flipped(b"bext", 8 + 338)),
    "MP3: samples": (
        "a.mp3",
        lambda path: path.write_bytes(path.read_bytes()[:-300] + bytes(172) + path.read_bytes()[-128:]),
    ),
    "MP3: delay": ("a.mp3", flipped(b"Lavc", 21)),
    "MP3: gain of LAME": ("a.mp3", flipped(b"Lavc", 15)),
    "MP3: gain": ("a.mp3", put(id3.RVA2(desc="album", channel=1, gain=3.0, peak=0.9))),
    "MP3: ReplayGain": ("a.mp3", put(id3.TXXX(encoding=3, desc="replaygain_track_gain", text=["9.00 dB"]))),
    "MP3: new ReplayGain": ("a.mp3", put(id3.TXXX(encoding=3, desc="REPLAYGAIN_ALBUM_GAIN", text=["9.00 dB"]))),
    "MP3: gapless": ("a.mp3", by_mutagen(_gapless)),
    "MP3: gain of iTunes": ("a.mp3", put(id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=["1"]))),
    "MP3: tempo": ("a.mp3", put(id3.TBPM(encoding=3, text=["90"]))),
    "MP3: length": ("a.mp3", put(id3.TLEN(encoding=3, text=["90"]))),
    "MP3: cover": ("a.mp3", by_mutagen(lambda file: file.tags.delall("APIC"))),
    "MP3: chapter": (
        "a.mp3",
        put(id3.CHAP(element_id="one", start_time=9, end_time=400, start_offset=0xFFFFFFFF, end_offset=0xFFFFFFFF)),
    ),
    "FLAC: rate": ("a.flac", flipped(b"fLaC", 4 + 4 + 11)),
    "FLAC: samples": ("a.flac", lambda path: path.write_bytes(path.read_bytes()[:-9] + bytes(9))),
    "FLAC: ReplayGain": ("a.flac", field("replaygain_track_gain", "9.00 dB")),
    "FLAC: new gain": ("a.flac", field("R128_TRACK_GAIN", "256")),
    "FLAC: channels": ("a.flac", field("WAVEFORMATEXTENSIBLE_CHANNEL_MASK", "0x3f")),
    "FLAC: cover": ("a.flac", by_mutagen(lambda file: file.clear_pictures())),
    "FLAC: cue": ("a.flac", by_mutagen(lambda file: file.cuesheet.tracks.pop(0))),
    "M4A: samples": ("a.m4a", lambda path: path.write_bytes(path.read_bytes()[:-9] + bytes(9))),
    "M4A: rate": ("a.m4a", flipped(b"mdhd", 4 + 8 + 3)),
    "M4A: table of samples": ("a.m4a", flipped(b"stsz", 4 + 12 + 3)),
    "M4A: table of chunks": ("a.m4a", flipped(b"stco", 4 + 8 + 3)),
    "M4A: edit list": ("a.m4a", flipped(b"elst", 4 + 8 + 7)),
    "M4A: gapless": ("a.m4a", field("pgap", False)),
    "M4A: gapless of iTunes": ("a.m4a", field("----:com.apple.iTunes:iTunSMPB", [b" 00000000 00000000 00000000"])),
    "M4A: gain of iTunes": ("a.m4a", field("----:com.apple.iTunes:iTunNORM", [b"1"])),
    "M4A: ReplayGain": ("a.m4a", field("----:com.apple.iTunes:replaygain_track_gain", [b"9.00 dB"])),
    "M4A: tempo": ("a.m4a", field("tmpo", [90])),
    "M4A: cover": ("a.m4a", by_mutagen(lambda file: file.pop("covr"))),
    "MP4: picture": ("a.mp4", flipped(b"mdat", 4 + 3000)),
    "MP4: turned": ("a.mp4", flipped(b"tkhd", 4 + 40 + 1)),
    "JPEG: picture": ("a.jpg", lambda path: path.write_bytes(path.read_bytes()[:-9] + bytes(7) + b"\xff\xd9")),
    "JPEG: turned": ("a.jpg", by_exiftool("-n", "-EXIF:Orientation=3")),
    "JPEG: turned by XMP": ("a.jpg", by_exiftool("-n", "-XMP-tiff:Orientation=3")),
    "JPEG: turned anew": ("plain.jpg", by_exiftool("-n", "-EXIF:Orientation=3")),
    "JPEG: colours": ("a.jpg", flipped(b"ICC_PROFILE\0", 14 + 68)),
    "JPEG: no profile": ("a.jpg", by_exiftool("-ICC_Profile:all=")),
    "JPEG: colour space": ("a.jpg", by_exiftool("-n", "-EXIF:ColorSpace=65535")),
    "JPEG: development": ("a.jpg", by_exiftool("-XMP-crs:Exposure2012=2")),
    "JPEG: preview": ("a.jpg", by_exiftool(f"-ThumbnailImage<={MEDIA / 'cover.jpg'}")),
    "JPEG: table": ("a.jpg", flipped(b"\xff\xdb", 10)),
    "PNG: turned": ("a.png", by_exiftool("-n", "-EXIF:Orientation=3")),
    "PNG: colours": ("a.png", by_exiftool("-ICC_Profile:all=")),
    "PNG: size of a pixel": ("a.png", by_exiftool("-n", "-PNG-pHYs:PixelsPerUnitX=9")),
    "PNG: gamma": ("a.png", by_exiftool("-n", "-PNG:Gamma=1.1")),
    "WebP: turned": ("a.webp", by_exiftool("-n", "-EXIF:Orientation=3")),
    "WebP: picture": ("a.webp", flipped(b"VP8 ", 8 + 200)),
}


@needs("exiftool")
@pytest.mark.parametrize("what", _COUNTED)
def test_what_is_played_or_shown_counts(judged: Judged, what: str) -> None:
    name, edit = _COUNTED[what]
    report = judged(name, edit)
    assert report.state == "invalid"
    assert "content.tags-edited" not in content_rules(report)
    assert "content.altered" in content_rules(report)


# --- where nothing is said -------------------------------------------------------------------------


def test_another_multiplexing_is_another_file(judged: Judged) -> None:
    def remuxed(path: Path) -> None:
        ffmpeg("-i", path, "-c", "copy", "-metadata", "title=Another", path.with_name("other.flac"))
        path.write_bytes(path.with_name("other.flac").read_bytes())

    assert "content.tags-edited" not in content_rules(judged("a.flac", remuxed))


def test_a_digest_that_was_changed_itself_says_nothing(judged: Judged) -> None:
    """Sound and digest changed together: the hash of the assertion does not fit."""

    def forged(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[content.index(b"mdat") + 3000] ^= 1
        old = tagless_digest("isobmff", io.BytesIO(path.read_bytes()), len(content))
        new = tagless_digest("isobmff", io.BytesIO(content), len(content))
        assert old is not None
        assert new is not None
        path.write_bytes(bytes(content).replace(old["sha256"].encode(), new["sha256"].encode()))

    assert content_rules(judged("a.mp4", forged)) == ["content.altered"] * 2


def test_a_label_without_the_digest_claims_nothing(trust: TrustStore, sandbox: Sandbox, tmp_path: Path) -> None:
    old = ROOT / "samples" / "signed" / "0.1.0" / "take.mp3"
    path = tmp_path / "old.mp3"
    path.write_bytes(old.read_bytes())
    put(_TITLE)(path)
    assert "content.altered" in content_rules(verify_file(path, trust=trust, sandbox=sandbox).files[0])


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF], ids=["nothing", "placeholder"])
def test_the_sound_of_a_stream_counts_with_a_manifest_beside_it(
    size: int, tmp_path: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """The head of its chunk says nothing of its length."""
    path = tmp_path / "a.wav"
    content = bytearray((MEDIA / "take.wav").read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = size.to_bytes(4, "little")
    content[4:8] = size.to_bytes(4, "little")
    path.write_bytes(content)
    label_file(path, None, Label(kind="human_made"), signer, detached=True, sandbox=sandbox)
    content[-500] ^= 1
    path.write_bytes(content)
    assert content_rules(verify_file(path, trust=trust, sandbox=sandbox).files[0]) == ["content.altered"]


def test_a_manifest_beside_a_file_tells_edited_tags_too(
    tmp_path: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    path = tmp_path / "a.mp3"
    _mp3(path)
    label_file(path, None, Label(kind="ai_generated"), signer, detached=True, sandbox=sandbox)
    put(_TITLE)(path)
    _require_told("a.mp3", verify_file(path, trust=trust, sandbox=sandbox).files[0])


def test_an_unknown_signer_is_not_made_known(judged: Judged, tmp_path: Path, sandbox: Sandbox) -> None:
    judged("a.mp3", put(_TITLE))
    report = verify_file(tmp_path / "a.mp3", trust=TrustStore(), sandbox=sandbox).files[0]
    assert (report.state, report.axes.signer) == ("invalid", "no-anchors")
    assert content_rules(report) == ["content.tags-edited"]


def test_hidden_frames_make_no_claim(judged: Judged) -> None:
    """A tag whose flags let readers find other frames, or with something in its padding, is not told as text."""

    def flagged(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[5] |= 0x80
        path.write_bytes(content)

    assert "content.tags-edited" not in content_rules(judged("a.mp3", flagged))


@pytest.mark.parametrize("name", ["still.gif", "plain.tif", "still.avif", "fragments.mp4", "drawing.svg", "take.opus"])
def test_of_other_containers_there_is_no_digest(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    MAKERS[name](path)
    content = path.read_bytes()
    fmt = known(content)
    assert fmt is not None
    assert tagless_digest(fmt.container, io.BytesIO(content), len(content)) is None


@pytest.mark.parametrize("name", _FILES)
def test_a_label_does_not_change_the_digest(name: str, labeled: Callable[[str], bytes]) -> None:
    once = labeled(name)
    fmt = known(once)
    assert fmt is not None
    found = tagless_digest(fmt.container, io.BytesIO(once), len(once))
    assert found is not None
    assert found["sha256"].encode() in once


def test_the_page_names_each_field_that_is_left_out() -> None:
    page = (DOCS / "tags-edited.md").read_text()
    words = set(re.findall(r"[\w©+-]+", page))
    for listed in (texts.ID3_FRAMES, texts.VORBIS_FIELDS, texts.MP4_ITEMS):
        assert listed <= words
    assert all(word.decode() in page for word in texts.PNG_KEYWORDS)
    named = set(re.findall(r"`(test_\w+)`", page))
    here = set(re.findall(r"^def (test_\w+)\(", Path(__file__).read_text(), re.MULTILINE))
    assert named <= here
