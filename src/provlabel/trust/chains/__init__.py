"""Certificate chains and revocation, judged as of any moment, from bytes alone.

The engine judges chains by the wall clock only, and its answers about revocation are weak.  Here a
chain is judged at a given moment, offline: what ``--online`` would have to ask is returned, and the
answers are handed in.  All of it may come from an attacker, so it runs in the sandbox; parse failures
are values, and only :class:`RecursionError` and :class:`MemoryError` leave.

What counts, and where we differ from the library that checks RFC 5280 for us, ``pyhanko-certvalidator``:

- The chain is taken in the order in which it stands (RFC 9360 §2: each certificate certifies the one
  before it).  The library would search all orders: ten certificates of one name have 3.6 million.
- Signatures are checked from the leaf up with ``cryptography`` before the library sees a byte: its
  parser meets only certificates that an anchor stands behind.
- The library checks the key that signs, not the key that is certified: an RSA leaf of 1,024 bits
  passed.  So algorithms, curves and sizes are checked here (C2PA 2.4 §14.5.1).
- RFC 5280 §6.1.1 (d) knows of an anchor only its name and key, and lets us ask for more (§6.2).  We do:
  an anchor vouches only while it is valid, if it is a CA, and within its own path length and name
  constraints.  Otherwise a root that was retired and stolen would vouch for ever.
- Its checks of OCSP and CRLs are not used: it judges otherwise than C2PA 2.4 §15.9 (the first good answer
  hides a revoked one, later answers about an earlier moment do not count, answers go unread where a
  certificate names no responder), and who may answer is decided here by keys alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from provlabel._support.text import printable
from provlabel.errors import UsageError
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import (
    MAX_CERTIFICATE,
    MAX_CHAIN,
    MAX_STAMP,
    NO_ANSWERS,
    Answers,
    ClaimStamp,
    Credential,
    Examined,
)


def load() -> None:
    """Import now what judges chains: a process that limits its own memory next would lack the room for it."""
    from provlabel.trust.chains import _judging  # noqa: F401


def examine(
    credential: Credential,
    anchors: tuple[bytes | str, ...],
    ekus: tuple[str, ...],
    at: datetime,
    answers: Answers = NO_ANSWERS,
    allowed_leaves: tuple[bytes | str, ...] = (),
    *,
    now: datetime | None = None,
    nonce: bytes = b"",
    signed_then: bool = True,
) -> Examined:
    """Judge a chain and its revocation as of ``at``, which is aware of its zone.

    ``path`` is the first of these that fits:

    - *invalid*: the chain cannot be read; the signer's certificate breaks its profile (no CA, may sign,
      an extended key usage that is not *any*, sound algorithms); a path to an anchor breaks RFC 5280 §6.1; or
      no path leads there and a certificate of the chain is not signed by the issuer it names in it.
    - *wrong-purpose*: the signer's certificate keeps its profile, and none of its extended key usages is
      one of ``ekus``; ``purposes`` has them.
    - *expired*, *not-yet-valid*: some certificate of the path, the anchor included, is so at ``at``;
      without a path, the signer's own is.
    - *trusted*: an anchor stands behind it, or the signer's certificate is itself, byte for byte, among
      ``allowed_leaves`` or ``anchors``.
    - *unknown*: none of that.

    ``revocation`` is *good* if an answer says so of the signer's certificate and none says that an
    intermediate is revoked.  Intermediates that no answer is about do not make it worse, which
    ``revocation_why`` says: answers are stapled for signers only, and C2PA 2.4 §15.9 recommends no
    more than to ask about the others.  Any authentic *revoked* outweighs every *good*, also one that
    is out of date, but for a hold.

    An answer counts (C2PA 2.4 §15.9.1) if it is not from after ``now`` and had not run out at ``at``;
    without ``nextUpdate`` it lasts 24 hours.  *Good* in an answer made after a certificate expired proves nothing.
    ``now`` is ``at`` unless the time of signing is proven: then ``at`` is that time, and later answers
    count too.  Without proven time §15.9.1 counts no staple; here it counts while it is fresh.

    Where what is proven to have existed at ``at`` is only the claim, and not its signature (``signed_then`` is false),
    the path is judged as of ``at`` and revocation as of ``now``: whoever stole the key later could have signed it.

    A revocation after ``at`` does not count (§15.9.2), except for reasons that cast doubt on earlier
    signatures: ``keyCompromise``, ``cACompromise``, ``aACompromise`` and none given.  §15.9.2 goes by
    the date alone; but a thief's key worked before anybody noticed.

    ``nonce`` goes into the requests; an answer in ``answers`` that carries another one is refused
    (RFC 6960 §4.4.1), one without a nonce is not, since most responders sign ahead (RFC 5019 §4).

    Args:
        credential: chain and staples.
        anchors: CA certificates, each DER or a text of PEM blocks.
        ekus: accepted extended key usages, dotted.
        at: the moment as of which to judge.
        answers: what was fetched or cached.
        allowed_leaves: certificates of signers that are trusted without a CA, as ``anchors``.
        now: the present time, where it is not ``at``.
        nonce: 1 to 32 random bytes (RFC 8954 §2.1), the same for asking and for judging.
        signed_then: the signature existed at ``at``, if that is not ``now``.

    Raises:
        UsageError: a moment has no time zone.
    """
    now = now or at
    if at.tzinfo is None or now.tzinfo is None:
        raise UsageError(f"{at.isoformat()}: has no time zone", hint="write it with Z or an offset")
    if reason := _beyond_limits(credential.chain):
        return Examined("invalid", reason)
    from provlabel.trust.chains import _judging

    try:
        return _judging.judge(credential, anchors, ekus, at, answers, allowed_leaves, now, nonce, signed_then)
    except (MemoryError, RecursionError):
        raise
    except Exception as exc:  # neither parser promises which errors hostile DER ends in
        return Examined("invalid", printable(f"cannot be read: {exc}"))


def examine_stamp(token: bytes, message: bytes, anchors: tuple[bytes | str, ...]) -> ClaimStamp:
    """Judge an RFC 3161 timestamp over ``message``, the ``CounterSignature`` structure of a claim of version 1.

    It holds if it is over ``message`` by SHA-256, 384 or 512, has one signature, which is good and names its
    certificate, that certificate is for timestamps and nothing else (RFC 3161 §2.3), and a path from there to an
    anchor keeps RFC 5280 and is valid, anchor included, at the time that is stated.  Whether that time is past is for
    the caller to ask.

    Args:
        token: DER of the ``TimeStampToken``, or of the whole ``TimeStampResp``.
        message: what it has to be over.
        anchors: CA certificates of time authorities, each DER or a text of PEM blocks.
    """
    if len(token) > MAX_STAMP:
        return ClaimStamp("bad", why=f"it is larger than {MAX_STAMP:,} bytes")
    from provlabel.trust.chains import _stamp

    return _stamp.judge(token, message, anchors)


def turning_points(credential: Credential, anchors: tuple[bytes | str, ...]) -> tuple[datetime, ...]:
    """Return, in order, the moments from which on a certificate of either holds, or no longer does.

    Between two of them :func:`examine` says the same of a path, whenever it is asked.
    """
    from provlabel.trust.chains._certificates import read, read_list

    certs = filter(None, (*map(read, credential.chain[:MAX_CHAIN]), *read_list(anchors)))
    begin_or_end = {
        moment
        for cert in certs
        for moment in (cert.not_valid_before_utc, cert.not_valid_after_utc + timedelta(microseconds=1))
    }
    return tuple(sorted(begin_or_end))


def is_public(trust: TrustStore) -> bool:
    """Are there CAs for signers that others chose, or of several organizations?  Names alone prove little then."""
    lists = [item for item in trust.lists if item.purpose == "manifest" and not item.leaves]
    if any(item.public for item in lists):
        return True
    from provlabel.trust.chains._certificates import names, read_list

    found = (names(cert.subject) for cert in read_list(tuple(item.pem for item in lists)))
    return len({one.organization or one.common for one in found}) > 1


def in_date(certificate: bytes, at: datetime) -> bool:
    """Can this certificate, DER, be read, and is it in date at ``at``?"""
    from provlabel.trust.chains._certificates import out_of_time, read

    read_one = read(certificate)
    return read_one is not None and out_of_time((read_one,), at) is None


def _beyond_limits(chain: tuple[bytes, ...]) -> str:
    if not chain:
        return "no certificate"
    if len(chain) > MAX_CHAIN:
        return f"{len(chain)} certificates, more than {MAX_CHAIN}"
    if any(len(der) > MAX_CERTIFICATE for der in chain):
        return f"a certificate larger than {MAX_CERTIFICATE:,} bytes"
    return ""
