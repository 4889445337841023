"""Verdicts as of a time, and revocation, on real files: staples, what was kept, and what is asked."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.x509 import ocsp

import pki
import tsa as authorities
from pki_answers import HOUR, Scene, response, scene, stapled
from project import MEDIA, Cli, needs
from provlabel import (
    Policy,
    Revocation,
    TrustStore,
    UsageError,
    verify_file,
    verify_paths,
)
from provlabel.sandbox import Sandbox
from sites import Site, certomancer, sleeping

NOW = dt.datetime.now(dt.timezone.utc)


# --- revocation ------------------------------------------------------------------------------------


def test_a_good_staple_is_good_offline(labeled: Path, here: Scene, anchors: TrustStore, sandbox: Sandbox) -> None:
    bare = verify_file(labeled, trust=anchors, sandbox=sandbox).files[0]
    assert (bare.state, bare.axes.revocation) == ("trusted", "not-checked")
    assert any("revocation: offline" in check for check in bare.not_checked)
    stapled(labeled, response(here.leaf, here.middle))
    found = verify_file(labeled, trust=anchors, policy=Policy(revocation=True), sandbox=sandbox)
    assert found.passed
    assert found.files[0].axes.revocation == "good"
    assert found.files[0].revocation is not None
    assert found.files[0].revocation.source == "stapled"


def test_a_revoked_staple_is_the_end(labeled: Path, here: Scene, anchors: TrustStore, sandbox: Sandbox) -> None:
    stapled(labeled, response(here.leaf, here.middle, since=NOW - HOUR))
    found = verify_file(labeled, trust=anchors, sandbox=sandbox).files[0]
    assert (found.state, found.axes.signer, found.axes.revocation) == ("invalid", "revoked", "revoked")


WRONG_STAPLES = {
    "of another certificate": lambda s: response(s.middle, s.root),
    "by a stranger": lambda s: response(s.leaf, s.middle, scene().middle),
    "out of date": lambda s: response(s.leaf, s.middle, this=NOW - 72 * HOUR, following=NOW - 24 * HOUR),
    "from the future": lambda s: response(s.leaf, s.middle, this=NOW + 24 * HOUR, following=NOW + 48 * HOUR),
    "unknown": lambda s: response(s.leaf, s.middle, status=ocsp.OCSPCertStatus.UNKNOWN),
    "garbage": lambda s: b"garbage",
}


@pytest.mark.parametrize("wrong", sorted(WRONG_STAPLES))
def test_a_staple_that_proves_nothing_leaves_it_open_and_a_policy_fails_closed(
    wrong: str, labeled: Path, here: Scene, anchors: TrustStore, sandbox: Sandbox
) -> None:
    stapled(labeled, WRONG_STAPLES[wrong](here))
    found = verify_file(labeled, trust=anchors, policy=Policy(revocation=True), sandbox=sandbox)
    assert not found.passed
    assert found.files[0].axes.revocation == "not-checked"
    assert "policy.revocation" in [item.rule for item in found.files[0].findings]


def test_asked_over_the_network_kept_and_used_offline(
    labeled: Path, here: Scene, anchors: TrustStore, site: Site, tmp_path: Path, sandbox: Sandbox
) -> None:
    site.pages["/ocsp"] = certomancer(here.middle)
    online = Revocation(online=True, private_hosts=True, cache=tmp_path / "kept")
    report = verify_file(labeled, trust=anchors, revocation=online, sandbox=sandbox)
    found = report.files[0]
    assert (found.axes.revocation, found.revocation and found.revocation.source) == ("good", "online")
    assert report.insecure == ("--insecure-private-hosts",)
    site.pages.clear()
    kept = verify_file(labeled, trust=anchors, revocation=Revocation(cache=tmp_path / "kept"), sandbox=sandbox).files[0]
    assert (kept.axes.revocation, kept.revocation and kept.revocation.source) == ("good", "cached")


def test_revoked_over_the_network(
    labeled: Path, here: Scene, anchors: TrustStore, site: Site, sandbox: Sandbox
) -> None:
    site.pages["/ocsp"] = certomancer(here.middle, here.leaf)
    found = verify_file(
        labeled, trust=anchors, revocation=Revocation(online=True, private_hosts=True), sandbox=sandbox
    ).files[0]
    assert (found.state, found.axes.signer) == ("invalid", "revoked")


def test_what_stays_open_says_why(labeled: Path, anchors: TrustStore, site: Site, sandbox: Sandbox) -> None:
    public = verify_file(labeled, trust=anchors, revocation=Revocation(online=True), sandbox=sandbox).files[0]
    assert public.axes.revocation == "not-checked"
    assert any("127.0.0.1" in check for check in public.not_checked)
    assert site.hits == []


def test_a_silent_host_is_waited_for_once_in_a_run(
    labeled: Path, anchors: TrustStore, site: Site, media: Path, sandbox: Sandbox
) -> None:
    site.pages["/ocsp"] = site.pages["/list.crl"] = sleeping(site)
    copies = [shutil.copy(labeled, media / f"copy{index}.jpg") for index in range(4)]
    slow = Revocation(online=True, private_hosts=True, seconds=1)
    began = time.monotonic()
    report = verify_paths(copies, trust=anchors, revocation=slow, sandbox=sandbox)
    assert time.monotonic() - began < 3
    assert [item.axes.revocation for item in report.files] == ["not-checked"] * 4


def test_on_the_command_line(labeled: Path, here: Scene, site: Site, tmp_path: Path, cli: Cli) -> None:
    site.pages["/ocsp"] = certomancer(here.middle)
    trust = ("--trust", tmp_path / "key" / "root.pem")
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    closed = cli("verify", labeled, *trust, "--require-revocation", **home)
    assert closed.returncode == 1
    assert "policy.revocation" in closed.stdout
    online = ("--online", "--insecure-private-hosts")
    done = cli("verify", labeled, *trust, "--require-revocation", *online, "-v", **home)
    assert done.returncode == 0, done.stdout
    assert "revocation good" in done.stdout
    assert "insecure: --insecure-private-hosts" in done.stdout
    offline = cli("verify", labeled, *trust, "--require-revocation", **home)
    assert offline.returncode == 0, offline.stdout


# --- as of a time ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "state", "signer"),
    [
        ("2020-01-01", "invalid", "not-yet-valid"),
        (None, "trusted", "trusted"),
        ("2060-01-01T00:00:00Z", "invalid", "expired"),
    ],
)
def test_at(at: str | None, state: str, signer: str, labeled: Path, tmp_path: Path, cli: Cli) -> None:
    asked = ("--at", at) if at else ()
    shown = cli("verify", labeled, "--trust", tmp_path / "key" / "root.pem", *asked, "--format", "json")
    report = json.loads(shown.stdout)
    assert (report["files"][0]["state"], report["files"][0]["axes"]["signer"]) == (state, signer)
    if at:
        assert report["at"].startswith(at[:10])


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("yesterday", "no time"),
        ("2026-03-01T10:00:00", "a time without a zone"),
        ("2026-03-01 10:00", "a time without a zone"),
        ("", "no time"),
        ("2026-13-01", "no time"),
    ],
)
def test_no_time_is_a_wrong_request(at: str, words: str, labeled: Path, cli: Cli) -> None:
    done = cli("verify", labeled, "--at", at)
    assert done.returncode == 2
    assert f"error: --at {at}: {words}\n" in done.stderr


def test_a_time_without_zone_is_wrong_use(labeled: Path, sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        verify_file(labeled, at=dt.datetime(2026, 1, 1), sandbox=sandbox)


SIGN_THEN = """
import sys
from pathlib import Path
from provlabel import Label, Timestamper, label_file, open_signer
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork
source, dest, uri, tsa = sys.argv[1:]
stamper = Timestamper(urls=(tsa,)) if tsa else None
with Sandbox(fork) as sandbox:  # a worker of its own would not have our clock
    label_file(source, dest, Label(kind="ai_generated"), open_signer(uri), timestamper=stamper, sandbox=sandbox)
