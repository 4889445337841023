"""Secrets in no output: whatever fails on the command line, and in no list of processes while it waits."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.serialization import pkcs12

import loopback
import pki
import tsa as authorities
from kms_server import Kms
from project import MEDIA, Cli, needs
from provlabel import TrustStore, label_file, open_signer, verify_file
from provlabel.label import label_from_dict
from provlabel.sandbox import Sandbox
from provlabel.trust.timestamps import ROOM
from signer_matrix import TOKEN as BEARER, Backends
from signing_service import HANGS, Canned, SigningService
from softhsm import PIN, Token

pytestmark = [needs("softhsm2-util"), needs("openssl"), pytest.mark.fresh]

PHRASE, OTHER_PHRASE = f"phrase-{secrets.token_hex(12)}", f"other-{secrets.token_hex(12)}"
OTHER_PIN = f"9{secrets.randbelow(10**9):09d}-pin"
OTHER_BEARER = f"bearer-{secrets.token_hex(12)}"
PASSWORD = f"password-{secrets.token_hex(12)}"
HEADER = base64.b64encode(f"acme:{secrets.token_hex(12)}".encode()).decode()
AWS_SECRET, AWS_SESSION = f"aws-{secrets.token_hex(16)}", f"session-{secrets.token_hex(16)}"
PERSON = f"Person {secrets.token_hex(8)}"
PROMPT = f"prompt {secrets.token_hex(8)}"
WORDS = {
    "pass phrase": PHRASE,
    "wrong pass phrase": OTHER_PHRASE,
    "PIN": PIN,
    "wrong PIN": OTHER_PIN,
    "bearer token": BEARER,
    "wrong bearer token": OTHER_BEARER,
    "password in an address": PASSWORD,
    "header of a time authority": HEADER,
    "AWS secret": AWS_SECRET,
    "AWS session": AWS_SESSION,
    "person": PERSON,
    "prompt": PROMPT,
}

# --- what there is ---------------------------------------------------------------------------------


class Things(NamedTuple):
    """What is made once: keys, labeled files, and the canaries in them."""

    files: Mapping[str, bytes]
    canaries: Mapping[str, str]
    personal: bytes
    roomy: bytes
    tampered: bytes


def _forms(issued: pki.Issued) -> dict[str, bytes]:
    lock = ser.BestAvailableEncryption(PHRASE.encode())
    kinds = ser.PrivateFormat
    return {
        "key.pem": issued.key_pem(),
        "sec1.pem": issued.key_pem(kinds.TraditionalOpenSSL),
        "locked.pem": issued.key_pem(phrase=PHRASE.encode()),
        "locked.p12": pkcs12.serialize_key_and_certificates(b"x", issued.key, issued.certificate, None, lock),
    }


def _bodies(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Each line of each key, but the one that is shorter than a coincidence."""
    for name, content in files.items():
        for line in content.decode("latin-1").splitlines() if name.endswith(".pem") else ():
            if len(line) > 20 and not line.startswith("-"):
                yield f"{name}: {line[:8]}…", line


