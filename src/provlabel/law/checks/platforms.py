"""What platforms read."""

from __future__ import annotations

from provlabel.label.vocabularies import IPTC
from provlabel.law.checks.answers import held, judge, lacking
from provlabel.law.checks.machine import signed_mark
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import generating, kind_of, xmp_types


def signal(subject: Subject, given: Given) -> Outcome:
    """A platform reads what the file says: a digital source type in XMP, or a manifest."""
    types = xmp_types(subject)
    if read := types & frozenset(given.xmp):
        return held(f"XMP says {min(read)}")
    if subject.state in (None, "trusted", "valid"):
        return _in_manifest(subject, given)
    if beta := types & frozenset(given.xmp_beta):
        return judge(f"XMP says {min(beta)}, which is read in a beta")
    if subject.state in ("remote", "unreadable"):
        return judge("what the file says could not be read in full")
    return lacking("the file has nothing that is read" + (": no source type in XMP, no manifest" if given.xmp else ""))


def _in_manifest(subject: Subject, given: Given) -> Outcome:
    mark = signed_mark(subject, given)
    if mark.outcome != "held":
        return mark
    if given.c2pa == "some":
        return judge("there is a manifest; only some are read, and it is not known which")
    types = {item.source_type for item in generating(subject.actions)}
    whole = kind_of(subject) == "ai_generated" if subject.state is None else IPTC + "trainedAlgorithmicMedia" in types
    if given.c2pa == "generated" and not whole:
        return judge("the manifest says that AI made parts; what is known is about wholly generated content alone")
    return mark
