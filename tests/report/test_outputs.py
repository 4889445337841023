"""SARIF, JUnit, workflow commands, Markdown: real schemas, other programs that read them, and hostile strings."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree as ET

import cmarkgfm
import jsonschema_rs
import junitparser
import pytest
import xmlschema
from cmarkgfm.cmark import Options
from msgspec.structs import replace

from attacks import ATTACKS, infect
from project import MEDIA, ROOT
from provlabel import Label, Report, TrustStore, label_file, verify_paths
from provlabel.evidence import Action, Manifest
from provlabel.label import Provider, System
from provlabel.label.vocabularies import KINDS
from provlabel.manifest.read import label_info
from provlabel.report import (
    AccountInfo,
    CarrierValue,
    ExceptionUse,
    Excuse,
    FileReport,
    HistoryNode,
    IdentityInfo,
    Named,
    PolicyInfo,
    RevocationInfo,
    Skipped,
    finding,
    outcome_of,
)
from provlabel.report.renderers import RENDERERS, Extras, Style, github, sarif, tree
from provlabel.report.renderers.words import file_lines
from provlabel.report.rules import RULES
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

DATA = ROOT / "tests" / "data"


def rendered(name: str, report: Report) -> str:
    return RENDERERS[name].render(report, Extras())


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> Report:
    """Good, changed, unreadable, unsigned and missing, as they are."""
    folder = tmp_path_factory.mktemp("outputs") / "media"
    folder.mkdir()
    label = Label(kind="ai_generated", systems=(System(name="Synth"),), provider=Provider(name="Acme"))
    shutil.copy(MEDIA / "cover.jpg", folder)
    label_file(folder / "cover.jpg", folder / "a-good.jpg", label, signer, sandbox=sandbox)
    (folder / "b-changed.jpg").write_bytes((folder / "a-good.jpg").read_bytes()[:-100] + bytes(100))
    (folder / "c-empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not media")
    return verify_paths([folder, folder / "missing.jpg"], trust=trust, sandbox=sandbox)


def excused(item: FileReport, excuse: Excuse) -> FileReport:
    """The same file, were all its errors excused."""
    found = tuple(replace(one, excuse=excuse) if one.level == "error" else one for one in item.findings)
    return replace(item, findings=found, outcome=outcome_of(found), passed=True)


ACCOUNT = AccountInfo(
    type="cawg.social_media",
    provider="pictures",
    name="Bea",
    username="bea",
    uri="https://pictures.example/bea",
    verified_at="2026-01-01T00:00:00Z",
)


@pytest.fixture(scope="module")
def full(judged: Report) -> Report:
    """The same with everything that a report can say: one file of each outcome, and no field left empty."""
    good, changed, empty, unsigned = judged.files
    node = HistoryNode(
        relationship="parentOf",
        title="base.png",
        format="image/png",
        manifest="urn:c2pa:1",
        signer="Someone",
        kind="ai_generated",
        state="clean",
    )
    good = replace(
        good,
        identity=(
            IdentityInfo(name="Ann", organization="Acme", roles=("cawg.creator",), issuer="CA"),
            IdentityInfo(name="", organization="", roles=(), issuer="did:web:issuer.example", accounts=(ACCOUNT,)),
        ),
        revocation=RevocationInfo(state="good", source="online", why="asked", updated="2026-01-01T00:00:00Z"),
        history=(replace(node, history=(node,)),),
        carriers=(
            CarrierValue(carrier="xmp", place="APP1", field="dc:rights", agreement="contradicts", values=("ours",)),
        ),
    )
    known = excused(empty, Excuse(by="baseline"))
    excepted = excused(unsigned, Excuse(by="exception", reason="old stock", owner="ann@acme", expires="2027-01-31"))
    use = ExceptionUse(
        rule="policy.state", path="old/**", reason="old", owner="ann", expires="2027-01-31", expired=False, files=0
    )
    return replace(
        judged,
        files=(good, changed, known, excepted),
        summary=replace(judged.summary, failed=1, known=1, excepted=1),
        policy=(*judged.policy, PolicyInfo(name="team", sha256="ab" * 32, source="found", ignored=("states",))),
        baseline=Named("base.json", "cd" * 32),
        exceptions=(use, replace(use, path=None, sha256="ef" * 32, expired=True, files=2)),
        skipped=(Skipped("media/link.jpg", "link"),),
        insecure=("--insecure-private-hosts",),
    )


def nothing(report: Report) -> Report:
    """The same, had there been nothing to judge."""
    return replace(report, files=(), errors=(), summary=replace(report.summary, files=0, passed=0, failed=0, errors=0))


@pytest.mark.parametrize("time", ["nan", "inf", "-Infinity", "1e999", "1e300", "-5"])
def test_a_time_that_is_no_number_breaks_no_output(time: str, full: Report) -> None:
    """Times in the actions of others are text, and what text may stand there is up to them."""
    change = {"region": [{"type": "temporal", "time": {"type": "npt", "start": "0", "end": time}}]}
    action = Action("c2pa.created", source_type=KINDS["ai_generated"].digital_source_type, changes=(change,))
    label = label_info(Manifest(urn="urn:c2pa:1", actions=(action,)))
    assert label is not None
    item = replace(full.files[0], label=label)
    report = replace(full, files=(item,))
    for name in RENDERERS:
        assert rendered(name, report)
    assert time in tree.render(item, Style()) or float(time) in (1e300, -5)

    def refuse(word: str) -> None:
        raise ValueError(word)

    json.loads(rendered("json", report), parse_constant=refuse)


# --- SARIF -----------------------------------------------------------------------------------------


@functools.cache
def sarif_schema() -> jsonschema_rs.Draft4Validator:
    """The published schema; a bracket too many in its pattern of languages, which we do not use, is taken away."""
    text = (DATA / "sarif-2.1.0-rtm.5.json").read_text()
    return jsonschema_rs.Draft4Validator(json.loads(text.replace("{2}]?$", "{2}$")))


def run_of(report: Report) -> dict:
    log = json.loads(rendered("sarif", report))
    sarif_schema().validate(log)
    return log["runs"][0]


def test_sarif_has_one_result_for_each_finding(judged: Report, full: Report) -> None:
    for report in (judged, full):
        run = run_of(report)
        found = [(one.rule, one.level) for item in report.files for one in item.findings]
        assert [(one["ruleId"], one["level"]) for one in run["results"]] == found
        rules = run["tool"]["driver"]["rules"]
        assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [rule for rule, _ in found]
        assert {rule["id"] for rule in rules} == set(RULES)
        assert len(run["artifacts"]) == len(report.files)
        prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]
        assert len(set(prints)) == len(prints)


def test_sarif_says_what_is_excused_and_what_is_new(judged: Report, full: Report) -> None:
    results = run_of(full)["results"]
    said = [one.excuse for item in full.files for one in item.findings]
    for result, excuse in zip(results, said, strict=True):
        assert bool(result["suppressions"]) == (excuse is not None)
        known = excuse is not None and excuse.by == "baseline"
        assert result["baselineState"] == ("unchanged" if known else "new")
    reasons = {one["justification"] for result in results for one in result["suppressions"]}
    assert reasons == {
        "does not count: the baseline has it already",
        "does not count: old stock — an exception by ann@acme, until 2027-01-31",
    }
    assert all(one["suppressions"] == [] and "baselineState" not in one for one in run_of(judged)["results"])


def test_sarif_says_what_could_not_be_judged_and_by_what(full: Report) -> None:
    run = run_of(full)
    invocation = run["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    said = [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]]
    assert [level for level, _ in said] == ["error", "note", "note"]
    assert "missing.jpg" in said[0][1]
    assert said[1][1] == "not judged: a link that is not followed"
    assert invocation["toolConfigurationNotifications"][0]["message"]["text"] == "insecure: --insecure-private-hosts"
    facts = run["properties"]
    assert facts["policy"][1]["sha256"] == "ab" * 32
    assert facts["anchors"][0]["sha256"] == full.anchors[0].sha256
    assert facts["at"] == full.at
    assert facts["summary"]["failed"] == 1
    assert any(check.startswith("revocation") for check in facts["not_checked"])


@pytest.mark.parametrize(
    ("change", "code"),
    [({"errors": ()}, 1), ({}, 3), ({"errors": (), "files": ()}, 1)],
    ids=["failed", "error", "nothing"],
)
def test_sarif_has_the_exit_code_of_the_command(judged: Report, change: dict, code: int) -> None:
    from provlabel.cli.verify import exit_code

    report = replace(judged, **change)
    assert run_of(report)["invocations"][0]["exitCode"] == code == exit_code(report)


NAMES = ("plain.jpg", "a b#c%41?.jpg", "x:y.jpg", "dir/ü…é.jpg", "[1](2){0}.jpg", os.fsdecode(b"raw-\xff\x80.jpg"))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("absolute", [False, True])
def test_sarif_names_files_by_uri(name: str, absolute: bool, judged: Report) -> None:
    path = f"/srv/{name}" if absolute else name
    report = replace(judged, files=(replace(judged.files[1], path=path),), errors=())
    place = run_of(report)["results"][0]["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9/._~%:-]+", uri)
    assert os.fsdecode(unquote_to_bytes(uri.removeprefix("file://"))) == path
    assert uri.startswith("file:///") == absolute
    assert ("uriBaseId" in place["artifactLocation"]) != absolute
    assert "region" not in place


def test_sarif_stays_below_githubs_limit_and_keeps_what_counts(judged: Report) -> None:
    many = tuple(finding("time.unproven", at=str(at)) for at in range(sarif.MAX_RESULTS))
    item = replace(judged.files[1], findings=(*many, finding("content.altered"), finding("history.no-provenance")))
    run = run_of(replace(judged, files=(item,)))
    assert len(run["results"]) == sarif.MAX_RESULTS
    assert run["results"][0]["ruleId"] == "content.altered"
    told = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "2 results were left out; the JSON report has all" in told


def test_sarif_names_all_that_was_left_out(judged: Report) -> None:
    skipped = tuple(Skipped(f"{at}.jpg", "untracked") for at in range(3_000))
    told = run_of(replace(judged, skipped=skipped))["invocations"][0]["toolExecutionNotifications"]
    assert sum(one["message"]["text"] == "not judged: git does not track it" for one in told) == 3_000


# --- JUnit -----------------------------------------------------------------------------------------


@functools.cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(DATA / "junit-10.xsd")


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - expat expands nothing here that we did not write


def test_junit_follows_the_schema_of_jenkins(judged: Report, full: Report) -> None:
    for report in (judged, full, nothing(judged)):
        text = rendered("junit", report)
        assert text.isascii()
        junit_schema().validate(text)


def test_junit_as_another_program_reads_it(full: Report) -> None:
    read = junitparser.JUnitXml.fromstring(rendered("junit", full).encode())
    suite = next(iter(read))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 1, 1, 3)
    cases = {Path(case.name).name: case for case in suite}
    assert cases["a-good.jpg"].is_passed
    assert [type(one) for one in cases["b-changed.jpg"].result] == [junitparser.Failure]
    failure = cases["b-changed.jpg"].result[0]
    assert failure.type == "content.altered"
    assert all(one.message in failure.text for one in full.files[1].findings if one.counts)
    assert "hint: ask whoever sent the file" in failure.text
    assert cases["c-empty.jpg"].result[0].message == "does not count: the baseline has it already"
    assert "old stock — an exception by ann@acme, until 2027-01-31" in cases["cover.jpg"].result[0].message
    assert [type(one) for one in cases["missing.jpg"].result] == [junitparser.Error]
    assert {prop.name for prop in suite.properties()} == {"version", "at", "policy", "anchors", "baseline", "insecure"}


def test_junit_of_nothing_is_a_failure(judged: Report) -> None:
    suite = parsed(rendered("junit", nothing(judged)))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert suite.find(".//failure").get("message") == "failed: there was nothing to judge"


# --- workflow commands -----------------------------------------------------------------------------


def commands(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Read commands as GitHub's runner does (actions/runner, ActionCommand.TryParseV2)."""
    for line in text.splitlines():
        if line.startswith("::"):
            head, data = line[2:].split("::", 1)
            name, _, pairs = head.partition(" ")
            # Unescaped once, from left to right: %250A is %0A.
            yield (
                name,
                {key: unquote(value) for key, value in (pair.split("=", 1) for pair in pairs.split(","))},
                unquote(data),
            )


