"""What is drawn in the HTML report: regions on a picture, spans on a sound, and a history.

All of it is there as text as well, so that each drawing may be hidden from whoever cannot see it.
Every number comes from a label of somebody else's and need not be one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from provlabel.report.renderers._markup import Child, Node, figures, join, tag

_SIDE = 320.0  # units of the longer side of a picture
_CORNERS = 100
_FAR = 10.0  # a region ends at the latest so many pictures away
_BADGE = 10.0  # radius of the number on a region
_WAVE = 72  # height of a waveform
_LANE = 22  # height of a row of spans
_LANES = 8  # rows that are drawn
_TICKS = (0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 86400)


class PlacedPart(NamedTuple):
    """One contribution with a place: its number in the table, a class that says how far AI made it, the place."""

    number: int
    look: str
    place: dict[str, Any]


def number(value: Any) -> float | None:
    """Return ``value`` if it is a number that can be drawn."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e6:
        return float(value) if math.isfinite(value) else None
    return None


def clock(seconds: float) -> str:
    """Return a time as people read it: ``1:05``, with tenths where there are any."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    tail = f"{rest // 10:02}" + (f".{rest % 10}" if rest % 10 else "")
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"


# --- regions of a picture --------------------------------------------------------------------------


def regions(parts: Sequence[PlacedPart], width: int, height: int) -> Node | None:
    """Return the regions as an overlay of a picture of this size, or ``None`` where none can be drawn."""
    unit = _SIDE / max(width, height)
    wide, high = width * unit, height * unit
    shapes = [shape for part in parts if (shape := _region(part, wide, high, unit)) is not None]
    if not shapes:
        return None
    box = figures(f"0 0 {_short(wide)} {_short(high)}")
    return tag("svg", *shapes, class_="overlay", viewBox=box, preserveAspectRatio="none", aria_hidden="true")


def _region(part: PlacedPart, wide: float, high: float, unit: float) -> Node | None:
    percent = part.place.get("unit", "percent") != "pixel"
    across, down = (wide / 100, high / 100) if percent else (unit, unit)
    found = _polygon(part.place, across, down) or _box(part.place, across, down)
    if found is None:
        return None
    name, measures, left, top = found
    if max(map(abs, (left, top))) > _FAR * _SIDE:
        return None
    x = min(max(left + _BADGE + 4, _BADGE + 2), wide - _BADGE - 2)
    y = min(max(top + _BADGE + 4, _BADGE + 2), high - _BADGE - 2)
    return tag(
        "g",
        tag(name, class_="halo", **measures),
        tag(name, class_=f"shape {part.look}", **measures),
        tag("circle", class_="dot", cx=_short(x), cy=_short(y), r=_short(_BADGE)),
        tag("text", str(part.number), class_="dot-number", x=_short(x), y=_short(y + 4)),
        class_="region",
    )


_Shape = tuple[str, "dict[str, Node | str | bool | None]", float, float]


def _polygon(place: dict[str, Any], across: float, down: float) -> _Shape | None:
    given = place.get("points")
    corners = []
    for point in list(given)[:_CORNERS] if isinstance(given, (list, tuple)) else []:
        x, y = (number(point.get(key)) for key in "xy") if isinstance(point, dict) else (None, None)
        if x is not None and y is not None:
            corners.append((x * across, y * down))
    if len(corners) < 3:
        return None
    points = " ".join(f"{_short(x)},{_short(y)}" for x, y in corners)
    top = min(corners, key=lambda corner: (corner[1], corner[0]))
    return "polygon", {"points": figures(points)}, top[0] - _BADGE, top[1]


def _box(place: dict[str, Any], across: float, down: float) -> _Shape | None:
    x, y, width, height = (number(place.get(key)) for key in ("x", "y", "width", "height"))
    if x is None or y is None or width is None or width < 0:
        return None
    if place.get("shape") == "circle":
        radius = width * across / 2
        measures: dict[str, Node | str | bool | None] = {"cx": _short(x * across), "cy": _short(y * down)}
        top = y * down - radius - _BADGE - 4  # its number stands on the uppermost point
        return "circle", {**measures, "r": _short(radius)}, x * across - _BADGE - 4, top
    if height is None or height < 0:
        return None
    sizes = {"width": _short(width * across), "height": _short(height * down)}
    return "rect", {"x": _short(x * across), "y": _short(y * down), **sizes}, x * across, y * down


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


# --- spans of a sound ------------------------------------------------------------------------------


def timeline(parts: Sequence[PlacedPart], peaks: Sequence[int], seconds: float) -> Node:
    """Return a waveform with the spans below it, numbered, and a time axis."""
    lanes = list(_lanes(parts))
    below = _WAVE + 4 + _LANE * (max((lane for lane, *_ in lanes), default=-1) + 1)
    bands = (_band(part, start, end, lane, seconds) for lane, part, start, end in lanes)
    return tag(
        "svg",
        _wave(peaks) if peaks else None,
        tag("line", class_="zero", x1="0", x2="100%", y1=str(_WAVE // 2), y2=str(_WAVE // 2)),
        *bands,
        *_axis(seconds, below),
        class_="timeline",
        width="100%",
        height=str(below + 24),
        aria_hidden="true",
    )


def spans(part: PlacedPart) -> tuple[float, float] | None:
    """Return start and end in seconds, if they are numbers in this order."""
    start, end = number(part.place.get("start")), number(part.place.get("end"))
    return (start, end) if start is not None and end is not None and 0 <= start < end else None


def _lanes(parts: Sequence[PlacedPart]) -> Iterator[tuple[int, PlacedPart, float, float]]:
    """Put spans that overlap below each other."""
    ends: list[float] = []
    for part in parts:
        if (found := spans(part)) is None:
            continue
        start, end = found
        lane = next((place for place, until in enumerate(ends) if until <= start), len(ends))
        if lane >= _LANES:
            continue
        ends[lane : lane + 1] = [end]
        yield lane, part, start, end


def _band(part: PlacedPart, start: float, end: float, lane: int, seconds: float) -> Node | None:
    if start >= seconds:
        return None
    at, width = 100 * start / seconds, 100 * (min(end, seconds) - start) / seconds
    left, wide, top = f"{at:.2f}%", f"{max(width, 0.3):.2f}%", _WAVE + 4 + _LANE * lane
    # Near the right end the number stands left of its place, not outside.
    anchor = "end" if at > 95 else "start"
    return tag(
        "g",
        tag("rect", class_=f"band {part.look}", x=left, width=wide, y="0", height=str(_WAVE)),
        tag("rect", class_=f"lane {part.look}", x=left, width=wide, y=str(top), height=str(_LANE - 4), rx="3"),
        tag("text", str(part.number), class_=f"lane-number {anchor}", x=left, y=str(top + 13), dx="5"),
        class_="span",
    )


def _wave(peaks: Sequence[int]) -> Node:
    """Draw one bar for each slice, as a path that stretches."""
    bars = "".join(f"M{place} {128 - peak / 2:.0f}v{max(peak, 2):.0f}" for place, peak in enumerate(peaks))
    box = figures(f"-0.5 0 {len(peaks)} 256")
    return tag(
        "svg",
        tag("path", d=figures(bars)),
        class_="wave",
        viewBox=box,
        preserveAspectRatio="none",
        width="100%",
        height=str(_WAVE),
    )


def _axis(seconds: float, top: float) -> Iterator[Node]:
    yield tag("line", class_="axis", x1="0", x2="100%", y1=_short(top), y2=_short(top))
    if seconds <= 0:  # as a worker says, which may have been taken over
        return
    step = next((step for step in _TICKS if seconds / step <= 6), _TICKS[-1])
    for place in range(min(int(seconds / step) + 1, 100)):
        at = 100 * place * step / seconds
        anchor = "start" if at < 4 else "end" if at > 93 else "middle"
        left = f"{at:.2f}%"
        yield tag("line", class_="axis", x1=left, x2=left, y1=_short(top), y2=_short(top + 5))
        yield tag("text", clock(place * step), class_=f"tick {anchor}", x=left, y=_short(top + 18))


# --- history ---------------------------------------------------------------------------------------


class Ancestor(NamedTuple):
    """One row of the history: how deep it is, how it is related to what is above it, and what is known of it."""

    depth: int
    look: str
    relation: str
    title: str
    facts: tuple[str, ...]  #: at most two
    verdict: str


_INDENT = 30
_BOX = 268  # width
_LINE = 15  # height of a line of text
_GAP = 14  # between two boxes
_SIGN = 22  # of the shape at the left of a box
_DEEP = 8  # steps that are indented; the rest is drawn below each other
_LETTERS = 34  # of a line that fit into a box


def history(rows: Sequence[Ancestor]) -> Node:
    """Return the history as boxes below each other, each joined to what was made from it."""
    trunk: dict[int, float] = {}
    drawn: list[Child] = []
    top = 1.0
    for row in rows:
        depth, lines = min(row.depth, _DEEP), _lines(row)
        high = _LINE * len(lines) + 12
        if depth:
            begin, x, middle = trunk.get(depth - 1, 0.0), (depth - 1) * _INDENT + 14, top + high / 2
            line = f"M{x} {_short(begin)}V{_short(middle - 8)}q0 8 8 8H{depth * _INDENT - 1}"
            drawn.append(tag("path", class_="edge", d=figures(line)))
        trunk[depth] = top + high
        drawn.append(_box_of(row.look, lines, depth * _INDENT + 1, top, high))
        top += high + _GAP
    size = (str(_BOX + _INDENT * max(min(row.depth, _DEEP) for row in rows) + 2), _short(top - _GAP + 1))
    box = figures(f"0 0 {' '.join(size)}")
    return tag("svg", *drawn, class_="history", width=size[0], height=size[1], viewBox=box, aria_hidden="true")


def _lines(row: Ancestor) -> tuple[tuple[str, str], ...]:
    facts = (("small", words) for words in row.facts)
    return (("small", row.relation), ("name", row.title), *facts, (f"small {row.look}", row.verdict))


def _box_of(look: str, lines: Sequence[tuple[str, str]], left: int, top: float, high: int) -> Node:
    x = str(left + 14 + _SIGN)
    return tag(
        "g",
        tag("rect", class_="box", x=str(left), y=_short(top), width=str(_BOX), height=str(high), rx="8"),
        sign(look, x=str(left + 10), y=_short(top + 8), width="18", height="18"),
        *(
            tag("text", _cut(words), class_=kind, x=x, y=_short(top + 17 + _LINE * place))
            for place, (kind, words) in enumerate(lines)
        ),
        class_="node",
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


# --- signs -----------------------------------------------------------------------------------------

# Each has a shape of its own, to be recognized without colour.
_SIGNS = {
    "ok": ('M10 1a9 9 0 1 0 0 18a9 9 0 0 0 0-18z', "M5.8 10.4l2.8 2.8l5.6-6"),
    "bad": ("M6.2 1h7.6l5.2 5.2v7.6l-5.2 5.2h-7.6l-5.2-5.2v-7.6z", "M6.7 6.7l6.6 6.6M13.3 6.7l-6.6 6.6"),
    "warn": ("M10 1.5l9 16.5h-18z", "M10 7.5v5M10 14.8v.6"),
    "info": ("M2.5 2.5h15v15h-15z", "M6 10h8"),
}  # fmt: skip


def sign(look: str, **place: str) -> Node:
    """Return the sign of ``ok``, ``bad``, ``warn`` or ``info``; what it means stands beside it in words."""
    outside, inside = _SIGNS[look]
    size = {"width": "20", "height": "20", **place}
    return tag(
        "svg",
        join(tag("path", class_="sign-ground", d=figures(outside)), tag("path", class_="sign-mark", d=figures(inside))),
        class_=f"sign {look}",
        viewBox=figures("0 0 20 20"),
        aria_hidden="true",
        **size,
    )
