"""Who vouches for a file beside its signer (CAWG identity 1.2)."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provlabel._support.text import printable
from provlabel.engine.credential import EngineCredential
from provlabel.engine.loading import binding
from provlabel.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from provlabel.signers import Signer


#: What somebody can be to a file (CAWG identity 1.2 §5.1.2); others need a name space of their own.
ROLES = ("creator", "contributor", "editor", "producer", "publisher", "sponsor", "translator")


class Actor:
    """A person or organisation that vouches for a file beside its signer (CAWG identity 1.2 §5).

    Args:
        signer: their own credential.
        roles: as what; ``creator`` and the like, or names such as ``com.example.mixer``.

    Raises:
        ConfigError: a role is neither.
    """

    def __init__(self, signer: Signer, roles: Sequence[str] = ()) -> None:
        self.signer = signer
        self.roles = tuple(map(_role, roles))


def _role(name: str) -> str:
    plain = name.removeprefix("cawg.")
    if plain in ROLES:
        return f"cawg.{plain}"
    if name.startswith("cawg.") or not re.fullmatch(r"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)+", name):
        raise ConfigError(f"{printable(name)}: no role", hint=f"one of {', '.join(ROLES)}, or com.example.mixer")
    return name


def with_identity(signer: Any, actor: Actor, caught: list[BaseException]) -> Any:
    """Join two signers into one that also writes a ``cawg.identity`` assertion; both are used up."""
    c2pa = binding()
    identity = _identity_signer(actor.signer, caught)
    create = c2pa._lib.c2pa_identity_signer_create
    pointer = ctypes.POINTER(c2pa.C2paSigner)
    create.restype, create.argtypes = pointer, [pointer, pointer, *[ctypes.POINTER(ctypes.c_char_p)] * 2]
    joined = create(signer._handle, identity._handle, _strings(_REFERENCED), _strings(actor.roles))
    if not joined:
        raise EngineError("the engine refused to add an identity")
    signer._handle = identity._handle = None
    both = c2pa.Signer(joined)
    both._identity = identity  # its callback has to live as long
    return both


#: What an identity stands for besides the content: what was done, and the whole label.
_REFERENCED = ("c2pa.actions.v2", "org.provlabel.label")


def _strings(values: Sequence[str]) -> Any:
    return (ctypes.c_char_p * (len(values) + 1))(*[value.encode() for value in values], None)


def _identity_signer(signer: Signer, caught: list[BaseException]) -> Any:
    """Wrap our signer; a key in a file goes in whole, which makes the assertion 9 kB smaller."""
    from provlabel.signers import LocalKey

    c2pa = binding()
    algorithm, chain = signer.algorithm, signer.chain_pem
    if isinstance(signer, LocalKey):
        return EngineCredential(algorithm, chain, signer.private_key_pem()).fresh()

    def call(data: bytes) -> bytes:
        try:
            return signer.sign(data)
        except BaseException as exc:
            caught.append(exc)
            raise

    return c2pa.Signer.from_callback(call, c2pa.C2paSigningAlg[algorithm.upper()], chain)