def test_github_says_failures_first_and_the_whole_last(full: Report) -> None:
    said = list(commands(rendered("github", full)))
    assert [name for name, _, _ in said] == ["error", "error", "warning", "warning", "notice", "notice", "notice"]
    assert "missing.jpg" in said[0][1]["file"]
    assert said[1][1] == {"file": full.files[1].path, "title": "invalid: content.altered, policy.state"}
    assert "\nhint: ask whoever sent the file" in said[1][2]
    assert "does not count: the baseline has it already" in said[4][2]
    assert said[-1][2] == "1 of 4 files failed, 1 could not be judged"
    plain = [line for line in rendered("github", full).splitlines() if not line.startswith("::")]
    assert plain[0].startswith("1 passed, 1 failed, 1 excepted, 1 known to the baseline, 1 could not be judged")
    assert plain[-1] == "insecure: --insecure-private-hosts"


def test_github_says_when_it_shows_less_than_there_is(judged: Report) -> None:
    report = replace(judged, summary=replace(judged.summary, files=30, failed=github.SHOWN))
    *_, last = commands(rendered("github", report))
    assert last[2].endswith("; GitHub shows 10 errors of a step, the log has all 11")


def test_github_says_so_where_all_is_well(judged: Report) -> None:
    one = replace(judged, files=judged.files[:1], errors=())
    names = [name for name, _, _ in commands(rendered("github", one))]
    assert names == ["warning", "notice"]
    assert list(commands(rendered("github", one)))[-1][2] == "passed"


