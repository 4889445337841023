"""Answers from the network: a real responder on loopback, bad ones, traps, and the cache."""

from __future__ import annotations

import functools
import socket
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.ocsp import OCSPResponseStatus

from pki_answers import HOUR, Scene, refusal, response, revoked_list, scene
from pki_matrix import EKU, NOW, pem
from provlabel.trust.chains import examine
from provlabel.trust.chains.records import NO_ANSWERS, Answers, Credential, Examined, RevocationRequest
from provlabel.trust.online import Fetched, cached, fetch
from sites import URLS, Reply, Site, certomancer, reply, sleeping

NONCE = b"0123456789abcdef"


def judged(scene: Scene, answers: Answers = NO_ANSWERS, nonce: bytes = NONCE) -> Examined:
    return examine(Credential(scene.chain), pem(scene.root), (EKU,), NOW, answers, nonce=nonce)


def asked(scene: Scene, **how: Any) -> Fetched:
    """Ask about the leaf alone."""
    return fetch(judged(scene).requests[:2], **{"allow_private": True, "seconds": 5, **how})


# --- what comes back -------------------------------------------------------------------------------


@pytest.mark.parametrize("pss", [False, True])
def test_good_over_the_wire(site: Site, pss: bool) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle, pss=pss)
    fetched = asked(here)
    assert fetched.failures == ()
    seen = judged(here, fetched.answers)
    assert (seen.path, seen.revocation, seen.revocation_source) == ("trusted", "good", "online"), seen.revocation_why
    assert site.hits == ["POST /ocsp"]


def test_revoked_over_the_wire(site: Site) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle, here.leaf)
    assert judged(here, asked(here).answers).revocation == "revoked"


def test_every_certificate_of_the_path(site: Site) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle)  # knows nothing of the intermediate
    site.pages["/list.crl"] = reply(revoked_list(here.root))
    fetched = fetch(judged(here).requests, allow_private=True, seconds=20)
    assert len(fetched.failures) == 1
    seen = judged(here, fetched.answers)
    assert (seen.revocation, seen.revocation_why) == ("good", "")


@pytest.mark.parametrize("listed", [False, True])
def test_list_where_the_responder_fails(site: Site, listed: bool) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = reply(refusal(OCSPResponseStatus.TRY_LATER))
    site.pages["/list.crl"] = reply(revoked_list(here.middle, *[here.leaf] * listed))
    fetched = asked(here)
    assert fetched.failures == (f"{site.url}/ocsp: the responder did not answer the question",)
    assert judged(here, fetched.answers).revocation == ("revoked" if listed else "good")


def test_answer_to_another_nonce(site: Site) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = reply(response(here.leaf, here.middle, nonce=b"x" * 16))
    seen = judged(here, asked(here).answers)
    assert seen.revocation == "not-checked"
    assert "nonce" in seen.revocation_why


def test_responder_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fetched = asked(scene(f"http://127.0.0.1:{port}"))
    assert fetched.answers == Answers(source="online")
    assert [line.rpartition(": ")[2] for line in fetched.failures] == ["connection refused"] * 2


def dripping(site: Site) -> Reply:
    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not site.stopping.wait(0.05):
            handler.wfile.write(b"x")

    return page


def dripping_content(site: Site) -> Reply:
    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not site.stopping.wait(0.05):
            handler.wfile.write(b"x")

    return page


@pytest.mark.parametrize("slow", [sleeping, dripping, dripping_content])
def test_slow_responder_meets_the_deadline(site: Site, slow: Callable[[Site], Reply]) -> None:
    site.pages["/ocsp"] = slow(site)
    begun = time.monotonic()
    fetched = asked(scene(site.url), seconds=0.4)
    assert time.monotonic() - begun < 2
    assert fetched.failures == (f"{site.url}/ocsp: took too long", f"{site.url}/list.crl: no time left to ask")


