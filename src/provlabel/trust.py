"""Trust anchors: whose certificates count, and from which list they came.

Anchors come only from what the caller names.  The engine takes anything for a list, garbage and
private keys included, and then silently trusts nobody; so every list is checked here first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path

from msgspec import Struct

from provlabel._files import open_regular
from provlabel._text import printable
from provlabel.errors import ConfigError
from provlabel.report import Named

#: Extended key usages a signer's certificate may have (C2PA 2.4 §14.5.1): e-mail protection,
#: document signing, C2PA claim signing.  Without this list the engine refuses the last two.
EKUS = ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1")

MAX_FILE = 8 << 20
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*(.*?)-----END \1-----", re.DOTALL)


class AnchorList(Struct, frozen=True):
    """One list of anchors: PEM certificates, where they came from, and whether they are for tests."""

    name: str
    pem: str
    sha256: str
    test: bool = False

    @property
    def uri(self) -> str:
        """The name under which the engine reports that this list vouched."""
        return f"urn:provlabel:anchors:{self.sha256}"


class TrustStore(Struct, frozen=True):
    """All anchor lists of one verification; empty means that nobody is trusted."""

    lists: tuple[AnchorList, ...] = ()

    @classmethod
    def load(cls, *paths: Path | str, test: bool = False) -> TrustStore:
        """Read PEM files of CA certificates.

        Raises:
            InputError: a file cannot be read.
            ConfigError: a file holds no certificate, something else than certificates, or garbage.
        """
        return cls(tuple(_load(Path(path), test) for path in paths))

    def __add__(self, other: TrustStore) -> TrustStore:
        """Return a store with the lists of both."""
        return TrustStore(self.lists + other.lists)

    @property
    def uris(self) -> tuple[str, ...]:
        """The URIs of all lists."""
        return tuple(item.uri for item in self.lists)

    def named(self) -> tuple[Named, ...]:
        """Return name and digest of each list for the report."""
        return tuple(Named(item.name, item.sha256, item.test) for item in self.lists)


def _load(path: Path, test: bool) -> AnchorList:
    shown = printable(str(path))
    with open_regular(path) as stream:
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{shown}: larger than {MAX_FILE:,} bytes")
    pem = "".join(_certificates(raw.decode("latin-1"), shown))
    return AnchorList(shown, pem, hashlib.sha256(raw).hexdigest(), test)


def _certificates(text: str, shown: str) -> list[str]:
    found: list[str] = []
    for match in _BLOCK.finditer(text):
        if match[1] != "CERTIFICATE":
            raise ConfigError(
                f"{shown}: holds a {match[1].lower()}; an anchor list holds certificates only",
                mend="remove it, and if it is a private key, consider it lost",
            )
        if not _is_der_sequence(match[2]):
            raise ConfigError(f"{shown}: certificate {len(found) + 1} is damaged")
        found.append(match[0] + "\n")
    if not found:
        raise ConfigError(f"{shown}: holds no PEM certificate", mend="convert with: openssl x509 -inform der")
    return found


def _is_der_sequence(body: str) -> bool:
    """A whole DER SEQUENCE and nothing after it; the engine parses the rest."""
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return False
    if len(der) < 4 or der[0] != 0x30 or not der[1] & 0x80:
        return False
    width = der[1] & 0x7F
    return len(der) == 2 + width + int.from_bytes(der[2 : 2 + width], "big")
