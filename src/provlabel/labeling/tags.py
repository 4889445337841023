"""What changes in a file before it is signed, so that its carriers repeat the label."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, cast

from msgspec import structs

from provlabel._support.text import printable
from provlabel.carriers.compare import story_of
from provlabel.carriers.plan import Choice, chosen, projected
from provlabel.carriers.prompts import in_tags
from provlabel.carriers.tags import TAGGERS, TagError, Tagger, carriers_in
from provlabel.carriers.vocabularies import Fields
from provlabel.carriers.vocabularies.marks import prompts_in
from provlabel.errors import InputError, LabelError, UsageError
from provlabel.evidence import Carrier, mapping
from provlabel.label import Label
from provlabel.labeling.sources import Source, reopened
from provlabel.media.containers import CONTAINERS, ContainerError, Part, sized, stores_left
from provlabel.media.containers.edits import Edit, Edited


class TagPlan(NamedTuple):
    """The edits, and what the label lists of them."""

    edits: tuple[Edit, ...] = ()
    listed: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


def plan_tags(
    checked: Source, label: Label, choice: Sequence[Choice] | None, *, detached: bool, strip_prompt: bool = False
) -> TagPlan:
    """Plan the carriers of a file; ``label`` is as it will be signed.

    With ``choice`` ``None`` a carrier that cannot be written is a warning, otherwise an error.  With ``strip_prompt``
    all fields in which a prompt stands are taken out.

    Raises:
        LabelError: the label cannot be written into a carrier that was chosen.
        InputError: a carrier that was chosen cannot be written, or one contradicts the label and stays; or a prompt
            cannot be taken out.
        UsageError: carriers were chosen for a file that stays as it is, or a prompt is to be taken out of it.
    """
    if detached and choice:
        raise UsageError(
            "a detached manifest leaves the content as it is, so no tags are written", hint="leave --carriers away"
        )
    if detached and strip_prompt:
        raise UsageError(
            f"{checked.shown}: a detached manifest leaves the content as it is, so no prompt is taken out",
            hint="leave --strip-prompt away",
        )
    with _named(checked.shown):
        if strip_prompt and checked.evidence.carriers is None:
            raise InputError(f"metadata of {checked.fmt.name} is not read, so no prompt is found in it", hint=_BY_HAND)
        choice = () if detached else choice
        return _planned(checked, label, choice, detached=detached, strip_prompt=strip_prompt)


def _planned(
    checked: Source, label: Label, choice: Sequence[Choice] | None, *, detached: bool, strip_prompt: bool
) -> TagPlan:
    tagger = TAGGERS.get(checked.fmt.name)
    carriers = checked.evidence.carriers or ()
    prompts = _prompts(carriers) if strip_prompt else {}
    carriers = tuple(_without(item, prompts.get(item.id, ())) for item in carriers)
    projections = chosen(choice, checked.fmt.media, tagger.carriers if tagger else ())
    before = story_of(checked.evidence.manifests).listed if checked.evidence.manifests else {}
    withheld = _withheld(checked, tagger) if tagger and projections else ()
    plan = projected(label, carriers, projections, before, withheld)
    if tagger is None or detached:
        return TagPlan((), plan.listed, plan.warnings)
    if prompts:
        return TagPlan(_stripped(checked, tagger, plan.wanted, prompts), plan.listed, plan.warnings)
    if not plan.wanted:
        return TagPlan(_ready(checked, tagger), plan.listed, plan.warnings)
    try:
        return TagPlan(_edits(checked, tagger, plan.wanted), plan.listed, plan.warnings)
    except TagError as exc:
        if choice is not None:
            raise InputError(f"tags cannot be written: {exc}", hint="--carriers none") from exc
        bare = projected(label, carriers, ())
        return TagPlan(_ready(checked, tagger), (), (*bare.warnings, f"tags were not written: {exc}"))


def _withheld(checked: Source, tagger: Tagger) -> tuple[str, ...]:
    if not tagger.has("withheld"):
        return ()
    with _settled(checked) as (stream, parts):
        return tagger.withheld(stream, parts)


def _ready(checked: Source, tagger: Tagger) -> tuple[Edit, ...]:
    """Return the edits that make the file ready for a manifest; none where that cannot be done."""
    if not tagger.has("ready"):
        return ()
    with contextlib.suppress(TagError), _settled(checked) as (stream, parts):
        return tuple(tagger.ready(stream, parts))
    return ()


def edits_without(checked: Source, fields: Sequence[tuple[str, str]]) -> tuple[Edit, ...] | str:
    """Return the edits that take these fields out, each of a carrier; or why that cannot be done without harm."""
    tagger, wanted = TAGGERS.get(checked.fmt.name), dict[str, dict[str, tuple[str, ...]]]()
    for carrier, name in fields:
        wanted.setdefault(carrier, {})[name] = ()
    try:
        return _edits(checked, tagger, wanted) if tagger and wanted else ()
    except TagError as exc:
        return str(exc)


def personal_edits(checked: Source, *, generator_metadata: bool = False) -> tuple[Edit, ...]:
    """Return the edits that take every field out of a labeled file that a label of its own lists as personal.

    With ``generator_metadata`` also those that take out the fields in which a generator, or anybody else, left a
    prompt, as far as they can be written.  Manifest stores that would stay in the file, though nothing refers to them
    any more, become zeros.

    Raises:
        InputError: a carrier cannot be written.
    """
    wanted = _personal(checked)
    tagger = TAGGERS.get(checked.fmt.name)
    with _named(checked.shown):
        try:
            tags = _edits(checked, tagger, wanted) if tagger and wanted else ()
        except TagError as exc:
            raise InputError(f"names cannot be taken out of its tags: {exc}") from exc
        if tagger and generator_metadata:
            with contextlib.suppress(TagError):  # it stays, and whoever asked is told
                tags = _without_prompts(checked, tagger, wanted, _prompts(checked.evidence.carriers or ()))
        return (*tags, *_zeroed_stores(checked))


def _personal(checked: Source) -> dict[str, dict[str, tuple[str, ...]]]:
    wanted: dict[str, dict[str, tuple[str, ...]]] = {}
    for manifest in checked.evidence.manifests:
        for item in mapping(manifest.personal).get("carriers") or ():
            fields = wanted.setdefault(str(mapping(item).get("id")), {})
            fields |= dict.fromkeys(map(str, mapping(mapping(item).get("personal_values"))), ())
    return wanted


def _prompts(carriers: Iterable[Carrier]) -> dict[str, tuple[str, ...]]:
    """Return the fields in which a prompt stands, by the id of their carrier."""
    found: dict[str, tuple[str, ...]] = {}
    for item in carriers:
        if names := tuple(prompts_in(item.id, item.fields)):
            found[item.id] = (*found.get(item.id, ()), *names)
    return found


def _without(item: Carrier, names: Collection[str]) -> Carrier:
    return structs.replace(item, fields={name: item.fields[name] for name in item.fields if name not in names})


def _stripped(
    checked: Source, tagger: Tagger, wanted: Mapping[str, Fields], prompts: Mapping[str, Collection[str]]
) -> tuple[Edit, ...]:
    """Return the edits of ``wanted``, and those after which no prompt is left.

    Raises:
        InputError: one would be.
    """
    try:
        written = bool(wanted) or any(carrier in prompts for carrier in tagger.carriers)
        front = () if written else _ready(checked, tagger)
        changes = (*front, *_without_prompts(checked, tagger, wanted, prompts))
        with _settled(checked) as (stream, _):
            left = tuple(in_tags(_read_after(checked, stream, changes)))
        why = "it stands where this format is only read, or more than once"
    except ContainerError as exc:
        left, why = tuple(in_tags(checked.evidence.carriers or ())), str(exc)
    if left:
        raise InputError(f"the prompt in {', '.join(left)} cannot be taken out: {why}", hint=_BY_HAND)
    return changes


_BY_HAND = "take it out with the program that wrote it; or leave --strip-prompt away"


def _read_after(checked: Source, stream: BinaryIO, changes: Sequence[Edit]) -> tuple[Carrier, ...]:
    """Return what the carriers of the file will say."""
    after = Edited(stream, stream.seek(0, os.SEEK_END), changes)
    changed = cast("BinaryIO", io.BufferedReader(after))
    return (
        carriers_in(checked.fmt.name, changed, tuple(CONTAINERS[checked.fmt.container].walk(changed, after.size))) or ()
    )


def _without_prompts(
    checked: Source, tagger: Tagger, wanted: Mapping[str, Fields], prompts: Mapping[str, Collection[str]]
) -> tuple[Edit, ...]:
    """Return the edits of ``wanted``, and those that take out ``prompts``, as far as the format can be written.

    Raises:
        TagError: a carrier cannot be changed.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {carrier: dict(fields) for carrier, fields in wanted.items()}
    for carrier in tagger.carriers:
        if carrier in prompts:
            found.setdefault(carrier, {}).update(dict.fromkeys(prompts[carrier], ()))
    with _settled(checked) as (stream, parts):
        return (
            *(tagger.edits(stream, parts, found) if found else ()),
            *tagger.cut(stream, parts, prompts.get("text", ())),
            *tagger.blanked(stream, parts, prompts.get("exif", ())),
        )


