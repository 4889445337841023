"""Signers: every backend against the real thing, with every algorithm that it has, and every way it fails."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import textwrap
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import pkcs12

import pki
from kms_server import Kms, serving as kms_serving
from project import DOCS, Cli, needs
from provlabel import (
    ConfigError,
    InputError,
    Label,
    ProvlabelError,
    SignerError,
    TrustStore,
    label_bytes,
    open_signer,
    verify_bytes,
)
from provlabel.sandbox import Sandbox
from provlabel.signers import Algorithm, Signer, _algorithms as algorithms, _base
from service_replies import REPLIES
from signer_matrix import COMBINATIONS, TOKEN as matrix_token, Backends
from signing_service import Canned, SigningService, serving
from softhsm import LIBRARY, PIN, Token

DATA = b"what is to be signed " * 300  # longer than the 4,096 bytes that a KMS takes raw
PHRASE = "correct horse battery staple"
TOKEN = "eyJhbGciOi-this-is-a-canary"


@pytest.fixture(scope="module")
def root(backends: Backends) -> pki.Issued:
    return backends.issuer


@pytest.fixture(scope="module")
def issued(backends: Backends) -> dict[str, pki.Issued]:
    """A certified key for each algorithm; one RSA key has three."""
    return backends.issued


def is_signed(signer: Signer, data: bytes = DATA) -> bool:
    """Verify a signature of ``signer`` with the key in its own certificate, here and not by its backend."""
    public_key = x509.load_pem_x509_certificate(signer.chain_pem.encode()).public_key()
    return algorithms.fits(public_key, signer.algorithm, signer.sign(data), data)


@pytest.mark.parametrize(("name", "algorithm"), COMBINATIONS)
def test_every_signer_with_every_algorithm(name: str, algorithm: str, backends: Backends) -> None:
    """Opened with all checks, so each made a trial signature before; nothing of a claim's length is refused."""
    item = backends.get(name, algorithm)
    signer = open_signer(item.uri, item.secrets)
    assert signer.algorithm == algorithm
    assert signer.chain_pem == backends.issued[algorithm].pem
    assert repr(signer).endswith(f"Signer {algorithm}>")
    assert is_signed(signer, DATA[:2000])


# --- file: -----------------------------------------------------------------------------------------

PKCS8, SEC1 = ser.PrivateFormat.PKCS8, ser.PrivateFormat.TraditionalOpenSSL
FORMS = {
    "pkcs8": (PKCS8, None),
    "pkcs8-encrypted": (PKCS8, PHRASE.encode()),
    "traditional": (SEC1, None),
    "traditional-encrypted": (SEC1, PHRASE.encode()),
}


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def packed(issued: pki.Issued, phrase: bytes | None, *others: pki.Issued) -> bytes:
    lock = ser.BestAvailableEncryption(phrase) if phrase else ser.NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        b"signer", issued.key, issued.certificate, [item.certificate for item in others], lock
    )


@pytest.mark.parametrize(
    ("algorithm", "form"),
    [
        (algorithm, form)
        for algorithm in algorithms.ALGORITHMS
        for form in FORMS
        if algorithm != "ed25519" or form.startswith("pkcs8")  # there is no other form for it
    ],
)
def test_file_of_any_form(algorithm: str, form: str, issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    item = issued[algorithm]
    uri = pki.write(tmp_path, item)
    put(tmp_path / "key.pem", item.key_pem(*FORMS[form]))
    signer = open_signer(f"{uri}&alg={algorithm}", lambda question: PHRASE)
    assert signer.algorithm == algorithm
    assert is_signed(signer)


@pytest.mark.parametrize("phrase", [None, b"", PHRASE.encode()], ids=["open", "empty", "locked"])
@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_pkcs12_holds_key_and_chain(
    algorithm: str, phrase: bytes | None, issued: dict[str, pki.Issued], tmp_path: Path
) -> None:
    asked: list[str] = []
    path = put(tmp_path / "credential", packed(issued[algorithm], phrase))

    def answer(question: str) -> str:
        asked.append(question)
        return PHRASE

    signer = open_signer(f"file:{path}?alg={algorithm}", answer)
    assert is_signed(signer)
    assert signer.chain_pem == issued[algorithm].pem
    assert asked == ([f"pass phrase for {path}"] if phrase else [])


def test_pkcs12_puts_the_chain_in_order_without_the_root(root: pki.Issued, tmp_path: Path) -> None:
    upper = pki.leaf(root, common="Upper", ca=True, key_usage=("key_cert_sign",))
    lower = pki.leaf(upper, common="Lower", ca=True, key_usage=("key_cert_sign",))
    item = pki.leaf(lower)
    path = put(tmp_path / "key.p12", packed(item, None, root, upper, lower))
    assert open_signer(f"file:{path}").chain_pem == item.pem + lower.pem + upper.pem
    other = tmp_path / "chain.pem"
    other.write_text(item.pem)
    assert open_signer(f"file:{path}?chain={other}").chain_pem == item.pem


def test_pkcs12_without_a_key_or_with_damage(root: pki.Issued, tmp_path: Path) -> None:
    bare = pkcs12.serialize_key_and_certificates(None, None, root.certificate, None, ser.NoEncryption())
    with pytest.raises(SignerError, match=r"key\.p12: holds no private key"):
        open_signer(f"file:{put(tmp_path / 'key.p12', bare)}")
    whole = packed(pki.leaf(root), PHRASE.encode())
    with pytest.raises(SignerError, match="wrong pass phrase, or a damaged file"):
        open_signer(f"file:{put(tmp_path / 'key.p12', whole[:-20])}", lambda _question: PHRASE)


@pytest.mark.parametrize("algorithm", ["ps384", "ps512"])
def test_longer_hashes_of_rsa_go_through_the_engine(
    algorithm: str, issued: dict[str, pki.Issued], root: pki.Issued, media: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    signer = open_signer(f"{pki.write(tmp_path, issued[algorithm], root)}&alg={algorithm}")
    made, _ = label_bytes((media / "cover.jpg").read_bytes(), Label(kind="ai_generated"), signer, sandbox=sandbox)
    [judged] = verify_bytes(made, trust=TrustStore.load(tmp_path / "root.pem"), sandbox=sandbox).files
    assert judged.state == "trusted"
    assert judged.signer is not None
    assert judged.signer.algorithm is not None
    assert judged.signer.algorithm.lower() == algorithm


@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("es256", "es384", "alg=es384: this key signs with es256"),
        ("ps256", "es256", "alg=es256: this key signs with ps256 or ps384 or ps512"),
        ("ed25519", "", "alg=: this key signs with ed25519"),
    ],
)
def test_algorithm_that_does_not_fit_the_key(
    kind: str, asked: str, words: str, issued: dict[str, pki.Issued], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_signer(f"{pki.write(tmp_path, issued[kind])}&alg={asked}")
    assert str(caught.value) == words
    assert f"alg={kind}" in caught.value.hint


def test_plain_key_is_opened_without_the_cryptography_package(credential: Path, cli: Cli) -> None:
    """Labeling one picture costs as much as importing it."""
    code = (
        "import sys; from provlabel import open_signer;"
        f"open_signer('file:{credential}/key.pem?chain={credential}/chain.pem', check=False);"
        "sys.exit('cryptography' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": os.pathsep.join(sys.path)}, check=True)


