"""Trust anchors: whose certificates count, and from which list they came.

Anchors come only from what the caller names.  The engine takes anything for a list, garbage and
private keys included, and then silently trusts nobody; so every list is checked here first.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

import msgspec
from msgspec import Struct

from provlabel._support import times
from provlabel._support.files import open_regular
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import ConfigError
from provlabel.report import Named
from provlabel.trust.purposes import EKUS, require_acceptable

if TYPE_CHECKING:
    from typing_extensions import Unpack

MAX_FILE = 8 << 20  # bytes of one list
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+")
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*(.*?)-----END \1-----", re.DOTALL)


#: What anchors are for: signers of manifests, time authorities, identities (CAWG).
Purpose = Literal["manifest", "timestamp", "identity"]
_KINDS: dict[Purpose, str] = {"manifest": "manifest", "timestamp": "tsa", "identity": "cawg"}

_URI = "urn:provlabel:anchors:"
# How the engine's explanations end; before that stands a name of the certificate, which its holder chose.
_NAMED = re.compile(rf"(?:found in \[{_URI}([0-9a-f+]+)\] trust anchors|trust list: {_URI}([0-9a-f+]+))\Z")
# And how when it was a certificate itself that it found, not one that issued it.
_LEAF_FOUND = "found in [] trust anchors"


class AnchorList(Struct, frozen=True):
    """One list of certificates: what for, where from, and whether for tests."""

    name: str
    pem: str
    sha256: str
    test: bool = False
    purpose: Purpose = "manifest"
    leaves: bool = False  #: signers' own certificates, each trusted by itself; otherwise CAs
    date: str = ""  #: when it was fetched, or else last changed, RFC 3339
    public: bool = False  #: of CAs that others chose, which issue to whoever asks


class ListKeywords(TypedDict, total=False):
    """What the certificates of a list are.

    ``test``: throw-away roots; a report that relies on them says so.  ``purpose``: what they count for, and for
    nothing else; signers of manifests without.  ``leaves``: signers' own certificates, not those of CAs.  ``public``:
    others chose these CAs, so that a name alone is no proof of who signed.
    """

    test: bool
    purpose: Purpose
    leaves: bool
    public: bool


class TrustStore(Struct, frozen=True):
    """All anchor lists of one verification; empty means that nobody is trusted.

    Raises:
        ConfigError: an issuer is no DID.
    """

    lists: tuple[AnchorList, ...] = ()
    ekus: tuple[str, ...] = EKUS  #: one of these extended key usages a signer has to have
    issuers: tuple[str, ...] = ()  #: DIDs of those whose claims about identities (CAWG) count

    def __post_init__(self) -> None:
        for issuer in self.issuers:
            if not _DID.fullmatch(issuer):
                raise ConfigError(f"{printable(issuer)}: no issuer", hint="a DID, such as did:web:example.com")

    @classmethod
    def load(
        cls,
        *paths: Path | str,
        name: str | None = None,
        **how: Unpack[ListKeywords],
    ) -> TrustStore:
        """Read PEM files of certificates.

        Args:
            paths: the files.
            name: what reports and errors call them in place of their paths, as of a scratch file.
            how: what they are, :class:`ListKeywords`.

        Raises:
            InputError: a file cannot be read.
            ConfigError: a file holds no certificate, something else than certificates, or garbage;
                or leaves for another purpose than ``manifest``.
        """
        store = cls()
        for path in paths:
            content, changed = _read(path_of(path), name)
            called = name or str(path)
            store += cls.of_pem(content, name=called, changed=changed, **how)
        return store

    @classmethod
    def of_pem(
        cls,
        content: bytes,
        *,
        name: str = "bytes",
        changed: dt.datetime | None = None,
        **how: Unpack[ListKeywords],
    ) -> TrustStore:
        """Take certificates in PEM form from memory.

        Args:
            content: what a file would hold.
            name: what reports and errors call it.
            changed: when the list was last changed, with a zone, if that is known.
            how: as for :meth:`load`.

        Raises:
            ConfigError: as :meth:`load`.
        """
        purpose = how.get("purpose", "manifest")
        if how.get("leaves") and purpose != "manifest":
            raise ConfigError(f"leaves cannot be trusted one by one for {purpose}", hint="give the CA's certificate")
        shown = printable(name)
        if len(content) > MAX_FILE:
            raise ConfigError(f"{shown}: larger than {MAX_FILE:,} bytes")
        pem = "".join(_certificates(content.decode("latin-1"), shown))
        date = times.rfc3339(changed) if changed else ""
        digest = hashlib.sha256(content).hexdigest()
        return cls((AnchorList(shown, pem, digest, date=date, **how),))

    def accepting(self, *ekus: str) -> TrustStore:
        """Return a store that also accepts signers' certificates for these purposes.

        Args:
            ekus: extended key usages, as dotted object identifiers.

        Raises:
            ConfigError: one is no object identifier, or for nobody who signs claims.
        """
        for oid in ekus:
            require_acceptable(oid, "extended key usage")
        return TrustStore(self.lists, tuple(dict.fromkeys((*self.ekus, *ekus))), self.issuers)

    def __add__(self, other: TrustStore) -> TrustStore:
        """Return a store with the lists and issuers of both, which accepts what either does."""
        both = ((*self.ekus, *other.ekus), (*self.issuers, *other.issuers))
        return TrustStore(self.lists + other.lists, *(tuple(dict.fromkeys(values)) for values in both))

    def has(self, purpose: Purpose) -> bool:
        """Is there any list for ``purpose``?"""
        return any(item.purpose == purpose for item in self.lists)

    def vouching(self, text: str, purpose: Purpose) -> tuple[AnchorList, ...]:
        """Return the lists for ``purpose`` that an explanation of the engine's names."""
        match = _NAMED.search(text)
        named = (match[1] or match[2]).split("+") if match else ()
        leaf = text.endswith(_LEAF_FOUND)
        return tuple(
            item for item in self.lists if item.purpose == purpose and (leaf if item.leaves else item.sha256 in named)
        )

    def only(self, purpose: Purpose, wanted: Callable[[bytes], bool]) -> TrustStore:
        """Return a store whose anchors for ``purpose`` are those of which ``wanted`` says so, by their DER."""

        def kept(item: AnchorList) -> AnchorList:
            ders = der_certificates(item.pem) if item.purpose == purpose else ()
            if all(map(wanted, ders)):
                return item
            return msgspec.structs.replace(item, pem="".join(pem(der) for der in ders if wanted(der)))

        return msgspec.structs.replace(self, lists=tuple(map(kept, self.lists)))

    def settings(self) -> list[dict[str, str]]:
        """Return the anchors as the engine wants them.

        It does not heed the purpose of a list and names only one that holds what it found, so a
        certificate that is in several lists is handed over under the names of all of them.
        """
        holders: dict[bytes, list[AnchorList]] = {}
        for item in self.lists:
            for der in der_certificates(item.pem) if not item.leaves else ():
                if item not in holders.setdefault(der, []):
                    holders[der].append(item)
        groups: dict[tuple[AnchorList, ...], list[bytes]] = {}
        for der, lists in holders.items():
            groups.setdefault(tuple(lists), []).append(der)
        return [
            *(_entry(ders, lists, purpose) for lists, ders in groups.items() for purpose in _purposes(lists)),
            *({**_entry([], (item,), item.purpose), "allowed_list": item.pem} for item in self.lists if item.leaves),
        ]

    def named(self, at: dt.datetime) -> tuple[Named, ...]:
        """Return what the report says of each list and issuer; ``at`` is when the age of a list is counted."""
        return (
            *(
                Named(item.name, item.sha256, item.test, item.purpose, item.date or None, _age(item.date, at))
                for item in self.lists
            ),
            *(
                Named(issuer, hashlib.sha256(issuer.encode()).hexdigest(), purpose="identity")
                for issuer in self.issuers
            ),
        )


