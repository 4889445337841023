"""Files for the rules of the European Union."""

from __future__ import annotations

from laws import FAKE, HUMAN, ICON, NO_FAKE, SOUND, SPOKEN, UNSIGNED, Three, signed

MARKED = signed(marks=[{"type": "watermark", "algorithm": "com.adobe.trustmark.P"}])
PRINTED = signed(marks=[{"type": "fingerprint", "algorithm": "io.iscc.v0"}])
MODIFIED = signed(kind="ai_modified")
#: As others write it: the words of the prompt among what no redaction takes out.
PROMPT = {
    "label": "c2pa.metadata",
    "data": {
        "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
        "Iptc4xmpExt:AIPromptInformation": "a lighthouse",
    },
}

CASES: dict[str, Three] = {
    "law.eu.1": Three(signed(), UNSIGNED, HUMAN),
    "law.eu.2": Three(signed()._replace(stamped=True), signed()._replace(changed=True), HUMAN),
    "law.eu.3": Three(MARKED, signed(), HUMAN),
    "law.eu.4": Three(PRINTED, PRINTED._replace(changed=True), signed()),
    "law.eu.5": Three(
        MODIFIED._replace(parents=(signed(),)), MODIFIED._replace(parents=(signed()._replace(changed=True),)), signed()
    ),
    "law.eu.6": Three(signed(), signed()._replace(also=PROMPT), HUMAN),
    "law.eu.7": Three(signed(detector_url="https://acme.example/detect"), signed(), HUMAN),
    "law.eu.20": Three(
        signed(judgements=FAKE, disclosure=ICON),
        signed(judgements=FAKE, disclosure=[{"kind": "text", "text": "Look at this"}]),
        NO_FAKE,
    ),
    "law.eu.21": Three(
        signed(SOUND, judgements=FAKE, disclosure=SPOKEN),
        signed(SOUND, judgements=FAKE, disclosure=ICON),
        signed(judgements=FAKE, disclosure=ICON),
    ),
    "law.eu.22": Three(
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=ICON),
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=SPOKEN),
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
