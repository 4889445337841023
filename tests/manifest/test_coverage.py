"""What hashes are over, as manifests state it: statements of others have any shape."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, strategies as st

from movies import fragmented, movie
from provlabel.evidence import Coverage
from provlabel.manifest.coverage import coverage_of
from provlabel.media.containers import CONTAINERS

FRAGMENTS = fragmented([[9], [9]], index=lambda at: at)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1 << 70) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_XPATHS = st.sampled_from(["/mdat", "/moof/traf/trun", "/moof[1]/traf/tfhd", "/mfra/tfra", "/meta/iloc", "/free"])
_SUBSETS = st.lists(st.fixed_dictionaries({"offset": st.just(16) | _ODD, "length": st.just(4) | _ODD}), max_size=2)
_EXCLUSION = st.fixed_dictionaries(
    {"xpath": _XPATHS | _ODD},
    optional={"subset": _SUBSETS | _ODD, "flags": st.lists(st.integers(0, 255), max_size=5) | _ODD, "exact": _ODD},
)


def of(content: bytes, container: str, name: str, data: Any) -> Coverage:
    stream = io.BytesIO(content)
    parts = tuple(CONTAINERS[container].walk(stream, len(content)))
    return coverage_of(stream, container, parts, {name: data})


@given(_ODD, st.sampled_from(["c2pa.hash.boxes", "c2pa.hash.bmff.v2", "c2pa.hash.data", "c2pa.hash.other"]))
def test_statements_of_any_shape(data: Any, name: str) -> None:
    of(FRAGMENTS, "isobmff", name, data)


@given(st.lists(_EXCLUSION, max_size=3) | _ODD, _ODD, _ODD)
def test_exclusions_of_any_shape(exclusions: Any, merkle: Any, digest: Any) -> None:
    data = {"exclusions": exclusions, "merkle": merkle, "hash": digest}
    found = of(FRAGMENTS, "isobmff", "c2pa.hash.bmff.v3", data)
    assert bool(digest) or found.missing


@given(st.lists(st.fixed_dictionaries({"names": st.lists(st.text(max_size=4)) | _ODD, "excluded": _ODD})))
def test_lists_of_boxes_of_any_shape(boxes: Any) -> None:
    assert of(FRAGMENTS, "isobmff", "c2pa.hash.boxes", {"boxes": boxes}).missing


def test_a_format_without_boxes() -> None:
    content = b"RIFF\x04\x00\x00\x00WAVE"
    assert "nobody knows" in of(content, "riff", "c2pa.hash.boxes", {"boxes": []}).missing[0]


@pytest.mark.parametrize("flags", [[0, 2, 1], [0, 0, 0]])
def test_only_boxes_of_these_flags_are_left_out(flags: list[int]) -> None:
    """The engine counts the three bytes of flags as the first of four."""
    subset = [{"offset": 16, "length": 4}]
    exclusion = {"xpath": "/moof/traf/trun", "subset": subset, "flags": flags}
    found = of(FRAGMENTS, "isobmff", "c2pa.hash.bmff.v2", {"exclusions": [exclusion], "hash": "x"})
    assert found.missing == ()


def test_media_by_blocks_need_one_box_and_one_tree() -> None:
    mdat = {"xpath": "/mdat", "subset": [{"offset": 16, "length": 0}]}
    data: dict[str, Any] = {"exclusions": [mdat], "merkle": [{"count": 1}], "hash": "x"}
    whole = movie([[[40]]])
    assert of(whole, "isobmff", "c2pa.hash.bmff.v3", data).checked == ("/mdat",)
    for change in (
        {"merkle": [{"count": 1}] * 2},
        {"merkle": [{"initHash": "x"}]},
        {"merkle": None},
        {"exclusions": [{"xpath": "/mdat"}]},
        {"exclusions": [{"xpath": "/mdat", "subset": [{"offset": 8, "length": 0}]}]},
    ):
        assert of(whole, "isobmff", "c2pa.hash.bmff.v3", {**data, **change}).checked == ()
    assert of(whole + whole[-48:], "isobmff", "c2pa.hash.bmff.v3", data).checked == ()
