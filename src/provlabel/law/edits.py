"""The eight minor modifications of California, Cal. B&P §22757.1(l), read from the operations of a label.

(1) a change to brightness, contrast or color, (2) sharpening, (3) saturating, (4) file resizing, (5) scaling,
(6) cropping, (7) file format conversions, (8) denoising and removal of background noise in audio.  The list is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provlabel.law.records import Subject
from provlabel.law.subjects import entries, words_of

#: Operations that are nothing else, as C2PA defines them (2.4 §18.15.4.7): color is (1) and (3), a change of size (4)
#: and (5), and a transcoding (4), (5) and (7).
_MINOR = frozenset({"adjustedColor", "converted", "cropped", "resized", "transcoded"})
#: Operations that can be one of the eight, which only their technique tells.
_ANY_EDIT = frozenset({"edited", "enhanced", "filtered"})
#: Techniques that are one of the eight, in the words of the list and of the trade.
_TECHNIQUES = frozenset(
    {"brightness", "contrast", "color", "colour", "color correction", "colour correction", "sharpen", "sharpening",
     "saturate", "saturating", "saturation", "resizing", "scaling", "cropping", "format conversion", "denoise",
     "denoising", "noise reduction", "noise removal", "background noise removal", "removal of background noise"}
)  # fmt: skip


def by_ai(subject: Subject) -> list[Mapping[str, Any]]:
    """Return the operations of the label but those that it says people did."""
    return [item for item in entries(subject, "operations") if item.get("by") != "human"]


def parts_by_ai(subject: Subject) -> list[str]:
    """Return the parts that AI made, wholly or in part, as the label says: none of the eight makes anything.

    What is said of mixing and mastering is said of work on what is there, which its operations tell.
    """
    return [
        words_of(item.get("part"))
        for item in entries(subject, "contributions")
        if item.get("by") == "ai" and item.get("extent") != "None" and item.get("part") not in ("mixing", "mastering")
    ]


def is_minor(operation: Mapping[str, Any]) -> bool | None:
    """Is it one of the eight; ``None`` where the label does not say enough to tell."""
    name, technique = words_of(operation.get("operation")), words_of(operation.get("technique"))
    if name not in _MINOR | _ANY_EDIT:
        return False
    if " ".join(technique.lower().replace("-", " ").replace("_", " ").split()) in _TECHNIQUES:
        return True
    if technique:  # “cropped”, by “generative fill”, is more than a crop
        return None
    return True if name in _MINOR else False if name == "filtered" else None
