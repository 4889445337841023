"""The lists that C2PA publishes: where they come from, how they are fetched and kept, and what changed in them.

Nothing here is done by itself: whoever verifies reads what was kept, and only who asks for it fetches.  The lists are
not signed, so what is fetched is worth what TLS and the publisher's account are worth.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from provlabel._support import http, times
from provlabel._support.files import atomic_output, open_regular
from provlabel._support.text import printable
from provlabel.errors import ConfigError, InputError
from provlabel.trust.anchors import MAX_FILE, Purpose, TrustStore
from provlabel.trust.purposes import OFFICIAL_EKUS

#: Seconds that fetching all lists may take.
SECONDS = 60
#: What is written beside the lists: where each came from, and when.
RECORD = "fetched.json"
#: What the name of a list that was replaced ends with.
PREVIOUS = ".previous"

_CONFORMANCE = "https://raw.githubusercontent.com/c2pa-org/conformance-public/main/trust-list"
_INTERIM = "https://raw.githubusercontent.com/contentauth/verify-site/main/static/trust"


class OfficialList(NamedTuple):
    """One list: under which name it is kept, where it is published, and what its certificates count for."""

    file: str
    url: str
    purposes: tuple[Purpose, ...]
    leaves: bool = False


#: By the name under which ``--trust`` knows them.  The interim list is frozen since 2026; its anchors are CAs of
#: signers and of time authorities, and it does not say which is which.
LISTS: dict[str, tuple[OfficialList, ...]] = {
    "c2pa": (
        OfficialList("C2PA-TRUST-LIST.pem", f"{_CONFORMANCE}/C2PA-TRUST-LIST.pem", ("manifest",)),
        OfficialList("C2PA-TSA-TRUST-LIST.pem", f"{_CONFORMANCE}/C2PA-TSA-TRUST-LIST.pem", ("timestamp",)),
    ),
    "c2pa-interim": (
        OfficialList("C2PA-INTERIM-ANCHORS.pem", f"{_INTERIM}/anchors.pem", ("manifest", "timestamp")),
        OfficialList("C2PA-INTERIM-ALLOWED.pem", f"{_INTERIM}/allowed.pem", ("manifest",), leaves=True),
    ),
}


class Origin(Struct, frozen=True):
    """Where a kept list came from, and when."""

    url: str
    fetched: str  #: RFC 3339
    sha256: str  #: of the file then


class _Origins(Struct, frozen=True):
    lists: dict[str, Origin] = {}


# --- reading ---------------------------------------------------------------------------------------


def kept(name: str, folder: Path) -> TrustStore:
    """Read the lists of ``name`` from where they were kept, with the purposes of certificates that belong to them.

    Raises:
        ConfigError: one is not there, or is no list.
    """
    store, origins = TrustStore().accepting(*OFFICIAL_EKUS), origins_in(folder)
    for one in LISTS[name]:
        path = folder / one.file
        if not os.path.lexists(path):
            interim = "" if name == "c2pa" else " --interim"
            raise ConfigError(
                f"{printable(str(path))}: is not there; provlabel never fetches trust lists by itself",
                hint=f"run: provlabel trust fetch c2pa{interim}",
            )
        for purpose in one.purposes:
            store += _dated(
                TrustStore.load(path, purpose=purpose, leaves=one.leaves, public=True), origins.get(one.file)
            )
    return store


def _dated(store: TrustStore, origin: Origin | None) -> TrustStore:
    """Return a list with the time when it was last fetched, if it still is what was fetched."""
    [item] = store.lists
    if origin is None or origin.sha256 != item.sha256:
        return store
    return TrustStore((msgspec.structs.replace(item, date=origin.fetched),), store.ekus)


def origins_in(folder: Path) -> dict[str, Origin]:
    """Return what is recorded of the lists in ``folder``, by their files; nothing where that cannot be read."""
    try:
        with open_regular(folder / RECORD) as stream:
            found = msgspec.json.decode(stream.read(MAX_FILE), type=_Origins).lists
        return {file: origin for file, origin in found.items() if times.read(origin.fetched).tzinfo is not None}
    except (InputError, OSError, ValueError):
        return {}


def content_of(path: Path) -> bytes:
    """Return the list that is kept at ``path``; empty where none is.

    Raises:
        InputError: it cannot be read.
    """
    if not os.path.lexists(path):
        return b""
    with open_regular(path) as stream:
        return stream.read(MAX_FILE + 1)


# --- fetching --------------------------------------------------------------------------------------


def place_of(one: OfficialList, mirror: str) -> str:
    """Return from where a list is fetched.

    Args:
        one: the list.
        mirror: the folder, as a URL, that has all lists under their names here; empty for the publisher.

    Raises:
        ConfigError: the mirror is no HTTPS URL; HTTP is for this machine alone.
    """
    if not mirror:
        return one.url
    try:
        target = http.parsed(mirror)
        if urlsplit(mirror).query or urlsplit(mirror).fragment:
            raise http.Failed("not a plain URL")
    except http.Failed as exc:
        raise ConfigError(f"--mirror {printable(mirror)}: {exc}", hint="such as https://mirror.example/c2pa") from exc
    if not target.secure and target.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError(
            f"--mirror {printable(mirror)}: whoever is on the way could put other anchors in", hint="use https"
        )
    return f"{mirror.rstrip('/')}/{one.file}"


def fetch(url: str, *, private: bool = False, ends: float | None = None) -> bytes:
    """Get one list from ``url``.

    Args:
        url: where it is.
        private: the host may lie inside one's own network.
        ends: the deadline, as ``time.monotonic`` reads it; :data:`SECONDS` from now without.

    Raises:
        InputError: there is no answer in time, one larger than a list may be, one that leads elsewhere, or one
            that is no list of certificates.
    """
    deadline = time.monotonic() + SECONDS if ends is None else ends
    accept = {"Accept": "application/x-pem-file, text/plain, application/octet-stream"}
    try:
        content = http.exchange("GET", url, None, accept, ends=deadline, most=MAX_FILE, private=private, plain=True)
    except http.Failed as exc:
        raise InputError(f"{printable(url)}: {exc}", hint="the lists that were kept stay; try again") from exc
    try:
        TrustStore.of_pem(content, name=url)
    except ConfigError as exc:
        raise InputError(str(exc), hint="what is there is no trust list; the lists that were kept stay") from exc
    return content


def keep(folder: Path, fetched: Sequence[tuple[OfficialList, str, bytes]], at: dt.datetime) -> None:
    """Write lists, each whole or not at all, the one that it replaces beside it, and then where they came from.

    Args:
        folder: where; it exists.
        fetched: each list, its URL and content.
        at: when they were fetched.

    Raises:
        OutputError: the folder cannot be written.
        InputError: a list that is there cannot be read.
    """
    origins = origins_in(folder)
    for one, url, content in fetched:
        path = folder / one.file
        before = content_of(path)
        if before != content:
            if before:
                _write(path.with_name(path.name + PREVIOUS), before)
            _write(path, content)
        origins[one.file] = Origin(url, times.rfc3339(at), hashlib.sha256(content).hexdigest())
    record = msgspec.json.format(msgspec.json.encode(_Origins(dict(sorted(origins.items())))), indent=1)
    _write(folder / RECORD, record + b"\n")


def _write(path: Path, content: bytes) -> None:
    with atomic_output(path, replace=True) as scratch:
        scratch.stream.write(content)
