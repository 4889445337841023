"""What differs between two labels: the facts of a report, the command, and real git."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from attacks import ATTACKS
from project import MEDIA, SAMPLES, Cli, needs
from provlabel import Label, Provider, System, TrustStore, label_file, verify_file
from provlabel.label.records import Contribution, Operation, Person, Span
from provlabel.report import FileReport, HistoryNode, LabelInfo
from provlabel.report.facts import Change, Fact, _flat, compare_facts, facts
from provlabel.report.renderers import Style, changes
from provlabel.sandbox import Sandbox
from provlabel.schemas import SCHEMAS
from provlabel.signers import Signer
from provlabel.verifying.diff import diff_files
from repositories import Repository

LABEL: dict[str, Any] = {
    "schema": "label-v1",
    "kind": "ai_generated",
    "systems": [{"name": "AcmeSynth", "version": "2.1"}, {"name": "Other"}],
    "people": [{"id": "singer", "roles": ["LeadVocalist", "Composer"]}, {"id": "drummer"}],
    "contributions": [
        {"part": "vocals", "extent": "None", "by": "human", "person": "singer"},
        {"part": "instrumental", "stem": "drums", "extent": "All", "by": "ai", "span": {"start": 9.0, "end": 12.5}},
        {"part": "instrumental", "stem": "drums", "extent": "All", "by": "ai", "span": {"start": 10.0, "end": 12.5}},
    ],
    "operations": [{"operation": "mastered", "by": "ai"}, {"operation": "enhanced", "technique": "denoise"}],
    "extra": {"com.acme.job": "17", "a": {"b": [1, 2]}},
}


@pytest.fixture(scope="module")
def judged(signer: Signer, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> FileReport:
    path = tmp_path_factory.mktemp("diff") / "cover.jpg"
    label_file(MEDIA / "cover.jpg", path, Label(kind="ai_generated"), signer, sandbox=sandbox)
    return verify_file(path, sandbox=sandbox).files[0]


def with_label(judged: FileReport, value: dict[str, Any]) -> FileReport:
    return replace(judged, label=replace(judged.label, value=value))  # type: ignore[type-var]


def keys(judged: FileReport, old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    found = compare_facts(facts(with_label(judged, old)), facts(with_label(judged, new)))
    return [(change.kind, change.key) for change in found]


# --- facts ------------------------------------------------------------------------------------------


def test_facts_are_flat_ordered_and_hold_what_people_care_about(judged: FileReport) -> None:
    seen = facts(with_label(judged, LABEL))
    assert next(iter(seen)) == "state"
    assert seen["label.systems[AcmeSynth].version"] == "2.1"
    assert seen["label.systems.order"] == "[AcmeSynth] [Other]"
    assert seen["label.people[singer].roles[]"] == "Composer, LeadVocalist"
    assert seen["label.contributions[instrumental drums].span.start"] == 9
    assert seen["label.contributions[instrumental drums]#2.span.start"] == 10
    assert seen['label.extra["com.acme.job"]'] == "17"
    assert seen["label.extra.a.b[]"] == "[1, 2]"
    assert seen["signer.organization"] == "TEST ONLY, proves nothing"
    assert str(seen["findings[signer.no-anchors]"]).startswith("warning: no trust anchors")
    assert list(seen) == list(facts(with_label(judged, LABEL)))
    assert not any("policy." in key or "path" in key or "serial" in key for key in seen)


@pytest.mark.parametrize("name", ["people", "contributions"])
def test_an_order_that_says_nothing_is_no_change(judged: FileReport, name: str) -> None:
    assert keys(judged, LABEL, LABEL | {name: LABEL[name][::-1]}) == []


@pytest.mark.parametrize("name", ["systems", "operations"])
def test_an_order_that_says_something_is_one_change(judged: FileReport, name: str) -> None:
    """The first system is the main one, and operations follow each other."""
    assert keys(judged, LABEL, LABEL | {name: LABEL[name][::-1]}) == [("changed", f"label.{name}.order")]


def test_what_comes_in_front_moves_nothing(judged: FileReport) -> None:
    more = LABEL | {
        "people": [{"id": "guest"}, *LABEL["people"]],
        "contributions": [{"part": "lyrics", "extent": "All", "by": "ai"}, *LABEL["contributions"]],
    }
    assert keys(judged, LABEL, more) == [
        ("added", "label.contributions[lyrics].part"),
        ("added", "label.contributions[lyrics].extent"),
        ("added", "label.contributions[lyrics].by"),
        ("added", "label.people[guest].id"),
    ]


def test_the_history_reads_as_lines(judged: FileReport) -> None:
    node = HistoryNode(
        relationship="parentOf", title="cover.jpg", format="image/jpeg", manifest="urn:c2pa:1", signer="Acme",
        kind="ai_generated", state="clean",
        history=(
            HistoryNode(
                relationship="componentOf", title="still.png", format="image/png", manifest=None, signer=None,
                kind=None, state="no-provenance",
            ),
        ),
    )  # fmt: skip
    broken = replace(node, state="broken")
    [change] = compare_facts(facts(replace(judged, history=(node,))), facts(replace(judged, history=(broken,))))
    assert change == Change(kind="changed", key="history[parentOf cover.jpg].state", old="clean", new="broken")
    deeper = facts(replace(judged, history=(node,)))
    assert deeper["history[parentOf cover.jpg].history[componentOf still.png].state"] == "no-provenance"


def test_personal_fields_are_told_apart_only_when_they_are_shown(judged: FileReport) -> None:
    assert judged.label is not None
    hidden: LabelInfo = replace(judged.label, has_personal=True)
    shown = replace(hidden, personal={"people": [{"id": "singer", "name": "Ada"}]})
    assert facts(replace(judged, label=hidden))["personal"] == "there are fields marked personal"
    assert facts(replace(judged, label=shown))["personal.people[singer].name"] == "Ada"


# Names that a hostile file chooses so that one fact takes the place of another.
def test_nothing_hides_behind_another_fact(judged: FileReport) -> None:
    names = ["A", "A]", "[A", "A\\", "A\\]", "A#2", "A]#2", "A].version", "", "A"]
    value = LABEL | {
        "systems": [{"name": name, "version": str(place)} for place, name in enumerate(names)],
        "extra": {"a.b": 1, "a": {"b": 2}, '"a.b"': 3, "[a]": 4, "": 5, "a]": 6, "order": 7, "[]": 8, "{}": 9},
    }
    seen = facts(with_label(judged, value))
    versions = [fact for key, fact in seen.items() if key.startswith("label.systems[") and key.endswith(".version")]
    assert len(versions) == len(names)
    assert len([key for key in seen if key.startswith("label.extra")]) == 9


# --- properties -------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text("a1\n", max_size=3)
FACTS = st.dictionaries(st.sampled_from(["a", "a.b", "a[]", "a[1]", "b", "c", "d"]), SCALARS)
WORDS = st.text('ab.,[]#"\\{}12', max_size=4)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(WORDS, deeper, max_size=3),
    max_leaves=12,
)


def told(facts_: dict[str, Fact]) -> str:
    return json.dumps(facts_, sort_keys=True)  # where True is not 1, and NaN is NaN


def applied(found: tuple[Change, ...], old: dict[str, Fact]) -> dict[str, Fact]:
    result = {**old, **{change.key: change.new for change in found}}
    return {key: value for key, value in result.items() if key not in {c.key for c in found if c.kind == "removed"}}


@given(FACTS, FACTS)
def test_compare_is_what_turns_one_into_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert compare_facts(old, old) == ()
    assert told(applied(compare_facts(old, new), old)) == told(new)
    there, back = compare_facts(old, new), compare_facts(new, old)
    mirrored = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(c.key, mirrored[c.kind], repr(c.new), repr(c.old)) for c in there} == {
        (c.key, c.kind, repr(c.old), repr(c.new)) for c in back
    }


@given(TREES, TREES)
def test_two_trees_have_the_same_facts_only_if_they_are_the_same(one: Any, other: Any) -> None:
    leaves = list(_flat({"t": one}, ""))
    assert len(dict(leaves)) == len(leaves)
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    mine, others = (json.dumps(sorted(_flat({"t": tree}, "")), sort_keys=True) for tree in (one, other))
    assert (mine == others) == same


@given(TREES.filter(bool))
def test_a_change_anywhere_is_seen(tree: Any) -> None:
    flat = dict(_flat({"t": tree}, ""))
    for key, value in flat.items():
        assert [c.key for c in compare_facts(flat, flat | {key: f"{value}!"})] == [key]


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_two_signatures_over_one_label_tell_the_same_story(
    name: str, label: Label, signer: Signer, sandbox: Sandbox, trust: TrustStore, tmp_path: Path
) -> None:
    for copy in ("one", "two"):
        label_file(MEDIA / name, tmp_path / f"{copy}-{name}", label, signer, sandbox=sandbox)
    found = diff_files(tmp_path / f"one-{name}", tmp_path / f"two-{name}", trust=trust, sandbox=sandbox)
    assert (found.changes, found.same_label, found.same_file, found.same_media) == ((), True, False, True)
    assert found.old.state == found.new.state == "trusted"


def test_what_was_changed_is_what_is_said(label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path) -> None:
    one = replace(
        label,
        people=(Person(id="singer"),),
        contributions=(Contribution(part="vocals", extent="All", by="ai", span=Span(start=0.1, end=0.4)),),
    )
    other = replace(
        one,
        systems=(System(name="AcmeSynth", version="3"),),
        provider=Provider(name="Other Ltd"),
        contributions=(replace(one.contributions[0], span=Span(start=0.1, end=0.5)),),
        operations=(Operation(operation="mastered", by="ai"),),
    )
    label_file(MEDIA / "take.wav", tmp_path / "one.wav", one, signer, sandbox=sandbox)
    label_file(MEDIA / "take.wav", tmp_path / "two.wav", other, signer, sandbox=sandbox)
    said = {
        c.key: (c.old, c.new) for c in diff_files(tmp_path / "one.wav", tmp_path / "two.wav", sandbox=sandbox).changes
    }
    assert said["label.systems[AcmeSynth].version"] == ("2.1.0", "3")
    assert said["label.systems[AcmeSynth].model_type"] == ("c2pa.types.model.pytorch", None)
    assert said["label.provider.name"] == ("Acme Audio Ltd", "Other Ltd")
    assert said["label.contributions[vocals].span.end"] == (0.4, 0.5)
    assert said["label.operations[mastered].by"] == (None, "ai")
    assert not any(key.startswith(("state", "axes", "signer", "label.kind")) for key in said)


def test_bytes_that_differ_besides_the_manifest_are_said(
    label: Label, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "louder.wav").write_bytes((MEDIA / "take.wav").read_bytes()[:-2] + b"\x01\x01")
    label_file(MEDIA / "take.wav", tmp_path / "one.wav", label, signer, sandbox=sandbox)
    label_file(tmp_path / "louder.wav", tmp_path / "two.wav", label, signer, sandbox=sandbox)
    found = diff_files(tmp_path / "one.wav", tmp_path / "two.wav", sandbox=sandbox)
    assert (found.same_label, found.same_media) == (True, False)
    assert "the files differ, and not only in the manifest" in changes.render(found, Style())


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture
def pair(cli: Cli, media: Path) -> Path:
    """The samples, and cover.jpg labeled by two versions of a system."""
    for version in ("1", "2"):
        made = cli(
            "label", "cover.jpg", "--kind", "ai_generated", "--system", f"AcmePaint@{version}", "--signer", "test",
            "-o", f"v{version}.jpg", "-q", cwd=media,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
    return media


def test_the_command_shows_changes_like_git(cli: Cli, pair: Path) -> None:
    done = cli("diff", "v1.jpg", "v2.jpg", "--trust", "test", cwd=pair)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "--- v1.jpg  trusted",
        "+++ v2.jpg  trusted",
        "- label.systems[AcmePaint].version: 1",
        "+ label.systems[AcmePaint].version: 2",
    ]
    assert lines[-1] == "apart from the manifest and tags the files are the same, byte for byte"


def test_colour_is_what_git_uses(judged: FileReport) -> None:
    from provlabel.report.facts import comparison

    other = with_label(judged, {"kind": "human_made"})
    text = changes.render(comparison(judged, other, None), Style(colour=True))
    assert "\x1b[31m- label.kind: ai_generated\x1b[0m" in text
    assert "\x1b[32m+ label.kind: human_made\x1b[0m" in text


def test_exit_codes(cli: Cli, pair: Path) -> None:
    (pair / "broken.jpg").write_bytes(b"\xff\xd8\xffnothing")
    assert cli("diff", "v1.jpg", "v1.jpg", cwd=pair).returncode == 0
    assert cli("diff", "cover.jpg", "still.png", cwd=pair).returncode == 1  # both say nothing, in other formats
    assert cli("diff", "v1.jpg", "broken.jpg", cwd=pair).returncode == 3
    assert cli("diff", "v1.jpg", "missing.jpg", cwd=pair).returncode == 3
    assert cli("diff", "v1.jpg", cwd=pair).returncode == 2
    assert cli("diff", "--textconv", "v1.jpg", "v2.jpg", cwd=pair).returncode == 2


def test_json_follows_its_schema(cli: Cli, pair: Path) -> None:
    done = cli("diff", "v1.jpg", "v2.jpg", "--format", "json", cwd=pair)
    value = json.loads(done.stdout)
    jsonschema_rs.validator_for(SCHEMAS["diff"]()).validate(value)
    assert {"kind": "changed", "key": "label.systems[AcmePaint].version", "old": "1", "new": "2"} in value["changes"]
    assert (value["same_media"], value["same_content"]) == (False, True)


def test_textconv_says_the_same_of_the_same_bytes_wherever_they_lie(cli: Cli, pair: Path) -> None:
    (pair / "elsewhere").mkdir()
    shutil.copy(pair / "v1.jpg", pair / "elsewhere" / "x")
    shutil.copy(pair / "v2.jpg", pair / "elsewhere" / "x.c2pa")  # a neighbour is no part of the file
    said = [cli("diff", "--textconv", path, cwd=pair).stdout for path in ("v1.jpg", "v1.jpg", "elsewhere/x")]
    assert len(set(said)) == 1
    assert "label.systems[AcmePaint].version: 1\n" in said[0]


@pytest.mark.parametrize("content", [b"", b"\0", b"plain text\n", b"\xff\xd8\xff", b"RIFF\xff\xff\xff\xffWAVE"])
def test_textconv_never_makes_git_die(cli: Cli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.jpg").write_bytes(content)
    done = cli("diff", "--textconv", "odd.jpg")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "state: unreadable")
    assert done.stderr == ""


def test_textconv_of_what_is_no_file(cli: Cli, tmp_path: Path) -> None:
    assert cli("diff", "--textconv", "/dev/null").stdout.startswith("state: unreadable\nwhy: /dev/null: ")
    assert cli("diff", "--textconv", tmp_path).returncode == 0
    assert cli("diff", "--textconv", "missing.jpg").returncode == 3


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_file_acts_on_who_reads_it(judged: FileReport, attack: str) -> None:
    from provlabel.report.facts import comparison

    value = {"kind": attack, "systems": [{"name": attack, "version": attack}], "extra": {attack: [attack]}, attack: 1}
    hostile = replace(with_label(judged, value), path=attack)
    node = HistoryNode(
        relationship=attack, title=attack, format=attack, manifest=None, signer=attack, kind=None, state="clean"
    )
    hostile = replace(hostile, history=(node,), signer=replace(judged.signer, name=attack))  # type: ignore[type-var]
    found = comparison(judged, hostile, None)
    lines = [*changes.render(found, Style()).split("\n"), *changes.render_facts(facts(hostile)).split("\n")]
    assert all(line.isprintable() and not line.startswith("::") and "##" not in line for line in lines)
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


# --- git --------------------------------------------------------------------------------------------


@needs("git")
def test_git_diff_and_log_show_the_label_in_words(pair: Path, home: Path, tmp_path: Path) -> None:
    git = Repository(tmp_path / "repository", home)
    git.git("config", "diff.provlabel.textconv", "provlabel diff --textconv")
    git.git("config", "diff.provlabel.cachetextconv", "true")
    (git.folder / ".gitattributes").write_text("*.jpg diff=provlabel\n*.c2pa diff=provlabel\n")
    cover = git.folder / "a cover.jpg"
    shutil.copy(pair / "v1.jpg", cover)
    git.commit("Version 1")
    shutil.copy(pair / "v2.jpg", cover)
    wanted = {"-label.systems[AcmePaint].version: 1", "+label.systems[AcmePaint].version: 2"}
    assert wanted <= set(git.git("diff").splitlines())
    git.commit("Version 2")
    for _ in range(2):  # the second time from git's cache
        assert wanted <= set(git.git("log", "-p", "-1").splitlines())

    altered = bytearray(cover.read_bytes())
    altered[-9] ^= 1
    cover.write_bytes(altered)
    assert {"-axes.content: intact", "+axes.content: altered", "+state: invalid"} <= set(git.git("diff").splitlines())
    cover.write_bytes(b"")  # unreadable, unsigned, gone: git shows all of it, and lives
    assert "+state: unreadable" in git.git("diff")
    shutil.copy(pair / "cover.jpg", cover)
    assert "+state: unsigned" in git.git("diff")
    cover.unlink()
    assert "-label.kind: ai_generated" in git.git("diff")
