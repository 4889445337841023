"""The inside of the cage: reads untrusted bytes under limits and answers with evidence.

Runs in a process of its own that holds no key and reaches no network.  It serves one request after
another over two pipes; frames are four bytes of big-endian length and then the content.  It is
expected to die: whoever asked then knows that the file is not fit to be read.
"""

from __future__ import annotations

import bisect
import contextlib
import ctypes
import datetime as dt
import functools
import gc
import hashlib
import io
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from provlabel import engine
from provlabel._support import times as _times
from provlabel._support.files import LARGE, fingerprint, open_regular, reader
from provlabel.carriers.tags import carriers_in
from provlabel.engine import Reading
from provlabel.errors import EngineError, InputError, UnfitEngineError
from provlabel.evidence import Code, Evidence, Exclusion, Manifest, Opinion, Trouble, manifests_from_crjson
from provlabel.manifest.cbor import Refused
from provlabel.manifest.codes import EFFECTS, Effect
from provlabel.manifest.content import with_content
from provlabel.manifest.limits import MAX_SIZE, MAX_STORE, Scan, scan_file, scan_store
from provlabel.media.containers import ContainerError, hole_in
from provlabel.media.copy import digest_around, digesting
from provlabel.media.formats import Format, sniff
from provlabel.media.previews import FRAMES, Preview, Purpose, draw
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains import Answers, Credential, Examined, examine, turning_points
from provlabel.verdict import proven_time
from provlabel.verdict.opinions import not_given

if TYPE_CHECKING:
    from provlabel.manifest import cose

#: For processes of ours: what is read lives for one file, and to look for cycles after each 700 objects takes a tenth.
RARELY = (20_000, 20, 20)
_MIB = 1 << 20
_PIECE = 256 << 20  # bytes that the engine hashes at once, while it reads the next


class Limits(msgspec.Struct, frozen=True):
    """What one request may cost.  The figures come from measuring honest files of every format."""

    base_mib: int = 288  #: of which 32 are for what judges certificates
    memory_factor: float = 2.0  #: times the size of the file, on top of the base
    cpu_seconds: int = 10  #: plus one for each 50 MB

    def memory(self, size: int) -> int:
        """Return the address space for a file of ``size`` bytes, in bytes."""
        held = 2 * min(size, _PIECE) if size >= LARGE else 0
        return self.base_mib * _MIB + int(self.memory_factor * size) + held

    def cpu(self, size: int) -> int:
        """Return the seconds of CPU for a file of ``size`` bytes; wall time is twice that."""
        return self.cpu_seconds + size // (50 * _MIB)


_UNSEEN = Limits(cpu_seconds=1)  # an honest compressed manifest takes the engine some milliseconds


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How the credential of a file is examined beyond what the engine does."""

    at: dt.datetime  #: when the file is judged
    as_of: bool = False  #: that is not the present, so the engine's word on validity does not count
    revocation: bool = False  #: say what could be asked about a revocation even if nothing is stapled
    answers: Answers = Answers()
    nonce: bytes = b""
    moment: dt.datetime | None = None  #: the proven time of signing


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """What the second verifier is to judge: the very bytes that were judged before."""

    mime: str
    at: dt.datetime
    sha256: str  #: of the file
    store_sha256: str = ""  #: of the manifest beside it, where that is the one that was judged


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One file to read: by path, or as bytes that follow the request in a frame of their own."""

    path: bytes | None = None  #: as the file system has it, which need not be UTF-8
    sidecar: bytes | None = None  #: where a detached manifest may lie
    trust: TrustStore = TrustStore()
    limits: Limits = Limits()
    check: Check | None = None
    credential: Credential | None = None  #: examine this, and read no file
    prove: bool = False  #: only say whether the engine does what it is told
    draw: str | None = None  #: only draw the file at ``path``, if this is its SHA-256
    purpose: Purpose = "report"  #: what it is drawn for
    second: Second | None = None  #: only ask the second verifier about the file
    digest: bool = True  #: without, the SHA-256 of a large file is left to somebody who reads it anyway
    hole: tuple[int, int] | None = None  #: where a manifest was put a moment ago: start and length in bytes


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence, or why the file could not be opened at all."""

    evidence: Evidence | None = None
    examined: Examined | None = None
    preview: Preview | None = None
    opinion: Opinion | None = None
    refused: str = ""
    unfit: str = ""  #: why the engine cannot be relied on, whatever was asked
    mend: str = ""  #: of that


# --- frames ----------------------------------------------------------------------------------------

_LENGTH = struct.Struct(">Q")
HEADER = _LENGTH.size


def frame(content: bytes) -> bytes:
    """Put the length in front of ``content``."""
    return _LENGTH.pack(len(content)) + content


def frame_length(header: bytes) -> int:
    """Return the length that a header announces."""
    return int(_LENGTH.unpack(header)[0])


def _receive(stream: BinaryIO) -> bytes | None:
    header = stream.read(HEADER)
    return stream.read(frame_length(header)) if len(header) == HEADER else None


# --- serving ---------------------------------------------------------------------------------------


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the other side closes its end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.set_threshold(*RARELY)
    _share_one_heap()
    decoder = msgspec.json.Decoder(Request)
    while (raw := _receive(requests)) is not None:
        request = decoder.decode(raw)
        bare = request.path is None and request.credential is None and not request.prove
        content = _receive(requests) if bare else None
        answers.write(frame(msgspec.json.encode(answer(request, content))))
        answers.flush()


def _share_one_heap() -> None:
    """Keep threads from having heaps of their own: each takes 64 MiB of address space that the next file would lack."""
    with contextlib.suppress(AttributeError, OSError):  # it is glibc's
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def main() -> None:
    """Serve standard input and output; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asking process decides
    serve(sys.stdin.buffer, answers)


