"""Delivery sheets: what a shop asks about AI, answered from the labels of a release.  Pure.

What an answer follows from is the extent and role of each contribution, as DDEX has them, and the kind.  Nothing is
guessed: where a label does not say what is asked, the answer is ``None``, "you have to say", and never "no".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import UNSET

from provlabel.exchange.ddex import Media, consistent, parts_of, role_of
from provlabel.exchange.shops import About, Question, Shop
from provlabel.label import Label
from provlabel.label.about_ai import is_technical
from provlabel.label.identifiers import CANONICAL
from provlabel.label.records import Contribution, System
from provlabel.label.vocabularies import KINDS, Extent

#: Parts that a work may not have at all, so that "all of it is by AI" does not say that they are there.
_MAY_LACK = frozenset({"vocals", "lyrics", "narration", "translation"})
_ABOUT: dict[Media, About] = {"audio": "track", "image": "artwork", "video": "video"}


class SheetItem(NamedTuple):
    """One file of a release, or the label of one."""

    path: str
    media: Media
    label: Label

    @property
    def about(self) -> About:
        """What shops call it: moving artwork is artwork, though it is a video."""
        named = {item.part for item in self.label.contributions}
        return "artwork" if self.media == "video" and "motion_artwork" in named else _ABOUT[self.media]


class Credit(NamedTuple):
    """One contribution, in the words of DDEX."""

    part: str
    role: str  #: empty where no role says the part
    extent: Extent  #: how far AI made it
    ai: bool  #: who contributed is an AI system
    who: str  #: its name and version, or the name of the person, where the label has one
    where: str  #: which stem, stretch or region, if only that
    counted: bool  #: it can stand beside the kind; DDEX leaves out what cannot


class SheetAnswer(NamedTuple):
    """One question about one file, or about all of them, and its answer."""

    question: Question
    about: str  #: path of the file; empty for all together
    text: str | None  #: what to type or choose; ``None`` where a person has to say
    why: str  #: what of the label says so, or what it does not say
    field: str = ""  #: of the label, that would answer


class Sheet(NamedTuple):
    """All answers for one shop."""

    shop: Shop
    items: tuple[SheetItem, ...]
    answers: tuple[SheetAnswer, ...]

    @property
    def open(self) -> tuple[SheetAnswer, ...]:
        """The answers that a person has to give."""
        return tuple(answer for answer in self.answers if answer.text is None)

    @property
    def unverified(self) -> tuple[Question, ...]:
        """The questions that are in it, and that no outside source confirms."""
        asked = dict.fromkeys(answer.question.id for answer in self.answers)
        return tuple(row for row in self.shop.question if row.id in asked and row.certainty == "unverified")


def sheet_of(items: Sequence[SheetItem], shop: Shop) -> Sheet:
    """Answer what ``shop`` asks about a release from the labels of its files."""
    return Sheet(shop, tuple(items), tuple(_answers(items, shop)))


def upcs_of(items: Iterable[SheetItem]) -> tuple[str, ...]:
    """Return the UPCs that the labels name; more than one means that they are of several releases."""
    codes = (entry.value for item in items for entry in item.label.identifiers if entry.type == "upc")
    return tuple(dict.fromkeys(CANONICAL["upc"](code) or code for code in codes))


def credits_of(label: Label) -> tuple[Credit, ...]:
    """Return who made which part, in the order of the label."""
    return tuple(_credit(item, label) for item in label.contributions)


def _answers(items: Sequence[SheetItem], shop: Shop) -> Iterator[SheetAnswer]:
    """Yield what is asked about all files together, then file by file, as one fills in a form."""
    for question in shop.question:
        if question.about == "release":
            yield from _of_release(question, items)
        elif question.about == "artwork" and not question.only and _lacks_cover(items):
            yield SheetAnswer(
                question, "", None, "no cover is among the files", "a label for the cover, in a file of its own"
            )
    for item in items:
        for question in shop.question:
            if question.about == item.about:
                yield from _of_item(question, item)


def _lacks_cover(items: Sequence[SheetItem]) -> bool:
    found = {item.about for item in items}
    return "track" in found and "artwork" not in found


def _of_item(question: Question, item: SheetItem) -> Iterator[SheetAnswer]:
    named = [part for part in (*question.parts, *question.also) if _named(item.label, part)]
    if question.if_named and not named:
        return
    given = ""
    if question.only:
        asked = _RULES[question.only](question, item)
        if asked.key == "no":
            return
        given = "" if asked.key else f"asked only if {_ONLY[question.only]}: "
    found = _RULES[question.rule](question, item)
    if found.key in ("no", "none") and (doubt := _doubt(question, item)):
        found = _open(f"{doubt}: does that count?", "")
    text = found.text or (question.answers[found.key] if found.key else None)  # type: ignore[index]
    if given:
        text, found = None, asked
    yield SheetAnswer(question, item.path, text, given + found.why, "" if text else found.field)


def _of_release(question: Question, items: Sequence[SheetItem]) -> Iterator[SheetAnswer]:
    """Answer for all files together: one that AI had a part in is enough for a yes, and all are needed for a no."""
    found = {item.path: _any(question, item).key for item in items}
    key = "yes" if "yes" in found.values() else None if None in found.values() else "no"
    if question.only and key == "no":
        return
    unsaid = "".join(f"; not said of {path}" for path, one in found.items() if one is None)
    if question.rule == "any":
        those = ", ".join(path for path, one in found.items() if one == key)
        why = {"yes": f"AI had a part in {those}", "no": "nothing is generated in any of them", None: "no yes"}[key]
        text = question.answers["yes" if key == "yes" else "no"] if key else None
        yield SheetAnswer(question, "", text, why + unsaid, "" if key else "kind, contributions")
    elif question.rule == "describe" and key:
        yield SheetAnswer(question, "", "; ".join(_described(items)), f"kind, contributions, systems{unsaid}")
    else:
        yield SheetAnswer(question, "", None, question.hint or unsaid.removeprefix("; "))


def _described(items: Iterable[SheetItem]) -> Iterator[str]:
    for item in items:
        title = item.label.title if item.label.title is not UNSET else item.path
        by_ai = [credit for credit in credits_of(item.label) if credit.ai and credit.counted]
        what = [f"{_plain(credit.part)}{f' ({credit.who})' if credit.who else ''}" for credit in by_ai]
        what = what or [f"with {name}" for name in map(_system, item.label.systems)]
        if _any(_WHOLE, item).key == "yes":
            yield f"{title}: {KINDS[item.label.kind].words}{': ' if what else ''}{', '.join(dict.fromkeys(what))}"


# --- what a label says of a part -------------------------------------------------------------------


class _Said(NamedTuple):
    """How far AI made one part."""

    extent: Extent | None  #: ``None`` where the label does not say
    why: str
    assumed: bool = False  #: it follows from the kind or the whole, and not from a statement about the part
    some: bool = False  #: AI made some of it, also where nobody says how much


def _said(item: SheetItem, part: str) -> _Said:
    label = item.label
    contains = KINDS[label.kind].contains_ai
    if odd := _contradicting(label, part):
        return _Said(None, f"{_kind(label)}, and the label says otherwise: {', '.join(map(_in_words, odd))}")
    if part == "whole" or (part == "artwork" and item.media == "image" and not _named(label, part)):
        return _of_whole(label)
    named = _named(label, part)
    if named:
        extent = _together(named)
        why = ", ".join(dict.fromkeys(_in_words(entry) for entry in named))
        return _Said(extent, why if extent else f"only of a stretch or stem: {why}")
    if contains in ("All", "None"):
        return _Said(contains, _kind(label), assumed=True)
    whole = _whole(label)
    if whole in ("All", "None") and any(entry.extent != whole for entry in label.contributions):
        return _Said(whole, "the contribution to the whole, but for what is named otherwise", assumed=True)
    roles = [role for person in label.people for role in person.roles if part in parts_of(role)]
    named_as = f"; {roles[0]} is named, and whether AI helped is not said" if roles else ""
    return _Said(None, f"{_kind(label)}{_UNSAID}{_plain(part)}{named_as}")


_UNSAID = ", and no contribution says who made the "


def _of_whole(label: Label) -> _Said:
    """Return how far AI made the work: by its kind, or, where that leaves it open, by its contributions."""
    whole = _whole(label)
    agreed = whole if all(entry.extent == whole for entry in label.contributions) else None
    if known := KINDS[label.kind].contains_ai or agreed:
        return _Said(known, _kind(label))
    by_ai = [entry for entry in label.contributions if entry.extent != "None"]
    why = f"{_kind(label)}{''.join(f', {_in_words(entry)}' for entry in by_ai)}"
    mixed = by_ai and len(by_ai) < len(label.contributions)
    return _Said("Partly" if mixed else None, why, some=bool(by_ai))


def _contradicting(label: Label, part: str) -> list[Contribution]:
    """Return the contributions to ``part`` that the kind rules out; ``provlabel lint`` names them."""
    contains = KINDS[label.kind].contains_ai
    those = (entry for entry in label.contributions if part == "whole" or part in _parts(entry))
    return [entry for entry in those if not consistent(entry, contains) and not is_technical(entry, label)]


def _kind(label: Label) -> str:
    return f"it is {KINDS[label.kind].words} (kind {label.kind})"


def _named(label: Label, part: str) -> list[Contribution]:
    """Return the contributions to ``part``; a role such as ComposerLyricist says two parts at once."""
    contains = KINDS[label.kind].contains_ai
    return [entry for entry in label.contributions if part in _parts(entry) and consistent(entry, contains)]


def _parts(entry: Contribution) -> tuple[str, ...]:
    """Return the parts that a contribution is about; of the whole, a role is all that DDEX says."""
    by_role = parts_of(role_of(entry))
    return by_role if entry.part in ("whole", *by_role) else (entry.part,)


def _whole(label: Label) -> Extent | None:
    return _together(_named(label, "whole"))


def _together(entries: Sequence[Contribution]) -> Extent | None:
    """Return how far AI made a part that several contributed to; what is about a stretch says nothing of the rest."""
    rest = [entry for entry in entries if not _limited(entry)]
    if any(entry.extent != "None" for entry in entries):
        return "All" if rest and all(entry.extent == "All" for entry in entries) else "Partly"
    return "None" if rest else None


def _limited(entry: Contribution) -> bool:
    return any(getattr(entry, name) is not UNSET for name in ("region", "span", "stem"))


# --- how answers follow ----------------------------------------------------------------------------


class _Outcome(NamedTuple):
    """What a rule makes of a label: a key of the answers, or a text, or neither."""

    key: str | None
    why: str
    field: str = ""
    text: str = ""


def _open(why: str, field: str) -> _Outcome:
    return _Outcome(None, why, field)


def _read(question: Question, item: SheetItem) -> list[tuple[str, _Said]]:
    """Return what is said of each part that is asked about, and of the others that the label names."""
    also = (part for part in question.also if _named(item.label, part))
    return [(part, _said(item, part)) for part in (*question.parts, *also)]


def _any(question: Question, item: SheetItem) -> _Outcome:
    """Did AI make anything of the parts?"""
    read = _read(question, item)
    if by_ai := [said for _, said in read if said.some or said.extent in ("All", "Partly")]:
        return _if_there(question, by_ai) or _Outcome("yes", _reasons(by_ai))
    return _unsaid(read) or _Outcome("no", _reasons(said for _, said in read))


def _all(question: Question, item: SheetItem) -> _Outcome:
    """Did AI make the parts wholly?"""
    read = _read(question, item)
    if others := [said for _, said in read if said.extent in ("None", "Partly")]:
        return _Outcome("no", _reasons(others))
    return _unsaid(read) or _Outcome("yes", _reasons(said for _, said in read))


def _material(question: Question, item: SheetItem) -> _Outcome:
    """Did AI make a material part?  One part wholly is one; how much less is, a person judges."""
    read = _read(question, item)
    if whole := [said for _, said in read if said.extent == "All"]:
        return _if_there(question, whole) or _Outcome("yes", _reasons(whole))
    if partly := [said for _, said in read if said.extent == "Partly"]:
        return _open(f"{_reasons(partly)}: {question.hint}", "")
    return _unsaid(read) or _Outcome("no", _reasons(said for _, said in read))


def _extent(question: Question, item: SheetItem) -> _Outcome:
    """Did AI make all of the parts, some, or none?"""
    read = _read(question, item)
    extents = {said.extent for _, said in read}
    if "Partly" in extents or {"All", "None"} <= extents:
        return _Outcome("partly", _reasons(said for _, said in read if said.extent not in ("None", None)))
    if missing := _unsaid(read):
        return missing
    if extents == {"All"}:
        return _if_there(question, [said for _, said in read]) or _Outcome("all", _reasons(said for _, said in read))
    return _Outcome("none", _reasons(said for _, said in read))


def _realistic(question: Question, item: SheetItem) -> _Outcome:
    """Is it by AI, and could be taken for real?  Only the signer's judgement says the latter."""
    generated = _any(question, item)
    if generated.key != "yes":
        return generated
    label = item.label
    fake = label.judgements.deep_fake if label.judgements is not UNSET else UNSET
    if fake is True:
        return _Outcome("yes", f"{generated.why}; the signer judges it a deep fake")
    if any(person.synthetic and person.real_person for person in label.likeness):
        return _Outcome("yes", f"{generated.why}; a real person is seen or heard, made by AI")
    if fake is False:
        return _open(f"{generated.why}; the signer judges it no deep fake, which may be narrower: {question.hint}", "")
    return _open(f"{generated.why}; {question.hint}", "judgements.deep_fake, likeness")


