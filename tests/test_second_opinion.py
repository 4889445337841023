"""``verify --second-opinion``: where the second verifier agrees, where it differs, and what becomes of its failures."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

import pki
import tsa as authorities
from conftest import MEDIA, SAMPLES, needs
from provlabel import (
    Label,
    Timestamper,
    TrustStore,
    engine,
    jumbf,
    label_bytes,
    label_file,
    verify_bytes,
    verify_file,
    verify_paths,
)
from provlabel.cage import Cage
from provlabel.opinions import KNOWN
from provlabel.report import FileReport
from provlabel.signers import Signer
from test_as_of import NOW, anchors, here, labelled, site, stapled
from test_forgery import Forger, der, victim
from test_formats import (
    DETACHED,
    EMBEDDED,
    FORMAT_OF,
    Make,
    box,
    by_default_settings,
    make,
    row_of,
    signed_by_engine,
    workshop,
)
from test_formats import labelled as signed
from test_online import response

__all__ = ["anchors", "here", "labelled", "make", "site", "victim", "workshop"]  # fixtures

BY = "encypher-c2pa"
#: Formats that it has no media type for.
UNKNOWN = ("AIFF", "BMP", "WebM", "Matroska")


def heard(content: bytes, trust: TrustStore, cage: Cage) -> FileReport:
    return verify_bytes(content, trust=trust, second_opinion=True, cage=cage).files[0]


def told(file: FileReport) -> list[str]:
    """What it made of the verdict: our findings about it."""
    return [item.rule for item in file.findings if item.rule.startswith("second.")]


def agrees(file: FileReport) -> bool:
    return file.second is not None and file.second.said == "agrees" and not told(file)


def known(file: FileReport) -> str:
    """The reason of the one difference that is known, and nothing else."""
    [said] = [item for item in file.findings if item.rule.startswith("second.")]
    assert (said.rule, said.level) == ("second.known", "note")
    assert file.second is not None
    assert file.second.said == "differs as known"
    [row] = [row for row in KNOWN if row.reason in said.message]
    return row.name


# --- they agree ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EMBEDDED)
def test_both_accept_what_is_labelled_and_refuse_what_is_changed(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, cage: Cage
) -> None:
    content = signed(make(name), label, signer, cage)
    file = heard(content, trust, cage)
    assert file.passed
    assert agrees(file)
    assert file.second is not None
    assert (file.second.verifier, file.second.manifest, file.second.content) == (BY, True, "intact")
    assert (file.second.signature, file.second.trust) == ("good", "trusted")
    place = content.find(b"org.provlabel.label")
    place = content.index(b"width") if place < 0 else place  # an SVG has it in base64
    changed = heard(content[:place] + b"x" + content[place + 1 :], trust, cage)
    assert changed.axes.content != "intact"
    assert agrees(changed)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_with_and_without_a_label(
    name: str, label: Label, signer: Signer, trust: TrustStore, cage: Cage
) -> None:
    bare = (MEDIA / name).read_bytes()
    content, _ = label_bytes(bare, label, signer, cage=cage)
    assert agrees(heard(content, trust, cage))
    none = heard(bare, trust, cage)
    assert (none.state, none.second is not None and none.second.manifest) == ("unsigned", False)
    assert agrees(none)


@pytest.mark.parametrize("name", DETACHED)
def test_beside_their_manifest(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, cage: Cage
) -> None:
    """What it has no word for is said, and is no agreement."""
    source = make(name)
    label_file(source, None, label, signer, cage=cage)
    [file] = verify_paths([source], trust=trust, second_opinion=True, cage=cage).files
    assert (file.state, file.source) == ("trusted", "sidecar")
    assert file.second is not None
    if FORMAT_OF[name] in UNKNOWN:
        assert (file.second.said, told(file), file.passed) == ("not given", ["second.not-given"], True)
        assert "unsupported MIME type" in file.second.why
    else:
        assert agrees(file)
        changed = bytearray(source.read_bytes())
        changed[-20] ^= 1
        source.write_bytes(changed)
        [file] = verify_paths([source], trust=trust, second_opinion=True, cage=cage).files
        assert file.axes.content == "altered"
        assert agrees(file)


def test_a_stamp_by_openssl_is_proven_to_both(
    tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, cage: Cage
) -> None:
    authority = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    clocks = TrustStore.load(authority.folder / "root.pem", purpose="timestamp")
    shutil.copy(MEDIA / "cover.jpg", tmp_path / "a.jpg")
    with authorities.serving(authority) as (url, _):
        stamper = Timestamper(urls=(url,), trust=clocks)
        label_file(tmp_path / "a.jpg", tmp_path / "b.jpg", label, signer, timestamper=stamper, cage=cage)
    for given in (trust + clocks, trust):
        file = verify_file(tmp_path / "b.jpg", trust=given, second_opinion=True, cage=cage).files[0]
        assert file.axes.time == ("proven" if given is not trust else "claimed")
        assert agrees(file)


def test_who_signed_is_told_where_they_differ(labelled: Path, here: Any, anchors: TrustStore, cage: Cage) -> None:
    """A revocation that is stapled: whatever it makes of that, the file fails by our word."""
    stapled(labelled, response(here.leaf, here.middle))
    assert agrees(verify_file(labelled, trust=anchors, second_opinion=True, cage=cage).files[0])
    stapled(labelled, response(here.leaf, here.middle, since=NOW))
    file = verify_file(labelled, trust=anchors, second_opinion=True, cage=cage).files[0]
    assert (file.axes.signer, file.passed) == ("revoked", False)
    assert [item.level for item in file.findings if item.rule.startswith("second.")] in ([], ["warning"])


def test_its_anchors_are_ours_alone(label: Label, signer: Signer, trust: TrustStore, cage: Cage) -> None:
    content, _ = label_bytes((MEDIA / "still.png").read_bytes(), label, signer, cage=cage)
    [without] = verify_bytes(content, second_opinion=True, cage=cage).files
    assert without.second is not None
    assert (without.second.trust, agrees(without)) == ("not-judged", True)


# --- they differ, and it is known why --------------------------------------------------------------


def altered_parent(label: Label, signer: Signer, cage: Cage) -> bytes:
    """A picture that was changed after it was labelled, and then signed over by somebody else's tool."""
    honest, _ = label_bytes((MEDIA / "cover.jpg").read_bytes(), label, signer, cage=cage)
    altered = honest[:-50] + bytes([honest[-50] ^ 1]) + honest[-49:]
    c2pa = engine.binding()
    made = {
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.opened"}]}}],
        "claim_generator_info": [{"name": "other"}],
    }
    made["assertions"][0]["data"]["actions"][0]["parameters"] = {"ingredientIds": ["parent"]}  # type: ignore[index]
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(engine.settings())))
    builder.add_ingredient(
        json.dumps({"relationship": "parentOf", "label": "parent", "instance_id": "parent"}),
        "image/jpeg",
        io.BytesIO(altered),
    )
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), None)  # type: ignore[attr-defined]
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), "image/jpeg", io.BytesIO(altered), dest)
    return dest.getvalue()


