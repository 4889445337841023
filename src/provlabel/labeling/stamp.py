"""Add a timestamp to a label that has none: not a signed byte changes, and no key is needed.

A timestamp stands in the unsigned header of the signature, where `provlabel label` keeps room for it
when asked to (``docs/adr/0010-signature.md`` says why this is no update manifest).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import msgspec

from provlabel._support.files import atomic_output, copy_to, fingerprint, locked, only_read, open_regular
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.times import now
from provlabel.errors import EngineError, InputError, OutputError, TimestampError, UsageError
from provlabel.evidence import Evidence
from provlabel.labeling.publish import lies_at, with_timestamp
from provlabel.labeling.receipts import Receipt, facts
from provlabel.labeling.signature import UnstampedManifest, put
from provlabel.labeling.sources import naming_its_source, shown
from provlabel.manifest import cose
from provlabel.media.containers import stores_of
from provlabel.media.formats import BY_NAME, Format
from provlabel.media.sidecar import SIDECAR, beside
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.trust.authorities import PROPOSED
from provlabel.trust.timestamps import Timestamper
from provlabel.verdict import judge

_NO_TRUST = TrustStore()


@naming_its_source
def stamp_file(
    source: Path | str,
    dest: Path | str | None,
    timestamper: Timestamper,
    *,
    replace: bool = False,
    sandbox: AnySandbox | None = None,
) -> Receipt:
    """Let a time authority stamp the label of ``source`` and write the result to ``dest``.

    Args:
        source: a labeled file; where its manifest is detached, that manifest is what is stamped.
        dest: where the result goes, whole or not at all; ``None`` for the file that holds the manifest.
        timestamper: the authorities.
        replace: overwrite an existing ``dest``.
        sandbox: where untrusted bytes are read first.

    Raises:
        InputError: no sound label, a timestamp already, or no room for one.
        TimestampError: no authority gave one that holds; nothing is changed.
        OutputError: ``dest`` cannot be written.
    """
    source, sandbox = path_of(source), sandbox or shared_sandbox()
    evidence = _labeled(source, sandbox)
    fmt = None if evidence.source == "sidecar" else BY_NAME[evidence.format or ""]
    holder = source if fmt else beside(source)
    target = _target(holder, source, dest)
    # Without a stamp there is nothing to write.
    timestamper = msgspec.structs.replace(timestamper, optional=False)
    with locked(holder), only_read(open_regular(holder)) as stream:
        if fmt and fingerprint(stream) != evidence.fingerprint:
            raise InputError(f"{shown(source)}: changed while it was read", hint="try again when it is at rest")
        made = _unstamped(stream, fmt, shown(source))
        like = os.fstat(stream.fileno())
        in_place = target == holder
        with atomic_output(
            target, replace=replace or in_place, mode=like.st_mode & 0o777, like=like if in_place else None
        ) as scratch:
            copy_to(stream, scratch.stream)

            def read_back_with(store: bytes, trust: TrustStore = _NO_TRUST) -> Evidence:
                put(fmt, scratch.stream, store)
                scratch.stream.flush()
                read = sandbox.read(scratch.path, trust) if fmt else sandbox.read(source, trust, scratch.path)
                return _require_sound(read, evidence.manifests[0].urn)

            try:
                written = with_timestamp(made, timestamper, read_back_with, evidence.sha256)
            except TimestampError as exc:
                raise TimestampError(f"{shown(source)}: {exc}", hint=exc.hint) from exc
    return Receipt(**facts(evidence, str(target), written, detached=fmt is None))


def _target(holder: Path, source: Path, dest: Path | str | None) -> Path:
    """Decide where the result goes: into the file that holds the manifest, or a file of that kind beside."""
    if dest is None:
        if holder.is_symlink():
            raise OutputError(f"{shown(holder)}: is a symlink", hint="name the file that it points to")
        return holder
    target = path_of(dest)
    if lies_at(target, holder) or lies_at(target, source):
        raise OutputError(f"{shown(target)}: is the source itself", hint="use --in-place to replace it")
    if holder != source and target.suffix != SIDECAR:
        raise UsageError(
            f"{shown(source)}: its manifest is detached, so what is stamped is {shown(holder)}",
            hint=f"use --in-place, or an output that ends with {SIDECAR}",
        )
    return target


def _labeled(source: Path, sandbox: AnySandbox) -> Evidence:
    """Read what is to be stamped: only what verifies is worth it."""
    evidence = sandbox.read(source, _NO_TRUST, beside(source))
    if not evidence.manifests:
        verdict = judge(evidence, at=now())
        why = verdict.findings[0].message if verdict.findings else "holds no manifest"
        raise InputError(f"{shown(source)}: {why}", hint=f"label it first: provlabel label FILE --tsa {PROPOSED}")
    active = evidence.manifests[0]
    if active.signing is not None and active.signing.stamped:
        raise InputError(f"{shown(source)}: has a timestamp already, {printable(active.signing.stamped)}")
    if active.claim_version < 2:
        raise InputError(f"{shown(source)}: its claim is of version 1, which no timestamp can prove any more")
    try:
        return _require_sound(evidence, active.urn)
    except EngineError as exc:
        raise InputError(f"{shown(source)}: {exc}", hint="a timestamp on it would prove nothing") from exc


def _require_sound(evidence: Evidence, urn: str) -> Evidence:
    verdict = judge(evidence, at=now())
    if not verdict.holds or evidence.manifests[0].urn != urn:
        raise EngineError(f"does not verify: {printable(verdict.why, 500)}")
    return evidence


def _unstamped(stream: BinaryIO, fmt: Format | None, name: str) -> UnstampedManifest:
    """Take the signature out of the file, as it stands."""
    try:
        if fmt is None:
            store = stream.read()
        else:
            [store] = stores_of(fmt.container, stream, stream.seek(0, os.SEEK_END))
        place = cose.place(store)
        made = UnstampedManifest(store, place, cose.parse(place.old))
    except ValueError as exc:
        raise InputError(f"{name}: its signature cannot be read: {exc}") from exc
    if made.room < LEAST_TOKEN:
        raise InputError(
            f"{name}: its signature has no room for a timestamp ({made.room:,} bytes are free), and the signed hash "
            "does not let the manifest grow",
            hint=f"label it again from the original, with --tsa {PROPOSED} or --stamp-room",
        )
    return made


#: Bytes of the smallest token that an authority can give: one with an EC certificate.
LEAST_TOKEN = 700
