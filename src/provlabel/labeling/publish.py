"""Where a result goes, and the only way there: a scratch file, read back in full, then renamed."""

from __future__ import annotations

import contextlib
import io
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from provlabel._support.files import LARGE, Scratch, atomic_output, copy_to, locked, sha256_of, synced
from provlabel._support.text import printable
from provlabel._support.times import now
from provlabel.carriers.compare import both_values
from provlabel.carriers.tagless import tagless_digest
from provlabel.engine.identity import Actor
from provlabel.engine.signing import IngredientFile
from provlabel.engine.words import in_words
from provlabel.errors import EngineError, InputError, OutputError, SignerError, TimestampError
from provlabel.evidence import Evidence
from provlabel.labeling.signature import SigningTask, UnstampedManifest, Work, sign_in_engine, sign_with_stand_in
from provlabel.labeling.sources import Source, naming, reopened, shown
from provlabel.manifest import cose
from provlabel.manifest.write import Definition, with_media_digest
from provlabel.media.containers import CONTAINERS, ContainerError, inventory, lost, pointed_to, sized
from provlabel.media.containers.edits import Edit, Edited
from provlabel.media.played import Played, played_in
from provlabel.media.sidecar import beside
from provlabel.sandbox.reading import reread
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.verdict import Verdict, judge

if TYPE_CHECKING:
    from provlabel.signers import Signer
    from provlabel.trust.timestamps import Stamp, Timestamper

_NO_TRUST = TrustStore()


class Destination(NamedTuple):
    """Where the result goes."""

    target: Path  #: the labeled file, or the manifest beside it
    detached: bool
    in_place: bool  #: the target is the source
    copy: Path | None  #: where the content of a detached manifest is copied to
    replace: bool
    scratch_name: str | None = None  #: of what is read and deleted at once: what it is called in place of its path

    @property
    def shown(self) -> str:
        """What receipts call it."""
        return str(self.target) if self.scratch_name is None else self.scratch_name


def labeled_name(source: Path) -> Path:
    """Return where the labeled ``source`` goes when nobody says where."""
    return source.with_name(f"{source.stem}.labeled{source.suffix}")


def destination_for(checked: Source, dest: Path | None, detached: bool, replace: bool) -> Destination:
    """Decide between embedded and detached, and refuse what embedding would break."""
    source = checked.path
    if detached or checked.why_beside:
        elsewhere = None if dest is None or lies_at(dest, source) else dest
        return Destination(beside(elsewhere or source), True, False, elsewhere, replace)
    if checked.evidence.obstacle:
        raise InputError(f"{checked.shown}: the manifest cannot be embedded: {checked.evidence.obstacle}", hint=_BESIDE)
    target = dest or labeled_name(source)
    in_place = lies_at(target, source)
    if in_place and not replace:
        raise OutputError(f"{shown(target)}: is the source itself", hint="add --in-place, or choose another output")
    return Destination(target, False, in_place, None, replace)


def lies_at(dest: Path, source: Path) -> bool:
    """Are these two names of one file?"""
    try:
        return dest.samefile(source)
    except OSError:
        return False


class Seal(NamedTuple):
    """Who signs, and who proves when."""

    signer: Signer
    timestamper: Timestamper | None = None
    room: int = 0  #: bytes kept free for a later timestamp
    actor: Actor | None = None


class Published(NamedTuple):
    """What was written and read back."""

    store: bytes
    evidence: Evidence
    source_sha256: str
    stamp: Stamp | None = None
    warning: str = ""  #: why there is no timestamp although one was wished for


