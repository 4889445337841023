"""A private key in a file: PEM, EC (P-256/384/521), RSA-PSS or Ed25519, encrypted or not.

URI: ``file:key.pem?chain=chain.pem``.  Without ``chain`` the certificates are expected in the key
file itself.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from pathlib import Path
from typing import Any

from provlabel._files import open_regular
from provlabel._text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers._base import Algorithm, Secrets

MAX_FILE = 1 << 20
_CURVES: dict[str, Algorithm] = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_PKCS8 = re.compile(rb"-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", re.DOTALL)
# Object identifiers at the head of a PKCS#8 key (RFC 5208 §5), DER: they name the algorithm without
# loading the cryptography package, which takes as long as all the rest of labelling a picture.
_HEADS: tuple[tuple[bytes, Algorithm], ...] = (
    (bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107"), "es256"),
    (bytes.fromhex("06072a8648ce3d020106052b81040022"), "es384"),
    (bytes.fromhex("06072a8648ce3d020106052b81040023"), "es512"),
    (bytes.fromhex("06092a864886f70d010101"), "ps256"),
    (bytes.fromhex("06032b6570"), "ed25519"),
)
_HEAD_LENGTH = 40


class FileSigner:
    """A key read from a file."""

    def __init__(self, key_pem: bytes, chain_pem: str, algorithm: Algorithm, shown: str) -> None:
        self._key_pem = key_pem
        self._chain_pem = chain_pem
        self._algorithm = algorithm
        self._shown = shown

    def __repr__(self) -> str:
        return f"<FileSigner {self._algorithm}>"

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that fits the key; RSA keys sign as PS256."""
        return self._algorithm

    @property
    def chain_pem(self) -> str:
        """Leaf first, then intermediates, PEM."""
        return self._chain_pem

    def private_key_pem(self) -> bytes:
        """Return the key as unencrypted PKCS#8."""
        return self._key_pem

    def check(self) -> None:
        """Check key and certificate against the profile of C2PA.

        Raises:
            SignerError: a rule is broken; says which, and the mend.
        """
        from provlabel.signers import profile

        profile.require(self._chain_pem, _load(self._key_pem, None), self._shown)

    def sign(self, data: bytes) -> bytes:
        """Sign ``data`` here; the engine does it itself when it is given the key."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        key: Any = _load(self._key_pem, None)
        if self._algorithm == "ed25519":
            return bytes(key.sign(data))
        digest = {"es384": hashes.SHA384, "es512": hashes.SHA512}.get(self._algorithm, hashes.SHA256)()
        if self._algorithm == "ps256":
            return bytes(key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest))
        from cryptography.hazmat.primitives.asymmetric import ec

        return bytes(key.sign(data, ec.ECDSA(digest)))


def open_signer(path: str, options: dict[str, str], secrets: Secrets | None) -> FileSigner:
    """Open the key at ``path``; see the module for the options.

    Raises:
        InputError: a file is missing or unreadable.
        ConfigError: others may read the key; an option is unknown.
        SignerError: no usable key, or a wrong or missing pass phrase.
    """
    chain = options.pop("chain", path)
    if options:
        raise ConfigError(
            f"unknown option of file: {printable(', '.join(sorted(options)))}", mend="file:key.pem?chain=chain.pem"
        )
    key_pem, algorithm = _read_key(Path(path), secrets)
    return FileSigner(key_pem, _certificates(_read(Path(chain))), algorithm, printable(chain))


def _certificates(raw: bytes) -> str:
    """Take the certificates and nothing else: the whole text goes into every file that is signed."""
    return "".join(f"{match[0]}\n" for match in _CERTIFICATE.finditer(raw.decode("latin-1")))


def _read_key(path: Path, secrets: Secrets | None) -> tuple[bytes, Algorithm]:
    """Return the key as unencrypted PKCS#8 PEM, the one form that the engine takes."""
    raw = _read(path, private=True)
    plain = _PKCS8.search(raw)
    algorithm = _algorithm_in(plain[1]) if plain else None
    if plain and algorithm:
        return plain[0] + b"\n", algorithm
    try:
        key = _load(raw, secrets, printable(str(path)))
    except SignerError as exc:
        raise SignerError(f"{printable(str(path))}: {exc}", mend=exc.mend) from exc.__cause__
    from cryptography.hazmat.primitives import serialization as ser

    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()), _algorithm_of(key)


def _algorithm_in(body: bytes) -> Algorithm | None:
    try:
        head = base64.b64decode(b"".join(body.split()), validate=True)[:_HEAD_LENGTH]
    except binascii.Error:
        return None
    return next((algorithm for oids, algorithm in _HEADS if oids in head), None)


def _load(raw: bytes, secrets: Secrets | None, shown: str = "the key") -> Any:
    """Load a PEM key of any kind that the cryptography package knows."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(raw, None)
    except TypeError:
        pass  # encrypted
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise SignerError("no private key in PEM form", mend="expected: BEGIN PRIVATE KEY") from exc
    if secrets is None:
        raise SignerError("the key is encrypted, and nobody can be asked for its pass phrase", mend="pass secrets=")
    try:
        return load_pem_private_key(raw, secrets(f"pass phrase for {shown}").encode())
    except (ValueError, TypeError):  # TypeError: an empty pass phrase
        # Not chained: the cause could hold parts of what was typed.
        raise SignerError("wrong pass phrase") from None


def _read(path: Path, *, private: bool = False) -> bytes:
    with open_regular(path) as stream:
        if private:
            _require_private(path, os.fstat(stream.fileno()))
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{printable(str(path))}: larger than {MAX_FILE:,} bytes; that is no key or chain")
    return raw


def _require_private(path: Path, seen: os.stat_result) -> None:
    shown = printable(str(path))
    if seen.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{shown}: others can read this private key", mend=f"chmod 600 {shown}")
    if seen.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"{shown}: this private key belongs to another user", mend="copy it to a file of yours")


def _algorithm_of(key: Any) -> Algorithm:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise SignerError(
        "the key is of a kind that C2PA does not allow",
        mend="use EC P-256, P-384 or P-521, RSA of at least 2048 bits, or Ed25519",
    )
