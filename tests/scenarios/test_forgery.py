"""Attempts to pass as somebody else: by two readings of one signature, by borrowed statements, by hostile answers."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

import pki
import tsa as authorities
from forger import Forger, der
from pki_answers import scene
from project import ROOT, Cli, needs
from provlabel import (
    Actor,
    Label,
    Revocation,
    Timestamper,
    TimestampError,
    TrustStore,
    label_file,
    open_signer,
    verify_bytes,
    verify_file,
)
from provlabel.manifest import cose
from provlabel.media.containers import isobmff
from provlabel.media.containers.boxes import made
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.trust import timestamps
from sites import Site, certomancer
from stores import Box, Store

NOW = dt.datetime.now(dt.timezone.utc)


@pytest.fixture
def forger(tmp_path: Path, label: Label, sandbox: Sandbox, victim: tuple[pki.Issued, pki.Issued]) -> Forger:
    evil = pki.leaf(pki.root("Evil Root"), common="Evil Signer")
    return Forger(tmp_path / "forger", label, sandbox, evil, victim[0])


TWO_CHAINS = {
    "protected name, unprotected number": lambda evil, good: ({1: -7, "x5chain": evil}, {33: good}),
    "protected number, unprotected number": lambda evil, good: ({1: -7, 33: evil}, {33: good}),
    "protected number, unprotected name": lambda evil, good: ({1: -7, 33: evil}, {"x5chain": good}),
    "unprotected both": lambda evil, good: ({1: -7}, {"x5chain": evil, 33: good}),
    "unprotected both, turned": lambda evil, good: ({1: -7}, {33: good, "x5chain": evil}),
    "protected both": lambda evil, good: ({1: -7, "x5chain": evil, 33: good}, {}),
    "protected both, turned": lambda evil, good: ({1: -7, 33: good, "x5chain": evil}, {}),
    "the other's alone": lambda evil, good: ({1: -7, 33: good}, {}),
}


@pytest.mark.parametrize("how", sorted(TWO_CHAINS))
def test_two_chains_are_no_chain(
    how: str, forger: Forger, victim: tuple[pki.Issued, pki.Issued], sandbox: Sandbox
) -> None:
    """The engine and we must never speak of two certificates."""
    forger.sign(*TWO_CHAINS[how](der(forger.by), der(victim[1])))
    for at in (None, NOW):
        found = verify_file(forger.path, trust=forger.trust, at=at, sandbox=sandbox).files[0]
        assert found.state != "trusted"
        assert not found.passed


@pytest.mark.parametrize("kind", ["c2cm", "c2ma"])
def test_a_decoy_beside_the_manifests_is_not_read(
    kind: str, forger: Forger, victim: tuple[pki.Issued, pki.Issued], tmp_path: Path, label: Label, sandbox: Sandbox
) -> None:
    genuine = Forger(tmp_path / "victim", label, sandbox, victim[1], victim[0])
    start = genuine.store.index(b"c2ma") - 16
    length = int.from_bytes(genuine.store[start : start + 4], "big")
    decoy = bytearray(genuine.store[start : start + length])
    decoy[16:20] = kind.encode()
    decoy[24] ^= kind == "c2ma"  # another UUID, which the engine passes over
    grown = forger.store + bytes(decoy)
    forger.sidecar.write_bytes(len(grown).to_bytes(4, "big") + grown[4:])
    for at in (None, NOW):
        assert verify_file(forger.path, trust=forger.trust, at=at, sandbox=sandbox).files[0].state != "trusted"


def test_the_certificate_that_is_asked_about_is_the_one_that_signed(
    tmp_path: Path, label: Label, site: Site, sandbox: Sandbox
) -> None:
    """A thief of a revoked key shows another certificate of the same CA to whoever asks."""
    here, other = scene(site.url), scene(site.url)
    site.pages["/ocsp"] = certomancer(here.middle, here.leaf)
    thief = Forger(tmp_path / "thief", label, sandbox, here.leaf, here.root)
    online = Revocation(online=True, private_hosts=True)
    chain = [der(here.leaf), der(here.middle)]
    for protected, unprotected in (
        ({1: -7, 33: chain}, {}),
        ({1: -7, "x5chain": chain}, {33: [der(other.leaf), der(other.middle)]}),
        ({1: -7, 33: chain}, {"rVals": 5}),
        ({1: -7, 33: chain}, {"rVals": {"ocspVals": ["x"]}}),
        ({1: -7, 33: chain}, {"sigTst": 5, "sigTst2": {"tstTokens": 5}}),
    ):
        thief.sign(protected, unprotected)
        found = verify_file(thief.path, trust=thief.trust, revocation=online, sandbox=sandbox).files[0]
        assert found.state != "trusted", (protected, unprotected)
        assert not found.passed


def test_a_signature_of_chosen_keys_is_refused_at_once(forger: Forger, sandbox: Sandbox) -> None:
    """Integers that collide as keys of a map take quadratic time to unfold."""
    colliding = {index * ((1 << 61) - 1): 0 for index in range(1, 1_500)}
    forger.sign({1: -7, 33: der(forger.by)}, colliding)
    with pytest.raises(ValueError, match="no COSE_Sign1"):
        cose.parse(cose.place(forger.sidecar.read_bytes()).old)
    with pytest.raises(ValueError, match="too many items"):
        cose.parse(cbor2.dumps([b"", dict.fromkeys(range(600), 0), None, b""]))


@pytest.mark.parametrize("tag", [4, 5, 30, 35])
def test_a_number_that_takes_for_ever_to_work_out_is_refused(tag: int) -> None:
    value = "a" * 1_000_000 if tag == 35 else [1, cbor2.CBORTag(2, os.urandom(1_000_000))]
    raw = cbor2.dumps([b"", {"x": cbor2.CBORTag(tag, value)}, None, b""])
    began = time.process_time()
    with pytest.raises(ValueError, match="a tag where a signature has none"):
        cose.parse(raw)
    assert time.process_time() - began < 1


@needs("openssl")
def test_a_token_over_the_claim_alone_proves_no_time_of_signing(
    tmp_path: Path, label: Label, victim: tuple[pki.Issued, pki.Issued], sandbox: Sandbox
) -> None:
    """A claim can be stamped long before somebody steals the key that then signs it."""
    root, signer = victim
    thief = Forger(tmp_path / "thief", label, sandbox, signer, root)
    clock = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    clocks = TrustStore.load(clock.folder / "root.pem", purpose="timestamp")
    protected = {1: -7, 33: der(signer)}
    message = cbor2.dumps(["CounterSignature", cbor2.dumps(protected), b"", cose.place(thief.store).claim])
    token, _ = timestamps._opened(clock.answer(timestamps.request(message, 5)))
    thief.sign(protected, {"sigTst": {"tstTokens": [{"val": token}]}})
    evidence = sandbox.read(thief.path, thief.trust + clocks, thief.sidecar)
    assert "timeStamp.trusted" in [code.code for code in evidence.manifests[0].codes], "the trap is gone"
    found = verify_file(thief.path, trust=thief.trust + clocks, sandbox=sandbox).files[0]
    assert (found.axes.signer, found.axes.time) == ("trusted", "claimed")


def test_an_identity_is_not_borrowed_from_the_parent(
    media: Path, label: Label, signer: Signer, trust: TrustStore, tmp_path: Path, sandbox: Sandbox
) -> None:
    ca, evil = pki.root("Identity Root"), pki.root("Evil Identities")
    email = "1.3.6.1.5.5.7.3.4"
    jane = open_signer(pki.write(tmp_path / "jane", pki.leaf(ca, eku=email, common="Jane"), ca))
    mallory = open_signer(pki.write(tmp_path / "mallory", pki.leaf(evil, eku=email, common="Mallory")))
    label_file(
        media / "cover.jpg", media / "one.jpg", label, signer, identity=Actor(jane, ["creator"]), sandbox=sandbox
    )
    label_file(
        media / "one.jpg", media / "two.jpg", label, signer, identity=Actor(mallory, ["creator"]), sandbox=sandbox
    )
    people = TrustStore.load(tmp_path / "jane" / "root.pem", purpose="identity")
    assert verify_file(media / "one.jpg", trust=trust + people, sandbox=sandbox).files[0].axes.identity == "ok"
    found = verify_file(media / "two.jpg", trust=trust + people, sandbox=sandbox).files[0]
    assert (found.identity[0].name, found.axes.identity) == ("Mallory", "not-checked")
    label_file(media / "one.jpg", media / "three.jpg", label, signer, sandbox=sandbox)
    assert verify_file(media / "three.jpg", trust=trust + people, sandbox=sandbox).files[0].axes.identity == "none"


@pytest.mark.parametrize("purpose", ["timestamp", "identity"])
def test_a_list_for_another_purpose_does_not_vouch_for_a_parent(
    purpose: Any, media: Path, label: Label, signer: Signer, trust: TrustStore, tmp_path: Path, sandbox: Sandbox
) -> None:
    other = pki.root("Clock Root")
    stranger = open_signer(pki.write(tmp_path / "stranger", pki.leaf(other, common="Stranger"), other))
    label_file(media / "cover.jpg", media / "one.jpg", label, stranger, sandbox=sandbox)
    label_file(media / "one.jpg", media / "two.jpg", label, signer, sandbox=sandbox)
    root = tmp_path / "stranger" / "root.pem"
    found = verify_file(media / "two.jpg", trust=trust + TrustStore.load(root, purpose=purpose), sandbox=sandbox).files[
        0
    ]
    assert (found.axes.signer, found.axes.history, found.history[0].state) == (
        "trusted",
        "unknown-signer",
        "unknown-signer",
    )
    known = verify_file(media / "two.jpg", trust=trust + TrustStore.load(root), sandbox=sandbox).files[0]
    assert (known.axes.history, known.history[0].state) == ("clean", "clean")


SIGNED = ROOT / "samples" / "signed" / "0.1.0"
_TREE = {"uniqueId": 0, "localId": 0, "location": 0, "hashes": None}
#: What anybody can append to a signed film or picture, in a box that no hash covers.
APPENDED = {
    "another purpose": b"note\x00" + b"a hidden text" * 90,
    "no hash of a tree": b"merkle\x00" + cbor2.dumps(_TREE) + b"a hidden text" * 90,
    "a tree with more in it": b"merkle\x00" + cbor2.dumps({**_TREE, "hashes": [b"a hidden text" * 90]}),
}


@pytest.mark.parametrize("what", sorted(APPENDED))
@pytest.mark.parametrize("name", ["clip.mp4", "still.avif", "still.heic"])
def test_a_box_of_c2pa_without_a_manifest_is_not_left_out(name: str, what: str, sandbox: Sandbox) -> None:
    trust = TrustStore.load(SIGNED / "anchors.pem")
    content, box = (SIGNED / name).read_bytes(), made(b"uuid", isobmff.C2PA, bytes(4), APPENDED[what])
    assert verify_bytes(content, trust=trust, sandbox=sandbox).files[0].state == "trusted"
    found = verify_bytes(content + box, trust=trust, sandbox=sandbox).files[0]
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")


UNSIGNED = {
    "a box behind the signature": lambda made: made.manifest.child("c2pa.signature"),
    "stray bytes behind it": lambda made: made.manifest.child("c2pa.signature"),
    "stray bytes in the manifest": lambda made: made.manifest,
}


@pytest.mark.parametrize("where", sorted(UNSIGNED))
def test_nothing_hides_beside_what_is_signed(where: str, forger: Forger, sandbox: Sandbox) -> None:
    made = Store(forger.store)
    box = UNSIGNED[where](made)
    hidden = Box(b"json", b'{"kind": "human_made"}').dump() if "box" in where else b"x"
    whole = made.dump()
    inner = box.dump()
    place = whole.rindex(inner) + len(inner)
    out = bytearray(whole[:place] + hidden + whole[place:])
    for holder in {id(one): one for one in (made.root, made.manifest, box)}.values():
        start = whole.index(holder.dump())
        out[start : start + 4] = (len(holder.dump()) + len(hidden)).to_bytes(4, "big")
    forger.sidecar.write_bytes(out)
    found = verify_file(forger.path, trust=forger.trust, sandbox=sandbox).files[0]
    assert (found.state, found.findings[0].rule) == ("unreadable", "content.malformed")


def test_an_identity_by_another_key_is_not_published(
    media: Path, label: Label, signer: Signer, tmp_path: Path, sandbox: Sandbox
) -> None:
    ca = pki.root("Identity Root")
    uri = pki.write(tmp_path / "jane", pki.leaf(ca))
    (tmp_path / "jane" / "chain.pem").write_text(pki.leaf(ca).pem)
    with pytest.raises(Exception, match="no good identity"):
        label_file(
            media / "cover.jpg",
            media / "out.jpg",
            label,
            signer,
            identity=Actor(open_signer(uri, check=False)),
            sandbox=sandbox,
        )
    assert not (media / "out.jpg").exists()


# --- stamping --------------------------------------------------------------------------------------


@needs("openssl")
def test_stamping_never_takes_the_place_of_the_media(media: Path, cli: Cli, tmp_path: Path) -> None:
    clock = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    cli("label", media / "cover.jpg", "--kind", "ai_generated", "--signer", "test", "--detached", "--stamp-room")
    content = (media / "cover.jpg").read_bytes()
    with authorities.serving(clock) as (url, _):
        for output in (media / "cover.jpg", media / "cover.jpg.c2pa", media / "stamped.jpg"):
            for force in ((), ("--force",)):
                done = cli("stamp", media / "cover.jpg", "--tsa", url, "-o", output, *force)
                assert done.returncode in (2, 3), done.stdout
        assert cli("stamp", media / "cover.jpg", "--tsa", url, "-o", media / "new.c2pa").returncode == 0
    assert (media / "cover.jpg").read_bytes() == content


@needs("openssl")
def test_stamping_keeps_the_mode_and_refuses_symlinks(media: Path, cli: Cli, tmp_path: Path) -> None:
    clock = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    cli("label", media / "take.wav", "--kind", "ai_generated", "--signer", "test", "--stamp-room")
    labeled = media / "take.labeled.wav"
    labeled.chmod(0o600)
    (media / "link.wav").symlink_to(labeled)
    with authorities.serving(clock) as (url, _):
        assert cli("stamp", media / "link.wav", "--tsa", url, "--in-place").returncode == 3
        assert cli("stamp", labeled, "--tsa", url, "-o", media / "out.wav").returncode == 0
        assert cli("stamp", labeled, "--tsa", url, "--in-place").returncode == 0
    assert (media / "link.wav").is_symlink()
    assert [(media / name).stat().st_mode & 0o777 for name in ("out.wav", "take.labeled.wav")] == [0o600, 0o600]


# --- hostile answers -------------------------------------------------------------------------------


@pytest.fixture
def raw() -> Iterator[Any]:
    """A server that answers with the very bytes that it is given."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                line.recv(65536)
                try:
                    line.sendall(answers[0])
                    while len(answers) > 1:  # and goes on for ever
                        line.sendall(answers[1])
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/", answers
    listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"


