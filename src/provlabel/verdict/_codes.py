"""What the codes of a manifest mean together."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from provlabel.evidence import Code
from provlabel.manifest.codes import EFFECTS, Effect
from provlabel.trust.anchors import Purpose, TrustStore


def effects_of(codes: Collection[Code]) -> dict[Effect, list[Code]]:
    found: dict[Effect, list[Code]] = {}
    for code in codes:
        if code.code in EFFECTS:
            found.setdefault(EFFECTS[code.code], []).append(code)
    return found


def in_words(code: Code) -> str:
    """The code, and the engine's own words where they say more than it."""
    plain = not code.text or (EFFECTS.get(code.code) == "altered" and code.code.endswith(".mismatch"))
    return code.code if plain else f"{code.code}, {code.text}"


def vouched_for(codes: Iterable[Code], trust: TrustStore, purpose: Purpose) -> bool:
    """Was it a list for this purpose that vouched?  The engine takes any, and names it only in its explanation."""
    return any(trust.vouching(code.text, purpose) for code in codes)
