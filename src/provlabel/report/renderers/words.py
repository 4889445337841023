"""Words of a report for people: the state first, then why, then what to do; several outputs take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from provlabel._support.text import printable, quoted
from provlabel.report import (
    PROVEN,
    AccountInfo,
    CarrierValue,
    ExceptionUse,
    Excuse,
    FileReport,
    Finding,
    IdentityInfo,
    LabelInfo,
    LawOutcome,
    LawResult,
    Named,
    PolicyInfo,
    Report,
    SecondOpinion,
    SignerInfo,
    Skipped,
    SkippedWhy,
    Summary,
)
from provlabel.report.renderers.style import Style

#: What each state means; "valid" is never "true", and no label is never "not AI".
STATES: dict[str, tuple[str, str]] = {
    "trusted": ("green", "unchanged since it was signed by someone you trust"),
    "valid": ("yellow", "unchanged since it was signed, but nobody you trust vouches for the signer"),
    "invalid": ("red", "do not rely on what this file says about itself"),
    "unsigned": ("yellow", "has no signed manifest; that does not mean “not AI”"),
    "remote": ("yellow", "has only the address of a manifest on the network; it was not fetched"),
    "unreadable": ("red", "could not be read, so nothing is known"),
}
#: What became of a file, in one word, and its colour.
OUTCOMES: dict[str, tuple[str, str]] = {
    "passed": ("PASS", "green"),
    "excepted": ("EXCEPTED", "yellow"),
    "known": ("KNOWN", "yellow"),
    "failed": ("FAIL", "red"),
}
#: Outcomes of a rule of a law, from the one to look at first, and their colours.
LAW_LOOKS: dict[LawOutcome, str] = {
    "not held": "red",
    "needs a human judgement": "yellow",
    "held": "green",
    "outside the file": "dim",
    "not applicable": "dim",
}
_LEVELS = {"error": "red", "warning": "yellow", "note": "dim"}
_INDENT = "  "
_PLAIN = Style()


def not_judged(report: Report, style: Style) -> Iterator[list[str]]:
    """Yield a block for each file that could not be judged, or was left out and may not be."""
    for failure in report.errors:
        hint = [f"{_INDENT}hint: {printable(failure.hint)}"] if failure.hint else []
        yield [f"{style.paint('ERROR', 'red', 'bold')}  {printable(failure.message, 1000)}", *hint]
    for one in left_out(report, fails=True):
        mark = style.paint("FAIL", "red", "bold")
        yield [f"{mark}  {printable(one.path, 4096)}", f"{_INDENT}not judged: {left_out_words(one)}"]


def told(item: FileReport) -> list[Finding]:
    """Return the findings that are told to people: of a file without a manifest, that it is unsigned says all."""
    unsigned = item.manifest is None and any(found.rule == "policy.state" and found.counts for found in item.findings)
    return [found for found in item.findings if not (unsigned and found.rule == "policy.label" and found.counts)]


def file_lines(item: FileReport, style: Style) -> Iterator[str]:
    """Yield the lines about one file."""
    missing = any(found.rule == "delivery.missing" for found in item.findings)
    word, look = OUTCOMES[item.outcome]
    mark = style.paint(word, look, "bold")
    yield f"{mark}  {style.paint(printable(item.path), 'bold')}"
    if not missing:
        yield from verdict_lines(item, style)
    shown = [found for found in told(item) if found.level != "note"]
    for found in shown:
        if not found.rule.startswith("law."):
            yield from finding_lines(found, style)
    yield from law_lines(item.law, shown, style)


def verdict_lines(item: FileReport, style: Style, *, axes: bool = True) -> Iterator[str]:
    """Yield the verdict on a file and what it rests on."""
    colour, words = STATES[item.state]
    yield f"{_INDENT}{style.paint(item.state.upper(), colour, 'bold')}: {words}"
    for name, value in (*facts(item), *([("axes", _axes(item))] if axes else [])):
        yield f"{_INDENT}{style.paint(f'{name:<8}', 'dim')} {value}"


def law_lines(results: Sequence[LawResult], findings: Sequence[Finding], style: Style) -> Iterator[str]:
    """Yield a block for each law: how its rules came out, on which day, and what there is to do."""
    for law in dict.fromkeys(result.law for result in results):
        own = [result for result in results if result.law == law]
        yield f"{_INDENT}{style.paint(f'law {law}', 'bold')}: {law_counts(own)}; {law_day(own)}"
        codes = {result.rule for result in own}
        for found in findings:
            if found.rule in codes:
                yield from finding_lines(found, style)


def law_counts(results: Iterable[LawResult]) -> str:
    """Count what the rules of one law came to, each by its worst era."""
    counts = Counter(result.outcome for result in results if result.counts)
    words = ", ".join(f"{counts[outcome]} {outcome}" for outcome in LAW_LOOKS if counts[outcome])
    return words if counts["needs a human judgement"] == 1 else words.replace(" needs ", " need ")


_BASES = {
    "claimed": "as the signer claims",
    "proven": "no event date is stated; a timestamp proves that it was not later",
    "judgement": "the day of judgement, as no event date is stated",
    "asked": "which was asked for, whatever the day of the content",
}


def law_day(results: Sequence[LawResult]) -> str:
    """Say which day counted, and that other wordings count where it is not proven."""
    dates = {result.basis: result.date for result in reversed(results)}
    day, why = next(((dates[basis], words) for basis, words in _BASES.items() if basis in dates), ("", ""))
    also = "; nothing proves that day, so that what came into force since counts too" if "possible" in dates else ""
    return f"by the law of {printable(day)}, {why}{also}"


def finding_lines(found: Finding, style: Style) -> Iterator[str]:
    """Yield one finding, and what to do about it."""
    level = style.paint(found.level, _LEVELS[found.level])
    yield f"{_INDENT}{level} {printable(found.rule)}: {printable(found.message, 500)}"
    if found.excuse is not None:
        yield f"{_INDENT * 2}{excuse_words(found.excuse)}"
    elif found.hint and found.level != "note":
        yield f"{_INDENT * 2}hint: {printable(found.hint)}"


def excuse_words(excuse: Excuse) -> str:
    """Say why a finding does not count."""
    if excuse.by == "baseline":
        return "does not count: the baseline has it already"
    if excuse.by == "correction":
        return f"does not count: {printable(excuse.reason, 500)} — a correction signed by {printable(excuse.owner)}"
    words = f"does not count: {printable(excuse.reason, 500)} — an exception by {printable(excuse.owner)}"
    return f"{words}, until {printable(excuse.expires or '')}"


def facts(item: FileReport) -> Iterator[tuple[str, str]]:
    """Yield what is known of a file, each under its name."""
    if item.label is not None:
        yield "label", label_words(item.label) + attribution(item)
    elif item.ai_history:
        yield "label", "no label of its own"
    yield from (("history", words) for words in history_words(item))
    if item.signer is not None:
        yield "signer", who_words(item.signer, item.state == "trusted")
    for identity in item.identity:
        yield "identity", identity_words(identity, item)
    yield from time_words(item)
    if item.revocation is not None and item.revocation.source is not None:
        answer = {"good": "no", "revoked": "yes"}.get(item.revocation.state, "not known")
        when = f" of {printable(item.revocation.updated)}" if item.revocation.updated else ""
        yield "revoked", f"{answer}, by an answer{when} ({item.revocation.source})"
    if item.source == "sidecar":
        yield "manifest", "detached, beside the file"
    if item.carriers and item.manifest:
        yield (
            "tags",
            carrier_words(item.carriers) + ("" if item.state in ("trusted", "valid") else " — as the file claims"),
        )
    if claims := [found.message.partition(": ")[2] for found in item.findings if found.rule == "carrier.unsigned"]:
        yield "claims", f"{printable('; '.join(claims), 500)} — nothing signs that"
    if item.second is not None:
        yield "second", printable(second_words(item.second))


def attribution(item: FileReport) -> str:
    """Say where the label is not what the signer stands for."""
    if item.state != "trusted":
        return " — as the file claims"
    return " — not attributed to the signer" if "unvouched" in item.axes.label else ""


def history_words(item: FileReport) -> list[str]:
    """Return what earlier versions and parts say about AI, each a sentence."""
    return list(dict.fromkeys(one.sentence for one in item.ai_history))


_SECOND = {"differs": "DIFFERS", "differs as known": "differs, as is known"}
_NOTHING = "agrees that there is nothing to rely on"


def second_words(second: SecondOpinion) -> str:
    """Return which verifier judged too, and how its opinion stands to ours; what comes from a file is not escaped."""
    stands = _NOTHING if second.said == "agrees" and not second.manifest else _SECOND.get(second.said, second.said)
    return f"{f'{second.verifier} {second.version}'.strip()}: {stands}"


def second_counts(report: Report) -> dict[str, int]:
    """Count the files by the opinion of the second verifier."""
    return dict(Counter(second_words(item.second) for item in report.files if item.second is not None))


#: How a carrier stands to the label, worst first.
_AGREEMENT = {
    "contradicts": "contradicting",
    "changed": "changed",
    "missing": "missing",
    "signed": "as signed",
    "unlisted": "not listed",
}


def carrier_words(values: Sequence[CarrierValue]) -> str:
    """Say how the fields of each carrier stand to the label: ``xmp 1 contradicting, 3 as signed``."""
    words = []
    for carrier in dict.fromkeys(value.carrier for value in values):
        counts = Counter[str](value.agreement for value in values if value.carrier == carrier)
        counted = ", ".join(f"{counts[name]} {word}" for name, word in _AGREEMENT.items() if counts[name])
        words.append(f"{printable(carrier)} {counted}")
    return "; ".join(words)


def who_words(named: SignerInfo | IdentityInfo, sure: bool) -> str:
    """Return who a certificate names and who issued it; a claim unless that is sure."""
    roles = ", ".join(role.removeprefix("cawg.") for role in getattr(named, "roles", ()))
    as_what = f" as {printable(roles)}" if roles else ""
    return f"{_named(named)}{as_what}, issued by {quoted(named.issuer)}" + ("" if sure else " — as the file claims")


def _named(named: SignerInfo | IdentityInfo) -> str:
    if isinstance(named, IdentityInfo) and named.accounts:
        more = f" and {len(named.accounts) - _ACCOUNTS} more" if len(named.accounts) > _ACCOUNTS else ""
        return ", ".join(map(_account_words, named.accounts[:_ACCOUNTS])) + more
    name = named.name or named.organization
    who = quoted(name) if name else "no name"
    return f"{who} ({quoted(named.organization)})" if named.organization not in ("", name) else who


_ACCOUNTS = 4  # that are shown on the line of an identity


def _account_words(account: AccountInfo) -> str:
    name = account.name or account.username or account.uri
    second = f" ({quoted(account.username)})" if account.username not in ("", name) else ""
    return f"{quoted(name) if name else 'somebody'}{second} at {quoted(account.provider)}"


def identity_words(identity: IdentityInfo, item: FileReport) -> str:
    """Return who stands for the file; only a claim, too, where it is not the file that they stood for."""
    return who_words(identity, item.axes.identity == "ok" and item.state in ("trusted", "valid"))


#: How sure a time is that somebody else stamped, by the axis.
_TIMES = {
    "proven": "proven by a trusted timestamp",
    "claim-proven": "an old kind of timestamp proves that the claim existed then",
}


def time_words(item: FileReport) -> Iterator[tuple[str, str]]:
    """Yield the times that are stated, and how sure each is."""
    if item.time is None:
        return
    if item.time.event:
        stamp = "" if item.axes.time in PROVEN else "; no trusted timestamp"
        yield "since", f"{printable(item.time.event)} (as the signer claims{stamp})"
    if item.time.stamped:
        sure = _TIMES.get(item.axes.time, "claimed, not proven")
        yield "signed", f"{printable(item.time.stamped)} ({sure})"


def label_words(label: LabelInfo) -> str:
    """Return the label in one line: kind, systems, provider."""
    claim = printable(str(label.words or label.kind or "nothing about AI"))
    systems = [system_words(item) for item in _list(label.value.get("systems"))]
    provider = label.value.get("provider")
    name = provider.get("name") if isinstance(provider, dict) else None
    parts = [claim, *([", ".join(filter(None, systems))] if systems else [])]
    line = ": ".join(part for part in parts if part)
    if isinstance(name, str):
        line += f", provided by {quoted(name)}"
    if label.source != "org.provlabel.label":
        line += f" (read from {label.source}; no provlabel label)"
    return line


def system_words(system: Any) -> str:
    """Return name and version of one system as the label has it."""
    if not isinstance(system, dict):
        return ""
    words = " ".join(str(system[key]) for key in ("name", "version") if system.get(key))
    return quoted(words) if words else ""


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _axes(item: FileReport) -> str:
    """All axes, and the engine's one word, which decides nothing."""
    axes = item.axes
    words = (
        ("content", axes.content),
        ("label", "+".join(axes.label)),
        ("signer", axes.signer),
        ("time", axes.time),
        ("revocation", axes.revocation),
        ("history", axes.history),
        ("identity", axes.identity),
        *([("(engine", f"{printable(item.engine_state)})")] if item.engine_state else []),
    )
    return " · ".join(f"{name} {value}" for name, value in words)


