"""Nothing leaves the gate by what whoever is judged chooses: links, names, endings, brands, folders of git."""

from __future__ import annotations

import fcntl
import gzip
import json
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project import MEDIA, Cli, needs
from provlabel import Label, label_file
from provlabel.media.formats import FORMATS, MEDIA_SUFFIXES, id3v2_size
from provlabel.media.kinds import kinds_in
from provlabel.media.others import OTHER_SUFFIXES
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

Gate = Callable[..., dict[str, Any]]
Make = Callable[[Path], object]


@pytest.fixture
def tree(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Path:
    """A repository with a labeled picture in its release, and an unlabeled one that nobody released."""
    top = tmp_path / "tree"
    (top / "release").mkdir(parents=True)
    (top / "media").mkdir()
    label_file(MEDIA / "cover.jpg", top / "release" / "good.jpg", label, signer, sandbox=sandbox)
    shutil.copy(MEDIA / "still.png", top / "media" / "plain.png")
    return top


@pytest.fixture
def gate(tree: Path, cli: Cli, tmp_path: Path) -> Gate:
    """Verify the tree by ``[files]`` of a policy; return the report, with its exit code."""

    def run(
        files: str = 'include = ["release/**"]', *args: str | Path, paths: tuple[str, ...] = (".",)
    ) -> dict[str, Any]:
        policy = tmp_path / "policy.toml"
        policy.write_text(f'schema = "policy-v1"\n[files]\n{files}\n')
        done = cli("verify", *paths, "--trust", "test", "--policy", policy, "--format", "json", *args, cwd=tree)
        assert done.returncode in (0, 1, 3), done.stderr
        return {**json.loads(done.stdout), "code": done.returncode}

    return run


def judged(report: dict[str, Any]) -> dict[str, str]:
    return {item["path"]: item["outcome"] for item in report["files"]}


def left_out(report: dict[str, Any]) -> dict[str, str]:
    return {item["path"]: item["why"] for item in report["skipped"]}


def test_the_tree_passes_as_it_is(gate: Gate) -> None:
    report = gate()
    assert (report["code"], judged(report)) == (0, {"release/good.jpg": "passed"})
    assert left_out(report) == {"media/plain.png": "outside"}


# --- links -----------------------------------------------------------------------------------------


def test_a_release_that_is_a_link_to_a_folder_is_judged_under_its_name(tree: Path, gate: Gate) -> None:
    shutil.rmtree(tree / "release")
    (tree / "release").symlink_to("media")
    report = gate()
    assert (report["code"], judged(report)) == (1, {"release/plain.png": "failed"})


@pytest.mark.parametrize("include", ["release/**", "blob/**"])
def test_a_link_whose_name_or_target_is_inside_is_judged(include: str, tree: Path, gate: Gate) -> None:
    (tree / "blob").mkdir()
    shutil.copy(MEDIA / "take.wav", tree / "blob" / "b1")
    (tree / "release" / "new.wav").symlink_to("../blob/b1")
    assert judged(gate(f'include = ["{include}"]'))["release/new.wav"] == "failed"


@pytest.mark.parametrize(
    "links",
    [
        {"aaa": "media", "release/deep": "../aaa"},
        {"release/all": ".."},
        {"release/one": "two", "release/two": "../media"},
        {"media/again": ".", "release/in": "../media/again/again"},
        {"aaa": "media", "media/b": ".", "zzz": "aaa/b", "release/c": "../zzz"},
    ],
    ids=["link of a link", "circle", "two names", "through itself", "chain"],
)
def test_links_to_folders_hide_nothing_and_end(links: dict[str, str], tree: Path, gate: Gate) -> None:
    for name, target in links.items():
        (tree / name).symlink_to(target)
    report = gate()
    assert report["code"] == 1
    assert [path for path, outcome in judged(report).items() if path.endswith("plain.png") and outcome == "failed"]
    assert all(path.startswith("release/") for path in judged(report))
    assert len(judged(report)) < 20


def test_a_pattern_that_a_link_of_a_circle_has_is_found(tree: Path, gate: Gate) -> None:
    (tree / "a").symlink_to("media")
    (tree / "media" / "b").symlink_to(".")
    assert judged(gate('include = ["a/b/b/**"]'))["a/b/b/plain.png"] == "failed"


def test_links_without_number_cost_little(tree: Path, gate: Gate) -> None:
    """Twenty folders, each with links to all others: by their names there would be more files than atoms."""
    for at in range(20):
        (tree / f"d{at}").mkdir()
        shutil.copy(MEDIA / "still.png", tree / f"d{at}")
    for at in range(20):
        for to in range(20):
            (tree / f"d{at}" / f"l{to}").symlink_to(f"../d{to}")
    (tree / "release" / "l").symlink_to("../d7")
    report = gate()
    assert report["code"] == 1
    assert 20 <= len(judged(report)) < 100


def test_a_link_that_adds_no_name_is_told_and_not_followed(tree: Path, gate: Gate) -> None:
    (tree / "again").symlink_to("release")
    (tree / "loop").symlink_to(".")
    report = gate('include = ["**"]')
    assert judged(report) == {"media/plain.png": "failed", "release/good.jpg": "passed"}
    assert left_out(report) == {"again": "link", "loop": "link"}
    assert {item["detail"] for item in report["skipped"]} == {"what it leads to is judged by another name"}


def test_a_folder_that_lies_elsewhere_cannot_be_judged_unless_it_is_named_too(
    tree: Path, gate: Gate, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    shutil.copy(MEDIA / "still.png", tmp_path / "far")
    (tree / "release" / "far").symlink_to(tmp_path / "far")
    report = gate()
    assert report["code"] == 3
    assert "leads to a folder outside" in report["errors"][0]["message"]
    report = gate('include = ["release/**"]', paths=(".", str(tmp_path / "far")))
    assert report["code"] == 1
    assert "failed" in judged(report).values()
    assert gate('include = ["other/**", "media/**"]')["errors"] == []  # no policy is about it


@pytest.mark.parametrize(("name", "code"), [("release/new.wav", 3), ("release/new", 0), ("other/new.wav", 0)])
def test_a_link_that_leads_nowhere_cannot_be_judged_where_its_name_promises_media(
    name: str, code: int, tree: Path, gate: Gate
) -> None:
    (tree / "other").mkdir()
    (tree / name).symlink_to("gone")
    assert gate()["code"] == code
    (tree / name).unlink()
    (tree / name).symlink_to(Path(name).name)  # to itself
    assert gate()["code"] == code


def test_the_detached_manifest_of_a_link_lies_beside_what_it_leads_to(
    tree: Path, gate: Gate, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    take = tree / "release" / "take.wav"
    shutil.copy(MEDIA / "take.wav", take)
    label_file(take, None, label, signer, sandbox=sandbox, detached=True)
    (tree / "release" / "latest.wav").symlink_to("take.wav")
    assert set(judged(gate()).values()) == {"passed"}


# --- spelling --------------------------------------------------------------------------------------

PLAIN = "caf\u00e9"


@pytest.mark.parametrize(
    ("include", "name"),
    [
        ("*.wav", "song.WAV"),
        ("*.wav", "SONG.Wav"),
        ("release/*.wav", "Release/song.wav"),
        ("RELEASE/**", "release/x/song.wav"),
        (f"{PLAIN}/**", f"{unicodedata.normalize('NFD', PLAIN)}/song.wav"),
        (f"{unicodedata.normalize('NFD', PLAIN)}/**", f"{PLAIN}/song.wav"),
        (f"{PLAIN}/**", f"{unicodedata.normalize('NFD', PLAIN.upper())}/song.wav"),
        ("stra\u00dfe/**", "STRASSE/song.wav"),
        ("[^a-z]*.wav", "SONG.wav"),
    ],
)
def test_another_spelling_is_no_way_out(include: str, name: str, tree: Path, gate: Gate) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(MEDIA / "take.wav", tree / name)
    assert judged(gate(f'include = ["{include}"]'))[name] == "failed"


# --- tracks ----------------------------------------------------------------------------------------


def sound(*args: str) -> Make:
    return lambda path: ffmpeg("-f", "lavfi", "-i", "sine=duration=0.5", *args, path)


def moving(*args: str) -> Make:
    return lambda path: ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=0.6", *args, path)


def both(*args: str) -> Make:
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=0.6")
    return lambda path: ffmpeg(*picture, "-f", "lavfi", "-i", "sine=duration=0.5", *args, path)


def ffmpeg(*args: str | Path) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *map(str, args)], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )


def branded(make: Make, brand: bytes) -> Make:
    def change(path: Path) -> None:
        make(path)
        content = path.read_bytes()
        path.write_bytes(content[:8] + brand + content[12:])

    return change


def covered(path: Path) -> None:
    """A sound with one picture, as a track of its own."""
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.5", "-i", MEDIA / "cover.jpg", "-map", "0", "-map", "1",
           "-c:a", "aac", "-c:v", "mjpeg", "-frames:v", "1", path)  # fmt: skip