def _zeroed_stores(checked: Source) -> Iterator[Edit]:
    with reopened(checked) as stream:
        end = 0
        for start, stop in stores_left(checked.fmt.container, stream, stream.seek(0, os.SEEK_END)):
            if stop > end:
                yield Edit(max(start, end), stop, bytes(stop - max(start, end)))
                end = stop


def _edits(checked: Source, tagger: Tagger, wanted: Mapping[str, Fields]) -> tuple[Edit, ...]:
    with _settled(checked) as (stream, parts):
        return tuple(tagger.edits(stream, parts, wanted))


@contextlib.contextmanager
def _settled(checked: Source) -> Iterator[tuple[BinaryIO, tuple[Part, ...]]]:
    """Open a file as it will be changed, with right sizes in its header."""
    with reopened(checked) as source:
        content = sized(checked.fmt.container, source, source.seek(0, os.SEEK_END))
        stream = cast("BinaryIO", io.BufferedReader(content))
        yield stream, tuple(CONTAINERS[checked.fmt.container].walk(stream, content.size))


@contextlib.contextmanager
def _named(shown: str) -> Iterator[None]:
    """Name the file in what goes wrong."""
    try:
        yield
    except (InputError, LabelError) as exc:
        text = str(exc)
        if text.startswith(shown):
            raise
        raise type(exc)(f"{shown}: {printable(text, 1000)}", hint=exc.hint) from exc
