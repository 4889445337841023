"""The public names: each is there and described, for Python as for type checkers."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import provlabel

PUBLIC = provlabel.__all__


def test_type_checkers_see_the_same_names() -> None:
    """They stand twice in that file, as no type checker follows names that are loaded when they are used."""
    tree = ast.parse(Path(provlabel.__file__).read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {name: f"provlabel.{home}.{name}" for name, home in provlabel._HOME_OF.items()}
    assert {*seen, "__version__"} == set(PUBLIC)
    assert set(dir(provlabel)) == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_is_there_and_described(name: str) -> None:
    value = getattr(provlabel, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lable_file'"):
        _ = provlabel.lable_file


def test_exit_codes_of_errors() -> None:
    codes = {name: getattr(provlabel, name).exit_code for name in PUBLIC if name.endswith("Error")}
    assert codes == {
        "ProvlabelError": 3,
        "UsageError": 2,
        "LabelError": 2,
        "ConfigError": 2,
        "InputError": 3,
        "OutputError": 3,
        "SignerError": 3,
        "TimestampError": 3,
        "EngineError": 3,
        "UnfitEngineError": 3,
        "VerificationError": 1,
    }
