"""``provlabel diff``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel.cli._shared import PATH, deliver, format_option, proofs_folder, style_for, trust_from, trust_options
from provlabel.errors import InputError, UsageError

if TYPE_CHECKING:
    from provlabel.report.facts import Facts
    from provlabel.trust.anchors import TrustStore


@click.command("diff")
@click.argument("files", nargs=-1, type=PATH, metavar="OLD NEW")
@trust_options
@format_option
@click.option("--personal", is_flag=True, help="Compare fields marked personal too, such as a prompt in clear.")
@click.option("--textconv", is_flag=True, help="Print the facts of one file as lines, for git.")
def command(files: tuple[Path, ...], format_: str, personal: bool, textconv: bool, **lists: Any) -> int:
    """Say what differs between the labels of two files, and whether the media are the same bytes.

    Ends with 0 if both tell the same story, 1 if not, 3 if one could not be read. Two signatures over one
    label tell the same story.

    \b
    Examples:
      provlabel diff master.v1.wav master.v2.wav --trust anchors.pem
      provlabel diff old.jpg new.jpg --format json
      git config diff.provlabel.textconv "provlabel diff --textconv"
    """
    store = trust_from(**lists)
    if textconv:
        [file] = _exactly(1, files, "--textconv takes one file")
        return _print_facts(file, store, personal)
    old, new = _exactly(2, files, "diff takes two files")
    return _print_changes(old, new, store, personal, format_)


def _exactly(count: int, files: tuple[Path, ...], message: str) -> tuple[Path, ...]:
    if len(files) != count:
        raise UsageError(f"{message}, and there are {len(files)}", hint="provlabel diff OLD NEW")
    return files


def _print_changes(old: Path, new: Path, store: TrustStore, personal: bool, format_: str) -> int:
    from provlabel.report.renderers import changes
    from provlabel.report.renderers.json import to_json
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn
    from provlabel.verifying.diff import diff_files

    with Sandbox(fork_or_spawn, proofs=proofs_folder()) as sandbox:
        found = diff_files(old, new, trust=store, personal=personal, sandbox=sandbox)
    deliver(to_json(found) if format_ == "json" else changes.render(found, style_for(sys.stdout)), None)
    if "unreadable" in (found.old.state, found.new.state):
        return 3
    return 0 if found.same_label else 1


def _print_facts(file: Path, store: TrustStore, personal: bool) -> int:
    """Print what the file itself says, for git: it dies of anything but 0, whatever file it hands us."""
    from provlabel.report.renderers import changes
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn
    from provlabel.verifying.diff import facts_of

    facts: Facts
    try:
        with Sandbox(fork_or_spawn, proofs=proofs_folder()) as sandbox:
            facts = facts_of(file, trust=store, personal=personal, sandbox=sandbox)
    except InputError as exc:
        if not os.path.lexists(file):
            raise
        facts = {"state": "unreadable", "why": str(exc)}
    deliver(changes.render_facts(facts), None)
    return 0