def _credited(question: Question, item: SheetItem) -> _Outcome:
    """Which roles did AI fill wholly?  Contributor by contributor, as DDEX sends them."""
    asked = {*question.parts, *question.also}
    contains = KINDS[item.label.kind].contains_ai
    those = [entry for entry in item.label.contributions if asked.intersection(_parts(entry))]
    if counted := [_credit(entry, item.label) for entry in those if consistent(entry, contains)]:
        return _Outcome(None, ", ".join(map(_in_words, those)), text="; ".join(dict.fromkeys(map(_as_credit, counted))))
    said = [_said(item, part) for part in question.parts]
    if all(part.extent == "None" for part in said):
        return _Outcome(None, _reasons(said), text="no AI credit")
    if said[0].extent == "All":
        why = "all of it is by AI, and no contribution has this role: an AI credit if the track has it"
        return _open(why, f"contributions: {question.parts[0]}")
    return _open(said[0].why, f"contributions: {question.parts[0]}")


def _as_credit(credit: Credit) -> str:
    role = credit.role or _plain(credit.part)
    if credit.ai and credit.extent == "All":
        return f"AI credit as {role}"
    if credit.ai:
        return f"no AI credit as {role}: AI made a part of it, and only what AI made wholly has one"
    helped = "; that AI helped has no field" if credit.extent == "Partly" else ""
    return f"no AI credit; human credit as {role}{f': {credit.who}' if credit.who else ''}{helped}"