@pytest.mark.parametrize("name", ["a,b:c=d.jpg", "50%0A.jpg", "x::y.jpg"])
def test_github_reads_back_what_was_said(name: str, judged: Report) -> None:
    report = replace(judged, files=(replace(judged.files[1], path=name),), errors=())
    assert next(commands(rendered("github", report)))[1]["file"] == name


# --- Markdown --------------------------------------------------------------------------------------


def html(text: str) -> str:
    """As GitHub's own library renders it, without the filter that takes HTML away."""
    return cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)


def test_markdown_says_all_in_order(full: Report) -> None:
    page = html(rendered("markdown", full))
    words = [
        "<h2>provlabel: 1 of 4 files failed, 1 could not be judged</h2>",
        "1 passed, 1 failed, 1 excepted, 1 known to the baseline",
        "insecure: <code>--insecure-private-hosts</code>",
        "<h3>Failed</h3>",
        "b-changed.jpg</code></td>\n<td>invalid</td>\n<td><code>content.altered</code> the content",
        "ask whoever sent the file for the original",
        "missing.jpg",
        "<h3>Does not count</h3>",
        "<td>the baseline has it already</td>",
        "<td><code>old stock</code></td>\n<td><code>ann@acme</code></td>\n<td><code>2027-01-31</code></td>",
        "<h3>Exceptions to look at</h3>",
        "stands for no file",
        "ended with <code>2027-01-31</code>; 2 files",
        "<code>media/link.jpg</code>: a link that is not followed",
        "<summary>Passed (1)</summary>",
        "a-good.jpg</code>: trusted",
        "not checked: <code>revocation",
        "<code>" + "ab" * 32,
        "<code>" + full.anchors[0].sha256,
        "baseline <code>base.json</code>",
    ]
    at = 0
    for said in words:
        assert said in page[at:], said
        at = page.index(said, at)


