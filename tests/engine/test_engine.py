"""Facts about the engine that the design stands on: each switch of ours is shown to have its effect.

The engine ignores settings that it does not know, so a typing mistake would switch a protection off
without a word.  Each test shows the trap with the engine alone first, and then that we are not in it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import pki
from bare_engine import JPEG, Callback, read_with, sign
from project import SAMPLES, engine_credential, needs
from provlabel import (
    EngineError,
    Label,
    SignerError,
    TrustStore,
    engine,
    label_bytes,
    label_file,
    open_signer,
    verify_bytes,
)
from provlabel.engine import signing
from provlabel.evidence import manifests_from_crjson
from provlabel.label import signed_label
from provlabel.manifest.write import definition
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer


@pytest.fixture
def cover(media: Path) -> bytes:
    return (media / "cover.jpg").read_bytes()


def codes(reader: Any) -> set[str]:
    results = json.loads(reader.crjson())["manifests"][0]["validationResults"]
    return {entry["code"] for kind in ("success", "informational", "failure") for entry in results[kind]}


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that remembers who came; nobody must."""
    visits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", visits
    server.shutdown()
    server.server_close()
    thread.join()


# --- fact 1: the native library --------------------------------------------------------------------


@needs("gcc")
@pytest.mark.skipif(sys.platform != "linux", reason="the planted library is an ELF file")
def test_fact_1_planted_library_is_not_loaded(tmp_path: Path, media: Path) -> None:
    source = tmp_path / "evil.c"
    source.write_text(
        '#include <stdio.h>\n__attribute__((constructor)) static void run(void) { fclose(fopen("pwned", "w")); }\n'
    )
    folder = tmp_path / "checkout"
    folder.mkdir()
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(folder / "libc2pa_c.so"), str(source)], check=True)
    shutil.copy(media / "cover.jpg", folder)

    def run(script: str) -> None:
        subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, check=False)

    run("import provlabel.engine as e; e.version()")
    run("import provlabel; provlabel.verify_file('cover.jpg')")
    run("from provlabel.cli import main; main(['verify', 'cover.jpg'])")
    assert not (folder / "pwned").exists()
    run("import c2pa")
    assert (folder / "pwned").exists(), "the trap is gone; this test proves nothing any more"


def test_import_of_the_binding_still_works_after_ours() -> None:
    script = "import provlabel.engine as e; e.version(); import c2pa; print(c2pa.Reader is e.binding().Reader)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_engine_has_the_version_that_was_measured() -> None:
    assert engine.version().startswith("0.91.")


# --- fact 3 and 4: trust ---------------------------------------------------------------------------


def test_fact_3_claim_signing_certificates_are_accepted(
    cover: bytes, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    made, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    ours = engine.settings(trust)
    assert read_with(made, ours).get_validation_state() == "Trusted"
    ours["trust"] = {"anchors": ours["trust"]["anchors"]}
    assert read_with(made, ours).get_validation_state() == "Invalid", "the trap is gone"


def test_anchors_have_their_effect(
    cover: bytes, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    made, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    assert read_with(made, engine.settings()).get_validation_state() == "Valid"
    found = read_with(made, engine.settings(trust))
    assert found.get_validation_state() == "Trusted"
    assert trust.lists[0].sha256 in found.crjson()


def test_trust_is_verified(cover: bytes, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    made, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    ours = engine.settings()
    assert "signingCredential.untrusted" in codes(read_with(made, ours))
    ours["verify"]["verify_trust"] = False
    assert "signingCredential.untrusted" not in codes(read_with(made, ours)), "the switch has no effect"


# --- fact 7: numbers -------------------------------------------------------------------------------


def test_fact_7_what_was_signed_is_what_is_read(cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    label = {"schema": "label-v1", "kind": "ai_generated", "extra": {"numbers": [256, 1], "share": [1.5], "none": []}}
    made = definition(Label(kind="ai_generated"), signed_label(Label(kind="ai_generated")), has_parent=False).manifest
    made["assertions"][1]["data"] = label
    evidence = sandbox.read_bytes(sign(cover, signer, made))
    assert evidence.manifests[0].label == label


# --- fact 8: the network ---------------------------------------------------------------------------


def remote_only(content: bytes, signer: Signer, url: str) -> bytes:
    c2pa = engine.binding()
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False).manifest
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(engine.settings())))
    builder.set_no_embed()
    builder.set_remote_url(url)
    info = c2pa.C2paSignerInfo(b"es256", signer.chain_pem.encode(), signer.private_key_pem(), None)
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), JPEG, io.BytesIO(content), dest)
    return dest.getvalue()


