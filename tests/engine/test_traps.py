"""Traps of the field, each tried: what the engine, a second verifier or a library lets pass, and we do not.

Each test shows the trap with the bare engine, the second verifier (encypher-c2pa) or msgspec first,
and then that what provlabel writes is not in it.  The measured notes name them row by row.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import encypher_c2pa
import jsonschema_rs
import msgspec
import pytest
from PIL import Image, ImageSequence

from bare_engine import JPEG, read_with, sign
from project import MEDIA, engine_credential, needs
from provlabel import (
    InputError,
    Label,
    LabelError,
    TrustStore,
    engine,
    label_bytes,
    load_label,
    verify_bytes,
)
from provlabel.engine import signing
from provlabel.label import label_from_dict, signed_label
from provlabel.label.lint import lint
from provlabel.label.records import Span
from provlabel.label.vocabularies import IPTC, KINDS, SOURCE_TYPES, Kind, OperationName, Oversight, PartName, Role
from provlabel.manifest.write import definition
from provlabel.media.formats import Format, sniff
from provlabel.sandbox import Sandbox
from provlabel.schemas import SCHEMAS
from provlabel.signers import Signer

Manifest = dict[str, Any]

#: A label that fills every assertion that provlabel writes.
FULL: dict[str, Any] = {
    "kind": "ai_partly_created",
    "title": "Lighthouse",
    "oversight": "human_validated",
    "event_time": "2026-11-20T18:00:00Z",
    "event_end": "2026-11-22T10:00:00Z",
    "identifiers": [{"type": "isrc", "value": "GBAYE2600001"}],
    "systems": [{"name": "AcmeSynth", "version": "2.1.0"}],
    "people": [{"id": "singer", "roles": ["LeadVocalist"]}],
    "prompt": {"text": "a lighthouse at dawn"},
    "references": [{"type": "seed", "value": "18446744073709551616"}],
    "contributions": [
        {"part": "lyrics", "extent": "None", "by": "human", "person": "singer", "role": "LeadVocalist"},
        {
            "part": "composition",
            "extent": "All",
            "by": "ai",
            "system": "AcmeSynth",
            "role": "StudioMusician",
            "span": {"start": 1.5, "end": 5.25},
        },
        {"part": "production", "extent": "Partly", "by": "ai", "system": "AcmeSynth"},
        {
            "part": "artwork",
            "extent": "All",
            "by": "ai",
            "region": {"shape": "circle", "x": 50, "y": 50, "width": 20},
        },
    ],
    "operations": [{"operation": "mastered", "by": "ai"}, {"operation": "cropped", "by": "human"}],
    "permissions": {"mining": "notAllowed", "generative_training": "constrained", "constraint": "By licence only"},
    "rights": {"notice": "© 2026 Acme Records"},
}


@pytest.fixture
def cover() -> bytes:
    return (MEDIA / "cover.jpg").read_bytes()


Second = Callable[[bytes], "tuple[str, set[str]]"]


@pytest.fixture
def second(credential: Path) -> Second:
    """What the second verifier says: its word on integrity, and its failures."""
    root = (credential / "root.pem").read_text()

    def verify(content: bytes) -> tuple[str, set[str]]:
        said = encypher_c2pa.verify(content, JPEG, trust_pem=root, no_default_trust=True, telemetry=False)
        return str(said["integrity"]), {item["code"] for item in said["validation_results"]["failure"]}

    return verify


SOUND: tuple[str, set[str]] = ("valid", set())


def made(data: dict[str, Any] | None = None, **how: Any) -> Manifest:
    """The definition that provlabel makes of a label."""
    label = label_from_dict(data or FULL)
    how.setdefault("has_parent", False)
    return definition(label, signed_label(label), **how).manifest


def assertion(manifest: Manifest, name: str) -> Any:
    return next(item for item in manifest["assertions"] if item["label"] == name)


def actions(manifest: Manifest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = assertion(manifest, "c2pa.actions.v2")["data"]["actions"]
    return found


def engine_says(content: bytes, trust: TrustStore) -> str:
    return str(read_with(content, engine.settings(trust)).get_validation_state())


def refused(content: bytes, signer: Signer, manifest: Manifest, words: str) -> None:
    """The engine does not sign this definition."""
    with pytest.raises(engine.binding().C2paError, match=words):
        sign(content, signer, manifest, verify={"verify_after_sign": True})


def everything() -> Iterator[Manifest]:
    """Definitions of every kind, from a source and from a parent."""
    for kind in get_args(Kind):
        systems = [] if kind == "human_made" else [{"name": "AcmeSynth"}]
        for has_parent in (False, True):
            yield made({"kind": kind, "systems": systems}, has_parent=has_parent)
    yield made()
    yield made(inputs=True)


def test_the_full_label_satisfies_both(cover: bytes, signer: Signer, trust: TrustStore, second: Second) -> None:
    """The ground on which all that follows stands: ours is sound before it is spoilt."""
    content = sign(cover, signer, made())
    assert engine_says(content, trust) == "Trusted"
    assert second(content) == SOUND


# --- assertions: one is JSON, the other CBOR -------------------------------------------------------


def test_cawg_metadata_as_cbor(cover: bytes, signer: Signer, trust: TrustStore, second: Second) -> None:
    spoilt = made()
    del assertion(spoilt, "cawg.metadata")["kind"]
    content = sign(cover, signer, spoilt)
    assert engine_says(content, trust) == "Trusted"
    assert "com.encypher.cawg.metadata.invalid" in second(content)[1], "the trap is gone"
    assert assertion(made(), "cawg.metadata")["kind"] == "Json"


@pytest.mark.parametrize("how", ["json", "constraints_info", "unknown use"])
def test_cawg_training_mining(how: str, cover: bytes, signer: Signer, trust: TrustStore, second: Second) -> None:
    spoilt = made()
    mining = assertion(spoilt, "cawg.training-mining")
    entry = mining["data"]["entries"]["cawg.ai_generative_training"]
    if how == "json":
        mining["kind"] = "Json"
    elif how == "constraints_info":
        entry["constraints_info"] = entry.pop("constraint_info")
    else:
        entry["use"] = "sometimes"
    content = sign(cover, signer, spoilt)
    assert engine_says(content, trust) == "Trusted"
    assert "com.encypher.cawg.trainingMining.invalid" in second(content)[1], "the trap is gone"
    ours = assertion(made(), "cawg.training-mining")
    assert "kind" not in ours
    assert ours["data"]["entries"]["cawg.ai_generative_training"] == {
        "use": "constrained",
        "constraint_info": "By licence only",
    }
    with pytest.raises(LabelError, match="unknown value 'sometimes'"):
        label_from_dict({"kind": "human_made", "permissions": {"mining": "sometimes"}})


def test_spec_version_without_a_patch_number(cover: bytes, signer: Signer, trust: TrustStore, second: Second) -> None:
    spoilt = made()
    spoilt["claim_generator_info"][0]["specVersion"] = "2.4"
    content = sign(cover, signer, spoilt)
    # C2PA asks for a full SemVer; the second verifier was once seen to refuse this and now is silent too.
    assert (engine_says(content, trust), second(content)) == ("Trusted", SOUND), "the trap changed"
    assert {item["claim_generator_info"][0]["specVersion"] for item in everything()} == {"2.4.0"}


# --- source types ----------------------------------------------------------------------------------


UNKNOWN = (("http://c2pa.org/digitalsourcetype/dreamt", "invalid"), (IPTC + "dreamtByAMachine", "valid"))


@pytest.mark.parametrize(("source_type", "integrity"), UNKNOWN, ids=["refused by the second", "silent"])
def test_unknown_digital_source_type(
    source_type: str, integrity: str, cover: bytes, signer: Signer, trust: TrustStore, second: Second, sandbox: Sandbox
) -> None:
    spoilt = made()
    actions(spoilt)[0]["digitalSourceType"] = source_type
    content = sign(cover, signer, spoilt)
    assert engine_says(content, trust) == "Trusted"
    said, failures = second(content)
    assert said == integrity, "the trap changed"
    assert ("assertion.action.malformed" in failures) == (integrity == "invalid")
    assert "unknown-value" in verify_bytes(content, trust=trust, sandbox=sandbox).files[0].axes.label
    for manifest in everything():
        said = {item["digitalSourceType"] for item in actions(manifest) if "digitalSourceType" in item}
        assert said
        assert said <= set(SOURCE_TYPES)


def test_created_without_a_source_type(cover: bytes, signer: Signer) -> None:
    spoilt = made()
    del actions(spoilt)[0]["digitalSourceType"]
    refused(cover, signer, spoilt, "must have a digitalSourceType")
    assert engine_says(sign(cover, signer, spoilt), TrustStore()) == "Invalid"
    for manifest in everything():
        created = [item for item in actions(manifest) if item["action"] == "c2pa.created"]
        assert all("digitalSourceType" in item for item in created)


def test_opened_with_a_source_type(cover: bytes, signer: Signer, trust: TrustStore, second: Second) -> None:
    """Forbidden (C2PA 2.4 §18.15), and nobody says so."""
    spoilt = made({"kind": "ai_modified", "systems": [{"name": "A"}]})
    assert actions(spoilt)[0]["action"] == "c2pa.opened"
    actions(spoilt)[0]["digitalSourceType"] = KINDS["ai_modified"].digital_source_type
    content = sign(cover, signer, spoilt)
    assert (engine_says(content, trust), second(content)) == ("Trusted", SOUND), "the trap is gone"
    opened = [item for manifest in everything() for item in actions(manifest) if item["action"] == "c2pa.opened"]
    assert opened
    assert not any("digitalSourceType" in item for item in opened)


def test_watermark_without_its_soft_binding(cover: bytes, signer: Signer) -> None:
    spoilt = made()
    actions(spoilt).append({"action": "c2pa.watermarked.bound"})
    refused(cover, signer, spoilt, "softBindingMissing")
    mark = {"type": "watermark", "algorithm": "com.adobe.trustmark.P", "value": "a1b2c3"}
    written = actions(made(FULL | {"marks": [mark]}))
    assert not any("watermarked" in item["action"] for item in written)


# --- regions, spans and roles ----------------------------------------------------------------------


def region_of(manifest: Manifest, kind: str) -> dict[str, Any]:
    return next(
        region
        for action in actions(manifest)
        for change in action.get("changes", ())
        for region in change["region"]
        if region["type"] == kind
    )


def test_unknown_shape(cover: bytes, signer: Signer) -> None:
    spoilt = made()
    region_of(spoilt, "spatial")["shape"]["type"] = "ellipse"
    refused(cover, signer, spoilt, "(?i)ellipse|decod")
    data = {"part": "artwork", "extent": "Partly", "by": "ai", "region": {"shape": "ellipse"}}
    with pytest.raises(LabelError, match="unknown value 'ellipse'"):
        label_from_dict({"kind": "ai_partly_created", "contributions": [data]})


def test_npt_as_numbers(cover: bytes, signer: Signer) -> None:
    spoilt = made()
    region_of(spoilt, "temporal")["time"] |= {"start": 1.5, "end": 5.25}
    refused(cover, signer, spoilt, "(?i)string|decod")
    assert region_of(made(), "temporal")["time"] == {"type": "npt", "start": "1.5", "end": "5.25"}


@pytest.mark.parametrize(("seconds", "text"), [(12.0, "12"), (0.1 + 0.2, "0.3"), (1e6, "1000000"), (1e-5, "0.00001")])
def test_npt_has_no_exponent(seconds: float, text: str) -> None:
    part = {"part": "vocals", "extent": "All", "by": "ai", "span": {"start": 0, "end": seconds}}
    time = region_of(made({"kind": "ai_partly_created", "contributions": [part]}), "temporal")["time"]
    assert (time["start"], time["end"]) == ("0", text)


def test_our_roles_in_changes(cover: bytes, signer: Signer) -> None:
    spoilt = made()
    change = next(item for item in actions(spoilt) if "changes" in item)["changes"][0]
    change["role"] = "LeadVocalist"
    refused(cover, signer, spoilt, "expected enum Role")
    for role in get_args(Role):
        part = {"part": "vocals", "extent": "All", "by": "ai", "role": role, "span": {"start": 0, "end": 1}}
        action = actions(made({"kind": "ai_partly_created", "contributions": [part]}))[1]
        assert action["parameters"]["org.provlabel.role"] == role
        assert role not in json.dumps(action["changes"])


@pytest.mark.parametrize("part", sorted(set(get_args(PartName)) - {"whole", "translation"}))
def test_every_part_is_accepted_by_both(
    part: str, cover: bytes, signer: Signer, trust: TrustStore, second: Second
) -> None:
    """``c2pa.mastered`` and ``c2pa.mixed`` among them."""
    data = {"part": part, "extent": "Partly", "by": "ai"}
    content = sign(cover, signer, made({"kind": "ai_partly_created", "contributions": [data]}))
    assert (engine_says(content, trust), second(content)) == ("Trusted", SOUND)


@pytest.mark.parametrize(
    "said",
    [
        {"contributions": [{"part": "translation", "extent": "Partly", "by": "ai"}]},
        {"operations": [{"operation": "translated", "by": "ai", "source_language": "de", "target_language": "en"}]},
    ],
    ids=["part", "operation"],
)
def test_translations_can_be_signed(said: dict[str, Any], cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    label_bytes(cover, label_from_dict({"kind": "ai_partly_created", **said}), signer, sandbox=sandbox)


def test_polygons_can_be_signed(cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    region = {"shape": "polygon", "points": [{"x": 0, "y": 0}, {"x": 9, "y": 0}, {"x": 5, "y": 9}]}
    part = {"part": "image_region", "extent": "Partly", "by": "ai", "region": region}
    label_bytes(cover, label_from_dict({"kind": "ai_partly_created", "contributions": [part]}), signer, sandbox=sandbox)


@pytest.mark.parametrize("operation", sorted(set(get_args(OperationName)) - {"translated"}))
def test_every_operation_is_accepted_by_both(
    operation: str, cover: bytes, signer: Signer, trust: TrustStore, second: Second
) -> None:
    for by in ("ai", "human"):
        data = {"kind": "ai_partly_created", "operations": [{"operation": operation, "by": by}]}
        content = sign(cover, signer, made(data))
        assert (engine_says(content, trust), second(content)) == ("Trusted", SOUND)


def test_when_start_and_when_end_are_dropped(cover: bytes, signer: Signer) -> None:
    """C2PA 2.5 has them; the engine loses them, so ``when`` carries the end and the label carries both."""
    spoilt = made()
    actions(spoilt)[0] |= {"whenStart": FULL["event_time"], "whenEnd": FULL["event_end"]}
    read = read_with(sign(cover, signer, spoilt), engine.settings()).crjson()
    assert "whenStart" not in read, "the trap is gone: write them"
    assert actions(made())[0]["when"] == FULL["event_end"]
    said = assertion(made(), "org.provlabel.label")["data"]
    assert (said["event_time"], said["event_end"]) == (FULL["event_time"], FULL["event_end"])


# --- what both pass in silence ---------------------------------------------------------------------


def no_list_of_all(manifest: Manifest) -> None:
    del assertion(manifest, "c2pa.actions.v2")["data"]["allActionsIncluded"]


def no_spec_version(manifest: Manifest) -> None:
    del manifest["claim_generator_info"][0]["specVersion"]


def all_gathered(manifest: Manifest) -> None:
    for item in manifest["assertions"]:
        item["created"] = False


def disclosure_of_human_work(manifest: Manifest) -> None:
    actions(manifest)[0]["digitalSourceType"] = KINDS["human_made"].digital_source_type


def other_level(manifest: Manifest) -> None:
    profile = assertion(manifest, "c2pa.ai-disclosure")["data"]["contentProfile"]
    profile["humanOversightLevel"] = "fully_autonomous"


def bogus_level(manifest: Manifest) -> None:
    assertion(manifest, "c2pa.ai-disclosure")["data"]["contentProfile"]["humanOversightLevel"] = "a little"


def no_model_type(manifest: Manifest) -> None:
    del assertion(manifest, "c2pa.ai-disclosure")["data"]["modelType"]


def two_disclosures(manifest: Manifest) -> None:
    manifest["assertions"].append(copy.deepcopy(assertion(manifest, "c2pa.ai-disclosure")))


def rights_in_c2pa_metadata(manifest: Manifest) -> None:
    data = {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:rights": "©"}
    manifest["assertions"].append({"label": "c2pa.metadata", "created": True, "kind": "Json", "data": data})


def custom_action(manifest: Manifest) -> None:
    actions(manifest).append({"action": "org.example.dreamt"})


SILENT = (
    no_list_of_all,
    no_spec_version,
    all_gathered,
    disclosure_of_human_work,
    other_level,
    bogus_level,
    no_model_type,
    two_disclosures,
    rights_in_c2pa_metadata,
    custom_action,
)


def rules_of_ours(manifest: Manifest) -> Iterator[str]:
    """What nobody downstream checks, as one reads it off a definition."""
    names = [item["label"] for item in manifest["assertions"]]
    listed = actions(manifest)
    stated = next(item["digitalSourceType"] for item in listed if "digitalSourceType" in item)
    if assertion(manifest, "c2pa.actions.v2")["data"].get("allActionsIncluded") is not True:
        yield "no_list_of_all"
    if "specVersion" not in manifest["claim_generator_info"][0]:
        yield "no_spec_version"
    if not all(item["created"] for item in manifest["assertions"]):
        yield "all_gathered"
    if names.count("c2pa.ai-disclosure") > 1:
        yield "two_disclosures"
    if "c2pa.metadata" in names:
        yield "rights_in_c2pa_metadata"
    if any(not item["action"].startswith("c2pa.") for item in listed):
        yield "custom_action"
    if "c2pa.ai-disclosure" in names:
        yield from rules_of_disclosure(assertion(manifest, "c2pa.ai-disclosure")["data"], stated)


def rules_of_disclosure(data: dict[str, Any], stated: str) -> Iterator[str]:
    if not any(facts.trained and facts.digital_source_type == stated for facts in KINDS.values()):
        yield "disclosure_of_human_work"
        return
    if "modelType" not in data:
        yield "no_model_type"
    level = data.get("contentProfile", {}).get("humanOversightLevel")
    if level is not None and level not in get_args(Oversight):
        yield "bogus_level"
    elif level is not None and not any(
        level in facts.oversight for facts in KINDS.values() if facts.digital_source_type == stated
    ):
        yield "other_level"


@pytest.mark.parametrize("spoil", SILENT, ids=lambda spoil: spoil.__name__)
def test_both_are_silent(
    spoil: Callable[[Manifest], None], cover: bytes, signer: Signer, trust: TrustStore, second: Second
) -> None:
    spoilt = made()
    spoil(spoilt)
    content = sign(cover, signer, spoilt)
    assert (engine_says(content, trust), second(content)) == ("Trusted", SOUND), "the trap is gone"
    assert list(rules_of_ours(spoilt)) == [spoil.__name__]


def test_none_of_that_is_ever_written() -> None:
    for manifest in everything():
        assert list(rules_of_ours(manifest)) == []


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("level", get_args(Oversight))
def test_disclosure_only_where_a_model_took_part(kind: str, level: str) -> None:
    systems = [] if kind == "human_made" else [{"name": "AcmeSynth"}]
    manifest = made({"kind": kind, "oversight": level, "systems": systems})
    found = [item["data"] for item in manifest["assertions"] if item["label"] == "c2pa.ai-disclosure"]
    assert len(found) == KINDS[kind].trained
    for data in found:
        assert data["modelType"] == "c2pa.types.model"
        assert ("contentProfile" in data) == (level in KINDS[kind].oversight)


def test_system_used_is_not_said_of_human_work() -> None:
    rights = {"rights": {"notice": "© 2026"}}
    assert "AISystem" not in json.dumps(made({"kind": "human_made", **rights}))
    told = assertion(made({"kind": "ai_generated", "systems": [{"name": "A"}], **rights}), "cawg.metadata")["data"]
    assert told["Iptc4xmpExt:AISystemUsed"] == "A"


# --- ingredients -----------------------------------------------------------------------------------


def claim_of(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read_with(content, engine.settings()).crjson())["manifests"][0]["claim.v2"]
    return found


def urls(entries: Any) -> str:
    return " ".join(entry["url"] for entry in entries or ())


def test_inputs_are_only_gathered_by_default(cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    """The setting wants the label without its version; with it, it has no effect."""
    c2pa = engine.binding()
    label = label_from_dict(FULL)
    given = definition(label, signed_label(label), has_parent=False, inputs=True)
    base = engine.settings()
    base["builder"]["created_assertion_labels"] = ["c2pa.ingredient.v3", "c2pa.embedded-data.v1"]
    builder = c2pa.Builder(json.dumps(given.manifest), c2pa.Context.from_json(json.dumps(base)))
    for name, content in given.resources.items():
        builder.add_resource(name, io.BytesIO(content))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), None)  # type: ignore[attr-defined]
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), JPEG, io.BytesIO(cover), dest)
    theirs = claim_of(dest.getvalue())
    assert "c2pa.ingredient" in urls(theirs["gathered_assertions"]), "the trap is gone"
    content, _ = label_bytes(cover, label, signer, inputs=True, sandbox=sandbox)
    ours = claim_of(content)
    assert "c2pa.ingredient" in urls(ours["created_assertions"])
    assert "c2pa.embedded-data" in urls(ours["created_assertions"])
    assert not ours.get("gathered_assertions")


def test_parent_that_was_altered_before(
    cover: bytes, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox, second: Second
) -> None:
    """Signed over, an altered file is Trusted to both; the recorded results of the ingredient alone tell."""
    honest, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    altered = honest[:-50] + bytes([honest[-50] ^ 1]) + honest[-49:]
    c2pa = engine.binding()
    builder = c2pa.Builder(json.dumps(made(has_parent=True)), c2pa.Context.from_json(json.dumps(engine.settings())))
    builder.add_ingredient(json.dumps({"relationship": "parentOf", "label": "parent"}), JPEG, io.BytesIO(altered))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), None)  # type: ignore[attr-defined]
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), JPEG, io.BytesIO(altered), dest)
    content = dest.getvalue()
    assert (engine_says(content, trust), second(content)) == ("Trusted", SOUND), "the trap is gone"
    judged = verify_bytes(content, trust=trust, sandbox=sandbox).files[0]
    assert (judged.axes.history, judged.passed) == ("broken", False)
    with pytest.raises(InputError, match="carries a broken manifest"):
        label_bytes(altered, label, signer, sandbox=sandbox)


# --- compression -----------------------------------------------------------------------------------


def test_compressed_manifest_breaks_a_gif(
    tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    with Image.open(MEDIA / "cover.jpg") as image:
        image.convert("P").resize((64, 64)).save(tmp_path / "still.gif")
    plain = (tmp_path / "still.gif").read_bytes()
    c2pa = engine.binding()
    asking = engine.settings()
    asking["core"]["prefer_compress_manifests"] = True
    builder = c2pa.Builder(json.dumps(made()), c2pa.Context.from_json(json.dumps(asking)))
    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem.encode(), signer.private_key_pem(), None)  # type: ignore[attr-defined]
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), "image/gif", io.BytesIO(plain), dest)
    reader = c2pa.Reader("image/gif", dest, context=c2pa.Context.from_json(json.dumps(engine.settings(trust))))
    assert reader.get_validation_state() == "Invalid", "the trap is gone"
    assert "prefer_compress_manifests" not in engine.settings()["core"]
    content, _ = label_bytes(plain, label, signer, sandbox=sandbox)
    assert verify_bytes(content, trust=trust, sandbox=sandbox).files[0].state == "trusted"


# --- numbers, texts and everything that must come back equal ----------------------------------------

EXTRA = {
    "float": 1.5,
    "small": -0.0,
    "large": 1e300,
    "whole": 3.0,
    "count": 2**63 - 1,
    "below": -(2**63),
    "bytes": [256, 1],
    "empty": [],
    "nothing": {},
    "null": None,
    "control": "\u0001\u007f",
    "nested": [[], [[1.5, []]], {"": {"a.b/c~d": True}}],
    "text": "é \u2028 \U0001f600",
}


def test_label_comes_back_equal(cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    label = label_from_dict(FULL | {"extra": EXTRA})
    content, _ = label_bytes(cover, label, signer, carriers=(), sandbox=sandbox)
    read = sandbox.read_bytes(content).manifests[0].label
    # As JSON, where 3.0 is not 3, and tuples are lists.
    assert json.dumps(read, sort_keys=True) == json.dumps(signed_label(label).system, sort_keys=True)


def test_seeds_are_texts(cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    """A seed may have 64 bits or more; the engine takes whole numbers of 63."""
    spoilt = made()
    assertion(spoilt, "org.provlabel.label")["data"]["seed"] = 2**63
    refused(cover, signer, spoilt, "too large")
    with pytest.raises(LabelError):
        label_from_dict({"kind": "ai_generated", "references": [{"type": "seed", "value": 7}]})
    content, _ = label_bytes(cover, label_from_dict(FULL), signer, inputs=True, sandbox=sandbox)
    read = sandbox.read_bytes(content).manifests[0].label
    assert read is not None
    assert read["references"] == FULL["references"]


@pytest.mark.parametrize("number", [-(2**63) - 1, 2**63, 2**100])
def test_numbers_that_the_engine_would_round_are_faults(number: int) -> None:
    with pytest.raises(LabelError, match="64 bits"):
        label_from_dict({"kind": "human_made", "extra": {"number": number}})


@pytest.mark.parametrize("value", [2**63, float("inf"), float("nan")], ids=str)
def test_numbers_the_engine_refuses_are_faults_of_the_label(value: float) -> None:
    with pytest.raises(LabelError):
        signed_label(label_from_dict({"kind": "human_made", "extra": {"number": value}}))


def test_nesting_the_engine_refuses_is_a_fault_of_the_label() -> None:
    nested: Any = []
    for _ in range(200):
        nested = [nested]
    with pytest.raises(LabelError):
        signed_label(label_from_dict({"kind": "human_made", "extra": {"nested": nested}}))


# --- msgspec as the label model --------------------------------------------------------------------


def test_msgspec_stops_at_the_first_fault() -> None:
    data = {"kind": "ai_genrated", "title": "", "event_time": "soon"}
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(data, Label)
    assert str(caught.value).count(" - at ") == 1
    assert {fault.at for fault in lint(data)} == {"/kind", "/title", "/event_time"}


class Optional(msgspec.Struct):
    """What the labels' own records must not look like."""

    span: Annotated[Span | None, msgspec.Meta(title="Span")] = None


