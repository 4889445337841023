"""People of a label as the names of a carrier, and back; a label of which names are not signed has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import UNSET

from provlabel.label import Label
from provlabel.label.records import Person

_MAX_PEOPLE = 100


def names_of(label: Label) -> Iterator[str]:
    """Yield the name of everybody who contributed, not of those who are only seen or heard, or wrote a prompt."""
    named = {item.person for item in label.contributions}
    for person in label.people:
        if person.name is not UNSET and (person.roles or person.id in named):
            yield person.name


def credits_of(label: Label) -> Iterator[tuple[str, str]]:
    """Yield role and name of each credit, each once, in the order of the people."""
    for person in label.people:
        if person.name is not UNSET:
            yield from ((role, person.name) for role in dict.fromkeys(_roles(person, label)))


def _roles(person: Person, label: Label) -> Iterator[str]:
    yield from person.roles
    yield from (item.role for item in label.contributions if item.person == person.id and item.role is not UNSET)


def people_named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return people of a plain label from pairs of name and role, of which the role may be empty."""
    roles: dict[str, dict[str, None]] = {}
    for name, role in pairs:
        if len(roles) < _MAX_PEOPLE or name in roles:
            roles.setdefault(name, {}).update({role: None} if role else {})
    return [_person(index, name, list(own)) for index, (name, own) in enumerate(roles.items(), 1)]


def _person(index: int, name: str, roles: Sequence[str]) -> dict[str, Any]:
    return {"id": f"person{index}", "name": name} | ({"roles": list(roles)} if roles else {})
