"""Label one file: read it in the cage, build, sign beside the target, read back, rename.

The procedure never touches a source except to replace it, whole, when asked to.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

import msgspec
from msgspec import Struct

from provlabel import cage as cages
from provlabel import engine
from provlabel._files import Scratch, atomic_output, copy_to, fingerprint, locked, open_regular
from provlabel._text import printable
from provlabel.containers import inventory, lost
from provlabel.decoding import require_decodable
from provlabel.engine import IngredientFile
from provlabel.errors import EngineError, InputError, OutputError, SignerError, UsageError
from provlabel.evidence import Evidence
from provlabel.formats import FORMATS, Format
from provlabel.label import Label, SignedLabel, signed_label
from provlabel.label.lint import semantic_faults
from provlabel.label.vocabularies import PromptMode
from provlabel.manifest import PARENT, Definition, component, definition, ingredient_definition
from provlabel.report import Failure
from provlabel.trust import TrustStore
from provlabel.verdict import judge
from provlabel.verifying import beside, now

if TYPE_CHECKING:
    from provlabel.signers import Signer

_BY_NAME = {row.name: row for row in FORMATS}
_NO_TRUST = TrustStore()
_WORDS = {"id3": "ID3 frames", "riff": "chunks", "png": "chunks", "tiff": "tags", "isobmff": "boxes"}


class Receipt(Struct, frozen=True, kw_only=True):
    """What was done, for the owner of the file; holds the salt of the prompt, so keep it private."""

    output: str
    format: str
    manifest: str  #: URN of the new manifest
    manifest_bytes: int
    source_sha256: str
    sha256: str  #: of the output
    parent: str | None = None  #: URN of the parent's manifest, when it had one
    detached: bool = False
    prompt_sha256: str | None = None
    prompt_salt: str | None = None
    withheld: tuple[str, ...] = ()  #: personal fields of the label that were not signed: ``people.name``
    warnings: tuple[str, ...] = ()


class Receipts(Struct, frozen=True, kw_only=True):
    """What one run of ``provlabel label`` did; published as ``schemas/receipt-v1.json``."""

    receipts: tuple[Receipt, ...]
    errors: tuple[Failure, ...] = ()
    insecure: tuple[str, ...] = ()
    schema: Literal["receipt-v1"] = "receipt-v1"


class _Checked(Struct, frozen=True):
    """A file that the cage has read, and that may therefore meet the engine and a key."""

    path: Path
    fmt: Format
    evidence: Evidence

    @property
    def manifest(self) -> str | None:
        return self.evidence.manifests[0].urn if self.evidence.manifests else None


def label_file(
    source: Path | str,
    dest: Path | str | None,
    label: Label,
    signer: Signer,
    *,
    parents: Sequence[Path | str] = (),
    ingredients: Sequence[Path | str] = (),
    prompt_mode: PromptMode = "omit",
    personal: bool = False,
    inputs: bool = False,
    detached: bool = False,
    replace: bool = False,
    accept_broken_parent: bool = False,
    check_decode: bool = False,
    cage: cages.Cage | None = None,
) -> Receipt:
    """Label the image or sound ``source`` and write the result to ``dest``.

    Args:
        source: the file to label.  If it carries a manifest already, it becomes its own parent.
        dest: where the result goes, written whole or not at all.  The same as ``source`` only
            with ``replace``.  ``None`` for ``NAME.labeled.EXT`` beside the source.
        label: what to say.
        signer: who says it.
        parents: the file this one was made from, when its manifest was lost on the way (a WAV
            before it became an MP3).  One at most, as C2PA allows one.
        ingredients: files that were placed into this one (stems, layers).
        prompt_mode: ``omit`` the prompt, sign a salted ``hash`` of it, or sign it in ``clear``.
        personal: sign names and other personal fields of people too, in an assertion of their own.
        inputs: write prompt (without its text), seeds and references as C2PA inputs too.
        detached: leave the content as it is and write the manifest to ``dest`` + ``.c2pa``; a
            ``dest`` other than the source (and other than ``None``) becomes a copy of it.  A
            format that cannot hold a manifest is labelled in this way unasked, with a warning.
        replace: overwrite an existing ``dest``.
        accept_broken_parent: go on although a parent or ingredient was tampered with; the history
            of the result stays broken for ever.
        check_decode: decode the source to its end with ffmpeg first, which finds what the structure
            does not show.
        cage: where untrusted bytes are read first.

    Raises:
        InputError: a file cannot be read, is no format that can be labelled, or is damaged.
        OutputError: ``dest`` exists or cannot be written.  Nothing is left behind.
        SignerError: the key or certificate cannot sign.
        EngineError: the engine refused.
        LabelError: the label cannot be signed as asked.
        UsageError: arguments that contradict each other.
    """
    source, cage = Path(source), cage or cages.shared()
    # 1. Nothing is written before everything is read.
    checked = _checked(source, cage, accept_broken_parent)
    if check_decode:
        require_decodable(source, checked.fmt.name, checked.evidence.seconds)
    parent = _parent(checked, parents, cage, accept_broken_parent)
    placed = [_checked(Path(item), cage, accept_broken_parent) for item in ingredients]
    place = _place(checked, Path(dest) if dest is not None else None, detached, replace)
    # 2. What will be said.
    said = signed_label(label, prompt_mode, personal=personal)
    made = definition(
        label,
        said,
        has_parent=parent is not None,
        transcoded=parent is not None and parent.fmt.name != checked.fmt.name,
        components=[component(index) for index in range(len(placed))],
        inputs=inputs,
    )
    # 3. Sign into a scratch file, read it back in full, rename.
    store, written = _write(checked, tuple(_ingredients(parent, placed)), made, signer, place, cage)
    return Receipt(
        output=str(place.target),
        format=checked.fmt.name,
        manifest=written.manifests[0].urn,
        manifest_bytes=len(store),
        source_sha256=checked.evidence.sha256,
        sha256=hashlib.sha256(store).hexdigest() if place.detached else written.sha256,
        parent=parent.manifest if parent else None,
        detached=place.detached,
        prompt_sha256=said.system.get("prompt", {}).get("sha256"),
        prompt_salt=said.prompt_salt,
        withheld=said.withheld,
        warnings=(
            *_unasked(checked, detached),
            *_doubts(label, checked.evidence.seconds),
            *_warnings(checked, parent, *placed),
        ),
    )


def redact_file(
    source: Path | str,
    dest: Path | str | None,
    signer: Signer,
    *,
    replace: bool = False,
    cage: cages.Cage | None = None,
) -> Receipt:
    """Take the personal fields out of a labelled file, for good, and write the result to ``dest``.

    The bytes of every ``org.provlabel.personal`` in the file's history are removed, a new manifest
    says that they were, and repeats the rest of the label; everything else stays valid.

    Raises:
        InputError: the file carries no label of ours with personal fields, or cannot be read.
        OutputError, SignerError, EngineError: as :func:`label_file`.
    """
    source, cage = Path(source), cage or cages.shared()
    checked = _checked(source, cage, accept_broken=False)
    redacted = [manifest.urn for manifest in checked.evidence.manifests if manifest.personal is not None]
    if not redacted:
        raise InputError(f"{_shown(source)}: holds no personal fields", mend="nothing to do")
    stated = checked.evidence.manifests[0].label
    try:
        label = msgspec.convert(stated, Label)
    except msgspec.ValidationError as exc:
        raise InputError(f"{_shown(source)}: its newest label cannot be repeated: {printable(str(exc))}") from exc
    place = _place(checked, Path(dest) if dest is not None else None, False, replace)
    made = definition(label, SignedLabel(system=stated), has_parent=True, redacted=redacted)
    store, written = _write(checked, tuple(_ingredients(checked, ())), made, signer, place, cage)
    return Receipt(
        output=str(place.target),
        format=checked.fmt.name,
        manifest=written.manifests[0].urn,
        manifest_bytes=len(store),
        source_sha256=checked.evidence.sha256,
        sha256=written.sha256,
        parent=checked.manifest,
    )


def label_bytes(
    content: bytes,
    label: Label,
    signer: Signer,
    *,
    parents: Sequence[Path | str] = (),
    ingredients: Sequence[Path | str] = (),
    prompt_mode: PromptMode = "omit",
    personal: bool = False,
    inputs: bool = False,
    accept_broken_parent: bool = False,
    cage: cages.Cage | None = None,
) -> tuple[bytes, Receipt]:
    """Label an image or sound held in memory and return it with its receipt.

    A manifest that ``content`` carries already becomes the parent.  The content lies in a private
    temporary folder meanwhile.  Arguments and errors are those of :func:`label_file`; a format that
    cannot hold a manifest is refused, because there is no place beside a memory.
    """
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="provlabel-") as folder:
            source, dest = Path(folder, "source"), Path(folder, "labeled")
            source.write_bytes(content)
            receipt = label_file(
                source,
                dest,
                label,
                signer,
                parents=parents,
                ingredients=ingredients,
                prompt_mode=prompt_mode,
                personal=personal,
                inputs=inputs,
                accept_broken_parent=accept_broken_parent,
                cage=cage,
            )
            _require_embedded(receipt)
            return dest.read_bytes(), receipt
    except OSError as exc:
        raise OutputError(f"no room for temporary files: {exc}", mend="set TMPDIR to a folder with room") from exc


def _require_embedded(receipt: Receipt) -> None:
    if receipt.detached:
        raise InputError(
            f"{receipt.format} is only labelled with a manifest beside it: {_BY_NAME[receipt.format].why_detached}",
            mend="write it to a file and use label_file",
        )


# --- 1: reading ------------------------------------------------------------------------------------


def _shown(path: Path) -> str:
    return printable(str(path))


def _checked(path: Path, cage: cages.Cage, accept_broken: bool) -> _Checked:
    """Read ``path`` in the cage; what the cage refuses is never signed."""
    evidence = cage.read(path, _NO_TRUST, beside(path))
    shown = _shown(path)
    if evidence.trouble is not None:
        verdict = judge(evidence, anchors=(), at=now())
        why = verdict.findings[0]
        raise InputError(f"{shown}: {why.message}", mend=why.mend)
    if evidence.damage:
        raise InputError(f"{shown}: the file is damaged: {evidence.damage}", mend="repair it or export it again")
    if evidence.source == "remote":
        raise InputError(
            f"{shown}: its manifest lies on the network, and labelling it here would lose its history",
            mend=f"fetch {printable(evidence.remote_url)} and save it as {printable(beside(path).name)} beside it",
        )
    if evidence.source == "sidecar":
        raise InputError(
            f"{shown}: its manifest is detached; labelling it again is not possible yet without losing its history",
            mend="label the file from which it was made, or remove the detached manifest first",
        )
    if evidence.manifests and not accept_broken:
        _require_unbroken(evidence, shown)
    assert evidence.format is not None  # noqa: S101 - no trouble means a known format
    return _Checked(path, _BY_NAME[evidence.format], evidence)


def _require_unbroken(evidence: Evidence, shown: str) -> None:
    if why := _break(evidence):
        raise InputError(
            f"{shown}: carries a broken manifest: {printable(why, 500)}",
            mend="start from an intact file, or, to keep the break visible for ever, --insecure-accept-broken-parent",
        )


def _break(evidence: Evidence) -> str:
    """Say what would break the history of whatever is made from this file; nothing when it is sound.

    An expired or unknown signer breaks nothing: it stays visible as what it is.
    """
    if not evidence.manifests:
        return ""
    verdict = judge(evidence, anchors=(), at=now())
    axes = verdict.axes
    sound = axes.content == "intact" and axes.signer not in ("bad-signature", "revoked") and axes.history != "broken"
    return "" if sound else next(item.message for item in verdict.findings if item.level == "error")


def _parent(checked: _Checked, parents: Sequence[Path | str], cage: cages.Cage, accept_broken: bool) -> _Checked | None:
    if len(parents) > 1:
        raise UsageError("a file has one parent at most", mend="give what was placed into it with --ingredient")
    if not parents:
        return checked if checked.manifest else None
    if checked.manifest:
        raise UsageError(
            f"{_shown(checked.path)}: carries a manifest, so it is its own parent",
            mend="leave --parent away, or give the other file with --ingredient",
        )
    return _checked(Path(parents[0]), cage, accept_broken)


class _Place(NamedTuple):
    """Where the result goes."""

    target: Path  #: the labelled file, or the manifest beside it
    detached: bool
    in_place: bool  #: the target is the source
    copy: Path | None  #: where the content of a detached manifest is copied to
    replace: bool


def labeled_name(source: Path) -> Path:
    """Return where the labelled ``source`` goes when nobody says where."""
    return source.with_name(f"{source.stem}.labeled{source.suffix}")


def _place(checked: _Checked, dest: Path | None, detached: bool, replace: bool) -> _Place:
    """Decide between embedded and detached, and refuse what embedding would break."""
    source = checked.path
    if detached or not checked.fmt.embed:
        elsewhere = None if dest is None or _lies_at(dest, source) else dest
        return _Place(beside(elsewhere or source), True, False, elsewhere, replace)
    if checked.evidence.obstacle:
        raise InputError(
            f"{_shown(source)}: the manifest cannot be embedded: {checked.evidence.obstacle}",
            mend="use --detached: it leaves the file as it is",
        )
    target = dest or labeled_name(source)
    in_place = _lies_at(target, source)
    if in_place and not replace:
        raise OutputError(f"{_shown(target)}: is the source itself", mend="add --in-place, or choose another output")
    return _Place(target, False, in_place, None, replace)


def _lies_at(dest: Path, source: Path) -> bool:
    try:
        return dest.samefile(source)
    except OSError:
        return False


def _ingredients(parent: _Checked | None, placed: Sequence[_Checked]) -> Iterator[tuple[_Checked, dict[str, Any]]]:
    if parent:
        yield parent, ingredient_definition("parentOf", PARENT, _title(parent.path))
    for index, item in enumerate(placed):
        yield item, ingredient_definition("componentOf", component(index), _title(item.path))


def _title(path: Path) -> str:
    """The file name as an ingredient's title; a manifest holds UTF-8, a file system any bytes."""
    return os.fsencode(path.name).decode("utf-8", "replace")


