"""Proven time: tokens of a real authority on loopback, and every way in which one can fail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import encypher_c2pa
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import pki
import tsa as authorities
from project import MIMES, SAMPLES, Cli, needs
from provlabel import Label, Timestamper, TimestampError, TrustStore, label_file, stamp_file, verify_file
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

pytestmark = needs("openssl")

Serve = Callable[[str], str]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> authorities.Authority:
    return authorities.Authority(tmp_path_factory.mktemp("tsa"), pki.root("Clock Root"))


@pytest.fixture
def serve(authority: authorities.Authority) -> Iterator[Serve]:
    """Start authorities that behave as named, for as long as the test runs."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda behaviour: stack.enter_context(authorities.serving(authority, behaviour))[0]


@pytest.fixture
def clocks(authority: authorities.Authority) -> TrustStore:
    return TrustStore.load(authority.folder / "root.pem", purpose="timestamp")


def axes(path: Path, trust: TrustStore, sandbox: Sandbox) -> tuple[str, str, str]:
    found = verify_file(path, trust=trust, sandbox=sandbox).files[0]
    return found.state, found.axes.time, found.axes.signer


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_stamped_label_has_a_proven_time(
    sample: str,
    media: Path,
    label: Label,
    signer: Signer,
    trust: TrustStore,
    clocks: TrustStore,
    serve: Serve,
    sandbox: Sandbox,
) -> None:
    out = media / f"out-{sample}"
    stamper = Timestamper(urls=(serve("good"),), trust=clocks)
    receipt = label_file(media / sample, out, label, signer, timestamper=stamper, sandbox=sandbox)
    assert receipt.time
    assert receipt.authority == stamper.urls[0]
    assert receipt.warnings == ()
    assert axes(out, trust + clocks, sandbox) == ("trusted", "proven", "trusted")
    assert axes(out, trust, sandbox) == ("trusted", "claimed", "trusted")
    second = encypher_c2pa.verify(out.read_bytes(), MIMES[out.suffix], telemetry=False)
    assert "claimSignature.validated" in json.dumps(second)


FAILING = [name for name in authorities.BEHAVIOURS if name != "good"]
REASONS = {
    "lying": "for something else",
    "wrong nonce": "another nonce",
    "no nonce": "another nonce",
    "back-dated": "this machine says",
    "from the future": "this machine says",
    "bad signature": "does not hold",
    "without certificate": "without a certificate",
    "refusing": "refused",
    "garbage": "no RFC 3161 response",
    "empty": "no RFC 3161 response",
    "endless": "more than",
    "error 500": "answered 500",
    "redirect": "answered 302",
    "slow": "took too long",
    "dripping": "took too long",
}


@pytest.mark.parametrize("behaviour", sorted(REASONS))
def test_a_failing_authority_is_named_with_its_reason(
    behaviour: str, media: Path, label: Label, signer: Signer, clocks: TrustStore, serve: Serve, sandbox: Sandbox
) -> None:
    before = sorted(path.name for path in media.iterdir())
    stamper = Timestamper(urls=(serve(behaviour),), trust=clocks, deadline=1.5)
    began = time.monotonic()
    with pytest.raises(TimestampError, match=REASONS[behaviour]):
        label_file(media / "cover.jpg", media / "out.jpg", label, signer, timestamper=stamper, sandbox=sandbox)
    assert time.monotonic() - began < 3
    assert sorted(path.name for path in media.iterdir()) == before


@pytest.mark.parametrize("behaviour", ["bad signature", "slow", "error 500"])
def test_the_next_authority_is_asked(
    behaviour: str,
    media: Path,
    label: Label,
    signer: Signer,
    trust: TrustStore,
    clocks: TrustStore,
    serve: Serve,
    sandbox: Sandbox,
) -> None:
    good = serve("good")
    stamper = Timestamper(urls=("http://127.0.0.1:1/", serve(behaviour), good), trust=clocks, deadline=4)
    receipt = label_file(media / "take.wav", media / "out.wav", label, signer, timestamper=stamper, sandbox=sandbox)
    assert receipt.authority == good
    assert axes(media / "out.wav", trust + clocks, sandbox) == ("trusted", "proven", "trusted")


