"""docs/keys.md, run: its commands as they stand there, in one folder, with the far sides played on loopback.

A block of commands is run when ``<!-- run -->`` stands before it; a program that it needs besides openssl is
named there: ``<!-- run: softhsm2-util -->``.  A file is saved when ``<!-- save: NAME -->`` stands before it.
What a block shows of the output has to be in the output, where ``…`` stands for anything.
"""

from __future__ import annotations

import base64
import datetime as dt
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

import kms_server
import loopback
import pki
import signing_service
import tsa as authorities
from pages import Block, blocks_in
from project import MEDIA, ROOT, needs
from provlabel.signers import _base, open_signer

pytestmark = needs("openssl")

PAGE = (ROOT / "docs" / "keys.md").read_text()
TOKEN = "a-token-of-the-service"


def sections(page: str) -> dict[str, list[Block]]:
    """Return the marked blocks below each heading, in order."""
    parts = re.split(r"^##+ (.+)$", page, flags=re.MULTILINE)[1:]
    titled = zip(parts[::2], parts[1::2], strict=True)
    return {title: blocks_in(text, "run", "save") for title, text in titled}


SECTIONS = {title: blocks for title, blocks in sections(PAGE).items() if any(block.verb == "run" for block in blocks)}


def missing_for(title: str) -> str:
    """Return a program that the section needs and that is not here."""
    named = (name for block in SECTIONS[title] if block.verb == "run" for name in block.about.split())
    return next((name for name in named if shutil.which(name) is None), "")


class Desk:
    """A folder with an empty home, the servers, and what has been run in it so far."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.work, self.home = folder / "work", folder / "home"
        self.done: set[str] = set()
        shutil.copytree(MEDIA, self.work)
        self.home.mkdir()
        self._put_provlabel(folder / "bin")
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self.env = {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "SOFTHSM2_CONF": str(folder / "softhsm2.conf"),
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SERVICE_TOKEN": TOKEN,
        }
        self.instead = self._serve(folder, stack)

    def _put_provlabel(self, folder: Path) -> None:
        folder.mkdir()
        command = folder / "provlabel"
        paths = os.pathsep.join(sys.path)
        command.write_text(f"#!/bin/sh\nPYTHONPATH='{paths}' exec {sys.executable} -m provlabel \"$@\"\n")
        command.chmod(0o755)

    def _serve(self, folder: Path, stack: ExitStack) -> dict[str, str]:
        """Start what the page names, and return what is written in place of each name."""
        # A key in KMS, whose public half the page certifies; `aws kms get-public-key` gave it.
        key = pki.Issued(ec.generate_private_key(ec.SECP256R1()), pki.root().certificate)
        public = key.key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
        (self.work / "kms-public.pem").write_bytes(public)
        kms = stack.enter_context(kms_server.serving({"labels": key}))
        kms.specs["labels"] = "ECC_NIST_P256"
        self.env["AWS_ENDPOINT_URL_KMS"] = f"http://127.0.0.1:{kms.server_address[1]}"

        root = pki.root("Service Root")
        service = stack.enter_context(signing_service.serving(folder / "tls", {"es256": pki.leaf(root)}))
        service.token = TOKEN
        shutil.copy(folder / "tls" / "root.pem", self.work / "tls-ca.pem")
        (self.work / "service-root.pem").write_text(root.pem)

        clock = authorities.Authority(folder / "tsa", pki.root("Clock Root"))
        url, _ = stack.enter_context(authorities.serving(clock))
        shutil.copy(clock.folder / "root.pem", self.work / "tsa-root.pem")

        lists = Lists(self.work)
        stack.enter_context(loopback.running(lists))
        return {
            "https://tsa.example/tsr": url,
            "https://down.example/tsr": "http://127.0.0.1:1/tsr",
            "https://sign.example/v1/keys/labels": f"{service.uri}es256",
            "http://ca.example/acme.crl": f"http://127.0.0.1:{lists.server_address[1]}/acme.crl",
            "/usr/lib/softhsm/libsofthsm2.so": _softhsm(),
        }

    def run_to(self, title: str) -> None:
        """Run every section up to this one, each once: a reader comes to it with the files of those before."""
        for earlier in list(SECTIONS)[: list(SECTIONS).index(title) + 1]:
            if earlier not in self.done and not missing_for(earlier):
                self.done.add(earlier)
                self.run(SECTIONS[earlier])

    def run(self, blocks: list[Block]) -> None:
        """Do what the marks of ``blocks`` say, and look at what the commands print."""
        for block in blocks:
            if block.verb == "save":
                (self.work / block.about).write_text(self.as_here(block.text))
                continue
            for command, shown in block.commands:
                self._run_one(command, shown)

    def _run_one(self, command: str, shown: list[str]) -> None:
        expected = re.search(r"\s+# ends with (\d)$", command)
        done = subprocess.run(
            ["bash", "-c", self.as_here(command)],
            cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == int(expected[1] if expected else 0), f"{command}\n{said}"
        for line in filter(None, map(str.strip, shown)):
            pattern = ".*".join(map(re.escape, self.as_here(line).split("…")))
            assert re.search(pattern, said), f"{command}\nshows: {line}\nsaid:\n{said}"

    def as_here(self, text: str) -> str:
        for name, here in self.instead.items():
            text = text.replace(name, here)
        return text


class Lists(http.server.ThreadingHTTPServer):
    """The CA's list of revoked certificates, empty, signed by the CA that the page made."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _List)
        self.folder = folder


