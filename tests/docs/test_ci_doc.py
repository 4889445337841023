"""docs/ci.md, run: its commands, hooks and workflows as they stand there, in scratch repositories with real git.

Marks as in docs/keys.md; besides, ``<!-- workflow: NAME -->``, ``<!-- gitlab: NAME -->`` and ``<!-- hooks -->``.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pages import blocks_in
from project import Cli, needs
from repositories import Done, Repository
from workbench import HOOKS, ROOT, Job, passes_schema

pytestmark = needs("git")

PAGE = (ROOT / "docs" / "ci.md").read_text()
BLOCKS = blocks_in(PAGE, "run", "save", "workflow", "gitlab", "hooks")


def named(name: str) -> str:
    return next(block.text for block in BLOCKS if block.about == name)


@pytest.fixture
def media_files(cli: Cli, tmp_path: Path, media: Path) -> Path:
    """What the page finds beside the repository, and the root that its policy trusts."""
    for folder, versions in (("key", {"labeled": "1", "relabeled": "2"}), ("other", {"forged": "1"})):
        assert cli("key", "init", tmp_path / folder).returncode == 0
        for name, version in versions.items():
            made = cli(
                "label", media / "cover.jpg", "--kind", "ai_generated", "--system", f"AcmePaint@{version}", "-q",
                "--signer", f"file:{tmp_path}/{folder}/key.pem?chain={tmp_path}/{folder}/chain.pem",
                "-o", tmp_path / f"{name}.jpg",
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
    altered = bytearray((tmp_path / "labeled.jpg").read_bytes())
    altered[-500] ^= 1
    (tmp_path / "altered.jpg").write_bytes(altered)
    shutil.copy(media / "still.png", tmp_path / "unlabeled.png")
    return tmp_path


@pytest.fixture
def repository(media_files: Path, home: Path) -> Repository:
    """A repository as the page wants it, with a labeled picture."""
    made = Repository(media_files / "repository", home)
    (made.folder / "trust").mkdir()
    shutil.copy(media_files / "key" / "root.pem", made.folder / "trust")
    shutil.copy(media_files / "labeled.jpg", made.folder / "cover.jpg")
    (made.folder / "provlabel.toml").write_text(named("provlabel.toml"))
    made.commit("The first picture")
    command = made.bin / "pre-commit"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m pre_commit "$@"\n')
    command.chmod(0o755)
    return made


def run_one(at: Repository, command: str, shown: list[str]) -> None:
    expected = re.search(r"\s+# ends with (\d)$", command)
    done = at.run("bash", "-c", command)
    said = done.stdout + done.stderr
    assert done.returncode == int(expected[1] if expected else 0), f"{command}\n{said}"
    for line in filter(None, map(str.strip, shown)):
        assert re.search(".*".join(map(re.escape, line.split("…"))), said), f"{command}\nshows: {line}\nsaid:\n{said}"


def hooks_of_this_checkout(text: str) -> str:
    """The configuration of the page, with the hooks as they stand here: tests reach no registry."""
    config = yaml.safe_load(text)
    [repo] = config["repos"]
    hooks = [{**HOOKS[hook["id"]], **hook, "language": "system"} for hook in repo["hooks"]]
    return yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]})


def test_the_commands_of_the_page_run_as_they_stand(repository: Repository) -> None:
    for block in BLOCKS:
        if block.verb == "save":
            (repository.folder / block.about).write_text(block.text)
        elif block.verb == "hooks":
            (repository.folder / ".pre-commit-config.yaml").write_text(hooks_of_this_checkout(block.text))
        elif block.verb == "run":
            for command, shown in block.commands:
                run_one(repository, command, shown)


def test_every_block_has_its_mark_or_says_why_not() -> None:
    for text in re.findall(r"^```(?:console|yaml|toml)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
        assert any(text == block.text for block in BLOCKS), f"this block has no mark:\n{text}"
    assert PAGE.count("**not run here**") == 5


# --- pull requests ----------------------------------------------------------------------------------

Attack = Callable[[Repository, Path], None]


def add(name: str) -> Attack:
    return lambda at, media: shutil.copy(media / name, at.folder / f"new {name}") and None


def with_a_policy(at: Repository, media: Path) -> None:
    add("unlabeled.png")(at, media)
    lax = 'schema = "policy-v1"\nstates = ["trusted", "valid", "unsigned"]\nlabel = false\n'
    (at.folder / "provlabel.toml").write_text(lax)


def with_an_exception(at: Repository, media: Path) -> None:
    add("unlabeled.png")(at, media)
    with (at.folder / "provlabel.toml").open("a") as stream:
        stream.write(
            '\n[[exceptions]]\npath = "**"\nrule = "policy.*"\nreason = "x"\nowner = "x"\nexpires = 2099-01-01\n'
        )


def with_a_root(at: Repository, media: Path) -> None:
    add("forged.jpg")(at, media)
    roots = [(media / folder / "root.pem").read_text() for folder in ("key", "other")]
    (at.folder / "trust" / "root.pem").write_text("".join(roots))


def with_a_baseline(at: Repository, media: Path) -> None:
    add("unlabeled.png")(at, media)
    (at.folder / "baseline.json").write_text(baseline(at))


def with_attributes(at: Repository, media: Path) -> None:
    """Tell git to leave the policy out of archives."""
    add("unlabeled.png")(at, media)
    (at.folder / ".gitattributes").write_text("provlabel.toml export-ignore\ntrust export-ignore\n")


ATTACKS: dict[str, Attack] = {
    "an unlabeled file": add("unlabeled.png"),
    "an altered file": add("altered.jpg"),
    "a file of an unknown signer": add("forged.jpg"),
    "its own policy": with_a_policy,
    "its own exception": with_an_exception,
    "its own root": with_a_root,
    "its own baseline": with_a_baseline,
    "attributes that hide the policy": with_attributes,
}


def pull_request(base: Repository, media: Path, change: Attack) -> Repository:
    """A clone as a runner checks it out, on a branch with one more commit than ``origin/main``."""
    (base.folder / "baseline.json").write_text(baseline(base))
    base.commit("A baseline")
    checkout = base.clone("pull-request")
    checkout.git("checkout", "-q", "-b", "topic", "origin/main")
    change(checkout, media)
    checkout.commit("A change")
    return checkout


def baseline(base: Repository) -> str:
    return base.run("provlabel", "verify", ".", "--policy", "provlabel.toml", "--format", "json").stdout


def github(checkout: Repository) -> tuple[int, str]:
    """Run the steps of the page's workflow."""
    [job] = yaml.safe_load(named(".github/workflows/labels.yml"))["jobs"].values()
    runner = Job(checkout)
    for step in job["steps"]:
        assert "${{" not in step.get("run", "")
    return runner.steps(job["steps"], {"github.base_ref": "main"}), runner.said