def test_markdown_is_short_when_all_is_well(judged: Report) -> None:
    page = html(rendered("markdown", replace(judged, files=judged.files[:1], errors=())))
    assert "<h2>provlabel: passed</h2>" in page
    assert "<h3>" not in page


@pytest.mark.parametrize("shape", ["failed", "excused", "passed"])
def test_markdown_fits_into_what_github_takes(shape: str, judged: Report) -> None:
    good, changed, _, _ = judged.files
    item = {"failed": changed, "passed": good, "excused": excused(changed, Excuse(by="exception", reason="\0" * 500))}[
        shape
    ]
    count = 5_000
    long = "\U000e0001" * 300
    text = rendered("markdown", replace(judged, files=tuple(replace(item, path=f"{at}{long}") for at in range(count))))
    assert 100_000 < len(text.encode()) < 1 << 20
    told = re.search(r"… and ([\d,]+) more: the JSON report has them all\.", text)
    assert told is not None
    rows = len(re.findall(r"^(?:\| |- )`\d", text, re.M))
    kinds = len([one for one in item.findings if one.excuse is not None]) if shape == "excused" else 1
    assert rows + int(told[1].replace(",", "")) == count * kinds + (shape == "failed")
    assert html(text).count("<details>") == text.count("</details>")


def test_markdown_fits_when_every_part_is_too_long(full: Report) -> None:
    good, changed, _, excepted = full.files
    long = ("\U000e0001" * 300,)
    report = replace(
        full,
        files=(good, changed, excepted) * 3_000,
        exceptions=tuple(replace(full.exceptions[1], path=f"{at}{long[0]}") for at in range(1_000)),
        skipped=(Skipped(long[0], "link"),) * 1_000,
        insecure=long * 1_000,
        errors=tuple(replace(full.errors[0], path=long[0]) for _ in range(1_000)),
    )
    text = rendered("markdown", report)
    assert 500_000 < len(text.encode()) < 1 << 20
    assert text.count(" more: the JSON report has them all.") == 6


