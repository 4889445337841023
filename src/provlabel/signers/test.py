"""Throw-away credentials for first steps and tests: a root and a leaf, made once, never implicit.

URI: ``test:FOLDER``.  Nobody trusts the root without being asked to, and a report that does says so.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provlabel._support.files import SCRATCH_PREFIX, atomic_output, reason
from provlabel._support.text import printable
from provlabel.errors import ConfigError, OutputError
from provlabel.signers import file
from provlabel.signers._base import Secrets
from provlabel.trust.purposes import CLAIM_SIGNING

if TYPE_CHECKING:
    from cryptography import x509

    from provlabel.signers.request import KeyKind

KEY, CHAIN, ROOT = "key.pem", "chain.pem", "root.pem"
_LIFE = dt.timedelta(days=3650)


def open_signer(rest: str, secrets: Secrets | None) -> file.FileSigner:
    """Open the test credential in the folder ``rest``, making it first if it is not there.

    Raises:
        ConfigError: no folder named, or an option given.
        OutputError: the folder cannot be written.
    """
    if not rest or "?" in rest:
        raise ConfigError("a test signer takes a folder and nothing else", hint="test:FOLDER")
    folder = Path(rest)
    if not (folder / KEY).exists():
        try:
            make(folder)
        except OutputError:
            if not (folder / KEY).exists():  # else another process was first; its credential serves too
                raise
    return file.open_key(str(folder / KEY), str(folder / CHAIN), secrets)


def make(folder: Path, kind: KeyKind = "es256") -> None:
    """Write ``root.pem``, ``chain.pem`` and, mode 0600, ``key.pem`` into ``folder``.

    The root's own key is never written: nobody can make a second leaf under it.  ``kind`` is that of
    the signer's key.

    Raises:
        OutputError: there is a credential already, or the folder cannot be written.
    """
    from cryptography.hazmat.primitives import serialization as ser

    from provlabel.signers.request import generate, pkcs8

    root_key, leaf_key = generate(), generate(kind)
    root = _certificate("provlabel test root", root_key.public_key(), root_key, None)
    leaf = _certificate("provlabel test signer", leaf_key.public_key(), root_key, root)
    files = (
        (ROOT, root.public_bytes(ser.Encoding.PEM), 0o644),
        (CHAIN, leaf.public_bytes(ser.Encoding.PEM), 0o644),
        (KEY, pkcs8(leaf_key), 0o600),
    )
    _publish(folder, files)


def _publish(folder: Path, files: tuple[tuple[str, bytes, int], ...]) -> None:
    """Write into a folder beside and rename it: there is a whole credential or none, and one winner."""
    import tempfile

    shown = printable(str(folder))
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{shown}: exists already and is not empty", hint="choose another folder")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{SCRATCH_PREFIX}key-", dir=folder.parent) as name:
            made = Path(name, "credential")
            made.mkdir(mode=0o700)
            for file_name, content, mode in files:
                with atomic_output(made / file_name, replace=False, mode=mode) as scratch:
                    scratch.stream.write(content)
            made.rename(folder)
    except OSError as exc:
        why = f"{shown}: cannot write there: {reason(exc)}"
        raise OutputError(why, hint="--signer test:FOLDER, a folder elsewhere") from exc


def _certificate(name: str, public_key: Any, issuer_key: Any, issuer: x509.Certificate | None) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    from provlabel.signers import certificates as certs

    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST ONLY, proves nothing"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    now = dt.datetime.now(dt.timezone.utc)
    ca = issuer is None
    usage = certs.key_usage("keyCertSign", "cRLSign") if ca else certs.key_usage("digitalSignature")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    if not ca:
        claim_signing = x509.ObjectIdentifier(CLAIM_SIGNING)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([claim_signing]), critical=False)
        builder = builder.add_extension(authority, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
