"""The architecture, held: imports point downward only, and each foreign package has its one room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "provlabel"

# From the ground up. A module imports from floors below its own, or from its own package.
FLOORS = (
    ("_version", "errors", "_text", "_times", "_schema", "_types", "_xml"),
    ("_faults",),
    ("_files", "sniffing"),
    ("_http",),
    ("label", "formats", "credentials"),
    ("containers", "mappings"),
    ("cbor", "jumbf", "streaming"),
    ("cose", "prescan", "codes", "rules", "evidence", "previews"),
    ("rereading",),
    ("report", "tags"),
    ("agreement", "opinions"),
    ("projecting", "drafting"),
    ("comparing", "delivery"),
    ("trust",),
    ("verdict", "law"),
    ("policy", "manifest"),
    ("reporting",),
    ("signers",),
    ("timestamps",),
    ("_native",),
    ("engine", "second_opinion"),
    ("signing", "selftest"),
    ("_worker", "targets", "decoding", "online"),
    ("sandbox",),
    ("evidence_cache",),
    ("verifying", "picturing"),
    ("differing",),
    ("sources",),
    ("dressing",),
    ("publishing",),
    ("labeling",),
    ("stamping", "batch"),
    ("schemas", "renderers"),
    ("cli",),
    ("__init__", "__main__"),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

# Foreign package -> the rooms that may import it.
ROOMS: dict[str, set[str]] = {
    "c2pa": {"engine"},
    "click": {"cli"},
    "encypher_c2pa": {"second_opinion"},
    "mutagen": set(),  # GPL, and it judges our tags (docs/adr/0014-own-taggers.md)
    "PIL": {"previews"},
    "miniaudio": {"previews"},
    "cryptography": {"signers", "credentials"},
    "cbor2": {"cose"},
    "asn1crypto": {"credentials", "timestamps"},
    "pyhanko_certvalidator": {"credentials"},
    "boto3": {"signers"},
    "botocore": {"signers"},
    "pkcs11": {"signers"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[str]:
    """Every imported module, but for those that only type checkers see."""
    tree = ast.parse(path.read_text())
    hidden = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "provlabel":
                yield from (f"provlabel.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downward(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        if not name.startswith("provlabel."):
            continue
        other = name.split(".")[1]
        assert other in LEVEL, f"{room} imports {name}, which stands on no floor"
        assert other == room or LEVEL[other] < LEVEL[room], f"{room} imports {name} from the same floor or above"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_foreign_packages_stay_in_their_rooms(path: Path) -> None:
    for name in imports(path):
        top = name.split(".")[0]
        assert top not in ROOMS or room_of(path) in ROOMS[top], f"{path.name} imports {name}"


def test_every_room_is_on_a_floor() -> None:
    assert {room_of(path) for path in modules()} == set(LEVEL)


def test_import_is_light() -> None:
    """What start-up pays for: nothing heavy until it is used."""
    import subprocess
    import sys

    script = "import sys, provlabel.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"c2pa", "cryptography", "msgspec", "PIL", "miniaudio", "mutagen", "ssl", "asyncio"} & set(loaded)
