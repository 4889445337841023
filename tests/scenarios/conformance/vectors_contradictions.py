"""Vectors about a label of no AI in a file that says otherwise: in its own fields, other assertions, history, tags."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from provlabel import Label, engine
from provlabel.label.vocabularies import IPTC
from stores import Store, chunk, store_of
from vectors import STILL, Bench, Expected, Vector, fails, passes
from vectors_labels import AI, CAMERA, png_with_xmp, xmp

LABEL, ACTIONS = "org.provlabel.label", "c2pa.actions.v2"
#: Kinds by which no trained model took part, and the source type of each.
NOT_AI = {
    "human_made": IPTC + "digitalCreation",
    "ai_assisted_technical": IPTC + "algorithmicallyEnhanced",
    "algorithmic_not_trained": IPTC + "algorithmicMedia",
}
_CONTEXT = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_WHEN = "2026-11-22T10:00:00Z"
_PARENT = {"parent": "parentOf"}
SD = b"Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64, Model: sd_xl"


def _says(kind: str, **fields: Any) -> Callable[[Store], Any]:
    """Change a store into one that says ``kind``, in label and action alike."""

    def label(data: dict[str, Any]) -> None:
        data.pop("systems", None)
        data.update(kind=kind, **fields)

    def change(made: Store) -> None:
        made.change(LABEL, label)
        source = NOT_AI.get(kind, IPTC + "composite")
        made.change(ACTIONS, lambda data: data["actions"][0].update(digitalSourceType=source))
        made.drop("c2pa.ai-disclosure")

    return change


def _contradictory(rule: str, **axes: Any) -> Expected:
    return fails("trusted", rule, label="present contradictory", **axes)


def inside(bench: Bench) -> Iterator[Vector]:
    """The label's own fields, and assertions beside it."""

    def vector(
        case: str, title: str, kind: str, expected: Expected, *more: Callable[[Store], Any], **fields: Any
    ) -> Vector:
        made = bench.store()
        _says(kind, **fields)(made)
        for change in more:
            change(made)
        return Vector(
            f"contradictions/{case}", title, "attack 1", "label", bench.detached(made.signed(bench.hand)), expected
        )

    wrong = _contradictory("label.contradictory")
    vocals = {"contributions": [{"part": "vocals", "extent": "All", "by": "ai"}]}
    yield vector("own-contribution", "people made it, and AI the vocals", "human_made", wrong, **vocals)
    yield vector(
        "own-partly",
        "people made it, and AI a part of the lyrics",
        "human_made",
        wrong,
        contributions=[{"part": "lyrics", "extent": "Partly", "by": "human"}],
    )
    yield vector("own-systems", "people made it, and an AI system", "human_made", wrong, systems=[{"name": "Suno"}])
    yield vector(
        "own-operation",
        "people made it, and AI dubbed it",
        "human_made",
        wrong,
        operations=[{"operation": "dubbed", "by": "ai"}],
    )
    yield vector(
        "own-likeness",
        "people made it, with a synthetic voice",
        "human_made",
        wrong,
        likeness=[{"depicts": "voice", "synthetic": True, "real_person": False}],
    )
    yield vector(
        "own-algorithm", "an algorithm without training, and AI the vocals", "algorithmic_not_trained", wrong, **vocals
    )
    yield vector(
        "own-human-part",
        "people made it, and the vocals too",
        "human_made",
        passes(),
        contributions=[{"part": "vocals", "extent": "None", "by": "human"}],
    )
    yield vector(
        "own-mastering",
        "technically enhanced: AI mastered it",
        "ai_assisted_technical",
        passes(),
        contributions=[{"part": "mastering", "extent": "Partly", "by": "ai"}],
        systems=[{"name": "Master"}],
    )
    yield vector("own-may-contain", "may contain AI, and does", "may_contain_ai", passes("label.says-less"), **vocals)

    def beside(name: str, data: Any) -> Callable[[Store], Any]:
        return lambda made: made.put(name, data)

    disclosure = {"modelType": "c2pa.types.model", "modelName": "GPT-Image"}
    for kind in NOT_AI:
        yield vector(
            f"disclosure-{kind}", f"{kind}, and an AI disclosure", kind, wrong, beside("c2pa.ai-disclosure", disclosure)
        )
        yield vector(
            f"metadata-{kind}",
            f"{kind}, and signed metadata that says AI",
            kind,
            wrong,
            beside(
                "cawg.metadata",
                {
                    "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
                    "Iptc4xmpExt:DigitalSourceType": AI,
                },
            ),
        )
    for case, data in {
        "list": {"Iptc4xmpExt:DigitalSourceType": [CAMERA, AI]},
        "node": {"ext:DigitalSourceType": {"@id": AI}},
        "nested": {"@graph": [{"Iptc4xmpExt:DigitalSourceType": AI}]},
        "https": {"Iptc4xmpExt:DigitalSourceType": AI.replace("http:", "https:")},
        "system": {"Iptc4xmpExt:AISystemUsed": "Midjourney"},
        "address": {f"{_CONTEXT['ext']}DigitalSourceType": AI},
        "alias": {"source": AI},
        "term": {"ext:DigitalSourceType": "terms:trainedAlgorithmicMedia"},
        "set": {"ext:DigitalSourceType": {"@set": [{"@id": AI}]}},
    }.items():
        yield vector(
            f"metadata-{case}",
            "people made it, and signed metadata says AI",
            "human_made",
            wrong,
            beside("c2pa.metadata", {"@context": _CONTEXT, **data}),
        )
    yield vector(
        "metadata-camera",
        "people made it, and signed metadata says a camera",
        "human_made",
        passes(),
        beside("c2pa.metadata", {"@context": _CONTEXT, "Iptc4xmpExt:DigitalSourceType": CAMERA}),
    )
    yield vector(
        "metadata-words",
        "people made it, and signed metadata has a word that is a term elsewhere",
        "human_made",
        passes(),
        beside("c2pa.metadata", {"@context": _CONTEXT, "dc:title": "trainedAlgorithmicMedia"}),
    )
    ours = {"@context": _CONTEXT, "Iptc4xmpExt:DigitalSourceType": AI}
    for name in ("com.acme.metadata", "stds.exif", "cawg.metadata__1"):
        yield vector(
            f"in-{name}", "people made it, and other metadata says AI", "human_made", wrong, beside(name, ours)
        )
    for name in ("c2pa.ai-disclosure__1", "c2pa.ai-disclosure.v2"):
        yield vector(
            f"in-{name}", "people made it, and an AI disclosure", "human_made", wrong, beside(name, disclosure)
        )
    yield vector(
        "second-version",
        "two labels, one of a version to come",
        "human_made",
        wrong,
        beside("org.provlabel.label.v2", {"schema": "label-v2", "kind": "ai_generated"}),
    )


