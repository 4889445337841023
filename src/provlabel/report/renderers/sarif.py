"""The report as SARIF 2.1.0 (OASIS, errata 01), for code scanning and for whatever else reads findings.

One result for each finding; notifications for what could not be judged or was left out; all else that
the report says of the whole run stands in the properties of the run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import msgspec

from provlabel._support.text import printable
from provlabel.report import Failure, FileReport, Finding, Report, Skipped
from provlabel.report.renderers._base import Extras
from provlabel.report.renderers.json import to_json
from provlabel.report.renderers.words import count_words, excuse_words, headline, left_out_words, not_checked
from provlabel.report.rules import OWN, RULES, Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Results of one run: the limit of GitHub code scanning.  What was left out has none.
MAX_RESULTS = 25_000
_SEVERITY = {"error": 0, "warning": 1, "note": 2}
_INDEX = {code: at for at, code in enumerate(RULES)}
_BASE = "SRCROOT"
_HALF_PAIRS = re.compile("[\ud800-\udc7f\udd00-\udfff]")

_Json = dict[str, Any]


def render(report: Report, _extras: Extras) -> str:
    """Return one SARIF log with one run, in ASCII."""
    return to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]})


def _run(report: Report) -> _Json:
    """Put the run together (§3.14)."""
    results = [
        (found, _result(found, item, at, report.baseline is not None))
        for at, item in enumerate(report.files)
        for found in item.findings
    ]
    return {
        "tool": _tool(report),
        "invocations": [_invocation(report, len(results))],
        "originalUriBaseIds": {_BASE: {"description": _message("the folder that provlabel ran in")}},
        "artifacts": [_artifact(item) for item in report.files],
        "results": _most_severe(results),
        "properties": _properties(report),
    }


def _most_severe(results: list[tuple[Finding, _Json]]) -> list[_Json]:
    """Return what GitHub takes: all, else errors that count before all others."""
    if len(results) > MAX_RESULTS:
        results = sorted(results, key=lambda pair: (not pair[0].counts, _SEVERITY[pair[0].level]))[:MAX_RESULTS]
    return [result for _, result in results]


def _tool(report: Report) -> _Json:
    """Name the tool, its rules and the engine below it (§3.18)."""
    return {
        "driver": {
            "name": printable(report.tool.name),
            "semanticVersion": printable(report.tool.version),
            "rules": [_rule(row) for row in (*RULES.values(), *_more_rules(report))],
        },
        "extensions": [{"name": printable(report.engine.name), "version": printable(report.engine.version)}],
    }


def _more_rules(report: Report) -> Iterator[Rule]:
    """Yield a row for each rule of a law that was asked for, and for each that a check of one's own found broken."""
    results = {result.rule: result for item in report.files for result in item.law}
    for code, result in results.items():
        yield Rule(code, "error", f"{result.number}: {result.title}", result.hint)
    own = {found.rule: found for item in report.files for found in item.findings if found.rule.startswith(OWN)}
    for code, found in own.items():
        yield Rule(printable(code), found.level, printable(found.message, 500), printable(found.hint, 500))


def _rule(row: Rule) -> _Json:
    """Describe one rule (§3.49); GitHub wants all three texts."""
    return {
        "id": row.code,
        "shortDescription": _message(row.meaning),
        "fullDescription": _message(row.meaning),
        "help": _message(row.hint or row.meaning),
        "defaultConfiguration": {"level": row.level},
        "properties": {"tags": [row.code.split(".")[0]]},
    }


def _artifact(item: FileReport) -> _Json:
    """Describe a file (§3.24): all that were judged are here, also those without any finding."""
    known = {"hashes": {"sha-256": printable(item.sha256)}, "length": item.size} if item.sha256 else {}
    return {
        "location": _place(item.path),
        "roles": ["analysisTarget"],
        **known,
        "properties": {"outcome": item.outcome, "state": item.state},
    }


