"""The ledger: one row for each job in SQLite, written by the driver alone.

It knows the name of each manifest before the job is handed out, so that a file that was published a moment before
everything was killed is known again.  WAL with ``synchronous=FULL``: what is done is still done after a power cut.
Receipts hold salts of prompts, so it is for its owner alone, in a folder where nobody else can write: SQLite believes
the log that lies beside a database, and writes into it, whoever made it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from provlabel._support.files import atomic_output, reason
from provlabel._support.private import make_private_database, require_private_database
from provlabel._support.text import printable
from provlabel._support.times import rfc3339
from provlabel.batch.work import Job, JobOutcome
from provlabel.errors import ConfigError, OutputError

#: ``PRAGMA user_version``: goes up with each change of the tables.
VERSION = 2
#: ``PRAGMA application_id``, by which a database is known to be ours: ``prlb``.
APPLICATION = 0x70726C62

JobState = Literal["waiting", "running", "done", "failed"]
_TABLES = """
-- Their texts, which may hold names and prompts that are not signed, stay in a temporary table: each run brings them.
CREATE TABLE labels (digest BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY,
  place BLOB NOT NULL UNIQUE,  -- absolute path of the output
  source BLOB NOT NULL,
  output BLOB NOT NULL,
  label BLOB NOT NULL REFERENCES labels,
  digest BLOB NOT NULL,        -- of the label and of how it is said
  urn TEXT NOT NULL,           -- of the manifest to be
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  run INTEGER NOT NULL,        -- the last run that had it to do
  attempts INTEGER NOT NULL,   -- in all runs
  tries INTEGER NOT NULL,      -- in this run
  due REAL NOT NULL,           -- when it may be tried again, seconds since 1970
  adopted INTEGER NOT NULL DEFAULT 0,
  size INTEGER,                -- of the source
  mtime_ns INTEGER,            -- of the source
  written INTEGER,             -- size of the output
  source_sha256 TEXT,
  sha256 TEXT,
  manifest TEXT,
  error TEXT,
  message TEXT,
  hint TEXT,
  receipt TEXT,
  started TEXT,
  ended TEXT
);
CREATE INDEX todo ON jobs (run, state, due);
"""
_LISTED = """
CREATE TEMP TABLE listed (
  number INTEGER PRIMARY KEY,
  source BLOB NOT NULL,
  output BLOB NOT NULL,
  place BLOB NOT NULL,
  folded BLOB NOT NULL,   -- the same for outputs that some file systems cannot tell apart
  origin BLOB NOT NULL,   -- the source, folded
  label BLOB NOT NULL,
  digest BLOB NOT NULL,
  size INTEGER,           -- of the source; none when it is missing
  mtime_ns INTEGER,
  file TEXT,              -- device and number of the source
  there INTEGER,          -- size of the output, when there is one
  target TEXT,            -- device and number of what is at the output
  ours INTEGER NOT NULL   -- it is in this shard
);
CREATE TEMP TABLE uses (  -- other files that go into a job's: its parent, ingredients, models
  place BLOB NOT NULL,
  role TEXT NOT NULL,
  path BLOB NOT NULL,
  origin BLOB NOT NULL  -- the same, folded
);
CREATE TEMP TABLE texts (digest BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE plan (number INTEGER PRIMARY KEY, urn TEXT NOT NULL);
"""
_LISTED_COLUMNS = 13
_ELSEWHERE = "name another with --ledger, in a folder of your own that nobody else can write"
_LONGEST = 4_096  # characters of a path; no system takes longer ones


class Listed(NamedTuple):
    """One job as it was listed, and what lies where."""

    source: bytes
    output: bytes
    place: bytes
    folded: bytes
    origin: bytes
    label: bytes
    digest: bytes
    size: int | None
    mtime_ns: int | None
    file: str | None
    there: int | None
    target: str | None
    ours: bool


class Use(NamedTuple):
    """Another file that goes into the file of a job."""

    place: bytes  #: of the job
    role: str  #: the argument of the library that takes it
    path: bytes
    origin: bytes


class LedgerEntry(NamedTuple):
    """What the ledger has of a job."""

    state: JobState
    attempts: int
    digest: bytes
    size: int | None
    mtime_ns: int | None
    written: int | None
    urn: str


class Group(Struct, frozen=True):
    """Failures, or warnings, that are the same but for the file."""

    error: str
    message: str
    hint: str
    files: int
    example: str  #: the first of these files, as messages show it: a name need not be text


class Ledger:
    """One open ledger; nobody else can open it meanwhile.

    Args:
        path: where it lies; made when it is missing.  ``None`` for one in memory.

    Raises:
        ConfigError: there is something else, or a ledger of another version, or it is damaged; it is left as it is.
        OutputError: another process has it, or it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.run = 0
        with self._explained():
            if path is not None:
                with _reachable(path):
                    make_private_database(path, _ELSEWHERE)
            name = ":memory:" if path is None else str(path)
            self._database = sqlite3.connect(name, timeout=0, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_new(self) -> bool:
        """Has it no job yet?"""
        return next(self._all("SELECT 1 FROM jobs LIMIT 1"), None) is None

    def close(self) -> None:
        """Close it; the log beside it goes into it."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    def _open(self) -> None:
        database = self._database
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        marks = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        if marks == [0, 0] and not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(
                f"BEGIN; {_TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT"
            )
        elif marks[0] != APPLICATION:
            raise self._foreign("is a database of something else")
        elif marks[1] != VERSION:
            raise self._foreign(f"is a ledger of version {marks[1]}, and this provlabel knows version {VERSION}")
        elif (found := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise self._foreign(f"is damaged: {found}")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
        database.execute("BEGIN IMMEDIATE")  # takes the lock, which is then kept
        database.execute("COMMIT")
        database.executescript(_LISTED)

    def _foreign(self, why: str) -> ConfigError:
        return ConfigError(
            f"{printable(str(self.path))}: {printable(why)}",
            hint="it is left as it is; name another with --ledger, or move it away",
        )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as exc:
            shown = printable(str(self.path))
            if "locked" in str(exc):
                raise OutputError(
                    f"{shown}: another batch has this ledger", hint="wait until it has ended, or name another --ledger"
                ) from exc
            raise OutputError(f"{shown}: cannot be written: {exc}", hint="is there room? is it yours?") from exc
        except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:  # the latter: a name in a damaged schema
            raise self._foreign(str(exc)) from exc

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._explained():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise

    # --- the list ------------------------------------------------------------------------------

    def put_listed(self, jobs: Iterable[Listed], labels: Iterable[tuple[bytes, str]], uses: Iterable[Use]) -> None:
        """Take in jobs of the list, labels by their digest, and other files; nothing of it is in the ledger yet."""
        marks = ", ".join("?" * _LISTED_COLUMNS)
        with self._explained():
            self._database.execute("BEGIN")
            self._database.executemany(f"INSERT INTO temp.listed VALUES (NULL, {marks})", jobs)  # noqa: S608
            self._database.executemany("INSERT OR IGNORE INTO temp.texts VALUES (?, ?)", labels)
            self._database.executemany("INSERT INTO temp.uses VALUES (?, ?, ?, ?)", uses)
            self._database.execute("COMMIT")

    def same_outputs(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Yield output, and two sources, where two jobs of the list have one output."""
        yield from self._all(
            "SELECT min(output), min(source), max(source) FROM temp.listed GROUP BY folded HAVING count(*) > 1"
        )

    def outputs_over_sources(self, *, in_place: bool) -> Iterator[tuple[bytes, bytes]]:
        """Yield source and output of jobs whose output is a source of some job, or another file that goes into one.

        A file that is labeled in place is its own source alone.
        """
        with self._explained():
            self._database.execute("CREATE INDEX IF NOT EXISTS temp.origins ON listed (origin)")
            self._database.execute("CREATE INDEX IF NOT EXISTS temp.files ON listed (file)")
            self._database.execute("CREATE INDEX IF NOT EXISTS temp.used ON uses (origin)")
            self._database.execute("CREATE INDEX IF NOT EXISTS temp.uses_of ON uses (place)")
        yield from self._all(
            "SELECT source, output FROM temp.listed AS job WHERE "
            "EXISTS (SELECT 1 FROM temp.listed AS other WHERE other.origin = job.folded AND "
            "NOT (job.output = job.source AND other.number = job.number AND :in_place)) OR "
            "(target IS NOT NULL AND EXISTS (SELECT 1 FROM temp.listed AS other WHERE other.file = job.target AND "
            "NOT (job.output = job.source AND other.number = job.number AND :in_place))) OR "
            "EXISTS (SELECT 1 FROM temp.uses WHERE uses.origin = job.folded)",
            {"in_place": in_place},
        )

    def missing(self) -> Iterator[tuple[bytes]]:
        """Yield sources that are not there."""
        yield from self._all("SELECT source FROM temp.listed WHERE size IS NULL")

    def outputs_among(self, places: Sequence[bytes]) -> list[bytes]:
        """Return outputs of the list that are one of ``places``, folded."""
        marks = ", ".join("?" * len(places))
        return [row[0] for row in self._all(f"SELECT output FROM temp.listed WHERE folded IN ({marks})", places)]  # noqa: S608

    def listed_jobs(self) -> Iterator[tuple[int, Listed, LedgerEntry | None]]:
        """Yield each job of this shard, and what the ledger has of it."""
        known = "jobs.state, jobs.attempts, jobs.digest, jobs.size, jobs.mtime_ns, jobs.written, jobs.urn"
        for row in self._all(
            f"SELECT listed.*, {known} FROM temp.listed AS listed "  # noqa: S608
            "LEFT JOIN main.jobs AS jobs ON jobs.place = listed.place WHERE listed.ours ORDER BY listed.number"
        ):
            cut = 1 + _LISTED_COLUMNS
            yield row[0], Listed(*row[1:cut]), LedgerEntry(*row[cut:]) if row[cut] is not None else None

    def put_plan(self, decided: Iterable[tuple[int, str]]) -> None:
        """Take in what is to be done: number in the list, and URN of the manifest to be."""
        with self._explained():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO temp.plan VALUES (?, ?)", decided)
            self._database.execute("COMMIT")

    def begin(self) -> None:
        """Write the plan into the ledger: from now on it is kept."""
        with self._writing():
            self.run = int(self._database.execute("SELECT coalesce(max(run), 0) + 1 FROM jobs").fetchone()[0])
            self._database.execute(
                "DELETE FROM temp.texts WHERE digest NOT IN "
                "(SELECT label FROM temp.listed JOIN temp.plan USING (number))"
            )
            self._database.execute("INSERT OR IGNORE INTO main.labels SELECT digest, '' FROM temp.texts")
            self._database.execute("UPDATE main.labels SET text = '' WHERE text <> ''")  # as older ledgers have them
            self._database.execute(
                "INSERT INTO main.jobs (place, source, output, label, digest, urn, state, run, attempts, tries, due, "
                "size, mtime_ns) "
                "SELECT place, source, output, label, digest, plan.urn, 'waiting', ?, 0, 0, 0, size, mtime_ns "
                "FROM temp.plan JOIN temp.listed USING (number) WHERE true ORDER BY number "
                "ON CONFLICT (place) DO UPDATE SET source = excluded.source, output = excluded.output, "
                "label = excluded.label, digest = excluded.digest, state = 'waiting', run = excluded.run, tries = 0, "
                "due = 0, adopted = 0, size = excluded.size, mtime_ns = excluded.mtime_ns, "
                "attempts = CASE WHEN urn = excluded.urn THEN attempts ELSE 0 END, urn = excluded.urn, "
                "written = NULL, source_sha256 = NULL, sha256 = NULL, manifest = NULL, error = NULL, message = NULL, "
                "hint = NULL, receipt = NULL, started = NULL, ended = NULL",
                (self.run,),
            )
        with self._explained():
            self._database.executescript("DELETE FROM temp.listed; DELETE FROM temp.plan")

    # --- the run -------------------------------------------------------------------------------

    def take(self, most: int, at: float) -> list[Job]:
        """Return jobs that are due ``at`` this moment, and note that they run."""
        with self._writing():
            rows = self._database.execute(
                "SELECT number, source, output, text, urn FROM jobs "
                "JOIN temp.texts AS texts ON texts.digest = jobs.label "
                "WHERE run = ? AND state = 'waiting' AND due <= ? "
                "ORDER BY due, number LIMIT ?",
                (self.run, at, most),
            ).fetchall()
            started = rfc3339(dt.datetime.now(dt.timezone.utc))
            self._database.executemany(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1, tries = tries + 1, started = ? "
                "WHERE number = ?",
                [(started, row[0]) for row in rows],
            )
            uses = self._uses_of([row[0] for row in rows])
        texts: dict[str, str] = {}  # equal labels are one object, which is sent once for each chunk
        return [
            Job(
                number=number,
                source=os.fsdecode(source),
                output=os.fsdecode(output),
                label=texts.setdefault(text, text),
                urn=urn,
                uses=uses.get(number, {}),
            )
            for number, source, output, text, urn in rows
        ]

    def _uses_of(self, numbers: Sequence[int]) -> dict[int, dict[str, list[str]]]:
        """Return the other files that go into jobs, by the number of the job and the role."""
        found: dict[int, dict[str, list[str]]] = {}
        marks = ", ".join("?" * len(numbers))
        wanted = (
            "SELECT number, role, path FROM jobs JOIN temp.uses AS uses ON uses.place = jobs.place "  # noqa: S608
            f"WHERE number IN ({marks}) ORDER BY uses.rowid"
        )
        for number, role, path in self._database.execute(wanted, numbers):
            found.setdefault(number, {}).setdefault(role, []).append(os.fsdecode(path))
        return found

    def is_over(self) -> bool:
        """Tell whether no job of this run is waiting or running."""
        left = self._all("SELECT 1 FROM jobs WHERE run = ? AND state IN ('waiting', 'running') LIMIT 1", (self.run,))
        return next(left, None) is None

    def tries(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return how often these jobs were tried in this run."""
        marks = ", ".join("?" * len(numbers))
        return dict(self._all(f"SELECT number, tries FROM jobs WHERE number IN ({marks})", numbers))  # noqa: S608

    def settle(self, outcomes: Sequence[tuple[JobOutcome, float | None]]) -> None:
        """Note what became of jobs; with a time beside it, a failed one is tried again then."""
        ended = rfc3339(dt.datetime.now(dt.timezone.utc))
        with self._writing():
            self._database.executemany(
                "UPDATE jobs SET state = ?, due = ?, adopted = ?, size = coalesce(?, size), "
                "mtime_ns = coalesce(?, mtime_ns), written = ?, source_sha256 = ?, sha256 = ?, manifest = ?, "
                "error = ?, message = ?, hint = ?, receipt = ?, ended = ? WHERE number = ?",
                [_columns(outcome, due, ended) for outcome, due in outcomes],
            )

    # --- afterwards ----------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Return how many jobs of this run are in each state, ``adopted`` and ``retried`` among them."""
        found = dict(self._all("SELECT state, count(*) FROM jobs WHERE run = ? GROUP BY state", (self.run,)))
        [(adopted, retried)] = self._all(
            "SELECT coalesce(sum(adopted), 0), coalesce(sum(tries > 1), 0) FROM jobs WHERE run = ?", (self.run,)
        )
        return {"done": 0, "failed": 0, **found, "adopted": adopted, "retried": retried}

    def failures(self, most: int) -> list[Group]:
        """Return what failed in this run, the most frequent first; those that are equal but for the file are one."""
        rows = self._all(
            "SELECT error, message, hint, count(*) AS many, min(source) FROM jobs WHERE run = ? AND state = 'failed' "
            "GROUP BY error, message, hint ORDER BY many DESC, min(number) LIMIT ?",
            (self.run, most),
        )
        return [Group(error, message, hint, files, _shown(example)) for error, message, hint, files, example in rows]

    def warnings(self, most: int) -> list[Group]:
        """Return what was warned of in this run, the most frequent first; equal warnings are one."""
        rows = self._all(
            "SELECT item.value, count(*) AS many, min(source) FROM jobs, json_each(receipt, '$.warnings') AS item "
            "WHERE run = ? AND state = 'done' GROUP BY item.value ORDER BY many DESC, min(number) LIMIT ?",
            (self.run, most),
        )
        return [Group("", message, "", files, _shown(example)) for message, files, example in rows]

    def write_receipts(self, path: Path) -> None:
        """Write every receipt that the ledger has to ``path``, a line of JSON each, for its owner alone.

        Raises:
            OutputError: it cannot be written.
        """
        wanted = "SELECT CAST(receipt AS TEXT) FROM jobs WHERE state = 'done' AND receipt IS NOT NULL ORDER BY number"
        with atomic_output(path, replace=True, mode=0o600) as scratch:
            os.fchmod(scratch.stream.fileno(), 0o600)
            for (receipt,) in self._all(wanted):
                scratch.stream.write(receipt.encode() + b"\n")

    def _all(self, query: str, values: Sequence[Any] | dict[str, Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of an answer; what is damaged may show only in one of them."""
        with self._explained():
            yield from self._database.execute(query, values)


def _shown(path: bytes) -> str:
    return printable(os.fsdecode(path), _LONGEST)


def _columns(outcome: JobOutcome, due: float | None, ended: str) -> tuple[Any, ...]:
    receipt = outcome.receipt
    return (
        "waiting" if due is not None else outcome.state,
        due or 0,
        outcome.adopted,
        outcome.size,
        outcome.mtime_ns,
        outcome.written,
        receipt.source_sha256 if receipt else None,
        receipt.sha256 if receipt else None,
        receipt.manifest if receipt else None,
        outcome.error or None,
        outcome.message or None,
        outcome.hint,
        json.dumps(msgspec.to_builtins(receipt)) if receipt else None,
        ended,
        outcome.number,
    )


def new_urn() -> str:
    """Return a name for a manifest (C2PA 2.4 §8.2)."""
    return f"urn:c2pa:{uuid.uuid4()}"


def require_private(path: Path) -> None:
    """Refuse a ledger that others could have written, or what SQLite would read beside it.

    Raises:
        ConfigError: so it is.
        OutputError: it cannot be looked at.
    """
    with _reachable(path):
        require_private_database(path, _ELSEWHERE)


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutputError(f"{printable(str(path))}: no ledger can be kept there: {reason(exc)}") from exc