def test_an_altered_parent(label: Label, signer: Signer, trust: TrustStore, cage: Cage) -> None:
    file = heard(altered_parent(label, signer, cage), trust, cage)
    assert (file.axes.history, file.passed, known(file)) == ("broken", False, "ingredients")


BOXES = [pytest.param("still.avif"), pytest.param("aac.m4a", marks=needs("ffmpeg"))]


@pytest.mark.parametrize("name", BOXES)
def test_what_no_hash_covers(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, cage: Cage
) -> None:
    content = signed(make(name), label, signer, cage)
    others = by_default_settings(make(name).read_bytes(), row_of(make(name)).mime, signer)
    for more in (content + box(b"ftyp", b"isom" * 9), others + box(b"free", b"a hidden text")):
        file = heard(more, trust, cage)
        assert (file.axes.content, known(file)) == ("not-fully-bound", "left-out")
    file = heard(content + b"tail", trust, cage)
    assert (file.state, known(file)) == ("unreadable", "cut-box")


def test_bytes_of_another_tag_in_a_bigtiff(make: Make, signer: Signer, trust: TrustStore, cage: Cage) -> None:
    content, _ = signed_by_engine(make("big.tif").read_bytes(), "image/tiff", signer)
    file = heard(content, trust, cage)
    assert (file.axes.content, known(file)) == ("not-fully-bound", "left-out")


@needs("ffmpeg")
def test_what_a_box_says_of_itself(make: Make, label: Label, signer: Signer, trust: TrustStore, cage: Cage) -> None:
    content = signed(make("aac.m4a"), label, signer, cage)
    file = heard(content.replace(b"manifest\x00", b"manifold\x00", 1), trust, cage)
    assert (file.state, known(file)) == ("unreadable", "purpose")
    place = content.index(b"\x03c2pa\x00")
    for toggles in (b"\x07", b"\x43"):
        file = heard(content[:place] + toggles + content[place + 1 :], trust, cage)
        assert (file.state, known(file)) == ("unreadable", "description")


