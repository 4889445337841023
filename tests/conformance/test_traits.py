"""Each trait of C2PA's rubric, with a manifest that has it and one that breaks it; and the rubric itself."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from project import corpus_of_others
from provlabel import Label, label_file
from provlabel.conformance import TRAITS, Conformance, conform, traits
from provlabel.evidence import Evidence
from provlabel.label import label_from_dict
from provlabel.media.sidecar import beside
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from rubric import Rubric
from sample_files import MAKERS
from unfit import COVER, EDITED, PARENT, PART, UNFIT, Made, Unfit, manifest, signed, with_assertion

IDS = [trait.id.removeprefix("validation:") for trait in TRAITS]
#: A manifest that a trait applies to and that has it, where an ordinary one gives it nothing to look at.
FIT: dict[str, tuple[Made, tuple[str, ...]]] = {
    "review_ratings_datasource": (
        with_assertion("org.other.rated", {"reviewRatings": [{"value": 5, "explanation": "x"}]}),
        (),
    ),
    "alternative_content_representation_choice": (
        with_assertion(
            "c2pa.alternative-content-representation",
            {"type": "exif.originalPreservationImage", "parameters": {"multiAssetPartIndex": 1}},
        ),
        (),
    ),
    "forbidden_labels_in_external_references": (
        with_assertion("org.other.reference", {"label": "org.other.fine", "url": "https://a.example/x"}),
        (),
    ),
    "no_unrecognized_custom_actions": (manifest({**EDITED, "action": "org.other.done"}), ()),
    "no_unrecognized_custom_action_parameters": (manifest({**EDITED, "parameters": {"org.other.how": "x"}}), ()),
    "discouraged_legacy_action_parameters": (manifest({**EDITED, "parameters": {"org.other.how": "x"}}), ()),
    "no_unrecognized_custom_assertions": (with_assertion("org.other.fine", {"of": 1}), ()),
    "mandatory_dst_for_perceptible_transformations": (manifest(EDITED), ()),
    **dict.fromkeys(
        ("no_dst_for_opened_action", "all_actions_included_opened", "opened_action_ingredient_reference"),
        (
            {
                **manifest(),
                "assertions": [
                    {
                        "label": "c2pa.actions.v2",
                        "created": True,
                        "data": {
                            "actions": [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parentOf"]}}],
                            "allActionsIncluded": True,
                        },
                    }
                ],
            },
            PARENT,
        ),
    ),
    **dict.fromkeys(
        ("ingredient_v3_mandatory_validation_results", "ingredient_relationship_values", "ingredient_v3_choice"),
        (manifest({"action": "c2pa.placed", "parameters": {"ingredientIds": ["componentOf"]}}), PART),
    ),
    "ingredient_v3_no_active_manifest": (
        {**manifest(), "ingredients": [{"title": "a text", "relationship": "inputTo", "format": "text/plain"}]},
        (),
    ),
}


def read(content: bytes, folder: Path, sandbox: Sandbox) -> Evidence:
    path = folder / "a.jpg"
    path.write_bytes(content)
    return sandbox.read(path, sidecar=beside(path), crjson=True)


def edited(evidence: Evidence, unfit: Unfit) -> Evidence:
    """The same, with that change of the crJSON which the engine neither writes nor tells."""
    if unfit.edit is None:
        return evidence
    crjson = msgspec.json.decode(msgspec.json.encode(evidence.crjson))
    unfit.edit(crjson)
    return msgspec.structs.replace(evidence, crjson=crjson)


def outcome(found: Conformance, trait: str) -> str:
    return next(item.outcome for item in found.traits if item.id == f"validation:{trait}")


def test_a_tiff_whose_bytes_are_hashed(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    """The trait goes by what the file is, too: provlabel writes no assertion about its type."""
    source, dest = tmp_path / "a.tif", tmp_path / "labeled.tif"
    MAKERS["plain.tif"](source)
    label_file(source, dest, Label(kind="ai_generated"), signer, sandbox=sandbox)
    found = conform(sandbox.read(dest, crjson=True))
    assert (outcome(found, "no_box_hash_for_tiff"), found.passed) == ("pass", True)


@pytest.mark.parametrize("trait", [name for name in IDS if name != "no_box_hash_for_tiff"])
def test_a_manifest_that_has_it(trait: str, tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    made, parts = FIT.get(trait, (manifest(), ()))
    found = conform(read(signed(made, parts)(signer), tmp_path, sandbox))
    assert outcome(found, trait) == "pass"


@pytest.mark.parametrize("trait", IDS)
def test_a_manifest_that_breaks_it(trait: str, tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    unfit = UNFIT[trait]
    found = conform(edited(read(unfit.make(signer), tmp_path, sandbox), unfit))
    broken = "warning" if trait == "discouraged_legacy_action_parameters" else "fail"
    assert outcome(found, trait) == broken
    assert next(item.reason for item in found.traits if item.id == f"validation:{trait}")
    assert found.passed is (broken == "warning")


# --- the rubric itself -----------------------------------------------------------------------------


@functools.cache
def rubric() -> tuple[Any, Any]:
    path = corpus_of_others("conformance") / "asset-rubric-conformance0.2-spec2.4.yml"
    head, body = yaml.safe_load_all(path.read_text())
    return head, body


def test_the_table_is_the_rubric() -> None:
    """Names, words, sections and what only warns; a newer rubric shows here."""
    head, body = rubric()
    theirs = [
        (one["id"], one["description"].strip(), one.get("specSection", ""), bool(one.get("warnIfMatched")))
        for one in body
    ]
    assert [(one.id, one.says, one.section, one.warns) for one in TRAITS] == theirs
    about = head["rubric_metadata"]
    assert (about["name"], about["version"]) == (traits.RUBRIC, traits.RUBRIC_VERSION)
    assert about["date"].startswith(traits.RUBRIC_DATE)


def test_its_lists_are_those_of_the_rubric() -> None:
    head, _ = rubric()
    theirs = {name.removeprefix("$").upper(): set(values) for name, values in head["variables"].items()}
    assert {name: set(getattr(traits, name)) for name in theirs} == theirs


#: Traits that are stricter here, and say so: for one of these the rubric may pass what we do not.
STRICTER = {"no_deprecated_assertions", "no_url_in_hashes", "no_box_hash_for_tiff"}


def require_agreement(evidence: Evidence) -> None:
    """Hold our checks against the rubric's own expressions, over one manifest."""
    assert evidence.crjson is not None
    head, body = rubric()
    theirs = Rubric(head, expected_spec_version=traits.EXPECTED_SPEC)
    ours = {item.id: item.outcome in ("fail", "warning") for item in conform(evidence).traits}
    for one in body:
        matched = theirs.matched(one, {"manifests": [evidence.crjson]})
        broken = matched if one.get("failIfMatched") or one.get("warnIfMatched") else not matched
        stricter = one["id"].removeprefix("validation:") in STRICTER
        assert ours[one["id"]] == broken or (stricter and ours[one["id"]]), one["id"]


