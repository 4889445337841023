"""``provlabel verify``."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._support import times
from provlabel._support.text import printable
from provlabel.cli import say, say_error
from provlabel.cli._outputs import OUTPUT, OUTPUTS, Output, outputs_from
from provlabel.cli._progress import ProgressLine
from provlabel.cli._shared import (
    LIST_NAMES,
    NAMED_LISTS,
    PATH,
    TRUST_NAMES,
    as_of_option,
    cache_folder,
    deliver,
    fields_in,
    file_arguments,
    law_option,
    policy_options,
    proofs_folder,
    renamed,
    renamed_option,
    require_not_among,
    style_for,
    trust_from,
    trust_options,
    verbose_option,
    workers_option,
)
from provlabel.cli._standard import INPUT, comes_in, kept
from provlabel.errors import ConfigError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from provlabel.exchange.delivery import Delivery
    from provlabel.media.previews import Preview
    from provlabel.policy import Gate
    from provlabel.report import Report
    from provlabel.sandbox.cache import EvidenceCache
    from provlabel.trust.anchors import TrustStore
    from provlabel.verifying.revocation import Revocation

#: So many files, or any folder, are read by several workers and with the cache.
_FEW = 8
#: Options that make no sense for what comes by standard input.
_OF_FILES = ("init_policy", "against", "as_found")


@click.command("verify")
@file_arguments("paths")
@trust_options
@policy_options
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=OUTPUT,
    help=f"What to write, and where: {', '.join(OUTPUTS)}. Repeatable. [default: text]",
)
@click.option("-o", "--output", type=PATH, help="Write the report to this file.")
@renamed_option("-O", "old_output", "-o", type=PATH)
@click.option("--at", metavar="TIME", help="Judge as of this time: RFC 3339 with a zone, or a date (UTC).")
@click.option("--online", is_flag=True, help="Ask OCSP responders, fetch CRLs and keys of who issued an identity.")
@click.option("--require-revocation", is_flag=True, help="Fail when no answer says that a certificate is not revoked.")
@click.option("--insecure-private-hosts", is_flag=True, help="With --online: also ask hosts inside your network.")
@law_option
@as_of_option
@click.option(
    "--against", type=PATH, metavar="XML", help="The DDEX message (ERN) of this delivery: every disagreement is told."
)
@click.option("--second-opinion", is_flag=True, help="Have another, independent verifier judge too.")
@click.option(
    "--judge", "judges", multiple=True, metavar="NAME", help="A check of your own, by an installed package. Repeatable."
)
@click.option("--as-found", is_flag=True, help="Judge of the files named what would be judged below a folder: media.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first file that does not pass.")
@workers_option("one for each processor", 64)
@renamed_option("--jobs", "old_jobs", "--workers", type=click.IntRange(1, 64))
@click.option("--no-cache", is_flag=True, help="Read every file again, even if it was read today.")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
@verbose_option
def command(paths: tuple[Path, ...], formats: tuple[Output, ...], output: Path | None, **options: Any) -> int:
    """Verify files and folders, or - for one file by standard input; end with 1 if any does not pass.

    To pass, a file must satisfy the policy: by default, be signed by someone you trust, carry a label,
    and have no error.

    \b
    Examples:
      provlabel verify cover.labeled.jpg take.labeled.wav --trust anchors.pem
      provlabel verify release/ --policy provlabel.toml --format text --format sarif=report.sarif
      provlabel verify release/ --trust anchors.pem --init-policy
      provlabel verify cover.labeled.jpg --trust anchors.pem --tsa-trust clocks.pem --online --require-revocation
      provlabel verify cover.labeled.jpg --trust anchors.pem --at 2026-03-01
      provlabel verify cover.labeled.jpg --trust anchors.pem --law eu,us-ca
      provlabel verify cover.labeled.jpg --trust anchors.pem --law eu --as-of 2027-02-02
      provlabel verify delivery/ --trust anchors.pem --against delivery/message.xml
      provlabel verify cover.labeled.jpg --trust anchors.pem --second-opinion
    """
    from provlabel.cli._gate import gate_from
    from provlabel.judges import load_judges
    from provlabel.report.renderers import RENDERERS, Extras
    from provlabel.sandbox.pool import SandboxPool
    from provlabel.sandbox.process import fork_or_spawn
    from provlabel.verifying.options import PathsOptions, VerifyOptions
    from provlabel.verifying.verify import verify_file, verify_paths

    if options["init_policy"] and formats:
        raise UsageError("--init-policy writes a policy and no report", hint="leave --format away")
    if options["quiet"] and options["verbose"]:
        raise UsageError("--quiet and --verbose cannot go together", hint="leave one away")
    output = renamed(options, "old_output", "-O", "-o") or output
    workers = renamed(options, "old_jobs", "--jobs", "--workers") or options["workers"]
    streamed = _is_streamed(paths, options)
    outputs = _outputs(paths, formats, output, options)
    at = _moment(options["at"])
    gate, anchors = gate_from(
        options["policy"],
        options["policy_sha256"],
        options["baseline"],
        options["root"],
        options["require_revocation"],
        options["accept"],
    )
    if options["as_of"] and not (options["laws"] or gate.has_laws):
        raise UsageError("--as-of names the day of a law, and no law is asked for", hint="add --law NAME")
    store = trust_from(**{name: options[name] for name in TRUST_NAMES}) + anchors
    many = len(paths) > _FEW or any(map(os.path.isdir, paths))
    workers = workers or ((os.cpu_count() or 1) if many else 1)
    how = fields_in(PathsOptions, options) | {
        "trust": store,
        "policy": gate,
        "at": at,
        "revocation": _revocation(options),
        "judges": load_judges(options["judges"]),
        "against": _delivery(options["against"]),
    }
    with contextlib.ExitStack() as stack:
        proofs = None if options["no_cache"] else _apart(proofs_folder(), gate, paths)
        pool = stack.enter_context(SandboxPool(workers, fork_or_spawn, proofs=proofs))
        if many and at is None and not options["no_cache"] and not options["second_opinion"]:
            how["cache"] = stack.enter_context(_cache(store, gate, paths))
        if many:
            how["watch"] = stack.enter_context(ProgressLine(options["quiet"]))
        if streamed:
            path = stack.enter_context(kept())
            report = verify_file(path, name=INPUT, sandbox=pool, **fields_in(VerifyOptions, how))
        else:
            report = verify_paths(paths, sandbox=pool, **how)
    if options["init_policy"]:
        return _init_policy(report, gate, output, paths, options)
    previews = _previews(report) if any(RENDERERS[item.name].previews for item in outputs) else {}
    for item in outputs:
        style = style_for(sys.stdout if item.file is None else None)
        extras = Extras(style, "failures" if options["quiet"] else "all" if options["verbose"] else "usual", previews)
        deliver(RENDERERS[item.name].render(report, extras), item.file)
    return exit_code(report)


def _outputs(
    paths: tuple[Path, ...], formats: tuple[Output, ...], output: Path | None, options: dict[str, Any]
) -> tuple[Output, ...]:
    """Return what is written, none of which takes the place of something that is read."""
    outputs = outputs_from(formats, output)
    for place in (item.file for item in outputs):
        _require_replaceable(place, (*paths, *_rules_of(options)), "-o" if place == output else "--format")
    return outputs


def _is_streamed(paths: tuple[Path, ...], options: dict[str, Any]) -> bool:
    """Does the one file come by standard input, where nothing asks for its name?"""
    streamed = comes_in(paths)
    if streamed and (unfit := [name for name in _OF_FILES if options[name]]):
        raise UsageError(
            f"--{unfit[0].replace('_', '-')} is about files by their names, and {INPUT} has none",
            hint="give the file by its name",
        )
    return streamed


def _delivery(message: Path | None) -> Delivery | None:
    """Read the message before any file, so that a wrong one costs no time."""
    if message is None:
        return None
    from provlabel.exchange.delivery import Delivery

    return Delivery.of(message)


def _rules_of(options: dict[str, Any]) -> Iterator[Path]:
    """Yield the files by which is judged; a report must not take the place of one."""
    from provlabel.policy.loading import NAME

    named = (
        options["policy"],
        options["baseline"],
        options["against"],
        *(item for name in LIST_NAMES for item in options[name]),
    )
    yield from (Path(item) for item in named if item is not None)
    yield Path(NAME)


def _require_replaceable(place: Path | None, kept: Iterable[Path], name: str) -> None:
    """Refuse an output in the place of what is judged, or of what it is judged by."""
    from provlabel.verifying.targets import is_media

    require_not_among(place, kept, name)
    if place is not None and os.path.isfile(place) and is_media(place):  # noqa: PTH113
        raise UsageError(f"{name} {printable(str(place))}: is media, and no report", hint="name another file")


def _previews(report: Report) -> dict[str, Preview]:
    """Draw the files only now that all are judged, in a worker that judges none."""
    from provlabel.sandbox.drawing import previews_of

    return previews_of(report)


def _moment(text: str | None) -> dt.datetime | None:
    """Read a time with a zone, or a date, which begins in UTC."""
    if text is None:
        return None
    try:
        moment = times.read(text)
        if moment.tzinfo is None and ":" not in text:
            moment = moment.replace(tzinfo=dt.timezone.utc)
        if moment.tzinfo is not None:
            moment.astimezone(dt.timezone.utc)  # a year 0 or 10000 there has no place in any calendar
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        what = "no time" if moment is None else "a time without a zone"
        raise UsageError(f"--at {printable(text)}: {what}", hint="such as 2026-03-01, or 2026-03-01T12:00:00Z")
    return moment


def _revocation(options: dict[str, Any]) -> Revocation:
    """Answers are kept in the user's cache, and what was kept once is used offline too."""
    from provlabel.verifying.revocation import Revocation

    if options["insecure_private_hosts"] and not options["online"]:
        raise UsageError("--insecure-private-hosts says whom --online may ask", hint="add --online")
    return Revocation(
        online=options["online"], cache=cache_folder() / "revocation", private_hosts=options["insecure_private_hosts"]
    )


