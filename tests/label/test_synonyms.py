"""Words that people write in a label: each gets the very line to write, and all faults are told at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from project import Cli
from provlabel.errors import LabelError
from provlabel.label import load_label
from provlabel.label.lint import lint
from provlabel.label.loading import shape_faults
from provlabel.label.synonyms import _FIELDS, _VALUES, line_for

#: Where each field stands in a label that is right.
PLACES: dict[str, dict[str, Any]] = {
    "part": {"contributions": [{"part": "", "extent": "All", "by": "ai"}]},
    "by": {"contributions": [{"part": "vocals", "extent": "All", "by": ""}]},
    "extent": {"contributions": [{"part": "vocals", "extent": "", "by": "ai"}]},
    "role": {"contributions": [{"part": "vocals", "extent": "All", "by": "ai", "role": ""}]},
    "roles": {"people": [{"id": "a", "roles": [""]}]},
    "operation": {"operations": [{"operation": ""}]},
    "type": {"identifiers": [{"type": "", "value": "x"}]},
    "kind": {"kind": ""},
}


def put(value: Any, field: str, given: str) -> Any:
    """Return a plain label with ``given`` in place of what is empty."""
    if isinstance(value, dict):
        return {key: put(item, field, given) for key, item in value.items()}
    if isinstance(value, list):
        return [put(item, field, given) for item in value]
    return given if value == "" else value


@pytest.mark.parametrize(("field", "word"), [(field, word) for field, words in _VALUES.items() for word in words])
def test_the_line_that_is_shown_is_right(field: str, word: str) -> None:
    label = {"kind": "ai_partly_created"} | put(PLACES[field], field, word)
    (fault,) = lint(label)
    assert fault.hint.startswith(("write ", "did you mean ")), fault
    line = line_for(field, word)
    lines = re.findall(r'\w+ = (?:"[^"]+"|\[[^\]…]+\])', line)
    if not fault.hint.startswith("write ") or not lines:
        assert "artist" in word or fault.fix is not None
        return
    written: dict[str, Any] = msgspec.toml.decode("\n".join(lines))
    target = put(PLACES[field], field, "")
    for name, items in target.items():
        target[name] = [{**item, **written} for item in items] if isinstance(items, list) else written[field]
    assert list(shape_faults({"kind": "ai_partly_created"} | target)) == []


@pytest.mark.parametrize("word", _FIELDS)
def test_a_field_under_another_name_gets_the_right_one(word: str) -> None:
    (fault,) = lint({"kind": "human_made", word: "x"})
    assert fault.hint.startswith(("write ", "did you mean "))


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ({"people": [{"id": "a", "roles": ["singer"]}]}, 'write roles = ["LeadVocalist"]'),
        ({"people": [{"id": "a", "roles": ["Lead_Singer"]}]}, 'write roles = ["LeadVocalist"]'),
        (PLACES["part"] | put(PLACES["part"], "part", "drums"), 'write part = "instrumental" and stem = "drums"'),
        (put(PLACES["by"], "by", "AI"), "did you mean ai?"),
        (put(PLACES["extent"], "extent", "all"), "did you mean All?"),
        (put(PLACES["extent"], "extent", "100%"), 'write extent = "All"'),
        ({"isrc": "GBAYE2600001"}, 'write identifiers = [{ type = "isrc", value = "…" }]'),
        ({"people": [{}]}, 'such as id = "singer"'),
        ({"systems": "Suno"}, 'such as [{ name = "AcmeSynth", version = "2.1.0" }]'),
    ],
)
def test_a_first_label_gets_the_right_hint(label: dict[str, Any], hint: str) -> None:
    (fault,) = lint({"kind": "ai_partly_created"} | label)
    assert fault.hint == hint


NATURAL = """
kind = "AI"
[[people]]
id = "ada"
roles = ["singer"]
[[contributions]]
part = "drums"
extent = "all"
by = "AI"
"""


def test_all_faults_are_told_at_once_and_where_to_look(tmp_path: Path, cli: Cli, media: Path) -> None:
    path = tmp_path / "track.toml"
    path.write_text(NATURAL)
    done = cli("label", media / "take.wav", "--label", "track.toml", "--signer", "test")
    assert done.returncode == 2
    assert [line.split(": ", 3)[2] for line in done.stderr.splitlines() if "track.toml: /" in line] == [
        "/kind",
        "/people/0/roles/0",
        "/contributions/0/part",
        "/contributions/0/extent",
        "/contributions/0/by",
    ]
    assert 'write kind = "ai_generated"' in done.stderr
    assert 'write part = "instrumental" and stem = "drums"' in done.stderr
    assert done.stderr.endswith("error: track.toml: 5 faults\n  hint: provlabel lint track.toml\n")
    with pytest.raises(LabelError) as caught:
        load_label(path)
    assert len(caught.value.faults) == 5