def test_fact_8_no_manifest_is_fetched(
    cover: bytes, signer: Signer, sandbox: Sandbox, trap: tuple[str, list[str]]
) -> None:
    url, visits = trap
    content = remote_only(cover, signer, f"{url}/manifest.c2pa")
    judged = verify_bytes(content, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.label, judged.passed) == ("remote", ("remote-only",), False)
    assert f"{url}/manifest.c2pa" in judged.findings[0].message
    with pytest.raises(engine.RemoteManifest):
        engine.read(io.BytesIO(content), JPEG, TrustStore())
    assert visits == []
    with pytest.raises(engine.binding().C2paError):
        read_with(content, {"verify": {}})
    assert visits == ["/manifest.c2pa"], "the trap is gone"


def test_hosts_are_closed_even_if_fetching_were_on(cover: bytes, signer: Signer, trap: tuple[str, list[str]]) -> None:
    url, visits = trap
    content = remote_only(cover, signer, f"{url}/m")
    ours = engine.settings()
    ours["verify"]["remote_manifest_fetch"] = True
    with pytest.raises(engine.binding().C2paError):
        read_with(content, ours)
    assert visits == []


def test_a_remote_manifest_is_not_labeled_over(cover: bytes, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    content = remote_only(cover, signer, "http://127.0.0.1:9/m")
    with pytest.raises(Exception, match="lose its history") as caught:
        label_bytes(content, label, signer, sandbox=sandbox)
    assert "save it as" in caught.value.hint  # type: ignore[attr-defined]


def test_no_revocation_request(cover: bytes, tmp_path: Path, sandbox: Sandbox, trap: tuple[str, list[str]]) -> None:
    url, visits = trap
    root = pki.root()
    signer = open_signer(pki.write(tmp_path, pki.leaf(root, ocsp=f"{url}/ocsp"), root))
    made, _ = label_bytes(cover, Label(kind="ai_generated"), signer, sandbox=sandbox)
    trust = TrustStore.load(tmp_path / "root.pem")
    judged = verify_bytes(made, trust=trust, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.revocation) == ("trusted", "not-checked")
    assert visits == []
    ours = engine.settings(trust)
    ours["verify"]["ocsp_fetch"] = True
    del ours["core"]["allowed_network_hosts"]
    read_with(made, ours)
    assert visits, "the switch has no effect"


# --- facts 9 and 10: switches and outputs -----------------------------------------------------------


def test_fact_9_a_misspelt_switch_is_ignored_in_silence(
    cover: bytes, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    """Why every switch of ours has a test of its effect: the engine would not tell."""
    made, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    ours = engine.settings()
    ours["verify"]["verify_trsut"] = False
    ours["no_such_group"] = {"x": 1}
    assert "signingCredential.untrusted" in codes(read_with(made, ours))


def test_fact_10_the_engine_truncates_first_and_we_do_not(
    media: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    c2pa = engine.binding()
    source, theirs, ours = media / "cover.jpg", media / "theirs.jpg", media / "ours.jpg"
    for dest in (theirs, ours):
        dest.write_bytes(b"something precious")

    def fail(_: bytes) -> bytes:
        raise ConnectionError

    made = definition(label, signed_label(label), has_parent=False).manifest
    builder = c2pa.Builder(json.dumps(made))
    failing = c2pa.Signer.from_callback(fail, c2pa.C2paSigningAlg.ES256, signer.chain_pem)
    with pytest.raises(c2pa.C2paError):
        builder.sign_file(str(source), str(theirs), failing)
    assert theirs.read_bytes() != b"something precious", "the trap is gone"
    with pytest.raises(SignerError):
        label_file(source, ours, label, Failing(signer.chain_pem), replace=True, sandbox=sandbox)
    assert ours.read_bytes() == b"something precious"
    assert sorted(path.name for path in media.iterdir() if path.name.startswith(".")) == []


# --- what a label is made of -----------------------------------------------------------------------


def test_no_thumbnail(cover: bytes, signer: Signer) -> None:
    assert b"c2pa.thumbnail" not in sign(cover, signer)
    assert b"c2pa.thumbnail" in sign(cover, signer, builder={"thumbnail": {"enabled": True}}), "no effect"


def test_ingredients_are_vouched_for(cover: bytes, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    first, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    again, _ = label_bytes(first, label, signer, sandbox=sandbox)
    reading = engine.read(io.BytesIO(again), JPEG, TrustStore())
    assert reading is not None
    claim = reading.crjson["manifests"][0]["claim.v2"]
    assert any("c2pa.ingredient" in entry["url"] for entry in claim["created_assertions"])
    assert claim["gathered_assertions"] == []


def test_a_damaged_identity_hides_nothing_else(cover: bytes, signer: Signer, sandbox: Sandbox) -> None:
    """A damaged identity assertion makes the whole file unreadable to the engine's defaults."""
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False).manifest
    made["assertions"].append({"label": "cawg.identity", "data": {"signer_payload": {}, "signature": "x"}})
    content = sign(cover, signer, made)
    evidence = sandbox.read_bytes(content)
    assert evidence.trouble is None
    assert len(evidence.manifests[0].identities) == 1
    axes = verify_bytes(content, sandbox=sandbox).files[0].axes
    assert (axes.content, axes.signer, axes.identity) == ("intact", "no-anchors", "bad")
    assert read_with(content, engine.settings(identities=True)).get_validation_state() == "Invalid", (
        "the switch has no effect"
    )


def test_inflated_manifests_are_capped(cover: bytes, signer: Signer) -> None:
    """A few kilobytes that unfold to 9 MB."""
    c2pa = engine.binding()
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False).manifest
    half = "a" * 1_000_000
    for index in range(9):
        made["assertions"].append({"label": f"org.example.{index}", "data": {"text": half[: 1_000_000 - index]}})
    base = engine.settings()
    base["core"]["prefer_compress_manifests"] = True
    base["verify"]["verify_after_sign"] = False
    context = c2pa.Context.from_json(json.dumps(base))
    shell = {**made, "assertions": made["assertions"][:2]}
    builder = c2pa.Builder(json.dumps(shell), context)
    builder.add_resource("big", io.BytesIO(half.encode() * 9))
    shell["ingredients"] = [
        {
            "title": "big",
            "format": "text/plain",
            "relationship": "inputTo",
            "label": "big",
            "data": {"format": "text/plain", "identifier": "big"},
        }
    ]
    builder = c2pa.Builder(json.dumps(shell), context)
    builder.add_resource("big", io.BytesIO(half.encode() * 9))
    info = c2pa.C2paSignerInfo(b"es256", signer.chain_pem.encode(), signer.private_key_pem(), None)
    dest = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), JPEG, io.BytesIO(cover), dest)
    content = dest.getvalue()
    assert len(content) < 200_000
    with pytest.raises(EngineError):
        engine.read(io.BytesIO(content), JPEG, TrustStore())
    ours = engine.settings()
    ours["core"]["max_decompressed_manifest_size_in_mb"] = 32
    assert read_with(content, ours).get_validation_state() == "Valid", "the switch has no effect"


