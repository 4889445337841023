"""Marks that people see or hear in China (GB 45438-2025 §5.2 to 5.4), as the signer states them.

Whether a mark is really there, how high its letters are and whether it can be read well, no program sees here:
a statement decides, and where there is none a person has to look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provlabel.law.checks.answers import best, held, judge, lacking, worst
from provlabel.law.checks.people import unstated
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import entries, words_of

# §5.2 b, 5.3 b, 5.4 b: one of each.
_AI = re.compile(r"(?<![A-Za-z])AI(?![A-Za-z])|人工智能")
_MADE = re.compile(r"生成|合成")
_WORDS = "“AI” or “人工智能”, and “生成” or “合成”"
# §5.3 c: the rhythm that says AI in Morse code.
_RHYTHM = re.compile(r"short[ -]?long[ ,;-]+short[ -]?short|短长\s*短短", re.IGNORECASE)
_SOME_RHYTHM = re.compile(r"rhythm|morse|节奏|摩斯", re.IGNORECASE)
# §5.2 c, 5.4 d.
_EDGE = re.compile(
    r"\b(corner|edge|border|margin|top|bottom|upper|lower|left|right)\b|角|边|[左右][上下]|[上下左右][方侧]|顶部|底部",
    re.IGNORECASE,
)
_MIDDLE = re.compile(r"\b(cent(er|re)|middle)\b|中央|中心|中间|正中", re.IGNORECASE)
# §5.4 c and g.
_ALWAYS = re.compile(r"\b(throughout|whole|entire|all frames|always|permanent(ly)?)\b|全程|始终", re.IGNORECASE)
_OPENING = re.compile(r"\b(opening|start|first|beginning|begin)\b|起始|开头|片头", re.IGNORECASE)
_AT_END = re.compile(r"\b(end|ending|credits|closing)\b|末尾|片尾", re.IGNORECASE)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:s|sec|secs|seconds?|秒)(?![A-Za-z])", re.IGNORECASE)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_LEAST_SECONDS, _LEAST_PERCENT = 2.0, 5.0

_KIND = {"image": "text", "video": "text", "audio": "audio"}  # §5.2 a, 5.3 a, 5.4 a
_NO_MARK = (
    "no mark that people can see or hear is stated (disclosure); somebody has to look or listen, and a user may have "
    "asked for none (Measures, Art. 9)"
)


def explicit_mark(subject: Subject, _given: Given) -> Outcome:
    """The signer states a mark for people, in the words and at the place that the standard asks for (CN-4)."""
    if refused := unstated(subject, _NO_MARK):
        return refused
    shown = entries(subject, "disclosure")
    kind = _KIND.get(subject.media or "")
    right = [item for item in shown if item.get("kind") == kind] if kind else shown
    if not right:
        return _beside_the_sound(shown) or lacking(f"the signer states a mark, but none of the kind {kind}")
    return best(_heard(item) if item.get("kind") == "audio" else _seen(item, subject.media) for item in right)


def _beside_the_sound(shown: list[Mapping[str, Any]]) -> Outcome | None:
    """Words on the surface of the service will do for sound; files that it lets out have a mark (Measures, Art. 4)."""
    if not any(item.get("kind") == "text" and _worded(words_of(item.get("text"))) is None for item in shown):
        return None
    return judge(
        "the signer states a mark in words and none that is heard: words on the surface of the service will do "
        "(Measures, Art. 4(2)), but for files that it offers for download"
    )


def _heard(item: Mapping[str, Any]) -> Outcome:
    """A voice that says the words, or the rhythm; it may come at the start, at the end or between (§5.3 d)."""
    text = words_of(item.get("text"))
    said = f"{text} {words_of(item.get('place'))}"
    if _RHYTHM.search(said):
        return held("the signer states the rhythm short-long short-short")
    if not text or _SOME_RHYTHM.search(said):
        return judge("the signer states a mark in sound, and neither its words nor the rhythm short-long short-short")
    return _worded(text) or held(f"the signer states a spoken mark with its words; {_UNSEEN['audio']}")


_UNSEEN = {
    "audio": "whether it is spoken at normal speed is for people to hear",
    "seen": "whether its letters are clear, and as high as 5 % of the shortest side, is for people to see",
}


def _seen(item: Mapping[str, Any], media: str | None) -> Outcome:
    if item.get("kind") != "text":
        return judge("the signer states a mark that is no text; what it stands on is not known")
    text, place = words_of(item.get("text")), words_of(item.get("place"))
    if not text:
        return judge("the signer states a text as mark, and not its words")
    answers = [_worded(text), _placed(place), _high(place)]
    if media == "video":
        answers += [_opening(place), _lasting(place)]
    found = [answer for answer in answers if answer is not None]
    if found:
        return worst(found)
    return held(f"the signer states a mark in words, and where it stands; {_UNSEEN['seen']}")


def _worded(text: str) -> Outcome | None:
    if _AI.search(text) and _MADE.search(text):
        return None
    return lacking(f"the words of the mark are not those that it needs: {_WORDS}")


def _placed(place: str) -> Outcome | None:
    if _EDGE.search(place):
        return None
    if _MIDDLE.search(place):
        return lacking("the signer states a mark in the middle, and it has to be at an edge or in a corner")
    return judge("the signer states a mark, and not at which edge or in which corner it stands (place)")


def _high(place: str) -> Outcome | None:
    low = any(float(found) < _LEAST_PERCENT for found in _PERCENT.findall(place))
    return lacking("the letters of the mark are lower than 5 % of the shortest side, as stated") if low else None


def _opening(place: str) -> Outcome | None:
    if _ALWAYS.search(place) or _OPENING.search(place):
        return None
    if _AT_END.search(place):
        return lacking("the signer states a mark at the end alone, and it has to be in the opening frame")
    return judge("the signer states a mark, and not that it is in the opening frame (place)")


def _lasting(place: str) -> Outcome | None:
    seconds = [float(found) for found in _SECONDS.findall(place)]
    if _ALWAYS.search(place) or any(found >= _LEAST_SECONDS for found in seconds):
        return None
    if seconds:
        return lacking("the signer states a mark that is shorter than 2 s")
    return judge("the signer states a mark, and not that it stays for 2 s (place)")
