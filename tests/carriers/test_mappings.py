"""Labels as flat fields and back, the agreement of both, and what a label does to the tags that are there: pure."""

from __future__ import annotations

import hashlib
import html
import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from provlabel import Identifier, Label, LabelError, Prompt, System
from provlabel.carriers.compare import Story, compare_carriers, digest_of, disagreements, story_of, values_of
from provlabel.carriers.plan import CHOICES, DEFAULT, chosen, projected
from provlabel.carriers.tags.xmp import NAMESPACES
from provlabel.carriers.vocabularies import KNOWN, PROJECTIONS, Projection, aigc, iptc, music
from provlabel.carriers.vocabularies.marks import MARKS, claims_in
from provlabel.errors import InputError
from provlabel.evidence import Action, Carrier, Evidence, Ingredient, Manifest
from provlabel.label import label_from_dict, signed_label
from provlabel.label.records import China, Contribution, Likeness, Permissions, Person, Rights
from provlabel.label.vocabularies import AI_KINDS, IPTC, KINDS, Role, Use, plain_uri
from provlabel.labeling.draft import Draft, drafted

PLUS = "http://ns.useplus.org/ldf/vocab/"
AI, CAPTURE = IPTC + "trainedAlgorithmicMedia", IPTC + "digitalCapture"
line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20)
ascii_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
roles = st.lists(st.sampled_from(get_args(Role)), max_size=3).map(tuple)
use = st.sampled_from(get_args(Use)) | st.just(UNSET)
people = st.lists(line, max_size=4, unique=True).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(Person, id=st.just(f"p{place}"), name=st.just(name), roles=roles)
            for place, name in enumerate(names)
        )
    )
)
IDENTIFIERS = (
    Identifier(type="isrc", value="GBAYE2600001"),
    Identifier(type="iswc", value="T0345246801"),
    Identifier(type="upc", value="036000291452"),
    Identifier(type="guid", value="0f8fad5b-d9cb-469f-a165-70867728950e"),
    Identifier(type="grid", value="A12425GABC1234002M"),
)
labels = st.builds(
    Label,
    kind=st.sampled_from(sorted(KINDS)),
    systems=st.lists(st.builds(System, name=line, version=line | st.just(UNSET)), max_size=3).map(tuple),
    people=people,
    identifiers=st.lists(st.sampled_from(IDENTIFIERS), max_size=4, unique=True).map(tuple),
    contributions=st.lists(
        st.builds(
            Contribution,
            part=st.sampled_from(["vocals", "instrumental"]),
            extent=st.sampled_from(["All", "Partly", "None"]),
            by=st.sampled_from(["ai", "human"]),
            description=line | st.just(UNSET),
        ),
        max_size=3,
    ).map(tuple),
    permissions=st.builds(
        Permissions, mining=use, ai_training=use, generative_training=use, constraint=line | st.just(UNSET)
    ),
    rights=st.builds(Rights, notice=line | st.just(UNSET), holder=line | st.just(UNSET)),
    prompt=st.builds(Prompt, text=line | st.just(UNSET), writer=st.just("p0") | st.just(UNSET)),
    china=st.builds(China, producer=line, produce_id=line)
    | st.builds(China, producer=line, produce_id=line, propagator=line, propagate_id=line),
)
ids = [f"{row.name}-{row.carrier}" for row in PROJECTIONS]


def plain(label: Label) -> dict[str, Any]:
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(label))
    return whole


def loaded(row: Projection, label: Label) -> dict[str, Any]:
    return row.load(row.dump(label))


# --- there and back --------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PROJECTIONS, ids=ids)
@settings(max_examples=50)
@given(label=labels)
def test_what_is_dumped_is_known_and_loads_as_part_of_a_label(row: Projection, label: Label) -> None:
    if row.name.startswith("aigc"):
        label = replace(label, kind="ai_generated")
    fields = row.dump(label)
    assert fields.keys() <= row.fields.keys() <= KNOWN[row.carrier]
    assert all(values and all(isinstance(value, str) for value in values) for values in fields.values())
    label_from_dict({"kind": "ai_generated", **row.load(fields)})


@pytest.mark.parametrize("row", [row for row in PROJECTIONS if row.name == "music"], ids=lambda row: row.carrier)
@settings(max_examples=50)
@given(label=labels)
def test_music_tags_come_back(row: Projection, label: Label) -> None:
    said, whole = loaded(row, label), plain(label)
    if row.carrier != "riff":
        assert said["kind"] == label.kind
        assert said.get("systems", []) == whole.get("systems", [])
        assert [
            {key: value for key, value in part.items() if key != "person"} for part in said.get("contributions", ())
        ] == (whole.get("contributions", []))
        wanted = [item for item in whole.get("identifiers", ()) if item["type"] in ("isrc", "iswc", "upc")]
        assert sorted(said.get("identifiers", ()), key=str) == sorted(wanted, key=str)
    assert said.get("rights", {}).get("notice") == whole.get("rights", {}).get("notice")
    credited = {person["name"] for person in said.get("people", ())}
    everybody = {person.name for person in label.people if person.roles or person.id != label.prompt.writer}
    assert credited == everybody if row.carrier == "id3" else credited <= everybody