def headline(report: Report) -> str:
    """Say in a few words, none of them from a file, whether the run passed."""
    if report.passed:
        return "passed"
    total = report.summary
    failed = [f"{total.failed:,} of {total.files:,} files failed"] if total.failed else []
    failed += [f"{total.refused:,} left out that may not be"] if total.refused else []
    unjudged = [f"{len(report.errors):,} could not be judged"] if report.errors else []
    return ", ".join(failed + unjudged) or "failed: there was nothing to judge"


def footer(report: Report, style: Style = _PLAIN, *, brief: bool = False) -> Iterator[str]:
    """Yield the lines about the whole run: counts, what was not checked, by which policy and whose anchors.

    When ``brief``, the default policy is not named, and laws have their own lines.
    """
    counts = ", ".join(count_words(report.summary))
    yield style.paint(counts, "bold") if report.files or report.errors else f"nothing to judge: {counts}"
    for one in left_out(report, fails=False):
        yield style.paint(f"not judged: {printable(one.path, 4096)}: {left_out_words(one)}", "dim")
    if unchecked := not_checked(report):
        yield style.paint(f"not checked: {'; '.join(map(printable, unchecked))}", "dim")
    for use in report.exceptions:
        if use.expired or not use.files:
            yield style.paint(exception_words(use), "yellow")
    anchors = ", ".join(map(_list_words, report.anchors)) or "none"
    policies = ", ".join(map(policy_words, report.policy))
    known = f" · baseline {_list_words(report.baseline)}" if report.baseline else ""
    if not brief or known or any(policy.source != "default" for policy in report.policy):
        yield style.paint(f"policy {policies}{known} · anchors {anchors} · at {printable(report.at)}", "dim")
    yield from _beside(report, style, brief=brief)