def _result(found: Finding, item: FileReport, index: int, baseline: bool) -> _Json:
    """Say one finding (§3.27).

    No region: a picture or a sound has no lines, and where there is none a result is about the whole
    file (§3.29.4).  GitHub takes that; a made-up line 1 would have it read every file as text.
    """
    hint = f" (hint: {printable(found.hint)})" if found.hint else ""
    where = {"physicalLocation": {"artifactLocation": {**_place(item.path), "index": index}}}
    inside = {"logicalLocations": [{"fullyQualifiedName": printable(found.at, 1000)}]} if found.at else {}
    return {
        "ruleId": printable(found.rule),
        **({"ruleIndex": _INDEX[found.rule]} if found.rule in _INDEX else {}),
        "level": found.level,
        "message": _message(f"{printable(found.message, 500)}{hint}"),
        "locations": [{**where, **inside}],
        "partialFingerprints": _fingerprints(found, item),
        # In a run where one result says whether it is suppressed, all do (§3.27.23).
        "suppressions": _suppressions(found),
        **({"baselineState": _baseline_state(found)} if baseline else {}),
    }


def _baseline_state(found: Finding) -> str:
    return "unchanged" if found.excuse is not None and found.excuse.by == "baseline" else "new"


def _suppressions(found: Finding) -> list[_Json]:
    """Say why a finding does not count (§3.35); the file's owners decided that outside of the file."""
    if found.excuse is None:
        return []
    excuse = found.excuse
    facts = {"by": excuse.by, "owner": printable(excuse.owner), "expires": printable(excuse.expires or "")}
    return [
        {
            "kind": "external",
            "status": "accepted",
            "justification": excuse_words(excuse),
            "properties": {name: value for name, value in facts.items() if value},
        }
    ]


def _fingerprints(found: Finding, item: FileReport) -> dict[str, str]:
    """Tell a finding from all others, the same in every run over the same file (§3.27.17).

    Under a name of ours, and under the only one that GitHub looks at, in its form.
    """
    parts = (item.path, found.rule, item.sha256 or "", found.at or "")
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
    return {"pathRuleContentPlace/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"}


def _invocation(report: Report, results: int) -> _Json:
    """Say how the run ended (§3.20), with the exit code of the command."""
    left_out = results - MAX_RESULTS
    notifications = [
        *map(_failure, report.errors),
        *map(_skipped, report.skipped),
        *([_notice("warning", f"{left_out:,} results were left out; the JSON report has all")] if left_out > 0 else []),
        _notice("note", ", ".join(count_words(report.summary))),
    ]
    return {
        "executionSuccessful": not report.errors,
        "exitCode": 3 if report.errors else int(not report.passed),
        "exitCodeDescription": headline(report),
        "toolExecutionNotifications": notifications,
        "toolConfigurationNotifications": [_notice("warning", f"insecure: {weak}") for weak in report.insecure],
    }


def _skipped(one: Skipped) -> _Json:
    return _notice("error" if one.fails else "note", f"not judged: {left_out_words(one)}", one.path)


def _failure(failure: Failure) -> _Json:
    hint = f" (hint: {printable(failure.hint)})" if failure.hint else ""
    return _notice("error", f"{printable(failure.message, 500)}{hint}", failure.path)


def _notice(level: str, text: str, path: str | None = None) -> _Json:
    """Say something about the run (§3.58)."""
    place = {"locations": [{"physicalLocation": {"artifactLocation": _place(path)}}]} if path is not None else {}
    return {"level": level, "message": _message(printable(text, 4000)), **place}


def _properties(report: Report) -> _Json:
    """Return what SARIF has no place for (§3.8): the facts behind the judgement."""
    plain = msgspec.to_builtins(report)
    kept = ("at", "engine", "policy", "anchors", "baseline", "exceptions", "insecure", "summary")
    return {**{name: _printable_all(plain[name]) for name in kept}, "not_checked": _printable_all(not_checked(report))}


def _printable_all(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value, 1000)
    if isinstance(value, dict):
        return {printable(name): _printable_all(item) for name, item in value.items()}
    return [_printable_all(item) for item in value] if isinstance(value, (list, tuple)) else value


def _place(path: str) -> _Json:
    """Return where a file is (§3.4): below the folder of the run, or anywhere.

    Percent-encoded are the bytes of its name; half a surrogate pair, which only Windows has, is lost.
    """
    pure = PurePath(path)
    named = quote(_HALF_PAIRS.sub("\ufffd", pure.as_posix()), errors="surrogateescape")
    if pure.is_absolute():
        return {"uri": f"file://{'' if named.startswith('/') else '/'}{named}"}
    return {"uri": named, "uriBaseId": _BASE}


def _message(text: str) -> dict[str, str]:
    """Make a plain text message (§3.11): nothing in it is a placeholder (§3.11.5) or a link (§3.11.6).

    Braces are doubled.  For brackets there is no escape outside of a link, so that none must begin:
    what would be one is taken apart.
    """
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}
