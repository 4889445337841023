"""Where a result goes, and the only way there: a scratch file, read back in full, then renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from provlabel import cage as cages
from provlabel import engine
from provlabel._files import Scratch, atomic_output, copy_to, locked
from provlabel._text import printable
from provlabel.containers import inventory, lost
from provlabel.engine import IngredientFile
from provlabel.errors import EngineError, InputError, OutputError, SignerError
from provlabel.evidence import Evidence
from provlabel.formats import Format
from provlabel.manifest import Definition
from provlabel.sources import Source, reopened, shown
from provlabel.trust import TrustStore
from provlabel.verdict import judge
from provlabel.verifying import beside, now

if TYPE_CHECKING:
    from provlabel.signers import Signer

_NO_TRUST = TrustStore()
_WORDS = {"id3": "ID3 frames", "riff": "chunks", "png": "chunks", "tiff": "tags", "isobmff": "boxes"}


class Place(NamedTuple):
    """Where the result goes."""

    target: Path  #: the labelled file, or the manifest beside it
    detached: bool
    in_place: bool  #: the target is the source
    copy: Path | None  #: where the content of a detached manifest is copied to
    replace: bool


def labeled_name(source: Path) -> Path:
    """Return where the labelled ``source`` goes when nobody says where."""
    return source.with_name(f"{source.stem}.labeled{source.suffix}")


def place_for(checked: Source, dest: Path | None, detached: bool, replace: bool) -> Place:
    """Decide between embedded and detached, and refuse what embedding would break."""
    source = checked.path
    if detached or not checked.fmt.embed:
        elsewhere = None if dest is None or _lies_at(dest, source) else dest
        return Place(beside(elsewhere or source), True, False, elsewhere, replace)
    if checked.evidence.obstacle:
        raise InputError(
            f"{shown(source)}: the manifest cannot be embedded: {checked.evidence.obstacle}",
            mend="use --detached: it leaves the file as it is",
        )
    target = dest or labeled_name(source)
    in_place = _lies_at(target, source)
    if in_place and not replace:
        raise OutputError(f"{shown(target)}: is the source itself", mend="add --in-place, or choose another output")
    return Place(target, False, in_place, None, replace)


def _lies_at(dest: Path, source: Path) -> bool:
    try:
        return dest.samefile(source)
    except OSError:
        return False


def publish(
    checked: Source,
    ingredients: Sequence[tuple[Source, dict[str, Any]]],
    made: Definition,
    signer: Signer,
    place: Place,
    cage: cages.Cage,
) -> tuple[bytes, Evidence]:
    """Sign into a scratch file, read it back, publish it; return the manifest and what was read back."""
    with contextlib.ExitStack() as stack:
        if place.in_place:
            stack.enter_context(locked(place.target))
        with contextlib.ExitStack() as sources:
            stream = sources.enter_context(reopened(checked))
            files = [
                IngredientFile(sources.enter_context(reopened(item)), item.fmt.mime, said) for item, said in ingredients
            ]
            like = os.fstat(stream.fileno())
            mode = like.st_mode & 0o777
            if place.copy is not None:
                copy = stack.enter_context(atomic_output(place.copy, replace=place.replace, mode=mode))
                copy_to(stream, copy.stream)
            scratch = stack.enter_context(
                atomic_output(place.target, replace=place.replace, mode=mode, like=like if place.in_place else None)
            )
            with _explained(checked.path, signer):
                store = _sign(stream, scratch.stream, checked.fmt, made, signer, files, place.detached)
        with _explained(checked.path, signer):
            return store, _read_back(checked, scratch, store if place.detached else None, cage)


def _sign(
    stream: BinaryIO,
    scratch: BinaryIO,
    fmt: Format,
    made: Definition,
    signer: Signer,
    files: Sequence[IngredientFile],
    detached: bool,
) -> bytes:
    if not detached:
        return engine.sign(made, stream, scratch, fmt.mime, signer, files)
    with Path(os.devnull).open("w+b") as nowhere:  # the engine wants to copy the source somewhere
        return engine.sign(made, stream, nowhere, fmt.mime, signer, files, detached=True)


@contextlib.contextmanager
def _explained(path: Path, signer: Signer) -> Iterator[None]:
    """Name the file in what goes wrong, and let the signer say what is wrong with its certificate."""
    try:
        yield
    except (SignerError, EngineError) as exc:
        from provlabel.signers import Checked

        if isinstance(signer, Checked):
            signer.check()
        if isinstance(exc, SignerError):
            raise SignerError(f"{shown(path)}: {exc}", mend=exc.mend) from exc.__cause__ or exc
        raise EngineError(f"{shown(path)}: {exc}", mend=exc.mend, kind=exc.kind) from exc


def _read_back(checked: Source, scratch: Scratch, store: bytes | None, cage: cages.Cage) -> Evidence:
    """Read what was written just as anyone will, and return what is seen.

    Raises:
        EngineError: what was written does not hold; it is not published.
        SignerError: it holds, but older verifiers would report a broken signature.
    """
    if store is not None:
        scratch.stream.write(store)
    scratch.stream.flush()
    path, sidecar = (scratch.path, None) if store is None else (checked.path, scratch.path)
    evidence = cage.read(path, _NO_TRUST, sidecar)
    verdict = judge(evidence, anchors=(), at=now())
    if verdict.axes.content != "intact" or verdict.axes.signer != "no-anchors":
        why = next((item.message for item in verdict.findings if item.level == "error"), verdict.state)
        raise EngineError(f"the written file does not verify: {printable(why, 500)}")
    signing = evidence.manifests[0].signing
    if signing is not None and not signing.subject.get("O"):
        raise SignerError("the certificate names no organization (O)", mend="ask the CA for one with an organization")
    if store is None:
        _require_parts(checked, scratch)
    return evidence


def _require_parts(checked: Source, scratch: Scratch) -> None:
    """Refuse a result that lost a chunk, box, tag or frame of the source.

    The engine drops an ID3 tag that it cannot parse, in silence; what else it rewrites may change.
    """
    container = checked.fmt.container
    with reopened(checked) as source:
        before = inventory(container, source, source.seek(0, os.SEEK_END))
    gone = lost(before, inventory(container, scratch.stream, scratch.stream.seek(0, os.SEEK_END)))
    if gone:
        raise EngineError(
            f"embedding would lose {_WORDS.get(container, 'parts')}: {printable(', '.join(gone))}",
            mend="use --detached: it leaves the file as it is",
        )