@pytest.mark.parametrize("trait", IDS)
def test_the_rubrics_own_expressions_say_the_same(trait: str, tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    """Each trait over each broken manifest, so that the checks cannot drift from what they are named after."""
    evidence = read(UNFIT[trait].make(signer), tmp_path, sandbox)
    require_agreement(edited(evidence, UNFIT[trait]))


def test_they_say_the_same_of_files_of_others(sandbox: Sandbox) -> None:
    """Claims of version 1, deprecated assertions and actions, ingredients of all kinds, damage."""
    folder = corpus_of_others()
    found = [sandbox.read(path, crjson=True) for path in sorted(folder.iterdir()) if path.is_file()]
    held = [evidence for evidence in found if evidence.crjson is not None and evidence.trouble is None]
    assert len(held) > 5
    for evidence in held:
        require_agreement(evidence)


# --- what is no manifest of ours -------------------------------------------------------------------


def test_what_cannot_be_checked_does_not_pass(tmp_path: Path, sandbox: Sandbox) -> None:
    found = conform(read(COVER, tmp_path, sandbox))
    assert (found.passed, found.traits, found.problem) == (False, (), "it has no manifest")
    found = conform(read(b"\xff\xd8\xff" + bytes(40), tmp_path, sandbox))
    assert (found.passed, found.traits) == (False, ())
    assert "cannot be read" in found.problem


@pytest.mark.parametrize("junk", [None, 7, "text", [], [None], [[1]], {"a": None}, [{"action": None}], [{"url": 5}]])
@pytest.mark.parametrize("key", ["assertions", "claim.v2", "validationResults", "label"])
def test_statements_of_any_shape_are_judged(key: str, junk: Any) -> None:
    """Nothing that a stranger signs ends the check; and an empty manifest has not what every one must have."""
    given = {key: junk, "assertions": {"c2pa.actions.v2": {"actions": junk}, "c2pa.ingredient.v3": junk}}
    given = given if key != "assertions" else {"assertions": junk}
    subject = traits.Written(given)
    broken = {trait.id for trait in TRAITS for item in trait.over(subject) if trait.broken(item)}
    assert "validation:mandatory_spec_version" in broken


# --- the command -----------------------------------------------------------------------------------


def test_what_the_command_says(tmp_path: Path, signer: Signer, sandbox: Sandbox, cli: Any) -> None:
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.jpg"
    (tmp_path / "plain.jpg").write_bytes(COVER)
    label_file(tmp_path / "plain.jpg", good, Label(kind="ai_generated"), signer, sandbox=sandbox)
    bad.write_bytes(UNFIT["no_unsupported_actions"].make(signer))
    done = cli("conform", good)
    assert done.returncode == 0
    assert "PASS" in done.stdout
    assert "no certification" in done.stdout
    done = cli("conform", good, bad)
    assert done.returncode == 1
    assert "FAIL  validation:no_unsupported_actions  (Spec 2.2 §18.14, §18.14.12)" in done.stdout
    assert "found: c2pa.unheard" in done.stdout
    done = cli("conform", tmp_path / "missing.jpg", good, "--format", "json")
    assert done.returncode == 3
    told = msgspec.json.decode(done.stdout)
    assert [(one["passed"], len(one["traits"])) for one in told["files"]] == [(True, 31)]
    assert "no certification" in told["note"]
    assert [Path(one["path"]).name for one in told["errors"]] == ["missing.jpg"]


@pytest.mark.parametrize("operation", ["edited", "mastered", "translated", "enhanced"])
def test_an_operation_of_nobody_passes(operation: str, tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    languages = {"source_language": "de", "target_language": "en"} if operation == "translated" else {}
    label = label_from_dict({"kind": "ai_modified", "operations": [{"operation": operation, **languages}]})
    source, dest = tmp_path / "plain.jpg", tmp_path / "a.jpg"
    source.write_bytes(COVER)
    label_file(source, dest, label, signer, sandbox=sandbox)
    assert conform(sandbox.read(dest, crjson=True)).passed
