"""Checks of one's own: what they may add, what they may not, and how an installed package offers one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from project import MEDIA, Cli
from provlabel import ConfigError, Finding, Judge, Label, Policy, load_judges, verify_bytes
from provlabel.policy import BUILTIN
from provlabel.report import Excuse
from provlabel.report.renderers import RENDERERS, Extras
from provlabel.sandbox import Sandbox

INTACT = BUILTIN["intact"]


class Says:
    """Yields what it is made with."""

    def __init__(self, *told: Any) -> None:
        self._told = told

    def findings(self, file: Any, evidence: Any, verdict: Any) -> Iterator[Any]:
        for item in self._told:
            if isinstance(item, Exception):
                raise item
            yield item


def judged(sandbox: Sandbox, *judges: Judge, policy: Policy = INTACT) -> Any:
    [file] = verify_bytes(
        (MEDIA / "cover.jpg").read_bytes(), name="cover.jpg", policy=policy, judges=judges, sandbox=sandbox
    ).files
    return file


def own(rule: str = "own.logo", level: Any = "error") -> Finding:
    return Finding(rule, level, "no logo", "add one")


def test_what_it_finds_is_added(sandbox: Sandbox) -> None:
    plain = judged(sandbox)
    file = judged(sandbox, Says(own(level="warning")), Says(), Says(own(), own("own.other", "note")))
    assert file.findings == (*plain.findings, own(level="warning"), own(), own("own.other", "note"))
    assert (plain.passed, file.passed) == (True, False)
    assert (file.state, file.axes) == (plain.state, plain.axes)


def test_it_sees_the_file_as_it_is_reported(sandbox: Sandbox) -> None:
    class Looks:
        def findings(self, file: Any, evidence: Any, verdict: Any) -> Iterator[Finding]:
            assert evidence.format == file.format == "JPEG"
            assert verdict.state == file.state == "unsigned"
            yield Finding("own.seen", "note", f"{len(file.findings)} before")

    first = judged(sandbox, Looks()).findings[-1]
    second = judged(sandbox, Says(own()), Looks()).findings[-1]
    assert int(second.message.split()[0]) == int(first.message.split()[0]) + 1


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (ValueError("no such table"), "ValueError: no such table"),
        (RecursionError(), "RecursionError"),
        ("a text", "str is no Finding"),
        (None, "NoneType is no Finding"),
        (Finding("content.altered", "note", "ours"), "content.altered does not begin with own."),
        (Finding("", "note", ""), "does not begin with own."),
    ],
    ids=["raises", "recursion", "text", "nothing", "a rule of ours", "no rule"],
)
def test_where_it_fails_the_file_does_and_says_whose_check(told: Any, why: str, sandbox: Sandbox) -> None:
    file = judged(sandbox, Says(told), Says(own("own.next", "note")))
    failed = [item for item in file.findings if item.rule == "judge.failed"]
    assert [(item.level, why in item.message, "Says" in item.message) for item in failed] == [("error", True, True)]
    assert file.findings[-1].rule == "own.next", "the others are heard all the same"
    assert not file.passed


def test_what_it_found_before_it_failed_is_not_half_a_check(sandbox: Sandbox) -> None:
    file = judged(sandbox, Says(own(), ValueError("then")))
    assert [item.rule for item in file.findings if item.level == "error"] == ["judge.failed"]


def test_it_excuses_nothing(sandbox: Sandbox) -> None:
    excused = Finding("own.logo", "error", "no logo", excuse=Excuse(by="baseline"))
    assert not judged(sandbox, Says(excused)).passed


def test_an_interrupt_is_no_failure_of_a_check(sandbox: Sandbox) -> None:
    class Interrupted:
        def findings(self, *_: Any) -> Iterator[Finding]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(sandbox, Interrupted())


def test_policies_set_its_level(sandbox: Sandbox, tmp_path: Path, cli: Cli) -> None:
    import msgspec

    lowered = msgspec.structs.replace(INTACT, levels={"own.logo": "note"})
    assert judged(sandbox, Says(own()), policy=lowered).passed
    (tmp_path / "p.toml").write_text(
        'policy = "policy-v1"\nname = "a"\nlabel = false\nlevels = {"own.logo" = "note"}\n'
    )
    done = cli("verify", str(MEDIA / "cover.jpg"), "--policy", str(tmp_path / "p.toml"))
    assert "no such rule" not in done.stderr


@pytest.mark.parametrize("output", sorted(RENDERERS))
def test_every_output_shows_it(output: str, sandbox: Sandbox) -> None:
    content = (MEDIA / "cover.jpg").read_bytes()
    hostile = Finding("own.<b>\x1b[31m", "error", "no logo <script>\x1b[2J", "hint\nline")
    report = verify_bytes(content, name="cover.jpg", judges=[Says(own(), hostile)], sandbox=sandbox)
    text = RENDERERS[output].render(report, Extras())
    assert output == "tree" or "no logo" in text
    assert "\x1b[2J" not in text
    if output == "sarif":
        rules = {row["id"] for row in json.loads(text)["runs"][0]["tool"]["driver"]["rules"]}
        assert "own.logo" in rules


# --- installed packages ----------------------------------------------------------------------------


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(folder: Path, package: str, offers: str, code: str) -> None:
    (folder / f"{package}.py").write_text(code)
    info = folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[provlabel.judges]\n{offers}\n")


CHECK = """
from provlabel import Finding

