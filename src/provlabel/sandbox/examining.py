"""The credential of a file, examined: chain, stapled answers, the time authority behind a timestamp."""

from __future__ import annotations

import bisect
import datetime as dt
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from provlabel._support import times
from provlabel.engine import Reading
from provlabel.errors import EngineError
from provlabel.evidence import Evidence, Manifest, manifests_from_crjson
from provlabel.manifest.codes import Effect, effect_of
from provlabel.sandbox.protocol import Check, Request
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains import examine, examine_stamp, in_date, turning_points
from provlabel.trust.chains.records import ClaimStamp, Credential, Examined
from provlabel.verdict.time import proven_time

if TYPE_CHECKING:
    from provlabel.manifest import cose


_REMEMBERED = 64  # chains whose judgement is remembered


_EVER = dt.datetime.min.replace(tzinfo=dt.timezone.utc)  # before all turning points


STAPLES = b"rVals"  # of the header that holds stapled answers


OLD_STAMPS = b"sigTst"  # of the header that holds timestamps over the claim alone; also the beginning of the newer one


def signature_of(store: bytes, urn: str) -> tuple[cose.SignaturePlace, cose.Signature] | None:
    """Read the signature of the active manifest ourselves, if there is but one way to read it."""
    from provlabel.manifest import cose

    try:
        place = cose.place(store, urn)
        return place, cose.parse(place.old)
    except ValueError:
        return None


def credential_of(own: tuple[cose.SignaturePlace, cose.Signature], active: Manifest) -> Credential | None:
    """Take certificates and stapled answers out of the active signature.

    The engine has judged that signature by its own reading of it.  So that ours is of the same
    certificate, it has to be the one that the engine names and whose key made the signature.
    """
    from provlabel.manifest import cose
    from provlabel.signers.certificates import signed

    place, signature = own
    message = cose.to_be_signed(signature.protected, place.claim)
    try:
        serial = int(active.signing.serial, 16) if active.signing else -1
    except ValueError:
        return None
    if not signed(signature.chain, serial, cose.algorithm(signature), message, signature.value):
        return None
    return Credential(signature.chain, signature.staples)


def with_credential(found: Evidence, request: Request) -> Evidence:
    """Examine the credential where that was asked for, or where an answer about it is stapled."""
    check, credential = request.check, found.credential
    if check is None or not found.manifests:
        return found
    replace = msgspec.structs.replace
    as_of = check.at.isoformat() if check.as_of else ""
    wanted = check.as_of or check.revocation or to_be_examined(found.manifests[0])
    if credential is None and wanted:
        unread = Examined("invalid", "its signature cannot be read", revocation_why="its signature cannot be read")
        return replace(found, as_of=as_of, examined=unread)
    if credential is None or not (wanted or credential.ocsp):
        return replace(found, as_of=as_of)
    proven = proven_time(found, request.trust, check.at)
    until = ""  # what was true at a proven time does not change
    if proven and not proven.signed:
        unaided = _vouched(credential.chain, request.trust, check.at)
        found, until = replace(found, unaided=unaided.path), unaided.until
    if not (check.as_of or check.revocation or credential.ocsp):  # nobody asked about revocation
        examined = _vouched(credential.chain, request.trust, proven.moment if proven else check.at)
        examined = replace(examined, until=until) if proven else examined
        return replace(found, examined=examined, credential=None)
    return replace(found, examined=examine_as_of(credential, request.trust, check.as_of_proven(proven)), as_of=as_of)


def _vouched(chain: tuple[bytes, ...], trust: TrustStore, at: dt.datetime) -> Examined:
    """Judge a chain alone.  Many files come from one signer, and most moments are like the one before."""
    turns = _turns(chain, trust)
    place = bisect.bisect_right(turns, at)
    judged = _judged_since(chain, trust, turns[place - 1] if place else _EVER)
    return msgspec.structs.replace(judged, until=turns[place].isoformat()) if place < len(turns) else judged


@functools.lru_cache(_REMEMBERED)
def _turns(chain: tuple[bytes, ...], trust: TrustStore) -> tuple[dt.datetime, ...]:
    return turning_points(Credential(chain), tuple(item.pem for item in trust.lists if item.purpose == "manifest"))