def reread(path: Path, trust: TrustStore, hole: tuple[int, int]) -> Evidence:
    """Read here, under no limits, what this process wrote just now from what the cage has read.

    The engine reads it in full.  Another process would see the same, and cost as much as signing.
    """
    request = Request(path=os.fsencode(path), trust=trust, hole=hole)
    with open_regular(path) as stream:
        return _guarded(stream, stream.seek(0, io.SEEK_END), request)


def answer(request: Request, content: bytes | None) -> Answer:
    """Read one file, examine one credential, or try the engine, under its limits."""
    try:
        return _prove(request.limits) if request.prove else _answer(request, content)
    except UnfitEngineError as exc:
        return Answer(unfit=str(exc), mend=exc.mend)


def _prove(limits: Limits) -> Answer:
    """Have the engine show that each switch of ours that matters has its effect.

    Raises:
        UnfitEngineError: some have none.
    """
    from provlabel.engine import selftest

    _limit(limits, 0)
    if failed := selftest.failures():
        raise UnfitEngineError(
            f"the C2PA engine {engine.version()} does not do what it is told: {'; '.join(failed)}",
            mend=_AGAIN if time.time() >= _FILES_BEGIN else "set the clock of this machine, which stands before 2000",
        )
    return Answer()


#: When the certificates of the self-test begin, in seconds since 1970; a machine that lost its clock is before that.
_FILES_BEGIN = dt.datetime(2000, 1, 2, tzinfo=dt.timezone.utc).timestamp()
_AGAIN = "reinstall c2pa-python; if that does not help, report it: nothing is judged or labelled with it"


def _answer(request: Request, content: bytes | None) -> Answer:
    _prepare(request)
    if request.credential is not None and request.check is not None:
        _limit(request.limits, MAX_STORE)
        return Answer(examined=_examine(request.credential, request.trust, request.check))
    try:
        stream: BinaryIO = io.BytesIO(content or b"") if request.path is None else _open(request.path)
    except InputError as exc:
        return Answer(refused=str(exc))
    try:
        with stream:
            size = stream.seek(0, io.SEEK_END)
            _limit(request.limits, size)
            if request.draw is not None:
                return Answer(preview=draw(stream, request.draw, FRAMES[request.purpose]))
            if request.second is not None:
                return Answer(opinion=_opinion(stream, size, request, request.second))
            return Answer(evidence=_guarded(stream, size, request))
    except OSError as exc:
        return Answer(evidence=_unread(0, exc))


def _prepare(request: Request) -> None:
    """Load what judges certificates before there are limits: in a fork of a large process they leave no room for it."""
    if request.check is not None and request.trust.has("manifest"):
        from provlabel.manifest import cose  # noqa: F401
        from provlabel.signers import certificates  # noqa: F401
        from provlabel.trust.chains import _judging  # noqa: F401