def strange_stream(path: Path) -> None:
    """A sound beside a stream of which nobody knows what it is."""
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.5", "-c:a", "libvorbis", path)
    content, packet = path.read_bytes(), b"nothing known"
    end = 27 + content[26] + sum(content[27 : 27 + content[26]])
    page = b"OggS\0\2" + bytes(8) + b"more" + bytes(8) + b"\1" + bytes([len(packet)]) + packet
    path.write_bytes(content[:end] + page + content[end:])


TRACKS: dict[str, tuple[Make, str]] = {
    "sound.mp4": (sound("-c:a", "aac"), "audio"),
    "sound.mov": (sound("-c:a", "aac"), "audio"),
    "branded.m4a": (branded(sound("-c:a", "aac"), b"qt  "), "audio"),
    "heic.m4a": (branded(sound("-c:a", "aac"), b"heic"), "audio"),
    "sound.mka": (sound("-c:a", "libopus"), "audio"),
    "sound.webm": (sound("-c:a", "libopus"), "audio"),
    "silent.mp4": (moving(), "video"),
    "branded.mp4": (branded(moving(), b"M4A "), "video"),
    "moving.mkv": (moving(), "video"),
    "moving.webm": (moving("-c:v", "libvpx"), "video"),
    "moving.ogg": (moving("-c:v", "libtheora", "-f", "ogg"), "video"),
}
BOTH: dict[str, Make] = {
    "film.mp4": both("-c:a", "aac"),
    "film.ogg": both("-c:v", "libtheora", "-c:a", "libvorbis", "-f", "ogg"),
    "covered.mp4": covered,
    "covered.mka": covered,
    "stream.ogg": strange_stream,
}


