"""Take personal fields out of a labeled file, for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.types import ready
from provlabel.carriers.prompts import clear_prompts, in_tags
from provlabel.errors import InputError
from provlabel.evidence import Evidence
from provlabel.label import Label, SignedLabel
from provlabel.labeling.label import _ingredients
from provlabel.labeling.publish import Seal, destination_for, publish
from provlabel.labeling.receipts import Receipt, about_time, facts
from provlabel.labeling.sources import Source, naming_its_source, read_source, shown
from provlabel.labeling.tags import personal_edits
from provlabel.manifest.write import definition
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.requests import AnySandbox

if TYPE_CHECKING:
    from provlabel.signers import Signer
    from provlabel.trust.timestamps import Timestamper


@naming_its_source
def redact_file(
    source: Path | str,
    dest: Path | str | None,
    signer: Signer,
    *,
    replace: bool = False,
    timestamper: Timestamper | None = None,
    sandbox: AnySandbox | None = None,
    generator_metadata: bool = False,
) -> Receipt:
    """Take the personal fields out of a labeled file and its tags, for good, and write the result to ``dest``.

    The bytes of every ``org.provlabel.personal`` in the file's history are removed, a new manifest
    says that they were, and repeats the rest of the label; everything else stays valid.  With ``generator_metadata``
    the tags in which a generator left a prompt go too.  Where a prompt can still be read is among the warnings.

    Raises:
        InputError: the file carries no label of ours with personal fields, or nothing that was asked for can be taken
            out, or it cannot be read.
        OutputError, SignerError, TimestampError, EngineError: as :func:`label_file`.
    """
    source, sandbox = path_of(source), sandbox or shared_sandbox()
    checked = read_source(source, sandbox, accept_broken=False)
    redacted = [manifest.urn for manifest in checked.evidence.manifests if manifest.personal is not None]
    left = tuple(in_tags(checked.evidence.carriers or ())) if generator_metadata else ()
    if not redacted and not left:
        raise _nothing(source, checked)
    stated = checked.evidence.manifests[0].label
    try:
        label = msgspec.convert(stated, ready(Label))
    except msgspec.ValidationError as exc:
        raise InputError(f"{shown(source)}: its newest label cannot be repeated: {printable(str(exc))}") from exc
    edits = personal_edits(checked, generator_metadata=generator_metadata)
    if not redacted and not edits:
        raise _nothing(source, checked)
    destination = destination_for(checked, path_of(dest) if dest is not None else None, False, replace)
    made = definition(label, SignedLabel(system=stated), has_parent=True, redacted=redacted)
    seal = Seal(signer, timestamper)
    written = publish(checked, tuple(_ingredients(checked, (), ())), made, seal, destination, sandbox, edits)
    return Receipt(
        **facts(checked.evidence, str(destination.target), written, detached=destination.detached),
        parent=checked.manifest,
        warnings=(*_readable(written.evidence), *about_time(written, seal)),
    )


def _nothing(source: Path, checked: Source) -> InputError:
    """Say that there is nothing to be done, and what cannot be."""
    places = ", ".join(printable(place) for place in clear_prompts(checked.evidence))
    readable = f", and a prompt that can be read in {places}" if places else ""
    how = "tags go with --generator-metadata; what others signed stays" if places else "nothing to do"
    return InputError(f"{shown(source)}: holds no personal fields{readable}", hint=how)


def _readable(evidence: Evidence) -> Iterator[str]:
    """Name what cannot be taken out: what others signed, and tags that are not ours to write."""
    for place in clear_prompts(evidence):
        yield f"a prompt can still be read: {printable(place)}"
