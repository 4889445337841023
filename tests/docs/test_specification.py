"""The specification of the label, its vectors, and provlabel held against both."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import label_vectors
import spec_page
from label_fields import RECORDS
from label_findings import findings_of
from label_mappings import SHOWN_BY, mapping_vectors
from label_requirements import REQUIREMENTS
from project import DOCS, ROOT
from provlabel.label import digest_of_prompt, lint as lint_module
from provlabel.label.lint import lint
from provlabel.label.loading import read_plain

VECTORS = ROOT / "spec" / "vectors"
INDEX: list[dict[str, Any]] = json.loads((VECTORS / "vectors.json").read_text())["labels"]
PAGE = (DOCS / "spec" / "label-v1.md").read_text()
PEOPLE = (DOCS / "spec" / "for-people.md").read_text()


def on_disk(entry: dict[str, Any], folder: Path) -> Path:
    """The file of a vector, with its padding."""
    path = VECTORS / entry["file"]
    if "pad_to" not in entry:
        return path
    padded = folder / path.name
    padded.write_bytes(path.read_bytes().ljust(entry["pad_to"]))
    return padded


def found_in(entry: dict[str, Any], folder: Path) -> set[tuple[str, str, str]]:
    """Level, pointer and requirement of each finding of provlabel."""
    found = findings_of(on_disk(entry, folder), seconds=entry.get("seconds"), media=entry.get("media"))
    return {(item["level"], item["pointer"], item["requirement"]) for item in found}


def expected_of(entry: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(item["level"], item["pointer"], item["requirement"]) for item in entry["findings"]}


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"].removeprefix("labels/"))
def test_provlabel_finds_what_each_vector_says(entry: dict[str, Any], tmp_path: Path) -> None:
    assert found_in(entry, tmp_path) == expected_of(entry), entry["why"]
    levels = {item["level"] for item in entry["findings"]}
    assert entry["expect"] == ("error" if "error" in levels else "warning" if levels else "valid")
    assert entry["file"].startswith("labels/invalid/") == ("error" in levels)
    assert entry["requirements"]
    assert set(entry["requirements"]) <= set(REQUIREMENTS)


def test_the_vectors_are_those_that_are_made() -> None:
    made = label_vectors.made()
    kept = {path for path in VECTORS.rglob("*") if path.is_file() and path.name != "README.md"}
    assert kept == set(made), "run make docs"
    stale = [path.name for path, content in made.items() if path.read_bytes() != content]
    assert stale == [], "run make docs"


def test_there_are_enough_and_each_requirement_is_broken() -> None:
    assert len(INDEX) >= 150
    broken = {item["requirement"] for entry in INDEX for item in entry["findings"]}
    assert broken == set(REQUIREMENTS)


def test_the_page_has_each_requirement_once_and_no_other() -> None:
    defined = re.findall(r"\*\*([LVWM]-[A-Z0-9]+(?:-[A-Z0-9]+)*)\.?\*\*", PAGE)
    repeated = {name for name in defined if defined.count(name) > 1}
    assert all(name.startswith("L-ID-") for name in repeated)
    assert {name for name in defined if name.startswith("L-")} == set(REQUIREMENTS)
    named = set(re.findall(r"\b([LVWM]-(?:[A-Z0-9]+-)*[0-9]+)\b", PAGE))
    assert named <= set(defined), "the page names a requirement that it does not have"


def test_each_fault_of_lint_has_a_vector(tmp_path: Path) -> None:
    """Whoever adds a rule to lint adds its requirement and its vector: each line that makes a fault is reached."""
    source = Path(lint_module.__file__)
    wanted = dict(_places_of_faults(source))
    with reached_lines(source) as lines:
        for entry in INDEX:
            found_in(entry, tmp_path)
    missing = [f"{source.name}:{line}: {text}" for line, text in wanted.items() if line not in lines]
    assert missing == [], (
        "no vector makes provlabel lint say this: add a row to spec/label_requirements.py (id, level, pointer, text, a "
        "pattern of the message), a vector or more to spec/label_vectors.py that break it, and run make docs"
    )


def _places_of_faults(source: Path) -> Iterator[tuple[int, str]]:
    """The lines that make a fault, or yield the words of one."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Yield) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "Fault"):
            yield node.lineno, ast.unparse(node)[:100]


