"""Nothing leaves the machine unless it is asked for, and then it goes nowhere inside."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

import hostile_files as hostile
import pki
from project import MEDIA, SAMPLES, Cli, needs
from provlabel import Label, label_file, open_signer
from provlabel.sandbox import Sandbox
from sites import URLS
from tracing import traced

pytestmark = pytest.mark.fresh

#: What a certificate or a file may name, and what a fetch of it must not reach; PORT is that of the trap.
INSIDE = [url for url in URLS if "example" not in url or "127.0.0.1" in url]
#: Hosts that we name ourselves, since what a certificate names is asked three at a time.
EACH = 3


class Trap:
    """A port that counts who comes."""

    def __init__(self) -> None:
        self.caught = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                caught, _ = self._socket.accept()
            except OSError:
                return
            self.caught += 1
            caught.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


def naming(urls: list[str], folder: Path, sandbox: Sandbox) -> Path:
    """A file by a signer whose certificate names these responders and lists."""
    ca = pki.root()
    key = pki.leaf(ca).key
    unchecked = [x509.UniformResourceIdentifier._init_without_validation(url) for url in urls]
    ways = [x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, url) for url in unchecked]
    point = x509.DistributionPoint([unchecked[0]], None, None, None)
    builder = x509.CertificateBuilder().issuer_name(ca.certificate.subject).subject_name(pki.name("Acme Signer"))
    plain = pki.leaf(ca, key).certificate
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(plain.not_valid_before_utc).not_valid_after(plain.not_valid_after_utc)
    for extension in plain.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    builder = builder.add_extension(x509.AuthorityInformationAccess(ways), critical=False)
    builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    issued = pki.Issued(key, builder.sign(ca.key, plain.signature_hash_algorithm))
    uri = pki.write(folder / "key", issued, ca)
    label_file(MEDIA / "still.png", folder / "named.png", Label(kind="ai_generated"), open_signer(uri), sandbox=sandbox)
    return folder / "named.png"


def batches(trap: Trap) -> list[list[str]]:
    urls = [url.replace("PORT", str(trap.port)) for url in INSIDE]
    urls = [url for url in urls if url.isascii() and url]
    return [urls[at : at + EACH] for at in range(0, len(urls), EACH)]


def test_addresses_inside_are_never_asked_by_verify_online(
    trap: Trap, tmp_path: Path, sandbox: Sandbox, cli: Cli
) -> None:
    """Whoever made a certificate chose them; with ``--online`` a public host alone would be asked."""
    named, anchors = [], tmp_path / "anchors.pem"
    for number, urls in enumerate(batches(trap)):
        folder = tmp_path / str(number)
        folder.mkdir()
        named.append(naming(urls, folder, sandbox))
        with anchors.open("a") as stream:
            stream.write((folder / "key" / "root.pem").read_text())
    assert sum(map(len, batches(trap))) >= 30
    done = cli("verify", *named, "--trust", anchors, "--online", "--no-cache", "--require-revocation", "--workers", "1")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert trap.caught == 0


def test_the_trap_catches_whoever_says_so(trap: Trap, tmp_path: Path, sandbox: Sandbox, cli: Cli) -> None:
    path = naming([f"http://127.0.0.1:{trap.port}/"], tmp_path, sandbox)
    options = ("--trust", tmp_path / "key" / "root.pem", "--no-cache")
    assert cli("verify", path, *options).returncode == 0
    assert trap.caught == 0
    cli("verify", path, *options, "--online", "--insecure-private-hosts")
    assert trap.caught > 0


# --- by default ------------------------------------------------------------------------------------

#: Commands over a folder of files, by which nothing may be asked; ``{}`` is the folder.
COMMANDS: dict[str, tuple[str, ...]] = {
    "verify": ("verify", "{}", "--format", "json"),
    "verify, as a page": ("verify", "{}", "--format", "html", "-o", "page.html", "--no-cache"),
    "show": ("show", "{}/still.png"),
    "diff": ("diff", "{}/still.png", "{}/cover.jpg"),
    "lint": ("lint", "{}/label.json"),
    "label": ("label", "{}/still.png", "-o", "out.png", "--label", "{}/label.json", "--signer", "test"),
    "batch": ("batch", "{}", "--out-dir", "out", "--label", "{}/label.json", "--signer", "test", "--workers", "1"),
    "export": ("export", "{}/label.json", "--to", "csv"),
    "trust": ("trust", "show", "--trust", "test"),
}


@pytest.fixture
def folder(tmp_path: Path, trap: Trap, sandbox: Sandbox) -> Path:
    """The samples, files that name a host, hostile ones, and a label."""
    made = tmp_path / "files"
    made.mkdir()
    for name in SAMPLES:
        shutil.copy(MEDIA / name, made / name)
    url = f"http://127.0.0.1:{trap.port}/manifest.c2pa".encode()
    (tmp_path / "key").mkdir()
    shutil.move(naming([url.decode()], tmp_path, sandbox), made / "named.png")
    provenance = b'<rdf:Description xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="' + url + b'"/>'
    (made / "remote.png").write_bytes(hostile.png_with(hostile.itxt(hostile.packet(provenance))))
    doctype = b'<!DOCTYPE svg [<!ENTITY % web SYSTEM "' + url + b'">%web;]>'
    (made / "web.svg").write_bytes(hostile.svg(b"<image href='" + url + b"'/>", doctype))
    for number, name in enumerate(("png: 100 manifests in a circle", "signed, in Brotli: nothing else")):
        (made / f"hostile{number}.png").write_bytes(hostile.HOSTILE[name].make(50_000))
    (made / "label.json").write_text('{"kind": "ai_generated"}')
    return made


@needs("strace")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_connects_by_default(name: str, folder: Path, trap: Trap, home: Path, credential: Path) -> None:
    done = traced([part.format(folder) for part in COMMANDS[name]], cwd=folder.parent, env={"HOME": str(home)})
    assert done.calls == []
    assert trap.caught == 0
    assert done.code in (0, 1, 3), done.said
    assert "Traceback" not in done.said
    assert done.processes >= (2 if name in ("verify", "show", "diff", "label", "batch") else 1)


@needs("strace")
def test_the_tracer_sees_a_connection(folder: Path, trap: Trap, home: Path) -> None:
    args = ("verify", folder / "named.png", "--trust", folder.parent / "key" / "root.pem")
    online = ("--online", "--insecure-private-hosts", "--no-cache")
    assert traced([*args, *online], cwd=folder, env={"HOME": str(home)}).calls
    assert trap.caught
