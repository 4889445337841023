"""Where it runs: pre-commit and the GitHub Action, each really run, on real files and against hostile ones."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from project import ROOT, Cli, needs
from provlabel.media.formats import FORMATS
from repositories import Done, Repository
from workbench import ACTION, HOOKS, Job, passes_schema

pytestmark = needs("git")


#: Names that a contributor chooses, and that would do harm if a shell or a parser of options saw them.
HOSTILE = (
    "; touch pwned;.jpg",
    "$(touch pwned).jpg",
    "`touch pwned`.jpg",
    '" && touch pwned && ".jpg',
    "' ; touch pwned '.jpg",
    "a\nb touch pwned.jpg",
    "::error::pwned.jpg",
    "two  spaces .jpg",
)


@pytest.fixture
def labeled(cli: Cli, tmp_path: Path, media: Path) -> Path:
    """A folder with a labeled picture, the same one altered, and one that is not labeled."""
    folder = tmp_path / "labeled"
    folder.mkdir()
    done = cli(
        "label", media / "cover.jpg", "--kind", "ai_generated", "--signer", "test", "-q", "-o", folder / "good.jpg"
    )
    assert done.returncode == 0, done.stderr
    altered = bytearray((folder / "good.jpg").read_bytes())
    altered[-500] ^= 1
    (folder / "altered.jpg").write_bytes(altered)
    shutil.copy(media / "still.png", folder / "unlabeled.png")
    return folder


@pytest.fixture
def repository(home: Path, tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", home)


# --- pre-commit -------------------------------------------------------------------------------------


def install(repository: Repository, name: str, args: list[str]) -> None:
    """Install one of our hooks as a user does, but for where its program comes from: tests reach no registry."""
    hook: dict[str, Any] = {**HOOKS[name], "language": "system", "args": args}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (repository.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    repository.commit("The hook")
    done = repository.run(sys.executable, "-m", "pre_commit", "install")
    assert done.returncode == 0, done.stdout + done.stderr


def commit(repository: Repository, source: Path, name: str) -> Done:
    """Try to commit one more file."""
    shutil.copy(source, repository.folder / name)
    repository.git("add", "-A")
    return repository.run("git", "commit", "-m", "One more")


def committed(repository: Repository) -> set[str]:
    return set(repository.git("ls-tree", "-r", "-z", "--name-only", "HEAD").strip("\0").split("\0"))


@pytest.mark.parametrize(
    ("hook", "args", "passing", "blocked"),
    [
        ("labeled", ["--trust", "test"], ["good.jpg"], ["altered.jpg", "unlabeled.png"]),
        ("labeled", [], [], ["good.jpg"]),  # nobody is trusted
        ("intact", [], ["good.jpg", "unlabeled.png"], ["altered.jpg"]),
    ],
)
def test_a_commit_is_blocked_or_not(
    repository: Repository, labeled: Path, hook: str, args: list[str], passing: list[str], blocked: list[str]
) -> None:
    install(repository, hook, args)
    for name in blocked:
        done = commit(repository, labeled / name, f"a {name}")
        assert done.returncode == 1, done.stdout + done.stderr
        assert f"FAIL  a {name}" in done.stdout + done.stderr
        assert f"a {name}" not in committed(repository)
        repository.git("rm", "-q", "-f", f"a {name}")
    for name in passing:
        done = commit(repository, labeled / name, f"a {name}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"a {name}" in committed(repository)


@pytest.mark.parametrize("suffix", sorted(suffix for row in FORMATS for suffix in row.suffixes))
def test_the_hook_of_what_is_signed_sees_every_file_that_may_be(suffix: str) -> None:
    """pre-commit's own tags would miss MP3, FLAC and M4A without a word."""
    assert re.search(HOOKS["intact"]["files"], f"folder/take{suffix.upper()}")
    assert not re.search(HOOKS["intact"]["files"], f"folder/take{suffix}.txt")


def test_the_hook_of_labels_sees_every_file_and_link_and_judges_by_content(
    repository: Repository, labeled: Path
) -> None:
    install(repository, "labeled", ["--trust", "test"])
    done = commit(repository, ROOT / "README.md", "README.md")
    assert done.returncode == 0, done.stdout + done.stderr
    done = commit(repository, labeled / "unlabeled.png", "notes.txt")
    assert done.returncode == 1
    assert "FAIL  notes.txt" in done.stdout + done.stderr
    repository.git("reset", "-q", "--hard")
    (repository.folder / "song.png").symlink_to(labeled / "unlabeled.png")
    repository.git("add", "-A")
    done = repository.run("git", "commit", "-m", "A link")
    assert done.returncode == 1
    assert "FAIL  song.png" in done.stdout + done.stderr


def test_the_hook_of_labels_goes_by_the_strict_policy_that_is_given(repository: Repository, labeled: Path) -> None:
    strict = 'schema = "policy-v1"\n[files]\nothers = "error"\nallow = ["md", "yaml", "toml"]\noutside = "error"\n'
    (repository.folder / "provlabel.toml").write_text(strict)
    install(repository, "labeled", ["--trust", "test", "--policy", "provlabel.toml"])
    assert commit(repository, ROOT / "README.md", "README.md").returncode == 0
    done = commit(repository, ROOT / "README.md", "notes.xyz")
    assert done.returncode == 1
    assert "FAIL  notes.xyz" in done.stdout + done.stderr


def test_no_file_name_commands_the_hook(repository: Repository, labeled: Path) -> None:
    install(repository, "labeled", ["--trust", "test"])
    for name in HOSTILE:
        shutil.copy(labeled / "altered.jpg", repository.folder / name)
    repository.git("add", "-A")
    done = repository.run("git", "commit", "-m", "All of them")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert said.count("FAIL  ") == len(HOSTILE)
    assert not list(repository.folder.rglob("pwned"))
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())


def test_a_file_named_like_an_option_is_not_obeyed(repository: Repository, labeled: Path) -> None:
    """A policy that lets everything pass, under the name of a picture."""
    install(repository, "labeled", ["--trust", "test"])
    (repository.folder / "--policy=lax.jpg").write_text('schema = "policy-v1"\nstates = ["unsigned"]\nlabel = false\n')
    done = commit(repository, labeled / "unlabeled.png", "a.png")
    assert done.returncode == 1
    assert "reads as an option" in done.stdout + done.stderr


# --- the action -------------------------------------------------------------------------------------


def test_the_action_follows_its_schema() -> None:
    passes_schema("github-actions", ROOT / "action.yml")


def test_nothing_reaches_a_shell_but_through_the_environment() -> None:
    read: set[str] = set()
    for step in ACTION["runs"]["steps"]:
        assert "uses" not in step, "an action of somebody else could change under us"
        assert "${{" not in step["run"]
        for name, value in step["env"].items():
            found = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)
            assert found is not None
            assert name == "INPUT_" + found[1].upper().replace("-", "_")
            assert f'"${name}"' in step["run"], f"{name} is not used in quotes"
            read.add(found[1])
        assert not re.search(r'(?<!")\$\{?(INPUT|RUNNER|GITHUB)', re.sub(r'"[^"\n]*"', '""', step["run"]))
    assert read == set(ACTION["inputs"])


def test_the_action_says_how_it_went(repository: Repository, labeled: Path) -> None:
    shutil.copytree(labeled, repository.folder / "release files")
    for paths, code in (
        ("release files/good.jpg", 0),
        ("release files", 1),
        ("release files/good.jpg\n\nrelease files/altered.jpg\n", 1),
        ("release files/missing.jpg", 3),
        ("", 2),
    ):
        job = Job(repository)
        given = {"paths": paths, "trust": "test", "sarif-file": "out.sarif", "html-file": "out.html"}
        assert job.action(given) == code, job.said
        assert job.outputs.read_text() == f"exit-code={code}\n"
        assert job.summary.read_text().strip()
        if code != 2:
            assert json.loads((repository.folder / "out.sarif").read_text())["version"] == "2.1.0"
            assert "<html" in (repository.folder / "out.html").read_text()
    assert (job.temp / "installed").read_text().split()[-1] == f"{ROOT}[html]"