@pytest.mark.parametrize("size", [b"-1", b"-5", b"zz", b"ffffffffffffffff"])
def test_chunks_of_odd_sizes_eat_neither_memory_nor_time(size: bytes, raw: Any) -> None:
    import resource

    url, answers = raw
    answers[:] = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n", bytes(1 << 20)]
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(TimestampError):
        Timestamper(urls=(url,)).ask(url, b"x", time.monotonic() + 2)
    answers.pop()
    assert time.monotonic() - began < 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


@needs("openssl")
@pytest.mark.parametrize(
    "moment", [b"00000101000000Z", b"99991231235960Z", b"20261322113413Z", b"202611221134130", b"2026112211341-Z"]
)
def test_a_token_of_an_odd_time_is_no_answer(moment: bytes, tmp_path: Path) -> None:
    clock = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    nonce = 1 << 63 | 7
    reply = clock.answer(timestamps.request(b"x", nonce))
    good = timestamps.checked(reply, b"x", nonce, dt.datetime.now(dt.timezone.utc), "url")
    stated = good.time.translate({ord(sign): None for sign in "-:T"}).encode()
    with pytest.raises(TimestampError):
        timestamps.checked(reply.replace(stated, moment), b"x", nonce, dt.datetime.now(dt.timezone.utc), "url")