class Logo:
    def findings(self, file, evidence, verdict):
        yield Finding("own.logo", "error", f"{file.format} without a logo", "add one")

one = Logo()
"""


@pytest.mark.parametrize("what", ["Logo", "one"])
def test_a_package_offers_one(what: str, packages: Path, sandbox: Sandbox) -> None:
    install(packages, "acme_logo", f"logo = acme_logo:{what}", CHECK)
    assert "acme_logo" not in sys.modules
    assert judged(sandbox).passed, "to be installed is not to judge"
    assert "acme_logo" not in sys.modules
    file = judged(sandbox, *load_judges(["logo"]))
    assert file.findings[-1].message == "JPEG without a logo"
    sys.modules.pop("acme_logo")


@pytest.mark.parametrize(
    ("offers", "code", "why"),
    [
        ("other = acme_x:Logo", CHECK, "no installed package offers it"),
        ("logo = acme_x:Missing", CHECK, "AttributeError"),
        ("logo = acme_x:Logo", "import provlabel_no_such", "ModuleNotFoundError"),
        ("logo = acme_x:Logo", "Logo = 3", "has no method findings"),
        ("logo = acme_x:Logo", "class Logo:\n    def __init__(self, a): pass", "TypeError"),
    ],
)
def test_one_that_cannot_be_had_is_a_wrong_configuration(offers: str, code: str, why: str, packages: Path) -> None:
    install(packages, "acme_x", offers, code)
    with pytest.raises(ConfigError, match=why):
        load_judges(["logo"])
    sys.modules.pop("acme_x", None)


def test_two_packages_with_one_name_are_told_apart_by_nobody(packages: Path) -> None:
    install(packages, "acme_a", "logo = acme_a:Logo", CHECK)
    install(packages, "acme_b", "logo = acme_b:Logo", CHECK)
    with pytest.raises(ConfigError, match="several packages offer it: acme_a:Logo, acme_b:Logo"):
        load_judges(["logo"])


@pytest.mark.fresh  # the search path of this process is theirs
def test_at_the_terminal(packages: Path, cli: Cli, label: Label) -> None:
    install(packages, "acme_logo", "logo = acme_logo:Logo", CHECK)
    cover = str(MEDIA / "cover.jpg")
    assert cli("verify", cover, "--policy", "intact").returncode == 0
    done = cli("verify", cover, "--policy", "intact", "--judge", "logo")
    assert (done.returncode, "JPEG without a logo" in done.stdout) == (1, True)
    done = cli("verify", cover, "--judge", "lego")
    assert (done.returncode, "no installed package offers it" in done.stderr) == (2, True)
