"""Label one file: read it in the sandbox, build, sign beside the target, read back, rename.

The procedure never touches a source except to replace it, whole, when asked to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.carriers.prompts import in_manifests, in_tags
from provlabel.errors import InputError, LabelError, UsageError
from provlabel.label import Label, as_records, signed_label
from provlabel.label.lint import parts_of_another_medium, semantic_faults
from provlabel.labeling.options import FileOptions
from provlabel.labeling.publish import Destination, Published, Seal, destination_for, publish
from provlabel.labeling.receipts import Receipt, about_time, facts
from provlabel.labeling.sources import (
    Source,
    broken_by,
    naming,
    naming_its_source,
    parent_of,
    read_source,
    require_agreement,
    require_one_work,
)
from provlabel.labeling.tags import plan_tags
from provlabel.manifest.write import PARENT, component, definition, ingredient_definition, input_file
from provlabel.media.previews import Preview, nothing, require_pillow
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.requests import AnySandbox
from provlabel.verdict.history import may_become

if TYPE_CHECKING:
    from provlabel.signers import Signer


@naming_its_source
def labeled(
    source: Path,
    dest: Path | None,
    label: Label,
    signer: Signer,
    how: FileOptions,
    *,
    name: str | None,
    scratch: bool = False,
) -> Receipt:
    """Follow one file from its source to its receipt.

    Args:
        source: the file to label.
        dest: where the result goes; ``None`` for ``NAME.labeled.EXT`` beside the source.
        label: what to say.
        signer: who says it.
        how: what else is asked for.
        name: what the source is called in place of its path.
        scratch: source and result are read and deleted at once; their paths mean nothing to anybody.

    Raises:
        ProvlabelError: as :func:`provlabel.label_file`.
    """
    sandbox = how.sandbox or shared_sandbox()
    if how.thumbnail:
        require_pillow()
    if how.strip_prompt and how.prompt_mode == "clear":
        raise UsageError(
            "the prompt would be taken out of the file and signed in clear", hint="another --prompt-mode: omit or hash"
        )
    # 1. Read everything that goes in, in the sandbox; nothing is written before that.
    checked = read_source(
        source, sandbox, how.accept_broken_parent, digest=how.thumbnail, name=name, detached=how.detached
    )
    if how.check_decode:
        from provlabel.media.decoding import require_decodable

        with naming(source, checked.shown):
            require_decodable(source, checked.fmt, checked.evidence.seconds)
    parent = parent_of(checked, how.parents, sandbox, how.accept_broken_parent)
    placed = [read_source(path_of(item), sandbox, how.accept_broken_parent) for item in how.ingredients]
    destination = destination_for(checked, dest, how.detached, how.replace)
    if scratch:
        _require_embedded(destination, checked)
        destination = destination._replace(scratch_name=checked.shown)
    inputs = [read_source(path_of(item), sandbox, how.accept_broken_parent) for item in how.input_files]
    label = as_records(label)
    _require_medium(label, checked)
    otherwise = require_agreement(label, checked, parent, placed)
    if not how.same_label_for_all:
        otherwise += require_one_work(label, checked, shared=how.shared)
    picture = _drawn(checked, how.drawing) if how.thumbnail else None
    # 2. Decide what is signed: the label, the tags that repeat it, the manifest that holds it.
    signed = signed_label(label, how.prompt_mode, personal=how.personal)
    tags = plan_tags(
        checked, signed.as_label(), how.carriers, detached=destination.detached, strip_prompt=how.strip_prompt
    )
    signed = signed.listing(tags.listed)
    manifest = definition(
        label,
        signed,
        has_parent=parent is not None,
        transcoded=parent is not None and parent.fmt.name != checked.fmt.name,
        components=[component(index) for index in range(len(placed))],
        inputs=how.inputs,
        input_files=[input_file(index) for index in range(len(inputs))],
        urn=how.urn,
        thumbnail=picture.jpeg if picture else b"",
    )
    # 3. Publish: sign into a scratch file, read it back in full, rename.
    seal = Seal(signer, how.timestamper, how.stamp_room, how.identity)

    def receipt(written: Published) -> Receipt:
        return Receipt(
            **facts(checked.evidence, destination.shown, written, detached=destination.detached),
            parent=parent.manifest if parent else None,
            carriers={
                item["id"]: sorted({**item["values"], **item.get("personal_values", {})}) for item in tags.listed
            },
            prompt_sha256=signed.system.get("prompt", {}).get("sha256"),
            prompt_salt=signed.prompt_salt,
            withheld=signed.withheld,
            warnings=(
                *_unasked(checked, how.detached),
                *_as_it_is(checked, destination.detached),
                *tags.warnings,
                *_undrawn(checked, picture),
                *_doubts(label, checked.evidence.seconds),
                *otherwise,
                *_odd_parent(checked, parent),
                *(_readable(checked, how, parent, *placed) if how.prompt_mode != "clear" else ()),
                *_warnings(checked, parent, *placed, *inputs),
                *about_time(written, seal),
            ),
        )

    used = tuple(_ingredients(parent, placed, inputs))
    return receipt(
        publish(
            checked, used, manifest, seal, destination, sandbox, tags.edits, lambda written: how.keep(receipt(written))
        )
    )


def _require_embedded(destination: Destination, checked: Source) -> None:
    if destination.detached:
        why = checked.why_beside or "detached was asked for"
        raise InputError(
            f"{checked.fmt.name} is only labeled with a manifest beside it: {why}",
            hint="write it to a file and use label_file",
        )


def _ingredients(
    parent: Source | None, placed: Sequence[Source], inputs: Sequence[Source]
) -> Iterator[tuple[Source, dict[str, Any]]]:
    if parent:
        yield parent, ingredient_definition("parentOf", PARENT, parent.title)
    for index, item in enumerate(placed):
        yield item, ingredient_definition("componentOf", component(index), item.title)
    for index, item in enumerate(inputs):
        yield item, ingredient_definition("inputTo", input_file(index), item.title)


def _odd_parent(checked: Source, parent: Source | None) -> Iterator[str]:
    if parent is not None and not may_become(parent.fmt.media, checked.fmt.media):
        yield (
            f"{checked.shown}: is {checked.fmt.name}, and {parent.shown}, {parent.fmt.name}, cannot have become that; "
            "what only served as a model is an input (--input)"
        )


def _unasked(checked: Source, detached: bool) -> Iterator[str]:
    """Say that the manifest lies beside the file although nobody asked for that."""
    if not detached and checked.why_beside:
        yield (
            f"{checked.shown}: no manifest is put into {checked.fmt.name} ({checked.why_beside}), so it lies beside "
            "the file, which is unchanged; keep both together"
        )


def _as_it_is(checked: Source, detached: bool) -> Iterator[str]:
    """Say what was set right in a file, or that a damaged one was signed."""
    if checked.evidence.damage:
        yield f"{checked.shown}: signed as it is, with this fault: {printable(checked.evidence.damage)}"
    if checked.evidence.streamed and not detached:
        yield f"{checked.shown}: the sizes in its header were placeholders, as of a stream; they were set"


def _drawn(checked: Source, drawing: AnySandbox | None) -> Preview:
    """Draw the thumbnail from the bytes that the sandbox has read, in a process that holds no key."""
    from provlabel.sandbox.drawing import drawing_pool, thumbnail_of

    if checked.fmt.media != "image":
        return nothing(f"{checked.fmt.name} is no picture")
    return thumbnail_of(checked.path, checked.evidence.sha256, drawing or shared_sandbox(drawing_pool))


def _undrawn(checked: Source, picture: Preview | None) -> Iterator[str]:
    """Say why there is no thumbnail although one was asked for."""
    if picture is not None and not picture.jpeg:
        yield f"{checked.shown}: no thumbnail: {printable(picture.why)}"


def _require_medium(label: Label, checked: Source) -> None:
    """Refuse a part that nothing of this medium has."""
    found = tuple((fault.at, fault.message) for fault in parts_of_another_medium(label, checked.fmt.media))
    if found:
        words = "; ".join(f"{at}: {what}" for at, what in found)
        raise LabelError(f"{checked.shown}: label: {words}", hint="a label of its own for each medium", faults=found)


def _doubts(label: Label, seconds: float | None) -> Iterator[str]:
    """Say what ``provlabel lint --media`` would, of a label that may be signed all the same."""
    for fault in semantic_faults(label, seconds=seconds):
        yield f"label: {fault.at}: {fault.message}; {fault.hint}"


def _readable(checked: Source, how: FileOptions, *used: Source | None) -> Iterator[str]:
    """Say where a prompt can be read though the label withholds it; the history of what is used is carried along."""
    carriers = checked.evidence.carriers or ()
    for place in () if how.strip_prompt else dict.fromkeys(in_tags(carriers)):
        yield (
            f"{checked.shown}: a prompt can be read in {printable(place)}, which the label does not sign; "
            "to take it out before it is signed: --strip-prompt"
        )
    for place in dict.fromkeys(place for item in used if item for place in in_manifests(item.evidence.manifests)):
        yield (
            f"{checked.shown}: a prompt can be read in {printable(place)}, which was signed before and stays in the "
            "history; what provlabel signed goes with provlabel redact --personal"
        )
    for item in carriers if how.strip_prompt else ():
        for fault in item.faults:
            yield f"{checked.shown}: no prompt was looked for where its {item.place} cannot be read: {printable(fault)}"


def _warnings(*used: Source | None) -> Iterator[str]:
    for item in {id(part): part for part in used if part}.values():
        if broken_by(item.evidence):
            yield f"{item.shown}: broken history accepted; that of the result is broken for ever"
