"""What the mappings of provlabel make of labels: the vectors below ``spec/vectors/mappings/``, and which field goes where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import label_fields as fields
from provlabel.carriers.vocabularies import PROJECTIONS, aigc
from provlabel.errors import LabelError
from provlabel.exchange import ddex
from provlabel.label import Label, SignedLabel, as_records, digest_of_prompt, label_from_dict, signed_label
from provlabel.label.loading import read_plain
from provlabel.manifest.write import definition

JSON = dict[str, Any]
_EXAMPLES = Path(__file__).parents[1] / "samples" / "labels"
_AI: JSON = {"kind": "ai_generated", "systems": [{"name": "AcmeSynth", "version": "2.1"}]}
_PARTLY: JSON = {**_AI, "kind": "ai_partly_created"}
_CHINA: JSON = {"producer": "001191110102MACQD9K64010000", "produce_id": "20261122-0001"}
_PEOPLE: JSON = {
    "people": [
        {"id": "ada", "name": "Ada Example", "roles": ["LeadVocalist", "ComposerLyricist", "StudioProducer"]},
        {"id": "ben", "name": "Ben Example", "identifiers": [{"type": "ipi", "value": "123456789"}]},
        {"id": "cy.d", "name": "Cy Example"},
        {"id": "seen", "name": "Dee Example"},
    ],
    "contributions": [
        {"part": "vocals", "extent": "None", "by": "human", "person": "ada", "role": "LeadVocalist"},
        {"part": "instrumental", "extent": "Partly", "by": "human", "person": "ben", "role": "StudioMusician"},
        {"part": "instrumental", "extent": "All", "by": "ai", "system": "AcmeSynth", "stem": "drums"},
    ],
    "likeness": [{"depicts": "image", "synthetic": False, "real_person": True, "person": "seen"}],
}
_PLACES: JSON = {
    "contributions": [
        {"part": "whole", "extent": "Partly", "by": "human"},
        {
            "part": "image_region", "extent": "All", "by": "ai", "system": "AcmeSynth", "description": "the sky",
            "region": {"shape": "rectangle", "x": 0, "y": 0, "width": 100, "height": 40},
        },
        {
            "part": "image_region", "extent": "Partly", "by": "human",
            "region": {"shape": "circle", "unit": "pixel", "x": 40, "y": 30, "width": 12.5},
        },
        {
            "part": "image_region", "extent": "All", "by": "ai",
            "region": {"shape": "polygon", "points": [{"x": 0, "y": 0}, {"x": 10, "y": 0}, {"x": 5, "y": 9}]},
        },
        {"part": "vocals", "extent": "Partly", "by": "ai", "span": {"start": 12, "end": 58.25}, "stem": "voice 2"},
        {"part": "mixing", "extent": "All", "by": "ai", "system": "AcmeSynth"},
        {"part": "mastering", "extent": "None", "by": "human"},
    ]
}  # fmt: skip
_OPERATIONS: JSON = {
    "operations": [
        {"operation": "cropped", "by": "human"},
        {"operation": "enhanced", "by": "ai", "technique": "denoise", "system": "AcmeSynth"},
        {"operation": "translated", "by": "ai", "source_language": "de", "target_language": "en"},
    ]
}


def _permitted(**uses: str) -> JSON:
    return {"kind": "human_made", "permissions": uses}


#: Name -> label, what is asked for, and why it is here.
_CASES: dict[str, tuple[JSON, JSON, str]] = {
    "generated": (_AI, {}, "The smallest label by AI that names its system."),
    "human": ({"kind": "human_made"}, {"media": "image"}, "People alone: no disclosure of AI."),
    "modified": ({**_AI, "kind": "ai_modified"}, {"media": "image"}, "An altered work begins with what was opened."),
    "may-contain": ({"kind": "may_contain_ai"}, {}, "DDEX has no value for it."),
    "technical": (
        {"kind": "ai_assisted_technical", "systems": [{"name": "AcmeMaster"}],
         "contributions": [{"part": "mastering", "extent": "All", "by": "ai", "system": "AcmeMaster"}],
         "operations": [{"operation": "enhanced", "by": "ai"}]},
        {}, "Nothing generated: the source type of each action says enhanced, and DDEX has no place for the part.",
    ),
    "altered-generated": ({**_AI, "origin": "altered"}, {}, "What the label says of its origin wins over the kind."),
    "times": (
        {**_AI, "event_time": "2026-11-20T18:00:00+01:00", "event_end": "2026-11-22T10:00:00Z"}, {},
        "The action says when it ended; DDEX takes the date as it is written.",
    ),
    "disclosure": (
        {"kind": "ai_generated", "oversight": "prompt_guided", "provider": {"name": "Acme Audio Ltd"},
         "systems": [{"name": "AcmeSynth", "version": "2.1", "model_type": "c2pa.types.model.onnx",
                      "identifier": "pkg:huggingface/acme/synth@2.1.0"}, {"name": "AcmeMaster"}]},
        {}, "The first system alone is disclosed; the provider has no place.",
    ),
    "oversight-unpaired": (
        {**_AI, "oversight": "human_validated"}, {}, "A level that C2PA does not pair with the kind stays in the label."
    ),
    "people-withheld": ({**_PARTLY, **_PEOPLE}, {}, "By default no name is signed, so no carrier has one."),
    "people": ({**_PARTLY, **_PEOPLE}, {"personal": True}, "The same, with names: roles in the fields of each carrier."),
    "people-generated": (
        {**_AI, "people": [{"id": "ada", "name": "Ada Example", "roles": ["Lyricist"]}, {"id": "z", "name": "Zoe Example"}]},
        {"personal": True}, "ContainsAI = All leaves no contributor of DDEX to people.",
    ),
    "places": ({**_PARTLY, **_PLACES}, {}, "Regions, spans and stems become changes of an action."),
    "places-image": ({**_PARTLY, **_PLACES}, {"media": "image"}, "The same of a picture."),
    "operations": ({**_PARTLY, **_OPERATIONS}, {}, "Each operation is an action."),
    "operations-nobody": (
        {**_PARTLY, "operations": [{"operation": "cropped"}, {"operation": "enhanced", "technique": "denoise"}]},
        {}, "Where nobody says who did it, AI may have.",
    ),
    "operations-nobody-human-made": (
        {"kind": "human_made", "operations": [{"operation": "cropped"}, {"operation": "transcoded"}]}, {},
        "Where the kind leaves no room for AI, an operation is what the whole is.",
    ),
    "operations-human": ({"kind": "human_made", "operations": [{"operation": "mixed", "by": "human"}]}, {}, "By people."),
    "prompt-omit": ({**_AI, "prompt": {"text": "drums"}}, {}, "By default the label says only that there was a prompt."),
    "prompt-clear": (
        {**_AI, "people": [{"id": "w", "name": "Wyn Example"}], "prompt": {"text": "drums, 120 bpm\nno reverb", "writer": "w"}},
        {"prompt_mode": "clear", "personal": True, "media": "image"}, "In clear: a personal field, and a field of XMP.",
    ),
    "inputs": (
        {**_AI, "prompt": {"text": "drums"},
         "references": [{"type": "seed", "value": "8675309"},
                        {"type": "reference", "title": "sketch", "url": "https://acme.example/a"},
                        {"type": "model", "title": "AcmeBase"}]},
        {"inputs": True}, "With inputs: each is an ingredient, and the action names them.",
    ),
    "identifiers": (
        {"kind": "human_made", "title": "Lighthouse",
         "identifiers": [{"type": "isrc", "value": "GBAYE2600001"}, {"type": "iswc", "value": "T0345246801"},
                         {"type": "upc", "value": "036000291452"}, {"type": "grid", "value": "A12425GABC1234002M"},
                         {"type": "guid", "value": "0f8fad5b-d9cb-469f-a165-70867728950e"},
                         {"type": "url", "value": "https://acme.example/17"}]},
        {}, "Identifiers as URNs, tags and elements.",
    ),
    "rights": (
        {"kind": "human_made",
         "rights": {"notice": "© 2026 Acme Records", "holder": "Acme Records", "licence_url": "https://acme.example/l"}},
        {"media": "image"}, "A picture has a © line.",
    ),
    "rights-of-sound": (
        {"kind": "human_made", "rights": {"notice": "(P) 2026 Acme Records", "holder": "Acme Records"}}, {},
        "A sound has a ℗ line.",
    ),
    "rights-of-other": (
        {"kind": "human_made", "rights": {"notice": "© 2026 Acme Records", "holder": "Acme Records"}}, {},
        "A sound has no © line in ERN.",
    ),
    "permissions-mining": (_permitted(mining="notAllowed", inference="allowed"), {}, "The strictest stands in PLUS."),
    "permissions-training": (_permitted(mining="allowed", ai_training="notAllowed"), {}, "Training, not mining."),
    "permissions-generative": (_permitted(generative_training="notAllowed"), {}, "Generative training alone."),
    "permissions-allowed": (
        _permitted(mining="allowed", ai_training="allowed", generative_training="allowed"), {}, "All of what PLUS knows."
    ),
    "permissions-some": (_permitted(mining="allowed"), {}, "What is allowed in part cannot be said in PLUS."),
    "permissions-constrained": (
        _permitted(generative_training="constrained", constraint="By licence only", constraint_url="https://acme.example/l"),
        {}, "A condition, in words and as a page.",
    ),
    "permissions-no-condition": (_permitted(mining="constrained"), {}, "Constrained without a condition."),
    "china": ({**_AI, "china": _CHINA}, {}, "The object of the producer."),
    "china-propagator": (
        {"kind": "may_contain_ai", "systems": [{"name": "A"}], "china": {**_CHINA, "propagator": "P1", "propagate_id": '7"7'}},
        {"media": "image"}, "The object of a platform that suspects AI; a quotation mark is escaped.",
    ),
    "china-half": (
        {**_AI, "china": {**_CHINA, "propagator": "P1"}}, {}, "No object for half a distributor."
    ),
    "china-human": ({"kind": "human_made", "china": _CHINA}, {}, "No object for what is not by AI."),
    "tags-escapes": (
        {"kind": "ai_generated", "systems": [{"name": "A@B"}, {"name": "C", "version": "1@2%3;4"}],
         "contributions": [{"part": "vocals", "extent": "All", "by": "ai", "description": "“ö”; 100 %"}]},
        {}, "Escapes of the fields of our own.",
    ),
}  # fmt: skip


#: Requirement of a mapper -> cases that show it.
SHOWN_BY: dict[str, str] = {
    "M-1": "people-withheld people prompt-omit prompt-clear",
    "M-2": "may-contain people-generated rights-of-other",
    "M-3": "identifiers people",
    "M-C2PA-1": "generated human disclosure identifiers permissions-mining people",
    "M-C2PA-2": "generated modified altered-generated times",
    "M-C2PA-3": "places places-image technical people",
    "M-C2PA-4": "operations operations-human operations-nobody operations-nobody-human-made technical",
    "M-C2PA-5": "disclosure oversight-unpaired generated technical",
    "M-C2PA-6": "permissions-mining permissions-constrained permissions-no-condition",
    "M-C2PA-7": "identifiers rights permissions-constrained",
    "M-C2PA-8": "inputs",
    "M-NAMES-1": "people",
    "M-NAMES-2": "people people-generated",
    "M-XMP-1": "permissions-mining permissions-training permissions-generative permissions-allowed permissions-some "
    "permissions-constrained permissions-no-condition",
    "M-TAG-1": "tags-escapes disclosure",
    "M-TAG-2": "tags-escapes places",
    "M-TAG-3": "tags-escapes",
    "M-AIGC-1": "china china-propagator",
    "M-AIGC-2": "china china-propagator china-human china-half generated",
    "M-DDEX-1": "generated human may-contain",
    "M-DDEX-2": "people people-generated technical places",
    "M-DDEX-3": "people people-generated",
    "M-DDEX-4": "people",
    "M-DDEX-5": "rights rights-of-sound rights-of-other",
    "M-DDEX-6": "identifiers permissions-allowed permissions-some",
    "W-5": "people-withheld people prompt-omit prompt-clear",
    "W-6": "people prompt-clear",
}


def _shown_in(name: str) -> list[str]:
    return [requirement for requirement, cases in SHOWN_BY.items() if name in cases.split()]


def _of_the_examples() -> Iterator[tuple[str, tuple[JSON, JSON, str]]]:
    for path in sorted(_EXAMPLES.glob("*.toml")):
        media = "image" if path.stem in ("ai-artwork", "ai-modified-photo") else "audio"
        how = {"personal": True, "media": media}
        yield f"example-{path.stem}", (read_plain(path), how, path.read_text().splitlines()[0].removeprefix("# "))


def mapping_vectors() -> dict[str, JSON]:
    """Return the content of each file of ``mappings/``, by its name."""
    cases = (*_CASES.items(), *_of_the_examples())
    found = {f"mappings/{name}.json": {"requirements": _shown_in(name), **_vector(*case)} for name, case in cases}
    prompts = [
        {"text": text, "salt": salt, "sha256": digest_of_prompt(text, salt)}
        for text, salt in (
            ("a lighthouse at dawn, oil on canvas", "000102030405060708090a0b0c0d0e0f"),
            ("två rader\n\U0001f600", "ffffffffffffffffffffffffffffffff"),
            ("", "00" * 16),
        )
    ]
    return found | {
        "mappings/digests.json": {"requirements": ["W-7"], "why": "Salted digests of prompts.", "prompts": prompts}
    }


def _vector(data: JSON, how: JSON, why: str) -> JSON:
    label = as_records(label_from_dict(data))
    asked = {"personal": False, "prompt_mode": "omit", "inputs": False, "media": "audio"} | how
    signed = signed_label(label, asked["prompt_mode"], personal=asked["personal"])
    expect = {"c2pa": _c2pa(label, signed, inputs=asked["inputs"])}
    public = signed.as_label()
    expect |= {name: dump(public) for name, dump in CARRIERS.items()}
    expect |= {"aigc": _aigc(public), "ddex": _ddex(public, asked["media"])}
    return {"why": why, "label": data, "asked": asked, "expect": expect}


def _c2pa(label: Label, signed: SignedLabel, *, inputs: bool) -> JSON:
    manifest = definition(label, signed, has_parent=False, inputs=inputs).manifest
    found: JSON = {item["label"]: item["data"] for item in manifest["assertions"]}
    return {"assertions": found} | {key: manifest[key] for key in ("title", "ingredients") if key in manifest}


#: Flat carriers by name, and what a label is in each.
CARRIERS: dict[str, Callable[[Label], JSON]] = {
    row.carrier: lambda label, dump=row.dump: {name: list(values) for name, values in dump(label).items()}
    for row in PROJECTIONS
    if row.name in ("iptc", "music")
}


def _aigc(label: Label) -> str | None:
    try:
        return aigc.text_of(label)
    except LabelError:
        return None


def _ddex(label: Label, media: ddex.Media) -> JSON:
    dumped = ddex.dump([(label, ddex.FileFacts(media))])
    root = ElementTree.fromstring(dumped.content)
    return {"message": _tree(root), "lost": sorted({loss.field for loss in dumped.losses[0]})}


def _tree(node: ElementTree.Element) -> list[Any]:
    """Return an element as its name, and its text or its children."""
    return [node.tag.rpartition("}")[2], *(map(_tree, node) if len(node) else [node.text or ""])]


# --- which field goes where ------------------------------------------------------------------------

#: Columns of the table of losses: what a label is in each, as comparable text.
_COLUMNS: dict[str, Callable[[Label], Any]] = {
    "C2PA": lambda label: _c2pa(label, SignedLabel(system={}), inputs=False),
    "XMP": CARRIERS["xmp"],
    "ID3": CARRIERS["id3"],
    "Vorbis": CARRIERS["vorbis"],
    "MP4": CARRIERS["mp4"],
    "RIFF": CARRIERS["riff"],
    "AIGC": _aigc,
    "DDEX sound": lambda label: _ddex(label, "audio")["message"],
    "DDEX image": lambda label: _ddex(label, "image")["message"],
}
COLUMNS = tuple(_COLUMNS)


def carried() -> Iterator[tuple[str, str, list[str]]]:
    """Yield each field of each record, and the carriers in which something changes when the field does.

    ``inputs`` stands for C2PA where that is so only with the inputs as ingredients.
    """
    for name in fields.PATHS:
        for field, node in fields.RECORDS[name]["properties"].items():
            if fields.target_of(node) or name == "CarrierValues" or (name, field) == ("Label", "carriers"):
                continue
            variants = [*_variants(name, field, node)]
            found = [column for column in COLUMNS if any(_differs(column, *pair) for pair in variants)]
            if "C2PA" not in found and any(_differs_in_inputs(*pair) for pair in variants):
                found.insert(0, "inputs")
            yield name, field, found


def _differs(column: str, one: Label, other: Label) -> bool:
    return bool(_COLUMNS[column](one) != _COLUMNS[column](other))


def _differs_in_inputs(one: Label, other: Label) -> bool:
    empty = SignedLabel(system={})
    return definition(one, empty, has_parent=False, inputs=True) != definition(
        other, empty, has_parent=False, inputs=True
    )


def _variants(name: str, field: str, node: JSON) -> Iterator[tuple[Label, Label]]:
    for base in _rich_labels():
        for value in _other_values(node):
            pair = _with(base, name, field, node["examples"][0]), _with(base, name, field, value)
            yield label_from_dict(pair[0]), label_from_dict(pair[1])


def _rich_labels() -> Iterator[JSON]:
    """Yield labels with all that can be stated, to change one field in each."""
    corners = [{"x": 0, "y": 0}, {"x": 10, "y": 0}, {"x": 5, "y": 9}]
    box = {"shape": "rectangle", "x": 0, "y": 0, "width": 10, "height": 10}
    for kind, scheme, uses, region in (
        ("ai_partly_created", "isrc", {"mining": "constrained", "constraint": "By licence only"}, box),
        ("ai_partly_created", "guid", {"inference": "allowed"}, {"shape": "polygon", "points": corners}),
        ("may_contain_ai", "upc", {"ai_training": "allowed"}, box),
    ):
        yield {
            "kind": kind,
            "people": [
                {"id": "singer", "name": "Ada Example", "roles": ["LeadVocalist"]},
                {"id": "writer", "name": "Wyn Example", "roles": ["Lyricist"]},
            ],
            "systems": [{"name": "AcmeSynth", "version": "2.1.0"}],
            "identifiers": [{"type": scheme, "value": "036000291452"}],
            "contributions": [{"part": "instrumental", "extent": "Partly", "by": "ai", "region": region}],
            "china": {**_CHINA, "propagator": "P1", "propagate_id": "7"},
            "prompt": {"text": "drums", "writer": "writer"},
            "rights": {"notice": "© 2026 Acme"},
            "permissions": uses,
        }


def _with(base: JSON, name: str, field: str, value: Any) -> JSON:
    """Return ``base`` with one field of the first record of that name, which is added or completed."""
    data: JSON = json.loads(json.dumps(base))
    here, inside = data, "Label"
    for step in [part for part in fields.PATHS[name] if part != "0"]:
        node = fields.RECORDS[inside]["properties"][step]
        inside = fields.target_of(node)
        below = here.setdefault(step, [{}] if "items" in node else {})
        here = below[0] if "items" in node else below
        for needed, example in fields.required(inside).items():
            here.setdefault(needed, example)
    if value is None:
        here.pop(field, None)
    else:
        here[field] = value
    return data


def _other_values(node: JSON) -> Iterator[Any]:
    example = node["examples"][0]
    terms = node.get("items", node).get("enum")
    if terms:
        yield from ([term] if "items" in node else term for term in terms if term != example)
    elif isinstance(example, bool):
        yield not example
    elif isinstance(example, float):
        yield example + 1
    elif isinstance(example, dict):
        yield {**example, "other": 1}
    else:
        yield _another_text(example)


def _another_text(example: str) -> str:
    if example[:4].isdigit() and "T" in example:
        return example.replace("2026", "2025")
    digits = str.maketrans("0123456789", "1234567890")
    changed = example.translate(digits) if len(example) == 64 else f"{example}x"
    return changed.removesuffix("x") + "-de" if len(example) == 2 else changed
