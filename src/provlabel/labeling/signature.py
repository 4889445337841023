"""The claim signature, by any signer, in a place that the engine reserves.

A key that lies in a file goes to the engine, which is the fastest way.  For every other signer, and
whenever a timestamp is wanted, the engine signs with a stand-in key that exists for one file; then
we ask the real signer, and write its signature over the stand-in's (``docs/adr/0010-signature.md``).
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast
from weakref import WeakKeyDictionary

from provlabel.engine import signing
from provlabel.engine.credential import EngineCredential
from provlabel.errors import EngineError, ProvlabelError, SignerError
from provlabel.manifest import cose
from provlabel.media.containers import CONTAINERS, ContainerError, Hole, NoHole, TooLarge, hole_for, put_right, splice
from provlabel.media.containers.edits import Edited
from provlabel.media.copy import copy_around
from provlabel.media.formats import Format
from provlabel.trust.anchors import der_certificates, pem

if TYPE_CHECKING:
    from provlabel.engine.identity import Actor
    from provlabel.engine.signing import IngredientFile
    from provlabel.manifest.write import Definition
    from provlabel.signers import LocalKey, Signer

#: Bytes that are kept free in a signature beyond what is needed when it has to be made larger.
_MARGIN = 64


class UnstampedManifest(NamedTuple):
    """A manifest store whose signature may still get more: a timestamp."""

    store: bytes
    place: cose.SignaturePlace
    signature: cose.Signature

    @property
    def message(self) -> bytes:
        """What a time authority stamps."""
        return cose.to_be_stamped(self.signature.protected, self.signature.value)

    @property
    def room(self) -> int:
        """Bytes that a timestamp may take."""
        stamped = self.signature._replace(stamps=(b"",))
        return self.place.length - cose.least(stamped)

    def stamped(self, token: bytes) -> bytes:
        """Return the store with the timestamp ``token`` in its signature.

        Raises:
            cose.StampTooLarge: the token is longer than what was kept free.
        """
        more = self.signature._replace(stamps=(token,))
        return self.place.put(self.store, cose.assemble(more, self.place.length))


class SigningTask(NamedTuple):
    """What is signed, for the engine."""

    made: Definition
    fmt: Format
    files: Sequence[IngredientFile]
    detached: bool
    actor: Actor | None = None


class Work:
    """A result in the making: content that gets a manifest, in a scratch file.

    Where we know how the container holds a manifest, one pass of ours writes the content around a hole, and
    the engine signs a digest, or hashes what we wrote where boxes are hashed one by one; otherwise the engine
    writes (``docs/adr/0018-streaming.md``).

    Args:
        job: what is signed.
        content: the file as it will be but for its manifest.
        scratch: where the result is written.
        hash_source: nobody has the SHA-256 of the source yet.
    """

    def __init__(self, job: SigningTask, content: Edited, scratch: BinaryIO, *, hash_source: bool = True) -> None:
        self._job = job
        self._content = content
        #: The content, for whoever looks into it.
        self.stream = _buffered(content)
        self._scratch = scratch
        self._hole: Hole | None = None
        self._by_boxes = CONTAINERS[job.fmt.container].hashed_by_boxes
        self._hash_source = hash_source
        #: SHA-256 of the source, hex, where it was wanted and a pass of ours has seen it.
        self.source_sha256 = ""

    @property
    def detached(self) -> bool:
        """Does the manifest lie beside the content, which stays as it is?"""
        return self._job.detached

    @property
    def by_engine(self) -> bool:
        """Did the engine write the content?  Else we copied it, around the manifest."""
        return self._hole is None

    @property
    def hole(self) -> tuple[int, int] | None:
        """Where we put the manifest, if the content hash leaves out just that: start and length in bytes."""
        return None if self._hole is None or self._by_boxes else (self._hole.start, self._hole.length)

    def sign(self, credential: EngineCredential) -> bytes:
        """Write the content and return the store, which still has to be put into its place.

        Raises:
            EngineError: the engine refused.
            SignerError: the credential cannot sign.
            OSError: reading or writing failed.
        """
        self._scratch.seek(0)
        self._scratch.truncate()
        self._hole = None  # of an earlier, shorter store
        job = self._job
        if self.detached:
            return self._beside(credential)
        fits = job.actor is None  # an identity makes the store longer than was announced
        if fits and CONTAINERS[job.fmt.container].hole is not None:
            with contextlib.suppress(NoHole):
                return self._around(credential)
        store = self._in_engine(credential, self.stream)
        # Only now is it known how long the store is, by which pointers of other standards have to be moved.
        if edits := put_right(job.fmt.container, self.stream, self._content.size, len(store)):
            store = self._in_engine(credential, _buffered(self._content.edited(edits)))
        return store

    def put(self, store: bytes) -> None:
        """Write ``store`` over the one of the same length; a detached one is all there is.

        Raises:
            EngineError: it is not where it should be.
        """
        if self._hole is None:
            put(None if self.detached else self._job.fmt, self._scratch, store)
            return
        self._scratch.seek(self._hole.start)
        self._scratch.write(self._hole.fill(store))

    def _in_engine(self, credential: EngineCredential, content: BinaryIO) -> bytes:
        self._scratch.seek(0)
        self._scratch.truncate()
        content.seek(0)
        job = self._job
        return signing.sign(job.made, content, self._scratch, job.fmt.mime, credential, job.files, actor=job.actor)

    def _around(self, credential: EngineCredential) -> bytes:
        job = self._job
        if not self._by_boxes:
            return signing.sign_hashed(job.made, self._write, credential, job.files)
        self._find_hole(0)  # before the engine looks at ingredients; pictures in boxes never have one
        return signing.sign_placed(job.made, self._write, self._scratch, job.fmt.mime, credential, job.files)

    def _find_hole(self, length: int) -> Hole:
        try:
            return hole_for(self._job.fmt.container, self.stream, self._content.size, length)
        except TooLarge as exc:
            raise EngineError(f"the manifest cannot be embedded: {exc}", hint="use --detached") from exc

    def _write(self, length: int) -> signing.Hashed:
        hole = self._find_hole(length)
        copied = copy_around(
            self._content, hole, self._scratch, hash_source=self._hash_source, hash_result=not self._by_boxes
        )
        self._hole, self.source_sha256 = hole, copied.source
        if self._by_boxes:
            self.put(bytes(length))  # the hole is left out by the head of its box
        return signing.Hashed(hole.start, hole.length, copied.content)

    def _beside(self, credential: EngineCredential) -> bytes:
        job = self._job
        with Path(os.devnull).open("w+b") as nowhere:  # the engine wants to copy the source somewhere
            source = self._content.source
            source.seek(0)
            return signing.sign(
                job.made, source, nowhere, job.fmt.mime, credential, job.files, detached=True, actor=job.actor
            )


def _buffered(content: Edited) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(content))


def sign_in_engine(work: Work, signer: Signer) -> bytes | None:
    """Let the engine sign with a key that may enter this process; ``None`` when the key may not."""
    from provlabel.signers import LocalKey

    if not isinstance(signer, LocalKey):
        return None
    if signer not in _credentials:
        _credentials[signer] = EngineCredential(signer.algorithm, signer.chain_pem, signer.private_key_pem())
    return work.sign(_credentials[signer])


#: What the engine made of a key stays as long as its signer does.
_credentials: WeakKeyDictionary[LocalKey, EngineCredential] = WeakKeyDictionary()


def sign_with_stand_in(work: Work, signer: Signer, *, room: int = 0) -> UnstampedManifest:
    """Sign with ``signer``, wherever its key lives, and keep ``room`` bytes free for a timestamp.

    Raises:
        SignerError: the signer failed, with its own exception as the cause, or gave no signature.
        EngineError: the engine refused.
    """
    algorithm, chain = signer.algorithm, der_certificates(signer.chain_pem)
    protected = cose.protected_header(algorithm, chain)
    free = room
    while True:
        store = work.sign(_stand_in(signer.chain_pem, free))
        place = cose.place(store)
        value = _ask(signer, algorithm, cose.to_be_signed(protected, place.claim))
        signature = cose.Signature(protected, value, chain)
        missing = cose.least(signature) + room - place.length
        if missing <= 0:
            return UnstampedManifest(place.put(store, cose.assemble(signature, place.length)), place, signature)
        free += missing + _MARGIN


def put(fmt: Format | None, scratch: BinaryIO, store: bytes) -> None:
    """Write ``store`` over the one of the same length that is embedded; without ``fmt`` it is all there is.

    Raises:
        EngineError: it is not where it should be.
    """
    if fmt is None:
        scratch.seek(0)
        scratch.truncate()
        scratch.write(store)
        return
    try:
        splice(fmt.container, scratch, scratch.seek(0, os.SEEK_END), store)
    except ContainerError as exc:
        raise EngineError(f"the signature cannot be written: {exc}") from exc


def _stand_in(chain_pem: str, free: int) -> EngineCredential:
    """Make a key for one file; the engine reserves as much as the certificates take, so one of zeros is added."""
    filler = pem(b"\x30\x83" + free.to_bytes(3, "big") + bytes(free)) if free else ""
    return EngineCredential.stand_in(chain_pem + filler)


def _ask(signer: Signer, algorithm: str, message: bytes) -> bytes:
    """Ask for the signature; whatever goes wrong reaches the user with its cause."""
    try:
        value = signer.sign(message)
    except ProvlabelError:
        raise
    except Exception as exc:
        raise SignerError(f"the signer failed: {type(exc).__name__}: {exc}") from exc
    if not isinstance(value, bytes) or not value:
        raise SignerError("the signer gave no signature")
    try:
        return cose.raw_ecdsa(algorithm, value)
    except ValueError as exc:
        raise SignerError(f"the signer gave no {algorithm} signature: {exc}") from exc
