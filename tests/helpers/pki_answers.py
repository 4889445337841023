"""Answers about revocation for tests: OCSP responses and lists, right and wrong."""

from __future__ import annotations

import datetime as dt
import functools
import io
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509 import ocsp

import pki
from pki_matrix import NOW, authority, der, issue
from provlabel.manifest import cose
from provlabel.media.containers import splice, stores_of

HOUR = dt.timedelta(hours=1)
RESPONDER = "1.3.6.1.5.5.7.3.9"
NO_CHECK = ((x509.OCSPNoCheck(), False),)
Flags = x509.ReasonFlags


class Scene(NamedTuple):
    """Root, intermediate, leaf, and a stranger with the same names."""

    root: pki.Issued
    middle: pki.Issued
    leaf: pki.Issued

    @property
    def chain(self) -> tuple[bytes, ...]:
        return der(self.leaf, self.middle)


def pointing(host: str = "http://127.0.0.1:9") -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return extensions that name a responder and a list."""
    uri = x509.UniformResourceIdentifier
    access = x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, uri(f"{host}/ocsp"))
    point = x509.DistributionPoint([uri(f"{host}/list.crl")], None, None, None)
    return (x509.AuthorityInformationAccess([access]), False), (x509.CRLDistributionPoints([point]), False)


def scene(host: str = "http://127.0.0.1:9") -> Scene:
    root = authority("Root")
    middle = authority("Middle", root, extra=pointing(host))
    return Scene(root, middle, issue("Leaf", middle, extra=pointing(host)))


def responder(issuer: pki.Issued, **how: Any) -> pki.Issued:
    return issue("Responder", issuer, **{"ekus": (RESPONDER,), "extra": NO_CHECK, **how})


def response(
    cert: pki.Issued,
    issuer: pki.Issued,
    by: pki.Issued | None = None,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    this: dt.datetime = NOW - HOUR,
    following: dt.datetime | None = NOW + 24 * HOUR,
    since: dt.datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    nonce: bytes = b"",
    digest: Any = None,
    named: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH,
    critical: bool = False,
) -> bytes:
    """Return an answer about ``cert``, signed by its issuer or by somebody else."""
    signer = by or issuer
    if since is not None:
        status = ocsp.OCSPCertStatus.REVOKED
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert.certificate, issuer.certificate, digest or hashes.SHA256(), status, this, following, since, reason
        )
        .responder_id(named, signer.certificate)
        .certificates([signer.certificate])
    )
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    if critical:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.3"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    algorithm = None if isinstance(signer.key, pki.ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer.key, algorithm).public_bytes(ser.Encoding.DER)


def revoked_list(
    issuer: pki.Issued,
    *revoked: pki.Issued,
    by: pki.Issued | None = None,
    this: dt.datetime = NOW - HOUR,
    following: dt.datetime = NOW + 24 * HOUR,
    since: dt.datetime = NOW - 2 * HOUR,
    reason: x509.ReasonFlags | None = Flags.key_compromise,
    invalid_since: dt.datetime | None = None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    entry: x509.ExtensionType | None = None,
    pss: bool = False,
) -> bytes:
    """Return a list of ``issuer``, signed by it or by somebody else of its name."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(this)
        .next_update(following)
        .add_extension(x509.CRLNumber(7), critical=False)
    )
    for value, critical in extra:
        builder = builder.add_extension(value, critical)
    for one in revoked:
        listed = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(since)
        if reason:
            listed = listed.add_extension(x509.CRLReason(reason), critical=False)
        if invalid_since:
            listed = listed.add_extension(x509.InvalidityDate(invalid_since), critical=False)
        if entry:
            listed = listed.add_extension(entry, critical=True)
        builder = builder.add_revoked_certificate(listed.build())
    how = {"rsa_padding": padding.PSS(padding.MGF1(hashes.SHA256()), 32)} if pss else {}
    return builder.sign((by or issuer).key, hashes.SHA256(), **how).public_bytes(ser.Encoding.DER)


def refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(ser.Encoding.DER)


def twin(issuer: pki.Issued) -> pki.Issued:
    """Return the issuer's certificate with a stranger's key in it and the issuer's signature left on it."""
    key = ec.generate_private_key(ec.SECP256R1())
    old, new = (
        one.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
        for one in (issuer.key, key)
    )
    raw = der(issuer)[0].replace(old, new)
    return pki.Issued(key, x509.load_der_x509_certificate(raw))


@functools.cache
def the_scene() -> Scene:
    """The scene that most cases share."""
    return scene()


def stapled(path: Path, *answers: bytes) -> None:
    """Staple answers to the signature of a JPEG; the header that they go into is not signed."""
    with path.open("r+b") as stream:
        size = stream.seek(0, io.SEEK_END)
        [store] = stores_of("jpeg", stream, size)
        place = cose.place(store)
        signature = cose.parse(place.old)._replace(staples=answers)
        splice("jpeg", stream, size, place.put(store, cose.assemble(signature, place.length)))