@pytest.fixture(scope="module")
def things(backends: Backends, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Things:
    issued, folder = backends.issued["es256"], tmp_path_factory.mktemp("things")
    keys = _forms(issued)
    signer = open_signer(backends.get("file", "es256").uri)
    label = label_from_dict(
        {
            "kind": "ai_generated",
            "people": [{"id": "p1", "name": PERSON}],
            "prompt": {"text": PROMPT},
        },
        source="label",
    )
    media = MEDIA
    private = {"personal": True, "prompt_mode": "clear"}
    label_file(media / "cover.jpg", folder / "personal.jpg", label, signer, sandbox=sandbox, **private)  # type: ignore[arg-type]
    label_file(media / "cover.jpg", folder / "roomy.jpg", label, signer, stamp_room=ROOM, sandbox=sandbox)
    personal = (folder / "personal.jpg").read_bytes()
    secret = {
        **keys,
        "phrase": PHRASE.encode(),
        "other-phrase": OTHER_PHRASE.encode(),
        "pin": PIN.encode(),
        "other-pin": OTHER_PIN.encode(),
        "bearer": BEARER.encode(),
        "other-bearer": OTHER_BEARER.encode(),
        "bearers": f"{BEARER} {OTHER_BEARER}".encode(),
        "headers": f"Authorization: Basic {HEADER}\nX-Key: {PASSWORD}\n".encode(),
        "headers-no-colon": f"Authorization Basic {HEADER}\n".encode(),
        "headers-no-name": f": {HEADER}\n".encode(),
        "headers-odd-name": f"Authörization: {HEADER}\n".encode(),
        "prompt": PROMPT.encode(),
        "label.json": json.dumps({"kind": "ai_generated", "prompt": {"text": PROMPT}, "perple": PERSON}).encode(),
        "chain.pem": issued.pem.encode(),
        "other-chain.pem": backends.issued["es384"].pem.encode(),
        "no-chain.pem": keys["locked.pem"],
        "root.pem": backends.root.read_bytes(),
    }
    return Things(
        secret,
        {**WORDS, **dict(_bodies(keys))},
        personal,
        (folder / "roomy.jpg").read_bytes(),
        personal.replace(b"ai_generated", b"ai_modified1", 1),
    )


class Echo(loopback.Handler):
    """A time authority that repeats what it was sent, as its reason."""

    def do_POST(self) -> None:
        self.body()
        said = f"no: {self.headers['Authorization']} {self.headers['X-Key']}"
        self.send_response_only(401, said)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Scene:
    """A folder with everything, and the far sides."""

    def __init__(self, folder: Path, things: Things, backends: Backends, clocks: Mapping[str, str]) -> None:
        self.folder, self.things, self.backends, self.clocks = folder, things, backends, clocks
        for name, content in things.files.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        for name, content in (
            ("personal.jpg", things.personal),
            ("roomy.jpg", things.roomy),
            ("tampered.jpg", things.tampered),
        ):
            (folder / name).write_bytes(content)
        self.service: SigningService = backends.server("https")
        self.kms: Kms = backends.server("awskms")
        self.token: Token = backends.server("pkcs11")
        self.service.canned, self.kms.errors = [], []

    def open_to_all(self, name: str) -> str:
        (self.folder / name).chmod(0o644)
        return name

    def hsm(self, key: str = "object=es256", *options: str) -> str:
        return self.token.uri(key, "chain=chain.pem", *options)

    def https(self, *canned: Canned | None) -> str:
        self.service.canned = list(canned)
        return self.backends.get("https", "es256").uri

    def aws(self, *errors: tuple[int, str, str] | None, options: str = "") -> str:
        self.kms.errors = list(errors)
        return self.kms.uri("es256", "chain=chain.pem", "region=eu-west-1") + options

    def script(self, text: str) -> str:
        path = self.folder / "sign.sh"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        return "cmd:./sign.sh?alg=es256&chain=chain.pem"

    def fault(self, module: str, name: str) -> dict[str, str]:
        """Surroundings in which a function of somebody else's raises what nobody expects."""
        folder = self.folder / "fault"
        folder.mkdir()
        text = f"import {module} as it\ndef broken(*_, **__): raise RuntimeError('boom')\nit.{name} = broken\n"
        (folder / "sitecustomize.py").write_text(text)
        return {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}


@pytest.fixture(scope="module")
def clocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of time authorities, by how they fail."""
    from contextlib import ExitStack

    authority = authorities.Authority(tmp_path_factory.mktemp("tsa"), pki.root("Clock Root"))
    with ExitStack() as stack:
        failing = ("error 500", "garbage", "lying", "dripping", "good")
        found = {name: stack.enter_context(authorities.serving(authority, name))[0] for name in failing}
        echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        stack.enter_context(loopback.running(echo))
        yield {**found, "echo": f"http://127.0.0.1:{echo.server_port}/"}


@pytest.fixture
def scene(tmp_path: Path, things: Things, backends: Backends, clocks: dict[str, str], media: Path) -> Scene:
    (tmp_path / "a.jpg").write_bytes((media / "cover.jpg").read_bytes())
    return Scene(tmp_path, things, backends, clocks)


# --- failures --------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A command that has to fail: how it ends, and what it says, else it failed for another reason."""

    args: Callable[[Scene], tuple[str, ...]]
    code: int
    says: str
    env: Callable[[Scene], dict[str, str]] = lambda _: {}
    stdin: str | None = None


def label(signer: Callable[[Scene], str] | str, code: int, says: str, *more: str, **other: Any) -> Case:
    """``provlabel label`` with a receipt, as JSON."""

    def args(at: Scene) -> tuple[str, ...]:
        uri = signer if isinstance(signer, str) else signer(at)
        return ("label", "a.jpg", "--kind", "ai_generated", "--format", "json", "--receipt", "receipt.json",
                "--signer", uri, *more)  # fmt: skip

    return Case(args, code, says, **other)


def command(code: int, says: str, *args: str, **other: Any) -> Case:
    return Case(lambda _: args, code, says, **other)


def stamped(clock: str, code: int, says: str, *more: str, headers: str = "headers") -> Case:
    """``provlabel label`` with a time authority that wants a header."""

    def args(at: Scene) -> tuple[str, ...]:
        url = at.clocks.get(clock, clock)
        return ("label", "a.jpg", "--kind", "ai_generated", "--format", "json", "--receipt", "receipt.json",
                "--signer", FILE, "--tsa", url, "--tsa-headers", headers, *more)  # fmt: skip

    return Case(args, code, says)


FILE = "file:key.pem?chain=chain.pem"
LOCKED, P12 = "file:locked.pem?chain=chain.pem", "file:locked.p12"
WITH, WRONG = ("--pass-file", "phrase"), ("--pass-file", "other-phrase")
TLS = "https://127.0.0.1:9/#client-cert=chain.pem&client-key=locked.pem"
CASES: dict[str, Case] = {
    # a key in a file
    "wrong-phrase": label(LOCKED, 3, "wrong pass phrase", *WRONG),
    "wrong-phrase-p12": label(P12, 3, "wrong pass phrase", *WRONG),
    "no-phrase": label(LOCKED, 2, "no terminal to ask at"),
    "phrase-that-others-read": Case(
        lambda at: (*label(LOCKED, 2, "").args(at), "--pass-file", at.open_to_all("phrase")), 2, "others can read"
    ),
    "phrase-is-missing": label(LOCKED, 3, "no such file", "--pass-file", "missing"),
    "phrase-on-a-pipe": label(LOCKED, 3, "wrong pass phrase", "--pass-file", "/dev/stdin", stdin=OTHER_PHRASE),
    "phrase-is-used-up": label(LOCKED, 2, "no line left", *WITH, "--identity", P12),
    "key-that-others-read": Case(
        lambda at: label(f"file:{at.open_to_all('key.pem')}?chain=chain.pem", 2, "").args(at), 2, "others can read"
    ),
    "key-of-another-chain": label("file:key.pem?chain=other-chain.pem", 3, "does not belong to this key"),
    "chain-without-certificate": label("file:locked.pem?chain=no-chain.pem", 3, "certificate", *WITH),
    "chain-is-missing": label("file:locked.pem?chain=missing", 3, "no such file", *WITH),
    "key-is-a-phrase": label("file:phrase", 3, "no private key"),
    "key-for-another-algorithm": label(f"{LOCKED}&alg=ps256", 2, "this key signs with es256", *WITH),
    "phrase-in-the-uri": label(f"{LOCKED}&pass={PHRASE}", 2, "unknown option of file: pass"),
    "key-as-the-uri": label(lambda at: (at.folder / "key.pem").read_text(), 2, "names no signer"),
    "key-as-the-variable": Case(
        lambda _: ("label", "a.jpg", "--kind", "ai_generated"),
        2,
        "names no signer",
        lambda at: {"PROVLABEL_SIGNER": (at.folder / "sec1.pem").read_text()},
    ),
    "key-as-the-path": label(lambda at: f"file:{(at.folder / 'key.pem').read_text()}", 3, "(a private key)"),
    "key-as-the-chain": label(lambda at: f"{FILE}{(at.folder / 'sec1.pem').read_text()}", 3, "(a private key)"),
    "key-from-a-program": label(
        lambda at: at.script("(cat locked.pem; head -c 250 chain.pem) >&2; exit 1"), 3, "ended with 1"
    ),
    "phrase-as-the-uri": label(PHRASE, 2, "names no signer"),
    "password-in-the-uri": label(f"vault://acme:{PASSWORD}@vault.example/key", 2, "names no signer"),
    "source-is-missing": command(
        3, "no such file", "label", "b.jpg", "--kind", "ai_generated", "--signer", LOCKED, *WITH
    ),
    "source-is-a-key": command(3, "key.pem", "label", "key.pem", "--kind", "ai_generated", "--signer", LOCKED, *WITH),
    "output-exists": label(LOCKED, 3, "exists already", *WITH, "-o", "personal.jpg"),
    "folder-is-missing": label(LOCKED, 3, "cannot write", *WITH, "-o", "no/where.jpg"),
    "unknown-option": command(2, "no such option", "label", "a.jpg", f"--pass={PHRASE}"),
    "label-with-a-fault": label(LOCKED, 2, "perple", *WITH, "--label", "label.json"),
    "prompt-hash-unkept": command(
        2, "salt", "label", "a.jpg", "--kind", "ai_generated", "--prompt-file", "prompt", "--prompt-mode", "hash"
    ),
    "prompt-and-wrong-phrase": label(
        LOCKED, 3, "wrong pass", *WRONG, "--prompt-file", "prompt", "--prompt-mode", "hash"
    ),
    "identity-wrong-phrase": label(FILE, 3, "wrong pass phrase", "--identity", LOCKED, *WRONG),
    # faults of our own, with a traceback
    "fault-while-writing": label(LOCKED, 3, "RuntimeError: boom", *WITH, env=lambda at: at.fault("os", "fsync")),
    "fault-while-unlocking": label(
        LOCKED,
        3,
        "RuntimeError: boom",
        *WITH,
        env=lambda at: at.fault("cryptography.hazmat.primitives.serialization", "load_pem_private_key"),
    ),
    "fault-in-tls": label(
        "https://127.0.0.1/#auth=bearer",
        3,
        "RuntimeError: boom",
        *("--pass-file", "bearer"),
        env=lambda at: at.fault("http.client", "HTTPSConnection.connect"),
    ),
    "fault-without-traceback": label(
        LOCKED, 3, "internal fault", *WITH, env=lambda at: {**at.fault("os", "fsync"), "PROVLABEL_DEBUG": ""}
    ),
    # a token
    "wrong-pin": label(lambda at: at.hsm(), 3, "PinIncorrect", "--pass-file", "other-pin"),
    "no-pin": label(lambda at: at.hsm(), 2, "no terminal to ask at"),
    "wrong-pin-source": label(lambda at: at.hsm("object=es256", "pin-source=other-pin"), 3, "PinIncorrect"),
    "pin-source-that-others-read": Case(
        lambda at: label(at.hsm("object=es256", f"pin-source={at.open_to_all('pin')}"), 2, "").args(at),
        2,
        "others can read",
    ),
    "pin-in-the-uri": label(lambda at: at.hsm("object=es256", f"pin-value={PIN}"), 2, "pin-value= would be seen"),
    "pin-in-the-path": label(lambda at: at.hsm(f"object=es256;pin={PIN}"), 2, "unknown attribute pin"),
    "pin-under-another-name": label(
        lambda at: at.hsm("object=es256", f"pin={PIN}"), 2, "unknown option of pkcs11: pin"
    ),
    "no-such-key": label(lambda at: at.hsm("object=none"), 3, "NoSuchKey", "--pass-file", "pin"),
    "no-such-library": label(
        "pkcs11:token=labels;object=es256?module-path=key.pem", 3, "key.pem", "--pass-file", "pin"
    ),
    # AWS
    "aws-denied": label(lambda at: at.aws((400, "AccessDeniedException", "no")), 3, "AccessDeniedException"),
    "aws-bad-signature": label(lambda at: at.aws((400, "InvalidSignatureException", "no")), 3, "InvalidSignature"),
    "aws-denied-later": label(lambda at: at.aws(None, (400, "DisabledException", "no")), 3, "DisabledException"),
    "aws-unreachable": label(lambda at: at.aws(options="&endpoint=nonsense"), 3, "Invalid endpoint"),
    "aws-no-region": label("awskms:es256?chain=chain.pem&region=no where", 3, "InvalidRegionError"),
    "aws-secret-in-the-uri": label(f"awskms:es256?secret={AWS_SECRET}", 2, "unknown option of awskms: secret"),
    # a program
    "program-fails": label(lambda at: at.script("echo locked >&2; exit 1"), 3, "locked"),
    "program-hangs": label(lambda at: f"{at.script('exec sleep 9')}&timeout=1", 3, "did not answer"),
    "program-signs-nonsense": label(lambda at: at.script("cat locked.pem | head -c 64"), 3, "no signature by"),
    # a service
    "wrong-bearer": label(lambda at: at.https(), 3, "401: not a token of mine", "--pass-file", "other-bearer"),
    "no-bearer": label(lambda at: at.https(), 2, "no terminal to ask at"),
    "bearer-of-two-words": label(lambda at: at.https(), 3, "no bearer token", "--pass-file", "bearers"),
    "bearer-that-others-read": Case(
        lambda at: (*label(at.https(), 2, "").args(at), "--pass-file", at.open_to_all("bearer")), 2, "others can read"
    ),
    "service-repeats-the-token": label(
        lambda at: at.https(None, Canned(403, json.dumps({"error": f"Bearer {BEARER} may not"}).encode())),
        3,
        "403",
        *("--pass-file", "bearer"),
    ),
    "service-redirects": label(
        lambda at: at.https(None, Canned(302, b"{}", (("Location", f"https://x/?{BEARER}"),))),
        3,
        "redirects",
        *("--pass-file", "bearer"),
    ),
    "service-hangs-up": label(
        lambda at: at.https(None, *[Canned(0)] * 9), 3, "cannot be reached", "--pass-file", "bearer"
    ),
    "service-of-another-ca": label(
        lambda at: at.https().partition("#")[0] + "#auth=bearer", 3, "not accepted", "--pass-file", "bearer"
    ),
    "token-in-the-options": label(lambda at: f"{at.https()}&token={BEARER}", 2, "unknown option of https: token"),
    "token-as-auth": label(lambda at: f"{at.https().partition('#')[0]}#auth=basic", 2, "is not known"),
    "password-in-the-address": label(f"https://acme:{PASSWORD}@sign.example/key", 2, "a password in an address"),
    "password-in-http": label(f"http://acme:{PASSWORD}@sign.example/key", 2, "http: names no signer"),
    "wrong-phrase-tls": label(TLS, 3, "wrong pass phrase", *WRONG),
    # time
    "tsa-error": stamped("error 500", 3, "answered 500"),
    "tsa-garbage": stamped("garbage", 3, "no RFC 3161"),
    "tsa-lying": stamped("lying", 3, "something else"),
    "tsa-slow": stamped("dripping", 3, "took too long", "--tsa-timeout", "0.5"),
    "tsa-repeats-the-header": stamped("echo", 3, "answered 401"),
    "tsa-headers-that-others-read": Case(
        lambda at: stamped("good", 2, "", headers=at.open_to_all("headers")).args(at), 2, "others can read"
    ),
    "tsa-headers-without-colon": stamped("good", 2, "no HTTP header", headers="headers-no-colon"),
    "tsa-headers-without-name": stamped("good", 2, "no HTTP header", headers="headers-no-name"),
    "tsa-headers-odd": stamped("good", 2, "no HTTP header", headers="headers-odd-name"),
    "tsa-password": stamped(f"http://acme:{PASSWORD}@tsa.example/", 2, "a password in an address"),
    "tsa-password-no-host": stamped(f"http://acme:{PASSWORD}@/", 2, "a password in an address"),
    "tsa-password-ftp": stamped(f"ftp://acme:{PASSWORD}@tsa.example/", 2, "a password in an address"),
    "tsa-password-with-slash": stamped(f"http://acme:{PASSWORD}/x@tsa.example/", 2, "a password in an address"),
    "tsa-password-bracket": stamped(f"http://acme:{PASSWORD}@[tsa/", 2, "a password in an address"),
    # other commands
    "redact-wrong-phrase": command(
        3, "wrong pass phrase", "redact", "personal.jpg", "--personal", "--signer", LOCKED, *WRONG
    ),
    "redact-output-exists": command(
        3, "exists already", "redact", "personal.jpg", "--personal", "--signer", LOCKED, *WITH, "-o", "a.jpg"
    ),
    "redact-nothing": command(3, "no personal fields", "redact", "a.jpg", "--personal", "--signer", LOCKED, *WITH),
    "redact-tampered": command(3, "tampered.jpg", "redact", "tampered.jpg", "--personal", "--signer", LOCKED, *WITH),
    "stamp-error": Case(
        lambda at: (
            "stamp",
            "roomy.jpg",
            "-o",
            "s.jpg",
            "--tsa",
            at.clocks["echo"],
            "--tsa-headers",
            "headers",
            "--format",
            "json",
        ),
        3,
        "answered 401",
    ),
    "stamp-onto-another": Case(
        lambda at: ("stamp", "roomy.jpg", "-o", "a.jpg", "--tsa", at.clocks["good"], "--tsa-headers", "headers"),
        3,
        "exists already",
    ),
    "check-wrong-phrase": command(3, "wrong pass phrase", "key", "check", "--signer", LOCKED, *WRONG),
    "check-another-chain": command(
        1, "key", "key", "check", "--signer", "file:locked.pem?chain=other-chain.pem", *WITH, "--format", "json"
    ),
    "check-a-key": command(3, "certificate", "key", "check", "locked.pem"),
    "show-wrong-phrase": command(3, "wrong pass phrase", "key", "show", "--signer", P12, *WRONG),
    "show-a-key": command(3, "certificate", "key", "show", "sec1.pem"),
    "show-wrong-pin": Case(
        lambda at: ("key", "show", "--signer", at.hsm(), "--pass-file", "other-pin"), 3, "PinIncorrect"
    ),
    "csr-of-a-locked-key": command(
        2, "no terminal", "key", "csr", "locked.pem", "-o", "r.csr", "--organization", "A", "--name", "B"
    ),
    "csr-of-a-phrase": command(
        3, "no private key", "key", "csr", "phrase", "-o", "r.csr", "--organization", "A", "--name", "B"
    ),
    "csr-onto-a-key": command(
        3, "exists already", "key", "csr", "key.pem", "-o", "locked.pem", "--organization", "A", "--name", "B"
    ),
    "sign-wrong-phrase": command(3, "wrong pass phrase", "key", "sign", "--signer", LOCKED, *WRONG, stdin="x"),
    "sign-nothing": command(3, "that is no claim", "key", "sign", "--signer", LOCKED, *WITH),
    "sign-another-algorithm": command(
        2, "asked for", "key", "sign", "--signer", LOCKED, *WITH, "--alg", "ps256", stdin="x"
    ),
    "verify-tampered": command(1, "content", "verify", "tampered.jpg", "--trust", "root.pem", "--format", "json"),
    "verify-trusts-a-key": command(2, "locked.pem", "verify", "personal.jpg", "--trust", "locked.pem"),
    "trust-check-a-key": command(2, "key.pem", "trust", "check", "key.pem"),
}


def leaks(text: str, canaries: Mapping[str, str]) -> list[str]:
    return [name for name, word in canaries.items() if word in text]


@pytest.mark.parametrize("name", CASES)
def test_no_failure_on_the_command_line_tells_a_secret(name: str, scene: Scene, cli: Cli) -> None:
    case = CASES[name]
    args = case.args(scene)
    before = {path for path in scene.folder.rglob("*") if path.is_file()}
    aws = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_EC2_METADATA_DISABLED": "true"}
    env = {
        **aws,
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "AWS_SESSION_TOKEN": AWS_SESSION,
        "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"],
        "PROVLABEL_DEBUG": "1",
        **case.env(scene),
    }
    done = cli(*args, stdin=case.stdin, **env)
    written = [path for path in scene.folder.rglob("*") if path.is_file() and path not in before]
    told = "\n".join([done.stdout, done.stderr, *(path.read_bytes().decode("latin-1") for path in written)])
    assert leaks(told, scene.things.canaries) == [], told
    assert (done.returncode, case.says in told) == (case.code, True), told
    assert ("Traceback" in told) == ("boom" in case.says)
    assert [path.name for path in written if path.name.startswith(".provlabel-")] == []