# --- secrets on the command line -------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(issued: dict[str, pki.Issued], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URI of an encrypted key."""
    folder = tmp_path_factory.mktemp("locked")
    uri = pki.write(folder, issued["es256"])
    put(folder / "key.pem", issued["es256"].key_pem(PKCS8, PHRASE.encode()))
    return uri


def label_with(cli: Cli, uri: str, media: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    return cli("label", media / "still.png", "--kind", "ai_generated", "--signer", uri, *options)


def test_pass_file_answers(locked: str, media: Path, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "prompt").write_text("a harbour at dawn")
    prompt = ("--prompt-file", tmp_path / "prompt", "--prompt-mode", "clear")
    done = label_with(cli, locked, media, "--pass-file", put(tmp_path / "phrase", f"{PHRASE}\n".encode()), *prompt)
    assert done.returncode == 0, done.stderr
    again = cli(
        *("redact", media / "still.labeled.png", "--personal", "--signer", locked, "--in-place"),
        *("--pass-file", tmp_path / "phrase"),
    )
    assert again.returncode == 0, again.stderr


def test_pass_file_has_a_line_for_each_signer(
    locked: str, issued: dict[str, pki.Issued], media: Path, tmp_path: Path, cli: Cli
) -> None:
    second = pki.write(tmp_path / "second", issued["es384"])
    put(tmp_path / "second" / "key.pem", issued["es384"].key_pem(PKCS8, b"another"))
    asked = ("label", media / "still.png", "--kind", "ai_generated", "--signer", locked, "--identity", second)
    pipe = ("--pass-file", "/dev/stdin")
    done = cli(*asked, *pipe, stdin=f"{PHRASE}\nanother\n")
    assert done.returncode == 0, done.stderr
    done = cli(*asked, *pipe, "--force", stdin=f"{PHRASE}\n")
    assert done.returncode == 2
    assert "second/key.pem: /dev/stdin has no line left" in done.stderr


def test_pass_file_may_be_a_pipe(locked: str, media: Path, cli: Cli) -> None:
    done = cli(
        *("label", media / "still.png", "--kind", "ai_generated", "--signer", locked, "--pass-file", "/dev/stdin"),
        stdin=f"{PHRASE}\n",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "mode", "code", "words"),
    [
        (PHRASE, 0o640, 2, ("others can read this secret", "chmod 600")),
        ("", 0o600, 2, ("holds no line of text",)),
        ("\udcff", 0o600, 2, ("holds no line of text",)),
        (f"{PHRASE}-not", 0o600, 3, ("wrong pass phrase",)),
        (None, 0o600, 3, ("no such file",)),
    ],
    ids=["readable", "empty", "binary", "wrong", "missing"],
)
def test_pass_file_that_does_not_serve(
    content: str | None,
    mode: int,
    code: int,
    words: tuple[str, ...],
    locked: str,
    media: Path,
    tmp_path: Path,
    cli: Cli,
) -> None:
    path = tmp_path / "phrase"
    if content is not None:
        put(path, content.encode(errors="surrogateescape")).chmod(mode)
    done = label_with(cli, locked, media, "--pass-file", path)
    assert done.returncode == code
    assert all(word in done.stderr for word in words), done.stderr
    assert PHRASE not in done.stdout + done.stderr


def test_without_terminal_or_pass_file_the_option_is_named(locked: str, media: Path, cli: Cli) -> None:
    done = label_with(cli, locked, media)
    assert done.returncode == 2
    assert "pass phrase for" in done.stderr
    assert "--pass-file" in done.stderr


# --- cmd: ------------------------------------------------------------------------------------------

PROGRAM = """#!{python}
import json, sys
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from provlabel.signers._algorithms import in_process
folder = Path({folder!r})
(folder / "called").open("a").write(json.dumps(sys.argv[1:]) + "\\n")
algorithm = {algorithm!r}
if "--signer-info" in sys.argv:
    print(json.dumps({{"alg": algorithm, "sign_cert": (folder / "chain.pem").read_text(), "reserve_size": 9000}}))
else:
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read(), *in_process(algorithm)))
"""


