"""Signers behind one URI: a new backend is one file, with ``open_signer`` in it, and its name in :data:`SIGNERS`."""

from __future__ import annotations

import importlib

from provlabel._text import printable
from provlabel.errors import ConfigError
from provlabel.signers._base import Algorithm, Checked, LocalKey, Secrets, Signer

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
    if check and isinstance(signer, Checked):
        signer.check()
    return signer


def _unknown(uri: str) -> ConfigError:
    if uri.startswith("http:"):
        return ConfigError("http: names no signer", mend="a service is asked over https: alone")
    known = ", ".join(f"{name}:" for name in SIGNERS)
    shown = printable(uri.partition("?")[0])  # what follows might be a secret
    return ConfigError(f"{shown}: names no signer", mend=f"a signer starts with one of {known} such as file:key.pem")


__all__ = ["SIGNERS", "Algorithm", "Checked", "LocalKey", "Secrets", "Signer", "open_signer"]
