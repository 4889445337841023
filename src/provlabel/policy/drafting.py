"""A first policy, written by what a tree holds: commented, to be read and changed by a person."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provlabel._support.text import printable, quoted
from provlabel._support.times import read
from provlabel._support.toml import in_quotes
from provlabel.label.fields import has_field
from provlabel.policy.gate import Gate
from provlabel.report import FileReport, Report, SignerInfo

_HEAD = """# What media in this tree have to be to pass. Verify with: provlabel verify PATH --policy provlabel.toml
# A copy that is merely found can only tighten; in CI take it from the base branch. All fields: provlabel schema policy
schema = "policy-v1"
"""
_SHOWN = 20  # files proposed as exceptions
_NAME = 500  # characters of a name that a policy takes
_ENDING = 100  # characters of an ending that a policy takes
_DAYS = 90  # until a proposed exception ends
#: Fields that are worth asking for, where every label has them already.
_WORTH = ("systems", "systems.version", "provider.name", "event_time", "oversight", "contributions")


def draft(report: Report, gate: Gate, trust: Mapping[str, Sequence[str]]) -> str:
    """Return a policy as TOML.

    ``trust`` has what was given to judge these files by, for each key of ``[trust]``; paths count from the policy.
    """
    labeled = [item for item in report.files if item.label is not None]
    lines = [
        _HEAD.rstrip(),
        f"# Written from {len(report.files)} media files on {report.at[:10]}: {_states(report)}.",
        "",
        "# States that pass: trusted, valid (nobody you trust vouches for the signer), unsigned, remote.",
        'states = ["trusted"]',
        "label = true",
        *_fields(labeled),
        "# What is never accepted; human-made-by-generator wants generator = true at a signer below.",
        'forbid = ["clear-prompt", "unsigned-carrier"]',
        "",
        "[files]",
        "# As in .gitignore, without regard to case; media by the tracks that a file has.",
        'include = ["**"]',
        'media = ["image", "audio", "video"]',
        "# Media that it is not about, and files that are no media we know, fail the run, but for these endings.",
        'outside = "error"',
        'others = "error"',
        f"allow = {_endings(report)}",
        "# Only files that git tracks:",
        "# tracked = true",
        "",
        *_time(report.files),
        "[levels]",
        '# "time.unproven" = "error"  # labels then outlive the certificate',
        "",
        *_signers(report.files),
        *_trust(trust),
        *_exceptions(report, gate),
    ]
    return "\n".join(lines) + "\n"


def _states(report: Report) -> str:
    return ", ".join(f"{count} {state}" for state, count in report.summary.states.items()) or "nothing"


def _fields(labeled: Sequence[FileReport]) -> Iterator[str]:
    common = [name for name in _WORTH if all(_has(item, name) for item in labeled)] if labeled else []
    yield "# Fields that a label has to have; these are in every label here." if common else "# Fields of a label:"
    yield f"fields = {json.dumps(common)}" if common else '# fields = ["systems", "provider.name"]'


def _has(item: FileReport, name: str) -> bool:
    return item.label is not None and has_field(item.label.value, name.split("."))


def _endings(report: Report) -> str:
    """Return the endings of what is no media here, and of the policy itself; one that is no text cannot be allowed."""
    seen = {name.removeprefix(".") for name in report.summary.other_types} | {"toml"}
    seen |= {Path(item.path).suffix.lower().removeprefix(".") for item in report.skipped if item.why == "link"}
    return f"[{', '.join(in_quotes(name) for name in sorted(seen) if _can_be_allowed(name))}]"


def _can_be_allowed(ending: str) -> bool:
    return len(ending) <= _ENDING and "\0" not in ending and not any("\ud800" <= ch <= "\udfff" for ch in ending)


def _time(files: Sequence[FileReport]) -> Iterator[str]:
    """Refuse old timestamps where nothing here needs one."""
    needed = sum(item.axes.time == "claim-proven" for item in files)
    yield "[time]"
    yield "# Timestamps of the old kind prove that a claim existed, not that it was signed before its key was stolen."
    if needed:
        yield f"# {needed} files here have no other."
    yield f'v1 = "{"accept" if needed else "refuse"}"'
    yield ""


def _signers(files: Sequence[FileReport]) -> Iterator[str]:
    """Accept those who signed here and are trusted; a name that nobody vouches for is only shown."""
    counts = Counter((item.signer, item.axes.signer == "trusted") for item in files if item.signer is not None)
    yield "# Who may have signed. Without any [[signers]], anybody whom the anchors vouch for."
    for (signer, trusted), count in sorted(counts.items(), key=lambda item: -item[1]):
        mark = "" if trusted and _nameable(signer) else "# "
        if trusted and mark:
            yield f"# No policy can name this one: a name is missing or too long; {count} files:"
        if not trusted:
            yield f"# Not trusted by the anchors given, so the names are claims; {count} files:"
        yield f"{mark}[[signers]]"
        yield f"{mark}{_issuer(signer)}"
        yield (
            f"{mark}name = {in_quotes(signer.name)}"
            if signer.name
            else f"{mark}organization = {in_quotes(signer.organization)}"
        )
        yield f"{mark}# generator = true  # the key is in the hands of a program that makes AI content"
        yield ""


def _issuer(signer: SignerInfo) -> str:
    """Return the line that says who issued the certificate, by a key where one is known."""
    if signer.issuer_sha256:
        return f'issuer_sha256 = "{signer.issuer_sha256[0]}"  # {quoted(signer.issuer)}'
    if signer.spki_sha256:
        return f'spki_sha256 = "{signer.spki_sha256}"'
    return f"issuer = {in_quotes(signer.issuer)}"


def _nameable(signer: SignerInfo) -> bool:
    """Has it names that a policy takes?"""
    return all(1 <= len(name) <= _NAME for name in (signer.issuer, signer.name or signer.organization))


def _trust(trust: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """State whom these files were judged by; a list by name, such as ``c2pa``, stays an option."""
    given = {key: values for key, values in trust.items() if values}
    yield "# Whose signatures count; paths from this file. They count only when the policy is given with --policy."
    yield "[trust]" if given else "# [trust]"
    yield from (f"{key} = [{', '.join(map(in_quotes, values))}]" for key, values in given.items())
    yield from [] if "anchors" in given else ['# anchors = ["anchors/root.pem"]']
    yield ""


def _exceptions(report: Report, gate: Gate) -> Iterator[str]:
    failing = [item for item in report.files if not item.passed and item.sha256]
    if failing:
        yield f"# {len(failing)} files do not pass now. Correct or except them, each for a reason and until a day."
    begin = read(report.at).date()
    end = (begin + min(dt.timedelta(days=_DAYS), dt.date.max - begin)).isoformat()
    for item in failing[:_SHOWN]:
        rules = list(dict.fromkeys(found.rule for found in item.findings if found.counts))
        yield f"# {printable(gate.relative(item.path) or item.path)}: {item.state}, {', '.join(rules)}"
        for rule in _families(rules):
            yield "# [[exceptions]]"
            yield f'# sha256 = "{item.sha256}"'
            yield from [f'# sidecar_sha256 = "{item.sidecar_sha256}"'] if item.sidecar_sha256 else []
            yield f'# rule = "{rule}"'
            yield '# reason = ""'
            yield '# owner = ""'
            yield f"# expires = {end}"
    if len(failing) > _SHOWN:
        yield f"# … and {len(failing) - _SHOWN} more; --baseline with a JSON report takes them all as known."


def _families(rules: Sequence[str]) -> list[str]:
    families = Counter(rule.partition(".")[0] for rule in rules)
    return [
        f"{name}.*" if count > 1 else next(rule for rule in rules if rule.startswith(f"{name}."))
        for name, count in families.items()
    ]
