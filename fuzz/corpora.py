"""Make the corpora: every harness's seeds as files below ``fuzz/corpora/``, which git ignores."""

from __future__ import annotations

import seeds
from harnesses import HARNESSES


def main() -> None:
    """Write the media first: harnesses begin with whatever lies there."""
    folder = seeds.CORPORA / "media"
    folder.mkdir(parents=True, exist_ok=True)
    for name in seeds.names(whole=True):
        (folder / name).write_bytes(seeds.media(name))
    for name, harness in HARNESSES.items():
        of_one = seeds.CORPORA / name
        of_one.mkdir(exist_ok=True)
        for content in harness.seeds():
            (of_one / seeds.name_of(content)).write_bytes(content)


if __name__ == "__main__":
    main()
