"""Options of labeling have the names of the fields of its records, by which they reach the library."""

from __future__ import annotations

import click

from project import Cli
from provlabel.cli import _labeling, label
from provlabel.labeling.options import FileOptions, LabelOptions


def test_each_option_has_the_name_of_its_field() -> None:
    offered = {param.name for param in _labeling.labeling_options(click.command()(lambda: None)).params}
    assert offered | {"timestamper"} == set(LabelOptions.__struct_fields__)
    own = {"parents", "ingredients", "input_files"}
    assert own <= {param.name for param in label.command.params} & set(FileOptions.__struct_fields__)


def test_a_file_has_one_parent_at_most(cli: Cli, media: object) -> None:
    done = cli(
        "label", f"{media}/take.mp3", "--kind", "ai_generated", "--system", "X", "--signer", "test",
        "--parent", f"{media}/take.wav", "--parent", f"{media}/take.flac",
    )  # fmt: skip
    assert done.returncode == 2
    assert "one parent" in done.stderr
