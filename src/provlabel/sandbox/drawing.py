"""Small pictures of files, for a report or a manifest, made by a worker that takes no part in any verdict."""

from __future__ import annotations

import io
import time
from pathlib import Path

from provlabel.media.containers import CONTAINERS, UNKNOWN, ContainerError
from provlabel.media.previews import NONSENSE, Preview, nothing
from provlabel.report import FileReport, Report, failing_first
from provlabel.sandbox import Sandbox
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.pool import SandboxPool
from provlabel.sandbox.process import Launch, spawn
from provlabel.sandbox.requests import AnySandbox

#: Pictures of one report: with 12 kB each, a file that can be mailed.
LIMIT = 200
# 64 million pixels with alpha, beside what the libraries take themselves.
_LIMITS = Limits(base_mib=768, memory_factor=1.0)
#: Seconds for all pictures of one report: no file may hold back the verdict on all others.
_TIME = 120.0


def drawing_sandbox(launch: Launch = spawn) -> Sandbox:
    """Return a sandbox that draws; never let it read evidence.  Those after a death are always spawned."""
    return Sandbox(launch, relaunch=spawn, limits=_LIMITS)


def drawing_pool(width: int | None = None) -> SandboxPool:
    """Return several sandboxes that draw, for calls from several threads."""
    return SandboxPool(width, limits=_LIMITS)


def thumbnail_of(path: Path, sha256: str, drawing: AnySandbox) -> Preview:
    """Return a JPEG of at most 10 kB, upright, in sRGB and without metadata, of the file with this digest; or why not.

    ``drawing`` comes from :func:`drawing_sandbox`.
    """
    drawn = drawing.preview(path, sha256, "manifest")
    return drawn if _bare(drawn) else nothing(NONSENSE)


def _bare(drawn: Preview) -> bool:
    """Is there nothing but a picture in the picture?  It is signed, and its decoder met the bytes of a stranger."""
    if drawn.kind != "picture":
        return True
    try:
        parts = tuple(CONTAINERS["jpeg"].walk(io.BytesIO(drawn.jpeg), len(drawn.jpeg)))
    except ContainerError:
        return False
    return all(part.name in _SEGMENTS for part in parts)


#: What libjpeg writes of a picture without metadata: start, JFIF, tables, frames (ITU-T T.81 Table B.1).
_SEGMENTS = frozenset({UNKNOWN, "marker e0", "marker db", "marker c0", "marker c2", "marker c4", "image data"})


def previews_of(report: Report, *, limit: int = LIMIT, launch: Launch = spawn) -> dict[str, Preview]:
    """Return a preview, or why there is none, for each file of ``report`` by its path; those that failed first.

    A worker of its own draws them, which ends with this call.
    """
    made: dict[str, Preview] = {}
    ends = time.monotonic() + _TIME
    with drawing_sandbox(launch) as sandbox:
        for place, item in enumerate(failing_first(report.files)):
            if place >= limit:
                made[item.path] = nothing(f"only {limit:,} files are shown with one")
            elif time.monotonic() >= ends:
                made[item.path] = nothing("there was no time left to draw it")
            else:
                made[item.path] = _preview(item, sandbox)
    return made


def _preview(item: FileReport, sandbox: AnySandbox) -> Preview:
    if item.sha256 is None or item.state == "unreadable":
        return nothing("the file could not be read")
    return sandbox.preview(Path(item.path), item.sha256)
