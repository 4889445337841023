"""Labels as commented TOML: whatever text they hold, the file reads back as the same label, and nothing escapes."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from project import EXAMPLE_LABELS
from provlabel._support.toml import in_toml
from provlabel.evidence import Carrier, Evidence
from provlabel.label import label_from_dict, load_label
from provlabel.label.lint import lint
from provlabel.label.writing import written
from provlabel.labeling.draft import drafted

#: Texts that break out of comments, of strings, or of what a reader sees.
NASTY = [
    'a\nkind = "human_made"',
    "a\r[provider]",
    '"""',
    "'''\\",
    "\\u0022\\",
    "a\x00b\x1b[31m",
    "\u202egpj.exe",
    "\u2066x\u2069",
    "\u2028\u2029\x85",
    "# x",
    "]\n[[systems]]",
    "\ud800",
    "\U000e0041",
]
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))


def read(text: str) -> Any:
    return msgspec.toml.decode(text)


@given(texts)
def test_any_text_is_a_string_of_toml(text: str) -> None:
    if any("\ud800" <= ch <= "\udfff" for ch in text):
        return
    line = in_toml({"a": [text, {text or "b": text}]})
    assert read(f"x = {line}") == {"x": {"a": [text, {text or "b": text}]}}
    assert not {unicodedata.category(ch) for ch in line} & {"Cc", "Cf", "Zl", "Zp", "Cs"}


@pytest.mark.parametrize("path", sorted(EXAMPLE_LABELS.glob("*.toml")), ids=lambda path: path.stem)
def test_examples_read_back_as_what_they_are(path: Any) -> None:
    label = load_label(path)
    plain = msgspec.json.decode(msgspec.json.encode(label))
    assert label_from_dict(read(written(plain))) == label


def test_the_lines_that_are_offered_are_right() -> None:
    """Whoever takes the # away from an example has a label that still fits its schema."""
    text = written({"kind": "ai_partly_created"})
    lines = [re.sub(r"^# (?=\w+ = |\[)", "", line) for line in text.splitlines()]
    label = read("\n".join(lines))
    assert {"title", "identifiers", "systems", "contributions", "rights"} <= set(label)
    label_from_dict(label)
    assert lint(read(text)) == lint({"kind": "ai_partly_created"})


fields = {
    "id3": ["TIT2", "TPE1", "TSRC", "TCOP", "COMM", "TDRC", "TXXX:PROVLABEL_SYSTEMS", "TXXX:prompt", "TXXX:UPC"],
    "vorbis": ["TITLE", "ARTIST", "COMMENT", "DATE", "PROVLABEL_CONTRIBUTIONS", "PROVLABEL_KIND"],
    "xmp": ["dc:title", "dc:creator", "dc:rights", "Iptc4xmpExt:AISystemUsed", "Iptc4xmpExt:AIPromptInformation"],
    "text": ["parameters", "Description", "Comment", "workflow"],
}
carriers = st.sampled_from(sorted(fields)).flatmap(
    lambda name: st.dictionaries(st.sampled_from(fields[name]), st.lists(texts, max_size=3).map(tuple)).map(
        lambda found: Carrier(name, "tag", found)
    )
)


@settings(max_examples=300)
@given(st.lists(carriers, max_size=3), texts)
def test_whatever_tags_say_the_label_reads_back_and_lints(found: list[Carrier], path: str) -> None:
    draft = drafted(Evidence(carriers=tuple(found)))
    label = {"kind": "may_contain_ai", "systems": [{"name": "A"}], **draft.label}
    text = written(label, head=[path], sources=draft.sources, hints=draft.hints)
    assert not {ch for ch in text if unicodedata.category(ch) in ("Cc", "Cf", "Zl", "Zp", "Cs")} - {"\n"}
    text.encode()
    assert read(text) == {"schema": "label-v1", **label}
    if "contributions" not in label and label["kind"] == "may_contain_ai":  # else the kind may not fit
        assert [fault for fault in lint(read(text)) if fault.level == "error"] == []


@given(st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_no_prompt_is_taken_unless_it_is_asked_for(prompts: list[str]) -> None:
    secret = "a castle of " + "".join(ch for ch in prompts[0] if ch.isalnum()) + " zzz"
    found = (
        Carrier("xmp", "XMP", {"Iptc4xmpExt:AIPromptInformation": (secret,)}),
        Carrier("text", "tEXt", {"parameters": (f"{secret}\nSteps: 20, Sampler: Euler",), "prompt": (secret,)}),
        Carrier("id3", "ID3v2", {"TXXX:prompt": (secret,), "TXXX:workflow": ('{"nodes": "' + secret + '"}',)}),
    )
    draft = drafted(Evidence(carriers=found))
    assert "castle" not in written({"kind": "ai_generated", **draft.label}, sources=draft.sources, hints=draft.hints)
    assert any("a prompt stands in" in hint for hint in draft.hints)
    assert drafted(Evidence(carriers=found), prompt=True).label["prompt"] == {"text": secret}
    assert drafted(Evidence(carriers=found[1:]), prompt=True).label["prompt"] == {"text": secret}
