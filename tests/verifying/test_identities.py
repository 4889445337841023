"""Identities whose issuer publishes its key on the web: fetched on request, as answers about revocation are."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

import pki
from issuers import WITH_LABEL, Issuer
from project import MEDIA, Cli, corpus_of_others
from provlabel import (
    ConfigError,
    FileReport,
    Label,
    Revocation,
    TrustStore,
    label_file,
    open_signer,
    verify_file,
    verify_paths,
)
from provlabel.policy import load_policy
from provlabel.policy.gate import BUILTIN
from provlabel.sandbox import Sandbox
from sites import Reply, Site, reply, sleeping
from stores import Hand, Store

DOCUMENT = "/.well-known/did.json"
ONLINE = Revocation(online=True, private_hosts=True, seconds=5)


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site over TLS whose certificate this process believes."""
    root = pki.root("TLS Root")
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    pki.write(tmp_path / "tls", pki.leaf(root, eku="1.3.6.1.5.5.7.3.1", extra=names), root)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "chain.pem", tmp_path / "tls" / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls" / "root.pem"))
    site = Site(context)
    yield site
    site.close()


@pytest.fixture
def issuer(web: Site) -> Issuer:
    made = Issuer(f"localhost%3A{web.port}")
    web.pages[DOCUMENT] = reply(made.document())
    return made