def test_optional_with_none_hides_the_place() -> None:
    validator = jsonschema_rs.Draft202012Validator(msgspec.json.schema(Optional))
    assert [list(error.instance_path) for error in validator.iter_errors({"span": {"start": "x"}})] == [["span"]]
    part = {"part": "vocals", "extent": "All", "by": "ai", "span": {"start": "x"}}
    faults = {fault.at for fault in lint({"kind": "ai_generated", "contributions": [part]})}
    assert faults == {"/contributions/0/span", "/contributions/0/span/start"}
    published = json.dumps(SCHEMAS["label"]())
    assert not any(word in published for word in ('"anyOf"', '"oneOf"', '"null"', '"discriminator"'))


def test_no_empty_examples_and_privacy_beside_every_reference() -> None:
    for record in SCHEMAS["label"]()["$defs"].values():
        for node in record.get("properties", {}).values():
            assert node["x-privacy"] in ("system", "personal")
            assert node["examples"]


def test_unknown_fields_are_dropped_in_silence(
    cover: bytes, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """By msgspec; ours refuses them when signing, and keeps and shows them when reading."""
    data = {"kind": "human_made", "people": [{"id": "a", "shoe_size": 44}], "mood": "blue"}
    assert "mood" not in msgspec.to_builtins(msgspec.convert(data, Label)), "the trap is gone"
    with pytest.raises(LabelError) as caught:
        label_from_dict(data)
    assert {place for place, _ in caught.value.faults} == {"/people/0/shoe_size", "/mood"}
    assert {fault.at for fault in lint(data)} == {"/people/0/shoe_size", "/mood"}
    spoilt = made({"kind": "human_made"})
    assertion(spoilt, "org.provlabel.label")["data"] |= data
    judged = verify_bytes(sign(cover, signer, spoilt), trust=trust, sandbox=sandbox).files[0]
    assert judged.label is not None
    assert (judged.label.value["mood"], judged.label.value["people"][0]["shoe_size"]) == ("blue", 44)
    assert judged.axes.label == ("present",)


def test_times_of_toml_and_of_nine_digits(tmp_path: Path) -> None:
    """A ``datetime`` would round; a text is signed as it was written."""
    rounded = msgspec.json.decode(b'"2026-11-22T10:00:00.123456789+02:00"', type=dt.datetime)
    assert rounded.microsecond == 123457
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode("event_time = 2026-11-22T10:00:00Z", type=dict[str, str])
    path = tmp_path / "label.toml"
    path.write_text('kind = "human_made"\nevent_time = 2026-11-22T10:00:00+02:00\n')
    assert load_label(path).event_time == "2026-11-22T10:00:00+02:00"
    exact = "2026-11-22T10:00:00.123456789+02:00"
    assert label_from_dict({"kind": "human_made", "event_time": exact}).event_time == exact
    for text in ("2026-11-22", "2026-11-22T10:00:00", "2026-02-30T10:00:00Z"):
        with pytest.raises(LabelError):
            label_from_dict({"kind": "human_made", "event_time": text})
    leap = "2016-12-31T23:59:60Z"
    assert label_from_dict({"kind": "human_made", "event_time": leap}).event_time == leap


KIND = b'"kind": "human_made"'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{%b, %b}" % (KIND, KIND), "stands twice"),
        (b'{%b, "extra": {"a": {"b": 1, "b": 2}}}' % KIND, "stands twice"),
        (b'{%b, "extra": {"a": NaN}}' % KIND, "no JSON value"),
        (b'{%b, "extra": {"a": -Infinity}}' % KIND, "no JSON value"),
        (b"\xef\xbb\xbf{%b}" % KIND, "BOM"),
        (b'{%b, "title": "\\ud800"}' % KIND, "lone surrogate"),
        (b'{%b, "extra": {"a": "\\udfff"}}' % KIND, "lone surrogate"),
        (b'{%b, "title": "\xff"}' % KIND, "UTF-8"),
        (b'{%b, "extra": {"a": %b}}' % (KIND, b"[" * 5_000 + b"]" * 5_000), "nested too deeply"),
        (b'{%b, "extra": {"a": 1e400}}' % KIND, "no finite number"),
    ],
)
def test_input_that_json_readers_let_pass(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "label.json"
    path.write_bytes(content)
    with pytest.raises(LabelError, match=words):
        load_label(path)


def test_msgspec_lets_the_last_of_two_keys_win() -> None:
    assert msgspec.json.decode(b'{"kind": "human_made", "kind": "ai_generated"}', type=Label).kind == "ai_generated"


@pytest.mark.parametrize("word", ["nan", "inf", "-inf"])
def test_toml_without_a_number(word: str, tmp_path: Path) -> None:
    path = tmp_path / "label.toml"
    path.write_text(f'kind = "human_made"\n[extra]\na = {word}\n')
    with pytest.raises(LabelError):
        load_label(path)


# --- sniffing: the rows that test_formats does not cover --------------------------------------------


def known(content: bytes) -> Format | None:
    return sniff(lambda offset, length: content[offset : offset + length])


def tag(size: int) -> bytes:
    return b"ID3\x04\x00\x00\x00\x00" + bytes((size >> 7, size & 0x7F)) + bytes(size)


def test_jpeg_of_two_pictures_keeps_both(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    """MPO looks like JPEG; what follows the first picture must be bound and must stay."""
    with Image.open(MEDIA / "cover.jpg") as image:
        first = image.convert("RGB").resize((64, 64))
    source = io.BytesIO()
    first.save(source, "MPO", save_all=True, append_images=[first.rotate(90)])
    found = known(source.getvalue())
    assert found is not None
    assert found.name == "JPEG"
    content, _ = label_bytes(source.getvalue(), label, signer, sandbox=sandbox)
    assert verify_bytes(content, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    assert frames(content) == frames(source.getvalue())
    changed = bytearray(content)
    changed[-40] ^= 1
    assert verify_bytes(bytes(changed), trust=trust, sandbox=sandbox).files[0].state == "invalid"


def frames(content: bytes) -> list[bytes]:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "MPO"
        found = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]
    assert len(found) == 2
    return found


MP2 = b"\xff\xfd\x80\x04" + bytes(413)
ADTS = b"\xff\xf1\x50\x80\x02\x00\xfc" + bytes(9)
RIFF = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (MP2 * 4, None),
        (tag(10) + MP2 * 4, None),
        (tag(10) + RIFF + bytes(4), None),
        (tag(10) + tag(200) + b"\xff\xfb\x90\x00" + bytes(413), "MP3"),
        (tag(10) + tag(200) + b"fLaC" + bytes(40), "FLAC"),
        (tag(10) * 2 + ADTS * 4, "ADTS AAC"),
        (b"caff\x00\x01\x00\x00desc" + bytes(40), None),
        (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00" + bytes(24), None),
        (b"RIFF0000WEBPVP8 ", "WebP"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", None),
    ],
    ids=["MP2", "ID3+MP2", "ID3+RIFF", "ID3+ID3+MP3", "ID3+FLAC", "ID3+ADTS", "CAF", "W64", "WebP", "JP2"],
)
def test_sound_that_the_engine_takes_for_mpeg(content: bytes, name: str | None) -> None:
    found = known(content)
    assert (found.name if found else None) == name


@needs("ffmpeg")
def test_mp2_is_signed_as_mp3(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    path = tmp_path / "take.mp3"
    args = ["ffmpeg", "-v", "error", "-i", str(MEDIA / "take.wav"), "-c:a", "mp2", "-f", "mp2", str(path)]
    subprocess.run(args, check=True, capture_output=True)
    dest = io.BytesIO()
    source = io.BytesIO(path.read_bytes())
    signing.sign(
        definition(label, signed_label(label), has_parent=False), source, dest, "audio/mpeg", engine_credential(signer)
    )
    reading = engine.read(dest, "audio/mpeg", TrustStore())
    assert reading is not None, "the trap is gone"
    assert reading.state == "Valid"
    with pytest.raises(InputError):
        label_bytes(path.read_bytes(), label, signer, sandbox=sandbox)
