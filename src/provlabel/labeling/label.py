"""Label one file: read it in the sandbox, build, sign beside the target, read back, rename.

The procedure never touches a source except to replace it, whole, when asked to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provlabel._support.text import printable
from provlabel.carriers.plan import Choice
from provlabel.errors import InputError, OutputError
from provlabel.label import Label, as_records, signed_label
from provlabel.label.lint import semantic_faults
from provlabel.label.vocabularies import PromptMode
from provlabel.labeling.publish import Published, Seal, destination_for, publish
from provlabel.labeling.receipts import Receipt, about_time, facts
from provlabel.labeling.sources import Source, broken_by, naming_its_source, parent_of, read_source, shown
from provlabel.labeling.tags import plan_tags
from provlabel.manifest.write import PARENT, component, definition, ingredient_definition
from provlabel.media.formats import BY_NAME
from provlabel.media.previews import Preview, nothing, require_pillow
from provlabel.sandbox import Sandbox, shared_sandbox

if TYPE_CHECKING:
    from provlabel.engine.identity import Actor
    from provlabel.signers import Signer
    from provlabel.trust.timestamps import Timestamper


@naming_its_source
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
    timestamper: Timestamper | None = None,
    stamp_room: int = 0,
    identity: Actor | None = None,
    carriers: Sequence[Choice] | None = None,
    urn: str | None = None,
    thumbnail: bool = False,
    keep: Callable[[Receipt], None] = lambda _: None,
    sandbox: Sandbox | None = None,
    drawing: Sandbox | None = None,
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
            format that cannot hold a manifest is labeled in this way unasked, with a warning.
        replace: overwrite an existing ``dest``.
        accept_broken_parent: go on although a parent or ingredient was tampered with; the history
            of the result stays broken for ever.
        check_decode: decode the source to its end with ffmpeg first, which finds what the structure
            does not show.
        timestamper: who proves when it was signed.  Without, the label holds as long as the certificate.
        stamp_room: bytes to keep free, so that :func:`stamp_file` can add a timestamp later; 0 for none.
        identity: who vouches for the file beside its signer, with a credential of their own, and as what.
        carriers: what else in the file repeats the label: ``xmp`` (pictures), ``tags`` (sounds), ``aigc``.
            ``None`` for XMP or tags where the format can hold them; empty for the manifest alone.
        urn: the name of the new manifest, ``urn:c2pa:`` and a version 4 UUID, for whoever wants to know the result
            again by it; a new one without.
        thumbnail: put a picture JPEG of the picture (at most 10 kB, upright, without metadata) into the manifest; a
            warning where there is none, as of a sound.
        keep: called with the receipt when the result is whole, before it gets its name: what this raises prevents
            that.  So that no hash of a prompt is published whose salt is lost.
        sandbox: where untrusted bytes are read first.
        drawing: where thumbnails are drawn, of :func:`provlabel.sandbox.drawing.drawing_sandbox`; without, one that all
            calls share.

    Raises:
        ConfigError: ``thumbnail`` without Pillow.
        InputError: a file cannot be read, is no format that can be labeled, or is damaged.
        OutputError: ``dest`` exists or cannot be written.  Nothing is left behind.
        SignerError: the key or certificate cannot sign.
        TimestampError: no time authority gave a timestamp that holds, and it is not optional.
        EngineError: the engine refused.
        LabelError: the label cannot be signed as asked.
        UsageError: arguments that contradict each other.
    """
    source, sandbox = Path(source), sandbox or shared_sandbox()
    if thumbnail:
        require_pillow()
    # 1. Read everything that goes in, in the sandbox; nothing is written before that.
    checked = read_source(source, sandbox, accept_broken_parent, digest=thumbnail)
    if check_decode:
        from provlabel.media.decoding import require_decodable

        require_decodable(source, checked.fmt, checked.evidence.seconds)
    parent = parent_of(checked, parents, sandbox, accept_broken_parent)
    placed = [read_source(Path(item), sandbox, accept_broken_parent) for item in ingredients]
    destination = destination_for(checked, Path(dest) if dest is not None else None, detached, replace)
    picture = _drawn(checked, drawing) if thumbnail else None
    # 2. Decide what is signed: the label, the tags that repeat it, the manifest that holds it.
    label = as_records(label)
    signed = signed_label(label, prompt_mode, personal=personal)
    tags = plan_tags(checked, signed.as_label(), carriers, detached=destination.detached)
    signed = signed.listing(tags.listed)
    manifest = definition(
        label,
        signed,
        has_parent=parent is not None,
        transcoded=parent is not None and parent.fmt.name != checked.fmt.name,
        components=[component(index) for index in range(len(placed))],
        inputs=inputs,
        urn=urn,
        thumbnail=picture.jpeg if picture else b"",
    )
    # 3. Publish: sign into a scratch file, read it back in full, rename.
    seal = Seal(signer, timestamper, stamp_room, identity)

    def receipt(written: Published) -> Receipt:
        return Receipt(
            **facts(checked.evidence, destination.target, written, detached=destination.detached),
            parent=parent.manifest if parent else None,
            carriers={
                item["id"]: sorted({**item["values"], **item.get("personal_values", {})}) for item in tags.listed
            },
            prompt_sha256=signed.system.get("prompt", {}).get("sha256"),
            prompt_salt=signed.prompt_salt,
            withheld=signed.withheld,
            warnings=(
                *_unasked(checked, detached),
                *tags.warnings,
                *_undrawn(checked, picture),
                *_doubts(label, checked.evidence.seconds),
                *_warnings(checked, parent, *placed),
                *about_time(written, seal),
            ),
        )

    used = tuple(_ingredients(parent, placed))
    return receipt(
        publish(checked, used, manifest, seal, destination, sandbox, tags.edits, lambda written: keep(receipt(written)))
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
    timestamper: Timestamper | None = None,
    stamp_room: int = 0,
    identity: Actor | None = None,
    carriers: Sequence[Choice] | None = None,
    thumbnail: bool = False,
    sandbox: Sandbox | None = None,
    drawing: Sandbox | None = None,
) -> tuple[bytes, Receipt]:
    """Label an image or sound held in memory and return it with its receipt.

    A manifest that ``content`` carries already becomes the parent.  The content lies in a private
    temporary folder meanwhile.  Arguments and errors are those of :func:`label_file`; a format that
    cannot hold a manifest is refused, because there is no destination beside a memory.
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
                timestamper=timestamper,
                stamp_room=stamp_room,
                identity=identity,
                carriers=carriers,
                thumbnail=thumbnail,
                sandbox=sandbox,
                drawing=drawing,
            )
            _require_embedded(receipt)
            return dest.read_bytes(), receipt
    except OSError as exc:
        raise OutputError(f"no room for temporary files: {exc}", hint="set TMPDIR to a folder with room") from exc


def _require_embedded(receipt: Receipt) -> None:
    if receipt.detached:
        raise InputError(
            f"{receipt.format} is only labeled with a manifest beside it: {BY_NAME[receipt.format].why_detached}",
            hint="write it to a file and use label_file",
        )


def _ingredients(parent: Source | None, placed: Sequence[Source]) -> Iterator[tuple[Source, dict[str, Any]]]:
    if parent:
        yield parent, ingredient_definition("parentOf", PARENT, _title(parent.path))
    for index, item in enumerate(placed):
        yield item, ingredient_definition("componentOf", component(index), _title(item.path))


def _title(path: Path) -> str:
    """The file name as an ingredient's title; a manifest holds UTF-8, a file system any bytes."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _unasked(checked: Source, detached: bool) -> Iterator[str]:
    """Say that the manifest lies beside the file although nobody asked for that."""
    fmt = checked.fmt
    if not detached and not fmt.embed:
        yield (
            f"{shown(checked.path)}: {fmt.name} cannot hold a manifest ({fmt.why_detached}), so it lies beside the "
            "file, which is unchanged; keep both together"
        )


def _drawn(checked: Source, drawing: Sandbox | None) -> Preview:
    """Draw the thumbnail from the bytes that the sandbox has read, in a process that holds no key."""
    from provlabel.sandbox.drawing import drawing_sandbox, thumbnail_of

    if checked.fmt.media != "image":
        return nothing(f"{checked.fmt.name} is no picture")
    return thumbnail_of(checked.path, checked.evidence.sha256, drawing or shared_sandbox(drawing_sandbox))


def _undrawn(checked: Source, picture: Preview | None) -> Iterator[str]:
    """Say why there is no thumbnail although one was asked for."""
    if picture is not None and not picture.jpeg:
        yield f"{shown(checked.path)}: no thumbnail: {printable(picture.why)}"


def _doubts(label: Label, seconds: float | None) -> Iterator[str]:
    """Say what ``provlabel lint --media`` would, of a label that may be signed all the same."""
    for fault in semantic_faults(label, seconds=seconds):
        yield f"label: {fault.at}: {fault.message}; {fault.hint}"


def _warnings(*used: Source | None) -> Iterator[str]:
    for item in {id(part): part for part in used if part}.values():
        if broken_by(item.evidence):
            yield f"{shown(item.path)}: broken history accepted; that of the result is broken for ever"
