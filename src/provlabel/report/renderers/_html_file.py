"""One file in the HTML report: what is seen or heard of it, the verdict in words, and what it rests on."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from provlabel._support.text import printable, quoted
from provlabel.label.vocabularies import KINDS
from provlabel.media.previews import Preview
from provlabel.report import CarrierValue, FileReport, Finding, HistoryNode, LabelInfo, LawResult
from provlabel.report.renderers import _svg
from provlabel.report.renderers._html_words import (
    AXES,
    CAVEATS,
    EXTENT_WORDS,
    HISTORY_WORDS,
    LEVEL_WORDS,
    OUTCOME_WORDS,
    STATE_LOOKS,
    STATE_WORDS,
)
from provlabel.report.renderers._markup import Child, Node, figures, join, tag
from provlabel.report.renderers.words import (
    LAW_LOOKS,
    STATES,
    attribution,
    excuse_words,
    history_words,
    identity_words,
    second_words,
    system_words,
    time_words,
    told,
    who_words,
)

_PARTS = 200  # rows of one table; the schema allows no more
_ANCESTORS = 60  # of one file that are drawn
_ENTRIES = 200  # of what a label says
_DEPTH = 6  # of values within each other; what is deeper is shown as …
_RELATIONS = {"parentOf": "made from", "componentOf": "contains", "inputTo": "input"}
_NO_PREVIEW = Preview(kind="none", why="no pictures were asked for")


def section(item: FileReport, place: int, preview: Preview | None) -> Node:
    """Return the section about one file; its heading has the id ``f`` and ``place``."""
    shown = preview or _NO_PREVIEW
    parts = list(_parts(item.label))
    return tag(
        "article",
        tag("div", tag("h3", *name_of(item.path), id=f"f{place}"), badge(item), class_="title"),
        _top(item, shown, parts),
        _sound(shown, parts),
        _table_of_parts(parts, place),
        _history(item, place),
        _findings(told(item)),
        _laws(item, place),
        _axes(item),
        _whole_label(item.label),
        _fine_print(item),
        aria_labelledby=f"f{place}",
    )


def badge(item: FileReport) -> Node:
    """Return what became of a file, as a sign and in words."""
    words, look = OUTCOME_WORDS[item.outcome]
    return tag("span", _svg.sign(look), words, class_=f"badge {look}")


def name_of(path: str) -> Iterator[Child]:
    """Yield folder and name, so that the name stands out."""
    folder, slash, name = path.rpartition("/")
    if folder or slash:
        yield tag("span", folder + slash, class_="folder")
    yield tag("bdi", name or "(no name)")


def sentence(words: str) -> str:
    """Return words of ours as a sentence that ends."""
    return words if words.endswith(("…", ".")) else f"{words}."


def _upper(words: str) -> str:
    """Begin with a capital, and leave all else as it is: names and reasons are somebody's own."""
    return words[:1].upper() + words[1:]


def verdict_words(item: FileReport) -> str:
    """Return the state in a sentence."""
    return f"{_upper(STATES[item.state][1])}."


def label_sentence(item: FileReport) -> str:
    """Return what the label says about AI."""
    label = item.label
    if label is None:
        return "no label of its own" if item.ai_history else "no label"
    if label.words is None:
        return f"labeled, but nothing about AI is said that is known ({label.kind or 'no kind'})"
    return f"labeled as {label.words}"


# --- first what everybody looks at -----------------------------------------------------------------


def _top(item: FileReport, preview: Preview, parts: list[tuple[int, dict[str, Any]]]) -> Node:
    look = STATE_LOOKS[item.state]
    counted = next((found for found in item.findings if found.counts), None)
    text = tag(
        "div",
        tag("p", _svg.sign(look), " ", verdict_words(item), class_="verdict"),
        tag("p", CAVEATS[item.state], class_="soft"),
        tag("p", tag("span", f"Why it did not pass: {counted.message}."), class_="why bad") if counted else None,
        tag("dl", *(join(tag("dt", name), tag("dd", value)) for name, value in _facts(item))),
    )
    if preview.kind == "waveform":
        return tag("div", text, class_="top")
    return tag("div", _picture(item, preview, parts), text, class_="top pictured")