def _tools(question: Question, item: SheetItem) -> _Outcome:
    """Which systems took part, and who provides them?"""
    names = [_system(system) for system in item.label.systems]
    if not names:
        return _open("the label names no system", "systems")
    provider = item.label.provider
    company = f" ({provider.name})" if provider is not UNSET else ""
    return _Outcome(None, "systems" + (", provider" if company else ""), text=", ".join(names) + company)


def _person(question: Question, _: SheetItem) -> _Outcome:
    """No label says it."""
    return _open(question.hint, "")


_WHOLE = Question(id="whole", wording="whole", about="release", rule="any")
_ONLY = {"any": "AI had a part in it", "whole": "AI made all of it"}
_RULES: dict[str, Callable[[Question, SheetItem], _Outcome]] = {
    "any": _any,
    "whole": _all,
    "material": _material,
    "extent": _extent,
    "realistic": _realistic,
    "credit": _credited,
    "tools": _tools,
    "person": _person,
}


def _unsaid(read: Iterable[tuple[str, _Said]]) -> _Outcome | None:
    """Return that somebody has to say it, where the label says nothing of a part."""
    missing = [(part, said) for part, said in read if said.extent is None]
    if not missing:
        return None
    whole = any(part == "whole" for part, _ in missing)
    field = "kind" if whole else f"contributions: {', '.join(part for part, _ in missing)}"
    return _open(_reasons(said for _, said in missing), field)


