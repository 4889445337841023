"""The one room that knows c2pa-python: our settings always, its errors translated, its traps closed.

Every trap is measured and named in ``docs/engine.md``; the tests in ``test_engine.py`` prove that
each switch set here has its effect, because the engine ignores keys that it does not know.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import importlib.machinery
import io
import json
import os
import re
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import msgspec
from msgspec import Struct

from provlabel._support.text import printable
from provlabel.engine import native as _native
from provlabel.errors import ConfigError, EngineError, SignerError, UnfitEngineError
from provlabel.manifest import Definition
from provlabel.trust.anchors import TrustStore, pem

if TYPE_CHECKING:
    from provlabel.signers import Signer

#: Largest manifest the engine may inflate a compressed one to (default 32 MB), in megabytes.
_MAX_INFLATED = 8
#: What the engine hashes without looking inside: any file, left byte-identical, for a detached manifest.
ANY_FILE = "application/octet-stream"
_LIBRARIES = {"linux": "libc2pa_c.so", "darwin": "libc2pa_c.dylib"}
#: Versions that may run, from the first to before the second: of c2pa-python, as in pyproject.toml, and of what it
#: loads.  Below, a manifest beside a file whose excluded range was overwritten is trusted; above, nothing was measured.
BINDINGS = (0, 38, 1), (0, 39, 0)
NATIVE = (0, 91, 3), (0, 92, 0)


class Reading(Struct, frozen=True):
    """What the engine said about one file."""

    state: str  #: its one word
    crjson: dict[str, Any]


class IngredientFile(NamedTuple):
    """A file that goes into a manifest as an ingredient."""

    stream: BinaryIO
    mime: str
    definition: dict[str, Any]  #: relationship, label, title


class RemoteManifest(EngineError):
    """The file holds no manifest, only the URL of one."""

    def __init__(self, url: str) -> None:
        super().__init__("the manifest is remote", kind="Remote")
        self.url = url


# --- loading ---------------------------------------------------------------------------------------


@functools.cache
def binding() -> Any:
    """Import c2pa-python once, with its native library taken from the package and nowhere else.

    Left to itself the binding looks in the current directory first, which in CI is somebody else's
    checkout.  The package's own ``__init__`` is passed over: it does nothing but import
    ``importlib.metadata`` for a version string, which is half of the time that the import takes.

    Raises:
        UnfitEngineError: the platform has no engine, c2pa-python is not installed, or it or its library is of another
            version than those that were measured.
    """
    folder, library = _place()
    _require_version("c2pa-python", _installed_version(folder), BINDINGS)
    folder = folder.resolve()
    with _environment("C2PA_LIBRARY_NAME", str(library)), _hollow_package(folder):
        try:
            loaded = importlib.import_module("c2pa.c2pa")
        except (OSError, RuntimeError, ImportError, AttributeError) as exc:
            raise UnfitEngineError(f"the C2PA engine does not load: {exc}", mend="reinstall c2pa-python") from exc
    _require_version("its library c2pa-rs", str(loaded.sdk_version()), NATIVE)
    return loaded


def _place() -> tuple[Path, Path]:
    """Return the folder of the binding, as the search path names it, and the library that it brings, without links."""
    spec = importlib.machinery.PathFinder.find_spec("c2pa")
    library = _LIBRARIES.get(sys.platform)
    if spec is None or not spec.submodule_search_locations or library is None:
        raise UnfitEngineError(
            "the C2PA engine is not available here",
            mend="provlabel runs on Linux (glibc) and macOS; see the platform table in the README",
        )
    folder = Path(spec.submodule_search_locations[0])
    return folder, folder.resolve() / "libs" / library


def _installed_version(folder: Path) -> str:
    """Return the version of the package that lies in ``folder``, by the name of what pip left beside it.

    The package itself does not know it, and asking ``importlib.metadata`` takes longer than all the rest of loading.
    """
    left = sorted(name for name in os.listdir(folder.parent) if name.startswith(_LEFT_BY_PIP))  # noqa: PTH208 - faster
    return " and ".join(name[len(_LEFT_BY_PIP) :].removesuffix(".dist-info") for name in left)


_LEFT_BY_PIP = "c2pa_python-"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:\.post\d+)?")


def _require_version(what: str, found: str, bounds: tuple[tuple[int, int, int], tuple[int, int, int]]) -> None:
    match = _VERSION.fullmatch(found)
    if match is None or not bounds[0] <= tuple(map(int, match.groups())) < bounds[1]:
        least, most = (".".join(map(str, bound)) for bound in bounds)
        floor, ceiling = (".".join(map(str, bound)) for bound in BINDINGS)
        raise UnfitEngineError(
            f"the C2PA engine cannot be relied on: {what} is of version {printable(found) or 'unknown'}, "
            f"needed is {least} or later, before {most}",
            mend=f"pip install 'c2pa-python>={floor},<{ceiling}'",
        )


def build() -> str:
    """Return what changes with every build of the engine, without loading it: place, size and times of its files.

    Inode and time of change are what the machine gave them, so nobody can foresee this and bring along what goes by it.

    Raises:
        UnfitEngineError: there is none.
    """
    folder, library = _place()
    try:
        seen = [(path, path.stat()) for path in (folder / "c2pa.py", library)]
    except OSError as exc:
        raise UnfitEngineError(f"the C2PA engine is not whole: {exc}", mend="reinstall c2pa-python") from exc
    return "\n".join(f"{path}:{at.st_ino}:{at.st_size}:{at.st_mtime_ns}:{at.st_ctime_ns}" for path, at in seen)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _hollow_package(folder: Path) -> Iterator[None]:
    """Let ``c2pa.c2pa`` be imported without ``c2pa/__init__.py``; a later ``import c2pa`` still works."""
    if "c2pa" in sys.modules:
        yield
        return
    hollow = types.ModuleType("c2pa")
    hollow.__path__ = [str(folder)]
    sys.modules["c2pa"] = hollow
    try:
        yield
    finally:
        del sys.modules["c2pa"]


def version() -> str:
    """Return the version of the native engine, such as ``0.91.3``."""
    return str(binding().sdk_version())


# --- settings --------------------------------------------------------------------------------------


def settings(
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
    *,
    identities: bool = False,
    judged: bool = True,
) -> dict[str, Any]:
    """Return our settings, complete: nothing that matters is left to a default of the engine.

    With ``identities`` CAWG identity assertions are judged too; one that is damaged makes the engine
    say nothing about all the rest.  Without ``judged`` manifests are found, and neither they nor the content are
    looked into.
    """
    return {
        "version": 1,
        "core": {
            "allowed_network_hosts": [],
            "decode_identity_assertions": identities,
            "max_decompressed_manifest_size_in_mb": _MAX_INFLATED,
        },
        "verify": {
            "verify_after_reading": judged,
            # The written file is read back in full before it is published, which is stricter:
            # this check never looks at the file and skips the content hash.
            "verify_after_sign": False,
            "verify_trust": True,
            "verify_timestamp_trust": True,
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
        },
        "builder": {
            "thumbnail": {"enabled": False},
            # Or whatever is appended in such a box goes unnoticed.
            "bmff_hash_exclude_free_and_skip_boxes": False,
            # Without the version suffix, or it has no effect: ingredients would only be gathered.
            "created_assertion_labels": ["c2pa.ingredient", "c2pa.embedded-data", "c2pa.thumbnail.claim"],
        },
        "trust": {
            "trust_config": "\n".join(trust.ekus) + "\n",
            "anchors": trust.settings(),
        },
    }


def _context(trust: TrustStore, *, identities: bool = False, judged: bool = True) -> Any:
    """Return a context: the lists of anchors are parsed for the first of many files alone."""
    return _kept_context(trust, identities, judged, os.getpid())


@functools.lru_cache(maxsize=4)
def _kept_context(trust: TrustStore, identities: bool, judged: bool, _process: int) -> Any:
    """A copy of this process makes its own; the engine's locks do not survive a fork."""
    return binding().Context.from_json(json.dumps(settings(trust, identities=identities, judged=judged)))