@contextlib.contextmanager
def _reopened(checked: _Checked) -> Iterator[BinaryIO]:
    """Open a file again that the cage has read; it must still be the same bytes."""
    with open_regular(checked.path) as stream:
        _require_same(checked, stream)
        yield stream
        _require_same(checked, stream)


def _require_same(checked: _Checked, stream: BinaryIO) -> None:
    if fingerprint(stream) != checked.evidence.fingerprint:
        raise InputError(f"{_shown(checked.path)}: changed while it was read", mend="try again when it is at rest")


def _unasked(checked: _Checked, detached: bool) -> Iterator[str]:
    """Say that the manifest lies beside the file although nobody asked for that."""
    fmt = checked.fmt
    if not detached and not fmt.embed:
        yield (
            f"{_shown(checked.path)}: {fmt.name} cannot hold a manifest ({fmt.why_detached}), so it lies beside the "
            "file, which is unchanged; keep both together"
        )


def _doubts(label: Label, seconds: float | None) -> Iterator[str]:
    """Say what ``provlabel lint --media`` would, of a label that may be signed all the same."""
    for fault in semantic_faults(label, seconds=seconds):
        yield f"label: {fault.at}: {fault.message}; {fault.mend}"


def _warnings(*used: _Checked | None) -> Iterator[str]:
    for item in {id(part): part for part in used if part}.values():
        if _break(item.evidence):
            yield f"{_shown(item.path)}: broken history accepted; that of the result is broken for ever"