@needs("openssl")
def test_damaged_answers_are_refusals_and_nothing_else(tmp_path: Path) -> None:
    import random

    clock = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    nonce = 1 << 63 | 7
    reply = clock.answer(timestamps.request(b"x", nonce))
    chance = random.Random(7)
    for _ in range(3_000):
        damaged = bytearray(reply)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            timestamps.checked(bytes(damaged), b"x", nonce, dt.datetime.now(dt.timezone.utc), "url")
        except TimestampError:
            continue


@pytest.mark.parametrize("name", ["Content-Length", "host", "Transfer-Encoding"])
def test_headers_that_would_break_the_request_are_refused(name: str) -> None:
    with pytest.raises(Exception, match="written by us"):
        Timestamper(urls=("http://tsa.example/",), headers={name: "5"})


def memory_holds(pid: int, canary: bytes) -> bool:
    """Look through all that a process can write to."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for place, access, *_ in (line.split() for line in maps):
            start, end = (int(part, 16) for part in place.split("-"))
            if access.startswith("rw"):
                memory.seek(start)
                try:
                    if canary in memory.read(end - start):
                        return True
                except OSError:
                    continue
    return False


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc here")
def test_the_secrets_for_a_time_authority_are_not_in_the_sandbox(media: Path, home: Path, tmp_path: Path) -> None:
    """The worker that reads hostile files is started before the headers are read."""
    canary = os.urandom(16).hex()
    (tmp_path / "headers").write_text(f"Authorization: Bearer {canary}\n")
    (tmp_path / "headers").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tsa = ("--tsa", f"http://127.0.0.1:{listener.getsockname()[1]}/", "--tsa-headers", str(tmp_path / "headers"))
        label = ("label", str(media / "cover.jpg"), "--kind", "ai_generated", "--signer", "test")
        env = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-m", "provlabel", *label, *tsa], env=env, stderr=subprocess.DEVNULL
        ) as run:
            try:
                listener.settimeout(30)
                with listener.accept()[0]:
                    assert memory_holds(run.pid, canary.encode())
                    assert children_of(run.pid)
                    assert not any(memory_holds(child, canary.encode()) for child in children_of(run.pid))
            finally:
                run.kill()
