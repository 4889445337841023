"""Read a manifest and have the engine judge it."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from provlabel.engine import native
from provlabel.engine._settings import context_for
from provlabel.engine.loading import binding
from provlabel.engine.streams import Tap, native_stream, translated, uninterrupted
from provlabel.errors import EngineError
from provlabel.trust.anchors import TrustStore

#: What the engine hashes without looking inside: any file, left byte-identical, for a detached manifest.
ANY_FILE = "application/octet-stream"


class Reading(Struct, frozen=True):
    """The answer of the engine about one file."""

    state: str  #: its one word
    crjson: dict[str, Any]


def read(
    stream: BinaryIO, mime: str, trust: TrustStore, manifest: bytes | None = None, *, identities: bool = False
) -> Reading | None:
    """Read and validate ``stream``; ``manifest`` is a detached one, which then counts alone.

    ``identities``: see :func:`settings`.

    Returns:
        The answer of the engine, or ``None`` when there is no manifest.

    Raises:
        RemoteManifest: only the URL of a manifest was found; it is not fetched.
        EngineError: the engine cannot read the file; ``kind`` is its word.
        OSError: the stream failed.
    """
    try:
        state, text = _answer(stream, mime, trust, manifest, identities=identities)
    except EngineError as exc:
        if exc.kind == "ManifestNotFound":
            return None
        raise
    return Reading(state.validation_state, msgspec.json.decode(text))


def found_in(stream: BinaryIO, mime: str) -> str:
    """Return the URN of the active manifest that the engine finds in a file; nothing is hashed, and nothing judged.

    Raises:
        EngineError: it finds none, or cannot read it.
        OSError: the stream failed.
    """
    state, _ = _answer(stream, mime, TrustStore(), judged=False)
    return state.active_manifest


def objection(stream: BinaryIO, mime: str, given: dict[str, Any]) -> str:
    """Return why the engine does not read a file under other settings than ours, in its own words; empty if it does.

    For the self-test alone: nothing is judged by what this says.
    """
    c2pa = binding()
    try:
        with uninterrupted(), c2pa.Context.from_json(json.dumps(given)) as context:
            c2pa.Reader(mime, stream, context=context).close()
    except c2pa.C2paError as exc:
        return str(exc)
    return ""


class _EngineState(Struct):
    validation_state: str
    active_manifest: str = ""


def _answer(
    stream: BinaryIO, mime: str, trust: TrustStore, manifest: bytes | None = None, **how: bool
) -> tuple[_EngineState, bytes]:
    """Have the engine read, and return what counts of its JSON, and its crJSON; ``how`` is for :func:`settings`."""
    taps: list[Tap] = []
    with uninterrupted(), translated(taps), native_stream(stream, taps) as opened:
        whole, text = native.read(binding(), context_for(trust, **how), mime, opened, manifest)
    for tap in taps:
        if tap.error is not None:
            raise tap.error
    return msgspec.json.decode(whole, type=_EngineState), text
