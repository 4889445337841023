"""``provlabel verify``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel import _times
from provlabel._text import printable
from provlabel.cli import say_error
from provlabel.cli._shared import (
    PATH,
    TRUST_NAMES,
    cache_folder,
    deliver,
    file_arguments,
    format_option,
    quiet_option,
    require_not_among,
    style_for,
    trust_from,
    trust_options,
)
from provlabel.errors import UsageError

if TYPE_CHECKING:
    from provlabel.report import Report
    from provlabel.verifying import Revocation


@click.command("verify")
@file_arguments("paths")
@trust_options
@format_option
@click.option("-O", "--output", type=PATH, help="Write the report to this file.")
@click.option("--at", metavar="TIME", help="Judge as of this time: RFC 3339 with a zone, or a date (UTC).")
@click.option("--online", is_flag=True, help="Ask OCSP responders and fetch CRLs about revoked certificates.")
@click.option("--require-revocation", is_flag=True, help="Fail when no answer says that a certificate is not revoked.")
@click.option("--insecure-private-hosts", is_flag=True, help="With --online: also ask hosts inside your network.")
@quiet_option
def command(paths: tuple[Path, ...], format_: str, output: Path | None, quiet: bool, **options: Any) -> int:
    """Verify files and folders; end with 1 if any does not pass.

    To pass, a file must be signed by someone you trust, carry a label, and have no error.

    \b
    Examples:
      provlabel verify cover.jpg take.wav --trust anchors.pem
      provlabel verify release/ --trust anchors.pem --format json -O report.json
      provlabel verify cover.jpg --trust anchors.pem --tsa-trust clocks.pem --online --require-revocation
      provlabel verify cover.jpg --trust anchors.pem --at 2026-03-01
    """
    from provlabel.cage import Cage, fork
    from provlabel.policy import Policy
    from provlabel.renderers import RENDERERS, Extras
    from provlabel.verifying import verify_paths

    require_not_among(output, paths, "-O")
    at = _moment(options["at"])
    store = trust_from(**{name: options[name] for name in TRUST_NAMES})
    policy = Policy(revocation_required=options["require_revocation"])
    with Cage(fork) as cage:
        report = verify_paths(paths, trust=store, policy=policy, at=at, revocation=_revocation(options), cage=cage)
    if not quiet or output is not None:
        extras = Extras(style_for(sys.stdout if output is None else None))
        deliver(RENDERERS[format_].render(report, extras), output)
    else:
        for failure in report.errors:
            say_error(failure.message, failure.mend)
    return exit_code(report)


def _moment(text: str | None) -> dt.datetime | None:
    """Read a time with a zone, or a date, which begins in UTC."""
    if text is None:
        return None
    try:
        moment = _times.read(text)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None and "T" not in text:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"--at {printable(text)}: no time with a zone", mend="such as 2026-03-01T12:00:00Z")
    return moment


def _revocation(options: dict[str, Any]) -> Revocation:
    """Answers are kept in the user's cache, and what was kept once is used offline too."""
    from provlabel.verifying import Revocation

    if options["insecure_private_hosts"] and not options["online"]:
        raise UsageError("--insecure-private-hosts says whom --online may ask", mend="add --online")
    return Revocation(
        online=options["online"],
        cache=cache_folder() / "revocation",
        private_hosts=options["insecure_private_hosts"],
    )


def exit_code(report: Report) -> int:
    """Return 3 when something could not be judged, else 1 when something did not pass, else 0."""
    if report.errors:
        return 3
    return 0 if report.passed else 1
