"""Which fields a label writes into the carriers of a file, and what becomes of those that are there.  Pure.

What is there is kept wherever it does not contradict the label.  A statement about AI or permission that
does is replaced, and the receipt says so; an identifier that does belongs to another work, so the label is
refused; names and rights are never replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from msgspec import UNSET

from provlabel.carriers.compare import Story, both_values, compare_carriers, digest_of
from provlabel.carriers.vocabularies import PROJECTIONS, CarrierId, Field, Projection, aigc, iptc, music
from provlabel.carriers.vocabularies._base import Fields
from provlabel.errors import InputError, LabelError
from provlabel.evidence import Carrier
from provlabel.label import Label
from provlabel.label.vocabularies import KINDS
from provlabel.report import CarrierValue

#: What ``--carriers`` chooses: XMP of pictures, tags of sounds, the AIGC object of either.
Choice = Literal["xmp", "tags", "aigc"]
CHOICES: tuple[Choice, ...] = ("xmp", "tags", "aigc")
_VOCABULARY = {"xmp": "iptc", "tags": "music", "aigc": "aigc"}
#: What each medium has a place for.
_MEDIA: dict[str, frozenset[Choice]] = {
    "image": frozenset({"xmp", "aigc"}),
    "audio": frozenset({"tags", "aigc"}),
    "video": frozenset({"aigc"}),
}
DEFAULT: dict[str, tuple[Choice, ...]] = {"image": ("xmp",), "audio": ("tags",), "video": ()}
# A file has one AIGC object, in the first of these that it can hold.
_ONE_AIGC: tuple[CarrierId, ...] = ("xmp", "vorbis", "riff", "mp4", "id3")
# Field -> the field that it describes, and whose new value it would describe when that is replaced.
_DESCRIBED = {iptc.VERSION: iptc.SYSTEM, iptc.WRITER: iptc.PROMPT}


class Projected(NamedTuple):
    """What is written, what the label lists, and what the owner should know."""

    wanted: Mapping[str, Fields] = MappingProxyType({})  #: an empty tuple takes a field out
    listed: tuple[dict[str, Any], ...] = ()  #: as :class:`~provlabel.label.records.CarrierValues`
    warnings: tuple[str, ...] = ()


def chosen(choice: Sequence[Choice] | None, media: str, writable: Collection[CarrierId]) -> tuple[Projection, ...]:
    """Return the projections of ``choice`` for a file; ``None`` chooses by its medium, as far as it can be written.

    Raises:
        LabelError: a choice has no place in this medium, or cannot be written into this format.
    """
    names = DEFAULT[media] if choice is None else tuple(name for name in choice if name in _MEDIA[media])
    if choice and not names:
        raise LabelError(
            f"{' and '.join(choice)} have no place in {media}",
            hint=f"--carriers {','.join(sorted(_MEDIA[media])) or 'none'}",
        )
    found = {name: _rows(name, writable) for name in names}
    missing = [name for name, rows in found.items() if not rows]
    if choice and missing:
        raise LabelError(
            f"{' and '.join(missing)} cannot be written into this format", hint="leave them out of --carriers"
        )
    return tuple(row for rows in found.values() for row in rows)


def _rows(name: Choice, writable: Collection[CarrierId]) -> list[Projection]:
    rows = [row for row in PROJECTIONS if row.name == _VOCABULARY[name] and row.carrier in writable]
    if name == "aigc":
        rows.sort(key=lambda row: _ONE_AIGC.index(row.carrier) if row.carrier in _ONE_AIGC else len(_ONE_AIGC))
        return rows[:1]
    return rows


def projected(
    label: Label,
    carriers: Collection[Carrier],
    projections: Sequence[Projection],
    before: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    withheld: tuple[str, ...] = (),
) -> Projected:
    """Decide about every field of ``projections``; ``label`` is as it will be signed, so it has no name that is not.

    ``before`` is what an earlier label in the file lists: the history keeps its values, so no warning is needed.
    Fields whose names begin as one of ``withheld`` are not begun: they would hide what others wrote.

    Raises:
        LabelError: a carrier that was chosen cannot express the label.
        InputError: what the file says elsewhere, or which work it says it is, contradicts the label.
    """
    story = Story(frozenset({KINDS[label.kind].digital_source_type}), label)
    doubts = tuple(_doubts(label, carriers, projections))
    projections, doubled = _without_a_second_object(projections, carriers)
    wanted: dict[str, dict[str, tuple[str, ...]]] = {}
    warnings: list[str] = []
    against = [value for value in compare_carriers(carriers, story) if value.agreement == "contradicts"]
    ours: dict[str, dict[str, Field]] = {row.carrier: {} for row in projections}
    for row in projections:
        dumped = row.dump(label)
        ours[row.carrier] |= row.fields
        fields = wanted.setdefault(row.carrier, {})
        for name, field in row.fields.items():
            old = next((item.fields[name] for item in carriers if item.id == row.carrier and name in item.fields), None)
            if old is None and name.startswith(withheld):
                continue
            said = dumped.get(name)
            if field.shared:
                said = music.beside_keywords(old or (), said or ())
            about = (name, _DESCRIBED.get(name))
            contradicts = any(value.carrier == row.carrier and value.field in about for value in against)
            values = _decided(field, said, old, contradicts)
            if values is not None:
                fields[name] = values
            if old is None or (field.shared and not contradicts):
                continue
            if digest_of(old) != before.get(row.carrier, {}).get(name):
                warnings += _replacement_warnings(row.carrier, field, old, values, said)
    _require_no_contradiction(against, ours)
    listed = tuple(_listed(carrier, fields, ours[carrier]) for carrier, fields in wanted.items())
    changes = {carrier: _changing(carrier, fields, carriers) for carrier, fields in wanted.items()}
    return Projected(
        {carrier: fields for carrier, fields in changes.items() if fields},
        tuple(item for item in listed if len(item) > 1),
        (*warnings, *doubled, *doubts, *_left_names(carriers, wanted, before)),
    )


def _without_a_second_object(
    projections: Sequence[Projection], carriers: Collection[Carrier]
) -> tuple[Sequence[Projection], tuple[str, ...]]:
    """Leave the ``AIGC`` object out where the file has one at another place: it may have one alone."""
    row = next((row for row in projections if row.name == "aigc"), None)
    others = [item for item in carriers if row is not None and any(aigc.objects_in(item.id, _besides(row, item)))]
    if not others:
        return projections, ()
    said = f"an AIGC object stands in {others[0].place}, and was left so; a file has one, so that no other was written"
    return [item for item in projections if item is not row], (said,)


def _besides(row: Projection, item: Carrier) -> Fields:
    own = row.fields if item.id == row.carrier else {}
    return {name: values for name, values in item.fields.items() if name not in own}


def _decided(
    field: Field, ours: tuple[str, ...] | None, old: tuple[str, ...] | None, contradicts: bool
) -> tuple[str, ...] | None:
    """Return what the field will hold: empty to take it out, ``None`` to leave it and not to list it."""
    if old is None or old == ours or field.shared or _is_completed(field, ours, old):
        return ours
    if field.role == "statement" and contradicts:
        return ours or ()
    return old if ours is not None and field.role != "credit" else None


def _is_completed(field: Field, ours: tuple[str, ...] | None, old: tuple[str, ...]) -> bool:
    """Says ours all that the old ``AIGC`` object says, and who passes the content on, which that leaves open?"""
    return field.name in aigc.PLACES.values() and ours is not None and len(old) == 1 and aigc.completes(ours[0], old[0])


def _replacement_warnings(
    carrier: str, field: Field, old: tuple[str, ...], values: tuple[str, ...] | None, ours: tuple[str, ...] | None
) -> Iterator[str]:
    """Say what becomes of a value that somebody wrote, where it is not kept or is not what the label says."""
    name = field.name if ":" in field.name and carrier == "xmp" else f"{carrier} {field.name}"
    if values is not None and values != old:
        after = f"and now says {_words(field, values)}" if values else "and was taken out"
        yield f"{name} said {_words(field, old)}, {after}"
    elif values is None and ours is not None:
        yield f"{name} says {_words(field, old)}, and was left so"


def _words(field: Field, values: Sequence[str]) -> str:
    return "something personal" if field.personal else ", ".join(values)


def _require_no_contradiction(against: Sequence[CarrierValue], ours: Mapping[str, Mapping[str, Field]]) -> None:
    """Refuse what would contradict the label in the finished file."""
    for value in against:
        field = ours.get(value.carrier, {}).get(value.field)
        if field is None or field.role != "statement":
            raise InputError(
                f"{value.place}: {both_values(value)}",
                hint="correct whichever is wrong, or choose the carrier with --carriers, and provlabel corrects it",
            )


def _changing(carrier: str, fields: Fields, carriers: Collection[Carrier]) -> dict[str, tuple[str, ...]]:
    """Return the fields that do not have these values already."""
    present = [item.fields for item in carriers if item.id == carrier]
    return {
        name: values
        for name, values in fields.items()
        if (not values and any(name in item for item in present))
        or (values and not any(item.get(name) == values for item in present))
    }


def _listed(carrier: str, fields: Fields, rows: Mapping[str, Field]) -> dict[str, Any]:
    digests = {name: digest_of(values) for name, values in fields.items() if values}
    public = {name: digest for name, digest in digests.items() if not rows[name].personal}
    personal = {name: digest for name, digest in digests.items() if rows[name].personal}
    return (
        {"id": carrier} | ({"values": public} if digests else {}) | ({"personal_values": personal} if personal else {})
    )


def _left_names(
    carriers: Collection[Carrier], wanted: Mapping[str, Fields], before: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Say that names or words of people are left in tags, which an earlier label wrote and this one does not sign."""
    personal = {(row.carrier, name) for row in PROJECTIONS for name, field in row.fields.items() if field.personal}
    left = [
        f"{item.id} {name}"
        for item in carriers
        for name, values in item.fields.items()
        if (item.id, name) in personal
        and before.get(item.id, {}).get(name) == digest_of(values)
        and wanted.get(item.id, {}).get(name) is None
    ]
    if left:
        yield f"an earlier label wrote {', '.join(left)}, which this one does not sign; take them out: provlabel redact"


def _doubts(label: Label, carriers: Collection[Carrier], projections: Sequence[Projection]) -> Iterator[str]:
    if label.china is not UNSET and not any(row.name == "aigc" for row in projections):
        yield "the label holds codes for China's AIGC object, which was not written; add aigc to --carriers"
