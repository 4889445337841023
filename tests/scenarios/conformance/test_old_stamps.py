"""Timestamps over the claim alone, from file to output: what policies, revocation and reports make of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

import pki
import tokens
from pki_answers import Flags, response, scene
from pki_matrix import authority, issue
from project import Cli, corpus_of_others, needs
from provlabel import TrustStore, load_policy, verify_file
from provlabel.law.subjects import subject_of
from provlabel.policy.gate import Gate
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.sandbox.protocol import Check
from provlabel.verifying.revocation import Revocation
from sites import Site, reply
from stores import Hand
from vectors import Bench
from vectors_stamps import Scene

pytestmark = [needs("openssl"), needs("faketime")]
Judge = Callable[..., FileReport]


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return Scene(Bench(tmp_path, 1, sandbox))


@pytest.fixture
def old(here: Scene, tmp_path: Path) -> Path:
    """A picture by a signer whose certificate has ended, with a good timestamp over its claim."""
    (tmp_path / "signers.pem").write_text(here.bench.root.pem)
    (tmp_path / "clocks.pem").write_text(here.root.pem)
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "old.png").write_bytes(here.signed(here.good))
    return folder / "old.png"


@pytest.fixture
def judge(old: Path, sandbox: Sandbox) -> Judge:
    """Verify a file, by default the old one, with these anchors."""

    def run(path: Path = old, **how: object) -> FileReport:
        beside = old.parent.parent
        trust = TrustStore.load(beside / "signers.pem")
        trust += TrustStore.load(beside / "clocks.pem", purpose="timestamp")
        return verify_file(path, trust=trust, sandbox=sandbox, **how).files[0]

    return run


ANCHORS = ("--trust", "../signers.pem", "--tsa-trust", "../clocks.pem")


def test_every_output_says_what_an_old_timestamp_proves(old: Path, cli: Cli) -> None:
    for form, words in {
        "text": ("an old kind of timestamp proves that the claim existed then", "time.v1-stamp", "time claim-proven"),
        "json": ('"claim-proven"', "time.v1-stamp"),
        "markdown": ("time.v1-stamp",),
        "sarif": ("time.v1-stamp",),
        "html": ("an old kind of timestamp proves", "not that it was signed then"),
    }.items():
        out = old.with_name(f"out-{form}")
        done = cli("verify", old.name, *ANCHORS, "-v", "--format", f"{form}={out.name}", cwd=old.parent)
        assert done.returncode == 0, done.stdout + done.stderr
        text = out.read_text()
        assert [word for word in words if word not in text] == [], form


def test_a_policy_refuses_what_rests_on_an_old_timestamp_alone(
    old: Path, here: Scene, judge: Judge, tmp_path: Path
) -> None:
    (tmp_path / "p.toml").write_text('schema = "policy-v1"\n[time]\nv1 = "refuse"\n')
    strict = load_policy(tmp_path / "p.toml").enforced
    assert judge().outcome == "passed"
    refused = judge(policy=strict)
    assert (refused.state, refused.outcome) == ("trusted", "failed")
    assert {item.rule for item in refused.findings if item.counts} == {"policy.v1-stamp"}
    found = load_policy(tmp_path / "p.toml", found=True).enforced
    first = Gate.of(load_policy(_accepting(tmp_path)).enforced).first
    assert judge(policy=Gate(first=first, others=(found,))).outcome == "failed", "what is found can tighten"
    held = Hand.of(pki.leaf(here.bench.root, begins=-300 * pki.DAY, lasts=3650 * pki.DAY))
    old.write_bytes(here.signed(here.good, held))
    assert (judge(policy=strict).outcome, judge(policy=strict).axes.time) == ("passed", "claim-proven")


def _accepting(folder: Path) -> Path:
    (folder / "a.toml").write_text('schema = "policy-v1"\n[time]\nv1 = "accept"\n')
    return folder / "a.toml"


def test_it_is_needed_too_where_a_ca_has_ended_and_the_signer_has_not(
    old: Path, here: Scene, judge: Judge, tmp_path: Path
) -> None:
    top = authority("Root")
    middle = authority("Middle", top, (-300, -10))
    leaf = issue("Leaf", middle, (-290, 300))
    (tmp_path / "signers.pem").write_text(top.pem)
    old.write_bytes(here.signed(here.good, Hand.of(leaf, middle)))
    (tmp_path / "p.toml").write_text('schema = "policy-v1"\n[time]\nv1 = "refuse"\n')
    assert (judge().state, judge().axes.time) == ("trusted", "claim-proven")
    assert "policy.v1-stamp" in {item.rule for item in judge(policy=load_policy(tmp_path / "p.toml").enforced).findings}


def test_evidence_is_kept_until_a_ca_ends_that_an_old_timestamp_would_excuse(
    old: Path, here: Scene, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Until then the file does not rest on its timestamp, and a policy that refuses it lets it pass."""
    top = authority("Root")
    middle = authority("Middle", top, (-300, 10))
    leaf = issue("Leaf", middle, (-290, 300))
    (tmp_path / "signers.pem").write_text(top.pem)
    old.write_bytes(here.signed(here.good, Hand.of(leaf, middle)))
    trust = TrustStore.load(tmp_path / "signers.pem")
    trust += TrustStore.load(tmp_path / "clocks.pem", purpose="timestamp")
    found = sandbox.read(old, trust, check=Check(at=dt.datetime.now(dt.timezone.utc)))
    assert found.examined is not None
    assert (found.examined.path, found.unaided) == ("trusted", "trusted")
    ends = middle.certificate.not_valid_after_utc
    assert dt.timedelta() < dt.datetime.fromisoformat(found.examined.until) - ends < dt.timedelta(seconds=1)


