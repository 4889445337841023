"""Chains at any moment, revocation from answers, and answers from the network."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization as ser

from pki_matrix import CHAINS, EKU, TIMES, Chain
from provlabel.credentials import Credential, examine

CELLS = [(name, place) for name in CHAINS for place in range(3)]


@functools.cache
def chain(name: str) -> Chain:
    return CHAINS[name]()


# --- the matrix ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "place"), CELLS)
def test_path(name: str, place: int) -> None:
    case = chain(name)
    seen = examine(Credential(case.certs), case.anchors, (EKU,), TIMES[place], allowed_leaves=case.allowed)
    assert seen.path == case.expected[place], seen.why
    assert seen.why


def test_size_of_the_matrix() -> None:
    assert len(CHAINS) >= 25


OK, WHO, OLD, BAD = "trusted", "unknown", "expired", "invalid"
ANY_PURPOSE = "asked for any purpose, it does not look at what a leaf may do; C2PA 2.4 §14.5.1 does"
STRANGER = "of a stranger's chain it does not say that the leaf expired besides"
ORDERED = "it sorts the certificates; RFC 9360 §2 gives them an order"
LIMIT = "a limit of ours"

# Where `openssl verify -purpose any -partial_chain -policy_check` judges otherwise: its three words, and
# why we keep ours.
DIFFERENCES = {
    "CA as leaf": ((OK, OK, OK), ANY_PURPOSE),
    "intermediate first": ((OK, OK, OK), ANY_PURPOSE),
    "EKU of a TLS server": ((OK, OK, OLD), ANY_PURPOSE),
    "any EKU beside the right one": ((OK, OK, OLD), ANY_PURPOSE),
    "no EKU": ((OK, OK, OLD), ANY_PURPOSE),
    "no key usage": ((OK, OK, OLD), ANY_PURPOSE),
    "key usage for encryption only": ((OK, OK, OLD), ANY_PURPOSE),
    "secp256k1": ((OK, OK, OLD), "sound, but not among the curves of C2PA 2.4 §14.5.1"),
    "wrong order": ((OK, OK, OLD), ORDERED),
    "leaf doubled": ((OK, OK, OLD), ORDERED),
    "self-signed leaf, allowed": ((WHO, WHO, WHO), "it knows no list of allowed leaves"),
    "self-signed leaf, not allowed": ((WHO, WHO, WHO), STRANGER),
    "missing intermediate": ((WHO, WHO, WHO), STRANGER),
    "forged root": ((WHO, WHO, WHO), STRANGER),
    "same subject, other CA": ((WHO, WHO, WHO), STRANGER),
    "loop": ((WHO, WHO, WHO), STRANGER),
    "forged intermediate": ((WHO, WHO, WHO), "it takes a forged intermediate for a missing one"),
    "altered leaf": ((BAD, BAD, BAD), "a leaf that no anchor signed is a stranger's, whatever it says"),
    "SHA-1 above": ((BAD, BAD, BAD), "an intermediate that no anchor signed soundly is a stranger's"),
    "eleven certificates": ((OK, OK, OLD), LIMIT),
    "a certificate of 70 kB": ((OK, OK, OLD), LIMIT),
}
ERRORS = {"unable to get": WHO, "self-signed": WHO, "has expired": OLD, "not yet valid": "not-yet-valid"}


def openssl(case: Chain, place: int, folder: Path) -> str:
    """Return the word of the independent judge."""
    leaf, rest, anchors = folder / "leaf.pem", folder / "rest.pem", folder / "anchors.pem"
    loaded = [x509.load_der_x509_certificate(der).public_bytes(ser.Encoding.PEM) for der in case.certs]
    leaf.write_bytes(loaded[0])
    rest.write_bytes(b"".join(loaded[1:]) or loaded[0])
    anchors.write_text("".join(case.anchors))
    command = ["openssl", "verify", "-attime", str(int(TIMES[place].timestamp())), "-purpose", "any", "-partial_chain"]
    command += ["-auth_level", "2", "-policy_check", "-CAfile", str(anchors), "-untrusted", str(rest), str(leaf)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0:
        return "trusted"
    faults = re.findall(r"error \d+ at \d+ depth lookup: *(.*)", run.stderr)
    words = {next((word for said, word in ERRORS.items() if said in fault), "invalid") for fault in faults}
    return next(word for word in ("invalid", "unknown", "expired", "not-yet-valid") if word in words)


@pytest.mark.parametrize(("name", "place"), CELLS)
def test_path_as_openssl_sees_it(name: str, place: int, tmp_path: Path) -> None:
    case = chain(name)
    try:
        word = openssl(case, place, tmp_path)
    except (ValueError, IndexError):
        pytest.skip("openssl verify reads no such chain")
    words, reason = DIFFERENCES.get(name, (case.expected, ""))
    assert word == words[place]
    assert reason or word == case.expected[place]
