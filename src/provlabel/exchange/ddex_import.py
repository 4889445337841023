"""The label of a DDEX message, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from provlabel._support.text import printable
from provlabel.exchange.ddex import _ELEMENT, _SIGN, _TWO_PARTS, KIND_OF, PART_OF, LoadedResource, Loss
from provlabel.exchange.ern import Contributor, Message, Party, Resource
from provlabel.label.identifiers import CANONICAL
from provlabel.label.records import ID
from provlabel.label.vocabularies import KINDS


def load(message: Message) -> tuple[LoadedResource, ...]:
    """Return every sound, picture and video of ``message`` as a plain label.

    A label is a draft: where the message says nothing about AI it has no ``kind``, which somebody has to add.
    """
    return tuple(_loaded(item, message) for item in message.resources if item.type in _ELEMENT.values())


def _loaded(resource: Resource, message: Message) -> LoadedResource:
    losses = [Loss("message", fault) for fault in resource.faults]
    if not message.speaks_of_ai:
        losses.append(Loss("kind", f"ERN {message.version} has no field about AI"))
    label: dict[str, Any] = {"schema": "label-v1"}
    if resource.contains_ai is not None:
        label["kind"] = KIND_OF[resource.contains_ai]
        same = [name for name, facts in KINDS.items() if facts.contains_ai == resource.contains_ai]
        if len(same) > 1:
            losses.append(Loss("kind", f"ContainsAI = {resource.contains_ai} may be any of {', '.join(same)}"))
    if resource.title:
        label["title"] = resource.title
    if identifiers := [*_identifiers(resource)]:
        label["identifiers"] = identifiers
    contributions, people = _credits(resource, losses)
    label |= {"contributions": contributions} if contributions else {}
    label |= {"people": people} if people else {}
    label |= {"permissions": dict(resource.uses)} if resource.uses else {}
    losses += [
        Loss(f"permissions.{name}", "the terms of the deal have no place in a label")
        for name, use in resource.uses.items()
        if use == "constrained"
    ]
    label |= {"rights": rights} if (rights := _loaded_rights(resource, losses)) else {}
    if resource.created:
        losses.append(Loss("event_time", f"CreationDate {printable(resource.created, 40)} has no time of day"))
    return LoadedResource(resource, label, tuple(losses))


def _identifiers(resource: Resource) -> Iterator[dict[str, str]]:
    listed = (
        ("isrc", resource.isrcs),
        ("iswc", resource.iswcs),
        ("grid", resource.grids),
        ("upc", resource.icpns),
    )
    for scheme, values in listed:
        for value in values:
            yield {"type": scheme, "value": CANONICAL[scheme](value) or value}


def _credits(resource: Resource, losses: list[Loss]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    contributions: list[dict[str, Any]] = []
    people: dict[str, dict[str, Any]] = {}
    for item in resource.contributors:
        roles = [role for role in item.roles if role in PART_OF]
        if unknown := [role for role in item.roles if role not in PART_OF]:
            shown = ", ".join(printable(role, 60) for role in unknown)
            losses.append(Loss("contributions", f"{_who(item)}: a label has no role {shown}"))
            if not roles:
                continue
        if item.extent is not None:
            losses += [
                Loss("contributions", f"{role} is about {parts[1]} too: add them to {parts[0]}")
                for role, parts in _TWO_PARTS.items()
                if role in roles
            ]
        person = _person(item.party, people) if item.party is not None else None
        if person is not None and roles:
            known = person.setdefault("roles", [])
            known += [role for role in roles if role not in known]
        if item.extent is None:
            continue
        for role in roles or [""]:
            contribution: dict[str, Any] = {
                "part": PART_OF.get(role, "whole"),
                "extent": item.extent,
                "by": "ai" if item.ai else "human",
            }
            contribution |= {"role": role} if role else {}
            contribution |= {"person": person["id"]} if person is not None else {}
            contributions.append(contribution)
    return contributions, list(people.values())


def _who(item: Contributor) -> str:
    if item.party is None:
        return "GenerativeAI" if item.ai else "a special contributor"
    return printable(item.party.name or item.party.reference, 80)


def _person(party: Party, people: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the person that a party is, under an id that a label can have."""
    if party.reference not in people:
        name = party.reference.removeprefix("P")[:36]
        name = name if re.fullmatch(ID, name) else f"person{len(people) + 1}"
        taken = {item["id"] for item in people.values()}
        name = name if name not in taken else f"{name}.{len(people) + 1}"
        person: dict[str, Any] = {"id": name}
        person |= {"name": party.name} if party.name else {}
        listed = [{"type": scheme, "value": CANONICAL[scheme](value) or value} for scheme, value in party.identifiers]
        people[party.reference] = person | ({"identifiers": listed} if listed else {})
    return people[party.reference]


def _loaded_rights(resource: Resource, losses: list[Loss]) -> dict[str, str]:
    if not resource.rights:
        return {}
    first, *more = resource.rights
    losses += [
        Loss("rights", f"a label has one notice: {item.sign} {printable(item.text)} is left out") for item in more
    ]
    rights = {"notice": first.text if _SIGN.match(first.text) else f"{first.sign} {first.text}"} if first.text else {}
    return rights | ({"holder": first.company} if first.company else {})
