"""Labels in the carriers of real files: written, signed, read by others, compared."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conftest import SAMPLES, Cli, needs
from provlabel import Identifier, InputError, Label, System, label_file, redact_file, verify_file
from provlabel.cage import Cage
from provlabel.errors import UsageError
from provlabel.label.records import China, Contribution, Permissions, Person, Prompt, Rights
from provlabel.label.vocabularies import IPTC
from provlabel.report import FileReport
from provlabel.signers import Signer
from provlabel.trust import TrustStore

AI = IPTC + "trainedAlgorithmicMedia"
FULL = Label(
    kind="ai_generated",
    systems=(System(name="AcmeSynth", version="2.1"),),
    identifiers=(Identifier(type="isrc", value="GBAYE2600001"),),
    people=(Person(id="ada", name="Ada Example", roles=("Composer", "LeadVocalist", "StudioProducer")),),
    contributions=(Contribution(part="instrumental", extent="All", by="ai", system="AcmeSynth"),),
    permissions=Permissions(mining="notAllowed"),
    rights=Rights(notice="© 2026 Acme"),
    prompt=Prompt(text="a lighthouse", writer="ada"),
    china=China(producer="001191110102MACQD9K64010000", produce_id="20261122-0001"),
)


def exiftool(path: Path) -> dict[str, Any]:
    out = subprocess.run(["exiftool", "-j", "-G1", "-a", path], capture_output=True, text=True, check=False).stdout
    return dict(json.loads(out)[0])


def judged(path: Path, trust: TrustStore, cage: Cage, **how: Any) -> FileReport:
    return verify_file(path, trust=trust, cage=cage, **how).files[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_default_carriers_are_written_signed_and_agree(
    name: str, media: Path, signer: Signer, trust: TrustStore, cage: Cage, tmp_path: Path
) -> None:
    out = tmp_path / name
    receipt = label_file(media / name, out, FULL, signer, cage=cage)
    assert receipt.carriers
    item = judged(out, trust, cage)
    assert (item.state, item.passed) == ("trusted", True)
    assert not [found for found in item.findings if found.rule.startswith("carrier")]
    assert item.carriers
    assert {value.agreement for value in item.carriers} <= {"signed", "unlisted"}
    assert sorted((value.carrier, value.field) for value in item.carriers if value.agreement == "signed") == sorted(
        (carrier, field) for carrier, fields in receipt.carriers.items() for field in fields
    )
    assert "Ada" not in out.read_bytes().decode("latin-1")
    assert "lighthouse" not in out.read_bytes().decode("latin-1")
