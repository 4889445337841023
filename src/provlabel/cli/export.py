"""``provlabel export``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from provlabel._support.text import printable
from provlabel.cli import say_error
from provlabel.cli._shared import (
    PATH,
    deliver,
    file_arguments,
    proofs_folder,
    require_not_among,
    trust_from,
    trust_options,
)
from provlabel.errors import OutputError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from provlabel.exchange.ddex import FileFacts
    from provlabel.exchange.shops import Shop
    from provlabel.report import FileReport

#: What the label files of people end with; anything else is media.
_LABELS = (".json", ".toml")
_TARGETS = ("ddex", "csv", "jsonl")
_SHOPS = "dsp="


class _ExportTarget(click.types.StringParamType):
    """What to write: one of three, or ``dsp=`` and the names of shops."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in _TARGETS or value.startswith(_SHOPS):
            return value
        from provlabel._support.faults import nearest
        from provlabel.exchange.shops import shop_names

        plain = value.lower()
        near = _SHOPS + plain if plain in shop_names() else nearest(plain, _TARGETS)
        known = "ddex, csv, jsonl, or dsp= and the name of a shop"
        raise UsageError(
            f"--to: {printable(value)!r} is nothing that can be written",
            hint=f"did you mean {near}? It is {known}" if near else known,
        )

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer every name that begins as what was typed."""
        from click.shell_completion import CompletionItem

        from provlabel.exchange.shops import shop_names

        every = (*_TARGETS, *(_SHOPS + name for name in (*shop_names(), "all")))
        return [CompletionItem(name) for name in every if name.startswith(incomplete)]


class _Item(NamedTuple):
    """One label, and what is known of its file."""

    path: str
    label: dict[str, Any]
    media: str = ""  #: unknown for a label file
    sha256: str = ""
    withheld: tuple[str, ...] = ()  #: personal fields that are left out


@click.command("export")
@file_arguments("paths")
@click.option(
    "--to",
    type=_ExportTarget(),
    metavar="ddex|csv|jsonl|dsp=NAME",
    required=True,
    help="What to write; NAME is a shop, several with commas, or all.",
)
@click.option("-o", "--output", type=PATH, help="Write to this file; a sheet as CSV or JSON if its name ends so.")
@click.option("--personal", is_flag=True, help="Names and other personal fields too, where the labels have them.")
@click.option(
    "--media", type=click.Choice(["image", "audio", "video"]), help="With ddex and dsp=: what label files are about."
)
@click.option("--force", is_flag=True, help="Replace the output if it exists.")
@trust_options
def command(paths: tuple[Path, ...], to: str, output: Path | None, personal: bool, **options: Any) -> int:
    """Write labels as DDEX fragments, as a table, as JSON Lines, or as a sheet of what shops ask about AI.

    PATHS are labeled media, folders of them, and label files. A file that does not hold, or has no label, is
    refused, and then nothing is written. What the other side has no place for, and what a label does not say of what
    is asked, is told on standard error.

    \b
    Examples:
      provlabel export delivery/ --to ddex --trust anchors.pem -o fragments.xml
      provlabel export delivery/ --to csv --trust anchors.pem -o catalogue.csv
      provlabel export delivery/ --to dsp=apple,distrokid --trust anchors.pem -o sheet.txt
      provlabel export take.toml --to ddex --media audio
    """
    media, force = options.pop("media"), options.pop("force")
    shops = _shops(to)
    require_not_among(output, paths, "-o")
    if output is not None and os.path.isfile(output) and not force:  # noqa: PTH113
        raise OutputError(f"{printable(str(output))}: exists already", hint="choose another with -o, or add --force")
    labels = [path for path in paths if path.suffix.lower() in _LABELS and not path.is_dir()]
    if (shops or to == "ddex") and labels and media is None:
        raise UsageError("a label file does not say what it is about", hint="add --media audio, image or video")
    items = [_of_label_file(path, media or "", personal) for path in labels]
    others = [path for path in paths if path not in labels]
    code, found = _of_media(others, trust_from(**options), personal) if others else (0, [])
    if code:
        say_error("nothing was exported", "correct or leave out what is named above")
        return code
    items += found
    _note_withheld(items)
    text = _sheets(shops, items, output) if shops else _written(to, items)
    deliver(text if output is not None else text.removeprefix("\ufeff"), output)
    return 0


def _of_label_file(path: Path, media: str, personal: bool) -> _Item:
    from msgspec import to_builtins

    from provlabel.label import load_label
    from provlabel.label.signed import without_personal

    whole = to_builtins(load_label(path))
    system, withheld = without_personal(whole)
    return _Item(str(path), whole if personal else system, media, withheld=() if personal else withheld)


def _of_media(paths: Sequence[Path], trust: Any, personal: bool) -> tuple[int, list[_Item]]:
    """Read labels from media in the sandbox; the code is not 0 when one cannot be passed on, and each is named."""
    from provlabel.policy import Policy
    from provlabel.sandbox.pool import SandboxPool
    from provlabel.sandbox.process import fork_or_spawn
    from provlabel.verifying.verify import verify_paths

    policy = Policy(name="export", states=("trusted", "valid"))
    many = len(paths) > 1 or any(map(os.path.isdir, paths))
    with SandboxPool((os.cpu_count() or 1) if many else 1, fork_or_spawn, proofs=proofs_folder()) as pool:
        report = verify_paths(paths, trust=trust, policy=policy, personal=personal, sandbox=pool)
    for failure in report.errors:
        say_error(failure.message, failure.hint)
    refused = [item for item in report.files if not item.passed]
    for item in refused:
        first = next(found for found in item.findings if found.counts)
        say_error(f"{item.path}: {item.state}: {first.message}", first.hint)
    for skipped in report.skipped:
        if skipped.why == "empty":
            say_error(f"{skipped.path}: holds no media")
    if report.errors or not report.passed:
        return (3 if report.errors else 1), []
    unknown = sum(item.state != "trusted" for item in report.files)
    if unknown:
        _note(f"warning: nobody you trust vouches for {unknown} of {len(report.files)} files: add --trust")
    return 0, [_item(item) for item in report.files]


def _item(file: FileReport) -> _Item:
    from provlabel.label import joined
    from provlabel.media.formats import BY_NAME

    assert file.label is not None  # noqa: S101 - the policy asked for it
    media = BY_NAME[file.format].media if file.format in BY_NAME else ""
    withheld = ("personal fields",) if file.label.has_personal and file.label.personal is None else ()
    label = joined(file.label.value, file.label.personal)
    label.pop("carriers", None)  # digests of what is in this very file
    return _Item(file.path, label, media, file.sha256 or "", withheld)


def _shops(to: str) -> tuple[Shop, ...]:
    """Return the shops that ``--to`` names, before any file is read."""
    if not to.startswith(_SHOPS):
        return ()
    from provlabel.exchange.shops import load_shops

    return load_shops(to.removeprefix(_SHOPS))


def _note_withheld(items: Sequence[_Item]) -> None:
    for item in items:
        for name in item.withheld:
            _note(f"{item.path}: left out: {name}: add --personal")


def _written(to: str, items: Sequence[_Item]) -> str:
    if to == "ddex":
        return _ddex(items)
    from provlabel.exchange.table import Row, dump_csv, dump_jsonl

    rows = [Row(item.path, item.label) for item in items]
    return (dump_csv if to == "csv" else dump_jsonl)(rows).decode()


def _ddex(items: Sequence[_Item]) -> str:
    from provlabel.exchange.ddex import dump
    from provlabel.label import label_from_dict

    dumped = dump([(label_from_dict(item.label, source=printable(item.path)), _facts(item)) for item in items])
    for item, losses in zip(items, dumped.losses, strict=True):
        for loss in losses:
            _note(f"{item.path}: lost: {loss.field}: {loss.why}")
    for element in dumped.unverified:
        _note(f"unverified: {element}: no schema or sample of others confirms it")
    return dumped.content.decode()


def _sheets(shops: Sequence[Shop], items: Sequence[_Item], output: Path | None) -> str:
    from provlabel.exchange.sheet_outputs import json_of, to_csv, to_text
    from provlabel.exchange.sheets import SheetItem, sheet_of, upcs_of
    from provlabel.label import label_from_dict

    files = [
        SheetItem(item.path, _facts(item).media, label_from_dict(item.label, source=printable(item.path)))
        for item in {item.path: item for item in items}.values()
    ]
    if len(codes := upcs_of(files)) > 1:
        _note(f"warning: the labels name several releases: UPC {' and '.join(codes)}; make a sheet for each")
    sheets = [sheet_of(files, shop) for shop in shops]
    for sheet in sheets:
        for answer in sheet.open:
            what = f"{answer.about or 'release'}: you have to say: {sheet.shop.name}.{answer.question.id}"
            _note(f"{what}: {answer.why}{f' (in the label: {answer.field})' if answer.field else ''}")
        for question in sheet.unverified:
            _note(f"unverified: {sheet.shop.name}.{question.id}: no outside source confirms it")
    ending = "" if output is None else output.suffix.lower()
    return json_of(sheets) if ending == ".json" else to_csv(sheets).decode() if ending == ".csv" else to_text(sheets)


def _facts(item: _Item) -> FileFacts:
    from provlabel.exchange.ddex import FileFacts

    known = bool(item.sha256)
    return FileFacts(item.media or "audio", Path(item.path).name if known else "", item.sha256)  # type: ignore[arg-type]


def _note(text: str) -> None:
    sys.stderr.write(printable(text, 1000) + "\n")