def _purposes(lists: tuple[AnchorList, ...]) -> tuple[Purpose, ...]:
    return tuple(dict.fromkeys(item.purpose for item in lists))


def _entry(ders: list[bytes], lists: tuple[AnchorList, ...], purpose: Purpose) -> dict[str, str]:
    uri = _URI + "+".join(dict.fromkeys(item.sha256 for item in lists))
    return {"trust_anchors": "".join(map(pem, ders)), "trust_kind": _KINDS[purpose], "trust_uri": uri}


def _age(date: str, at: dt.datetime) -> int | None:
    return (at - times.read(date)).days if date else None


def pem(der: bytes, kind: str = "CERTIFICATE") -> str:
    """Return DER in PEM form (RFC 7468), a certificate unless ``kind`` says something else."""
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(der).decode()}-----END {kind}-----\n"


def der_certificates(pem: str) -> tuple[bytes, ...]:
    """Return the certificates in ``pem`` as DER, in their order; other blocks are passed over.

    Raises:
        ConfigError: a block is no base64.
    """
    try:
        return tuple(
            base64.b64decode("".join(match[2].split()), validate=True)
            for match in _BLOCK.finditer(pem)
            if match[1] == "CERTIFICATE"
        )
    except ValueError as exc:  # of no base64, and of characters outside ASCII
        raise ConfigError("a certificate is damaged: it is no base64", hint="get the chain file again") from exc


def _read(path: Path, name: str | None) -> tuple[bytes, dt.datetime]:
    with open_regular(path, name) as stream:
        changed = dt.datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, dt.timezone.utc)
        return stream.read(MAX_FILE + 1), changed


def _certificates(text: str, shown: str) -> list[str]:
    found: list[str] = []
    for match in _BLOCK.finditer(text):
        if match[1] != "CERTIFICATE":
            raise ConfigError(
                f"{shown}: holds a {match[1].lower()}; an anchor list holds certificates only",
                hint="give the certificates of a CA, such as root.pem; a key stays with whoever signs",
            )
        if not _is_der_sequence(match[2]):
            raise ConfigError(f"{shown}: certificate {len(found) + 1} is damaged")
        found.append(match[0] + "\n")
    if not found:
        raise ConfigError(f"{shown}: holds no PEM certificate", hint="convert with: openssl x509 -inform der")
    return found


def _is_der_sequence(body: str) -> bool:
    """A whole DER SEQUENCE and nothing after it; the engine parses the rest."""
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except ValueError:
        return False
    if len(der) < 4 or der[0] != 0x30 or not der[1] & 0x80:
        return False
    width = der[1] & 0x7F
    return len(der) == 2 + width + int.from_bytes(der[2 : 2 + width], "big")
