"""What a file says about AI in other places than in the kind of its label, on evidence written by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from provlabel.evidence import Action, Carrier, Evidence, Ingredient, Manifest
from provlabel.label.vocabularies import IPTC
from provlabel.verdict.ai import said_before, said_in, statements
from provlabel.verdict.label import label_axis

AI = IPTC + "trainedAlgorithmicMedia"
CREDIT = Carrier("xmp", "APP1", {"photoshop:Credit": ("Made with Google AI",)})
AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.timezone.utc)


def manifest(
    kind: str = "human_made", urn: str = "urn:1", label: dict[str, Any] | None = None, **fields: Any
) -> Manifest:
    stated = {"schema": "label-v1", "kind": kind, **(label or {})}
    return Manifest(urn=urn, label=stated, label_vouched=True, labels=1, **fields)


def said(*manifests: Manifest, carriers: tuple[Carrier, ...] = ()) -> list[tuple[str, str]]:
    before = said_before(manifests[0], manifests)
    return [(one.where, one.words) for one in statements(manifests[0], before, carriers)]


def test_fields_of_the_label_speak() -> None:
    [(where, words)] = said(manifest(label={"systems": [{"name": "Suno"}]}))
    assert (where, words) == ("manifest", "AI system Suno in the label itself")
    assert said(manifest(label={"systems": "Suno"})) == [], "no label that anybody could read"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("c2pa.ai-disclosure", {"modelName": "GPT"}, "c2pa.ai-disclosure names GPT"),
        ("c2pa.ai-disclosure.v2__3", ["x"], "c2pa.ai-disclosure names a model"),
        ("c2pa.metadata", {"a:DigitalSourceType": AI}, "digital source type trainedAlgorithmicMedia"),
        (
            "org.acme.metadata",
            {"@graph": [{"a:digitalSourceType": {"@id": AI}}]},
            "digital source type trainedAlgorithmicMedia",
        ),
        ("stds.iptc", {"http://x/DigitalSourceType": {"@list": [AI]}}, "digital source type trainedAlgorithmicMedia"),
        ("cawg.metadata", {"any": AI}, "digital source type trainedAlgorithmicMedia"),
        ("cawg.metadata", {"a:AISystemUsed": ["Suno"]}, "AI system Suno"),
    ],
)
def test_assertions_speak(name: str, data: Any, words: str) -> None:
    assert said(manifest(assertions={name: data})) == [("manifest", words)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c2pa.ai-disclosure", {}),
        ("c2pa.metadata", {"a:DigitalSourceType": IPTC + "digitalCapture", "dc:title": "trainedAlgorithmicMedia"}),
        ("c2pa.metadata", {"a:DigitalSourceType": 7}),
        ("cawg.training-mining", {"a:DigitalSourceType": AI}),
    ],
)
def test_others_say_nothing(name: str, data: Any) -> None:
    assert said(manifest(assertions={name: data})) == []


def test_actions_of_an_earlier_version_speak() -> None:
    before = Ingredient("parentOf", "take", manifest="urn:2", assertion="i")
    camera = manifest("", "urn:2", actions=(Action("c2pa.edited", AI), Action("c2pa.edited")))
    [(where, words)] = said(manifest(ingredients=(before,)), camera)
    assert (where, words) == ("history", "earlier version take: its action c2pa.edited says trainedAlgorithmicMedia")


def test_what_goes_into_another_file_speaks_by_its_manifests_or_else_by_its_tags() -> None:
    assert list(said_in(Evidence(carriers=(CREDIT,)))) == ["the credit of Google AI"]
    assert list(said_in(Evidence(manifests=(manifest("ai_generated"),)))) == ["its label says made by AI"]
    assert list(said_in(Evidence())) == []


@pytest.mark.parametrize(
    ("kind", "rule", "level"),
    [
        ("human_made", "carrier.contradicts", "error"),
        ("may_contain_ai", "label.says-less", "warning"),
        ("ai_generated", "carrier.mark", "note"),
    ],
)
def test_a_mark_counts_by_what_the_label_says(kind: str, rule: str, level: str) -> None:
    one = manifest(kind)
    _, findings = label_axis(one, statements(one, (), (CREDIT,)), (), AT)
    assert [(found.rule, found.level) for found in findings] == [(rule, level)]


def test_no_label_speaks_of_the_day_after_tomorrow() -> None:
    one = manifest(label={"event_time": "2026-11-24T12:00:00Z"})
    _, findings = label_axis(one, (), (), AT)
    assert [found.rule for found in findings] == ["label.future"]
