"""Signers: every backend against the real thing, with every algorithm that it has, and every way it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

import pki
from conftest import Cli
from provlabel import ConfigError, Label, SignerError, TrustStore, label_bytes, open_signer, verify_bytes
from provlabel.cage import Cage
from provlabel.signers import Signer
from provlabel.signers import _algorithms as algorithms

DATA = b"what is to be signed " * 300  # longer than the 4,096 bytes that a KMS takes raw
PHRASE = "correct horse battery staple"

KEYS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": pki.ed25519_key,
}


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return pki.root()


@pytest.fixture(scope="module")
def issued(root: pki.Issued) -> dict[str, pki.Issued]:
    """A certified key for each algorithm; one RSA key has three."""
    made = {name: pki.leaf(root, make()) for name, make in KEYS.items()}
    return made | {"ps384": made["ps256"], "ps512": made["ps256"]}


def is_signed(signer: Signer, data: bytes = DATA) -> bool:
    """Verify a signature of ``signer`` with the key in its own certificate, here and not by its backend."""
    public_key = x509.load_pem_x509_certificate(signer.chain_pem.encode()).public_key()
    return algorithms.fits(public_key, signer.algorithm, signer.sign(data), data)


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
    algorithm: str, issued: dict[str, pki.Issued], root: pki.Issued, media: Path, tmp_path: Path, cage: Cage
) -> None:
    signer = open_signer(f"{pki.write(tmp_path, issued[algorithm], root)}&alg={algorithm}")
    made, _ = label_bytes((media / "cover.jpg").read_bytes(), Label(kind="ai_generated"), signer, cage=cage)
    [judged] = verify_bytes(made, trust=TrustStore.load(tmp_path / "root.pem"), cage=cage).files
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
    assert f"alg={kind}" in caught.value.mend


def test_plain_key_is_opened_without_the_cryptography_package(credential: Path, cli: Cli) -> None:
    """Labelling one picture costs as much as importing it."""
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
