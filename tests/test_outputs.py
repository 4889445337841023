"""SARIF, JUnit, workflow commands, Markdown: real schemas, other programs that read them, and hostile strings."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from attacks import ATTACKS, infect
from conftest import MEDIA
from provlabel import Label, Report, TrustStore, label_file, verify_paths
from provlabel.cage import Cage
from provlabel.label import Provider, System
from provlabel.renderers import RENDERERS, Extras
from provlabel.report import (
    ExceptionUse,
    Excuse,
    FileReport,
    HistoryNode,
    IdentityInfo,
    Named,
    PolicyInfo,
    RevocationInfo,
    Skipped,
    outcome_of,
)
from provlabel.signers import Signer

DATA = Path(__file__).parent / "data"


def rendered(name: str, report: Report) -> str:
    return RENDERERS[name].render(report, Extras())


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, signer: Signer, trust: TrustStore, cage: Cage) -> Report:
    """Good, changed, unreadable, unsigned and missing, as they are."""
    folder = tmp_path_factory.mktemp("outputs") / "media"
    folder.mkdir()
    label = Label(kind="ai_generated", systems=(System(name="Synth"),), provider=Provider(name="Acme"))
    shutil.copy(MEDIA / "cover.jpg", folder)
    label_file(folder / "cover.jpg", folder / "a-good.jpg", label, signer, cage=cage)
    (folder / "b-changed.jpg").write_bytes((folder / "a-good.jpg").read_bytes()[:-100] + bytes(100))
    (folder / "c-empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not media")
    return verify_paths([folder, folder / "missing.jpg"], trust=trust, cage=cage)


def excused(item: FileReport, excuse: Excuse) -> FileReport:
    """The same file, were all its errors excused."""
    found = tuple(replace(one, excuse=excuse) if one.level == "error" else one for one in item.findings)
    return replace(item, findings=found, outcome=outcome_of(found), passed=True)


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
        identity=(IdentityInfo(name="Ann", organization="Acme", roles=("cawg.creator",), issuer="CA"),),
        revocation=RevocationInfo(state="good", source="online", why="asked", updated="2026-01-01T00:00:00Z"),
        history=(replace(node, history=(node,)),),
        carriers=({"xmp": "seen"},),
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
        skipped=(Skipped("media/link.jpg", "link"), Skipped("media/notes.txt", "not media")),
        insecure=("--insecure-private-hosts",),
    )


def nothing(report: Report) -> Report:
    """The same, had there been nothing to judge."""
    return replace(report, files=(), errors=(), summary=replace(report.summary, files=0, passed=0, failed=0, errors=0))


# --- hostile strings -------------------------------------------------------------------------------


def json_shape(text: str) -> object:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return [shape(item) for item in value.values()]
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    return shape(json.loads(text))


def text_shape(text: str) -> object:
    return len(text.splitlines())


#: Output -> what no string may change; an output that is not here has tests of its own for that.
SHAPES: dict[str, Callable[[str], object]] = {
    "text": text_shape,
    "json": json_shape,
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
    wanted = ".files.path .files.findings.message .files.findings.excuse.owner .errors.mend .insecure .anchors.name"
    assert set(wanted.split()) <= places
    assert len(places) > 80
    assert len(ATTACKS) == len(set(ATTACKS.values())) == 32