@settings(max_examples=50)
@given(label=labels)
def test_iptc_fields_come_back(label: Label) -> None:
    said = iptc.load(iptc.dump(label))
    facts = KINDS[label.kind]
    assert KINDS[said["kind"]].digital_source_type == facts.digital_source_type
    assert said.get("systems", []) == plain(label).get("systems", [])[: 1 if facts.trained else 0]
    assert said.get("prompt", {}).get("text", UNSET) == label.prompt.text
    assert said.get("rights", {}) == plain(label).get("rights", {})
    again = iptc.dump(label_from_dict(said))
    assert {**again, "dc:creator": ()} == {**iptc.dump(label), "dc:creator": ()}


@settings(max_examples=50)
@given(label=labels)
def test_the_aigc_object_is_exact_and_comes_back(label: Label) -> None:
    if label.kind not in AI_KINDS or (label.kind == "may_contain_ai" and label.china.propagator is UNSET):
        with pytest.raises(LabelError, match="AIGC"):
            aigc.text_of(label)
        return
    text, china = aigc.text_of(label), label.china
    said = json.loads(text)
    assert tuple(said) == aigc.KEYS
    assert (said["ContentProducer"], said["ProduceID"]) == (china.producer, china.produce_id)
    assert said["Label"] == ("2" if label.kind == "may_contain_ai" else "1")
    first = china.propagator is UNSET  # GB 45438-2025 Annex E, note 1
    assert said["ContentPropagator"] == (china.producer if first else china.propagator)
    assert said["PropagateID"] == (china.produce_id if first else china.propagate_id)
    again = msgspec.convert(aigc.load({"AIGC": (text,)}, "vorbis")["china"], China)
    assert aigc.text_of(replace(label, china=again)) == text
    if (china.producer, china.produce_id) != (china.propagator, china.propagate_id):
        assert again == china
    for form in (text, f'{{"AIGC":{text}}}', json.dumps(text), f"AIGC{text}", html.escape(text)):
        found = aigc.read(form)
        assert (found.values, found.wrong) == (said, ()), form


def test_codes_are_written_as_they_are() -> None:
    label = Label(kind="ai_generated", china=China(producer="艾克米", produce_id='a"b'))
    assert aigc.text_of(label) == (
        '{"Label":"1","ContentProducer":"艾克米","ProduceID":"a\\"b","ReservedCode1":"",'
        '"ContentPropagator":"艾克米","PropagateID":"a\\"b","ReservedCode2":""}'
    )


@pytest.mark.parametrize("half", [{"propagator": "Dist"}, {"propagate_id": "P-77"}])
def test_half_a_distributor_makes_no_aigc_object(half: dict[str, str]) -> None:
    label = label_from_dict({"kind": "ai_generated", "china": {"producer": "A", "produce_id": "1", **half}})
    with pytest.raises(LabelError, match="one of the two"):
        aigc.text_of(label)


WHOLE = {"Label": "1", "ContentProducer": "a", "ProduceID": "b", "ReservedCode1": "", "ContentPropagator": "a",
         "PropagateID": "b", "ReservedCode2": ""}  # fmt: skip


def whole(**changed: Any) -> str:
    return json.dumps({**WHOLE, **changed}, ensure_ascii=False)


def without(*names: str) -> str:
    return json.dumps({key: value for key, value in WHOLE.items() if key not in names})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        ("7", "no JSON object"),
        ('{"AIGC":7}', "no JSON object"),
        ("[" * 60_000, "no JSON object"),
        (without("Label", "ProduceID"), "Label, ProduceID are missing"),
        (without("PropagateID"), "PropagateID is missing"),
        (whole(Label=1), "Label is a number"),
        (whole(ReservedCode2=None), "ReservedCode2 is null"),
        (whole(ReservedCode1={"Type": "x"}), "ReservedCode1 is no text"),
        (whole(ProduceID=True), "ProduceID is no text"),
    ],
)
def test_what_an_aigc_object_may_not_be_is_told(text: str, words: str) -> None:
    found = aigc.read(text)
    assert words in "; ".join(found.wrong)
    assert not found.doubts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps(dict(reversed(WHOLE.items()))), "another order"),
        (without("ReservedCode1"), "ReservedCode1 is not in it"),
        (whole(Timestamp="2026"), "keys beside the seven: Timestamp"),
        (whole(**{"Label\n\x1b": "2"}), r"Label\u{a}\u{1b}"),
        (whole()[:-1] + ', "Label": "1"}', "more than once"),
        (whole(ContentProducer="艾克米"), "ContentProducer: characters beside"),
        (whole(ProduceID="a b"), "ProduceID: characters beside"),
        (whole(ProduceID="a\\b"), "ProduceID: a backslash"),
        (whole().replace("ProduceID", "produceID"), "otherwise than in Annex E: produceID"),
        (json.dumps(whole()), "in a JSON text"),
        (json.dumps({"AIGC": whole()}), "in a JSON text"),
        (json.dumps({"AIGC": WHOLE, "x": 1}), "beside AIGC"),
        ("AIGC=" + whole(), "other text"),
        (html.escape(whole()), "HTML"),
        ("[" * 70_000, "longer than"),
    ],
)
def test_what_the_standard_does_not_say_of_an_aigc_object_is_a_doubt(text: str, words: str) -> None:
    found = aigc.read(text)
    assert not found.wrong
    assert words in "; ".join(found.doubts)