def _cache(
    trust: TrustStore, gate: Gate, paths: Sequence[Path]
) -> contextlib.AbstractContextManager[EvidenceCache | None]:
    """Open the user's cache of evidence; none below what is judged, and none where there is no home."""
    from provlabel._support.times import now
    from provlabel.sandbox.cache import EvidenceCache

    try:
        folder = _apart(cache_folder() / "evidence", gate, paths)
    except ConfigError:
        folder = None
    return EvidenceCache(folder, trust, now()) if folder is not None else contextlib.nullcontext()


def _apart(folder: Path | None, gate: Gate, paths: Sequence[Path]) -> Path | None:
    """Return ``folder`` unless it lies below what is judged, which could bring it along."""
    if folder is None or gate.relative(str(folder)) is not None:
        return None
    real = Path(os.path.realpath(folder))
    return None if any(real.is_relative_to(os.path.realpath(path)) for path in paths) else folder


def _init_policy(
    report: Report, gate: Gate, output: Path | None, paths: tuple[Path, ...], options: dict[str, Any]
) -> int:
    """Write a first policy, by what is in the report and by whom these files were judged; name the command for it."""
    from provlabel.policy.drafting import draft
    from provlabel.policy.loading import NAME

    target = output or Path(NAME)
    if os.path.lexists(target):
        raise OutputError(f"{printable(str(target))}: exists already", hint="choose another file with -o")
    stated, named = _stated_trust(options, target.parent)
    deliver(draft(report, gate, stated), target)
    again = shlex.join(["provlabel", "verify", *map(str, paths), "--policy", str(target), *named])
    say(f"{printable(str(target))}: a first policy; read it, then: {printable(again, 4096)}")
    for failure in report.errors:
        say_error(failure.message, failure.hint)
    return 3 if report.errors else 0


#: The keys of ``[trust]`` in a policy, each by the option that says the same.
_KEYS = {
    "anchors": "trust",
    "leaves": "trust_leaf",
    "timestamp": "tsa_trust",
    "identity": "identity_trust",
    "ekus": "ekus",
    "issuers": "identity_issuer",
}
_NO_FILES = frozenset({"ekus", "issuers"})


def _stated_trust(options: dict[str, Any], folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return what ``[trust]`` of a policy in ``folder`` can state, and the options for lists that have only a name."""
    named = [name for name in options["trust"] if name in NAMED_LISTS]
    given = {key: [str(value) for value in options[option] if value not in named] for key, option in _KEYS.items()}
    stated = {
        key: values if key in _NO_FILES else [os.path.relpath(value, folder) for value in values]
        for key, values in given.items()
    }
    return stated, [part for name in named for part in ("--trust", name)]


def exit_code(report: Report) -> int:
    """Return 3 when something could not be judged, else 1 when something did not pass, else 0."""
    if report.errors:
        return 3
    return 0 if report.passed else 1