def test_reading_validates(cover: bytes, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    made, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    changed = made[:-50] + bytes(50)
    ours = engine.settings()
    assert "assertion.dataHash.mismatch" in codes(read_with(changed, ours))
    ours["verify"]["verify_after_reading"] = False
    assert "assertion.dataHash.mismatch" not in codes(read_with(changed, ours)), "the switch has no effect"


# --- failures and their causes ---------------------------------------------------------------------


class Failing:
    """A remote key that does not answer."""

    algorithm = "es256"

    def __init__(self, chain_pem: str) -> None:
        self.chain_pem = chain_pem

    def sign(self, data: bytes) -> bytes:
        raise ConnectionError("the key service is away")


def test_the_signers_own_error_comes_back(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    with pytest.raises(SignerError, match="the key service is away") as caught:
        label_file(media / "cover.jpg", media / "out.jpg", label, Failing(signer.chain_pem), sandbox=sandbox)
    causes = []
    cause: BaseException | None = caught.value
    while cause is not None:
        causes.append(type(cause))
        cause = cause.__cause__
    assert ConnectionError in causes
    assert not (media / "out.jpg").exists()


@pytest.mark.parametrize("kind", ["es256", "es384", "es512", "ps256", "ed25519"])
@pytest.mark.parametrize("remote", [False, True])
def test_every_algorithm(kind: str, remote: bool, cover: bytes, tmp_path: Path, sandbox: Sandbox) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    keys: dict[str, Callable[[], Any]] = {
        "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
        "ps256": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": pki.ed25519_key,
    }
    root = pki.root()
    signer: Any = open_signer(pki.write(tmp_path, pki.leaf(root, keys[kind]()), root))
    assert signer.algorithm == kind
    made, _ = label_bytes(cover, Label(kind="ai_generated"), Callback(signer) if remote else signer, sandbox=sandbox)
    assert verify_bytes(made, trust=TrustStore.load(tmp_path / "root.pem"), sandbox=sandbox).files[0].state == "trusted"


class Broken(io.BytesIO):
    """A source whose disk fails half-way."""

    def readinto(self, buffer: Any) -> int:
        if self.tell() > 5_000:
            raise OSError(5, "Input/output error")
        return super().readinto(buffer)


def test_a_failing_stream_is_its_own_error_not_tampering(
    cover: bytes, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    made, _ = label_bytes(cover, label, signer, sandbox=sandbox)
    with pytest.raises(OSError, match="Input/output error"):
        engine.read(Broken(made), JPEG, TrustStore())


# --- fact 11: expiry and time stamps ---------------------------------------------------------------


@needs("openssl")
def test_fact_11_expiry_ends_trust_and_an_untrusted_stamp_does_not_help(
    cover: bytes, tmp_path: Path, sandbox: Sandbox
) -> None:
    root, foreign = pki.root(), pki.root("Foreign TSA Root")
    seconds = dt.timedelta(seconds=4)
    signer = open_signer(pki.write(tmp_path / "leaf", pki.leaf(root, begins=-pki.DAY, lasts=pki.DAY + seconds), root))
    born = time.monotonic()
    bare, _ = label_bytes(cover, Label(kind="ai_generated"), signer, sandbox=sandbox)
    with stamping(tmp_path / "tsa", foreign) as url:
        stamped = sign(cover, signer, tsa=url.encode())
    trust = TrustStore.load(tmp_path / "leaf" / "root.pem")
    fresh = verify_bytes(stamped, trust=trust, sandbox=sandbox).files[0]
    assert (fresh.state, fresh.axes.time) == ("trusted", "claimed")
    both = trust + TrustStore.load(tmp_path / "tsa" / "root.pem", purpose="timestamp")
    assert verify_bytes(stamped, trust=both, sandbox=sandbox).files[0].axes.time == "proven"
    time.sleep(max(0.0, 5 - (time.monotonic() - born)))
    for content in (bare, stamped):
        judged = verify_bytes(content, trust=trust, sandbox=sandbox).files[0]
        assert (judged.state, judged.axes.signer) == ("invalid", "expired")
    assert verify_bytes(stamped, trust=both, sandbox=sandbox).files[0].state == "trusted"
    ours = engine.settings(trust)
    ours["verify"]["verify_timestamp_trust"] = False
    assert read_with(stamped, ours).get_validation_state() == "Trusted", "the switch has no effect"


class stamping:
    """A timestamp authority on loopback, made of openssl."""

    def __init__(self, folder: Path, root: pki.Issued) -> None:
        issued = pki.leaf(root, eku="1.3.6.1.5.5.7.3.8", common="Acme TSA")
        pki.write(folder, issued, root)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(
            textwrap.dedent(f"""
            [tsa]
            default_tsa = it
            [it]
            dir = {folder}
            serial = $dir/serial
            signer_cert = $dir/chain.pem
            signer_key = $dir/key.pem
            certs = $dir/root.pem
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256, sha384, sha512
            accuracy = secs:1
            """)
        )
        self.folder = folder

    def __enter__(self) -> str:
        folder = self.folder

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = folder / "query.tsq"
                query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                run = ["openssl", "ts", "-reply", "-config", str(folder / "tsa.cnf"), "-queryfile", str(query)]
                reply = subprocess.run(run, capture_output=True, check=True).stdout
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


# --- fact 12 and the shape of crJSON ---------------------------------------------------------------


def test_fact_12_any_file_can_be_signed_beside(signer: Signer) -> None:
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False)
    content = b"anything at all, " * 50
    dest = io.BytesIO()
    store = signing.sign(made, io.BytesIO(content), dest, "audio/ogg", engine_credential(signer), detached=True)
    assert dest.getvalue() == content
    reading = engine.read(io.BytesIO(content), engine.ANY_FILE, TrustStore(), store)
    assert reading is not None
    assert "assertion.dataHash.match" in json.dumps(reading.crjson)


def test_active_manifest_comes_first(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    for name in SAMPLES:
        first, one = label_bytes((media / name).read_bytes(), label, signer, sandbox=sandbox)
        second, two = label_bytes(first, label, signer, sandbox=sandbox)
        evidence = sandbox.read_bytes(second)
        assert [manifest.urn for manifest in evidence.manifests] == [two.manifest, one.manifest]


@pytest.mark.parametrize(
    "data", [{}, {"manifests": []}, {"manifests": [{}]}, {"manifests": None}, {"manifests": [{"label": 1}]}, []]
)
def test_other_shapes_are_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="crJSON"):
        manifests_from_crjson(data)


def test_what_the_disk_says_arrives_as_itself(tmp_path: Path) -> None:
    """The engine reads a file without our help; one that cannot be read is no malformed manifest."""
    with (tmp_path / "unreadable.wav").open("wb") as stream, pytest.raises(OSError, match="Bad file descriptor"):
        engine.read(stream, "audio/wav", TrustStore())


def test_reading_leaves_the_position_of_a_file_alone(media: Path) -> None:
    with (media / "take.wav").open("rb") as stream:
        head = stream.read(12)
        assert engine.read(stream, "audio/wav", TrustStore()) is None
        assert head + stream.read() == (media / "take.wav").read_bytes()


def test_reading_many_files_keeps_nothing(media: Path) -> None:
    """Handles of the engine are given back, also when it refuses a file."""

    def size() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1])

    if not Path("/proc/self/statm").exists():
        pytest.skip("there is no /proc here")
    broken = b"\xff\xd8\xff\xeb\x00\x20JP\x02\x11\x00\x00\x00\x01" + bytes(1 << 16)
    (media / "broken.jpg").write_bytes(broken)
    sizes = []
    for _ in range(3):
        for _ in range(400):
            for name in ("cover.jpg", "broken.jpg"):
                with (media / name).open("rb") as stream, contextlib.suppress(EngineError):
                    engine.read(stream, "image/jpeg", TrustStore())
        sizes.append(size())
    assert sizes[2] - sizes[1] < 256  # pages of 4 kB


