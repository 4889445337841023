"""A file of others that says nothing of AI itself, and was made from what does: through command line, outputs, laws."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bare_engine import opened, sign
from project import MEDIA, Cli
from provlabel import Label, label_bytes, open_signer
from provlabel.carriers.vocabularies.iptc import SOURCE_TYPE, SYSTEM
from provlabel.label.vocabularies import IPTC
from provlabel.law import LAWS
from provlabel.report.renderers import RENDERERS
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

INHERITED = r"an earlier version was made by AI, says .{1,2}TEST ONLY, proves nothing"
CONTAINS = r"contains a part that AI made, says .{1,2}TEST ONLY, proves nothing"
Made = Callable[..., Path]
Verify = Callable[..., str]


@pytest.fixture
def made(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Made:
    """Make a picture that others signed over ours, as ``relationship`` of it, and say nothing of AI."""

    def make(relationship: str, by: Signer = signer, *, crop: bool = False) -> Path:
        source = (MEDIA / "cover.jpg").read_bytes()
        ours, _ = label_bytes(source, label, signer, sandbox=sandbox)
        if crop:
            smaller = io.BytesIO()
            Image.open(io.BytesIO(source)).crop((0, 0, 40, 40)).save(smaller, "JPEG")
            source = smaller.getvalue()
        path = tmp_path / f"{relationship}.jpg"
        path.write_bytes(opened(source, by, {relationship: ours}))
        return path

    return make


@pytest.fixture
def verify(cli: Cli, credential: Path, tmp_path: Path) -> Verify:
    """Verify, and return what is printed; ``code`` is what it has to exit with."""

    def run(*args: str | Path, code: int = 0, command: str = "verify") -> str:
        detail = ("-v",) if command == "verify" else ()
        done = cli(command, *args, "--trust", credential / "root.pem", *detail, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


def policy(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "p.toml"
    path.write_text(f'schema = "policy-v1"\n{text}\n')
    return path


@pytest.mark.parametrize(
    ("relationship", "states", "words", "code"),
    [
        ("parentOf", ["inherited"], INHERITED, 0),
        ("componentOf", ["contains"], CONTAINS, 1),
        ("inputTo", ["none"], None, 1),
    ],
)
def test_every_output_says_so(
    relationship: str, states: list[str], words: str | None, code: int, made: Made, verify: Verify
) -> None:
    path = made(relationship)
    [file] = json.loads(verify(path, "--format", "json", code=code))["files"]
    assert (file["state"], file["axes"]["label"]) == ("trusted", states)
    assert [one["relation"] for one in file["ai_history"]] == (states if words else [])
    for name in RENDERERS:
        said = verify(path, "--format", name, code=code)
        if name in ("junit", "github", "markdown"):
            continue  # these say what fails, and count the rest
        assert (words is None) or re.search(words, html.unescape(said), re.IGNORECASE), name
        assert "labeled as made by AI" not in said
    shown = verify(path, command="show")
    assert (words is None) or re.search(words, shown)


def test_a_crop_of_what_ai_made_is_not_said_to_be_made_by_ai(made: Made, verify: Verify) -> None:
    said = verify(made("parentOf", crop=True))
    assert re.search(r"label +no label of its own\n +history +" + INHERITED, said)
    assert not re.search(r"label +made by AI", said)


def test_what_nobody_vouches_for_is_claimed(made: Made, verify: Verify, tmp_path: Path) -> None:
    stranger = open_signer(f"test:{tmp_path / 'stranger'}")
    said = verify(made("parentOf", stranger), code=1)
    assert 'an earlier version was made by AI, claims "TEST ONLY, proves nothing"' in said


def test_a_policy_can_ask_for_a_label_of_the_file_itself(made: Made, verify: Verify, tmp_path: Path) -> None:
    path = made("parentOf")
    own = policy(tmp_path, "[label]\ninherited = false")
    said = verify(path, "--policy", own, code=1)
    assert "policy.label: the policy requires a label, and there is none: an earlier version has one" in said
    fields = policy(tmp_path, 'fields = ["systems.version"]')
    said = verify(path, "--policy", fields, code=1)
    assert "policy.field" in said, "fields are those of a label of the file itself"
    none = policy(tmp_path, "label = false")
    verify(path, "--policy", none)


def test_a_policy_found_in_the_tree_may_ask_for_it(made: Made, verify: Verify, tmp_path: Path) -> None:
    made("parentOf")
    (tmp_path / "provlabel.toml").write_text('schema = "policy-v1"\n[label]\ninherited = false\n')
    said = verify("parentOf.jpg", code=1)
    assert "policy.label" in said


@pytest.mark.parametrize(("relationship", "words", "code"), [("parentOf", INHERITED, 0), ("componentOf", CONTAINS, 1)])
def test_laws_do_not_say_that_nothing_tells(
    relationship: str, words: str, code: int, made: Made, verify: Verify
) -> None:
    laws = ",".join(LAWS)
    found = verify(made(relationship), "--law", laws, "--format", "json", code=code)
    [file] = json.loads(found)["files"]
    reasons = [one["reason"] for one in file["law"]]
    assert not [reason for reason in reasons if "nothing in the file says" in reason]
    asked = [one for one in file["law"] if re.search(words, one["reason"])]
    assert asked
    assert "not held" not in {one["outcome"] for one in asked}
    [marked] = [one for one in file["law"] if one["number"] == "EU-1" and one["counts"]]
    assert marked["outcome"] == "needs a human judgement"


CONTEXT = {"@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}}
BESIDE = {
    "disclosure": {"label": "c2pa.ai-disclosure", "data": {"modelName": "Acme 2"}},
    "metadata": {
        "label": "cawg.metadata",
        "kind": "Json",
        "data": CONTEXT | {SOURCE_TYPE: IPTC + "trainedAlgorithmicMedia"},
    },
    "system": {"label": "cawg.metadata", "kind": "Json", "data": CONTEXT | {SYSTEM: "Acme 2"}},
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("created", [True, False])
def test_what_stands_beside_label_and_actions_is_said(
    beside: str, created: bool, signer: Signer, verify: Verify, tmp_path: Path
) -> None:
    taken = {"actions": [{"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCapture"}]}
    stated = {"label": "c2pa.actions.v2", "data": taken, "created": True}
    made = {"assertions": [stated, BESIDE[beside] | {"created": created}], "claim_generator_info": [{"name": "other"}]}
    path = tmp_path / "a.jpg"
    path.write_bytes(sign((MEDIA / "cover.jpg").read_bytes(), signer, made))
    for words in (verify(path), verify(path, command="show"), verify(path, "--format", "html")):
        assert "made with the help of AI" in words
        assert ("not attributed to the signer" in words) is not created
        assert not re.search("nothing about AI|No label<", words)
    laws = ",".join(LAWS)
    [file] = json.loads(verify(path, "--law", laws, "--format", "json"))["files"]
    reasons = " ".join(one["reason"] for one in file["law"])
    assert not re.search("nothing in the file says|what is signed does not say", reasons)
