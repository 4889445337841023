"""Files for the rules of the European Union."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from laws import FAKE, HUMAN, ICON, NO_FAKE, PICTURE, SOUND, SPOKEN, Made, Three, signed
from movies import movie

#: Whoever signed the Code of Practice; what it asks for alone is for them.
SIGNED_CODE = {"code_signatory": True}
NOTHING: Mapping[str, bool] = {}


def video() -> bytes:
    """Make a small movie with a track to see."""
    return movie([[[400, 300], [200]]]).replace(b"soun", b"vide")


def by_signatory(
    of: str | Callable[[], bytes] = PICTURE, /, judgements: Mapping[str, bool] = NOTHING, **label: Any
) -> Made:
    """Label a file as somebody who signed the Code."""
    return signed(of, judgements={**SIGNED_CODE, **judgements}, **label)


MARKED = signed(marks=[{"type": "watermark", "algorithm": "com.adobe.trustmark.P"}])
PRINTED = signed(marks=[{"type": "fingerprint", "algorithm": "io.iscc.v0"}])
MODIFIED = by_signatory(kind="ai_modified")
BARE = signed(systems=[{"name": "AcmePaint"}], provider=None)
#: As others write it: the words of the prompt among what no redaction takes out.
PROMPT = {
    "label": "c2pa.metadata",
    "data": {
        "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
        "Iptc4xmpExt:AIPromptInformation": "a lighthouse",
    },
}
LETTERS = [{"kind": "text", "text": "AI generated", "language": "en", "place": "lower right corner, throughout"}]
SILENT = [{"kind": "text", "text": "Look at this", "language": "en", "place": "lower right corner"}]
HEARD_AND_SEEN = [
    {"kind": "audio", "language": "en", "place": "at the start, and every ten minutes"},
    {"kind": "icon", "text": "AI", "place": "on the screen of the player"},
]
CREDITS = [{"kind": "text", "text": "With AI-generated voices", "language": "en", "place": "credits, packaging"}]
ART = {"deep_fake": True, "artistic": True}
ENCOURAGED = "what is encouraged is no duty"

CASES: dict[str, Three] = {
    "law.eu.1": Three(signed(), signed()._replace(changed=True), HUMAN),
    "law.eu.2": Three(signed()._replace(stamped=True), by_signatory()._replace(changed=True), HUMAN),
    "law.eu.3": Three(MARKED, by_signatory(), HUMAN),
    "law.eu.4": Three(PRINTED, PRINTED._replace(changed=True), signed()),
    "law.eu.5": Three(
        MODIFIED._replace(parents=(signed(),)), MODIFIED._replace(parents=(signed()._replace(changed=True),)), signed()
    ),
    "law.eu.6": Three(signed(), signed()._replace(also=PROMPT), HUMAN, undecided=ENCOURAGED),
    "law.eu.7": Three(
        signed(detector_url="https://acme.example/detect"),
        by_signatory(),
        HUMAN,
        undecided="a detector that is named is one of four ways",
    ),
    "law.eu.14": Three(signed(), BARE, HUMAN, undecided=ENCOURAGED),
    "law.eu.14a": Three(
        signed(kind="ai_modified", operations=[{"operation": "edited", "technique": "object removal", "by": "ai"}]),
        signed(kind="ai_modified"),
        signed(),
        undecided=ENCOURAGED,
    ),
    "law.eu.20": Three(signed(judgements=FAKE, disclosure=ICON), signed(judgements=FAKE, disclosure=SILENT), NO_FAKE),
    "law.eu.20a": Three(
        by_signatory(video, judgements=FAKE, disclosure=LETTERS),
        by_signatory(video, judgements=FAKE, disclosure=SPOKEN),
        NO_FAKE,
    ),
    "law.eu.20b": Three(
        by_signatory(video, judgements=FAKE, disclosure=LETTERS),
        by_signatory(video, judgements=FAKE, disclosure=SPOKEN),
        by_signatory(video, judgements=ART, disclosure=CREDITS),
    ),
    "law.eu.21": Three(
        signed(SOUND, judgements=FAKE, disclosure=SPOKEN),
        by_signatory(SOUND, judgements=FAKE, disclosure=ICON),
        by_signatory(judgements=FAKE, disclosure=ICON),
    ),
    "law.eu.21a": Three(
        by_signatory(SOUND, judgements=FAKE, disclosure=HEARD_AND_SEEN),
        by_signatory(SOUND, judgements=FAKE, disclosure=SPOKEN),
        by_signatory(judgements=FAKE, disclosure=ICON),
        undecided="whether there is a screen, and whether it is long, no file says",
    ),
    "law.eu.22": Three(
        signed(judgements=ART, disclosure=CREDITS),
        signed(judgements=ART, disclosure=SILENT),
        signed(judgements={"deep_fake": True, "artistic": False}),
    ),
    "law.eu.24": Three(
        signed(judgements=FAKE, disclosure=ICON),
        signed(judgements=FAKE, disclosure=[{"kind": "icon"}]),
        NO_FAKE,
        undecided="the alternative may stand on the page that shows the file",
    ),
    "law.eu.25": Three(signed(judgements=FAKE, disclosure=ICON), signed(judgements=FAKE, disclosure=SPOKEN), NO_FAKE),
}