def actions(bench: Bench) -> Iterator[Vector]:
    """What actions say of AI in other places than in themselves."""
    wrong = _contradictory("label.contradictory")
    edited = {"action": "c2pa.edited"}
    said = {**edited, "digitalSourceType": AI}
    for case, expected, own, more in (
        ("related", wrong, {**edited, "related": [said]}, {}),
        ("related-deep", wrong, {**edited, "related": [{**edited, "related": [said]}]}, {}),
        ("template", wrong, edited, {"templates": [said]}),
        ("template-all", wrong, edited, {"templates": [{**said, "action": "*"}]}),
        ("template-unused", passes(), edited, {"templates": [{**said, "action": "c2pa.dubbed"}]}),
        (
            "template-overruled",
            passes(),
            {**edited, "digitalSourceType": NOT_AI["human_made"]},
            {"templates": [{**said, "action": "*"}]},
        ),
    ):
        made = bench.store()
        _says("human_made")(made)
        data = made.get(ACTIONS)
        made.put(ACTIONS, {**data, **more, "actions": [*data["actions"], own]})
        files = bench.detached(made.signed(bench.hand))
        yield Vector(f"contradictions/action-{case}", "people made it", "C2PA 2.4 §18.15", "label", files, expected)


def updates(bench: Bench) -> Iterator[Vector]:
    """An update manifest that brings a label of its own (C2PA 2.4 §11.3)."""
    wrong = _contradictory("label.contradicts-history", history="clean")
    by_ai = bench.sign(bench.png, Label(kind="ai_generated", event_time=_WHEN), carriers=())
    by_people = bench.sign(bench.png, Label(kind="human_made", event_time=_WHEN), carriers=())
    stated = bench.definition(Label(kind="human_made", event_time=_WHEN), has_parent=True)["assertions"]
    label = [item for item in stated if item["label"] == LABEL]

    def updated(content: bytes, *assertions: dict[str, Any], redacted: Sequence[str] = ()) -> bytes:
        made = {"claim_generator_info": [{"name": "x"}], "assertions": list(assertions), "redactions": list(redacted)}
        intent = engine.binding().C2paBuilderIntent.UPDATE
        return bench.by_engine(content, made, prepare=lambda builder: builder.set_intent(intent))

    def vector(case: str, title: str, content: bytes, expected: Expected) -> Vector:
        return Vector(f"contradictions/update-{case}", title, "C2PA 2.4 §11.3", "label", {STILL: content}, expected)

    yield vector("says-people", "an update says people, of what AI made", updated(by_ai, *label), wrong)
    yield vector("second", "the same, behind an update that says nothing", updated(updated(by_ai), *label), wrong)
    yield vector(
        "again", "two updates that say people, of what AI made", updated(updated(by_ai, *label), *label), wrong
    )
    where = f"self#jumbf=/c2pa/{Store(store_of(by_ai)).urn}/c2pa.assertions/{LABEL}"
    told = {"action": "c2pa.redacted", "reason": "c2pa.PII.present", "parameters": {"redacted": where}}
    actions = {"label": ACTIONS, "data": {"actions": [told]}}
    redacted = updated(by_ai, *label, actions, redacted=[where])
    yield vector("redacted", "the same, and the label by AI is redacted", redacted, wrong)
    agrees = updated(by_people, *label)
    yield vector("agrees", "an update says people, of what people made", agrees, passes(history="clean"))


