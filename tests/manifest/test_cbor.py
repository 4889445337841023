"""CBOR within limits: what is walked without a word, and what two readers would read as two things."""

from __future__ import annotations

import time

import cbor2
import pytest

from provlabel.manifest import cbor
from provlabel.media.containers import ContainerError


def walk(raw: bytes) -> None:
    cbor.walk(memoryview(raw), lambda head: None)


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "a", "other": {"kind": "b"}, "list": [{"kind": 1}, {"kind": 2}]},
        {1: 1, -2: 2, b"1": 3, "1": 4, 1.5: 5, False: 6, None: 7, 2**40: 8},
        {"a": {"b": {"c": {}}}, "b": {}, "c": []},
        [{"a": index} for index in range(50)],
        {"a" * 300: 1, "a" * 301: 2, "": 3, b"": 4, 0: 5},
    ],
)
def test_honest_maps(value: object) -> None:
    walk(cbor2.dumps(value))


def test_open_ended_maps() -> None:
    walk(b"\xbf\x61a\x01\x61b\xbf\x61a\x02\xff\xff")
    with pytest.raises(ContainerError, match="a key twice"):
        walk(b"\xbf\x61a\x01\x61a\x02\xff")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"\x64kind", b"\x64kind"),
        (b"\x64kind", b"\x78\x04kind"),
        (b"\x64kind", b"\x7b" + (4).to_bytes(8, "big") + b"kind"),
        (b"\x01", b"\x18\x01"),
        (b"\x01", b"\x1b" + (1).to_bytes(8, "big")),
        (b"\x20", b"\x39\x00\x00"),
        (b"\x44kind", b"\x58\x04kind"),
        (b"\xf6", b"\xf6"),
    ],
)
@pytest.mark.parametrize("around", [lambda raw: raw, lambda raw: b"\x82\x00" + raw, lambda raw: b"\xa1\x61x" + raw])
def test_a_key_twice_however_its_head_is_written(first: bytes, second: bytes, around: object) -> None:
    raw = b"\xa3" + first + b"\x01" + b"\x65other" + b"\x80" + second + b"\x02"
    with pytest.raises(ContainerError, match="a key twice"):
        walk(around(raw))  # type: ignore[operator]


@pytest.mark.parametrize("key", [b"\x80", b"\xa0", b"\x81\x00", b"\x7f\x61a\xff", b"\xc0\x61a"])
def test_keys_that_are_no_plain_values(key: bytes) -> None:
    """One written in pieces could repeat another, unseen."""
    raw = b"\xa1" + key + b"\x00"
    if key in (b"\x80", b"\xa0"):  # empty, so there is nothing to unfold
        walk(raw)
        return
    with pytest.raises(ContainerError, match="no plain value"):
        walk(raw)


def test_chosen_keys_take_no_time() -> None:
    keys = b"".join(cbor2.dumps(index * ((1 << 61) - 1) % (1 << 64)) + b"\x00" for index in range(1, 40_000))
    began = time.process_time()
    walk(b"\xba" + (39_999).to_bytes(4, "big") + keys)
    assert time.process_time() - began < 2