class Signed:
    """Labels beside pictures, with identities that an issuer claims."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        root = pki.root("Acme Root")
        leaf = pki.leaf(root)
        self.folder, self.hand = folder, Hand.of(leaf)
        label_file(
            MEDIA / "still.png",
            folder / "still.png",
            Label(kind="ai_generated"),
            open_signer(pki.write(folder / "key", leaf, root)),
            detached=True,
            sandbox=sandbox,
        )
        self.template = (folder / "still.png.c2pa").read_bytes()
        self.trust = TrustStore.load(folder / "key" / "root.pem")

    def by(self, issuer: Issuer, name: str = "a.png", **how: Any) -> Path:
        path = self.folder / name
        path.write_bytes((self.folder / "still.png").read_bytes())
        store = issuer.identify(Store(self.template), WITH_LABEL, **how)
        path.with_name(f"{name}.c2pa").write_bytes(store.signed(self.hand))
        return path


@pytest.fixture
def signed(tmp_path: Path, sandbox: Sandbox) -> Signed:
    (tmp_path / "signed").mkdir()
    return Signed(tmp_path / "signed", sandbox)


@pytest.fixture
def found(signed: Signed, sandbox: Sandbox) -> Callable[..., FileReport]:
    def verified(path: Path, *issuers: str, how: Revocation = ONLINE) -> FileReport:
        trust = signed.trust + TrustStore(issuers=issuers)
        return verify_file(path, trust=trust, revocation=how, sandbox=sandbox).files[0]

    return verified


def why(file: FileReport) -> str:
    [told] = [one.message for one in file.findings if one.rule.startswith("identity.")]
    return told


def test_a_named_issuer_whose_key_is_fetched(
    signed: Signed, issuer: Issuer, web: Site, found: Callable[..., FileReport]
) -> None:
    path = signed.by(issuer)
    file = found(path, issuer.did)
    assert (file.state, file.passed, file.axes.identity) == ("trusted", True, "ok"), file.findings
    assert web.hits == [f"GET {DOCUMENT}"]
    assert [(one.name, one.username, one.provider) for one in file.identity[0].accounts] == [
        ("Jane Doe", "jane", "pictures"),
        ("", "jd", "sounds"),
    ]
    stranger = found(path)
    assert (stranger.passed, stranger.axes.identity) == (True, "not-checked")
    assert why(stranger).endswith(issuer.did)


def test_nothing_is_fetched_offline(
    signed: Signed, issuer: Issuer, web: Site, tmp_path: Path, found: Callable[..., FileReport]
) -> None:
    path = signed.by(issuer)
    (tmp_path / "kept").mkdir()
    for how in (Revocation(), Revocation(cache=tmp_path / "kept")):
        file = found(path, issuer.did, how=how)
        assert (file.state, file.passed, file.axes.identity) == ("trusted", True, "not-checked")
        assert issuer.did in why(file)
    assert web.hits == []


def test_private_hosts_are_not_asked(
    signed: Signed, issuer: Issuer, web: Site, found: Callable[..., FileReport]
) -> None:
    file = found(signed.by(issuer), issuer.did, how=Revocation(online=True))
    assert (file.passed, file.axes.identity) == (True, "not-checked")
    assert why(file).endswith("not a public address")
    assert web.hits == []


def test_another_key_makes_the_identity_bad_and_nothing_else(
    signed: Signed, issuer: Issuer, found: Callable[..., FileReport]
) -> None:
    file = found(signed.by(issuer, by=Issuer()), issuer.did)
    assert (file.state, file.axes.content, file.axes.identity) == ("trusted", "intact", "bad")
    assert [one.rule for one in file.findings if one.level == "error"] == ["identity.bad"]
    assert "cawg.ica.signature_mismatch" in why(file)


def test_a_document_of_somebody_else_makes_the_identity_bad(
    signed: Signed, issuer: Issuer, web: Site, found: Callable[..., FileReport]
) -> None:
    web.pages[DOCUMENT] = reply(issuer.document(lambda made: made.update(id="did:web:example.org")))
    file = found(signed.by(issuer), issuer.did)
    assert (file.state, file.axes.identity) == ("trusted", "bad")
    assert "cawg.ica.invalid_did_document" in why(file)


def test_what_the_engine_finds_wrong_stays_wrong(
    signed: Signed, issuer: Issuer, found: Callable[..., FileReport]
) -> None:
    ended = signed.by(issuer, change=lambda said: said.update(validUntil="2026-02-01T00:00:00Z"))
    assert found(ended, issuer.did).axes.identity == "bad"


def _elsewhere(site: Site) -> Reply:
    return reply(b"", 302, Location=f"https://localhost:{site.port}/did.json")


ODD: dict[str, tuple[Callable[[Site], Reply], str]] = {
    "missing": (lambda _: reply(b"", 404), "answered 404"),
    "elsewhere": (_elsewhere, "answered 302"),
    "page": (lambda _: reply(b"{}", Content_Type="text/html"), "something else"),
    "large": (lambda _: reply(bytes(70_000)), "more than 65,536 bytes"),
    "silent": (sleeping, "took too long"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_document_that_cannot_be_had_leaves_it_open(
    name: str, signed: Signed, issuer: Issuer, web: Site, found: Callable[..., FileReport]
) -> None:
    page, said = ODD[name]
    web.pages[DOCUMENT] = page(web)
    web.pages["/did.json"] = reply(issuer.document())
    how = Revocation(online=True, private_hosts=True, seconds=1)
    file = found(signed.by(issuer), issuer.did, how=how)
    assert (file.state, file.passed, file.axes.identity) == ("trusted", True, "not-checked")
    assert said in why(file)
    assert web.hits == [f"GET {DOCUMENT}"]


def test_a_site_without_a_good_certificate_is_not_believed(
    signed: Signed, issuer: Issuer, web: Site, found: Callable[..., FileReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    file = found(signed.by(issuer), issuer.did)
    assert file.axes.identity == "not-checked"
    assert "certificate" in why(file)
    assert web.hits == []


def test_a_document_is_fetched_once_in_a_run_and_never_kept(
    signed: Signed, issuer: Issuer, web: Site, tmp_path: Path, sandbox: Sandbox
) -> None:
    paths = [signed.by(issuer, f"{index}.png") for index in range(3)]
    how = Revocation(online=True, private_hosts=True, cache=tmp_path / "kept")
    trust = signed.trust + TrustStore(issuers=(issuer.did,))
    report = verify_paths(paths, trust=trust, revocation=how, sandbox=sandbox)
    assert [file.axes.identity for file in report.files] == ["ok"] * 3
    assert web.hits == [f"GET {DOCUMENT}"]
    web.pages.clear()
    [again] = verify_paths(paths[:1], trust=trust, revocation=how, sandbox=sandbox).files
    assert again.axes.identity == "not-checked", "a key that was withdrawn must not count"


def test_a_path_below_the_host(signed: Signed, web: Site, found: Callable[..., FileReport]) -> None:
    jane = Issuer(f"localhost%3A{web.port}:people:jane")
    web.pages["/people/jane/did.json"] = reply(jane.document())
    assert found(signed.by(jane), jane.did).axes.identity == "ok"


def test_on_the_command_line(signed: Signed, issuer: Issuer, tmp_path: Path, cli: Cli) -> None:
    path = signed.by(issuer)
    run = ("verify", path, "--trust", signed.folder / "key" / "root.pem", "--identity-issuer", issuer.did)
    tls = {"SSL_CERT_FILE": str(tmp_path / "tls" / "root.pem")}
    offline = cli(*run, **tls)
    assert offline.returncode == 0, offline.stdout
    said = f'identity "Jane Doe" ("jane") at "pictures", "jd" at "sounds", issued by "{issuer.did}"'
    assert f"{said} — as the file claims" in offline.stdout
    online = cli(*run, "--online", "--insecure-private-hosts", "--format", "json", **tls)
    assert online.returncode == 0, online.stdout
    told = json.loads(online.stdout)
    assert told["files"][0]["axes"]["identity"] == "ok"
    assert (told["anchors"][1]["name"], told["anchors"][1]["purpose"]) == (issuer.did, "identity")
    wrong = cli("verify", path, "--identity-issuer", "issuer.example")
    assert (wrong.returncode, "no issuer" in wrong.stderr) == (2, True)


def test_a_policy_names_issuers(signed: Signed, sandbox: Sandbox, tmp_path: Path) -> None:
    known = Issuer()
    (tmp_path / "base.toml").write_text('schema = "policy-v1"\n[trust]\nissuers = ["did:web:issuer.example"]\n')
    own = tmp_path / "own.toml"
    own.write_text(f'schema = "policy-v1"\nextends = ["base.toml"]\n[trust]\nissuers = ["{known.did}"]\n')
    loaded = load_policy(own)
    assert loaded.trust.issuers == ("did:web:issuer.example", known.did)
    report = verify_file(signed.by(known), trust=signed.trust + loaded.trust, policy=loaded.enforced, sandbox=sandbox)
    assert report.files[0].axes.identity == "ok"
    found = load_policy(own, found=True)
    assert (found.trust.issuers, found.enforced.infos[0].ignored) == ((), ("issuers",))
    own.write_text('schema = "policy-v1"\n[trust]\nissuers = ["issuer.example"]\n')
    with pytest.raises(ConfigError, match="no issuer"):
        load_policy(own)


# --- files of others -------------------------------------------------------------------------------

#: How the identity of each stands, offline, and what is said of it.
OTHERS = {
    "adobe-content-authenticity.jpeg": ("not-checked", "identity.unresolved", "randmckinney", "instagram"),
    "adobe-connected-identities.jpg": ("not-checked", "identity.unresolved", "testuser23", "behance"),
    "ica/success.jpg": ("not-checked", "identity.unknown-issuer", "username", "Example Social Network"),
    "ica/valid_time_stamp.jpg": ("not-checked", "identity.unknown-issuer", "username", "Example Social Network"),
    "ica/unresolvable_did.jpg": ("not-checked", "identity.unresolved", "username", "Example Social Network"),
    "ica/signature_mismatch.jpg": ("bad", "identity.bad", "username", "Example Social Network"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_files_of_others(name: str, sandbox: Sandbox) -> None:
    path = corpus_of_others("producers") / name
    [file] = verify_file(path, policy=BUILTIN["intact"], sandbox=sandbox).files
    identity, rule, username, provider = OTHERS[name]
    assert (file.axes.content, file.axes.identity) == ("intact", identity)
    assert (username, provider) in [(one.username, one.provider) for one in file.identity[0].accounts]
    assert [one.rule for one in file.findings if one.rule.startswith(("identity.", "engine."))] == [rule]
    assert (file.identity[0].name, file.identity[0].issuer[:4]) == ("", "did:"), "a certificate beside it is no name"
    if name.startswith("ica/"):
        assert (file.state, file.passed) == ("valid", identity != "bad")


def test_a_picture_of_adobe_is_trusted_and_passes_offline(sandbox: Sandbox) -> None:
    folder = corpus_of_others("producers")
    lists = folder / "trust"
    clocks = (lists / name for name in ("C2PA-TSA-TRUST-LIST.pem", "interim-anchors.pem", "digicert-roots.pem"))
    trust = TrustStore.load(lists / "C2PA-TRUST-LIST.pem", lists / "interim-anchors.pem")
    trust += TrustStore.load(*clocks, purpose="timestamp")
    path = folder / "adobe-content-authenticity.jpeg"
    [file] = verify_file(path, trust=trust, policy=BUILTIN["intact"], sandbox=sandbox).files
    assert (file.state, file.axes.identity, file.passed) == ("trusted", "not-checked", True)


def test_an_issuer_of_others_counts_once_it_is_named(sandbox: Sandbox) -> None:
    path = corpus_of_others("producers") / "ica/success.jpg"
    [claimed] = verify_file(path, sandbox=sandbox).files[0].identity
    named = verify_file(path, trust=TrustStore(issuers=(claimed.issuer,)), sandbox=sandbox).files[0]
    assert (named.state, named.axes.identity) == ("valid", "ok")
