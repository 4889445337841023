"""Do all carriers of a file agree with what is signed?  Pure.

A signed label of ours lists the fields that were written and a digest of each.  Whatever else a carrier
says about AI, permission or which work this is must not contradict the label either, whoever wrote it.
Of a file without a manifest, the carriers are claims.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from provlabel._support.types import ready
from provlabel.carriers.vocabularies import PROJECTIONS, Field, Fields, Projection, aigc, iptc, music
from provlabel.carriers.vocabularies.marks import claims_in
from provlabel.errors import LabelError
from provlabel.evidence import Carrier, Evidence, Manifest, bound
from provlabel.label import Label, joined
from provlabel.label.vocabularies import AI_KINDS, KINDS, SOURCE_TYPES, plain_uri
from provlabel.report import Agreement, CarrierValue, Finding, finding

_SHOWN = 200  # characters of a value in a finding


class Story(NamedTuple):
    """What is signed, as far as carriers can repeat it."""

    source_types: frozenset[str]
    label: Label | None = None
    listed: Mapping[str, Mapping[str, str]] = {}  #: carrier -> field -> digest


def digest_of(values: Sequence[str]) -> str:
    """Return what a label lists for these values: SHA-256 of them as a JSON list, UTF-8, without spaces; hex."""
    return hashlib.sha256(msgspec.json.encode(list(values))).hexdigest()


def story_of(manifests: tuple[Manifest, ...]) -> Story:
    """Return the signed story: of our label, or of what the actions of others say.

    An update manifest that says neither leaves the story of its parent as it was.
    """
    active = next((item for item in bound(manifests) if item.label is not None or _stated(item)), manifests[0])
    types = _stated(active)
    label = _label_of(active)
    if label is None:
        return Story(frozenset(types))
    types.add(KINDS[label.kind].digital_source_type)
    listed = {
        item.id: {**item.values, **({} if item.personal_values is UNSET else item.personal_values)}
        for item in label.carriers
    }
    return Story(frozenset(types), label, listed)


def _stated(manifest: Manifest) -> set[str]:
    return {plain_uri(item.source_type) for item in manifest.actions if item.source_type}


def _label_of(active: Manifest) -> Label | None:
    if not isinstance(active.label, dict):
        return None
    personal = active.personal if isinstance(active.personal, dict) else None
    try:
        return msgspec.convert(joined(active.label, personal) if personal else active.label, ready(Label))
    except (msgspec.ValidationError, TypeError, ValueError, AttributeError):
        return None  # a finding of its own


# --- comparing -------------------------------------------------------------------------------------


def compare_carriers(carriers: Collection[Carrier], story: Story) -> Iterator[CarrierValue]:
    """Yield every field that the story lists, and every other one that a carrier has and a mapping knows."""
    for projection in PROJECTIONS:
        listed = story.listed.get(projection.carrier, {})
        present = [item for item in carriers if item.id == projection.carrier]
        if not present and not listed:
            continue
        names = set(listed).union(*(item.fields for item in present))
        expected = _expected(projection, story)
        for row in (row for name, row in projection.fields.items() if name in names):
            others = present
            if row.name in listed:
                signed = _listed(projection, row, present, listed[row.name], expected.get(row.name))
                yield signed
                others = [item for item in present if item.fields.get(row.name) != signed.values]
            values = expected.get(row.name, () if _is_ours(row, story) else None)
            yield from (_unlisted(row, item, values, story) for item in others if _has_field(row, item))


def _is_ours(row: Field, story: Story) -> bool:
    """Is it a field of our own set, which a label of ours has, or it has no place in the file?"""
    return story.label is not None and music.PREFIX in row.name


def _has_field(row: Field, item: Carrier) -> bool:
    """Has the carrier this field?  A comment is free text, unless it means to be an ``AIGC`` object."""
    return row.name in item.fields and any(aigc.is_object(row.name, text) for text in item.fields[row.name] or ("",))


def _expected(projection: Projection, story: Story) -> Fields:
    """Return what the carrier would say; nothing where it cannot express the label."""
    if story.label is None or (projection.name.startswith("aigc") and story.label.china is UNSET):
        return {}
    try:
        return projection.dump(story.label)
    except LabelError:
        return {}


def _listed(
    projection: Projection, row: Field, present: Sequence[Carrier], digest: str, expected: tuple[str, ...] | None
) -> CarrierValue:
    holding = [item for item in present if row.name in item.fields]
    same = next((item for item in holding if digest_of(item.fields[row.name]) == digest), None)
    found = same or next(iter(holding), None)
    word: Agreement = "missing" if found is None else "changed" if same is None else "signed"
    return CarrierValue(
        carrier=projection.carrier,
        place=found.place if found else next((item.place for item in present), projection.carrier),
        field=row.name,
        agreement=word,
        values=found.fields[row.name] if found else (),
        expected=None if word == "signed" else expected,
        personal=row.personal,
    )


def _unlisted(row: Field, item: Carrier, expected: tuple[str, ...] | None, story: Story) -> CarrierValue:
    values = item.fields[row.name]
    judge = _JUDGES.get(row.name, _JUDGES_BY_ROLE[row.role])
    stands_against = judge(values, expected, story)
    return CarrierValue(
        carrier=item.id,
        place=item.place,
        field=row.name,
        agreement="contradicts" if stands_against is not None else "unlisted",
        values=values,
        expected=stands_against,
        personal=row.personal,
    )


#: Says what the story has instead of the values; nothing where both can be true.
_Judge = Callable[[tuple[str, ...], "tuple[str, ...] | None", Story], "tuple[str, ...] | None"]


def _source_type(values: tuple[str, ...], _: Any, story: Story) -> tuple[str, ...] | None:
    """A source type contradicts when it is none of those that are signed, and one of the two speaks of AI."""
    stated = tuple(sorted(story.source_types))
    if not stated:
        return None
    ai_signed = _speak_of_ai(stated)
    for value in values:
        plain = plain_uri(value)
        if plain not in stated and (ai_signed or iptc.kind_of(plain) in AI_KINDS):
            return stated
    return None


def _speak_of_ai(source_types: Collection[str]) -> bool:
    return any(SOURCE_TYPES.get(uri) in AI_KINDS for uri in source_types)


def _without_ai(story: Story) -> tuple[str, ...] | None:
    """Return what is signed when that leaves no room for AI."""
    if story.label is not None:
        return None if story.label.kind in AI_KINDS else (story.label.kind,)
    return tuple(sorted(story.source_types)) or None if not _speak_of_ai(story.source_types) else None


def _kind(values: tuple[str, ...], expected: tuple[str, ...] | None, story: Story) -> tuple[str, ...] | None:
    """Our own word for a kind stands for a source type where others signed."""
    if story.label is not None:
        return _equal(values, expected, story)
    return _source_type(tuple(KINDS[value].digital_source_type for value in values if value in KINDS), None, story)


def _keywords(values: tuple[str, ...], expected: tuple[str, ...] | None, story: Story) -> tuple[str, ...] | None:
    """Words of ours among keywords say what the fields of the same names would."""
    said = music.stated_in_keywords(values)
    if story.label is None:
        return _kind(said.get(music.KIND, ()), None, story)
    signed = music.stated_in_keywords(expected or ())
    return None if all(signed.get(name) == said[name] for name in said) else expected


def _system(values: tuple[str, ...], _: Any, story: Story) -> tuple[str, ...] | None:
    """A system contradicts when others are signed, or when what is signed leaves no room for one."""
    names = () if story.label is None else tuple(item.name for item in story.label.systems)
    if not names:
        return _without_ai(story)
    return names if not set(values) <= set(names) else None


def _version(values: tuple[str, ...], expected: tuple[str, ...] | None, story: Story) -> tuple[str, ...] | None:
    versions = {item.version for item in story.label.systems} if story.label is not None else set()
    return None if set(values) <= versions else expected


def _mining(values: tuple[str, ...], expected: tuple[str, ...] | None, story: Story) -> tuple[str, ...] | None:
    """Where the label has no one term for its permissions, the term contradicts that says otherwise of one use."""
    if expected is not None or story.label is None or story.label.permissions is UNSET:
        return _equal(values, expected, story)
    signed = msgspec.to_builtins(story.label.permissions)
    stated = iptc.permitted({iptc.MINING: values})
    return tuple(f"{use} {signed[use]}" for use, word in stated.items() if signed.get(use, word) != word) or None


def _aigc(values: tuple[str, ...], expected: tuple[str, ...] | None, story: Story) -> tuple[str, ...] | None:
    """The object says that AI made the content, however it is written; where codes are signed, they are compared."""
    instead = _without_ai(story)
    if instead is not None or expected is None:
        return instead
    objects = [aigc.read(value).values for value in values]
    wanted = aigc.read(expected[0]).values
    same = ("Label", "ContentProducer", "ProduceID")
    return None if all(item[key] == wanted[key] for item in objects for key in same) else expected


def _equal(values: tuple[str, ...], expected: tuple[str, ...] | None, _: Story) -> tuple[str, ...] | None:
    return None if expected is None or values == expected else expected


def _identifier(values: tuple[str, ...], expected: tuple[str, ...] | None, _: Story) -> tuple[str, ...] | None:
    """Identifiers are the same however they are spaced."""
    if expected is None or not set(map(plain_identifier, values)) - set(map(plain_identifier, expected)):
        return None
    return expected


def plain_identifier(text: str) -> str:
    """Return an identifier without spaces, dots, hyphens and case, in which taggers differ."""
    return re.sub(r"[\s.\-]", "", text).upper().removeprefix("URN:UUID:")


def _credit(_: Any, __: Any, ___: Story) -> None:
    """Names and rights are often written differently on purpose."""
    return


_JUDGES: dict[str, _Judge] = {
    iptc.SOURCE_TYPE: _source_type,
    iptc.SYSTEM: _system,
    iptc.VERSION: _version,
    iptc.MINING: _mining,
    **dict.fromkeys((name for row in PROJECTIONS for name in row.fields if name.endswith(music.KIND)), _kind),
    **dict.fromkeys((name for row in PROJECTIONS for name, field in row.fields.items() if field.shared), _keywords),
    **dict.fromkeys((*aigc.PLACES.values(), *(name for names in aigc.ELSEWHERE.values() for name in names)), _aigc),
}
_JUDGES_BY_ROLE: dict[str, _Judge] = {"statement": _equal, "identifier": _identifier, "credit": _credit}


# --- findings --------------------------------------------------------------------------------------


def values_of(evidence: Evidence) -> tuple[CarrierValue, ...] | None:
    """Return what the carriers of a file say and how it stands to what is signed; ``None`` where they are not read."""
    if evidence.carriers is None:
        return None
    story = story_of(evidence.manifests) if evidence.manifests else Story(frozenset())
    return tuple(compare_carriers(evidence.carriers, story))


def disagreements(values: Collection[CarrierValue], carriers: Collection[Carrier]) -> Iterator[Finding]:
    """Yield what is wrong with the carriers of a file that has a manifest; ``values`` are those compared."""
    for value in values:
        if value.agreement in ("missing", "changed", "contradicts"):
            yield finding(f"carrier.{value.agreement}", both_values(value), at=value.place)
    yield from faults_of(carriers)


def claims_of(carriers: Collection[Carrier]) -> Iterator[Finding]:
    """Yield what the carriers of a file without a manifest claim, each once."""
    claims = ((text, item.place) for item in carriers for text in claims_in(item.id, item.fields))
    yield from (finding("carrier.unsigned", text[:_SHOWN], at=place) for text, place in dict.fromkeys(claims))
    yield from faults_of(carriers)


def faults_of(carriers: Collection[Carrier]) -> Iterator[Finding]:
    """Yield what could not be read, and more than one ``AIGC`` object, of which a file has one."""
    for item in carriers:
        yield from (finding("carrier.unreadable", text, at=item.place) for text in item.faults)
    objects = [item.place for item in carriers for _ in aigc.objects_in(item.id, item.fields)]
    if len(objects) > 1:
        yield finding("carrier.doubled", f"{len(objects)} AIGC objects, in {', '.join(dict.fromkeys(objects))}")


def both_values(value: CarrierValue) -> str:
    """Say a field and both of its values; personal ones are left out of findings, which anybody may read."""
    if value.personal:
        return f"{value.field} (its value is personal)"
    signed = "" if value.expected is None else f"; the signed label says {_listing(value.expected)}"
    here = "" if value.agreement == "missing" else f" says {_listing(value.values)}"
    return f"{value.field}{here}{signed}"


def _listing(values: Sequence[str]) -> str:
    shown = ", ".join(values)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