def test_the_first_policy_refuses_old_timestamps_unless_a_file_needs_one(old: Path, cli: Cli, here: Scene) -> None:
    for name, content, wanted in (("a", old.read_bytes(), "accept"), ("b", here.bench.signed_png, "refuse")):
        old.write_bytes(content)
        done = cli("verify", ".", *ANCHORS, "--init-policy", "-o", f"../{name}.toml", cwd=old.parent)
        assert done.returncode == 0, done.stderr
        assert load_policy(old.parent.parent / f"{name}.toml").enforced.policy.time.v1 == wanted


def test_a_later_answer_that_says_revoked_counts_whatever_its_date_and_reason(
    old: Path, here: Scene, judge: Judge, site: Site, tmp_path: Path
) -> None:
    """After a timestamp over the signature, a revocation as superseded takes nothing back; here it does."""
    people = scene(site.url)
    (tmp_path / "signers.pem").write_text(people.root.pem)
    old.write_bytes(here.signed(here.good, Hand(people.leaf.key, people.chain)))
    online = Revocation(online=True, private_hosts=True)
    yesterday = dt.datetime.now(dt.timezone.utc) - pki.DAY
    for since, state in ((None, "trusted"), (yesterday, "invalid")):
        answer = response(people.leaf, people.middle, since=since, reason=since and Flags.superseded)
        site.pages["/ocsp"] = reply(answer)
        found = judge(revocation=online)
        assert (found.state, found.axes.time) == (state, "claim-proven"), found.findings


def test_a_staple_from_the_time_of_the_claim_says_nothing_of_today(
    old: Path, here: Scene, judge: Judge, tmp_path: Path
) -> None:
    people = scene()
    (tmp_path / "signers.pem").write_text(people.root.pem)
    then = dt.datetime.now(dt.timezone.utc) - 100 * pki.DAY
    staple = response(people.leaf, people.middle, this=then - pki.DAY, following=then + pki.DAY)
    old.write_bytes(here.signed(here.good, Hand(people.leaf.key, people.chain), staples=(staple,)))
    found = judge()
    assert (found.state, found.axes.revocation) == ("trusted", "not-checked")
    assert found.revocation is not None
    assert "ran out" in found.revocation.why


def test_the_content_existed_when_the_claim_was_stamped(old: Path, judge: Judge, here: Scene, sandbox: Sandbox) -> None:
    """The claim holds the hash of the content, so that a law of that day is the one that counts."""
    found = judge()
    assert found.time is not None
    not_later = subject_of(found, sandbox.read(old, TrustStore(), None)).not_later
    assert not_later is not None
    assert found.time.stamped == not_later.isoformat().replace("+00:00", "Z")


def test_a_v1_claim_without_a_token_or_with_nonsense_is_told_apart(old: Path, here: Scene, judge: Judge) -> None:
    for made, words in (((), "0 timestamps"), ((b"garbage",), "cannot be read"), ((b"",), "cannot be read")):
        old.write_bytes(here.signed(lambda _message, made=made: made))
        found = judge()
        assert (found.state, found.axes.signer) == ("invalid", "expired")
        [told] = [item for item in found.findings if item.rule == "time.unfit-stamp"]
        assert words in told.message


def test_a_token_beside_a_signature_that_does_not_hold_proves_nothing(old: Path, here: Scene, judge: Judge) -> None:
    stranger = pki.leaf(here.bench.root, begins=-300 * pki.DAY, lasts=290 * pki.DAY)
    swapped = Hand(stranger.key, here.ended.chain)
    old.write_bytes(
        here.signed(
            lambda message: [tokens.token(message, here.clock, dt.datetime.now(dt.timezone.utc) - 100 * pki.DAY)],
            swapped,
        )
    )
    found = judge()
    assert (found.state, found.axes.time, found.axes.signer) == ("invalid", "claimed", "bad-signature")


# --- files of others -------------------------------------------------------------------------------

#: Name in the corpus -> when its claim existed.
PRODUCERS = {
    "adobe-connected-identities.jpg": "2025-04-09T22:46:13Z",  # by a clock with a misspelt name
    "adobe-firefly-2024.jpg": "2024-07-08T19:26:56Z",
    "adobe-firefly-2025.jpg": "2025-10-23T21:14:47Z",
    "adobe-ocsp.jpg": "2025-08-13T16:30:55Z",
    "adobe-photoshop.jpg": "2025-10-23T19:22:19Z",
    "openai-dalle.webp": "2024-03-08T20:22:53Z",
}


@pytest.mark.parametrize("name", PRODUCERS)
def test_files_of_producers_outlive_their_certificates_by_old_timestamps(name: str, sandbox: Sandbox) -> None:
    corpus = corpus_of_others("producers")
    lists = corpus / "trust"
    signers = TrustStore.load(lists / "C2PA-TRUST-LIST.pem", lists / "interim-anchors.pem")
    signers += TrustStore.load(lists / "interim-allowed.pem", leaves=True)
    names = ("C2PA-TSA-TRUST-LIST.pem", "interim-anchors.pem", "digicert-roots.pem")
    clocks = TrustStore.load(*(lists / one for one in names), purpose="timestamp")
    found = verify_file(corpus / name, trust=signers + clocks, sandbox=sandbox).files[0]
    assert (found.axes.content, found.axes.time, found.axes.signer) == ("intact", "claim-proven", "trusted")
    assert found.state == "trusted"
    assert found.time is not None
    assert found.time.stamped == PRODUCERS[name]
    bare = verify_file(corpus / name, trust=signers, sandbox=sandbox).files[0]
    assert (bare.state, bare.axes.time, bare.axes.signer) == ("invalid", "claimed", "expired")
    assert "time.untrusted-stamp" in {item.rule for item in bare.findings}