class reached_lines:
    """The lines of one file that are run, while this is entered."""

    def __init__(self, source: Path) -> None:
        self._name = str(source)
        self._lines: set[int] = set()

    def __enter__(self) -> set[int]:
        self._before: Any = sys.gettrace()
        sys.settrace(self._called)
        return self._lines

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename == self._name else None

    def _line(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., Any]:
        self._lines.add(frame.f_lineno)
        return self._line


# --- mappings --------------------------------------------------------------------------------------

MAPPINGS = sorted((VECTORS / "mappings").glob("*.json"))


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_provlabel_maps_as_the_vectors_say(path: Path) -> None:
    assert json.loads(path.read_text()) == json.loads(json.dumps(mapping_vectors()[f"mappings/{path.name}"]))


def test_labels_of_the_mappings_have_no_error() -> None:
    for path in MAPPINGS:
        label = json.loads(path.read_text()).get("label")
        assert label is None or not [fault for fault in lint(label) if fault.level == "error"], path.name


def test_mappings_reach_every_field_of_every_carrier() -> None:
    """A field that no vector has could be mapped in any way."""
    from provlabel.carriers.vocabularies import PROJECTIONS

    vectors = [json.loads(path.read_text())["expect"] for path in MAPPINGS if path.stem != "digests"]
    for row in PROJECTIONS:
        if row.name in ("iptc", "music"):
            used = {name for expect in vectors for name in expect[row.carrier]}
            assert used == set(row.fields), row.carrier
    assert {expect["aigc"] is None for expect in vectors} == {True, False}


def test_each_requirement_of_mappers_is_shown() -> None:
    defined = set(re.findall(r"\*\*(M-[A-Z0-9-]+)\.\*\*", PAGE))
    assert defined - {"M-4"} == {name for name in SHOWN_BY if name.startswith("M-")}, "M-4 is about what is in a file"
    cases = {name for names in SHOWN_BY.values() for name in names.split()}
    assert cases <= {path.stem for path in MAPPINGS}


def test_digests_of_prompts() -> None:
    for row in json.loads((VECTORS / "mappings" / "digests.json").read_text())["prompts"]:
        assert digest_of_prompt(row["text"], row["salt"]) == row["sha256"]


# --- pages -----------------------------------------------------------------------------------------


def test_tables_of_the_page_are_complete() -> None:
    """Every field of every record stands in its table; the page itself is compared with its source by test_docs."""
    for name, record in RECORDS.items():
        table = PAGE.partition(f"#### {name}\n")[2].partition("####")[0]
        for field in record["properties"]:
            assert f"\n| `{field}` |" in table, f"{name}.{field}"
    assert "{{" not in PAGE
    assert set(re.findall(r"\{\{([\w:]+)\}\}", spec_page.TEMPLATE.read_text())) == set(spec_page.PARTS)


def test_the_page_for_people_names_every_field() -> None:
    table = PEOPLE.partition("## Who fills what")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    assert named == set(RECORDS["Label"]["properties"]) - {"$schema"}
    kinds = PEOPLE.partition("## Which kind?")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)` \|$", kinds, re.MULTILINE)) >= set(RECORDS["Label"]["properties"]["kind"]["enum"])


STEPS = re.findall(r"```toml\n(.*?)```", PEOPLE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_labels_of_the_page_for_people_are_clean(number: int, tmp_path: Path) -> None:
    path = tmp_path / "label.toml"
    path.write_text(STEPS[number])
    media = "image" if "AcmePaint" in STEPS[number] else "audio"
    assert lint(read_plain(path), media=media, seconds=201.0) == ()  # type: ignore[arg-type]


def test_there_is_a_song_from_demo_to_release() -> None:
    assert len(STEPS) == 4
