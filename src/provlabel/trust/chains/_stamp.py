"""Timestamps over a claim alone (C2PA 2.4 §10.3.2.5.2, ``sigTst``): RFC 3161 tokens of others, judged by us.

Some authority's signature over some bytes is easily had.  What makes a token count: it is over these bytes, signed by
the certificate that it names, which is for timestamps and nothing else, and an anchor for time authorities stands
behind that, all of it valid at the time that the token states.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from asn1crypto import cms, core, parser, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko_certvalidator.util import process_pss_params

from provlabel._support.text import printable
from provlabel._support.times import rfc3339
from provlabel.trust.chains._certificates import (
    claims_ca,
    der,
    extension,
    issued,
    read,
    read_list,
    require_signature,
    shown,
    weak_key,
)
from provlabel.trust.chains._path import routes, validated
from provlabel.trust.chains._respelt import read_respelt
from provlabel.trust.chains.records import MAX_CERTIFICATE, MAX_CHAIN, ClaimStamp

# SHA-1 is no digest for anything that is new; of these all that C2PA knows.
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_MAX_PATHS = 16  # through the certificates of one token; one is usual
_SEQUENCE = 16  # the tag with which a response begins, where a token has its type


class _Bad(Exception):
    """A token does not count; says why."""


class _Token(NamedTuple):
    """A token that is sound in itself: when, by whom, and what other certificates came with it."""

    time: datetime
    signer: x509.Certificate
    others: tuple[x509.Certificate, ...]


def judge(token: bytes, message: bytes, anchors: tuple[bytes | str, ...]) -> ClaimStamp:
    """Do what :func:`provlabel.trust.chains.examine_stamp` promises, within its limits."""
    try:
        found = _read(token, message)
        return _vouched(found, read_list(anchors))
    except _Bad as exc:
        return ClaimStamp("bad", why=printable(str(exc), 300))
    except MemoryError:
        raise
    except Exception:  # no parser promises which errors hostile DER ends in
        return ClaimStamp("bad", why="it cannot be read")


# --- what a token says -----------------------------------------------------------------------------


def _read(token: bytes, message: bytes) -> _Token:
    """Return what a token says of ``message`` (RFC 3161 §2.4.2, RFC 5652 §5).

    Raises:
        _Bad: it says nothing of it, or is not signed as it has to be.
    """
    signed = _signed_data(token)
    content = signed["encap_content_info"]
    stated = content["content"]
    if content["content_type"].native != "tst_info" or not isinstance(stated, core.ParsableOctetString):
        raise _Bad("it states no time")
    if len(signed["signer_infos"]) != 1:
        raise _Bad(f"it has {len(signed['signer_infos'])} signers, where one is wanted")
    certs, info = _certificates(signed), signed["signer_infos"][0]
    signer = _signer(info["sid"], certs)
    _require_signed(info, signer, bytes(stated))
    return _Token(_time(bytes(stated), message), signer, tuple(cert for cert in certs if cert != signer))


def _signed_data(token: bytes) -> Any:
    """Return the signed data of a token, or of the whole response of an authority, which old signers kept."""
    _, _, _, _, inside, _ = parser.parse(token, strict=True)
    response = parser.peek(inside) and parser.parse(inside[: parser.peek(inside)])[2] == _SEQUENCE
    content = _of_response(token) if response else cms.ContentInfo.load(token, strict=True)
    if content["content_type"].native != "signed_data":
        raise _Bad("it is no signed data")
    return content["content"]


def _of_response(reply: bytes) -> Any:
    answer = tsp.TimeStampResp.load(reply, strict=True)
    if answer["status"]["status"].native not in ("granted", "granted_with_mods"):
        raise _Bad("its authority refused")
    return answer["time_stamp_token"]


def _certificates(signed: Any) -> tuple[x509.Certificate, ...]:
    """Return the certificates that came with a token, each once; one that cannot be read vouches for nobody."""
    found = [choice.chosen.dump() for choice in signed["certificates"] or () if choice.name == "certificate"]
    if len(found) > MAX_CHAIN:
        raise _Bad(f"it has {len(found)} certificates, more than {MAX_CHAIN}")
    if any(len(raw) > MAX_CERTIFICATE for raw in found):
        raise _Bad(f"it has a certificate larger than {MAX_CERTIFICATE:,} bytes")
    return tuple(filter(None, (read(raw) or read_respelt(raw) for raw in dict.fromkeys(found))))


def _signer(named: Any, certs: Iterable[x509.Certificate]) -> x509.Certificate:
    """Return the certificate that a signature names as its signer's (RFC 5652 §5.3)."""
    found = [cert for cert in certs if _is_named(cert, named)]
    if len(found) != 1:
        raise _Bad("the certificate of its authority is not in it, or cannot be read")
    return found[0]


def _is_named(cert: x509.Certificate, named: Any) -> bool:
    chosen = named.chosen
    if named.name == "subject_key_identifier":
        own = extension(cert, x509.SubjectKeyIdentifier)
        return own is not None and own.digest == chosen.native
    return bool(
        cert.serial_number == chosen["serial_number"].native and cert.issuer.public_bytes() == chosen["issuer"].dump()
    )


def _time(content: bytes, message: bytes) -> datetime:
    """Return the time that a token states, if it states it of ``message``."""
    info = tsp.TSTInfo.load(content, strict=True)
    imprint = info["message_imprint"]
    digest = _digest(imprint["hash_algorithm"])
    if imprint["hashed_message"].native != hashlib.new(digest, message).digest():
        raise _Bad("it is over something else than this claim")
    if any(item["critical"].native for item in info["extensions"] or ()):
        raise _Bad("it has a critical extension that is not understood")
    stated = info["gen_time"].native
    if info["version"].native != "v1" or not isinstance(stated, datetime) or stated.tzinfo is None:
        raise _Bad("it states no time that can be read")
    return stated


