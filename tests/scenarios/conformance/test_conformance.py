"""Every vector through provlabel, by axes and exit code; the real command line on some; and files that others made."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import adapter_provlabel
import asking
import build
import results
import run
import standards
from project import needs
from provlabel import TrustStore, verify_file
from provlabel.sandbox import Sandbox
from vectors import Bench, Expected, Vector, fails, passes, unsigned

#: By the list of what must be there: groups, and how many vectors at least.
LEAST = {
    "formats": 100,
    "beside": 20,
    "places": 15,
    "exclusions": 15,
    "boxes": 8,
    "coverage": 160,
    "elsewhere": 60,
    "compressed": 15,
    "segments": 12,
    "signatures": 30,
    "store": 30,
    "labels": 50,
    "carriers": 15,
    "history": 25,
    "chains": 200,
    "revocation": 16,
    "times": 15,
    "stamps": 20,
    "identities": 8,
    "claims": 18,
    "codes": 5,
    "policies": 10,
    "ekus": 20,
}
#: So many vectors, evenly taken, go through the real command line here; ``make proof PROOF=conformance`` sends all.
SAMPLE = 10


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them, built once for this module."""
    out = tmp_path_factory.mktemp("vectors")
    build.build(out)
    return out


def index_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "vectors.json").read_bytes())


