"""The closed vocabularies of a label, and how each term maps to the field's standards.

Sources: IPTC digitalsourcetype NewsCodes (Oct 2024), C2PA 2.4 §18.15 (actions) and §18.24
(ai-disclosure), asset rubrics 1.0.  A kind is ours; everything it maps to is theirs.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_C2PA = "http://c2pa.org/digitalsourcetype/"

Kind = Literal[
    "ai_generated",
    "ai_modified",
    "ai_partly_created",
    "composite_synthetic",
    "may_contain_ai",
    "ai_assisted_technical",
    "algorithmic_not_trained",
    "human_made",
]
Origin = Literal["created", "altered"]
Oversight = Literal["fully_autonomous", "prompt_guided", "human_validated"]
IdentifierType = Literal["c2pa", "grid", "guid", "isrc", "iswc", "produce_id", "upc", "url"]
PromptMode = Literal["omit", "hash", "clear"]


class KindFacts(NamedTuple):
    """What one kind means in plain words and in the standards."""

    words: str  #: for people; completes "This file is …"
    digital_source_type: str  #: full IPTC URI
    origin: Origin  #: what the kind says when the label does not say
    trained: bool  #: a trained model took part, so ``c2pa.ai-disclosure`` is due
    oversight: frozenset[str]  #: levels that C2PA pairs with this source type


_ANY_CREATION = frozenset({"fully_autonomous", "prompt_guided"})
_VALIDATED = frozenset({"human_validated"})
_NONE: frozenset[str] = frozenset()

KINDS: dict[str, KindFacts] = {
    "ai_generated": KindFacts("made by AI", IPTC + "trainedAlgorithmicMedia", "created", True, _ANY_CREATION),
    "ai_modified": KindFacts(
        "changed by AI", IPTC + "compositeWithTrainedAlgorithmicMedia", "altered", True, _VALIDATED
    ),
    "ai_partly_created": KindFacts(
        "new, with parts made by AI",
        IPTC + "compositeWithTrainedAlgorithmicMedia",
        "created",
        True,
        _VALIDATED,
    ),
    "composite_synthetic": KindFacts(
        "a mix that contains synthetic elements", IPTC + "compositeSynthetic", "created", True, _NONE
    ),
    "may_contain_ai": KindFacts("a mix that may contain AI elements", IPTC + "composite", "created", False, _NONE),
    "ai_assisted_technical": KindFacts(
        "technically enhanced, nothing generated", IPTC + "algorithmicallyEnhanced", "altered", False, _NONE
    ),
    "algorithmic_not_trained": KindFacts(
        "made by an algorithm without training data", IPTC + "algorithmicMedia", "created", False, _NONE
    ),
    "human_made": KindFacts("made by people", IPTC + "digitalCreation", "created", False, _NONE),
}

#: Every source type that may stand in a manifest; anything else is an unknown value.
#: Retired IPTC terms are read and never written.
SOURCE_TYPES: dict[str, str | None] = {
    **{
        IPTC + term: None
        for term in (
            "digitalCapture",
            "computationalCapture",
            "negativeFilm",
            "positiveFilm",
            "print",
            "minorHumanEdits",
            "softwareImage",
            "digitalArt",
            "screenCapture",
            "virtualRecording",
            "compositeCapture",
            "dataDrivenMedia",
        )
    },
    _C2PA + "empty": None,
    _C2PA + "trainedAlgorithmicData": "ai_generated",
    IPTC + "humanEdits": "human_made",
    IPTC + "digitalCreation": "human_made",
    IPTC + "algorithmicallyEnhanced": "ai_assisted_technical",
    IPTC + "algorithmicMedia": "algorithmic_not_trained",
    IPTC + "composite": "may_contain_ai",
    IPTC + "compositeSynthetic": "composite_synthetic",
    IPTC + "compositeWithTrainedAlgorithmicMedia": "ai_partly_created",
    IPTC + "trainedAlgorithmicMedia": "ai_generated",
}

#: Kinds that say something about AI; ``label: present`` is about these and about our own assertion.
AI_KINDS = frozenset({"ai_generated", "ai_modified", "ai_partly_created", "composite_synthetic", "may_contain_ai"})
