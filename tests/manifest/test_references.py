"""References between boxes of a manifest: their hashes hold, and actions name what they may."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from project import corpus_of_others
from provlabel import verify_file
from provlabel.evidence import Code
from provlabel.manifest import references
from provlabel.media.containers import ContainerError

_URN, _EARLIER = "urn:c2pa:now", "urn:c2pa:then"


def superbox(label: str, *inside: bytes, kind: bytes = b"cbor") -> bytes:
    """Return a superbox with a description."""
    return box(b"jumb", box(b"jumd", kind.ljust(16, b"\0") + b"\x03" + label.encode() + b"\0") + b"".join(inside))


def box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


PART = superbox("c2pa.ingredient.v3", box(b"cbor", b"\xa0"))
STORE = superbox(
    "c2pa",
    *(superbox(urn, superbox("c2pa.assertions", PART, superbox("icon"))) for urn in (_EARLIER, _URN)),
)


def uri(urn: str = "", name: str = "c2pa.ingredient.v3", algorithm: str = "sha256", **more: Any) -> dict[str, Any]:
    """Return a sound reference to the ingredient of a manifest, as crJSON has it."""
    at = f"/c2pa/{urn}/" if urn else ""
    digest = hashlib.new(algorithm, PART[8:]).digest()
    said = {"url": f"self#jumbf={at}c2pa.assertions/{name}", "hash": references._as_text(digest)}
    return {**said, **({"alg": algorithm} if algorithm != "sha256" else {}), **more}


def found(*actions: dict[str, Any], old: bool = False, redacted: tuple[str, ...] = (), **data: Any) -> tuple[Code, ...]:
    part = {"relationship": "componentOf"}
    claim = "claim" if old else "claim.v2"
    now = {
        "label": _URN,
        claim: {"alg": "sha256", "redacted_assertions": list(redacted)},
        "assertions": {"c2pa.ingredient.v3": part, "c2pa.actions.v2": {"actions": list(actions), **data}},
    }
    then = {"label": _EARLIER, "claim.v2": {"alg": "sha256"}, "assertions": {"c2pa.ingredient.v3": part}}
    return references.faults([now, then], STORE)[_URN]


def action(name: str, *named: dict[str, Any]) -> dict[str, Any]:
    return {"action": name, "parameters": {"ingredients": list(named)}}


ZEROS = references._as_text(bytes(32))


def test_a_store_that_cannot_be_followed_is_said_to_be_none() -> None:
    with pytest.raises(ContainerError):
        references.faults([{"label": _URN, "claim.v2": {}, "assertions": {}}], STORE[:-20])


def test_old_claims_may_hash_the_content_without_its_description() -> None:
    """As generators of C2PA 1.x did; since version 2 the box counts."""
    bare = {"url": "self#jumbf=c2pa.assertions/c2pa.ingredient.v3", "hash": _hash(b"\xa0")}
    assert found(action("c2pa.edited", bare), old=True) == ()
    assert [code.code for code in found(action("c2pa.edited", bare))] == ["hashedURI.mismatch"]
    assert [code.code for code in found(action("c2pa.edited", {**bare, "hash": ZEROS}), old=True)] == [
        "hashedURI.mismatch"
    ]


def _hash(content: bytes) -> str:
    return references._as_text(hashlib.sha256(content).digest())


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_sound_reference_passes(algorithm: str) -> None:
    assert not found(action("c2pa.placed", uri(algorithm=algorithm), uri(_URN)))


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (uri(hash=ZEROS), "hashedURI.mismatch"),
        ({"url": uri()["url"]}, "hashedURI.mismatch"),
        (uri(name="nothing"), "hashedURI.missing"),
        ({"hash": ZEROS}, "hashedURI.missing"),
        (uri(alg="md5"), "algorithm.unsupported"),
    ],
)
@pytest.mark.parametrize("place", ["parameters", "icon", "template", "related", "reference"])
def test_each_place_of_a_reference_is_checked(reference: dict[str, Any], code: str, place: str) -> None:
    where: dict[str, Any] = {
        "parameters": {"actions": [{"action": "c2pa.edited", "parameters": {"ingredient": reference}}]},
        "icon": {"softwareAgents": [{"name": "x", "icon": reference}]},
        "template": {"templates": [{"action": "*", "icon": reference}]},
        "related": {"actions": [{"action": "c2pa.edited", "related": [action("c2pa.edited", reference)]}]},
        "reference": {"metadata": {"reference": reference}},
    }[place]
    said = where.pop("actions", [])
    assert [one.code for one in found(*said, **where)] == [code]


def test_what_lies_elsewhere_or_belongs_to_others_is_not_judged() -> None:
    assert not found(
        metadata={"reference": {"url": "https://example.com/x", "hash": ZEROS, "alg": "sha256"}},
        **{"com.example.field": uri(hash=ZEROS)},
    )


def test_removed_is_a_part_of_another_manifest() -> None:
    assert [one.code for one in found(action("c2pa.removed", uri()))] == ["assertion.action.ingredientMismatch"]
    assert not found(action("c2pa.removed", uri(_EARLIER)))
    assert not found(action("c2pa.removed", uri()), old=True)
    assert not found(action("c2pa.removed", uri(_EARLIER)), old=True)


def test_placed_is_a_part_of_its_own_manifest() -> None:
    assert [one.code for one in found(action("c2pa.placed", uri(_EARLIER)))] == ["assertion.action.ingredientMismatch"]


def test_a_redacted_assertion_is_excused_by_another_manifest_alone() -> None:
    gone, own = uri(_EARLIER, name="gone"), uri(name="gone")
    assert not found(action("c2pa.removed", gone), redacted=(gone["url"],))
    assert "hashedURI.missing" in {one.code for one in found(action("c2pa.edited", own), redacted=(own["url"],))}


@pytest.mark.parametrize("folder", ["c2pa-python", "producers"])
def test_no_reference_in_files_of_others_is_refused(folder: str) -> None:
    read = [verify_file(path).files[0] for path in sorted(corpus_of_others(folder).glob("*.jp*g"))]
    assert len([one for one in read if one.state != "unsigned"]) > 5
    told = [item.message for one in read for item in one.findings]
    assert not [one for one in told if "refers to" in one or "has to name" in one]