@needs("ffmpeg")
@needs("heif-enc")
@needs("cjxl")
@needs("openssl")
@needs("faketime")
def test_no_vector_passes_wrongly_and_every_axis_is_as_expected(vectors: Path, sandbox: Sandbox) -> None:
    """One test, so that the vectors are built once however many processes run tests."""
    entries = index_of(vectors)["vectors"]
    names = [entry["id"] for entry in entries]
    for group, least in LEAST.items():
        assert sum(name.startswith(f"{group}/") for name in names) >= least, group
    judged = [run.Result(entry, adapter_provlabel.answer(entry, vectors, sandbox)) for entry in entries]
    wrong = {one.name: one.differences for one in judged if one.differences}
    assert [one.name for one in judged if one.wrong_pass] == [], "WRONG PASSES"
    assert {name: found for name, found in wrong.items() if name not in run.REFUSED} == {}
    assert set(run.REFUSED) <= set(wrong), "fixed: take it out of the list"
    kept = json.loads(results.KEPT.read_bytes())
    assert {one.name: one.outcome for one in judged if one.outcome != "agrees"} == kept["differences"]["provlabel"]
    assert {group: len([name for name in names if name.startswith(f"{group}/")]) for group in kept["groups"]} == (
        kept["groups"]
    )
    _on_the_index(vectors, entries)
    sample = names[:: len(names) // SAMPLE]
    assert [one.differences for one in run.run("commandline", vectors, sample) if one.differences] == []


def _on_the_index(out: Path, entries: list[dict[str, Any]]) -> None:
    """The index names every file, and each expectation has its sentence, or the reason why there is none."""
    named = {entry[name] for entry in entries for name in (*build.FILES, *asking.PATHS) if name in entry}
    named |= {one for entry in entries for one in entry["provlabel"]["given"].values() if isinstance(one, str)}
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - named == (
        {"vectors.json", "README.md"}
    )
    found = index_of(out)["sentences"]
    for entry in entries:
        assert entry["because"], entry["id"]
        assert set(entry["because"]) <= set(found)
        assert set(entry["expected"]["state"]) <= set(standards.STATES)
        assert "reading" not in entry or len(entry["reading"]) > 40
    ruled = {standards.rule_of(entry["id"], Expected(**_expected(entry))) for entry in entries}
    assert [rule.vectors for rule in standards.rules() if rule not in ruled] == [], "no vector is of this rule"
    assert set(found) == set(standards.sentences()), "no vector rests on this sentence"


def _expected(entry: dict[str, Any]) -> dict[str, Any]:
    ours = {name: entry["provlabel"][name] for name in Expected._fields}
    return {**ours, "state": ours["state"] if isinstance(ours["state"], str) else tuple(ours["state"])}


def test_a_sentence_has_its_standard_section_and_text() -> None:
    for name, one in standards.sentences().items():
        assert re.fullmatch(r"(C2PA|RFC|CAWG Identity Assertion|ISO/IEC) ?[0-9.:-]+", one.of), name
        assert re.fullmatch(r"(A|D|[0-9]+)(\.[0-9]+)*( \([a-z0-9]\),?)*", one.section), name
        assert len(one.text.split()) > 5
        assert len(one.text.split()) < 80, f"{name}: a quotation is short"
        assert all(re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", code) for code in one.codes), name
    assert {name for name, one in standards.sentences().items() if one.paraphrase} == {
        "jumbf-in-jpeg",
        "stamp-names-certificate",
    }, "what is not quoted is named here, so that nobody adds one unseen"


def test_a_vector_of_which_nothing_is_said_is_no_vector() -> None:
    odd = passes()._replace(state="valid", exit=0)
    with pytest.raises(LookupError, match="no rule in rules"):
        standards.rule_of("newer/kind", odd)


def test_no_private_key_leaves_the_build(tmp_path: Path, sandbox: Sandbox) -> None:
    bench = Bench(tmp_path / "bench", 1, sandbox)
    out = tmp_path / "out"
    entry = build.write(out, Vector("labels/x", "good", "x", "content", {"a.png": bench.signed_png}, passes()), bench)
    build.finish(out, [entry])
    secrets = [
        one.key.private_numbers().private_value.to_bytes(32, "big")
        for one in (bench.root, bench.leaf)
        if isinstance(one.key, ec.EllipticCurvePrivateKey)
    ]
    assert len(secrets) == 2
    for path in out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert b"PRIVATE KEY" not in content
        assert not [secret for secret in secrets if secret in content]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="is not empty"):
        build.build(tmp_path, groups=("codes",))
    assert (tmp_path / "photo.jpg").read_bytes() == b"mine"


# --- verifiers, run over them ------------------------------------------------------------------------

#: Groups that three verifiers judge here; `make vectors` sends all.
SUBSET = ("codes", "exclusions", "hashes", "identities", "places", "purposes")


@pytest.fixture(scope="module")
def subset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("subset")
    build.build(out, groups=SUBSET)
    return out


@pytest.mark.parametrize("tool", run.SHIPPED)
def test_a_subset_comes_out_as_the_page_says(tool: str, subset: Path) -> None:
    kept = json.loads(results.KEPT.read_bytes())["differences"][tool]
    told = {one.name: one.outcome for one in run.run(tool, subset)}
    assert len(told) == len(index_of(subset)["vectors"]) > 60
    assert {name: outcome for name, outcome in told.items() if outcome != "agrees"} == {
        name: outcome for name, outcome in kept.items() if name in told
    }


def test_each_difference_is_of_a_kind_and_the_page_shows_what_was_recorded() -> None:
    kept = json.loads(results.KEPT.read_bytes())
    for tool, found in kept["differences"].items():
        assert [name for name, what in found.items() if what != "skipped" and not results.kind_of(tool, name)] == []
    used = {results.kind_of(tool, name) for tool, found in kept["differences"].items() for name in found}
    assert [kind for kind in results.kinds() if kind not in used] == []
    page = results.PAGE.read_text(encoding="utf-8")
    assert kept["at"] in page
    assert f"{sum(kept['groups'].values()):,} files" in page
    assert all(version in page for version in kept["versions"])
    for row in results.rows(kept):
        assert f"| {' | '.join(row)} |" in page


GOOD = {"state": "trusted", "codes": ["signingCredential.trusted"]}


@pytest.fixture
def few(tmp_path: Path, sandbox: Sandbox) -> Path:
    """Three vectors: one to pass, two to refuse."""
    bench = Bench(tmp_path, 1, sandbox)
    out = tmp_path / "few"
    altered = bench.signed_png[:-1] + b"x"
    vectors = (
        Vector("formats/a-genuine", "good", "x", "content", {"a.png": bench.signed_png}, passes()),
        Vector("formats/b-bit", "bad", "x", "content", {"a.png": altered}, fails("invalid", content="altered")),
        Vector("formats/c-stripped", "bare", "x", "content", {"a.png": bench.png}, unsigned()),
    )
    build.finish(out, [build.write(out, vector, bench) for vector in vectors])
    return out


def verifier(folder: Path, script: str) -> str:
    """Return a command that starts a verifier of somebody else's."""
    path = folder / "verifier.sh"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{path} {{file}} --trust {{trust}}"


def started(tool: str, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, run.__file__, "--run", tool, out], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("said", "code", "counts"),
    [
        ('print(json.dumps({"state": "valid"}))', 1, "0 agree, 2 wrong passes, 1 wrong refusals"),
        ('print(json.dumps({"state": "trusted"}))', 1, "1 agree, 2 wrong passes"),
        ('print(json.dumps({"state": "none"}))', 0, "1 agree, 1 wrong refusals, 1 other states"),
        ('print(json.dumps({"skipped": "tired"}))', 0, "0 agree, 3 skipped"),
        ('print(json.dumps({"state": "splendid"}))', 2, "0 agree, 3 not answered"),
        ('print(json.dumps({"state": ["trusted"]}))', 2, "0 agree, 3 not answered"),
        ('print(json.dumps({"state": "trusted", "codes": 5}))', 2, "0 agree, 3 not answered"),
        ('print("nonsense")', 2, "0 agree, 3 not answered"),
        ("print(5)", 2, "0 agree, 3 not answered"),
        ("os.abort()", 2, "0 agree, 3 not answered"),
    ],
)
def test_a_verifier_of_somebody_else_is_a_command(said: str, code: int, counts: str, few: Path, tmp_path: Path) -> None:
    done = started(verifier(tmp_path, said), few)
    assert done.returncode == code, done.stdout + done.stderr
    [row] = [line for line in done.stdout.splitlines() if line.startswith("all ")]
    assert row.split(maxsplit=2)[2] == counts
    assert ("wrong pass      formats/b-bit: bad" in done.stdout) == (code == 1)


