"""When a rule applies: one small pure function for each condition, by the name that ``law/*.toml`` uses.

``None`` means that no file shows it; then a rule that is not held becomes a question for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from provlabel.evidence import mapping
from provlabel.label.vocabularies import NOT_AI
from provlabel.law import aigc
from provlabel.law.edits import by_ai, is_minor, parts_by_ai
from provlabel.law.records import Applies, Given, Subject
from provlabel.law.subjects import (
    altered,
    entries,
    fingerprints,
    kind_of,
    links,
    stated,
    told_of_ai,
    words_of,
)

Condition = Callable[[Subject, Given], Applies]


def ai_content(subject: Subject, given: Given) -> Applies:
    """AI made or altered the content, as label or unsigned tags say; small changes are exempt as each law has it."""
    kind = kind_of(subject)
    if kind in ("ai_generated", "ai_partly_created", "composite_synthetic"):
        return Applies(True, f"the label says {kind}")
    if kind in NOT_AI and (told := told_of_ai(subject)) != "":
        return _otherwise(subject, given, kind, told)
    if kind in ("human_made", "algorithmic_not_trained"):
        return Applies(False, f"the label says {kind}")
    if kind == "may_contain_ai":
        return Applies(None, "the label says only that there may be AI in it", "find out, and label it again")
    if kind is None:
        return _without_kind(subject)
    return MINOR[given.minor](subject, kind)


def _otherwise(subject: Subject, given: Given, kind: str, told: str | None) -> Applies:
    """A label of no AI whose other fields tell of AI, or cannot be read, frees of nothing."""
    if told is None:
        return Applies(None, f"the label says {kind}, and does not follow its schema", "label the file again")
    return MINOR[given.minor](subject, f"{kind}, and {told}")


_SAY = "if so, label the file"


def _without_kind(subject: Subject) -> Applies:
    if subject.elsewhere:
        return Applies(
            None, f"{subject.elsewhere}; what that means for the file as it is now is for people to say", _SAY
        )
    if subject.claims_ai:
        return Applies(True, "tags that nothing signs say that AI took part")
    if not subject.tags_read:
        return Applies(None, "no label says whether AI took part, and tags of this format are not read here", _SAY)
    return Applies(None, "nothing in the file says whether AI took part", _SAY)


def _routine(subject: Subject, kind: str) -> Applies:
    """Technical work without anything generated is routine, unless the signer states a substantial change."""
    if kind == "ai_assisted_technical" and not stated(subject, "substantial_change"):
        return Applies(False, "the label says ai_assisted_technical: nothing was generated")
    return Applies(True, f"the label says {kind}")


def _case_by_case(subject: Subject, kind: str) -> Applies:
    """Whether a change is substantial decides, and only people can say so (EU-9, WA-1)."""
    substantial = stated(subject, "substantial_change")
    if substantial is False:
        return Applies(False, "the signer states that nothing substantial was changed")
    if kind == "ai_assisted_technical" and substantial is None:
        return Applies(
            None,
            "whether the technical work changed anything substantial is not stated",
            "state judgements.substantial_change in the label",
        )
    return Applies(True, f"the label says {kind}")


def _closed_list(subject: Subject, kind: str) -> Applies:
    """All but the eight minor modifications of California (CA-9); what people did beside AI does not count."""
    if stated(subject, "substantial_change"):
        return Applies(True, f"the label says {kind}, and the signer states a substantial change")
    if made := parts_by_ai(subject):
        return Applies(True, f"the label says {kind}, and {made[0]} by AI, which is no minor modification")
    done = {words_of(item.get("operation")): is_minor(item) for item in by_ai(subject)}
    if beyond := [name for name, minor in done.items() if minor is False]:
        return Applies(True, f"the label says {kind}, and {beyond[0]} is none of the eight minor modifications")
    if unclear := [name for name, minor in done.items() if minor is None]:
        return Applies(None, f"whether {unclear[0]} was one of the eight minor modifications is not stated", _SAY_HOW)
    if not done:
        return Applies(None, "whether AI did more than the eight minor modifications is not stated", _SAY_HOW)
    return Applies(False, "all that AI did, as the label says, are minor modifications of the law's list of eight")


_SAY_HOW = "state operations in the label, with technique where one was edited, enhanced or filtered"


def _creation(subject: Subject, kind: str) -> Applies:
    """The text of SB 942 asks for a disclosure in what was created; of what was altered it is not clear."""
    if kind == "ai_assisted_technical":
        return Applies(False, "the label says ai_assisted_technical: nothing was generated")
    if altered(subject):
        return Applies(None, f"the label says {kind}, and the older text speaks of content that was created")
    return Applies(True, f"the label says {kind}")


#: Which small changes are exempt, by the name that ``law/*.toml`` uses.
MINOR: dict[str, Callable[[Subject, str], Applies]] = {
    "routine": _routine,
    "case-by-case": _case_by_case,
    "closed-list": _closed_list,
    "creation": _creation,
}


def new_system(_subject: Subject, _given: Given) -> Applies:
    """Until 2 Dec 2026 only systems that came to the market since 2 Aug 2026 are bound (EU-8, Art. 111(4))."""
    return Applies(None, "whether the system was on the market before 2 August 2026 is in no file (EU-8)")


def code_signatory(subject: Subject, _given: Given) -> Applies:
    """The EU Code of Practice was signed, as the signer of the file states; others may do otherwise (EU-0)."""
    found = stated(subject, "code_signatory")
    if found:
        return Applies(True, "the signer states that the Code of Practice was signed")
    unsigned = "the signer states that the Code of Practice was not signed"
    told = unsigned if found is False else "whether the Code of Practice was signed is not stated"
    return Applies(None, f"{told}, and other means may be adequate (EU-0)")


def large_provider(_subject: Subject, _given: Given) -> Applies:
    """Providers with more than a million users a month."""
    return Applies(None, "whether the provider has more than 1,000,000 users a month is in no file")


def medium(subject: Subject, given: Given) -> Applies:
    """The content is one of ``media``."""
    wanted = " or ".join(given.media)
    if subject.media is None:
        return Applies(None, f"whether it is {wanted} is not known from a label alone")
    return Applies(subject.media in given.media, f"the file is {subject.media}, and the rule is about {wanted}")


def deep_fake(subject: Subject, _given: Given) -> Applies:
    """The signer states a deep fake (EU AI Act Art. 3(60))."""
    return _judgement(subject, "deep_fake", "a deep fake")


def realistic(subject: Subject, _given: Given) -> Applies:
    """It looks like a real person or event (IN-1, rule 2(1)(wa)); a label states that only by ``deep_fake``."""
    if stated(subject, "deep_fake"):
        return Applies(True, "the signer states that it is a deep fake")
    return Applies(None, "whether it can be taken for a real person or a real event, only people can say")


def imitation(subject: Subject, given: Given) -> Applies:
    """It imitates a real person, or a real event (VN-2): a synthetic likeness of one is stated, or a deep fake."""
    if any(item.get("synthetic") is True and item.get("real_person") is True for item in entries(subject, "likeness")):
        return Applies(True, "the signer states a synthetic likeness of a real person")
    return deep_fake(subject, given)


def artistic(subject: Subject, _given: Given) -> Applies:
    """The signer states an evidently artistic, satirical or fictional work; else the general rule counts."""
    found = stated(subject, "artistic") is True
    return Applies(found, f"{'the signer states' if found else 'nobody states'} that it is an artistic work")


def not_artistic(subject: Subject, _given: Given) -> Applies:
    """No artistic work; the general rule counts where nothing is stated."""
    if stated(subject, "artistic"):
        return Applies(False, "the signer states that it is an artistic work")
    return Applies(True, "no artistic work is stated")


def advertising(subject: Subject, _given: Given) -> Applies:
    """The signer states that it was made for advertising."""
    return _judgement(subject, "advertising", "advertising")


def no_expressive_work(subject: Subject, _given: Given) -> Applies:
    """It does not advertise an expressive work in which AI performers are used alike (NY-1, CA-14)."""
    found = stated(subject, "promotes_expressive_work")
    if found is None:
        return Applies(
            None,
            "whether it advertises an expressive work that uses AI performers alike is not stated",
            "state judgements.promotes_expressive_work in the label",
        )
    return Applies(
        not found,
        f"the signer states that it advertises {'an' if found else 'no'} expressive work that uses AI performers alike",
    )


def prominent(_subject: Subject, _given: Given) -> Applies:
    """The performer is prominent: in the foreground, or the voice of the message (CA-14, §17610(a)(5))."""
    return Applies(None, "whether the performer is prominent, only people can say")


def _judgement(subject: Subject, name: str, words: str) -> Applies:
    found = stated(subject, name)
    if found is None:
        return Applies(None, f"whether it is {words} is not stated", f"state judgements.{name} in the label")
    return Applies(found, f"the signer states that it is {'' if found else 'not '}{words}")


def synthetic_performer(subject: Subject, _given: Given) -> Applies:
    """Somebody made by AI is seen or heard who is no recognizable real person (NY-1, CA-14)."""
    shown = entries(subject, "likeness")
    if not shown:
        return Applies(None, "who is seen or heard is not stated", "state likeness in the label")
    found = any(item.get("synthetic") is True and item.get("real_person") is False for item in shown)
    return Applies(found, f"the signer states {'a' if found else 'no'} performer who is synthetic and no real person")


def not_translation(subject: Subject, _given: Given) -> Applies:
    """AI did more than translate (CA-14, §17610(d)(5); IN-3); what people did beside it does not count."""
    done = [words_of(item.get("operation")) for item in by_ai(subject)]
    if not done or any(name != "translated" for name in done):
        return Applies(True, "no mere translation is stated")
    if not altered(subject):
        return Applies(True, "a translation is stated, and that the content was created")
    if more := [part for part in parts_by_ai(subject) if part != "translation"]:
        return Applies(None, f"a translation is stated, and {more[0]} by AI: whether it served that alone is not")
    return Applies(False, "the label has no operation by AI but a translation")


def has_fingerprint(subject: Subject, _given: Given) -> Applies:
    """A fingerprint is stated."""
    found = fingerprints(subject)
    return Applies(bool(found), f"a fingerprint is stated: {', '.join(found)}" if found else "no fingerprint is stated")


def from_inputs(subject: Subject, _given: Given) -> Applies:
    """Something was altered, or an input is recorded (EU-5)."""
    if subject.inputs or altered(subject):
        return Applies(True, "it was made from something that was there before")
    return Applies(False, "it was made new, and no input is recorded")


def is_altered(subject: Subject, _given: Given) -> Applies:
    """Systems altered existing content (CA-9)."""
    found = altered(subject)
    return Applies(found, f"the label says {'altered' if found else 'created'}")


def is_linked(subject: Subject, _given: Given) -> Applies:
    """The file links to a page (CA-6)."""
    if subject.state == "remote":
        return Applies(True, "the file has only the address of its manifest on the network")
    found = links(subject)
    return Applies(bool(found), f"the label links to {found[0]}" if found else "the label links to no page")


def is_signed(subject: Subject, _given: Given) -> Applies:
    """There is a manifest (CN-6)."""
    if subject.state is None:
        return Applies(True, "the label is made to be signed")
    found = bool(subject.manifest)
    return Applies(found, f"there is {'a' if found else 'no'} C2PA manifest")


_CODE = re.compile(r"00[0-9A-Za-z]{20,}")


def has_code(subject: Subject, _given: Given) -> Applies:
    """The provider of an ``AIGC`` object, or of the label, is named by a code (CN-3)."""
    named = aigc.producers(subject)
    if not named:
        return Applies(False, "no provider is named in an AIGC object")
    found = all(_CODE.fullmatch(name) for name in named)
    return Applies(found, f"ContentProducer is {'a code' if found else 'a name and no code'}")


def has_object(subject: Subject, _given: Given) -> Applies:
    """There is an ``AIGC`` object, or a label file asks for one (CN-5)."""
    found = bool(mapping(mapping(subject.label).get("china")) if subject.state is None else aigc.found(subject))
    return Applies(found, f"there is {'an' if found else 'no'} AIGC object")


def public_confusion(subject: Subject, _given: Given) -> Applies:
    """The service may confuse the public (Measures, Art. 4; Deep Synthesis Provisions, Art. 17(1)) (CN-4).

    A deep fake does.  GB 45438-2025 Annex B names pictures, music and video made from words among such services,
    and not when they confuse, so that nothing else that a label states answers it.
    """
    if stated(subject, "deep_fake"):
        return Applies(True, "the signer states a deep fake, which may confuse the public")
    return Applies(
        None,
        "whether the service may confuse the public is in no file (Measures, Art. 4; GB 45438-2025 Annex B names "
        "music, pictures and video among such services)",
    )


CONDITIONS: dict[str, Condition] = {
    "ai-content": ai_content,
    "new-system": new_system,
    "code-signatory": code_signatory,
    "large-provider": large_provider,
    "medium": medium,
    "deep-fake": deep_fake,
    "realistic": realistic,
    "artistic": artistic,
    "not-artistic": not_artistic,
    "imitation": imitation,
    "advertising": advertising,
    "no-expressive-work": no_expressive_work,
    "prominent": prominent,
    "synthetic-performer": synthetic_performer,
    "not-translation": not_translation,
    "fingerprint": has_fingerprint,
    "inputs": from_inputs,
    "altered": is_altered,
    "linked": is_linked,
    "signed": is_signed,
    "provider-code": has_code,
    "aigc-object": has_object,
    "public-confusion": public_confusion,
}