def _doubt(question: Question, item: SheetItem) -> str:
    """Return what AI did that the shop may or may not mean."""
    if question.technical and item.label.kind == "ai_assisted_technical":
        return "nothing is generated, and AI enhanced it"
    entries = [entry for part in question.perhaps for entry in _named(item.label, part)]
    return ", ".join(dict.fromkeys(_in_words(entry) for entry in entries if entry.extent != "None"))


def _if_there(question: Question, by_ai: Sequence[_Said]) -> _Outcome | None:
    """Return that somebody has to say it, where all is by AI and the work may not have what is asked about."""
    if not _MAY_LACK.issuperset(question.parts) or not all(said.assumed for said in by_ai):
        return None
    what = " or ".join(map(_plain, question.parts))
    answer = next((question.answers[key] for key in ("yes", "all") if key in question.answers), "")
    return _open(
        f"all of it is by AI, and whether it has {what} is not said; if it has: {answer}",
        f"contributions: {', '.join(question.parts)}",
    )


# --- words -----------------------------------------------------------------------------------------

_EXTENTS: dict[str, str] = {"All": "by AI", "Partly": "partly by AI", "None": "by people"}


def _reasons(said: Iterable[_Said]) -> str:
    """Join reasons, each once; parts of which one and the same is not said are named together."""
    parts: dict[str, list[str]] = {}
    for why in dict.fromkeys(item.why for item in said):
        head, unsaid, part = why.partition(_UNSAID)
        if ";" in part:
            parts[why] = []
        else:
            parts.setdefault(head + unsaid, []).append(part)
    return "; ".join(head + ", ".join(named) for head, named in parts.items())


def _in_words(entry: Contribution) -> str:
    where = _where(entry)
    return f"{_plain(entry.part)}{f' ({where})' if where else ''} {_EXTENTS[entry.extent]}"


def _plain(part: str) -> str:
    return part.replace("_", " ")


def _credit(entry: Contribution, label: Label) -> Credit:
    names = {person.id: person.name for person in label.people if person.name is not UNSET}
    systems = {system.name: _system(system) for system in label.systems}
    who = systems.get(entry.system, entry.system) if entry.system is not UNSET else ""
    who = names.get(entry.person, "") if entry.by == "human" and entry.person is not UNSET else who
    counted = consistent(entry, KINDS[label.kind].contains_ai)
    return Credit(entry.part, role_of(entry), entry.extent, entry.by == "ai", who, _where(entry), counted)


def _where(entry: Contribution) -> str:
    parts = [entry.stem] if entry.stem is not UNSET else []
    if entry.span is not UNSET:
        parts.append(f"{_clock(entry.span.start)} to {_clock(entry.span.end)}")
    if entry.region is not UNSET:
        parts.append("a region")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _system(system: System) -> str:
    return f"{system.name} {system.version}" if system.version is not UNSET else system.name
