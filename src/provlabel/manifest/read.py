"""From a manifest to a label: ours as it was signed, or what the standard assertions of others say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from provlabel.evidence import Action, Manifest, mapping
from provlabel.label.vocabularies import AI_KINDS, CAWG_USES, IPTC, KINDS, SOURCE_TYPES
from provlabel.manifest.beside import beside_label
from provlabel.report import WITH_AI, LabelInfo

_ACTIONS = "c2pa.actions"
_DISCLOSURE, _MINING, _METADATA = "c2pa.ai-disclosure", "cawg.training-mining", "cawg.metadata"
#: Keys of the mining assertion before it moved to CAWG (C2PA 1.4), read and never written.
_OLD_USES = {field: entry.replace("cawg.", "c2pa.") for field, entry in CAWG_USES.items()}
_SCHEMES = {"urn:isrc:": "isrc", "urn:iswc:": "iswc", "urn:ean:": "upc", "urn:grid:": "grid", "urn:uuid:": "guid"}

#: A field of the label, its value, and the assertion that it was read from.
_ReadField = tuple[str, Any, str]


def label_info(manifest: Manifest, *, personal: bool = False) -> LabelInfo | None:
    """Return the label of a manifest, or ``None`` when it says nothing that a label would say.

    With ``personal`` the personal fields are shown too; without, only that there are some.
    """
    if isinstance(manifest.label, dict):
        kind = manifest.label.get("kind")
        kind = kind if isinstance(kind, str) else None
        shown = manifest.personal if personal and isinstance(manifest.personal, dict) else None
        return LabelInfo(
            source="org.provlabel.label",
            kind=kind,
            words=KINDS[kind].words if kind in KINDS else None,
            value=manifest.label,
            personal=shown,
            has_personal=manifest.personal is not None,
        )
    fields = tuple(_read_fields(manifest))
    with_ai = any(beside_label(manifest))
    if not fields and not with_ai:
        return None
    value: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for field, content, assertion in fields:
        if field not in value:
            value[field], origins[field] = content, assertion
    kind = value.get("kind")
    return LabelInfo(
        source="c2pa.actions" if kind else "other assertions",
        kind=kind,
        words=KINDS[kind].words if kind else WITH_AI if with_ai else None,
        value=value,
        origins=origins,
    )


def _read_fields(manifest: Manifest) -> Iterator[_ReadField]:
    """Yield what the assertions say, the surest source of each field first."""
    ai = tuple(item for item in manifest.actions if SOURCE_TYPES.get(item.source_type) in AI_KINDS)
    if ai:
        yield from _from_actions(manifest, ai)
    disclosure = mapping(manifest.assertions.get(_DISCLOSURE))
    yield from _from_disclosure(disclosure)
    for name, uses in ((_MINING, CAWG_USES), ("c2pa.training-mining", _OLD_USES)):
        yield from _from_mining(mapping(manifest.assertions.get(name)), uses, name)
    for name in (_METADATA, "c2pa.metadata"):
        yield from _from_metadata(mapping(manifest.assertions.get(name)), name)


def _from_actions(manifest: Manifest, ai: tuple[Action, ...]) -> Iterator[_ReadField]:
    opened = any(item.action == "c2pa.opened" for item in manifest.actions)
    kind = SOURCE_TYPES[ai[0].source_type]
    if opened and ai[0].source_type == IPTC + "compositeWithTrainedAlgorithmicMedia":
        kind = "ai_modified"
    yield "kind", kind, _ACTIONS
    yield "origin", "altered" if opened else "created", _ACTIONS
    if manifest.title:
        yield "title", manifest.title, "c2pa.claim"
    systems = list(dict.fromkeys((item.agent, item.agent_version) for item in ai if item.agent))
    if systems and not manifest.assertions.get(_DISCLOSURE):
        yield "systems", [_system(name, version) for name, version in systems], _ACTIONS
    when = next((item for item in (*ai, *manifest.actions) if item.when), None)
    if when is not None:
        yield "event_time", when.when, _ACTIONS
    if parts := [part for item in manifest.actions for part in _contributions(item)]:
        yield "contributions", parts, _ACTIONS


def _system(name: str, version: str) -> dict[str, str]:
    return {"name": name, "version": version} if version else {"name": name}


_EXTENTS = {
    IPTC + "trainedAlgorithmicMedia": ("All", "ai"),
    IPTC + "compositeWithTrainedAlgorithmicMedia": ("Partly", "ai"),
    IPTC + "humanEdits": ("None", "human"),
    IPTC + "digitalCapture": ("None", "human"),
}


def _contributions(action: Action) -> Iterator[dict[str, Any]]:
    """Read what an action says of regions and time spans (C2PA 2.4 §18.2)."""
    extent, by = _EXTENTS.get(action.source_type, ("", ""))
    if not extent:
        return
    for change in action.changes:
        base = {"extent": extent, "by": by}
        base |= {"system": action.agent} if action.agent and by == "ai" else {}
        base |= {"description": str(change["description"])} if change.get("description") else {}
        for region in change.get("region") or ():
            yield from _region(mapping(region), base)


def _region(region: Mapping[str, Any], base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    shape, time, item = (mapping(region.get(key)) for key in ("shape", "time", "item"))
    if shape:
        origin = mapping(shape.get("origin"))
        area = {"shape": shape.get("type"), "unit": shape.get("unit"), **origin}
        area |= {key: shape[key] for key in ("width", "height") if key in shape}
        area |= {"points": shape["vertices"]} if "vertices" in shape else {}
        yield {"part": "image_region", **base, "region": area}
    elif time:
        yield {"part": "whole", **base, "span": {key: _number(time.get(key)) for key in ("start", "end")}}
    elif item:
        yield {"part": "whole", **base, "stem": str(item.get("value", ""))}


def _number(value: Any) -> Any:
    """Return a number that is written as text; what no JSON can hold is left as text."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return value
    return number if math.isfinite(number) else str(value)


