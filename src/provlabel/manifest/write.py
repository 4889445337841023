"""From a label to the C2PA manifest definition: pure, and known to satisfy two verifiers.

Rules kept here because nobody downstream checks them (C2PA 2.4 §18.15, conformance v0.2):
the first action is exactly one ``created`` or ``opened``; ``created`` carries a source type and
``opened`` never does; a ``created`` and a parent exclude each other; ``specVersion`` is a full
SemVer; all our assertions are in ``created_assertions``; ``c2pa.ai-disclosure`` only where a
trained model took part; ``cawg.metadata`` is JSON and ``cawg.training-mining`` is CBOR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET, Struct, structs

from provlabel._support.text import printable
from provlabel._version import __version__
from provlabel.carriers.vocabularies import iptc
from provlabel.carriers.vocabularies.iptc import constraint_of
from provlabel.errors import UsageError
from provlabel.evidence import LABEL, MEDIA_DIGEST, PERSONAL
from provlabel.label import Label, SignedLabel, origin_of
from provlabel.label.records import Contribution, Operation, Permissions, Region, System
from provlabel.label.vocabularies import AI_KINDS, CAWG_USES, IPTC, KINDS, NO_SOURCE_NEEDED

#: Version of the specification the manifests follow, a whole SemVer as C2PA 2.4 §10.2.1 wants it.
SPEC_VERSION = "2.4.0"
PARENT = "parent"
#: Parameters of actions that carry what C2PA has no field for.
PART, EXTENT, ROLE = "org.provlabel.part", "org.provlabel.extent", "org.provlabel.role"
PERSON, STEM, TECHNIQUE = "org.provlabel.person", "org.provlabel.stem", "org.provlabel.technique"
_GENERIC_MODEL = "c2pa.types.model"


class Definition(Struct, frozen=True):
    """What the engine is asked to sign, and the bytes of the inputs named in it."""

    manifest: dict[str, Any]
    resources: dict[str, bytes] = {}


def component(index: int) -> str:
    """Return the name by which the definition refers to the component of that index."""
    return f"component{index}"


def input_file(index: int) -> str:
    """Return the name by which the definition refers to the file of that index that only went into the work."""
    return f"file{index}"


def ingredient_definition(relationship: str, name: str, title: str) -> dict[str, Any]:
    """Return the definition of one ingredient file; an empty ``title`` is left out."""
    return {"relationship": relationship, "label": name} | ({"title": title} if title else {})


def definition(
    label: Label,
    signed: SignedLabel,
    *,
    has_parent: bool,
    transcoded: bool = False,
    components: Sequence[str] = (),
    inputs: bool = False,
    input_files: Sequence[str] = (),
    redacted: Sequence[str] = (),
    urn: str | None = None,
    thumbnail: bytes = b"",
) -> Definition:
    """Return the manifest definition for ``label``.

    Args:
        label: what the user states.
        signed: the assertion data made from it.
        has_parent: a parent file is added as the ingredient :data:`PARENT`.
        transcoded: the parent is of another format than the file.
        components: names of the ingredients that were placed into the file.
        input_files: names of the ingredients that only went into the work: nothing of them is in the result.
        inputs: write prompt, seed and references as ``inputTo`` ingredients too.
        redacted: URNs of manifests in the parent's store whose personal assertion is taken out; the
            label is then only stated again, and nothing was done to the content.
        urn: the name of the manifest, ``urn:c2pa:`` and a version 4 UUID (C2PA 2.4 §8.1); the engine's choice
            without.
        thumbnail: a small JPEG of the file, for ``c2pa.thumbnail.claim``, or nothing.

    Raises:
        UsageError: ``urn`` is no such name.
    """
    given = tuple(_inputs(label)) if inputs else ()
    statement = _statement(label)
    if names := [*(item["label"] for item, _ in given), *input_files]:
        statement["parameters"] = {"ingredientIds": names}
    altered = origin_of(label) == "altered" and not redacted
    actions = [
        *_beginning(statement, has_parent, altered, transcoded),
        *(_parts(label) if altered or not has_parent else ()),
        *({"action": "c2pa.placed", "parameters": {"ingredientIds": [name]}} for name in components),
    ]
    ingredients = [item for item, _ in given]
    if actions[0]["action"] == "c2pa.opened" and not has_parent:
        ingredients.append(ingredient_definition("parentOf", PARENT, "original, not at hand"))
    made: dict[str, Any] = {
        "claim_generator_info": [{"name": "provlabel", "version": __version__, "specVersion": SPEC_VERSION}],
        "assertions": [
            _assertion("c2pa.actions.v2", {"actions": actions, "allActionsIncluded": True}),
            _assertion(LABEL, signed.system),
            *_further_assertions(label, signed),
        ],
    }
    if urn is not None:
        made["label"] = _manifest_name(urn)
    if label.title is not UNSET:
        made["title"] = label.title
    if ingredients:
        made["ingredients"] = ingredients
    if redacted:
        made["redactions"] = [f"self#jumbf=/c2pa/{urn}/c2pa.assertions/{PERSONAL}" for urn in redacted]
    resources = {item["label"]: content for item, content in given if content is not None}
    if thumbnail:
        # Not among the assertions: the engine makes one of them that it cannot read itself.
        made["thumbnail"] = {"format": "image/jpeg", "identifier": _THUMBNAIL}
        resources[_THUMBNAIL] = thumbnail
    return Definition(made, resources)


def with_media_digest(made: Definition, digest: dict[str, str]) -> Definition:
    """Return the definition with the digest of all in the file but texts in its tags."""
    manifest = {**made.manifest, "assertions": [*made.manifest["assertions"], _assertion(MEDIA_DIGEST, digest)]}
    return structs.replace(made, manifest=manifest)


_THUMBNAIL = "thumbnail"


def _manifest_name(urn: str) -> str:
    """Refuse any other name: the engine takes whatever it is given."""
    if not _MANIFEST_NAME.fullmatch(urn):
        raise UsageError(f"{printable(urn)}: no name of a manifest", hint="urn:c2pa: and a version 4 UUID")
    return urn


_MANIFEST_NAME = re.compile(r"urn:c2pa:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def _assertion(name: str, data: dict[str, Any], **how: str) -> dict[str, Any]:
    return {"label": name, "created": True, **how, "data": data}


def _further_assertions(label: Label, signed: SignedLabel) -> Iterator[dict[str, Any]]:
    if signed.personal is not None:
        yield _assertion(PERSONAL, signed.personal)
    if disclosure := _disclosure(label):
        yield _assertion("c2pa.ai-disclosure", disclosure)
    if label.permissions is not UNSET and (entries := _training_mining(label.permissions)):
        yield _assertion("cawg.training-mining", {"entries": entries})
    if metadata := _metadata(label):
        yield _assertion("cawg.metadata", metadata, kind="Json")


# --- actions ---------------------------------------------------------------------------------------


def _beginning(
    statement: dict[str, Any], has_parent: bool, altered: bool, transcoded: bool
) -> Iterator[dict[str, Any]]:
    """Say how the work begins.

    A new work begins with ``created``.  What was altered, or comes from a parent, begins with
    ``opened``; when nobody has the original, an ingredient without bytes says just that.
    """
    if not has_parent and not altered:
        yield {"action": "c2pa.created", **statement}
        return
    yield {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}
    if transcoded:
        yield {"action": "c2pa.transcoded"}
    # A label on an unchanged work: the source type goes where other readers look for it.
    yield {"action": "c2pa.edited" if altered else "c2pa.edited.metadata", **statement}


def _parts(label: Label) -> Iterator[dict[str, Any]]:
    """Say who made which part, and what was done.

    Left to the label where the work only comes from a parent: as actions after ``opened`` they would
    say that it happened since.
    """
    yield from (_contribution(item, label) for item in label.contributions if item.part != "whole")
    yield from (_operation(item, label) for item in label.operations)


def _statement(label: Label) -> dict[str, Any]:
    """What the main action says: source type, when, by which system."""
    statement: dict[str, Any] = {"digitalSourceType": KINDS[label.kind].digital_source_type}
    # whenStart and whenEnd (C2PA 2.5) would say more, but the engine drops both without a word.
    when = label.event_time if label.event_end is UNSET else label.event_end
    if when is not UNSET:
        statement["when"] = when
    if label.systems:
        statement["softwareAgent"] = _agent(label.systems[0])
    return statement


def _agent(system: System) -> dict[str, str]:
    agent = {"name": system.name}
    if system.version is not UNSET:
        agent["version"] = system.version
    return agent


def _agent_named(name: Any, label: Label) -> dict[str, Any]:
    if name is UNSET:
        return {}
    found = next((item for item in label.systems if item.name == name), None)
    return {"softwareAgent": _agent(found) if found else {"name": name}}


_PART_ACTIONS = {"mixing": "c2pa.mixed", "mastering": "c2pa.mastered"}
#: Parts in which AI changes how a work sounds and adds nothing to it.
_TECHNICAL = frozenset({"mixing", "mastering"})
_BY_EXTENT = {"All": "trainedAlgorithmicMedia", "Partly": "compositeWithTrainedAlgorithmicMedia", "None": "humanEdits"}


def _contribution(item: Contribution, label: Label) -> dict[str, Any]:
    """Say one contribution as an action with a source type of its own (manifest notes, case c)."""
    source = "algorithmicallyEnhanced" if item.part in _TECHNICAL and item.extent != "None" else _BY_EXTENT[item.extent]
    given = {PART: item.part, EXTENT: item.extent, ROLE: item.role, PERSON: item.person, STEM: item.stem}
    action: dict[str, Any] = {
        "action": _PART_ACTIONS.get(item.part, "c2pa.edited"),
        "digitalSourceType": IPTC + source,
        **_agent_named(item.system, label),
        "parameters": {key: value for key, value in given.items() if value is not UNSET},
    }
    if regions := list(_regions(item)):
        described = {} if item.description is UNSET else {"description": item.description}
        action["changes"] = [{**described, "region": regions}]
    return action


def _regions(item: Contribution) -> Iterator[dict[str, Any]]:
    """Say where, in the terms of C2PA 2.4 §18.2 (regions of interest)."""
    if item.region is not UNSET:
        yield {"type": "spatial", "shape": _shape(item.region)}
    if item.span is not UNSET:
        span = {"type": "npt", "start": _npt(item.span.start), "end": _npt(item.span.end)}  # texts, or it is refused
        yield {"type": "temporal", "time": span}
    if item.stem is not UNSET:
        yield {"type": "identified", "item": {"identifier": "track_id", "value": item.stem}}


def _npt(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _shape(region: Region) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": region.shape, "unit": region.unit, "inside": True}
    if region.shape == "polygon":
        # The engine wants an origin of every shape; corners are counted from the picture's own.
        corners = [{"x": point.x, "y": point.y} for point in region.points]
        return {**shape, "origin": {"x": 0, "y": 0}, "vertices": corners}
    if region.x is not UNSET and region.y is not UNSET:
        shape["origin"] = {"x": region.x, "y": region.y}
    sizes = {"width": region.width, "height": region.height}
    return shape | {key: value for key, value in sizes.items() if value is not UNSET}


def _operation(item: Operation, label: Label) -> dict[str, Any]:
    action: dict[str, Any] = {"action": f"c2pa.{item.operation}", **_agent_named(item.system, label)}
    if item.by is not UNSET or item.operation not in NO_SOURCE_NEEDED:
        action["digitalSourceType"] = _source_of(item, label)
    given = {TECHNIQUE: item.technique, "sourceLanguage": item.source_language, "targetLanguage": item.target_language}
    if parameters := {key: value for key, value in given.items() if value is not UNSET}:
        action["parameters"] = parameters
    return action


def _source_of(item: Operation, label: Label) -> str:
    """Return the source type of an operation, which the Conformance Program wants also where nobody said who did it.

    Then AI may have done it or not, which is what IPTC says of ``composite``; where the kind leaves no room for AI, the
    operation is what the whole is.
    """
    facts = KINDS[label.kind]
    if item.by == "human":
        return IPTC + "humanEdits"
    if item.by == "ai":
        return IPTC + ("compositeWithTrainedAlgorithmicMedia" if facts.trained else "algorithmicallyEnhanced")
    return IPTC + "composite" if label.kind in AI_KINDS else facts.digital_source_type


# --- inputs ----------------------------------------------------------------------------------------

_DATA_TYPES = {
    "prompt": "c2pa.types.generator.prompt",
    "seed": "c2pa.types.generator.seed",
    "model": "c2pa.types.model",
    "dataset": "c2pa.types.dataset",
}


def _inputs(label: Label) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """Yield an ``inputTo`` ingredient for the prompt, the seeds and the references, and its bytes.

    The prompt's own text is never here: it belongs to the personal assertion, which can be redacted.
    """
    if label.prompt is not UNSET:
        yield _input("prompt", "prompt", "prompt"), None
    for index, item in enumerate(label.references):
        name = f"input{index}"
        made = _input(name, item.type, item.title if item.title is not UNSET else item.type)
        content = item.value.encode() if item.value is not UNSET else None
        if content is not None:
            made["data"] = {"format": "text/plain", "identifier": name}
        yield made | ({} if item.url is UNSET else {"informational_URI": item.url}), content


def _input(name: str, kind: str, title: str) -> dict[str, Any]:
    made: dict[str, Any] = {"label": name, "title": title, "relationship": "inputTo", "format": "text/plain"}
    if kind in _DATA_TYPES:
        made["data_types"] = [{"type": _DATA_TYPES[kind]}]
    return made


def _disclosure(label: Label) -> dict[str, Any] | None:
    """Make ``c2pa.ai-disclosure`` (C2PA 2.4 §18.24); it has no place for provider or version.

    The oversight level is written only where C2PA pairs it with the source type; our own label
    holds it in any case.
    """
    facts = KINDS[label.kind]
    if not facts.trained or not label.systems:
        return None
    main = label.systems[0]
    made: dict[str, Any] = {
        "modelType": _GENERIC_MODEL if main.model_type is UNSET else main.model_type,
        "modelName": main.name,
    }
    if main.identifier is not UNSET:
        made["modelIdentifier"] = main.identifier
    if label.oversight is not UNSET and label.oversight in facts.oversight:
        made["contentProfile"] = {"humanOversightLevel": label.oversight}
    return made


def _training_mining(permissions: Permissions) -> dict[str, Any]:
    """Make the entries of ``cawg.training-mining`` 1.1; a constraint is named ``constraint_info`` there."""
    entries: dict[str, Any] = {}
    for field, entry in CAWG_USES.items():
        use = getattr(permissions, field)
        if use is UNSET:
            continue
        entries[entry] = {"use": use}
        if use == "constrained" and (info := constraint_of(permissions)):
            entries[entry]["constraint_info"] = info
    return entries


_CONTEXT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}
_URN = {"isrc": "urn:isrc:", "iswc": "urn:iswc:", "upc": "urn:ean:", "grid": "urn:grid:", "guid": "urn:uuid:"}


_WORK = ("dc:rights", "xmpRights:Owner", "xmpRights:WebStatement", "plus:DataMining", "plus:OtherConstraints")
_ABOUT_AI = (iptc.SOURCE_TYPE, iptc.SYSTEM, iptc.VERSION)


def _metadata(label: Label) -> dict[str, Any] | None:
    """Make ``cawg.metadata`` 1.1 for identifiers, rights and permissions, which ``c2pa.metadata`` may not hold."""
    fields = iptc.dump(label)
    entries: dict[str, Any] = {}
    if label.identifiers:
        entries["dc:identifier"] = [_URN.get(item.type, "") + item.value for item in label.identifiers]
    entries |= {name: fields[name][0] for name in _WORK if name in fields}
    if not entries:
        return None
    entries |= {name: fields[name][0] for name in _ABOUT_AI if name in fields}
    used = {key.partition(":")[0] for key in entries}
    return {"@context": {key: value for key, value in _CONTEXT.items() if key in used}, **entries}