def _beside(report: Report, style: Style, *, brief: bool) -> Iterator[str]:
    """Yield what else was held against the files, and what was switched off."""
    if report.baseline_refused:
        yield style.paint(baseline_words(report), "yellow")
    for words, count in second_counts(report).items():
        yield style.paint(f"second opinion: {printable(words)}: {count:,} files", "dim")
    if report.message is not None:
        yield style.paint(f"held against the message {_list_words(report.message)}", "dim")
    if report.laws and not brief:
        laws = ", ".join(map(law_words, report.laws))
        yield style.paint(f"rules of law, which are no legal advice: {laws}", "dim")
    for weak in report.insecure:
        yield style.paint(f"insecure: {printable(weak)}", "red")


#: Why something was not judged, in words.
LEFT_OUT: dict[SkippedWhy, str] = {
    "link": "a link that is not followed",
    "scratch": "a scratch file of a labeling that is under way",
    "repository": "the repository's own folder of git",
    "outside": "no policy is about it",
    "untracked": "git does not track it",
    "not media": "no media that is known, and the policy does not allow its ending",
    "not reached": "the first failure ended the run",
    "empty": "nothing in this folder was judged",
}


def left_out(report: Report, *, fails: bool) -> list[Skipped]:
    """Return all that was seen and not judged, and by which the run fails, or does not."""
    return [one for one in report.skipped if (one.fails or one.why == "empty") is fails]