def test_threads_that_are_first_load_one_engine_and_leave_the_environment_alone() -> None:
    """It belongs to the host, and so it says nothing about where the library lies."""
    script = """
        import os, sys
        from concurrent.futures import ThreadPoolExecutor
        told = []
        sys.addaudithook(lambda event, args: told.append(event) if event in ("os.putenv", "os.unsetenv") else None)
        from provlabel.engine import binding
        with ThreadPoolExecutor(8) as threads:
            made = {id(each) for each in threads.map(lambda _: binding(), range(8))}
        print(len(made), told, os.environ["C2PA_LIBRARY_NAME"], "c2pa" in sys.modules)
    """
    env = {**os.environ, "C2PA_LIBRARY_NAME": "/nowhere.so"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "1 [] /nowhere.so False\n", done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "self#jumbf=/c2pa/urn:c2pa:2",
        "self#jumbf=c2pa/urn:c2pa:2",
        "self#jumbf=/c2pa/urn:c2pa:2/c2pa.claim",
        "self#jumbf=/c2pa/urn:c2pa:2/c2pa.assertions/c2pa.hash.data",
    ],
)
def test_an_ingredient_leads_to_a_manifest_wherever_it_goes_on_to(url: str) -> None:
    """Old tools of Adobe name the claim inside of it."""
    one = {"label": "urn:c2pa:1", "claim.v2": {}, "validationResults": {}}
    ingredient = {"relationship": "parentOf", "activeManifest": {"url": url}}
    [found] = manifests_from_crjson({"manifests": [{**one, "assertions": {"c2pa.ingredient.v3": ingredient}}]})
    assert [part.manifest for part in found.ingredients] == ["urn:c2pa:2"]
