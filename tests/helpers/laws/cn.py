"""Files for the rules of China."""

from __future__ import annotations

import json

from laws import FAKE, HUMAN, UNSIGNED, Made, Three, signed

CODE = "001191110102MACQD9K64010000"


def aigc(**changes: str) -> str:
    """Return an AIGC object, changed."""
    value = {
        "Label": "1",
        "ContentProducer": CODE,
        "ProduceID": "20261122-0001",
        "ReservedCode1": "",
        "ContentPropagator": CODE,
        "PropagateID": "20261122-0001",
        "ReservedCode2": "",
    }
    return json.dumps(value | changes, separators=(",", ":"))


def with_aigc(value: str, **texts: str) -> Made:
    """Put an AIGC object into the XMP of a signed picture, and others into its texts."""
    return signed()._replace(xmp={"TC260:AIGC": value}, texts=texts, options={"carriers": ()})


CASES: dict[str, Three] = {
    "law.cn.1": Three(with_aigc(aigc()), with_aigc(aigc(), AIGC=aigc()), HUMAN),
    "law.cn.2": Three(with_aigc(aigc()), with_aigc(aigc(ProduceID="")), HUMAN),
    "law.cn.3": Three(
        with_aigc(aigc()),
        with_aigc(aigc(ContentProducer=CODE[:-1])),
        with_aigc(aigc(ContentProducer="Acme")),
        "the standard takes any name or code",
    ),
    "law.cn.4": Three(
        signed(judgements=FAKE, disclosure=[{"kind": "text", "text": "AI生成", "place": "lower right corner"}]),
        signed(judgements=FAKE, disclosure=[{"kind": "text", "text": "Made with AI", "place": "lower right corner"}]),
        HUMAN,
    ),
    "law.cn.5": Three(
        with_aigc(aigc()),
        with_aigc(aigc(PropagateID="")),
        signed(),
    ),
    "law.cn.6": Three(with_aigc(aigc()), signed(), UNSIGNED),
}
