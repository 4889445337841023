"""``provlabel trust``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from provlabel._support.text import printable
from provlabel.cli import say
from provlabel.cli._shared import PATH, deliver, format_option, list_options, style_for, trust_folder, trust_from
from provlabel.errors import InputError, ProvlabelError, UsageError

if TYPE_CHECKING:
    import datetime as dt

    from provlabel.report import Named
    from provlabel.report.renderers.style import Style
    from provlabel.signers.certificates import Facts
    from provlabel.trust.anchors import AnchorList, TrustStore
    from provlabel.trust.authorities import PublicAuthorities, PublicAuthority
    from provlabel.trust.official import OfficialList

#: A list that was not fetched again for this long is warned of, in days.
OLD = 90
#: And a certificate that ends within this time, in days.
SOON = 30


@click.group("trust")
def command() -> None:
    """Look at lists of trust anchors, fetch the official ones, and list public time authorities."""


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
    """Check lists of anchors: their age, certificates that have ended or soon will, and those that are none of a CA.

    Ends with 1 if an anchor cannot vouch for anybody now; the age of a list is only warned of.

    \b
    As JSON: {"passed": true or false, "faults": [{"list", "certificate" or null, "level", "message"}, …],
    "lists": [{"name", "sha256", "test", "purpose", "date" (RFC 3339), "age_days"}, …]}

    \b
    Example:
      provlabel trust check --trust c2pa
    """
    opened = _opened(lists)
    faults = [fault for anchors, named, facts in opened for fault in _faults(anchors, named, facts)]
    passed = not any(fault["level"] == "error" for fault in faults)
    if format_ == "json":
        _deliver_json({"passed": passed, "faults": faults, "lists": [_plain(named) for _, named, _ in opened]})
    else:
        style = style_for(sys.stdout)
        lines = [f"{printable(named.name)}: {_count(facts)}, {_age(named)}" for _, named, facts in opened]
        lines += [_fault_line(fault, style) for fault in faults] or ["every anchor can vouch"]
        deliver("\n".join(lines) + "\n", None)
    return 0 if passed else 1


@command.command("authorities")
@format_option
def authorities(format_: str) -> None:
    """List public time authorities, whose names --tsa takes; none of them is asked.

    \b
    As JSON: {"as_of", "c2pa_list", "authority": [{"name", "url", "operator", "terms", "c2pa" (yes, operator or no),
    "confirmed" (operator or others), "source", "note"}, …]}

    \b
    Example:
      provlabel trust authorities
    """
    from provlabel.trust.authorities import public_authorities

    table = public_authorities()
    if format_ == "json":
        _deliver_json(_plain(table))
        return
    style = style_for(sys.stdout)
    lines = [line for row in table.authority for line in _authority_lines(row, style)]
    lines.append(f"as of {table.as_of}; held against the {table.c2pa_list}")
    deliver("\n".join(lines) + "\n", None)


def _authority_lines(row: PublicAuthority, style: Style) -> Iterator[str]:
    yield f"{style.paint(row.name, 'bold')}  {row.url}  {row.operator}"
    yield f"   {row.terms}" + (f"; {row.note}" if row.note else "")
    yield f"   {_ON_C2PA[row.c2pa]}; address by {_CONFIRMED[row.confirmed]}"


_ON_C2PA = {
    "yes": "on the C2PA TSA Trust List",
    "operator": "its operator is on the C2PA TSA Trust List; not confirmed for this address",
    "no": "not on the C2PA TSA Trust List",
}
_CONFIRMED = {"operator": "a page of the operator", "others": "others, not confirmed by the operator"}


@command.command("fetch")
@click.argument("name", type=click.Choice(["c2pa"]))
@click.option("--interim", is_flag=True, help="The interim list too, which was frozen in 2026: --trust c2pa-interim.")
@click.option(
    "--out", type=PATH, metavar="DIR", help="Keep them there, as for a repository. [default: your own folder]"
)
@click.option("--mirror", default="", metavar="URL", help="Fetch from this folder of your own, by the names kept here.")
@click.option("--yes", is_flag=True, help="Keep what came without asking.")
def fetch(name: str, interim: bool, out: Path | None, mirror: str, yes: bool) -> int:
    """Fetch the official trust lists of C2PA, for signers and for time authorities; no other command does.

    Shows which anchors came and went, and asks. The list that is replaced stays beside the new one, as NAME.previous.
    Ends with 1 if you say no.

    \b
    Examples:
      provlabel trust fetch c2pa
      provlabel trust fetch c2pa --out trust --yes
    """
    from provlabel._support.files import make_folder, sweep
    from provlabel._support.private import make_private
    from provlabel._support.times import now
    from provlabel.trust import official

    folder, at = trust_folder() if out is None else out, now()
    lists = (*official.LISTS[name], *(official.LISTS["c2pa-interim"] if interim else ()))
    places = [official.place_of(one, mirror) for one in lists]
    ends = time.monotonic() + official.SECONDS
    contents = [official.fetch(place, private=bool(mirror), ends=ends) for place in places]
    changes = [
        _change(one, place, official.content_of(folder / one.file), content, at)
        for one, place, content in zip(lists, places, contents, strict=True)
    ]
    style = style_for(sys.stdout)
    deliver("".join(f"{line}\n" for change in changes for line in change.lines(style)), None)
    if any(change.is_one for change in changes) and not yes and not _agreed():
        say("nothing was kept")
        return 1
    if out is None:
        make_private(folder, "chmod go-w")
    else:
        make_folder(folder)
    sweep(folder)
    official.keep(folder, list(zip(lists, places, contents, strict=True)), at)
    say(f"kept in {printable(str(folder))}")
    return 0


def _agreed() -> bool:
    """Ask, where somebody can answer.

    Raises:
        UsageError: nobody can.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("trust fetch: there is no terminal to ask at; nothing was kept", hint="add --yes")
    return click.confirm("Keep these lists?", err=True)