def _opinion(stream: BinaryIO, size: int, request: Request, second: Second) -> Opinion:
    """Ask the second verifier, if these are still the bytes that were judged."""
    from provlabel.sandbox.second_opinion import MOST_BYTES, opinion

    if size > MOST_BYTES:
        return not_given(f"the file is larger than {MOST_BYTES:,} bytes")
    stream.seek(0)
    content = stream.read(size)
    try:
        store = _beside(request.sidecar) if second.store_sha256 else None
    except InputError as exc:
        return not_given(str(exc))
    seen = (_sha256(content), _sha256(store) if store is not None else "")
    if seen != (second.sha256, second.store_sha256):
        return not_given("the file changed after it was judged")
    try:
        return opinion(content, store, second.mime, request.trust, second.at)
    except MemoryError:
        return not_given("it used up its memory")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _limit(limits: Limits, size: int) -> None:
    """Set the soft limits for a file of ``size`` bytes, counted from what was used before."""
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory(size), hard))
    _limit_cpu(limits.cpu(size))


def _limit_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    spent = round(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, hard))


def _hurry(size: int) -> None:
    """Leave the engine little time: what the pre-scan could not look into may be what it needs minutes for."""
    _limit_cpu(_UNSEEN.cpu(size))


def _guarded(stream: BinaryIO, size: int, request: Request) -> Evidence:
    """Read, and turn everything that can go wrong short of dying into evidence of it."""
    try:
        return _read(stream, size, request)
    except MemoryError:
        return Evidence(size=size, trouble=Trouble("too-costly", "out of memory"))
    except RecursionError:
        return Evidence(size=size, trouble=Trouble("refused", "nested too deeply"))
    except Refused as exc:
        return Evidence(size=size, trouble=Trouble("refused", str(exc)))
    except OSError as exc:
        return _unread(size, exc)


def _unread(size: int, exc: OSError) -> Evidence:
    return Evidence(size=size, trouble=Trouble("io", exc.strerror or str(exc)))


def _read(stream: BinaryIO, size: int, request: Request) -> Evidence:
    """Look at one file: format, container, manifest, in this order."""
    if size > MAX_SIZE:
        raise Refused(f"larger than {MAX_SIZE >> 30} GiB")
    mark = fingerprint(stream) if request.path is not None else ""
    with _digesting(stream, size, request) as digest:
        fmt = sniff(reader(stream))
        found = _unknown(size) if fmt is None else _found(stream, size, fmt, request)
        found = {"sha256": digest(), **found}
    if mark and fingerprint(stream) != mark:
        found = {"sha256": found["sha256"], "trouble": Trouble("io", "it changed while it was read")}
    seen = Evidence(size=size, fingerprint=mark, engine=engine.version(), format=fmt.name if fmt else None, **found)
    return _with_credential(seen, request)


def _digesting(stream: BinaryIO, size: int, request: Request) -> AbstractContextManager[Callable[[], str]]:
    if size >= LARGE and (request.hole or not request.digest):
        return contextlib.nullcontext(str)
    return digesting(stream, size)


def _unknown(size: int) -> dict[str, Any]:
    what = "an empty file" if size == 0 else "no format that provlabel knows"
    return {"trouble": Trouble("unsupported", what)}


def _found(stream: BinaryIO, size: int, fmt: Format, request: Request) -> dict[str, Any]:
    """Return what scan and engine find; a container that the scan cannot follow never meets the engine."""
    try:
        scan = scan_file(stream, size, fmt, ours=request.hole is not None)
        if scan.compressed:
            _hurry(size)
        once = request.hole is not None and size >= LARGE
        return {
            "seconds": scan.seconds,
            "damage": scan.damage,
            "obstacle": scan.obstacle,
            "carriers": carriers_in(fmt.name, stream, scan.parts),
            **(_read_once(stream, size, fmt, request, scan) if once else _engine_read(stream, fmt, request, scan)),
        }
    except Refused:
        raise
    except InputError as exc:
        return {"trouble": Trouble("io", str(exc))}
    except EngineError as exc:
        return {"trouble": _trouble(exc)}
    except ValueError as exc:
        return {"trouble": Trouble("malformed", str(exc))}