def _digest(algorithm: Any) -> str:
    name = str(algorithm["algorithm"].native)
    if name not in _DIGESTS:
        raise _Bad(f"it uses {name}, which is no sound digest")
    return name


# --- whether it is signed --------------------------------------------------------------------------


def _require_signed(info: Any, signer: x509.Certificate, content: bytes) -> None:
    """Do nothing if ``signer`` signed ``content``, and says in the signature that it was this very certificate.

    Raises:
        _Bad: something of that is not so.
    """
    attributes, digest = info["signed_attrs"], _digest(info["digest_algorithm"])
    if _attribute(attributes, "content_type").native != "tst_info":
        raise _Bad("its signature is over something else than a time")
    if _attribute(attributes, "message_digest").native != hashlib.new(digest, content).digest():
        raise _Bad("what it states was changed")
    _require_bound(attributes, signer)
    if weak := weak_key(signer.public_key()):
        raise _Bad(f"its authority has {weak}")
    # Signed is the set of attributes under its own tag, not under that of the field in which it stands.
    raw = attributes.dump()
    chosen, scheme = _algorithm(info["signature_algorithm"], digest)
    try:
        require_signature(signer.public_key(), info["signature"].native, b"\x31" + raw[1:], chosen, scheme)
    except (InvalidSignature, TypeError):
        raise _Bad("its signature does not hold") from None


def _attribute(attributes: Any, name: str) -> Any:
    """Return the one value of the one attribute called ``name`` (RFC 5652 §11)."""
    found = [item["values"] for item in attributes or () if item["type"].native == name]
    if len(found) != 1 or len(found[0]) != 1:
        raise _Bad(f"it has not one signed {name.replace('_', ' ')}")
    return found[0][0]


def _require_bound(attributes: Any, signer: x509.Certificate) -> None:
    """RFC 3161 §2.4.2, RFC 5816: the signature names its certificate, by SHA-1 in the first of two attributes."""
    present = {item["type"].native for item in attributes or ()} & {"signing_certificate", "signing_certificate_v2"}
    if not present:
        raise _Bad("its signature does not say which certificate made it")
    for name in present:
        first = _attribute(attributes, name)["certs"][0]
        digest = "sha1" if name == "signing_certificate" else _digest(first["hash_algorithm"])
        issued_by = first["issuer_serial"]
        is_it = first["cert_hash"].native == hashlib.new(digest, der(signer), usedforsecurity=digest != "sha1").digest()
        if not is_it or (issued_by and issued_by["serial_number"].native != signer.serial_number):
            raise _Bad("its signature was made by another certificate than it says")


def _algorithm(algorithm: Any, digest: str) -> tuple[hashes.HashAlgorithm | None, padding.AsymmetricPadding]:
    """Return digest and padding of a signature, which has to use the digest that it names for its content."""
    name = str(algorithm["algorithm"].native)
    if name == "ed25519":
        return None, padding.PKCS1v15()
    if name == "rsassa_pss":
        scheme, chosen = process_pss_params(algorithm["parameters"])
        if chosen.name != digest:
            raise _Bad("its signature uses two digests")
        return chosen, scheme
    if name not in ("rsassa_pkcs1v15", "ecdsa", f"{digest}_rsa", f"{digest}_ecdsa"):
        raise _Bad(f"its signature uses {printable(name)}, where {digest} is named")
    return _DIGESTS[digest](), padding.PKCS1v15()


# --- who made it -----------------------------------------------------------------------------------


def _vouched(token: _Token, anchors: tuple[x509.Certificate, ...]) -> ClaimStamp:
    """Say whether an anchor stands behind the signer of a token, as of the time that the token states."""
    if reason := _broken_profile(token.signer):
        raise _Bad(f"{shown(token.signer)}: {reason}")
    time, failed = rfc3339(token.time), ""
    for chain in itertools.islice(_chains(token.signer, token.others), _MAX_PATHS):
        for route in routes(chain, anchors):
            state, why = validated(route, token.time)
            if state == "trusted":
                return ClaimStamp("good", time)
            failed = failed or why
    if failed:
        raise _Bad(f"the chain of its authority does not hold at {time}: {failed}")
    return ClaimStamp("unknown", time, "nobody you trust vouches for its authority")


def _broken_profile(signer: x509.Certificate) -> str:
    """Return what forbids ``signer`` to be a time authority (RFC 3161 §2.3), or nothing."""
    usage = extension(signer, x509.KeyUsage)
    try:
        purpose = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return "its certificate is not for timestamps"
    if list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return "its certificate is not for timestamps alone"
    if not purpose.critical:
        return "its certificate does not say in a critical extension that it is for timestamps"
    if claims_ca(signer) or (usage is not None and not (usage.digital_signature or usage.content_commitment)):
        return "its certificate may not sign timestamps"
    return ""


def _chains(signer: x509.Certificate, others: tuple[x509.Certificate, ...]) -> Iterator[tuple[x509.Certificate, ...]]:
    """Yield every chain upward from ``signer`` as far as it goes: the certificates of a token have no order."""
    waiting: list[tuple[x509.Certificate, ...]] = [(signer,)]
    while waiting:
        chain = waiting.pop()
        above = [one for one in others if one not in chain and issued(chain[-1], one)]
        waiting += ((*chain, one) for one in reversed(above))
        if not above:
            yield chain
