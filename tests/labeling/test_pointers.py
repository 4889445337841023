"""Pointers that other standards keep across the place where the label goes in lead to the same bytes as before.

Each row of ``docs/pointers.md`` names tests of this module, and all of them stand there.
"""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, strategies as st
from PIL import Image

import audio_files
import movies
import pki
import pointing
import tiled
from boxes import box
from format_files import decoded, signed_by_engine
from pointing import Tag
from project import DOCS, corpus_of_others, needs
from provlabel import Actor, EngineError, InputError, Label, TrustStore, label_file, verify_file
from provlabel.media.containers import CONTAINERS, pointed_to
from provlabel.media.containers.boxes import boxes, content as content_of, inside
from provlabel.media.containers.edits import Edit, rewrite
from provlabel.media.containers.pointers import Pointers, moved
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from remote_signers import Remote
from sample_files import MAKERS, bare_mp3, run

ORDERS = pytest.mark.parametrize("order", [">", "<"], ids=["big", "little"])
Labeled = Callable[..., Path]


@pytest.fixture
def labeled(tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> Labeled:
    """Label a file, twice if that is wanted, and see that it is trusted."""

    def of(name: str, content: bytes, *, again: bool = True, **options: object) -> Path:
        source, out = tmp_path / name, tmp_path / f"out-{name}"
        source.write_bytes(content)
        label_file(source, out, label, signer, sandbox=sandbox, **options)  # type: ignore[arg-type]
        if again:
            longer = msgspec.structs.replace(label, title="again " * 30)
            label_file(out, out, longer, signer, replace=True, sandbox=sandbox, **options)  # type: ignore[arg-type]
        assert verify_file(out, trust=trust, sandbox=sandbox).files[0].state == "trusted"
        assert source.read_bytes() == content
        return out

    return of


def exiftool(path: Path, tag: str) -> bytes:
    return subprocess.run(["exiftool", "-b", f"-{tag}", path], check=True, capture_output=True).stdout


# --- the page --------------------------------------------------------------------------------------


def test_the_page_names_each_of_these_tests() -> None:
    page = (DOCS / "pointers.md").read_text()
    rows = [row for row in page.splitlines() if row.startswith("| ") and not row.startswith(("| pointer", "|---"))]
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row)}
    here = set(re.findall(r"^def (test_\w+)\(", Path(__file__).read_text(), re.MULTILINE))
    assert named == here - {"test_the_page_names_each_of_these_tests"}
    assert all(re.search(r"`test_\w+`", row) for row in rows)


# --- any file --------------------------------------------------------------------------------------


@given(st.data())
def test_numbers_lead_to_the_same_bytes_after_any_edit(data: st.DataObject) -> None:
    body = bytes(range(200))
    order = data.draw(st.sampled_from(["big", "little"]))
    kept = data.draw(st.lists(st.integers(20, 199), min_size=1, max_size=4))
    base, ends = data.draw(st.integers(16, 19)), data.draw(st.booleans())
    numbers = [place - base for place in kept]
    front = b"".join(number.to_bytes(4, order) for number in numbers)
    content = front + bytes(16 - len(front)) + body[16:]
    free = sorted(set(range(20, 200)) - {place - ends for place in kept} - {base})
    changed = data.draw(st.lists(st.tuples(st.sampled_from(free), st.binary(max_size=9), st.booleans()), max_size=4))
    edits = {at: Edit(at, at + cut, new) for at, new, cut in changed}
    found = Pointers("some", 0, 4, numbers, order=order, base=base, ends=ends)
    out = io.BytesIO()
    rewrite(io.BytesIO(content), 200, [*edits.values(), *moved([found], list(edits.values()))], out)
    made = out.getvalue()
    new_base = made.index(content[base : base + 1], 16)
    for index, place in enumerate(kept):
        number = int.from_bytes(made[4 * index : 4 * index + 4], order)
        assert made[new_base + number - ends] == content[place - ends]


# --- JPEG ------------------------------------------------------------------------------------------