@pytest.mark.parametrize(
    "text", [whole(), f'{{"AIGC": {whole()}}}', "\ufeff " + whole() + "\0", whole(ProduceID='a"b')]
)
def test_an_aigc_object_that_is_right_is_told_nothing_of(text: str) -> None:
    found = aigc.read(text)
    assert (found.wrong, found.doubts) == ((), ())
    assert found.values["ContentProducer"] == "a"


def test_a_label_without_codes_makes_no_aigc_object() -> None:
    with pytest.raises(LabelError, match="codes") as caught:
        aigc.text_of(Label(kind="ai_generated"))
    assert "china.producer" in caught.value.hint


@pytest.mark.parametrize(
    ("uses", "term"),
    [
        ({"mining": "notAllowed", "ai_training": "notAllowed"}, "DMI-PROHIBITED"),
        ({"ai_training": "notAllowed"}, "DMI-PROHIBITED-AIMLTRAINING"),
        ({"generative_training": "notAllowed"}, "DMI-PROHIBITED-GENAIMLTRAINING"),
        ({"generative_training": "constrained"}, "DMI-PROHIBITED-SEECONSTRAINT"),
        ({"mining": "allowed", "ai_training": "allowed", "generative_training": "allowed"}, "DMI-ALLOWED"),
        ({"mining": "allowed"}, None),
        ({"inference": "notAllowed"}, None),
    ],
)
def test_permissions_become_the_strictest_term_of_plus(uses: dict[str, Any], term: str | None) -> None:
    said = iptc.dump(Label(kind="human_made", permissions=Permissions(**uses))).get("plus:DataMining")
    assert said == ((f"http://ns.useplus.org/ldf/vocab/{term}",) if term else None)


def test_names_that_are_not_signed_are_in_no_carrier() -> None:
    label = Label(
        kind="ai_generated",
        people=(Person(id="ada", name="Ada Example", roles=("Composer",)),),
        prompt=Prompt(text="a secret lighthouse", writer="ada"),
    )
    told = signed_label(label).as_label()
    assert not any("Ada" in str(row.dump(told)) or "lighthouse" in str(row.dump(told)) for row in PROJECTIONS[:5])
    told = signed_label(label, "clear", personal=True).as_label()
    assert iptc.dump(told)["Iptc4xmpExt:AIPromptWriterName"] == ("Ada Example",)
    assert iptc.dump(told)["Iptc4xmpExt:AIPromptInformation"] == ("a secret lighthouse",)
    assert music.dump(told, "id3")["TCOM"] == ("Ada Example",)


def test_who_is_only_seen_or_wrote_the_prompt_is_no_creator() -> None:
    label = Label(
        kind="ai_generated",
        people=(
            Person(id="seen", name="Seen"),
            Person(id="writer", name="Writer"),
            Person(id="ada", name="Ada", roles=("Designer",)),
        ),
        likeness=(Likeness(depicts="image", synthetic=True, real_person=False, person="seen"),),
        prompt=Prompt(text="x", writer="writer"),
    )
    assert iptc.dump(label)["dc:creator"] == ("Ada",)
    assert "ARTIST" not in music.dump(label, "vorbis")


# --- agreement -------------------------------------------------------------------------------------


def manifest(
    label: Label | None, *types: str, personal: bool = False, carriers: list[dict[str, Any]] | None = None
) -> Manifest:
    said = signed_label(label, personal=personal).listing(carriers or []) if label else None
    return Manifest(
        urn="urn:1",
        label=said.system if said else None,
        personal=said.personal if said else None,
        actions=tuple(Action("c2pa.created", uri) for uri in types),
    )


def xmp(**fields: str) -> Carrier:
    names = {
        "type": iptc.SOURCE_TYPE,
        "system": iptc.SYSTEM,
        "version": iptc.VERSION,
        "aigc": "TC260:AIGC",
        "mining": "plus:DataMining",
    }
    return Carrier("xmp", "APP1", {names[key]: (value,) for key, value in fields.items()})


def told_of(seen: Evidence) -> list[tuple[str, str]]:
    return [(item.rule, item.message) for item in disagreements(values_of(seen) or (), seen.carriers or ())]


def found(active: Manifest, *carriers: Carrier) -> list[tuple[str, str]]:
    return told_of(Evidence(manifests=(active,), carriers=carriers))


OURS = Label(kind="ai_generated", systems=(System(name="AcmeSynth", version="2.1"), System(name="Second")))