def test_a_leak_would_be_seen(scene: Scene, cli: Cli) -> None:
    """Each canary is where a command reads it, and is found where a command shows it."""
    names = scene.things.canaries
    files = "".join(content.decode("latin-1") for content in scene.things.files.values())
    assert set(names) - set(leaks(files + scene.things.personal.decode("latin-1"), names)) == {
        "AWS secret",
        "AWS session",
    }
    done = cli("verify", "locked.pem", f"--{PHRASE}")
    assert leaks(done.stderr, names) == ["pass phrase"]


# --- processes -------------------------------------------------------------------------------------


class Waiting(NamedTuple):
    """A run that was given a secret and waits now."""

    args: tuple[str, ...]
    hangs: Callable[[], Any]


def _session(leader: int) -> dict[int, str]:
    """Command line and surroundings of each process in the session, as everybody of this user sees them."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                seen = b"\n".join((entry / name).read_bytes() for name in ("cmdline", "environ"))
                found[int(entry.name)] = seen.decode("latin-1")
        except (OSError, ValueError):
            continue
    return found


WAITING: dict[str, Callable[[Scene, str, list[Any]], Waiting]] = {
    "pass-file": lambda at, url, asked: Waiting(
        ("--signer", LOCKED, *WITH, "--tsa", url, "--tsa-headers", "headers"), lambda: asked
    ),
    "pin-source": lambda at, url, asked: Waiting(
        ("--signer", at.hsm("object=es256", "pin-source=pin"), "--tsa", url, "--tsa-headers", "headers"), lambda: asked
    ),
    "bearer": lambda at, url, asked: Waiting(
        ("--signer", at.https(None, Canned(HANGS)), "--pass-file", "bearer"), lambda: "POST" in at.service.requests
    ),
    "program": lambda at, url, asked: Waiting(
        ("--signer", at.script("touch hangs; exec sleep 9"), "--identity", LOCKED, *WITH),
        (at.folder / "hangs").exists,
    ),
}


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc here")
@pytest.mark.parametrize("name", WAITING)
def test_no_list_of_processes_shows_a_secret(name: str, scene: Scene, home: Path, tmp_path: Path) -> None:
    """Then it is ended by SIGTERM, and says nothing of it either."""
    authority = authorities.Authority(tmp_path / "tsa", pki.root("Clock Root"))
    scene.service.requests = []
    kept = {"PATH": os.environ["PATH"], "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"], "PROVLABEL_DEBUG": "1"}
    with authorities.serving(authority, "dripping") as (url, asked):
        waiting = WAITING[name](scene, url, asked)
        with subprocess.Popen(
            [sys.executable, "-m", "provlabel", "label", "a.jpg", "--kind", "ai_generated", *waiting.args],
            cwd=tmp_path,
            env={**kept, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        ) as process:
            ends = time.monotonic() + 20
            while not waiting.hangs() and process.poll() is None and time.monotonic() < ends:
                time.sleep(0.02)
            seen = _session(process.pid)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM, err
    assert len(seen) >= 2  # with the worker
    assert "provlabel" in seen[process.pid]
    assert leaks("\n".join(seen.values()) + out + err, scene.things.canaries) == []


def test_no_report_shows_a_secret(scene: Scene, sandbox: Sandbox) -> None:
    """Not even what was signed, unless it is asked for."""
    report = verify_file(
        scene.folder / "personal.jpg", trust=TrustStore.load(scene.folder / "root.pem"), sandbox=sandbox
    )
    assert report.files[0].state == "trusted"
    assert leaks(repr(report), scene.things.canaries) == []
