"""``provlabel trust``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from provlabel._support.text import printable
from provlabel.cli._shared import deliver, format_option, list_options, style_for, trust_from
from provlabel.errors import UsageError

if TYPE_CHECKING:
    from provlabel.report import Named
    from provlabel.report.renderers.style import Style
    from provlabel.signers.certificates import Facts
    from provlabel.trust.anchors import AnchorList, TrustStore

#: A list that was not fetched again for this long is warned of, in days.
OLD = 90


@click.group("trust")
def command() -> None:
    """Look at lists of trust anchors."""


@command.command("show")
@list_options
@format_option
def show(format_: str, **lists: Any) -> None:
    """Show what is in lists of anchors: what for, where from, how old, and each certificate.

    \b
    As JSON: {"lists": [{"name", "sha256", "test", "purpose", "date" (RFC 3339), "age_days",
    "certificates": [as provlabel key show], …]}

    \b
    Examples:
      provlabel trust show --trust c2pa
      provlabel trust show --trust anchors.pem --tsa-trust clocks.pem --format json
    """
    opened = _opened(lists)
    if format_ == "json":
        _deliver_json({"lists": [{**_plain(named), "certificates": facts} for _, named, facts in opened]})
        return
    style = style_for(sys.stdout)
    lines = [line for _, named, facts in opened for line in _list_lines(named, facts, style)]
    deliver("\n".join(lines) + "\n", None)


@command.command("check")
@list_options
@format_option
def check(format_: str, **lists: Any) -> int:
    """Check lists of anchors: certificates that have ended, that are none of a CA, and lists that are old.

    Ends with 1 if an anchor cannot vouch for anybody now; the age of a list is only warned of.

    \b
    As JSON: {"passed": true or false, "faults": [{"list", "certificate" or null, "level", "message"}, …]}

    \b
    Example:
      provlabel trust check --trust c2pa
    """
    faults = [fault for anchors, named, facts in _opened(lists) for fault in _faults(anchors, named, facts)]
    passed = not any(fault["level"] == "error" for fault in faults)
    if format_ == "json":
        _deliver_json({"passed": passed, "faults": faults})
    else:
        style = style_for(sys.stdout)
        lines = [_fault_line(fault, style) for fault in faults] or ["every anchor can vouch"]
        deliver("\n".join(lines) + "\n", None)
    return 0 if passed else 1


def _opened(lists: dict[str, Any]) -> list[tuple[AnchorList, Named, tuple[Facts, ...]]]:
    from provlabel._support.times import now
    from provlabel.signers import certificates

    store: TrustStore = trust_from(**lists)
    if not store.lists:
        raise UsageError("no list was named", hint="add --trust, --trust-leaf, --tsa-trust or --identity-trust")
    at = now()
    return [
        (anchors, named, certificates.facts(anchors.pem, anchors.name, at))
        for anchors, named in zip(store.lists, store.named(at), strict=True)
    ]


def _list_lines(named: Named, facts: tuple[Facts, ...], style: Style) -> Iterator[str]:
    count = f"{len(facts)} certificate" + ("" if len(facts) == 1 else "s")
    yield f"{style.paint(printable(named.name), 'bold')}  for {named.purpose}, {count}"
    yield f"   sha256 {named.sha256}, changed {named.date}, {named.age_days} days ago"
    for item in facts:
        yield f"   {printable(item.subject)}  {item.key}, until {item.not_after}, {item.sha256[:16]}"


def _faults(anchors: AnchorList, named: Named, facts: tuple[Facts, ...]) -> Iterator[dict[str, str | None]]:
    def fault(level: str, message: str, certificate: str | None = None) -> dict[str, str | None]:
        return {"list": named.name, "certificate": certificate, "level": level, "message": message}

    if named.age_days is not None and named.age_days > OLD:
        yield fault("warning", f"is {named.age_days} days old; get it again from where it comes from")
    seen = set()
    for item in facts:
        if item.days_left < 0:
            yield fault("error", f"has ended, {item.not_after}; get a newer list", item.subject)
        if not item.ca and not anchors.leaves:
            yield fault("error", "is not that of a CA; signers' own certificates go with --trust-leaf", item.subject)
        if item.sha256 in seen:
            yield fault("warning", "is in the list twice", item.subject)
        seen.add(item.sha256)


def _fault_line(fault: dict[str, str | None], style: Style) -> str:
    level = str(fault["level"])
    where = ": ".join(printable(part) for part in (fault["list"], fault["certificate"]) if part)
    return f"{style.paint(level, 'red' if level == 'error' else 'yellow')} {where}: {fault['message']}"


def _plain(named: Named) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(named)
    return plain


def _deliver_json(value: Any) -> None:
    from provlabel.report.renderers.json import to_json

    deliver(to_json(value), None)