def program(folder: Path, text: str) -> Path:
    path = folder / "my signer"
    path.write_text(text)
    path.chmod(0o700)
    return path


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that tests run find provlabel as the tests do."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.mark.parametrize("older", [False, True], ids=["info", "older"])
@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
@pytest.mark.usefixtures("sources")
def test_cmd(algorithm: str, older: bool, issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    pki.write(tmp_path, issued[algorithm])
    text = PROGRAM.format(python=sys.executable, folder=str(tmp_path), algorithm=algorithm)
    uri = f"cmd:'{program(tmp_path, text)}' --profile 'a b?'?"
    chain = tmp_path / "chain.pem"
    signer = open_signer(uri + (f"alg={algorithm}&chain={chain}" if older else ""), check=False)
    assert signer.algorithm == algorithm
    assert signer.chain_pem == issued[algorithm].pem
    assert is_signed(signer)
    given = ["--profile", "a b?"]
    told = ["--reserve-size", "16384", "--alg", algorithm, "--sign-cert", str(chain)]
    called = [json.loads(line) for line in (tmp_path / "called").read_text().splitlines()]
    assert called == ([[*given, *told]] if older else [[*given, "--signer-info"], given])


EMPTY = "-----BEGIN CERTIFICATE----------END CERTIFICATE-----"
INFO = f"""[ "$1" = --signer-info ] && echo '{{"alg":"es256","sign_cert":"{EMPTY}"}}' && exit 0
"""
#: Name -> the script, and what the error says of it.
FAILING = {
    "says-why": (
        INFO + "echo first >&2; echo 'HSM: \033[31mslot 4 is empty' >&2; exit 7",
        "ended with 7: first | HSM: ",
    ),
    "says-nothing": (INFO + "exit 3", "ended with 3: it said nothing on standard error"),
    "killed": (INFO + "kill -9 $$", "was killed by signal 9"),
    "empty": (INFO + "echo odd >&2", "printed 0 bytes, and succeeded: odd"),
    "endless": (INFO + "head -c 70000 /dev/zero", "printed 70,000 bytes"),
    "info-fails": ("echo locked >&2; exit 1", "ended with 1: locked"),
    "info-no-json": ("echo hello", "printed no JSON"),
    "info-deep": ("head -c 50000 /dev/zero | tr '\\0' '['", "printed no JSON"),
    "info-list": ("echo '[]'", "lacks sign_cert"),
    "info-number": ("""echo '{"alg":"es256","sign_cert":1}'""", "lacks sign_cert"),
    "info-no-pem": ("""echo '{"alg":"es256","sign_cert":"x"}'""", "no certificate in sign_cert"),
    "info-rs256": (INFO.replace("es256", "rs256"), "rs256 is no algorithm of C2PA"),
}


@pytest.mark.parametrize("name", FAILING)
def test_cmd_that_fails_says_why(name: str, tmp_path: Path) -> None:
    script, words = FAILING[name]
    path = program(tmp_path, f"#!/bin/sh\n{script}\n")
    with pytest.raises(SignerError) as caught:
        open_signer(f"cmd:'{path}'", check=False).sign(DATA)
    assert words in str(caught.value)
    assert "my signer" in str(caught.value)
    assert "\033" not in str(caught.value)


def test_cmd_that_hangs_is_left_with_its_children(tmp_path: Path) -> None:
    path = program(tmp_path, f"#!/bin/sh\n{INFO}\nsleep 30\n")
    signer = open_signer(f"cmd:'{path}'?timeout=1", check=False)
    began = time.monotonic()
    with pytest.raises(SignerError, match="did not answer within 1 s"):
        signer.sign(DATA)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("cmd:", "names no program"),
        ("cmd:?timeout=3", "names no program"),
        ("cmd:sign 'a?chain=x'", "No closing quotation"),
        ("cmd:sign?alg=es256", "alg= and chain= belong together"),
        ("cmd:sign?timeout=0", "timeout=0: no number of seconds"),
        ("cmd:sign?time=1", "unknown option of cmd: time"),
    ],
)
def test_cmd_uri_that_is_wrong(uri: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        open_signer(uri)


def test_cmd_that_is_not_there() -> None:
    with pytest.raises(SignerError, match=r"\./nothing: cannot be run: no such file"):
        open_signer("cmd:./nothing")


# --- provlabel as such a program -------------------------------------------------------------------


def key_sign(credential: str, *options: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "provlabel", "key", "sign", "--signer", credential, *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, input=data, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_key_sign_answers_as_c2patool_asks(algorithm: str, issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    item = issued[algorithm]
    uri = f"{pki.write(tmp_path, item)}&alg={algorithm}"
    info = json.loads(key_sign(uri, "--signer-info").stdout)
    assert info == {"alg": algorithm, "sign_cert": item.pem}
    done = key_sign(uri, "--reserve-size", "9000", "--alg", algorithm, "--sign-cert", "x.pem", data=DATA)
    assert done.returncode == 0, done.stderr
    sizes = {"es256": 64, "es384": 96, "es512": 132, "ed25519": 64}
    assert len(done.stdout) == sizes.get(algorithm, 256)
    assert algorithms.fits(item.key.public_key(), algorithm, done.stdout, DATA)  # type: ignore[arg-type]


def test_key_sign_refuses_what_is_no_claim(issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    uri = pki.write(tmp_path, issued["es256"])
    for done, code, words in (
        (key_sign(uri), 3, b"standard input: nothing"),
        (key_sign(uri, data=bytes((1 << 20) + 1)), 3, b"more than 1,048,576 bytes"),
        (key_sign(uri, "--alg", "ps256", data=DATA), 2, b"asked for ps256, but this key signs with es256"),
    ):
        assert (done.returncode, done.stdout) == (code, b"")
        assert words in done.stderr


@pytest.mark.usefixtures("sources")
def test_provlabel_is_its_own_program(issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    """Both ways of the protocol, one against the other; the check includes a trial signature."""
    uri = pki.write(tmp_path, issued["es384"])
    assert is_signed(open_signer(f"cmd:{sys.executable} -m provlabel key sign --signer '{uri}'?"))


def test_certificate_of_another_key_is_found_by_a_trial(
    issued: dict[str, pki.Issued], root: pki.Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    pki.write(tmp_path, issued["es256"])
    (tmp_path / "chain.pem").write_text(pki.leaf(root).pem)
    path = program(tmp_path, PROGRAM.format(python=sys.executable, folder=str(tmp_path), algorithm="es256"))
    with pytest.raises(SignerError, match="<CmdSigner es256>: the first certificate does not belong to this key"):
        open_signer(f"cmd:'{path}'")
    (tmp_path / "chain.pem").write_text(issued["es384"].pem)
    with pytest.raises(SignerError, match="the algorithm of the signer does not fit the key: es256 with EC P-384"):
        open_signer(f"cmd:'{path}'")
    (tmp_path / "chain.pem").write_text(EMPTY)
    with pytest.raises(SignerError, match="<CmdSigner es256>: a certificate in it is damaged"):
        open_signer(f"cmd:'{path}'")
    (tmp_path / "chain.pem").write_text("none")
    with pytest.raises(SignerError, match=r"chain\.pem: no certificate in PEM form"):
        open_signer(f"cmd:'{path}'?alg=es256&chain={tmp_path / 'chain.pem'}")


def test_signature_that_is_none_is_found_by_the_trial(issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    pki.write(tmp_path, issued["es256"])
    path = program(tmp_path, "#!/bin/sh\necho no signature\n")
    with pytest.raises(SignerError, match="the first certificate does not belong to this key: by a test signature"):
        open_signer(f"cmd:'{path}'?alg=es256&chain={tmp_path / 'chain.pem'}")


# --- https: ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def services(
    issued: dict[str, pki.Issued], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SigningService, Path]]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, issued) as service:
        yield service, folder / "root.pem"


@pytest.fixture
def service(services: tuple[SigningService, Path], monkeypatch: pytest.MonkeyPatch) -> SigningService:
    services[0].reset()
    monkeypatch.setattr("provlabel.signers.https._WAITS", (0.01, 0.02, None))
    return services[0]


@pytest.fixture
def address(service: SigningService, services: tuple[SigningService, Path]) -> str:
    """A key of the service, as a URI."""
    return f"{service.uri}es256#ca={services[1]}"


@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_https(algorithm: str, service: SigningService, services: tuple[SigningService, Path]) -> None:
    signer = open_signer(f"{service.uri}{algorithm}?tenant=7#ca={services[1]}")
    assert signer.algorithm == algorithm
    assert signer.chain_pem == service.keys[algorithm].pem
    assert is_signed(signer)


def test_200_signatures_take_one_handshake(address: str, service: SigningService) -> None:
    signer = open_signer(address)
    assert len({signer.sign(DATA) for _ in range(200)}) == 200
    assert service.connections == 1


def test_https_from_threads_and_after_a_fork(address: str, service: SigningService) -> None:
    signer = open_signer(address)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: is_signed(signer), range(40)))
    assert service.connections <= 5
    assert in_child(lambda: is_signed(signer))
    assert is_signed(signer)


def in_child(work: Callable[[], bool]) -> bool:
    """Tell what ``work`` says in a fork of this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that other threads exist: they matter to nobody here
        pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_https_with_a_token(address: str, service: SigningService) -> None:
    service.token = TOKEN
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return TOKEN

    signer = open_signer(f"{address}&auth=bearer", answer)
    assert is_signed(signer)
    assert asked == [f"bearer token for {service.uri.removesuffix('/keys/')}"]


@pytest.mark.parametrize("phrase", [None, PHRASE.encode()], ids=["open", "locked"])
def test_https_with_a_client_certificate(phrase: bytes | None, issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    with serving(tmp_path, issued, clients=True) as service:
        key, chain = tmp_path / "client" / "key.pem", tmp_path / "client" / "chain.pem"
        loaded = ser.load_pem_private_key(key.read_bytes(), None)
        put(key, pki.Issued(loaded, issued["es256"].certificate).key_pem(PKCS8, phrase))
        uri = f"{service.uri}es256#ca={tmp_path / 'root.pem'}"
        assert is_signed(open_signer(f"{uri}&client-cert={chain}&client-key={key}", lambda _question: PHRASE))
        with pytest.raises(SignerError, match="cannot be reached") as caught:
            open_signer(uri)
        assert "client-cert=" in caught.value.hint


@pytest.mark.parametrize(
    "canned",
    [
        Canned(429, headers=(("Retry-After", "0"),)),
        Canned(503, b"<html>"),
        Canned(503, headers=(("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"),)),
        Canned(0, b""),
        Canned(0, b"oh\r\n\r\n"),
    ],
    ids=["429", "503", "503-date", "hangs-up", "no-http"],
)
def test_https_that_is_busy_twice_signs_then(canned: Canned, address: str, service: SigningService) -> None:
    signer = open_signer(address)
    service.canned = [canned, canned]
    assert is_signed(signer)
    service.canned = [canned] * 4
    with pytest.raises(SignerError, match=r"answered (429|503)|cannot be reached: (.*closed|BadStatusLine)"):
        signer.sign(DATA)


def test_https_waits_as_long_as_it_is_told(address: str, service: SigningService) -> None:
    signer = open_signer(address)
    service.canned = [Canned(503, headers=(("Retry-After", "1"),))]
    began = time.monotonic()
    assert is_signed(signer)
    assert time.monotonic() - began >= 1


ANSWERS = {
    "refused": (Canned(403, b'{"error": "key \\u001b[31m7 is locked"}'), r"answered 403: key \u{1b}[31m7 is locked"),
    "long": (Canned(500, b'{"error": "' + b"x" * 9000 + b'"}'), "answered 500: xxx"),
    "plain": (Canned(500, b"oops"), "answered 500"),
    "redirect": (Canned(302, headers=(("Location", "https://elsewhere.example/"),)), "redirects (302)"),
    "no-json": (Canned(200, b"signature"), "answered something else than a JSON object"),
    "list": (Canned(200, b"[]"), "answered something else than a JSON object"),
    "deep": (Canned(200, b"[" * 60000), "answered something else than a JSON object"),
    "huge": (Canned(200, b'{"signature": "' + b"A" * 70000 + b'"}'), "answered with more than 65,536 bytes"),
    "missing": (Canned(200, b"{}"), "answered without a signature in base64"),
    "number": (Canned(200, b'{"signature": 7}'), "answered without a signature in base64"),
    "no-base64": (Canned(200, b'{"signature": "*"}'), "answered without a signature in base64"),
    "no-ascii": (Canned(200, '{"signature": "é"}'.encode()), "answered without a signature in base64"),
    "empty": (Canned(200, b'{"signature": ""}'), "answered with an empty signature"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_https_answer_that_is_none_says_why(name: str, address: str, service: SigningService) -> None:
    canned, words = ANSWERS[name]
    signer = open_signer(address)
    service.canned = [canned]
    with pytest.raises(SignerError) as caught:
        signer.sign(DATA)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).startswith("https://127.0.0.1:")
    assert is_signed(signer)  # the next one is served as if nothing had been


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"algorithm": "rs256", "chain": "PEM"}', "rs256 is no algorithm of C2PA"),
        (b'{"algorithm": "es256", "chain": "x"}', "answered without a chain"),
        (b'{"algorithm": "es256", "chain": "\\ud800"}', "answered without a chain"),
        (b'{"algorithm": "es256"}', "answered without a chain"),
    ],
)
def test_https_info_that_is_none(body: bytes, words: str, address: str, service: SigningService) -> None:
    pem = service.keys["es256"].pem.replace("\n", "\\n").encode()
    service.canned = [Canned(200, body.replace(b"PEM", pem))]
    with pytest.raises(SignerError, match=words):
        open_signer(address)


def test_https_verifies_whom_it_speaks_to(address: str, issued: dict[str, pki.Issued], tmp_path: Path) -> None:
    with pytest.raises(SignerError, match="its certificate is not accepted: unable to get local issuer") as caught:
        open_signer(address.partition("#")[0])
    assert "ca=" in caught.value.hint
    with (
        serving(tmp_path, issued, host="127.0.0.2") as service,
        pytest.raises(SignerError, match="its certificate is not accepted: IP address mismatch"),
    ):
        open_signer(f"{service.uri}es256#ca={tmp_path / 'root.pem'}")


def test_https_that_is_not_there(issued: dict[str, pki.Issued], tmp_path: Path, service: SigningService) -> None:
    with serving(tmp_path, issued) as gone:
        uri = f"{gone.uri}es256#ca={tmp_path / 'root.pem'}"
    with pytest.raises(SignerError, match=r"cannot be reached: .*refused"):
        open_signer(uri)


@pytest.mark.parametrize(
    ("uri", "error", "words"),
    [
        ("https:", ConfigError, "names no service"),
        ("https://", ConfigError, "names no service"),
        ("https://host:99999/", ConfigError, "names no service"),
        ("https://[/", ConfigError, "names no service"),
        ("https://höst/", ConfigError, "names no service"),
        ("https://host/a b", ConfigError, "names no service"),
        ("https://user:word@host/", ConfigError, "a password in an address"),
        ("https://host/#cert=x", ConfigError, "unknown option of https: cert"),
        ("https://host/#auth=basic", ConfigError, "auth=basic: is not known"),
        ("https://host/#auth=bearer", SignerError, "bearer token for https://host:443: nobody can be asked"),
        ("https://host/#client-cert=x", ConfigError, "belong together"),
        ("https://host/#ca=missing.pem", InputError, "missing.pem: no such file"),
        ("https://host/#client-cert=missing.pem&client-key=x", InputError, "missing.pem: no such file"),
        ("http://host/", ConfigError, "names no signer"),
    ],
)
def test_https_uri_that_is_wrong(uri: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        open_signer(uri)
    assert "word" not in str(caught.value).replace("password", "")


def test_http_is_told_to_be_https() -> None:
    with pytest.raises(ConfigError) as caught:
        open_signer("http://127.0.0.1/key")
    assert "https:" in caught.value.hint


# --- pkcs11: ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")  # as the token itself: worksteal comes back to a module, and all would be there twice
def token(backends: Backends) -> Token:
    """A key for each algorithm, with its certificate on the token; and some that do not serve."""
    made: Token = backends.server("pkcs11")
    made.forget()
    issued, root = backends.issued, backends.issuer
    for number, item in enumerate(issued.values(), 1):
        made.add_certificate(bytes([number]), der(item), item)
    made.add_key("bare", 0x21, issued["es256"].key)
    made.add_key("twice", 0x22, issued["es256"].key)
    made.add_key("twice", 0x23, issued["es384"].key)
    made.add_key("koblitz", 0x24, ec.generate_private_key(ec.SECP256K1()))
    middle = pki.leaf(root, common="Middle", ca=True, key_usage=("key_cert_sign",))
    lower = pki.leaf(middle)
    made.add_key("lower", 0x25, lower.key)
    for name, item in ((b"\x99", root), (b"\x98", middle), (b"\x25", lower)):
        made.add_certificate(name, der(item), item)
    (made.folder / "lower.pem").write_text(lower.pem + middle.pem)
    made.forget()
    return made


def der(item: pki.Issued) -> bytes:
    return item.certificate.public_bytes(ser.Encoding.DER)


def pin(_question: str) -> str:
    return PIN


@needs("softhsm2-util")
@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_pkcs11(algorithm: str, token: Token, issued: dict[str, pki.Issued]) -> None:
    """All seven, Ed25519 too: SoftHSM 2.6.1 of Debian is built with it."""
    signer = open_signer(token.uri(f"object={algorithm}", f"alg={algorithm}"), pin)
    assert signer.algorithm == algorithm
    assert signer.chain_pem == issued[algorithm].pem
    assert is_signed(signer)


@needs("softhsm2-util")
def test_pkcs11_key_by_number_and_slot(token: Token, tmp_path: Path) -> None:
    slot = pkcs11.lib(LIBRARY).get_token(token_label="labels").slot
    serial = slot.get_token().serial.decode()
    assert open_signer(token.uri("id=%02"), pin).algorithm == "es384"
    module = f"?module-path={LIBRARY}"
    assert open_signer(f"pkcs11:slot-id={slot.slot_id};id=%02;type=private{module}", pin).algorithm == "es384"
    assert open_signer(f"pkcs11:serial={serial};object=es%33%384{module}", pin).algorithm == "es384"
    source = put(tmp_path / "pin", PIN.encode())
    assert is_signed(open_signer(token.uri("id=%02", f"pin-source=file:{source}")))


@needs("softhsm2-util")
def test_pkcs11_chain_on_the_token_has_its_issuers_and_no_root(token: Token) -> None:
    assert open_signer(token.uri("object=lower"), pin).chain_pem == (token.folder / "lower.pem").read_text()


@needs("softhsm2-util")
def test_pkcs11_asks_once_and_works_from_threads_forks_and_beside_others(token: Token) -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return PIN

    signer, other = open_signer(token.uri("object=es256"), answer), open_signer(token.uri("object=ps256"), pin)
    assert asked == ["PIN for pkcs11:token=labels;object=es256"]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(is_signed, [signer, other] * 40))
    assert in_child(lambda: is_signed(signer) and is_signed(other) and is_signed(signer))
    assert is_signed(signer)
    assert is_signed(other)
    assert len(asked) == 1


@needs("softhsm2-util")
def test_pkcs11_logs_in_again_after_the_token_was_out(token: Token) -> None:
    signer, other = open_signer(token.uri("object=es256"), pin), open_signer(token.uri("object=ps256"), pin)
    token.forget()
    assert is_signed(signer)
    assert is_signed(other)
    token.tokens.rename(token.folder / "pulled")
    try:
        token.tokens.mkdir()
        token.forget()
        with pytest.raises(SignerError, match="the token says NoSuchToken") as caught:
            signer.sign(DATA)
        assert type(caught.value.__cause__).__name__ == "NoSuchToken"
        token.tokens.rmdir()
    finally:
        (token.folder / "pulled").rename(token.tokens)
    assert is_signed(signer)
    assert is_signed(other)


@needs("softhsm2-util")
def test_pkcs11_pin_that_was_refused_is_not_tried_again(token: Token) -> None:
    """Ten thousand files with a PIN that somebody changed would lock the token."""
    signer = open_signer(token.uri("object=es256"), pin)
    token.change_pin(PIN, "another")
    try:
        with pytest.raises(SignerError, match="PinIncorrect"):
            signer.sign(DATA)
        for _ in range(3):
            with pytest.raises(SignerError, match="the PIN was refused and is not tried again"):
                signer.sign(DATA)
    finally:
        token.change_pin("another", PIN)


@needs("softhsm2-util")
@pytest.mark.parametrize(
    ("uri", "given", "error", "words"),
    [
        ("token=labels;object=es256", "wrong", SignerError, "the token says PinIncorrect"),
        ("token=labels;object=es256", None, SignerError, "PIN for .*: nobody can be asked"),
        ("token=none;object=es256", PIN, SignerError, "the token says NoSuchToken"),
        ("slot-id=7;object=es256", PIN, SignerError, "the token says NoSuchToken"),
        ("token=labels;object=none", PIN, SignerError, "the token says NoSuchKey"),
        ("token=labels;object=twice", PIN, SignerError, "the token says MultipleObjectsReturned"),
        ("token=labels;object=koblitz", PIN, SignerError, "a kind that C2PA does not allow"),
        ("token=labels;object=bare", PIN, SignerError, "no certificate with the key's id"),
        ("token=labels;object=es256&alg=ps256", PIN, ConfigError, "this key signs with es256"),
        ("token=labels;object=es256&chain=missing.pem", PIN, InputError, "missing.pem: no such file"),
        ("token=labels;object=es256&pin-source=file:missing", PIN, InputError, "missing: no such file"),
        ("token=labels", PIN, ConfigError, "names no token, or no key"),
        ("object=es256", PIN, ConfigError, "names no token, or no key"),
        ("slot-id=x;object=es256", PIN, ConfigError, "slot-id= is a number"),
        ("token=labels;colour=red", PIN, ConfigError, "unknown attribute colour"),
        ("token=labels;object=es256&pin=1", PIN, ConfigError, "unknown option of pkcs11: pin"),
    ],
)
def test_pkcs11_that_fails_says_why(
    uri: str, given: str | None, error: type[Exception], words: str, token: Token
) -> None:
    token.forget()  # else the login of another test would serve
    path, _, options = uri.partition("&")
    with pytest.raises(error, match=words):
        open_signer(f"pkcs11:{path}?module-path={LIBRARY}&{options}", None if given is None else lambda _: given)


@needs("softhsm2-util")
def test_pin_file_that_others_can_read_is_refused(token: Token, tmp_path: Path) -> None:
    put(tmp_path / "pin", PIN.encode()).chmod(0o644)
    with pytest.raises(ConfigError, match="others can read this secret") as caught:
        open_signer(token.uri("object=es256", f"pin-source={tmp_path / 'pin'}"))
    assert caught.value.hint == f"chmod 600 {tmp_path / 'pin'}"


def test_pkcs11_without_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "pkcs11:token=labels;object=x"
    with pytest.raises(ConfigError, match="names no library"):
        open_signer(place, pin)
    with pytest.raises(SignerError, match=r"nothing\.so: cannot open shared object") as caught:
        open_signer(f"{place}?module-path=/nothing.so", pin)
    assert "module-path=" in caught.value.hint
    with pytest.raises(ConfigError, match="pin-value= would be seen") as refused:
        open_signer(f"{place}?module-path=/nothing.so&pin-value={PIN}")
    assert PIN not in f"{refused.value}{refused.value.hint}"
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(ConfigError, match="needs the extra") as missing:
        open_signer(f"{place}?module-path=/nothing.so", pin)
    assert missing.value.hint == "pip install 'provlabel[pkcs11]'"


# --- awskms: ---------------------------------------------------------------------------------------

AWS_SECRET = "wJalrXUtnFEMI-this-is-a-canary"
AWS_SESSION = "IQoJb3JpZ2luX2Vj-this-is-a-canary"


@pytest.fixture(scope="module")
def kms_server(issued: dict[str, pki.Issued]) -> Iterator[Kms]:
    with kms_serving(issued) as server:
        yield server


@pytest.fixture
def kms(kms_server: Kms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kms:
    """A KMS, and the surroundings in which boto3 finds credentials and nothing of the developer's."""
    kms_server.errors, kms_server.requests, kms_server.specs = [], [], {}
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", AWS_SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", AWS_SESSION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    return kms_server


@pytest.fixture
def chains(issued: dict[str, pki.Issued], tmp_path: Path) -> Path:
    """A folder with the certificate of each key."""
    for name, item in issued.items():
        (tmp_path / f"{name}.pem").write_text(item.pem)
    return tmp_path


@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_awskms(algorithm: str, kms: Kms, chains: Path) -> None:
    signer = open_signer(kms.uri(f"alias/{algorithm}", f"chain={chains / algorithm}.pem", f"alg={algorithm}"))
    assert signer.algorithm == algorithm
    if algorithm == "ed25519":
        assert is_signed(signer, DATA[:4096])
        with pytest.raises(SignerError, match=r"at most 4,096 bytes with an Ed25519 key; this claim has 6,300"):
            signer.sign(DATA)
    else:
        assert is_signed(signer)
        asked = kms.requests[-1][1]
        assert asked["MessageType"] == "DIGEST"


def test_awskms_client_is_made_once_and_serves_threads_and_forks(kms: Kms, chains: Path) -> None:
    signer: Any = open_signer(kms.uri("es256", f"chain={chains}/es256.pem"))
    [client] = signer._kms._clients.values()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: is_signed(signer), range(40)))
    assert list(signer._kms._clients.values()) == [client]
    assert in_child(lambda: is_signed(signer) and len(signer._kms._clients) == 2)
    assert is_signed(signer)