@pytest.mark.parametrize(
    ("active", "carrier", "rule"),
    [
        (manifest(OURS), xmp(type=AI), None),
        (manifest(OURS), xmp(type=AI.replace("http:", "https:")), None),
        (manifest(OURS), xmp(type=CAPTURE), "carrier.contradicts"),
        (manifest(OURS), xmp(type=IPTC + "compositeWithTrainedAlgorithmicMedia"), "carrier.contradicts"),
        (manifest(OURS), xmp(system="AcmeSynth", version="2.1"), None),
        (manifest(OURS), xmp(system="Second"), None),
        (manifest(OURS), xmp(system="Other"), "carrier.contradicts"),
        (manifest(OURS), xmp(version="3"), "carrier.contradicts"),
        (manifest(Label(kind="human_made")), xmp(type=CAPTURE), None),
        (manifest(Label(kind="human_made")), xmp(type=AI), "carrier.contradicts"),
        (manifest(Label(kind="human_made")), xmp(system="Other"), "carrier.contradicts"),
        (manifest(Label(kind="ai_generated")), xmp(system="Other"), None),
        # Labels of others: what their actions say.
        (manifest(None, AI), xmp(type=CAPTURE), "carrier.contradicts"),
        (manifest(None, CAPTURE), xmp(type=AI), "carrier.contradicts"),
        (manifest(None, AI), xmp(type=AI, system="Anything"), None),
        (manifest(None, CAPTURE), xmp(type=IPTC + "digitalCreation"), None),
        (manifest(None), xmp(type=AI), None),
        (manifest(None, CAPTURE), xmp(system="Anything"), "carrier.contradicts"),
        (manifest(None, CAPTURE), xmp(aigc="{}"), "carrier.contradicts"),
        (manifest(None, AI), xmp(aigc="{}"), None),
        (manifest(None), xmp(system="Anything"), None),
        (manifest(None, CAPTURE), Carrier("id3", "ID3v2", {"TXXX:PROVLABEL_KIND": ("ai_modified",)}),
         "carrier.contradicts"),
        (manifest(None, AI), Carrier("id3", "ID3v2", {"TXXX:PROVLABEL_KIND": ("ai_generated",)}), None),
        # Permissions for which PLUS has no term.
        (manifest(replace(OURS, permissions=Permissions(mining="allowed"))), xmp(mining=PLUS + "DMI-PROHIBITED"),
         "carrier.contradicts"),
        (manifest(replace(OURS, permissions=Permissions(mining="allowed"))),
         xmp(mining=PLUS + "DMI-PROHIBITED-AIMLTRAINING"), None),
        (manifest(OURS), xmp(mining=PLUS + "DMI-PROHIBITED"), None),
    ],
)  # fmt: skip
def test_what_contradicts_the_signed_label(active: Manifest, carrier: Carrier, rule: str | None) -> None:
    assert [item[0] for item in found(active, carrier)] == ([rule] if rule else [])


@pytest.mark.parametrize(
    "written",
    [
        f"{AI}/", AI.upper(), IPTC + "TrainedAlgorithmicMedia", "trainedAlgorithmicMedia",
        "digsrctype:trainedAlgorithmicMedia", AI.replace("http://", "https://www."), f" {AI}\n",
    ],
)  # fmt: skip
def test_a_source_type_is_the_same_in_every_form_of_writing(written: str) -> None:
    human = manifest(Label(kind="human_made"))
    assert [rule for rule, _ in found(human, xmp(type=written))] == ["carrier.contradicts"]
    assert found(manifest(OURS), xmp(type=written)) == []
    assert list(claims_in("xmp", {iptc.SOURCE_TYPE: (written,)})) == ["digital source type trainedAlgorithmicMedia"]
    assert iptc.load({iptc.SOURCE_TYPE: (written,)})["kind"] == "ai_generated"


def test_a_source_type_of_nobody_we_know_stays_what_it_is() -> None:
    assert plain_uri("https://example.org/print") == "http://example.org/print"
    assert iptc.kind_of("https://example.org/trainedAlgorithmicMedia") is None


def test_a_contradiction_shows_both_values() -> None:
    ((_, message),) = found(manifest(OURS), xmp(type=CAPTURE))
    assert CAPTURE in message
    assert AI in message


@pytest.mark.parametrize(
    ("here", "rule"),
    [
        (xmp(type=AI), None),
        (xmp(type=CAPTURE), "carrier.changed"),
        (xmp(mining="x"), "carrier.missing"),
        (None, "carrier.missing"),
    ],
)
def test_what_the_label_lists_is_there_and_unchanged(here: Carrier | None, rule: str | None) -> None:
    active = manifest(OURS, carriers=[{"id": "xmp", "values": {iptc.SOURCE_TYPE: digest_of([AI])}}])
    told = found(active, *([here] if here else []))
    assert [item[0] for item in told] == ([rule] if rule else [])
    assert not rule or AI in told[0][1]


