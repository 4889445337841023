"""Where the media of a file in boxes lie, by tables that may lie."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, strategies as st

from movies import Item, Tables, fragmented, movie, picture
from provlabel.media.containers import CONTAINERS, ContainerError, places, references
from provlabel.media.containers.places import Misplaced, Placed, TooManyPlaces


def checked(content: bytes) -> Placed:
    stream = io.BytesIO(content)
    return places.check(stream, tuple(CONTAINERS["isobmff"].walk(stream, len(content))))


TRACK = [[100, 50], [70], [30, 30, 30]]
#: Files -> what is unused, and how many tracks and items there are.
SOUND: dict[str, tuple[bytes, tuple[int, int]]] = {
    "one track": (movie([TRACK]), (0, 1)),
    "two tracks": (movie([TRACK, TRACK]), (0, 2)),
    "offsets of 64 bits": (movie([TRACK], tables=Tables(wide=True)), (0, 1)),
    "sizes of 8 bits": (movie([TRACK], tables=Tables(compact=True)), (0, 1)),
    "samples of one size": (movie([[[4] * 50] * 2], tables=Tables(same=4)), (0, 1)),
    "sound of samples of size 1": (movie([[[4] * 50] * 2], tables=Tables(same=1, sound=b"sowt")), (0, 1)),
    "bytes between": (movie([TRACK], between=bytes(7)), (21, 1)),
    "no track": (movie([]), (0, 0)),
    "fragments": (fragmented(TRACK), (0, 1)),
    "an item": (picture([Item(1, [(0, 50), (60, 40)])], 100), (10, 1)),
    "items in their box": (picture([Item(1, [(0, 8)], 1), Item(2, [(0, 100)])], 100, idat=bytes(8)), (0, 2)),
}


@pytest.mark.parametrize("case", SOUND)
def test_all_that_is_played_is_found(case: str) -> None:
    content, expected = SOUND[case]
    assert checked(content) == expected


@pytest.mark.parametrize("shift", [-1, 1])
@pytest.mark.parametrize("tables", [Tables(), Tables(wide=True)])
def test_a_byte_beside_the_media_is_elsewhere(shift: int, tables: Tables) -> None:
    moved = movie([[[100]]], say=lambda offsets: [[offsets[0][0] + shift]], tables=tables)
    with pytest.raises(Misplaced, match="outside of the media"):
        checked(moved)


def test_a_last_box_that_goes_on_to_the_end_is_entered() -> None:
    """A movie behind its media may have a size of 0, which means: up to the end."""
    content = movie([[[100]]])
    front, rest = content[:24], content[24:]
    moov, mdat = rest[: len(rest) - 108], rest[len(rest) - 108 :]
    turned = front + mdat + bytes(4) + moov[4:]
    with pytest.raises(Misplaced, match="outside of the media"):
        checked(turned)
    at = turned.index(b"stco") + 12
    assert checked(turned[:at] + (len(front) + 8).to_bytes(4, "big") + turned[at + 4 :]) == (0, 1)


def test_tables_beyond_any_honest_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = movie([TRACK])
    monkeypatch.setattr(places, "MAX_TABLES", 100)
    with pytest.raises(TooManyPlaces, match="more than 100 bytes of tables"):
        checked(content)


def test_a_still_may_be_the_first_frame_of_its_sequence() -> None:
    """As in an animated AVIF."""
    film = movie([[[100], [100]]], say=lambda offsets: [[at + 1000 for at in offsets[0]]])
    still = picture([Item(1, [(0, 100)])], 200, behind=film[24 : len(film) - 208])
    stco, media = still.index(b"stco") + 12, still.index(b"mdat") + 4
    both = still[:stco] + media.to_bytes(4, "big") + (media + 100).to_bytes(4, "big") + still[stco + 8 :]
    assert checked(both) == (0, 2)


BASES = [SOUND[case][0] for case in SOUND]


@given(st.sampled_from(BASES), st.data())
def test_no_table_does_more_than_be_refused(base: bytes, data: Any) -> None:
    content = bytearray(base)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(24, len(content) - 1))] = data.draw(st.integers(0, 255))
    stream = io.BytesIO(content)
    try:
        parts = tuple(CONTAINERS["isobmff"].walk(stream, len(content)))
        list(references.elsewhere(stream, parts))
        found = places.check(stream, parts)
    except ContainerError:
        return
    assert 0 <= found.unused <= len(content)