def left_out_words(one: Skipped) -> str:
    """Say why something was not judged."""
    return f"{LEFT_OUT[one.why]}{f': {printable(one.detail, 500)}' if one.detail else ''}"


def not_checked(report: Report) -> list[str]:
    """Return what was not checked on some file, each once."""
    return list(dict.fromkeys(check for item in report.files for check in item.not_checked))


#: Fields of the summary that are always shown, and those that are shown when they are not 0.
_ALWAYS = (("passed", "passed"), ("failed", "failed"))
_SOMETIMES = (
    ("excepted", "excepted"),
    ("known", "known to the baseline"),
    ("errors", "could not be judged"),
    ("outside", "outside of the policy"),
    ("untracked", "not tracked by git"),
    ("links", "links not followed"),
    ("repositories", ".git folders not looked into"),
    ("scratch", "scratch files of a labeling"),
    ("refused", "left out that may not be"),
    ("not_reached", "not reached"),
    ("empty", "folders in which nothing was judged"),
)


def count_words(total: Summary, *, endings: bool = True) -> list[str]:
    """Return all counts in words: nothing is left out in silence; with ``endings``, each that no media have."""
    words = [f"{getattr(total, name):,} {noun}" for name, noun in _ALWAYS]
    words += [f"{getattr(total, name):,} {noun}" for name, noun in _SOMETIMES if getattr(total, name)]
    if total.not_media:
        kinds = sorted(total.other_types.items(), key=lambda item: (-item[1], item[0])) if endings else []
        named = ", ".join(f"{printable(name, 20) if name else 'no ending'} {count:,}" for name, count in kinds)
        words.append(f"{total.not_media:,} not media{f' ({named})' if named else ''}")
    return words