def test_a_second_packet_that_says_otherwise_is_not_hidden_by_the_one_that_is_listed() -> None:
    active = manifest(OURS, carriers=[{"id": "xmp", "values": {iptc.SOURCE_TYPE: digest_of([AI])}}])
    for packets in ((xmp(type=AI), xmp(type=CAPTURE)), (xmp(type=CAPTURE), xmp(type=AI))):
        ((rule, message),) = found(active, *packets)
        assert rule == "carrier.contradicts"
        assert CAPTURE in message
    assert found(active, xmp(type=AI), xmp(type=AI)) == []


def test_an_update_manifest_that_says_nothing_leaves_the_story_of_its_parent() -> None:
    parent = replace(manifest(OURS, carriers=[{"id": "xmp", "values": {iptc.SOURCE_TYPE: digest_of([AI])}}]), urn="p")
    update = Manifest(urn="u", update=True, ingredients=(Ingredient("parentOf", manifest="p"),))
    for held, rules in ((AI, []), (CAPTURE, ["carrier.changed"])):
        seen = Evidence(manifests=(update, parent), carriers=(xmp(type=held),))
        assert [rule for rule, _ in told_of(seen)] == rules
    another = Evidence(manifests=(replace(update, update=False), parent), carriers=(xmp(type=CAPTURE),))
    assert told_of(another) == []


def test_personal_values_are_listed_among_the_personal_fields_and_never_in_findings() -> None:
    label = replace(OURS, people=(Person(id="ada", name="Ada Example", roles=("Designer",)),))
    listed = [{"id": "xmp", "values": {}, "personal_values": {"dc:creator": digest_of(["Ada Example"])}}]
    active = manifest(label, personal=True, carriers=listed)
    assert "Ada" not in str(active.label)
    assert "dc:creator" not in str(active.label)
    ((rule, message),) = found(active, Carrier("xmp", "APP1", {"dc:creator": ("Eve Example",)}))
    assert rule == "carrier.changed"
    assert "Ada" not in message
    assert "Eve" not in message
    # Redacted, nothing is known of the field any more.
    assert found(replace(active, personal=None), Carrier("xmp", "APP1", {"dc:creator": ("Eve Example",)})) == []


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("TSRC", "GB-AYE-26-00001", None),
        ("TSRC", "GBAYE2600002", "carrier.contradicts"),
        ("TXXX:PROVLABEL_KIND", "human_made", "carrier.contradicts"),
        ("TXXX:PROVLABEL_SYSTEMS", "Old@1", "carrier.contradicts"),
        ("TPE1", "Somebody Else", None),
        ("TCOP", "© Somebody", None),
    ],
)
def test_tags_of_sound_against_the_label(name: str, value: str, rule: str | None) -> None:
    active = manifest(Label(kind="ai_generated", identifiers=IDENTIFIERS[:1], rights=Rights(notice="© Us")))
    assert [item[0] for item in found(active, Carrier("id3", "ID3v2", {name: (value,)}))] == ([rule] if rule else [])


def aigc_text(**changed: str) -> str:
    values = dict.fromkeys(aigc.KEYS, "") | {"Label": "1", "ContentProducer": "Acme", "ProduceID": "7"} | changed
    return json.dumps(values, separators=(",", ":"))


@pytest.mark.parametrize(
    ("label", "text", "rule"),
    [
        (OURS, aigc_text(), None),
        (replace(OURS, china=China(producer="Acme", produce_id="7")), aigc_text(), None),
        (replace(OURS, china=China(producer="Acme", produce_id="7")), aigc_text(ContentPropagator="P"), None),
        (replace(OURS, china=China(producer="Other", produce_id="7")), aigc_text(), "carrier.contradicts"),
        (Label(kind="human_made"), aigc_text(), "carrier.contradicts"),
        (Label(kind="human_made"), '{"Label":"1"}', "carrier.contradicts"),
        (replace(OURS, china=China(producer="Acme", produce_id="7")), '{"Label":"1"}', "carrier.contradicts"),
        (OURS, "{", None),
    ],
)  # fmt: skip
def test_the_aigc_object_against_the_label(label: Label, text: str, rule: str | None) -> None:
    assert [item[0] for item in found(manifest(label), xmp(aigc=text))] == ([rule] if rule else [])


def test_two_aigc_objects_are_one_too_many() -> None:
    twice = (xmp(aigc=aigc_text()), Carrier("exif", "EXIF", {"UserComment": (aigc_text(),)}))
    assert [item[0] for item in found(manifest(OURS), *twice)] == ["carrier.doubled"]
    free = (xmp(aigc=aigc_text()), Carrier("exif", "EXIF", {"UserComment": ("my holiday",)}))
    assert found(manifest(OURS), *free) == []


def test_a_fault_of_a_carrier_is_told() -> None:
    ((rule, message),) = found(manifest(OURS), Carrier("xmp", "APP1", faults=("it is no XML",)))
    assert (rule, "no XML" in message) == ("carrier.unreadable", True)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from(sorted(KNOWN["xmp"])), st.lists(st.text(max_size=9), max_size=3).map(tuple)), labels
)
def test_comparing_never_fails(fields: dict[str, tuple[str, ...]], label: Label) -> None:
    story = story_of((manifest(None, AI),))
    for item in (story, Story(frozenset({AI}), label, {"xmp": {iptc.SYSTEM: "0"}})):
        list(compare_carriers([Carrier("xmp", "APP1", fields), Carrier("exif", "EXIF", {"UserComment": ("{",)})], item))


