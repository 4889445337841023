"""Files for the rules of India, Korea and others."""

from __future__ import annotations

from laws import FAKE, HUMAN, ICON, NO_FAKE, SPOKEN, UNSIGNED, Three, signed

CASES: dict[str, Three] = {
    "law.in.1": Three(
        signed(judgements=FAKE, disclosure=ICON),
        signed(judgements=FAKE, disclosure=SPOKEN),
        signed(operations=[{"operation": "translated", "source_language": "en", "target_language": "hi"}]),
    ),
    "law.in.2": Three(signed(), UNSIGNED, HUMAN),
    "law.kr.1": Three(signed(disclosure=ICON), signed()._replace(changed=True), HUMAN),
    "law.kr.2": Three(signed(judgements=FAKE, disclosure=ICON), signed(judgements=FAKE, disclosure=SPOKEN), NO_FAKE),
    "law.kr.2a": Three(
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=ICON),
        signed(judgements={"deep_fake": True, "artistic": True}, disclosure=SPOKEN),
        NO_FAKE,
    ),
}
