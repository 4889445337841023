"""The label: reading it strictly, splitting it into what is signed, and what becomes of it in a manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provlabel import Identifier, Label, LabelError, Prompt, Provider, System, load_label
from provlabel.label import digest_of_prompt, label_from_dict, origin_of, signed_label
from provlabel.label.vocabularies import KINDS, SOURCE_TYPES, IdentifierType, Kind, Oversight
from provlabel.manifest import definition
from provlabel.schemas import SCHEMAS

line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30)
ascii_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
times = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z")
systems = st.builds(System, name=line, version=line, model_type=ascii_text, identifier=ascii_text)
labels = st.builds(
    Label,
    kind=st.sampled_from(get_args(Kind)),
    title=line,
    provider=st.builds(Provider, name=line),
    systems=st.lists(systems, max_size=3).map(tuple),
    event_time=times,
    identifiers=st.lists(
        st.builds(Identifier, type=st.sampled_from(get_args(IdentifierType)), value=ascii_text), max_size=3
    ).map(tuple),
    oversight=st.sampled_from(get_args(Oversight)),
)


@given(labels)
def test_a_label_survives_json_and_fits_its_published_schema(label: Label) -> None:
    plain = json.loads(msgspec.json.encode(label))
    assert label_from_dict(plain) == label
    jsonschema_rs.Draft202012Validator(SCHEMAS["label"]()).validate(plain)


@given(labels)
def test_what_is_signed_fits_the_schema_too(label: Label) -> None:
    signed = signed_label(label).system
    assert signed["schema"] == "label-v1"
    assert signed["origin"] in ("created", "altered")
    jsonschema_rs.Draft202012Validator(SCHEMAS["label"]()).validate(json.loads(json.dumps(signed)))


@pytest.mark.parametrize(
    ("data", "pointer", "words"),
    [
        ({}, "", "kind"),
        ([], "", "object"),
        ({"kind": "ai_genrated"}, "/kind", "did you mean ai_generated?"),
        ({"kind": "zzz"}, "/kind", "one of: ai_generated"),
        ({"kind": "ai_generated", "systmes": []}, "/systmes", "did you mean systems?"),
        ({"kind": "ai_generated", "systems": [{"name": "x", "q": 1}]}, "/systems/0/q", "unknown field"),
        ({"kind": "ai_generated", "systems": [{}]}, "/systems/0", "name"),
        ({"kind": "ai_generated", "title": "a\nb"}, "/title", "text on one line"),
        ({"kind": "ai_generated", "title": ""}, "/title", "length"),
        ({"kind": "ai_generated", "event_time": "yesterday"}, "/event_time", "RFC 3339"),
        ({"kind": "ai_generated", "event_time": "2026-11-22T10:00:00"}, "/event_time", "RFC 3339"),
        ({"kind": "ai_generated", "identifiers": [{"type": "isrc", "value": "É"}]}, "/identifiers/0/value", "ASCII"),
        ({"kind": "ai_generated", "identifiers": [{"type": "isbn", "value": "1"}]}, "/identifiers/0/type", "one of"),
        ({"kind": "ai_generated", "prompt": {"sha256": "x"}}, "/prompt/sha256", "64 lower-case"),
        ({"kind": "ai_generated", "schema": "label-v9"}, "/schema", "label-v9"),
        ({"kind": 7}, "/kind", "str"),
    ],
)
def test_faults_have_a_place_and_words(data: Any, pointer: str, words: str) -> None:
    with pytest.raises(LabelError, match="label: ") as caught:
        label_from_dict(data)
    assert caught.value.faults[0][0] == pointer
    assert words in caught.value.faults[0][1]
    assert caught.value.mend


def test_toml_with_a_native_time(tmp_path: Path) -> None:
    path = tmp_path / "take.toml"
    path.write_text('kind = "ai_generated"\nevent_time = 2026-11-22T10:00:00Z\n[[systems]]\nname = "A"\n')
    assert load_label(path) == Label(
        kind="ai_generated", event_time="2026-11-22T10:00:00Z", systems=(System(name="A"),)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "Expecting"),
        ('{"kind": "ai_generated", "kind": "human_made"}', "stands twice"),
        ('{"kind": NaN}', "no JSON value"),
        ("[" * 5_000, "nested too deeply|Expecting"),
        ("\ufeff{}", "BOM"),
    ],
)
def test_what_is_no_json(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "label.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=words):
        load_label(path)


# --- prompts ---------------------------------------------------------------------------------------

SECRET = "a lighthouse at dawn, in the manner of nobody"


def test_prompt_is_withheld_by_default() -> None:
    signed = signed_label(Label(kind="ai_generated", prompt=Prompt(text=SECRET)))
    assert signed.system["prompt"] == {"mode": "omit"}
    assert signed.personal is None
    assert SECRET not in repr(signed)


def test_prompt_as_salted_hash() -> None:
    label = Label(kind="ai_generated", prompt=Prompt(text=SECRET))
    signed, again = signed_label(label, "hash"), signed_label(label, "hash")
    assert signed.prompt_salt is not None
    expected = hashlib.sha256(bytes.fromhex(signed.prompt_salt) + SECRET.encode()).hexdigest()
    assert signed.system["prompt"] == {"mode": "hash", "sha256": expected}
    assert digest_of_prompt(SECRET, signed.prompt_salt) == expected
    assert again.system["prompt"] != signed.system["prompt"]
    assert SECRET not in repr(signed)
    assert signed.prompt_salt not in repr(signed.system)


def test_prompt_in_clear_is_apart() -> None:
    signed = signed_label(Label(kind="ai_generated", prompt=Prompt(text=SECRET)), "clear")
    assert signed.system["prompt"] == {"mode": "clear"}
    assert signed.personal == {"schema": "label-v1", "prompt": {"text": SECRET}}


def test_a_book_is_not_signed_in_clear() -> None:
    label = Label(kind="ai_generated", prompt=Prompt(text="x" * 50_001))
    with pytest.raises(LabelError, match="50,001 characters") as caught:
        signed_label(label, "clear")
    assert "--prompt-mode hash" in caught.value.mend
    assert signed_label(label, "hash").system["prompt"]["mode"] == "hash"


# --- the manifest definition -----------------------------------------------------------------------


def made(label: Label, **how: Any) -> dict[str, Any]:
    how.setdefault("has_parent", False)
    return definition(label, signed_label(label), **how)


def actions(label: Label, **how: Any) -> list[str]:
    return [action["action"] for action in made(label, **how)["assertions"][0]["data"]["actions"]]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("origin", ["created", "altered"])
@pytest.mark.parametrize("has_parent", [False, True])
def test_rules_of_the_specification_hold(kind: Any, origin: Any, has_parent: bool) -> None:
    label = Label(kind=kind, origin=origin, systems=(System(name="A"),))
    whole = made(label, has_parent=has_parent, transcoded=has_parent, components=("component0",))
    data = whole["assertions"][0]["data"]
    listed = data["actions"]
    assert data["allActionsIncluded"] is True
    assert listed[0]["action"] in ("c2pa.created", "c2pa.opened")
    assert all(action["action"] not in ("c2pa.created", "c2pa.opened") for action in listed[1:])
    assert (listed[0]["action"] == "c2pa.created") == (origin == "created" and not has_parent)
    assert ("digitalSourceType" in listed[0]) == (listed[0]["action"] == "c2pa.created")
    assert sum("digitalSourceType" in action for action in listed) == 1
    assert all(assertion["created"] for assertion in whole["assertions"])
    assert whole["claim_generator_info"][0]["specVersion"] == "2.4.0"
    names = [assertion["label"] for assertion in whole["assertions"]]
    assert ("c2pa.ai-disclosure" in names) == KINDS[kind].trained
    assert len(names) == len(set(names))
    assert all(name.isascii() for name in names)


def test_actions_tell_the_story() -> None:
    assert actions(Label(kind="ai_generated")) == ["c2pa.created"]
    assert actions(Label(kind="ai_modified")) == ["c2pa.opened", "c2pa.edited"]
    assert actions(Label(kind="ai_generated"), has_parent=True) == ["c2pa.opened", "c2pa.edited.metadata"]
    assert actions(Label(kind="ai_generated"), has_parent=True, transcoded=True, components=("component0",)) == [
        "c2pa.opened",
        "c2pa.transcoded",
        "c2pa.edited.metadata",
        "c2pa.placed",
    ]


def test_an_original_that_is_not_at_hand_is_said_so() -> None:
    assert made(Label(kind="ai_modified"))["ingredients"] == [
        {"relationship": "parentOf", "label": "parent", "title": "original, not at hand"}
    ]
    assert "ingredients" not in made(Label(kind="ai_modified"), has_parent=True)


@pytest.mark.parametrize(
    ("kind", "level", "written"),
    [
        ("ai_generated", "prompt_guided", True),
        ("ai_generated", "human_validated", False),
        ("ai_modified", "human_validated", True),
        ("ai_modified", "fully_autonomous", False),
    ],
)
def test_oversight_is_projected_only_where_c2pa_pairs_it(kind: Any, level: Any, written: bool) -> None:
    label = Label(kind=kind, oversight=level, systems=(System(name="A"),))
    whole = made(label)
    assert whole["assertions"][1]["data"]["oversight"] == level
    assert ("contentProfile" in whole["assertions"][2]["data"]) == written


def test_no_disclosure_without_a_system() -> None:
    assert [item["label"] for item in made(Label(kind="ai_generated"))["assertions"]] == [
        "c2pa.actions.v2",
        "org.provlabel.label",
    ]


def test_kinds_and_source_types_agree() -> None:
    assert set(KINDS) == set(get_args(Kind))
    assert all(facts.digital_source_type in SOURCE_TYPES for facts in KINDS.values())
    assert {kind for kind in SOURCE_TYPES.values() if kind} <= set(KINDS)
    assert [origin_of(Label(kind=kind)) for kind in KINDS] == [facts.origin for facts in KINDS.values()]  # type: ignore[arg-type]