def _read_once(stream: BinaryIO, size: int, fmt: Format, request: Request, scan: Scan) -> dict[str, Any]:
    """Look at what we wrote: the engine finds and judges the manifest, and the content is read and hashed once, by us.

    Raises:
        ValueError: the manifest is not where it should be.
        EngineError: the engine does not find it, or cannot read it.
    """
    hole = request.hole
    if hole is None or len(scan.stores) != 1 or hole_in(fmt.container, scan.parts) != hole:
        raise ValueError("the manifest is not where it was put")
    urn = engine.found_in(stream, fmt.mime)
    whole, around = digest_around(stream, size, *hole)
    reading = engine.read(io.BytesIO(), fmt.mime, request.trust, scan.stores[0])
    if reading is None:
        raise ValueError("the manifest cannot be read")
    judged = Reading(reading.state, with_content(reading.crjson, hole, around))
    seen = _seen_in(judged, scan, scan.stores[0], fmt.mime, request)
    if seen["manifests"][0].urn != urn:
        raise ValueError("the engine finds another manifest")
    return {"sha256": whole, "source": "embedded", **seen}


def _engine_read(stream: BinaryIO, fmt: Format, request: Request, scan: Scan) -> dict[str, Any]:
    """Return the fields of evidence that the engine contributes; embedded comes before beside."""
    reading, url = None, ""
    # What the engine does not know it refuses to read at all, and nothing can be embedded there.
    opaque = fmt.container == "opaque"
    mime = engine.ANY_FILE if opaque else fmt.mime
    try:
        reading = None if opaque else engine.read(stream, mime, request.trust)
    except engine.RemoteManifest as exc:
        url = exc.url
    if reading is not None:
        return {
            "source": "embedded",
            **_differing(request.sidecar, scan),
            **_seen_in(reading, scan, scan.stores[0] if scan.stores else b"", mime, request),
        }
    if scan.stores:
        raise EngineError("there is a manifest in it that the engine does not find", kind="ManifestNotFound")
    sidecar = _beside(request.sidecar)
    if sidecar is None:
        return {"source": "remote", "remote_url": url} if url else {"source": "none"}
    found: dict[str, Any] = {"sidecar_sha256": _sha256(sidecar)}
    try:
        if scan_store(sidecar):
            _hurry(stream.seek(0, io.SEEK_END))
        stream.seek(0)
        reading = engine.read(stream, mime, request.trust, sidecar)
        if reading is None:
            return {**found, "source": "none"}
        return {**found, "source": "sidecar", **_seen_in(reading, scan, sidecar, mime, request)}
    except EngineError as exc:
        return {**found, "source": "sidecar", "trouble": _trouble(exc)}
    except ContainerError as exc:
        return {**found, "source": "sidecar", "trouble": Trouble("malformed", str(exc))}


def _seen_in(reading: Reading, scan: Scan, store: bytes, mime: str, request: Request) -> dict[str, Any]:
    active, *others = manifests_from_crjson(reading.crjson)
    check = request.check
    # Whom the engine trusts we look at, too: it heeds no constraint of an anchor, and few above the leaf.
    trusted = _says(active, "trusted")
    wanted = check is not None and (check.as_of or check.revocation or _STAPLES in store or trusted)
    stamped = active.signing is not None and bool(active.signing.stamped)
    own = _signature(store, active.urn) if wanted or stamped else None
    if own and stamped:
        active = _with_seal(active, own, lambda trust: engine.read(io.BytesIO(), mime, trust, store), request.trust)
    if active.identities:
        active = _with_identities(active, store, mime, request.trust)
    spec = reading.crjson["manifests"][0]["validationResults"].get("specVersion", "")
    return {
        "engine_state": reading.state,
        "spec_version": spec,
        "manifests": _with_roles((active, *others), scan),
        "credential": _credential(own, active) if own and wanted else None,
    }


_KNOWN = 64  # chains whose judgement is remembered
_EVER = dt.datetime.min.replace(tzinfo=dt.timezone.utc)  # before all turning points
_STAPLES = b"rVals"  # of the header that holds stapled answers


# --- credentials -----------------------------------------------------------------------------------


