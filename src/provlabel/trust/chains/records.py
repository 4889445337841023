"""What goes into judging a chain and what comes out: records, and the limits of what is read."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

#: Limits on what is read: certificates of a chain, bytes of one, answers, bytes of one.
MAX_CHAIN = 10


MAX_CERTIFICATE = 64 << 10


MAX_ANSWERS = 16


MAX_OCSP = 1 << 20


MAX_CRL = 8 << 20


MAX_PURPOSES = 8  # of a certificate that are told


PathState = Literal["trusted", "unknown", "expired", "not-yet-valid", "wrong-purpose", "invalid"]


RevocationState = Literal["good", "revoked", "not-checked"]


#: Bytes of one timestamp over a claim.
MAX_STAMP = 64 << 10


Source = Literal["", "stapled", "cached", "online"]


class Credential(Struct, frozen=True):
    """What a signature brings along: its certificates and, stapled to it, answers about them."""

    chain: tuple[bytes, ...]  #: DER, the signer's first, as in COSE ``x5chain``
    ocsp: tuple[bytes, ...] = ()  #: DER of each ``OCSPResponse`` in COSE ``rVals``


class Answers(Struct, frozen=True):
    """Answers about revocation that did not come with the file, and where from."""

    ocsp: tuple[bytes, ...] = ()  #: DER of each ``OCSPResponse``
    crls: tuple[bytes, ...] = ()  #: DER of each ``CertificateList``
    source: Literal["cached", "online"] = "cached"


NO_ANSWERS = Answers()


class RevocationRequest(Struct, frozen=True):
    """One thing that could be asked about one certificate."""

    kind: Literal["ocsp", "crl"]
    url: str  #: as the certificate has it; whoever fetches it has to distrust it
    certificate: str  #: SHA-256 of its DER, hex
    body: bytes = b""  #: the OCSP request to post, DER


class Names(Struct, frozen=True):
    """What a name in a certificate says; whoever asks a CA for a certificate may get one that says a thing twice."""

    common: tuple[str, ...] = ()
    organization: tuple[str, ...] = ()

    @property
    def repeated(self) -> tuple[str, ...]:
        """What is said more than once, in the letters that X.509 has for it."""
        return tuple(word for word, said in (("CN", self.common), ("O", self.organization)) if len(said) > 1)


class Holder(Struct, frozen=True):
    """Whose key signed: the names as we read them ourselves, and digests of keys, which nobody else can have."""

    subject: Names
    issuer: Names
    spki_sha256: str  #: of the signer's public key, as SubjectPublicKeyInfo in DER
    issuers: tuple[str, ...] = ()  #: SHA-256 of the DER of each certificate that issued it, on a path that is trusted


class Examined(Struct, frozen=True):
    """What a credential is worth at one moment."""

    path: PathState
    why: str = ""  #: what is wrong with the path, or which anchor vouches
    revocation: RevocationState = "not-checked"
    revocation_why: str = ""
    revocation_source: Source = ""
    produced: str = ""  #: when the answer that decided was made; RFC 3339, as the next two
    this_update: str = ""
    next_update: str = ""
    requests: tuple[RevocationRequest, ...] = ()  #: what would settle what is open
    until: str = ""  #: when a certificate begins or ends next, so that the path may be another; RFC 3339
    holder: Holder | None = None  #: none where its certificate cannot be read
    purposes: tuple[str, ...] = ()  #: extended key usages of its certificate, dotted, where none is accepted


class ClaimStamp(Struct, frozen=True):
    """What a timestamp over a claim alone is worth, as claims of version 1 have it, by our own look.

    ``good``: it holds, and an anchor for time authorities stands behind it.  ``unknown``: it holds, and no anchor does.
    ``bad``: it does not count.
    """

    state: Literal["good", "unknown", "bad"]
    time: str = ""  #: when the claim existed, RFC 3339; for a bad one empty
    why: str = ""  #: why it does not count
