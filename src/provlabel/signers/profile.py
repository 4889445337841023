"""The certificate profile of C2PA 2.4 §14.5.1: each rule by name, held or broken, with the hint.

The engine says "the certificate is invalid" for almost every violation, and nothing for some that
make others distrust the file; this says which.  A new rule is one function and one row in
:data:`RULES`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec import Struct

from provlabel._support.text import printable
from provlabel.signers import _algorithms as algorithms, certificates as certs
from provlabel.signers._base import Algorithm
from provlabel.trust import purposes

if TYPE_CHECKING:
    from cryptography import x509

RuleState = Literal["held", "broken", "not-checked"]
RuleLevel = Literal["error", "warning"]

#: How long before its end a certificate is warned of: what a CA may take to make the next one.
SOON = dt.timedelta(days=30)
_KINDS = ("EC P-256", "EC P-384", "EC P-521", "RSA ", "Ed25519")
_FITS: dict[str, str] = {
    "es256": "EC P-256",
    "es384": "EC P-384",
    "es512": "EC P-521",
    "ps256": "RSA ",
    "ps384": "RSA ",
    "ps512": "RSA ",
    "ed25519": "Ed25519",
}
# Extensions that verifiers act on, so that they may be critical (RFC 5280 §4.2.1 and Netscape's certificate type).
_UNDERSTOOD = (
    *(f"2.5.29.{last}" for last in (14, 15, 17, 19, 30, 31, 32, 33, 35, 36, 37, 54)),
    "1.3.6.1.5.5.7.1.1",
    "2.16.840.1.113730.1.1",
)
_ISSUER_ID, _SUBJECT_ID = 0x81, 0x82  # RFC 5280 §4.1: context tags 1 and 2, BIT STRING


class Signed(NamedTuple):
    """A test signature: what was signed, and what came back."""

    data: bytes
    signature: bytes


class Case(NamedTuple):
    """All that the rules look at."""

    chain: tuple[x509.Certificate, ...]  #: as it was given
    leaf: x509.Certificate  #: the signer's own, wherever it stands
    path: tuple[x509.Certificate, ...]  #: from the leaf upward, each issued by the next
    now: dt.datetime
    public_key: Any = None
    algorithm: Algorithm | None = None
    signed: Signed | None = None
    anchors: tuple[x509.Certificate, ...] | None = None


class RuleOutcome(NamedTuple):
    """What a rule found: its state, and the fact that decided."""

    state: RuleState
    detail: str = ""


class ProfileRule(NamedTuple):
    """One rule: the text for when it holds, that for when it is broken, and what to do then."""

    name: str
    held: str
    broken: str
    hint: str
    check: Callable[[Case], RuleOutcome]
    level: RuleLevel = "error"


class Result(Struct, frozen=True):
    """How one rule turned out; strings of a certificate in it are escaped."""

    rule: str
    level: RuleLevel
    state: RuleState
    why: str
    hint: str = ""  #: only when it is broken


def _judge(ok: bool, detail: str = "") -> RuleOutcome:
    return RuleOutcome("held" if ok else "broken", detail)


def _unchecked(why: str) -> RuleOutcome:
    return RuleOutcome("not-checked", why)


# --- the signer's own certificate ------------------------------------------------------------------


def _is_v3(case: Case) -> RuleOutcome:
    return _judge(case.leaf.version.value == 2)  # counted from 0


def _belongs_to_key(case: Case) -> RuleOutcome:
    key = certs.public_key(case.leaf)
    if case.public_key is not None:
        return _judge(certs.same_key(case.public_key, key))
    if case.signed is None:
        return _unchecked("no key was given")
    if _fits(case).state == "broken":
        return _unchecked("the algorithm does not fit the certificate, so no test signature can be verified")
    return _judge(
        case.algorithm is not None and algorithms.fits(key, case.algorithm, case.signed.signature, case.signed.data),
        "by a test signature",
    )


def _fits(case: Case) -> RuleOutcome:
    if case.algorithm is None:
        return _unchecked("no key was given")
    key = certs.key_words(case.public_key or certs.public_key(case.leaf))
    return _judge(key.startswith(_FITS.get(case.algorithm, "none")), f"{printable(case.algorithm)} with {key}")


def _has_not_expired(case: Case) -> RuleOutcome:
    return _judge(case.now <= case.leaf.not_valid_after_utc, _end(case.leaf, case.now))


def _end(certificate: x509.Certificate, now: dt.datetime) -> str:
    end = certificate.not_valid_after_utc
    days = abs(end - now).days
    rest = f"{days} {'day' if days == 1 else 'days'}"
    when = f"{end:%Y-%m-%d %H:%M} UTC"
    return f"it ends {when}, {rest} left" if end >= now else f"it ended {when}, {rest} ago"


def _is_valid_already(case: Case) -> RuleOutcome:
    begin = case.leaf.not_valid_before_utc
    return _judge(case.now >= begin, f"it begins {begin:%Y-%m-%d %H:%M} UTC")


def _is_not_self_signed(case: Case) -> RuleOutcome:
    return _judge(case.leaf.issuer != case.leaf.subject)


def _is_no_ca(case: Case) -> RuleOutcome:
    return _judge(not certs.is_ca(case.leaf))


def _is_of_allowed_kind(case: Case) -> RuleOutcome:
    kind = certs.key_words(certs.public_key(case.leaf))
    return _judge(kind.startswith(_KINDS), kind)


def _is_large_enough(case: Case) -> RuleOutcome:
    return _all_but(case, (item for item in _below_root(case) if _rsa_bits(item) < certs.RSA_BITS[0]), _key_of)


def _is_small_enough(case: Case) -> RuleOutcome:
    return _all_but(
        case, (item for item in case.path[:1] if _rsa_bits(item, certs.RSA_BITS[1]) > certs.RSA_BITS[1]), _key_of
    )


def _rsa_bits(certificate: x509.Certificate, other: int = certs.RSA_BITS[0]) -> int:
    """The size of an RSA key, or ``other`` for a key of another kind."""
    kind, _, bits = certs.key_words(certs.public_key(certificate)).partition(" ")
    return int(bits) if kind == "RSA" else other


def _key_of(certificate: x509.Certificate) -> str:
    return certs.key_words(certs.public_key(certificate))


def _is_signed_well(case: Case) -> RuleOutcome:
    return _all_but(case, (item for item in _below_root(case) if not certs.well_signed(item)), certs.signature_words)


def _may_sign(case: Case) -> RuleOutcome:
    usages = certs.key_usages(case.leaf)
    return _judge("digitalSignature" in usages or "nonRepudiation" in usages, _has(usages))


def _may_not_certify(case: Case) -> RuleOutcome:
    return _judge("keyCertSign" not in certs.key_usages(case.leaf))


def _has(usages: Iterable[str]) -> str:
    return f"it has {', '.join(usages) or 'none'}"


def _has_extended_usage(case: Case) -> RuleOutcome:
    return _judge(bool(certs.extended_key_usages(case.leaf)))


def _names_its_usages(case: Case) -> RuleOutcome:
    return _judge(purposes.ANY_USAGE not in certs.extended_key_usages(case.leaf))


def _may_sign_claims(case: Case) -> RuleOutcome:
    usages = certs.extended_key_usages(case.leaf)
    if not usages:
        return _unchecked("there is none")
    return _judge(any(usage in purposes.EKUS for usage in usages), _has(certs.usage_words(usages)))


def _is_no_authority(case: Case) -> RuleOutcome:
    usages = certs.extended_key_usages(case.leaf)
    mixed = {purposes.TIME_STAMPING, purposes.OCSP_SIGNING}.intersection(usages)
    return _judge(not mixed or len(usages) == 1, _has(certs.usage_words(usages)) if mixed else "")


def _names_issuer_key(case: Case) -> RuleOutcome:
    return _judge(certs.extension(case.leaf, "AuthorityKeyIdentifier") is not None)


def _is_understood(case: Case) -> RuleOutcome:
    critical = (item.oid.dotted_string for item in case.leaf.extensions if item.critical)
    unknown = [oid for oid in critical if oid not in _UNDERSTOOD]
    return _judge(not unknown, ", ".join(unknown))


def _has_no_unique_ids(case: Case) -> RuleOutcome:
    return _judge(not {_ISSUER_ID, _SUBJECT_ID}.intersection(_tags(case.leaf.tbs_certificate_bytes)))


def _tags(sequence: bytes) -> Iterator[int]:
    """Yield the tag of each element of a DER SEQUENCE, which the cryptography package has parsed before."""
    position, _ = _content(sequence, 0)
    while position < len(sequence):
        yield sequence[position]
        start, length = _content(sequence, position)
        position = start + length


def _content(der: bytes, position: int) -> tuple[int, int]:
    """Return where the content of the element at ``position`` begins, and its length."""
    first = der[position + 1]
    if first < 0x80:
        return position + 2, first
    start = position + 2 + (first & 0x7F)
    return start, int.from_bytes(der[position + 2 : start], "big")


def _names_organization(case: Case) -> RuleOutcome:
    found = [str(item.value) for item in case.leaf.subject if item.oid.dotted_string == "2.5.4.10"]
    return _judge(any(name.strip() for name in found), printable(", ".join(found)))


# --- the chain -------------------------------------------------------------------------------------


def _is_in_order(case: Case) -> RuleOutcome:
    places = [case.chain.index(item) + 1 for item in case.path]
    right = places[0] == 1 and places == sorted(places)
    return _judge(right, "" if right else f"from the signer's own upward they are {', '.join(map(str, places))}")


def _has_no_gap(case: Case) -> RuleOutcome:
    if len(case.path) == len(case.chain):
        return _judge(True)
    alien = next(item for item in case.chain if item not in case.path[1:] and item is not case.leaf)
    return _judge(False, f"{_issuer_of(case)}, which is not there; {_named(case, alien)} issued none of the others")


def _issuer_of(case: Case) -> str:
    end = case.path[-1]
    return f"{_named(case, end)} was issued by {printable(end.issuer.rfc4514_string())}"


def _leads_to_anchor(case: Case) -> RuleOutcome:
    if case.anchors is None:
        return _unchecked("no anchors were given, so nobody knows whether an intermediate is missing; add --trust")
    if len(case.path) < len(case.chain) or _is_not_self_signed(case).state == "broken":
        return _unchecked("the chain leads nowhere, as said above")
    end = case.path[-1]
    found = any(item in case.anchors for item in case.path) or any(certs.issued(end, item) for item in case.anchors)
    return _judge(found, "" if found else f"{_issuer_of(case)}, which is none of the anchors")


def _intermediates_may_issue(case: Case) -> RuleOutcome:
    above = enumerate(case.path[1:])
    return _all_but(case, (item for below, item in above if not _may_issue(item, below)), lambda _item: "")


def _may_issue(certificate: x509.Certificate, below: int) -> bool:
    """Whether this is a CA that may have ``below`` other CAs between itself and the leaf (RFC 5280 §4.2.1.9)."""
    constraints = certs.extension(certificate, "BasicConstraints")
    if constraints is None or not constraints.ca or "keyCertSign" not in certs.key_usages(certificate):
        return False
    return constraints.path_length is None or constraints.path_length >= below


def _intermediates_are_valid(case: Case) -> RuleOutcome:
    others = case.path[1:]
    outside = (item for item in others if not item.not_valid_before_utc <= case.now <= item.not_valid_after_utc)
    return _all_but(
        case, outside, lambda item: f"it begins {item.not_valid_before_utc:%Y-%m-%d}, {_end(item, case.now)}"
    )


def _lasts(case: Case) -> RuleOutcome:
    ending = (item for item in case.path if dt.timedelta() <= item.not_valid_after_utc - case.now < SOON)
    return _all_but(case, ending, lambda item: _end(item, case.now))


def _below_root(case: Case) -> Iterator[x509.Certificate]:
    """What others vouch for: a root counts because it is an anchor, not because it signed itself."""
    return (item for item in case.path if item is case.leaf or item.issuer != item.subject)


def _all_but(case: Case, bad: Iterable[x509.Certificate], say: Callable[[x509.Certificate], str]) -> RuleOutcome:
    """Hold unless there are ``bad`` ones, and name each."""
    named = [": ".join(filter(None, (_named(case, item), say(item)))) for item in bad]
    return _judge(not named, "; ".join(named))


def _named(case: Case, certificate: x509.Certificate) -> str:
    place = case.chain.index(certificate) + 1
    return f"certificate {place} ({printable(certificate.subject.rfc4514_string())})"


# --- the table -------------------------------------------------------------------------------------

_ASK_CA = "ask the CA for a certificate for C2PA claim signing, with what provlabel key csr asks for"
_NEW_KEY = "make a new key and request: provlabel key csr new.pem --new-key es256"
_SORT = "write them into one file: the signer's own, then the one that issued it, and so on"
_RENEW = "get a new one from the CA, or for tests: provlabel key init"

#: Every rule, the most telling first: when signing fails, the first broken one is reported.
RULES: tuple[ProfileRule, ...] = (
    ProfileRule(
        "x509-v3", "the certificate is of X.509 version 3", "the certificate is not of X.509 version 3", _ASK_CA,
        _is_v3,
    ),
    ProfileRule(
        "chain-order", "the certificates stand in order", "the certificates stand in the wrong order", _SORT,
        _is_in_order,
    ),
    ProfileRule(
        "key-match", "the first certificate belongs to the key", "the first certificate does not belong to this key",
        "the chain starts with the signer's own certificate; check that both files belong together", _belongs_to_key,
    ),
    ProfileRule(
        "algorithm", "the algorithm of the signer fits the key",
        "the algorithm of the signer does not fit the key",
        "es256 needs EC P-256, es384 P-384, es512 P-521, ps256 to ps512 RSA, ed25519 Ed25519", _fits,
    ),
    ProfileRule(
        "not-expired", "the certificate has not expired", "the certificate has expired", _RENEW, _has_not_expired
    ),
    ProfileRule(
        "already-valid", "the certificate is valid already", "the certificate is not valid yet",
        "check the clock of this machine, or wait", _is_valid_already,
    ),
    ProfileRule(
        "not-self-signed", "the certificate was issued by somebody else", "the certificate is self-signed",
        f"{_ASK_CA}; for tests: provlabel key init", _is_not_self_signed,
    ),
    ProfileRule(
        "no-ca", "the certificate is not that of a CA", "the certificate is that of a CA, not of a signer",
        "put the signer's own certificate first; a CA does not sign claims itself", _is_no_ca,
    ),
    ProfileRule(
        "key-kind", "the certificate is for a kind of key that C2PA allows",
        "the certificate is for a kind of key that C2PA does not allow",
        "use EC P-256, P-384 or P-521, RSA or Ed25519: provlabel key csr new.pem --new-key es256", _is_of_allowed_kind,
    ),
    ProfileRule(
        "key-size", "no RSA key in the chain is of less than 2048 bits",
        "the certificate is for an RSA key of less than 2048 bits", _NEW_KEY, _is_large_enough,
    ),
    ProfileRule(
        "key-size-limit", "the certificate is for no RSA key of more than 4096 bits",
        "the certificate is for an RSA key of more than 4096 bits, which verifiers cannot use", _NEW_KEY,
        _is_small_enough,
    ),
    ProfileRule(
        "signature-algorithm", "the CA signed with an algorithm that C2PA allows",
        "the certificate was signed by the CA with an algorithm that C2PA does not allow",
        "ask the CA for one signed with SHA-256 or better", _is_signed_well,
    ),
    ProfileRule(
        "key-usage", "the certificate may sign", "the certificate lacks the key usage digitalSignature", _ASK_CA,
        _may_sign,
    ),
    ProfileRule(
        "key-usage-no-ca", "the certificate may not issue others",
        "the certificate has the key usage keyCertSign, which is for CAs", _ASK_CA, _may_not_certify,
    ),
    ProfileRule(
        "extended-key-usage", "the certificate has an extended key usage",
        "the certificate lacks an extended key usage", _ASK_CA, _has_extended_usage,
    ),
    ProfileRule(
        "no-any-usage", "the certificate is not for any usage",
        "the certificate is for any usage (anyExtendedKeyUsage), which C2PA forbids", _ASK_CA, _names_its_usages,
    ),
    ProfileRule(
        "claim-signing-usage", "the certificate has an extended key usage for claim signing",
        "the certificate lacks an extended key usage for claim signing", _ASK_CA, _may_sign_claims,
    ),
    ProfileRule(
        "no-mixed-usage", "the certificate is not also for timestamps or OCSP",
        "the certificate is also for timestamps or OCSP, which C2PA forbids", _ASK_CA, _is_no_authority,
    ),
    ProfileRule(
        "authority-key-identifier", "the certificate has the authority key identifier",
        "the certificate lacks the authority key identifier", _ASK_CA, _names_issuer_key,
    ),
    ProfileRule(
        "critical-extensions", "the certificate has no unknown critical extension",
        "the certificate has a critical extension that verifiers do not know", "ask the CA for one without it",
        _is_understood,
    ),
    ProfileRule(
        "no-unique-ids", "the certificate has no unique identifiers",
        "the certificate has an issuer or subject unique identifier, which C2PA forbids",
        "ask the CA for one without them", _has_no_unique_ids,
    ),
    ProfileRule(
        "organization", "the certificate names an organization",
        "the certificate names no organization (O); older verifiers then report a broken signature",
        "ask the CA for one with an organization", _names_organization,
    ),
    ProfileRule(
        "chain-gap", "each certificate was issued by the next one", "an intermediate certificate is missing",
        "get the intermediates from the CA; " + _SORT, _has_no_gap,
    ),
    ProfileRule(
        "intermediates-are-cas", "the other certificates are those of CAs",
        "a certificate has issued another one but is not that of a CA which may",
        "get the intermediates from the CA that issued the signer's own", _intermediates_may_issue,
    ),
    ProfileRule(
        "intermediates-valid", "the other certificates are valid now", "an intermediate certificate is not valid now",
        "get the new intermediate from the CA; often the signer's own certificate need not change",
        _intermediates_are_valid,
    ),
    ProfileRule(
        "chain-anchored", "the chain leads to one of the anchors",
        "an intermediate certificate is missing, or the root is not trusted",
        "add the missing certificate to the chain, or name the right root with --trust", _leads_to_anchor,
    ),
    ProfileRule(
        "expires-soon", "no certificate ends within 30 days", "a certificate ends within 30 days",
        "get the next one from the CA before", _lasts, "warning",
    ),
)  # fmt: skip


# --- what callers ask for --------------------------------------------------------------------------
