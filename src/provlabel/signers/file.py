"""A private key in a file: PEM, EC (P-256/384/521), RSA-PSS or Ed25519, encrypted or not.

URI: ``file:key.pem?chain=chain.pem``.  Without ``chain`` the certificates are expected in the key
file itself.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provlabel._files import open_regular
from provlabel._text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers._base import Algorithm, Secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MAX_FILE = 1 << 20
_CURVES: dict[str, Algorithm] = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


class FileSigner:
    """A key read from a file, checked against its certificate before the first signature."""

    def __init__(self, key: PrivateKeyTypes, chain_pem: str) -> None:
        self._key = key
        self._chain_pem = chain_pem
        self._algorithm = _algorithm_of(key)

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
        from cryptography.hazmat.primitives import serialization as ser

        return self._key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())

    def sign(self, data: bytes) -> bytes:
        """Sign ``data`` here; the engine does it itself when it is given the key."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

        key, algorithm = self._key, hashes.SHA256()
        if isinstance(key, ec.EllipticCurvePrivateKey):
            digest = {"es384": hashes.SHA384(), "es512": hashes.SHA512()}.get(self._algorithm, algorithm)
            return key.sign(data, ec.ECDSA(digest))
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
        assert isinstance(key, ed25519.Ed25519PrivateKey)  # noqa: S101 - checked by _algorithm_of
        return key.sign(data)


def open_signer(path: str, options: dict[str, str], secrets: Secrets | None) -> FileSigner:
    """Open the key at ``path``; see the module for the options.

    Raises:
        InputError: a file is missing or unreadable.
        ConfigError: others may read the key; an option is unknown.
        SignerError: no key, a wrong or missing pass phrase, or a certificate that cannot sign.
    """
    chain = options.pop("chain", path)
    if options:
        raise ConfigError(f"unknown option of file: {', '.join(sorted(options))}", mend="file:key.pem?chain=chain.pem")
    key = _load_key(Path(path), secrets)
    chain_pem = _read(Path(chain)).decode("latin-1")
    signer = FileSigner(key, chain_pem)
    from provlabel.signers import profile

    profile.require(chain_pem, key, printable(chain))
    return signer


def _load_key(path: Path, secrets: Secrets | None) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    shown = printable(str(path))
    raw = _read(path, private=True)
    try:
        return load_pem_private_key(raw, None)
    except TypeError:
        pass  # encrypted
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise SignerError(f"{shown}: no private key in PEM form", mend="expected: BEGIN PRIVATE KEY") from exc
    if secrets is None:
        raise SignerError(f"{shown}: the key is encrypted, and nobody can be asked", mend="run at a terminal")
    try:
        return load_pem_private_key(raw, secrets(f"pass phrase for {shown}").encode())
    except ValueError:
        # Not chained: the cause could hold parts of what was typed.
        raise SignerError(f"{shown}: wrong pass phrase") from None


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
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise SignerError(
        "the key is of a kind that C2PA does not allow",
        mend="use EC P-256, P-384 or P-521, RSA of at least 2048 bits, or Ed25519",
    )
