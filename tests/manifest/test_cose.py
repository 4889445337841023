"""The claim signature: found, read, put together to the byte, and judged by the engine."""

from __future__ import annotations

from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import example, given, strategies as st

from provlabel.manifest import cose
from provlabel.media.containers import ContainerError

BARE = cose.Signature(cose.protected_header("es256", [b"certificate"]), bytes(64), (b"certificate",))


@given(pad=st.integers(0, 70_000), stamps=st.lists(st.binary(max_size=300), max_size=2))
@example(pad=23 + 1, stamps=[])
@example(pad=255 + 2, stamps=[])
def test_a_signature_fills_its_place_to_the_byte(pad: int, stamps: list[bytes]) -> None:
    signature = BARE._replace(stamps=tuple(stamps))
    least = 5 + len(BARE.protected) + 70 + sum(map(len, stamps)) + 40
    try:
        made = cose.assemble(signature, least + pad)
    except cose.StampTooLarge:
        assert pad < 100
        return
    assert len(made) == least + pad
    assert cose.parse(made) == signature


def test_no_length_from_the_least_on_is_out_of_reach() -> None:
    least = len(cose.assemble(BARE, 85)) if _fits(85) else next(size for size in range(60, 200) if _fits(size))
    gaps = [size for size in range(least, least + 70_000) if not _fits(size)]
    assert all(size < least + 10 for size in gaps)


def _fits(size: int) -> bool:
    try:
        return len(cose.assemble(BARE, size)) == size
    except cose.StampTooLarge:
        return False


def test_too_little_room_says_how_much_is_missing() -> None:
    with pytest.raises(cose.StampTooLarge) as caught:
        cose.assemble(BARE._replace(stamps=(bytes(5_000),)), 1_000)
    assert len(cose.assemble(BARE._replace(stamps=(bytes(5_000),)), 1_000 + caught.value.missing))


CURVES = {"es256": ec.SECP256R1, "es384": ec.SECP384R1, "es512": ec.SECP521R1}


@pytest.mark.parametrize(("algorithm", "curve"), CURVES.items())
def test_ecdsa_in_either_form(algorithm: str, curve: type[ec.EllipticCurve]) -> None:
    key = ec.generate_private_key(curve())
    for _ in range(20):
        der = key.sign(b"x", ec.ECDSA(hashes.SHA256()))
        raw = cose.raw_ecdsa(algorithm, der)
        half = len(raw) // 2
        assert encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")) == der
        assert cose.raw_ecdsa(algorithm, raw) == raw


@given(value=st.binary(max_size=150))
def test_what_is_no_ecdsa_signature_is_refused(value: bytes) -> None:
    try:
        raw = cose.raw_ecdsa("es256", value)
    except ValueError:
        return
    assert len(raw) == 64
    if len(value) != 64:
        decode_dss_signature(value)


@given(raw=st.binary(max_size=200) | st.recursive(st.none() | st.binary(), st.lists, max_leaves=5).map(cbor2.dumps))
def test_no_structure_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no COSE_Sign1"):
        cose.parse(raw)


@given(raw=st.binary(max_size=200))
def test_no_store_is_damage(raw: bytes) -> None:
    with pytest.raises(ContainerError):
        cose.place(raw)


def test_the_signature_is_over_the_claim(media: Path, detached_store: bytes) -> None:
    from cryptography import x509

    place = cose.place(detached_store)
    signature = cose.parse(place.old)
    leaf = x509.load_der_x509_certificate(signature.chain[0])
    r, s = (int.from_bytes(signature.value[at : at + 32], "big") for at in (0, 32))
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(
        encode_dss_signature(r, s), cose.to_be_signed(signature.protected, place.claim), ec.ECDSA(hashes.SHA256())
    )
    assert cose.protected_header("es256", signature.chain) == signature.protected
    assert place.put(detached_store, cose.assemble(signature, place.length)) == detached_store


@pytest.fixture
def detached_store(media: Path, label, signer, sandbox) -> bytes:  # type: ignore[no-untyped-def]
    from provlabel import label_file

    return Path(
        label_file(media / "cover.jpg", None, label, signer, detached=True, sandbox=sandbox).output
    ).read_bytes()
