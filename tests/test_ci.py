"""Where it runs: pre-commit, really run, on real files and against hostile ones."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Cli, needs
from provlabel.formats import MEDIA_SUFFIXES
from repositories import Done, Repository

pytestmark = needs("git")

ROOT = Path(__file__).parents[1]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

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
def labelled(cli: Cli, tmp_path: Path, media: Path) -> Path:
    """A folder with a labelled picture, the same one altered, and one that is not labelled."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    done = cli(
        "label", media / "cover.jpg", "--kind", "ai_generated", "--signer", "test", "-q", "-o", folder / "good.jpg"
    )
    assert done.returncode == 0, done.stderr
    altered = bytearray((folder / "good.jpg").read_bytes())
    altered[-500] ^= 1
    (folder / "altered.jpg").write_bytes(altered)
    shutil.copy(media / "still.png", folder / "unlabelled.png")
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
        ("labeled", ["--trust", "test"], ["good.jpg"], ["altered.jpg", "unlabelled.png"]),
        ("labeled", [], [], ["good.jpg"]),  # nobody is trusted
        ("intact", [], ["good.jpg", "unlabelled.png"], ["altered.jpg"]),
    ],
)
def test_a_commit_is_blocked_or_not(
    repository: Repository, labelled: Path, hook: str, args: list[str], passing: list[str], blocked: list[str]
) -> None:
    install(repository, hook, args)
    for name in blocked:
        done = commit(repository, labelled / name, f"a {name}")
        assert done.returncode == 1, done.stdout + done.stderr
        assert f"FAIL  a {name}" in done.stdout + done.stderr
        assert f"a {name}" not in committed(repository)
        repository.git("rm", "-q", "-f", f"a {name}")
    for name in passing:
        done = commit(repository, labelled / name, f"a {name}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"a {name}" in committed(repository)


@pytest.mark.parametrize("suffix", sorted(MEDIA_SUFFIXES))
def test_the_hooks_see_every_media_file(suffix: str) -> None:
    """pre-commit's own tags would miss MP3, FLAC and M4A without a word."""
    for hook in HOOKS.values():
        assert re.search(hook["files"], f"folder/take{suffix.upper()}")
        assert not re.search(hook["files"], f"folder/take{suffix}.txt")


def test_hooks_and_what_is_no_media_do_not_meet(repository: Repository, labelled: Path) -> None:
    install(repository, "labeled", [])
    done = commit(repository, ROOT / "README.md", "README.md")
    assert done.returncode == 0
    assert "no files to check" in done.stdout + done.stderr


def test_no_file_name_commands_the_hook(repository: Repository, labelled: Path) -> None:
    install(repository, "labeled", ["--trust", "test"])
    for name in HOSTILE:
        shutil.copy(labelled / "altered.jpg", repository.folder / name)
    repository.git("add", "-A")
    done = repository.run("git", "commit", "-m", "All of them")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert said.count("FAIL  ") == len(HOSTILE)
    assert not list(repository.folder.rglob("pwned"))
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())


def test_a_file_named_like_an_option_is_not_obeyed(repository: Repository, labelled: Path) -> None:
    """A policy that lets everything pass, under the name of a picture."""
    install(repository, "labeled", ["--trust", "test"])
    (repository.folder / "--policy=lax.jpg").write_text('schema = "policy-v1"\nstates = ["unsigned"]\nlabel = false\n')
    done = commit(repository, labelled / "unlabelled.png", "a.png")
    assert done.returncode == 1
    assert "reads as an option" in done.stdout + done.stderr