def _picture(item: FileReport, preview: Preview, parts: list[tuple[int, dict[str, Any]]]) -> Node:
    if preview.kind != "picture":
        return tag("figure", tag("p", f"No preview: {preview.why}.", class_="no-picture"))
    marked = [_svg.PlacedPart(number, _look(part), part["region"]) for number, part in parts if _is(part, "region")]
    overlay = _svg.regions(marked, preview.width, preview.height)
    name = item.path.rpartition("/")[2]
    image = tag(
        "img",
        src=figures(f"data:image/jpeg;base64,{base64.b64encode(preview.jpeg).decode()}"),
        alt=f"Preview of {name}" + (", with the parts of the table below marked on it" if overlay else ""),
    )
    caption = f"{preview.width:,} × {preview.height:,} pixels"
    if overlay:
        caption += ". Marked as the label says: solid lines by AI, dashed by people, dashes and dots by both"
    return tag("figure", tag("div", image, overlay, class_="frame"), tag("figcaption", f"{caption}."))


def _sound(preview: Preview, parts: list[tuple[int, dict[str, Any]]]) -> Node | None:
    marked = [_svg.PlacedPart(number, _look(part), part["span"]) for number, part in parts if _is(part, "span")]
    drawn = [found for part in marked if (found := _svg.spans(part))]
    if preview.kind == "waveform":
        seconds, words = preview.seconds, f"Plays {_svg.clock(preview.seconds)}"
    elif drawn and preview.kind == "none":
        seconds, words = max(end for _, end in drawn), "The length of the sound is not known"
    else:
        return None
    if drawn:
        words += ". Marked as the label says: filled by AI, dashed by people, dashes and dots by both"
    late = sum(end > seconds + 0.5 for _, end in drawn) if preview.kind == "waveform" else 0
    words += f". {late} of the marks end after the sound" if late else ""
    return tag("figure", _svg.timeline(marked, preview.peaks, seconds), tag("figcaption", f"{words}."), class_="keep")


def _facts(item: FileReport) -> Iterator[tuple[str, Child]]:
    """Yield what there is to know at a glance, each marked as a claim unless somebody vouches for it."""
    claim = tag("span", words, class_="soft") if (words := attribution(item)) else None
    sentence = _upper(label_sentence(item))
    if item.label is not None:
        yield "AI", join(tag("strong", sentence), claim)
        yield from _systems(item.label)
    else:
        yield "AI", sentence
    for sentence in history_words(item):
        yield "AI before", f"{_upper(sentence)}."
    if item.signer is not None:
        yield "Signed by", who_words(item.signer, item.axes.signer == "trusted" and item.state == "trusted")
    for identity in item.identity[:_ENTRIES]:
        yield "Identity", identity_words(identity, item)
    for name, words in time_words(item):
        yield {"since": "Made", "signed": "Signed"}.get(name, name), words
    yield "File", ", ".join(filter(None, (item.format, _size(item.size))))
    if item.second is not None:
        yield "Second opinion", second_words(item.second)


def _systems(label: LabelInfo) -> Iterator[tuple[str, Child]]:
    systems = [words for words in map(system_words, _list(label.value.get("systems"))) if words]
    if systems:
        yield ("System" if len(systems) == 1 else "Systems"), ", ".join(systems[:_ENTRIES])
    provider = label.value.get("provider")
    if isinstance(provider, dict) and isinstance(provider.get("name"), str):
        yield "Provider", provider["name"]
    if label.source != "org.provlabel.label":
        yield "Read from", f"{label.source}; there is no provlabel label"


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


# --- parts -----------------------------------------------------------------------------------------


