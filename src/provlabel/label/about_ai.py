"""What the fields of a label say about AI, beside its kind: parts, operations, likenesses, systems."""

from __future__ import annotations

from collections.abc import Iterator

from provlabel.label.records import Contribution, Label


def ai_in(label: Label) -> Iterator[tuple[str, str]]:
    """Yield which fields say that AI made or changed something, each as a JSON pointer and in words.

    Systems count where people are said to have made all of it: a tool without training, and one that only
    enhances, are systems too.
    """
    if label.kind == "human_made":
        yield from ((f"/systems/{index}", f"AI system {item.name}") for index, item in enumerate(label.systems))
    for index, item in enumerate(label.contributions):
        if item.extent != "None" and not is_technical(item, label):
            yield f"/contributions/{index}", f"{item.part} by AI ({item.extent})"
    for index, done in enumerate(label.operations):
        if done.by == "ai" and label.kind != "ai_assisted_technical":
            yield f"/operations/{index}", f"{done.operation} by AI"
    for index, person in enumerate(label.likeness):
        if person.synthetic:
            yield f"/likeness/{index}", f"a synthetic {person.depicts.replace('_', ' ')}"


#: Operations that put something in that was not there before: by AI, something was generated.
ADDING = frozenset({"addedText", "drawing", "dubbed", "translated"})


def added_in(label: Label) -> Iterator[tuple[str, str]]:
    """Yield which operations of technical work say that AI put something in, as :func:`ai_in` does."""
    for index, done in enumerate(label.operations if label.kind == "ai_assisted_technical" else ()):
        if done.by == "ai" and done.operation in ADDING:
            yield f"/operations/{index}", f"{done.operation} by AI"


def is_technical(item: Contribution, label: Label) -> bool:
    """AI mixing or mastering of a work that is otherwise technical only counts as nothing generated."""
    return item.part in ("mixing", "mastering") and label.kind == "ai_assisted_technical"
