"""RFC 3161 tokens put together by hand: what no honest authority makes, and what `openssl ts` refuses to make."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from asn1crypto import algos, cms, core, tsp, x509 as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

import pki
from pki_matrix import der

_DIGESTS = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
Attributes = list[dict[str, Any]]


def opened(reply: bytes) -> bytes:
    """Return the token of a response (RFC 3161 §2.4.2)."""
    return bytes(tsp.TimeStampResp.load(reply)["time_stamp_token"].dump())


def token(
    message: bytes,
    by: pki.Issued,
    at: dt.datetime,
    *,
    above: Sequence[pki.Issued] = (),
    imprint: str = "sha256",
    digest: str = "sha256",
    bound: Sequence[str] = ("sha256",),
    named: pki.Issued | None = None,
    signers: int = 1,
    pss: bool = False,
    by_key_id: bool = False,
    info: Callable[[dict[str, Any]], Any] = lambda info: None,
    attributes: Callable[[Attributes], Any] = lambda attributes: None,
    content_type: str = "tst_info",
    algorithm: str = "",
    with_certificates: bool = True,
) -> bytes:
    """Return a TimeStampToken, DER.

    ``imprint`` and ``digest`` are those of the message and of the signature; ``bound`` the digests by which the
    signature names its certificate, or that of ``named``; ``info``, ``attributes`` and ``algorithm`` change anything.
    """
    stated: dict[str, Any] = {
        "version": "v1",
        "policy": "1.2.3.4",
        "message_imprint": {
            "hash_algorithm": {"algorithm": imprint},
            "hashed_message": hashlib.new(imprint, message).digest(),
        },
        "serial_number": 7,
        "gen_time": at.replace(microsecond=0),
    }
    info(stated)
    content = tsp.TSTInfo(stated).dump()
    listed: Attributes = [
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "message_digest", "values": [hashlib.new(digest, content).digest()]},
        *(_binding(name, named or by) for name in bound),
    ]
    attributes(listed)
    signer = _signer(by, cms.CMSAttributes(listed) if listed else None, content, digest, pss, by_key_id, algorithm)
    signed = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": content_type, "content": core.ParsableOctetString(content)},
        "signer_infos": [signer] * signers,
    }
    if with_certificates:
        signed["certificates"] = [asn1.Certificate.load(raw) for raw in dict.fromkeys(der(by, *above))]
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())


def response(token: bytes, status: str = "granted") -> bytes:
    """Return the whole answer of an authority, which old signers kept in place of the token."""
    answer = {"status": {"status": status}, "time_stamp_token": cms.ContentInfo.load(token)}
    return bytes(tsp.TimeStampResp(answer).dump())


def _binding(digest: str, named: pki.Issued) -> dict[str, Any]:
    hashed = hashlib.new(digest, der(named)[0]).digest()
    if digest == "sha1":
        return {"type": "signing_certificate", "values": [{"certs": [{"cert_hash": hashed}]}]}
    one = {"hash_algorithm": {"algorithm": digest}, "cert_hash": hashed}
    return {"type": "signing_certificate_v2", "values": [{"certs": [one]}]}


def _signer(
    by: pki.Issued,
    attributes: cms.CMSAttributes | None,
    content: bytes,
    digest: str,
    pss: bool,
    by_key_id: bool,
    algorithm: str,
) -> cms.SignerInfo:
    certificate = asn1.Certificate.load(der(by)[0])
    who = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    name, value = _signature(by.key, attributes.dump() if attributes is not None else content, digest, pss)
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier("subject_key_identifier", certificate.key_identifier_value)
        if by_key_id
        else cms.SignerIdentifier("issuer_and_serial_number", who),
        "digest_algorithm": {"algorithm": digest},
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm} if algorithm else name),
        "signature": value,
    }
    if attributes is not None:
        signer["signed_attrs"] = attributes
    return cms.SignerInfo(signer)


def _signature(key: Any, message: bytes, digest: str, pss: bool) -> tuple[dict[str, Any], bytes]:
    kind = _DIGESTS[digest]()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {"algorithm": "ed25519"}, key.sign(message)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"algorithm": f"{digest}_ecdsa"}, key.sign(message, ec.ECDSA(kind))
    if not pss:
        return {"algorithm": "rsassa_pkcs1v15"}, key.sign(message, padding.PKCS1v15(), kind)
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": digest},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": digest}},
            "salt_length": kind.digest_size,
        }
    )
    scheme = padding.PSS(padding.MGF1(kind), kind.digest_size)
    return {"algorithm": "rsassa_pss", "parameters": parameters}, key.sign(message, scheme, kind)