def publish(
    checked: Source,
    ingredients: Sequence[tuple[Source, dict[str, Any]]],
    manifest: Definition,
    seal: Seal,
    destination: Destination,
    sandbox: AnySandbox,
    edits: Sequence[Edit] = (),
    settle: Callable[[Published], None] = lambda _: None,
) -> Published:
    """Edit and sign into a scratch file, have it stamped, read it back, and rename it to where it belongs.

    The steps, in order: 1 open everything, and see that it is still what the sandbox read; 2 sign into the scratch
    file; 3 put the store into its place there, with a timestamp where one is wanted, and read the file back; 4 let
    ``settle`` have the result, which prevents the rename by raising; the rename is the end of ``_outputs``.
    """
    with contextlib.ExitStack() as stack, _explained(checked.shown, seal.signer):
        if destination.in_place:
            stack.enter_context(locked(destination.target))
        with contextlib.ExitStack() as sources:
            stream = sources.enter_context(reopened(checked))
            files = [
                IngredientFile(_as_ingredient(item, sources.enter_context(reopened(item))), item.fmt.mime, stated)
                for item, stated in ingredients
            ]
            like = os.fstat(stream.fileno())
            mode = like.st_mode & 0o777
            scratch, copy = stack.enter_context(_outputs(destination, mode, like))
            if copy is not None:
                copy_to(stream, copy.stream)
                copy.stream.flush()
                os.fsync(copy.stream.fileno())  # it is published last, and must not fail for want of room then
            settled = Edited(stream, like.st_size)
            if not destination.detached:
                settled = sized(checked.fmt.container, stream, like.st_size)
            content = settled.edited(edits)
            made = manifest if _is_written_anew(checked, seal) else _digested(manifest, checked, content)
            job = SigningTask(made, checked.fmt, files, destination.detached, seal.actor)
            work = Work(job, content, scratch.stream, hash_source=not checked.evidence.sha256)
            pointed = {} if destination.detached else _pointed_to(checked, stream)
            signed = _signed(work, seal)
            played = None if destination.detached else _played(checked, settled, work)
            parts_before = _inventory(checked, work.stream) if played is not None else Counter()
            digest = checked.evidence.sha256 or work.source_sha256 or sha256_of(stream)

        def read_back_with(store: bytes, trust: TrustStore = _NO_TRUST) -> Evidence:
            work.put(store)
            evidence = _read_back(checked, scratch, sandbox, trust, work)
            if played is not None:
                _require_parts(checked, parts_before, scratch)
                _require_played(checked, played, scratch, work, evidence)
            _require_pointers(checked, pointed, scratch)
            return evidence

        if isinstance(signed, bytes):
            published = Published(signed, read_back_with(signed), digest)
        else:
            published = with_timestamp(signed, seal.timestamper, read_back_with, digest)
        settle(published)
        return published


def _is_written_anew(checked: Source, seal: Seal) -> bool:
    """Does the engine write all tags of the file again?  Then nobody knows beforehand what they are."""
    return seal.actor is not None and checked.fmt.container == "id3"


def _digested(manifest: Definition, checked: Source, content: Edited) -> Definition:
    """Add the digest by which edited tags are told from another sound, where it is defined for the container."""
    whole = cast("BinaryIO", io.BufferedReader(content.edited(())))  # which closes what it reads
    digest = tagless_digest(checked.fmt.container, whole, content.size)
    return manifest if digest is None else with_media_digest(manifest, digest)


def _as_ingredient(item: Source, stream: BinaryIO) -> BinaryIO:
    """Give the engine right sizes, in place of those that it refuses; with a manifest each byte counts."""
    if not item.evidence.streamed or item.manifest:
        return stream
    return cast("BinaryIO", io.BufferedReader(sized(item.fmt.container, stream, stream.seek(0, os.SEEK_END))))


@contextlib.contextmanager
def _outputs(destination: Destination, mode: int, like: os.stat_result) -> Iterator[tuple[Scratch, Scratch | None]]:
    """Open what is written: the result, and the copy that a detached manifest may come with.

    The manifest is in its place first, so that nobody finds the copy without it.  Where the copy cannot follow, it
    is taken back: beside nothing it would be half a result.
    """
    if destination.copy is None:
        old = like if destination.in_place else None
        name = destination.scratch_name
        with atomic_output(
            destination.target, replace=destination.replace, mode=mode, like=old, scratch_name=name
        ) as scratch:
            yield scratch, None
        return
    opened = None
    try:
        with (
            atomic_output(destination.copy, replace=destination.replace, mode=mode) as copy,
            atomic_output(destination.target, replace=destination.replace, mode=mode) as scratch,
        ):
            opened = os.fstat(copy.stream.fileno()), os.fstat(scratch.stream.fileno())
            yield scratch, copy
    except BaseException:
        if opened is not None and not destination.replace:  # what was replaced is gone; the new manifest is no worse
            copied, manifest = opened
            if not _lies(copied, destination.copy) and _lies(manifest, destination.target):
                with contextlib.suppress(OSError):
                    destination.target.unlink()
        raise


