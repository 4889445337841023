"""What several backends read: options of a URI, certificates, and files that only their owner may read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provlabel._support.files import open_regular, reason
from provlabel._support.text import printable
from provlabel.errors import ConfigError, InputError, SignerError
from provlabel.signers._base import Secrets

if TYPE_CHECKING:
    from cryptography import x509

#: Bytes; a key or a chain is some kilobytes.
MAX_FILE = 1 << 20
#: Bytes of a file with pass phrases.
_MAX_SECRETS = 1 << 16
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----", re.ASCII)


def options(query: str, scheme: str, known: Sequence[str]) -> dict[str, str]:
    """Split ``a=b&c=d``; values are taken as they stand, without percent or plus signs decoded.

    Raises:
        ConfigError: an option is not among ``known``; its value is not repeated, it might be a secret.
    """
    pairs = (part.partition("=") for part in query.split("&") if part)
    found = {key: value for key, _, value in pairs}
    if unknown := sorted(found.keys() - set(known)):
        raise ConfigError(
            f"unknown option of {scheme}: {printable(', '.join(unknown))}",
            hint="there are " + ", ".join(f"{name}=" for name in known),
        )
    return found


def seconds(given: str | None, default: float) -> float:
    """Return the seconds that an option ``timeout=`` says.

    Raises:
        ConfigError: it is no number above zero.
    """
    if given is None:
        return default
    if given.isascii() and given.isdigit() and int(given) > 0:
        return float(given)
    raise ConfigError(f"timeout={printable(given)}: no number of seconds", hint="such as timeout=60")


def ask(secrets: Secrets | None, question: str) -> str:
    """Ask for a pass phrase, PIN or token.

    Raises:
        SignerError: nobody can be asked.
    """
    if secrets is None:
        raise SignerError(f"{question}: nobody can be asked", hint="pass secrets=, a function that answers it")
    return secrets(question)


def certificates(text: str) -> str:
    """Take the certificates and nothing else: the whole text goes into every file that is signed."""
    return "".join(f"{match[0]}\n" for match in _CERTIFICATE.finditer(text))


def read_chain(path: str) -> str:
    """Read a chain of certificates in PEM form: leaf first, then intermediates.

    Raises:
        InputError: the file cannot be read.
        SignerError: it holds no certificate.
    """
    chain = certificates(read(Path(path)).decode("latin-1"))
    if not chain:
        raise SignerError(f"{printable(path)}: no certificate in PEM form", hint="expected: BEGIN CERTIFICATE")
    return chain


def ordered(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> str:
    """Return ``leaf`` and its issuers among ``others`` as PEM, each followed by its own; without a root."""
    from cryptography.hazmat.primitives.serialization import Encoding

    chain = [leaf]
    above = [item for item in others if item.subject != item.issuer]
    while found := [item for item in above if item.subject == chain[-1].issuer and item not in chain]:
        chain.append(found[0])
    return "".join(item.public_bytes(Encoding.PEM).decode() for item in chain)


def read(path: Path, *, private: bool = False) -> bytes:
    """Read a small file whole; with ``private`` only if nobody but its owner can.

    Raises:
        InputError: it cannot be read.
        ConfigError: it is too large, or others may read it.
    """
    with open_regular(path) as stream:
        if private:
            require_private(path, os.fstat(stream.fileno()))
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{printable(str(path))}: larger than {MAX_FILE:,} bytes; that is no key or chain")
    return raw


def read_secrets(path: Path) -> list[str]:
    """Return the lines of a file with secrets, which may also be a pipe such as ``/dev/fd/3``.

    Raises:
        InputError: it cannot be read.
        ConfigError: others may read it, or it holds no text.
    """
    shown = printable(str(path))
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode):
                require_private(path, status, "secret")
            raw = stream.read(_MAX_SECRETS)
    except (OSError, ValueError) as exc:
        raise InputError(f"{shown}: {reason(exc)}") from exc
    lines = raw.decode(errors="replace").splitlines()
    if not lines or "\ufffd" in lines[0]:
        raise ConfigError(f"{shown}: holds no line of text", hint="the pass phrase is its first line")
    return lines


def require_private(path: Path, status: os.stat_result, what: str = "private key") -> None:
    """Refuse a file with a secret that others can read.

    Raises:
        ConfigError: they can, or it is theirs; the hint is the command that helps.
    """
    shown = printable(str(path))
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{shown}: others can read this {what}", hint=f"chmod 600 {shown}")
    if status.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"{shown}: this {what} belongs to another user", hint="copy it to a file of yours")