@needs("exiftool")
@ORDERS
@pytest.mark.parametrize("place", ["no XMP", "XMP in front", "XMP behind"])
def test_pictures_of_mpf_are_found(order: str, place: str, labeled: Labeled) -> None:
    packet = {place: pointing.xmp()}
    others = [pointing.jpeg(60, 32), pointing.jpeg(90, 16)]
    around = {"front": packet.get("XMP in front", b""), "behind": packet.get("XMP behind", b"")}
    content = pointing.with_mpf(pointing.jpeg(30), others, order, **around, gap=7)
    before = pointing.mpf_pictures(content)
    assert before[1:] == others
    out = labeled("pictures.jpg", content)
    after = pointing.mpf_pictures(out.read_bytes())
    assert after[1:] == others
    assert after[0] == out.read_bytes()[: -sum(7 + len(other) for other in others)]
    for index, other in enumerate(others, 2):
        assert exiftool(out, f"MPImage{index}") == other
    with Image.open(io.BytesIO(after[0])) as new, Image.open(io.BytesIO(before[0])) as old:
        assert new.tobytes() == old.tobytes()


@ORDERS
def test_pictures_of_mpf_are_found_where_the_engine_writes(
    order: str, labeled: Labeled, root: pki.Issued, remote: Remote
) -> None:
    """An identity makes the manifest as long as it is only once it is signed."""
    others = [pointing.jpeg(60, 32)]
    content = pointing.with_mpf(pointing.jpeg(30), others, order)
    out = labeled("pictures.jpg", content, again=False, identity=Actor(remote, ["creator"]))
    first, *rest = pointing.mpf_pictures(out.read_bytes())
    assert rest == others
    assert first + others[0] == out.read_bytes()


def test_an_ultra_hdr_picture_keeps_its_gain_map(labeled: Labeled) -> None:
    """MPF in front of XMP, as libultrahdr wrote it."""
    content = (corpus_of_others("reports") / "03-mpf-gain-map-offset" / "uhdr-mpf-first.jpg").read_bytes()
    _, gain_map = pointing.mpf_pictures(content)
    out = labeled("hdr.jpg", content).read_bytes()
    first, after = pointing.mpf_pictures(out)
    assert (after, first + after) == (gain_map, out)


@needs("exiftool")
@ORDERS
def test_a_thumbnail_behind_the_end_is_found(order: str, labeled: Labeled) -> None:
    preview, first = pointing.jpeg(60, 32), pointing.jpeg(30)

    def made(offset: int) -> bytes:
        size = Tag(0x0202, 4, len(preview))
        block = pointing.exif(order, [Tag(0x010F, 2, b"Acme\0")], [Tag(0x0201, 4, offset), size])
        return pointing.behind_app0(first, block)

    content = made(len(made(0)) - made(0).index(b"Exif\0\0") - 6) + preview
    assert preview in content
    out = labeled("camera.jpg", content)
    assert exiftool(out, "ThumbnailImage") == preview == exiftool(out.with_name("camera.jpg"), "ThumbnailImage")


@ORDERS
def test_strips_and_previews_of_lower_directories_behind_the_end_are_found(order: str, labeled: Labeled) -> None:
    strips, first = [b"first strip" * 9, b"second" * 9], pointing.jpeg(30)

    def made(start: int) -> bytes:
        offsets = [start, start + len(strips[0])]
        block = pointing.exif(order, [Tag(0x010F, 2, b"Acme\0")], [Tag(0x0111, 4, offsets)], sub=0x014A)
        return pointing.behind_app0(first, block)

    length = len(made(0))
    head = made(0).index(b"Exif\0\0") + 6
    content = made(length - head) + b"".join(strips)
    out = labeled("camera.jpg", content).read_bytes()
    head, code = out.index(b"Exif\0\0") + 6, f"{order}2I"
    places = [
        struct.unpack_from(code, out, at)
        for at in range(head, head + length)
        if out[at : at + 8] == struct.pack(code, *(out.index(strip) - head for strip in strips))
    ]
    assert len(places) == 1


SONY = b"SONY DSC \0\0\0"


@needs("exiftool")
@ORDERS
def test_a_preview_of_a_cameras_note_is_found(order: str, labeled: Labeled) -> None:
    """Sony puts 32 bytes in front, and spoils the first byte of the picture."""
    first, preview = pointing.jpeg(30), pointing.jpeg(60, 32)
    kept = bytes(32) + b"\0\xd8\xff\xdb" + preview[4:]

    def made(offset: int) -> bytes:
        entry = struct.pack(f"{order}HHHII", 1, 0x2001, 7, len(kept), offset)
        note = SONY + entry + bytes(4)
        block = pointing.exif(order, [Tag(0x010F, 2, b"SONY\0")], [Tag(0x927C, 7, note)], sub=0x8769)
        return pointing.behind_app0(first, block)

    content = made(len(made(0)) - made(0).index(b"Exif\0\0") - 6) + kept
    out = labeled("camera.jpg", content)
    before, after = exiftool(out.with_name("camera.jpg"), "PreviewImage"), exiftool(out, "PreviewImage")
    assert before
    assert after == before


