"""Take a label out of a file: the manifest that provlabel embedded, and the tags that repeat what it says about AI.

What only repeats facts about the work, such as names and identifiers, may be older than the label, and stays unless it
is asked for.  What others signed about AI goes only where whoever asks says so: laws are against hiding it.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, cast

from msgspec import Struct

from provlabel._support.files import Scratch, atomic_output, copy_to, locked
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.times import now
from provlabel.carriers.compare import values_of
from provlabel.carriers.vocabularies import PROJECTIONS
from provlabel.errors import EngineError, InputError, OutputError
from provlabel.evidence import Carrier, Evidence, Manifest
from provlabel.labeling.publish import lies_at
from provlabel.labeling.sources import Source, naming, naming_its_source, reopened, shown
from provlabel.labeling.tags import edits_without
from provlabel.law import laws_on_removal
from provlabel.media.containers import CONTAINERS, ContainerError, taken_out
from provlabel.media.containers.edits import Edit, Edited
from provlabel.media.formats import BY_NAME
from provlabel.media.sidecar import beside
from provlabel.report import CarrierValue
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.requests import AnySandbox
from provlabel.verdict import judge
from provlabel.verdict.ai import said_before, said_by
from provlabel.verdict.label import is_ai


class Unlabeled(Struct, frozen=True, kw_only=True):
    """What was taken out of a file, and what stays; published as ``schemas/unlabeled-v1.json``."""

    output: str
    format: str
    manifest: str  #: URN of the manifest that was taken out
    signer: str  #: who had signed it, as the certificate names them
    source_sha256: str
    sha256: str  #: of the output
    removed: tuple[str, ...]  #: in words, one thing each
    stays: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    schema: Literal["unlabeled-v1"] = "unlabeled-v1"


@naming_its_source
def unlabel_file(
    source: Path | str,
    dest: Path | str | None = None,
    *,
    replace: bool = False,
    names: bool = False,
    remove_ai_statement: bool = False,
    sandbox: AnySandbox | None = None,
) -> Unlabeled:
    """Write ``source`` to ``dest`` without its label: no manifest, and no tag that repeats what it says about AI.

    The sound or picture stays as it is.  A tag goes if the signed label lists it and it still has that value; what
    stood there before the label is not known.

    Args:
        source: a file with a manifest that provlabel embedded.
        dest: where the result goes, written whole or not at all.  The same as ``source`` only with ``replace``.
            ``None`` for ``NAME.unlabeled.EXT`` beside the source.
        replace: overwrite an existing output.
        names: take out names, rights and identifiers of such tags too, which may be older than the label.
        remove_ai_statement: go on although somebody else signed in it that AI took part.  Laws are against hiding that.
        sandbox: where untrusted bytes are read first.

    Raises:
        InputError: it cannot be read; it holds no such manifest; or it has an AI statement of another signer.
        OutputError: ``dest`` exists or cannot be written.  Nothing is left behind.
        EngineError: what was written is not as it should be, and was not published.
    """
    source, sandbox = path_of(source), sandbox or shared_sandbox()
    checked = _labeled(source, sandbox)
    others = tuple(_said_by_others(checked.evidence.manifests))
    if others and not remove_ai_statement:
        raise InputError(
            f"{shown(source)}: it would hide what another signer says about AI: {printable('; '.join(others), 300)}; "
            f"laws are against that: {_laws()}",
            hint="--remove-ai-statement takes it out all the same, where you may",
        )
    if checked.evidence.manifests[0].label is None and not others:
        raise InputError(
            f"{shown(source)}: its manifest is not by provlabel, but by {_signer(checked.evidence.manifests[0])}",
            hint="leave it in: provlabel label keeps it as history; it can be taken out with the tool that made it",
        )
    tags = _Tags.of(checked, names=names)
    target = path_of(dest) if dest is not None else source.with_name(f"{source.stem}.unlabeled{source.suffix}")
    evidence, padding = _publish(checked, tags, target, sandbox, replace=replace)
    return Unlabeled(
        output=str(target),
        format=checked.fmt.name,
        manifest=checked.evidence.manifests[0].urn,
        signer=_signer(checked.evidence.manifests[0]),
        source_sha256=checked.evidence.sha256,
        sha256=evidence.sha256,
        removed=(*_manifests_in_words(checked.evidence.manifests), *(f"tag: {_called(one)}" for one in tags.gone)),
        stays=(*tags.kept_in_words(evidence.carriers or ()), *_left(checked, padding)),
        warnings=tuple(_warnings(checked.evidence, tags)),
    )


# --- what may go -----------------------------------------------------------------------------------


def _labeled(source: Path, sandbox: AnySandbox) -> Source:
    """Read a file that has an embedded manifest, whatever it is worth.

    Raises:
        InputError: it has none.
    """
    evidence = sandbox.read(source, sidecar=beside(source))
    if evidence.trouble is not None:
        raise InputError(f"{shown(source)}: {judge(evidence, at=now()).findings[0].message}", hint="nothing was done")
    if evidence.source == "sidecar":
        raise InputError(
            f"{shown(source)}: holds no manifest: it lies beside the file, in {shown(beside(source))}",
            hint="delete that file; this one is as it was before it was labeled",
        )
    if evidence.source == "remote":
        raise InputError(
            f"{shown(source)}: holds no manifest, only the address of one: {printable(evidence.remote_url)}",
            hint="take the address out of its XMP (dcterms:provenance)",
        )
    if not evidence.manifests:
        raise InputError(f"{shown(source)}: holds no manifest", hint="there is nothing to take out")
    assert evidence.format is not None  # noqa: S101 - a manifest was found in it
    return Source(source, BY_NAME[evidence.format], evidence)


def _said_by_others(manifests: tuple[Manifest, ...]) -> Iterator[str]:
    """Yield what says that AI took part, and is not of whoever signed the label that provlabel made."""
    active = manifests[0]
    ours = active.label is not None
    if not ours:
        said = [words for words, _ in said_by(active)]
        said = said or [f"its action {item.action}" for item in active.actions if is_ai(item.source_type)]
        yield from (f"{_signer(active)}: {words}" for words in said)
    for one in said_before(active, manifests):
        if not ours or _identity(one.manifest) != _identity(active):
            yield f"{_signer(one.manifest)}: {one.words}"


def _identity(manifest: Manifest) -> object:
    """Return who signed: the same name by the same CA, as certificates are renewed."""
    signing = manifest.signing
    return (signing.subject, signing.issuer) if signing is not None else manifest.urn


def _signer(manifest: Manifest) -> str:
    name = manifest.signing.name if manifest.signing is not None else ""
    return printable(name) or "nobody that is named"


def _laws() -> str:
    stated = ((law.law, law.removal) for law in laws_on_removal())
    return "; ".join(f"{name}: {one.words} ({one.source})" for name, one in stated if one is not None)


# --- tags ------------------------------------------------------------------------------------------

_ROLES = {(row.carrier, name): field.role for row in PROJECTIONS for name, field in row.fields.items()}


class _Tags(NamedTuple):
    """What the label lists of the tags of a file, and what becomes of each."""

    gone: tuple[CarrierValue, ...]
    older: tuple[CarrierValue, ...]  #: as signed, and perhaps older than the label
    edits: tuple[Edit, ...]
    why: str = ""  #: why none goes that should

    @classmethod
    def of(cls, checked: Source, *, names: bool) -> _Tags:
        """Take what the label lists and what is as it was signed: a tag that somebody changed since is theirs."""
        signed = [one for one in values_of(checked.evidence) or () if one.agreement == "signed"]
        ours = [one for one in signed if names or _ROLES.get((one.carrier, one.field)) == "statement"]
        older = tuple(one for one in signed if one not in ours)
        edits = edits_without(checked, [(one.carrier, one.field) for one in ours])
        if isinstance(edits, str):
            return cls((), older, (), edits)
        return cls(tuple(ours), older, edits)

    def kept_in_words(self, carriers: Sequence[Carrier]) -> Iterator[str]:
        """Yield the tags that are left in the result, as far as a label could say the same."""
        if self.why:
            yield f"the tags that repeat the label: {self.why}"
        older = {(one.carrier, one.field) for one in self.older}
        for item in carriers:
            for name in item.fields:
                why = "repeated by the label, and perhaps older" if (item.id, name) in older else "not of this label"
                yield f"tag: {item.id} {printable(name)} ({why})"


def _called(one: CarrierValue) -> str:
    return f"{one.carrier} {printable(one.field)}"


# --- the work --------------------------------------------------------------------------------------


def _publish(checked: Source, tags: _Tags, target: Path, sandbox: AnySandbox, *, replace: bool) -> tuple[Evidence, int]:
    """Write the result beside its target, read it back, and rename it; return what was read, and bytes of padding."""
    in_place = lies_at(target, checked.path)
    if in_place and not replace:
        raise OutputError(f"{shown(target)}: is the source itself", hint="add --in-place, or choose another output")
    if in_place and target.is_symlink():
        raise OutputError(f"{shown(target)}: is a symlink", hint="name the file that it points to")
    with contextlib.ExitStack() as stack:
        if in_place:
            stack.enter_context(locked(target))
        source = contextlib.ExitStack()
        stream = stack.enter_context(source).enter_context(reopened(checked))
        like = os.fstat(stream.fileno())
        scratch = stack.enter_context(
            atomic_output(target, replace=replace, mode=like.st_mode & 0o777, like=like if in_place else None)
        )
        with source:  # that it is still the same is seen before it may be replaced
            padding = _write(checked, stream, tags, scratch)
            with naming(scratch.path, checked.shown):
                evidence = sandbox.read(scratch.path)
            _require_unlabeled(checked, stream, scratch, evidence, tags)
        return evidence, padding


def _write(checked: Source, stream: BinaryIO, tags: _Tags, scratch: Scratch) -> int:
    """Write the file as it will be: without tags first, and then, by its parts as they are now, without manifest."""
    try:
        bare = Edited(stream, os.fstat(stream.fileno()).st_size, tags.edits)
        edits = taken_out(checked.fmt.container, _buffered(bare), bare.size)
        copy_to(_buffered(bare.edited(edits)), scratch.stream)
    except ContainerError as exc:
        raise InputError(f"{checked.shown}: its manifest cannot be taken out: {printable(str(exc))}") from exc
    scratch.stream.flush()
    return sum(len(edit.content) for edit in edits if not edit.content.removeprefix(b"free").strip(b"\0"))


def _buffered(content: Edited) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(content))


def _require_unlabeled(checked: Source, stream: BinaryIO, scratch: Scratch, evidence: Evidence, tags: _Tags) -> None:
    """Refuse a result that anybody would still read a label in, or that is not whole.

    Raises:
        EngineError: it is such a one.
    """
    wrong = evidence.trouble.text if evidence.trouble else evidence.damage
    if evidence.manifests or evidence.source != "none":
        wrong = "there is a manifest in it still"
    left = {(item.id, name) for item in evidence.carriers or () for name in item.fields}
    if any((one.carrier, one.field) in left for one in tags.gone):
        wrong = "there is a tag of the label in it still"
    if not wrong and _media(checked, stream) != _media(checked, scratch.stream):
        wrong = "a part of it is gone that is no label"
    if wrong:
        raise EngineError(f"{checked.shown}: the file without its label is not as it should be: {printable(wrong)}")


def _media(checked: Source, stream: BinaryIO) -> frozenset[str]:
    parts = CONTAINERS[checked.fmt.container].walk(stream, stream.seek(0, os.SEEK_END))
    return frozenset(part.name for part in parts if part.role == "media")


# --- words -----------------------------------------------------------------------------------------


def _manifests_in_words(manifests: tuple[Manifest, ...]) -> Iterator[str]:
    active, *earlier = manifests
    yield f"manifest: {printable(active.urn)}, signed by {_signer(active)}"
    yield from (f"history in it: {printable(one.urn)}, signed by {_signer(one)}" for one in earlier)


def _left(checked: Source, padding: int) -> Iterator[str]:
    if padding:
        yield f"{padding:,} bytes of padding where the manifest was, so that nothing in the file moves"
    if checked.evidence.sidecar_sha256:
        yield f"{shown(beside(checked.path))}: the manifest beside the file, which is not touched"


def _warnings(evidence: Evidence, tags: _Tags) -> Iterator[str]:
    if tags.gone:
        yield "what stood in these tags before the label is not known, and was not put back"
    manifests = evidence.manifests
    if len(manifests) > 1:
        yield "the history went with the label: what an earlier version or a part says is signed nowhere in the copy"
    if any(True for _ in said_by(manifests[0])) or any(True for _ in said_before(manifests[0], manifests)):
        yield f"the copy says no more that AI took part; laws are against hiding that: {_laws()}"
