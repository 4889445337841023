"""Public time authorities by name: a table to choose from, and nothing that is asked by itself."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from provlabel._support.faults import nearest
from provlabel._support.text import printable
from provlabel.errors import UsageError

#: The name that hints and warnings propose; a fixed text of ``report/rules.py`` and of laws says it too.
PROPOSED = "digicert"
_TABLE = Path(__file__).with_suffix(".toml")

Words = Annotated[str, Meta(min_length=1, max_length=300)]


class PublicAuthority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One authority that strangers may ask."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$")]
    url: Annotated[str, Meta(pattern=r"^https?://[!-~]+$")]
    operator: Words
    terms: Words  #: who may ask, and at what price
    c2pa: Literal["yes", "operator", "no"]  #: on the C2PA TSA Trust List: this address, only its operator, or neither
    confirmed: Literal["operator", "others"]  #: whose page gives the address
    source: Words
    note: str = ""  #: what to know before many files are stamped

    @property
    def words(self) -> str:
        """Say before it is asked who that is, and what it gets."""
        note = f"; {self.note}" if self.note else ""
        return f"{self.url} ({self.operator}), a public time authority: it gets a digest and no file{note}"


class PublicAuthorities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table: the day on which the sources were read, the list that was compared, and the rows."""

    as_of: dt.date
    c2pa_list: Words
    authority: tuple[PublicAuthority, ...]


def public_authorities() -> PublicAuthorities:
    """Read the table."""
    return msgspec.toml.decode(_TABLE.read_bytes(), type=PublicAuthorities)


def public_at(url: str) -> PublicAuthority | None:
    """Return the row of an address, or nothing."""
    return next((row for row in public_authorities().authority if row.url == url), None)


def address_of(given: str) -> str:
    """Return the address of a name; what is an address stays as it is.

    Raises:
        UsageError: it is neither.
    """
    if ":" in given:
        return given
    rows = {row.name: row.url for row in public_authorities().authority}
    if given in rows:
        return rows[given]
    near = nearest(given.lower(), tuple(rows))
    raise UsageError(
        f"{printable(given)}: no time authority of this name",
        hint=f"did you mean {near}?" if near else f"one of {', '.join(rows)}; or an address, http://… or https://…",
    )
