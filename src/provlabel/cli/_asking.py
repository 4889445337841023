"""Questions of ``provlabel init`` on a terminal, in a person's words.  They go to standard error."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import click

from provlabel._support.text import printable
from provlabel.cli._shared import width
from provlabel.errors import UsageError

if TYPE_CHECKING:
    from provlabel.label.vocabularies import Medium

_TRIES = 20  # answers to one question; whoever pipes noise into a terminal ends somewhere


class Known(NamedTuple):
    """What is known before anything is asked."""

    label: dict[str, Any]  #: of the file and of options; the former are proposed
    name: str  #: of the file, for people; empty when there is none
    media: Medium | None
    stated: frozenset[str]  #: fields of options, which are not asked again
    hints: tuple[str, ...]


def answers(known: Known) -> dict[str, Any]:
    """Ask what is not stated, and return the answers as part of a plain label.

    Raises:
        click.Abort: Ctrl-C, or the end of the input.
    """
    from provlabel.label.vocabularies import KINDS

    got: dict[str, Any] = {}
    _tell(
        f"A label for {known.name}." if known.name else "A label.",
        "Enter takes what stands in [ ], - nothing; Ctrl-C ends, and writes no file.",
    )
    for hint in known.hints[:5]:
        _tell(f"  {hint}")
    kind = known.label["kind"] if "kind" in known.stated else _kind(known)
    got["kind"] = kind
    if "title" not in known.stated:
        got["title"] = _line("What is it called? (title)", known.label.get("title", ""))
    if kind != "human_made":
        got |= _systems(known)
    if "contributions" not in known.stated and KINDS[kind].contains_ai == "Partly":
        got["contributions"] = list(_parts(known, got.get("systems") or known.label.get("systems", [])))
    if "people" not in known.stated and kind != "ai_generated":
        got |= _people(known)
    if "identifiers" not in known.stated and known.media != "image":
        got |= _isrc(known)
    if "event_time" not in known.stated:
        got["event_time"] = _time(known.label.get("event_time", ""))
    return {key: value for key, value in got.items() if value or key in known.label}


def _tell(*lines: str) -> None:
    """Write lines for people, escaped, and wrapped at words."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        shown = textwrap.fill(
            printable(line, 500), width(100, 80) - 1, subsequent_indent=indent, break_on_hyphens=False
        )
        sys.stderr.write(f"{shown}\n")
    sys.stderr.flush()


def _line(question: str, default: str = "") -> str:
    """Ask for one line; what a file proposes is shown escaped, and taken as it is."""
    shown = f" [{printable(default, 60)}]" if default else ""
    answer = str(
        click.prompt(f"{question}{shown}", default="", show_default=False, prompt_suffix=" ", err=True)
    ).strip()
    return "" if answer == "-" else answer or default


def _kind(known: Known) -> str:
    from provlabel.label.guide import GUIDE
    from provlabel.label.synonyms import meant

    proposed = str(known.label.get("kind", ""))
    kinds = tuple(GUIDE)
    _tell("", "What did AI do?")
    for number, (_, row) in enumerate(GUIDE.items(), 1):
        _tell(f"  {number}  {row.answer}", f"       {row.picture if known.media == 'image' else row.music}")
        if known.media is None:
            _tell(f"       {row.picture}")
    for _ in range(_TRIES):
        default = str(kinds.index(proposed) + 1) if proposed in kinds else ""
        answer = _line(f"1 to {len(kinds)}, or ? with a number for more", default)
        if found := re.fullmatch(r"\?\s*(\d)|(\d)\s*\?", answer):
            _more(kinds, int(found[1] or found[2]))
        elif answer.isdecimal() and 1 <= int(answer) <= len(kinds):
            return kinds[int(answer) - 1]
        elif said := meant("kind", answer, kinds):
            return said["kind"]
        else:
            _tell(f"  a number from 1 to {len(kinds)}; ?2 tells more about the second")
    raise click.Abort


def _more(kinds: tuple[str, ...], number: int) -> None:
    from provlabel.label.guide import GUIDE

    if 1 <= number <= len(kinds):
        row = GUIDE[kinds[number - 1]]
        _tell(
            f"  {kinds[number - 1]}",
            f"    music:    {row.music}",
            f"    picture:  {row.picture}",
            f"    not when: {row.otherwise}",
        )


def _systems(known: Known) -> dict[str, Any]:
    """Ask for tools and versions until there are no more, and who provides them."""
    got: dict[str, Any] = {}
    proposed = list(known.label.get("systems", ()))
    if "systems" not in known.stated:
        systems: list[dict[str, str]] = []
        _tell("")
        while len(systems) < 50:
            before = proposed[len(systems)] if len(systems) < len(proposed) else {}
            words = "Another AI tool? (Enter: no more)" if systems and not before else "Which AI tool?"
            name = _line(words, before.get("name", ""))
            if not name:
                if systems or known.label.get("kind") == "may_contain_ai":
                    break
                _tell("  a label that says AI names the tool, such as Suno; if nobody knows, write: unknown")
                continue
            version = _line(f"Which version of {printable(name, 60)}? (Enter: not known)", before.get("version", ""))
            systems.append({**before, "name": name} | ({"version": version} if version else {}))
        got["systems"] = systems
    if "provider" not in known.stated:
        provider = _line(
            "Which company provides it? Its legal name (Enter: later)", known.label.get("provider", {}).get("name", "")
        )
        got["provider"] = {**known.label.get("provider", {}), "name": provider} if provider else None
    return got


