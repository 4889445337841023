"""A label of no AI on what AI made: refused, signed with a reason, and judged for what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from project import MEDIA, Cli
from provlabel import Label, LabelError, Policy, TrustStore, label_file, verify_file
from provlabel.policy.records import AcceptedSigner, LabelRules
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from stores import chunk

PEOPLE = Label(kind="human_made")
CORRECTED = Label(kind="human_made", correction="the demo was by AI; all of it was played again by people")
NOT_AI = ["human_made", "ai_assisted_technical", "algorithmic_not_trained"]


@pytest.fixture
def ai(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Path:
    """A picture that AI made."""
    return Path(label_file(MEDIA / "cover.jpg", tmp_path / "ai.jpg", label, signer, sandbox=sandbox).output)


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """A picture in which Stable Diffusion left its parameters, and nobody signed."""
    path = tmp_path / "sd.png"
    still = (MEDIA / "still.png").read_bytes()
    path.write_bytes(still[:33] + chunk(b"tEXt", b"parameters\0Steps: 20, Sampler: Euler") + still[33:])
    return path


def judged(path: Path, trust: TrustStore, sandbox: Sandbox, **how: Any) -> FileReport:
    return verify_file(path, trust=trust, sandbox=sandbox, **how).files[0]


def errors(file: FileReport) -> list[str]:
    return [found.rule for found in file.findings if found.counts]


@pytest.mark.parametrize("kind", NOT_AI)
@pytest.mark.parametrize("role", ["itself", "parents", "ingredients", "marked"])
def test_what_says_otherwise_is_refused_with_the_list(
    kind: Any, role: str, ai: Path, marked: Path, tmp_path: Path, signer: Signer, sandbox: Sandbox
) -> None:
    source = {"itself": ai, "marked": marked}.get(role, MEDIA / "cover.jpg")
    more: Any = {role: [ai]} if role in ("parents", "ingredients") else {}
    with pytest.raises(LabelError) as caught:
        label_file(source, tmp_path / "out.jpg", Label(kind=kind), signer, sandbox=sandbox, **more)
    wanted = "parameters of Stable Diffusion" if role == "marked" else "its label says made by AI"
    assert wanted in str(caught.value)
    assert "--contradict" in caught.value.hint
    assert not (tmp_path / "out.jpg").exists()


def test_a_kind_of_ai_contradicts_no_other(
    ai: Path, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    out = tmp_path / "again.jpg"
    label_file(ai, out, Label(kind="ai_modified", systems=label.systems), signer, sandbox=sandbox)
    assert judged(out, trust, sandbox).passed


def test_one_that_may_contain_ai_is_told_that_it_does(
    ai: Path, tmp_path: Path, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    out = tmp_path / "mix.jpg"
    receipt = label_file(
        MEDIA / "cover.jpg", out, Label(kind="may_contain_ai"), signer, ingredients=[ai], sandbox=sandbox
    )
    assert any("may contain AI, and it does" in text for text in receipt.warnings)
    file = judged(out, trust, sandbox)
    assert file.passed
    assert "label.says-less" in [found.rule for found in file.findings]


@pytest.mark.parametrize("name", ["cover.jpg", "take.wav", "take.mp3"])
def test_what_only_served_as_a_model_is_no_part(
    name: str, media: Path, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    demo = Path(label_file(media / name, tmp_path / f"demo-{name}", label, signer, sandbox=sandbox).output)
    out = tmp_path / name
    label_file(media / name, out, PEOPLE, signer, input_files=[demo], sandbox=sandbox)
    file = judged(out, trust, sandbox)
    assert file.passed
    assert [(node.relationship, node.title, node.kind) for node in file.history] == [
        ("inputTo", demo.name, "ai_generated")
    ]


@pytest.mark.parametrize("make", ["history", "mark"])
def test_a_correction_is_signed_and_counts_where_a_policy_says_by_whom(
    make: str, ai: Path, marked: Path, tmp_path: Path, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    source = ai if make == "history" else marked
    out = tmp_path / f"corrected{source.suffix}"
    receipt = label_file(source, out, CORRECTED, signer, sandbox=sandbox)
    assert any("signed as a correction" in text for text in receipt.warnings)
    rule = {"history": "label.contradicts-history", "mark": "carrier.contradicts"}[make]
    file = judged(out, trust, sandbox)
    assert errors(file) == [rule]
    assert file.label is not None
    assert file.label.value["correction"] == CORRECTED.correction
    name = "provlabel test signer"

    def allowing(**who: str) -> Policy:
        by = AcceptedSigner(**{"issuer": "provlabel test root", "name": name, **who})
        return Policy(name="desk", label=LabelRules(corrections_by=(by,)))

    allowed = judged(out, trust, sandbox, policy=allowing())
    assert (allowed.passed, allowed.outcome) == (True, "excepted")
    [excuse] = [found.excuse for found in allowed.findings if found.rule == rule]
    assert excuse is not None
    assert (excuse.by, excuse.reason, excuse.owner) == ("correction", CORRECTED.correction, name)
    assert errors(judged(out, trust, sandbox, policy=allowing(name="another desk"))) == [rule]
    assert rule in errors(judged(out, TrustStore(), sandbox, policy=allowing())), "a name that nobody vouches for"


def test_a_blank_reason_corrects_nothing(
    ai: Path, tmp_path: Path, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    out = tmp_path / "corrected.jpg"
    label_file(ai, out, Label(kind="human_made", correction=" "), signer, sandbox=sandbox)
    by = AcceptedSigner(issuer="provlabel test root", name="provlabel test signer")
    policy = Policy(name="desk", label=LabelRules(corrections_by=(by,)))
    assert errors(judged(out, trust, sandbox, policy=policy)) == ["label.contradicts-history"]


def test_a_label_that_is_contradicted_frees_of_no_law(
    ai: Path, tmp_path: Path, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    out = tmp_path / "out.jpg"
    label_file(ai, out, CORRECTED, signer, sandbox=sandbox)
    plain = judged(out, trust, sandbox, laws=["eu"])
    people = tmp_path / "people.jpg"
    label_file(MEDIA / "cover.jpg", people, PEOPLE, signer, sandbox=sandbox)
    free = judged(people, trust, sandbox, laws=["eu"])
    freed = {item.rule for item in free.law if item.outcome == "not applicable" and "human" in item.reason}
    assert freed
    assert not freed & {item.rule for item in plain.law if item.outcome == "not applicable" and "human" in item.reason}


def test_a_reason_excuses_no_label_that_contradicts_itself(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    from provlabel.label.records import Operation

    wrong = Label(kind="human_made", operations=(Operation(operation="dubbed", by="ai"),), correction="no reason")
    with pytest.raises(LabelError, match="dubbed by AI"):
        label_file(MEDIA / "cover.jpg", tmp_path / "out.jpg", wrong, signer, sandbox=sandbox)


@pytest.mark.parametrize("kind", ["ai_generated", None])
def test_marks_are_told_of_signed_files_too(
    kind: Any, marked: Path, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    before = [found.message for found in judged(marked, trust, sandbox).findings if "Stable Diffusion" in found.message]
    assert before
    out = tmp_path / "signed.png"
    label_file(marked, out, label, signer, sandbox=sandbox)
    marks = [found for found in judged(out, trust, sandbox).findings if found.rule == "carrier.mark"]
    assert [(found.level, "Stable Diffusion" in found.message) for found in marks] == [("note", True)]


def test_a_day_to_come_and_an_odd_parent_are_told(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, trust: TrustStore
) -> None:
    from msgspec.structs import replace

    picture = Path(label_file(MEDIA / "cover.jpg", tmp_path / "p.jpg", label, signer, sandbox=sandbox).output)
    later = replace(label, event_time="2099-01-01T00:00:00Z")
    out = tmp_path / "take.mp3"
    receipt = label_file(MEDIA / "take.mp3", out, later, signer, parents=[picture], sandbox=sandbox)
    assert any("cannot have become" in text for text in receipt.warnings)
    rules = [found.rule for found in judged(out, trust, sandbox).findings]
    assert {"label.future", "history.odd-parent"} <= set(rules)


def test_at_the_terminal(ai: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out.jpg"
    done = cli("label", ai, "--kind", "human_made", "--signer", "test", "-o", out)
    assert done.returncode != 0
    assert "its label says made by AI" in done.stderr
    done = cli("label", ai, "--kind", "human_made", "--contradict", "painted again", "--signer", "test", "-o", out)
    assert done.returncode == 0, done.stderr
    done = cli("verify", out, "--trust", "test")
    assert done.returncode == 1
    assert "label.contradicts-history" in done.stdout
    done = cli("export", out, "--to", "ddex", "--trust", "test")
    assert (done.returncode, done.stdout) == (1, "")
    policy = tmp_path / "p.toml"
    policy.write_text(
        'schema = "policy-v1"\nname = "desk"\n[label]\n'
        'corrections_by = [{ name = "provlabel test signer", issuer = "provlabel test root" }]\n'
    )
    done = cli("verify", out, "--trust", "test", "--policy", policy)
    assert done.returncode == 0, done.stdout
    assert "a correction signed by provlabel test signer" in done.stdout
    found = tmp_path / "repository"
    found.mkdir()
    (found / "provlabel.toml").write_text(policy.read_text())
    done = cli("verify", out, "--trust", "test", cwd=found)
    assert done.returncode == 1, "a policy that is merely found only tightens"