class _ListChange(NamedTuple):
    """What fetching a list would change."""

    one: OfficialList
    url: str
    before: tuple[Facts, ...]
    after: tuple[Facts, ...]
    is_one: bool  #: is there any change, be it of a word between the certificates

    def lines(self, style: Style) -> Iterator[str]:
        """Yield them for people: what the list is, and which anchors came and went."""
        purposes = " and ".join(self.one.purposes) + (", each by itself" if self.one.leaves else "")
        yield f"{style.paint(self.one.file, 'bold')}  for {purposes}, {_count(self.after)}, from {printable(self.url)}"
        if not self.is_one:
            yield "   unchanged"
            return
        if len(self.after) < len(self.before):
            yield "   " + style.paint(f"it shrank: {_count(self.before)} before, {len(self.after)} now", "red")
        yield from (f"   {style.paint('came', 'green')}  {_anchor(item)}" for item in _only(self.after, self.before))
        yield from (f"   {style.paint('went', 'red')}  {_anchor(item)}" for item in _only(self.before, self.after))


def _change(one: OfficialList, url: str, before: bytes, after: bytes, at: dt.datetime) -> _ListChange:
    """Compare a list that came with the one that is kept; one that cannot be read counts as none.

    Raises:
        InputError: one of its certificates cannot be read, or is none of a CA.
    """
    facts = _facts(after, url, at)
    if not one.leaves and (odd := next((item for item in facts if not item.ca), None)):
        raise InputError(
            f"{printable(url)}: {printable(odd.subject)} is not that of a CA", hint="the lists that were kept stay"
        )
    try:
        known = _facts(before, one.file, at) if before else ()
    except ProvlabelError:
        known = ()
    return _ListChange(one, url, known, facts, before != after)


def _facts(content: bytes, name: str, at: dt.datetime) -> tuple[Facts, ...]:
    from provlabel.signers import certificates
    from provlabel.trust.anchors import TrustStore

    [item] = TrustStore.of_pem(content, name=name).lists
    try:
        return certificates.facts(item.pem, item.name, at)
    except ProvlabelError as exc:
        raise InputError(str(exc), hint="what is there is no trust list; the lists that were kept stay") from exc


def _only(these: Sequence[Facts], those: Sequence[Facts]) -> Iterator[Facts]:
    known = {item.sha256 for item in those}
    yield from (item for item in these if item.sha256 not in known)


def _anchor(item: Facts) -> str:
    return f"{printable(item.subject)}  until {item.not_after}, {item.sha256[:16]}"


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
    yield f"{style.paint(printable(named.name), 'bold')}  for {named.purpose}, {_count(facts)}"
    yield f"   sha256 {named.sha256}, {_age(named)}"
    for item in facts:
        yield f"   {printable(item.subject)}  {item.key}, until {item.not_after}, {item.sha256[:16]}"


def _count(facts: Sequence[Facts]) -> str:
    return f"{len(facts)} certificate" + ("" if len(facts) == 1 else "s")


def _age(named: Named) -> str:
    return f"of {named.date}, {named.age_days} days ago"


def _faults(anchors: AnchorList, named: Named, facts: tuple[Facts, ...]) -> Iterator[dict[str, str | None]]:
    def fault(level: str, message: str, certificate: str | None = None) -> dict[str, str | None]:
        return {"list": named.name, "certificate": certificate, "level": level, "message": message}

    if named.age_days is not None and named.age_days > OLD:
        again = "run: provlabel trust fetch c2pa" if anchors.public else "get it again from where it comes from"
        yield fault("warning", f"is {named.age_days} days old; {again}")
    seen = set()
    for item in facts:
        if item.days_left < 0:
            yield fault("error", f"has ended, {item.not_after}; get a newer list", item.subject)
        elif item.days_left < SOON:
            yield fault("warning", f"ends in {item.days_left} days, {item.not_after}", item.subject)
        if not item.ca and not anchors.leaves:
            yield fault("error", "is not that of a CA; signers' own certificates go with --trust-leaf", item.subject)
        if item.sha256 in seen:
            yield fault("warning", "is in the list twice", item.subject)
        seen.add(item.sha256)


def _fault_line(fault: dict[str, str | None], style: Style) -> str:
    level = str(fault["level"])
    where = ": ".join(printable(part) for part in (fault["list"], fault["certificate"]) if part)
    return f"{style.paint(level, 'red' if level == 'error' else 'yellow')} {where}: {fault['message']}"


def _plain(named: Named | PublicAuthorities) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(named)
    return plain


def _deliver_json(value: Any) -> None:
    from provlabel.report.renderers.json import to_json

    deliver(to_json(value), None)