def test_awskms_throttled_four_times_signs_then(kms: Kms, chains: Path) -> None:
    signer = open_signer(kms.uri("es256", f"chain={chains}/es256.pem"))
    throttled = (400, "ThrottlingException", "Rate exceeded")
    kms.errors = [throttled] * 4
    assert is_signed(signer)
    kms.errors = [throttled] * 9
    with pytest.raises(SignerError, match="awskms:es256: ThrottlingException: Rate exceeded") as caught:
        signer.sign(DATA)
    assert len(kms.errors) == 4
    assert "quota" in caught.value.hint


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("AccessDeniedException", "kms:Sign and kms:GetPublicKey"),
        ("DisabledException", "aws kms enable-key"),
        ("KMSInvalidStateException", "being deleted"),
        ("InvalidKeyUsageException", "SIGN_VERIFY"),
        ("UnsupportedOperationException", "asymmetric"),
        ("UnrecognizedClientException", "aws sts get-caller-identity"),
        ("ExpiredTokenException", "aws sts get-caller-identity"),
        ("SomethingNewException", ""),
    ],
)
def test_awskms_refusal_says_why(word: str, hint: str, kms: Kms, chains: Path) -> None:
    uri = kms.uri("es256", f"chain={chains}/es256.pem")
    signer = open_signer(uri)
    for work in (lambda: signer.sign(DATA), lambda: open_signer(uri)):
        kms.errors = [(400, word, "arn:aws:kms:eu-west-1:111122223333:key/x \x1b[31m")]
        with pytest.raises(SignerError) as caught:
            work()
        assert f"awskms:es256: {word}: arn:aws:kms" in str(caught.value)
        assert "\x1b" not in str(caught.value)
        assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("key", "options", "error", "words"),
    [
        ("", ("chain={chain}",), ConfigError, "names no key, or no chain"),
        ("es256", (), ConfigError, "names no key, or no chain"),
        ("es256", ("chain=missing.pem",), InputError, "missing.pem: no such file"),
        ("es256", ("chain={chain}", "alg=es384"), ConfigError, "this key signs with es256"),
        ("es256", ("chain={chain}", "profile=x"), ConfigError, "unknown option of awskms: profile"),
        ("none", ("chain={chain}",), SignerError, "NotFoundException: Invalid keyId 'none'"),
        (
            "ps256",
            ("chain={chain}",),
            SignerError,
            "the algorithm of the signer does not fit the key: ps256 with EC P-256",
        ),
        ("es256", ("chain={chain}", "region=no where"), SignerError, "InvalidRegionError"),
        ("es256", ("chain={chain}", "endpoint=nonsense"), SignerError, "ValueError: Invalid endpoint"),
        ("es256", ("chain={chain}", "endpoint=http://127.0.0.1:9"), SignerError, "EndpointConnectionError"),
    ],
)
def test_awskms_that_fails_says_why(
    key: str, options: tuple[str, ...], error: type[Exception], words: str, kms: Kms, chains: Path
) -> None:
    with pytest.raises(error, match=words):
        open_signer(kms.uri(key, *(item.format(chain=chains / "es256.pem") for item in options)))