class _List(loopback.Handler):
    server: Lists

    def do_GET(self) -> None:
        issuer = x509.load_pem_x509_certificate((self.server.folder / "root.pem").read_bytes())
        key: Any = ser.load_pem_private_key((self.server.folder / "ca.key").read_bytes(), None)
        now = dt.datetime.now(dt.timezone.utc)
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(now - pki.DAY)
        made = builder.next_update(now + pki.DAY).add_extension(x509.CRLNumber(1), critical=False)
        self.send(200, made.sign(key, hashes.SHA256()).public_bytes(ser.Encoding.DER))


def _softhsm() -> str:
    try:
        import softhsm
    except ImportError:
        return "libsofthsm2.so"
    return softhsm.LIBRARY


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(tmp_path_factory.mktemp("keys"), stack)


@pytest.mark.parametrize("title", SECTIONS)
def test_the_commands_of_the_page_run_as_they_stand(title: str, desk: Desk) -> None:
    if program := missing_for(title):
        pytest.skip(f"{program} is not installed")
    desk.run_to(title)


def test_the_verdict_with_a_timestamp_in_the_readme_is_a_real_one(desk: Desk) -> None:
    desk.run_to("2. A certificate")
    shutil.rmtree(desk.home / ".cache" / "provlabel" / "revocation", ignore_errors=True)  # what section 7 fetched
    [blocks] = filter(None, sections((ROOT / "README.md").read_text()).values())
    desk.run([block._replace(text=re.sub(r"\d{4}-\d\d-\d\dT[\d:+]+", "…", block.text)) for block in blocks])


def test_every_block_of_commands_is_run_or_says_why_not() -> None:
    """A block that shows commands has its mark, and what no test runs says so in words."""
    marked = "".join(block.text for blocks in sections(PAGE).values() for block in blocks)
    for text in re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
        assert text in marked, f"this block has no mark:\n{text}"
    for line in PAGE.splitlines():
        if re.match(r"\d\. .*`(pip|aws|pkcs11-tool) ", line):
            part = PAGE[max(0, PAGE.index(line) - 400) : PAGE.index(line) + 900]
            assert "**Not run here**" in part, line


def test_the_signer_of_the_page_is_the_one_that_is_tested() -> None:
    shown = re.search(r"```python\n(class VaultSigner:.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    for line in filter(None, map(str.strip, shown[1].splitlines())):
        assert line in (_base.__doc__ or "")


def test_the_service_of_the_page_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handler, as it stands there, in place of the one that the other tests use."""
    shown = re.search(r"```python\n(class Handler.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    root = pki.root()
    names: dict[str, Any] = {"http": http, "json": json, "base64": base64}
    names["signer"] = open_signer(pki.write(tmp_path / "key", pki.leaf(root), root))
    exec(shown[1], names)  # noqa: S102
    names["Handler"].log_message = lambda *_: None
    monkeypatch.setattr(signing_service, "_Handler", names["Handler"])
    with signing_service.serving(tmp_path / "tls", {}) as service:
        remote = open_signer(f"{service.uri}a#ca={tmp_path}/tls/root.pem")
        assert (remote.algorithm, remote.chain_pem) == ("es256", names["signer"].chain_pem)


def test_every_symptom_of_the_page_is_one_that_is_said() -> None:
    table = PAGE.split("| what you see | cause | hint |")[1].split("\n\n")[0]
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    said = re.sub(r'"\s*\n\s*f?"|\{[^}\n]*\}', "", source)  # texts over two lines, and what is filled in
    for row in table.splitlines()[2:]:
        for symptom in re.findall(r"`([^`]+)`", row.split("|")[1]):
            for part in filter(None, (part.strip(" ,:") for part in symptom.split("…"))):
                assert part.rpartition(": ")[2] in said, symptom
