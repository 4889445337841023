"""A signer and its certificate, checked against every rule of the profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from provlabel.errors import ConfigError, SignerError
from provlabel.signers import certificates as certs
from provlabel.signers._base import Algorithm, LocalKey, Signer
from provlabel.signers.profile import RULES, Case, ProfileRule, Result, RuleOutcome, Signed

if TYPE_CHECKING:
    from cryptography import x509


def examine(
    chain_pem: str,
    public_key: Any = None,
    *,
    anchors_pem: str | None = None,
    now: dt.datetime | None = None,
    algorithm: Algorithm | None = None,
    signed: Signed | None = None,
    shown: str = "the chain",
) -> tuple[Result, ...]:
    """Return how every rule turned out, in the order of :data:`RULES`.

    Args:
        chain_pem: the signer's own certificate and its intermediates.
        public_key: that of the signer, from the cryptography package, if it is at hand.
        anchors_pem: the roots that count; without them it is not judged whether the chain is whole.
        now: the time to judge at, if it is another than this moment.
        algorithm: what the signer signs with.
        signed: a test signature with ``algorithm``, for a key that only its owner can see.
        shown: what to call the chain in an error.

    Raises:
        SignerError: there is no certificate, or one is damaged.
        ConfigError: an anchor is damaged.
    """
    chain = certs.parse(chain_pem, shown)
    leaf = _own(chain, public_key)
    at = now or dt.datetime.now(dt.timezone.utc)
    case = Case(chain, leaf, _path(leaf, chain), at, public_key, algorithm, signed, _anchors(anchors_pem))
    return tuple(_result(rule, rule.check(case)) for rule in RULES)


def _own(chain: tuple[x509.Certificate, ...], key: Any) -> x509.Certificate:
    """Find the signer's own certificate also where it does not come first: only the order is wrong then."""
    matching = (item for item in chain if certs.same_key(certs.public_key(item), key))
    return next(matching, None) or next((item for item in chain if not certs.is_ca(item)), chain[0])


def _path(leaf: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    path, rest = [leaf], [item for item in chain if item is not leaf]
    while (parent := next((item for item in rest if certs.issued(path[-1], item)), None)) is not None:
        path.append(parent)
        rest = [item for item in rest if item is not parent]
    return tuple(path)


def _anchors(pem: str | None) -> tuple[x509.Certificate, ...] | None:
    if pem is None:
        return None
    try:
        return certs.parse(pem, "--trust")
    except SignerError as exc:
        raise ConfigError(str(exc), hint=exc.hint) from exc


def _result(rule: ProfileRule, outcome: RuleOutcome) -> Result:
    state, detail = outcome
    if state == "not-checked":
        return Result(rule.name, rule.level, state, detail)
    text = ": ".join(filter(None, (rule.held if state == "held" else rule.broken, detail)))
    return Result(rule.name, rule.level, state, text, rule.hint if state == "broken" else "")


def passed(results: Iterable[Result]) -> bool:
    """Whether no rule of level error is broken."""
    return not any(result.state == "broken" and result.level == "error" for result in results)


def require_signer(signer: Signer, shown: str, *, trial: bool = False) -> None:
    """Check chain, algorithm and, where it is at hand, the key of a signer.

    With ``trial`` a key that lies elsewhere makes one test signature.

    Raises:
        SignerError: no certificate, or a broken rule of level error; says which.
    """
    own = _public_key(signer)
    signed = _test_signature(signer) if trial and own is None else None
    _require(examine(signer.chain_pem, own, algorithm=signer.algorithm, signed=signed, shown=shown), shown)


def examine_signer(signer: Signer, *, anchors_pem: str | None = None, shown: str = "the signer") -> tuple[Result, ...]:
    """Return how every rule turned out for ``signer``; a key that lies elsewhere makes one test signature.

    Raises:
        SignerError: no certificate, a damaged one, or the signer failed.
        ConfigError: an anchor is damaged.
    """
    own = _public_key(signer)
    return examine(
        signer.chain_pem,
        own,
        anchors_pem=anchors_pem,
        algorithm=signer.algorithm,
        signed=_test_signature(signer) if own is None else None,
        shown=shown,
    )


def _public_key(signer: Signer) -> Any:
    if not isinstance(signer, LocalKey):
        return None
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(signer.private_key_pem(), None).public_key()


def _test_signature(signer: Signer) -> Signed:
    """Let the signer sign a random text that can be taken for nothing else."""
    import os

    data = b"provlabel key check, signs nothing else: " + os.urandom(32).hex().encode()
    try:
        return Signed(data, signer.sign(data))
    except SignerError:
        raise
    except Exception as exc:
        raise SignerError(f"the signer failed: {exc}") from exc


def _require(results: Iterable[Result], shown: str) -> None:
    for result in results:
        if result.state == "broken" and result.level == "error":
            raise SignerError(f"{shown}: {result.why}", hint=result.hint)