def _parts(label: LabelInfo | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the parts that the label distinguishes, numbered from 1."""
    given = _list(label.value.get("contributions")) if label else []
    parts = (part for part in given if isinstance(part, dict))
    yield from zip(range(1, _PARTS + 1), parts, strict=False)


def _table_of_parts(parts: list[tuple[int, dict[str, Any]]], place: int) -> Node | None:
    if not parts:
        return None
    heads = tag("tr", *(tag("th", name, scope="col") for name in ("No.", "Part", "How far AI", "Who", "Where")))
    rows = []
    for number, part in parts:
        what = str(part.get("part", "part")).replace("_", " ")
        about = part.get("description")
        rows.append(
            tag(
                "tr",
                tag("td", str(number), class_="number"),
                tag("th", what, tag("span", f" {about}", class_="soft") if about else None, scope="row"),
                tag("td", _extent(part)),
                tag("td", ", ".join(str(part[key]) for key in ("system", "person", "role") if part.get(key)) or "–"),
                tag("td", _where(part)),
            )
        )
    body = (tag("thead", heads), tag("tbody", *rows))
    table = tag("table", tag("caption", "Who made which part, as the label says"), *body, class_="parts")
    name = f"parts-{place}"
    return tag("div", tag("h4", "Parts", id=name), _scrolling(table, name))


def _scrolling(wide: Node, name: str) -> Node:
    """Let what is wide scroll by itself, with the keyboard too."""
    return tag("div", wide, class_="scroll", tabindex="0", role="group", aria_labelledby=name)


def _extent(part: dict[str, Any]) -> str:
    extent = str(part.get("extent"))
    return EXTENT_WORDS.get(extent, ("", extent))[1]


def _look(part: dict[str, Any]) -> str:
    return EXTENT_WORDS.get(str(part.get("extent")), ("partly", ""))[0]


def _is(part: dict[str, Any], key: str) -> bool:
    return isinstance(part.get(key), dict)


def _where(part: dict[str, Any]) -> str:
    words = []
    if _is(part, "span"):
        ends = [_svg.number(part["span"].get(key)) for key in ("start", "end")]
        words.append("–".join("?" if end is None else _svg.clock(end) for end in ends))
    if _is(part, "region"):
        words.append(_region_words(part["region"]))
    if part.get("stem"):
        words.append(f"stem {part['stem']}")
    return ", ".join(words) or "–"


def _region_words(region: dict[str, Any]) -> str:
    unit = " px" if region.get("unit") == "pixel" else " %"
    corners = _list(region.get("points"))
    if corners:
        return f"polygon of {len(corners)} corners"
    left, top, width, height = (_figure(region.get(key), unit) for key in ("x", "y", "width", "height"))
    if region.get("shape") == "circle":
        return f"circle of {width} around {left} from the left, {top} from the top"
    return f"{region.get('shape', 'area')} of {width} by {height}, {left} from the left, {top} from the top"


def _figure(value: Any, unit: str) -> str:
    found = _svg.number(value)
    return "?" if found is None else f"{found:g}{unit}"


# --- history ---------------------------------------------------------------------------------------


def _history(item: FileReport, place: int) -> Node | None:
    """Draw where the file comes from; whoever cannot see the drawing gets it as nested lists."""
    if not item.history:
        return None
    rows = [_this_file(item)]
    for node, depth in _unfolded(item.history):
        if len(rows) > _ANCESTORS:
            break
        rows.append(_ancestor(node, depth))
    left = sum(1 for _ in _unfolded(item.history)) - len(rows) + 1
    more = tag("p", f"{left:,} more are in the JSON report.", class_="soft") if left else None
    name = f"history-{place}"
    listed = tag("div", _nested(rows, 1, 0)[0], class_="unseen")
    return tag("div", tag("h4", "History", id=name), listed, _scrolling(_svg.history(rows), name), more)


def _this_file(item: FileReport) -> _svg.Ancestor:
    signer = f"signed by {quoted(item.signer.name)}" if item.signer else "not signed"
    kind = item.label.words if item.label else None
    name = printable(item.path.rpartition("/")[2])
    facts = (kind or "no AI label", signer)
    return _svg.Ancestor(0, STATE_LOOKS[item.state], "this file", name, facts, STATE_WORDS[item.state])


def _ancestor(node: HistoryNode, depth: int) -> _svg.Ancestor:
    look, verdict = HISTORY_WORDS[node.state]
    relation = _RELATIONS.get(node.relationship, printable(node.relationship))
    kind = KINDS[node.kind].words if node.kind in KINDS else "no AI label"
    signer = f"signed by {quoted(node.signer) if node.signer else 'nobody'}"
    known = (kind, signer) if node.manifest else (printable(node.format),)
    facts = tuple(filter(None, known))
    return _svg.Ancestor(depth, look, relation, printable(node.title) or "untitled", facts, verdict)


def _unfolded(nodes: Iterable[HistoryNode]) -> Iterator[tuple[HistoryNode, int]]:
    """Yield all nodes from the nearest to the farthest, without recursion: a history may be very deep."""
    waiting = [(node, 1) for node in reversed(tuple(nodes))]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in reversed(node.history)]


def _nested(rows: list[_svg.Ancestor], start: int, depth: int) -> tuple[Node, int]:
    """Return the rows below one as a list, and where it ends."""
    entries, place = [], start
    while place < len(rows) and rows[place].depth > depth:
        row = rows[place]
        below, place = _nested(rows, place + 1, row.depth)
        words = f"{row.relation}: {'; '.join((row.title, *row.facts, row.verdict))}"
        entries.append(tag("li", words, below if below.markup else None))
    return (tag("ul", *entries) if entries else Node("")), place


# --- findings and axes -----------------------------------------------------------------------------


def _findings(findings: Sequence[Finding]) -> Node | None:
    if not findings:
        return None
    order = ("error", "warning", "note")
    rows = sorted(findings, key=lambda found: (not found.counts, order.index(found.level)))
    more = tag("p", f"{len(rows) - _ENTRIES:,} more are in the JSON report.") if len(rows) > _ENTRIES else None
    return tag("div", tag("h4", "What was found"), tag("ul", *map(_finding, rows[:_ENTRIES]), class_="findings"), more)


def _finding(found: Finding) -> Node:
    look, level = LEVEL_WORDS[found.level]
    if found.excuse is not None and found.level == "error":
        look, level = "warn", "Excused error"
    about = tag(
        "div",
        tag("p", tag("strong", f"{level}: "), _upper(found.message)),
        tag("p", sentence(_upper(excuse_words(found.excuse)))) if found.excuse else None,
        tag("p", f"What to do: {sentence(found.hint)}", class_="soft") if found.hint and not found.excuse else None,
        tag("p", "Rule ", tag("code", found.rule), f", at {found.at}" if found.at else None, class_="small-print"),
    )
    return tag("li", _svg.sign(look), about)


#: What the sign beside the outcome of a rule is.
_LAW_SIGNS = {"not held": "bad", "needs a human judgement": "warn", "held": "ok"}


def _laws(item: FileReport, place: int) -> Node | None:
    """Return every rule of the laws that were asked for, those to look at first."""
    if not item.law:
        return None
    ordered = sorted(item.law, key=lambda result: list(LAW_LOOKS).index(result.outcome))
    names = ("Rule", "Outcome", "Why", "Source")
    heads = tag("tr", *(tag("th", name, scope="col") for name in names))
    table = tag("table", tag("thead", heads), tag("tbody", *map(_law, ordered[:_ENTRIES])), class_="wide")
    laws = ", ".join(dict.fromkeys(result.law for result in item.law))
    words = tag("summary", "Rules of law", tag("span", f" ({laws}; no legal advice)", class_="soft"))
    name = f"law-{place}"
    return tag("details", words, tag("h4", "Rules of law", id=name, class_="unseen"), _scrolling(table, name))


def _law(result: LawResult) -> Node:
    sign = _svg.sign(_LAW_SIGNS.get(result.outcome, "info"))
    day = f" By the wording {result.era}." if result.era else ""
    counts = "" if result.counts else " The worse of several eras counts."
    return tag(
        "tr",
        tag("th", f"{result.number}: {result.title}", scope="row"),
        tag("td", sign, f" {result.outcome}"),
        tag("td", f"{_upper(result.reason)}.{day}{counts}"),
        tag("td", f"{result.source} ({result.certainty})"),
    )


def _axes(item: FileReport) -> Node:
    answers = {name: getattr(item.axes, name) for name in AXES}
    heads = tag("tr", *(tag("th", name, scope="col") for name in ("Question", "Answer")))
    rows = []
    for name, axis in AXES.items():
        given = answers[name] if isinstance(answers[name], tuple) else (answers[name],)
        cells = [_answer(name, value, item) for value in given]
        rows.append(tag("tr", tag("th", axis.question, scope="row"), tag("td", *cells)))
    table = tag("table", tag("thead", heads), tag("tbody", *rows), class_="axes")
    return tag("details", tag("summary", "The checks one by one"), table, open=not item.passed)


def _answer(name: str, value: str, item: FileReport) -> Node:
    look, meaning = AXES[name].answers[value]
    if name == "revocation" and item.revocation is not None and item.revocation.why:
        meaning = f"Not known: {item.revocation.why}." if value == "not-checked" else meaning
    sign = tag("span", _svg.sign(look, width="16", height="16"), class_=look)
    return tag("div", sign, f" {meaning} ", tag("code", value, class_="value"))


# --- the fine print --------------------------------------------------------------------------------


def _whole_label(label: LabelInfo | None) -> Node | None:
    if label is None:
        return None
    entries = [_entry(key, value, label.origins.get(key)) for key, value in list(label.value.items())[:_ENTRIES]]
    if label.personal is not None:
        entries += [_entry(f"{key} (personal)", value) for key, value in list(label.personal.items())[:_ENTRIES]]
    elif label.has_personal:
        entries.append(_entry("personal", "there are fields marked personal, which were not asked for"))
    return tag("details", tag("summary", "Everything that the label says"), tag("dl", *entries))


def _entry(key: str, value: Any, origin: str | None = None) -> Node:
    source = tag("span", f" (read from {origin})", class_="soft") if origin else None
    shown: Child = _plain(value)
    if isinstance(value, (list, tuple)) and any(isinstance(one, dict) for one in value):
        shown = tag("ul", *(tag("li", _plain(one)) for one in value[:_ENTRIES]))
    return join(tag("dt", str(key).replace("_", " ")), tag("dd", shown, source))


def _plain(value: Any, depth: int = 1) -> str:
    """Return plain data on one line, as far down as anybody reads."""
    if isinstance(value, dict):
        pairs = (
            f"{str(key).replace('_', ' ')} {_plain(one, depth + 1)}" for key, one in list(value.items())[:_ENTRIES]
        )
        words = "; ".join(pairs) if depth <= _DEPTH else "…"
        return words if depth == 1 else f"({words})"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(one, depth + 1) for one in value[:_ENTRIES]) if depth <= _DEPTH else "…"
    return _scalar(value)


def _scalar(value: Any) -> str:
    return next((words for plain, words in ((True, "yes"), (False, "no"), (None, "–")) if value is plain), str(value))


def _fine_print(item: FileReport) -> Node:
    facts: list[tuple[str, Child]] = [("SHA-256", tag("code", item.sha256 or "not known"))]
    facts.append(("Size", f"{item.size:,} bytes"))
    if item.manifest:
        where = "beside the file" if item.source == "sidecar" else "in the file"
        facts.append(
            ("Manifest", join(tag("code", item.manifest), f", {where}, made by {item.generator or 'unknown'}"))
        )
    if item.signer is not None:
        valid = f"{item.signer.not_before} to {item.signer.not_after}"
        facts.append(("Certificate", f"valid {valid}; {item.signer.algorithm}, serial {item.signer.serial}"))
    if item.revocation is not None and item.revocation.source is not None:
        updated = f", of {item.revocation.updated}" if item.revocation.updated else ""
        facts.append(("Revocation", f"{item.revocation.state}, by an answer that is {item.revocation.source}{updated}"))
    if item.actions:
        facts.append(("Steps", tag("ul", *(tag("li", _action(action)) for action in item.actions[:_ENTRIES]))))
    if item.carriers:
        facts.append(("Tags", tag("ul", *(tag("li", _carrier(one)) for one in item.carriers[:_ENTRIES]))))
    if item.engine_state:
        facts.append(("Engine", f"{item.engine_state} (shown, and decides nothing)"))
    if item.not_checked:
        facts.append(("Not checked", tag("ul", *(tag("li", check) for check in item.not_checked[:_ENTRIES]))))
    rows = (join(tag("dt", name), tag("dd", value)) for name, value in facts)
    return tag("details", tag("summary", "Fine print"), tag("dl", *rows))


def _carrier(value: CarrierValue) -> str:
    """Say what one tag says, and how that stands to the label."""
    shown = "personal" if value.personal and not value.values else _plain(value.values) or "nothing"
    expected = f"; the label says {_plain(value.expected)}" if value.expected else ""
    return f"{value.place}, {value.field}: {shown} ({value.agreement}{expected})"


def _action(action: dict[str, str]) -> str:
    term = action.get("source_type", "").rpartition("/")[2]
    parts = (action.get("action", ""), term, action.get("agent", ""), action.get("when", ""))
    return ", ".join(part for part in parts if part)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []
