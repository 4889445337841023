"""Compressed manifests: unpacked up to a limit, and nothing but one manifest of the same name inside."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import brotli
import pytest

from project import MEDIA, ROOT, corpus_of_others
from provlabel import (
    InputError,
    Label,
    Timestamper,
    TrustStore,
    engine,
    label_bytes,
    stamp_file,
    verify_bytes,
    verify_file,
)
from provlabel.label import signed_label
from provlabel.manifest.cbor import Refused
from provlabel.manifest.compressed import names_in, unpacked
from provlabel.manifest.limits import MAX_STORE, scan_store
from provlabel.manifest.write import definition
from provlabel.media.containers import ContainerError
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from stores import Box, Store, in_png, packed, store_of, superbox

STILL = (MEDIA / "still.png").read_bytes()
Verify = Callable[[bytes], FileReport]


def by_engine(content: bytes, label: Label, signer: Signer) -> bytes:
    """Sign as the engine does when it is asked to compress: over boxes."""
    c2pa, asking = engine.binding(), engine.settings()
    asking["core"]["prefer_compress_manifests"] = True
    made = definition(label, signed_label(label), has_parent=False).manifest
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(asking)))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), None)  # type: ignore[attr-defined]
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), "image/png", io.BytesIO(content), dest)
    return dest.getvalue()


@pytest.fixture(scope="module")
def good(signer: Signer) -> bytes:
    """A picture with a compressed manifest."""
    content = by_engine(STILL, Label(kind="ai_generated"), signer)
    assert names_in(store_of(content))
    return content


@pytest.fixture
def verify(trust: TrustStore, sandbox: Sandbox) -> Verify:
    return lambda content: verify_bytes(content, trust=trust, sandbox=sandbox).files[0]


def inside(content: bytes) -> tuple[Store, bytes]:
    """The store of ``content``, and what is compressed in it."""
    store = Store.__new__(Store)
    [store.root] = boxes_of(store_of(content))
    return store, brotli.decompress(store.manifest.content.body)


def boxes_of(raw: bytes) -> list[Box]:
    from stores import load

    return load(raw)


# --- what holds ------------------------------------------------------------------------------------


def test_it_is_trusted_and_every_axis_is_judged(good: bytes, verify: Verify) -> None:
    judged = verify(good)
    assert (judged.state, judged.axes.signer, judged.passed) == ("trusted", "trusted", True)
    assert judged.label is not None
    assert "signer.invalid-chain" not in [item.rule for item in judged.findings]


def test_a_stranger_stays_a_stranger(good: bytes, sandbox: Sandbox, tmp_path: Path) -> None:
    from provlabel import open_signer

    open_signer(f"test:{tmp_path}/other")
    others = TrustStore.load(next(Path(tmp_path, "other").glob("*root*.pem")), test=True)
    assert verify_bytes(good, trust=others, sandbox=sandbox).files[0].axes.signer == "unknown"


def test_what_is_made_of_it_is_labeled_and_trusted(
    good: bytes, label: Label, signer: Signer, sandbox: Sandbox, verify: Verify
) -> None:
    """The earlier version stays as it was, compressed."""
    child, _ = label_bytes(good, label, signer, sandbox=sandbox)
    assert len(names_in(store_of(child))) == 1
    judged = verify(child)
    assert (judged.state, judged.axes.history, judged.passed) == ("trusted", "clean", True)


def test_it_cannot_be_stamped_and_that_is_said(good: bytes, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(good)
    with pytest.raises(InputError, match="the active manifest is compressed"):
        stamp_file(path, None, Timestamper(urls=("http://127.0.0.1:9/",)), sandbox=sandbox)
    assert path.read_bytes() == good


def test_unpacked_is_the_store_as_if_it_were_plain(good: bytes) -> None:
    store, held = inside(good)
    plain = Store(unpacked(store.dump(), MAX_STORE))
    assert plain.manifest.dump() == held
    assert unpacked(plain.dump(), 0) == plain.dump()
    assert names_in(plain.dump()) == frozenset()


@pytest.mark.parametrize("name", ["comp.jpg", "child_of_comp.jpg"])
def test_of_others(name: str, sandbox: Sandbox) -> None:
    folder, roots = corpus_of_others("producers"), corpus_of_others("c2pa-python")
    trust = TrustStore.load(roots / "test_cert_root_bundle.pem", test=True)
    assert verify_file(folder / "made" / name, trust=trust, sandbox=sandbox).files[0].state == "trusted"


# --- what breaks a rule ----------------------------------------------------------------------------


def test_a_hash_over_bytes_may_not_be_compressed(
    label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    """C2PA 2.2 §18.5.1.  Beside the file the hash still fits, and the engine finds nothing wrong."""
    from provlabel import label_file

    path, beside = tmp_path / "a.png", tmp_path / "a.png.c2pa"
    path.write_bytes(STILL)
    label_file(path, path, label, signer, detached=True, sandbox=sandbox)
    assert verify_file(path, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    beside.write_bytes(packed(Store(beside.read_bytes())).dump())
    judged = verify_file(path, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.engine_state, judged.passed) == ("invalid", "Trusted", False)
    broken = [item for item in judged.findings if item.rule == "content.rule-broken"]
    assert "c2pa.hash.data" in broken[0].message


# --- what is refused before the engine meets it ----------------------------------------------------

WRONG: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda held: brotli.compress(held)[:-9], "cut off"),
    "more behind the stream": (lambda held: brotli.compress(held) + b"\0", "unpacked"),
    "another stream behind it": (lambda held: brotli.compress(held) * 2, "unpacked"),
    "no Brotli": (lambda held: held, "unpacked"),
    "nothing": (lambda held: b"", "cut off"),
    "nothing inside": (lambda held: brotli.compress(b""), "something else than one manifest"),
    "two manifests": (lambda held: brotli.compress(held * 2), "something else than one manifest"),
    "bytes behind the manifest": (lambda held: brotli.compress(held + bytes(3)), "something else than one manifest"),
    "a manifest of another name": (
        lambda held: brotli.compress(held.replace(b"urn:c2pa:", b"urn:c2pb:")), "manifest of its name",
    ),
    "an assertion store": (
        lambda held: brotli.compress(superbox(b"c2as", "c2pa.assertions").dump()), "manifest of its name",
    ),
    "a manifest that is compressed again": (
        lambda held: brotli.compress(
            superbox(b"c2cm", boxes_of(held)[0].label, Box(b"brob", brotli.compress(held))).dump()
        ),
        "manifest of its name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_anything_but_one_manifest_is_refused(case: str, good: bytes, verify: Verify) -> None:
    make, why = WRONG[case]
    store, held = inside(good)
    store.manifest.content.body = make(held)
    with pytest.raises(ContainerError, match=why):
        scan_store(store.dump())
    judged = verify(in_png(STILL, store.dump()))
    assert (judged.state, judged.findings[0].rule) == ("unreadable", "content.malformed")


def test_brotli_has_no_other_place(good: bytes, verify: Verify) -> None:
    """The engine unpacks what stands first in a box of any type; and a store may hold no second piece."""
    store, held = inside(good)
    for kind, extra in ((b"c2ma", []), (b"c2um", []), (b"c2cm", [Box(b"brob", brotli.compress(held))])):
        store.root.inside[-1] = superbox(kind, store.urn, Box(b"brob", brotli.compress(held)), *extra)
        with pytest.raises(ContainerError, match="compressed"):
            scan_store(store.dump())
        assert verify(in_png(STILL, store.dump())).state == "unreadable"
    plain = Store(unpacked(store_of(good), MAX_STORE))
    plain.assertions.inside.append(superbox(b"cbor", "org.example.x", Box(b"brob", brotli.compress(b"\xa0"))))
    with pytest.raises(ContainerError, match="no manifest"):
        scan_store(plain.dump())


def test_the_limits_hold_inside(good: bytes) -> None:
    store, held = inside(good)
    plain = boxes_of(held)[0]
    plain.child("c2pa.assertions").inside += [
        superbox(b"cbor", f"org.example.a{number}", Box(b"cbor", b"\xa0")) for number in range(600)
    ]
    store.manifest.content.body = brotli.compress(plain.dump())
    with pytest.raises(Refused, match="too many assertions"):
        scan_store(store.dump())


def test_all_of_a_store_share_one_allowance(good: bytes) -> None:
    store, held = inside(good)
    large = boxes_of(held)[0]
    large.inside.append(Box(b"free", bytes(MAX_STORE // 2)))
    store.manifest.content.body = brotli.compress(large.dump(), quality=5)
    scan_store(store.dump())
    again = boxes_of(large.dump())[0]
    again.inside[0].body = again.inside[0].body.replace(b"urn:c2pa:", b"urn:c2pb:")
    name = again.label
    store.root.inside.insert(1, superbox(b"c2cm", name, Box(b"brob", brotli.compress(again.dump(), quality=5))))
    with pytest.raises(Refused, match="unfolds to more"):
        scan_store(store.dump())


BOMB = """
import resource, sys
from provlabel.manifest.cbor import Refused
from provlabel.manifest.limits import scan_store
store = open(sys.argv[1], "rb").read()
import brotli
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    scan_store(store)
except Refused as exc:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, exc)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss in KiB")
@pytest.mark.parametrize("megabytes", [9, 1024])
def test_a_bomb_is_refused_at_the_limit(megabytes: int, good: bytes, verify: Verify, tmp_path: Path) -> None:
    """A few bytes that unfold to a gigabyte cost no more memory than the limit, and never meet the engine."""
    packer = brotli.Compressor(quality=1)
    bomb = b"".join(packer.process(bytes(1 << 20)) for _ in range(megabytes)) + packer.finish()
    assert len(bomb) < megabytes << 8
    store, _ = inside(good)
    store.manifest.content.body = bomb
    path = tmp_path / "store"
    path.write_bytes(store.dump())
    run = partial(subprocess.run, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "src")})
    grown, _, why = run([sys.executable, "-c", BOMB, str(path)]).stdout.partition(" ")
    assert "unfolds to more" in why
    assert int(grown) < 64 << 10
    judged = verify(in_png(STILL, store.dump()))
    assert (judged.state, judged.findings[0].rule) == ("unreadable", "content.refused")