ODD = {
    "an error": (reply(b"", 500), "answered 500"),
    "a web page": (reply(b"<html>", Content_Type="text/html"), "answered with something else"),
    "packed": (reply(b"0\x03\x0a\x01\x00", Content_Encoding="gzip"), "answered with something else"),
    "too large": (reply(bytes((1 << 20) + 1)), "answered with more than 1,048,576 bytes"),
    "cut short": (reply(b"0\x03\x0a\x01\x00", Content_Length="90"), "stopped in the middle of its answer"),
    "nothing": (reply(b""), "the responder did not answer the question"),
    "no HTTP": (lambda handler: handler.wfile.write(b"\x00\x01garbage\r\n\r\n"), "BadStatusLine"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_answers_are_failures(site: Site, name: str) -> None:
    site.pages["/ocsp"], why = ODD[name]
    assert why in asked(scene(site.url)).failures[0]


def test_list_too_large(site: Site) -> None:
    site.pages["/list.crl"] = reply(bytes((8 << 20) + 1))
    assert "more than 8,388,608 bytes" in asked(scene(site.url)).failures[1]


def test_tls_is_checked(site: Site) -> None:
    request = RevocationRequest("crl", f"https://127.0.0.1:{site.port}/list.crl", "")
    fetched = fetch([request], allow_private=True, seconds=5)
    assert fetched.answers.crls == ()
    assert len(fetched.failures) == 1
    assert site.hits == []


# --- traps -----------------------------------------------------------------------------------------

PORT = "PORT"
NAMES = {"inside.example": ["127.0.0.1"], "half.example": ["93.184.216.34", "127.0.0.1"]}
CONNECTS: list[Any] = []


@functools.cache
def watch() -> None:
    """Note every connection of this process; such a hook stays for ever."""
    sys.addaudithook(lambda event, args: CONNECTS.append(args[1]) if event == "socket.connect" else None)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Resolve ``NAMES``; numbers stay with the system; return what was asked for."""
    real, looked = socket.getaddrinfo, []

    def resolve(host: str, port: int, **how: Any) -> list[Any]:
        looked.append(host)
        found = NAMES.get(host, [host])
        return [item for address in found for item in real(address, port, **how)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return looked


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("kind", ["ocsp", "crl"])
def test_no_connection_inside(site: Site, names: list[str], url: str, kind: Any) -> None:
    watch()
    CONNECTS.clear()
    fetched = fetch([RevocationRequest(kind, url.replace(PORT, str(site.port)), "", b"0")], seconds=5)
    assert len(fetched.failures) == 1
    assert fetched.answers == Answers(source="online")
    assert (CONNECTS, site.hits) == ([], [])


def test_the_trap_works(site: Site, names: list[str]) -> None:
    """What is refused above does arrive when private addresses are allowed."""
    inside = ("127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "inside.example")
    assert {f"http://{host}:{PORT}/" for host in inside} <= set(URLS)
    for host in inside:
        fetch([RevocationRequest("crl", f"http://{host}:{site.port}/", "")], allow_private=True, seconds=5)
    assert site.hits == ["GET /"] * len(inside)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://127.0.0.1:PORT/", "neither HTTP nor HTTPS"),
        ("gopher://127.0.0.1:PORT/", "neither HTTP nor HTTPS"),
        ("//127.0.0.1:PORT/", "neither HTTP nor HTTPS"),
        ("http://user@127.0.0.1:PORT/", "not a plain URL"),
        ("http://@127.0.0.1:PORT/", "not a plain URL"),
        ("http://127.0.0.1:PORT\\@example.com/", "not a plain URL"),
        ("http://127.0.0.1:PORT/\\", "not a plain URL"),
        ("http://127.0.0.1:PORT/a b", "not a plain URL"),
        ("http://127.0.0.1:PORT/\r\nX: y", "not a plain URL"),
        ("http://①②⑦.0.0.1:PORT/", "not a plain URL"),
    ],
)
def test_odd_urls_go_nowhere_even_where_private_hosts_are_allowed(site: Site, url: str, why: str) -> None:
    fetched = fetch([RevocationRequest("crl", url.replace(PORT, str(site.port)), "")], allow_private=True, seconds=5)
    assert fetched.failures[0].endswith(why)
    assert site.hits == []


def test_redirects_are_not_followed(site: Site) -> None:
    site.pages["/ocsp"] = reply(b"", 302, Location=f"{site.url}/trap")
    site.pages["/list.crl"] = reply(b"", 307, Location=f"{site.url}/trap")
    lines = asked(scene(site.url)).failures
    assert [line.rpartition(": ")[2] for line in lines] == ["answered 302", "answered 307"]
    assert site.hits == ["POST /ocsp", "GET /list.crl"]


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """The address that was checked is the one connected to, whatever the name means next."""
    tried = []

    def connect(_: socket.socket, address: Any) -> None:
        tried.append(address)
        NAMES["rebind.example"] = ["127.0.0.1"]
        raise ConnectionRefusedError

    monkeypatch.setitem(NAMES, "rebind.example", ["93.184.216.34", "93.184.216.35"])
    monkeypatch.setattr(socket.socket, "connect", connect)
    fetch([RevocationRequest("crl", "http://rebind.example/", "")], seconds=2)
    assert (names, tried) == (["rebind.example"], [("93.184.216.34", 80), ("93.184.216.35", 80)])


def test_proxies_of_the_environment_are_ignored(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = Site()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, trap.url)
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle)
    assert asked(here).failures == ()
    assert trap.hits == []
    trap.close()


# --- the cache -------------------------------------------------------------------------------------


def test_cache_serves_the_next_time(site: Site, tmp_path: Path) -> None:
    here, cache = scene(site.url), tmp_path / "deep" / "cache"
    site.pages["/ocsp"] = certomancer(here.middle)
    asked(here, cache=cache)
    (kept,) = cache.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert cache.stat().st_mode & 0o777 == 0o700
    seen = judged(here, cached(judged(here).requests, cache), nonce=b"")
    assert (seen.revocation, seen.revocation_source) == ("good", "cached")


def test_cached_answer_runs_out(site: Site, tmp_path: Path) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle)  # good for a day
    asked(here, cache=tmp_path)
    answers = cached(judged(here).requests, tmp_path)
    later = examine(Credential(here.chain), pem(here.root), (EKU,), NOW + 25 * HOUR, answers)
    assert later.revocation == "not-checked"
    assert "ran out" in later.revocation_why


def test_cache_is_no_authority(site: Site, tmp_path: Path) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle)
    asked(here, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    for content in (b"", b"garbage", bytes(9 << 20), response(here.leaf, scene().middle)):
        kept.write_bytes(content)
        assert judged(here, cached(judged(here).requests, tmp_path)).revocation == "not-checked"
    kept.write_bytes(response(here.leaf, here.middle))
    for path, mode, counts in ((kept, 0o600, True), (kept, 0o666, False), (tmp_path, 0o777, False)):
        path.chmod(mode)  # where others can write, they could put an old answer back
        assert (cached(judged(here).requests, tmp_path) != Answers()) == counts
    tmp_path.chmod(0o700)
    kept.unlink()
    kept.mkdir()
    assert cached(judged(here).requests, tmp_path) == Answers()
    assert cached(judged(here).requests, tmp_path / "missing") == Answers()


def test_list_is_kept_once_for_all(site: Site, tmp_path: Path) -> None:
    here = scene(site.url)
    site.pages["/list.crl"] = reply(revoked_list(here.middle))
    fetch([one for one in judged(here).requests if one.kind == "crl"], cache=tmp_path, allow_private=True, seconds=20)
    assert len(list(tmp_path.iterdir())) == 1


def test_cache_that_cannot_be_written_is_told(site: Site, tmp_path: Path) -> None:
    here = scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle)
    (tmp_path / "file").write_bytes(b"")
    fetched = asked(here, cache=tmp_path / "file")
    assert len(fetched.failures) == 1
    assert judged(here, fetched.answers).revocation == "good"