def test_awskms_without_credentials_or_region(kms: Kms, chains: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = kms.uri("es256", f"chain={chains}/es256.pem")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(SignerError, match="NoRegionError") as caught:
        open_signer(uri)
    assert "region=" in caught.value.hint
    assert open_signer(f"{uri}&region=eu-central-1").algorithm == "es256"
    arn = "arn:aws:kms:eu-west-1:111122223333:key/es256"
    assert open_signer(kms.uri(arn, f"chain={chains}/es256.pem")).algorithm == "es256"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(SignerError, match="NoCredentialsError") as caught:
        open_signer(f"{uri}&region=eu-central-1")
    assert "aws sts" in caught.value.hint


def test_awskms_key_of_another_kind(kms: Kms, chains: Path) -> None:
    kms.specs["es256"] = "ECC_SECG_P256K1"
    with pytest.raises(SignerError, match="ECC_SECG_P256K1: the key is of a kind that C2PA does not allow"):
        open_signer(kms.uri("es256", f"chain={chains}/es256.pem"))


def test_awskms_without_its_extra(chains: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.exceptions", None)
    with pytest.raises(ConfigError, match="needs the extra") as missing:
        open_signer(f"awskms:x?chain={chains}/es256.pem")
    assert missing.value.hint == "pip install 'provlabel[awskms]'"


# --- no secret is ever told ------------------------------------------------------------------------


class Scene(NamedTuple):
    """Everything that can be made to fail."""

    folder: Path
    issued: dict[str, pki.Issued]
    kms: Kms
    service: SigningService
    ca: Path

    def key(self, phrase: str | None = None, chain: str = "es256", mode: int = 0o600) -> str:
        content = self.issued["es256"].key_pem(PKCS8, phrase.encode() if phrase else None)
        put(self.folder / "key.pem", content).chmod(mode)
        (self.folder / "chain.pem").write_text(self.issued[chain].pem)
        return f"file:{self.folder}/key.pem?chain={self.folder}/chain.pem"

    def pkcs12(self, cut: int | None = None) -> str:
        return f"file:{put(self.folder / 'key.p12', packed(self.issued['es256'], PHRASE.encode())[:cut])}"

    def readable(self, path: Path) -> Path:
        path.chmod(0o644)
        return path

    def aws(self, *errors: str, options: str = "") -> str:
        """A key of a KMS that answers with these errors first."""
        (self.folder / "chain.pem").write_text(self.issued["es256"].pem)
        self.kms.errors = [(400, word, "no") for word in errors]
        return self.kms.uri("es256", f"chain={self.folder}/chain.pem{options}")

    def http(self, *canned: Canned, options: str = "&auth=bearer") -> str:
        self.service.token = TOKEN
        self.service.canned = list(canned)
        return f"{self.service.uri}es256#ca={self.ca}{options}"

    def script(self, text: str) -> str:
        return f"cmd:'{program(self.folder, f'#!/bin/sh{chr(10)}{text}{chr(10)}')}'"


def hsm(key: str, *options: str) -> str:
    return "&".join((f"pkcs11:{key}?module-path={LIBRARY}", *options))


WRONG = f"{PHRASE}-not"
ECHO = Canned(401, f'{{"error": "Bearer {TOKEN} is not mine"}}'.encode())
#: Name -> the URI, and what is answered when a secret is asked for.
FAILURES: dict[str, tuple[Callable[[Scene], str], str | None]] = {
    "file-wrong-phrase": (lambda at: at.key(phrase=PHRASE), WRONG),
    "file-empty-phrase": (lambda at: at.key(phrase=PHRASE), ""),
    "file-nobody-asked": (lambda at: at.key(phrase=PHRASE), None),
    "file-readable": (lambda at: at.key(mode=0o644), PHRASE),
    "file-other-alg": (lambda at: f"{at.key(phrase=PHRASE)}&alg=ps256", PHRASE),
    "file-other-chain": (lambda at: at.key(phrase=PHRASE, chain="es384"), PHRASE),
    "file-no-chain": (lambda at: at.key(phrase=PHRASE).partition("?")[0], PHRASE),
    "file-missing-chain": (lambda at: f"{at.key(phrase=PHRASE)}.not", PHRASE),
    "file-unknown-option": (lambda at: f"{at.key(phrase=PHRASE)}&pass={PHRASE}", PHRASE),
    "p12-wrong-phrase": (lambda at: at.pkcs12(), WRONG),
    "p12-empty-phrase": (lambda at: at.pkcs12(), ""),
    "p12-nobody-asked": (lambda at: at.pkcs12(), None),
    "p12-damaged": (lambda at: at.pkcs12(-30), PHRASE),
    "p12-other-alg": (lambda at: f"{at.pkcs12()}?alg=ps256", PHRASE),
    "pkcs11-wrong-pin": (lambda at: hsm("token=labels;object=es256"), f"{PIN}-not"),
    "pkcs11-empty-pin": (lambda at: hsm("token=labels;object=es256"), ""),
    "pkcs11-nobody-asked": (lambda at: hsm("token=labels;object=es256"), None),
    "pkcs11-no-token": (lambda at: hsm("token=none;object=es256"), PIN),
    "pkcs11-no-key": (lambda at: hsm("token=labels;object=none"), PIN),
    "pkcs11-two-keys": (lambda at: hsm("token=labels;object=twice"), PIN),
    "pkcs11-other-curve": (lambda at: hsm("token=labels;object=koblitz"), PIN),
    "pkcs11-other-alg": (lambda at: hsm("token=labels;object=es256", "alg=es512"), PIN),
    "pkcs11-no-chain": (lambda at: hsm("token=labels;object=bare"), PIN),
    "pkcs11-missing-chain": (lambda at: hsm("token=labels;object=es256", "chain=missing"), PIN),
    "pkcs11-pin-value": (lambda at: hsm("token=labels;object=es256", f"pin-value={PIN}"), PIN),
    "pkcs11-pin-in-path": (lambda at: hsm(f"token=labels;object=es256;pin-value={PIN}"), PIN),
    "pkcs11-pin-readable": (
        lambda at: hsm("token=labels;id=%01", f"pin-source={at.readable(put(at.folder / 'pin', PIN.encode()))}"),
        PIN,
    ),
    "pkcs11-pin-file-wrong": (
        lambda at: hsm("token=labels;id=%01", f"pin-source={put(at.folder / 'pin', f'{PIN}-not'.encode())}"),
        PIN,
    ),
    "aws-denied": (lambda at: at.aws("AccessDeniedException"), None),
    "aws-disabled": (lambda at: at.aws("DisabledException"), None),
    "aws-throttled": (lambda at: at.aws(*["ThrottlingException"] * 5), None),
    "aws-bad-signature": (lambda at: at.aws("InvalidSignatureException"), None),
    "aws-internal": (lambda at: at.aws(*["KMSInternalException"] * 5), None),
    "aws-unreachable": (lambda at: at.aws(options="&endpoint=http://127.0.0.1:9"), None),
    "aws-bad-region": (lambda at: at.aws(options="&region=no where"), None),
    "aws-other-alg": (lambda at: at.aws(options="&alg=ps256"), None),
    "cmd-fails": (lambda at: at.script("echo no >&2; exit 1"), PHRASE),
    "cmd-no-json": (lambda at: at.script("echo no"), PHRASE),
    "cmd-hangs": (lambda at: f"{at.script('sleep 9')}?timeout=1", PHRASE),
    "cmd-missing": (lambda at: "cmd:./missing", PHRASE),
    "https-echo": (lambda at: at.http(ECHO), TOKEN),
    "https-other-token": (lambda at: at.http(), f"{TOKEN}-not"),
    "https-no-token": (lambda at: at.http(), ""),
    "https-token-of-two-lines": (lambda at: at.http(), f"{TOKEN}\r\nX: y"),
    "https-token-not-ascii": (lambda at: at.http(), f"{TOKEN}\u00e9"),
    "https-nobody-asked": (lambda at: at.http(), None),
    "https-redirect": (lambda at: at.http(Canned(302)), TOKEN),
    "https-no-json": (lambda at: at.http(Canned(200, TOKEN.encode())), TOKEN),
    "https-hangs-up": (lambda at: at.http(*[Canned(0, b"")] * 9), TOKEN),
    "https-busy": (lambda at: at.http(*[Canned(503)] * 9), TOKEN),
    "https-other-ca": (lambda at: at.http().partition("#")[0] + "#auth=bearer", TOKEN),
    "https-in-address": (lambda at: f"https://user:{TOKEN}@127.0.0.1/", TOKEN),
    "https-client-key": (
        lambda at: at.key(PHRASE).replace("file:", "https://127.0.0.1/#client-key=").replace("?chain", "&client-cert"),
        WRONG,
    ),
    "http-in-address": (lambda at: f"http://user:{TOKEN}@127.0.0.1/", TOKEN),
    "no-scheme": (lambda at: f"vault:{at.folder.name}?token={TOKEN}", TOKEN),
}


@needs("softhsm2-util")
@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("name", FAILURES)
def test_no_failure_tells_a_secret(
    name: str,
    issued: dict[str, pki.Issued],
    kms: Kms,
    service: SigningService,
    services: tuple[SigningService, Path],
    token: Token,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    token.forget()
    make, answer = FAILURES[name]
    uri = make(Scene(tmp_path, issued, kms, service, services[1]))
    with pytest.raises(ProvlabelError) as caught:
        open_signer(uri, None if answer is None else lambda _question: answer)
    kms.errors = []
    told = [str(caught.value), repr(caught.value), caught.value.hint, *traceback.format_exception(caught.value)]
    chain: list[BaseException | None] = [caught.value]
    for link in chain:
        assert len(chain) < 20, "an exception that is its own cause"
        if link is not None:
            told += [repr(link), str(vars(link))]
            chain += [link.__cause__, link.__context__ if link.__context__ is not link.__cause__ else None]
    everything = "\n".join([*told, caplog.text])
    keys = [line for line in issued["es256"].key_pem().decode().splitlines() if not line.startswith("-")]
    for secret in (PHRASE, PIN, TOKEN, AWS_SECRET, AWS_SESSION, *keys):
        assert secret not in everything


@pytest.mark.parametrize(("name", "algorithm"), [item for item in COMBINATIONS if "es256" in str(item.id)])
def test_no_signer_shows_a_secret_when_all_goes_well(
    name: str, algorithm: str, backends: Backends, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At DEBUG botocore tells the head of each request, with the token of a temporary credential in it."""
    caplog.set_level("DEBUG")
    monkeypatch.setenv("AWS_SESSION_TOKEN", AWS_SESSION)
    item = backends.get(name, algorithm)
    signer = open_signer(item.uri, item.secrets)
    signer.sign(DATA)
    assert re.fullmatch(r"<\w+Signer es256>", repr(signer))
    assert name != "awskms" or "botocore" in caplog.text
    for secret in (PIN, matrix_token, "matrix-secret-canary", AWS_SESSION):
        assert secret not in f"{signer!r}{signer!s}{caplog.text}"


# --- a signer of one's own -------------------------------------------------------------------------


class VaultSigner:
    """The example of ``provlabel.signers._base``, against a vault that signs digests."""

    algorithm: Algorithm = "es256"

    def __init__(self, vault: Any, chain_pem: str) -> None:
        self.vault, self.chain_pem = vault, chain_pem

    def sign(self, data: bytes) -> bytes:
        return bytes(self.vault.sign_digest(hashlib.sha256(data).digest()))


def test_signer_of_ones_own_in_ten_lines(
    issued: dict[str, pki.Issued], backends: Backends, media: Path, sandbox: Sandbox
) -> None:
    class Vault:
        def sign_digest(self, digest: bytes) -> bytes:
            key = issued["es256"].key
            return bytes(key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))

    example = re.search(r"class VaultSigner:\n(.*?)\n\n    label_file", _base.__doc__ or "", re.DOTALL)
    assert example is not None
    assert len([line for line in example[0].splitlines() if line.strip()]) <= 10
    namespace: dict[str, Any] = {"hashlib": hashlib}
    exec(textwrap.dedent("    " + example[0].rpartition("\n\n    label_file")[0]), namespace)  # noqa: S102
    for kind in (VaultSigner, namespace["VaultSigner"]):
        signer: Signer = kind(Vault(), issued["es256"].pem)
        made, _ = label_bytes((media / "cover.jpg").read_bytes(), Label(kind="ai_generated"), signer, sandbox=sandbox)
        assert verify_bytes(made, trust=TrustStore.load(backends.root), sandbox=sandbox).files[0].state == "trusted"


# --- the recipes of the documentation --------------------------------------------------------------

# Stands in front of a recipe and answers in place of the service, with a key that it reads.
STAND_IN = """
import base64, io, json, sys, urllib.request
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from provlabel.manifest.cose import raw_ecdsa
from service_replies import REPLIES
def answer(request, timeout):
    body = json.loads(request.data)
    digest = body.get("input") or body.get("value") or body["digest"]["sha256"]
    with open({key!r}, "rb") as stream:
        key = serialization.load_pem_private_key(stream.read(), None)
    digest = base64.urlsafe_b64decode(digest.replace("+", "-").replace("/", "_") + "==")
    der = key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    return io.BytesIO(json.dumps(REPLIES[{name!r}](der, raw_ecdsa("es256", der))).encode())
urllib.request.urlopen = answer
"""


def recipe(opening: str) -> str:
    found = re.search(rf"```python\n# signer\.py, {opening}\n(.*?)```", (DOCS / "keys.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", REPLIES)
def test_recipe_fits_the_replies_of_its_service(
    name: str, issued: dict[str, pki.Issued], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account is here to run one for real; what can be tried is that both ends of it fit."""
    pki.write(tmp_path, issued["es256"])
    stand_in = STAND_IN.format(key=str(tmp_path / "key.pem"), name=name)
    (tmp_path / "signer.py").write_text(f"{stand_in}{recipe('head')}{recipe(f'end for {name}')}")
    for tool in ("az", "gcloud"):
        put(tmp_path / tool, b"#!/bin/sh\necho token\n").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example")
    monkeypatch.setenv("VAULT_TOKEN", "x")
    assert is_signed(open_signer(f"cmd:{sys.executable} {tmp_path / 'signer.py'}"))