# --- errors ----------------------------------------------------------------------------------------


class _Tap:
    """A stream for the engine that remembers what really went wrong.

    The engine swallows exceptions of a stream and reports ``Success (os error 0)`` or an altered
    content instead.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: BaseException | None = None
        # Made once: a small picture takes the engine some forty calls.
        for name in ("read", "readinto", "write", "seek", "tell", "flush"):
            if hasattr(stream, name):
                setattr(self, name, self._tapped(getattr(stream, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _tapped(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def tapped(*args: Any) -> Any:
            try:
                return method(*args)
            except BaseException as exc:
                self.error = self.error or exc
                raise

        return tapped


@contextlib.contextmanager
def _translated(taps: Sequence[_Tap] = ()) -> Iterator[None]:
    """Turn the binding's errors into ours; a failing stream's own error comes first."""
    try:
        yield
    except binding().C2paError as exc:
        for tap in taps:
            if tap.error is not None:
                raise tap.error from exc
        kind, _, text = str(exc).partition(": ")
        if failed := _OS_ERROR.search(text) if kind == "Io" else None:
            raise OSError(int(failed[1]), os.strerror(int(failed[1]))) from exc
        if kind == "Remote":
            raise RemoteManifest(text.rpartition("from url ")[2]) from exc
        known = type(exc).__name__.removeprefix("_C2pa")
        raise EngineError(text or kind, kind=known if known != "C2paError" else kind) from exc


_OS_ERROR = re.compile(r"\(os error ([1-9][0-9]*)\)$")


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back while the engine runs: raised inside one of its callbacks it would be lost."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- reading ---------------------------------------------------------------------------------------


def read(
    stream: BinaryIO, mime: str, trust: TrustStore, manifest: bytes | None = None, *, identities: bool = False
) -> Reading | None:
    """Read and validate ``stream``; ``manifest`` is a detached one, which then counts alone.

    ``identities``: see :func:`settings`.

    Returns:
        What the engine said, or ``None`` when there is no manifest.

    Raises:
        RemoteManifest: only the URL of a manifest was found; it is not fetched.
        EngineError: the engine cannot read the file; ``kind`` is its word.
        OSError: the stream failed.
    """
    try:
        word, text = _said(stream, mime, trust, manifest, identities=identities)
    except EngineError as exc:
        if exc.kind == "ManifestNotFound":
            return None
        raise
    return Reading(word.validation_state, msgspec.json.decode(text))


def found_in(stream: BinaryIO, mime: str) -> str:
    """Return the URN of the active manifest that the engine finds in a file; nothing is hashed, and nothing judged.

    Raises:
        EngineError: it finds none, or cannot read it.
        OSError: the stream failed.
    """
    word, _ = _said(stream, mime, TrustStore(), judged=False)
    return word.active_manifest


def objection(stream: BinaryIO, mime: str, given: dict[str, Any]) -> str:
    """Return why the engine does not read a file under other settings than ours, in its own words; empty if it does.

    For the self-test alone: nothing is judged by what this says.
    """
    c2pa = binding()
    try:
        with _uninterrupted(), c2pa.Context.from_json(json.dumps(given)) as context:
            c2pa.Reader(mime, stream, context=context).close()
    except c2pa.C2paError as exc:
        return str(exc)
    return ""


class _Word(Struct):
    validation_state: str
    active_manifest: str = ""


def _said(
    stream: BinaryIO, mime: str, trust: TrustStore, manifest: bytes | None = None, **how: bool
) -> tuple[_Word, bytes]:
    """Have the engine read, and return what counts of its JSON, and its crJSON; ``how`` is for :func:`settings`."""
    taps: list[_Tap] = []
    with _uninterrupted(), _translated(taps), _opened(stream, taps) as opened:
        whole, text = _native.read(binding(), _context(trust, **how), mime, opened, manifest)
    for tap in taps:
        if tap.error is not None:
            raise tap.error
    return msgspec.json.decode(whole, type=_Word), text


@contextlib.contextmanager
def _opened(stream: BinaryIO, taps: list[_Tap]) -> Iterator[Any]:
    """Yield a stream for the engine: straight from the disk, or tapped when there is no file behind it."""
    try:
        fd = stream.fileno()
    except OSError:  # there is none
        taps.append(_Tap(stream))
        with binding().Stream(taps[-1]) as wrapped:
            yield wrapped._stream
        return
    with _native.file_stream(binding(), fd) as opened:
        yield opened


# --- signing ---------------------------------------------------------------------------------------


# A PKCS#8 Ed25519 key (RFC 8410 §7) up to its 32 secret bytes.
_ED25519_HEAD = bytes.fromhex("302e020100300506032b657004220420")


class Credential:
    """A key and certificates for the engine itself to sign with, made ready once in each process.

    Args:
        algorithm: its name in C2PA.
        chain_pem: the certificate of the key, and those above it.
        private_key_pem: PKCS#8, not encrypted.
    """

    def __init__(self, algorithm: str, chain_pem: str, private_key_pem: bytes) -> None:
        self._info = algorithm, chain_pem, private_key_pem
        self._ready: tuple[int, Any] = 0, None
        self._context: tuple[int, TrustStore | None, Any] = 0, None, None

    @classmethod
    def stand_in(cls, chain_pem: str) -> Credential:
        """Make a key that belongs to nobody, beside certificates of somebody else: the signature does not hold."""
        return cls("ed25519", chain_pem, pem(_ED25519_HEAD + os.urandom(32), "PRIVATE KEY").encode())

    def signer(self) -> Any:
        """Return the engine's signer; a copy of this process makes its own."""
        if self._ready[0] != os.getpid():
            self._ready = os.getpid(), self.fresh()
        return self._ready[1]

    def context(self, trust: TrustStore) -> Any:
        """Return settings with a signer in them, for calls that take no other."""
        process, known, context = self._context
        if process != os.getpid() or known != trust:
            context = binding().Context.from_json(json.dumps(settings(trust)), self.fresh())
            self._context = os.getpid(), trust, context
        return context

    def fresh(self) -> Any:
        """Return another one, for whoever uses it up."""
        c2pa = binding()
        algorithm, chain, key = self._info
        return c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm.encode(), chain.encode(), key, None))


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
        raise ConfigError(f"{printable(name)}: no role", mend=f"one of {', '.join(ROLES)}, or com.example.mixer")
    return name


