"""One file's label and its history as a tree, for ``provlabel show``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provlabel._support.text import printable, quoted
from provlabel.label.records import Label
from provlabel.label.vocabularies import KINDS
from provlabel.report import FileReport, Finding, HistoryNode, LabelInfo
from provlabel.report.renderers.style import Style
from provlabel.report.renderers.words import (
    STATES,
    attribution,
    finding_lines,
    history_words,
    identity_words,
    label_words,
    time_words,
)

_RELATIONS = {"parentOf": "made from", "componentOf": "contains", "inputTo": "input"}
_STATE_COLOURS = {"clean": "green", "broken": "red", "unknown-signer": "yellow", "no-provenance": "dim"}


def _is_told(found: Finding) -> bool:
    """Is it about the file?  No policy judges what is only shown."""
    return found.level != "note" and not found.rule.startswith("policy.")


def render(item: FileReport, style: Style) -> str:
    """Return the tree of one judged file."""
    colour, words = STATES[item.state]
    lines = [
        f"{style.paint(printable(item.path), 'bold')}  {item.format or 'unknown format'}, {item.size:,} bytes",
        f"{style.paint(item.state.upper(), colour, 'bold')}: {words}",
        *_branches(tuple(_top(item, style)), style),
    ]
    lines += [line for found in item.findings if _is_told(found) for line in finding_lines(found, style)]
    return "\n".join(lines) + "\n"


_Branch = tuple[str, tuple["_Branch", ...]]


def _top(item: FileReport, style: Style) -> Iterator[_Branch]:
    if item.label is not None:
        yield f"label: {label_words(item.label)}{attribution(item)}", tuple(_label(item.label))
        if item.label.personal is not None:
            yield "personal", tuple(_fields(item.label.personal))
        elif item.label.has_personal:
            yield "personal: there are fields marked personal; add --personal to see them", ()
    elif item.ai_history:
        yield "label: none of its own", ()
    if item.ai_history:
        yield "what its history says about AI", tuple((words, ()) for words in history_words(item))
    if item.signer is not None:
        sure = "trusted" if item.axes.signer == "trusted" else f"{item.axes.signer}, so the name is a claim"
        organization = quoted(item.signer.organization)
        yield (
            f"signer: {quoted(item.signer.name)} ({organization}), {sure}",
            (
                (f"issued by {quoted(item.signer.issuer)}", ()),
                (f"valid {printable(item.signer.not_before)} to {printable(item.signer.not_after)}", ()),
                (f"algorithm {printable(item.signer.algorithm)}, serial {printable(item.signer.serial)}", ()),
            ),
        )
    yield from ((f"identity: {identity_words(one, item)}", ()) for one in item.identity)
    yield from ((f"time: {name} {words}", ()) for name, words in time_words(item))
    if item.manifest is not None:
        made = f"{printable(item.manifest)}, {item.source}, by {quoted(item.generator or 'unknown')}"
        small = () if item.thumbnail is None else ((f"thumbnail: {printable(item.thumbnail)}", ()),)
        yield f"manifest: {made}", (*((_action(action), ()) for action in item.actions), *small)
    if item.history:
        yield f"history: {item.axes.history}", tuple(_node(node, style) for node in item.history)


def _label(label: LabelInfo) -> Iterator[_Branch]:
    """Show every field as it was signed, those of the schema in its order, unknown ones after them."""
    order = {name: place for place, name in enumerate(Label.__struct_encode_fields__)}
    for key, content in sorted(label.value.items(), key=lambda item: order.get(item[0], len(order))):
        if key == "contributions" and isinstance(content, (list, tuple)):
            branch: _Branch = ("parts", tuple((part_words(part), ()) for part in content))
            branches: tuple[_Branch, ...] = (branch,)
        else:
            branches = tuple(_fields({key: content}))
        source = f"  (from {printable(label.origins[key])})" if key in label.origins else ""
        yield from ((text + source, below) for text, below in branches)


def part_words(part: Any) -> str:
    """Return one contribution in a line: which part, who made it, where."""
    if not isinstance(part, dict):
        return printable(str(part))
    name = str(part.get("part", "part")).replace("_", " ")
    if part.get("description"):
        name += f" ({part['description']})"
    words = [f"{name}: {_EXTENTS.get(str(part.get('extent')), str(part.get('extent')))}"]
    words += [str(part[key]) for key in ("system", "person", "role") if part.get(key)]
    words += [f"stem {part['stem']}"] if part.get("stem") else []
    span, region = part.get("span"), part.get("region")
    words += [f"{_clock(span.get('start'))} to {_clock(span.get('end'))}"] if isinstance(span, dict) else []
    words += [_region_words(region)] if isinstance(region, dict) else []
    return printable("  ".join(words), 300)


_EXTENTS = {"All": "made by AI", "Partly": "partly made by AI", "None": "made by people"}


_LONGEST = 1e9  # seconds that are shown as a time


def _clock(seconds: Any) -> str:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds <= _LONGEST:
        return str(seconds)
    minutes, rest = divmod(float(seconds), 60)
    return f"{int(minutes)}:{rest:05.2f}".removesuffix(".00")


def _region_words(region: dict[str, Any]) -> str:
    unit = "%" if region.get("unit", "percent") == "percent" else " px"
    if region.get("points"):
        corners = len(region["points"]) if isinstance(region["points"], (list, tuple)) else 0
        return f"polygon of {corners} corners"
    at = f"{region.get('x')}{unit}, {region.get('y')}{unit}"
    size = " by ".join(f"{region[key]}{unit}" for key in ("width", "height") if key in region)
    return f"{region.get('shape')} at {at}" + (f", {size}" if size else "")


def _fields(value: dict[str, Any]) -> Iterator[_Branch]:
    """Show plain data as branches."""
    for key, content in value.items():
        name = printable(str(key))
        if isinstance(content, dict):
            yield name, tuple(_fields(content))
        elif isinstance(content, (list, tuple)):
            if content:
                yield name, tuple(branch for part in content for branch in _element(part))
        else:
            yield f"{name}: {printable(str(content))}", ()


def _element(part: Any) -> Iterator[_Branch]:
    if isinstance(part, dict):
        scalars = [f"{key} {value}" for key, value in part.items() if not isinstance(value, (dict, list, tuple))]
        yield printable(", ".join(scalars)), ()
    else:
        yield printable(str(part)), ()


def _action(action: dict[str, str]) -> str:
    term = action.get("source_type", "").rpartition("/")[2]
    parts = [action["action"], term, action.get("agent", ""), action.get("when", "")]
    return "  ".join(quoted(part) if " " in part else printable(part) for part in parts if part)


def _node(node: HistoryNode, style: Style) -> _Branch:
    relation = _RELATIONS.get(node.relationship, node.relationship)
    state = style.paint(node.state, _STATE_COLOURS[node.state])
    kind = KINDS[node.kind].words if node.kind in KINDS else "no AI label"
    title = quoted(node.title) if node.title else "untitled"
    parts = [f"{printable(relation)}: {title}", printable(node.format)]
    if node.manifest is not None:
        parts += [kind, f"signed by {quoted(node.signer) if node.signer else 'nobody'}"]
    return "  ".join([*filter(None, parts), state]), tuple(_node(child, style) for child in node.history)


def _branches(branches: tuple[_Branch, ...], style: Style, prefix: str = "") -> Iterator[str]:
    for index, (text, below) in enumerate(branches):
        last = index == len(branches) - 1
        yield f"{prefix}{style.paint('└─ ' if last else '├─ ', 'dim')}{text}"
        yield from _branches(below, style, prefix + ("   " if last else style.paint("│", "dim") + "  "))