def test_words_of_a_verifier_cannot_write_to_the_terminal(few: Path, tmp_path: Path) -> None:
    done = started(verifier(tmp_path, 'print(json.dumps({"state": "none", "said": "a\\x1b[31mb\\n"}))'), few)
    assert "\x1b" not in done.stdout
    assert "a\\u{1b}[31mb" in done.stdout


def test_a_fault_that_is_named_in_codes_is_no_wrong_pass(few: Path, tmp_path: Path) -> None:
    """A verifier may call it valid and report the failure; `trusted` is no such word."""
    for state, wanted in (("valid", 0), ("trusted", 1)):
        script = f'print(json.dumps({{"state": "{state}", "codes": ["assertion.dataHash.mismatch"]}}))'
        told = {one.name: one.outcome for one in run.run(verifier(tmp_path, script), few)}
        assert (told["formats/b-bit"] == "wrong pass") == bool(wanted)


def test_an_adapter_is_a_python_file(few: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "import os\n"
        "def answer(vector, folder):\n"
        "    if vector['id'] == 'formats/b-bit': os.abort()\n"
        f"    return {GOOD!r} if (folder / vector['trust']).is_file() else {{}}\n"
    )
    told = {one.name: one.outcome for one in run.run(str(path), few)}
    assert told == {
        "formats/a-genuine": "agrees",
        "formats/b-bit": "not answered",
        "formats/c-stripped": "wrong pass",
    }, "where it dies it is asked again from the next vector on"


@pytest.mark.parametrize("tool", run.SHIPPED)
def test_shipped_adapters_answer(tool: str, few: Path) -> None:
    assert [one.outcome for one in run.run(tool, few)] == ["agrees"] * 3


def test_a_command_is_given_what_the_vector_has(few: Path) -> None:
    vector = {**index_of(few)["vectors"][0], "ekus": ["1.2", "1.3"]}
    words = asking.command("v {file} [--sidecar {sidecar}] [--eku {ekus}] --at={at} '{id}'", vector, few)
    assert words == [
        "v",
        str(few / "formats/a-genuine/a.png"),
        "--eku",
        "1.2,1.3",
        f"--at={vector['at']}",
        vector["id"],
    ]
    named = {**vector, "file": "a b; rm -rf $(x).png"}
    assert asking.command("v {file}", named, few) == ["v", str(few / "a b; rm -rf $(x).png")]


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ("verify --all", "{file} is not in it"),
        ("v {file} {mood}", "no vector has ['mood']"),
        ("missing.py", "no such file"),
    ],
)
def test_what_is_no_adapter_is_said(tool: str, why: str, few: Path) -> None:
    done = started(tool, few)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_no_vectors_are_no_success(few: Path, tmp_path: Path) -> None:
    build.finish(few, [])
    assert started(verifier(tmp_path, f"print(json.dumps({GOOD!r}))"), few).returncode == 1


