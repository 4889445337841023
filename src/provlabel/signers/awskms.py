"""A key in AWS KMS.  The extra ``provlabel[awskms]``.

URI: ``awskms:KEY?chain=chain.pem``, where KEY is an id, an ARN or ``alias/NAME``.  ``region=`` when
neither the ARN nor the configuration of AWS says it, ``endpoint=`` for another address of KMS, and
``alg=ps384`` or ``alg=ps512`` for an RSA key that is to sign with a longer hash than PS256.
Credentials are found as boto3 finds them: environment, ``~/.aws``, or the role of the machine.

The key is asymmetric with the use ``SIGN_VERIFY``: ``ECC_NIST_P256``, ``P384``, ``P521``, ``RSA_2048``
and longer, or ``ECC_NIST_EDWARDS25519``.  Its policy, or one of the user, allows ``kms:Sign`` and
``kms:GetPublicKey``.

The digest is made here (``MessageType=DIGEST``): KMS takes no more than 4,096 bytes of a message, and
a label can be longer.  For Ed25519 it takes messages alone, so that limit holds for such a key.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import _algorithms as algorithms
from provlabel.signers import material
from provlabel.signers._base import Algorithm, Described, Secrets

#: Bytes that KMS signs as they are (API reference of ``Sign``).
MAX_RAW = 4096
ATTEMPTS = 5
_CONNECT, _READ = 10, 30  # seconds
_KEYS: dict[str, tuple[Algorithm, ...]] = {
    "ECC_NIST_P256": ("es256",),
    "ECC_NIST_P384": ("es384",),
    "ECC_NIST_P521": ("es512",),
    "ECC_NIST_EDWARDS25519": ("ed25519",),
    "RSA_2048": algorithms.RSA,
    "RSA_3072": algorithms.RSA,
    "RSA_4096": algorithms.RSA,
}
_NAMES: dict[Algorithm, str] = {
    "es256": "ECDSA_SHA_256",
    "es384": "ECDSA_SHA_384",
    "es512": "ECDSA_SHA_512",
    "ps256": "RSASSA_PSS_SHA_256",
    "ps384": "RSASSA_PSS_SHA_384",
    "ps512": "RSASSA_PSS_SHA_512",
    "ed25519": "ED25519_SHA_512",
}
_CREDENTIALS = "check the credentials of AWS: aws sts get-caller-identity"
#: What KMS or boto3 says -> what to do about it.
_HINTS = {
    "AccessDeniedException": "the key's policy, or yours, must allow kms:Sign and kms:GetPublicKey",
    "DisabledException": "enable the key: aws kms enable-key",
    "KMSInvalidStateException": "the key is being deleted or not ready: aws kms describe-key",
    "NotFoundException": "compare with aws kms list-aliases, in this region",
    "InvalidKeyUsageException": "the key must have the use SIGN_VERIFY",
    "UnsupportedOperationException": "the key must be asymmetric, with the use SIGN_VERIFY",
    "ThrottlingException": "sign fewer files at once, or ask AWS for a higher quota",
    "UnrecognizedClientException": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "NoCredentialsError": _CREDENTIALS,
    "PartialCredentialsError": _CREDENTIALS,
    "NoRegionError": "add region=eu-west-1, or whichever it is",
    "EndpointConnectionError": "check the network, region= and endpoint=",
}


class AwskmsSigner(Described):
    """A key that KMS keeps; safe to use from several threads and after a fork."""

    def __init__(self, kms: _Kms, algorithm: Algorithm, chain_pem: str) -> None:
        super().__init__(algorithm, chain_pem)
        self._kms = kms

    def sign(self, data: bytes) -> bytes:
        """Let KMS sign the digest of ``data``.

        Raises:
            SignerError: it does not; carries its own word, after five attempts if it was throttling.
        """
        raw = self.algorithm == "ed25519"
        if raw and len(data) > MAX_RAW:
            raise SignerError(
                f"{self._kms.shown}: at most {MAX_RAW:,} bytes with an Ed25519 key; this claim has {len(data):,}",
                hint="use an EC or RSA key, or label fewer files as ingredients",
            )
        answer = self._kms.call(
            "sign",
            Message=data if raw else algorithms.digest(self.algorithm, data),
            MessageType="RAW" if raw else "DIGEST",
            SigningAlgorithm=_NAMES[self.algorithm],
        )
        return bytes(answer["Signature"])


def open_signer(rest: str, _secrets: Secrets | None) -> AwskmsSigner:
    """Open the key that ``rest`` names; see the module for the URI.

    Raises:
        ConfigError: the URI is wrong, or the extra is missing.
        InputError: the chain cannot be read.
        SignerError: KMS refuses or cannot be reached; carries its own word.
    """
    key, _, query = rest.partition("?")
    options = material.options(query, "awskms", ("chain", "region", "endpoint", "alg"))
    if not key or "chain" not in options:
        raise ConfigError("awskms: names no key, or no chain", hint="awskms:alias/NAME?chain=chain.pem")
    chain = material.read_chain(options["chain"])
    kms = _Kms(key, options.get("region") or _region_in(key), options.get("endpoint"))
    spec = str(kms.call("get_public_key")["KeySpec"])
    if spec not in _KEYS:
        raise SignerError(
            f"{kms.shown}: {printable(spec)}: {algorithms.not_allowed()}", hint=f"one of {', '.join(_KEYS)}"
        )
    return AwskmsSigner(kms, algorithms.choose(_KEYS[spec], options.get("alg")), chain)


def _region_in(key: str) -> str | None:
    """Return the region of ``arn:aws:kms:REGION:ACCOUNT:key/ID``."""
    parts = key.split(":")
    return parts[3] if len(parts) > 3 else None


class _Kms:
    """A client of KMS for one key, made once in each process: connections are not shared with a child."""

    def __init__(self, key: str, region: str | None, endpoint: str | None) -> None:
        self.shown = f"awskms:{printable(key)}"
        self._key = key
        self._region = region
        self._endpoint = endpoint
        self._clients: dict[int, Any] = {}

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer of KMS.

        Raises:
            SignerError: it refused, or there was none.
        """
        refused, failed = _errors()
        try:
            client = self._clients.get(os.getpid()) or self._clients.setdefault(os.getpid(), self._client())
            return dict(getattr(client, operation)(KeyId=self._key, **arguments))
        except refused as exc:
            error = exc.response.get("Error", {})
            raise self._as_error(str(error.get("Code")), str(error.get("Message"))) from exc
        except failed as exc:
            raise self._as_error(type(exc).__name__, str(exc)) from exc

    def _as_error(self, word: str, text: str) -> SignerError:
        return SignerError(f"{self.shown}: {printable(word)}: {printable(text)}", hint=_HINTS.get(word, ""))

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        for name in ("botocore.auth", "botocore.endpoint"):
            logging.getLogger(name).addFilter(_holds_no_token)
        patience = Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=_CONNECT,
            read_timeout=_READ,
        )
        # A session of its own: the default one is not safe to use from several threads.
        return boto3.session.Session().client(
            "kms", region_name=self._region, endpoint_url=self._endpoint, config=patience
        )


def _holds_no_token(record: logging.LogRecord) -> bool:
    """Keep a record out of the log that shows a request with its head: a temporary credential stands there."""
    return "security-token" not in record.getMessage().lower()


def _errors() -> tuple[Any, Any]:
    """Return the exceptions of boto3: those that the service itself sent, and all others.

    Raises:
        ConfigError: boto3 is not installed.
    """
    try:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as exc:
        raise ConfigError("awskms: needs the extra", hint="pip install 'provlabel[awskms]'") from exc
    return ClientError, (BotoCoreError, Boto3Error, ValueError)  # ValueError: an endpoint that is no address
