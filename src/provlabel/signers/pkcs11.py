"""A key on a PKCS#11 token: an HSM, a smart card, or SoftHSM.  The extra ``provlabel[pkcs11]``.

URI, after RFC 7512: ``pkcs11:token=labels;object=claim-key?module-path=/usr/lib/….so&chain=chain.pem``.
Before the question mark, with ``%xx`` for other characters: ``token`` and ``serial`` or ``slot-id``
choose the token, ``object`` and ``id`` the private key.  After it, as they stand:

* ``module-path`` is the library of the token's maker.
* ``chain`` is a PEM file.  Without it the certificates on the token count: the one with the key's id,
  and its issuers.
* ``pin-source`` is a file with the PIN that only its owner can read.  Else the PIN is asked for;
  ``pin-value`` is refused, for it would stand in the list of processes.
* ``alg=ps384`` or ``alg=ps512`` lets an RSA key sign with a longer hash than PS256.

EC keys sign our digest (``CKM_ECDSA``), RSA keys as well (``CKM_RSA_PKCS_PSS``), Ed25519 the whole
data (``CKM_EDDSA``).  The session is opened once for each process.  When the token lost it, it is
opened once more, with the same PIN; a PIN that was refused is never tried again, or the token locks.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import _algorithms as algorithms, certificates, material
from provlabel.signers._base import Algorithm, Described, Secrets

_EXAMPLE = "pkcs11:token=LABEL;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so&chain=chain.pem"
_PLACES = ("token", "serial", "slot-id", "object", "id", "type")
_OPTIONS = ("module-path", "chain", "pin-source", "alg")
#: ``CKA_EC_PARAMS`` in DER: a curve by its object identifier, Edwards also by its name (PKCS#11 3.0 §2.3.5).
_CURVES: dict[bytes, Algorithm] = {
    bytes.fromhex("06082a8648ce3d030107"): "es256",
    bytes.fromhex("06052b81040022"): "es384",
    bytes.fromhex("06052b81040023"): "es512",
    bytes.fromhex("06032b6570"): "ed25519",
    b"\x13\x0cedwards25519": "ed25519",
}
_LOCKING = "mind that a token locks after some wrong PINs"
#: The token's own word -> what to do about it.
_HINTS = {
    "PinIncorrect": _LOCKING,
    "PinLenRange": _LOCKING,
    "PinLocked": "whoever has the security officer's PIN can unlock the token",
    "UserPinNotInitialized": "set a user PIN on the token first",
    "PKCS11Error": "check module-path=",
    "NoSuchToken": "compare token= with what pkcs11-tool --list-token-slots shows",
    "MultipleTokensReturned": "add serial= or slot-id=",
    "NoSuchKey": "compare object= and id= with what pkcs11-tool --list-objects --login shows",
    "MultipleObjectsReturned": "add id=%01 or object=",
    "MechanismInvalid": "the token cannot sign so; another alg= or key may do",
}
_REFUSED_PIN = ("PinIncorrect", "PinInvalid", "PinLenRange", "PinExpired", "PinLocked")


class Pkcs11Signer(Described):
    """A private key that stays on its token; safe to use from several threads and after a fork."""

    def __init__(self, login: _Login, algorithm: Algorithm, chain_pem: str) -> None:
        super().__init__(algorithm, chain_pem)
        self._login = login

    def sign(self, data: bytes) -> bytes:
        """Let the token sign ``data``, or its digest.

        Raises:
            SignerError: it does not, not even after another login; carries the token's own word.
        """
        how = _mechanism(self.algorithm)
        text = data if self.algorithm == "ed25519" else algorithms.digest(self.algorithm, data)
        return bytes(self._login.use(lambda key: key.sign(text, **how)))


def open_signer(rest: str, secrets: Secrets | None) -> Pkcs11Signer:
    """Log in to the token that ``rest`` names; see the module for the URI.

    Raises:
        ConfigError: the URI is wrong, or the extra is missing.
        InputError: a file that is named cannot be read.
        SignerError: the token refuses; carries its own word.
    """
    path, _, query = rest.partition("?")
    if "pin-value=" in rest:
        raise ConfigError(
            "pkcs11: pin-value= would be seen in the list of processes",
            hint="leave it out and be asked, or pin-source=",
        )
    options = material.options(query, "pkcs11", _OPTIONS)
    if "module-path" not in options:
        raise ConfigError("pkcs11: names no library of a token", hint=_EXAMPLE)
    login = _Login(_place(path), options["module-path"], _pin_from(options.get("pin-source"), secrets))
    algorithm = algorithms.choose(login.use(_fitting), options.get("alg"))
    if "chain" in options:
        return Pkcs11Signer(login, algorithm, material.read_chain(options["chain"]))
    return Pkcs11Signer(login, algorithm, login.use(_chain_beside))


# --- the URI ---------------------------------------------------------------------------------------


class _KeyPlace(NamedTuple):
    """Which token, and which private key on it."""

    shown: str
    slot: int | None
    token: dict[str, Any]  #: arguments of ``get_tokens``
    key: dict[str, Any]  #: attributes, by their names


def _place(path: str) -> _KeyPlace:
    pairs = (part.partition("=") for part in path.split(";") if part)
    found = {name: unquote_to_bytes(value) for name, _, value in pairs}
    if unknown := sorted(found.keys() - set(_PLACES)):
        raise ConfigError(f"pkcs11: unknown attribute {printable(', '.join(unknown))}", hint=_EXAMPLE)
    if not {"token", "serial", "slot-id"} & found.keys() or not {"object", "id"} & found.keys():
        raise ConfigError("pkcs11: names no token, or no key on it", hint=_EXAMPLE)
    slot = found.get("slot-id")
    if slot is not None and not slot.isdigit():
        raise ConfigError("pkcs11: slot-id= is a number", hint=_EXAMPLE)
    token = {"token_label": _text(found.get("token")), "token_serial": found.get("serial")}
    key: dict[str, Any] = {"LABEL": _text(found.get("object")), "ID": found.get("id")}
    shown = ";".join(part for part in path.split(";") if not part.startswith("type="))
    return _KeyPlace(
        f"pkcs11:{printable(shown)}",
        int(slot) if slot else None,
        token,
        {name: value for name, value in key.items() if value is not None},
    )


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")


def _pin_from(source: str | None, secrets: Secrets | None) -> Callable[[str], str]:
    if source is None:
        return lambda shown: material.ask(secrets, f"PIN for {shown}")
    path = Path(source.removeprefix("file:"))
    return lambda _shown: material.read_secrets(path)[0]


# --- the token -------------------------------------------------------------------------------------


def _module() -> Any:
    """Import python-pkcs11.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import pkcs11
    except ImportError as exc:
        raise ConfigError("pkcs11: needs the extra", hint="pip install 'provlabel[pkcs11]'") from exc
    return pkcs11


