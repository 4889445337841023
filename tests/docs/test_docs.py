"""Docs are examples that run: README, help texts, generated tables and published schemas."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from project import DOCS, ROOT, Cli
from provlabel._support import text as _text
from provlabel.carriers.tags import TAGGERS
from provlabel.cli import _COMMANDS
from provlabel.media.formats import FORMATS
from provlabel.report.rules import RULES
from provlabel.schemas import SCHEMAS

pytestmark = pytest.mark.fresh

README = (ROOT / "README.md").read_text()


def generated() -> dict[Path, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.generated())


def test_generated_files_are_up_to_date() -> None:
    for path, content in generated().items():
        stands = path.read_text()
        same = json.loads(stands) == json.loads(content) if path.suffix == ".json" else stands == content
        assert same, f"{path.name} is stale: run make docs"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_are_schemas(name: str) -> None:
    schema = SCHEMAS[name]()
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_field_of_the_label_is_described() -> None:
    for record in SCHEMAS["label"]()["$defs"].values():
        assert record["description"]
        for name, field in record["properties"].items():
            assert {"title", "description", "examples", "x-privacy"} <= set(field), name
            assert field["x-privacy"] in ("system", "personal")


def test_examples_of_the_label_schema_are_valid() -> None:
    schema = SCHEMAS["label"]()
    for record in schema["$defs"].values():
        for field in record["properties"].values():
            definition = {**field, "$defs": schema["$defs"]}
            for example in field["examples"]:
                jsonschema_rs.Draft202012Validator(definition).validate(example)


def test_doctest() -> None:
    assert doctest.testmod(_text).failed == 0


PYTHON = [
    pytest.param(block, id=f"{page.name} {number}")
    for page in (ROOT / "README.md", DOCS / "python.md", DOCS / "sheets.md")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize("code", PYTHON)
def test_python_of_the_pages_runs(code: str, media: Path, credential: Path, tmp_path: Path) -> None:
    for name in ("key.pem", "chain.pem", "root.pem"):
        (tmp_path / name).write_bytes((credential / name).read_bytes())
    (tmp_path / "key.pem").chmod(0o600)
    for name in ("take.wav", "cover.jpg"):
        (tmp_path / name).write_bytes((media / name).read_bytes())
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert ("take.labeled.wav" in code) == (tmp_path / "take.labeled.wav").exists()


def test_readme_console_says_what_is_said(media: Path, cli: Cli) -> None:
    """The lines of the first example, but for time, sizes and what the page cuts with …"""
    label = re.search(r"\$ provlabel (label take\.wav .*)\n", README)
    assert label is not None
    import shlex

    done = cli(*shlex.split(label[1]), cwd=media)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"take\.wav -> take\.labeled\.wav  \(WAV, manifest 4,\d\d\d bytes, repeated in id3, riff\)\n", done.stdout
    )
    shown = cli("verify", "take.labeled.wav", "--trust", "test", "-v", cwd=media).stdout
    example = README.split("$ provlabel verify take.labeled.wav --trust test -v\n")[1].split("```")[0]
    for line in example.splitlines():
        if "since" not in line:
            assert line.removesuffix(" · …") in shown


def test_readme_names_every_command() -> None:
    for command in _COMMANDS:
        assert f"{command}" in README


def test_the_page_of_formats_says_of_each_what_becomes_of_it() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    table = page.partition("## Every format\n")[2].partition("\n## ")[0]
    told = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    expected = []
    for row in FORMATS:
        tags = TAGGERS[row.name].carriers if row.name in TAGGERS and row.embed else ()
        where = f"embedded: {row.where}" if row.embed else "beside the file"
        expected.append([row.name, where, ", ".join(tags) or "none", row.why_detached])
    assert [[*cells[:3], "" if cells[1] != "beside the file" else cells[3]] for cells in told] == expected
    assert all(cells[3] for cells in told)


def test_what_editors_are_told_can_be_read() -> None:
    """The blocks of docs/start.md; taplo and the JSON service of VS Code were tried by hand, as the page says."""
    page = (DOCS / "start.md").read_text()
    (settings,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json.loads(settings)["json.schemas"][0]["fileMatch"] == ["*.label.json"]
    (rules_of_taplo,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    plain = "\n".join(line.strip() for line in rules_of_taplo.splitlines())
    assert msgspec.toml.decode(plain)["rule"][0]["schema"]["path"] == "./label-v1.json"


def test_links_of_the_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_tests_named_in_the_docs_exist() -> None:
    tests = "".join(path.read_text() + path.name for path in (ROOT / "tests").rglob("test_*.py"))
    for page in (ROOT / "docs").glob("*.md"):
        for name in re.findall(r"`(?:test_\w+\.py::)?(test_\w+(?:\.py)?)", page.read_text()):
            assert name in tests, f"{page.name}: {name}"


def test_rules_in_the_source_are_in_the_table() -> None:
    """Wherever they stand, in a call or in a table: one that is misspelt would be found by the user."""
    families = "|".join({rule.partition(".")[0] for rule in RULES})
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py") if path.parent.name != "selftest")
    named = set(re.findall(rf'"((?:{families})\.[a-z][a-z.-]*)"', source)) - {"engine.identity"}  # a module
    assert named <= set(RULES)
    assert len(named) > 60


def test_command_line_of_python_m(cli: Cli) -> None:
    assert re.fullmatch(r"provlabel, version \d+\.\d+\.\d+\n", cli("--version").stdout)
    assert cli("lable").returncode == 2
    assert "no such command" in cli("lable").stderr


def test_make_demo_script_runs_to_its_end(tmp_path: Path) -> None:
    """What `make demo` runs, with the installed command."""
    import os
    import shutil

    (tmp_path / "samples").mkdir()
    shutil.copy(ROOT / "samples" / "demo.sh", tmp_path / "samples")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path}
    done = subprocess.run(
        ["sh", "samples/demo.sh"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PASS") == 5
    assert "INVALID: do not rely" in done.stdout
    assert "That is all." in done.stdout
