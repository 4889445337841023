"""From a label to the C2PA manifest definition: pure, and known to satisfy two verifiers.

Rules kept here because nobody downstream checks them (C2PA 2.4 §18.15, conformance v0.2):
the first action is exactly one ``created`` or ``opened``; ``created`` carries a source type and
``opened`` never does; a ``created`` and a parent exclude each other; ``specVersion`` is a full
SemVer; all our assertions are in ``created_assertions``; ``c2pa.ai-disclosure`` only where a
trained model took part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from provlabel._version import __version__
from provlabel.evidence import LABEL, PERSONAL
from provlabel.label import Label, SignedLabel, origin_of
from provlabel.label.records import System
from provlabel.label.vocabularies import KINDS

#: Version of the specification the manifests follow; the second verifier refuses a bare ``2.4``.
SPEC_VERSION = "2.4.0"
PARENT = "parent"
_GENERIC_MODEL = "c2pa.types.model"


def component(index: int) -> str:
    """Return the name by which the definition refers to the component of that index."""
    return f"component{index}"


def ingredient_definition(relationship: str, name: str, title: str) -> dict[str, Any]:
    """Return the definition of one ingredient file."""
    return {"relationship": relationship, "label": name, "title": title}


def definition(
    label: Label,
    signed: SignedLabel,
    *,
    has_parent: bool,
    transcoded: bool = False,
    components: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the manifest definition for ``label``.

    Args:
        label: what the user said.
        signed: the assertion data made from it.
        has_parent: a parent file is added as the ingredient :data:`PARENT`.
        transcoded: the parent is of another format than the file.
        components: names of the ingredients that were placed into the file.
    """
    actions, placeholder = _actions(label, has_parent, transcoded, components)
    assertions = [
        _assertion("c2pa.actions.v2", {"actions": actions, "allActionsIncluded": True}),
        _assertion(LABEL, signed.system),
    ]
    if signed.personal is not None:
        assertions.append(_assertion(PERSONAL, signed.personal))
    disclosure = _disclosure(label)
    if disclosure is not None:
        assertions.append(_assertion("c2pa.ai-disclosure", disclosure))
    made: dict[str, Any] = {
        "claim_generator_info": [{"name": "provlabel", "version": __version__, "specVersion": SPEC_VERSION}],
        "assertions": assertions,
    }
    if label.title is not UNSET:
        made["title"] = label.title
    if placeholder:
        made["ingredients"] = [placeholder]
    return made


def _assertion(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"label": name, "created": True, "data": data}


def _actions(
    label: Label, has_parent: bool, transcoded: bool, components: Sequence[str]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the actions, and the ingredient that stands for an original that is not at hand.

    A new work begins with ``created``.  What was altered, or comes from a parent, begins with
    ``opened``; when nobody has the original, an ingredient without bytes says just that.
    """
    altered = origin_of(label) == "altered"
    placed = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [name]}} for name in components]
    statement = _statement(label)
    if not has_parent and not altered:
        return [{"action": "c2pa.created", **statement}, *placed], None
    actions: list[dict[str, Any]] = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}]
    if transcoded:
        actions.append({"action": "c2pa.transcoded"})
    if altered:
        actions.append({"action": "c2pa.edited", **statement})
    else:
        # A label on an unchanged work: the source type goes where other readers look for it.
        actions.append({"action": "c2pa.edited.metadata", **statement})
    placeholder = ingredient_definition("parentOf", PARENT, "original, not at hand")
    return actions + placed, None if has_parent else placeholder


def _statement(label: Label) -> dict[str, Any]:
    """What the main action says: source type, when, by which system."""
    said: dict[str, Any] = {"digitalSourceType": KINDS[label.kind].digital_source_type}
    if label.event_time is not UNSET:
        said["when"] = label.event_time
    if label.systems:
        said["softwareAgent"] = _agent(label.systems[0])
    return said


def _agent(system: System) -> dict[str, str]:
    agent = {"name": system.name}
    if system.version is not UNSET:
        agent["version"] = system.version
    return agent


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
