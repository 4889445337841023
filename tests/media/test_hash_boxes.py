"""The boxes of ``c2pa.hash.boxes`` by our own walk, against those that another walk finds."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from old_hashes import holding, named
from project import MEDIA
from provlabel.media.containers import CONTAINERS, ContainerError, hash_boxes
from provlabel.media.containers.hash_boxes import BoxGroup, HashBox, uncovered
from sample_files import frames, picture

STORE = bytes.fromhex("000000266a756d620000001e6a756d64") + b"c2pa" + bytes(30)


def boxes_of(container: str, content: bytes) -> list[HashBox]:
    stream = io.BytesIO(content)
    parts = tuple(CONTAINERS[container].walk(stream, len(content)))
    return list(hash_boxes.WALKERS[container](stream, len(content), parts))


@pytest.mark.parametrize("how", [{}, {"restart_marker_blocks": 3}, {"progressive": True}])
def test_of_jpeg(how: dict[str, int]) -> None:
    made = io.BytesIO()
    picture().save(made, "JPEG", **how)
    content = holding(made.getvalue(), STORE)
    assert boxes_of("jpeg", content) == named(content)


def test_of_png() -> None:
    content = (MEDIA / "still.png").read_bytes()
    assert boxes_of("png", content) == named(content)


def test_of_gif(tmp_path: Path) -> None:
    frames(duration=100, loop=0, comment=b"Lighthouse")(tmp_path / "a.gif")
    content = holding((tmp_path / "a.gif").read_bytes(), STORE)
    assert boxes_of("gif", content) == named(content)


FOUND = [HashBox("A", 0, 10), HashBox("C2PA", 10, 20), HashBox("B", 25, 30), HashBox("B", 30, 40)]


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ([("A",), ("C2PA",), ("B",), ("B",)], "5 bytes at byte 20"),
        ([("A", "C2PA", "B", "B")], ""),
        ([("A",), ("C2PA",), ("B", "B")], "5 bytes at byte 20"),
        ([("A",), ("C2PA",)], "20 bytes at byte 20"),
        ([("A",), ("C2PA",), ("B",)], "5 bytes at byte 20"),
        ([("A",), ("B",)], "other boxes"),
        ([("A",), ("C2PA",), ("B", "B", "B")], "other boxes"),
        ([], "10 bytes at byte 0"),
        ([()], "10 bytes at byte 0"),
    ],
)
def test_what_lies_in_no_hash_is_named(listed: list[tuple[str, ...]], why: str) -> None:
    found = uncovered(FOUND, [BoxGroup(names) for names in listed], 40)
    assert (why in found) if why else not found


def test_a_box_that_is_left_out_is_in_no_hash() -> None:
    listed = [BoxGroup(("A",), hashed=False), BoxGroup(("C2PA",)), BoxGroup(("B", "B"))]
    assert "10 bytes at byte 0" in uncovered([*FOUND[:2], HashBox("B", 20, 30), FOUND[3]], listed, 40)


def test_of_two_manifests_the_second_is_in_no_hash() -> None:
    two = [HashBox("C2PA", 0, 10), HashBox("C2PA", 10, 20)]
    assert "10 bytes at byte 10" in uncovered(two, [BoxGroup(("C2PA",)), BoxGroup(("C2PA",))], 20)


def test_beside_the_file_no_box_is_the_manifest() -> None:
    assert not uncovered([HashBox("A", 0, 9)], [BoxGroup(("A",)), BoxGroup(("C2PA",))], 9)


@pytest.mark.parametrize("container", sorted(hash_boxes.WALKERS))
@given(content=st.binary(max_size=200))
def test_walkers_never_crash(container: str, content: bytes) -> None:
    front = {
        "jpeg": b"\xff\xd8\xff",
        "png": b"\x89PNG\r\n\x1a\n",
        "gif": b"GIF89a" + bytes(7),
        "isobmff": b"\0\0\0\x0cJXL ",
    }
    try:
        found = boxes_of(container, front[container] + content)
    except ContainerError:
        return
    assert all(0 <= box.start <= box.end <= len(front[container] + content) for box in found)