def sign(
    definition: Definition,
    source: BinaryIO,
    dest: BinaryIO,
    mime: str,
    credential: Credential,
    ingredients: Sequence[IngredientFile] = (),
    *,
    detached: bool = False,
    actor: Actor | None = None,
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
) -> bytes:
    """Sign ``source`` into ``dest`` and return the manifest store.

    With ``detached`` nothing is written to ``dest`` but a copy of the source, and only the returned
    bytes carry the label.
    ``trust`` decides what is recorded about the signers of ingredients, not whether signing works.

    Raises:
        SignerError: the credential cannot sign, or the actor failed; its own exception is the cause.
        EngineError: the engine refused the definition, a file, or the certificate.
        OSError: a stream failed, for example because the disk is full.
    """
    taps = _Tap(source), _Tap(dest)
    caught: list[BaseException] = []
    with contextlib.ExitStack() as stack, _uninterrupted(), _signer_errors(caught), _translated(taps):
        builder = _builder(stack, _context(trust), definition, ingredients)
        if detached:
            builder.set_no_embed()
        signer = credential.signer()
        if actor is not None:
            signer = stack.enter_context(_with_identity(credential.fresh(), actor, caught))
        return bytes(builder.sign(signer, ANY_FILE if detached else mime, *taps))


class Hashed(NamedTuple):
    """Content that was written around a hole."""

    start: int  #: of the hole, in bytes from the beginning of the file
    length: int
    sha256: bytes  #: of all the rest


