"""The inside of the sandbox: reads untrusted bytes under limits and answers with evidence.

Runs in a process of its own that holds no key and reaches no network.  It serves one request after
another over two pipes; frames are four bytes of big-endian length and then the content.  It is
expected to die: whoever asked then knows that the file is not fit to be read.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import gc
import io
import resource
import time
from typing import BinaryIO

import msgspec

from provlabel import engine
from provlabel._support.processes import take_pipes
from provlabel.errors import InputError, UnfitEngineError
from provlabel.evidence import Opinion
from provlabel.manifest.limits import MAX_STORE
from provlabel.media.previews import FRAMES, draw
from provlabel.sandbox.examining import examine_as_of
from provlabel.sandbox.limits import Limits, set_limits
from provlabel.sandbox.protocol import HEADER, Answer, Request, Second, frame, frame_length
from provlabel.sandbox.reading import detached_beside, open_path, read_guarded, sha256_of, unread
from provlabel.trust import chains, issuers

#: For processes of ours: what is read lives for one file, and to look for cycles after each 700 objects takes a tenth.
RARELY = (20_000, 20, 20)


# --- frames ----------------------------------------------------------------------------------------


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
        content = _receive(requests) if request.is_bare else None
        answers.write(frame(msgspec.json.encode(answer(request, content))))
        answers.flush()


def _share_one_heap() -> None:
    """Keep threads from having heaps of their own: each takes 64 MiB of address space that the next file would lack."""
    with contextlib.suppress(AttributeError, OSError):  # it is glibc's
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def main() -> None:
    """Serve standard input and output; what libraries print goes to standard error."""
    serve(*take_pipes())


def answer(request: Request, content: bytes | None) -> Answer:
    """Read one file, examine one credential, or try the engine, under its limits."""
    try:
        return _prove(request.limits) if request.prove else _answer(request, content)
    except UnfitEngineError as exc:
        return Answer(unfit=str(exc), hint=exc.hint)


def _prove(limits: Limits) -> Answer:
    """Have the engine show that each switch of ours that matters has its effect.

    Raises:
        UnfitEngineError: some have none.
    """
    from provlabel.engine.selftest.checks import failures

    set_limits(limits, 0)
    if failed := failures():
        raise UnfitEngineError(
            f"the C2PA engine {engine.version()} does not do what it is told: {'; '.join(failed)}",
            hint=_AGAIN if time.time() >= _FILES_BEGIN else "set the clock of this machine, which stands before 2000",
        )
    return Answer()


#: When the certificates of the self-test begin, in seconds since 1970; a machine that lost its clock is before that.
_FILES_BEGIN = dt.datetime(2000, 1, 2, tzinfo=dt.timezone.utc).timestamp()
_AGAIN = "reinstall c2pa-python; if that does not help, report it: nothing is judged or labeled with it"


def _answer(request: Request, content: bytes | None) -> Answer:
    _prepare(request)
    if request.credential is not None and request.check is not None:
        set_limits(request.limits, MAX_STORE)
        return Answer(examined=examine_as_of(request.credential, request.trust, request.check))
    if request.sealed is not None:
        set_limits(request.limits, len(request.document))
        return Answer(held=issuers.held_by(request.document, request.sealed))
    try:
        stream: BinaryIO = io.BytesIO(content or b"") if request.path is None else open_path(request.path)
    except InputError as exc:
        return Answer(refused=str(exc))
    try:
        with stream:
            size = stream.seek(0, io.SEEK_END)
            set_limits(request.limits, size)
            if request.draw is not None:
                return Answer(preview=draw(stream, request.draw, FRAMES[request.purpose]))
            if request.second is not None:
                return Answer(opinion=_opinion(stream, size, request, request.second))
            return Answer(evidence=read_guarded(stream, size, request))
    except OSError as exc:
        return Answer(evidence=unread(0, exc))


def _prepare(request: Request) -> None:
    """Load what judges certificates before there are limits: in a fork of a large process they leave no room for it."""
    if request.check is not None and request.trust.has("manifest"):
        from provlabel.manifest import cose  # noqa: F401
        from provlabel.signers import certificates  # noqa: F401

        chains.load()
    if request.sealed is not None:
        issuers.load()


def _opinion(stream: BinaryIO, size: int, request: Request, second: Second) -> Opinion:
    """Ask the second verifier, if these are still the bytes that were judged."""
    from provlabel.sandbox.second_opinion import MOST_BYTES, opinion
    from provlabel.verdict.opinions import not_given

    if size > MOST_BYTES:
        return not_given(f"the file is larger than {MOST_BYTES:,} bytes")
    stream.seek(0)
    content = stream.read(size)
    try:
        store = detached_beside(request.sidecar) if second.store_sha256 else None
    except InputError as exc:
        return not_given(str(exc))
    digests = (sha256_of(content), sha256_of(store) if store is not None else "")
    if digests != (second.sha256, second.store_sha256):
        return not_given("the file changed after it was judged")
    try:
        return opinion(content, store, second.mime, request.trust, second.at)
    except MemoryError:
        return not_given("it used up its memory")