# --- hostile strings -------------------------------------------------------------------------------


def json_shape(text: str) -> object:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return [shape(item) for item in value.values()]
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    return shape(json.loads(text))


def sarif_shape(text: str) -> object:
    run = json.loads(text)["runs"][0]
    told = run["invocations"][0]
    for message in (*run["results"], *told["toolExecutionNotifications"], *told["toolConfigurationNotifications"]):
        said = message["message"]["text"]
        assert not re.search(r"[{}]", said.replace("{{", "").replace("}}", ""))
        assert not re.search(r"\[[^]]*\]\(", said)
    return [
        len(run["results"]),
        len(run["artifacts"]),
        {name: len(told[name]) for name in told if isinstance(told[name], list)},
    ]


def junit_shape(text: str) -> object:
    root = parsed(text)
    return [[element.tag for element in root.iter()], root.attrib, root[0].attrib]


def github_shape(text: str) -> object:
    return [(name, sorted(pairs)) for name, pairs, _ in commands(text)], len(text.splitlines())


def markdown_shape(text: str) -> object:
    page = html(text)
    bare = re.sub(r"<code>.*?</code>", "", page, flags=re.S)
    # A backtick left over is a code span torn apart, as by a cell that ends inside of it.
    assert not re.search(r"[`@$]|#\d|://|www\.|!\[|\]\(", bare.replace("<h2>", ""))
    tags = Counter(re.findall(r"<[^>]*>?", bare))
    assert set(tags) <= TEMPLATE, set(tags) - TEMPLATE
    return tags


_TAGS = ["h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "details", "summary"]
TEMPLATE = {f"{start}{name}>" for name in _TAGS for start in ("<", "</")} | {"<br>"}


def text_shape(text: str) -> object:
    return len(text.splitlines())


#: Output -> what no string may change; an output that is not here has tests of its own for that.
SHAPES: dict[str, Callable[[str], object]] = {
    "text": text_shape,
    "json": json_shape,
    "sarif": sarif_shape,
    "junit": junit_shape,
    "github": github_shape,
    "markdown": markdown_shape,
}


@pytest.fixture(scope="module")
def shapes(full: Report) -> Callable[[str], list[object]]:
    """The shapes of an output with a harmless word in each place."""
    return functools.cache(
        lambda output: [SHAPES[output](rendered(output, harmless)) for _, harmless in infect(full, "harmless")]
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("output", RENDERERS)
def test_no_string_of_a_report_acts(
    output: str, attack: str, full: Report, shapes: Callable[[str], list[object]]
) -> None:
    """In every field by itself: nothing raw, no command to a CI system, and the shape is that with a harmless word."""
    for place, (where, hostile) in enumerate(infect(full, attack)):
        text = rendered(output, hostile)
        assert text.replace("\n", "").isprintable(), where
        assert not re.search(r"##(?!#? )|###(?! )", text), where
        assert output == "github" or not re.search(r"^\s*::", text, re.M), where
        if output in SHAPES:
            assert SHAPES[output](text) == shapes(output)[place], where


def test_the_attacks_reach_every_field(full: Report) -> None:
    places = {re.sub(r"\[\d+\]", "", where) for where, _ in infect(full, "x")}
    wanted = ".files.path .files.findings.message .files.findings.excuse.owner .errors.hint .insecure .anchors.name"
    assert set(wanted.split()) <= places
    assert len(places) > 80
    assert len(ATTACKS) == len(set(ATTACKS.values())) == 32


@pytest.mark.parametrize("state", ["trusted", "invalid"])
def test_an_identity_is_a_claim_in_a_file_that_does_not_hold(state: str, full: Report) -> None:
    good = replace(full.files[0], state=state, axes=replace(full.files[0].axes, identity="ok"))
    for text in (text_lines(good), tree.render(good, Style())):
        (line,) = [one for one in text.splitlines() if "identity" in one and "Ann" in one]
        assert line.endswith("— as the file claims") is (state == "invalid")


def text_lines(item: FileReport) -> str:
    return "\n".join(file_lines(item, Style()))