@needs("ffmpeg")
@pytest.mark.parametrize("name", TRACKS)
def test_the_tracks_say_what_a_file_is(name: str, tree: Path, gate: Gate) -> None:
    make, kind = TRACKS[name]
    make(tree / "release" / name)
    wanted, other = (kind, "video" if kind == "audio" else "audio")
    path = f"release/{name}"
    assert judged(gate(f'media = ["image", "{wanted}"]'))[path] == "failed"
    report = gate(f'media = ["{other}"]')
    assert (path in judged(report), left_out(report).get(path)) in ((False, "outside"), (name.startswith("heic"), None))


@needs("ffmpeg")
@pytest.mark.parametrize("name", BOTH)
def test_one_picture_more_takes_no_sound_out_of_a_policy(name: str, tree: Path, gate: Gate) -> None:
    BOTH[name](tree / "release" / name)
    for kind in ("audio", "video"):
        assert judged(gate(f'media = ["{kind}"]'))[f"release/{name}"] == "failed"
    assert left_out(gate('media = ["image"]'))[f"release/{name}"] == "outside"


@needs("ffmpeg")
@pytest.mark.parametrize("cut", [2000, 700, 100])
def test_what_cannot_be_read_to_the_end_may_be_either(cut: int, tmp_path: Path) -> None:
    for name in ("sound.mp4", "sound.mka"):
        TRACKS[name][0](tmp_path / name)
        content = (tmp_path / name).read_bytes()[:cut]
        assert {"audio"} <= set(kinds_in(lambda at, length, c=content: c[at : at + length], len(content)))


# --- media under another name ----------------------------------------------------------------------


def mp3(path: Path) -> bytes:
    content = (MEDIA / "take.mp3").read_bytes()
    return content[id3v2_size(content[:64]) :]