# --- 3: signing and reading back -------------------------------------------------------------------


def _write(
    checked: _Checked,
    ingredients: Sequence[tuple[_Checked, dict[str, Any]]],
    made: Definition,
    signer: Signer,
    place: _Place,
    cage: cages.Cage,
) -> tuple[bytes, Evidence]:
    """Sign into a scratch file, read it back, publish it; return the manifest and what was read back."""
    with contextlib.ExitStack() as stack:
        if place.in_place:
            stack.enter_context(locked(place.target))
        with contextlib.ExitStack() as sources:
            stream = sources.enter_context(_reopened(checked))
            files = [
                IngredientFile(sources.enter_context(_reopened(item)), item.fmt.mime, said)
                for item, said in ingredients
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
            raise SignerError(f"{_shown(path)}: {exc}", mend=exc.mend) from exc.__cause__ or exc
        raise EngineError(f"{_shown(path)}: {exc}", mend=exc.mend, kind=exc.kind) from exc


def _read_back(checked: _Checked, scratch: Scratch, store: bytes | None, cage: cages.Cage) -> Evidence:
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


def _require_parts(checked: _Checked, scratch: Scratch) -> None:
    """Refuse a result that lost a chunk, box, tag or frame of the source.

    The engine drops an ID3 tag that it cannot parse, in silence; what else it rewrites may change.
    """
    container = checked.fmt.container
    with _reopened(checked) as source:
        before = inventory(container, source, source.seek(0, os.SEEK_END))
    gone = lost(before, inventory(container, scratch.stream, scratch.stream.seek(0, os.SEEK_END)))
    if gone:
        raise EngineError(
            f"embedding would lose {_WORDS.get(container, 'parts')}: {printable(', '.join(gone))}",
            mend="use --detached: it leaves the file as it is",
        )