def before(bench: Bench) -> Iterator[Vector]:
    """Earlier versions and parts."""
    ai = bench.sign(bench.png)
    human = bench.sign(bench.png, Label(kind="human_made", event_time=_WHEN))
    wrong = _contradictory("label.contradicts-history", history="clean")

    def over(
        case: str,
        title: str,
        label: Label,
        expected: Expected,
        *,
        actions: Sequence[dict[str, Any]] = (),
        source: bytes = ai,
        relations: Mapping[str, str] = _PARENT,
    ) -> Vector:
        made = bench.definition(label, has_parent="parentOf" in relations.values())
        stated = next(item for item in made["assertions"] if item["label"].startswith("c2pa.actions"))["data"][
            "actions"
        ]
        stated.extend(actions)

        def add(builder: Any) -> None:
            for name, relationship in relations.items():
                said = {"relationship": relationship, "label": name, "title": name}
                builder.add_ingredient(json.dumps(said), "image/png", io.BytesIO(source))

        signed = bench.by_engine(bench.png, made, prepare=add)
        return Vector(f"contradictions/{case}", title, "attack 1", "label", {STILL: signed}, expected)

    people = Label(kind="human_made", event_time=_WHEN)
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["part"]}}
    yield over("parent", "people made it, of what AI made", people, wrong)
    yield over(
        "parent-technical", "enhanced, of what AI made", Label(kind="ai_assisted_technical", event_time=_WHEN), wrong
    )
    yield over(
        "parent-corrected",
        "the same, with a signed reason: a policy has to allow it",
        replace(people, correction="played again by people"),
        wrong,
    )
    yield over(
        "parent-may-contain",
        "may contain AI, of what AI made",
        Label(kind="may_contain_ai", event_time=_WHEN),
        passes("label.says-less", history="clean"),
    )
    yield over(
        "parent-ai",
        "changed by AI, of what AI made",
        replace(bench.label, kind="ai_modified", origin="altered"),
        passes(history="clean"),
    )
    yield over("parent-human", "people made it, of what people made", people, passes(history="clean"), source=human)
    yield over(
        "part", "people made it, with a part by AI", people, wrong, actions=[placed], relations={"part": "componentOf"}
    )
    removed = {**placed, "action": "c2pa.removed"}
    misplaced = fails("invalid", "content.rule-broken", content="not-fully-bound", history="clean")
    again = fails(
        "invalid", "content.rule-broken", content="not-fully-bound", history="clean", label=wrong.axes["label"]
    )
    for case, said, expected in (
        ("removed", [placed, removed], misplaced),
        ("placed-again", [placed, removed, placed], again),
    ):
        yield over(
            f"part-{case}", "with a part by AI", people, expected, actions=said, relations={"part": "componentOf"}
        )
    yield over(
        "part-of-ai",
        "made by AI, with a part by AI",
        bench.label,
        passes(history="clean"),
        actions=[placed],
        relations={"part": "componentOf"},
    )
    yield over(
        "input",
        "people made it, with a demo by AI as a model",
        people,
        passes(history="clean"),
        relations={"demo": "inputTo"},
    )
    deep = bench.by_engine(
        bench.png,
        bench.definition(people, has_parent=True),
        parts={"parent": bench.by_engine(bench.png, bench.definition(people, has_parent=True), parts={"parent": ai})},
    )
    yield Vector(
        "contradictions/grandparent",
        "people made it, of what was made of what AI made",
        "attack 1",
        "label",
        {STILL: deep},
        wrong,
    )


