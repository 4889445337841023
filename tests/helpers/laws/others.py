"""Files for the rules of India, Korea and Vietnam."""

from __future__ import annotations

from laws import FAKE, HUMAN, ICON, NO_FAKE, SOUND, SPOKEN, Made, Three, signed

TRANSLATED = [{"operation": "translated", "source_language": "en", "target_language": "hi"}]
#: Another program signed it, and no action says that AI took part.
CLONE = [{"depicts": "voice", "synthetic": True, "real_person": True, "consent": "contract of 2 May 2026"}]

CASES: dict[str, Three] = {
    "law.in.1": Three(
        signed(judgements=FAKE, disclosure=ICON),
        signed(judgements=FAKE, disclosure=SPOKEN),
        signed(kind="ai_modified", operations=TRANSLATED)._replace(parents=(Made(),)),
    ),
    "law.in.2": Three(
        signed(judgements=FAKE),
        signed(judgements=FAKE)._replace(changed=True),
        signed(kind="ai_modified", judgements=FAKE, operations=TRANSLATED)._replace(parents=(Made(),)),
    ),
    "law.kr.1": Three(signed(disclosure=ICON), signed()._replace(changed=True), HUMAN),
    "law.kr.2": Three(signed(judgements=FAKE, disclosure=ICON), signed(judgements=FAKE, disclosure=SPOKEN), NO_FAKE),
    "law.kr.2a": Three(
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=ICON),
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=SPOKEN),
        NO_FAKE,
    ),
    "law.vn.1": Three(signed(), signed()._replace(changed=True), HUMAN),
    "law.vn.2": Three(
        signed(SOUND, likeness=CLONE, disclosure=SPOKEN),
        signed(SOUND, likeness=CLONE),
        NO_FAKE,
        undecided="the label may stand in a caption, or on the platform",
    ),
    "law.vn.2a": Three(
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=ICON),
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=[{"kind": "icon"}]),
        signed(judgements=FAKE),
        undecided="the label may stand in a caption, or on the platform",
    ),
}
