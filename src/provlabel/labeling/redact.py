"""Take personal fields out of a labeled file, for good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provlabel._support.text import printable
from provlabel._support.types import ready
from provlabel.errors import InputError
from provlabel.label import Label, SignedLabel
from provlabel.labeling.label import _ingredients
from provlabel.labeling.publish import Seal, destination_for, publish
from provlabel.labeling.receipts import Receipt, about_time, facts
from provlabel.labeling.sources import naming_its_source, read_source, shown
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
) -> Receipt:
    """Take the personal fields out of a labeled file and its tags, for good, and write the result to ``dest``.

    The bytes of every ``org.provlabel.personal`` in the file's history are removed, a new manifest
    says that they were, and repeats the rest of the label; everything else stays valid.

    Raises:
        InputError: the file carries no label of ours with personal fields, or cannot be read.
        OutputError, SignerError, TimestampError, EngineError: as :func:`label_file`.
    """
    source, sandbox = Path(source), sandbox or shared_sandbox()
    checked = read_source(source, sandbox, accept_broken=False)
    redacted = [manifest.urn for manifest in checked.evidence.manifests if manifest.personal is not None]
    if not redacted:
        raise InputError(f"{shown(source)}: holds no personal fields", hint="nothing to do")
    stated = checked.evidence.manifests[0].label
    try:
        label = msgspec.convert(stated, ready(Label))
    except msgspec.ValidationError as exc:
        raise InputError(f"{shown(source)}: its newest label cannot be repeated: {printable(str(exc))}") from exc
    destination = destination_for(checked, Path(dest) if dest is not None else None, False, replace)
    made = definition(label, SignedLabel(system=stated), has_parent=True, redacted=redacted)
    seal = Seal(signer, timestamper)
    written = publish(
        checked, tuple(_ingredients(checked, (), ())), made, seal, destination, sandbox, personal_edits(checked)
    )
    return Receipt(
        **facts(checked.evidence, str(destination.target), written, detached=destination.detached),
        parent=checked.manifest,
        warnings=tuple(about_time(written, seal)),
    )