def _signature(store: bytes, urn: str) -> tuple[cose.Place, cose.Signature] | None:
    """Read the signature of the active manifest ourselves, if there is but one way to read it."""
    from provlabel.manifest import cose

    try:
        place = cose.place(store, urn)
        return place, cose.parse(place.old)
    except ValueError:
        return None


def _credential(own: tuple[cose.Place, cose.Signature], active: Manifest) -> Credential | None:
    """Take certificates and stapled answers out of the active signature.

    The engine has judged that signature by its own reading of it.  So that ours is of the same
    certificate, it has to be the one that the engine names and whose key made the signature.
    """
    from provlabel.manifest import cose
    from provlabel.signers.certificates import signed

    place, signature = own
    message = cose.to_be_signed(signature.protected, place.claim)
    try:
        serial = int(active.signing.serial, 16) if active.signing else -1
    except ValueError:
        return None
    if not signed(signature.chain, serial, cose.algorithm(signature), message, signature.value):
        return None
    return Credential(signature.chain, signature.staples)


def _with_credential(seen: Evidence, request: Request) -> Evidence:
    """Examine the credential where that was asked for, or where an answer about it is stapled."""
    check, credential = request.check, seen.credential
    if check is None or not seen.manifests:
        return seen
    replace = msgspec.structs.replace
    as_of = check.at.isoformat() if check.as_of else ""
    asked = check.as_of or check.revocation or _says(seen.manifests[0], "trusted")
    if credential is None and asked:
        unread = Examined("invalid", "its signature cannot be read", revocation_why="its signature cannot be read")
        return replace(seen, as_of=as_of, examined=unread)
    if credential is None or not (asked or credential.ocsp):
        return replace(seen, as_of=as_of)
    moment = proven_time(seen, request.trust, check.at)
    if not (check.as_of or check.revocation or credential.ocsp):  # nobody asked about revocation
        examined = _vouched(credential.chain, request.trust, moment or check.at)
        examined = replace(examined, until="") if moment else examined  # what was so then stays so
        return replace(seen, examined=examined, credential=None)
    return replace(seen, examined=_examine(credential, request.trust, replace(check, moment=moment)), as_of=as_of)


def _vouched(chain: tuple[bytes, ...], trust: TrustStore, at: dt.datetime) -> Examined:
    """Judge a chain alone.  Many files come from one signer, and most moments are like the one before."""
    turns = _turns(chain, trust)
    place = bisect.bisect_right(turns, at)
    judged = _judged_since(chain, trust, turns[place - 1] if place else _EVER)
    return msgspec.structs.replace(judged, until=turns[place].isoformat()) if place < len(turns) else judged


@functools.lru_cache(_KNOWN)
def _turns(chain: tuple[bytes, ...], trust: TrustStore) -> tuple[dt.datetime, ...]:
    return turning_points(Credential(chain), tuple(item.pem for item in trust.lists if item.purpose == "manifest"))


@functools.lru_cache(_KNOWN)
def _judged_since(chain: tuple[bytes, ...], trust: TrustStore, turn: dt.datetime) -> Examined:
    """Return what is true of a chain from a turning point on to the next."""
    examined = _examine(Credential(chain), trust, Check(at=turn))
    return Examined(examined.path, examined.why, revocation_why="offline, and no stapled or cached answer")


def _examine(credential: Credential, trust: TrustStore, check: Check) -> Examined:
    signers = [item for item in trust.lists if item.purpose == "manifest"]
    return examine(
        credential,
        tuple(item.pem for item in signers if not item.leaves),
        trust.ekus,
        check.moment or check.at,
        check.answers,
        tuple(item.pem for item in signers if item.leaves),
        now=check.at,
        nonce=check.nonce,
    )


def _with_seal(
    active: Manifest,
    own: tuple[cose.Place, cose.Signature],
    read: Callable[[TrustStore], Reading | None],
    trust: TrustStore,
) -> Manifest:
    """See whether the token proves a time: the engine takes one over the claim alone, and one by a retired clock."""
    assert active.signing is not None  # noqa: S101 - only called for what is stamped
    signature, replace = own[1], msgspec.structs.replace
    sealed = bool(signature.stamps) and not signature.old_stamp and _by_living_clocks(active, read, trust)
    return replace(active, signing=replace(active.signing, sealed=sealed))


