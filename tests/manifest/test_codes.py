"""The table of status codes: each code has one meaning, and whatever the engine says of real files is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provlabel import Label, label_bytes
from provlabel.engine.loading import _place
from provlabel.evidence import Evidence
from provlabel.manifest.codes import _BY_EFFECT, EFFECTS
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer


def test_each_code_has_one_meaning() -> None:
    listed = [code for codes in _BY_EFFECT.values() for code in codes.split()]
    assert len(listed) == len(set(listed)) == len(EFFECTS)
    assert all(re.fullmatch(r"[A-Za-z]+(\.[A-Za-z0-9_-]+)+", code) for code in listed)


def unknown(evidence: Evidence) -> set[str]:
    codes = {code.code for manifest in evidence.manifests for code in manifest.codes}
    codes |= {code.code for manifest in evidence.manifests for part in manifest.ingredients for code in part.recorded}
    return codes - set(EFFECTS)


def test_codes_of_our_own_files_are_known(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    first, _ = label_bytes((media / "cover.jpg").read_bytes(), label, signer, sandbox=sandbox)
    again, _ = label_bytes(first, Label(kind="ai_modified"), signer, sandbox=sandbox)
    for content in (first, again, first[:-100] + bytes(100)):
        evidence = sandbox.read_bytes(content)
        assert evidence.manifests
        assert unknown(evidence) == set()


def test_codes_of_the_corpus_are_known(corpus: Path, sandbox: Sandbox) -> None:
    read = [sandbox.read(path) for path in sorted(corpus.glob("*.jpg"))]
    assert sum(bool(evidence.manifests) for evidence in read) >= 8
    for evidence in read:
        assert unknown(evidence) == set()


@pytest.mark.parametrize("code", ["assertion.dataHash.matches", "signingCredential.trustedd", ""])
def test_what_is_not_listed_is_unknown(code: str) -> None:
    assert code not in EFFECTS


#: First parts of the engine's codes, and what begins as one and is none: kinds of signatures, names of other things.
_NAMESPACES = (
    "algorithm assertion cawg claim claimSignature com.adobe general hashedURI ingredient manifest signingCredential "
    "timeOfSigning timeStamp"
)
_NO_CODES = ("cawg.identity_cl", "cawg.x509.cose", "cawg.x509.cawg.identity.", "com.adobe.xmp", "manifest.json")
#: Bytes of the constants that long ones are compared with piece by piece.
_PIECE = 16


def test_every_code_of_the_engine_is_known() -> None:
    """Strings of the native library stand one behind another, without an end: each must begin with a code of ours."""
    content = _place()[1].read_bytes()
    spaces = "|".join(map(re.escape, _NAMESPACES.split()))
    pieces = {code[:_PIECE] for code in EFFECTS}
    found, unknown = 0, set()
    for match in re.finditer(rf"(?<![./])(?=((?:{spaces})\.[A-Za-z][\w.-]{{7,}}))".encode(), content):
        text = match[1].decode()
        found += 1
        whole = text.startswith((*EFFECTS, *_NO_CODES))
        if not whole and not (match.start() % _PIECE == 0 and text[:_PIECE] in pieces):
            unknown.add(text)
    assert found > 100
    assert unknown == set()


def test_the_codes_of_identity_claims_aggregation_are_those_of_the_engine() -> None:
    content = _place()[1].read_bytes()
    ours = [code for code in EFFECTS if code.startswith("cawg.ica.")]
    assert len(ours) == 16
    assert [code for code in ours if code.encode() not in content] == []