# --- claims and drafts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carrier", "fields", "words"),
    [
        ("xmp", {iptc.SOURCE_TYPE: (AI,)}, "digital source type trainedAlgorithmicMedia"),
        ("xmp", {iptc.SYSTEM: ("AcmeSynth",), iptc.VERSION: ("2",)}, "AI system AcmeSynth 2"),
        ("xmp", {"TC260:AIGC": (aigc_text(),)}, "an AIGC object (GB 45438-2025), Label 1, by Acme"),
        ("xmp", {"TC260:AIGC": ("{",)}, "that is not right"),
        ("id3", {"TXXX:PROVLABEL_KIND": ("ai_generated",)}, "PROVLABEL_KIND ai_generated"),
        ("text", {"parameters": ("a cat\nSteps: 20, Sampler: Euler",)}, "Stable Diffusion"),
        ("text", {"prompt": ('{"3": {"class_type": "KSampler"}}',)}, "ComfyUI"),
        ("exif", {"ImageDescription": ("Signature: " + "q7F+" * 16,)}, "xAI"),
    ],
)
def test_what_tags_claim(carrier: str, fields: dict[str, tuple[str, ...]], words: str) -> None:
    assert any(words in text for text in claims_in(carrier, fields))


@pytest.mark.parametrize(
    "text",
    [
        '{"person":["x"],"role":{}}',
        '{"part":"vocals","extent":"All","by":"ai","person":{}}',
        "[]",
        "1",
        "NaN",
        "[" * 60_000,
    ],
)
def test_contributions_that_are_none_are_passed_over(text: str) -> None:
    """A dictionary as a role once stopped the run that only looked at the file."""
    tags = {"PROVLABEL_KIND": ("ai_generated",), "PROVLABEL_CONTRIBUTIONS": (text,)}
    assert list(claims_in("vorbis", tags)) == ["PROVLABEL_KIND ai_generated"]
    assert draft_of(Carrier("vorbis", "Vorbis comments", tags)).label == {"kind": "ai_generated"}


def test_pictures_of_cameras_claim_nothing() -> None:
    fields = {iptc.SOURCE_TYPE: (CAPTURE,), "photoshop:Credit": ("Reuters",)}
    assert list(claims_in("xmp", fields)) == []
    assert list(claims_in("exif", {"UserComment": ("Steps: to the sea",), "Software": ("GIMP",)})) == []


def test_every_mark_is_read() -> None:
    assert all(mark.field in KNOWN[mark.carrier] for mark in MARKS)


def draft_of(*carriers: Carrier) -> Draft:
    return drafted(Evidence(carriers=carriers))


def test_a_draft_says_where_each_part_came_from() -> None:
    parameters = Carrier("text", "tEXt chunk", {"parameters": ("a cat\nSteps: 20, Sampler: Euler, Version: v1.10.1",)})
    draft = draft_of(xmp(type=AI, system="AcmeSynth"), parameters)
    assert draft.label == {
        "kind": "ai_generated",
        "systems": [{"name": "AcmeSynth"}, {"name": "Stable Diffusion", "version": "v1.10.1"}],
    }
    assert draft.sources["kind"] == "APP1"
    assert any("parameters of Stable Diffusion" in text for text in draft.hints)
    both = draft_of(xmp(type=AI), Carrier("id3", "ID3v2", {"TXXX:PROVLABEL_KIND": ("human_made",)}))
    assert both.label["kind"] == "ai_generated"
    assert 'kind: "human_made" in the ID3v2; left out: something else was found before' in both.hints
    assert draft_of() == Draft({}, {}, ())


# --- what a label writes ---------------------------------------------------------------------------

XMP_ONLY = chosen(("xmp",), "image", ("xmp",))
ID3 = chosen(("tags",), "audio", ("id3",))


@pytest.mark.parametrize(
    ("carrier", "fields"),
    [
        ("xmp", {"Iptc4xmpExt:DigImageGUID": ("no guid",), "dc:rights": ("a\nb",), "xmpRights:Owner": ("Us",)}),
        ("xmp", {"dc:creator": ("A\nB", "", "Ada"), "Iptc4xmpExt:AISystemUsed": ("a\nb",)}),
        ("id3", {"TIPL": ("producer", "Bob"), "TXXX:PROVLABEL_SYSTEMS": ("@2", "Good")}),
    ],
)
def test_what_no_label_can_hold_is_left_out_of_a_draft_and_told(
    carrier: str, fields: dict[str, tuple[str, ...]]
) -> None:
    draft = draft_of(Carrier(carrier, "place", fields))
    label_from_dict({"kind": "ai_generated", **draft.label})
    assert "Ada" not in str(fields) or draft.label["people"] == [{"id": "person3", "name": "Ada"}]
    assert "Bob" not in str(fields) or draft.label["people"] == [{"id": "person1", "name": "Bob"}]
    assert any("can stand in a label" in text or "left out" in text for text in draft.hints)