def sign_hashed(
    definition: Definition,
    write: Callable[[int], Hashed],
    credential: Credential,
    ingredients: Sequence[IngredientFile] = (),
    *,
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
) -> bytes:
    """Sign content that the engine never sees, and return the manifest store.

    ``write`` gets the length that the store will have, and writes the content around a hole for it.

    Raises:
        SignerError: the credential cannot sign.
        EngineError: the engine refused the definition, an ingredient, or the certificate.
    """
    with contextlib.ExitStack() as stack:
        with _uninterrupted(), _signer_errors([]), _translated():
            builder = _builder(stack, _context(trust), definition, ingredients)
            signer = credential.signer()
            length = _native.placeholder_length(binding(), builder, signer)
        around = write(length)
        with _uninterrupted(), _signer_errors([]), _translated():
            store = _native.sign_data_hashed(binding(), builder, signer, *around)
    return _announced(store, length)


def sign_placed(
    definition: Definition,
    write: Callable[[int], object],
    content: BinaryIO,
    mime: str,
    credential: Credential,
    ingredients: Sequence[IngredientFile] = (),
    *,
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
) -> bytes:
    """Sign content that is written around a hole and that the engine then hashes, and return the manifest store.

    ``write`` gets the length that the store will have, and writes ``content`` around a hole for it.

    Raises:
        SignerError: the credential cannot sign.
        EngineError: the engine refused the definition, a file, or the certificate.
        OSError: ``content`` failed.
    """
    taps: list[_Tap] = []
    with contextlib.ExitStack() as stack:
        with _uninterrupted(), _signer_errors([]), _translated():
            builder = _builder(stack, credential.context(trust), definition, ingredients)
            length = _native.placed_length(binding(), builder, mime)
        write(length)
        content.flush()
        with _uninterrupted(), _signer_errors([]), _translated(taps), _opened(content, taps) as opened:
            store = _native.sign_placed(binding(), builder, mime, opened)
    return _announced(store, length)


