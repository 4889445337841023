"""What OCSP responses (RFC 6960) and CRLs (RFC 5280 §6.3) say about the certificates of a path.

Every answer is read by itself: one that cannot be read says nothing and spoils no other.  Only complete
CRLs by the issuer itself count; indirect, partial and delta lists are rare and are left unread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, SignatureAlgorithmOID
from pyhanko_certvalidator.util import process_pss_params

from provlabel.trust.chains._certificates import (
    claims_ca,
    der,
    extension,
    issued,
    require_signature,
    shown,
    usages,
    weak_hash,
    weak_key,
)
from provlabel.trust.chains._path import Route, validated
from provlabel.trust.chains.records import (
    MAX_ANSWERS,
    MAX_CRL,
    MAX_OCSP,
    Answers,
    RevocationRequest,
    RevocationState,
    Source,
)

# The clocks of responders differ from ours; `openssl ocsp` allows as much.
_SKEW = timedelta(minutes=5)
# C2PA 2.4 §15.9.1: how long an answer without nextUpdate lasts after it was produced.
_LASTS = timedelta(hours=24)
_MAX_CERTIFICATES = 8  # in one response; two are usual
_MAX_SINGLES = 64  # in one response; one is usual
_MAX_URLS = 3  # asked for one certificate

_Flags = x509.ReasonFlags
# Reasons that cast doubt on signatures made before the revocation; the first when none is given.
_RETROACTIVE = (_Flags.unspecified, _Flags.key_compromise, _Flags.ca_compromise, _Flags.aa_compromise)


class FoundAnswer(NamedTuple):
    """One answer as it came: its bytes, whether it is a list, where from, the nonce it must not contradict."""

    content: bytes
    is_list: bool
    source: Source
    nonce: bytes = b""


class CertificateStatus(NamedTuple):
    """What is known of one certificate, and by which answer."""

    state: RevocationState
    why: str = ""
    source: Source = ""
    produced: datetime | None = None
    this_update: datetime | None = None
    next_update: datetime | None = None

    def times(self) -> tuple[str, str, str]:
        """Return the times of the answer as RFC 3339."""
        produced, this, following = (
            f"{when:%Y-%m-%dT%H:%M:%SZ}" if when else "" for when in (self.produced, self.this_update, self.next_update)
        )
        return produced, this, following


class _Statement(NamedTuple):
    """The content of an authentic answer about one certificate."""

    status: ocsp.OCSPCertStatus
    produced: datetime
    this_update: datetime
    next_update: datetime | None
    revoked: datetime | None = None
    reason: x509.ReasonFlags | None = None

    def expires(self) -> datetime:
        return self.next_update or self.produced + _LASTS


class _Unusable(Exception):
    """An answer does not count; says why."""


class _Elsewhere(Exception):
    """An answer is about other certificates."""


def gathered(stapled: Sequence[bytes], answers: Answers, nonce: bytes) -> tuple[FoundAnswer, ...]:
    """Return all answers within the limits; too many staples do not crowd out what was fetched."""
    return (
        *(FoundAnswer(raw, False, "stapled") for raw in stapled[:MAX_ANSWERS] if len(raw) <= MAX_OCSP),
        *(FoundAnswer(raw, False, answers.source, nonce) for raw in answers.ocsp[:MAX_ANSWERS] if len(raw) <= MAX_OCSP),
        *(FoundAnswer(raw, True, answers.source) for raw in answers.crls[:MAX_ANSWERS] if len(raw) <= MAX_CRL),
    )


def combined(statuses: Sequence[CertificateStatus]) -> CertificateStatus:
    """Return what holds for the signer: revoked if any is; else what holds for the leaf, the first."""
    for status in statuses:
        if status.state == "revoked":
            return status
    leaf, *above = statuses
    unchecked = sum(status.state == "not-checked" for status in above)
    if leaf.state == "good" and unchecked:
        why = f"{unchecked} intermediate{'s' * (unchecked > 1)} not checked"
        return leaf._replace(why="; ".join(filter(None, (leaf.why, why))))
    return leaf


def requests(route: Route, statuses: Sequence[CertificateStatus], nonce: bytes) -> tuple[RevocationRequest, ...]:
    """Return what could be asked about each certificate that nothing is known of, OCSP first."""
    return tuple(
        request
        for (cert, issuer), status in zip(route.pairs(), statuses, strict=True)
        if status.state == "not-checked"
        for request in (*_ocsp_requests(cert, issuer, nonce), *_crl_requests(cert))
    )


def _ocsp_requests(cert: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> Iterator[RevocationRequest]:
    access = extension(cert, x509.AuthorityInformationAccess) or ()
    urls = [item.access_location for item in access if item.access_method == AuthorityInformationAccessOID.OCSP]
    # SHA-1 names the certificate and protects nothing; RFC 5019 §2.1.1 knows no other.
    builder = ocsp.OCSPRequestBuilder().add_certificate(cert, issuer, hashes.SHA1())  # noqa: S303
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    body = builder.build().public_bytes(Encoding.DER)
    for url in _web(urls):
        yield RevocationRequest("ocsp", url, _digest(cert), body)


def _crl_requests(cert: x509.Certificate) -> Iterator[RevocationRequest]:
    points = extension(cert, x509.CRLDistributionPoints) or ()
    for url in _web([name for point in points for name in point.full_name or ()]):
        yield RevocationRequest("crl", url, _digest(cert))


def _web(names: Sequence[x509.GeneralName]) -> list[str]:
    urls = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return [url for url in urls if url.startswith(("http://", "https://"))][:_MAX_URLS]


def _digest(cert: x509.Certificate) -> str:
    return hashlib.sha256(der(cert)).hexdigest()


class RevocationAnswers(NamedTuple):
    """All answers, and the two moments by which they count: that of signing, as far as known, and now."""

    answers: tuple[FoundAnswer, ...]
    at: datetime
    now: datetime

    def status_of(self, route: Route, place: int) -> CertificateStatus:
        """Return what the answers say of the certificate at ``place`` in ``route``."""
        below = Route(route.certs[place:], route.anchor)
        read = [one for answer in self.answers if (one := self._read(answer, below))]
        for state in ("revoked", "good"):
            if found := next((one for one in read if one.state == state), None):
                return found._replace(why=_named(found, route, place))
        whys = dict.fromkeys(one.why for one in read)
        return CertificateStatus("not-checked", "; ".join(whys) or "no answer about it")

    def _read(self, answer: FoundAnswer, route: Route) -> CertificateStatus | None:
        """Return what one answer says of the leaf of ``route``; nothing if it is about others."""
        try:
            found = self._from_list(answer, route) if answer.is_list else self._from_response(answer, route)
            state, why = self._decided(found, route.certs[0])
        except _Elsewhere:
            return None
        except _Unusable as exc:
            return CertificateStatus("not-checked", f"{_kind(answer)} {exc}")
        except (MemoryError, RecursionError):
            raise
        except Exception:  # the parser does not promise which errors hostile DER ends in
            return CertificateStatus("not-checked", f"{_kind(answer)} cannot be read")
        return CertificateStatus(state, why, answer.source, found.produced, found.this_update, found.next_update)

    # --- what an authentic answer is worth ---

    def _decided(self, statement: _Statement, cert: x509.Certificate) -> tuple[RevocationState, str]:
        if statement.status is ocsp.OCSPCertStatus.UNKNOWN:
            raise _Unusable("does not know it")
        if statement.status is ocsp.OCSPCertStatus.GOOD or statement.reason is _Flags.remove_from_crl:
            self._require_fresh(statement, cert)
            return "good", ""
        reason = statement.reason or _Flags.unspecified
        if reason is _Flags.certificate_hold:  # the one that is taken back
            self._require_fresh(statement, cert)
        why = f"revoked on {statement.revoked:%Y-%m-%d}, {reason.value}"
        if reason in _RETROACTIVE or statement.revoked is None or statement.revoked <= self.at:
            return "revoked", why
        self._require_fresh(statement, cert)
        return "good", f"{why}, which is after {self.at:%Y-%m-%d}"

    def _require_fresh(self, statement: _Statement, cert: x509.Certificate) -> None:
        if statement.this_update > self.now + _SKEW:
            raise _Unusable(f"is from the future, {statement.this_update:%Y-%m-%d}")
        if statement.expires() < self.at:
            raise _Unusable(f"ran out on {statement.expires():%Y-%m-%d}")
        if statement.this_update > cert.not_valid_after_utc:  # RFC 5280 §3.3 and RFC 6960 §4.4.4 let it be forgotten
            raise _Unusable("was made after the certificate expired, when a revocation may be forgotten")

    # --- OCSP ---

    def _from_response(self, answer: FoundAnswer, route: Route) -> _Statement:
        cert, issuer = next(route.pairs())
        response = ocsp.load_der_ocsp_response(answer.content)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise _Unusable(f"says {response.response_status.name.lower().replace('_', ' ')}")
        statement = _single(response, cert, issuer)
        _require_nonce(response, answer.nonce)
        self._require_responder(response, statement, route)
        return statement

    def _require_responder(self, response: ocsp.OCSPResponse, statement: _Statement, route: Route) -> None:
        """RFC 6960 §4.2.2.2: signed by the issuer, or by one whom the issuer made a responder."""
        _, issuer = next(route.pairs())
        candidates = (issuer, *response.certificates[:_MAX_CERTIFICATES])
        signers = [one for one in candidates if _is_named(one, response) and _signed(response, one)]
        if not signers:
            raise _Unusable("is not signed by its responder")
        # An answer of now about then was signed by a responder of now.
        moment = self.at if statement.this_update <= self.at <= statement.expires() else statement.produced
        if issuer not in signers and not any(self._is_delegate(one, route, moment) for one in signers):
            raise _Unusable("is signed by somebody whom the issuer did not appoint")

    def _is_delegate(self, responder: x509.Certificate, route: Route, moment: datetime) -> bool:
        _, issuer = next(route.pairs())
        # Asked before the library is, so that it reads no stranger's certificate.
        if ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string not in usages(responder) or not issued(responder, issuer):
            return False
        own = route.above(responder)
        lists = RevocationAnswers(tuple(answer for answer in self.answers if answer.is_list), self.at, self.now)
        return validated(own, moment)[0] == "trusted" and lists.status_of(own, 0).state != "revoked"

    # --- CRL ---

    def _from_list(self, answer: FoundAnswer, route: Route) -> _Statement:
        cert, issuer = next(route.pairs())
        crl = x509.load_der_x509_crl(answer.content)
        if crl.issuer != issuer.subject:
            raise _Elsewhere
        _require_complete(crl, cert)
        _require_list_issuer(crl, issuer)
        if crl.next_update_utc is None:  # RFC 5280 §5.1.2.5 wants it
            raise _Unusable("does not say how long it lasts")
        times = crl.last_update_utc, crl.last_update_utc, crl.next_update_utc
        entry = crl.get_revoked_certificate_by_serial_number(cert.serial_number)
        if entry is None:
            return _Statement(ocsp.OCSPCertStatus.GOOD, *times)
        return _Statement(ocsp.OCSPCertStatus.REVOKED, *times, *_entry(entry))


def _kind(answer: FoundAnswer) -> str:
    return f"{answer.source} {'CRL' if answer.is_list else 'OCSP response'}"


def _named(status: CertificateStatus, route: Route, place: int) -> str:
    """Say which certificate is meant where it is not the signer's own."""
    return f"{shown(route.certs[place])}: {status.why}" if place and status.why else status.why