def test_carriers_are_chosen_by_medium_and_format() -> None:
    assert [(row.name, row.carrier) for row in chosen(None, "image", ("xmp",))] == [("iptc", "xmp")]
    assert [(row.name, row.carrier) for row in chosen(None, "audio", ("riff", "id3"))] == [
        ("music", "id3"),
        ("music", "riff"),
    ]
    assert chosen(None, "image", ()) == chosen((), "image", ("xmp",)) == chosen(None, "video", ()) == ()
    assert [(row.name, row.carrier) for row in chosen(CHOICES, "audio", ("id3", "riff"))][-1] == ("aigc", "riff")
    with pytest.raises(LabelError, match="no place in audio"):
        chosen(("xmp",), "audio", ("id3",))
    with pytest.raises(LabelError, match="aigc cannot be written into this format"):
        chosen(("aigc",), "image", ())
    assert set(DEFAULT) == {"image", "audio", "video"}


def test_what_is_written_is_listed_with_its_digest() -> None:
    plan = projected(OURS, (), XMP_ONLY)
    assert plan.wanted["xmp"][iptc.SOURCE_TYPE] == (AI,)
    assert plan.listed == (
        {"id": "xmp", "values": {name: digest_of(values) for name, values in plan.wanted["xmp"].items()}},
    )
    assert digest_of([AI]) == hashlib.sha256(json.dumps([AI]).encode()).hexdigest()
    assert not plan.warnings


def test_what_is_there_already_is_not_written_again() -> None:
    seen = Carrier("xmp", "APP1", dict(projected(OURS, (), XMP_ONLY).wanted["xmp"]))
    plan = projected(OURS, (seen,), XMP_ONLY)
    assert plan.wanted == {}
    assert plan.listed == projected(OURS, (), XMP_ONLY).listed


def test_a_statement_that_contradicts_is_replaced_and_told() -> None:
    plan = projected(OURS, (xmp(type=CAPTURE, system="Old"),), XMP_ONLY)
    assert plan.wanted["xmp"][iptc.SOURCE_TYPE] == (AI,)
    assert any(CAPTURE in text and AI in text for text in plan.warnings)
    plan = projected(Label(kind="human_made"), (xmp(system="Old"),), XMP_ONLY)
    assert plan.wanted["xmp"][iptc.SYSTEM] == ()
    assert any("Old" in text and "taken out" in text for text in plan.warnings)


def test_a_version_goes_with_its_system_and_a_writer_with_the_prompt() -> None:
    bare = Label(kind="ai_generated", systems=(System(name="New"),))
    for label in (bare, Label(kind="human_made")):
        assert projected(label, (xmp(system="Old", version="9"),), XMP_ONLY).wanted["xmp"][iptc.VERSION] == ()
    assert iptc.VERSION not in projected(bare, (xmp(system="New", version="9"),), XMP_ONLY).wanted["xmp"]
    held = Carrier("xmp", "APP1", {iptc.PROMPT: ("old words",), iptc.WRITER: ("Old Writer",)})
    plan = projected(replace(bare, prompt=Prompt(text="new words")), (held,), XMP_ONLY)
    assert (plan.wanted["xmp"][iptc.PROMPT], plan.wanted["xmp"][iptc.WRITER]) == (("new words",), ())


def test_a_finer_word_of_a_camera_is_kept_and_listed() -> None:
    plan = projected(Label(kind="human_made"), (xmp(type=CAPTURE),), XMP_ONLY)
    assert iptc.SOURCE_TYPE not in plan.wanted.get("xmp", {})
    assert plan.listed[0]["values"][iptc.SOURCE_TYPE] == digest_of([CAPTURE])
    assert not plan.warnings


def test_credits_are_kept_and_other_works_refused() -> None:
    label = replace(OURS, identifiers=IDENTIFIERS[:1], rights=Rights(notice="© Us"))
    plan = projected(label, (Carrier("id3", "ID3v2", {"TCOP": ("© Them",), "TSRC": ("GB-AYE-26-00001",)}),), ID3)
    assert "TCOP" not in plan.wanted["id3"]
    assert "TCOP" not in plan.listed[0]["values"]
    assert any("© Them" in text and "left so" in text for text in plan.warnings)
    assert plan.listed[0]["values"]["TSRC"] == digest_of(["GB-AYE-26-00001"])
    with pytest.raises(InputError, match=r"GBAYE2600009.*GBAYE2600001") as caught:
        projected(label, (Carrier("id3", "ID3v2", {"TSRC": ("GBAYE2600009",)}),), ID3)
    assert "correct" in caught.value.hint


def test_a_contradiction_in_a_carrier_that_is_not_written_is_refused() -> None:
    with pytest.raises(InputError, match="digitalCapture"):
        projected(OURS, (xmp(type=CAPTURE),), ())


