"""Files for what platforms read."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from laws import HUMAN, PICTURE, SOUND, UNSIGNED, Made, Three, signed

#: A program says of it that AI made it, where nobody reads that.
SILENT = Made(texts={"AIGC": '{"Label":"1"}'})


def clip(*options: str) -> bytes:
    """A short video, made by ffmpeg with ``options``."""
    from sample_files import video

    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        video("-c:a", "aac", *options)(path)
        return path.read_bytes()


def silent_clip() -> bytes:
    """A short video of which its maker says where nobody reads it that AI made it."""
    return clip("-movflags", "use_metadata_tags", "-metadata", 'AIGC={"Label":"1"}')


CASES: dict[str, Three] = {
    "law.platforms.google": Three(signed(), SILENT, signed(SOUND)),
    "law.platforms.meta": Three(UNSIGNED, SILENT, signed(SOUND)),
    "law.platforms.youtube": Three(signed(clip), Made(of=silent_clip), signed(PICTURE)),
    "law.platforms.tiktok-linkedin": Three(signed(clip), UNSIGNED, signed(SOUND)),
    "law.platforms.pinterest": Three(UNSIGNED, SILENT, HUMAN),
}
