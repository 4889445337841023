"""Every format that can hold a manifest, with every example label that fits its medium.

``PROVLABEL_CHANGES`` is the number of changed media bytes per cell: 5 by default, 200 for a long run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import encypher_c2pa
import msgspec
import pytest
from msgspec import UNSET

from format_files import GOOD, Make, state
from project import EXAMPLE_LABELS, MEDIA, SAMPLES
from provlabel import Label, Prompt, TrustStore, label_file, load_label, verify_bytes
from provlabel.label import joined, label_from_dict, origin_of
from provlabel.label.vocabularies import PromptMode
from provlabel.media.formats import FORMATS
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import DECODED, EMBEDDED, FORMAT_OF, ROWS, known, parts_of, stripped

CHANGES = int(os.environ.get("PROVLABEL_CHANGES", "5"))
#: What a label may weigh, certificates and inputs included; the notes measured 5.4 to 9 kB.
MOST_BYTES = 12 * 1024
OF_IMAGES = ("ai-artwork", "ai-modified-photo", "human-made")
OF_SOUNDS = ("ai-assisted-track", "ai-track", "voice-clone", "human-made")
FITTING = {"image": OF_IMAGES, "audio": OF_SOUNDS, "video": tuple(dict.fromkeys((*OF_IMAGES, *OF_SOUNDS)))}
SAMPLE_FORMATS = dict(zip(SAMPLES, ("JPEG", "PNG", "WAV", "MP3", "FLAC"), strict=True))
FORMAT_OF = SAMPLE_FORMATS | FORMAT_OF


def cells() -> Iterator[Any]:
    files = [*(pytest.param(name) for name in SAMPLES), *EMBEDDED]
    for file in files:
        name = str(file.values[0])
        for label in FITTING[ROWS[FORMAT_OF[name]].media]:
            yield pytest.param(name, label, marks=file.marks, id=f"{name}-{label}")


CELLS = list(cells())


@pytest.fixture
def source(make: Make, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A fresh copy of the file that the cell names."""
    name = request.getfixturevalue("name")
    if name not in SAMPLES:
        return make(name)
    copy = tmp_path / name
    copy.write_bytes((MEDIA / name).read_bytes())
    return copy


def expected(label: Label) -> Label:
    """The label as it is signed: the origin is said, and the prompt says that it stands in clear."""
    label = msgspec.structs.replace(label, origin=origin_of(label))
    if label.prompt is UNSET:
        return label
    return msgspec.structs.replace(label, prompt=Prompt(mode="clear", text=label.prompt.text))


def test_every_format_and_every_label_takes_part() -> None:
    taking_part = {FORMAT_OF[cell.values[0]] for cell in CELLS}
    assert taking_part == {row.name for row in FORMATS if row.embed}
    assert {cell.values[1] for cell in CELLS} == {path.stem for path in EXAMPLE_LABELS.glob("*.toml")}
    for name, row in SAMPLE_FORMATS.items():
        found = known((MEDIA / name).read_bytes())
        assert found is not None
        assert found.name == row


@pytest.mark.parametrize(("name", "label_name"), CELLS)
def test_the_whole_life_of_a_label(
    name: str, label_name: str, source: Path, signer: Signer, trust: TrustStore, credential: Path, sandbox: Sandbox
) -> None:
    label = load_label(EXAMPLE_LABELS / f"{label_name}.toml")
    dest = source.with_name(f"labeled-{name}")
    mode: PromptMode = "omit" if label.prompt is UNSET else "clear"
    receipt = label_file(source, dest, label, signer, prompt_mode=mode, personal=True, inputs=True, sandbox=sandbox)
    content = dest.read_bytes()
    # It is trusted, says so on every axis, and nothing is wrong with it.
    judged = verify_bytes(content, trust=trust, personal=True, sandbox=sandbox).files[0]
    assert (judged.state, judged.format) == ("trusted", FORMAT_OF[name])
    assert (judged.axes.content, judged.axes.label, judged.axes.signer) == ("intact", ("present",), "trusted")
    assert [item for item in judged.findings if item.level == "error"] == []
    # The label that is read is the label that was signed.
    assert judged.label is not None
    assert judged.label.source == "org.provlabel.label"
    told = label_from_dict(joined(judged.label.value, judged.label.personal))
    assert msgspec.structs.replace(told, carriers=()) == expected(label)
    # An independent verifier agrees; it knows the media type of every format here.
    row = ROWS[FORMAT_OF[name]]
    root = (credential / "root.pem").read_text()
    said = encypher_c2pa.verify(content, row.mime, trust_pem=root, no_default_trust=True, telemetry=False)
    assert (said["integrity"], said["signature"], said["hard_binding"]) == ("valid", "valid", "match")
    assert said["validation_results"]["failure"] == []
    assert receipt.manifest_bytes <= MOST_BYTES
    # Every changed byte of what is seen or heard is noticed.
    for offset, changed in changes(row, content, f"{name} {label_name} 20261122"):
        assert state(changed, trust, sandbox) not in GOOD, f"byte {offset}"
    # Without its manifest the file is a file without a label, and nothing worse.
    assert state(stripped(row, content), trust, sandbox) == "unsigned"


def changes(row: Any, content: bytes, seed: str) -> Iterator[tuple[int, bytes]]:
    parts = [part for part in parts_of(row, content) if part.name in DECODED]
    offsets = sorted({offset for part in parts for offset in range(part.start, part.end)})
    rng = random.Random(seed)
    for offset in rng.sample(offsets, CHANGES):
        changed = bytearray(content)
        changed[offset] ^= 1 << rng.randrange(8)
        yield offset, bytes(changed)