def test_the_time_of_a_build_of_today_is_the_clocks(few: Path) -> None:
    vector = index_of(few)["vectors"][0]
    assert asking.at_of(vector) is None
    assert asking.at_of({**vector, "clock": False}) == vector["at"]
    old = {**vector, "at": "2026-01-01T00:00:00Z"}
    assert asking.at_of(old) == old["at"], "the clock is of another day by now"


def test_differences_are_named() -> None:
    expected = {
        "exit": 1,
        "state": ["invalid", "valid"],
        "axes": {"label": "present contradictory", "time": "none"},
        "must": ["a.b"],
        "never": ["c.d"],
    }
    good = {
        "exit": 1,
        "state": "valid",
        "axes": {"label": ["present", "contradictory"], "time": "none"},
        "rules": ["a.b"],
    }
    assert run.differences(expected, good) == []
    assert run.differences(expected, {"exit": 1}) == []
    bad = {"exit": 0, "state": "trusted", "axes": {"label": ["present"], "time": "none"}, "rules": ["c.d"]}
    assert len(run.differences(expected, bad)) == 5


# --- files that others made ------------------------------------------------------------------------

_WHOLE = "intact none trusted claimed not-checked clean none"
#: Name -> state, axes in their order, the engine's word, and why ours differs from it.
CORPUS: dict[str, tuple[str, str, str | None, str]] = {
    "CA.jpg": ("trusted", _WHOLE, "Trusted", ""),
    "CACAE-uri-CA.jpg": (
        "invalid",
        "intact none trusted claimed not-checked broken none",
        "Trusted",
        "an ingredient of an ingredient has a wrong hash; recorded failures are no failures to the engine",
    ),
    "CA_ct.jpg": ("trusted", "intact none trusted none not-checked clean none", "Trusted", ""),
    "CIE-sig-CA.jpg": (
        "invalid",
        "intact none trusted claimed not-checked broken none",
        "Invalid",
        "",
    ),
    "C_with_CAWG_data.jpg": (
        "trusted",
        "intact none trusted claimed not-checked none not-checked",
        "Trusted",
        "the file does not pass: it says nothing of AI, and nobody vouches for its identity",
    ),
    "E-sig-CA.jpg": ("invalid", "intact none bad-signature none not-checked clean none", "Invalid", ""),
    "XCA.jpg": ("invalid", "altered none trusted claimed not-checked clean none", "Invalid", ""),
    "boxhash.jpg": ("trusted", _WHOLE, "Trusted", ""),
    "cloud.jpg": (
        "remote",
        "not-applicable remote-only not-applicable none not-checked none none",
        None,
        "only an address, which the engine by default fetches and we do not",
    ),
    "legacy_ingredient_hash.jpg": ("trusted", _WHOLE, "Trusted", ""),
    "pdf-file.pdf": (
        "unreadable",
        "unreadable none not-applicable none not-checked none none",
        None,
        "neither picture nor sound: not read",
    ),
    "sample1_signed.wav": ("trusted", "intact none trusted none not-checked none none", "Trusted", ""),
    "video1.mp4": (
        "trusted",
        "intact none trusted claimed not-checked unknown-signer none",
        "Valid",
        "the signer is trusted, that of a part is not: history says so, the signer does not lose by it",
    ),
}


@pytest.mark.parametrize("name", CORPUS)
def test_files_that_others_made(name: str, corpus: Path, sandbox: Sandbox) -> None:
    trust = TrustStore.load(corpus / "test_cert_root_bundle.pem")
    found = verify_file(corpus / name, trust=trust, sandbox=sandbox).files[0]
    state, axes, engine_state, why = CORPUS[name]
    told = [getattr(found.axes, axis) for axis in found.axes.__struct_fields__]
    assert (found.state, " ".join("+".join(one) if isinstance(one, tuple) else one for one in told)) == (state, axes)
    assert found.engine_state == engine_state
    assert not found.passed  # none of them carries an AI label of ours or of a vocabulary
    same = {"trusted": "Trusted", "valid": "Valid", "invalid": "Invalid"}.get(state) == engine_state
    assert same or why


def test_every_file_of_others_is_in_the_table(corpus: Path) -> None:
    names = {name for name in os.listdir(corpus) if not name.endswith((".json", ".pem", ".cfg"))}
    assert names == set(CORPUS)