@given(labels, st.lists(ascii_text, max_size=3))
def test_keywords_say_what_the_fields_say_beside_the_words_of_others(label: Label, others: list[str]) -> None:
    said = {name: values for name, values in music.dump(label, "vorbis").items() if name.startswith(music.PREFIX)}
    words = [word for text in others for word in text.split(";") if word]
    texts = music.beside_keywords(["; ".join(words)], music.dump(label, "mp4")["keyw"])
    assert music.stated_in_keywords(texts) == said
    assert music.beside_keywords(texts, music.dump(label, "riff")["INFO:IKEY"]) == texts
    assert texts[0].split("; PROVLABEL_")[0] == "; ".join(words) or not words


RIFF = chosen(("tags",), "audio", ("riff",))


def keywords(text: str) -> Carrier:
    return Carrier("riff", "LIST INFO", {"INFO:IKEY": (text,)})


def test_keywords_of_others_are_nobodys_statement() -> None:
    label = Label(kind="ai_generated", systems=(System(name="AcmeSynth"),))
    plan = projected(label, (keywords("piano; calm"),), RIFF)
    ours = "PROVLABEL_KIND=ai_generated; PROVLABEL_SYSTEMS=AcmeSynth"
    assert plan.wanted["riff"]["INFO:IKEY"] == (f"piano; calm; {ours}",)
    assert not plan.warnings
    assert projected(label, (), RIFF, withheld=("INFO:",)).wanted == {}
    agreements = {
        "piano; PROVLABEL_SOMETHING; PROVLABEL_KIND": "unlisted",
        f"piano; {ours}": "unlisted",
        "PROVLABEL_KIND=ai_modified": "contradicts",
        "PROVLABEL_SYSTEMS=Other": "contradicts",
    }
    for text, agreement in agreements.items():
        story = Story(frozenset({AI}), label)
        assert [item.agreement for item in compare_carriers((keywords(text),), story)] == [agreement], text
    for text, agreement in {"piano": "unlisted", "PROVLABEL_KIND=human_made": "contradicts"}.items():
        found = compare_carriers((keywords(text),), Story(frozenset({AI})))
        assert [item.agreement for item in found] == [agreement], text
    plan = projected(label, (keywords("piano; PROVLABEL_KIND=human_made"),), RIFF)
    assert plan.wanted["riff"]["INFO:IKEY"] == (f"piano; {ours}",)
    assert any("INFO:IKEY said piano; PROVLABEL_KIND=human_made" in text for text in plan.warnings)


def test_codes_for_china_are_not_passed_over() -> None:
    label = replace(OURS, china=China(producer="A", produce_id="1"))
    assert any("aigc" in text for text in projected(label, (), XMP_ONLY).warnings)


@settings(max_examples=50)
@given(label=labels, choice=st.lists(st.sampled_from(CHOICES), unique=True))
def test_what_is_listed_is_what_verify_finds(label: Label, choice: list[Any]) -> None:
    """Whatever a label says, the fields that it writes agree with it when they are read."""
    if label.kind not in AI_KINDS or label.kind == "may_contain_ai":
        label = replace(label, china=UNSET)
        choice = [name for name in choice if name != "aigc"]
    rows = [
        row
        for media, carriers in (("image", ("xmp",)), ("audio", ("id3", "riff")))
        for row in _rows(choice, media, carriers)
    ]
    plan = projected(label, (), rows)
    seen = [Carrier(carrier, carrier, dict(fields)) for carrier, fields in plan.wanted.items()]
    listed = {item["id"]: {**item["values"], **item.get("personal_values", {})} for item in plan.listed}
    story = Story(frozenset({KINDS[label.kind].digital_source_type}), label, listed)
    assert {value.agreement for value in compare_carriers(seen, story)} <= {"signed"}


def _rows(choice: list[Any], media: str, carriers: tuple[str, ...]) -> tuple[Projection, ...]:
    fitting = [name for name in choice if name in {"image": ("xmp", "aigc"), "audio": ("tags", "aigc")}[media]]
    return chosen(tuple(fitting), media, carriers)


@pytest.mark.parametrize("label", [{"kind": "ai_generated", "systems": 7}, "no label", {"kind": "unheard"}])
def test_a_label_that_breaks_its_schema_is_told_by_the_actions_alone(label: Any) -> None:
    active = replace(manifest(None, AI), label=label)
    assert found(active, xmp(system="Anything", type=AI)) == []
    assert [rule for rule, _ in found(active, xmp(type=CAPTURE))] == ["carrier.contradicts"]


def test_tags_that_are_not_read_are_no_tags() -> None:
    assert values_of(Evidence(manifests=(manifest(OURS),))) is None


def test_every_field_of_xmp_has_a_namespace() -> None:
    """Without one it is planned, and then cannot be written."""
    prefixes = {name.partition(":")[0] for row in PROJECTIONS if row.carrier == "xmp" for name in row.fields}
    assert prefixes <= set(NAMESPACES)
