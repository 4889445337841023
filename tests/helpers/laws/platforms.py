"""Files for what platforms read."""

from __future__ import annotations

from laws import HUMAN, UNSIGNED, Made, Three, signed

#: A program says of it that AI made it, where nobody reads that.
SILENT = Made(texts={"AIGC": '{"Label":"1"}'})

CASES: dict[str, Three] = {
    "law.platforms.google": Three(signed(), SILENT, HUMAN),
    "law.platforms.meta": Three(UNSIGNED, SILENT, HUMAN),
    "law.platforms.youtube": Three(signed(), UNSIGNED, HUMAN),
    "law.platforms.tiktok-linkedin": Three(signed(), UNSIGNED, HUMAN),
    "law.platforms.pinterest": Three(UNSIGNED, SILENT, HUMAN),
}