def exception_words(use: ExceptionUse) -> str:
    """Return what an exception of the policy is about, and what it did."""
    digest = f"sha256 {printable(use.sha256[:12])}" if use.sha256 else ""
    where = " and ".join(filter(None, (printable(use.path or ""), digest)))
    over = "has expired" if use.expired else "ends"
    did = f"{use.files} files need it" if use.files else "no file needs it"
    about = f"{printable(use.rule)} for {where} ({printable(use.reason, 500)}; {printable(use.owner)})"
    return f"exception {about}: {over} on {printable(use.expires)}, {did}"


def baseline_words(report: Report) -> str:
    """Say what of the baseline was not taken."""
    count = f"{report.baseline_refused:,} files" if report.baseline_refused > 1 else "1 file"
    return (
        f"the baseline has findings on {count} that nobody you trust signed, or that are damaged: they count; "
        "--accept takes them too"
    )


def policy_words(info: PolicyInfo) -> str:
    """Return name and digest of a policy, and what of it does not count."""
    source = "" if info.source in ("default", "given") else f", {info.source}"
    ignored = f"; its {' and '.join(map(printable, info.ignored))} do not count" if info.ignored else ""
    return f"{printable(info.name)} ({printable(info.sha256[:12])}{source}{ignored})"


def law_words(named: Named) -> str:
    """Name a set of rules, its digest, and the day of what it was written from."""
    return f"{printable(named.name)} ({printable(named.sha256[:12])}, as of {printable(named.date or '')})"


def _list_words(named: Named) -> str:
    """Name a list of anchors; what it is for when that is not signers, and how old it is."""
    purpose = "" if named.purpose in (None, "manifest") else f" for {named.purpose}"
    age = f", {named.age_days} days old" if named.age_days else ""
    return f"{printable(named.name)}{purpose} ({printable(named.sha256[:12])}{age})"
