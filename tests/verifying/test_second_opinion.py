"""``verify --second-opinion``: where the second verifier agrees, where it differs, and what becomes of its failures."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import select
import shutil
import signal
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
from bare_engine import opened, sign
from boxes import box
from forger import Forger, der
from format_files import Make, by_default_settings, labeled as signed, row_of, signed_by_engine
from pki_answers import response, stapled
from project import DOCS, MEDIA, SAMPLES, Cli, Under, corpus_of_others, needs
from provlabel import (
    Label,
    Timestamper,
    TrustStore,
    Verifier,
    engine,
    label_bytes,
    label_file,
    verify_bytes,
    verify_file,
    verify_paths,
)
from provlabel._support.times import now
from provlabel.evidence import Evidence, Opinion
from provlabel.judges.second import SecondVerifier
from provlabel.label.vocabularies import IPTC
from provlabel.manifest import jumbf
from provlabel.report import FileReport
from provlabel.sandbox import Sandbox
from provlabel.sandbox.limits import Limits
from provlabel.signers import Signer
from provlabel.verdict.opinions import KNOWN
from sample_files import DETACHED, EMBEDDED, FORMAT_OF

BY = "encypher-c2pa"
AI = IPTC + "trainedAlgorithmicMedia"
NOW = dt.datetime.now(dt.timezone.utc)
#: Formats that it has no media type for.
UNKNOWN = ("AIFF", "BMP", "WebM", "Matroska")


def heard(content: bytes, trust: TrustStore, sandbox: Sandbox) -> FileReport:
    return verify_bytes(content, trust=trust, second_opinion=True, sandbox=sandbox).files[0]


def told(file: FileReport) -> list[str]:
    """What it made of the verdict: our findings about it."""
    return [item.rule for item in file.findings if item.rule.startswith("second.")]


def agrees(file: FileReport) -> bool:
    return file.second is not None and file.second.said == "agrees" and not told(file)


def known(file: FileReport) -> str:
    """The reason of the one difference that is known, and nothing else."""
    [said] = [item for item in file.findings if item.rule.startswith("second.")]
    assert (said.rule, said.level) == ("second.known", "note")
    assert file.second is not None
    assert file.second.said == "differs as known"
    [row] = [row for row in KNOWN if row.reason in said.message]
    return row.name


# --- they agree ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EMBEDDED)
def test_both_accept_what_is_labeled_and_refuse_what_is_changed(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = signed(make(name), label, signer, sandbox)
    file = heard(content, trust, sandbox)
    assert file.passed
    assert agrees(file)
    assert file.second is not None
    assert (file.second.verifier, file.second.manifest, file.second.content) == (BY, True, "intact")
    assert (file.second.signature, file.second.trust) == ("good", "trusted")
    place = content.find(b"org.provlabel.label")
    place = content.index(b"width") if place < 0 else place  # an SVG has it in base64
    changed = heard(content[:place] + b"x" + content[place + 1 :], trust, sandbox)
    assert changed.axes.content != "intact"
    assert agrees(changed)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_with_and_without_a_label(
    name: str, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    bare = (MEDIA / name).read_bytes()
    content, _ = label_bytes(bare, label, signer, sandbox=sandbox)
    assert agrees(heard(content, trust, sandbox))
    none = heard(bare, trust, sandbox)
    assert (none.state, none.second is not None and none.second.manifest) == ("unsigned", False)
    assert agrees(none)


@pytest.mark.parametrize("name", DETACHED)
def test_beside_their_manifest(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """What it has no word for is said, and is no agreement."""
    source = make(name)
    label_file(source, None, label, signer, sandbox=sandbox)
    [file] = verify_paths([source], trust=trust, second_opinion=True, sandbox=sandbox).files
    assert (file.state, file.source) == ("trusted", "sidecar")
    assert file.second is not None
    if FORMAT_OF[name] in UNKNOWN:
        assert (file.second.said, told(file), file.passed) == ("not given", ["second.not-given"], True)
        assert "unsupported MIME type" in file.second.why
    else:
        assert agrees(file)
        changed = bytearray(source.read_bytes())
        changed[-20] ^= 1
        source.write_bytes(changed)
        [file] = verify_paths([source], trust=trust, second_opinion=True, sandbox=sandbox).files
        assert file.axes.content == "altered"
        assert agrees(file)


def test_a_stamp_by_openssl_is_proven_to_both(
    tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    authority = authorities.Authority(tmp_path / "clock", pki.root("Clock"))
    clocks = TrustStore.load(authority.folder / "root.pem", purpose="timestamp")
    shutil.copy(MEDIA / "cover.jpg", tmp_path / "a.jpg")
    with authorities.serving(authority) as (url, _):
        stamper = Timestamper(urls=(url,), trust=clocks)
        label_file(tmp_path / "a.jpg", tmp_path / "b.jpg", label, signer, timestamper=stamper, sandbox=sandbox)
    for given in (trust + clocks, trust):
        file = verify_file(tmp_path / "b.jpg", trust=given, second_opinion=True, sandbox=sandbox).files[0]
        assert file.axes.time == ("proven" if given is not trust else "claimed")
        assert agrees(file)


def test_who_signed_is_told_where_they_differ(labeled: Path, here: Any, anchors: TrustStore, sandbox: Sandbox) -> None:
    """A revocation that is stapled: whatever it makes of that, the file fails by our word."""
    stapled(labeled, response(here.leaf, here.middle))
    assert agrees(verify_file(labeled, trust=anchors, second_opinion=True, sandbox=sandbox).files[0])
    stapled(labeled, response(here.leaf, here.middle, since=NOW))
    file = verify_file(labeled, trust=anchors, second_opinion=True, sandbox=sandbox).files[0]
    assert (file.axes.signer, file.passed) == ("revoked", False)
    assert [item.level for item in file.findings if item.rule.startswith("second.")] in ([], ["warning"])


def test_its_anchors_are_ours_alone(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    content, _ = label_bytes((MEDIA / "still.png").read_bytes(), label, signer, sandbox=sandbox)
    [without] = verify_bytes(content, second_opinion=True, sandbox=sandbox).files
    assert without.second is not None
    assert (without.second.trust, agrees(without)) == ("not-judged", True)


# --- they differ, and it is known why --------------------------------------------------------------


def altered_parent(label: Label, signer: Signer, sandbox: Sandbox) -> bytes:
    """A picture that was changed after it was labeled, and then signed over by somebody else's tool."""
    honest, _ = label_bytes((MEDIA / "cover.jpg").read_bytes(), label, signer, sandbox=sandbox)
    altered = honest[:-50] + bytes([honest[-50] ^ 1]) + honest[-49:]
    return opened(altered, signer, {"parentOf": altered})