def test_a_flag_that_hides_the_manifest(label: Label, signer: Signer, trust: TrustStore, cage: Cage) -> None:
    """Not the engine's word alone: a file in which we see a manifest is not called unsigned."""
    content, _ = label_bytes((MEDIA / "take.flac").read_bytes(), label, signer, cage=cage)
    changed = content[:5] + b"\x04" + content[6:]
    assert engine.read(io.BytesIO(changed), "audio/flac", trust) is None, "the trap is gone"
    file = heard(changed, trust, cage)
    assert (file.state, agrees(file)) == ("unreadable", True)


@pytest.mark.parametrize("place", [4, 8, 11], ids=["identifier", "first of the sequence", "last of the sequence"])
def test_segments_that_only_the_engine_takes(
    place: int, label: Label, signer: Signer, trust: TrustStore, cage: Cage
) -> None:
    content, _ = label_bytes((MEDIA / "cover.jpg").read_bytes(), label, signer, cage=cage)
    changed = bytearray(content)
    changed[content.index(b"\xff\xeb") + place] ^= 1
    read = engine.read(io.BytesIO(changed), "image/jpeg", trust)
    assert read is not None
    assert read.state == "Trusted", "the trap is gone"
    file = heard(bytes(changed), trust, cage)
    assert (file.axes.content, agrees(file)) == ("not-fully-bound", True)


def with_a_key_twice(forger: Forger) -> None:
    """Say the name of the hash twice, and sign that."""
    data = memoryview(forger.store)
    [assertion] = [one for one in superboxes(data) if jumbf.described(data, one)[0].label == b"c2pa.hash.data"]
    content = next(one for one in jumbf.boxes(data, jumbf.described(data, assertion)[1], assertion.end))
    said = cbor2.loads(data[content.body : content.end])
    pairs = [*said.items(), ("name", "another")]
    raw = bytes([0xA0 + len(pairs)]) + b"".join(cbor2.dumps(part) for pair in pairs for part in pair)
    more = len(raw) - (content.end - content.body)
    old = hashlib.sha256(data[assertion.body : assertion.end]).digest()
    changed = bytearray(forger.store)
    for one in (content, *(one for one in superboxes(data) if one.start < content.start < one.end)):
        changed[one.start : one.start + 4] = (one.end - one.start + more).to_bytes(4, "big")
    changed[content.body : content.end] = raw
    new = hashlib.sha256(changed[assertion.body : assertion.end + more]).digest()
    assert changed.count(old) == 1
    forger.store = bytes(changed.replace(old, new))
    forger.sign({1: -7, 33: der(forger.by)}, {})


def superboxes(data: memoryview, start: int = 0, end: int | None = None) -> Iterator[jumbf.Box]:
    for one in jumbf.boxes(data, start, end):
        if one.kind == jumbf.SUPERBOX:
            yield one
            yield from superboxes(data, jumbf.described(data, one)[1], one.end)


def test_a_key_that_is_there_twice(tmp_path: Path, label: Label, victim: Any, cage: Cage) -> None:
    root, by = victim
    forger = Forger(tmp_path / "signed", label, cage, by, root)
    with_a_key_twice(forger)
    file = verify_file(forger.path, trust=forger.trust, second_opinion=True, cage=cage).files[0]
    assert file.second is not None
    print(file)
    assert known(file) == "doubled-key"


#: Public files, by the difference that each shows; of the others nothing is told.
PUBLIC = {
    "CACAE-uri-CA.jpg": ["second.known"],
    "CIE-sig-CA.jpg": ["second.known"],
    "cloud.jpg": ["second.known"],
    "CA.jpg": ["second.trust"],
    "CA_ct.jpg": ["second.trust"],
    "legacy_ingredient_hash.jpg": ["second.trust"],
}


def test_every_difference_on_public_files_is_explained(corpus: Path, cage: Cage) -> None:
    trust = TrustStore.load(corpus / "test_cert_root_bundle.pem")
    media = [path for path in sorted(corpus.iterdir()) if path.suffix in (".jpg", ".wav", ".mp4")]
    report = verify_paths(media, trust=trust, second_opinion=True, cage=cage)
    found = {Path(file.path).name: told(file) for file in report.files}
    assert {name: rules for name, rules in found.items() if rules} == PUBLIC
    assert all(file.second is not None and file.second.said != "not given" for file in report.files)