@functools.lru_cache(_REMEMBERED)
def _judged_since(chain: tuple[bytes, ...], trust: TrustStore, turn: dt.datetime) -> Examined:
    """Return what is true of a chain from a turning point on to the next."""
    examined = examine_as_of(Credential(chain), trust, Check(at=turn))
    why = "offline, and no stapled or cached answer"
    return Examined(examined.path, examined.why, revocation_why=why, holder=examined.holder, purposes=examined.purposes)


def examine_as_of(credential: Credential, trust: TrustStore, check: Check) -> Examined:
    """Judge a credential as of the proven time, else as of the time of judgement."""
    signers = [item for item in trust.lists if item.purpose == "manifest"]
    return examine(
        credential,
        tuple(item.pem for item in signers if not item.leaves),
        trust.ekus,
        check.moment or check.at,
        check.answers,
        tuple(item.pem for item in signers if item.leaves),
        now=check.at,
        nonce=check.nonce,
        signed_then=check.signed_then,
    )


def with_seal(
    active: Manifest,
    own: tuple[cose.SignaturePlace, cose.Signature],
    read: Callable[[TrustStore], Reading | None],
    trust: TrustStore,
) -> Manifest:
    """See what tokens prove: the engine takes those over the claim alone, of anybody, and of expired authorities."""
    assert active.signing is not None  # noqa: S101 - only called for what is stamped
    signature, replace = own[1], msgspec.structs.replace
    if signature.old_stamps is not None:
        stamp = _claim_stamp(active, own, trust)
        stated = stamp.time or active.signing.stamped
        return replace(active, signing=replace(active.signing, stamped=stated, claim_stamp=stamp))
    sealed = bool(signature.stamps) and _by_authorities_in_date(active, read, trust)
    return replace(active, signing=replace(active.signing, sealed=sealed))


def _claim_stamp(active: Manifest, own: tuple[cose.SignaturePlace, cose.Signature], trust: TrustStore) -> ClaimStamp:
    """Judge the tokens over a claim alone ourselves: of a claim of version 1 the engine takes anybody's."""
    from provlabel.manifest import cose

    place, signature = own
    if active.claim_version != 1:
        return ClaimStamp("bad", why="it is over the claim alone, which only claims of version 1 may have")
    if signature.stamps:
        return ClaimStamp("bad", why="there are timestamps of two kinds")
    if len(signature.old_stamps or ()) != 1:
        return ClaimStamp("bad", why=f"there are {len(signature.old_stamps or ())} timestamps, where one is allowed")
    if credential_of(own, active) is None:
        return ClaimStamp("bad", why="the signature beside it cannot be read")
    anchors = tuple(item.pem for item in trust.lists if item.purpose == "timestamp")
    message = cose.to_be_stamped_before(signature.protected, place.claim)
    [token] = signature.old_stamps or ()
    return examine_stamp(token, message, anchors)


def _by_authorities_in_date(active: Manifest, read: Callable[[TrustStore], Reading | None], trust: TrustStore) -> bool:
    """Do anchors vouch for the token that were in date at its time?  Whoever stole an older one chooses that time.

    The engine checks that of all but the anchor, and does not name it: it is asked again without the others.
    """
    assert active.signing is not None  # noqa: S101 - only called for what is stamped
    try:
        current = _in_date_at(trust, times.read(active.signing.stamped))
        if current == trust or not has_effect(active, "time-proven"):
            return True
        reading = read(current)
        judged = manifests_from_crjson(reading.crjson)[0] if reading is not None else None
    except (EngineError, ValueError):
        return False
    return judged is not None and judged.urn == active.urn and has_effect(judged, "time-proven")


def _in_date_at(trust: TrustStore, moment: dt.datetime) -> TrustStore:
    """Return ``trust`` without the anchors of time authorities that were not in date at ``moment``."""
    if not trust.has("timestamp"):
        return trust
    return trust.only("timestamp", lambda der: in_date(der, moment))


def to_be_examined(active: Manifest) -> bool:
    """Does the verdict hang on our own look at the certificates, whatever else is asked?

    Whom the engine trusts we look at, too: it heeds no constraint of an anchor, and few above the leaf.  Where it
    says that a certificate is for another purpose it has not looked at the rest of it.
    """
    return has_effect(active, "trusted") or has_effect(active, "wrong-purpose")


def has_effect(manifest: Manifest, effect: Effect) -> bool:
    """Did the engine give a manifest a code of this effect?"""
    return any(effect_of(code) == effect for code in manifest.codes)