def _lies(identity: os.stat_result, path: Path) -> bool:
    """Is this the file that lies there?"""
    try:
        return os.path.samestat(os.lstat(path), identity)
    except OSError:
        return False


def _signed(work: Work, seal: Seal) -> bytes | UnstampedManifest:
    """Sign in the fastest way that serves: whole stores can get no timestamp any more."""
    room = seal.timestamper.room if seal.timestamper else seal.room
    whole = None if room else sign_in_engine(work, seal.signer)
    return sign_with_stand_in(work, seal.signer, room=room) if whole is None else whole


def with_timestamp(
    made: UnstampedManifest,
    timestamper: Timestamper | None,
    read_back_with: Callable[..., Evidence],
    source_sha256: str,
) -> Published:
    """Add a timestamp from the first authority whose token holds, as read back from the file.

    Raises:
        TimestampError: none of them, and they are not optional.
    """
    if timestamper is None:
        return Published(made.store, read_back_with(made.store), source_sha256)
    refusals, hints = [], []
    for url, ends in timestamper.turns():
        try:
            stamp = timestamper.ask(url, made.message, ends)
            store = made.stamped(stamp.token)
            evidence = read_back_with(store, timestamper.trust)
            _require_stamp(evidence, timestamper.trust)
            return Published(store, evidence, source_sha256, stamp)
        except cose.StampTooLarge as exc:
            refusals.append(f"{url}: its token takes {exc.missing:,} bytes more than the room that was kept for it")
        except TimestampError as exc:
            refusals.append(f"{url}: {exc}")
            hints += [exc.hint] if exc.hint else []
    why = f"no timestamp: {'; '.join(refusals)}"
    if not timestamper.optional:
        raise TimestampError(why, hint="; or ".join(dict.fromkeys((*hints, _WITHOUT))))
    return Published(made.store, read_back_with(made.store), source_sha256, warning=why)


_WITHOUT = "name another authority with --tsa, or label with --tsa-optional or --stamp-room and stamp it later"


def _require_stamp(evidence: Evidence, trust: TrustStore) -> None:
    """Refuse a token that the engine does not confirm, or that comes from nobody we were told to trust."""
    codes = evidence.manifests[0].codes
    wrong = next((code for code in codes if code.code in _BAD_STAMPS), None)
    if wrong is not None or not any(code.code == "timeStamp.validated" for code in codes):
        raise TimestampError(f"its token does not hold: {wrong.code if wrong else 'the engine does not confirm it'}")
    trusted = (code.text for code in codes if code.code == "timeStamp.trusted")
    if trust.has("timestamp") and not any(trust.vouching(text, "timestamp") for text in trusted):
        raise TimestampError("nobody you trust vouches for it", hint="pass its CA with --tsa-trust")


_BAD_STAMPS = frozenset(
    {"timeStamp.malformed", "timeStamp.mismatch", "timeStamp.outsideValidity", "timeStamp.credentialInvalid"}
)


@contextlib.contextmanager
def _explained(shown: str, signer: Signer) -> Iterator[None]:
    """Look at the certificate before it is used; name the file in what goes wrong."""
    from provlabel.signers import require_fit

    require_fit(signer)
    try:
        yield
    except TimestampError as exc:
        raise TimestampError(f"{shown}: {exc}", hint=exc.hint) from exc
    except ContainerError as exc:
        raise InputError(f"{shown}: {exc}", hint=_BESIDE) from exc
    except (SignerError, EngineError) as exc:
        from provlabel.signers import check, name_of

        check.require_signer(signer, name_of(signer))
        if isinstance(exc, SignerError):
            raise SignerError(f"{shown}: {exc}", hint=exc.hint) from exc.__cause__ or exc
        raise EngineError(f"{shown}: {exc}", hint=exc.hint, kind=exc.kind) from exc