def test_an_altered_parent(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    file = heard(altered_parent(label, signer, sandbox), trust, sandbox)
    assert (file.axes.history, file.passed, known(file)) == ("broken", False, "ingredients")


BOXES = [pytest.param("still.avif"), pytest.param("aac.m4a", marks=needs("ffmpeg"))]


@pytest.mark.parametrize("name", BOXES)
def test_what_no_hash_covers(
    name: str, make: Make, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = signed(make(name), label, signer, sandbox)
    others = by_default_settings(make(name).read_bytes(), row_of(make(name)).mime, signer)
    for more in (content + box(b"ftyp", b"isom" * 9), others + box(b"free", b"a hidden text")):
        file = heard(more, trust, sandbox)
        assert (file.axes.content, known(file)) == ("not-fully-bound", "left-out")
    file = heard(content + b"tail", trust, sandbox)
    assert (file.state, known(file)) == ("unreadable", "cut-box")


def test_bytes_of_another_tag_in_a_bigtiff(make: Make, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    content, _ = signed_by_engine(make("big.tif").read_bytes(), "image/tiff", signer)
    file = heard(content, trust, sandbox)
    assert (file.axes.content, known(file)) == ("not-fully-bound", "left-out")


@needs("ffmpeg")
def test_what_a_box_says_of_itself(
    make: Make, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content = signed(make("aac.m4a"), label, signer, sandbox)
    file = heard(content.replace(b"manifest\x00", b"manifold\x00", 1), trust, sandbox)
    assert (file.state, known(file)) == ("unreadable", "purpose")
    place = content.index(b"\x03c2pa\x00")
    for toggles in (b"\x07", b"\x43"):
        file = heard(content[:place] + toggles + content[place + 1 :], trust, sandbox)
        assert (file.state, known(file)) == ("unreadable", "description")


def test_a_flag_that_hides_the_manifest(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    """Not the engine's word alone: a file in which we see a manifest is not called unsigned."""
    content, _ = label_bytes((MEDIA / "take.flac").read_bytes(), label, signer, sandbox=sandbox)
    changed = content[:5] + b"\x04" + content[6:]
    assert engine.read(io.BytesIO(changed), "audio/flac", trust) is None, "the trap is gone"
    file = heard(changed, trust, sandbox)
    assert (file.state, agrees(file)) == ("unreadable", True)


@pytest.mark.parametrize(
    ("place", "content_axis", "rules"),
    [(4, "unreadable", []), (8, "unreadable", []), (11, "intact", ["second.manifest"])],
    ids=["identifier", "a number far off", "from 0, as Microsoft writes"],
)
def test_segments_that_only_some_readers_take(
    place: int, content_axis: str, rules: list[str], label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    content, _ = label_bytes((MEDIA / "cover.jpg").read_bytes(), label, signer, sandbox=sandbox)
    changed = bytearray(content)
    changed[content.index(b"\xff\xeb") + place] ^= 1
    read = engine.read(io.BytesIO(changed), "image/jpeg", trust)
    assert read is not None
    assert read.state == "Trusted", "the trap is gone"
    file = heard(bytes(changed), trust, sandbox)
    assert (file.axes.content, told(file)) == (content_axis, rules)


def with_a_key_twice(forger: Forger) -> None:
    """Say the name of the hash twice, and sign that."""
    data = memoryview(forger.store)
    [assertion] = [one for one in superboxes(data) if jumbf.described(data, one)[0].label == b"c2pa.hash.data"]
    content = next(one for one in jumbf.boxes(data, jumbf.described(data, assertion)[1], assertion.end))
    said = cbor2.loads(data[content.body : content.end])
    pairs = [*said.items(), ("name", "another")]
    raw = bytes([0xA0 + len(pairs)]) + b"".join(cbor2.dumps(part) for pair in pairs for part in pair)
    more = len(raw) - (content.end - content.body)
    old = hashlib.sha256(data[assertion.body : assertion.end]).digest()
    changed = bytearray(forger.store)
    for one in (content, *(one for one in superboxes(data) if one.start < content.start < one.end)):
        changed[one.start : one.start + 4] = (one.end - one.start + more).to_bytes(4, "big")
    changed[content.body : content.end] = raw
    new = hashlib.sha256(changed[assertion.body : assertion.end + more]).digest()
    assert changed.count(old) == 1
    forger.store = bytes(changed.replace(old, new))
    forger.sign({1: -7, 33: der(forger.by)}, {})


def superboxes(data: memoryview, start: int = 0, end: int | None = None) -> Iterator[jumbf.JumbfBox]:
    for one in jumbf.boxes(data, start, end):
        if one.kind == jumbf.SUPERBOX:
            yield one
            yield from superboxes(data, jumbf.described(data, one)[1], one.end)


def test_a_crc_that_is_wrong(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    content, _ = label_bytes((MEDIA / "still.png").read_bytes(), label, signer, sandbox=sandbox)
    start = content.index(b"caBX")
    end = start + 8 + int.from_bytes(content[start - 4 : start], "big")
    file = heard(content[: end - 1] + bytes([content[end - 1] ^ 1]) + content[end:], trust, sandbox)
    assert (file.state, known(file)) == ("unreadable", "crc")


def test_a_key_that_is_there_twice(tmp_path: Path, label: Label, victim: Any, sandbox: Sandbox) -> None:
    root, by = victim
    forger = Forger(tmp_path / "signed", label, sandbox, by, root)
    with_a_key_twice(forger)
    file = verify_file(forger.path, trust=forger.trust, second_opinion=True, sandbox=sandbox).files[0]
    assert known(file) == "doubled-key"


def test_a_header_that_nobody_signs(label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    """The name of the padding, a text, becomes bytes; the engine takes what it finds there for a bad timestamp."""
    content, _ = label_bytes((MEDIA / "cover.jpg").read_bytes(), label, signer, sandbox=sandbox)
    place = content.index(b"\xa1cpad", content.index(b"c2pa.signature\x00")) + 1
    file = heard(content[:place] + b"Cpad" + content[place + 4 :], trust, sandbox)
    assert (file.state, known(file)) == ("unreadable", "signature-header")


def test_a_source_type_in_another_spelling(signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    action = {"action": "c2pa.created", "digitalSourceType": AI.replace("http:", "https:")}
    stated = {"label": "c2pa.actions.v2", "data": {"actions": [action]}, "created": True}
    made = {"claim_generator_info": [{"name": "other"}], "assertions": [stated]}
    file = heard(sign((MEDIA / "cover.jpg").read_bytes(), signer, made), trust, sandbox)
    assert (file.state, file.axes.label, known(file)) == ("trusted", ("present",), "spelling")
    action["digitalSourceType"] = "https://example.com/trainedAlgorithmicMedia"
    file = heard(sign((MEDIA / "cover.jpg").read_bytes(), signer, made), trust, sandbox)
    assert not file.passed, "what nobody can read is an error of our own"


#: What is told of files that producers ship; of the others nothing.
PRODUCERS = {
    "adobe-firefly-2024.jpg": ["second.known"],
    "app11-number-0.jpg": ["second.manifest"],
    "microsoft-bing.jpg": ["second.manifest"],
    **{
        f"{name}.jpg": ["second.trust"]
        for name in ("signature_mismatch", "success", "unresolvable_did", "valid_time_stamp")
    },
}


def test_every_difference_on_files_of_producers_is_explained(sandbox: Sandbox) -> None:
    folder = corpus_of_others("producers")
    lists = folder / "trust"
    anchors = (lists / "C2PA-TRUST-LIST.pem", lists / "interim-anchors.pem")
    clocks = (lists / "C2PA-TSA-TRUST-LIST.pem", lists / "interim-anchors.pem", lists / "digicert-roots.pem")
    trust = TrustStore.load(*anchors, corpus_of_others() / "test_cert_root_bundle.pem")
    trust += TrustStore.load(lists / "interim-allowed.pem", leaves=True)
    trust += TrustStore.load(*clocks, purpose="timestamp")
    report = verify_paths([folder], trust=trust, second_opinion=True, sandbox=sandbox)
    found = {Path(file.path).name: told(file) for file in report.files}
    assert {name: rules for name, rules in found.items() if rules} == PRODUCERS


#: Public files, by the difference that each shows; of the others nothing is told.
PUBLIC = {
    "CACAE-uri-CA.jpg": ["second.known"],
    "CIE-sig-CA.jpg": ["second.known"],
    "cloud.jpg": ["second.known"],
    "CA.jpg": ["second.trust"],
    "CA_ct.jpg": ["second.trust"],
    "legacy_ingredient_hash.jpg": ["second.trust"],
}


def test_every_difference_on_public_files_is_explained(corpus: Path, sandbox: Sandbox) -> None:
    trust = TrustStore.load(corpus / "test_cert_root_bundle.pem")
    media = [path for path in sorted(corpus.iterdir()) if path.suffix in (".jpg", ".wav", ".mp4")]
    report = verify_paths(media, trust=trust, second_opinion=True, sandbox=sandbox)
    found = {Path(file.path).name: told(file) for file in report.files}
    assert {name: rules for name, rules in found.items() if rules} == PUBLIC
    assert all(file.second is not None and file.second.said != "not given" for file in report.files)


# --- what becomes of its failures ------------------------------------------------------------------


@pytest.fixture
def content(label: Label, signer: Signer, sandbox: Sandbox) -> bytes:
    return label_bytes((MEDIA / "still.png").read_bytes(), label, signer, sandbox=sandbox)[0]


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_its_death_loses_no_verdict(
    number: int, content: bytes, trust: TrustStore, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed while it has the file: stopped first, so that it cannot answer before."""
    with Sandbox() as own:
        monkeypatch.setattr("provlabel.judges.second.second_sandbox", lambda _width: own)
        verifier = Verifier(trust, second_opinion=True, sandbox=sandbox)
        own.start()
        assert own._worker is not None
        select.select([own._worker.answers], [], [])  # until it has said what it is
        os.kill(own._worker.pid, signal.SIGSTOP)
        pid = own._worker.pid
        timer = threading.Timer(0.3, lambda: (os.kill(pid, number), os.kill(pid, signal.SIGCONT)))
        timer.start()
        [file] = verifier.bytes(content).files
        timer.join()
        assert (file.state, file.passed, told(file)) == ("trusted", True, ["second.not-given"])
        assert file.second is not None
        assert "died" in file.second.why
        assert agrees(verifier.bytes(content).files[0]), "the next file has a new worker"


def test_it_hangs(content: bytes, trust: TrustStore, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(limits=Limits(cpu_seconds=1)) as own:
        monkeypatch.setattr("provlabel.judges.second.second_sandbox", lambda _width: own)
        verifier = Verifier(trust, second_opinion=True, sandbox=sandbox)
        own.start()
        assert own._worker is not None
        select.select([own._worker.answers], [], [])  # until it has said what it is
        os.kill(own._worker.pid, signal.SIGSTOP)
        begun = time.monotonic()
        [file] = verifier.bytes(content).files
        assert time.monotonic() - begun < 5
        assert (file.passed, told(file)) == (True, ["second.not-given"])
        assert file.second is not None
        assert "too long" in file.second.why


def test_a_hostile_file_harms_neither(trust: TrustStore, sandbox: Sandbox) -> None:
    """Boxes without end, and lengths that are not there; what we do not read it need not read."""
    start = b"\x89PNG\r\n\x1a\n"
    for hostile in (
        start,
        start + b"\xff" * 60,
        b"RIFF\xff\xff\xff\xffWAVE" + b"C2PA\xff\xff\xff\x7f" * 9,
        b"",
        b"text",
    ):
        file = heard(hostile, trust, sandbox)
        assert (file.state, file.passed) == ("unreadable", False)
        assert file.second is not None


def asked(sandbox: Sandbox, judged: Evidence, path: Path, trust: TrustStore) -> Opinion:
    opinion = SecondVerifier(sandbox, trust, now()).ask(judged, path).second
    assert opinion is not None
    return opinion


def test_other_bytes_are_not_judged(media: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    """The digest of what was judged decides which bytes are meant."""
    judged = sandbox.read(media / "cover.jpg", trust)
    (media / "cover.jpg").write_bytes((media / "still.png").read_bytes())
    said = asked(sandbox, judged, media / "cover.jpg", trust)
    assert said.why == "the file changed after it was judged"


def test_a_file_that_is_gone_or_too_large(media: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    judged = sandbox.read(media / "cover.jpg", trust)
    (media / "cover.jpg").unlink()
    assert "no such file" in asked(sandbox, judged, media / "cover.jpg", trust).why.lower()
    with (media / "take.wav").open("r+b") as stream:
        stream.truncate((128 << 20) + 1)
    assert "larger than" in asked(sandbox, judged, media / "take.wav", trust).why


# --- the command line ------------------------------------------------------------------------------


@pytest.fixture
def folder(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Path:
    for name in SAMPLES:
        label_file(media / name, media / f"signed-{name}", label, signer, sandbox=sandbox)
        (media / name).unlink()
    return media


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_by_several_workers(jobs: str, folder: Path, cli: Cli) -> None:
    for _ in range(2):  # what was seen before is not taken from the cache, as it has no second opinion
        done = cli("verify", folder, "--trust", "test", "--second-opinion", "-j", jobs, "--format", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert [file["second"]["said"] for file in report["files"]] == ["agrees"] * len(SAMPLES)
        assert cli("verify", folder, "--trust", "test").returncode == 0


OUTPUTS = {
    "text": f"{BY} 1.", "markdown": f"{BY} 1.", "html": f"{BY} 1.", "sarif": "second.not-given",
    "junit": f"{BY} 1.", "github": "second.not-given",
}  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
def test_every_output_has_it(output: str, folder: Path, cli: Cli) -> None:
    """An agreement where people read; what is to be looked at everywhere."""
    (folder / "empty.bmp").write_bytes(b"")
    done = cli("verify", folder, "--trust", "test", "--second-opinion", "--format", output)
    assert done.returncode == 1
    assert OUTPUTS[output] in done.stdout


def test_without_the_extra(folder: Path, under: Under, tmp_path: Path) -> None:
    """Exit code 2, and the one line that says what to install; nothing is read."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as util, sys\nfind = util.find_spec\n"
        "util.find_spec = lambda name, package=None: None if name == 'encypher_c2pa' else find(name, package)\n"
    )
    path = os.pathsep.join([str(hidden), *sys.path])
    done = under((), "verify", folder, "--trust", "test", "--second-opinion", PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'provlabel[second-opinion]'" in done.stderr
    assert "Traceback" not in done.stderr


@needs("strace")
def test_it_reaches_nobody_and_leaves_nothing(folder: Path, under: Under, home: Path, tmp_path: Path) -> None:
    """Telemetry is off, also for what fails and was agreed to before; its word is kept nowhere."""
    config = home / ".config" / "encypher"
    config.mkdir(parents=True, exist_ok=True)
    (config / "c2pa.json").write_text('{"telemetry_enabled": true, "online": "on"}')
    changed = bytearray((folder / "signed-take.wav").read_bytes())
    changed[200] ^= 1
    (folder / "signed-take.wav").write_bytes(changed)
    log = tmp_path / "log"
    done = under(
        ("strace", "-f", "-qq", "-o", str(log), "-e", "trace=socket,connect,sendto,mkdir,rename"),
        "verify", folder, "--trust", "test", "--second-opinion",
        ENCYPHER_C2PA_TELEMETRY="on", ENCYPHER_C2PA_ONLINE="on",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "agrees" in done.stdout
    calls = log.read_text()
    assert "AF_INET" not in calls
    assert "encypher" not in calls


def test_every_known_difference_is_written_down() -> None:
    """And shown: by a test of this file, or by one of the public files."""
    text = (DOCS / "differences.md").read_text()
    tests = Path(__file__).read_text()
    assert len({row.name for row in KNOWN}) == len(KNOWN)
    for row in KNOWN:
        assert f"`{row.name}`" in text, f"{row.name} has no row in docs/differences.md"
        assert f'"{row.name}"' in tests or "c2pa-python fixtures" in row.shown
