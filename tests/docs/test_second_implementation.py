"""The validator in TypeScript, which was written from the specification alone, agrees with provlabel."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from label_findings import findings_of
from label_mutations import mutated_labels, mutated_texts
from project import ROOT, needs

pytestmark = [needs("tsc"), needs("node")]

VECTORS = ROOT / "spec" / "vectors"
INDEX: list[dict[str, Any]] = json.loads((VECTORS / "vectors.json").read_text())["labels"]
#: Labels that get as far as the stage `consistency` are most worth a change.
VALID = [VECTORS / entry["file"] for entry in INDEX if entry["file"].startswith("labels/valid/")]
LABELS = [json.loads(path.read_bytes()) for path in VALID if path.suffix == ".json"]
SEED = 22


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the validator, compiled."""
    out = tmp_path_factory.mktemp("validator")
    done = subprocess.run(["tsc", "-p", ROOT / "spec" / "validator", "--outDir", out], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return out


def run(built: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["node", built / "run-vectors.js", folder, *options], capture_output=True, text=True)


def test_it_passes_all_vectors(built: Path) -> None:
    done = run(built, VECTORS)
    assert done.stdout == f"passed {len(INDEX)}, failed 0\n"
    assert done.returncode == 0, done.stderr


def test_a_wrong_expectation_is_told(built: Path, tmp_path: Path) -> None:
    (tmp_path / "label.json").write_text('{"kind": "human_made"}')
    wanted = [{"level": "error", "pointer": "/kind", "requirement": "L-FORM-4"}]
    (tmp_path / "vectors.json").write_text(
        json.dumps({"labels": [{"file": "label.json", "expect": "error", "findings": wanted}]})
    )
    done = run(built, tmp_path)
    assert "FAILED label.json" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("args", "code", "printed"),
    [
        (["labels/valid/duet.toml"], 0, ""),
        (["labels/invalid/kind-systems.json"], 1, '{"level":"error","pointer":"/systems","requirement":"L-KIND-3"}\n'),
        (["no-such-file.json"], 2, ""),
        (["--media", "smell", "labels/valid/duet.toml"], 2, ""),
    ],
)
def test_as_a_program_it_keeps_the_protocol(built: Path, args: list[str], code: int, printed: str) -> None:
    done = subprocess.run(["node", built / "validate.js", *args], cwd=VECTORS, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, printed)


def agreed(built: Path, folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Both find the same in each file."""
    entries = []
    media = itertools.cycle(("image", "audio", "video"))
    for name, content in files:
        (folder / name).write_bytes(content)
        told: dict[str, Any] = {"media": next(media), "seconds": 60.0}
        found = findings_of(folder / name, **told)
        if any("\\u{" in item["pointer"] for item in found):
            continue  # V-5: provlabel shows such pointers with escapes of its own
        level = min((item["level"] for item in found), default="valid")  # an error comes before a warning
        entries.append({"file": name, "expect": level, "findings": found} | told)
    (folder / "vectors.json").write_text(json.dumps({"labels": entries}))
    done = run(built, folder, "--any-file-fault")
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr}"
    assert len(entries) >= 500
    assert len({entry["expect"] for entry in entries}) > 1


def test_both_find_the_same_in_labels_at_random(built: Path, tmp_path: Path) -> None:
    labels = mutated_labels(LABELS, 1500, SEED)
    agreed(built, tmp_path, ((f"{number}.json", json.dumps(label).encode()) for number, label in enumerate(labels)))


@pytest.mark.parametrize("ending", ["json", "toml"])
def test_both_find_the_same_in_files_at_random(built: Path, tmp_path: Path, ending: str) -> None:
    texts = [path.read_text() for path in VALID if path.suffix == f".{ending}"]
    files = mutated_texts(texts, 800, SEED)
    agreed(built, tmp_path, ((f"{number}.{ending}", text.encode()) for number, text in enumerate(files)))