def _read_back(checked: Source, scratch: Scratch, sandbox: AnySandbox, trust: TrustStore, work: Work) -> Evidence:
    """Read what was written just as anyone will, and return the evidence.

    Raises:
        EngineError: what was written does not hold; it is not published.
        SignerError: it holds, but older verifiers would report a broken signature.
    """
    scratch.stream.flush()
    with synced(scratch.stream), naming(scratch.path, checked.shown):
        evidence = _read_written(checked, scratch, sandbox, trust, work)
    verdict = judge(evidence, at=now())
    if work.hole is not None and _is_hidden(evidence):
        raise EngineError("the engine would not find the manifest: it cannot read the tags of this file", hint=_BESIDE)
    if verdict.axes.signer == "bad-signature":
        raise SignerError("what the signer gave is no signature by its certificate", hint=_OTHER_KEY)
    if verdict.axes.identity == "bad":
        why = next(item.message for item in verdict.findings if item.rule == "identity.bad")
        raise SignerError(f"what was given is no good identity: {printable(why, 500)}", hint=_OTHER_KEY)
    if not verdict.holds:
        raise EngineError(f"the written file does not verify: {printable(verdict.why, 500)}")
    signing = evidence.manifests[0].signing
    if signing is not None and not signing.subject.get("O"):
        raise SignerError("the certificate names no organization (O)", hint="ask the CA for one with an organization")
    _require_story(verdict)
    return evidence


def _is_hidden(evidence: Evidence) -> bool:
    """Did the engine look for a manifest, and find none?"""
    if evidence.trouble is not None:
        return in_words("ManifestNotFound", "") in evidence.trouble.text
    return evidence.source == "none"


def _read_written(checked: Source, scratch: Scratch, sandbox: AnySandbox, trust: TrustStore, work: Work) -> Evidence:
    if work.detached:
        return sandbox.read(checked.path, trust, scratch.path)
    if work.hole is not None and os.fstat(scratch.stream.fileno()).st_size < LARGE:
        return reread(scratch.path, trust, work.hole)
    return sandbox.read(scratch.path, trust, hole=work.hole)


_BESIDE = "use --detached: it leaves the file as it is"
_OTHER_KEY = "check that the chain belongs to the key: provlabel key check"


def _require_story(verdict: Verdict) -> None:
    """Refuse a result whose carriers came out otherwise than the label lists: the engine rewrites some of them."""
    for value in verdict.carriers or ():
        if value.agreement in ("missing", "changed", "contradicts"):
            raise EngineError(
                f"embedding would spoil a tag: {value.place}: {printable(both_values(value), 500)}",
                hint="--carriers none",
            )


def _inventory(checked: Source, stream: BinaryIO) -> Counter[str]:
    return inventory(checked.fmt.container, stream, stream.seek(0, os.SEEK_END))


def _require_parts(checked: Source, parts_before: Counter[str], scratch: Scratch) -> None:
    """Refuse a result that lost a chunk, box, tag or frame of what was signed.

    The engine drops an ID3 tag that it cannot parse, in silence; what else it rewrites may change.
    """
    if gone := lost(parts_before, _inventory(checked, scratch.stream)):
        what = CONTAINERS[checked.fmt.container].words
        raise EngineError(f"embedding would lose {what}: {printable(', '.join(gone))}", hint=_BESIDE)


def _played(checked: Source, stream: io.RawIOBase, work: Work) -> Played:
    """Look at what players find; what we write ourselves are copies of the same bytes, so that no digest is needed."""
    whole = cast("BinaryIO", io.BufferedReader(stream))
    return played_in(checked.fmt.container, whole, whole.seek(0, os.SEEK_END), digest=work.by_engine)


def _require_played(checked: Source, before: Played, scratch: Scratch, work: Work, evidence: Evidence) -> None:
    """Refuse a result in which players would find something else than in the source, or not all of them the same."""
    size = scratch.stream.seek(0, os.SEEK_END)
    if before != played_in(checked.fmt.container, scratch.stream, size, digest=work.by_engine):
        raise EngineError("embedding would change what is seen or heard", hint=_BESIDE)
    if evidence.obstacle:
        raise EngineError(f"what was written would be read in several ways: {evidence.obstacle}", hint=_BESIDE)


def _pointed_to(checked: Source, stream: BinaryIO) -> dict[str, str]:
    return pointed_to(checked.fmt.container, stream, stream.seek(0, os.SEEK_END))


def _require_pointers(checked: Source, before: dict[str, str], scratch: Scratch) -> None:
    """Refuse a result in which other standards' pointers lead elsewhere: what we put in moves what lies behind it."""
    after = _pointed_to(checked, scratch.stream) if before else {}
    if astray := [name for name, target in before.items() if after.get(name) != target]:
        more = f", and {len(astray) - 1} more" if len(astray) > 1 else ""
        raise EngineError(f"embedding would leave pointers that lead astray: {astray[0]}{more}", hint=_BESIDE)
