"""Previews of the files of a report: for people, and made by a worker that has no say in any verdict."""

from __future__ import annotations

from pathlib import Path

from provlabel import cage as cages
from provlabel._worker import Limits
from provlabel.previews import MAX_JPEG, Preview, nothing
from provlabel.report import FileReport, Report, failing_first

#: Pictures of one report: with 12 kB each, a file that can be mailed.
LIMIT = 200
# 64 million pixels with alpha, beside what the libraries take themselves.
_LIMITS = Limits(base_mib=768, memory_factor=1.0)
_MAX_PEAKS = 1_000
_MAX_SIDE = 1 << 20


def previews_of(report: Report, *, limit: int = LIMIT, launch: cages.Launch = cages.spawn) -> dict[str, Preview]:
    """Return a preview, or why there is none, for each file of ``report`` by its path; those that failed first.

    A worker of its own draws them, which ends with this call.
    """
    with cages.Cage(launch, relaunch=cages.spawn, limits=_LIMITS) as cage:
        return {
            item.path: _preview(item, cage) if place < limit else nothing(f"only {limit:,} files are shown with one")
            for place, item in enumerate(failing_first(report.files))
        }


def _preview(item: FileReport, cage: cages.Cage) -> Preview:
    if item.sha256 is None or item.state == "unreadable":
        return nothing("the file could not be read")
    drawn = cage.preview(Path(item.path), item.sha256)
    return drawn if _sound(drawn) else nothing("the decoder answered nonsense")


def _sound(drawn: Preview) -> bool:
    """Is this what a decoder in its right mind answers?  Whoever reads the report decodes it once more."""
    if drawn.kind == "picture":
        begins = drawn.jpeg.startswith(b"\xff\xd8\xff") and len(drawn.jpeg) <= MAX_JPEG
        return begins and 0 < drawn.width < _MAX_SIDE and 0 < drawn.height < _MAX_SIDE
    if drawn.kind == "waveform":
        return len(drawn.peaks) <= _MAX_PEAKS and all(0 <= peak <= 255 for peak in drawn.peaks) and drawn.seconds > 0
    return True
