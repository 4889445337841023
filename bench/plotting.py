"""Lines over two logarithmic axes, as SVG, without a library: what ``docs/performance.svg`` is drawn with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _GAP = 400, 300, 30
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 44, 44
_LEGEND = 26


class Style(NamedTuple):
    """How a line is drawn, in each panel alike."""

    colour: str
    width: float = 2.0
    dash: str = ""


class Panel(NamedTuple):
    """One diagram."""

    title: str
    words: Callable[[float], str]  #: of a value on the upright axis
    lines: Mapping[str, Points]


def chart(title: str, panels: Sequence[Panel], styles: Mapping[str, Style], across: Callable[[float], str]) -> str:
    """Return a picture of ``panels``, two in a row; ``across`` names a value of the axis that they share."""
    rows = math.ceil(len(panels) / 2)
    width, height = 2 * _WIDTH + 3 * _GAP, rows * (_HEIGHT + _GAP) + 2 * _LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1f2937" role="img">',
        f"<title>{title}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_legend(styles, width),
    ]
    for index, panel in enumerate(panels):
        left = _GAP + (index % 2) * (_WIDTH + _GAP)
        top = 2 * _LEGEND + (index // 2) * (_HEIGHT + _GAP)
        parts += [f'<g transform="translate({left} {top})">', *_panel(panel, styles, across), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(styles: Mapping[str, Style], width: int) -> Iterator[str]:
    """Name the lines, as many in a row as there is room for."""
    x, y = _GAP, _LEGEND
    for name, style in styles.items():
        needed = 44 + 7 * len(name)
        if x + needed > width - _GAP:
            x, y = _GAP, y + 18
        yield f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" {_stroke(style)}/>'
        yield f'<text x="{x + 30}" y="{y}">{name}</text>'
        x += needed


def _stroke(style: Style) -> str:
    dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
    return f'stroke="{style.colour}" stroke-width="{style.width}" fill="none"{dash}'


def _panel(panel: Panel, styles: Mapping[str, Style], across: Callable[[float], str]) -> Iterator[str]:
    points = [point for line in panel.lines.values() for point in line]
    x_of = _axis([x for x, _ in points], _LEFT, _WIDTH - _RIGHT)
    y_of = _axis([y for _, y in points], _HEIGHT - _BOTTOM, _TOP)
    yield f'<text x="{_LEFT}" y="{_TOP - 18}" font-size="14" font-weight="600">{panel.title}</text>'
    for value in y_of.ticks:
        y = y_of(value)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#e5e7eb"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#6b7280">{panel.words(value)}</text>'
    for value in x_of.ticks:
        x = x_of(value)
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}" stroke="#e5e7eb"/>'
        place = f'x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle"'
        yield f'<text {place} fill="#6b7280">{across(value)}</text>'
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle" fill="#6b7280">size of the file</text>'
    for name, line in panel.lines.items():
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
        yield f'<polyline points="{path}" stroke-linejoin="round" {_stroke(styles[name])}/>'
        yield from (
            f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="2.6" fill="{styles[name].colour}"/>' for x, y in line
        )


class _Axis(NamedTuple):
    """Whole decades from a value to a place in the picture."""

    low: int
    high: int
    start: float
    end: float

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]

    def __call__(self, value: float) -> float:
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    return _Axis(low, max(high, low + 1), start, end)
