"""The traits of C2PA's rubric as a table: what each looks at, and what breaks it.  Pure.

They are those of “C2PA Asset Conformance 0.2 Spec 2.4 Rubric”, version 1.0 of 6 August 2026, by the C2PA Conformance
Task Force (github.com/c2pa-org/conformance-public, asset-rubrics), licensed under CC BY 4.0.  Names, descriptions,
sections and lists are theirs, and a test holds them against the rubric; its expressions are written anew as checks of
ours.  Where two of these are stricter, they say so.

What a trait looks at is the active manifest as crJSON (C2PA 2.4).  It is a statement of others and has any shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from provlabel.evidence import mapping

#: Whose traits these are, as reports name them.
RUBRIC, RUBRIC_VERSION, RUBRIC_DATE = "C2PA Asset Conformance 0.2 Spec 2.4 Rubric", "1.0", "2026-08-06"
#: The version of the specification that the rubric is for.
EXPECTED_SPEC = "2.4"

INCEPTION_ACTIONS = ("c2pa.created", "c2pa.opened")
NON_EDITORIAL_ACTIONS = frozenset({
    "c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded", "c2pa.resized.proportional",
    "c2pa.enhanced", "c2pa.edited.metadata", "c2pa.watermarked", "c2pa.watermarked.bound", "c2pa.watermarked.unbound",
    "c2pa.redacted",
})  # fmt: skip
DST_EXEMPT_PERCEPTIBLE_ACTIONS = frozenset({"c2pa.placed"})
WELL_FORMED_ERROR_CODES = frozenset({
    "assertion.action.malformed", "assertion.bmffHash.malformed", "assertion.boxesHash.malformed",
    "assertion.collectionHash.malformed", "assertion.dataHash.malformed", "assertion.external-reference.malformed",
    "assertion.external-reference.labelMismatch", "assertion.external-reference.created",
    "assertion.ingredient.malformed", "assertion.alternativeContentRepresentation.malformed",
    "assertion.alternativeContentRepresentation.missing", "assertion.multiAssetHash.malformed",
    "assertion.cbor.invalid", "assertion.json.invalid", "claim.cbor.invalid", "claim.hardBindings.missing",
    "claim.malformed", "claim.missing", "claim.multiple", "hashedURI.missing", "ingredient.manifest.missing",
    "assertion.boxesHash.unknownBox", "assertion.multipleHardBindings", "manifest.compressed.invalid",
    "manifest.html.multipleManifests", "manifest.inaccessible", "manifest.multipleParents",
    "manifest.structuredText.emptyReference", "manifest.structuredText.malformedReference",
    "manifest.structuredText.multipleReferences", "manifest.structuredText.noManifest",
    "manifest.structuredText.noResolutionPath", "manifest.timestamp.invalid", "manifest.timestamp.wrongParents",
    "manifest.update.invalid", "manifest.update.wrongParents", "MISSING_VALIDATION_RESULTS",
})  # fmt: skip
VALID_ERROR_CODES = frozenset({
    "assertion.action.ingredientMismatch", "assertion.action.redactionMismatch", "assertion.bmffHash.mismatch",
    "assertion.boxesHash.mismatch", "assertion.collectionHash.mismatch", "assertion.dataHash.mismatch",
    "assertion.external-reference.hashMismatch", "assertion.alternativeContentRepresentation.hashMismatch",
    "assertion.multiAssetHash.mismatch", "assertion.hashedURI.mismatch", "assertion.hardBinding.redacted",
    "hashedURI.mismatch", "ingredient.manifest.mismatch", "ingredient.claimSignature.missing",
    "ingredient.claimSignature.mismatch", "claimSignature.missing", "MISSING_VALIDATION_RESULTS",
})  # fmt: skip
VALID_RELATIONSHIP_VALUES = frozenset({"parentOf", "inputTo", "componentOf"})
HUMAN_ENTRY_SOURCE_TYPES = frozenset({"humanEntry.anonymous", "humanEntry.credentialed"})
TIFF_MEDIA_TYPES = frozenset({"image/tiff", "image/x-adobe-dng"})
ALLOWED_ASSERTIONS = frozenset({
    "c2pa.hash.data", "c2pa.hash.data.part", "c2pa.actions.v2", "c2pa.ingredient.v3", "c2pa.hash.boxes",
    "c2pa.hash.bmff.v3", "c2pa.hash.collection.data", "c2pa.soft-binding", "c2pa.cloud-data", "c2pa.embedded-data",
    "c2pa.metadata", "c2pa.certificate-status", "c2pa.asset-ref", "c2pa.asset-type.v2", "c2pa.hash.multi-asset",
    "c2pa.thumbnail.claim", "c2pa.thumbnail.ingredient", "c2pa.depthmap.GDepth", "c2pa.icon",
    "c2pa.alternative-content-representation", "c2pa.external-reference", "c2pa.session-keys",
    "c2pa.environmental-sustainability", "c2pa.repository-receipt", "c2pa.ai-disclosure", "c2pa.assertion.metadata",
    "c2pa.time-stamp", "font.info",
})  # fmt: skip
ALLOWED_ACTIONS = frozenset({
    "c2pa.addedText", "c2pa.adjustedColor", "c2pa.changedSpeed", "c2pa.color_adjustments", "c2pa.converted",
    "c2pa.created", "c2pa.cropped", "c2pa.deleted", "c2pa.drawing", "c2pa.dubbed", "c2pa.edited",
    "c2pa.edited.metadata", "c2pa.enhanced", "c2pa.filtered", "c2pa.mastered", "c2pa.mixed", "c2pa.opened",
    "c2pa.orientation", "c2pa.placed", "c2pa.published", "c2pa.redacted", "c2pa.remixed", "c2pa.removed",
    "c2pa.repackaged", "c2pa.resized", "c2pa.resized.proportional", "c2pa.transcoded", "c2pa.translated",
    "c2pa.trimmed", "c2pa.unknown", "c2pa.watermarked", "c2pa.watermarked.bound", "c2pa.watermarked.unbound",
})  # fmt: skip
DEPRECATED_ASSERTION_LABELS = frozenset({
    "c2pa.claim", "c2pa.hash.bmff.v2", "c2pa.asset-type", "c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.actions",
})  # fmt: skip
DEPRECATED_ACTION_LABELS = frozenset({
    "c2pa.copied", "c2pa.formatted", "c2pa.version_updated", "c2pa.printed", "c2pa.managed", "c2pa.produced",
    "c2pa.saved", "c2pa.color_adjustments", "c2pa.watermarked",
})  # fmt: skip
STANDARD_PARAMETERS = frozenset({
    "redacted", "ingredients", "ingredient", "description", "relatedAssertions", "sourceLanguage", "targetLanguage",
    "multipleInstances", "ranges", "weight", "width", "italic", "slant", "optical-size",
})  # fmt: skip


class Written(NamedTuple):
    """What the traits are held against."""

    manifest: Mapping[str, Any]  #: the active one, as crJSON
    failures: tuple[str, ...] = ()  #: status codes of what failed in it, ours among them
    tiff: bool = False  #: the file is built as a TIFF, by its content


class Trait(NamedTuple):
    """One trait of the rubric."""

    id: str  #: as the rubric has it
    says: str  #: as the rubric describes it
    section: str  #: of the specification; empty where the programme itself asks for it
    over: Callable[[Written], Iterable[Any]]  #: what it looks at; nothing makes it not applicable
    broken: Callable[[Any], str]  #: what is wrong with one of these; empty where nothing is
    warns: bool = False  #: the rubric warns, and does not fail


# --- what traits look at ---------------------------------------------------------------------------


def _assertions(subject: Written) -> Mapping[str, Any]:
    return mapping(subject.manifest.get("assertions"))


def _bodies(subject: Written) -> Iterator[Mapping[str, Any]]:
    return (data for data in _assertions(subject).values() if isinstance(data, Mapping))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; of anything else, none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def _claim(subject: Written) -> Mapping[str, Any]:
    return mapping(subject.manifest.get("claim.v2"))


def _whole(subject: Written) -> tuple[Written]:
    return (subject,)


def _names(subject: Written) -> Iterable[str]:
    return _assertions(subject)


def _standard_names(subject: Written) -> list[str]:
    return [name for name in _names(subject) if name.startswith("c2pa.")]


def _custom_names(subject: Written) -> list[str]:
    return [name for name in _names(subject) if not name.startswith("c2pa.")]


def _lists_of_actions(subject: Written) -> list[tuple[str, Mapping[str, Any]]]:
    found = ((name, mapping(data)) for name, data in _assertions(subject).items())
    return [(name, data) for name, data in found if data.get("actions") is not None]


def _actions(subject: Written) -> list[Mapping[str, Any]]:
    return [action for _, data in _lists_of_actions(subject) for action in _mappings(data["actions"])]


def _called(action: Mapping[str, Any]) -> str:
    return str(action.get("action") or "")


def _actions_called(*names: str) -> Callable[[Written], list[Mapping[str, Any]]]:
    return lambda subject: [action for action in _actions(subject) if _called(action) in names]


def _standard_actions(subject: Written) -> list[Mapping[str, Any]]:
    return [action for action in _actions(subject) if _called(action).startswith("c2pa.")]


def _custom_actions(subject: Written) -> list[Mapping[str, Any]]:
    return [action for action in _actions(subject) if not _called(action).startswith("c2pa.")]


def _perceptible(subject: Written) -> list[Mapping[str, Any]]:
    exempt = NON_EDITORIAL_ACTIONS.union(INCEPTION_ACTIONS, DST_EXEMPT_PERCEPTIBLE_ACTIONS)
    return [action for action in _standard_actions(subject) if _called(action) not in exempt]


def _with_parameters(subject: Written) -> list[Mapping[str, Any]]:
    return [action for action in _actions(subject) if mapping(action.get("parameters"))]


def _parameters(subject: Written) -> list[str]:
    return [str(name) for action in _with_parameters(subject) for name in action["parameters"]]


def _ingredients(subject: Written) -> list[Mapping[str, Any]]:
    return [data for data in _bodies(subject) if data.get("relationship") is not None]


def _with_manifest(subject: Written) -> list[Mapping[str, Any]]:
    return [data for data in _ingredients(subject) if data.get("activeManifest") is not None]


def _without_manifest(subject: Written) -> list[Mapping[str, Any]]:
    return [data for data in _ingredients(subject) if data.get("activeManifest") is None]


def _rated(subject: Written) -> list[Mapping[str, Any]]:
    return [data for data in _bodies(subject) if data.get("reviewRatings") is not None]


def _alternatives(subject: Written) -> list[Mapping[str, Any]]:
    kind = "exif.originalPreservationImage"
    return [
        data for data in _bodies(subject) if kind in (data.get("type"), mapping(data.get("parameters")).get("type"))
    ]


def _external_references(subject: Written) -> list[Mapping[str, Any]]:
    return [
        data
        for data in _bodies(subject)
        if data.get("label") is not None and data.get("url") is not None and data.get("relationship") is None
    ]


def _hashes(subject: Written) -> list[tuple[str, Mapping[str, Any]]]:
    """The rubric knows the first of each kind; here all of them count."""
    kinds = ("c2pa.hash.data", "c2pa.hash.bmff.v3")
    return [(name, mapping(data)) for name, data in _assertions(subject).items() if _base(name) in kinds]


def _opened_alone(subject: Written) -> list[Written]:
    return [subject] if [_called(action) for action in _actions(subject)] == ["c2pa.opened"] else []


def _of_tiff(subject: Written) -> list[Written]:
    """The rubric goes by what the manifest says of the file; what the file is counts too."""
    said = mapping(_assertions(subject).get("c2pa.asset-type.v2")).get("dc:format")
    return [subject] if subject.tiff or str(said) in TIFF_MEDIA_TYPES else []


# --- what breaks them ------------------------------------------------------------------------------


def _base(name: str) -> str:
    return name.split("__")[0]


def _no_source(action: Mapping[str, Any]) -> str:
    return f"{_called(action)} has no digitalSourceType" if action.get("digitalSourceType") is None else ""


def _has_source(action: Mapping[str, Any]) -> str:
    stated = action.get("digitalSourceType")
    return "" if stated is None else f"{_called(action)} says {stated}"


def _other_spec(subject: Written) -> str:
    stated = _claim(subject).get("claim_generator_info")
    first = mapping(stated[0] if isinstance(stated, list) and stated else stated)
    version = first.get("specVersion")
    if version is None:
        return "claim_generator_info has no specVersion"
    fits = isinstance(version, str) and version.split(".")[:2] == EXPECTED_SPEC.split(".")
    return "" if fits else f"specVersion is {version}, and not {EXPECTED_SPEC}"


def _silent_about_others(item: tuple[str, Mapping[str, Any]]) -> str:
    name, data = item
    return f"{name} has no allActionsIncluded" if data.get("allActionsIncluded") is None else ""


def _not_validated(subject: Written) -> str:
    return "" if subject.manifest.get("validationResults") is not None else "there are no validation results"


def _failing(codes: frozenset[str]) -> Callable[[Written], str]:
    def broken(subject: Written) -> str:
        found = ("MISSING_VALIDATION_RESULTS",) if _not_validated(subject) else subject.failures
        return ", ".join(dict.fromkeys(code for code in found if code in codes))

    return broken


def _misplaced_beginning(subject: Written) -> str:
    urls = [str(item.get("url") or "") for item in _mappings(_claim(subject).get("created_assertions"))]
    first = next((url for url in urls if "c2pa.actions" in url), "")
    if not first.endswith("c2pa.actions.v2"):
        return "no c2pa.actions.v2 is the first actions assertion among the created ones"
    names = [_called(action) for action in _actions(subject)]
    if "c2pa.created" in names and names[0] not in INCEPTION_ACTIONS:
        return f"the first action is {names[0]}"
    return ""


def _deprecated_assertion(name: str) -> str:
    """The rubric lets pass the second of its kind (``__1``); here it counts."""
    return name if name.startswith("stds.") or _base(name) in DEPRECATED_ASSERTION_LABELS else ""


def _unknown_assertion(name: str) -> str:
    return "" if _base(name) in ALLOWED_ASSERTIONS | DEPRECATED_ASSERTION_LABELS else name


def _deprecated_action(action: Mapping[str, Any]) -> str:
    return _called(action) if _called(action) in DEPRECATED_ACTION_LABELS else ""


def _unknown_action(action: Mapping[str, Any]) -> str:
    return "" if _called(action) in ALLOWED_ACTIONS else _called(action)


def _undotted(name: str) -> str:
    return "" if "." in name else name or "a name that is empty"


def _undotted_action(action: Mapping[str, Any]) -> str:
    return _undotted(_called(action))


def _unknown_parameter(name: str) -> str:
    return "" if name in STANDARD_PARAMETERS else _undotted(name)


def _legacy_parameters(action: Mapping[str, Any]) -> str:
    old = [name for name in ("description", "ingredient") if action["parameters"].get(name) is not None]
    return f"{_called(action)} has {' and '.join(old)} among its parameters" if old else ""


def _other_name(subject: Written) -> str:
    name = str(subject.manifest.get("label") or "")
    return "" if name.startswith("urn:c2pa:") else name or "it has no name"


def _rated_by_hand(data: Mapping[str, Any]) -> str:
    kind = str(mapping(data.get("dataSource")).get("type"))
    return f"reviewRatings of {kind}" if kind in HUMAN_ENTRY_SOURCE_TYPES else ""


def _titled(data: Mapping[str, Any]) -> str:
    return str(data.get("dc:title") or data.get("relationship"))


def _results_of_nothing(data: Mapping[str, Any]) -> str:
    return f"{_titled(data)} has validationResults" if data.get("validationResults") is not None else ""


def _results_missing(data: Mapping[str, Any]) -> str:
    return f"{_titled(data)} has no validationResults" if data.get("validationResults") is None else ""


def _other_relationship(data: Mapping[str, Any]) -> str:
    stated = data["relationship"]
    return "" if isinstance(stated, str) and stated in VALID_RELATIONSHIP_VALUES else str(stated)


def _old_claim_field(subject: Written) -> str:
    return "specVersion in claim" if _claim(subject).get("specVersion") is not None else ""


def _both_sources(data: Mapping[str, Any]) -> str:
    stated = data.get("digitalSourceType")
    return "" if stated is None else f"{_titled(data)} has a manifest, and says {stated}"


def _not_one_alternative(data: Mapping[str, Any]) -> str:
    given = mapping(data.get("parameters"))
    found = [
        name for name in ("multiAssetPartIndex", "embeddedOriginalPreservationImage") if given.get(name) is not None
    ]
    return "" if len(found) == 1 else f"has {' and '.join(found) or 'neither'}"


def _forbidden_reference(data: Mapping[str, Any]) -> str:
    name = str(data["label"])
    barred = name in ("c2pa.actions", "c2pa.actions.v2", "c2pa.cloud-data", "c2pa.external-reference")
    return name if barred or name.startswith(("c2pa.hash", "c2pa.ingredient")) else ""


def _has_url(item: tuple[str, Mapping[str, Any]]) -> str:
    name, data = item
    return name if data.get("url") else ""


def _not_all_included(subject: Written) -> str:
    included = mapping(_assertions(subject).get("c2pa.actions.v2")).get("allActionsIncluded")
    return "" if included is True else "c2pa.opened stands alone, and allActionsIncluded is not true"


def _not_one_parent(action: Mapping[str, Any]) -> str:
    given = mapping(action.get("parameters")).get("ingredients")
    count = len(given) if isinstance(given, (list, tuple)) else 0
    return "" if count == 1 else f"{count} ingredients"


def _hashed_by_boxes(subject: Written) -> str:
    return "c2pa.hash.boxes" if "c2pa.hash.boxes" in _assertions(subject) else ""


# fmt: off
#: In the order of the rubric.
TRAITS: tuple[Trait, ...] = (
    Trait(
        "validation:mandatory_dst_for_perceptible_transformations",
        "Check if every predefined C2PA perceptible transformation action in the active manifest has a "
        "digitalSourceType (Conformance Program requirement)",
        "", _perceptible, _no_source,
    ),
    Trait(
        "validation:mandatory_spec_version",
        "Check if specVersion is present and correct in claim_generator_info (mandatory since Conformance v0.2 "
        "for Spec 2.4+)",
        "", _whole, _other_spec,
    ),
    Trait(
        "validation:mandatory_all_actions_included",
        "Check that allActionsIncluded is populated in all actions assertions (Conformance Program requirement)",
        "", _lists_of_actions, _silent_about_others,
    ),
    Trait(
        "validation:no_dst_for_opened_action",
        "Check that c2pa.opened actions do not have digitalSourceType (Conformance Program 0.2 requirement, "
        "enforced for Spec 2.4+)",
        "", _actions_called("c2pa.opened"), _has_source,
    ),
    Trait(
        "validation:well_formed_data_present",
        "Check if validation results are present for structural analysis",
        "", _whole, _not_validated,
    ),
    Trait(
        "validation:well_formed_success",
        "Check if the asset has any structural or malformation failures (from the well-formed list)",
        "", _whole, _failing(WELL_FORMED_ERROR_CODES),
    ),
    Trait(
        "validation:valid_data_present",
        "Check if validation results are present for integrity analysis",
        "", _whole, _not_validated,
    ),
    Trait(
        "validation:valid_success",
        "Check if the asset has any validation mismatches (from the valid list)",
        "", _whole, _failing(VALID_ERROR_CODES),
    ),
    Trait(
        "validation:inception_action_position",
        "Check if an inception action is the first action in the first actions assertion in created_assertions "
        "(mandatory since Spec 2.2)",
        "Spec 2.2 §18.14.2", _whole, _misplaced_beginning,
    ),
    Trait(
        "validation:no_deprecated_assertions",
        "Check for known deprecated assertion labels (mandatory since Spec 2.2)",
        "Spec 2.2 §6.3, App C.1", _names, _deprecated_assertion,
    ),
    Trait(
        "validation:no_unsupported_assertions",
        "Check if all C2PA standard assertions are in the allow-list (mandatory since Spec 2.2)",
        "Spec 2.2 §6.2, §6.2.2, §6.3", _standard_names, _unknown_assertion,
    ),
    Trait(
        "validation:no_deprecated_actions",
        "Check for deprecated action types in c2pa.actions.v2 (mandatory since Spec 2.2)",
        "Spec 2.2 §18.14.11, App C.1", _actions, _deprecated_action,
    ),
    Trait(
        "validation:no_unsupported_actions",
        "Check if all C2PA standard actions are in the allow-list (mandatory since Spec 2.2)",
        "Spec 2.2 §18.14, §18.14.12", _standard_actions, _unknown_action,
    ),
    Trait(
        "validation:no_unrecognized_custom_assertions",
        "Verify that custom assertions conform to entity-specific namespacing (MUST contain a dot '.') "
        "(mandatory since Spec 2.2)",
        "Spec 2.2 §6.2.2", _custom_names, _undotted,
    ),
    Trait(
        "validation:no_unrecognized_custom_actions",
        "Verify that custom actions conform to entity-specific namespacing (MUST contain a dot '.') (mandatory "
        "since Spec 2.2)",
        "Spec 2.2 §18.14, §18.14.12", _custom_actions, _undotted_action,
    ),
    Trait(
        "validation:no_unrecognized_custom_action_parameters",
        "Verify that custom action parameters conform to entity-specific namespacing (MUST contain a dot '.') "
        "(mandatory since Spec 2.2)",
        "Spec 2.2 §18.14.4.7", _parameters, _unknown_parameter,
    ),
    Trait(
        "validation:discouraged_legacy_action_parameters",
        "Check for deprecated or misplaced standard parameters inside the parameters block (warn since Spec 2.2)",
        "Spec 2.2 §18.14.4.1, §18.14.12", _with_parameters, _legacy_parameters, warns=True,
    ),
    Trait(
        "validation:active_manifest_urn",
        "Check if the active manifest URN uses 'urn:c2pa:' prefix (v2.2+ requirement)",
        "Spec 2.2 §8.1, §10.2.1", _whole, _other_name,
    ),
    Trait(
        "validation:review_ratings_datasource",
        "Check that reviewRatings is absent when dataSource type is human entry",
        "Spec 2.2 §18.3.3", _rated, _rated_by_hand,
    ),
    Trait(
        "validation:ingredient_v3_no_active_manifest",
        "Check that ingredient v3 has no validationResults if no activeManifest",
        "Spec 2.2 §18.15.12.4.3", _without_manifest, _results_of_nothing,
    ),
    Trait(
        "validation:ingredient_v3_mandatory_validation_results",
        "Check that ingredient v3 has validationResults if activeManifest is present",
        "Spec 2.2 §18.15.12.4.3", _with_manifest, _results_missing,
    ),
    Trait(
        "validation:ingredient_relationship_values",
        "Check that the relationship field in all ingredient assertions is valid",
        "Spec 2.2 §18.15.3", _ingredients, _other_relationship,
    ),
    Trait(
        "validation:mandatory_dst_for_created_action",
        "Check that c2pa.created actions have a digitalSourceType (mandatory since Spec 2.2)",
        "Spec 2.2 §18.14.2, §18.14.4.5", _actions_called("c2pa.created"), _no_source,
    ),
    Trait(
        "validation:no_deprecated_claim_fields",
        "Check for deprecated fields in the claim (e.g. specVersion in claim instead of claim_generator_info)",
        "Spec 2.4 §10.2.3.2, §10.2.1", _whole, _old_claim_field,
    ),
    Trait(
        "validation:ingredient_v3_choice",
        "Check that ingredient v3 does not contain both activeManifest and digitalSourceType",
        "Spec 2.4 §18.16.12.3", _with_manifest, _both_sources,
    ),
    Trait(
        "validation:alternative_content_representation_choice",
        "Check that alternative content representation has exactly one of multiAssetPartIndex or "
        "embeddedOriginalPreservationImage",
        "Spec 2.4 §15.10.3.2.7", _alternatives, _not_one_alternative,
    ),
    Trait(
        "validation:forbidden_labels_in_external_references",
        "Check that external references do not point to forbidden labels",
        "Spec 2.4 §15.10.3.2.2, §18.24.1", _external_references, _forbidden_reference,
    ),
    Trait(
        "validation:no_url_in_hashes",
        "Check that deprecated url field is not present in hash assertions (Spec 2.4)",
        "Spec 2.4 §18.5, §18.6", _hashes, _has_url,
    ),
    Trait(
        "validation:all_actions_included_opened",
        "Check that allActionsIncluded is true when a claim generator opens and immediately re-saves an asset "
        "without making other changes (Spec 2.4)",
        "Spec 2.4 §18.15.3", _opened_alone, _not_all_included,
    ),
    Trait(
        "validation:opened_action_ingredient_reference",
        "Check that a c2pa.opened action includes exactly one reference to the corresponding parentOf ingredient "
        "assertion (Spec 2.4)",
        "Spec 2.4 §15.10.3.2.3, §18.15.4.7", _actions_called("c2pa.opened"), _not_one_parent,
    ),
    Trait(
        "validation:no_box_hash_for_tiff",
        "Verify that deprecated box hash is not used for TIFF-based assets (Spec 2.4)",
        "Spec 2.4 §18.7.3.3, §15.10.1.2", _of_tiff, _hashed_by_boxes,
    ),
)
# fmt: on
