"""A private key in a file: PEM or PKCS#12, EC (P-256/384/521), RSA-PSS or Ed25519, encrypted or not.

URI: ``file:key.pem?chain=chain.pem`` or ``file:credential.p12``.  Without ``chain`` the certificates
are expected in the key file itself.  ``alg=ps384`` or ``alg=ps512`` lets an RSA key sign with a
longer hash than PS256; other keys have one algorithm.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from provlabel._support.text import printable
from provlabel.errors import SignerError
from provlabel.signers import _algorithms as algorithms, material
from provlabel.signers._base import Algorithm, Described, Secrets

_PKCS8 = re.compile(rb"-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", re.DOTALL)
# A SEQUENCE that begins with version 3, in BER (RFC 7292 §4); keys begin with version 0 or 1.
_PKCS12 = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL)
# Object identifiers at the head of a PKCS#8 key (RFC 5208 §5), DER: they name the algorithm without
# loading the cryptography package, which takes as long as all the rest of labeling a picture.
_HEADS: tuple[tuple[bytes, tuple[Algorithm, ...]], ...] = (
    (bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107"), ("es256",)),
    (bytes.fromhex("06072a8648ce3d020106052b81040022"), ("es384",)),
    (bytes.fromhex("06072a8648ce3d020106052b81040023"), ("es512",)),
    (bytes.fromhex("06092a864886f70d010101"), algorithms.RSA),
    (bytes.fromhex("06032b6570"), ("ed25519",)),
)
_HEAD_LENGTH = 40  # bytes that surely hold the object identifiers


class _Found(NamedTuple):
    """What a key file holds: the key as unencrypted PKCS#8 PEM, its algorithms, certificates."""

    key_pem: bytes
    fitting: tuple[Algorithm, ...]
    chain_pem: str


class FileSigner(Described):
    """A key read from a file, handed to the engine whole."""

    def __init__(self, key_pem: bytes, chain_pem: str, algorithm: Algorithm, shown: str) -> None:
        super().__init__(algorithm, chain_pem, shown)
        self._key_pem = key_pem

    def private_key_pem(self) -> bytes:
        """Return the key as unencrypted PKCS#8."""
        return self._key_pem

    def sign(self, data: bytes) -> bytes:
        """Sign ``data`` here; the engine does it itself when it is given the key."""
        return bytes(_load_pem(self._key_pem, None).sign(data, *algorithms.in_process(self.algorithm)))


def open_signer(rest: str, secrets: Secrets | None) -> FileSigner:
    """Open the key that ``rest`` names; see the module for the options.

    Raises:
        InputError: a file is missing or unreadable.
        ConfigError: others may read the key; an option is unknown, or wrong for this key.
        SignerError: no usable key, or a wrong or missing pass phrase.
    """
    path, _, query = rest.partition("?")
    options = material.options(query, "file", ("chain", "alg"))
    return open_key(path, options.get("chain"), secrets, options.get("alg"))


def open_key(path: str, chain: str | None, secrets: Secrets | None, asked: str | None = None) -> FileSigner:
    """Open the key at ``path`` with the certificates at ``chain``, or those beside the key.

    Raises:
        InputError, ConfigError, SignerError: as ``open_signer``.
    """
    found = _read_key(Path(path), secrets)
    chain_pem = (
        found.chain_pem if chain is None else material.certificates(material.read(Path(chain)).decode("latin-1"))
    )
    algorithm = algorithms.choose(found.fitting, asked)
    return FileSigner(found.key_pem, chain_pem, algorithm, printable(chain or path))


def _read_key(path: Path, secrets: Secrets | None) -> _Found:
    raw = material.read(path, private=True)
    plain = _PKCS8.search(raw)
    fitting = _fitting_in(plain[1]) if plain else None
    if plain and fitting:
        return _Found(plain[0] + b"\n", fitting, material.certificates(raw.decode("latin-1")))
    shown = printable(str(path))
    try:
        key, chain = _load_pkcs12(raw, secrets, shown) if _PKCS12.match(raw) else (_load_pem(raw, secrets, shown), None)
        return _Found(
            _pkcs8(key), algorithms.fitting(key.public_key()), chain or material.certificates(raw.decode("latin-1"))
        )
    except SignerError as exc:
        raise SignerError(f"{shown}: {exc}", hint=exc.hint) from exc.__cause__


def _fitting_in(body: bytes) -> tuple[Algorithm, ...] | None:
    try:
        head = base64.b64decode(b"".join(body.split()), validate=True)[:_HEAD_LENGTH]
    except binascii.Error:
        return None
    return next((fitting for oids, fitting in _HEADS if oids in head), None)


def _pkcs8(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization as ser

    return bytes(key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))


def _load_pem(raw: bytes, secrets: Secrets | None, shown: str = "the key") -> Any:
    """Load a PEM key of any kind that the cryptography package knows."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(raw, None)
    except TypeError:
        return _unlocked(lambda phrase: load_pem_private_key(raw, phrase), secrets, shown)
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise SignerError("no private key in PEM form", hint="expected: BEGIN PRIVATE KEY, or PKCS#12") from exc


def _load_pkcs12(raw: bytes, secrets: Secrets | None, shown: str) -> tuple[Any, str]:
    """Return the key and its chain; a file without a pass phrase, or with an empty one, is not asked for."""
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates as load

    for phrase in (None, b""):
        try:
            key, leaf, others = load(raw, phrase)
            break
        except ValueError:
            continue
    else:
        key, leaf, others = _unlocked(lambda phrase: load(raw, phrase), secrets, shown)
    if key is None:
        raise SignerError("holds no private key", hint="export it with the key: openssl pkcs12 -export -inkey …")
    return key, material.ordered(leaf, others) if leaf else ""


def _unlocked(load: Callable[[bytes], Any], secrets: Secrets | None, shown: str) -> Any:
    phrase = material.ask(secrets, f"pass phrase for {shown}")
    try:
        return load(phrase.encode())
    except (ValueError, TypeError):  # TypeError: an empty pass phrase
        # Not chained: the cause could hold parts of what was typed.
        raise SignerError(
            "wrong pass phrase, or a damaged file",
            hint="try the phrase with: openssl pkey -noout -in FILE; of --pass-file only the first line counts",
        ) from None
