"""The evidence of files, kept for a day: the second run over a tree reads no manifest again.

Evidence is kept, never a verdict: policy, levels and exceptions are applied anew each time.  An entry is
found by what the file and its detached manifest hold, by the lists of anchors, and by the exact build of
engine and provlabel.  What depends on the moment or on others (another time of judgement, answers
about revocation, stapled ones too, a worker that died) is not kept.  Nothing counts once a certificate that was
looked at has ended, nor for longer than :data:`LIFE`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from provlabel._support import times
from provlabel._support.files import fingerprint, open_regular, sha256_of
from provlabel._support.private import make_private_database
from provlabel.errors import InputError
from provlabel.evidence import Evidence
from provlabel.manifest.limits import MAX_SIZE, MAX_STORE
from provlabel.sandbox.protocol import Check
from provlabel.trust.anchors import TrustStore

#: How long an entry counts.
LIFE = dt.timedelta(days=1)
#: Entries that are kept; the oldest go first.  Each has some 3 kB.
MAX_ENTRIES = 100_000
#: Bytes of one entry: what a hostile file unfolds to is read again rather than held in memory until the end.
MAX_VALUE = 100_000
#: What a file of these kinds of trouble holds decides them; other kinds may be the machine's fault.
_LASTING = frozenset({"malformed", "refused", "unsupported"})

_CODE = frozenset({".py", ".so", ".dylib"})

_TABLE = "CREATE TABLE IF NOT EXISTS evidence (key BLOB PRIMARY KEY, at REAL NOT NULL, value BLOB NOT NULL)"


class Key(NamedTuple):
    """What one file holds now, and what lies beside it."""

    sha256: str
    sidecar_sha256: str
    fingerprint: str


class EvidenceCache:
    """Evidence in a file of its own, for one set of anchors.  Safe to use from many threads.

    Args:
        folder: where it lies; made when missing.
        trust: the lists of anchors under which evidence is kept and found.
        now: the time of judgement.

    Raises:
        ConfigError: others can write there, and so could decide verdicts.
    """

    def __init__(self, folder: Path, trust: TrustStore, now: dt.datetime) -> None:
        self._prefix = hashlib.sha256(_build() + msgspec.json.encode(trust)).digest()
        self._now = now.timestamp()
        self._lock = threading.Lock()
        self._kept: list[tuple[bytes, float, bytes]] = []
        self._decoder = msgspec.msgpack.Decoder(Evidence, ext_hook=_refused)
        self._database = _opened(folder, self._now)

    def __enter__(self) -> EvidenceCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def key(self, path: Path, sidecar: Path) -> Key | None:
        """Read what decides the evidence of ``path``; ``None`` when it cannot be read, and so is not looked up."""
        try:
            with open_regular(path) as stream:
                if stream.seek(0, os.SEEK_END) > MAX_SIZE:
                    return None
                mark = fingerprint(stream)
                digest = sha256_of(stream)
                if fingerprint(stream) != mark:
                    return None
            return Key(digest, _sidecar(sidecar), mark)
        except (InputError, OSError):
            return None

    def get(self, key: Key) -> Evidence | None:
        """Return the evidence of such a file, if it is known."""
        nonsense = (ValueError, TypeError, RecursionError)  # what stands there may be of any type, and of any depth
        with self._lock, contextlib.suppress(sqlite3.Error, *nonsense):
            row = self._database.execute("SELECT at, value FROM evidence WHERE key = ?", (self._place(key),)).fetchone()
            if row is None or not 0 <= self._now - row[0] <= LIFE.total_seconds():
                return None
            known = self._decoder.decode(row[1])
            if any(row[0] < end <= self._now for end in _ends(known)):
                return None
            return msgspec.structs.replace(known, fingerprint=key.fingerprint)
        return None

    def keep(self, key: Key, evidence: Evidence, check: Check) -> None:
        """Remember ``evidence``, if it is of that very file and will be the same the next time."""
        trouble = evidence.trouble
        if (
            (evidence.sha256, evidence.sidecar_sha256) != key[:2]
            or not _timeless(evidence)
            or check.as_of
            or check.revocation
            or (trouble is not None and trouble.kind not in _LASTING)
        ):
            return
        value = msgspec.msgpack.encode(evidence)
        if len(value) <= MAX_VALUE:
            with self._lock:
                self._kept.append((self._place(key), self._now, value))

    def close(self) -> None:
        """Write what was kept; a cache that cannot be written is no failure of the verification."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO evidence VALUES (?, ?, ?)", self._kept)
                self._database.execute(
                    "DELETE FROM evidence WHERE key IN (SELECT key FROM evidence ORDER BY at DESC LIMIT -1 OFFSET ?)",
                    (MAX_ENTRIES,),
                )
            self._kept.clear()
            self._database.close()

    def _place(self, key: Key) -> bytes:
        return hashlib.sha256(self._prefix + f"{key.sha256}:{key.sidecar_sha256}".encode()).digest()


def _refused(code: int, _: memoryview) -> NoReturn:
    """Refuse types of msgpack that no evidence holds."""
    raise ValueError(f"extension {code}")


def _timeless(evidence: Evidence) -> bool:
    """Is our own look at the certificates one that a day does not change?  Answers about revocation grow old."""
    examined = evidence.examined
    return examined is None or (examined.path in ("trusted", "wrong-purpose") and evidence.credential is None)


def _ends(evidence: Evidence) -> Iterator[float]:
    """Yield when certificates end: of the path that we looked at, and of the signers of parents and parts."""
    if evidence.examined is not None and evidence.examined.until:
        yield times.read(evidence.examined.until).timestamp()
    yield from (times.read(one.signing.not_after).timestamp() for one in evidence.manifests[1:] if one.signing)


def _sidecar(path: Path) -> str:
    """Return the digest of what lies beside the file, as the worker gives it."""
    if not os.path.lexists(path):
        return ""
    with open_regular(path) as stream:
        return hashlib.sha256(stream.read(MAX_STORE + 1)).hexdigest()


def _build() -> bytes:
    """Return what changes with every build of engine or provlabel, a checkout that is being edited included.

    Names, sizes and times of files: to ask for a version costs as much as judging a hundred files.
    """
    found = PathFinder.find_spec("c2pa")
    folders = [Path(__file__).parent, *map(Path, (found and found.submodule_search_locations) or ())]
    lines = [
        f"{path}:{status.st_size}:{status.st_mtime_ns}"
        for folder in folders
        for path, status in sorted((path, path.stat()) for path in folder.rglob("*") if path.suffix in _CODE)
    ]
    return "\n".join(lines).encode()


def _opened(folder: Path, now: float) -> sqlite3.Connection:
    """Open the database below ``folder``, or one in memory where there can be none."""
    path = folder / "evidence.sqlite"
    try:
        make_private_database(path, "chmod go-w, or --no-cache")
        return _connected(path, now)
    except (OSError, sqlite3.Error):
        return _connected(Path(":memory:"), now)


def _connected(path: Path, now: float) -> sqlite3.Connection:
    """Connect; what is no database, or one of an older form, is begun anew."""
    for fresh in (False, True):
        database = sqlite3.connect(path, timeout=1, check_same_thread=False, isolation_level="IMMEDIATE")
        try:
            database.execute("PRAGMA synchronous = OFF")
            with database:
                database.execute(_TABLE)
                database.execute("DELETE FROM evidence WHERE at < ?", (now - LIFE.total_seconds(),))
            return database
        except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:  # the latter: a name in a damaged schema
            database.close()
            if fresh or isinstance(exc, sqlite3.OperationalError):
                raise
            path.write_bytes(b"")
    raise AssertionError("not reached")
