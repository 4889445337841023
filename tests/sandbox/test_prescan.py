"""What the engine would read as a manifest the pre-scan has seen, or the engine never meets it."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from PIL import Image

from project import MEDIA, corpus_of_others
from provlabel import Label, TrustStore, engine, label_bytes, verify_bytes, verify_file
from provlabel._support.files import reader
from provlabel.media.containers import ContainerError, stores_of
from provlabel.media.formats import id3v2_size, sniff
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork
from provlabel.signers import Signer

JPEG, MP3 = (MEDIA / "cover.jpg").read_bytes(), (MEDIA / "take.mp3").read_bytes()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
Verify = Callable[[bytes], FileReport]


@pytest.fixture
def verify(trust: TrustStore, sandbox: Sandbox) -> Verify:
    return lambda content: verify_bytes(content, trust=trust, sandbox=sandbox).files[0]


@pytest.fixture(scope="module")
def store(signer: Signer, sandbox: Sandbox) -> bytes:
    """A manifest store that the engine reads in any container, whatever it is about."""
    content, _ = label_bytes(JPEG, Label(kind="ai_generated"), signer, sandbox=sandbox)
    return stores_of("jpeg", io.BytesIO(content), len(content))[0]


def segment(number: int, content: bytes, name: bytes = b"JP", box: bytes = b"\x02\x11") -> bytes:
    held = name + box + number.to_bytes(4, "big") + content
    return b"\xff\xeb" + (len(held) + 2).to_bytes(2, "big") + held


def in_jpeg(*segments: bytes) -> bytes:
    return JPEG[:20] + b"".join(segments) + JPEG[20:]


def pieces(store: bytes, *numbers: int) -> bytes:
    """The store in as many segments as there are numbers, which they have."""
    step = -(-len(store) // len(numbers))
    cuts = [store[at : at + step] for at in range(0, len(store), step)]
    bodies = [cuts[0], *(store[:8] + cut for cut in cuts[1:])]
    return in_jpeg(*(segment(number, body) for number, body in zip(numbers, bodies, strict=True)))


def syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def tag(*frames: bytes, version: int = 4) -> bytes:
    whole = b"".join(frames)
    return b"ID3" + bytes([version, 0, 0]) + syncsafe(len(whole)) + whole


def frame(body: bytes, flags: int = 0, version: int = 4) -> bytes:
    size = syncsafe(len(body)) if version == 4 else len(body).to_bytes(4, "big")
    return b"GEOB" + size + flags.to_bytes(2, "big") + body


def geob(store: bytes) -> bytes:
    return b"\0application/c2pa\0c2pa\0c2pa manifest store\0" + store


def in_mp3(content: bytes) -> bytes:
    return content + MP3[id3v2_size(MP3[:10]) :]


def in_svg(inside: str, declared: str = "xmlns:c2pa") -> bytes:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {declared}="http://c2pa.org/manifest" width="9" height="9">'
    return f'{head}<metadata>{inside}</metadata><rect width="9" height="9"/></svg>'.encode()


def text(store: bytes) -> str:
    return base64.b64encode(store).decode()


class Case(NamedTuple):
    """A way to write a manifest."""

    make: Callable[[bytes], bytes]
    followed: bool  #: by the pre-scan, else it is refused before the engine


def _unsync(content: bytes) -> bytes:
    return content.replace(b"\xff", b"\xff\0")


CASES = {
    "jpeg: one segment, number 1": Case(lambda s: in_jpeg(segment(1, s)), True),
    "jpeg: one segment, number 0": Case(lambda s: in_jpeg(segment(0, s)), True),
    "jpeg: two segments": Case(lambda s: pieces(s, 1, 2), True),
    "jpeg: number 2": Case(lambda s: in_jpeg(segment(2, s)), False),
    "jpeg: number 7": Case(lambda s: in_jpeg(segment(7, s)), False),
    "jpeg: from 0, then 2": Case(lambda s: pieces(s, 0, 2), True),
    "jpeg: a gap": Case(lambda s: pieces(s, 1, 3), False),
    "jpeg: a gap later": Case(lambda s: pieces(s, 1, 2, 4), False),
    "jpeg: another identifier": Case(lambda s: in_jpeg(segment(1, s, b"XX")), False),
    "jpeg: another identifier later": Case(
        lambda s: in_jpeg(segment(1, s[:900]), segment(2, s[:8] + s[900:], b"XX")), False
    ),
    "jpeg: stray zeros in front": Case(lambda s: in_jpeg(b"\0\0", segment(1, s)), True),
    "jpeg: stray bytes between two": Case(
        lambda s: in_jpeg(segment(1, s[:900]), b"\0\0ab", segment(2, s[:8] + s[900:])), True
    ),
    "jpeg: within a restart of a length": Case(
        lambda s: in_jpeg(b"\xff\xd0" + (len(segment(1, s)) + 2).to_bytes(2, "big") + segment(1, s)), False
    ),
    "jpeg: within a segment that the engine knows no length of": Case(
        lambda s: in_jpeg(b"\xff\xf7" + (len(segment(1, s)) + 2).to_bytes(2, "big") + segment(1, s)), False
    ),
    "mp3: ID3v2.2": Case(lambda s: in_mp3(tag(b"GEO" + len(geob(s)).to_bytes(3, "big") + geob(s), version=2)), True),
    "mp3: ID3v2.3": Case(lambda s: in_mp3(tag(frame(geob(s), version=3), version=3)), True),
    "mp3: ID3v2.4": Case(lambda s: in_mp3(tag(frame(geob(s)))), True),
    "mp3: compressed": Case(
        lambda s: in_mp3(tag(frame(syncsafe(len(geob(s))) + zlib.compress(geob(s)), 0x0009))), False
    ),
    "mp3: compressed, ID3v2.3": Case(
        lambda s: in_mp3(
            tag(frame(len(geob(s)).to_bytes(4, "big") + zlib.compress(geob(s)), 0x0080, version=3), version=3)
        ),
        False,
    ),
    "mp3: with its length in front": Case(
        lambda s: in_mp3(tag(frame(syncsafe(len(geob(s))) + geob(s), 0x0001))), False
    ),
    "mp3: unsynchronised": Case(lambda s: in_mp3(tag(frame(_unsync(geob(s)), 0x0002))), False),
    "svg: another prefix": Case(lambda s: in_svg(f"<x:manifest>{text(s)}</x:manifest>", "xmlns:x"), True),
    "svg: an element inside": Case(lambda s: in_svg(f"<c2pa:manifest><a/>{text(s)}</c2pa:manifest>"), False),
    "svg: a comment inside": Case(lambda s: in_svg(f"<c2pa:manifest><!-- a -->{text(s)}</c2pa:manifest>"), True),
}


def seen(content: bytes) -> tuple[bytes, ...] | str:
    """The stores that the walk sees, or why it cannot be followed."""
    fmt = sniff(reader(io.BytesIO(content)))
    assert fmt is not None
    try:
        return stores_of(fmt.container, io.BytesIO(content), len(content))
    except ContainerError as exc:
        return str(exc)


@pytest.mark.parametrize("case", CASES)
def test_the_engine_reads_nothing_unseen(case: str, store: bytes, verify: Verify) -> None:
    content = CASES[case].make(store)
    found = seen(content)
    judged = verify(content)
    if CASES[case].followed:
        assert found == (store,)
        assert (judged.state, judged.engine_state) == ("invalid", "Invalid")  # it is about something else
    else:
        assert isinstance(found, str)
        assert (judged.state, judged.engine_state, judged.findings[0].rule) == ("unreadable", None, "content.malformed")
        assert found in judged.findings[0].message


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if not case.followed and "restart" not in name])
def test_there_was_something_to_refuse(case: str, store: bytes) -> None:
    """The engine reads each of them, so that without our refusal it would have met what nobody looked at."""
    content = CASES[case].make(store)
    fmt = sniff(reader(io.BytesIO(content)))
    assert fmt is not None
    reading = engine.read(io.BytesIO(content), fmt.mime, TrustStore())
    assert reading is not None
    assert reading.state == "Invalid"


def test_a_segment_that_only_some_know_is_no_damage(verify: Verify) -> None:
    """As JPEG-LS has them: whoever looks for a marker in it finds none, and goes on where we do."""
    preset = b"\xff\xf8\x00\x0d\x01\x00\xff\x00\x03\x00\x07\x00\x15\x00\x40"
    assert verify(in_jpeg(preset)).state == "unsigned"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_last_fence_stands_behind_a_walk_that_sees_nothing(
    store: bytes, trust: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provlabel.manifest.limits.stores_in", lambda *_: ())
    with Sandbox(fork) as sandbox:
        judged = verify_bytes(in_jpeg(segment(1, store)), trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.label) == ("unreadable", None)
    assert "only some readers find" in judged.findings[0].message


# --- stray bytes between the segments of a JPEG ----------------------------------------------------

STRAYS = {"two zeros": b"\0\0", "many zeros": bytes(500), "letters": b"ab", "a stuffed byte": b"\xff\0"}


def _ends() -> Iterator[int]:
    """Where the segments of the sample end, but for the last."""
    at = 2
    while JPEG[at + 1] != 0xDA:
        at += 2 + int.from_bytes(JPEG[at + 2 : at + 4], "big")
        yield at


@pytest.mark.parametrize("stray", STRAYS)
def test_stray_bytes_are_media_that_is_labeled(
    stray: str, label: Label, signer: Signer, sandbox: Sandbox, verify: Verify
) -> None:
    """Decoders pass over them, so that the picture is as good; a hash covers them all the same."""
    for at in _ends():
        content = JPEG[:at] + STRAYS[stray] + JPEG[at:]
        with Image.open(io.BytesIO(content)) as odd, Image.open(io.BytesIO(JPEG)) as plain:
            assert odd.tobytes() == plain.tobytes()
        assert verify(content).state == "unsigned"
        labeled, _ = label_bytes(content, label, signer, sandbox=sandbox)
        assert STRAYS[stray] in labeled
        assert verify(labeled).state == "trusted"
    after = b"\xff\xda"
    other = bytes([STRAYS[stray][0] ^ 1]) + STRAYS[stray][1:]
    spoilt = labeled.replace(STRAYS[stray] + after, other + after)
    assert spoilt != labeled
    assert verify(spoilt).state in ("invalid", "unreadable")


def test_stray_bytes_beside_a_manifest_of_its_own(
    label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: object
) -> None:
    from pathlib import Path

    from provlabel import label_file

    path = Path(str(tmp_path)) / "a.jpg"
    path.write_bytes(JPEG[:20] + b"\0\0" + JPEG[20:])
    label_file(path, path, label, signer, detached=True, sandbox=sandbox)
    assert verify_file(path, trust=trust, sandbox=sandbox).files[0].state == "trusted"


def test_what_is_no_jpeg_any_more_is_damage(verify: Verify) -> None:
    for content in (JPEG[:20] + bytes(5_000) + JPEG[20:], JPEG[:20] + bytes(40)):
        assert verify(content).findings[0].rule == "content.malformed"


def test_zeros_added_after_signing_are_no_part_of_it(
    label: Label, signer: Signer, sandbox: Sandbox, verify: Verify
) -> None:
    labeled, _ = label_bytes(JPEG, label, signer, sandbox=sandbox)
    at = labeled.rindex(b"\xff\xda")
    assert verify(labeled[:at] + b"\0\0" + labeled[at:]).state == "invalid"


@pytest.mark.parametrize("name", ["app11-number-0.jpg", "app11-not-jp.jpg"])
def test_of_others(name: str, sandbox: Sandbox) -> None:
    folder, roots = corpus_of_others("producers"), corpus_of_others("c2pa-python")
    trust = TrustStore.load(roots / "test_cert_root_bundle.pem", test=True)
    judged = verify_file(folder / "made" / name, trust=trust, sandbox=sandbox).files[0]
    assert judged.state == ("trusted" if name == "app11-number-0.jpg" else "unreadable")