def _from_disclosure(data: Mapping[str, Any]) -> Iterator[_ReadField]:
    names = {"name": "modelName", "model_type": "modelType", "identifier": "modelIdentifier"}
    system = {field: str(data[key]) for field, key in names.items() if data.get(key)}
    if system:
        yield "systems", [system], _DISCLOSURE
    level = mapping(data.get("contentProfile")).get("humanOversightLevel")
    if level:
        yield "oversight", str(level), _DISCLOSURE


def _from_mining(data: Mapping[str, Any], uses: Mapping[str, str], name: str) -> Iterator[_ReadField]:
    entries = mapping(data.get("entries"))
    permissions: dict[str, Any] = {}
    for field, entry in uses.items():
        use = mapping(entries.get(entry))
        if use.get("use"):
            permissions[field] = str(use["use"])
        if use.get("constraint_info"):
            permissions["constraint"] = str(use["constraint_info"])
    if permissions:
        yield "permissions", permissions, name


def _from_metadata(data: Mapping[str, Any], name: str) -> Iterator[_ReadField]:
    listed = data.get("dc:identifier")
    values = listed if isinstance(listed, list) else [listed] if listed else []
    if identifiers := [_identifier(str(value)) for value in values]:
        yield "identifiers", identifiers, name
    fields = {"notice": "dc:rights", "holder": "xmpRights:Owner", "licence_url": "xmpRights:WebStatement"}
    if rights := {field: str(data[key]) for field, key in fields.items() if data.get(key)}:
        yield "rights", rights, name
    if data.get("Iptc4xmpExt:AISystemUsed"):
        version = str(data.get("Iptc4xmpExt:AISystemVersionUsed") or "")
        yield "systems", [_system(str(data["Iptc4xmpExt:AISystemUsed"]), version)], name


def _identifier(value: str) -> dict[str, str]:
    for prefix, scheme in _SCHEMES.items():
        if value.startswith(prefix):
            return {"type": scheme, "value": value.removeprefix(prefix)}
    return {"type": "c2pa" if value.startswith("urn:c2pa:") else "url", "value": value}