def test_an_authority_that_nobody_trusts_is_refused_when_there_are_anchors(
    media: Path,
    label: Label,
    signer: Signer,
    trust: TrustStore,
    clocks: TrustStore,
    serve: Serve,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    stranger = authorities.Authority(tmp_path / "other", pki.root("Stranger"))
    with authorities.serving(stranger) as (url, _):
        with pytest.raises(TimestampError, match="nobody you trust"):
            label_file(
                media / "cover.jpg", media / "out.jpg", label, signer,
                timestamper=Timestamper(urls=(url,), trust=clocks), sandbox=sandbox,
            )  # fmt: skip
        label_file(
            media / "cover.jpg", media / "out.jpg", label, signer, timestamper=Timestamper(urls=(url,)), sandbox=sandbox
        )
    assert axes(media / "out.jpg", trust + clocks, sandbox) == ("trusted", "claimed", "trusted")
    rules = [
        found.rule for found in verify_file(media / "out.jpg", trust=trust + clocks, sandbox=sandbox).files[0].findings
    ]
    assert "time.untrusted-stamp" in rules


def test_the_name_of_an_authority_is_no_list_of_anchors(
    media: Path,
    label: Label,
    credential: Path,
    signer: Signer,
    trust: TrustStore,
    clocks: TrustStore,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    """A CA that vouches for signers, here Acme, gives somebody a certificate with a name of their choice."""
    acme = pki.root()
    (tmp_path / "acme.pem").write_text(acme.pem)
    name = f"x, trust list: urn:provlabel:anchors:{clocks.lists[0].sha256}"[:64]
    forged = authorities.Authority(
        tmp_path / "forged", acme, pki.leaf(acme, eku=authorities.TIME_STAMPING, common=name)
    )
    with authorities.serving(forged) as (url, _):
        label_file(
            media / "cover.jpg", media / "out.jpg", label, signer, timestamper=Timestamper(urls=(url,)), sandbox=sandbox
        )
    everyone = trust + clocks + TrustStore.load(tmp_path / "acme.pem")
    assert axes(media / "out.jpg", everyone, sandbox) == ("trusted", "claimed", "trusted")


def test_an_optional_stamp_can_be_added_later(
    media: Path, label: Label, signer: Signer, trust: TrustStore, clocks: TrustStore, serve: Serve, sandbox: Sandbox
) -> None:
    for sample in SAMPLES:
        out, stamped = media / f"out-{sample}", media / f"stamped-{sample}"
        nobody = Timestamper(urls=("http://127.0.0.1:1/",), optional=True)
        receipt = label_file(media / sample, out, label, signer, timestamper=nobody, sandbox=sandbox)
        assert receipt.time is None
        assert any("no timestamp" in warning for warning in receipt.warnings)
        assert axes(out, trust + clocks, sandbox) == ("trusted", "claimed", "trusted")
        later = stamp_file(out, stamped, Timestamper(urls=(serve("good"),), trust=clocks), sandbox=sandbox)
        assert later.time
        assert later.manifest == receipt.manifest
        assert axes(stamped, trust + clocks, sandbox) == ("trusted", "proven", "trusted")
        assert len(stamped.read_bytes()) == len(out.read_bytes())
        with pytest.raises(Exception, match="has a timestamp already"):
            stamp_file(stamped, media / "again", Timestamper(urls=(serve("good"),)), sandbox=sandbox)


def test_headers_are_sent_and_never_shown(
    authority: authorities.Authority, media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    with authorities.serving(authority) as (url, seen):
        stamper = Timestamper(urls=(url,), headers={"Authorization": "Bearer canary"})
        label_file(media / "cover.jpg", media / "out.jpg", label, signer, timestamper=stamper, sandbox=sandbox)
    assert seen[0]["Authorization"] == "Bearer canary"
    assert "canary" not in repr(stamper)


def test_on_the_command_line(media: Path, cli: Cli, authority: authorities.Authority, serve: Serve) -> None:
    signs = ("--kind", "ai_generated", "--signer", "test")
    done = cli("label", media / "cover.jpg", *signs, "--tsa", serve("good"))
    assert done.returncode == 0, done.stderr
    assert "no timestamp" not in done.stderr
    roots = ("--trust", "test", "--tsa-trust", authority.folder / "root.pem")
    shown = cli("verify", media / "cover.labeled.jpg", *roots, "-v")
    assert shown.returncode == 0
    assert "proven" in shown.stdout
    down = cli("label", media / "take.wav", *signs, "--tsa", "http://127.0.0.1:1/")
    assert down.returncode == 3
    assert "http://127.0.0.1:1/: connection refused" in down.stderr
    assert not (media / "take.labeled.wav").exists()
    late = cli("label", media / "take.wav", *signs, "--tsa", "http://127.0.0.1:1/", "--tsa-optional")
    assert late.returncode == 0
    assert "no timestamp" in late.stderr
    stamped = cli("stamp", media / "take.labeled.wav", "--tsa", serve("good"), "--in-place")
    assert stamped.returncode == 0, stamped.stderr
    assert "proven" in cli("verify", media / "take.labeled.wav", *roots, "-v").stdout


def test_a_token_of_a_kilobyte_fits_into_what_every_signature_has_to_spare(
    media: Path, label: Label, signer: Signer, trust: TrustStore, clocks: TrustStore, serve: Serve, sandbox: Sandbox
) -> None:
    label_file(media / "take.wav", media / "out.wav", label, signer, sandbox=sandbox)
    stamp_file(media / "out.wav", None, Timestamper(urls=(serve("good"),)), sandbox=sandbox)
    assert axes(media / "out.wav", trust + clocks, sandbox) == ("trusted", "proven", "trusted")


def test_without_room_it_is_said_plainly_and_nothing_changes(media: Path, cli: Cli, tmp_path: Path) -> None:
    root = pki.root("Large Clock Root")
    issued = pki.leaf(root, rsa.generate_private_key(65537, 4096), eku=authorities.TIME_STAMPING)
    large = authorities.Authority(tmp_path / "large", root, issued)
    cli("label", media / "take.wav", "--kind", "ai_generated", "--signer", "test")
    content = (media / "take.labeled.wav").read_bytes()
    before = sorted(path.name for path in media.iterdir())
    with authorities.serving(large) as (url, _):
        done = cli("stamp", media / "take.labeled.wav", "--tsa", url, "--in-place")
    assert done.returncode == 3
    assert "bytes more than the room that was kept for it" in done.stderr
    assert "--stamp-room" in done.stderr
    assert (media / "take.labeled.wav").read_bytes() == content
    assert sorted(path.name for path in media.iterdir()) == before


def test_room_is_kept_when_asked_for_and_a_detached_manifest_is_stamped_too(
    media: Path, cli: Cli, serve: Serve, authority: authorities.Authority
) -> None:
    signs = ("--kind", "ai_generated", "--signer", "test", "--stamp-room")
    assert cli("label", media / "cover.jpg", *signs).returncode == 0
    assert cli("label", media / "take.mp3", *signs, "--detached").returncode == 0
    content = (media / "take.mp3").read_bytes()
    done = cli("stamp", media / "cover.labeled.jpg", media / "take.mp3", "--tsa", serve("good"), "--in-place")
    assert done.returncode == 0, done.stderr
    assert (media / "take.mp3").read_bytes() == content
    roots = ("--trust", "test", "--tsa-trust", authority.folder / "root.pem")
    shown = json.loads(
        cli("verify", media / "cover.labeled.jpg", media / "take.mp3", *roots, "--format", "json").stdout
    )
    assert [found["axes"]["time"] for found in shown["files"]] == ["proven", "proven"]


@pytest.mark.parametrize("name", ["cover.jpg", "song.txt", "missing.jpg"])
def test_what_carries_no_label_is_not_stamped(name: str, media: Path, cli: Cli, serve: Serve) -> None:
    (media / "song.txt").write_text("text")
    done = cli("stamp", media / name, "--tsa", serve("good"), "--in-place")
    assert done.returncode == 3
    assert name in done.stderr
    assert "internal" not in done.stderr


def test_an_altered_file_is_not_stamped(media: Path, cli: Cli, serve: Serve) -> None:
    cli("label", media / "take.wav", "--kind", "ai_generated", "--signer", "test", "--stamp-room")
    labeled = media / "take.labeled.wav"
    content = bytearray(labeled.read_bytes())
    content[2000] ^= 1
    labeled.write_bytes(content)
    done = cli("stamp", labeled, "--tsa", serve("good"), "--in-place")
    assert done.returncode == 3
    assert "would prove nothing" in done.stderr
    assert labeled.read_bytes() == content


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tsa", "ftp://x/"), "no address of a time authority"),
        (("--tsa", "nonsense"), "no time authority of this name"),
        (("--tsa", "http://me:secret@x/"), "shows up in lists of processes"),
        (("--tsa-optional",), "needs one"),
        (("--tsa", "http://h:99999/"), "no address of a time authority"),
        (("--tsa", "http://h/", "--tsa-timeout", "nan"), "is none"),
    ],
)
def test_wrong_requests(options: tuple[str, ...], said: str, media: Path, cli: Cli) -> None:
    done = cli("label", media / "take.wav", "--kind", "ai_generated", "--signer", "test", *options)
    assert done.returncode == 2
    assert said in done.stderr