class _Login:
    """The key in a session, opened when it is first used, after a fork, and when the token lost it."""

    def __init__(self, place: _KeyPlace, library: str, pin: Callable[[str], str]) -> None:
        self._place = place
        self._path = library
        self._ask_pin = pin
        self._pin: str | None = None
        self._pin_refused = False
        self._keys: dict[int, Any] = {}  # by process: a session is not shared with a child

    def use(self, work: Callable[[Any], Any]) -> Any:
        """Return what ``work`` makes of the private key.

        Raises:
            SignerError: the token refused, in a session that was just opened.
        """
        error = _module().PKCS11Error
        with _LOCKS.setdefault((os.getpid(), self._path), threading.RLock()):
            try:
                if key := self._keys.pop(os.getpid(), None):
                    with contextlib.suppress(error):
                        done = work(key)
                        self._keys[os.getpid()] = key
                        return done
                key = self._open()
                done = work(key)
            except error as exc:
                raise self._as_error(exc) from exc
            self._keys[os.getpid()] = key
            return done

    def _open(self) -> Any:
        """Return the key in a new session; where that fails after it once worked, start the library anew."""
        if self._pin_refused:
            raise SignerError(f"{self._place.shown}: the PIN was refused and is not tried again", hint=_LOCKING)
        pkcs11 = _module()
        library = _started(self._path)
        again = self._pin is not None
        try:
            return self._key(library)
        except pkcs11.PKCS11Error:
            if not again or self._pin_refused:
                raise
        _restart(library)
        return self._key(library)

    def _key(self, library: Any) -> Any:
        pkcs11 = _module()
        slot = self._place.slot
        tokens = [item for item in library.get_tokens(**self._place.token) if slot in (None, item.slot.slot_id)]
        session = self._session(_only(tokens, pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned))
        wanted = {pkcs11.Attribute[name]: value for name, value in self._place.key.items()}
        wanted[pkcs11.Attribute.CLASS] = pkcs11.ObjectClass.PRIVATE_KEY
        return _only(list(session.get_objects(wanted)), pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned)

    def _session(self, token: Any) -> Any:
        pkcs11 = _module()
        if self._pin is None:
            self._pin = self._ask_pin(self._place.shown)
        try:
            return token.open(user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:
            return token.open()  # another signer of this process was first; a login is for all its sessions
        except pkcs11.PKCS11Error as exc:
            self._pin_refused = type(exc).__name__ in _REFUSED_PIN
            raise

    def _as_error(self, exc: Exception) -> SignerError:
        word = type(exc).__name__
        text = f"{word}: {exc}" if str(exc) else word
        return SignerError(f"{self._place.shown}: the token says {printable(text)}", hint=_HINTS.get(word, ""))


def _only(found: list[Any], none: type[Exception], several: type[Exception]) -> Any:
    if len(found) == 1:
        return found[0]
    raise several() if found else none()


#: By process and library: a library must not be finished while another thread is in it.
_LOCKS: dict[tuple[int, str], threading.RLock] = {}
#: Library -> the process that initialised it; a child has to do so again (PKCS#11 3.0 §5.6.1).
_STARTED: dict[str, int] = {}


def _started(path: str) -> Any:
    library = _module().lib(path)
    if _STARTED.setdefault(path, os.getpid()) != os.getpid():
        _restart(library)
        _STARTED[path] = os.getpid()
    return library


def _restart(library: Any) -> None:
    with contextlib.suppress(_module().PKCS11Error):  # there may be nothing to finish in this process
        library.finalize()
    library.initialize()


# --- the key ---------------------------------------------------------------------------------------


def _fitting(key: Any) -> tuple[Algorithm, ...]:
    pkcs11 = _module()
    if key.key_type == pkcs11.KeyType.RSA:
        return algorithms.RSA
    if key.key_type in (pkcs11.KeyType.EC, pkcs11.KeyType.EC_EDWARDS):
        found = _CURVES.get(bytes(key[pkcs11.Attribute.EC_PARAMS]))
        if found:
            return (found,)
    raise algorithms.not_allowed()


def _mechanism(algorithm: Algorithm) -> dict[str, Any]:
    pkcs11 = _module()
    if algorithm == "ed25519":
        return {"mechanism": pkcs11.Mechanism.EDDSA}
    if algorithm not in algorithms.RSA:
        return {"mechanism": pkcs11.Mechanism.ECDSA}
    name, size = f"SHA{algorithm[2:]}", int(algorithm[2:]) // 8
    param = (pkcs11.Mechanism[name], pkcs11.MGF[name], size)
    return {"mechanism": pkcs11.Mechanism.RSA_PKCS_PSS, "mechanism_param": param}


def _certificates(session: Any) -> Iterator[tuple[bytes, bytes]]:
    """Yield id and DER of each certificate on the token."""
    names = _module().Attribute
    wanted = {names.CLASS: _module().ObjectClass.CERTIFICATE, names.CERTIFICATE_TYPE: _module().CertificateType.X_509}
    for item in session.get_objects(wanted):
        yield bytes(item[names.ID]), bytes(item[names.VALUE])


def _chain_beside(key: Any) -> str:
    """Return the certificate with the id of ``key``, and its issuers, from the token."""
    from cryptography import x509

    try:
        found = [(name, x509.load_der_x509_certificate(der)) for name, der in _certificates(key.session)]
        for _, item in found:
            certificates.read_whole(item)
    except certificates.unreadable() as exc:
        raise SignerError("pkcs11: a certificate on the token cannot be read", hint="add chain=chain.pem") from exc
    leaves = [item for name, item in found if name and name == key.id]
    if not leaves:
        raise SignerError("pkcs11: no certificate with the key's id is on the token", hint="add chain=chain.pem")
    return material.ordered(leaves[0], [item for _, item in found])