OTHERS: dict[str, bytes | Make] = {
    "in front": b"\x01",
    "much in front": bytes(range(256)) * 200,
    "wavpack": sound("-f", "wv"),
    "tta": sound("-f", "tta"),
    "au": sound("-f", "au"),
    "ac3": sound("-f", "ac3"),
    "eac3": sound("-f", "eac3"),
    "mp2": sound("-f", "mp2"),
    "latm": sound("-c:a", "aac", "-f", "latm"),
    "adts": sound("-f", "adts"),
    "speex": sound("-c:a", "libspeex", "-f", "spx"),
    "ogv": moving("-c:v", "libtheora", "-f", "ogg"),
    "asf": sound("-f", "asf"),
    "caf": sound("-f", "caf"),
    "flv": sound("-f", "flv"),
    "voc": sound("-f", "voc"),
    "w64": sound("-f", "w64"),
    "mpegts": moving("-f", "mpegts"),
    "m2ts": moving("-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    "mpeg": moving("-r", "25", "-f", "mpeg"),
    "avi": moving("-f", "avi"),
    "h264": moving("-f", "h264"),
    "tga": moving("-frames:v", "1", "-c:v", "targa", "-f", "image2"),
    "exr": moving("-frames:v", "1", "-c:v", "exr", "-f", "image2"),
    "qoi": moving("-frames:v", "1", "-c:v", "qoi", "-f", "image2"),
    "ppm": moving("-frames:v", "1", "-c:v", "ppm", "-f", "image2"),
    "jpeg 2000": moving("-frames:v", "1", "-c:v", "jpeg2000", "-f", "image2"),
    "no brand": lambda path: (sound("-c:a", "aac", "-f", "mp4")(path), path.write_bytes(path.read_bytes()[28:])),
}


@needs("ffmpeg")
@pytest.mark.parametrize("name", OTHERS)
def test_what_plays_is_judged_whatever_it_is_called(name: str, tree: Path, gate: Gate) -> None:
    path, made = tree / "release" / "notes", OTHERS[name]
    if isinstance(made, bytes):
        path.write_bytes(made + mp3(path))
    else:
        made(path)
    report = gate()
    assert (report["code"], judged(report)["release/notes"]) == (1, "failed")


GIF = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)  # the smallest that browsers show
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
PNG = (MEDIA / "still.png").read_bytes()
BEGINNINGS: dict[str, tuple[bytes, str]] = {
    "gif of 43 bytes": (GIF, "image"),
    "svgz": (gzip.compress(SVG, mtime=0), "image"),
    "ico": (b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + len(PNG).to_bytes(4, "little") + b"\x16\0\0\0" + PNG, "image"),
    "tga without a mark": (b"\0\0\2" + bytes(9) + b"\2\0\2\0\x18\0" + bytes(12), "image"),
    "large ftyp": (b"\0\0\x20\0ftypM4A \0\0\0\0" + b"isom" * 2044, "audio"),
    "odd brand": (b"\0\0\0\x18ftypM4A \0\0\0\0jp2 M4A ", "audio"),
    "dsf": (b"DSD \x1c\0\0\0\0\0\0\0" + bytes(100), "audio"),
    "ape": (b"MAC \x96\x0f" + bytes(100), "audio"),
    "mpc": (b"MPCKSH" + bytes(100), "audio"),
    "amr": (b"#!AMR\n" + bytes(100), "audio"),
    "jxl": (b"\xff\x0a" + bytes(100), "image"),
    "mid": (b"MThd\0\0\0\x06\0\1\0\2\1\xe0MTrk", "audio"),
    "id3 before wav": (b"ID3\4\0\0\0\0\0\0" + (MEDIA / "take.wav").read_bytes(), "audio"),
    "ebml that is padded": (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x40\xec\xbd" + bytes(200), "audio"),
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_how_other_media_begin_is_known(name: str) -> None:
    content, kind = BEGINNINGS[name]
    assert kind in kinds_in(lambda at, length: content[at : at + length], len(content))


def box(kind: bytes, *inner: bytes) -> bytes:
    whole = b"".join(inner)
    return (8 + len(whole)).to_bytes(4, "big") + kind + whole


def test_boxes_without_number_are_not_counted() -> None:
    """They are read outside of the sandbox: 16 million of them would fit into 2 MB."""
    media = box(b"mdia", *[box(b"free")] * 200)
    content = box(b"ftyp", b"isom", bytes(4)) + box(b"moov", *[box(b"trak", *[media] * 200)] * 50)
    reads = 0

    def read_at(offset: int, length: int) -> bytes:
        nonlocal reads
        reads += 1
        return content[offset : offset + length]

    assert kinds_in(read_at, len(content)) == {"audio", "video"}
    assert reads < 20_000


@pytest.mark.parametrize("length", [1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_a_length_beyond_all_files_leads_nowhere(length: int, tree: Path, gate: Gate) -> None:
    large = b"\0\0\0\1free" + length.to_bytes(8, "big")
    (tree / "release" / "notes").write_bytes(box(b"ftyp", b"isom", bytes(4)) + large + bytes(100))
    (tree / "release" / "more").write_bytes(large + bytes(100))
    assert judged(gate('media = ["audio"]'))["release/notes"] == "failed"


NO_MEDIA = (
    b"", b"x", b"\xff\xfb", b"\xff\xfb\x90\x64" * 500, b"\xff\xfb\x90\x64" + bytes(10_000), bytes(70_000),
    (b"G" + b"x" * 187) * 30, b"GIF: a text", b"ID3 is a tag", b"MACRO", b"are free to go", b"P1 is a word",
    b"\x7fELF" + bytes(500), b"PK\x03\x04" + bytes(100), b"%PDF-1.7\n", gzip.compress(b"a text" * 500, mtime=0),
    b"<html><svg/></html>", b"\0\0\1\0\0\0", b"\xff\xff\x38\xb0" * 500, b"#!/bin/sh\n", b"SIMPLE words",
    b"RIFF is a word", "\u20ac".encode("utf-32"), b"\x0b\x77" * 3_000, b"G" * 4_000,
)  # fmt: skip


@pytest.mark.parametrize("content", NO_MEDIA, ids=lambda content: repr(content[:12]))
def test_what_only_begins_alike_is_no_media(content: bytes) -> None:
    assert not kinds_in(lambda at, length: content[at : at + length], len(content))


def test_every_ending_of_media_counts_and_none_of_a_program_does() -> None:
    assert OTHER_SUFFIXES | {suffix for row in FORMATS for suffix in row.suffixes} == MEDIA_SUFFIXES
    assert not MEDIA_SUFFIXES & {".ts", ".mts", ".mod", ".dts", ".la", ".dat", ".bin", ".raw", ".it", ".hdr", ".c2pa"}


# --- what git and we leave behind ------------------------------------------------------------------

SCRATCH = "release/.provlabel-0123456789abcdef"


def git(folder: Path, *args: str | Path) -> None:
    named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    subprocess.run(["git", "-C", folder, *named, *args], check=True, capture_output=True)


def test_a_scratch_name_is_left_out_only_while_somebody_writes_it(tree: Path, gate: Gate) -> None:
    shutil.copy(MEDIA / "still.png", tree / SCRATCH)
    assert judged(gate())[SCRATCH] == "failed"
    with (tree / SCRATCH).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        report = gate()
        assert (report["code"], left_out(report)[SCRATCH]) == (0, "scratch")


@needs("git")
def test_a_scratch_name_that_git_tracks_is_judged_whoever_holds_it(tree: Path, gate: Gate) -> None:
    shutil.copy(MEDIA / "still.png", tree / SCRATCH)
    git(tree, "init", "-q")
    git(tree, "add", SCRATCH)
    with (tree / SCRATCH).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert judged(gate())[SCRATCH] == "failed"


@needs("git")
def test_the_git_of_a_delivery_is_looked_into_and_that_of_the_repository_is_not(tree: Path, gate: Gate) -> None:
    git(tree, "init", "-q")
    for folder in (tree, tree / "release" / "inner"):
        (folder / ".git").mkdir(parents=True, exist_ok=True)
        shutil.copy(MEDIA / "still.png", folder / ".git" / "x")
    shutil.copy(MEDIA / "still.png", tree / "release" / "one")
    (tree / "release" / "one").rename(tree / "release" / "inner" / "other")
    report = gate('include = ["release/**"]')
    assert {path for path, outcome in judged(report).items() if outcome == "failed"} == {
        "release/inner/.git/x", "release/inner/other",
    }  # fmt: skip
    assert left_out(report)[".git"] == "repository"
    (tree / "release" / "gitted").symlink_to("../.git")
    assert judged(gate())["release/gitted/x"] == "failed"


@needs("git")
def test_a_file_called_git_is_a_file(tree: Path, gate: Gate) -> None:
    shutil.copy(MEDIA / "still.png", tree / "release" / ".git")
    assert judged(gate())["release/.git"] == "failed"


@pytest.fixture
def with_submodule(tree: Path, tmp_path: Path) -> Path:
    """The tree as a repository, with another one in it, whose settings name programs to run."""
    inner = tmp_path / "inner"
    inner.mkdir()
    shutil.copy(MEDIA / "still.png", inner / "shipped.png")
    git(inner, "init", "-q")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "one")
    git(tree, "init", "-q")
    git(tree, "submodule", "add", "-q", inner, "sub")
    git(tree, "add", "release")
    git(tree, "commit", "-qm", "all")
    shutil.copy(MEDIA / "still.png", tree / "sub" / "built.png")
    for key, value in {"core.fsmonitor": f"touch {tree}/ran", "core.hooksPath": str(tree)}.items():
        git(tree / "sub", "config", key, value)
    (tree / "ran").unlink(missing_ok=True)
    return tree


@needs("git")
def test_what_a_submodule_tracks_is_tracked(with_submodule: Path, gate: Gate) -> None:
    report = gate("tracked = true")
    assert judged(report) == {"release/good.jpg": "passed", "sub/shipped.png": "failed"}
    assert left_out(report)["sub/built.png"] == "untracked"
    assert not (with_submodule / "ran").exists(), "a setting of the submodule was run"


@needs("git")
def test_a_submodule_of_which_git_knows_nothing_is_tracked_as_a_whole(with_submodule: Path, gate: Gate) -> None:
    git(with_submodule, "submodule", "deinit", "-f", "sub")
    shutil.copy(MEDIA / "still.png", with_submodule / "sub" / "shipped.png")
    assert judged(gate("tracked = true"))["sub/shipped.png"] == "failed"


@needs("git")
def test_a_link_that_git_tracks_is_one_although_its_target_has_another_name(tree: Path, gate: Gate) -> None:
    shutil.rmtree(tree / "release")
    (tree / "release").symlink_to("media")
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    report = gate('include = ["release/**"]\ntracked = true')
    assert judged(report) == {"release/plain.png": "failed"}


@needs("git")
def test_a_link_that_git_does_not_track_is_left_out_where_that_counts(tree: Path, gate: Gate, tmp_path: Path) -> None:
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    (tmp_path / "cache").mkdir()
    (tree / "built").symlink_to(tmp_path / "cache")
    report = gate('include = ["release/**", "built/**"]\ntracked = true')
    assert (report["code"], report["errors"]) == (0, [])
    assert gate('include = ["release/**", "built/**"]')["code"] == 3


# --- what is left out ------------------------------------------------------------------------------

STRICT = 'others = "error"\nallow = ["md", "toml"]\noutside = "error"\n'


@pytest.mark.parametrize("name", ["take", "take.xyz", "release.tar", ".hidden", "take.MD5", "a.md.sh"])
def test_a_strict_policy_fails_by_what_is_no_media_unless_its_ending_is_allowed(
    name: str, tree: Path, gate: Gate
) -> None:
    (tree / "release" / "notes.MD").write_text("for people")
    assert gate(f'{STRICT}include = ["release/**", "media/*.txt"]', paths=("release",))["code"] == 0
    (tree / "release" / name).write_text("for people")
    report = gate(f'{STRICT}include = ["release/**"]', paths=("release",))
    assert report["code"] == 1
    assert left_out(report) == {f"release/{name}": "not media"}


def test_what_may_be_media_lies_outside_of_no_policy_that_lets_no_media_lie_there(tree: Path, gate: Gate) -> None:
    (tree / "media" / "plain.png").unlink()
    (tree / "song.raw").write_bytes(b"samples of a sound, of which nobody can tell")
    asked = f'{STRICT}include = ["release/**"]'
    assert left_out(gate(asked)) == {"song.raw": "not media"}
    assert gate(asked)["code"] == 1
    assert gate(asked.replace('outside = "error"', 'outside = "note"'))["code"] == 0


def test_an_empty_ending_allows_names_without_one(tree: Path, gate: Gate) -> None:
    (tree / "release" / "LICENSE").write_text("for people")
    (tree / "release" / ".gitignore").write_text("")
    assert gate('others = "error"\nallow = [""]', paths=("release",))["code"] == 0


def test_a_detached_manifest_needs_no_leave(tree: Path, gate: Gate) -> None:
    (tree / "release" / "gone.jpg.c2pa").write_bytes(b"x")
    assert gate(STRICT, paths=("release",))["code"] == 1
    (tree / "release" / "gone.jpg.c2pa").unlink()
    (tree / "release" / "note.md").write_text("x")
    (tree / "release" / "note.md.c2pa").write_bytes(b"x")
    assert gate(STRICT, paths=("release",))["code"] == 0


def test_a_strict_policy_fails_by_media_that_it_is_not_about(tree: Path, gate: Gate) -> None:
    report = gate(f'{STRICT}include = ["release/**"]')
    assert (report["code"], judged(report)) == (1, {"release/good.jpg": "passed"})
    assert [item for item in report["skipped"] if item["fails"]] == [
        {"path": "media/plain.png", "why": "outside", "fails": True, "detail": ""}
    ]


def test_a_policy_that_is_found_can_ask_for_it(tree: Path, gate: Gate) -> None:
    (tree / "provlabel.toml").write_text(f'schema = "policy-v1"\n[files]\n{STRICT}include = ["release/**"]\n')
    assert gate()["code"] == 1


def test_a_named_file_that_no_policy_is_about_does_not_pass(tree: Path, gate: Gate) -> None:
    report = gate(paths=("release/good.jpg", "media/plain.png"))
    assert (report["code"], report["summary"]["refused"]) == (1, 1)
    assert gate('media = ["audio"]', paths=("release/good.jpg",))["code"] == 1
    assert gate("include = ['release/**']", "--as-found", paths=("release/good.jpg", "media/plain.png"))["code"] == 0


def test_files_that_are_named_as_found_are_judged_by_content_alone(tree: Path, gate: Gate) -> None:
    (tree / "notes.txt").write_text("for people")
    shutil.copy(MEDIA / "take.mp3", tree / "release" / "notes.bin")
    (tree / "release" / "link").symlink_to("../media/plain.png")
    assert gate("", "--as-found", paths=("notes.txt",))["code"] == 0
    report = gate("", "--as-found", paths=("notes.txt", "release/notes.bin", "release/link"))
    assert judged(report) == {"release/notes.bin": "failed", "release/link": "failed"}
    assert gate(STRICT, "--as-found", paths=("notes.txt",))["code"] == 1


@pytest.mark.parametrize("form", ["text", "github", "junit", "json", "html", "sarif", "markdown"])
def test_every_output_names_all_that_was_left_out(form: str, tree: Path, cli: Cli, tmp_path: Path) -> None:
    names = [f"out{at:03}.png" for at in range(300)]
    for name in names:
        shutil.copy(MEDIA / "still.png", tree / "media" / name)
    for at in range(30):
        (tree / "media" / f"decoy.e{at:02}").write_text("x")
    policy = tmp_path / "p.toml"
    policy.write_text('schema = "policy-v1"\n[files]\ninclude = ["release/**"]\n')
    done = cli("verify", ".", "--trust", "test", "--policy", policy, "--format", form, cwd=tree)
    assert done.returncode == 0, done.stderr
    assert [name for name in names if name not in done.stdout] == []
    assert [at for at in range(30) if f".e{at:02}" not in done.stdout] == []


@pytest.mark.parametrize("form", ["text", "github", "junit", "json", "html", "sarif", "markdown"])
def test_every_output_says_by_what_the_run_fails(form: str, tree: Path, cli: Cli, tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text(f'schema = "policy-v1"\n[files]\n{STRICT}include = ["release/**"]\n')
    done = cli("verify", ".", "--trust", "test", "--policy", policy, "--format", form, cwd=tree)
    marks = {"text": "FAIL  media", "github": "::error file=media", "junit": 'failures="1"', "json": '"fails":true',
             "html": "The run fails by it", "sarif": '"level":"error"', "markdown": "**fails**"}  # fmt: skip
    assert done.returncode == 1
    assert marks[form] in done.stdout.replace('": ', '":')