@pytest.mark.parametrize("base", ["header", "note", "file"])
def test_a_preview_that_a_note_counts_from_elsewhere_is_found(base: str, labeled: Labeled) -> None:
    first, preview = pointing.jpeg(90, 400), pointing.jpeg(60, 32)
    assert len(first) > 1 << 16  # smaller numbers stand in every note

    def made(offset: int) -> bytes:
        note = b"ACMENOTE" + struct.pack("<I", offset) + b"-end"
        block = pointing.exif("<", [Tag(0x010F, 2, b"Acme\0")], [Tag(0x927C, 7, note)], sub=0x8769)
        return pointing.behind_app0(first, block)

    def counted(content: bytes) -> int:
        starts = {"header": content.index(b"Exif\0\0") + 6, "note": content.index(b"ACMENOTE"), "file": 0}
        return starts[base]

    content = made(len(made(0)) - counted(made(0))) + preview
    out = labeled("camera.jpg", content).read_bytes()
    at = out.index(b"ACMENOTE") + 8
    start = counted(out) + struct.unpack_from("<I", out, at)[0]
    assert out[start:] == preview
    assert out[at + 4 : at + 8] == b"-end"


def test_a_label_that_cannot_move_a_pointer_is_not_put_in(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """A size of 4 bytes that is already the largest one: what a file of 4 GiB says, which nobody can make longer."""
    found = Pointers("the end of MPF picture 1", 0, 4, (0xFFFF_FFF0,), ends=True)
    with pytest.raises(ValueError, match="the end of MPF picture 1 would be larger"):
        moved([found], [Edit(20, 20, bytes(99))])
    with pytest.raises(ValueError, match="points to what is replaced"):
        moved([Pointers("a preview", 0, 4, (25,))], [Edit(20, 30, bytes(99))])


LENGTHS = (
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{}" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" Item:Length="{}"'
)


@needs("exiftool")
def test_what_is_counted_from_the_end_is_left_alone(labeled: Labeled) -> None:
    """Motion photos of Google, and the trailer of Samsung, whose directory is at the end."""
    film = movies.movie([[[100, 20]]])
    trailer = b"\0\0\x01\x0a" + struct.pack("<I", 10) + b"Image_Data" + b"payload!"
    directory = b"SEFH" + struct.pack("<IIHHII", 107, 1, 0, 0x0A01, len(trailer), len(trailer))
    whole = film + trailer + directory + struct.pack("<I", len(directory)) + b"SEFT"
    packet = pointing.xmp(LENGTHS.format(len(whole), len(whole)))
    out = labeled("motion.jpg", pointing.behind_app0(pointing.jpeg(30), packet) + whole)
    assert out.read_bytes().endswith(whole)
    said = json.loads(subprocess.run(["exiftool", "-j", out], check=True, capture_output=True).stdout)[0]
    assert (said["MicroVideoOffset"], said["Length"]) == (len(whole), len(whole))


# --- boxes -----------------------------------------------------------------------------------------


def top(content: bytes) -> list[tuple[bytes, int, int]]:
    stream = io.BytesIO(content)
    return [(one.kind, one.start, one.end) for one in boxes(stream, 0, len(content), to_end=True)]


def index_of(content: bytes) -> list[int]:
    """The fragments that the indices of a file name."""
    stream, found = io.BytesIO(content), []
    for mfra in (one for one in boxes(stream, 0, len(content)) if one.kind == b"mfra"):
        for tfra in inside(stream, mfra, b"tfra"):
            raw = content_of(stream, tfra)
            wide = raw[0] == 1
            entry = (16 if wide else 8) + sum((raw[11] >> shift & 3) + 1 for shift in (4, 2, 0))
            for at in range(16, 16 + entry * int.from_bytes(raw[12:16], "big"), entry):
                found.append(int.from_bytes(raw[at + 8 : at + 16] if wide else raw[at + 4 : at + 8], "big"))
    return found


@pytest.mark.parametrize("how", [movies.USUAL, movies.Run(base=True, from_moof=False)], ids=["moof", "base"])
def test_the_index_of_fragments_names_each_fragment(how: movies.Run, labeled: Labeled) -> None:
    """``tfra``, and with it bases of fragments that are counted from the beginning of the file (``tfhd``)."""
    content = movies.fragmented([[10, 20], [30], [5, 5, 5]], how, index=lambda places: places)
    out = labeled("fragments.mp4", content).read_bytes()
    fragments = [start for kind, start, _ in top(out) if kind == b"moof"]
    assert index_of(out) == fragments
    assert len(fragments) == 3
    if how.base:
        bases = [int.from_bytes(out[at + 16 : at + 24], "big") for at in found(out, b"tfhd")]
        assert bases == fragments


def found(content: bytes, kind: bytes) -> list[int]:
    """Where boxes of a kind begin, at any depth."""
    return [match.start() - 4 for match in re.finditer(re.escape(kind), content)]


@needs("ffmpeg")
def test_a_player_seeks_by_the_index_of_fragments(labeled: Labeled) -> None:
    content = (corpus_of_others("reports") / "05-tfra-all-the-same" / "v-frag6.mp4").read_bytes()
    out = labeled("fragments.mp4", content)
    assert index_of(out.read_bytes()) == [start for kind, start, _ in top(out.read_bytes()) if kind == b"moof"]
    assert seeked(out) == seeked(out.with_name("fragments.mp4"))
    assert len(seeked(out)) > 3


def seeked(path: Path) -> list[str]:
    """Digests of the frames from the third second on, as found by the index."""
    args = ["ffmpeg", "-v", "error", "-use_mfra_for", "dts", "-ss", "3", "-i", path, "-f", "framemd5", "-"]
    told = subprocess.run(args, check=True, capture_output=True, text=True).stdout
    return [line.split(",")[-1] for line in told.splitlines() if not line.startswith("#")]


@needs("ffmpeg")
def test_an_index_of_segments_leads_to_them(tmp_path: Path, labeled: Labeled) -> None:
    """``sidx`` counts from its own end."""
    path = tmp_path / "made.mp4"
    dash = ("-movflags", "frag_keyframe+empty_moov+default_base_moof+global_sidx", "-g", "5")
    run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:s=64x64:r=10", "-c:v", "mpeg4", *dash, path)
    content = path.read_bytes()
    assert b"sidx" in content
    out = labeled("segments.mp4", content)
    assert decoded(out) == decoded(path)
    assert segments(out.read_bytes()) == [start for kind, start, _ in top(out.read_bytes()) if kind == b"moof"]


def segments(content: bytes) -> list[int]:
    """Where the index says that segments begin."""
    [(_, start, end)] = [one for one in top(content) if one[0] == b"sidx"]
    raw = content[start + 8 : end]
    wide = 16 if raw[0] == 1 else 8
    at = end + int.from_bytes(raw[12 + wide // 2 : 12 + wide], "big")
    sizes = [int.from_bytes(raw[16 + wide + 12 * n : 20 + wide + 12 * n], "big") & 0x7FFF_FFFF for n in range(99)]
    count = int.from_bytes(raw[14 + wide : 16 + wide], "big")
    return [at + sum(sizes[:index]) for index in range(count)]


@pytest.mark.parametrize("wide", [False, True], ids=["stco", "co64"])
def test_chunks_and_what_goes_with_their_samples_are_found(wide: bool, labeled: Labeled) -> None:
    """``stco``, ``co64``, and ``saio`` beside them (a common form of encryption has it)."""
    version, width = (1, 8) if wide else (0, 4)

    def made(place: int) -> bytes:
        saio = movies.full(b"saio", movies.number(1) + movies.number(place, width), version)
        tables = movies.Tables(wide=wide, more=saio)
        return movies.movie([[[40, 50], [60]]], tables=tables, behind=box(b"free", b"auxiliary information"))

    content = made(0)
    content = made(content.index(b"auxiliary"))
    out = labeled("movie.mp4", content, carriers=()).read_bytes()
    [saio] = found(out, b"saio")
    assert int.from_bytes(out[saio + 16 : saio + 16 + width], "big") == out.index(b"auxiliary")
    [table] = found(out, b"co64" if wide else b"stco")
    places = [int.from_bytes(out[table + 16 + width * n : table + 16 + width * (n + 1)], "big") for n in range(2)]
    chunks = [movies.media([40, 50], 0), movies.media([60], 1)]
    assert [out[at : at + len(chunk)] for at, chunk in zip(places, chunks, strict=True)] == chunks


@needs("heif-enc")
def test_a_grid_whose_description_lies_in_idat_is_decoded(tmp_path: Path, labeled: Labeled, signer: Signer) -> None:
    """As phones write it; the engine moves the place in ``idat`` as if it were one in the file."""
    path, picture = tmp_path / "still.heic", tmp_path / "still.png"
    Image.effect_noise((128, 128), 60).convert("RGB").save(picture)
    run("heif-enc", "-q", "60", picture, "-o", path)
    path.write_bytes(tiled.grid(path.read_bytes(), 128, 128))
    before = pictures(path)
    out = labeled("grid.heic", path.read_bytes())
    assert pictures(out) == before
    assert len(before) == 3
    out.write_bytes(signed_by_engine(path.read_bytes(), "image/heic", signer)[0])
    with pytest.raises(subprocess.CalledProcessError):
        pictures(out)


def pictures(path: Path) -> list[bytes]:
    """All pictures in a HEIC, the shown one first."""
    made = path.with_name(f"{path.stem}-decoded.png")
    run("heif-convert", path, made)
    return [one.read_bytes() for one in sorted(path.parent.glob(f"{path.stem}-decoded*.png"))]


@needs("heif-enc")
@needs("exiftool")
def test_items_with_a_base_of_their_own_are_found(tmp_path: Path, labeled: Labeled) -> None:
    """exiftool adds an item with a base of 0, which the engine would move twice."""
    path = tmp_path / "made.heic"
    MAKERS["still.heic"](path)
    run("exiftool", "-overwrite_original", "-XMP-dc:Title=A", path)
    out = labeled("still.heic", path.read_bytes())
    assert decoded(out) == decoded(path)
    assert exiftool(out, "XMP-dc:Title") == b"A"


@pytest.mark.parametrize("name", ["still.avif", "animated.avif"])
def test_items_and_tracks_of_pictures_are_found(name: str, tmp_path: Path, labeled: Labeled) -> None:
    path = tmp_path / "made.avif"
    MAKERS[name](path)
    assert decoded(labeled(name, path.read_bytes())) == decoded(path)


STILL = movies.picture([movies.Item(1, [(0, 9)])], 9)


AWAY = movies.Tables(references=box(b"url ", bytes(4) + b"x.mp4\0"))


def test_media_in_another_file_are_not_embedded_into(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """Nor signed beside the file: what is played is not in it."""
    source = tmp_path / "away.mp4"
    source.write_bytes(movies.movie([[[10]]], tables=AWAY))
    with pytest.raises(InputError, match="lie in another file"):
        label_file(source, None, label, signer, carriers=(), sandbox=sandbox)


@pytest.mark.parametrize(
    ("reason", "name", "content"),
    [
        ("movie box is compressed", "small.mov", movies.movie([[[10]]], brand=movies.QUICKTIME, more=box(b"cmov"))),
        (
            "a second file is appended",
            "two.heic",
            movies.picture([movies.Item(1, [(0, 9)])], 9) + movies.movie([[[9]]]),
        ),
    ],
)
def test_places_that_are_not_followed_are_not_embedded_into(
    reason: str, name: str, content: bytes, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        label_file(source, tmp_path / f"out-{name}", label, signer, carriers=(), sandbox=sandbox)
    assert "--detached" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == [name]
    label_file(source, None, label, signer, detached=True, sandbox=sandbox)


def test_a_result_whose_pointers_lead_astray_is_not_published(
    tmp_path: Path, label: Label, signer: Signer, remote: Remote, sandbox: Sandbox
) -> None:
    """With an identity the engine writes, and gives every entry of the index the last fragment."""
    source = tmp_path / "fragments.mp4"
    source.write_bytes(movies.fragmented([[10, 20], [30], [5, 5, 5]], index=lambda places: places))
    with pytest.raises(EngineError, match=r"lead astray: index 1 of fragments \(tfra\), entry 1, and 1 more") as caught:
        label_file(source, tmp_path / "out.mp4", label, signer, identity=Actor(remote), sandbox=sandbox)
    assert "--detached" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["fragments.mp4"]


# --- TIFF ------------------------------------------------------------------------------------------


@needs("exiftool")
@ORDERS
def test_offsets_of_tiff_lead_to_the_same_bytes(order: str, tmp_path: Path, labeled: Labeled) -> None:
    """Strips, a directory below with a preview of its own, and EXIF: all that is new comes behind."""
    path = tmp_path / "made.dng"
    path.write_bytes(raw_picture(order))
    preview = exiftool(path, "PreviewImage")
    assert preview.startswith(b"\xff\xd8\xff")
    out = labeled("raw.dng", path.read_bytes())
    assert exiftool(out, "PreviewImage") == preview
    assert exiftool(out, "ExifIFD:UserComment") == exiftool(path, "ExifIFD:UserComment") != b""
    with Image.open(out) as new, Image.open(path) as old:
        assert new.tobytes() == old.tobytes()


def raw_picture(order: str) -> bytes:
    """A DNG of a grey picture of 8 by 8, with a JPEG in a directory below and an EXIF directory."""
    preview, grey = pointing.jpeg(60, 32), bytes(range(64))
    low, places = struct.pack(f"{order}I", 0), dict.fromkeys(("sub", "exif", "grey", "preview", "comment"), 0)

    def directory(*tags: tuple[int, int, int, int]) -> bytes:
        rows = b"".join(
            struct.pack(f"{order}HHI", number, kind, count)
            + (struct.pack(f"{order}H", value) + bytes(2) if kind == 3 else struct.pack(f"{order}I", value))
            for number, kind, count, value in sorted(tags)
        )
        return struct.pack(f"{order}H", len(tags)) + rows + low

    for _ in range(2):
        version = 0x01040000 if order == ">" else 0x00000401
        main = directory(
            (256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, places["grey"]),
            (277, 3, 1, 1), (278, 3, 1, 8), (279, 4, 1, 64), (330, 4, 1, places["sub"]), (34665, 4, 1, places["exif"]),
            (50706, 1, 4, version), (254, 4, 1, 0),
        )  # fmt: skip
        sub = directory(
            (254, 4, 1, 1), (256, 3, 1, 32), (257, 3, 1, 32), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 1),
            (273, 4, 1, places["preview"]), (277, 3, 1, 1), (278, 3, 1, 32), (279, 4, 1, len(preview)),
        )  # fmt: skip
        below = directory((0x9286, 7, 16, places["comment"]))
        head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", 8)
        whole = head
        named = {
            "main": main,
            "sub": sub,
            "exif": below,
            "grey": grey,
            "preview": preview,
            "comment": b"ASCII\0\0\0comment.",
        }
        for name, block in named.items():
            places[name] = len(whole)
            whole += block + bytes(len(block) % 2)
    return whole


# --- sounds ----------------------------------------------------------------------------------------


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WAVE" + b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


@needs("ffprobe")
def test_cues_of_wav_count_from_the_sound(labeled: Labeled) -> None:
    """``cue``, ``plst``, ``adtl`` and ``smpl`` count samples, or bytes from the data chunk."""
    cue = struct.pack("<III4sIII", 1, 1, 400, b"data", 0, 0, 400)
    chunks = (
        (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)),
        (b"data", bytes(range(250)) * 8),
        (b"cue ", cue),
        (b"plst", struct.pack("<IIII", 1, 1, 100, 1)),
        (b"LIST", b"adtl" + b"labl" + struct.pack("<I", 9) + struct.pack("<I", 1) + b"here\0\0"),
        (b"smpl", struct.pack("<9I6I", 0, 0, 125000, 60, 0, 0, 0, 1, 0, 1, 0, 100, 900, 0, 0)),
    )
    content = riff(*chunks)
    out = labeled("cues.wav", content)
    made = out.read_bytes()
    for kind, data in chunks:
        assert made.count(kind + struct.pack("<I", len(data)) + data) == 1, kind
    assert audio_files.sound(out) == audio_files.sound(out.with_name("cues.wav"))


@needs("ffmpeg")
def test_chapters_and_an_index_of_mp3_lead_to_the_same_frames(labeled: Labeled) -> None:
    """``CHAP`` and ``ASPI`` count from the beginning of the file; what the first frame says counts from itself."""
    sound = bare_mp3()
    starts = [0, 4000, 9000]

    def tag(front: int) -> bytes:
        frames = b""
        for index, start in enumerate(starts):
            offset = front + start if index else 0xFFFF_FFFF
            body = b"c%d\0" % index + struct.pack(">IIII", index * 100, index * 100 + 100, offset, 0xFFFF_FFFF)
            frames += b"CHAP" + struct.pack(">IH", len(body), 0) + body
        frames += b"ASPI" + struct.pack(">IH", 14, 0) + struct.pack(">IIHBHB", front, len(sound), 2, 8, 1, 2)
        return b"ID3\x04\0\0" + bytes([0, 0, len(frames) >> 7, len(frames) & 127]) + frames

    content = tag(len(tag(0))) + sound
    out = labeled("chapters.mp3", content).read_bytes()
    front = len(out) - len(sound)
    assert out[front:] == sound
    for index, start in enumerate(starts[1:], 1):
        at = out.index(b"c%d\0" % index) + 11
        assert struct.unpack_from(">II", out, at) == (front + start, 0xFFFF_FFFF)
    assert struct.unpack_from(">II", out, out.index(b"ASPI") + 10) == (front, len(sound))
    assert struct.unpack_from(">I", out, out.index(b"c0\0") + 11) == (0xFFFF_FFFF,)


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["v24.mp3", "bare.flac", "id3.flac"])
def test_tables_that_count_from_the_first_frame_stay(name: str, tmp_path: Path, labeled: Labeled) -> None:
    """The table of a Xing header, ``SEEKTABLE`` and ``CUESHEET`` of FLAC."""
    path = tmp_path / f"made-{name}"
    audio_files.KINDS[name](path)
    content = path.read_bytes()
    out = labeled(name, content)
    front = audio_parts(out.read_bytes(), name)
    assert front == audio_parts(content, name)
    assert audio_files.sound(out) == audio_files.sound(path)


def audio_parts(content: bytes, name: str) -> bytes:
    """All from the first frame on; of FLAC the table of places as well."""
    if name.endswith(".mp3"):
        return content[max(content.find(b"Xing"), content.find(b"Info")) :]
    at = content.index(b"fLaC") + 4
    kept = b""
    while True:
        kind, length = content[at] & 0x7F, int.from_bytes(content[at + 1 : at + 4], "big")
        if kind in (0, 3, 5):
            kept += content[at + 4 : at + 4 + length]
        at += 4 + length
        if content[at - 4 - length] & 0x80:
            return kept + content[at:]


# --- none ------------------------------------------------------------------------------------------


def test_formats_without_pointers_have_none(tmp_path: Path) -> None:
    """PNG, GIF, WebP and SVG: parts follow each other, or are named."""
    for name in ("animated.png", "animated.webp", "animated.gif", "drawing.svg"):
        MAKERS[name](tmp_path / name)
        content = (tmp_path / name).read_bytes()
        container = {"png": "png", "webp": "riff", "gif": "gif", "svg": "svg"}[name.rpartition(".")[2]]
        assert CONTAINERS[container].pointers is None
        assert pointed_to(container, io.BytesIO(content), len(content)) == {}


@needs("cjxl")
def test_an_index_of_frames_of_jpeg_xl_stays(tmp_path: Path, labeled: Labeled) -> None:
    """``jxli`` counts from the beginning of the codestream."""
    path = tmp_path / "made.jxl"
    MAKERS["boxed.jxl"](path)
    content = path.read_bytes()
    at = next(start for kind, start, _ in top(content) if kind in (b"jxlc", b"jxlp"))
    index = box(b"jxli", bytes([1]) + struct.pack(">II", 1, 1000) + bytes([12, 1, 1]))
    content = content[:at] + index + content[at:]
    out = labeled("boxed.jxl", content)
    before, after = dict(streams(content)), dict(streams(out.read_bytes()))
    assert before == after
    assert decoded(out) == decoded(path)


def streams(content: bytes) -> Sequence[tuple[bytes, bytes]]:
    return [(kind, content[start:end]) for kind, start, end in top(content) if kind in (b"jxlc", b"jxlp", b"jxli")]
