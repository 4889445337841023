"""``provlabel label``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._support.text import printable
from provlabel.cli import say, say_error
from provlabel.cli._labeling import BROKEN, asked, in_place_option, labeling_options, stated, stated_options
from provlabel.cli._shared import (
    PATH,
    deliver,
    file_arguments,
    format_option,
    leaf_option,
    quiet_option,
    require_not_among,
    sweep_beside,
    trust_from,
    trust_option,
)
from provlabel.cli._signing import (
    answers_from,
    early_drawing_sandbox,
    early_sandbox,
    identity_from,
    identity_options,
    open_named_signer,
    signer_option,
    tsa_options,
)
from provlabel.cli._standard import INPUT, OUTPUT, STANDARD, comes_in, labeled, require_no_terminal
from provlabel.errors import InputError, LabelError, OutputError, ProvlabelError, UsageError

if TYPE_CHECKING:
    from provlabel.label import Label
    from provlabel.labeling.labeler import Labeler
    from provlabel.labeling.receipts import Receipt
    from provlabel.sandbox.requests import AnySandbox


@click.command("label")
@file_arguments("files")
@click.option("--label", "label_path", type=PATH, help="Label as a JSON or TOML file.")
@stated_options
@labeling_options
@signer_option
@tsa_options
@identity_options
@click.option(
    "--keep-label",
    is_flag=True,
    help="Sign the label of the file that this one was made from; that has to verify under --trust.",
)
@trust_option
@leaf_option
@click.option("-o", "--output", type=PATH, help="Output, for a single file.")
@click.option("--out-dir", type=PATH, help="Folder for the outputs.")
@in_place_option
@click.option("--parent", "parents", multiple=True, type=PATH, help="The file that this one was made from.")
@click.option("--ingredient", "ingredients", multiple=True, type=PATH, help="A part of it. Repeatable.")
@click.option(
    "--input", "input_files", multiple=True, type=PATH, help="What only served as a model, such as a demo. Repeatable."
)
@click.option("--receipt", type=PATH, help="Keep the receipts here, mode 0600.")
@format_option
@quiet_option
def command(files: tuple[Path, ...], **options: Any) -> int:
    """Label images and sounds: sign what AI did, and embed it.

    The result is NAME.labeled.EXT beside each file; of -, one file by standard input, it goes to
    standard output, or to -o FILE. The content itself is not touched, and a manifest that a file
    carries already stays in it as its history. A format that cannot hold a manifest (provlabel
    formats) stays as it is and gets NAME.EXT.c2pa beside it.

    \b
    Examples:
      provlabel label cover.jpg --kind ai_generated --system AcmeSynth@2.1 --provider 'Acme Ltd' --signer test
      provlabel label take.wav --label take.toml --signer 'file:key.pem?chain=chain.pem' -o master.wav
      provlabel label take.mp3 --label take.toml --parent take.labeled.wav
      provlabel label take.mp3 --parent take.labeled.wav --keep-label --trust root.pem --signer test
      provlabel label cover.jpg --label cover.toml --carriers xmp,aigc
      provlabel label - --label cover.toml < cover.jpg > cover.labeled.jpg
    """
    _check_options(files, options)
    from provlabel._support.files import make_folder
    from provlabel.labeling.labeler import Labeler
    from provlabel.labeling.options import FileOptions

    targets = tuple(_targets(files, options))
    label = None if options["keep_label"] else _label_from(options, targets)
    require_not_among(options["receipt"], files, "--receipt")
    with contextlib.ExitStack() as stack:
        drawing = stack.enter_context(early_drawing_sandbox()) if options["thumbnail"] else None
        sandbox = stack.enter_context(early_sandbox())
        how = asked(FileOptions, options) | {"sandbox": sandbox, "drawing": drawing}
        how["replace"] |= options["in_place"]
        answers = answers_from(options["pass_file"])
        if label is not None and len(files) > 1 and not options["same_label_for_all"]:
            _require_one_work(label, files, sandbox)
        signer = open_named_signer(options["signer_uri"], answers)
        how["identity"] = identity_from(options, answers)
        if options["out_dir"] is not None:
            make_folder(options["out_dir"])
        sweep_beside(*(dest for _, dest in targets if dest != STANDARD), options["receipt"])
        book = _Receipts(options)
        labeler = Labeler(signer, keep=book.keep, **how)
        kept = _kept(options, sandbox)
        receipts, errors = _label_all(targets, lambda source: label or kept(source), labeler, options)
        _publish(receipts, errors, options, book)
    return max((exc.exit_code for _, exc in errors), default=0)


class _Receipts:
    """The file of receipts: refused before anything is signed, and with a salt in it before that is needed."""

    def __init__(self, options: dict[str, Any]) -> None:
        from provlabel._support.files import require_writable

        self._path: Path | None = options["receipt"]
        self._replace: bool = options["replace"]
        self._at_once = options["prompt_mode"] == "hash"
        self._kept: list[Receipt] = []
        if self._path is not None:
            require_writable(self._path, replace=self._replace)

    def keep(self, receipt: Receipt) -> None:
        """Write the receipt of a file that gets its name next, where a salt would be lost otherwise."""
        if self._at_once and self._path is not None:
            from provlabel.labeling.receipts import Receipts
            from provlabel.report.renderers.json import to_json

            self._kept.append(receipt)
            self.write(to_json(Receipts(receipts=tuple(self._kept))))

    def write(self, whole: str) -> None:
        """Write all of them, in place of what this run wrote before."""
        if self._path is not None:
            from provlabel._support.files import atomic_output

            with atomic_output(self._path, replace=self._replace, mode=0o600) as scratch:
                scratch.stream.write(whole.encode())
            self._replace = True


# --- the request -----------------------------------------------------------------------------------


#: Options whose text is signed: an empty one, out of a variable of CI, must not pass for none.
_TEXTS = ("kind", "origin", "title", "provider", "event_time", "oversight", "contradict")


def _check_options(files: tuple[Path, ...], options: dict[str, Any]) -> None:
    if empty := [name for name in _TEXTS if options[name] == ""]:
        raise UsageError(
            f"--{empty[0].replace('_', '-')}: an empty value",
            hint="leave the option away where there is nothing to say; a variable may be empty",
        )
    if comes_in(files):
        _require_fit_for_streams(options)
    given = [name for name in ("output", "out_dir", "in_place") if options[name]]
    if options["in_place"] and options["detached"]:
        given = ["in_place", "detached"]
    if len(given) > 1:
        shown = " and ".join("--" + name.replace("_", "-") for name in given)
        raise UsageError(f"{shown} exclude each other", hint="give one of them")
    if options["output"] and len(files) > 1:
        raise UsageError("-o takes one file; there are more", hint="use --out-dir")
    if options["keep_label"] and options["label_path"] is not None:
        raise UsageError("--keep-label and --label exclude each other", hint="give one of them")
    if not options["keep_label"] and (options["trust"] or options["trust_leaf"]):
        raise UsageError(
            "trust lists say whose label is kept, and none is", hint="add --keep-label, or leave them away"
        )
    if options["parents"] and len(files) > 1:
        raise UsageError("--parent belongs to one file; there are more", hint="label the files one by one")
    hidden = options["format_"] == "text" and options["receipt"] is None
    if options["prompt_mode"] == "hash" and hidden:
        raise UsageError(
            "the salt of the prompt's hash would be lost, and with it the proof", hint="add --receipt FILE"
        )


def _label_from(options: dict[str, Any], targets: Iterable[tuple[Path, Path]]) -> Label:
    """Make the label from the file and the options."""
    from provlabel.label import load_label

    given = load_label(options["label_path"]) if options["label_path"] is not None else None
    label = _with_options(given, options)
    if label is None:
        raise LabelError("a label needs a kind", hint=_without_kind(options, targets))
    return label


def _with_options(given: Label | None, options: dict[str, Any]) -> Label | None:
    """Add to a label what the options say, which wins; nothing where there is no kind."""
    import msgspec

    from provlabel.label import label_from_dict

    data = msgspec.to_builtins(given) if given is not None else {}
    data |= stated(options)
    return label_from_dict(data, source="label") if "kind" in data else None


def _kept(options: dict[str, Any], sandbox: AnySandbox) -> Callable[[Path], Label]:
    """Return what takes over the label of what a file was made from: of the file given, or its own."""

    def kept(source: Path) -> Label:
        from provlabel.labeling.kept import kept_label

        parent = options["parents"][0] if options["parents"] else source
        found = kept_label(parent, trust, personal=options["personal"], sandbox=sandbox)
        return _with_options(found, options) or found

    trust = trust_from(options["trust"], options["trust_leaf"], options["tsa_trust"])
    return kept


def _require_one_work(label: Label, files: tuple[Path, ...], sandbox: AnySandbox) -> None:
    """Refuse one label for files that are not one work, as their tags say, with all that differs.

    What cannot be read is told when it is labeled.
    """
    from provlabel.carriers.vocabularies.works import named_otherwise
    from provlabel.labeling.sources import read_tags

    different = 0
    for path in files:
        with contextlib.suppress(ProvlabelError, OSError):
            for words in named_otherwise(label, read_tags(path, sandbox)):
                say_error(f"{printable(str(path))}: {words}")
                different += 1
    if different:
        raise LabelError(
            f"one label for {len(files)} files, and the tags of some name another work; nothing was signed",
            hint="label them one by one; or, if it is meant for all of them, --same-label-for-all",
        )


def _without_kind(options: dict[str, Any], targets: Iterable[tuple[Path, Path]]) -> str:
    """Say where a label can come from; what the file was made from may have one."""
    usual = "add --kind (provlabel kinds explains them), or --label FILE (provlabel init writes one)"
    with early_sandbox() as sandbox:
        for path in (*options["parents"], *(source for source, _ in targets)):
            with contextlib.suppress(ProvlabelError, OSError):
                manifests = sandbox.read(path).manifests
                if any(manifest.label is not None for manifest in manifests):
                    return f"to keep the label of {printable(str(path))}: --keep-label --trust PEM; else {usual}"
    return usual


# --- where results go ------------------------------------------------------------------------------


def _targets(files: tuple[Path, ...], options: dict[str, Any]) -> Iterator[tuple[Path, Path]]:
    """Yield source and output of each file; two files for one output are found before anything is done."""
    place = _placement(options)
    sources: dict[str, Path] = {}
    if STANDARD in files:
        yield STANDARD, options["output"] or STANDARD
        return
    if options["output"] == STANDARD:
        raise UsageError(f"-o - is for what comes by {INPUT}", hint="give - as the file too: provlabel label - < FILE")
    for source in files:
        if os.path.isdir(source):  # noqa: PTH112 - unlike Path.is_dir it never raises
            raise InputError(
                f"{printable(str(source))}: a folder, not a regular file",
                hint="name the files in it, or: provlabel batch FOLDER --out-dir OUT --label LABEL",
            )
        dest = place(source)
        key = os.path.abspath(dest)  # noqa: PTH100 - resolve would follow symlinks
        if key in sources:
            if source == sources[key]:
                raise UsageError(f"{printable(str(source))}: named twice", hint="name it once")
            shown = f"{printable(str(sources[key]))} and {printable(str(source))}"
            raise UsageError(f"{shown} have the same output", hint="label them into different folders")
        sources[key] = source
        if not (options["in_place"] or options["detached"]):
            _require_other(source, dest)
        yield source, dest


def _require_fit_for_streams(options: dict[str, Any]) -> None:
    """Refuse what a file without a name and a place cannot have, before any of it is read."""
    if unfit := [name for name in ("in_place", "out_dir", "detached") if options[name]]:
        raise UsageError(
            f"--{unfit[0].replace('_', '-')} needs a file with a name and a place, and {INPUT} has none",
            hint="give the file by its name",
        )
    if options["prompt_file"] == STANDARD:
        raise UsageError(f"file and prompt cannot both come by {INPUT}", hint="give one of them by its name")
    if options["output"] in (None, STANDARD):
        require_no_terminal()
        if options["format_"] == "json":
            raise UsageError(f"the labeled file goes to {OUTPUT}, and no JSON can", hint="--receipt FILE")


def _placement(options: dict[str, Any]) -> Callable[[Path], Path]:
    output: Path | None = options["output"]
    folder: Path | None = options["out_dir"]
    if options["in_place"]:
        return _in_place
    if output is not None:
        inside = os.path.isdir(output)  # noqa: PTH112 - unlike Path.is_dir it never raises
        return lambda source: output / source.name if inside else output
    if folder is not None:
        return lambda source: folder / source.name
    if options["detached"]:
        return lambda source: source
    from provlabel.labeling.publish import labeled_name

    return labeled_name


def _in_place(source: Path) -> Path:
    if os.path.islink(source):  # noqa: PTH114 - unlike Path.is_symlink it never raises
        raise UsageError(f"{printable(str(source))}: is a symlink", hint="name the file that it points to")
    return source


def _require_other(source: Path, dest: Path) -> None:
    """An original is never touched by accident, not under another name of it either."""
    try:
        same = dest.samefile(source)
    except OSError:
        return
    if same:
        raise OutputError(f"{printable(str(dest))}: is the source itself", hint="use --in-place to replace it")


# --- the work --------------------------------------------------------------------------------------


def _label_all(
    targets: tuple[tuple[Path, Path], ...], label: Callable[[Path], Label], labeler: Labeler, options: dict[str, Any]
) -> tuple[list[Receipt], list[tuple[Path, ProvlabelError]]]:
    """Label every file; one that fails does not stop the others."""
    receipts: list[Receipt] = []
    errors: list[tuple[Path, ProvlabelError]] = []
    warned: set[str] = set()
    chosen = any(options[name] for name in ("output", "out_dir", "in_place"))
    for source, dest in targets:
        try:
            if source == STANDARD:
                receipt = labeled(labeler, dest, label(source), replace=options["replace"])
            else:
                receipt = labeler.file(source, dest if chosen else None, label(source))
        except ProvlabelError as exc:
            say_error(str(exc), exc.hint)
            errors.append((source, exc))
            continue
        receipts.append(receipt)
        if options["format_"] == "text" and not options["quiet"]:
            (say if dest != STANDARD else _note)(_line(source, receipt))
        for warning in (text for text in receipt.warnings if text not in warned):
            warned.add(warning)
            if not options["quiet"]:
                _note(f"warning: {printable(warning, 500)}")
    return receipts, errors


def _note(line: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{line}\n")


def _line(source: Path, receipt: Receipt) -> str:
    shown = f"{INPUT if source == STANDARD else printable(str(source))} -> {printable(receipt.output)}"
    parent = ", earlier manifest kept as its history" if receipt.parent else ""
    withheld = f", not signed: {', '.join(receipt.withheld)}" if receipt.withheld else ""
    time = f", stamped {receipt.time} by {printable(receipt.authority or '')}" if receipt.time else ""
    repeated = f", repeated in {', '.join(receipt.carriers)}" if receipt.carriers else ""
    return f"{shown}  ({receipt.format}, manifest {receipt.manifest_bytes:,} bytes{repeated}{time}{parent}{withheld})"


def _publish(
    receipts: list[Receipt], errors: list[tuple[Path, ProvlabelError]], options: dict[str, Any], book: _Receipts
) -> None:
    if options["format_"] != "json" and options["receipt"] is None:
        return
    from provlabel.labeling.receipts import Receipts
    from provlabel.report import Failure
    from provlabel.report.renderers.json import to_json

    whole = to_json(
        Receipts(
            receipts=tuple(receipts),
            errors=tuple(Failure(str(path), str(exc), exc.hint) for path, exc in errors),
            insecure=(BROKEN,) if options["accept_broken_parent"] else (),
        )
    )
    book.write(whole)
    if options["format_"] == "json":
        deliver(whole, None)
