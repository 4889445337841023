"""A token of SoftHSM2 with keys and certificates, for tests."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives import serialization as ser

import pki

LIBRARY = next(
    (
        str(path)
        for folder in ("/usr/lib/softhsm", "/usr/lib64/softhsm", "/usr/local/lib/softhsm", "/opt/homebrew/lib/softhsm")
        if (path := Path(folder, "libsofthsm2.so")).exists()
    ),
    "libsofthsm2.so",
)
PIN = "73015926-canary"


class Token:
    """A token ``labels`` in a folder of its own; SoftHSM finds it through the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens = folder / "tokens"
        self.tokens.mkdir(parents=True)
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        self.util("--init-token", "--free", "--label", "labels", "--so-pin", "87654321", "--pin", PIN)
        self.forget()

    def util(self, *args: str) -> None:
        subprocess.run(["softhsm2-util", *args], check=True, capture_output=True)

    def forget(self) -> None:
        """Close every session in this process, as if the token had been pulled out and put back."""
        pkcs11.lib(LIBRARY).reinitialize()

    def change_pin(self, old: str, new: str) -> None:
        self.forget()
        pkcs11.lib(LIBRARY).get_token(token_label="labels").open(rw=True, user_pin=old).set_pin(old, new)
        self.forget()

    def uri(self, key: str, *options: str) -> str:
        return "&".join((f"pkcs11:token=labels;{key}?module-path={LIBRARY}", *options))

    def add_key(self, label: str, number: int, key: Any) -> None:
        path = self.folder / "key.p8"
        path.write_bytes(key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
        named = ("--label", label, "--id", f"{number:02x}", "--force")
        self.util("--import", str(path), "--token", "labels", "--pin", PIN, *named)
        path.unlink()

    def add_certificate(self, number: bytes, der: bytes, subject: pki.Issued) -> None:
        with pkcs11.lib(LIBRARY).get_token(token_label="labels").open(rw=True, user_pin=PIN) as session:
            session.create_object(
                {
                    pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.ID: number,
                    pkcs11.Attribute.SUBJECT: subject.certificate.subject.public_bytes(),
                    pkcs11.Attribute.VALUE: der,
                }
            )


@contextlib.contextmanager
def token(folder: Path) -> Iterator[Token]:
    """Make a token; only one in a process, since SoftHSM is told by the environment where its tokens are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        yield Token(folder)
