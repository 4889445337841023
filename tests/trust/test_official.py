"""The official lists: fetched when somebody asks for it and agrees, kept whole, and read by ``--trust c2pa``."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

import pki
from project import Cli, Under, corpus_of_others
from provlabel.errors import ConfigError, InputError
from provlabel.trust import official
from provlabel.trust.purposes import MICROSOFT_SIGNING, OFFICIAL_EKUS
from sites import Site, reply
from terminal import TYPING

SIGNERS, CLOCKS, ANCHORS, ALLOWED = (one.file for lists in official.LISTS.values() for one in lists)
Serve = Callable[..., None]


@pytest.fixture(scope="module")
def roots() -> tuple[pki.Issued, ...]:
    return tuple(pki.root(f"{name} Root") for name in ("First", "Second", "Third"))


@pytest.fixture
def serve(site: Site) -> Serve:
    """Publish lists as the real host does: as plain text."""

    def put(file: str, *issued: pki.Issued, words: str = "") -> None:
        content = "".join(f"Subject\t{one.certificate.subject}\n{one.pem}\n" for one in issued) + words
        site.pages[f"/c2pa/{file}"] = reply(content.encode(), Content_Type="text/plain; charset=utf-8")

    return put


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.fixture
def kept(config: Path) -> Path:
    """Where the lists lie."""
    return config / "provlabel" / "trust"


Fetch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def fetch(cli: Cli, site: Site, config: Path) -> Fetch:
    def run(*args: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        mirror = ("--mirror", f"{site.url}/c2pa/")
        return cli("trust", "fetch", "c2pa", *mirror, *args, XDG_CONFIG_HOME=str(config), **env)

    return run


@pytest.fixture
def published(serve: Serve, roots: tuple[pki.Issued, ...]) -> None:
    serve(SIGNERS, roots[0], roots[1])
    serve(CLOCKS, roots[2])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


# --- fetching --------------------------------------------------------------------------------------


def test_lists_are_fetched_shown_and_kept(
    fetch: Fetch, published: None, kept: Path, site: Site, cli: Cli, config: Path
) -> None:
    done = fetch("--yes")
    assert done.returncode == 0, done.stderr
    assert f"{SIGNERS}  for manifest, 2 certificates, from {site.url}/c2pa/{SIGNERS}" in done.stdout
    assert f"{CLOCKS}  for timestamp, 1 certificate" in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines() if "CN=" in line] == ["came"] * 3
    assert contents(kept).keys() == {SIGNERS, CLOCKS, official.RECORD}
    record = json.loads((kept / official.RECORD).read_text())["lists"]
    assert record[CLOCKS]["url"] == f"{site.url}/c2pa/{CLOCKS}"
    told = json.loads(cli("trust", "show", "--trust", "c2pa", "--format", "json", XDG_CONFIG_HOME=str(config)).stdout)
    assert [(item["purpose"], item["date"]) for item in told["lists"]] == [
        ("manifest", record[SIGNERS]["fetched"]),
        ("timestamp", record[CLOCKS]["fetched"]),
    ]


def test_what_came_and_went_is_shown_and_the_last_list_is_kept(
    fetch: Fetch, serve: Serve, published: None, roots: tuple[pki.Issued, ...], kept: Path
) -> None:
    assert fetch("--yes").returncode == 0
    before = (kept / SIGNERS).read_bytes()
    serve(SIGNERS, roots[1], roots[2], pki.root("Fourth Root"))
    done = fetch("--yes")
    assert done.returncode == 0
    said = [" ".join(line.split()[:2]) for line in done.stdout.splitlines() if "CN=" in line]
    assert said == ["came CN=Third", "came CN=Fourth", "went CN=First"]
    assert "shrank" not in done.stdout
    assert done.stdout.count("unchanged") == 1
    assert (kept / f"{SIGNERS}{official.PREVIOUS}").read_bytes() == before
    assert not (kept / f"{CLOCKS}{official.PREVIOUS}").exists()
    serve(SIGNERS, roots[1])
    assert "it shrank: 3 certificates before, 1 now" in fetch("--yes").stdout


def test_a_list_that_is_the_same_is_as_good_as_new(
    fetch: Fetch, published: None, kept: Path, cli: Cli, config: Path
) -> None:
    assert fetch("--yes").returncode == 0
    record = kept / official.RECORD
    record.write_text(record.read_text().replace('"fetched": "20', '"fetched": "19'))
    old = cli("trust", "check", "--trust", "c2pa", XDG_CONFIG_HOME=str(config))
    assert "days old; run: provlabel trust fetch c2pa" in old.stdout
    done = fetch()  # without --yes and without a terminal: there is nothing to ask
    assert done.returncode == 0
    assert done.stdout.count("unchanged") == 2
    assert "days old" not in cli("trust", "check", "--trust", "c2pa", XDG_CONFIG_HOME=str(config)).stdout
    assert contents(kept).keys() == {SIGNERS, CLOCKS, official.RECORD}


def test_they_can_be_kept_for_a_repository(fetch: Fetch, published: None, kept: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "repository" / "trust"
    assert fetch("--out", out, "--yes").returncode == 0
    assert contents(out).keys() == {SIGNERS, CLOCKS, official.RECORD}
    assert contents(kept) == {}
    assert cli("trust", "check", "--trust", out / SIGNERS, "--tsa-trust", out / CLOCKS).returncode == 0


def test_the_interim_list_comes_when_it_is_asked_for(
    fetch: Fetch, serve: Serve, published: None, roots: tuple[pki.Issued, ...], kept: Path, cli: Cli, config: Path
) -> None:
    missing = cli("trust", "show", "--trust", "c2pa-interim", XDG_CONFIG_HOME=str(config))
    assert (missing.returncode, "run: provlabel trust fetch c2pa --interim" in missing.stderr) == (2, True)
    serve(ANCHORS, roots[0])
    serve(ALLOWED, pki.leaf(roots[0]))
    assert fetch("--yes").returncode == 0
    assert not (kept / ANCHORS).exists()
    done = fetch("--interim", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{ALLOWED}  for manifest, each by itself, 1 certificate" in done.stdout
    store = official.kept("c2pa-interim", kept)
    assert [(item.purpose, item.leaves) for item in store.lists] == [
        ("manifest", False),
        ("timestamp", False),
        ("manifest", True),
    ]
    assert [item.purpose for item in official.kept("c2pa", kept).lists] == ["manifest", "timestamp"]


def test_their_purposes_come_with_the_lists(fetch: Fetch, published: None, kept: Path, cli: Cli, config: Path) -> None:
    assert fetch("--yes").returncode == 0
    store = official.kept("c2pa", kept)
    assert store.ekus == OFFICIAL_EKUS
    assert MICROSOFT_SIGNING in store.ekus
    assert all(item.public for item in store.lists)


# --- asking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "code", "there"), [("y", 0, True), ("n", 1, False), ("", 1, False)])
def test_a_terminal_is_asked(
    answer: str, code: int, there: bool, published: None, under: Under, site: Site, kept: Path, config: Path
) -> None:
    prefix = (sys.executable, "-c", TYPING, "Keep these lists?", answer)
    args = ("trust", "fetch", "c2pa", "--mirror", f"{site.url}/c2pa")
    done = under(prefix, *args, XDG_CONFIG_HOME=str(config))
    assert done.returncode == code, done.stdout
    assert "came" in done.stdout
    assert (kept / SIGNERS).exists() == there


def test_without_a_terminal_nothing_is_kept_unasked(fetch: Fetch, published: None, kept: Path) -> None:
    done = fetch()
    assert done.returncode == 2
    assert "came" in done.stdout
    assert "add --yes" in done.stderr
    assert contents(kept) == {}


# --- what may come instead -------------------------------------------------------------------------


def _sleeps(site: Site) -> Callable[..., None]:
    return lambda handler: site.stopping.wait(60) and None


def test_whatever_else_comes_the_kept_lists_stay(
    fetch: Fetch, serve: Serve, published: None, roots: tuple[pki.Issued, ...], kept: Path, site: Site
) -> None:
    assert fetch("--yes").returncode == 0
    before = contents(kept)
    path, good = f"/c2pa/{CLOCKS}", roots[0].pem.encode()
    damaged = good.replace(b"MII", b"MIJ", 1)  # longer than it is
    inner = bytearray(pki.root("Inner").pem.encode())
    inner[400:440] = b"A" * 40
    answers = {
        "holds no PEM certificate": reply(b"nothing", Content_Type="text/plain"),
        "answered with something else": reply(good, Content_Type="text/html"),
        "certificate 1 is damaged": reply(damaged),
        "answered 302": reply(b"", 302, Location=f"{site.url}/c2pa/{SIGNERS}"),
        "answered 404": reply(b"", 404),
        "more than 8,388,608 bytes": reply(good + b"#" * (8 << 20)),
        "stopped in the middle": reply(good, Content_Length=str(len(good) + 1)),
        "holds a private key": reply(good + roots[0].key_pem()),
        "is not that of a CA": reply(pki.leaf(roots[0]).pem.encode()),
    }
    serve(SIGNERS, roots[2])  # the first list is good and new; it must not be kept alone
    for said, page in answers.items():
        site.pages[path] = page
        done = fetch("--yes")
        assert (done.returncode, said in done.stderr) == (3, True), (said, done.stderr)
        assert contents(kept) == before
    site.pages[path] = reply(bytes(inner))
    assert fetch("--yes").returncode == 3
    assert contents(kept) == before


def test_nobody_there_and_nobody_in_time(fetch: Fetch, published: None, site: Site, kept: Path) -> None:
    site.pages["/c2pa/slow"] = _sleeps(site)
    with pytest.raises(InputError, match="took too long"):
        official.fetch(f"{site.url}/c2pa/slow", private=True, ends=time.monotonic() + 0.3)
    with pytest.raises(InputError, match="not a public address"):
        official.fetch(f"{site.url}/c2pa/{SIGNERS}")
    site.close()
    done = fetch("--yes")
    assert done.returncode == 3
    assert "refused" in done.stderr
    assert contents(kept) == {}


def test_a_run_that_is_killed_leaves_the_lists_as_they_were(
    fetch: Fetch, serve: Serve, published: None, roots: tuple[pki.Issued, ...], site: Site, kept: Path, config: Path
) -> None:
    assert fetch("--yes").returncode == 0
    before = contents(kept)
    serve(SIGNERS, roots[2])
    site.pages[f"/c2pa/{CLOCKS}"] = _sleeps(site)
    site.hits.clear()
    command = [sys.executable, "-m", "provlabel", "trust", "fetch", "c2pa", "--yes", "--mirror", f"{site.url}/c2pa"]
    with subprocess.Popen(
        command,
        env={**os.environ, "XDG_CONFIG_HOME": str(config)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as running:
        while len(site.hits) < 2:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    assert contents(kept) == before


def test_a_folder_that_others_can_write_is_no_place_for_anchors(fetch: Fetch, published: None, kept: Path) -> None:
    kept.mkdir(parents=True)
    kept.chmod(0o777)
    done = fetch("--yes")
    assert done.returncode == 2
    assert "others can write there" in done.stderr
    assert contents(kept) == {}


def test_a_folder_that_cannot_be_written_is_said(
    under: Under, bound: tuple[str, ...], published: None, site: Site, tmp_path: Path
) -> None:
    out = tmp_path / "locked"
    out.mkdir(mode=0o555)
    done = under(bound, "trust", "fetch", "c2pa", "--mirror", f"{site.url}/c2pa", "--out", out, "--yes")
    assert done.returncode == 3
    assert "cannot write there" in done.stderr


def test_a_kept_list_that_was_spoilt_is_replaced(fetch: Fetch, published: None, kept: Path) -> None:
    assert fetch("--yes").returncode == 0
    good = (kept / SIGNERS).read_bytes()
    (kept / SIGNERS).write_bytes(b"spoilt")
    (kept / official.RECORD).write_text("[")
    done = fetch("--yes")
    assert done.returncode == 0, done.stderr
    assert (kept / SIGNERS).read_bytes() == good
    assert official.origins_in(kept).keys() == {SIGNERS, CLOCKS}


def test_a_list_that_was_changed_by_hand_has_the_age_of_its_file(fetch: Fetch, published: None, kept: Path) -> None:
    assert fetch("--yes").returncode == 0
    changed = kept / SIGNERS
    changed.write_bytes(changed.read_bytes() + b"# a word\n")
    os.utime(changed, (0, 0))
    first, second = official.kept("c2pa", kept).lists
    assert first.date == "1970-01-01T00:00:00Z"
    assert second.date == official.origins_in(kept)[CLOCKS].fetched


# --- from where ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mirror",
    [
        "http://mirror.example/c2pa",
        "ftp://127.0.0.1/",
        "c2pa",
        "https://u@mirror.example/",
        "https://m.example/?a=b",
        "https://",
    ],
)
def test_a_mirror_is_https_or_this_machine(mirror: str, cli: Cli) -> None:
    done = cli("trust", "fetch", "c2pa", "--mirror", mirror)
    assert done.returncode == 2
    assert f"--mirror {mirror}" in done.stderr
    with pytest.raises(ConfigError):
        official.place_of(official.LISTS["c2pa"][0], mirror)


def test_without_a_mirror_the_publishers_are_asked_over_https() -> None:
    for lists in official.LISTS.values():
        for one in lists:
            assert official.place_of(one, "") == one.url
            assert one.url.startswith("https://raw.githubusercontent.com/")
            assert official.place_of(one, "https://mirror.example/a/") == f"https://mirror.example/a/{one.file}"


@pytest.fixture
def secure(tmp_path: Path, site: Site, roots: tuple[pki.Issued, ...]) -> Path:
    """The site, over TLS; returns the certificate of the CA that vouches for it."""
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    issued = pki.leaf(roots[0], eku=pki.SERVER, extra=names)
    pki.write(tmp_path / "tls", issued, roots[0])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "chain.pem", tmp_path / "tls" / "key.pem")
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    return tmp_path / "tls" / "root.pem"


def test_a_mirror_of_ones_own_has_a_certificate_that_counts(
    secure: Path, published: None, under: Under, site: Site, kept: Path, config: Path
) -> None:
    args = ("trust", "fetch", "c2pa", "--yes", "--mirror", f"https://localhost:{site.port}/c2pa")
    stranger = under((), *args, XDG_CONFIG_HOME=str(config))
    assert (stranger.returncode, "certificate_verify_failed" in stranger.stderr) == (3, True), stranger.stderr
    assert contents(kept) == {}
    done = under((), *args, XDG_CONFIG_HOME=str(config), SSL_CERT_FILE=str(secure))
    assert done.returncode == 0, done.stderr
    assert (kept / SIGNERS).exists()


# --- verifying -------------------------------------------------------------------------------------


def test_verifying_fetches_nothing(
    fetch: Fetch, published: None, site: Site, media: Path, cli: Cli, config: Path
) -> None:
    missing = cli("verify", media / "cover.jpg", "--trust", "c2pa", XDG_CONFIG_HOME=str(config))
    assert missing.returncode == 2
    assert "run: provlabel trust fetch c2pa" in missing.stderr
    assert fetch("--yes").returncode == 0
    site.hits.clear()
    for command in (("verify", media / "cover.jpg"), ("show", media / "cover.jpg"), ("trust", "check")):
        cli(*command, "--trust", "c2pa", XDG_CONFIG_HOME=str(config))
    assert site.hits == []


def test_check_says_how_old_they_are_and_what_ends_soon(
    fetch: Fetch, serve: Serve, published: None, roots: tuple[pki.Issued, ...], cli: Cli, config: Path
) -> None:
    serve(CLOCKS, pki.root("Ending Root", lasts=420 * pki.DAY))
    assert fetch("--yes").returncode == 0
    done = cli("trust", "check", "--trust", "c2pa", XDG_CONFIG_HOME=str(config))
    assert done.returncode == 0
    assert f"{SIGNERS}: 2 certificates, of 20" in done.stdout
    assert done.stdout.count(", 0 days ago") == 2
    assert "Ending Root" in done.stdout
    assert "ends in 19 days" in done.stdout
    told = json.loads(cli("trust", "check", "--trust", "c2pa", "--format", "json", XDG_CONFIG_HOME=str(config)).stdout)
    assert [item["age_days"] for item in told["lists"]] == [0, 0]
    assert told["passed"]


def test_the_real_lists_can_be_kept(fetch: Fetch, site: Site, kept: Path) -> None:
    """The lists of November 2026, as they are published."""
    folder = corpus_of_others("producers") / "trust"
    for file, real in (
        (SIGNERS, SIGNERS),
        (CLOCKS, CLOCKS),
        (ANCHORS, "interim-anchors.pem"),
        (ALLOWED, "interim-allowed.pem"),
    ):
        site.pages[f"/c2pa/{file}"] = reply((folder / real).read_bytes(), Content_Type="text/plain")
    done = fetch("--interim", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("   came  ") == 30 + 22 + 27 + 117
    assert official.kept("c2pa", kept).has("timestamp")