def _by_living_clocks(active: Manifest, read: Callable[[TrustStore], Reading | None], trust: TrustStore) -> bool:
    """Do anchors vouch for the token that were in date at its time?  Whoever stole an older one chooses that time.

    The engine asks that of all but the anchor, and does not tell which it was: it is asked again without the others.
    """
    assert active.signing is not None  # noqa: S101 - only called for what is stamped
    try:
        living = _clocks_of(trust, _times.read(active.signing.stamped))
        if living == trust or not _says(active, "time-proven"):
            return True
        reading = read(living)
        judged = manifests_from_crjson(reading.crjson)[0] if reading is not None else None
    except (EngineError, ValueError):
        return False
    return judged is not None and judged.urn == active.urn and _says(judged, "time-proven")


def _clocks_of(trust: TrustStore, moment: dt.datetime) -> TrustStore:
    """Return ``trust`` without the anchors of clocks that were not in date at ``moment``."""
    if not trust.has("timestamp"):
        return trust
    from provlabel.trust.chains._certificates import out_of_time, read

    def in_date(der: bytes) -> bool:
        cert = read(der)
        return cert is not None and out_of_time((cert,), moment) is None

    return trust.only("timestamp", in_date)


def _says(manifest: Manifest, effect: Effect) -> bool:
    return any(EFFECTS.get(code.code) == effect for code in manifest.codes)


def _with_identities(active: Manifest, store: bytes, mime: str, trust: TrustStore) -> Manifest:
    """Have the identities judged by themselves, over no content: a damaged one would hide all the rest."""
    replace = msgspec.structs.replace
    try:
        reading = engine.read(io.BytesIO(), mime, trust, store, identities=True)
        if reading is None:
            raise ValueError("the engine found none")
        judged = manifests_from_crjson(reading.crjson)[0]
        if judged.urn != active.urn:
            raise ValueError("the engine judged another manifest")
    except (EngineError, ValueError) as exc:
        return replace(active, codes=(*active.codes, Code("cawg.identity.cbor.invalid", "failure", text=str(exc))))
    # Those of a parent's identities are among them.
    codes = [code for code in judged.codes if code.code.startswith("cawg.") and f"/{active.urn}/" in code.url]
    # The engine speaks of all that have the same name by the first one's.
    spoken_of = {code.url.rpartition("/")[2].partition("__")[0] for code in codes}
    unread = [one.assertion for one in active.identities if one.assertion.partition("__")[0] not in spoken_of]
    codes += [Code("cawg.identity.cbor.invalid", "failure", name, "the engine cannot read it") for name in unread]
    return replace(active, codes=(*active.codes, *codes), identities=judged.identities)


def _open(path: bytes) -> BinaryIO:
    return open_regular(Path(os.fsdecode(path)))


def _beside(path: bytes | None) -> bytes | None:
    """Return the detached manifest beside the file, if there is one."""
    if path is None or not os.path.lexists(path):
        return None
    with _open(path) as stream:
        return stream.read(MAX_STORE + 1)


def _differing(path: bytes | None, scan: Scan) -> dict[str, Any]:
    """Say whether something else than the embedded manifest lies beside the file."""
    try:
        beside = _beside(path)
    except InputError:
        return {"sidecar_sha256": "unreadable", "sidecar_differs": True}
    if beside is None:
        return {}
    return {"sidecar_sha256": _sha256(beside), "sidecar_differs": beside not in scan.stores}


def _trouble(exc: EngineError) -> Trouble:
    if "out of memory" in str(exc):
        return Trouble("too-costly", str(exc))
    if exc.kind == "NotSupported":
        return Trouble("unsupported", str(exc))
    return Trouble("malformed", f"{exc.kind}: {exc}")


def _with_roles(manifests: tuple[Manifest, ...], scan: Scan) -> tuple[Manifest, ...]:
    """Say what lies in all that a content hash leaves out, where the container was understood."""
    if not scan.parts:
        return manifests
    replace = msgspec.structs.replace
    return tuple(
        replace(manifest, exclusions=tuple(replace(part, role=_role_of(part, scan)) for part in manifest.exclusions))
        for manifest in manifests
    )


def _role_of(part: Exclusion, scan: Scan) -> str:
    return scan.role_of_boxes(part.xpath, part.usertype) if part.xpath else scan.role_at(part.start, part.length)


if __name__ == "__main__":
    main()
