"""What changes in a file before it is signed, so that its carriers repeat the label."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, cast

from provlabel._support.text import printable
from provlabel.carriers.compare import story_of
from provlabel.carriers.plan import Choice, chosen, projected
from provlabel.carriers.tags import TAGGERS, TagError, Tagger
from provlabel.carriers.vocabularies import Fields
from provlabel.carriers.vocabularies.marks import prompts_in
from provlabel.errors import InputError, LabelError, UsageError
from provlabel.evidence import mapping
from provlabel.label import Label
from provlabel.labeling.sources import Source, reopened
from provlabel.media.containers import CONTAINERS, Part, sized, stores_left
from provlabel.media.containers.edits import Edit


class TagPlan(NamedTuple):
    """The edits, and what the label lists of them."""

    edits: tuple[Edit, ...] = ()
    listed: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


def plan_tags(checked: Source, label: Label, choice: Sequence[Choice] | None, *, detached: bool) -> TagPlan:
    """Plan the carriers of a file; ``label`` is as it will be signed.

    With ``choice`` ``None`` a carrier that cannot be written is a warning, otherwise an error.

    Raises:
        LabelError: the label cannot be written into a carrier that was chosen.
        InputError: a carrier that was chosen cannot be written, or one contradicts the label and stays.
        UsageError: carriers were chosen for a file that stays as it is.
    """
    if detached and choice:
        raise UsageError(
            "a detached manifest leaves the content as it is, so no tags are written", hint="leave --carriers away"
        )
    with _named(checked.shown):
        return _planned(checked, label, () if detached else choice, detached=detached)


def _planned(checked: Source, label: Label, choice: Sequence[Choice] | None, *, detached: bool) -> TagPlan:
    tagger = TAGGERS.get(checked.fmt.name)
    carriers = checked.evidence.carriers or ()
    projections = chosen(choice, checked.fmt.media, tagger.carriers if tagger else ())
    before = story_of(checked.evidence.manifests).listed if checked.evidence.manifests else {}
    withheld = _withheld(checked, tagger) if tagger and projections else ()
    plan = projected(label, carriers, projections, before, withheld)
    if tagger is None or detached:
        return TagPlan((), plan.listed, plan.warnings)
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
                tags = _without_prompts(checked, tagger, wanted)
        return (*tags, *_zeroed_stores(checked))


def _personal(checked: Source) -> dict[str, dict[str, tuple[str, ...]]]:
    wanted: dict[str, dict[str, tuple[str, ...]]] = {}
    for manifest in checked.evidence.manifests:
        for item in mapping(manifest.personal).get("carriers") or ():
            fields = wanted.setdefault(str(mapping(item).get("id")), {})
            fields |= dict.fromkeys(map(str, mapping(mapping(item).get("personal_values"))), ())
    return wanted


def _without_prompts(checked: Source, tagger: Tagger, wanted: Mapping[str, Fields]) -> tuple[Edit, ...]:
    """Return the edits of ``wanted``, and those that take out prompts."""
    found: dict[str, dict[str, tuple[str, ...]]] = {carrier: dict(fields) for carrier, fields in wanted.items()}
    texts: set[str] = set()
    for item in checked.evidence.carriers or ():
        names = tuple(prompts_in(item.id, item.fields))
        if item.id in tagger.carriers:
            found.setdefault(item.id, {}).update(dict.fromkeys(names, ()))
        elif item.id == "text":
            texts.update(names)
    with _settled(checked) as (stream, parts):
        return (*tagger.edits(stream, parts, found), *tagger.cut(stream, parts, texts))


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
