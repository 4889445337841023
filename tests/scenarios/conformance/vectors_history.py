"""Vectors about what came before: parents and parts, at any depth, good, laundered, missing and going round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pki
from stores import Store, embedded, store_of
from vectors import STILL, Bench, Expected, Vector, fails, passes, refused

ACTIONS = "c2pa.actions.v2"


def over_parent(bench: Bench, parent: bytes, *parts: bytes, **how: Any) -> bytes:
    """Sign over ``parent`` with the bare engine, which looks away."""
    made = bench.definition(has_parent=True)
    placed = [
        {"action": "c2pa.placed", "parameters": {"ingredientIds": [f"part{index}"]}} for index in range(len(parts))
    ]
    actions = next(item for item in made["assertions"] if item["label"].startswith("c2pa.actions"))["data"]["actions"]
    actions[0].setdefault("parameters", {})["ingredientIds"] = ["parent"]
    actions.extend(placed)
    ingredients = {"parent": parent, **{f"part{index}": part for index, part in enumerate(parts)}}
    return bench.by_engine(parent, made, parts=ingredients, **how)


def _nested(bench: Bench, first: bytes, depth: int, **how: Any) -> bytes:
    for _ in range(depth):
        first = over_parent(bench, first, **how)
    return first


def _altered(content: bytes) -> bytes:
    return content[:-40] + bytes([content[-40] ^ 1]) + content[-39:]


def laundered(bench: Bench) -> Iterator[Vector]:
    """Parents that do not hold, with good signatures over them (abuse 10)."""
    good = bench.sign(bench.png)
    bad_signature = good.replace(b"AcmeSynth", b"AcmeSymth")
    resigned = Store(store_of(good)).rehash().sign(bench.hand, value=bytes(64))
    forged = embedded(Store(resigned.dump()), bench.png, bench.hand, value=bytes(64))
    stranger = bench.opened("stranger", pki.leaf(pki.root("Conformance Root"), common="Conformance Signer"))
    unknown = bench.sign(bench.png, signer=stranger)
    broken = fails("invalid", "history.broken", history="broken")
    strange = passes("history.unknown-signer", history="unknown-signer")
    cases: dict[str, tuple[str, bytes, Expected]] = {
        "clean": ("a good parent", good, passes(history="clean")),
        "altered": ("a parent whose media was altered", _altered(good), broken),
        "assertion": ("a parent whose label was altered", bad_signature, broken),
        "signature": ("a parent with a signature that is none", forged, broken),
        "untrusted": ("a parent by a stranger of the same name", unknown, strange),
        "untrusted-altered": ("an altered parent by a stranger", _altered(unknown), broken),
    }
    for case, (title, first, expected) in cases.items():
        for depth in (1, 2, 5):
            yield Vector(
                f"history/{case}-{depth}",
                f"{title}, {depth} steps before",
                "abuse 10",
                "history",
                {STILL: _nested(bench, first, depth)},
                expected,
            )
    part = over_parent(bench, bench.png, _altered(good))
    yield Vector(
        "history/part-altered", "an altered part beside a bare parent", "abuse 10", "history", {STILL: part}, broken
    )
    deep = over_parent(bench, bench.sign(bench.png), over_parent(bench, bench.png, _altered(good)))
    yield Vector(
        "history/part-of-part-altered", "an altered part of a part", "abuse 10", "history", {STILL: deep}, broken
    )


def graphs(bench: Bench) -> Iterator[Vector]:
    """Shapes of history: bare, diamond, deep, round, torn (abuse 10, 11, 33)."""
    good = bench.sign(bench.png)

    def vector(case: str, title: str, content: bytes, expected: Expected, source: str = "abuse 10") -> Vector:
        return Vector(f"history/{case}", title, source, "history", {STILL: content}, expected)

    bare = passes("history.no-provenance", history="clean")
    yield vector("bare-parent", "a parent without a manifest", over_parent(bench, bench.png), bare)
    yield vector(
        "bare-part", "a good parent, and a part without a manifest", over_parent(bench, good, bench.jpeg), bare
    )
    yield vector(
        "diamond",
        "one part in two parts",
        over_parent(bench, good, over_parent(bench, good), over_parent(bench, good)),
        passes(history="clean"),
        "abuse 33",
    )
    yield vector("twelve", "twelve steps, all good", _nested(bench, good, 12), passes(history="clean"), "abuse 33")
    tree = over_parent(bench, good, *[bench.sign(bench.png) for _ in range(8)])
    yield vector("eight-parts", "eight good parts", tree, passes(history="clean"), "abuse 33")
    yield vector(
        "two-parents",
        "two parents",
        _two_parents(bench, good),
        refused(history=("clean", "broken", "none"), content=("not-fully-bound", "intact", "altered", "unreadable")),
        "C2PA 2.4 §15.11: manifest.multipleParents",
    )
    yield from _torn(bench, good)
    dropped = bench.definition()
    dropped["assertions"][0]["data"]["actions"] = [{"action": "c2pa.opened"}]
    content = bench.by_engine(good, dropped)
    yield vector(
        "dropped",
        "something was opened, and what is not said",
        content,
        Expected(
            1,
            ("invalid", "unreadable", "trusted"),
            {
                **refused().axes,
                "content": ("not-fully-bound", "intact", "unreadable"),
                "label": ("present", "present contradictory", "none"),
                "history": ("none", "broken"),
            },
        ),
        "C2PA 2.4 §15.10.3: assertion.action.ingredientMismatch",
    )
    yield vector(
        "dropped-in-silence",
        "signed anew, and not a word of the manifest before: the signer answers for it",
        bench.by_engine(good),
        passes(),
        "abuse 11",
    )


def _two_parents(bench: Bench, good: bytes) -> bytes:
    made = bench.definition(has_parent=True)
    actions = next(item for item in made["assertions"] if item["label"].startswith("c2pa.actions"))["data"]["actions"]
    actions[0].setdefault("parameters", {})["ingredientIds"] = ["parent"]
    actions.append({"action": "c2pa.edited", "parameters": {"ingredientIds": ["parent2"]}})
    return bench.by_engine(good, made, parts={"parent": good, "parent2": bench.sign(bench.png)})


def _torn(bench: Bench, good: bytes) -> Iterator[Vector]:
    """Stores whose earlier manifests are gone, exchanged, or refer to later ones."""
    two = over_parent(bench, good)
    broken = Expected(
        1,
        ("invalid", "unreadable"),
        {
            **refused().axes,
            "history": ("broken", "none", "clean"),
            "content": ("intact", "altered", "not-fully-bound", "unreadable"),
        },
    )

    def vector(case: str, title: str, store: Store) -> Vector:
        return Vector(
            f"history/{case}",
            title,
            "C2PA 2.4 §15.11",
            "history",
            {STILL: embedded(store, good_bare, bench.hand)},
            broken,
        )

    good_bare = bench.png
    missing = Store(store_of(two))
    del missing.root.inside[1]
    yield vector("missing", "the parent's manifest is gone", missing)
    other = Store(store_of(bench.sign(bench.png)))
    exchanged = Store(store_of(two))
    parent = exchanged.root.inside[1].label
    exchanged.root.inside[1] = Store(other.dump().replace(other.urn.encode(), parent.encode())).manifest
    yield vector("exchanged", "another manifest under the name of the parent's", exchanged)
    yield vector("round", "a manifest that is its own parent", _round(two, itself=True))
    yield vector("round-of-two", "two manifests, each the parent of the other", _round(two, itself=False))
    wrong = Store(store_of(two))
    label = ingredient_of(wrong)
    wrong.change(label, lambda data: data[_reference(data)].update(hash=bytes(32)))
    yield vector("wrong-hash", "the hash of the parent's manifest is another", wrong)


def ingredient_of(store: Store) -> str:
    return next(box.label for box in store.assertions.inside[1:] if box.label.startswith("c2pa.ingredient"))


def _reference(data: dict[str, Any]) -> str:
    return "activeManifest" if "activeManifest" in data else "c2pa_manifest"


def _round(content: bytes, *, itself: bool) -> Store:
    store = Store(store_of(content))
    urn, label = store.urn, ingredient_of(store)
    parent = store.root.inside[1].label

    def turned(data: dict[str, Any]) -> None:
        for name in ("activeManifest", "claimSignature", "c2pa_manifest"):
            if name in data:
                data[name]["url"] = data[name]["url"].replace(parent, urn)

    if itself:
        return store.change(label, turned)
    first = store.root.inside[1]
    [ingredient] = [box for box in store.assertions.inside[1:] if box.label == label]
    first.child("c2pa.assertions").inside.append(
        type(ingredient)(
            b"jumb",
            b"",
            [
                ingredient.inside[0],
                type(ingredient)(b"cbor", ingredient.content.body.replace(parent.encode(), urn.encode())),
            ],
        )
    )
    return store


Parts = Sequence[bytes]
GROUPS = (laundered, graphs)
