"""One file, read: format, container, manifest, content, in this order."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from provlabel import engine
from provlabel._support.files import LARGE, fingerprint, open_regular, reader
from provlabel.carriers.tags import carriers_in
from provlabel.engine import Reading
from provlabel.engine.words import in_words
from provlabel.errors import EngineError, InputError
from provlabel.evidence import (
    Code,
    Evidence,
    Exclusion,
    Manifest,
    Trouble,
    base_name,
    bound,
    manifests_from_crjson,
)
from provlabel.manifest import compressed, jumbf, references
from provlabel.manifest.cbor import Refused
from provlabel.manifest.codes import MISMATCHES
from provlabel.manifest.content import with_content
from provlabel.manifest.coverage import coverage_of
from provlabel.manifest.ica import with_claims
from provlabel.manifest.limits import MAX_SIZE, MAX_STORE, Scan, scan_file, scan_store
from provlabel.media.containers import ContainerError, hole_in, sized
from provlabel.media.copy import digest_around, digesting
from provlabel.media.formats import Format, sniff
from provlabel.media.others import NAMED, called
from provlabel.sandbox.examining import (
    OLD_STAMPS,
    STAPLES,
    credential_of,
    signature_of,
    to_be_examined,
    with_credential,
    with_seal,
)
from provlabel.sandbox.protocol import Request
from provlabel.trust.anchors import TrustStore


def reread(path: Path, trust: TrustStore, hole: tuple[int, int]) -> Evidence:
    """Read here, under no limits, what this process wrote just now from what the sandbox has read.

    The engine reads it in full.  Another process would see the same, and cost as much as signing.
    """
    request = Request(path=os.fsencode(path), trust=trust, hole=hole)
    with open_regular(path) as stream:
        return read_guarded(stream, stream.seek(0, io.SEEK_END), request)


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_guarded(stream: BinaryIO, size: int, request: Request) -> Evidence:
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
        return unread(size, exc)


def unread(size: int, exc: OSError) -> Evidence:
    """Return evidence that the file could not be read, and why."""
    return Evidence(size=size, trouble=Trouble("io", exc.strerror or str(exc)))


def _read(stream: BinaryIO, size: int, request: Request) -> Evidence:
    """Look at one file: format, container, manifest, in this order."""
    if size > MAX_SIZE:
        raise Refused(f"larger than {MAX_SIZE >> 30} GiB")
    mark = fingerprint(stream) if request.path is not None else ""
    with _digesting(stream, size, request) as digest:
        fmt = sniff(reader(stream))
        found = _unknown(stream, size) if fmt is None else _found(stream, size, fmt, request)
        found = {"sha256": digest(), **found}
    if mark and fingerprint(stream) != mark:
        found = {"sha256": found["sha256"], "trouble": Trouble("io", "it changed while it was read")}
    evidence = Evidence(size=size, fingerprint=mark, engine=engine.version(), format=fmt.name if fmt else None, **found)
    return with_credential(evidence, request)


def _digesting(stream: BinaryIO, size: int, request: Request) -> AbstractContextManager[Callable[[], str]]:
    if size >= LARGE and (request.hole or not request.digest):
        return contextlib.nullcontext(str)
    return digesting(stream, size)


def _unknown(stream: BinaryIO, size: int) -> dict[str, Any]:
    stream.seek(0)
    what = called(stream.read(NAMED)) if size else "an empty file"
    return {"trouble": Trouble("unsupported", what)}


def _found(stream: BinaryIO, size: int, fmt: Format, request: Request) -> dict[str, Any]:
    """Return what scan and engine find; a container that the scan cannot follow never meets the engine."""
    try:
        scan = scan_file(stream, size, fmt, ours=request.hole is not None)
        once = request.hole is not None and size >= LARGE
        return {
            "seconds": scan.seconds,
            "damage": scan.damage,
            "streamed": scan.streamed,
            "obstacle": scan.obstacle,
            "elsewhere": scan.elsewhere,
            "carriers": carriers_in(fmt.name, stream, scan.parts) if scan.followed else None,
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
    fields = _evidence_fields(judged, scan, scan.stores[0], fmt, request)
    if fields["manifests"][0].urn != urn:
        raise ValueError("the engine finds another manifest")
    return {"sha256": whole, "source": "embedded", **fields}


def _engine_read(stream: BinaryIO, fmt: Format, request: Request, scan: Scan) -> dict[str, Any]:
    """Return the fields of evidence that the engine contributes; embedded comes before beside."""
    if not scan.followed:
        fmt = fmt._replace(container="opaque")
    mime = _mime(fmt)
    reading, url = _embedded(stream, fmt, mime, request, scan)
    if reading is not None:
        fields = _evidence_fields(reading, scan, scan.stores[0] if scan.stores else b"", fmt, request)
        _require_seen(fields["manifests"][0], scan)
        fields |= _about_content(stream, fmt, scan, reading, fields["manifests"])
        return {"source": "embedded", **_differing(request.sidecar, scan), **fields}
    if scan.stores:
        raise EngineError(in_words("ManifestNotFound", ""), kind="ManifestNotFound")
    sidecar = detached_beside(request.sidecar)
    if sidecar is None and scan.damage and not scan.followed:
        return {"trouble": Trouble("malformed", scan.damage)}
    if sidecar is None:
        return {"source": "remote", "remote_url": url} if url else {"source": "none"}
    return {"sidecar_sha256": sha256_of(sidecar), **_beside(stream, fmt, mime, request, scan, sidecar)}


def _embedded(stream: BinaryIO, fmt: Format, mime: str, request: Request, scan: Scan) -> tuple[Reading | None, str]:
    """Return what the engine says of the manifest in a file, if it finds one, and where else the file says it lies."""
    if mime == engine.ANY_FILE:
        return None, ""
    try:
        return engine.read(_for_engine(stream, fmt, scan), mime, request.trust), ""
    except engine.RemoteManifest as exc:
        return None, exc.url
    except EngineError:
        if scan.stores or not scan.obstacle:
            raise
        return None, ""  # it stumbles over what no manifest goes into


def _beside(stream: BinaryIO, fmt: Format, mime: str, request: Request, scan: Scan, sidecar: bytes) -> dict[str, Any]:
    """Judge a file by the manifest beside it."""
    try:
        scan_store(sidecar)
        stream.seek(0)
        reading = engine.read(stream, mime, request.trust, sidecar)
        if reading is None:
            return {"source": "none"}
        fields = _evidence_fields(reading, scan, sidecar, fmt, request)
        fields |= _about_content(stream, fmt, scan, reading, fields["manifests"])
        return {"source": "sidecar", **fields}
    except EngineError as exc:
        return {"source": "sidecar", "trouble": _trouble(exc)}
    except ContainerError as exc:
        return {"source": "sidecar", "trouble": Trouble("malformed", str(exc))}


def _for_engine(stream: BinaryIO, fmt: Format, scan: Scan) -> BinaryIO:
    """It refuses placeholders; without a manifest nothing is hashed, and only the tags are looked at."""
    if not scan.streamed or scan.stores:
        return stream
    return cast("BinaryIO", io.BufferedReader(sized(fmt.container, stream, stream.seek(0, io.SEEK_END))))


def _require_seen(active: Manifest, scan: Scan) -> None:
    """Refuse what the engine read and the scan did not see: no limit was applied to it, and others may not find it.

    Raises:
        ValueError: it is such a manifest.
    """
    seen = {said.label for store in scan.stores for _, said in jumbf.manifests(memoryview(store))}
    if active.urn.encode() not in seen:
        raise ValueError("there is a manifest in it that only some readers find")


def _mime(fmt: Format) -> str:
    """What the engine does not know it refuses to read at all, and nothing can be embedded there."""
    return engine.ANY_FILE if fmt.container == "opaque" else fmt.mime


def _about_content(
    stream: BinaryIO, fmt: Format, scan: Scan, reading: Reading, manifests: tuple[Manifest, ...]
) -> dict[str, Any]:
    """Look at what the hash of the content is over, which stands in the last manifest that speaks of the content.

    Where it does not fit, look whether only tags were edited.
    """
    last = bound(manifests)[-1]
    hashed = next(one for one in reading.crjson["manifests"] if one["label"] == last.urn)
    hashes = {name: data for name, data in hashed["assertions"].items() if name.startswith("c2pa.hash.")}
    found: dict[str, Any] = {"coverage": coverage_of(stream, fmt.container, scan.parts, hashes)}
    if last.media_digest is not None and any(code.code in MISMATCHES for code in last.codes):
        from provlabel.carriers.tagless import tagless_digest  # loads the readers of most tags

        size = stream.seek(0, io.SEEK_END)
        found["media_as_signed"] = tagless_digest(fmt.container, stream, size) == last.media_digest
    return found


def _evidence_fields(reading: Reading, scan: Scan, store: bytes, fmt: Format, request: Request) -> dict[str, Any]:
    plain = compressed.unpacked(store, MAX_STORE)
    active, *others = _by_the_rules(manifests_from_crjson(reading.crjson), reading, store, plain)
    check, mime = request.check, _mime(fmt)
    wanted = check is not None and (check.as_of or check.revocation or STAPLES in plain or to_be_examined(active))
    # Of an old claim the engine may see no timestamp where we do.
    stamped = active.signing is not None and bool(
        active.signing.stamped or (active.claim_version == 1 and OLD_STAMPS in plain)
    )
    own = signature_of(plain, active.urn) if wanted or stamped else None
    if own and stamped:
        active = with_seal(active, own, lambda trust: engine.read(io.BytesIO(), mime, trust, store), request.trust)
    if active.identities:
        active = _with_identities(active, store, plain, mime, request)
    spec = reading.crjson["manifests"][0]["validationResults"].get("specVersion", "")
    return {
        "engine_state": reading.state,
        "spec_version": spec,
        "manifests": _with_roles((active, *others), scan, fmt.container),
        "credential": credential_of(own, active) if own and wanted else None,
        "crjson": reading.crjson["manifests"][0] if request.crjson else None,
    }


_UNCOMPRESSIBLE = "c2pa.hash.data"
_NOT_COMPRESSED = f"it is compressed, and its content hash is {_UNCOMPRESSIBLE}"


def _by_the_rules(
    manifests: tuple[Manifest, ...], reading: Reading, store: bytes, plain: bytes
) -> tuple[Manifest, ...]:
    """Add the failures that the engine does not see, and take away one that is none.

    They are references that do not hold, and a content hash that C2PA 2.2 §18.5.1 keeps out of compressed manifests.
    """
    names = compressed.names_in(store)
    found = references.faults(reading.crjson["manifests"], plain)
    code = Code("manifest.compressed.invalid", "failure", text=_NOT_COMPRESSED)
    broken = {
        one["label"]
        for one in reading.crjson["manifests"]
        if one["label"] in names and any(base_name(name) == _UNCOMPRESSIBLE for name in one["assertions"])
    }
    made = []
    for one in manifests:
        codes = tuple(code for code in one.codes if not references.is_misjudged(code))
        added = (*found[one.urn], *([code] if one.urn in broken else []))
        made.append(msgspec.structs.replace(one, codes=(*codes, *added)))
    return tuple(made)


def _with_identities(active: Manifest, store: bytes, plain: bytes, mime: str, request: Request) -> Manifest:
    """Have the identities judged by themselves, over no content: a damaged one would hide all the rest.

    ``plain`` is the store without compression, in which we read.
    """
    replace = msgspec.structs.replace
    try:
        reading = engine.read(io.BytesIO(), mime, request.trust, store, identities=True)
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
    judged_names = {code.url.rpartition("/")[2].partition("__")[0] for code in codes}
    unread = [one.assertion for one in active.identities if one.assertion.partition("__")[0] not in judged_names]
    codes += [Code("cawg.identity.cbor.invalid", "failure", name, "the engine cannot read it") for name in unread]
    identities = tuple(with_claims(one, plain, active.urn) for one in judged.identities)
    if not (request.check and request.check.revocation):  # the network will not be asked
        identities = tuple(replace(one, sealed=None) for one in identities)
    return replace(active, codes=(*active.codes, *codes), identities=identities)


def open_path(path: bytes) -> BinaryIO:
    """Open a regular file by its name as the file system has it."""
    return open_regular(Path(os.fsdecode(path)))


def detached_beside(path: bytes | None) -> bytes | None:
    """Return the detached manifest beside the file, if there is one."""
    if path is None or not os.path.lexists(path):
        return None
    with open_path(path) as stream:
        return stream.read(MAX_STORE + 1)


def _differing(path: bytes | None, scan: Scan) -> dict[str, Any]:
    """Say whether something else than the embedded manifest lies beside the file."""
    try:
        beside = detached_beside(path)
    except InputError:
        return {"sidecar_sha256": "unreadable", "sidecar_differs": True}
    if beside is None:
        return {}
    return {"sidecar_sha256": sha256_of(beside), "sidecar_differs": beside not in scan.stores}


def _trouble(exc: EngineError) -> Trouble:
    if "out of memory" in str(exc):
        return Trouble("too-costly", str(exc))
    if exc.kind == "NotSupported":
        return Trouble("unsupported", str(exc))
    return Trouble("malformed", str(exc))


def _with_roles(manifests: tuple[Manifest, ...], scan: Scan, container: str) -> tuple[Manifest, ...]:
    """Say what lies in all that a content hash leaves out, where the container was understood."""
    if not scan.parts:
        return manifests
    replace = msgspec.structs.replace
    *_, hashed = bound(manifests)
    updated = hashed is not manifests[0] and bool(scan.stores)

    def looked_at(manifest: Manifest) -> Manifest:
        exclusions = manifest.exclusions
        if updated and manifest is hashed:
            exclusions = _moved(exclusions, *hole_in(container, scan.parts))
        return replace(manifest, exclusions=tuple(replace(part, role=_role_of(part, scan)) for part in exclusions))

    return tuple(map(looked_at, manifests))


def _moved(exclusions: tuple[Exclusion, ...], start: int, length: int) -> tuple[Exclusion, ...]:
    """Return what a hash leaves out after an update, as the engine does: the store has grown, and moved the rest."""
    grown = next((length - part.length for part in exclusions if (part.start, part.xpath) == (start, "")), 0)
    replace = msgspec.structs.replace
    return tuple(
        replace(part, length=length)
        if part.start == start
        else replace(part, start=part.start + (grown if part.start > start else 0))
        for part in exclusions
    )


def _role_of(part: Exclusion, scan: Scan) -> str:
    return scan.role_of_boxes(part.xpath, part.usertype) if part.xpath else scan.role_at(part.start, part.length)
