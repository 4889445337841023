"""Manifests that break one trait of C2PA's rubric each: signed by the engine where it signs that, else edited after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from bare_engine import sign
from project import MEDIA
from provlabel.label.vocabularies import IPTC
from provlabel.signers import Signer

COVER = (MEDIA / "cover.jpg").read_bytes()
Made = dict[str, Any]
CREATED: Made = {"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCapture"}


class Unfit(NamedTuple):
    """How one trait is broken."""

    make: Callable[[Signer], bytes]
    edit: Callable[[Made], None] | None = None  #: of the crJSON, where the engine neither writes nor tells it


def manifest(*actions: Made, **more: Any) -> Made:
    """A definition with ``actions`` after a creation; ``more`` are further keys of the actions assertion."""
    data = {"actions": [CREATED, *actions], "allActionsIncluded": True, **more}
    info = {"name": "other", "version": "1.0", "specVersion": "2.4.0"}
    return {
        "claim_generator_info": [info],
        "assertions": [{"label": "c2pa.actions.v2", "data": data, "created": True}],
    }


def with_assertion(name: str, data: Made, **how: Any) -> Made:
    made = manifest()
    made["assertions"].append({"label": name, "data": data, "created": True, **how})
    return made


def changed(change: Callable[[Made], Any]) -> Made:
    made = manifest()
    change(made)
    return made


def signed(made: Made, parts: tuple[str, ...] = ()) -> Callable[[Signer], bytes]:
    """Have the engine sign a definition; ``parts`` are relationships of ingredients that have a manifest."""

    def make(signer: Signer) -> bytes:
        given = {name: sign(COVER, signer) for name in parts}
        return sign(COVER, signer, made, parts=given)

    return make


def replaced(made: Made, old: bytes, new: bytes, parts: tuple[str, ...] = ()) -> Callable[[Signer], bytes]:
    """The same, and a text in the manifest is another one of the same length."""
    assert len(old) == len(new)

    def make(signer: Signer) -> bytes:
        content = signed(made, parts)(signer)
        assert old in content
        at = content.rindex(old)  # the last manifest is the active one
        return content[:at] + new + content[at + len(old) :]

    return make


def _actions(made: Made) -> Made:
    data: Made = made["assertions"][0]["data"]
    return data


def _opening(*, included: bool = True, **more: Any) -> Made:
    action = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parentOf"]}, **more}
    made = manifest(allActionsIncluded=included)
    _actions(made)["actions"] = [action]
    return made


def _placing() -> Made:
    return manifest({"action": "c2pa.placed", "parameters": {"ingredientIds": ["componentOf"]}})


EDITED = {"action": "c2pa.edited", "digitalSourceType": IPTC + "humanEdits"}


def _pixel(signer: Signer) -> bytes:
    content = bytearray(sign(COVER, signer, manifest()))
    content[-100] ^= 1
    return bytes(content)


PARENT, PART = ("parentOf",), ("componentOf",)
#: Trait (without ``validation:``) -> what breaks it.
UNFIT: dict[str, Unfit] = {
    "mandatory_dst_for_perceptible_transformations": Unfit(signed(manifest({"action": "c2pa.edited"}))),
    "mandatory_spec_version": Unfit(signed(changed(lambda made: made["claim_generator_info"][0].pop("specVersion")))),
    "mandatory_all_actions_included": Unfit(signed(changed(lambda made: _actions(made).pop("allActionsIncluded")))),
    "no_dst_for_opened_action": Unfit(signed(_opening(digitalSourceType=IPTC + "digitalCapture"), PARENT)),
    "well_formed_data_present": Unfit(signed(manifest()), lambda crjson: crjson.pop("validationResults")),
    "well_formed_success": Unfit(signed(manifest(CREATED))),
    "valid_data_present": Unfit(signed(manifest()), lambda crjson: crjson.pop("validationResults")),
    "valid_success": Unfit(_pixel),
    "inception_action_position": Unfit(signed(changed(lambda made: made["assertions"][0].pop("created")))),
    "no_deprecated_assertions": Unfit(signed(with_assertion("stds.exif", {"@context": {}}, kind="Json"))),
    "no_unsupported_assertions": Unfit(signed(with_assertion("c2pa.unheard", {"of": 1}))),
    "no_deprecated_actions": Unfit(signed(manifest({**EDITED, "action": "c2pa.produced"}))),
    "no_unsupported_actions": Unfit(signed(manifest({**EDITED, "action": "c2pa.unheard"}))),
    "no_unrecognized_custom_assertions": Unfit(signed(with_assertion("nodot", {"of": 1}))),
    "no_unrecognized_custom_actions": Unfit(signed(manifest({**EDITED, "action": "nodot"}))),
    "no_unrecognized_custom_action_parameters": Unfit(signed(manifest({**EDITED, "parameters": {"nodot": "1"}}))),
    "discouraged_legacy_action_parameters": Unfit(signed(manifest({**EDITED, "parameters": {"description": "x"}}))),
    "active_manifest_urn": Unfit(signed({**manifest(), "claim_version": 1})),
    "review_ratings_datasource": Unfit(
        signed(
            with_assertion(
                "org.other.rated",
                {"dataSource": {"type": "humanEntry.anonymous"}, "reviewRatings": [{"value": 1, "explanation": "x"}]},
            )
        )
    ),
    "ingredient_v3_no_active_manifest": Unfit(replaced(_placing(), b"activeManifest", b"activeManifesX", PART)),
    "ingredient_v3_mandatory_validation_results": Unfit(
        signed(_placing(), PART), lambda crjson: crjson["assertions"]["c2pa.ingredient.v3"].pop("validationResults")
    ),
    "ingredient_relationship_values": Unfit(
        signed(_placing(), PART),
        lambda crjson: crjson["assertions"]["c2pa.ingredient.v3"].update(relationship="siblingOf"),
    ),
    "mandatory_dst_for_created_action": Unfit(replaced(manifest(), b"digitalSourceType", b"digitalSourceTypX")),
    "no_deprecated_claim_fields": Unfit(
        signed(manifest()), lambda crjson: crjson["claim.v2"].update(specVersion="2.4.0")
    ),
    "ingredient_v3_choice": Unfit(
        signed(_placing(), PART),
        lambda crjson: crjson["assertions"]["c2pa.ingredient.v3"].update(digitalSourceType=IPTC + "digitalCapture"),
    ),
    "alternative_content_representation_choice": Unfit(
        signed(with_assertion("c2pa.alternative-content-representation", {"type": "exif.originalPreservationImage"}))
    ),
    "forbidden_labels_in_external_references": Unfit(
        signed(with_assertion("org.other.reference", {"label": "c2pa.actions.v2", "url": "https://a.example/x"}))
    ),
    "no_url_in_hashes": Unfit(
        signed(manifest()), lambda crjson: crjson["assertions"]["c2pa.hash.data"].update(url="https://a.example/x")
    ),
    "all_actions_included_opened": Unfit(signed(_opening(included=False), PARENT)),
    "opened_action_ingredient_reference": Unfit(replaced(_opening(), b"kingredients", b"kingredientX", PARENT)),
    "no_box_hash_for_tiff": Unfit(
        signed(manifest()),
        lambda crjson: crjson["assertions"].update(
            {"c2pa.hash.boxes": {}, "c2pa.asset-type.v2": {"dc:format": "image/tiff"}}
        ),
    ),
}
