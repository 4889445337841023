"""docs/gate.md, run: three commands, then each service lets labeled pictures in, and no sound without a label."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pages import Block, blocks_in
from project import ROOT, Cli, needs
from repositories import Repository
from workbench import HOOKS, Job, passes_schema

pytestmark = needs("git")

PAGE = (ROOT / "docs" / "gate.md").read_text()
BLOCKS = blocks_in(PAGE, "run", "workflow", "gitlab", "jenkins", "hooks")
FILES = {block.about: block.text for block in BLOCKS if block.about}
RUN = [block for block in BLOCKS if block.verb == "run"]


@pytest.fixture
def tree(cli: Cli, media: Path, home: Path, tmp_path: Path) -> Repository:
    """A repository with two labeled pictures and the root of who signed them; a sound and a picture lie beside it."""
    assert cli("key", "init", tmp_path / "key").returncode == 0
    made = Repository(tmp_path / "repository", home)
    (made.folder / "trust").mkdir()
    shutil.copy(tmp_path / "key" / "root.pem", made.folder / "trust")
    signer = f"file:{tmp_path}/key/key.pem?chain={tmp_path}/key/chain.pem"
    for name, output in (
        ("cover.jpg", made.folder / "cover.jpg"),
        ("still.png", made.folder / "still.png"),
        ("cover.jpg", tmp_path / "labeled.jpg"),
    ):
        done = cli("label", media / name, "--kind", "human_made", "--signer", signer, "-q", "-o", output)
        assert done.returncode == 0, done.stderr
    shutil.copy(media / "take.wav", tmp_path / "unlabeled.wav")
    made.commit("Pictures")
    return made


def put_in(at: Repository, name: str) -> None:
    path = at.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES[name])


def type_in(at: Repository, block: Block) -> None:
    for command, shown in block.commands:
        expected = re.search(r"\s+# ends with (\d)$", command)
        done = at.run("bash", "-c", command)
        said = done.stdout + done.stderr
        assert done.returncode == int(expected[1] if expected else 0), f"{command}\n{said}"
        for line in filter(None, map(str.strip, shown)):
            assert re.search(".*".join(map(re.escape, line.split("…"))), said), f"shows: {line}\nsaid:\n{said}"


def github(at: Repository) -> tuple[int, str]:
    [job] = yaml.safe_load(FILES[".github/workflows/labels.yml"])["jobs"].values()
    runner = Job(at)
    return runner.steps(job["steps"], {"github.base_ref": "main"}), runner.said


def gitlab(at: Repository) -> tuple[int, str]:
    script = yaml.safe_load(FILES[".gitlab-ci.yml"])["labels"]["script"]
    done = at.run("bash", "-c", "\n".join(["set -eo pipefail", *script]), CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    return done.returncode, done.stdout + done.stderr


def jenkins(at: Repository) -> tuple[int, str]:
    [script] = re.findall(r"sh '''\n(.*?)'''", FILES["Jenkinsfile"], re.DOTALL)
    done = at.run("sh", "-xc", script, CHANGE_TARGET="main")
    return done.returncode, done.stdout + done.stderr


SERVICES: dict[str, Callable[[Repository], tuple[int, str]]] = {
    ".github/workflows/labels.yml": github,
    ".gitlab-ci.yml": gitlab,
    "Jenkinsfile": jenkins,
}


@pytest.mark.parametrize("name", [*SERVICES, ".pre-commit-config.yaml"])
def test_the_page_runs_with_each_file(tree: Repository, name: str) -> None:
    put_in(tree, name)
    for block in RUN:
        type_in(tree, block)


def test_three_commands_are_three() -> None:
    assert len(RUN[0].commands) == 3


@pytest.mark.parametrize("name", SERVICES)
def test_the_service_is_green_with_a_labeled_picture_and_red_with_a_sound(
    tree: Repository, tmp_path: Path, name: str
) -> None:
    put_in(tree, name)
    type_in(tree, RUN[0])
    request = tree.clone("request")
    shutil.copy(tmp_path / "labeled.jpg", request.folder / "new.jpg")
    request.commit("A picture")
    code, said = SERVICES[name](request)
    assert code == 0, said
    shutil.copy(tmp_path / "unlabeled.wav", request.folder / "new.wav")
    request.commit("A sound")
    code, said = SERVICES[name](request)
    assert code == 1, said
    assert "new.wav" in said
    (request.folder / "provlabel.toml").write_text(
        'schema = "policy-v1"\nstates = ["trusted", "unsigned"]\nlabel = false\n'
    )
    request.commit("Rules of its own")
    assert SERVICES[name](request)[0] == 1


def test_the_hook_lets_a_labeled_picture_in_and_no_sound(tree: Repository, tmp_path: Path) -> None:
    config = yaml.safe_load(FILES[".pre-commit-config.yaml"])
    [repo] = config["repos"]
    hooks = [{**HOOKS[hook["id"]], **hook, "language": "system"} for hook in repo["hooks"]]  # tests reach no registry
    (tree.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    type_in(tree, RUN[0])
    assert tree.run(sys.executable, "-m", "pre_commit", "install").returncode == 0
    for source, name, code in (("labeled.jpg", "new.jpg", 0), ("unlabeled.wav", "new.wav", 1)):
        shutil.copy(tmp_path / source, tree.folder / name)
        tree.git("add", "-A")
        done = tree.run("git", "commit", "-m", "One more")
        assert done.returncode == code, done.stdout + done.stderr
    assert "FAIL  new.wav" in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["github-workflows", "gitlab-ci"])
def test_files_follow_their_schemas(tmp_path: Path, kind: str) -> None:
    [name] = [name for name in FILES if kind.split("-")[0] in name]
    path = tmp_path / Path(name).name
    path.write_text(FILES[name])
    passes_schema(kind, path)


def test_what_is_not_run_says_so() -> None:
    assert PAGE.count("**not run here**") == 3
