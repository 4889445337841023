"""Signers behind one URI: a new backend is one file, with ``open_signer`` in it, and its name in :data:`SIGNERS`."""

from __future__ import annotations

import datetime as dt
import importlib
import re

from provlabel._support.text import printable
from provlabel.errors import ConfigError
from provlabel.signers._base import Algorithm, LocalKey, Secrets, Signer

#: Scheme of a URI and name of a module; one is imported when it is asked for, since start-up is paid for each file.
SIGNERS = ("file", "pkcs11", "awskms", "cmd", "https", "test")


def open_signer(uri: str, secrets: Secrets | None = None, *, check: bool = True) -> Signer:
    """Open the signer that ``uri`` names, once; use it for as many files as you like.

    Args:
        uri: ``file:key.pem?chain=chain.pem``, ``pkcs11:…``, ``awskms:…``, ``cmd:…``, ``https:…`` (each module
            says how), or ``test:FOLDER`` (a throw-away credential).
        secrets: called with a question when a pass phrase or PIN is needed; the library itself
            never prompts.
        check: look for faults of key and certificate now.  Without it they are found by the first
            signature, with the same words; nothing wrong is ever published either way.

    Raises:
        ConfigError: the URI names no backend, or its options are wrong.
        InputError: a file is missing or cannot be read.
        SignerError: the key or the certificate cannot sign; the message says why.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in SIGNERS:
        raise _unknown(uri)
    signer: Signer = importlib.import_module(f"provlabel.signers.{scheme}").open_signer(rest, secrets)
    if check:
        require_fit(signer, trial=True)
    return signer


_fit: set[tuple[str, str, dt.date]] = set()


def require_fit(signer: Signer, *, trial: bool = False) -> None:
    """Hold key and certificate against the profile of C2PA, once a day for each certificate.

    ``trial`` lets a key that lies elsewhere make one signature, over no claim, which shows that it
    belongs to the certificate and that this user may sign.

    Raises:
        SignerError: a rule is broken; says which, and the hint.
    """
    if _mark(signer) in _fit and not trial:
        return
    from provlabel.signers import check

    check.require_signer(signer, name_of(signer), trial=trial)
    assume_fit(signer)


def assume_fit(signer: Signer) -> None:
    """Take a signer for fit that was found so a short time ago, perhaps by another process."""
    _fit.add(_mark(signer))


def _mark(signer: Signer) -> tuple[str, str, dt.date]:
    return signer.algorithm, signer.chain_pem, dt.datetime.now(dt.timezone.utc).date()


def name_of(signer: Signer) -> str:
    """Return what to call a signer in an error: the file of its certificates, or its class."""
    return getattr(signer, "shown", "") or f"<{type(signer).__name__} {printable(str(signer.algorithm))}>"


_HINT = "a signer begins with {}; a key in a file is 'file:key.pem?chain=chain.pem'"


def _unknown(uri: str) -> ConfigError:
    if uri.startswith("http:"):
        return ConfigError("http: names no signer", hint="a service is asked over https: alone")
    known = ", ".join("test" if name == "test" else f"{name}:" for name in SIGNERS)
    # No more of it: it might be a password, or the key itself, out of a variable of CI.
    scheme = re.match(r"[a-z][a-z0-9+.-]{0,15}:", uri, re.IGNORECASE | re.ASCII)
    shown = scheme[0] if scheme else "what was given"
    return ConfigError(f"{shown} names no signer", hint=_HINT.format(known))


__all__ = [
    "SIGNERS", "Algorithm", "LocalKey", "Secrets", "Signer", "assume_fit", "name_of", "open_signer", "require_fit",
]  # fmt: skip