def gitlab(checkout: Repository) -> tuple[int, str]:
    """Run the script of the page's recipe: GitLab joins the lines, and the first that fails ends the job."""
    job = yaml.safe_load(named(".gitlab-ci.yml"))["labels"]
    script = "\n".join(["set -eo pipefail", *job["script"]])
    done: Done = checkout.run("bash", "-c", script, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    return done.returncode, done.stdout + done.stderr


SERVICES = (github, gitlab)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_pull_request_cannot_pass_itself(
    repository: Repository, media_files: Path, attack: str, service: Callable[[Repository], tuple[int, str]]
) -> None:
    checkout = pull_request(repository, media_files, ATTACKS[attack])
    by_its_own = checkout.run(
        "provlabel", "verify", ".", "--policy", "provlabel.toml", "--baseline", "baseline.json"
    ).returncode  # fmt: skip
    assert (by_its_own == 0) == attack.startswith("its own"), "the attack is none"
    code, said = service(checkout)
    assert code == 1, said


@pytest.mark.parametrize("service", SERVICES)
def test_a_broken_policy_in_a_pull_request_stops_it(
    repository: Repository, media_files: Path, service: Callable[[Repository], tuple[int, str]]
) -> None:
    def broken(at: Repository, _media: Path) -> None:
        (at.folder / "provlabel.toml").write_text("states = [")

    code, said = service(pull_request(repository, media_files, broken))
    assert code == 2, said


@pytest.mark.parametrize("service", SERVICES)
def test_an_honest_pull_request_passes(
    repository: Repository, media_files: Path, service: Callable[[Repository], tuple[int, str]]
) -> None:
    checkout = pull_request(repository, media_files, add("relabeled.jpg"))
    code, said = service(checkout)
    assert code == 0, said


@pytest.mark.parametrize("service", SERVICES)
def test_a_pull_request_may_ask_for_more(
    repository: Repository, media_files: Path, service: Callable[[Repository], tuple[int, str]]
) -> None:
    def stricter(at: Repository, _media: Path) -> None:
        (at.folder / "provlabel.toml").write_text('schema = "policy-v1"\nfields = ["provider.name"]\n')

    code, said = service(pull_request(repository, media_files, stricter))
    assert code == 1, said


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_policy_in_the_base_branch_nothing_passes(
    repository: Repository, media_files: Path, service: Callable[[Repository], tuple[int, str]]
) -> None:
    """The pull request brings the first policy; the job fails before it looks at a file."""
    repository.git("rm", "-q", "provlabel.toml")
    repository.commit("No policy")
    checkout = repository.clone("pull-request")
    checkout.git("checkout", "-q", "-b", "topic", "origin/main")
    (checkout.folder / "provlabel.toml").write_text(named("provlabel.toml"))
    checkout.commit("A policy")
    assert service(checkout)[0] != 0


def test_a_pinned_policy_is_that_one_or_none(repository: Repository, media_files: Path) -> None:
    root = hashlib.sha256((repository.folder / "trust" / "root.pem").read_bytes()).hexdigest()
    policy = f'schema = "policy-v1"\n[trust]\nanchors = [{{ path = "trust/root.pem", sha256 = "{root}" }}]\n'
    (repository.folder / "release.toml").write_text(policy)
    (repository.folder / "release files").mkdir()
    shutil.copy(media_files / "relabeled.jpg", repository.folder / "release files")
    pin = hashlib.sha256(policy.encode()).hexdigest()
    text = named(".github/workflows/release.yml")
    [job] = yaml.safe_load(text.replace("SHA256_OF_RELEASE_TOML", pin))["jobs"].values()
    runner = Job(repository)
    assert runner.steps(job["steps"], {}) == 0, runner.said
    (repository.folder / "release.toml").write_text(policy + "label = false\n")
    assert Job(repository).steps(job["steps"], {}) == 2


@pytest.mark.parametrize("name", [block.about for block in BLOCKS if block.verb in ("workflow", "gitlab")])
def test_workflows_follow_their_schemas(tmp_path: Path, name: str) -> None:
    path = tmp_path / Path(name).name
    path.write_text(named(name))
    passes_schema("gitlab-ci" if "gitlab" in name else "github-workflows", path)


@pytest.mark.parametrize("name", [block.about for block in BLOCKS if block.verb == "workflow"])
def test_workflows_ask_for_little_and_pin_what_they_use(name: str) -> None:
    workflow = yaml.safe_load(named(name))
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in str(workflow[True])  # YAML 1.1 reads `on` as true
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "uses" not in step or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
    assert json.dumps(workflow["jobs"]).count("write") <= 1