"""


def sign_then(when: dt.datetime, source: Path, dest: Path, uri: str, tsa: str = "", script: str = SIGN_THEN) -> None:
    """Sign in a process whose clock stands at ``when``."""
    clock = ["faketime", when.strftime("%Y-%m-%d %H:%M:%S")]
    subprocess.run([*clock, sys.executable, "-c", script, source, dest, uri, tsa], check=True, env=_env())


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "TZ": "UTC", "PYTHONPATH": os.pathsep.join(sys.path)}


def past_credential(folder: Path, root: pki.Issued) -> str:
    """A leaf that was valid until a month ago."""
    return pki.write(folder, pki.leaf(root, begins=-300 * pki.DAY, lasts=270 * pki.DAY), root)


@needs("faketime")
def test_an_expired_signer_was_trusted_then(media: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    uri = past_credential(tmp_path / "old", pki.root())
    sign_then(NOW - 100 * pki.DAY, media / "take.wav", media / "out.wav", uri)
    trust = TrustStore.load(tmp_path / "old" / "root.pem")
    now = verify_file(media / "out.wav", trust=trust, sandbox=sandbox).files[0]
    assert (now.state, now.axes.signer) == ("invalid", "expired")
    then = verify_file(media / "out.wav", trust=trust, at=NOW - 90 * pki.DAY, sandbox=sandbox).files[0]
    assert (then.state, then.axes.signer) == ("trusted", "trusted")
    stranger = TrustStore.load(_written(tmp_path / "stranger.pem", pki.root().pem))
    assert (
        verify_file(media / "out.wav", trust=stranger, at=NOW - 90 * pki.DAY, sandbox=sandbox).files[0].state == "valid"
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@needs("faketime")
@needs("openssl")
def test_a_proven_time_outlives_the_certificate(media: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    uri = past_credential(tmp_path / "old", pki.root())
    clock_root = pki.root("Clock Root")
    issued = pki.leaf(clock_root, eku=authorities.TIME_STAMPING, begins=-390 * pki.DAY, lasts=3650 * pki.DAY)
    clock = authorities.Authority(tmp_path / "clock", clock_root, issued)
    then = NOW - 100 * pki.DAY
    clock.at = then
    with authorities.serving(clock) as (url, _):
        sign_then(then, media / "take.wav", media / "out.wav", uri, url)
    trust = TrustStore.load(tmp_path / "old" / "root.pem")
    clocks = TrustStore.load(tmp_path / "clock" / "root.pem", purpose="timestamp")
    found = verify_file(media / "out.wav", trust=trust + clocks, sandbox=sandbox).files[0]
    assert (found.state, found.axes.time, found.axes.signer) == ("trusted", "proven", "trusted")
    for unknowing in (trust, trust + TrustStore.load(tmp_path / "clock" / "root.pem")):
        judged = verify_file(media / "out.wav", trust=unknowing, sandbox=sandbox).files[0]
        assert (judged.state, judged.axes.time, judged.axes.signer) == ("invalid", "claimed", "expired")
    early = verify_file(media / "out.wav", trust=trust + clocks, at=then - 50 * pki.DAY, sandbox=sandbox).files[0]
    assert early.axes.time == "claimed"
    late = verify_file(media / "out.wav", trust=trust + clocks, at=NOW + 900 * pki.DAY, sandbox=sandbox).files[0]
    assert (late.state, late.axes.time) == ("trusted", "proven")


SIGN_V1 = """
import sys, io
from provlabel import Label, engine, open_signer
from provlabel.label import signed_label
from provlabel.manifest.write import definition
source, dest, uri, tsa = sys.argv[1:]
signer = open_signer(uri)
label = Label(kind="ai_generated")
made = definition(label, signed_label(label), has_parent=False).manifest
made["claim_version"] = 1
c2pa = engine.binding()
info = c2pa.C2paSignerInfo(b"es256", signer.chain_pem.encode(), signer.private_key_pem(), tsa.encode())
import json
with c2pa.Context.from_json(json.dumps(engine.settings())) as context, open(source, "rb") as a, open(dest, "w+b") as b:
    c2pa.Builder(json.dumps(made), context).sign(c2pa.Signer.from_info(info), "image/jpeg", a, b)
"""


@needs("faketime")
@needs("openssl")
def test_a_stolen_expired_key_with_a_clock_of_the_thiefs_own(media: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """reliability notes §4: for a v1 claim the engine calls any token trusted, so the key would sign for ever."""
    uri = past_credential(tmp_path / "old", pki.root())
    thief = authorities.Authority(
        tmp_path / "thief",
        pki.root("Thief"),
        pki.leaf(pki.root("Thief"), eku=authorities.TIME_STAMPING, begins=-390 * pki.DAY),
    )
    thief.at = NOW - 100 * pki.DAY
    out = media / "out.jpg"
    with authorities.serving(thief) as (url, _):
        sign_then(NOW - 100 * pki.DAY, MEDIA / "cover.jpg", out, uri, url, SIGN_V1)
    found = verify_file(out, trust=TrustStore.load(tmp_path / "old" / "root.pem"), sandbox=sandbox).files[0]
    assert found.engine_state == "Trusted", "the trap is gone"
    assert (found.state, found.axes.signer, found.axes.time) == ("invalid", "expired", "claimed")
    assert not found.passed