def _announced(store: bytes, length: int) -> bytes:
    if len(store) != length:
        raise EngineError(f"the manifest is of {len(store):,} bytes; {length:,} were announced")
    return store


def _builder(
    stack: contextlib.ExitStack, context: Any, definition: Definition, ingredients: Sequence[IngredientFile]
) -> Any:
    """Return a builder that knows the definition, its resources and the ingredients."""
    builder = stack.enter_context(binding().Builder(json.dumps(definition.manifest), context))
    for name, content in definition.resources.items():
        builder.add_resource(name, io.BytesIO(content))
    for item in ingredients:
        item.stream.seek(0)
        builder.add_ingredient(json.dumps(item.definition), item.mime, item.stream)
    return builder


@contextlib.contextmanager
def _signer_errors(caught: list[BaseException]) -> Iterator[None]:
    """Bring the actor's own exception back, which the engine turns into ``COSE signature invalid``."""
    try:
        yield
    except EngineError as exc:
        if caught and not isinstance(caught[0], Exception):
            raise caught[0] from None  # Ctrl-C, not a failure of the signer
        if caught:
            raise SignerError(f"the identity's signer failed: {caught[0]}") from caught[0]
        if exc.kind == "Signature":
            raise SignerError(f"the engine refused to sign: {exc}") from exc
        raise


# --- identity --------------------------------------------------------------------------------------


def _with_identity(signer: Any, actor: Actor, caught: list[BaseException]) -> Any:
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
        return Credential(algorithm, chain, signer.private_key_pem()).fresh()

    def call(data: bytes) -> bytes:
        try:
            return signer.sign(data)
        except BaseException as exc:
            caught.append(exc)
            raise

    return c2pa.Signer.from_callback(call, c2pa.C2paSigningAlg[algorithm.upper()], chain)
