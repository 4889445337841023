"""Other users of the machine: what they put where we keep something, and settings that lie in a stranger's tree."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from project import MEDIA, Cli
from provlabel import ConfigError
from provlabel._support.private import leave, make_private, make_private_database, marked
from provlabel.batch.ledger import Ledger
from provlabel.batch.running import FOLDER
from users import as_another_user, needs_another_user, shared_folder

PROMPT = "a prompt that nobody else may read"
LABEL = f'kind = "ai_generated"\n[prompt]\ntext = "{PROMPT}"\n'
BATCH = ("batch", "in", "--label", "label.toml", "--signer", "test", "--workers", "1", "--prompt-mode", "hash")
SIDES = ("-wal", "-shm", "-journal")


@pytest.fixture
def shared() -> Iterator[Path]:
    yield from shared_folder()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    shutil.copy(MEDIA / "still.png", tmp_path / "in")
    (tmp_path / "label.toml").write_text(LABEL)
    return tmp_path


def open_to_others(top: Path) -> list[Path]:
    """What lies below ``top`` and somebody else could read or write."""
    return [path for path in top.rglob("*") if not path.is_symlink() and path.lstat().st_mode & 0o077]


# --- ledgers ---------------------------------------------------------------------------------------


@needs_another_user
@pytest.mark.parametrize("mode", [0o777, 0o1777], ids=["open", "sticky"])
def test_nobody_reads_a_ledger_that_lies_among_outputs_of_many(mode: int, work: Path, shared: Path, cli: Cli) -> None:
    shared.chmod(mode)
    held: list[int] = []

    def plant() -> None:
        for name in (".provlabel-batch.sqlite", "ledger.sqlite"):
            for side in SIDES:
                (shared / (name + side)).touch(0o666)

    as_another_user(plant)
    held += [os.open(path, os.O_RDONLY) for path in shared.iterdir()]  # as whoever planted them would keep them open
    kept = ("--ledger", shared / FOLDER / "ledger.sqlite", "--receipts", shared / "receipts.jsonl")
    done = cli(*BATCH, "--out-dir", shared, *kept)
    assert done.returncode == 0, done.stderr
    assert [os.read(fd, 1 << 20) for fd in held] == [b""] * len(held)
    for fd in held:
        os.close(fd)
    assert stat.S_IMODE((shared / FOLDER).stat().st_mode) == 0o700
    assert open_to_others(shared / FOLDER) == []
    with pytest.raises(AssertionError):
        as_another_user(lambda: (shared / FOLDER / "ledger.sqlite").read_bytes())
    with pytest.raises(AssertionError):
        as_another_user(lambda: (shared / "receipts.jsonl").read_bytes())


@needs_another_user
@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_a_folder_that_another_user_made_for_our_ledger_is_refused(
    more: tuple[str, ...], work: Path, shared: Path, cli: Cli
) -> None:
    def plant() -> None:
        (shared / FOLDER).mkdir()
        (shared / FOLDER).chmod(0o777)
        with sqlite3.connect(shared / FOLDER / "ledger.sqlite") as database:
            database.execute("CREATE TABLE jobs (planted)")

    as_another_user(plant)
    done = cli(*BATCH, "--out-dir", shared, *more)
    assert done.returncode == 2
    assert "others can write there" in done.stderr
    assert not list(shared.glob("*.png"))


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o2775], ids=oct)
@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_a_ledger_is_kept_in_no_folder_that_others_can_write(
    mode: int, more: tuple[str, ...], work: Path, shared: Path, cli: Cli
) -> None:
    (shared / "ours.sqlite").touch(0o600)
    shared.chmod(mode)
    done = cli(*BATCH, "--out-dir", "out", "--ledger", shared / "ours.sqlite", *more)
    assert done.returncode == 2
    assert "others can write there" in done.stderr
    assert "--ledger" in done.stderr
    assert [path.name for path in shared.iterdir()] == ["ours.sqlite"]


@needs_another_user
@pytest.mark.parametrize("side", ["", *SIDES])
@pytest.mark.parametrize("what", ["theirs", "writable", "link", "second name", "folder", "pipe"])
def test_what_lies_beside_a_database_is_looked_at_before_sqlite_is(side: str, what: str, tmp_path: Path) -> None:
    """As it may lie there from a time when the folder was open to others."""
    folder = tmp_path / "kept"
    folder.mkdir(0o700)
    path, elsewhere = folder / f"ledger.sqlite{side}", tmp_path / "elsewhere"
    elsewhere.touch(0o600)
    if what == "theirs":
        path.touch(0o644)
        os.chown(path, 65534, 65534)
    elif what == "writable":
        path.touch()
        path.chmod(0o666)
    elif what == "link":
        path.symlink_to(elsewhere)
    elif what == "second name":
        os.link(elsewhere, path)
    elif what == "folder":
        path.mkdir(0o700)
    else:
        os.mkfifo(path, 0o600)
    with pytest.raises(ConfigError):
        Ledger(folder / "ledger.sqlite")
    with pytest.raises(ConfigError):
        make_private_database(folder / "ledger.sqlite", "")
    assert elsewhere.read_bytes() == b""


# --- caches, marks and receipts --------------------------------------------------------------------


@pytest.mark.fresh
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777], ids=oct)
def test_what_we_keep_is_for_its_owner_whatever_the_umask(
    mask: int, work: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("kept")  # a cache below what is judged is not used
    cache, before = kept / "cache" / "deep", os.umask(mask)
    try:
        done = cli(*BATCH, "--out-dir", "out", XDG_CACHE_HOME=str(cache), XDG_STATE_HOME=str(kept / "state" / "deep"))
        assert done.returncode == 0, done.stderr
        done = cli("verify", "out", "--trust", "test", XDG_CACHE_HOME=str(cache))
        assert done.returncode == 0, done.stderr
        done = cli(
            "label", "in/still.png", "-o", "one.png", "--label", "label.toml", "--signer", "test",
            "--prompt-mode", "hash", "--receipt", "receipt.json", XDG_CACHE_HOME=str(cache),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    finally:
        os.umask(before)
    assert {path.name for path in (cache / "provlabel").iterdir()} == {"evidence", "fit", "selftest"}
    assert open_to_others(kept) == []
    assert len([*kept.rglob("ledger.sqlite"), *kept.rglob("receipts.jsonl")]) == 2
    assert (work / "receipt.json").stat().st_mode & 0o077 == 0


@needs_another_user
def test_marks_that_others_could_have_left_do_not_count(shared: Path, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "marks" / "a", shared / "a"
    leave(ours)
    assert marked(ours) is not None
    (tmp_path / "marks" / "link").symlink_to(ours)
    assert marked(tmp_path / "marks" / "link") is None
    os.chown(ours, 65534, 65534)
    assert marked(ours) is None
    leave(theirs)
    assert not theirs.exists()
    theirs.touch(0o600)
    assert marked(theirs) is None


@needs_another_user
def test_a_folder_of_another_user_is_not_made_ours(tmp_path: Path) -> None:
    made = tmp_path / "theirs"
    made.mkdir(0o700)
    os.chown(made, 65534, 65534)
    with pytest.raises(ConfigError, match="others can write there"):
        make_private(made)


# --- settings --------------------------------------------------------------------------------------

RELATIVE = (
    {"XDG_CONFIG_HOME": "."},
    {"XDG_CONFIG_HOME": ".config"},
    {"XDG_CONFIG_HOME": "", "HOME": "."},
    {"HOME": ""},
)


@pytest.fixture
def tree(work: Path) -> Path:
    """A tree of somebody else, with settings wherever a relative path could lead."""
    program = work / "run.sh"
    program.write_text(f"#!/bin/sh\ntouch {work}/pwned\n")
    program.chmod(0o755)
    for place in ("provlabel", ".config/provlabel", ".config/.config/provlabel"):
        (work / place).mkdir(parents=True)
        (work / place / "config.toml").write_text(f'signer = "cmd:{program}?chain=chain.pem"\n')
    (work / "chain.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    return work


@pytest.mark.fresh
@pytest.mark.parametrize("env", RELATIVE, ids=str)
def test_no_settings_are_found_from_where_one_stands(env: dict[str, str], tree: Path, cli: Cli) -> None:
    done = cli("label", "in/still.png", "-o", "out.png", "--kind", "ai_generated", cwd=tree, **env)
    assert (done.returncode, "no signer" in done.stderr) == (2, True), done.stderr
    assert not (tree / "pwned").exists()


@pytest.mark.fresh
def test_nothing_is_kept_where_one_stands(work: Path, cli: Cli) -> None:
    before = {path.name for path in work.iterdir()}
    for env in ({"XDG_CACHE_HOME": "cache"}, {"XDG_CACHE_HOME": "", "HOME": "."}):
        assert cli("verify", "in", "--policy", "intact", cwd=work, **env).returncode == 0
    assert {path.name for path in work.iterdir()} == before


@needs_another_user
@pytest.mark.parametrize("how", ["writable", "theirs"])
def test_settings_that_others_can_write_are_refused(how: str, tree: Path, cli: Cli) -> None:
    settings = tree / ".config" / "provlabel" / "config.toml"
    if how == "writable":
        settings.chmod(0o666)
    else:
        os.chown(settings, 65534, 65534)
    done = cli(
        "label", "in/still.png", "-o", "o.png", "--kind", "ai_generated", XDG_CONFIG_HOME=str(tree / ".config")
    )  # fmt: skip
    assert done.returncode == 2
    assert "others can write it" in done.stderr
    assert not (tree / "pwned").exists()
