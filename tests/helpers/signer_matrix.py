"""Every signer with every algorithm that it has: what a test of labeling runs through.

A test takes the fixture ``backends`` of ``conftest``, and its parameters from :data:`COMBINATIONS`::

    from signer_matrix import COMBINATIONS, Backends

    @pytest.mark.parametrize(("name", "algorithm"), COMBINATIONS)
    def test_label(name: str, algorithm: str, backends: Backends) -> None:
        item = backends.get(name, algorithm)
        signer = open_signer(item.uri, item.secrets)
        …  # trust: TrustStore.load(item.root)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import kms_server
import pki
import signing_service
from provlabel.signers._algorithms import ALGORITHMS

NAMES = ("file", "pkcs11", "awskms", "cmd", "https")
SOFTHSM = pytest.mark.skipif(shutil.which("softhsm2-util") is None, reason="softhsm2-util is not installed")
COMBINATIONS = [
    pytest.param(name, algorithm, marks=SOFTHSM if name == "pkcs11" else (), id=f"{name}-{algorithm}")
    for name in NAMES
    for algorithm in ALGORITHMS
]
TOKEN = "matrix-token-canary"


class Backend(NamedTuple):
    """One signer, ready to be opened."""

    name: str
    algorithm: str
    uri: str
    secrets: Callable[[str], str] | None
    root: Path  #: PEM of the root that the certificate is below


class Backends:
    """All of them; a server is started when the first of its signers is asked for."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._started: dict[str, Any] = {}
        self.issuer = root = pki.root()
        rsa_key = rsa.generate_private_key(65537, 2048)
        curves = {"es256": ec.SECP256R1(), "es384": ec.SECP384R1(), "es512": ec.SECP521R1()}
        self.issued = {name: pki.leaf(root, ec.generate_private_key(curve)) for name, curve in curves.items()}
        self.issued["ed25519"] = pki.leaf(root, pki.ed25519_key())
        self.issued |= dict.fromkeys(("ps256", "ps384", "ps512"), pki.leaf(root, rsa_key))
        for name, item in self.issued.items():
            pki.write(folder / name, item, root)
        self.root = folder / "es256" / "root.pem"

    def get(self, name: str, algorithm: str) -> Backend:
        """Return one, with its server running."""
        uri, secrets = getattr(self, f"_{name}")(algorithm, self.server(name))
        return Backend(name, algorithm, uri, secrets, self.root)

    def server(self, name: str) -> Any:
        """Return the far side of a signer: there is one for the whole session."""
        if name not in self._started:
            self._started[name] = getattr(self, f"_start_{name}", lambda: None)()
        return self._started[name]

    def _chain(self, algorithm: str) -> Path:
        return self._folder / algorithm / "chain.pem"

    def _file(self, algorithm: str, _: None) -> tuple[str, None]:
        return f"file:{self._folder}/{algorithm}/key.pem?chain={self._chain(algorithm)}&alg={algorithm}", None

    def _cmd(self, algorithm: str, _: None) -> tuple[str, None]:
        """``provlabel key sign`` itself, which speaks the protocol."""
        paths = os.pathsep.join(sys.path)
        credential = self._file(algorithm, None)[0]
        return f"cmd:env 'PYTHONPATH={paths}' {sys.executable} -m provlabel key sign --signer '{credential}'?", None

    def _start_https(self) -> signing_service.SigningService:
        service = self._stack.enter_context(signing_service.serving(self._folder / "tls", self.issued))
        service.token = TOKEN
        return service

    def _https(self, algorithm: str, service: signing_service.SigningService) -> tuple[str, Callable[[str], str]]:
        return f"{service.uri}{algorithm}#ca={self._folder}/tls/root.pem&auth=bearer", lambda _question: TOKEN

    def _start_awskms(self) -> kms_server.Kms:
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "matrix-secret-canary")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        return self._stack.enter_context(kms_server.serving(self.issued))

    def _awskms(self, algorithm: str, kms: kms_server.Kms) -> tuple[str, None]:
        options = (f"chain={self._chain(algorithm)}", "region=eu-west-1", f"alg={algorithm}")
        return kms.uri(algorithm, *options), None

    def _start_pkcs11(self) -> Any:
        import softhsm

        token = self._stack.enter_context(softhsm.token(self._folder / "token"))
        for number, (name, item) in enumerate(self.issued.items(), 1):
            token.add_key(name, number, item.key)
        return token

    def _pkcs11(self, algorithm: str, token: Any) -> tuple[str, Callable[[str], str]]:
        import softhsm

        options = (f"chain={self._chain(algorithm)}", f"alg={algorithm}")
        return token.uri(f"object={algorithm}", *options), lambda _question: softhsm.PIN
