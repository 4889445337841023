"""The closed vocabularies of a label, and how each term maps to the field's standards.

Sources: IPTC digitalsourcetype NewsCodes (Oct 2024), C2PA 2.4 §18.15 (actions) and §18.24
(ai-disclosure), asset rubrics 1.0, DDEX AVS version 9, CAWG training and data mining 1.1.  The
terms of kinds and parts are ours; they map to terms of these standards.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_C2PA = "http://c2pa.org/digitalsourcetype/"
C2PA_EMPTY = _C2PA + "empty"

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
IdentifierType = Literal["c2pa", "grid", "guid", "isrc", "iswc", "upc", "url"]
PersonIdentifierType = Literal["isni", "ipi", "ipn", "url"]
PromptMode = Literal["omit", "hash", "clear"]

#: The parts of a work. They cover the credits of Spotify, Apple and DDEX.
PartName = Literal[
    "whole",
    "vocals",
    "lyrics",
    "composition",
    "arrangement",
    "instrumental",
    "production",
    "mixing",
    "mastering",
    "sound_design",
    "narration",
    "translation",
    "text",
    "artwork",
    "motion_artwork",
    "video",
    "image_region",
]
#: What a file is for its readers.
Medium = Literal["image", "audio", "video"]
#: The parts that what is only a picture, or only a sound, cannot have; a video has all.
NOT_IN: dict[str, frozenset[str]] = {
    "image": frozenset({"vocals", "arrangement", "instrumental", "mixing", "mastering", "sound_design", "narration"}),
    "audio": frozenset({"artwork", "motion_artwork", "image_region", "video"}),
}
#: DDEX ``AiContribution`` (ERN 4.3.2): how far AI made the part.
Extent = Literal["All", "Partly", "None"]
Agent = Literal["ai", "human"]
#: DDEX contributor roles (AVS version 9) for the parts above.
Role = Literal[
    "Adapter",
    "Arranger",
    "BackgroundVocalist",
    "Composer",
    "ComposerLyricist",
    "CoverDesigner",
    "Designer",
    "GraphicDesigner",
    "LeadVocalist",
    "Lyricist",
    "MasteringEngineer",
    "Mixer",
    "MixingEngineer",
    "Musician",
    "Narrator",
    "Photographer",
    "Programmer",
    "RemixingEngineer",
    "SoundDesigner",
    "StudioMusician",
    "StudioProducer",
    "Translator",
    "VideoProducer",
    "Vocalist",
    "VoiceActor",
]
#: C2PA 2.4 §18.15.4.7: actions after the creation that describe changes to the content.
OperationName = Literal[
    "addedText",
    "adjustedColor",
    "changedSpeed",
    "converted",
    "cropped",
    "deleted",
    "drawing",
    "dubbed",
    "edited",
    "enhanced",
    "filtered",
    "mastered",
    "mixed",
    "orientation",
    "remixed",
    "resized",
    "transcoded",
    "translated",
    "trimmed",
]
#: Operations that change nothing that is seen or heard, and so need no source type (C2PA Conformance Program 0.2,
#: additional requirements, 31 July 2026).
NO_SOURCE_NEEDED = frozenset({"converted", "enhanced", "transcoded"})
Use = Literal["allowed", "notAllowed", "constrained"]
Shape = Literal["rectangle", "circle", "polygon"]
Unit = Literal["percent", "pixel"]
ReferenceType = Literal["reference", "seed", "model", "dataset"]
Depicts = Literal["voice", "image", "voice_and_image"]
DisclosureKind = Literal["icon", "text", "audio"]
MarkType = Literal["watermark", "fingerprint"]


class KindFacts(NamedTuple):
    """What one kind means in plain words and in the standards."""

    words: str  #: for people; completes "This file is …"
    digital_source_type: str  #: full IPTC URI
    origin: Origin  #: used when the label does not state it
    trained: bool  #: a trained model took part, so ``c2pa.ai-disclosure`` is due
    oversight: frozenset[str]  #: levels that C2PA pairs with this source type
    contains_ai: Extent | None  #: DDEX ``ContainsAI``; None where DDEX has no value


_ANY_CREATION = frozenset({"fully_autonomous", "prompt_guided"})
_VALIDATED = frozenset({"human_validated"})
_NONE: frozenset[str] = frozenset()
_COMPOSITE_AI = IPTC + "compositeWithTrainedAlgorithmicMedia"

KINDS: dict[str, KindFacts] = {
    "ai_generated": KindFacts("made by AI", IPTC + "trainedAlgorithmicMedia", "created", True, _ANY_CREATION, "All"),
    "ai_modified": KindFacts("changed by AI", _COMPOSITE_AI, "altered", True, _VALIDATED, "Partly"),
    "ai_partly_created": KindFacts("new, with parts made by AI", _COMPOSITE_AI, "created", True, _VALIDATED, "Partly"),
    "composite_synthetic": KindFacts(
        "a mix that contains synthetic elements", IPTC + "compositeSynthetic", "created", True, _NONE, "Partly"
    ),
    "may_contain_ai": KindFacts(
        "a mix that may contain AI elements", IPTC + "composite", "created", False, _NONE, None
    ),
    "ai_assisted_technical": KindFacts(
        "technically enhanced, nothing generated", IPTC + "algorithmicallyEnhanced", "altered", False, _NONE, "None"
    ),
    "algorithmic_not_trained": KindFacts(
        "made by an algorithm without training data", IPTC + "algorithmicMedia", "created", False, _NONE, "None"
    ),
    "human_made": KindFacts("made by people", IPTC + "digitalCreation", "created", False, _NONE, "None"),
}

#: Every source type that is allowed in a manifest, with the kind that it implies, if any.
#: Any other value is unknown.  Retired IPTC terms are read and never written.
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
    C2PA_EMPTY: None,
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

_TERMS = {uri.rpartition("/")[2].lower(): uri for uri in SOURCE_TYPES}
_WRITTEN = re.compile(
    r"(?:https?://(?:www\.)?(?:cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/|digsrctype:)?([a-z0-9]+)/?",
    re.IGNORECASE,
)


def plain_uri(source_type: str) -> str:
    """Return a digital source type in its canonical form, which is that with ``http``.

    Programs write it with ``https``, a slash at the end, in other case, as a QCode or as its term alone.
    What is no term of the vocabularies stays what it is.
    """
    text = source_type.strip()
    written = _WRITTEN.fullmatch(text)
    return (_TERMS.get(written[1].lower()) if written else None) or text.replace("https://", "http://", 1)


#: Kinds that state something about AI. ``label: present`` needs one of these, or our own assertion.
AI_KINDS = frozenset({"ai_generated", "ai_modified", "ai_partly_created", "composite_synthetic", "may_contain_ai"})

#: Kinds by which AI certainly took part; a mix that may contain AI is none of them.
SURELY_AI = AI_KINDS - {"may_contain_ai"}
#: Kinds by which no trained model made or changed anything that is seen or heard.
NOT_AI = frozenset(KINDS) - AI_KINDS

#: Label key -> CAWG entry (training and data mining 1.1 §3).
CAWG_USES: dict[str, str] = {
    "mining": "cawg.data_mining",
    "ai_training": "cawg.ai_training",
    "generative_training": "cawg.ai_generative_training",
    "inference": "cawg.ai_inference",
}
