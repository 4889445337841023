"""Every vector through provlabel, by axes and exit code; the real command line on some; and files that others made."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import build
import run
from judging import judge
from project import needs
from provlabel import TrustStore, verify_file
from provlabel.sandbox import Sandbox
from vectors import Bench, Vector, fails, passes

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


@needs("ffmpeg")
@needs("heif-enc")
@needs("cjxl")
@needs("openssl")
@needs("faketime")
def test_no_vector_passes_wrongly_and_every_axis_is_as_expected(tmp_path: Path, sandbox: Sandbox) -> None:
    """One test, so that the vectors are built once however many processes run tests."""
    folders = build.build(tmp_path / "vectors")
    names = [str(folder.relative_to(tmp_path / "vectors")) for folder in folders]
    for group, least in LEAST.items():
        assert sum(name.startswith(f"{group}/") for name in names) >= least, group
    wrong = {}
    for name, folder in zip(names, folders, strict=True):
        told = json.loads((folder / "expected.json").read_text())
        if found := run.differences(told["expected"], judge(folder, sandbox)):
            wrong[name] = found
    passed = [name for name, found in wrong.items() if "exit 0, not 1" in found]
    assert passed == [], "WRONG PASSES"
    assert {name: found for name, found in wrong.items() if name not in run.REFUSED} == {}
    assert set(run.REFUSED) <= set(wrong), "fixed: take it out of the list"
    _through_the_command_line(tmp_path, folders[:: len(folders) // SAMPLE])


def _through_the_command_line(tmp_path: Path, folders: list[Path]) -> None:
    """The command line says what was said in this process."""
    assert len(folders) >= 5
    sample = tmp_path / "sample"
    for index, folder in enumerate(folders):
        (sample / str(index)).parent.mkdir(exist_ok=True)
        folder.rename(sample / str(index))
    results = list(run.run("provlabel", sample))
    assert len(results) == len(folders)
    assert [one for one in results if one.differences] == []


# --- the runner ------------------------------------------------------------------------------------


@pytest.fixture
def few(tmp_path: Path, sandbox: Sandbox) -> Path:
    """Three vectors: one to pass, two to refuse."""
    bench = Bench(tmp_path, 1, sandbox)
    folder = tmp_path / "few"
    for vector in (
        Vector("a", "good", "x", "content", {"a.png": bench.signed_png}, passes()),
        Vector(
            "b", "bad", "x", "content", {"a.png": bench.signed_png[:-1] + b"x"}, fails("invalid", content="altered")
        ),
        Vector("c", "bare", "x", "content", {"a.png": bench.png}, fails("unsigned", label="none")),
    ):
        build.write(folder, vector, bench)
    return folder


def adapter(folder: Path, script: str) -> Path:
    path = folder / "adapter"
    path.write_text(f"#!{sys.executable}\nimport json, sys\nfor folder in sys.argv[1:]:\n    {script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


UNANSWERED = "3 vectors, 0 skipped, 0 wrong passes, 1 wrong refusals, 3 not answered"


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ('print(json.dumps({"exit": 0}), flush=True)', 1, "3 vectors, 0 skipped, 2 wrong passes, 0 wrong refusals"),
        ('print(json.dumps({"exit": 1}), flush=True)', 0, "3 vectors, 0 skipped, 0 wrong passes, 1 wrong refusals"),
        (
            'print(json.dumps({"skipped": "tired"}), flush=True)',
            0,
            "3 vectors, 3 skipped, 0 wrong passes, 0 wrong refusals",
        ),
        ("sys.exit(3)", 2, UNANSWERED),
        ('print("nonsense", flush=True)', 2, UNANSWERED),
        ("print(5, flush=True)", 2, UNANSWERED),
        ("print(json.dumps({}), flush=True)", 2, UNANSWERED),
        ('print(json.dumps({"exit": "0"}), flush=True)', 2, UNANSWERED),
        ('print(json.dumps({"exit": True}), flush=True)', 2, UNANSWERED),
        (
            'print(json.dumps({"exit": 1, "axes": {"mood": "good"}}), flush=True)',
            0,
            "3 vectors, 0 skipped, 0 wrong passes, 1 wrong refusals",
        ),
    ],
)
def test_an_adapter_of_another_tool(script: str, code: int, said: str, few: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, run.__file__, "--adapter", adapter(tmp_path, script), few],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, said)
    assert ("WRONG PASS     b: bad" in done.stdout) == (code == 1)


@pytest.mark.parametrize("name", run.SHIPPED)
def test_shipped_adapters_answer(name: str, few: Path) -> None:
    answers = [one.answer.get("exit") for one in run.run(name, few)]
    assert answers == [0, 1, 1]


def test_adapter_that_cannot_be_run(few: Path, tmp_path: Path) -> None:
    for name in ("missing", "few"):
        done = subprocess.run(
            [sys.executable, run.__file__, "--adapter", tmp_path / name, few],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert f"{tmp_path / name}: cannot be run" in done.stderr
        assert "Traceback" not in done.stderr


def test_no_vectors_are_no_success(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, run.__file__, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1


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