def tags(bench: Bench) -> Iterator[Vector]:
    """Marks of generators in what the hash covers."""

    def vector(case: str, title: str, content: bytes, kind: str, expected: Expected) -> Vector:
        made = bench.store()
        if kind:
            _says(kind)(made)
        made.change("c2pa.hash.data", lambda data: data.update(hash=hashlib.sha256(content).digest()))
        files = {STILL: content, f"{STILL}.c2pa": made.signed(bench.hand)}
        return Vector(f"contradictions/{case}", title, "attack 1", "label", files, expected)

    def text(keyword: bytes, words: bytes) -> bytes:
        return bench.png[:33] + chunk(b"tEXt", keyword + b"\0" + words) + bench.png[33:]

    credit = xmp(NOT_AI["human_made"]).replace(
        b"Iptc4xmpExt:DigitalSourceType",
        b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Made with Google AI" '
        b"Iptc4xmpExt:DigitalSourceType",
    )
    wrong = _contradictory("carrier.contradicts")
    marked = {
        "stable-diffusion": text(b"parameters", SD),
        "comfyui": text(b"prompt", b'{"3": {"class_type": "KSampler"}}'),
        "google-credit": png_with_xmp(bench.png, credit),
    }
    for name, content in marked.items():
        yield vector(f"mark-{name}", "people made it, and a generator left its mark", content, "human_made", wrong)
    sd = marked["stable-diffusion"]
    yield vector(
        "mark-may-contain",
        "may contain AI, and a generator left its mark",
        sd,
        "may_contain_ai",
        passes("label.says-less"),
    )
    yield vector("mark-ai", "made by AI, and a generator left its mark", sd, "", passes("carrier.mark"))
    yield vector(
        "mark-iptc",
        "people made it, and XMP says AI",
        png_with_xmp(bench.png, xmp(AI)),
        "human_made",
        fails("trusted", "carrier.contradicts"),
    )


GROUPS = (inside, actions, before, updates, tags)
