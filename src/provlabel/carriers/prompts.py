"""Where anybody who has a file can read the prompt that it was made by.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provlabel.carriers.vocabularies.marks import prompts_in
from provlabel.evidence import Carrier, Evidence, Manifest


def clear_prompts(evidence: Evidence) -> Iterator[str]:
    """Yield each place in words: assertions of all manifests, also of what it was made from, and tags."""
    yield from in_manifests(evidence.manifests)
    yield from in_tags(evidence.carriers or ())


def in_manifests(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield the assertions, each with its manifest but for the first one's."""
    for place, manifest in enumerate(manifests):
        yield from (f"{name} of {manifest.urn}" if place else name for name in manifest.prompts)


def in_tags(carriers: Iterable[Carrier]) -> Iterator[str]:
    """Yield the fields of tags."""
    for item in carriers:
        yield from (f"{name} in the {item.place}" for name in prompts_in(item.id, item.fields))
