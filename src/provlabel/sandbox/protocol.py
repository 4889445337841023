"""What is asked of a worker and what it answers: requests, their limits, answers, and the frames around both."""

from __future__ import annotations

import datetime as dt
import struct

import msgspec

from provlabel.evidence import Evidence, Opinion
from provlabel.media.previews import Preview, PreviewPurpose
from provlabel.sandbox.limits import Limits
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains.records import Answers, Credential, Examined
from provlabel.trust.issuers import Held, Sealed
from provlabel.verdict.time import ProvenTime


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How the credential of a file is examined beyond what the engine does."""

    at: dt.datetime  #: when the file is judged
    as_of: bool = False  #: that is not the present, so the engine's word on validity does not count
    revocation: bool = False  #: say what could be asked about a revocation even if nothing is stapled
    answers: Answers = Answers()
    nonce: bytes = b""
    moment: dt.datetime | None = None  #: the proven time, as of which the chain is judged
    signed_then: bool = True  #: the signature existed at ``moment``, and not the claim alone

    def as_of_proven(self, proven: ProvenTime | None) -> Check:
        """Return this check for a chain that is judged as of ``proven``, if anything is."""
        moment, signed = proven or (None, True)
        return msgspec.structs.replace(self, moment=moment, signed_then=signed)


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """What the second verifier is to judge: the very bytes that were judged before."""

    mime: str
    at: dt.datetime
    sha256: str  #: of the file
    store_sha256: str = ""  #: of the manifest beside it, where that is the one that was judged


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One file to read: by path, or as bytes that follow the request in a frame of their own."""

    path: bytes | None = None  #: as the file system has it, which need not be UTF-8
    sidecar: bytes | None = None  #: where a detached manifest may lie
    trust: TrustStore = TrustStore()
    limits: Limits = Limits()
    check: Check | None = None
    credential: Credential | None = None  #: examine this, and read no file
    sealed: Sealed | None = None  #: hold this against ``document``, and read no file
    document: bytes = b""  #: as somebody on the network has it
    prove: bool = False  #: only say whether the engine heeds our settings
    draw: str | None = None  #: only draw the file at ``path``, if this is its SHA-256
    purpose: PreviewPurpose = "report"  #: what it is drawn for
    second: Second | None = None  #: only ask the second verifier about the file
    digest: bool = True  #: without, the SHA-256 of a large file is left to somebody who reads it anyway
    crjson: bool = False  #: tell the active manifest as it stands, too
    hole: tuple[int, int] | None = None  #: where a manifest was put a moment ago: start and length in bytes

    @property
    def is_bare(self) -> bool:
        """Do the bytes of the file follow?"""
        return self.path is None and self.credential is None and self.sealed is None and not self.prove


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence, or why the file could not be opened at all."""

    evidence: Evidence | None = None
    examined: Examined | None = None
    held: Held | None = None
    preview: Preview | None = None
    opinion: Opinion | None = None
    refused: str = ""
    unfit: str = ""  #: why the engine cannot be relied on; believed in answer to ``prove`` alone
    hint: str = ""  #: of that


_LENGTH = struct.Struct(">Q")


HEADER = _LENGTH.size


def frame(content: bytes) -> bytes:
    """Put the length in front of ``content``."""
    return _LENGTH.pack(len(content)) + content


def frame_length(header: bytes) -> int:
    """Return the length that a header announces."""
    return int(_LENGTH.unpack(header)[0])