def _parts(known: Known, systems: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    from provlabel.label.synonyms import meant
    from provlabel.label.vocabularies import NOT_IN, PartName

    names = [name for name in get_args(PartName) if name not in NOT_IN.get(known.media or "", ())]
    yield from known.label.get("contributions", ())
    example = "sky" if known.media == "image" else "drums"
    _tell("", f"  Parts: {', '.join(names)}; or in your words, such as {example}.")
    for extent, question in (("", "Which part did AI make?"), ("none", "Which part did people make?")):
        for _ in range(_TRIES):
            answer = _line(f"{question} (Enter: no more)")
            if not answer:
                break
            if not meant("part", answer, names):
                _tell("  no such part; one of those above")
                continue
            try:
                yield part_named(f"{answer}={extent or _line('  All of it, or partly?', 'all')}", systems)
            except UsageError as exc:
                _tell(f"  {exc}; {exc.hint}")


def _people(known: Known) -> dict[str, Any]:
    people = [dict(person) for person in known.label.get("people", ())]
    _tell("", "Names stay out of the signed file, unless you sign with --personal.")
    names = ", ".join(person["name"] for person in people if "name" in person)
    name = _line("Who made it? Artist or author (Enter: later)", names)
    if name and name != names:
        role = _line("As what? singer, songwriter, photographer, … (Enter: not told)")
        try:
            people = [person_named(f"{name}={role}" if role else name, 1)]
        except UsageError as exc:
            _tell(f"  {exc}; {exc.hint}")
            people = [person_named(name, 1)]
    return {"people": people}


def _isrc(known: Known) -> dict[str, Any]:
    from provlabel.label.identifiers import CANONICAL

    others = [item for item in known.label.get("identifiers", ()) if item["type"] != "isrc"]
    proposed = next((item["value"] for item in known.label.get("identifiers", ()) if item["type"] == "isrc"), "")
    for _ in range(_TRIES):
        answer = _line("Which ISRC? (Enter: none yet)" if not proposed else "Which ISRC?", proposed)
        if not answer:
            return {"identifiers": others}
        if right := CANONICAL["isrc"](answer):
            return {"identifiers": [{"type": "isrc", "value": right}, *others]}
        _tell("  no ISRC: two letters, three letters or digits, seven digits, such as GB-AYE-26-00001")
    raise click.Abort


def _time(proposed: str) -> str:
    from provlabel.cli._labeling import time_named
    from provlabel.label.loading import moment
    from provlabel.label.records import RFC_3339

    for _ in range(_TRIES):
        answer = _line(
            "When was it made? now, or such as 2026-11-22T10:00:00Z (Enter: later)"
            if not proposed
            else "When was it made?",
            proposed,
        )
        when = time_named(answer)
        if not when or (re.match(RFC_3339, when) and moment(when) is not None):
            return when
        _tell("  day and time with a zone, such as 2026-11-22T10:00:00Z or 2026-11-22T10:00:00+01:00")
    raise click.Abort


# --- words of options ------------------------------------------------------------------------------


def part_named(text: str, systems: list[dict[str, str]]) -> dict[str, Any]:
    """Read ``PART=EXTENT`` as a contribution of a plain label, also in the words of people.

    Raises:
        UsageError: it names no part, or no extent.
    """
    from provlabel._support.faults import instead
    from provlabel.label.synonyms import meant
    from provlabel.label.vocabularies import Extent, PartName

    name, equals, extent = text.rpartition("=")
    part = meant("part", name if equals else text, get_args(PartName))
    far = meant("extent", extent, get_args(Extent)) if equals else {"extent": "All"}
    if not part:
        near = instead(name if equals else text, get_args(PartName))
        raise UsageError(f"{printable(text)}: no such part", hint=near or f"one of: {', '.join(get_args(PartName))}")
    if not far:
        raise UsageError(
            f"{printable(text)}: how far?", hint="PART=all, PART=partly, or PART=none for a part by people"
        )
    by = "human" if far["extent"] == "None" else "ai"
    system = {"system": systems[0]["name"]} if by == "ai" and len(systems) == 1 else {}
    return {**part, **far, "by": by, **system}


def person_named(text: str, number: int) -> dict[str, Any]:
    """Read ``NAME`` or ``NAME=ROLE`` as a person of a plain label, who is the ``number``-th.

    Raises:
        UsageError: it names no role.
    """
    from provlabel._support.faults import instead
    from provlabel.label.synonyms import line_for, meant
    from provlabel.label.vocabularies import Role

    name, equals, role = text.rpartition("=")
    if not equals:
        return {"id": f"person{number}", "name": text}
    found = meant("role", role, get_args(Role))
    if not found:
        near = line_for("role", role) or instead(role, get_args(Role)) or f"one of: {', '.join(get_args(Role))}"
        raise UsageError(f"{printable(role)}: no such role", hint=near)
    return {"id": f"person{number}", "roles": [found["role"]], "name": name}