def _single(response: ocsp.OCSPResponse, cert: x509.Certificate, issuer: x509.Certificate) -> _Statement:
    """Return what a response says of ``cert``, found by the identifier that a request would name."""
    for count, one in enumerate(response.responses):
        if count >= _MAX_SINGLES:
            break
        mine = ocsp.OCSPRequestBuilder().add_certificate(cert, issuer, one.hash_algorithm).build()
        if _identifier(mine) == _identifier(one):
            return _Statement(
                one.certificate_status,
                response.produced_at_utc,
                one.this_update_utc,
                one.next_update_utc,
                one.revocation_time_utc,
                one.revocation_reason,
            )
    raise _Elsewhere


def _identifier(one: ocsp.OCSPRequest | ocsp.OCSPSingleResponse) -> tuple[bytes, bytes, int]:
    return one.issuer_name_hash, one.issuer_key_hash, one.serial_number


def _require_nonce(response: ocsp.OCSPResponse, asked: bytes) -> None:
    for extra in response.extensions:
        if isinstance(extra.value, x509.OCSPNonce):
            if asked and extra.value.nonce != asked:
                raise _Unusable("answers another request: its nonce differs")
        elif extra.critical:
            raise _Unusable("has a critical extension that is not understood")


def _is_named(cert: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    """Is ``cert`` the responder that the response names?"""
    if response.responder_name is not None:
        return cert.subject == response.responder_name
    return x509.SubjectKeyIdentifier.from_public_key(cert.public_key()).digest == response.responder_key_hash


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    """Does the key of ``signer`` verify the response, by an algorithm that is sound?"""
    key = signer.public_key()
    digest, scheme = _algorithm(response)
    if weak_key(key) or weak_hash(digest, response.signature_algorithm_oid):
        return False
    try:
        require_signature(key, response.signature, response.tbs_response_bytes, digest, scheme)
    except (InvalidSignature, TypeError):
        return False
    return True


def _algorithm(response: ocsp.OCSPResponse) -> tuple[hashes.HashAlgorithm | None, padding.AsymmetricPadding]:
    """Return hash and padding; those of RSA-PSS lie in parameters that ``cryptography`` does not read here."""
    if response.signature_algorithm_oid != SignatureAlgorithmOID.RSASSA_PSS:
        return response.signature_hash_algorithm, padding.PKCS1v15()
    loaded = asn1.OCSPResponse.load(response.public_bytes(Encoding.DER), strict=True)
    scheme, digest = process_pss_params(loaded.basic_ocsp_response["signature_algorithm"]["parameters"])
    return digest, scheme


def _require_list_issuer(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    key = issuer.public_key()
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        raise _Unusable("is by an issuer that may not sign lists")
    if weak_key(key) or weak_hash(crl.signature_hash_algorithm, crl.signature_algorithm_oid):
        raise _Unusable("is signed with an unsound algorithm")
    if not crl.is_signature_valid(key):  # type: ignore[arg-type]  # the kinds left by weak_key()
        raise _Unusable("is not signed by the issuer")


def _require_complete(crl: x509.CertificateRevocationList, cert: x509.Certificate) -> None:
    """RFC 5280 §6.3.3 b and §5.2: the list covers ``cert`` for every reason."""
    for extra in crl.extensions:
        if isinstance(extra.value, x509.IssuingDistributionPoint):
            if not _covers(extra.value, cert):
                raise _Unusable("does not cover it")
        elif extra.critical:  # a delta list says so in one
            raise _Unusable("has a critical extension that is not understood")


def _covers(point: x509.IssuingDistributionPoint, cert: x509.Certificate) -> bool:
    partial = point.indirect_crl or point.only_contains_attribute_certs or point.only_some_reasons
    if partial or point.relative_name:
        return False
    if point.only_contains_ca_certs if not claims_ca(cert) else point.only_contains_user_certs:
        return False
    points = extension(cert, x509.CRLDistributionPoints) or ()
    own = [name for one in points for name in one.full_name or ()]
    return not point.full_name or any(name in own for name in point.full_name)


def _entry(entry: x509.RevokedCertificate) -> tuple[datetime, x509.ReasonFlags]:
    """Return since when and why; the date of invalidity where that is earlier (RFC 5280 §5.3.2)."""
    since, reason = entry.revocation_date_utc, _Flags.unspecified
    for extra in entry.extensions:
        if isinstance(extra.value, x509.CRLReason):
            reason = extra.value.reason
        elif isinstance(extra.value, x509.InvalidityDate):
            since = min(since, extra.value.invalidity_date_utc)
        elif extra.critical:
            raise _Unusable("has a critical extension that is not understood")
    return since, reason
