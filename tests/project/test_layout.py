"""The layout, held: imports point downward, nothing private leaves its package, foreign libraries have one place."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from layout import ORDER
from project import ROOT

SOURCE = ROOT / "src" / "provlabel"

PLACE = {name: place for place, name in enumerate(ORDER)}

# Foreign library -> the packages that may import it.
LIBRARIES: dict[str, set[str]] = {
    "brotli": {"manifest"},
    "c2pa": {"engine"},
    "click": {"cli"},
    "encypher_c2pa": {"sandbox"},
    "mutagen": set(),  # GPL, and it judges our tags (docs/adr/0014-own-taggers.md)
    "eyed3": set(),  # the same
    "taglib": set(),  # the same
    "PIL": {"media"},
    "miniaudio": {"media"},
    "cryptography": {"signers", "trust"},
    "cbor2": {"manifest"},
    "asn1crypto": {"trust"},
    "pyhanko_certvalidator": {"trust"},
    "boto3": {"signers"},
    "botocore": {"signers"},
    "pkcs11": {"signers"},
}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


MODULES = {
    ".".join(("provlabel", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in modules()
}


def package_of(module: str) -> str:
    """The package or module below provlabel: ``media`` of ``provlabel.media.formats``."""
    return (*module.split("."), "__init__")[1]


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that is imported anywhere in a file, also for type checkers alone and inside of functions."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def ours(path: Path) -> Iterator[str]:
    return (name for name in imports(path) if name in MODULES)


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"provlabel"}))
def test_imports_point_downward(module: str) -> None:
    """The one exception is ``provlabel`` itself, which hands out names of all packages when they are first used."""
    for name in ours(MODULES[module]):
        here, there = package_of(module), package_of(name)
        assert there in (here, "__init__") or PLACE[there] < PLACE[here], f"{module} imports {name}: see ORDER"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_private_leaves_its_package(module: str) -> None:
    for name in ours(MODULES[module]):
        private = [part for part in name.split(".")[2:] if part.startswith("_")]
        assert not private or package_of(name) == package_of(module), f"{module} imports {name}"


def test_no_two_modules_import_each_other() -> None:
    """Not even over others, and not even for types: whoever reads one would have to read both."""
    below = {
        module: {name for name in ours(path) if name not in (module, "provlabel")} for module, path in MODULES.items()
    }
    while free := [module for module, names in below.items() if not names & set(below)]:
        for module in free:
            del below[module]
    assert not below, f"among these are circles: {sorted(below)}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_each_foreign_library_has_its_place(module: str) -> None:
    for name in imports(MODULES[module]):
        top = name.split(".")[0]
        assert top not in LIBRARIES or package_of(module) in LIBRARIES[top], f"{module} imports {name}"


def test_every_package_has_a_place() -> None:
    assert {package_of(module) for module in MODULES} == {*ORDER, "__init__"}


def test_a_class_has_a_name_of_its_own() -> None:
    """One word for one thing: whoever searches for a class finds one."""
    homes: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, set()).add(module)
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}


# --- CONTRIBUTING.md -------------------------------------------------------------------------------

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_tree_of_contributing_names_everything() -> None:
    tree = PAGE.partition("```\nsrc/provlabel/\n")[2].partition("```")[0]
    names = set(re.findall(r"\w+", tree))
    assert set(ORDER) - {"_version", "__main__"} <= names
    modules = {module for module in MODULES if module.count(".") == 2 and package_of(module) != "cli"}
    assert {name for name in (module.rpartition(".")[2] for module in modules) if name[0] != "_"} - names == set()


def test_its_table_names_what_is_there() -> None:
    table = PAGE.partition("### To add")[2].partition("### What outlives")[0]
    named = re.findall(r"`([\w/]+(?:\.py|/))`", table)
    paths = [path for path in named if not path.startswith(("tests/", "fuzz/", "spec/"))]
    assert len(paths) > 20
    assert [path for path in paths if not (SOURCE / path).exists() and path != "__init__.py"] == []


#: What makes something that can be changed, or that others wait for.
MADE = {"set", "dict", "list", "deque", "Lock", "RLock", "Event", "WeakSet", "WeakKeyDictionary", "WeakValueDictionary"}
CACHES = {"cache", "lru_cache"}


def called(node: ast.expr) -> str:
    """The last name of what is called: ``RLock`` of ``threading.RLock()``, ``set`` of ``set[str]()``."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def outlives(path: Path) -> Iterator[str]:
    """What a module keeps between calls: cached functions, and containers that are filled later."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(called(item) in CACHES for item in node.decorator_list):
            yield node.name
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        empty = isinstance(value, ast.Dict | ast.List) and not ast.unparse(value).strip("{}[]")
        if isinstance(target, ast.Name) and (empty or (isinstance(value, ast.Call) and called(value) in MADE)):
            yield target.id


def test_what_outlives_a_call_is_in_its_table() -> None:
    table = PAGE.partition("### What outlives a call")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| \S", table, re.MULTILINE)
    named = {(module, name) for module, names in rows for name in re.findall(r"`(\w+)`", names)}
    found = {(str(path.relative_to(SOURCE)), name) for path in MODULES.values() for name in outlives(path)}
    assert found == named


def test_import_is_light() -> None:
    """What start-up pays for: nothing heavy until it is used."""
    import subprocess
    import sys

    script = "import sys, provlabel.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"c2pa", "cryptography", "msgspec", "PIL", "miniaudio", "mutagen", "ssl", "asyncio"} & set(loaded)


# --- tests -----------------------------------------------------------------------------------------

TESTS = ROOT / "tests"
#: The one ROOT, a program that has to find the helpers first, and this.
OUTSIDE = {("helpers", "project.py"), ("conformance", "build.py"), ("project", "test_layout.py")}
#: Folders of tests that are no package of the source.
OTHERS = {"scenarios", "docs", "project", "helpers", "data"}


def test_tests_have_the_folders_of_the_source() -> None:
    packages = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= packages | OTHERS
    assert not packages & OTHERS
    assert packages - folders == {"_support"}, "it is tested by what stands on it"


def test_tests_are_in_those_folders_and_helpers_in_theirs() -> None:
    assert {path.name for path in TESTS.glob("*.py")} == {"conftest.py"}
    assert not list((TESTS / "helpers").rglob("test_*"))
    names = [path.name for path in TESTS.rglob("test_*.py")]
    assert len(names) == len(set(names)), "pytest imports them by their names"


SCRIPTS = sorted(
    path for name in ("tests", "fuzz", "proof", "bench", "samples") for path in (ROOT / name).rglob("*.py")
)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_imported_from_a_test(path: Path) -> None:
    """What two of them share is in ``helpers``, and so is the one ``ROOT`` of all tests."""
    tops = {name.split(".")[0] for name in imports(path)}
    assert not [name for name in tops if name.startswith("test_") or name == "conftest"]
    if TESTS in path.parents and path.parts[-2:] not in OUTSIDE:
        assert "__file__).parents" not in path.read_text()