def test_a_wrong_policy_or_pin_is_a_wrong_request(repository: Repository, labeled: Path) -> None:
    shutil.copy(labeled / "good.jpg", repository.folder)
    (repository.folder / "policy.toml").write_text('schema = "policy-v1"\nstats = ["trusted"]\n')
    (repository.folder / "right.toml").write_text('schema = "policy-v1"\nstates = ["trusted"]\n')
    for given in (
        {"policy": "policy.toml"},
        {"policy": "missing.toml"},
        {"policy": "right.toml", "policy-sha256": "0" * 64},
        {"policy": "right.toml", "options": "--no-such-option"},
    ):
        assert Job(repository).action({"trust": "test", **given}) == 2
    assert Job(repository).action({"trust": "test", "policy": "right.toml"}) == 0


def test_the_policy_of_the_action_counts(repository: Repository, labeled: Path) -> None:
    for name in ("good.jpg", "unlabeled.png"):
        shutil.copy(labeled / name, repository.folder)
    assert Job(repository).action({"policy": "intact"}) == 0
    shutil.copy(labeled / "altered.jpg", repository.folder)
    assert Job(repository).action({"policy": "intact"}) == 1
    first = Job(repository)
    assert first.action({"policy": "intact", "json-file": "baseline.json"}) == 1
    assert Job(repository).action({"policy": "intact", "baseline": "baseline.json"}) == 1  # one is damaged
    assert Job(repository).action({"policy": "intact", "baseline": "baseline.json", "options": "--accept"}) == 0


def test_no_file_name_commands_the_action(repository: Repository, labeled: Path) -> None:
    names = (*HOSTILE, "-o pwned.jpg")
    for name in names:
        shutil.copy(labeled / "altered.jpg", repository.folder / name)
    one_a_line = "\n".join(name for name in names if "\n" not in name)
    for paths, count in ((".", len(names)), (one_a_line, len(names) - 1)):
        job = Job(repository)
        assert job.action({"trust": "test", "paths": paths}) == 1, job.said
        commands = [line for line in job.said.splitlines() if line.lstrip().startswith("::")]
        assert [line.split()[0] for line in commands].count("::error") == count
        assert not any("::pwned" in line for line in commands)
    assert not list(repository.folder.rglob("pwned"))


@pytest.mark.parametrize("name", [name for name in ACTION["inputs"] if name != "python"])
def test_no_input_commands_the_action(repository: Repository, name: str) -> None:
    value = "\n".join(["$(touch pwned)", '"; touch pwned; "', "'; touch pwned; '", "`touch pwned`", "x; touch pwned"])
    Job(repository).action({name: value})
    assert not list(repository.folder.parent.rglob("pwned"))


def test_the_checkout_cannot_take_the_place_of_pythons_modules(repository: Repository, labeled: Path) -> None:
    """`python -m venv` would run the checkout's own venv.py."""
    for name in ("venv.py", "pip.py", "provlabel.py", "click.py"):
        (repository.folder / name).write_text("open('pwned', 'w')\n")
    shutil.copy(labeled / "good.jpg", repository.folder)
    repository.run(sys.executable, "-m", "venv", "--without-pip", str(repository.folder.parent / "made"))
    (repository.folder / "pwned").unlink()  # so there is something to be safe from
    done = repository.run(sys.executable, "-I", "-m", "venv", "--without-pip", str(repository.folder.parent / "made"))
    assert done.returncode == 0
    job = Job(repository)
    assert job.action({"trust": "test"}) == 0
    assert (job.temp / "installed").read_text().startswith("-I -m pip install ")
    assert not (repository.folder / "pwned").exists()
