"""The label: reading it strictly, splitting it into what is signed, and what becomes of it in a manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest
from hypothesis import assume, given, strategies as st

from project import EXAMPLE_LABELS
from provlabel import Identifier, Label, LabelError, Prompt, Provider, System, label_file, load_label, verify_file
from provlabel.label import digest_of_prompt, joined, label_from_dict, origin_of, signed_label
from provlabel.label.lint import fixed, lint, semantic_faults
from provlabel.label.loading import read_plain
from provlabel.label.records import PERSONAL, Person
from provlabel.label.vocabularies import KINDS, SOURCE_TYPES, Kind, Oversight
from provlabel.manifest.write import definition
from provlabel.sandbox import Sandbox
from provlabel.schemas import SCHEMAS
from provlabel.signers import Signer

line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30)
ascii_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
times = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z")
systems = st.builds(System, name=line, version=line, model_type=ascii_text, identifier=ascii_text)
IDENTIFIERS = [
    Identifier(type="isrc", value="GBAYE2600001"),
    Identifier(type="iswc", value="T0345246801"),
    Identifier(type="upc", value="4006381333931"),
    Identifier(type="url", value="https://acme.example/1"),
]
labels = st.builds(
    Label,
    kind=st.sampled_from(get_args(Kind)),
    title=line,
    provider=st.builds(Provider, name=line),
    systems=st.lists(systems, max_size=3).map(tuple),
    event_time=times,
    identifiers=st.lists(st.sampled_from(IDENTIFIERS), max_size=3).map(tuple),
    oversight=st.sampled_from(get_args(Oversight)),
)


@given(labels)
def test_a_label_survives_json_and_fits_its_published_schema(label: Label) -> None:
    plain = json.loads(msgspec.json.encode(label))
    assert label_from_dict(plain) == label
    jsonschema_rs.Draft202012Validator(SCHEMAS["label"]()).validate(plain)


@given(labels)
def test_what_is_signed_fits_the_schema_too(label: Label) -> None:
    assume(not any(fault.level == "error" for fault in semantic_faults(label)))
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
        ({"kind": "zzz"}, "/kind", "one of: ai_assisted"),
        ({"kind": "ai_generated", "systmes": []}, "/systmes", "did you mean systems?"),
        ({"kind": "ai_generated", "systems": [{"name": "x", "q": 1}]}, "/systems/0/q", "unknown field"),
        ({"kind": "ai_generated", "systems": [{}]}, "/systems/0", "name"),
        ({"kind": "ai_generated", "title": "a\nb"}, "/title", "text on one line"),
        ({"kind": "ai_generated", "title": ""}, "/title", "is empty"),
        ({"kind": "ai_generated", "event_time": "yesterday"}, "/event_time", "RFC 3339"),
        ({"kind": "ai_generated", "event_time": "2026-11-22T10:00:00"}, "/event_time", "RFC 3339"),
        ({"kind": "ai_generated", "identifiers": [{"type": "isrc", "value": "É"}]}, "/identifiers/0/value", "ASCII"),
        (
            {"kind": "ai_generated", "identifiers": [{"type": "isbn", "value": "1"}]},
            "/identifiers/0/type",
            "unknown value",
        ),
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
    assert caught.value.hint


def test_toml_with_a_native_time(tmp_path: Path) -> None:
    path = tmp_path / "take.toml"
    path.write_text('kind = "ai_generated"\nevent_time = 2026-11-22T10:00:00Z\n[[systems]]\nname = "A"\n')
    assert load_label(path) == Label(
        kind="ai_generated", event_time="2026-11-22T10:00:00Z", systems=(System(name="A"),)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "expecting"),
        ('{"kind": "ai_generated", "kind": "human_made"}', "stands twice"),
        ('{"kind": NaN}', "no JSON value"),
        ("[" * 5_000, "nested too deeply|expecting"),
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


def test_people_without_names_are_nothing_personal() -> None:
    label = Label(kind="ai_generated", systems=(System(name="A"),), people=(Person(id="singer", roles=("Lyricist",)),))
    signed = signed_label(label, personal=True)
    assert (signed.personal, signed.withheld) == (None, ())
    assert signed.system["people"][0]["id"] == "singer"


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
    assert "--prompt-mode hash" in caught.value.hint
    assert signed_label(label, "hash").system["prompt"]["mode"] == "hash"


# --- the manifest definition -----------------------------------------------------------------------


def made(label: Label, **how: Any) -> dict[str, Any]:
    how.setdefault("has_parent", False)
    return definition(label, signed_label(label), **how).manifest


def actions(label: Label, **how: Any) -> list[str]:
    return [action["action"] for action in made(label, **how)["assertions"][0]["data"]["actions"]]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("origin", ["created", "altered"])
@pytest.mark.parametrize("has_parent", [False, True])
def test_rules_of_the_specification_hold(kind: Any, origin: Any, has_parent: bool) -> None:
    if (kind, origin) == ("ai_modified", "created"):
        pytest.skip("a label that contradicts itself is not signed")
    label = Label(kind=kind, origin=origin, systems=() if kind == "human_made" else (System(name="A"),))
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


# --- the whole label -------------------------------------------------------------------------------

EXAMPLES = sorted(EXAMPLE_LABELS.glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_sound_and_survive_signing(path: Path) -> None:
    label = load_label(path)
    assert lint(msgspec.to_builtins(label)) == ()
    mode: Any = "clear" if "prompt" in msgspec.to_builtins(label) else "omit"
    signed = signed_label(label, mode, personal=True)
    back = label_from_dict({**joined(signed.system, signed.personal)})
    expected = msgspec.structs.replace(label, origin=origin_of(label))
    if mode == "clear":
        expected = msgspec.structs.replace(expected, prompt=Prompt(text=label.prompt.text, mode="clear"))
    assert back == expected


def names_in(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_names_are_signed_only_when_asked(path: Path) -> None:
    label = load_label(path)
    names = [person.name for person in label.people]
    plain, asked = signed_label(label), signed_label(label, personal=True)
    for name in names:
        assert str(name) not in names_in(plain.system)
        assert plain.personal is None
        assert str(name) not in names_in(asked.system)
        assert str(name) in names_in(asked.personal)


def test_personal_paths_are_those_that_the_schema_marks() -> None:
    schema = SCHEMAS["label"]()

    def marked(name: str, path: tuple[str, ...]) -> set[tuple[str, ...]]:
        found = set()
        for field, node in schema["$defs"][name]["properties"].items():
            below = node.get("items", node)
            inner = below.get("$ref", "").rpartition("/")[2]
            here = (*path, field)
            if node["x-privacy"] == "personal":
                found.add(here)
            elif inner:
                found |= marked(inner, (*here, "*") if "items" in node else here)
        return found

    assert marked("Label", ()) == set(PERSONAL)


def test_all_faults_at_once() -> None:
    data = {
        "kind": "ai_genrated",
        "systmes": [],
        "systems": [{"name": "x", "verson": 1}, {}],
        "event_time": "soon",
        "contributions": [{"part": "drums", "extent": "all", "by": "robot"}],
    }
    found = {fault.at: fault for fault in lint(data)}
    assert set(found) == {
        "/kind",
        "/systmes",
        "/systems/0/verson",
        "/systems/1",
        "/event_time",
        "/contributions/0/part",
        "/contributions/0/extent",
        "/contributions/0/by",
    }
    assert found["/kind"].hint == "did you mean ai_generated?"
    assert found["/systmes"].hint == "did you mean systems?"
    assert "RFC 3339" in found["/event_time"].hint
    assert fixed(data, tuple(found.values()))["contributions"][0]["extent"] == "All"


BASE: dict[str, Any] = {"kind": "ai_partly_created", "systems": [{"name": "A"}]}
DUBBED = {"operations": [{"operation": "dubbed", "by": "ai"}]}
VOICE = {"depicts": "voice", "synthetic": True, "real_person": True}


def part(**more: Any) -> dict[str, Any]:
    return {"contributions": [{"part": "vocals", "extent": "Partly", "by": "ai", **more}]}


@pytest.mark.parametrize(
    ("more", "at", "words"),
    [
        ({"identifiers": [{"type": "isrc", "value": "GB-AYE"}]}, "/identifiers/0/value", "no ISRC"),
        ({"identifiers": [{"type": "iswc", "value": "T0345246802"}]}, "/identifiers/0/value", "check digit"),
        ({"identifiers": [{"type": "upc", "value": "4006381333932"}]}, "/identifiers/0/value", "check digit"),
        ({"identifiers": [{"type": "grid", "value": "A1-2425G"}]}, "/identifiers/0/value", "no GRID"),
        (
            {"people": [{"id": "p", "identifiers": [{"type": "isni", "value": "0000000121032684"}]}]},
            "/people/0/identifiers/0/value",
            "check digit",
        ),
        (part(span={"start": 5, "end": 2}), "/contributions/0/span", "ends before"),
        (part(span={"start": 5, "end": 20}), "/contributions/0/span/end", "after the end"),
        (part(region={"shape": "rectangle", "x": 1}), "/contributions/0/region", "needs y, width, height"),
        (part(region={"shape": "polygon"}), "/contributions/0/region", "three points"),
        (part(region={"shape": "circle", "x": 1, "y": 1, "width": 101}), "/contributions/0/region", "100 percent"),
        (part(system="B"), "/contributions/0/system", "no such system"),
        (part(person="q"), "/contributions/0/person", "no such person"),
        (part(by="human", extent="All"), "/contributions/0/extent", "no human contributor"),
        (part(extent="None"), "/contributions/0/extent", "made nothing"),
        (part(extent="None", by="human"), "/kind", "no part has AI"),
        ({"kind": "human_made"}, "/systems", "AI system took part"),
        ({"kind": "human_made", "systems": [], **part()}, "/contributions/0/extent", "no part to AI"),
        ({"kind": "ai_generated", **part()}, "/contributions/0/extent", "no part to people"),
        ({"kind": "ai_modified", "origin": "created"}, "/origin", "alters"),
        ({"likeness": [VOICE]}, "/likeness/0/consent", "without a consent"),
        ({"kind": "human_made", "systems": [], **DUBBED}, "/operations/0", "human_made, and dubbed by AI"),
        ({"kind": "algorithmic_not_trained", **DUBBED}, "/operations/0", "algorithmic_not_trained, and dubbed by AI"),
        ({"kind": "ai_assisted_technical", **DUBBED}, "/operations/0", "nothing was generated, and dubbed by AI"),
        (
            {"kind": "ai_modified", "operations": [{"operation": "cropped", "by": "human"}]},
            "/operations",
            "every operation is by people",
        ),
        (
            {"likeness": [{**VOICE, "real_person": False}], "judgements": {"deep_fake": False}},
            "/judgements/deep_fake",
            "an invented voice or person",
        ),
        (
            {"likeness": [{**VOICE, "real_person": True, "consent": "C-1"}], "judgements": {"deep_fake": False}},
            "/judgements/deep_fake",
            "a real person, made by AI",
        ),
        (
            {"kind": "ai_assisted_technical", "judgements": {"deep_fake": True}},
            "/judgements/deep_fake",
            "which AI generates",
        ),
        ({"title": "mail ada@example.com"}, "/title", "e-mail"),
        ({"title": "call +44 20 7946 0018"}, "/title", "telephone"),
        ({"title": "by Ada", "people": [{"id": "p", "name": "Ada"}]}, "/title", "name of a person"),
        ({"prompt": {"text": "use api_key=abcdef123456"}}, "/prompt/text", "password"),
        ({"systems": [{"name": "A"}, {"name": "A"}]}, "/systems/1", "stands twice"),
        ({"event_end": "2026-01-01T00:00:00Z"}, "/event_end", "without a beginning"),
        (
            {"event_time": "2026-02-01T00:00:00Z", "event_end": "2026-01-01T00:00:00Z"},
            "/event_end",
            "ends before",
        ),
        ({"event_time": "2099-01-01T00:00:00Z"}, "/event_time", "future"),
        ({"systems": []}, "/systems", "no system is named"),
        ({"oversight": "prompt_guided"}, "/oversight", "pairs"),
        ({"china": {"producer": "艾克米", "produce_id": "1"}}, "/china/producer", "beside ASCII"),
        ({"china": {"producer": "A", "produce_id": "a\\b"}}, "/china/produce_id", "a backslash"),
        ({"china": {"producer": "A", "produce_id": "1", "propagator": "B"}}, "/china", "stand together"),
    ],
)
def test_what_no_schema_says(more: dict[str, Any], at: str, words: str) -> None:
    assert lint(BASE) == ()
    faults = lint(BASE | more, seconds=10)
    assert [fault for fault in faults if fault.at == at and words in fault.message], faults


@pytest.mark.parametrize(
    ("likeness", "judgements"),
    [
        ({"synthetic": True}, {"deep_fake": True}),
        ({"synthetic": True}, {}),
        ({"synthetic": False}, {"deep_fake": False}),
    ],
)
def test_an_invented_voice_warns_only_where_it_is_said_to_be_no_deep_fake(
    likeness: dict[str, Any], judgements: dict[str, Any]
) -> None:
    assert lint(BASE | {"likeness": [{**VOICE, "real_person": False, **likeness}], "judgements": judgements}) == ()


def test_an_error_is_not_signed_and_a_warning_is() -> None:
    with pytest.raises(LabelError, match="without a consent"):
        signed_label(label_from_dict(BASE | {"likeness": [VOICE]}))
    signed_label(label_from_dict({"kind": "ai_generated", "china": {"producer": "艾克米", "produce_id": "1"}}))


@pytest.mark.parametrize(
    ("scheme", "given", "plain"),
    [
        ("isrc", "gb-aye-26-00001", "GBAYE2600001"),
        ("iswc", "T-034.524.680-1", "T0345246801"),
        ("upc", "4006381-333931", "4006381333931"),
    ],
)
def test_plain_forms_are_fixed(scheme: str, given: str, plain: str) -> None:
    data = BASE | {"identifiers": [{"type": scheme, "value": given}]}
    faults = lint(data)
    assert [fault.level for fault in faults] == ["warning"]
    assert fixed(data, faults)["identifiers"][0]["value"] == plain
    assert lint(fixed(data, faults)) == ()


def test_mappings_where_records_belong_are_taken_as_such(media: Path, signer: Signer, sandbox: Sandbox) -> None:
    """Python checks no types: what mypy refuses still has to be signed right, or refused."""
    plain = Label(kind="ai_generated", systems=[{"name": "AcmeSynth"}], provider={"name": "Acme"})  # type: ignore[arg-type,list-item]
    label_file(media / "cover.jpg", media / "out.jpg", plain, signer, sandbox=sandbox)
    told = verify_file(media / "out.jpg", sandbox=sandbox).files[0].label
    assert told is not None
    assert told.value["systems"] == [{"name": "AcmeSynth"}]


@pytest.mark.parametrize(
    "field",
    [
        {"title": "a\n"},
        {"detector_url": "https://x.example/\n"},
        {"systems": [{"name": "a\n"}]},
        {"people": [{"id": "a\n"}]},
    ],
)
def test_a_line_break_at_the_end_is_none_of_a_name(field: dict[str, Any]) -> None:
    with pytest.raises(LabelError, match="wanted is"):
        label_from_dict({"kind": "human_made", **field})


def test_a_label_names_its_schema_for_editors(tmp_path: Path) -> None:
    """In JSON and TOML, for lint and for signing; it is not signed, and the published schema allows it."""
    plain = {"kind": "human_made", "title": "Boats"}
    for name, text in (
        ("label.json", json.dumps({"$schema": "./label-v1.json", **plain})),
        ("label.toml", '"$schema" = "./label-v1.json"\nkind = "human_made"\ntitle = "Boats"\n'),
    ):
        (tmp_path / name).write_text(text)
        label = load_label(tmp_path / name)
        assert label == Label(kind="human_made", title="Boats")
        assert lint(read_plain(tmp_path / name)) == ()
        assert "$schema" not in signed_label(label).system
        jsonschema_rs.Draft202012Validator(SCHEMAS["label"]()).validate(read_plain(tmp_path / name))
    assert [fault.at for fault in lint({"$schema": 7, **plain})] == ["/$schema"]
    with pytest.raises(LabelError, match=r"/\$schema: unknown field"):
        label_from_dict({"$schema": 7, **plain})
    assert [fault.at for fault in lint({**plain, "provider": {"name": "A", "$schema": "x"}})] == ["/provider/$schema"]


def test_the_names_of_schemas_never_change() -> None:
    """Editors and other programs keep them."""
    assert {schema()["$id"] for schema in SCHEMAS.values()} == {
        f"urn:provlabel:schema:{name}-v1"
        for name in ("label", "report", "diff", "policy", "receipt", "unlabeled", "error")
    }


@pytest.mark.parametrize(("name", "text"), [("a.json", '{"extra": {"a": 1%s}}'), ("a.toml", "extra = {a = 1%s}")])
def test_a_number_of_thousands_of_digits_is_named_as_such(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text % ("0" * 5000))
    with pytest.raises(LabelError) as caught:
        load_label(tmp_path / name)
    assert "more than 64 bits" in str(caught.value) or "thousands of digits" in str(caught.value)
    assert "set_int_max_str_digits" not in str(caught.value)
