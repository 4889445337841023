"""Signatures by keys that never enter the engine: in every format, stamped or not, refused or not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import encypher_c2pa
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import pki
from format_files import Make
from project import SAMPLES, needs
from provlabel import Label, SignerError, TrustStore, UsageError, label_file, verify_file
from provlabel.media.formats import BY_NAME
from provlabel.sandbox import Sandbox
from remote_signers import Broken, Remote
from sample_files import EMBEDDED


@pytest.fixture
def anchors(root: pki.Issued, tmp_path: Path) -> TrustStore:
    (tmp_path / "anchors.pem").write_text(root.pem)
    return TrustStore.load(tmp_path / "anchors.pem")


@pytest.mark.parametrize("room", [0, 8192, 70_000], ids=["plain", "with-room", "many-segments"])
@pytest.mark.parametrize("name", [*(pytest.param(name) for name in SAMPLES), *EMBEDDED])
def test_every_format_holds_a_signature_of_ours(
    name: str,
    room: int,
    make: Make,
    media: Path,
    label: Label,
    remote: Remote,
    anchors: TrustStore,
    sandbox: Sandbox,
) -> None:
    source = media / name if name in SAMPLES else make(name)
    out = source.with_name(f"out-{name}")
    receipt = label_file(source, out, label, remote, stamp_room=room, sandbox=sandbox)
    found = verify_file(out, trust=anchors, sandbox=sandbox).files[0]
    assert (found.state, [item.message for item in found.findings if item.level == "error"]) == ("trusted", [])
    assert receipt.manifest_bytes < 6 * 1024 + room
    assert found.format is not None
    mime = BY_NAME[found.format].mime
    second = encypher_c2pa.verify(out.read_bytes(), mime, telemetry=False)
    assert "claimSignature.validated" in json.dumps(second), second


def test_a_manifest_by_a_remote_key_is_no_larger_than_by_one_in_a_file(
    media: Path, label: Label, remote: Remote, root: pki.Issued, tmp_path: Path, sandbox: Sandbox
) -> None:
    from provlabel import open_signer

    issued = pki.Issued(remote._key, pki.leaf(root, remote._key).certificate)
    local = open_signer(pki.write(tmp_path / "key", issued))
    sizes = [
        label_file(media / "cover.jpg", media / f"{index}.jpg", label, who, sandbox=sandbox).manifest_bytes
        for index, who in enumerate((remote, local))
    ]
    assert abs(sizes[0] - sizes[1]) < 16


def _refuse(_: bytes) -> bytes:
    raise ConnectionError("the vault is sealed")


FAULTS: dict[str, tuple[Callable[[bytes], object], str]] = {
    "its own error": (_refuse, "ConnectionError: the vault is sealed"),
    "nothing": (lambda _: b"", "gave no signature"),
    "no bytes": (lambda _: "text", "gave no signature"),
    "short": (lambda _: bytes(63), "neither r‖s nor DER"),
    "long": (lambda _: bytes(65), "neither r‖s nor DER"),
    "zeros": (lambda _: bytes(64), "no signature by its certificate"),
    "another key": (
        lambda data: ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256())),
        "no signature by its certificate",
    ),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_cause_of_a_signers_failure_reaches_the_user(
    fault: str, media: Path, label: Label, remote: Remote, sandbox: Sandbox
) -> None:
    answer, said = FAULTS[fault]
    before = sorted(path.name for path in media.iterdir())
    with pytest.raises(SignerError, match=said) as caught:
        label_file(media / "take.wav", media / "out.wav", label, Broken(remote, answer), sandbox=sandbox)
    assert "take.wav" in str(caught.value)
    assert sorted(path.name for path in media.iterdir()) == before
    if fault == "its own error":
        assert isinstance(caught.value.__cause__, ConnectionError)


def test_nothing_is_locked_while_a_signer_takes_its_time(
    media: Path, label: Label, remote: Remote, sandbox: Sandbox
) -> None:
    """Four threads share a sandbox; each signer answers only when all four were asked."""
    together = threading.Barrier(4, timeout=20)

    def answer(data: bytes) -> bytes:
        together.wait()
        return remote.sign(data)

    def work(index: int) -> None:
        label_file(media / "cover.jpg", media / f"{index}.jpg", label, Broken(remote, answer), sandbox=sandbox)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))


def test_an_interrupt_is_no_failure_of_the_signer(media: Path, label: Label, remote: Remote, sandbox: Sandbox) -> None:
    def stop(_: bytes) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_file(media / "take.wav", media / "out.wav", label, Broken(remote, stop), sandbox=sandbox)
    assert not (media / "out.wav").exists()


@needs("openssl")
@pytest.mark.parametrize("algorithm", ["es255", "rs256", ""])
def test_an_algorithm_that_c2pa_does_not_know(
    algorithm: str, media: Path, label: Label, remote: Remote, sandbox: Sandbox
) -> None:
    other = Remote(remote._key, remote.chain_pem)
    other.algorithm = algorithm
    with pytest.raises(SignerError, match="the algorithm of the signer does not fit the key"):
        label_file(media / "take.wav", media / "out.wav", label, other, sandbox=sandbox)


def test_the_manifest_gets_the_name_it_was_given(media: Path, label: Label, remote: Remote, sandbox: Sandbox) -> None:
    urn = "urn:c2pa:0b0bca11-7a5e-4b1e-8bad-c0ffee000001"
    receipt = label_file(media / "cover.jpg", None, label, remote, urn=urn, sandbox=sandbox)
    seen = sandbox.read(media / "cover.labeled.jpg")
    assert receipt.manifest == seen.manifests[0].urn == urn


@pytest.mark.parametrize("urn", ["", "urn:uuid:0b0bca11-7a5e-4b1e-8bad-c0ffee000001", "urn:c2pa:x", "urn:c2pa:ä/../x"])
def test_a_manifest_gets_no_other_kind_of_name(
    urn: str, media: Path, label: Label, remote: Remote, sandbox: Sandbox
) -> None:
    with pytest.raises(UsageError, match="no name of a manifest"):
        label_file(media / "cover.jpg", None, label, remote, urn=urn, sandbox=sandbox)
    assert not (media / "cover.labeled.jpg").exists()
