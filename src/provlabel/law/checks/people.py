"""Marks that people see or hear, as the signer states them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provlabel.law.checks.answers import best, held, judge, lacking
from provlabel.law.checks.machine import signed_mark
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import entries, standing, words_of

_NO_MARK = "no mark that people can see or hear is stated (disclosure); somebody has to look or listen"


def unstated(subject: Subject, why: str = _NO_MARK) -> Outcome | None:
    """Say that no mark for people is stated that counts, in the words of ``why``; ``None`` where there is one."""
    refused = standing(subject)
    if refused and refused.outcome != "not held":
        return refused
    return judge(why) if refused or not entries(subject, "disclosure") else None


def disclosure(subject: Subject, given: Given) -> Outcome:
    """The signer states a mark for people, of a kind that suits the medium, with the ``words`` that it needs.

    Whether it is really there, no program sees: a statement decides, and where there is none a person has to look.
    """
    if refused := unstated(subject):
        return refused
    shown = entries(subject, "disclosure")
    kinds = given.kinds.get(subject.media, ()) if subject.media else ()
    right = [item for item in shown if not kinds or item.get("kind") in kinds]
    if not right:
        return lacking(f"the signer states a mark, but none of the kind {' or '.join(kinds)}")
    return best(_disclosed(item, given) for item in right)


def _disclosed(item: Mapping[str, Any], given: Given) -> Outcome:
    if given.words and item.get("kind") in given.worded and (answer := _worded(item, given)) is not None:
        return answer
    place = words_of(item.get("place"))
    if given.place and not place:
        return judge("the signer states a mark, and not where it stands")
    if given.first and item.get("kind") == "audio" and not _AT_START.search(place):
        return judge("the signer states a spoken mark, and not that it stands at the start (place)")
    language = words_of(item.get("language"))
    if given.language and not language:
        known = "in the language of the content, in English, or a sound that people were told about (earcon)"
        return judge(f"the signer states a mark to hear, and no language: is it {known}?")
    if given.language and language.lower().split("-")[0] != given.language:
        return judge(f"the signer states a mark in the language {language}; is that of the content?")
    return held(f"the signer states a mark for people: {item.get('kind')}")


_AT_START = re.compile(r"\b(start|beginning|first)\b", re.IGNORECASE)


def _worded(item: Mapping[str, Any], given: Given) -> Outcome | None:
    """Say what is wrong with the text of a mark; other languages have other words, which people have to read."""
    text = words_of(item.get("text"))
    if not text:
        return judge(f"the signer states a mark ({item.get('kind')}), and not its words")
    if all(any(_has_word(text, word) for word in group) for group in given.words):
        return None
    wanted = " and ".join("/".join(group) for group in given.words)
    language = words_of(item.get("language")).lower().split("-")[0]
    if not given.words_in or language in given.words_in:
        return lacking(f"the words of the mark are not those that it needs: {wanted}")
    return judge(
        f"the words of the mark are in {'another' if language else 'no stated'} language; do they say {wanted}?"
    )


def _has_word(text: str, word: str) -> bool:
    """Is the word there; one of Latin letters by itself, not inside of another, and in any case if it is small?"""
    if word.isascii():
        case = re.IGNORECASE if word.islower() else 0
        return re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", text, case) is not None
    return word in text


def placed(subject: Subject, _given: Given) -> Outcome:
    """The mark is stated to be in the content; in a video at the start and again (EU-20b)."""
    if refused := unstated(subject):
        return refused
    shown = [item for item in entries(subject, "disclosure") if item.get("kind") in ("icon", "text")]
    if not shown:
        return lacking("the signer states no icon and no text as a mark")
    named = [words_of(item.get("place")) for item in shown if words_of(item.get("place"))]
    if not named:
        return judge("the signer states a mark, and not where it stands")
    places = ", ".join(place for place in named if not _BESIDE.search(place))
    if not places:
        return judge(f"the mark stands at {named[0]}: is that in the content, or an overlay that seems to be?")
    if subject.media == "video" and not _from_the_start(places):
        return judge(f"the mark stands at {places}: does it come at the start, again where possible, and after breaks?")
    return held(f"the signer states where the mark stands: {places}")


def _from_the_start(places: str) -> bool:
    """Is it there all the time, or at the start and again?"""
    return bool(_THROUGHOUT.search(places) or (_AT_START.search(places) and _AGAIN.search(places)))


_BESIDE = re.compile(
    r"\b(beside|credits?|notes?|caption|description|website|ticket|packag\w+|leaflet|booklet|liner)\b",
    re.IGNORECASE,
)
_THROUGHOUT = re.compile(r"\b(throughout|whole|entire|always|permanent\w*|continuous\w*)\b", re.IGNORECASE)
_AGAIN = re.compile(r"\b(interval\w*|every|regular\w*|repeat\w*|breaks?|again)\b", re.IGNORECASE)


def also_seen_and_reminded(subject: Subject, _given: Given) -> Outcome:
    """Beside the notice at the start, a mark to see and reminders are stated (EU-21a)."""
    if refused := unstated(subject):
        return refused
    shown = entries(subject, "disclosure")
    spoken = " ".join(words_of(item.get("place")) for item in shown if item.get("kind") == "audio")
    seen = any(item.get("kind") in ("icon", "text") for item in shown)
    again = bool(_AGAIN.search(spoken) or _THROUGHOUT.search(spoken))
    if seen and again:
        return held("the signer states a mark to see too, and that the notice is repeated")
    missing = [] if seen else ["a mark on the screen, where there is one"]
    missing += [] if again else ["reminders, where it is long or live"]
    return judge(f"the signer does not state {' and '.join(missing)}")


def accessible(subject: Subject, _given: Given) -> Outcome:
    """Every mark for people that is stated has an accessible alternative (EU-24)."""
    no_mark = "no mark that people can see or hear is stated (disclosure), and so no alternative of it"
    if refused := unstated(subject, no_mark):
        return refused
    if all(words_of(item.get("alternative")) for item in entries(subject, "disclosure")):
        return held("the signer states an accessible alternative for each mark")
    return judge("a mark has no accessible alternative in the label; it may stand on the page that shows the file")


def beside_machine_mark(subject: Subject, given: Given) -> Outcome:
    """A mark for programs alone is not enough (EU-25)."""
    answer = disclosure(subject, given)
    if answer.outcome == "held":
        return held("beside the mark for programs, the signer states one for people")
    return Outcome(answer.outcome, f"a mark for programs does not do; {answer.why}")


def marked_or_noticed(subject: Subject, given: Given) -> Outcome:
    """A mark for people, or one for programs beside a notice that was given once (KR-1)."""
    if disclosure(subject, given).outcome == "held":
        return held("the signer states a mark that people can see or hear")
    mark = signed_mark(subject, given)
    if mark.outcome == "held":
        return judge(
            "there is only a mark for programs; whether people were told once, in words or speech, no file says"
        )
    if subject.claims_ai and subject.state != "invalid":
        return judge("only tags that nothing signs mark the file; whether people were told once, no file says")
    return mark


#: Cal. B&P §17610(c): “this performance features a synthetic performer”, “no human performer is depicted”.
_OF_PERFORMERS = re.compile(r"\bsynthetic performers?\b|\bno human performers?\b", re.IGNORECASE)


def performer_notice(subject: Subject, _given: Given) -> Outcome:
    """A notice in words like those of Cal. B&P §17610(c); whether other words are like them, people have to say."""
    no_notice = "no notice that people can see or hear is stated (disclosure); somebody has to look or listen"
    if refused := unstated(subject, no_notice):
        return refused
    shown = entries(subject, "disclosure")
    texts = [words_of(item.get("text")) for item in shown]
    if any(_OF_PERFORMERS.search(text) for text in texts):
        return held("the signer states a notice in words like those of the law")
    if any(texts):
        return judge("the signer states other words; are they substantially like “features a synthetic performer”?")
    if all(item.get("kind") == "icon" for item in shown):
        return lacking("the signer states an icon alone, and the law asks for words")
    return judge("the signer states a notice, and not its words")
